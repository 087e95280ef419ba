/*
 * The fast path: whole units by a walk over the marks of the index.
 *
 * The kinds of the marks tell the grammar, and where other bytes stand between two of them: white
 * space, or one literal or number where a value is due. Both are looked at, escapes when the end of
 * a unit is known, so nothing passes unread and the grammar is checked in full: what is accepted
 * here yajl accepts too. Everything else is "unusual" and left to yajl from the end of the last
 * unit: faults, too deep, too large, records that are no objects, what follows a list in its
 * wrapper, wrappers in an array, lists that are no key of the wrapper itself.
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
        const char *text; /* the window from sound_end on: marks count from here */
        const uint32_t *marks;
        const unsigned char *kinds;
        size_t at, n;            /* the mark at hand; of all */
        size_t bare_at;          /* the mark in front of which a literal or number was taken */
        const uint32_t *escape;  /* the next behind the last string that was kept */
        const uint32_t *checked; /* the next that was not looked at */
} Walker;

/* Kinds of a member whose value is a string, and of a string in an array, without white space. */
#define MEMBER "\"\":\"\","
#define N_MEMBER 6
#define ELEMENT "\"\","
#define N_ELEMENT 3

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

/* The mark AT is of KIND, and nothing but white space, or what was taken, stands before it. */
static inline bool is_kind(Walker *w, size_t at, unsigned char kind) {
        if (__builtin_expect(w->kinds[at] == kind, 1))
                return true;
        return w->kinds[at] == (kind | JSON_GAP) &&
               (at == w->bare_at || is_gap(w, w->marks[at - 1] + 1, w->marks[at]));
}

/* What the walk ends with where N marks from the one at hand on are not as they should be. */
static inline Walk refuse(const Walker *w, size_t n) {
        return w->n - w->at < n ? WALK_MORE : WALK_UNUSUAL;
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

/* Is the escape at AT sound? It ends in its string: no quote is among its digits. */
static bool is_escape(const char *text, uint32_t at) {
        if (text[at + 1] != 'u')
                return memchr("\"\\/bfnrt", text[at + 1], 8);
        for (int i = 2; i < 6; i++) {
                if (!is_hex(text[at + i]))
                        return false;
        }
        return true;
}

/* Are the escapes before END sound, those that were looked at left out? */
static inline bool check_escapes(Walker *w, uint32_t end) {
        for (; __builtin_expect(*w->checked < end, 0); w->checked++) {
                if (!is_escape(w->text, *w->checked))
                        return false;
        }
        return true;
}

/* Does the string from OPEN to CLOSE hold an escape? Asked of one behind the other. */
static inline bool has_escape(Walker *w, uint32_t open, uint32_t close) {
        while (__builtin_expect(*w->escape < open, 0))
                w->escape++;
        return *w->escape < close;
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

/* The key at the mark, of FRAME. */
static inline void take_key(Walker *w, Frame *frame) {
        uint32_t open = w->marks[w->at], close = w->marks[w->at + 1];

        frame->child = find_child(frame->node, slice(w->text + open, close + 1 - open),
                        has_escape(w, open, close));
        if (frame->child) {
                reader_meet_key(w->r, frame->child, w->r->depth == 1);
                if (frame->child->is_repeats) {
                        w->r->unit.repeat = (JsonRepeat){0, 0};
                        w->r->missed = (Slice){NULL, 0};
                }
        }
}

/* The string at mark AT, under NODE. */
static inline int take_string(Walker *w, size_t at, const PathNode *node) {
        uint32_t open = w->marks[at], close = w->marks[at + 1];

        if (!node || node->value < 0)
                return 0;
        set_value(w->r, node, JSON_STRING, slice(w->text + open + 1, close - open - 1));
        return has_escape(w, open, close) ? keep_decoded(w->r, &w->r->values[node->value],
                                                            slice(w->text + open, close + 1 - open))
                                          : 0;
}

/* A literal or number before the mark, behind the one before. */
static inline Walk walk_bare(Walker *w, const PathNode *node) {
        uint32_t from = w->marks[w->at - 1] + 1, to = w->marks[w->at];
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
        w->bare_at = w->at;
        return WALK_DONE;
}

/* The bracket at the mark opens; afterwards the mark is behind it. */
static inline Walk walk_open(Walker *w, bool is_array, const PathNode *node) {
        JsonReader *r = w->r;
        int32_t value = node ? node->value : -1;

        if (__builtin_expect(r->depth >= r->limits.max_depth, 0))
                return WALK_UNUSUAL;
        if (value >= 0)
                set_value(r, node, is_array ? JSON_ARRAY : JSON_OBJECT,
                                slice(w->text + w->marks[w->at], 0));
        r->frames[++r->depth] = (Frame){is_array ? NULL : node, NULL, value, is_array};
        w->at++;
        return WALK_DONE;
}

/* The bracket at the mark closes the top frame; afterwards the mark is behind it. */
static inline void walk_close(Walker *w) {
        JsonReader *r = w->r;
        Frame *frame = &r->frames[r->depth--];

        if (frame->value >= 0)
                r->values[frame->value].text.size = (size_t)(w->text + w->marks[w->at] + 1 -
                                                             r->values[frame->value].text.data);
        w->at++;
}

/*
 * The object at the mark, whose bytes were met before, as a whole: 1, and the mark is behind it. 0
 * where it is not known; if it turns out to be sound, it will be.
 */
static inline int walk_repeat(Walker *w) {
        JsonReader *r = w->r;
        size_t at = w->at, depth = 0;
        const char *first = w->text + w->marks[at];

        do {
                while (memcmp(w->kinds + at, MEMBER, N_MEMBER) == 0)
                        at += N_MEMBER;
                switch (w->kinds[at] & ~JSON_GAP) {
                case '{':
                case '[':
                        depth++;
                        break;
                case '}':
                case ']':
                        depth--;
                        break;
                case 0:
                        return 0;
                }
                at++;
        } while (depth > 0);
        r->missed = slice(first, (size_t)(w->text + w->marks[at - 1] + 1 - first));
        r->missed_hash = hash_slice(r->missed);
        if (!memo_find(r->memo, r->missed, r->missed_hash, r->values, &r->unit.repeat))
                return 0;
        r->missed = (Slice){NULL, 0};
        w->at = at;
        return 1;
}

/*
 * The value at the mark, or before it; afterwards the mark is behind it. Scalars are taken whole;
 * of an object or array the opening bracket, and *ret_opened is set.
 */
static inline Walk walk_value(Walker *w, const PathNode *node, bool *ret_opened) {
        unsigned char kind = w->kinds[w->at];

        *ret_opened = false;
        if (kind & JSON_GAP) {
                if (!is_gap(w, w->marks[w->at - 1] + 1, w->marks[w->at]))
                        return walk_bare(w, node);
                kind &= (unsigned char)~JSON_GAP;
        }
        switch (kind) {
        case '"':
                if (w->n - w->at < 2)
                        return WALK_MORE;
                if (take_string(w, w->at, node) < 0)
                        return WALK_NO_MEMORY;
                w->at += 2;
                return WALK_DONE;
        case '{':
                if (node && node->is_repeats && w->r->depth == 1 && walk_repeat(w))
                        return WALK_DONE;
                /* fall through */
        case '[':
                *ret_opened = true;
                return walk_open(w, kind == '[', node);
        default:
                return refuse(w, 1);
        }
}

/*
 * Members that are strings, without white space, one after another: nearly all of a record. The
 * mark is where a key should be, before and after.
 */
static inline int walk_strings(Walker *w, Frame *frame) {
        if (!frame->node) {
                while (memcmp(w->kinds + w->at, MEMBER, N_MEMBER) == 0)
                        w->at += N_MEMBER;
                return 0;
        }
        for (; memcmp(w->kinds + w->at, MEMBER, N_MEMBER) == 0; w->at += N_MEMBER) {
                take_key(w, frame);
                if (frame->child && take_string(w, w->at + 3, frame->child) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* The key at the mark and its colon; afterwards the mark is behind that. */
static inline Walk walk_key(Walker *w, Frame *frame) {
        if (!is_kind(w, w->at, '"'))
                return refuse(w, 1);
        if (w->n - w->at < 3)
                return WALK_MORE;
        if (!is_kind(w, w->at + 2, ':'))
                return WALK_UNUSUAL;
        frame->child = NULL;
        if (frame->node)
                take_key(w, frame);
        w->at += 3;
        return WALK_DONE;
}

/*
 * The object at the mark, whose frame is the root of the wanted paths. Afterwards the mark is
 * behind it, or, for WALK_LIST, behind the opening bracket of the array.
 */
static Walk walk_unit(Walker *w) {
        JsonReader *r = w->r;
        bool is_opened = true;
        Walk result;

        r->frames[1] = (Frame){&r->paths->root, NULL, -1, false};
        r->depth = 1;
        w->at++;
        for (;;) {
                Frame *frame = &r->frames[r->depth];

                /* at the mark: a closing bracket, or, in a frame just opened, its first content, or
                 * ',' */
                if (is_kind(w, w->at, frame->is_array ? ']' : '}')) {
                        walk_close(w);
                        if (r->depth == 0)
                                return WALK_DONE;
                        is_opened = false;
                        continue;
                }
                if (!is_opened) {
                        if (!is_kind(w, w->at, ','))
                                return refuse(w, 1);
                        w->at++;
                }
                if (!frame->is_array) {
                        if (walk_strings(w, frame) < 0)
                                return WALK_NO_MEMORY;
                        result = walk_key(w, frame);
                        if (result != WALK_DONE)
                                return result;
                        if (__builtin_expect(frame->child && frame->child->list, 0) &&
                                        (w->kinds[w->at] & ~JSON_GAP) == '[' &&
                                        r->place != PLACE_LIST) {
                                if (r->depth != 1 || r->place != PLACE_TOP ||
                                                !is_kind(w, w->at, '['))
                                        return WALK_UNUSUAL;
                                r->list = frame->child;
                                w->at++;
                                return WALK_LIST;
                        }
                } else {
                        while (memcmp(w->kinds + w->at, ELEMENT, N_ELEMENT) == 0)
                                w->at += N_ELEMENT;
                }
                result = walk_value(w, frame->is_array ? NULL : frame->child, &is_opened);
                if (result != WALK_DONE)
                        return result;
        }
}

/* ---- units one after another ---- */

/* What was walked over, up to END, but for the grammar. */
static bool is_sound(Walker *w, uint32_t end) {
        return w->r->index.control_at >= end && check_escapes(w, end);
}

/* Is there an escape from FIRST on, of those that were checked? */
static bool has_escapes(const Walker *w, uint32_t first) {
        return w->checked > w->r->index.escapes && w->checked[-1] >= first;
}

/* The unit from FIRST to END, whose first mark is MARK. */
static Walk deliver(Walker *w, size_t mark, uint32_t first, uint32_t end) {
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
        if (r->unit.size > r->limits.max_record_bytes || !is_sound(w, end))
                return WALK_UNUSUAL;
        if (r->scratch.size)
                place_decoded(r);
        if (r->missed.data && memo_add(r->memo, r->missed, r->missed_hash, r->values,
                                              &r->unit.repeat) < 0)
                return WALK_NO_MEMORY;
        r->unit.text = slice(w->text + first, end - first);
        r->unit.hash = hash_slice(r->unit.text);
        r->marks = (JsonMarks){w->text, w->marks, w->kinds, mark, w->at};
        r->unit.marks = has_escapes(w, first) ? NULL : &r->marks;
        reader_deliver(r);
        r->unit.marks = NULL;
        return WALK_DONE;
}

/* The unit at the mark, from FIRST; *ret_done is the byte behind it. */
static Walk take_unit(Walker *w, uint32_t first, uint32_t *ret_done) {
        JsonReader *r = w->r;
        size_t mark = w->at;
        uint32_t end;
        Walk result;

        memset(r->values, 0, r->paths->n_values * sizeof(*r->values));
        r->scratch.size = 0;
        r->unit.n_repeated = 0;
        r->unit.repeat = (JsonRepeat){0, 0};
        r->missed = (Slice){NULL, 0};
        result = walk_unit(w);
        end = w->marks[w->at - 1] + 1;
        if (result == WALK_LIST) {
                if (!is_sound(w, end))
                        return WALK_UNUSUAL;
                r->place = PLACE_LIST;
                r->has_element = false;
                r->sink->list(r->sink->userdata, r->list->list - 1, r->sound_end + first,
                                slice(w->text + first, end - first));
        } else if (result == WALK_DONE) {
                result = deliver(w, mark, first, end);
                if (result == WALK_DONE)
                        r->has_element = r->place != PLACE_TOP;
        }
        if (result != WALK_DONE && result != WALK_LIST)
                return result;
        *ret_done = end;
        return WALK_DONE;
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
        w->at++;
        *ret_done = at + 1;
        return WALK_DONE;
}

/* One step from *done on: a unit, or a bracket. A comma belongs to the unit behind it. */
static Walk step(Walker *w, uint32_t *done) {
        JsonReader *r = w->r;
        uint32_t at = *done;
        bool is_behind_comma = false;

        for (; w->at < w->n; at = w->marks[w->at++] + 1) {
                char c = w->text[w->marks[w->at]];

                if (!is_gap(w, at, w->marks[w->at]))
                        return WALK_UNUSUAL;
                at = w->marks[w->at];
                if (c == '{' && r->place != PLACE_BEHIND && (is_behind_comma || !r->has_element))
                        return take_unit(w, at, done);
                if (is_behind_comma)
                        return WALK_UNUSUAL;
                if (c != ',' || !r->has_element)
                        return take_mark(w, at, done);
                is_behind_comma = true;
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
        w.marks = r->index.marks;
        w.kinds = r->index.kinds;
        w.n = r->index.n_marks;
        w.escape = w.checked = r->index.escapes;
        while (result == WALK_DONE && r->stop == STOP_NONE)
                result = step(&w, &done);
        r->sound_end += done;
        r->depth = 0;
        if (result == WALK_NO_MEMORY)
                return -ENOMEM;
        return result == WALK_UNUSUAL ? FAST_UNUSUAL : FAST_MORE;
}
