/*
 * what: WHAT a question is about, as an analyst has it in hand: an access key id, an address or
 * block, a user, a role, a principal, a session, an instance. A prefix ("key:", "role:") leaves no
 * doubt; without one it is told by what the store holds, and where that knows nothing by its form.
 */
#ifndef QUERY_WHAT_H
#define QUERY_WHAT_H

#include "query/numbers.h"
#include "store/store.h"

typedef enum WhatKind {
        WHAT_ANY, /* not settled yet */
        WHAT_KEY,
        WHAT_IP,   /* an address, a block, or a pattern of addresses */
        WHAT_NAME, /* of a user, of a role, or of both */
        WHAT_USER,
        WHAT_ROLE,      /* its name or its ARN */
        WHAT_PRINCIPAL, /* as the dimension has it */
        WHAT_SESSION,   /* an ARN */
        WHAT_INSTANCE,
        WHAT_ARN, /* of a session or a principal */
        WHAT_N_KINDS,
} WhatKind;

typedef struct What {
        WhatKind kind;
        Slice text; /* without the prefix; borrowed */
} What;

#define WHAT_E_FORM 1 /* it is malformed */

/* 0, WHAT_E_FORM, or -ENOMEM. The kind may be left to what_settle(). */
int what_parse(Slice text, What *ret);
/* WHAT_ANY made certain. */
void what_settle(Store *store, What *what);
/* "key" and so on, of one that is settled. */
const char *what_kind_name(WhatKind kind);

/* The identities that a settled WHAT names, rising; none of an address. 0 or -ENOMEM. */
int what_identities(Store *store, const What *what, Numbers *ret);
/* Those under VALUE of an index, appended. */
int what_identities_by(
                Store *store, StoreIdentityIndex index, uint32_t string, Numbers *identities);
/* The addresses (strings, rising) that a WHAT_IP names. 0 or -ENOMEM. */
int what_addresses(Store *store, const What *what, Numbers *ret);

#endif
