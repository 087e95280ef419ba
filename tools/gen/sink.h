#ifndef GEN_SINK_H
#define GEN_SINK_H

#include <stdint.h>
#include <zlib.h>

#include "buf.h"

typedef enum Packing {
        PACKING_GZIP,  /* one member a file */
        PACKING_PLAIN, /* no compression, no .gz in the name */
        PACKING_MULTI, /* a gzip member for each record */
} Packing;

/* Where bytes go: one file at a time, compressed on the way. Kept by a thread for many files.
 * Failures are printed once, to standard error, with the path. */
typedef struct Sink {
        Packing packing;
        z_stream z;
        bool has_z;
        int fd;
        bool failed;
        const char *path; /* of the open file, lent by the opener */
        uint64_t n_plain; /* bytes before compression, over all files */
        uint64_t n_disk;  /* bytes written, over all files */
        unsigned char out[65536];
} Sink;

bool sink_init(Sink *s, Packing packing, int level);
void sink_deinit(Sink *s);
/* Creates the folders above as needed; an existing file is replaced. path must live until close. */
bool sink_open(Sink *s, const char *path);
void sink_write(Sink *s, const Buf *b);
/* Ends a gzip member where each record is one. */
void sink_cut(Sink *s);
bool sink_close(Sink *s);

bool file_write(const char *path, const void *data, size_t n);
bool file_make_parents(const char *path);
bool packing_parse(const char *text, Packing *ret_packing);

#endif
