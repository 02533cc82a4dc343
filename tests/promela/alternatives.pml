/* An alternative over two receiving guards, twice by the same thread, against a sender on each channel: both messages
 * arrive, whichever wins first, and what the loser's claimer wrote is never seen. */
#define THREADS 3
#define CHANNELS 2
#define MESSAGES 2
#define CAPACITY(c) 0
#define FAIR
#include "alternative.pml"

init {
    byte n;
    TOGETHER(3) {
        run selector(0, 0, RECEIVING, 0, 1, RECEIVING, 0, 0, FOREVER, 2);
        run sender(1, 0, 1, 0, FOREVER);
        run sender(2, 1, 2, 0, FOREVER)
    };
    FINALLY
}
