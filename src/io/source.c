/*
 * Where libarchive reads from: a layer's stream front to back, the file itself by position, or
 * bytes held in memory.
 *
 * A file is read through the window of its layer, whose place in the file is remembered: members
 * that stand side by side cost no system call though libarchive seeks to each of them.
 *
 * A layer that is cut ends there for libarchive, which then says in its own words what it misses;
 * stream_cut() and archive.c add the cause.
 *
 * Memory: one window, or what source_hold() was allowed. Threading: as the reader.
 */
#include "io/source.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int source_init(Source *source, IoStream *below, bool seek) {
        IoReader *reader = below->reader;
        struct stat st;
        off_t at;

        if (!reader->libarchive) {
                LibArchive *la = calloc(1, sizeof(*la));
                int r = la ? libarchive_load(la) : -ENOMEM;

                if (r < 0) {
                        free(la);
                        return reader_fail(reader, r);
                }
                reader->libarchive = la;
        }
        *source = (Source){.below = below, .la = reader->libarchive};
        if (!seek || below->below || below->is_cut)
                return 0;
        if (fstat(reader->fd, &st) < 0 || !S_ISREG(st.st_mode))
                return 0;
        at = lseek(reader->fd, 0, SEEK_CUR);
        if (at < 0 || (uint64_t)at < below->n_pulled)
                return 0;
        source->base = (uint64_t)at - below->n_pulled;
        source->n_all = (uint64_t)st.st_size > source->base ? (uint64_t)st.st_size - source->base
                                                            : 0;
        source->is_file = true;
        below->is_sought = true;
        below->base = source->base;
        return 0;
}

void source_deinit(Source *source) {
        free(source->memory);
        source->memory = NULL;
}

int source_hold(Source *source, uint64_t limit) {
        uint64_t cap = 0;

        for (;;) {
                const uint8_t *data;
                size_t n;
                int r;

                r = stream_view(source->below, &data, &n);
                if (r)
                        return r;
                if (n == 0)
                        break;
                if (source->n_memory + n > limit)
                        return 0; /* the view stays where it is */
                if (source->n_memory + n > cap) {
                        uint8_t *memory;

                        cap = cap ? cap * 2 : 256U << 10;
                        if (cap > limit)
                                cap = limit;
                        memory = realloc(source->memory, cap);
                        if (!memory)
                                return reader_fail(source->below->reader, -ENOMEM);
                        source->memory = memory;
                }
                memcpy(source->memory + source->n_memory, data, n);
                source->n_memory += n;
                stream_consume(source->below, n);
        }
        source->is_whole = true;
        source->n_all = source->n_memory;
        return 0;
}

bool source_is_seekable(const Source *source) {
        return source->is_file || source->is_whole;
}

void source_rewind(Source *source) {
        source->at = 0;
}

/* Fills the window of the file from SOURCE->at. */
static la_ssize_t read_file(Source *source, struct archive *a, const void **ret_data) {
        IoStream *below = source->below;
        uint64_t end = source->window_start + below->window_end;

        if (source->at < source->window_start || source->at >= end) {
                ssize_t n;

                do {
                        n = pread(below->reader->fd, below->window, below->window_cap,
                                        (off_t)(source->base + source->at));
                } while (n < 0 && errno == EINTR);
                if (n < 0) {
                        source->la->archive_set_error(a, errno, "cannot read at byte %llu: %s",
                                        (unsigned long long)source->at, strerrordesc_np(errno));
                        return ARCHIVE_FATAL;
                }
                below->reader->n_bytes += (uint64_t)n;
                source->window_start = source->at;
                below->window_end = (size_t)n;
                end = source->window_start + below->window_end;
        }
        *ret_data = below->window + (source->at - source->window_start);
        return (la_ssize_t)(end - source->at);
}

static la_ssize_t read_below(Source *source, struct archive *a, const void **ret_data) {
        const uint8_t *data;
        size_t n;

        if (stream_view(source->below, &data, &n)) {
                source->la->archive_set_error(a, ECANCELED, "visit ended");
                return ARCHIVE_FATAL;
        }
        stream_consume(source->below, n);
        *ret_data = data;
        return (la_ssize_t)n;
}

static void keep_tail(Source *source, const uint8_t *data, size_t n) {
        size_t size = sizeof(source->tail);

        if (n >= size) {
                memcpy(source->tail, data + n - size, size);
                source->n_tail = size;
                source->is_tail_known = true;
        } else if (n > 0) {
                size_t n_old = source->n_tail < size - n ? source->n_tail : size - n;

                memmove(source->tail, source->tail + source->n_tail - n_old, n_old);
                memcpy(source->tail + n_old, data, n);
                source->n_tail = n_old + n;
        }
}

bool source_ends_with_zeros(const Source *source) {
        size_t i;

        for (i = 0; source->is_tail_known && i < source->n_tail; i++)
                if (source->tail[i])
                        return false;
        return true;
}

static la_ssize_t on_read(struct archive *a, void *userdata, const void **ret_data) {
        Source *source = userdata;
        la_ssize_t n;

        if (source->is_file) {
                n = read_file(source, a, ret_data);
        } else if (source->at < source->n_memory) {
                *ret_data = source->memory + source->at;
                n = (la_ssize_t)(source->n_memory - source->at);
        } else if (source->is_whole) {
                n = 0;
        } else {
                n = read_below(source, a, ret_data);
        }
        if (source->max_chunk && source_is_seekable(source) && n > (la_ssize_t)source->max_chunk)
                n = (la_ssize_t)source->max_chunk;
        if (n > 0) {
                source->at += (uint64_t)n;
                keep_tail(source, *ret_data, (size_t)n);
        }
        return n;
}

static la_int64_t on_skip(struct archive *a, void *userdata, la_int64_t request) {
        Source *source = userdata;
        uint64_t left = source->n_all > source->at ? source->n_all - source->at : 0;

        (void)a;
        if (request <= 0)
                return 0;
        if ((uint64_t)request > left)
                request = (la_int64_t)left;
        source->at += (uint64_t)request;
        source->is_tail_known = false;
        return request;
}

static la_int64_t on_seek(struct archive *a, void *userdata, la_int64_t offset, int whence) {
        Source *source = userdata;
        int64_t from = whence == SEEK_SET
                                       ? 0
                                       : (int64_t)(whence == SEEK_CUR ? source->at : source->n_all);
        int64_t to;

        if (__builtin_add_overflow(from, offset, &to) || to < 0) {
                source->la->archive_set_error(a, EINVAL, "seek outside of the archive");
                return ARCHIVE_FATAL;
        }
        source->at = (uint64_t)to;
        return to;
}

int source_open(Source *source, struct archive *a) {
        int r;

        r = source->la->archive_read_set_read_callback(a, on_read);
        if (r == ARCHIVE_OK)
                r = source->la->archive_read_set_callback_data(a, source);
        if (r == ARCHIVE_OK && source_is_seekable(source))
                r = source->la->archive_read_set_seek_callback(a, on_seek);
        if (r == ARCHIVE_OK && source_is_seekable(source))
                r = source->la->archive_read_set_skip_callback(a, on_skip);
        return r == ARCHIVE_OK ? source->la->archive_read_open1(a) : r;
}
