/*
 * Many stores become one, the same bytes as if all their evidence had been sealed at once.
 *
 *   1  roots, files   sorted in every store: merged, numbered
 *   2  duplicates     events of all stores by eventID; what loses is dropped (merge-ids.c)
 *   3  strings        those that kept events use, merged, numbered; then tuples (merge-strings.c)
 *   4  events         merged by (eventTime, eventID, file, record) into the image (merge-events.c)
 *   5  indexes        as after sealing (make.c)
 *
 * Stores are read in order, each list merged by a heap: O(n log k) for k stores. Renumbering keeps
 * the order within a store, so nothing but eventIDs is sorted again. What grows with the evidence
 * stands in the space of the caller: in memory, or in files whose pages can be given back.
 */
#include "store/merge.h"

#include <errno.h>

#include "base/kway.h"

/* ---- roots ---- */

static void root_at(const Merge *merge, const SortKey *key, Slice *ret_name, Slice *ret_path) {
        store_root(merge->inputs[key->source].store, key->index, ret_name, ret_path);
}

static int compare_roots(const void *ctx, const SortKey *x, const SortKey *y) {
        Slice name_x, path_x, name_y, path_y;
        int r;

        root_at(ctx, x, &name_x, &path_x);
        root_at(ctx, y, &name_y, &path_y);
        r = slice_compare(name_x, name_y);
        return r ? r : slice_compare(path_x, path_y);
}

static bool fill_root(void *userdata, SortKey *key) {
        const Merge *merge = userdata;

        return key->index < store_n_roots(merge->inputs[key->source].store);
}

int merge_roots(Merge *merge) {
        SortOrder order = {compare_roots, merge};
        SortKey key, last = {0};
        size_t n = 0;
        Kway kway;
        int r = 0;

        for (size_t i = 0; i < merge->n_inputs; i++)
                n += store_n_roots(merge->inputs[i].store);
        merge->roots = space_alloc(merge->space, n, sizeof(*merge->roots));
        if (!merge->roots)
                return -errno;
        for (size_t i = 0; i < merge->n_inputs && r == 0; i++) {
                merge->inputs[i].roots = space_alloc(merge->space,
                                store_n_roots(merge->inputs[i].store), sizeof(uint32_t));
                r = merge->inputs[i].roots ? 0 : -errno;
        }
        if (r == 0)
                r = kway_init(&kway, merge->n_inputs, NULL, order, fill_root, merge);
        if (r < 0)
                return r;
        while (kway_next(&kway, &key)) {
                if (!merge->n_roots || sort_compare(&order, &last, &key) != 0) {
                        merge->roots[merge->n_roots++] = (MergeItem){key.source, key.index};
                }
                merge->inputs[key.source].roots[key.index] = merge->n_roots - 1;
                last = key;
        }
        kway_deinit(&kway);
        return 0;
}

/* ---- files ---- */

/*
 * Parts are of one reading, where a name has one content, which not all parts know. Otherwise files
 * of one name may be different ones, and their bytes decide.
 */
static int compare_files(const void *ctx, const SortKey *x, const SortKey *y) {
        const Merge *merge = ctx;
        const MergeInput *a = &merge->inputs[x->source], *b = &merge->inputs[y->source];
        StoreFile file_x = store_file(a->store, x->index), file_y = store_file(b->store, y->index);
        uint32_t root_x = file_x.root < store_n_roots(a->store) ? a->roots[file_x.root] : 0;
        uint32_t root_y = file_y.root < store_n_roots(b->store) ? b->roots[file_y.root] : 0;
        int r = slice_compare(file_x.name, file_y.name);

        if (r || root_x != root_y)
                return r ? r : root_x < root_y ? -1 : 1;
        if (file_x.is_member != file_y.is_member || merge->are_parts)
                return file_x.is_member - file_y.is_member;
        r = memcmp(file_x.hash, file_y.hash, sizeof(file_x.hash));
        return r ? r : file_x.has_hash - file_y.has_hash;
}

static bool fill_file(void *userdata, SortKey *key) {
        const Merge *merge = userdata;
        Store *store = merge->inputs[key->source].store;
        Slice name;

        if (key->index >= store->meta.n_files)
                return false;
        name = store_file(store, key->index).name;
        key->a = sort_prefix(name, 0);
        key->b = sort_prefix(name, 1);
        return true;
}

static int alloc_files(Merge *merge) {
        uint64_t n = 0;

        for (size_t i = 0; i < merge->n_inputs; i++) {
                MergeInput *input = &merge->inputs[i];

                n += input->store->meta.n_files;
                input->files = space_alloc(
                                merge->space, input->store->meta.n_files, sizeof(uint32_t));
                if (!input->files)
                        return -errno;
        }
        if (n >= STORE_NONE)
                return -EOVERFLOW;
        merge->files = space_alloc(merge->space, n, sizeof(*merge->files));
        return merge->files ? 0 : -errno;
}

/* What input KEY says of the file that was added last. */
static void join_file(Merge *merge, const SortKey *key) {
        StoreFile file = store_file(merge->inputs[key->source].store, key->index);
        MergeFile *to = &merge->files[merge->n_files - 1];

        to->n_bytes = file.n_bytes > to->n_bytes ? file.n_bytes : to->n_bytes;
        if (merge->are_parts || memcmp(&to->counts, &(EventCounts){0}, sizeof(to->counts)) == 0)
                event_counts_add(&to->counts, &file.counts);
        to->size = file.size > to->size ? file.size : to->size;
        to->kind = file.kind > to->kind ? (unsigned char)file.kind : to->kind;
        if (file.has_hash)
                to->hashed = (MergeItem){key->source, key->index};
        to->has_hash |= file.has_hash;
        if (merge->are_parts)
                to->n_records += file.n_records;
        else if (file.n_records > to->n_records)
                to->n_records = file.n_records;
        merge->inputs[key->source].files[key->index] = merge->n_files - 1;
}

int merge_files(Merge *merge) {
        SortOrder order = {compare_files, merge};
        SortKey key, last = {0};
        Kway kway;
        int r = alloc_files(merge);

        if (r == 0)
                r = kway_init(&kway, merge->n_inputs, NULL, order, fill_file, merge);
        if (r < 0)
                return r;
        while (kway_next(&kway, &key)) {
                if (!merge->n_files || sort_compare(&order, &last, &key) != 0) {
                        merge->files[merge->n_files++] =
                                        (MergeFile){.first = {key.source, key.index}};
                }
                join_file(merge, &key);
                last = key;
        }
        kway_deinit(&kway);
        return 0;
}

/* ---- notes ---- */

static uint64_t n_notes(const Store *store) {
        return store->meta.n_damaged + store->meta.n_ignored;
}

static int compare_notes(const void *ctx, const SortKey *x, const SortKey *y) {
        const Merge *merge = ctx;

        return slice_compare(store_note(merge->inputs[x->source].store, x->index).reason,
                        store_note(merge->inputs[y->source].store, y->index).reason);
}

/* By the final number of the file. A number that is none is found when the note is put. */
static bool fill_note(void *userdata, SortKey *key) {
        const Merge *merge = userdata;
        const MergeInput *input = &merge->inputs[key->source];
        StoreNote note;

        if (key->index >= n_notes(input->store))
                return false;
        note = store_note(input->store, key->index);
        key->a = (uint64_t)(key->index >= input->store->meta.n_damaged) << 32;
        key->a |= note.file < input->store->meta.n_files ? input->files[note.file] : STORE_NONE;
        key->b = note.offset;
        return true;
}

int merge_notes(Merge *merge) {
        SortOrder order = {compare_notes, merge};
        SortKey key, last = {0};
        uint64_t n = 0;
        Kway kway;
        int r;

        for (size_t i = 0; i < merge->n_inputs; i++)
                n += n_notes(merge->inputs[i].store);
        merge->notes = space_alloc(merge->space, n, sizeof(*merge->notes));
        if (!merge->notes)
                return -errno;
        r = kway_init(&kway, merge->n_inputs, NULL, order, fill_note, merge);
        if (r < 0)
                return r;
        while (kway_next(&kway, &key)) {
                /* what two stores say of one file is said once */
                if (!merge->n_notes || sort_compare(&order, &last, &key) != 0) {
                        merge->notes[merge->n_notes++] = (MergeItem){key.source, key.index};
                }
                last = key;
        }
        kway_deinit(&kway);
        return 0;
}

/* ---- the whole ---- */

static void deinit(Merge *merge) {
        for (size_t i = 0; merge->inputs && i < merge->n_inputs; i++) {
                MergeInput *input = &merge->inputs[i];

                if (input->store && input->store->is_mapped)
                        space_unwatch(merge->space, input->store->bytes);
                space_release(merge->space, input->roots);
                space_release(merge->space, input->files);
                space_release(merge->space, input->strings);
                space_release(merge->space, input->numbers);
                for (int kind = 0; kind < STORE_N_TUPLES; kind++) {
                        space_release(merge->space, input->tuples[kind]);
                        space_release(merge->space, input->tuple_fields[kind]);
                }
        }
        for (int kind = 0; kind < STORE_N_TUPLES; kind++)
                space_release(merge->space, merge->tuples[kind]);
        space_release(merge->space, merge->roots);
        space_release(merge->space, merge->files);
        space_release(merge->space, merge->notes);
        space_release(merge->space, merge->strings);
        space_release(merge->space, merge->ids);
        conflict_deinit(&merge->contenders);
        free(merge->inputs);
        store_free(merge->store);
}

static int check_inputs(const Merge *merge) {
        for (size_t i = 0; i < merge->n_inputs; i++) {
                if (store_is_faulty(merge->inputs[i].store))
                        return -EIO;
        }
        return 0;
}

int store_merge(Store *const *stores, size_t n_stores, bool are_parts, StoreRoom room,
                const StoreJudge *judge, Store **ret_store) {
        static int (*const steps[])(Merge * merge) = {merge_roots, merge_files, merge_duplicates,
                        merge_strings, merge_notes, merge_events};
        Merge merge = {.inputs = vec_alloc_zero(n_stores, sizeof(MergeInput)),
                        .n_inputs = n_stores,
                        .are_parts = are_parts,
                        .n_threads = room.n_threads,
                        .space = room.space,
                        .contenders.space = room.space,
                        .judge = judge};
        int r = merge.inputs ? 0 : -ENOMEM;
        Store *store;

        for (size_t i = 0; i < n_stores && r == 0; i++) {
                merge.inputs[i].store = stores[i];
                if (room.space && stores[i]->is_mapped)
                        r = space_watch(room.space, stores[i]->bytes, stores[i]->size);
        }
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && r == 0; i++) {
                r = steps[i](&merge);
                if (r == 0)
                        r = check_inputs(&merge);
        }
        store = merge.store;
        merge.store = NULL;
        deinit(&merge); /* before the indexes, which need room of their own */
        if (r == 0)
                r = image_index(store, room.n_threads, room.space);
        if (r == 0)
                *ret_store = store;
        else
                store_free(store);
        return r;
}
