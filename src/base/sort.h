/*
 * Sorting of things that live elsewhere: a key is the first 16 bytes of what decides (as two
 * numbers), and who it stands for. Where two keys are equal in both numbers, `tie` decides.
 */
#ifndef BASE_SORT_H
#define BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/space.h"

typedef struct SortKey {
        uint64_t a, b;
        uint32_t source; /* which list */
        uint32_t index;  /* place in that list */
} SortKey;

typedef struct SortOrder {
        /* <0, 0, >0; 0 only for things that are the same. May be NULL: then a and b decide alone.
         */
        int (*tie)(const void *ctx, const SortKey *x, const SortKey *y);
        const void *ctx;
} SortOrder;

/*
 * Sorts N keys, stable, in O(n log n) and O(n) where they are sorted already, on up to N_THREADS
 * threads. 0 or -ENOMEM.
 */
int sort_keys(SortKey *keys, size_t n, const SortOrder *order, unsigned n_threads);

/* The same, with the room that it needs, as large as KEYS, from SPACE. */
int sort_keys_in(Space *space, SortKey *keys, size_t n, const SortOrder *order, unsigned n_threads);

int sort_compare(const SortOrder *order, const SortKey *x, const SortKey *y);

/* Bytes 8 * WORD to 8 * WORD + 7 of S as a number that orders as they do, zeros behind the end. */
static inline uint64_t sort_prefix(Slice s, size_t word) {
        unsigned char bytes[8] = {0};
        uint64_t value;

        if (s.size > word * 8)
                memcpy(bytes, s.data + word * 8, s.size - word * 8 < 8 ? s.size - word * 8 : 8);
        memcpy(&value, bytes, 8);
        return __builtin_bswap64(value);
}

#endif
