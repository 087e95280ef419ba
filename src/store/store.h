/*
 * store: what was read, sealed.
 *
 *     Builder   one for each worker; takes files, events, notes while reading
 *     Store     sealed from builders, or mapped from a case file; immutable
 *
 * Reading a store. Accessors never fail: they check bounds and sums, and where a block is not what
 * was written they return an empty value and mark the store as faulty. Whoever hands out an answer
 * asks store_is_faulty() first, and hands out an error instead. Accessors may be called from
 * several threads.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/space.h"
#include "event/event.h"

#define STORE_NONE UINT32_MAX /* absent; also the most events, strings, files + 1 */

typedef struct Store Store;
typedef struct Builder Builder;

/* Dimensions: what can be selected and counted by index. In the order of SpoorDim. */
typedef enum StoreDim {
        STORE_DIM_KEY,
        STORE_DIM_IP,
        STORE_DIM_USER,
        STORE_DIM_EVENT,
        STORE_DIM_SERVICE,
        STORE_DIM_REGION,
        STORE_DIM_ACCOUNT,
        STORE_DIM_PRINCIPAL,
        STORE_DIM_SESSION,
        STORE_DIM_ROLE,
        STORE_DIM_TYPE,
        STORE_DIM_UA,
        STORE_DIM_ERROR,
        STORE_DIM_OUTCOME,
        STORE_N_DIMS,
} StoreDim;

/* Tuples are the event's, and behind them what is derived from them. */
enum {
        STORE_ID_USER = EVENT_N_IDENTITY,
        STORE_ID_PRINCIPAL,
        STORE_N_IDENTITY,
        STORE_N_CALL = EVENT_N_CALL,
        STORE_RESULT_OUTCOME = EVENT_N_RESULT,
        STORE_N_RESULT,
};

typedef enum StoreTuple {
        STORE_IDENTITY,
        STORE_CALL,
        STORE_RESULT,
        STORE_N_TUPLES,
} StoreTuple;

/* Where an event stands in the evidence, and its eventID. */
typedef struct StoreSource {
        unsigned char id[16]; /* a UUID's bytes; or the number of a string */
        uint64_t hash;        /* of the record's bytes */
        uint64_t offset;
        uint32_t file;
        uint32_t record;
        uint32_t size;
        uint32_t id_kind; /* StoreIdKind */
} StoreSource;

typedef enum StoreIdKind {
        STORE_ID_ABSENT,
        STORE_ID_UUID, /* in lower case with four dashes */
        STORE_ID_STRING,
} StoreIdKind;

typedef struct StoreStats {
        uint32_t first, last; /* event numbers */
        uint32_t n_events, n_denied, n_failed;
} StoreStats;

/* ---- building ---- */

int builder_new(Builder **ret_builder);
Builder *builder_free(Builder *builder);

/* A source as given on the command line, and where it stands. Numbers from 0; names are copied. */
int builder_add_root(Builder *builder, Slice name, Slice path, uint32_t *ret_root);

/* What a file or member turned out to be. */
typedef enum StoreKind {
        STORE_KIND_UNREAD, /* it could not be read, or nobody has said yet */
        STORE_KIND_OTHER,  /* no log */
        STORE_KIND_TAR,
        STORE_KIND_ZIP,
        STORE_KIND_7Z,
        STORE_KIND_LOG, /* and from here on: this + EventContainer */
        STORE_N_KINDS = STORE_KIND_LOG + EVENT_N_CONTAINERS,
} StoreKind;

#define STORE_HASH_SIZE 32

/*
 * A file that was met, or a member of an archive. NAME is copied. Those of one name and root are
 * one, whoever adds them: what is said of it below may be said to any of the builders.
 */
int builder_add_file(Builder *builder, Slice name, uint32_t root, uint32_t *ret_file);
int builder_add_member(Builder *builder, Slice name, uint32_t root, uint32_t *ret_file);
/* Its content was read: N_BYTES of it, unpacked. */
void builder_end_file(Builder *builder, uint32_t file, StoreKind kind, uint64_t n_bytes);
/* Of a file or member as it stands. */
typedef struct StoreContent {
        uint64_t size;
        const unsigned char *hash; /* SHA-256; NULL where it could not be read whole */
        StoreKind kind;            /* of an archive, or 0 */
} StoreContent;

void builder_hash_file(Builder *builder, uint32_t file, const StoreContent *content);
/* Records of the file that are no events, as those are counted when they are added. */
int builder_count(Builder *builder, uint32_t file, const EventCounts *counts);

int builder_add_event(Builder *builder, uint32_t file, const Event *event);

/* What EVENT will have under DIM; data is NULL where that is absent. */
Slice store_event_dim(const Event *event, StoreDim dim);

/* Damage (which cost N_REJECTED records), or a file that was ignored. Texts are copied. */
int builder_add_damage(Builder *builder, uint32_t file, uint64_t offset, uint32_t n_rejected,
                Slice reason);
int builder_add_ignored(Builder *builder, uint32_t file, uint64_t offset, Slice reason);

uint64_t builder_n_events(const Builder *builder);
/* What it takes up, with what sealing it will take, about. */
uint64_t builder_n_bytes(const Builder *builder);

/* Where a record stands, by names: for whoever can read the evidence while there is no store yet.
 */
typedef struct StorePlace {
        Slice file;      /* as in StoreFile */
        Slice root_name; /* of the source it was found in */
        Slice root_path;
        uint64_t offset, hash;
        uint32_t record, size;
} StorePlace;

/*
 * Records of one eventID differ in their bytes: what do they mean? Fills a hash for each of N
 * places, equal where the meanings are; ret_known is false for what cannot be read again.
 */
typedef struct StoreJudge {
        void *userdata;
        int (*meanings)(void *userdata, Space *space, const StorePlace *places, size_t n,
                        uint64_t *ret_hashes, bool *ret_known);
} StoreJudge;

/* Where a store is made: in memory, or (with a Space) in files beside the case, see base/space.h.
 */
typedef struct StoreRoom {
        Space *space;
        unsigned n_threads;
} StoreRoom;

/*
 * Makes one store of what N_BUILDERS hold; they are emptied on the way and can only be freed. Rows
 * that agree in file, record and offset are one event met twice (a source given twice), not a
 * duplicate. Events beyond 2^32 - 2 are -EOVERFLOW. JUDGE may be NULL: then other bytes are a
 * conflict.
 */
int store_seal(Builder **builders, size_t n_builders, StoreRoom room, const StoreJudge *judge,
                Store **ret_store);

/* The same, only to be merged: without indexes. */
int store_seal_part(Builder **builders, size_t n_builders, StoreRoom room, const StoreJudge *judge,
                Store **ret_store);

/*
 * Makes one store of many: the same, byte for byte, as one that was sealed from all their evidence.
 * ARE_PARTS: they were made side by side from one list of sources, and records of one file may be
 * in several; else they may overlap. -EIO where one of them is faulty.
 */
int store_merge(Store *const *stores, size_t n_stores, bool are_parts, StoreRoom room,
                const StoreJudge *judge, Store **ret_store);

/* ---- case files ---- */

/* Writes STORE beside PATH, syncs it and renames it. -errno; then nothing is left behind. */
int store_write(Store *store, const char *path);

/* Does the file begin as a case file does? 1 yes, 0 no, -errno. */
int store_is_case(const char *path);

typedef enum StoreDefect {
        STORE_SOUND,
        STORE_FOREIGN,   /* no case file */
        STORE_VERSION,   /* of another version of the format */
        STORE_TRUNCATED, /* shorter or longer than it says */
        STORE_HEADER,    /* its header or its sums are not what was written */
} StoreDefect;

/* Maps a case file. 0, -errno, or a StoreDefect. */
int store_open(const char *path, Store **ret_store);
Store *store_free(Store *store);

/* Has anything been met that is not what was written? Then the section's name, else NULL. */
const char *store_is_faulty(Store *store);
/* Checks every block; the same result. */
const char *store_check(Store *store);

/* ---- reading ---- */

typedef struct StoreCounts {
        uint64_t n_events, n_duplicates, n_conflicts, n_rejected;
        uint64_t n_files; /* logs */
        uint64_t n_damaged, n_ignored, n_bytes;
        uint64_t n_contents; /* all files and members that were met */
        uint64_t n_changed;  /* of these, other contents of a name that is there */
        uint64_t n_image_bytes, n_string_bytes;
        EventCounts events; /* how records came, of all files */
} StoreCounts;

void store_counts(Store *store, StoreCounts *ret_counts);
uint32_t store_n_events(Store *store);

/* Of event I, below store_n_events(). */
int64_t store_time(Store *store, uint32_t i);
uint32_t store_tuple(Store *store, StoreTuple tuple, uint32_t i);
uint32_t store_ip(Store *store, uint32_t i);
uint32_t store_ua(Store *store, uint32_t i);
StoreSource store_source(Store *store, uint32_t i);
/* The string that event I has under DIM; STORE_NONE where it takes no part. */
uint32_t store_dim_of(Store *store, StoreDim dim, uint32_t i);

/*
 * The records themselves, as JSON, which a store has not: of whoever has the evidence. RECORD gets
 * each with its place in the list that was asked for, in any order.
 */
typedef struct StoreRecordSink {
        void *userdata;
        int (*record)(void *userdata, size_t i, Slice text);
        int code;           /* of a failure, by whoever reads; with a message */
        char message[1000]; /* one line */
} StoreRecordSink;

typedef struct StoreRecords {
        void *userdata;
        int (*read)(void *userdata, const uint32_t *events, size_t n, StoreRecordSink *sink);
} StoreRecords;

/* What files beside the evidence tell of values of an event, and of which. */
typedef enum StoreTold {
        STORE_TOLD_COUNTRY, /* of the address, and so the next two */
        STORE_TOLD_AS,
        STORE_TOLD_AWS,
        STORE_TOLD_INDICATOR, /* of all of them */
        STORE_N_TOLD,
} StoreTold;

typedef enum StoreToldOf {
        STORE_TOLD_OF_ADDRESS,
        STORE_TOLD_OF_KEY,
        STORE_TOLD_OF_AGENT,
        STORE_TOLD_OF_ARN,
        STORE_TOLD_OF_PRINCIPAL,
        STORE_N_TOLD_OF,
} StoreToldOf;

/* One asking, by one thread; all zero at first. */
typedef struct StoreTelling {
        void *lookup;        /* of whoever tells */
        const Slice *values; /* what was told last */
        size_t n_values;
        Slice value;        /* room for one */
        int code;           /* of a failure, with a message */
        char message[1000]; /* one line */
} StoreTelling;

typedef struct StoreTeller {
        void *userdata;
        bool (*has)(void *userdata, StoreTold field);
        int (*tell)(void *userdata, StoreTelling *telling, StoreTold field, StoreToldOf of,
                        Slice text);
        void (*end)(StoreTelling *telling);
} StoreTeller;

void store_set_teller(Store *store, const StoreTeller *teller);
/* Is there a file that tells FIELD? Only then may the following be asked. */
bool store_tells(const Store *store, StoreTold field);
int store_tell(Store *store, StoreTelling *telling, StoreTold field, StoreToldOf of, Slice text);
void store_tell_end(Store *store, StoreTelling *telling);

/* To be called once, before the store is asked anything. */
void store_set_records(Store *store, const StoreRecords *records);
/* What RECORD returned where that is not 0; -errno: all were not read. -ENOTSUP: nobody has them.
 */
int store_read_records(Store *store, const uint32_t *events, size_t n, StoreRecordSink *sink);

#define STORE_ID_SIZE 37
/* eventID as text, in BUFFER where it is a UUID. */
Slice store_id_text(Store *store, const StoreSource *source, char buffer[static STORE_ID_SIZE]);

/* Field FIELD of tuple number N of a kind: a string number. */
uint32_t store_field(Store *store, StoreTuple tuple, uint32_t n, unsigned field);
uint32_t store_n_tuples(Store *store, StoreTuple tuple);

Slice store_string(Store *store, uint32_t string);
uint32_t store_n_strings(Store *store);
/* Its number, or STORE_NONE. */
uint32_t store_find_string(Store *store, Slice text);

/* The event that has this eventID, or STORE_NONE. */
uint32_t store_find_id(Store *store, Slice id);

/* First event at or after TIME; n_events where there is none. */
uint32_t store_lower_bound(Store *store, int64_t time);

/* Values of a dimension, 0 to n - 1, in order of their text. */
uint32_t store_dim_size(Store *store, StoreDim dim);
uint32_t store_dim_value(Store *store, StoreDim dim, uint32_t value); /* its string */
uint32_t store_dim_find(Store *store, StoreDim dim, uint32_t string); /* or STORE_NONE */
StoreStats store_dim_stats(Store *store, StoreDim dim, uint32_t value);

/* A posting list: event numbers, rising. */
typedef struct StorePostings {
        Store *store;
        uint64_t at, end;
        unsigned section;
        uint32_t last; /* number delivered last, or STORE_NONE before the first */
} StorePostings;

void store_postings(Store *store, StoreDim dim, uint32_t value, StorePostings *ret);
/* false at the end */
bool store_postings_next(StorePostings *postings, uint32_t *ret_event);

/* ---- lineage ---- */

/* What an event hands out; see EventGrant. Fields are strings, STORE_NONE where absent. */
typedef struct StoreGrant {
        uint32_t event, kind;
        uint32_t fields[EVENT_N_GRANT];
} StoreGrant;

/* By what a grant is found; below each value the grants stand in time order. */
typedef enum StoreGrantIndex {
        STORE_GRANTS_BY_KEY,
        STORE_GRANTS_BY_PRINCIPAL,
        STORE_GRANTS_BY_PRINCIPAL_ID,
        STORE_GRANTS_BY_ROLE, /* its name */
        STORE_GRANTS_BY_USER,
        STORE_GRANTS_BY_INSTANCE,
        STORE_GRANTS_BY_SHARED,
        STORE_GRANTS_BY_SOURCE,
        STORE_GRANTS_BY_IDENTITY, /* the number of the identity that made the call */
        STORE_GRANTS_BY_TAKER,    /* see store_first_taken() */
        STORE_N_GRANT_INDEXES,
} StoreGrantIndex;

/* By what an identity is found. */
typedef enum StoreIdentityIndex {
        STORE_IDENTITIES_BY_KEY,
        STORE_IDENTITIES_BY_USER, /* userName */
        STORE_IDENTITIES_BY_PRINCIPAL,
        STORE_IDENTITIES_BY_ARN,
        STORE_IDENTITIES_BY_PRINCIPAL_ID,
        STORE_IDENTITIES_BY_ROLE,    /* its name */
        STORE_IDENTITIES_BY_SESSION, /* what stands behind ':' in principalId; by text */
        STORE_N_IDENTITY_INDEXES,
} StoreIdentityIndex;

/* One identity from one address. */
typedef struct StoreUse {
        uint32_t identity, ip;
        uint32_t first, last; /* event numbers */
        uint32_t n_events, n_successes;
} StoreUse;

/* Places in an index, first to end - 1. */
typedef struct StoreRange {
        uint32_t first, end;
} StoreRange;

uint32_t store_n_grants(Store *store);
StoreGrant store_grant(Store *store, uint32_t i);
/* In O(log n), as everything below. STORE_NONE is found nowhere. */
StoreRange store_grants_by(Store *store, StoreGrantIndex index, uint32_t value);
uint32_t store_grant_at(Store *store, StoreGrantIndex index, uint32_t place);
/* The places from which on the grants' events are EVENT or later. */
StoreRange store_grants_since(
                Store *store, StoreGrantIndex index, StoreRange range, uint32_t event);
/* The first grant by which PRINCIPAL took the role (its ARN, or its name) with success. */
uint32_t store_first_taken(Store *store, uint32_t principal, uint32_t role);

uint32_t store_n_identities(Store *store);
StoreRange store_identities_by(Store *store, StoreIdentityIndex index, uint32_t string);
StoreRange store_identities_by_session(Store *store, Slice name);
uint32_t store_identity_at(Store *store, StoreIdentityIndex index, uint32_t place);

StoreRange store_uses(Store *store, uint32_t identity);
StoreUse store_use(Store *store, uint32_t i);
StoreRange store_uses_by_ip(Store *store, uint32_t ip);
uint32_t store_use_at(Store *store, uint32_t place);

/* ---- targets ---- */

/* What an event acts on; see EventTarget and the catalogue, which tells its effect and kind. */
typedef struct StoreTarget {
        uint32_t event;
        uint32_t name;          /* a string; STORE_NONE where only `of` is known */
        uint32_t of;            /* whose it is, or STORE_NONE */
        CatalogueEffect effect; /* of this event, where it is another than the catalogue's */
        uint64_t object;        /* a hash of the key of an S3 object, or 0 */
        uint64_t n_bytes;       /* 0: not known */
} StoreTarget;

/* A walk over targets in order of events, and in that of their record. Private but for its name. */
typedef struct StoreTargets {
        Store *store;
        const unsigned char *at, *end; /* of the block at hand */
        uint64_t n;                    /* targets before */
        uint32_t event;                /* of the one before */
        uint32_t until;                /* events before this one have targets in the block only */
        bool has_next;
        StoreTarget next;
} StoreTargets;

uint64_t store_n_targets(Store *store);
/* Before the first of all. */
void store_targets_init(StoreTargets *targets, Store *store);
/* Before the first of EVENT, or of later ones. Little is done where that is near. */
void store_targets_seek(StoreTargets *targets, uint32_t event);
/* false at the end */
bool store_targets_next(StoreTargets *targets, StoreTarget *ret_target);
/* The next target of EVENT; false where it has no more. EVENT does not fall, but for a seek. */
bool store_targets_of(StoreTargets *targets, uint32_t event, StoreTarget *ret_target);

/* ---- coverage ---- */

/* Events by eventTime, and files by the delivery that their names tell, of one day. */
typedef struct StoreDay {
        Slice account, region; /* absent where the events have none */
        int64_t day;           /* since 1970-01-01, UTC */
        uint32_t n_events, n_files;
} StoreDay;

/* By account, region, day; days with neither are left out. */
uint64_t store_n_days(Store *store);
StoreDay store_day(Store *store, uint64_t i);

typedef enum StoreGapKind {
        STORE_GAP_DELIVERY, /* no delivery between two */
        STORE_GAP_ENDED,    /* no delivery until the last one of the evidence */
        STORE_GAP_EVENTS,   /* whole days without events */
        STORE_N_GAP_KINDS,
} StoreGapKind;

/* Where an account in a region that is otherwise heard of regularly is silent: see make-gaps.c. */
typedef struct StoreGap {
        StoreGapKind kind;
        Slice account, region;
        int64_t from, to; /* ns */
        int64_t usual;    /* ns: the median of its pauses */
        int64_t longest;  /* ns: the longest that is usual for it */
} StoreGap;

/* By from, to, account, region, kind. */
uint64_t store_n_gaps(Store *store);
StoreGap store_gap(Store *store, uint64_t i);

/*
 * A file or member of an archive that was met, by name, root, is_member, hash: the ledger.
 * Stores that were merged may have two of one name that differ in their hash.
 */
typedef struct StoreFile {
        Slice name;
        uint32_t root;
        StoreKind kind;
        bool has_hash, is_member;
        unsigned char hash[STORE_HASH_SIZE];
        uint64_t size;      /* as it stands; without a hash, what could be read of it */
        uint64_t n_bytes;   /* of unpacked content */
        uint64_t n_records; /* taken from it, duplicates too */
        EventCounts counts;
} StoreFile;

static inline bool store_kind_is_log(StoreKind kind) {
        return kind >= STORE_KIND_LOG;
}

/* I below n_contents. */
StoreFile store_file(Store *store, uint32_t file);
uint32_t store_n_roots(Store *store);
void store_root(Store *store, uint32_t root, Slice *ret_name, Slice *ret_path);

typedef struct StoreNote {
        Slice name; /* of the file */
        uint32_t file;
        uint32_t n_rejected;
        uint64_t offset;
        Slice reason;
} StoreNote;

/* Damaged ones first, then the ignored. */
StoreNote store_note(Store *store, uint64_t i);

typedef struct StoreConflict {
        uint32_t event; /* the one that was kept */
        uint32_t file;  /* where another record of its eventID stands */
        uint32_t record;
        uint32_t size;
        uint64_t offset, hash;
} StoreConflict;

uint64_t store_n_conflict_rows(Store *store);
StoreConflict store_conflict_row(Store *store, uint64_t i);

#endif
