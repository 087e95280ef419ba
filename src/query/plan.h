/* What a plan is; private to the query floor: plan.c, and where-plan.c, which decides expressions.
 */
#ifndef QUERY_PLAN_H
#define QUERY_PLAN_H

#include "query/selection.h"

#define PLAN_FEW 4096U /* events that are sorted rather than marked */

/* Strings of one dimension that match, rising; empty matches nothing. */
typedef struct Matches {
        StoreDim dim;
        VEC(uint32_t) values;  /* of the dimension */
        VEC(uint32_t) strings; /* and what they stand for */
        uint64_t n_events;
} Matches;

typedef enum Walk {
        WALK_WINDOW,
        WALK_LIST,
        WALK_EVENTS,
        WALK_BITS,
} Walk;

struct Plan {
        Store *store;
        Matches matches[STORE_N_DIMS + 1]; /* the last for plan_new_of() */
        size_t n_matches;
        size_t driver; /* index into matches, or SIZE_MAX */
        Arena arena;
        Patterns ids;
        uint32_t read_only; /* string that readOnly must be; STORE_NONE: never; see has_read_only */
        bool has_read_only;
        bool is_answer; /* what is walked are the selected events, and there is nothing to check */

        Walk walk;
        uint32_t next, end; /* of the window */
        StorePostings list;
        VEC(uint32_t) events;
        size_t at;
        uint64_t *bits;
        uint32_t first; /* event of bit 0 */
};

/* A posting list; or, where dim is STORE_N_DIMS, the event that value is. */
typedef struct PlanList {
        StoreDim dim;
        uint32_t value;
} PlanList;

/* Lists that have every event that may be selected. */
typedef struct PlanLists {
        VEC(PlanList) lists;
        uint64_t n_events; /* in them, twice counted where in two */
} PlanLists;

/* The events of LISTS, at most n_events of them, in the window are what is walked. */
int plan_gather(Plan *plan, const PlanList *lists, size_t n_lists, uint64_t n_events);
/* Chooses what is walked; LISTS (or NULL) are another choice besides the dimensions. */
int plan_choose(Plan *plan, const PlanLists *lists);
/*
 * Decides the expressions of SELECTION: what is walked is the answer then. IS_OPEN: what to walk
 * for that is still to be chosen.
 */
int plan_decide(Plan *plan, const Selection *selection, bool is_open);

#endif
