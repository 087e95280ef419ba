/*
 * From sources to a store: the way of every byte.
 *
 *     io_walk      sources -> files, sorted by name
 *     worker       takes the next file: io_reader_visit -> event_reader -> its own builder
 *     store_seal   builders -> one store
 *
 * Where memory is limited, a worker whose builder is full seals it to a part, a store without
 * indexes in a file beside the case, and goes on with an empty one; parts are merged at the end.
 *
 * Workers share the number of the next file and the counters of progress, nothing else. Damage goes
 * into the builder of whoever met it. Progress is told by whichever worker finds a tenth of a
 * second gone by.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/parallel.h"
#include "base/space.h"
#include "base/vec.h"
#include "engine/engine.h"
#include "engine/split.h"

#define HINT_AHEAD 8                      /* files, for each worker, that a cold disk is told of */
#define READER_BYTES (UINT64_C(12) << 20) /* windows and buffers of a worker, about */
#define LEAST_BYTES                                                                                \
        (UINT64_C(8) << 20) /* of a builder: smaller parts cost more than a core brings */
#define IS_MEMBER UINT32_C(0x80000000) /* and below it the number of a source */
#define LOOK_EVERY 64U                 /* events between looks at the builder's size */

typedef struct Ingest {
        const SpoorOptions *options;
        const char *const *sources;
        char **real_paths; /* of the sources */
        size_t n_sources;
        IoFileList *list;
        Builder **builders;
        unsigned n_workers;
        Space *space;           /* of the parts; NULL: memory is not limited */
        uint64_t builder_bytes; /* that make a builder full */
        pthread_mutex_t lock;   /* over parts */
        VEC(Store *) parts;
        SplitPool *pool;
        bool is_hashed; /* the ledger is complete */
        atomic_size_t next;
        atomic_uint_fast64_t n_files, n_bytes, n_events;
        Telling telling;
} Ingest;

typedef struct Worker {
        Ingest *ingest;
        Builder **builder;
        uint32_t *roots; /* their numbers, in the order of the sources; alike in all builders */
        IoReader *io;
        SplitWorker split;
        uint32_t source; /* of the file that is being visited */
        Slice visited;   /* its name: every other is that of a member */
        uint32_t file;   /* the content that is being read */
        Slice name;
        uint32_t place; /* of it: its source, and IS_MEMBER */
        uint64_t n_events_told;
} Worker;

/* ---- progress ---- */

static void tell(Ingest *ingest, const char *phase, bool is_forced) {
        SpoorProgress progress = {
                        .phase = phase,
                        .n_files = atomic_load(&ingest->n_files),
                        .n_files_all = ingest->list ? io_file_list_size(ingest->list) : 0,
                        .n_bytes = atomic_load(&ingest->n_bytes),
                        .n_events = atomic_load(&ingest->n_events),
        };

        engine_tell(&ingest->telling, &progress, is_forced);
}

/* ---- one content ---- */

static int on_apart(void *userdata, const EventApart *apart) {
        Worker *w = userdata;
        EventCounts counts = {.n_insights = apart->kind == EVENT_INSIGHT,
                        .n_aggregated = apart->kind == EVENT_AGGREGATED};

        return builder_count(*w->builder, w->file, &counts)
                               ?: builder_add_ignored(
                                                  *w->builder, w->file, apart->offset, apart->says);
}

static bool wants(void *userdata, const Event *event) {
        Worker *w = userdata;

        return selection_may_take(w->ingest->options->only->selection, event);
}

/* What NAME names in the visit at hand. A file on disk may be named as a member would be. */
static uint32_t place_of(const Worker *w, Slice name) {
        return w->source | (slice_equal(name, w->visited) ? 0 : IS_MEMBER);
}

static int add_content(
                Worker *w, Builder *builder, Slice name, uint32_t place, uint32_t *ret_file) {
        uint32_t root = w->roots[place & ~IS_MEMBER];

        return (place & IS_MEMBER ? builder_add_member : builder_add_file)(
                        builder, name, root, ret_file);
}

static int add_roots(Ingest *ingest, Builder *builder, uint32_t *roots);

/* The builder becomes a part. An empty one takes its place, in which the file at hand goes on. */
static int seal_part(Worker *w, bool is_in_file) {
        Ingest *ingest = w->ingest;
        StoreJudge judge = {(void *)ingest->options, engine_judge};
        Builder *fresh = NULL;
        Store *part = NULL;
        int r = builder_new(&fresh);

        if (r == 0)
                r = add_roots(ingest, fresh, w->roots);
        if (r == 0 && is_in_file)
                r = add_content(w, fresh, w->name, w->place, &w->file);
        if (r == 0)
                r = store_seal_part(w->builder, 1, (StoreRoom){ingest->space, 1}, &judge, &part);
        if (r < 0) {
                builder_free(fresh);
                return r;
        }
        builder_free(*w->builder);
        *w->builder = fresh;
        w->n_events_told = 0;
        malloc_trim(0); /* what the builder had is given back now, not kept for another use */
        pthread_mutex_lock(&ingest->lock);
        r = vec_reserve(&ingest->parts, 1);
        if (r == 0)
                ingest->parts.data[ingest->parts.size++] = part;
        pthread_mutex_unlock(&ingest->lock);
        if (r < 0)
                store_free(part);
        return r;
}

static int make_room(Worker *w, bool is_in_file) {
        if (!w->ingest->space || builder_n_bytes(*w->builder) < w->ingest->builder_bytes)
                return 0;
        return seal_part(w, is_in_file);
}

/* How many events have come since it was told last. */
static void tell_events(Worker *w) {
        uint64_t n = builder_n_events(*w->builder);

        atomic_fetch_add_explicit(&w->ingest->n_events, n - w->n_events_told, memory_order_relaxed);
        w->n_events_told = n;
}

static int on_event(void *userdata, const Event *event) {
        Worker *w = userdata;
        int r = builder_add_event(*w->builder, w->file, event);

        if (r == 0 && builder_n_events(*w->builder) % LOOK_EVERY == 0) {
                tell_events(w);
                r = make_room(w, true);
        }
        return r;
}

static int on_damage(void *userdata, uint64_t offset, unsigned n_rejected, Slice reason) {
        Worker *w = userdata;

        return builder_add_damage(*w->builder, w->file, offset, n_rejected, reason);
}

static int on_ignored(void *userdata, uint64_t offset, Slice reason) {
        Worker *w = userdata;

        return builder_add_ignored(*w->builder, w->file, offset, reason);
}

static int begin_content(void *userdata, Slice name, uint32_t place) {
        Worker *w = userdata;
        int r = make_room(w, false);

        w->name = name;
        w->place = place;
        return r ? r : add_content(w, *w->builder, name, place, &w->file);
}

static void end_content(void *userdata, bool is_log, uint64_t n_bytes) {
        Worker *w = userdata;
        unsigned container = event_reader_container(w->split.events);

        builder_end_file(*w->builder, w->file,
                        is_log ? (StoreKind)(STORE_KIND_LOG + container) : STORE_KIND_OTHER,
                        is_log ? n_bytes : 0);
}

static void on_progress(void *userdata, size_t n_bytes) {
        Worker *w = userdata;

        atomic_fetch_add_explicit(&w->ingest->n_bytes, n_bytes, memory_order_relaxed);
        tell_events(w);
        tell(w->ingest, "reading", false);
}

static int on_leaf(void *userdata, Slice name, IoStream *stream) {
        Worker *w = userdata;
        int r = split_read(&w->split, name, place_of(w, name), stream);

        tell_events(w);
        return r;
}

static int on_fault(void *userdata, Slice name, uint64_t offset, Slice reason) {
        Worker *w = userdata;
        uint32_t file;
        int r = add_content(w, *w->builder, name, place_of(w, name), &file);

        return r == 0 ? builder_add_damage(*w->builder, file, offset, 0, reason) : r;
}

/* All of a file or member was met: what it is as it stands. */
static int on_done(void *userdata, const IoContent *content) {
        static const struct {
                const char *name;
                StoreKind kind;
        } archives[] = {{"tar", STORE_KIND_TAR}, {"zip", STORE_KIND_ZIP}, {"7z", STORE_KIND_7Z}};
        StoreContent as_it_stands = {content->size, content->hash, STORE_KIND_UNREAD};
        Worker *w = userdata;
        uint32_t file;
        int r = add_content(w, *w->builder, content->name, place_of(w, content->name), &file);

        for (size_t i = 0; i < sizeof(archives) / sizeof(archives[0]); i++) {
                if (content->archive && strcmp(content->archive, archives[i].name) == 0)
                        as_it_stands.kind = archives[i].kind;
        }
        if (r == 0)
                builder_hash_file(*w->builder, file, &as_it_stands);
        return r;
}

/* ---- workers ---- */

/* As files are named by it. */
static Slice source_name(const Ingest *ingest, size_t i) {
        Slice name = slice_cstr(ingest->sources[i]);

        while (name.size > 1 && name.data[name.size - 1] == '/')
                name.size--;
        return name;
}

/* The roots stand in every builder, so that a file can name its own. */
static int add_roots(Ingest *ingest, Builder *builder, uint32_t *roots) {
        int r = 0;

        for (size_t i = 0; i < ingest->n_sources && r == 0; i++)
                r = builder_add_root(builder, source_name(ingest, i),
                                slice_cstr(ingest->real_paths[i]), &roots[i]);
        return r;
}

static int read_files(Worker *w) {
        Ingest *ingest = w->ingest;
        IoSink sink = {w, on_leaf, on_fault, NULL, ingest->is_hashed ? on_done : NULL};
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
                w->source = file->source;
                w->visited = slice_cstr(file->name);
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
        Worker w = {.ingest = ingest,
                        .builder = &ingest->builders[i],
                        .roots = vec_alloc(ingest->n_sources, sizeof(uint32_t))};
        int r = w.roots ? 0 : -ENOMEM;

        w.split = (SplitWorker){.pool = ingest->pool,
                        .sink = {&w, on_event, on_damage, on_ignored,
                                        ingest->options->only ? wants : NULL, on_apart},
                        .userdata = &w,
                        .begin = begin_content,
                        .end = end_content,
                        .progress = on_progress};
        if (r == 0)
                r = add_roots(ingest, *w.builder, w.roots);
        if (r == 0)
                r = io_reader_new(&limits, &w.io);
        if (r == 0)
                r = event_reader_new(ingest->options->max_depth, ingest->options->max_record_bytes,
                                &w.split.events);
        if (r == 0) {
                split_enter(ingest->pool);
                r = read_files(&w);
                split_leave(ingest->pool, r);
        }
        if (r == 0)
                r = split_help(&w.split);
        tell_events(&w);
        event_reader_free(w.split.events);
        io_reader_free(w.io);
        free(w.roots);
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

/* Of which source is what the walk named so? They stand before its names. */
static uint32_t source_of(const Ingest *ingest, Slice name) {
        size_t most = 0;
        uint32_t r = 0;

        for (uint32_t i = 0; i < ingest->n_sources; i++) {
                Slice source = source_name(ingest, i);

                if (source.size >= most && slice_starts_with(name, source)) {
                        most = source.size;
                        r = i;
                }
        }
        return r;
}

static int on_walk_fault(void *userdata, Slice name, uint64_t offset, Slice reason) {
        Worker *w = userdata;

        w->source = source_of(w->ingest, name);
        w->visited = name;
        return on_fault(w, name, offset, reason);
}

/*
 * What the walk could not reach is noted in every shard: nobody knows whose files it hides. It
 * becomes one note again when shards are merged.
 */
static int list_files(Ingest *ingest, SpoorError *error) {
        Worker walker = {.ingest = ingest,
                        .builder = &ingest->builders[0],
                        .roots = vec_alloc(ingest->n_sources, sizeof(uint32_t))};
        IoSink sink = {&walker, NULL, on_walk_fault, NULL, NULL};
        size_t bad = ingest->n_sources;
        int r = walker.roots ? add_roots(ingest, ingest->builders[0], walker.roots) : -ENOMEM;

        if (r == 0)
                r = io_walk(ingest->sources, ingest->n_sources, &sink, &ingest->list, &bad);
        free(walker.roots);
        if (r < 0 && bad < ingest->n_sources)
                return engine_fail(error, r, "%s: %s", ingest->sources[bad], strerror(-r));
        if (r == 0)
                io_file_list_filter(ingest->list, is_in_shard, (void *)ingest->options);
        return r < 0 ? engine_fail(error, r, "cannot list the sources: %s", strerror(-r)) : r;
}

/*
 * As many workers as there is memory for. A limit too small for the program itself is not held
 * anyhow, and takes no worker away.
 */
static void limit_workers(Ingest *ingest) {
        uint64_t limit = ingest->options->memory_bytes / 8 * 7, taken = space_resident();
        uint64_t n = limit > taken ? (limit - taken) / (READER_BYTES + LEAST_BYTES) : 0;

        if (ingest->options->memory_bytes < SPOOR_MIN_MEMORY_BYTES || n >= ingest->n_workers)
                return;
        ingest->n_workers = n ? (unsigned)n : 1;
}

/*
 * What a builder may take up, so that all of them, while they are sealed, stay below the limit. The
 * list of files alone may come near it; parts of a few events would not help then.
 */
static void share_memory(Ingest *ingest) {
        uint64_t limit = ingest->options->memory_bytes / 8 * 7;
        uint64_t taken = space_resident() + ingest->n_workers * READER_BYTES;
        uint64_t least = ingest->options->memory_bytes / 8 / ingest->n_workers;
        uint64_t share = (limit > taken ? limit - taken : 0) / ingest->n_workers;

        ingest->builder_bytes = share > least ? share : least;
}

/* Builders become parts, parts one store. */
static int merge_parts(Ingest *ingest, const StoreJudge *judge, Store **ret_store) {
        StoreRoom room = {ingest->space, ingest->n_workers};
        int r = 0;

        for (unsigned i = 0; i < ingest->n_workers && r == 0; i++) {
                Worker w = {.ingest = ingest,
                                .builder = &ingest->builders[i],
                                .roots = vec_alloc(ingest->n_sources, sizeof(uint32_t))};

                r = w.roots ? seal_part(&w, false) : -ENOMEM;
                free(w.roots);
        }
        return r == 0 ? store_merge(ingest->parts.data, ingest->parts.size, true, room, judge,
                                        ret_store)
                      : r;
}

static int run(Ingest *ingest, bool is_part, Store **ret_store, SpoorError *error) {
        StoreJudge judge = {(void *)ingest->options, engine_judge};
        StoreRoom room = {ingest->space, ingest->n_workers};
        int r;

        if (ingest->space)
                limit_workers(ingest);
        r = make_builders(ingest);
        if (r == 0)
                r = split_pool_new(ingest->n_workers, &ingest->pool);
        if (r == 0)
                r = find_real_paths(ingest);
        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        tell(ingest, "listing", true);
        r = list_files(ingest, error);
        if (r < 0)
                return r;
        share_memory(ingest);
        r = parallel_run(ingest->n_workers, ingest->n_workers, work, ingest);
        if (r < 0)
                return error && error->message[0]
                                       ? r
                                       : engine_fail(error, r, "reading: %s", strerror(-r));
        tell(ingest, "sealing", true);
        if (ingest->parts.size)
                r = merge_parts(ingest, &judge, ret_store);
        else if (is_part)
                r = store_seal_part(ingest->builders, ingest->n_workers, room, &judge, ret_store);
        else
                r = store_seal(ingest->builders, ingest->n_workers,
                                (StoreRoom){NULL, room.n_threads}, &judge, ret_store);
        return r < 0 ? engine_fail(error, r, "sealing: %s", strerror(-r)) : 0;
}

int engine_ingest(const SpoorOptions *options, Space *space, const char *const *sources,
                size_t n_sources, bool is_part, Store **ret_store, SpoorError *error) {
        Ingest ingest = {
                        .options = options,
                        .sources = sources,
                        .n_sources = n_sources,
                        .n_workers = options->n_threads,
                        .space = space,
                        .is_hashed = is_part || !options->only,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
        };
        int r;

        engine_telling_init(&ingest.telling, options);
        r = run(&ingest, is_part, ret_store, error);

        for (unsigned i = 0; ingest.builders && i < ingest.n_workers; i++)
                builder_free(ingest.builders[i]);
        for (size_t i = 0; ingest.real_paths && i < n_sources; i++)
                free(ingest.real_paths[i]);
        for (size_t i = 0; i < ingest.parts.size; i++)
                store_free(ingest.parts.data[i]);
        vec_deinit(&ingest.parts);
        pthread_mutex_destroy(&ingest.lock);
        free(ingest.builders);
        free(ingest.real_paths);
        io_file_list_free(ingest.list);
        split_pool_free(ingest.pool);
        return r;
}
