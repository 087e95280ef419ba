/*
 * Digests into chains, and what that proves.
 *
 * A digest names the one before it: its object, its SHA-256 and its signature. So every digest is
 * proven by its successor, and the newest by nothing that is left when a bucket is copied. Links go
 * by what digests say of each other; the order of time only tells where some are missing.
 *
 * Without keys a digest is sound where its successor names its SHA-256: they are consistent, but
 * whoever rewrites all of them is not seen. With keys the signature decides, whatever the successor
 * says besides: nobody but AWS can make one.
 *
 * O(n log n) for n digests; signatures are checked on all threads.
 */
#include <errno.h>

#include "base/hash.h"
#include "base/parallel.h"
#include "proof/private.h"

#define LINKS_A_TASK 64

static Digest *digest_at(const Proof *proof, size_t i) {
        return &proof->digests.data[i];
}

static uint64_t hash_object(Slice bucket, Slice object) {
        return hash_mix(hash_slice(bucket), hash_slice(object));
}

/* ---- copies ---- */

static uint64_t hash_content(const void *ctx, size_t i) {
        uint64_t hash;

        memcpy(&hash, digest_at(ctx, i)->hash, sizeof(hash));
        return hash;
}

/* Of several files with the same bytes the first counts. */
static int find_copies(Proof *proof) {
        Index index;
        int r = index_new(&index, proof->digests.size, hash_content, proof, proof->n_workers);

        for (size_t i = 0; i < proof->digests.size && r == 0; i++) {
                size_t end, at = index_find(&index, hash_content(proof, i), &end);

                for (; at < end && index.keys[at].index < i; at++) {
                        Digest *d = digest_at(proof, i), *first;

                        first = digest_at(proof, index.keys[at].index);
                        if (first->copy_of != PROOF_NONE ||
                                        memcmp(first->hash, d->hash, SHA256_SIZE) != 0)
                                continue;
                        d->copy_of = index.keys[at].index;
                        break;
                }
        }
        index_deinit(&index);
        return r;
}

/* ---- chains ---- */

/* Parts behind one another, so that chains are ordered by account, region, trail. */
static int chain_key(const Digest *d, DigestName *ret_name, char **ret_key, size_t *ret_size) {
        bool is_named = name_parse_digest(d->object, ret_name);
        Slice none = {"", 0};
        Slice parts[6] = {d->account.data ? d->account : none, none, d->bucket, none, none,
                        SLICE_LITERAL("?")};
        size_t size = 0;

        if (is_named) {
                parts[0] = ret_name->account;
                parts[1] = ret_name->region;
                parts[2] = ret_name->trail;
                parts[3] = ret_name->home;
                parts[4] = ret_name->organization.data ? ret_name->organization : none;
                parts[5] = ret_name->is_backfill ? SLICE_LITERAL("1") : SLICE_LITERAL("0");
        } else {
                *ret_name = (DigestName){0};
        }
        for (int i = 0; i < 6; i++)
                size += parts[i].size + 1;
        *ret_key = vec_alloc(size, 1);
        if (!*ret_key)
                return -ENOMEM;
        *ret_size = 0;
        for (int i = 0; i < 6; i++) {
                memcpy(*ret_key + *ret_size, parts[i].data, parts[i].size);
                *ret_size += parts[i].size;
                (*ret_key)[(*ret_size)++] = 0;
        }
        return 0;
}

static int put_in_chain(Proof *proof, size_t i) {
        Digest *d = digest_at(proof, i);
        DigestName name;
        size_t size;
        char *key;
        bool is_new = false;
        int r = chain_key(d, &name, &key, &size);

        if (r == 0)
                r = intern_add(&proof->chain_keys, slice(key, size), &d->chain, &is_new);
        free(key);
        if (r == 0 && is_new)
                r = vec_reserve(&proof->chains, 1);
        if (r == 0 && is_new) {
                Chain *chain = &proof->chains.data[proof->chains.size++];

                *chain = (Chain){.key = proof->chain_keys.strings.data[d->chain],
                                .name = name,
                                .account = name.account.data ? name.account : d->account,
                                .start = d->start,
                                .end = d->end,
                                .first = d->chain}; /* its old number, until chains are sorted */
        }
        if (r == 0) {
                Chain *chain = &proof->chains.data[d->chain];

                chain->n++;
                chain->start = d->start < chain->start ? d->start : chain->start;
                chain->end = d->end > chain->end ? d->end : chain->end;
        }
        return r;
}

/* Part by part, as leftovers look for account and region: the key alone would order what holds a
   NUL otherwise. */
static int compare_chains(const void *a, const void *b) {
        const Chain *x = a, *y = b;
        int r = slice_compare(x->account, y->account);

        if (r == 0)
                r = slice_compare(x->name.region, y->name.region);
        return r ? r : slice_compare(x->key, y->key);
}

static int compare_times(const void *ctx, const SortKey *x, const SortKey *y) {
        const Digest *a = digest_at(ctx, x->index), *b = digest_at(ctx, y->index);
        int r = (a->end > b->end) - (a->end < b->end);

        if (r == 0)
                r = slice_compare(a->bucket, b->bucket);
        if (r == 0)
                r = slice_compare(a->object, b->object);
        return r ? r : (x->index > y->index) - (x->index < y->index);
}

static int make_chains(Proof *proof) {
        SortOrder order = {compare_times, proof};
        uint32_t *numbers = NULL;
        SortKey *keys = vec_alloc(proof->digests.size, sizeof(*keys));
        size_t n = 0, at = 0;
        int r = keys ? 0 : -ENOMEM;

        for (size_t i = 0; i < proof->digests.size && r == 0; i++) {
                if (digest_at(proof, i)->is_known && digest_at(proof, i)->copy_of == PROOF_NONE)
                        r = put_in_chain(proof, i);
        }
        if (r == 0)
                numbers = vec_alloc(proof->chains.size, sizeof(*numbers));
        if (r == 0)
                proof->by_time = vec_alloc(proof->digests.size, sizeof(*proof->by_time));
        if (r == 0 && (!numbers || !proof->by_time))
                r = -ENOMEM;
        if (r == 0 && proof->chains.size)
                qsort(proof->chains.data, proof->chains.size, sizeof(Chain), compare_chains);
        for (size_t i = 0; i < proof->chains.size && r == 0; i++) {
                numbers[proof->chains.data[i].first] = (uint32_t)i;
                proof->chains.data[i].first = (uint32_t)at;
                at += proof->chains.data[i].n;
        }
        for (size_t i = 0; i < proof->digests.size && r == 0; i++) {
                Digest *d = digest_at(proof, i);

                if (d->chain == PROOF_NONE)
                        continue;
                d->chain = numbers[d->chain];
                keys[n++] = (SortKey){
                                d->chain, (uint64_t)d->start ^ (UINT64_C(1) << 63), 0, (uint32_t)i};
        }
        if (r == 0)
                r = sort_keys(keys, n, &order, proof->n_workers);
        for (size_t i = 0; i < n && r == 0; i++)
                proof->by_time[i] = keys[i].index;
        proof->n_by_time = r == 0 ? n : 0;
        free(numbers);
        free(keys);
        return r;
}

/* ---- links ---- */

static uint64_t hash_own(const void *ctx, size_t i) {
        const Digest *d = digest_at(ctx, i);

        return d->chain == PROOF_NONE ? 0 : hash_object(d->bucket, d->object);
}

static int link_digests(Proof *proof) {
        Index index;
        int r = index_new(&index, proof->digests.size, hash_own, proof, proof->n_workers);

        for (size_t i = 0; i < proof->n_by_time && r == 0; i++) {
                uint32_t from = proof->by_time[i];
                const Digest *s = digest_at(proof, from);
                size_t end, at;

                if (!s->previous_object.data || !s->previous_bucket.data)
                        continue;
                at = index_find(&index, hash_object(s->previous_bucket, s->previous_object), &end);
                for (; at < end && r == 0; at++) {
                        const Digest *d = digest_at(proof, index.keys[at].index);
                        bool is_equal = memcmp(d->hash, s->previous_hash, SHA256_SIZE) == 0;

                        if (d->chain == PROOF_NONE || index.keys[at].index == from ||
                                        !slice_equal(d->object, s->previous_object) ||
                                        !slice_equal(d->bucket, s->previous_bucket))
                                continue;
                        r = vec_reserve(&proof->links, 1);
                        digest_at(proof, from)->has_predecessor = true;
                        if (r == 0)
                                proof->links.data[proof->links.size++] = (Link){
                                                .from = from,
                                                .to = index.keys[at].index,
                                                .is_named = s->has_previous_hash,
                                                .is_equal = s->has_previous_hash && is_equal,
                                                .signature = SIGNATURE_NOT_CHECKED,
                                };
                }
        }
        index_deinit(&index);
        return r;
}

/* What AWS signed when it delivered D: its end, its key, its SHA-256, the signature before it. */
static int signed_text(const Digest *d, char **ret_text, size_t *ret_size) {
        Slice previous = d->previous_signature.data ? d->previous_signature : SLICE_LITERAL("null");
        char hash[SHA256_HEX_SIZE + 1];
        Slice parts[] = {d->end_text, SLICE_LITERAL("\n"), d->bucket, SLICE_LITERAL("/"), d->object,
                        SLICE_LITERAL("\n"), slice(hash, SHA256_HEX_SIZE), SLICE_LITERAL("\n"),
                        previous};
        size_t size = 0;

        sha256_format(d->hash, hash);
        for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
                size += parts[i].size;
        *ret_text = vec_alloc(size, 1);
        if (!*ret_text)
                return -ENOMEM;
        *ret_size = 0;
        for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
                memcpy(*ret_text + *ret_size, parts[i].data, parts[i].size);
                *ret_size += parts[i].size;
        }
        return 0;
}

static bool is_algorithm_known(const Digest *d) {
        return slice_equal(d->algorithm, SLICE_LITERAL("SHA256withRSA"));
}

static int check_link(Proof *proof, Link *link) {
        const Digest *s = digest_at(proof, link->from), *d = digest_at(proof, link->to);
        char *text;
        size_t size;
        int r;

        link->signature = SIGNATURE_UNPROVEN;
        if (!s->previous_signature.data || !d->fingerprint.data || !is_algorithm_known(d))
                return 0;
        r = signed_text(d, &text, &size);
        if (r)
                return r;
        r = keys_check(&proof->keys, d->fingerprint, slice(text, size), s->previous_signature);
        free(text);
        if (r < 0)
                return r;
        link->signature = (int8_t)r;
        return 0;
}

static int check_links(void *ctx, size_t task) {
        Proof *proof = ctx;
        size_t at = task * LINKS_A_TASK, end = at + LINKS_A_TASK;
        int r = 0;

        for (; at < end && at < proof->links.size && r == 0; at++)
                r = check_link(proof, &proof->links.data[at]);
        return r;
}

/* ---- verdicts ---- */

static int link_rank(const Link *link) {
        return (link->signature == SIGNATURE_SOUND) * 4 + link->is_equal * 2 + link->is_named;
}

static void judge_by_signature(const Link *link, const Digest *s, Digest *d) {
        bool differs = link->is_named && !link->is_equal;

        d->signature = (uint8_t)link->signature;
        if (link->signature == SIGNATURE_SOUND) {
                d->verdict = VERDICT_SOUND;
                d->reason = differs ? WHY_SIGNED_NOT_NAMED : WHY_SIGNED;
        } else if (differs || link->signature == SIGNATURE_WRONG) {
                d->verdict = VERDICT_ALTERED;
                d->reason = differs ? WHY_HASH_DIFFERS : WHY_SIGNATURE_WRONG;
        } else {
                d->verdict = VERDICT_UNPROVEN;
                d->reason = !s->previous_signature.data ? WHY_NO_SIGNATURE
                            : !is_algorithm_known(d)    ? WHY_ALGORITHM
                                                        : WHY_NO_KEY;
        }
}

static void judge_by_link(const Proof *proof, const Link *link, Digest *d) {
        d->successor = link->from;
        if (proof->has_keys) {
                judge_by_signature(link, digest_at(proof, link->from), d);
                return;
        }
        d->signature = SIGNATURE_NOT_CHECKED;
        d->verdict = link->is_equal   ? VERDICT_SOUND
                     : link->is_named ? VERDICT_ALTERED
                                      : VERDICT_UNPROVEN;
        d->reason = link->is_equal   ? WHY_HASH_NAMED
                    : link->is_named ? WHY_HASH_DIFFERS
                                     : WHY_HASH_UNKNOWN;
}

/* No digest names D, which stands at place AT of its chain. */
static void judge_by_place(const Proof *proof, size_t at, Digest *d) {
        const Chain *chain = &proof->chains.data[d->chain];
        size_t end = chain->first + chain->n, next = at + 1, high = end;

        while (next < high) { /* the first that begins where D has ended */
                size_t middle = next + (high - next) / 2;

                if (digest_at(proof, proof->by_time[middle])->start < d->end)
                        next = middle + 1;
                else
                        high = middle;
        }
        d->signature = proof->has_keys ? SIGNATURE_UNPROVEN : SIGNATURE_NOT_CHECKED;
        d->verdict = VERDICT_UNPROVEN;
        if (next == end) {
                d->reason = WHY_NEWEST;
        } else if (!digest_at(proof, proof->by_time[next])->previous_object.data) {
                d->reason = WHY_BEFORE_RESTART;
        } else if (!digest_at(proof, proof->by_time[next])->has_predecessor) {
                d->reason = WHY_SUCCESSOR_MISSING;
        } else {
                d->verdict = VERDICT_UNLISTED;
                d->reason = WHY_NOT_IN_CHAIN;
        }
}

static void judge_malformed(Digest *d) {
        if (d->malformed.data && d->verdict != VERDICT_ALTERED) {
                d->verdict = VERDICT_MALFORMED;
                d->reason = WHY_MALFORMED;
        }
}

static int judge_digests(Proof *proof) {
        uint32_t *best = vec_alloc(proof->digests.size, sizeof(*best));

        if (!best)
                return -ENOMEM;
        for (size_t i = 0; i < proof->digests.size; i++)
                best[i] = PROOF_NONE;
        for (size_t i = 0; i < proof->links.size; i++) {
                uint32_t *old = &best[proof->links.data[i].to];

                if (*old == PROOF_NONE || link_rank(&proof->links.data[i]) >
                                                          link_rank(&proof->links.data[*old]))
                        *old = (uint32_t)i;
        }
        for (size_t i = 0; i < proof->n_by_time; i++) {
                Digest *d = digest_at(proof, proof->by_time[i]);
                uint32_t link = best[proof->by_time[i]];

                if (link == PROOF_NONE)
                        judge_by_place(proof, i, d);
                else
                        judge_by_link(proof, &proof->links.data[link], d);
                proof->chains.data[d->chain].n_signed += d->signature == SIGNATURE_SOUND;
                judge_malformed(d);
        }
        free(best);
        for (size_t i = 0; i < proof->digests.size; i++) {
                Digest *d = digest_at(proof, i);

                if (d->copy_of != PROOF_NONE) {
                        d->chain = digest_at(proof, d->copy_of)->chain;
                        d->verdict = digest_at(proof, d->copy_of)->verdict;
                        d->reason = WHY_COPY;
                        d->signature = digest_at(proof, d->copy_of)->signature;
                } else if (d->chain == PROOF_NONE) {
                        judge_malformed(d);
                }
                /* it may still be found by its name, under which it was to be another */
                if (d->successor == PROOF_NONE && d->copy_of == PROOF_NONE)
                        proof->files.data[d->file].flags &= ~(uint32_t)FILE_DIGEST;
        }
        return 0;
}

int chains_judge(Proof *proof) {
        int r = find_copies(proof);

        if (r == 0)
                r = make_chains(proof);
        if (r == 0)
                r = link_digests(proof);
        if (r == 0 && proof->has_keys)
                r = parallel_run(proof->n_workers,
                                (proof->links.size + LINKS_A_TASK - 1) / LINKS_A_TASK, check_links,
                                proof);
        return r ? r : judge_digests(proof);
}
