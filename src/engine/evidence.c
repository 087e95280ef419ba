/*
 * Back to the evidence: the bytes of records, from where they were read.
 *
 * Events are sorted by (file, offset); each file on disk is opened once and read forward through
 * whatever layers it has, up to the last record wanted. Where a file stands: under the directory the
 * caller named, else under the path of the source it was found in. A record must be what was
 * indexed: its text is read again by the same reader, and the hash of its meaning compared.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/sort.h"
#include "base/vec.h"
#include "engine/engine.h"

#define SKIP_SIZE ((size_t)256 << 10)
#define KEY_READ 1U

typedef VEC(char) Text;

typedef struct Fetch {
        SpoorCase *scase;
        const EvidenceSink *sink;
        SpoorError *error;
        SortKey *keys; /* index: into the caller's events; source: KEY_READ once it was read */
        const uint32_t *events;
        size_t n;
        size_t begin, end; /* keys of the file on disk that is open */
        size_t n_left;     /* of those */
        Text buffer;
        EventReader *reader;
        IoReader *io;
        bool is_same; /* the record just read again has the hash it should */
        uint64_t hash;
        char *path;
        char fault[256]; /* met while reading */
} Fetch;

/* ---- where a file stands ---- */

/*
 * Cuts PATH before the first '!' behind FROM where that leaves the name of an existing file (or
 * nowhere, where PATH is one); *ret_n_cut bytes. Else false.
 */
static bool cut_at_member(char *path, size_t from, size_t *ret_n_cut) {
        size_t size = strlen(path);
        struct stat st;

        *ret_n_cut = 0;
        if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
                return true;
        for (char *at = strchr(path + from, '!'); at; at = strchr(at + 1, '!')) {
                *at = 0;
                *ret_n_cut = size - (size_t)(at - path);
                if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
                        return true;
                *at = '!';
        }
        return false;
}

static char *join(const char *dir, Slice rest) {
        char *path = NULL;

        while (rest.size && *rest.data == '/')
                rest = slice(rest.data + 1, rest.size - 1);
        if (asprintf(&path, "%s%s%.*s", dir, rest.size ? "/" : "", (int)rest.size, rest.data) < 0)
                return NULL;
        return path;
}

static Slice base_name(Slice path) {
        const char *slash = path.size ? memrchr(path.data, '/', path.size) : NULL;

        return slash ? slice(slash + 1, path.size - (size_t)(slash + 1 - path.data)) : path;
}

/* Tries DIR/REST; *ret_path where that leads to a file. 0, 1 where it does not, -ENOMEM. */
static int try_path(const char *dir, Slice rest, char **ret_path, size_t *ret_n_member) {
        char *path = join(dir, rest);

        if (!path)
                return -ENOMEM;
        if (cut_at_member(path, strlen(dir), ret_n_member)) {
                *ret_path = path;
                return 0;
        }
        free(path);
        return 1;
}

/*
 * A file's name is its root's, then the path below it. In a new directory it may stand with the
 * root's last part or without, or under its whole name.
 */
static int locate(SpoorCase *scase, uint32_t file, char **ret_path, size_t *ret_n_member) {
        StoreFile f = store_file(scase->store, file);
        Slice root_name, root_path, below, last, with_last;
        char *dir;
        int r = 1;

        store_root(scase->store, f.root, &root_name, &root_path);
        if (f.name.size < root_name.size)
                return 1;
        below = slice(f.name.data + root_name.size, f.name.size - root_name.size);
        last = base_name(root_name);
        with_last = slice(f.name.data + root_name.size - last.size, last.size + below.size);
        if (scase->evidence) {
                if (below.size)
                        r = try_path(scase->evidence, below, ret_path, ret_n_member);
                if (r == 1)
                        r = try_path(scase->evidence, with_last, ret_path, ret_n_member);
                if (r == 1)
                        r = try_path(scase->evidence, f.name, ret_path, ret_n_member);
                return r;
        }
        dir = strndup(root_path.data, root_path.size);
        if (!dir)
                return -ENOMEM;
        if (below.size && *below.data != '/') { /* a member of the source itself */
                free(dir);
                if (asprintf(&dir, "%.*s%.*s", (int)root_path.size, root_path.data, (int)below.size,
                                    below.data) < 0)
                        return -ENOMEM;
                if (cut_at_member(dir, root_path.size, ret_n_member))
                        return *ret_path = dir, 0;
        } else {
                r = try_path(dir, below, ret_path, ret_n_member);
        }
        free(dir);
        return r;
}

/* ---- is a record what it was? ---- */

static int on_event(void *userdata, const Event *event) {
        Fetch *f = userdata;

        f->is_same = event->offset == 0 && event->size == f->buffer.size && event->hash == f->hash;
        return 0;
}

static int on_fault(void *userdata, uint64_t offset, unsigned n_rejected, Slice reason) {
        (void)userdata, (void)offset, (void)n_rejected, (void)reason;
        return 0;
}

static int on_ignored(void *userdata, uint64_t offset, Slice reason) {
        (void)userdata, (void)offset, (void)reason;
        return 0;
}

static int check_record(Fetch *f) {
        EventSink sink = { f, on_event, on_fault, on_ignored };
        size_t at = 0;
        int r = event_reader_begin(f->reader, &sink);

        f->is_same = false;
        while (r == 0 && at < f->buffer.size) {
                char *space;
                size_t n;

                r = event_reader_space(f->reader, &space, &n);
                if (r < 0)
                        return r;
                if (n > f->buffer.size - at)
                        n = f->buffer.size - at;
                memcpy(space, f->buffer.data + at, n);
                at += n;
                r = event_reader_feed(f->reader, n);
        }
        return event_reader_finish(f->reader, false);
}

/* ---- reading ---- */

static StoreSource source_at(const Fetch *f, size_t key) {
        return store_source(f->scase->store, f->events[f->keys[key].index]);
}

static int fail(Fetch *f, uint32_t file, const char *what) {
        Slice name = store_file(f->scase->store, file).name;

        return engine_fail(f->error, SPOOR_E_EVIDENCE, "%.*s: %s", (int)name.size, name.data, what);
}

static int fail_record(Fetch *f, const StoreSource *source) {
        char what[400];

        snprintf(what, sizeof(what), "record %u at byte %llu is not the one that was indexed%s%s",
                        source->record, (unsigned long long)source->offset, *f->fault ? ": " : "", f->fault);
        return fail(f, source->file, what);
}

/* SIZE bytes of the stream behind *at_byte into the buffer (or nowhere); short at its end. */
static int take(Fetch *f, IoStream *stream, uint64_t size, bool is_kept, uint64_t *at_byte) {
        f->buffer.size = 0;
        while (size > 0) {
                size_t want = size < SKIP_SIZE ? (size_t)size : SKIP_SIZE, n;
                int r = vec_reserve(&f->buffer, want);

                if (r == 0)
                        r = io_stream_read(stream, f->buffer.data + f->buffer.size, want, &n);
                if (r != 0)
                        return r;
                if (n == 0)
                        return 0;
                size -= n;
                *at_byte += n;
                f->buffer.size += is_kept ? n : 0;
        }
        return 0;
}

/* 1 where it is not the record that was indexed */
static int read_record(Fetch *f, size_t key, IoStream *stream, uint64_t *at_byte) {
        StoreSource source = source_at(f, key);
        int r = take(f, stream, source.offset - *at_byte, false, at_byte);

        if (r == 0)
                r = take(f, stream, source.size, true, at_byte);
        if (r != 0)
                return r;
        f->hash = source.hash;
        if (f->buffer.size != source.size)
                return 1; /* the content ends too early */
        r = check_record(f);
        if (r != 0)
                return r;
        if (!f->is_same)
                return 1;
        return f->sink->record(f->sink->userdata, f->keys[key].index,
                        slice(f->buffer.data, f->buffer.size));
}

/* The first key of the file on disk that is open whose file sorts at or behind NAME. */
static size_t first_of(const Fetch *f, Slice name) {
        size_t low = f->begin, high = f->end;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (slice_compare(store_file(f->scase->store, source_at(f, middle).file).name, name) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* A member or file, in whatever order they come: are records of it wanted? */
static int on_leaf(void *userdata, Slice name, IoStream *stream) {
        Fetch *f = userdata;
        uint64_t at_byte = 0;

        for (size_t key = first_of(f, name); key < f->end; key++) {
                StoreSource source = source_at(f, key);
                int r;

                if (!slice_equal(store_file(f->scase->store, source.file).name, name))
                        break;
                if (f->keys[key].source == KEY_READ)
                        break; /* another member of the same name was read */
                r = read_record(f, key, stream, &at_byte);
                if (r == 1)
                        return fail_record(f, &source);
                if (r != 0)
                        return r;
                f->keys[key].source = KEY_READ;
                f->n_left--;
        }
        return f->n_left == 0 ? 1 : 0;
}

static int on_io_fault(void *userdata, Slice name, uint64_t offset, Slice reason) {
        Fetch *f = userdata;

        (void)name, (void)offset;
        snprintf(f->fault, sizeof(f->fault), "%.*s", (int)reason.size, reason.data);
        return 0;
}

/* Visits the file on disk under NAME for the keys from begin to end. */
static int read_file(Fetch *f, const char *path, Slice name) {
        IoSink sink = { f, on_leaf, on_io_fault };
        StoreSource source;
        int r;

        f->fault[0] = 0;
        f->n_left = f->end - f->begin;
        r = io_reader_visit(f->io, path, name, &sink);
        if (r < 0 || r == SPOOR_E_EVIDENCE)
                return r;
        for (size_t key = f->begin; f->n_left > 0; key++) {
                source = source_at(f, key);
                if (f->keys[key].source != KEY_READ)
                        return fail_record(f, &source);
        }
        return 0;
}

static int find_file(Fetch *f, uint32_t file, Slice name, Slice *ret_disk) {
        size_t n_member = 0;
        int r = 1;

        free(f->path);
        f->path = NULL;
        if (!slice_equal(name, SLICE_LITERAL("-")) && !slice_starts_with(name, SLICE_LITERAL("-!")))
                r = locate(f->scase, file, &f->path, &n_member);
        if (r == 1)
                return fail(f, file,
                                f->scase->evidence ? "not found under the directory of --evidence"
                                                   : "the evidence is not where it was; "
                                                     "--evidence DIR says where it is now");
        *ret_disk = slice(name.data, name.size - n_member);
        return r;
}

static int read_all(Fetch *f) {
        int r = 0;

        for (f->begin = 0; r == 0 && f->begin < f->n; f->begin = f->end) {
                uint32_t file = source_at(f, f->begin).file;
                Slice name = store_file(f->scase->store, file).name, disk;

                r = find_file(f, file, name, &disk);
                if (r != 0)
                        return r;
                for (f->end = f->begin + 1; f->end < f->n; f->end++) {
                        Slice other = store_file(f->scase->store, source_at(f, f->end).file).name;

                        if (!slice_starts_with(other, disk) ||
                                        (other.size > disk.size && other.data[disk.size] != '!'))
                                break;
                }
                r = read_file(f, f->path, disk);
        }
        return r;
}

int engine_read_evidence(SpoorCase *scase, const uint32_t *events, size_t n_events,
                const EvidenceSink *sink, SpoorError *error) {
        IoLimits limits = { scase->options.max_nesting };
        SortOrder order = { NULL, NULL };
        SortKey *keys = vec_alloc(n_events, sizeof(*keys));
        Fetch f = { .scase = scase, .sink = sink, .error = error, .events = events, .n = n_events };
        int r = keys ? 0 : -ENOMEM;

        for (size_t i = 0; i < n_events && r == 0; i++) {
                StoreSource source = store_source(scase->store, events[i]);

                keys[i] = (SortKey){ source.file, source.offset, 0, (uint32_t)i };
        }
        if (r == 0)
                r = sort_keys(keys, n_events, &order, 1);
        f.keys = keys;
        if (r == 0)
                r = io_reader_new(&limits, &f.io);
        if (r == 0)
                r = event_reader_new(scase->options.max_depth, scase->options.max_record_bytes, &f.reader);
        if (error)
                error->message[0] = 0;
        if (r == 0)
                r = read_all(&f);
        if (r < 0 && error && !error->message[0])
                engine_fail(error, r, "reading the evidence: %s", strerror(-r));
        event_reader_free(f.reader);
        io_reader_free(f.io);
        vec_deinit(&f.buffer);
        free(f.path);
        free(keys);
        return r;
}
