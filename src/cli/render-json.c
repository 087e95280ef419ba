/*
 * JSON and JSON lines: an object for each row, on a line of its own, its keys in the order of the
 * columns and with dots in them. json is one array of them. An answer that is cut short by a
 * failure stays without its closing bracket, so that no parser takes it for whole.
 *
 * The keys are escaped once: `keys` holds them all, `"name":` after `"name":`, and key_ends where
 * each ends.
 */
#include "cli/render.h"
#include "cli/text.h"

#include <errno.h>
#include <stdlib.h>

typedef struct Json {
        CliRender render;
        CliBuffer keys;
        size_t *key_ends;
} Json;

void cli_cell_json(CliBuffer *buffer, const SpoorCell *cell) {
        char time[40];

        switch (cell->type) {
        case SPOOR_CELL_NULL:
                cli_buffer_append(buffer, "null", 4);
                break;
        case SPOOR_CELL_TEXT:
                cli_text_json(buffer, cell->text);
                break;
        case SPOOR_CELL_BOOL:
                cli_buffer_text(buffer, cell->boolean ? "true" : "false");
                break;
        case SPOOR_CELL_COUNT:
                cli_buffer_number(buffer, cell->count);
                break;
        case SPOOR_CELL_TIME:
                spoor_time_format(cell->time, time);
                cli_text_json(buffer, cli_slice(time));
                break;
        case SPOOR_CELL_JSON:
                cli_text_json_compact(buffer, cell->text);
                break;
        }
}

static void begin(CliRender *render) {
        Json *json = (Json *)render;

        json->key_ends = calloc(render->n_columns + 1, sizeof(*json->key_ends));
        if (!json->key_ends) {
                render->line.error = -ENOMEM;
                return;
        }
        for (size_t i = 0; i < render->n_columns; i++) {
                cli_text_json(&json->keys, cli_slice(render->columns[i].name));
                cli_buffer_char(&json->keys, ':');
                json->key_ends[i] = json->keys.size;
        }
        if (json->keys.error)
                render->line.error = json->keys.error;
        if (render->format == CLI_FORMAT_JSON)
                cli_buffer_char(&render->line, '[');
}

static void row(CliRender *render, const SpoorCell *cells) {
        Json *json = (Json *)render;
        size_t start = 0;

        if (render->format == CLI_FORMAT_JSON)
                cli_buffer_text(&render->line, render->n_rows ? ",\n" : "\n");
        cli_buffer_char(&render->line, '{');
        for (size_t i = 0; i < render->n_columns; i++) {
                if (i)
                        cli_buffer_char(&render->line, ',');
                cli_buffer_append(
                                &render->line, json->keys.data + start, json->key_ends[i] - start);
                start = json->key_ends[i];
                cli_cell_json(&render->line, &cells[render->columns[i].cell]);
        }
        cli_buffer_char(&render->line, '}');
        if (render->format == CLI_FORMAT_JSONL)
                cli_buffer_char(&render->line, '\n');
}

static void end(CliRender *render) {
        if (render->format == CLI_FORMAT_JSON)
                cli_buffer_text(&render->line, render->n_rows ? "\n]\n" : "]\n");
}

static void deinit(CliRender *render) {
        Json *json = (Json *)render;

        cli_buffer_deinit(&json->keys);
        free(json->key_ends);
}

const CliRenderType cli_render_json = {
                .size = sizeof(Json),
                .begin = begin,
                .row = row,
                .end = end,
                .deinit = deinit,
};
