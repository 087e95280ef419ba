/*
 * Hashing: XXH3 of bytes, and what is built on it. The only user of xxhash. Values are part of the
 * case format: changing anything here is a new case version.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/slice.h"

static inline uint64_t hash_bytes(const void *data, size_t size) {
        return XXH3_64bits(data, size);
}

static inline uint64_t hash_slice(Slice s) {
        return XXH3_64bits(s.data, s.size);
}

/* One more value into an ordered hash. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b) {
        uint64_t h = (a ^ (b + UINT64_C(0x9E3779B97F4A7C15) + (a << 6) + (a >> 2))) *
                     UINT64_C(0x9FB21C651E98DF25);
        return h ^ (h >> 32);
}

/* HASH spread evenly over 0 to N - 1, rising with HASH. N must not be 0. */
static inline uint32_t hash_range(uint64_t hash, uint32_t n) {
        return (uint32_t)(((hash >> 32) * n) >> 32);
}

#endif
