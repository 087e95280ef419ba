/*
 * Log files against what digests say of them.
 *
 * A file is found by the last part of its key, which CloudTrail makes unique; where several files
 * have it, one with the right SHA-256 is taken before one whose folders fit better. Every file gets
 * at most one verdict as a copy, and entries choose before copies are told. A key that several
 * digests name is judged by the one that is proven best.
 *
 * O((files + entries) log files), one thread: a look-up for each, and no content is read.
 */
#include <errno.h>

#include "base/hash.h"
#include "proof/private.h"

/* ---- which digest's word counts ---- */

static int key_of(const void *ctx, size_t i, SortKey *ret) {
        const Entry *entry = &((const Proof *)ctx)->entries.data[i];

        ret->a = hash_mix(hash_bytes(entry->where, entry->n_where), hash_slice(entry_base(entry)));
        return 1;
}

static int trust(const Proof *proof, const Entry *entry) {
        const Digest *d = &proof->digests.data[entry->digest];

        return d->verdict == VERDICT_SOUND ? 2 : d->verdict == VERDICT_UNPROVEN ? 1 : 0;
}

static int compare_keys(const Entry *a, const Entry *b) {
        int r = (a->n_bucket > b->n_bucket) - (a->n_bucket < b->n_bucket);

        if (r == 0)
                r = slice_compare(slice(a->where, a->n_where), slice(b->where, b->n_where));
        return r ? r : slice_compare(entry_base(a), entry_base(b));
}

/* Of one key, the best proven first. */
static int compare_entries(const void *ctx, const SortKey *x, const SortKey *y) {
        const Proof *proof = ctx;
        const Entry *a = &proof->entries.data[x->index], *b = &proof->entries.data[y->index];
        int r = compare_keys(a, b);

        if (r == 0)
                r = trust(proof, b) - trust(proof, a);
        return r ? r : (x->index > y->index) - (x->index < y->index);
}

static int find_shadows(Proof *proof) {
        SortOrder order = {compare_entries, proof};
        const Entry *first = NULL;
        Index index;
        int r = index_new_ordered(&index, proof->entries.size, key_of, &order, proof->n_workers);

        for (size_t i = 0; i < index.n && r == 0; i++) {
                Entry *entry = &proof->entries.data[index.keys[i].index];

                entry->is_shadow = proof->digests.data[entry->digest].copy_of != PROOF_NONE;
                if (entry->is_shadow)
                        continue;
                entry->is_shadow = first && compare_keys(first, entry) == 0;
                if (!entry->is_shadow)
                        first = entry;
        }
        index_deinit(&index);
        return r;
}

/* ---- logs ---- */

static void judge_match(const Proof *proof, Entry *entry) {
        const Digest *d = &proof->digests.data[entry->digest];

        entry->verdict = d->verdict == VERDICT_SOUND ? VERDICT_SOUND : VERDICT_UNPROVEN;
        entry->reason = d->verdict == VERDICT_SOUND      ? WHY_MATCHES
                        : d->verdict == VERDICT_UNPROVEN ? WHY_DIGEST_UNPROVEN
                                                         : WHY_DIGEST_UNSOUND;
}

static bool has_hash(const File *file, const Entry *entry) {
        return entry->has_hash && !(file->flags & FILE_UNREAD) &&
               memcmp(file->hash, entry->hash, SHA256_SIZE) == 0;
}

static Range find_equal(const Proof *proof, const Entry *entry) {
        return entry->has_hash ? match_equal(proof, name_stem(entry_base(entry)), entry->hash)
                               : (Range){0, 0};
}

static void find_sound(Proof *proof, Entry *entry) {
        Matched matched;

        entry->file = match_nearest(
                        proof, &proof->all, find_equal(proof, entry), entry_dir(entry), &matched);
        entry->matched = (uint8_t)matched;
        if (entry->file == PROOF_NONE)
                return;
        proof->files.data[entry->file].flags |= FILE_SOUND | FILE_CLAIMED;
        judge_match(proof, entry);
}

static int add_extra(Proof *proof, const Extra *extra) {
        int r = vec_reserve(&proof->extras, 1);

        if (r == 0)
                proof->extras.data[proof->extras.size++] = *extra;
        return r;
}

/* FILE has the name of an entry, and is not the file that it was found in. */
static int add_other(Proof *proof, uint32_t number, uint32_t index) {
        const Entry *entry = &proof->entries.data[number];
        const Digest *d = &proof->digests.data[entry->digest];
        File *file = &proof->files.data[index];
        bool is_equal = has_hash(file, entry);

        file->flags |= FILE_CLAIMED | (is_equal ? FILE_SOUND : 0U);
        return add_extra(proof,
                        &(Extra){.file = index,
                                        .entry = number,
                                        .chain = d->chain,
                                        .time = d->start,
                                        .verdict = is_equal ? entry->verdict : VERDICT_ALTERED,
                                        .reason = is_equal ? WHY_COPY : WHY_DIFFERS_COPY,
                                        .matched = (uint8_t)name_match(
                                                        file_name(file), entry_dir(entry))});
}

/* Whatever of RANGE no verdict names yet, once: later entries of the name find nothing more. */
static int add_others(Proof *proof, uint32_t number, const Index *index, Range range) {
        File *first = &proof->files.data[index->keys[range.at].index];
        int r = 0;

        if (first->flags & FILE_DONE)
                return 0;
        first->flags |= FILE_DONE;
        for (size_t at = range.at; at < range.end && r == 0; at++) {
                if (!(proof->files.data[index->keys[at].index].flags & FILE_CLAIMED))
                        r = add_other(proof, number, index->keys[at].index);
        }
        return r;
}

int logs_find_sound(Proof *proof) {
        int r = find_shadows(proof);

        for (size_t i = 0; i < proof->entries.size && r == 0; i++) {
                if (!proof->entries.data[i].is_shadow)
                        find_sound(proof, &proof->entries.data[i]);
        }
        /* copies, once every key has the file whose folders are its own */
        for (size_t i = 0; i < proof->entries.size && r == 0; i++) {
                const Entry *entry = &proof->entries.data[i];

                if (!entry->is_shadow && entry->file != PROOF_NONE)
                        r = add_others(proof, (uint32_t)i, &proof->all, find_equal(proof, entry));
        }
        return r;
}

static void judge_entry(Proof *proof, Entry *entry) {
        Matched matched;
        File *file;

        entry->verdict = VERDICT_MISSING;
        entry->reason = WHY_ABSENT;
        entry->file = match_best_rest(
                        proof, entry_dir(entry), name_stem(entry_base(entry)), &matched);
        entry->matched = (uint8_t)matched;
        if (entry->file == PROOF_NONE)
                return;
        file = &proof->files.data[entry->file];
        file->flags |= FILE_CLAIMED;
        if (file->flags & FILE_UNREAD) {
                entry->reason = WHY_UNREAD;
        } else if (!entry->has_hash) {
                entry->verdict = VERDICT_UNPROVEN;
                entry->reason = WHY_NO_HASH;
        } else {
                entry->verdict = VERDICT_ALTERED;
                entry->reason = WHY_DIFFERS;
        }
}

int logs_judge(Proof *proof) {
        int r = 0;

        for (size_t i = 0; i < proof->entries.size; i++) {
                Entry *entry = &proof->entries.data[i];

                if (!entry->is_shadow && entry->file == PROOF_NONE)
                        judge_entry(proof, entry);
        }
        for (size_t i = 0; i < proof->entries.size && r == 0; i++) {
                const Entry *entry = &proof->entries.data[i];

                for (int is_unread = 0; is_unread < 2 && r == 0 && !entry->is_shadow; is_unread++) {
                        Range range = match_rest(proof, name_stem(entry_base(entry)), is_unread);

                        if (range.at < range.end)
                                r = add_others(proof, (uint32_t)i, &proof->rest, range);
                }
        }
        return r;
}
