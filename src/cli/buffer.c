/*
 * Bytes that grow, doubling: appends are O(1) on average. `size <= space` always; `data` is NULL
 * while `space` is 0. After a failed allocation the buffer keeps what it has and takes no more.
 * One thread at a time.
 */
#include "cli/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_buffer_deinit(CliBuffer *buffer) {
        free(buffer->data);
        *buffer = CLI_BUFFER_INIT;
}

void cli_buffer_clear(CliBuffer *buffer) {
        buffer->size = 0;
}

/* Room for N more bytes; false when there is none to be had. */
static bool reserve(CliBuffer *buffer, size_t n) {
        size_t space = buffer->space ? buffer->space : 128;
        char *data;

        if (buffer->error)
                return false;
        if (n <= buffer->space - buffer->size)
                return true;
        while (space - buffer->size < n) {
                if (space > SIZE_MAX / 4)
                        goto failed;
                space *= 2;
        }
        data = realloc(buffer->data, space);
        if (!data)
                goto failed;
        buffer->data = data;
        buffer->space = space;
        return true;
failed:
        buffer->error = -ENOMEM;
        return false;
}

void cli_buffer_append(CliBuffer *buffer, const void *data, size_t size) {
        if (size == 0 || !reserve(buffer, size))
                return;
        memcpy(buffer->data + buffer->size, data, size);
        buffer->size += size;
}

void cli_buffer_char(CliBuffer *buffer, char c) {
        cli_buffer_append(buffer, &c, 1);
}

void cli_buffer_text(CliBuffer *buffer, const char *text) {
        cli_buffer_append(buffer, text, strlen(text));
}

void cli_buffer_number(CliBuffer *buffer, uint64_t n) {
        char digits[20];
        size_t i = sizeof(digits);

        do
                digits[--i] = (char)('0' + n % 10);
        while (n /= 10);
        cli_buffer_append(buffer, digits + i, sizeof(digits) - i);
}

void cli_buffer_fill(CliBuffer *buffer, char c, size_t n) {
        if (n == 0 || !reserve(buffer, n))
                return;
        memset(buffer->data + buffer->size, c, n);
        buffer->size += n;
}

void cli_buffer_format(CliBuffer *buffer, const char *format, ...) {
        va_list arguments;
        int n;

        va_start(arguments, format);
        n = vsnprintf(NULL, 0, format, arguments);
        va_end(arguments);
        if (n < 0 || !reserve(buffer, (size_t)n + 1)) {
                buffer->error = -ENOMEM;
                return;
        }
        va_start(arguments, format);
        (void)vsnprintf(buffer->data + buffer->size, (size_t)n + 1, format, arguments);
        va_end(arguments);
        buffer->size += (size_t)n;
}

const char *cli_buffer_cstr(CliBuffer *buffer) {
        if (!reserve(buffer, 1))
                return "";
        buffer->data[buffer->size] = '\0';
        return buffer->data;
}
