/*
 * Events of a question: a plan walks its indexes and costs what it finds; chains are looked up
 * whole and merged, 12 bytes for each event. An event stands once in the list, under the first
 * chain that has it. Belongs to one thread.
 */
#include "engine/events.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"

/* Both lists are in order of events; *items and CHAIN become one. */
static int merge(EngineEvents *events, const LineageEvent *chain, size_t n_chain, uint32_t number) {
        EngineEvent *items = vec_alloc(events->n_items + n_chain + 1, sizeof(*items));
        size_t n = 0, i = 0, k = 0;

        if (!items)
                return -ENOMEM;
        while (i < events->n_items || k < n_chain) {
                if (k == n_chain ||
                                (i < events->n_items && events->items[i].event <= chain[k].event)) {
                        if (k < n_chain && events->items[i].event == chain[k].event)
                                k++;
                        items[n++] = events->items[i++];
                } else {
                        items[n++] = (EngineEvent){chain[k].event, number, chain[k].row};
                        k++;
                }
        }
        free(events->items);
        events->items = items;
        events->n_items = n;
        return 0;
}

static int add_chain(SpoorCase *scase, const SpoorSelection *selection, const char *what,
                EngineEvents *events, SpoorError *error) {
        SpoorLateral question = {.from = what};
        size_t number = events->n_lineages, n_chain = 0;
        LineageEvent *chain = NULL;
        int r = engine_lineage(scase, selection, &question, true, &events->lineages[number], error);

        if (r)
                return r;
        events->n_lineages++;
        r = lineage_events(events->lineages[number], &chain, &n_chain);
        if (r == 0)
                r = merge(events, chain, n_chain, (uint32_t)number);
        free(chain);
        return r < 0 ? engine_fail(error, r, "%s", strerror(-r)) : 0;
}

int engine_events_open(SpoorCase *scase, const SpoorSelection *selection, const char *const *whats,
                size_t n_whats, EngineEvents *ret_events, SpoorError *error) {
        int r = engine_check_only(scase, n_whats ? NULL : selection, error);

        *ret_events = (EngineEvents){0};
        if (r)
                return r;
        if (n_whats == 0) {
                r = plan_new(scase->store, selection ? selection->selection : NULL,
                                &ret_events->plan);
                return r < 0 ? engine_fail_query(error, r, selection) : 0;
        }
        ret_events->lineages = vec_alloc_zero(n_whats, sizeof(*ret_events->lineages));
        if (!ret_events->lineages)
                return engine_fail(error, -ENOMEM, "%s", strerror(ENOMEM));
        for (size_t i = 0; i < n_whats && r == 0; i++)
                r = add_chain(scase, selection, whats[i], ret_events, error);
        if (r)
                engine_events_close(ret_events);
        return r;
}

void engine_events_close(EngineEvents *events) {
        for (size_t i = 0; i < events->n_lineages; i++)
                lineage_free(events->lineages[i]);
        free(events->lineages);
        free(events->items);
        plan_free(events->plan);
        *events = (EngineEvents){0};
}

bool engine_events_next(EngineEvents *events, EngineEvent *ret_event) {
        if (events->plan) {
                *ret_event = (EngineEvent){0, STORE_NONE, STORE_NONE};
                return plan_next(events->plan, &ret_event->event);
        }
        if (events->at >= events->n_items)
                return false;
        *ret_event = events->items[events->at++];
        return true;
}

const LineageRow *engine_events_hop(const EngineEvents *events, const EngineEvent *event) {
        if (event->chain >= events->n_lineages || event->row == STORE_NONE)
                return NULL;
        return lineage_row(events->lineages[event->chain], event->row);
}
