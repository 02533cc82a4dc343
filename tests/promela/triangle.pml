/* Three alternatives, two of them rivals for the third, all with deadlines: at most one exchange on each channel, and
 * nobody is claimed by two. */
#define THREADS 3
#define CHANNELS 2
#define MESSAGES 3
#define CAPACITY(c) 0
#include "alternative.pml"

init {
    byte n;
    TOGETHER(3) {
        run selector(0, 0, SENDING, 1, 1, RECEIVING, 0, 0, LIMITED, 1);
        run selector(1, 1, SENDING, 2, 0, RECEIVING, 0, 0, LIMITED, 1);
        run selector(2, 0, SENDING, 3, 1, RECEIVING, 0, 0, LIMITED, 1)
    };
    FINALLY
}
