/*
 * inflate: gunzip files on all cores and throw the bytes away: the floor under every reader of this
 * evidence.
 *
 *     inflate THREADS < NAMES        NAMES: one path a line
 *
 * Each thread takes the next file, reads it whole into one reused buffer, and inflates it (several
 * members too) through one reused 256 KiB window, as a streaming reader would. With -DUSE_ISAL the
 * same loop runs on ISA-L. Prints "files bytes".
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef USE_ISAL
#include <isa-l/igzip_lib.h>
#else
#include <zlib.h>
#endif

enum { WINDOW = 256 * 1024 };

static char **names;
static size_t n_names;
static atomic_size_t next_name;
static atomic_ullong n_bytes;
static atomic_int failed;

static ssize_t slurp(const char *name, uint8_t **buf, size_t *cap) {
        int fd = open(name, O_RDONLY | O_CLOEXEC);
        size_t have = 0;

        if (fd < 0)
                return -1;
        for (;;) {
                if (*cap - have < 65536) {
                        uint8_t *b = realloc(*buf, *cap = *cap * 2 + 65536);

                        if (!b)
                                abort();
                        *buf = b;
                }
                ssize_t n = read(fd, *buf + have, *cap - have);
                if (n < 0) {
                        close(fd);
                        return -1;
                }
                if (n == 0)
                        break;
                have += (size_t)n;
        }
        close(fd);
        return (ssize_t)have;
}

#ifdef USE_ISAL
typedef struct inflate_state Stream;

static void stream_init(Stream *s) {
        isal_inflate_init(s);
}

static int stream_run(Stream *s, uint8_t *in, size_t n_in, uint8_t *out, uint64_t *ret_n) {
        s->next_in = in;
        s->avail_in = (uint32_t)n_in;
        while (s->avail_in) {
                isal_inflate_reset(s);
                s->crc_flag = ISAL_GZIP;
                do {
                        s->next_out = out;
                        s->avail_out = WINDOW;
                        if (isal_inflate(s) != ISAL_DECOMP_OK)
                                return -1;
                        *ret_n += WINDOW - s->avail_out;
                        if (!s->avail_in && s->avail_out && s->block_state != ISAL_BLOCK_FINISH)
                                return -1;
                } while (s->block_state != ISAL_BLOCK_FINISH);
        }
        return 0;
}
#else
typedef z_stream Stream;

static void stream_init(Stream *s) {
        memset(s, 0, sizeof *s);
        if (inflateInit2(s, 15 + 16) != Z_OK)
                abort();
}

static int stream_run(Stream *s, uint8_t *in, size_t n_in, uint8_t *out, uint64_t *ret_n) {
        s->next_in = in;
        s->avail_in = (uInt)n_in;
        while (s->avail_in) {
                int r;

                inflateReset(s);
                do {
                        s->next_out = out;
                        s->avail_out = WINDOW;
                        r = inflate(s, Z_NO_FLUSH);
                        if (r != Z_OK && r != Z_STREAM_END)
                                return -1;
                        *ret_n += WINDOW - s->avail_out;
                } while (r != Z_STREAM_END);
        }
        return 0;
}
#endif

static void *work(void *arg) {
        uint8_t *in = NULL, *out = malloc(WINDOW);
        Stream *s = malloc(sizeof *s);
        size_t cap = 0;
        uint64_t n = 0;

        (void)arg;
        if (!out || !s)
                abort();
        stream_init(s);
        for (;;) {
                size_t i = atomic_fetch_add(&next_name, 1);
                ssize_t n_in;

                if (i >= n_names)
                        break;
                n_in = slurp(names[i], &in, &cap);
                if (n_in < 0 || stream_run(s, in, (size_t)n_in, out, &n) < 0) {
                        fprintf(stderr, "inflate: cannot read %s\n", names[i]);
                        atomic_store(&failed, 1);
                }
        }
        atomic_fetch_add(&n_bytes, n);
        free(in);
        free(out);
        free(s);
        return NULL;
}

int main(int argc, char **argv) {
        long n_threads = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
        size_t cap_names = 0, cap_line = 0;
        pthread_t threads[64];
        char *line = NULL;
        ssize_t n;

        if (n_threads < 1 || n_threads > 64) {
                fprintf(stderr, "usage: inflate THREADS < NAMES\n");
                return 2;
        }
        while ((n = getline(&line, &cap_line, stdin)) > 0) {
                if (line[n - 1] == '\n')
                        line[n - 1] = 0;
                if (n_names == cap_names) {
                        char **a = realloc(names, (cap_names = cap_names * 2 + 1024) * sizeof *a);

                        if (!a)
                                abort();
                        names = a;
                }
                if (!(names[n_names++] = strdup(line)))
                        abort();
        }
        for (long i = 0; i < n_threads; i++)
                if (pthread_create(&threads[i], NULL, work, NULL))
                        abort();
        for (long i = 0; i < n_threads; i++)
                pthread_join(threads[i], NULL);
        printf("%zu %llu\n", n_names, (unsigned long long)atomic_load(&n_bytes));
        return atomic_load(&failed);
}
