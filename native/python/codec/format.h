/* SPDX-License-Identifier: MIT
 *
 * The format of messages: docs/explanation/message-format.md has all of it. None, bool, int, float, and str and bytes up to
 * 16 bytes travel in the message itself; longer text and bytes as one copied payload; all else as a stream in a payload. A
 * message holds no reference to any object, so any interpreter may drop it. */
#ifndef CSP_NATIVE_FORMAT_H
#define CSP_NATIVE_FORMAT_H

#include <string.h>

#include "csp/message_kinds.h"

/* A copy of a few bytes, without a call. */
static inline void native_copy_short(void *to, const void *from, size_t size) {
    unsigned char *t = to;
    const unsigned char *f = from;
    uint64_t first, last;
    if (size >= 8 && size <= 16) {
        memcpy(&first, f, 8);
        memcpy(&last, f + size - 8, 8);
        memcpy(t, &first, 8);
        memcpy(t + size - 8, &last, 8);
    } else if (size >= 4 && size < 8) {
        uint32_t head, tail;
        memcpy(&head, f, 4);
        memcpy(&tail, f + size - 4, 4);
        memcpy(t, &head, 4);
        memcpy(t + size - 4, &tail, 4);
    } else if (size < 4) {
        for (size_t i = 0; i < size; i++) {
            t[i] = f[i];
        }
    } else {
        memcpy(to, from, size);
    }
}

enum {
    KIND_NONE = CSP_KIND_NONE,
    KIND_TRUE = CSP_KIND_TRUE,
    KIND_FALSE = CSP_KIND_FALSE,
    KIND_INT = CSP_KIND_INTEGER,
    KIND_FLOAT = CSP_KIND_REAL,
    KIND_ASCII = CSP_KIND_ASCII, /* in the message */
    KIND_BYTES = CSP_KIND_BYTES, /* in the message */
    KIND_STREAM = 32,            /* plain: reading it runs nobody's code */
    KIND_OBJECTS = 33,           /* a stream that names classes: reading it may import, and run anything */
    KIND_TEXT_PAYLOAD = CSP_KIND_TEXT_PAYLOAD & ~CSP_KIND_PAYLOAD, /* message.size: bytes per character; 0: ASCII */
    KIND_BYTES_PAYLOAD = CSP_KIND_BYTES_PAYLOAD & ~CSP_KIND_PAYLOAD,
    KIND_UTF8_PAYLOAD = CSP_KIND_UTF8_PAYLOAD & ~CSP_KIND_PAYLOAD, /* from native programs */
    KIND_OBJECTS_CALL = 36, /* objects, and a tuple that arrives with a reply in front */
    KIND_CALL = 38,         /* the same, and plain */
};

/* The first byte of a stream. Another byte order is another version: numbers and wide characters are as they are here. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { STREAM_VERSION = 1 };
#else
enum { STREAM_VERSION = 0x81 };
#endif

/* Items: one byte, then what follows from it. REMEMBERED is added to that byte where a later ITEM_AGAIN may mean this one:
 * the items that are, are numbered from 0, each when it can be referred to. */
enum {
    REMEMBERED = 0x80,
    /* plain */
    ITEM_NONE = 'N',
    ITEM_TRUE = 'T',
    ITEM_FALSE = 'F',
    ITEM_INT8 = 'i',
    ITEM_INT32 = 'j',
    ITEM_INT64 = 'k',
    ITEM_BIG = 'I', /* count, so many bytes of two's complement */
    ITEM_FLOAT = 'f',
    ITEM_COMPLEX = 'z',
    ITEM_CHAR = 'c',  /* one character below 256 */
    ITEM_ASCII = 'a', /* count, characters */
    ITEM_TEXT = 's',  /* bytes per character, count of characters, characters */
    ITEM_BYTES = 'b',
    ITEM_BYTEARRAY = 'B',
    ITEM_TUPLE = 't', /* count, items */
    ITEM_LIST = 'l',
    ITEM_INTS = 'L',   /* a list of int that fit into 4 bytes each: count, so many times 4 bytes */
    ITEM_FLOATS = 'D', /* a list of float: count, so many times 8 bytes */
    ITEM_DICT = 'd',   /* count of pairs, key and value of each */
    ITEM_SET = 'u',
    ITEM_FROZENSET = 'v',
    ITEM_RANGE = 'R', /* start, stop, step */
    ITEM_SLICE = 'S',
    ITEM_END = 'e',    /* number of the attachment */
    ITEM_PACKED = 'p', /* likewise: it arrives unopened */
    ITEM_AGAIN8 = 'q', /* what was remembered under that number */
    ITEM_AGAIN32 = 'Q',
    /* Like its namesake; the number behind the last item says what was built meanwhile, and is taken instead. */
    ITEM_TUPLE_AGAIN = 'x',
    ITEM_FROZENSET_AGAIN = 'y',
    ITEM_STOP = '.', /* the end of items that were not counted */
    /* what names classes */
    ITEM_GLOBAL = 'g',     /* module and qualified name, each a text */
    ITEM_SHAPE = 'O',      /* class, names of attributes; then an object of it as below */
    ITEM_INSTANCE = 'o',   /* number of the shape, then the attributes' values */
    ITEM_REDUCED = 'r',    /* MADE_*, then as those say */
    ITEM_ENUM = 'E',       /* class, value */
    ITEM_NAMEDTUPLE = 'n', /* class, count, items */
    ITEM_NAMEDTUPLE_AGAIN = 'm',
};

/* How an object is made that its class or copyreg says how to make; the parts follow in this order. */
enum {
    MADE_BY_NEW = 1,      /* class, arguments: cls.__new__(cls, *arguments); else callable, arguments */
    MADE_BY_NEW_EX = 2,   /* class, arguments, keywords */
    MADE_WITH_ITEMS = 4,  /* items until ITEM_STOP, for extend or append */
    MADE_WITH_PAIRS = 8,  /* keys and values until ITEM_STOP */
    MADE_WITH_STATE = 16, /* for __setstate__, or attributes */
    MADE_BY_SETTER = 32,  /* with state: a callable before it, which is given object and state */
    MADE_AGAIN = 64, /* behind the arguments stands what was built meanwhile, and is taken; nothing else follows */
};

/* What is written or read next of such an object, in this order. */
enum {
    REDUCED_TO_CALL,
    REDUCED_ARGUMENTS,
    REDUCED_KEYWORDS,
    REDUCED_MADE,
    REDUCED_ITEMS,
    REDUCED_PAIRS,
    REDUCED_PAIR_VALUE,
    REDUCED_SETTER,
    REDUCED_STATE,
    REDUCED_OVER,
};

/* Deeper than this nothing travels; and not deeper than that is what is to be hashed, as hashing needs the C stack. */
enum { DEEPEST = 100000, DEEPEST_HASHED = 500 };

#endif
