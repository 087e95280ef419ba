/*
 * What the parts of proof share.
 *
 *     gather.c   evidence -> files with their SHA-256; digests; sign files
 *     chain.c    digests -> chains: who names whom, signatures, gaps
 *     judge.c    logs, results and what is left over, against the digests
 *     rows.c     verdicts -> rows, in order
 *     names.c    S3 keys and names of files
 *     keys.c     public keys
 */
#ifndef PROOF_PRIVATE_H
#define PROOF_PRIVATE_H

#include "base/rsa.h"
#include "base/sort.h"
#include "io/io.h"
#include "proof/digest.h"
#include "proof/proof.h"

/* ---- verdicts ---- */

typedef enum Verdict {
        VERDICT_SOUND,
        VERDICT_ALTERED,
        VERDICT_MISSING,
        VERDICT_UNLISTED,
        VERDICT_UNPROVEN,
        VERDICT_NOT_COVERED,
        VERDICT_MALFORMED,
        VERDICT_GAP,
        VERDICT_RESTARTED,
        VERDICT_UNSOUND,
} Verdict;

typedef enum Reason {
        WHY_NONE,
        /* digests */
        WHY_HASH_NAMED,       /* its successor names this SHA-256 */
        WHY_SIGNED,           /* and its signature is sound */
        WHY_SIGNED_NOT_NAMED, /* signature sound, but the successor names another SHA-256 */
        WHY_HASH_DIFFERS,
        WHY_SIGNATURE_WRONG,
        WHY_HASH_UNKNOWN, /* the successor names no SHA-256 */
        WHY_NEWEST,
        WHY_SUCCESSOR_MISSING,
        WHY_BEFORE_RESTART,
        WHY_NOT_IN_CHAIN,
        WHY_NO_KEY,
        WHY_NO_SIGNATURE, /* the successor holds none */
        WHY_ALGORITHM,    /* signed by one that is not known */
        WHY_MALFORMED,
        WHY_COPY,
        WHY_LOST,         /* named, and not here */
        WHY_LOST_ALTERED, /* named; a file of that name is no digest any more */
        WHY_LOST_UNREAD,  /* named; the file has the SHA-256, but could not be read as a digest */
        /* gaps */
        WHY_GAP_DELETED,
        WHY_GAP_UNCOVERED,
        WHY_GAP_RESTARTED,
        /* logs */
        WHY_MATCHES,
        WHY_DIFFERS,
        WHY_DIFFERS_COPY, /* another copy is sound */
        WHY_ABSENT,
        WHY_UNREAD, /* there is a file of its name, of which nothing could be read */
        WHY_NO_HASH,
        WHY_DIGEST_UNPROVEN,
        WHY_DIGEST_UNSOUND,
        WHY_UNLISTED,
        WHY_OUTSIDE,   /* of what the digests cover */
        WHY_NEAR_END,  /* the next digest may list it */
        WHY_ELSEWHERE, /* another trail's directory */
        WHY_NO_CHAIN,  /* no digest of its account and region */
        WHY_NO_NAME,   /* its name does not say when it was delivered */
        /* sign files and results */
        WHY_SIGN_UNCHECKED,
        WHY_SIGN_SOUND,
        WHY_SIGN_WRONG,
        WHY_RESULT_UNPACKED,
} Reason;

typedef enum Signature {
        SIGNATURE_NONE, /* there is nothing to say */
        SIGNATURE_SOUND,
        SIGNATURE_WRONG,
        SIGNATURE_UNPROVEN,
        SIGNATURE_NOT_CHECKED,
} Signature;

typedef enum Matched { MATCHED_NONE, MATCHED_NAME, MATCHED_PATH, MATCHED_OBJECT } Matched;

/* Never negative, and never beyond what an int64_t holds: times come from the evidence. */
static inline int64_t time_between(int64_t from, int64_t to) {
        uint64_t n = to > from ? (uint64_t)to - (uint64_t)from : 0;

        return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

static inline bool verdict_is_unsound(Verdict verdict, Reason why) {
        switch (verdict) {
        case VERDICT_SOUND:
        case VERDICT_NOT_COVERED:
                return false;
        case VERDICT_UNPROVEN: /* not what nobody could prove offline */
                return why == WHY_NO_KEY || why == WHY_NO_SIGNATURE || why == WHY_ALGORITHM ||
                       why == WHY_HASH_UNKNOWN || why == WHY_NO_HASH || why == WHY_DIGEST_UNSOUND ||
                       why == WHY_RESULT_UNPACKED;
        default:
                return true;
        }
}

/* ---- files ---- */

enum {
        FILE_DIGEST = 1 << 0,  /* a digest that has its place, or a sign file, by its content */
        FILE_LOG = 1 << 1,     /* begins as a log does */
        FILE_DAMAGED = 1 << 2, /* not all of it could be read */
        FILE_UNREAD = 1 << 3,  /* nothing of it: there is no hash */
        FILE_CLAIMED = 1 << 4, /* a verdict names it */
        FILE_SOUND = 1 << 5,   /* and it is the right one */
        FILE_PACKED = 1 << 6,  /* the hash is of the packed file */
        FILE_DONE = 1 << 7,    /* the first of those that are alike: all of them have a verdict */
};

typedef struct File {
        const char *name;
        uint32_t n_name;
        uint32_t flags;
        uint32_t listed; /* place in the list of files */
        uint32_t leaf;   /* which content of that, in order */
        uint8_t hash[SHA256_SIZE];
} File;

static inline Slice file_name(const File *file) {
        return slice(file->name, file->n_name);
}

/* By a hash of something: keys sorted by it. */
typedef struct Index {
        SortKey *keys;
        size_t n;
} Index;

/* Some of them, one behind another. */
typedef struct Range {
        size_t at, end;
} Range;

int index_new(Index *index, size_t n, uint64_t (*hash)(const void *ctx, size_t i), const void *ctx,
                unsigned n_threads);
/* Of those I for which KEY does not return 0, in ORDER, whose ctx is what KEY gets too. */
int index_new_ordered(Index *index, size_t n, int (*key)(const void *ctx, size_t i, SortKey *ret),
                const SortOrder *order, unsigned n_threads);
void index_deinit(Index *index);
/* How KEY stands to WHAT, in the order of the index: <0, 0, >0. */
typedef int (*IndexCompare)(const void *what, const SortKey *key);
/* Those of RANGE that are WHAT; where there is none, it is empty and stands where they would. */
Range index_range(const Index *index, Range range, IndexCompare compare, const void *what);
/* The first key under HASH; *ret_end is behind the last. */
size_t index_find(const Index *index, uint64_t hash, size_t *ret_end);
bool index_has(const Index *index, uint64_t hash);

/* ---- names ---- */

/* Behind the last slash, or the '!' before a member; without the number of a repeated member. */
Slice name_base(Slice name);
/* The same without .gz and its like, under which a copy may have been packed or unpacked. */
Slice name_stem(Slice base);
/* What stands before the last part, without the separator. */
Slice name_dir(Slice name);
/* Folders in order of their last part, then of the one before it. */
int name_compare_dirs(Slice a, Slice b);
/* How well a file's NAME fits the key WHERE + BASE, whose base it has. */
Matched name_match(Slice name, Slice dir);
/* Without the last part, and without YYYY/MM/DD before that. */
Slice name_trail_dir(Slice name);

typedef struct LogName {
        Slice account, type, region; /* type: "CloudTrail" and so on */
        int64_t delivered;
} LogName;

/* False where BASE is not named as CloudTrail names log files. */
bool name_parse_log(Slice base, LogName *ret);

typedef struct DigestName {
        Slice account, region, trail, home, organization;
        bool is_backfill;
} DigestName;

bool name_parse_digest(Slice object, DigestName *ret);

/* ---- keys ---- */

typedef struct PublicKey {
        Slice fingerprint;
        RsaKey *key;
        int64_t from, to;
} PublicKey;

typedef struct Keys {
        Arena arena;
        VEC(PublicKey) list;
} Keys;

int keys_read(const char *path, DigestParser *parser, Keys *ret_keys, char reason[static 512]);
void keys_deinit(Keys *keys);
/*
 * SIGNATURE (hex) of TEXT by the key with FINGERPRINT: SIGNATURE_SOUND, _WRONG, or _UNPROVEN where
 * there is no such key; negative -errno.
 */
int keys_check(const Keys *keys, Slice fingerprint, Slice text, Slice signature);
/* Was a key with FINGERPRINT in use at TIME, by what the list says? */
bool keys_were_valid(const Keys *keys, Slice fingerprint, int64_t time);

/* ---- chains ---- */

typedef struct Chain {
        Slice key; /* that orders chains; its parts behind one another */
        DigestName name;
        Slice account;
        uint32_t first, n; /* of by_time */
        int64_t start, end;
        bool begins_inside; /* the digest before the first is not here */
        uint64_t n_logs, n_sound, n_altered, n_missing, n_unlisted, n_unproven, n_not_covered;
        uint64_t n_signed; /* digests whose signature is sound */
        bool is_unsound;
} Chain;

/* A digest that another names and that is not here, or not as one. */
typedef struct Lost {
        uint32_t named_by;
        uint32_t file;   /* or PROOF_NONE */
        uint32_t broken; /* the digest that cannot be read in that file, or PROOF_NONE */
        int64_t start, end;
        bool has_start; /* one stands before it in the chain */
        uint8_t verdict, reason, matched;
} Lost;

typedef struct Gap {
        uint32_t chain;
        uint32_t before; /* the digest behind it */
        int64_t start, end;
        uint8_t verdict, reason;
} Gap;

/* A digest S says what its predecessor D was. */
typedef struct Link {
        uint32_t from, to; /* S, D */
        bool is_named;     /* S holds a SHA-256 */
        bool is_equal;
        int8_t signature;
} Link;

/* A further file that a verdict names, or one that no digest lists. */
typedef struct Extra {
        uint32_t file;
        uint32_t entry; /* or PROOF_NONE */
        uint32_t chain; /* or PROOF_NONE */
        int64_t time;
        uint8_t verdict, reason, matched;
} Extra;

typedef enum RowKind {
        ROW_CHAIN,
        ROW_GAP,
        ROW_LOST,
        ROW_DIGEST,
        ROW_LOG,
        ROW_EXTRA,
        ROW_SIGN,
        ROW_RESULT,
} RowKind;

typedef struct RowRef {
        uint32_t index;
        uint8_t kind;
        bool is_shown;
} RowRef;

typedef struct Damage {
        Slice file, reason;
        uint64_t offset;
        uint32_t listed; /* of the file; PROOF_NONE: met by the walk */
} Damage;

struct Proof {
        ProofOptions options;
        ProofCounts counts;
        IoFileList *list;   /* names of files that are no members stand there */
        Findings *findings; /* of each worker */
        Arena *arenas;      /* names of members; of each worker */
        unsigned n_workers;
        Arena arena;
        Keys keys;
        bool has_keys;

        VEC(File) files;
        VEC(Damage) damages;
        VEC(Digest) digests;
        VEC(Entry) entries;
        VEC(Sign) signs;
        VEC(Result) results;
        Index all, rest; /* files by name: match.c */

        VEC(Chain) chains;
        uint32_t *by_time; /* digests that have a chain, chain by chain */
        size_t n_by_time;
        Intern chain_keys;
        VEC(Link) links;
        VEC(Lost) losts;
        VEC(Gap) gaps;
        VEC(Extra) extras;

        VEC(RowRef) rows;
};

static inline Slice entry_bucket(const Entry *entry) {
        return slice(entry->where, entry->n_bucket);
}

/* The key's directory, with its slash, or empty. */
static inline Slice entry_dir(const Entry *entry) {
        return slice(entry->where + entry->n_bucket + 1, entry->n_where - entry->n_bucket - 1);
}

static inline Slice entry_base(const Entry *entry) {
        return slice(entry->base, entry->n_base);
}

/* gather.c */
int gather(Proof *proof, const char *const *sources, size_t n_sources, char reason[static 512]);
/* The results that the sign files name: the SHA-256 of those is of the packed file. */
int gather_results(Proof *proof);

/* chain.c */
int chains_judge(Proof *proof);

/* missing.c: the digests that are not here, once there is the index of all files. */
int chains_find_missing(Proof *proof);

/* match.c */
int match_make_all(Proof *proof);
/* Of what is not FILE_SOUND; WANTED: hashes of names, or NULL. */
int match_make_rest(Proof *proof, const Index *wanted);
Range match_equal(const Proof *proof, Slice stem, const uint8_t *hash); /* of all */
Range match_rest(const Proof *proof, Slice stem, bool is_unread);
/* The file of RANGE whose folders fit DIR best, or PROOF_NONE where it is empty. */
uint32_t match_nearest(const Proof *proof, const Index *index, Range range, Slice dir,
                Matched *ret_matched);
/* Of the rest: one that could be read before one that could not. */
uint32_t match_best_rest(const Proof *proof, Slice dir, Slice stem, Matched *ret_matched);

/*
 * judge.c, lake.c: first what has the right SHA-256, by the index of all files; then, by that of
 * the rest, what has not.
 */
int logs_find_sound(Proof *proof);
int logs_judge(Proof *proof);
int signs_judge(Proof *proof);
void results_judge(Proof *proof);

/* leftover.c */
int leftovers_judge(Proof *proof);

/* rows.c */
int rows_make(Proof *proof);

#endif
