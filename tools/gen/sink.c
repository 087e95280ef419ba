/* Writing files: folders made on demand, bytes deflated with one reused stream, partial writes
 * finished, every failure named with its path. A Sink belongs to one thread. */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool packing_parse(const char *text, Packing *ret_packing) {
        static const char *const names[] = {"gzip", "plain", "multi"};

        for (unsigned i = 0; i < 3; i++)
                if (!strcmp(text, names[i])) {
                        *ret_packing = (Packing)i;
                        return true;
                }
        return false;
}

bool sink_init(Sink *s, Packing packing, int level) {
        memset(s, 0, sizeof *s);
        s->packing = packing;
        s->fd = -1;
        if (packing == PACKING_PLAIN)
                return true;
        if (deflateInit2(&s->z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
                fprintf(stderr, "spoor-gen: cannot start compression at level %d\n", level);
                return false;
        }
        s->has_z = true;
        return true;
}

void sink_deinit(Sink *s) {
        if (s->fd >= 0)
                close(s->fd);
        if (s->has_z)
                deflateEnd(&s->z);
        s->fd = -1;
        s->has_z = false;
}

static void fail(Sink *s, const char *what, int error) {
        if (!s->failed)
                fprintf(stderr, "spoor-gen: %s %s: %s\n", what, s->path, strerror(error));
        s->failed = true;
}

bool file_make_parents(const char *path) {
        char t[4096];
        size_t n = strlen(path);

        if (n >= sizeof t)
                return errno = ENAMETOOLONG, false;
        memcpy(t, path, n + 1);
        for (char *p = t + 1; *p; p++) {
                if (*p != '/')
                        continue;
                *p = '\0';
                if (mkdir(t, 0777) < 0 && errno != EEXIST)
                        return false;
                *p = '/';
        }
        return true;
}

bool sink_open(Sink *s, const char *path) {
        const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;

        s->path = path;
        s->failed = false;
        s->fd = open(path, flags, 0666);
        if (s->fd < 0 && errno == ENOENT && file_make_parents(path))
                s->fd = open(path, flags, 0666);
        if (s->fd < 0)
                return fail(s, "cannot create", errno), false;
        if (s->has_z)
                deflateReset(&s->z);
        return true;
}

static void put(Sink *s, const void *data, size_t n) {
        const char *p = data;

        s->n_disk += n;
        while (n && !s->failed) {
                ssize_t done = write(s->fd, p, n);

                if (done < 0 && errno == EINTR)
                        continue;
                if (done < 0) {
                        fail(s, "cannot write", errno);
                        break;
                }
                p += done;
                n -= (size_t)done;
        }
}

static void squeeze(Sink *s, int flush) {
        do {
                s->z.next_out = s->out;
                s->z.avail_out = sizeof s->out;
                deflate(&s->z, flush);
                put(s, s->out, sizeof s->out - s->z.avail_out);
        } while (!s->z.avail_out && !s->failed);
}

void sink_write(Sink *s, const Buf *b) {
        if (b->failed) {
                fail(s, "out of memory for", ENOMEM);
                return;
        }
        s->n_plain += b->n;
        if (!s->has_z) {
                put(s, b->data, b->n);
                return;
        }
        /* A buffer is a few megabytes: below zlib's 4 GiB counter. */
        s->z.next_in = (unsigned char *)b->data;
        s->z.avail_in = (uInt)b->n;
        squeeze(s, Z_NO_FLUSH);
}

void sink_cut(Sink *s) {
        if (s->packing != PACKING_MULTI)
                return;
        squeeze(s, Z_FINISH);
        deflateReset(&s->z);
}

bool sink_close(Sink *s) {
        if (s->has_z)
                squeeze(s, Z_FINISH);
        if (close(s->fd) < 0)
                fail(s, "cannot close", errno);
        s->fd = -1;
        return !s->failed;
}

bool file_write(const char *path, const void *data, size_t n) {
        static const unsigned char nothing[1];
        Sink s = {.fd = -1, .packing = PACKING_PLAIN};

        if (!sink_open(&s, path))
                return false;
        put(&s, n ? data : nothing, n);
        return sink_close(&s);
}
