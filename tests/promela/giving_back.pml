/* A receive is undone: the message goes to whoever waits, or to the next who comes, and nobody gets it twice. */
#define THREADS 3
#define CHANNELS 1
#define MESSAGES 1
#define CAPACITY(c) 0
#include "undo.pml"

init {
    byte n;
    TOGETHER(3) {
        run sender(0, 0, 1, 0, FOREVER);
        run undoer(1, 0, 0, LIMITED);
        run receiver(2, 0, 0, FOREVER)
    };
    FINALLY
}
