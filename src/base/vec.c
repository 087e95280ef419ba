/* Growth of arrays; see vec.h. Stateless. */
#include "base/vec.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LARGE_PAGE ((size_t)2 << 20) /* of most machines */

void vec_use_large_pages(void *data, size_t n_bytes) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE), before = (uintptr_t)data & (page - 1);

        if (!data || n_bytes < 2 * LARGE_PAGE)
                return;
        /*
         * To the edges of its pages, so that a mapping of its own stays one, and can be moved. Only
         * advice: that a kernel has no such pages is no error.
         */
        (void)madvise((char *)data - before, (before + n_bytes + page - 1) & ~(page - 1),
                        MADV_HUGEPAGE);
}

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
        vec_use_large_pages(grown, n_bytes);
        *data = grown;
        *cap = want;
        return 0;
}

void *vec_alloc(size_t count, size_t element_size) {
        size_t n_bytes;
        void *data;

        if (__builtin_mul_overflow(count, element_size, &n_bytes))
                return NULL;
        data = malloc(n_bytes ? n_bytes : 1);
        vec_use_large_pages(data, n_bytes);
        return data;
}

void *vec_alloc_zero(size_t count, size_t element_size) {
        void *data = vec_alloc(count, element_size);

        /* not calloc(): a page that is read before it is written would be made twice, and the
         * second time all threads are stopped for it */
        if (data) /* so the product is no overflow */
                memset(data, 0, count * element_size);
        return data;
}
