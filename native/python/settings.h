/* SPDX-License-Identifier: MIT
 *
 * What holds for the whole process, and can be set by anybody in it. */
#ifndef CSP_NATIVE_SETTINGS_H
#define CSP_NATIVE_SETTINGS_H

#include "native.h"

extern PyMethodDef setting_methods[];

#endif
