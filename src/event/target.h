/* What a record acts on; private to the event floor. */
#ifndef EVENT_TARGET_H
#define EVENT_TARGET_H

#include "event/event.h"
#include "event/parts.h"

#define TARGET_N_BUCKETS 2048

typedef VEC(Slice) TargetTexts;

/* One for each reader. */
typedef struct TargetReader {
        uint16_t buckets[TARGET_N_BUCKETS]; /* 1 + the first call of the bucket; 0: none */
        uint16_t next[CATALOGUE_N_CALLS];   /* likewise, of each call */
        EventTexts texts;                   /* decoded or made, of the event at hand */
        TargetTexts names, owners, found;
        VEC(EventTarget) targets;
} TargetReader;

void target_reader_init(TargetReader *reader);
void target_reader_deinit(TargetReader *reader);

/*
 * Does the catalogue know where a record of this call names what it acts on? By one load, where no
 * call has such a name. 0: no; else what target_read() wants to know.
 */
unsigned target_find(const TargetReader *reader, const Slice call[static EVENT_N_CALL]);

/* The targets of EVENT, into event->targets; valid until the next call. 0 or -ENOMEM. */
int target_read(TargetReader *reader, unsigned found, const EventParts *parts, Event *event);

#endif
