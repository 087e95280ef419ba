/* Bytes under construction: one growable array, doubling, with the few ways of appending that a
 * writer of JSON needs. Amortised O(1) a byte. Not shared between threads. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_deinit(Buf *b) {
        free(b->data);
        *b = (Buf){0};
}

void buf_clear(Buf *b) {
        b->n = 0;
}

static bool grow(Buf *b, size_t more) {
        size_t cap = b->cap ? b->cap : 4096;
        char *data;

        if (b->failed || more > SIZE_MAX / 4 - b->n) {
                b->failed = true;
                return false;
        }
        while (cap < b->n + more)
                cap *= 2;
        data = realloc(b->data, cap);
        if (!data) {
                b->failed = true;
                return false;
        }
        b->data = data;
        b->cap = cap;
        return true;
}

void buf_add(Buf *b, const void *data, size_t n) {
        if (n > b->cap - b->n && !grow(b, n))
                return;
        if (n)
                memcpy(b->data + b->n, data, n);
        b->n += n;
}

void buf_char(Buf *b, char c) {
        if (b->n == b->cap && !grow(b, 1))
                return;
        b->data[b->n++] = c;
}

void buf_fill(Buf *b, char c, size_t n) {
        if (n > b->cap - b->n && !grow(b, n))
                return;
        if (n)
                memset(b->data + b->n, c, n);
        b->n += n;
}

void buf_str(Buf *b, const char *s) {
        buf_add(b, s, strlen(s));
}

void buf_u64(Buf *b, uint64_t v) {
        char t[20];
        unsigned at = sizeof t;

        do {
                t[--at] = (char)('0' + v % 10);
                v /= 10;
        } while (v);
        buf_add(b, t + at, sizeof t - at);
}

void buf_dec(Buf *b, uint64_t v, unsigned width) {
        char t[24];

        if (width > sizeof t)
                width = sizeof t;
        for (unsigned i = width; i-- > 0; v /= 10)
                t[i] = (char)('0' + v % 10);
        buf_add(b, t, width);
}

void buf_hex(Buf *b, uint64_t v, unsigned digits) {
        char t[16];

        if (digits > sizeof t)
                digits = sizeof t;
        for (unsigned i = digits; i-- > 0; v >>= 4)
                t[i] = "0123456789abcdef"[v & 15];
        buf_add(b, t, digits);
}

static void escape_one(Buf *b, unsigned char c) {
        switch (c) {
        case '"':
                buf_add(b, "\\\"", 2);
                break;
        case '\\':
                buf_add(b, "\\\\", 2);
                break;
        case '\n':
                buf_add(b, "\\n", 2);
                break;
        case '\r':
                buf_add(b, "\\r", 2);
                break;
        case '\t':
                buf_add(b, "\\t", 2);
                break;
        default:
                buf_add(b, "\\u00", 4);
                buf_hex(b, c, 2);
        }
}

void buf_escape(Buf *b, const char *s, size_t n) {
        size_t from = 0;

        for (size_t i = 0; i < n; i++) {
                unsigned char c = (unsigned char)s[i];

                if (c >= 0x20 && c != '"' && c != '\\')
                        continue;
                buf_add(b, s + from, i - from);
                escape_one(b, c);
                from = i + 1;
        }
        buf_add(b, s + from, n - from);
}

void buf_member(Buf *b, const char *key, const char *value) {
        buf_char(b, '"');
        buf_str(b, key);
        buf_add(b, "\":\"", 3);
        buf_escape(b, value, strlen(value));
        buf_char(b, '"');
}

void buf_fmt(Buf *b, const char *fmt, ...) {
        va_list args;
        int n;

        va_start(args, fmt);
        n = vsnprintf(NULL, 0, fmt, args);
        va_end(args);
        if (n < 0) {
                b->failed = true;
                return;
        }
        if ((size_t)n >= b->cap - b->n && !grow(b, (size_t)n + 1))
                return;
        va_start(args, fmt);
        vsnprintf(b->data + b->n, (size_t)n + 1, fmt, args);
        va_end(args);
        b->n += (size_t)n;
}

const char *buf_cstr(Buf *b) {
        if (b->n == b->cap && !grow(b, 1))
                return "";
        b->data[b->n] = '\0';
        return b->data;
}
