/*
 * gzip as a stream: every member of the layer below, end to end, inflated from its window straight
 * into the caller's buffer. Of a file itself, sound members are unpacked by ISA-L where the build
 * has it (ahead.h); the first that is not, and all behind it, are zlib's. Whatever is said of
 * damage is said by zlib.
 *
 * One z_stream for each layer, made when first needed and reset for each member and file. A fault
 * is named where it stands in the packed bytes; its offset is where it stands in the unpacked ones.
 * A member with a wrong sum or length has been delivered already and is kept; if another member
 * begins right behind its trailer, reading goes on there. Invalid data and a missing end cut the
 * stream, and bytes behind the last member that begin no other are counted and named.
 *
 * Complexity: linear; memory is the window below and zlib's 32 KB. Threading: as the reader.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>

#include "io/ahead.h"

#define GZIP_WINDOW_BITS (15 + 16) /* 16: zlib reads the gzip header and checks the trailer */
#define MAX_COUNTED (64U << 20)    /* of bytes after the last member */

/* A member begins, for whatever unpacks it. */
static int start_member(IoStream *stream, Gunzip *g) {
        g->phase = GUNZIP_BODY;
        if (g->ahead) {
                ahead_start(g->ahead, stream->below);
                return 0;
        }
        if (!g->is_init) {
                memset(&g->z, 0, sizeof(g->z));
                if (inflateInit2(&g->z, GZIP_WINDOW_BITS) != Z_OK)
                        return -ENOMEM;
                g->is_init = true;
                return 0;
        }
        return inflateReset2(&g->z, GZIP_WINDOW_BITS) == Z_OK ? 0 : -EINVAL;
}

/* With ISA-L, and from the first member that it refuses on with zlib. */
static int inflate_ahead(IoStream *stream, Gunzip *g, uint8_t *buffer, size_t cap, size_t *ret_n) {
        int r;

        r = ahead_pull(g->ahead, stream->below, buffer, cap, ret_n);
        if (r == AHEAD_END) {
                g->phase = GUNZIP_AFTER;
                return 0;
        }
        if (r != AHEAD_REFUSED)
                return r;
        g->n_skip = ahead_n_handed(g->ahead);
        g->ahead = NULL;
        return start_member(stream, g);
}

/* Inflates what the window holds. *ret_n may be 0 though there is more to come. */
static int inflate_some(IoStream *stream, Gunzip *g, uint8_t *buffer, size_t cap, size_t *ret_n) {
        z_stream *z = &g->z;
        const uint8_t *data;
        size_t n;
        int r;

        r = stream_view(stream->below, &data, &n);
        if (r)
                return r;
        if (n > UINT_MAX)
                n = UINT_MAX;
        if (cap > UINT_MAX)
                cap = UINT_MAX;
        z->next_in = (z_const Bytef *)data;
        z->avail_in = (uInt)n;
        z->next_out = buffer;
        z->avail_out = (uInt)cap;
        /* At the end of the file too: output may be left that found no room the last time. */
        r = inflate(z, Z_NO_FLUSH);
        stream_consume(stream->below, n - z->avail_in);
        *ret_n = cap - z->avail_out;
        if (r == Z_STREAM_END)
                g->phase = GUNZIP_AFTER;
        else if (r == Z_MEM_ERROR)
                return -ENOMEM;
        else if (r == Z_DATA_ERROR && z->msg && strcmp(z->msg, "incorrect data check") == 0)
                g->phase = GUNZIP_WRONG_CRC;
        else if (r == Z_DATA_ERROR && z->msg && strcmp(z->msg, "incorrect length check") == 0)
                g->phase = GUNZIP_WRONG_LENGTH;
        else if (r != Z_OK && r != Z_BUF_ERROR)
                g->phase = GUNZIP_INVALID;
        else if (n == 0 && *ret_n == 0) {
                g->phase = GUNZIP_END;
                stream_cut(stream, "gzip: unexpected end of file at compressed byte %" PRIu64,
                                stream_position(stream->below));
        }
        return 0;
}

/* What was handed out before zlib took over; if zlib has less than that, it ends there. */
static int skip_handed(IoStream *stream, Gunzip *g) {
        uint8_t scratch[8192];
        size_t n;
        int r;

        r = inflate_some(stream, g, scratch,
                        g->n_skip < sizeof(scratch) ? (size_t)g->n_skip : sizeof(scratch), &n);
        if (r)
                return r;
        g->n_skip -= n;
        if (g->n_skip > 0 && g->phase != GUNZIP_BODY && g->phase != GUNZIP_END)
                g->phase = GUNZIP_INVALID;
        return 0;
}

/* zlib stops behind the sum, which is the first half of the trailer, or behind its second. */
static int pass_wrong_sum(IoStream *stream, Gunzip *g) {
        uint64_t at = stream_position(stream->below) - 4;
        const uint8_t *data;
        size_t n;
        int r;

        r = stream_fault(stream, "gzip: wrong %s at compressed byte %" PRIu64,
                        g->phase == GUNZIP_WRONG_CRC ? "CRC-32" : "length", at);
        if (r)
                return r;
        if (g->phase == GUNZIP_WRONG_CRC) {
                r = stream_peek(stream->below, 4, &data, &n);
                if (r)
                        return r;
                stream_consume(stream->below, n < 4 ? n : 4);
        }
        g->phase = GUNZIP_AFTER;
        return 0;
}

static void cut_invalid(IoStream *stream, Gunzip *g) {
        const char *message = g->z.msg ? g->z.msg : "invalid data";
        bool in_header = strstr(message, "header") || strstr(message, "method") ||
                         strstr(message, "window size");

        g->phase = GUNZIP_END;
        stream_cut(stream, "gzip: invalid %s at compressed byte %" PRIu64 ": %s",
                        in_header ? "header" : "deflate data", stream_position(stream->below),
                        message);
}

static int count_trailing(IoStream *stream) {
        uint64_t at = stream_position(stream->below), n_all = 0;
        bool all_zero = true;
        const char *more;

        for (;;) {
                const uint8_t *data;
                size_t n, i;
                int r;

                r = stream_view(stream->below, &data, &n);
                if (r)
                        return r;
                if (n == 0)
                        break;
                for (i = 0; all_zero && i < n; i++)
                        all_zero = data[i] == 0;
                stream_consume(stream->below, n);
                n_all += n;
                if (n_all > MAX_COUNTED)
                        break;
        }
        more = n_all > MAX_COUNTED ? "more than " : "";
        return stream_fault(stream,
                        "gzip: %s%" PRIu64
                        "%s byte%s after the last member at compressed byte %" PRIu64,
                        more, n_all, all_zero ? " zero" : "", n_all == 1 ? "" : "s", at);
}

static int next_member(IoStream *stream, Gunzip *g) {
        const uint8_t *data;
        size_t n;
        int r;

        r = stream_peek(stream->below, 2, &data, &n);
        if (r)
                return r;
        if (n >= 2 && data[0] == 0x1f && data[1] == 0x8b)
                return start_member(stream, g);
        g->phase = GUNZIP_END;
        return n == 0 ? 0 : count_trailing(stream);
}

static int gunzip_pull(IoStream *stream, uint8_t *buffer, size_t cap, size_t *ret_n) {
        Gunzip *g = stream->state;
        int r = 0;

        while (r == 0 && *ret_n == 0) {
                switch (g->phase) {
                case GUNZIP_BODY:
                        r = g->ahead    ? inflate_ahead(stream, g, buffer, cap, ret_n)
                            : g->n_skip ? skip_handed(stream, g)
                                        : inflate_some(stream, g, buffer, cap, ret_n);
                        break;
                case GUNZIP_WRONG_CRC:
                case GUNZIP_WRONG_LENGTH:
                        r = pass_wrong_sum(stream, g);
                        break;
                case GUNZIP_INVALID:
                        cut_invalid(stream, g);
                        break;
                case GUNZIP_AFTER:
                        r = next_member(stream, g);
                        break;
                case GUNZIP_END:
                        return 0;
                }
        }
        return r;
}

int gunzip_open(IoReader *reader, uint32_t depth) {
        Layer *layer;
        Gunzip *g;
        int r;

        r = reader_push(reader, depth, gunzip_pull, NULL, &layer);
        if (r)
                return r;
        g = &layer->gunzip;
        layer->stream.state = g;
        g->n_skip = 0;
        g->ahead = NULL;
        if (depth == 0 && !reader->no_ahead) {
                if (!reader->ahead)
                        r = ahead_new(reader->ahead_lag, &reader->ahead);
                if (r)
                        return reader_fail(reader, r);
                g->ahead = reader->ahead;
        }
        r = start_member(&layer->stream, g);
        return r ? reader_fail(reader, r) : 0;
}

void gunzip_deinit(Gunzip *g) {
        if (g->is_init)
                inflateEnd(&g->z);
        g->is_init = false;
}
