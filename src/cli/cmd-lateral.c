/* lateral: who obtained which credential from whom. */
#include "cli/commands.h"
#include "cli/enrichment.h"
#include "cli/graph.h"
#include "cli/list.h"
#include "cli/query.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#define N_COLUMNS_MAX 64

/* What is printed unless --columns says otherwise: the contract's rows, then these. */
#define N_CONTRACT 15
static const char *const more_columns[] = {"pairEventID", "findings"};

typedef struct Lateral {
        SpoorLateral question;
        bool findings;
        CliList columns;
        const char *names[N_COLUMNS_MAX];
        size_t n_names;
} Lateral;

static void lateral_deinit(Lateral *lateral) {
        cli_list_deinit(&lateral->columns);
}

static int take_question(const CliArgs *args, Lateral *lateral) {
        SpoorLateral *q = &lateral->question;
        SpoorError error = {""};

        q->from = cli_args_text(args, CLI_FLAG_FROM_WHAT, NULL);
        q->to = cli_args_text(args, CLI_FLAG_TO_WHAT, NULL);
        q->max_depth = (uint32_t)cli_args_number(args, CLI_FLAG_DEPTH, 0);
        q->attempts = cli_args_has(args, CLI_FLAG_ATTEMPTS);
        lateral->findings = cli_args_has(args, CLI_FLAG_FINDINGS);
        if (q->from && spoor_what_check(q->from, &error))
                return cli_usage_error(args->command->name, "--from: %s", error.message);
        if (q->to && spoor_what_check(q->to, &error))
                return cli_usage_error(args->command->name, "--to: %s", error.message);
        return 0;
}

/* ---- columns ---- */

static const char *column_at(const Lateral *lateral, size_t i) {
        return lateral->findings ? spoor_finding_column(i) : spoor_lateral_column(i);
}

static int choose_columns(const CliArgs *args, Lateral *lateral) {
        const char *known;

        for (size_t i = 0; i < lateral->columns.n_items; i++) {
                const char *name = lateral->columns.items[i];
                size_t k = 0;

                while ((known = column_at(lateral, k)) && strcmp(known, name) != 0)
                        k++;
                if (!known && cli_enrichment_column(name))
                        known = name;
                if (!known || lateral->n_names == N_COLUMNS_MAX)
                        return cli_unknown_column(args,
                                        lateral->findings ? spoor_finding_column
                                                          : spoor_lateral_column,
                                        name);
                if (cli_enrichment_check(args, name))
                        return CLI_EXIT_FAILED;
                lateral->names[lateral->n_names++] = known;
        }
        if (lateral->n_names)
                return 0;
        for (size_t i = 0; (known = column_at(lateral, i)) && (lateral->findings || i < N_CONTRACT);
                        i++)
                lateral->names[lateral->n_names++] = known;
        if (lateral->findings)
                return 0;
        if (lateral->question.attempts)
                lateral->names[lateral->n_names++] = "outcome";
        for (size_t i = 0; i < sizeof(more_columns) / sizeof(*more_columns); i++)
                lateral->names[lateral->n_names++] = more_columns[i];
        return 0;
}

/* ---- printing ---- */

static int print_rows(CliQuery *query, const Lateral *lateral) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        CliColumn columns[N_COLUMNS_MAX];
        SpoorError error = {""};
        int r;

        r = (lateral->findings ? spoor_lateral_findings : spoor_lateral)(
                        query->scase, query->selection, &lateral->question, &rows, &error);
        if (r)
                return cli_fail(r, error.message);
        for (size_t i = 0; i < lateral->n_names; i++) {
                columns[i].name = lateral->names[i];
                columns[i].cell = 0;
                while (strcmp(spoor_rows_column(rows, columns[i].cell), lateral->names[i]) != 0)
                        columns[i].cell++;
        }
        return cli_query_print(query, rows, columns, lateral->n_names);
}

static int draw(CliQuery *query, const Lateral *lateral, const CliGraph *graph) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer line = CLI_BUFFER_INIT;
        const char *format = cli_args_text(query->args, CLI_FLAG_FORMAT, "table");
        int r = 0;

        (void)lateral;
        if (strcmp(format, "dot") == 0)
                cli_render_dot(graph, &query->output, &line);
        else if (strcmp(format, "svg") == 0)
                r = cli_render_svg(graph, 0, &query->output, &line);
        else
                cli_render_tree(graph, cli_query_color(query), &query->output, &line);
        if (r == 0)
                r = line.error;
        return r ? cli_fail(r, NULL) : cli_query_finish(query);
}

static int print_graph(CliQuery *query, const Lateral *lateral) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *findings = NULL;
        CLI_CLEANUP(cli_graph_deinit) CliGraph graph = CLI_GRAPH_INIT;
        SpoorError error = {""};
        bool more = false;
        int r, exit;

        r = spoor_lateral(query->scase, query->selection, &lateral->question, &rows, &error);
        if (r == 0)
                r = spoor_lateral_findings(query->scase, query->selection, &lateral->question,
                                &findings, &error);
        graph.is_backward = lateral->question.to && !lateral->question.from;
        if (r == 0)
                r = cli_graph_read(&graph, rows, findings,
                                cli_args_number(query->args, CLI_FLAG_LIMIT, UINT64_MAX), &more,
                                &error);
        if (r)
                return cli_fail(r, error.message);
        exit = draw(query, lateral, &graph);
        if (exit == 0 && more && !cli_args_has(query->args, CLI_FLAG_QUIET))
                cli_message("%zu row%s shown, more exist (--limit)", graph.n_hops,
                                graph.n_hops == 1 ? "" : "s");
        return exit;
}

/* A table is a tree, unless it was asked for columns of it. */
static bool is_drawn(const CliArgs *args, const Lateral *lateral) {
        const char *format = cli_args_text(args, CLI_FLAG_FORMAT, "table");

        if (strcmp(format, "dot") == 0 || strcmp(format, "svg") == 0)
                return true;
        return strcmp(format, "table") == 0 && !lateral->findings && !lateral->columns.n_items;
}

static int check_format(const CliArgs *args, const Lateral *lateral) {
        const char *format = cli_args_text(args, CLI_FLAG_FORMAT, "table");
        bool drawing = strcmp(format, "dot") == 0 || strcmp(format, "svg") == 0;

        if (drawing && (lateral->findings || lateral->columns.n_items))
                return cli_usage_error(args->command->name, "--format %s takes no %s", format,
                                lateral->findings ? "--findings" : "--columns");
        return 0;
}

int cli_cmd_lateral(const CliArgs *args) {
        CLI_CLEANUP(cli_query_deinit) CliQuery query = CLI_QUERY_INIT;
        CLI_CLEANUP(lateral_deinit) Lateral lateral = {.columns = CLI_LIST_INIT};
        const char *text = cli_args_text(args, CLI_FLAG_COLUMNS, NULL);
        SpoorError error;
        int r, exit;

        r = text ? cli_list_split("--columns", text, &lateral.columns, &error) : 0;
        if (r)
                return r < 0 ? cli_fail(r, NULL)
                             : cli_usage_error(args->command->name, "%s", error.message);
        exit = take_question(args, &lateral);
        if (exit == 0)
                exit = cli_query_init(&query, args, 0);
        if (exit == 0)
                exit = check_format(args, &lateral);
        if (exit == 0)
                exit = choose_columns(args, &lateral);
        if (exit == 0)
                exit = cli_query_open(&query);
        if (exit == 0)
                exit = is_drawn(args, &lateral) ? print_graph(&query, &lateral)
                                                : print_rows(&query, &lateral);
        if (exit == 0)
                cli_report_gaps(&query);
        if (exit == 0)
                exit = cli_report_damage(args, query.scase, cli_query_report(&query));
        return exit;
}
