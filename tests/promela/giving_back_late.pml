/* A receive is undone on a buffered channel while the last receiving end closes: what comes back too late is counted.
 * */
#define THREADS 3
#define CHANNELS 1
#define MESSAGES 2
#define CAPACITY(c) 1
#include "undo.pml"

init {
    byte n;
    TOGETHER(4) {
        run sender(0, 0, 1, 0, FOREVER);
        run sender(1, 0, 2, 0, FOREVER);
        run undoer(2, 0, 0, FOREVER);
        run closer(0, RECEIVING)
    };
    FINALLY
}
