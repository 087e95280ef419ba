/*
 * Files and members as they stand: what is hashed of them, and their end.
 *
 * Bytes are hashed where they enter the lowest layer that has the name, whoever asked for them, so
 * that a content that is read front to back is hashed on the way. At its end the rest is read:
 * behind the last record, behind the last gzip member, of a content that is no log. What was read
 * out of order (a zip, a 7z) is read once more.
 *
 * One Sha256 for each layer, kept for the next content. Threading: as the reader.
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "io/stream.h"

IoStream *content_of(IoStream *stream) {
        while (stream->below && stream->below->name_size == stream->name_size)
                stream = stream->below;
        return stream;
}

int content_begin(Layer *layer) {
        IoReader *reader = layer->stream.reader;
        int r = 0;

        if (!reader->sink->done)
                return 0;
        if (!layer->sha.context)
                r = sha256_init(&layer->sha);
        if (r == 0)
                r = sha256_begin(&layer->sha);
        layer->stream.sha = &layer->sha;
        return r ? reader_fail(reader, r) : 0;
}

/* From the beginning, through the stream's window; *ret_size is left where it ends by an error. */
static int hash_again(IoStream *stream, uint64_t *ret_size) {
        IoReader *reader = stream->reader;
        int r = sha256_begin(stream->sha);
        ssize_t n = 1;

        *ret_size = 0;
        while (r == 0 && n > 0) {
                do {
                        n = pread(reader->fd, stream->window, stream->window_cap,
                                        (off_t)(stream->base + *ret_size));
                } while (n < 0 && errno == EINTR);
                if (n < 0) {
                        stream_cut(stream, "cannot read at byte %" PRIu64 ": %s", *ret_size,
                                        strerrordesc_np(errno));
                } else if (n > 0) {
                        *ret_size += (uint64_t)n;
                        r = sha256_update(stream->sha, stream->window, (size_t)n);
                }
        }
        return r ? reader_fail(reader, r) : 0;
}

static int drain(IoStream *stream) {
        const uint8_t *data;
        size_t n;
        int r;

        do {
                r = stream_view(stream, &data, &n);
                stream_consume(stream, r ? 0 : n);
        } while (r == 0 && n > 0);
        return r;
}

int content_end(Layer *layer) {
        IoStream *stream = &layer->stream;
        IoReader *reader = stream->reader;
        IoContent content = {.archive = stream->archive};
        uint8_t hash[SHA256_SIZE];
        int r = 0;

        if (stream->sha)
                r = stream->is_sought ? hash_again(stream, &content.size) : drain(stream);
        if (r == 0)
                r = stream_flush(stream);
        if (r || !stream->sha)
                return r;
        if (!stream->is_sought)
                content.size = stream->n_pulled;
        if (!stream->is_cut) {
                r = sha256_final(stream->sha, hash);
                content.hash = hash;
        }
        content.name = slice(reader->name, stream->name_size);
        if (r == 0)
                r = reader->sink->done(reader->sink->userdata, &content);
        return reader_fail(reader, r);
}
