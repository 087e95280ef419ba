/*
 * The credential report set against the evidence. The report knows users and their keys by number,
 * the evidence knows keys by identifier, and nothing says which is which. So a key of the report is
 * taken for one of the evidence where it was made at the second that the report names, or where one
 * of the user's is left in both; otherwise what all keys of the user did is shown. matchedBy says
 * which of these it is. The second way can be wrong: a key that was deleted before the report was
 * made may be taken for one that the evidence never saw.
 *
 * IAM writes the time of a use down at most every quarter of an hour, so times that are nearer are
 * the same. A report is of one moment, which it does not tell: what the evidence shows of later
 * times is no contradiction, but worth a note.
 *
 * O(identities and grants of the users) and, for each credential, a look at the events around its
 * last use.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "engine/page.h"
#include "query/numbers.h"

#define SAME_USE (16 * 60 * TIME_SECOND) /* a quarter of an hour, and the minutes it is cut to */
#define SAME_CREATION (60 * TIME_SECOND)
#define DAY (24 * 3600 * TIME_SECOND)

typedef enum Column {
        COLUMN_USER,
        COLUMN_ARN,
        COLUMN_CREDENTIAL,
        COLUMN_ACTIVE,
        COLUMN_MFA,
        COLUMN_CREATED,
        COLUMN_AGE,
        COLUMN_LAST_USED,
        COLUMN_LAST_REGION,
        COLUMN_LAST_SERVICE,
        COLUMN_KEY,
        COLUMN_MATCHED,
        COLUMN_FIRST,
        COLUMN_LAST,
        COLUMN_LAST_ID,
        COLUMN_IP,
        COLUMN_EVENTS,
        COLUMN_NOTES,
        N_COLUMNS,
} Column;

static const char *const names[N_COLUMNS] = {"user", "arn", "credential", "active", "mfa",
                "created", "ageDays", "lastUsed", "lastUsedRegion", "lastUsedService",
                "accessKeyId", "matchedBy", "firstUse", "lastUse", "lastUseEventID",
                "sourceIPAddress", "events", "notes"};

static const char *const credential_names[ENRICH_N_CREDENTIALS] = {"password", "key 1", "key 2"};

/* What the evidence shows of a key, of a password, or of all keys of a user. */
typedef struct Use {
        uint32_t key;         /* string, or STORE_NONE */
        uint32_t first, last; /* events, or STORE_NONE */
        uint64_t n_events;
        uint32_t created, stopped; /* events that did it, or STORE_NONE */
} Use;

typedef struct User {
        VEC(Use) keys; /* long-term ones */
        Use all;       /* of these together */
        Use console;
} User;

typedef struct Making {
        Store *store;
        const Enrich *enrich;
        SpoorRows *table;
        int64_t begin, end; /* of the evidence */
        char notes[512];
        size_t n_notes; /* bytes */
} Making;

const char *spoor_credential_column(size_t i) {
        return i < N_COLUMNS ? names[i] : NULL;
}

__attribute__((format(printf, 2, 3))) static void note(Making *m, const char *format, ...) {
        va_list args;
        int n;

        if (m->n_notes + 128 > sizeof(m->notes))
                return; /* there are not as many notes, and none is as long */
        if (m->n_notes)
                m->n_notes += (size_t)snprintf(
                                m->notes + m->n_notes, sizeof(m->notes) - m->n_notes, "; ");
        va_start(args, format);
        n = vsnprintf(m->notes + m->n_notes, sizeof(m->notes) - m->n_notes, format, args);
        va_end(args);
        m->n_notes += (size_t)n;
}

/* ---- what the evidence shows ---- */

static const Use no_use = {STORE_NONE, STORE_NONE, STORE_NONE, 0, STORE_NONE, STORE_NONE};

static void add_use(Use *use, uint32_t first, uint32_t last, uint64_t n_events) {
        if (use->first == STORE_NONE || first < use->first)
                use->first = first;
        if (use->last == STORE_NONE || last > use->last)
                use->last = last;
        use->n_events += n_events;
}

static int key_of(User *user, uint32_t key, Use **ret) {
        for (size_t i = 0; i < user->keys.size; i++)
                if (user->keys.data[i].key == key)
                        return *ret = &user->keys.data[i], 0;
        if (vec_reserve(&user->keys, 1) < 0)
                return -ENOMEM;
        *ret = &user->keys.data[user->keys.size++];
        **ret = no_use;
        (*ret)->key = key;
        return 0;
}

static bool is_long_term(Store *store, uint32_t key) {
        return key != STORE_NONE &&
               slice_starts_with(store_string(store, key), SLICE_LITERAL("AKIA"));
}

static bool is_success(Store *store, uint32_t event) {
        uint32_t outcome = store_dim_of(store, STORE_DIM_OUTCOME, event);

        return slice_equal(store_string(store, outcome), SLICE_LITERAL("success"));
}

static int take_identity(Making *m, uint32_t identity, User *user) {
        uint32_t key = store_field(m->store, STORE_IDENTITY, identity, EVENT_ID_KEY);
        StoreRange uses = store_uses(m->store, identity);
        StoreRange grants = store_grants_by(m->store, STORE_GRANTS_BY_IDENTITY, identity);
        Use *use;

        for (uint32_t i = grants.first; i < grants.end; i++) {
                StoreGrant grant = store_grant(
                                m->store, store_grant_at(m->store, STORE_GRANTS_BY_IDENTITY, i));

                if (grant.kind == EVENT_GRANT_CONSOLE_LOGIN && is_success(m->store, grant.event))
                        add_use(&user->console, grant.event, grant.event, 1);
        }
        if (!is_long_term(m->store, key))
                return 0;
        if (key_of(user, key, &use) < 0)
                return -ENOMEM;
        for (uint32_t i = uses.first; i < uses.end; i++) {
                StoreUse u = store_use(m->store, i);

                add_use(use, u.first, u.last, u.n_events);
                add_use(&user->all, u.first, u.last, u.n_events);
        }
        return 0;
}

/* The account of an ARN. */
static Slice account_of(Slice arn) {
        const char *end = arn.data + arn.size;

        for (int i = 0; i < 4 && arn.data; i++) {
                const char *colon = memchr(arn.data, ':', arn.size);

                arn = colon ? slice(colon + 1, (size_t)(end - colon - 1)) : (Slice){NULL, 0};
        }
        if (arn.data) {
                const char *colon = memchr(arn.data, ':', arn.size);

                arn.size = colon ? (size_t)(colon - arn.data) : arn.size;
        }
        return arn;
}

/* Keys that were made and stopped; of the same account, as names repeat. */
static int take_grants(Making *m, const EnrichUser *known, User *user) {
        StoreRange range = store_grants_by(
                        m->store, STORE_GRANTS_BY_USER, store_find_string(m->store, known->name));
        Slice account = account_of(known->arn);

        for (uint32_t i = range.first; i < range.end; i++) {
                StoreGrant grant = store_grant(
                                m->store, store_grant_at(m->store, STORE_GRANTS_BY_USER, i));
                uint32_t key = grant.fields[EVENT_GRANT_KEY];
                uint32_t in = store_dim_of(m->store, STORE_DIM_ACCOUNT, grant.event);
                Use *use;

                if ((grant.kind != EVENT_GRANT_ACCESS_KEY &&
                                    grant.kind != EVENT_GRANT_KEY_STOPPED) ||
                                !is_long_term(m->store, key) ||
                                !is_success(m->store, grant.event) ||
                                !slice_equal(store_string(m->store, in), account))
                        continue;
                if (key_of(user, key, &use) < 0)
                        return -ENOMEM;
                if (grant.kind == EVENT_GRANT_ACCESS_KEY)
                        use->created = grant.event;
                else if (use->stopped == STORE_NONE)
                        use->stopped = grant.event;
        }
        return 0;
}

static int gather(Making *m, const EnrichUser *known, User *user) {
        StoreRange range = store_identities_by(
                        m->store, STORE_IDENTITIES_BY_ARN, store_find_string(m->store, known->arn));
        int r = 0;

        *user = (User){.all = no_use, .console = no_use};
        for (uint32_t i = range.first; i < range.end && r == 0; i++)
                r = take_identity(m, store_identity_at(m->store, STORE_IDENTITIES_BY_ARN, i), user);
        return r ? r : take_grants(m, known, user);
}

/* ---- which key is it? ---- */

static size_t n_keys(const EnrichUser *known) {
        return (size_t)known->credentials[ENRICH_KEY_1].exists +
               known->credentials[ENRICH_KEY_2].exists;
}

static bool is_near(int64_t a, int64_t b, int64_t span) {
        uint64_t between = a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;

        return between <= (uint64_t)span;
}

/* The key that was made when the report says, or NULL. */
static const Use *created_key(Making *m, const EnrichCredential *c, const User *user) {
        for (size_t i = 0; i < user->keys.size && c->has_created; i++) {
                const Use *use = &user->keys.data[i];

                if (use->created != STORE_NONE && is_near(store_time(m->store, use->created),
                                                                  c->created, SAME_CREATION))
                        return use;
        }
        return NULL;
}

/*
 * The one key of which nothing is known but its uses, where that is so in the report too. It may
 * not have been used before it was made.
 */
static const Use *only_key(Making *m, const EnrichUser *known, const User *user, int which) {
        const EnrichCredential *other =
                        &known->credentials[which == ENRICH_KEY_1 ? ENRICH_KEY_2 : ENRICH_KEY_1];
        const EnrichCredential *c = &known->credentials[which];
        const Use *only = NULL;

        if (other->exists && !created_key(m, other, user))
                return NULL;
        for (size_t i = 0; i < user->keys.size; i++) {
                if (user->keys.data[i].created != STORE_NONE)
                        continue;
                if (only)
                        return NULL;
                only = &user->keys.data[i];
        }
        if (only && only->first != STORE_NONE && c->has_created &&
                        store_time(m->store, only->first) < c->created - SAME_CREATION)
                return NULL;
        return only;
}

static const Use *match(Making *m, const EnrichUser *known, const User *user, int which,
                const char **ret_how) {
        const Use *use;

        if (which == ENRICH_PASSWORD)
                return *ret_how = "console", &user->console;
        use = created_key(m, &known->credentials[which], user);
        if (use)
                return *ret_how = "created", use;
        use = only_key(m, known, user, which);
        return use ? (*ret_how = "only", use) : (*ret_how = "user", &user->all);
}

/* ---- notes ---- */

/* Is there any use of the user's keys, or a sign-in, around TIME? */
static int has_use_at(
                Making *m, const EnrichUser *known, bool is_console, int64_t time, bool *ret_has) {
        Selection *selection = NULL;
        Plan *plan = NULL;
        char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];
        uint32_t event;
        int r = selection_new(&selection);

        time_format(time - SAME_USE, from);
        time_format(time + SAME_USE, to);
        if (r == 0)
                r = selection_add(selection, STORE_DIM_SESSION, known->arn);
        if (r == 0 && is_console)
                r = selection_add(selection, STORE_DIM_EVENT, SLICE_LITERAL("ConsoleLogin"));
        if (r == 0)
                r = selection_set_from(selection, slice_cstr(from));
        if (r == 0)
                r = selection_set_to(selection, slice_cstr(to));
        if (r == 0)
                r = plan_new(m->store, selection, &plan);
        *ret_has = false;
        while (r == 0 && !*ret_has && plan_next(plan, &event)) {
                uint32_t key = store_dim_of(m->store, STORE_DIM_KEY, event);

                *ret_has = is_console || is_long_term(m->store, key);
        }
        plan_free(plan);
        selection_free(selection);
        return r;
}

/* When the report says it was last used, and what the evidence has to say to that. */
static int note_last_use(
                Making *m, const EnrichUser *known, int which, const Use *use, bool is_certain) {
        const EnrichCredential *c = &known->credentials[which];
        bool has = false;
        int r = 0;

        if (!c->has_last_used)
                return 0;
        if (is_certain && use->last != STORE_NONE &&
                        store_time(m->store, use->last) > c->last_used + SAME_USE)
                note(m, "used after the report says");
        if (c->last_used + SAME_USE < m->begin)
                note(m, "last used before the evidence begins");
        else if (c->last_used - SAME_USE > m->end)
                note(m, "last used after the evidence ends");
        else
                r = has_use_at(m, known, which == ENRICH_PASSWORD, c->last_used, &has);
        if (r == 0 && !has && c->last_used + SAME_USE >= m->begin &&
                        c->last_used - SAME_USE <= m->end)
                note(m, which == ENRICH_PASSWORD
                                                ? "the evidence has no ConsoleLogin at its last use"
                                                : "the evidence has no call at its last use");
        return r;
}

static int make_notes(Making *m, const EnrichUser *known, const User *user, int which,
                const Use *use, const char *how) {
        const EnrichCredential *c = &known->credentials[which];
        bool is_certain = strcmp(how, "user") != 0;
        char time[TIME_TEXT_SIZE];
        int r = note_last_use(m, known, which, use, is_certain);

        if (c->is_active && use->first == STORE_NONE)
                note(m, c->has_last_used ? "active and not used in the evidence"
                                         : "active and never used");
        if (!c->has_last_used && use->first != STORE_NONE && is_certain)
                note(m, "used, which the report does not know");
        if (use->stopped != STORE_NONE) {
                time_format(store_time(m->store, use->stopped), time);
                note(m,
                                c->is_active ? "stopped in the evidence at %s, active in the report"
                                             : "stopped in the evidence at %s",
                                time);
        }
        if (which == ENRICH_PASSWORD && c->is_active && !known->has_mfa)
                note(m, "no MFA");
        if (which != ENRICH_PASSWORD && user->keys.size > n_keys(known))
                note(m, "%zu keys of the user in the evidence, %zu in the report", user->keys.size,
                                n_keys(known));
        return r;
}

/* ---- rows ---- */

static SpoorCell bool_cell(bool value) {
        return (SpoorCell){.type = SPOOR_CELL_BOOL, .boolean = value};
}

static void put_use(Making *m, const Use *use, SpoorCell *cells) {
        Store *store = m->store;

        if (use->key != STORE_NONE)
                cells[COLUMN_KEY] = engine_string_cell(store, use->key);
        cells[COLUMN_EVENTS] = engine_count_cell(use->n_events);
        if (use->first == STORE_NONE)
                return;
        cells[COLUMN_FIRST] = engine_time_cell(store_time(store, use->first));
        cells[COLUMN_LAST] = engine_time_cell(store_time(store, use->last));
        cells[COLUMN_IP] = engine_string_cell(store, store_ip(store, use->last));
}

/* What of a row needs memory. */
static int put_texts(Making *m, const Use *use, SpoorCell *cells) {
        char buffer[STORE_ID_SIZE];
        StoreSource source;
        int r = 0;

        if (use && use->last != STORE_NONE) {
                source = store_source(m->store, use->last);
                r = engine_table_text(m->table, store_id_text(m->store, &source, buffer),
                                &cells[COLUMN_LAST_ID]);
        }
        if (r == 0 && m->n_notes)
                r = engine_table_text(m->table, slice(m->notes, m->n_notes), &cells[COLUMN_NOTES]);
        return r;
}

static void put_report(Making *m, const EnrichUser *known, int which, SpoorCell *cells) {
        const EnrichCredential *c = &known->credentials[which];

        cells[COLUMN_CREDENTIAL] = engine_text_cell(slice_cstr(credential_names[which]));
        cells[COLUMN_ACTIVE] = bool_cell(c->is_active);
        if (which == ENRICH_PASSWORD)
                cells[COLUMN_MFA] = bool_cell(known->has_mfa);
        if (c->has_created) {
                cells[COLUMN_CREATED] = engine_time_cell(c->created);
                if (m->end > c->created)
                        cells[COLUMN_AGE] =
                                        engine_count_cell((uint64_t)((m->end - c->created) / DAY));
        }
        if (c->has_last_used)
                cells[COLUMN_LAST_USED] = engine_time_cell(c->last_used);
        cells[COLUMN_LAST_REGION] = engine_text_cell(c->region);
        cells[COLUMN_LAST_SERVICE] = engine_text_cell(c->service);
}

static int add_credential(Making *m, const EnrichUser *known, const User *user, int which) {
        const char *how;
        const Use *use = match(m, known, user, which, &how);
        SpoorCell *cells;
        int r = engine_table_add(m->table, &cells);

        if (r)
                return r;
        m->n_notes = 0;
        cells[COLUMN_USER] = engine_text_cell(known->name);
        cells[COLUMN_ARN] = engine_text_cell(known->arn);
        cells[COLUMN_MATCHED] = engine_text_cell(slice_cstr(how));
        put_report(m, known, which, cells);
        put_use(m, use, cells);
        r = make_notes(m, known, user, which, use, how);
        return r ? r : put_texts(m, use, cells);
}

/* Of a user without any credential. */
static int add_bare(Making *m, const EnrichUser *known, const User *user) {
        SpoorCell *cells;
        int r = engine_table_add(m->table, &cells);

        if (r)
                return r;
        m->n_notes = 0;
        cells[COLUMN_USER] = engine_text_cell(known->name);
        cells[COLUMN_ARN] = engine_text_cell(known->arn);
        if (user->keys.size) {
                cells[COLUMN_MATCHED] = engine_text_cell(SLICE_LITERAL("user"));
                put_use(m, &user->all, cells);
                note(m, "%zu key%s of the user in the evidence, none in the report",
                                user->keys.size, user->keys.size == 1 ? "" : "s");
        }
        return put_texts(m, user->keys.size ? &user->all : NULL, cells);
}

static int add_user(Making *m, const EnrichUser *known) {
        bool is_bare = true;
        User user;
        int r = gather(m, known, &user);

        for (int which = 0; which < ENRICH_N_CREDENTIALS && r == 0; which++) {
                if (!known->credentials[which].exists)
                        continue;
                r = add_credential(m, known, &user, which);
                is_bare = false;
        }
        if (r == 0 && is_bare)
                r = add_bare(m, known, &user);
        vec_deinit(&user.keys);
        return r;
}

/* ---- users whom the report does not know ---- */

/* Of an account that there is a report of? */
static bool is_reported_account(const Making *m, Slice arn) {
        Slice account = account_of(arn);

        for (size_t i = 0; i < enrich_n_users(m->enrich); i++)
                if (account.data &&
                                slice_equal(account_of(enrich_user(m->enrich, i)->arn), account))
                        return true;
        return false;
}

static bool is_reported_user(const Making *m, Slice arn) {
        for (size_t i = 0; i < enrich_n_users(m->enrich); i++)
                if (slice_equal(enrich_user(m->enrich, i)->arn, arn))
                        return true;
        return false;
}

static int add_unknown(Making *m, uint32_t arn) {
        EnrichUser unknown = {.arn = store_string(m->store, arn)};
        StoreRange range = store_identities_by(m->store, STORE_IDENTITIES_BY_ARN, arn);
        SpoorCell *cells;
        User user;
        int r;

        unknown.name = store_string(m->store,
                        store_field(m->store, STORE_IDENTITY,
                                        store_identity_at(m->store, STORE_IDENTITIES_BY_ARN,
                                                        range.first),
                                        EVENT_ID_USER_NAME));
        r = gather(m, &unknown, &user);
        if (r == 0)
                r = engine_table_add(m->table, &cells);
        if (r == 0) {
                m->n_notes = 0;
                note(m, "not in the report");
                cells[COLUMN_USER] = engine_text_cell(unknown.name);
                cells[COLUMN_ARN] = engine_text_cell(unknown.arn);
                cells[COLUMN_MATCHED] = engine_text_cell(SLICE_LITERAL("user"));
                if (user.keys.size == 1)
                        user.all.key = user.keys.data[0].key;
                put_use(m, &user.all, cells);
                r = put_texts(m, &user.all, cells);
        }
        vec_deinit(&user.keys);
        return r;
}

static int add_unknowns(Making *m) {
        uint32_t n = store_n_identities(m->store), n_strings = store_n_strings(m->store);
        Numbers arns = {0};
        int r = 0;

        for (uint32_t i = 0; i < n && r == 0; i++) {
                uint32_t type = store_field(m->store, STORE_IDENTITY, i, EVENT_ID_TYPE);
                uint32_t arn = store_field(m->store, STORE_IDENTITY, i, EVENT_ID_ARN);

                if (arn < n_strings &&
                                slice_equal(store_string(m->store, type), SLICE_LITERAL("IAMUser")))
                        r = numbers_push(&arns, arn);
        }
        numbers_sort(&arns, true);
        for (size_t i = 0; i < arns.size && r == 0; i++) {
                Slice arn = store_string(m->store, arns.data[i]);

                if (is_reported_account(m, arn) && !is_reported_user(m, arn))
                        r = add_unknown(m, arns.data[i]);
        }
        vec_deinit(&arns);
        return r;
}

int spoor_credentials(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *error) {
        Making m = {.store = scase->store,
                        .enrich = scase->enrichment ? scase->enrichment->enrich : NULL};
        uint32_t n = store_n_events(scase->store);
        int r = engine_check_only(scase, NULL, error);

        if (r)
                return r;
        m.begin = n ? store_time(m.store, 0) : 0;
        m.end = n ? store_time(m.store, n - 1) : 0;
        r = engine_table_new(scase, names, N_COLUMNS, &m.table);
        for (size_t i = 0; m.enrich && i < enrich_n_users(m.enrich) && r == 0; i++)
                r = add_user(&m, enrich_user(m.enrich, i));
        if (r == 0 && m.enrich && enrich_n_users(m.enrich))
                r = add_unknowns(&m);
        if (r)
                engine_fail(error, r, "%s", strerror(-r));
        else
                r = engine_check_store(m.store, SPOOR_E_CORRUPT, error);
        if (r) {
                spoor_rows_free(m.table);
                return r;
        }
        *ret_rows = m.table;
        return 0;
}
