/*
 * What was taken. Whether a call reads anything is found once for each distinct call; of those that
 * do, the event's targets say what, how many bytes, and which object, by a hash of its name.
 * Distinct objects are pairs of row and hash, sorted when they are counted, and whenever they would
 * need more room than before. So an event costs a load, and one that reads a look-up. Threads:
 * none.
 */
#include "query/taken.h"

#include <errno.h>
#include <stdlib.h>

#include "event/catalogue.h"

int taken_init(Taken *t, Store *store) {
        *t = (Taken){
                        .store = store,
                        .n_calls = store_n_tuples(store, STORE_CALL),
                        .success = store_find_string(store, SLICE_LITERAL("success")),
        };
        t->kinds = vec_alloc_zero(t->n_calls + 1, sizeof(*t->kinds));
        if (!t->kinds)
                return -ENOMEM;
        for (size_t i = 0; i < t->n_calls; i++) {
                uint32_t n = (uint32_t)i;
                const CatalogueCall *call = catalogue_find(
                                store_string(store, store_field(store, STORE_CALL, n,
                                                                    EVENT_CALL_SERVICE)),
                                store_string(store, store_field(store, STORE_CALL, n,
                                                                    EVENT_CALL_NAME)));

                if (call && call->effect == CATALOGUE_EFFECT_READ)
                        t->kinds[i] = strcmp(call->kind, "object") == 0 ? "bucket" : call->kind;
        }
        store_targets_init(&t->targets, store);
        return 0;
}

void taken_deinit(Taken *t) {
        vec_deinit(&t->rows);
        vec_deinit(&t->objects);
        intern_deinit(&t->keys);
        free(t->kinds);
        t->kinds = NULL;
}

static int row_of(Taken *t, const char *kind, uint32_t name, uint32_t event, TakenRow **ret) {
        struct {
                uint32_t kind, name, account, principal, key;
        } key = {0, name, store_dim_of(t->store, STORE_DIM_ACCOUNT, event),
                        store_dim_of(t->store, STORE_DIM_PRINCIPAL, event),
                        store_dim_of(t->store, STORE_DIM_KEY, event)};
        uint32_t i;
        int r = intern_add(&t->keys, slice_cstr(kind), &key.kind, NULL);

        if (r == 0)
                r = intern_add(&t->keys, slice(&key, sizeof(key)), &i, NULL);
        /* numbers of kinds are of no row, but there are few */
        while (r == 0 && t->rows.size <= i) {
                r = vec_reserve(&t->rows, 1);
                if (r == 0)
                        t->rows.data[t->rows.size++] =
                                        (TakenRow){.first = STORE_NONE, .last = STORE_NONE};
        }
        if (r < 0)
                return r;
        *ret = &t->rows.data[i];
        if (!(*ret)->kind) {
                (*ret)->kind = kind;
                (*ret)->name = name;
                (*ret)->account = key.account;
                (*ret)->principal = key.principal;
                (*ret)->key = key.key;
        }
        return 0;
}

/* Each pair once. */
static int sort_objects(Taken *t) {
        const SortOrder by_numbers = {0};
        size_t n = 0;
        int r = sort_keys(t->objects.data, t->objects.size, &by_numbers, 1);

        for (size_t i = 0; i < t->objects.size && r == 0; i++) {
                if (i == 0 || t->objects.data[i].a != t->objects.data[n - 1].a ||
                                t->objects.data[i].b != t->objects.data[n - 1].b)
                        t->objects.data[n++] = t->objects.data[i];
        }
        if (r == 0)
                t->objects.size = n;
        return r;
}

static int add_object(Taken *t, uint32_t row, uint64_t object) {
        int r = 0;

        if (t->objects.size && t->objects.size == t->objects.cap)
                r = sort_objects(t);
        if (r == 0) /* where little was twice, sorting again soon would be for nothing */
                r = vec_reserve(&t->objects, t->objects.size > t->objects.cap / 2
                                                             ? t->objects.cap - t->objects.size + 1
                                                             : 1);
        if (r == 0)
                t->objects.data[t->objects.size++] = (SortKey){.a = row, .b = object};
        return r;
}

int taken_add(Taken *t, uint32_t event) {
        uint32_t tuple = store_tuple(t->store, STORE_CALL, event);
        const char *kind = tuple < t->n_calls ? t->kinds[tuple] : NULL;
        StoreTarget target;
        TakenRow *row;
        bool is_success;
        int r = 0;

        if (!kind)
                return 0;
        is_success = store_field(t->store, STORE_RESULT, store_tuple(t->store, STORE_RESULT, event),
                                     STORE_RESULT_OUTCOME) == t->success;
        while (r == 0 && store_targets_of(&t->targets, event, &target)) {
                if (target.name == STORE_NONE)
                        continue;
                r = row_of(t, kind, target.name, event, &row);
                if (r < 0)
                        return r;
                if (!is_success) {
                        row->n_denied++;
                        continue;
                }
                if (row->n_reads++ == 0)
                        row->first = event;
                row->last = event;
                row->n_bytes += target.n_bytes;
                if (target.object)
                        r = add_object(t, (uint32_t)(row - t->rows.data), target.object);
        }
        return r;
}

int taken_finish(Taken *t) {
        int r = t->objects.size ? sort_objects(t) : 0;

        for (size_t i = 0; i < t->objects.size && r == 0; i++)
                t->rows.data[t->objects.data[i].a].n_objects++;
        return r;
}
