/*
 * The walk of a profile: once over the events of what it is of, in order of time.
 *
 * What WHAT names is a set of identities (or of addresses). The dimension in which that set has the
 * fewest events gives the posting lists that are walked, held against the selection by the plan;
 * which of those events are of the set is told by the number of their identity. Everything is
 * counted under numbers of tuples and strings, so an event costs a few loads and adds; tables are
 * made of the distinct ones afterwards. Calls are judged once for each distinct tuple.
 *
 * Cost: the events of the shortest such lists. Memory: a word for each string and tuple of the
 * store, and what is distinct. Threads: none.
 */
#include "query/profile.h"

#include <errno.h>
#include <stdlib.h>

#include "base/time.h"
#include "event/catalogue.h"
#include "query/profile-private.h"

#define DAY (86400 * TIME_SECOND)

uint32_t profile_field(Store *store, StoreTuple tuple, uint32_t n, unsigned field) {
        uint32_t string = store_field(store, tuple, n, field);

        return string == 0 && store_string(store, 0).size == 0 ? STORE_NONE : string;
}

/* ---- which events ---- */

typedef struct Subject {
        Numbers identities, addresses;
        uint64_t *is_in; /* bits: identities */
        Plan *plan;
} Subject;

static void subject_deinit(Subject *s) {
        vec_deinit(&s->identities);
        vec_deinit(&s->addresses);
        free(s->is_in);
        plan_free(s->plan);
}

/* The values of DIM that STRINGS (sorted, of FIELD of the identities) are; how many events. */
static int values_of(Store *store, StoreDim dim, unsigned field, const Numbers *identities,
                Numbers *ret, uint64_t *ret_n_events) {
        int r = 0;

        ret->size = 0;
        *ret_n_events = UINT64_MAX;
        for (size_t i = 0; i < identities->size && r == 0; i++) {
                uint32_t string = profile_field(store, STORE_IDENTITY, identities->data[i], field);

                if (string == STORE_NONE)
                        return 0; /* one is found by no list of this dimension */
                r = numbers_push(ret, string);
        }
        if (r < 0)
                return r;
        numbers_sort(ret, true);
        *ret_n_events = 0;
        for (size_t i = 0; i < ret->size; i++) {
                uint32_t value = store_dim_find(store, dim, ret->data[i]);

                if (value == STORE_NONE) /* identities without events, or a faulty store */
                        *ret_n_events = UINT64_MAX;
                else if (*ret_n_events != UINT64_MAX)
                        *ret_n_events += store_dim_stats(store, dim, value).n_events;
                ret->data[i] = value;
        }
        return 0;
}

/* The plan over the lists with the fewest events; where there are none, over all of them. */
static int plan_identities(Store *store, const Selection *selection, Subject *s) {
        static const struct {
                StoreDim dim;
                unsigned field;
        } lists[] = {
                        {STORE_DIM_ROLE, EVENT_ID_ISSUER_USER_NAME},
                        {STORE_DIM_PRINCIPAL, STORE_ID_PRINCIPAL},
                        {STORE_DIM_USER, STORE_ID_USER},
                        {STORE_DIM_SESSION, EVENT_ID_ARN},
                        {STORE_DIM_KEY, EVENT_ID_KEY},
                        {STORE_DIM_TYPE, EVENT_ID_TYPE},
        };
        Numbers values = {0}, best = {0};
        uint64_t least = UINT64_MAX, n;
        StoreDim dim = 0;
        int r = 0;

        for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && r == 0; i++) {
                r = values_of(store, lists[i].dim, lists[i].field, &s->identities, &values, &n);
                if (r == 0 && n < least) {
                        Numbers swap = best;

                        best = values;
                        values = swap;
                        least = n;
                        dim = lists[i].dim;
                }
        }
        if (r == 0)
                r = plan_new_of(store, selection, dim, least == UINT64_MAX ? NULL : best.data,
                                best.size, &s->plan);
        vec_deinit(&values);
        vec_deinit(&best);
        return r;
}

static int plan_addresses(Store *store, const Selection *selection, Subject *s) {
        for (size_t i = 0; i < s->addresses.size; i++)
                s->addresses.data[i] = store_dim_find(store, STORE_DIM_IP, s->addresses.data[i]);
        return plan_new_of(store, selection, STORE_DIM_IP, s->addresses.data, s->addresses.size,
                        &s->plan);
}

/* The plan stays NULL where there is nothing to be walked. */
static int find_subject(Store *store, const Selection *selection, const What *what, Subject *s) {
        size_t n_words = ((size_t)store_n_identities(store) + 63) / 64;
        int r;

        if (what->kind == WHAT_IP) {
                r = what_addresses(store, what, &s->addresses);
                return r < 0 || !s->addresses.size ? r : plan_addresses(store, selection, s);
        }
        r = what_identities(store, what, &s->identities);
        if (r < 0 || !s->identities.size)
                return r;
        s->is_in = vec_alloc_zero(n_words, sizeof(*s->is_in));
        if (!s->is_in)
                return -ENOMEM;
        for (size_t i = 0; i < s->identities.size; i++) {
                uint32_t identity = s->identities.data[i];

                if (identity < store_n_identities(store))
                        s->is_in[identity / 64] |= UINT64_C(1) << identity % 64;
        }
        return plan_identities(store, selection, s);
}

/* ---- what a call is ---- */

/* Of calls that the catalogue does not know: what only looks around begins so. */
static bool begins_like_a_look(Slice name) {
        return slice_starts_with(name, SLICE_LITERAL("List")) ||
               slice_starts_with(name, SLICE_LITERAL("Get")) ||
               slice_starts_with(name, SLICE_LITERAL("Describe"));
}

/* Does a call whose record says nothing of readOnly write? */
static bool does_write(const CatalogueCall *known) {
        return known && known->effect != CATALOGUE_EFFECT_NONE &&
               known->effect != CATALOGUE_EFFECT_READ && known->effect != CATALOGUE_EFFECT_USE;
}

static int judge_call(ProfileWalk *w, uint32_t call) {
        Store *store = w->store;
        CallInfo *info = &w->call_infos[call];
        Slice name = store_string(store, store_field(store, STORE_CALL, call, EVENT_CALL_NAME));
        Slice service = store_string(
                        store, store_field(store, STORE_CALL, call, EVENT_CALL_SERVICE));
        Slice read_only = store_string(
                        store, store_field(store, STORE_CALL, call, EVENT_CALL_READ_ONLY));
        const CatalogueCall *known = catalogue_find(service, name);
        const char *kind = known ? known->kind : "";
        bool is_told = read_only.size != 0, is_write;
        int r = 0;

        /* what is read of a bucket are its objects */
        if (known && known->effect == CATALOGUE_EFFECT_READ && strcmp(kind, "object") == 0)
                kind = "bucket";
        is_write = is_told ? slice_equal(read_only, SLICE_LITERAL("false")) : does_write(known);
        info->mark = CALL_IS_MARKED;
        if (slice_equal(name, SLICE_LITERAL("GetCallerIdentity")))
                info->mark |= CALL_IS_CALLER;
        if (is_write)
                info->mark |= CALL_IS_WRITE;
        else if (known ? known->category == CATALOGUE_RECONNAISSANCE : begins_like_a_look(name))
                info->mark |= CALL_IS_LOOK;
        info->effect = known ? (unsigned char)known->effect : CATALOGUE_EFFECT_NONE;
        info->kind = profile_kind(w->profile, kind, &r);
        return r;
}

static Outcome outcome_of(Store *store, uint32_t result) {
        Slice text = store_string(
                        store, store_field(store, STORE_RESULT, result, STORE_RESULT_OUTCOME));

        return slice_equal(text, SLICE_LITERAL("denied"))    ? OUTCOME_DENIED
               : slice_equal(text, SLICE_LITERAL("failure")) ? OUTCOME_FAILURE
                                                             : OUTCOME_SUCCESS;
}

/* ---- counting ---- */

static int counter_init(Counter *c, size_t n) {
        c->n_places = n;
        c->places = vec_alloc_zero(n, sizeof(*c->places));
        return c->places ? 0 : -ENOMEM;
}

static void counter_deinit(Counter *c) {
        free(c->places);
        vec_deinit(&c->rows);
}

static inline int count_under(Counter *c, uint32_t number, const ProfileEvent *e) {
        uint32_t *place;

        if (number >= c->n_places) /* absent */
                return 0;
        place = &c->places[number];
        if (!*place) {
                if (vec_reserve(&c->rows, 1) < 0)
                        return -ENOMEM;
                c->rows.data[c->rows.size++] = (Counted){.number = number};
                *place = (uint32_t)c->rows.size;
        }
        profile_count(&c->rows.data[*place - 1].stats, e);
        return 0;
}

static int count_day(Profile *p, const ProfileEvent *e) {
        int64_t day = e->time / DAY - (e->time % DAY < 0);

        if (!p->days.size || p->days.data[p->days.size - 1].day != day) {
                if (vec_reserve(&p->days, 1) < 0)
                        return -ENOMEM;
                p->days.data[p->days.size++] = (ProfileDay){.day = day};
        }
        profile_count(&p->days.data[p->days.size - 1].stats, e);
        return 0;
}

static int count_event(ProfileWalk *w, ProfileEvent *e) {
        uint32_t result = store_tuple(w->store, STORE_RESULT, e->event);
        int r = 0;

        e->call = store_tuple(w->store, STORE_CALL, e->event);
        if (e->call >= w->n_calls || result >= w->n_results)
                return 0; /* the store is faulty */
        if (!w->call_infos[e->call].mark && judge_call(w, e->call) < 0)
                return -ENOMEM;
        if (!w->outcomes[result])
                w->outcomes[result] = (unsigned char)outcome_of(w->store, result);
        e->mark = w->call_infos[e->call].mark;
        e->outcome = w->outcomes[result];
        e->time = store_time(w->store, e->event);
        profile_count(&w->profile->stats, e);
        if (count_under(&w->identities, e->identity, e) < 0 ||
                        count_under(&w->calls, e->call, e) < 0 ||
                        count_under(&w->ips, store_ip(w->store, e->event), e) < 0 ||
                        count_under(&w->uas, store_ua(w->store, e->event), e) < 0 ||
                        count_day(w->profile, e) < 0)
                return -ENOMEM;
        if (e->mark & (CALL_IS_CALLER | CALL_IS_LOOK))
                r = profile_count_run(w, e);
        if (r == 0 && e->outcome == OUTCOME_SUCCESS &&
                        (e->mark & CALL_IS_WRITE || w->call_infos[e->call].effect))
                r = profile_count_targets(w, e);
        return r;
}

static int walk(ProfileWalk *w, const Subject *s) {
        ProfileEvent e = {0};
        int r = 0;

        while (r == 0 && s->plan && plan_next(s->plan, &e.event)) {
                e.identity = store_tuple(w->store, STORE_IDENTITY, e.event);
                if (e.identity >= w->identities.n_places)
                        continue;
                if (!s->is_in || s->is_in[e.identity / 64] >> e.identity % 64 & 1)
                        r = count_event(w, &e);
        }
        return r;
}

/* ---- the profile ---- */

static int walk_init(ProfileWalk *w) {
        uint32_t n_identities = store_n_identities(w->store), n_strings = store_n_strings(w->store);

        w->n_calls = store_n_tuples(w->store, STORE_CALL);
        w->n_results = store_n_tuples(w->store, STORE_RESULT);
        w->credential_names.n_dims = 2;
        w->reads.n_dims = 3;
        w->writes.n_dims = w->made.n_dims = 4;
        store_targets_init(&w->targets, w->store);
        w->call_infos = vec_alloc_zero(w->n_calls, sizeof(*w->call_infos));
        w->outcomes = vec_alloc_zero(w->n_results, 1);
        w->credential_of = vec_alloc_zero(n_identities, sizeof(*w->credential_of));
        if (!w->call_infos || !w->outcomes || !w->credential_of ||
                        counter_init(&w->identities, n_identities) < 0 ||
                        counter_init(&w->calls, w->n_calls) < 0 ||
                        counter_init(&w->ips, n_strings) < 0 ||
                        counter_init(&w->uas, n_strings) < 0)
                return -ENOMEM;
        return 0;
}

static void walk_deinit(ProfileWalk *w) {
        counter_deinit(&w->identities);
        counter_deinit(&w->calls);
        counter_deinit(&w->ips);
        counter_deinit(&w->uas);
        free(w->call_infos);
        free(w->outcomes);
        free(w->credential_of);
        tally_deinit(&w->writes);
        tally_deinit(&w->reads);
        tally_deinit(&w->made);
        vec_deinit(&w->read_sums);
        free(w->objects.slots);
        tally_deinit(&w->credential_names);
        vec_deinit(&w->credentials);
        vec_deinit(&w->run_calls);
}

/* What the evidence has under that name, whatever of it is selected. */
static void fill_what(Store *store, const Subject *s, Profile *p) {
        uint32_t string = store_find_string(store, p->what.text);
        StoreRange users = store_identities_by(store, STORE_IDENTITIES_BY_USER, string);
        StoreRange roles = store_identities_by(store, STORE_IDENTITIES_BY_ROLE, string);
        StoreRange grants = store_grants_by(store, STORE_GRANTS_BY_KEY, string);

        p->is_known = s->identities.size || s->addresses.size;
        if (p->what.kind == WHAT_KEY)
                p->is_known |= grants.first < grants.end;
        p->n_users = users.end - users.first;
        p->n_roles = roles.end - roles.first;
}

int profile_new(Store *store, const Selection *selection, Slice text, Profile **ret_profile) {
        Profile *p = vec_alloc_zero(1, sizeof(*p));
        ProfileWalk w = {.store = store, .profile = p};
        Subject s = {0};
        int r = p ? what_parse(text, &p->what) : -ENOMEM;

        if (r == 0) {
                what_settle(store, &p->what);
                r = find_subject(store, selection, &p->what, &s);
        }
        if (r == 0) {
                fill_what(store, &s, p);
                r = walk_init(&w);
        }
        if (r == 0)
                r = walk(&w, &s);
        if (r == 0)
                r = profile_make_tables(&w);
        if (r == 0)
                r = profile_make_things(&w);
        if (r == 0)
                r = profile_make_runs(&w);
        if (r == 0)
                r = profile_make_news(&w);
        walk_deinit(&w);
        subject_deinit(&s);
        if (r != 0) {
                profile_free(p);
                return r;
        }
        *ret_profile = p;
        return 0;
}

Profile *profile_free(Profile *p) {
        if (!p)
                return NULL;
        for (size_t i = 0; i < PROFILE_N_TABLES; i++)
                vec_deinit(&p->tables[i]);
        vec_deinit(&p->days);
        vec_deinit(&p->runs);
        vec_deinit(&p->names);
        vec_deinit(&p->writes);
        vec_deinit(&p->reads);
        vec_deinit(&p->made);
        vec_deinit(&p->kinds);
        vec_deinit(&p->news);
        arena_deinit(&p->arena);
        free(p);
        return NULL;
}
