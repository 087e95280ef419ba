/*
 * Following credentials forward.
 *
 * The queue of steps begins with the identities that FROM names. A step takes one identity and
 * looks up what it was handed from some event on; each grant is taken once and becomes a row, and
 * what the grant leads to is claimed: put into the queue, if it is not there already from as early
 * on. Identities claimed earlier than before are asked again for the gap alone, so that every grant
 * of every identity is looked at once: the walk is linear in its answer, and loops end.
 *
 * Without FROM the walk begins at every identity that nothing led to, then at whatever is left of
 * loops, so that `depth` counts from where a chain comes into sight.
 */
#include "query/lineage.h"

#include <errno.h>
#include <stdlib.h>

#include "query/lineage-private.h"
#include "query/selection.h"

/* ---- names ---- */

const char *lineage_edge_name(uint32_t kind) {
        static const char *const names[EVENT_N_EDGES] = {
                        [EVENT_GRANT_ASSUME_ROLE] = "assume-role",
                        [EVENT_GRANT_ASSUME_ROLE_SAML] = "assume-role-saml",
                        [EVENT_GRANT_ASSUME_ROLE_WEB] = "assume-role-web",
                        [EVENT_GRANT_ASSUME_ROOT] = "assume-root",
                        [EVENT_GRANT_SESSION_TOKEN] = "session-token",
                        [EVENT_GRANT_FEDERATION_TOKEN] = "federation-token",
                        [EVENT_GRANT_SERVICE_ROLE] = "service-role",
                        [EVENT_GRANT_CREDENTIALS] = "credentials",
                        [EVENT_GRANT_ACCESS_KEY] = "access-key",
                        [EVENT_GRANT_CONSOLE_LOGIN] = "console-login",
                        [EVENT_GRANT_LOGIN_PROFILE] = "login-profile",
                        [EVENT_GRANT_CREATE_USER] = "create-user",
                        [EVENT_GRANT_CREATE_ROLE] = "create-role",
                        [EVENT_GRANT_SWITCH_ROLE] = "switch-role",
                        [EVENT_GRANT_TRUST_POLICY] = "trust-policy",
                        [EVENT_GRANT_PASS_ROLE] = "pass-role",
                        [EVENT_GRANT_HOST_HOP] = "host-hop",
                        [EVENT_GRANT_POLICY] = "policy",
        };

        return kind < EVENT_N_EDGES ? names[kind] : "";
}

const char *lineage_confidence(const StoreGrant *grant) {
        if (grant->kind == EVENT_GRANT_PASS_ROLE || grant->kind == EVENT_GRANT_HOST_HOP)
                return "probable";
        return grant->kind <= EVENT_GRANT_ACCESS_KEY && grant->fields[EVENT_GRANT_KEY] != STORE_NONE
                               ? "exact"
                               : "strong";
}

/* ---- the store ---- */

uint32_t lineage_identity_field(Lineage *l, uint32_t identity, unsigned field) {
        uint32_t string = store_field(l->store, STORE_IDENTITY, identity, field);

        /* what is empty takes no part; it sorts first */
        return string == 0 && store_string(l->store, 0).size == 0 ? STORE_NONE : string;
}

bool lineage_is_success(Lineage *l, uint32_t event) {
        return store_field(l->store, STORE_RESULT, store_tuple(l->store, STORE_RESULT, event),
                               STORE_RESULT_OUTCOME) == l->success;
}

static uint32_t identity_of(Lineage *l, uint32_t event) {
        uint32_t identity = store_tuple(l->store, STORE_IDENTITY, event);

        return identity < store_n_identities(l->store) ? identity : 0;
}

static bool has_source_key(Lineage *l, const StoreGrant *grant) {
        return store_dim_of(l->store, STORE_DIM_KEY, grant->event) != STORE_NONE;
}

uint32_t lineage_pair(Lineage *l, uint32_t grant, uint32_t *ret) {
        StoreGrant one = store_grant(l->store, grant), other;
        StoreRange range = store_grants_by(
                        l->store, STORE_GRANTS_BY_SHARED, one.fields[EVENT_GRANT_SHARED]);
        uint32_t first, second;

        *ret = grant;
        if (range.end - range.first < 2)
                return STORE_NONE;
        first = store_grant_at(l->store, STORE_GRANTS_BY_SHARED, range.first);
        second = store_grant_at(l->store, STORE_GRANTS_BY_SHARED, range.first + 1);
        if (grant != first && grant != second)
                return STORE_NONE;
        other = store_grant(l->store, grant == first ? second : first);
        if (other.kind != one.kind || other.event == one.event ||
                        other.fields[EVENT_GRANT_KEY] != one.fields[EVENT_GRANT_KEY])
                return STORE_NONE;
        /* the caller's own copy knows the key */
        one = store_grant(l->store, first);
        other = store_grant(l->store, second);
        *ret = !has_source_key(l, &one) && has_source_key(l, &other) ? second : first;
        return *ret == first ? second : first;
}

/* ---- rows ---- */

uint32_t lineage_take(Lineage *l, uint32_t grant, uint32_t depth, uint32_t parent) {
        StoreGrant g;
        LineageRow row = {.depth = depth, .parent = parent};

        if (l->is_seen[grant])
                return STORE_NONE;
        l->is_seen[grant] = 1;
        row.pair = lineage_pair(l, grant, &row.grant);
        l->is_seen[row.grant] = 1;
        if (row.pair != STORE_NONE)
                l->is_seen[row.pair] = 1;
        g = store_grant(l->store, row.grant);
        if (g.kind >= EVENT_N_EDGES || (l->question.max_depth && depth > l->question.max_depth))
                return STORE_NONE;
        row.uses = (LineageUses){.first = STORE_NONE, .last = STORE_NONE, .key = STORE_NONE};
        if (!lineage_is_success(l, g.event) && !l->question.has_attempts)
                return STORE_NONE;
        if (l->rows.size >= STORE_NONE - 1 || vec_reserve(&l->rows, 1) < 0) {
                l->error = -ENOMEM;
                return STORE_NONE;
        }
        l->rows.data[l->rows.size++] = row;
        return (uint32_t)l->rows.size - 1;
}

/* ---- claims ---- */

static int push_step(Lineage *l, const Step *step) {
        if (vec_reserve(&l->steps, 1) < 0)
                return -ENOMEM;
        l->steps.data[l->steps.size++] = *step;
        return 0;
}

int lineage_claim(Lineage *l, uint32_t identity, uint32_t since, uint32_t row) {
        uint32_t until = l->claimed[identity] ? l->claimed[identity] - 1 : STORE_NONE;
        Step step = {STEP_IDENTITY, {identity, since, until, row}, STORE_NONE};

        if (since >= until)
                return 0;
        l->claimed[identity] = since + 1;
        return push_step(l, &step);
}

int lineage_claim_address(Lineage *l, uint32_t identity, uint32_t ip) {
        Step step = {STEP_ADDRESS, {identity, 0, STORE_NONE, STORE_NONE}, ip};

        return push_step(l, &step);
}

/* Sessions of the role of ROW's grant, taken by PRINCIPAL or anyone. */
static int claim_role(Lineage *l, const StoreGrant *grant, uint32_t row, uint32_t principal) {
        Step step = {STEP_ROLE, {l->rows.data[row].grant, grant->event + 1, STORE_NONE, row},
                        principal};

        return grant->fields[EVENT_GRANT_ROLE_NAME] == STORE_NONE ? 0 : push_step(l, &step);
}

/* All of NODE from SINCE on. */
static int claim_node(Lineage *l, Node *node, uint32_t since, uint32_t row) {
        int r = 0;

        if (node->since <= since)
                return 0;
        node->since = since;
        r = lineage_node_identities(l, node);
        for (size_t i = 0; i < l->identities.size && r == 0; i++)
                r = lineage_claim(l, l->identities.data[i], since, row);
        return r;
}

/* Logins are what a password is for: the user's identities without a key, before all else. */
static int claim_logins(Lineage *l, Node *node, uint32_t since, uint32_t row) {
        int r = lineage_node_identities(l, node);

        for (size_t i = 0; i < l->identities.size && r == 0; i++) {
                if (lineage_identity_field(l, l->identities.data[i], EVENT_ID_KEY) == STORE_NONE)
                        r = lineage_claim(l, l->identities.data[i], since, row);
        }
        return r;
}

/* Of a session whose key is known, what else it did: a console login, and the keys after it. */
static int claim_loose(Lineage *l, const StoreGrant *grant, uint32_t row) {
        int r = lineage_loose_identities(l, grant);

        for (size_t i = 0; i < l->identities.size && r == 0; i++)
                r = lineage_claim(l, l->identities.data[i], 0, row);
        return r;
}

/*
 * What the grant of ROW leads to. Keys and sessions are claimed at once; principals and hosts have
 * to wait until all keys were followed, so that a key is that of the grant which handed it out, and
 * not of the creation of its user.
 */
static int derive(Lineage *l, uint32_t row) {
        uint32_t number = l->rows.data[row].grant;
        StoreGrant grant = store_grant(l->store, number);
        Step step = {STEP_NODE, {number, grant.event + 1, STORE_NONE, row}, STORE_NONE};
        NodeKey key;
        Node *node;
        int r = 0;

        if (!lineage_is_success(l, grant.event) || grant.kind == EVENT_GRANT_POLICY)
                return 0;
        if (grant.kind == EVENT_GRANT_TRUST_POLICY)
                return claim_role(l, &grant, row, grant.fields[EVENT_GRANT_PRINCIPAL]);
        if (grant.kind == EVENT_GRANT_CREATE_ROLE)
                r = claim_role(l, &grant, row, STORE_NONE);
        if (r < 0 || !lineage_node_key(l, &grant, &key))
                return r;
        node = lineage_node(l, key);
        if (!node)
                return -ENOMEM;
        l->rows.data[row].node = node;
        if (lineage_is_whole(key.kind)) {
                r = claim_node(l, node, 0, row);
                return r < 0 ? r : claim_loose(l, &grant, row);
        }
        if (node->since <= step.claim.since)
                return 0;
        if (grant.kind == EVENT_GRANT_LOGIN_PROFILE)
                r = claim_logins(l, node, step.claim.since, row);
        if (r == 0 && vec_reserve(&l->waiting, 1) < 0)
                r = -ENOMEM;
        if (r == 0)
                l->waiting.data[l->waiting.size++] = step;
        return r;
}

/* ---- steps ---- */

static uint32_t depth_below(const Lineage *l, uint32_t row) {
        return row == STORE_NONE ? 1 : l->rows.data[row].depth + 1;
}

static int follow(Lineage *l, uint32_t grant, uint32_t parent) {
        uint32_t row = lineage_take(l, grant, depth_below(l, parent), parent);

        return l->error ? l->error : row == STORE_NONE ? 0 : derive(l, row);
}

/* Grants under VALUE of an index, from the claim's first to its last event, from IP or anywhere. */
static int follow_grants(Lineage *l, StoreGrantIndex index, uint32_t value,
                const LineageClaim *claim, uint32_t ip) {
        StoreRange range = store_grants_by(l->store, index, value);
        int r = 0;

        if (claim->since)
                range = store_grants_since(l->store, index, range, claim->since);
        for (uint32_t i = range.first; i < range.end && r == 0; i++) {
                uint32_t number = store_grant_at(l->store, index, i);
                StoreGrant grant = store_grant(l->store, number);
                uint32_t told;

                if (grant.event >= claim->until)
                        break;
                if (ip != STORE_NONE && store_dim_of(l->store, STORE_DIM_IP, grant.event) != ip)
                        continue;
                /* what an identity is told to have got elsewhere is not its own doing */
                if (index == STORE_GRANTS_BY_IDENTITY && grant.kind == EVENT_GRANT_SWITCH_ROLE &&
                                grant.fields[EVENT_GRANT_SOURCE] != STORE_NONE)
                        continue;
                if (index == STORE_GRANTS_BY_SOURCE && grant.kind != EVENT_GRANT_SWITCH_ROLE)
                        continue;
                /* without a beginning, a call told twice is met from the caller's side */
                if (!l->question.from.data && lineage_pair(l, number, &told) != STORE_NONE &&
                                told != number)
                        continue;
                r = follow(l, number, claim->row);
        }
        return r;
}

/* Roles are switched in the console: by whom a session or no key is known of. */
static bool may_switch(Lineage *l, uint32_t identity) {
        return l->has_switches &&
               (lineage_identity_field(l, identity, EVENT_ID_KEY) == STORE_NONE ||
                               lineage_identity_field(l, identity, EVENT_ID_CREATION_DATE) !=
                                               STORE_NONE);
}

static int step_identity(Lineage *l, const LineageClaim *claim, uint32_t ip) {
        uint32_t arn = lineage_identity_field(l, claim->identity, EVENT_ID_ARN);
        int r = follow_grants(l, STORE_GRANTS_BY_IDENTITY, claim->identity, claim, ip);

        if (r < 0 || !may_switch(l, claim->identity))
                return r;
        return follow_grants(l, STORE_GRANTS_BY_SOURCE, arn, claim, ip);
}

bool lineage_same_role(Lineage *l, const StoreGrant *grant, const StoreGrant *other) {
        uint32_t role = grant->fields[EVENT_GRANT_ROLE],
                 other_role = other->fields[EVENT_GRANT_ROLE];
        Slice arn, account;

        if (grant->fields[EVENT_GRANT_ROLE_NAME] != other->fields[EVENT_GRANT_ROLE_NAME])
                return false;
        if (role != STORE_NONE && other_role != STORE_NONE)
                return role == other_role;
        if (role == STORE_NONE && other_role == STORE_NONE)
                return store_dim_of(l->store, STORE_DIM_ACCOUNT, grant->event) ==
                       store_dim_of(l->store, STORE_DIM_ACCOUNT, other->event);
        arn = store_string(l->store, role != STORE_NONE ? role : other_role);
        account = store_string(l->store,
                        store_dim_of(l->store, STORE_DIM_ACCOUNT,
                                        role != STORE_NONE ? other->event : grant->event));
        return account.size && memmem(arn.data, arn.size, account.data, account.size);
}

bool lineage_is_named(Lineage *l, uint32_t event, uint32_t principal) {
        Slice name = store_string(l->store, principal), account, arn, issuer;
        uint32_t identity = identity_of(l, event);

        if (slice_equal(name, SLICE_LITERAL("*")))
                return true;
        arn = store_string(l->store, lineage_identity_field(l, identity, EVENT_ID_ARN));
        issuer = store_string(l->store, lineage_identity_field(l, identity, STORE_ID_PRINCIPAL));
        account = store_string(l->store, lineage_identity_field(l, identity, EVENT_ID_ACCOUNT));
        if (slice_equal(name, arn) || slice_equal(name, issuer))
                return true;
        if (slice_ends_with(name, SLICE_LITERAL(":root")) && name.size > 5 + account.size &&
                        account.size)
                name = slice(name.data + name.size - 5 - account.size, account.size);
        return account.size && slice_equal(name, account);
}

static int step_node(Lineage *l, const LineageClaim *claim) {
        StoreGrant grant = store_grant(l->store, claim->identity);
        NodeKey key;
        Node *node = lineage_node_key(l, &grant, &key) ? lineage_node(l, key) : NULL;

        return node ? claim_node(l, node, claim->since, claim->row) : -ENOMEM;
}

static int step_role(Lineage *l, const Step *step) {
        StoreGrant door = store_grant(l->store, step->claim.identity);
        StoreRange range = store_grants_by(
                        l->store, STORE_GRANTS_BY_ROLE, door.fields[EVENT_GRANT_ROLE_NAME]);
        int r = 0;

        range = store_grants_since(l->store, STORE_GRANTS_BY_ROLE, range, step->claim.since);
        for (uint32_t i = range.first; i < range.end && r == 0; i++) {
                uint32_t number = store_grant_at(l->store, STORE_GRANTS_BY_ROLE, i);
                StoreGrant grant;

                if (l->is_seen[number])
                        continue;
                grant = store_grant(l->store, number);
                if ((grant.kind > EVENT_GRANT_ASSUME_ROLE_WEB &&
                                    grant.kind != EVENT_GRANT_SERVICE_ROLE) ||
                                !lineage_same_role(l, &grant, &door))
                        continue;
                if (step->principal != STORE_NONE &&
                                !lineage_is_named(l, grant.event, step->principal))
                        continue;
                r = follow(l, number, step->claim.row);
        }
        return r;
}

static int walk(Lineage *l) {
        int r = 0;

        while (r == 0) {
                Step step;

                if (l->at == l->steps.size) {
                        if (l->n_waited == l->waiting.size)
                                break;
                        r = push_step(l, &l->waiting.data[l->n_waited++]);
                        if (r < 0)
                                break;
                }
                step = l->steps.data[l->at++];
                r = step.kind == STEP_IDENTITY  ? step_identity(l, &step.claim, STORE_NONE)
                    : step.kind == STEP_ADDRESS ? step_identity(l, &step.claim, step.principal)
                    : step.kind == STEP_NODE    ? step_node(l, &step.claim)
                                                : step_role(l, &step);
                if (store_is_faulty(l->store))
                        break;
        }
        return r;
}

/* ---- every edge ---- */

static void mark_identities(Lineage *l, const StoreGrant *grant, unsigned char *is_led) {
        for (size_t i = 0; i < l->identities.size; i++) {
                /* what hands itself out leads nowhere new */
                if (l->identities.data[i] != identity_of(l, grant->event))
                        is_led[l->identities.data[i]] = 1;
        }
}

/* Marks what some grant leads to. */
static int mark_led(Lineage *l, unsigned char *is_led) {
        int r = 0;

        for (uint32_t i = 0; i < store_n_grants(l->store) && r == 0; i++) {
                StoreGrant grant = store_grant(l->store, i);
                NodeKey key;
                Node *node;

                if (grant.kind >= EVENT_GRANT_TRUST_POLICY || !lineage_is_success(l, grant.event) ||
                                !lineage_node_key(l, &grant, &key))
                        continue;
                r = lineage_loose_identities(l, &grant);
                mark_identities(l, &grant, is_led);
                node = lineage_node(l, key);
                if (!node)
                        return -ENOMEM;
                if (node->is_led || r < 0)
                        continue;
                node->is_led = true;
                r = lineage_node_identities(l, node);
                mark_identities(l, &grant, is_led);
        }
        return r;
}

static int walk_all(Lineage *l) {
        unsigned char *is_led = vec_alloc_zero(store_n_identities(l->store), 1);
        int r = is_led ? mark_led(l, is_led) : -ENOMEM;

        for (int round = 0; round < 2 && r == 0; round++) {
                for (uint32_t i = 0; i < store_n_grants(l->store) && r == 0; i++) {
                        uint32_t identity = identity_of(l, store_grant(l->store, i).event);

                        if (l->is_seen[i] || (round == 0 && is_led[identity]))
                                continue;
                        r = lineage_claim(l, identity, 0, STORE_NONE);
                        if (r == 0 && round == 1)
                                r = walk(l);
                        /* that of another's doing: see follow_grants() */
                        if (r == 0 && round == 1 && !l->is_seen[i])
                                r = follow(l, i, STORE_NONE);
                }
                if (r == 0)
                        r = walk(l);
        }
        free(is_led);
        return r;
}

/* ---- the answer ---- */

/* Findings of rows that are left; those of the beginning stay. */
static void narrow_findings(Lineage *l, const bool *is_in, const uint32_t *places) {
        size_t n = 0;

        for (size_t i = 0; i < l->findings.size; i++) {
                LineageFinding finding = l->findings.data[i];

                if (finding.row != STORE_NONE && !is_in[finding.row])
                        continue;
                if (finding.row != STORE_NONE)
                        finding.row = places[finding.row];
                l->findings.data[n++] = finding;
        }
        l->findings.size = n;
}

/* Does the selection have a row's event, or the other account's copy of it? */
static bool is_selected(const Lineage *l, const LineageRow *row) {
        if (!l->plan || plan_has(l->plan, store_grant(l->store, row->grant).event))
                return true;
        return row->pair != STORE_NONE && plan_has(l->plan, store_grant(l->store, row->pair).event);
}

/* Only rows whose grants are also in IS_KEPT, or (NULL) whose events the selection has. */
static void narrow(Lineage *l, const unsigned char *is_kept) {
        uint32_t *places = vec_alloc(l->rows.size, sizeof(*places));
        bool *is_in = vec_alloc_zero(l->rows.size, sizeof(*is_in));
        size_t n = 0;

        if (!places || !is_in) {
                free(places);
                free(is_in);
                l->error = -ENOMEM;
                return;
        }
        for (size_t i = 0; i < l->rows.size; i++) {
                LineageRow row = l->rows.data[i];

                places[i] = row.parent == STORE_NONE ? STORE_NONE : places[row.parent];
                if (is_kept ? !is_kept[row.grant] : !is_selected(l, &row))
                        continue; /* its children stand under its parent */
                row.parent = places[i];
                places[i] = (uint32_t)n;
                is_in[i] = true;
                l->rows.data[n++] = row;
        }
        for (size_t i = 0; i < l->steps.size; i++) {
                uint32_t *row = &l->steps.data[i].claim.row;

                *row = *row == STORE_NONE ? STORE_NONE : places[*row];
        }
        narrow_findings(l, is_in, places);
        l->rows.size = n;
        free(is_in);
        free(places);
}

static int compare_rows(const void *a, const void *b) {
        const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

/* Rows by time; who refers to a row goes with it. */
static int sort_rows(Lineage *l) {
        size_t n = l->rows.size;
        uint64_t *order = vec_alloc(n, sizeof(*order));
        uint32_t *places = vec_alloc(n, sizeof(*places));
        LineageRow *rows = vec_alloc(n, sizeof(*rows));
        int r = order && places && rows ? 0 : -ENOMEM;

        for (size_t i = 0; i < n && r == 0; i++)
                order[i] = (uint64_t)l->rows.data[i].grant << 32 | i;
        if (r == 0 && n)
                qsort(order, n, sizeof(*order), compare_rows);
        for (size_t i = 0; i < n && r == 0; i++)
                places[(uint32_t)order[i]] = (uint32_t)i;
        for (size_t i = 0; i < n && r == 0; i++) {
                rows[i] = l->rows.data[(uint32_t)order[i]];
                if (rows[i].parent != STORE_NONE)
                        rows[i].parent = places[rows[i].parent];
        }
        for (size_t i = 0; i < l->steps.size && r == 0; i++) {
                uint32_t *row = &l->steps.data[i].claim.row;

                *row = *row == STORE_NONE ? STORE_NONE : places[*row];
        }
        if (r == 0 && n)
                memcpy(l->rows.data, rows, n * sizeof(*rows));
        for (size_t i = 0; i < l->findings.size && r == 0; i++) {
                uint32_t *row = &l->findings.data[i].row;

                *row = *row == STORE_NONE ? STORE_NONE : places[*row];
        }
        free(order);
        free(places);
        free(rows);
        return r;
}

static int answer(Lineage *l) {
        unsigned char *is_back = NULL;
        int r = 0;

        if (l->question.to.data) {
                r = lineage_back(l, l->question.to);
                if (r != 0 || !l->question.from.data)
                        return r;
                /* the way between: what leads back from TO, met again on the way from FROM */
                is_back = vec_alloc_zero(store_n_grants(l->store), 1);
                if (!is_back)
                        return -ENOMEM;
                for (size_t i = 0; i < l->rows.size; i++)
                        is_back[l->rows.data[i].grant] = 1;
                l->rows.size = l->steps.size = l->at = 0;
                memset(l->is_seen, 0, store_n_grants(l->store));
                memset(l->claimed, 0, store_n_identities(l->store) * sizeof(*l->claimed));
        }
        if (l->question.from.data) {
                r = lineage_begin_from(l, l->question.from);
                if (r == 0)
                        r = walk(l);
        } else {
                r = walk_all(l);
        }
        if (r == 0 && is_back)
                narrow(l, is_back);
        free(is_back);
        return r;
}

int lineage_new(Store *store, const LineageQuestion *question, const Selection *selection,
                Lineage **ret_lineage) {
        Lineage *l = vec_alloc_zero(1, sizeof(*l));
        int r;

        if (!l)
                return -ENOMEM;
        l->store = store;
        l->question = *question;
        l->success = store_find_string(store, SLICE_LITERAL("success"));
        l->has_switches = store_dim_find(store, STORE_DIM_EVENT,
                                          store_find_string(store, SLICE_LITERAL("SwitchRole"))) !=
                          STORE_NONE;
        l->role = l->taker = STORE_NONE;
        l->claimed = vec_alloc_zero(store_n_identities(store), sizeof(*l->claimed));
        l->is_seen = vec_alloc_zero(store_n_grants(store), 1);
        r = l->claimed && l->is_seen ? 0 : -ENOMEM;
        if (r == 0 && selection)
                r = plan_new(store, selection, &l->plan);
        if (r == 0)
                r = answer(l);
        if (r == 0)
                r = lineage_find(l);
        if (r == 0 && l->plan && !question->keeps_rows)
                narrow(l, NULL);
        if (r == 0)
                r = l->error;
        if (r == 0)
                r = sort_rows(l);
        if (r == 0)
                r = lineage_settle_findings(l);
        if (r != 0) {
                lineage_free(l);
                return r;
        }
        *ret_lineage = l;
        return 0;
}

Lineage *lineage_free(Lineage *l) {
        if (!l)
                return NULL;
        for (size_t i = 0; i < l->nodes.size; i++) {
                free(l->nodes.data[i]->trail.events);
                free(l->nodes.data[i]->trail.n_successes);
                free(l->nodes.data[i]->trail.n_ips);
                vec_deinit(&l->nodes.data[i]->loose);
                vec_deinit(&l->nodes.data[i]->entries);
        }
        vec_deinit(&l->nodes);
        arena_deinit(&l->arena);
        free(l->slots);
        free(l->claimed);
        free(l->is_seen);
        vec_deinit(&l->rows);
        vec_deinit(&l->findings);
        vec_deinit(&l->steps);
        vec_deinit(&l->waiting);
        vec_deinit(&l->stops);
        vec_deinit(&l->identities);
        vec_deinit(&l->values);
        plan_free(l->plan);
        free(l);
        return NULL;
}

size_t lineage_n_rows(const Lineage *l) {
        return l->rows.size;
}

const LineageRow *lineage_row(const Lineage *l, size_t i) {
        return &l->rows.data[i];
}

size_t lineage_n_findings(const Lineage *l) {
        return l->findings.size;
}

const LineageFinding *lineage_finding(const Lineage *l, size_t i) {
        return &l->findings.data[i];
}

/* ---- every event ---- */

static int compare_events(const void *a, const void *b) {
        const LineageEvent *x = a, *y = b;

        if (x->event != y->event)
                return x->event < y->event ? -1 : 1;
        return (x->row > y->row) - (x->row < y->row);
}

int lineage_events(Lineage *l, LineageEvent **ret_events, size_t *ret_n) {
        VEC(LineageEvent) events = {0};
        Numbers numbers = {0};
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; i < l->steps.size && r == 0; i++) {
                LineageClaim claim = l->steps.data[i].claim;

                uint32_t ip = STORE_NONE;

                if (l->steps.data[i].kind == STEP_ADDRESS)
                        ip = l->steps.data[i].principal;
                else if (l->steps.data[i].kind != STEP_IDENTITY)
                        continue;
                numbers.size = 0;
                r = lineage_identity_events(l, claim.identity, claim.since, claim.until, &numbers);
                if (r == 0)
                        r = vec_reserve(&events, numbers.size);
                for (size_t k = 0; k < numbers.size && r == 0; k++) {
                        if (ip != STORE_NONE &&
                                        store_dim_of(l->store, STORE_DIM_IP, numbers.data[k]) != ip)
                                continue;
                        if (!l->plan || plan_has(l->plan, numbers.data[k]))
                                events.data[events.size++] =
                                                (LineageEvent){numbers.data[k], claim.row};
                }
        }
        vec_deinit(&numbers);
        if (r < 0) {
                vec_deinit(&events);
                return r;
        }
        if (events.size)
                qsort(events.data, events.size, sizeof(*events.data), compare_events);
        /* what was done from the address asked about may also be of a row: it begins there */
        for (size_t i = 0; i < events.size; i++) {
                if (i + 1 == events.size || events.data[i].event != events.data[i + 1].event)
                        events.data[n++] = events.data[i];
        }
        *ret_events = events.data;
        *ret_n = n;
        return 0;
}
