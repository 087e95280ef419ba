/*
 * What the queries have in common: first everything that can be refused is refused, then the
 * output and the evidence are opened, rows are printed, and at last damage is named. The functions
 * return a CliExit and have said why when it is not 0.
 */
#ifndef CLI_QUERY_H
#define CLI_QUERY_H

#include "cli/flags.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/render.h"

#include <spoor/spoor.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct CliQuery {
        const CliArgs *args;
        const char *const *sources; /* borrowed of args */
        size_t n_sources;
        SpoorSelection *selection;
        bool is_only; /* nothing is asked but by the selection, which makes raw evidence cheaper */
        SpoorEnrichment *enrichment; /* NULL: none */
        SpoorCase *scase;
        CliOutput output;
} CliQuery;

#define CLI_QUERY_INIT ((CliQuery){.output = CLI_OUTPUT_INIT})

/*
 * Takes selection, sources and output from ARGS, whose first N_SKIP operands are no sources, and
 * reads the files of the enrichment. Opens neither evidence nor output.
 */
int cli_query_init(CliQuery *query, const CliArgs *args, size_t n_skip);
void cli_query_deinit(CliQuery *query);

/* Opens the output and the evidence. */
int cli_query_open(CliQuery *query);
/* The output alone. */
int cli_query_open_output(CliQuery *query);

/* --format of a query that prints rows. */
CliFormat cli_query_format(const CliQuery *query);

/* Is the answer to have colour? */
bool cli_query_color(const CliQuery *query);

/* Puts ROWS, up to --limit, into the output, which more may follow. */
int cli_query_put(CliQuery *query, SpoorRows *rows, const CliColumn *columns, size_t n_columns);

/* The same, and finishes the output. */
int cli_query_print(CliQuery *query, SpoorRows *rows, const CliColumn *columns, size_t n_columns);

/* Finishes the output after whatever was written to it. */
int cli_query_finish(CliQuery *query);

/*
 * The values of --subject in ARGS, checked, for the caller to free(); the texts belong to ARGS.
 */
int cli_subjects_take(const CliArgs *args, const char ***ret_whats, size_t *ret_n_whats);

/* --columns names NAME, which is none of the COLUMNs there are (NULL past the last). */
int cli_unknown_column(const CliArgs *args, const char *(*column)(size_t i), const char *name);

/* Puts the reading options of ARGS into OPTIONS. */
void cli_options_fill(const CliArgs *args, SpoorOptions *ret_options);

typedef enum CliReport {
        CLI_REPORT_IGNORED = 1 << 0,   /* how many files are ignored */
        CLI_REPORT_CONFLICTS = 1 << 1, /* how many conflicts there are */
} CliReport;

/* Names what is damaged: of all of them the first ones, which GET tells. */
typedef int (*CliGetDamage)(const void *from, uint64_t i, SpoorDiagnosis *ret);
void cli_name_damage(CliGetDamage get, const void *from, uint64_t n_damaged, const char *more);

/*
 * Names the damage of the case on standard error, without --quiet, and what REPORT asks for.
 * Returns CLI_EXIT_DAMAGED where there is damage.
 */
int cli_report_damage(const CliArgs *args, SpoorCase *scase, CliReport report);

/*
 * What a query reports beside the damage: how much is ignored, where it has just read evidence. Of
 * a case file index has said so, and info says it again.
 */
CliReport cli_query_report(const CliQuery *query);

/* Says on standard error that what was asked for touches gaps in the coverage; without --quiet. */
void cli_report_gaps(const CliQuery *query);

static inline void cli_rows_cleanup(SpoorRows **rows) {
        *rows = spoor_rows_free(*rows);
}

static inline void cli_case_cleanup(SpoorCase **scase) {
        *scase = spoor_case_free(*scase);
}

#endif
