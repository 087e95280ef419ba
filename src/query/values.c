/*
 * First use and counts by value.
 *
 * Events are numbered in order of time, so rows are ordered by the number of their first event, and
 * only where times are equal by value. Where the first few rows of many are wanted, a heap finds
 * the last of those, and the others are never made.
 *
 * The statistics of a dimension's index are the answer where nothing else narrows the selection.
 * Otherwise the selected events are walked once and counted in a tally of their strings, which
 * grows with the number of distinct rows. Strings are numbered in order of their text, so ordering
 * rows by value compares numbers.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/sort.h"
#include "query/selection.h"
#include "query/tally.h"

#define HEAP_MOST 65536U /* rows that are looked for by a heap */

typedef struct Order {
        ValueOrder by;
        uint32_t first; /* event: values first seen before it are left out */
        uint64_t limit;
} Order;

static int count_selected(
                Store *store, const Selection *selection, const StoreDim *dims, Tally *t) {
        uint32_t denied = store_find_string(store, SLICE_LITERAL("denied"));
        uint32_t failure = store_find_string(store, SLICE_LITERAL("failure"));
        uint32_t event;
        Plan *plan;
        int r = plan_new(store, selection, &plan);

        if (r < 0)
                return r;
        while (r == 0 && plan_next(plan, &event)) {
                uint32_t strings[VALUES_MAX_DIMS], outcome;
                bool is_absent = false;

                for (size_t i = 0; i < t->n_dims; i++) {
                        strings[i] = store_dim_of(store, dims[i], event);
                        is_absent |= strings[i] == STORE_NONE;
                }
                if (is_absent)
                        continue;
                outcome = store_dim_of(store, STORE_DIM_OUTCOME, event);
                r = tally_count(t, strings, event, outcome == denied, outcome == failure);
        }
        plan_free(plan);
        return r;
}

/* Does nothing but DIM itself narrow the selection? */
static bool is_plain(const Selection *s, StoreDim dim) {
        if (!s)
                return true;
        for (int other = 0; other < STORE_N_DIMS; other++) {
                if (other != (int)dim && s->dims[other].size)
                        return false;
        }
        return !s->where.roots.size && !s->ids.size && s->read_only < 0 && !s->has_from &&
               !s->has_to && !s->has_last;
}

static int take_value(Store *store, StoreDim dim, uint32_t value, Tally *t) {
        ValueRow row = {.stats = store_dim_stats(store, dim, value)};

        row.strings[0] = store_dim_value(store, dim, value);
        for (size_t i = 0; i < t->rows.size; i++) {
                if (t->rows.data[i].strings[0] == row.strings[0])
                        return 0;
        }
        if (vec_reserve(&t->rows, 1) < 0)
                return -ENOMEM;
        t->rows.data[t->rows.size++] = row;
        return 0;
}

/* What rows are ordered by, but for ties: those with less come first. */
static uint64_t rank_of(ValueOrder order, const StoreStats *stats) {
        return order == VALUES_BY_FIRST ? stats->first : UINT64_MAX - stats->n_events;
}

static void sift_down(uint64_t *heap, size_t n) {
        uint64_t value = heap[0];
        size_t at = 0;

        for (size_t child; (child = 2 * at + 1) < n; at = child) {
                if (child + 1 < n && heap[child + 1] > heap[child])
                        child++;
                if (heap[child] <= value)
                        break;
                heap[at] = heap[child];
        }
        heap[at] = value;
}

/* The most that one of the first LIMIT values first seen from event FIRST on can have as rank. */
static int find_last_rank(Store *store, StoreDim dim, ValueOrder order, uint32_t first,
                uint64_t limit, uint64_t *ret_last) {
        uint32_t n = store_dim_size(store, dim);
        uint64_t *heap;

        *ret_last = UINT64_MAX;
        if (limit == 0 || limit > HEAP_MOST || limit >= n)
                return 0;
        heap = vec_alloc(limit, sizeof(*heap));
        if (!heap)
                return -ENOMEM;
        for (size_t i = 0; i < limit; i++)
                heap[i] = UINT64_MAX;
        for (uint32_t v = 0; v < n; v++) {
                StoreStats stats = store_dim_stats(store, dim, v);
                uint64_t rank = rank_of(order, &stats);

                if (stats.first >= first && rank < heap[0]) {
                        heap[0] = rank;
                        sift_down(heap, limit);
                }
        }
        *ret_last = heap[0];
        free(heap);
        /* others of the same time may come before it, by their values */
        if (order == VALUES_BY_FIRST && *ret_last != UINT64_MAX) {
                int64_t time = store_time(store, (uint32_t)*ret_last);

                *ret_last = time == INT64_MAX ? UINT64_MAX : store_lower_bound(store, time + 1);
        }
        return 0;
}

static int take_literals(Store *store, const Patterns *patterns, StoreDim dim, Tally *t) {
        int r = 0;

        for (size_t i = 0; i < patterns->size && r == 0; i++) {
                uint32_t string = store_find_string(store, patterns->data[i].text);
                uint32_t value = string == STORE_NONE ? STORE_NONE
                                                      : store_dim_find(store, dim, string);

                if (value != STORE_NONE)
                        r = take_value(store, dim, value, t);
        }
        return r;
}

static int take_statistics(
                Store *store, const Selection *s, StoreDim dim, const Order *order, Tally *t) {
        const Patterns *patterns = s && s->dims[dim].size ? &s->dims[dim] : NULL;
        uint64_t last = UINT64_MAX;
        int r = 0;

        if (patterns && patterns_are_literal(patterns))
                return take_literals(store, patterns, dim, t);
        if (!patterns)
                r = find_last_rank(store, dim, order->by, order->first, order->limit, &last);
        for (uint32_t v = 0; v < store_dim_size(store, dim) && r == 0; v++) {
                ValueRow row = {.stats = store_dim_stats(store, dim, v)};

                if (rank_of(order->by, &row.stats) > last)
                        continue;
                row.strings[0] = store_dim_value(store, dim, v);
                if (patterns && !patterns_match(patterns, store_string(store, row.strings[0])))
                        continue;
                r = vec_reserve(&t->rows, 1);
                if (r == 0)
                        t->rows.data[t->rows.size++] = row;
        }
        return r;
}

static int compare_rows(const void *ctx, const SortKey *x, const SortKey *y) {
        const Tally *t = ctx;

        for (size_t i = 0; i < t->n_dims; i++) {
                uint32_t a = t->rows.data[x->index].strings[i],
                         b = t->rows.data[y->index].strings[i];

                if (a != b)
                        return a < b ? -1 : 1;
        }
        return 0;
}

/* Sorts again, by value, what was first seen at one time by different events. */
static int order_ties(Store *store, const Tally *t, SortKey *keys, size_t n) {
        SortOrder by_value = {compare_rows, t};
        int r = 0;

        for (size_t first = 0, end; first < n && r == 0; first = end) {
                int64_t time = store_time(store, t->rows.data[keys[first].index].stats.first);

                for (end = first; end < n; end++) {
                        if (store_time(store, t->rows.data[keys[end].index].stats.first) != time)
                                break;
                        keys[end].a = 0;
                }
                if (end == first)
                        end++; /* of a faulty store */
                else if (end > first + 1)
                        r = sort_keys(keys + first, end - first, &by_value, 1);
        }
        return r;
}

/* The rows in their order, without those first seen before the time that was asked for. */
static int order_rows(Store *store, const Tally *t, const Order *order, ValueRow **ret_rows,
                size_t *ret_n_rows) {
        SortOrder by_rank = {order->by == VALUES_BY_FIRST ? NULL : compare_rows, t};
        SortKey *keys = vec_alloc(t->rows.size, sizeof(*keys));
        ValueRow *rows = NULL;
        size_t n = 0;
        int r = keys ? 0 : -ENOMEM;

        for (size_t i = 0; i < t->rows.size && r == 0; i++) {
                const StoreStats *stats = &t->rows.data[i].stats;

                if (stats->first >= order->first)
                        keys[n++] = (SortKey){rank_of(order->by, stats), 0, 0, (uint32_t)i};
        }
        if (r == 0)
                r = sort_keys(keys, n, &by_rank, 1);
        if (r == 0 && order->by == VALUES_BY_FIRST)
                r = order_ties(store, t, keys, n);
        if (n > order->limit)
                n = (size_t)order->limit;
        if (r == 0)
                rows = vec_alloc(n, sizeof(*rows));
        for (size_t i = 0; rows && i < n; i++)
                rows[i] = t->rows.data[keys[i].index];
        free(keys);
        if (!rows)
                return -ENOMEM;
        *ret_rows = rows;
        *ret_n_rows = n;
        return 0;
}

int values_collect(Store *store, const Selection *selection, const StoreDim *dims, size_t n_dims,
                ValueOrder by, int64_t since, uint64_t limit, ValueRow **ret_rows,
                size_t *ret_n_rows) {
        Order order = {by, store_lower_bound(store, since), limit};
        Tally table = {.n_dims = n_dims};
        int r;

        if (n_dims == 1 && is_plain(selection, dims[0]))
                r = take_statistics(store, selection, dims[0], &order, &table);
        else
                r = count_selected(store, selection, dims, &table);
        if (r == 0)
                r = order_rows(store, &table, &order, ret_rows, ret_n_rows);
        tally_deinit(&table);
        return r;
}
