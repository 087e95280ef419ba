/*
 * Private to io: an archive that is read. See archive.c and member.c.
 */
#ifndef IO_MEMBER_H
#define IO_MEMBER_H

#include "io/source.h"

typedef struct Archive {
        IoReader *reader;
        uint32_t depth; /* of the layer that holds it */
        Kind kind;
        IoStream *below; /* that layer */
        Source source;
        struct archive *a;
        bool is_front_to_back;
        bool is_dead;   /* libarchive reads no more of it */
        bool has_fault; /* of its own, not of a member */
        bool was_retry; /* within a damaged stretch that has been named */
        uint64_t n_headers;
        uint64_t n_headers_again;
        uint32_t n_reopens;
        /* the member that is read */
        const uint8_t *block;
        size_t n_block;
        uint64_t n_hole;   /* zeros before the block */
        int block_status;  /* of the call that gave it, if it also told of damage */
        uint32_t n_barren; /* calls in a row that gave nothing */
        uint64_t n_again;  /* bytes given before, now coming once more */
        bool is_salvaged;  /* read again in small pieces */
} Archive;

/* What libarchive said last. */
const char *archive_message(const Archive *archive);
/*
 * Opens once more an archive that libarchive has given up, and goes behind the last header that it
 * had read. MAX_CHUNK bounds the pieces it is given, 0 does not. Where that fails, is_dead is set
 * and the fault is named.
 */
int archive_reopen(Archive *archive, size_t max_chunk);

/* member.c: the stream of a member; its state is the Archive. */
int member_pull(IoStream *stream, uint8_t *buffer, size_t cap, size_t *ret_n);
void member_reset(Archive *archive);

#endif
