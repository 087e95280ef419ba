/* Between the parser of expressions and its table of names; private to the query floor. */
#ifndef QUERY_WHERE_PARSE_H
#define QUERY_WHERE_PARSE_H

#include "query/where.h"

/* What NAME names; its path is NAME itself. Returns what was probably meant, or NULL. */
const char *where_find_field(Slice name, WhereField *ret_field);

#endif
