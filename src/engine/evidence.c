/*
 * Back to the evidence: the bytes of records, from where they were read.
 *
 * Records wanted are sorted by (file, offset); each file on disk is opened once and read forward
 * through whatever layers it has, up to the last record wanted; members of an archive may come in
 * any order. Where a file stands: under the directory the caller named, else under the path of the
 * source it was found in. A record must be what was indexed: its text is read again by the same
 * reader, and the hash compared. What alone would be no record, or something around one, is read as
 * an element of "Records", where everything is one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/sort.h"
#include "base/vec.h"
#include "engine/engine.h"

#define SKIP_SIZE ((size_t)64 << 10)
#define LIST_BEGIN "{\"Records\":["
#define LIST_END "]}"

typedef struct Fetch {
        const SpoorOptions *options;
        const char *evidence; /* directory, or NULL */
        const EvidenceSink *sink;
        SpoorError *error;
        const StorePlace *places;
        SortKey *keys; /* index: a place */
        Space *space;  /* of keys and is_done */
        bool *is_done; /* by key: delivered, or told as missing */
        size_t n;
        size_t begin, end; /* keys of the file on disk that is open */
        size_t n_left;     /* of those */
        VEC(char) head;    /* of the content: what the meaning of a record hangs on; mostly empty */
        VEC(char) buffer;  /* the bytes of the place, just read */
        VEC(char) record;  /* the record in them: itself, or in a string of theirs */
        EventReader *reader;
        IoReader *io;
        bool is_same;    /* the record just read again has the hash it should */
        bool is_partial; /* and was made of columns */
        size_t place_at; /* where in what is read again its bytes stand */
        uint64_t hash;
        char *path;
        char fault[256]; /* met while reading */
} Fetch;

static const StorePlace *place_at(const Fetch *f, size_t key) {
        return &f->places[f->keys[key].index];
}

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

static Slice base_name(Slice path) {
        const char *slash = path.size ? memrchr(path.data, '/', path.size) : NULL;

        return slash ? slice(slash + 1, path.size - (size_t)(slash + 1 - path.data)) : path;
}

/* Tries DIR, SEPARATOR, REST; *ret_path where that leads to a file. 0, 1 where not, -ENOMEM. */
static int try_path(Slice dir, const char *separator, Slice rest, char **ret_path,
                size_t *ret_n_member) {
        char *path = NULL;

        while (*separator && rest.size && *rest.data == '/')
                rest = slice(rest.data + 1, rest.size - 1);
        if (asprintf(&path, "%.*s%s%.*s", (int)dir.size, dir.data, rest.size ? separator : "",
                            (int)rest.size, rest.size ? rest.data : "") < 0)
                return -ENOMEM;
        if (cut_at_member(path, dir.size, ret_n_member)) {
                *ret_path = path;
                return 0;
        }
        free(path);
        return 1;
}

/*
 * A file's name is its root's, then the path below it, or members of the root itself. In a new
 * directory it may stand with the root's last part or without, or under its whole name.
 */
static int locate(Fetch *f, const StorePlace *place, char **ret_path, size_t *ret_n_member) {
        Slice root = place->root_name, below, with_last, dir = slice_cstr(f->evidence);
        size_t n_last = base_name(root).size;
        int r = 1;

        if (!slice_starts_with(place->file, root) || slice_equal(root, SLICE_LITERAL("-")))
                return 1;
        below = slice(place->file.data + root.size, place->file.size - root.size);
        with_last = slice(place->file.data + root.size - n_last, n_last + below.size);
        if (!f->evidence)
                return try_path(place->root_path, below.size && *below.data == '!' ? "" : "/",
                                below, ret_path, ret_n_member);
        if (below.size && *below.data != '!')
                r = try_path(dir, "/", below, ret_path, ret_n_member);
        if (r == 1)
                r = try_path(dir, "/", with_last, ret_path, ret_n_member);
        if (r == 1)
                r = try_path(dir, "/", place->file, ret_path, ret_n_member);
        return r;
}

/* ---- is a record what it was? ---- */

static int on_event(void *userdata, const Event *event) {
        Fetch *f = userdata;

        if (event->offset != f->place_at || event->size != f->buffer.size || event->hash != f->hash)
                return 0;
        f->is_same = true;
        f->is_partial = event->is_partial;
        f->record.size = 0;
        if (vec_reserve(&f->record, event->text.size) < 0)
                return -ENOMEM;
        memcpy(f->record.data, event->text.data, event->text.size);
        f->record.size = event->text.size;
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

static int feed(Fetch *f, Slice text) {
        int r = 0;

        for (size_t at = 0; r == 0 && at < text.size;) {
                size_t n = text.size - at, space;
                char *buffer;

                r = event_reader_space(f->reader, &buffer, &space);
                if (r < 0)
                        return r;
                n = n < space ? n : space;
                memcpy(buffer, text.data + at, n);
                at += n;
                r = event_reader_feed(f->reader, n);
        }
        return r;
}

/* Is the record in the buffer, between BEFORE and BEHIND, the one that was indexed? */
static int check_between(Fetch *f, Slice before, Slice behind) {
        EventSink sink = {f, on_event, on_fault, on_ignored};
        int r = event_reader_begin(f->reader, &sink);

        f->place_at = before.size;
        if (r == 0)
                r = feed(f, before);
        if (r == 0)
                r = feed(f, slice(f->buffer.data, f->buffer.size));
        if (r == 0)
                r = feed(f, behind);
        if (r == 0 || r == EVENT_ENOUGH)
                r = event_reader_finish(f->reader, false);
        return r;
}

static int check_record(Fetch *f) {
        int r;

        f->is_same = false;
        r = check_between(f, slice(f->head.data, f->head.size), (Slice){NULL, 0});
        if (r == 0 && !f->is_same && !f->head.size)
                r = check_between(f, SLICE_LITERAL(LIST_BEGIN), SLICE_LITERAL(LIST_END));
        return r;
}

/* ---- reading ---- */

/* The record of KEY cannot be had; WHAT says why. */
static int fail(Fetch *f, size_t key, const char *what) {
        const StorePlace *place = place_at(f, key);

        if (f->sink->missing) {
                f->sink->missing(f->sink->userdata, f->keys[key].index);
                return 0;
        }
        return engine_fail(f->error, SPOOR_E_EVIDENCE, "%.*s: %s", (int)place->file.size,
                        place->file.data, what);
}

static int fail_record(Fetch *f, size_t key) {
        const StorePlace *place = place_at(f, key);
        char what[400];

        snprintf(what, sizeof(what), "record %u at byte %llu is not the one that was indexed%s%s",
                        place->record, (unsigned long long)place->offset, *f->fault ? ": " : "",
                        f->fault);
        return fail(f, key, what);
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

/* The head of content whose first record wanted stands at OFFSET. */
static int take_head(Fetch *f, IoStream *stream, uint64_t offset, uint64_t *at_byte) {
        size_t size = 0;
        int r = take(f, stream, offset < EVENT_HEAD_BYTES ? offset : EVENT_HEAD_BYTES, true,
                        at_byte);

        f->head.size = 0;
        if (r == 0)
                r = event_reader_head(slice(f->buffer.data, f->buffer.size), &size);
        if (r == 0)
                r = vec_reserve(&f->head, size);
        if (r != 0)
                return r;
        if (size)
                memcpy(f->head.data, f->buffer.data, size);
        f->head.size = size;
        return 0;
}

static int read_bytes(Fetch *f, size_t key, IoStream *stream, uint64_t *at_byte) {
        const StorePlace *place = place_at(f, key);
        int r = 0;

        if (*at_byte == 0)
                r = take_head(f, stream, place->offset, at_byte);
        if (r == 0)
                r = take(f, stream, place->offset - *at_byte, false, at_byte);
        return r ? r : take(f, stream, place->size, true, at_byte);
}

/* The record of KEY in the bytes that were read. */
static int deliver(Fetch *f, size_t key) {
        const StorePlace *place = place_at(f, key);
        EvidenceRecord record;
        int r = 0;

        f->hash = place->hash;
        f->is_same = false;
        if (f->buffer.size == place->size)
                r = check_record(f);
        if (r != 0)
                return r;
        if (!f->is_same)
                return fail_record(f, key);
        record = (EvidenceRecord){
                        .text = slice(f->record.data, f->record.size),
                        .place = slice(f->buffer.data, f->buffer.size),
                        .is_partial = f->is_partial,
        };
        return f->sink->record(f->sink->userdata, f->keys[key].index, &record);
}

/* The first key of the file on disk that is open whose file sorts at or behind NAME. */
static size_t first_of(const Fetch *f, Slice name) {
        size_t low = f->begin, high = f->end;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (slice_compare(place_at(f, middle)->file, name) < 0)
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

        size_t first = first_of(f, name);

        for (size_t key = first; key < f->end; key++) {
                int r = 0;

                if (!slice_equal(place_at(f, key)->file, name) || f->is_done[key])
                        break;
                /* one wanted twice, or another from the same bytes: the stream does not go back */
                if (key == first || place_at(f, key)->offset != place_at(f, key - 1)->offset)
                        r = read_bytes(f, key, stream, &at_byte);
                if (r == 0)
                        r = deliver(f, key);
                if (r != 0)
                        return r;
                f->is_done[key] = true;
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
        IoSink sink = {f, on_leaf, on_io_fault, NULL};
        int r;

        f->fault[0] = 0;
        f->n_left = f->end - f->begin;
        r = io_reader_visit(f->io, path, name, &sink);
        if (r < 0 || r == SPOOR_E_EVIDENCE)
                return r;
        for (size_t key = f->begin; key < f->end; key++) {
                r = f->is_done[key] ? 0 : fail_record(f, key);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* Keys from begin on whose files are DISK or members of it. */
static size_t end_of_file(const Fetch *f, Slice disk) {
        size_t end = f->begin + 1;

        for (; end < f->n; end++) {
                Slice name = place_at(f, end)->file;

                if (!slice_starts_with(name, disk) ||
                                (name.size > disk.size && name.data[disk.size] != '!'))
                        break;
        }
        return end;
}

static const char *why_not_found(const Fetch *f, const StorePlace *place) {
        if (slice_equal(place->root_name, SLICE_LITERAL("-")))
                return "standard input cannot be read a second time; name the evidence as a file";
        return f->evidence ? "not found under the directory of --evidence"
                           : "the evidence is not where it was; --evidence DIR says where it is "
                             "now";
}

static int read_all(Fetch *f) {
        int r = 0;

        for (f->begin = 0; r == 0 && f->begin < f->n; f->begin = f->end) {
                const StorePlace *place = place_at(f, f->begin);
                size_t n_member = 0;

                free(f->path);
                f->path = NULL;
                f->end = f->begin + 1;
                r = locate(f, place, &f->path, &n_member);
                if (r == 1) {
                        r = fail(f, f->begin, why_not_found(f, place));
                } else if (r == 0) {
                        Slice disk = slice(place->file.data, place->file.size - n_member);

                        f->end = end_of_file(f, disk);
                        r = read_file(f, f->path, disk);
                }
        }
        return r;
}

static int compare_keys(const void *ctx, const SortKey *x, const SortKey *y) {
        const Fetch *f = ctx;
        const StorePlace *a = &f->places[x->index], *b = &f->places[y->index];
        int r = slice_compare(a->file, b->file);

        return r ? r : (a->offset > b->offset) - (a->offset < b->offset);
}

static int prepare(Fetch *f) {
        SortOrder order = {compare_keys, f};
        /* every record is compared with the hash of what was indexed */
        IoLimits limits = {f->options->max_nesting, .is_checked_elsewhere = true};
        int r;

        f->keys = space_alloc(f->space, f->n, sizeof(*f->keys));
        f->is_done = space_alloc_zero(f->space, f->n, sizeof(*f->is_done));
        if (!f->keys || !f->is_done)
                return -ENOMEM;
        for (size_t i = 0; i < f->n; i++)
                f->keys[i] = (SortKey){0, 0, 0, (uint32_t)i};
        r = sort_keys_in(f->space, f->keys, f->n, &order, 1);
        if (r == 0)
                r = io_reader_new(&limits, &f->io);
        if (r == 0)
                r = event_reader_new(
                                f->options->max_depth, f->options->max_record_bytes, &f->reader);
        return r;
}

int engine_read_places(const SpoorOptions *options, Space *space, const char *evidence,
                const StorePlace *places, size_t n, const EvidenceSink *sink, SpoorError *error) {
        Fetch f = {.options = options,
                        .space = space,
                        .evidence = evidence,
                        .sink = sink,
                        .error = error,
                        .places = places,
                        .n = n};
        int r = prepare(&f);

        if (error)
                error->message[0] = 0;
        if (r == 0)
                r = read_all(&f);
        if (r < 0 && error && !error->message[0])
                engine_fail(error, r, "reading the evidence: %s", strerror(-r));
        event_reader_free(f.reader);
        io_reader_free(f.io);
        vec_deinit(&f.head);
        vec_deinit(&f.buffer);
        vec_deinit(&f.record);
        space_release(space, f.is_done);
        free(f.path);
        space_release(space, f.keys);
        return r;
}

int engine_read_evidence(SpoorCase *scase, const uint32_t *events, size_t n_events,
                const EvidenceSink *sink, SpoorError *error) {
        StorePlace *places = vec_alloc(n_events, sizeof(*places));
        int r;

        if (!places)
                return engine_fail(error, -ENOMEM, "%s", strerror(ENOMEM));
        for (size_t i = 0; i < n_events; i++) {
                StoreSource source = store_source(scase->store, events[i]);
                StoreFile file = store_file(scase->store, source.file);

                places[i] = (StorePlace){.file = file.name,
                                .offset = source.offset,
                                .hash = source.hash,
                                .record = source.record,
                                .size = source.size};
                store_root(scase->store, file.root, &places[i].root_name, &places[i].root_path);
        }
        r = engine_check_store(scase->store, SPOOR_E_CORRUPT, error);
        if (r == 0)
                r = engine_read_places(&scase->options, NULL, scase->evidence, places, n_events,
                                sink, error);
        free(places);
        return r;
}

/* ---- for the store ---- */

static int on_wanted(void *userdata, size_t i, const EvidenceRecord *record) {
        const StoreRecordSink *sink = userdata;

        return sink->record(sink->userdata, i, record->text);
}

static int read_records(void *userdata, const uint32_t *events, size_t n, StoreRecordSink *sink) {
        EvidenceSink wanted = {sink, on_wanted, NULL};
        SpoorError error = {""};
        int r = engine_read_evidence(userdata, events, n, &wanted, &error);

        if (r != 0) {
                sink->code = r;
                snprintf(sink->message, sizeof(sink->message), "%.*s",
                                (int)sizeof(sink->message) - 1, error.message);
        }
        return r > 0 ? -ECANCELED : r;
}

void engine_give_records(SpoorCase *scase) {
        store_set_records(scase->store, &(StoreRecords){scase, read_records});
}
