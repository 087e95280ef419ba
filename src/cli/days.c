/*
 * Coverage as a picture: what an analyst looks at before anything else.
 *
 * The rows come by account, region and date, so lines are made as they come. `marks` holds a number
 * for each line and column: the events in it; files without events and days in a gap are told apart
 * from nothing. A bar grows by one step for ten times as many events.
 */
#include "cli/days.h"

#include "cli/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DAY_NS INT64_C(86400000000000)
#define N_COLUMNS_MAX 100 /* of the picture */

typedef struct Line {
        CliBuffer account, region;
        uint64_t n_events, n_files;
} Line;

typedef struct Mark {
        uint64_t n_events, n_files;
        bool in_gap;
} Mark;

typedef struct Days {
        int64_t first, last; /* days since 1970 */
        int64_t step;        /* days in a column */
        size_t n_columns;
        Line *lines;
        size_t n_lines;
        Mark *marks; /* n_columns for each line */
} Days;

static void days_deinit(Days *days) {
        for (size_t i = 0; i < days->n_lines; i++) {
                cli_buffer_deinit(&days->lines[i].account);
                cli_buffer_deinit(&days->lines[i].region);
        }
        free(days->lines);
        free(days->marks);
}

static int64_t floor_day(int64_t time) {
        return time / DAY_NS - (time % DAY_NS < 0);
}

/* A date of a row, as a day. */
static int64_t day_of(SpoorSlice date) {
        char text[11];
        int64_t time = 0;

        memcpy(text, date.data, sizeof(text) - 1);
        text[sizeof(text) - 1] = 0;
        (void)spoor_time_parse(text, &time);
        return floor_day(time);
}

static bool is(const CliBuffer *text, SpoorSlice other) {
        return text->size == other.size &&
               (other.size == 0 || memcmp(text->data, other.data, other.size) == 0);
}

static int compare(const CliBuffer *text, SpoorSlice other) {
        size_t n = text->size < other.size ? text->size : other.size;
        int r = n ? memcmp(text->data, other.data, n) : 0;

        return r ? r : (text->size > other.size) - (text->size < other.size);
}

/* Lines come by account and region. */
static Line *line_of(Days *days, SpoorSlice account, SpoorSlice region) {
        size_t low = 0, high = days->n_lines;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int r = compare(&days->lines[middle].account, account);

                r = r ? r : compare(&days->lines[middle].region, region);
                if (r == 0)
                        return &days->lines[middle];
                if (r < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

static int add_line(Days *days, const SpoorCell *cells) {
        Line *lines = reallocarray(days->lines, days->n_lines + 1, sizeof(*lines)), *line;

        if (!lines)
                return -ENOMEM;
        days->lines = lines;
        line = &lines[days->n_lines++];
        *line = (Line){.account = CLI_BUFFER_INIT, .region = CLI_BUFFER_INIT};
        cli_buffer_append(&line->account, cells[0].text.data, cells[0].text.size);
        cli_buffer_append(&line->region, cells[1].text.data, cells[1].text.size);
        return line->account.error ? line->account.error : line->region.error;
}

/* Lines and the span of days; rows of one line stand together. */
static int measure(SpoorCase *scase, Days *days, SpoorError *error) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        const SpoorCell *cells;
        int r = spoor_coverage(scase, &rows, error);

        days->first = INT64_MAX;
        days->last = INT64_MIN;
        while (r == 0 && (r = spoor_rows_next(rows, &cells, error)) == 0) {
                int64_t day = day_of(cells[2].text);
                Line *line = days->n_lines ? &days->lines[days->n_lines - 1] : NULL;

                days->first = day < days->first ? day : days->first;
                days->last = day > days->last ? day : days->last;
                if (!line || !is(&line->account, cells[0].text) ||
                                !is(&line->region, cells[1].text))
                        r = add_line(days, cells);
        }
        if (r != SPOOR_END || !rows)
                return r;
        if (days->n_lines == 0)
                return 0;
        days->step = 1;
        if (days->last - days->first >= N_COLUMNS_MAX)
                days->step = ((days->last - days->first) / N_COLUMNS_MAX + 7) / 7 * 7;
        days->n_columns = (size_t)((days->last - days->first) / days->step + 1);
        days->marks = calloc(days->n_lines * days->n_columns, sizeof(*days->marks));
        return days->marks ? 0 : -ENOMEM;
}

static Mark *mark_at(const Days *days, size_t line, int64_t day) {
        return &days->marks[line * days->n_columns + (size_t)((day - days->first) / days->step)];
}

static int fill(SpoorCase *scase, Days *days, SpoorError *error) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        const SpoorCell *cells;
        size_t i = 0;
        int r = spoor_coverage(scase, &rows, error);

        while (r == 0 && (r = spoor_rows_next(rows, &cells, error)) == 0) {
                Mark *mark;

                if (!is(&days->lines[i].account, cells[0].text) ||
                                !is(&days->lines[i].region, cells[1].text))
                        i++;
                mark = mark_at(days, i, day_of(cells[2].text));
                mark->n_events += cells[3].count;
                mark->n_files += cells[4].count;
                days->lines[i].n_events += cells[3].count;
                days->lines[i].n_files += cells[4].count;
        }
        return r == SPOOR_END && rows ? 0 : r;
}

/* Days of which a gap takes any part. */
static int fill_gaps(SpoorCase *scase, Days *days, SpoorError *error) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        const SpoorCell *cells;
        int r = spoor_gaps(scase, &rows, error);

        while (r == 0 && (r = spoor_rows_next(rows, &cells, error)) == 0) {
                Line *line = line_of(days, cells[1].text, cells[2].text);

                if (!line || cells[4].type != SPOOR_CELL_TIME)
                        continue;
                for (int64_t day = floor_day(cells[3].time); day <= floor_day(cells[4].time - 1);
                                day++)
                        if (day >= days->first && day <= days->last)
                                mark_at(days, (size_t)(line - days->lines), day)->in_gap = true;
        }
        return r == SPOOR_END && rows ? 0 : r;
}

/* ---- text ---- */

static void put_mark(CliBuffer *out, const Mark *mark) {
        static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
        size_t step = 0;

        if (mark->n_events == 0) {
                cli_buffer_text(out, mark->in_gap ? "x" : mark->n_files ? "o" : "·");
                return;
        }
        for (uint64_t n = mark->n_events; n >= 10 && step < 7; n /= 10)
                step++;
        cli_buffer_text(out, bars[step]);
}

static void put_date(CliBuffer *out, int64_t day) {
        char text[40];

        spoor_time_format(day * DAY_NS, text);
        cli_buffer_append(out, text, 10);
}

/* The month of the last day in a column, from 0; -1 where that is no time. */
static int month_of(const Days *days, size_t column) {
        int64_t day = days->first + ((int64_t)column + 1) * days->step - 1;
        char text[40];
        int month;

        spoor_time_format((day > days->last ? days->last : day) * DAY_NS, text);
        month = (text[5] - '0') * 10 + text[6] - '0';
        return month >= 1 && month <= 12 ? month - 1 : -1;
}

/* The months, above the columns in which they begin, where there is room for their names. */
static void put_months(CliBuffer *out, const Days *days) {
        static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
                        "Sep", "Oct", "Nov", "Dec"};
        size_t at = 0;
        int last = -1;

        for (size_t column = 0; column < days->n_columns; column++) {
                int month = month_of(days, column);
                bool has_room = column + 3 >= days->n_columns ||
                                month_of(days, column + 3) == month;

                if (month == last || month < 0)
                        continue;
                last = month;
                if (!has_room || (at && column <= at))
                        continue;
                cli_buffer_fill(out, ' ', column - at);
                cli_buffer_text(out, names[month]);
                at = column + 3;
        }
}

static size_t width_of(const CliBuffer *text) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer scratch = CLI_BUFFER_INIT;

        return cli_text_visible(&scratch, (SpoorSlice){text->data, text->size}, 0);
}

static void put_text(CliBuffer *out, const CliBuffer *text, size_t width) {
        size_t n = cli_text_visible(out, (SpoorSlice){text->data, text->size}, 0);

        cli_buffer_fill(out, ' ', width > n ? width - n + 2 : 2);
}

static void put_count(CliBuffer *out, uint64_t n) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer text = CLI_BUFFER_INIT;

        cli_text_count(&text, n);
        cli_buffer_fill(out, ' ', text.size < 12 ? 12 - text.size : 0);
        cli_buffer_append(out, text.data, text.size);
}

static void compose(const Days *days, CliBuffer *out) {
        size_t account = 7, region = 6;

        for (size_t i = 0; i < days->n_lines; i++) {
                size_t a = width_of(&days->lines[i].account), r = width_of(&days->lines[i].region);

                account = a > account ? a : account;
                region = r > region ? r : region;
        }
        put_date(out, days->first);
        cli_buffer_text(out, " to ");
        put_date(out, days->last);
        if (days->step == 1)
                cli_buffer_text(out, ", a mark for each day: ");
        else
                cli_buffer_format(out, ", a mark for %" PRId64 " days: ", days->step);
        cli_buffer_text(out, "▁ 1 event or more, ▂ 10, ▃ 100, ▄ 1,000 ...; · nothing; o files "
                             "without events; x nothing, in a gap\n\n");
        cli_buffer_format(out, "%-*s  %-*s  %12s%12s  ", (int)account, "account", (int)region,
                        "region", "events", "files");
        put_months(out, days);
        cli_buffer_char(out, '\n');
        for (size_t i = 0; i < days->n_lines; i++) {
                const Line *line = &days->lines[i];

                put_text(out, &line->account, account);
                put_text(out, &line->region, region);
                put_count(out, line->n_events);
                put_count(out, line->n_files);
                cli_buffer_text(out, "  ");
                for (size_t column = 0; column < days->n_columns; column++)
                        put_mark(out, &days->marks[i * days->n_columns + column]);
                cli_buffer_char(out, '\n');
        }
}

int cli_days_draw(CliQuery *query) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer out = CLI_BUFFER_INIT;
        CLI_CLEANUP(days_deinit) Days days = {0};
        SpoorError error = {""};
        int r = measure(query->scase, &days, &error);

        if (r == 0 && days.n_lines)
                r = fill(query->scase, &days, &error);
        if (r == 0 && days.n_lines)
                r = fill_gaps(query->scase, &days, &error);
        if (r)
                return cli_fail(r, error.message);
        if (days.n_lines)
                compose(&days, &out);
        else
                cli_buffer_text(&out, "no events, and no files whose names tell a delivery\n");
        if (out.error)
                return cli_fail(out.error, NULL);
        cli_output_write(&query->output, out.data, out.size);
        return cli_query_finish(query);
}
