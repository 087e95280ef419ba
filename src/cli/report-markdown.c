/*
 * A report as Markdown (GitHub's tables). Whatever comes from the evidence is made visible and then
 * escaped, so that it can neither open markup, nor HTML, nor a link, nor leave its cell.
 */
#include "cli/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "cli/text.h"

typedef struct Markdown {
        CliReportDoc *doc;
        CliBuffer line, cell, visible;
        CliBuffer nothing; /* sections without a row, a line each */
        bool is_held;      /* nothing is written before the section is known to have a row */
} Markdown;

static int flush(Markdown *m) {
        CliOutput *output = &m->doc->query->output;

        if (m->line.error || m->cell.error || m->visible.error || m->nothing.error)
                return -ENOMEM;
        if (m->is_held)
                return 0;
        cli_output_write(output, m->line.data, m->line.size);
        cli_buffer_clear(&m->line);
        return output->error;
}

/*
 * ASCII marks that mean something anywhere in a line become escapes; a colon, an at sign and the
 * dot of "www." too, which make links by themselves.
 */
static void put(Markdown *m, SpoorSlice text) {
        cli_buffer_clear(&m->visible);
        (void)cli_text_visible(&m->visible, text, 0);
        for (size_t i = 0; i < m->visible.size; i++) {
                char c = m->visible.data[i];
                bool is_www = c == '.' && i >= 3 &&
                              strncasecmp(m->visible.data + i - 3, "www", 3) == 0;

                if (strchr("\\`*_{}[]<>()#+!|~&@$\"'", c) || is_www ||
                                (c == ':' && i + 1 < m->visible.size &&
                                                m->visible.data[i + 1] == '/'))
                        cli_buffer_char(&m->line, '\\');
                cli_buffer_char(&m->line, c);
        }
}

static void put_buffer(Markdown *m, const CliBuffer *text) {
        put(m, (SpoorSlice){text->data, text->size});
}

static void put_cstr(Markdown *m, const char *text) {
        put(m, cli_slice(text));
}

/* ---- tables ---- */

static void put_head(Markdown *m, const CliReportRows *shown) {
        for (int is_line = 0; is_line < 2; is_line++) {
                for (size_t i = 0; i < shown->n_columns; i++) {
                        cli_buffer_clear(&m->cell);
                        cli_report_label(&m->cell,
                                        spoor_rows_column(shown->rows, shown->columns[i]));
                        cli_buffer_text(&m->line, "| ");
                        if (is_line)
                                cli_buffer_text(&m->line, "---");
                        else
                                put_buffer(m, &m->cell);
                        cli_buffer_char(&m->line, ' ');
                }
                cli_buffer_text(&m->line, "|\n");
        }
}

static void put_row(Markdown *m, const CliReportRows *shown, const SpoorCell *cells) {
        for (size_t i = 0; i < shown->n_columns; i++) {
                cli_buffer_clear(&m->cell);
                cli_report_cell(&m->cell, &cells[shown->columns[i]]);
                cli_buffer_text(&m->line, "| ");
                put_buffer(m, &m->cell);
                cli_buffer_char(&m->line, ' ');
        }
        cli_buffer_text(&m->line, "|\n");
}

static void put_below(Markdown *m, bool is_first) {
        if (m->cell.size == 0)
                return;
        cli_buffer_text(&m->line, is_first ? "" : "\n");
        put_buffer(m, &m->cell);
        cli_buffer_char(&m->line, '\n');
}

static int put_rows(Markdown *m, const CliReportSection *section, CliReportRows *shown,
                SpoorError *error) {
        const SpoorCell *cells;
        int r;

        while ((r = cli_report_rows_next(shown, &cells, error)) == 0) {
                m->is_held = false;
                if (shown->n_shown == 1)
                        put_head(m, shown);
                put_row(m, shown, cells);
                r = flush(m);
                if (r)
                        return r;
        }
        if (r != SPOOR_END)
                return r;
        cli_buffer_clear(&m->cell);
        cli_report_noes(shown, &m->cell);
        put_below(m, shown->n_shown == 0);
        cli_buffer_clear(&m->cell);
        cli_report_left_out(shown, section, &m->cell);
        put_below(m, false);
        return flush(m);
}

static int put_table(Markdown *m, const CliReportSection *section, SpoorRows *rows,
                bool *ret_is_empty, SpoorError *error) {
        CliReportRows shown;
        int r = cli_report_rows(m->doc, section, rows, &shown);

        if (r == 0)
                r = put_rows(m, section, &shown, error);
        *ret_is_empty = shown.n_shown == 0 && shown.n_left == 0 && shown.n_noes == 0;
        cli_report_rows_deinit(&shown);
        return r;
}

static int put_section(Markdown *m, const CliReportSection *section, SpoorError *error) {
        const CliReportDoc *doc = m->doc;
        size_t n_times = section->is_by_subject ? doc->n_whats : 1, before = m->line.size;
        size_t n_empty = 0;
        int r = 0;

        if (n_times == 0)
                return 0;
        m->is_held = true;
        cli_buffer_format(&m->line, "\n## %s\n", section->title);
        if (section->about[0])
                cli_buffer_format(&m->line, "%s\n", section->about);
        for (size_t i = 0; i < n_times && r == 0; i++) {
                CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
                bool is_empty = false;

                if (section->is_by_subject) {
                        cli_buffer_text(&m->line, "\n### ");
                        put_cstr(m, doc->whats[i]);
                        cli_buffer_char(&m->line, '\n');
                }
                cli_buffer_char(&m->line, '\n');
                r = section->open(doc, section->is_by_subject ? doc->whats[i] : NULL, &rows, error);
                if (r == 0)
                        r = put_table(m, section, rows, &is_empty, error);
                if (is_empty)
                        cli_buffer_format(&m->line, "%s\n", section->none);
                n_empty += is_empty;
        }
        m->is_held = false;
        if (r == 0 && n_empty == n_times) {
                m->line.size = before;
                cli_buffer_format(&m->nothing, "- %s: %s\n", section->title, section->none);
        }
        return r;
}

/* The only row of a table, a line for each cell. */
static int put_single(Markdown *m, SpoorRows *rows, SpoorError *error) {
        const SpoorCell *cells;
        int r = spoor_rows_next(rows, &cells, error);

        for (size_t i = 0; r == 0 && i < spoor_rows_n_columns(rows); i++) {
                if (cells[i].type == SPOOR_CELL_NULL)
                        continue;
                cli_buffer_text(&m->line, "- ");
                cli_buffer_clear(&m->cell);
                cli_report_label(&m->cell, spoor_rows_column(rows, i));
                cli_buffer_text(&m->cell, ": ");
                cli_report_cell(&m->cell, &cells[i]);
                put_buffer(m, &m->cell);
                cli_buffer_char(&m->line, '\n');
        }
        return r == SPOOR_END ? 0 : r;
}

static int put_page(Markdown *m, SpoorPage *page, SpoorError *error) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer none = CLI_BUFFER_INIT;
        SpoorSection section;
        int r = 0;

        for (size_t i = 0; r == 0 && spoor_page_section(page, i, &section) == 0; i++) {
                CliReportSection of = cli_report_of_page(&section);
                size_t before = m->line.size;
                bool is_empty = false;

                if (section.is_single) {
                        r = put_single(m, section.rows, error);
                        continue;
                }
                m->is_held = true;
                cli_buffer_format(&m->line, "\n#### %s\n\n", section.title);
                r = put_table(m, &of, section.rows, &is_empty, error);
                m->is_held = false;
                if (r || !is_empty)
                        continue;
                m->line.size = before;
                cli_buffer_text(&none, none.size ? "; " : "\nNone: ");
                cli_buffer_text(&none, section.title);
        }
        if (none.size)
                cli_buffer_text(&none, ".\n");
        cli_buffer_append(&m->line, none.data, none.size);
        return r ? r : none.error;
}

static int put_subjects(Markdown *m, SpoorError *error) {
        const CliReportDoc *doc = m->doc;
        int r = 0;

        cli_buffer_text(&m->line, doc->n_whats ? "\n## Subjects\n" : "");
        for (size_t i = 0; i < doc->n_whats && r == 0; i++) {
                SpoorPage *page = NULL;

                cli_buffer_text(&m->line, "\n### ");
                put_cstr(m, doc->whats[i]);
                cli_buffer_text(&m->line, "\n\n");
                r = spoor_profile(doc->query->scase, doc->query->selection, doc->whats[i], &page,
                                error);
                if (r == 0)
                        r = put_page(m, page, error);
                spoor_page_free(page);
        }
        return r;
}

/* ---- head and end ---- */

static void put_summary(Markdown *m) {
        const CliReportDoc *doc = m->doc;

        cli_buffer_text(&m->line, "# CloudTrail report");
        for (size_t i = 0; i < doc->n_whats; i++) {
                cli_buffer_text(&m->line, i ? ", " : ": ");
                put_cstr(m, doc->whats[i]);
        }
        cli_buffer_text(&m->line, "\n\n## Summary\n");
        for (size_t i = 0; i < doc->n_lines; i++) {
                const CliReportLine *line = &doc->lines[i];

                cli_buffer_text(&m->line, line->is_alarm ? "- **" : "- ");
                put_buffer(m, &line->text);
                cli_buffer_text(&m->line, line->is_alarm ? "**" : "");
                if (line->evidence.size) {
                        cli_buffer_text(&m->line, " Events: ");
                        put_buffer(m, &line->evidence);
                }
                cli_buffer_char(&m->line, '\n');
        }
}

static void put_fact(Markdown *m, const char *name, SpoorSlice text) {
        cli_buffer_format(&m->line, "- %s: ", name);
        put(m, text);
        cli_buffer_char(&m->line, '\n');
}

static void put_about(Markdown *m) {
        const CliReportDoc *doc = m->doc;
        SpoorSlice name, path;

        cli_buffer_text(&m->line, "\n## About this report\n");
        cli_buffer_format(&m->line, "- Program: spoor %s\n", spoor_version());
        put_fact(m, "Libraries", cli_slice(spoor_version_libraries()));
        cli_buffer_clear(&m->cell);
        cli_report_command(doc, &m->cell);
        put_fact(m, "Command", (SpoorSlice){m->cell.data, m->cell.size});
        for (size_t i = 0; spoor_case_source(doc->query->scase, i, &name, &path) == 0; i++) {
                put_fact(m, "Source", name);
                put_fact(m, "Where it stood", path);
        }
        cli_buffer_format(&m->line,
                        "- Files: %" PRIu64 ", members of archives: %" PRIu64
                        ", could not be read whole: %" PRIu64 "\n",
                        doc->ledger.n_files, doc->ledger.n_members, doc->ledger.n_unread);
        put_fact(m, "SHA-256 over all files", cli_slice(doc->ledger.files_hash));
        if (doc->ledger.n_members)
                put_fact(m, "SHA-256 over all members", cli_slice(doc->ledger.members_hash));
}

static int compose(Markdown *m, SpoorError *error) {
        const CliReportSection *section;
        int r = 0;

        put_summary(m);
        for (size_t i = 0; r == 0 && (section = cli_report_section(i)); i++) {
                if (strcmp(section->name, CLI_REPORT_SUBJECTS_BEFORE) == 0)
                        r = put_subjects(m, error);
                if (r == 0)
                        r = put_section(m, section, error);
        }
        if (r)
                return r;
        if (m->nothing.size) {
                cli_buffer_text(&m->line, "\n## Nothing found\n");
                cli_buffer_append(&m->line, m->nothing.data, m->nothing.size);
        }
        put_about(m);
        return flush(m);
}

int cli_report_markdown(CliReportDoc *doc, SpoorError *error) {
        Markdown m = {.doc = doc};
        int r = compose(&m, error);

        cli_buffer_deinit(&m.line);
        cli_buffer_deinit(&m.cell);
        cli_buffer_deinit(&m.visible);
        cli_buffer_deinit(&m.nothing);
        return r;
}
