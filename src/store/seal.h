/* The steps of sealing; private to the store floor. Each is documented in its .c file. */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "store/builder.h"
#include "store/conflict.h"
#include "store/make.h"

/* What replaces the numbers of one builder, or STORE_NONE where nothing kept uses them. */
typedef struct SealMap {
        uint32_t *files, *roots, *strings;
        uint32_t *tuples[STORE_N_TUPLES];
        ImageMost most; /* of its rows that are kept */
        uint64_t n_grants;
} SealMap;

typedef struct Seal {
        Builder **builders;
        size_t n_builders;
        unsigned n_threads;
        Space *space;
        const StoreJudge *judge;
        SealMap *maps; /* one for each builder */

        SortKey *files; /* distinct, in order; source and index say whose */
        uint32_t n_files;
        uint64_t *n_file_records;  /* that were found in each, duplicates too */
        VEC(BuilderCounts) counts; /* by final number of the file, which stands there once */
        VEC(BuilderRoot) roots;

        SortKey *order; /* all rows in the order of events */
        uint64_t n_rows;
        unsigned char *is_dropped;
        unsigned char *has;   /* SEAL_ bits of what is kept at each place, beside its columns */
        uint32_t *n_in_range; /* of keys, while `ids` are listed */
        SortKey *ids;         /* kept rows with an eventID, by it; index is a place in `order` */
        uint64_t n_ids;
        Contenders contenders;
        uint64_t n_conflicts;
        uint32_t n_events;
        uint32_t *numbers; /* of a place in `order`: its event */

        SortKey *strings;
        uint32_t n_strings;
        uint64_t n_string_bytes;
        uint32_t *tuples[STORE_N_TUPLES]; /* distinct, in order, with final string numbers */
        uint32_t n_tuples[STORE_N_TUPLES];
        uint64_t n_grants;
        ImageMost most; /* of kept rows */
        SortKey *notes;
        uint64_t n_notes;

        Store *store;
        ImageTargets *targets; /* of kept rows */
} Seal;

#define SEAL_GRANTS 1U
#define SEAL_TARGETS 2U

#define SEAL_AHEAD 24 /* rows that are fetched before they are needed, in loops over `order` */

static inline Row *seal_row(const Seal *seal, const SortKey *key) {
        return builder_row(seal->builders[key->source], key->index);
}

/* A loop that is at PLACE of `order` will soon want the rows of what follows. */
static inline void seal_prefetch(const Seal *seal, uint64_t place) {
        const char *row;

        if (place + SEAL_AHEAD >= seal->n_rows)
                return;
        row = (const char *)seal_row(seal, &seal->order[place + SEAL_AHEAD]);
        __builtin_prefetch(row);
        __builtin_prefetch(row + sizeof(Row) - 1);
}

/* Likewise targets, of those that have some; their rows sooner still. */
static inline void seal_prefetch_targets(const Seal *seal, uint64_t place) {
        uint64_t next = place + SEAL_AHEAD / 2, last = place + SEAL_AHEAD;

        if (last < seal->n_rows && (seal->has[last] & SEAL_TARGETS))
                __builtin_prefetch(&seal_row(seal, &seal->order[last])->targets);
        if (next < seal->n_rows && (seal->has[next] & SEAL_TARGETS)) {
                const SortKey *key = &seal->order[next];

                __builtin_prefetch(
                                &seal->builders[key->source]
                                                 ->targets.data[seal_row(seal, key)->targets - 1U]);
        }
}

Slice seal_id_text(const Seal *seal, uint32_t builder, const StoreSource *source,
                char buffer[static STORE_ID_SIZE]);

int seal_files(Seal *seal); /* names and roots */
int seal_order(Seal *seal); /* rows in order, duplicates out */
int seal_conflicts(Seal *seal);
int seal_strings(Seal *seal); /* strings and tuples that kept rows use */
int seal_notes(Seal *seal);
int seal_columns(Seal *seal); /* into the image */

#endif
