/*
 * What a question names, and following it backward: by what grants an identity came to be, and who
 * made those. The same edges as forward, found from their other end: the key handed out, the
 * session begun, the user or role created, the host entered. What gives power over somebody counts
 * where it came before what that power was used for, so a step carries the event that it must have
 * led to.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/time.h"
#include "query/lineage-private.h"
#include "query/selection.h"

/* ---- what is asked about ---- */

int lineage_check_what(Slice text) {
        What what;

        return what_parse(text, &what);
}

/* Those of the keys that were used from an address, and those without a key themselves. */
static int push_ip(Lineage *l, uint32_t ip, bool is_beginning) {
        StoreRange range = store_uses_by_ip(l->store, ip);
        int r = 0;

        for (uint32_t i = range.first; i < range.end && r == 0; i++) {
                uint32_t identity = store_use(l->store, store_use_at(l->store, i)).identity;
                uint32_t key = lineage_identity_field(l, identity, EVENT_ID_KEY);

                if (key != STORE_NONE)
                        r = what_identities_by(
                                        l->store, STORE_IDENTITIES_BY_KEY, key, &l->identities);
                else
                        r = is_beginning ? lineage_claim_address(l, identity, ip)
                                         : numbers_push(&l->identities, identity);
        }
        return r;
}

int lineage_what_identities(Lineage *l, const What *what, bool is_beginning) {
        Numbers addresses = {0};
        int r = what_identities(l->store, what, &l->identities);

        if (r < 0 || what->kind != WHAT_IP)
                return r;
        r = what_addresses(l->store, what, &addresses);
        for (size_t i = 0; i < addresses.size && r == 0; i++)
                r = push_ip(l, addresses.data[i], is_beginning);
        vec_deinit(&addresses);
        numbers_sort(&l->identities, true);
        return r;
}

int lineage_begin_from(Lineage *l, Slice text) {
        What what;
        int r = what_parse(text, &what);

        if (r == 0) {
                what_settle(l->store, &what);
                r = lineage_what_identities(l, &what, true);
        }
        for (size_t i = 0; i < l->identities.size && r == 0; i++)
                r = lineage_claim(l, l->identities.data[i], 0, STORE_NONE);
        return r;
}

/* ---- backward ---- */

/* IDENTITY, for what it did up to before UNTIL. `claimed` holds the latest such event, plus one. */
static int want(Lineage *l, uint32_t identity, uint32_t until, uint32_t row) {
        Step step = {STEP_IDENTITY, {identity, 0, until, row}, STORE_NONE};

        if (identity >= store_n_identities(l->store))
                return 0;
        if (l->claimed[identity]) {
                if (l->claimed[identity] - 1 >= until)
                        return 0;
                step.claim.since = l->claimed[identity] - 1;
        }
        l->claimed[identity] = until + 1;
        if (vec_reserve(&l->steps, 1) < 0)
                return -ENOMEM;
        l->steps.data[l->steps.size++] = step;
        return 0;
}

/* Nodes of no grant: what was looked up already, as many identities ask the same. */
#define NODE_DOORS 0x100 /* a role and who took it: the policies that let them */
#define NODE_HOST 0x101  /* a host or service: the grants by which it is entered */
#define NODE_MADE 0x200  /* and an index: the grants under a value of it, up to SINCE */

static int take(Lineage *l, uint32_t grant, uint32_t row);

/* Policies and the creation that let the source of GRANT take its role. */
static int take_doors(Lineage *l, const StoreGrant *grant, uint32_t row) {
        uint32_t principal = store_dim_of(l->store, STORE_DIM_PRINCIPAL, grant->event);
        NodeKey key = {NODE_DOORS, grant->fields[EVENT_GRANT_ROLE_NAME], principal, 0};
        StoreRange range = store_grants_by(l->store, STORE_GRANTS_BY_ROLE, key.string);
        Node *node = lineage_node(l, key);
        int r = 0;

        if (!node)
                return -ENOMEM;
        if (node->since != STORE_NONE && node->since >= grant->event)
                return 0;
        if (node->since != STORE_NONE)
                range = store_grants_since(l->store, STORE_GRANTS_BY_ROLE, range, node->since);
        node->since = grant->event;
        for (uint32_t i = range.first; i < range.end && r == 0; i++) {
                uint32_t number = store_grant_at(l->store, STORE_GRANTS_BY_ROLE, i);
                StoreGrant door = store_grant(l->store, number);

                if (door.event >= grant->event)
                        break;
                if ((door.kind == EVENT_GRANT_CREATE_ROLE ||
                                    (door.kind == EVENT_GRANT_TRUST_POLICY &&
                                                    lineage_is_named(l, grant->event,
                                                                    door.fields[EVENT_GRANT_PRINCIPAL]))) &&
                                lineage_same_role(l, &door, grant))
                        r = take(l, number, row);
        }
        return r;
}

static int take(Lineage *l, uint32_t number, uint32_t parent) {
        uint32_t depth = parent == STORE_NONE ? 1 : l->rows.data[parent].depth + 1;
        uint32_t row = lineage_take(l, number, depth, parent);
        StoreGrant grant;
        int r = 0;

        if (row == STORE_NONE)
                return l->error;
        grant = store_grant(l->store, l->rows.data[row].grant);
        if (!lineage_is_success(l, grant.event))
                return 0;
        if (grant.kind == EVENT_GRANT_SWITCH_ROLE &&
                        grant.fields[EVENT_GRANT_SOURCE] != STORE_NONE) {
                StoreRange range = store_identities_by(l->store, STORE_IDENTITIES_BY_ARN,
                                grant.fields[EVENT_GRANT_SOURCE]);

                for (uint32_t i = range.first; i < range.end && r == 0; i++)
                        r = want(l, store_identity_at(l->store, STORE_IDENTITIES_BY_ARN, i),
                                        grant.event, row);
        } else {
                r = want(l, store_tuple(l->store, STORE_IDENTITY, grant.event), grant.event, row);
        }
        if (r == 0 && grant.kind <= EVENT_GRANT_ASSUME_ROLE_WEB)
                r = take_doors(l, &grant, row);
        return r;
}

/* Grants under VALUE whose kind is in KINDS (bits), from event SINCE to before UNTIL. */
static int take_by(Lineage *l, StoreGrantIndex index, uint32_t value, uint32_t kinds,
                uint32_t since, uint32_t until, uint32_t account, uint32_t row) {
        StoreRange range = store_grants_by(l->store, index, value);
        int r = 0;

        if (since)
                range = store_grants_since(l->store, index, range, since);
        for (uint32_t i = range.first; i < range.end && r == 0; i++) {
                uint32_t number = store_grant_at(l->store, index, i);
                StoreGrant grant = store_grant(l->store, number);

                if (grant.event >= until)
                        break;
                if (grant.kind < EVENT_N_EDGES && (kinds >> grant.kind & 1) &&
                                (account == STORE_NONE || store_dim_of(l->store, STORE_DIM_ACCOUNT,
                                                                          grant.event) == account))
                        r = take(l, number, row);
        }
        return r;
}

#define BIT(kind) (UINT32_C(1) << (kind))
#define WITH_KEY (BIT(EVENT_GRANT_ACCESS_KEY + 1) - 1)
#define ALL_EDGES (BIT(EVENT_N_EDGES) - 1)

/*
 * The same before UNTIL, for what many identities have in common: a grant is taken once, so what an
 * identity before this one has looked at needs no other look.
 */
static int take_made(Lineage *l, StoreGrantIndex index, uint32_t value, uint32_t kinds,
                uint32_t account, const LineageClaim *c) {
        NodeKey key = {NODE_MADE | (uint32_t)index, value, account, 0};
        uint32_t since;
        Node *node;

        if (value == STORE_NONE)
                return 0;
        node = lineage_node(l, key);
        if (!node)
                return -ENOMEM;
        since = node->since == STORE_NONE ? 0 : node->since;
        if (since >= c->until)
                return 0;
        node->since = c->until;
        return take_by(l, index, value, kinds, since, c->until, account, c->row);
}

/* Logins and other grants by which the session of IDENTITY, whose key none handed out, began. */
static int take_session(Lineage *l, uint32_t identity, uint32_t row) {
        uint32_t pid = lineage_identity_field(l, identity, EVENT_ID_PRINCIPAL_ID);
        Slice created = store_string(
                        l->store, lineage_identity_field(l, identity, EVENT_ID_CREATION_DATE));
        StoreRange range = store_grants_by(l->store, STORE_GRANTS_BY_PRINCIPAL_ID, pid);
        int64_t time;
        int r = 0;

        if (!created.size || time_parse(created, &time))
                return 0;
        range = store_grants_since(l->store, STORE_GRANTS_BY_PRINCIPAL_ID, range,
                        store_lower_bound(l->store, time - 5 * TIME_SECOND));
        for (uint32_t i = range.first; i < range.end && r == 0; i++) {
                uint32_t number = store_grant_at(l->store, STORE_GRANTS_BY_PRINCIPAL_ID, i);
                StoreGrant grant = store_grant(l->store, number);
                NodeKey key;

                if (store_time(l->store, grant.event) > time + 5 * TIME_SECOND)
                        break;
                if ((lineage_session_key(l, &grant, &key) ||
                                    (lineage_node_key(l, &grant, &key) &&
                                                    (key.kind == NODE_SESSION ||
                                                                    key.kind == NODE_ARN))) &&
                                lineage_is_member(l, key, identity))
                        r = take(l, number, row);
        }
        return r;
}

/* Of a host or service: the grants by which it is entered or given a role, found once. */
static Node *find_host(Lineage *l, uint32_t host) {
        StoreRange range = store_grants_by(l->store, STORE_GRANTS_BY_INSTANCE, host);
        Node *node = lineage_node(l, (NodeKey){NODE_HOST, host, 0, 0});

        if (!node || node->since != STORE_NONE)
                return node;
        node->since = 0;
        for (uint32_t i = range.first; i < range.end; i++) {
                uint32_t number = store_grant_at(l->store, STORE_GRANTS_BY_INSTANCE, i);
                uint32_t kind = store_grant(l->store, number).kind;

                if ((kind == EVENT_GRANT_HOST_HOP || kind == EVENT_GRANT_PASS_ROLE) &&
                                numbers_push(&node->entries, number) < 0)
                        return NULL;
        }
        return node;
}

/* Hosts entered and services given a role, from which the records of C's identity may come. */
static int take_hosts(Lineage *l, uint32_t host, const LineageClaim *c) {
        Node *node = host == STORE_NONE ? NULL : find_host(l, host);
        int r = 0;

        if (host == STORE_NONE)
                return 0;
        for (size_t i = 0; node && i < node->entries.size && r == 0; i++) {
                StoreGrant grant = store_grant(l->store, node->entries.data[i]);
                NodeKey key;

                if (grant.event >= c->until)
                        break;
                if (grant.event >= c->since && lineage_node_key(l, &grant, &key) &&
                                lineage_is_member(l, key, c->identity))
                        r = take(l, node->entries.data[i], c->row);
        }
        return node ? r : -ENOMEM;
}

static Slice session_of(Lineage *l, uint32_t identity) {
        Slice pid = store_string(
                        l->store, lineage_identity_field(l, identity, EVENT_ID_PRINCIPAL_ID));
        const char *colon = pid.size ? memchr(pid.data, ':', pid.size) : NULL;

        return colon ? slice(colon + 1, pid.size - (size_t)(colon + 1 - pid.data))
                     : (Slice){NULL, 0};
}

static int step_back(Lineage *l, const LineageClaim *c) {
        uint32_t key = lineage_identity_field(l, c->identity, EVENT_ID_KEY);
        uint32_t user = lineage_identity_field(l, c->identity, EVENT_ID_USER_NAME);
        uint32_t account = lineage_identity_field(l, c->identity, EVENT_ID_ACCOUNT);
        Slice session = session_of(l, c->identity);
        uint32_t host = session.size ? store_find_string(l->store, session) : STORE_NONE;
        int r = 0;

        if (c->since == 0 && key != STORE_NONE)
                r = take_by(l, STORE_GRANTS_BY_KEY, key, WITH_KEY, 0, STORE_NONE, STORE_NONE,
                                c->row);
        if (r == 0 && c->since == 0 && (key == STORE_NONE || !lineage_is_issued(l, key)))
                r = take_session(l, c->identity, c->row);
        if (r == 0)
                r = take_made(l, STORE_GRANTS_BY_PRINCIPAL_ID,
                                lineage_identity_field(l, c->identity, EVENT_ID_PRINCIPAL_ID),
                                BIT(EVENT_GRANT_CREATE_USER), STORE_NONE, c);
        if (r == 0 && user != STORE_NONE)
                r = take_made(l, STORE_GRANTS_BY_USER, user, BIT(EVENT_GRANT_LOGIN_PROFILE),
                                account, c);
        if (r == 0)
                r = take_made(l, STORE_GRANTS_BY_PRINCIPAL,
                                lineage_identity_field(l, c->identity, STORE_ID_PRINCIPAL),
                                BIT(EVENT_GRANT_CREATE_ROLE), STORE_NONE, c);
        if (r == 0)
                r = take_hosts(l, host, c);
        return r;
}

/* What was handed out under WHAT's own name, used or not. */
static int take_named(Lineage *l, const What *what) {
        uint32_t string = store_find_string(l->store, what->text), none = STORE_NONE;
        const char *slash = memrchr(what->text.data, '/', what->text.size);
        Slice name = slash ? slice(slash + 1, what->text.size -
                                                              (size_t)(slash + 1 - what->text.data))
                           : what->text;
        StoreRange range;
        int r = 0;

        switch (what->kind) {
        case WHAT_KEY:
                return take_by(l, STORE_GRANTS_BY_KEY, string, WITH_KEY, 0, none, none, none);
        case WHAT_INSTANCE:
                return take_by(l, STORE_GRANTS_BY_INSTANCE, string, ALL_EDGES, 0, none, none, none);
        case WHAT_NAME:
        case WHAT_USER:
                return take_by(l, STORE_GRANTS_BY_USER, string,
                                BIT(EVENT_GRANT_ACCESS_KEY) | BIT(EVENT_GRANT_CREATE_USER) |
                                                BIT(EVENT_GRANT_LOGIN_PROFILE),
                                0, none, none, none);
        case WHAT_ROLE:
        case WHAT_PRINCIPAL:
        case WHAT_ARN:
                range = store_grants_by(
                                l->store, STORE_GRANTS_BY_ROLE, store_find_string(l->store, name));
                for (uint32_t i = range.first; i < range.end && r == 0; i++) {
                        uint32_t number = store_grant_at(l->store, STORE_GRANTS_BY_ROLE, i);
                        StoreGrant grant = store_grant(l->store, number);

                        if ((grant.kind <= EVENT_GRANT_SERVICE_ROLE ||
                                            grant.kind == EVENT_GRANT_CREATE_ROLE) &&
                                        (!slash || grant.fields[EVENT_GRANT_ROLE] == string))
                                r = take(l, number, none);
                }
                if (r == 0 && what->kind != WHAT_ROLE)
                        r = take_by(l, STORE_GRANTS_BY_PRINCIPAL, string,
                                        BIT(EVENT_GRANT_TRUST_POLICY) - 1, 0, none, none, none);
                return r;
        case WHAT_SESSION:
                return take_by(l, STORE_GRANTS_BY_PRINCIPAL, string,
                                BIT(EVENT_GRANT_TRUST_POLICY) - 1, 0, none, none, none);
        default:
                return 0;
        }
}

int lineage_back(Lineage *l, Slice text) {
        What what;
        int r = what_parse(text, &what);

        if (r == 0) {
                what_settle(l->store, &what);
                r = lineage_what_identities(l, &what, false);
        }
        for (size_t i = 0; i < l->identities.size && r == 0; i++)
                r = want(l, l->identities.data[i], STORE_NONE - 1, STORE_NONE);
        if (r == 0)
                r = take_named(l, &what);
        while (l->at < l->steps.size && r == 0 && !store_is_faulty(l->store)) {
                LineageClaim claim = l->steps.data[l->at++].claim;

                r = step_back(l, &claim);
        }
        return r;
}
