/*
 * Content that several workers read together, so that one large file, or an archive, leaves no core
 * idle.
 *
 * Whoever has the stream (the producer) reads it as it is, as long as nobody helps. Once there are
 * helpers, workers that found no file left, it cuts the content into chunks and leaves these to
 * them:
 *
 *     content   [ chunk 0 | chunk 1 | chunk 2 | ...     small content is one chunk
 *     entry       known     guessed   guessed           an EventState: how reading stands there
 *
 * The state in which a chunk ends is the entry of the next one. A chunk whose entry is known is
 * simply read. One that is taken before is tried out: read from a guessed entry by a sink that
 * keeps nothing. If the entry turns out as guessed, then so does the state at the chunk's end,
 * which is handed on at once, and the chunk is read for good; if it does not, the trial is
 * forgotten. So every chunk is read for good once, from the state in which the one before it ended:
 * what comes out is what one reader finds that reads it all. A chunk may end in a state that cannot
 * be handed on (a record that goes on in the next chunk; yajl at work; anything unusual). Its
 * worker then reads the next one too, whoever has taken it, until there is such a state again.
 *
 * Chunks are a copy of the content, CHUNK bytes at most, from a bounded number of buffers that are
 * used again. A producer that finds no buffer reads a chunk of its own content itself. It alone
 * must not wait for a chunk to come: where it holds the state behind the last one it reads on as if
 * it had never split anything.
 *
 * Threads: one lock over everything but the bytes of chunks, which do not change once they are in a
 * list. No worker waits for a chunk that is not being read by another, or about to be produced.
 */
#include <errno.h>

#include "engine/split-pool.h"

#define GUESS_BYTES ((size_t)64 << 10) /* at the end of a chunk, in which it may be cut */

enum {
        SPLIT_SHARE = 1, /* there are helpers: the rest can be left to them */
        SPLIT_MINE,      /* the producer holds the state behind its last chunk */
};

/* What a producer reads. */
typedef struct Content {
        Slice name;
        uint32_t source;
        IoStream *stream;
        uint64_t n_bytes; /* read of it */
        Split *split;     /* while it is shared */
} Content;

/* ---- reading a chunk ---- */

static int feed(EventReader *events, const char *bytes, size_t size) {
        int r = 0;

        while (size > 0 && r == 0) {
                size_t space, n;
                char *buffer;

                r = event_reader_space(events, &buffer, &space);
                if (r)
                        return r;
                n = space < size ? space : size;
                memcpy(buffer, bytes, n);
                bytes += n;
                size -= n;
                r = event_reader_feed(events, n);
        }
        return r;
}

static int keep_no_event(void *userdata, const Event *event) {
        (void)userdata;
        (void)event;
        return 0;
}

static int keep_no_fault(void *userdata, uint64_t offset, unsigned n_rejected, Slice reason) {
        (void)userdata;
        (void)offset;
        (void)n_rejected;
        (void)reason;
        return 0;
}

static int keep_no_ignored(void *userdata, uint64_t offset, Slice reason) {
        (void)userdata;
        (void)offset;
        (void)reason;
        return 0;
}

static bool want_none(void *userdata, const Event *event) {
        (void)userdata;
        (void)event;
        return false;
}

/* *ret_is_sound: from the guess on the chunk ends in *ret_state, the records before it not counted.
 */
static int try_out(SplitWorker *w, const Chunk *chunk, bool *ret_is_sound, EventState *ret_state) {
        EventSink sink = {NULL, keep_no_event, keep_no_fault, keep_no_ignored, want_none};
        int r = event_reader_resume(w->events, &sink, &chunk->guess);
        Slice rest;

        if (r == 0)
                r = feed(w->events, chunk->bytes, chunk->size);
        *ret_is_sound = r == 0 && event_reader_leave(w->events, ret_state, &rest) && rest.size == 0;
        return r;
}

static bool is_as_guessed(const Chunk *chunk) {
        return chunk->entry.offset == chunk->guess.offset &&
               chunk->entry.place == chunk->guess.place && chunk->entry.list == chunk->guess.list &&
               chunk->entry.has_element == chunk->guess.has_element;
}

static int begin_content(SplitWorker *w, uint64_t number, Slice name, uint32_t source) {
        if (w->split && w->split == number)
                return 0;
        w->split = number;
        return w->begin(w->userdata, name, source);
}

/* Waits until the entry of CHUNK is known, trying it out first. */
static int settle_entry(SplitWorker *w, Chunk *chunk, bool *ret_is_handed_on) {
        SplitPool *pool = w->pool;
        bool is_sound = false;
        EventState state;
        int r = 0;

        *ret_is_handed_on = false;
        pthread_mutex_lock(&pool->lock);
        if (!chunk->has_entry && !chunk->is_last) {
                pthread_mutex_unlock(&pool->lock);
                r = try_out(w, chunk, &is_sound, &state);
                pthread_mutex_lock(&pool->lock);
        }
        while (r == 0 && !chunk->has_entry && !chunk->is_lost && pool->result == 0)
                pthread_cond_wait(&pool->changed, &pool->lock);
        if (r || pool->result)
                r = pool_fail(pool, r);
        else if (!chunk->is_lost && is_sound && is_as_guessed(chunk)) {
                state.n_records += chunk->entry.n_records;
                if (chunk->entry.container != EVENT_IN_NONE)
                        state.container = chunk->entry.container;
                pool_hand_on(pool, chunk, &state);
                *ret_is_handed_on = true;
        }
        pthread_mutex_unlock(&pool->lock);
        return r;
}

/* All of it has been fed: the state behind it, or the end of the content. 1 where it is neither. */
static int end_chunk(SplitWorker *w, Chunk *chunk, bool is_handed_on) {
        EventState state;
        Slice rest;
        int r;

        if (chunk->is_last) {
                r = event_reader_finish(w->events, chunk->is_cut);
                if (r == 0)
                        w->end(w->userdata, event_reader_is_log(w->events),
                                        chunk->offset + chunk->size);
                return r;
        }
        if (is_handed_on)
                return 0;
        if (!event_reader_leave(w->events, &state, &rest) || rest.size)
                return 1;
        pthread_mutex_lock(&w->pool->lock);
        pool_hand_on(w->pool, chunk, &state);
        pthread_mutex_unlock(&w->pool->lock);
        return 0;
}

/*
 * The chunk behind *CHUNK, to be read from the state that this worker alone has. NULL where there
 * is none and the worker itself would have to produce it.
 */
static int follow(SplitWorker *w, Chunk **chunk, bool is_producer) {
        SplitPool *pool = w->pool;
        Chunk *done = *chunk, *next;
        int r;

        pthread_mutex_lock(&pool->lock);
        while (!done->next && !is_producer && pool->result == 0)
                pthread_cond_wait(&pool->changed, &pool->lock);
        next = done->next;
        if (next && next->is_taken) {
                next->is_lost = true;
                next->n_users++;
                pthread_cond_broadcast(&pool->changed);
        } else if (next) {
                pool_take(next->split);
        }
        pool_drop_chunk(pool, done);
        *chunk = next;
        r = pool->result;
        pthread_mutex_unlock(&pool->lock);
        return r;
}

/* Reads a chunk that was taken, and those behind it as far as nobody else can. */
static int read_chunk(SplitWorker *w, Chunk *chunk, bool is_producer) {
        Split *split = chunk->split;
        bool is_handed_on;
        int r = settle_entry(w, chunk, &is_handed_on);

        if (r == 0 && !chunk->is_lost) {
                r = begin_content(w, split->number, slice(split->name.data, split->name.size),
                                split->source);
                if (r == 0)
                        r = chunk->is_first ? event_reader_begin(w->events, &w->sink)
                                            : event_reader_resume(
                                                              w->events, &w->sink, &chunk->entry);
                while (r == 0) {
                        r = feed(w->events, chunk->bytes, chunk->size);
                        if (r == 0)
                                r = end_chunk(w, chunk, is_handed_on);
                        if (r != 1)
                                break;
                        r = follow(w, &chunk, is_producer);
                        if (r == 0 && !chunk)
                                return SPLIT_MINE;
                }
        }
        pthread_mutex_lock(&w->pool->lock);
        if (r)
                pool_fail(w->pool, r);
        pool_drop_chunk(w->pool, chunk);
        pthread_mutex_unlock(&w->pool->lock);
        return r;
}

int split_help(SplitWorker *w) {
        SplitPool *pool = w->pool;
        int r;

        pthread_mutex_lock(&pool->lock);
        pool->n_helpers++;
        for (;;) {
                Split *split = pool_find_work(pool);
                Chunk *chunk;

                r = pool->result;
                if (r || (!split && pool->n_producers == 0 && !pool->splits))
                        break;
                if (!split) {
                        pthread_cond_wait(&pool->work, &pool->lock);
                        continue;
                }
                chunk = pool_take(split);
                pthread_mutex_unlock(&pool->lock);
                r = read_chunk(w, chunk, false);
                pthread_mutex_lock(&pool->lock);
                if (r)
                        break;
        }
        pool->n_helpers--;
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->lock);
        return r;
}

/* ---- producing ---- */

/*
 * An empty chunk; or SPLIT_MINE. Where all are in use, the producer reads one of its own meanwhile;
 * with less than two of its own in use there is one more for it, as somebody may be waiting for it.
 */
static int get_chunk(SplitWorker *w, Split *split, Chunk **ret_chunk) {
        SplitPool *pool = w->pool;
        int r;

        pthread_mutex_lock(&pool->lock);
        for (;;) {
                Chunk *chunk;

                r = pool->result;
                if (r)
                        break;
                if (pool->n_used < pool->max_used ||
                                (split->n_chunks < 2 && !pool_can_take(split))) {
                        r = pool_new_chunk(pool, ret_chunk);
                        break;
                }
                if (!pool_can_take(split)) {
                        pthread_cond_wait(&pool->changed, &pool->lock);
                        continue;
                }
                chunk = pool_take(split);
                pthread_mutex_unlock(&pool->lock);
                r = read_chunk(w, chunk, true);
                pthread_mutex_lock(&pool->lock);
                if (r)
                        break;
        }
        pthread_mutex_unlock(&pool->lock);
        return r;
}

/* The tail, and what the stream gives. */
static int fill_chunk(SplitWorker *w, Content *content, Chunk *chunk) {
        Split *split = content->split;
        int r = 0;

        chunk->split = split;
        chunk->offset = content->n_bytes - split->tail.size;
        if (split->tail.size)
                memcpy(chunk->bytes, split->tail.data, split->tail.size);
        chunk->size = split->tail.size;
        split->tail.size = 0;
        while (r == 0 && chunk->size < CHUNK && !chunk->is_last) {
                size_t n;

                r = io_stream_read(content->stream, chunk->bytes + chunk->size, CHUNK - chunk->size,
                                &n);
                if (r)
                        return r;
                chunk->size += n;
                content->n_bytes += n;
                chunk->is_last = n == 0;
                w->progress(w->userdata, n);
        }
        chunk->is_cut = chunk->is_last && io_stream_is_cut(content->stream);
        return 0;
}

/* What stands behind the last place that looks like the end of a record waits for the next chunk.
 */
static int cut_chunk(Split *split, Chunk *chunk, EventState *ret_guess, bool *ret_has_guess) {
        size_t from = chunk->size > GUESS_BYTES ? chunk->size - GUESS_BYTES : 0, size;

        *ret_has_guess = !chunk->is_last &&
                         event_state_guess(split->first_byte, slice(chunk->bytes, chunk->size),
                                         from, chunk->offset, ret_guess);
        if (!*ret_has_guess)
                return 0;
        size = (size_t)(ret_guess->offset - chunk->offset);
        if (vec_reserve(&split->tail, chunk->size - size) < 0)
                return -ENOMEM;
        memcpy(split->tail.data, chunk->bytes + size, chunk->size - size);
        split->tail.size = chunk->size - size;
        chunk->size = size;
        return 0;
}

static void add_chunk(SplitPool *pool, Split *split, Chunk *chunk) {
        chunk->has_entry = chunk->is_first || split->has_state;
        chunk->entry = split->state;
        split->has_state = false;
        if (split->newest)
                split->newest->next = chunk;
        if (!split->untaken)
                split->untaken = chunk;
        split->newest = chunk;
        split->n_chunks++;
        split->is_whole = chunk->is_last;
        pthread_cond_signal(&pool->work);
        pthread_cond_broadcast(&pool->changed);
}

/* The rest of CONTENT in chunks: 0 when all of it is left to whoever helps, or SPLIT_MINE. */
static int produce(SplitWorker *w, Content *content, bool is_first) {
        SplitPool *pool = w->pool;
        Split *split = content->split;
        bool has_guess = false, is_last = false;
        EventState guess = {0};
        int r = 0;

        while (r == 0 && !is_last) {
                Chunk *chunk = NULL;

                r = get_chunk(w, split, &chunk);
                if (r)
                        break;
                r = fill_chunk(w, content, chunk);
                chunk->is_first = is_first;
                chunk->has_guess = has_guess;
                chunk->guess = guess;
                if (r == 0)
                        r = cut_chunk(split, chunk, &guess, &has_guess);
                is_first = false;
                is_last = chunk->is_last;
                pthread_mutex_lock(&pool->lock);
                if (r == 0)
                        add_chunk(pool, split, chunk);
                pthread_mutex_unlock(&pool->lock);
        }
        if (r == SPLIT_MINE)
                r = feed(w->events, split->tail.data, split->tail.size) ?: SPLIT_MINE;
        pthread_mutex_lock(&pool->lock);
        if (r == SPLIT_MINE) {
                split->is_whole = true;
                pool_drop_split(pool, split);
        } else if (r) {
                pool_fail(pool, r);
        }
        pthread_mutex_unlock(&pool->lock);
        return r;
}

/* Begins to share: REST is read and not taken. */
static int share(SplitWorker *w, Content *content, char first_byte, const EventState *state,
                Slice rest) {
        int r;

        pthread_mutex_lock(&w->pool->lock);
        r = pool_new_split(w->pool, content->name, content->source, &content->split);
        pthread_mutex_unlock(&w->pool->lock);
        if (r == 0)
                r = vec_reserve(&content->split->tail, rest.size);
        if (r < 0)
                return r;
        if (rest.size)
                memcpy(content->split->tail.data, rest.data, rest.size);
        content->split->tail.size = rest.size;
        content->split->first_byte = first_byte;
        content->split->has_state = state != NULL;
        if (state)
                content->split->state = *state;
        return 0;
}

static bool has_helpers(SplitPool *pool) {
        bool has;

        pthread_mutex_lock(&pool->lock);
        has = pool->n_helpers > 0 && pool->n_used < pool->max_used;
        pthread_mutex_unlock(&pool->lock);
        return has;
}

/* ---- a content ---- */

/*
 * Reads on alone, to the end, or until there are helpers and a state that can be left to them:
 * SPLIT_SHARE.
 */
static int read_alone(SplitWorker *w, Content *content, char *first_byte) {
        EventState state;
        Slice rest;
        int r = 0;

        while (r == 0) {
                size_t space, n;
                char *buffer;

                r = event_reader_space(w->events, &buffer, &space);
                if (r == 0)
                        r = io_stream_read(content->stream, buffer, space, &n);
                if (r)
                        return r;
                if (n == 0)
                        break;
                content->n_bytes += n;
                w->progress(w->userdata, n);
                if (content->n_bytes == n) {
                        *first_byte = event_first_byte(slice(buffer, n));
                        if (*first_byte && n < CHUNK && has_helpers(w->pool)) {
                                r = share(w, content, *first_byte, NULL, slice(buffer, n));
                                return r ? r : SPLIT_SHARE;
                        }
                        r = begin_content(w, 0, content->name, content->source);
                        if (r)
                                return r;
                }
                r = event_reader_feed(w->events, n);
                if (r == 0 && has_helpers(w->pool) &&
                                event_reader_leave(w->events, &state, &rest) && rest.size < CHUNK) {
                        r = share(w, content, *first_byte, &state, rest);
                        return r ? r : SPLIT_SHARE;
                }
        }
        if (r != 0 && r != EVENT_ENOUGH)
                return r;
        if (content->n_bytes == 0)
                r = begin_content(w, 0, content->name, content->source);
        else
                r = 0;
        if (r == 0)
                r = event_reader_finish(w->events, io_stream_is_cut(content->stream));
        if (r == 0)
                w->end(w->userdata, event_reader_is_log(w->events), content->n_bytes);
        return r;
}

int split_read(SplitWorker *w, Slice name, uint32_t source, IoStream *stream) {
        Content content = {.name = name, .source = source, .stream = stream};
        char first_byte = 0;
        int r = event_reader_begin(w->events, &w->sink);

        if (r)
                return r;
        for (;;) {
                bool is_first = content.n_bytes == 0;

                r = read_alone(w, &content, &first_byte);
                if (r == SPLIT_SHARE)
                        r = produce(w, &content, is_first && !content.split->has_state);
                if (r != SPLIT_MINE)
                        return r;
        }
}
