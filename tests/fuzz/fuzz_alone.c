/* SPDX-License-Identifier: MIT
 *
 * A program that runs alone: every status and every value that it gets is predicted. */
#include "machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static machine only;
    beliefs_begin(true);
    engagements_begin();
    machine_begin(&only, 0, true, NULL, data, size);
    machine_run(&only);
    machine_end(&only);
    outside_restore();
    beliefs_check();
    engagements_check();
    broadcasts_check(true);
    check_nothing_left();
    return 0;
}
