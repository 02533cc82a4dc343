/* Two alternatives that each offer both directions of one channel, a sender and a receiver: they pair up in whatever
 * way, no alternative with itself, and nobody is left. */
#define THREADS 4
#define CHANNELS 1
#define MESSAGES 3
#define CAPACITY(c) 0
#include "alternative.pml"

init {
    byte n;
    TOGETHER(4) {
        run selector(0, 0, SENDING, 1, 0, RECEIVING, 0, 0, FOREVER, 1);
        run selector(1, 0, RECEIVING, 0, 0, SENDING, 2, 0, FOREVER, 1);
        run sender(2, 0, 3, 0, FOREVER);
        run receiver(3, 0, 0, FOREVER)
    };
    FINALLY
}
