/*
 * The bytes of a sealed store, in memory and in a case file alike. Private to the store floor.
 *
 * A case file is a header of one page, then the sections, each aligned to 64 bytes, little-endian:
 *
 *     header    magic, version, size, the table of sections, a sum of itself
 *     sections  as listed in ImageSection; absolute positions appear nowhere but in the table
 *     sums      for each section an XXH3 of every 4 KB block, then one of every 512 of those; the
 *               table holds the XXH3 of the latter
 *
 * So opening costs the header, and a block and its sums are checked when it is first touched: a
 * query costs what its answer touches, and no byte is believed unchecked. Nothing in an image
 * depends on threads, time, machine or the order of reading: the same evidence under the same names
 * makes the same bytes.
 *
 * Numbers. Strings, files and the tuples of identity, call and result are numbered in sorted order;
 * events in order of (eventTime, eventID, file, record). Absent is NONE.
 */
#ifndef STORE_IMAGE_H
#define STORE_IMAGE_H

#include <stdint.h>
#include <string.h>

#include "base/space.h"
#include "event/event.h"
#include "store/store.h"

#define IMAGE_MAGIC "\x89SPOOR\r\n"
#define IMAGE_VERSION 6U
#define IMAGE_HEADER_SIZE 4096
#define IMAGE_ALIGN 64
#define IMAGE_BLOCK ((uint64_t)4096)
#define IMAGE_GROUP ((uint64_t)512) /* sums of blocks that have a sum of their own */

typedef enum ImageSection {
        IMAGE_META,           /* ImageMeta */
        IMAGE_STRING_ENDS,    /* u64[n_strings]: where each ends in IMAGE_STRINGS */
        IMAGE_STRINGS,        /* their bytes */
        IMAGE_STRING_BUCKETS, /* u32[n_buckets + 1]: hash index of the strings */
        IMAGE_STRING_ITEMS,   /* u32[n_strings] */
        IMAGE_FILES,          /* by name, root, hash; one row for each, see ImageFileWidth */
        IMAGE_ROOTS,          /* ImageRoot[] */
        IMAGE_NOTES,          /* ImageNote[]: damaged, then ignored; by file and offset */
        IMAGE_TEXT,           /* names of files without gaps, of roots, reasons */
        IMAGE_IDENTITIES,     /* u32[STORE_N_IDENTITY][]: string numbers */
        IMAGE_CALLS,          /* u32[STORE_N_CALL][] */
        IMAGE_RESULTS,        /* u32[STORE_N_RESULT][] */
        IMAGE_TIMES,          /* columns of numbers, see ImageWidth: units since the first event */
        IMAGE_EVENT_IDENTITY, /* numbers of tuples */
        IMAGE_EVENT_CALL,
        IMAGE_EVENT_RESULT,
        IMAGE_EVENT_IP, /* 1 + the number of a string; 0: absent */
        IMAGE_EVENT_UA,
        IMAGE_SOURCES,                                /* one row for each event, see ImageWidth */
        IMAGE_ID_BUCKETS,                             /* u32[]: hash index of the eventIDs */
        IMAGE_ID_ITEMS,                               /* u32[]: numbers of events that have one */
        IMAGE_CONFLICTS,                              /* ImageConflict[] by event, file, record */
        IMAGE_DIMS,                                   /* four sections for each dimension */
        IMAGE_GRANTS = IMAGE_DIMS + 4 * STORE_N_DIMS, /* StoreGrant[] by event */
        IMAGE_GRANTS_BY, /* u32[]: numbers of grants, for each StoreGrantIndex */
        IMAGE_IDENTITIES_BY = IMAGE_GRANTS_BY + STORE_N_GRANT_INDEXES, /* likewise, of identities */
        IMAGE_USES = IMAGE_IDENTITIES_BY +
                     STORE_N_IDENTITY_INDEXES, /* StoreUse[] by identity, first */
        IMAGE_USE_ENDS,                        /* u32[n_identities]: where the uses of each end */
        IMAGE_USES_BY_IP, /* u32[]: numbers of uses that have an address, by it */
        IMAGE_GRANT_ENDS, /* u32[n_identities]: where each ends in the grants by identity */
        IMAGE_SERIES,     /* ImageSeries[] by account, then region */
        IMAGE_SERIES_TEXT,
        IMAGE_DAYS,          /* ImageDay[] by series and day, those with events or files */
        IMAGE_GAPS,          /* ImageGap[] by from, to, series, kind */
        IMAGE_TARGETS,       /* by event, packed: see make-targets.c */
        IMAGE_TARGET_BLOCKS, /* ImageTargetBlock[]: where every IMAGE_TARGET_BLOCK-th of them stands
                              */
        IMAGE_N_SECTIONS,
} ImageSection;

/* Of dimension d: IMAGE_DIMS + 4 * d + one of these. */
enum {
        IMAGE_DIM_VALUES,   /* u32[]: string numbers, rising */
        IMAGE_DIM_STATS,    /* StoreStats[] */
        IMAGE_DIM_ENDS,     /* u64[]: where the posting list of each value ends */
        IMAGE_DIM_POSTINGS, /* event numbers, each as its distance from the last less 1, LEB128 */
};

/*
 * Numbers of events are as narrow as the largest of their kind in this image allows, 0 to 8 bytes.
 * A row of IMAGE_SOURCES is the eventID (16 bytes), the hash (8), and the kinds from IMAGE_W_FILE
 * on, without gaps.
 */
typedef enum ImageWidth {
        IMAGE_W_TIME, /* in the order of the columns from IMAGE_TIMES on */
        IMAGE_W_IDENTITY,
        IMAGE_W_CALL,
        IMAGE_W_RESULT,
        IMAGE_W_IP,
        IMAGE_W_UA,
        IMAGE_W_FILE,
        IMAGE_W_RECORD,
        IMAGE_W_OFFSET,
        IMAGE_W_SIZE,
        IMAGE_W_ID_KIND, /* StoreIdKind, less STORE_ID_UUID where that is all there is: no byte */
        IMAGE_N_WIDTHS,
} ImageWidth;

/*
 * Likewise the numbers of a file. A row of IMAGE_FILES is a byte (StoreKind, and the flags
 * below), the hash, and these.
 */
typedef enum ImageFileWidth {
        IMAGE_F_NAME_END, /* in IMAGE_TEXT; it begins where that of the file before ends */
        IMAGE_F_ROOT,
        IMAGE_F_SIZE,
        IMAGE_F_BYTES, /* as in StoreFile */
        IMAGE_F_RECORDS,
        IMAGE_F_COUNTS, /* the numbers of EventCounts, in their order */
        IMAGE_N_FILE_WIDTHS = IMAGE_F_COUNTS + sizeof(EventCounts) / sizeof(uint64_t),
} ImageFileWidth;

#define IMAGE_FILE_HASHED 0x80U
#define IMAGE_FILE_MEMBER 0x40U

_Static_assert(STORE_N_KINDS <= IMAGE_FILE_MEMBER, "a kind fits below the flags");

/* Bytes behind every section that may be loaded, though they mean nothing. */
#define IMAGE_SLACK 8

typedef struct ImageMeta {
        uint64_t n_events, n_duplicates, n_conflicts, n_rejected;
        uint64_t n_files, n_logs, n_damaged, n_ignored;
        uint64_t n_changed; /* files beyond the first of their name and root */
        uint64_t n_strings, n_identities, n_calls, n_results;
        uint64_t n_bytes; /* of log content */
        uint64_t n_ids;   /* events that have an eventID */
        uint64_t n_targets;
        int64_t time_first; /* ns; of the first event */
        uint64_t time_unit; /* ns: the coarsest of 1 s, 1 ms, 1 us, 1 ns that all times are whole in
                             */
        unsigned char widths[16];      /* by ImageWidth */
        unsigned char file_widths[16]; /* by ImageFileWidth */
        EventCounts counts;            /* of all files */
} ImageMeta;

/* A source as it was given: files are named by it, and stand below its path. */
typedef struct ImageRoot {
        uint64_t name_at, path_at;
        uint32_t name_size, path_size;
} ImageRoot;

typedef struct ImageNote {
        uint64_t reason_at; /* in IMAGE_TEXT; shared with the note before where it says the same */
        uint64_t offset;
        uint32_t reason_size, file, n_rejected;
        uint32_t zero;
} ImageNote;

typedef struct ImageConflict {
        uint32_t event, file, record, size;
        uint64_t offset, hash;
} ImageConflict;

/* An account in a region, of events and of the names of delivered files. Empty: absent. */
typedef struct ImageSeries {
        uint64_t account_at; /* in IMAGE_SERIES_TEXT; the region stands behind it */
        uint32_t account_size, region_size;
} ImageSeries;

typedef struct ImageDay {
        uint32_t series;
        int32_t day; /* since 1970-01-01, UTC */
        uint32_t n_events;
        uint32_t n_files; /* delivered on that day: distinct names */
} ImageDay;

typedef struct ImageGap {
        uint32_t series, kind;  /* StoreGapKind */
        int64_t from, to;       /* s */
        int64_t usual, longest; /* s; see StoreGap */
} ImageGap;

#define IMAGE_TARGET_BLOCK 128U

typedef struct ImageTargetBlock {
        uint64_t at;    /* in IMAGE_TARGETS */
        uint32_t event; /* of its first target */
        uint32_t zero;
} ImageTargetBlock;

/* The head of a target: what follows it, and how far its event is from the one before. */
#define IMAGE_TARGET_MORE 1U   /* `of` and the effect */
#define IMAGE_TARGET_OBJECT 2U /* the hash and the bytes */
#define IMAGE_TARGET_SHIFT 2

typedef struct ImageEntry {
        uint64_t at, size;
        uint64_t sums_at; /* u64 for each block, then u64 for each group */
        uint64_t sum;     /* XXH3 of the latter */
} ImageEntry;

typedef struct ImageHeader {
        char magic[8];
        uint32_t version;
        uint32_t n_sections;
        uint64_t size; /* of the file */
        ImageEntry sections[IMAGE_N_SECTIONS];
        uint64_t sum; /* XXH3 of all before it */
} ImageHeader;

_Static_assert(sizeof(ImageHeader) <= IMAGE_HEADER_SIZE, "the header must fit its page");

typedef struct Section {
        const unsigned char *data;
        uint64_t size;
        const uint64_t *sums;      /* NULL: made in this process, nothing to check */
        uint64_t sum;              /* of the sums of groups */
        unsigned char *is_checked; /* one for each block, each group, and the groups' sums */
} Section;

struct Store {
        Section sections[IMAGE_N_SECTIONS];
        ImageMeta meta;
        unsigned char *bytes; /* the whole image */
        uint64_t size;
        bool is_mapped;         /* a case file, read only */
        int fd_1;               /* while it is made: 1 + the file that its bytes are, or 0 */
        bool can_be_named;      /* that file, by a link */
        Space *space;           /* that watches those, or NULL */
        unsigned char *checked; /* behind is_checked of the sections */
        int fault;              /* atomic: a block was not what was written; section + 1 */
        StoreTeller teller;     /* of files beside it; all zero: none */
        StoreRecords records;   /* what reads the evidence; all zero: nothing */
};

/* Where a dimension's strings are: under each event's number in a column. */
typedef struct ImageDimPlace {
        ImageSection column;
        int tuple;      /* StoreTuple the column's numbers are of, or -1: they are strings */
        unsigned field; /* of the tuple */
} ImageDimPlace;

extern const ImageDimPlace image_dim_places[STORE_N_DIMS];

/* Of each StoreTuple: its fields, and how many of them are texts of the event. */
extern const unsigned image_tuple_widths[STORE_N_TUPLES];
extern const unsigned image_tuple_texts[STORE_N_TUPLES];

/* TEXT as an eventID: true, and RET filled, where it is absent or a UUID; false for any other text.
 */
bool store_parse_id(Slice text, StoreSource *ret);

/* An image that is made: it is neither extended nor written from here on, and needs no descriptor,
   of which there may be fewer than parts. */
void image_close(Store *store);

/* The text of a UUID, in BUFFER. */
Slice store_format_uuid(const unsigned char id[static 16], char buffer[static STORE_ID_SIZE]);

/* The hash by which the index of eventIDs is ordered; TEXT is that of a STORE_ID_STRING. */
uint64_t store_id_hash(const StoreSource *source, Slice text);

static inline uint64_t image_n_blocks(uint64_t size) {
        return (size + IMAGE_BLOCK - 1) / IMAGE_BLOCK;
}

static inline uint64_t image_n_groups(uint64_t size) {
        return (image_n_blocks(size) + IMAGE_GROUP - 1) / IMAGE_GROUP;
}

/* Sums of a section: of its blocks, then of its groups, into SUMS; returns the sum of the latter.
 */
uint64_t image_make_sums(const unsigned char *data, uint64_t size, uint64_t *sums);

/* Checks the blocks under [at, at + size) of a section; false marks the store as faulty. */
bool image_check(Store *store, unsigned section, uint64_t at, uint64_t size);
void image_set_fault(Store *store, unsigned section);

/* SIZE bytes at AT of a section, checked; NULL (and a fault) where they are not there or not sound.
 */
static inline const void *image_at(Store *store, unsigned section, uint64_t at, uint64_t size) {
        Section *s = &store->sections[section];

        if (__builtin_expect(size > s->size || at > s->size - size, 0)) {
                image_set_fault(store, section);
                return NULL;
        }
        if (s->is_checked) {
                uint64_t first = at / IMAGE_BLOCK, last = (at + size - (size != 0)) / IMAGE_BLOCK;

                if (!(first == last && __atomic_load_n(&s->is_checked[first], __ATOMIC_RELAXED)) &&
                                !image_check(store, section, at, size))
                        return NULL;
        }
        return s->data + at;
}

static inline uint32_t image_u32(Store *store, unsigned section, uint64_t i) {
        const uint32_t *p = image_at(store, section, i * 4, 4);

        return p ? *p : 0;
}

static inline uint64_t image_u64(Store *store, unsigned section, uint64_t i) {
        const uint64_t *p = image_at(store, section, i * 8, 8);

        return p ? *p : 0;
}

static inline uint64_t image_load(const unsigned char *at, unsigned width) {
        uint64_t value;

        memcpy(&value, at, sizeof(value)); /* IMAGE_SLACK */
        return width < 8 ? value & ((UINT64_C(1) << 8 * width) - 1) : value;
}

static inline unsigned image_width(const Store *store, unsigned column) {
        return store->meta.widths[column - IMAGE_TIMES];
}

/* Number I of a column of events. */
static inline uint64_t image_column(Store *store, unsigned column, uint64_t i) {
        unsigned width = image_width(store, column);
        const void *p = image_at(store, column, i * width, width);

        return p ? image_load(p, width) : 0;
}

/* Bytes of a row of IMAGE_SOURCES. */
static inline unsigned image_source_size(const ImageMeta *meta) {
        unsigned size = 24;

        for (unsigned w = IMAGE_W_FILE; w < IMAGE_N_WIDTHS; w++)
                size += meta->widths[w];
        return size;
}

/* Bytes of a row of IMAGE_FILES. */
static inline unsigned image_file_size(const ImageMeta *meta) {
        unsigned size = 1 + STORE_HASH_SIZE;

        for (unsigned w = 0; w < IMAGE_N_FILE_WIDTHS; w++)
                size += meta->file_widths[w];
        return size;
}

static inline unsigned image_dim(StoreDim dim, unsigned part) {
        return IMAGE_DIMS + 4 * (unsigned)dim + part;
}

/* ---- what indexes are ordered by; making and searching must agree ---- */

uint32_t image_grant_field(StoreGrantIndex index);
unsigned image_identity_field(StoreIdentityIndex index);

/* What stands behind the first ':' of a principalId; absent where there is none. */
static inline Slice image_session_name(Slice principal_id) {
        const char *colon = principal_id.size ? memchr(principal_id.data, ':', principal_id.size)
                                              : NULL;

        return colon ? slice(colon + 1, principal_id.size - (size_t)(colon + 1 - principal_id.data))
                     : (Slice){NULL, 0};
}

static inline uint64_t image_taker(
                uint32_t principal, const uint32_t fields[static EVENT_N_GRANT]) {
        uint32_t role = fields[EVENT_GRANT_ROLE] == STORE_NONE ? fields[EVENT_GRANT_ROLE_NAME]
                                                               : fields[EVENT_GRANT_ROLE];

        return (uint64_t)principal << 32 | role;
}

#endif
