/*
 * A small trail written here, judged whole; then again while there is no memory. What is found in
 * larger ones, and with keys, testdata/verify.py tells.
 */
#include "base/test-help.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "base/test-oom.h"
#include "proof/proof.h"

#define N_HOURS 3

typedef struct Trail {
        char dir[64];
        char *paths[16];
        size_t n_paths;
} Trail;

static void write_file(Trail *trail, const char *name, const char *content) {
        char *path;
        FILE *file;

        assert_true(asprintf(&path, "%s/%s", trail->dir, name) > 0);
        trail->paths[trail->n_paths++] = path;
        file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(content, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static void hash_text(const char *text, char hex[static SHA256_HEX_SIZE + 1]) {
        uint8_t hash[SHA256_SIZE];
        Sha256 sha;

        assert_int_equal(sha256_init(&sha), 0);
        assert_int_equal(sha256_begin(&sha), 0);
        assert_int_equal(sha256_update(&sha, text, strlen(text)), 0);
        assert_int_equal(sha256_final(&sha, hash), 0);
        sha256_deinit(&sha);
        sha256_format(hash, hex);
}

#define DIGEST "1_CloudTrail-Digest_us-east-1_t_us-east-1_20260108T0%d0000Z.json.gz"
#define LOG "1_CloudTrail_us-east-1_20260108T0%d10Z_AAAA.json.gz"

/* Three hours, a log each; that of the second is not what its digest says. */
static int make_trail(void **state) {
        static Trail trail;
        char text[4096], log[256], name[256], hash[SHA256_HEX_SIZE + 1], previous[1024] = "";

        trail = (Trail){.dir = "/tmp/spoor-proof-XXXXXX"};
        assert_non_null(mkdtemp(trail.dir));
        for (int hour = 0; hour < N_HOURS; hour++) {
                snprintf(log, sizeof(log), "{\"Records\":[%d]}", hour);
                hash_text(log, hash);
                snprintf(name, sizeof(name), LOG, hour);
                write_file(&trail, name, hour == 1 ? "{\"Records\":[7]}" : log);
                snprintf(text, sizeof(text),
                                "{\"awsAccountId\":\"1\",\"digestStartTime\":\"2026-01-08T0%d:00:"
                                "00Z\",\"digestEndTime\":\"2026-01-08T0%d:00:00Z\","
                                "\"digestS3Bucket\":\"b\",\"digestS3Object\":\"" DIGEST
                                "\",\"digestPublicKeyFingerprint\":\"f\","
                                "\"digestSignatureAlgorithm\":\"SHA256withRSA\",%s\"logFiles\":[{"
                                "\"s3Bucket\":\"b\",\"s3Object\":\"%s\",\"hashValue\":\"%s\","
                                "\"hashAlgorithm\":\"SHA-256\"}]}",
                                hour, hour + 1, hour + 1,
                                hour ? previous
                                     : "\"previousDigestS3Bucket\":null,\"previousDigestS3Object\":"
                                       "null,\"previousDigestHashValue\":null,"
                                       "\"previousDigestHashAlgorithm\":null,"
                                       "\"previousDigestSignature\":null,",
                                name, hash);
                hash_text(text, hash);
                snprintf(name, sizeof(name), DIGEST, hour + 1);
                write_file(&trail, name, text);
                snprintf(previous, sizeof(previous),
                                "\"previousDigestS3Bucket\":\"b\",\"previousDigestS3Object\":\"%s\""
                                ",\"previousDigestHashValue\":\"%s\","
                                "\"previousDigestHashAlgorithm\":\"SHA-256\","
                                "\"previousDigestSignature\":\"00\",",
                                name, hash);
        }
        write_file(&trail, "1_CloudTrail_us-east-1_20260108T0120Z_BBBB.json.gz",
                        "{\"Records\":[]}");
        *state = &trail;
        return 0;
}

static int remove_trail(void **state) {
        Trail *trail = *state;

        for (size_t i = 0; i < trail->n_paths; i++) {
                unlink(trail->paths[i]);
                free(trail->paths[i]);
        }
        return rmdir(trail->dir);
}

static int judge(const Trail *trail, unsigned n_threads, Proof **ret) {
        ProofOptions options = {.n_threads = n_threads,
                        .max_depth = 64,
                        .max_nesting = 8,
                        .max_digest_bytes = 1U << 20};
        const char *sources[] = {trail->dir};
        char reason[512];

        return proof_new(&options, sources, 1, ret, reason);
}

static bool is_row(const ProofRow *row, const char *kind, const char *verdict, const char *name) {
        return strcmp(row->kind, kind) == 0 && strcmp(row->verdict, verdict) == 0 &&
               slice_equal(row->name, slice_cstr(name));
}

static void test_rows(void **state) {
        static const char *const wanted[][3] = {
                        {"chain", "unsound", "1 us-east-1 t"},
                        {"digest", "sound",
                                        "1_CloudTrail-Digest_us-east-1_t_us-east-1_"
                                        "20260108T010000Z."
                                        "json.gz"},
                        {"log", "sound", "1_CloudTrail_us-east-1_20260108T0010Z_AAAA.json.gz"},
                        {"digest", "sound",
                                        "1_CloudTrail-Digest_us-east-1_t_us-east-1_"
                                        "20260108T020000Z."
                                        "json.gz"},
                        {"log", "altered", "1_CloudTrail_us-east-1_20260108T0110Z_AAAA.json.gz"},
                        {"log", "unlisted", "1_CloudTrail_us-east-1_20260108T0120Z_BBBB.json.gz"},
                        {"digest", "unproven",
                                        "1_CloudTrail-Digest_us-east-1_t_us-east-1_"
                                        "20260108T030000Z."
                                        "json.gz"},
                        {"log", "unproven", "1_CloudTrail_us-east-1_20260108T0210Z_AAAA.json.gz"},
        };
        static const unsigned threads[] = {1, 2, 9};

        for (size_t t = 0; t < N_ELEMENTS(threads); t++) {
                ProofScratch scratch = {0};
                ProofCounts counts;
                ProofRow row;
                Proof *proof;

                assert_int_equal(judge(*state, threads[t], &proof), 0);
                assert_int_equal(proof_n_rows(proof), N_ELEMENTS(wanted));
                for (size_t i = 0; i < N_ELEMENTS(wanted); i++) {
                        assert_int_equal(proof_row(proof, i, &scratch, &row), 0);
                        assert_true(is_row(&row, wanted[i][0], wanted[i][1], wanted[i][2]));
                        assert_true(row.reason.size > 0);
                }
                proof_counts(proof, &counts);
                assert_int_equal(counts.n_files, 7);
                assert_int_equal(counts.n_digests, 3);
                assert_int_equal(counts.n_sound, 3);
                assert_int_equal(counts.n_unsound, 2);
                assert_int_equal(counts.n_unproven, 2);
                assert_int_equal(counts.n_damaged, 0);
                vec_deinit(&scratch.text);
                proof_free(proof);
        }
}

static void test_limits(void **state) {
        const char *nothing[] = {"/dev/null"}, *nowhere[] = {"/nowhere"};
        ProofOptions options = {
                        .n_threads = 1, .max_depth = 64, .max_nesting = 8, .max_digest_bytes = 300};
        const char *sources[] = {((Trail *)*state)->dir};
        ProofCounts counts;
        char reason[512];
        Proof *proof;

        assert_int_equal(proof_new(&options, nothing, 1, &proof, reason), PROOF_NO_DIGEST);
        assert_true(strlen(reason) > 0);
        assert_int_equal(proof_new(&options, nowhere, 1, &proof, reason), -ENOENT);
        assert_non_null(strstr(reason, "/nowhere"));
        /* digests that are too large are named, not passed over */
        assert_int_equal(proof_new(&options, sources, 1, &proof, reason), 0);
        proof_counts(proof, &counts);
        assert_int_equal(counts.n_digests, 3);
        assert_int_equal(counts.n_unsound, 3);
        proof_free(proof);
}

static int run(void *ctx) {
        ProofScratch scratch = {0};
        Proof *proof;
        ProofRow row;
        int r = judge(ctx, 1, &proof);

        if (r)
                return r;
        for (size_t i = 0; i < proof_n_rows(proof) && r == 0; i++)
                r = proof_row(proof, i, &scratch, &row);
        vec_deinit(&scratch.text);
        proof_free(proof);
        return r;
}

static void test_memory(void **state) {
        oom_each(run, *state, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_rows),
                        cmocka_unit_test(test_limits),
                        cmocka_unit_test(test_memory),
        };

        return cmocka_run_group_tests_name("proof", tests, make_trail, remove_trail);
}
