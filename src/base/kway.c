/* Merging of sorted lists by a heap of their first elements; see kway.h. */
#include "base/kway.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"

static bool is_before(const Kway *kway, const SortKey *x, const SortKey *y) {
        int r = sort_compare(&kway->order, x, y);

        return r ? r < 0 : x->source < y->source;
}

static void sink(Kway *kway, size_t at) {
        SortKey key = kway->heap[at];

        for (;;) {
                size_t child = 2 * at + 1;

                if (child >= kway->n)
                        break;
                if (child + 1 < kway->n &&
                                is_before(kway, &kway->heap[child + 1], &kway->heap[child]))
                        child++;
                if (!is_before(kway, &kway->heap[child], &key))
                        break;
                kway->heap[at] = kway->heap[child];
                at = child;
        }
        kway->heap[at] = key;
}

int kway_init(Kway *kway, size_t n_lists, const uint32_t *first, SortOrder order,
                bool (*fill)(void *userdata, SortKey *key), void *userdata) {
        *kway = (Kway){order, fill, userdata, vec_alloc(n_lists, sizeof(SortKey)), 0};
        if (!kway->heap)
                return -ENOMEM;
        for (uint32_t i = 0; i < n_lists; i++) {
                SortKey key = {0, 0, i, first ? first[i] : 0};

                if (fill(userdata, &key))
                        kway->heap[kway->n++] = key;
        }
        for (size_t i = kway->n / 2; i-- > 0;)
                sink(kway, i);
        return 0;
}

void kway_deinit(Kway *kway) {
        free(kway->heap);
        kway->heap = NULL;
}

bool kway_next(Kway *kway, SortKey *ret_key) {
        SortKey *top = &kway->heap[0];

        if (!kway->n)
                return false;
        *ret_key = *top;
        top->index++;
        if (!kway->fill(kway->userdata, top))
                *top = kway->heap[--kway->n];
        if (kway->n)
                sink(kway, 0);
        return true;
}
