/*
 * Tables of a report as HTML. How a cell is set follows from its type and the name of its column
 * alone, so that a section needs no code here. The box around a table scrolls, the page does not.
 * Long lists and texts are folded, so that no row is blown up by one cell: all of it stands in the
 * page, can be opened without a script, and is open on paper.
 */
#include "cli/report-html.h"

#include <stdio.h>
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
        if (strcmp(name, "principals") == 0)
                return "who";
        if (is_one_of(name, "requestParameters decoded"))
                return "params mono";
        if (is_one_of(name, "confidence kind region account date edge category awsRegion form"))
                return "s";
        if (is_one_of(name, "userIdentity.accessKeyId targetKey sourceKey key"))
                return "k mono";
        if (strcmp(name, "summary") == 0)
                return "what";
        if (is_one_of(name, "outcome answer state"))
                return "o";
        if (is_one_of(name, "principal userAgents ua file reason note question "
                            "userIdentity.arn "
                            "service event eventName user eventNames names "
                            "sourcePrincipal targetPrincipal"))
                return "long";
        return "";
}

#define N_WIDE 9 /* columns of a table that paper shows in smaller letters */

static void put_head(CliHtml *html, const CliReportSection *section, const CliReportRows *shown,
                const SpoorCell *cells) {
        cli_html_raw(html, "<div class=\"box\" tabindex=\"0\" role=\"region\" aria-label=\"");
        cli_html_cstr(html, section->title);
        cli_buffer_format(&html->line, "\"><table class=\"data%s\"><thead><tr>",
                        shown->n_columns >= N_WIDE ? " wide" : "");
        for (size_t i = 0; i < shown->n_columns; i++) {
                size_t column = shown->columns[i];

                cli_html_raw(html, cells[column].type == SPOOR_CELL_COUNT
                                                   ? "<th scope=\"col\" class=\"n\">"
                                                   : "<th scope=\"col\">");
                cli_buffer_clear(&html->cell);
                cli_report_label(&html->cell, spoor_rows_column(shown->rows, column));
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

#define N_FIRST 3       /* items of a list that are seen at once */
#define N_LONG 180      /* characters of a text that are seen whole; of a longer one */
#define N_SHORTENED 120 /* so many, before one opens it */

static void put_fold(CliHtml *html, const char *name) {
        cli_buffer_format(&html->line,
                        " <details class=\"fold\"><summary>%s</summary></details> "
                        "<span class=\"rest\">",
                        name);
}

/* A list of many: the first few, and the rest to be opened. False: it is none such. */
static bool put_list(CliHtml *html, const char *name, const SpoorCell *cell) {
        bool blanks = is_one_of(name, "evidence principals");
        char more[48];
        size_t n;

        if (!cli_report_items(&html->cell, cell, blanks, 0, N_FIRST, &n))
                return false;
        if (n <= N_FIRST + 1) {
                cli_buffer_clear(&html->cell);
                return false;
        }
        (void)snprintf(more, sizeof(more), "and %zu more", n - N_FIRST);
        cli_html_words(html, (SpoorSlice){html->cell.data, html->cell.size});
        put_fold(html, more);
        cli_buffer_clear(&html->cell);
        (void)cli_report_items(&html->cell, cell, blanks, N_FIRST, n, &n);
        cli_html_words(html, (SpoorSlice){html->cell.data, html->cell.size});
        cli_html_raw(html, "</span>");
        return true;
}

/* Where the first N characters end. */
static size_t end_of(SpoorSlice text, size_t n) {
        size_t at = 0;
        uint32_t code;

        while (n-- && at < text.size)
                at += cli_text_decode(text.data + at, text.size - at, &code);
        return at;
}

static void put_text(CliHtml *html, SpoorSlice text) {
        size_t end = text.size > N_LONG && end_of(text, N_LONG) < text.size
                                     ? end_of(text, N_SHORTENED)
                                     : text.size;

        cli_html_words(html, (SpoorSlice){text.data, end});
        if (end == text.size)
                return;
        put_fold(html, "and more");
        cli_html_words(html, (SpoorSlice){text.data + end, text.size - end});
        cli_html_raw(html, "</span>");
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
        if (!put_list(html, name, cell)) {
                cli_report_cell(&html->cell, cell);
                if (cell->type == SPOOR_CELL_TEXT || cell->type == SPOOR_CELL_JSON)
                        put_text(html, (SpoorSlice){html->cell.data, html->cell.size});
                else
                        cli_html_buffer(html, &html->cell);
        }
        cli_html_raw(html, "</td>");
}

static bool is_same(const SpoorCell *a, const SpoorCell *b) {
        return a->type == SPOOR_CELL_TEXT && b->type == SPOOR_CELL_TEXT &&
               a->text.size == b->text.size &&
               memcmp(a->text.data, b->text.data, a->text.size) == 0;
}

static void put_row(CliHtml *html, const CliReportRows *shown, const SpoorCell *cells) {
        SpoorRows *rows = shown->rows;
        size_t n = spoor_rows_n_columns(rows), outcome = cli_report_column(rows, "outcome");
        size_t first = cli_report_column(rows, "firstEventID");
        const char *colour = outcome < n ? colour_of(&cells[outcome]) : "";

        if (*colour)
                cli_buffer_format(&html->line, "<tr class=\"%s\">", colour);
        else
                cli_html_raw(html, "<tr>");
        for (size_t i = 0; i < shown->n_columns; i++) {
                size_t column = shown->columns[i];
                const char *name = spoor_rows_column(rows, column);

                if (first < n && strcmp(name, "lastEventID") == 0 &&
                                is_same(&cells[column], &cells[first]))
                        cli_html_raw(html, "<td class=\"id\"></td>");
                else
                        put_cell(html, name, &cells[column]);
        }
        cli_html_raw(html, "</tr>\n");
}

/* What stands in the buffer of cells, below a table. */
static void put_below(CliHtml *html) {
        if (html->cell.size == 0)
                return;
        cli_html_raw(html, "<p class=\"none\">");
        cli_html_buffer(html, &html->cell);
        cli_html_raw(html, "</p>\n");
}

static int put_rows(CliHtml *html, const CliReportSection *section, CliReportRows *shown,
                SpoorError *error) {
        const SpoorCell *cells;
        int r;

        while ((r = cli_report_rows_next(shown, &cells, error)) == 0) {
                html->is_held = false;
                if (shown->n_shown == 1)
                        put_head(html, section, shown, cells);
                put_row(html, shown, cells);
                r = cli_html_flush(html);
                if (r)
                        return r;
        }
        if (r != SPOOR_END)
                return r;
        if (shown->n_shown)
                cli_html_raw(html, "</tbody></table></div>\n");
        cli_buffer_clear(&html->cell);
        cli_report_noes(shown, &html->cell);
        put_below(html);
        cli_buffer_clear(&html->cell);
        cli_report_left_out(shown, section, &html->cell);
        put_below(html);
        return cli_html_flush(html);
}

int cli_html_table(CliHtml *html, const CliReportSection *section, SpoorRows *rows,
                bool *ret_is_empty, SpoorError *error) {
        CliReportRows shown;
        int r = cli_report_rows(html->doc, section, rows, &shown);

        if (r == 0)
                r = put_rows(html, section, &shown, error);
        *ret_is_empty = shown.n_shown == 0 && shown.n_left == 0 && shown.n_noes == 0;
        cli_report_rows_deinit(&shown);
        return r;
}
