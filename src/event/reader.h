/* The state of a reader of content, shared by its parts; private to the event floor. */
#ifndef EVENT_READER_H
#define EVENT_READER_H

#include "event/apart.h"
#include "event/inside.h"
#include "event/table.h"

#define READER_LOOK_BYTES 64 /* at the beginning, before the kind of content is known */

/* What the bytes are given to. */
typedef enum ReaderMode {
        MODE_JSON,
        MODE_HEAD, /* no JSON: kept until it is known whether a table begins */
        MODE_TABLE,
} ReaderMode;

struct EventReader {
        JsonPaths *paths;
        JsonReader *json;
        JsonSink json_sink;
        const EventSink *sink;
        GrantReader grants;
        TargetReader targets;
        Inside inside;
        Table table;
        ReaderMode mode;
        VEC(char) first;          /* in MODE_HEAD: all there was */
        VEC(char) decoded;        /* the message of a row */
        EventContainer container; /* of the first record */
        ApartText says;

        uint64_t n_bytes;
        uint32_t n_records;
        char head[READER_LOOK_BYTES]; /* the first bytes, until it is known what they are */
        size_t n_head;
        bool is_begun;     /* the first bytes were looked at */
        bool is_blank;     /* no byte but white space so far */
        bool is_log;       /* "Records" was met, or a record */
        bool is_search;    /* did not begin as JSON */
        bool is_done;      /* told as ignored or damaged: the rest does not matter */
        bool is_container; /* a list was met in which records stand, if there are any */
        bool is_foreign_told;
        bool is_hidden_told;
        int list_result; /* of a sink that was called where nothing can be returned */

        uint64_t n_others, other_at; /* units that are nothing known */
        bool is_fault_held;
        uint64_t held_at;
        unsigned held_rejected;
        unsigned n_inside; /* which of the records of an element; 0: it is one itself */
        char held_reason[320];
};

/* units.c: what the json reader and tables find. */
void units_init(EventReader *reader);

#endif
