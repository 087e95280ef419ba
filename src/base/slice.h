/*
 * A borrowed run of bytes. Never NUL-ended; `data` is NULL for an absent value, which differs from
 * an empty one. Whoever hands out a slice says how long it lives.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Slice {
        const char *data;
        size_t size;
} Slice;

#define SLICE_LITERAL(text) ((Slice){(text), sizeof(text) - 1})
#define SLICE_INIT(text)                                                                           \
        { (text), sizeof(text) - 1 } /* for static storage */

static inline Slice slice(const void *data, size_t size) {
        return (Slice){(const char *)data, size};
}

static inline Slice slice_cstr(const char *text) {
        return (Slice){text, text ? strlen(text) : 0};
}

/* memcmp() == 0 without the call where N is small: first and last bytes, which may overlap. */
static inline bool bytes_equal(const char *a, const char *b, size_t n) {
        uint64_t x[2], y[2];
        uint32_t s[2], t[2];

        if (n > 16)
                return memcmp(a, b, n) == 0;
        if (n >= 8) {
                memcpy(&x[0], a, 8);
                memcpy(&y[0], b, 8);
                memcpy(&x[1], a + n - 8, 8);
                memcpy(&y[1], b + n - 8, 8);
                return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
        }
        if (n >= 4) {
                memcpy(&s[0], a, 4);
                memcpy(&t[0], b, 4);
                memcpy(&s[1], a + n - 4, 4);
                memcpy(&t[1], b + n - 4, 4);
                return ((s[0] ^ t[0]) | (s[1] ^ t[1])) == 0;
        }
        for (size_t i = 0; i < n; i++) {
                if (a[i] != b[i])
                        return false;
        }
        return true;
}

static inline bool slice_equal(Slice a, Slice b) {
        return a.size == b.size && bytes_equal(a.data, b.data, a.size);
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
