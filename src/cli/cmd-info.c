/*
 * info: what the evidence holds and what could not be read, as text for people or as one object of
 * JSON. Both are composed whole, from the same facts, before anything is printed.
 */
#include "cli/commands.h"
#include "cli/info-rows.h"
#include "cli/query.h"
#include "cli/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*GetDiagnosis)(SpoorCase *scase, uint64_t i, SpoorDiagnosis *ret);

/* The values of one dimension, sorted; one copy of each. */
typedef struct Names {
        CliBuffer *items;
        size_t n_items;
        size_t space;
} Names;

typedef struct Facts {
        SpoorCase *scase;
        SpoorInfo info;
        SpoorGaps gaps;
        SpoorLedger ledger;
        Names accounts;
        Names regions;
} Facts;

static void names_deinit(Names *names) {
        for (size_t i = 0; i < names->n_items; i++)
                cli_buffer_deinit(&names->items[i]);
        free(names->items);
}

static void facts_deinit(Facts *facts) {
        names_deinit(&facts->accounts);
        names_deinit(&facts->regions);
}

static int names_add(Names *names, SpoorSlice text) {
        if (names->n_items == names->space) {
                size_t space = names->space ? 2 * names->space : 16;
                CliBuffer *items = reallocarray(names->items, space, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                names->items = items;
                names->space = space;
        }
        names->items[names->n_items] = CLI_BUFFER_INIT;
        cli_buffer_append(&names->items[names->n_items], text.data, text.size);
        return names->items[names->n_items++].error;
}

static int compare_names(const void *a, const void *b) {
        const CliBuffer *x = a, *y = b;
        size_t n = x->size < y->size ? x->size : y->size;
        int r = n ? memcmp(x->data, y->data, n) : 0;

        return r ? r : (x->size > y->size) - (x->size < y->size);
}

static int collect(SpoorCase *scase, SpoorDim dim, Names *names, SpoorError *error) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        const SpoorCell *cells;
        int r;

        r = spoor_values(scase, NULL, &dim, 1, SPOOR_ORDER_FIRST_TIME, INT64_MIN, UINT64_MAX, &rows,
                        error);
        while (r == 0) {
                r = spoor_rows_next(rows, &cells, error);
                if (r == 0)
                        r = names_add(names, cells[0].text);
                else if (r == SPOOR_END)
                        break;
        }
        if (r != SPOOR_END || !rows)
                return r;
        if (names->n_items)
                qsort(names->items, names->n_items, sizeof(*names->items), compare_names);
        return 0;
}

static int gather(SpoorCase *scase, Facts *facts, SpoorError *error) {
        int r = spoor_case_info(scase, &facts->info, error);

        facts->scase = scase;
        if (r == 0)
                r = spoor_case_gaps(scase, NULL, &facts->gaps, error);
        if (r == 0)
                r = spoor_case_ledger(scase, &facts->ledger, error);
        if (r == 0)
                r = collect(scase, SPOOR_DIM_ACCOUNT, &facts->accounts, error);
        if (r == 0)
                r = collect(scase, SPOOR_DIM_REGION, &facts->regions, error);
        return r;
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void json_count(CliBuffer *out, const char *name, uint64_t n) {
        cli_buffer_format(out, "  \"%s\": %" PRIu64 ",\n", name, n);
}

static void json_time(CliBuffer *out, const char *name, bool present, int64_t time) {
        char text[40];

        spoor_time_format(time, text);
        cli_buffer_format(out, present ? "  \"%s\": \"%s\",\n" : "  \"%s\": null,\n", name, text);
}

static void json_names(CliBuffer *out, const char *name, const Names *names) {
        cli_buffer_format(out, "  \"%s\": [", name);
        for (size_t i = 0; i < names->n_items; i++) {
                cli_buffer_text(out, i ? ", " : "");
                cli_text_json(out, (SpoorSlice){names->items[i].data, names->items[i].size});
        }
        cli_buffer_text(out, "],\n");
}

static void json_diagnoses(
                CliBuffer *out, const char *name, SpoorCase *scase, uint64_t n, GetDiagnosis get) {
        const char *separator = "\n    ";
        SpoorDiagnosis d;

        cli_buffer_format(out, "  \"%s\": [", name);
        for (uint64_t i = 0; i < n; i++) {
                if (get(scase, i, &d))
                        continue;
                cli_buffer_format(out, "%s{\"file\": ", separator);
                cli_text_json(out, d.file);
                cli_buffer_format(out, ", \"offset\": %" PRIu64 ", \"reason\": ", d.offset);
                cli_text_json(out, d.reason);
                cli_buffer_char(out, '}');
                separator = ",\n    ";
        }
        cli_buffer_text(out, n ? "\n  ],\n" : "],\n");
}

static void json_conflicts(CliBuffer *out, SpoorCase *scase, uint64_t n) {
        const char *separator = "\n    ";
        SpoorConflict c;

        cli_buffer_text(out, "  \"conflicting\": [");
        for (uint64_t i = 0; i < n; i++) {
                if (spoor_case_conflict(scase, i, &c))
                        continue;
                cli_buffer_format(out, "%s{\"eventID\": ", separator);
                cli_text_json(out, cli_slice(c.event_id));
                cli_buffer_text(out, ", \"keptFile\": ");
                cli_text_json(out, c.kept_file);
                cli_buffer_format(out,
                                ", \"keptRecord\": %" PRIu32 ", \"otherFile\": ", c.kept_record);
                cli_text_json(out, c.other_file);
                cli_buffer_format(out, ", \"otherRecord\": %" PRIu32 "}", c.other_record);
                separator = ",\n    ";
        }
        cli_buffer_text(out, n ? "\n  ]" : "]");
}

static void json_text(CliBuffer *out, const char *name, SpoorSlice text) {
        cli_buffer_format(out, "\"%s\": ", name);
        cli_text_json(out, text);
}

static void json_sources(CliBuffer *out, SpoorCase *scase) {
        SpoorSlice name, path;

        cli_buffer_text(out, "  \"sources\": [");
        for (size_t i = 0; spoor_case_source(scase, i, &name, &path) == 0; i++) {
                cli_buffer_text(out, i ? ",\n    {" : "\n    {");
                json_text(out, "name", name);
                cli_buffer_text(out, ", ");
                json_text(out, "path", path);
                cli_buffer_char(out, '}');
        }
        cli_buffer_text(out, "\n  ],\n");
}

static void json_ledger(CliBuffer *out, const SpoorLedger *ledger, const SpoorInfo *info) {
        const struct {
                const char *name;
                uint64_t n;
        } counts[] = {{"files", ledger->n_files}, {"members", ledger->n_members},
                        {"bytes", ledger->n_bytes}, {"unread", ledger->n_unread},
                        {"copies", ledger->n_copies}, {"changed", info->n_changed}};

        cli_buffer_text(out, "  \"ledger\": {");
        for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
                cli_buffer_format(out, "\"%s\": %" PRIu64 ", ", counts[i].name, counts[i].n);
        json_text(out, "sha256", cli_slice(ledger->files_hash));
        cli_buffer_text(out, ", ");
        json_text(out, "membersSha256", cli_slice(ledger->members_hash));
        cli_buffer_text(out, "},\n");
}

/* But for its end. */
static void compose_json(const Facts *facts, CliBuffer *out) {
        const SpoorInfo *info = &facts->info;

        cli_buffer_text(out, "{\n");
        json_count(out, "events", info->n_events);
        json_count(out, "duplicates", info->n_duplicates);
        json_count(out, "conflicts", info->n_conflicts);
        json_count(out, "rejected", info->n_rejected);
        json_count(out, "recovered", info->n_recovered);
        json_count(out, "shipperTime", info->n_shipper_time);
        json_count(out, "partialRecords", info->n_partial);
        json_count(out, "insights", info->n_insights);
        json_count(out, "aggregated", info->n_aggregated);
        json_count(out, "files", info->n_files);
        json_diagnoses(out, "damaged", facts->scase, info->n_damaged, spoor_case_damaged);
        json_diagnoses(out, "ignored", facts->scase, info->n_ignored, spoor_case_ignored);
        json_time(out, "firstTime", info->n_events, info->first_time);
        json_time(out, "lastTime", info->n_events, info->last_time);
        json_names(out, "accounts", &facts->accounts);
        json_names(out, "regions", &facts->regions);
        json_count(out, "gaps", facts->gaps.n_gaps + facts->gaps.n_stopped);
        json_count(out, "bytes", info->n_bytes);
        json_count(out, "caseBytes", info->n_case_bytes);
        json_count(out, "stringBytes", info->n_string_bytes);
        cli_buffer_text(out, "  ");
        json_text(out, "version", cli_slice(spoor_version()));
        cli_buffer_text(out, ",\n");
        json_sources(out, facts->scase);
        json_ledger(out, &facts->ledger, info);
        json_conflicts(out, facts->scase, info->n_conflicts);
}

/* ---- text ------------------------------------------------------------------------------- */

static void label(CliBuffer *out, const char *name) {
        cli_buffer_format(out, "%-12s", name);
}

static void text_count(CliBuffer *out, const char *name, uint64_t n) {
        label(out, name);
        cli_text_count(out, n);
        cli_buffer_char(out, '\n');
}

/* What most evidence has none of. */
static void text_count_if(CliBuffer *out, const char *name, uint64_t n) {
        if (n)
                text_count(out, name, n);
}

static void text_time(CliBuffer *out, const char *name, bool present, int64_t time) {
        char text[40];

        spoor_time_format(time, text);
        label(out, name);
        cli_buffer_format(out, "%s\n", present ? text : "-");
}

static void text_names(CliBuffer *out, const char *name, const Names *names) {
        for (size_t i = 0; i < names->n_items; i++) {
                label(out, i ? "" : name);
                cli_text_visible(out, (SpoorSlice){names->items[i].data, names->items[i].size}, 0);
                cli_buffer_char(out, '\n');
        }
        if (names->n_items == 0) {
                label(out, name);
                cli_buffer_text(out, "-\n");
        }
}

static void text_bytes(CliBuffer *out, const SpoorInfo *info) {
        label(out, "bytes");
        cli_text_bytes(out, info->n_bytes);
        cli_buffer_char(out, '\n');
        label(out, "case");
        cli_text_bytes(out, info->n_case_bytes);
        if (info->n_events && info->n_case_bytes >= info->n_string_bytes)
                cli_buffer_format(out, ", %.1f bytes per event beside its strings",
                                (double)(info->n_case_bytes - info->n_string_bytes) /
                                                (double)info->n_events);
        cli_buffer_char(out, '\n');
}

static void text_ledger(CliBuffer *out, const SpoorLedger *ledger, const SpoorInfo *info) {
        label(out, "evidence");
        cli_text_count(out, ledger->n_files);
        cli_buffer_text(out, ledger->n_files == 1 ? " file, " : " files, ");
        if (ledger->n_members) {
                cli_text_count(out, ledger->n_members);
                cli_buffer_text(out, ledger->n_members == 1 ? " member, " : " members, ");
        }
        cli_text_bytes(out, ledger->n_bytes);
        if (ledger->n_copies) {
                cli_buffer_text(out, ", ");
                cli_text_count(out, ledger->n_copies);
                cli_buffer_text(out, ledger->n_copies == 1 ? " copy" : " copies");
        }
        if (info->n_changed) {
                cli_buffer_text(out, ", ");
                cli_text_count(out, info->n_changed);
                cli_buffer_text(out, " changed");
        }
        cli_buffer_text(out, " (--files)\n");
        label(out, "sha256");
        cli_buffer_format(out, "%s\n", ledger->files_hash);
}

static void text_diagnoses(
                CliBuffer *out, const char *title, SpoorCase *scase, uint64_t n, GetDiagnosis get) {
        SpoorDiagnosis d;

        if (n == 0)
                return;
        cli_buffer_format(out, "\n%s:\n", title);
        for (uint64_t i = 0; i < n; i++) {
                if (get(scase, i, &d))
                        continue;
                cli_buffer_text(out, "  ");
                cli_text_visible(out, d.file, 0);
                cli_buffer_format(out, ": at byte %" PRIu64 ": ", d.offset);
                cli_text_visible(out, d.reason, 0);
                cli_buffer_char(out, '\n');
        }
}

static void text_conflicts(CliBuffer *out, SpoorCase *scase, uint64_t n) {
        SpoorConflict c;

        if (n == 0)
                return;
        cli_buffer_text(out, "\nconflicts (different records under one eventID):\n");
        for (uint64_t i = 0; i < n; i++) {
                if (spoor_case_conflict(scase, i, &c))
                        continue;
                cli_buffer_text(out, "  ");
                cli_text_visible(out, cli_slice(c.event_id), 0);
                cli_buffer_text(out, ": kept ");
                cli_text_visible(out, c.kept_file, 0);
                cli_buffer_format(out, " record %" PRIu32 ", not ", c.kept_record);
                cli_text_visible(out, c.other_file, 0);
                cli_buffer_format(out, " record %" PRIu32 "\n", c.other_record);
        }
}

static void compose_text(const Facts *facts, CliBuffer *out) {
        const SpoorInfo *info = &facts->info;

        text_count(out, "events", info->n_events);
        text_count(out, "duplicates", info->n_duplicates);
        text_count(out, "conflicts", info->n_conflicts);
        text_count(out, "rejected", info->n_rejected);
        text_count_if(out, "recovered", info->n_recovered);
        text_count_if(out, "shipperTime", info->n_shipper_time);
        text_count_if(out, "partial", info->n_partial);
        text_count_if(out, "insights", info->n_insights);
        text_count_if(out, "aggregated", info->n_aggregated);
        text_count(out, "files", info->n_files);
        text_count(out, "damaged", info->n_damaged);
        text_count(out, "ignored", info->n_ignored);
        text_time(out, "first", info->n_events, info->first_time);
        text_time(out, "last", info->n_events, info->last_time);
        label(out, "gaps");
        cli_text_count(out, facts->gaps.n_gaps + facts->gaps.n_stopped);
        cli_buffer_text(out, facts->gaps.kind ? " (--gaps, --coverage)\n" : "\n");
        text_names(out, "accounts", &facts->accounts);
        text_names(out, "regions", &facts->regions);
        text_ledger(out, &facts->ledger, info);
        text_bytes(out, info);
        text_diagnoses(out, "damaged", facts->scase, info->n_damaged, spoor_case_damaged);
        text_diagnoses(out, "ignored", facts->scase, info->n_ignored, spoor_case_ignored);
        text_conflicts(out, facts->scase, info->n_conflicts);
}

static int print(CliQuery *query, const CliInfoQuestion *question, const Facts *facts,
                CliFormat format) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer out = CLI_BUFFER_INIT;
        int exit = 0;

        if (format == CLI_FORMAT_JSON)
                compose_json(facts, &out);
        else
                compose_text(facts, &out);
        if (out.error)
                return cli_fail(out.error, NULL);
        cli_output_write(&query->output, out.data, out.size);
        if (format == CLI_FORMAT_JSON) {
                exit = cli_info_rows_object(query, question);
                if (exit == 0)
                        cli_output_write(&query->output, "\n}\n", 3);
        }
        return exit ? exit : cli_query_finish(query);
}

/* The facts, or rows where those are asked for. */
static int answer(CliQuery *query, const CliInfoQuestion *question, CliFormat format) {
        CLI_CLEANUP(facts_deinit) Facts facts = {0};
        SpoorError error = {""};
        int r, exit;

        if (question->rows && format != CLI_FORMAT_JSON)
                exit = cli_info_rows_print(query, question);
        else if ((r = gather(query->scase, &facts, &error)))
                exit = cli_fail(r, error.message);
        else
                exit = print(query, question, &facts, format);
        if (exit)
                return exit;
        /* Whoever has just read the list need not read it again. */
        if (format == CLI_FORMAT_TABLE && !question->rows && query->output.terminal &&
                        isatty(STDERR_FILENO))
                return facts.info.n_damaged ? CLI_EXIT_DAMAGED : CLI_EXIT_ANSWERED;
        return cli_report_damage(query->args, query->scase, 0);
}

int cli_cmd_info(const CliArgs *args) {
        CLI_CLEANUP(cli_query_deinit) CliQuery query = CLI_QUERY_INIT;
        CLI_CLEANUP(cli_info_question_deinit) CliInfoQuestion question = {0};
        CliFormat format = cli_format_parse(cli_args_text(args, CLI_FLAG_FORMAT, "table"));
        int exit = cli_query_init(&query, args, 0);

        if (exit == 0)
                exit = cli_info_question(args, format, &question);
        if (exit == 0)
                exit = cli_query_open(&query);
        return exit ? exit : answer(&query, &question, format);
}
