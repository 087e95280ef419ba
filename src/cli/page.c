/*
 * Pages as text and as JSON. A section is read once, row by row; nothing of it is kept but what its
 * table is laid out from. In text the columns of a section are those that a person reads; the rest
 * (eventIDs, what stands in another column too) is in JSON.
 */
#include "cli/page.h"

#include "cli/render.h"
#include "cli/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BOLD "\033[1m"
#define PLAIN "\033[0m"

/* ---- JSON ------------------------------------------------------------------------------- */

static void put_object(CliBuffer *line, const SpoorRows *rows, const SpoorCell *cells) {
        size_t n = spoor_rows_n_columns(rows);

        cli_buffer_char(line, '{');
        for (size_t i = 0; i < n; i++) {
                if (i)
                        cli_buffer_char(line, ',');
                cli_text_json(line, cli_slice(spoor_rows_column(rows, i)));
                cli_buffer_char(line, ':');
                cli_cell_json(line, &cells[i]);
        }
        cli_buffer_char(line, '}');
}

static int flush(CliBuffer *line, CliOutput *output) {
        if (line->error)
                return line->error;
        cli_output_write(output, line->data, line->size);
        cli_buffer_clear(line);
        return output->error;
}

int cli_rows_json(SpoorRows *rows, bool is_single, CliOutput *output, SpoorError *error) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer line = CLI_BUFFER_INIT;
        const SpoorCell *cells;
        uint64_t n = 0;
        int r = 0;

        if (!is_single)
                cli_buffer_char(&line, '[');
        while (r == 0 && !cli_output_over(output) &&
                        (r = spoor_rows_next(rows, &cells, error)) == 0) {
                if (!is_single)
                        cli_buffer_text(&line, n ? ",\n" : "\n");
                put_object(&line, rows, cells);
                n++;
                r = flush(&line, output);
        }
        if (r && r != SPOOR_END)
                return r;
        if (is_single)
                cli_buffer_text(&line, n ? "" : "null");
        else
                cli_buffer_text(&line, n ? "\n]" : "]");
        return flush(&line, output);
}

int cli_page_json(SpoorPage *page, CliOutput *output, SpoorError *error) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer line = CLI_BUFFER_INIT;
        SpoorSection section;
        int r = 0;

        cli_buffer_text(&line, "{");
        for (size_t i = 0; r == 0 && spoor_page_section(page, i, &section) == 0; i++) {
                cli_buffer_text(&line, i ? ",\n" : "\n");
                cli_text_json(&line, cli_slice(section.name));
                cli_buffer_char(&line, ':');
                r = flush(&line, output);
                if (r == 0)
                        r = cli_rows_json(section.rows, section.is_single, output, error);
        }
        cli_buffer_text(&line, "\n}");
        return r ? r : flush(&line, output);
}

/* ---- text ------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end) {
        size_t n = strlen(text), k = strlen(end);

        return n >= k && strcmp(text + n - k, end) == 0;
}

/* Of the rows of SECTION: is column NAME for programs alone? */
static bool is_hidden(const SpoorSection *section, const char *name) {
        static const char *const hops[] = {"eventTime", "edge", "sourcePrincipal",
                        "sourceIPAddress", "targetPrincipal", "targetKey", "uses", "firstUse",
                        "lastUse", "findings"};

        if (strncmp(section->name, "issued", 6) == 0) {
                for (size_t i = 0; i < sizeof(hops) / sizeof(hops[0]); i++)
                        if (strcmp(hops[i], name) == 0)
                                return false;
                return true;
        }
        if (strcmp(section->name, "news") == 0)
                return strcmp(name, "firstTime") == 0;
        return ends_with(name, "EventID") || strcmp(name, "success") == 0 ||
               strcmp(name, "eventSource") == 0 ||
               (strcmp(name, "eventName") == 0 && !section->is_single) ||
               strcmp(name, "eventNames") == 0;
}

static const SpoorCell *cell_of(const SpoorRows *rows, const SpoorCell *cells, const char *name) {
        for (size_t i = 0; i < spoor_rows_n_columns(rows); i++)
                if (strcmp(spoor_rows_column(rows, i), name) == 0)
                        return &cells[i];
        return NULL;
}

/* The row of a single section, and what is said of it. */
typedef struct Fields {
        const SpoorRows *rows;
        const SpoorCell *cells;
        CliBuffer *line;
        CliBuffer scratch;
} Fields;

/* BEFORE, the cell NAME, BEHIND; nothing where it is absent. */
static void put_cell(Fields *f, const char *before, const char *name, const char *behind) {
        const SpoorCell *cell = cell_of(f->rows, f->cells, name);

        if (!cell || cell->type == SPOOR_CELL_NULL)
                return;
        cli_buffer_text(f->line, before);
        if (cell->type == SPOOR_CELL_COUNT)
                cli_text_count(f->line, cell->count);
        else
                cli_text_visible(f->line, cli_cell_text(cell, &f->scratch), 0);
        cli_buffer_text(f->line, behind);
}

static void put_end(Fields *f, const char *label, const char *const names[static 5]) {
        const SpoorCell *time = cell_of(f->rows, f->cells, names[0]);

        if (!time || time->type == SPOOR_CELL_NULL)
                return;
        put_cell(f, label, names[0], "");
        put_cell(f, "  ", names[1], "");
        put_cell(f, "  ", names[2], "");
        put_cell(f, "  from ", names[3], "");
        put_cell(f, "  [", names[4], "]");
        cli_buffer_char(f->line, '\n');
}

/* Who it is, in a few lines. */
static void put_subject(Fields *f) {
        static const char *const first[] = {"firstTime", "firstEventSource", "firstEventName",
                        "firstSourceIPAddress", "firstEventID"};
        static const char *const last[] = {"lastTime", "lastEventSource", "lastEventName",
                        "lastSourceIPAddress", "lastEventID"};

        put_cell(f, "", "what", "");
        put_cell(f, ": ", "form", "\n");
        put_cell(f, "note       ", "note", "\n");
        put_cell(f, "principal  ", "principal", "\n");
        put_cell(f, "type       ", "type", "\n");
        put_cell(f, "name       ", "name", "\n");
        put_cell(f, "account    ", "account", "\n");
        put_cell(f, "events     ", "events", ": ");
        put_cell(f, "", "success", " success, ");
        put_cell(f, "", "denied", " denied, ");
        put_cell(f, "", "failure", " failure\n");
        put_end(f, "first      ", first);
        put_end(f, "last       ", last);
}

/* Any other: a field to a line; what is absent is left out. */
static void put_fields(Fields *f) {
        size_t n = spoor_rows_n_columns(f->rows), width = 0;

        for (size_t i = 0; i < n; i++) {
                size_t size = strlen(spoor_rows_column(f->rows, i));

                width = f->cells[i].type != SPOOR_CELL_NULL && size > width ? size : width;
        }
        for (size_t i = 0; i < n; i++) {
                const char *name = spoor_rows_column(f->rows, i);

                if (f->cells[i].type == SPOOR_CELL_NULL)
                        continue;
                cli_buffer_text(f->line, name);
                cli_buffer_fill(f->line, ' ', width + 2 - strlen(name));
                put_cell(f, "", name, "\n");
        }
}

static int put_single(const SpoorSection *section, CliOutput *output, SpoorError *error) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer line = CLI_BUFFER_INIT;
        Fields fields = {.rows = section->rows, .line = &line, .scratch = CLI_BUFFER_INIT};
        int r;

        while ((r = spoor_rows_next(section->rows, &fields.cells, error)) == 0) {
                if (strcmp(section->name, "subject") == 0)
                        put_subject(&fields);
                else
                        put_fields(&fields);
        }
        if (fields.scratch.error)
                line.error = fields.scratch.error;
        cli_buffer_deinit(&fields.scratch);
        return r == SPOOR_END ? flush(&line, output) : r;
}

/* The first rows as a table, CELLS first, and how many there are. */
static int put_table(const SpoorSection *section, const SpoorCell *cells, uint64_t max_rows,
                CliRender *render, uint64_t *ret_n, SpoorError *error) {
        int r = cli_render_begin(render);

        for (*ret_n = 0; r == 0; r = spoor_rows_next(section->rows, &cells, error)) {
                if ((*ret_n)++ < max_rows && (r = cli_render_row(render, cells)) != 0)
                        return r;
        }
        return r == SPOOR_END ? cli_render_end(render) : r;
}

static int put_more(uint64_t n, const char *how_more, CliOutput *output) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer line = CLI_BUFFER_INIT;

        if (n) {
                cli_buffer_text(&line, "… and ");
                cli_text_count(&line, n);
                cli_buffer_format(&line, " more (%s)\n", how_more);
        }
        return flush(&line, output);
}

/* A title, and a table below it from CELLS on. */
static int put_rows(const SpoorSection *section, const SpoorCell *cells, uint64_t max_rows,
                const char *how_more, bool color, CliOutput *output, SpoorError *error) {
        size_t n_columns = spoor_rows_n_columns(section->rows), n = 0;
        CliColumn *columns = calloc(n_columns + 1, sizeof(*columns));
        CliRender *render = NULL;
        uint64_t n_rows = 0;
        int r = columns ? 0 : -ENOMEM;

        for (size_t i = 0; i < n_columns && r == 0; i++) {
                const char *name = spoor_rows_column(section->rows, i);

                if (!is_hidden(section, name))
                        columns[n++] = (CliColumn){name, i};
        }
        if (r == 0)
                r = cli_render_new(CLI_FORMAT_TABLE, columns, n, color, output, &render);
        if (r == 0)
                r = put_table(section, cells, max_rows, render, &n_rows, error);
        if (r == 0)
                r = put_more(n_rows > max_rows ? n_rows - max_rows : 0, how_more, output);
        cli_render_free(render);
        free(columns);
        return r;
}

/* SPOOR_END: it is empty, and nothing was written. */
static int put_section(const SpoorSection *section, uint64_t max_rows, const char *how_more,
                bool color, CliOutput *output, SpoorError *error) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer line = CLI_BUFFER_INIT;
        const SpoorCell *cells;
        int r = spoor_rows_next(section->rows, &cells, error);

        if (r)
                return r;
        cli_buffer_format(
                        &line, "\n%s%s%s\n", color ? BOLD : "", section->title, color ? PLAIN : "");
        r = flush(&line, output);
        if (r)
                return r;
        return put_rows(section, cells, max_rows, how_more, color, output, error);
}

int cli_page_text(SpoorPage *page, uint64_t max_rows, const char *how_more, bool color,
                CliOutput *output, SpoorError *error) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer empty = CLI_BUFFER_INIT;
        SpoorSection section;
        int r = 0;

        for (size_t i = 0; r == 0 && spoor_page_section(page, i, &section) == 0; i++) {
                if (section.is_single) {
                        r = put_single(&section, output, error);
                        continue;
                }
                r = put_section(&section, max_rows, how_more, color, output, error);
                if (r == SPOOR_END) { /* an answer too */
                        cli_buffer_text(&empty, empty.size ? "; " : "\nNone: ");
                        cli_buffer_text(&empty, section.title);
                        r = empty.error;
                }
        }
        if (empty.size)
                cli_buffer_char(&empty, '\n');
        return r ? r : flush(&empty, output);
}
