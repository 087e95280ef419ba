/* What an event's call means, and what it acts on, as cells; private to the engine. */
#ifndef ENGINE_ACTS_H
#define ENGINE_ACTS_H

#include "engine/engine.h"

typedef enum EngineAct {
        ENGINE_ACT_CATEGORY,
        ENGINE_ACT_TECHNIQUE,
        ENGINE_ACT_EFFECT,
        ENGINE_ACT_KIND,
        ENGINE_ACT_TARGET,
        ENGINE_ACT_BYTES,
        ENGINE_N_ACTS,
} EngineAct;

/* A walk over events, best in order of time. */
typedef struct EngineActs {
        Store *store;
        StoreTargets targets;
        uint32_t tuple_1; /* 1 + the call that was looked up last */
        const CatalogueCall *call;
        VEC(char) text;
} EngineActs;

void engine_acts_init(EngineActs *acts, Store *store);
void engine_acts_deinit(EngineActs *acts);

/* Its line of the catalogue, or NULL. */
const CatalogueCall *engine_acts_call(EngineActs *acts, uint32_t event);

/*
 * A cell, null where nothing is known; the text of a target is valid until the next of one. Targets
 * stand as they are named, with whose they are behind it in parentheses, blanks between. 0 or
 * -ENOMEM.
 */
int engine_acts_cell(EngineActs *acts, EngineAct act, uint32_t event, SpoorCell *ret_cell);

#endif
