/*
 * where: an expression over fields and paths, as a tree; private to the query floor.
 *
 *     where-parse.c   text into nodes, tests and terms; what is malformed, and where
 *     where-value.c   a term against a text, a number, a time
 *     where-tree.c    yes, no, or not known yet
 *     where-plan.c    on a store: which index drives, each distinct text once, records where the
 *                     columns do not tell
 */
#ifndef QUERY_WHERE_H
#define QUERY_WHERE_H

#include "base/address.h"
#include "base/arena.h"
#include "base/regex.h"
#include "base/vec.h"
#include "query/query.h"

#define WHERE_MAX_BYTES ((size_t)128 << 10) /* of one expression */
#define WHERE_MAX_DEPTH 100U                /* parentheses and nots in each other */
#define WHERE_MAX_TESTS 1000U               /* of all expressions of a selection */
#define WHERE_MAX_PARTS 64U                 /* of a path */

/* A number as JSON writes it, of any size, compared digit by digit. */
typedef struct WhereNumber {
        int sign;          /* -1, 0, 1 */
        Slice whole, part; /* digits before and behind the point */
        size_t first;      /* of all digits, the first that is not 0 */
        int64_t magnitude; /* of that digit: its power of ten + 1 */
} WhereNumber;

/* false where TEXT is no number. */
bool where_number_parse(Slice text, WhereNumber *ret_number);
int where_number_compare(const WhereNumber *a, const WhereNumber *b);

/* Where the value of a field is. */
typedef enum WherePlace {
        WHERE_IDENTITY, /* and so on: a field of the event's tuple */
        WHERE_CALL,
        WHERE_RESULT,
        WHERE_IP,
        WHERE_UA,
        WHERE_N_STRINGS, /* what follows is no string of the store */
        WHERE_TIME = WHERE_N_STRINGS,
        WHERE_ID,
        WHERE_FILE,
        WHERE_RECORD,
        WHERE_TOLD, /* by a file beside the evidence: field is the StoreTold */
        WHERE_PATH, /* in the record itself */
} WherePlace;

typedef struct WhereField {
        WherePlace place;
        int dim;              /* StoreDim, or -1 */
        unsigned field;       /* of the tuple */
        bool is_service;      /* "iam" says "iam.amazonaws.com" too */
        Slice path;           /* WHERE_PATH: parts joined by dots */
        unsigned path_number; /* among the tests of paths */
} WhereField;

typedef enum WhereKind {
        WHERE_TEXT, /* compared bytewise */
        WHERE_NUMBER,
        WHERE_MOMENT, /* a time */
        WHERE_BLOCK,
        WHERE_GLOB,
        WHERE_REGEX,
} WhereKind;

typedef enum WhereRelation {
        WHERE_EQUAL,
        WHERE_LESS,
        WHERE_LESS_EQUAL,
        WHERE_GREATER,
        WHERE_GREATER_EQUAL,
} WhereRelation;

typedef struct WhereTerm {
        WhereKind kind;
        WhereRelation relation;
        Slice text; /* also of the others, as it was written */
        WhereNumber number;
        int64_t time;
        AddressBlock block;
        Regex *regex;
} WhereTerm;

/* True where any of its terms is of any value of the field, or there is none and that is asked. */
typedef struct WhereTest {
        WhereField field;
        uint32_t first_term, n_terms;
        uint32_t n_texts; /* the first of the terms: equal to a text, sorted */
        bool takes_absent;
} WhereTest;

typedef enum WhereNodeKind {
        WHERE_AND,
        WHERE_OR,
        WHERE_NOT,
        WHERE_TEST,
} WhereNodeKind;

#define WHERE_NONE UINT32_MAX

typedef struct WhereNode {
        WhereNodeKind kind;
        uint32_t child; /* the first; of WHERE_TEST the test */
        uint32_t next;  /* of the same parent, or WHERE_NONE */
} WhereNode;

/* Expressions that are all asked for. Never changed once it is parsed. */
typedef struct Where {
        Arena arena;
        VEC(WhereNode) nodes;
        VEC(WhereTest) tests;
        VEC(WhereTerm) terms;
        VEC(uint32_t) roots;
        unsigned n_paths; /* tests of paths */
} Where;

/* One more expression, narrowing; where it fails nothing is added. 0, SELECTION_WHERE, -ENOMEM. */
int where_parse(Where *where, Slice text, SelectionWhereFault *ret_fault);
void where_deinit(Where *where);

typedef enum WhereTruth {
        WHERE_NO,
        WHERE_YES,
        WHERE_UNKNOWN,
} WhereTruth;

typedef WhereTruth (*WhereAsk)(void *userdata, uint32_t test);

/* Does a comparison name FIELD? */
bool where_asks(const Where *where, Slice field);

/* Are all expressions true, if the tests are what ASK says? */
WhereTruth where_decide(const Where *where, WhereAsk ask, void *userdata);

/* Is TEXT (data NULL: absent) what the test takes? 1, 0; -ENOMEM, -EOVERFLOW of a regular
 * expression. */
int where_test_text(const Where *where, const WhereTest *test, Slice text);
/* The same of a time. */
int where_test_time(const Where *where, const WhereTest *test, int64_t time);

/* Narrows the window [*from, *to) to what the expressions allow; see has. */
typedef struct WhereWindow {
        bool has_from, has_to;
        int64_t from, to;
} WhereWindow;

void where_narrow(const Where *where, WhereWindow *window);

/* May EVENT be selected, or what is left of it once it is refused? See selection_may_take(). */
bool where_may_take(const Where *where, const Event *event);

#endif
