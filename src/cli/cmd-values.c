/* first-use and top: when each value was seen, and how often. */
#include "cli/commands.h"
#include "cli/enrichment.h"
#include "cli/list.h"
#include "cli/query.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

/* What stands behind the dimensions; a table has less, and ends with the eventID for `show`. */
static const char *const value_columns[] = {
                "firstTime",
                "firstEventID",
                "firstEventName",
                "firstSourceIPAddress",
                "lastTime",
                "lastEventID",
                "events",
                "denied",
                "failed",
};
static const char *const table_columns[] = {
                "firstTime",
                "firstEventName",
                "firstSourceIPAddress",
                "lastTime",
                "events",
                "denied",
                "failed",
                "firstEventID",
};

#define N_VALUE_COLUMNS (sizeof(value_columns) / sizeof(*value_columns))
#define N_TABLE_COLUMNS (sizeof(table_columns) / sizeof(*table_columns))
#define N_COLUMNS_MAX (SPOOR_MAX_BY + N_VALUE_COLUMNS + CLI_ENRICHMENT_MAX)

typedef struct Values {
        CliList by;
        CliList columns;
        SpoorDim dims[SPOOR_MAX_BY];
        int64_t since;
        const char *names[N_COLUMNS_MAX]; /* of what is printed */
        size_t n_names;
} Values;

static void values_deinit(Values *values) {
        cli_list_deinit(&values->by);
        cli_list_deinit(&values->columns);
}

static int split(const CliArgs *args, CliFlagId id, const char *option, CliList *list) {
        const char *text = cli_args_text(args, id, NULL);
        SpoorError error;
        int r = text ? cli_list_split(option, text, list, &error) : 0;

        if (r < 0)
                return cli_fail(r, NULL);
        return r ? cli_usage_error(args->command->name, "%s", error.message) : 0;
}

static void list_dims(CliBuffer *buffer) {
        for (SpoorDim dim = 0; dim < SPOOR_N_DIMS; dim++)
                cli_buffer_format(buffer, "%s%s", dim ? " " : "", spoor_dim_name(dim));
}

static int take_dims(const CliArgs *args, Values *values) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer dims = CLI_BUFFER_INIT;
        const CliList *by = &values->by;

        list_dims(&dims);
        if (by->n_items == 0)
                return cli_usage_error(args->command->name, "needs --by DIM[,DIM...], of %s",
                                cli_buffer_cstr(&dims));
        if (by->n_items > SPOOR_MAX_BY)
                return cli_usage_error(args->command->name, "--by takes at most %d dimensions",
                                SPOOR_MAX_BY);
        for (size_t i = 0; i < by->n_items; i++)
                if (spoor_dim_parse(by->items[i], &values->dims[i]))
                        return cli_usage_error(args->command->name,
                                        "--by: no dimension '%s'; there are %s", by->items[i],
                                        cli_buffer_cstr(&dims));
        return 0;
}

static bool is_value_column(const Values *values, const char *name) {
        for (size_t i = 0; i < N_VALUE_COLUMNS; i++)
                if (strcmp(name, value_columns[i]) == 0)
                        return true;
        return cli_list_has(&values->by, name);
}

static int unknown_column(const CliArgs *args, const Values *values, const char *name) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer names = CLI_BUFFER_INIT;

        for (size_t i = 0; i < values->by.n_items; i++)
                cli_buffer_format(&names, " %s", values->by.items[i]);
        for (size_t i = 0; i < N_VALUE_COLUMNS; i++)
                cli_buffer_format(&names, " %s", value_columns[i]);
        return cli_usage_error(args->command->name, "--columns: no column '%s'; there are%s", name,
                        cli_buffer_cstr(&names));
}

static int choose_columns(const CliArgs *args, CliFormat format, Values *values) {
        const char *const *rest = format == CLI_FORMAT_TABLE ? table_columns : value_columns;
        size_t n_rest = format == CLI_FORMAT_TABLE ? N_TABLE_COLUMNS : N_VALUE_COLUMNS;

        for (size_t i = 0; i < values->columns.n_items; i++) {
                const char *name = values->columns.items[i];

                if (!is_value_column(values, name) && !cli_enrichment_column(name))
                        return unknown_column(args, values, name);
                if (cli_enrichment_check(args, name))
                        return CLI_EXIT_FAILED;
                values->names[values->n_names++] = name;
        }
        if (values->n_names)
                return 0;
        for (size_t i = 0; i < values->by.n_items; i++)
                values->names[values->n_names++] = values->by.items[i];
        for (size_t i = 0; i < n_rest; i++)
                values->names[values->n_names++] = rest[i];
        return 0;
}

static int print(CliQuery *query, const Values *values, SpoorOrder order) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        uint64_t limit = cli_args_number(query->args, CLI_FLAG_LIMIT, UINT64_MAX);
        CliColumn columns[N_COLUMNS_MAX];
        SpoorError error = {""};
        int r;

        r = spoor_values(query->scase, query->selection, values->dims, values->by.n_items, order,
                        values->since, limit == UINT64_MAX ? limit : limit + 1, &rows, &error);
        if (r)
                return cli_fail(r, error.message);
        for (size_t i = 0; i < values->n_names; i++) {
                size_t cell = 0, n_cells = spoor_rows_n_columns(rows);

                while (cell < n_cells &&
                                strcmp(spoor_rows_column(rows, cell), values->names[i]) != 0)
                        cell++;
                if (cell == n_cells) {
                        cli_message("the library knows no column %s", values->names[i]);
                        return CLI_EXIT_FAILED;
                }
                columns[i] = (CliColumn){.name = values->names[i], .cell = cell};
        }
        return cli_query_print(query, rows, columns, values->n_names);
}

static int run(const CliArgs *args, SpoorOrder order) {
        CLI_CLEANUP(cli_query_deinit) CliQuery query = CLI_QUERY_INIT;
        CLI_CLEANUP(values_deinit) Values values = {.since = INT64_MIN};
        const char *since = cli_args_text(args, CLI_FLAG_SINCE, NULL);
        int exit;

        exit = split(args, CLI_FLAG_BY, "--by", &values.by);
        if (exit == 0)
                exit = take_dims(args, &values);
        if (exit == 0)
                exit = split(args, CLI_FLAG_COLUMNS, "--columns", &values.columns);
        if (exit == 0 && since && spoor_time_parse(since, &values.since))
                exit = cli_usage_error(args->command->name,
                                "--since: '%s' is no time (RFC 3339, or a date alone)", since);
        if (exit == 0)
                exit = cli_query_init(&query, args, 0);
        if (exit == 0)
                exit = choose_columns(args, cli_query_format(&query), &values);
        query.is_only = true;
        if (exit == 0)
                exit = cli_query_open(&query);
        if (exit == 0)
                exit = print(&query, &values, order);
        if (exit == 0)
                cli_report_gaps(&query);
        if (exit == 0)
                exit = cli_report_damage(args, query.scase, cli_query_report(&query));
        return exit;
}

int cli_cmd_first_use(const CliArgs *args) {
        return run(args, SPOOR_ORDER_FIRST_TIME);
}

int cli_cmd_top(const CliArgs *args) {
        return run(args, SPOOR_ORDER_EVENTS);
}
