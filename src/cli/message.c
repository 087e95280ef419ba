/*
 * Messages on standard error, each in one write so that lines of several processes do not mix.
 * When memory is short a message is printed without its argument rather than not at all.
 */
#include "cli/message.h"

#include "cli/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CARET_BEFORE 60 /* bytes of a wrong text that are shown */
#define CARET_BEHIND 30

static void put(const char *prefix, const char *command, const char *text) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer line = CLI_BUFFER_INIT;

        cli_buffer_text(&line, prefix);
        if (command) {
                cli_buffer_char(&line, ' ');
                cli_text_visible(&line, cli_slice(command), 0);
        }
        cli_buffer_text(&line, ": ");
        cli_text_visible(&line, cli_slice(text), 0);
        cli_buffer_char(&line, '\n');
        if (line.error)
                (void)!write(STDERR_FILENO, "spoor: out of memory\n", 21);
        else
                (void)!write(STDERR_FILENO, line.data, line.size);
}

void cli_message(const char *format, ...) {
        va_list arguments;
        char *text = NULL;

        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0)
                text = NULL;
        va_end(arguments);
        put("spoor", NULL, text ? text : "out of memory");
        free(text);
}

static int hint(const char *command) {
        fprintf(stderr, "try 'spoor %s%s--help'\n", command ? command : "", command ? " " : "");
        return CLI_EXIT_FAILED;
}

int cli_usage_error(const char *command, const char *format, ...) {
        va_list arguments;
        char *text = NULL;

        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0)
                text = NULL;
        va_end(arguments);
        put("spoor", command, text ? text : "out of memory");
        free(text);
        return hint(command);
}

/* The beginning of a character of TEXT, at AT or before it. */
static size_t character_at(const char *text, size_t at) {
        while (at > 0 && (text[at] & 0xC0) == 0x80)
                at--;
        return at;
}

int cli_usage_error_at(const char *command, const char *option, const char *message,
                const char *text, size_t at) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer line = CLI_BUFFER_INIT;
        size_t size = strlen(text), n_cells;
        size_t from = character_at(text, at > CARET_BEFORE ? at - CARET_BEFORE : 0);
        size_t to = character_at(text, size - at > CARET_BEHIND ? at + CARET_BEHIND : size);

        cli_buffer_format(&line, "%s: %s", option, message);
        put("spoor", command, cli_buffer_cstr(&line));
        cli_buffer_clear(&line);
        cli_buffer_text(&line, from ? "  ..." : "  ");
        n_cells = line.size + cli_text_visible(&line, (SpoorSlice){text + from, at - from}, 0);
        cli_text_visible(&line, (SpoorSlice){text + at, to - at}, 0);
        cli_buffer_text(&line, to < size ? "...\n" : "\n");
        cli_buffer_fill(&line, ' ', n_cells);
        cli_buffer_text(&line, "^\n");
        if (!line.error)
                (void)!write(STDERR_FILENO, line.data, line.size);
        return hint(command);
}

int cli_fail(int error, const char *message) {
        if (message && message[0])
                cli_message("%s", message);
        else if (error < 0)
                cli_message("%s", strerror(-error));
        else
                cli_message("failed without a reason given");
        return CLI_EXIT_FAILED;
}
