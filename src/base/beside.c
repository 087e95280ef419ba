/*
 * What is written whole or not at all is written beside the name that it gets, as only a file of
 * the same file system can be renamed to it. Stateless.
 */
#include "base/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

char *beside_directory(const char *path) {
        const char *slash = strrchr(path, '/');

        if (!slash)
                return strdup(".");
        return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

int beside_open(const char *directory, int flags) {
        int fd = open(directory, O_TMPFILE | O_CLOEXEC | flags, 0666);

        if (fd >= 0)
                return fd;
        /* old kernels and some file systems take it for a directory that is to be written to */
        return errno == EISDIR || errno == EINVAL ? -EOPNOTSUPP : -errno;
}
