/* Files as they are: read whole, and what is said of them when they are not what they should be. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enrich/private.h"

#define MAX_BYTES ((size_t)1 << 30)

int enrich_fail(EnrichFault *fault, int code, const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void)vsnprintf(fault->text, sizeof(fault->text), format, args);
        va_end(args);
        return code;
}

static int read_all(int fd, EnrichText *text) {
        for (;;) {
                ssize_t n;

                if (text->size > MAX_BYTES)
                        return -EFBIG;
                if (vec_reserve(text, 65536) < 0)
                        return -ENOMEM;
                n = read(fd, text->data + text->size, text->cap - text->size);
                if (n == 0)
                        return 0;
                if (n < 0 && errno != EINTR)
                        return -errno;
                text->size += n > 0 ? (size_t)n : 0;
        }
}

int enrich_read(const char *path, EnrichText *ret_text, EnrichFault *fault) {
        int fd = open(path, O_RDONLY | O_CLOEXEC), r;

        if (fd < 0)
                return enrich_fail(fault, -errno, "%s: %s", path, strerror(errno));
        r = read_all(fd, ret_text);
        close(fd);
        return r ? enrich_fail(fault, r, "%s: %s", path, strerror(-r)) : 0;
}
