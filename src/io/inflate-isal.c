/*
 * Inflating with ISA-L, twice as fast as zlib, ahead of what is handed out.
 *
 * ISA-L takes what zlib refuses (codes that are not complete), and so turns some damage into bytes
 * that zlib would not give. What it makes is therefore held back: nothing of a member is handed out
 * before the member was found sound, with its CRC-32 and length, and of a member larger than the
 * ring only what lies half a ring behind. Anything that is not a sound member is refused: the file
 * is put back to where the member begins and zlib reads it, so that content, offsets and words of
 * every diagnosis are zlib's.
 *
 * One difference is left: where nothing but the length of a code that is not used was damaged, so
 * that the content and its CRC-32 are as they were, zlib refuses the block, and here it is sound.
 * In a member larger than the ring, bytes that ISA-L made of a damaged block may be handed out if
 * it makes more than a lag of them before it notices; zlib's diagnosis then follows behind them.
 *
 * Layout: unpacked byte I of a member stands at ring[I % ring_cap]; [n_handed, n_out) is held. The
 * packed bytes of a member stay in the window of the file (n_fed of them were given to ISA-L), so
 * that being put back is nothing but forgetting; when the window is full, all but the last KEPT of
 * them are let go, and being put back is a seek.
 *
 * Invariants: the header is read here and ISA-L sees raw deflate; it may take up to 8 bytes of
 * what follows, which KEPT covers. The ring wraps only at its full size.
 *
 * Complexity: linear; memory is ISA-L's 90 KB and the ring, which grows to two lags. Threading: as
 * the reader.
 */
#include <errno.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/ahead.h"

#define FIRST_RING (256U << 10)
#define DECODE_AT_ONCE (256U << 10) /* then its sum, while it is in the cache */
#define KEPT 16
#define TRAILER 8
#define MAX_HEADER (128U << 10) /* extra field of 64 KB, names */

struct Ahead {
        struct inflate_state state;
        uint8_t *ring;
        size_t ring_cap;
        size_t lag;
        uint64_t n_out;
        uint64_t n_handed;
        uint32_t crc;
        bool has_header;
        bool is_hungry; /* ISA-L can make nothing more of what it was fed */
        bool is_whole;  /* all of the member is in the ring or handed out, and it is sound */
        size_t n_fed;   /* of the window */
        bool is_slid;   /* the window no longer begins with the member */
        uint64_t start; /* of the member, in the layer below */
        off_t file_at;  /* if is_slid: the same in the file */
};

int ahead_new(size_t lag, Ahead **ret_ahead) {
        Ahead *ahead = malloc(sizeof(*ahead));
        size_t cap = lag * 2 < FIRST_RING ? lag * 2 : FIRST_RING;

        if (!ahead)
                return -ENOMEM;
        ahead->lag = lag;
        ahead->ring = malloc(cap);
        ahead->ring_cap = cap;
        if (!ahead->ring) {
                ahead_free(ahead);
                return -ENOMEM;
        }
        *ret_ahead = ahead;
        return 0;
}

Ahead *ahead_free(Ahead *ahead) {
        if (ahead)
                free(ahead->ring);
        free(ahead);
        return NULL;
}

void ahead_start(Ahead *ahead, const IoStream *below) {
        isal_inflate_init(&ahead->state);
        ahead->n_out = 0;
        ahead->n_handed = 0;
        ahead->crc = 0;
        ahead->has_header = false;
        ahead->is_hungry = true;
        ahead->is_whole = false;
        ahead->n_fed = 0;
        ahead->is_slid = false;
        ahead->start = stream_position(below);
}

uint64_t ahead_n_handed(const Ahead *ahead) {
        return ahead->n_handed;
}

/* ---- the file below ---- */

/* Makes room in a full window; the place of the member in the file is kept. */
static int slide(Ahead *ahead, IoStream *below) {
        if (!ahead->is_slid) {
                int fd = below->reader->fd;
                struct stat st;
                off_t at;

                if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                        return AHEAD_REFUSED;
                at = lseek(fd, 0, SEEK_CUR);
                if (at < 0 || (uint64_t)at < below->n_pulled - ahead->start)
                        return AHEAD_REFUSED;
                ahead->file_at = at - (off_t)(below->n_pulled - ahead->start);
                ahead->is_slid = true;
        }
        stream_consume(below, ahead->n_fed - KEPT);
        ahead->n_fed = KEPT;
        return 0;
}

/* The file again as it was before the member. */
static int put_back(Ahead *ahead, IoStream *below) {
        IoReader *reader = below->reader;

        if (ahead->is_slid) {
                if (lseek(reader->fd, ahead->file_at, SEEK_SET) < 0)
                        return reader_fail(reader, -errno);
                reader->n_bytes -= below->n_pulled - ahead->start;
                below->n_pulled = ahead->start;
                below->window_at = 0;
                below->window_end = 0;
                below->is_ended = false;
        }
        if (below->is_cut) { /* zlib will meet it again, or be content with less */
                below->is_ended = false;
                below->is_cut = false;
                below->has_fault = false;
        }
        return AHEAD_REFUSED;
}

/* ---- header and trailer ---- */

static uint32_t little(const uint8_t *data, size_t n) {
        uint32_t value = 0;

        while (n > 0)
                value = value << 8 | data[--n];
        return value;
}

/* Skips text that ends with a NUL: its end, or 0 where that is not in DATA. */
static size_t skip_text(const uint8_t *data, size_t n, size_t at) {
        const uint8_t *end = at < n ? memchr(data + at, 0, n - at) : NULL;

        return end ? (size_t)(end - data) + 1 : 0;
}

/* The size of the header that DATA begins with; 0: none that is sound, or not all of it. */
static size_t header_size(const uint8_t *data, size_t n) {
        size_t at = 10;
        uint8_t flags;

        if (n < at || data[0] != 0x1f || data[1] != 0x8b || data[2] != Z_DEFLATED)
                return 0;
        flags = data[3];
        if (flags & 0xe0)
                return 0;
        if (flags & 0x04) {
                if (n - at < 2)
                        return 0;
                at += 2 + little(data + at, 2);
        }
        if (flags & 0x08)
                at = skip_text(data, n, at);
        if (at && (flags & 0x10))
                at = skip_text(data, n, at);
        if (at && (flags & 0x02)) {
                if (at > n || n - at < 2 ||
                                little(data + at, 2) != (crc32_gzip_refl(0, data, at) & 0xffff))
                        return 0;
                at += 2;
        }
        return at <= n ? at : 0;
}

static int read_header(Ahead *ahead, IoStream *below) {
        const uint8_t *data;
        size_t n = 0, before;
        int r;

        do {
                before = n;
                r = stream_peek(below, before + 1, &data, &n);
                if (r)
                        return r;
                ahead->n_fed = header_size(data, n);
        } while (ahead->n_fed == 0 && n > before && n < MAX_HEADER);
        ahead->has_header = ahead->n_fed > 0;
        return ahead->has_header ? 0 : AHEAD_REFUSED;
}

/* ISA-L is at the end of the deflate data, which is END bytes into the window. */
static int check_trailer(Ahead *ahead, IoStream *below, size_t end) {
        const uint8_t *data;
        size_t n;
        int r;

        if (end + TRAILER > below->window_cap)
                return AHEAD_REFUSED;
        r = stream_peek(below, end + TRAILER, &data, &n);
        if (r)
                return r;
        if (n < end + TRAILER || little(data + end, 4) != ahead->crc ||
                        little(data + end + 4, 4) != (uint32_t)ahead->n_out)
                return AHEAD_REFUSED;
        stream_consume(below, end + TRAILER);
        ahead->is_whole = true;
        return 0;
}

/* ---- deflate ---- */

static int feed(Ahead *ahead, IoStream *below) {
        const uint8_t *data;
        size_t n;
        int r;

        if (ahead->is_hungry && ahead->n_fed == below->window_cap) {
                r = slide(ahead, below);
                if (r)
                        return r;
        }
        r = stream_peek(below, ahead->n_fed + ahead->is_hungry, &data, &n);
        if (r)
                return r;
        if (ahead->is_hungry && n == ahead->n_fed)
                return AHEAD_REFUSED; /* cut */
        ahead->state.next_in = (uint8_t *)(uintptr_t)data + ahead->n_fed;
        ahead->state.avail_in = (uint32_t)(n - ahead->n_fed);
        ahead->n_fed = n;
        return 0;
}

/* Makes up to ROOM bytes, at least 1. */
static int decode(Ahead *ahead, IoStream *below, size_t room) {
        struct inflate_state *state = &ahead->state;
        size_t at = (size_t)(ahead->n_out % ahead->ring_cap), n_out, n_left;
        uint32_t n_in;
        int r;

        r = feed(ahead, below);
        if (r)
                return r;
        if (room > ahead->ring_cap - at)
                room = ahead->ring_cap - at;
        if (room > DECODE_AT_ONCE)
                room = DECODE_AT_ONCE;
        n_in = state->avail_in;
        state->next_out = ahead->ring + at;
        state->avail_out = (uint32_t)room;
        if (isal_inflate(state) != ISAL_DECOMP_OK)
                return AHEAD_REFUSED;
        n_out = room - state->avail_out;
        ahead->crc = crc32_gzip_refl(ahead->crc, ahead->ring + at, n_out);
        ahead->n_out += n_out;
        if (state->block_state == ISAL_BLOCK_FINISH) {
                n_left = (size_t)state->avail_in + (size_t)(state->read_in_length / 8);
                return n_left > ahead->n_fed ? AHEAD_REFUSED
                                             : check_trailer(ahead, below, ahead->n_fed - n_left);
        }
        if (n_out == 0 && state->avail_in == n_in && !ahead->is_hungry && n_in > 0)
                return AHEAD_REFUSED;
        ahead->n_fed -= state->avail_in;
        ahead->is_hungry = state->avail_in == 0 && state->avail_out > 0;
        return 0;
}

/* Only before the ring has wrapped. */
static int grow(Ahead *ahead) {
        size_t cap = ahead->ring_cap < ahead->lag ? ahead->ring_cap * 2 : ahead->lag * 2;
        uint8_t *ring = realloc(ahead->ring, cap);

        if (!ring)
                return -ENOMEM;
        ahead->ring = ring;
        ahead->ring_cap = cap;
        return 0;
}

/* Decodes until the member is whole or the ring is full. */
static int fill(Ahead *ahead, IoStream *below) {
        int r = 0;

        if (!ahead->has_header)
                r = read_header(ahead, below);
        while (r == 0 && !ahead->is_whole) {
                size_t room = ahead->ring_cap - (size_t)(ahead->n_out - ahead->n_handed);

                if (room > 0) {
                        r = decode(ahead, below, room);
                } else if (ahead->ring_cap < ahead->lag * 2) {
                        r = grow(ahead);
                        if (r)
                                r = reader_fail(below->reader, r);
                } else {
                        break;
                }
        }
        return r == AHEAD_REFUSED ? put_back(ahead, below) : r;
}

static size_t n_ready(const Ahead *ahead) {
        uint64_t n = ahead->n_out - ahead->n_handed;

        if (ahead->is_whole)
                return (size_t)n;
        return n > ahead->lag ? (size_t)n - ahead->lag : 0;
}

int ahead_pull(Ahead *ahead, IoStream *below, uint8_t *buffer, size_t cap, size_t *ret_n) {
        size_t n = n_ready(ahead), at;
        int r;

        if (n == 0) {
                if (ahead->is_whole)
                        return AHEAD_END;
                r = fill(ahead, below);
                if (r)
                        return r;
                n = n_ready(ahead);
                if (n == 0)
                        return AHEAD_END;
        }
        at = (size_t)(ahead->n_handed % ahead->ring_cap);
        if (n > ahead->ring_cap - at)
                n = ahead->ring_cap - at;
        if (n > cap)
                n = cap;
        memcpy(buffer, ahead->ring + at, n);
        ahead->n_handed += n;
        *ret_n = n;
        return 0;
}
