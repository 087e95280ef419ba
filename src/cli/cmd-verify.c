/* verify: are the log files what CloudTrail delivered? */
#include "cli/commands.h"
#include "cli/list.h"
#include "cli/progress.h"
#include "cli/query.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#define N_COLUMNS_MAX 64

/* What a table shows, for eyes: the reason last, as the longest. */
static const char *const table_columns[] = {"kind", "verdict", "startTime", "name", "reason"};

typedef struct Verify {
        CliList list;
        const char *names[N_COLUMNS_MAX];
        size_t n_names;
        SpoorProof *proof;
        SpoorProofInfo info;
} Verify;

static void verify_deinit(Verify *verify) {
        cli_list_deinit(&verify->list);
        spoor_proof_free(verify->proof);
}

static bool is_column(const char *name) {
        const char *known;

        for (size_t i = 0; (known = spoor_verify_column(i)); i++) {
                if (strcmp(known, name) == 0)
                        return true;
        }
        return false;
}

static int choose_columns(const CliArgs *args, CliFormat format, Verify *verify) {
        const char *known;

        for (size_t i = 0; i < verify->list.n_items; i++) {
                if (!is_column(verify->list.items[i]) || verify->n_names == N_COLUMNS_MAX)
                        return cli_unknown_column(args, spoor_verify_column, verify->list.items[i]);
                verify->names[verify->n_names++] = verify->list.items[i];
        }
        if (verify->n_names)
                return 0;
        if (format == CLI_FORMAT_TABLE) {
                for (size_t i = 0; i < sizeof(table_columns) / sizeof(*table_columns); i++)
                        verify->names[verify->n_names++] = table_columns[i];
                return 0;
        }
        for (size_t i = 0; (known = spoor_verify_column(i)); i++)
                verify->names[verify->n_names++] = known;
        return 0;
}

static int read_evidence(CliQuery *query, Verify *verify) {
        SpoorVerify question = {
                        .public_keys = cli_args_text(query->args, CLI_FLAG_PUBLIC_KEYS, NULL),
                        .evidence = cli_args_text(query->args, CLI_FLAG_EVIDENCE, NULL),
        };
        SpoorError error = {""};
        CliProgress progress;
        SpoorOptions options;
        int r;

        cli_options_fill(query->args, &options);
        cli_progress_attach(&progress, query->args, &options);
        r = spoor_verify(&options, &question, query->sources, query->n_sources, &verify->proof,
                        &error);
        cli_progress_clear(&progress);
        if (r)
                return cli_fail(r, error.message);
        spoor_proof_info(verify->proof, &verify->info);
        return 0;
}

static int print(CliQuery *query, Verify *verify) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        CliColumn columns[N_COLUMNS_MAX];
        SpoorError error = {""};
        int r = spoor_proof_rows(
                        verify->proof, cli_args_has(query->args, CLI_FLAG_ALL), &rows, &error);

        if (r)
                return cli_fail(r, error.message);
        for (size_t i = 0; i < verify->n_names; i++) {
                columns[i] = (CliColumn){.name = verify->names[i]};
                while (strcmp(spoor_rows_column(rows, columns[i].cell), verify->names[i]) != 0)
                        columns[i].cell++;
        }
        return cli_query_print(query, rows, columns, verify->n_names);
}

static int get_damage(const void *from, uint64_t i, SpoorDiagnosis *ret) {
        return spoor_proof_damaged(from, i, ret);
}

/* What the answer rests on, for whoever reads no further. */
static int report(const CliArgs *args, const Verify *verify) {
        const SpoorProofInfo *info = &verify->info;
        bool is_sound = info->n_unsound == 0 && info->n_gaps == 0 && info->n_damaged == 0;

        if (!cli_args_has(args, CLI_FLAG_QUIET)) {
                cli_name_damage(get_damage, verify->proof, info->n_damaged, "");
                cli_message("%" PRIu64 " sound, %" PRIu64 " not sound, %" PRIu64
                            " unproven, %" PRIu64 " not covered by a digest; %" PRIu64
                            " gap%s in chains",
                                info->n_sound, info->n_unsound, info->n_unproven,
                                info->n_not_covered, info->n_gaps, info->n_gaps == 1 ? "" : "s");
                if (!info->are_signatures_checked)
                        cli_message("signatures were not checked (--public-keys): what is sound "
                                    "fits together, but may have been rewritten as a whole");
        }
        return is_sound ? CLI_EXIT_ANSWERED : CLI_EXIT_DAMAGED;
}

int cli_cmd_verify(const CliArgs *args) {
        CLI_CLEANUP(cli_query_deinit) CliQuery query = CLI_QUERY_INIT;
        CLI_CLEANUP(verify_deinit) Verify verify = {.list = CLI_LIST_INIT};
        const char *text = cli_args_text(args, CLI_FLAG_COLUMNS, NULL);
        SpoorError error;
        int exit, r = text ? cli_list_split("--columns", text, &verify.list, &error) : 0;

        if (r)
                return r < 0 ? cli_fail(r, NULL)
                             : cli_usage_error(args->command->name, "%s", error.message);
        exit = cli_query_init(&query, args, 0);
        if (exit == 0)
                exit = choose_columns(args, cli_query_format(&query), &verify);
        if (exit == 0)
                exit = cli_query_open_output(&query);
        if (exit == 0)
                exit = read_evidence(&query, &verify);
        if (exit == 0)
                exit = print(&query, &verify);
        return exit ? exit : report(args, &verify);
}
