/* Rows with columns of a record, into records; private to the event floor. */
#ifndef EVENT_COLUMNS_H
#define EVENT_COLUMNS_H

#include "event/event.h"
#include "event/struct-text.h"

/* What a header row names. All zero is empty. */
typedef struct Columns {
        VEC(int) kinds;           /* of each column: a place in the table of known ones, or -1 */
        VEC(int) places;          /* of each known one: its column, or -1 */
        size_t whole;             /* the column that holds the whole record; SIZE_MAX for none */
        EventContainer container; /* EVENT_IN_NONE: no records in such rows */
} Columns;

void columns_deinit(Columns *columns);

/* What the cells of a header row say. 0 or -ENOMEM. */
int columns_read(Columns *columns, const Slice *cells, size_t n_cells);

/* The cell of eventTime; empty for none. */
Slice columns_time(const Columns *columns, const Slice *cells);
/* Is it the name of a column, where a value should be? */
bool columns_is_name(Slice cell);

/*
 * A record, as JSON in TO, from a row of cells. *ret_unread names a column that could not be read
 * without guessing, and was left out; NULL for none. Not WITH_NESTED, all columns are left out that
 * hold JSON or a struct. 0 or -ENOMEM.
 */
int columns_record(const Columns *columns, const Slice *cells, bool with_nested, JsonText *to,
                const char **ret_unread);

#endif
