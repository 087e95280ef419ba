/*
 * Rows to text. One interface, a renderer for each format; rows of every query look alike, so no
 * query knows formats and no format knows queries.
 */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include "cli/buffer.h"
#include "cli/output.h"

#include <spoor/spoor.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum CliFormat {
        CLI_FORMAT_TABLE,
        CLI_FORMAT_TSV,
        CLI_FORMAT_CSV,
        CLI_FORMAT_JSON,
        CLI_FORMAT_JSONL,
} CliFormat;

/* CLI_FORMAT_TABLE for what is none: the parser has checked the name. */
CliFormat cli_format_parse(const char *name);

typedef struct CliColumn {
        const char *name;
        size_t cell; /* which of the row's cells */
} CliColumn;

typedef struct CliRender CliRender;

/*
 * What a format does. Each appends to render->line, which the functions below then write; begin
 * and end are called once, row for each row.
 */
typedef struct CliRenderType {
        size_t size; /* of the renderer, which begins with a CliRender */
        void (*begin)(CliRender *render);
        void (*row)(CliRender *render, const SpoorCell *cells);
        void (*end)(CliRender *render);
        void (*deinit)(CliRender *render); /* NULL: nothing to free */
} CliRenderType;

struct CliRender {
        const CliRenderType *type;
        CliFormat format;
        const CliColumn *columns;
        size_t n_columns;
        bool color;
        uint64_t n_rows; /* before the one at hand */
        CliBuffer line;  /* of the row at hand; written and emptied after each */
        CliBuffer scratch;
        CliOutput *output;
};

extern const CliRenderType cli_render_table;
extern const CliRenderType cli_render_delimited;
extern const CliRenderType cli_render_json;

/* COLUMNS and OUTPUT are borrowed. Functions return 0 or a negative -errno. */
int cli_render_new(CliFormat format, const CliColumn *columns, size_t n_columns, bool color,
                CliOutput *output, CliRender **ret_render);
CliRender *cli_render_free(CliRender *render);

int cli_render_begin(CliRender *render);
int cli_render_row(CliRender *render, const SpoorCell *cells);
int cli_render_end(CliRender *render);

/* Moves render->line to the output; a renderer with much to say calls it in between. */
int cli_render_flush(CliRender *render);

/*
 * A cell as a table or a list of fields shows it, before any escape; JSON without blanks between
 * its tokens. Lives as long as the cell and until the next use of SCRATCH.
 */
SpoorSlice cli_cell_text(const SpoorCell *cell, CliBuffer *scratch);

/* A cell as JSON. */
void cli_cell_json(CliBuffer *buffer, const SpoorCell *cell);
/* A cell of CSV, quoted and defused as it needs. */
void cli_cell_csv(CliBuffer *buffer, const SpoorCell *cell, CliBuffer *scratch);

#endif
