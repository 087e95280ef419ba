/*
 * TSV and CSV: a line of names, then a line for each row, each ended by a newline alone.
 *
 * TSV escapes as jq's @tsv does (\t \n \r \\), so that a line is a row whatever is in it. CSV is
 * RFC 4180: a cell with a comma, a quotation mark or a line break is quoted. In both, other control
 * characters, what turns the direction of writing, and bytes that are no UTF-8 are spelled out.
 *
 * A spreadsheet runs a cell that begins with = + - @ as a formula, some also behind blanks or in
 * full width, and drops a leading tab or return before looking. Evidence is written by the accused:
 * such a cell gets an apostrophe in front and quotation marks around. Numbers, times and booleans
 * are our own and stay as they are.
 */
#include "cli/render.h"
#include "cli/text.h"

#include <string.h>

/* Blanks that a spreadsheet may skip before it looks for a formula. */
static bool is_skipped(uint32_t code) {
        return code <= 0x20 || (code >= 0x7f && code <= 0xa0) || code == 0x1680 ||
               (code >= 0x2000 && code <= 0x200f) || (code >= 0x2028 && code <= 0x202f) ||
               code == 0x205f || (code >= 0x2060 && code <= 0x206f) || code == 0x3000 ||
               code == 0xfeff || code == 0x61c || code == CLI_TEXT_INVALID;
}

static bool is_formula(SpoorSlice text) {
        uint32_t code = 0;
        size_t i = 0;

        if (text.size && (text.data[0] == '\t' || text.data[0] == '\r' || text.data[0] == '\n'))
                return true;
        while (i < text.size) {
                i += cli_text_decode(text.data + i, text.size - i, &code);
                if (!is_skipped(code))
                        break;
        }
        return code == '=' || code == '+' || code == '-' || code == '@' || code == 0xff1d ||
               code == 0xff0b || code == 0xff0d || code == 0xff20;
}

/* A number as it stands in the evidence: nothing that runs, and it should stay a number. */
static bool is_number(const SpoorCell *cell) {
        if (cell->type != SPOOR_CELL_JSON)
                return false;
        for (size_t i = 0; i < cell->text.size; i++)
                if (!memchr("0123456789.eE+-", cell->text.data[i], 15))
                        return false;
        return true;
}

static bool needs_quotes(char c) {
        return c == ',' || c == '"' || c == '\n' || c == '\r' || c == '\t' || c == ';';
}

static void append_csv(CliBuffer *buffer, SpoorSlice text, bool defuse) {
        bool formula = defuse && is_formula(text), quote = formula;

        for (size_t i = 0; i < text.size && !quote; i++)
                quote = needs_quotes(text.data[i]);
        if (text.size && (text.data[0] == ' ' || text.data[text.size - 1] == ' '))
                quote = true;
        if (quote)
                cli_buffer_char(buffer, '"');
        if (formula)
                cli_buffer_char(buffer, '\'');
        cli_text_visible(buffer, text, CLI_VISIBLE_LINES | CLI_VISIBLE_QUOTES);
        if (quote)
                cli_buffer_char(buffer, '"');
}

void cli_cell_csv(CliBuffer *buffer, const SpoorCell *cell, CliBuffer *scratch) {
        SpoorSlice text = cli_cell_text(cell, scratch);
        bool ours = cell->type != SPOOR_CELL_TEXT && cell->type != SPOOR_CELL_JSON;

        append_csv(buffer, text, !ours && !is_number(cell));
}

static void begin(CliRender *render) {
        for (size_t i = 0; i < render->n_columns; i++) {
                SpoorSlice name = cli_slice(render->columns[i].name);

                if (i)
                        cli_buffer_char(&render->line,
                                        render->format == CLI_FORMAT_CSV ? ',' : '\t');
                if (render->format == CLI_FORMAT_CSV)
                        append_csv(&render->line, name, true);
                else
                        cli_text_visible(&render->line, name, CLI_VISIBLE_BACKSLASH);
        }
        cli_buffer_char(&render->line, '\n');
}

static void row(CliRender *render, const SpoorCell *cells) {
        for (size_t i = 0; i < render->n_columns; i++) {
                const SpoorCell *cell = &cells[render->columns[i].cell];

                if (render->format == CLI_FORMAT_CSV) {
                        if (i)
                                cli_buffer_char(&render->line, ',');
                        cli_cell_csv(&render->line, cell, &render->scratch);
                } else {
                        if (i)
                                cli_buffer_char(&render->line, '\t');
                        cli_text_visible(&render->line, cli_cell_text(cell, &render->scratch),
                                        CLI_VISIBLE_BACKSLASH);
                }
        }
        cli_buffer_char(&render->line, '\n');
}

static void end(CliRender *render) {
        (void)render;
}

const CliRenderType cli_render_delimited = {
                .size = sizeof(CliRender),
                .begin = begin,
                .row = row,
                .end = end,
};
