/* SPDX-License-Identifier: MIT */
#include "codec/attachments.h"
#include "holding/current.h"
#include "holding/handles.h"

/* Keep a clone of the end for the payload, or the handle itself; gives its number. */
static bool attach(native_writer *w, PyObject *handle, size_t *number) {
    if (w->handles != NULL) {
        *number = (size_t)PyList_GET_SIZE(w->handles);
        return PyList_Append(w->handles, handle) == 0;
    }
    csp_end *end = end_of(handle);
    csp_end *clone = end != NULL ? csp_end_clone(end, NULL) : NULL;
    if (clone == NULL) {
        PyErr_SetString(w->state->closed_end, "a message holds an end that is closed: send it before closing it");
        return false;
    }
    if (w->ends_used == w->ends_room) {
        csp_end **larger = PyMem_RawMalloc(sizeof *larger * w->ends_room * 2);
        if (larger == NULL) {
            csp_end_free(clone);
            PyErr_NoMemory();
            return false;
        }
        memcpy(larger, w->ends, sizeof *larger * w->ends_used);
        if (w->ends != w->first_ends) {
            PyMem_RawFree(w->ends);
        }
        w->ends = larger;
        w->ends_room *= 2;
    }
    *number = w->ends_used;
    w->ends[w->ends_used++] = clone;
    return true;
}

/* Take it out, for this interpreter: in a payload it is there once. */
static PyObject *take(native_reader *r, size_t number) {
    if (r->handles != NULL) {
        if (number < (size_t)PySequence_Fast_GET_SIZE(r->handles)) {
            return Py_NewRef(PySequence_Fast_GET_ITEM(r->handles, (Py_ssize_t)number));
        }
    } else if (r->payload != NULL && number <= UINT32_MAX) {
        csp_end *end = csp_payload_take_end(r->payload, (uint32_t)number, native_holder(r->state));
        if (end != NULL) {
            return native_wrap_end(r->state, end);
        }
    }
    native_malformed("an end in it is not there, or was taken before");
    return NULL;
}

native_put native_put_end(native_writer *w, PyObject *handle) {
    uint32_t again;
    bool shared = native_may_be_shared(w, handle);
    if (shared && native_remembered(w, handle, &again)) {
        return native_put_again(w, again);
    }
    size_t number;
    if (!attach(w, handle, &number) || (shared && !native_remember(w, handle, &again))) {
        return PUT_FAILED;
    }
    return native_put_counted(w, ITEM_END | (shared ? REMEMBERED : 0), number);
}

native_get native_get_end(native_reader *r) {
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
    return native_got(r, take(r, (size_t)number));
}
