/*
 * Marks by bit masks. Each block of 64 bytes gives four masks: quotes, backslashes, brackets with
 * commas and colons, control characters. From them follow
 *
 *     escaped    bytes behind an odd run of backslashes, carried from block to block
 *     in string  the running parity of quotes that are not escaped (the opening quote is inside,
 *                the closing one is not)
 *     marks      brackets, commas, colons outside strings, and the quotes themselves
 *     gaps       marks behind a byte that is neither a mark nor in a string
 *
 * and the set bits are written out as positions, with the bytes that stand there. The masks are
 * made by AVX-512, AVX2, NEON or plain C; what follows from them is the same code, so all give the
 * same index. Cost: a few instructions per block, two stores per mark. Stateless.
 */
#include "json/index.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define BLOCK 64U

typedef struct Masks {
        uint64_t quotes, backslashes, brackets, controls;
} Masks;

typedef struct Carry {
        uint64_t escaped;   /* bit 0: the first byte of the next block is escaped */
        uint64_t in_string; /* all ones: the next block begins inside a string */
        uint64_t bare;      /* bit 0: the last byte was neither a mark nor in a string */
} Carry;

/* Bits of a block. */
typedef struct Found {
        uint64_t marks;
        uint64_t gaps; /* of these, those with something else in front of them */
} Found;

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

/* What is left to do when the masks of a block are known. The marks are not yet written. */
static inline __attribute__((always_inline)) Found find_marks(
                JsonIndex *index, Masks m, Carry *carry, uint32_t base, uint64_t valid) {
        uint64_t escaped, escapes, quotes, in_string, controls, marks, bare;

        escapes = find_escapes(m.backslashes & valid, &carry->escaped, &escaped);
        quotes = m.quotes & ~escaped & valid;
        in_string = running_parity(quotes) ^ carry->in_string;
        carry->in_string = (uint64_t)((int64_t)in_string >> 63);
        controls = m.controls & in_string & valid;
        if (__builtin_expect(controls && index->control_at == SIZE_MAX, 0))
                index->control_at = base + (unsigned)__builtin_ctzll(controls);
        for (; escapes; escapes &= escapes - 1)
                index->escapes[index->n_escapes++] = base + (uint32_t)__builtin_ctzll(escapes);
        marks = (m.brackets & ~in_string & valid) | quotes;
        bare = ~(in_string | marks);
        escaped = bare << 1 | carry->bare;
        carry->bare = bare >> 63;
        return (Found){marks, marks & escaped};
}

/* The bytes of the block with JSON_GAP where GAPS has a bit; in ROOM if there is any. */
static inline const unsigned char *flag_gaps(
                const char *bytes, uint64_t gaps, unsigned char room[static BLOCK]) {
        if (__builtin_expect(!gaps, 1))
                return (const unsigned char *)bytes;
        memcpy(room, bytes, BLOCK);
        for (; gaps; gaps &= gaps - 1)
                room[__builtin_ctzll(gaps)] |= JSON_GAP;
        return room;
}

static inline __attribute__((always_inline)) void add_block(JsonIndex *index, const char *bytes,
                Masks m, Carry *carry, uint32_t base, uint64_t valid) {
        Found found = find_marks(index, m, carry, base, valid);
        unsigned char room[BLOCK];
        const unsigned char *from = flag_gaps(bytes, found.gaps, room);
        uint32_t *to = index->marks + index->n_marks;
        unsigned char *kinds = index->kinds + index->n_marks;
        uint64_t bits = found.marks;

        index->n_marks += (unsigned)__builtin_popcountll(bits);
        /* eight at a time, whatever their number: there is room, and no branch to guess */
        while (bits) {
                for (int i = 0; i < 8; i++) {
                        unsigned bit = (unsigned)__builtin_ctzll(bits | UINT64_C(1) << 63);

                        to[i] = base + bit;
                        kinds[i] = from[bit];
                        bits &= bits - 1;
                }
                to += 8;
                kinds += 8;
        }
}

static inline uint64_t valid_bits(size_t left) {
        return left >= BLOCK ? UINT64_MAX : (UINT64_C(1) << left) - 1;
}

#if defined(__x86_64__)
__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))) static void fill_avx2(
                JsonIndex *index, const char *bytes, size_t size) {
        Carry carry = {0, 0, 0};

        for (size_t at = 0; at < size; at += BLOCK)
                add_block(index, bytes + at, masks_avx2(bytes + at), &carry, (uint32_t)at,
                                valid_bits(size - at));
}
#endif

#if defined(__x86_64__)
#define TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi2,bmi,bmi2,lzcnt,popcnt")))

TARGET_AVX512 static inline Masks masks_avx512(__m512i bytes) {
        /* '[' and '{', ']' and '}' differ in this bit only */
        __m512i brackets = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));

        return (Masks){
                        .quotes = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')),
                        .backslashes = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')),
                        .brackets = _mm512_cmpeq_epi8_mask(brackets, _mm512_set1_epi8('{')) |
                                    _mm512_cmpeq_epi8_mask(brackets, _mm512_set1_epi8('}')) |
                                    _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(',')) |
                                    _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(':')),
                        .controls = _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20)),
        };
}

/* The positions of the set bits, packed to the front as bytes, then widened sixteen at a time. */
TARGET_AVX512 static inline void write_bits_avx512(uint32_t *to, uint64_t bits, uint32_t base) {
        const __m512i places = _mm512_set_epi8(63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51,
                        50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
                        31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13,
                        12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        __m512i packed = _mm512_maskz_compress_epi8(bits, places),
                first = _mm512_set1_epi32((int)base);
        int n = __builtin_popcountll(bits);

        _mm512_storeu_si512(to, _mm512_add_epi32(first, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(
                                                                        packed))));
        if (n > 16)
                _mm512_storeu_si512(to + 16,
                                _mm512_add_epi32(first,
                                                _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(
                                                                packed, 1))));
        if (__builtin_expect(n > 32, 0)) {
                _mm512_storeu_si512(to + 32,
                                _mm512_add_epi32(first,
                                                _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(
                                                                packed, 2))));
                _mm512_storeu_si512(to + 48,
                                _mm512_add_epi32(first,
                                                _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(
                                                                packed, 3))));
        }
}

TARGET_AVX512 static void fill_avx512(JsonIndex *index, const char *bytes, size_t size) {
        Carry carry = {0, 0, 0};

        for (size_t at = 0; at < size; at += BLOCK) {
                uint64_t valid = valid_bits(size - at);
                __m512i block = _mm512_loadu_si512(bytes + at);
                Found found = find_marks(index, masks_avx512(block), &carry, (uint32_t)at, valid);
                __m512i flagged = _mm512_or_si512(
                                block, _mm512_maskz_set1_epi8(found.gaps, (char)JSON_GAP));
                _mm512_storeu_si512(index->kinds + index->n_marks,
                                _mm512_maskz_compress_epi8(found.marks, flagged));
                write_bits_avx512(index->marks + index->n_marks, found.marks, (uint32_t)at);
                index->n_marks += (size_t)__builtin_popcountll(found.marks);
        }
}
#endif

#if defined(__aarch64__)
/* One bit for each byte of four comparisons: pairwise sums of bits that do not meet. */
static inline uint64_t to_bits_neon(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
        const uint8x16_t bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
        uint8x16_t low = vpaddq_u8(vandq_u8(a, bits), vandq_u8(b, bits));
        uint8x16_t high = vpaddq_u8(vandq_u8(c, bits), vandq_u8(d, bits));
        uint8x16_t all = vpaddq_u8(low, high);

        all = vpaddq_u8(all, all);
        return vgetq_lane_u64(vreinterpretq_u64_u8(all), 0);
}

static inline uint64_t equal_neon(const uint8x16_t v[static 4], uint8_t c) {
        uint8x16_t wanted = vdupq_n_u8(c);

        return to_bits_neon(vceqq_u8(v[0], wanted), vceqq_u8(v[1], wanted), vceqq_u8(v[2], wanted),
                        vceqq_u8(v[3], wanted));
}

static inline uint8x16_t is_bracket_neon(uint8x16_t v) {
        /* '[' and '{', ']' and '}' differ in this bit only */
        uint8x16_t folded = vorrq_u8(v, vdupq_n_u8(0x20));
        uint8x16_t brackets = vorrq_u8(
                        vceqq_u8(folded, vdupq_n_u8('{')), vceqq_u8(folded, vdupq_n_u8('}')));

        return vorrq_u8(brackets,
                        vorrq_u8(vceqq_u8(v, vdupq_n_u8(',')), vceqq_u8(v, vdupq_n_u8(':'))));
}

static inline Masks masks_neon(const char *bytes) {
        const uint8_t *from = (const uint8_t *)bytes;
        const uint8x16_t v[4] = {vld1q_u8(from), vld1q_u8(from + 16), vld1q_u8(from + 32),
                        vld1q_u8(from + 48)};
        uint8x16_t space = vdupq_n_u8(0x20);

        return (Masks){
                        .quotes = equal_neon(v, '"'),
                        .backslashes = equal_neon(v, '\\'),
                        .brackets = to_bits_neon(is_bracket_neon(v[0]), is_bracket_neon(v[1]),
                                        is_bracket_neon(v[2]), is_bracket_neon(v[3])),
                        .controls = to_bits_neon(vcltq_u8(v[0], space), vcltq_u8(v[1], space),
                                        vcltq_u8(v[2], space), vcltq_u8(v[3], space)),
        };
}

static void fill_neon(JsonIndex *index, const char *bytes, size_t size) {
        Carry carry = {0, 0, 0};

        for (size_t at = 0; at < size; at += BLOCK)
                add_block(index, bytes + at, masks_neon(bytes + at), &carry, (uint32_t)at,
                                valid_bits(size - at));
}
#endif

static void fill_portable(JsonIndex *index, const char *bytes, size_t size) {
        Carry carry = {0, 0, 0};

        for (size_t at = 0; at < size; at += BLOCK)
                add_block(index, bytes + at, masks_portable(bytes + at), &carry, (uint32_t)at,
                                valid_bits(size - at));
}

/* Room for a mark on every byte, and for what is written behind the last. */
static int reserve(JsonIndex *index, size_t size) {
        size_t cap = size + 2 * BLOCK;

        index->n_marks = index->n_escapes = 0;
        index->control_at = SIZE_MAX;
        if (index->cap >= cap)
                return 0;
        json_index_deinit(index);
        index->control_at = SIZE_MAX;
        index->marks = vec_alloc(cap, sizeof(*index->marks));
        index->kinds = vec_alloc(cap, 1);
        index->escapes = vec_alloc(cap, sizeof(*index->escapes));
        if (!index->marks || !index->kinds || !index->escapes) {
                json_index_deinit(index);
                return -ENOMEM;
        }
        index->cap = cap;
        return 0;
}

static int finish(JsonIndex *index) {
        memset(index->kinds + index->n_marks, 0, BLOCK);
        index->escapes[index->n_escapes] = UINT32_MAX;
        return 0;
}

int json_index_make_portable(JsonIndex *index, const char *bytes, size_t size) {
        int r = reserve(index, size);

        if (r < 0)
                return r;
        fill_portable(index, bytes, size);
        return finish(index);
}

int json_index_make_avx2(JsonIndex *index, const char *bytes, size_t size) {
        int r = reserve(index, size);

        if (r < 0)
                return r;
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
                fill_avx2(index, bytes, size);
                return finish(index);
        }
#endif
        (void)bytes;
        return 1;
}

int json_index_make_neon(JsonIndex *index, const char *bytes, size_t size) {
#if defined(__aarch64__)
        int r = reserve(index, size);

        if (r < 0)
                return r;
        fill_neon(index, bytes, size);
        return finish(index);
#else
        (void)index;
        (void)bytes;
        (void)size;
        return 1;
#endif
}

int json_index_make(JsonIndex *index, const char *bytes, size_t size) {
        int r = reserve(index, size);

        if (r < 0)
                return r;
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2")) {
                fill_avx512(index, bytes, size);
                return finish(index);
        }
#endif
        r = json_index_make_avx2(index, bytes, size);
        if (r > 0)
                r = json_index_make_neon(index, bytes, size);
        return r > 0 ? json_index_make_portable(index, bytes, size) : r;
}

void json_index_deinit(JsonIndex *index) {
        free(index->marks);
        free(index->kinds);
        free(index->escapes);
        *index = (JsonIndex){0};
}
