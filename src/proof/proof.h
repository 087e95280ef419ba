/*
 * proof: are the log files what CloudTrail delivered? Told from the evidence alone: digest files,
 * which name each log file with its SHA-256 and are chained by hash and signature; and the sign
 * files of CloudTrail Lake.
 *
 *     proof_new()    reads the evidence once, on all threads, and judges it
 *     proof_row()    what was found, file by file, in order of chain and time
 *
 * Return values: 0; negative -errno; positive ones are documented. A Proof is immutable and may be
 * read by many threads.
 */
#ifndef PROOF_PROOF_H
#define PROOF_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sha256.h"
#include "base/slice.h"
#include "base/vec.h"

typedef struct Proof Proof;

typedef struct ProofProgress {
        uint64_t n_files, n_files_all, n_bytes;
} ProofProgress;

typedef struct ProofOptions {
        unsigned n_threads;
        uint32_t max_depth, max_nesting;
        uint64_t max_digest_bytes; /* of unpacked content */
        const char *keys_path;     /* what list-public-keys prints; NULL: none */
        void (*progress)(void *userdata, const ProofProgress *progress); /* by any thread */
        void *userdata;
} ProofOptions;

enum {
        PROOF_NO_DIGEST = 1, /* there is nothing to prove anything by */
        PROOF_NO_KEYS = 2,   /* keys_path holds no public keys */
};

/* REASON says why it is not 0: one line, with room for 512 bytes. */
int proof_new(const ProofOptions *options, const char *const *sources, size_t n_sources,
                Proof **ret_proof, char reason[static 512]);
Proof *proof_free(Proof *proof);

typedef struct ProofCounts {
        uint64_t n_files;   /* read, members of archives each */
        uint64_t n_bytes;   /* of their unpacked content */
        uint64_t n_digests; /* and sign files, found */
        uint64_t n_damaged;
        uint64_t n_sound, n_unsound, n_unproven, n_not_covered; /* of digests, logs and results */
        uint64_t n_gaps;
        uint64_t n_others; /* files that are neither */
} ProofCounts;

void proof_counts(const Proof *proof, ProofCounts *ret);

typedef struct ProofDamage {
        Slice file;
        uint64_t offset;
        Slice reason;
} ProofDamage;

ProofDamage proof_damage(const Proof *proof, uint64_t i);

/* What is absent is NULL. Texts live as long as the proof, or until the next row with SCRATCH. */
typedef struct ProofRow {
        const char *kind;    /* chain gap digest log sign result */
        const char *verdict; /* sound altered missing unlisted unproven notCovered malformed gap
                                restarted unsound */
        Slice reason;
        Slice file, bucket, object, name; /* name: the last part of object, or of file */
        Slice digest;                     /* the object that names it */
        const char *matched;              /* object path name */
        const char *signature;            /* sound wrong unproven notChecked */
        Slice account, region, trail;
        bool has_start, has_end;
        int64_t start, end;
        Slice named, found; /* SHA-256 in hex */
        bool has_counts;    /* of a chain: */
        uint64_t n_digests, n_logs, n_sound, n_altered, n_missing, n_unlisted, n_unproven,
                        n_not_covered;
        bool is_shown; /* not only where everything is asked for */
} ProofRow;

typedef struct ProofScratch {
        VEC(char) text;
} ProofScratch;

size_t proof_n_rows(const Proof *proof);
int proof_row(const Proof *proof, size_t i, ProofScratch *scratch, ProofRow *ret);

#endif
