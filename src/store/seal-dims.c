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
#include "store/seal.h"

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
        Seal *seal;
        DimIndex indexes[STORE_N_DIMS];
        unsigned char *outcomes; /* of each result tuple: 0 success, 1 denied, 2 failure */
} DimTask;

static void deinit(DimIndex *index) {
        free(index->values);
        free(index->value_of);
        free(index->stats);
        free(index->ends);
        free(index->postings);
}

static Slice string_of(const Seal *seal, uint32_t string) {
        const SortKey *key = &seal->strings[string];

        return seal->builders[key->source]->strings.strings.data[key->index];
}

/* The string under number N of the place's column, or STORE_NONE. */
static uint32_t string_at(const Seal *seal, const ImageDimPlace *place, uint32_t n) {
        uint32_t string =
                        place->tuple < 0
                                        ? n
                                        : seal->tuples[place->tuple]
                                                      [(size_t)n * image_tuple_widths[place->tuple] +
                                                                      place->field];

        /* an empty string takes no part; it sorts first */
        if (string == 0 && string_of(seal, 0).size == 0)
                return STORE_NONE;
        return string;
}

static int list_values(const Seal *seal, const ImageDimPlace *place, DimIndex *index) {
        const uint32_t *column = image_writable(seal->store, place->column);
        uint32_t n_numbers = place->tuple < 0 ? seal->n_strings : seal->n_tuples[place->tuple];
        uint32_t *ranks = vec_alloc_zero(seal->n_strings, sizeof(*ranks));

        index->value_of = vec_alloc(n_numbers, sizeof(*index->value_of));
        if (!ranks || !index->value_of) {
                free(ranks);
                return -ENOMEM;
        }
        if (place->tuple < 0) {
                for (uint32_t i = 0; i < seal->n_events; i++) {
                        if (column[i] != STORE_NONE)
                                ranks[column[i]] = 1;
                }
        } else {
                for (uint32_t n = 0; n < n_numbers; n++) {
                        uint32_t string = string_at(seal, place, n);

                        if (string != STORE_NONE)
                                ranks[string] = 1;
                }
        }
        if (place->tuple < 0 && seal->n_strings && string_of(seal, 0).size == 0)
                ranks[0] = 0;
        for (uint32_t s = 0; s < seal->n_strings; s++)
                index->n_values += ranks[s];
        index->values = vec_alloc(index->n_values, sizeof(*index->values));
        if (!index->values) {
                free(ranks);
                return -ENOMEM;
        }
        index->n_values = 0;
        for (uint32_t s = 0; s < seal->n_strings; s++) {
                if (ranks[s])
                        index->values[index->n_values++] = s;
                ranks[s] = ranks[s] ? index->n_values - 1 : STORE_NONE;
        }
        for (uint32_t n = 0; n < n_numbers; n++) {
                uint32_t string = string_at(seal, place, n);

                index->value_of[n] = string == STORE_NONE ? STORE_NONE : ranks[string];
        }
        free(ranks);
        return 0;
}

static unsigned leb128_size(uint32_t value) {
        unsigned n = 1;

        while (value >>= 7)
                n++;
        return n;
}

static inline uint32_t value_at(const DimIndex *index, const uint32_t *column, uint32_t i) {
        return column[i] == STORE_NONE ? STORE_NONE : index->value_of[column[i]];
}

/* Statistics, and the bytes of each list into `ends`. */
static void count(const DimTask *task, const ImageDimPlace *place, DimIndex *index) {
        const uint32_t *column = image_writable(task->seal->store, place->column);
        const uint32_t *results = image_writable(task->seal->store, IMAGE_EVENT_RESULT);

        for (uint32_t i = 0; i < task->seal->n_events; i++) {
                uint32_t value = value_at(index, column, i);
                StoreStats *stats;
                unsigned outcome;

                if (value == STORE_NONE)
                        continue;
                stats = &index->stats[value];
                outcome = task->outcomes[results[i]];
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
        const uint32_t *column = image_writable(task->seal->store, place->column);

        memset(last, 0xFF, index->n_values * sizeof(*last));
        for (uint32_t i = 0; i < task->seal->n_events; i++) {
                uint32_t value = value_at(index, column, i), distance;
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
        DimTask *task = ctx;
        DimIndex *index = &task->indexes[dim];
        uint32_t *last;
        int r = list_values(task->seal, &image_dim_places[dim], index);

        if (r < 0)
                return r;
        index->stats = vec_alloc_zero(index->n_values, sizeof(*index->stats));
        index->ends = vec_alloc_zero(index->n_values, sizeof(*index->ends));
        last = vec_alloc(index->n_values, sizeof(*last));
        if (index->stats && index->ends && last) {
                count(task, &image_dim_places[dim], index);
                index->postings = vec_alloc(index->n_bytes, 1);
        }
        if (index->postings)
                write_postings(task, &image_dim_places[dim], index, last);
        free(last);
        return index->postings ? 0 : -ENOMEM;
}

static int classify_results(DimTask *task) {
        const Seal *seal = task->seal;

        task->outcomes = vec_alloc_zero(seal->n_tuples[STORE_RESULT], 1);
        if (!task->outcomes)
                return -ENOMEM;
        for (uint32_t n = 0; n < seal->n_tuples[STORE_RESULT]; n++) {
                Slice outcome = string_of(seal,
                                seal->tuples[STORE_RESULT]
                                            [(size_t)n * STORE_N_RESULT + STORE_RESULT_OUTCOME]);

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
        Store *store = task->seal->store;
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
                deinit(index);
                *index = (DimIndex){0};
        }
        return r;
}

int seal_dims(Seal *seal) {
        DimTask task = {.seal = seal};
        int r = classify_results(&task);

        if (r == 0)
                r = parallel_run(seal->n_threads, STORE_N_DIMS, dim_task, &task);
        if (r == 0)
                r = write_dims(&task);
        for (unsigned dim = 0; dim < STORE_N_DIMS; dim++)
                deinit(&task.indexes[dim]);
        free(task.outcomes);
        return r;
}
