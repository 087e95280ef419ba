/*
 * What is said on standard error. Every message is one line, begins with "spoor", and has its text
 * made visible: it may quote the evidence.
 */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include <stddef.h>

/* What the process ends with; the contract of cli.md. */
typedef enum CliExit {
        CLI_EXIT_ANSWERED = 0,
        CLI_EXIT_FAILED = 2,  /* bad usage, or nothing could be answered */
        CLI_EXIT_DAMAGED = 3, /* answered, part of the evidence was damaged */
} CliExit;

/* "spoor: " and the message. */
void cli_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * "spoor COMMAND: " and the message, then a hint where help is. COMMAND may be NULL.
 * Returns CLI_EXIT_FAILED.
 */
int cli_usage_error(const char *command, const char *format, ...)
                __attribute__((format(printf, 2, 3)));

/*
 * The same for OPTION, whose argument TEXT is wrong at byte AT: that part of it is printed below,
 * with a caret under the place.
 */
int cli_usage_error_at(const char *command, const char *option, const char *message,
                const char *text, size_t at);

/* The message, or where it is empty the meaning of -errno. Returns CLI_EXIT_FAILED. */
int cli_fail(int error, const char *message);

#endif
