/*
 * Chunks and splits: lists under one lock. Both are used again, as are the buffers of chunks; what
 * was ever made is freed with the pool. A chunk is in memory until the last of its users drops it,
 * a split until it is whole and its last chunk is gone. Every call costs a few steps, find_work()
 * one for each content that is being shared.
 */
#include <errno.h>
#include <stdlib.h>

#include "engine/split-pool.h"

#define CHUNKS_PER_WORKER 4U

/* ---- life ---- */

int split_pool_new(unsigned n_workers, SplitPool **ret_pool) {
        SplitPool *pool = vec_alloc_zero(1, sizeof(*pool));

        if (!pool)
                return -ENOMEM;
        pthread_mutex_init(&pool->lock, NULL);
        pthread_cond_init(&pool->work, NULL);
        pthread_cond_init(&pool->changed, NULL);
        pool->max_used = (size_t)n_workers * CHUNKS_PER_WORKER;
        *ret_pool = pool;
        return 0;
}

SplitPool *split_pool_free(SplitPool *pool) {
        if (!pool)
                return NULL;
        for (size_t i = 0; i < pool->chunks.size; i++) {
                free(pool->chunks.data[i]->bytes);
                free(pool->chunks.data[i]);
        }
        for (size_t i = 0; i < pool->all.size; i++) {
                vec_deinit(&pool->all.data[i]->name);
                vec_deinit(&pool->all.data[i]->tail);
                free(pool->all.data[i]);
        }
        vec_deinit(&pool->chunks);
        vec_deinit(&pool->all);
        pthread_mutex_destroy(&pool->lock);
        pthread_cond_destroy(&pool->work);
        pthread_cond_destroy(&pool->changed);
        free(pool);
        return NULL;
}

void split_enter(SplitPool *pool) {
        pthread_mutex_lock(&pool->lock);
        pool->n_producers++;
        pthread_mutex_unlock(&pool->lock);
}

/* ---- under the lock ---- */

int pool_fail(SplitPool *pool, int r) {
        if (pool->result == 0)
                pool->result = r;
        pthread_cond_broadcast(&pool->work);
        pthread_cond_broadcast(&pool->changed);
        return pool->result;
}

void split_leave(SplitPool *pool, int result) {
        pthread_mutex_lock(&pool->lock);
        pool->n_producers--;
        if (result)
                pool_fail(pool, result);
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->lock);
}

int pool_new_chunk(SplitPool *pool, Chunk **ret_chunk) {
        Chunk *chunk = pool->spare;

        if (chunk) {
                pool->spare = chunk->next;
        } else {
                chunk = vec_alloc_zero(1, sizeof(*chunk));
                if (chunk)
                        chunk->bytes = malloc(CHUNK);
                if (!chunk || !chunk->bytes || vec_reserve(&pool->chunks, 1) < 0) {
                        if (chunk)
                                free(chunk->bytes);
                        free(chunk);
                        return -ENOMEM;
                }
                pool->chunks.data[pool->chunks.size++] = chunk;
        }
        *chunk = (Chunk){.bytes = chunk->bytes};
        pool->n_used++;
        *ret_chunk = chunk;
        return 0;
}

int pool_new_split(SplitPool *pool, Slice name, uint32_t source, Split **ret_split) {
        Split *split = pool->spare_splits;

        if (split) {
                pool->spare_splits = split->next;
        } else {
                split = vec_alloc_zero(1, sizeof(*split));
                if (!split || vec_reserve(&pool->all, 1) < 0) {
                        free(split);
                        return -ENOMEM;
                }
                pool->all.data[pool->all.size++] = split;
        }
        split->next = pool->splits;
        pool->splits = split;
        split->number = ++pool->n_splits;
        split->source = source;
        split->untaken = split->newest = NULL;
        split->n_chunks = 0;
        split->has_state = split->is_whole = false;
        split->name.size = split->tail.size = 0;
        if (vec_reserve(&split->name, name.size) < 0)
                return -ENOMEM;
        if (name.size)
                memcpy(split->name.data, name.data, name.size);
        split->name.size = name.size;
        *ret_split = split;
        return 0;
}

void pool_drop_split(SplitPool *pool, Split *split) {
        Split **at = &pool->splits;

        if (!split->is_whole || split->n_chunks > 0)
                return;
        while (*at != split)
                at = &(*at)->next;
        *at = split->next;
        split->next = pool->spare_splits;
        pool->spare_splits = split;
        if (!pool->splits)
                pthread_cond_broadcast(&pool->work);
}

void pool_drop_chunk(SplitPool *pool, Chunk *chunk) {
        Split *split = chunk->split;

        if (--chunk->n_users > 0)
                return;
        if (split->newest == chunk)
                split->newest = NULL;
        chunk->next = pool->spare;
        pool->spare = chunk;
        pool->n_used--;
        split->n_chunks--;
        pool_drop_split(pool, split);
        pthread_cond_broadcast(&pool->changed);
}

bool pool_can_take(const Split *split) {
        return split->untaken && (split->untaken->has_entry || split->untaken->has_guess);
}

Chunk *pool_take(Split *split) {
        Chunk *chunk = split->untaken;

        split->untaken = chunk->next;
        chunk->is_taken = true;
        chunk->n_users++;
        return chunk;
}

Split *pool_find_work(SplitPool *pool) {
        Split *found = NULL;

        for (Split *split = pool->splits; split; split = split->next) {
                if (pool_can_take(split) && (!found || split->untaken->has_entry))
                        found = split;
        }
        return found;
}

void pool_hand_on(SplitPool *pool, Chunk *chunk, const EventState *state) {
        if (chunk->next) {
                chunk->next->entry = *state;
                chunk->next->has_entry = true;
                if (!chunk->next->is_taken)
                        pthread_cond_signal(&pool->work);
        } else {
                chunk->split->state = *state;
                chunk->split->has_state = true;
        }
        pthread_cond_broadcast(&pool->changed);
}
