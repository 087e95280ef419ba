/*
 * What a grant leads to, and how that was used.
 *
 * A node is a set of identities: those with a key, of a session, of a user and so on. Of a key or a
 * session all records count; of a principal or a host those from the grant on. The store has the
 * uses of each identity by address, so that whole nodes cost their addresses, not their events.
 * Where a grant falls into the midst of a node's records, its trail is made, once: all its events,
 * and behind each place the successes and addresses still to come.
 *
 * Nodes are kept in a table, so that what many grants lead to is worked out once.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/time.h"
#include "query/lineage-private.h"

/* ---- the table ---- */

static uint64_t hash_of(NodeKey key) {
        return hash_mix(hash_mix(hash_mix(key.kind, key.string), key.extra), key.role);
}

static int grow(Lineage *l) {
        size_t n = l->n_slots ? l->n_slots * 2 : 256;
        uint32_t *slots = vec_alloc_zero(n, sizeof(*slots));

        if (!slots)
                return -ENOMEM;
        for (size_t i = 0; i < l->nodes.size; i++) {
                size_t at = hash_of(l->nodes.data[i]->key) & (n - 1);

                while (slots[at])
                        at = (at + 1) & (n - 1);
                slots[at] = (uint32_t)i + 1;
        }
        free(l->slots);
        l->slots = slots;
        l->n_slots = n;
        return 0;
}

Node *lineage_node(Lineage *l, NodeKey key) {
        size_t at;
        Node *node;

        if (l->nodes.size * 2 >= l->n_slots && grow(l) < 0)
                return NULL;
        for (at = hash_of(key) & (l->n_slots - 1); l->slots[at]; at = (at + 1) & (l->n_slots - 1)) {
                node = l->nodes.data[l->slots[at] - 1];
                if (node->key.kind == key.kind && node->key.string == key.string &&
                                node->key.extra == key.extra && node->key.role == key.role)
                        return node;
        }
        if (vec_reserve(&l->nodes, 1) < 0)
                return NULL;
        node = arena_alloc(&l->arena, sizeof(*node), 16);
        if (!node)
                return NULL;
        *node = (Node){.key = key, .since = STORE_NONE};
        l->nodes.data[l->nodes.size++] = node;
        l->slots[at] = (uint32_t)l->nodes.size;
        return node;
}

/* ---- what a grant leads to ---- */

bool lineage_is_whole(NodeKind kind) {
        return kind == NODE_KEY || kind == NODE_SESSION || kind == NODE_ARN;
}

static uint32_t second_of(int64_t time) {
        return (uint32_t)(time / TIME_SECOND);
}

static bool set(NodeKey *ret, NodeKind kind, uint32_t string, uint32_t extra) {
        *ret = (NodeKey){kind, string, extra, 0};
        return string != STORE_NONE;
}

bool lineage_node_key(Lineage *l, const StoreGrant *grant, NodeKey *ret) {
        const uint32_t *fields = grant->fields;
        uint32_t second = second_of(store_time(l->store, grant->event));
        uint32_t account = store_dim_of(l->store, STORE_DIM_ACCOUNT, grant->event);

        switch (grant->kind) {
        case EVENT_GRANT_CONSOLE_LOGIN:
                return set(ret, NODE_SESSION, fields[EVENT_GRANT_PRINCIPAL_ID], second);
        case EVENT_GRANT_SWITCH_ROLE:
                return set(ret, NODE_ARN, fields[EVENT_GRANT_PRINCIPAL], second);
        case EVENT_GRANT_LOGIN_PROFILE:
                return set(ret, NODE_USER, fields[EVENT_GRANT_USER], account);
        case EVENT_GRANT_CREATE_USER:
                return set(ret, NODE_ID, fields[EVENT_GRANT_PRINCIPAL_ID], 0) ||
                       set(ret, NODE_USER, fields[EVENT_GRANT_USER], account);
        case EVENT_GRANT_CREATE_ROLE:
                return set(ret, NODE_PRINCIPAL, fields[EVENT_GRANT_ROLE], 0) ||
                       set(ret, NODE_ROLE, fields[EVENT_GRANT_ROLE_NAME], account);
        case EVENT_GRANT_TRUST_POLICY:
                return set(ret, NODE_PRINCIPAL, fields[EVENT_GRANT_PRINCIPAL], 0);
        case EVENT_GRANT_PASS_ROLE:
                /* a host's profile and role may differ in name; other names are not unique */
                if (!set(ret, NODE_INSTANCE, fields[EVENT_GRANT_INSTANCE], account))
                        return false;
                if (slice_starts_with(store_string(l->store, ret->string), SLICE_LITERAL("i-")))
                        return true;
                ret->kind = NODE_SERVICE;
                ret->role = fields[EVENT_GRANT_ROLE_NAME];
                return true;
        case EVENT_GRANT_HOST_HOP:
                return set(ret, NODE_INSTANCE, fields[EVENT_GRANT_INSTANCE], account);
        case EVENT_GRANT_POLICY:
                return set(ret, NODE_USER, fields[EVENT_GRANT_USER], account) ||
                       set(ret, NODE_ROLE, fields[EVENT_GRANT_ROLE_NAME], account);
        default:
                return set(ret, NODE_KEY, fields[EVENT_GRANT_KEY], 0) ||
                       set(ret, NODE_SESSION, fields[EVENT_GRANT_PRINCIPAL_ID], second);
        }
}

/* How far an ARN's session may begin from the switch that it is of. */
#define SWITCH_SLACK (5 * TIME_SECOND)

bool lineage_is_member(Lineage *l, NodeKey key, uint32_t identity) {
        Slice created;
        int64_t time, distance;

        switch ((NodeKind)key.kind) {
        case NODE_SESSION:
        case NODE_ARN:
                created = store_string(l->store,
                                lineage_identity_field(l, identity, EVENT_ID_CREATION_DATE));
                if (!created.size || time_parse(created, &time))
                        return false;
                distance = time - (int64_t)key.extra * TIME_SECOND;
                return key.kind == NODE_SESSION
                                       ? distance >= 0 && distance < TIME_SECOND
                                       : distance > -SWITCH_SLACK && distance < SWITCH_SLACK;
        case NODE_USER:
                return lineage_identity_field(l, identity, EVENT_ID_ACCOUNT) == key.extra &&
                       slice_equal(store_string(l->store, lineage_identity_field(l, identity,
                                                                          EVENT_ID_TYPE)),
                                       SLICE_LITERAL("IAMUser"));
        case NODE_SERVICE:
                if (lineage_identity_field(l, identity, EVENT_ID_ISSUER_USER_NAME) != key.role)
                        return false;
                return lineage_identity_field(l, identity, EVENT_ID_ACCOUNT) == key.extra;
        case NODE_INSTANCE:
        case NODE_ROLE:
                return lineage_identity_field(l, identity, EVENT_ID_ACCOUNT) == key.extra;
        default:
                return true;
        }
}

int lineage_node_identities(Lineage *l, Node *node) {
        static const StoreIdentityIndex indexes[] = {
                        [NODE_NONE] = STORE_IDENTITIES_BY_KEY,
                        [NODE_KEY] = STORE_IDENTITIES_BY_KEY,
                        [NODE_SESSION] = STORE_IDENTITIES_BY_PRINCIPAL_ID,
                        [NODE_ARN] = STORE_IDENTITIES_BY_ARN,
                        [NODE_ID] = STORE_IDENTITIES_BY_PRINCIPAL_ID,
                        [NODE_USER] = STORE_IDENTITIES_BY_USER,
                        [NODE_ROLE] = STORE_IDENTITIES_BY_ROLE,
                        [NODE_PRINCIPAL] = STORE_IDENTITIES_BY_PRINCIPAL,
                        [NODE_INSTANCE] = STORE_IDENTITIES_BY_SESSION,
                        [NODE_SERVICE] = STORE_IDENTITIES_BY_SESSION,
                        [NODE_LOOSE] = STORE_IDENTITIES_BY_PRINCIPAL_ID,
        };
        NodeKey key = node->key;
        StoreIdentityIndex index = indexes[key.kind];

        if (!node->has_range) {
                node->range = index == STORE_IDENTITIES_BY_SESSION
                                              ? store_identities_by_session(l->store,
                                                                store_string(l->store, key.string))
                                              : store_identities_by(l->store, index, key.string);
                node->has_range = true;
        }
        l->identities.size = 0;
        for (uint32_t i = node->range.first; i < node->range.end; i++) {
                uint32_t identity = store_identity_at(l->store, index, i);

                if (lineage_is_member(l, key, identity) &&
                                numbers_push(&l->identities, identity) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* ---- sessions beside their keys ---- */

bool lineage_is_issued(Lineage *l, uint32_t key) {
        StoreRange range = store_grants_by(l->store, STORE_GRANTS_BY_KEY, key);

        for (uint32_t i = range.first; i < range.end; i++) {
                StoreGrant grant = store_grant(
                                l->store, store_grant_at(l->store, STORE_GRANTS_BY_KEY, i));

                if (grant.kind <= EVENT_GRANT_ACCESS_KEY && lineage_is_success(l, grant.event))
                        return true;
        }
        return false;
}

bool lineage_session_key(Lineage *l, const StoreGrant *grant, NodeKey *ret) {
        return grant->kind <= EVENT_GRANT_ACCESS_KEY &&
               grant->fields[EVENT_GRANT_KEY] != STORE_NONE &&
               set(ret, NODE_SESSION, grant->fields[EVENT_GRANT_PRINCIPAL_ID],
                               second_of(store_time(l->store, grant->event)));
}

static int compare_loose(const void *a, const void *b) {
        const Loose *x = a, *y = b;

        if (x->second != y->second)
                return x->second < y->second ? -1 : 1;
        return (x->identity > y->identity) - (x->identity < y->identity);
}

/* The loose identities of a principalId, looked up once, for all its sessions. */
static int list_loose(Lineage *l, Node *node) {
        int r = lineage_node_identities(l, node);

        if (r < 0 || vec_reserve(&node->loose, l->identities.size) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < l->identities.size; i++) {
                uint32_t identity = l->identities.data[i];
                uint32_t key = lineage_identity_field(l, identity, EVENT_ID_KEY);
                Slice created = store_string(l->store,
                                lineage_identity_field(l, identity, EVENT_ID_CREATION_DATE));
                int64_t time;

                if (created.size && !time_parse(created, &time) &&
                                (key == STORE_NONE || !lineage_is_issued(l, key)))
                        node->loose.data[node->loose.size++] = (Loose){second_of(time), identity};
        }
        if (node->loose.size)
                qsort(node->loose.data, node->loose.size, sizeof(Loose), compare_loose);
        node->has_loose = true;
        return 0;
}

/* Nobody, or only few identities that all have the issued key: the answer without a list. */
static bool has_no_loose(Lineage *l, uint32_t principal_id, uint32_t key) {
        StoreRange range = store_identities_by(
                        l->store, STORE_IDENTITIES_BY_PRINCIPAL_ID, principal_id);

        if (range.end - range.first > 4)
                return false;
        for (uint32_t i = range.first; i < range.end; i++) {
                uint32_t identity =
                                store_identity_at(l->store, STORE_IDENTITIES_BY_PRINCIPAL_ID, i);

                if (lineage_identity_field(l, identity, EVENT_ID_KEY) != key)
                        return false;
        }
        return true;
}

int lineage_loose_identities(Lineage *l, const StoreGrant *grant) {
        NodeKey session;
        Node *node;
        size_t low = 0, high;

        l->identities.size = 0;
        if (!lineage_session_key(l, grant, &session) ||
                        has_no_loose(l, session.string, grant->fields[EVENT_GRANT_KEY]))
                return 0;
        node = lineage_node(l, (NodeKey){NODE_LOOSE, session.string, 0, 0});
        if (!node || (!node->has_loose && list_loose(l, node) < 0))
                return -ENOMEM;
        l->identities.size = 0;
        for (high = node->loose.size; low < high;) {
                size_t middle = low + (high - low) / 2;

                if (node->loose.data[middle].second < session.extra)
                        low = middle + 1;
                else
                        high = middle;
        }
        for (; low < node->loose.size && node->loose.data[low].second == session.extra; low++) {
                if (numbers_push(&l->identities, node->loose.data[low].identity) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* ---- uses ---- */

static const LineageUses no_uses = {.first = STORE_NONE, .last = STORE_NONE, .key = STORE_NONE};

/* Distinct ones among l->values, which is emptied. */
static uint32_t count_distinct(Lineage *l, uint32_t *ret_only) {
        uint32_t n;

        numbers_sort(&l->values, true);
        n = (uint32_t)l->values.size;
        if (ret_only)
                *ret_only = n == 1 ? l->values.data[0] : STORE_NONE;
        l->values.size = 0;
        return n;
}

/* Adds up the uses of l->identities. */
static int fold_uses(Lineage *l, LineageUses *ret) {
        LineageUses uses = no_uses;

        l->values.size = 0;
        for (size_t i = 0; i < l->identities.size; i++) {
                StoreRange range = store_uses(l->store, l->identities.data[i]);

                for (uint32_t u = range.first; u < range.end; u++) {
                        StoreUse use = store_use(l->store, u);

                        if (uses.first == STORE_NONE || use.first < uses.first)
                                uses.first = use.first;
                        if (uses.last == STORE_NONE || use.last > uses.last)
                                uses.last = use.last;
                        uses.n_events += use.n_events;
                        uses.n_successes += use.n_successes;
                        if (use.ip != STORE_NONE && numbers_push(&l->values, use.ip) < 0)
                                return -ENOMEM;
                }
        }
        uses.n_ips = count_distinct(l, NULL);
        *ret = uses;
        return 0;
}

static int count_keys(Lineage *l, LineageUses *uses) {
        l->values.size = 0;
        for (size_t i = 0; i < l->identities.size; i++) {
                uint32_t key = lineage_identity_field(l, l->identities.data[i], EVENT_ID_KEY);

                if (key != STORE_NONE && numbers_push(&l->values, key) < 0)
                        return -ENOMEM;
        }
        uses->n_keys = count_distinct(l, &uses->key);
        return 0;
}

static void trail_uses(const Trail *trail, uint32_t since, LineageUses *uses) {
        uint32_t at = lineage_trail_since(trail, since);

        if (at == trail->n)
                return;
        uses->first = trail->events[at];
        uses->last = trail->events[trail->n - 1];
        uses->n_events = trail->n - at;
        uses->n_successes = trail->n_successes[at];
        uses->n_ips = trail->n_ips[at];
}

int lineage_node_uses(Lineage *l, Node *node, uint32_t since, LineageUses *ret) {
        const Trail *trail;
        int r;

        if (!node->has_uses) {
                r = lineage_node_identities(l, node);
                if (r == 0)
                        r = fold_uses(l, &node->uses);
                if (r == 0)
                        r = count_keys(l, &node->uses);
                if (r < 0)
                        return r;
                node->has_uses = true;
        }
        *ret = node->uses;
        if (since == 0 || node->uses.first == STORE_NONE || node->uses.first >= since)
                return 0;
        ret->first = ret->last = STORE_NONE;
        ret->n_events = ret->n_successes = ret->n_ips = 0;
        if (node->uses.last < since)
                return 0;
        trail = lineage_node_trail(l, node);
        if (!trail)
                return -ENOMEM;
        trail_uses(trail, since, ret);
        return 0;
}

/* ---- trails ---- */

int lineage_identity_events(
                Lineage *l, uint32_t identity, uint32_t since, uint32_t until, Numbers *events) {
        static const struct {
                StoreDim dim;
                unsigned field;
        } lists[] = {
                        {STORE_DIM_KEY, EVENT_ID_KEY},
                        {STORE_DIM_SESSION, EVENT_ID_ARN},
                        {STORE_DIM_PRINCIPAL, STORE_ID_PRINCIPAL},
                        {STORE_DIM_TYPE, EVENT_ID_TYPE},
        };
        uint32_t least = STORE_NONE, event;
        StorePostings list = {0};

        for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
                uint32_t string = lineage_identity_field(l, identity, lists[i].field);
                uint32_t value = string == STORE_NONE
                                                 ? STORE_NONE
                                                 : store_dim_find(l->store, lists[i].dim, string);
                uint32_t n = value == STORE_NONE ? STORE_NONE
                                                 : store_dim_stats(l->store, lists[i].dim, value)
                                                                   .n_events;

                if (n < least) {
                        least = n;
                        store_postings(l->store, lists[i].dim, value, &list);
                }
        }
        if (least == STORE_NONE) { /* an identity of nothing: of the records without one */
                for (event = since; event < until && event < store_n_events(l->store); event++) {
                        if (store_tuple(l->store, STORE_IDENTITY, event) == identity &&
                                        numbers_push(events, event) < 0)
                                return -ENOMEM;
                }
                return 0;
        }
        while (store_postings_next(&list, &event) && event < until) {
                if (event >= since && store_tuple(l->store, STORE_IDENTITY, event) == identity &&
                                numbers_push(events, event) < 0)
                        return -ENOMEM;
        }
        return 0;
}

uint32_t lineage_trail_since(const Trail *trail, uint32_t event) {
        uint32_t low = 0, high = trail->n;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (trail->events[middle] < event)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Counts behind each place, from the end; addresses by a table of those met. */
static int count_behind(Lineage *l, Trail *trail) {
        size_t n_met = 16;
        uint32_t *met, n_ips = 0, n_successes = 0;

        while (n_met < (size_t)trail->n * 2)
                n_met *= 2;
        met = vec_alloc_zero(n_met, sizeof(*met));
        if (!met)
                return -ENOMEM;
        for (uint32_t i = trail->n; i-- > 0;) {
                uint32_t ip = store_dim_of(l->store, STORE_DIM_IP, trail->events[i]);
                size_t at = hash_mix(ip, 1) & (n_met - 1);

                while (ip != STORE_NONE && met[at] && met[at] != ip + 1)
                        at = (at + 1) & (n_met - 1);
                if (ip != STORE_NONE && !met[at]) {
                        met[at] = ip + 1;
                        n_ips++;
                }
                n_successes += lineage_is_success(l, trail->events[i]);
                trail->n_ips[i] = n_ips;
                trail->n_successes[i] = n_successes;
        }
        free(met);
        return 0;
}

const Trail *lineage_node_trail(Lineage *l, Node *node) {
        Numbers events = {0};
        int r;

        if (node->has_trail)
                return &node->trail;
        r = lineage_node_identities(l, node);
        for (size_t i = 0; i < l->identities.size && r == 0; i++)
                r = lineage_identity_events(l, l->identities.data[i], 0, STORE_NONE, &events);
        if (r < 0) {
                vec_deinit(&events);
                return NULL;
        }
        numbers_sort(&events, true);
        node->trail = (Trail){events.data, vec_alloc(events.size, sizeof(uint32_t)),
                        vec_alloc(events.size, sizeof(uint32_t)), (uint32_t)events.size};
        node->has_trail = true; /* freed with the node, whatever is missing */
        if (!node->trail.n_successes || !node->trail.n_ips || count_behind(l, &node->trail) < 0)
                return NULL;
        return &node->trail;
}
