/* Two alternatives take the locks of the same two channels, listed in opposite order: in the order of the channels'
 * ids nobody waits for the other's lock for ever. Both only offer to receive, so both time out. */
#define THREADS 2
#define CHANNELS 2
#define MESSAGES 0
#define CAPACITY(c) 0
#include "alternative.pml"

init {
    byte n;
    TOGETHER(2) {
        run selector(0, 0, RECEIVING, 0, 1, RECEIVING, 0, 0, LIMITED, 1);
        run selector(1, 1, RECEIVING, 0, 0, RECEIVING, 0, 0, LIMITED, 1)
    };
    FINALLY
}
