/*
 * What was left behind, as rows: query/standing finds it, the question says what is told of it.
 * With chains, also what became of their own keys, users and roles, whoever did it. Costs what is
 * made and unmade in the whole case, not its events. Belongs to one thread.
 */
#include <errno.h>
#include <stdlib.h>

#include "engine/events.h"
#include "engine/page.h"
#include "query/numbers.h"
#include "query/standing.h"

typedef enum Column {
        COLUMN_KIND,
        COLUMN_NAME,
        COLUMN_OF_KIND,
        COLUMN_OF,
        COLUMN_ACCOUNT,
        COLUMN_REGION,
        COLUMN_STATE,
        COLUMN_CREATED, /* time, eventID, eventName; so below */
        COLUMN_PRINCIPAL = COLUMN_CREATED + 3,
        COLUMN_KEY,
        COLUMN_IP,
        COLUMN_CHANGES,
        COLUMN_CHANGED,
        COLUMN_ENDED = COLUMN_CHANGED + 3,
        COLUMN_ENDED_BY = COLUMN_ENDED + 3,
        N_COLUMNS,
} Column;

static const char *const names[N_COLUMNS] = {"kind", "name", "ofKind", "of", "account", "region",
                "state", "createdTime", "createdEventID", "createdEventName", "principal",
                "userIdentity.accessKeyId", "sourceIPAddress", "changes", "changedTime",
                "changedEventID", "changedEventName", "endedTime", "endedEventID", "endedEventName",
                "endedBy"};

/* Who the chains are of: strings, rising. */
typedef struct Subjects {
        Numbers keys, users, roles;
} Subjects;

typedef struct Ours {
        Store *store;
        EngineEvents events;
        EngineEvent next;
        bool has_next, is_all; /* no question: every event is ours */
} Ours;

const char *spoor_standing_column(size_t i) {
        return i < N_COLUMNS ? names[i] : NULL;
}

/* Of rising events, some of them more than once. */
static bool is_ours(void *userdata, uint32_t event) {
        Ours *ours = userdata;

        if (ours->is_all)
                return true;
        if (ours->events.plan)
                return plan_has(ours->events.plan, event);
        while (ours->has_next && ours->next.event < event)
                ours->has_next = engine_events_next(&ours->events, &ours->next);
        return ours->has_next && ours->next.event == event;
}

/* ---- whose ---- */

static void subjects_deinit(Subjects *subjects) {
        vec_deinit(&subjects->keys);
        vec_deinit(&subjects->users);
        vec_deinit(&subjects->roles);
}

static int add_subject(Store *store, uint32_t identity, unsigned field, Numbers *strings) {
        uint32_t string = store_field(store, STORE_IDENTITY, identity, field);

        return string == STORE_NONE ? 0 : numbers_push(strings, string);
}

/* The credentials, users and roles that the chains acted as. */
static int find_subjects(Store *store, const EngineEvents *events, Subjects *subjects) {
        Numbers identities = {0};
        int r = 0;

        for (size_t i = 0; i < events->n_items && r == 0; i++)
                r = numbers_push(&identities,
                                store_tuple(store, STORE_IDENTITY, events->items[i].event));
        numbers_sort(&identities, true);
        for (size_t i = 0; i < identities.size && r == 0; i++) {
                uint32_t identity = identities.data[i];

                r = add_subject(store, identity, EVENT_ID_KEY, &subjects->keys);
                if (r == 0)
                        r = add_subject(store, identity, EVENT_ID_USER_NAME, &subjects->users);
                if (r == 0)
                        r = add_subject(store, identity, EVENT_ID_ISSUER_USER_NAME,
                                        &subjects->roles);
        }
        numbers_sort(&subjects->keys, true);
        numbers_sort(&subjects->users, true);
        numbers_sort(&subjects->roles, true);
        vec_deinit(&identities);
        return r;
}

static bool is_among(const Numbers *strings, uint32_t string) {
        return string != STORE_NONE && strings->size &&
               bsearch(&string, strings->data, strings->size, sizeof(string), numbers_compare);
}

/* Is the thing one of what was asked about, or of its role? */
static bool is_subject(const Subjects *subjects, const StandingThing *thing) {
        const char *owner = standing_owner_kind(thing->kind);

        if (strcmp(thing->kind, "key") == 0)
                return is_among(&subjects->keys, thing->name);
        if (strcmp(thing->kind, "user") == 0)
                return is_among(&subjects->users, thing->name);
        if (strcmp(thing->kind, "role") == 0 || strcmp(thing->kind, "trust") == 0)
                return is_among(&subjects->roles, thing->name);
        return owner && strcmp(owner, "role") == 0 && is_among(&subjects->roles, thing->of);
}

/* ---- rows ---- */

static int fill_event(SpoorRows *table, uint32_t event, SpoorCell *cells) {
        Store *store = table->scase->store;
        char id[STORE_ID_SIZE];
        StoreSource source;

        if (event == STORE_NONE)
                return 0;
        source = store_source(store, event);
        cells[0] = engine_time_cell(store_time(store, event));
        cells[2] = engine_string_cell(store, store_dim_of(store, STORE_DIM_EVENT, event));
        return engine_table_text(table, store_id_text(store, &source, id), &cells[1]);
}

static int fill(SpoorRows *table, const StandingThing *thing) {
        Store *store = table->scase->store;
        const struct {
                Column column;
                uint32_t string;
        } texts[] = {{COLUMN_NAME, thing->name}, {COLUMN_OF, thing->of},
                        {COLUMN_ACCOUNT, thing->account}, {COLUMN_REGION, thing->region}};
        SpoorCell *cells;
        int r = engine_table_add(table, &cells);

        if (r < 0)
                return r;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                cells[texts[i].column] = engine_string_cell(store, texts[i].string);
        cells[COLUMN_KIND] = engine_text_cell(slice_cstr(thing->kind));
        cells[COLUMN_STATE] = engine_text_cell(slice_cstr(standing_state_name(thing->state)));
        if (thing->of != STORE_NONE)
                cells[COLUMN_OF_KIND] =
                                engine_text_cell(slice_cstr(standing_owner_kind(thing->kind)));
        if (r == 0)
                r = fill_event(table, thing->made, cells + COLUMN_CREATED);
        if (r == 0)
                r = fill_event(table, thing->changed, cells + COLUMN_CHANGED);
        if (r == 0)
                r = fill_event(table, thing->ended, cells + COLUMN_ENDED);
        if (r < 0)
                return r;
        cells[COLUMN_PRINCIPAL] = engine_string_cell(
                        store, store_dim_of(store, STORE_DIM_PRINCIPAL, thing->actor));
        cells[COLUMN_KEY] =
                        engine_string_cell(store, store_dim_of(store, STORE_DIM_KEY, thing->actor));
        cells[COLUMN_IP] = engine_string_cell(store, store_ip(store, thing->actor));
        cells[COLUMN_CHANGES] = engine_count_cell(thing->n_changes);
        if (thing->ended != STORE_NONE)
                cells[COLUMN_ENDED_BY] = engine_string_cell(
                                store, store_dim_of(store, STORE_DIM_PRINCIPAL, thing->ended));
        return 0;
}

static int fill_all(SpoorRows *table, const Ours *ours, const Standing *standing) {
        Subjects subjects = {0};
        int r = ours->events.n_lineages ? find_subjects(ours->store, &ours->events, &subjects) : 0;

        for (size_t i = 0; i < standing->things.size && r == 0; i++) {
                const StandingThing *thing = &standing->things.data[i];

                if (thing->is_ours || is_subject(&subjects, thing))
                        r = fill(table, thing);
        }
        subjects_deinit(&subjects);
        return r;
}

static int make_table(SpoorCase *scase, Ours *ours, SpoorRows **ret_table) {
        StandingQuestion question = {ours->events.n_lineages > 0, ours, is_ours};
        Standing standing = {0};
        int r;

        ours->has_next = !ours->events.plan && engine_events_next(&ours->events, &ours->next);
        r = standing_collect(scase->store, &question, &standing);
        if (r == 0)
                r = engine_table_new(scase, names, N_COLUMNS, ret_table);
        if (r == 0)
                r = fill_all(*ret_table, ours, &standing);
        standing_deinit(&standing);
        return r;
}

int spoor_standing(SpoorCase *scase, const SpoorSelection *selection, const char *const *whats,
                size_t n_whats, SpoorRows **ret_rows, SpoorError *error) {
        Ours ours = {.store = scase->store, .is_all = !selection && !n_whats};
        SpoorRows *table = NULL;
        int r = engine_check_only(scase, NULL, error);

        if (r == 0)
                r = engine_events_open(scase, selection, whats, n_whats, &ours.events, error);
        if (r)
                return r;
        r = make_table(scase, &ours, &table);
        if (r < 0)
                engine_fail(error, r, "%s", strerror(-r));
        if (r == 0)
                r = engine_check_store(scase->store, SPOOR_E_CORRUPT, error);
        engine_events_close(&ours.events);
        if (r) {
                spoor_rows_free(table);
                return r;
        }
        *ret_rows = table;
        return 0;
}
