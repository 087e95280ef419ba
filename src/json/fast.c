/*
 * The fast path: whole units by a walk over the marks of the index.
 *
 * Between two marks there may be white space, or one literal or number where a value is due; both
 * are looked at, so nothing passes unread and the grammar is checked in full: what is accepted here
 * yajl accepts too. Everything else is "unusual" and left to yajl from the end of the last unit:
 * faults, too deep, too large, records that are no objects, what follows a list in its wrapper,
 * wrappers in an array, lists that are no key of the wrapper itself.
 *
 * A text without escapes is a slice of the window; others are decoded into scratch. A key is looked
 * up only where something below is wanted. A unit whose end is not in the window yet is walked
 * again when more is there; the window grows by half each time, so that this stays linear.
 *
 * Cost: the index, then a few instructions per mark; no call per token.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "json/reader.h"

typedef enum Walk {
        WALK_DONE,
        WALK_LIST, /* a list was met in a top-level object: its array begins behind the end */
        WALK_MORE,
        WALK_UNUSUAL,
        WALK_NO_MEMORY,
} Walk;

typedef struct Walker {
        JsonReader *r;
        const char *text;     /* the window from sound_end on: marks count from here */
        const uint32_t *mark; /* the next one */
        const uint32_t *end;
        const uint32_t *escape; /* the next one */
        const uint32_t *escapes_end;
} Walker;

/* ---- small things ---- */

static inline bool is_space(char c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Nothing but white space from FROM to TO? */
static inline bool is_gap(Walker *w, uint32_t from, uint32_t to) {
        if (__builtin_expect(from == to, 1))
                return true;
        while (from < to && is_space(w->text[from]))
                from++;
        return from == to;
}

static const char *digits(const char *at, const char *end) {
        while (at < end && *at >= '0' && *at <= '9')
                at++;
        return at;
}

static bool is_number(Slice s) {
        const char *at = s.data, *end = s.data + s.size, *from;

        if (at < end && *at == '-')
                at++;
        from = at;
        at = at < end && *at == '0' ? at + 1 : digits(at, end);
        if (at == from)
                return false;
        if (at < end && *at == '.') {
                from = ++at;
                at = digits(at, end);
                if (at == from)
                        return false;
        }
        if (at < end && (*at == 'e' || *at == 'E')) {
                at++;
                if (at < end && (*at == '+' || *at == '-'))
                        at++;
                from = at;
                at = digits(at, end);
                if (at == from)
                        return false;
        }
        return at == end;
}

/* A literal or number, or JSON_ABSENT for anything else. */
static inline JsonType bare_type(Slice s) {
        if (s.size == 4 && memcmp(s.data, "true", 4) == 0)
                return JSON_BOOL;
        if (s.size == 4 && memcmp(s.data, "null", 4) == 0)
                return JSON_NULL;
        if (s.size == 5 && memcmp(s.data, "false", 5) == 0)
                return JSON_BOOL;
        return is_number(s) ? JSON_NUMBER : JSON_ABSENT;
}

/* ---- strings ---- */

static bool is_hex(char c) {
        return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Is the escape at AT sound, before CLOSE? */
static bool is_escape(const char *text, uint32_t at, uint32_t close) {
        if (text[at + 1] != 'u')
                return memchr("\"\\/bfnrt", text[at + 1], 8);
        if (close - at < 6)
                return false;
        for (int i = 2; i < 6; i++) {
                if (!is_hex(text[at + i]))
                        return false;
        }
        return true;
}

/* Checks the escapes of the string from OPEN to CLOSE. 0 none, 1 sound, -1 unusual. */
static inline int check_escapes(Walker *w, uint32_t close) {
        if (__builtin_expect(w->escape == w->escapes_end || *w->escape > close, 1))
                return 0;
        for (; w->escape < w->escapes_end && *w->escape < close; w->escape++) {
                if (!is_escape(w->text, *w->escape, close))
                        return -1;
        }
        return 1;
}

static int keep_decoded(JsonReader *r, JsonValue *value, Slice quoted) {
        if (vec_reserve(&r->scratch, quoted.size) < 0)
                return -ENOMEM;
        r->text_at[value - r->values] = r->scratch.size;
        value->text = slice(NULL, json_decode(quoted, r->scratch.data + r->scratch.size));
        r->scratch.size += value->text.size;
        return 0;
}

/* Texts that were decoded: scratch may have moved while the unit was walked. */
static void place_decoded(JsonReader *r) {
        for (size_t i = 0; i < r->paths->n_values; i++) {
                if (r->values[i].type == JSON_STRING && !r->values[i].text.data)
                        r->values[i].text.data = r->scratch.data + r->text_at[i];
        }
}

static const PathNode *find_child(const PathNode *node, Slice quoted, bool is_escaped) {
        char decoded[256];

        if (!is_escaped)
                return paths_child(node, quoted.data + 1, quoted.size - 2);
        if (quoted.size > sizeof(decoded))
                return NULL; /* longer than any wanted key, even if all of it were escapes */
        return paths_child(node, decoded, json_decode(quoted, decoded));
}

/* ---- the walk over one unit ---- */

static inline void set_value(JsonReader *r, const PathNode *node, JsonType type, Slice text) {
        r->values[node->value] = (JsonValue){type, text};
}

/* The key at the mark; afterwards the mark is its colon. */
static inline Walk walk_key(Walker *w, Frame *frame) {
        uint32_t open, close, colon;
        int escaped;

        if (w->end - w->mark < 3)
                return WALK_MORE;
        open = w->mark[0];
        close = w->mark[1];
        colon = w->mark[2];
        if (w->text[open] != '"' || w->text[colon] != ':' || !is_gap(w, close + 1, colon))
                return WALK_UNUSUAL;
        escaped = check_escapes(w, close);
        if (__builtin_expect(escaped < 0, 0))
                return WALK_UNUSUAL;
        frame->child = NULL;
        if (frame->node) {
                frame->child = find_child(
                                frame->node, slice(w->text + open, close + 1 - open), escaped);
                if (frame->child)
                        reader_meet_key(w->r, frame->child, w->r->depth == 1);
        }
        w->mark += 2;
        return WALK_DONE;
}

/* The string at the mark; afterwards the mark is behind it. */
static inline Walk walk_string(Walker *w, const PathNode *node) {
        uint32_t open = w->mark[0], close;
        int escaped;

        if (w->end - w->mark < 2)
                return WALK_MORE;
        close = w->mark[1];
        escaped = check_escapes(w, close);
        if (__builtin_expect(escaped < 0, 0))
                return WALK_UNUSUAL;
        if (node && node->value >= 0) {
                set_value(w->r, node, JSON_STRING, slice(w->text + open + 1, close - open - 1));
                if (escaped && keep_decoded(w->r, &w->r->values[node->value],
                                               slice(w->text + open, close + 1 - open)) < 0)
                        return WALK_NO_MEMORY;
        }
        w->mark += 2;
        return WALK_DONE;
}

/* A literal or number from FROM to the mark. */
static inline Walk walk_bare(Walker *w, const PathNode *node, uint32_t from) {
        uint32_t to = *w->mark;
        JsonType type;
        Slice text;

        while (from < to && is_space(w->text[from]))
                from++;
        while (to > from && is_space(w->text[to - 1]))
                to--;
        text = slice(w->text + from, to - from);
        type = bare_type(text);
        if (type == JSON_ABSENT)
                return WALK_UNUSUAL;
        if (node && node->value >= 0)
                set_value(w->r, node, type, text);
        return WALK_DONE;
}

/* The bracket at the mark opens; afterwards the mark is behind it. */
static inline Walk walk_open(Walker *w, bool is_array, const PathNode *node) {
        JsonReader *r = w->r;
        uint32_t at = *w->mark;
        int32_t value = node ? node->value : -1;

        if (__builtin_expect(r->depth >= r->limits.max_depth, 0))
                return WALK_UNUSUAL;
        if (value >= 0)
                set_value(r, node, is_array ? JSON_ARRAY : JSON_OBJECT, slice(w->text + at, 0));
        r->frames[++r->depth] = (Frame){is_array ? NULL : node, NULL, value, is_array};
        w->mark++;
        return WALK_DONE;
}

/* The bracket at the mark closes the top frame. */
static inline void walk_close(Walker *w) {
        JsonReader *r = w->r;
        Frame *frame = &r->frames[r->depth--];

        if (frame->value >= 0)
                r->values[frame->value].text.size = (size_t)(w->text + *w->mark + 1 -
                                                             r->values[frame->value].text.data);
}

/*
 * One value behind *from, the byte behind the mark that announces it; *from is moved behind what
 * was taken. Scalars are taken whole; of an object or array the opening bracket, and *ret_opened is
 * set.
 */
static inline Walk walk_value(Walker *w, const PathNode *node, uint32_t *from, bool *ret_opened) {
        uint32_t at = *w->mark;
        Walk result;

        *ret_opened = false;
        switch (w->text[at]) {
        case '"':
                result = is_gap(w, *from, at) ? walk_string(w, node) : WALK_UNUSUAL;
                *from = w->mark[-1] + 1;
                break;
        case '{':
        case '[':
                *ret_opened = true;
                result = is_gap(w, *from, at) ? walk_open(w, w->text[at] == '[', node)
                                              : WALK_UNUSUAL;
                *from = at + 1;
                break;
        default:
                result = walk_bare(w, node, *from);
                *from = at;
        }
        return result == WALK_DONE && w->mark == w->end ? WALK_MORE : result;
}

/*
 * The object at the mark, whose frame is the root of the wanted paths. Afterwards the mark is its
 * closing bracket, or, for WALK_LIST, the opening one of the array.
 */
static Walk walk_unit(Walker *w) {
        JsonReader *r = w->r;
        uint32_t from = *w->mark + 1; /* behind the last thing taken */
        bool is_opened = true;
        Walk result;

        r->frames[1] = (Frame){&r->paths->root, NULL, -1, false};
        r->depth = 1;
        if (++w->mark == w->end)
                return WALK_MORE;
        for (;;) {
                Frame *frame = &r->frames[r->depth];
                char c = w->text[*w->mark];

                /* at the mark: a closing bracket, or, in a frame just opened, its first content, or
                 * ',' */
                if (c == (frame->is_array ? ']' : '}') && is_gap(w, from, *w->mark)) {
                        walk_close(w);
                        if (r->depth == 0)
                                return WALK_DONE;
                        from = *w->mark + 1;
                        is_opened = false;
                        if (++w->mark == w->end)
                                return WALK_MORE;
                        continue;
                }
                if (!is_opened) {
                        if (c != ',' || !is_gap(w, from, *w->mark))
                                return WALK_UNUSUAL;
                        from = *w->mark + 1;
                        if (++w->mark == w->end)
                                return WALK_MORE;
                }
                if (!frame->is_array) {
                        if (!is_gap(w, from, *w->mark))
                                return WALK_UNUSUAL;
                        result = walk_key(w, frame);
                        if (result != WALK_DONE)
                                return result;
                        from = *w->mark + 1;
                        if (++w->mark == w->end)
                                return WALK_MORE;
                        if (__builtin_expect(frame->child && frame->child->list, 0) &&
                                        w->text[*w->mark] == '[' && r->place != PLACE_LIST) {
                                r->list = frame->child;
                                return r->depth == 1 && r->place == PLACE_TOP &&
                                                                       is_gap(w, from, *w->mark)
                                                       ? WALK_LIST
                                                       : WALK_UNUSUAL;
                        }
                }
                result = walk_value(w, frame->is_array ? NULL : frame->child, &from, &is_opened);
                if (result != WALK_DONE)
                        return result;
        }
}

/* ---- units one after another ---- */

static Walk deliver(Walker *w, uint32_t first, uint32_t end) {
        JsonReader *r = w->r;

        r->unit.offset = r->sound_end + first;
        r->unit.size = end - first;
        r->unit.type = JSON_OBJECT;
        r->unit.values = r->values;
        r->unit.place = r->place == PLACE_TOP     ? JSON_TOP
                        : r->place == PLACE_ARRAY ? JSON_ELEMENT
                                                  : JSON_LISTED;
        r->unit.list = r->place == PLACE_LIST ? r->list->list - 1 : 0;
        r->unit.is_recovered = false;
        if (r->unit.size > r->limits.max_record_bytes || r->index.control_at < end)
                return WALK_UNUSUAL;
        if (r->scratch.size)
                place_decoded(r);
        r->unit.text = slice(w->text + first, end - first);
        r->unit.hash = hash_slice(r->unit.text);
        reader_deliver(r);
        return WALK_DONE;
}

/* The unit at the mark, from FIRST; *ret_done is the byte behind it. */
static Walk take_unit(Walker *w, uint32_t first, uint32_t *ret_done) {
        JsonReader *r = w->r;
        Walk result;

        memset(r->values, 0, r->paths->n_values * sizeof(*r->values));
        r->scratch.size = 0;
        r->unit.n_repeated = 0;
        result = walk_unit(w);
        if (result == WALK_LIST) {
                if (r->index.control_at < *w->mark)
                        return WALK_UNUSUAL;
                r->place = PLACE_LIST;
                r->has_element = false;
                r->sink->list(r->sink->userdata, r->list->list - 1, r->sound_end + first,
                                slice(w->text + first, *w->mark + 1 - first));
        } else if (result == WALK_DONE) {
                result = deliver(w, first, *w->mark + 1);
                if (result == WALK_DONE)
                        r->has_element = r->place != PLACE_TOP;
        }
        if (result == WALK_DONE || result == WALK_LIST) {
                *ret_done = *w->mark + 1;
                w->mark++;
                return WALK_DONE;
        }
        return result;
}

/* What stands between units: brackets and commas. *ret_done is moved where yajl could go on from.
 */
static Walk take_mark(Walker *w, uint32_t at, uint32_t *ret_done) {
        JsonReader *r = w->r;
        char c = w->text[at];

        if (r->place == PLACE_TOP && c == '[') {
                r->place = PLACE_ARRAY;
                r->has_element = false;
        } else if (r->place == PLACE_ARRAY && c == ']') {
                r->place = PLACE_TOP;
                r->has_element = false;
        } else if (r->place == PLACE_LIST && c == ']') {
                r->place = PLACE_BEHIND;
                r->has_element = false;
        } else if (r->place == PLACE_BEHIND && c == '}') {
                r->place = PLACE_TOP;
        } else {
                return WALK_UNUSUAL;
        }
        w->mark++;
        *ret_done = at + 1;
        return WALK_DONE;
}

/* One step from *done on: a unit, or a bracket. A comma belongs to the unit behind it. */
static Walk step(Walker *w, uint32_t *done) {
        JsonReader *r = w->r;
        uint32_t at = *done;
        bool is_behind_comma = false;

        while (w->mark < w->end) {
                if (!is_gap(w, at, *w->mark))
                        return WALK_UNUSUAL;
                at = *w->mark;
                if (w->text[at] == ',' && r->has_element && !is_behind_comma) {
                        is_behind_comma = true;
                        w->mark++;
                        at++;
                } else if (w->text[at] == '{' && r->place != PLACE_BEHIND &&
                                (is_behind_comma || !r->has_element)) {
                        return take_unit(w, at, done);
                } else if (!is_behind_comma) {
                        return take_mark(w, at, done);
                } else {
                        return WALK_UNUSUAL;
                }
        }
        return WALK_MORE;
}

int fast_process(JsonReader *r) {
        size_t first = (size_t)(r->sound_end - r->base), size = r->size - first;
        Walker w = {.r = r, .text = r->window + first};
        uint32_t done = 0;
        Walk result = WALK_DONE;

        if (size > UINT32_MAX / 2)
                return FAST_UNUSUAL;
        if (json_index_make(&r->index, w.text, size) < 0)
                return -ENOMEM;
        w.mark = r->index.marks;
        w.end = w.mark + r->index.n_marks;
        w.escape = r->index.escapes;
        w.escapes_end = w.escape + r->index.n_escapes;
        while (result == WALK_DONE && r->stop == STOP_NONE)
                result = step(&w, &done);
        r->sound_end += done;
        r->depth = 0;
        if (result == WALK_NO_MEMORY)
                return -ENOMEM;
        return result == WALK_UNUSUAL ? FAST_UNUSUAL : FAST_MORE;
}
