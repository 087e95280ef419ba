/*
 * Verdicts as rows: first each chain with its sums, then chain by chain what was found, in order of
 * time; digests before the logs that they name; behind all chains what belongs to none, and the
 * results of Lake. Rows are references of 8 bytes, sorted once; texts are made when a row is asked
 * for.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/time.h"
#include "proof/private.h"

#define REASON_SIZE 1024
#define HEX_SIZE (SHA256_HEX_SIZE + 1)
#define LABEL_SIZE 512
#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)

/* ---- reasons ---- */

static const char *const texts[] = {
                [WHY_HASH_NAMED] = "its successor names this SHA-256",
                [WHY_SIGNED] = "its signature, kept by its successor, is sound",
                [WHY_SIGNED_NOT_NAMED] = "its signature is sound; its successor names another "
                                         "SHA-256",
                [WHY_SIGNATURE_WRONG] = "its signature, kept by its successor, is wrong",
                [WHY_HASH_UNKNOWN] = "its successor names no SHA-256",
                [WHY_NEWEST] = "the newest of its chain: nothing that is kept in files proves it",
                [WHY_SUCCESSOR_MISSING] = "its successor, which would prove it, is missing",
                [WHY_BEFORE_RESTART] = "the last before its chain begins anew: nothing proves it",
                [WHY_NOT_IN_CHAIN] = "no digest names it, though those around it are here",
                [WHY_NO_KEY] = "its public key is not among those given",
                [WHY_NO_SIGNATURE] = "its successor holds no signature of it",
                [WHY_ALGORITHM] = "its digestSignatureAlgorithm is not known: AWS signs by "
                                  "SHA256withRSA",
                [WHY_LOST] = "named by its successor, not in the evidence",
                [WHY_LOST_ALTERED] = "its successor names another SHA-256",
                [WHY_LOST_UNREAD] = "its SHA-256 is right, but it cannot be read as a digest",
                [WHY_MATCHES] = "its SHA-256 is the one that was named",
                [WHY_DIFFERS] = "its SHA-256 is not the one that was named",
                [WHY_DIFFERS_COPY] = "another file of this name, with another SHA-256",
                [WHY_ABSENT] = "not in the evidence",
                [WHY_UNREAD] = "nothing of the file can be read",
                [WHY_NO_HASH] = "no SHA-256 was named",
                [WHY_DIGEST_UNPROVEN] = "its SHA-256 is the one that was named, but nothing proves "
                                        "what names it",
                [WHY_DIGEST_UNSOUND] = "its SHA-256 is the one that was named, but what names it "
                                       "is not sound",
                [WHY_UNLISTED] = "no digest lists it, though those of its time are here",
                [WHY_OUTSIDE] = "delivered when no digest that is here covers",
                [WHY_NEAR_END] = "delivered so late that the next digest may list it",
                [WHY_ELSEWHERE] = "no listed file stands in its folder: another trail's?",
                [WHY_NO_CHAIN] = "no digest of its account and region is here",
                [WHY_NO_NAME] = "its name does not tell when it was delivered",
                [WHY_SIGN_UNCHECKED] = "its signature was not checked",
                [WHY_SIGN_SOUND] = "its signature is sound",
                [WHY_SIGN_WRONG] = "its signature is wrong",
                [WHY_RESULT_UNPACKED] = "unpacked, or from standard input: the SHA-256 is that of "
                                        "the packed file",
};

static const char *text_of(Reason why) {
        return (size_t)why < sizeof(texts) / sizeof(*texts) && texts[why] ? texts[why] : "";
}

static const char *verdict_name(Verdict verdict) {
        static const char *const names[] = {
                        [VERDICT_SOUND] = "sound",
                        [VERDICT_ALTERED] = "altered",
                        [VERDICT_MISSING] = "missing",
                        [VERDICT_UNLISTED] = "unlisted",
                        [VERDICT_UNPROVEN] = "unproven",
                        [VERDICT_NOT_COVERED] = "notCovered",
                        [VERDICT_MALFORMED] = "malformed",
                        [VERDICT_GAP] = "gap",
                        [VERDICT_RESTARTED] = "restarted",
                        [VERDICT_UNSOUND] = "unsound",
        };

        return names[verdict];
}

static const char *signature_name(Signature signature) {
        static const char *const names[] = {
                        [SIGNATURE_NONE] = NULL,
                        [SIGNATURE_SOUND] = "sound",
                        [SIGNATURE_WRONG] = "wrong",
                        [SIGNATURE_UNPROVEN] = "unproven",
                        [SIGNATURE_NOT_CHECKED] = "notChecked",
        };

        return names[signature];
}

static const char *matched_name(Matched matched) {
        static const char *const names[] = {NULL, "name", "path", "object"};

        return names[matched];
}

/* ---- one row ---- */

typedef struct Fill {
        const Proof *proof;
        ProofRow *row;
        char *reason; /* REASON_SIZE */
        size_t n_reason;
        char *object;
        char *hex; /* two of them */
} Fill;

__attribute__((format(printf, 2, 3))) static void say(Fill *f, const char *format, ...) {
        va_list args;
        int n;

        va_start(args, format);
        n = vsnprintf(f->reason + f->n_reason, REASON_SIZE - f->n_reason, format, args);
        va_end(args);
        if (n > 0)
                f->n_reason += (size_t)n < REASON_SIZE - f->n_reason
                                               ? (size_t)n
                                               : REASON_SIZE - f->n_reason - 1;
}

static void say_slice(Fill *f, const char *before, Slice text) {
        say(f, "%s%.*s", before, (int)(text.size < 300 ? text.size : 300), text.data);
}

static Slice put_hash(Fill *f, int which, const uint8_t *hash) {
        char *at = f->hex + which * HEX_SIZE;

        sha256_format(hash, at);
        return slice(at, SHA256_HEX_SIZE);
}

static void put_file(Fill *f, uint32_t number) {
        const File *file;

        if (number == PROOF_NONE)
                return;
        file = &f->proof->files.data[number];
        f->row->file = file_name(file);
        if (!f->row->name.data)
                f->row->name = name_base(f->row->file);
        if (!(file->flags & FILE_UNREAD))
                f->row->found = put_hash(f, 1, file->hash);
}

static void say_damaged(Fill *f, uint32_t number) {
        if (number != PROOF_NONE && f->proof->files.data[number].flags & FILE_DAMAGED)
                say(f, "; the file is damaged");
}

static void put_object(Fill *f, Slice bucket, Slice object) {
        f->row->bucket = bucket;
        f->row->object = object;
        if (object.data)
                f->row->name = name_base(object);
}

static void put_chain(Fill *f, uint32_t number) {
        const Chain *chain;

        if (number == PROOF_NONE)
                return;
        chain = &f->proof->chains.data[number];
        f->row->account = chain->account;
        f->row->region = chain->name.region;
        f->row->trail = chain->name.trail;
}

/* A chain, and what is told of it as a whole, goes by what it is the chain of. */
static void put_chain_name(Fill *f, uint32_t number) {
        const Chain *chain = &f->proof->chains.data[number];
        int n = snprintf(f->object, LABEL_SIZE, "%.*s %.*s %.*s%s", (int)chain->account.size,
                        chain->account.data, (int)chain->name.region.size, chain->name.region.data,
                        (int)chain->name.trail.size, chain->name.trail.data,
                        chain->name.is_backfill ? " (backfill)" : "");

        put_chain(f, number);
        f->row->name = slice(f->object, n < LABEL_SIZE ? (size_t)n : LABEL_SIZE - 1);
}

static void put_times(Fill *f, int64_t start, int64_t end) {
        f->row->start = start;
        f->row->end = end;
        f->row->has_start = f->row->has_end = true;
}

static void put_verdict(Fill *f, Verdict verdict, Reason why) {
        f->row->verdict = verdict_name(verdict);
        say(f, "%s", text_of(why));
}

static void say_count(Fill *f, const char *before, uint64_t n, const char *what) {
        if (n)
                say(f, "%s%" PRIu64 " %s", before, n, what);
}

static void fill_chain(Fill *f, uint32_t number) {
        const Chain *chain = &f->proof->chains.data[number];
        ProofRow *row = f->row;

        row->kind = "chain";
        row->verdict = verdict_name(chain->is_unsound ? VERDICT_UNSOUND : VERDICT_SOUND);
        put_chain_name(f, number);
        put_times(f, chain->start, chain->end);
        row->has_counts = true;
        row->n_digests = chain->n;
        row->n_logs = chain->n_logs;
        row->n_sound = chain->n_sound;
        row->n_altered = chain->n_altered;
        row->n_missing = chain->n_missing;
        row->n_unlisted = chain->n_unlisted;
        row->n_unproven = chain->n_unproven;
        row->n_not_covered = chain->n_not_covered;
        say(f, "%u digest%s, %" PRIu64 " log%s named: %" PRIu64 " sound", chain->n,
                        chain->n == 1 ? "" : "s", chain->n_logs, chain->n_logs == 1 ? "" : "s",
                        chain->n_sound);
        say_count(f, ", ", chain->n_unproven, "unproven");
        say_count(f, ", ", chain->n_altered, "altered");
        say_count(f, ", ", chain->n_missing, "missing");
        say_count(f, "; ", chain->n_unlisted, "unlisted");
        if (f->proof->has_keys)
                say(f, "; %" PRIu64 " signature%s sound", chain->n_signed,
                                chain->n_signed == 1 ? "" : "s");
        else
                say(f, "; signatures not checked");
        if (chain->begins_inside)
                say(f, "; what came before its first digest is not here");
}

static void say_span(Fill *f, int64_t span) {
        int64_t minutes = (span / SECOND + 30) / 60, hours = minutes / 60;

        if (hours)
                say(f, "%lld h", (long long)hours);
        if (minutes % 60 || !hours)
                say(f, "%s%lld min", hours ? " " : "", (long long)(minutes % 60));
}

static void fill_gap(Fill *f, uint32_t number) {
        const Gap *gap = &f->proof->gaps.data[number];
        const Digest *d = &f->proof->digests.data[gap->before];
        int64_t length = time_between(gap->start, gap->end);
        int64_t n = length / HOUR + (length % HOUR >= HOUR / 2);
        bool is_backfill = f->proof->chains.data[gap->chain].name.is_backfill;

        f->row->kind = "gap";
        f->row->verdict = verdict_name(gap->verdict);
        f->row->digest = d->object;
        put_chain_name(f, gap->chain);
        put_times(f, gap->start, gap->end);
        if (length && !is_backfill)
                say_span(f, length);
        if (gap->reason == WHY_GAP_DELETED)
                say(f,
                                " without a digest: about %lld in a row are missing, of which only "
                                "the last "
                                "is named",
                                (long long)n);
        else if (gap->reason == WHY_GAP_UNCOVERED)
                say(f, " that no digest covers, though the chain is whole");
        else
                say(f,
                                "%sa chain begins anew: logging or validation was stopped, or "
                                "digests were "
                                "deleted",
                                length && !is_backfill ? " not covered; " : "");
}

static void fill_lost(Fill *f, uint32_t number) {
        const Lost *lost = &f->proof->losts.data[number];
        const Digest *s = &f->proof->digests.data[lost->named_by];

        f->row->kind = "digest";
        f->row->digest = s->object;
        put_object(f, s->previous_bucket, s->previous_object);
        put_file(f, lost->file);
        put_chain(f, s->chain);
        if (s->has_previous_hash)
                f->row->named = put_hash(f, 0, s->previous_hash);
        if (lost->has_start)
                put_times(f, lost->start, lost->end);
        else
                f->row->end = lost->end, f->row->has_end = true;
        f->row->matched = matched_name(lost->matched);
        put_verdict(f, lost->verdict, lost->reason);
        if (lost->reason == WHY_LOST && f->proof->chains.data[s->chain].name.is_backfill)
                say(f, "; whether others before it are missing too cannot be told, as backfill "
                       "has no regular times");
        if (lost->broken != PROOF_NONE)
                say_slice(f, "; ", f->proof->digests.data[lost->broken].malformed);
        say_damaged(f, lost->file);
}

static Matched match_digest(const Proof *proof, const Digest *d) {
        Slice name = file_name(&proof->files.data[d->file]), base = name_base(d->object);

        if (!slice_equal(name_stem(name_base(name)), name_stem(base)))
                return MATCHED_NONE;
        return name_match(name, slice(d->object.data, d->object.size - base.size));
}

static void fill_digest(Fill *f, uint32_t number) {
        const Digest *d = &f->proof->digests.data[number];
        const Digest *s = d->successor == PROOF_NONE ? NULL : &f->proof->digests.data[d->successor];

        f->row->kind = "digest";
        put_object(f, d->bucket, d->object);
        put_file(f, d->file);
        put_chain(f, d->chain);
        if (d->chain == PROOF_NONE)
                f->row->account = d->account;
        if (d->is_known) {
                put_times(f, d->start, d->end);
                f->row->matched = matched_name(match_digest(f->proof, d));
        }
        f->row->signature = signature_name(d->signature);
        if (s) {
                f->row->digest = s->object;
                if (s->has_previous_hash)
                        f->row->named = put_hash(f, 0, s->previous_hash);
        }
        put_verdict(f, d->verdict, d->reason);
        if (d->reason == WHY_HASH_DIFFERS) {
                say_slice(f, "", name_base(s->object));
                say(f, " names another SHA-256");
                if (s->verdict == VERDICT_ALTERED)
                        say(f, ", but is altered itself");
        }
        if (d->signature == SIGNATURE_SOUND &&
                        !keys_were_valid(&f->proof->keys, d->fingerprint, d->end))
                say(f, "; its key was not in use then");
        if (d->reason == WHY_COPY)
                say_slice(f, "a copy of ",
                                file_name(&f->proof->files.data[f->proof->digests.data[d->copy_of]
                                                                                .file]));
        if (d->malformed.data && d->reason != WHY_COPY)
                say_slice(f, f->n_reason ? "; " : "", d->malformed);
        say_damaged(f, d->file);
}

static void put_entry(Fill *f, const Entry *entry) {
        const Digest *d = &f->proof->digests.data[entry->digest];
        Slice dir = entry_dir(entry), base = entry_base(entry);

        f->row->kind = "log";
        memcpy(f->object, dir.data, dir.size);
        memcpy(f->object + dir.size, base.data, base.size);
        put_object(f, entry_bucket(entry), slice(f->object, dir.size + base.size));
        f->row->digest = d->object;
        put_chain(f, d->chain);
        if (d->is_known)
                put_times(f, d->start, d->end);
        if (entry->has_hash)
                f->row->named = put_hash(f, 0, entry->hash);
}

static void fill_log(Fill *f, uint32_t number) {
        const Entry *entry = &f->proof->entries.data[number];

        put_entry(f, entry);
        put_file(f, entry->file);
        f->row->matched = matched_name(entry->matched);
        put_verdict(f, entry->verdict, entry->reason);
        if (entry->reason == WHY_DIGEST_UNSOUND)
                say(f, " (%s)", verdict_name(f->proof->digests.data[entry->digest].verdict));
        if (entry->verdict != VERDICT_SOUND)
                say_damaged(f, entry->file);
}

/* Below .../CloudTrail/REGION/ stand the logs of one trail; elsewhere those of several may. */
static bool has_trail_dir(Slice file) {
        Slice dir = name_trail_dir(file);
        LogName name;

        return name_parse_log(name_base(file), &name) && slice_equal(name_base(dir), name.region) &&
               slice_equal(name_base(name_dir(dir)), name.type);
}

static void fill_extra(Fill *f, uint32_t number) {
        const Extra *extra = &f->proof->extras.data[number];

        f->row->kind = "log";
        if (extra->entry != PROOF_NONE) {
                const Entry *entry = &f->proof->entries.data[extra->entry];

                put_entry(f, entry);
                if (extra->reason == WHY_COPY)
                        say_slice(f, "a copy of ", file_name(&f->proof->files.data[entry->file]));
        } else if (extra->reason != WHY_NO_NAME) {
                f->row->start = extra->time;
                f->row->has_start = true;
        }
        put_file(f, extra->file);
        put_chain(f, extra->chain);
        f->row->matched = matched_name(extra->matched);
        put_verdict(f, extra->verdict, extra->reason);
        if (extra->reason == WHY_UNLISTED && !has_trail_dir(f->row->file))
                say(f, "; unless it is another trail's, which its folder does not tell");
        say_damaged(f, extra->file);
}

static void fill_sign(Fill *f, uint32_t number) {
        const Sign *sign = &f->proof->signs.data[number];

        f->row->kind = "sign";
        put_file(f, sign->file);
        f->row->region = sign->region;
        f->row->end = sign->time;
        f->row->has_end = sign->has_time;
        f->row->signature = signature_name(sign->signature_state);
        put_verdict(f, sign->verdict, sign->reason);
        if (sign->malformed.data)
                say_slice(f, f->n_reason ? "; " : "", sign->malformed);
        else
                say(f, "; %zu result%s named", sign->n_results, sign->n_results == 1 ? "" : "s");
        say_damaged(f, sign->file);
}

static void fill_result(Fill *f, uint32_t number) {
        const Result *result = &f->proof->results.data[number];
        const Sign *sign = &f->proof->signs.data[result->sign];

        f->row->kind = "result";
        f->row->name = result->name;
        f->row->digest = file_name(&f->proof->files.data[sign->file]);
        f->row->region = sign->region;
        f->row->end = sign->time;
        f->row->has_end = sign->has_time;
        f->row->matched = matched_name(result->matched);
        f->row->named = put_hash(f, 0, result->hash);
        put_file(f, result->file);
        put_verdict(f, result->verdict, result->reason);
        say_damaged(f, result->file);
}

size_t proof_n_rows(const Proof *proof) {
        return proof->rows.size;
}

int proof_row(const Proof *proof, size_t i, ProofScratch *scratch, ProofRow *ret) {
        const RowRef *ref = &proof->rows.data[i];
        uint32_t entry = ref->kind == ROW_LOG     ? ref->index
                         : ref->kind == ROW_EXTRA ? proof->extras.data[ref->index].entry
                                                  : PROOF_NONE;
        size_t n_object = LABEL_SIZE;
        Fill f = {.proof = proof, .row = ret};
        int r;

        if (entry != PROOF_NONE)
                n_object += proof->entries.data[entry].n_where +
                            (size_t)proof->entries.data[entry].n_base;
        scratch->text.size = 0;
        r = vec_reserve(&scratch->text, REASON_SIZE + 2 * HEX_SIZE + n_object);
        if (r)
                return r;
        f.reason = scratch->text.data;
        f.hex = f.reason + REASON_SIZE;
        f.object = f.hex + 2 * HEX_SIZE;
        f.reason[0] = 0;
        *ret = (ProofRow){.is_shown = ref->is_shown};
        switch (ref->kind) {
        case ROW_CHAIN:
                fill_chain(&f, ref->index);
                break;
        case ROW_GAP:
                fill_gap(&f, ref->index);
                break;
        case ROW_LOST:
                fill_lost(&f, ref->index);
                break;
        case ROW_DIGEST:
                fill_digest(&f, ref->index);
                break;
        case ROW_LOG:
                fill_log(&f, ref->index);
                break;
        case ROW_EXTRA:
                fill_extra(&f, ref->index);
                break;
        case ROW_SIGN:
                fill_sign(&f, ref->index);
                break;
        default:
                fill_result(&f, ref->index);
                break;
        }
        ret->reason = slice(f.reason, f.n_reason);
        return 0;
}

/* ---- sums ---- */

static void count(Proof *proof, Verdict verdict, Reason why) {
        if (verdict_is_unsound(verdict, why))
                proof->counts.n_unsound++;
        else if (verdict == VERDICT_SOUND)
                proof->counts.n_sound++;
        else if (verdict == VERDICT_UNPROVEN)
                proof->counts.n_unproven++;
        else
                proof->counts.n_not_covered++;
}

static void count_in_chain(
                Proof *proof, uint32_t number, bool is_log, Verdict verdict, Reason why) {
        Chain *chain = number == PROOF_NONE ? NULL : &proof->chains.data[number];

        count(proof, verdict, why);
        if (!chain)
                return;
        chain->is_unsound |= verdict_is_unsound(verdict, why);
        if (!is_log)
                return;
        chain->n_sound += verdict == VERDICT_SOUND;
        chain->n_altered += verdict == VERDICT_ALTERED;
        chain->n_missing += verdict == VERDICT_MISSING;
        chain->n_unlisted += verdict == VERDICT_UNLISTED;
        chain->n_unproven += verdict == VERDICT_UNPROVEN;
        chain->n_not_covered += verdict == VERDICT_NOT_COVERED;
}

static int add_row(Proof *proof, RowKind kind, size_t index, bool is_shown) {
        int r = index < PROOF_NONE ? vec_reserve(&proof->rows, 1) : -EOVERFLOW;

        if (r == 0)
                proof->rows.data[proof->rows.size++] =
                                (RowRef){(uint32_t)index, (uint8_t)kind, is_shown};
        return r;
}

static int add_digest_rows(Proof *proof) {
        int r = 0;

        for (size_t i = 0; i < proof->losts.size && r == 0; i++) {
                const Lost *lost = &proof->losts.data[i];

                count_in_chain(proof, proof->digests.data[lost->named_by].chain, false,
                                lost->verdict, lost->reason);
                r = add_row(proof, ROW_LOST, i, true);
        }
        for (size_t i = 0; i < proof->gaps.size && r == 0; i++) {
                proof->chains.data[proof->gaps.data[i].chain].is_unsound = true;
                proof->counts.n_gaps++;
                r = add_row(proof, ROW_GAP, i, true);
        }
        for (size_t i = 0; i < proof->digests.size && r == 0; i++) {
                const Digest *d = &proof->digests.data[i];

                if (d->is_told)
                        continue;
                if (d->copy_of == PROOF_NONE)
                        count_in_chain(proof, d->chain, false, d->verdict, d->reason);
                r = add_row(proof, ROW_DIGEST, i,
                                d->verdict != VERDICT_SOUND && d->copy_of == PROOF_NONE);
        }
        return r;
}

static int add_log_rows(Proof *proof) {
        int r = 0;

        for (size_t i = 0; i < proof->entries.size && r == 0; i++) {
                const Entry *entry = &proof->entries.data[i];
                const Digest *d = &proof->digests.data[entry->digest];

                if (entry->is_shadow)
                        continue;
                if (d->chain != PROOF_NONE)
                        proof->chains.data[d->chain].n_logs++;
                count_in_chain(proof, d->chain, true, entry->verdict, entry->reason);
                r = add_row(proof, ROW_LOG, i,
                                entry->verdict != VERDICT_SOUND &&
                                                entry->reason != WHY_DIGEST_UNPROVEN);
        }
        for (size_t i = 0; i < proof->extras.size && r == 0; i++) {
                const Extra *extra = &proof->extras.data[i];
                bool is_unsound = verdict_is_unsound(extra->verdict, extra->reason);

                if (extra->reason != WHY_COPY)
                        count_in_chain(proof, extra->chain, true, extra->verdict, extra->reason);
                r = add_row(proof, ROW_EXTRA, i, is_unsound && extra->reason != WHY_COPY);
        }
        return r;
}

static int add_sign_rows(Proof *proof) {
        int r = 0;

        for (size_t i = 0; i < proof->signs.size && r == 0; i++) {
                const Sign *sign = &proof->signs.data[i];

                count(proof, sign->verdict, sign->reason);
                r = add_row(proof, ROW_SIGN, i, true);
        }
        for (size_t i = 0; i < proof->results.size && r == 0; i++) {
                const Result *result = &proof->results.data[i];

                count(proof, result->verdict, result->reason);
                r = add_row(proof, ROW_RESULT, i,
                                result->verdict != VERDICT_SOUND &&
                                                result->reason != WHY_DIGEST_UNPROVEN);
        }
        return r;
}

/* ---- order ---- */

static Slice order_name(const Proof *proof, const RowRef *ref) {
        switch (ref->kind) {
        case ROW_LOST:
                return proof->digests.data[proof->losts.data[ref->index].named_by].previous_object;
        case ROW_DIGEST:
                return file_name(&proof->files.data[proof->digests.data[ref->index].file]);
        case ROW_LOG:
                return entry_base(&proof->entries.data[ref->index]);
        case ROW_EXTRA:
                return file_name(&proof->files.data[proof->extras.data[ref->index].file]);
        default:
                return (Slice){NULL, 0};
        }
}

static int compare_rows(const void *ctx, const SortKey *x, const SortKey *y) {
        const Proof *proof = ctx;
        const RowRef *a = &proof->rows.data[x->index], *b = &proof->rows.data[y->index];
        int r = (a->kind > b->kind) - (a->kind < b->kind);

        if (r == 0)
                r = slice_compare(order_name(proof, a), order_name(proof, b));
        return r ? r : (a->index > b->index) - (a->index < b->index);
}

static uint64_t in_order(int64_t time) {
        return (uint64_t)time ^ (UINT64_C(1) << 63);
}

enum { PHASE_CHAINS, PHASE_FOUND, PHASE_SIGNS };

static SortKey key_of(const Proof *proof, size_t i) {
        const RowRef *ref = &proof->rows.data[i];
        uint64_t phase = PHASE_FOUND, chain = PROOF_NONE;
        int64_t time = 0;

        switch (ref->kind) {
        case ROW_CHAIN:
                phase = PHASE_CHAINS;
                chain = ref->index;
                break;
        case ROW_GAP:
                chain = proof->gaps.data[ref->index].chain;
                time = proof->gaps.data[ref->index].start;
                break;
        case ROW_LOST: {
                const Lost *lost = &proof->losts.data[ref->index];

                chain = proof->digests.data[lost->named_by].chain;
                time = lost->has_start ? lost->start : lost->end;
                break;
        }
        case ROW_DIGEST:
                chain = proof->digests.data[ref->index].chain;
                time = proof->digests.data[ref->index].start;
                break;
        case ROW_LOG: {
                const Digest *d = &proof->digests.data[proof->entries.data[ref->index].digest];

                chain = d->chain;
                time = d->start;
                break;
        }
        case ROW_EXTRA:
                chain = proof->extras.data[ref->index].chain;
                time = proof->extras.data[ref->index].time;
                break;
        case ROW_SIGN:
                phase = PHASE_SIGNS;
                chain = ref->index;
                break;
        default:
                phase = PHASE_SIGNS;
                chain = proof->results.data[ref->index].sign;
                break;
        }
        return (SortKey){phase << 32 | chain, in_order(time), 0, (uint32_t)i};
}

static int sort_rows(Proof *proof) {
        SortOrder order = {compare_rows, proof};
        size_t n = proof->rows.size;
        SortKey *keys = vec_alloc(n, sizeof(*keys));
        RowRef *sorted = vec_alloc(n, sizeof(*sorted));
        int r = keys && sorted && n < PROOF_NONE ? 0 : -ENOMEM;

        for (size_t i = 0; i < n && r == 0; i++)
                keys[i] = key_of(proof, i);
        if (r == 0)
                r = sort_keys(keys, n, &order, proof->n_workers);
        for (size_t i = 0; i < n && r == 0; i++)
                sorted[i] = proof->rows.data[keys[i].index];
        free(keys);
        if (r) {
                free(sorted);
                return r;
        }
        vec_deinit(&proof->rows);
        proof->rows.data = sorted;
        proof->rows.size = proof->rows.cap = n;
        return 0;
}

int rows_make(Proof *proof) {
        int r = 0;

        for (size_t i = 0; i < proof->chains.size && r == 0; i++)
                r = add_row(proof, ROW_CHAIN, i, true);
        if (r == 0)
                r = add_digest_rows(proof);
        if (r == 0)
                r = add_log_rows(proof);
        if (r == 0)
                r = add_sign_rows(proof);
        return r ? r : sort_rows(proof);
}
