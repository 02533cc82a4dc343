/* A holder is cancelled while a thread receives for it, and then for another holder. The first operation ends
 * although its sender may give up; the second is none of the canceller's business. */
#define THREADS 3
#define CHANNELS 2
#define MESSAGES 2
#define CAPACITY(c) 0
#include "single.pml"

/* Two operations in a row by one thread, the second for another holder: the record and its case are used again. */
proctype receiver_twice(byte me, c, h, limit, second, second_h, second_limit) {
    LOCALS;
    byte message;
    operate(c, RECEIVING, message, h, limit);
    keep_account_of_recv(c, message);
    operate(second, RECEIVING, message, second_h, second_limit);
    keep_account_of_recv(second, message);
    running--
}

init {
    byte n;
    TOGETHER(4) {
        run receiver_twice(0, 0, 0, FOREVER, 1, 1, FOREVER);
        run sender(1, 0, 1, 1, LIMITED);
        run sender(2, 1, 2, 1, FOREVER);
        run canceller(0)
    };
    FINALLY
}
