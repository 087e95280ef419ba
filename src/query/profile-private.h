/* What the parts of a profile share; private to them. */
#ifndef QUERY_PROFILE_PRIVATE_H
#define QUERY_PROFILE_PRIVATE_H

#include "query/profile.h"
#include "query/tally.h"

/* Statistics under small numbers (of tuples, of strings): a place for each of them. */
typedef struct Counted {
        uint32_t number;
        StoreStats stats;
} Counted;

typedef struct Counter {
        uint32_t *places; /* of each number: row + 1, or 0 */
        size_t n_places;
        VEC(Counted) rows; /* in order of first use */
} Counter;

typedef enum CallMark {
        CALL_IS_MARKED = 1 << 0,
        CALL_IS_CALLER = 1 << 1, /* GetCallerIdentity */
        CALL_IS_LOOK = 1 << 2,   /* looks around */
        CALL_IS_WRITE = 1 << 3,
} CallMark;

typedef enum Outcome {
        OUTCOME_UNKNOWN, /* nobody has asked yet */
        OUTCOME_SUCCESS,
        OUTCOME_DENIED,
        OUTCOME_FAILURE,
} Outcome;

/* Of a distinct call. */
typedef struct CallInfo {
        unsigned char mark;   /* CallMark; 0: nobody has asked yet */
        unsigned char effect; /* CatalogueEffect */
        uint16_t kind;        /* number of the profile's kinds */
} CallInfo;

typedef struct ReadSum {
        uint64_t n_objects, n_bytes;
} ReadSum;

/* Hashes; 0 is empty. */
typedef struct ObjectSet {
        uint64_t *slots;
        size_t n_slots; /* a power of two */
        size_t size;
} ObjectSet;

/* A credential whose calls may be a run. */
typedef struct Credential {
        uint32_t run; /* the open one, or STORE_NONE */
        int64_t last; /* its last call */
} Credential;

/* A call of a run. */
typedef struct RunCall {
        uint32_t run, event;
} RunCall;

typedef struct ProfileWalk {
        Store *store;
        Profile *profile;
        Counter identities, calls, ips, uas;
        CallInfo *call_infos;    /* of each tuple */
        unsigned char *outcomes; /* Outcome, of each tuple */
        size_t n_calls, n_results;
        StoreTargets targets;
        Tally writes, reads, made;
        VEC(ReadSum) read_sums; /* of each row of reads */
        ObjectSet objects;
        uint32_t *credential_of; /* identity: number + 1, or 0 */
        Tally credential_names;  /* a string, and of what: key, ARN, principal */
        VEC(Credential) credentials;
        VEC(RunCall) run_calls; /* in order of time */
        uint32_t n_runs;        /* some may be no more than a GetCallerIdentity */
} ProfileWalk;

/* An event of the profile, as far as all parts of it want it. */
typedef struct ProfileEvent {
        uint32_t event, identity, call;
        int64_t time;
        Outcome outcome;
        CallMark mark;
} ProfileEvent;

static inline bool profile_is_denied(const ProfileEvent *e) {
        return e->outcome == OUTCOME_DENIED;
}

static inline bool profile_is_failed(const ProfileEvent *e) {
        return e->outcome == OUTCOME_FAILURE;
}

static inline void profile_count(StoreStats *stats, const ProfileEvent *e) {
        if (!stats->n_events++)
                stats->first = e->event;
        stats->last = e->event;
        stats->n_denied += e->outcome == OUTCOME_DENIED;
        stats->n_failed += e->outcome == OUTCOME_FAILURE;
}

/* A field of a tuple; what is empty takes no part. */
uint32_t profile_field(Store *store, StoreTuple tuple, uint32_t n, unsigned field);

/* ---- profile-runs.c ---- */

int profile_count_run(ProfileWalk *w, const ProfileEvent *e);
int profile_make_runs(ProfileWalk *w);

/* ---- profile-tables.c ---- */

int profile_make_tables(ProfileWalk *w);
int profile_make_news(ProfileWalk *w);

/* ---- profile-targets.c ---- */

/* The number of KIND among the profile's. */
uint16_t profile_kind(Profile *p, const char *kind, int *ret_error);
/* Of an event that succeeded, and that writes or has an effect. */
int profile_count_targets(ProfileWalk *w, const ProfileEvent *e);
int profile_make_things(ProfileWalk *w);

#endif
