/*
 * The indexes of the dimensions, one task for each, side by side.
 *
 * A dimension is a string under each event, reached by a column of the events (a tuple, or the
 * string itself) and a table from that column's numbers to the dimension's values. One pass over
 * the column counts bytes and statistics, a second writes the lists. A list is event numbers
 * rising, each written as LEB128 of its distance from the last, less one: a byte for most.
 */
#include <errno.h>

#include "base/parallel.h"
#include "base/vec.h"
#include "store/make.h"

/* What one task makes. */
typedef struct DimIndex {
        uint32_t *values; /* strings, rising */
        uint32_t n_values;
        uint32_t *value_of; /* by number in the column */
        StoreStats *stats;
        uint64_t *ends;
        unsigned char *postings;
        uint64_t n_bytes;
} DimIndex;

typedef struct DimTask {
        Store *store;
        Space *space;
        DimIndex indexes[STORE_N_DIMS];
        unsigned char *outcomes; /* of each result tuple: 0 success, 1 denied, 2 failure */
} DimTask;

static void deinit(Space *space, DimIndex *index) {
        space_release(space, index->values);
        space_release(space, index->value_of);
        space_release(space, index->stats);
        space_release(space, index->ends);
        space_release(space, index->postings);
}

static uint32_t n_tuples(const Store *store, int tuple) {
        return (uint32_t)(tuple == STORE_IDENTITY ? store->meta.n_identities
                          : tuple == STORE_CALL   ? store->meta.n_calls
                                                  : store->meta.n_results);
}

/* Of a column: how many numbers it may hold. Absent ones are a number where it is of strings. */
static uint32_t n_numbers(const Store *store, const ImageDimPlace *place) {
        return place->tuple < 0 ? (uint32_t)store->meta.n_strings + 1
                                : n_tuples(store, place->tuple);
}

/* The string under number N of the place's column, or STORE_NONE. */
static uint32_t string_at(
                const Store *store, const ImageDimPlace *place, uint32_t n, bool has_empty) {
        uint32_t string = place->tuple < 0 ? n - 1
                                           : image_field(store, (StoreTuple)place->tuple, n,
                                                             place->field);

        return string == 0 && has_empty ? STORE_NONE : string;
}

/* Ranks of the strings that are values, of all others STORE_NONE. */
static int rank_values(
                DimTask *task, const ImageDimPlace *place, DimIndex *index, uint32_t *ranks) {
        const Store *store = task->store;
        ImageColumn column = image_column_of(store, place->column);
        uint32_t n_strings = (uint32_t)store->meta.n_strings;
        bool has_empty = image_has_empty(store);

        for (uint32_t i = 0; place->tuple < 0 && i < store->meta.n_events; i++) {
                uint32_t number = image_column_at(column, i);

                if (number)
                        ranks[number - 1] = 1;
        }
        for (uint32_t n = 0; place->tuple >= 0 && n < n_numbers(store, place); n++) {
                uint32_t string = string_at(store, place, n, has_empty);

                if (string != STORE_NONE)
                        ranks[string] = 1;
        }
        if (has_empty)
                ranks[0] = 0;
        for (uint32_t s = 0; s < n_strings; s++)
                index->n_values += ranks[s];
        index->values = space_alloc(task->space, index->n_values, sizeof(*index->values));
        if (!index->values)
                return -errno;
        index->n_values = 0;
        for (uint32_t s = 0; s < n_strings; s++) {
                if (ranks[s])
                        index->values[index->n_values++] = s;
                ranks[s] = ranks[s] ? index->n_values - 1 : STORE_NONE;
        }
        return 0;
}

static int list_values(DimTask *task, const ImageDimPlace *place, DimIndex *index) {
        const Store *store = task->store;
        uint32_t n = n_numbers(store, place), *ranks;
        bool has_empty = image_has_empty(store);
        int r;

        ranks = space_alloc_zero(task->space, store->meta.n_strings, sizeof(*ranks));
        r = ranks ? rank_values(task, place, index, ranks) : -errno;
        if (r == 0) {
                index->value_of = space_alloc(task->space, n, sizeof(*index->value_of));
                r = index->value_of ? 0 : -errno;
        }
        for (uint32_t i = 0; i < n && r == 0; i++) {
                uint32_t string = string_at(store, place, i, has_empty);

                index->value_of[i] = string == STORE_NONE ? STORE_NONE : ranks[string];
        }
        space_release(task->space, ranks);
        return r;
}

static unsigned leb128_size(uint32_t value) {
        unsigned n = 1;

        while (value >>= 7)
                n++;
        return n;
}

/* Statistics, and the bytes of each list into `ends`. */
static void count(const DimTask *task, const ImageDimPlace *place, DimIndex *index) {
        ImageColumn column = image_column_of(task->store, place->column);
        ImageColumn results = image_column_of(task->store, IMAGE_EVENT_RESULT);

        for (uint32_t i = 0; i < task->store->meta.n_events; i++) {
                uint32_t value = index->value_of[image_column_at(column, i)];
                StoreStats *stats;
                unsigned outcome;

                if (value == STORE_NONE)
                        continue;
                stats = &index->stats[value];
                outcome = task->outcomes[image_column_at(results, i)];
                index->ends[value] += leb128_size(stats->n_events ? i - stats->last - 1 : i);
                if (!stats->n_events++)
                        stats->first = i;
                stats->last = i;
                stats->n_denied += outcome == 1;
                stats->n_failed += outcome == 2;
        }
        for (uint32_t v = 0; v < index->n_values; v++) {
                index->n_bytes += index->ends[v];
                index->ends[v] = index->n_bytes - index->ends[v]; /* where it begins, for now */
        }
}

/* Writes the lists; each `ends` moves from a list's beginning to its end. */
static void write_postings(
                const DimTask *task, const ImageDimPlace *place, DimIndex *index, uint32_t *last) {
        ImageColumn column = image_column_of(task->store, place->column);

        memset(last, 0xFF, index->n_values * sizeof(*last));
        for (uint32_t i = 0; i < task->store->meta.n_events; i++) {
                uint32_t value = index->value_of[image_column_at(column, i)], distance;
                unsigned char *at;

                if (value == STORE_NONE)
                        continue;
                distance = i - last[value] - 1; /* from -1 for the first */
                last[value] = i;
                at = index->postings + index->ends[value];
                for (; distance >= 0x80; distance >>= 7)
                        *at++ = (unsigned char)(distance | 0x80);
                *at++ = (unsigned char)distance;
                index->ends[value] = (uint64_t)(at - index->postings);
        }
}

static int dim_task(void *ctx, size_t dim) {
        const ImageDimPlace *place = &image_dim_places[dim];
        DimTask *task = ctx;
        DimIndex *index = &task->indexes[dim];
        uint32_t *last = NULL;
        int r = list_values(task, place, index);

        if (r < 0)
                return r;
        index->stats = space_alloc_zero(task->space, index->n_values, sizeof(*index->stats));
        if (index->stats)
                index->ends = space_alloc_zero(task->space, index->n_values, sizeof(uint64_t));
        if (index->ends)
                last = space_alloc(task->space, index->n_values, sizeof(*last));
        if (last) {
                count(task, place, index);
                index->postings = space_alloc(task->space, index->n_bytes, 1);
        }
        r = index->postings ? 0 : -errno;
        if (r == 0)
                write_postings(task, place, index, last);
        space_release(task->space, last);
        return r;
}

static int classify_results(DimTask *task) {
        const Store *store = task->store;

        task->outcomes = space_alloc_zero(task->space, store->meta.n_results, 1);
        if (!task->outcomes)
                return -errno;
        for (uint32_t n = 0; n < store->meta.n_results; n++) {
                Slice outcome = image_string(
                                store, image_field(store, STORE_RESULT, n, STORE_RESULT_OUTCOME));

                task->outcomes[n] = slice_equal(outcome, SLICE_LITERAL("denied"))    ? 1
                                    : slice_equal(outcome, SLICE_LITERAL("failure")) ? 2
                                                                                     : 0;
        }
        return 0;
}

static void place_section(Store *store, unsigned section, const void *data, uint64_t size) {
        if (size)
                memcpy(image_writable(store, section), data, size);
}

static int write_dims(DimTask *task) {
        uint64_t sizes[IMAGE_N_SECTIONS] = {0};
        Store *store = task->store;
        int r;

        for (unsigned dim = 0; dim < STORE_N_DIMS; dim++) {
                DimIndex *index = &task->indexes[dim];
                uint64_t *of_dim = sizes + image_dim(dim, 0);

                of_dim[IMAGE_DIM_VALUES] = (uint64_t)index->n_values * 4;
                of_dim[IMAGE_DIM_STATS] = (uint64_t)index->n_values * sizeof(StoreStats);
                of_dim[IMAGE_DIM_ENDS] = (uint64_t)index->n_values * 8;
                of_dim[IMAGE_DIM_POSTINGS] = index->n_bytes;
        }
        r = image_extend(store, sizes);
        for (unsigned dim = 0; dim < STORE_N_DIMS && r == 0; dim++) {
                DimIndex *index = &task->indexes[dim];
                unsigned first = image_dim(dim, 0);

                place_section(store, first + IMAGE_DIM_VALUES, index->values,
                                sizes[first + IMAGE_DIM_VALUES]);
                place_section(store, first + IMAGE_DIM_STATS, index->stats,
                                sizes[first + IMAGE_DIM_STATS]);
                place_section(store, first + IMAGE_DIM_ENDS, index->ends,
                                sizes[first + IMAGE_DIM_ENDS]);
                place_section(store, first + IMAGE_DIM_POSTINGS, index->postings, index->n_bytes);
                deinit(task->space, index);
                *index = (DimIndex){0};
        }
        return r;
}

int image_index_dims(Store *store, unsigned n_threads, Space *space) {
        DimTask task = {.store = store, .space = space};
        int r = classify_results(&task);

        if (r == 0)
                r = parallel_run(n_threads, STORE_N_DIMS, dim_task, &task);
        if (r == 0)
                r = write_dims(&task);
        for (unsigned dim = 0; dim < STORE_N_DIMS; dim++)
                deinit(space, &task.indexes[dim]);
        space_release(space, task.outcomes);
        return r;
}
