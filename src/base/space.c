/*
 * Arrays in unlinked files; see space.h.
 *
 *     Space     a list of mappings, under a lock; a thread that looks at the resident size every
 *               few milliseconds and drops the pages of all mappings when it is above the mark
 *
 * The mappings are shared ones of files, so dropping a page loses nothing: what was written stands
 * in the page cache or on the disk. Blocks are reserved when a file is made, so that a full disk is
 * an error there and not a signal later. Below SMALL bytes the heap is used.
 */
#include "base/space.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/beside.h"
#include "base/vec.h"

#define SMALL ((size_t)1 << 20)
#define LOOK_NS 3000000L

typedef struct Mapping {
        char *data;
        size_t size;
} Mapping;

struct Space {
        char *dir;
        uint64_t mark; /* bytes above which pages are dropped */
        VEC(Mapping) mappings;
        pthread_mutex_t lock;
        pthread_t watcher;
        pthread_cond_t stop;
        bool is_stopped;
};

uint64_t space_resident(void) {
        int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
        unsigned long n_pages = 0;
        char text[64];
        ssize_t n;

        if (fd < 0)
                return 0;
        n = read(fd, text, sizeof(text) - 1);
        close(fd);
        if (n <= 0)
                return 0;
        text[n] = 0;
        return sscanf(text, "%*u %lu", &n_pages) == 1 ? n_pages * (uint64_t)sysconf(_SC_PAGESIZE)
                                                      : 0;
}

static void *watch(void *userdata) {
        Space *space = userdata;

        pthread_mutex_lock(&space->lock);
        while (!space->is_stopped) {
                struct timespec until;

                if (space->mappings.size && space_resident() > space->mark) {
                        for (size_t i = 0; i < space->mappings.size; i++)
                                (void)madvise(space->mappings.data[i].data,
                                                space->mappings.data[i].size, MADV_DONTNEED);
                }
                clock_gettime(CLOCK_MONOTONIC, &until);
                until.tv_nsec += LOOK_NS;
                if (until.tv_nsec >= 1000000000L) {
                        until.tv_nsec -= 1000000000L;
                        until.tv_sec++;
                }
                pthread_cond_timedwait(&space->stop, &space->lock, &until);
        }
        pthread_mutex_unlock(&space->lock);
        return NULL;
}

int space_new(const char *dir, uint64_t limit, Space **ret_space) {
        Space *space = vec_alloc_zero(1, sizeof(*space));
        pthread_condattr_t attributes;
        sigset_t all, mask;
        int r;

        if (!space)
                return -ENOMEM;
        space->dir = strdup(dir);
        space->mark = limit / 8 * 7;
        if (!space->dir) {
                free(space);
                return -ENOMEM;
        }
        pthread_mutex_init(&space->lock, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&space->stop, &attributes);
        pthread_condattr_destroy(&attributes);
        /* signals are for threads of who uses the library */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &mask);
        r = -pthread_create(&space->watcher, NULL, watch, space);
        pthread_sigmask(SIG_SETMASK, &mask, NULL);
        if (r < 0) {
                pthread_cond_destroy(&space->stop);
                pthread_mutex_destroy(&space->lock);
                free(space->dir);
                free(space);
                return r;
        }
        *ret_space = space;
        return 0;
}

Space *space_free(Space *space) {
        if (!space)
                return NULL;
        pthread_mutex_lock(&space->lock);
        space->is_stopped = true;
        pthread_cond_signal(&space->stop);
        pthread_mutex_unlock(&space->lock);
        pthread_join(space->watcher, NULL);
        pthread_cond_destroy(&space->stop);
        pthread_mutex_destroy(&space->lock);
        vec_deinit(&space->mappings);
        free(space->dir);
        free(space);
        return NULL;
}

/* ---- files ---- */

int space_open(Space *space, bool *ret_can_be_named) {
        int fd = beside_open(space->dir, O_RDWR);
        char *path;

        if (ret_can_be_named)
                *ret_can_be_named = fd >= 0;
        if (fd != -EOPNOTSUPP)
                return fd;
        path = malloc(strlen(space->dir) + 32);
        if (!path)
                return -ENOMEM;
        sprintf(path, "%s/.spoor.XXXXXX", space->dir);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd < 0)
                fd = -errno;
        else
                unlink(path);
        free(path);
        return fd;
}

int space_watch(Space *space, void *data, size_t size) {
        int r;

        if (!space)
                return 0;
        pthread_mutex_lock(&space->lock);
        r = vec_reserve(&space->mappings, 1);
        if (r == 0)
                space->mappings.data[space->mappings.size++] = (Mapping){data, size};
        pthread_mutex_unlock(&space->lock);
        return r;
}

/* The size of the mapping that was watched, or 0. */
static size_t forget(Space *space, const void *data) {
        size_t size = 0;

        pthread_mutex_lock(&space->lock);
        for (size_t i = 0; i < space->mappings.size && !size; i++) {
                if (space->mappings.data[i].data != data)
                        continue;
                size = space->mappings.data[i].size;
                space->mappings.data[i] = space->mappings.data[--space->mappings.size];
        }
        pthread_mutex_unlock(&space->lock);
        return size;
}

void space_unwatch(Space *space, void *data) {
        if (space)
                forget(space, data);
}

/* ---- arrays ---- */

static void *map_file(Space *space, size_t size) {
        int fd = space_open(space, NULL), r = fd < 0 ? -fd : posix_fallocate(fd, 0, (off_t)size);
        void *data = NULL;

        if (r == 0) {
                data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
                r = data == MAP_FAILED ? errno : 0;
        }
        if (fd >= 0)
                close(fd);
        if (r == 0 && space_watch(space, data, size) < 0) {
                munmap(data, size);
                r = ENOMEM;
        }
        errno = r;
        return r == 0 ? data : NULL;
}

void *space_alloc(Space *space, size_t count, size_t element_size) {
        size_t size;
        void *data;

        if (__builtin_mul_overflow(count, element_size, &size)) {
                errno = ENOMEM;
                return NULL;
        }
        if (space && size >= SMALL)
                return map_file(space, size);
        data = vec_alloc(count, element_size);
        if (!data)
                errno = ENOMEM;
        return data;
}

void *space_alloc_zero(Space *space, size_t count, size_t element_size) {
        size_t size;
        void *data;

        if (!__builtin_mul_overflow(count, element_size, &size) && space && size >= SMALL)
                return map_file(space, size); /* a new file is zero */
        data = vec_alloc_zero(count, element_size);
        if (!data)
                errno = ENOMEM;
        return data;
}

void space_release(Space *space, void *data) {
        size_t size = space && data ? forget(space, data) : 0;

        if (size)
                munmap(data, size);
        else
                free(data);
}
