/*
 * A sealed store poured into a builder again, so that several become one. Tuples and strings of the
 * store are translated once each, rows are copied; losers of conflicts come along, because another
 * store may hold a third record of the same eventID.
 */
#include <errno.h>

#include "store/builder.h"

typedef struct Absorb {
        Builder *builder;
        Store *store;
        uint32_t *files, *roots, *strings;
        uint32_t *tuples[STORE_N_TUPLES];
} Absorb;

static int absorb_names(Absorb *a) {
        uint32_t n_roots = store_n_roots(a->store);
        uint64_t n_notes = a->store->meta.n_damaged + a->store->meta.n_ignored;
        int r = 0;

        for (uint32_t i = 0; i < n_roots && r == 0; i++) {
                Slice name, path;

                store_root(a->store, i, &name, &path);
                r = builder_add_root(a->builder, name, path, &a->roots[i]);
        }
        for (uint32_t i = 0; i < a->store->meta.n_files && r == 0; i++) {
                StoreFile file = store_file(a->store, i);

                if (file.root >= n_roots)
                        return -EIO;
                r = builder_add_file(a->builder, file.name, a->roots[file.root], &a->files[i]);
                if (r == 0)
                        builder_end_file(a->builder, a->files[i], file.n_bytes);
                if (r == 0)
                        a->builder->files.data[a->files[i]].n_absorbed = file.n_records;
        }
        for (uint64_t i = 0; i < n_notes && r == 0; i++) {
                StoreNote note = store_note(a->store, i);

                r = i < a->store->meta.n_damaged
                                    ? builder_add_damage(a->builder, note.file, note.offset,
                                                      note.n_rejected, note.reason)
                                    : builder_add_ignored(a->builder, note.file, note.offset,
                                                      note.reason);
        }
        return r;
}

static int string_of(Absorb *a, uint32_t string, uint32_t *ret_string) {
        if (string == STORE_NONE)
                return *ret_string = STORE_NONE, 0;
        if (string >= a->store->meta.n_strings)
                return -EIO;
        if (a->strings[string] == STORE_NONE) {
                int r = builder_string(
                                a->builder, store_string(a->store, string), &a->strings[string]);

                if (r < 0)
                        return r;
        }
        *ret_string = a->strings[string];
        return 0;
}

static int tuple_of(Absorb *a, StoreTuple kind, uint32_t event, uint32_t *ret_tuple) {
        Slice fields[EVENT_N_IDENTITY + EVENT_N_CALL + EVENT_N_RESULT];
        uint32_t tuple = store_tuple(a->store, kind, event);
        int r;

        if (tuple >= (kind == STORE_IDENTITY              ? a->store->meta.n_identities
                                     : kind == STORE_CALL ? a->store->meta.n_calls
                                                          : a->store->meta.n_results))
                return -EIO;
        if (a->tuples[kind][tuple] == STORE_NONE) {
                for (unsigned f = 0; f < image_tuple_texts[kind]; f++)
                        fields[f] = store_string(a->store, store_field(a->store, kind, tuple, f));
                r = builder_tuple(a->builder, kind, fields, &a->tuples[kind][tuple]);
                if (r < 0)
                        return r;
        }
        *ret_tuple = a->tuples[kind][tuple];
        return 0;
}

static int source_of(Absorb *a, StoreSource *source) {
        uint32_t string;
        int r = 0;

        if (source->file >= a->store->meta.n_files || source->id_kind > STORE_ID_STRING)
                return -EIO;
        source->file = a->files[source->file];
        if (source->id_kind == STORE_ID_STRING) {
                memcpy(&string, source->id, sizeof(string));
                r = string_of(a, string, &string);
                memcpy(source->id, &string, sizeof(string));
        }
        return r;
}

/* The grants of event I, the next of which stands at *AT. */
static int absorb_grants(Absorb *a, uint32_t i, uint32_t *at, Row *row) {
        int r = 0;

        for (; *at < store_n_grants(a->store) && r == 0; ++*at) {
                StoreGrant from = store_grant(a->store, *at);
                BuilderGrant to = {.kind = from.kind};

                if (from.event != i)
                        return from.event < i ? -EIO : 0;
                for (unsigned f = 0; f < EVENT_N_GRANT && r == 0; f++)
                        r = string_of(a, from.fields[f], &to.fields[f]);
                if (r == 0)
                        r = builder_add_grant(a->builder, &to, row);
        }
        return r;
}

static int absorb_events(Absorb *a) {
        uint32_t grant = 0;
        int r = 0;

        for (uint32_t i = 0; i < store_n_events(a->store) && r == 0; i++) {
                Row row = {.time = store_time(a->store, i), .source = store_source(a->store, i)};

                r = source_of(a, &row.source);
                if (r == 0)
                        r = tuple_of(a, STORE_IDENTITY, i, &row.identity);
                if (r == 0)
                        r = tuple_of(a, STORE_CALL, i, &row.call);
                if (r == 0)
                        r = tuple_of(a, STORE_RESULT, i, &row.result);
                if (r == 0)
                        r = string_of(a, store_ip(a->store, i), &row.ip);
                if (r == 0)
                        r = string_of(a, store_ua(a->store, i), &row.ua);
                if (r == 0)
                        r = absorb_grants(a, i, &grant, &row);
                if (r == 0)
                        r = builder_add_row(a->builder, &row);
        }
        return r;
}

static int absorb_losers(Absorb *a) {
        int r = 0;

        for (uint64_t i = 0; i < store_n_conflict_rows(a->store) && r == 0; i++) {
                StoreConflict conflict = store_conflict_row(a->store, i);
                StoreSource kept = store_source(a->store, conflict.event);
                BuilderLoser loser = {kept};

                /* who lost stands behind who was kept, under the same eventID */
                if (kept.id_kind == STORE_ID_ABSENT || conflict.file < kept.file ||
                                (conflict.file == kept.file && conflict.record <= kept.record))
                        return -EIO;
                loser.source.file = conflict.file;
                loser.source.record = conflict.record;
                loser.source.size = conflict.size;
                loser.source.offset = conflict.offset;
                loser.source.hash = conflict.hash;
                r = source_of(a, &loser.source);
                if (r == 0)
                        r = vec_reserve(&a->builder->losers, 1);
                if (r == 0)
                        a->builder->losers.data[a->builder->losers.size++] = loser;
        }
        return r;
}

static uint32_t *absent(uint64_t n) {
        uint32_t *map = vec_alloc(n, sizeof(*map));

        if (map && n)
                memset(map, 0xFF, n * sizeof(*map));
        return map;
}

int builder_absorb(Builder *builder, Store *store) {
        Absorb a = {
                        .builder = builder,
                        .store = store,
                        .files = absent(store->meta.n_files),
                        .roots = absent(store_n_roots(store)),
                        .strings = absent(store->meta.n_strings),
                        .tuples = {absent(store->meta.n_identities), absent(store->meta.n_calls),
                                        absent(store->meta.n_results)},
        };
        int r = -ENOMEM;

        if (a.files && a.roots && a.strings && a.tuples[0] && a.tuples[1] && a.tuples[2])
                r = absorb_names(&a);
        if (r == 0)
                r = absorb_events(&a);
        if (r == 0)
                r = absorb_losers(&a);
        if (r == 0 && store_is_faulty(store))
                r = -EIO;
        free(a.files);
        free(a.roots);
        free(a.strings);
        for (int kind = 0; kind < STORE_N_TUPLES; kind++)
                free(a.tuples[kind]);
        return r;
}
