/*
 * Streams: a window over what a layer's pull function makes, and its faults.
 *
 * Layout: bytes pulled but not yet taken stand in the window, [window_at, window_end); n_pulled
 * counts everything pulled, so a reader's position is n_pulled less what the window holds. Large
 * reads of an empty window go past it, from the pull function straight into the caller's buffer.
 *
 * Invariants: once is_ended, pull is not called again. A stream that is cut is ended. The first
 * failure of a visit is in IoReader.status and every later read returns it, so a leaf that forgets
 * to forward it changes nothing.
 *
 * Threading: as the reader.
 */
#include "io/stream.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SMALL_READ (16U << 10) /* reads below this are served by the window */

int stream_init(IoStream *stream, IoReader *reader, IoStream *below, StreamPull pull, void *state,
                size_t window_cap) {
        uint8_t *window = stream->window;

        if (!window) {
                window = malloc(window_cap);
                if (!window)
                        return reader_fail(reader, -ENOMEM);
        } else {
                window_cap = stream->window_cap;
        }
        /* Not the whole struct: the text of a fault need not be cleared for each file. */
        stream->reader = reader;
        stream->below = below;
        stream->pull = pull;
        stream->state = state;
        stream->window = window;
        stream->window_cap = window_cap;
        stream->window_at = 0;
        stream->window_end = 0;
        stream->n_pulled = 0;
        stream->name_size = below ? below->name_size : 0;
        stream->is_ended = false;
        stream->is_cut = false;
        stream->has_fault = false;
        stream->sha = NULL;
        stream->n_hashed = 0;
        stream->is_sought = false;
        stream->archive = NULL;
        return 0;
}

/* Of the N bytes that were pulled last, those that are new. */
static int hash(IoStream *stream, const uint8_t *data, size_t n) {
        uint64_t n_known = stream->n_hashed + n - stream->n_pulled;

        if (!stream->sha || stream->n_hashed >= stream->n_pulled)
                return 0;
        stream->n_hashed = stream->n_pulled;
        return sha256_update(stream->sha, data + n_known, n - (size_t)n_known);
}

static int pull(IoStream *stream, uint8_t *buffer, size_t cap, size_t *ret_n) {
        int r;

        *ret_n = 0;
        if (stream->reader->status)
                return stream->reader->status;
        if (stream->is_ended || cap == 0)
                return 0;
        r = stream->pull(stream, buffer, cap, ret_n);
        if (r)
                return reader_fail(stream->reader, r);
        stream->n_pulled += *ret_n;
        if (*ret_n == 0)
                stream->is_ended = true;
        r = hash(stream, buffer, *ret_n);
        return r ? reader_fail(stream->reader, r) : 0;
}

int stream_peek(IoStream *stream, size_t want, const uint8_t **ret_data, size_t *ret_n) {
        if (stream->window_at > 0 && stream->window_cap - stream->window_at < want) {
                stream->window_end -= stream->window_at;
                memmove(stream->window, stream->window + stream->window_at, stream->window_end);
                stream->window_at = 0;
        }
        while (stream->window_end - stream->window_at < want && !stream->is_ended) {
                size_t n, cap;
                int r;

                /* A file gives what it has in one call; a decoder is asked for no more than needed.
                 */
                cap = stream->below ? want - (stream->window_end - stream->window_at)
                                    : stream->window_cap - stream->window_end;
                r = pull(stream, stream->window + stream->window_end, cap, &n);
                if (r)
                        return r;
                stream->window_end += n;
        }
        *ret_data = stream->window + stream->window_at;
        *ret_n = stream->window_end - stream->window_at;
        return 0;
}

int stream_view(IoStream *stream, const uint8_t **ret_data, size_t *ret_n) {
        if (stream->window_at == stream->window_end) {
                size_t n;
                int r;

                r = pull(stream, stream->window, stream->window_cap, &n);
                if (r)
                        return r;
                stream->window_at = 0;
                stream->window_end = n;
        }
        *ret_data = stream->window + stream->window_at;
        *ret_n = stream->window_end - stream->window_at;
        return 0;
}

void stream_consume(IoStream *stream, size_t n) {
        stream->window_at += n;
}

uint64_t stream_position(const IoStream *stream) {
        return stream->n_pulled - (stream->window_end - stream->window_at);
}

int io_stream_read(IoStream *stream, void *buffer, size_t cap, size_t *ret_n) {
        const uint8_t *data;
        size_t n;
        int r;

        if (stream->window_at == stream->window_end && cap >= SMALL_READ)
                return pull(stream, buffer, cap, ret_n);
        *ret_n = 0;
        if (cap == 0)
                return 0;
        r = stream_view(stream, &data, &n);
        if (r)
                return r;
        if (n > cap)
                n = cap;
        if (n > 0)
                memcpy(buffer, data, n);
        stream_consume(stream, n);
        *ret_n = n;
        return 0;
}

bool io_stream_is_cut(const IoStream *stream) {
        /* Bytes before the cut that are still in the window have to be read first. */
        return stream->is_cut && stream->window_at == stream->window_end;
}

/* One line: what libraries say may hold a name out of the evidence. */
static void clean_line(char *text) {
        for (; *text; text++)
                if ((unsigned char)*text < 0x20 || *text == 0x7f)
                        *text = '?';
}

static int pass_fault(IoStream *stream, uint64_t offset, char *reason) {
        IoReader *reader = stream->reader;
        int r;

        clean_line(reason);
        r = reader->sink->fault(reader->sink->userdata, slice(reader->name, stream->name_size),
                        offset, slice_cstr(reason));
        return reader_fail(reader, r);
}

int stream_fault(IoStream *stream, const char *format, ...) {
        char reason[sizeof(stream->fault_reason)];
        va_list args;

        va_start(args, format);
        vsnprintf(reason, sizeof(reason), format, args);
        va_end(args);
        return pass_fault(stream, stream->n_pulled, reason);
}

int stream_fault_at(IoStream *stream, uint64_t offset, const char *format, ...) {
        char reason[sizeof(stream->fault_reason)];
        va_list args;

        va_start(args, format);
        vsnprintf(reason, sizeof(reason), format, args);
        va_end(args);
        return pass_fault(stream, offset, reason);
}

void stream_cut(IoStream *stream, const char *format, ...) {
        IoStream *below = stream->below;
        va_list args;

        if (stream->is_cut)
                return;
        stream->is_ended = true;
        stream->is_cut = true;
        stream->has_fault = true;
        va_start(args, format);
        vsnprintf(stream->fault_reason, sizeof(stream->fault_reason), format, args);
        va_end(args);
        if (below && below->has_fault) {
                size_t n = strlen(stream->fault_reason);

                snprintf(stream->fault_reason + n, sizeof(stream->fault_reason) - n, " (%s)",
                                below->fault_reason);
                below->has_fault = false;
        }
}

int stream_flush(IoStream *stream) {
        if (!stream->has_fault)
                return stream->reader->status;
        stream->has_fault = false;
        return pass_fault(stream, stream->n_pulled, stream->fault_reason);
}
