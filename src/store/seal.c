/*
 * Sealing: builders become one store.
 *
 *   1  files     names of all builders, sorted, made distinct
 *   2  order     rows sorted by (eventTime, eventID, file, record)
 *   3  duplicates  rows sorted by the hash of their eventID: of a group the one whose file, then
 *                record number, sorts first is kept; other bytes under the same eventID are a
 *                conflict, unless the judge finds that they mean the same
 *   4  strings   those that kept rows use, sorted, made distinct; then the tuples, now of final
 *                string numbers, likewise
 *   5  columns   written in order of events; what events hand out; eventIDs by hash
 *   6  indexes   what follows from those (make.c)
 *
 * Everything is sorting and one pass over the result: O(n log n). Each step runs on all threads;
 * its result does not depend on their number, nor on which builder held what.
 */
#include "store/seal.h"

#include <errno.h>

#include "base/hash.h"
#include "base/parallel.h"

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

static const BuilderFile *file_of(const Seal *seal, const SortKey *key) {
        return &seal->builders[key->source]->files.data[key->index];
}

/* Files of one name in different places are different files. */
static int compare_files(const void *ctx, const SortKey *x, const SortKey *y) {
        const Seal *seal = ctx;
        const BuilderFile *a = file_of(seal, x), *b = file_of(seal, y);
        uint32_t root_a = seal->maps[x->source].roots[a->root];
        uint32_t root_b = seal->maps[y->source].roots[b->root];
        int r = slice_compare(a->name, b->name);

        return r ? r : (root_a > root_b) - (root_a < root_b);
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
                        Slice name = seal->builders[b]->files.data[i].name;

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
                seal->maps[key.source].files[key.index] = seal->n_files - 1;
        }
        return 0;
}

/* ---- order ---- */

uint64_t store_id_hash(const StoreSource *source, Slice text) {
        return source->id_kind == STORE_ID_UUID ? hash_bytes(source->id, sizeof(source->id))
                                                : hash_slice(text);
}

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

        return sort_prefix(seal_id_text(seal, builder, source, buffer), 0);
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
        r = seal->order && seal->is_dropped ? 0 : -ENOMEM;
        if (r == 0)
                r = parallel_run(seal->n_threads, seal->n_builders, fill_order, &task);
        if (r == 0)
                r = sort_keys(seal->order, seal->n_rows, &order, seal->n_threads);
        free(task.starts);
        if (r < 0)
                return r;
        for (uint64_t i = 1; i < seal->n_rows; i++) {
                const Row *row = seal_row(seal, &seal->order[i]);
                const Row *before = seal_row(seal, &seal->order[i - 1]);

                /* one record that came by two ways */
                seal->is_dropped[i] =
                                sort_compare(&order, &seal->order[i - 1], &seal->order[i]) == 0 &&
                                row->source.hash == before->source.hash;
        }
        return 0;
}

/* ---- duplicates ---- */

/*
 * Keys of the groups: a is the hash of the eventID, b the place in `order`; losers of absorbed
 * stores have source n_builders + builder, and index theirs.
 */
typedef struct Member {
        const StoreSource *source;
        uint32_t builder;
        bool is_loser;
} Member;

static Member member_of(const Seal *seal, const SortKey *key) {
        if (key->source >= seal->n_builders) {
                uint32_t b = key->source - (uint32_t)seal->n_builders;

                return (Member){&seal->builders[b]->losers.data[key->index].source, b, true};
        }
        return (Member){&seal_row(seal, &seal->order[key->index])->source,
                        seal->order[key->index].source, false};
}

static int compare_members(const void *ctx, const SortKey *x, const SortKey *y) {
        Member a = member_of(ctx, x), b = member_of(ctx, y);
        int r = compare_ids(ctx, a.builder, a.source, b.builder, b.source);

        return r ? r : compare_places(ctx, a.builder, a.source, b.builder, b.source);
}

static int list_members(Seal *seal, SortKey *keys, uint64_t *ret_n) {
        char buffer[STORE_ID_SIZE];
        uint64_t n = 0;

        for (uint64_t i = 0; i < seal->n_rows; i++) {
                const SortKey *key = &seal->order[i];
                const StoreSource *source = &seal_row(seal, key)->source;
                Slice text = seal_id_text(seal, key->source, source, buffer);

                if (!seal->is_dropped[i] && text.size) /* the builder is that of the place */
                        keys[n++] = (SortKey){store_id_hash(source, text), 0, 0, (uint32_t)i};
        }
        for (uint32_t b = 0; b < seal->n_builders; b++) {
                for (uint32_t i = 0; i < seal->builders[b]->losers.size; i++) {
                        const StoreSource *source = &seal->builders[b]->losers.data[i].source;

                        keys[n++] = (SortKey){store_id_hash(source, seal_id_text(seal, b, source,
                                                                                    buffer)),
                                        0, (uint32_t)seal->n_builders + b, i};
                }
        }
        *ret_n = n;
        return 0;
}

static int add_conflict(Seal *seal, uint32_t place, const Member *kept, const Member *other) {
        if (vec_reserve(&seal->conflicts, 1) < 0)
                return -ENOMEM;
        seal->conflicts.data[seal->conflicts.size++] = (SealConflict){
                        .row = {.event = place,
                                        .file = seal->maps[other->builder]
                                                                .files[other->source->file],
                                        .record = other->source->record,
                                        .size = other->source->size,
                                        .offset = other->source->offset,
                                        .hash = other->source->hash},
                        .kept = kept->source,
                        .other = other->source,
                        .kept_builder = kept->builder,
                        .other_builder = other->builder,
                        .is_known = other->is_loser,
        };
        return 0;
}

/* keys[first .. end) share an eventID; the first is kept. */
static int settle_group(Seal *seal, const SortKey *keys, uint64_t first, uint64_t end) {
        Member kept = member_of(seal, &keys[first]);
        int r = 0;

        for (uint64_t i = first + 1; i < end && r == 0; i++) {
                Member other = member_of(seal, &keys[i]);
                Member before = member_of(seal, &keys[i - 1]);

                if (!other.is_loser) {
                        seal->is_dropped[keys[i].index] = 1;
                }
                if (other.source->hash == kept.source->hash ||
                                compare_places(seal, before.builder, before.source, other.builder,
                                                other.source) == 0)
                        continue;
                r = add_conflict(seal, keys[first].index, &kept, &other);
        }
        return r;
}

static int drop_duplicates(Seal *seal) {
        SortOrder order = {compare_members, seal};
        uint64_t n = seal->n_rows, n_kept = 0;
        int r;

        for (size_t b = 0; b < seal->n_builders; b++)
                n += seal->builders[b]->losers.size;
        seal->ids = vec_alloc(n, sizeof(*seal->ids));
        if (!seal->ids)
                return -ENOMEM;
        r = list_members(seal, seal->ids, &n);
        if (r == 0)
                r = sort_keys(seal->ids, n, &order, seal->n_threads);
        for (uint64_t first = 0, end; first < n && r == 0; first = end) {
                Member kept = member_of(seal, &seal->ids[first]);

                for (end = first + 1; end < n && seal->ids[end].a == seal->ids[first].a; end++) {
                        Member other = member_of(seal, &seal->ids[end]);

                        if (compare_ids(seal, kept.builder, kept.source, other.builder,
                                            other.source))
                                break;
                }
                r = settle_group(seal, seal->ids, first, end);
                seal->ids[n_kept++] = seal->ids[first];
        }
        seal->n_ids = n_kept;
        return r;
}

static StorePlace place_of(const Seal *seal, uint32_t builder, const StoreSource *source) {
        const BuilderFile *file = &seal->builders[builder]->files.data[source->file];
        const BuilderRoot *root = &seal->builders[builder]->roots.data[file->root];

        return (StorePlace){file->name, root->name, root->path, source->offset, source->hash,
                        source->record, source->size};
}

/* Asks the judge about all that are not known to differ; *ret_same for each of the conflicts. */
static int judge_conflicts(Seal *seal, bool *ret_same) {
        size_t n = seal->conflicts.size, n_asked = 0;
        StorePlace *places = vec_alloc(n, 2 * sizeof(*places));
        bool *same = vec_alloc_zero(n, sizeof(*same));
        int r = places && same ? 0 : -ENOMEM;

        for (size_t i = 0; i < n && r == 0; i++) {
                SealConflict *c = &seal->conflicts.data[i];

                if (c->is_known)
                        continue;
                places[2 * n_asked] = place_of(seal, c->kept_builder, c->kept);
                places[2 * n_asked++ + 1] = place_of(seal, c->other_builder, c->other);
        }
        if (r == 0 && n_asked)
                r = seal->judge->same(seal->judge->userdata, places, n_asked, same);
        n_asked = 0;
        for (size_t i = 0; i < n && r == 0; i++)
                ret_same[i] = !seal->conflicts.data[i].is_known && same[n_asked++];
        free(places);
        free(same);
        return r;
}

int seal_conflicts(Seal *seal) {
        size_t n = seal->conflicts.size, n_kept = 0;
        bool *is_same = vec_alloc_zero(n, sizeof(*is_same));
        int r = is_same ? 0 : -ENOMEM;

        if (r == 0 && seal->judge && n)
                r = judge_conflicts(seal, is_same);
        for (size_t i = 0; i < n && r == 0; i++) {
                SealConflict conflict = seal->conflicts.data[i];

                if (is_same[i])
                        continue;
                /* those of one eventID stand together */
                seal->n_conflicts += n_kept == 0 || seal->conflicts.data[n_kept - 1].row.event !=
                                                                    conflict.row.event;
                seal->conflicts.data[n_kept++] = conflict;
        }
        if (r == 0)
                seal->conflicts.size = n_kept;
        free(is_same);
        return r;
}

/*
 * Records found in each file: those at hand, each place once, or, where a store that was absorbed
 * had dropped some already, as many as it says.
 */
static int count_records(Seal *seal) {
        seal->n_file_records = vec_alloc_zero(seal->n_files, sizeof(*seal->n_file_records));
        if (!seal->n_file_records)
                return -ENOMEM;
        for (uint64_t i = 0; i < seal->n_rows; i++) {
                const SortKey *key = &seal->order[i];

                if (!seal->is_dropped[i])
                        seal->n_file_records[seal->maps[key->source].files
                                                             [seal_row(seal, key)->source.file]]++;
        }
        for (size_t b = 0; b < seal->n_builders; b++) {
                for (size_t i = 0; i < seal->builders[b]->files.size; i++) {
                        uint64_t *n = &seal->n_file_records[seal->maps[b].files[i]];
                        uint64_t n_absorbed = seal->builders[b]->files.data[i].n_absorbed;

                        *n = *n < n_absorbed ? n_absorbed : *n;
                }
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
        vec_deinit(&seal->roots);
        free(seal->order);
        free(seal->is_dropped);
        free(seal->ids);
        vec_deinit(&seal->conflicts);
        free(seal->numbers);
        free(seal->strings);
        free(seal->notes);
        store_free(seal->store);
}

int store_seal(Builder **builders, size_t n_builders, unsigned n_threads, const StoreJudge *judge,
                Store **ret_store) {
        static int (*const steps[])(Seal * seal) = {seal_files, seal_order, seal_conflicts,
                        seal_strings, seal_notes, seal_columns};
        Seal seal = {.builders = builders,
                        .n_builders = n_builders,
                        .n_threads = n_threads,
                        .judge = judge};
        int r;

        seal.maps = vec_alloc_zero(n_builders, sizeof(*seal.maps));
        r = seal.maps ? 0 : -ENOMEM;
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && r == 0; i++)
                r = steps[i](&seal);
        if (r == 0)
                r = image_index(seal.store, n_threads, NULL);
        if (r == 0) {
                *ret_store = seal.store;
                seal.store = NULL;
        }
        deinit(&seal);
        return r;
}
