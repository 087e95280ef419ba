/*
 * Reading a sealed store. Each accessor is a checked load or two (see image_at); finding a string,
 * an eventID or a value touches one bucket. Nothing is cached, so threads need no lock.
 */
#include "store/store.h"

#include <errno.h>

#include "base/hash.h"
#include "store/image.h"

static const ImageSection tuple_sections[STORE_N_TUPLES] = {
                IMAGE_IDENTITIES, IMAGE_CALLS, IMAGE_RESULTS};
static const ImageSection tuple_columns[STORE_N_TUPLES] = {
                IMAGE_EVENT_IDENTITY, IMAGE_EVENT_CALL, IMAGE_EVENT_RESULT};
const ImageDimPlace image_dim_places[STORE_N_DIMS] = {
                [STORE_DIM_KEY] = {IMAGE_EVENT_IDENTITY, STORE_IDENTITY, EVENT_ID_KEY},
                [STORE_DIM_IP] = {IMAGE_EVENT_IP, -1, 0},
                [STORE_DIM_USER] = {IMAGE_EVENT_IDENTITY, STORE_IDENTITY, STORE_ID_USER},
                [STORE_DIM_EVENT] = {IMAGE_EVENT_CALL, STORE_CALL, EVENT_CALL_NAME},
                [STORE_DIM_SERVICE] = {IMAGE_EVENT_CALL, STORE_CALL, EVENT_CALL_SERVICE},
                [STORE_DIM_REGION] = {IMAGE_EVENT_CALL, STORE_CALL, EVENT_CALL_REGION},
                [STORE_DIM_ACCOUNT] = {IMAGE_EVENT_CALL, STORE_CALL, EVENT_CALL_ACCOUNT},
                [STORE_DIM_PRINCIPAL] = {IMAGE_EVENT_IDENTITY, STORE_IDENTITY, STORE_ID_PRINCIPAL},
                [STORE_DIM_SESSION] = {IMAGE_EVENT_IDENTITY, STORE_IDENTITY, EVENT_ID_ARN},
                [STORE_DIM_ROLE] = {IMAGE_EVENT_IDENTITY, STORE_IDENTITY,
                                EVENT_ID_ISSUER_USER_NAME},
                [STORE_DIM_TYPE] = {IMAGE_EVENT_IDENTITY, STORE_IDENTITY, EVENT_ID_TYPE},
                [STORE_DIM_UA] = {IMAGE_EVENT_UA, -1, 0},
                [STORE_DIM_ERROR] = {IMAGE_EVENT_RESULT, STORE_RESULT, EVENT_RESULT_CODE},
                [STORE_DIM_OUTCOME] = {IMAGE_EVENT_RESULT, STORE_RESULT, STORE_RESULT_OUTCOME},
};

const unsigned image_tuple_widths[STORE_N_TUPLES] = {
                STORE_N_IDENTITY, STORE_N_CALL, STORE_N_RESULT};
const unsigned image_tuple_texts[STORE_N_TUPLES] = {EVENT_N_IDENTITY, EVENT_N_CALL, EVENT_N_RESULT};

/* Where the last section ends: the case file but for its sums. */
static uint64_t image_end(const Store *store) {
        uint64_t end = IMAGE_HEADER_SIZE;

        for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
                const Section *s = &store->sections[i];
                uint64_t at = s->size ? (uint64_t)(s->data - store->bytes) + s->size : 0;

                end = at > end ? at : end;
        }
        return end;
}

void store_counts(Store *store, StoreCounts *ret) {
        *ret = (StoreCounts){
                        .n_events = store->meta.n_events,
                        .n_duplicates = store->meta.n_duplicates,
                        .n_conflicts = store->meta.n_conflicts,
                        .n_rejected = store->meta.n_rejected,
                        .n_files = store->meta.n_logs,
                        .n_contents = store->meta.n_files,
                        .n_changed = store->meta.n_changed,
                        .n_damaged = store->meta.n_damaged,
                        .n_ignored = store->meta.n_ignored,
                        .n_bytes = store->meta.n_bytes,
                        .events = store->meta.counts,
                        .n_image_bytes = image_end(store),
                        .n_string_bytes = store->sections[IMAGE_STRINGS].size +
                                          store->sections[IMAGE_TEXT].size,
        };
}

uint32_t store_n_events(Store *store) {
        return (uint32_t)store->meta.n_events;
}

/* ---- events ---- */

int64_t store_time(Store *store, uint32_t i) {
        return (int64_t)((uint64_t)store->meta.time_first +
                         image_column(store, IMAGE_TIMES, i) * store->meta.time_unit);
}

uint32_t store_tuple(Store *store, StoreTuple tuple, uint32_t i) {
        return (uint32_t)image_column(store, tuple_columns[tuple], i);
}

uint32_t store_ip(Store *store, uint32_t i) {
        return (uint32_t)image_column(store, IMAGE_EVENT_IP, i) - 1;
}

uint32_t store_ua(Store *store, uint32_t i) {
        return (uint32_t)image_column(store, IMAGE_EVENT_UA, i) - 1;
}

StoreSource store_source(Store *store, uint32_t i) {
        const unsigned char *widths = store->meta.widths;
        unsigned size = image_source_size(&store->meta);
        const unsigned char *at = image_at(store, IMAGE_SOURCES, (uint64_t)i * size, size);
        StoreSource source = {.id_kind = STORE_ID_ABSENT};

        if (!at)
                return source;
        memcpy(source.id, at, sizeof(source.id));
        memcpy(&source.hash, at + 16, sizeof(source.hash));
        at += 24;
        source.file = (uint32_t)image_load(at, widths[IMAGE_W_FILE]);
        at += widths[IMAGE_W_FILE];
        source.record = (uint32_t)image_load(at, widths[IMAGE_W_RECORD]);
        at += widths[IMAGE_W_RECORD];
        source.offset = image_load(at, widths[IMAGE_W_OFFSET]);
        at += widths[IMAGE_W_OFFSET];
        source.size = (uint32_t)image_load(at, widths[IMAGE_W_SIZE]);
        at += widths[IMAGE_W_SIZE];
        source.id_kind = widths[IMAGE_W_ID_KIND] ? *at : STORE_ID_UUID;
        return source;
}

uint32_t store_field(Store *store, StoreTuple tuple, uint32_t n, unsigned field) {
        return image_u32(store, tuple_sections[tuple],
                        (uint64_t)n * image_tuple_widths[tuple] + field);
}

uint32_t store_n_tuples(Store *store, StoreTuple tuple) {
        const uint64_t n[STORE_N_TUPLES] = {
                        store->meta.n_identities, store->meta.n_calls, store->meta.n_results};

        return (uint32_t)n[tuple];
}

static uint32_t dim_string(Store *store, StoreDim dim, uint32_t i) {
        const ImageDimPlace *place = &image_dim_places[dim];
        uint32_t number = (uint32_t)image_column(store, place->column, i);

        return place->tuple < 0
                               ? number - 1
                               : store_field(store, (StoreTuple)place->tuple, number, place->field);
}

uint32_t store_dim_of(Store *store, StoreDim dim, uint32_t i) {
        uint32_t string = dim_string(store, dim, i);

        /* only the first string can be empty */
        return string == 0 && store_string(store, 0).size == 0 ? STORE_NONE : string;
}

uint32_t store_lower_bound(Store *store, int64_t time) {
        uint32_t low = 0, high = store_n_events(store);

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (store_time(store, middle) < time)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* ---- records ---- */

void store_set_records(Store *store, const StoreRecords *records) {
        store->records = *records;
}

void store_set_teller(Store *store, const StoreTeller *teller) {
        store->teller = *teller;
}

bool store_tells(const Store *store, StoreTold field) {
        return store->teller.has && store->teller.has(store->teller.userdata, field);
}

int store_tell(Store *store, StoreTelling *telling, StoreTold field, StoreToldOf of, Slice text) {
        telling->n_values = 0;
        telling->message[0] = 0;
        return store->teller.tell(store->teller.userdata, telling, field, of, text);
}

void store_tell_end(Store *store, StoreTelling *telling) {
        if (telling->lookup)
                store->teller.end(telling);
        telling->lookup = NULL;
}

int store_read_records(Store *store, const uint32_t *events, size_t n, StoreRecordSink *sink) {
        sink->code = 0;
        sink->message[0] = 0;
        if (!store->records.read)
                return -ENOTSUP;
        return store->records.read(store->records.userdata, events, n, sink);
}

/* ---- strings ---- */

uint32_t store_n_strings(Store *store) {
        return (uint32_t)store->meta.n_strings;
}

Slice store_string(Store *store, uint32_t string) {
        uint64_t from, end;
        const void *at;

        if (string == STORE_NONE)
                return (Slice){NULL, 0};
        from = string ? image_u64(store, IMAGE_STRING_ENDS, string - 1) : 0;
        end = image_u64(store, IMAGE_STRING_ENDS, string);
        if (end < from) {
                image_set_fault(store, IMAGE_STRING_ENDS);
                return (Slice){NULL, 0};
        }
        at = image_at(store, IMAGE_STRINGS, from, end - from);
        return at ? slice(at, (size_t)(end - from)) : (Slice){NULL, 0};
}

/* The items [*ret_first, *ret_end) under HASH in a hash index. */
static void bucket_of(Store *store, unsigned buckets, unsigned items, uint64_t hash,
                uint32_t *ret_first, uint32_t *ret_end) {
        uint64_t n = store->sections[items].size / 4;
        uint32_t n_buckets = (uint32_t)(n / 4 + 1);
        uint32_t bucket = hash_range(hash, n_buckets);

        *ret_first = image_u32(store, buckets, bucket);
        *ret_end = image_u32(store, buckets, (uint64_t)bucket + 1);
        if (*ret_end > n || *ret_first > *ret_end) {
                image_set_fault(store, buckets);
                *ret_first = *ret_end = 0;
        }
}

uint32_t store_find_string(Store *store, Slice text) {
        uint32_t first, end;

        bucket_of(store, IMAGE_STRING_BUCKETS, IMAGE_STRING_ITEMS, hash_slice(text), &first, &end);
        for (uint32_t i = first; i < end; i++) {
                uint32_t string = image_u32(store, IMAGE_STRING_ITEMS, i);

                if (slice_equal(store_string(store, string), text))
                        return string;
        }
        return STORE_NONE;
}

/* ---- eventIDs ---- */

Slice store_format_uuid(const unsigned char id[static 16], char buffer[static STORE_ID_SIZE]) {
        static const char hex[] = "0123456789abcdef";
        char *at = buffer;

        for (int i = 0; i < 16; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        *at++ = '-';
                *at++ = hex[id[i] >> 4];
                *at++ = hex[id[i] & 15];
        }
        *at = 0;
        return slice(buffer, 36);
}

Slice store_id_text(Store *store, const StoreSource *source, char buffer[static STORE_ID_SIZE]) {
        uint32_t string;

        if (source->id_kind == STORE_ID_UUID)
                return store_format_uuid(source->id, buffer);
        if (source->id_kind == STORE_ID_ABSENT)
                return (Slice){NULL, 0};
        memcpy(&string, source->id, sizeof(string));
        return store_string(store, string);
}

uint32_t store_find_id(Store *store, Slice id) {
        StoreSource wanted;
        uint32_t first, end;

        if (!id.size)
                return STORE_NONE;
        if (!store_parse_id(id, &wanted)) {
                uint32_t string = store_find_string(store, id);

                if (string == STORE_NONE)
                        return STORE_NONE;
                memset(wanted.id, 0, sizeof(wanted.id));
                memcpy(wanted.id, &string, sizeof(string));
        }
        bucket_of(store, IMAGE_ID_BUCKETS, IMAGE_ID_ITEMS, store_id_hash(&wanted, id), &first,
                        &end);
        for (uint32_t i = first; i < end; i++) {
                uint32_t event = image_u32(store, IMAGE_ID_ITEMS, i);
                StoreSource source = store_source(store, event);

                if (source.id_kind == wanted.id_kind &&
                                memcmp(source.id, wanted.id, sizeof(wanted.id)) == 0)
                        return event;
        }
        return STORE_NONE;
}

/* ---- dimensions ---- */

uint32_t store_dim_size(Store *store, StoreDim dim) {
        return (uint32_t)(store->sections[image_dim(dim, IMAGE_DIM_VALUES)].size / 4);
}

uint32_t store_dim_value(Store *store, StoreDim dim, uint32_t value) {
        return image_u32(store, image_dim(dim, IMAGE_DIM_VALUES), value);
}

uint32_t store_dim_find(Store *store, StoreDim dim, uint32_t string) {
        uint32_t low = 0, high = store_dim_size(store, dim);

        while (low < high) {
                uint32_t middle = low + (high - low) / 2, at = store_dim_value(store, dim, middle);

                if (at == string)
                        return middle;
                if (at < string)
                        low = middle + 1;
                else
                        high = middle;
        }
        return STORE_NONE;
}

StoreStats store_dim_stats(Store *store, StoreDim dim, uint32_t value) {
        const StoreStats *p = image_at(store, image_dim(dim, IMAGE_DIM_STATS),
                        (uint64_t)value * sizeof(*p), sizeof(*p));

        return p ? *p : (StoreStats){0};
}

void store_postings(Store *store, StoreDim dim, uint32_t value, StorePostings *ret) {
        unsigned ends = image_dim(dim, IMAGE_DIM_ENDS);

        *ret = (StorePostings){
                        .store = store,
                        .at = value ? image_u64(store, ends, value - 1) : 0,
                        .end = image_u64(store, ends, value),
                        .section = image_dim(dim, IMAGE_DIM_POSTINGS),
                        .last = STORE_NONE,
        };
        if (ret->end > store->sections[ret->section].size || ret->at > ret->end) {
                image_set_fault(store, ends);
                ret->at = ret->end;
        }
}

bool store_postings_next(StorePostings *p, uint32_t *ret_event) {
        uint32_t distance = 0;

        if (p->at >= p->end)
                return false;
        for (unsigned shift = 0;; shift += 7) {
                const unsigned char *byte =
                                p->at < p->end && shift < 35
                                                ? image_at(p->store, p->section, p->at++, 1)
                                                : NULL;

                if (!byte) {
                        image_set_fault(p->store, p->section);
                        p->at = p->end;
                        return false;
                }
                distance |= (uint32_t)(*byte & 0x7F) << shift;
                if (!(*byte & 0x80))
                        break;
        }
        p->last += distance + 1; /* from -1 for the first */
        if (p->last >= store_n_events(p->store)) {
                image_set_fault(p->store, p->section);
                p->at = p->end;
                return false;
        }
        *ret_event = p->last;
        return true;
}

/* ---- files, notes, conflicts ---- */

static Slice text_at(Store *store, uint64_t at, uint64_t size) {
        const void *p = image_at(store, IMAGE_TEXT, at, size);

        return p ? slice(p, size) : (Slice){NULL, 0};
}

StoreFile store_file(Store *store, uint32_t file) {
        const unsigned char *widths = store->meta.file_widths;
        unsigned size = image_file_size(&store->meta);
        const unsigned char *at = image_at(store, IMAGE_FILES, (uint64_t)file * size, size);
        const unsigned char *before =
                        file ? image_at(store, IMAGE_FILES, (uint64_t)(file - 1) * size, size)
                             : NULL;
        uint64_t numbers[IMAGE_N_FILE_WIDTHS], from = 0;
        StoreFile r = {.kind = STORE_KIND_UNREAD};

        if (!at || (file && !before))
                return r;
        if (before)
                from = image_load(before + 1 + STORE_HASH_SIZE, widths[IMAGE_F_NAME_END]);
        r.kind = (StoreKind)(*at & (IMAGE_FILE_MEMBER - 1));
        r.has_hash = *at & IMAGE_FILE_HASHED;
        r.is_member = *at & IMAGE_FILE_MEMBER;
        memcpy(r.hash, at + 1, STORE_HASH_SIZE);
        at += 1 + STORE_HASH_SIZE;
        for (unsigned w = 0; w < IMAGE_N_FILE_WIDTHS; at += widths[w++])
                numbers[w] = image_load(at, widths[w]);
        if (numbers[IMAGE_F_NAME_END] < from || r.kind >= STORE_N_KINDS) {
                image_set_fault(store, IMAGE_FILES);
                return (StoreFile){.kind = STORE_KIND_UNREAD};
        }
        r.name = text_at(store, from, numbers[IMAGE_F_NAME_END] - from);
        r.root = (uint32_t)numbers[IMAGE_F_ROOT];
        r.size = numbers[IMAGE_F_SIZE];
        r.n_bytes = numbers[IMAGE_F_BYTES];
        r.n_records = numbers[IMAGE_F_RECORDS];
        memcpy(&r.counts, numbers + IMAGE_F_COUNTS, sizeof(r.counts));
        return r;
}

uint32_t store_n_roots(Store *store) {
        return (uint32_t)(store->sections[IMAGE_ROOTS].size / sizeof(ImageRoot));
}

void store_root(Store *store, uint32_t root, Slice *ret_name, Slice *ret_path) {
        const ImageRoot *p = image_at(store, IMAGE_ROOTS, (uint64_t)root * sizeof(*p), sizeof(*p));

        *ret_name = p ? text_at(store, p->name_at, p->name_size) : (Slice){NULL, 0};
        *ret_path = p ? text_at(store, p->path_at, p->path_size) : (Slice){NULL, 0};
}

StoreNote store_note(Store *store, uint64_t i) {
        const ImageNote *p = image_at(store, IMAGE_NOTES, i * sizeof(*p), sizeof(*p));

        if (!p)
                return (StoreNote){0};
        return (StoreNote){store_file(store, p->file).name, p->file, p->n_rejected, p->offset,
                        text_at(store, p->reason_at, p->reason_size)};
}

uint64_t store_n_conflict_rows(Store *store) {
        return store->sections[IMAGE_CONFLICTS].size / sizeof(ImageConflict);
}

StoreConflict store_conflict_row(Store *store, uint64_t i) {
        const ImageConflict *p = image_at(store, IMAGE_CONFLICTS, i * sizeof(*p), sizeof(*p));

        if (!p)
                return (StoreConflict){0};
        return (StoreConflict){p->event, p->file, p->record, p->size, p->offset, p->hash};
}
