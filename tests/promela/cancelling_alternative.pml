/* An alternative is cancelled while a sender comes to one of its channels: it ends, in one way, and no message is
 * lost. */
#define THREADS 2
#define CHANNELS 2
#define MESSAGES 2
#define CAPACITY(c) 0
#include "alternative.pml"

init {
    byte n;
    TOGETHER(3) {
        run selector(0, 0, RECEIVING, 0, 1, SENDING, 2, 0, FOREVER, 1);
        run sender(1, 0, 1, 1, LIMITED);
        run canceller(0)
    };
    FINALLY
}
