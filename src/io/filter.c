/*
 * The compressions that are not gzip, as a stream, by libarchive's filters under its raw format.
 *
 * One filter for a layer, given by code and not by bidding, so that what is packed twice is two
 * layers and counts as such. What libarchive holds when it finds damage, up to one block of its
 * output, is lost: 64 to 128 KB, or a block of bzip2.
 *
 * Memory: what the format's window asks for. Threading: as the reader.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "io/source.h"

typedef struct Filter {
        struct archive *archive;
        Source source;
        Kind kind;
        const uint8_t *block; /* of libarchive, not yet handed out */
        size_t n_block;
} Filter;

static const int codes[N_KINDS] = {
                [KIND_ZSTD] = ARCHIVE_FILTER_ZSTD,
                [KIND_XZ] = ARCHIVE_FILTER_XZ,
                [KIND_BZIP2] = ARCHIVE_FILTER_BZIP2,
                [KIND_LZ4] = ARCHIVE_FILTER_LZ4,
                [KIND_LZIP] = ARCHIVE_FILTER_LZIP,
                [KIND_COMPRESS] = ARCHIVE_FILTER_COMPRESS,
};

struct Filter *filter_free(Filter *filter) {
        if (!filter)
                return NULL;
        if (filter->archive)
                filter->source.la->archive_read_free(filter->archive);
        source_deinit(&filter->source);
        free(filter);
        return NULL;
}

/* Packed bytes that libarchive has used, not only asked for. */
static uint64_t n_taken(const Filter *filter) {
        la_int64_t n = filter->source.la->archive_filter_bytes(filter->archive, -1);

        return n > 0 ? (uint64_t)n : 0;
}

static void cut(IoStream *stream, Filter *filter) {
        const char *message = filter->source.la->archive_error_string(filter->archive);

        stream_cut(stream, "%s: %s at compressed byte %" PRIu64, sniff_kind_name(filter->kind),
                        message ? message : "damaged", n_taken(filter));
}

/* The end, sound as far as libarchive tells; some of its filters do not look behind it. */
static int end(IoStream *stream, Filter *filter) {
        uint64_t at = n_taken(filter), n_left = filter->source.at > at ? filter->source.at - at : 0;

        stream->is_ended = true;
        if (stream->below->has_fault) {
                stream_cut(stream, "%s: cut short", sniff_kind_name(filter->kind));
                return 0;
        }
        if (filter->kind == KIND_LZIP && stream->n_pulled == 0)
                return 0; /* libarchive leaves the trailer of an empty one */
        for (;;) {
                const uint8_t *data;
                size_t n;
                int r;

                r = stream_view(stream->below, &data, &n);
                if (r)
                        return r;
                if (n == 0)
                        break;
                n_left += n;
                stream_consume(stream->below, n);
        }
        if (n_left == 0)
                return 0;
        return stream_fault(stream,
                        "%s: %" PRIu64 " byte%s after its end at compressed byte %" PRIu64,
                        sniff_kind_name(filter->kind), n_left, n_left == 1 ? "" : "s", at);
}

static int filter_pull(IoStream *stream, uint8_t *buffer, size_t cap, size_t *ret_n) {
        Filter *filter = stream->state;

        while (filter->n_block == 0) {
                const void *block;
                la_int64_t offset;
                int r;

                r = filter->source.la->archive_read_data_block(
                                filter->archive, &block, &filter->n_block, &offset);
                if (stream->reader->status)
                        return stream->reader->status;
                filter->block = block;
                if (r == ARCHIVE_EOF) {
                        filter->n_block = 0;
                        return end(stream, filter);
                }
                if (r < ARCHIVE_WARN) {
                        filter->n_block = 0;
                        cut(stream, filter);
                        return 0;
                }
        }
        *ret_n = filter->n_block < cap ? filter->n_block : cap;
        memcpy(buffer, filter->block, *ret_n);
        filter->block += *ret_n;
        filter->n_block -= *ret_n;
        return 0;
}

/* The first bytes are read here: what is wrong with them is a fault like any later one. */
static int start(Filter *filter) {
        struct archive_entry *entry;
        int r;

        r = filter->source.la->archive_read_support_format_raw(filter->archive);
        if (r == ARCHIVE_OK)
                r = filter->source.la->archive_read_support_format_empty(filter->archive);
        /* libarchive's own order of things makes compress crash when it is given and not found. */
        if (r == ARCHIVE_OK && filter->kind == KIND_COMPRESS)
                r = filter->source.la->archive_read_support_filter_compress(filter->archive);
        else if (r == ARCHIVE_OK)
                r = filter->source.la->archive_read_append_filter(
                                filter->archive, codes[filter->kind]);
        if (r == ARCHIVE_OK)
                r = source_open(&filter->source, filter->archive);
        /* A header that was not accepted would come out as content. */
        if (r == ARCHIVE_OK && filter->source.la->archive_filter_code(filter->archive, 0) !=
                                               codes[filter->kind])
                r = ARCHIVE_FATAL;
        /* Damage in the first block passes for an empty archive, but has left a message. */
        if (r == ARCHIVE_OK && filter->source.la->archive_errno(filter->archive) != 0)
                r = ARCHIVE_FATAL;
        if (r == ARCHIVE_OK)
                r = filter->source.la->archive_read_next_header(filter->archive, &entry);
        return r;
}

int filter_open(IoReader *reader, uint32_t depth, Kind kind) {
        Filter *filter;
        Layer *layer;
        int r;

        r = reader_push(reader, depth, filter_pull, NULL, &layer);
        if (r)
                return r;
        filter = calloc(1, sizeof(*filter));
        if (!filter)
                return reader_fail(reader, -ENOMEM);
        layer->filter = filter;
        layer->stream.state = filter;
        filter->kind = kind;
        r = source_init(&filter->source, layer->stream.below, false);
        if (r)
                return r;
        filter->archive = filter->source.la->archive_read_new();
        if (!filter->archive)
                return reader_fail(reader, -ENOMEM);
        r = start(filter);
        if (reader->status)
                return reader->status;
        /* Damage in the first block looks like an empty archive to libarchive, but has a message.
         */
        if (r < ARCHIVE_WARN || (r == ARCHIVE_EOF && filter->source.la->archive_error_string(
                                                                     filter->archive)))
                cut(&layer->stream, filter);
        else if (r == ARCHIVE_EOF)
                return end(&layer->stream, filter);
        return 0;
}
