/*
 * A report as one HTML file: no request, no font, no picture but those drawn here. The style and
 * the script stand in the file and are allowed by their hashes alone (Content-Security-Policy), so
 * nothing else runs, wherever it may come from; there is no style attribute and no event handler.
 * Without the script everything can be read. Text is made visible, then escaped, by one function.
 */
#include "cli/report-html.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/sha256.h"
#include "cli/report-assets.h"
#include "cli/text.h"

/* ---- text ---- */

int cli_html_flush(CliHtml *html) {
        CliOutput *output = &html->doc->query->output;

        if (html->line.error || html->cell.error || html->visible.error || html->nothing.error)
                return -ENOMEM;
        if (html->is_held)
                return 0;
        cli_output_write(output, html->line.data, html->line.size);
        cli_buffer_clear(&html->line);
        return output->error;
}

void cli_html_raw(CliHtml *html, const char *markup) {
        cli_buffer_text(&html->line, markup);
}

static const char *entity_of(char c) {
        switch (c) {
        case '&':
                return "&amp;";
        case '<':
                return "&lt;";
        case '>':
                return "&gt;";
        case '"':
                return "&quot;";
        case '\'':
                return "&#39;";
        default:
                return NULL;
        }
}

#define N_WHOLE 15 /* characters that stay on one line, whatever they are */
#define N_LINE 26  /* of a word without any mark that fill a line */

/* May a line break between A and B, of which RUN characters stand before B without a break? */
static bool may_break(char a, char b, size_t run) {
        if (run >= N_LINE)
                return true;
        return run >= N_WHOLE &&
               (memchr(":/.,@=&?_;|+-)}]", a, 16) ||
                               (islower((unsigned char)a) && isupper((unsigned char)b)));
}

static void put_text(CliHtml *html, SpoorSlice text, bool breaks) {
        size_t from = 0, i = 0, run = 0;

        cli_buffer_clear(&html->visible);
        (void)cli_text_visible(&html->visible, text, 0);
        for (; i < html->visible.size; i++) {
                char c = html->visible.data[i];
                const char *entity = entity_of(c);
                bool is_break = false;

                if (breaks && ((unsigned char)c & 0xc0) != 0x80) {
                        is_break = run && c != ' ' && may_break(html->visible.data[i - 1], c, run);
                        run = c == ' ' ? 0 : is_break ? 1 : run + 1;
                }
                if (!entity && !is_break)
                        continue;
                cli_buffer_append(&html->line, html->visible.data + from, i - from);
                cli_buffer_text(&html->line, is_break ? "<wbr>" : "");
                cli_buffer_text(&html->line, entity ? entity : "");
                from = entity ? i + 1 : i;
        }
        if (i > from)
                cli_buffer_append(&html->line, html->visible.data + from, i - from);
}

void cli_html_text(CliHtml *html, SpoorSlice text) {
        put_text(html, text, false);
}

void cli_html_words(CliHtml *html, SpoorSlice text) {
        put_text(html, text, true);
}

void cli_html_cstr(CliHtml *html, const char *text) {
        cli_html_text(html, cli_slice(text));
}

void cli_html_buffer(CliHtml *html, const CliBuffer *text) {
        cli_html_text(html, (SpoorSlice){text->data, text->size});
}

/* ---- head ---- */

static void put_base64(CliHtml *html, const uint8_t hash[static SHA256_SIZE]) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789+/";

        for (size_t i = 0; i < SHA256_SIZE; i += 3) {
                size_t n = SHA256_SIZE - i < 3 ? SHA256_SIZE - i : 3;
                uint32_t bits = (uint32_t)hash[i] << 16 | (n > 1 ? (uint32_t)hash[i + 1] << 8 : 0) |
                                (n > 2 ? hash[i + 2] : 0);

                for (size_t k = 0; k < 4; k++)
                        cli_buffer_char(&html->line,
                                        k > n ? '=' : digits[bits >> (18 - 6 * k) & 63]);
        }
}

/* "'sha256-...'" of what stands between the tags. */
static int put_hash(CliHtml *html, const unsigned char *bytes, size_t size) {
        uint8_t hash[SHA256_SIZE];
        Sha256 sha = {0};
        int r = sha256_init(&sha);

        if (r == 0)
                r = sha256_begin(&sha);
        if (r == 0)
                r = sha256_update(&sha, bytes, size);
        if (r == 0)
                r = sha256_final(&sha, hash);
        sha256_deinit(&sha);
        if (r < 0)
                return r;
        cli_html_raw(html, "'sha256-");
        put_base64(html, hash);
        cli_html_raw(html, "'");
        return 0;
}

static void put_title(CliHtml *html) {
        const CliReportDoc *doc = html->doc;

        cli_html_raw(html, "CloudTrail report");
        for (size_t i = 0; i < doc->n_whats; i++) {
                cli_html_raw(html, i ? ", " : ": ");
                cli_html_cstr(html, doc->whats[i]);
        }
}

static int put_head(CliHtml *html) {
        int r;

        cli_html_raw(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                           "<meta http-equiv=\"Content-Security-Policy\" content=\""
                           "default-src 'none'; base-uri 'none'; form-action 'none'; style-src ");
        r = put_hash(html, report_css, sizeof(report_css));
        if (r < 0)
                return r;
        cli_html_raw(html, "; script-src ");
        r = put_hash(html, report_js, sizeof(report_js));
        if (r < 0)
                return r;
        cli_html_raw(html, "\">\n<meta name=\"viewport\" content=\"width=device-width, "
                           "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
                           "dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
        put_title(html);
        cli_html_raw(html, "</title>\n<style>");
        cli_buffer_append(&html->line, report_css, sizeof(report_css));
        cli_html_raw(html, "</style>\n</head>\n<body>\n");
        return 0;
}

/* ---- summary ---- */

static void put_tile(CliHtml *html, const char *name, uint64_t n, const char *class) {
        cli_buffer_format(&html->line, "<li><span>%s</span> <b class=\"%s\">", name,
                        n ? class : "none");
        cli_text_count(&html->line, n);
        cli_html_raw(html, "</b></li>\n");
}

static void put_moment(CliHtml *html, const char *name, int64_t time) {
        char text[40];

        spoor_time_format(time, text);
        cli_buffer_format(&html->line,
                        "<li><span>%s</span> <b class=\"moment\">%.10s <em>%s</em></b></li>\n",
                        name, text, strlen(text) > 11 ? text + 11 : "");
}

static void put_tiles(CliHtml *html) {
        const CliReportSums *sums = &html->doc->sums;

        cli_html_raw(html, "<ul class=\"tiles\">\n");
        if (sums->events) {
                put_moment(html, "First event", sums->first);
                put_moment(html, "Last event", sums->last);
        }
        put_tile(html, "Events", sums->events, "number");
        put_tile(html, "Succeeded", sums->outcomes[0], "number");
        put_tile(html, "Denied", sums->outcomes[1], "denied-ink");
        put_tile(html, "Failed", sums->outcomes[2], "failure-ink");
        put_tile(html, "Writes that succeeded", sums->writes, "number");
        cli_html_raw(html, "</ul>\n");
}

static void put_lines(CliHtml *html) {
        const CliReportDoc *doc = html->doc;

        cli_html_raw(html, "<ul class=\"summary\">\n");
        for (size_t i = 0; i < doc->n_lines; i++) {
                const CliReportLine *line = &doc->lines[i];

                cli_html_raw(html, line->is_alarm ? "<li class=\"alarm\">" : "<li>");
                cli_html_buffer(html, &line->text);
                if (line->evidence.size) {
                        cli_html_raw(html, " <span class=\"evidence\">Events <span class=\"id\">");
                        cli_html_buffer(html, &line->evidence);
                        cli_html_raw(html, "</span></span>");
                }
                cli_html_raw(html, "</li>\n");
        }
        cli_html_raw(html, "</ul>\n");
}

static bool is_present(const CliHtml *html, const CliReportSection *section) {
        return !section->is_by_subject || html->doc->n_whats > 0;
}

static void put_top(CliHtml *html) {
        const CliReportSection *section;

        cli_html_raw(html, "<header>\n<h1>");
        put_title(html);
        cli_html_raw(html, "</h1>\n</header>\n<main>\n<section id=\"summary\">\n"
                           "<h2>Summary</h2>\n");
        put_tiles(html);
        put_lines(html);
        cli_html_raw(html, "<nav aria-label=\"Contents\"><ul>\n");
        if (html->doc->n_whats)
                cli_html_raw(html, "<li><a href=\"#subjects\">Subjects</a></li>\n");
        for (size_t i = 0; (section = cli_report_section(i)); i++)
                if (is_present(html, section))
                        cli_buffer_format(&html->line, "<li><a href=\"#%s\">%s</a></li>\n",
                                        section->name, section->title);
        cli_html_raw(html, "<li><a href=\"#about\">About this report</a></li>\n</ul></nav>\n"
                           "</section>\n");
}

/* ---- sections ---- */

static int put_drawing(CliHtml *html, const CliReportSection *section, const char *what,
                SpoorError *error) {
        switch (section->drawing) {
        case CLI_REPORT_ACTIVITY:
                return cli_html_activity(html, section, error);
        case CLI_REPORT_COVERAGE:
                return cli_html_coverage(html, section, error);
        case CLI_REPORT_CHAIN:
                return cli_html_chain(html, what, error);
        default:
                return 0;
        }
}

void cli_html_fold(CliHtml *html, const char *name) {
        cli_buffer_format(&html->line,
                        "<details class=\"fold\"><summary>%s</summary></details>\n"
                        "<div class=\"rest\">\n",
                        name);
}

void cli_html_unfold(CliHtml *html) {
        cli_html_raw(html, "</div>\n");
}

/* What SECTION has of one subject, or at all. */
static int put_part(CliHtml *html, const CliReportSection *section, const char *what,
                bool *ret_is_empty, SpoorError *error) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        bool is_folded = section->drawing == CLI_REPORT_ACTIVITY ||
                         section->drawing == CLI_REPORT_COVERAGE;
        int r = put_drawing(html, section, what, error);

        if (r == 0)
                r = section->open(html->doc, what, &rows, error);
        if (r)
                return r;
        if (is_folded)
                cli_html_fold(html, "As a table");
        r = cli_html_table(html, section, rows, ret_is_empty, error);
        if (is_folded)
                cli_html_unfold(html);
        return r;
}

/* A section without a row is an item of the list at the end, under its own name. */
static int put_section(CliHtml *html, const CliReportSection *section, SpoorError *error) {
        const CliReportDoc *doc = html->doc;
        size_t n_times = section->is_by_subject ? doc->n_whats : 1, before = html->line.size;
        size_t n_empty = 0;
        int r = 0;

        html->is_held = true;
        cli_buffer_format(&html->line, "<section id=\"%s\">\n<h2>%s</h2>\n", section->name,
                        section->title);
        if (section->about[0])
                cli_buffer_format(&html->line, "<p class=\"about\">%s</p>\n", section->about);
        for (size_t i = 0; i < n_times && r == 0; i++) {
                const char *what = section->is_by_subject ? doc->whats[i] : NULL;
                bool is_empty = false;

                if (what && doc->n_whats > 1) {
                        cli_html_raw(html, "<h3>");
                        cli_html_cstr(html, what);
                        cli_html_raw(html, "</h3>\n");
                }
                r = put_part(html, section, what, &is_empty, error);
                if (is_empty)
                        cli_buffer_format(&html->line, "<p class=\"none\">%s</p>\n", section->none);
                n_empty += is_empty;
        }
        cli_html_raw(html, "</section>\n");
        html->is_held = false;
        if (r == 0 && n_empty == n_times) {
                html->line.size = before;
                cli_buffer_format(&html->nothing, "<li id=\"%s\"><b>%s</b> %s</li>\n",
                                section->name, section->title, section->none);
        }
        return r;
}

/* ---- subjects ---- */

/* The only row of a table, as a list of facts. */
static int put_single(CliHtml *html, SpoorRows *rows, SpoorError *error) {
        const SpoorCell *cells;
        int r = spoor_rows_next(rows, &cells, error);

        if (r)
                return r == SPOOR_END ? 0 : r;
        cli_html_raw(html, "<dl class=\"facts\">\n");
        for (size_t i = 0; i < spoor_rows_n_columns(rows); i++) {
                if (cells[i].type == SPOOR_CELL_NULL)
                        continue;
                cli_buffer_clear(&html->cell);
                cli_report_label(&html->cell, spoor_rows_column(rows, i));
                cli_html_raw(html, "<dt>");
                cli_html_buffer(html, &html->cell);
                cli_buffer_clear(&html->cell);
                cli_report_cell(&html->cell, &cells[i]);
                cli_html_raw(html, "</dt><dd>");
                cli_html_buffer(html, &html->cell);
                cli_html_raw(html, "</dd>\n");
        }
        cli_html_raw(html, "</dl>\n");
        return 0;
}

static int put_page(CliHtml *html, SpoorPage *page, SpoorError *error) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer none = CLI_BUFFER_INIT;
        SpoorSection section;
        int r = 0;

        for (size_t i = 0; r == 0 && spoor_page_section(page, i, &section) == 0; i++) {
                CliReportSection of = cli_report_of_page(&section);
                size_t before = html->line.size;
                bool is_empty;

                if (section.is_single) {
                        r = put_single(html, section.rows, error);
                        continue;
                }
                html->is_held = true;
                cli_buffer_format(&html->line, "<h4>%s</h4>\n", section.title);
                r = cli_html_table(html, &of, section.rows, &is_empty, error);
                html->is_held = false;
                if (r || !is_empty)
                        continue;
                html->line.size = before;
                cli_buffer_text(&none, none.size ? "; " : "None: ");
                cli_buffer_text(&none, section.title);
        }
        if (none.size) {
                cli_html_raw(html, "<p class=\"none\">");
                cli_html_buffer(html, &none);
                cli_html_raw(html, ".</p>\n");
        }
        return r ? r : none.error;
}

static int put_subjects(CliHtml *html, SpoorError *error) {
        const CliReportDoc *doc = html->doc;
        int r = 0;

        if (doc->n_whats == 0)
                return 0;
        cli_html_raw(html, "<section id=\"subjects\">\n<h2>Subjects</h2>\n<p class=\"about\">What "
                           "each did itself; what others did with credentials from it stands in "
                           "the chain and in the timeline.</p>\n");
        for (size_t i = 0; i < doc->n_whats && r == 0; i++) {
                SpoorPage *page = NULL;

                cli_html_raw(html, "<h3>");
                cli_html_cstr(html, doc->whats[i]);
                cli_html_raw(html, "</h3>\n");
                r = spoor_profile(doc->query->scase, doc->query->selection, doc->whats[i], &page,
                                error);
                if (r == 0)
                        r = put_page(html, page, error);
                spoor_page_free(page);
        }
        cli_html_raw(html, "</section>\n");
        return r;
}

/* ---- end ---- */

static void put_fact(CliHtml *html, const char *name, SpoorSlice text, bool is_code) {
        cli_buffer_format(&html->line, "<dt>%s</dt><dd>%s", name, is_code ? "<code>" : "");
        cli_html_text(html, text);
        cli_html_raw(html, is_code ? "</code></dd>\n" : "</dd>\n");
}

static void put_count(CliHtml *html, const char *name, uint64_t n) {
        cli_buffer_format(&html->line, "<dt>%s</dt><dd>", name);
        cli_text_count(&html->line, n);
        cli_html_raw(html, "</dd>\n");
}

static void put_about(CliHtml *html) {
        const CliReportDoc *doc = html->doc;
        SpoorSlice name, path;

        cli_html_raw(html, "<section id=\"about\">\n<h2>About this report</h2>\n"
                           "<dl class=\"facts\">\n<dt>Program</dt><dd>spoor ");
        cli_html_cstr(html, spoor_version());
        cli_html_raw(html, "</dd>\n");
        put_fact(html, "Libraries", cli_slice(spoor_version_libraries()), false);
        cli_buffer_clear(&html->cell);
        cli_report_command(doc, &html->cell);
        put_fact(html, "Command", (SpoorSlice){html->cell.data, html->cell.size}, true);
        for (size_t i = 0; spoor_case_source(doc->query->scase, i, &name, &path) == 0; i++) {
                put_fact(html, "Source", name, true);
                put_fact(html, "Where it stood", path, true);
        }
        put_count(html, "Files", doc->ledger.n_files);
        put_count(html, "Members of archives", doc->ledger.n_members);
        put_count(html, "Not read whole", doc->ledger.n_unread);
        put_count(html, "Events", doc->info.n_events);
        put_count(html, "Duplicates removed", doc->info.n_duplicates);
        put_fact(html, "SHA-256 over all files", cli_slice(doc->ledger.files_hash), true);
        if (doc->ledger.n_members)
                put_fact(html, "SHA-256 over all members", cli_slice(doc->ledger.members_hash),
                                true);
        cli_html_raw(html, "</dl>\n<p class=\"about\">Times are in UTC. The record of an event: "
                           "<code>spoor show EVENTID SOURCE</code>; what stands around it: "
                           "<code>spoor timeline --around EVENTID SOURCE</code>. The same evidence "
                           "and command give this file again, byte for byte.</p>\n</section>\n"
                           "</main>\n<script>");
        cli_buffer_append(&html->line, report_js, sizeof(report_js));
        cli_html_raw(html, "</script>\n</body>\n</html>\n");
}

static int compose(CliHtml *html, SpoorError *error) {
        const CliReportSection *section;
        int r = put_head(html);

        if (r)
                return r;
        put_top(html);
        for (size_t i = 0; r == 0 && (section = cli_report_section(i)); i++) {
                if (strcmp(section->name, CLI_REPORT_SUBJECTS_BEFORE) == 0)
                        r = put_subjects(html, error);
                if (r == 0 && is_present(html, section))
                        r = put_section(html, section, error);
        }
        if (r)
                return r;
        if (html->nothing.size) {
                cli_html_raw(html, "<section id=\"nothing\">\n<h2>Nothing found</h2>\n"
                                   "<ul class=\"nothing\">\n");
                cli_buffer_append(&html->line, html->nothing.data, html->nothing.size);
                cli_html_raw(html, "</ul>\n</section>\n");
        }
        put_about(html);
        return cli_html_flush(html);
}

int cli_report_html(CliReportDoc *doc, SpoorError *error) {
        CliHtml html = {.doc = doc};
        int r = compose(&html, error);

        cli_buffer_deinit(&html.line);
        cli_buffer_deinit(&html.cell);
        cli_buffer_deinit(&html.visible);
        cli_buffer_deinit(&html.nothing);
        return r;
}
