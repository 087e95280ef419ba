/*
 * One line on standard error, drawn over itself with a carriage return and blanks, so that it
 * needs nothing of the terminal; cut to its width, or it would scroll. The library calls from one
 * thread at a time. Reading that is over at once draws nothing.
 */
#include "cli/progress.h"

#include "cli/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NS_PER_S 1000000000ULL
#define QUIET_NS (NS_PER_S / 3)

void cli_progress_format(const SpoorProgress *progress, CliBuffer *buffer) {
        double seconds = (double)progress->elapsed_ns / NS_PER_S;

        cli_buffer_format(buffer, "%s ", progress->phase);
        cli_text_count(buffer, progress->n_files);
        if (progress->n_files_all) {
                cli_buffer_char(buffer, '/');
                cli_text_count(buffer, progress->n_files_all);
        }
        cli_buffer_text(buffer, " files, ");
        cli_text_bytes(buffer, progress->n_bytes);
        if (seconds > 0 && progress->n_events) {
                cli_buffer_text(buffer, ", ");
                cli_text_count(buffer, (uint64_t)((double)progress->n_events / seconds));
                cli_buffer_text(buffer, " events/s");
        }
        if (progress->n_files && progress->n_files < progress->n_files_all) {
                double left = seconds * (double)(progress->n_files_all - progress->n_files) /
                              (double)progress->n_files;
                uint64_t s = (uint64_t)(left + 0.5);

                cli_buffer_format(buffer, ", %" PRIu64 ":%02u left", s / 60, (unsigned)(s % 60));
        }
}

static size_t terminal_width(void) {
        struct winsize size;

        if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
                return size.ws_col - 1U;
        return 79;
}

static void draw(void *userdata, const SpoorProgress *report) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer line = CLI_BUFFER_INIT;
        CliProgress *progress = userdata;
        size_t n;

        if (report->elapsed_ns < QUIET_NS)
                return;
        cli_buffer_text(&line, "\rspoor: ");
        cli_progress_format(report, &line);
        if (line.error)
                return;
        if (line.size > terminal_width() + 1)
                line.size = terminal_width() + 1;
        n = line.size - 1; /* without the return */
        if (progress->n_drawn > n)
                cli_buffer_fill(&line, ' ', progress->n_drawn - n);
        progress->n_drawn = n;
        (void)!write(STDERR_FILENO, line.data, line.size);
}

void cli_progress_attach(CliProgress *progress, const CliArgs *args, SpoorOptions *options) {
        *progress = (CliProgress){0};
        if (cli_args_has(args, CLI_FLAG_QUIET) || cli_args_has(args, CLI_FLAG_NO_PROGRESS) ||
                        !isatty(STDERR_FILENO))
                return;
        options->progress = draw;
        options->userdata = progress;
}

void cli_progress_clear(CliProgress *progress) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer line = CLI_BUFFER_INIT;

        if (!progress->n_drawn)
                return;
        cli_buffer_char(&line, '\r');
        cli_buffer_fill(&line, ' ', progress->n_drawn);
        cli_buffer_char(&line, '\r');
        if (!line.error)
                (void)!write(STDERR_FILENO, line.data, line.size);
        progress->n_drawn = 0;
}
