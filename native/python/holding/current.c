/* SPDX-License-Identifier: MIT */
#include "holding/current.h"

_Thread_local native_guest *native_guest_here;
