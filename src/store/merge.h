/* The steps of merging; private to the store floor. Each is documented in its .c file. */
#ifndef STORE_MERGE_H
#define STORE_MERGE_H

#include "store/conflict.h"
#include "store/make.h"

/* One of the stores, and what replaces its numbers. All arrays are of the merge's space. */
typedef struct MergeInput {
        Store *store;
        uint32_t *roots, *files;
        uint32_t *strings; /* STORE_NONE where nothing kept uses it */
        uint32_t *tuples[STORE_N_TUPLES];
        uint32_t *tuple_fields[STORE_N_TUPLES]; /* rewritten; while tuples are numbered */
        uint32_t *numbers;                      /* of its events; STORE_NONE: dropped */
        uint64_t n_dropped, n_grants;
        ImageMost most; /* of what is kept */
} MergeInput;

/* A thing of some input. */
typedef struct MergeItem {
        uint32_t input, index;
} MergeItem;

typedef struct MergeFile {
        MergeItem first;  /* an input that has it */
        MergeItem hashed; /* one that has its hash, where has_hash */
        bool has_hash;
        unsigned char kind;     /* StoreKind */
        uint64_t size, n_bytes; /* the most that an input says */
        uint64_t n_records;     /* as the inputs say */
        uint64_t n_at_hand;     /* events that the inputs have from it, each place once */
        EventCounts counts;     /* of parts: the sum; else of the first input that has any */
} MergeFile;

typedef struct Merge {
        MergeInput *inputs;
        size_t n_inputs;
        bool are_parts;
        unsigned n_threads;
        Space *space;
        const StoreJudge *judge;

        MergeItem *roots, *notes, *strings; /* distinct, in order */
        MergeFile *files;
        uint32_t n_roots, n_files, n_strings;
        uint64_t n_notes, n_string_bytes;
        uint32_t *tuples[STORE_N_TUPLES]; /* fields of the distinct ones, in order */
        uint32_t n_tuples[STORE_N_TUPLES];
        SortKey *ids; /* kept events with an eventID, by it; source and index are theirs */
        uint64_t n_ids;
        Contenders contenders;
        uint64_t n_conflicts;

        Store *store;
} Merge;

int merge_roots(Merge *merge);
int merge_files(Merge *merge);
int merge_duplicates(Merge *merge);
int merge_strings(Merge *merge); /* and tuples: those that kept events use */
int merge_notes(Merge *merge);
int merge_events(Merge *merge); /* everything into the image */

/* Number I of a map with N entries, or -EIO: the store is not what was written. */
static inline int merge_mapped(const uint32_t *map, uint64_t n, uint32_t i, uint32_t *ret) {
        if (i >= n)
                return -EIO;
        *ret = map[i];
        return 0;
}

/* Likewise a string, where STORE_NONE is one too. */
static inline int merge_string(const MergeInput *input, uint32_t string, uint32_t *ret) {
        if (string == STORE_NONE)
                return *ret = STORE_NONE, 0;
        return merge_mapped(input->strings, input->store->meta.n_strings, string, ret);
}

static inline uint64_t merge_n_tuples(const Store *store, int kind) {
        return kind == STORE_IDENTITY ? store->meta.n_identities
               : kind == STORE_CALL   ? store->meta.n_calls
                                      : store->meta.n_results;
}

/* Which of two sources, with final numbers of files, sorts first by where it stands. */
static inline int merge_compare_places(const StoreSource *x, const StoreSource *y) {
        if (x->file != y->file)
                return x->file < y->file ? -1 : 1;
        if (x->record != y->record)
                return x->record < y->record ? -1 : 1;
        return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Of records of one eventID: a whole one before a partial one, then by place. */
static inline int merge_compare_records(const StoreSource *x, const StoreSource *y) {
        int r = event_hash_is_partial(x->hash) - event_hash_is_partial(y->hash);

        return r ? r : merge_compare_places(x, y);
}

#endif
