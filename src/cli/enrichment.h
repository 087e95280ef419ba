/*
 * The files that tell more about the evidence, and the columns that they bring. Functions that
 * return a CliExit have said why when it is not 0.
 */
#ifndef CLI_ENRICHMENT_H
#define CLI_ENRICHMENT_H

#include "cli/flags.h"
#include "cli/render.h"

/* Reads what ARGS name; NULL where that is nothing. */
int cli_enrichment_read(const CliArgs *args, SpoorEnrichment **ret_enrichment);

/* Is NAME one of the columns that an enrichment may bring? */
bool cli_enrichment_column(const char *name);
/* And has it been asked for with the option that brings it? */
int cli_enrichment_check(const CliArgs *args, const char *name);
/* Has what the expressions of SELECTION name? */
int cli_enrichment_check_where(const CliArgs *args, const SpoorSelection *selection);

#define CLI_ENRICHMENT_MAX 8

/*
 * COLUMNS of ROWS with those of the enrichment behind them, as far as they are not among them;
 * RET_COLUMNS has room for CLI_ENRICHMENT_MAX more. Returns how many there are.
 */
size_t cli_enrichment_add(const SpoorRows *rows, const CliColumn *columns, size_t n_columns,
                CliColumn *ret_columns);

#endif
