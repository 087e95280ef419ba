/*
 * The frame around every query. Order matters: malformed options are refused before any evidence
 * is opened, and the output is opened before the reading that may take an hour.
 */
#include "cli/query.h"

#include "cli/enrichment.h"
#include "cli/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_DAMAGE_NAMED 20

int cli_unknown_column(const CliArgs *args, const char *(*column)(size_t i), const char *name) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer names = CLI_BUFFER_INIT;
        const char *known;

        for (size_t i = 0; (known = column(i)); i++)
                cli_buffer_format(&names, " %s", known);
        return cli_usage_error(args->command->name, "--columns: no column '%s'; there are%s", name,
                        cli_buffer_cstr(&names));
}

int cli_subjects_take(const CliArgs *args, const char ***ret_whats, size_t *ret_n_whats) {
        const char **whats = calloc(args->n_settings + 1, sizeof(*whats));
        SpoorError error;
        size_t n = 0;

        if (!whats)
                return cli_fail(-ENOMEM, NULL);
        for (size_t i = 0; i < args->n_settings; i++) {
                if (args->settings[i].flag->id != CLI_FLAG_SUBJECT)
                        continue;
                if (spoor_what_check(args->settings[i].text, &error)) {
                        free(whats);
                        return cli_usage_error(args->command->name, "--subject: %s", error.message);
                }
                whats[n++] = args->settings[i].text;
        }
        *ret_whats = whats;
        *ret_n_whats = n;
        return 0;
}

void cli_options_fill(const CliArgs *args, SpoorOptions *ret_options) {
        *ret_options = (SpoorOptions){
                        .n_threads = (unsigned)cli_args_number(args, CLI_FLAG_THREADS, 0),
                        .max_depth = (uint32_t)cli_args_number(args, CLI_FLAG_MAX_DEPTH, 0),
                        .max_record_bytes = cli_args_number(args, CLI_FLAG_MAX_RECORD, 0),
                        .max_nesting = (uint32_t)cli_args_number(args, CLI_FLAG_MAX_NESTING, 0),
                        .memory_bytes = cli_args_number(args, CLI_FLAG_MEMORY, 0),
                        .shard = (uint32_t)cli_args_number(args, CLI_FLAG_SHARD, 0),
                        .n_shards = (uint32_t)cli_args_number_of(args, CLI_FLAG_SHARD),
        };
}

static int select_by(SpoorSelection *selection, const CliSetting *setting, SpoorError *error) {
        SpoorDim dim;

        switch (setting->flag->id) {
        case CLI_FLAG_ID:
                return spoor_selection_add_id(selection, setting->text, error);
        case CLI_FLAG_FROM:
                return spoor_selection_set_from(selection, setting->text, error);
        case CLI_FLAG_TO:
                return spoor_selection_set_to(selection, setting->text, error);
        case CLI_FLAG_LAST:
                return spoor_selection_set_last(selection, setting->text, error);
        case CLI_FLAG_WHERE:
                return spoor_selection_set_where(selection, setting->text, error);
        case CLI_FLAG_READ:
        case CLI_FLAG_WRITE:
                spoor_selection_set_read_only(selection, setting->flag->id == CLI_FLAG_READ);
                return 0;
        default:
                if (!setting->flag->dim || spoor_dim_parse(setting->flag->name, &dim))
                        return 0;
                return spoor_selection_add(selection, dim, setting->text, error);
        }
}

static int make_selection(CliQuery *query) {
        const CliArgs *args = query->args;
        int r = spoor_selection_new(&query->selection);

        if (r)
                return cli_fail(r, NULL);
        if (cli_args_has(args, CLI_FLAG_READ) && cli_args_has(args, CLI_FLAG_WRITE))
                return cli_usage_error(
                                args->command->name, "--read and --write exclude each other");
        for (size_t i = 0; i < args->n_settings; i++) {
                SpoorError error = {""};

                r = select_by(query->selection, &args->settings[i], &error);
                if (r < 0)
                        return cli_fail(r, error.message);
                if (r > 0 && args->settings[i].flag->id == CLI_FLAG_WHERE)
                        return cli_usage_error_at(args->command->name, "--where", error.message,
                                        args->settings[i].text, error.at);
                if (r > 0)
                        return cli_usage_error(args->command->name, "--%s: %s",
                                        args->settings[i].flag->name, error.message);
        }
        return 0;
}

static int check_evidence(const CliArgs *args) {
        const char *dir = cli_args_text(args, CLI_FLAG_EVIDENCE, NULL);
        struct stat st;

        if (!dir)
                return 0;
        if (stat(dir, &st) < 0)
                return cli_usage_error(
                                args->command->name, "--evidence: %s: %s", dir, strerror(errno));
        if (!S_ISDIR(st.st_mode))
                return cli_usage_error(args->command->name, "--evidence: %s is no directory", dir);
        return 0;
}

int cli_query_init(CliQuery *query, const CliArgs *args, size_t n_skip) {
        const char *path = cli_args_text(args, CLI_FLAG_OUTPUT, NULL);
        SpoorError error;
        int r;

        query->args = args;
        if (args->n_operands <= n_skip)
                return cli_usage_error(args->command->name,
                                "needs a SOURCE: a case file, a directory, a log, an archive or -");
        query->sources = args->operands + n_skip;
        query->n_sources = args->n_operands - n_skip;
        r = make_selection(query);
        if (r == 0)
                r = cli_enrichment_check_where(args, query->selection);
        if (r == 0)
                r = cli_enrichment_read(args, &query->enrichment);
        if (r == 0)
                r = check_evidence(args);
        if (r == 0 && path && strcmp(path, "-") != 0 &&
                        cli_output_check(path, query->sources, query->n_sources, &error))
                r = cli_usage_error(args->command->name, "%s", error.message);
        return r;
}

void cli_query_deinit(CliQuery *query) {
        spoor_case_free(query->scase);
        spoor_enrichment_free(query->enrichment);
        spoor_selection_free(query->selection);
        cli_output_deinit(&query->output);
        *query = CLI_QUERY_INIT;
}

int cli_query_open_output(CliQuery *query) {
        const char *path = cli_args_text(query->args, CLI_FLAG_OUTPUT, NULL);
        int r = cli_output_open(path, &query->output);

        if (r)
                cli_message("cannot write %s: %s", path ? path : "the answer", strerror(-r));
        return r ? CLI_EXIT_FAILED : 0;
}

int cli_query_open(CliQuery *query) {
        const char *evidence = cli_args_text(query->args, CLI_FLAG_EVIDENCE, NULL);
        SpoorError error = {""};
        CliProgress progress;
        SpoorOptions options;
        int r;

        r = cli_query_open_output(query);
        if (r)
                return r;
        cli_options_fill(query->args, &options);
        options.only = query->is_only ? query->selection : NULL;
        cli_progress_attach(&progress, query->args, &options);
        r = spoor_case_open(&options, query->sources, query->n_sources, &query->scase, &error);
        cli_progress_clear(&progress);
        if (r == 0)
                spoor_case_set_enrichment(query->scase, query->enrichment);
        if (r == 0 && evidence)
                r = spoor_case_set_evidence(query->scase, evidence);
        return r ? cli_fail(r, error.message) : 0;
}

CliFormat cli_query_format(const CliQuery *query) {
        return cli_format_parse(cli_args_text(query->args, CLI_FLAG_FORMAT, "table"));
}

bool cli_query_color(const CliQuery *query) {
        const char *when = cli_args_text(query->args, CLI_FLAG_COLOR, "auto");
        const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");

        if (strcmp(when, "auto") != 0)
                return strcmp(when, "always") == 0;
        return query->output.terminal && !(no_color && *no_color) &&
               !(terminal && strcmp(terminal, "dumb") == 0);
}

int cli_query_finish(CliQuery *query) {
        int r = cli_output_finish(&query->output);

        if (r == 0)
                return 0;
        cli_message("cannot write %s: %s",
                        cli_args_text(query->args, CLI_FLAG_OUTPUT, "the answer"), strerror(-r));
        return CLI_EXIT_FAILED;
}

/* Rows up to the limit. 0; SPOOR_END: there are more; otherwise an error of the rows or of memory.
 */
static int print_rows(CliQuery *query, SpoorRows *rows, CliRender *render, SpoorError *error) {
        uint64_t limit = cli_args_number(query->args, CLI_FLAG_LIMIT, UINT64_MAX);
        const SpoorCell *cells;
        int r = cli_render_begin(render);

        while (r == 0 && !cli_output_over(&query->output)) {
                r = spoor_rows_next(rows, &cells, error);
                if (r == SPOOR_END)
                        return cli_render_end(render);
                /* Past the limit it does not matter whether the row could be read: it is there. */
                if (render->n_rows == limit) {
                        r = cli_render_end(render);
                        return r ? r : SPOOR_END;
                }
                if (r == 0)
                        r = cli_render_row(render, cells);
        }
        return r;
}

/* Renders ROWS. 0; SPOOR_END: more exist; otherwise an error, of which nothing was said. */
static int render_columns(CliQuery *query, SpoorRows *rows, const CliColumn *columns,
                size_t n_columns, uint64_t *ret_n_rows, SpoorError *error) {
        size_t *wanted = calloc(n_columns, sizeof(*wanted));
        CliRender *render;
        int r;

        if (!wanted)
                return -ENOMEM;
        for (size_t i = 0; i < n_columns; i++)
                wanted[i] = columns[i].cell;
        spoor_rows_want(rows, wanted, n_columns);
        free(wanted);
        r = cli_render_new(cli_query_format(query), columns, n_columns, cli_query_color(query),
                        &query->output, &render);
        if (r)
                return r;
        r = print_rows(query, rows, render, error);
        *ret_n_rows = render->n_rows;
        cli_render_free(render);
        return r;
}

/* The same; columns of the enrichment are shown unless --columns says otherwise. */
static int render_rows(CliQuery *query, SpoorRows *rows, const CliColumn *columns, size_t n_columns,
                uint64_t *ret_n_rows, SpoorError *error) {
        CliColumn *more;
        int r;

        *ret_n_rows = 0;
        if (!query->enrichment || cli_args_has(query->args, CLI_FLAG_COLUMNS))
                return render_columns(query, rows, columns, n_columns, ret_n_rows, error);
        more = calloc(n_columns + CLI_ENRICHMENT_MAX, sizeof(*more));
        if (!more)
                return -ENOMEM;
        n_columns = cli_enrichment_add(rows, columns, n_columns, more);
        r = render_columns(query, rows, more, n_columns, ret_n_rows, error);
        free(more);
        return r;
}

static void tell_limit(const CliQuery *query, uint64_t n_rows) {
        if (!cli_args_has(query->args, CLI_FLAG_QUIET))
                cli_message("%" PRIu64 " row%s shown, more exist (--limit)", n_rows,
                                n_rows == 1 ? "" : "s");
}

int cli_query_put(CliQuery *query, SpoorRows *rows, const CliColumn *columns, size_t n_columns) {
        SpoorError error = {""};
        uint64_t n_rows;
        int r = render_rows(query, rows, columns, n_columns, &n_rows, &error);

        if (r && r != SPOOR_END && !query->output.error)
                return cli_fail(r, error.message);
        if (r == SPOOR_END)
                tell_limit(query, n_rows);
        return 0;
}

int cli_query_print(CliQuery *query, SpoorRows *rows, const CliColumn *columns, size_t n_columns) {
        SpoorError error = {""};
        uint64_t n_rows;
        int r = render_rows(query, rows, columns, n_columns, &n_rows, &error), exit;

        if (r && r != SPOOR_END && !query->output.error) {
                if (!query->output.path) /* what was found before the failure */
                        (void)cli_query_finish(query);
                return cli_fail(r, error.message);
        }
        exit = cli_query_finish(query);
        if (exit == 0 && r == SPOOR_END)
                tell_limit(query, n_rows);
        return exit;
}

void cli_name_damage(CliGetDamage get, const void *from, uint64_t n_damaged, const char *more) {
        SpoorDiagnosis d;

        for (uint64_t i = 0; i < n_damaged && i < N_DAMAGE_NAMED; i++)
                if (get(from, i, &d) == 0)
                        cli_message("damaged: %.*s: at byte %" PRIu64 ": %.*s", (int)d.file.size,
                                        d.file.data, d.offset, (int)d.reason.size, d.reason.data);
        if (n_damaged > N_DAMAGE_NAMED)
                cli_message("… and %" PRIu64 " more%s", n_damaged - N_DAMAGE_NAMED, more);
}

static int get_damage(const void *from, uint64_t i, SpoorDiagnosis *ret) {
        return spoor_case_damaged((SpoorCase *)from, i, ret);
}

int cli_report_damage(const CliArgs *args, SpoorCase *scase, CliReport report) {
        bool quiet = cli_args_has(args, CLI_FLAG_QUIET);
        SpoorInfo info;
        int r = spoor_case_counts(scase, &info);

        if (r)
                return cli_fail(r, NULL);
        if (!quiet)
                cli_name_damage(get_damage, scase, info.n_damaged, ": see spoor info");
        if (!quiet && report & CLI_REPORT_CONFLICTS && info.n_conflicts)
                cli_message("%" PRIu64
                            " conflict%s: different records under one eventID (see spoor "
                            "info)",
                                info.n_conflicts, info.n_conflicts == 1 ? "" : "s");
        if (!quiet && report & CLI_REPORT_CONFLICTS && info.n_changed)
                cli_message("%" PRIu64
                            " file%s changed: other bytes under one name, both kept apart (see "
                            "spoor info --files)",
                                info.n_changed, info.n_changed == 1 ? "" : "s");
        if (!quiet && report & CLI_REPORT_IGNORED && info.n_ignored)
                cli_message("%" PRIu64 " note%s on what is no event and no damage (see spoor info)",
                                info.n_ignored, info.n_ignored == 1 ? "" : "s");
        return info.n_damaged ? CLI_EXIT_DAMAGED : CLI_EXIT_ANSWERED;
}

CliReport cli_query_report(const CliQuery *query) {
        for (size_t i = 0; i < query->n_sources; i++)
                if (strcmp(query->sources[i], "-") == 0 || spoor_is_case(query->sources[i]) <= 0)
                        return CLI_REPORT_IGNORED;
        return 0;
}

static void put_time(CliBuffer *line, int64_t time) {
        char text[40];

        spoor_time_format(time, text);
        cli_buffer_text(line, text);
}

void cli_report_gaps(const CliQuery *query) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer line = CLI_BUFFER_INIT;
        uint64_t n;
        SpoorGaps gaps;

        if (cli_args_has(query->args, CLI_FLAG_QUIET) ||
                        spoor_case_gaps(query->scase, query->selection, &gaps, NULL) || !gaps.kind)
                return;
        n = gaps.n_gaps + gaps.n_stopped;
        cli_buffer_format(&line, "%" PRIu64 " gap%s in what the evidence covers of this: %s%s ", n,
                        n == 1 ? "" : "s", n == 1 ? "" : "first ", gaps.kind);
        put_time(&line, gaps.from);
        if (gaps.to != gaps.from) {
                cli_buffer_text(&line, " to ");
                put_time(&line, gaps.to);
        }
        if (gaps.account.size) {
                cli_buffer_text(&line, ", ");
                cli_buffer_append(&line, gaps.account.data, gaps.account.size);
        }
        if (gaps.region.size) {
                cli_buffer_char(&line, ' ');
                cli_buffer_append(&line, gaps.region.data, gaps.region.size);
        }
        cli_message("%s (see spoor info --gaps)", cli_buffer_cstr(&line));
}
