/* SPDX-License-Identifier: MIT
 *
 * The format of messages, as encode.c writes it and decode.c reads it. None, bool, int, float, and str and bytes up to 16
 * bytes travel in the message itself; longer text and bytes as one copied payload; tuples of these and channel ends as a
 * stream in a payload; all else by pickle. A message holds no reference to any object, so any interpreter may drop it. */
#ifndef CSP_NATIVE_FORMAT_H
#define CSP_NATIVE_FORMAT_H

#include "csp/message_kinds.h"

enum {
    KIND_NONE = CSP_KIND_NONE,
    KIND_TRUE = CSP_KIND_TRUE,
    KIND_FALSE = CSP_KIND_FALSE,
    KIND_INT = CSP_KIND_INTEGER,
    KIND_FLOAT = CSP_KIND_REAL,
    KIND_ASCII = CSP_KIND_ASCII, /* in the message */
    KIND_BYTES = CSP_KIND_BYTES, /* in the message */
    KIND_STREAM = 32,
    KIND_PICKLE = 33,
    KIND_TEXT_BLOCK = CSP_KIND_TEXT_PAYLOAD & ~CSP_KIND_PAYLOAD, /* message.size: bytes per character; 0: ASCII */
    KIND_BYTES_BLOCK = CSP_KIND_BYTES_PAYLOAD & ~CSP_KIND_PAYLOAD,
    KIND_UTF8_BLOCK = CSP_KIND_UTF8_PAYLOAD & ~CSP_KIND_PAYLOAD, /* from native programs */
    KIND_PICKLED_CALL = 36,                                      /* a pickled tuple, to arrive with a reply in front */
};

/* Stream items: one tag byte, then as written by the put_* of encode.c. */
enum {
    ITEM_NONE = 'N',
    ITEM_TRUE = 'T',
    ITEM_FALSE = 'F',
    ITEM_INT = 'i',
    ITEM_FLOAT = 'f',
    ITEM_TEXT = 's',
    ITEM_BYTES = 'b',
    ITEM_TUPLE = 't',
    ITEM_END = 'e',
    ITEM_REPLY = 'r',
};

#endif
