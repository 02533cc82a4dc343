/* SPDX-License-Identifier: MIT */
#include "csp/csp.h"

const char *csp_status_name(csp_status status) {
    switch (status) {
#define CSP_STATUS_NAME(name, value, text) \
    case CSP_##name:                       \
        return #name;
        CSP_STATUSES(CSP_STATUS_NAME)
#undef CSP_STATUS_NAME
    }
    return "UNKNOWN";
}

const char *csp_status_text(csp_status status) {
    switch (status) {
#define CSP_STATUS_TEXT(name, value, text) \
    case CSP_##name:                       \
        return text;
        CSP_STATUSES(CSP_STATUS_TEXT)
#undef CSP_STATUS_TEXT
    }
    return "no such status";
}
