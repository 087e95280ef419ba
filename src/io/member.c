/*
 * The stream of one member of an archive: libarchive's blocks, with zeros where a sparse file has
 * holes.
 *
 * A status that comes with a block is kept until the block has been handed on, so what is sound in
 * front of damage is not lost. A wrong sum is named and is no cut. Where libarchive throws away a
 * whole piece of output for one wrong byte in a zip (up to 256 KB), the member is read once more in
 * pieces of 64 packed bytes, and what stands before that byte comes out.
 *
 * Threading: as the reader.
 */
#include <stdio.h>

#include "io/member.h"

#define SALVAGE_CHUNK 64

void member_reset(Archive *archive) {
        archive->n_block = 0;
        archive->n_hole = 0;
        archive->n_barren = 0;
        archive->block_status = ARCHIVE_OK;
        archive->n_again = 0;
        archive->is_salvaged = false;
}

/* Begins the member again; what has been given of it is passed over. */
static int salvage(Archive *archive, const IoStream *stream) {
        archive->is_salvaged = true;
        archive->n_again = stream->n_pulled;
        return archive_reopen(archive, SALVAGE_CHUNK);
}

static bool is_only_sum(int status, const char *text) {
        return status == ARCHIVE_WARN || strstr(text, "CRC") || strstr(text, "checksum");
}

/* What libarchive said of the last block: a sum that is wrong is no end, everything else is. */
static int pass_member_fault(Archive *archive, IoStream *stream) {
        int status = archive->block_status;
        const char *text = archive_message(archive);
        char reason[200];
        int r;

        archive->block_status = ARCHIVE_OK;
        if (status == ARCHIVE_FATAL) {
                archive->is_dead = true;
                if (archive->kind == KIND_ZIP && !archive->is_salvaged &&
                                source_is_seekable(&archive->source)) {
                        snprintf(reason, sizeof(reason), "%s", text);
                        r = salvage(archive, stream);
                        if (r || !archive->is_dead)
                                return r;
                        text = reason;
                }
        }
        if (status != ARCHIVE_FATAL && is_only_sum(status, text) && archive->n_barren < 2)
                return stream_fault(stream, "%s: %s", sniff_kind_name(archive->kind), text);
        stream_cut(stream, "%s: %s", sniff_kind_name(archive->kind), text);
        return 0;
}

static int next_block(Archive *archive, IoStream *stream) {
        const void *block = NULL;
        la_int64_t offset = 0;
        size_t n = 0;
        int r;

        r = archive->source.la->archive_read_data_block(archive->a, &block, &n, &offset);
        if (archive->reader->status)
                return archive->reader->status;
        if (r == ARCHIVE_EOF) {
                stream->is_ended = true;
                if (stream->below->has_fault)
                        stream_cut(stream, "%s: cut short", sniff_kind_name(archive->kind));
                return 0;
        }
        archive->block_status = r;
        archive->n_barren = block && n ? 0 : archive->n_barren + 1;
        if (!block || n == 0)
                return 0;
        if (archive->n_again > 0) {
                size_t n_skip = archive->n_again < n ? (size_t)archive->n_again : n;

                block = (const uint8_t *)block + n_skip;
                n -= n_skip;
                archive->n_again -= n_skip;
        } else if (offset > 0 && (uint64_t)offset > stream->n_pulled && archive->kind == KIND_TAR) {
                archive->n_hole = (uint64_t)offset - stream->n_pulled;
        }
        archive->block = block;
        archive->n_block = n;
        return 0;
}

int member_pull(IoStream *stream, uint8_t *buffer, size_t cap, size_t *ret_n) {
        Archive *archive = stream->state;
        int r = 0;

        while (r == 0 && archive->n_block == 0) {
                if (stream->is_ended)
                        return 0;
                if (archive->block_status != ARCHIVE_OK)
                        r = pass_member_fault(archive, stream);
                else if (archive->n_barren > 1000)
                        stream_cut(stream, "%s: no data", sniff_kind_name(archive->kind));
                else
                        r = next_block(archive, stream);
        }
        if (r)
                return r;
        if (archive->n_hole > 0) {
                *ret_n = archive->n_hole < cap ? (size_t)archive->n_hole : cap;
                memset(buffer, 0, *ret_n);
                archive->n_hole -= *ret_n;
                return 0;
        }
        *ret_n = archive->n_block < cap ? archive->n_block : cap;
        memcpy(buffer, archive->block, *ret_n);
        archive->block += *ret_n;
        archive->n_block -= *ret_n;
        return 0;
}
