/*
 * Uses of every row, and what is remarkable about it. Rows come in the order in which they were
 * met, a row behind its parent, so that what befell a key is handed down to all that came from it.
 *
 *     second address    the first use from another address lies before the last from the first one
 *     after stop        a key that it came from was deactivated or deleted, and it was used after
 * that after revocation  its role's older sessions were refused, and it was used after that first
 * time        the principal's first success in taking the role across accounts   the role stands in
 * another account than who took it
 */
#include <errno.h>
#include <stdlib.h>

#include "query/lineage-private.h"

/* ---- making findings ---- */

static LineageFinding *add(Lineage *l, LineageFindingKind kind, uint32_t row, uint32_t key) {
        LineageFinding *finding;

        if (vec_reserve(&l->findings, 1) < 0) {
                l->error = -ENOMEM;
                return NULL;
        }
        finding = &l->findings.data[l->findings.size++];
        *finding = (LineageFinding){.kind = kind,
                        .row = row,
                        .key = key,
                        .ip = STORE_NONE,
                        .last = STORE_NONE,
                        .last_success = STORE_NONE};
        memset(finding->evidence, 0xFF, sizeof(finding->evidence));
        return finding;
}

/* ---- a second address ---- */

typedef struct Address {
        uint32_t ip, first, last;
} Address;

static int compare_by_ip(const void *a, const void *b) {
        const Address *x = a, *y = b;

        if (x->ip != y->ip)
                return x->ip < y->ip ? -1 : 1;
        return (x->first > y->first) - (x->first < y->first);
}

static int compare_by_first(const void *a, const void *b) {
        const Address *x = a, *y = b;

        return (x->first > y->first) - (x->first < y->first);
}

/* AWS itself is everywhere. */
static bool is_address(Slice ip) {
        return ip.size && !slice_ends_with(ip, SLICE_LITERAL(".amazonaws.com")) &&
               !slice_ends_with(ip, SLICE_LITERAL(" Internal"));
}

/* The part of an address that is its network's: three of four numbers, three of eight groups. */
static Slice network_of(Slice ip) {
        char separator = memchr(ip.data, ':', ip.size) ? ':' : '.';
        size_t n = 0;

        for (size_t i = 0; i < ip.size; i++) {
                if (ip.data[i] == separator && ++n == 3)
                        return slice(ip.data, i);
        }
        return ip;
}

/* Addresses of l->identities, one entry for each, in order of first use. */
static int list_addresses(Lineage *l, Address **ret, size_t *ret_n) {
        VEC(Address) list = {0};
        size_t n = 0;

        for (size_t i = 0; i < l->identities.size; i++) {
                StoreRange range = store_uses(l->store, l->identities.data[i]);

                if (vec_reserve(&list, range.end - range.first) < 0) {
                        vec_deinit(&list);
                        return -ENOMEM;
                }
                for (uint32_t u = range.first; u < range.end; u++) {
                        StoreUse use = store_use(l->store, u);

                        if (use.ip != STORE_NONE && is_address(store_string(l->store, use.ip)))
                                list.data[list.size++] = (Address){use.ip, use.first, use.last};
                }
        }
        if (list.size)
                qsort(list.data, list.size, sizeof(Address), compare_by_ip);
        for (size_t i = 0; i < list.size; i++) {
                if (n && list.data[n - 1].ip == list.data[i].ip) {
                        if (list.data[i].last > list.data[n - 1].last)
                                list.data[n - 1].last = list.data[i].last;
                } else {
                        list.data[n++] = list.data[i];
                }
        }
        if (n)
                qsort(list.data, n, sizeof(Address), compare_by_first);
        *ret = list.data;
        *ret_n = n;
        return 0;
}

/* The first other network, else the first other address, that was met while the first went on. */
static int find_overlap(Lineage *l, Node *node) {
        Address *list = NULL;
        size_t n = 0;
        int r;

        if (node->has_overlap)
                return 0;
        node->overlap = (Overlap){.ip = STORE_NONE};
        node->has_overlap = true;
        r = lineage_node_identities(l, node);
        if (r == 0)
                r = list_addresses(l, &list, &n);
        for (size_t i = 1; i < n && r == 0 && list[i].first < list[0].last; i++) {
                bool is_network = !slice_equal(network_of(store_string(l->store, list[0].ip)),
                                network_of(store_string(l->store, list[i].ip)));

                if (node->overlap.ip != STORE_NONE && !is_network)
                        continue;
                node->overlap = (Overlap){
                                list[i].ip, list[i].first, list[0].first, list[0].last, is_network};
                if (is_network)
                        break;
        }
        free(list);
        return r;
}

static int tell_overlap(Lineage *l, Node *node, uint32_t row, uint32_t key) {
        LineageFinding *finding;
        int r = node->has_uses && node->uses.n_ips < 2 ? 0 : find_overlap(l, node);

        if (r < 0 || !node->has_overlap || node->overlap.ip == STORE_NONE)
                return r;
        finding = add(l, node->overlap.is_network ? LINEAGE_SECOND_NETWORK : LINEAGE_SECOND_ADDRESS,
                        row, key);
        if (!finding)
                return -ENOMEM;
        finding->ip = node->overlap.ip;
        finding->evidence[0] = node->overlap.event;
        finding->evidence[1] = node->overlap.main_first;
        finding->evidence[2] = node->overlap.main_last;
        return 0;
}

/* A row's parent is then what it led to. */
static bool is_backward(const Lineage *l) {
        return l->question.to.data && !l->question.from.data;
}

/* ---- used although it was over ---- */

/* The first grant of KIND with success in RANGE after EVENT. */
static uint32_t first_after(Lineage *l, StoreGrantIndex index, StoreRange range,
                EventGrantKind kind, uint32_t event) {
        range = store_grants_since(l->store, index, range, event + 1);
        for (uint32_t i = range.first; i < range.end; i++) {
                StoreGrant grant = store_grant(l->store, store_grant_at(l->store, index, i));

                if (grant.kind == kind && lineage_is_success(l, grant.event))
                        return grant.event;
        }
        return STORE_NONE;
}

static uint32_t earlier(uint32_t a, uint32_t b) {
        return a < b ? a : b; /* STORE_NONE is never */
}

/* When KEY was stopped after EVENT; PARENT (or NULL) is likely to be its node. */
static uint32_t stop_of(Lineage *l, uint32_t key, Node *parent, uint32_t event) {
        NodeKey wanted = {NODE_KEY, key, 0, 0};
        Node *node = parent && parent->key.kind == NODE_KEY && parent->key.string == key
                                     ? parent
                                     : lineage_node(l, wanted);

        if (!node) {
                l->error = -ENOMEM;
                return STORE_NONE;
        }
        if (!node->has_grants) {
                node->grants = store_grants_by(l->store, STORE_GRANTS_BY_KEY, key);
                node->has_grants = true;
        }
        return first_after(l, STORE_GRANTS_BY_KEY, node->grants, EVENT_GRANT_KEY_STOPPED, event);
}

/*
 * When the source key of ROW was stopped and not started again before NODE's next use: that comes
 * of a key in use.
 */
static uint32_t stop_for(Lineage *l, uint32_t row, Node *node) {
        StoreGrant grant = store_grant(l->store, l->rows.data[row].grant);
        uint32_t source = store_dim_of(l->store, STORE_DIM_KEY, grant.event), stop = grant.event;
        NodeKey key = {NODE_KEY, source, 0, 0};
        Node *from = lineage_node(l, key);

        if (!from)
                l->error = -ENOMEM;
        while (from && (stop = stop_of(l, source, from, stop)) != STORE_NONE) {
                uint32_t start = first_after(l, STORE_GRANTS_BY_KEY, from->grants,
                                EVENT_GRANT_KEY_STARTED, stop);
                const Trail *trail;
                uint32_t at;

                if (start == STORE_NONE || node->uses.last == STORE_NONE || node->uses.last < stop)
                        break;
                trail = lineage_node_trail(l, node);
                if (!trail) {
                        l->error = -ENOMEM;
                        return STORE_NONE;
                }
                at = lineage_trail_since(trail, stop + 1);
                if (at < trail->n && trail->events[at] < start)
                        break;
        }
        return from ? stop : STORE_NONE;
}

/* The earliest of them from row LINK up. */
static uint32_t stop_above(Lineage *l, uint32_t link, Node *node) {
        uint32_t stop = STORE_NONE;

        while (link != STORE_NONE) {
                uint32_t parent = l->rows.data[link].parent;

                stop = earlier(stop, stop_for(l, link, node));
                link = parent == STORE_NONE || is_backward(l) ? STORE_NONE : l->stops.data[parent];
        }
        return stop;
}

/* Calls of NODE after EVENT, told on ROW. */
static int tell_after(
                Lineage *l, LineageFindingKind kind, Node *node, uint32_t row, uint32_t event) {
        uint32_t key = node->key.kind == NODE_KEY ? node->key.string : STORE_NONE, at;
        LineageFinding *finding;
        const Trail *trail;

        if (event == STORE_NONE || node->uses.last == STORE_NONE || node->uses.last <= event)
                return 0;
        trail = lineage_node_trail(l, node);
        finding = trail ? add(l, kind, row, key) : NULL;
        if (!finding)
                return -ENOMEM;
        at = lineage_trail_since(trail, event + 1);
        finding->evidence[0] = event;
        finding->evidence[1] = trail->events[at];
        finding->evidence[2] = finding->last = trail->events[trail->n - 1];
        finding->n_calls = trail->n - at;
        finding->n_successes = trail->n_successes[at];
        for (uint32_t i = trail->n; i-- > at && finding->n_successes;) {
                if (lineage_is_success(l, trail->events[i])) {
                        finding->last_success = trail->events[i];
                        break;
                }
        }
        return 0;
}

/* When the sessions of GRANT's role were revoked; by name, in its account. */
static uint32_t revocation_of(Lineage *l, const StoreGrant *grant) {
        uint32_t name = grant->fields[EVENT_GRANT_ROLE_NAME];
        Slice arn = store_string(l->store, grant->fields[EVENT_GRANT_ROLE]), account;
        uint32_t event = grant->event;

        if (name != l->role) {
                l->role = name;
                l->revocations = store_grants_by(l->store, STORE_GRANTS_BY_SOURCE, name);
        }
        do {
                event = first_after(l, STORE_GRANTS_BY_SOURCE, l->revocations,
                                EVENT_GRANT_SESSIONS_REVOKED, event);
                if (event == STORE_NONE || !arn.size)
                        return event;
                account = store_string(l->store, store_dim_of(l->store, STORE_DIM_ACCOUNT, event));
                /* else another account's role of that name */
        } while (account.size && !memmem(arn.data, arn.size, account.data, account.size));
        return event;
}

/* ---- who took the role ---- */

static bool takes_role(const StoreGrant *grant) {
        return grant->kind <= EVENT_GRANT_ASSUME_ROLE_WEB;
}

static int tell_taking(Lineage *l, uint32_t number, const StoreGrant *grant) {
        const LineageRow *row = &l->rows.data[number];
        uint32_t role = grant->fields[EVENT_GRANT_ROLE] == STORE_NONE
                                        ? grant->fields[EVENT_GRANT_ROLE_NAME]
                                        : grant->fields[EVENT_GRANT_ROLE];
        uint32_t principal = store_dim_of(l->store, STORE_DIM_PRINCIPAL, grant->event);
        Slice account = store_string(l->store,
                        store_field(l->store, STORE_IDENTITY,
                                        store_tuple(l->store, STORE_IDENTITY, grant->event),
                                        EVENT_ID_ACCOUNT));
        Slice arn = store_string(l->store, grant->fields[EVENT_GRANT_ROLE]);
        uint32_t key = grant->fields[EVENT_GRANT_KEY] == STORE_NONE
                                       ? row->uses.key
                                       : grant->fields[EVENT_GRANT_KEY];
        LineageFinding *finding;

        if (principal != l->taker || role != l->taken) {
                l->taker = principal;
                l->taken = role;
                l->first_taken = store_first_taken(l->store, principal, role);
        }
        if (l->first_taken == row->grant) {
                finding = add(l, LINEAGE_FIRST_TIME, number, key);
                if (!finding)
                        return -ENOMEM;
                finding->evidence[0] = grant->event;
        }
        if (account.size && arn.size && !memmem(arn.data, arn.size, account.data, account.size)) {
                finding = add(l, LINEAGE_ACROSS_ACCOUNTS, number, key);
                if (!finding)
                        return -ENOMEM;
                finding->evidence[0] = grant->event;
                if (row->pair != STORE_NONE)
                        finding->evidence[1] = store_grant(l->store, row->pair).event;
        }
        return 0;
}

/* ---- all rows ---- */

static int find_row(Lineage *l, uint32_t number) {
        LineageRow *row = &l->rows.data[number];
        StoreGrant grant = store_grant(l->store, row->grant);
        uint32_t source = store_dim_of(l->store, STORE_DIM_KEY, grant.event), stop = STORE_NONE;
        NodeKey key;
        Node *node = row->node;
        int r;

        l->stops.data[l->stops.size++] = STORE_NONE;
        row->is_attempt = !lineage_is_success(l, grant.event);
        if (row->is_attempt || !lineage_node_key(l, &grant, &key))
                return 0;
        row->is_whole = lineage_is_whole(key.kind);
        if (!node)
                node = lineage_node(l, key);
        if (!node)
                return -ENOMEM;
        r = lineage_node_uses(l, node,
                        key.kind != NODE_ARN && lineage_is_whole(key.kind) ? 0 : grant.event + 1,
                        &row->uses); /* a switch is no use of itself */
        if (r < 0 || !lineage_is_whole(key.kind))
                return r;
        if (source != STORE_NONE)
                stop = stop_of(l, source,
                                row->parent == STORE_NONE ? NULL : l->rows.data[row->parent].node,
                                grant.event);
        if (stop != STORE_NONE)
                l->stops.data[number] = number;
        else if (row->parent != STORE_NONE && !is_backward(l))
                l->stops.data[number] = l->stops.data[row->parent];
        stop = stop_above(l, l->stops.data[number], node);
        if (l->error)
                return l->error;
        r = tell_overlap(l, node, number, row->uses.key);
        if (r == 0)
                r = tell_after(l, LINEAGE_AFTER_STOP, node, number, stop);
        if (r == 0 && grant.fields[EVENT_GRANT_ROLE_NAME] != STORE_NONE)
                r = tell_after(l, LINEAGE_AFTER_REVOCATION, node, number, revocation_of(l, &grant));
        if (r == 0 && takes_role(&grant))
                r = tell_taking(l, number, &grant);
        return r;
}

/* Keys that a chain begins at, each once. */
static int find_beginning(Lineage *l) {
        int r = 0;

        for (size_t i = 0; i < l->steps.size && r == 0; i++) {
                LineageClaim claim = l->steps.data[i].claim;
                NodeKey key = {NODE_KEY, STORE_NONE, 0, 0};
                Node *node;

                if (claim.row != STORE_NONE || l->steps.data[i].kind != STEP_IDENTITY)
                        continue;
                key.string = lineage_identity_field(l, claim.identity, EVENT_ID_KEY);
                node = key.string == STORE_NONE ? NULL : lineage_node(l, key);
                if (key.string != STORE_NONE && !node)
                        return -ENOMEM;
                if (!node || node->has_overlap)
                        continue;
                r = tell_overlap(l, node, STORE_NONE, key.string);
        }
        return r;
}

int lineage_find(Lineage *l) {
        int r = vec_reserve(&l->stops, l->rows.size);

        for (size_t i = 0; i < l->rows.size && r == 0 && !store_is_faulty(l->store); i++)
                r = find_row(l, (uint32_t)i);
        if (r == 0 && l->question.from.data)
                r = find_beginning(l);
        return r;
}

/* ---- in the order of the rows ---- */

static int compare_findings(const void *a, const void *b) {
        const LineageFinding *x = a, *y = b;
        uint32_t row_x = x->row + 1, row_y = y->row + 1; /* the beginning first */

        if (row_x != row_y)
                return row_x < row_y ? -1 : 1;
        if (x->kind != y->kind)
                return x->kind < y->kind ? -1 : 1;
        return (x->evidence[0] > y->evidence[0]) - (x->evidence[0] < y->evidence[0]);
}

int lineage_settle_findings(Lineage *l) {
        if (l->findings.size)
                qsort(l->findings.data, l->findings.size, sizeof(LineageFinding), compare_findings);
        for (uint32_t i = 0; i < l->findings.size; i++) {
                uint32_t number = l->findings.data[i].row;
                LineageRow *row = number == STORE_NONE ? NULL : &l->rows.data[number];

                if (row && row->n_findings++ == 0)
                        row->first_finding = i;
        }
        return 0;
}

const char *lineage_finding_name(LineageFindingKind kind) {
        static const char *const names[LINEAGE_N_FINDINGS] = {
                        [LINEAGE_SECOND_ADDRESS] = "second-address",
                        [LINEAGE_SECOND_NETWORK] = "second-network",
                        [LINEAGE_AFTER_STOP] = "used-after-stop",
                        [LINEAGE_AFTER_REVOCATION] = "used-after-revocation",
                        [LINEAGE_FIRST_TIME] = "first-time-role",
                        [LINEAGE_ACROSS_ACCOUNTS] = "across-accounts",
        };

        return names[kind];
}
