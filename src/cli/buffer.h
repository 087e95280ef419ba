/*
 * Bytes that grow. An allocation that fails is remembered in `error` and later appends do nothing,
 * so that a line is composed without a check at every word and checked once, when it is used.
 */
#ifndef CLI_BUFFER_H
#define CLI_BUFFER_H

#include <stddef.h>
#include <stdint.h>

typedef struct CliBuffer {
        char *data;
        size_t size;
        size_t space;
        int error; /* 0, or -ENOMEM once and for all */
} CliBuffer;

#define CLI_BUFFER_INIT ((CliBuffer){0})
#define CLI_CLEANUP(function) __attribute__((cleanup(function)))

void cli_buffer_deinit(CliBuffer *buffer);
void cli_buffer_clear(CliBuffer *buffer); /* empty, the room kept */

void cli_buffer_append(CliBuffer *buffer, const void *data, size_t size);
void cli_buffer_char(CliBuffer *buffer, char c);
void cli_buffer_text(CliBuffer *buffer, const char *text);
void cli_buffer_number(CliBuffer *buffer, uint64_t n); /* digits */
void cli_buffer_fill(CliBuffer *buffer, char c, size_t n);
void cli_buffer_format(CliBuffer *buffer, const char *format, ...)
                __attribute__((format(printf, 2, 3)));

/* The text, NUL-ended behind its size; "" when memory ran out. Lives until the next append. */
const char *cli_buffer_cstr(CliBuffer *buffer);

#endif
