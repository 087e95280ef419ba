/* Rows of a CSV text. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/slice.h"
#include "base/vec.h"

typedef struct CsvRow {
        uint64_t offset;    /* of its first byte in the content */
        Slice text;         /* as it stands, without the end of the line */
        const Slice *cells; /* without their quotes */
        size_t n_cells;
        bool is_recovered; /* it stands behind a fault */
} CsvRow;

typedef struct CsvSink {
        void *userdata;
        int (*row)(void *userdata, const CsvRow *row);
        /* From OFFSET to END nothing could be read. */
        int (*fault)(void *userdata, uint64_t offset, uint64_t end, const char *reason);
        /* Is this a row as it should be? Asked of the first one behind a fault. */
        bool (*plausible)(void *userdata, const CsvRow *row);
} CsvSink;

/* All zero is empty. */
typedef struct CsvReader {
        const CsvSink *sink;
        uint64_t max_row_bytes;
        size_t n_columns; /* of every row; 0: of any */
        char separator;   /* between cells; 0: a comma */

        VEC(char) window; /* from the beginning of the open row on */
        uint64_t base;    /* offset of its first byte */
        size_t try_at;    /* so many bytes are to be there before the row is looked at again */
        bool is_final, is_cut;

        const char *fault; /* what is being got over, from fault_at on; NULL: nothing */
        uint64_t fault_at;
        bool is_behind_fault;

        VEC(Slice) cells;
        VEC(char) scratch; /* cells with doubled quotes */
} CsvReader;

void csv_deinit(CsvReader *csv);
/* BASE is the offset of the first byte that is fed. */
void csv_begin(CsvReader *csv, const CsvSink *sink, uint64_t base, uint64_t max_row_bytes);
int csv_space(CsvReader *csv, char **ret_buffer, size_t *ret_size);
int csv_feed(CsvReader *csv, size_t n);
/* IS_CUT: a last row without the end of its line is not whole. */
int csv_finish(CsvReader *csv, bool is_cut);

/* The first row of TEXT into csv->cells: its size with the end of its line; 0 where there is none
   as a whole. */
int csv_first_row(CsvReader *csv, Slice text, size_t *ret_size);

/*
 * The same where TEXT is all there is: a row may end with it. 0, and where there is no sound row
 * *ret_size is 0 and *ret_reason says why; or -ENOMEM.
 */
int csv_row(CsvReader *csv, Slice text, size_t *ret_size, const char **ret_reason);

#endif
