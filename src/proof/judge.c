/*
 * Log files, results and what is left over, against what digests and sign files say of them.
 *
 * A file is found by the last part of its key, which CloudTrail makes unique; where several files
 * have it, one with the right SHA-256 is taken before one whose folders fit better. Every file gets
 * at most one verdict. A key that several digests name is judged by the one that is proven best.
 *
 * A log file that no digest lists tells something only where every digest that could list it is
 * here, and only in folders where listed files stand: other trails deliver to others.
 *
 * O((files + entries) log files), one thread: a look-up for each, and no content is read.
 */
#include <errno.h>

#include "base/hash.h"
#include "proof/private.h"

/* A file may be delivered that much later than the time in its name. */
#define DELIVERY (INT64_C(15) * 60 * 1000000000)

/* ---- index ---- */

int index_new(Index *index, size_t n, uint64_t (*hash)(const void *ctx, size_t i), const void *ctx,
                unsigned n_threads) {
        index->n = n;
        index->keys = vec_alloc(n, sizeof(*index->keys));
        if (!index->keys)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                index->keys[i] = (SortKey){hash(ctx, i), 0, 0, (uint32_t)i};
        return sort_keys(index->keys, n, &(SortOrder){0}, n_threads);
}

void index_deinit(Index *index) {
        free(index->keys);
        *index = (Index){0};
}

size_t index_find(const Index *index, uint64_t hash, size_t *ret_end) {
        size_t low = 0, high = index->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (index->keys[middle].a < hash)
                        low = middle + 1;
                else
                        high = middle;
        }
        for (high = low; high < index->n && index->keys[high].a == hash;)
                high++;
        *ret_end = high;
        return low;
}

bool index_has(const Index *index, uint64_t hash) {
        size_t end, at = index_find(index, hash, &end);

        return at < end;
}

/* ---- files that may be a copy of a key ---- */

static Slice stem_of(const File *file) {
        return name_stem(name_base(file_name(file)));
}

static bool is_candidate(const File *file, Slice stem) {
        return !(file->flags & FILE_DIGEST) && slice_equal(stem_of(file), stem);
}

static bool has_hash(const File *file, const uint8_t *hash) {
        return hash && !(file->flags & FILE_UNREAD) && memcmp(file->hash, hash, SHA256_SIZE) == 0;
}

uint32_t file_find(const Proof *proof, Slice dir, Slice base, const uint8_t *hash,
                Matched *ret_matched) {
        Slice stem = name_stem(base);
        size_t end, at = index_find(&proof->by_stem, hash_slice(stem), &end);
        uint32_t best = PROOF_NONE;
        int best_rank = -1;

        *ret_matched = MATCHED_NONE;
        for (; at < end; at++) {
                const File *file = &proof->files.data[proof->by_stem.keys[at].index];
                Matched matched;
                int rank;

                if (!is_candidate(file, stem))
                        continue;
                matched = name_match(file_name(file), dir);
                rank = has_hash(file, hash) * 16 + !(file->flags & FILE_UNREAD) * 8 +
                       !(file->flags & FILE_SOUND) * 4 + (int)matched;
                if (rank > best_rank) {
                        best_rank = rank;
                        best = proof->by_stem.keys[at].index;
                        *ret_matched = matched;
                }
        }
        return best;
}

/* ---- which digest's word counts ---- */

static uint64_t hash_entry(const void *ctx, size_t i) {
        const Entry *entry = &((const Proof *)ctx)->entries.data[i];

        return hash_mix(hash_bytes(entry->where, entry->n_where), hash_slice(entry_base(entry)));
}

static int trust(const Proof *proof, const Entry *entry) {
        const Digest *d = &proof->digests.data[entry->digest];

        return d->verdict == VERDICT_SOUND ? 2 : d->verdict == VERDICT_UNPROVEN ? 1 : 0;
}

static bool is_same_key(const Entry *a, const Entry *b) {
        return a->n_bucket == b->n_bucket &&
               slice_equal(slice(a->where, a->n_where), slice(b->where, b->n_where)) &&
               slice_equal(entry_base(a), entry_base(b));
}

/* Of the entries under one hash, which are nearly always one. */
static void choose_entries(Proof *proof, const SortKey *keys, size_t n) {
        for (size_t i = 0; i < n; i++) {
                Entry *entry = &proof->entries.data[keys[i].index];

                for (size_t k = 0; k < i && !entry->is_shadow; k++) {
                        Entry *other = &proof->entries.data[keys[k].index];

                        if (other->is_shadow || !is_same_key(entry, other))
                                continue;
                        if (trust(proof, entry) > trust(proof, other))
                                other->is_shadow = true;
                        else
                                entry->is_shadow = true;
                }
        }
}

static int find_shadows(Proof *proof) {
        Index index;
        int r = index_new(&index, proof->entries.size, hash_entry, proof, proof->n_workers);

        for (size_t i = 0; i < proof->entries.size; i++) {
                Entry *entry = &proof->entries.data[i];

                entry->is_shadow = proof->digests.data[entry->digest].copy_of != PROOF_NONE;
        }
        for (size_t at = 0, end; at < index.n && r == 0; at = end) {
                for (end = at + 1; end < index.n && index.keys[end].a == index.keys[at].a;)
                        end++;
                if (end - at > 1)
                        choose_entries(proof, index.keys + at, end - at);
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

/* Files with the right SHA-256 are taken before any other is blamed. */
static void find_sound(Proof *proof, Entry *entry) {
        const uint8_t *hash = entry->has_hash ? entry->hash : NULL;
        Slice stem = name_stem(entry_base(entry));
        size_t end, at = index_find(&proof->by_stem, hash_slice(stem), &end);
        Matched matched;

        entry->file = file_find(proof, entry_dir(entry), entry_base(entry), hash, &matched);
        entry->matched = (uint8_t)matched;
        if (entry->file == PROOF_NONE || !has_hash(&proof->files.data[entry->file], hash)) {
                entry->file = PROOF_NONE;
                return;
        }
        judge_match(proof, entry);
        for (; at < end; at++) {
                File *file = &proof->files.data[proof->by_stem.keys[at].index];

                if (is_candidate(file, stem) && has_hash(file, hash))
                        file->flags |= FILE_SOUND | FILE_CLAIMED;
        }
}

static int add_extra(Proof *proof, const Extra *extra) {
        int r = vec_reserve(&proof->extras, 1);

        if (r == 0)
                proof->extras.data[proof->extras.size++] = *extra;
        return r;
}

/* Further files of the key: copies, and what only has its name. */
static int add_others(Proof *proof, uint32_t number) {
        const Entry *entry = &proof->entries.data[number];
        const Digest *d = &proof->digests.data[entry->digest];
        Slice stem = name_stem(entry_base(entry));
        size_t end, at = index_find(&proof->by_stem, hash_slice(stem), &end);
        int r = 0;

        for (; at < end && r == 0; at++) {
                uint32_t index = proof->by_stem.keys[at].index;
                File *file = &proof->files.data[index];
                bool is_equal = has_hash(file, entry->has_hash ? entry->hash : NULL);

                if (index == entry->file || !is_candidate(file, stem) ||
                                (!is_equal && file->flags & FILE_CLAIMED))
                        continue;
                file->flags |= FILE_CLAIMED;
                r = add_extra(proof,
                                &(Extra){.file = index,
                                                .entry = number,
                                                .chain = d->chain,
                                                .time = d->start,
                                                .verdict = is_equal ? entry->verdict
                                                                    : VERDICT_ALTERED,
                                                .reason = is_equal ? WHY_COPY : WHY_DIFFERS_COPY,
                                                .matched = (uint8_t)name_match(file_name(file),
                                                                entry_dir(entry))});
        }
        return r;
}

static int judge_entry(Proof *proof, uint32_t number) {
        Entry *entry = &proof->entries.data[number];
        File *file;
        Matched matched;

        if (entry->file != PROOF_NONE)
                return add_others(proof, number);
        entry->verdict = VERDICT_MISSING;
        entry->reason = WHY_ABSENT;
        entry->file = file_find(proof, entry_dir(entry), entry_base(entry), NULL, &matched);
        if (entry->file == PROOF_NONE)
                return 0;
        file = &proof->files.data[entry->file];
        if (file->flags & FILE_SOUND) { /* it is another key's */
                entry->file = PROOF_NONE;
                return 0;
        }
        file->flags |= FILE_CLAIMED;
        entry->matched = (uint8_t)matched;
        if (file->flags & FILE_UNREAD) {
                entry->reason = WHY_UNREAD;
        } else if (!entry->has_hash) {
                entry->verdict = VERDICT_UNPROVEN;
                entry->reason = WHY_NO_HASH;
        } else {
                entry->verdict = VERDICT_ALTERED;
                entry->reason = WHY_DIFFERS;
        }
        return add_others(proof, number);
}

static int judge_entries(Proof *proof) {
        int r = find_shadows(proof);

        for (size_t i = 0; i < proof->entries.size && r == 0; i++) {
                if (!proof->entries.data[i].is_shadow)
                        find_sound(proof, &proof->entries.data[i]);
        }
        for (size_t i = 0; i < proof->entries.size && r == 0; i++) {
                if (!proof->entries.data[i].is_shadow)
                        r = judge_entry(proof, (uint32_t)i);
        }
        return r;
}

/* ---- what no digest lists ---- */

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
                        r = add_extra(proof, &extra);
        }
        return r;
}

static int find_leftovers(Proof *proof) {
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

int logs_judge(Proof *proof) {
        int r = judge_entries(proof);

        return r ? r : find_leftovers(proof);
}

/* ---- results of Lake ---- */

/* The SHA-256 of all results, as hex, with blanks between. */
static int judge_sign(Proof *proof, Sign *sign) {
        size_t size = sign->n_results * (SHA256_HEX_SIZE + 1);
        char *text = vec_alloc(size + 1, 1);
        int r;

        if (!text)
                return -ENOMEM;
        for (size_t i = 0; i < sign->n_results; i++) {
                char *at = text + i * (SHA256_HEX_SIZE + 1);

                sha256_format(proof->results.data[sign->first_result + i].hash, at);
                at[SHA256_HEX_SIZE] = ' ';
        }
        r = keys_check(&proof->keys, sign->fingerprint, slice(text, size ? size - 1 : 0),
                        sign->signature);
        free(text);
        if (r < 0)
                return r;
        sign->signature_state = (uint8_t)r;
        sign->verdict = r == SIGNATURE_SOUND   ? VERDICT_SOUND
                        : r == SIGNATURE_WRONG ? VERDICT_ALTERED
                                               : VERDICT_UNPROVEN;
        sign->reason = r == SIGNATURE_SOUND   ? WHY_SIGN_SOUND
                       : r == SIGNATURE_WRONG ? WHY_SIGN_WRONG
                                              : WHY_NO_KEY;
        return 0;
}

/* Every query has its result_1.csv.gz: one of another folder is its own only with its SHA-256. */
static void judge_result(Proof *proof, const Sign *sign, Result *result) {
        Slice home = file_name(&proof->files.data[sign->file]);
        Slice stem = name_stem(result->name);
        size_t end, at = index_find(&proof->by_stem, hash_slice(stem), &end);
        int best = -1;

        result->verdict = VERDICT_MISSING;
        result->reason = WHY_ABSENT;
        home.size -= name_base(home).size;
        for (; at < end && result->name.data; at++) {
                uint32_t index = proof->by_stem.keys[at].index;
                const File *file = &proof->files.data[index];
                Slice name = file_name(file);
                bool is_packed = file->flags & FILE_PACKED;
                bool is_equal = is_packed && has_hash(file, result->hash);
                bool is_home = name.size > home.size && slice_starts_with(name, home) &&
                               name_base(name).data == name.data + home.size;

                if (!is_candidate(file, stem) || (!is_home && !is_equal) ||
                                is_equal * 4 + is_packed * 2 + is_home <= best)
                        continue;
                best = is_equal * 4 + is_packed * 2 + is_home;
                result->file = index;
                result->matched = is_home ? MATCHED_PATH : MATCHED_NAME;
                result->verdict = is_equal    ? VERDICT_SOUND
                                  : is_packed ? VERDICT_ALTERED
                                              : VERDICT_UNPROVEN;
                result->reason = is_equal    ? WHY_MATCHES
                                 : is_packed ? WHY_DIFFERS
                                             : WHY_RESULT_UNPACKED;
                if (file->flags & FILE_UNREAD) {
                        result->verdict = VERDICT_MISSING;
                        result->reason = WHY_UNREAD;
                }
        }
        if (result->file != PROOF_NONE)
                proof->files.data[result->file].flags |= FILE_CLAIMED;
        if (result->verdict == VERDICT_SOUND && sign->verdict != VERDICT_SOUND) {
                bool is_soft = sign->verdict == VERDICT_UNPROVEN;

                result->verdict = VERDICT_UNPROVEN;
                result->reason = is_soft ? WHY_DIGEST_UNPROVEN : WHY_DIGEST_UNSOUND;
        }
}

int signs_judge(Proof *proof) {
        int r = 0;

        for (size_t i = 0; i < proof->signs.size && r == 0; i++) {
                Sign *sign = &proof->signs.data[i];

                sign->signature_state = SIGNATURE_NOT_CHECKED;
                sign->verdict = VERDICT_UNPROVEN;
                sign->reason = WHY_SIGN_UNCHECKED;
                if (proof->has_keys && !sign->malformed.data)
                        r = judge_sign(proof, sign);
                if (sign->malformed.data && sign->verdict != VERDICT_ALTERED) {
                        sign->verdict = VERDICT_MALFORMED;
                        sign->reason = WHY_MALFORMED;
                }
                for (size_t k = 0; k < sign->n_results && r == 0; k++)
                        judge_result(proof, sign, &proof->results.data[sign->first_result + k]);
        }
        return r;
}
