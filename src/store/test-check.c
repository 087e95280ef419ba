/* A store against its model, field by field; see test-model.h. */
#include "store/test-model.h"

#include "base/hash.h"

static void same_text(Slice a, Slice b) {
        assert_int_equal(a.data != NULL, b.data != NULL);
        assert_true(slice_equal(a, b));
}

/* ---- events ---- */

static void check_tuple(Store *store, StoreTuple kind, uint32_t i, const Slice *fields, unsigned n,
                const Slice *derived, unsigned n_derived) {
        uint32_t tuple = store_tuple(store, kind, i);

        for (unsigned f = 0; f < n; f++)
                same_text(store_string(store, store_field(store, kind, tuple, f)), fields[f]);
        for (unsigned f = 0; f < n_derived; f++)
                same_text(store_string(store, store_field(store, kind, tuple, n + f)), derived[f]);
}

static void check_event(const Model *m, Store *store, uint32_t i) {
        const ModelEvent *e = &m->events[m->kept[i]];
        const Event *event = &e->event;
        Slice derived[] = {event_user(event->identity), event_principal(event->identity)};
        Slice outcome = event_outcome(event->result);
        StoreSource source = store_source(store, i);
        char buffer[STORE_ID_SIZE];

        assert_true(store_time(store, i) == event->time);
        check_tuple(store, STORE_IDENTITY, i, event->identity, EVENT_N_IDENTITY, derived, 2);
        check_tuple(store, STORE_CALL, i, event->call, EVENT_N_CALL, NULL, 0);
        check_tuple(store, STORE_RESULT, i, event->result, EVENT_N_RESULT, &outcome, 1);
        same_text(store_string(store, store_ip(store, i)), event->ip);
        same_text(store_string(store, store_ua(store, i)), event->user_agent);
        same_text(store_id_text(store, &source, buffer), event->id);
        assert_true(slice_equal(store_file(store, source.file).name, model_file_name(e->file)));
        assert_true(source.hash == event->hash && source.offset == event->offset);
        assert_int_equal(source.record, event->record);
        assert_int_equal(source.size, event->size);
        for (StoreDim dim = 0; dim < STORE_N_DIMS; dim++)
                same_text(store_string(store, store_dim_of(store, dim, i)), model_dim(event, dim));
}

static void check_grants(const Model *m, Store *store) {
        uint32_t at = 0;

        for (uint32_t i = 0; i < m->n_kept; i++) {
                const Event *event = model_event(m, i);

                for (unsigned g = 0; g < event->n_grants; g++) {
                        StoreGrant grant = store_grant(store, at++);

                        assert_int_equal(grant.event, i);
                        assert_int_equal(grant.kind, event->grants[g].kind);
                        for (int f = 0; f < EVENT_N_GRANT; f++) {
                                Slice text = event->grants[g].fields[f];

                                same_text(store_string(store, grant.fields[f]),
                                                text.size ? text : (Slice){NULL, 0});
                        }
                }
        }
        assert_int_equal(at, store_n_grants(store));
}

static void check_target(Store *store, const StoreTarget *target, const EventTarget *expected) {
        same_text(store_string(store, target->name),
                        expected->name.size ? expected->name : (Slice){NULL, 0});
        same_text(store_string(store, target->of),
                        expected->of.size ? expected->of : (Slice){NULL, 0});
        assert_int_equal(target->effect, expected->effect);
        assert_true(target->object == expected->object && target->n_bytes == expected->n_bytes);
}

/* Those of every STEP-th event, in order; then of some event, wherever the walk stands. */
static void seek_targets(const Model *m, Store *store, uint32_t step) {
        Random random = random_new(m->n_kept + step);
        StoreTargets targets;
        StoreTarget target;

        store_targets_init(&targets, store);
        for (uint32_t i = 0; i < m->n_kept; i += step) {
                const Event *event = model_event(m, i);

                for (unsigned n = 0; n < event->n_targets; n++) {
                        assert_true(store_targets_of(&targets, i, &target));
                        assert_int_equal(target.event, i);
                        check_target(store, &target, &event->targets[n]);
                }
                assert_false(store_targets_of(&targets, i, &target));
        }
        for (int n = 0; m->n_kept && n < 50; n++) {
                uint32_t i = (uint32_t)random_below(&random, m->n_kept);

                store_targets_seek(&targets, i);
                assert_int_equal(store_targets_of(&targets, i, &target),
                                model_event(m, i)->n_targets > 0);
                if (model_event(m, i)->n_targets)
                        check_target(store, &target, &model_event(m, i)->targets[0]);
        }
}

static void check_targets(const Model *m, Store *store) {
        StoreTargets targets;
        StoreTarget target;
        uint64_t n = 0;

        store_targets_init(&targets, store);
        for (uint32_t i = 0; i < m->n_kept; i++) {
                const Event *event = model_event(m, i);

                for (unsigned k = 0; k < event->n_targets; k++, n++) {
                        assert_true(store_targets_next(&targets, &target));
                        assert_int_equal(target.event, i);
                        check_target(store, &target, &event->targets[k]);
                }
        }
        assert_false(store_targets_next(&targets, &target));
        assert_int_equal(n, store_n_targets(store));
        for (uint32_t step = 1; step < 200; step = step * 3 + 1)
                seek_targets(m, store, step);
}

static uint32_t first_at(const Model *m, int64_t time) {
        uint32_t i = 0;

        while (i < m->n_kept && model_event(m, i)->time < time)
                i++;
        return i;
}

static void check_times(const Model *m, Store *store) {
        for (size_t i = 0; i < m->n_kept; i += 7) {
                int64_t time = model_event(m, i)->time;

                assert_int_equal(store_lower_bound(store, time), first_at(m, time));
                if (time < INT64_MAX)
                        assert_int_equal(store_lower_bound(store, time + 1), first_at(m, time + 1));
        }
        assert_int_equal(store_lower_bound(store, INT64_MIN), 0);
        assert_int_equal(store_lower_bound(store, INT64_MAX), first_at(m, INT64_MAX));
}

/* ---- eventIDs ---- */

static void check_ids(const Model *m, Store *store) {
        static const Slice unknown[] = {{NULL, 0}, SLICE_INIT(""), SLICE_INIT("unknown"),
                        SLICE_INIT("ffffffff-ffff-ffff-ffff-ffffffffffff"),
                        SLICE_INIT("arn:aws:iam::1:role/r"),
                        SLICE_INIT("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF")};

        for (size_t i = 0; i < m->n_events; i++) {
                Slice id = m->events[i].event.id;
                uint32_t found = store_find_id(store, id), kept = 0;

                if (!id.data)
                        continue;
                while (kept < m->n_kept && !slice_equal(model_event(m, kept)->id, id))
                        kept++;
                assert_true(kept < m->n_kept);
                assert_int_equal(found, kept);
        }
        for (size_t i = 0; i < N_ELEMENTS(unknown); i++)
                assert_int_equal(store_find_id(store, unknown[i]), STORE_NONE);
}

/* ---- strings ---- */

static void check_strings(Store *store) {
        uint32_t n = store_n_strings(store);

        for (uint32_t i = 0; i < n; i++) {
                Slice s = store_string(store, i);

                assert_true(i == 0 || slice_compare(store_string(store, i - 1), s) < 0);
                assert_int_equal(store_find_string(store, s), i);
        }
        assert_null(store_string(store, STORE_NONE).data);
        assert_int_equal(store_find_string(store, SLICE_LITERAL("no such string")), STORE_NONE);
}

static uint32_t add_string(Store *store, Slice text, unsigned char *is_used) {
        uint32_t string;

        if (!text.data)
                return 0;
        string = store_find_string(store, text);
        assert_true(string < store_n_strings(store));
        if (is_used[string])
                return 0;
        return is_used[string] = 1;
}

/* The dictionary is what kept events use, and nothing else. */
static void check_dictionary(const Model *m, Store *store) {
        unsigned char *is_used = calloc(store_n_strings(store) + 1, 1);
        uint32_t n = 0;

        assert_non_null(is_used);
        for (size_t i = 0; i < m->n_kept; i++) {
                const Event *e = model_event(m, i);
                char uuid[40];

                for (int f = 0; f < EVENT_N_IDENTITY; f++)
                        n += add_string(store, e->identity[f], is_used);
                for (int f = 0; f < EVENT_N_CALL; f++)
                        n += add_string(store, e->call[f], is_used);
                for (int f = 0; f < EVENT_N_RESULT; f++)
                        n += add_string(store, e->result[f], is_used);
                for (unsigned g = 0; g < e->n_grants; g++) {
                        for (int f = 0; f < EVENT_N_GRANT; f++)
                                n += e->grants[g].fields[f].size
                                                     ? add_string(store, e->grants[g].fields[f],
                                                                       is_used)
                                                     : 0;
                }
                for (unsigned k = 0; k < e->n_targets; k++) {
                        n += e->targets[k].name.size
                                             ? add_string(store, e->targets[k].name, is_used)
                                             : 0;
                        n += e->targets[k].of.size ? add_string(store, e->targets[k].of, is_used)
                                                   : 0;
                }
                n += add_string(store, event_outcome(e->result), is_used);
                n += add_string(store, e->ip, is_used);
                n += add_string(store, e->user_agent, is_used);
                if (e->id.data && sscanf(e->id.data, "%8[0-9a-f]-0%3[0-9a-f]-4000-", uuid,
                                                  uuid + 20) != 2)
                        n += add_string(store, e->id, is_used);
        }
        assert_int_equal(n, store_n_strings(store));
        free(is_used);
}

/* ---- dimensions ---- */

static void check_value(const Model *m, Store *store, StoreDim dim, uint32_t value) {
        uint32_t string = store_dim_value(store, dim, value), event, last = STORE_NONE;
        StoreStats stats = store_dim_stats(store, dim, value), model = {0};
        Slice text = store_string(store, string);
        StorePostings postings;

        assert_int_equal(store_dim_find(store, dim, string), value);
        assert_true(text.size > 0);
        store_postings(store, dim, value, &postings);
        for (uint32_t i = 0; i < m->n_kept; i++) {
                Slice outcome;

                if (!slice_equal(model_dim(model_event(m, i), dim), text))
                        continue;
                assert_true(store_postings_next(&postings, &event));
                assert_int_equal(event, i);
                outcome = event_outcome(model_event(m, i)->result);
                model.first = last == STORE_NONE ? i : model.first;
                last = i;
                model.n_events++;
                model.n_denied += slice_equal(outcome, SLICE_LITERAL("denied"));
                model.n_failed += slice_equal(outcome, SLICE_LITERAL("failure"));
        }
        assert_false(store_postings_next(&postings, &event));
        model.last = last;
        assert_memory_equal(&stats, &model, sizeof(model));
}

static void check_dim(const Model *m, Store *store, StoreDim dim) {
        uint64_t n_events = 0, n_model = 0;
        uint32_t string;

        for (uint32_t v = 0; v < store_dim_size(store, dim); v++) {
                assert_true(v == 0 || store_dim_value(store, dim, v - 1) <
                                                      store_dim_value(store, dim, v));
                check_value(m, store, dim, v);
                n_events += store_dim_stats(store, dim, v).n_events;
        }
        for (uint32_t i = 0; i < m->n_kept; i++)
                n_model += model_dim(model_event(m, i), dim).size > 0;
        assert_true(n_events == n_model); /* so no value is missing */
        string = store_find_string(store, SLICE_LITERAL("aws-cli/2"));
        if (dim != STORE_DIM_UA && string != STORE_NONE)
                assert_int_equal(store_dim_find(store, dim, string), STORE_NONE);
}

/* ---- the rest ---- */

static void check_counts(const Model *m, Store *store) {
        uint64_t n_notes[2] = {0}, n_rejected = 0, n_bytes = 0;
        StoreCounts counts;

        for (size_t i = 0; i < m->n_notes; i++) {
                n_notes[m->notes[i].is_ignored]++;
                n_rejected += m->notes[i].n_rejected;
        }
        for (int file = 0; file < m->n_files; file++)
                n_bytes += 1000 + (uint64_t)file;
        store_counts(store, &counts);
        assert_int_equal(store_n_events(store), m->n_kept);
        assert_int_equal(counts.n_events, m->n_kept);
        assert_int_equal(counts.n_duplicates, m->n_duplicates);
        assert_int_equal(counts.n_conflicts, m->n_conflicts);
        assert_int_equal(counts.n_damaged, n_notes[0]);
        assert_int_equal(counts.n_ignored, n_notes[1]);
        assert_int_equal(counts.n_rejected, n_rejected);
        assert_int_equal(counts.n_files, m->n_files);
        assert_int_equal(counts.n_contents, m->n_files);
        assert_int_equal(counts.n_bytes, n_bytes);
}

static int compare_names(const void *a, const void *b) {
        return slice_compare(model_file_name(*(const int *)a), model_file_name(*(const int *)b));
}

static size_t count_records(const Model *m, int file) {
        size_t n = 0;

        for (size_t i = 0; i < m->n_events; i++)
                n += m->events[i].file == file;
        return n;
}

static void check_files(const Model *m, Store *store) {
        int files[MODEL_MAX_FILES];

        for (int i = 0; i < m->n_files; i++)
                files[i] = i;
        qsort(files, (size_t)m->n_files, sizeof(int), compare_names);
        for (int i = 0; i < m->n_files; i++) {
                StoreFile file = store_file(store, (uint32_t)i);
                unsigned char hash[STORE_HASH_SIZE];
                Slice name, path;

                assert_true(slice_equal(file.name, model_file_name(files[i])));
                assert_int_equal(file.n_bytes, 1000 + files[i]);
                assert_int_equal(file.n_records, count_records(m, files[i]));
                assert_int_equal(file.size, 500 + files[i]);
                assert_int_equal(file.is_member, files[i] % 2);
                assert_int_equal(file.kind, STORE_KIND_LOG + EVENT_IN_RECORDS);
                assert_int_equal(file.has_hash, model_hash(files[i], hash) != NULL);
                if (file.has_hash)
                        assert_memory_equal(file.hash, hash, sizeof(hash));
                store_root(store, file.root, &name, &path);
                assert_true(slice_starts_with(file.name, name));
                assert_true(slice_starts_with(path, SLICE_LITERAL("/x/")) &&
                                slice_ends_with(path, name));
        }
}

static int compare_notes(const void *a, const void *b) {
        const ModelNote *x = a, *y = b;
        int r = slice_compare(model_file_name(x->file), model_file_name(y->file));

        if (x->is_ignored != y->is_ignored)
                return x->is_ignored - y->is_ignored;
        if (r || x->offset != y->offset)
                return r ? r : x->offset < y->offset ? -1 : 1;
        return strcmp(x->reason, y->reason);
}

static void check_notes(const Model *m, Store *store) {
        ModelNote notes[N_ELEMENTS(m->notes)];

        memcpy(notes, m->notes, sizeof(notes));
        qsort(notes, m->n_notes, sizeof(notes[0]), compare_notes);
        for (size_t i = 0; i < m->n_notes; i++) {
                StoreNote note = store_note(store, i);

                assert_true(slice_equal(note.name, model_file_name(notes[i].file)));
                assert_true(slice_equal(store_file(store, note.file).name, note.name));
                assert_true(note.offset == notes[i].offset);
                assert_int_equal(note.n_rejected, notes[i].n_rejected);
                assert_true(slice_equal(note.reason, slice_cstr(notes[i].reason)));
        }
}

static void check_conflicts(const Model *m, Store *store) {
        assert_int_equal(store_n_conflict_rows(store), m->n_conflict_rows);
        for (size_t i = 0; i < m->n_conflict_rows; i++) {
                const ModelEvent *loser = &m->events[m->conflicts[i].loser];
                StoreConflict row = store_conflict_row(store, i);

                assert_int_equal(m->kept[row.event], m->conflicts[i].kept);
                assert_true(slice_equal(
                                store_file(store, row.file).name, model_file_name(loser->file)));
                assert_int_equal(row.record, loser->event.record);
                assert_int_equal(row.size, loser->event.size);
                assert_true(row.offset == loser->event.offset && row.hash == loser->event.hash);
        }
}

void model_check(const Model *m, Store *store) {
        check_counts(m, store);
        for (uint32_t i = 0; i < m->n_kept; i++)
                check_event(m, store, i);
        check_grants(m, store);
        check_targets(m, store);
        check_times(m, store);
        check_ids(m, store);
        check_strings(store);
        check_dictionary(m, store);
        for (StoreDim dim = 0; dim < STORE_N_DIMS; dim++)
                check_dim(m, store, dim);
        check_files(m, store);
        check_notes(m, store);
        check_conflicts(m, store);
        assert_null(store_check(store));
        assert_null(store_is_faulty(store));
}

/* ---- everything there is, as a number ---- */

static uint64_t mix_text(uint64_t h, Slice s) {
        return hash_mix(hash_mix(h, s.size), hash_slice(s));
}

static uint64_t digest_events(Store *store, uint64_t h) {
        static const unsigned widths[] = {STORE_N_IDENTITY, STORE_N_CALL, STORE_N_RESULT};

        for (uint32_t i = 0; i < store_n_events(store); i++) {
                StoreSource source = store_source(store, i);
                char buffer[STORE_ID_SIZE];

                h = hash_mix(h, (uint64_t)store_time(store, i));
                h = hash_mix(hash_mix(hash_mix(h, source.hash), source.offset), source.file);
                h = hash_mix(hash_mix(h, source.record), source.size);
                h = mix_text(h, store_id_text(store, &source, buffer));
                h = mix_text(h, store_string(store, store_ip(store, i)));
                h = mix_text(h, store_string(store, store_ua(store, i)));
                for (StoreTuple kind = 0; kind < STORE_N_TUPLES; kind++) {
                        for (unsigned f = 0; f < widths[kind]; f++)
                                h = mix_text(h, store_string(store,
                                                                store_field(store, kind,
                                                                                store_tuple(store,
                                                                                                kind,
                                                                                                i),
                                                                                f)));
                }
                h = hash_mix(h, store_find_id(store, store_id_text(store, &source, buffer)));
        }
        return h;
}

static uint64_t digest_dim(Store *store, StoreDim dim, uint64_t h) {
        uint32_t n = store_dim_size(store, dim), event;

        for (uint32_t v = 0; v < n; v++) {
                uint32_t string = store_dim_value(store, dim, v);
                StoreStats stats = store_dim_stats(store, dim, v);
                StorePostings postings;

                h = mix_text(h, store_string(store, string));
                h = hash_mix(h, store_dim_find(store, dim, string));
                h = hash_mix(h, hash_bytes(&stats, sizeof(stats)));
                store_postings(store, dim, v, &postings);
                while (store_postings_next(&postings, &event))
                        h = hash_mix(h, event);
        }
        return hash_mix(h, n);
}

static uint64_t digest_lineage(Store *store, uint64_t h) {
        for (uint32_t i = 0; i < store_n_grants(store); i++) {
                StoreGrant grant = store_grant(store, i);

                h = hash_mix(h, hash_bytes(&grant, sizeof(grant)));
                for (StoreGrantIndex index = 0; index < STORE_GRANTS_BY_TAKER; index++) {
                        StoreRange range = store_grants_by(
                                        store, index, grant.fields[i % EVENT_N_GRANT]);

                        h = hash_mix(h, (uint64_t)range.first << 32 | range.end);
                        if (range.first < range.end)
                                h = hash_mix(h, store_grant_at(store, index, range.first));
                }
        }
        for (uint32_t i = 0; i < store_n_identities(store); i++) {
                StoreRange range = store_uses(store, i);

                for (uint32_t u = range.first; u < range.end && u < store_n_events(store); u++) {
                        StoreUse use = store_use(store, u);

                        h = hash_mix(h, hash_bytes(&use, sizeof(use)));
                }
        }
        return h;
}

static uint64_t digest_targets(Store *store, uint64_t h) {
        StoreTargets targets;
        StoreTarget target;

        store_targets_init(&targets, store);
        while (store_targets_next(&targets, &target)) {
                h = mix_text(h, store_string(store, target.name));
                h = hash_mix(h, (uint64_t)target.event << 32 | target.of);
                h = hash_mix(h, target.effect ^ target.object ^ target.n_bytes);
        }
        for (uint32_t event = 0; event < store_n_events(store); event += 5) {
                store_targets_seek(&targets, event);
                h = hash_mix(h, store_targets_of(&targets, event, &target));
        }
        return h;
}

static uint64_t digest_coverage(Store *store, uint64_t h) {
        for (uint64_t i = 0; i < store_n_days(store); i++) {
                StoreDay day = store_day(store, i);

                h = mix_text(mix_text(h, day.account), day.region);
                h = hash_mix(hash_mix(hash_mix(h, (uint64_t)day.day), day.n_events), day.n_files);
        }
        for (uint64_t i = 0; i < store_n_gaps(store); i++) {
                StoreGap gap = store_gap(store, i);

                h = mix_text(mix_text(hash_mix(h, gap.kind), gap.account), gap.region);
                h = hash_mix(hash_mix(h, (uint64_t)gap.from), (uint64_t)gap.to);
        }
        return h;
}

uint64_t model_digest(Store *store) {
        StoreCounts counts;
        uint64_t h;

        store_counts(store, &counts);
        counts.n_image_bytes = 0;
        h = hash_bytes(&counts, sizeof(counts));
        h = digest_events(store, h);
        h = digest_lineage(store, h);
        h = digest_coverage(store, h);
        h = digest_targets(store, h);
        for (StoreDim dim = 0; dim < STORE_N_DIMS; dim++)
                h = digest_dim(store, dim, h);
        for (uint32_t i = 0; i < store_n_strings(store); i++)
                h = hash_mix(h, store_find_string(store, store_string(store, i)));
        for (uint32_t i = 0; i < counts.n_contents; i++) {
                StoreFile file = store_file(store, i);
                Slice name, path;

                store_root(store, file.root, &name, &path);
                h = mix_text(mix_text(mix_text(hash_mix(hash_mix(h, file.n_bytes), file.size),
                                                      file.name),
                                             name),
                                path);
        }
        for (uint64_t i = 0; i < counts.n_damaged + counts.n_ignored; i++) {
                StoreNote note = store_note(store, i);

                h = hash_mix(mix_text(mix_text(h, note.name), note.reason), note.offset);
        }
        for (uint64_t i = 0; i < store_n_conflict_rows(store); i++) {
                StoreConflict row = store_conflict_row(store, i);

                h = hash_mix(h, hash_bytes(&row, sizeof(row)));
        }
        return h;
}
