/*
 * A report as one object of JSON. Rows are written as they come: what is open when an error is met
 * stays without its end, and the output is not put in place.
 */
#include "cli/report.h"

#include <inttypes.h>
#include <string.h>

#include "cli/text.h"

typedef struct Json {
        CliReportDoc *doc;
        CliBuffer line;
} Json;

static int flush(Json *json) {
        CliOutput *output = &json->doc->query->output;

        if (json->line.error)
                return json->line.error;
        cli_output_write(output, json->line.data, json->line.size);
        cli_buffer_clear(&json->line);
        return output->error;
}

static void put_key(Json *json, const char *name) {
        cli_text_json(&json->line, cli_slice(name));
        cli_buffer_char(&json->line, ':');
}

static void put_text(Json *json, const char *name, SpoorSlice text) {
        put_key(json, name);
        cli_text_json(&json->line, text);
}

static void put_row(Json *json, const char *subject, SpoorRows *rows, const SpoorCell *cells) {
        size_t n = spoor_rows_n_columns(rows);

        cli_buffer_char(&json->line, '{');
        if (subject) {
                put_text(json, "subject", cli_slice(subject));
                cli_buffer_text(&json->line, n ? "," : "");
        }
        for (size_t i = 0; i < n; i++) {
                cli_buffer_text(&json->line, i ? "," : "");
                put_key(json, spoor_rows_column(rows, i));
                cli_cell_json(&json->line, &cells[i]);
        }
        cli_buffer_char(&json->line, '}');
}

/* All rows, each on a line of its own; *n counts those before. */
static int put_rows(
                Json *json, const char *subject, SpoorRows *rows, uint64_t *n, SpoorError *error) {
        const SpoorCell *cells;
        int r;

        while ((r = spoor_rows_next(rows, &cells, error)) == 0) {
                cli_buffer_text(&json->line, (*n)++ ? ",\n" : "\n");
                put_row(json, subject, rows, cells);
                r = flush(json);
                if (r)
                        return r;
        }
        return r == SPOOR_END ? 0 : r;
}

static int put_section(Json *json, const CliReportSection *section, SpoorError *error) {
        const CliReportDoc *doc = json->doc;
        size_t n_times = section->is_by_subject ? doc->n_whats : 1;
        uint64_t n = 0;
        int r = 0;

        cli_buffer_text(&json->line, ",\n");
        put_key(json, section->name);
        cli_buffer_char(&json->line, '[');
        for (size_t i = 0; i < n_times && r == 0; i++) {
                CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
                const char *what = section->is_by_subject ? doc->whats[i] : NULL;

                r = section->open(doc, what, &rows, error);
                if (r == 0)
                        r = put_rows(json, what, rows, &n, error);
        }
        cli_buffer_text(&json->line, n ? "\n]" : "]");
        return r;
}

/* A profile as an object: each of its tables under its name, of a single row that row. */
static int put_page(Json *json, const char *what, SpoorPage *page, SpoorError *error) {
        SpoorSection section;
        int r = 0;

        cli_buffer_char(&json->line, '{');
        put_text(json, "what", cli_slice(what));
        for (size_t i = 0; r == 0 && spoor_page_section(page, i, &section) == 0; i++) {
                const SpoorCell *cells;
                uint64_t n = 0;

                cli_buffer_text(&json->line, ",\n");
                put_key(json, section.name);
                if (!section.is_single) {
                        cli_buffer_char(&json->line, '[');
                        r = put_rows(json, NULL, section.rows, &n, error);
                        cli_buffer_char(&json->line, ']');
                        continue;
                }
                r = spoor_rows_next(section.rows, &cells, error);
                if (r == 0)
                        put_row(json, NULL, section.rows, cells);
                else if (r == SPOOR_END)
                        cli_buffer_text(&json->line, "null");
                r = r == SPOOR_END ? 0 : r;
        }
        cli_buffer_char(&json->line, '}');
        return r == 0 ? flush(json) : r;
}

static int put_subjects(Json *json, SpoorError *error) {
        const CliReportDoc *doc = json->doc;
        int r = 0;

        cli_buffer_text(&json->line, ",\n\"subjects\":[");
        for (size_t i = 0; i < doc->n_whats && r == 0; i++) {
                SpoorPage *page = NULL;

                cli_buffer_text(&json->line, i ? ",\n" : "\n");
                r = spoor_profile(doc->query->scase, doc->query->selection, doc->whats[i], &page,
                                error);
                if (r == 0)
                        r = put_page(json, doc->whats[i], page, error);
                spoor_page_free(page);
        }
        cli_buffer_text(&json->line, doc->n_whats ? "\n]" : "]");
        return r;
}

/* ---- facts ---- */

static void put_program(Json *json) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer command = CLI_BUFFER_INIT;
        const CliArgs *args = json->doc->query->args;

        cli_report_command(json->doc, &command);
        put_key(json, "program");
        cli_buffer_char(&json->line, '{');
        put_text(json, "name", cli_slice("spoor"));
        cli_buffer_char(&json->line, ',');
        put_text(json, "version", cli_slice(spoor_version()));
        cli_buffer_char(&json->line, ',');
        put_text(json, "libraries", cli_slice(spoor_version_libraries()));
        cli_buffer_char(&json->line, ',');
        put_text(json, "command", (SpoorSlice){command.data, command.size});
        cli_buffer_text(&json->line, ",\"arguments\":[");
        cli_text_json(&json->line, cli_slice(args->command->name));
        for (size_t i = 0; i < args->n_argv; i++) {
                cli_buffer_char(&json->line, ',');
                cli_text_json(&json->line, cli_slice(args->argv[i]));
        }
        cli_buffer_text(&json->line, "]}");
        if (command.error)
                json->line.error = command.error;
}

static void put_count(Json *json, const char *name, uint64_t n) {
        put_key(json, name);
        cli_buffer_number(&json->line, n);
        cli_buffer_char(&json->line, ',');
}

static void put_time(Json *json, const char *name, int64_t time) {
        char text[40];

        put_key(json, name);
        if (json->doc->info.n_events) {
                spoor_time_format(time, text);
                cli_text_json(&json->line, cli_slice(text));
        } else {
                cli_buffer_text(&json->line, "null");
        }
        cli_buffer_char(&json->line, ',');
}

static void put_sources(Json *json) {
        SpoorSlice name, path;

        cli_buffer_text(&json->line, "\"sources\":[");
        for (size_t i = 0; spoor_case_source(json->doc->query->scase, i, &name, &path) == 0; i++) {
                cli_buffer_text(&json->line, i ? ",{" : "{");
                put_text(json, "name", name);
                cli_buffer_char(&json->line, ',');
                put_text(json, "path", path);
                cli_buffer_char(&json->line, '}');
        }
        cli_buffer_text(&json->line, "],");
}

static void put_case(Json *json) {
        const SpoorInfo *info = &json->doc->info;
        const SpoorLedger *ledger = &json->doc->ledger;

        cli_buffer_text(&json->line, ",\n\"case\":{");
        put_count(json, "events", info->n_events);
        put_count(json, "duplicates", info->n_duplicates);
        put_count(json, "conflicts", info->n_conflicts);
        put_count(json, "rejected", info->n_rejected);
        put_count(json, "recovered", info->n_recovered);
        put_count(json, "files", info->n_files);
        put_count(json, "damaged", info->n_damaged);
        put_count(json, "ignored", info->n_ignored);
        put_time(json, "firstTime", info->first_time);
        put_time(json, "lastTime", info->last_time);
        put_sources(json);
        cli_buffer_text(&json->line, "\"ledger\":{");
        put_count(json, "files", ledger->n_files);
        put_count(json, "members", ledger->n_members);
        put_count(json, "bytes", ledger->n_bytes);
        put_count(json, "unread", ledger->n_unread);
        put_count(json, "copies", ledger->n_copies);
        put_text(json, "sha256", cli_slice(ledger->files_hash));
        cli_buffer_char(&json->line, ',');
        put_text(json, "membersSha256", cli_slice(ledger->members_hash));
        cli_buffer_text(&json->line, "}}");
}

/* eventIDs with blanks between, as an array. */
static void put_ids(Json *json, const CliBuffer *ids) {
        size_t at = 0;

        cli_buffer_char(&json->line, '[');
        while (at < ids->size) {
                const char *blank = memchr(ids->data + at, ' ', ids->size - at);
                size_t end = blank ? (size_t)(blank - ids->data) : ids->size;

                cli_buffer_text(&json->line, at ? "," : "");
                cli_text_json(&json->line, (SpoorSlice){ids->data + at, end - at});
                at = end + 1;
        }
        cli_buffer_char(&json->line, ']');
}

static void put_summary(Json *json) {
        const CliReportDoc *doc = json->doc;

        cli_buffer_text(&json->line, ",\n\"summary\":[");
        for (size_t i = 0; i < doc->n_lines; i++) {
                const CliReportLine *line = &doc->lines[i];

                cli_buffer_text(&json->line, i ? ",\n{" : "\n{");
                put_text(json, "about", cli_slice(line->about));
                cli_buffer_text(&json->line,
                                line->is_alarm ? ",\"alarm\":true," : ",\"alarm\":false,");
                put_text(json, "text", (SpoorSlice){line->text.data, line->text.size});
                cli_buffer_text(&json->line, ",\"evidence\":");
                put_ids(json, &line->evidence);
                cli_buffer_char(&json->line, '}');
        }
        cli_buffer_text(&json->line, doc->n_lines ? "\n]" : "]");
}

static int compose(Json *json, SpoorError *error) {
        const CliReportSection *section;
        int r = 0;

        cli_buffer_char(&json->line, '{');
        put_program(json);
        put_case(json);
        put_summary(json);
        r = put_subjects(json, error);
        for (size_t i = 0; r == 0 && (section = cli_report_section(i)); i++)
                r = put_section(json, section, error);
        if (r)
                return r;
        cli_buffer_text(&json->line, "\n}\n");
        return flush(json);
}

int cli_report_json(CliReportDoc *doc, SpoorError *error) {
        Json json = {.doc = doc};
        int r = compose(&json, error);

        cli_buffer_deinit(&json.line);
        return r;
}
