/* SPDX-License-Identifier: MIT
 *
 * Text keeps CPython's own width, so that no character is looked at when it is written. When it is read all are. */
#include "codec/text.h"

/* ---- writing ------------------------------------------------------------------------------------------------------ */

native_put native_put_other_text(native_writer *w, PyObject *text, int remembered) {
    size_t length = (size_t)PyUnicode_GET_LENGTH(text);
    unsigned width = (unsigned)PyUnicode_KIND(text);
    if (length == 1 && width == 1 && remembered == 0) {
        unsigned char *p = native_room(w, 2);
        if (p == NULL) {
            return PUT_FAILED;
        }
        p[0] = ITEM_CHAR;
        p[1] = *(const unsigned char *)PyUnicode_DATA(text);
        w->next = p + 2;
        return PUT_DONE;
    }
    if (PyUnicode_IS_ASCII(text)) {
        return native_put_run(w, ITEM_ASCII | remembered, PyUnicode_DATA(text), length);
    }
    size_t size = length * width;
    unsigned char *p = native_room(w, 11 + size);
    if (p == NULL) {
        return PUT_FAILED;
    }
    p[0] = (unsigned char)(ITEM_TEXT | remembered);
    p[1] = (unsigned char)width;
    p = native_put_count(p + 2, length);
    memcpy(p, PyUnicode_DATA(text), size);
    w->next = p + size;
    return PUT_DONE;
}

/* Short texts are remembered in a table where one may push out another: then a text is in the stream twice, no harm done. */
native_put native_put_shared_text(native_writer *w, PyObject *text) {
    size_t length = (size_t)PyUnicode_GET_LENGTH(text);
    if (length < 2) {
        return native_put_other_text(w, text, 0);
    }
    if (length > 64) {
        uint32_t number;
        if (native_remembered(w, text, &number)) {
            return native_put_again(w, number);
        }
        native_put result = native_put_text(w, text, REMEMBERED);
        return result == PUT_DONE && !native_remember(w, text, &number) ? PUT_FAILED : result;
    }
    uint64_t place = ((uint64_t)(uintptr_t)text >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 58, bit = UINT64_C(1) << place;
    native_text_entry *entry = &w->texts[place];
    bool taken = (w->texts_taken & bit) != 0;
    if (taken && entry->text == text) {
        return native_put_again(w, entry->number);
    }
    if (w->numbers == UINT32_MAX) {
        return native_put_text(w, text, 0);
    }
    if (taken) {
        Py_DECREF(entry->text); /* a text falls without running code */
    }
    w->texts_taken |= bit;
    entry->text = Py_NewRef(text);
    entry->number = w->numbers++;
    return native_put_text(w, text, REMEMBERED);
}

static native_put put_shared_run(native_writer *w, int tag, PyObject *object, const void *data, size_t size) {
    uint32_t number;
    if (size < 2 || Py_REFCNT(object) == 1) { /* it does not change: that it is one object saves bytes, no more */
        return native_put_run(w, tag, data, size);
    }
    if (native_remembered(w, object, &number)) {
        return native_put_again(w, number);
    }
    native_put result = native_put_run(w, tag | REMEMBERED, data, size);
    return result == PUT_DONE && !native_remember(w, object, &number) ? PUT_FAILED : result;
}

native_put native_put_bytes(native_writer *w, PyObject *bytes) {
    return put_shared_run(w, ITEM_BYTES, bytes, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
}

native_put native_put_bytearray(native_writer *w, PyObject *bytes) {
    uint32_t number;
    bool shared = native_may_be_shared(w, bytes);
    if (shared && native_remembered(w, bytes, &number)) {
        return native_put_again(w, number);
    }
    native_put result = native_put_run(w, ITEM_BYTEARRAY | (shared ? REMEMBERED : 0), PyByteArray_AS_STRING(bytes),
                                       (size_t)PyByteArray_GET_SIZE(bytes));
    return result == PUT_DONE && shared && !native_remember(w, bytes, &number) ? PUT_FAILED : result;
}

/* A pickle.PickleBuffer: its bytes, as bytes or (writable) bytearray, as pickle does where it keeps them in its stream. */
native_put native_put_buffer(native_writer *w, PyObject *buffer) {
    uint32_t number;
    if (native_remembered(w, buffer, &number)) {
        return native_put_again(w, number);
    }
    if (!native_may_run_code(w)) { /* whoever gives the buffer out may be written in Python */
        return PUT_RESTART;
    }
    const Py_buffer *view = PyPickleBuffer_GetBuffer(buffer);
    if (view == NULL) {
        return PUT_FAILED;
    }
    if (!PyBuffer_IsContiguous(view, 'A')) {
        PyErr_SetString(PyExc_BufferError, "a buffer that is not contiguous cannot travel");
        return PUT_FAILED;
    }
    native_put result =
        native_put_run(w, (view->readonly ? ITEM_BYTES : ITEM_BYTEARRAY) | REMEMBERED, view->buf, (size_t)view->len);
    return result == PUT_DONE && !native_remember(w, buffer, &number) ? PUT_FAILED : result;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static bool is_ascii(const unsigned char *data, size_t size) {
    uint64_t bits = 0, word;
    for (; size >= 8; data += 8, size -= 8) {
        memcpy(&word, data, 8);
        bits |= word;
    }
    for (; size > 0; data++, size--) {
        bits |= *data;
    }
    return (bits & UINT64_C(0x8080808080808080)) == 0;
}

static PyObject *ascii_from(const unsigned char *data, size_t size) {
    if (size < 2) {
        return PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, data, (Py_ssize_t)size);
    }
    if (!is_ascii(data, size)) {
        native_malformed("a text is not what it says");
        return NULL;
    }
    PyObject *text = PyUnicode_New((Py_ssize_t)size, 0x7f);
    if (text != NULL) {
        native_copy_short(PyUnicode_DATA(text), data, size);
    }
    return text;
}

PyObject *native_text_from(const unsigned char *data, size_t size, unsigned width) {
    if (width == 0) {
        return ascii_from(data, size);
    }
    if ((width != 1 && width != 2 && width != 4) || size % width != 0) {
        native_malformed("a text has characters of an odd size");
        return NULL;
    }
    if (width == 4) {
        for (size_t i = 0; i < size; i += 4) {
            uint32_t character;
            memcpy(&character, data + i, 4);
            if (character > 0x10ffff) {
                native_malformed("a text has a character that there is not");
                return NULL;
            }
        }
    }
    if (width == 1 || (uintptr_t)data % width == 0) {
        return PyUnicode_FromKindAndData((int)width, data, (Py_ssize_t)(size / width));
    }
    void *aligned = PyMem_Malloc(size);
    if (aligned == NULL) {
        return PyErr_NoMemory();
    }
    memcpy(aligned, data, size);
    PyObject *text = PyUnicode_FromKindAndData((int)width, aligned, (Py_ssize_t)(size / width));
    PyMem_Free(aligned);
    return text;
}

native_get native_get_char(native_reader *r) {
    return native_available(r, 1) ? native_got(r, PyUnicode_FromOrdinal(*r->next++)) : GET_FAILED;
}

native_get native_get_ascii(native_reader *r) {
    size_t size;
    if (!native_get_count(r, &size)) {
        return GET_FAILED;
    }
    PyObject *text = ascii_from(r->next, size);
    r->next += size;
    return native_got(r, text);
}

native_get native_get_wide_text(native_reader *r) {
    size_t length;
    if (!native_available(r, 1)) {
        return GET_FAILED;
    }
    unsigned width = *r->next++;
    if (!native_get_count(r, &length) || (width <= 4 && !native_available(r, length * width))) {
        return GET_FAILED;
    }
    if (width != 1 && width != 2 && width != 4) {
        return native_malformed("a text has characters of an odd size");
    }
    PyObject *text = native_text_from(r->next, length * width, width);
    r->next += length * width;
    return native_got(r, text);
}

native_get native_get_bytes(native_reader *r) {
    size_t size;
    if (!native_get_count(r, &size)) {
        return GET_FAILED;
    }
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)r->next, (Py_ssize_t)size);
    r->next += size;
    return native_got(r, bytes);
}

native_get native_get_bytearray(native_reader *r) {
    size_t size;
    if (!native_get_count(r, &size)) {
        return GET_FAILED;
    }
    PyObject *bytes = PyByteArray_FromStringAndSize((const char *)r->next, (Py_ssize_t)size);
    r->next += size;
    return native_got(r, bytes);
}

PyObject *native_get_any_text(native_reader *r) {
    if (!native_available(r, 2)) {
        return NULL;
    }
    unsigned tag = *r->next++;
    native_get result;
    switch (tag & ~(unsigned)REMEMBERED) {
        case ITEM_CHAR:
            result = native_get_char(r);
            break;
        case ITEM_ASCII:
            result = native_get_ascii(r);
            break;
        case ITEM_TEXT:
            result = native_get_wide_text(r);
            break;
        case ITEM_AGAIN8:
        case ITEM_AGAIN32: {
            uint32_t number = *r->next;
            if (tag == ITEM_AGAIN32) {
                if (!native_available(r, 4)) {
                    return NULL;
                }
                memcpy(&number, r->next, 4);
                r->next += 3;
            }
            r->next += 1;
            if (number >= r->again_used || !PyUnicode_CheckExact(r->again[number])) {
                native_malformed("a text is none");
                return NULL;
            }
            return Py_NewRef(r->again[number]);
        }
        default:
            native_malformed("a text is none");
            return NULL;
    }
    if (result != GOT) {
        return NULL;
    }
    if ((tag & REMEMBERED) != 0 && !native_keep_again(r, r->value)) {
        Py_CLEAR(r->value);
        return NULL;
    }
    PyObject *text = r->value;
    r->value = NULL;
    return text;
}
