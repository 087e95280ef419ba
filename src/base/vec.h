/*
 * A growing array of one type, on the heap: VEC(T) is { T *data; size_t size; size_t cap; }, all
 * zero when empty. vec_reserve() makes room, after which data[size++] may be written; growth is by
 * half again, so n pushes copy O(n). Every size is checked against overflow.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define VEC(T)                                                                                     \
        struct {                                                                                   \
                T *data;                                                                           \
                size_t size;                                                                       \
                size_t cap;                                                                        \
        }

/* Room for N_MORE beyond size: 0 or -ENOMEM. */
#define vec_reserve(vec, n_more)                                                                   \
        ((vec)->cap - (vec)->size >= (size_t)(n_more)                                              \
                                        ? 0                                                        \
                                        : vec_grow((void **)&(vec)->data, &(vec)->cap,             \
                                                          (vec)->size, (n_more),                   \
                                                          sizeof(*(vec)->data)))

#define vec_deinit(vec)                                                                            \
        do {                                                                                       \
                free((vec)->data);                                                                 \
                (vec)->data = NULL;                                                                \
                (vec)->size = (vec)->cap = 0;                                                      \
        } while (0)

int vec_grow(void **data, size_t *cap, size_t size, size_t n_more, size_t element_size);

/*
 * Asks for large pages below what was just allocated and is not touched yet, if it is large: fewer
 * faults and misses. vec_grow(), vec_alloc() and vec_alloc_zero() do so themselves.
 */
void vec_use_large_pages(void *data, size_t n_bytes);

/* COUNT elements, overflow checked, and the same zeroed; NULL when there is no memory. */
void *vec_alloc(size_t count, size_t element_size);
void *vec_alloc_zero(size_t count, size_t element_size);

#endif
