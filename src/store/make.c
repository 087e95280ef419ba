/*
 * The image while it is made: laid out, grown, filled.
 *
 * A new image is one mapping with room for the header in front, so that writing a case is writing
 * that mapping; where memory is limited it is the case file itself. It grows once, when the sizes
 * of the indexes are known; mremap moves pages, not bytes. Every part has its place from the
 * beginning, so parts may be put in any order and, but for texts and strings, from any thread.
 */
#include "store/make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/vec.h"

/* ---- widths ---- */

/* The coarsest unit that TIME is whole in, UNIT or finer. */
static uint64_t unit_of(int64_t time, uint64_t unit) {
        while (time % (int64_t)unit != 0)
                unit /= 1000;
        return unit;
}

void image_most_add(ImageMost *most, int64_t time, const StoreSource *source) {
        if (!most->n_events++) {
                most->first = most->last = time;
                most->unit = 1000000000;
        }
        most->first = time < most->first ? time : most->first;
        most->last = time > most->last ? time : most->last;
        if (time % (int64_t)most->unit != 0)
                most->unit = unit_of(time, most->unit);
        most->offset = source->offset > most->offset ? source->offset : most->offset;
        most->record = source->record > most->record ? source->record : most->record;
        most->size = source->size > most->size ? source->size : most->size;
        most->has_other_ids |= source->id_kind != STORE_ID_UUID;
}

void image_most_join(ImageMost *most, const ImageMost *other) {
        if (!other->n_events)
                return;
        if (!most->n_events) {
                *most = *other;
                return;
        }
        most->n_events += other->n_events;
        most->first = other->first < most->first ? other->first : most->first;
        most->last = other->last > most->last ? other->last : most->last;
        most->unit = other->unit < most->unit ? other->unit : most->unit;
        most->offset = other->offset > most->offset ? other->offset : most->offset;
        most->record = other->record > most->record ? other->record : most->record;
        most->size = other->size > most->size ? other->size : most->size;
        most->has_other_ids |= other->has_other_ids;
}

static unsigned char width_of(uint64_t most) {
        unsigned char width = 0;

        for (; most; most >>= 8)
                width++;
        return width;
}

static uint64_t last_of(uint64_t n) {
        return n ? n - 1 : 0;
}

/* The numbers of a file whose name ends at NAME_END. */
static void list_numbers(const StoreFile *file, uint64_t name_end,
                uint64_t ret[static IMAGE_N_FILE_WIDTHS]) {
        ret[IMAGE_F_NAME_END] = name_end;
        ret[IMAGE_F_ROOT] = file->root;
        ret[IMAGE_F_SIZE] = file->size;
        ret[IMAGE_F_BYTES] = file->n_bytes;
        ret[IMAGE_F_RECORDS] = file->n_records;
        memcpy(ret + IMAGE_F_COUNTS, &file->counts, sizeof(file->counts));
}

void image_plan_file(ImagePlan *plan, const StoreFile *file) {
        uint64_t numbers[IMAGE_N_FILE_WIDTHS];

        plan->n_files++;
        plan->n_text_bytes += file->name.size;
        list_numbers(file, plan->n_text_bytes, numbers);
        for (unsigned w = 0; w < IMAGE_N_FILE_WIDTHS; w++) {
                if (numbers[w] > plan->most_of_files[w])
                        plan->most_of_files[w] = numbers[w];
        }
}

void image_plan_root(ImagePlan *plan, Slice name, Slice path) {
        plan->n_roots++;
        plan->n_text_bytes += name.size + path.size;
}

void image_plan_note(ImagePlan *plan, Slice reason) {
        if (!plan->n_notes++ || !slice_equal(reason, plan->last_reason))
                plan->n_text_bytes += reason.size;
        plan->last_reason = reason;
}

static void set_widths(ImageMeta *meta, const ImagePlan *plan) {
        const ImageMost *most = &plan->most;
        uint64_t unit = most->unit ? most->unit : 1;

        meta->time_first = most->first;
        meta->time_unit = unit;
        meta->widths[IMAGE_W_TIME] =
                        width_of(((uint64_t)most->last - (uint64_t)most->first) / unit);
        for (unsigned kind = 0; kind < STORE_N_TUPLES; kind++)
                meta->widths[IMAGE_W_IDENTITY + kind] = width_of(last_of(plan->n_tuples[kind]));
        meta->widths[IMAGE_W_IP] = width_of(plan->n_strings);
        meta->widths[IMAGE_W_UA] = width_of(plan->n_strings);
        meta->widths[IMAGE_W_FILE] = width_of(last_of(plan->n_files));
        meta->widths[IMAGE_W_RECORD] = width_of(most->record);
        meta->widths[IMAGE_W_OFFSET] = width_of(most->offset);
        meta->widths[IMAGE_W_SIZE] = width_of(most->size);
        meta->widths[IMAGE_W_ID_KIND] = most->has_other_ids;
        for (unsigned w = 0; w < IMAGE_N_FILE_WIDTHS; w++)
                meta->file_widths[w] = width_of(plan->most_of_files[w]);
}

/* ---- room ---- */

static uint64_t aligned(uint64_t at) {
        return (at + IMAGE_ALIGN - 1) / IMAGE_ALIGN * IMAGE_ALIGN;
}

static void set_sizes(const ImageMeta *meta, const ImagePlan *plan,
                uint64_t sizes[static IMAGE_N_SECTIONS]) {
        sizes[IMAGE_META] = sizeof(ImageMeta);
        sizes[IMAGE_STRING_ENDS] = plan->n_strings * 8;
        sizes[IMAGE_STRINGS] = plan->n_string_bytes;
        sizes[IMAGE_STRING_BUCKETS] = ((uint64_t)image_n_buckets(plan->n_strings) + 1) * 4;
        sizes[IMAGE_STRING_ITEMS] = plan->n_strings * 4;
        sizes[IMAGE_FILES] = plan->n_files * image_file_size(meta);
        sizes[IMAGE_ROOTS] = plan->n_roots * sizeof(ImageRoot);
        sizes[IMAGE_NOTES] = plan->n_notes * sizeof(ImageNote);
        sizes[IMAGE_TEXT] = plan->n_text_bytes;
        sizes[IMAGE_IDENTITIES] = plan->n_tuples[STORE_IDENTITY] * STORE_N_IDENTITY * 4;
        sizes[IMAGE_CALLS] = plan->n_tuples[STORE_CALL] * STORE_N_CALL * 4;
        sizes[IMAGE_RESULTS] = plan->n_tuples[STORE_RESULT] * STORE_N_RESULT * 4;
        for (unsigned column = IMAGE_TIMES; column < IMAGE_SOURCES; column++)
                sizes[column] = plan->n_events * meta->widths[column - IMAGE_TIMES];
        sizes[IMAGE_SOURCES] = plan->n_events * image_source_size(meta);
        sizes[IMAGE_ID_BUCKETS] = ((uint64_t)image_n_buckets(plan->n_ids) + 1) * 4;
        sizes[IMAGE_ID_ITEMS] = plan->n_ids * 4;
        sizes[IMAGE_CONFLICTS] = plan->n_conflict_rows * sizeof(ImageConflict);
        sizes[IMAGE_GRANTS] = plan->n_grants * sizeof(StoreGrant);
}

int image_new(const ImagePlan *plan, Space *space, Store **ret_store) {
        uint64_t sizes[IMAGE_N_SECTIONS] = {0};
        Store *store = vec_alloc_zero(1, sizeof(*store));
        bool can_be_named = false;
        int r, fd = space && store ? space_open(space, &can_be_named) : -1;

        if (!store)
                return -ENOMEM;
        if (space && fd < 0) {
                free(store);
                return fd;
        }
        store->size = IMAGE_HEADER_SIZE;
        store->space = space;
        store->fd_1 = fd + 1;
        store->can_be_named = can_be_named;
        store->meta.n_events = plan->n_events;
        store->meta.n_files = plan->n_files;
        store->meta.n_strings = plan->n_strings;
        store->meta.n_identities = plan->n_tuples[STORE_IDENTITY];
        store->meta.n_calls = plan->n_tuples[STORE_CALL];
        store->meta.n_results = plan->n_tuples[STORE_RESULT];
        store->meta.n_ids = plan->n_ids;
        set_widths(&store->meta, plan);
        set_sizes(&store->meta, plan, sizes);
        r = image_extend(store, sizes);
        if (r < 0) {
                store_free(store);
                return r;
        }
        *ret_store = store;
        return 0;
}

/* The mapping, SIZE bytes and the slack behind them; -errno, and the old one stands. */
static int remap(Store *store, uint64_t size) {
        uint64_t old = store->bytes ? store->size + IMAGE_SLACK : 0;
        unsigned char *bytes;
        int r = 0;

        size += IMAGE_SLACK;
        if (store->fd_1) /* a full disk is an error here, not a signal later */
                r = -posix_fallocate(store->fd_1 - 1, 0, (off_t)size);
        if (r < 0)
                return r;
        if (store->bytes && store->fd_1)
                space_unwatch(store->space, store->bytes);
        bytes = old           ? mremap(store->bytes, old, size, MREMAP_MAYMOVE)
                : store->fd_1 ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
                                                store->fd_1 - 1, 0)
                              : mmap(NULL, size, PROT_READ | PROT_WRITE,
                                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (bytes == MAP_FAILED)
                return -ENOMEM;
        if (!store->fd_1)
                vec_use_large_pages(bytes, size);
        store->bytes = bytes;
        return store->fd_1 ? space_watch(store->space, bytes, size) : 0;
}

int image_extend(Store *store, const uint64_t sizes[static IMAGE_N_SECTIONS]) {
        uint64_t places[IMAGE_N_SECTIONS], size = store->size;
        int r;

        for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
                uint64_t at = aligned(size);

                places[i] = store->sections[i].size
                                            ? (uint64_t)(store->sections[i].data - store->bytes)
                                            : at;
                if (store->sections[i].size == 0 && sizes[i] > 0)
                        size = at + sizes[i];
        }
        r = remap(store, size);
        if (r < 0)
                return r;
        store->size = size;
        for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
                if (store->sections[i].size == 0)
                        store->sections[i].size = sizes[i];
                store->sections[i].data = store->bytes + (store->sections[i].size ? places[i] : 0);
        }
        return 0;
}

static inline unsigned char *put_number(unsigned char *at, uint64_t value, unsigned width) {
        /* little-endian */
        switch (width) {
        case 4:
                memcpy(at, &value, 4);
                break;
        case 3:
                memcpy(at, &value, 2);
                at[2] = (unsigned char)(value >> 16);
                break;
        case 2:
                memcpy(at, &value, 2);
                break;
        default:
                memcpy(at, &value, width);
        }
        return at + width;
}

/* ---- names and notes ---- */

static uint64_t put_text(ImageTexts *texts, Slice text) {
        uint64_t from = texts->at;

        if (text.size)
                memcpy((char *)image_writable(texts->store, IMAGE_TEXT) + from, text.data,
                                text.size);
        texts->at += text.size;
        return from;
}

void image_put_file(ImageTexts *texts, uint32_t i, const StoreFile *file) {
        ImageMeta *meta = &texts->store->meta;
        unsigned size = image_file_size(meta);
        unsigned char *at = (unsigned char *)image_writable(texts->store, IMAGE_FILES) +
                            (uint64_t)i * size;
        uint64_t numbers[IMAGE_N_FILE_WIDTHS];

        meta->n_changed += i && texts->last_root == file->root &&
                           texts->last_is_member == file->is_member &&
                           slice_equal(texts->last_name, file->name);
        texts->last_name = slice((const char *)image_writable(texts->store, IMAGE_TEXT) +
                                                 put_text(texts, file->name),
                        file->name.size);
        texts->last_root = file->root;
        texts->last_is_member = file->is_member;
        list_numbers(file, texts->at, numbers);
        *at++ = (unsigned char)(file->kind | (file->has_hash ? IMAGE_FILE_HASHED : 0) |
                                (file->is_member ? IMAGE_FILE_MEMBER : 0));
        if (file->has_hash)
                memcpy(at, file->hash, STORE_HASH_SIZE);
        at += STORE_HASH_SIZE;
        for (unsigned w = 0; w < IMAGE_N_FILE_WIDTHS; w++)
                at = put_number(at, numbers[w], meta->file_widths[w]);
        event_counts_add(&meta->counts, &file->counts);
        meta->n_logs += store_kind_is_log(file->kind);
        meta->n_bytes += file->n_bytes;
        meta->n_duplicates += file->n_records;
}

void image_put_root(ImageTexts *texts, uint32_t i, Slice name, Slice path) {
        ImageRoot *root = (ImageRoot *)image_writable(texts->store, IMAGE_ROOTS) + i;

        root->name_at = put_text(texts, name);
        root->name_size = (uint32_t)name.size;
        root->path_at = put_text(texts, path);
        root->path_size = (uint32_t)path.size;
}

void image_put_note(ImageTexts *texts, uint64_t i, const StoreNote *note, bool is_ignored) {
        ImageNote *to = (ImageNote *)image_writable(texts->store, IMAGE_NOTES) + i;
        const char *text = image_writable(texts->store, IMAGE_TEXT);

        if (i == 0 || !slice_equal(note->reason, texts->last_reason))
                texts->last_reason = slice(text + put_text(texts, note->reason), note->reason.size);
        to->reason_at = (uint64_t)(texts->last_reason.data - text);
        to->reason_size = (uint32_t)note->reason.size;
        to->offset = note->offset;
        to->file = note->file;
        to->n_rejected = note->n_rejected;
        texts->store->meta.n_rejected += note->n_rejected;
        texts->store->meta.n_ignored += is_ignored;
        texts->store->meta.n_damaged += !is_ignored;
}

/* ---- strings and tuples ---- */

void image_put_string(Store *store, uint32_t i, Slice string) {
        uint64_t *ends = image_writable(store, IMAGE_STRING_ENDS), from = i ? ends[i - 1] : 0;

        if (string.size)
                memcpy((char *)image_writable(store, IMAGE_STRINGS) + from, string.data,
                                string.size);
        ends[i] = from + string.size;
}

void image_put_tuples(Store *store, StoreTuple kind, const uint32_t *fields) {
        static const ImageSection sections[] = {IMAGE_IDENTITIES, IMAGE_CALLS, IMAGE_RESULTS};
        uint64_t size = store->sections[sections[kind]].size;

        if (size)
                memcpy(image_writable(store, sections[kind]), fields, size);
}

/* Buckets over hashes that rise: where the items of each bucket begin. */
static void put_buckets(uint32_t *buckets, const SortKey *keys, uint64_t n) {
        uint32_t n_buckets = image_n_buckets(n), at = 0;

        for (uint64_t i = 0; i < n; i++) {
                uint32_t bucket = hash_range(keys[i].a, n_buckets);

                while (at <= bucket)
                        buckets[at++] = (uint32_t)i;
        }
        while (at <= n_buckets)
                buckets[at++] = (uint32_t)n;
}

static int index_strings(Store *store, unsigned n_threads, Space *space) {
        uint32_t *items = image_writable(store, IMAGE_STRING_ITEMS);
        uint32_t n = (uint32_t)store->meta.n_strings;
        SortKey *keys = space_alloc(space, n, sizeof(*keys));
        SortOrder order = {NULL, NULL};
        int r;

        if (!keys)
                return -errno;
        for (uint32_t i = 0; i < n; i++)
                keys[i] = (SortKey){hash_slice(image_string(store, i)), i, 0, i};
        r = sort_keys_in(space, keys, n, &order, n_threads);
        for (uint32_t i = 0; i < n && r == 0; i++)
                items[i] = keys[i].index;
        if (r == 0)
                put_buckets(image_writable(store, IMAGE_STRING_BUCKETS), keys, n);
        space_release(space, keys);
        return r;
}

/* ---- events ---- */

static inline void put_column(Store *store, unsigned column, uint32_t i, uint64_t value) {
        unsigned width = image_width(store, column);

        put_number((unsigned char *)image_writable(store, column) + (uint64_t)i * width, value,
                        width);
}

void image_put_event(Store *store, uint32_t i, const ImageEvent *event) {
        const unsigned char *widths = store->meta.widths;
        unsigned char *at = (unsigned char *)image_writable(store, IMAGE_SOURCES) +
                            (uint64_t)i * image_source_size(&store->meta);
        uint64_t since = (uint64_t)event->time - (uint64_t)store->meta.time_first;

        put_column(store, IMAGE_TIMES, i, since / store->meta.time_unit);
        for (unsigned kind = 0; kind < STORE_N_TUPLES; kind++)
                put_column(store, IMAGE_EVENT_IDENTITY + kind, i, event->tuples[kind]);
        put_column(store, IMAGE_EVENT_IP, i, event->ip + 1U); /* STORE_NONE becomes 0 */
        put_column(store, IMAGE_EVENT_UA, i, event->ua + 1U);
        memcpy(at, event->source.id, 16);
        memcpy(at + 16, &event->source.hash, 8);
        at = put_number(at + 24, event->source.file, widths[IMAGE_W_FILE]);
        at = put_number(at, event->source.record, widths[IMAGE_W_RECORD]);
        at = put_number(at, event->source.offset, widths[IMAGE_W_OFFSET]);
        at = put_number(at, event->source.size, widths[IMAGE_W_SIZE]);
        put_number(at, event->source.id_kind, widths[IMAGE_W_ID_KIND]);
}

SortKey image_id_key(const StoreSource *source, Slice text, uint32_t list, uint32_t index) {
        bool is_uuid = source->id_kind == STORE_ID_UUID;

        return (SortKey){store_id_hash(source, text),
                        sort_prefix(is_uuid ? slice((const char *)source->id, 8) : text, 0), list,
                        index};
}

void image_put_ids(Store *store, const SortKey *keys, uint64_t n) {
        uint32_t *items = image_writable(store, IMAGE_ID_ITEMS);

        for (uint64_t i = 0; i < n; i++)
                items[i] = keys[i].index;
        put_buckets(image_writable(store, IMAGE_ID_BUCKETS), keys, n);
}

/* ---- the whole ---- */

void image_put_meta(Store *store, uint64_t n_conflicts) {
        ImageMeta *meta = &store->meta;

        meta->n_conflicts = n_conflicts;
        meta->n_duplicates -= meta->n_events; /* what the files held, less what was kept */
        memcpy(image_writable(store, IMAGE_META), meta, sizeof(*meta));
}

int image_index(Store *store, unsigned n_threads, Space *space) {
        int r = index_strings(store, n_threads, space);

        if (r == 0)
                r = image_index_dims(store, n_threads, space);
        if (r == 0)
                r = image_index_lineage(store, n_threads, space);
        return r == 0 ? image_index_coverage(store, n_threads, space) : r;
}
