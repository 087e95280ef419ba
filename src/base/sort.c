/*
 * Merge sort: runs of 24 by insertion, then pairs of runs merged back and forth between the keys
 * and a second array; a pair that is in order already is copied. With threads, equal slices are
 * sorted side by side and then merged two by two. The result does not depend on their number.
 */
#include "base/sort.h"

#include <errno.h>
#include <stdlib.h>

#include "base/parallel.h"
#include "base/vec.h"

#define RUN 24
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
static void merge(const SortKey *from, size_t middle, size_t n, SortKey *to,
                const SortOrder *order) {
        size_t x = 0, y = middle, at = 0;

        if (middle < n && compare(order, &from[middle - 1], &from[middle]) > 0) {
                while (x < middle && y < n)
                        to[at++] = compare(order, &from[x], &from[y]) <= 0 ? from[x++] : from[y++];
        }
        memcpy(to + at, from + x, (middle - x) * sizeof(*to));
        at += middle - x;
        memcpy(to + at, from + y, (n - y) * sizeof(*to));
}

static void sort_slice(SortKey *keys, SortKey *other, size_t n, const SortOrder *order) {
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
        size_t n_slices = n / SLICE_MIN < n_threads ? n / SLICE_MIN : n_threads;
        Slices s = { keys, NULL, n, n, order };
        SortKey *other;

        if (n < 2)
                return 0;
        other = vec_alloc(n, sizeof(*other));
        if (!other)
                return -ENOMEM;
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
        free(other);
        return 0;
}
