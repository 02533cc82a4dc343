/* Two senders and two receivers meet on one channel without a buffer; spurious wakes at will. */
#define THREADS 4
#define CHANNELS 1
#define MESSAGES 2
#define CAPACITY(c) 0
#include "single.pml"

init {
    byte n;
    TOGETHER(4) {
        run sender(0, 0, 1, 0, FOREVER);
        run sender(1, 0, 2, 0, FOREVER);
        run receiver(2, 0, 0, FOREVER);
        run receiver(3, 0, 0, FOREVER)
    };
    FINALLY
}
