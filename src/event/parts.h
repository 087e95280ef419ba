/* The parts of a record beyond its fields, and values out of them; private to the event floor. */
#ifndef EVENT_PARTS_H
#define EVENT_PARTS_H

#include "base/vec.h"
#include "json/json.h"

/* JSON as it stands, or absent. */
typedef struct EventParts {
        const JsonMarks *marks; /* of the record, for part_find(), or NULL */
        Slice request;          /* requestParameters */
        Slice response;         /* responseElements */
        Slice additional;       /* additionalEventData */
        Slice credentials;      /* responseElements.credentials */
        Slice access_key;       /* responseElements.accessKey */
        Slice resources;        /* an array */
        Slice shared_id;        /* sharedEventID, decoded */
        Slice provider;         /* userIdentity.identityProvider, decoded */
} EventParts;

/* Room for what has to be decoded: reserved before, so that it never moves. */
typedef VEC(char) EventTexts;

static inline bool part_is_space(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* As json_find(), of an object of PARTS or any other, which may be absent. */
JsonValue part_find(const EventParts *parts, Slice object, Slice path);

/*
 * A value as text: strings decoded (as they stand in the record where they need none, else in
 * TEXTS), numbers as they stand, anything else, and what is empty, absent.
 */
Slice part_text(EventTexts *texts, JsonValue value);

/*
 * The elements of ARRAY, a sound one, one after the other; *AT is 0 before the first. A value that
 * is no array is its only element.
 */
bool part_next(JsonValue array, size_t *at, JsonValue *ret);

#endif
