/*
 * io: bytes with a name.
 *
 * io_walk() turns sources into a sorted list of files. An IoReader (one for each thread) opens such
 * a file, peels compressions and archives off it by what the first bytes say, and hands every piece
 * of content that is neither to a sink as a stream. Nothing is written, nothing is unpacked to
 * disk, memory does not follow the size of a file.
 *
 * Return values: 0 done; negative -errno is fatal (out of memory, and what a sink returned). What
 * is wrong with evidence is not an error: it goes to IoSink.fault and reading goes on behind it.
 *
 * Threads: there is no shared state. A list may be read by many threads once io_walk() returned it;
 * a reader, its streams and the sink of a visit belong to one thread at a time.
 */
#ifndef IO_IO_H
#define IO_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

typedef struct IoStream IoStream;

/* A file or a member of an archive, all of it, as it stands on disk or in its archive. */
typedef struct IoContent {
        Slice name;
        uint64_t size;       /* bytes; where it could not be read to its end, those before that */
        const uint8_t *hash; /* their SHA-256, 32 bytes; NULL where it could not be read whole */
        const char *archive; /* what it holds its members in: "tar", ...; NULL: it is no archive */
} IoContent;

typedef struct IoSink {
        void *userdata;
        /*
         * One piece of content: NAME is the file's, with "!member" behind it for each archive
         * around it; unique in its file (a second member of one name gets "#2" and so on). NAME and
         * STREAM live until the return. May read the stream in part or whole: what is not read is
         * not unpacked, and damage in it is not seen. Empty content has a leaf; content of which a
         * fault left nothing has only the fault. A positive return ends the visit with that value.
         */
        int (*leaf)(void *userdata, Slice name, IoStream *stream);
        /*
         * Damage in NAME, after OFFSET bytes of its unpacked content; REASON is one line. Called
         * from io_walk(), io_reader_visit(), and from io_stream_read() below a leaf. A return that
         * is not zero ends the visit or walk with that value.
         */
        int (*fault)(void *userdata, Slice name, uint64_t offset, Slice reason);
        /*
         * NAME is compressed: is its content wanted as it stands? Then it becomes a leaf without
         * being unpacked. NULL: never.
         */
        bool (*is_packed_wanted)(void *userdata, Slice name);
        /*
         * Called for every file that could be opened and every member, when all that is in it was
         * visited; what nobody asked for is read now, so that the hash is of all bytes. May be
         * NULL: then nothing is hashed.
         */
        int (*done)(void *userdata, const IoContent *content);
} IoSink;

/* ---- walk ---- */

typedef struct IoFile {
        const char *path; /* to open; NUL-ended; "-" is standard input */
        const char *name; /* shown: the source as given, then the path below it; NUL-ended */
        uint32_t source;  /* which of the sources it was found under */
} IoFile;

typedef struct IoFileList IoFileList;

/*
 * Lists every file below SOURCES (n_sources NUL-ended paths), following symbolic links, sorted by
 * name bytewise; a file that is reached more than once under one real path (by two sources, or by a
 * link) is listed once, under the name that sorts first. Trailing slashes of a source are no part
 * of its name. Unreadable directories, loops and dangling links go to sink->fault, of which nothing
 * else is called. A source that does not exist is -ENOENT, and ret_bad_source tells which; so is
 * one that cannot be looked up for another reason, with its -errno. Non-regular files (sockets,
 * devices) are faults unless they are a source themselves (a pipe may be).
 *
 * ret_bad_source is written on every failure: n_sources where none is to blame.
 */
int io_walk(const char *const *sources, size_t n_sources, const IoSink *sink, IoFileList **ret_list,
                size_t *ret_bad_source);
size_t io_file_list_size(const IoFileList *list);
const IoFile *io_file_list_at(const IoFileList *list, size_t i);
/* Takes the files off the list that KEEP does not want; the others stay in order. */
void io_file_list_filter(
                IoFileList *list, bool (*keep)(void *userdata, const IoFile *file), void *userdata);
IoFileList *io_file_list_free(IoFileList *list);

/* ---- read ---- */

/*
 * The next bytes of a stream, at most CAP: *ret_n of them, 0 at its end (and for a CAP of 0). A
 * fault in the layers below (cut gzip, read error) ends the stream early: what could be read before
 * it is returned first, the fault is passed to IoSink.fault when the leaf returns, or earlier.
 * Whether the end came by a fault that took content away: io_stream_is_cut(). A bad sum behind
 * content that is whole, or bytes behind the last gzip member, are faults but no cut.
 *
 * A return that is not 0 must be returned by the leaf; the visit ends with it in any case.
 */
int io_stream_read(IoStream *stream, void *buffer, size_t cap, size_t *ret_n);
bool io_stream_is_cut(const IoStream *stream);

#define IO_MAX_NESTING 8        /* the default */
#define IO_MAX_NESTING_LIMIT 64 /* more is taken as this */

/*
 * An archive that needs seeking and stands inside another layer is held in memory: a 7z up to the
 * first (larger ones are a fault), a zip up to the second (larger ones are read front to back).
 */
#define IO_MAX_HELD_7Z (256U << 20)
#define IO_MAX_HELD_ZIP (16U << 20)

typedef struct IoLimits {
        uint32_t max_nesting; /* layers of compression and archives in each other; 0: the default */
        /* The caller knows by sums of its own whether what it gets is right: unpacked bytes are
           handed out as they are made, not held back until their member was found sound. */
        bool is_checked_elsewhere;
} IoLimits;

typedef struct IoReader IoReader;

/* LIMITS may be NULL. */
int io_reader_new(const IoLimits *limits, IoReader **ret_reader);
IoReader *io_reader_free(IoReader *reader);

/*
 * Opens PATH and hands all its content to SINK under NAME. Returns 0, or what the sink returned if
 * that was not 0, or -errno. Not to be called on a reader from inside its own sink.
 */
int io_reader_visit(IoReader *reader, const char *path, Slice name, const IoSink *sink);

/*
 * PATH will soon be visited, by this reader or another: has the disk bring its beginning, if lately
 * it had to be waited for; else it costs nothing. Some 8 files ahead for each thread is good.
 */
void io_reader_hint(IoReader *reader, const char *path);

/* Compressed bytes taken from disk since the reader was made. */
uint64_t io_reader_n_bytes(const IoReader *reader);

#endif
