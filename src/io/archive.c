/*
 * Archives: every member of a tar, zip or 7z, each a layer above the one that holds the archive.
 *
 * libarchive reads a tar front to back, and a zip by its central directory. A zip or 7z that is not
 * a file that can be sought in is held in memory up to a limit; a zip above it, or one whose end is
 * missing, is read front to back.
 *
 * What is wrong with a member is its own fault, and the next one follows. Where libarchive gives an
 * archive up because of one member, it is opened again and wound to the next; the number of headers
 * read again is bounded. A header of a tar that is damaged is skipped block by block.
 *
 * Names are bytes. libarchive converts those that are stored as Unicode to the locale of the
 * thread, so its calls that do run in a UTF-8 locale of the reader; the process's locale is not
 * touched.
 *
 * Memory: libarchive's lists of members (zip, 7z), the name set, what is held. Threading: as the
 * reader.
 */
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/source.h"

#define MAX_REOPENS 256           /* of one archive, for members that end it */
#define MAX_HEADERS_AGAIN 2000000 /* read again while doing so */
#define MAX_DRAINED (64U << 20)   /* behind an archive, to see the sums of the layers below */

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
} Archive;

static uint64_t position(const Archive *archive) {
        la_int64_t n = archive->a ? archive_filter_bytes(archive->a, -1) : 0;

        return n > 0 ? (uint64_t)n : 0;
}

static const char *message(const Archive *archive) {
        const char *text = archive_error_string(archive->a);

        return text ? text : "damaged";
}

static const char *kind_name(const Archive *archive) {
        return sniff_kind_name(archive->kind);
}

/* Damage of the archive itself. If the layer below is cut, that says it. */
__attribute__((format(printf, 2, 3))) static int fault(Archive *archive, const char *format, ...) {
        char text[300];
        va_list args;

        archive->has_fault = true;
        if (archive->below->has_fault)
                return stream_flush(archive->below);
        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return stream_fault_at(archive->below, position(archive), "%s: %s at byte %" PRIu64,
                        kind_name(archive), text, position(archive));
}

/* ---- libarchive ---- */

static locale_t enter_locale(IoReader *reader) {
        if (!reader->locale)
                reader->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        return uselocale(reader->locale); /* (locale_t)0 changes nothing */
}

static int support_format(const Archive *archive) {
        int r;

        switch (archive->kind) {
        case KIND_TAR:
                r = archive_read_support_format_tar(archive->a);
                if (r == ARCHIVE_OK)
                        r = archive_read_set_format_option(
                                        archive->a, "tar", "read_concatenated_archives", "1");
                return r;
        case KIND_ZIP:
                return archive->is_front_to_back
                                       ? archive_read_support_format_zip_streamable(archive->a)
                                       : archive_read_support_format_zip_seekable(archive->a);
        default:
                return archive_read_support_format_7zip(archive->a);
        }
}

static int open_archive(Archive *archive) {
        int r;

        if (archive->a)
                archive_read_free(archive->a);
        source_rewind(&archive->source);
        archive->is_dead = false;
        archive->a = archive_read_new();
        if (!archive->a)
                return reader_fail(archive->reader, -ENOMEM);
        r = support_format(archive);
        if (r == ARCHIVE_OK || r == ARCHIVE_WARN)
                r = source_open(&archive->source, archive->a);
        if (archive->reader->status)
                return archive->reader->status;
        if (r < ARCHIVE_WARN) {
                archive->is_dead = true;
                return fault(archive, "%s", message(archive));
        }
        return 0;
}

/* An ARCHIVE_ status. */
static int next_header(Archive *archive, struct archive_entry **ret_entry) {
        locale_t old = enter_locale(archive->reader);
        int r;

        r = archive_read_next_header(archive->a, ret_entry);
        uselocale(old);
        if (r == ARCHIVE_FATAL)
                archive->is_dead = true;
        return r;
}

/* Opens an archive that libarchive has given up again, and goes behind the header it was at. */
static int reopen(Archive *archive) {
        struct archive_entry *entry;
        uint64_t i;
        int r;

        if (++archive->n_reopens > MAX_REOPENS ||
                        archive->n_headers_again + archive->n_headers > MAX_HEADERS_AGAIN)
                return fault(archive, "too many damaged members, the rest is not read");
        archive->n_headers_again += archive->n_headers;
        r = open_archive(archive);
        for (i = 0; r == 0 && !archive->is_dead && i < archive->n_headers; i++) {
                int k = next_header(archive, &entry);

                r = archive->reader->status;
                if (r == 0 && (k == ARCHIVE_FATAL || k == ARCHIVE_EOF)) {
                        archive->is_dead = true;
                        r = fault(archive, "%s; the rest is not read", message(archive));
                }
        }
        return r;
}

/* ---- members ---- */

static bool is_only_sum(int status, const char *text) {
        return status == ARCHIVE_WARN || strstr(text, "CRC") || strstr(text, "checksum");
}

/* What libarchive said of the last block: a sum that is wrong is no end, everything else is. */
static int pass_member_fault(Archive *archive, IoStream *stream) {
        int status = archive->block_status;
        const char *text = message(archive);

        archive->block_status = ARCHIVE_OK;
        if (status == ARCHIVE_FATAL)
                archive->is_dead = true;
        if (status != ARCHIVE_FATAL && is_only_sum(status, text) && archive->n_barren < 2)
                return stream_fault(stream, "%s: %s", kind_name(archive), text);
        stream_cut(stream, "%s: %s", kind_name(archive), text);
        return 0;
}

static int next_block(Archive *archive, IoStream *stream) {
        const void *block = NULL;
        la_int64_t offset = 0;
        size_t n = 0;
        int r;

        r = archive_read_data_block(archive->a, &block, &n, &offset);
        if (archive->reader->status)
                return archive->reader->status;
        if (r == ARCHIVE_EOF) {
                stream->is_ended = true;
                if (stream->below->has_fault)
                        stream_cut(stream, "%s: cut short", kind_name(archive));
                return 0;
        }
        archive->block_status = r;
        archive->n_barren = block && n ? 0 : archive->n_barren + 1;
        if (!block || n == 0)
                return 0;
        archive->block = block;
        archive->n_block = n;
        if (offset > 0 && (uint64_t)offset > stream->n_pulled)
                archive->n_hole = (uint64_t)offset - stream->n_pulled;
        return 0;
}

static int member_pull(IoStream *stream, uint8_t *buffer, size_t cap, size_t *ret_n) {
        Archive *archive = stream->state;
        int r = 0;

        while (r == 0 && archive->n_block == 0) {
                if (stream->is_ended)
                        return 0;
                if (archive->block_status != ARCHIVE_OK)
                        r = pass_member_fault(archive, stream);
                else if (archive->n_barren > 1000)
                        stream_cut(stream, "%s: no data", kind_name(archive));
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

static bool is_content(struct archive_entry *entry) {
        mode_t type = archive_entry_filetype(entry);

        if (type != AE_IFREG && type != 0)
                return false;
        /* A second name for an earlier member has no bytes of its own. */
        return !archive_entry_hardlink(entry) || archive_entry_size(entry) > 0;
}

static Slice member_name(struct archive_entry *entry) {
        const char *name = archive_entry_pathname(entry);

        if (!name)
                name = archive_entry_pathname_utf8(entry);
        if (!name || !*name)
                return SLICE_LITERAL("unnamed");
        while (name[0] == '.' && name[1] == '/' && name[2])
                name += name[2] == '/' ? 1 : 2;
        return slice_cstr(name);
}

static int visit_member(Archive *archive, struct archive_entry *entry) {
        IoReader *reader = archive->reader;
        locale_t old;
        Layer *layer;
        size_t size;
        int r;

        if (!is_content(entry))
                return 0;
        r = reader_push(reader, archive->depth, member_pull, archive, &layer);
        if (r)
                return r;
        old = enter_locale(reader);
        r = name_push(reader, archive->below->name_size, member_name(entry), &size);
        uselocale(old);
        if (r)
                return r;
        layer->stream.name_size = size;
        archive->n_block = 0;
        archive->n_hole = 0;
        archive->n_barren = 0;
        archive->block_status = ARCHIVE_OK;
        if (archive_entry_is_data_encrypted(entry))
                stream_cut(&layer->stream, "%s: member is encrypted, not read", kind_name(archive));
        r = reader_visit_layer(reader, archive->depth + 1);
        return r ? r : stream_flush(&layer->stream);
}

/* ---- the archive ---- */

/* A zip whose central directory is missing is read as far as it goes. */
static int read_front_to_back(Archive *archive) {
        int r;

        r = fault(archive, "no central directory at its end, so read front to back");
        archive->is_front_to_back = true;
        archive->n_headers = 0;
        return r ? r : open_archive(archive);
}

/* A header that is no header. Returns 0 with is_dead set where nothing more can be read. */
static int pass_bad_header(Archive *archive, int status) {
        bool is_named = archive->was_retry;

        if (archive->kind == KIND_ZIP && !archive->is_front_to_back && archive->n_headers == 0)
                return read_front_to_back(archive);
        if (status != ARCHIVE_RETRY)
                archive->is_dead = true;
        archive->was_retry = true;
        return is_named ? 0
                        : fault(archive, "%s%s", message(archive),
                                          archive->is_dead ? ", the rest is not read" : "");
}

static bool is_of_names(const char *text) {
        return strstr(text, "convert") || strstr(text, "charset") || strstr(text, "translat");
}

static int visit_members(Archive *archive) {
        int r = 0;

        while (r == 0 && !archive->is_dead) {
                uint64_t before = position(archive);
                struct archive_entry *entry;
                int status;

                status = next_header(archive, &entry);
                r = archive->reader->status;
                if (r || status == ARCHIVE_EOF)
                        return r;
                if (status < ARCHIVE_WARN) {
                        r = pass_bad_header(archive, status);
                        if (!archive->is_dead && status == ARCHIVE_RETRY &&
                                        position(archive) <= before)
                                return r; /* it would say so for ever */
                        continue;
                }
                archive->was_retry = false;
                archive->n_headers++;
                if (status == ARCHIVE_WARN && !is_of_names(message(archive)))
                        r = fault(archive, "%s", message(archive));
                if (r == 0)
                        r = visit_member(archive, entry);
                if (r == 0 && archive->is_dead && archive->kind != KIND_TAR &&
                                source_is_seekable(&archive->source))
                        r = reopen(archive);
        }
        return r;
}

/* A tar whose first header is damaged: the layer is moved to the first one that is not. */
static int find_tar_header(Archive *archive, bool *ret_moved) {
        const uint8_t *head;
        size_t n;
        int r;

        *ret_moved = false;
        for (;;) {
                r = stream_peek(archive->below, STREAM_SNIFF, &head, &n);
                if (r || n < STREAM_SNIFF || sniff_is_tar_sum(head))
                        return r;
                if (!*ret_moved)
                        r = fault(archive, "damaged header");
                if (r)
                        return r;
                *ret_moved = true;
                stream_consume(archive->below, STREAM_SNIFF);
        }
}

/* How the bytes of the archive come to libarchive. */
static int open_source(Archive *archive) {
        bool moved = false;
        int r = 0;

        if (archive->kind == KIND_TAR)
                r = find_tar_header(archive, &moved);
        if (r == 0)
                r = source_init(&archive->source, archive->below, !moved);
        if (r || archive->kind == KIND_TAR || source_is_seekable(&archive->source))
                return r;
        r = source_hold(&archive->source,
                        archive->kind == KIND_ZIP ? IO_MAX_HELD_ZIP : IO_MAX_HELD_7Z);
        if (r || source_is_seekable(&archive->source))
                return r;
        if (archive->kind == KIND_ZIP) {
                archive->is_front_to_back = true;
                return 0;
        }
        archive->is_dead = true;
        return fault(archive, "larger than %u MiB inside another layer, not read",
                        IO_MAX_HELD_7Z >> 20);
}

/* Reads what stands behind the archive, so that the sums of the layers below are seen. */
static int drain(Archive *archive) {
        uint64_t n_all = 0;

        if (archive->below->below == NULL)
                return 0;
        while (n_all < MAX_DRAINED) {
                const uint8_t *data;
                size_t n;
                int r;

                r = stream_view(archive->below, &data, &n);
                if (r || n == 0)
                        return r;
                stream_consume(archive->below, n);
                n_all += n;
        }
        return 0;
}

int archive_visit(IoReader *reader, uint32_t depth, Kind kind) {
        Archive archive = {
                        .reader = reader,
                        .depth = depth,
                        .kind = kind,
                        .below = &reader->layers[depth]->stream,
        };
        int r;

        r = open_source(&archive);
        if (r == 0 && !archive.is_dead)
                r = open_archive(&archive);
        if (r == 0 && !archive.is_dead)
                r = visit_members(&archive);
        if (r == 0 && kind == KIND_TAR && !archive.has_fault && !archive.below->is_cut &&
                        !source_ends_with_zeros(&archive.source))
                r = fault(&archive, "no end-of-archive mark: cut short");
        if (r == 0)
                r = drain(&archive);
        if (archive.a)
                archive_read_free(archive.a);
        source_deinit(&archive.source);
        return r;
}
