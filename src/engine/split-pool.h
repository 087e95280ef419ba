/* The chunks of shared content, and who may have them; private to split.c and split-pool.c. */
#ifndef ENGINE_SPLIT_POOL_H
#define ENGINE_SPLIT_POOL_H

#include <pthread.h>

#include "base/vec.h"
#include "engine/split.h"

#define CHUNK ((size_t)1 << 20)

typedef struct Split Split;
typedef struct Chunk Chunk;

struct Chunk {
        Chunk *next; /* of the split; of the spare ones */
        Split *split;
        char *bytes;
        size_t size;
        uint64_t offset;
        EventState guess, entry;
        bool is_first;             /* of the content: there is no state to know */
        bool is_last, is_cut;      /* of the content */
        bool has_guess, has_entry; /* of the state in which it begins */
        bool is_taken;             /* by a worker */
        bool is_lost;              /* by that one, to the worker of the chunk before */
        unsigned n_users;
};

/* A content, or what is left of it, in chunks. */
struct Split {
        Split *next; /* in the pool */
        uint64_t number;
        VEC(char) name;
        uint32_t source;
        char first_byte;
        Chunk *untaken, *newest; /* the first that nobody has taken; or NULL */
        size_t n_chunks;         /* that are not done with */
        bool has_state, is_whole;
        EventState state; /* behind the newest chunk, where that is known */
        VEC(char) tail;   /* the producer's: what stands behind it */
};

struct SplitPool {
        pthread_mutex_t lock;
        pthread_cond_t work;    /* there is a chunk to be taken, or there will be none */
        pthread_cond_t changed; /* anything else */
        VEC(Chunk *) chunks;    /* all of them */
        VEC(Split *) all;       /* likewise */
        Split *splits, *spare_splits;
        Chunk *spare;
        size_t n_used, max_used; /* chunks */
        unsigned n_producers, n_helpers;
        uint64_t n_splits;
        int result; /* the first failure: everybody ends */
};

/* All of these under the lock. */

/* Everybody hears of a failure; returns the first there was. */
int pool_fail(SplitPool *pool, int r);

int pool_new_chunk(SplitPool *pool, Chunk **ret_chunk);
int pool_new_split(SplitPool *pool, Slice name, uint32_t source, Split **ret_split);
/* Done with, once all of it was produced and read. */
void pool_drop_split(SplitPool *pool, Split *split);
/* By one of its users. */
void pool_drop_chunk(SplitPool *pool, Chunk *chunk);

/* Is there a chunk that can be read, or tried out? */
bool pool_can_take(const Split *split);
Chunk *pool_take(Split *split);
/* One whose entry is known rather than one that has to be tried out; or NULL. */
Split *pool_find_work(SplitPool *pool);
/* The state behind CHUNK is known. */
void pool_hand_on(SplitPool *pool, Chunk *chunk, const EventState *state);

#endif
