/*
 * The store while it grows: one builder for each worker, no lock, nothing shared.
 *
 * A record becomes one Row of fixed size. Strings are interned; identity, call and result are
 * interned whole, by the bytes of all their fields, so that a record of a known session costs one
 * look-up for its whole userIdentity. Rows stand in chunks that never move.
 */
#include "store/builder.h"

#include "base/sort.h"

#include <errno.h>

int builder_new(Builder **ret_builder) {
        Builder *b = vec_alloc_zero(1, sizeof(*b));

        if (!b)
                return -ENOMEM;
        for (int kind = 0; kind < STORE_N_TUPLES; kind++)
                b->tuples[kind].width = image_tuple_widths[kind];
        *ret_builder = b;
        return 0;
}

Builder *builder_free(Builder *b) {
        if (!b)
                return NULL;
        intern_deinit(&b->strings);
        for (int kind = 0; kind < STORE_N_TUPLES; kind++) {
                intern_deinit(&b->tuples[kind].keys);
                vec_deinit(&b->tuples[kind].fields);
        }
        builder_free_rows(b);
        free(b->known);
        vec_deinit(&b->files);
        vec_deinit(&b->roots);
        intern_deinit(&b->root_keys);
        vec_deinit(&b->notes);
        vec_deinit(&b->counts);
        vec_deinit(&b->key);
        arena_deinit(&b->texts);
        free(b);
        return NULL;
}

void builder_close(Builder *b) {
        intern_close(&b->strings);
        for (int kind = 0; kind < STORE_N_TUPLES; kind++)
                intern_deinit(&b->tuples[kind].keys);
        intern_deinit(&b->root_keys);
        free(b->known);
        b->known = NULL;
}

void builder_free_rows(Builder *b) {
        for (size_t i = 0; i < b->chunks.size; i++)
                free(b->chunks.data[i]);
        vec_deinit(&b->chunks);
        vec_deinit(&b->grants);
        vec_deinit(&b->targets);
        b->n_rows = 0;
}

uint64_t builder_n_events(const Builder *b) {
        return b->n_rows;
}

/*
 * Sealing takes for each row its keys (order, and the same again to sort them; eventIDs) and
 * numbers; for each string and tuple its key, twice, and its number; and the image, which has of
 * all some two thirds.
 */
uint64_t builder_n_bytes(const Builder *b) {
        uint64_t n = b->chunks.size * (uint64_t)ROWS_PER_CHUNK * sizeof(Row);

        n += b->n_rows * (3 * sizeof(SortKey) + 8 + 80);
        n += intern_n_bytes(&b->strings) * 2 +
             intern_size(&b->strings) * (2 * sizeof(SortKey) + 24);
        for (int kind = 0; kind < STORE_N_TUPLES; kind++)
                n += intern_n_bytes(&b->tuples[kind].keys) +
                     intern_size(&b->tuples[kind].keys) * (2 * sizeof(SortKey) + 8) +
                     b->tuples[kind].fields.cap * sizeof(uint32_t) * 3;
        n += b->files.cap * (sizeof(BuilderFile) + 2 * sizeof(SortKey) + 80);
        n += b->counts.cap * sizeof(BuilderCounts) * 3;
        n += b->notes.cap * (sizeof(BuilderNote) + 2 * sizeof(SortKey) + sizeof(ImageNote));
        n += b->grants.cap * sizeof(BuilderGrant) * 2 + b->texts.n_bytes * 2;
        n += b->targets.cap * sizeof(BuilderTarget) + b->targets.size * sizeof(StoreTarget) / 2;
        return n;
}

/* ---- files and notes ---- */

int builder_add_root(Builder *b, Slice name, Slice path, uint32_t *ret_root) {
        size_t size = name.size + 1 + path.size;
        BuilderRoot root;
        bool is_new;
        int r;

        b->key.size = 0;
        r = vec_reserve(&b->key, size);
        if (r < 0)
                return r;
        /* neither holds a NUL */
        if (name.size)
                memcpy(b->key.data, name.data, name.size);
        b->key.data[name.size] = 0;
        if (path.size)
                memcpy(b->key.data + name.size + 1, path.data, path.size);
        r = vec_reserve(&b->roots, 1);
        if (r == 0)
                r = intern_add(&b->root_keys, slice(b->key.data, size), ret_root, &is_new);
        if (r < 0 || !is_new)
                return r;
        r = arena_copy(&b->texts, name, &root.name);
        if (r == 0)
                r = arena_copy(&b->texts, path, &root.path);
        if (r == 0)
                b->roots.data[b->roots.size++] = root;
        return r;
}

static int add_file(Builder *b, Slice name, uint32_t root, bool is_member, uint32_t *ret_file) {
        BuilderFile *last = b->files.size ? &b->files.data[b->files.size - 1] : NULL;
        BuilderFile file = {.root = root, .name_size = (uint32_t)name.size, .is_member = is_member};
        Slice copy;
        int r;

        if (b->files.size >= STORE_NONE - 1 || name.size >= STORE_NONE)
                return -EOVERFLOW;
        *ret_file = (uint32_t)b->files.size;
        if (last && last->root == root && last->is_member == is_member &&
                        slice_equal(builder_file_name(last), name)) {
                --*ret_file;
                return 0;
        }
        r = vec_reserve(&b->files, 1);
        if (r == 0)
                r = arena_copy(&b->texts, name, &copy);
        if (r < 0)
                return r;
        file.name = copy.data;
        b->files.data[b->files.size++] = file;
        return 0;
}

int builder_add_file(Builder *b, Slice name, uint32_t root, uint32_t *ret_file) {
        return add_file(b, name, root, false, ret_file);
}

int builder_add_member(Builder *b, Slice name, uint32_t root, uint32_t *ret_file) {
        return add_file(b, name, root, true, ret_file);
}

void builder_end_file(Builder *b, uint32_t file, StoreKind kind, uint64_t n_bytes) {
        b->files.data[file].kind = (unsigned char)kind;
        b->files.data[file].n_bytes = n_bytes;
}

int builder_count(Builder *b, uint32_t file, const EventCounts *counts) {
        BuilderCounts *last = b->counts.size ? &b->counts.data[b->counts.size - 1] : NULL;

        if (last && last->file == file) {
                event_counts_add(&last->counts, counts);
                return 0;
        }
        if (vec_reserve(&b->counts, 1) < 0)
                return -ENOMEM;
        b->counts.data[b->counts.size++] = (BuilderCounts){file, *counts};
        return 0;
}

void builder_hash_file(Builder *b, uint32_t file, const StoreContent *content) {
        BuilderFile *f = &b->files.data[file];

        if (content->kind > f->kind)
                f->kind = (unsigned char)content->kind;
        f->size = content->size;
        f->has_hash = content->hash != NULL;
        if (content->hash)
                memcpy(f->hash, content->hash, sizeof(f->hash));
}

static int add_string(Builder *b, Slice text, uint32_t *ret_string) {
        if (!text.data)
                return *ret_string = STORE_NONE, 0;
        return intern_add(&b->strings, text, ret_string, NULL);
}

static int add_note(Builder *b, BuilderNote note, Slice reason) {
        int r = vec_reserve(&b->notes, 1);

        if (r == 0)
                r = add_string(b, reason, &note.reason);
        if (r == 0)
                b->notes.data[b->notes.size++] = note;
        return r;
}

int builder_add_damage(
                Builder *b, uint32_t file, uint64_t offset, uint32_t n_rejected, Slice reason) {
        return add_note(b, (BuilderNote){.offset = offset, .file = file, .n_rejected = n_rejected},
                        reason);
}

int builder_add_ignored(Builder *b, uint32_t file, uint64_t offset, Slice reason) {
        return add_note(b, (BuilderNote){.offset = offset, .file = file, .is_ignored = true},
                        reason);
}

/* ---- events ---- */

/* All fields in a row, each behind its length: equal if and only if the tuples are. */
static int tuple_key(Builder *b, const Slice *fields, unsigned n) {
        size_t size = 0;
        char *at;

        for (unsigned i = 0; i < n; i++)
                size += 4 + fields[i].size;
        b->key.size = 0;
        if (vec_reserve(&b->key, size) < 0)
                return -ENOMEM;
        at = b->key.data;
        for (unsigned i = 0; i < n; i++) {
                uint32_t length = fields[i].data ? (uint32_t)fields[i].size : STORE_NONE;

                memcpy(at, &length, 4);
                at += 4;
                if (fields[i].size)
                        memcpy(at, fields[i].data, fields[i].size);
                at += fields[i].size;
        }
        b->key.size = size;
        return 0;
}

static int add_tuple(Builder *b, StoreTuple kind, const Slice *fields, uint32_t *ret_tuple) {
        Tuples *tuples = &b->tuples[kind];
        Slice derived[2] = {{NULL, 0}, {NULL, 0}};
        unsigned n = image_tuple_texts[kind];
        bool is_new;
        int r;

        r = tuple_key(b, fields, n);
        if (r == 0)
                r = vec_reserve(&tuples->fields, tuples->width);
        if (r == 0)
                r = intern_add(&tuples->keys, slice(b->key.data, b->key.size), ret_tuple, &is_new);
        if (r < 0 || !is_new)
                return r;
        if (kind == STORE_IDENTITY) {
                derived[0] = event_user(fields);
                derived[1] = event_principal(fields);
        } else if (kind == STORE_RESULT) {
                derived[0] = event_outcome(fields);
        }
        for (unsigned i = 0; i < tuples->width && r == 0; i++)
                r = add_string(b, i < n ? fields[i] : derived[i - n],
                                &tuples->fields.data[tuples->fields.size + i]);
        if (r == 0)
                tuples->fields.size += tuples->width;
        return r;
}

/* Value of a digit of lower-case hexadecimal, else 16 and more. */
static const unsigned char hex_values[256] = {
                [0 ... '0' - 1] = 0xF0,
                ['0'] = 0,
                ['1'] = 1,
                ['2'] = 2,
                ['3'] = 3,
                ['4'] = 4,
                ['5'] = 5,
                ['6'] = 6,
                ['7'] = 7,
                ['8'] = 8,
                ['9'] = 9,
                ['9' + 1 ... 'a' - 1] = 0xF0,
                ['a'] = 10,
                ['b'] = 11,
                ['c'] = 12,
                ['d'] = 13,
                ['e'] = 14,
                ['f'] = 15,
                ['f' + 1 ... 255] = 0xF0,
};

/* "01234567-89ab-cdef-0123-456789abcdef", in lower case: 16 bytes that order as the text does. */
static bool parse_uuid(Slice text, unsigned char id[static 16]) {
        static const unsigned char places[16] = {
                        0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
        unsigned bad = 0;

        if (text.size != 36 || text.data[8] != '-' || text.data[13] != '-' ||
                        text.data[18] != '-' || text.data[23] != '-')
                return false;
        for (int i = 0; i < 16; i++) {
                unsigned high = hex_values[(unsigned char)text.data[places[i]]];
                unsigned low = hex_values[(unsigned char)text.data[places[i] + 1]];

                bad |= high | low;
                id[i] = (unsigned char)(high << 4 | low);
        }
        return bad < 16;
}

bool store_parse_id(Slice text, StoreSource *ret) {
        memset(ret->id, 0, sizeof(ret->id));
        ret->id_kind = STORE_ID_ABSENT;
        if (!text.data)
                return true;
        ret->id_kind = parse_uuid(text, ret->id) ? STORE_ID_UUID : STORE_ID_STRING;
        return ret->id_kind == STORE_ID_UUID;
}

static int add_id(Builder *b, Slice id, StoreSource *source) {
        uint32_t string;
        int r;

        if (store_parse_id(id, source))
                return 0;
        memset(source->id, 0, sizeof(source->id));
        r = add_string(b, id, &string);
        if (r == 0)
                memcpy(source->id, &string, sizeof(string));
        return r;
}

static int add_row(Builder *b, const Row *row) {
        if (b->n_rows >= STORE_NONE - 1)
                return -EOVERFLOW;
        if (b->n_rows / ROWS_PER_CHUNK == b->chunks.size) {
                if (vec_reserve(&b->chunks, 1) < 0)
                        return -ENOMEM;
                b->chunks.data[b->chunks.size] = vec_alloc(ROWS_PER_CHUNK, sizeof(Row));
                if (!b->chunks.data[b->chunks.size])
                        return -ENOMEM;
                b->chunks.size++;
        }
        *builder_row(b, b->n_rows++) = *row;
        return 0;
}

static int add_grant(Builder *b, const BuilderGrant *grant, Row *row) {
        if (b->grants.size >= STORE_NONE - 1)
                return -EOVERFLOW;
        if (vec_reserve(&b->grants, 1) < 0)
                return -ENOMEM;
        b->grants.data[b->grants.size] = *grant;
        b->grants.data[b->grants.size++].row = b->n_rows;
        if (!row->grants)
                row->grants = (uint32_t)b->grants.size;
        return 0;
}

static int add_grants(Builder *b, const Event *event, Row *row) {
        int r = 0;

        for (unsigned i = 0; i < event->n_grants && r == 0; i++) {
                BuilderGrant grant = {.kind = event->grants[i].kind};

                for (unsigned f = 0; f < EVENT_N_GRANT && r == 0; f++) {
                        Slice text = event->grants[i].fields[f];

                        r = add_string(b, text.size ? text : (Slice){NULL, 0}, &grant.fields[f]);
                }
                if (r == 0)
                        r = add_grant(b, &grant, row);
        }
        return r;
}

static int add_targets(Builder *b, const Event *event, Row *row) {
        if (b->targets.size + event->n_targets >= STORE_NONE)
                return -EOVERFLOW;
        if (vec_reserve(&b->targets, event->n_targets) < 0)
                return -ENOMEM;
        row->targets = (uint32_t)b->targets.size + 1;
        for (unsigned i = 0; i < event->n_targets; i++) {
                const EventTarget *from = &event->targets[i];
                BuilderTarget *to = &b->targets.data[b->targets.size + i];
                int r;

                *to = (BuilderTarget){from->object, from->n_bytes, b->n_rows, STORE_NONE,
                                STORE_NONE, from->effect};
                r = add_string(b, from->name.size ? from->name : (Slice){NULL, 0}, &to->name);
                if (r == 0)
                        r = add_string(b, from->of.size ? from->of : (Slice){NULL, 0}, &to->of);
                if (r < 0)
                        return r;
        }
        b->targets.size += event->n_targets;
        return 0;
}

/* By its serial where it has one: the identity of most events was met before. */
static int add_identity(Builder *b, const Event *event, uint32_t *ret_tuple) {
        KnownIdentity *known;
        int r;

        if (!event->identity_serial)
                return add_tuple(b, STORE_IDENTITY, event->identity, ret_tuple);
        if (!b->known)
                b->known = vec_alloc_zero(EVENT_IDENTITY_SLOTS, sizeof(*b->known));
        if (!b->known)
                return -ENOMEM;
        known = &b->known[event->identity_slot % EVENT_IDENTITY_SLOTS];
        if (known->serial == event->identity_serial) {
                *ret_tuple = known->tuple;
                return 0;
        }
        r = add_tuple(b, STORE_IDENTITY, event->identity, ret_tuple);
        if (r == 0)
                *known = (KnownIdentity){event->identity_serial, *ret_tuple};
        return r;
}

/* Most have no field at all. */
static int add_result(Builder *b, const Event *event, uint32_t *ret_tuple) {
        bool is_none = true;
        int r;

        for (int i = 0; i < EVENT_N_RESULT; i++)
                is_none &= !event->result[i].data;
        if (is_none && b->no_result) {
                *ret_tuple = b->no_result - 1;
                return 0;
        }
        r = add_tuple(b, STORE_RESULT, event->result, ret_tuple);
        if (r == 0 && is_none)
                b->no_result = *ret_tuple + 1;
        return r;
}

static int count_event(Builder *b, uint32_t file, const Event *event) {
        EventCounts counts = {.n_recovered = event->is_recovered,
                        .n_shipper_time = event->is_shipper_time,
                        .n_partial = event->is_partial};

        return builder_count(b, file, &counts);
}

int builder_add_event(Builder *b, uint32_t file, const Event *event) {
        Row row = {
                        .time = event->time,
                        .source = {.hash = event->hash,
                                        .offset = event->offset,
                                        .file = file,
                                        .record = event->record,
                                        .size = event->size},
        };
        int r;

        r = add_id(b, event->id, &row.source);
        if (r == 0)
                r = add_identity(b, event, &row.identity);
        if (r == 0)
                r = add_tuple(b, STORE_CALL, event->call, &row.call);
        if (r == 0)
                r = add_result(b, event, &row.result);
        if (r == 0)
                r = add_string(b, event->ip, &row.ip);
        if (r == 0)
                r = add_string(b, event->user_agent, &row.ua);
        if (r == 0 && event->n_grants)
                r = add_grants(b, event, &row);
        if (r == 0 && event->n_targets)
                r = add_targets(b, event, &row);
        if (r == 0 && (event->is_recovered || event->is_shipper_time || event->is_partial))
                r = count_event(b, file, event);
        if (r == 0)
                r = add_row(b, &row);
        if (r == 0)
                b->files.data[file].n_records++;
        return r;
}

Slice store_event_dim(const Event *event, StoreDim dim) {
        ImageDimPlace place = image_dim_places[dim];

        switch (place.tuple) {
        case STORE_IDENTITY:
                return place.field == STORE_ID_USER        ? event_user(event->identity)
                       : place.field == STORE_ID_PRINCIPAL ? event_principal(event->identity)
                                                           : event->identity[place.field];
        case STORE_CALL:
                return event->call[place.field];
        case STORE_RESULT:
                return place.field == STORE_RESULT_OUTCOME ? event_outcome(event->result)
                                                           : event->result[place.field];
        default:
                return dim == STORE_DIM_IP ? event->ip : event->user_agent;
        }
}
