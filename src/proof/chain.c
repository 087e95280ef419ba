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

/*
 * Digests by bucket and object, their own or those of the digest before: and there those that hold
 * a SHA-256 first, in its order. However many digests have one name, what fits is found at once.
 */
typedef struct Names {
        const Proof *proof;
        bool is_previous;
} Names;

typedef struct Name {
        const Names *names;
        uint64_t hash_name;
        Slice bucket, object;
        const uint8_t *hash; /* NULL: any */
} Name;

typedef struct Linking {
        Proof *proof;
        Index successors; /* by what they say came before */
} Linking;

static Slice bucket_of(const Names *names, const Digest *d) {
        return names->is_previous ? d->previous_bucket : d->bucket;
}

static Slice object_of(const Names *names, const Digest *d) {
        return names->is_previous ? d->previous_object : d->object;
}

static const uint8_t *hash_of(const Names *names, const Digest *d) {
        return !names->is_previous ? d->hash : d->has_previous_hash ? d->previous_hash : NULL;
}

static int compare_hashes(const uint8_t *a, const uint8_t *b) {
        return a && b ? memcmp(a, b, SHA256_SIZE) : !a - !b;
}

static int name_key(const void *ctx, size_t i, SortKey *ret) {
        const Names *names = ctx;
        const Digest *d = digest_at(names->proof, i);

        if (d->chain == PROOF_NONE || !bucket_of(names, d).data || !object_of(names, d).data)
                return 0;
        ret->a = hash_object(bucket_of(names, d), object_of(names, d));
        return 1;
}

static int compare_names(const void *ctx, const SortKey *x, const SortKey *y) {
        const Names *names = ctx;
        const Digest *a = digest_at(names->proof, x->index), *b = digest_at(names->proof, y->index);
        int r = slice_compare(bucket_of(names, a), bucket_of(names, b));

        if (r == 0)
                r = slice_compare(object_of(names, a), object_of(names, b));
        if (r == 0)
                r = compare_hashes(hash_of(names, a), hash_of(names, b));
        return r ? r : (x->index > y->index) - (x->index < y->index);
}

static int compare_name(const void *what, const SortKey *key) {
        const Name *name = what;
        const Digest *d = digest_at(name->names->proof, key->index);
        int r = (key->a > name->hash_name) - (key->a < name->hash_name);

        if (r == 0)
                r = slice_compare(bucket_of(name->names, d), name->bucket);
        if (r == 0)
                r = slice_compare(object_of(name->names, d), name->object);
        return r || !name->hash ? r : compare_hashes(hash_of(name->names, d), name->hash);
}

static int names_new(Index *index, const Proof *proof, bool is_previous) {
        Names names = {proof, is_previous};
        SortOrder order = {compare_names, &names};

        return index_new_ordered(index, proof->digests.size, name_key, &order, proof->n_workers);
}

static Range find_name(const Proof *proof, const Index *index, bool is_previous, Slice bucket,
                Slice object, const uint8_t *hash) {
        Names names = {proof, is_previous};
        Name name = {&names, hash_object(bucket, object), bucket, object, hash};

        return index_range(index, (Range){0, index->n}, compare_name, &name);
}

/* Is the digest that each one names here? */
static int find_predecessors(Proof *proof) {
        Index index;
        int r = names_new(&index, proof, false);

        for (size_t i = 0; i < proof->digests.size && r == 0; i++) {
                Digest *s = digest_at(proof, i);
                Range range;

                if (s->chain == PROOF_NONE || !s->previous_object.data || !s->previous_bucket.data)
                        continue;
                range = find_name(
                                proof, &index, false, s->previous_bucket, s->previous_object, NULL);
                /* one that names itself is not its own predecessor */
                s->has_predecessor = range.end - range.at > 1 ||
                                     (range.at < range.end && index.keys[range.at].index != i);
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

static int check_link(const Proof *proof, Link *link) {
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

static int link_rank(const Link *link) {
        return (link->signature == SIGNATURE_SOUND) * 4 + link->is_equal * 2 + link->is_named;
}

/* The best of what those of RANGE say of D goes into BEST; the first that cannot be surpassed ends
   the search, and without keys that is the first. */
static int choose_link(const Linking *l, Range range, uint32_t d, Link *best) {
        const Proof *proof = l->proof;
        bool is_done = false;
        int r = 0;

        for (size_t at = range.at; at < range.end && r == 0 && !is_done; at++) {
                const Digest *s = digest_at(proof, l->successors.keys[at].index);
                Link link = {.from = l->successors.keys[at].index,
                                .to = d,
                                .is_named = s->has_previous_hash,
                                .signature = SIGNATURE_NOT_CHECKED};

                if (link.from == d)
                        continue;
                link.is_equal = s->has_previous_hash &&
                                memcmp(s->previous_hash, digest_at(proof, d)->hash, SHA256_SIZE) ==
                                                0;
                if (proof->has_keys)
                        r = check_link(proof, &link);
                if (best->from == PROOF_NONE || link_rank(&link) > link_rank(best))
                        *best = link;
                is_done = !proof->has_keys || link.signature == SIGNATURE_SOUND;
        }
        return r;
}

/* Those that name its SHA-256 first; only if none of them proves it, whoever else names it. */
static int link_digest(const Linking *l, uint32_t number, Link *best) {
        const Proof *proof = l->proof;
        const Digest *d = digest_at(proof, number);
        Range range = find_name(proof, &l->successors, true, d->bucket, d->object, d->hash);
        int r = choose_link(l, range, number, best);

        if (r || (best->from != PROOF_NONE &&
                                 (!proof->has_keys || best->signature == SIGNATURE_SOUND)))
                return r;
        range = find_name(proof, &l->successors, true, d->bucket, d->object, NULL);
        return choose_link(l, range, number, best);
}

static int link_some(void *ctx, size_t task) {
        Linking *l = ctx;
        Proof *proof = l->proof;
        size_t at = task * LINKS_A_TASK, end = at + LINKS_A_TASK;
        int r = 0;

        for (; at < end && at < proof->n_by_time && r == 0; at++) {
                proof->links.data[at] = (Link){.from = PROOF_NONE};
                r = link_digest(l, proof->by_time[at], &proof->links.data[at]);
        }
        return r;
}

/* Of each digest that has a chain, in the order of by_time, the link that tells most. */
static int link_digests(Proof *proof) {
        Linking l = {.proof = proof};
        size_t n = proof->n_by_time;
        int r = find_predecessors(proof);

        if (r == 0)
                r = names_new(&l.successors, proof, true);
        if (r == 0)
                r = vec_reserve(&proof->links, n);
        if (r == 0)
                proof->links.size = n;
        if (r == 0)
                r = parallel_run(proof->n_workers, (n + LINKS_A_TASK - 1) / LINKS_A_TASK, link_some,
                                &l);
        index_deinit(&l.successors);
        return r;
}

/* ---- verdicts ---- */

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

static void judge_digests(Proof *proof) {
        for (size_t i = 0; i < proof->n_by_time; i++) {
                Digest *d = digest_at(proof, proof->by_time[i]);
                const Link *link = &proof->links.data[i];

                if (link->from == PROOF_NONE)
                        judge_by_place(proof, i, d);
                else
                        judge_by_link(proof, link, d);
                proof->chains.data[d->chain].n_signed += d->signature == SIGNATURE_SOUND;
                judge_malformed(d);
        }
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
}

int chains_judge(Proof *proof) {
        int r = find_copies(proof);

        if (r == 0)
                r = make_chains(proof);
        if (r == 0)
                r = link_digests(proof);
        if (r == 0)
                judge_digests(proof);
        return r;
}
