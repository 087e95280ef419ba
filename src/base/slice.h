/*
 * A borrowed run of bytes. Never NUL-ended; `data` is NULL for an absent value, which differs from
 * an empty one. Whoever hands out a slice says how long it lives.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct Slice {
        const char *data;
        size_t size;
} Slice;

#define SLICE_LITERAL(text) ((Slice){ (text), sizeof(text) - 1 })
#define SLICE_INIT(text) { (text), sizeof(text) - 1 } /* for static storage */

static inline Slice slice(const void *data, size_t size) {
        return (Slice){ (const char *)data, size };
}

static inline Slice slice_cstr(const char *text) {
        return (Slice){ text, text ? strlen(text) : 0 };
}

static inline bool slice_equal(Slice a, Slice b) {
        return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool slice_starts_with(Slice s, Slice prefix) {
        return s.size >= prefix.size && memcmp(s.data, prefix.data, prefix.size) == 0;
}

static inline bool slice_ends_with(Slice s, Slice suffix) {
        return s.size >= suffix.size &&
               memcmp(s.data + s.size - suffix.size, suffix.data, suffix.size) == 0;
}

/* Bytewise, shorter first where one is the other's prefix: the order of every sorted output. */
static inline int slice_compare(Slice a, Slice b) {
        size_t n = a.size < b.size ? a.size : b.size;
        int r = n ? memcmp(a.data, b.data, n) : 0;
        return r ? r : (a.size > b.size) - (a.size < b.size);
}

#endif
