/* The table of info --coverage. */
#ifndef CLI_DAYS_H
#define CLI_DAYS_H

#include "cli/query.h"

/*
 * A line for each account and region, with a mark for each day or, where those were too many, each
 * week or more; then the gaps. Finishes the output. Returns a CliExit.
 */
int cli_days_draw(CliQuery *query);

#endif
