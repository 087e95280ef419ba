/*
 * From a selection to the events it selects.
 *
 * Every dimension asked for becomes the set of its strings that match, and with it a count of the
 * events that have one, from the statistics of the index. The smallest count drives: its posting
 * lists are walked, and each event is held against the other sets by its columns. Where the window
 * of time is smaller than any list, its events are walked instead. So the cost follows the shortest
 * list, not the evidence.
 *
 *     one list            decoded as it is walked
 *     few events          gathered from the lists and sorted
 *     many events         gathered as bits over the window
 */
#include <errno.h>
#include <stdlib.h>

#include "query/selection.h"

#define FEW 4096U /* events that are sorted rather than marked */

/* Strings of one dimension that match, rising; empty matches nothing. */
typedef struct Matches {
        StoreDim dim;
        VEC(uint32_t) values;  /* of the dimension */
        VEC(uint32_t) strings; /* and what they stand for */
        uint64_t n_events;
} Matches;

typedef enum Walk {
        WALK_WINDOW,
        WALK_LIST,
        WALK_EVENTS,
        WALK_BITS,
} Walk;

struct Plan {
        Store *store;
        Matches matches[STORE_N_DIMS];
        size_t n_matches;
        size_t driver; /* index into matches; those after the first n_matches: none */
        Arena arena;
        Patterns ids;
        uint32_t read_only; /* string that readOnly must be; STORE_NONE: never; see has_read_only */
        bool has_read_only;

        Walk walk;
        uint32_t next, end; /* of the window */
        StorePostings list;
        VEC(uint32_t) events;
        size_t at;
        uint64_t *bits;
        uint32_t first; /* event of bit 0 */
};

/* ---- what matches ---- */

static int add_match(Store *store, Matches *m, uint32_t value) {
        if (vec_reserve(&m->values, 1) < 0 || vec_reserve(&m->strings, 1) < 0)
                return -ENOMEM;
        m->values.data[m->values.size++] = value;
        m->strings.data[m->strings.size++] = store_dim_value(store, m->dim, value);
        m->n_events += store_dim_stats(store, m->dim, value).n_events;
        return 0;
}

static int compare_u32(const void *a, const void *b) {
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return (x > y) - (x < y);
}

/* Literals are found by hash; anything else is tried on every value of the dimension. */
static int find_matches(Store *store, const Patterns *patterns, Matches *m) {
        int r = 0;

        if (!patterns_are_literal(patterns)) {
                uint32_t n = store_dim_size(store, m->dim);

                for (uint32_t v = 0; v < n && r == 0; v++) {
                        if (patterns_match(patterns,
                                            store_string(store, store_dim_value(store, m->dim, v))))
                                r = add_match(store, m, v);
                }
                return r;
        }
        for (size_t i = 0; i < patterns->size && r == 0; i++) {
                uint32_t string = store_find_string(store, patterns->data[i].text);
                uint32_t value = string == STORE_NONE ? STORE_NONE
                                                      : store_dim_find(store, m->dim, string);

                for (size_t k = 0; k < m->values.size && value != STORE_NONE; k++) {
                        if (m->values.data[k] == value)
                                value = STORE_NONE; /* asked for twice */
                }
                if (value != STORE_NONE)
                        r = add_match(store, m, value);
        }
        /* strings rise with values */
        if (m->values.size) {
                qsort(m->values.data, m->values.size, sizeof(uint32_t), compare_u32);
                qsort(m->strings.data, m->strings.size, sizeof(uint32_t), compare_u32);
        }
        return r;
}

static bool has_string(const Matches *m, uint32_t string) {
        return string != STORE_NONE && m->strings.size &&
               bsearch(&string, m->strings.data, m->strings.size, sizeof(uint32_t), compare_u32);
}

/* ---- the window ---- */

static void set_window(Plan *plan, const Selection *s) {
        uint32_t n = store_n_events(plan->store);

        plan->next = 0;
        plan->end = n;
        if (!s || n == 0)
                return;
        if (s->has_from || s->has_last)
                plan->next = store_lower_bound(plan->store, selection_from(s, plan->store));
        if (s->has_to)
                plan->end = store_lower_bound(plan->store, s->to);
        if (plan->end < plan->next)
                plan->end = plan->next;
}

/* ---- gathering ---- */

static int gather(Plan *plan, const Matches *m) {
        size_t n_words = ((size_t)(plan->end - plan->next) + 63) / 64;
        bool is_few = m->n_events <= FEW;

        plan->first = plan->next;
        plan->walk = is_few ? WALK_EVENTS : WALK_BITS;
        if (is_few ? vec_reserve(&plan->events, m->n_events) < 0
                   : !(plan->bits = vec_alloc_zero(n_words, sizeof(*plan->bits))))
                return -ENOMEM;
        for (size_t i = 0; i < m->values.size; i++) {
                StorePostings list;
                uint32_t event;

                store_postings(plan->store, m->dim, m->values.data[i], &list);
                while (store_postings_next(&list, &event)) {
                        if (event >= plan->end)
                                break;
                        if (event < plan->next)
                                continue;
                        if (!is_few)
                                plan->bits[(event - plan->first) / 64] |=
                                                UINT64_C(1) << (event - plan->first) % 64;
                        else if (plan->events.size < plan->events.cap)
                                plan->events.data[plan->events.size++] = event;
                }
        }
        if (plan->events.size)
                qsort(plan->events.data, plan->events.size, sizeof(uint32_t), compare_u32);
        return 0;
}

static int choose_walk(Plan *plan) {
        uint64_t least = plan->end - plan->next;

        plan->driver = SIZE_MAX;
        plan->walk = WALK_WINDOW;
        for (size_t i = 0; i < plan->n_matches; i++) {
                if (plan->matches[i].n_events < least || plan->matches[i].values.size == 0) {
                        least = plan->matches[i].n_events;
                        plan->driver = i;
                }
        }
        if (plan->driver == SIZE_MAX)
                return 0;
        if (plan->matches[plan->driver].values.size == 0) {
                plan->end = plan->next; /* nothing has such a value */
                return 0;
        }
        if (plan->matches[plan->driver].values.size > 1)
                return gather(plan, &plan->matches[plan->driver]);
        plan->walk = WALK_LIST;
        store_postings(plan->store, plan->matches[plan->driver].dim,
                        plan->matches[plan->driver].values.data[0], &plan->list);
        return 0;
}

/* eventIDs without wildcards are found by hash, and drive whatever else was asked for. */
static int find_ids(Plan *plan, const Selection *s) {
        for (size_t i = 0; i < s->ids.size; i++) {
                if (!s->ids.data[i].is_literal)
                        break;
                if (i + 1 < s->ids.size)
                        continue;
                if (vec_reserve(&plan->events, s->ids.size) < 0)
                        return -ENOMEM;
                plan->walk = WALK_EVENTS;
                plan->driver = SIZE_MAX;
                for (size_t k = 0; k < s->ids.size; k++) {
                        uint32_t event = store_find_id(plan->store, s->ids.data[k].text);

                        for (size_t e = 0; e < plan->events.size && event != STORE_NONE; e++) {
                                if (plan->events.data[e] == event)
                                        event = STORE_NONE;
                        }
                        if (event >= plan->next && event < plan->end)
                                plan->events.data[plan->events.size++] = event;
                }
                if (plan->events.size)
                        qsort(plan->events.data, plan->events.size, sizeof(uint32_t), compare_u32);
                return 1;
        }
        for (size_t i = 0; i < s->ids.size; i++) {
                Pattern pattern = s->ids.data[i];

                if (vec_reserve(&plan->ids, 1) < 0 ||
                                arena_copy(&plan->arena, pattern.text, &pattern.text) < 0)
                        return -ENOMEM;
                plan->ids.data[plan->ids.size++] = pattern;
        }
        return 0;
}

/* ---- the plan ---- */

static int compile(Plan *plan, const Selection *s) {
        int r = 0;

        for (int dim = 0; dim < STORE_N_DIMS && r == 0; dim++) {
                if (!s->dims[dim].size)
                        continue;
                plan->matches[plan->n_matches].dim = (StoreDim)dim;
                r = find_matches(plan->store, &s->dims[dim], &plan->matches[plan->n_matches++]);
        }
        plan->has_read_only = s->read_only >= 0;
        if (plan->has_read_only)
                plan->read_only = store_find_string(plan->store,
                                s->read_only ? SLICE_LITERAL("true") : SLICE_LITERAL("false"));
        return r;
}

int plan_new(Store *store, const Selection *selection, Plan **ret_plan) {
        Plan *plan = vec_alloc_zero(1, sizeof(*plan));
        int r = 0;

        if (!plan)
                return -ENOMEM;
        plan->store = store;
        set_window(plan, selection);
        if (selection)
                r = compile(plan, selection);
        if (selection && r == 0)
                r = find_ids(plan, selection);
        if (r == 0)
                r = choose_walk(plan);
        if (r < 0) {
                plan_free(plan);
                return r;
        }
        *ret_plan = plan;
        return 0;
}

Plan *plan_free(Plan *plan) {
        if (!plan)
                return NULL;
        for (size_t i = 0; i < plan->n_matches; i++) {
                vec_deinit(&plan->matches[i].values);
                vec_deinit(&plan->matches[i].strings);
        }
        vec_deinit(&plan->ids);
        vec_deinit(&plan->events);
        arena_deinit(&plan->arena);
        free(plan->bits);
        free(plan);
        return NULL;
}

static bool next_candidate(Plan *plan, uint32_t *ret_event) {
        switch (plan->walk) {
        case WALK_WINDOW:
                return plan->next < plan->end && (*ret_event = plan->next++, true);
        case WALK_LIST:
                while (store_postings_next(&plan->list, ret_event)) {
                        if (*ret_event >= plan->next)
                                return *ret_event < plan->end;
                }
                return false;
        case WALK_EVENTS:
                return plan->at < plan->events.size &&
                       (*ret_event = plan->events.data[plan->at++], true);
        case WALK_BITS:
                for (; plan->next < plan->end; plan->next = plan->first +
                                                            (plan->next - plan->first) / 64 * 64 +
                                                            64) {
                        uint32_t bit = plan->next - plan->first;
                        uint64_t word = plan->bits[bit / 64] >> bit % 64;

                        if (!word)
                                continue;
                        *ret_event = plan->next + (uint32_t)__builtin_ctzll(word);
                        plan->next = *ret_event + 1;
                        return true;
                }
                return false;
        }
        return false;
}

static bool is_selected(Plan *plan, uint32_t event) {
        for (size_t i = 0; i < plan->n_matches; i++) {
                if (i != plan->driver &&
                                !has_string(&plan->matches[i],
                                                store_dim_of(plan->store, plan->matches[i].dim,
                                                                event)))
                        return false;
        }
        if (plan->has_read_only &&
                        (plan->read_only == STORE_NONE ||
                                        store_field(plan->store, STORE_CALL,
                                                        store_tuple(plan->store, STORE_CALL, event),
                                                        EVENT_CALL_READ_ONLY) != plan->read_only))
                return false;
        if (plan->ids.size) {
                StoreSource source = store_source(plan->store, event);
                char buffer[STORE_ID_SIZE];
                Slice id = store_id_text(plan->store, &source, buffer);

                return id.size && patterns_match(&plan->ids, id);
        }
        return true;
}

bool plan_next(Plan *plan, uint32_t *ret_event) {
        while (next_candidate(plan, ret_event)) {
                if (is_selected(plan, *ret_event))
                        return true;
                if (store_is_faulty(plan->store))
                        return false;
        }
        return false;
}

bool plan_has(Plan *plan, uint32_t event) {
        size_t driver = plan->driver;
        bool is_ids = plan->walk == WALK_EVENTS && driver == SIZE_MAX, r;

        if (event < plan->next || event >= plan->end)
                return false;
        if (is_ids && !(plan->events.size && bsearch(&event, plan->events.data, plan->events.size,
                                                             sizeof(uint32_t), compare_u32)))
                return false;
        plan->driver = SIZE_MAX; /* what drives is not sure of this one either */
        r = is_selected(plan, event);
        plan->driver = driver;
        return r;
}
