/*
 * What stands in a report, the same for every format: facts of the case, lines of summary, and
 * sections, each a table that the library answers. The renderers (report-json.c) only differ in how
 * they show them.
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
        const char *about; /* "case", "subject", "finding", "coverage", "damage" */
        bool is_alarm;
        CliBuffer text;     /* not yet escaped */
        CliBuffer evidence; /* eventIDs with blanks between */
} CliReportLine;

typedef struct CliReportDoc {
        CliQuery *query;
        const char **whats; /* subjects, as they were given */
        size_t n_whats;
        SpoorInfo info;
        SpoorLedger ledger;
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
        /* WHAT is the subject, or NULL. */
        int (*open)(const CliReportDoc *doc, const char *what, SpoorRows **ret_rows,
                        SpoorError *ret_error);
} CliReportSection;

/* NULL past the last. */
const CliReportSection *cli_report_section(size_t i);

/* Reads the facts and composes the summary; the query is open. Errors as of the library. */
int cli_report_gather(CliReportDoc *doc, SpoorError *ret_error);
void cli_report_deinit(CliReportDoc *doc);

/* The command as one would type it again, quoted for a shell. */
void cli_report_command(const CliReportDoc *doc, CliBuffer *ret_text);

/* Each writes the whole report. Errors as of the library; those of the output are kept by it. */
int cli_report_json(CliReportDoc *doc, SpoorError *ret_error);

/* Is NAME among NAMES, which have blanks between? NULL: any is. */
bool cli_report_has_column(const char *names, const char *name);

#endif
