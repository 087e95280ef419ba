/*
 * Kept events of many stores, in one order, into the image. Time is cut into parts of some equal
 * size; of each it is known how many events stand before it, so parts are merged side by side.
 */
#include <errno.h>

#include "base/kway.h"
#include "base/parallel.h"
#include "store/merge.h"

#define PART_EVENTS UINT64_C(200000)

typedef struct Part {
        uint32_t *first; /* of each input: its first event of this part */
        uint32_t number; /* of the part's first event, in the image */
} Part;

typedef struct EventMerge {
        Merge *merge;
        Part *parts;
        size_t n_parts; /* and one behind them, where all end */
} EventMerge;

/* What one task merges. */
typedef struct Range {
        Merge *merge;
        const uint32_t *end;
} Range;

static int compare_events(const void *ctx, const SortKey *x, const SortKey *y) {
        const Merge *merge = ((const Range *)ctx)->merge;
        Store *store_x = merge->inputs[x->source].store, *store_y = merge->inputs[y->source].store;
        StoreSource a = store_source(store_x, x->index), b = store_source(store_y, y->index);
        char text_a[STORE_ID_SIZE], text_b[STORE_ID_SIZE];
        int r;

        a.file = merge->inputs[x->source].files[a.file];
        b.file = merge->inputs[y->source].files[b.file];

        if (a.id_kind == STORE_ID_UUID && b.id_kind == STORE_ID_UUID) {
                r = memcmp(a.id, b.id, sizeof(a.id));
        } else {
                r = slice_compare(store_id_text(store_x, &a, text_a),
                                store_id_text(store_y, &b, text_b));
                /* absent before empty */
                if (r == 0)
                        r = (b.id_kind == STORE_ID_ABSENT) - (a.id_kind == STORE_ID_ABSENT);
        }
        return r ? r : merge_compare_places(&a, &b);
}

static bool fill_event(void *userdata, SortKey *key) {
        const Range *range = userdata;
        const MergeInput *input = &range->merge->inputs[key->source];
        char buffer[STORE_ID_SIZE];
        StoreSource source;

        while (key->index < range->end[key->source] && input->numbers[key->index] == STORE_NONE)
                key->index++;
        if (key->index >= range->end[key->source])
                return false;
        source = store_source(input->store, key->index);
        key->a = (uint64_t)store_time(input->store, key->index) ^ (UINT64_C(1) << 63);
        key->b = sort_prefix(store_id_text(input->store, &source, buffer), 0);
        return true;
}

static int put_event(MergeInput *input, uint32_t i, uint32_t number, Store *to) {
        Store *store = input->store;
        ImageEvent event = {.time = store_time(store, i), .source = store_source(store, i)};
        int r = merge_mapped(
                        input->files, store->meta.n_files, event.source.file, &event.source.file);

        for (int kind = 0; kind < STORE_N_TUPLES && r == 0; kind++)
                r = merge_mapped(input->tuples[kind], merge_n_tuples(store, kind),
                                store_tuple(store, (StoreTuple)kind, i), &event.tuples[kind]);
        if (r == 0)
                r = merge_string(input, store_ip(store, i), &event.ip);
        if (r == 0)
                r = merge_string(input, store_ua(store, i), &event.ua);
        if (r == 0 && event.source.id_kind == STORE_ID_STRING) {
                uint32_t string;

                memcpy(&string, event.source.id, sizeof(string));
                r = merge_string(input, string, &string);
                memcpy(event.source.id, &string, sizeof(string));
        }
        if (r == 0)
                image_put_event(to, number, &event);
        return r;
}

static int merge_part(void *ctx, size_t p) {
        EventMerge *m = ctx;
        Range range = {m->merge, m->parts[p + 1].first};
        SortOrder order = {compare_events, &range};
        uint32_t number = m->parts[p].number;
        SortKey key;
        Kway kway;
        int r = kway_init(&kway, m->merge->n_inputs, m->parts[p].first, order, fill_event, &range);

        if (r < 0)
                return r;
        while (r == 0 && kway_next(&kway, &key)) {
                MergeInput *input = &m->merge->inputs[key.source];

                if (number >= m->parts[p + 1].number) {
                        r = -EIO; /* the store is not in order */
                } else {
                        input->numbers[key.index] = number;
                        r = put_event(input, key.index, number++, m->merge->store);
                }
        }
        kway_deinit(&kway);
        return r;
}

/* ---- parts ---- */

/* Where part P begins: at the time of an event of the largest input. */
static void begin_part(EventMerge *m, size_t p, const MergeInput *largest) {
        uint64_t n = store_n_events(largest->store);
        int64_t time = store_time(largest->store, (uint32_t)(n * p / m->n_parts));

        for (size_t i = 0; i < m->merge->n_inputs; i++)
                m->parts[p].first[i] = store_lower_bound(m->merge->inputs[i].store, time);
}

static int make_parts(EventMerge *m) {
        Merge *merge = m->merge;
        const MergeInput *largest = &merge->inputs[0];
        uint64_t n_events = 0, number = 0;

        for (size_t i = 0; i < merge->n_inputs; i++) {
                n_events += store_n_events(merge->inputs[i].store);
                if (store_n_events(merge->inputs[i].store) > store_n_events(largest->store))
                        largest = &merge->inputs[i];
        }
        m->n_parts = (size_t)(n_events / PART_EVENTS) + 1;
        m->parts = vec_alloc_zero(m->n_parts + 1, sizeof(*m->parts));
        if (!m->parts)
                return -ENOMEM;
        for (size_t p = 0; p <= m->n_parts; p++) {
                m->parts[p].first = vec_alloc_zero(merge->n_inputs, sizeof(uint32_t));
                if (!m->parts[p].first)
                        return -ENOMEM;
                if (p > 0 && p < m->n_parts)
                        begin_part(m, p, largest);
        }
        for (size_t i = 0; i < merge->n_inputs; i++)
                m->parts[m->n_parts].first[i] = store_n_events(merge->inputs[i].store);
        for (size_t p = 0; p < m->n_parts; p++) {
                m->parts[p].number = (uint32_t)number;
                for (size_t i = 0; i < merge->n_inputs; i++) {
                        for (uint32_t e = m->parts[p].first[i]; e < m->parts[p + 1].first[i]; e++)
                                number += merge->inputs[i].numbers[e] != STORE_NONE;
                }
        }
        m->parts[m->n_parts].number = (uint32_t)number;
        return 0;
}

static int put_events(Merge *merge) {
        EventMerge m = {.merge = merge};
        int r = make_parts(&m);

        if (r == 0)
                r = parallel_run(merge->n_threads, m.n_parts, merge_part, &m);
        for (size_t p = 0; m.parts && p <= m.n_parts; p++)
                free(m.parts[p].first);
        free(m.parts);
        return r;
}

/* ---- what events hand out ---- */

/* Grants of an input stand in the order of its events, and renumbering keeps that. */
static bool fill_grant(void *userdata, SortKey *key) {
        const Merge *merge = userdata;
        const MergeInput *input = &merge->inputs[key->source];

        for (; key->index < store_n_grants(input->store); key->index++) {
                key->a = input->numbers[store_grant(input->store, key->index).event];
                if (key->a != STORE_NONE)
                        return true;
        }
        return false;
}

static int put_grants(Merge *merge) {
        StoreGrant *to = image_writable(merge->store, IMAGE_GRANTS);
        SortOrder order = {NULL, NULL};
        SortKey key;
        Kway kway;
        int r = kway_init(&kway, merge->n_inputs, NULL, order, fill_grant, merge);

        if (r < 0)
                return r;
        while (r == 0 && kway_next(&kway, &key)) {
                MergeInput *input = &merge->inputs[key.source];
                StoreGrant from = store_grant(input->store, key.index);

                *to = (StoreGrant){.event = (uint32_t)key.a, .kind = from.kind};
                for (unsigned f = 0; f < EVENT_N_GRANT && r == 0; f++)
                        r = merge_string(input, from.fields[f], &to->fields[f]);
                to++;
        }
        kway_deinit(&kway);
        return r;
}

/* ---- what events act on ---- */

/* Of each input the target that the heap has, and the one before it, which was taken last. */
typedef struct TargetMerge {
        Merge *merge;
        StoreTargets *targets;
        StoreTarget *next, *taken;
} TargetMerge;

static bool fill_target(void *userdata, SortKey *key) {
        TargetMerge *m = userdata;
        const MergeInput *input = &m->merge->inputs[key->source];

        m->taken[key->source] = m->next[key->source];
        while (store_targets_next(&m->targets[key->source], &m->next[key->source])) {
                key->a = input->numbers[m->next[key->source].event];
                if (key->a != STORE_NONE)
                        return true;
        }
        return false;
}

static int list_targets(void *ctx, ImageTargets *to) {
        TargetMerge *m = ctx;
        SortOrder order = {NULL, NULL};
        SortKey key;
        Kway kway;
        int r;

        for (size_t i = 0; i < m->merge->n_inputs; i++)
                store_targets_init(&m->targets[i], m->merge->inputs[i].store);
        r = kway_init(&kway, m->merge->n_inputs, NULL, order, fill_target, m);
        if (r < 0)
                return r;
        while (r == 0 && kway_next(&kway, &key)) {
                const MergeInput *input = &m->merge->inputs[key.source];
                StoreTarget target = m->taken[key.source];

                target.event = (uint32_t)key.a;
                r = merge_string(input, target.name, &target.name);
                if (r == 0)
                        r = merge_string(input, target.of, &target.of);
                if (r == 0)
                        image_add_target(to, &target);
        }
        kway_deinit(&kway);
        return r;
}

static int put_targets(Merge *merge) {
        TargetMerge m = {merge, vec_alloc_zero(merge->n_inputs, sizeof(*m.targets)),
                        vec_alloc_zero(merge->n_inputs, sizeof(*m.next)),
                        vec_alloc_zero(merge->n_inputs, sizeof(*m.taken))};
        int r = m.targets && m.next && m.taken ? image_put_targets(merge->store, list_targets, &m)
                                               : -ENOMEM;

        free(m.targets);
        free(m.next);
        free(m.taken);
        return r;
}

/* ---- the whole ---- */

/* File I of the result, but for its number of root where that is none; -EIO then. */
static int file_at(const Merge *merge, uint32_t i, StoreFile *ret) {
        const MergeFile *f = &merge->files[i];
        const MergeInput *input = &merge->inputs[f->first.input];

        *ret = store_file(input->store, f->first.index);
        if (f->has_hash) {
                StoreFile hashed =
                                store_file(merge->inputs[f->hashed.input].store, f->hashed.index);

                memcpy(ret->hash, hashed.hash, sizeof(ret->hash));
        }
        ret->has_hash = f->has_hash;
        ret->kind = (StoreKind)f->kind;
        ret->size = f->size;
        ret->n_bytes = f->n_bytes;
        ret->counts = f->counts;
        ret->n_records = f->n_at_hand > f->n_records ? f->n_at_hand : f->n_records;
        return merge_mapped(input->roots, store_n_roots(input->store), ret->root, &ret->root);
}

static Slice note_reason(const Merge *merge, uint64_t i) {
        const MergeItem *item = &merge->notes[i];

        return store_note(merge->inputs[item->input].store, item->index).reason;
}

/* What has names. */
static int plan_names(const Merge *merge, ImagePlan *plan) {
        int r = 0;

        for (uint32_t i = 0; i < merge->n_files && r == 0; i++) {
                StoreFile file;

                r = file_at(merge, i, &file);
                image_plan_file(plan, &file);
        }
        for (uint32_t i = 0; i < merge->n_roots; i++) {
                Slice name, path;

                store_root(merge->inputs[merge->roots[i].input].store, merge->roots[i].index, &name,
                                &path);
                image_plan_root(plan, name, path);
        }
        for (uint64_t i = 0; i < merge->n_notes; i++)
                image_plan_note(plan, note_reason(merge, i));
        return r;
}

static int make_image(Merge *merge) {
        ImagePlan plan = {
                        .n_ids = merge->n_ids,
                        .n_conflict_rows = conflict_n_rows(&merge->contenders),
                        .n_strings = merge->n_strings,
                        .n_string_bytes = merge->n_string_bytes,
        };
        int r;

        for (size_t i = 0; i < merge->n_inputs; i++) {
                image_most_join(&plan.most, &merge->inputs[i].most);
                plan.n_grants += merge->inputs[i].n_grants;
        }
        plan.n_events = plan.most.n_events;
        if (plan.n_events >= STORE_NONE)
                return -EOVERFLOW;
        for (int kind = 0; kind < STORE_N_TUPLES; kind++)
                plan.n_tuples[kind] = merge->n_tuples[kind];
        r = plan_names(merge, &plan);
        if (r < 0)
                return r;
        return image_new(&plan, merge->space, &merge->store);
}

static int put_names(Merge *merge) {
        ImageTexts texts = {.store = merge->store};
        int r = 0;

        for (uint32_t i = 0; i < merge->n_files && r == 0; i++) {
                StoreFile file;

                r = file_at(merge, i, &file);
                if (r == 0)
                        image_put_file(&texts, i, &file);
        }
        for (uint32_t i = 0; i < merge->n_roots && r == 0; i++) {
                Slice name, path;

                store_root(merge->inputs[merge->roots[i].input].store, merge->roots[i].index, &name,
                                &path);
                image_put_root(&texts, i, name, path);
        }
        for (uint64_t i = 0; i < merge->n_notes && r == 0; i++) {
                const MergeInput *input = &merge->inputs[merge->notes[i].input];
                StoreNote note = store_note(input->store, merge->notes[i].index);

                r = merge_mapped(input->files, input->store->meta.n_files, note.file, &note.file);
                if (r == 0)
                        image_put_note(&texts, i, &note,
                                        merge->notes[i].index >= input->store->meta.n_damaged);
        }
        return r;
}

static void put_strings(Merge *merge) {
        for (uint32_t i = 0; i < merge->n_strings; i++)
                image_put_string(merge->store, i,
                                store_string(merge->inputs[merge->strings[i].input].store,
                                                merge->strings[i].index));
        for (int kind = 0; kind < STORE_N_TUPLES; kind++)
                image_put_tuples(merge->store, (StoreTuple)kind, merge->tuples[kind]);
}

static uint32_t event_of(void *ctx, uint64_t group) {
        const Merge *merge = ctx;

        return merge->inputs[group >> 32].numbers[(uint32_t)group];
}

int merge_events(Merge *merge) {
        int r = make_image(merge);

        if (r == 0)
                r = put_names(merge);
        if (r < 0)
                return r;
        put_strings(merge);
        r = put_events(merge);
        if (r == 0)
                r = put_grants(merge);
        if (r == 0)
                r = conflict_put(&merge->contenders, event_of, merge, merge->store);
        if (r < 0)
                return r;
        for (uint64_t i = 0; i < merge->n_ids; i++)
                merge->ids[i].index =
                                merge->inputs[merge->ids[i].source].numbers[merge->ids[i].index];
        image_put_ids(merge->store, merge->ids, merge->n_ids);
        r = put_targets(merge);
        image_put_meta(merge->store, merge->n_conflicts);
        return r;
}
