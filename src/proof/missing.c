/*
 * What is missing in chains: digests that others name and that are not here, or not as digests; and
 * hours that no digest covers. The order of time tells the latter, links the former.
 *
 * O(digests log files), one thread.
 */
#include <errno.h>

#include "base/hash.h"
#include "proof/private.h"

#define HOUR (INT64_C(3600) * 1000000000)

static Digest *digest_at(const Proof *proof, size_t i) {
        return &proof->digests.data[i];
}

typedef struct Walk {
        Proof *proof;
        Chain *chain;
        uint32_t number;
        int64_t covered; /* the end of the digest before */
        bool is_first;
} Walk;

static uint32_t broken_in(const Proof *proof, uint32_t file) {
        size_t low = 0, high = proof->digests.size;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (digest_at(proof, middle)->file < file)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < proof->digests.size && digest_at(proof, low)->file == file ? (uint32_t)low
                                                                                : PROOF_NONE;
}

static int add_lost(Walk *walk, uint32_t digest) {
        Proof *proof = walk->proof;
        int r = vec_reserve(&proof->losts, 1);

        if (r == 0)
                proof->losts.data[proof->losts.size++] = (Lost){
                                .named_by = digest,
                                .file = PROOF_NONE,
                                .broken = PROOF_NONE,
                                .start = walk->covered,
                                .end = digest_at(proof, digest)->start,
                                .has_start = !walk->is_first,
                                .verdict = VERDICT_MISSING,
                                .reason = WHY_LOST,
                };
        return r;
}

static int add_gap(Walk *walk, uint32_t digest, Verdict verdict, Reason why) {
        Proof *proof = walk->proof;
        int r = vec_reserve(&proof->gaps, 1);

        if (r == 0)
                proof->gaps.data[proof->gaps.size++] = (Gap){
                                .chain = walk->number,
                                .before = digest,
                                .start = walk->covered,
                                .end = digest_at(proof, digest)->start,
                                .verdict = (uint8_t)verdict,
                                .reason = (uint8_t)why,
                };
        return r;
}

/* DIGEST against what stands before it in time. */
static int step(Walk *walk, uint32_t digest) {
        const Digest *d = digest_at(walk->proof, digest);
        bool is_lost = d->previous_object.data && !d->has_predecessor;
        int r = 0;

        if (is_lost)
                r = add_lost(walk, digest);
        if (r || walk->is_first)
                return r;
        if (!d->previous_object.data && !d->malformed.data)
                return add_gap(walk, digest, VERDICT_RESTARTED, WHY_GAP_RESTARTED);
        if (walk->chain->name.is_backfill) /* which comes when there is something to add */
                return 0;
        if (is_lost && time_between(walk->covered, d->start) > HOUR + HOUR / 2)
                return add_gap(walk, digest, VERDICT_GAP, WHY_GAP_DELETED);
        if (!is_lost && d->start > walk->covered)
                return add_gap(walk, digest, VERDICT_GAP, WHY_GAP_UNCOVERED);
        return 0;
}

/* Several digests of one object are one place in the chain; who is not of the chain has none. */
static int walk_chain(Walk *walk) {
        const Proof *proof = walk->proof;
        const Digest *last = NULL;
        int r = 0;

        walk->is_first = true;
        for (size_t i = 0; i < walk->chain->n && r == 0; i++) {
                uint32_t digest = proof->by_time[walk->chain->first + i];
                const Digest *d = digest_at(proof, digest);

                if (d->verdict == VERDICT_UNLISTED)
                        continue;
                if (!last || !slice_equal(last->object, d->object))
                        r = step(walk, digest);
                walk->covered = d->end;
                walk->is_first = false;
                last = d;
        }
        return r;
}

/* ---- files of their name ---- */

static Slice base_of(const Proof *proof, const Lost *lost, Slice *ret_dir) {
        Slice object = digest_at(proof, lost->named_by)->previous_object;
        const char *slash = memrchr(object.data, '/', object.size);
        size_t n_dir = slash ? (size_t)(slash - object.data) + 1 : 0;

        *ret_dir = slice(object.data, n_dir);
        return slice(object.data + n_dir, object.size - n_dir);
}

static uint64_t hash_lost(const void *ctx, size_t i) {
        const Proof *proof = ctx;
        Slice dir;

        return hash_slice(name_stem(base_of(proof, &proof->losts.data[i], &dir)));
}

/* It is here, but it is no digest, or not the one that was named. */
static void judge_lost(Proof *proof, Lost *lost) {
        const Digest *s = digest_at(proof, lost->named_by);
        Matched matched = MATCHED_NONE;
        bool is_equal = false;
        File *file;
        Slice dir, stem = name_stem(base_of(proof, lost, &dir));

        if (s->has_previous_hash)
                lost->file = match_nearest(proof, &proof->all,
                                match_equal(proof, stem, s->previous_hash), dir, &matched);
        is_equal = lost->file != PROOF_NONE;
        if (!is_equal)
                lost->file = match_best_rest(proof, dir, stem, &matched);
        lost->matched = (uint8_t)matched;
        if (lost->file == PROOF_NONE)
                return;
        file = &proof->files.data[lost->file];
        file->flags |= FILE_CLAIMED | (is_equal ? FILE_SOUND : 0U);
        if (file->flags & FILE_UNREAD) {
                lost->reason = WHY_UNREAD;
        } else {
                lost->verdict = is_equal ? VERDICT_MALFORMED : VERDICT_ALTERED;
                lost->reason = is_equal ? WHY_LOST_UNREAD : WHY_LOST_ALTERED;
        }
        lost->broken = broken_in(proof, lost->file);
        if (lost->broken != PROOF_NONE) {
                digest_at(proof, lost->broken)->is_told = true;
                digest_at(proof, lost->broken)->verdict = lost->verdict;
        }
}

/* What the first digest of a chain names is not missed where nothing of its name is here. */
static int judge_losts(Proof *proof) {
        Index wanted = {0};
        size_t n = 0;
        int r = index_new(&wanted, proof->losts.size, hash_lost, proof, proof->n_workers);

        if (r == 0)
                r = match_make_rest(proof, &wanted);
        for (size_t i = 0; i < proof->losts.size && r == 0; i++) {
                Lost lost = proof->losts.data[i];

                judge_lost(proof, &lost);
                if (lost.file != PROOF_NONE || lost.has_start)
                        proof->losts.data[n++] = lost;
                else
                        proof->chains.data[digest_at(proof, lost.named_by)->chain].begins_inside =
                                        true;
        }
        proof->losts.size = n;
        index_deinit(&wanted);
        return r;
}

int chains_find_missing(Proof *proof) {
        Walk walk = {.proof = proof};
        int r = 0;

        for (size_t i = 0; i < proof->chains.size && r == 0; i++) {
                walk.chain = &proof->chains.data[i];
                walk.number = (uint32_t)i;
                r = walk_chain(&walk);
        }
        for (size_t i = 0; i < proof->digests.size; i++)
                proof->files.data[digest_at(proof, i)->file].flags |= FILE_CLAIMED;
        return r || proof->losts.size == 0 ? r : judge_losts(proof);
}
