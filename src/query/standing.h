/*
 * standing: what calls made, and whether it still stands at the end of the evidence.
 *
 * Which call does what to what, the catalogue says; what it was, the targets of its event. A thing
 * is told by its kind, account, region (but of services that have none), name and whose it is. Each
 * time that it is made it is another thing. What was there before the evidence begins becomes one
 * when it is first acted on, and has no beginning. Calls of one time have no order that is known: a
 * policy may stand before the user whom it is attached to.
 *
 * The question says which things are told, not what becomes of them: a key that a chain made is
 * deleted by whoever deletes it.
 */
#ifndef QUERY_STANDING_H
#define QUERY_STANDING_H

#include "base/intern.h"
#include "base/vec.h"
#include "query/query.h"

typedef enum StandingState {
        STANDING,          /* it was made, and nothing ended it */
        STANDING_CHANGED,  /* it was there before, and was changed */
        STANDING_INACTIVE, /* it cannot be used, and can be used again */
        STANDING_DELETED,
        STANDING_EXPIRED,  /* it ended by itself */
        STANDING_REPLACED, /* the same was made again; its end is not in the evidence */
} StandingState;

/* Strings and events are numbers, STORE_NONE where absent. */
typedef struct StandingThing {
        const char *kind;
        uint32_t name, of, account, region;
        StandingState state;
        uint32_t actor; /* event: the first that acted on it and was asked about, else the first */
        uint32_t made;  /* event */
        uint32_t changed; /* the last event that changed, stopped or started it */
        uint32_t n_changes;
        uint32_t ended;   /* event */
        int64_t acted;    /* when it was last acted on */
        int64_t ended_at; /* the time of what ended it */
        bool is_ours;     /* a call that was asked about acted on it */
        uint32_t next;    /* private: the one before it under the same name */
        uint32_t next_of; /* private: and of the same owner */
} StandingThing;

/* What was asked about. Asked of rising events. */
typedef struct StandingQuestion {
        bool is_whole; /* also calls that the catalogue gives no category: most of what is made */
        void *userdata;
        bool (*is_ours)(void *userdata, uint32_t event);
} StandingQuestion;

/* Things in the order in which they were first acted on. All zero is empty. */
typedef struct Standing {
        VEC(StandingThing) things;
        Intern keys;         /* private, as below */
        VEC(uint32_t) heads; /* by a key: the newest of its things, plus one; 0: none */
} Standing;

/* Costs what acted on things. 0, -ENOMEM or -EOVERFLOW. */
int standing_collect(Store *store, const StandingQuestion *question, Standing *ret);
void standing_deinit(Standing *standing);

/* The kind of what things of KIND are of, and end with: "user" of a "key"; NULL. */
const char *standing_owner_kind(const char *kind);
/* "standing" and so on. */
const char *standing_state_name(StandingState state);

#endif
