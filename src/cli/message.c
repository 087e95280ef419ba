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

int cli_usage_error(const char *command, const char *format, ...) {
        va_list arguments;
        char *text = NULL;

        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0)
                text = NULL;
        va_end(arguments);
        put("spoor", command, text ? text : "out of memory");
        free(text);
        fprintf(stderr, "try 'spoor %s%s--help'\n", command ? command : "", command ? " " : "");
        return CLI_EXIT_FAILED;
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
