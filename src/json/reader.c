/*
 * Units out of a stream of bytes.
 *
 * The window. Unread bytes are appended to one buffer, whose front is dropped up to the beginning
 * of the unit that is open (or to the end of the last token where none is): so a unit stands in one
 * piece when it is delivered, one that turns out to be unsound can be searched again from its first
 * byte, and memory is bounded by the largest unit allowed plus one piece.
 *
 *     window:  [ ... open unit ............ | new piece ]
 *               ^base                        ^fed        ^size      (base is an offset in the
 * content)
 *
 * Two ways. Content begins on the fast path (fast.c). At the first thing that is not plainly sound
 * there, yajl takes over for the rest of the content, from the end of the last unit, after it was
 * fed brackets that put it where we are. What is accepted, what is refused, and what a unit holds
 * is the same on both ways; yajl alone refuses.
 *
 * Frames. One for each open object or array: where it stands in the trie of wanted paths, NULL
 * where nothing below is wanted.
 *
 * yajl does not check its allocations: its allocator jumps out of the parser when there is no
 * memory.
 */
#include "json/reader.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"

#define TOO_LARGE "record larger than the limit (--max-record)"
#define PIECE ((size_t)256 << 10)  /* bytes read at a time */
#define FAST_MAX ((size_t)1 << 20) /* of a unit on the fast path, or its index grows large */
#define PADDING 64                 /* that the index may read behind the window */

/* ---- units ---- */

static uint64_t token_end(JsonReader *r) {
        return r->piece_at + yajl_get_bytes_consumed(r->parser);
}

static Frame *top(JsonReader *r) {
        return &r->frames[r->depth];
}

/* The list whose array we are in, or NULL. */
static const PathNode *list_of(const JsonReader *r) {
        const PathNode *child = r->frames[r->wrapper_depth].child;

        return r->wrapper_depth && r->depth == r->wrapper_depth + 1 &&
                                               r->frames[r->depth].is_array && child && child->list
                               ? child
                               : NULL;
}

/* Is this the place where a record should stand? */
static bool at_unit_place(const JsonReader *r) {
        return !r->in_unit &&
               (r->depth == 0 || (r->depth == 1 && r->frames[1].is_array) || list_of(r));
}

static JsonPlace place_of(const JsonReader *r) {
        return r->depth == 0      ? JSON_TOP
               : list_of(r)       ? JSON_LISTED
               : at_unit_place(r) ? JSON_ELEMENT
                                  : JSON_BESIDE;
}

static void unit_begin(JsonReader *r, JsonType type, uint64_t offset) {
        const PathNode *list = list_of(r);

        r->unit = (JsonUnit){
                        .place = place_of(r),
                        .list = list ? list->list - 1 : 0,
                        .type = type,
                        .is_recovered = r->is_resynced || r->mode == READER_TRIAL,
                        .offset = offset,
                        .values = r->values,
        };
        r->in_unit = true;
        r->unit_depth = r->depth;
        memset(r->values, 0, r->paths->n_values * sizeof(*r->values));
        r->scratch.size = 0;
}

/* Texts of scalars are in scratch; those of objects and arrays stand in the window. */
static void place_texts(JsonReader *r) {
        const char *first = r->window + (r->unit.offset - r->base);

        for (size_t i = 0; i < r->paths->n_values; i++) {
                JsonType type = r->values[i].type;

                if (type == JSON_OBJECT || type == JSON_ARRAY)
                        r->values[i].text.data = first + r->text_at[i];
                else if (type != JSON_ABSENT)
                        r->values[i].text.data = r->scratch.data + r->text_at[i];
        }
}

void reader_deliver(JsonReader *r) {
        r->sink_result = r->sink->unit(r->sink->userdata, &r->unit);
        if (r->sink_result)
                r->stop = STOP_SINK;
}

static int unit_end(JsonReader *r) {
        r->in_unit = false;
        r->sound_end = token_end(r);
        if (r->is_priming)
                return 1;
        r->unit.size = r->sound_end - r->unit.offset;
        if (r->unit.size > r->limits.max_record_bytes) {
                r->in_unit = true; /* it is the one at fault */
                r->stop = STOP_TOO_LARGE;
                return 0;
        }
        place_texts(r);
        r->unit.text = slice(r->window + (r->unit.offset - r->base), r->unit.size);
        r->unit.hash = hash_slice(r->unit.text);
        if (r->mode == READER_TRIAL) {
                if (r->unit.type != JSON_OBJECT ||
                                !r->sink->plausible(r->sink->userdata, &r->unit)) {
                        r->stop = STOP_IMPLAUSIBLE;
                        return 0;
                }
                r->mode = READER_READ;
                if (r->is_gap_dirty)
                        r->sink_result = resync_report(r, r->unit.offset);
                if (r->sink_result)
                        r->stop = STOP_SINK;
        }
        if (r->stop == STOP_NONE)
                reader_deliver(r);
        return r->stop == STOP_NONE;
}

/* ---- yajl's tokens ---- */

/* A value has ended, and with it perhaps the unit. */
static inline int value_end(JsonReader *r) {
        return r->in_unit && r->depth == r->unit_depth ? unit_end(r) : 1;
}

/*
 * yajl takes what follows a high surrogate for its other half, whatever it is, and a lone one for a
 * character. So a string that it decoded is decoded again from the window, where it ends with the
 * token and begins at the last quote before that is not escaped.
 */
static size_t decode_again(JsonReader *r, char *to) {
        const char *close = r->window + (token_end(r) - 1 - r->base), *open = close;
        bool is_escaped;

        do {
                const char *at = --open;

                while (*open != '"')
                        at = --open;
                is_escaped = false;
                while (*--at == '\\')
                        is_escaped = !is_escaped;
        } while (is_escaped);
        return json_decode(slice(open, (size_t)(close + 1 - open)), to);
}

/*
 * A scalar or the beginning of an object or array under a wanted path. A text that is not copied
 * (no memory) leaves the parser by the same way as yajl's own failures.
 */
static void keep(
                JsonReader *r, const PathNode *node, JsonType type, const void *text, size_t size) {
        JsonValue *value;

        if (!node || node->value < 0)
                return;
        value = &r->values[node->value];
        value->type = type;
        value->text.size = size;
        if (type == JSON_OBJECT || type == JSON_ARRAY) {
                r->text_at[node->value] = (size_t)(token_end(r) - 1 - r->unit.offset);
                return;
        }
        if (vec_reserve(&r->scratch, 3 * size + 1) < 0) /* decoded again it may be longer */
                longjmp(r->no_memory, 1);
        r->text_at[node->value] = r->scratch.size;
        if (size)
                memcpy(r->scratch.data + r->scratch.size, text, size);
        if (type == JSON_STRING && !((const char *)text >= r->window &&
                                                   (const char *)text < r->window + r->size))
                value->text.size = size = decode_again(r, r->scratch.data + r->scratch.size);
        r->scratch.size += size;
}

static int scalar(JsonReader *r, JsonType type, const void *text, size_t size) {
        Frame *frame = top(r);

        if (r->in_unit) {
                if (!frame->is_array && frame->child)
                        keep(r, frame->child, type, text, size);
        } else {
                size_t n_quotes = type == JSON_STRING ? 2 : 0;

                if (r->is_resynced && at_unit_place(r)) {
                        /* behind a fault a string may hide what it swallowed: look into it */
                        r->stop = STOP_STRAY;
                        return 0;
                }
                r->sound_end = token_end(r);
                if (!at_unit_place(r))
                        return 1;
                unit_begin(r, type, r->sound_end - size - n_quotes);
        }
        return value_end(r);
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

        frame->child = r->is_priming ? r->list : paths_child(frame->node, (const char *)key, size);
        if (!r->in_unit)
                r->sound_end = token_end(r);
        else if (frame->child)
                reader_meet_key(r, frame->child, r->depth == r->unit_depth + 1);
        return 1;
}

static int open_frame(JsonReader *r, bool is_array, const PathNode *node, int32_t value) {
        if (r->depth >= r->limits.max_depth) {
                r->stop = STOP_DEPTH;
                return 0;
        }
        r->frames[++r->depth] = (Frame){node, NULL, value, is_array};
        return 1;
}

/* The unit turns out to be no record but the wrapper of many, whose array opens. */
static int become_wrapper(JsonReader *r) {
        uint64_t offset = r->unit.offset;

        r->in_unit = false;
        r->wrapper_depth = r->depth;
        r->sound_end = token_end(r);
        if (!r->is_priming)
                r->sink->list(r->sink->userdata, top(r)->child->list - 1, offset,
                                slice(r->window + (offset - r->base),
                                                (size_t)(r->sound_end - offset)));
        return open_frame(r, true, NULL, -1);
}

static int on_open(JsonReader *r, bool is_array) {
        Frame *frame = top(r);
        const PathNode *node = r->depth && !frame->is_array ? frame->child : NULL;
        bool is_list = is_array && node && node->list;

        if (r->in_unit) {
                if (is_list && (r->unit.place == JSON_TOP || r->unit.place == JSON_ELEMENT))
                        return become_wrapper(r);
                keep(r, node, is_array ? JSON_ARRAY : JSON_OBJECT, NULL, 0);
                return open_frame(r, is_array, is_array ? NULL : node, node ? node->value : -1);
        }

        r->sound_end = token_end(r);
        if (r->depth && r->depth == r->wrapper_depth && !is_list) {
                unit_begin(r, is_array ? JSON_ARRAY : JSON_OBJECT, r->sound_end - 1);
                return open_frame(r, is_array, NULL, -1);
        }
        if (!at_unit_place(r) || (is_array && r->depth == 0))
                return open_frame(r, is_array, NULL, -1);
        unit_begin(r, is_array ? JSON_ARRAY : JSON_OBJECT, r->sound_end - 1);
        return open_frame(r, is_array, is_array ? NULL : &r->paths->root, -1);
}

static int on_start_map(void *ctx) {
        return on_open(ctx, false);
}

static int on_start_array(void *ctx) {
        return on_open(ctx, true);
}

static int on_close(void *ctx) {
        JsonReader *r = ctx;
        int32_t value = top(r)->value;

        r->depth--;
        if (!r->in_unit)
                r->sound_end = token_end(r);
        else if (value >= 0)
                r->values[value].text.size =
                                (size_t)(token_end(r) - r->unit.offset) - r->text_at[value];
        if (r->depth < r->wrapper_depth) /* or what holds the wrapper is one */
                r->wrapper_depth = r->depth && !top(r)->is_array ? r->depth : 0;
        return value_end(r);
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

int reader_fresh_parser(JsonReader *r) {
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

void reader_reset_state(JsonReader *r) {
        r->depth = 0;
        r->in_unit = false;
        r->wrapper_depth = 0;
        r->stop = STOP_NONE;
        r->frames[0] = (Frame){NULL, NULL, -1, false};
}

/* From the fast path to yajl: brackets and an element that stand for what was read. */
static int take_over(JsonReader *r) {
        static const char *const primers[][2] = {
                        [PLACE_TOP] = {"", ""},
                        [PLACE_ARRAY] = {"[", "[{}"},
                        [PLACE_LIST] = {"{\"\":[", "{\"\":[{}"},
                        [PLACE_BEHIND] = {"{\"\":[]", "{\"\":[]"},
        };
        const char *primer = primers[r->place][r->has_element];
        uint64_t sound_end = r->sound_end;
        int result = reader_fresh_parser(r);

        if (result < 0)
                return result;
        reader_reset_state(r);
        if (*primer) {
                if (setjmp(r->no_memory)) {
                        r->parser = NULL;
                        return -ENOMEM;
                }
                r->is_priming = true;
                r->is_parser_clean = false;
                yajl_parse(r->parser, (const unsigned char *)primer, strlen(primer));
                r->is_priming = false;
        }
        r->sound_end = sound_end;
        r->fed = (size_t)(sound_end - r->base);
        r->mode = READER_READ;
        return 0;
}

/* ---- pieces ---- */

/* Nothing but white space behind the last token? */
static bool is_blank(const JsonReader *r) {
        const char *at = r->window + (r->sound_end - r->base), *end = r->window + r->size;

        while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r')))
                at++;
        return at >= end;
}

/* Gives the parser what it has not seen. */
static int parse(JsonReader *r) {
        size_t n = r->size - r->fed;
        yajl_status status;

        if (setjmp(r->no_memory)) {
                r->parser = NULL;
                return -ENOMEM;
        }
        r->piece_at = r->base + r->fed;
        r->is_parser_clean = false;
        status = yajl_parse(r->parser, (const unsigned char *)r->window + r->fed, n);
        if (r->stop == STOP_SINK)
                return r->sink_result;
        if (r->stop == STOP_DEPTH)
                resync_begin(r, "nested deeper than the limit (--max-depth)");
        else if (r->stop == STOP_TOO_LARGE)
                resync_begin(r, TOO_LARGE);
        else if (r->stop == STOP_STRAY)
                resync_begin(r, "a value where a record should be");
        else if (status != yajl_status_ok)
                resync_begin(r, NULL);
        r->fed = r->size;
        return 0;
}

/*
 * Tells the parser that the content has ended. yajl lets pass what ends inside a token at the top
 * level, and refuses content without a value; we do neither.
 */
static int parse_end(JsonReader *r) {
        yajl_status status;
        bool is_whole;

        if (setjmp(r->no_memory)) {
                r->parser = NULL;
                return -ENOMEM;
        }
        r->piece_at = r->base + r->size;
        status = yajl_complete_parse(r->parser);
        if (r->stop == STOP_SINK)
                return r->sink_result;
        is_whole = r->depth == 0 && !r->in_unit && r->stop == STOP_NONE && is_blank(r);
        if (!is_whole)
                resync_begin(r, "unexpected end of JSON");
        r->is_parser_clean = is_whole && status == yajl_status_ok;
        r->is_ended = is_whole;
        return 0;
}

/* Also of a single token between units, such as an endless string in a wrapper. */
static bool is_too_large(const JsonReader *r) {
        uint64_t from = r->in_unit ? r->unit.offset : r->sound_end;

        return r->base + r->fed - from > r->limits.max_record_bytes;
}

/* The fast path as far as it goes: 1 where yajl is to go on, 0 where more bytes are. */
static int process_fast(JsonReader *r) {
        int result = fast_process(r);

        if (result < 0 || r->stop == STOP_SINK)
                return result < 0 ? result : r->sink_result;
        if (result == FAST_MORE) {
                bool is_done = r->is_final && r->place == PLACE_TOP && is_blank(r);

                if (is_done || (!r->is_final && r->base + r->size - r->sound_end <= FAST_MAX)) {
                        r->fed = r->size;
                        return 0;
                }
        }
        return take_over(r);
}

static int process(JsonReader *r) {
        int result = 0;

        while (result == 0) {
                if (r->mode == READER_FAST) {
                        result = process_fast(r);
                        if (r->mode == READER_FAST)
                                return result;
                } else if (r->mode == READER_SEARCH) {
                        result = resync_search(r);
                        if (result <= 0)
                                return result;
                        result = 0;
                } else if (r->fed < r->size) {
                        result = parse(r);
                        if (result == 0 && r->mode != READER_SEARCH && is_too_large(r))
                                resync_begin(r, TOO_LARGE);
                } else if (r->is_final && !r->is_ended) {
                        result = parse_end(r);
                } else {
                        return 0;
                }
        }
        return result;
}

/* What lies before the beginning of the open unit, or of the stretch to search, is done with. */
static void drop_front(JsonReader *r) {
        bool is_searching = r->mode == READER_SEARCH || r->mode == READER_TRIAL;
        uint64_t from = is_searching ? r->search_at : r->in_unit ? r->unit.offset : r->sound_end;
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
                char *grown = realloc(r->window, cap + PADDING);

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
        bool is_first = r->base == 0 && r->size < 3;

        r->size += n;
        if (is_first && r->size >= 3 && memcmp(r->window, "\xEF\xBB\xBF", 3) == 0)
                r->fed = r->search_at = r->sound_end = 3;
        return process(r);
}

int json_reader_finish(JsonReader *r) {
        int result;

        r->is_final = true;
        result = process(r);
        if (result == 0 && r->mode == READER_SEARCH)
                result = resync_finish(r);
        return result;
}

int json_reader_begin(JsonReader *r, const JsonSink *sink, bool is_search, Slice reason) {
        r->sink = sink;
        r->size = r->fed = 0;
        r->base = r->sound_end = r->fault_at = r->search_at = 0;
        r->is_final = r->is_ended = r->is_resynced = r->fault_in_unit = false;
        r->sink_result = 0;
        r->mode = r->is_yajl_only ? READER_READ : READER_FAST;
        r->place = PLACE_TOP;
        r->list = NULL;
        r->has_element = false;
        reader_reset_state(r);
        if (is_search) {
                size_t n = reason.size < sizeof(r->fault_reason) - 1 ? reason.size
                                                                     : sizeof(r->fault_reason) - 1;

                r->mode = READER_SEARCH;
                r->is_gap_dirty = true;
                memcpy(r->fault_reason, reason.data, n);
                r->fault_reason[n] = 0;
        }
        return r->mode == READER_READ ? reader_fresh_parser(r) : 0;
}

/* ---- from one reader to another ---- */

bool json_reader_leave(const JsonReader *r, JsonState *ret_state, Slice *ret_rest) {
        if (r->mode != READER_FAST || r->stop != STOP_NONE || r->is_final)
                return false;
        *ret_state = (JsonState){
                        .offset = r->sound_end,
                        .place = r->place,
                        .list = r->place == PLACE_LIST ? r->list->list : 0,
                        .has_element = r->has_element,
        };
        *ret_rest = slice(r->window + (r->sound_end - r->base),
                        r->size - (size_t)(r->sound_end - r->base));
        return r->place != PLACE_BEHIND; /* that would need the list that was met */
}

int json_reader_resume(JsonReader *r, const JsonSink *sink, const JsonState *state) {
        const PathNode *list = r->paths->root.first_child;
        int result = json_reader_begin(r, sink, false, (Slice){NULL, 0});

        while (list && (state->place != PLACE_LIST || list->list != state->list))
                list = list->next_child;
        if (result < 0 || r->mode != READER_FAST || (state->place == PLACE_LIST && !list))
                return result < 0 ? result : -EINVAL;
        r->base = r->sound_end = state->offset;
        r->place = (ReaderPlace)state->place;
        r->list = list;
        r->has_element = state->has_element;
        return 0;
}

JsonState json_state_guess(uint64_t offset, JsonPlace place) {
        return (JsonState){
                        .offset = offset,
                        .place = place == JSON_TOP       ? PLACE_TOP
                                 : place == JSON_ELEMENT ? PLACE_ARRAY
                                                         : PLACE_LIST,
                        .list = place == JSON_LISTED,
                        .has_element = place != JSON_TOP,
        };
}

void json_reader_use_yajl(JsonReader *r) {
        r->is_yajl_only = true;
}

/* ---- life ---- */

int json_reader_new(const JsonPaths *paths, const char *const *record_keys, size_t n_record_keys,
                const JsonLimits *limits, JsonReader **ret_reader) {
        JsonReader *r = vec_alloc_zero(1, sizeof(*r));
        int result;

        if (!r)
                return -ENOMEM;
        r->paths = paths;
        r->record_keys = record_keys;
        r->n_record_keys = n_record_keys;
        r->limits = *limits;
        r->allocator = (yajl_alloc_funcs){checked_malloc, checked_realloc, plain_free, r};
        r->frames = vec_alloc_zero((size_t)limits->max_depth + 1, sizeof(*r->frames));
        r->values = vec_alloc_zero(paths->n_values, sizeof(*r->values));
        r->fault_values = vec_alloc_zero(paths->n_values, sizeof(*r->fault_values));
        r->text_at = vec_alloc_zero(paths->n_values, sizeof(*r->text_at));
        result = r->frames && r->values && r->fault_values && r->text_at
                                 ? memo_new(paths->repeats, &r->memo)
                                 : -ENOMEM;
        if (result < 0) {
                json_reader_free(r);
                return result;
        }
        *ret_reader = r;
        return 0;
}

JsonReader *json_reader_free(JsonReader *r) {
        if (!r)
                return NULL;
        if (r->parser)
                yajl_free(r->parser);
        json_index_deinit(&r->index);
        memo_free(r->memo);
        vec_deinit(&r->scratch);
        free(r->window);
        free(r->frames);
        free(r->values);
        free(r->fault_values);
        free(r->text_at);
        free(r);
        return NULL;
}
