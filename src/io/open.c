/*
 * Opening evidence: read-only, close-on-exec, and leaving no access time behind where the kernel
 * permits that (owner of the file, or CAP_FOWNER).
 *
 * A path longer than the kernel takes in one call is opened piece by piece, each piece below
 * PATH_MAX, so a tree of any depth can be read.
 *
 * Complexity: one system call for a path that is not too long. No state.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/stream.h"

static int open_at(int dir, const char *path, int flags) {
        int fd;

        flags |= O_RDONLY | O_CLOEXEC | O_NOCTTY;
        do {
                fd = openat(dir, path, flags | O_NOATIME);
        } while (fd < 0 && errno == EINTR);
        if (fd >= 0 || errno != EPERM)
                return fd;
        do {
                fd = openat(dir, path, flags);
        } while (fd < 0 && errno == EINTR);
        return fd;
}

/* Opens the directory that PATH but for its last piece names; *path becomes that piece. */
static int open_piecewise(const char **path) {
        char piece[PATH_MAX];
        int dir = AT_FDCWD;

        while (strlen(*path) >= PATH_MAX) {
                const char *end = memrchr(*path, '/', PATH_MAX - 1);
                size_t n = end ? (size_t)(end - *path) + 1 : 0;
                int fd;

                if (n == 0) { /* one name of this length: let the kernel refuse it */
                        errno = ENAMETOOLONG;
                        fd = -1;
                } else {
                        memcpy(piece, *path, n);
                        piece[n] = '\0';
                        fd = openat(dir, piece, O_PATH | O_DIRECTORY | O_CLOEXEC);
                }
                if (dir != AT_FDCWD) {
                        int saved = errno;

                        close(dir);
                        errno = saved;
                }
                if (fd < 0)
                        return -1;
                dir = fd;
                *path += n;
                while (**path == '/')
                        (*path)++;
        }
        return dir;
}

int open_evidence(const char *path, int flags) {
        int dir, fd, saved;

        if (strnlen(path, PATH_MAX) < PATH_MAX)
                return open_at(AT_FDCWD, path, flags);
        dir = open_piecewise(&path);
        if (dir == -1)
                return -1;
        fd = open_at(dir, *path ? path : ".", flags);
        saved = errno;
        if (dir != AT_FDCWD)
                close(dir);
        errno = saved;
        return fd;
}
