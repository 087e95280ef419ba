/*
 * Where an answer goes: standard output, or a file that appears whole or not at all. Writes are
 * buffered and every one is checked; the first failure is kept and the rest is dropped, so callers
 * compose freely and ask once, at the end. A closed pipe is no failure, only the end of interest.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli/buffer.h"
#include "cli/flags.h"

#include <stdbool.h>
#include <stddef.h>

#define CLI_OUTPUT_BUFFER (64U << 10)

typedef struct CliOutput {
        int fd;
        int error;       /* 0, or -errno of the first write that failed */
        bool closed;     /* the reader went away */
        bool terminal;   /* escapes are for eyes */
        char *path;      /* of a file that replaces what stands there; NULL: straight to fd */
        char *temporary; /* its name until then; NULL while it has none */
        char *buffer;    /* CLI_OUTPUT_BUFFER bytes */
        size_t n_buffer;
} CliOutput;

#define CLI_OUTPUT_INIT ((CliOutput){.fd = -1})

/* To PATH, or for NULL and "-" to standard output. Negative -errno. */
int cli_output_open(const char *path, CliOutput *ret_output);
/* What was not finished leaves no file. */
void cli_output_deinit(CliOutput *output);

void cli_output_write(CliOutput *output, const void *data, size_t size);
/* No more output is wanted: closed, or failed. */
bool cli_output_over(const CliOutput *output);
/* Writes what is left and puts the file in place. 0 also for a closed pipe; negative -errno. */
int cli_output_finish(CliOutput *output);

/*
 * Whether PATH may be written: it is not among SOURCES, nor in a directory of theirs (the evidence
 * is never written to), nor a directory. 0; CLI_E_USAGE: ret_error says which.
 */
int cli_output_check(const char *path, const char *const *sources, size_t n_sources,
                SpoorError *ret_error);

#endif
