/*
 * The reader's state, shared by its parts; private to the json floor.
 *
 *     reader.c   the window and the pieces; yajl's tokens into units
 *     fast.c     whole units straight from an index of marks; anything unusual goes to yajl
 *     resync.c   the way back after a fault
 */
#ifndef JSON_READER_H
#define JSON_READER_H

#include <setjmp.h>
#include <yajl/yajl_parse.h>

#include "base/vec.h"
#include "json/index.h"
#include "json/json.h"
#include "json/marked.h"
#include "json/memo.h"
#include "json/paths.h"

typedef enum ReaderMode {
        READER_FAST,   /* units by the index; nothing unusual so far */
        READER_READ,   /* yajl; sound so far, or again */
        READER_SEARCH, /* a fault happened; looking for '{' and a key with which a record begins */
        READER_TRIAL,  /* such a place is being parsed */
} ReaderMode;

typedef enum ReaderStop {
        STOP_NONE,
        STOP_DEPTH,
        STOP_TOO_LARGE,
        STOP_IMPLAUSIBLE,
        STOP_STRAY,
        STOP_SINK,
} ReaderStop;

/* Between units, where are we? Kept by the fast path, so that yajl can be told when it takes over.
 */
typedef enum ReaderPlace {
        PLACE_TOP,
        PLACE_ARRAY,  /* in a top-level array */
        PLACE_LIST,   /* in a list */
        PLACE_BEHIND, /* behind that array, in its wrapper */
} ReaderPlace;

typedef struct Frame {
        const PathNode *node;
        const PathNode *child; /* under the key that was read last */
        int32_t value;         /* that this object or array is, or -1 */
        bool is_array;
} Frame;

struct JsonReader {
        const JsonPaths *paths;
        const char *const *record_keys;
        size_t n_record_keys;
        JsonLimits limits;
        const JsonSink *sink;

        yajl_handle parser;
        yajl_alloc_funcs allocator;
        jmp_buf no_memory;
        bool is_parser_clean; /* stands between values, so the next content may use it */
        bool is_priming;      /* yajl is being told where we are; nothing goes to the sink */

        char *window;
        size_t cap, size, fed;
        uint64_t base;
        uint64_t piece_at; /* offset of the piece that yajl is reading */
        bool is_final;     /* the window holds the end of the content */
        bool is_ended;     /* and yajl has seen that */
        bool is_yajl_only; /* the fast path is not taken */

        ReaderMode mode;
        ReaderStop stop;
        int sink_result;

        JsonIndex index;
        JsonMarks marks; /* of the unit that goes to the sink */
        ReaderPlace place;
        const PathNode *list; /* the one at `place`, or before it */
        bool has_element;     /* of the array at `place` */

        Frame *frames;
        uint32_t depth;
        bool in_unit;
        uint32_t wrapper_depth; /* of the object whose list was met, or 0 */
        uint32_t unit_depth;
        JsonUnit unit;
        JsonValue *values;
        uint64_t sound_end; /* behind the last token outside units */

        JsonMemo *memo; /* NULL where nothing is said to repeat */
        Slice missed;   /* an object of this unit that it did not know; or absent */
        uint64_t missed_hash;

        VEC(char) scratch; /* texts of the values that are not in the window */
        size_t *text_at;   /* where in scratch, or in the window from the unit's first byte */

        /* the fault that is being got over */
        uint64_t fault_at, search_at;
        bool fault_in_unit, is_resynced, is_gap_dirty;
        JsonUnit fault_unit;
        JsonValue *fault_values;
        char fault_reason[256];
};

/* reader.c */

/* The wanted key CHILD is met: what stood under it before is forgotten. IS_OWN: the unit's own key.
 */
static inline void reader_meet_key(JsonReader *r, const PathNode *child, bool is_own) {
        r->unit.n_repeated +=
                        is_own && child->value >= 0 && r->values[child->value].type != JSON_ABSENT;
        /* what has a value of its own was not met before if that is absent */
        if (child->first_child && (child->value < 0 || r->values[child->value].type != JSON_ABSENT))
                paths_forget(child, r->values);
}

int reader_fresh_parser(JsonReader *r);
void reader_reset_state(JsonReader *r);
/* Hands the unit to the sink; what that returns, if not 0, is in sink_result and stop is STOP_SINK.
 */
void reader_deliver(JsonReader *r);

/* fast.c: delivers the units in the window from sound_end on; these, or -ENOMEM. */
enum {
        FAST_MORE,    /* the rest is the beginning of something; or a sink stopped */
        FAST_UNUSUAL, /* yajl must look at what follows sound_end */
};
int fast_process(JsonReader *r);

/* resync.c */
/* WHAT is NULL for what yajl says. */
void resync_begin(JsonReader *r, const char *what);
int resync_search(JsonReader *r);
int resync_report(JsonReader *r, uint64_t end);
int resync_finish(JsonReader *r);

#endif
