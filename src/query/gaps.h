/* What the evidence may not show: gaps in its coverage, and events that switch logging. */
#ifndef QUERY_GAPS_H
#define QUERY_GAPS_H

#include "query/query.h"

typedef enum GapKind {
        GAP_DELIVERY, /* as StoreGapKind */
        GAP_ENDED,
        GAP_EVENTS,
        GAP_STOPPED, /* an event that ends logging, or an attempt at it */
        GAP_CHANGED, /* one that may narrow it */
        GAP_STARTED, /* one that lets it go on */
        N_GAP_KINDS,
} GapKind;

typedef struct Gap {
        GapKind kind;
        uint64_t number;  /* of store_gap(); of an event its number */
        int64_t from, to; /* of an event both its time */
} Gap;

static inline bool gap_is_event(const Gap *gap) {
        return gap->kind >= GAP_STOPPED;
}

/*
 * By from, to, number. *ret_gaps is on the heap. Costs what is found: gaps are in the store, the
 * events are looked up by name.
 */
int gaps_list(Store *store, Gap **ret_gaps, size_t *ret_n);

/* Is time missing by it? So do those of the store, and what ended logging with success. */
bool gap_is_loss(Store *store, const Gap *gap);

/*
 * Does it touch what SELECTION (may be NULL) asks for: its window of time, and of the store's gaps
 * also its accounts and regions? What stopped logging lasts until a later day on which its account
 * has events in its region; a trail may record others too, so it is told whatever these are.
 */
bool gap_touches(Store *store, const Gap *gap, const Selection *selection);

/* "no-delivery" and so on. */
const char *gap_kind_name(GapKind kind);

#endif
