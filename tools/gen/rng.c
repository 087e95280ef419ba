/* Draws with a shape (power law), and identifiers made of a hash: UUIDs, key ids, tokens. */
#include "rng.h"

uint64_t rng_text(const char *s) {
        uint64_t h = 0xcbf29ce484222325u;

        for (; *s; s++)
                h = (h ^ (unsigned char)*s) * 0x100000001b3u;
        return rng_mix(h);
}

/* An index below n whose chance falls about as 1/(index+1): an octave is drawn evenly, then a
 * place within it. */
uint32_t rng_zipf(uint64_t h, uint32_t n) {
        uint32_t octaves = 0, octave, low, size;

        if (n < 2)
                return 0;
        while (octaves < 31 && (1u << (octaves + 1)) <= n + 1)
                octaves++;
        octave = rng_scale(h, octaves + 1);
        low = (1u << octave) - 1;
        size = 1u << octave;
        if (low >= n)
                return rng_scale(rng_mix(h), n);
        if (size > n - low)
                size = n - low;
        return low + rng_scale(rng_mix(h), size);
}

uint32_t rng_sqrt(uint64_t n) {
        uint64_t root = 0;

        for (uint64_t bit = (uint64_t)1 << 31; bit; bit >>= 1)
                if ((root | bit) * (root | bit) <= n)
                        root |= bit;
        return (uint32_t)root;
}

void id_uuid(Buf *b, uint64_t h) {
        static const char digit[] = "0123456789abcdef";
        uint64_t half[2] = {h, rng_mix(h)};
        char t[36];

        half[0] = (half[0] & ~(uint64_t)0xf000) | 0x4000;
        half[1] = (half[1] & ~((uint64_t)3 << 62)) | ((uint64_t)2 << 62);
        for (unsigned i = 0, at = 0; i < 32; i++) {
                if (i == 8 || i == 12 || i == 16 || i == 20)
                        t[at++] = '-';
                t[at++] = digit[(half[i / 16] >> (60 - 4 * (i % 16))) & 15];
        }
        buf_add(b, t, sizeof t);
}

void id_base32(Buf *b, const char *prefix, uint64_t h, unsigned n) {
        char t[32];

        if (n > sizeof t)
                n = sizeof t;
        for (unsigned i = 0; i < n; i++) {
                if (i && i % 12 == 0)
                        h = rng_mix(h);
                t[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(h >> (5 * (i % 12))) & 31];
        }
        buf_str(b, prefix);
        buf_add(b, t, n);
}

void id_base64(Buf *b, Rng *r, unsigned n) {
        static const char digit[] =
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        uint64_t h = 0;
        char t[64];

        for (unsigned i = 0; i < n; i++) {
                if (i % 10 == 0)
                        h = rng_next(r);
                t[i % sizeof t] = digit[h & 63];
                h >>= 6;
                if (i % sizeof t == sizeof t - 1)
                        buf_add(b, t, sizeof t);
        }
        buf_add(b, t, n % sizeof t);
}
