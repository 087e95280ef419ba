/*
 * json: a streaming reader of evidence, the only user of yajl.
 *
 * Content arrives in pieces and leaves as units: objects that may be records. A unit stands at the
 * top level (one bare record, JSON lines), in a top-level array, or in a list: an array that stands
 * under a wanted path of its wrapper, such as "Records". Of each unit the reader delivers the
 * values under the wanted paths, its exact place in the content, and a hash of what it means.
 *
 *     JsonPaths   the wanted paths, compiled once, shared by all threads
 *     JsonReader  one for each thread, reused for every file
 *     JsonSink    where units and faults go
 *
 * A fault (malformed or cut JSON, too deep, too large) ends nothing: the reader looks for the next
 * object that begins like a record, and goes on there if the whole object is sound and the sink
 * finds it plausible. What was skipped is one fault.
 *
 * Return values: 0; negative -errno; or the positive value that a sink returned, which ends the
 * reading of this content.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

typedef enum JsonType {
        JSON_ABSENT,
        JSON_NULL,
        JSON_BOOL,   /* text "true" or "false" */
        JSON_NUMBER, /* text as it stands */
        JSON_STRING, /* text decoded */
        JSON_OBJECT, /* text as it stands, brackets included */
        JSON_ARRAY,
} JsonType;

typedef struct JsonValue {
        JsonType type;
        Slice text;
} JsonValue;

typedef enum JsonPlace {
        JSON_TOP,     /* a value of its own */
        JSON_ELEMENT, /* of a top-level array */
        JSON_LISTED,  /* an element of a list */
        JSON_BESIDE,  /* another object or array in the object that holds a list */
} JsonPlace;

/*
 * Which of the objects that repeat this is. Those of one serial hold the same bytes, and no two
 * others share one, whichever readers gave them. Serial 0: not known.
 */
typedef struct JsonRepeat {
        uint64_t serial;
        uint32_t slot; /* below JSON_REPEAT_SLOTS: what is kept of one may be kept by this */
} JsonRepeat;

#define JSON_REPEAT_SLOTS 16384U

typedef struct JsonMarks JsonMarks; /* where brackets, keys and values stand in a unit */

/*
 * Everything in it is valid until the sink returns.
 */
typedef struct JsonUnit {
        JsonPlace place;
        unsigned list;     /* which one, where it is listed */
        JsonType type;     /* JSON_OBJECT, or whatever else stood where a record should */
        bool is_recovered; /* it stands behind a fault */
        uint64_t offset;
        uint64_t size;
        uint64_t hash;
        Slice text;              /* as it stands */
        const JsonValue *values; /* one for each path */
        unsigned n_repeated;     /* wanted keys that stand twice in the object itself */
        JsonRepeat repeat;       /* of the object under the path that repeats */
        const JsonMarks *marks;  /* for json_find_marked(), or NULL */
} JsonUnit;

typedef struct JsonFault {
        uint64_t offset;      /* where the unsound stretch begins */
        uint64_t end;         /* where reading went on, or the end of the content */
        const JsonUnit *unit; /* what was known of the unit in which it began (types, no texts);
                                 NULL between units */
        Slice reason;
} JsonFault;

typedef struct JsonSink {
        void *userdata;
        int (*unit)(void *userdata, const JsonUnit *unit);
        int (*fault)(void *userdata, const JsonFault *fault);
        /* Is this a record? Asked of the first unit behind a fault. */
        bool (*plausible)(void *userdata, const JsonUnit *unit);
        /* LIST has begun; BEFORE is what its wrapper held until then. */
        void (*list)(void *userdata, unsigned list, uint64_t offset, Slice before);
} JsonSink;

typedef struct JsonPaths JsonPaths;

/*
 * N_PATHS paths of keys joined by dots, such as "userIdentity.arn"; value i of a unit is path i's.
 * A path may name an object or array: its text is then JSON. Of a key that stands twice in one
 * object the last counts. LISTS are paths of arrays whose elements are units each; a path that is
 * both is refused (-EINVAL).
 */
int json_paths_new(const char *const *paths, size_t n_paths, const char *const *lists,
                size_t n_lists, JsonPaths **ret_paths);
JsonPaths *json_paths_free(JsonPaths *paths);

/*
 * Path I, a single key, holds objects that repeat: each reader keeps some of them, and what stood
 * in these is not read again. -EINVAL where another does already, or I is no single key.
 */
int json_paths_set_repeats(JsonPaths *paths, size_t i);

typedef struct JsonLimits {
        uint32_t max_depth;        /* of objects and arrays in each other */
        uint64_t max_record_bytes; /* of one unit */
} JsonLimits;

typedef struct JsonReader JsonReader;

/*
 * RECORD_KEYS are keys with which a record may begin: after a fault, '{' followed by one of them is
 * where reading may go on. PATHS and RECORD_KEYS must outlive the reader.
 */
int json_reader_new(const JsonPaths *paths, const char *const *record_keys, size_t n_record_keys,
                const JsonLimits *limits, JsonReader **ret_reader);
JsonReader *json_reader_free(JsonReader *reader);

/* Everything by yajl from now on, nothing by the fast path: the reference that tests compare with.
 */
void json_reader_use_yajl(JsonReader *reader);

/*
 * Begins new content. SEARCH: the beginning is not JSON, look for a record in it first; REASON is
 * then that of the fault (borrowed until the end of the content).
 */
int json_reader_begin(JsonReader *reader, const JsonSink *sink, bool search, Slice reason);

/* Where the next bytes go, at least 1; then how many were put there. */
int json_reader_space(JsonReader *reader, char **ret_buffer, size_t *ret_size);
int json_reader_feed(JsonReader *reader, size_t n);

/*
 * Where a reading stands between two units: another reader of the same paths can go on there, and
 * finds what this one would find.
 */
typedef struct JsonState {
        uint64_t offset; /* behind the last unit, or bracket */
        unsigned place;  /* private */
        unsigned list;   /* private */
        bool has_element;
} JsonState;

/*
 * false where the state is more than that: something unusual was met, or is being looked at.
 * RET_REST are bytes that were fed and are not taken yet; they stand at that offset.
 */
bool json_reader_leave(const JsonReader *reader, JsonState *ret_state, Slice *ret_rest);
/* Begins in the midst of content, with the byte at STATE's offset. */
int json_reader_resume(JsonReader *reader, const JsonSink *sink, const JsonState *state);

/* Behind a unit at PLACE; of the lists it is the first. */
JsonState json_state_guess(uint64_t offset, JsonPlace place);

/* The content has ended. */
int json_reader_finish(JsonReader *reader);

/*
 * The value under PATH (keys, or numbers of array elements, joined by dots) in RECORD, a sound
 * object: where its text stands in RECORD; type JSON_ABSENT where there is none. Of a key that
 * stands twice the last counts.
 */
JsonValue json_find(Slice record, Slice path);

/* The same of an object in a unit whose MARKS these are, or of any other: then, or without MARKS,
   as json_find() does it, which costs far more. */
JsonValue json_find_marked(const JsonMarks *marks, Slice record, Slice path);

/* The same as json_find(), but keys may hold dots themselves, as those of tags do. */
JsonValue json_find_dotted(Slice record, Slice path);

/*
 * Every value under PATH in RECORD: as json_find_dotted(), but an array stands for its elements,
 * and theirs, on the way and at the end, unless a number in the path chooses one. VISIT gets
 * scalars, nulls, objects, and arrays that are empty; what it returns but 0 ends the walk and is
 * returned.
 */
int json_visit(Slice record, Slice path, int (*visit)(void *userdata, JsonValue value),
                void *userdata);

/*
 * The next member of TEXT, a sound object, or element of a sound array: *ret_key with its quotes
 * (empty for an element) and *ret_value as it stands. *at is NULL at first. False at the end.
 */
bool json_next(Slice text, const char **at, Slice *ret_key, Slice *ret_value);

/* How many bytes the value takes with which TEXT begins, going by its brackets and quotes alone. */
size_t json_span(Slice text);

/* The text of a string as json_find() gives it, quotes included, decoded into BUFFER (room for
   text.size bytes); escapes that are no character become U+FFFD. Returns its size. */
size_t json_decode(Slice text, char *buffer);

/*
 * A hash of what TEXT (one sound value) means: equal whatever the white space, the order of keys
 * and the escapes. 0, -ENOMEM, or -EINVAL where it is not sound.
 */
int json_meaning(Slice text, uint64_t *ret_hash);

/*
 * TEXT (one sound value) indented by two spaces, strings as they are but for characters that a
 * terminal would act on, which are escaped. NUL-ended, on the heap. 1 where brackets or quotes do
 * not balance.
 */
int json_pretty(Slice text, char **ret_text);

#endif
