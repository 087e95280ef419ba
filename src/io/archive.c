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
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/member.h"

#define MAX_REOPENS 256           /* of one archive, for members that end it */
#define MAX_HEADERS_AGAIN 2000000 /* read again while doing so */
#define MAX_DRAINED (64U << 20)   /* behind an archive, to see the sums of the layers below */

const char *archive_message(const Archive *archive) {
        const char *text = archive->a ? archive->source.la->archive_error_string(archive->a) : NULL;

        return text ? text : "damaged or cut short";
}

static uint64_t position(const Archive *archive) {
        la_int64_t n = archive->a ? archive->source.la->archive_filter_bytes(archive->a, -1) : 0;

        return n > 0 ? (uint64_t)n : 0;
}

/* Damage of the archive itself. If the layer below is cut, that says it. */
static int fault(Archive *archive, uint64_t at, const char *format, ...)
                __attribute__((format(printf, 3, 4)));
static int fault(Archive *archive, uint64_t at, const char *format, ...) {
        char text[300];
        va_list args;

        archive->has_fault = true;
        if (archive->below->has_fault)
                return stream_flush(archive->below);
        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return stream_fault_at(archive->below, at, "%s: %s (at byte %" PRIu64 ")",
                        sniff_kind_name(archive->kind), text, at);
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
                r = archive->source.la->archive_read_support_format_tar(archive->a);
                if (r == ARCHIVE_OK)
                        r = archive->source.la->archive_read_set_format_option(
                                        archive->a, "tar", "read_concatenated_archives", "1");
                return r;
        case KIND_ZIP:
                return archive->is_front_to_back
                                       ? archive->source.la
                                                         ->archive_read_support_format_zip_streamable(
                                                                         archive->a)
                                       : archive->source.la
                                                         ->archive_read_support_format_zip_seekable(
                                                                         archive->a);
        default:
                return archive->source.la->archive_read_support_format_7zip(archive->a);
        }
}

/* A new handle at the beginning of the source; an ARCHIVE_ status. */
static int start(Archive *archive) {
        int r;

        if (archive->a)
                archive->source.la->archive_read_free(archive->a);
        source_rewind(&archive->source);
        archive->a = archive->source.la->archive_read_new();
        if (!archive->a)
                return ARCHIVE_FATAL;
        r = support_format(archive);
        return r < ARCHIVE_WARN ? r : source_open(&archive->source, archive->a);
}

static int open_archive(Archive *archive) {
        int r;

        archive->is_dead = false;
        r = start(archive);
        if (r < ARCHIVE_WARN && archive->a && !archive->reader->status &&
                        archive->kind == KIND_ZIP && !archive->is_front_to_back) {
                archive->is_front_to_back = true;
                r = fault(archive, position(archive),
                                "no central directory at its end, read front to back");
                if (r)
                        return r;
                r = start(archive);
        }
        if (!archive->a)
                return reader_fail(archive->reader, -ENOMEM);
        if (archive->reader->status)
                return archive->reader->status;
        archive->is_dead = r < ARCHIVE_WARN;
        return archive->is_dead ? fault(archive, position(archive), "%s", archive_message(archive))
                                : 0;
}

/* An ARCHIVE_ status. */
static int next_header(Archive *archive, struct archive_entry **ret_entry) {
        locale_t old = enter_locale(archive->reader);
        int r;

        r = archive->source.la->archive_read_next_header(archive->a, ret_entry);
        uselocale(old);
        if (r == ARCHIVE_FATAL)
                archive->is_dead = true;
        return r;
}

int archive_reopen(Archive *archive, size_t max_chunk) {
        struct archive_entry *entry;
        uint64_t i;
        int r;

        if (++archive->n_reopens > MAX_REOPENS ||
                        archive->n_headers_again + archive->n_headers > MAX_HEADERS_AGAIN) {
                archive->is_dead = true;
                return fault(archive, position(archive),
                                "too many damaged members, the rest is not read");
        }
        archive->n_headers_again += archive->n_headers;
        archive->source.max_chunk = max_chunk;
        r = open_archive(archive);
        for (i = 0; r == 0 && !archive->is_dead && i < archive->n_headers; i++) {
                int k = next_header(archive, &entry);

                r = archive->reader->status;
                if (r == 0 && (k == ARCHIVE_FATAL || k == ARCHIVE_EOF)) {
                        archive->is_dead = true;
                        r = fault(archive, position(archive), "%s, the rest is not read",
                                        archive_message(archive));
                }
        }
        return r;
}

/* ---- members ---- */

static bool is_content(const LibArchive *la, struct archive_entry *entry) {
        mode_t type = la->archive_entry_filetype(entry);

        if (type != AE_IFREG && type != 0)
                return false;
        /* A second name for an earlier member has no bytes of its own. */
        return !la->archive_entry_hardlink(entry) || la->archive_entry_size(entry) > 0;
}

static Slice member_name(const LibArchive *la, struct archive_entry *entry) {
        const char *name = la->archive_entry_pathname(entry);

        if (!name)
                name = la->archive_entry_pathname_utf8(entry);
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

        if (!is_content(archive->source.la, entry))
                return 0;
        r = reader_push(reader, archive->depth, member_pull, archive, &layer);
        if (r)
                return r;
        old = enter_locale(reader);
        r = name_push(reader, archive->below->name_size, member_name(archive->source.la, entry),
                        &size);
        uselocale(old);
        if (r)
                return r;
        layer->stream.name_size = size;
        member_reset(archive);
        r = content_begin(layer);
        if (r)
                return r;
        if (archive->source.la->archive_entry_is_data_encrypted(entry))
                stream_cut(&layer->stream, "%s: member is encrypted, not read",
                                sniff_kind_name(archive->kind));
        r = reader_visit_layer(reader, archive->depth + 1);
        return r ? r : content_end(layer);
}

/* ---- the archive ---- */

/*
 * A header that is none. A zip's central directory may lead to it and the next members still stand
 * behind it, so that is read on by looking for the next header. is_dead where nothing more can be
 * read.
 */
static int pass_bad_header(Archive *archive, int status) {
        bool is_named = archive->was_retry;
        uint64_t at = position(archive);
        bool can_go_on = archive->kind == KIND_ZIP && !archive->is_front_to_back &&
                         source_is_seekable(&archive->source);
        int r;

        archive->was_retry = true;
        if (status != ARCHIVE_RETRY)
                archive->is_dead = true;
        if (is_named)
                return 0;
        /* libarchive stands behind the block of a tar that is no header. */
        if (archive->kind == KIND_TAR && status == ARCHIVE_RETRY && at >= STREAM_SNIFF)
                at -= STREAM_SNIFF;
        r = fault(archive, at, "%s%s", archive_message(archive),
                        can_go_on          ? ", read front to back from here"
                        : archive->is_dead ? ", the rest is not read"
                                           : "");
        if (r || !can_go_on)
                return r;
        archive->is_front_to_back = true;
        return archive_reopen(archive, 0);
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
                if (status == ARCHIVE_RETRY || status < ARCHIVE_WARN) {
                        r = pass_bad_header(archive, status);
                        if (!archive->is_dead && status == ARCHIVE_RETRY &&
                                        position(archive) <= before)
                                return r; /* it would say so for ever */
                        continue;
                }
                archive->was_retry = false;
                archive->n_headers++;
                if (status == ARCHIVE_WARN && !is_of_names(archive_message(archive)))
                        r = fault(archive, position(archive), "%s", archive_message(archive));
                if (r == 0)
                        r = visit_member(archive, entry);
                if (r || !archive->is_dead)
                        continue;
                archive->has_fault = true;
                if (archive->kind != KIND_TAR && source_is_seekable(&archive->source))
                        r = archive_reopen(archive, 0);
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
                        r = fault(archive, position(archive), "damaged header");
                if (r)
                        return r;
                *ret_moved = true;
                stream_consume(archive->below, STREAM_SNIFF);
        }
}

/* Nothing but a central directory's end, where libarchive does not look for one. */
static int is_zip_empty(Archive *archive, bool *ret_empty) {
        const uint8_t *head;
        size_t n;
        int r;

        r = stream_peek(archive->below, 4, &head, &n);
        *ret_empty = r == 0 && n >= 4 && head[2] == 5;
        return r;
}

/* How the bytes of the archive come to libarchive. */
static int open_source(Archive *archive) {
        /* What is hashed is read once, front to back, where that is how it will be read anyway. */
        bool is_in_order = archive->kind == KIND_TAR && archive->below->sha, moved = false;
        int r = 0;

        if (archive->kind == KIND_TAR)
                r = find_tar_header(archive, &moved);
        if (r == 0)
                r = source_init(&archive->source, archive->below, !moved && !is_in_order);
        if (r == 0 && archive->kind == KIND_ZIP)
                r = is_zip_empty(archive, &archive->is_front_to_back);
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
        return fault(archive, position(archive),
                        "larger than %u MiB inside another layer, not read", IO_MAX_HELD_7Z >> 20);
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

        content_of(archive.below)->archive = sniff_kind_name(kind);
        r = open_source(&archive);
        if (r == 0 && !archive.is_dead)
                r = open_archive(&archive);
        if (r == 0 && !archive.is_dead)
                r = visit_members(&archive);
        if (r == 0 && kind == KIND_TAR && !archive.has_fault && !archive.below->is_cut &&
                        !source_ends_with_zeros(&archive.source))
                r = fault(&archive, position(&archive), "no end-of-archive mark: cut short");
        if (r == 0)
                r = drain(&archive);
        if (archive.a)
                archive.source.la->archive_read_free(archive.a);
        source_deinit(&archive.source);
        return r;
}
