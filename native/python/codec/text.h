/* SPDX-License-Identifier: MIT
 *
 * str, bytes, bytearray, and what buffers hold. */
#ifndef CSP_NATIVE_TEXT_H
#define CSP_NATIVE_TEXT_H

#include "codec/reader.h"
#include "codec/writer.h"

/* What is not short: longer, not ASCII, or one character. */
native_put native_put_other_text(native_writer *w, PyObject *text, int remembered);
native_put native_put_shared_text(native_writer *w, PyObject *text);
native_put native_put_bytes(native_writer *w, PyObject *bytes);
native_put native_put_bytearray(native_writer *w, PyObject *bytes);
native_put native_put_buffer(native_writer *w, PyObject *buffer);

native_get native_get_char(native_reader *r);
native_get native_get_ascii(native_reader *r);
native_get native_get_wide_text(native_reader *r);
native_get native_get_bytes(native_reader *r);
native_get native_get_bytearray(native_reader *r);
/* A str, of characters of so many bytes (0: ASCII) as they are in a message's payload. */
PyObject *native_text_from(const unsigned char *data, size_t size, unsigned width);
/* An item that has to be text, or a text again. */
PyObject *native_get_any_text(native_reader *r);

static inline native_put native_put_text(native_writer *w, PyObject *text, int remembered) {
    size_t size = (size_t)PyUnicode_GET_LENGTH(text);
    if (!PyUnicode_IS_COMPACT_ASCII(text) || size < 2 || size >= 255) {
        return native_put_other_text(w, text, remembered);
    }
    unsigned char *p = native_room(w, 2 + size);
    if (p == NULL) {
        return PUT_FAILED;
    }
    p[0] = (unsigned char)(ITEM_ASCII | remembered);
    p[1] = (unsigned char)size;
    native_copy_short(p + 2, PyUnicode_DATA(text), size);
    w->next = p + 2 + size;
    return PUT_DONE;
}

/* A key, or a name: most come again in one message. */
static inline native_put native_put_key(native_writer *w, PyObject *text) { return native_put_shared_text(w, text); }

static inline native_put native_put_value_text(native_writer *w, PyObject *text) {
    return Py_REFCNT(text) > 1 ? native_put_shared_text(w, text) : native_put_text(w, text, 0);
}

#endif
