/* What the parts of the engine share; private to it. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include <spoor/spoor.h>

#include "base/arena.h"
#include "base/vec.h"
#include "enrich/enrich.h"
#include "io/io.h"
#include "query/lineage.h"
#include "query/query.h"
#include "store/store.h"
#include "json/json.h"

struct SpoorCase {
        Store *store;
        Space *space;         /* that the store stands in, or NULL */
        SpoorOptions options; /* with defaults filled in */
        char *evidence;       /* directory given by the caller, or NULL */
        uint64_t *conflicts;  /* row of the first conflict of each eventID; made when asked for */
        uint64_t n_conflicts;
        pthread_mutex_t lock;              /* over conflicts */
        const SpoorEnrichment *enrichment; /* borrowed, or NULL */
};

struct SpoorSelection {
        Selection *selection;
};

struct SpoorEnrichment {
        Enrich *enrich;
};

/* What of a row may be told more about. */
typedef enum EngineInput {
        ENGINE_INPUT_ADDRESS,
        ENGINE_INPUT_KEY,
        ENGINE_INPUT_AGENT,
        ENGINE_INPUT_ARN,
        ENGINE_INPUT_PRINCIPAL,
        ENGINE_N_INPUTS,
} EngineInput;

#define ENGINE_MAX_INPUTS 12

/*
 * The columns of the enrichment, which every cursor over a case has that has one: behind its own,
 * or among them under the same names. See enrichment.c.
 */
typedef struct EngineEnriched {
        const char *section; /* of a page, that the rows are; or NULL */
        bool is_ready;       /* what follows is known */
        bool is_unwanted;    /* nobody asked for any of them */
        size_t n_columns;    /* behind the cursor's own */
        size_t n_fields, n_inputs;
        EnrichField fields[ENRICH_N_FIELDS];
        size_t cells[ENRICH_N_FIELDS]; /* where each field goes */
        EnrichKind kinds[ENGINE_MAX_INPUTS];
        size_t inputs[ENGINE_MAX_INPUTS]; /* cells; or EngineInput, where the cursor tells them */
        EnrichLookup *lookup;
        /* of the row at hand: what was found for each field, and where that is much, as one */
        VEC(Slice) found[ENRICH_N_FIELDS];
        VEC(char) texts[ENRICH_N_FIELDS];
        VEC(char) decoded; /* the value at hand, of a list */
} EngineEnriched;

/* A cursor: what next() needs stands behind this in memory. */
struct SpoorRows {
        const char **columns;
        size_t n_columns;
        SpoorCell *cells;
        bool *is_unwanted; /* of each cell */
        int (*next)(SpoorRows *rows, SpoorError *ret_error);
        void (*deinit)(SpoorRows *rows);
        SpoorCase *scase; /* NULL: they come from no case */
        /* Of the row at hand, whatever its columns are; NULL: the columns tell by their names. */
        SpoorCell (*input)(SpoorRows *rows, EngineInput input);
        EngineEnriched enriched;
};

static inline SpoorSlice engine_slice(Slice s) {
        return (SpoorSlice){s.data, s.size};
}

/* Fills ERROR (which may be NULL) and returns CODE. */
__attribute__((format(printf, 3, 4))) int engine_fail(
                SpoorError *error, int code, const char *format, ...);
/* The same for a query of SELECTION (may be NULL) that returned the negative CODE. */
int engine_fail_query(SpoorError *error, int code, const SpoorSelection *selection);
/* SPOOR code CODE for a store that met a bad block, else 0. */
int engine_check_store(Store *store, int code, SpoorError *error);

/* May SCASE be asked for SELECTION (NULL: for everything)? -EINVAL, and ERROR filled, if not. */
int engine_check_only(SpoorCase *scase, const SpoorSelection *selection, SpoorError *error);

void engine_options_fill(SpoorOptions *options, const SpoorOptions *given);

/* Is what has this name part of the share that OPTIONS ask for? */
bool engine_is_in_shard(const SpoorOptions *options, Slice name);

/* Who may tell the caller of progress, and when that was last done. */
typedef struct Telling {
        const SpoorOptions *options;
        uint64_t started, told; /* monotonic clock, ns */
        atomic_flag is_telling;
} Telling;

void engine_telling_init(Telling *telling, const SpoorOptions *options);
/* Fills in elapsed_ns. May be called as often as one likes, by any thread. */
void engine_tell(Telling *telling, SpoorProgress *progress, bool is_forced);

/* Case files apart from raw evidence, both in order of name; a source named twice counts once. */
typedef struct Sources {
        const char **raw;
        size_t n_raw;
        Store **cases; /* with room for one more */
        size_t n_cases;
} Sources;

/* To be deinitialised also where it fails. */
int engine_sources_sort(const SpoorOptions *options, const char *const *sources, size_t n,
                Sources *ret, SpoorError *error);
void engine_sources_deinit(Sources *sources);

/*
 * Reads raw SOURCES into a store; IS_PART: only to be merged. SPACE, or NULL, is where it and what
 * is made on the way stand; memory is limited only with one.
 */
int engine_ingest(const SpoorOptions *options, Space *space, const char *const *sources,
                size_t n_sources, bool is_part, Store **ret_store, SpoorError *error);

/* Is SCASE there for this selection? -EINVAL, and ERROR filled, where it was opened for another. */
int engine_check_only(SpoorCase *scase, const SpoorSelection *selection, SpoorError *error);

/* A cursor of SIZE bytes with cells, whose column names are borrowed. */
int engine_rows_new(SpoorCase *scase, size_t size, size_t n_columns, SpoorRows **ret_rows);
/* One over all of a case, with COLUMNS and what gives its rows; not of a case for one selection. */
int engine_rows_open(SpoorCase *scase, size_t size, const char *const *columns, size_t n_columns,
                int (*next)(SpoorRows *rows, SpoorError *error), SpoorRows **ret_rows,
                SpoorError *error);

/* ROWS, not used yet, are SECTION of a page (borrowed): that says what a column "value" holds. */
void engine_enriched_section(SpoorRows *rows, const char *section);
/* Settles the columns of the enrichment, when the cursor's own are known. */
void engine_enriched_init(SpoorRows *rows);
void engine_enriched_deinit(SpoorRows *rows);
/* Fills their cells of the row at hand. 0, or a code of spoor_rows_next(). */
int engine_enriched_fill(SpoorRows *rows, SpoorError *error);
/* Is NAME one of them, and told? *ret_is_known: of any enrichment. */
bool engine_enriched_has(const SpoorCase *scase, const char *name, bool *ret_is_known);

/* The answer to QUESTION; errors as spoor_lateral() has them. */
int engine_lineage(SpoorCase *scase, const SpoorSelection *selection, const SpoorLateral *question,
                bool is_chain, Lineage **ret_lineage, SpoorError *error);

/*
 * What a query that made ROWS ends with: R is how that went, with ERROR filled if not 0. Hands them
 * out, or frees them where it failed or met a bad block. Returns R, or SPOOR_E_CORRUPT.
 */
int engine_rows_finish(SpoorRows *rows, int r, SpoorRows **ret_rows, SpoorError *error);

SpoorCell engine_text_cell(Slice text);
static inline SpoorCell engine_time_cell(int64_t time) {
        return (SpoorCell){.type = SPOOR_CELL_TIME, .time = time};
}
static inline SpoorCell engine_count_cell(uint64_t count) {
        return (SpoorCell){.type = SPOOR_CELL_COUNT, .count = count};
}
SpoorCell engine_string_cell(Store *store, uint32_t string);

typedef struct EvidenceRecord {
        Slice text;  /* JSON */
        Slice place; /* the bytes of the evidence that it was read from */
        bool is_partial;
} EvidenceRecord;

/*
 * Records read back from the evidence: the sink gets each with its place in the list that was asked
 * for, file by file, not in order; SPOOR_E_EVIDENCE where a file or record is not what it was, and
 * ERROR says which. If there is a function for what is
 * missing, it is told of such a record instead, and reading goes on.
 */
typedef struct EvidenceSink {
        void *userdata;
        int (*record)(void *userdata, size_t i, const EvidenceRecord *record);
        void (*missing)(void *userdata, size_t i);
} EvidenceSink;

int engine_read_places(const SpoorOptions *options, Space *space, const char *evidence,
                const StorePlace *places, size_t n, const EvidenceSink *sink, SpoorError *error);
/* The same of events of a case. */
int engine_read_evidence(SpoorCase *scase, const uint32_t *events, size_t n_events,
                const EvidenceSink *sink, SpoorError *error);
/* The same for the store of SCASE: see store_set_records(). */
void engine_give_records(SpoorCase *scase);
/* What its enrichment tells, for the store of SCASE: see store_set_teller(). */
void engine_give_told(SpoorCase *scase);

/*
 * What stands in requestParameters of RECORD in base64 or URL-encoded, as text: a line for each,
 * its path, ": " and what it says. In the arena; absent where there is none. 0 or -ENOMEM.
 */
int engine_decoded(Slice record, Arena *arena, Slice *ret_text);

/* For store_seal(): reads both records of each pair again. userdata is SpoorOptions. */
int engine_judge(void *userdata, Space *space, const StorePlace *places, size_t n,
                uint64_t *ret_hashes, bool *ret_known);

#endif
