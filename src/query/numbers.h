/* Growing lists of numbers: of events, identities, strings. */
#ifndef QUERY_NUMBERS_H
#define QUERY_NUMBERS_H

#include <stdbool.h>
#include <stdlib.h>

#include "base/vec.h"

typedef VEC(uint32_t) Numbers;

/* 0 or -ENOMEM */
static inline int numbers_push(Numbers *numbers, uint32_t n) {
        if (vec_reserve(numbers, 1) < 0)
                return -ENOMEM;
        numbers->data[numbers->size++] = n;
        return 0;
}

static inline int numbers_compare(const void *a, const void *b) {
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return (x > y) - (x < y);
}

/* Rising; each once where IS_UNIQUE. */
static inline void numbers_sort(Numbers *numbers, bool is_unique) {
        size_t n = 0;

        if (!numbers->size)
                return;
        qsort(numbers->data, numbers->size, sizeof(uint32_t), numbers_compare);
        for (size_t i = 0; i < numbers->size && is_unique; i++) {
                if (i == 0 || numbers->data[i] != numbers->data[n - 1])
                        numbers->data[n++] = numbers->data[i];
        }
        if (is_unique)
                numbers->size = n;
}

#endif
