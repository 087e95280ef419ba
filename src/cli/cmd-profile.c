/* profile: one key, user, role, session, address or instance on one page, as text or JSON. */
#include "cli/commands.h"
#include "cli/page.h"
#include "cli/query.h"

#include <stdint.h>
#include <string.h>

static void free_page(SpoorPage **page) {
        *page = spoor_page_free(*page);
}

static int print(CliQuery *query, SpoorPage *page) {
        const CliArgs *args = query->args;
        uint64_t max_rows = cli_args_has(args, CLI_FLAG_ALL) ? UINT64_MAX : CLI_PAGE_ROWS;
        SpoorError error = {""};
        int r;

        if (cli_query_format(query) == CLI_FORMAT_JSON) {
                r = cli_page_json(page, &query->output, &error);
                cli_output_write(&query->output, "\n", 1);
        } else {
                r = cli_page_text(page, max_rows, "--all", cli_query_color(query), &query->output,
                                &error);
        }
        if (r && !query->output.error)
                return cli_fail(r, error.message);
        return cli_query_finish(query);
}

int cli_cmd_profile(const CliArgs *args) {
        CLI_CLEANUP(cli_query_deinit) CliQuery query = CLI_QUERY_INIT;
        CLI_CLEANUP(free_page) SpoorPage *page = NULL;
        SpoorError error = {""};
        int r, exit;

        if (args->n_operands == 0)
                return cli_usage_error(args->command->name, "needs a WHAT and a SOURCE");
        if (spoor_what_check(args->operands[0], &error))
                return cli_usage_error(args->command->name, "%s", error.message);
        exit = cli_query_init(&query, args, 1);
        if (exit == 0)
                exit = cli_query_open(&query);
        if (exit)
                return exit;
        r = spoor_profile(query.scase, query.selection, args->operands[0], &page, &error);
        if (r)
                return cli_fail(r, error.message);
        exit = print(&query, page);
        if (exit)
                return exit;
        cli_report_gaps(&query);
        return cli_report_damage(args, query.scase, cli_query_report(&query));
}
