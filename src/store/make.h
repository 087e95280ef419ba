/*
 * Making an image, whoever has what goes into it: builders (seal.c) or other images (merge.c).
 * Private to the store floor.
 *
 *     image_new()      the layout follows from how much there is of everything: an ImagePlan
 *     image_put_...()  the parts, each straight to its place
 *     image_index()    what follows from the parts: indexes, lineage, coverage
 *
 * So the same parts make the same bytes, on whichever way they came.
 */
#ifndef STORE_MAKE_H
#define STORE_MAKE_H

#include "base/sort.h"
#include "base/space.h"
#include "store/image.h"

/* The extremes of the events that go into an image: they decide how wide its numbers are. */
typedef struct ImageMost {
        uint64_t n_events;
        int64_t first, last; /* ns */
        uint64_t unit;       /* ns, as in ImageMeta */
        uint64_t offset;
        uint32_t record, size;
        bool has_other_ids; /* than UUIDs */
} ImageMost;

void image_most_add(ImageMost *most, int64_t time, const StoreSource *source);
void image_most_join(ImageMost *most, const ImageMost *other);

typedef struct ImagePlan {
        uint64_t n_events, n_ids, n_grants, n_conflict_rows;
        uint64_t n_files, n_roots, n_notes, n_text_bytes;
        uint64_t n_strings, n_string_bytes;
        uint64_t n_tuples[STORE_N_TUPLES];
        ImageMost most;
        uint64_t most_of_files[IMAGE_N_FILE_WIDTHS];
        Slice last_reason; /* of the notes so far */
} ImagePlan;

/* Counts what has texts into PLAN, in the order in which it will be put. */
void image_plan_file(ImagePlan *plan, const StoreFile *file);
void image_plan_root(ImagePlan *plan, Slice name, Slice path);
void image_plan_note(ImagePlan *plan, Slice reason);

/*
 * An image with room for what PLAN tells, zeroed: anonymous memory, or, with a Space, a file of it,
 * mapped.
 */
int image_new(const ImagePlan *plan, Space *space, Store **ret_store);
/* Sections that were empty are given a size now; the others keep their bytes. */
int image_extend(Store *store, const uint64_t sizes[static IMAGE_N_SECTIONS]);

/* ---- parts ---- */

/* Texts go in in one order: files, roots, notes. */
typedef struct ImageTexts {
        Store *store;
        uint64_t at;
        Slice last_name, last_reason; /* where they stand */
        uint32_t last_root;
        bool last_is_member;
} ImageTexts;

/* Counts what is in it too. */
void image_put_file(ImageTexts *texts, uint32_t i, const StoreFile *file);
void image_put_root(ImageTexts *texts, uint32_t i, Slice name, Slice path);
/* Damaged ones first; the name is not used. */
void image_put_note(ImageTexts *texts, uint64_t i, const StoreNote *note, bool is_ignored);

/* String I, the strings before it having been put. */
void image_put_string(Store *store, uint32_t i, Slice string);
void image_put_tuples(Store *store, StoreTuple kind, const uint32_t *fields);

typedef struct ImageEvent {
        int64_t time;
        uint32_t tuples[STORE_N_TUPLES];
        uint32_t ip, ua;
        StoreSource source;
} ImageEvent;

/* From several threads, each its own events. */
void image_put_event(Store *store, uint32_t i, const ImageEvent *event);
/* What tells an eventID in a sort: its hash, and of its bytes the first. TEXT is not empty. */
SortKey image_id_key(const StoreSource *source, Slice text, uint32_t list, uint32_t index);
/* The index of eventIDs: events, keys[].index, in order of those keys. */
void image_put_ids(Store *store, const SortKey *keys, uint64_t n);
/*
 * What events act on, added in order of events: gathered in memory, NULL where there is none, and
 * then put into a store, 0 or -errno; image_add_target() is called by one thread, beside others
 * that write columns.
 */
typedef struct ImageTargets ImageTargets;
ImageTargets *image_targets_new(void);
ImageTargets *image_targets_free(ImageTargets *targets);
int image_put_gathered(Store *store, const ImageTargets *targets);
/*
 * The same without that memory. LIST adds all of them; it is called twice, first to tell how much
 * room they take. 0, -errno, or what it returns.
 */
int image_put_targets(Store *store, int (*list)(void *ctx, ImageTargets *to), void *ctx);
void image_add_target(ImageTargets *to, const StoreTarget *target);

/* Counts, last of all parts. */
void image_put_meta(Store *store, uint64_t n_conflicts);

/* Everything else. SPACE holds the arrays that are needed meanwhile. 0 or -errno. */
int image_index(Store *store, unsigned n_threads, Space *space);
int image_index_dims(Store *store, unsigned n_threads, Space *space);
int image_index_lineage(Store *store, unsigned n_threads, Space *space);
int image_index_coverage(Store *store, unsigned n_threads, Space *space);

/* Section data of an image that is being made. */
static inline void *image_writable(Store *store, unsigned section) {
        return (void *)store->sections[section].data;
}

/* A column of events of an image that is being made, without checks. */
typedef struct ImageColumn {
        const unsigned char *data;
        unsigned width;
} ImageColumn;

static inline ImageColumn image_column_of(const Store *store, unsigned section) {
        return (ImageColumn){store->sections[section].data, image_width(store, section)};
}

static inline uint32_t image_column_at(ImageColumn column, uint64_t i) {
        return (uint32_t)image_load(column.data + i * column.width, column.width);
}

/* Likewise: a string, a field of a tuple. */
static inline Slice image_string(const Store *store, uint32_t string) {
        const uint64_t *ends = (const void *)store->sections[IMAGE_STRING_ENDS].data;
        uint64_t from = string ? ends[string - 1] : 0;

        return slice((const char *)store->sections[IMAGE_STRINGS].data + from,
                        (size_t)(ends[string] - from));
}

static inline uint32_t image_field(
                const Store *store, StoreTuple kind, uint64_t n, unsigned field) {
        static const unsigned char sections[] = {IMAGE_IDENTITIES, IMAGE_CALLS, IMAGE_RESULTS};
        const uint32_t *fields = (const void *)store->sections[sections[kind]].data;

        return fields[n * image_tuple_widths[kind] + field];
}

/* An empty string takes no part in anything; it can only be the first. */
static inline bool image_has_empty(const Store *store) {
        return store->meta.n_strings && image_string(store, 0).size == 0;
}

/* The hash index over N hashes that rise: buckets of four on average. */
static inline uint32_t image_n_buckets(uint64_t n) {
        return (uint32_t)(n / 4 + 1);
}

#endif
