/* What the renderers share: their making, the way to the output, and plain cells. */
#include "cli/render.h"

#include "cli/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

CliFormat cli_format_parse(const char *name) {
        static const char *const names[] = {
                        [CLI_FORMAT_TABLE] = "table",
                        [CLI_FORMAT_TSV] = "tsv",
                        [CLI_FORMAT_CSV] = "csv",
                        [CLI_FORMAT_JSON] = "json",
                        [CLI_FORMAT_JSONL] = "jsonl",
        };

        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
                if (strcmp(name, names[i]) == 0)
                        return (CliFormat)i;
        return CLI_FORMAT_TABLE;
}

int cli_render_new(CliFormat format, const CliColumn *columns, size_t n_columns, bool color,
                CliOutput *output, CliRender **ret_render) {
        static const CliRenderType *const types[] = {
                        [CLI_FORMAT_TABLE] = &cli_render_table,
                        [CLI_FORMAT_TSV] = &cli_render_delimited,
                        [CLI_FORMAT_CSV] = &cli_render_delimited,
                        [CLI_FORMAT_JSON] = &cli_render_json,
                        [CLI_FORMAT_JSONL] = &cli_render_json,
        };
        CliRender *render = calloc(1, types[format]->size);

        if (!render)
                return -ENOMEM;
        render->type = types[format];
        render->format = format;
        render->columns = columns;
        render->n_columns = n_columns;
        render->color = color;
        render->output = output;
        *ret_render = render;
        return 0;
}

CliRender *cli_render_free(CliRender *render) {
        if (!render)
                return NULL;
        if (render->type->deinit)
                render->type->deinit(render);
        cli_buffer_deinit(&render->line);
        cli_buffer_deinit(&render->scratch);
        free(render);
        return NULL;
}

int cli_render_flush(CliRender *render) {
        if (render->line.error || render->scratch.error)
                return -ENOMEM;
        cli_output_write(render->output, render->line.data, render->line.size);
        cli_buffer_clear(&render->line);
        return render->output->error;
}

int cli_render_begin(CliRender *render) {
        render->type->begin(render);
        return cli_render_flush(render);
}

int cli_render_row(CliRender *render, const SpoorCell *cells) {
        render->type->row(render, cells);
        render->n_rows++;
        return cli_render_flush(render);
}

int cli_render_end(CliRender *render) {
        render->type->end(render);
        return cli_render_flush(render);
}

SpoorSlice cli_cell_text(const SpoorCell *cell, CliBuffer *scratch) {
        char time[40];

        cli_buffer_clear(scratch);
        switch (cell->type) {
        case SPOOR_CELL_NULL:
                break;
        case SPOOR_CELL_TEXT:
                return cell->text;
        case SPOOR_CELL_JSON:
                cli_text_json_compact(scratch, cell->text);
                break;
        case SPOOR_CELL_BOOL:
                cli_buffer_text(scratch, cell->boolean ? "true" : "false");
                break;
        case SPOOR_CELL_COUNT:
                cli_buffer_number(scratch, cell->count);
                break;
        case SPOOR_CELL_TIME:
                spoor_time_format(cell->time, time);
                cli_buffer_text(scratch, time);
                break;
        }
        return (SpoorSlice){scratch->data, scratch->size};
}
