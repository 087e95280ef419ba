/*
 * The rows that info prints where an option asks for them: which there are, which columns they
 * have, and how each format shows them. Functions return a CliExit and have said why when it is not
 * 0.
 */
#ifndef CLI_INFO_ROWS_H
#define CLI_INFO_ROWS_H

#include "cli/list.h"
#include "cli/query.h"

typedef struct CliInfoRows {
        CliFlagId flag;
        const char *name; /* of the flag, and of the rows in an object of JSON */
        int (*open)(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *ret_error);
        const char *(*column)(size_t i);
        const char *const *table_columns; /* what a screen has room for; NULL ends */
        /* Prints a table of its own, without --columns; NULL: it is like any other. */
        int (*draw)(CliQuery *query);
} CliInfoRows;

/* What ARGS ask for, and the columns of it; to be checked before any evidence is opened. */
typedef struct CliInfoQuestion {
        const CliInfoRows *rows; /* NULL: no rows, or several in an object */
        CliList columns;
} CliInfoQuestion;

int cli_info_question(const CliArgs *args, CliFormat format, CliInfoQuestion *ret);
void cli_info_question_deinit(CliInfoQuestion *question);

/* The answer, whole. */
int cli_info_rows_print(CliQuery *query, const CliInfoQuestion *question);

/* `,\n  "rows": {...}` for all that ARGS ask for; nothing where that is nothing. */
int cli_info_rows_object(CliQuery *query, const CliInfoQuestion *question);

#endif
