/*
 * A store without any of its structures: events in plain arrays, and what a store should say of
 * them found by looking at all of them. Random events are drawn from few values, so that everything
 * happens: duplicates, conflicts, files met twice, equal times, absent and empty values.
 */
#ifndef STORE_TEST_MODEL_H
#define STORE_TEST_MODEL_H

#include "base/test-help.h"
#include "store/store.h"

enum {
        MODEL_MAX_FILES = 8,
        MODEL_MAX_GRANTS = 2,
        MODEL_MAX_TARGETS = 3,
};

typedef struct ModelEvent {
        Event event;
        int file;
        EventGrant grants[MODEL_MAX_GRANTS];
        EventTarget targets[MODEL_MAX_TARGETS];
        char id[40]; /* behind event.id where that is a UUID */
} ModelEvent;

typedef struct ModelConflict {
        size_t kept, loser; /* in events */
} ModelConflict;

typedef struct ModelNote {
        int file;
        uint64_t offset;
        unsigned n_rejected;
        bool is_ignored;
        const char *reason;
} ModelNote;

typedef struct Model {
        Random random;
        ModelEvent *events; /* as they came */
        size_t n_events;
        int n_files;
        ModelNote notes[32];
        size_t n_notes;
        /* what is true of them */
        size_t *kept; /* in events, in the order of a store */
        size_t n_kept, n_duplicates, n_conflicts;
        ModelConflict *conflicts; /* by the kept one, then file and record */
        size_t n_conflict_rows;
        bool is_lenient; /* no two records are a conflict */
} Model;

void model_init(Model *m, uint64_t which, size_t n_events);
void model_deinit(Model *m);

/* Finds out what is true of m->events: to be called again where they were changed. */
void model_settle(Model *m);

Slice model_file_name(int file);
/* In BUFFER; NULL: it has none. */
const unsigned char *model_hash(int file, unsigned char buffer[static STORE_HASH_SIZE]);
/* Of the i-th kept event. */
const Event *model_event(const Model *m, size_t i);
/* The value that an event has under DIM; absent where it takes no part. */
Slice model_dim(const Event *event, StoreDim dim);

/* Pours the files in FILE_MASK into N_BUILDERS, each event into any, some files twice. */
void model_fill(Model *m, Builder **builders, size_t n_builders, unsigned file_mask);
/* The same, sealed. */
Store *model_seal(Model *m, size_t n_builders, unsigned n_threads);

/* Asks the store for everything that the model knows. */
void model_check(const Model *m, Store *store);

/* A hash of all that can be read from a store; whatever it is, it ends. */
uint64_t model_digest(Store *store);

#endif
