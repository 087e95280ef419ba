/*
 * Calls that change, done or only tried, with what was asked for: a timeline of some of the events
 * of a question. Which of them, is judged once for each distinct call; the events that are left are
 * listed, 12 bytes each, and read back from the evidence as the cursor goes. Belongs to one thread.
 */
#include <errno.h>
#include <stdlib.h>

#include "engine/events.h"
#include "event/catalogue.h"

static const char *const names[] = {"eventTime", "eventID", "eventSource", "eventName", "awsRegion",
                "account", "outcome", "errorCode", "errorMessage", "principal",
                "userIdentity.accessKeyId", "sourceIPAddress", "userAgent", "requestParameters",
                "decoded"};

#define N_COLUMNS (sizeof(names) / sizeof(names[0]))

const char *spoor_write_column(size_t i) {
        return i < N_COLUMNS ? names[i] : NULL;
}

static bool changes(const CatalogueCall *call) {
        switch (call->effect) {
        case CATALOGUE_EFFECT_CREATE:
        case CATALOGUE_EFFECT_CHANGE:
        case CATALOGUE_EFFECT_DELETE:
        case CATALOGUE_EFFECT_STOP:
        case CATALOGUE_EFFECT_START:
                return true;
        default:
                return false;
        }
}

/*
 * Of a chain every write; else those that the catalogue gives a category, as most of what is
 * written is nobody's crime.
 */
static bool is_write(Store *store, uint32_t tuple, bool is_chain) {
        Slice service = store_string(
                        store, store_field(store, STORE_CALL, tuple, EVENT_CALL_SERVICE));
        Slice name = store_string(store, store_field(store, STORE_CALL, tuple, EVENT_CALL_NAME));
        Slice read_only = store_string(
                        store, store_field(store, STORE_CALL, tuple, EVENT_CALL_READ_ONLY));
        const CatalogueCall *call = catalogue_find(service, name);
        bool writes = slice_equal(read_only, SLICE_LITERAL("false"));

        if (call && call->effect != CATALOGUE_EFFECT_NONE)
                writes = changes(call) || (writes && call->effect == CATALOGUE_EFFECT_USE);
        if (is_chain)
                return writes;
        return writes && call && call->category != CATALOGUE_NONE &&
               call->category != CATALOGUE_RECONNAISSANCE;
}

/* Leaves of FROM what writes. */
static int filter(Store *store, EngineEvents *from, bool is_chain, EngineEvents *ret) {
        size_t n = store_n_tuples(store, STORE_CALL), space = 0;
        bool *are_writes = vec_alloc_zero(n + 1, sizeof(*are_writes));
        EngineEvent event;
        int r = are_writes ? 0 : -ENOMEM;

        for (size_t i = 0; i < n && r == 0; i++)
                are_writes[i] = is_write(store, (uint32_t)i, is_chain);
        while (r == 0 && engine_events_next(from, &event)) {
                uint32_t tuple = store_tuple(store, STORE_CALL, event.event);

                if (tuple >= n || !are_writes[tuple])
                        continue;
                if (ret->n_items == space)
                        r = vec_grow((void **)&ret->items, &space, ret->n_items, 1,
                                        sizeof(*ret->items));
                if (r == 0)
                        ret->items[ret->n_items++] = (EngineEvent){event.event, 0, STORE_NONE};
        }
        free(are_writes);
        return r;
}

int spoor_writes(SpoorCase *scase, const SpoorSelection *selection, const char *const *whats,
                size_t n_whats, SpoorRows **ret_rows, SpoorError *error) {
        EngineEvents all, writes = {0};
        int r = engine_check_only(scase, NULL, error);

        if (r == 0)
                r = engine_events_open(scase, selection, whats, n_whats, &all, error);
        if (r)
                return r;
        r = filter(scase->store, &all, n_whats > 0, &writes);
        engine_events_close(&all);
        if (r < 0) {
                engine_events_close(&writes);
                return engine_fail(error, r, "%s", strerror(-r));
        }
        return engine_timeline_new(
                        scase, &writes, ENGINE_TIMELINE_LENIENT, names, N_COLUMNS, ret_rows, error);
}
