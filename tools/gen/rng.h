#ifndef GEN_RNG_H
#define GEN_RNG_H

#include <stdint.h>

#include "buf.h"

/* Chance that repeats: every draw is a pure function of numbers, integers only, so the same
 * parameters give the same bytes on every machine. */
typedef struct Rng {
        uint64_t state;
} Rng;

static inline uint64_t rng_mix(uint64_t x) {
        x += 0x9e3779b97f4a7c15u;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
        return x ^ (x >> 31);
}

static inline uint64_t rng_hash(uint64_t seed, uint64_t a, uint64_t b, uint64_t c) {
        return rng_mix(rng_mix(rng_mix(rng_mix(seed) ^ a) ^ b) ^ c);
}

static inline uint64_t rng_next(Rng *r) {
        uint64_t v = rng_mix(r->state);

        r->state += 0x9e3779b97f4a7c15u;
        return v;
}

/* 0 <= result < n; n > 0. */
static inline uint32_t rng_scale(uint64_t h, uint32_t n) {
        return (uint32_t)(((h >> 32) * (uint64_t)n) >> 32);
}

static inline uint32_t rng_below(Rng *r, uint32_t n) {
        return rng_scale(rng_next(r), n);
}

uint64_t rng_text(const char *s);
uint32_t rng_zipf(uint64_t h, uint32_t n);
uint32_t rng_sqrt(uint64_t n);

void id_uuid(Buf *b, uint64_t h);
void id_base32(Buf *b, const char *prefix, uint64_t h, unsigned n);
void id_base64(Buf *b, Rng *r, unsigned n);

#endif
