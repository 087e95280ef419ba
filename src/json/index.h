/*
 * Where the marks of a piece of JSON stand: one pass over all bytes, 64 at a time. Private to the
 * json floor.
 */
#ifndef JSON_INDEX_H
#define JSON_INDEX_H

#include <stddef.h>
#include <stdint.h>

typedef struct JsonIndex {
        uint32_t *marks;      /* positions of {}[]:, outside strings, and of quotes that open or
                                 close one */
        unsigned char *kinds; /* the byte at each mark; with JSON_GAP where other bytes stand
                                 between it and the mark before. Ends with zeros */
        size_t n_marks;
        uint32_t *escapes; /* positions of backslashes that begin an escape; then UINT32_MAX */
        size_t n_escapes;
        size_t control_at; /* first control character in a string, or SIZE_MAX */
        size_t cap;        /* of the arrays */
} JsonIndex;

#define JSON_GAP 0x80U

/*
 * Indexes SIZE bytes (below 4 GiB) that begin outside a string; 0 or -ENOMEM. Reads up to the next
 * multiple of 64 bytes: BYTES must have that room. Chooses AVX-512 or AVX2 where the processor has
 * it, and NEON where it is compiled for such.
 */
int json_index_make(JsonIndex *index, const char *bytes, size_t size);
void json_index_deinit(JsonIndex *index);

/* The same by plain C, for other processors, and for tests. */
int json_index_make_portable(JsonIndex *index, const char *bytes, size_t size);

/* The same by AVX2; 1 where the processor has none. For tests. */
int json_index_make_avx2(JsonIndex *index, const char *bytes, size_t size);

/* The same by NEON; 1 where this was not compiled for such a processor. For tests. */
int json_index_make_neon(JsonIndex *index, const char *bytes, size_t size);

#endif
