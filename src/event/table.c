/*
 * A CSV (between commas, or tabs or semicolons, as spreadsheets write it) whose header row names
 * CloudTrail's columns: each row is a record, or holds one as JSON in
 * one cell.
 *
 * A record of columns is assembled as JSON (columns.c) and read like any other. It is marked as
 * partial: what the table did not have is missing. Its place is that of its row; to read it again
 * the header row is needed too (event_reader_head()). Its hash is of the row and of what was made
 * of it.
 *
 * A second header row, of tables put end to end, is stepped over if it is the same; behind another
 * nothing is read, as nothing says what its rows mean.
 */
#include "event/table.h"

#include <errno.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/time.h"

#define MARK "\xEF\xBB\xBF"

static size_t mark_size(Slice head) {
        return slice_starts_with(head, SLICE_LITERAL(MARK)) ? 3 : 0;
}

/* The same, where cells stand between SEPARATOR. */
static int recognise(Table *t, Slice head, char separator, size_t *ret_size) {
        size_t mark = mark_size(head), size;
        int r;

        t->csv.separator = separator;
        t->columns.container = EVENT_IN_NONE;
        r = csv_first_row(&t->csv, slice(head.data + mark, head.size - mark), &size);
        if (r < 0 || size == 0)
                return r;
        *ret_size = mark + size;
        return columns_read(&t->columns, t->csv.cells.data, t->csv.cells.size);
}

int table_recognise(Table *t, Slice head, size_t *ret_size, EventContainer *ret_container) {
        static const char separators[] = {',', '\t', ';'};
        int r = 0;

        *ret_size = 0;
        *ret_container = EVENT_IN_NONE;
        for (size_t i = 0; i < sizeof(separators) && r == 0 && *ret_container == EVENT_IN_NONE;
                        i++) {
                r = recognise(t, head, separators[i], ret_size);
                *ret_container = t->columns.container;
        }
        return r;
}

/* ---- rows ---- */

static int keep_header(Table *t, const CsvRow *row) {
        t->header.size = 0;
        for (size_t i = 0; i < row->n_cells; i++) {
                size_t size = row->cells[i].size;

                if (vec_reserve(&t->header, sizeof(size) + size) < 0)
                        return -ENOMEM;
                memcpy(t->header.data + t->header.size, &size, sizeof(size));
                if (size)
                        memcpy(t->header.data + t->header.size + sizeof(size), row->cells[i].data,
                                        size);
                t->header.size += sizeof(size) + size;
        }
        t->is_header_seen = true;
        t->csv.n_columns = row->n_cells;
        return columns_read(&t->columns, row->cells, row->n_cells);
}

/* Is ROW the header once more? */
static bool is_header(const Table *t, const CsvRow *row) {
        const char *at = t->header.data, *end = at + t->header.size;

        for (size_t i = 0; i < row->n_cells; i++) {
                size_t size;

                if (at >= end)
                        return false;
                memcpy(&size, at, sizeof(size));
                at += sizeof(size);
                if (size != row->cells[i].size ||
                                (size && memcmp(at, row->cells[i].data, size) != 0))
                        return false;
                at += size;
        }
        return at == end;
}

/* Does CELL begin as an object, or an array of them? */
static bool is_json(Slice cell) {
        size_t at = 0;

        while (at < cell.size && memchr(" \t\r\n", cell.data[at], 4))
                at++;
        return at < cell.size && memchr("{[", cell.data[at], 2);
}

/* Behind a fault: has the row a time, or a record, where one should be? */
static bool is_plausible(void *userdata, const CsvRow *row) {
        const Table *t = userdata;
        char buffer[STRUCT_TIME_BYTES];
        int64_t time;
        Slice cell;

        if (is_header(t, row))
                return true;
        if (t->columns.whole != SIZE_MAX)
                return is_json(row->cells[t->columns.whole]);
        cell = columns_time(&t->columns, row->cells);
        return cell.size && time_parse(struct_text_time(cell, buffer), &time) != 1;
}

/* Another header than the first? Its names would be rows without a time otherwise. */
static int look_for_header(Table *t, const CsvRow *row) {
        Slice cell = columns_time(&t->columns, row->cells);

        if (t->columns.whole != SIZE_MAX || !columns_is_name(cell))
                return 0;
        t->is_other_header = true;
        return t->sink.fault(t->sink.userdata, row->offset, 0,
                        SLICE_LITERAL("another header row: the rows behind it are not read"));
}

/* A row that holds its record as JSON. */
static int read_whole(Table *t, const CsvRow *row, const RecordOrigin *origin) {
        Slice cell = row->cells[t->columns.whole];
        const Inside *in = t->inside;
        bool is_read = is_json(cell);
        char reason[300];
        int r = is_read ? inside_read_text(t->inside, cell, origin) : 0;

        if (r)
                return r;
        if (is_read && *in->fault) {
                snprintf(reason, sizeof(reason), "no sound record in a row: %s", in->fault);
                return t->sink.fault(t->sink.userdata, row->offset, in->n_lost, slice_cstr(reason));
        }
        if (is_read && in->n_records && in->n_lost)
                return t->sink.fault(t->sink.userdata, row->offset, in->n_lost,
                                SLICE_LITERAL("no record in a part of a row"));
        if (is_read && in->n_records ? in->is_hidden : envelope_may_hold(cell))
                return t->sink.fault(t->sink.userdata, row->offset, 0, SLICE_LITERAL(EVENT_HIDDEN));
        return is_read && in->n_records ? 0 : t->sink.other(t->sink.userdata, row->offset);
}

/* A row whose cells make the record. */
static int read_columns(Table *t, const CsvRow *row, const RecordOrigin *origin) {
        const char *unread = NULL, *nested = NULL;
        int r = columns_record(&t->columns, row->cells, true, &t->record, &unread);

        if (r == 0)
                r = inside_check(t->inside, slice(t->record.data, t->record.size));
        if (r == 1) /* what looked like JSON is none */
                r = columns_record(&t->columns, row->cells, false, &t->record, &nested);
        if (r == 0)
                r = inside_read_text(t->inside, slice(t->record.data, t->record.size), origin);
        if (r)
                return r;
        unread = unread ? unread : nested;
        if (unread && t->n_unread++ == 0) {
                t->unread = unread;
                t->unread_at = row->offset;
        }
        return t->inside->n_records ? 0
                                    : t->sink.fault(t->sink.userdata, row->offset, 1,
                                                      SLICE_LITERAL("row without a record"));
}

static int on_row(void *userdata, const CsvRow *row) {
        Table *t = userdata;
        bool is_whole = t->columns.whole != SIZE_MAX;
        RecordOrigin origin = {
                        .offset = row->offset,
                        .size = row->text.size,
                        .outer_offset = row->offset,
                        .outer_size = row->text.size,
                        .container = t->columns.container,
                        .is_recovered = row->is_recovered,
                        .is_partial = t->is_header_seen && !is_whole,
        };
        int r;

        if (t->is_other_header)
                return 0;
        if (!t->is_header_seen)
                return keep_header(t, row);
        if (is_header(t, row))
                return 0;
        r = look_for_header(t, row);
        if (r || t->is_other_header)
                return r;
        if (is_whole)
                return read_whole(t, row, &origin);
        origin.row_hash = hash_slice(row->text);
        return read_columns(t, row, &origin);
}

static int on_fault(void *userdata, uint64_t offset, uint64_t end, const char *text) {
        Table *t = userdata;
        char reason[200];

        if (t->is_other_header)
                return 0;
        snprintf(reason, sizeof(reason), "%s; %llu bytes skipped", text,
                        (unsigned long long)(end - offset));
        return t->sink.fault(t->sink.userdata, offset, 1, slice_cstr(reason));
}

/* ---- content ---- */

size_t table_begin(Table *t, Slice head) {
        t->csv_sink = (CsvSink){t, on_row, on_fault, is_plausible};
        csv_begin(&t->csv, &t->csv_sink, mark_size(head), t->max_row_bytes);
        t->is_header_seen = t->is_other_header = false;
        t->n_unread = 0;
        return mark_size(head);
}

int table_space(Table *t, char **ret_buffer, size_t *ret_size) {
        return csv_space(&t->csv, ret_buffer, ret_size);
}

int table_feed(Table *t, size_t n) {
        return csv_feed(&t->csv, n);
}

int table_finish(Table *t, bool is_cut) {
        return csv_finish(&t->csv, is_cut);
}

void table_deinit(Table *t) {
        csv_deinit(&t->csv);
        columns_deinit(&t->columns);
        vec_deinit(&t->header);
        vec_deinit(&t->record);
}
