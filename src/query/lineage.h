/*
 * lineage: who obtained which credential from whom. Works on one sealed store, from its grants.
 *
 * A Lineage is the answer to one question: rows, one for each edge, in time order; what was found
 * on them; and the claims, which say what identity belongs to the chain from when until when, and
 * by which row. The cost is that of the answer: every step is a search in an index.
 */
#ifndef QUERY_LINEAGE_H
#define QUERY_LINEAGE_H

#include "base/vec.h"
#include "query/query.h"

typedef struct LineageQuestion {
        Slice from;         /* WHAT the chain begins at; absent: every edge */
        Slice to;           /* WHAT it ends at; with FROM the edges on the way between them */
        uint32_t max_depth; /* 0: none */
        bool has_attempts;  /* also what was denied or failed */
        bool keeps_rows;    /* the selection is for lineage_events() alone */
} LineageQuestion;

/* Records made with what was handed out, or from then on by whom it was handed to. */
typedef struct LineageUses {
        uint32_t first, last; /* events; STORE_NONE without any */
        uint32_t n_events, n_successes, n_ips;
        uint32_t n_keys, key; /* distinct ones; the only one, else STORE_NONE */
} LineageUses;

typedef struct LineageRow {
        uint32_t grant;
        uint32_t pair;   /* the other account's grant of the same call, or STORE_NONE */
        uint32_t depth;  /* from 1 */
        uint32_t parent; /* row whose credential it was done with, or which it led to; STORE_NONE */
        LineageUses uses;
        struct LineageNode *node; /* private */
        bool is_attempt;          /* it was denied or failed */
        bool is_whole;            /* leads to a key or a session, not to a principal or a host */
        uint32_t first_finding, n_findings;
} LineageRow;

typedef enum LineageFindingKind {
        LINEAGE_SECOND_ADDRESS,   /* used from another address while the first goes on */
        LINEAGE_SECOND_NETWORK,   /* and of another network: /24, /48 */
        LINEAGE_AFTER_STOP,       /* used after a key that it came from was stopped */
        LINEAGE_AFTER_REVOCATION, /* used after its role's sessions were revoked */
        LINEAGE_FIRST_TIME,       /* this principal had never taken this role */
        LINEAGE_ACROSS_ACCOUNTS,
        LINEAGE_N_FINDINGS,
} LineageFindingKind;

#define LINEAGE_MAX_EVIDENCE 4

typedef struct LineageFinding {
        LineageFindingKind kind;
        uint32_t row;                            /* STORE_NONE: of what the chain begins at */
        uint32_t key;                            /* string; STORE_NONE where there is none */
        uint32_t ip;                             /* the second address */
        uint32_t evidence[LINEAGE_MAX_EVIDENCE]; /* events, the deciding one first; STORE_NONE ends
                                                  */
        uint32_t n_calls, n_successes;           /* after it */
        uint32_t last, last_success;             /* events of those, or STORE_NONE */
} LineageFinding;

/* Events of IDENTITY from SINCE to before UNTIL belong to ROW (STORE_NONE: to the beginning). */
typedef struct LineageClaim {
        uint32_t identity, since, until, row;
} LineageClaim;

typedef struct Lineage Lineage;

/*
 * SELECTION (may be NULL) narrows the edges that become rows, not the way they are followed.
 * 0 or -ENOMEM; LINEAGE_E_WHAT: FROM or TO is malformed.
 */
#define LINEAGE_E_WHAT 1 /* WHAT_E_FORM */
int lineage_new(Store *store, const LineageQuestion *question, const Selection *selection,
                Lineage **ret_lineage);
Lineage *lineage_free(Lineage *lineage);
/* Is TEXT a WHAT? LINEAGE_E_WHAT where it is not. */
int lineage_check_what(Slice text);

size_t lineage_n_rows(const Lineage *lineage);
const LineageRow *lineage_row(const Lineage *lineage, size_t i);
size_t lineage_n_findings(const Lineage *lineage);
const LineageFinding *lineage_finding(const Lineage *lineage, size_t i);

/* One event of the chain and the row that it belongs to, or STORE_NONE for the beginning. */
typedef struct LineageEvent {
        uint32_t event, row;
} LineageEvent;

/* All events done with any credential of the chain, in time order, on the heap. */
int lineage_events(Lineage *lineage, LineageEvent **ret_events, size_t *ret_n);

/* "assume-role" and so on. */
const char *lineage_edge_name(uint32_t kind);
const char *lineage_finding_name(LineageFindingKind kind);
/* "exact", "strong", "probable". */
const char *lineage_confidence(const StoreGrant *grant);

#endif
