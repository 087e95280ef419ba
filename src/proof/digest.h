/*
 * Digest files, and the sign files of CloudTrail Lake: from content to what it says. Told by its
 * keys, never by a name.
 */
#ifndef PROOF_DIGEST_H
#define PROOF_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/intern.h"
#include "base/sha256.h"
#include "base/vec.h"

#define PROOF_NONE UINT32_MAX

typedef struct Digest {
        uint32_t file;
        uint8_t hash[SHA256_SIZE]; /* of its content */
        Slice account, bucket, object, end_text, fingerprint, algorithm;
        Slice previous_bucket, previous_object, previous_signature; /* NULL: null */
        uint8_t previous_hash[SHA256_SIZE];
        bool has_previous_hash;
        bool is_known;   /* bucket, object and times are: it has a place in a chain */
        Slice malformed; /* what is wrong with it; NULL: nothing */
        int64_t start, end;
        size_t first_entry, n_entries;

        /* what is found out about it */
        uint32_t chain;
        uint32_t successor; /* the digest that names it, or PROOF_NONE */
        uint32_t copy_of;   /* the digest whose bytes it repeats, or PROOF_NONE */
        uint8_t verdict, reason, signature;
        bool has_predecessor; /* the digest that it names is here */
        bool is_told;         /* by the row of the digest that it should be */
} Digest;

/* A log file that a digest names. */
typedef struct Entry {
        const char *where; /* bucket/directory/, interned */
        const char *base;  /* the rest of the object's key */
        uint32_t n_bucket, n_where, n_base;
        uint32_t digest;
        uint32_t file; /* that it was found in, or PROOF_NONE */
        uint8_t hash[SHA256_SIZE];
        bool has_hash;  /* by an algorithm that is known */
        bool is_shadow; /* another digest's entry for the object counts */
        uint8_t verdict, reason, matched;
} Entry;

/* The sign file of a query's results. */
typedef struct Sign {
        uint32_t file;
        Slice region, time_text, fingerprint, signature, malformed;
        int64_t time;
        bool has_time;
        size_t first_result, n_results;
        uint8_t verdict, reason, signature_state;
} Sign;

typedef struct Result {
        uint32_t sign;
        uint32_t file;
        Slice name;
        uint8_t hash[SHA256_SIZE], found[SHA256_SIZE];
        uint8_t verdict, reason, matched;
} Result;

/* What a thread has found; everything points into the arenas. */
typedef struct Findings {
        Arena arena;
        Intern texts;
        VEC(Digest) digests;
        VEC(Entry) entries;
        VEC(Sign) signs;
        VEC(Result) results;
} Findings;

void findings_deinit(Findings *findings);

typedef struct DigestParser DigestParser;

int digest_parser_new(uint32_t max_depth, uint64_t max_bytes, DigestParser **ret_parser);
DigestParser *digest_parser_free(DigestParser *parser);

/* Do the first bytes of some content hold a key of a digest or sign file? Rarely wrong. */
#define DIGEST_HEAD 4096
bool digest_is_likely(Slice head);
/* Do they begin as a log does? */
bool digest_is_log(Slice head);

enum {
        DIGEST_NONE = 0,
        DIGEST_FOUND = 1, /* one more digest or sign file in FINDINGS, its file not yet set */
};

/* CONTENT whole, with its HASH. DIGEST_FOUND or DIGEST_NONE, or -ENOMEM. */
int digest_parse(DigestParser *parser, Slice content, const uint8_t hash[static SHA256_SIZE],
                Findings *findings);

/*
 * One key of the output of list-public-keys; Slices live until the return. 0, or what ends the
 * reading.
 */
typedef int (*DigestKey)(void *userdata, Slice value, Slice fingerprint, Slice from, Slice to);

/* 0; 1 where CONTENT is no such output (REASON says why, to be copied); -ENOMEM; or what KEY
   returned. */
int digest_parse_keys(DigestParser *parser, Slice content, DigestKey key, void *userdata,
                Slice *ret_reason);

#endif
