/*
 * Private to io: the layers that a reader peels off a file.
 *
 * A visit is a stack of layers: layers[0] is the file, each layer above unpacks the one below it,
 * or is a member of the archive that the one below it holds. Layers belong to the reader and are
 * used again for every file, with their windows and inflate states, so that a plain or gzip file
 * costs no allocation.
 */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include <locale.h>
#include <zlib.h>

#include "base/sha256.h"
#include "io/io.h"

#define STREAM_FILE_WINDOW (256U << 10)
#define STREAM_WINDOW (64U << 10)
#define STREAM_SNIFF 512U /* first bytes that tell what a layer holds: a tar header */

/*
 * More content of a layer: up to CAP (not 0) bytes into BUFFER, *ret_n of them, 0 at the end.
 * Damage is named with stream_fault() or stream_cut() and is no error.
 */
typedef int (*StreamPull)(IoStream *stream, uint8_t *buffer, size_t cap, size_t *ret_n);

struct IoStream {
        IoReader *reader;
        IoStream *below; /* what it unpacks; NULL for the file */
        StreamPull pull;
        void *state;     /* of pull */
        uint8_t *window; /* bytes pulled and not yet read: [window_at, window_end) */
        size_t window_cap;
        size_t window_at;
        size_t window_end;
        uint64_t n_pulled; /* content so far, that in the window included */
        size_t name_size;  /* of IoReader.name */
        bool is_ended;
        bool is_cut;
        bool has_fault; /* the fault that cut it, not yet passed to the sink */
        /* of a file or member: */
        Sha256 *sha;       /* of what was pulled; NULL: not hashed */
        uint64_t n_hashed; /* a second reading of the same bytes is not hashed again */
        bool is_sought;    /* it was read out of order, from `base` of the file on */
        uint64_t base;
        const char *archive; /* what it turned out to be, or NULL */
        char fault_reason[400];
};

typedef enum GunzipPhase {
        GUNZIP_BODY,
        GUNZIP_WRONG_CRC,
        GUNZIP_WRONG_LENGTH,
        GUNZIP_INVALID,
        GUNZIP_AFTER, /* behind a member */
        GUNZIP_END,
} GunzipPhase;

typedef struct Ahead Ahead;

typedef struct Gunzip {
        z_stream z;
        bool is_init;
        GunzipPhase phase;
        Ahead *ahead;    /* of the reader, which unpacks the members; NULL: zlib does */
        uint64_t n_skip; /* handed out of this member before it became zlib's */
} Gunzip;

typedef struct Layer {
        IoStream stream;
        Gunzip gunzip;
        struct Filter *filter; /* of this visit; else NULL */
        Sha256 sha;            /* made when first needed */
} Layer;

/* Names already given out in this visit, as hashes: open addressing, 0 is an empty slot. */
typedef struct NameSet {
        struct NameSlot *slots;
        size_t n_slots; /* a power of two */
        size_t n_used;
} NameSet;

struct IoReader {
        uint32_t max_nesting;
        const IoSink *sink;
        int status; /* first failure or verdict of the sink in this visit; ends it */
        int fd;
        uint64_t n_bytes;
        char *name; /* of the innermost layer; those below are its beginnings */
        size_t name_cap;
        NameSet names;
        locale_t locale; /* UTF-8, in which libarchive converts names; (locale_t)0 if there is none
                          */
        struct LibArchive *libarchive; /* loaded when first needed */
        Layer **layers;                /* max_nesting + 1 of them, made when first needed */
        Ahead *ahead;                  /* made when first needed */
        size_t ahead_lag;
        bool no_ahead;
        bool no_nowait;  /* this system cannot tell whether a read would wait */
        uint32_t n_cold; /* hints still to be followed */
};

/* What first bytes say. */
typedef enum Kind {
        KIND_LEAF,
        KIND_GZIP,
        KIND_ZSTD,
        KIND_XZ,
        KIND_BZIP2,
        KIND_LZ4,
        KIND_LZIP,
        KIND_COMPRESS,
        KIND_TAR,
        KIND_ZIP,
        KIND_7Z,
        N_KINDS,
} Kind;

/* sniff.c */
Kind sniff_kind(const uint8_t *head, size_t n);
const char *sniff_kind_name(Kind kind);
/* BLOCK has 512 bytes. */
bool sniff_is_tar_header(const uint8_t *block);
bool sniff_is_tar_sum(const uint8_t *block);

/* stream.c */

/* Everything but the window is set anew. */
int stream_init(IoStream *stream, IoReader *reader, IoStream *below, StreamPull pull, void *state,
                size_t window_cap);
/* At least WANT bytes in the window unless the content ends before; none are taken. */
int stream_peek(IoStream *stream, size_t want, const uint8_t **ret_data, size_t *ret_n);
/* What is in the window, filled if it was empty; 0 bytes at the end. */
int stream_view(IoStream *stream, const uint8_t **ret_data, size_t *ret_n);
void stream_consume(IoStream *stream, size_t n);
/* Bytes that its reader has taken. */
uint64_t stream_position(const IoStream *stream);
/* Damage behind which reading goes on; passed to the sink at once. Returns the reader's status. */
int stream_fault(IoStream *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));
int stream_fault_at(IoStream *stream, uint64_t offset, const char *format, ...)
                __attribute__((format(printf, 3, 4)));
/*
 * Damage that ends the stream. If what is below it is cut too, that is the cause: it is added to
 * the reason, and not passed on by itself. Kept until stream_flush(), or until a layer above takes
 * it.
 */
void stream_cut(IoStream *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));
int stream_flush(IoStream *stream);

/* read.c */

/* Hands on what layers[depth] holds, peeling it first where it is packed. */
int reader_visit_layer(IoReader *reader, uint32_t depth);
/* The layer above DEPTH, its stream ready for PULL. */
int reader_push(IoReader *reader, uint32_t depth, StreamPull pull, void *state, Layer **ret_layer);
int reader_fail(IoReader *reader, int status);
/* For tests, before the first visit: zlib alone, or ISA-L with another AHEAD_LAG. */
void reader_set_inflate(IoReader *reader, bool no_ahead, size_t lag);

/* content.c */

/* What LAYER pulls from now on is hashed, where the sink wants to know. */
int content_begin(Layer *layer);
/* Its end, behind all that was read of it by others; tells the sink. */
int content_end(Layer *layer);
/* The file or member that STREAM, which may be unpacked from it, stands in. */
IoStream *content_of(IoStream *stream);

/* open.c */

/* As open(), for paths of any length, without touching the access time where that is permitted. */
int open_evidence(const char *path, int flags);

/* gunzip.c */
int gunzip_open(IoReader *reader, uint32_t depth);
void gunzip_deinit(Gunzip *gunzip);

/* filter.c */
int filter_open(IoReader *reader, uint32_t depth, Kind kind);
struct Filter *filter_free(struct Filter *filter);

/* archive.c */
int archive_visit(IoReader *reader, uint32_t depth, Kind kind);

/* name.c */

/*
 * Makes IoReader.name the BASE_SIZE bytes it begins with, "!", and MEMBER, and if that was given
 * out before in this visit, "#2" or what is free.
 */
int name_push(IoReader *reader, size_t base_size, Slice member, size_t *ret_size);
int name_reset(IoReader *reader, Slice name);
void name_deinit(IoReader *reader);

#endif
