/*
 * Sealing: builders become one store.
 *
 *   1  files     names of all builders, sorted, made distinct
 *   2  order     rows sorted by (eventTime, eventID, file, record)
 *   3  duplicates  rows sorted by the hash of their eventID: of a group the one whose file, then
 *                record number, sorts first is kept, whole before partial ones; of other bytes
 * under the same eventID the judge says whether they are a conflict (conflict.c) 4  strings   those
 * that kept rows use, sorted, made distinct; then the tuples, now of final string numbers, likewise
 *   5  columns   written in order of events; what events hand out; eventIDs by hash
 *   6  indexes   what follows from those (make.c)
 *
 * Everything is sorting and one pass over the result: O(n log n). Each step runs on all threads;
 * its result does not depend on their number, nor on which builder held what.
 */
#include "store/seal.h"

#include <errno.h>
#include <malloc.h>

#include "base/parallel.h"

#define RANGE 65536U /* rows of a task */

/* ---- files ---- */

static const BuilderRoot *root_of(const Seal *seal, const SortKey *key) {
        return &seal->builders[key->source]->roots.data[key->index];
}

static int compare_roots(const void *ctx, const SortKey *x, const SortKey *y) {
        const BuilderRoot *a = root_of(ctx, x), *b = root_of(ctx, y);
        int r = slice_compare(a->name, b->name);

        return r ? r : slice_compare(a->path, b->path);
}

static int number_roots(Seal *seal) {
        SortOrder order = {compare_roots, seal};
        size_t n = 0, at = 0;
        SortKey *keys;
        int r;

        for (size_t b = 0; b < seal->n_builders; b++) {
                n += seal->builders[b]->roots.size;
                seal->maps[b].roots = vec_alloc(seal->builders[b]->roots.size, sizeof(uint32_t));
                if (!seal->maps[b].roots)
                        return -ENOMEM;
        }
        keys = vec_alloc(n, sizeof(*keys));
        if (!keys || vec_reserve(&seal->roots, n) < 0) {
                free(keys);
                return -ENOMEM;
        }
        for (uint32_t b = 0; b < seal->n_builders; b++) {
                for (uint32_t i = 0; i < seal->builders[b]->roots.size; i++)
                        keys[at++] = (SortKey){0, 0, b, i};
        }
        r = sort_keys(keys, n, &order, 1);
        for (size_t i = 0; i < n && r == 0; i++) {
                if (i == 0 || compare_roots(seal, &keys[i - 1], &keys[i]) != 0)
                        seal->roots.data[seal->roots.size++] = *root_of(seal, &keys[i]);
                seal->maps[keys[i].source].roots[keys[i].index] = (uint32_t)seal->roots.size - 1;
        }
        free(keys);
        return r;
}

static BuilderFile *file_of(const Seal *seal, const SortKey *key) {
        return &seal->builders[key->source]->files.data[key->index];
}

/* Files of one name in different places are different files; and a file may be named as a member.
 */
static int compare_files(const void *ctx, const SortKey *x, const SortKey *y) {
        const Seal *seal = ctx;
        const BuilderFile *a = file_of(seal, x), *b = file_of(seal, y);
        uint32_t root_a = seal->maps[x->source].roots[a->root];
        uint32_t root_b = seal->maps[y->source].roots[b->root];
        int r = slice_compare(builder_file_name(a), builder_file_name(b));

        if (r || root_a != root_b)
                return r ? r : root_a < root_b ? -1 : 1;
        return a->is_member - b->is_member;
}

/* What one builder says of a file, another may not know: who counts its bytes, who hashes it. */
static void join_file(Seal *seal, const SortKey *key, const BuilderFile *other) {
        BuilderFile *file = &seal->builders[key->source]->files.data[key->index];

        if (file == other)
                return;
        file->n_bytes = other->n_bytes > file->n_bytes ? other->n_bytes : file->n_bytes;
        file->size = other->size > file->size ? other->size : file->size;
        file->kind = other->kind > file->kind ? other->kind : file->kind;
        if (other->has_hash)
                memcpy(file->hash, other->hash, sizeof(file->hash));
        file->has_hash |= other->has_hash;
}

/* Counts of all builders, by the final numbers of files. */
static int join_counts(Seal *seal) {
        SortOrder order = {NULL, NULL};
        size_t n = 0, at = 0;
        SortKey *keys;
        int r;

        for (size_t b = 0; b < seal->n_builders; b++)
                n += seal->builders[b]->counts.size;
        if (n == 0)
                return 0;
        keys = vec_alloc(n, sizeof(*keys));
        r = keys ? vec_reserve(&seal->counts, n) : -ENOMEM;
        for (uint32_t b = 0; b < seal->n_builders && r == 0; b++) {
                const Builder *builder = seal->builders[b];

                for (uint32_t i = 0; i < builder->counts.size; i++)
                        keys[at++] = (SortKey){
                                        seal->maps[b].files[builder->counts.data[i].file], 0, b, i};
        }
        if (r == 0)
                r = sort_keys(keys, n, &order, 1);
        for (size_t i = 0; i < n && r == 0; i++) {
                const EventCounts *counts =
                                &seal->builders[keys[i].source]->counts.data[keys[i].index].counts;

                if (i == 0 || keys[i].a != keys[i - 1].a)
                        seal->counts.data[seal->counts.size++] =
                                        (BuilderCounts){(uint32_t)keys[i].a, *counts};
                else
                        event_counts_add(&seal->counts.data[seal->counts.size - 1].counts, counts);
        }
        free(keys);
        return r;
}

int seal_files(Seal *seal) {
        SortOrder order = {compare_files, seal};
        size_t n = 0, at = 0;
        int r = number_roots(seal);

        for (size_t b = 0; b < seal->n_builders && r == 0; b++) {
                seal->maps[b].files = vec_alloc(seal->builders[b]->files.size, sizeof(uint32_t));
                r = seal->maps[b].files ? 0 : -ENOMEM;
                n += seal->builders[b]->files.size;
        }
        seal->files = vec_alloc(n, sizeof(*seal->files));
        if (r < 0 || !seal->files)
                return -ENOMEM;
        for (uint32_t b = 0; b < seal->n_builders; b++) {
                for (uint32_t i = 0; i < seal->builders[b]->files.size; i++) {
                        Slice name = builder_file_name(&seal->builders[b]->files.data[i]);

                        seal->files[at++] =
                                        (SortKey){sort_prefix(name, 0), sort_prefix(name, 1), b, i};
                }
        }
        r = sort_keys(seal->files, n, &order, seal->n_threads);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                SortKey key = seal->files[i];

                if (i == 0 || sort_compare(&order, &seal->files[seal->n_files - 1], &key) != 0)
                        seal->files[seal->n_files++] = key;
                join_file(seal, &seal->files[seal->n_files - 1], file_of(seal, &key));
                seal->maps[key.source].files[key.index] = seal->n_files - 1;
        }
        return join_counts(seal);
}

/* ---- order ---- */

Slice seal_id_text(const Seal *seal, uint32_t builder, const StoreSource *source,
                char buffer[static STORE_ID_SIZE]) {
        uint32_t string;

        if (source->id_kind == STORE_ID_UUID)
                return store_format_uuid(source->id, buffer);
        if (source->id_kind == STORE_ID_ABSENT)
                return (Slice){NULL, 0};
        memcpy(&string, source->id, sizeof(string));
        return seal->builders[builder]->strings.strings.data[string];
}

static int compare_ids(const Seal *seal, uint32_t builder_x, const StoreSource *x,
                uint32_t builder_y, const StoreSource *y) {
        char text_x[STORE_ID_SIZE], text_y[STORE_ID_SIZE];
        int r;

        if (x->id_kind == STORE_ID_UUID && y->id_kind == STORE_ID_UUID)
                return memcmp(x->id, y->id, sizeof(x->id));
        r = slice_compare(seal_id_text(seal, builder_x, x, text_x),
                        seal_id_text(seal, builder_y, y, text_y));
        /* absent before empty */
        return r ? r : (y->id_kind == STORE_ID_ABSENT) - (x->id_kind == STORE_ID_ABSENT);
}

/* Which of two records sorts first by where it stands. */
static int compare_places(const Seal *seal, uint32_t builder_x, const StoreSource *x,
                uint32_t builder_y, const StoreSource *y) {
        uint32_t file_x = seal->maps[builder_x].files[x->file];
        uint32_t file_y = seal->maps[builder_y].files[y->file];

        if (file_x != file_y)
                return file_x < file_y ? -1 : 1;
        if (x->record != y->record)
                return x->record < y->record ? -1 : 1;
        return (x->offset > y->offset) - (x->offset < y->offset);
}

static int compare_rows(const void *ctx, const SortKey *x, const SortKey *y) {
        const Seal *seal = ctx;
        const StoreSource *a = &seal_row(seal, x)->source, *b = &seal_row(seal, y)->source;
        int r = compare_ids(seal, x->source, a, y->source, b);

        return r ? r : compare_places(seal, x->source, a, y->source, b);
}

static uint64_t id_prefix(const Seal *seal, uint32_t builder, const StoreSource *source) {
        char buffer[STORE_ID_SIZE];
        uint64_t prefix = 0;

        if (source->id_kind != STORE_ID_UUID)
                return sort_prefix(seal_id_text(seal, builder, source, buffer), 0);
        for (int i = 0; i < 8; i++) /* its first eight digits */
                prefix = prefix << 8 |
                         (unsigned char)"0123456789abcdef"[source->id[i / 2] >> (i % 2 ? 0 : 4) &
                                                           15];
        return prefix;
}

typedef struct FillTask {
        Seal *seal;
        size_t *starts; /* of each builder in `order` */
} FillTask;

static int fill_order(void *ctx, size_t b) {
        FillTask *task = ctx;
        Builder *builder = task->seal->builders[b];
        SortKey *keys = task->seal->order + task->starts[b];

        for (uint32_t i = 0; i < builder->n_rows; i++) {
                Row *row = builder_row(builder, i);

                keys[i] = (SortKey){
                                (uint64_t)row->time ^ (UINT64_C(1) << 63),
                                id_prefix(task->seal, (uint32_t)b, &row->source),
                                (uint32_t)b,
                                i,
                };
        }
        return 0;
}

static int sort_rows(Seal *seal) {
        SortOrder order = {compare_rows, seal};
        FillTask task = {seal, vec_alloc(seal->n_builders, sizeof(size_t))};
        int r;

        if (!task.starts)
                return -ENOMEM;
        for (size_t b = 0; b < seal->n_builders; b++) {
                task.starts[b] = seal->n_rows;
                seal->n_rows += seal->builders[b]->n_rows;
        }
        seal->order = vec_alloc(seal->n_rows, sizeof(*seal->order));
        seal->is_dropped = vec_alloc_zero(seal->n_rows, 1);
        seal->has = vec_alloc_zero(seal->n_rows, 1);
        r = seal->order && seal->is_dropped && seal->has ? 0 : -ENOMEM;
        if (r == 0)
                r = parallel_run(seal->n_threads, seal->n_builders, fill_order, &task);
        if (r == 0)
                r = sort_keys(seal->order, seal->n_rows, &order, seal->n_threads);
        free(task.starts);
        if (r < 0)
                return r;
        for (uint64_t i = 1; i < seal->n_rows; i++) {
                const SortKey *key = &seal->order[i], *before = &seal->order[i - 1];

                /* one record that came by two ways */
                seal->is_dropped[i] = key->a == before->a && key->b == before->b &&
                                      sort_compare(&order, before, key) == 0 &&
                                      seal_row(seal, key)->source.hash ==
                                                      seal_row(seal, before)->source.hash;
        }
        return 0;
}

/* ---- duplicates ---- */

/* Of records of one eventID: a whole one before a partial one, then by place. */
static int compare_records(const Seal *seal, uint32_t builder_x, const StoreSource *x,
                uint32_t builder_y, const StoreSource *y) {
        int r = event_hash_is_partial(x->hash) - event_hash_is_partial(y->hash);

        return r ? r : compare_places(seal, builder_x, x, builder_y, y);
}

/* Keys of the groups: a and b tell the eventID, index is the place in `order`. */
static const SortKey *place_key(const Seal *seal, const SortKey *key) {
        return &seal->order[key->index];
}

static int compare_members(const void *ctx, const SortKey *x, const SortKey *y) {
        const Seal *seal = ctx;
        const SortKey *a = place_key(seal, x), *b = place_key(seal, y);
        const StoreSource *s = &seal_row(seal, a)->source, *t = &seal_row(seal, b)->source;
        int r = compare_ids(seal, a->source, s, b->source, t);

        return r ? r : compare_records(seal, a->source, s, b->source, t);
}

static int list_range(void *ctx, size_t range) {
        Seal *seal = ctx;
        uint64_t first = range * (uint64_t)RANGE, n = 0;
        uint64_t end = first + RANGE < seal->n_rows ? first + RANGE : seal->n_rows;
        SortKey *keys = seal->ids + first;
        char buffer[STORE_ID_SIZE];

        for (uint64_t i = first; i < end; i++) {
                const SortKey *key = &seal->order[i];
                const StoreSource *source = &seal_row(seal, key)->source;
                Slice text;

                seal_prefetch(seal, i);
                if (seal->is_dropped[i])
                        continue;
                /* the text of a UUID is of no use here */
                text = source->id_kind == STORE_ID_UUID
                                       ? (Slice){NULL, 0}
                                       : seal_id_text(seal, key->source, source, buffer);
                if (text.size || source->id_kind == STORE_ID_UUID)
                        keys[n++] = image_id_key(source, text, 0, (uint32_t)i);
        }
        seal->n_in_range[range] = (uint32_t)n;
        return 0;
}

/* Keys of all that have an eventID into `ids`, which has room for every row. */
static int list_members(Seal *seal, uint64_t *ret_n) {
        size_t n_ranges = (size_t)((seal->n_rows + RANGE - 1) / RANGE);
        uint64_t n = 0;
        int r;

        seal->n_in_range = vec_alloc(n_ranges, sizeof(*seal->n_in_range));
        if (!seal->n_in_range)
                return -ENOMEM;
        r = parallel_run(seal->n_threads, n_ranges, list_range, seal);
        for (size_t i = 0; i < n_ranges; i++) {
                if (n != i * (uint64_t)RANGE)
                        memmove(seal->ids + n, seal->ids + i * (uint64_t)RANGE,
                                        seal->n_in_range[i] * sizeof(*seal->ids));
                n += seal->n_in_range[i];
        }
        *ret_n = n;
        return r;
}

static StorePlace place_of(const Seal *seal, uint32_t builder, const StoreSource *source) {
        const BuilderFile *file = &seal->builders[builder]->files.data[source->file];
        const BuilderRoot *root = &seal->builders[builder]->roots.data[file->root];

        return (StorePlace){builder_file_name(file), root->name, root->path, source->offset,
                        source->hash, source->record, source->size};
}

/* keys[first .. end) share an eventID, and not all have the same bytes. */
static int add_contenders(Seal *seal, const SortKey *keys, uint64_t first, uint64_t end) {
        int r = conflict_reserve(&seal->contenders, end - first);

        if (r < 0)
                return r;
        for (uint64_t i = first; i < end; i++) {
                const SortKey *key = place_key(seal, &keys[i]);
                const StoreSource *source = &seal_row(seal, key)->source;

                seal->contenders.data[seal->contenders.size++] =
                                (Contender){.group = keys[first].index,
                                                .place = place_of(seal, key->source, source),
                                                .file = seal->maps[key->source].files[source->file],
                                                .source = STORE_NONE};
        }
        return 0;
}

/* keys[first .. end) share an eventID; the first is kept. */
static int settle_group(Seal *seal, const SortKey *keys, uint64_t first, uint64_t end) {
        uint64_t hash = seal_row(seal, place_key(seal, &keys[first]))->source.hash;
        bool is_same = true;

        for (uint64_t i = first + 1; i < end; i++) {
                seal->is_dropped[keys[i].index] = 1;
                is_same &= seal_row(seal, place_key(seal, &keys[i]))->source.hash == hash;
        }
        return is_same ? 0 : add_contenders(seal, keys, first, end);
}

static bool is_one_id(const Seal *seal, const SortKey *x, const SortKey *y) {
        const SortKey *a = place_key(seal, x), *b = place_key(seal, y);

        return x->a == y->a && x->b == y->b &&
               compare_ids(seal, a->source, &seal_row(seal, a)->source, b->source,
                               &seal_row(seal, b)->source) == 0;
}

static int drop_duplicates(Seal *seal) {
        SortOrder order = {compare_members, seal};
        uint64_t n, n_kept = 0;
        int r;

        seal->ids = vec_alloc(seal->n_rows, sizeof(*seal->ids));
        if (!seal->ids)
                return -ENOMEM;
        r = list_members(seal, &n);
        if (r == 0)
                r = sort_keys(seal->ids, n, &order, seal->n_threads);
        for (uint64_t first = 0, end; first < n && r == 0; first = end) {
                for (end = first + 1; end < n; end++) {
                        if (!is_one_id(seal, &seal->ids[first], &seal->ids[end]))
                                break;
                }
                if (end > first + 1)
                        r = settle_group(seal, seal->ids, first, end);
                seal->ids[n_kept++] = seal->ids[first];
        }
        seal->n_ids = n_kept;
        return r;
}

int seal_conflicts(Seal *seal) {
        return conflict_settle(&seal->contenders, seal->judge, &seal->n_conflicts);
}

/* Records found in each file, each place once. */
static int count_records(Seal *seal) {
        seal->n_file_records = vec_alloc_zero(seal->n_files, sizeof(*seal->n_file_records));
        if (!seal->n_file_records)
                return -ENOMEM;
        for (size_t b = 0; b < seal->n_builders; b++) {
                for (uint32_t i = 0; i < seal->builders[b]->files.size; i++)
                        seal->n_file_records[seal->maps[b].files[i]] +=
                                        seal->builders[b]->files.data[i].n_records;
        }
        for (uint64_t i = 0; i < seal->n_rows; i++) {
                const SortKey *key = &seal->order[i];

                if (seal->is_dropped[i])
                        seal->n_file_records[seal->maps[key->source].files
                                                             [seal_row(seal, key)->source.file]]--;
        }
        return 0;
}

int seal_order(Seal *seal) {
        int r = sort_rows(seal);

        if (r == 0)
                r = count_records(seal);
        if (r == 0)
                r = drop_duplicates(seal);
        if (r < 0)
                return r;
        seal->numbers = vec_alloc(seal->n_rows, sizeof(*seal->numbers));
        if (!seal->numbers)
                return -ENOMEM;
        for (uint64_t i = 0; i < seal->n_rows; i++) {
                if (!seal->is_dropped[i] && seal->n_events == STORE_NONE - 1)
                        return -EOVERFLOW;
                seal->numbers[i] = seal->is_dropped[i] ? STORE_NONE : seal->n_events++;
        }
        return 0;
}

/* ---- the whole ---- */

static void deinit(Seal *seal) {
        for (size_t b = 0; seal->maps && b < seal->n_builders; b++) {
                free(seal->maps[b].files);
                free(seal->maps[b].roots);
                free(seal->maps[b].strings);
                for (int kind = 0; kind < STORE_N_TUPLES; kind++)
                        free(seal->maps[b].tuples[kind]);
        }
        for (int kind = 0; kind < STORE_N_TUPLES; kind++)
                free(seal->tuples[kind]);
        free(seal->maps);
        free(seal->files);
        free(seal->n_file_records);
        vec_deinit(&seal->counts);
        vec_deinit(&seal->roots);
        free(seal->order);
        free(seal->is_dropped);
        free(seal->has);
        free(seal->n_in_range);
        free(seal->ids);
        conflict_deinit(&seal->contenders);
        free(seal->numbers);
        free(seal->strings);
        free(seal->notes);
        image_targets_free(seal->targets);
}

static int run(Builder **builders, size_t n_builders, StoreRoom room, const StoreJudge *judge,
                bool is_part, Store **ret_store) {
        static int (*const steps[])(Seal * seal) = {seal_files, seal_order, seal_conflicts,
                        seal_strings, seal_notes, seal_columns};
        Seal seal = {.builders = builders,
                        .n_builders = n_builders,
                        .n_threads = room.n_threads,
                        .space = room.space,
                        .contenders.space = room.space,
                        .judge = judge};
        Store *store;
        int r;

        for (size_t b = 0; b < n_builders; b++)
                builder_close(builders[b]);
        malloc_trim(0); /* for what follows: memory that was used before is not cleared slowly */
        seal.maps = vec_alloc_zero(n_builders, sizeof(*seal.maps));
        r = seal.maps ? 0 : -ENOMEM;
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && r == 0; i++)
                r = steps[i](&seal);
        for (size_t b = 0; b < n_builders; b++)
                builder_free_rows(builders[b]);
        store = seal.store;
        deinit(&seal);
        if (r == 0 && !is_part) {
                malloc_trim(0);
                r = image_index(store, room.n_threads, room.space);
        }
        if (r < 0)
                store_free(store);
        else
                *ret_store = store;
        return r;
}

int store_seal(Builder **builders, size_t n_builders, StoreRoom room, const StoreJudge *judge,
                Store **ret_store) {
        return run(builders, n_builders, room, judge, false, ret_store);
}

int store_seal_part(Builder **builders, size_t n_builders, StoreRoom room, const StoreJudge *judge,
                Store **ret_store) {
        int r = run(builders, n_builders, room, judge, true, ret_store);

        if (r == 0)
                image_close(*ret_store);
        return r;
}
