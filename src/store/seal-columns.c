/*
 * What builders hold goes into the image, straight to its place. Columns are written by ranges of
 * `order`, side by side, and what is one list beside them.
 */
#include <errno.h>

#include "base/parallel.h"
#include "store/seal.h"

#define RANGE 65536U
#define N_LISTS 5U /* that are written beside the columns */

/* ---- notes ---- */

static const BuilderNote *note_of(const Seal *seal, const SortKey *key) {
        return &seal->builders[key->source]->notes.data[key->index];
}

static Slice reason_of(const Seal *seal, const SortKey *key) {
        return seal->builders[key->source]->strings.strings.data[note_of(seal, key)->reason];
}

static int compare_reasons(const void *ctx, const SortKey *x, const SortKey *y) {
        return slice_compare(reason_of(ctx, x), reason_of(ctx, y));
}

int seal_notes(Seal *seal) {
        SortOrder order = {compare_reasons, seal};
        uint64_t n = 0, n_kept = 0;
        int r;

        for (size_t b = 0; b < seal->n_builders; b++)
                seal->n_notes += seal->builders[b]->notes.size;
        seal->notes = vec_alloc(seal->n_notes, sizeof(*seal->notes));
        if (!seal->notes)
                return -ENOMEM;
        for (uint32_t b = 0; b < seal->n_builders; b++) {
                for (uint32_t i = 0; i < seal->builders[b]->notes.size; i++) {
                        BuilderNote *note = &seal->builders[b]->notes.data[i];

                        seal->notes[n++] = (SortKey){
                                        (uint64_t)note->is_ignored << 32 |
                                                        seal->maps[b].files[note->file],
                                        note->offset, b, i};
                }
        }
        r = sort_keys(seal->notes, n, &order, seal->n_threads);
        for (uint64_t i = 0; i < n && r == 0; i++) {
                /* what two stores say of one file is said once */
                if (i == 0 || sort_compare(&order, &seal->notes[n_kept - 1], &seal->notes[i]) != 0)
                        seal->notes[n_kept++] = seal->notes[i];
        }
        seal->n_notes = n_kept;
        return r;
}

/* ---- sizes ---- */

static int compare_counts(const void *key, const void *counts) {
        uint32_t file = *(const uint32_t *)key, other = ((const BuilderCounts *)counts)->file;

        return (file > other) - (file < other);
}

static StoreFile file_at(const Seal *seal, uint32_t i) {
        uint32_t b = seal->files[i].source;
        const BuilderFile *file = &seal->builders[b]->files.data[seal->files[i].index];
        StoreFile r = {.name = builder_file_name(file),
                        .root = seal->maps[b].roots[file->root],
                        .kind = (StoreKind)file->kind,
                        .has_hash = file->has_hash,
                        .is_member = file->is_member,
                        .size = file->size,
                        .n_bytes = file->n_bytes,
                        .n_records = seal->n_file_records[i]};

        const BuilderCounts *counts =
                        seal->counts.size ? bsearch(&i, seal->counts.data, seal->counts.size,
                                                            sizeof(*counts), compare_counts)
                                          : NULL;

        memcpy(r.hash, file->hash, sizeof(r.hash));
        if (counts)
                r.counts = counts->counts;
        return r;
}

static int allocate(Seal *seal) {
        ImagePlan plan = {
                        .n_events = seal->n_events,
                        .n_ids = seal->n_ids,
                        .n_grants = seal->n_grants,
                        .n_conflict_rows = conflict_n_rows(&seal->contenders),
                        .n_strings = seal->n_strings,
                        .n_string_bytes = seal->n_string_bytes,
                        .most = seal->most,
        };

        for (uint32_t i = 0; i < seal->n_files; i++) {
                StoreFile file = file_at(seal, i);

                image_plan_file(&plan, &file);
        }
        for (size_t i = 0; i < seal->roots.size; i++)
                image_plan_root(&plan, seal->roots.data[i].name, seal->roots.data[i].path);
        for (uint64_t i = 0; i < seal->n_notes; i++)
                image_plan_note(&plan, reason_of(seal, &seal->notes[i]));
        for (int kind = 0; kind < STORE_N_TUPLES; kind++)
                plan.n_tuples[kind] = seal->n_tuples[kind];
        return image_new(&plan, seal->space, &seal->store);
}

/* ---- names, notes, strings, tuples ---- */

static void write_names(Seal *seal) {
        ImageTexts texts = {.store = seal->store};

        for (uint32_t i = 0; i < seal->n_files; i++) {
                StoreFile file = file_at(seal, i);

                image_put_file(&texts, i, &file);
        }
        for (uint32_t i = 0; i < seal->roots.size; i++)
                image_put_root(&texts, i, seal->roots.data[i].name, seal->roots.data[i].path);
        for (uint64_t i = 0; i < seal->n_notes; i++) {
                const SortKey *key = &seal->notes[i];
                const BuilderNote *from = note_of(seal, key);
                StoreNote note = {.file = seal->maps[key->source].files[from->file],
                                .n_rejected = from->n_rejected,
                                .offset = from->offset,
                                .reason = reason_of(seal, key)};

                image_put_note(&texts, i, &note, from->is_ignored);
        }
}

static void write_strings(Seal *seal) {
        for (uint32_t i = 0; i < seal->n_strings; i++)
                image_put_string(seal->store, i,
                                seal->builders[seal->strings[i].source]
                                                ->strings.strings.data[seal->strings[i].index]);
        for (int kind = 0; kind < STORE_N_TUPLES; kind++)
                image_put_tuples(seal->store, (StoreTuple)kind, seal->tuples[kind]);
}

/* ---- columns ---- */

static uint32_t renumbered(const uint32_t *map, uint32_t i) {
        return i == STORE_NONE ? STORE_NONE : map[i];
}

static void renumber_source(const SealMap *map, StoreSource *source) {
        source->file = map->files[source->file];
        if (source->id_kind == STORE_ID_STRING) {
                uint32_t string;

                memcpy(&string, source->id, sizeof(string));
                string = map->strings[string];
                memcpy(source->id, &string, sizeof(string));
        }
}

static void write_range(Seal *seal, uint64_t first) {
        uint64_t end = first + RANGE < seal->n_rows ? first + RANGE : seal->n_rows;

        for (uint64_t place = first; place < end; place++) {
                uint32_t i = seal->numbers[place];
                const SortKey *key = &seal->order[place];
                const SealMap *map = &seal->maps[key->source];
                const Row *row;
                ImageEvent event;

                seal_prefetch(seal, place);
                if (i == STORE_NONE)
                        continue;
                row = seal_row(seal, key);
                event = (ImageEvent){
                                .time = row->time,
                                .tuples = {map->tuples[STORE_IDENTITY][row->identity],
                                                map->tuples[STORE_CALL][row->call],
                                                map->tuples[STORE_RESULT][row->result]},
                                .ip = renumbered(map->strings, row->ip),
                                .ua = renumbered(map->strings, row->ua),
                                .source = row->source,
                };
                renumber_source(map, &event.source);
                image_put_event(seal->store, i, &event);
        }
}

/* What events hand out, in their order. */
static void write_grants(Seal *seal) {
        StoreGrant *to = image_writable(seal->store, IMAGE_GRANTS);

        for (uint64_t place = 0; place < seal->n_rows && seal->n_grants; place++) {
                const SortKey *key = &seal->order[place];
                const Builder *builder = seal->builders[key->source];
                const uint32_t *strings = seal->maps[key->source].strings;

                if (!(seal->has[place] & SEAL_GRANTS))
                        continue;
                for (size_t i = seal_row(seal, key)->grants - 1U;
                                i < builder->grants.size &&
                                builder->grants.data[i].row == key->index;
                                i++, to++) {
                        const BuilderGrant *from = &builder->grants.data[i];

                        *to = (StoreGrant){.event = seal->numbers[place], .kind = from->kind};
                        for (unsigned f = 0; f < EVENT_N_GRANT; f++)
                                to->fields[f] = renumbered(strings, from->fields[f]);
                }
        }
}

/* What events act on, in their order. Their place is made behind the columns, when these stand. */
static void gather_targets(Seal *seal) {
        for (uint64_t place = 0; place < seal->n_rows; place++) {
                const SortKey *key = &seal->order[place];
                const Builder *builder = seal->builders[key->source];
                const uint32_t *strings = seal->maps[key->source].strings;

                seal_prefetch_targets(seal, place);
                if (!(seal->has[place] & SEAL_TARGETS))
                        continue;
                for (size_t i = seal_row(seal, key)->targets - 1U;
                                i < builder->targets.size &&
                                builder->targets.data[i].row == key->index;
                                i++) {
                        const BuilderTarget *from = &builder->targets.data[i];
                        StoreTarget target = {.event = seal->numbers[place],
                                        .name = renumbered(strings, from->name),
                                        .of = renumbered(strings, from->of),
                                        .effect = (CatalogueEffect)from->effect,
                                        .object = from->object,
                                        .n_bytes = from->n_bytes};

                        image_add_target(seal->targets, &target);
                }
        }
}

static void write_ids(Seal *seal) {
        for (uint64_t i = 0; i < seal->n_ids; i++)
                seal->ids[i].index = seal->numbers[seal->ids[i].index];
        image_put_ids(seal->store, seal->ids, seal->n_ids);
}

/* ---- the whole ---- */

/* Side by side: what is one list first, then the ranges. */
static int write_task(void *ctx, size_t task) {
        static void (*const lists[])(Seal * seal) = {
                        write_strings, write_ids, write_grants, gather_targets, write_names};

        if (task < N_LISTS)
                lists[task](ctx);
        else
                write_range(ctx, (task - N_LISTS) * (uint64_t)RANGE);
        return 0;
}

static uint32_t event_of(void *ctx, uint64_t group) {
        return ((Seal *)ctx)->numbers[group];
}

int seal_columns(Seal *seal) {
        int r = allocate(seal);

        if (r < 0)
                return r;
        seal->targets = image_targets_new();
        if (!seal->targets)
                return -ENOMEM;
        r = parallel_run(seal->n_threads, N_LISTS + (seal->n_rows + RANGE - 1) / RANGE, write_task,
                        seal);
        if (r == 0)
                r = conflict_put(&seal->contenders, event_of, seal, seal->store);
        if (r < 0)
                return r;
        r = image_put_gathered(seal->store, seal->targets);
        image_put_meta(seal->store, seal->n_conflicts);
        return r;
}
