/*
 * The drawings of a report, as SVG in its page: activity as columns, coverage as a heat map, and
 * the chain of credentials. Sizes are bounded: a drawing has at most so many steps, accounts and
 * hops, and says what it leaves to the table below it. Colours are classes of the page's style.
 */
#include "cli/report-html.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/graph.h"
#include "cli/text.h"

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)

static void put_time(CliHtml *html, int64_t time, size_t from, size_t n) {
        char text[40];

        spoor_time_format(time, text);
        if (strlen(text) > from)
                cli_buffer_append(&html->line, text + from,
                                strlen(text + from) < n ? strlen(text + from) : n);
}

/* ---- activity ---- */

#define WIDTH 960
#define HEIGHT 230
#define LEFT 56
#define RIGHT 8
#define TOP 14
#define BOTTOM 26
#define N_STEPS_MAX 512
#define N_LABELS 8

typedef struct Step {
        int64_t from;
        uint64_t n[3];
} Step;

typedef struct Activity {
        Step steps[N_STEPS_MAX];
        size_t n_steps, n_slots;
        int64_t length;
        uint64_t top, sums[3];
} Activity;

static int read_activity(SpoorRows *rows, Activity *a, SpoorError *error) {
        static const char *const names[] = {"success", "denied", "failure"};
        size_t from = cli_report_column(rows, "from"), seconds = cli_report_column(rows, "seconds");
        const SpoorCell *cells;
        int r;

        while ((r = spoor_rows_next(rows, &cells, error)) == 0 && a->n_steps < N_STEPS_MAX) {
                Step *step = &a->steps[a->n_steps++];
                uint64_t sum = 0;

                step->from = cells[from].time;
                a->length = (int64_t)cells[seconds].count * SECOND;
                for (size_t k = 0; k < 3; k++) {
                        step->n[k] = cells[cli_report_column(rows, names[k])].count;
                        a->sums[k] += step->n[k];
                        sum += step->n[k];
                }
                if (sum > a->top)
                        a->top = sum;
        }
        if (a->n_steps)
                a->n_slots = (size_t)((a->steps[a->n_steps - 1].from - a->steps[0].from) /
                                             a->length) +
                             1;
        return r == SPOOR_END ? 0 : r;
}

/* The next 1, 2 or 5 with zeros. */
static uint64_t round_up(uint64_t n) {
        uint64_t unit = 1;

        while (unit <= UINT64_MAX / 100 && n > 10 * unit)
                unit *= 10;
        return n <= unit ? unit : n <= 2 * unit ? 2 * unit : n <= 5 * unit ? 5 * unit : 10 * unit;
}

static void put_axes(CliHtml *html, const Activity *a, uint64_t top, double slot) {
        double height = HEIGHT - TOP - BOTTOM;
        size_t every = (a->n_slots + N_LABELS - 1) / N_LABELS;

        for (int i = 0; i <= 2; i++) {
                double y = TOP + height * (2 - i) / 2.0;

                if (i == 1 && top % 2)
                        continue;
                cli_buffer_format(&html->line,
                                "<path class=\"axis\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                                "text-anchor=\"end\">",
                                LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4);
                cli_text_count(&html->line, top * (uint64_t)i / 2);
                cli_html_raw(html, "</text>\n");
        }
        for (size_t i = 0; i < a->n_slots; i += every) {
                int64_t time = a->steps[0].from + (int64_t)i * a->length;

                if (LEFT + slot * (double)i > WIDTH - RIGHT - 80)
                        break;
                cli_buffer_format(&html->line, "<text x=\"%.1f\" y=\"%d\">",
                                LEFT + slot * (double)i, HEIGHT - 8);
                if (a->length >= DAY)
                        put_time(html, time, 0, 10);
                else {
                        put_time(html, time, 5, 5);
                        cli_html_raw(html, " ");
                        put_time(html, time, 11, a->length >= 60 * SECOND ? 5 : 8);
                }
                cli_html_raw(html, "</text>\n");
        }
}

static void put_step(
                CliHtml *html, const Activity *a, const Step *step, uint64_t top, double slot) {
        double height = HEIGHT - TOP - BOTTOM, y = TOP + height;
        double x = LEFT + slot * (double)((step->from - a->steps[0].from) / a->length);
        double width = slot > 4 ? slot - 1 : slot;

        cli_html_raw(html, "<g><title>");
        put_time(html, step->from, 0, 32);
        cli_buffer_format(&html->line,
                        ": %" PRIu64 " succeeded, %" PRIu64 " denied, %" PRIu64 " failed</title>",
                        step->n[0], step->n[1], step->n[2]);
        for (int k = 0; k < 3; k++) {
                double h = height * (double)step->n[k] / (double)top;

                if (step->n[k] == 0)
                        continue;
                h = h < 2 ? 2 : h; /* a single denied call shows beside thousands */
                y -= h;
                cli_buffer_format(&html->line,
                                "<rect class=\"b%d\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                                "height=\"%.1f\"/>",
                                k, x, y, width > 28 ? 28 : width, h);
        }
        cli_html_raw(html, "</g>\n");
}

static void put_legend(CliHtml *html, const Activity *a) {
        static const char *const names[] = {"succeeded", "denied", "failed"};

        cli_html_raw(html, "<p class=\"legend\">");
        for (int k = 0; k < 3; k++) {
                cli_buffer_format(&html->line,
                                "<span><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect "
                                "class=\"b%d\" width=\"10\" height=\"10\"/></svg>",
                                k);
                cli_text_count(&html->line, a->sums[k]);
                cli_buffer_format(&html->line, " %s</span>\n", names[k]);
        }
        cli_html_raw(html, "</p>\n");
}

static void draw_activity(CliHtml *html, const Activity *a) {
        uint64_t top = round_up(a->top);
        double slot = (double)(WIDTH - LEFT - RIGHT) / (double)a->n_slots;

        put_legend(html, a);
        cli_buffer_format(&html->line,
                        "<div class=\"draw\"><svg class=\"wide\" viewBox=\"0 0 %d %d\" "
                        "role=\"img\" "
                        "aria-label=\"Events over time by outcome\">\n",
                        WIDTH, HEIGHT);
        put_axes(html, a, top, slot);
        for (size_t i = 0; i < a->n_steps; i++)
                put_step(html, a, &a->steps[i], top, slot);
        cli_html_raw(html, "</svg></div>\n");
}

int cli_html_activity(CliHtml *html, const CliReportSection *section, SpoorError *error) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        Activity *a = calloc(1, sizeof(*a));
        int r = a ? section->open(html->doc, NULL, &rows, error) : -ENOMEM;

        if (r == 0)
                r = read_activity(rows, a, error);
        if (r == 0 && a->n_steps)
                draw_activity(html, a);
        free(a);
        return r ? r : cli_html_flush(html);
}

/* ---- coverage ---- */

#define N_ACCOUNTS_MAX 100
#define N_DAYS_MAX 372
#define N_TITLES_MAX 4000
#define LABEL 112
#define LINE 20
#define HEAD 22

typedef struct Account {
        CliBuffer name;
        uint64_t n_events;
} Account;

typedef struct Day {
        uint64_t n_events, n_files;
} Day;

typedef struct Coverage {
        Account *accounts;
        size_t n_accounts, space, n_more;
        int64_t first, last; /* days */
        int64_t step;
        size_t n_columns;
        Day *days;
} Coverage;

static void coverage_deinit(Coverage *c) {
        for (size_t i = 0; i < c->n_accounts; i++)
                cli_buffer_deinit(&c->accounts[i].name);
        free(c->accounts);
        free(c->days);
}

static int64_t day_of(const SpoorCell *cell) {
        char text[16] = "";
        int64_t time = 0;

        if (cell->type == SPOOR_CELL_TEXT && cell->text.size < sizeof(text)) {
                memcpy(text, cell->text.data, cell->text.size);
                (void)spoor_time_parse(text, &time);
        }
        return time / DAY - (time % DAY < 0);
}

static bool is_account(const Account *account, SpoorSlice name) {
        return account->name.size == name.size &&
               (name.size == 0 || memcmp(account->name.data, name.data, name.size) == 0);
}

/* Rows come by account, so that a name differs from the one before it or is the same. */
static int add_account(Coverage *c, SpoorSlice name) {
        if (c->n_accounts && is_account(&c->accounts[c->n_accounts - 1], name))
                return 0;
        if (c->n_accounts == c->space) {
                size_t space = c->space ? c->space * 2 : 16;
                Account *accounts = reallocarray(c->accounts, space, sizeof(*accounts));

                if (!accounts)
                        return -ENOMEM;
                c->accounts = accounts;
                c->space = space;
        }
        c->accounts[c->n_accounts] = (Account){0};
        cli_buffer_append(&c->accounts[c->n_accounts].name, name.data, name.size);
        return c->accounts[c->n_accounts++].name.error;
}

static int measure(SpoorRows *rows, Coverage *c, SpoorError *error) {
        const SpoorCell *cells;
        int r;

        while ((r = spoor_rows_next(rows, &cells, error)) == 0) {
                int64_t day = day_of(&cells[2]);

                if (c->n_accounts == 0 || day < c->first)
                        c->first = day;
                if (c->n_accounts == 0 || day > c->last)
                        c->last = day;
                r = add_account(c, cells[0].text);
                if (r)
                        return r;
        }
        return r == SPOOR_END ? 0 : r;
}

static int fill(SpoorRows *rows, Coverage *c, SpoorError *error) {
        size_t account = 0;
        const SpoorCell *cells;
        int r;

        c->step = (c->last - c->first) / N_DAYS_MAX + 1;
        c->n_columns = (size_t)((c->last - c->first) / c->step) + 1;
        c->days = calloc(c->n_accounts * c->n_columns, sizeof(*c->days));
        if (!c->days)
                return -ENOMEM;
        while ((r = spoor_rows_next(rows, &cells, error)) == 0) {
                int64_t day = day_of(&cells[2]);
                Day *at;

                while (account + 1 < c->n_accounts &&
                                !is_account(&c->accounts[account], cells[0].text))
                        account++;
                if (day < c->first || day > c->last)
                        continue;
                at = &c->days[account * c->n_columns + (size_t)((day - c->first) / c->step)];
                at->n_events += cells[3].count;
                at->n_files += cells[4].count;
                c->accounts[account].n_events += cells[3].count;
        }
        return r == SPOOR_END ? 0 : r;
}

static const char *shade_of(const Day *day) {
        if (day->n_events == 0)
                return day->n_files ? "f" : "c0";
        return day->n_events < 10      ? "c1"
               : day->n_events < 100   ? "c2"
               : day->n_events < 1000  ? "c3"
               : day->n_events < 10000 ? "c4"
                                       : "c5";
}

static void put_days(
                CliHtml *html, const Coverage *c, size_t account, double width, bool has_titles) {
        double y = HEAD + LINE * (double)account;

        for (size_t i = 0; i < c->n_columns; i++) {
                const Day *day = &c->days[account * c->n_columns + i];

                cli_buffer_format(&html->line,
                                "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                                "height=\"%d\"",
                                shade_of(day), LABEL + width * (double)i, y,
                                width > 4 ? width - 1.5 : width, LINE - 4);
                if (!has_titles) {
                        cli_html_raw(html, "/>");
                        continue;
                }
                cli_html_raw(html, "><title>");
                put_time(html, (c->first + (int64_t)i * c->step) * DAY, 0, 10);
                cli_buffer_format(&html->line,
                                ": %" PRIu64 " events, %" PRIu64 " files</title></rect>",
                                day->n_events, day->n_files);
        }
        cli_html_raw(html, "\n");
}

static void put_dates(CliHtml *html, const Coverage *c, double width, double end) {
        double last = -1000;

        for (size_t i = 0; i < c->n_columns; i++) {
                double x = LABEL + width * (double)i;

                if (x - last < 84 || x + 70 > end)
                        continue;
                cli_buffer_format(&html->line, "<text x=\"%.1f\" y=\"13\">", x);
                put_time(html, (c->first + (int64_t)i * c->step) * DAY, 0, 10);
                cli_html_raw(html, "</text>");
                last = x;
        }
        cli_html_raw(html, "\n");
}

static void put_shades(CliHtml *html) {
        static const struct {
                const char *class, *text;
        } shades[] = {{"c0", "nothing"}, {"f", "files without events"}, {"c1", "1 event or more"},
                        {"c2", "10"}, {"c3", "100"}, {"c4", "1,000"}, {"c5", "10,000"}};

        cli_html_raw(html, "<p class=\"legend\">");
        for (size_t i = 0; i < sizeof(shades) / sizeof(*shades); i++)
                cli_buffer_format(&html->line,
                                "<span><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect "
                                "class=\"%s\" width=\"10\" height=\"10\"/></svg>%s</span>\n",
                                shades[i].class, shades[i].text);
        cli_html_raw(html, "</p>\n");
}

static void draw_coverage(CliHtml *html, const Coverage *c) {
        size_t n = c->n_accounts < N_ACCOUNTS_MAX ? c->n_accounts : N_ACCOUNTS_MAX;
        double width = 1000.0 / (double)c->n_columns, right;

        width = width > 20 ? 20 : width;
        right = LABEL + width * (double)c->n_columns + 10;
        right = right < 300 ? 300 : right;
        put_shades(html);
        cli_buffer_format(&html->line,
                        "<div class=\"draw\"><svg width=\"%.0f\" height=\"%zu\" viewBox=\"0 0 %.0f "
                        "%zu\" role=\"img\" aria-label=\"Events by account and day\">\n",
                        right, HEAD + LINE * n, right, HEAD + LINE * n);
        put_dates(html, c, width, right < 400 ? right + 60 : right);
        for (size_t i = 0; i < n; i++) {
                cli_buffer_format(&html->line, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">",
                                LABEL - 8, HEAD + LINE * i + 12);
                cli_html_text(html,
                                c->accounts[i].name.size
                                                ? (SpoorSlice){c->accounts[i].name.data,
                                                                  c->accounts[i].name.size < 14
                                                                                  ? c->accounts[i].name
                                                                                                    .size
                                                                                  : 14}
                                                : cli_slice("no account"));
                cli_html_raw(html, "</text>");
                put_days(html, c, i, width, n * c->n_columns <= N_TITLES_MAX);
        }
        cli_html_raw(html, "</svg></div>\n");
        if (n < c->n_accounts)
                cli_buffer_format(&html->line,
                                "<p class=\"none\">%zu more accounts stand in the table.</p>\n",
                                c->n_accounts - n);
}

int cli_html_coverage(CliHtml *html, const CliReportSection *section, SpoorError *error) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *first = NULL;
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *second = NULL;
        CLI_CLEANUP(coverage_deinit) Coverage c = {0};
        int r = section->open(html->doc, NULL, &first, error);

        if (r == 0)
                r = measure(first, &c, error);
        if (r || c.n_accounts == 0)
                return r;
        r = section->open(html->doc, NULL, &second, error);
        if (r == 0)
                r = fill(second, &c, error);
        if (r == 0)
                draw_coverage(html, &c);
        return r ? r : cli_html_flush(html);
}

/* ---- the chain ---- */

#define N_HOPS_MAX 200

int cli_html_chain(CliHtml *html, const char *what, SpoorError *error) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *findings = NULL;
        CLI_CLEANUP(cli_graph_deinit) CliGraph graph = CLI_GRAPH_INIT;
        SpoorLateral question = {.from = what};
        const CliQuery *query = html->doc->query;
        bool more = false;
        int r = spoor_lateral(query->scase, query->selection, &question, &rows, error);

        if (r == 0)
                r = spoor_lateral_findings(
                                query->scase, query->selection, &question, &findings, error);
        if (r == 0)
                r = cli_graph_read(&graph, rows, findings, N_HOPS_MAX, &more, error);
        if (r || graph.n_hops == 0)
                return r;
        cli_html_raw(html, "<div class=\"draw\">");
        r = cli_html_flush(html);
        if (r == 0)
                r = cli_render_svg(
                                &graph, ++html->n_drawings, &html->doc->query->output, &html->line);
        if (r)
                return r;
        cli_html_raw(html, "</div>\n");
        if (more)
                cli_buffer_format(&html->line,
                                "<p class=\"none\">The first %d hops are drawn; <code>spoor "
                                "lateral "
                                "--from WHAT --format svg</code> draws all.</p>\n",
                                N_HOPS_MAX);
        return cli_html_flush(html);
}
