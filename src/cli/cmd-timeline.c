/* timeline: events in time order. */
#include "cli/commands.h"
#include "cli/list.h"
#include "cli/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static int choose_columns(const CliQuery *query, const CliList *list, const char **names,
                size_t *ret_n_names) {
        const char *own;
        size_t n = 0, chain;
        int exit;

        if (list->n_items > N_COLUMNS_MAX)
                return cli_usage_error(query->args->command->name,
                                "--columns: more than %d columns", N_COLUMNS_MAX);
        for (; n < list->n_items; n++) {
                names[n] = list->items[n];
                exit = check_column(query->args, names[n]);
                if (exit)
                        return exit;
        }
        if (n == 0 && cli_args_has(query->args, CLI_FLAG_CHAIN))
                for (; n < N_COLUMNS_MAX && (own = spoor_chain_column(n)); n++)
                        names[n] = own;
        chain = n;
        if (list->n_items == 0 && cli_query_format(query) == CLI_FORMAT_TABLE)
                for (; n - chain < sizeof(table_columns) / sizeof(*table_columns); n++)
                        names[n] = table_columns[n - chain];
        else if (list->n_items == 0)
                for (; n < N_COLUMNS_MAX && (own = spoor_timeline_column(n - chain)); n++)
                        names[n] = own;
        *ret_n_names = n;
        return 0;
}

static int print(CliQuery *query, const char *const *names, size_t n_names) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        const char *what = cli_args_text(query->args, CLI_FLAG_CHAIN, NULL);
        CliColumn columns[N_COLUMNS_MAX];
        SpoorError error = {""};
        int r;

        for (size_t i = 0; i < n_names; i++)
                columns[i] = (CliColumn){.name = names[i], .cell = i};
        if (what)
                r = spoor_chain(query->scase, query->selection, what, names, n_names, &rows,
                                &error);
        else
                r = spoor_timeline(query->scase, query->selection, names, n_names, &rows, &error);
        if (r)
                return cli_fail(r, error.message);
        return cli_query_print(query, rows, columns, n_names);
}

int cli_cmd_timeline(const CliArgs *args) {
        CLI_CLEANUP(cli_query_deinit) CliQuery query = CLI_QUERY_INIT;
        CLI_CLEANUP(cli_list_deinit) CliList list = CLI_LIST_INIT;
        const char *text = cli_args_text(args, CLI_FLAG_COLUMNS, NULL);
        const char *what = cli_args_text(args, CLI_FLAG_CHAIN, NULL);
        const char *names[N_COLUMNS_MAX];
        SpoorError error;
        size_t n_names = 0;
        int r, exit;

        r = text ? cli_list_split("--columns", text, &list, &error) : 0;
        if (r)
                return r < 0 ? cli_fail(r, NULL)
                             : cli_usage_error(args->command->name, "%s", error.message);
        exit = what && spoor_what_check(what, &error)
                               ? cli_usage_error(args->command->name, "--chain: %s", error.message)
                               : cli_query_init(&query, args, 0);
        if (exit == 0)
                exit = choose_columns(&query, &list, names, &n_names);
        query.is_only = !what;
        if (exit == 0)
                exit = cli_query_open(&query);
        if (exit == 0)
                exit = print(&query, names, n_names);
        if (exit == 0)
                cli_report_gaps(&query);
        if (exit == 0)
                exit = cli_report_damage(args, query.scase, CLI_REPORT_IGNORED);
        return exit;
}
