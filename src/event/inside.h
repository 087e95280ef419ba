/* Records inside of envelopes; private to the event floor. */
#ifndef EVENT_INSIDE_H
#define EVENT_INSIDE_H

#include "base/vec.h"
#include "event/envelope.h"

/* Where a record stands. */
typedef struct RecordOrigin {
        uint64_t offset, size;             /* of the bytes from which it can be read again */
        uint64_t outer_offset, outer_size; /* and with all that stands around it */
        EventContainer container;
        Slice time;        /* outside of the record; absent for none */
        uint64_t row_hash; /* of the row that made the record; 0 for none */
        bool is_recovered, is_partial;
} RecordOrigin;

typedef struct InsideSink {
        void *userdata;
        int (*record)(void *userdata, const JsonUnit *unit, const RecordOrigin *origin);
} InsideSink;

typedef VEC(char) InsideText;

/* A text of the next level, and where it stands. */
typedef struct InsideItem {
        size_t at, size;           /* in the level's texts */
        size_t time_at, time_size; /* there too: the time around it */
        uint64_t offset, n_bytes;  /* of its place */
        EventContainer container;
        bool is_exact; /* the text stands in the content as it is */
        bool is_sure;  /* it must hold a record */
} InsideItem;

typedef VEC(InsideItem) InsideItems;

/* All zero but for the first three is empty. */
typedef struct Inside {
        const JsonPaths *paths;
        JsonLimits limits;
        InsideSink sink;

        JsonReader *json; /* made when first needed */
        JsonSink json_sink;
        InsideText text, next;         /* what is read, and what is to be read next */
        InsideItems items, next_items; /* of these */
        RecordOrigin origin;           /* of the text at hand */
        bool is_exact, is_check;
        bool is_faulted; /* the text at hand */
        unsigned n_levels;
        unsigned n_records, n_others, n_lost;
        bool is_hidden;  /* one of the others holds records */
        char fault[256]; /* the first; empty for none */
} Inside;

void inside_deinit(Inside *inside);

/*
 * Hands what is inside ENVELOPE, and inside of envelopes in it, to the sink. Afterwards n_records
 * and n_others say how much that was, n_lost how many texts must have held a record and gave none,
 * and fault, if they were not sound JSON as a whole. 0, -errno, or what the sink returned.
 */
int inside_read(Inside *inside, const JsonUnit *unit, const Envelope *envelope);

/* The same of TEXT, from bytes of the content that are no JSON around it. */
int inside_read_text(Inside *inside, Slice text, const RecordOrigin *origin);

/* Is TEXT sound JSON, within the limits? 0; 1 where not; -errno. */
int inside_check(Inside *inside, Slice text);

#endif
