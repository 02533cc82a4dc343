/* The last sending end is closed while two receivers wait without a deadline, and the sender may give up. */
#define THREADS 3
#define CHANNELS 1
#define MESSAGES 1
#define CAPACITY(c) 0
#include "single.pml"

init {
    byte n;
    TOGETHER(4) {
        run sender(0, 0, 1, 0, LIMITED);
        run receiver(1, 0, 0, FOREVER);
        run receiver(2, 0, 0, FOREVER);
        run closer(0, SENDING)
    };
    FINALLY
}
