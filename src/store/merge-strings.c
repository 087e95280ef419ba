/*
 * Final numbers for strings and tuples of many stores: of those that kept events use. A store that
 * lost no event uses all that it has; of others the columns are read and what is used is marked.
 * Both are sorted in every store, and renumbering keeps their order, so both are merged.
 */
#include <errno.h>

#include "base/kway.h"
#include "base/parallel.h"
#include "store/merge.h"

/* ---- what is used ---- */

static int alloc_maps(Merge *merge, MergeInput *input) {
        int byte = input->n_dropped ? 0xFF : 0; /* STORE_NONE, or used */
        uint64_t n = input->store->meta.n_strings;

        input->strings = space_alloc(merge->space, n, sizeof(uint32_t));
        if (!input->strings)
                return -errno;
        memset(input->strings, byte, n * sizeof(uint32_t));
        for (int kind = 0; kind < STORE_N_TUPLES; kind++) {
                n = merge_n_tuples(input->store, kind);
                input->tuples[kind] = space_alloc(merge->space, n, sizeof(uint32_t));
                if (!input->tuples[kind])
                        return -errno;
                memset(input->tuples[kind], byte, n * sizeof(uint32_t));
        }
        return 0;
}

static int mark(uint32_t *map, uint64_t n, uint32_t i) {
        if (i >= n)
                return i == STORE_NONE ? 0 : -EIO;
        map[i] = 0;
        return 0;
}

static int mark_event(MergeInput *input, uint32_t i, const StoreSource *source) {
        uint64_t n_strings = input->store->meta.n_strings;
        int r = mark(input->strings, n_strings, store_ip(input->store, i));

        if (r == 0)
                r = mark(input->strings, n_strings, store_ua(input->store, i));
        for (int kind = 0; kind < STORE_N_TUPLES && r == 0; kind++)
                r = mark(input->tuples[kind], merge_n_tuples(input->store, kind),
                                store_tuple(input->store, (StoreTuple)kind, i));
        if (r == 0 && source->id_kind == STORE_ID_STRING) {
                uint32_t string;

                memcpy(&string, source->id, sizeof(string));
                r = mark(input->strings, n_strings, string);
        }
        return r;
}

static int mark_tuples(MergeInput *input) {
        int r = 0;

        for (int kind = 0; kind < STORE_N_TUPLES; kind++) {
                for (uint32_t t = 0; t < merge_n_tuples(input->store, kind) && r == 0; t++) {
                        if (input->tuples[kind][t] == STORE_NONE)
                                continue;
                        for (unsigned f = 0; f < image_tuple_widths[kind] && r == 0; f++)
                                r = mark(input->strings, input->store->meta.n_strings,
                                                store_field(input->store, (StoreTuple)kind, t, f));
                }
        }
        return r;
}

static int mark_grants(MergeInput *input) {
        int r = 0;

        for (uint32_t g = 0; g < store_n_grants(input->store) && r == 0; g++) {
                StoreGrant grant = store_grant(input->store, g);

                if (input->numbers[grant.event] == STORE_NONE)
                        continue;
                input->n_grants++;
                for (unsigned f = 0; f < EVENT_N_GRANT && r == 0; f++)
                        r = mark(input->strings, input->store->meta.n_strings, grant.fields[f]);
        }
        return r;
}

static int mark_targets(MergeInput *input) {
        StoreTargets targets;
        StoreTarget target;
        int r = 0;

        store_targets_init(&targets, input->store);
        while (r == 0 && store_targets_next(&targets, &target)) {
                if (input->numbers[target.event] == STORE_NONE)
                        continue;
                r = mark(input->strings, input->store->meta.n_strings, target.name);
                if (r == 0)
                        r = mark(input->strings, input->store->meta.n_strings, target.of);
        }
        return r;
}

static int mark_input(void *ctx, size_t i) {
        Merge *merge = ctx;
        MergeInput *input = &merge->inputs[i];
        int r = alloc_maps(merge, input);

        for (uint32_t e = 0; e < store_n_events(input->store) && r == 0; e++) {
                StoreSource source;

                if (input->numbers[e] == STORE_NONE)
                        continue;
                source = store_source(input->store, e);
                image_most_add(&input->most, store_time(input->store, e), &source);
                if (input->n_dropped)
                        r = mark_event(input, e, &source);
        }
        if (r == 0 && input->n_dropped)
                r = mark_tuples(input);
        if (r == 0 && input->n_dropped)
                r = mark_targets(input);
        return r == 0 ? mark_grants(input) : r;
}

/* ---- strings ---- */

static Slice string_of(const Merge *merge, const SortKey *key) {
        return store_string(merge->inputs[key->source].store, key->index);
}

static int compare_strings(const void *ctx, const SortKey *x, const SortKey *y) {
        return slice_compare(string_of(ctx, x), string_of(ctx, y));
}

static bool fill_string(void *userdata, SortKey *key) {
        const Merge *merge = userdata;
        const MergeInput *input = &merge->inputs[key->source];
        Slice string;

        while (key->index < input->store->meta.n_strings &&
                        input->strings[key->index] == STORE_NONE)
                key->index++;
        if (key->index >= input->store->meta.n_strings)
                return false;
        string = string_of(merge, key);
        key->a = sort_prefix(string, 0);
        key->b = sort_prefix(string, 1);
        return true;
}

static int number_strings(Merge *merge) {
        SortOrder order = {compare_strings, merge};
        SortKey key, last = {0};
        uint64_t n = 0;
        Kway kway;
        int r;

        for (size_t i = 0; i < merge->n_inputs; i++)
                n += merge->inputs[i].store->meta.n_strings;
        merge->strings = space_alloc(merge->space, n, sizeof(*merge->strings));
        if (!merge->strings)
                return -errno;
        r = kway_init(&kway, merge->n_inputs, NULL, order, fill_string, merge);
        if (r < 0)
                return r;
        while (kway_next(&kway, &key)) {
                if (!merge->n_strings || sort_compare(&order, &last, &key) != 0) {
                        if (merge->n_strings == STORE_NONE - 1) {
                                r = -EOVERFLOW;
                                break;
                        }
                        merge->n_string_bytes += string_of(merge, &key).size;
                        merge->strings[merge->n_strings++] = (MergeItem){key.source, key.index};
                }
                merge->inputs[key.source].strings[key.index] = merge->n_strings - 1;
                last = key;
        }
        kway_deinit(&kway);
        return r;
}

/* ---- tuples ---- */

typedef struct TupleMerge {
        Merge *merge;
        int kind;
        unsigned width;
} TupleMerge;

static const uint32_t *fields_of(const TupleMerge *t, const SortKey *key) {
        return t->merge->inputs[key->source].tuple_fields[t->kind] + (size_t)key->index * t->width;
}

static int compare_tuples(const void *ctx, const SortKey *x, const SortKey *y) {
        const TupleMerge *t = ctx;
        const uint32_t *a = fields_of(t, x), *b = fields_of(t, y);

        for (unsigned f = 0; f < t->width; f++) {
                if (a[f] != b[f])
                        return a[f] < b[f] ? -1 : 1;
        }
        return 0;
}

static bool fill_tuple(void *userdata, SortKey *key) {
        const TupleMerge *t = userdata;
        const MergeInput *input = &t->merge->inputs[key->source];
        const uint32_t *map = input->tuples[t->kind], *fields;
        uint64_t n = merge_n_tuples(input->store, t->kind);

        while (key->index < n && map[key->index] == STORE_NONE)
                key->index++;
        if (key->index >= n)
                return false;
        fields = fields_of(t, key);
        key->a = (uint64_t)fields[0] << 32 | fields[1];
        key->b = (uint64_t)fields[2] << 32 | (t->width > 3 ? fields[3] : 0);
        return true;
}

/* The tuples of input I, with final numbers of strings. */
static int rewrite_tuples(TupleMerge *t, size_t i) {
        MergeInput *input = &t->merge->inputs[i];
        uint64_t n = merge_n_tuples(input->store, t->kind);
        uint32_t *to = space_alloc(t->merge->space, n, t->width * sizeof(*to));
        int r = to ? 0 : -errno;

        input->tuple_fields[t->kind] = to;
        for (uint32_t tuple = 0; tuple < n && r == 0; tuple++) {
                for (unsigned f = 0; f < t->width && r == 0; f++)
                        r = merge_string(input,
                                        store_field(input->store, (StoreTuple)t->kind, tuple, f),
                                        &to[(size_t)tuple * t->width + f]);
        }
        return r;
}

static int merge_lists(TupleMerge *t, uint32_t *to, uint32_t *ret_n) {
        SortOrder order = {compare_tuples, t};
        SortKey key;
        uint32_t n = 0;
        Kway kway;
        int r = kway_init(&kway, t->merge->n_inputs, NULL, order, fill_tuple, t);

        if (r < 0)
                return r;
        while (kway_next(&kway, &key)) {
                const uint32_t *fields = fields_of(t, &key);

                if (!n || memcmp(to + (size_t)(n - 1) * t->width, fields, t->width * sizeof(*to)) !=
                                                0)
                        memcpy(to + (size_t)n++ * t->width, fields, t->width * sizeof(*to));
                t->merge->inputs[key.source].tuples[t->kind][key.index] = n - 1;
        }
        kway_deinit(&kway);
        *ret_n = n;
        return 0;
}

static int number_tuples(void *ctx, size_t kind) {
        Merge *merge = ctx;
        TupleMerge t = {merge, (int)kind, image_tuple_widths[kind]};
        uint64_t n = 0;
        int r = 0;

        for (size_t i = 0; i < merge->n_inputs && r == 0; i++) {
                n += merge_n_tuples(merge->inputs[i].store, t.kind);
                r = rewrite_tuples(&t, i);
        }
        if (r == 0 && n >= STORE_NONE)
                r = -EOVERFLOW;
        if (r == 0) {
                merge->tuples[kind] = space_alloc(merge->space, n, t.width * sizeof(uint32_t));
                r = merge->tuples[kind] ? 0 : -errno;
        }
        if (r == 0)
                r = merge_lists(&t, merge->tuples[kind], &merge->n_tuples[kind]);
        for (size_t i = 0; i < merge->n_inputs; i++) {
                space_release(merge->space, merge->inputs[i].tuple_fields[kind]);
                merge->inputs[i].tuple_fields[kind] = NULL;
        }
        return r;
}

int merge_strings(Merge *merge) {
        int r = parallel_run(merge->n_threads, merge->n_inputs, mark_input, merge);

        if (r == 0)
                r = number_strings(merge);
        return r == 0 ? parallel_run(merge->n_threads, STORE_N_TUPLES, number_tuples, merge) : r;
}
