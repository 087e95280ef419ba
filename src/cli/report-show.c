/*
 * What the reports for people have in common: which rows they show, and how columns and cells read.
 * Nothing here is escaped; whoever prints it knows what it is printed into.
 */
#include "cli/report.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/text.h"

#define N_ITEMS 6 /* of a list that are shown */

/* ---- rows ---- */

size_t cli_report_column(const SpoorRows *rows, const char *name) {
        size_t n = spoor_rows_n_columns(rows), i = 0;

        while (i < n && strcmp(spoor_rows_column(rows, i), name) != 0)
                i++;
        return i;
}

void cli_report_rows(const CliReportDoc *doc, const CliReportSection *section, SpoorRows *rows,
                CliReportRows *ret) {
        bool is_timeline = strcmp(section->name, "timeline") == 0;

        *ret = (CliReportRows){
                        .rows = rows,
                        .doc = doc,
                        .is_thinned = is_timeline && doc->sums.runs > CLI_REPORT_MAX_RUNS,
                        .category = cli_report_column(rows, "category"),
                        .read_only = cli_report_column(rows, "readOnly"),
                        .n_max = is_timeline ? CLI_REPORT_MAX_RUNS : CLI_REPORT_MAX_ROWS,
        };
}

static bool is_kept(const CliReportRows *rows, const SpoorCell *cells) {
        const SpoorCell *read_only = &cells[rows->read_only];

        return cells[rows->category].type == SPOOR_CELL_TEXT ||
               (read_only->type == SPOOR_CELL_BOOL && !read_only->boolean);
}

int cli_report_rows_next(CliReportRows *rows, const SpoorCell **ret_cells, SpoorError *error) {
        int r;

        while ((r = spoor_rows_next(rows->rows, ret_cells, error)) == 0) {
                if (rows->n_shown < rows->n_max &&
                                (!rows->is_thinned || is_kept(rows, *ret_cells))) {
                        rows->n_shown++;
                        return 0;
                }
                rows->n_left++;
        }
        return r;
}

void cli_report_left_out(
                const CliReportRows *rows, const CliReportSection *section, CliBuffer *text) {
        if (rows->n_left == 0)
                return;
        cli_text_count(text, rows->n_left);
        cli_buffer_text(text, " of ");
        cli_text_count(text, rows->n_left + rows->n_shown);
        cli_buffer_text(text, " rows are left out here");
        if (rows->is_thinned)
                cli_buffer_text(text, ", calls that changed nothing and are not in the catalogue "
                                      "first");
        cli_buffer_text(text, ". All of them: report --format json");
        if (section->more) {
                cli_buffer_text(text, ", or ");
                cli_buffer_text(text, section->more);
        }
        cli_buffer_char(text, '.');
}

/* ---- labels ---- */

static const struct {
        const char *name, *label;
} labels[] = {
                {"userIdentity.accessKeyId", "Access key"},
                {"userIdentity.arn", "Session"},
                {"sourceIPAddress", "Address"},
                {"sourceIPAddresses", "Addresses"},
                {"firstSourceIPAddress", "First address"},
                {"awsRegion", "Region"},
                {"awsRegions", "Regions"},
                {"eventTime", "Time"},
                {"eventName", "Call"},
                {"eventSource", "Service"},
                {"eventID", "Event"},
                {"firstEventID", "First event"},
                {"lastEventID", "Last event"},
                {"firstEventName", "First call"},
                {"lastEventName", "Last call"},
                {"firstTime", "First"},
                {"lastTime", "Last"},
                {"summary", "What happened"},
                {"errorCode", "Error"},
                {"ip", "Address"},
                {"ua", "User agent"},
                {"key", "Access key"},
                {"user", "User or role"},
                {"event", "Call"},
                {"error", "Error"},
                {"sha256", "SHA-256"},
                {"useIPs", "Addresses"},
                {"lasted", "Lasted"},
                {"geo.country", "Country"},
                {"geo.as", "Network"},
                {"aws.range", "AWS range"},
                {"accessKeyId", "Access key"},
                {"mfa", "MFA"},
                {"matchedBy", "Key found by"},
                {"lastUseEventID", "Last event"},
};

void cli_report_label(CliBuffer *text, const char *name) {
        for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
                if (strcmp(labels[i].name, name) == 0) {
                        cli_buffer_text(text, labels[i].label);
                        return;
                }
        }
        for (size_t i = 0; name[i]; i++) {
                unsigned char c = (unsigned char)name[i], next = (unsigned char)name[i + 1];
                bool is_word = isupper(c) && i && !isupper((unsigned char)name[i - 1]);

                if (c == '.' || is_word)
                        cli_buffer_char(text, ' ');
                if (c == '.')
                        continue;
                if (i == 0)
                        c = (unsigned char)toupper(c);
                else if (is_word && !isupper(next))
                        c = (unsigned char)tolower(c);
                cli_buffer_char(text, (char)c);
        }
}

/* ---- cells ---- */

static void put_code(CliBuffer *text, uint32_t code) {
        if (code < 0x80) {
                cli_buffer_char(text, (char)code);
        } else if (code < 0x800) {
                cli_buffer_char(text, (char)(0xc0 | code >> 6));
                cli_buffer_char(text, (char)(0x80 | (code & 0x3f)));
        } else {
                cli_buffer_char(text, (char)(0xe0 | code >> 12));
                cli_buffer_char(text, (char)(0x80 | (code >> 6 & 0x3f)));
                cli_buffer_char(text, (char)(0x80 | (code & 0x3f)));
        }
}

static bool take_hex(SpoorSlice json, size_t at, uint32_t *ret) {
        *ret = 0;
        if (json.size - at < 4)
                return false;
        for (size_t i = 0; i < 4; i++) {
                unsigned char c = (unsigned char)json.data[at + i];

                if (!isxdigit(c))
                        return false;
                *ret = *ret << 4 | (uint32_t)(isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        return true;
}

/* The string that begins at *AT, decoded. False: it is none; what was appended stays. */
static bool take_string(SpoorSlice json, size_t *at, CliBuffer *text) {
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        size_t i = *at;

        if (i >= json.size || json.data[i++] != '"')
                return false;
        for (; i < json.size && json.data[i] != '"'; i++) {
                const char *letter;
                uint32_t code;

                if (json.data[i] != '\\') {
                        cli_buffer_char(text, json.data[i]);
                        continue;
                }
                if (++i >= json.size)
                        return false;
                letter = memchr(from, json.data[i], sizeof(from) - 1);
                if (letter) {
                        cli_buffer_char(text, to[letter - from]);
                } else if (json.data[i] == 'u' && take_hex(json, i + 1, &code) &&
                                (code & 0xf800) != 0xd800) {
                        put_code(text, code);
                        i += 4;
                } else {
                        return false;
                }
        }
        *at = i + 1;
        return i < json.size;
}

/* Items of an array of strings. False: it is none; then nothing is appended. */
static bool put_list(CliBuffer *text, SpoorSlice json) {
        size_t before = text->size, at = 1, n = 0, kept = before;

        if (json.size < 2 || json.data[0] != '[')
                return false;
        while (at < json.size && json.data[at] != ']') {
                if (n && n <= N_ITEMS)
                        cli_buffer_text(text, ", ");
                if (!take_string(json, &at, text)) {
                        text->size = before;
                        return false;
                }
                if (n++ < N_ITEMS)
                        kept = text->size;
                else
                        text->size = kept;
                while (at < json.size && (json.data[at] == ',' || json.data[at] == ' '))
                        at++;
        }
        if (n > N_ITEMS)
                cli_buffer_format(text, " and %zu more", n - N_ITEMS);
        return true;
}

void cli_report_cell(CliBuffer *text, const SpoorCell *cell) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer scratch = CLI_BUFFER_INIT;
        SpoorSlice plain;

        if (cell->type == SPOOR_CELL_COUNT) {
                cli_text_count(text, cell->count);
                return;
        }
        if (cell->type == SPOOR_CELL_BOOL) {
                cli_buffer_text(text, cell->boolean ? "yes" : "no");
                return;
        }
        if (cell->type == SPOOR_CELL_JSON && put_list(text, cell->text))
                return;
        plain = cli_cell_text(cell, &scratch);
        cli_buffer_append(text, plain.data, plain.size);
        if (scratch.error)
                text->error = scratch.error;
}
