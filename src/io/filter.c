/*
 * The compressions that are not gzip, as a stream, by libarchive's filters under its raw format.
 *
 * One filter for a layer, given by code and not by bidding, so that what is packed twice is two
 * layers and counts as such. What libarchive holds when it finds damage, up to one block of its
 * output, is lost: 64 to 128 KB, or a block of bzip2.
 *
 * Memory: what the format's window asks for. Threading: as the reader.
 */
#include <archive.h>
#include <archive_entry.h>
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
                archive_read_free(filter->archive);
        source_deinit(&filter->source);
        free(filter);
        return NULL;
}

static void cut(IoStream *stream, Filter *filter) {
        const char *message = archive_error_string(filter->archive);

        stream_cut(stream, "%s: %s by compressed byte %" PRIu64, sniff_kind_name(filter->kind),
                        message ? message : "damaged", stream_position(stream->below));
}

static int filter_pull(IoStream *stream, uint8_t *buffer, size_t cap, size_t *ret_n) {
        Filter *filter = stream->state;

        while (filter->n_block == 0) {
                const void *block;
                la_int64_t offset;
                int r;

                r = archive_read_data_block(filter->archive, &block, &filter->n_block, &offset);
                if (stream->reader->status)
                        return stream->reader->status;
                filter->block = block;
                if (r == ARCHIVE_EOF) {
                        filter->n_block = 0;
                        if (stream->below->has_fault)
                                stream_cut(stream, "%s: cut short", sniff_kind_name(filter->kind));
                        return 0;
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

        r = archive_read_support_format_raw(filter->archive);
        if (r == ARCHIVE_OK)
                r = archive_read_support_format_empty(filter->archive);
        if (r == ARCHIVE_OK)
                r = archive_read_append_filter(filter->archive, codes[filter->kind]);
        if (r == ARCHIVE_OK)
                r = source_open(&filter->source, filter->archive);
        if (r == ARCHIVE_OK)
                r = archive_read_next_header(filter->archive, &entry);
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
        filter->archive = archive_read_new();
        if (!filter->archive)
                return reader_fail(reader, -ENOMEM);
        r = start(filter);
        if (reader->status)
                return reader->status;
        if (r == ARCHIVE_EOF)
                layer->stream.is_ended = true;
        else if (r < ARCHIVE_WARN)
                cut(&layer->stream, filter);
        return 0;
}
