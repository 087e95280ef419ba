/*
 * query: which events, and what their values add up to. Works on one sealed store.
 *
 *     Selection   what was asked for; independent of any store
 *     Plan        a selection on a store: a cursor over the events it selects, in time order
 *     values      first use and counts of the values of dimensions
 *
 * Nothing here reports a faulty store: ask store_is_faulty() before an answer is given away.
 */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include "store/store.h"

typedef struct Selection Selection;

int selection_new(Selection **ret_selection);
Selection *selection_free(Selection *selection);

/* What is wrong with what was asked for; positive returns of the functions below. */
typedef enum SelectionFault {
        SELECTION_EMPTY = 1, /* pattern */
        SELECTION_BLOCK,     /* malformed CIDR block */
        SELECTION_OUTCOME,   /* none of the three */
        SELECTION_TIME,
        SELECTION_SPAN,
        SELECTION_WHERE, /* malformed expression */
} SelectionFault;

int selection_add(Selection *selection, StoreDim dim, Slice pattern);
int selection_add_id(Selection *selection, Slice pattern);
void selection_set_read_only(Selection *selection, bool read_only);
int selection_set_from(Selection *selection, Slice time);
int selection_set_to(Selection *selection, Slice time);
int selection_set_last(Selection *selection, Slice span);

typedef struct SelectionWhereFault {
        size_t at;        /* byte of the expression */
        char reason[240]; /* what was expected there; may quote the expression */
} SelectionWhereFault;

/* An expression (where-parse.c), narrowing; repeated narrows more. Filled for SELECTION_WHERE. */
int selection_set_where(Selection *selection, Slice text, SelectionWhereFault *ret_fault);

/* Does an expression name FIELD? */
bool selection_asks(const Selection *selection, Slice field);

/* Why the events of a selection could not be found, where plan_new() returned -ECANCELED. */
typedef enum SelectionFailureKind {
        SELECTION_FAILED_STEPS, /* a regular expression took more steps than are allowed */
        SELECTION_FAILED_ASKED, /* who was asked for records, or for what files beside the evidence
                                   tell, has a code for it */
} SelectionFailureKind;

typedef struct SelectionFailure {
        SelectionFailureKind kind;
        int code;           /* of whoever was asked */
        char message[1000]; /* one line */
} SelectionFailure;

const SelectionFailure *selection_failure(const Selection *selection);

/*
 * May EVENT be selected? Asked before there is a store, and so of an event whose duplicates and
 * whose newest fellow nobody knows: false only where what EventSink.wants leaves of it is enough
 * to see that it is not.
 */
bool selection_may_take(const Selection *selection, const Event *event);

typedef struct Plan Plan;

/*
 * SELECTION may be NULL (every event) and is not used after the call; STORE is. An expression is
 * decided here, all of it, so that nothing can fail later; what it needs of the records is read by
 * store_read_records(). -ECANCELED: see selection_failure().
 */
int plan_new(Store *store, const Selection *selection, Plan **ret_plan);
/* Of those the events that have one of VALUES (of DIM, rising, not NULL). */
int plan_new_of(Store *store, const Selection *selection, StoreDim dim, const uint32_t *values,
                size_t n_values, Plan **ret_plan);
Plan *plan_free(Plan *plan);
/* false at the end */
bool plan_next(Plan *plan, uint32_t *ret_event);
/* Is EVENT selected? Of a plan that plan_next() was not asked of. */
bool plan_has(Plan *plan, uint32_t event);

#define VALUES_MAX_DIMS 8

typedef struct ValueRow {
        uint32_t strings[VALUES_MAX_DIMS];
        StoreStats stats;
} ValueRow;

typedef enum ValueOrder {
        VALUES_BY_FIRST,  /* time, then the values */
        VALUES_BY_EVENTS, /* most first, then the values */
} ValueOrder;

/*
 * One row for each combination of values of N_DIMS dimensions under SELECTION that was first seen
 * at or after SINCE; of them the first LIMIT. *ret_rows is an array on the heap. From the store's
 * own statistics where the selection allows, else one pass over the selected events.
 */
int values_collect(Store *store, const Selection *selection, const StoreDim *dims, size_t n_dims,
                ValueOrder order, int64_t since, uint64_t limit, ValueRow **ret_rows,
                size_t *ret_n_rows);

#endif
