/*
 * From sources to a store: the way of every byte.
 *
 *     io_walk      sources -> files, sorted by name
 *     worker       takes the next file: io_reader_visit -> event_reader -> its own builder
 *     store_seal   builders -> one store
 *
 * Workers share the number of the next file and the counters of progress, nothing else. Damage goes
 * into the builder of whoever met it. Progress is told by whichever worker finds a tenth of a
 * second gone by.
 */
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "base/parallel.h"
#include "base/vec.h"
#include "engine/engine.h"

#define HINT_AHEAD 8 /* files, for each worker, that a cold disk is told of */
#define PROGRESS_NS UINT64_C(100000000)

typedef struct Ingest {
        const SpoorOptions *options;
        const char *const *sources;
        char **real_paths; /* of the sources */
        size_t n_sources;
        IoFileList *list;
        Builder **builders;
        unsigned n_workers;
        atomic_size_t next;
        atomic_uint_fast64_t n_files, n_bytes, n_events;
        atomic_flag is_telling;
        uint64_t started, told; /* monotonic clock, ns */
} Ingest;

typedef struct Worker {
        Ingest *ingest;
        Builder *builder;
        IoReader *io;
        EventReader *events;
        EventSink sink;
        uint32_t root; /* of the file that is being read */
        uint32_t file;
        Slice name;
        uint64_t n_events_told;
} Worker;

/* ---- progress ---- */

static uint64_t now(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void tell(Ingest *ingest, const char *phase, bool is_forced) {
        uint64_t at;

        if (!ingest->options->progress || atomic_flag_test_and_set(&ingest->is_telling))
                return;
        at = now();
        if (is_forced || at - ingest->told >= PROGRESS_NS) {
                SpoorProgress progress = {
                                .phase = phase,
                                .n_files = atomic_load(&ingest->n_files),
                                .n_files_all = ingest->list ? io_file_list_size(ingest->list) : 0,
                                .n_bytes = atomic_load(&ingest->n_bytes),
                                .n_events = atomic_load(&ingest->n_events),
                                .elapsed_ns = at - ingest->started,
                };

                ingest->told = at;
                ingest->options->progress(ingest->options->userdata, &progress);
        }
        atomic_flag_clear(&ingest->is_telling);
}

/* ---- one content ---- */

static bool wants(void *userdata, const Event *event) {
        Worker *w = userdata;

        return selection_may_take(w->ingest->options->only->selection, event);
}

static int on_event(void *userdata, const Event *event) {
        Worker *w = userdata;

        return builder_add_event(w->builder, w->file, event);
}

static int on_damage(void *userdata, uint64_t offset, unsigned n_rejected, Slice reason) {
        Worker *w = userdata;

        return builder_add_damage(w->builder, w->name, offset, n_rejected, reason);
}

static int on_ignored(void *userdata, uint64_t offset, Slice reason) {
        Worker *w = userdata;

        return builder_add_ignored(w->builder, w->name, offset, reason);
}

static int read_content(Worker *w, IoStream *stream, uint64_t *ret_n_bytes) {
        int r = event_reader_begin(w->events, &w->sink);

        *ret_n_bytes = 0;
        while (r == 0) {
                char *buffer;
                size_t space, n;

                r = event_reader_space(w->events, &buffer, &space);
                if (r == 0)
                        r = io_stream_read(stream, buffer, space, &n);
                if (r != 0 || n == 0)
                        break;
                *ret_n_bytes += n;
                atomic_fetch_add_explicit(&w->ingest->n_bytes, n, memory_order_relaxed);
                r = event_reader_feed(w->events, n);
                tell(w->ingest, "reading", false);
        }
        if (r == 0 || r == EVENT_ENOUGH)
                r = event_reader_finish(w->events, io_stream_is_cut(stream));
        return r;
}

static int on_leaf(void *userdata, Slice name, IoStream *stream) {
        Worker *w = userdata;
        uint64_t n_bytes, n_events;
        int r;

        w->name = name;
        r = builder_add_file(w->builder, name, w->root, &w->file);
        if (r == 0)
                r = read_content(w, stream, &n_bytes);
        if (r != 0)
                return r;
        if (event_reader_is_log(w->events))
                builder_end_file(w->builder, w->file, n_bytes);
        else
                builder_drop_file(w->builder, w->file);
        n_events = builder_n_events(w->builder);
        atomic_fetch_add_explicit(
                        &w->ingest->n_events, n_events - w->n_events_told, memory_order_relaxed);
        w->n_events_told = n_events;
        return 0;
}

static int on_fault(void *userdata, Slice name, uint64_t offset, Slice reason) {
        Worker *w = userdata;

        return builder_add_damage(w->builder, name, offset, 0, reason);
}

/* ---- workers ---- */

/* The roots stand in every builder, so that a file can name its own. */
static int add_roots(Ingest *ingest, Builder *builder, uint32_t *roots) {
        int r = 0;

        for (size_t i = 0; i < ingest->n_sources && r == 0; i++) {
                Slice name = slice_cstr(ingest->sources[i]);

                while (name.size > 1 && name.data[name.size - 1] == '/')
                        name.size--;
                r = builder_add_root(builder, name, slice_cstr(ingest->real_paths[i]), &roots[i]);
        }
        return r;
}

static int read_files(Worker *w, const uint32_t *roots) {
        IoSink sink = {w, on_leaf, on_fault};
        Ingest *ingest = w->ingest;
        size_t ahead = HINT_AHEAD * (size_t)ingest->n_workers;
        int r = 0;

        for (;;) {
                size_t i = atomic_fetch_add_explicit(&ingest->next, 1, memory_order_relaxed);
                const IoFile *file;

                if (i >= io_file_list_size(ingest->list))
                        return 0;
                file = io_file_list_at(ingest->list, i);
                if (io_file_list_size(ingest->list) - i > ahead)
                        io_reader_hint(w->io, io_file_list_at(ingest->list, i + ahead)->path);
                w->root = roots[file->source];
                r = io_reader_visit(w->io, file->path, slice_cstr(file->name), &sink);
                if (r != 0)
                        return r;
                atomic_fetch_add_explicit(&ingest->n_files, 1, memory_order_relaxed);
                tell(ingest, "reading", false);
        }
}

static int work(void *ctx, size_t i) {
        Ingest *ingest = ctx;
        IoLimits limits = {ingest->options->max_nesting};
        uint32_t *roots = vec_alloc(ingest->n_sources, sizeof(*roots));
        Worker w = {.ingest = ingest, .builder = ingest->builders[i]};
        int r = roots ? 0 : -ENOMEM;

        w.sink = (EventSink){
                        &w, on_event, on_damage, on_ignored, ingest->options->only ? wants : NULL};
        w.n_events_told = builder_n_events(w.builder);
        if (r == 0)
                r = add_roots(ingest, w.builder, roots);
        if (r == 0)
                r = io_reader_new(&limits, &w.io);
        if (r == 0)
                r = event_reader_new(ingest->options->max_depth, ingest->options->max_record_bytes,
                                &w.events);
        if (r == 0)
                r = read_files(&w, roots);
        event_reader_free(w.events);
        io_reader_free(w.io);
        free(roots);
        return r;
}

/* ---- the whole ---- */

static int make_builders(Ingest *ingest) {
        ingest->builders = vec_alloc_zero(ingest->n_workers, sizeof(*ingest->builders));
        if (!ingest->builders)
                return -ENOMEM;
        for (unsigned i = 0; i < ingest->n_workers; i++) {
                int r = builder_new(&ingest->builders[i]);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int find_real_paths(Ingest *ingest) {
        ingest->real_paths = vec_alloc_zero(ingest->n_sources, sizeof(*ingest->real_paths));
        if (!ingest->real_paths)
                return -ENOMEM;
        for (size_t i = 0; i < ingest->n_sources; i++) {
                ingest->real_paths[i] = realpath(ingest->sources[i], NULL);
                if (!ingest->real_paths[i])
                        ingest->real_paths[i] = strdup(ingest->sources[i]);
                if (!ingest->real_paths[i])
                        return -ENOMEM;
        }
        return 0;
}

bool engine_is_in_shard(const SpoorOptions *options, Slice name) {
        return !options->n_shards || hash_slice(name) % options->n_shards + 1 == options->shard;
}

static bool is_in_shard(void *userdata, const IoFile *file) {
        return engine_is_in_shard(userdata, slice_cstr(file->name));
}

/*
 * What the walk could not reach is noted in every shard: nobody knows whose files it hides. It
 * becomes one note again when shards are merged.
 */
static int list_files(Ingest *ingest, SpoorError *error) {
        Worker walker = {.ingest = ingest, .builder = ingest->builders[0]};
        IoSink sink = {&walker, NULL, on_fault};
        size_t bad = ingest->n_sources;
        int r = io_walk(ingest->sources, ingest->n_sources, &sink, &ingest->list, &bad);

        if (r < 0 && bad < ingest->n_sources)
                return engine_fail(error, r, "%s: %s", ingest->sources[bad], strerror(-r));
        if (r == 0)
                io_file_list_filter(ingest->list, is_in_shard, (void *)ingest->options);
        return r < 0 ? engine_fail(error, r, "cannot list the sources: %s", strerror(-r)) : r;
}

static int absorb_cases(Ingest *ingest, Store *const *cases, size_t n_cases, SpoorError *error) {
        int r = 0;

        for (size_t i = 0; i < n_cases && r == 0; i++) {
                r = builder_absorb(ingest->builders[0], cases[i]);
                if (r == -EIO)
                        return engine_check_store(cases[i], SPOOR_E_CORRUPT, error) ?: r;
        }
        return r < 0 ? engine_fail(error, r, "%s", strerror(-r)) : r;
}

static int run(Ingest *ingest, Store *const *cases, size_t n_cases, Store **ret_store,
                SpoorError *error) {
        StoreJudge judge = {(void *)ingest->options, engine_judge};
        int r = make_builders(ingest);

        if (r == 0)
                r = find_real_paths(ingest);
        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        r = absorb_cases(ingest, cases, n_cases, error);
        if (r)
                return r;
        tell(ingest, "listing", true);
        if (ingest->n_sources) {
                r = list_files(ingest, error);
                if (r == 0)
                        r = parallel_run(ingest->n_workers, ingest->n_workers, work, ingest);
                if (r < 0)
                        return error && error->message[0]
                                               ? r
                                               : engine_fail(error, r, "reading: %s", strerror(-r));
        }
        tell(ingest, "sealing", true);
        r = store_seal(ingest->builders, ingest->n_workers, ingest->n_workers, &judge, ret_store);
        return r < 0 ? engine_fail(error, r, "sealing: %s", strerror(-r)) : 0;
}

int engine_ingest(const SpoorOptions *options, const char *const *sources, size_t n_sources,
                Store *const *cases, size_t n_cases, Store **ret_store, SpoorError *error) {
        Ingest ingest = {
                        .options = options,
                        .sources = sources,
                        .n_sources = n_sources,
                        .n_workers = options->n_threads,
                        .is_telling = ATOMIC_FLAG_INIT,
                        .started = now(),
        };
        int r = run(&ingest, cases, n_cases, ret_store, error);

        for (unsigned i = 0; ingest.builders && i < ingest.n_workers; i++)
                builder_free(ingest.builders[i]);
        for (size_t i = 0; ingest.real_paths && i < n_sources; i++)
                free(ingest.real_paths[i]);
        free(ingest.builders);
        free(ingest.real_paths);
        io_file_list_free(ingest.list);
        return r;
}
