/* Content that is a CSV of records; private to the event floor. */
#ifndef EVENT_TABLE_H
#define EVENT_TABLE_H

#include "base/csv.h"
#include "event/columns.h"
#include "event/inside.h"

#define TABLE_MAX_HEADER EVENT_HEAD_BYTES

/* Records go to the sink of INSIDE. */
typedef struct TableSink {
        void *userdata;
        /* Damage, by which N_REJECTED records are lost. */
        int (*fault)(void *userdata, uint64_t offset, unsigned n_rejected, Slice reason);
        /* A row at OFFSET that holds no record. */
        int (*other)(void *userdata, uint64_t offset);
} TableSink;

/* All zero but for the sink, the limit and INSIDE is empty. */
typedef struct Table {
        TableSink sink;
        uint64_t max_row_bytes;
        Inside *inside; /* reads the JSON in the rows */

        CsvReader csv;
        CsvSink csv_sink;
        Columns columns;
        VEC(char) header; /* its cells, each with its size before it: a second one is known by it */
        bool is_header_seen, is_other_header;
        JsonText record;

        /* rows in which a column could not be read without guessing; the first such column, place
         */
        uint64_t n_unread, unread_at;
        const char *unread;
} Table;

void table_deinit(Table *table);

/*
 * Does content that begins with HEAD have a header row of CloudTrail columns? *ret_size is that of
 * its first row, 0 where it is not whole yet; *ret_container what the rows are, EVENT_IN_NONE if no
 * records. 0 or -ENOMEM.
 */
int table_recognise(Table *table, Slice head, size_t *ret_size, EventContainer *ret_container);

/* Begins content that begins with HEAD; returns from which byte on it is to be fed. */
size_t table_begin(Table *table, Slice head);
int table_space(Table *table, char **ret_buffer, size_t *ret_size);
int table_feed(Table *table, size_t n);
int table_finish(Table *table, bool is_cut);

#endif
