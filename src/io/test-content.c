/* What is told of files and members as they stand: their bytes, all of them, whatever was read. */
#include "io/test-evidence.h"

#include <archive.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const formats[] = {"ustar", "pax", "gnutar", "zip", "7zip"};

static const char *archive_name(const char *format) {
        return strcmp(format, "zip") == 0 ? "zip" : strcmp(format, "7zip") == 0 ? "7z" : "tar";
}

static void test_files(void **state) {
        Evidence *ev = *state;
        Bytes text = ev_text(ev, 700000), packed = ev_gzip(ev, text);
        Bytes files[] = {
                        {NULL, 0},
                        text,
                        packed,
                        ev_join(ev, packed, packed),
                        ev_join(ev, packed, ev_zeros(ev, 70000)),
                        ev_join(ev, packed, text),
                        ev_head(ev, packed, packed.n / 2),
                        ev_spoil(ev, packed, (ptrdiff_t)packed.n / 2),
                        ev_spoil(ev, packed, -5),
                        ev_filter(ev, text, ARCHIVE_FILTER_XZ),
                        ev_filter(ev, text, ARCHIVE_FILTER_ZSTD),
                        ev_gzip(ev, ev_gzip(ev, ev_filter(ev, text, ARCHIVE_FILTER_BZIP2))),
        };

        for (size_t i = 0; i < N_ELEMENTS(files); i++) {
                for (size_t stop = 0; stop < 3; stop++) {
                        ev->stop_after = stop ? 1 + ev_random(ev, 300000) : 0;
                        ev->read_size = 1 + ev_random(ev, 40000);
                        assert_int_equal(ev_visit(ev, files[i]), 0);
                        assert_int_equal(ev->n_dones, 1);
                        assert_done(ev, "f", files[i], NULL);
                }
        }
}

/* Members as tar x, unzip and 7z x leave them; and their archive, which is told last. */
static void test_members(void **state) {
        Evidence *ev = *state;
        Bytes text = ev_text(ev, 300000), packed = ev_gzip(ev, text), empty = {0};
        Member members[] = {
                        {"d/", empty, NULL},
                        {"d/log.json", text, NULL},
                        {"log.json.gz", packed, NULL},
                        {"odd.gz", ev_join(ev, packed, ev_text(ev, 100000)), NULL},
                        {"empty", empty, NULL},
                        {"log.json", packed, NULL},
        };

        for (size_t i = 0; i < N_ELEMENTS(formats) * 3; i++) {
                const char *format = formats[i % N_ELEMENTS(formats)];
                Bytes archive = ev_archive(ev, format, NULL, members, N_ELEMENTS(members));

                ev->stop_after = i / N_ELEMENTS(formats) == 1 ? 10 : 0;
                if (i / N_ELEMENTS(formats) == 2)
                        archive = ev_gzip(ev, ev_gzip(ev, archive));
                assert_int_equal(ev_visit(ev, archive), 0);
                assert_int_equal(ev->n_dones, 6);
                assert_done(ev, "f!d/log.json", text, NULL);
                assert_done(ev, "f!log.json.gz", packed, NULL);
                assert_done(ev, "f!odd.gz", members[3].content, NULL);
                assert_done(ev, "f!empty", empty, NULL);
                assert_done(ev, "f!log.json", packed, NULL);
                assert_done(ev, "f", archive, archive_name(format));
                assert_string_equal(ev->dones[5].name, "f");
        }
}

static void test_nests(void **state) {
        Evidence *ev = *state;
        Bytes text = ev_text(ev, 30000);

        for (size_t i = 0; i < N_ELEMENTS(formats) * N_ELEMENTS(formats); i++) {
                const char *outer = formats[i / N_ELEMENTS(formats)];
                const char *inner = formats[i % N_ELEMENTS(formats)];
                Member leaves[] = {{"a.json", text, NULL}, {"b.gz", ev_gzip(ev, text), NULL}};
                Bytes in = ev_gzip(ev, ev_archive(ev, inner, NULL, leaves, 2));
                Member nest[] = {{"in", in, NULL}, {"x", ev_head(ev, text, 9), NULL}};
                Bytes archive = ev_archive(ev, outer, NULL, nest, 2);

                assert_int_equal(ev_visit(ev, archive), 0);
                assert_int_equal(ev->n_dones, 5);
                assert_done(ev, "f", archive, archive_name(outer));
                assert_done(ev, "f!in", in, archive_name(inner));
                assert_done(ev, "f!in!a.json", text, NULL);
                assert_done(ev, "f!in!b.gz", leaves[1].content, NULL);
                assert_done(ev, "f!x", nest[1].content, NULL);
        }
}

/* What of a member is missing has no hash; the file that lacks it has. */
static void test_cut(void **state) {
        Evidence *ev = *state;
        Bytes text = ev_text(ev, 300000), first = ev_text(ev, 2000);
        Member members[] = {{"one", first, NULL}, {"two", text, NULL}};
        Bytes tar = ev_archive(ev, "ustar", NULL, members, 2);

        tar = ev_head(ev, tar, 200000);
        assert_int_equal(ev_visit(ev, tar), 0);
        assert_int_equal(ev->n_dones, 3);
        assert_done(ev, "f!one", first, NULL);
        assert_done_cut(ev, "f!two");
        assert_done(ev, "f", tar, "tar");
        tar = ev_gzip(ev, tar);
        tar = ev_head(ev, tar, tar.n / 2);
        assert_int_equal(ev_visit(ev, tar), 0);
        assert_done_cut(ev, "f!two");
}

/* A directory opens, and cannot be read: told, and without a hash. */
static void test_unreadable(void **state) {
        Evidence *ev = *state;

        ev_write(ev, "d/x", ev_text(ev, 10));
        ev_reset(ev);
        assert_int_equal(io_reader_visit(ev->reader, ev_format(ev, "%s/d", ev->dir),
                                         SLICE_LITERAL("d"), &ev->sink),
                        0);
        assert_int_equal(ev->n_dones, 1);
        assert_done_cut(ev, "d");
        assert_int_equal(ev->n_faults, 1);
        ev_reset(ev);
        assert_int_equal(io_reader_visit(ev->reader, ev_format(ev, "%s/none", ev->dir),
                                         SLICE_LITERAL("none"), &ev->sink),
                        0);
        assert_int_equal(ev->n_dones, 0);
        assert_int_equal(ev->n_faults, 1);
}

/* From where standard input stands, not from the beginning of the file that it is. */
static void test_stdin(void **state) {
        Evidence *ev = *state;
        Member members[] = {{"one", ev_text(ev, 2000), NULL}};
        Bytes zip = ev_archive(ev, "zip", NULL, members, 1), before = ev_text(ev, 1000), all;
        int old = dup(STDIN_FILENO), fd;

        all = ev_join(ev, before, zip);
        fd = open(ev_write(ev, "in", all), O_RDONLY);
        assert_true(old >= 0 && fd >= 0);
        assert_int_equal(lseek(fd, (off_t)before.n, SEEK_SET), before.n);
        dup2(fd, STDIN_FILENO);
        close(fd);
        ev_reset(ev);
        assert_int_equal(io_reader_visit(ev->reader, "-", SLICE_LITERAL("-"), &ev->sink), 0);
        dup2(old, STDIN_FILENO);
        close(old);
        assert_done(ev, "-", zip, "zip");
        assert_done(ev, "-!one", members[0].content, NULL);
}

static int refuse(void *userdata, const IoContent *content) {
        (void)userdata;
        return content->archive ? 7 : 0;
}

static void test_verdict(void **state) {
        Evidence *ev = *state;
        Member members[] = {{"one", ev_text(ev, 2000), NULL}};

        ev->sink.done = refuse;
        assert_int_equal(io_reader_visit(ev->reader,
                                         ev_write(ev, "a",
                                                         ev_archive(ev, "ustar", NULL, members, 1)),
                                         SLICE_LITERAL("a"), &ev->sink),
                        7);
        assert_int_equal(io_reader_visit(ev->reader, ev_write(ev, "b", members[0].content),
                                         SLICE_LITERAL("b"), &ev->sink),
                        0);
}

#define TEST(f) cmocka_unit_test_setup_teardown((f), evidence_setup, evidence_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                        TEST(test_files),
                        TEST(test_members),
                        TEST(test_nests),
                        TEST(test_cut),
                        TEST(test_unreadable),
                        TEST(test_stdin),
                        TEST(test_verdict),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
