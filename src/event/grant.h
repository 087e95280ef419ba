/* What a record hands out; private to the event floor. */
#ifndef EVENT_GRANT_H
#define EVENT_GRANT_H

#include "base/vec.h"
#include "event/event.h"
#include "event/parts.h"

#define GRANT_N_BUCKETS 64

/* One for each reader; all zero but for the buckets is empty. */
typedef struct GrantReader {
        unsigned char buckets[GRANT_N_BUCKETS]; /* 1 + the first name of the bucket; 0: none */
        unsigned char next[GRANT_N_BUCKETS];    /* likewise, of each name */
        EventTexts texts;                       /* decoded, of the event at hand */
        VEC(EventGrant) grants;
} GrantReader;

void grant_reader_init(GrantReader *reader);
void grant_reader_deinit(GrantReader *reader);

/*
 * Does an event of this name hand something out, or take it back? Nearly always one load says no.
 * 0: no; else what grant_read() wants to know.
 */
unsigned grant_find(const GrantReader *reader, Slice name);

/*
 * The grants of EVENT, whose name NAMED is of grant_find() (0 where only its credentials speak for
 * it), into event->grants; valid until the next call. 0 or -ENOMEM.
 */
int grant_read(GrantReader *reader, unsigned named, const EventParts *parts, Event *event);

#endif
