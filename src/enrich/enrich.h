/*
 * enrich: what files that the analyst brings say of values in the evidence: where an address is,
 * whose it is, what is a known indicator. Nothing is asked of a network. The only user of
 * libmaxminddb.
 *
 *     Enrich        the files, read; immutable once they are, shared by all threads
 *     EnrichLookup  what was asked before is not looked up again; one for each thread
 *
 * Functions that read a file return 0, -errno, or ENRICH_MALFORMED; FAULT then holds a sentence
 * that names the file, the place in it and the reason.
 */
#ifndef ENRICH_ENRICH_H
#define ENRICH_ENRICH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

typedef struct Enrich Enrich;
typedef struct EnrichLookup EnrichLookup;

#define ENRICH_MALFORMED 1

typedef struct EnrichFault {
        char text[1024]; /* NUL-ended, one line */
} EnrichFault;

int enrich_new(Enrich **ret_enrich);
Enrich *enrich_free(Enrich *enrich);

/* A MaxMind DB. Where there are several, the first that knows a field of an address gives it. */
int enrich_add_geoip(Enrich *enrich, const char *path, EnrichFault *fault);
/* See indicators.c for what the lines are. */
int enrich_add_indicators(Enrich *enrich, const char *path, EnrichFault *fault);
/* ip-ranges.json, as AWS publishes it. */
int enrich_add_aws_ranges(Enrich *enrich, const char *path, EnrichFault *fault);
/* IAM's credential report of an account. */
int enrich_add_credential_report(Enrich *enrich, const char *path, EnrichFault *fault);

/* What is told of a value. */
typedef enum EnrichField {
        ENRICH_COUNTRY,   /* of an address: its code in ISO 3166 */
        ENRICH_AS,        /* of an address: "AS64500 Example Networks" */
        ENRICH_AWS,       /* of an address of AWS: its services and region, "EC2/S3 us-east-1" */
        ENRICH_INDICATOR, /* of any value: labels of the indicators that it is */
        ENRICH_N_FIELDS,
        ENRICH_N_TEXTS = ENRICH_INDICATOR, /* those before it are one text each */
} EnrichField;

/* Is there a file that may tell it? */
bool enrich_has(const Enrich *enrich, EnrichField field);

/* What a value is, as indicators know them. */
typedef enum EnrichKind {
        ENRICH_ADDRESS,
        ENRICH_KEY,
        ENRICH_AGENT,
        ENRICH_ARN,
        ENRICH_N_KINDS,
} EnrichKind;

typedef struct EnrichFacts {
        Slice texts[ENRICH_N_TEXTS]; /* data is NULL where nothing is known */
        const Slice *labels;         /* each once; of the narrowest indicator first */
        size_t n_labels;
} EnrichFacts;

/* ENRICH is borrowed. */
int enrich_lookup_new(const Enrich *enrich, EnrichLookup **ret_lookup);
EnrichLookup *enrich_lookup_free(EnrichLookup *lookup);

/*
 * What is known of TEXT, which is of KIND. Texts in *ret live as long as LOOKUP. 0, -ENOMEM, or
 * ENRICH_MALFORMED where a database is damaged in what it says of this address.
 */
int enrich_lookup(EnrichLookup *lookup, EnrichKind kind, Slice text, EnrichFacts *ret,
                EnrichFault *fault);

/* ---- the credential report ---- */

/* Texts are absent where the report has N/A, not_supported or no_information. */
typedef struct EnrichCredential {
        int64_t created;   /* the key, last rotated; the password, last changed */
        int64_t last_used; /* ns */
        bool has_created, has_last_used;
        bool exists, is_active;
        Slice region, service; /* of the last use; of keys */
} EnrichCredential;

enum {
        ENRICH_PASSWORD,
        ENRICH_KEY_1,
        ENRICH_KEY_2,
        ENRICH_N_CREDENTIALS,
};

typedef struct EnrichUser {
        Slice name, arn;
        int64_t created;
        bool has_created;
        bool has_mfa;
        EnrichCredential credentials[ENRICH_N_CREDENTIALS];
} EnrichUser;

size_t enrich_n_users(const Enrich *enrich);
/* In the order of the files. */
const EnrichUser *enrich_user(const Enrich *enrich, size_t i);

#endif
