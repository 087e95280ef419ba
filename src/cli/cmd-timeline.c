/*
 * timeline: events in time order; with --collapse runs of them as rows, with --around those before
 * and after one of them.
 */
#include "cli/commands.h"
#include "cli/enrichment.h"
#include "cli/list.h"
#include "cli/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"

#define N_COLUMNS_MAX 256

/* What a screen has room for; every other format has the full set. */
static const char *const table_columns[] = {
                "eventTime",
                "eventName",
                "eventSource",
                "awsRegion",
                "outcome",
                "principal",
                "userIdentity.accessKeyId",
                "sourceIPAddress",
                "eventID",
};
static const char *const collapsed_table_columns[] = {
                "firstTime",
                "summary",
                "principal",
                "userIdentity.accessKeyId",
                "sourceIPAddresses",
                "firstEventID",
};

#define N(array) (sizeof(array) / sizeof(*(array)))

typedef struct Timeline {
        CliList list;
        const char *what; /* of --chain, or NULL */
        bool is_collapsed, is_around;
        SpoorAround around; /* its pause is also that of --collapse */
        char *around_text;
        const char *names[N_COLUMNS_MAX];
        size_t n_names;
} Timeline;

static void timeline_deinit(Timeline *timeline) {
        cli_list_deinit(&timeline->list);
        free(timeline->around_text);
}

/* ---- the question ---- */

static int take_span(const CliArgs *args, const char *option, const char *text, int64_t *ret) {
        if (time_parse_span((Slice){text, strlen(text)}, ret))
                return cli_usage_error(args->command->name,
                                "%s: '%s' is no span, such as 90s, 15m, 12h or 30d", option, text);
        return 0;
}

static int take_around(const CliArgs *args, const char *text, Timeline *timeline) {
        SpoorAround *around = &timeline->around;
        char *comma;

        timeline->is_around = true;
        timeline->around_text = strdup(text);
        if (!timeline->around_text)
                return cli_fail(-ENOMEM, NULL);
        comma = strrchr(timeline->around_text, ',');
        if (comma) {
                *comma = 0;
                if (take_span(args, "--around", comma + 1, &around->span))
                        return CLI_EXIT_FAILED;
        }
        if (!*timeline->around_text)
                return cli_usage_error(args->command->name, "--around: needs an eventID or a time");
        if (spoor_time_parse(timeline->around_text, &around->time))
                around->event_id = timeline->around_text;
        return 0;
}

static int take_question(const CliArgs *args, Timeline *timeline) {
        const char *around = cli_args_text(args, CLI_FLAG_AROUND, NULL);
        const char *pause = cli_args_text(args, CLI_FLAG_PAUSE, NULL);
        SpoorError error;

        timeline->around.span = timeline->around.pause = -1;
        timeline->what = cli_args_text(args, CLI_FLAG_CHAIN, NULL);
        timeline->is_collapsed = cli_args_has(args, CLI_FLAG_COLLAPSE);
        if (timeline->what && spoor_what_check(timeline->what, &error))
                return cli_usage_error(args->command->name, "--chain: %s", error.message);
        if (around && (timeline->what || timeline->is_collapsed))
                return cli_usage_error(args->command->name, "--around and %s exclude each other",
                                timeline->what ? "--chain" : "--collapse");
        if (pause && !around && !timeline->is_collapsed)
                return cli_usage_error(
                                args->command->name, "--pause is of --collapse and --around");
        if (pause && take_span(args, "--pause", pause, &timeline->around.pause))
                return CLI_EXIT_FAILED;
        return around ? take_around(args, around, timeline) : 0;
}

/* ---- columns ---- */

/* Any path may be asked for, so that only what cannot be one is refused. */
static int check_column(const CliArgs *args, const char *name) {
        const char *own;
        size_t n = strlen(name);

        if (name[0] == '.' || name[n - 1] == '.' || strstr(name, ".."))
                return cli_usage_error(args->command->name, "--columns: '%s' is no path", name);
        for (size_t i = 0; (own = spoor_timeline_column(i)); i++)
                if (strcmp(own, name) != 0 && strcasecmp(own, name) == 0)
                        return cli_usage_error(args->command->name,
                                        "--columns: no column '%s' (did you mean %s?)", name, own);
        return 0;
}

static int check_collapsed(const CliArgs *args, const char *name) {
        const char *own;

        for (size_t i = 0; (own = spoor_collapsed_column(i)); i++)
                if (strcmp(own, name) == 0)
                        return 0;
        return cli_usage_error(args->command->name,
                        "--columns: '%s' is no column of --collapse (see spoor help timeline)",
                        name);
}

/* All that NEXT tells, or those of TABLE for eyes. */
static void add_columns(Timeline *timeline, const char *(*next)(size_t i), const char *const *table,
                size_t n_table) {
        const char *name;

        for (size_t i = 0; timeline->n_names < N_COLUMNS_MAX; i++) {
                name = !table ? next(i) : i < n_table ? table[i] : NULL;
                if (!name)
                        return;
                timeline->names[timeline->n_names++] = name;
        }
}

static int choose_columns(const CliQuery *query, Timeline *timeline) {
        bool is_table = cli_query_format(query) == CLI_FORMAT_TABLE;
        int exit;

        if (timeline->list.n_items > N_COLUMNS_MAX)
                return cli_usage_error(query->args->command->name,
                                "--columns: more than %d columns", N_COLUMNS_MAX);
        for (size_t i = 0; i < timeline->list.n_items; i++) {
                const char *name = timeline->list.items[i];

                timeline->names[timeline->n_names++] = name;
                exit = cli_enrichment_column(name) ? cli_enrichment_check(query->args, name)
                       : timeline->is_collapsed    ? check_collapsed(query->args, name)
                                                   : check_column(query->args, name);
                if (exit)
                        return exit;
        }
        if (timeline->n_names)
                return 0;
        if (timeline->is_collapsed) {
                add_columns(timeline, spoor_collapsed_column,
                                is_table ? collapsed_table_columns : NULL,
                                N(collapsed_table_columns));
                return 0;
        }
        if (timeline->what)
                add_columns(timeline, spoor_chain_column, NULL, 0);
        if (timeline->around.event_id)
                timeline->names[timeline->n_names++] = "around";
        add_columns(timeline, spoor_timeline_column, is_table ? table_columns : NULL,
                        N(table_columns));
        return 0;
}

/* ---- the answer ---- */

static int ask(CliQuery *query, const Timeline *timeline, SpoorRows **ret_rows, SpoorError *error) {
        if (timeline->is_collapsed)
                return spoor_collapsed(query->scase, query->selection, &timeline->what,
                                timeline->what ? 1 : 0, timeline->around.pause, ret_rows, error);
        if (timeline->is_around)
                return spoor_around(query->scase, query->selection, &timeline->around,
                                timeline->names, timeline->n_names, ret_rows, error);
        if (timeline->what)
                return spoor_chain(query->scase, query->selection, timeline->what, timeline->names,
                                timeline->n_names, ret_rows, error);
        return spoor_timeline(query->scase, query->selection, timeline->names, timeline->n_names,
                        ret_rows, error);
}

static int print(CliQuery *query, const Timeline *timeline) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        CliColumn columns[N_COLUMNS_MAX];
        SpoorError error = {""};
        int r = ask(query, timeline, &rows, &error);

        if (r)
                return cli_fail(r, error.message);
        for (size_t i = 0; i < timeline->n_names; i++) {
                size_t cell = 0;

                while (strcmp(spoor_rows_column(rows, cell), timeline->names[i]) != 0)
                        cell++;
                columns[i] = (CliColumn){.name = timeline->names[i], .cell = cell};
        }
        return cli_query_print(query, rows, columns, timeline->n_names);
}

int cli_cmd_timeline(const CliArgs *args) {
        CLI_CLEANUP(cli_query_deinit) CliQuery query = CLI_QUERY_INIT;
        CLI_CLEANUP(timeline_deinit) Timeline timeline = {.list = CLI_LIST_INIT};
        const char *text = cli_args_text(args, CLI_FLAG_COLUMNS, NULL);
        SpoorError error;
        int r, exit;

        r = text ? cli_list_split("--columns", text, &timeline.list, &error) : 0;
        if (r)
                return r < 0 ? cli_fail(r, NULL)
                             : cli_usage_error(args->command->name, "%s", error.message);
        exit = take_question(args, &timeline);
        if (exit == 0)
                exit = cli_query_init(&query, args, 0);
        if (exit == 0)
                exit = choose_columns(&query, &timeline);
        query.is_only = !timeline.what && !timeline.is_around;
        if (exit == 0)
                exit = cli_query_open(&query);
        if (exit == 0)
                exit = print(&query, &timeline);
        if (exit == 0)
                cli_report_gaps(&query);
        if (exit == 0)
                exit = cli_report_damage(args, query.scase, cli_query_report(&query));
        return exit;
}
