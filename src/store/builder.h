/* What a builder holds until it is sealed; private to the store floor. */
#ifndef STORE_BUILDER_H
#define STORE_BUILDER_H

#include "base/arena.h"
#include "base/intern.h"
#include "base/vec.h"
#include "store/image.h"

/* One record. Numbers of strings and tuples are the builder's own. */
typedef struct Row {
        int64_t time;
        StoreSource source;
        uint32_t identity, call, result;
        uint32_t ip, ua;
        uint32_t grants;  /* 1 + the first of its grants; 0: none */
        uint32_t targets; /* likewise */
} Row;

/* What a row hands out; those of one row stand together. Fields are strings, of the builder. */
typedef struct BuilderGrant {
        uint32_t row, kind;
        uint32_t fields[EVENT_N_GRANT];
} BuilderGrant;

/* What a row acts on, likewise. */
typedef struct BuilderTarget {
        uint64_t object, n_bytes;
        uint32_t row, name, of;
        uint32_t effect;
} BuilderTarget;

#define ROWS_PER_CHUNK 131072U

/* Distinct tuples: the fields as one byte string decide, and stand as string numbers beside. */
typedef struct Tuples {
        Intern keys;
        VEC(uint32_t) fields; /* width for each tuple */
        unsigned width;
} Tuples;

static inline size_t tuples_size(const Tuples *tuples) {
        return tuples->fields.size / tuples->width;
}

/* The tuple of an identity that was met before. */
typedef struct KnownIdentity {
        uint64_t serial; /* of Event */
        uint32_t tuple;
} KnownIdentity;

/* One for each file and member of the evidence: no byte too many. */
typedef struct BuilderFile {
        const char *name;
        uint32_t name_size;
        uint32_t root;
        uint64_t size, n_bytes;
        uint32_t n_records;
        unsigned char hash[STORE_HASH_SIZE];
        unsigned char kind; /* StoreKind */
        bool has_hash, is_member;
} BuilderFile;

static inline Slice builder_file_name(const BuilderFile *file) {
        return slice(file->name, file->name_size);
}

/* Of the few files that have any. */
typedef struct BuilderCounts {
        uint32_t file;
        EventCounts counts;
} BuilderCounts;

typedef struct BuilderRoot {
        Slice name, path;
} BuilderRoot;

typedef struct BuilderNote {
        uint64_t offset;
        uint32_t file, reason; /* a string, of the builder */
        uint32_t n_rejected;
        bool is_ignored;
} BuilderNote;

struct Builder {
        Intern strings;
        Tuples tuples[STORE_N_TUPLES];
        KnownIdentity *known; /* EVENT_IDENTITY_SLOTS of them, or NULL */
        uint32_t no_result;   /* 1 + the tuple of a result without any field; 0: none yet */
        VEC(Row *) chunks;
        uint32_t n_rows;
        VEC(BuilderFile) files;
        VEC(BuilderRoot) roots;
        Intern root_keys; /* their names and paths, numbered alike */
        VEC(BuilderNote) notes;
        VEC(BuilderCounts) counts; /* a file may stand there more than once */
        VEC(BuilderGrant) grants;
        VEC(BuilderTarget) targets;
        Arena texts; /* of files, roots */
        VEC(char) key;
};

/* While it is sealed: what was needed to add to it goes; then its rows. */
void builder_close(Builder *builder);
void builder_free_rows(Builder *builder);

static inline Row *builder_row(const Builder *builder, uint32_t i) {
        return &builder->chunks.data[i / ROWS_PER_CHUNK][i % ROWS_PER_CHUNK];
}

#endif
