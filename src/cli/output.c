/*
 * Buffered output. A file is written without a name (O_TMPFILE) where the file system can, so that
 * a killed process leaves nothing, and otherwise under a name beside its own; finishing syncs it
 * and renames it over what stood there. What is no regular file (/dev/null, a fifo) is written
 * straight. SIGPIPE is ignored by main(), so a closed pipe arrives here as EPIPE.
 *
 * One thread at a time.
 */
#include "cli/output.h"

#include "base/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void free_text(char **text) {
        free(*text);
}

/* A free name beside PATH, opened or linked by USE. */
static int make_temporary(CliOutput *output, int unnamed_fd) {
        char *name = NULL;
        int r = -EEXIST;

        for (unsigned i = 0; r == -EEXIST && i < 100; i++) {
                free(name);
                if (asprintf(&name, "%s.%ld.%u.tmp", output->path, (long)getpid(), i) < 0)
                        return -ENOMEM;
                if (unnamed_fd >= 0) {
                        char link[48];

                        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", unnamed_fd);
                        r = linkat(AT_FDCWD, link, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
                } else {
                        r = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
                }
                if (r < 0)
                        r = -errno;
        }
        if (r < 0) {
                free(name);
                return r;
        }
        output->temporary = name;
        return r;
}

static int open_file(CliOutput *output, const char *path) {
        CLI_CLEANUP(free_text) char *parent = NULL;
        struct stat st;

        if (stat(path, &st) == 0) {
                if (!S_ISREG(st.st_mode)) {
                        output->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
                        return output->fd < 0 ? -errno : 0;
                }
                output->path = realpath(path, NULL); /* a link stays a link */
                if (!output->path)
                        return -errno;
        } else if (errno != ENOENT) {
                return -errno;
        } else {
                output->path = strdup(path);
        }
        parent = output->path ? beside_directory(output->path) : NULL;
        if (!parent)
                return -ENOMEM;
        if (access("/proc/self/fd", F_OK) == 0)
                output->fd = beside_open(parent, O_WRONLY);
        if (output->fd < 0)
                output->fd = make_temporary(output, -1);
        return output->fd < 0 ? output->fd : 0;
}

int cli_output_open(const char *path, CliOutput *ret_output) {
        CliOutput output = CLI_OUTPUT_INIT;
        int r = 0;

        output.buffer = malloc(CLI_OUTPUT_BUFFER);
        if (!output.buffer)
                return -ENOMEM;
        if (path && strcmp(path, "-") != 0)
                r = open_file(&output, path);
        else
                output.fd = STDOUT_FILENO;
        if (r) {
                cli_output_deinit(&output);
                return r;
        }
        output.terminal = isatty(output.fd);
        *ret_output = output;
        return 0;
}

void cli_output_deinit(CliOutput *output) {
        if (output->fd >= 0 && output->fd != STDOUT_FILENO)
                (void)close(output->fd);
        if (output->temporary)
                (void)unlink(output->temporary);
        free(output->temporary);
        free(output->path);
        free(output->buffer);
        *output = CLI_OUTPUT_INIT;
}

static void write_all(CliOutput *output, const char *data, size_t size) {
        while (size && !cli_output_over(output)) {
                ssize_t n = write(output->fd, data, size);

                if (n >= 0) {
                        data += n;
                        size -= (size_t)n;
                } else if (errno == EPIPE) {
                        output->closed = true;
                } else if (errno != EINTR) {
                        output->error = -errno;
                }
        }
}

static void flush(CliOutput *output) {
        write_all(output, output->buffer, output->n_buffer);
        output->n_buffer = 0;
}

void cli_output_write(CliOutput *output, const void *data, size_t size) {
        if (size > CLI_OUTPUT_BUFFER - output->n_buffer)
                flush(output);
        if (size >= CLI_OUTPUT_BUFFER) {
                write_all(output, data, size);
        } else if (size) {
                memcpy(output->buffer + output->n_buffer, data, size);
                output->n_buffer += size;
        }
}

bool cli_output_over(const CliOutput *output) {
        return output->error || output->closed;
}

int cli_output_finish(CliOutput *output) {
        flush(output);
        if (output->error || !output->path)
                return output->error;
        if (fsync(output->fd) < 0)
                return -errno;
        if (!output->temporary) {
                int r = make_temporary(output, output->fd);

                if (r < 0)
                        return r;
        }
        if (rename(output->temporary, output->path) < 0)
                return -errno;
        free(output->temporary);
        output->temporary = NULL;
        return 0;
}

/* PATH without links; where it does not exist yet, its parent's and its name. NULL: neither. */
static char *resolve(const char *path) {
        CLI_CLEANUP(free_text) char *parent = NULL, *resolved = NULL;
        const char *slash = strrchr(path, '/');
        char *whole = realpath(path, NULL);

        if (whole)
                return whole;
        parent = beside_directory(path);
        resolved = parent ? realpath(parent, NULL) : NULL;
        if (!resolved || asprintf(&whole, "%s/%s", resolved, slash ? slash + 1 : path) < 0)
                return NULL;
        return whole;
}

static bool stands_in(const char *path, const char *dir) {
        size_t n = strlen(dir);

        while (n && dir[n - 1] == '/')
                n--;
        return strncmp(path, dir, n) == 0 && path[n] == '/';
}

int cli_output_check(const char *path, const char *const *sources, size_t n_sources,
                SpoorError *ret_error) {
        CLI_CLEANUP(free_text) char *target = resolve(path);
        struct stat st, source_st;
        bool exists = stat(path, &st) == 0;

        if (exists && S_ISDIR(st.st_mode)) {
                (void)snprintf(ret_error->message, sizeof(ret_error->message),
                                "--output: %s is a directory", path);
                return CLI_E_USAGE;
        }
        if (!target) {
                (void)snprintf(ret_error->message, sizeof(ret_error->message), "--output: %s: %s",
                                path, strerror(errno));
                return CLI_E_USAGE;
        }
        if (exists && !S_ISREG(st.st_mode))
                return 0;
        for (size_t i = 0; i < n_sources; i++) {
                CLI_CLEANUP(free_text) char *source = NULL;

                if (strcmp(sources[i], "-") == 0 || stat(sources[i], &source_st) < 0)
                        continue; /* the library says what is wrong with it */
                source = realpath(sources[i], NULL);
                if ((exists && st.st_dev == source_st.st_dev && st.st_ino == source_st.st_ino) ||
                                (source && strcmp(source, target) == 0)) {
                        (void)snprintf(ret_error->message, sizeof(ret_error->message),
                                        "--output: %s is a SOURCE, which is never written to",
                                        path);
                        return CLI_E_USAGE;
                }
                if (source && S_ISDIR(source_st.st_mode) && stands_in(target, source)) {
                        (void)snprintf(ret_error->message, sizeof(ret_error->message),
                                        "--output: %s stands inside the SOURCE %s, which is never "
                                        "written to",
                                        path, sources[i]);
                        return CLI_E_USAGE;
                }
        }
        return 0;
}
