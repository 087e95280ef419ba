/* The steps of sealing; private to the store floor. Each is documented in its .c file. */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "base/sort.h"
#include "store/builder.h"

/* What replaces the numbers of one builder, or STORE_NONE where nothing kept uses them. */
typedef struct SealMap {
        uint32_t *files, *roots, *strings;
        uint32_t *tuples[STORE_N_TUPLES];
} SealMap;

/* A record that differs from the one that is kept; row.event is a place in `order` until numbers
   are known. */
typedef struct SealConflict {
        ImageConflict row;
        const StoreSource *kept, *other;
        uint32_t kept_builder, other_builder;
        bool is_known; /* it was found to differ when another store was sealed */
} SealConflict;

typedef struct Seal {
        Builder **builders;
        size_t n_builders;
        unsigned n_threads;
        const StoreJudge *judge;
        SealMap *maps; /* one for each builder */

        SortKey *files; /* distinct, in order; source and index say whose */
        uint32_t n_files;
        uint64_t *n_file_records; /* that were found in each, duplicates too */
        VEC(BuilderRoot) roots;

        SortKey *order; /* all rows in the order of events */
        uint64_t n_rows;
        unsigned char *is_dropped;
        SortKey *ids; /* kept rows with an eventID, by its hash; index is a place in `order` */
        uint64_t n_ids;
        VEC(SealConflict) conflicts;
        uint64_t n_conflicts;
        uint32_t n_events;
        uint32_t *numbers; /* of a place in `order`: its event */

        SortKey *strings;
        uint32_t n_strings;
        uint64_t n_string_bytes;
        uint32_t *tuples[STORE_N_TUPLES]; /* distinct, in order, with final string numbers */
        uint32_t n_tuples[STORE_N_TUPLES];
        SortKey *notes;
        uint64_t n_notes;

        Store *store;
} Seal;

static inline Row *seal_row(const Seal *seal, const SortKey *key) {
        return builder_row(seal->builders[key->source], key->index);
}

Slice seal_id_text(const Seal *seal, uint32_t builder, const StoreSource *source,
                char buffer[static STORE_ID_SIZE]);

int seal_files(Seal *seal);     /* names and roots */
int seal_order(Seal *seal);     /* rows in order, duplicates out */
int seal_conflicts(Seal *seal); /* those that only look different out */
int seal_strings(Seal *seal);   /* strings and tuples that kept rows use */
int seal_notes(Seal *seal);
int seal_columns(Seal *seal); /* everything but the indexes */
int seal_dims(Seal *seal);    /* values, statistics, posting lists */
int seal_lineage(Seal *seal); /* what was handed out, and by whom things were used from where */

/* An image with the sections of these sizes, zeroed. */
int image_new(const uint64_t sizes[static IMAGE_N_SECTIONS], Store **ret_store);
/* The same image with sections that were empty given a size now; the others keep their bytes. */
int image_extend(Store *store, const uint64_t sizes[static IMAGE_N_SECTIONS]);

/* What the indexes of the lineage are ordered by; sealing and searching must agree. */
uint32_t seal_grant_field(StoreGrantIndex index);
unsigned seal_identity_field(StoreIdentityIndex index);

/* What stands behind the first ':' of a principalId; absent where there is none. */
static inline Slice seal_session_name(Slice principal_id) {
        const char *colon = principal_id.size ? memchr(principal_id.data, ':', principal_id.size)
                                              : NULL;

        return colon ? slice(colon + 1, principal_id.size - (size_t)(colon + 1 - principal_id.data))
                     : (Slice){NULL, 0};
}

static inline uint64_t seal_taker(uint32_t principal, const uint32_t fields[static EVENT_N_GRANT]) {
        uint32_t role = fields[EVENT_GRANT_ROLE] == STORE_NONE ? fields[EVENT_GRANT_ROLE_NAME]
                                                               : fields[EVENT_GRANT_ROLE];

        return (uint64_t)principal << 32 | role;
}

/* Section data of an image that is being made. */
static inline void *image_writable(Store *store, unsigned section) {
        return (void *)store->sections[section].data;
}

/* The hash index over N hashes that rise: buckets of four on average. */
static inline uint32_t image_n_buckets(uint64_t n) {
        return (uint32_t)(n / 4 + 1);
}

#endif
