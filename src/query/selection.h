/* What a selection holds; private to the query floor. */
#ifndef QUERY_SELECTION_H
#define QUERY_SELECTION_H

#include "base/address.h"
#include "base/arena.h"
#include "base/vec.h"
#include "query/where.h"

typedef struct Pattern {
        Slice text;
        bool is_literal;
        AddressBlock block; /* without a family: no block */
} Pattern;

typedef VEC(Pattern) Patterns;

struct Selection {
        Arena arena;
        Patterns dims[STORE_N_DIMS];
        Patterns ids;
        int read_only; /* -1 any, 0, 1 */
        bool has_from, has_to, has_last;
        int64_t from, to, last;
        Where where;               /* no roots: none */
        SelectionFailure *failure; /* with where */
};

/* The first time that it may take, on STORE, and the end of them; see has_from and has_to. */
WhereWindow selection_window(const Selection *selection, Store *store);

bool pattern_match(const Pattern *pattern, Slice text);
bool patterns_match(const Patterns *patterns, Slice text); /* any of them */
bool patterns_are_literal(const Patterns *patterns);       /* all can be found by hash */

#endif
