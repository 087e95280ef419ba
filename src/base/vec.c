/* Growth of arrays; see vec.h. Stateless. */
#include "base/vec.h"

int vec_grow(void **data, size_t *cap, size_t size, size_t n_more, size_t element_size) {
        size_t need, want, n_bytes;
        void *grown;

        if (__builtin_add_overflow(size, n_more, &need))
                return -ENOMEM;
        want = *cap + *cap / 2;
        if (want < need)
                want = need;
        if (want < 16)
                want = 16;
        if (__builtin_mul_overflow(want, element_size, &n_bytes))
                return -ENOMEM;
        grown = realloc(*data, n_bytes);
        if (!grown)
                return -ENOMEM;
        *data = grown;
        *cap = want;
        return 0;
}

void *vec_alloc(size_t count, size_t element_size) {
        size_t n_bytes;

        if (__builtin_mul_overflow(count, element_size, &n_bytes))
                return NULL;
        return malloc(n_bytes ? n_bytes : 1);
}

void *vec_alloc_zero(size_t count, size_t element_size) {
        return calloc(count ? count : 1, element_size ? element_size : 1);
}
