/* Content that several workers read together; private to the engine. */
#ifndef ENGINE_SPLIT_H
#define ENGINE_SPLIT_H

#include "event/event.h"
#include "io/io.h"

typedef struct SplitPool SplitPool;

/* What a worker brings along; the caller's storage, all of it filled in by the caller. */
typedef struct SplitWorker {
        SplitPool *pool;
        EventReader *events;
        EventSink sink;
        void *userdata;
        /* What is delivered from now on stands in the file NAME of SOURCE. */
        int (*begin)(void *userdata, Slice name, uint32_t source);
        /* That file has ended, and was a log or not. */
        void (*end)(void *userdata, bool is_log, uint64_t n_bytes);
        void (*progress)(void *userdata, size_t n_bytes);
        uint64_t split; /* private: which content was begun last; 0 at first */
} SplitWorker;

/* For N_WORKERS threads at most. */
int split_pool_new(unsigned n_workers, SplitPool **ret_pool);
SplitPool *split_pool_free(SplitPool *pool);

/*
 * Between them a worker may call split_read(); after them only split_help(). RESULT is what ended
 * it: if that is not 0, everybody ends.
 */
void split_enter(SplitPool *pool);
void split_leave(SplitPool *pool, int result);

/*
 * Reads all that STREAM gives. Parts of it may be left to workers that help, and may not have been
 * read yet when this returns. 0, -errno, or what the stream or a sink returned.
 */
int split_read(SplitWorker *worker, Slice name, uint32_t source, IoStream *stream);

/* Reads what others leave, until nobody is left who could leave any. */
int split_help(SplitWorker *worker);

#endif
