/*
 * Marks by bit masks. Each block of 64 bytes gives four masks: quotes, backslashes, brackets with
 * commas and colons, control characters. From them follow
 *
 *     escaped    bytes behind an odd run of backslashes, carried from block to block
 *     in string  the running parity of quotes that are not escaped (the opening quote is inside,
 *                the closing one is not)
 *     marks      brackets, commas, colons outside strings, and the quotes themselves
 *
 * and the set bits are written out as positions. The masks are made by AVX2 or by a table; all else
 * is the same code, so both give the same index. Cost: a few instructions per block, one store per
 * mark. Stateless.
 */
#include "json/index.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/vec.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BLOCK 64U

typedef struct Masks {
        uint64_t quotes, backslashes, brackets, controls;
} Masks;

typedef struct Carry {
        uint64_t escaped;   /* bit 0: the first byte of the next block is escaped */
        uint64_t in_string; /* all ones: the next block begins inside a string */
} Carry;

/* ---- masks ---- */

static inline __attribute__((always_inline)) Masks masks_portable(const char *bytes) {
        Masks m = {0, 0, 0, 0};

        for (unsigned i = 0; i < BLOCK; i++) {
                unsigned char c = (unsigned char)bytes[i];
                uint64_t bit = UINT64_C(1) << i;

                if (c == '"')
                        m.quotes |= bit;
                else if (c == '\\')
                        m.backslashes |= bit;
                else if ((c | 0x20) == '{' || (c | 0x20) == '}' || c == ',' || c == ':')
                        m.brackets |= bit;
                else if (c < 0x20)
                        m.controls |= bit;
        }
        return m;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static inline uint64_t equal_avx2(
                __m256i low, __m256i high, char c) {
        __m256i wanted = _mm256_set1_epi8(c);

        return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)) |
               (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)) << 32;
}

__attribute__((target("avx2"))) static inline uint64_t below_space_avx2(__m256i low, __m256i high) {
        __m256i most = _mm256_set1_epi8(0x1F);

        return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(low, most), most)) |
               (uint64_t)(uint32_t)_mm256_movemask_epi8(
                               _mm256_cmpeq_epi8(_mm256_max_epu8(high, most), most))
                               << 32;
}

__attribute__((target("avx2"))) static inline Masks masks_avx2(const char *bytes) {
        __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
        __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(bytes + 32));
        __m256i space = _mm256_set1_epi8(0x20);
        /* '[' and '{', ']' and '}' differ in this bit only */
        __m256i low_brackets = _mm256_or_si256(low, space),
                high_brackets = _mm256_or_si256(high, space);

        return (Masks){
                        .quotes = equal_avx2(low, high, '"'),
                        .backslashes = equal_avx2(low, high, '\\'),
                        .brackets = equal_avx2(low_brackets, high_brackets, '{') |
                                    equal_avx2(low_brackets, high_brackets, '}') |
                                    equal_avx2(low, high, ',') | equal_avx2(low, high, ':'),
                        .controls = below_space_avx2(low, high),
        };
}
#endif

/* ---- from masks to marks ---- */

/* Backslashes that begin an escape, and *ret_escaped the bytes that stand behind one. */
static inline uint64_t find_escapes(uint64_t backslashes, uint64_t *carry, uint64_t *ret_escaped) {
        const uint64_t odd = UINT64_C(0xAAAAAAAAAAAAAAAA);
        uint64_t candidates, codes, escapes;

        if (!backslashes) {
                *ret_escaped = *carry;
                *carry = 0;
                return 0;
        }
        candidates = backslashes & ~*carry;
        codes = (((candidates << 1) | odd) - candidates) ^ odd;
        *ret_escaped = codes ^ (backslashes | *carry);
        escapes = codes & backslashes;
        *carry = escapes >> 63;
        return escapes;
}

static inline uint64_t running_parity(uint64_t bits) {
        bits ^= bits << 1;
        bits ^= bits << 2;
        bits ^= bits << 4;
        bits ^= bits << 8;
        bits ^= bits << 16;
        bits ^= bits << 32;
        return bits;
}

static inline uint32_t *write_bits(uint32_t *to, uint64_t bits, uint32_t base) {
        unsigned n = (unsigned)__builtin_popcountll(bits);
        uint32_t *next = to + n;

        /* eight at a time, whatever their number: there is room, and no branch to guess */
        while (bits) {
                for (int i = 0; i < 8; i++) {
                        to[i] = base + (uint32_t)__builtin_ctzll(bits | UINT64_C(1) << 63);
                        bits &= bits - 1;
                }
                to += 8;
        }
        return next;
}

static inline __attribute__((always_inline)) void add_block(
                JsonIndex *index, Masks m, Carry *carry, uint32_t base, uint64_t valid) {
        uint64_t escaped, escapes, quotes, in_string, controls;

        escapes = find_escapes(m.backslashes & valid, &carry->escaped, &escaped);
        quotes = m.quotes & ~escaped & valid;
        in_string = running_parity(quotes) ^ carry->in_string;
        carry->in_string = (uint64_t)((int64_t)in_string >> 63);
        controls = m.controls & in_string & valid;
        if (__builtin_expect(controls && index->control_at == SIZE_MAX, 0))
                index->control_at = base + (unsigned)__builtin_ctzll(controls);
        index->n_marks =
                        (size_t)(write_bits(index->marks + index->n_marks,
                                                 (m.brackets & ~in_string & valid) | quotes, base) -
                                        index->marks);
        for (; escapes; escapes &= escapes - 1)
                index->escapes[index->n_escapes++] = base + (uint32_t)__builtin_ctzll(escapes);
}

static inline uint64_t valid_bits(size_t left) {
        return left >= BLOCK ? UINT64_MAX : (UINT64_C(1) << left) - 1;
}

#if defined(__x86_64__)
__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))) static void fill_avx2(
                JsonIndex *index, const char *bytes, size_t size) {
        Carry carry = {0, 0};

        for (size_t at = 0; at < size; at += BLOCK)
                add_block(index, masks_avx2(bytes + at), &carry, (uint32_t)at,
                                valid_bits(size - at));
}
#endif

static void fill_portable(JsonIndex *index, const char *bytes, size_t size) {
        Carry carry = {0, 0};

        for (size_t at = 0; at < size; at += BLOCK)
                add_block(index, masks_portable(bytes + at), &carry, (uint32_t)at,
                                valid_bits(size - at));
}

/* Room for a mark on every byte, and for what write_bits() writes too much. */
static int reserve(JsonIndex *index, size_t size) {
        uint32_t *marks, *escapes;

        index->n_marks = index->n_escapes = 0;
        index->control_at = SIZE_MAX;
        if (index->cap >= size + 2 * BLOCK)
                return 0;
        json_index_deinit(index);
        index->control_at = SIZE_MAX;
        marks = vec_alloc(size + 2 * BLOCK, sizeof(*marks));
        escapes = vec_alloc(size + 2 * BLOCK, sizeof(*escapes));
        if (!marks || !escapes) {
                free(marks);
                free(escapes);
                return -ENOMEM;
        }
        index->marks = marks;
        index->escapes = escapes;
        index->cap = size + 2 * BLOCK;
        return 0;
}

int json_index_make_portable(JsonIndex *index, const char *bytes, size_t size) {
        int r = reserve(index, size);

        if (r == 0)
                fill_portable(index, bytes, size);
        return r;
}

int json_index_make(JsonIndex *index, const char *bytes, size_t size) {
        int r = reserve(index, size);

        if (r < 0)
                return r;
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
                fill_avx2(index, bytes, size);
                return 0;
        }
#endif
        fill_portable(index, bytes, size);
        return 0;
}

void json_index_deinit(JsonIndex *index) {
        free(index->marks);
        free(index->escapes);
        *index = (JsonIndex){0};
}
