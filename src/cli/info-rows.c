/* The table of what info can list, and the printing of it. */
#include "cli/info-rows.h"

#include "cli/days.h"
#include "cli/enrichment.h"
#include "cli/text.h"

#include <string.h>

#define N_COLUMNS_MAX 64

static const char *const gap_table[] = {"kind", "from", "to", "lasted", "usual", "longestUsual",
                "account", "region", "eventName", "principal", "outcome", "eventID", NULL};
static const char *const coverage_table[] = {"account", "region", "date", "events", "files", NULL};

static const char *const file_table[] = {"file", "size", "kind", "records", "events", "duplicates",
                "rejected", "damaged", "sha256", "copyOf", NULL};
static const char *const credential_table[] = {"user", "credential", "active", "created",
                "lastUsed", "lastUsedRegion", "lastUsedService", "accessKeyId", "matchedBy",
                "lastUse", "events", "sourceIPAddress", "notes", NULL};
static const char *const damage_table[] = {"file", "offset", "rejected", "reason", NULL};
static const char *const conflict_table[] = {
                "eventID", "keptFile", "keptRecord", "otherFile", "otherRecord", NULL};

static const CliInfoRows all[] = {
                {CLI_FLAG_FILES, "files", spoor_files, spoor_file_column, file_table, NULL},
                {CLI_FLAG_DUPLICATES, "duplicates", spoor_duplicate_files, spoor_file_column,
                                file_table, NULL},
                {CLI_FLAG_DAMAGED, "damaged", spoor_damage, spoor_damage_column, damage_table,
                                NULL},
                {CLI_FLAG_CONFLICTS, "conflicts", spoor_conflicts, spoor_conflict_column,
                                conflict_table, NULL},
                {CLI_FLAG_COVERAGE, "coverage", spoor_coverage, spoor_coverage_column,
                                coverage_table, cli_days_draw},
                {CLI_FLAG_GAPS, "gaps", spoor_gaps, spoor_gap_column, gap_table, NULL},
                {CLI_FLAG_CREDENTIAL_REPORT, "credential-report", spoor_credentials,
                                spoor_credential_column, credential_table, NULL},
};

#define N_ALL (sizeof(all) / sizeof(all[0]))

void cli_info_question_deinit(CliInfoQuestion *question) {
        cli_list_deinit(&question->columns);
}

/* ---- what is asked for ---- */

static int too_many(const CliArgs *args, const char *what) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer names = CLI_BUFFER_INIT;

        for (size_t i = 0; i < N_ALL; i++)
                cli_buffer_format(&names, "%s--%s", i ? ", " : "", all[i].name);
        return cli_usage_error(args->command->name, "%s one of %s", what, cli_buffer_cstr(&names));
}

static bool has_column(const CliInfoRows *rows, const char *name) {
        const char *known;

        for (size_t i = 0; (known = rows->column(i)); i++)
                if (strcmp(known, name) == 0)
                        return true;
        return false;
}

static int check_columns(const CliArgs *args, const char *text, CliInfoQuestion *q) {
        SpoorError error;
        int r = cli_list_split("--columns", text, &q->columns, &error);

        if (r)
                return r < 0 ? cli_fail(r, NULL)
                             : cli_usage_error(args->command->name, "%s", error.message);
        for (size_t i = 0; i < q->columns.n_items; i++)
                if (i == N_COLUMNS_MAX ||
                                (!has_column(q->rows, q->columns.items[i]) &&
                                                !cli_enrichment_column(q->columns.items[i])))
                        return cli_unknown_column(args, q->rows->column, q->columns.items[i]);
                else if (cli_enrichment_check(args, q->columns.items[i]))
                        return CLI_EXIT_FAILED;
        return 0;
}

int cli_info_question(const CliArgs *args, CliFormat format, CliInfoQuestion *q) {
        const char *columns = cli_args_text(args, CLI_FLAG_COLUMNS, NULL);
        size_t n = 0;

        *q = (CliInfoQuestion){.columns = CLI_LIST_INIT};
        for (size_t i = 0; i < N_ALL; i++) {
                if (!cli_args_has(args, all[i].flag))
                        continue;
                q->rows = n++ ? NULL : &all[i];
        }
        if (n > 1 && format != CLI_FORMAT_JSON)
                return too_many(args, "one list at a time, but for --format json:");
        if (n == 0 && format != CLI_FORMAT_JSON && format != CLI_FORMAT_TABLE)
                return too_many(args, "--format tsv, csv and jsonl print the rows of");
        if (n != 1 && columns)
                return too_many(args, "--columns is for the rows of");
        if (n == 0 && cli_args_has(args, CLI_FLAG_LIMIT))
                return too_many(args, "--limit is for the rows of");
        return columns ? check_columns(args, columns, q) : 0;
}

/* ---- printing ---- */

/* The columns of OPEN rows: those asked for, those of a table, or all. */
static int choose(const CliArgs *args, const CliInfoRows *rows, const CliList *asked, bool is_table,
                const SpoorRows *open, CliColumn *ret_columns, size_t *ret_n_columns) {
        size_t n = 0;

        for (size_t cell = 0; cell < spoor_rows_n_columns(open) && n < N_COLUMNS_MAX; cell++)
                if (!asked->n_items && !is_table)
                        ret_columns[n++] = (CliColumn){spoor_rows_column(open, cell), cell};
        for (size_t i = 0; i < asked->n_items; i++)
                ret_columns[n++].name = asked->items[i];
        for (size_t i = 0; !asked->n_items && is_table && rows->table_columns[i]; i++)
                ret_columns[n++].name = rows->table_columns[i];
        for (size_t i = 0; i < n; i++) {
                size_t cell = 0, n_cells = spoor_rows_n_columns(open);

                while (cell < n_cells &&
                                strcmp(spoor_rows_column(open, cell), ret_columns[i].name) != 0)
                        cell++;
                if (cell == n_cells) /* of the enrichment, and nothing here is told about */
                        return cli_usage_error(args->command->name,
                                        "--columns: the rows of --%s have no %s", rows->name,
                                        ret_columns[i].name);
                ret_columns[i].cell = cell;
        }
        *ret_n_columns = n;
        return 0;
}

int cli_info_rows_print(CliQuery *query, const CliInfoQuestion *q) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        bool is_table = cli_query_format(query) == CLI_FORMAT_TABLE;
        CliColumn columns[N_COLUMNS_MAX];
        SpoorError error = {""};
        size_t n;
        int r;

        if (is_table && q->rows->draw && !q->columns.n_items)
                return q->rows->draw(query);
        r = q->rows->open(query->scase, &rows, &error);
        if (r)
                return cli_fail(r, error.message);
        r = choose(query->args, q->rows, &q->columns, is_table, rows, columns, &n);
        return r ? r : cli_query_print(query, rows, columns, n);
}

static int put_rows(CliQuery *query, const CliInfoRows *of, const CliInfoQuestion *q) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        CliColumn columns[N_COLUMNS_MAX];
        SpoorError error = {""};
        size_t n;
        int r = of->open(query->scase, &rows, &error);

        if (r)
                return cli_fail(r, error.message);
        r = choose(query->args, of, &q->columns, false, rows, columns, &n);
        return r ? r : cli_query_put(query, rows, columns, n);
}

int cli_info_rows_object(CliQuery *query, const CliInfoQuestion *q) {
        const char *separator = ",\n  \"rows\": {\n  \"";
        bool any = false;
        int exit = 0;

        for (size_t i = 0; i < N_ALL && exit == 0; i++) {
                if (!cli_args_has(query->args, all[i].flag))
                        continue;
                cli_output_write(&query->output, separator, strlen(separator));
                cli_output_write(&query->output, all[i].name, strlen(all[i].name));
                cli_output_write(&query->output, "\": ", 3);
                exit = put_rows(query, &all[i], q);
                separator = "  ,\"";
                any = true;
        }
        if (exit == 0 && any)
                cli_output_write(&query->output, "  }", 3);
        return exit;
}
