/*
 * What stands around an event or a time: the events of a window, and of an event also the whole run
 * that it belongs to (see collapse.c), wherever that reaches. Each is marked.
 *
 * The window costs its events; the run those of its credential, which its posting list names. They
 * are found when the cursor is made, 12 bytes for each.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/time.h"
#include "base/vec.h"
#include "engine/events.h"

typedef VEC(EngineEvent) Events;
typedef VEC(uint32_t) Numbers;

static int add(Events *events, uint32_t event, EngineMark mark) {
        if (vec_reserve(events, 1) < 0)
                return -ENOMEM;
        events->data[events->size++] = (EngineEvent){event, STORE_NONE, mark};
        return 0;
}

/* The run of EVENT among what PLAN selects, in order. */
static int find_run(Store *store, Plan *plan, uint32_t event, int64_t pause, Numbers *ret_run) {
        EngineRunKey key = engine_run_key(store, event), other;
        uint32_t value = store_dim_find(store, (StoreDim)key.dim, key.who), next;
        bool is_met = false;
        StorePostings postings;
        int r = 0;

        if (key.who == STORE_NONE || value == STORE_NONE || !plan_has(plan, event))
                return 0;
        store_postings(store, (StoreDim)key.dim, value, &postings);
        while (r == 0 && store_postings_next(&postings, &next)) {
                other = engine_run_key(store, next);
                if (memcmp(&key, &other, sizeof(key)) != 0 || !plan_has(plan, next))
                        continue;
                if (ret_run->size && engine_run_breaks(store, ret_run->data[ret_run->size - 1],
                                                     store_time(store, next), pause)) {
                        if (is_met)
                                break;
                        ret_run->size = 0;
                }
                is_met |= next == event;
                r = vec_reserve(ret_run, 1);
                if (r == 0)
                        ret_run->data[ret_run->size++] = next;
        }
        return r;
}

/* The events of the window and of RUN, each marked by what it has to do with EVENT (or none). */
static int collect(Store *store, Plan *plan, uint32_t event, uint32_t from, uint32_t to,
                const Numbers *run, Events *ret) {
        EngineRunKey key = {0};
        size_t k = 0;
        int r = 0;

        if (event != STORE_NONE)
                key = engine_run_key(store, event);
        for (; k < run->size && run->data[k] < from && r == 0; k++)
                r = add(ret, run->data[k],
                                run->data[k] == event ? ENGINE_MARK_EVENT : ENGINE_MARK_RUN);
        for (uint32_t i = from; i < to && r == 0; i++) {
                EngineMark mark = ENGINE_MARK_NONE;

                if (k < run->size && run->data[k] == i) {
                        mark = ENGINE_MARK_RUN;
                        k++;
                } else if (!plan_has(plan, i)) {
                        continue;
                } else if (event != STORE_NONE && key.who != STORE_NONE &&
                                store_dim_of(store, (StoreDim)key.dim, i) == key.who) {
                        mark = ENGINE_MARK_CREDENTIAL;
                }
                r = add(ret, i, i == event ? ENGINE_MARK_EVENT : mark);
        }
        for (; k < run->size && r == 0; k++)
                r = add(ret, run->data[k], ENGINE_MARK_RUN);
        return r;
}

/* The first event behind TIME + SPAN, which itself belongs to the window. */
static uint32_t end_of(Store *store, int64_t time, int64_t span) {
        int64_t end;

        if (__builtin_add_overflow(time, span, &end) || end == INT64_MAX)
                return store_n_events(store);
        return store_lower_bound(store, end + 1);
}

static int find(SpoorCase *scase, const SpoorSelection *selection, const SpoorAround *question,
                uint32_t event, EngineEvents *ret, SpoorError *error) {
        Store *store = scase->store;
        int64_t time = event == STORE_NONE ? question->time : store_time(store, event), begin;
        int64_t pause = question->pause < 0 ? ENGINE_RUN_PAUSE : question->pause;
        int64_t span = question->span < 0 ? ENGINE_RUN_PAUSE : question->span;
        Numbers run = {0};
        Events events = {0};
        Plan *plan;
        int r = plan_new(store, selection ? selection->selection : NULL, &plan);

        if (r < 0)
                return engine_fail_query(error, r, selection);
        if (__builtin_sub_overflow(time, span, &begin))
                begin = INT64_MIN;
        if (event != STORE_NONE)
                r = find_run(store, plan, event, pause, &run);
        if (r == 0)
                r = collect(store, plan, event, store_lower_bound(store, begin),
                                end_of(store, time, span), &run, &events);
        plan_free(plan);
        vec_deinit(&run);
        *ret = (EngineEvents){.items = events.data, .n_items = events.size};
        if (r < 0)
                engine_events_close(ret);
        return r < 0 ? engine_fail(error, r, "%s", strerror(-r)) : 0;
}

int spoor_around(SpoorCase *scase, const SpoorSelection *selection, const SpoorAround *question,
                const char *const *columns, size_t n_columns, SpoorRows **ret_rows,
                SpoorError *error) {
        EngineEvents events;
        uint32_t event = STORE_NONE;
        int r = engine_check_only(scase, NULL, error);

        if (r)
                return r;
        if (question->event_id) {
                event = store_find_id(scase->store, slice_cstr(question->event_id));
                r = engine_check_store(scase->store, SPOOR_E_CORRUPT, error);
                if (r)
                        return r;
                if (event == STORE_NONE)
                        return engine_fail(error, SPOOR_E_UNKNOWN, "no event has the eventID %s",
                                        question->event_id);
        }
        r = find(scase, selection, question, event, &events, error);
        if (r)
                return r;
        return engine_timeline_new(scase, &events, ENGINE_TIMELINE_AROUND, columns, n_columns,
                        ret_rows, error);
}
