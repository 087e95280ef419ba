/*
 * Units out of a stream of bytes, on yajl.
 *
 * The window. Unread bytes are appended to one buffer, whose front is dropped up to the beginning of
 * the unit that is open (or to the end of the last token where none is): so a unit that turns out
 * to be unsound can be searched again from its first byte, and memory is bounded by the largest
 * unit allowed plus one piece.
 *
 *     window:  [ ... open unit ............ | new piece ]
 *               ^base                        ^fed        ^size      (base is an offset in the content)
 *
 * Frames. One for each open object or array: where it stands in the trie of wanted paths (NULL
 * where nothing below is wanted), and the hash of what it held so far. Members of an object are
 * summed, so that their order does not matter; elements of an array are chained.
 *
 * Modes.
 *     READ    sound so far
 *     SEARCH  a fault happened; looking for '{' and a key with which a record begins
 *     TRIAL   such a place was found and is being parsed by a fresh parser; if it is an object, sound
 *             and plausible, the fault is reported with its end and the mode is READ again;
 *             otherwise SEARCH goes on one byte behind the place
 * After the first fault the parser no longer knows the brackets around the records, so each ','
 * between two of them is a fault too; a stretch of nothing but brackets, commas and white space is
 * not reported. Cost: linear in the content for sound evidence and for any damage met in practice;
 * at worst every place is parsed as far as the limits of depth and size allow.
 *
 * yajl does not check its allocations: its allocator jumps out of the parser when there is no memory.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

#include "base/hash.h"
#include "base/vec.h"
#include "json/json.h"
#include "json/paths.h"

#define PIECE ((size_t)256 << 10) /* bytes read at a time */
#define LOOKAHEAD 128             /* bytes behind '{' that decide whether a record begins there */

typedef enum Mode {
        MODE_READ,
        MODE_SEARCH,
        MODE_TRIAL,
} Mode;

typedef enum Stop {
        STOP_NONE,
        STOP_DEPTH,
        STOP_IMPLAUSIBLE,
        STOP_SINK,
} Stop;

typedef struct Frame {
        uint64_t hash;
        uint64_t key_hash;
        const PathNode *node;
        const PathNode *child; /* under the key that was read last */
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

        char *window;
        size_t cap, size, fed;
        uint64_t base;
        uint64_t piece_at; /* offset of the piece that yajl is reading */
        bool is_final;

        Mode mode;
        Stop stop;
        int sink_result;

        Frame *frames;
        uint32_t depth;
        bool in_unit;
        bool in_wrapper; /* inside an object whose "Records" was met */
        uint32_t unit_depth;
        JsonUnit unit;
        JsonValue *values;
        uint64_t sound_end; /* behind the last token outside units */

        VEC(char) scratch; /* texts of the values; moved only between units */
        size_t *text_at;   /* where in scratch; made slices when the unit ends */

        /* the fault that is being got over */
        uint64_t fault_at, search_at;
        bool fault_in_unit, is_resynced, is_gap_dirty;
        JsonUnit fault_unit;
        JsonValue *fault_values;
        char fault_reason[256];
};

/* ---- tokens ---- */

static uint64_t token_end(JsonReader *r) {
        return r->piece_at + yajl_get_bytes_consumed(r->parser);
}

static Frame *top(JsonReader *r) {
        return &r->frames[r->depth];
}

/* Is this the place where a record should stand? */
static bool at_unit_place(const JsonReader *r) {
        if (r->in_unit)
                return false;
        if (r->depth == 0)
                return true;
        if (r->depth == 1)
                return r->frames[1].is_array;
        return r->depth == 2 && r->in_wrapper && r->frames[2].is_array &&
               r->frames[1].child && r->frames[1].child->is_records;
}

static void unit_begin(JsonReader *r, JsonType type, uint64_t offset) {
        r->in_unit = true;
        r->unit_depth = r->depth;
        r->unit = (JsonUnit){
                .place = r->depth == 0 ? JSON_TOP : r->depth == 1 ? JSON_ELEMENT : JSON_RECORDS,
                .type = type,
                .offset = offset,
                .values = r->values,
        };
        memset(r->values, 0, r->paths->n_values * sizeof(*r->values));
        r->scratch.size = 0;
}

static void place_texts(JsonReader *r) {
        for (size_t i = 0; i < r->paths->n_values; i++) {
                if (r->values[i].type != JSON_ABSENT)
                        r->values[i].text.data = r->scratch.data + r->text_at[i];
        }
}

static int unit_end(JsonReader *r, uint64_t hash);

/* A value has ended: into the hash of what holds it, or out as a unit. */
static int value_end(JsonReader *r, uint64_t hash) {
        Frame *frame = top(r);

        if (r->in_unit && r->depth > r->unit_depth) {
                if (frame->is_array)
                        frame->hash = hash_mix(frame->hash, hash);
                else
                        frame->hash += hash_mix(frame->key_hash, hash);
                return 1;
        }
        return r->in_unit ? unit_end(r, hash) : 1;
}

/*
 * A scalar or the beginning of an object or array under a wanted path. A text that is not copied
 * (no memory) leaves the parser by the same way as yajl's own failures.
 */
static void keep(JsonReader *r, const PathNode *node, JsonType type, const void *text, size_t size) {
        JsonValue *value;

        if (!node || node->value < 0)
                return;
        if (vec_reserve(&r->scratch, size + 1) < 0)
                longjmp(r->no_memory, 1);
        value = &r->values[node->value];
        value->type = type;
        value->text.size = size;
        r->text_at[node->value] = r->scratch.size;
        if (size)
                memcpy(r->scratch.data + r->scratch.size, text, size);
        r->scratch.size += size;
}

static inline int scalar(JsonReader *r, JsonType type, const void *text, size_t size) {
        Frame *frame = top(r);

        if (r->in_unit) {
                if (!frame->is_array && frame->child)
                        keep(r, frame->child, type, text, size);
        } else {
                r->sound_end = token_end(r);
                if (!at_unit_place(r))
                        return 1;
                unit_begin(r, type, token_end(r) - size);
                r->unit.size = size;
        }
        return value_end(r, hash_bytes(text, size) + (uint64_t)type);
}

static int on_null(void *ctx) {
        return scalar(ctx, JSON_NULL, "null", 4);
}

static int on_boolean(void *ctx, int value) {
        return value ? scalar(ctx, JSON_BOOL, "true", 4) : scalar(ctx, JSON_BOOL, "false", 5);
}

static int on_number(void *ctx, const char *text, size_t size) {
        return scalar(ctx, JSON_NUMBER, text, size);
}

static int on_string(void *ctx, const unsigned char *text, size_t size) {
        return scalar(ctx, JSON_STRING, text, size);
}

static int on_key(void *ctx, const unsigned char *key, size_t size) {
        JsonReader *r = ctx;
        Frame *frame = top(r);

        frame->child = paths_child(frame->node, (const char *)key, size);
        if (!r->in_unit) {
                r->sound_end = token_end(r);
                return 1;
        }
        if (frame->child)
                paths_forget(frame->child, r->values);
        frame->key_hash = hash_bytes(key, size);
        return 1;
}

/* An object or array opens; WANTED is where it stands in the trie. */
static int open_frame(JsonReader *r, bool is_array, const PathNode *node) {
        if (r->depth >= r->limits.max_depth) {
                r->stop = STOP_DEPTH;
                return 0;
        }
        r->frames[++r->depth] = (Frame){ .hash = is_array ? 11 : 7, .node = node,
                .is_array = is_array };
        return 1;
}

static int on_open(JsonReader *r, bool is_array) {
        Frame *frame = top(r);
        const PathNode *node = r->depth && !frame->is_array ? frame->child : NULL;

        if (r->in_unit) {
                if (is_array && node && node->is_records && r->depth == 1 &&
                                r->unit.place == JSON_TOP) {
                        /* not a record after all, but the wrapper of many */
                        r->in_unit = false;
                        r->in_wrapper = true;
                        r->sound_end = token_end(r);
                        r->sink->records(r->sink->userdata);
                } else {
                        keep(r, node, is_array ? JSON_ARRAY : JSON_OBJECT, NULL, 0);
                }
                return open_frame(r, is_array, is_array ? NULL : node);
        }

        r->sound_end = token_end(r);
        if (!at_unit_place(r) || (is_array && r->depth == 0))
                return open_frame(r, is_array, NULL);
        unit_begin(r, is_array ? JSON_ARRAY : JSON_OBJECT, token_end(r) - 1);
        return open_frame(r, is_array, is_array ? NULL : &r->paths->root);
}

static int on_start_map(void *ctx) {
        return on_open(ctx, false);
}

static int on_start_array(void *ctx) {
        return on_open(ctx, true);
}

static int on_close(void *ctx) {
        JsonReader *r = ctx;
        uint64_t hash = top(r)->hash;

        r->depth--;
        if (!r->in_unit)
                r->sound_end = token_end(r);
        if (r->depth == 0)
                r->in_wrapper = false;
        return value_end(r, hash_mix(hash, 3));
}

static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_start_map,
        .yajl_map_key = on_key,
        .yajl_end_map = on_close,
        .yajl_start_array = on_start_array,
        .yajl_end_array = on_close,
};

/* ---- the parser ---- */

static void *checked_realloc(void *ctx, void *block, size_t size) {
        JsonReader *r = ctx;
        void *grown = realloc(block, size);

        if (!grown)
                longjmp(r->no_memory, 1);
        return grown;
}

static void *checked_malloc(void *ctx, size_t size) {
        return checked_realloc(ctx, NULL, size);
}

static void plain_free(void *ctx, void *block) {
        (void)ctx;
        free(block);
}

static int fresh_parser(JsonReader *r) {
        if (r->parser && r->is_parser_clean)
                return 0;
        if (setjmp(r->no_memory)) {
                r->parser = NULL; /* what it held is lost with it */
                return -ENOMEM;
        }
        if (r->parser)
                yajl_free(r->parser);
        r->parser = NULL;
        r->parser = yajl_alloc(&callbacks, &r->allocator, r);
        if (!r->parser)
                return -ENOMEM;
        yajl_config(r->parser, yajl_dont_validate_strings, 1);
        yajl_config(r->parser, yajl_allow_multiple_values, 1);
        r->is_parser_clean = true;
        return 0;
}

static void reset_state(JsonReader *r) {
        r->depth = 0;
        r->in_unit = r->in_wrapper = false;
        r->stop = STOP_NONE;
        r->frames[0] = (Frame){ 0 };
}

/* ---- faults and the way back ---- */

static int report_fault(JsonReader *r, uint64_t end) {
        JsonFault fault = {
                .offset = r->fault_at,
                .end = end,
                .unit = r->fault_in_unit ? &r->fault_unit : NULL,
                .reason = slice_cstr(r->fault_reason),
        };

        r->is_resynced = true;
        return r->sink->fault(r->sink->userdata, &fault);
}

static int unit_end(JsonReader *r, uint64_t hash) {
        r->in_unit = false;
        r->unit.hash = hash;
        r->sound_end = token_end(r);
        r->unit.size = r->sound_end - r->unit.offset;
        place_texts(r);
        if (r->mode == MODE_TRIAL) {
                if (r->unit.type != JSON_OBJECT || !r->sink->plausible(r->sink->userdata, &r->unit)) {
                        r->stop = STOP_IMPLAUSIBLE;
                        return 0;
                }
                r->mode = MODE_READ;
                if (r->is_gap_dirty)
                        r->sink_result = report_fault(r, r->unit.offset);
        }
        if (!r->sink_result)
                r->sink_result = r->sink->unit(r->sink->userdata, &r->unit);
        if (!r->sink_result)
                return 1;
        r->stop = STOP_SINK;
        return 0;
}

/* One line out of yajl's message, which ends in a newline. */
static void describe(JsonReader *r, const char *what, uint64_t at) {
        char text[160];
        size_t n;

        if (!what) {
                unsigned char *message = yajl_get_error(r->parser, 0, NULL, 0);

                snprintf(text, sizeof(text), "%s", message ? (char *)message : "malformed JSON");
                if (message)
                        yajl_free_error(r->parser, message);
                n = strcspn(text, "\n");
                text[n] = 0;
                what = text;
        }
        snprintf(r->fault_reason, sizeof(r->fault_reason), "%s at byte %llu", what,
                        (unsigned long long)at);
}

/* The parser met a fault in READ or TRIAL: remember it (the first of a stretch), and search. */
static void begin_search(JsonReader *r, const char *what, uint64_t at) {
        r->is_parser_clean = false;
        if (r->mode == MODE_TRIAL) {
                r->search_at++;
                r->is_gap_dirty = true;
        } else {
                describe(r, what, at);
                r->fault_in_unit = r->in_unit;
                r->fault_at = r->in_unit ? r->unit.offset : r->sound_end;
                r->is_gap_dirty = !r->is_resynced || r->in_unit;
                r->search_at = r->in_unit ? r->unit.offset + 1 : r->sound_end;
                if (r->in_unit) {
                        place_texts(r);
                        memcpy(r->fault_values, r->values,
                                        r->paths->n_values * sizeof(*r->values));
                        r->fault_unit = r->unit;
                        r->fault_unit.values = r->fault_values;
                        for (size_t i = 0; i < r->paths->n_values; i++)
                                r->fault_values[i].text = (Slice){ 0 };
                }
        }
        r->mode = MODE_SEARCH;
}

/* Does a record begin with the '{' at AT? 1 yes, 0 no, -1 more bytes are needed to tell. */
static int begins_record(const JsonReader *r, const char *at, const char *end) {
        const char *key = at + 1;

        while (key < end && (*key == ' ' || *key == '\t' || *key == '\n' || *key == '\r'))
                key++;
        if (key < end && *key == '"') {
                for (size_t i = 0; i < r->n_record_keys; i++) {
                        size_t size = strlen(r->record_keys[i]);

                        if ((size_t)(end - key) >= size + 2 && key[size + 1] == '"' &&
                                        memcmp(key + 1, r->record_keys[i], size) == 0)
                                return 1;
                }
        } else if (key < end) {
                return 0;
        }
        return end - at < LOOKAHEAD && !r->is_final ? -1 : 0;
}

static void look_at_gap(JsonReader *r, const char *from, const char *to) {
        for (; !r->is_gap_dirty && from < to; from++)
                r->is_gap_dirty = !memchr(", \t\r\n]}", *from, 7);
}

/* 1: a place was found and the mode is TRIAL; 0: none in the bytes at hand; -ENOMEM. */
static int search(JsonReader *r) {
        const char *end = r->window + r->size;
        const char *at = r->window + (r->search_at - r->base);
        int result;

        while (at < end) {
                const char *brace = memchr(at, '{', (size_t)(end - at));
                int found = brace ? begins_record(r, brace, end) : 0;

                look_at_gap(r, at, brace ? brace : end);
                at = brace ? brace : end;
                if (found < 0)
                        break;
                if (found > 0) {
                        r->search_at = r->base + (uint64_t)(at - r->window);
                        r->fed = (size_t)(at - r->window);
                        reset_state(r);
                        r->mode = MODE_TRIAL;
                        result = fresh_parser(r);
                        return result < 0 ? result : 1;
                }
                if (brace) {
                        r->is_gap_dirty = true;
                        at++;
                }
        }
        r->search_at = r->base + (uint64_t)(at - r->window);
        return 0;
}

/* ---- pieces ---- */

/* Gives the parser what it has not seen, or, where that is nothing, the end of the content. */
static int parse(JsonReader *r) {
        size_t n = r->size - r->fed;
        yajl_status status;

        if (setjmp(r->no_memory)) {
                r->parser = NULL;
                return -ENOMEM;
        }
        r->piece_at = r->base + r->fed;
        r->is_parser_clean = false;
        status = n ? yajl_parse(r->parser, (const unsigned char *)r->window + r->fed, n)
                   : yajl_complete_parse(r->parser);
        if (r->stop == STOP_SINK)
                return r->sink_result;
        if (status != yajl_status_ok && n)
                begin_search(r,
                                r->stop == STOP_DEPTH
                                                ? "nested deeper than the limit (--max-depth)"
                                                : NULL,
                                token_end(r));
        else if (status != yajl_status_ok)
                begin_search(r, "unexpected end of JSON", r->base + r->size);
        else
                r->is_parser_clean = n == 0;
        r->fed = r->size;
        return 0;
}

/* Also of a single token between units, such as an endless string in a wrapper. */
static bool is_too_large(const JsonReader *r) {
        uint64_t from = r->in_unit ? r->unit.offset : r->sound_end;

        return r->base + r->fed - from > r->limits.max_record_bytes;
}

static int process(JsonReader *r) {
        int result;

        for (;;) {
                if (r->mode == MODE_SEARCH) {
                        result = search(r);
                        if (result <= 0)
                                return result;
                } else if (r->fed < r->size) {
                        result = parse(r);
                        if (result)
                                return result;
                        if (r->mode != MODE_SEARCH && is_too_large(r))
                                begin_search(r, "record larger than the limit (--max-record)",
                                                r->base + r->size);
                } else if (r->is_final && !r->is_parser_clean) {
                        result = parse(r);
                        if (result)
                                return result;
                } else {
                        return 0;
                }
        }
}

/* What lies before the beginning of the open unit, or of the stretch to search, is done with. */
static void drop_front(JsonReader *r) {
        uint64_t from = r->mode != MODE_READ ? r->search_at
                        : r->in_unit         ? r->unit.offset
                                             : r->sound_end;
        size_t n_drop = (size_t)(from - r->base);

        if (n_drop == 0)
                return;
        memmove(r->window, r->window + n_drop, r->size - n_drop);
        r->size -= n_drop;
        r->fed = r->fed > n_drop ? r->fed - n_drop : 0;
        r->base += n_drop;
}

int json_reader_space(JsonReader *r, char **ret_buffer, size_t *ret_size) {
        drop_front(r);
        if (r->cap - r->size < PIECE) {
                size_t cap = r->cap * 2 > r->size + PIECE ? r->cap * 2 : r->size + PIECE;
                char *grown = realloc(r->window, cap);

                if (!grown)
                        return -ENOMEM;
                r->window = grown;
                r->cap = cap;
        }
        *ret_buffer = r->window + r->size;
        *ret_size = r->cap - r->size;
        return 0;
}

int json_reader_feed(JsonReader *r, size_t n) {
        if (r->base == 0 && r->size == 0 && n >= 3 && memcmp(r->window, "\xEF\xBB\xBF", 3) == 0)
                r->fed = r->search_at = r->sound_end = 3;
        r->size += n;
        return process(r);
}

int json_reader_finish(JsonReader *r) {
        int result;

        r->is_final = true;
        result = process(r);
        if (result == 0 && r->mode == MODE_SEARCH) {
                look_at_gap(r, r->window + (r->search_at - r->base), r->window + r->size);
                if (r->is_gap_dirty)
                        result = report_fault(r, r->base + r->size);
        }
        return result;
}

int json_reader_begin(JsonReader *r, const JsonSink *sink, bool is_search, Slice reason) {
        r->sink = sink;
        r->size = r->fed = 0;
        r->base = r->sound_end = r->fault_at = r->search_at = 0;
        r->is_final = r->is_resynced = r->fault_in_unit = false;
        r->sink_result = 0;
        r->mode = MODE_READ;
        reset_state(r);
        if (is_search) {
                r->mode = MODE_SEARCH;
                r->is_gap_dirty = true;
                snprintf(r->fault_reason, sizeof(r->fault_reason), "%.*s", (int)reason.size,
                                reason.data);
                return 0;
        }
        return fresh_parser(r);
}

/* ---- life ---- */

int json_reader_new(const JsonPaths *paths, const char *const *record_keys, size_t n_record_keys,
                const JsonLimits *limits, JsonReader **ret_reader) {
        JsonReader *r = vec_alloc_zero(1, sizeof(*r));

        if (!r)
                return -ENOMEM;
        r->paths = paths;
        r->record_keys = record_keys;
        r->n_record_keys = n_record_keys;
        r->limits = *limits;
        r->allocator = (yajl_alloc_funcs){ checked_malloc, checked_realloc, plain_free, r };
        r->frames = vec_alloc_zero((size_t)limits->max_depth + 1, sizeof(*r->frames));
        r->values = vec_alloc_zero(paths->n_values, sizeof(*r->values));
        r->fault_values = vec_alloc_zero(paths->n_values, sizeof(*r->fault_values));
        r->text_at = vec_alloc_zero(paths->n_values, sizeof(*r->text_at));
        if (!r->frames || !r->values || !r->fault_values || !r->text_at) {
                json_reader_free(r);
                return -ENOMEM;
        }
        *ret_reader = r;
        return 0;
}

JsonReader *json_reader_free(JsonReader *r) {
        if (!r)
                return NULL;
        if (r->parser)
                yajl_free(r->parser);
        vec_deinit(&r->scratch);
        free(r->window);
        free(r->frames);
        free(r->values);
        free(r->fault_values);
        free(r->text_at);
        free(r);
        return NULL;
}
