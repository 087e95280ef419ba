/*
 * What a json reader says of a document, kept as a list: units and faults in the order in which
 * they came, and all of it as text, so that two readings are compared as two strings.
 */
#ifndef JSON_TEST_COLLECT_H
#define JSON_TEST_COLLECT_H

#include "base/vec.h"
#include "json/json.h"

enum {
        PATH_A,
        PATH_B,
        PATH_A_X,
        PATH_A_X_Y,
        PATH_C_D_E,
        PATH_F,
        N_PATHS,
};

extern const char *const collect_paths[N_PATHS];

typedef struct Text {
        VEC(char) bytes;
} Text;

void text_add(Text *text, Slice s);
__attribute__((format(printf, 2, 3))) void text_addf(Text *text, const char *format, ...);
static inline Slice text_slice(const Text *text) {
        return slice(text->bytes.data, text->bytes.size);
}
static inline void text_deinit(Text *text) {
        vec_deinit(&text->bytes);
}

typedef struct Value {
        JsonType type;
        char text[64]; /* the first of it */
        size_t size;
} Value;

typedef struct Item {
        bool is_fault;
        JsonPlace place;
        JsonType type;
        uint64_t offset, end;
        uint64_t hash;
        bool has_unit; /* of a fault */
        char reason[256];
        Value values[N_PATHS];
} Item;

typedef struct Collect {
        JsonPaths *paths;
        JsonReader *reader;
        JsonLimits limits;
        JsonSink sink;
        VEC(Item) items;
        Text transcript;
        size_t n_units, n_faults, n_records;
        size_t n_found; /* by marks, in all documents */
        int verdict;    /* what the sink returns for a unit */
} Collect;

/* Records begin with the keys a, b or f, and are plausible with a and b. */
void collect_init(Collect *c, JsonLimits limits);
void collect_deinit(Collect *c);
/* A reader that has read nothing yet. */
void collect_renew(Collect *c);

/* Reads DOCUMENT in pieces of PIECE bytes (0: as large as the reader takes). */
int collect_read(Collect *c, Slice document, size_t piece, bool is_search);

/* The unit with these bounds, or NULL. */
const Item *collect_unit(const Collect *c, uint64_t offset, uint64_t end);
/* The I-th fault. */
const Item *collect_fault(const Collect *c, size_t i);

#endif
