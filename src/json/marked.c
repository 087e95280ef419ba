/*
 * json_find() where the fast path has left its marks: members are told by the kinds of marks, and a
 * key is compared where its size is the wanted one, so a value costs a few instructions for each
 * mark before it, and none for each byte. Only of units without escapes, where a key is wanted if
 * its bytes are. What is not among the marks (texts that were decoded), and elements of arrays, are
 * left to json_find(). Stateless.
 */
#include <string.h>

#include "json/marked.h"

/* Of a member whose value is a string, without white space. */
#define MEMBER "\"\":\"\","
#define N_MEMBER 6

static inline bool is_space(char c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline unsigned char kind_at(const JsonMarks *m, size_t at) {
        return m->kinds[at] & (unsigned char)~JSON_GAP;
}

/* The mark of the bracket that TEXT begins with; m->n where it is none. */
static size_t mark_of(const JsonMarks *m, Slice text) {
        size_t low = m->first, high = m->n;
        uintptr_t at = (uintptr_t)text.data - (uintptr_t)m->text;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (m->marks[middle] < at)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < m->n && m->marks[low] == at ? low : m->n;
}

/* Behind the bracket that closes the one at mark AT. */
static size_t skip_nested(const JsonMarks *m, size_t at) {
        size_t depth = 0;

        do {
                while (memcmp(m->kinds + at, MEMBER, N_MEMBER) == 0)
                        at += N_MEMBER;
                switch (kind_at(m, at)) {
                case '{':
                case '[':
                        depth++;
                        break;
                case '}':
                case ']':
                        depth--;
                        break;
                default:
                        break;
                }
                at++;
        } while (depth > 0 && at < m->n);
        return at;
}

/* Behind the value whose first mark, or the one behind it, is mark AT. */
static inline size_t skip_value(const JsonMarks *m, size_t at) {
        switch (kind_at(m, at)) {
        case '"':
                return at + 2;
        case '{':
        case '[':
                return skip_nested(m, at);
        default: /* a literal or number */
                return at;
        }
}

static inline bool is_key(const JsonMarks *m, size_t at, Slice key) {
        uint32_t open = m->marks[at], close = m->marks[at + 1];

        return close - open == key.size + 1 && bytes_equal(m->text + open + 1, key.data, key.size);
}

/* Where the value begins under KEY in the object at mark AT, the last of several; 0: nowhere. */
static size_t member(const JsonMarks *m, size_t at, Slice key) {
        size_t found = 0;

        for (at++; at < m->n; at++) {
                for (; memcmp(m->kinds + at, MEMBER, N_MEMBER) == 0; at += N_MEMBER) {
                        if (is_key(m, at, key))
                                found = at + 3;
                }
                if (kind_at(m, at) != '"')
                        break;
                if (is_key(m, at, key))
                        found = at + 3;
                at = skip_value(m, at + 3);
                if (kind_at(m, at) != ',')
                        break;
        }
        return found;
}

/* The value whose first mark, or the one behind it, is mark AT. */
static Slice value_at(const JsonMarks *m, size_t at) {
        size_t next = skip_value(m, at);
        const char *from = m->text + m->marks[at], *to = m->text + m->marks[next - 1] + 1;

        if (next == at) { /* no mark of its own, but perhaps white space around it */
                for (to = from, from = m->text + m->marks[at - 1] + 1; is_space(*from); from++)
                        ;
                while (is_space(to[-1]))
                        to--;
        }
        return slice(from, (size_t)(to - from));
}

JsonValue json_find_marked(const JsonMarks *m, Slice record, Slice path) {
        size_t at = m ? mark_of(m, record) : 0;

        if (!m || at == m->n || kind_at(m, at) != '{')
                return json_find(record, path);
        for (;;) {
                const char *dot = memchr(path.data, '.', path.size);
                Slice part = dot ? slice(path.data, (size_t)(dot - path.data)) : path;

                at = member(m, at, part);
                if (!at)
                        return (JsonValue){JSON_ABSENT, {NULL, 0}};
                if (!dot) {
                        Slice value = value_at(m, at);

                        return (JsonValue){json_type_of(*value.data), value};
                }
                path = slice(dot + 1, path.size - part.size - 1);
                if (kind_at(m, at) != '{')
                        return json_find(value_at(m, at), path);
        }
}
