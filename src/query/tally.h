/*
 * A tally: statistics of events under tuples of numbers (strings, mostly). A hash table that grows
 * with the distinct tuples; rows stand in the order in which they were met. All zero but for n_dims
 * it is empty. Counting costs a hash.
 */
#ifndef QUERY_TALLY_H
#define QUERY_TALLY_H

#include "base/vec.h"
#include "query/query.h"

typedef struct Tally {
        VEC(ValueRow) rows;
        uint32_t *slots; /* row + 1; 0 is empty */
        size_t n_slots;  /* a power of two */
        size_t n_dims;   /* of a tuple, up to VALUES_MAX_DIMS */
} Tally;

void tally_deinit(Tally *t);

/* The row of STRINGS; new ones have no events yet, and EVENT as their first. 0 or -ENOMEM. */
int tally_row(Tally *t, const uint32_t *strings, uint32_t event, ValueRow **ret);
/* EVENT counted under STRINGS. Events must come in order of time. 0 or -ENOMEM. */
int tally_count(Tally *t, const uint32_t *strings, uint32_t event, bool is_denied, bool is_failed);

#endif
