/* SPDX-License-Identifier: MIT */
#include "codec/attachments.h"
#include "holding/current.h"
#include "holding/handles.h"
#include "holding/packed.h"

/* Keep it for the payload, which has it from us; gives its number. */
static bool attach(native_writer *w, native_attachment one, size_t *number) {
    if (w->attached_used == w->attached_room) {
        native_attachment *larger = PyMem_RawMalloc(sizeof *larger * w->attached_room * 2);
        if (larger == NULL) {
            PyErr_NoMemory();
            return false;
        }
        memcpy(larger, w->attached, sizeof *larger * w->attached_used);
        if (w->attached != w->first_attached) {
            PyMem_RawFree(w->attached);
        }
        w->attached = larger;
        w->attached_room *= 2;
    }
    *number = w->attached_used;
    w->attached[w->attached_used++] = one;
    return true;
}

static bool attach_end(native_writer *w, PyObject *handle, size_t *number) {
    csp_end *end = end_of(handle);
    csp_end *clone = end != NULL ? csp_end_clone(end, NULL) : NULL;
    if (clone == NULL) {
        PyErr_SetString(w->state->closed_end, "a message holds an end that is closed: send it before closing it");
        return false;
    }
    if (!attach(w, (native_attachment){.end = clone}, number)) {
        csp_end_free(clone);
        return false;
    }
    return true;
}

static bool attach_packed(native_writer *w, PyObject *object, size_t *number) {
    if (packed_of(object) == NULL) {
        PyErr_SetString(w->state->closed_end, "a message holds a Packed that is closed: send it before closing it");
        w->own_error = true;
        return false;
    }
    csp_packed *clone = csp_packed_clone(packed_of(object), NULL);
    if (clone == NULL) {
        PyErr_NoMemory();
        return false;
    }
    if (!attach(w, (native_attachment){.packed = clone}, number)) {
        csp_packed_free(clone);
        return false;
    }
    return true;
}

/* Have it for this interpreter: of a payload that others have, too, a clone. */
static PyObject *take(native_reader *r, size_t number, bool is_packed) {
    if (r->handles != NULL) {
        if (number < (size_t)PySequence_Fast_GET_SIZE(r->handles)) {
            return Py_NewRef(PySequence_Fast_GET_ITEM(r->handles, (Py_ssize_t)number));
        }
    } else if (r->payload != NULL && number <= UINT32_MAX) {
        uint32_t place = (uint32_t)number;
        if (is_packed) {
            csp_packed *packed = csp_payload_take_packed(r->payload, place, native_holder(r->state));
            if (packed != NULL) {
                return native_wrap_packed(r->state, packed);
            }
        } else {
            csp_end *end = csp_payload_take_end(r->payload, place, native_holder(r->state));
            if (end != NULL) {
                return native_wrap_end(r->state, end);
            }
        }
    }
    native_malformed(is_packed ? "a packed message in it is not there, or was taken before"
                               : "an end in it is not there, or was taken before");
    return NULL;
}

static native_put put_attached(native_writer *w, PyObject *object, int tag,
                               bool (*attach_it)(native_writer *w, PyObject *object, size_t *number)) {
    uint32_t again;
    bool shared = native_may_be_shared(w, object);
    if (shared && native_remembered(w, object, &again)) {
        return native_put_again(w, again);
    }
    size_t number;
    if (w->handles != NULL) {
        number = (size_t)PyList_GET_SIZE(w->handles);
        if (PyList_Append(w->handles, object) < 0) {
            return PUT_FAILED;
        }
    } else if (!attach_it(w, object, &number)) {
        return PUT_FAILED;
    }
    if (shared && !native_remember(w, object, &again)) {
        return PUT_FAILED;
    }
    return native_put_counted(w, tag | (shared ? REMEMBERED : 0), number);
}

native_put native_put_end(native_writer *w, PyObject *handle) { return put_attached(w, handle, ITEM_END, attach_end); }

native_put native_put_packed(native_writer *w, PyObject *packed) {
    return put_attached(w, packed, ITEM_PACKED, attach_packed);
}

static native_get get_attached(native_reader *r, bool is_packed) {
    if (!native_available(r, 1)) {
        return GET_FAILED;
    }
    uint64_t number = *r->next++;
    if (number == 255) {
        if (!native_available(r, 8)) {
            return GET_FAILED;
        }
        memcpy(&number, r->next, 8);
        r->next += 8;
    }
    return native_got(r, take(r, (size_t)number, is_packed));
}

native_get native_get_end(native_reader *r) { return get_attached(r, false); }
native_get native_get_packed(native_reader *r) { return get_attached(r, true); }
