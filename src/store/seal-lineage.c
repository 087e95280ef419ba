/*
 * The lineage: grants of kept events in time order, and the indexes by which they, the identities
 * and the uses of identities are found. Every index is a list of numbers, sorted side by side by
 * what stands under them and then by number, which is time; nothing is written twice.
 *
 * A use is one identity from one address. Events are put together by identity (counted, then
 * placed); `slots` remembers for each address where the identity at hand has its use. Two passes
 * over the events in all.
 */
#include <errno.h>

#include "base/parallel.h"
#include "store/seal.h"

/* Tasks: one for each index, the indexes of grants first; the last makes the uses. */
enum {
        TASK_IDENTITIES = STORE_N_GRANT_INDEXES,
        TASK_USES = TASK_IDENTITIES + STORE_N_IDENTITY_INDEXES,
        N_TASKS,
};

typedef struct Lineage {
        Seal *seal;
        StoreGrant *grants;
        uint32_t n_grants;
        uint32_t *indexes[N_TASKS]; /* that of TASK_USES is by address */
        uint32_t n_index[N_TASKS];
        StoreUse *uses;
        uint32_t *use_ends, *grant_ends;
        uint32_t n_uses;
        unsigned char *is_success; /* of each result tuple */
} Lineage;

/* ---- what was handed out ---- */

static int list_grants(Lineage *l) {
        Seal *seal = l->seal;
        uint64_t n = 0;

        for (size_t b = 0; b < seal->n_builders; b++)
                n += seal->builders[b]->grants.size;
        if (n >= STORE_NONE)
                return -EOVERFLOW;
        l->grants = vec_alloc(n, sizeof(*l->grants));
        if (!l->grants)
                return -ENOMEM;
        for (uint64_t place = 0; place < seal->n_rows; place++) {
                const SortKey *key = &seal->order[place];
                const Builder *builder = seal->builders[key->source];
                const uint32_t *strings = seal->maps[key->source].strings;
                uint32_t first = seal_row(seal, key)->grants;

                if (!first || seal->numbers[place] == STORE_NONE)
                        continue;
                for (size_t i = first - 1; i < builder->grants.size &&
                                           builder->grants.data[i].row == key->index;
                                i++) {
                        const BuilderGrant *from = &builder->grants.data[i];
                        StoreGrant *to = &l->grants[l->n_grants++];

                        *to = (StoreGrant){.event = seal->numbers[place], .kind = from->kind};
                        for (unsigned f = 0; f < EVENT_N_GRANT; f++)
                                to->fields[f] = from->fields[f] == STORE_NONE
                                                                ? STORE_NONE
                                                                : strings[from->fields[f]];
                }
        }
        return 0;
}

static Slice string_of(const Seal *seal, uint32_t string) {
        if (string == STORE_NONE)
                return (Slice){NULL, 0};
        return seal->builders[seal->strings[string].source]
                        ->strings.strings.data[seal->strings[string].index];
}

static int classify_results(Lineage *l) {
        const Seal *seal = l->seal;

        l->is_success = vec_alloc_zero(seal->n_tuples[STORE_RESULT], 1);
        if (!l->is_success)
                return -ENOMEM;
        for (uint32_t n = 0; n < seal->n_tuples[STORE_RESULT]; n++)
                l->is_success[n] = slice_equal(
                                string_of(seal, seal->tuples[STORE_RESULT]
                                                            [(size_t)n * STORE_N_RESULT +
                                                                            STORE_RESULT_OUTCOME]),
                                SLICE_LITERAL("success"));
        return 0;
}

/* ---- indexes ---- */

/* KEYS sorted, as numbers; takes KEYS. */
static int keep_index(Lineage *l, size_t task, SortKey *keys, uint32_t n, const SortOrder *order) {
        int r = sort_keys(keys, n, order, 1);

        if (r == 0)
                l->indexes[task] = vec_alloc(n, sizeof(uint32_t));
        if (r == 0 && !l->indexes[task])
                r = -ENOMEM;
        for (uint32_t i = 0; i < n && r == 0; i++)
                l->indexes[task][i] = keys[i].index;
        l->n_index[task] = n;
        free(keys);
        return r;
}

static bool takes_role(uint32_t kind) {
        return kind == EVENT_GRANT_ASSUME_ROLE || kind == EVENT_GRANT_ASSUME_ROLE_SAML ||
               kind == EVENT_GRANT_ASSUME_ROLE_WEB;
}

/* By what grant I is ordered; false where it takes no part. */
static bool grant_key(const Lineage *l, StoreGrantIndex index, uint32_t i, uint64_t *ret) {
        const StoreGrant *grant = &l->grants[i];
        const uint32_t *identities = image_writable(l->seal->store, IMAGE_EVENT_IDENTITY);
        const uint32_t *results = image_writable(l->seal->store, IMAGE_EVENT_RESULT);
        uint32_t identity = identities[grant->event], value;

        if (index == STORE_GRANTS_BY_TAKER) {
                value = l->seal->tuples[STORE_IDENTITY]
                                       [(size_t)identity * STORE_N_IDENTITY + STORE_ID_PRINCIPAL];
                *ret = seal_taker(value, grant->fields);
                return takes_role(grant->kind) && l->is_success[results[grant->event]] &&
                       value != STORE_NONE && (uint32_t)*ret != STORE_NONE;
        }
        value = index == STORE_GRANTS_BY_IDENTITY ? identity
                                                  : grant->fields[seal_grant_field(index)];
        *ret = value;
        return value != STORE_NONE;
}

/* Where the grants of each identity will end in their index. */
static int count_grants(Lineage *l) {
        const uint32_t *identities = image_writable(l->seal->store, IMAGE_EVENT_IDENTITY);
        uint32_t n = l->seal->n_tuples[STORE_IDENTITY];

        l->grant_ends = vec_alloc_zero(n, sizeof(uint32_t));
        if (!l->grant_ends)
                return -ENOMEM;
        for (uint32_t i = 0; i < l->n_grants; i++)
                l->grant_ends[identities[l->grants[i].event]]++;
        for (uint32_t i = 1; i < n; i++)
                l->grant_ends[i] += l->grant_ends[i - 1];
        return 0;
}

static int index_grants(Lineage *l, size_t task) {
        SortKey *keys = vec_alloc(l->n_grants, sizeof(*keys));
        SortOrder order = {NULL, NULL};
        uint32_t n = 0;

        if (!keys)
                return -ENOMEM;
        for (uint32_t i = 0; i < l->n_grants; i++) {
                uint64_t value;

                if (grant_key(l, (StoreGrantIndex)task, i, &value))
                        keys[n++] = (SortKey){value, i, 0, i};
        }
        return keep_index(l, task, keys, n, &order);
}

static Slice session_of(const Seal *seal, uint32_t identity) {
        return seal_session_name(string_of(seal,
                        seal->tuples[STORE_IDENTITY]
                                    [(size_t)identity * STORE_N_IDENTITY + EVENT_ID_PRINCIPAL_ID]));
}

static int compare_sessions(const void *ctx, const SortKey *x, const SortKey *y) {
        int r = slice_compare(session_of(ctx, x->index), session_of(ctx, y->index));

        return r ? r : (x->index > y->index) - (x->index < y->index);
}

static int index_identities(Lineage *l, size_t task) {
        const Seal *seal = l->seal;
        StoreIdentityIndex index = (StoreIdentityIndex)(task - TASK_IDENTITIES);
        bool is_session = index == STORE_IDENTITIES_BY_SESSION;
        SortOrder order = {is_session ? compare_sessions : NULL, seal};
        SortKey *keys = vec_alloc(seal->n_tuples[STORE_IDENTITY], sizeof(*keys));
        uint32_t n = 0;

        if (!keys)
                return -ENOMEM;
        for (uint32_t i = 0; i < seal->n_tuples[STORE_IDENTITY]; i++) {
                uint32_t string = seal->tuples[STORE_IDENTITY][(size_t)i * STORE_N_IDENTITY +
                                                               seal_identity_field(index)];
                Slice name = is_session ? session_of(seal, i) : (Slice){NULL, 0};

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
        const Seal *seal = l->seal;
        const uint32_t *identities = image_writable(seal->store, IMAGE_EVENT_IDENTITY);
        uint32_t n_identities = seal->n_tuples[STORE_IDENTITY], at = 0;

        l->use_ends = vec_alloc_zero(n_identities, sizeof(uint32_t));
        *ret_events = vec_alloc(seal->n_events, sizeof(uint32_t));
        if (!l->use_ends || !*ret_events)
                return -ENOMEM;
        for (uint32_t i = 0; i < seal->n_events; i++)
                l->use_ends[identities[i]]++;
        for (uint32_t i = 0; i < n_identities; i++) {
                at += l->use_ends[i];
                l->use_ends[i] = at - l->use_ends[i];
        }
        for (uint32_t i = 0; i < seal->n_events; i++)
                (*ret_events)[l->use_ends[identities[i]]++] = i;
        return 0;
}

/* Uses of IDENTITY, whose events are EVENTS; SLOTS has a place for each address, and for none. */
static void add_uses(Lineage *l, uint32_t identity, const uint32_t *events, uint32_t n,
                uint32_t *slots) {
        const uint32_t *ips = image_writable(l->seal->store, IMAGE_EVENT_IP);
        const uint32_t *results = image_writable(l->seal->store, IMAGE_EVENT_RESULT);
        uint32_t first = l->n_uses;
        bool has_empty = l->seal->n_strings && string_of(l->seal, 0).size == 0;

        for (uint32_t i = 0; i < n; i++) {
                uint32_t ip = has_empty && ips[events[i]] == 0 ? STORE_NONE : ips[events[i]];
                uint32_t *slot = &slots[ip == STORE_NONE ? l->seal->n_strings : ip];
                StoreUse *use;

                /* a slot is this identity's if it points at a use of it; others are old */
                if (*slot < first || *slot >= l->n_uses) {
                        *slot = l->n_uses++;
                        l->uses[*slot] = (StoreUse){
                                        .identity = identity, .ip = ip, .first = events[i]};
                }
                use = &l->uses[*slot];
                use->last = events[i];
                use->n_events++;
                use->n_successes += l->is_success[results[events[i]]];
        }
}

static int index_uses(Lineage *l) {
        SortOrder order = {NULL, NULL};
        SortKey *keys = vec_alloc(l->n_uses, sizeof(*keys));
        uint32_t n = 0;

        if (!keys)
                return -ENOMEM;
        for (uint32_t i = 0; i < l->n_uses; i++) {
                if (l->uses[i].ip != STORE_NONE)
                        keys[n++] = (SortKey){l->uses[i].ip, i, 0, i};
        }
        return keep_index(l, TASK_USES, keys, n, &order);
}

static int make_uses(Lineage *l) {
        const Seal *seal = l->seal;
        uint32_t *events = NULL, *slots = vec_alloc((size_t)seal->n_strings + 1, sizeof(*slots));
        uint32_t start = 0;
        int r = slots ? group_events(l, &events) : -ENOMEM;

        l->uses = vec_alloc(seal->n_events, sizeof(*l->uses));
        if (r == 0 && !l->uses)
                r = -ENOMEM;
        if (r == 0)
                memset(slots, 0xFF, ((size_t)seal->n_strings + 1) * sizeof(*slots));
        for (uint32_t i = 0; i < seal->n_tuples[STORE_IDENTITY] && r == 0; i++) {
                uint32_t end = l->use_ends[i];

                add_uses(l, i, events + start, end - start, slots);
                l->use_ends[i] = l->n_uses;
                start = end;
        }
        free(events);
        free(slots);
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
        Store *store = l->seal->store;
        uint64_t n_identities = l->seal->n_tuples[STORE_IDENTITY];
        uint64_t sizes[IMAGE_N_SECTIONS] = {
                        [IMAGE_GRANTS] = l->n_grants * sizeof(StoreGrant),
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
        put(store, IMAGE_GRANTS, l->grants, sizes[IMAGE_GRANTS]);
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

int seal_lineage(Seal *seal) {
        Lineage l = {.seal = seal};
        int r = list_grants(&l);

        if (r == 0)
                r = classify_results(&l);
        if (r == 0)
                r = count_grants(&l);
        if (r == 0)
                r = parallel_run(seal->n_threads, N_TASKS, run_task, &l);
        if (r == 0)
                r = write_lineage(&l);
        for (unsigned i = 0; i < N_TASKS; i++)
                free(l.indexes[i]);
        free(l.grants);
        free(l.uses);
        free(l.use_ends);
        free(l.grant_ends);
        free(l.is_success);
        return r;
}
