/*
 * CSV as RFC 4180 has it: cells between commas (or another separator), in quotes where they hold
 * commas, quotes (doubled) or ends of lines; lines end in LF or CRLF. A row is delivered when it is
 * whole, so memory is bounded by the longest row allowed.
 *
 * Strict. A quote inside of a bare cell, bytes behind a closing quote, another number of cells than
 * the header has, an end inside of quotes: the row is unsound. Then each line behind its first byte
 * is tried until one is a row that the sink finds plausible; what was skipped is one fault.
 *
 * Cost: one pass; the beginning of a row is looked at again when half as much has come in addition.
 * Behind a fault, at worst, each line is read as far as the limit of a row.
 */
#include "base/csv.h"

#include <errno.h>
#include <string.h>

#define PIECE ((size_t)64 << 10)

enum {
        ROW_WHOLE,
        ROW_MORE, /* it may go on */
        ROW_QUOTE,
        ROW_BEHIND,
        ROW_END,
        ROW_CUT,
        ROW_CELLS,
};

static const char *const reasons[] = {
                [ROW_QUOTE] = "CSV: a quote inside a cell that is not quoted",
                [ROW_BEHIND] = "CSV: bytes behind a quoted cell",
                [ROW_END] = "CSV: the end, inside a quoted cell",
                [ROW_CUT] = "CSV: a row that is cut",
                [ROW_CELLS] = "CSV: a row with another number of cells than the header has",
};

static int add_cell(CsvReader *csv, Slice cell) {
        if (vec_reserve(&csv->cells, 1) < 0)
                return -ENOMEM;
        csv->cells.data[csv->cells.size++] = cell;
        return 0;
}

/* A cell with doubled quotes, into scratch; there is room for it. */
static Slice undouble(CsvReader *csv, Slice quoted) {
        char *to = csv->scratch.data + csv->scratch.size, *at = to;

        for (size_t i = 0; i < quoted.size; i++) {
                *at++ = quoted.data[i];
                i += quoted.data[i] == '"';
        }
        csv->scratch.size += (size_t)(at - to);
        return slice(to, (size_t)(at - to));
}

/* The quoted cell at *at; afterwards *at is behind its closing quote. */
static int take_quoted(CsvReader *csv, const char **at, const char *end, bool is_final) {
        const char *from = *at + 1, *quote = from;
        bool is_doubled = false;
        Slice cell;

        for (;;) {
                quote = quote < end ? memchr(quote, '"', (size_t)(end - quote)) : NULL;
                if (!quote || (quote + 1 == end && !is_final))
                        return is_final ? ROW_END : ROW_MORE;
                if (quote + 1 == end || quote[1] != '"')
                        break;
                is_doubled = true;
                quote += 2;
        }
        cell = slice(from, (size_t)(quote - from));
        *at = quote + 1;
        return add_cell(csv, is_doubled ? undouble(csv, cell) : cell);
}

static char separator_of(const CsvReader *csv) {
        return csv->separator ? csv->separator : ',';
}

/* The bare cell at *at; afterwards *at is behind it. */
static int take_bare(CsvReader *csv, const char **at, const char *end, bool is_final) {
        const char *from = *at, *to = from, separator = separator_of(csv);

        while (to < end && *to != separator && *to != '\n' && *to != '"')
                to++;
        if (to == end && !is_final)
                return ROW_MORE;
        if (to < end && *to == '"')
                return ROW_QUOTE;
        *at = to;
        if (to > from && to[-1] == '\r' && (to == end || *to == '\n'))
                to--;
        return add_cell(csv, slice(from, (size_t)(to - from)));
}

/* The row at the beginning of TEXT, into cells; *ret_size with the end of its line. */
static int take_row(CsvReader *csv, Slice text, bool is_final, size_t *ret_size) {
        const char *at = text.data, *end = text.data + text.size;

        csv->cells.size = csv->scratch.size = 0;
        if (vec_reserve(&csv->scratch, text.size) < 0)
                return -ENOMEM;
        for (;;) {
                int r = at < end && *at == '"' ? take_quoted(csv, &at, end, is_final)
                                               : take_bare(csv, &at, end, is_final);

                if (r)
                        return r;
                if (at < end && *at == '\r' && (end - at > 1 ? at[1] == '\n' : is_final))
                        at++;
                else if (at + 1 == end && *at == '\r')
                        return ROW_MORE;
                if (at == end && !is_final)
                        return ROW_MORE;
                if (at < end && *at != separator_of(csv) && *at != '\n')
                        return ROW_BEHIND;
                if (at == end || *at == '\n') {
                        *ret_size = (size_t)(at - text.data) + (at < end);
                        return ROW_WHOLE;
                }
                at++;
        }
}

int csv_first_row(CsvReader *csv, Slice text, size_t *ret_size) {
        int r = take_row(csv, text, false, ret_size);

        if (r)
                *ret_size = 0;
        return r < 0 ? r : 0;
}

int csv_row(CsvReader *csv, Slice text, size_t *ret_size, const char **ret_reason) {
        int r = take_row(csv, text, true, ret_size);

        if (r < 0)
                return r;
        *ret_reason = reasons[r];
        if (r != ROW_WHOLE)
                *ret_size = 0;
        return 0;
}

/* ---- one row after the other ---- */

static void drop(CsvReader *csv, size_t n) {
        memmove(csv->window.data, csv->window.data + n, csv->window.size - n);
        csv->window.size -= n;
        csv->base += n;
        csv->try_at = 0;
}

static int deliver(CsvReader *csv, size_t at, size_t size) {
        const char *from = csv->window.data + at;
        size_t n = size;
        CsvRow row;
        int r = 0;

        while (n && (from[n - 1] == '\n' || from[n - 1] == '\r'))
                n--;
        row = (CsvRow){
                        .offset = csv->base + at,
                        .text = slice(from, n),
                        .cells = csv->cells.data,
                        .n_cells = csv->cells.size,
                        .is_recovered = csv->is_behind_fault || csv->fault,
        };
        if (n == 0)
                return 0; /* a blank line */
        if (csv->fault) {
                if (!csv->sink->plausible(csv->sink->userdata, &row))
                        return 1;
                r = csv->sink->fault(csv->sink->userdata, csv->fault_at, row.offset, csv->fault);
                csv->fault = NULL;
                csv->is_behind_fault = true;
        }
        return r ? r : csv->sink->row(csv->sink->userdata, &row);
}

/* The line at AT is no row: *at behind it, or where more must come. */
static bool skip_line(CsvReader *csv, size_t *at) {
        const char *from = csv->window.data + *at;
        const char *line = memchr(from, '\n', csv->window.size - *at);

        *at = line ? (size_t)(line + 1 - csv->window.data) : csv->window.size;
        return line;
}

/* Rows from the beginning of the window on, as far as they are whole. */
static int process(CsvReader *csv) {
        size_t at = 0;
        int r = 0;

        while (r == 0 && at < csv->window.size) {
                Slice rest = slice(csv->window.data + at, csv->window.size - at);
                size_t size = 0;
                int state;

                if (rest.size < csv->try_at && !csv->is_final)
                        break;
                csv->try_at = 0;
                state = take_row(csv, rest, csv->is_final, &size);
                if (state < 0)
                        return state;
                if (state == ROW_MORE && rest.size <= csv->max_row_bytes) {
                        csv->try_at = rest.size + rest.size / 2;
                        break;
                }
                if (state == ROW_WHOLE && csv->n_columns && csv->cells.size != csv->n_columns &&
                                !(csv->cells.size == 1 && csv->cells.data[0].size == 0))
                        state = ROW_CELLS;
                if (state == ROW_WHOLE && csv->is_cut && size == rest.size &&
                                rest.data[size - 1] != '\n')
                        state = ROW_CUT;
                if (state == ROW_WHOLE && size <= csv->max_row_bytes + 2) {
                        r = deliver(csv, at, size);
                        if (r <= 0) {
                                at += size;
                                continue;
                        }
                        r = 0; /* not plausible */
                } else if (!csv->fault) {
                        csv->fault = state == ROW_MORE || state == ROW_WHOLE
                                                     ? "row larger than the limit (--max-record)"
                                                     : reasons[state];
                        csv->fault_at = csv->base + at;
                }
                if (!skip_line(csv, &at))
                        break;
        }
        drop(csv, at);
        return r;
}

void csv_begin(CsvReader *csv, const CsvSink *sink, uint64_t base, uint64_t max_row_bytes) {
        csv->sink = sink;
        csv->max_row_bytes = max_row_bytes;
        csv->n_columns = 0;
        csv->window.size = csv->try_at = 0;
        csv->base = base;
        csv->fault_at = 0;
        csv->is_cut = csv->is_final = csv->is_behind_fault = false;
        csv->fault = NULL;
}

int csv_space(CsvReader *csv, char **ret_buffer, size_t *ret_size) {
        if (vec_reserve(&csv->window, PIECE) < 0)
                return -ENOMEM;
        *ret_buffer = csv->window.data + csv->window.size;
        *ret_size = csv->window.cap - csv->window.size;
        return 0;
}

int csv_feed(CsvReader *csv, size_t n) {
        csv->window.size += n;
        return process(csv);
}

int csv_finish(CsvReader *csv, bool is_cut) {
        int r;

        csv->is_final = true;
        csv->is_cut = is_cut;
        csv->try_at = 0;
        r = process(csv);
        if (r == 0 && csv->fault) {
                r = csv->sink->fault(csv->sink->userdata, csv->fault_at,
                                csv->base + csv->window.size, csv->fault);
                csv->fault = NULL;
        }
        return r;
}

void csv_deinit(CsvReader *csv) {
        vec_deinit(&csv->window);
        vec_deinit(&csv->cells);
        vec_deinit(&csv->scratch);
}
