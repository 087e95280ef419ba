/*
 * Private to io: where libarchive reads from. See source.c.
 */
#ifndef IO_SOURCE_H
#define IO_SOURCE_H

#include "io/libarchive.h"
#include "io/stream.h"

typedef struct Source {
        IoStream *below;
        const LibArchive *la;
        bool is_file;     /* seekable, by pread() of the reader's file */
        bool is_whole;    /* seekable, all of it is in memory */
        size_t max_chunk; /* handed out at once where it can be sought in; 0: any */
        uint64_t base;    /* where in the file its content begins */
        uint8_t *memory;  /* what was held of it */
        uint64_t n_memory;
        uint64_t at;           /* of the next byte handed out */
        uint64_t n_all;        /* if seekable */
        uint64_t window_start; /* if is_file: content position of below->window[0] */
        bool is_tail_known;
        size_t n_tail;
        uint8_t tail[512]; /* the last bytes handed out */
} Source;

/* Reads front to back, or by seeking where the layer below is a file that can be sought in. */
int source_init(Source *source, IoStream *below, bool seek);
void source_deinit(Source *source);
/* Takes what is left below into memory, LIMIT bytes at most; is_whole tells if that was all. */
int source_hold(Source *source, uint64_t limit);
bool source_is_seekable(const Source *source);
void source_rewind(Source *source);
/* The last 512 bytes handed out were zero, or were skipped and so are not known. */
bool source_ends_with_zeros(const Source *source);
/* Gives A its callbacks and opens it: an ARCHIVE_ status. */
int source_open(Source *source, struct archive *a);

#endif
