/*
 * Records that share an eventID: which of them are not the same record? Private to the store floor.
 *
 * Of each group the whole record whose place sorts first is kept; where all are partial, the first
 * of those. A conflict is told for every meaning
 * but the kept one's, once, at the first place where it stands: so what is told is the same however
 * records came together, in one sealing or in the merging of many stores.
 */
#ifndef STORE_CONFLICT_H
#define STORE_CONFLICT_H

#include "base/vec.h"
#include "store/image.h"

typedef struct Contender {
        uint64_t group; /* those of one stand together, whole before partial, by place */
        StorePlace place;
        uint32_t file;     /* final number */
        uint32_t source;   /* of those of one source it is known that they differ; or STORE_NONE */
        bool is_different; /* found: the first of a meaning that is not the kept one's */
} Contender;

/* They grow with the evidence, so they stand in the space of whoever seals or merges. */
typedef struct Contenders {
        Contender *data;
        size_t size, cap;
        Space *space;
} Contenders;

/* Room for N more. 0 or -errno. */
int conflict_reserve(Contenders *contenders, size_t n);
void conflict_deinit(Contenders *contenders);

/*
 * Fills is_different; *ret_n_conflicts groups have more than one meaning. Those that have the bytes
 * of one before them are taken out. JUDGE may be NULL: then other bytes are another meaning.
 */
int conflict_settle(Contenders *contenders, const StoreJudge *judge, uint64_t *ret_n_conflicts);

/* How many rows that makes, and the rows in order; EVENT_OF tells the number of a group's event. */
uint64_t conflict_n_rows(const Contenders *contenders);
int conflict_put(const Contenders *contenders, uint32_t (*event_of)(void *ctx, uint64_t group),
                void *ctx, Store *store);

#endif
