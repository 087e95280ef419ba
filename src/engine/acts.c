/*
 * What an event's call means, by the catalogue, and what it acts on, by the store's targets. Of the
 * catalogue the last line is kept, as runs of one call are common. A walk belongs to one thread.
 */
#include "engine/acts.h"

#include <errno.h>

static const char *const names[ENGINE_N_ACTS] = {
                "category", "technique", "effect", "kind", "target", "bytes"};

const char *spoor_act_column(size_t i) {
        return i < ENGINE_N_ACTS ? names[i] : NULL;
}

void engine_acts_init(EngineActs *acts, Store *store) {
        *acts = (EngineActs){.store = store};
        store_targets_init(&acts->targets, store);
}

void engine_acts_deinit(EngineActs *acts) {
        vec_deinit(&acts->text);
}

const CatalogueCall *engine_acts_call(EngineActs *acts, uint32_t event) {
        uint32_t tuple = store_tuple(acts->store, STORE_CALL, event);
        Store *store = acts->store;

        if (acts->tuple_1 == tuple + 1)
                return acts->call;
        acts->tuple_1 = tuple + 1;
        acts->call = catalogue_find(store_string(store, store_field(store, STORE_CALL, tuple,
                                                                        EVENT_CALL_SERVICE)),
                        store_string(store,
                                        store_field(store, STORE_CALL, tuple, EVENT_CALL_NAME)));
        return acts->call;
}

/* ---- targets ---- */

static int put(EngineActs *acts, Slice text) {
        if (vec_reserve(&acts->text, text.size) < 0)
                return -ENOMEM;
        if (text.size)
                memcpy(acts->text.data + acts->text.size, text.data, text.size);
        acts->text.size += text.size;
        return 0;
}

static int put_target(EngineActs *acts, const StoreTarget *target) {
        Slice name = store_string(acts->store, target->name);
        Slice of = store_string(acts->store, target->of);
        int r = put(acts, acts->text.size ? SLICE_LITERAL(" ") : (Slice){NULL, 0});

        if (r == 0)
                r = put(acts, name);
        if (r == 0 && of.size)
                r = put(acts, name.size ? SLICE_LITERAL(" (") : SLICE_LITERAL("("));
        if (r == 0 && of.size)
                r = put(acts, of);
        return r == 0 && of.size ? put(acts, SLICE_LITERAL(")")) : r;
}

static int target_cell(EngineActs *acts, uint32_t event, SpoorCell *ret) {
        StoreTarget target;
        int r = 0;

        acts->text.size = 0;
        store_targets_seek(&acts->targets, event);
        while (r == 0 && store_targets_of(&acts->targets, event, &target))
                r = put_target(acts, &target);
        *ret = acts->text.size ? engine_text_cell(slice(acts->text.data, acts->text.size))
                               : (SpoorCell){.type = SPOOR_CELL_NULL};
        return r;
}

static SpoorCell bytes_cell(EngineActs *acts, uint32_t event) {
        StoreTarget target;

        store_targets_seek(&acts->targets, event);
        return store_targets_of(&acts->targets, event, &target) && target.n_bytes
                               ? engine_count_cell(target.n_bytes)
                               : (SpoorCell){.type = SPOOR_CELL_NULL};
}

/* What this record did, which its targets may know better than the catalogue. */
static CatalogueEffect effect_of(EngineActs *acts, uint32_t event, const CatalogueCall *call) {
        StoreTarget target;

        store_targets_seek(&acts->targets, event);
        return store_targets_of(&acts->targets, event, &target) && target.effect ? target.effect
                                                                                 : call->effect;
}

/* ---- cells ---- */

/* Text that stands as long as the program. */
static SpoorCell word_cell(const char *text) {
        return *text ? engine_text_cell(slice_cstr(text)) : (SpoorCell){.type = SPOOR_CELL_NULL};
}

int engine_acts_cell(EngineActs *acts, EngineAct act, uint32_t event, SpoorCell *ret_cell) {
        const CatalogueCall *call = engine_acts_call(acts, event);
        CatalogueEffect effect;

        *ret_cell = (SpoorCell){.type = SPOOR_CELL_NULL};
        if (act == ENGINE_ACT_TARGET)
                return target_cell(acts, event, ret_cell);
        if (act == ENGINE_ACT_BYTES)
                *ret_cell = bytes_cell(acts, event);
        if (act == ENGINE_ACT_BYTES || !call)
                return 0;
        switch (act) {
        case ENGINE_ACT_CATEGORY:
                if (call->category != CATALOGUE_NONE)
                        *ret_cell = word_cell(catalogue_category_name(call->category));
                break;
        case ENGINE_ACT_TECHNIQUE:
                *ret_cell = word_cell(call->technique);
                break;
        case ENGINE_ACT_EFFECT:
                effect = effect_of(acts, event, call);
                if (effect != CATALOGUE_EFFECT_NONE)
                        *ret_cell = word_cell(catalogue_effect_name(effect));
                break;
        default:
                *ret_cell = word_cell(call->kind);
        }
        return 0;
}
