/*
 * JSON for eyes: white space outside strings is made anew, strings stay as they are but for what a
 * terminal would act on (DEL, C1 controls, direction marks), which becomes an escape of the same
 * meaning. One pass, no recursion, one buffer. Stateless.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"
#include "json/json.h"

typedef VEC(char) Text;

static int put(Text *text, const char *bytes, size_t size) {
        if (vec_reserve(text, size + 1) < 0)
                return -ENOMEM;
        memcpy(text->data + text->size, bytes, size);
        text->size += size;
        text->data[text->size] = 0;
        return 0;
}

static int new_line(Text *text, size_t depth) {
        int r = put(text, "\n", 1);

        while (r == 0 && depth-- > 0)
                r = put(text, "  ", 2);
        return r;
}

/* The code point at AT if it must not reach a terminal, else 0; *ret_size its bytes. */
static unsigned unsafe_at(const char *at, const char *end, size_t *ret_size) {
        unsigned char a = (unsigned char)at[0];
        unsigned b = end - at > 1 ? (unsigned char)at[1] : 0,
                 c = end - at > 2 ? (unsigned char)at[2] : 0;
        unsigned code;

        *ret_size = 1;
        if (a == 0x7F)
                return a;
        if (a == 0xC2 && b >= 0x80 && b <= 0x9F)
                return *ret_size = 2, b;
        if (a == 0xD8 && b == 0x9C)
                return *ret_size = 2, 0x61CU;
        if (a != 0xE2 || (b & 0xC0) != 0x80 || (c & 0xC0) != 0x80)
                return 0;
        code = 0x2000U | (b & 0x3F) << 6 | (c & 0x3F);
        *ret_size = 3;
        if (code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
                        (code >= 0x2066 && code <= 0x2069))
                return code;
        return 0;
}

/* Copies the string that begins at AT with its quotes; *ret_next behind it, or NULL where it is
 * open. */
static int put_string(Text *text, const char *at, const char *end, const char **ret_next) {
        const char *from = at++;
        int r = 0;

        *ret_next = NULL;
        while (at < end && *at != '"' && r == 0) {
                size_t size;
                unsigned code = unsafe_at(at, end, &size);

                if (code) {
                        char escape[8];

                        snprintf(escape, sizeof(escape), "\\u%04x", code);
                        r = put(text, from, (size_t)(at - from));
                        if (r == 0)
                                r = put(text, escape, 6);
                        from = at + size;
                }
                at += *at == '\\' && at + 1 < end ? 2 : code ? size : 1;
        }
        if (r < 0 || at >= end)
                return r;
        *ret_next = at + 1;
        return put(text, from, (size_t)(at + 1 - from));
}

static bool is_space(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Brackets, commas and colons; *ret_next behind the token, NULL where brackets do not balance. */
static int put_mark(
                Text *text, const char *at, const char *end, size_t *depth, const char **ret_next) {
        char mark = *at++;
        int r;

        *ret_next = at;
        if (mark == ':')
                return put(text, ": ", 2);
        if (mark == ',')
                return (r = put(text, ",", 1)) < 0 ? r : new_line(text, *depth);
        if (mark == '{' || mark == '[') {
                while (at < end && is_space(*at))
                        at++;
                r = put(text, &mark, 1);
                if (r == 0 && at < end && *at == (mark == '{' ? '}' : ']')) {
                        *ret_next = at + 1;
                        return put(text, at, 1);
                }
                ++*depth;
                return r < 0 ? r : new_line(text, *depth);
        }
        if (*depth == 0) {
                *ret_next = NULL;
                return 0;
        }
        r = new_line(text, --*depth);
        return r < 0 ? r : put(text, &mark, 1);
}

int json_pretty(Slice json, char **ret_text) {
        const char *at = json.data, *end = json.data + json.size;
        Text text = {0};
        size_t depth = 0;
        int r = put(&text, "", 0);

        while (r == 0 && at && at < end) {
                if (is_space(*at))
                        at++;
                else if (*at == '"')
                        r = put_string(&text, at, end, &at);
                else if (memchr("{}[],:", *at, 6))
                        r = put_mark(&text, at, end, &depth, &at);
                else
                        r = put(&text, at++, 1);
        }
        if (r == 0 && (!at || depth))
                r = 1;
        if (r == 0)
                *ret_text = text.data;
        else
                vec_deinit(&text);
        return r;
}
