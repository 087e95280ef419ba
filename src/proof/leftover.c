/*
 * Files that no digest lists. That tells something only where every digest that could list one is
 * here, and only in folders where listed files stand: other trails deliver to others.
 *
 * O(files log digests), one thread.
 */
#include <errno.h>

#include "proof/private.h"

/* A file may be delivered that much later than the time in its name. */
#define DELIVERY (INT64_C(15) * 60 * 1000000000)

typedef struct Span {
        int64_t start, end;
} Span;

typedef struct Leftover {
        Proof *proof;
        Intern dirs; /* chain, type and folder in which listed files stand */
        size_t n_listed_dirs;
        VEC(char) key;   /* of dirs */
        Span *spans;     /* what digests cover, chain by chain, in order of time */
        size_t *n_spans; /* behind the last of each chain */
        bool *has_files; /* by chain */
} Leftover;

/* Times of a chain's digests, run together where one ends as the next begins. */
static size_t add_spans(const Proof *proof, const Chain *chain, Span *spans) {
        size_t n = 0;

        for (size_t i = 0; i < chain->n; i++) {
                const Digest *d = &proof->digests.data[proof->by_time[chain->first + i]];

                /* what is malformed may have listed more than could be read */
                if (d->verdict == VERDICT_UNLISTED || d->malformed.data)
                        continue;
                if (n && d->start <= spans[n - 1].end)
                        spans[n - 1].end = d->end > spans[n - 1].end ? d->end : spans[n - 1].end;
                else
                        spans[n++] = (Span){d->start, d->end};
        }
        return n;
}

/* The spans that hold TIME, and TIME and what may still be delivered after it. */
static void find_cover(const Leftover *l, size_t chain, int64_t time, bool *ret_covered,
                bool *ret_for_sure) {
        size_t low = chain ? l->n_spans[chain - 1] : 0, high = l->n_spans[chain], first = low;

        while (low < high) { /* the last span that begins by then */
                size_t middle = low + (high - low) / 2;

                if (l->spans[middle].start <= time)
                        low = middle + 1;
                else
                        high = middle;
        }
        *ret_covered = low > first && time < l->spans[low - 1].end;
        *ret_for_sure = *ret_covered && time_between(time, l->spans[low - 1].end) >= DELIVERY;
}

static int dir_key(Leftover *l, uint32_t chain, Slice type, Slice dir, Slice *ret) {
        size_t size = sizeof(chain) + type.size + 1 + dir.size;
        int r;

        l->key.size = 0;
        r = vec_reserve(&l->key, size);
        if (r)
                return r;
        memcpy(l->key.data, &chain, sizeof(chain));
        memcpy(l->key.data + sizeof(chain), type.data, type.size);
        l->key.data[sizeof(chain) + type.size] = 0;
        if (dir.size)
                memcpy(l->key.data + sizeof(chain) + type.size + 1, dir.data, dir.size);
        *ret = slice(l->key.data, size);
        return 0;
}

static int add_dir(Leftover *l, const Entry *entry) {
        const Digest *d = &l->proof->digests.data[entry->digest];
        Slice key;
        LogName name;
        uint32_t id;
        int r;

        if (entry->is_shadow || entry->file == PROOF_NONE || d->chain == PROOF_NONE)
                return 0;
        l->has_files[d->chain] = true;
        if (!name_parse_log(entry_base(entry), &name))
                return 0;
        r = dir_key(l, d->chain, name.type,
                        name_trail_dir(file_name(&l->proof->files.data[entry->file])), &key);
        return r ? r : intern_add(&l->dirs, key, &id, NULL);
}

/* Do listed files of the chain stand where this one does? Any does, if none of them is here. */
static int is_at_home(
                Leftover *l, uint32_t chain, const LogName *name, const File *file, bool *ret) {
        Slice key;
        uint32_t id;
        int r = dir_key(l, chain, name->type, name_trail_dir(file_name(file)), &key);

        *ret = !l->has_files[chain];
        if (r || *ret)
                return r;
        r = intern_add(&l->dirs, key, &id, NULL);
        /* those that were asked for in vain stand behind the listed ones */
        *ret = r == 0 && id < l->n_listed_dirs;
        return r;
}

/* The first chain whose key does not sort before ACCOUNT, REGION. */
static size_t first_chain(const Proof *proof, const LogName *name) {
        size_t low = 0, high = proof->chains.size;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                const Chain *chain = &proof->chains.data[middle];
                int order = slice_compare(chain->account, name->account);

                if (order == 0)
                        order = slice_compare(chain->name.region, name->region);
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static int judge_leftover(Leftover *l, const LogName *name, const File *file, Extra *extra) {
        const Proof *proof = l->proof;
        int r = 0;

        for (size_t i = first_chain(proof, name); i < proof->chains.size && r == 0; i++) {
                const Chain *chain = &proof->chains.data[i];
                bool is_covered, is_for_sure, is_home;
                Reason why;

                if (!slice_equal(chain->account, name->account) ||
                                !slice_equal(chain->name.region, name->region))
                        break;
                if (chain->name.is_backfill)
                        continue;
                find_cover(l, i, name->delivered, &is_covered, &is_for_sure);
                r = is_at_home(l, (uint32_t)i, name, file, &is_home);
                why = !is_covered    ? WHY_OUTSIDE
                      : !is_home     ? WHY_ELSEWHERE
                      : !is_for_sure ? WHY_NEAR_END
                                     : WHY_UNLISTED;
                /* a chain whose folder it is knows better than one of another trail */
                if (extra->chain == PROOF_NONE || why == WHY_UNLISTED ||
                                (is_home && extra->reason == WHY_ELSEWHERE)) {
                        extra->reason = (uint8_t)why;
                        extra->chain = (uint32_t)i;
                }
                if (why == WHY_UNLISTED)
                        break;
        }
        if (extra->reason == WHY_UNLISTED)
                extra->verdict = VERDICT_UNLISTED;
        return r;
}

static int judge_leftovers(Leftover *l) {
        Proof *proof = l->proof;
        int r = 0;

        for (size_t i = 0; i < proof->files.size && r == 0; i++) {
                const File *file = &proof->files.data[i];
                Extra extra = {.file = (uint32_t)i,
                                .entry = PROOF_NONE,
                                .chain = PROOF_NONE,
                                .verdict = VERDICT_NOT_COVERED,
                                .reason = WHY_NO_CHAIN};
                LogName name;
                bool is_named = name_parse_log(name_base(file_name(file)), &name);

                if (file->flags & (FILE_CLAIMED | FILE_DIGEST))
                        continue;
                if (!is_named && !(file->flags & FILE_LOG)) {
                        proof->counts.n_others++;
                        continue;
                }
                if (is_named) {
                        extra.time = name.delivered;
                        r = judge_leftover(l, &name, file, &extra);
                } else {
                        extra.reason = WHY_NO_NAME;
                }
                if (r == 0)
                        r = vec_reserve(&proof->extras, 1);
                if (r == 0)
                        proof->extras.data[proof->extras.size++] = extra;
        }
        return r;
}

int leftovers_judge(Proof *proof) {
        Leftover l = {.proof = proof};
        size_t n = 0;
        int r = 0;

        l.spans = vec_alloc(proof->n_by_time, sizeof(*l.spans));
        l.n_spans = vec_alloc(proof->chains.size, sizeof(*l.n_spans));
        l.has_files = vec_alloc_zero(proof->chains.size, sizeof(*l.has_files));
        if (!l.spans || !l.n_spans || !l.has_files)
                r = -ENOMEM;
        for (size_t i = 0; i < proof->chains.size && r == 0; i++) {
                n += add_spans(proof, &proof->chains.data[i], l.spans + n);
                l.n_spans[i] = n;
        }
        for (size_t i = 0; i < proof->entries.size && r == 0; i++)
                r = add_dir(&l, &proof->entries.data[i]);
        l.n_listed_dirs = intern_size(&l.dirs);
        if (r == 0)
                r = judge_leftovers(&l);
        intern_deinit(&l.dirs);
        vec_deinit(&l.key);
        free(l.spans);
        free(l.n_spans);
        free(l.has_files);
        return r;
}
