/*
 * The facts of a report and its summary: a few sentences that somebody reads before anything else,
 * each with the events that show it. They are counted from the same cursors as the sections.
 */
#include "cli/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "cli/graph.h"
#include "cli/text.h"

void cli_report_deinit(CliReportDoc *doc) {
        for (size_t i = 0; i < doc->n_lines; i++) {
                cli_buffer_deinit(&doc->lines[i].text);
                cli_buffer_deinit(&doc->lines[i].evidence);
        }
        free(doc->lines);
        free(doc->whats);
        *doc = (CliReportDoc){0};
}

/* A line more, to be filled before the next; NULL: no memory. */
static CliReportLine *add_line(CliReportDoc *doc, const char *about) {
        if (doc->n_lines == doc->space) {
                size_t space = doc->space ? doc->space * 2 : 16;
                CliReportLine *lines = reallocarray(doc->lines, space, sizeof(*lines));

                if (!lines)
                        return NULL;
                doc->lines = lines;
                doc->space = space;
        }
        doc->lines[doc->n_lines] = (CliReportLine){.about = about};
        return &doc->lines[doc->n_lines++];
}

static void put_count(CliBuffer *text, uint64_t n, const char *one, const char *many) {
        cli_text_count(text, n);
        cli_buffer_char(text, ' ');
        cli_buffer_text(text, n == 1 ? one : many);
}

static void put_time(CliBuffer *text, int64_t time) {
        char formatted[40];

        spoor_time_format(time, formatted);
        cli_buffer_text(text, formatted);
}

static void put_id(CliBuffer *ids, const SpoorCell *cell) {
        if (cell->type != SPOOR_CELL_TEXT || !cell->text.size)
                return;
        if (ids->size)
                cli_buffer_char(ids, ' ');
        cli_buffer_append(ids, cell->text.data, cell->text.size);
}

/* ---- the case ---- */

static int count_values(CliReportDoc *doc, SpoorDim dim, uint64_t *ret, SpoorError *error) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        const SpoorCell *cells;
        int r = spoor_values(doc->query->scase, NULL, &dim, 1, SPOOR_ORDER_FIRST_TIME, INT64_MIN,
                        UINT64_MAX, &rows, error);

        *ret = 0;
        if (r)
                return r;
        spoor_rows_want(rows, NULL, 0);
        while ((r = spoor_rows_next(rows, &cells, error)) == 0)
                ++*ret;
        return r == SPOOR_END ? 0 : r;
}

static int tell_case(CliReportDoc *doc, SpoorError *error) {
        const SpoorInfo *info = &doc->info;
        uint64_t n_accounts, n_regions;
        CliReportLine *line = add_line(doc, "case");
        int r = line ? count_values(doc, SPOOR_DIM_ACCOUNT, &n_accounts, error) : -ENOMEM;

        if (r == 0)
                r = count_values(doc, SPOOR_DIM_REGION, &n_regions, error);
        if (r)
                return r;
        cli_buffer_text(&line->text, "The evidence holds ");
        put_count(&line->text, info->n_events, "event", "events");
        cli_buffer_text(&line->text, " of ");
        put_count(&line->text, n_accounts, "account", "accounts");
        cli_buffer_text(&line->text, " in ");
        put_count(&line->text, n_regions, "region", "regions");
        if (info->n_events) {
                cli_buffer_text(&line->text, ", from ");
                put_time(&line->text, info->first_time);
                cli_buffer_text(&line->text, " to ");
                put_time(&line->text, info->last_time);
        }
        cli_buffer_text(&line->text, ", read from ");
        put_count(&line->text, info->n_files, "log file", "log files");
        cli_buffer_text(&line->text, info->n_damaged ? "." : ", all of them whole.");
        return line->text.error;
}

static int tell_damage(CliReportDoc *doc) {
        const SpoorInfo *info = &doc->info;
        CliReportLine *line;

        if (!info->n_damaged && !info->n_conflicts)
                return 0;
        line = add_line(doc, "damage");
        if (!line)
                return -ENOMEM;
        line->is_alarm = true;
        put_count(&line->text, info->n_damaged, "place of the evidence is",
                        "places of the evidence are");
        cli_buffer_text(&line->text, " damaged, ");
        put_count(&line->text, info->n_rejected, "record was lost", "records were lost");
        if (info->n_conflicts) {
                cli_buffer_text(&line->text, "; ");
                put_count(&line->text, info->n_conflicts, "eventID has", "eventIDs have");
                cli_buffer_text(&line->text, " different records");
        }
        cli_buffer_char(&line->text, '.');
        return line->text.error;
}

static int tell_gaps(CliReportDoc *doc, SpoorError *error) {
        CliReportLine *line;
        SpoorGaps gaps;
        int r = spoor_case_gaps(doc->query->scase, doc->query->selection, &gaps, error);

        if (r || !gaps.kind)
                return r;
        line = add_line(doc, "coverage");
        if (!line)
                return -ENOMEM;
        line->is_alarm = gaps.n_stopped > 0;
        put_count(&line->text, gaps.n_gaps + gaps.n_stopped, "gap", "gaps");
        cli_buffer_text(&line->text, " in what the evidence covers; the first: ");
        cli_buffer_text(&line->text, gaps.kind);
        cli_buffer_char(&line->text, ' ');
        put_time(&line->text, gaps.from);
        if (gaps.to != gaps.from) {
                cli_buffer_text(&line->text, " to ");
                put_time(&line->text, gaps.to);
        }
        for (int i = 0; i < 2; i++) {
                SpoorSlice name = i ? gaps.region : gaps.account;

                if (name.size) {
                        cli_buffer_text(&line->text, i ? " " : ", ");
                        cli_buffer_append(&line->text, name.data, name.size);
                }
        }
        cli_buffer_char(&line->text, '.');
        return line->text.error;
}

/* ---- the subjects ---- */

/* What stands in rows of runs. */
typedef struct Sums {
        CliReportSums n;
        CliBuffer first_id, last_id, write_ids; /* of a few of the writes */
        size_t n_write_ids;
} Sums;

static void sums_deinit(Sums *sums) {
        cli_buffer_deinit(&sums->first_id);
        cli_buffer_deinit(&sums->last_id);
        cli_buffer_deinit(&sums->write_ids);
}

enum { FIRST_TIME, LAST_TIME, EVENTS, OUTCOME, READ_ONLY, CATEGORY, FIRST_ID, LAST_ID, N_CELLS };

static bool is_word(const SpoorCell *cell, const char *word) {
        return cell->type == SPOOR_CELL_TEXT && cell->text.size == strlen(word) &&
               memcmp(cell->text.data, word, cell->text.size) == 0;
}

static void add_run(Sums *sums, const SpoorCell *cells, const size_t *at) {
        const SpoorCell *outcome = &cells[at[OUTCOME]], *read_only = &cells[at[READ_ONLY]];
        uint64_t n = cells[at[EVENTS]].count;
        bool is_denied = is_word(outcome, "denied"), is_failed = is_word(outcome, "failure");

        if (sums->n.events == 0) {
                sums->n.first = cells[at[FIRST_TIME]].time;
                put_id(&sums->first_id, &cells[at[FIRST_ID]]);
        }
        if (sums->n.events == 0 || cells[at[LAST_TIME]].time >= sums->n.last) {
                sums->n.last = cells[at[LAST_TIME]].time;
                cli_buffer_clear(&sums->last_id);
                put_id(&sums->last_id, &cells[at[LAST_ID]]);
        }
        sums->n.events += n;
        sums->n.runs++;
        sums->n.notable += cells[at[CATEGORY]].type == SPOOR_CELL_TEXT ||
                           (read_only->type == SPOOR_CELL_BOOL && !read_only->boolean);
        sums->n.outcomes[is_denied ? 1 : is_failed ? 2 : 0] += n;
        if (is_denied || is_failed || read_only->type != SPOOR_CELL_BOOL || read_only->boolean)
                return;
        sums->n.writes += n;
        if (sums->n_write_ids++ < 5)
                put_id(&sums->write_ids, &cells[at[FIRST_ID]]);
}

static int sum_up(const CliReportDoc *doc, const char *const *whats, size_t n_whats, Sums *sums,
                SpoorError *error) {
        static const char *const names[N_CELLS] = {"firstTime", "lastTime", "events", "outcome",
                        "readOnly", "category", "firstEventID", "lastEventID"};
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        const SpoorCell *cells;
        size_t at[N_CELLS];
        int r = spoor_collapsed(
                        doc->query->scase, doc->query->selection, whats, n_whats, -1, &rows, error);

        if (r)
                return r;
        for (size_t i = 0; i < N_CELLS; i++)
                for (at[i] = 0; strcmp(spoor_rows_column(rows, at[i]), names[i]) != 0;)
                        at[i]++;
        spoor_rows_want(rows, at, N_CELLS);
        while ((r = spoor_rows_next(rows, &cells, error)) == 0)
                add_run(sums, cells, at);
        return r == SPOOR_END ? 0 : r;
}

static void put_sums(CliReportLine *line, const Sums *sums) {
        CliBuffer *text = &line->text;

        if (sums->n.events == 0) {
                cli_buffer_text(text, "no event.");
                return;
        }
        put_count(text, sums->n.events, "event", "events");
        cli_buffer_text(text, " from ");
        put_time(text, sums->n.first);
        cli_buffer_text(text, " to ");
        put_time(text, sums->n.last);
        cli_buffer_text(text, ": ");
        put_count(text, sums->n.outcomes[0], "succeeded", "succeeded");
        cli_buffer_text(text, ", ");
        put_count(text, sums->n.outcomes[1], "denied", "denied");
        cli_buffer_text(text, ", ");
        put_count(text, sums->n.outcomes[2], "failed", "failed");
        cli_buffer_text(text, "; ");
        if (sums->n.writes)
                put_count(text, sums->n.writes, "write succeeded.", "writes succeeded.");
        else
                cli_buffer_text(text, "no write succeeded.");
        for (int i = 0; i < 3; i++) {
                const CliBuffer *ids = i == 0   ? &sums->first_id
                                       : i == 1 ? &sums->last_id
                                                : &sums->write_ids;

                put_id(&line->evidence, &(SpoorCell){.type = SPOOR_CELL_TEXT,
                                                        .text = {ids->data, ids->size}});
        }
        if (sums->first_id.error || sums->last_id.error || sums->write_ids.error)
                text->error = -ENOMEM;
}

/* WHAT is NULL for all that is selected. */
static int tell_events(CliReportDoc *doc, const char *what, SpoorError *error) {
        CLI_CLEANUP(sums_deinit) Sums sums = {0};
        CliReportLine *line = add_line(doc, what ? "subject" : "selection");
        int r = line ? sum_up(doc, &what, what ? 1 : 0, &sums, error) : -ENOMEM;

        if (r)
                return r;
        if (what) {
                cli_buffer_text(&line->text, what);
                cli_buffer_text(&line->text, " and what came from it: ");
        } else {
                cli_buffer_text(&line->text, "Selected: ");
        }
        put_sums(line, &sums);
        return line->text.error ? line->text.error : line->evidence.error;
}

static size_t find_column(const SpoorRows *rows, const char *name) {
        size_t i = 0;

        while (strcmp(spoor_rows_column(rows, i), name) != 0)
                i++;
        return i;
}

static int tell_findings(CliReportDoc *doc, const char *what, SpoorError *error) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        SpoorLateral question = {.from = what};
        const SpoorCell *cells;
        int r = spoor_lateral_findings(
                        doc->query->scase, doc->query->selection, &question, &rows, error);

        if (r)
                return r;
        while ((r = spoor_rows_next(rows, &cells, error)) == 0) {
                const SpoorCell *key = &cells[find_column(rows, "key")];
                CliReportLine *line;

                if (!cli_graph_is_alarm(rows, cells))
                        continue;
                line = add_line(doc, "finding");
                if (!line)
                        return -ENOMEM;
                line->is_alarm = true;
                if (key->type == SPOOR_CELL_TEXT) {
                        cli_buffer_text(&line->text, "Credential ");
                        cli_buffer_append(&line->text, key->text.data, key->text.size);
                        cli_buffer_text(&line->text, ": ");
                }
                cli_graph_finding(&line->text, rows, cells);
                cli_buffer_char(&line->text, '.');
                put_id(&line->evidence, &cells[find_column(rows, "evidence")]);
                if (line->text.error || line->evidence.error)
                        return -ENOMEM;
        }
        return r == SPOOR_END ? 0 : r;
}

/* Of all that the report is about. */
static int tell_sums(CliReportDoc *doc, SpoorError *error) {
        CLI_CLEANUP(sums_deinit) Sums sums = {0};
        int r = sum_up(doc, doc->whats, doc->n_whats, &sums, error);

        doc->sums = sums.n;
        return r;
}

#define N_NAMED 5

/* "user svc-sync", of the first so many. */
static void put_thing(CliBuffer *names, uint64_t n, const SpoorCell *kind, const SpoorCell *name) {
        if (n > N_NAMED)
                return;
        cli_buffer_text(names, n > 1 ? ", " : "");
        cli_buffer_append(names, kind->text.data, kind->text.size);
        if (name->type == SPOOR_CELL_TEXT) {
                cli_buffer_char(names, ' ');
                cli_buffer_append(names, name->text.data, name->text.size);
        }
}

/* ": user a, key b and 3 more." */
static void put_names(CliBuffer *text, uint64_t n, const CliBuffer *names) {
        cli_buffer_text(text, ": ");
        cli_buffer_append(text, names->data, names->size);
        if (n > N_NAMED)
                cli_buffer_format(text, " and %" PRIu64 " more", n - N_NAMED);
        cli_buffer_char(text, '.');
        if (names->error)
                text->error = names->error;
}

/* EventIDs of the calls that change of the subjects' chains. */
static int find_writes(CliReportDoc *doc, Intern *ids, SpoorError *error) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        const SpoorCell *cells;
        size_t id;
        int r = spoor_writes(doc->query->scase, doc->query->selection, doc->whats, doc->n_whats,
                        &rows, error);

        if (r)
                return r;
        id = find_column(rows, "eventID");
        spoor_rows_want(rows, &id, 1);
        while ((r = spoor_rows_next(rows, &cells, error)) == 0)
                if (cells[id].type == SPOOR_CELL_TEXT) {
                        uint32_t number;

                        r = intern_add(ids, (Slice){cells[id].text.data, cells[id].text.size},
                                        &number, NULL);
                        if (r)
                                return r;
                }
        return r == SPOOR_END ? 0 : r;
}

/* Things of one kind of maker. */
typedef struct Made {
        CliBuffer names;
        uint64_t n;
} Made;

static void add_made(
                Made *made, const SpoorRows *rows, const SpoorCell *cells, CliReportLine *line) {
        put_thing(&made->names, ++made->n, &cells[find_column(rows, "kind")],
                        &cells[find_column(rows, "name")]);
        if (made->n <= N_NAMED)
                put_id(&line->evidence, &cells[find_column(rows, "createdEventID")]);
}

static void put_made(CliReportDoc *doc, CliBuffer *text, const Made *ours, const Made *others) {
        const char *maker = doc->n_whats ? "the subjects and what came from them made" : "was made";

        if (ours->n) {
                put_count(text, ours->n, "thing", "things");
                cli_buffer_format(text, " that %s",
                                !doc->n_whats && ours->n > 1 ? "were made" : maker);
                cli_buffer_text(text, ours->n == 1 ? " stands" : " stand");
                cli_buffer_text(text, " at the end of the evidence");
                put_names(text, ours->n, &ours->names);
        } else {
                cli_buffer_format(
                                text, "Nothing that %s stands at the end of the evidence.", maker);
        }
        if (others->n) {
                cli_buffer_text(text, " Made by others, on what is the subjects': ");
                put_count(text, others->n, "thing", "things");
                put_names(text, others->n, &others->names);
        }
}

/* What was made and still stands: by the subjects, and by others, such as who responded. */
static int tell_standing(CliReportDoc *doc, SpoorError *error) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        CLI_CLEANUP(intern_deinit) Intern writes = {0};
        Made ours = {.names = CLI_BUFFER_INIT}, others = {.names = CLI_BUFFER_INIT};
        CliReportLine *line = add_line(doc, "standing");
        const SpoorCell *cells;
        uint32_t number;
        int r = line ? spoor_standing(doc->query->scase, doc->query->selection, doc->whats,
                                       doc->n_whats, &rows, error)
                     : -ENOMEM;

        if (r == 0 && doc->n_whats)
                r = find_writes(doc, &writes, error);
        while (r == 0 && (r = spoor_rows_next(rows, &cells, error)) == 0) {
                const SpoorCell *id = &cells[find_column(rows, "createdEventID")];
                bool is_ours = !doc->n_whats;

                if (!is_word(&cells[find_column(rows, "state")], "standing") ||
                                id->type != SPOOR_CELL_TEXT)
                        continue;
                is_ours |= intern_find(&writes, (Slice){id->text.data, id->text.size}, &number);
                add_made(is_ours ? &ours : &others, rows, cells, line);
        }
        if (r == SPOOR_END) {
                put_made(doc, &line->text, &ours, &others);
                r = line->text.error ? line->text.error : line->evidence.error;
        }
        cli_buffer_deinit(&ours.names);
        cli_buffer_deinit(&others.names);
        return r;
}

/* A thing that several credentials read is named once. */
static int tell_taken(CliReportDoc *doc, SpoorError *error) {
        CLI_CLEANUP(cli_rows_cleanup) SpoorRows *rows = NULL;
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer names = CLI_BUFFER_INIT;
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer thing = CLI_BUFFER_INIT;
        CLI_CLEANUP(intern_deinit) Intern things = {0};
        CliReportLine *line = add_line(doc, "taken");
        const SpoorCell *cells;
        uint64_t n_reads = 0;
        int r = line ? spoor_taken(doc->query->scase, doc->query->selection, doc->whats,
                                       doc->n_whats, &rows, error)
                     : -ENOMEM;

        while (r == 0 && (r = spoor_rows_next(rows, &cells, error)) == 0) {
                const SpoorCell *kind = &cells[find_column(rows, "kind")];
                const SpoorCell *name = &cells[find_column(rows, "name")];
                bool is_new = false;
                uint32_t number;

                n_reads += cells[find_column(rows, "reads")].count;
                cli_buffer_clear(&thing);
                put_thing(&thing, 1, kind, name);
                r = thing.error ? thing.error
                                : intern_add(&things, (Slice){thing.data, thing.size}, &number,
                                                  &is_new);
                if (r || !is_new)
                        continue;
                put_thing(&names, intern_size(&things), kind, name);
                if (intern_size(&things) <= N_NAMED)
                        put_id(&line->evidence, &cells[find_column(rows, "firstEventID")]);
        }
        if (r != SPOOR_END)
                return r;
        if (intern_size(&things)) {
                put_count(&line->text, n_reads, "read", "reads");
                cli_buffer_text(&line->text, " succeeded, of ");
                put_count(&line->text, intern_size(&things), "thing", "things");
                put_names(&line->text, intern_size(&things), &names);
        } else {
                cli_buffer_text(&line->text, "No object, secret or parameter was read.");
        }
        return line->text.error ? line->text.error : line->evidence.error;
}

int cli_report_gather(CliReportDoc *doc, SpoorError *error) {
        int r = spoor_case_info(doc->query->scase, &doc->info, error);

        if (r == 0)
                r = spoor_case_ledger(doc->query->scase, &doc->ledger, error);
        if (r == 0)
                r = tell_case(doc, error);
        if (r == 0)
                r = tell_sums(doc, error);
        if (r == 0 && doc->n_whats == 0)
                r = tell_events(doc, NULL, error);
        for (size_t i = 0; i < doc->n_whats && r == 0; i++) {
                r = tell_events(doc, doc->whats[i], error);
                if (r == 0)
                        r = tell_findings(doc, doc->whats[i], error);
        }
        if (r == 0)
                r = tell_standing(doc, error);
        if (r == 0)
                r = tell_taken(doc, error);
        if (r == 0)
                r = tell_gaps(doc, error);
        return r == 0 ? tell_damage(doc) : r;
}
