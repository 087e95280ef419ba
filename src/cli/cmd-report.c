/* report: the case on one page. */
#include "cli/commands.h"
#include "cli/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef int (*Render)(CliReportDoc *doc, SpoorError *error);

static Render choose_render(const CliArgs *args) {
        static const struct {
                const char *name, *endings[2];
                Render render;
        } formats[] = {{"html", {".html", ".htm"}, cli_report_html},
                        {"markdown", {".md", ".markdown"}, cli_report_markdown},
                        {"json", {".json", ".json"}, cli_report_json}};
        const char *format = cli_args_text(args, CLI_FLAG_FORMAT, NULL);
        const char *path = cli_args_text(args, CLI_FLAG_OUTPUT, "");

        for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
                if (format && strcmp(format, formats[i].name) == 0)
                        return formats[i].render;
                for (size_t k = 0; !format && k < 2; k++) {
                        size_t n = strlen(formats[i].endings[k]), size = strlen(path);

                        if (size > n && strcasecmp(path + size - n, formats[i].endings[k]) == 0)
                                return formats[i].render;
                }
        }
        return cli_report_html;
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
        int exit = cli_subjects_take(args, &doc.whats, &doc.n_whats);

        if (exit == 0)
                exit = cli_query_init(&query, args, 0);
        if (exit == 0)
                exit = cli_query_open(&query);
        if (exit == 0)
                exit = print(&doc, choose_render(args));
        if (exit == 0)
                cli_report_gaps(&query);
        if (exit == 0)
                exit = cli_report_damage(args, query.scase, cli_query_report(&query));
        return exit;
}
