/*
 * taken: what was read with success, by whom: objects of buckets, secrets, parameters, images and
 * whatever else the catalogue says is read. Events go in by time.
 */
#ifndef QUERY_TAKEN_H
#define QUERY_TAKEN_H

#include "base/intern.h"
#include "base/sort.h"
#include "base/vec.h"
#include "query/query.h"

/* One thing by one principal with one key; strings and events are numbers. */
typedef struct TakenRow {
        const char *kind;
        uint32_t name, account, principal, key;
        uint32_t first, last; /* events that succeeded */
        uint32_t n_reads, n_denied;
        uint32_t n_objects; /* distinct ones; when it is finished */
        uint64_t n_bytes;
} TakenRow;

typedef struct Taken {
        VEC(TakenRow) rows; /* in the order in which they were first met; some without reads */
        Store *store;       /* private, as below */
        const char **kinds; /* of each call: what it reads, or NULL */
        size_t n_calls;
        uint32_t success;
        StoreTargets targets;
        Intern keys;
        VEC(SortKey) objects; /* row, hash of the object's key */
} Taken;

/* To be deinitialised also where it fails. 0 or -ENOMEM; so below. */
int taken_init(Taken *taken, Store *store);
void taken_deinit(Taken *taken);
/* Events rise. */
int taken_add(Taken *taken, uint32_t event);
int taken_finish(Taken *taken);

#endif
