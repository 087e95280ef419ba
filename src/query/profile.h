/*
 * profile: one key, user, role, principal, session, address or instance on one page. Works on one
 * sealed store; counts come from columns and posting lists, nothing is read from the evidence.
 *
 * The events of a profile are those done with what WHAT names (from where it names addresses), as
 * far as the selection has them. Of each section there are rows in order of their first event.
 */
#ifndef QUERY_PROFILE_H
#define QUERY_PROFILE_H

#include "base/arena.h"
#include "event/catalogue.h"
#include "query/query.h"
#include "query/what.h"

/* Sections whose rows are values with their statistics; STRINGS of a row are: */
typedef enum ProfileTable {
        PROFILE_ADDRESSES,
        PROFILE_NETWORKS, /* none but the text; of it how many addresses */
        PROFILE_USER_AGENTS,
        PROFILE_REGIONS,
        PROFILE_ACCOUNTS,
        PROFILE_SERVICES,
        PROFILE_CALLS, /* service, name, readOnly: of all, or "false" where it is that of any */
        PROFILE_KEYS,
        PROFILE_PRINCIPALS, /* principal, type, name, account */
        PROFILE_N_TABLES,
} ProfileTable;

#define PROFILE_N_STRINGS 4

typedef struct ProfileRow {
        uint32_t strings[PROFILE_N_STRINGS]; /* STORE_NONE where absent */
        uint32_t n_members;                  /* what else it is made of */
        Slice text;                          /* where the value is no string of the store */
        StoreStats stats;
} ProfileRow;

typedef VEC(ProfileRow) ProfileRows;

typedef struct ProfileDay {
        int64_t day; /* since 1970-01-01, UTC */
        StoreStats stats;
} ProfileDay;

/* GetCallerIdentity, and what was looked at next by the same credential. */
typedef struct ProfileRun {
        uint32_t key;                    /* string; STORE_NONE: of no key */
        uint32_t principal, ip;          /* of its first event */
        uint32_t n_regions, n_addresses; /* distinct ones */
        uint32_t first_name, n_names;    /* in names: event names in order of first use */
        StoreStats stats;
} ProfileRun;

/* What was read or used, or made, changed, ended: with success. */
typedef struct ProfileThing {
        CatalogueEffect effect;
        const char *kind;
        uint32_t name; /* a string, as below; of objects their bucket; STORE_NONE: not told */
        uint32_t of;   /* whose it is */
        uint64_t n_objects, n_bytes; /* of what was read: distinct ones; transferred */
        StoreStats stats;
} ProfileThing;

/* A value that had not been seen on any day before the one of its first event. */
typedef struct ProfileNews {
        ProfileTable table;
        uint32_t row;
} ProfileNews;

typedef struct Profile {
        What what;
        bool is_known; /* the evidence has it, whether or not it did anything that is selected */
        uint32_t n_users, n_roles; /* of a WHAT_NAME: identities of each */
        uint32_t n_sessions;       /* distinct ARNs */
        StoreStats stats;          /* n_events 0: nothing is selected */
        ProfileRows tables[PROFILE_N_TABLES];
        VEC(ProfileDay) days;
        VEC(ProfileRun) runs;
        Numbers names;      /* of the runs */
        ProfileRows writes; /* that succeeded: service, name, what was written, whose that is */
        VEC(ProfileThing) reads, made;
        VEC(const char *) kinds; /* of things */
        VEC(ProfileNews) news;
        Arena arena; /* of texts */
} Profile;

/* SELECTION may be NULL; WHAT is borrowed. 0, WHAT_E_FORM, or as plan_new(). */
int profile_new(Store *store, const Selection *selection, Slice what, Profile **ret_profile);
Profile *profile_free(Profile *profile);

#endif
