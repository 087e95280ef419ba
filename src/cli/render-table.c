/*
 * A table for eyes. The first BUFFERED_ROWS rows are kept as text; the widest cell of each column
 * among them sets its width, and then they are printed. Later rows keep to those widths; what is
 * wider pushes its row to the right and is never cut. Numbers stand to the right. Everything is
 * escaped, on a terminal or not: a table is what people paste.
 *
 * `text` holds the kept cells one after the other; `cells` their sizes, row by row.
 */
#include "cli/render.h"
#include "cli/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUFFERED_ROWS 1000

#define BOLD "\033[1m"
#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

typedef struct Cell {
        size_t size;
        size_t width;
        const char *color; /* NULL: none */
        bool number;
} Cell;

typedef struct Column {
        size_t width;
        bool number;
        bool text; /* some cell is none */
} Column;

typedef struct Table {
        CliRender render;
        Column *columns;
        Cell *cells; /* of the kept rows, and of one more */
        size_t n_kept;
        CliBuffer text;
        bool printing;
        size_t n_pending; /* blanks owed before the next text of the line */
} Table;

static bool is_word(SpoorSlice text, const char *word) {
        return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

static const char *color_of(const CliRender *render, size_t column, const SpoorCell *cell) {
        const char *name = render->columns[column].name;

        if (!render->color)
                return NULL;
        if (cell->type == SPOOR_CELL_TEXT && strcmp(name, "verdict") == 0)
                return is_word(cell->text, "sound") ? NULL
                       : is_word(cell->text, "unproven") || is_word(cell->text, "notCovered") ||
                                                       is_word(cell->text, "restarted")
                                       ? YELLOW
                                       : RED;
        if (cell->type == SPOOR_CELL_TEXT && strcmp(name, "outcome") == 0) {
                if (is_word(cell->text, "denied"))
                        return RED;
                if (is_word(cell->text, "failure"))
                        return YELLOW;
        } else if (cell->type == SPOOR_CELL_COUNT && cell->count) {
                if (strcmp(name, "denied") == 0)
                        return RED;
                if (strcmp(name, "failed") == 0)
                        return YELLOW;
        }
        return NULL;
}

/* Appends one cell to the line: padded, but no blanks before it is known that text follows. */
static void put(Table *table, const char *text, const Cell *cell, const Column *column,
                bool right) {
        CliBuffer *line = &table->render.line;
        size_t pad = column->width > cell->width ? column->width - cell->width : 0;

        if (right)
                table->n_pending += pad;
        if (cell->size) {
                cli_buffer_fill(line, ' ', table->n_pending);
                table->n_pending = 0;
                if (cell->color)
                        cli_buffer_text(line, cell->color);
                cli_buffer_append(line, text, cell->size);
                if (cell->color)
                        cli_buffer_text(line, PLAIN);
        }
        table->n_pending += (right ? 0 : pad) + 2;
}

static void end_line(Table *table) {
        CliBuffer *line = &table->render.line;

        while (line->size && line->data[line->size - 1] == ' ')
                line->size--;
        cli_buffer_char(line, '\n');
        table->n_pending = 0;
}

static void put_row(Table *table, const char *text, const Cell *cells) {
        for (size_t i = 0; i < table->render.n_columns; i++) {
                put(table, text, &cells[i], &table->columns[i], cells[i].number);
                text += cells[i].size;
        }
        end_line(table);
}

static void put_header(Table *table) {
        CliRender *render = &table->render;

        if (render->color)
                cli_buffer_text(&render->line, BOLD);
        for (size_t i = 0; i < render->n_columns; i++) {
                CliBuffer name = CLI_BUFFER_INIT;
                Cell cell = {0};

                cell.width = cli_text_visible(&name, cli_slice(render->columns[i].name), 0);
                cell.size = name.size;
                put(table, name.data, &cell, &table->columns[i],
                                table->columns[i].number && !table->columns[i].text);
                if (name.error)
                        render->line.error = name.error;
                cli_buffer_deinit(&name);
        }
        if (render->color)
                cli_buffer_text(&render->line, PLAIN);
        end_line(table);
}

/* Prints the header and what was kept; from here on rows are printed as they come. */
static void start_printing(Table *table) {
        size_t n_columns = table->render.n_columns;
        const char *text = table->text.data;

        for (size_t i = 0; i < n_columns; i++) {
                Column *column = &table->columns[i];

                for (size_t j = 0; j < table->n_kept; j++) {
                        const Cell *cell = &table->cells[j * n_columns + i];

                        if (cell->width > column->width)
                                column->width = cell->width;
                        column->number |= cell->number;
                        column->text |= !cell->number && cell->size;
                }
        }
        put_header(table);
        for (size_t j = 0; j < table->n_kept; j++) {
                const Cell *cells = &table->cells[j * n_columns];

                put_row(table, text, cells);
                for (size_t i = 0; i < n_columns; i++)
                        text += cells[i].size;
                if (table->render.line.size > CLI_OUTPUT_BUFFER)
                        (void)cli_render_flush(&table->render);
        }
        cli_buffer_clear(&table->text);
        table->n_kept = 0;
        table->printing = true;
}

static void begin(CliRender *render) {
        Table *table = (Table *)render;

        table->columns = calloc(render->n_columns + 1, sizeof(*table->columns));
        table->cells = calloc(BUFFERED_ROWS * (render->n_columns + 1), sizeof(*table->cells));
        if (!table->columns || !table->cells) {
                render->line.error = -ENOMEM;
                return;
        }
        for (size_t i = 0; i < render->n_columns; i++) {
                CliBuffer name = CLI_BUFFER_INIT;

                table->columns[i].width =
                                cli_text_visible(&name, cli_slice(render->columns[i].name), 0);
                cli_buffer_deinit(&name);
        }
}

static void row(CliRender *render, const SpoorCell *cells) {
        Table *table = (Table *)render;
        Cell *kept = &table->cells[table->n_kept * render->n_columns];

        for (size_t i = 0; i < render->n_columns; i++) {
                const SpoorCell *cell = &cells[render->columns[i].cell];
                size_t before = table->text.size;

                kept[i].width = cli_text_visible(
                                &table->text, cli_cell_text(cell, &render->scratch), 0);
                kept[i].size = table->text.size - before;
                kept[i].number = cell->type == SPOOR_CELL_COUNT;
                kept[i].color = color_of(render, i, cell);
        }
        if (table->text.error) {
                render->line.error = table->text.error;
        } else if (table->printing) {
                put_row(table, table->text.data, kept);
                cli_buffer_clear(&table->text);
        } else if (++table->n_kept == BUFFERED_ROWS) {
                start_printing(table);
        }
}

static void end(CliRender *render) {
        Table *table = (Table *)render;

        if (!table->printing)
                start_printing(table);
}

static void deinit(CliRender *render) {
        Table *table = (Table *)render;

        cli_buffer_deinit(&table->text);
        free(table->columns);
        free(table->cells);
}

const CliRenderType cli_render_table = {
                .size = sizeof(Table),
                .begin = begin,
                .row = row,
                .end = end,
                .deinit = deinit,
};
