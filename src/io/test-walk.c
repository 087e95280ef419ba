/* The walk: order, links, loops, overlaps, and what cannot be listed. */
#include "io/test-evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

/* Walks up to three sources given below the folder; NULL ends them. */
static IoFileList *walk(Evidence *ev, const char *a, const char *b, const char *c) {
        const char *sources[3] = {a, b, c};
        IoFileList *list = NULL;
        size_t i, bad, n = b ? c ? 3 : 2 : 1;

        ev_reset(ev);
        for (i = 0; i < n; i++)
                sources[i] = ev_format(ev, "%s/%s", ev->dir, sources[i]);
        assert_int_equal(io_walk(sources, n, &ev->sink, &list, &bad), 0);
        assert_int_equal(bad, n);
        for (i = 1; i < io_file_list_size(list); i++)
                assert_true(strcmp(io_file_list_at(list, i - 1)->name,
                                            io_file_list_at(list, i)->name) < 0);
        return list;
}

/* The names in the list, below the folder, with a blank behind each; frees it. */
static const char *names(Evidence *ev, IoFileList *list) {
        size_t i, n_dir = strlen(ev->dir) + 1;
        char *text = ev_format(ev, "%s", "");

        for (i = 0; i < io_file_list_size(list); i++) {
                const IoFile *file = io_file_list_at(list, i);

                assert_memory_equal(file->name, ev->dir, n_dir - 1);
                assert_int_equal(access(file->path, R_OK), 0);
                strcat(text, file->name + n_dir);
                strcat(text, " ");
        }
        io_file_list_free(list);
        return text;
}

static void make_link(Evidence *ev, const char *target, const char *name) {
        assert_int_equal(symlink(target, ev_format(ev, "%s/%s", ev->dir, name)), 0);
}

static void test_order(void **state) {
        static const char *const files[] = {"s/a/b", "s/a.x", "s/a0", "s/a-", "s/a/b.c/d",
                        "s/a/b.c0", "s/Z", "s/\xff\xfe", "s/\xc3\xa9"};
        Evidence *ev = *state;
        size_t i;

        for (i = 0; i < N_ELEMENTS(files); i++)
                ev_write(ev, files[i], ev_literal(ev, "x"));
        mkdir(ev_format(ev, "%s/s/nothing", ev->dir), 0700);
        assert_string_equal(names(ev, walk(ev, "s", NULL, NULL)),
                        "s/Z s/a- s/a.x s/a/b s/a/b.c/d s/a/b.c0 s/a0 s/\xc3\xa9 s/\xff\xfe ");
        assert_counts(ev, 0, 0);
        assert_string_equal(names(ev, walk(ev, "s///", NULL, NULL)),
                        "s/Z s/a- s/a.x s/a/b s/a/b.c/d s/a/b.c0 s/a0 s/\xc3\xa9 s/\xff\xfe ");
        assert_string_equal(names(ev, walk(ev, "s/a0", NULL, NULL)), "s/a0 ");
        assert_string_equal(names(ev, walk(ev, "s/nothing", NULL, NULL)), "");
}

static void test_overlaps(void **state) {
        Evidence *ev = *state;

        ev_write(ev, "s/a/1", ev_literal(ev, "x"));
        ev_write(ev, "s/b/2", ev_literal(ev, "x"));
        ev_write(ev, "t/3", ev_literal(ev, "x"));
        assert_string_equal(names(ev, walk(ev, "s", "s/b", NULL)), "s/a/1 s/b/2 ");
        assert_string_equal(names(ev, walk(ev, "s/b", "s", NULL)), "s/a/1 s/b/2 ");
        assert_string_equal(names(ev, walk(ev, "s", "s", "s/")), "s/a/1 s/b/2 ");
        assert_string_equal(names(ev, walk(ev, "s/b/2", "t", "s")), "s/a/1 s/b/2 t/3 ");
        assert_string_equal(names(ev, walk(ev, "s/b/2", "t/3", "s/b/2")), "s/b/2 t/3 ");
        /* One way in, two names: the first of them. */
        make_link(ev, "s/b", "link");
        assert_string_equal(names(ev, walk(ev, "s", "link", NULL)), "link/2 s/a/1 ");
        make_link(ev, "../s/b/2", "t/0");
        assert_string_equal(names(ev, walk(ev, "s", "t", NULL)), "s/a/1 s/b/2 t/3 ");
        assert_string_equal(names(ev, walk(ev, "t", "link", NULL)), "link/2 t/3 ");
        make_link(ev, "s/b/2", "file");
        assert_string_equal(names(ev, walk(ev, "file", "t", "s")), "file s/a/1 t/3 ");
        assert_string_equal(names(ev, walk(ev, "t", NULL, NULL)), "t/0 t/3 ");
        assert_counts(ev, 0, 0);
}

static void test_loops(void **state) {
        Evidence *ev = *state;
        IoFileList *list;
        size_t i;

        ev_write(ev, "s/a/1", ev_literal(ev, "x"));
        make_link(ev, "..", "s/a/up");
        make_link(ev, ".", "s/self");
        make_link(ev, "nowhere", "s/dangling");
        make_link(ev, "round", "s/round");
        assert_string_equal(names(ev, walk(ev, "s", NULL, NULL)), "s/a/1 ");
        assert_counts(ev, 0, 4);
        for (i = 0; i < 4; i++)
                assert_non_null(strstr(ev->faults[i].reason,
                                strstr(ev->faults[i].name, "dang") ? "dangling symbolic link"
                                                                   : "loop"));
        /* Links that cross each other in 2^40 ways are 41 directories. */
        for (i = 0; i < 40; i++) {
                mkdir(ev_format(ev, "%s/x%zu", ev->dir, i), 0700);
                make_link(ev, ev_format(ev, "../x%zu", i + 1), ev_format(ev, "x%zu/l", i));
                make_link(ev, ev_format(ev, "../x%zu", i + 1), ev_format(ev, "x%zu/r", i));
        }
        ev_write(ev, "x40/file", ev_literal(ev, "x"));
        list = walk(ev, "x0", NULL, NULL);
        assert_int_equal(io_file_list_size(list), 1);
        assert_counts(ev, 0, 0);
        io_file_list_free(list);
}

static void test_not_regular(void **state) {
        Evidence *ev = *state;
        const char *sources[] = {"-", ev_format(ev, "%s/s/pipe", ev->dir), "/dev/null"};
        IoFileList *list;
        size_t bad;

        ev_write(ev, "s/1", ev_literal(ev, "x"));
        assert_int_equal(mkfifo(ev_format(ev, "%s/s/pipe", ev->dir), 0600), 0);
        assert_string_equal(names(ev, walk(ev, "s", NULL, NULL)), "s/1 ");
        assert_counts(ev, 0, 1);
        assert_fault(ev, 0, ev_format(ev, "%s/s/pipe", ev->dir), 0, "not a regular file: a pipe");
        ev_reset(ev);
        assert_int_equal(io_walk(sources, 3, &ev->sink, &list, &bad), 0);
        assert_int_equal(io_file_list_size(list), 3);
        assert_string_equal(io_file_list_at(list, 0)->path, "-");
        assert_int_equal(io_file_list_at(list, 0)->source, 0);
        assert_int_equal(io_file_list_at(list, 1)->source, 2);
        assert_counts(ev, 0, 0);
        io_file_list_free(list);
}

static void test_bad_sources(void **state) {
        Evidence *ev = *state;
        const char *sources[] = {ev->dir, "/nowhere/at/all"};
        IoFileList *list = NULL;
        size_t bad;

        assert_int_equal(io_walk(sources, 2, &ev->sink, &list, &bad), -ENOENT);
        assert_int_equal(bad, 1);
        assert_null(list);
        assert_int_equal(io_walk(sources, 0, &ev->sink, &list, &bad), 0);
        assert_int_equal(io_file_list_size(list), 0);
        io_file_list_free(list);
        if (geteuid() != 0) {
                mkdir(ev_format(ev, "%s/shut", ev->dir), 0);
                io_file_list_free(walk(ev, "shut", NULL, NULL));
                assert_fault(ev, 0, ev_format(ev, "%s/shut", ev->dir), 0, "Permission denied");
        }
}

/* Deeper than the kernel takes a path, and more directories than there may be descriptors. */
static void test_deep(void **state) {
        enum { DEPTH = 1500 };
        Evidence *ev = *state;
        struct rlimit old, few = {40, 40};
        Bytes text = ev_literal(ev, "deep");
        int dir = open(ev->dir, O_PATH | O_CLOEXEC), fd, i;
        IoFileList *list;

        for (i = 0; i < DEPTH; i++) {
                int next;

                assert_int_equal(mkdirat(dir, "directory", 0700), 0);
                next = openat(dir, "directory", O_PATH | O_CLOEXEC);
                close(dir);
                dir = next;
        }
        fd = openat(dir, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(write(fd, text.data, text.n), text.n);
        close(fd);
        getrlimit(RLIMIT_NOFILE, &old);
        few.rlim_max = old.rlim_max;
        setrlimit(RLIMIT_NOFILE, &few);
        list = walk(ev, "directory", NULL, NULL);
        assert_counts(ev, 0, 0);
        assert_int_equal(io_file_list_size(list), 1);
        assert_int_equal(strlen(io_file_list_at(list, 0)->name), strlen(ev->dir) + DEPTH * 10 + 5);
        assert_int_equal(io_reader_visit(ev->reader, io_file_list_at(list, 0)->path,
                                         SLICE_LITERAL("deep"), &ev->sink),
                        0);
        assert_leaf(ev, "deep", text);
        setrlimit(RLIMIT_NOFILE, &old);
        io_file_list_free(list);
        /* Taken down from below, as no path reaches it. */
        unlinkat(dir, "file", 0);
        for (i = 0; i < DEPTH; i++) {
                int up = openat(dir, "..", O_PATH | O_CLOEXEC);

                close(dir);
                dir = up;
                assert_int_equal(unlinkat(dir, "directory", AT_REMOVEDIR), 0);
        }
        close(dir);
}

/* Reading leaves no trace on what was read. */
static void test_untouched(void **state) {
        Evidence *ev = *state;
        const char *path = ev_write(ev, "s/file", ev_text(ev, 5000));
        struct timespec times[2] = {{.tv_sec = 1000000}, {.tv_sec = 2000000}};
        struct stat st;

        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
        assert_string_equal(names(ev, walk(ev, "s", NULL, NULL)), "s/file ");
        assert_int_equal(io_reader_visit(ev->reader, path, SLICE_LITERAL("s"), &ev->sink), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_atim.tv_sec, 1000000);
        assert_int_equal(st.st_mtim.tv_sec, 2000000);
}

#define TEST(f) cmocka_unit_test_setup_teardown((f), evidence_setup, evidence_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                        TEST(test_order),
                        TEST(test_overlaps),
                        TEST(test_loops),
                        TEST(test_not_regular),
                        TEST(test_bad_sources),
                        TEST(test_deep),
                        TEST(test_untouched),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
