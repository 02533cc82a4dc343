/* The end behind one of an alternative's own guards is closed, before, while or after it waits; the other guard may
 * bring a message. */
#define THREADS 2
#define CHANNELS 2
#define MESSAGES 2
#define CAPACITY(c) 0
#define FAIR
#include "alternative.pml"

init {
    byte n;
    TOGETHER(3) {
        run selector(0, 0, SENDING, 1, 1, RECEIVING, 0, 0, FOREVER, 1);
        run sender(1, 1, 2, 0, LIMITED);
        run closer(0, SENDING)
    };
    FINALLY
}
