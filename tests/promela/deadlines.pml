/* Deadlines race a match on both sides: a sender and two receivers that may all give up. */
#define THREADS 3
#define CHANNELS 1
#define MESSAGES 1
#define CAPACITY(c) 0
#include "single.pml"

init {
    byte n;
    TOGETHER(3) {
        run sender(0, 0, 1, 0, LIMITED);
        run receiver(1, 0, 0, LIMITED);
        run receiver(2, 0, 0, LIMITED)
    };
    FINALLY
}
