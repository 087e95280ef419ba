/*
 * verify: proof's findings behind the public interface. Case files are followed to the evidence
 * they were made from: its bytes are what is proven, and a case file does not hold them.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/vec.h"
#include "engine/engine.h"
#include "proof/proof.h"

#define DIGEST_BYTES (UINT64_C(64) << 20)

struct SpoorProof {
        Proof *proof;
        bool has_keys;
};

static const char *const columns[] = {"kind", "verdict", "reason", "name", "file", "s3Bucket",
                "s3Object", "matched", "digest", "signature", "awsAccountId", "region", "trail",
                "startTime", "endTime", "hashValue", "sha256", "digests", "logFiles", "sound",
                "altered", "missing", "unlisted", "unproven", "notCovered"};

#define N_COLUMNS (sizeof(columns) / sizeof(*columns))

const char *spoor_verify_column(size_t i) {
        return i < N_COLUMNS ? columns[i] : NULL;
}

/* ---- sources ---- */

typedef struct Roots {
        VEC(char *) paths;
} Roots;

static void roots_deinit(Roots *roots) {
        for (size_t i = 0; i < roots->paths.size; i++)
                free(roots->paths.data[i]);
        vec_deinit(&roots->paths);
}

static int add_path(Roots *roots, Slice path) {
        char *copy = strndup(path.data, path.size);

        if (!copy || vec_reserve(&roots->paths, 1) < 0) {
                free(copy);
                return -ENOMEM;
        }
        roots->paths.data[roots->paths.size++] = copy;
        return 0;
}

/* The root by the name it was given, where that still leads to it: names in the answer are short.
 */
static int add_root(Roots *roots, Slice name, Slice path, SpoorError *error) {
        struct stat st;
        char *real;
        int r = add_path(roots, path);

        if (r)
                return engine_fail(error, r, "%s", strerror(-r));
        if (slice_equal(name, SLICE_LITERAL("-")))
                return engine_fail(error, SPOOR_E_EVIDENCE,
                                "the case file was made from standard input, which cannot be read "
                                "a second time; name the evidence itself");
        if (stat(roots->paths.data[roots->paths.size - 1], &st) < 0)
                return engine_fail(error, SPOOR_E_EVIDENCE,
                                "%.*s: %s; verify needs the evidence that a case file was made "
                                "from: --evidence DIR says where it is now",
                                (int)path.size, path.data, strerror(errno));
        r = add_path(roots, name);
        if (r)
                return engine_fail(error, r, "%s", strerror(-r));
        real = realpath(roots->paths.data[roots->paths.size - 1], NULL);
        if (real && slice_equal(slice_cstr(real), path)) {
                free(roots->paths.data[roots->paths.size - 2]);
                roots->paths.data[roots->paths.size - 2] = roots->paths.data[roots->paths.size - 1];
        } else {
                free(roots->paths.data[roots->paths.size - 1]);
        }
        roots->paths.size--;
        free(real);
        return 0;
}

static int add_case(Roots *roots, Store *store, const char *evidence, SpoorError *error) {
        uint32_t n = store_n_roots(store);
        int r = 0;

        if (evidence) {
                r = add_path(roots, slice_cstr(evidence));
                return r ? engine_fail(error, r, "%s", strerror(-r)) : 0;
        }
        for (uint32_t i = 0; i < n && r == 0; i++) {
                Slice name, path;

                store_root(store, i, &name, &path);
                r = engine_check_store(store, SPOOR_E_CORRUPT, error);
                if (r == 0)
                        r = add_root(roots, name, path, error);
        }
        return r;
}

static int find_roots(const SpoorOptions *options, const char *evidence, const char *const *sources,
                size_t n_sources, Roots *roots, SpoorError *error) {
        Sources sorted = {0};
        int r = engine_sources_sort(options, sources, n_sources, &sorted, error);

        for (size_t i = 0; i < sorted.n_raw && r == 0; i++) {
                r = add_path(roots, slice_cstr(sorted.raw[i]));
                if (r)
                        engine_fail(error, r, "%s", strerror(-r));
        }
        for (size_t i = 0; i < sorted.n_cases && r == 0; i++)
                r = add_case(roots, sorted.cases[i], evidence, error);
        engine_sources_deinit(&sorted);
        return r;
}

/* ---- the proof ---- */

static void on_progress(void *userdata, const ProofProgress *p) {
        SpoorProgress progress = {.phase = "hashing",
                        .n_files = p->n_files,
                        .n_files_all = p->n_files_all,
                        .n_bytes = p->n_bytes};

        engine_tell(userdata, &progress, false);
}

static int run(const SpoorOptions *options, const SpoorVerify *question, const Roots *roots,
                Proof **ret_proof, SpoorError *error) {
        Telling telling;
        ProofOptions proof_options = {
                        .n_threads = options->n_threads,
                        .max_depth = options->max_depth,
                        .max_nesting = options->max_nesting,
                        .max_digest_bytes = options->max_record_bytes > DIGEST_BYTES
                                                            ? options->max_record_bytes
                                                            : DIGEST_BYTES,
                        .keys_path = question->public_keys,
                        .progress = options->progress ? on_progress : NULL,
                        .userdata = &telling,
        };
        char reason[512];
        int r;

        engine_telling_init(&telling, options);
        r = proof_new(&proof_options, (const char *const *)roots->paths.data, roots->paths.size,
                        ret_proof, reason);
        if (r == PROOF_NO_KEYS)
                return engine_fail(error, SPOOR_E_PUBLIC_KEYS, "%s: %s", question->public_keys,
                                reason);
        if (r == PROOF_NO_DIGEST)
                return engine_fail(error, SPOOR_E_NO_DIGEST, "nothing to verify by: %s", reason);
        return r ? engine_fail(error, r, "%s", reason[0] ? reason : strerror(-r)) : 0;
}

int spoor_verify(const SpoorOptions *given, const SpoorVerify *question, const char *const *sources,
                size_t n_sources, SpoorProof **ret_proof, SpoorError *error) {
        SpoorProof *proof = vec_alloc_zero(1, sizeof(*proof));
        SpoorOptions options;
        Roots roots = {0};
        int r;

        if (error)
                error->message[0] = 0;
        engine_options_fill(&options, given);
        if (!proof)
                return engine_fail(error, -ENOMEM, "%s", strerror(ENOMEM));
        if (n_sources == 0)
                r = engine_fail(error, -EINVAL, "no source given");
        else
                r = find_roots(&options, question->evidence, sources, n_sources, &roots, error);
        if (r == 0)
                r = run(&options, question, &roots, &proof->proof, error);
        roots_deinit(&roots);
        if (r) {
                free(proof);
                return r;
        }
        proof->has_keys = question->public_keys != NULL;
        *ret_proof = proof;
        return 0;
}

SpoorProof *spoor_proof_free(SpoorProof *proof) {
        if (proof) {
                proof_free(proof->proof);
                free(proof);
        }
        return NULL;
}

void spoor_proof_info(const SpoorProof *proof, SpoorProofInfo *ret) {
        ProofCounts counts;

        proof_counts(proof->proof, &counts);
        *ret = (SpoorProofInfo){
                        .n_files = counts.n_files,
                        .n_bytes = counts.n_bytes,
                        .n_digests = counts.n_digests,
                        .n_damaged = counts.n_damaged,
                        .n_sound = counts.n_sound,
                        .n_unsound = counts.n_unsound,
                        .n_unproven = counts.n_unproven,
                        .n_not_covered = counts.n_not_covered,
                        .n_gaps = counts.n_gaps,
                        .n_others = counts.n_others,
                        .are_signatures_checked = proof->has_keys,
        };
}

int spoor_proof_damaged(const SpoorProof *proof, uint64_t i, SpoorDiagnosis *ret) {
        ProofCounts counts;
        ProofDamage damage;

        proof_counts(proof->proof, &counts);
        if (i >= counts.n_damaged)
                return -EINVAL;
        damage = proof_damage(proof->proof, i);
        *ret = (SpoorDiagnosis){
                        engine_slice(damage.file), damage.offset, engine_slice(damage.reason)};
        return 0;
}

/* ---- rows ---- */

typedef struct ProofRows {
        SpoorRows rows;
        const Proof *proof;
        size_t at;
        bool all;
        ProofScratch scratch;
} ProofRows;

static SpoorCell word_cell(const char *word) {
        return engine_text_cell(slice_cstr(word));
}

static SpoorCell time_cell(bool has, int64_t time) {
        return has ? (SpoorCell){.type = SPOOR_CELL_TIME, .time = time}
                   : (SpoorCell){.type = SPOOR_CELL_NULL};
}

static SpoorCell count_cell(bool has, uint64_t count) {
        return has ? (SpoorCell){.type = SPOOR_CELL_COUNT, .count = count}
                   : (SpoorCell){.type = SPOOR_CELL_NULL};
}

static void fill(const ProofRow *row, SpoorCell *cell) {
        const uint64_t counts[] = {row->n_digests, row->n_logs, row->n_sound, row->n_altered,
                        row->n_missing, row->n_unlisted, row->n_unproven, row->n_not_covered};

        *cell++ = word_cell(row->kind);
        *cell++ = word_cell(row->verdict);
        *cell++ = engine_text_cell(row->reason);
        *cell++ = engine_text_cell(row->name);
        *cell++ = engine_text_cell(row->file);
        *cell++ = engine_text_cell(row->bucket);
        *cell++ = engine_text_cell(row->object);
        *cell++ = word_cell(row->matched);
        *cell++ = engine_text_cell(row->digest);
        *cell++ = word_cell(row->signature);
        *cell++ = engine_text_cell(row->account);
        *cell++ = engine_text_cell(row->region);
        *cell++ = engine_text_cell(row->trail);
        *cell++ = time_cell(row->has_start, row->start);
        *cell++ = time_cell(row->has_end, row->end);
        *cell++ = engine_text_cell(row->named);
        *cell++ = engine_text_cell(row->found);
        for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
                *cell++ = count_cell(row->has_counts, counts[i]);
}

static int next_row(SpoorRows *rows, SpoorError *error) {
        ProofRows *p = (ProofRows *)rows;
        ProofRow row;

        while (p->at < proof_n_rows(p->proof)) {
                int r = proof_row(p->proof, p->at++, &p->scratch, &row);

                if (r)
                        return engine_fail(error, r, "%s", strerror(-r));
                if (!row.is_shown && !p->all)
                        continue;
                fill(&row, rows->cells);
                return 0;
        }
        return SPOOR_END;
}

static void deinit_rows(SpoorRows *rows) {
        vec_deinit(&((ProofRows *)rows)->scratch.text);
}

int spoor_proof_rows(SpoorProof *proof, bool all, SpoorRows **ret_rows, SpoorError *error) {
        SpoorRows *rows;
        ProofRows *p;
        int r = engine_rows_new(NULL, sizeof(ProofRows), N_COLUMNS, &rows);

        if (r)
                return engine_fail(error, r, "%s", strerror(-r));
        for (size_t i = 0; i < N_COLUMNS; i++)
                rows->columns[i] = columns[i];
        rows->next = next_row;
        rows->deinit = deinit_rows;
        p = (ProofRows *)rows;
        p->proof = proof->proof;
        p->all = all;
        *ret_rows = rows;
        return 0;
}
