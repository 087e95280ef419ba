/* Records that are no calls; private to the event floor. */
#ifndef EVENT_APART_H
#define EVENT_APART_H

#include "event/record.h"

typedef VEC(char) ApartText;

/* EVENT_CALLED for an ordinary record, which nearly every one is. */
EventApartKind apart_kind(const JsonUnit *unit);

/* What the record says, in a line, into TEXT. 0 or -ENOMEM. */
int apart_describe(const JsonUnit *unit, EventApartKind kind, ApartText *text);

#endif
