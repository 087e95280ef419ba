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
 *
 * Where there is an expression (where-plan.c) it is decided for all events at once, and what is
 * walked then is the answer.
 */
#include <errno.h>
#include <stdlib.h>

#include "query/plan.h"

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
        WhereWindow window;

        plan->next = 0;
        plan->end = n;
        if (!s || n == 0)
                return;
        window = selection_window(s, plan->store);
        if (window.has_from)
                plan->next = store_lower_bound(plan->store, window.from);
        if (window.has_to)
                plan->end = store_lower_bound(plan->store, window.to);
        if (plan->end < plan->next)
                plan->end = plan->next;
}

/* ---- gathering ---- */

static void gather_event(Plan *plan, uint32_t event) {
        if (event < plan->next || event >= plan->end)
                return;
        if (plan->bits)
                plan->bits[(event - plan->first) / 64] |= UINT64_C(1) << (event - plan->first) % 64;
        else if (plan->events.size < plan->events.cap)
                plan->events.data[plan->events.size++] = event;
}

static void sort_events(Plan *plan) {
        size_t n = 0;

        if (plan->events.size)
                qsort(plan->events.data, plan->events.size, sizeof(uint32_t), compare_u32);
        for (size_t i = 0; i < plan->events.size; i++) {
                if (n == 0 || plan->events.data[n - 1] != plan->events.data[i])
                        plan->events.data[n++] = plan->events.data[i];
        }
        plan->events.size = n;
}

int plan_gather(Plan *plan, const PlanList *lists, size_t n_lists, uint64_t n_events) {
        size_t n_words = ((size_t)(plan->end - plan->next) + 63) / 64;
        bool is_few = n_events <= PLAN_FEW;

        plan->first = plan->next;
        plan->walk = is_few ? WALK_EVENTS : WALK_BITS;
        if (is_few ? vec_reserve(&plan->events, n_events) < 0
                   : !(plan->bits = vec_alloc_zero(n_words, sizeof(*plan->bits))))
                return -ENOMEM;
        for (size_t i = 0; i < n_lists; i++) {
                StorePostings list;
                uint32_t event;

                if (lists[i].dim == STORE_N_DIMS) {
                        gather_event(plan, lists[i].value);
                        continue;
                }
                store_postings(plan->store, lists[i].dim, lists[i].value, &list);
                while (store_postings_next(&list, &event) && event < plan->end)
                        gather_event(plan, event);
        }
        sort_events(plan);
        return 0;
}

static int gather_matches(Plan *plan, const Matches *m) {
        PlanList *lists = vec_alloc(m->values.size, sizeof(*lists));
        int r = lists ? 0 : -ENOMEM;

        for (size_t i = 0; i < m->values.size && r == 0; i++)
                lists[i] = (PlanList){m->dim, m->values.data[i]};
        if (r == 0)
                r = plan_gather(plan, lists, m->values.size, m->n_events);
        free(lists);
        return r;
}

int plan_choose(Plan *plan, const PlanLists *lists) {
        uint64_t least = plan->end - plan->next;

        plan->driver = SIZE_MAX;
        plan->walk = WALK_WINDOW;
        for (size_t i = 0; i < plan->n_matches; i++) {
                if (plan->matches[i].n_events < least || plan->matches[i].values.size == 0) {
                        least = plan->matches[i].n_events;
                        plan->driver = i;
                }
        }
        if (lists && lists->n_events < least) {
                plan->driver = SIZE_MAX;
                return plan_gather(plan, lists->lists.data, lists->lists.size, lists->n_events);
        }
        if (plan->driver == SIZE_MAX)
                return 0;
        if (plan->matches[plan->driver].values.size == 0) {
                plan->end = plan->next; /* nothing has such a value */
                return 0;
        }
        if (plan->matches[plan->driver].values.size > 1)
                return gather_matches(plan, &plan->matches[plan->driver]);
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

static int add_values(Plan *plan, StoreDim dim, const uint32_t *values, size_t n) {
        Matches *m = &plan->matches[plan->n_matches++];
        int r = 0;

        m->dim = dim;
        for (size_t i = 0; i < n && r == 0; i++)
                r = add_match(plan->store, m, values[i]);
        return r;
}

int plan_new_of(Store *store, const Selection *selection, StoreDim dim, const uint32_t *values,
                size_t n_values, Plan **ret_plan) {
        Plan *plan = vec_alloc_zero(1, sizeof(*plan));
        int r = 0;

        if (!plan)
                return -ENOMEM;
        plan->store = store;
        set_window(plan, selection);
        if (selection)
                r = compile(plan, selection);
        if (values && r == 0)
                r = add_values(plan, dim, values, n_values);
        if (selection && r == 0)
                r = find_ids(plan, selection);
        if (selection && selection->where.roots.size && r >= 0)
                r = plan_decide(plan, selection, r == 0);
        else if (r == 0)
                r = plan_choose(plan, NULL);
        if (r < 0) {
                plan_free(plan);
                return r;
        }
        *ret_plan = plan;
        return 0;
}

int plan_new(Store *store, const Selection *selection, Plan **ret_plan) {
        return plan_new_of(store, selection, 0, NULL, 0, ret_plan);
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
        if (plan->is_answer)
                return true;
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
        bool is_listed = plan->walk == WALK_EVENTS && driver == SIZE_MAX, r;

        if (event < plan->next || event >= plan->end)
                return false;
        if (plan->is_answer && plan->walk == WALK_BITS)
                return plan->bits[(event - plan->first) / 64] >> (event - plan->first) % 64 & 1;
        if (is_listed &&
                        !(plan->events.size && bsearch(&event, plan->events.data, plan->events.size,
                                                               sizeof(uint32_t), compare_u32)))
                return false;
        plan->driver = SIZE_MAX; /* what drives is not sure of this one either */
        r = is_selected(plan, event);
        plan->driver = driver;
        return r;
}
