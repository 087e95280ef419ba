/*
 * What stands in a report, the same for every format: facts of the case, lines of summary, and
 * sections, each a table that the library answers. The renderers (report-json.c, report-markdown.c,
 * report-html.c) only differ in how they show them.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/buffer.h"
#include "cli/query.h"

#include <spoor/spoor.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sentence, and the events that show it. */
typedef struct CliReportLine {
        const char *about; /* "case", "subject", "finding", "standing", "taken", ... */
        bool is_alarm;
        CliBuffer text;     /* not yet escaped */
        CliBuffer evidence; /* eventIDs with blanks between */
} CliReportLine;

/* Sums over what the report is about. */
typedef struct CliReportSums {
        uint64_t events, outcomes[3]; /* success, denied, failure */
        uint64_t writes;              /* that succeeded */
        uint64_t runs, notable;       /* rows of the timeline; and those that are kept among many */
        int64_t first, last;
} CliReportSums;

/* Rows that people are shown of a table; of more it is said how many there are, and where. */
#define CLI_REPORT_MAX_RUNS 10000
#define CLI_REPORT_MAX_ROWS 2000

typedef struct CliReportDoc {
        CliQuery *query;
        const char **whats; /* subjects, as they were given */
        size_t n_whats;
        SpoorInfo info;
        SpoorLedger ledger;
        CliReportSums sums;
        CliReportLine *lines;
        size_t n_lines, space;
} CliReportDoc;

typedef enum CliReportDrawing {
        CLI_REPORT_NO_DRAWING,
        CLI_REPORT_ACTIVITY,
        CLI_REPORT_COVERAGE,
        CLI_REPORT_CHAIN,
} CliReportDrawing;

/* Rows under a name. */
typedef struct CliReportSection {
        const char *name;  /* its key in JSON */
        const char *title; /* for people, as what follows */
        const char *about; /* how to read it, a sentence or two; may be empty */
        const char *none;  /* said where there is no row */
        /* The columns shown, with blanks between; NULL: all. JSON always has all. */
        const char *columns;
        bool is_by_subject; /* asked for each subject; absent without any */
        CliReportDrawing drawing;
        const char *more; /* the command that prints all of its rows; NULL: JSON has them */
        /* WHAT is the subject, or NULL. */
        int (*open)(const CliReportDoc *doc, const char *what, SpoorRows **ret_rows,
                        SpoorError *ret_error);
} CliReportSection;

/* Profiles of the subjects stand before this section: behind what is read first of all. */
#define CLI_REPORT_SUBJECTS_BEFORE "addresses"

/* NULL past the last. */
const CliReportSection *cli_report_section(size_t i);

/* A table of a profile as a section. */
CliReportSection cli_report_of_page(const SpoorSection *section);

/* Reads the facts and composes the summary; the query is open. Errors as of the library. */
int cli_report_gather(CliReportDoc *doc, SpoorError *ret_error);
void cli_report_deinit(CliReportDoc *doc);

/* The command as one would type it again, quoted for a shell. */
void cli_report_command(const CliReportDoc *doc, CliBuffer *ret_text);

/* Each writes the whole report. Errors as of the library; those of the output are kept by it. */
int cli_report_json(CliReportDoc *doc, SpoorError *ret_error);
int cli_report_markdown(CliReportDoc *doc, SpoorError *ret_error);
int cli_report_html(CliReportDoc *doc, SpoorError *ret_error);

/*
 * Rows of a section for people: of a long timeline those that wrote or that the catalogue knows,
 * of a checklist the questions with events, and of any table the first so many. n_left counts what
 * was passed over, but for questions answered no without any event: these are told in one line.
 * Returns as spoor_rows_next().
 */
#define CLI_REPORT_MAX_COLUMNS 96

typedef struct CliReportRows {
        SpoorRows *rows;
        const CliReportDoc *doc;
        size_t columns[CLI_REPORT_MAX_COLUMNS]; /* shown, in the order of the section */
        size_t n_columns;
        bool is_thinned, is_checklist;
        size_t category, read_only, answer, events; /* cells that decide it */
        CliBuffer noes;                             /* questions that nothing is to be said of */
        uint64_t n_max, n_shown, n_left, n_noes;
} CliReportRows;

/* 0, or -E2BIG for a table of more columns than that. */
int cli_report_rows(const CliReportDoc *doc, const CliReportSection *section, SpoorRows *rows,
                CliReportRows *ret);
void cli_report_rows_deinit(CliReportRows *rows);
int cli_report_rows_next(CliReportRows *rows, const SpoorCell **ret_cells, SpoorError *ret_error);

/* What is said below a table: which questions are answered no; which rows are left out. Nothing
 * where neither is. */
void cli_report_noes(const CliReportRows *rows, CliBuffer *text);
void cli_report_left_out(
                const CliReportRows *rows, const CliReportSection *section, CliBuffer *text);

/* The place of a column, or the number of columns. */
size_t cli_report_column(const SpoorRows *rows, const char *name);

/* "firstEventID" as "First event"; "userIdentity.accessKeyId" as "Access key". */
void cli_report_label(CliBuffer *text, const char *name);

/*
 * A cell for people, not yet escaped: numbers in groups of three, and of a list its items with
 * commas between, the first so many. Appends.
 */
void cli_report_cell(CliBuffer *text, const SpoorCell *cell);

/*
 * Of a cell that is a list, the items FROM to (not including) TO, with commas between; *ret_n is
 * how many it has. A list is an array of texts, or (BLANKS) a text of words. False: it is none, and
 * nothing was appended.
 */
bool cli_report_items(CliBuffer *text, const SpoorCell *cell, bool blanks, size_t from, size_t to,
                size_t *ret_n);

/* Is NAME among NAMES, which have blanks between? NULL: any is. */
bool cli_report_has_column(const char *names, const char *name);

#endif
