/* report: the case on one page. */
#include "cli/commands.h"
#include "cli/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef int (*Render)(CliReportDoc *doc, SpoorError *error);

/* By --format, else by the ending of --output; without either it is HTML. */
static int choose_render(const CliArgs *args, Render *ret_render) {
        static const struct {
                const char *name, *endings[2];
                Render render;
        } formats[] = {{"html", {".html", ".htm"}, cli_report_html},
                        {"markdown", {".md", ".markdown"}, cli_report_markdown},
                        {"json", {".json", ".json"}, cli_report_json}};
        const char *format = cli_args_text(args, CLI_FLAG_FORMAT, NULL);
        const char *path = cli_args_text(args, CLI_FLAG_OUTPUT, "");
        const char *slash = strrchr(path, '/'), *ending = strrchr(slash ? slash : path, '.');

        *ret_render = cli_report_html;
        for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
                bool is_asked = format && strcmp(format, formats[i].name) == 0;

                for (size_t k = 0; !format && ending && k < 2; k++)
                        is_asked = is_asked || strcasecmp(ending, formats[i].endings[k]) == 0;
                if (is_asked) {
                        *ret_render = formats[i].render;
                        return 0;
                }
        }
        if (!format && ending)
                return cli_usage_error(args->command->name,
                                "-o %s: a report is .html, .md or .json; --format says which, "
                                "whatever its name",
                                path);
        return 0;
}

static int print(CliReportDoc *doc, Render render) {
        SpoorError error = {""};
        int r = cli_report_gather(doc, &error);

        if (r == 0)
                r = render(doc, &error);
        if (r && !doc->query->output.error)
                return cli_fail(r, error.message);
        return cli_query_finish(doc->query);
}

int cli_cmd_report(const CliArgs *args) {
        CLI_CLEANUP(cli_query_deinit) CliQuery query = CLI_QUERY_INIT;
        CLI_CLEANUP(cli_report_deinit) CliReportDoc doc = {.query = &query};
        Render render = NULL;
        int exit = choose_render(args, &render);

        if (exit == 0)
                exit = cli_subjects_take(args, &doc.whats, &doc.n_whats);

        if (exit == 0)
                exit = cli_query_init(&query, args, 0);
        if (exit == 0)
                exit = cli_query_open(&query);
        if (exit == 0)
                exit = print(&doc, render);
        if (exit == 0)
                cli_report_gaps(&query);
        if (exit == 0)
                exit = cli_report_damage(args, query.scase, cli_query_report(&query));
        return exit;
}
