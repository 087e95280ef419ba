/*
 * JSON for eyes: white space outside strings is made anew, strings stay as they are but for what a
 * terminal would act on or nobody would see (base/unicode.h), which becomes an escape of the same
 * meaning. One pass, no recursion, one buffer. Stateless.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/unicode.h"
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

/* The code point at AT if it must not be shown as it is, else 0; *ret_size its bytes. The text is
 * UTF-8; where it is none, no code is found. */
static uint32_t hidden_at(const char *at, const char *end, size_t *ret_size) {
        unsigned char a = (unsigned char)at[0];
        size_t n = a < 0xc2 ? 1 : a < 0xe0 ? 2 : a < 0xf0 ? 3 : 4;
        uint32_t code = n == 1 ? a : a & (0x7fU >> n);

        *ret_size = 1;
        if ((size_t)(end - at) < n || (n == 1 && a != 0x7f))
                return 0;
        for (size_t i = 1; i < n; i++) {
                if (((unsigned char)at[i] & 0xc0) != 0x80)
                        return 0;
                code = code << 6 | ((unsigned char)at[i] & 0x3fU);
        }
        *ret_size = n;
        return unicode_is_hidden(code) ? code : 0;
}

static int put_escape(Text *text, uint32_t code) {
        char escape[16];

        if (code > 0xffff)
                snprintf(escape, sizeof(escape), "\\u%04x\\u%04x", 0xd7c0 + (code >> 10),
                                0xdc00 | (code & 0x3ff));
        else
                snprintf(escape, sizeof(escape), "\\u%04x", code);
        return put(text, escape, strlen(escape));
}

/* Copies the string that begins at AT with its quotes; *ret_next behind it, or NULL where it is
 * open. */
static int put_string(Text *text, const char *at, const char *end, const char **ret_next) {
        const char *from = at++;
        int r = 0;

        *ret_next = NULL;
        while (at < end && *at != '"' && r == 0) {
                size_t size;
                uint32_t code = hidden_at(at, end, &size);

                if (code) {
                        r = put(text, from, (size_t)(at - from));
                        if (r == 0)
                                r = put_escape(text, code);
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
