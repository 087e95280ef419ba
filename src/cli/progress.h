/* The progress line of a command that reads evidence; only on a terminal. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/buffer.h"
#include "cli/flags.h"

#include <spoor/spoor.h>
#include <stddef.h>

typedef struct CliProgress {
        size_t n_drawn; /* cells of the line that stands there */
} CliProgress;

/* Fills in progress and userdata of OPTIONS where a line is wanted; PROGRESS outlives the reading.
 */
void cli_progress_attach(CliProgress *progress, const CliArgs *args, SpoorOptions *options);
/* Wipes the line. */
void cli_progress_clear(CliProgress *progress);

/* "reading 1,234/3,872 files, 120.0 MB, 310,000 events/s, 0:12 left"; without the last: unknown. */
void cli_progress_format(const SpoorProgress *progress, CliBuffer *buffer);

#endif
