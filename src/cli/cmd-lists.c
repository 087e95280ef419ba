/* standing, taken, checklist: what was left behind, what was taken, what to ask of every case. */
#include "cli/commands.h"
#include "cli/enrichment.h"
#include "cli/list.h"
#include "cli/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N_COLUMNS_MAX 64

typedef int (*Ask)(SpoorCase *scase, const SpoorSelection *selection, const char *const *whats,
                size_t n_whats, SpoorRows **ret_rows, SpoorError *ret_error);

typedef struct Lists {
        Ask ask;
        const char *(*column)(size_t i);
        const char *table; /* columns of a table, with commas between; other formats have all */
        const char **whats;
        size_t n_whats;
        CliList columns;
        const char *names[N_COLUMNS_MAX];
        size_t n_names;
} Lists;

static void lists_deinit(Lists *lists) {
        cli_list_deinit(&lists->columns);
        free(lists->whats);
}

static int choose_columns(const CliArgs *args, CliFormat format, Lists *lists) {
        const char *text = cli_args_text(args, CLI_FLAG_COLUMNS, NULL);
        const char *known;
        SpoorError error;
        int r = 0;

        if (!text && format == CLI_FORMAT_TABLE)
                text = lists->table;
        if (text)
                r = cli_list_split("--columns", text, &lists->columns, &error);
        if (r)
                return r < 0 ? cli_fail(r, NULL)
                             : cli_usage_error(args->command->name, "%s", error.message);
        for (size_t i = 0; i < lists->columns.n_items; i++) {
                size_t k = 0;

                while ((known = lists->column(k)) && strcmp(known, lists->columns.items[i]) != 0)
                        k++;
                if (!known && cli_enrichment_column(lists->columns.items[i]))
                        known = lists->columns.items[i];
                if (!known || lists->n_names == N_COLUMNS_MAX)
                        return cli_unknown_column(args, lists->column, lists->columns.items[i]);
                if (cli_enrichment_check(args, known))
                        return CLI_EXIT_FAILED;
                lists->names[lists->n_names++] = known;
        }
        for (size_t i = 0; !text && (known = lists->column(i)) && i < N_COLUMNS_MAX; i++)
                lists->names[lists->n_names++] = known;
        return 0;
}

static int print(CliQuery *query, const Lists *lists) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        CliColumn columns[N_COLUMNS_MAX];
        SpoorError error = {""};
        int r = lists->ask(query->scase, query->selection, lists->whats, lists->n_whats, &rows,
                        &error);

        if (r)
                return cli_fail(r, error.message);
        for (size_t i = 0; i < lists->n_names; i++) {
                size_t cell = 0, n_cells = spoor_rows_n_columns(rows);

                while (cell < n_cells &&
                                strcmp(spoor_rows_column(rows, cell), lists->names[i]) != 0)
                        cell++;
                if (cell == n_cells) /* of an enrichment, but nothing here for it to tell of */
                        return cli_unknown_column(query->args, lists->column, lists->names[i]);
                columns[i] = (CliColumn){.name = lists->names[i], .cell = cell};
        }
        return cli_query_print(query, rows, columns, lists->n_names);
}

static int run(const CliArgs *args, Ask ask, const char *(*column)(size_t), const char *table) {
        CLI_CLEANUP(cli_query_deinit) CliQuery query = CLI_QUERY_INIT;
        CLI_CLEANUP(lists_deinit)
        Lists lists = {.ask = ask, .column = column, .table = table, .columns = CLI_LIST_INIT};
        int exit = cli_subjects_take(args, &lists.whats, &lists.n_whats);

        if (exit == 0)
                exit = cli_query_init(&query, args, 0);
        if (exit == 0)
                exit = choose_columns(args, cli_query_format(&query), &lists);
        if (exit == 0)
                exit = cli_query_open(&query);
        if (exit == 0)
                exit = print(&query, &lists);
        if (exit == 0)
                cli_report_gaps(&query);
        if (exit == 0)
                exit = cli_report_damage(args, query.scase, cli_query_report(&query));
        return exit;
}

int cli_cmd_standing(const CliArgs *args) {
        return run(args, spoor_standing, spoor_standing_column,
                        "kind,name,of,state,createdTime,changedTime,endedTime,principal,endedBy");
}

int cli_cmd_taken(const CliArgs *args) {
        return run(args, spoor_taken, spoor_taken_column,
                        "kind,name,reads,objects,bytes,firstTime,lastTime,principal,"
                        "userIdentity.accessKeyId");
}

int cli_cmd_checklist(const CliArgs *args) {
        return run(args, spoor_checklist, spoor_checklist_column,
                        "question,answer,events,succeeded,firstTime,firstEventID");
}
