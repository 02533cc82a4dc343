/* Two alternatives meet crosswise: each offers to send on one channel and to receive from the other. Exactly one of
 * the two exchanges happens, and both know which. */
#define THREADS 2
#define CHANNELS 2
#define MESSAGES 2
#define CAPACITY(c) 0
#define FAIR
#include "alternative.pml"

init {
    byte n;
    TOGETHER(2) {
        run selector(0, 0, SENDING, 1, 1, RECEIVING, 0, 0, FOREVER, 1);
        run selector(1, 1, SENDING, 2, 0, RECEIVING, 0, 0, FOREVER, 1)
    };
    FINALLY
}
