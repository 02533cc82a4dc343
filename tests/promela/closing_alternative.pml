/* One of an alternative's two channels loses its receivers, the other may bring a message: one outcome wins. */
#define THREADS 3
#define CHANNELS 2
#define MESSAGES 2
#define CAPACITY(c) 0
#define FAIR
#include "alternative.pml"

init {
    byte n;
    TOGETHER(4) {
        run selector(0, 0, SENDING, 1, 1, RECEIVING, 0, 0, FOREVER, 1);
        run receiver(1, 0, 0, LIMITED);
        run sender(2, 1, 2, 0, LIMITED);
        run closer(0, RECEIVING)
    };
    FINALLY
}
