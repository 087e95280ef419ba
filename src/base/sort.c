/*
 * Keys are first dealt out, in order, to buckets by the leading bits in which their first numbers
 * differ: for times and hashes that leaves a few in each. A bucket is merge sorted: runs of 24 by
 * insertion, then pairs of runs merged back and forth between two arrays; a pair that is in order
 * already is copied. So any distribution costs at most O(n log n), an even one O(n), and keys that
 * are sorted already one pass. With threads, equal slices are sorted side by side and then merged
 * two by two. The sort is stable, and the result does not depend on their number.
 */
#include "base/sort.h"

#include <errno.h>
#include <stdlib.h>

#include "base/parallel.h"
#include "base/vec.h"

#define RUN 24
#define DEAL_MIN 256U               /* keys that are worth dealing out */
#define SLICE_MIN ((size_t)1 << 15) /* keys that are worth a thread */

static inline int compare(const SortOrder *order, const SortKey *x, const SortKey *y) {
        if (x->a != y->a)
                return x->a < y->a ? -1 : 1;
        if (x->b != y->b)
                return x->b < y->b ? -1 : 1;
        return order->tie ? order->tie(order->ctx, x, y) : 0;
}

int sort_compare(const SortOrder *order, const SortKey *x, const SortKey *y) {
        return compare(order, x, y);
}

static void insertion(SortKey *keys, size_t n, const SortOrder *order) {
        for (size_t i = 1; i < n; i++) {
                SortKey key = keys[i];
                size_t j = i;

                for (; j > 0 && compare(order, &keys[j - 1], &key) > 0; j--)
                        keys[j] = keys[j - 1];
                keys[j] = key;
        }
}

/* from[0 .. middle) and from[middle .. n), each sorted, into TO. */
static void merge(
                const SortKey *from, size_t middle, size_t n, SortKey *to, const SortOrder *order) {
        size_t x = 0, y = middle, at = 0;

        if (middle < n && compare(order, &from[middle - 1], &from[middle]) > 0) {
                while (x < middle && y < n)
                        to[at++] = compare(order, &from[x], &from[y]) <= 0 ? from[x++] : from[y++];
        }
        memcpy(to + at, from + x, (middle - x) * sizeof(*to));
        at += middle - x;
        memcpy(to + at, from + y, (n - y) * sizeof(*to));
}

/* Merge sort; the result is in KEYS. */
static void sort_bucket(SortKey *keys, SortKey *other, size_t n, const SortOrder *order) {
        SortKey *from = keys, *to = other;

        for (size_t at = 0; at < n; at += RUN)
                insertion(keys + at, n - at < RUN ? n - at : RUN, order);
        for (size_t run = RUN; run < n; run *= 2) {
                SortKey *swap = from;

                for (size_t at = 0; at < n; at += 2 * run) {
                        size_t size = n - at < 2 * run ? n - at : 2 * run;

                        merge(from + at, size < run ? size : run, size, to + at, order);
                }
                from = to;
                to = swap;
        }
        if (from != keys)
                memcpy(keys, from, n * sizeof(*keys));
}

static bool is_sorted(const SortKey *keys, size_t n, const SortOrder *order) {
        for (size_t i = 1; i < n; i++) {
                if (compare(order, &keys[i - 1], &keys[i]) > 0)
                        return false;
        }
        return true;
}

/*
 * Deals KEYS out to OTHER by bucket; *ret_ends says where each of the *ret_n buckets ends. False
 * where that is of no use, or there is no memory for it.
 */
static bool deal(
                const SortKey *keys, SortKey *other, size_t n, uint32_t **ret_ends, size_t *ret_n) {
        uint64_t least = UINT64_MAX, most = 0;
        unsigned shift = 0;
        uint32_t *ends, sum = 0;

        if (n < DEAL_MIN || n > UINT32_MAX)
                return false;
        for (size_t i = 0; i < n; i++) {
                least = keys[i].a < least ? keys[i].a : least;
                most = keys[i].a > most ? keys[i].a : most;
        }
        while (((most - least) >> shift) >= n / 8)
                shift++;
        *ret_n = (size_t)((most - least) >> shift) + 1;
        if (*ret_n == 1)
                return false;
        ends = vec_alloc_zero(*ret_n, sizeof(*ends));
        if (!ends)
                return false;
        for (size_t i = 0; i < n; i++)
                ends[(keys[i].a - least) >> shift]++;
        for (size_t i = 0; i < *ret_n; i++) {
                uint32_t size = ends[i];

                ends[i] = sum;
                sum += size;
        }
        for (size_t i = 0; i < n; i++)
                other[ends[(keys[i].a - least) >> shift]++] = keys[i];
        *ret_ends = ends;
        return true;
}

static void sort_slice(SortKey *keys, SortKey *other, size_t n, const SortOrder *order) {
        uint32_t *ends, first = 0;
        size_t n_buckets;

        if (is_sorted(keys, n, order))
                return;
        if (!deal(keys, other, n, &ends, &n_buckets)) {
                sort_bucket(keys, other, n, order);
                return;
        }
        for (size_t i = 0; i < n_buckets; first = ends[i++])
                sort_bucket(other + first, keys + first, ends[i] - first, order);
        memcpy(keys, other, n * sizeof(*keys));
        free(ends);
}

typedef struct Slices {
        SortKey *from, *to;
        size_t n, size; /* of all; of one slice */
        const SortOrder *order;
} Slices;

static int sort_task(void *ctx, size_t i) {
        Slices *s = ctx;
        size_t at = i * s->size;

        sort_slice(s->from + at, s->to + at, s->n - at < s->size ? s->n - at : s->size, s->order);
        return 0;
}

static int merge_task(void *ctx, size_t i) {
        Slices *s = ctx;
        size_t at = i * 2 * s->size;
        size_t n = s->n - at < 2 * s->size ? s->n - at : 2 * s->size;

        merge(s->from + at, n < s->size ? n : s->size, n, s->to + at, s->order);
        return 0;
}

int sort_keys(SortKey *keys, size_t n, const SortOrder *order, unsigned n_threads) {
        return sort_keys_in(NULL, keys, n, order, n_threads);
}

int sort_keys_in(
                Space *space, SortKey *keys, size_t n, const SortOrder *order, unsigned n_threads) {
        size_t n_slices = n / SLICE_MIN < n_threads ? n / SLICE_MIN : n_threads;
        Slices s = {keys, NULL, n, n, order};
        SortKey *other;

        if (n < 2)
                return 0;
        other = space_alloc(space, n, sizeof(*other));
        if (!other)
                return -errno;
        s.to = other;
        if (n_slices > 1)
                s.size = (n + n_slices - 1) / n_slices;
        parallel_run(n_threads, (n + s.size - 1) / s.size, sort_task, &s);
        for (; s.size < n; s.size *= 2) {
                SortKey *swap = s.from;

                parallel_run(n_threads, (n + 2 * s.size - 1) / (2 * s.size), merge_task, &s);
                s.from = s.to;
                s.to = swap;
        }
        if (s.from != keys)
                memcpy(keys, s.from, n * sizeof(*keys));
        space_release(space, other);
        return 0;
}
