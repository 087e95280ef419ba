/* What the parts of the lineage share; private to them. */
#ifndef QUERY_LINEAGE_PRIVATE_H
#define QUERY_LINEAGE_PRIVATE_H

#include "base/arena.h"
#include "query/lineage.h"
#include "query/numbers.h"
#include "query/what.h"

/* What a grant leads to: a set of identities, all their records or those from some event on. */
typedef enum NodeKind {
        NODE_NONE,
        NODE_KEY,       /* string: the key */
        NODE_SESSION,   /* principalId, and the second in which the session began */
        NODE_ARN,       /* session ARN, likewise */
        NODE_ID,        /* principalId */
        NODE_USER,      /* userName, account */
        NODE_ROLE,      /* name, account */
        NODE_PRINCIPAL, /* ARN */
        NODE_INSTANCE,  /* session name, account */
        NODE_SERVICE,   /* session name, account, and the role it was given */
        NODE_LOOSE,     /* principalId: no node of a grant, but where its loose identities are */
} NodeKind;

typedef struct NodeKey {
        uint32_t kind, string, extra;
        uint32_t role; /* name; 0 but of a NODE_SERVICE */
} NodeKey;

/* All events of a node in time order, and what stands behind each place. */
typedef struct Trail {
        uint32_t *events;
        uint32_t *n_successes; /* in events[i ..] */
        uint32_t *n_ips;
        uint32_t n;
} Trail;

/* Where a second address was met while the first went on. */
typedef struct Overlap {
        uint32_t ip;                    /* STORE_NONE: nowhere */
        uint32_t event;                 /* its first use */
        uint32_t main_first, main_last; /* of the first address */
        bool is_network;
} Overlap;

/* An identity whose key nothing issued, and the second in which its session began. */
typedef struct Loose {
        uint32_t second, identity;
} Loose;

typedef struct LineageNode {
        NodeKey key;
        uint32_t since;    /* claimed from here on; STORE_NONE: not yet */
        StoreRange range;  /* of its string in the index of identities */
        StoreRange grants; /* of a key: those that hand it out, stop it or start it */
        bool has_range, has_grants;
        bool has_uses, has_overlap, has_trail, is_led;
        LineageUses uses; /* of all its records */
        Overlap overlap;
        Trail trail;
        VEC(Loose) loose; /* of NODE_LOOSE, in order of time */
        bool has_loose;
        Numbers entries; /* of a host: grants by which it is entered or given a role, by time */
} Node;

typedef enum StepKind {
        STEP_IDENTITY, /* what it did from SINCE to before UNTIL */
        STEP_NODE,     /* those of a principal or host, from SINCE on; its grant in IDENTITY */
        STEP_ADDRESS,  /* what an identity without a key did from the address PRINCIPAL */
        STEP_ROLE,     /* who took the role from SINCE on, by PRINCIPAL or (STORE_NONE) anyone */
} StepKind;

typedef struct Step {
        StepKind kind;
        LineageClaim claim; /* of a STEP_ROLE, too, the identity is a grant */
        uint32_t principal;
} Step;

struct Lineage {
        Store *store;
        LineageQuestion question;
        Plan *plan; /* of the selection, or NULL */
        VEC(LineageRow) rows;
        VEC(LineageFinding) findings;
        VEC(Step) steps; /* the queue; what was done stays in it */
        size_t at;
        VEC(Step) waiting; /* principals and hosts, for when the queue is empty */
        size_t n_waited;

        VEC(Node *) nodes;
        Arena arena;     /* of the nodes */
        uint32_t *slots; /* hash of the nodes: number + 1 */
        size_t n_slots;

        uint32_t *claimed; /* of an identity: it is claimed from event claimed - 1 on; 0: not */
        unsigned char *is_seen; /* grants */
        uint32_t success;       /* string */
        bool has_switches;      /* somebody switched roles */
        uint32_t role;          /* whose revocations `revocations` are */
        StoreRange revocations;
        uint32_t taker, taken, first_taken; /* of the last question to store_first_taken() */
        VEC(uint32_t)
        stops; /* of a row: the next one up, or itself, whose source key was stopped after it */
        Numbers identities, values; /* scratch */
        int error;                  /* -ENOMEM, once */
};

/* ---- nodes: lineage-uses.c ---- */

/* The node that GRANT leads to, in *RET; false where it leads to none. */
bool lineage_node_key(Lineage *l, const StoreGrant *grant, NodeKey *ret);
Node *lineage_node(Lineage *l, NodeKey key);
/* Its identities into l->identities. */
int lineage_node_identities(Lineage *l, Node *node);
/*
 * The session of GRANT, which hands out a key: who else has its principalId and beginning, without
 * a key or with one that nothing issued, belongs to it.
 */
bool lineage_session_key(Lineage *l, const StoreGrant *grant, NodeKey *ret);
/* Those of it into l->identities; none where GRANT hands out no key. */
int lineage_loose_identities(Lineage *l, const StoreGrant *grant);
/* Does a record hand out KEY? */
bool lineage_is_issued(Lineage *l, uint32_t key);
/* Is IDENTITY, found under the node's string, one of it? */
bool lineage_is_member(Lineage *l, NodeKey key, uint32_t identity);
/* Are all records of such a node meant, or those from the grant on? */
bool lineage_is_whole(NodeKind kind);
int lineage_node_uses(Lineage *l, Node *node, uint32_t since, LineageUses *ret);
const Trail *lineage_node_trail(Lineage *l, Node *node);
/* Events of IDENTITY from SINCE to before UNTIL, appended to EVENTS. */
int lineage_identity_events(
                Lineage *l, uint32_t identity, uint32_t since, uint32_t until, Numbers *events);
uint32_t lineage_trail_since(const Trail *trail, uint32_t event);

/* ---- walking: lineage.c, lineage-back.c ---- */

uint32_t lineage_identity_field(Lineage *l, uint32_t identity, unsigned field);
bool lineage_is_success(Lineage *l, uint32_t event);
/* The other account's grant of one call, or STORE_NONE. *RET is the one to tell. */
uint32_t lineage_pair(Lineage *l, uint32_t grant, uint32_t *ret);
/* Adds a row for GRANT, once; its number, or STORE_NONE where there is no (new) row. */
uint32_t lineage_take(Lineage *l, uint32_t grant, uint32_t depth, uint32_t parent);
/* Is the role of GRANT that of OTHER, by ARN where both have one? */
bool lineage_same_role(Lineage *l, const StoreGrant *grant, const StoreGrant *other);
/* Is the source of GRANT among those whom a trust policy names with PRINCIPAL? */
bool lineage_is_named(Lineage *l, uint32_t grant_event, uint32_t principal);

/* What FROM names is claimed from the beginning. */
int lineage_begin_from(Lineage *l, Slice what);
int lineage_claim(Lineage *l, uint32_t identity, uint32_t since, uint32_t row);
/* What IDENTITY did from IP, and no more: who has no key is not one and the same everywhere. */
int lineage_claim_address(Lineage *l, uint32_t identity, uint32_t ip);
/* Rows that lead to what TO names. */
int lineage_back(Lineage *l, Slice what);

/*
 * The identities that WHAT names into l->identities: those of its keys, and those without one; of
 * an address the latter are, with IS_BEGINNING, claimed for what they did from there.
 */
int lineage_what_identities(Lineage *l, const What *what, bool is_beginning);

/* ---- lineage-findings.c ---- */

/* Uses and findings of all rows, and of what the chain begins at; rows as they were met. */
int lineage_find(Lineage *l);
/* Findings in the order of the rows, and each row's place among them. */
int lineage_settle_findings(Lineage *l);

#endif
