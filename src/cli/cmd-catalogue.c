/* catalogue: what spoor knows of API calls. */
#include "cli/commands.h"
#include "cli/list.h"
#include "cli/query.h"

#include <string.h>

#define N_COLUMNS_MAX 16

/* The columns of LIST, or all of them. */
static int choose_columns(
                const CliArgs *args, const CliList *list, CliColumn *columns, size_t *ret_n) {
        const char *known;
        size_t n = 0, i;

        for (i = 0; i < list->n_items; i++, n++) {
                size_t k = 0;

                while ((known = spoor_catalogue_column(k)) && strcmp(known, list->items[i]) != 0)
                        k++;
                if (!known || n == N_COLUMNS_MAX)
                        return cli_unknown_column(args, spoor_catalogue_column, list->items[i]);
                columns[n] = (CliColumn){.name = known, .cell = k};
        }
        for (i = 0; n == i && (known = spoor_catalogue_column(i)); i++, n++)
                columns[n] = (CliColumn){.name = known, .cell = i};
        *ret_n = n;
        return 0;
}

int cli_cmd_catalogue(const CliArgs *args) {
        CLI_CLEANUP(cli_query_deinit) CliQuery query = CLI_QUERY_INIT;
        CLI_CLEANUP(cli_list_deinit) CliList list = CLI_LIST_INIT;
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        const char *text = cli_args_text(args, CLI_FLAG_COLUMNS, NULL);
        CliColumn columns[N_COLUMNS_MAX];
        SpoorError error = {""};
        size_t n = 0;
        int r, exit;

        query.args = args;
        if (args->n_operands)
                return cli_usage_error(args->command->name, "takes no SOURCE");
        r = text ? cli_list_split("--columns", text, &list, &error) : 0;
        if (r)
                return r < 0 ? cli_fail(r, NULL)
                             : cli_usage_error(args->command->name, "%s", error.message);
        exit = choose_columns(args, &list, columns, &n);
        if (exit == 0)
                exit = cli_query_open_output(&query);
        if (exit)
                return exit;
        r = spoor_catalogue(&rows, &error);
        return r ? cli_fail(r, error.message) : cli_query_print(&query, rows, columns, n);
}
