/*
 * Which events of many stores are one? A key of 16 bytes for each event that has an eventID, and
 * for each record that lost a conflict in its store; sorted; groups settled as in sealing. Events
 * without an eventID are one where they stand at one place and have the same bytes.
 */
#include <errno.h>

#include "store/merge.h"

/* Keys of losers have the number of their input and this; their index is that of the conflict row.
 */
#define LOSER (UINT32_C(1) << 31)

typedef struct Member {
        const MergeInput *input;
        StoreSource source; /* file is the final number */
} Member;

static Member member_of(const Merge *merge, const SortKey *key) {
        const MergeInput *input = &merge->inputs[key->source & ~LOSER];
        uint32_t event = key->index;
        Member member = {.input = input};

        if (key->source & LOSER) {
                StoreConflict row = store_conflict_row(input->store, key->index);

                member.source = store_source(input->store, row.event);
                member.source.file = row.file;
                member.source.record = row.record;
                member.source.size = row.size;
                member.source.offset = row.offset;
                member.source.hash = row.hash;
        } else {
                member.source = store_source(input->store, event);
        }
        if (member.source.file >= input->store->meta.n_files)
                image_set_fault(input->store, IMAGE_SOURCES);
        else
                member.source.file = input->files[member.source.file];
        return member;
}

static int compare_ids(const Member *x, const Member *y) {
        char text_x[STORE_ID_SIZE], text_y[STORE_ID_SIZE];

        return slice_compare(store_id_text(x->input->store, &x->source, text_x),
                        store_id_text(y->input->store, &y->source, text_y));
}

static int compare_members(const void *ctx, const SortKey *x, const SortKey *y) {
        Member a = member_of(ctx, x), b = member_of(ctx, y);
        int r = compare_ids(&a, &b);

        if (r == 0)
                r = merge_compare_records(&a.source, &b.source);
        /* a kept one before a loser at the same place */
        return r ? r : (x->source > y->source) - (x->source < y->source);
}

/* ---- listing ---- */

typedef struct Listing {
        Merge *merge;
        uint64_t *starts;  /* of each input in `ids` */
        uint64_t *counts;  /* of its keys there */
        SortKey *nameless; /* events without an eventID: a is file and record, b the offset */
        uint64_t n_nameless, n_events;
} Listing;

static int list_losers(Merge *merge, uint32_t i, SortKey *keys, uint64_t *n) {
        Store *store = merge->inputs[i].store;
        char buffer[STORE_ID_SIZE];

        for (uint32_t row = 0; row < store_n_conflict_rows(store); row++) {
                StoreConflict conflict = store_conflict_row(store, row);
                StoreSource kept = store_source(store, conflict.event), lost = kept;
                Slice text = store_id_text(store, &kept, buffer);

                lost.hash = conflict.hash;
                lost.file = conflict.file;
                lost.record = conflict.record;
                lost.offset = conflict.offset;
                /* who lost stands behind who was kept, under the same eventID */
                if (conflict.event >= store_n_events(store) || !text.size ||
                                merge_compare_records(&kept, &lost) >= 0)
                        return -EIO;
                keys[(*n)++] = image_id_key(&kept, text, i | LOSER, row);
        }
        return 0;
}

/* Keys of input I; its events counted in their files; what has no eventID apart. */
static int list_input(Listing *listing, uint32_t i) {
        Merge *merge = listing->merge;
        MergeInput *input = &merge->inputs[i];
        SortKey *keys = merge->ids + listing->starts[i];
        char buffer[STORE_ID_SIZE];
        uint64_t n = 0;

        for (uint32_t e = 0; e < store_n_events(input->store); e++) {
                StoreSource source = store_source(input->store, e);
                Slice text = store_id_text(input->store, &source, buffer);
                uint32_t file;
                int r = merge_mapped(input->files, input->store->meta.n_files, source.file, &file);

                if (r < 0)
                        return r;
                merge->files[file].n_at_hand++;
                if (text.size) {
                        keys[n++] = image_id_key(&source, text, i, e);
                } else {
                        if (!listing->nameless)
                                listing->nameless = space_alloc(
                                                merge->space, listing->n_events, sizeof(SortKey));
                        if (!listing->nameless)
                                return -errno;
                        listing->nameless[listing->n_nameless++] = (SortKey){
                                        (uint64_t)file << 32 | source.record, source.offset, i, e};
                }
        }
        listing->counts[i] = n;
        if (list_losers(merge, i, keys, &listing->counts[i]) < 0)
                return -EIO;
        return 0;
}

static int list_members(Listing *listing, uint64_t *ret_n) {
        Merge *merge = listing->merge;
        uint64_t n = 0;
        int r = 0;

        for (size_t i = 0; i < merge->n_inputs; i++) {
                Store *store = merge->inputs[i].store;

                listing->starts[i] = n;
                n += store_n_events(store) + store_n_conflict_rows(store);
                listing->n_events += store_n_events(store);
                merge->inputs[i].numbers = space_alloc_zero(
                                merge->space, store_n_events(store), sizeof(uint32_t));
                if (!merge->inputs[i].numbers)
                        return -errno;
        }
        merge->ids = space_alloc(merge->space, n, sizeof(*merge->ids));
        if (!merge->ids)
                return -errno;
        n = 0;
        for (uint32_t i = 0; i < merge->n_inputs && r == 0; i++) {
                r = list_input(listing, i);
                if (r == 0 && listing->starts[i] != n)
                        memmove(merge->ids + n, merge->ids + listing->starts[i],
                                        listing->counts[i] * sizeof(SortKey));
                n += listing->counts[i];
        }
        *ret_n = n;
        return r;
}

/* ---- settling ---- */

static void drop(Merge *merge, const SortKey *key) {
        MergeInput *input = &merge->inputs[key->source];

        input->numbers[key->index] = STORE_NONE;
        input->n_dropped++;
}

static int add_contender(Merge *merge, uint64_t group, const SortKey *key, const Member *member) {
        uint32_t file = member->source.file;
        Contender contender = {.group = group, .file = file, .source = key->source & ~LOSER};
        StoreFile name;
        int r = conflict_reserve(&merge->contenders, 1);

        if (r < 0)
                return r;
        if (file >= merge->n_files)
                return -EIO;
        name = store_file(merge->inputs[merge->files[file].first.input].store,
                        merge->files[file].first.index);
        contender.place = (StorePlace){.file = name.name,
                        .offset = member->source.offset,
                        .hash = member->source.hash,
                        .record = member->source.record,
                        .size = member->source.size};
        store_root(merge->inputs[merge->files[file].first.input].store, name.root,
                        &contender.place.root_name, &contender.place.root_path);
        merge->contenders.data[merge->contenders.size++] = contender;
        return 0;
}

/* ids[first .. end) share an eventID; the first is kept. */
static int settle_group(Merge *merge, uint64_t first, uint64_t end) {
        const SortKey *keys = merge->ids;
        Member kept = member_of(merge, &keys[first]), before = kept;
        uint64_t group = (uint64_t)keys[first].source << 32 | keys[first].index;
        bool is_same = true;
        int r = 0;

        if (keys[first].source & LOSER)
                return -EIO;
        for (uint64_t i = first + 1; i < end; i++) {
                Member other = member_of(merge, &keys[i]);

                is_same &= other.source.hash == kept.source.hash;
                if (keys[i].source & LOSER)
                        continue;
                drop(merge, &keys[i]);
                /* one record that came by two ways */
                if (merge_compare_places(&before.source, &other.source) == 0 &&
                                before.source.hash == other.source.hash &&
                                other.source.file < merge->n_files)
                        merge->files[other.source.file].n_at_hand--;
                before = other;
        }
        for (uint64_t i = first; i < end && !is_same && r == 0; i++) {
                Member member = member_of(merge, &keys[i]);

                r = add_contender(merge, group, &keys[i], &member);
        }
        return r;
}

static int settle(Merge *merge, uint64_t n) {
        int r = 0;

        for (uint64_t first = 0, end; first < n && r == 0; first = end) {
                SortKey *keys = merge->ids;

                for (end = first + 1; end < n && keys[end].a == keys[first].a &&
                                      keys[end].b == keys[first].b;
                                end++) {
                        Member a = member_of(merge, &keys[first]), b = member_of(merge, &keys[end]);

                        if (compare_ids(&a, &b) != 0)
                                break;
                }
                if (end > first + 1)
                        r = settle_group(merge, first, end);
                keys[merge->n_ids++] = keys[first];
        }
        return r;
}

static int drop_nameless(Listing *listing) {
        SortKey *keys = listing->nameless;
        SortOrder order = {NULL, NULL};
        Merge *merge = listing->merge;
        int r = sort_keys_in(merge->space, keys, listing->n_nameless, &order, merge->n_threads);

        for (uint64_t i = 1; i < listing->n_nameless && r == 0; i++) {
                Member a = member_of(merge, &keys[i - 1]), b = member_of(merge, &keys[i]);

                if (sort_compare(&order, &keys[i - 1], &keys[i]) != 0 ||
                                a.source.hash != b.source.hash)
                        continue;
                drop(merge, &keys[i]);
                merge->files[b.source.file].n_at_hand--;
        }
        return r;
}

int merge_duplicates(Merge *merge) {
        Listing listing = {.merge = merge,
                        .starts = vec_alloc(merge->n_inputs, sizeof(uint64_t)),
                        .counts = vec_alloc_zero(merge->n_inputs, sizeof(uint64_t))};
        SortOrder order = {compare_members, merge};
        uint64_t n = 0;
        int r = listing.starts && listing.counts ? list_members(&listing, &n) : -ENOMEM;

        if (r == 0)
                r = sort_keys_in(merge->space, merge->ids, n, &order, merge->n_threads);
        if (r == 0)
                r = settle(merge, n);
        if (r == 0)
                r = drop_nameless(&listing);
        if (r == 0)
                r = conflict_settle(&merge->contenders, merge->judge, &merge->n_conflicts);
        free(listing.starts);
        free(listing.counts);
        space_release(merge->space, listing.nameless);
        return r;
}
