/*
 * Merging of sorted lists: which comes next of them all? Lists are known by their number and a
 * place in them; what stands there is told by a SortKey, as in sorting (sort.h), made when the
 * place is reached. Equal ones come in order of their lists. O(log n) for each, n lists.
 */
#ifndef BASE_KWAY_H
#define BASE_KWAY_H

#include <stdbool.h>

#include "base/sort.h"

typedef struct Kway {
        SortOrder order;
        /* KEY->a and b of KEY->source at KEY->index, or of the next place that counts, which goes
           into KEY->index; false at the end of the list. */
        bool (*fill)(void *userdata, SortKey *key);
        void *userdata;
        SortKey *heap; /* the least first */
        size_t n;
} Kway;

/* Lists 0 to N_LISTS - 1, each from its place in FIRST on (NULL: from 0). 0 or -ENOMEM. */
int kway_init(Kway *kway, size_t n_lists, const uint32_t *first, SortOrder order,
                bool (*fill)(void *userdata, SortKey *key), void *userdata);
void kway_deinit(Kway *kway);

/* The next one; false where all lists have ended. */
bool kway_next(Kway *kway, SortKey *ret_key);

#endif
