/* What a record acts on; private to the event floor. */
#ifndef EVENT_TARGET_H
#define EVENT_TARGET_H

#include "event/event.h"
#include "event/parts.h"

#define TARGET_N_BUCKETS 2048

typedef VEC(Slice) TargetTexts;

typedef enum TargetPart {
        TARGET_REQUEST,
        TARGET_RESPONSE,
        TARGET_ADDITIONAL,
        TARGET_RESOURCE,
        TARGET_CALLER,
} TargetPart;

typedef struct TargetPath {
        TargetPart part;
        bool is_short;
        Slice path; /* in that part */
} TargetPath;

/* Of the names in a line of the catalogue. */
typedef struct TargetWord {
        enum {
                TARGET_NAME,
                TARGET_OF,
                TARGET_OBJECT,
                TARGET_WITH,
                TARGET_RULES,
                TARGET_CONDITION,
                TARGET_END,
        } kind;
        CatalogueEffect effect; /* of a condition */
        TargetPath path;
        Slice value; /* of a condition, or absent */
} TargetWord;

/* One for each reader. */
typedef struct TargetReader {
        uint16_t buckets[TARGET_N_BUCKETS];     /* 1 + the first call of the bucket; 0: none */
        uint16_t next[CATALOGUE_N_CALLS];       /* likewise, of each call */
        uint32_t first_word[CATALOGUE_N_CALLS]; /* 1 + that of each call; 0: not met yet */
        VEC(TargetWord) words;
        EventTexts texts; /* decoded or made, of the event at hand */
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
