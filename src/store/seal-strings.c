/*
 * Final numbers for strings and tuples. Only what kept rows use is taken over, so that a store says
 * nothing of records that it dropped, and is the same however the records came together.
 *
 * Each builder marks what it uses (side by side); all marked strings are sorted once and numbered
 * by rank, equal ones alike; tuples are rewritten with those numbers, sorted and numbered in turn.
 */
#include <errno.h>

#include "base/parallel.h"
#include "store/seal.h"

/* ---- marking ---- */

static int allocate_maps(Seal *seal) {
        for (size_t b = 0; b < seal->n_builders; b++) {
                Builder *builder = seal->builders[b];
                SealMap *map = &seal->maps[b];

                map->strings = vec_alloc(intern_size(&builder->strings), sizeof(uint32_t));
                if (!map->strings)
                        return -ENOMEM;
                memset(map->strings, 0xFF, intern_size(&builder->strings) * sizeof(uint32_t));
                for (int kind = 0; kind < STORE_N_TUPLES; kind++) {
                        size_t n = tuples_size(&builder->tuples[kind]);

                        map->tuples[kind] = vec_alloc(n, sizeof(uint32_t));
                        if (!map->tuples[kind])
                                return -ENOMEM;
                        memset(map->tuples[kind], 0xFF, n * sizeof(uint32_t));
                }
        }
        return 0;
}

static void mark(uint32_t *map, uint32_t i) {
        if (i != STORE_NONE)
                map[i] = 0;
}

static void mark_row(SealMap *map, const Row *row) {
        map->tuples[STORE_IDENTITY][row->identity] = 0;
        map->tuples[STORE_CALL][row->call] = 0;
        map->tuples[STORE_RESULT][row->result] = 0;
        mark(map->strings, row->ip);
        mark(map->strings, row->ua);
        if (row->source.id_kind == STORE_ID_STRING) {
                uint32_t string;

                memcpy(&string, row->source.id, sizeof(string));
                mark(map->strings, string);
        }
}

static void mark_grants(SealMap *map, const Builder *builder, uint32_t row) {
        for (size_t i = builder_row(builder, row)->grants - 1U;
                        i < builder->grants.size && builder->grants.data[i].row == row; i++) {
                for (unsigned f = 0; f < EVENT_N_GRANT; f++)
                        mark(map->strings, builder->grants.data[i].fields[f]);
                map->n_grants++;
        }
}

static void mark_targets(SealMap *map, const Builder *builder, uint32_t row) {
        for (size_t i = builder_row(builder, row)->targets - 1U;
                        i < builder->targets.size && builder->targets.data[i].row == row; i++) {
                mark(map->strings, builder->targets.data[i].name);
                mark(map->strings, builder->targets.data[i].of);
        }
}

/* One task per builder; rows of others in `order` are passed over. */
static int mark_task(void *ctx, size_t b) {
        Seal *seal = ctx;
        Builder *builder = seal->builders[b];
        SealMap *map = &seal->maps[b];

        for (uint64_t i = 0; i < seal->n_rows; i++) {
                const Row *row;

                seal_prefetch(seal, i);
                if (seal->order[i].source != b || seal->is_dropped[i])
                        continue;
                row = builder_row(builder, seal->order[i].index);
                mark_row(map, row);
                image_most_add(&map->most, row->time, &row->source);
                if (row->grants) {
                        seal->has[i] |= SEAL_GRANTS;
                        mark_grants(map, builder, seal->order[i].index);
                }
                if (row->targets) {
                        seal->has[i] |= SEAL_TARGETS;
                        mark_targets(map, builder, seal->order[i].index);
                }
        }
        for (int kind = 0; kind < STORE_N_TUPLES; kind++) {
                Tuples *tuples = &builder->tuples[kind];

                for (size_t t = 0; t < tuples_size(tuples); t++) {
                        if (map->tuples[kind][t] != 0)
                                continue;
                        for (unsigned f = 0; f < tuples->width; f++)
                                mark(map->strings, tuples->fields.data[t * tuples->width + f]);
                }
        }
        return 0;
}

/* ---- strings ---- */

static Slice string_of(const Seal *seal, const SortKey *key) {
        return seal->builders[key->source]->strings.strings.data[key->index];
}

static int compare_strings(const void *ctx, const SortKey *x, const SortKey *y) {
        return slice_compare(string_of(ctx, x), string_of(ctx, y));
}

static int number_strings(Seal *seal) {
        SortOrder order = {compare_strings, seal};
        size_t n = 0;
        int r;

        for (size_t b = 0; b < seal->n_builders; b++)
                n += intern_size(&seal->builders[b]->strings);
        seal->strings = vec_alloc(n, sizeof(*seal->strings));
        if (!seal->strings)
                return -ENOMEM;
        n = 0;
        for (uint32_t b = 0; b < seal->n_builders; b++) {
                Intern *strings = &seal->builders[b]->strings;

                for (uint32_t i = 0; i < intern_size(strings); i++) {
                        Slice s = strings->strings.data[i];

                        if (seal->maps[b].strings[i] == 0)
                                seal->strings[n++] = (SortKey){
                                                sort_prefix(s, 0), sort_prefix(s, 1), b, i};
                }
        }
        r = sort_keys(seal->strings, n, &order, seal->n_threads);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                SortKey key = seal->strings[i];

                if (i == 0 || sort_compare(&order, &seal->strings[seal->n_strings - 1], &key) !=
                                                0) {
                        seal->strings[seal->n_strings++] = key;
                        seal->n_string_bytes += string_of(seal, &key).size;
                }
                seal->maps[key.source].strings[key.index] = seal->n_strings - 1;
        }
        return 0;
}

/* ---- tuples ---- */

typedef struct TupleList {
        uint32_t *fields; /* of all marked tuples of all builders, rewritten */
        unsigned width;
} TupleList;

static int compare_tuples(const void *ctx, const SortKey *x, const SortKey *y) {
        const TupleList *list = ctx;
        const uint32_t *a = list->fields + (size_t)x->index * list->width;
        const uint32_t *b = list->fields + (size_t)y->index * list->width;

        for (unsigned f = 0; f < list->width; f++) {
                if (a[f] != b[f])
                        return a[f] < b[f] ? -1 : 1;
        }
        return 0;
}

/* Marked tuples of every builder into LIST and KEYS; which one each was goes to `whose`. */
static size_t rewrite_tuples(
                Seal *seal, int kind, TupleList *list, SortKey *keys, uint32_t *whose) {
        size_t n = 0;

        for (uint32_t b = 0; b < seal->n_builders; b++) {
                Tuples *tuples = &seal->builders[b]->tuples[kind];

                for (uint32_t t = 0; t < tuples_size(tuples); t++) {
                        const uint32_t *from = tuples->fields.data + (size_t)t * list->width;
                        uint32_t *to = list->fields + n * list->width;

                        if (seal->maps[b].tuples[kind][t] != 0)
                                continue;
                        for (unsigned f = 0; f < list->width; f++)
                                to[f] = from[f] == STORE_NONE ? STORE_NONE
                                                              : seal->maps[b].strings[from[f]];
                        keys[n] = (SortKey){(uint64_t)to[0] << 32 | to[1],
                                        (uint64_t)to[2] << 32 | (list->width > 3 ? to[3] : 0), b,
                                        (uint32_t)n};
                        whose[n++] = t;
                }
        }
        return n;
}

static int number_tuples(Seal *seal, int kind) {
        TupleList list = {NULL, image_tuple_widths[kind]};
        SortOrder order = {compare_tuples, &list};
        SortKey *keys = NULL;
        uint32_t *whose = NULL, n_kept = 0;
        size_t n = 0;
        int r = -ENOMEM;

        for (size_t b = 0; b < seal->n_builders; b++)
                n += tuples_size(&seal->builders[b]->tuples[kind]);
        list.fields = vec_alloc(n, list.width * sizeof(uint32_t));
        keys = vec_alloc(n, sizeof(*keys));
        whose = vec_alloc(n, sizeof(*whose));
        seal->tuples[kind] = vec_alloc(n, list.width * sizeof(uint32_t));
        if (list.fields && keys && whose && seal->tuples[kind]) {
                n = rewrite_tuples(seal, kind, &list, keys, whose);
                r = sort_keys(keys, n, &order, seal->n_threads);
        }
        for (size_t i = 0; i < n && r == 0; i++) {
                if (i == 0 || sort_compare(&order, &keys[i - 1], &keys[i]) != 0)
                        memcpy(seal->tuples[kind] + (size_t)n_kept++ * list.width,
                                        list.fields + (size_t)keys[i].index * list.width,
                                        list.width * sizeof(uint32_t));
                seal->maps[keys[i].source].tuples[kind][whose[keys[i].index]] = n_kept - 1;
        }
        seal->n_tuples[kind] = n_kept;
        free(list.fields);
        free(keys);
        free(whose);
        return r;
}

int seal_strings(Seal *seal) {
        int r = allocate_maps(seal);

        if (r == 0)
                r = parallel_run(seal->n_threads, seal->n_builders, mark_task, seal);
        if (r == 0)
                r = number_strings(seal);
        for (int kind = 0; kind < STORE_N_TUPLES && r == 0; kind++)
                r = number_tuples(seal, kind);
        for (size_t b = 0; b < seal->n_builders; b++) {
                image_most_join(&seal->most, &seal->maps[b].most);
                seal->n_grants += seal->maps[b].n_grants;
        }
        return r;
}
