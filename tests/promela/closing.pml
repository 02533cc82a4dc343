/* The last end of each direction is closed while two senders and a receiver are at work on a buffer of one message:
 * all return, and every message is with its sender, with the receiver, or counted as undelivered. */
#define THREADS 3
#define CHANNELS 1
#define MESSAGES 2
#define CAPACITY(c) 1
#include "single.pml"

init {
    byte n;
    TOGETHER(5) {
        run sender(0, 0, 1, 0, FOREVER);
        run sender(1, 0, 2, 0, FOREVER);
        run receiver(2, 0, 0, FOREVER);
        run closer(0, SENDING);
        run closer(0, RECEIVING)
    };
    FINALLY
}
