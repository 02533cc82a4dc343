/* SPDX-License-Identifier: MIT
 *
 * Messages that Python reads and writes: the kinds of the codec that a native program needs, with what makes such messages
 * and what looks into them. These kinds are plain data; Python's other kinds (streams of objects, calls) are its own affair,
 * and a native program that receives one can only drop it or pass it on.
 *
 *   in C                     in Python
 *   csp_message_none         None
 *   csp_message_truth        bool
 *   csp_message_integer      int, if it fits into 64 bits
 *   csp_message_real         float
 *   csp_message_bytes        bytes
 *   csp_message_text         str
 *
 * The functions are inline, need no interpreter and may be called from any thread. Those that make bytes or text of more than
 * CSP_INLINE_BYTES allocate a payload, and give an empty message (kind 0) when out of memory. Who gets a message owns it: it is
 * to be sent or dropped.
 */
#ifndef CSP_MESSAGE_KINDS_H
#define CSP_MESSAGE_KINDS_H

#include <string.h>

#include "csp/csp.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CSP_KIND_NONE UINT32_C(1)
#define CSP_KIND_TRUE UINT32_C(2)
#define CSP_KIND_FALSE UINT32_C(3)
#define CSP_KIND_INTEGER UINT32_C(4)
#define CSP_KIND_REAL UINT32_C(5)
#define CSP_KIND_ASCII UINT32_C(6) /* message.size bytes in the message itself */
#define CSP_KIND_BYTES UINT32_C(7) /* likewise */
/* Text in a payload, in characters of message.size bytes each (1, 2 or 4: Latin-1, UCS-2, UCS-4); 0: ASCII. */
#define CSP_KIND_TEXT_PAYLOAD (CSP_KIND_PAYLOAD | UINT32_C(34))
#define CSP_KIND_BYTES_PAYLOAD (CSP_KIND_PAYLOAD | UINT32_C(35))
#define CSP_KIND_UTF8_PAYLOAD (CSP_KIND_PAYLOAD | UINT32_C(37)) /* text as UTF-8; only native programs make it */

/* ---- making --------------------------------------------------------------------------------------------------- */

static inline csp_message csp_message_none(void) {
    csp_message message;
    memset(&message, 0, sizeof message);
    message.kind = CSP_KIND_NONE;
    return message;
}

static inline csp_message csp_message_truth(bool value) {
    csp_message message;
    memset(&message, 0, sizeof message);
    message.kind = value ? CSP_KIND_TRUE : CSP_KIND_FALSE;
    return message;
}

static inline csp_message csp_message_integer(int64_t value) {
    csp_message message;
    memset(&message, 0, sizeof message);
    message.kind = CSP_KIND_INTEGER;
    message.as.integer = value;
    return message;
}

static inline csp_message csp_message_real(double value) {
    csp_message message;
    memset(&message, 0, sizeof message);
    message.kind = CSP_KIND_REAL;
    message.as.real = value;
    return message;
}

/* A copy of `size` bytes; `data` may be NULL if there are none. Out of memory: an empty message. */
static inline csp_message csp_message_bytes(const void *data, size_t size) {
    csp_message message;
    memset(&message, 0, sizeof message);
    if (size <= CSP_INLINE_BYTES) {
        message.kind = CSP_KIND_BYTES;
        message.size = (uint32_t)size;
        if (size > 0) {
            memcpy(message.as.bytes, data, size);
        }
        return message;
    }
    message.as.payload = csp_payload_new(size, 0);
    if (message.as.payload != NULL) {
        message.kind = CSP_KIND_BYTES_PAYLOAD;
        memcpy(csp_payload_bytes(message.as.payload), data, size);
    }
    return message;
}

/* A copy of `size` bytes of UTF-8, without a NUL. It is not checked here: whoever receives invalid UTF-8 in Python gets
 * UnicodeDecodeError, and the message is gone. Out of memory: an empty message. */
static inline csp_message csp_message_text(const char *utf8, size_t size) {
    bool ascii = true;
    for (size_t i = 0; i < size; i++) {
        ascii = ascii && (unsigned char)utf8[i] < 0x80;
    }
    csp_message message = csp_message_bytes(utf8, size);
    if (message.kind == CSP_KIND_BYTES_PAYLOAD) {
        message.kind = ascii ? CSP_KIND_TEXT_PAYLOAD : CSP_KIND_UTF8_PAYLOAD;
    } else if (message.kind == CSP_KIND_BYTES && ascii) {
        message.kind = CSP_KIND_ASCII;
    } else if (message.kind == CSP_KIND_BYTES) {
        message.as.payload = csp_payload_new(size, 0);
        message.kind = message.as.payload != NULL ? CSP_KIND_UTF8_PAYLOAD : 0;
        message.size = 0;
        if (message.as.payload != NULL) {
            memcpy(csp_payload_bytes(message.as.payload), utf8, size);
        }
    }
    return message;
}

/* ---- looking into --------------------------------------------------------------------------------------------- */

/* Each is false, and changes nothing, when the message is of another kind. Pointers point into the message or its payload: they
 * are good while the message is neither moved nor dropped. */

static inline bool csp_message_is_none(const csp_message *message) { return message->kind == CSP_KIND_NONE; }

static inline bool csp_message_as_truth(const csp_message *message, bool *value) {
    if (message->kind != CSP_KIND_TRUE && message->kind != CSP_KIND_FALSE) {
        return false;
    }
    *value = message->kind == CSP_KIND_TRUE;
    return true;
}

static inline bool csp_message_as_integer(const csp_message *message, int64_t *value) {
    if (message->kind != CSP_KIND_INTEGER) {
        return false;
    }
    *value = message->as.integer;
    return true;
}

static inline bool csp_message_as_real(const csp_message *message, double *value) {
    if (message->kind != CSP_KIND_REAL) {
        return false;
    }
    *value = message->as.real;
    return true;
}

static inline bool csp_message_as_bytes(const csp_message *message, const unsigned char **data, size_t *size) {
    if (message->kind == CSP_KIND_BYTES) {
        *data = message->as.bytes;
        *size = message->size;
        return true;
    }
    if (message->kind == CSP_KIND_BYTES_PAYLOAD) {
        *data = csp_payload_bytes(message->as.payload);
        *size = csp_payload_size(message->as.payload);
        return true;
    }
    return false;
}

/* Text as UTF-8, without a NUL. True for ASCII text and for what csp_message_text made; false for other text that Python
 * sent, which is in the payload in Python's own width: see CSP_KIND_TEXT_PAYLOAD, or send it as bytes, encoded. */
static inline bool csp_message_as_text(const csp_message *message, const char **utf8, size_t *size) {
    if (message->kind == CSP_KIND_ASCII) {
        *utf8 = (const char *)message->as.bytes;
        *size = message->size;
        return true;
    }
    if (message->kind == CSP_KIND_UTF8_PAYLOAD || (message->kind == CSP_KIND_TEXT_PAYLOAD && message->size == 0)) {
        *utf8 = (const char *)csp_payload_bytes(message->as.payload);
        *size = csp_payload_size(message->as.payload);
        return true;
    }
    return false;
}

#ifdef __cplusplus
}
#endif
#endif
