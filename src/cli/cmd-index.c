/* index, merge: write a case file, of evidence or of other cases. */
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/query.h"
#include "cli/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double seconds_now(void) {
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Whether a file can be made beside PATH: better said now than after an hour of reading. */
static int check_writable(const CliArgs *args, const char *path) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer parent = CLI_BUFFER_INIT;
        const char *slash = strrchr(path, '/');

        cli_buffer_append(&parent, path, slash ? (size_t)(slash - path) + 1 : 0);
        cli_buffer_char(&parent, '.');
        if (access(cli_buffer_cstr(&parent), W_OK | X_OK) < 0)
                return cli_usage_error(args->command->name, "--output: cannot write %s: %s", path,
                                strerror(errno));
        return 0;
}

static int check(const CliArgs *args, const char *path) {
        const char *name = args->command->name;
        SpoorError error;

        if (!path)
                return cli_usage_error(name, "needs -o CASE, the case file to write");
        if (strcmp(path, "-") == 0)
                return cli_usage_error(name, "--output: a case file is no stream");
        if (args->n_operands == 0)
                return cli_usage_error(
                                name, args->command->on == CLI_ON_MERGE
                                                      ? "needs a CASE, a case file to take up"
                                                      : "needs a SOURCE: a directory, a log, an "
                                                        "archive, a case "
                                                        "file or -");
        for (size_t i = 0; cli_args_has(args, CLI_FLAG_SHARD) && i < args->n_operands; i++) {
                if (strcmp(args->operands[i], "-") == 0)
                        return cli_usage_error(name, "--shard: standard input has no shares");
        }
        if (cli_output_check(path, args->operands, args->n_operands, &error))
                return cli_usage_error(name, "%s", error.message);
        return check_writable(args, path);
}

static void count(CliBuffer *line, uint64_t n, const char *one, const char *many) {
        cli_text_count(line, n);
        cli_buffer_format(line, " %s", n == 1 ? one : many);
}

static void summarize(const char *path, SpoorCase *scase, double seconds) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer line = CLI_BUFFER_INIT;
        struct stat st;
        SpoorInfo info;

        if (spoor_case_counts(scase, &info))
                return;
        count(&line, info.n_events, "event", "events");
        cli_buffer_text(&line, " in ");
        count(&line, info.n_files, "file", "files");
        cli_buffer_text(&line, ", ");
        count(&line, info.n_duplicates, "duplicate", "duplicates");
        cli_buffer_text(&line, ", ");
        cli_text_count(&line, info.n_rejected);
        cli_buffer_format(&line, " rejected -> %s", path);
        if (stat(path, &st) == 0) {
                cli_buffer_text(&line, " (");
                cli_text_bytes(&line, (uint64_t)st.st_size);
                cli_buffer_char(&line, ')');
        }
        cli_buffer_format(&line, " in %.1f s", seconds);
        cli_message("%s", cli_buffer_cstr(&line));
}

static int write_case(const CliArgs *args) {
        CLI_CLEANUP(cli_case_cleanup) SpoorCase *scase = NULL;
        const char *path = cli_args_text(args, CLI_FLAG_OUTPUT, NULL);
        double start = seconds_now();
        SpoorError error = {""};
        CliProgress progress;
        SpoorOptions options;
        int r, exit;

        cli_options_fill(args, &options);
        cli_progress_attach(&progress, args, &options);
        r = spoor_case_index(&options, args->operands, args->n_operands, path, &scase, &error);
        cli_progress_clear(&progress);
        if (r)
                return cli_fail(r, error.message);
        exit = cli_report_damage(args, scase, CLI_REPORT_IGNORED | CLI_REPORT_CONFLICTS);
        if (!cli_args_has(args, CLI_FLAG_QUIET))
                summarize(path, scase, seconds_now() - start);
        return exit;
}

int cli_cmd_index(const CliArgs *args) {
        int exit = check(args, cli_args_text(args, CLI_FLAG_OUTPUT, NULL));

        return exit ? exit : write_case(args);
}

int cli_cmd_merge(const CliArgs *args) {
        int exit = check(args, cli_args_text(args, CLI_FLAG_OUTPUT, NULL));

        for (size_t i = 0; i < args->n_operands && !exit; i++) {
                const char *path = args->operands[i];
                int r = strcmp(path, "-") == 0 ? 0 : spoor_is_case(path);

                if (r < 0)
                        exit = cli_usage_error(args->command->name, "%s: %s", path, strerror(-r));
                else if (r == 0)
                        exit = cli_usage_error(args->command->name,
                                        "%s: no case file; spoor index reads evidence", path);
        }
        return exit ? exit : write_case(args);
}
