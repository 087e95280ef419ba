/*
 * The lineage: the indexes by which grants (which stand in time order already), the identities
 * and the uses of identities are found. Every index is a list of numbers, sorted side by side by
 * what stands under them and then by number, which is time; nothing is written twice.
 *
 * A use is one identity from one address. Events are put together by identity (counted, then
 * placed); `slots` remembers for each address where the identity at hand has its use. Two passes
 * over the events in all.
 */
#include <errno.h>

#include "base/parallel.h"
#include "base/vec.h"
#include "store/make.h"

/* Tasks: one for each index, the indexes of grants first; the last makes the uses. */
enum {
        TASK_IDENTITIES = STORE_N_GRANT_INDEXES,
        TASK_USES = TASK_IDENTITIES + STORE_N_IDENTITY_INDEXES,
        N_TASKS,
};

typedef struct Lineage {
        Store *store;
        Space *space;
        const StoreGrant *grants;
        uint32_t n_grants;
        uint32_t *indexes[N_TASKS]; /* that of TASK_USES is by address */
        uint32_t n_index[N_TASKS];
        StoreUse *uses;
        uint32_t *use_ends, *grant_ends;
        uint32_t n_uses;
        unsigned char *is_success; /* of each result tuple */
} Lineage;

static Slice string_of(const Store *store, uint32_t string) {
        return string == STORE_NONE ? (Slice){NULL, 0} : image_string(store, string);
}

static int classify_results(Lineage *l) {
        const Store *store = l->store;

        l->is_success = space_alloc_zero(l->space, store->meta.n_results, 1);
        if (!l->is_success)
                return -errno;
        for (uint32_t n = 0; n < store->meta.n_results; n++)
                l->is_success[n] =
                                slice_equal(string_of(store, image_field(store, STORE_RESULT, n,
                                                                             STORE_RESULT_OUTCOME)),
                                                SLICE_LITERAL("success"));
        return 0;
}

/* ---- indexes ---- */

/* KEYS sorted, as numbers; takes KEYS. */
static int keep_index(Lineage *l, size_t task, SortKey *keys, uint32_t n, const SortOrder *order) {
        int r = sort_keys_in(l->space, keys, n, order, 1);

        if (r == 0) {
                l->indexes[task] = space_alloc(l->space, n, sizeof(uint32_t));
                r = l->indexes[task] ? 0 : -errno;
        }
        for (uint32_t i = 0; i < n && r == 0; i++)
                l->indexes[task][i] = keys[i].index;
        l->n_index[task] = n;
        space_release(l->space, keys);
        return r;
}

static bool takes_role(uint32_t kind) {
        return kind == EVENT_GRANT_ASSUME_ROLE || kind == EVENT_GRANT_ASSUME_ROLE_SAML ||
               kind == EVENT_GRANT_ASSUME_ROLE_WEB;
}

/* By what grant I is ordered; false where it takes no part. */
static bool grant_key(const Lineage *l, StoreGrantIndex index, uint32_t i, uint64_t *ret) {
        const StoreGrant *grant = &l->grants[i];
        uint32_t value, identity = image_column_at(image_column_of(l->store, IMAGE_EVENT_IDENTITY),
                                        grant->event);

        if (index == STORE_GRANTS_BY_TAKER) {
                uint32_t result = image_column_at(
                                image_column_of(l->store, IMAGE_EVENT_RESULT), grant->event);

                value = image_field(l->store, STORE_IDENTITY, identity, STORE_ID_PRINCIPAL);
                *ret = image_taker(value, grant->fields);
                return takes_role(grant->kind) && l->is_success[result] && value != STORE_NONE &&
                       (uint32_t)*ret != STORE_NONE;
        }
        value = index == STORE_GRANTS_BY_IDENTITY ? identity
                                                  : grant->fields[image_grant_field(index)];
        *ret = value;
        return value != STORE_NONE;
}

/* Where the grants of each identity will end in their index. */
static int count_grants(Lineage *l) {
        ImageColumn identities = image_column_of(l->store, IMAGE_EVENT_IDENTITY);
        uint64_t n = l->store->meta.n_identities;

        l->grant_ends = space_alloc_zero(l->space, n, sizeof(uint32_t));
        if (!l->grant_ends)
                return -errno;
        for (uint32_t i = 0; i < l->n_grants; i++)
                l->grant_ends[image_column_at(identities, l->grants[i].event)]++;
        for (uint64_t i = 1; i < n; i++)
                l->grant_ends[i] += l->grant_ends[i - 1];
        return 0;
}

static int index_grants(Lineage *l, size_t task) {
        SortKey *keys = space_alloc(l->space, l->n_grants, sizeof(*keys));
        SortOrder order = {NULL, NULL};
        uint32_t n = 0;

        if (!keys)
                return -errno;
        for (uint32_t i = 0; i < l->n_grants; i++) {
                uint64_t value;

                if (grant_key(l, (StoreGrantIndex)task, i, &value))
                        keys[n++] = (SortKey){value, i, 0, i};
        }
        return keep_index(l, task, keys, n, &order);
}

static Slice session_of(const Store *store, uint32_t identity) {
        return image_session_name(string_of(store,
                        image_field(store, STORE_IDENTITY, identity, EVENT_ID_PRINCIPAL_ID)));
}

static int compare_sessions(const void *ctx, const SortKey *x, const SortKey *y) {
        int r = slice_compare(session_of(ctx, x->index), session_of(ctx, y->index));

        return r ? r : (x->index > y->index) - (x->index < y->index);
}

static int index_identities(Lineage *l, size_t task) {
        const Store *store = l->store;
        StoreIdentityIndex index = (StoreIdentityIndex)(task - TASK_IDENTITIES);
        bool is_session = index == STORE_IDENTITIES_BY_SESSION;
        SortOrder order = {is_session ? compare_sessions : NULL, store};
        SortKey *keys = space_alloc(l->space, store->meta.n_identities, sizeof(*keys));
        uint32_t n = 0;

        if (!keys)
                return -errno;
        for (uint32_t i = 0; i < store->meta.n_identities; i++) {
                uint32_t string =
                                image_field(store, STORE_IDENTITY, i, image_identity_field(index));
                Slice name = is_session ? session_of(store, i) : (Slice){NULL, 0};

                if (is_session && name.size)
                        keys[n++] = (SortKey){sort_prefix(name, 0), sort_prefix(name, 1), 0, i};
                else if (!is_session && string != STORE_NONE)
                        keys[n++] = (SortKey){string, i, 0, i};
        }
        return keep_index(l, task, keys, n, &order);
}

/* ---- uses ---- */

/* The events put together by identity into *ret_events; ends of each into l->use_ends, for now. */
static int group_events(Lineage *l, uint32_t **ret_events) {
        ImageColumn identities = image_column_of(l->store, IMAGE_EVENT_IDENTITY);
        uint32_t n_identities = (uint32_t)l->store->meta.n_identities, at = 0;
        uint32_t n_events = (uint32_t)l->store->meta.n_events;

        l->use_ends = space_alloc_zero(l->space, n_identities, sizeof(uint32_t));
        if (l->use_ends)
                *ret_events = space_alloc(l->space, n_events, sizeof(uint32_t));
        if (!*ret_events)
                return -errno;
        for (uint32_t i = 0; i < n_events; i++)
                l->use_ends[image_column_at(identities, i)]++;
        for (uint32_t i = 0; i < n_identities; i++) {
                at += l->use_ends[i];
                l->use_ends[i] = at - l->use_ends[i];
        }
        for (uint32_t i = 0; i < n_events; i++)
                (*ret_events)[l->use_ends[image_column_at(identities, i)]++] = i;
        return 0;
}

/* Uses of IDENTITY, whose events are EVENTS; SLOTS has a place for each address, and for none. */
static void add_uses(Lineage *l, uint32_t identity, const uint32_t *events, uint32_t n,
                uint32_t *slots) {
        ImageColumn ips = image_column_of(l->store, IMAGE_EVENT_IP);
        ImageColumn results = image_column_of(l->store, IMAGE_EVENT_RESULT);
        bool has_empty = image_has_empty(l->store);
        uint32_t first = l->n_uses;

        for (uint32_t i = 0; i < n; i++) {
                uint32_t ip = image_column_at(ips, events[i]) - 1, *slot;
                StoreUse *use;

                if (ip == 0 && has_empty)
                        ip = STORE_NONE;
                slot = &slots[ip == STORE_NONE ? l->store->meta.n_strings : ip];

                /* a slot is this identity's if it points at a use of it; others are old */
                if (*slot < first || *slot >= l->n_uses) {
                        *slot = l->n_uses++;
                        l->uses[*slot] = (StoreUse){
                                        .identity = identity, .ip = ip, .first = events[i]};
                }
                use = &l->uses[*slot];
                use->last = events[i];
                use->n_events++;
                use->n_successes += l->is_success[image_column_at(results, events[i])];
        }
}

static int index_uses(Lineage *l) {
        SortOrder order = {NULL, NULL};
        SortKey *keys = space_alloc(l->space, l->n_uses, sizeof(*keys));
        uint32_t n = 0;

        if (!keys)
                return -errno;
        for (uint32_t i = 0; i < l->n_uses; i++) {
                if (l->uses[i].ip != STORE_NONE)
                        keys[n++] = (SortKey){l->uses[i].ip, i, 0, i};
        }
        return keep_index(l, TASK_USES, keys, n, &order);
}

static int make_uses(Lineage *l) {
        uint64_t n_strings = l->store->meta.n_strings;
        uint32_t *slots = space_alloc(l->space, n_strings + 1, sizeof(*slots));
        uint32_t *events = NULL, start = 0;
        int r = slots ? group_events(l, &events) : -errno;

        if (r == 0) {
                l->uses = space_alloc(l->space, l->store->meta.n_events, sizeof(*l->uses));
                r = l->uses ? 0 : -errno;
        }
        if (r == 0)
                memset(slots, 0xFF, (n_strings + 1) * sizeof(*slots));
        for (uint32_t i = 0; r == 0 && i < l->store->meta.n_identities; i++) {
                uint32_t end = l->use_ends[i];

                add_uses(l, i, events + start, end - start, slots);
                l->use_ends[i] = l->n_uses;
                start = end;
        }
        space_release(l->space, events);
        space_release(l->space, slots);
        return r == 0 ? index_uses(l) : r;
}

/* ---- the whole ---- */

static int run_task(void *ctx, size_t i) {
        /* the longest first */
        if (i == 0)
                return make_uses(ctx);
        return i <= TASK_IDENTITIES ? index_grants(ctx, i - 1) : index_identities(ctx, i - 1);
}

static void put(Store *store, unsigned section, const void *data, uint64_t size) {
        if (size)
                memcpy(image_writable(store, section), data, size);
}

static int write_lineage(Lineage *l) {
        Store *store = l->store;
        uint64_t n_identities = store->meta.n_identities;
        uint64_t sizes[IMAGE_N_SECTIONS] = {
                        [IMAGE_USES] = l->n_uses * sizeof(StoreUse),
                        [IMAGE_USE_ENDS] = n_identities * 4,
                        [IMAGE_GRANT_ENDS] = n_identities * 4,
                        [IMAGE_USES_BY_IP] = (uint64_t)l->n_index[TASK_USES] * 4,
        };
        int r;

        for (unsigned i = 0; i < TASK_USES; i++)
                sizes[IMAGE_GRANTS_BY + i] = (uint64_t)l->n_index[i] * 4;
        r = image_extend(store, sizes);
        if (r < 0)
                return r;
        put(store, IMAGE_USES, l->uses, sizes[IMAGE_USES]);
        put(store, IMAGE_USE_ENDS, l->use_ends, sizes[IMAGE_USE_ENDS]);
        put(store, IMAGE_GRANT_ENDS, l->grant_ends, sizes[IMAGE_GRANT_ENDS]);
        put(store, IMAGE_USES_BY_IP, l->indexes[TASK_USES], sizes[IMAGE_USES_BY_IP]);
        for (unsigned i = 0; i < TASK_USES; i++)
                put(store, IMAGE_GRANTS_BY + i, l->indexes[i], sizes[IMAGE_GRANTS_BY + i]);
        return 0;
}

_Static_assert((unsigned)IMAGE_GRANTS_BY + TASK_IDENTITIES == (unsigned)IMAGE_IDENTITIES_BY,
                "sections stand in the order of the tasks");

int image_index_lineage(Store *store, unsigned n_threads, Space *space) {
        Lineage l = {.store = store,
                        .space = space,
                        .grants = image_writable(store, IMAGE_GRANTS),
                        .n_grants = store_n_grants(store)};
        int r = classify_results(&l);

        if (r == 0)
                r = count_grants(&l);
        if (r == 0)
                r = parallel_run(n_threads, N_TASKS, run_task, &l);
        if (r == 0)
                r = write_lineage(&l);
        for (unsigned i = 0; i < N_TASKS; i++)
                space_release(space, l.indexes[i]);
        space_release(space, l.uses);
        space_release(space, l.use_ends);
        space_release(space, l.grant_ends);
        space_release(space, l.is_success);
        return r;
}
