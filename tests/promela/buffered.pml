/* A buffer of one message, three senders and two receivers. The place that a receiver frees goes to the sender that
 * waited longest; one message stays. */
#define THREADS 5
#define CHANNELS 1
#define MESSAGES 3
#define CAPACITY(c) 1
#include "single.pml"

init {
    byte n;
    TOGETHER(5) {
        run sender(0, 0, 1, 0, FOREVER);
        run sender(1, 0, 2, 0, FOREVER);
        run sender(2, 0, 3, 0, FOREVER);
        run receiver(3, 0, 0, FOREVER);
        run receiver(4, 0, 0, FOREVER)
    };
    FINALLY
}
