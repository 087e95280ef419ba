/*
 * Things by a hash of something: keys sorted by it, and by whatever decides behind it. Immutable
 * once made. A look-up is a binary search for both ends of what is looked for, never a walk through
 * it: how many share a hash, a name or a SHA-256 is for whoever wrote the evidence to choose.
 */
#include <errno.h>

#include "proof/private.h"

int index_new_ordered(Index *index, size_t n, int (*key)(const void *ctx, size_t i, SortKey *ret),
                const SortOrder *order, unsigned n_threads) {
        index->n = 0;
        index->keys = vec_alloc(n, sizeof(*index->keys));
        if (!index->keys)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                SortKey *at = &index->keys[index->n];

                *at = (SortKey){.index = (uint32_t)i};
                index->n += key(order->ctx, i, at) != 0;
        }
        return sort_keys(index->keys, index->n, order, n_threads);
}

int index_new(Index *index, size_t n, uint64_t (*hash)(const void *ctx, size_t i), const void *ctx,
                unsigned n_threads) {
        index->n = n;
        index->keys = vec_alloc(n, sizeof(*index->keys));
        if (!index->keys)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                index->keys[i] = (SortKey){hash(ctx, i), 0, 0, (uint32_t)i};
        return sort_keys(index->keys, n, &(SortOrder){0}, n_threads);
}

void index_deinit(Index *index) {
        free(index->keys);
        *index = (Index){0};
}

static size_t search(const Index *index, Range range, IndexCompare compare, const void *what,
                int least) {
        size_t low = range.at, high = range.end;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (compare(what, &index->keys[middle]) < least)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

Range index_range(const Index *index, Range range, IndexCompare compare, const void *what) {
        range.at = search(index, range, compare, what, 0);
        range.end = search(index, range, compare, what, 1);
        return range;
}

static int compare_hash(const void *what, const SortKey *key) {
        uint64_t hash = *(const uint64_t *)what;

        return (key->a > hash) - (key->a < hash);
}

size_t index_find(const Index *index, uint64_t hash, size_t *ret_end) {
        Range range = index_range(index, (Range){0, index->n}, compare_hash, &hash);

        *ret_end = range.end;
        return range.at;
}

bool index_has(const Index *index, uint64_t hash) {
        size_t end, at = index_find(index, hash, &end);

        return at < end;
}
