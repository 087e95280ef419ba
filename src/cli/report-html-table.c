/*
 * Tables of a report as HTML. How a cell is set follows from its type and the name of its column
 * alone, so that a section needs no code here. The box around a table scrolls, the page does not.
 */
#include "cli/report-html.h"

#include <string.h>

#include "cli/text.h"

static bool ends_with(const char *name, const char *end) {
        size_t n = strlen(name), k = strlen(end);

        return n >= k && strcmp(name + n - k, end) == 0;
}

static bool is_one_of(const char *name, const char *names) {
        return cli_report_has_column(names, name);
}

/* The class of a cell; "" for none. */
static const char *class_of(const char *name, const SpoorCell *cell) {
        if (cell->type == SPOOR_CELL_COUNT)
                return "n";
        if (cell->type == SPOOR_CELL_TIME)
                return "t";
        if (is_one_of(name, "evidence sha256"))
                return "id ids";
        if (ends_with(name, "ventID") || is_one_of(name, "copyOf"))
                return "id";
        if (ends_with(name, "IPAddress") || is_one_of(name, "ip sourceIPAddresses address"))
                return "ip";
        if (is_one_of(name, "confidence kind region account date"))
                return "s";
        if (is_one_of(name, "userIdentity.accessKeyId targetKey sourceKey key"))
                return "k mono";
        if (strcmp(name, "summary") == 0)
                return "what";
        if (is_one_of(name, "outcome answer state"))
                return "o";
        if (is_one_of(name, "principal userAgents ua file reason note question userIdentity.arn "
                            "service event eventName user "
                            "sourcePrincipal targetPrincipal"))
                return "long";
        return "";
}

static void put_head(CliHtml *html, const CliReportSection *section, SpoorRows *rows,
                const SpoorCell *cells) {
        size_t n = spoor_rows_n_columns(rows);

        cli_html_raw(html, "<div class=\"box\" tabindex=\"0\" role=\"region\" aria-label=\"");
        cli_html_cstr(html, section->title);
        cli_html_raw(html, "\"><table class=\"data\"><thead><tr>");
        for (size_t i = 0; i < n; i++) {
                const char *name = spoor_rows_column(rows, i);

                if (!cli_report_has_column(section->columns, name))
                        continue;
                cli_html_raw(html, cells[i].type == SPOOR_CELL_COUNT
                                                   ? "<th scope=\"col\" class=\"n\">"
                                                   : "<th scope=\"col\">");
                cli_buffer_clear(&html->cell);
                cli_report_label(&html->cell, name);
                cli_html_buffer(html, &html->cell);
                cli_html_raw(html, "</th>");
        }
        cli_html_raw(html, "</tr></thead>\n<tbody>\n");
}

static bool is_word(const SpoorCell *cell, const char *word) {
        return cell->type == SPOOR_CELL_TEXT && cell->text.size == strlen(word) &&
               memcmp(cell->text.data, word, cell->text.size) == 0;
}

/* A word of the outcome that has a colour; "" for any other. */
static const char *colour_of(const SpoorCell *cell) {
        if (is_word(cell, "denied"))
                return "denied";
        if (is_word(cell, "failure"))
                return "failure";
        return is_word(cell, "yes") ? "yes" : "";
}

static void put_cell(CliHtml *html, const char *name, const SpoorCell *cell) {
        const char *class = class_of(name, cell), *colour = "";

        if (strcmp(class, "o") == 0)
                colour = colour_of(cell);
        if (*class)
                cli_buffer_format(&html->line, "<td class=\"%s%s%s\">", class, *colour ? " " : "",
                                colour);
        else
                cli_html_raw(html, "<td>");
        cli_buffer_clear(&html->cell);
        cli_report_cell(&html->cell, cell);
        cli_html_buffer(html, &html->cell);
        cli_html_raw(html, "</td>");
}

static bool is_same(const SpoorCell *a, const SpoorCell *b) {
        return a->type == SPOOR_CELL_TEXT && b->type == SPOOR_CELL_TEXT &&
               a->text.size == b->text.size &&
               memcmp(a->text.data, b->text.data, a->text.size) == 0;
}

static void put_row(CliHtml *html, const CliReportSection *section, SpoorRows *rows,
                const SpoorCell *cells) {
        size_t n = spoor_rows_n_columns(rows), outcome = cli_report_column(rows, "outcome");
        size_t first = cli_report_column(rows, "firstEventID");
        const char *colour = outcome < n ? colour_of(&cells[outcome]) : "";

        if (*colour)
                cli_buffer_format(&html->line, "<tr class=\"%s\">", colour);
        else
                cli_html_raw(html, "<tr>");
        for (size_t i = 0; i < n; i++) {
                const char *name = spoor_rows_column(rows, i);

                if (!cli_report_has_column(section->columns, name))
                        continue;
                if (first < n && strcmp(name, "lastEventID") == 0 &&
                                is_same(&cells[i], &cells[first]))
                        cli_html_raw(html, "<td class=\"id\"></td>");
                else
                        put_cell(html, name, &cells[i]);
        }
        cli_html_raw(html, "</tr>\n");
}

int cli_html_table(CliHtml *html, const CliReportSection *section, SpoorRows *rows,
                SpoorError *error) {
        CliReportRows shown;
        const SpoorCell *cells;
        int r;

        cli_report_rows(html->doc, section, rows, &shown);
        while ((r = cli_report_rows_next(&shown, &cells, error)) == 0) {
                if (shown.n_shown == 1)
                        put_head(html, section, rows, cells);
                put_row(html, section, rows, cells);
                r = cli_html_flush(html);
                if (r)
                        return r;
        }
        if (r != SPOOR_END)
                return r;
        if (shown.n_shown)
                cli_html_raw(html, "</tbody></table></div>\n");
        cli_buffer_clear(&html->cell);
        cli_report_left_out(&shown, section, &html->cell);
        if (html->cell.size == 0 && shown.n_shown == 0)
                cli_buffer_text(&html->cell, section->none);
        if (html->cell.size) {
                cli_html_raw(html, "<p class=\"none\">");
                cli_html_buffer(html, &html->cell);
                cli_html_raw(html, "</p>\n");
        }
        return cli_html_flush(html);
}
