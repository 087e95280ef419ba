/*
 * The image: everything but the dimensions is written here, straight to its place. Sizes are known
 * by now, so the image is allocated once. Columns are written by ranges of `order`, side by side.
 */
#include <errno.h>

#include "base/hash.h"
#include "base/parallel.h"
#include "store/seal.h"

#define RANGE 65536U

/* ---- notes ---- */

static const BuilderNote *note_of(const Seal *seal, const SortKey *key) {
        return &seal->builders[key->source]->notes.data[key->index];
}

static int compare_notes(const void *ctx, const SortKey *x, const SortKey *y) {
        const BuilderNote *a = note_of(ctx, x), *b = note_of(ctx, y);
        int r = slice_compare(a->file, b->file);

        if (r)
                return r;
        if (a->offset != b->offset)
                return a->offset < b->offset ? -1 : 1;
        return slice_compare(a->reason, b->reason);
}

int seal_notes(Seal *seal) {
        SortOrder order = {compare_notes, seal};
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
                                        note->is_ignored, sort_prefix(note->file, 0), b, i};
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

static uint64_t text_size(const Seal *seal) {
        uint64_t size = 0;

        for (uint32_t i = 0; i < seal->n_files; i++)
                size += seal->builders[seal->files[i].source]
                                        ->files.data[seal->files[i].index]
                                        .name.size;
        for (size_t i = 0; i < seal->roots.size; i++)
                size += seal->roots.data[i].name.size + seal->roots.data[i].path.size;
        for (uint64_t i = 0; i < seal->n_notes; i++)
                size += note_of(seal, &seal->notes[i])->file.size +
                        note_of(seal, &seal->notes[i])->reason.size;
        return size;
}

static int allocate(Seal *seal) {
        uint64_t n = seal->n_events,
                 sizes[IMAGE_N_SECTIONS] = {
                                 [IMAGE_META] = sizeof(ImageMeta),
                                 [IMAGE_STRING_ENDS] = (uint64_t)seal->n_strings * 8,
                                 [IMAGE_STRINGS] = seal->n_string_bytes,
                                 [IMAGE_STRING_BUCKETS] =
                                                 ((uint64_t)image_n_buckets(seal->n_strings) + 1) *
                                                 4,
                                 [IMAGE_STRING_ITEMS] = (uint64_t)seal->n_strings * 4,
                                 [IMAGE_FILES] = (uint64_t)seal->n_files * sizeof(ImageFile),
                                 [IMAGE_ROOTS] = seal->roots.size * sizeof(ImageRoot),
                                 [IMAGE_NOTES] = seal->n_notes * sizeof(ImageNote),
                                 [IMAGE_TEXT] = text_size(seal),
                                 [IMAGE_IDENTITIES] = (uint64_t)seal->n_tuples[STORE_IDENTITY] *
                                                      STORE_N_IDENTITY * 4,
                                 [IMAGE_CALLS] = (uint64_t)seal->n_tuples[STORE_CALL] *
                                                 STORE_N_CALL * 4,
                                 [IMAGE_RESULTS] = (uint64_t)seal->n_tuples[STORE_RESULT] *
                                                   STORE_N_RESULT * 4,
                                 [IMAGE_TIMES] = n * 8,
                                 [IMAGE_EVENT_IDENTITY] = n * 4,
                                 [IMAGE_EVENT_CALL] = n * 4,
                                 [IMAGE_EVENT_RESULT] = n * 4,
                                 [IMAGE_EVENT_IP] = n * 4,
                                 [IMAGE_EVENT_UA] = n * 4,
                                 [IMAGE_SOURCES] = n * sizeof(StoreSource),
                                 [IMAGE_ID_BUCKETS] =
                                                 ((uint64_t)image_n_buckets(seal->n_ids) + 1) * 4,
                                 [IMAGE_ID_ITEMS] = seal->n_ids * 4,
                                 [IMAGE_CONFLICTS] = seal->conflicts.size * sizeof(ImageConflict),
                 };

        return image_new(sizes, &seal->store);
}

/* ---- names, notes, strings, tuples ---- */

static uint64_t put_text(char *texts, uint64_t *at, Slice text) {
        uint64_t from = *at;

        if (text.size)
                memcpy(texts + from, text.data, text.size);
        *at += text.size;
        return from;
}

static void write_names(Seal *seal) {
        ImageFile *files = image_writable(seal->store, IMAGE_FILES);
        ImageRoot *roots = image_writable(seal->store, IMAGE_ROOTS);
        ImageNote *notes = image_writable(seal->store, IMAGE_NOTES);
        char *texts = image_writable(seal->store, IMAGE_TEXT);
        uint64_t at = 0;

        for (uint32_t i = 0; i < seal->n_files; i++) {
                uint32_t b = seal->files[i].source;
                BuilderFile *file = &seal->builders[b]->files.data[seal->files[i].index];

                files[i] = (ImageFile){put_text(texts, &at, file->name), (uint32_t)file->name.size,
                                seal->maps[b].roots[file->root], file->n_bytes,
                                seal->n_file_records[i]};
                seal->store->meta.n_bytes += file->n_bytes;
                seal->store->meta.n_duplicates += seal->n_file_records[i];
        }
        for (size_t i = 0; i < seal->roots.size; i++) {
                BuilderRoot *root = &seal->roots.data[i];

                roots[i].name_at = put_text(texts, &at, root->name);
                roots[i].name_size = (uint32_t)root->name.size;
                roots[i].path_at = put_text(texts, &at, root->path);
                roots[i].path_size = (uint32_t)root->path.size;
        }
        for (uint64_t i = 0; i < seal->n_notes; i++) {
                const BuilderNote *note = note_of(seal, &seal->notes[i]);

                notes[i].file_at = put_text(texts, &at, note->file);
                notes[i].file_size = (uint32_t)note->file.size;
                notes[i].reason_at = put_text(texts, &at, note->reason);
                notes[i].reason_size = (uint32_t)note->reason.size;
                notes[i].offset = note->offset;
                notes[i].n_rejected = note->n_rejected;
                seal->store->meta.n_rejected += note->n_rejected;
                seal->store->meta.n_ignored += note->is_ignored;
        }
        seal->store->meta.n_damaged = seal->n_notes - seal->store->meta.n_ignored;
}

/* Buckets over hashes that rise: where the items of each bucket begin. */
static void write_buckets(uint32_t *buckets, const SortKey *keys, uint64_t n) {
        uint32_t n_buckets = image_n_buckets(n), at = 0;

        for (uint64_t i = 0; i < n; i++) {
                uint32_t bucket = hash_range(keys[i].a, n_buckets);

                while (at <= bucket)
                        buckets[at++] = (uint32_t)i;
        }
        while (at <= n_buckets)
                buckets[at++] = (uint32_t)n;
}

static int write_strings(Seal *seal) {
        uint64_t *ends = image_writable(seal->store, IMAGE_STRING_ENDS), at = 0;
        uint32_t *items = image_writable(seal->store, IMAGE_STRING_ITEMS);
        char *bytes = image_writable(seal->store, IMAGE_STRINGS);
        SortOrder order = {NULL, NULL};
        SortKey *hashes = vec_alloc(seal->n_strings, sizeof(*hashes));
        int r;

        if (!hashes)
                return -ENOMEM;
        for (uint32_t i = 0; i < seal->n_strings; i++) {
                Slice s = seal->builders[seal->strings[i].source]
                                          ->strings.strings.data[seal->strings[i].index];

                put_text(bytes, &at, s);
                ends[i] = at;
                hashes[i] = (SortKey){hash_slice(s), i, 0, i};
        }
        r = sort_keys(hashes, seal->n_strings, &order, seal->n_threads);
        if (r == 0) {
                for (uint32_t i = 0; i < seal->n_strings; i++)
                        items[i] = hashes[i].index;
                write_buckets(image_writable(seal->store, IMAGE_STRING_BUCKETS), hashes,
                                seal->n_strings);
        }
        free(hashes);
        return r;
}

static void write_tuples(Seal *seal) {
        static const ImageSection sections[] = {IMAGE_IDENTITIES, IMAGE_CALLS, IMAGE_RESULTS};

        for (int kind = 0; kind < STORE_N_TUPLES; kind++) {
                uint64_t size = seal->store->sections[sections[kind]].size;

                if (size)
                        memcpy(image_writable(seal->store, sections[kind]), seal->tuples[kind],
                                        size);
        }
}

/* ---- columns ---- */

static uint32_t renumbered(const uint32_t *map, uint32_t i) {
        return i == STORE_NONE ? STORE_NONE : map[i];
}

static void write_source(const Seal *seal, const SealMap *map, const Row *row, StoreSource *to) {
        (void)seal;
        *to = row->source;
        to->file = map->files[row->source.file];
        if (to->id_kind == STORE_ID_STRING) {
                uint32_t string;

                memcpy(&string, to->id, sizeof(string));
                string = map->strings[string];
                memcpy(to->id, &string, sizeof(string));
        }
}

static int write_range(void *ctx, size_t task) {
        Seal *seal = ctx;
        uint64_t end = (task + 1) * RANGE < seal->n_rows ? (task + 1) * RANGE : seal->n_rows;
        int64_t *times = image_writable(seal->store, IMAGE_TIMES);
        uint32_t *identities = image_writable(seal->store, IMAGE_EVENT_IDENTITY);
        uint32_t *calls = image_writable(seal->store, IMAGE_EVENT_CALL);
        uint32_t *results = image_writable(seal->store, IMAGE_EVENT_RESULT);
        uint32_t *ips = image_writable(seal->store, IMAGE_EVENT_IP);
        uint32_t *uas = image_writable(seal->store, IMAGE_EVENT_UA);
        StoreSource *sources = image_writable(seal->store, IMAGE_SOURCES);

        for (uint64_t place = task * RANGE; place < end; place++) {
                uint32_t i = seal->numbers[place];
                const SortKey *key = &seal->order[place];
                const SealMap *map = &seal->maps[key->source];
                const Row *row;

                if (i == STORE_NONE)
                        continue;
                row = seal_row(seal, key);
                times[i] = row->time;
                identities[i] = map->tuples[STORE_IDENTITY][row->identity];
                calls[i] = map->tuples[STORE_CALL][row->call];
                results[i] = map->tuples[STORE_RESULT][row->result];
                ips[i] = renumbered(map->strings, row->ip);
                uas[i] = renumbered(map->strings, row->ua);
                write_source(seal, map, row, &sources[i]);
        }
        return 0;
}

/* ---- eventIDs and conflicts ---- */

static void write_ids(Seal *seal) {
        uint32_t *items = image_writable(seal->store, IMAGE_ID_ITEMS);

        for (uint64_t i = 0; i < seal->n_ids; i++)
                items[i] = seal->numbers[seal->ids[i].index];
        write_buckets(image_writable(seal->store, IMAGE_ID_BUCKETS), seal->ids, seal->n_ids);
}

static int write_conflicts(Seal *seal) {
        ImageConflict *rows = image_writable(seal->store, IMAGE_CONFLICTS);
        SortOrder order = {NULL, NULL};
        uint64_t n = seal->conflicts.size;
        SortKey *keys = vec_alloc(n, sizeof(*keys));
        int r;

        if (!keys)
                return -ENOMEM;
        for (uint32_t i = 0; i < n; i++) {
                ImageConflict *row = &seal->conflicts.data[i].row;

                row->event = seal->numbers[row->event];
                keys[i] = (SortKey){(uint64_t)row->event << 32 | row->file, row->record, 0, i};
        }
        r = sort_keys(keys, n, &order, seal->n_threads);
        for (uint64_t i = 0; i < n && r == 0; i++)
                rows[i] = seal->conflicts.data[keys[i].index].row;
        free(keys);
        return r;
}

static void write_meta(Seal *seal) {
        ImageMeta *meta = &seal->store->meta;

        meta->n_events = seal->n_events;
        meta->n_duplicates -= seal->n_events; /* what the files held, less what was kept */
        meta->n_conflicts = seal->n_conflicts;
        meta->n_files = seal->n_files;
        meta->n_strings = seal->n_strings;
        meta->n_identities = seal->n_tuples[STORE_IDENTITY];
        meta->n_calls = seal->n_tuples[STORE_CALL];
        meta->n_results = seal->n_tuples[STORE_RESULT];
        meta->n_ids = seal->n_ids;
        memcpy(image_writable(seal->store, IMAGE_META), meta, sizeof(*meta));
}

int seal_columns(Seal *seal) {
        int r = allocate(seal);

        if (r < 0)
                return r;
        write_names(seal);
        write_tuples(seal);
        r = write_strings(seal);
        if (r == 0)
                r = parallel_run(seal->n_threads, (seal->n_rows + RANGE - 1) / RANGE, write_range,
                                seal);
        if (r == 0)
                r = write_conflicts(seal);
        if (r < 0)
                return r;
        write_ids(seal);
        write_meta(seal);
        return 0;
}
