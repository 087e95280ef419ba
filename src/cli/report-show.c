/*
 * What the reports for people have in common: which rows they show, and how columns and cells read.
 * Nothing here is escaped; whoever prints it knows what it is printed into.
 */
#include "cli/report.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/enrichment.h"
#include "cli/text.h"

#define N_ITEMS 6 /* of a list that are shown */

/* ---- rows ---- */

size_t cli_report_column(const SpoorRows *rows, const char *name) {
        size_t n = spoor_rows_n_columns(rows), i = 0;

        while (i < n && strcmp(spoor_rows_column(rows, i), name) != 0)
                i++;
        return i;
}

static int add_column(CliReportRows *rows, size_t column) {
        if (rows->n_columns == CLI_REPORT_MAX_COLUMNS)
                return -E2BIG;
        rows->columns[rows->n_columns++] = column;
        return 0;
}

/* Those that the section names, in its order; behind them what enrichment adds. */
static int choose_columns(const char *names, CliReportRows *rows) {
        size_t n = spoor_rows_n_columns(rows->rows);
        int r = 0;

        for (const char *at = names; at && *at && r == 0;) {
                size_t size = strcspn(at, " ");

                for (size_t i = 0; i < n && r == 0; i++) {
                        const char *name = spoor_rows_column(rows->rows, i);

                        if (strlen(name) == size && memcmp(name, at, size) == 0)
                                r = add_column(rows, i);
                }
                at += size;
                at += strspn(at, " ");
        }
        for (size_t i = 0; i < n && r == 0; i++)
                if (!names || cli_enrichment_column(spoor_rows_column(rows->rows, i)))
                        r = add_column(rows, i);
        return r;
}

void cli_report_rows_deinit(CliReportRows *rows) {
        cli_buffer_deinit(&rows->noes);
}

int cli_report_rows(const CliReportDoc *doc, const CliReportSection *section, SpoorRows *rows,
                CliReportRows *ret) {
        bool is_timeline = strcmp(section->name, "timeline") == 0;

        *ret = (CliReportRows){
                        .rows = rows,
                        .doc = doc,
                        .is_thinned = is_timeline && doc->sums.runs > CLI_REPORT_MAX_RUNS,
                        .is_checklist = cli_report_column(rows, "question") <
                                        spoor_rows_n_columns(rows),
                        .category = cli_report_column(rows, "category"),
                        .read_only = cli_report_column(rows, "readOnly"),
                        .answer = cli_report_column(rows, "answer"),
                        .events = cli_report_column(rows, "events"),
                        .noes = CLI_BUFFER_INIT,
                        .n_max = is_timeline ? CLI_REPORT_MAX_RUNS : CLI_REPORT_MAX_ROWS,
        };
        return choose_columns(section->columns, ret);
}

/* A question answered no, of which no event is to be told. */
static bool is_no(const CliReportRows *rows, const SpoorCell *cells) {
        const SpoorCell *answer = &cells[rows->answer];

        return answer->type == SPOOR_CELL_TEXT && answer->text.size == 2 &&
               memcmp(answer->text.data, "no", 2) == 0 && cells[rows->events].count == 0;
}

static bool is_kept(const CliReportRows *rows, const SpoorCell *cells) {
        const SpoorCell *read_only = &cells[rows->read_only];

        return cells[rows->category].type == SPOOR_CELL_TEXT ||
               (read_only->type == SPOOR_CELL_BOOL && !read_only->boolean);
}

int cli_report_rows_next(CliReportRows *rows, const SpoorCell **ret_cells, SpoorError *error) {
        int r;

        while ((r = spoor_rows_next(rows->rows, ret_cells, error)) == 0) {
                if (rows->is_checklist && is_no(rows, *ret_cells)) {
                        const SpoorCell *question =
                                        &(*ret_cells)[cli_report_column(rows->rows, "question")];

                        cli_buffer_text(&rows->noes, rows->n_noes++ ? " " : "");
                        cli_buffer_append(&rows->noes, question->text.data, question->text.size);
                        continue;
                }
                if (rows->n_shown < rows->n_max &&
                                (!rows->is_thinned || is_kept(rows, *ret_cells))) {
                        rows->n_shown++;
                        return 0;
                }
                rows->n_left++;
        }
        return r;
}

void cli_report_noes(const CliReportRows *rows, CliBuffer *text) {
        if (rows->n_noes == 0)
                return;
        cli_buffer_text(text, "No, and not one event (");
        cli_text_count(text, rows->n_noes);
        cli_buffer_text(text, rows->n_noes == 1 ? " question): " : " questions): ");
        cli_buffer_append(text, rows->noes.data, rows->noes.size);
        if (rows->noes.error)
                text->error = rows->noes.error;
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
static bool put_array(CliBuffer *text, SpoorSlice json, size_t from, size_t to, size_t *ret_n) {
        size_t before = text->size, at = 1, n = 0;

        if (json.size < 2 || json.data[0] != '[')
                return false;
        while (at < json.size && json.data[at] != ']') {
                size_t kept = text->size;

                if (n > from && n < to)
                        cli_buffer_text(text, ", ");
                if (!take_string(json, &at, text)) {
                        text->size = before;
                        return false;
                }
                if (n < from || n >= to)
                        text->size = kept;
                n++;
                while (at < json.size && (json.data[at] == ',' || json.data[at] == ' '))
                        at++;
        }
        *ret_n = n;
        return true;
}

static void put_words(CliBuffer *text, SpoorSlice words, size_t from, size_t to, size_t *ret_n) {
        size_t at = 0, n = 0;

        while (at < words.size) {
                const char *blank = memchr(words.data + at, ' ', words.size - at);
                size_t end = blank ? (size_t)(blank - words.data) : words.size;

                if (n >= from && n < to) {
                        cli_buffer_text(text, n > from ? " " : "");
                        cli_buffer_append(text, words.data + at, end - at);
                }
                n++;
                at = end + 1;
        }
        *ret_n = n;
}

bool cli_report_items(CliBuffer *text, const SpoorCell *cell, bool blanks, size_t from, size_t to,
                size_t *ret_n) {
        if (cell->type == SPOOR_CELL_JSON)
                return put_array(text, cell->text, from, to, ret_n);
        if (!blanks || cell->type != SPOOR_CELL_TEXT)
                return false;
        put_words(text, cell->text, from, to, ret_n);
        return true;
}

void cli_report_cell(CliBuffer *text, const SpoorCell *cell) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer scratch = CLI_BUFFER_INIT;
        SpoorSlice plain;
        size_t n;

        if (cell->type == SPOOR_CELL_COUNT) {
                cli_text_count(text, cell->count);
                return;
        }
        if (cell->type == SPOOR_CELL_BOOL) {
                cli_buffer_text(text, cell->boolean ? "yes" : "no");
                return;
        }
        if (cell->type == SPOOR_CELL_JSON && put_array(text, cell->text, 0, N_ITEMS, &n)) {
                if (n > N_ITEMS)
                        cli_buffer_format(text, " and %zu more", n - N_ITEMS);
                return;
        }
        plain = cli_cell_text(cell, &scratch);
        cli_buffer_append(text, plain.data, plain.size);
        if (scratch.error)
                text->error = scratch.error;
}
