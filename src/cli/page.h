/* Pages, answers of several tables, as text for people or as members of an object of JSON. */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include "cli/output.h"

#include <spoor/spoor.h>
#include <stdbool.h>
#include <stdint.h>

/* Rows of a section that text shows. */
#define CLI_PAGE_ROWS 10

/*
 * ROWS as JSON: an array of objects, one on a line, or (IS_SINGLE) one object or null. No newline
 * behind it. 0, or what spoor_rows_next() failed with.
 */
int cli_rows_json(SpoorRows *rows, bool is_single, CliOutput *output, SpoorError *error);

/* All of PAGE as one object, a member for each section; no newline behind it. */
int cli_page_json(SpoorPage *page, CliOutput *output, SpoorError *error);

/* Sections with titles, MAX_ROWS rows of each; what is more is counted, and HOW_MORE tells how to
 * see it. Columns that only programs want are left out. */
int cli_page_text(SpoorPage *page, uint64_t max_rows, const char *how_more, bool color,
                CliOutput *output, SpoorError *error);

#endif
