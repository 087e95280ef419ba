/*
 * The reader: opens a file, and peels it layer by layer until there is content that is neither
 * packed nor an archive.
 *
 * Layout: layers[0] is the file with a window of 256 KB; a layer above it, made when first needed
 * and kept, unpacks or holds a member of the one below. A small gzip file thus costs open, read,
 * read, close and one inflate, and no allocation.
 *
 * Invariants: at most max_nesting layers stand on the file, so recursion is bounded by it; after a
 * visit no descriptor is open and no libarchive handle alive. IoReader.status holds the first
 * failure and every loop ends on it.
 *
 * Threading: a reader belongs to one thread at a time and shares nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "io/ahead.h"

#define HINTS_AFTER_WAIT 1024 /* hints that are followed after a read that had to wait */

int reader_fail(IoReader *reader, int status) {
        if (reader->status == 0)
                reader->status = status;
        return reader->status;
}

/* ---- the file ---- */

/*
 * The first read of a file asks for what is in memory, which costs no more than any read and tells
 * if the disk has to be waited for. What fails is read again as usual.
 */
static ssize_t read_first(IoReader *reader, uint8_t *buffer, size_t cap) {
        struct iovec part = {buffer, cap};
        ssize_t n;

        if (reader->no_nowait)
                return -1;
        n = preadv2(reader->fd, &part, 1, -1, RWF_NOWAIT);
        if (n < 0 && errno == EAGAIN)
                reader->n_cold = HINTS_AFTER_WAIT;
        else if (n < 0)
                reader->no_nowait = errno == EOPNOTSUPP || errno == ENOSYS;
        return n;
}

static int file_pull(IoStream *stream, uint8_t *buffer, size_t cap, size_t *ret_n) {
        IoReader *reader = stream->reader;
        ssize_t n = stream->n_pulled == 0 ? read_first(reader, buffer, cap) : -1;

        while (n < 0) {
                n = read(reader->fd, buffer, cap);
                if (n < 0 && errno != EINTR)
                        break;
        }
        if (n < 0) {
                stream_cut(stream, "cannot read at byte %" PRIu64 ": %s", stream->n_pulled,
                                strerrordesc_np(errno));
                return 0;
        }
        reader->n_bytes += (uint64_t)n;
        *ret_n = (size_t)n;
        return 0;
}

void io_reader_hint(IoReader *reader, const char *path) {
        struct stat st;
        int fd;

        if (reader->n_cold == 0)
                return;
        reader->n_cold--;
        /* To open a pipe would be felt at its other end. */
        if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
                return;
        fd = open_evidence(path, 0);
        if (fd < 0)
                return;
        posix_fadvise(fd, 0, STREAM_FILE_WINDOW, POSIX_FADV_WILLNEED);
        close(fd);
}

/* ---- layers ---- */

static int make_layer(IoReader *reader, uint32_t depth, Layer **ret_layer) {
        if (!reader->layers[depth]) {
                reader->layers[depth] = calloc(1, sizeof(Layer));
                if (!reader->layers[depth])
                        return reader_fail(reader, -ENOMEM);
        }
        *ret_layer = reader->layers[depth];
        return 0;
}

int reader_push(IoReader *reader, uint32_t depth, StreamPull pull, void *state, Layer **ret_layer) {
        IoStream *below = &reader->layers[depth]->stream;
        int r;

        r = make_layer(reader, depth + 1, ret_layer);
        if (r)
                return r;
        return stream_init(&(*ret_layer)->stream, reader, below, pull, state, STREAM_WINDOW);
}

static int visit_leaf(IoReader *reader, IoStream *stream) {
        int r;

        if (stream->is_cut && stream->n_pulled == 0)
                return 0; /* nothing of it is left but the fault */
        r = reader->sink->leaf(
                        reader->sink->userdata, slice(reader->name, stream->name_size), stream);
        return reader_fail(reader, r);
}

static bool is_wanted_packed(const IoReader *reader, const IoStream *stream, Kind kind) {
        const IoSink *sink = reader->sink;

        return sink->is_packed_wanted && kind != KIND_TAR && kind != KIND_ZIP && kind != KIND_7Z &&
               sink->is_packed_wanted(sink->userdata, slice(reader->name, stream->name_size));
}

static int visit_packed(IoReader *reader, uint32_t depth, Kind kind) {
        Layer *layer;
        int r;

        r = kind == KIND_GZIP ? gunzip_open(reader, depth) : filter_open(reader, depth, kind);
        if (r)
                return r;
        r = reader_visit_layer(reader, depth + 1);
        layer = reader->layers[depth + 1];
        if (r == 0)
                r = stream_flush(&layer->stream);
        layer->filter = filter_free(layer->filter);
        return r;
}

int reader_visit_layer(IoReader *reader, uint32_t depth) {
        IoStream *stream = &reader->layers[depth]->stream;
        const uint8_t *head;
        Kind kind;
        size_t n;
        int r;

        r = stream_peek(stream, STREAM_SNIFF, &head, &n);
        if (r)
                return r;
        kind = sniff_kind(head, n);
        if (kind == KIND_LEAF || is_wanted_packed(reader, stream, kind))
                return visit_leaf(reader, stream);
        if (depth >= reader->max_nesting)
                return stream_fault_at(stream, 0,
                                "%s: nested deeper than %" PRIu32 " layers, not read",
                                sniff_kind_name(kind), reader->max_nesting);
        switch (kind) {
        case KIND_TAR:
        case KIND_ZIP:
        case KIND_7Z:
                return archive_visit(reader, depth, kind);
        default:
                return visit_packed(reader, depth, kind);
        }
}

/* ---- reader ---- */

int io_reader_new(const IoLimits *limits, IoReader **ret_reader) {
        IoReader *reader;

        reader = calloc(1, sizeof(*reader));
        if (!reader)
                return -ENOMEM;
        reader->fd = -1;
        reader->max_nesting = limits && limits->max_nesting ? limits->max_nesting : IO_MAX_NESTING;
        if (reader->max_nesting > IO_MAX_NESTING_LIMIT)
                reader->max_nesting = IO_MAX_NESTING_LIMIT;
        reader->ahead_lag = limits && limits->is_checked_elsewhere ? AHEAD_LAG_SMALL : AHEAD_LAG;
        reader->layers = calloc(reader->max_nesting + 1, sizeof(*reader->layers));
        if (!reader->layers) {
                io_reader_free(reader);
                return -ENOMEM;
        }
        *ret_reader = reader;
        return 0;
}

IoReader *io_reader_free(IoReader *reader) {
        uint32_t i;

        if (!reader)
                return NULL;
        for (i = 0; reader->layers && i <= reader->max_nesting; i++) {
                Layer *layer = reader->layers[i];

                if (!layer)
                        continue;
                filter_free(layer->filter);
                gunzip_deinit(&layer->gunzip);
                sha256_deinit(&layer->sha);
                free(layer->stream.window);
                free(layer);
        }
        free(reader->layers);
        ahead_free(reader->ahead);
        free(reader->libarchive);
        name_deinit(reader);
        if (reader->locale)
                freelocale(reader->locale);
        free(reader);
        return NULL;
}

void reader_set_inflate(IoReader *reader, bool no_ahead, size_t lag) {
        reader->no_ahead = no_ahead;
        reader->ahead_lag = lag;
}

static int visit_file(IoReader *reader, Slice name) {
        Layer *file;
        int r;

        r = make_layer(reader, 0, &file);
        if (r)
                return r;
        r = stream_init(&file->stream, reader, NULL, file_pull, NULL, STREAM_FILE_WINDOW);
        if (r)
                return r;
        file->stream.name_size = name.size;
        r = content_begin(file);
        if (r == 0)
                r = reader_visit_layer(reader, 0);
        return r ? r : content_end(file);
}

static int pass_open_error(IoReader *reader, Slice name, int error) {
        char reason[128];

        snprintf(reason, sizeof(reason), "cannot open: %s", strerrordesc_np(error));
        return reader->sink->fault(reader->sink->userdata, name, 0, slice_cstr(reason));
}

int io_reader_visit(IoReader *reader, const char *path, Slice name, const IoSink *sink) {
        bool is_stdin = strcmp(path, "-") == 0;
        int r;

        reader->sink = sink;
        reader->status = 0;
        r = name_reset(reader, name);
        if (r)
                return r;
        reader->fd = is_stdin ? STDIN_FILENO : open_evidence(path, 0);
        if (reader->fd < 0) {
                if (errno == ENOMEM || errno == EMFILE || errno == ENFILE)
                        return -errno; /* ours, not the evidence's */
                return pass_open_error(reader, name, errno);
        }
        r = visit_file(reader, name);
        if (!is_stdin)
                close(reader->fd);
        reader->fd = -1;
        return r;
}

uint64_t io_reader_n_bytes(const IoReader *reader) {
        return reader->n_bytes;
}
