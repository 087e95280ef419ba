#ifndef GEN_BUF_H
#define GEN_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growable run of bytes. Running out of memory is sticky: `failed` stays set, later appends do
 * nothing, and whoever writes the bytes out reports it once. */
typedef struct Buf {
        char *data;
        size_t n;
        size_t cap;
        bool failed;
} Buf;

void buf_deinit(Buf *b);
void buf_clear(Buf *b);
void buf_add(Buf *b, const void *data, size_t n);
void buf_char(Buf *b, char c);
void buf_fill(Buf *b, char c, size_t n);
void buf_str(Buf *b, const char *s);
void buf_u64(Buf *b, uint64_t v);
void buf_dec(Buf *b, uint64_t v, unsigned width);
void buf_hex(Buf *b, uint64_t v, unsigned digits);
/* The bytes as they stand inside a JSON string, without the quotes. */
void buf_escape(Buf *b, const char *s, size_t n);
/* "key":"value" in one go, value escaped; no comma. */
void buf_member(Buf *b, const char *key, const char *value);
__attribute__((format(printf, 2, 3))) void buf_fmt(Buf *b, const char *fmt, ...);
/* The text with a closing NUL that does not count; "" when memory ran out. */
const char *buf_cstr(Buf *b);

#endif
