/* What stands around records; private to the event floor. */
#ifndef EVENT_ENVELOPE_H
#define EVENT_ENVELOPE_H

#include "event/record.h"

typedef struct Envelope {
        EventContainer container;
        Slice inside;   /* JSON: an object as it stands in the unit, or the text of a string */
        bool is_string; /* the latter */
        bool is_sure;   /* if what is inside is no record, one is lost */
} Envelope;

/*
 * Has UNIT, an object, something inside that may be a record, and which goes before what UNIT is
 * itself (IS_FIRST), or else is looked for where it is no record?
 */
bool envelope_open(const JsonUnit *unit, bool is_first, Envelope *ret_envelope);

#define EVENT_HIDDEN "CloudTrail records at a place that is not read"

/* Has TEXT what every record has, so that records may stand in it? */
bool envelope_may_hold(Slice text);

/* Is UNIT one that broke off, by the types of its values? */
bool envelope_is_broken(const JsonUnit *unit);

/* What UNIT is, where that is known and no log; else NULL. */
const char *envelope_foreign(const JsonUnit *unit);

/* Is UNIT a line that says what becomes of the next, as Elastic's bulk files have them? */
bool envelope_is_action(const JsonUnit *unit);

/* The element of ROW, an array of {"field":..,"value":..}, that holds the message; absent. */
Slice envelope_message_field(Slice row);

#endif
