/*
 * One value out of one record that a reader has found sound: a walk over brackets and quotes, no
 * parser, no allocation. Nesting is counted, not recursed into (but for the parts of a path). Keys
 * are compared as they stand, or decoded where they hold an escape. Stateless.
 */
#include "base/hex.h"
#include "json/marked.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static const char *skip_space(const char *at, const char *end) {
        while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
                at++;
        return at;
}

/* From AT on the first byte that matters: with QUOTED a quote or backslash, else a quote or
 * bracket. */
static inline const char *next_mark(const char *at, const char *end, bool is_quoted) {
#if defined(__SSE2__)
        const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
        const __m128i open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}');
        const __m128i case_bit = _mm_set1_epi8(0x20); /* in which '[' and '{' differ, ']' and '}' */

        for (; end - at >= 16; at += 16) {
                __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
                __m128i brackets = _mm_or_si128(bytes, case_bit),
                        found = _mm_cmpeq_epi8(bytes, quote);
                int mask;

                if (is_quoted)
                        found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, backslash));
                else
                        found = _mm_or_si128(
                                        found, _mm_or_si128(_mm_cmpeq_epi8(brackets, open),
                                                               _mm_cmpeq_epi8(brackets, close)));
                mask = _mm_movemask_epi8(found);
                if (mask)
                        return at + __builtin_ctz((unsigned)mask);
        }
#endif
        while (at < end && *at != '"' &&
                        (is_quoted ? *at != '\\' : (*at | 0x20) != '{' && (*at | 0x20) != '}'))
                at++;
        return at;
}

/* Behind the string that begins at AT. */
static const char *skip_string(const char *at, const char *end) {
        for (at = next_mark(at + 1, end, true); at < end && *at == '\\';
                        at = next_mark(at, end, true))
                at += end - at > 1 ? 2 : 1;
        return at < end ? at + 1 : end;
}

/* Behind the object or array that begins at AT. */
static const char *skip_nested(const char *at, const char *end) {
        size_t depth = 0;

        while ((at = next_mark(at, end, false)) < end) {
                if (*at == '"') {
                        at = skip_string(at, end);
                        continue;
                }
                depth += (*at | 0x20) == '{' ? 1 : (size_t)-1;
                at++;
                if (depth == 0)
                        return at;
        }
        return end;
}

/* Behind the value that begins at AT. */
static const char *skip_value(const char *at, const char *end) {
        if (at < end && *at == '"')
                return skip_string(at, end);
        if (at < end && (*at == '{' || *at == '['))
                return skip_nested(at, end);
        while (at < end && !memchr(",}] \t\r\n", *at, 7))
                at++;
        return at;
}

static bool is_key(Slice text, Slice key) {
        char decoded[256];

        if (text.size < key.size + 2) /* escapes are longer than what they stand for */
                return false;
        if (!memchr(text.data, '\\', text.size))
                return text.size == key.size + 2 && bytes_equal(text.data + 1, key.data, key.size);
        return text.size <= sizeof(decoded) * 2 / 3 && /* unsound text may grow by half */
               slice_equal(slice(decoded, json_decode(text, decoded)), key);
}

static Slice member(Slice object, Slice key) {
        const char *at = object.data + 1, *end = object.data + object.size;
        Slice found = {NULL, 0};

        for (;;) {
                const char *name = skip_space(at, end), *after, *value;

                if (name >= end || *name != '"')
                        return found;
                after = skip_string(name, end);
                value = skip_space(after, end);
                if (value >= end || *value != ':')
                        return found;
                value = skip_space(value + 1, end);
                at = skip_value(value, end);
                if (is_key(slice(name, (size_t)(after - name)), key))
                        found = slice(value, (size_t)(at - value));
                at = skip_space(at, end);
                if (at >= end || *at != ',')
                        return found;
                at++;
        }
}

static Slice element(Slice array, Slice index) {
        const char *at = array.data + 1, *end = array.data + array.size;
        size_t wanted = 0;

        if (!index.size || index.size > 9)
                return (Slice){NULL, 0};
        for (size_t i = 0; i < index.size; i++) {
                if (index.data[i] < '0' || index.data[i] > '9')
                        return (Slice){NULL, 0};
                wanted = wanted * 10 + (size_t)(index.data[i] - '0');
        }
        for (size_t i = 0;; i++) {
                const char *value = skip_space(at, end);

                if (value >= end || *value == ']')
                        return (Slice){NULL, 0};
                at = skip_value(value, end);
                if (i == wanted)
                        return slice(value, (size_t)(at - value));
                at = skip_space(at, end);
                if (at >= end || *at != ',')
                        return (Slice){NULL, 0};
                at++;
        }
}

static Slice child(Slice value, Slice part) {
        return *value.data == '{'   ? member(value, part)
               : *value.data == '[' ? element(value, part)
                                    : (Slice){NULL, 0};
}

/*
 * The value under PATH in VALUE, NULL where there is none. Where DOTTED, a key may hold dots: where
 * the first part of a path is no key, its first two parts are tried as one, and so on.
 */
static Slice find(Slice value, Slice path, bool dotted) {
        size_t from = 0;

        for (;;) {
                const char *dot = memchr(path.data + from, '.', path.size - from);
                Slice part = dot ? slice(path.data, (size_t)(dot - path.data)) : path;
                Slice found = child(value, part);

                if (found.size && dot)
                        found = find(found, slice(dot + 1, path.size - part.size - 1), dotted);
                if (found.size || !dot || !dotted)
                        return found;
                from = part.size + 1;
        }
}

static JsonValue find_value(Slice record, Slice path, bool dotted) {
        const char *start = skip_space(record.data, record.data + record.size);
        Slice value = slice(start, record.size - (size_t)(start - record.data));

        if (value.size)
                value = find(value, path, dotted);
        if (!value.size)
                return (JsonValue){JSON_ABSENT, {NULL, 0}};
        return (JsonValue){json_type_of(*value.data), value};
}

/* ---- every value ---- */

typedef struct Visit {
        int (*visit)(void *userdata, JsonValue value);
        void *userdata;
        size_t n; /* values met */
} Visit;

static bool is_number(Slice part) {
        for (size_t i = 0; i < part.size; i++) {
                if (part.data[i] < '0' || part.data[i] > '9')
                        return false;
        }
        return part.size > 0;
}

static int visit_under(Visit *v, Slice value, Slice path);
static int visit_elements(Visit *v, Slice array, Slice path);

static int emit(Visit *v, Slice value) {
        v->n++;
        return v->visit(v->userdata, (JsonValue){json_type_of(*value.data), value});
}

/* What lies under PATH in VALUE; without a path, VALUE. */
static int visit_value(Visit *v, Slice value, Slice path) {
        return path.data            ? visit_under(v, value, path)
               : *value.data == '[' ? visit_elements(v, value, path)
                                    : emit(v, value);
}

/* Elements, and those of arrays among them: brackets are stepped over, so nothing is recursed. */
static int visit_elements(Visit *v, Slice array, Slice path) {
        const char *at = array.data, *end = array.data + array.size, *open = NULL;
        int r = 0;

        while (r == 0 && (at = skip_space(at, end)) < end) {
                const char *value = at;

                if (*value == '[' || *value == ']' || *value == ',') {
                        at++;
                        if (*value == ']' && open && !path.data)
                                r = emit(v, slice(open, (size_t)(at - open)));
                        open = *value == '[' ? value : NULL;
                        continue;
                }
                open = NULL;
                at = skip_value(value, end);
                if (at == value)
                        break; /* not sound */
                r = visit_value(v, slice(value, (size_t)(at - value)), path);
        }
        return r;
}

/* PATH has a part left; as in find(), a key may be several of them. */
static int visit_under(Visit *v, Slice value, Slice path) {
        size_t from = 0, before = v->n;
        bool is_array = *value.data == '[';

        for (int r = 0;;) {
                const char *dot = memchr(path.data + from, '.', path.size - from);
                Slice part = dot ? slice(path.data, (size_t)(dot - path.data)) : path;
                Slice found;

                if (is_array && !is_number(part))
                        return visit_elements(v, value, path);
                found = child(value, part);
                if (found.size)
                        r = visit_value(v, found,
                                        dot ? slice(dot + 1, path.size - part.size - 1)
                                            : (Slice){NULL, 0});
                if (r != 0 || !dot || is_array || v->n > before)
                        return r;
                from = part.size + 1;
        }
}

int json_visit(Slice record, Slice path, int (*visit)(void *userdata, JsonValue value),
                void *userdata) {
        const char *start = skip_space(record.data, record.data + record.size);
        Visit v = {visit, userdata, 0};

        if (start == record.data + record.size)
                return 0;
        return visit_under(&v, slice(start, record.size - (size_t)(start - record.data)), path);
}

size_t json_span(Slice text) {
        return (size_t)(skip_value(text.data, text.data + text.size) - text.data);
}

bool json_next(Slice text, const char **at, Slice *ret_key, Slice *ret_value) {
        const char *end = text.data + text.size, *from = *at, *value;

        from = skip_space(from ? from : text.data + 1, end);
        if (*at && from < end && *from == ',')
                from = skip_space(from + 1, end);
        if (from >= end || *from == '}' || *from == ']')
                return false;
        *ret_key = slice(from, 0);
        value = from;
        if (*text.data == '{') {
                value = skip_string(from, end);
                *ret_key = slice(from, (size_t)(value - from));
                value = skip_space(value, end);
                if (value >= end || *value != ':')
                        return false;
                value = skip_space(value + 1, end);
        }
        *at = skip_value(value, end);
        *ret_value = slice(value, (size_t)(*at - value));
        return true;
}

JsonValue json_find(Slice record, Slice path) {
        return find_value(record, path, false);
}

JsonValue json_find_dotted(Slice record, Slice path) {
        return find_value(record, path, true);
}

/* ---- strings ---- */

static int hex4(const char *at, const char *end) {
        int value = 0;

        if (end - at < 4)
                return -1;
        for (int i = 0; i < 4; i++) {
                int digit = hex_digit(at[i]);

                if (digit < 0)
                        return -1;
                value = value * 16 + digit;
        }
        return value;
}

static size_t put_utf8(char *to, unsigned code) {
        if (code < 0x80) {
                to[0] = (char)code;
                return 1;
        }
        if (code < 0x800) {
                to[0] = (char)(0xC0 | code >> 6);
                to[1] = (char)(0x80 | (code & 0x3F));
                return 2;
        }
        if (code < 0x10000) {
                to[0] = (char)(0xE0 | code >> 12);
                to[1] = (char)(0x80 | (code >> 6 & 0x3F));
                to[2] = (char)(0x80 | (code & 0x3F));
                return 3;
        }
        to[0] = (char)(0xF0 | code >> 18);
        to[1] = (char)(0x80 | (code >> 12 & 0x3F));
        to[2] = (char)(0x80 | (code >> 6 & 0x3F));
        to[3] = (char)(0x80 | (code & 0x3F));
        return 4;
}

/* The escape behind the backslash before AT; *ret_next behind it. Six bytes of text make at most
   three, twelve at most four. */
static size_t decode_escape(const char *at, const char *end, char *to, const char **ret_next) {
        static const char from[] = "bfnrt", into[] = "\b\f\n\r\t";
        const char *found;
        int code, low;

        *ret_next = at + 1;
        if (*at != 'u') {
                found = memchr(from, *at, 5);
                *to = found ? into[found - from] : *at;
                return 1;
        }
        code = hex4(at + 1, end);
        *ret_next = code < 0 ? at + 1 : at + 5;
        if (code < 0)
                return put_utf8(to, 0xFFFD);
        if (code >= 0xD800 && code < 0xDC00 && end - at >= 11 && at[5] == '\\' && at[6] == 'u') {
                low = hex4(at + 7, end);
                if (low >= 0xDC00 && low < 0xE000) {
                        *ret_next = at + 11;
                        return put_utf8(to, 0x10000U + ((unsigned)(code - 0xD800) << 10) +
                                                            (unsigned)(low - 0xDC00));
                }
        }
        return put_utf8(to, code >= 0xD800 && code < 0xE000 ? 0xFFFDU : (unsigned)code);
}

size_t json_decode(Slice text, char *buffer) {
        const char *at = text.data + 1, *end = text.data + text.size - 1;
        size_t size = 0;

        while (at < end) {
                if (*at != '\\' || at + 1 >= end)
                        buffer[size++] = *at++;
                else
                        size += decode_escape(at + 1, end, buffer + size, &at);
        }
        return size;
}
