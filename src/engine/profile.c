/*
 * A profile as a page: a section for each table of query/profile.h, and the hops of its lineage
 * next to it. Everything is counted when it is asked for; tables hold their cells.
 *
 * Columns are named as everywhere: a value is "value", an event's fields have CloudTrail's names.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/time.h"
#include "engine/page.h"
#include "event/catalogue.h"
#include "query/profile.h"

#define DAY (86400 * TIME_SECOND)

/* What is being made. */
typedef struct Making {
        SpoorCase *scase;
        Store *store;
        const Profile *profile;
        SpoorPage *page;
        SpoorRows *table; /* at hand */
        SpoorCell *cell;  /* of its row, the next to be filled */
        int r;            /* of the first thing that failed */
} Making;

#define STATS_COLUMNS                                                                              \
        "firstTime", "firstEventID", "lastTime", "lastEventID", "events", "success", "denied",     \
                        "failure"

/* ---- cells, in order ---- */

static void put(Making *m, SpoorCell cell) {
        *m->cell++ = cell;
}

static void put_null(Making *m) {
        put(m, (SpoorCell){.type = SPOOR_CELL_NULL});
}

static void put_string(Making *m, uint32_t string) {
        put(m, engine_string_cell(m->store, string));
}

/* A text of no store. */
static void put_text(Making *m, Slice text) {
        if (m->r == 0)
                m->r = engine_table_text(m->table, text, m->cell++);
}

static void put_time(Making *m, uint32_t event) {
        put(m, engine_time_cell(store_time(m->store, event)));
}

static void put_id(Making *m, uint32_t event) {
        StoreSource source = store_source(m->store, event);
        char buffer[STORE_ID_SIZE];

        put_text(m, store_id_text(m->store, &source, buffer));
}

static void put_count(Making *m, uint64_t count) {
        put(m, engine_count_cell(count));
}

static void put_outcomes(Making *m, const StoreStats *stats) {
        put_count(m, stats->n_events);
        put_count(m, stats->n_events - stats->n_denied - stats->n_failed);
        put_count(m, stats->n_denied);
        put_count(m, stats->n_failed);
}

static void put_use(Making *m, const StoreStats *stats) {
        put_time(m, stats->first);
        put_id(m, stats->first);
        put_time(m, stats->last);
        put_id(m, stats->last);
}

static void put_stats(Making *m, const StoreStats *stats) {
        put_use(m, stats);
        put_outcomes(m, stats);
}

/* ---- sections ---- */

/* The table at hand goes to the page once it is filled. */
static void begin(Making *m, const char *const *columns, size_t n_columns) {
        m->table = NULL;
        if (m->r == 0)
                m->r = engine_table_new(m->scase, columns, n_columns, &m->table);
}

#define BEGIN(m, columns) begin((m), (columns), sizeof(columns) / sizeof((columns)[0]))

/* false: nothing can be added. */
static bool add_row(Making *m) {
        if (m->r == 0)
                m->r = engine_table_add(m->table, &m->cell);
        return m->r == 0;
}

static void end(Making *m, const char *name, const char *title, bool is_single) {
        if (!m->table)
                return;
        if (m->r == 0)
                m->r = engine_page_add(m->page, name, title, is_single, m->table);
        else
                spoor_rows_free(m->table);
        m->table = NULL;
}

/* ---- who it is ---- */

static const char *const subject_columns[] = {"what", "form", "note", "type", "name", "principal",
                "account", "sessions", "keys", "addresses", "events", "success", "denied",
                "failure", "firstTime", "firstEventID", "firstEventSource", "firstEventName",
                "firstSourceIPAddress", "lastTime", "lastEventID", "lastEventSource",
                "lastEventName", "lastSourceIPAddress"};

/* Of one place in the strings of all principals: the string they have in common, or STORE_NONE. */
static uint32_t common(const ProfileRows *rows, size_t place) {
        for (size_t i = 1; i < rows->size; i++) {
                if (rows->data[i].strings[place] != rows->data[0].strings[place])
                        return STORE_NONE;
        }
        return rows->size ? rows->data[0].strings[place] : STORE_NONE;
}

/* How WHAT was taken, where there is more to say than its form. */
static Slice note_of(const Profile *p) {
        if (!p->is_known)
                return SLICE_LITERAL("the evidence has nothing of this name");
        if (p->what.kind == WHAT_NAME && p->n_users && p->n_roles)
                return SLICE_LITERAL("a user and a role have this name, and both are meant: "
                                     "user: or role: before it tells them apart");
        if (!p->stats.n_events)
                return p->what.kind == WHAT_KEY
                                       ? SLICE_LITERAL("no selected event was made with it")
                                       : SLICE_LITERAL("it made no selected event");
        if (p->tables[PROFILE_PRINCIPALS].size > 1 &&
                        common(&p->tables[PROFILE_PRINCIPALS], 0) == STORE_NONE &&
                        p->what.kind != WHAT_IP && p->what.kind != WHAT_ARN)
                return SLICE_LITERAL("several principals go by this, and all are meant: principal: "
                                     "and an ARN of these takes one");
        return (Slice){NULL, 0};
}

static const char *form_of(const Profile *p) {
        if (p->what.kind == WHAT_NAME)
                return !p->n_users == !p->n_roles ? "user or role" : p->n_users ? "user" : "role";
        if (p->what.kind == WHAT_IP && memchr(p->what.text.data, '/', p->what.text.size))
                return "block";
        return what_kind_name(p->what.kind);
}

static void put_end(Making *m, uint32_t event) {
        put_time(m, event);
        put_id(m, event);
        put_string(m, store_dim_of(m->store, STORE_DIM_SERVICE, event));
        put_string(m, store_dim_of(m->store, STORE_DIM_EVENT, event));
        put_string(m, store_ip(m->store, event));
}

static void add_subject(Making *m) {
        const Profile *p = m->profile;
        const ProfileRows *principals = &p->tables[PROFILE_PRINCIPALS];

        BEGIN(m, subject_columns);
        if (add_row(m)) {
                put_text(m, p->what.text);
                put_text(m, slice_cstr(form_of(p)));
                put_text(m, note_of(p));
                put_string(m, common(principals, 1));
                put_string(m, common(principals, 2));
                put_string(m, common(principals, 0));
                put_string(m, common(principals, 3));
                put_count(m, p->n_sessions);
                put_count(m, p->tables[PROFILE_KEYS].size);
                put_count(m, p->tables[PROFILE_ADDRESSES].size);
                put_outcomes(m, &p->stats);
                if (p->stats.n_events) {
                        put_end(m, p->stats.first);
                        put_end(m, p->stats.last);
                }
        }
        end(m, "subject", "Subject", true);
}

/* ---- values ---- */

static const char *const value_columns[] = {"value", STATS_COLUMNS};

static void add_values(Making *m, ProfileTable table, const char *name, const char *title) {
        const ProfileRows *rows = &m->profile->tables[table];

        BEGIN(m, value_columns);
        for (size_t i = 0; i < rows->size && add_row(m); i++) {
                put_string(m, rows->data[i].strings[0]);
                put_stats(m, &rows->data[i].stats);
        }
        end(m, name, title, false);
}

static const char *const network_columns[] = {"value", "addresses", STATS_COLUMNS};

static void add_networks(Making *m) {
        const ProfileRows *rows = &m->profile->tables[PROFILE_NETWORKS];

        BEGIN(m, network_columns);
        for (size_t i = 0; i < rows->size && add_row(m); i++) {
                put_text(m, rows->data[i].text);
                put_count(m, rows->data[i].n_members);
                put_stats(m, &rows->data[i].stats);
        }
        end(m, "networks", "Networks", false);
}

static const char *const principal_columns[] = {"value", "type", "name", "account", STATS_COLUMNS};

static void add_principals(Making *m) {
        const ProfileRows *rows = &m->profile->tables[PROFILE_PRINCIPALS];

        BEGIN(m, principal_columns);
        for (size_t i = 0; i < rows->size && add_row(m); i++) {
                for (size_t s = 0; s < PROFILE_N_STRINGS; s++)
                        put_string(m, rows->data[i].strings[s]);
                put_stats(m, &rows->data[i].stats);
        }
        end(m, "principals", "Principals", false);
}

/* "ses:GetAccount": the service without what all have; null without a name. */
static void put_call(Making *m, const ProfileRow *row) {
        Slice service = store_string(m->store, row->strings[0]);
        Slice name = store_string(m->store, row->strings[1]);
        VEC(char) text = {0};

        if (!name.size) {
                put_null(m);
                return;
        }
        if (slice_ends_with(service, SLICE_LITERAL(".amazonaws.com")))
                service.size -= strlen(".amazonaws.com");
        if (m->r == 0)
                m->r = vec_reserve(&text, service.size + 1 + name.size);
        if (m->r == 0) {
                if (service.size) {
                        memcpy(text.data, service.data, service.size);
                        text.data[service.size] = ':';
                        text.size = service.size + 1;
                }
                memcpy(text.data + text.size, name.data, name.size);
                put_text(m, slice(text.data, text.size + name.size));
        }
        vec_deinit(&text);
}

static void put_bool(Making *m, uint32_t string) {
        Slice text = store_string(m->store, string);

        if (slice_equal(text, SLICE_LITERAL("true")) || slice_equal(text, SLICE_LITERAL("false")))
                put(m, (SpoorCell){.type = SPOOR_CELL_BOOL, .boolean = text.data[0] == 't'});
        else
                put_null(m);
}

/* What the catalogue says that a call is for; null where it says nothing. */
static void put_meaning(Making *m, const ProfileRow *row) {
        const CatalogueCall *known = catalogue_find(store_string(m->store, row->strings[0]),
                        store_string(m->store, row->strings[1]));
        bool is_meant = known && known->category != CATALOGUE_NONE;

        put_text(m, slice_cstr(is_meant ? catalogue_category_name(known->category) : NULL));
        put_text(m, slice_cstr(known && known->technique[0] ? known->technique : NULL));
}

static const char *const call_columns[] = {"value", "eventSource", "eventName", "readOnly",
                "category", "technique", STATS_COLUMNS};

static void add_calls(Making *m) {
        const ProfileRows *rows = &m->profile->tables[PROFILE_CALLS];

        BEGIN(m, call_columns);
        for (size_t i = 0; i < rows->size && add_row(m); i++) {
                put_call(m, &rows->data[i]);
                put_string(m, rows->data[i].strings[0]);
                put_string(m, rows->data[i].strings[1]);
                put_bool(m, rows->data[i].strings[2]);
                put_meaning(m, &rows->data[i]);
                put_stats(m, &rows->data[i].stats);
        }
        end(m, "calls", "Calls", false);
}

/* ---- days ---- */

static const char *const day_columns[] = {"date", "events", "success", "denied", "failure"};

static void put_date(Making *m, int64_t day) {
        char date[TIME_TEXT_SIZE];
        int64_t time;

        if (__builtin_mul_overflow(day, DAY, &time)) /* the first day begins before all times */
                time = day < 0 ? INT64_MIN : INT64_MAX;
        time_format(time, date);
        put_text(m, slice(date, 10));
}

static void add_days(Making *m) {
        BEGIN(m, day_columns);
        for (size_t i = 0; i < m->profile->days.size && add_row(m); i++) {
                put_date(m, m->profile->days.data[i].day);
                put_outcomes(m, &m->profile->days.data[i].stats);
        }
        end(m, "days", "Days", false);
}

/* ---- what it did ---- */

static const char *const write_columns[] = {"value", "eventSource", "eventName", "kind", "target",
                "of", "category", "technique", "firstTime", "firstEventID", "lastTime",
                "lastEventID", "events"};

/* The kind of what a call acts on; null where the catalogue tells none. */
static void put_kind(Making *m, const ProfileRow *row) {
        const CatalogueCall *known = catalogue_find(store_string(m->store, row->strings[0]),
                        store_string(m->store, row->strings[1]));

        put_text(m, slice_cstr(known && known->kind[0] ? known->kind : NULL));
}

static void add_writes(Making *m) {
        const ProfileRows *rows = &m->profile->writes;

        BEGIN(m, write_columns);
        for (size_t i = 0; i < rows->size && add_row(m); i++) {
                put_call(m, &rows->data[i]);
                put_string(m, rows->data[i].strings[0]);
                put_string(m, rows->data[i].strings[1]);
                put_kind(m, &rows->data[i]);
                put_string(m, rows->data[i].strings[2]);
                put_string(m, rows->data[i].strings[3]);
                put_meaning(m, &rows->data[i]);
                put_use(m, &rows->data[i].stats);
                put_count(m, rows->data[i].stats.n_events);
        }
        end(m, "writes", "Writes that succeeded", false);
}

static const char *const read_columns[] = {"effect", "kind", "name", "reads", "objects", "bytes",
                "firstTime", "firstEventID", "lastTime", "lastEventID"};

static void add_reads(Making *m) {
        BEGIN(m, read_columns);
        for (size_t i = 0; i < m->profile->reads.size && add_row(m); i++) {
                const ProfileThing *thing = &m->profile->reads.data[i];

                put_text(m, slice_cstr(catalogue_effect_name(thing->effect)));
                put_text(m, slice_cstr(thing->kind));
                put_string(m, thing->name);
                put_count(m, thing->stats.n_events);
                put_count(m, thing->n_objects);
                put_count(m, thing->n_bytes);
                put_use(m, &thing->stats);
        }
        end(m, "read", "Read and used", false);
}

static const char *const made_columns[] = {"effect", "kind", "name", "of", "events", "firstTime",
                "firstEventID", "lastTime", "lastEventID"};

static void add_made(Making *m) {
        BEGIN(m, made_columns);
        for (size_t i = 0; i < m->profile->made.size && add_row(m); i++) {
                const ProfileThing *thing = &m->profile->made.data[i];

                put_text(m, slice_cstr(catalogue_effect_name(thing->effect)));
                put_text(m, slice_cstr(thing->kind));
                put_string(m, thing->name);
                put_string(m, thing->of);
                put_count(m, thing->stats.n_events);
                put_use(m, &thing->stats);
        }
        end(m, "made", "Made, changed and ended", false);
}

static const char *const run_columns[] = {"firstTime", "firstEventID", "lastTime", "lastEventID",
                "calls", "success", "denied", "failure", "eventNames", "regions", "addresses",
                "sourceIPAddress", "userIdentity.accessKeyId", "principal", "names"};

/* Event names with a blank between them. */
static void put_names(Making *m, const ProfileRun *run) {
        VEC(char) text = {0};

        for (uint32_t i = 0; i < run->n_names && m->r == 0; i++) {
                Slice name = store_string(m->store, m->profile->names.data[run->first_name + i]);

                m->r = vec_reserve(&text, name.size + 1);
                if (m->r < 0)
                        break;
                if (i)
                        text.data[text.size++] = ' ';
                memcpy(text.data + text.size, name.data, name.size);
                text.size += name.size;
        }
        put_text(m, slice(text.data, text.size));
        vec_deinit(&text);
}

static void add_runs(Making *m) {
        BEGIN(m, run_columns);
        for (size_t i = 0; i < m->profile->runs.size && add_row(m); i++) {
                const ProfileRun *run = &m->profile->runs.data[i];

                put_use(m, &run->stats);
                put_outcomes(m, &run->stats);
                put_count(m, run->n_names);
                put_count(m, run->n_regions);
                put_count(m, run->n_addresses);
                put_string(m, run->ip);
                put_string(m, run->key);
                put_string(m, run->principal);
                put_names(m, run);
        }
        end(m, "reconnaissance", "Reconnaissance", false);
}

static const char *const news_columns[] = {
                "date", "of", "value", "firstTime", "firstEventID", "events"};

static void add_news(Making *m) {
        static const char *const names[PROFILE_N_TABLES] = {"address", "network", "userAgent",
                        "region", "account", "service", "call", "key", "principal"};
        const Profile *p = m->profile;

        BEGIN(m, news_columns);
        for (size_t i = 0; i < p->news.size && add_row(m); i++) {
                ProfileNews news = p->news.data[i];
                const ProfileRow *row = &p->tables[news.table].data[news.row];
                int64_t time = store_time(m->store, row->stats.first);

                put_date(m, time / DAY - (time % DAY < 0));
                put_text(m, slice_cstr(names[news.table]));
                if (news.table == PROFILE_CALLS)
                        put_call(m, row);
                else if (row->text.data)
                        put_text(m, row->text);
                else
                        put_string(m, row->strings[0]);
                put_time(m, row->stats.first);
                put_id(m, row->stats.first);
                put_count(m, row->stats.n_events);
        }
        end(m, "news", "New on a day, against all days before", false);
}

/* ---- hops ---- */

/* A row of cells again, with texts of its own. */
static int copy_row(SpoorRows *table, const SpoorCell *cells, size_t n) {
        SpoorCell *copy;
        int r = engine_table_add(table, &copy);

        for (size_t i = 0; i < n && r == 0; i++) {
                copy[i] = cells[i];
                if (cells[i].type == SPOOR_CELL_TEXT)
                        r = engine_table_text(table, slice(cells[i].text.data, cells[i].text.size),
                                        &copy[i]);
        }
        return r;
}

/* Of an address, what was done from it: rows of HOPS whose address (in column IP) is in FROM. */
static int keep_from(Making *m, SpoorRows *hops, size_t ip, const Numbers *from, SpoorRows *ret,
                SpoorError *error) {
        const SpoorCell *cells;
        int r;

        while ((r = spoor_rows_next(hops, &cells, error)) == 0) {
                uint32_t string =
                                cells[ip].type != SPOOR_CELL_TEXT
                                                ? STORE_NONE
                                                : store_find_string(m->store,
                                                                  slice(cells[ip].text.data,
                                                                                  cells[ip].text.size));

                if (from->size && bsearch(&string, from->data, from->size, sizeof(string),
                                                  numbers_compare))
                        r = copy_row(ret, cells, spoor_rows_n_columns(hops));
                if (r)
                        return r;
        }
        return r == SPOOR_END ? 0 : r;
}

/* In place of *HOPS those that were done from the addresses of the profile. */
static int narrow_hops(Making *m, SpoorRows **hops, SpoorError *error) {
        const ProfileRows *addresses = &m->profile->tables[PROFILE_ADDRESSES];
        SpoorRows *kept = NULL;
        Numbers from = {0};
        size_t ip = 0;
        int r = engine_table_new(m->scase, (*hops)->columns, spoor_rows_n_columns(*hops), &kept);

        for (size_t i = 0; i < addresses->size && r == 0; i++)
                r = numbers_push(&from, addresses->data[i].strings[0]);
        numbers_sort(&from, true);
        while (strcmp(spoor_rows_column(*hops, ip), "sourceIPAddress") != 0)
                ip++;
        if (r == 0)
                r = keep_from(m, *hops, ip, &from, kept, error);
        vec_deinit(&from);
        spoor_rows_free(*hops);
        *hops = kept;
        return r;
}

/* One hop forward, or back. */
static int add_hops(Making *m, const SpoorSelection *selection, const char *what, bool is_back,
                SpoorError *error) {
        SpoorLateral question = {.max_depth = 1};
        SpoorRows *hops = NULL;
        int r;

        *(is_back ? &question.to : &question.from) = what;
        r = spoor_lateral(m->scase, selection, &question, &hops, error);
        if (r == 0 && m->profile->what.kind == WHAT_IP && !is_back)
                r = narrow_hops(m, &hops, error);
        if (r) {
                spoor_rows_free(hops);
                return r;
        }
        return engine_page_add(m->page, is_back ? "issuedFrom" : "issued",
                        is_back ? "Issued from" : "Issued", false, hops);
}

/* ---- the page ---- */

static int make_page(
                Making *m, const SpoorSelection *selection, const char *what, SpoorError *error) {
        add_subject(m);
        add_values(m, PROFILE_ADDRESSES, "addresses", "Addresses");
        add_networks(m);
        add_values(m, PROFILE_USER_AGENTS, "userAgents", "User agents");
        add_values(m, PROFILE_REGIONS, "regions", "Regions");
        add_values(m, PROFILE_ACCOUNTS, "accounts", "Accounts");
        add_values(m, PROFILE_SERVICES, "services", "Services");
        add_calls(m);
        add_values(m, PROFILE_KEYS, "keys", "Keys");
        add_principals(m);
        add_days(m);
        add_writes(m);
        add_runs(m);
        add_reads(m);
        add_made(m);
        if (m->r == 0)
                m->r = add_hops(m, selection, what, false, error);
        if (m->r == 0)
                m->r = add_hops(m, selection, what, true, error);
        add_news(m);
        return m->r;
}

int spoor_profile(SpoorCase *scase, const SpoorSelection *selection, const char *what,
                SpoorPage **ret_page, SpoorError *error) {
        Making m = {.scase = scase, .store = scase->store};
        Profile *profile = NULL;
        int r = spoor_what_check(what, error);

        if (r == 0)
                r = engine_check_only(scase, NULL, error);
        if (r)
                return r;
        if (error)
                error->message[0] = 0;
        r = profile_new(scase->store, selection ? selection->selection : NULL, slice_cstr(what),
                        &profile);
        if (r) /* WHAT was found sound above */
                return engine_fail_query(error, r < 0 ? r : -EINVAL, selection);
        m.profile = profile;
        r = engine_page_new(&m.page);
        if (r == 0)
                r = make_page(&m, selection, what, error);
        profile_free(profile);
        if (r < 0 && error && !error->message[0])
                engine_fail(error, r, "%s", strerror(-r));
        if (r == 0)
                r = engine_check_store(scase->store, SPOOR_E_CORRUPT, error);
        if (r) {
                spoor_page_free(m.page);
                return r;
        }
        *ret_page = m.page;
        return 0;
}
