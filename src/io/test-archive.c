/* Archives: members, their names, nests, and damage that costs one member and not the next. */
#include "io/test-evidence.h"

#include <archive.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const formats[] = {"ustar", "pax", "gnutar", "v7tar", "zip", "7zip"};

/* Three members with what ought not to be content between them. */
static Bytes make(Evidence *ev, const char *format, const Bytes *texts) {
        bool is_tar = strcmp(format, "zip") != 0 && strcmp(format, "7zip") != 0;
        Member members[] = {
                        {.name = "d/"},
                        {.name = "d/one.json", .content = texts[0]},
                        {.name = "d/hard", .link = "d/one.json"},
                        {.name = "./two.json.gz", .content = ev_gzip(ev, texts[1])},
                        {.name = "empty"},
                        {.name = "three.json", .content = texts[2]},
        };

        if (!is_tar) { /* neither can say that a member is a hard link */
                members[2] = members[1];
                return ev_archive(ev, format, NULL,
                                (Member[]){members[0], members[1], members[3], members[4],
                                                members[5]},
                                5);
        }
        return ev_archive(ev, format, NULL, members, N_ELEMENTS(members));
}

static void assert_members(const Evidence *ev, const Bytes *texts) {
        assert_counts(ev, 4, 0);
        assert_leaf(ev, "f!d/one.json", texts[0]);
        assert_leaf(ev, "f!two.json.gz", texts[1]);
        assert_leaf(ev, "f!empty", (Bytes){0});
        assert_leaf(ev, "f!three.json", texts[2]);
}

static void test_formats(void **state) {
        Evidence *ev = *state;
        Bytes texts[] = {ev_text(ev, 300000), ev_text(ev, 50000), ev_text(ev, 700)};
        size_t i;

        for (i = 0; i < N_ELEMENTS(formats); i++) {
                Bytes packed = make(ev, formats[i], texts);

                assert_int_equal(ev_visit(ev, packed), 0);
                assert_members(ev, texts);
                assert_int_equal(ev_visit(ev, ev_gzip(ev, packed)), 0);
                assert_members(ev, texts);
                assert_int_equal(
                                ev_visit(ev, ev_filter(ev, ev_gzip(ev, packed), ARCHIVE_FILTER_XZ)),
                                0);
                assert_members(ev, texts);
                ev->read_size = 7;
                assert_int_equal(ev_visit(ev, packed), 0);
                assert_members(ev, texts);
                ev->read_size = 64 << 10;
        }
}

/* Each kind in each kind, and through a compression in between. */
static void test_nests(void **state) {
        Evidence *ev = *state;
        Bytes texts[] = {ev_text(ev, 3000), ev_text(ev, 5000), ev_text(ev, 700)};
        size_t i, j;

        for (i = 0; i < N_ELEMENTS(formats); i++)
                for (j = 0; j < N_ELEMENTS(formats); j++) {
                        Bytes inner = make(ev, formats[i], texts);
                        Member members[] = {
                                        {.name = "in", .content = inner},
                                        {.name = "in.xz",
                                                        .content = ev_filter(ev, inner,
                                                                        ARCHIVE_FILTER_XZ)},
                                        {.name = "last", .content = texts[0]},
                        };

                        assert_int_equal(ev_visit(ev, ev_archive(ev, formats[j], NULL, members, 3)),
                                        0);
                        assert_counts(ev, 9, 0);
                        assert_leaf(ev, "f!in!d/one.json", texts[0]);
                        assert_leaf(ev, "f!in.xz!two.json.gz", texts[1]);
                        assert_leaf(ev, "f!in.xz!three.json", texts[2]);
                        assert_leaf(ev, "f!last", texts[0]);
                }
}

/* From a pipe there is no seeking. */
static void test_stdin(void **state) {
        Evidence *ev = *state;
        Bytes texts[] = {ev_text(ev, 300), ev_text(ev, 500), ev_text(ev, 700)};
        int saved = dup(STDIN_FILENO), fds[2];
        size_t i;

        for (i = 0; i < N_ELEMENTS(formats); i++) {
                Bytes packed = make(ev, formats[i], texts);

                assert_int_equal(pipe(fds), 0);
                assert_int_equal(write(fds[1], packed.data, packed.n), packed.n);
                close(fds[1]);
                dup2(fds[0], STDIN_FILENO);
                close(fds[0]);
                ev_reset(ev);
                assert_int_equal(
                                io_reader_visit(ev->reader, "-", SLICE_LITERAL("f"), &ev->sink), 0);
                assert_members(ev, texts);
        }
        dup2(saved, STDIN_FILENO);
        close(saved);
}

static void test_repeated_names(void **state) {
        Evidence *ev = *state;
        Bytes a = ev_text(ev, 100), b = ev_text(ev, 200), c = ev_text(ev, 300),
              d = ev_text(ev, 400);
        Member members[] = {{.name = "m", .content = a}, {.name = "m#2", .content = b},
                        {.name = "./m", .content = c}, {.name = "m", .content = d}};
        Member outer[2];

        assert_int_equal(ev_visit(ev, ev_archive(ev, "gnutar", NULL, members, 4)), 0);
        assert_counts(ev, 4, 0);
        assert_leaf(ev, "f!m", a);
        assert_leaf(ev, "f!m#2", b);
        assert_leaf(ev, "f!m#3", c);
        assert_leaf(ev, "f!m#4", d);
        /* A member whose name looks like another's member. */
        outer[0] = (Member){.name = "x", .content = ev_archive(ev, "zip", NULL, members, 1)};
        outer[1] = (Member){.name = "x!m", .content = d};
        assert_int_equal(ev_visit(ev, ev_archive(ev, "gnutar", NULL, outer, 2)), 0);
        assert_counts(ev, 2, 0);
        assert_leaf(ev, "f!x!m", a);
        assert_leaf(ev, "f!x!m#2", d);
}

static void test_many_members(void **state) {
        enum { N = 3000 };
        Evidence *ev = *state;
        Member *members = ev_alloc(ev, N * sizeof(*members));
        Bytes text = ev_text(ev, 100);
        size_t i, j;

        for (j = 0; j < 2; j++) {
                for (i = 0; i < N; i++)
                        members[i] = (Member){.name = i % 2 ? "same" : ev_format(ev, "m%zu", i),
                                        .content = text};
                assert_int_equal(
                                ev_visit(ev, ev_archive(ev, j ? "zip" : "ustar", NULL, members, N)),
                                0);
                assert_counts(ev, N, 0);
                assert_leaf(ev, "f!same#1500", text);
                assert_leaf(ev, "f!m2998", text);
        }
}

static void test_names(void **state) {
        Evidence *ev = *state;
        Bytes a = ev_text(ev, 100), b = ev_text(ev, 200), zip;
        Member members[] = {{.name = "caf\xc3\xa9/\xe6\xbc\xa2.json", .content = a},
                        {.name = "latin \xe9\xff", .content = b}};
        char *long_name = ev_alloc(ev, 4000);
        size_t i;

        for (i = 0; i < N_ELEMENTS(formats); i++) {
                assert_int_equal(ev_visit(ev, ev_archive(ev, formats[i], NULL, members, 1)), 0);
                assert_counts(ev, 1, 0);
                assert_leaf(ev, "f!caf\xc3\xa9/\xe6\xbc\xa2.json", a);
        }
        for (i = 0; i < 3; i++) {
                assert_int_equal(ev_visit(ev, ev_archive(ev, formats[i], NULL, members, 2)), 0);
                assert_counts(ev, 2, 0);
                assert_leaf(ev, "f!latin \xe9\xff", b);
        }
        /* libarchive writes the zip as UTF-8, bit 11 of the flags, which the name is not: it is
         * lost. */
        zip = ev_archive(ev, "zip", NULL, members + 1, 1);
        assert_int_equal(ev_visit(ev, zip), 0);
        assert_counts(ev, 1, 0);
        assert_leaf(ev, "f!unnamed", b);
        zip.data[ev_find(zip, "PK\1\2", 4) + 9] &= 0xf7;
        zip.data[7] &= 0xf7;
        assert_int_equal(ev_visit(ev, zip), 0);
        assert_counts(ev, 1, 0);
        assert_leaf(ev, "f!latin \xe9\xff", b);
        memset(long_name, 'x', 3000);
        for (i = 100; i < 3000; i += 101)
                long_name[i] = '/';
        members[0].name = long_name;
        assert_int_equal(ev_visit(ev, ev_archive(ev, "pax", NULL, members, 1)), 0);
        assert_leaf(ev, ev_format(ev, "f!%s", long_name), a);
}

static void test_tar_damage(void **state) {
        Evidence *ev = *state;
        Bytes a = ev_text(ev, 3000), b = ev_text(ev, 100000), c = ev_text(ev, 500), tar;
        Member members[] = {{.name = "member-a", .content = a}, {.name = "member-b", .content = b},
                        {.name = "member-c", .content = c}};
        size_t at_b, at_c;

        tar = ev_archive(ev, "ustar", NULL, members, 3);
        at_b = ev_find(tar, "member-b", 8);
        at_c = ev_find(tar, "member-c", 8);
        /* Damaged headers, in the middle and at the start. */
        assert_int_equal(ev_visit(ev, ev_spoil(ev, tar, (ptrdiff_t)at_b)), 0);
        assert_counts(ev, 2, 1);
        assert_leaf(ev, "f!member-a", a);
        assert_leaf(ev, "f!member-c", c);
        assert_fault(ev, 0, "f", at_b, "Damaged tar archive");
        assert_int_equal(ev_visit(ev, ev_gzip(ev, ev_spoil(ev, tar, 2))), 0);
        assert_counts(ev, 2, 1);
        assert_leaf(ev, "f!member-b", b);
        assert_fault(ev, 0, "f", 0, "damaged header");
        /* Cut inside of a member, plain and below gzip, and between two members. */
        assert_int_equal(ev_visit(ev, ev_head(ev, tar, at_b + 512 + 7000)), 0);
        assert_counts(ev, 2, 1);
        assert_leaf(ev, "f!member-b", ev_head(ev, b, 7000));
        assert_true(ev_leaf(ev, "f!member-b")->is_cut);
        assert_fault(ev, 0, "f!member-b", 7000, "tar: Truncated");
        assert_int_equal(ev_visit(ev, ev_head(ev, ev_gzip(ev, tar), 10000)), 0);
        assert_counts(ev, 2, 1);
        assert_fault(ev, 0, "f!member-b", ev_leaf(ev, "f!member-b")->content.n,
                        "gzip: unexpected end of file at compressed byte 10000");
        assert_int_equal(ev_visit(ev, ev_head(ev, tar, at_c)), 0);
        assert_counts(ev, 2, 1);
        assert_fault(ev, 0, "f", at_c, "no end-of-archive mark");
        /* One behind the other, as cat makes them; and something else behind. */
        assert_int_equal(ev_visit(ev, ev_join(ev, tar, tar)), 0);
        assert_counts(ev, 6, 0);
        assert_leaf(ev, "f!member-c#2", c);
        assert_int_equal(ev_visit(ev, ev_join(ev, tar, ev_text(ev, 2000))), 0);
        assert_counts(ev, 3, 1);
        /* A wrong sum below the archive is seen, once. */
        assert_int_equal(ev_visit(ev, ev_spoil(ev, ev_gzip(ev, tar), -6)), 0);
        assert_counts(ev, 3, 1);
        assert_fault(ev, 0, "f", tar.n, "gzip: wrong CRC-32");
}

static void test_zip_damage(void **state) {
        Evidence *ev = *state;
        Bytes a = ev_text(ev, 3000), b = ev_text(ev, 200000), c = ev_text(ev, 500), zip, bad;
        Member members[] = {{.name = "member-a", .content = a}, {.name = "member-b", .content = b},
                        {.name = "member-c", .content = c}};
        size_t at_b, at_c, i, n;

        zip = ev_archive(ev, "zip", NULL, members, 3);
        at_b = ev_find(zip, "member-b", 8) - 30;
        at_c = ev_find(zip, "member-c", 8) - 30;
        /* Deflate data that is none, a third into the member: what stands before it is kept. */
        for (i = 0; i < 2; i++) {
                bad = ev_bytes(ev, zip.data, zip.n);
                for (n = 0; n < 4000; n++)
                        bad.data[at_b + (at_c - at_b) / 3 + n] = (uint8_t)ev_random(ev, 256);
                assert_int_equal(ev_visit(ev, i ? ev_gzip(ev, bad) : bad), 0);
                assert_counts(ev, 3, 1);
                assert_leaf(ev, "f!member-a", a);
                assert_leaf(ev, "f!member-c", c);
                n = ev_leaf(ev, "f!member-b")->content.n;
                assert_true(n > 60000 && n < 80000);
                assert_memory_equal(ev_leaf(ev, "f!member-b")->content.data, b.data, 60000);
                assert_fault(ev, 0, "f!member-b", n, "zip:");
        }
        /* A sum in the directory, a local header, the directory itself. */
        bad = ev_spoil(ev, zip, (ptrdiff_t)ev_find(zip, "PK\1\2", 4) + 16);
        assert_int_equal(ev_visit(ev, bad), 0);
        assert_counts(ev, 3, 1);
        assert_leaf(ev, "f!member-a", a);
        assert_int_equal(ev_visit(ev, ev_spoil(ev, zip, (ptrdiff_t)at_b)), 0);
        assert_counts(ev, 2, 1);
        assert_leaf(ev, "f!member-c", c);
        assert_int_equal(ev_visit(ev, ev_head(ev, zip, ev_find(zip, "PK\1\2", 4) + 20)), 0);
        assert_counts(ev, 3, 1);
        assert_fault(ev, 0, "f", 0, "no central directory");
        assert_int_equal(ev_visit(ev, ev_head(ev, zip, at_b + (at_c - at_b) / 2)), 0);
        assert_int_equal(ev->n_leaves, 2);
        assert_leaf(ev, "f!member-a", a);
        n = ev_leaf(ev, "f!member-b")->content.n;
        assert_true(n > 90000);
        assert_leaf(ev, "f!member-b", ev_head(ev, b, n));
        assert_true(ev_leaf(ev, "f!member-b")->is_cut);
}

static void test_zip_others(void **state) {
        Evidence *ev = *state;
        Bytes a = ev_text(ev, 3000), zip;
        Member members[] = {{.name = "one", .content = a}, {.name = "two", .content = a}};

        assert_int_equal(ev_visit(ev, ev_archive(ev, "zip", NULL, NULL, 0)), 0);
        assert_counts(ev, 0, 0);
        assert_int_equal(ev_visit(ev, ev_gzip(ev, ev_archive(ev, "zip", NULL, NULL, 0))), 0);
        assert_counts(ev, 0, 0);
        assert_int_equal(ev_visit(ev, ev_archive(ev, "zip", "compression=store", members, 2)), 0);
        assert_counts(ev, 2, 0);
        assert_int_equal(ev_visit(ev, ev_archive(ev, "zip", "encryption=zipcrypt", members, 2)), 0);
        assert_counts(ev, 0, 2);
        assert_fault(ev, 0, "f!one", 0, "encrypted");
        /* A method that nobody knows, in one of the two. */
        zip = ev_archive(ev, "zip", NULL, members, 2);
        zip.data[8] = 77;
        zip.data[ev_find(zip, "PK\1\2", 4) + 10] = 77;
        assert_int_equal(ev_visit(ev, zip), 0);
        assert_counts(ev, 1, 1);
        assert_leaf(ev, "f!two", a);
        assert_fault(ev, 0, "f!one", 0, "nsupported");
}

static void test_7z_damage(void **state) {
        Evidence *ev = *state;
        Bytes a = ev_text(ev, 200000), b = ev_text(ev, 5000), packed;
        Member members[] = {{.name = "one", .content = a}, {.name = "two", .content = b}};

        packed = ev_archive(ev, "7zip", "compression=deflate", members, 2);
        assert_int_equal(ev_visit(ev, packed), 0);
        assert_counts(ev, 2, 0);
        assert_int_equal(ev_visit(ev, ev_head(ev, packed, packed.n - 20)), 0);
        assert_counts(ev, 0, 1);
        assert_non_null(strstr(ev->faults[0].reason, "7z:"));
        packed = ev_archive(ev, "7zip", "compression=store", members, 2);
        assert_int_equal(ev_visit(ev, ev_spoil(ev, packed, 1000)), 0);
        assert_int_equal(ev->n_faults, 1);
        assert_leaf(ev, "f!two", b);
}

/* Large zeros in an archive: the leaf stops, the next member is there. */
static void test_bombs(void **state) {
        Evidence *ev = *state;
        Bytes a = ev_text(ev, 3000);
        Member members[] = {{.name = "bomb", .content = ev_zeros(ev, 32 << 20)},
                        {.name = "two", .content = a}};
        size_t i;

        ev->stop_after = 128 << 10;
        for (i = 0; i < N_ELEMENTS(formats); i++) {
                assert_int_equal(ev_visit(ev, ev_gzip(ev, ev_archive(ev, formats[i], NULL, members,
                                                                          2))),
                                0);
                assert_counts(ev, 2, 0);
                assert_leaf(ev, "f!two", a);
        }
}

/* Any byte changed, any length: never a crash, and never nothing said about a cut. */
static void test_random_damage(void **state) {
        Evidence *ev = *state;
        const char *seed = getenv("SPOOR_TEST_SEED");
        Bytes texts[] = {ev_text(ev, 3000), ev_text(ev, 900), ev_text(ev, 100)};
        size_t i, round;

        ev->random = seed ? strtoull(seed, NULL, 0) : 19700101;
        print_message("seed %llu\n", (unsigned long long)ev->random);
        for (i = 0; i < N_ELEMENTS(formats); i++) {
                Bytes packed = make(ev, formats[i], texts);

                for (round = 0; round < 150; round++) {
                        Bytes bad = round % 2 ? ev_spoil(ev, packed,
                                                                (ptrdiff_t)ev_random(ev, packed.n))
                                              : ev_head(ev, packed, ev_random(ev, packed.n));

                        if (round % 3 == 0)
                                bad = ev_gzip(ev, bad);
                        assert_int_equal(ev_visit(ev, bad), 0);
                }
        }
}

#define TEST_WITH(f, setup) cmocka_unit_test_setup_teardown((f), (setup), evidence_teardown)
#define TEST(f) TEST_WITH(f, evidence_setup), TEST_WITH(f, evidence_setup_unhashed)

int main(void) {
        const struct CMUnitTest tests[] = {
                        TEST(test_formats),
                        TEST(test_nests),
                        TEST(test_stdin),
                        TEST(test_repeated_names),
                        TEST(test_many_members),
                        TEST(test_names),
                        TEST(test_tar_damage),
                        TEST(test_zip_damage),
                        TEST(test_zip_others),
                        TEST(test_7z_damage),
                        TEST(test_bombs),
                        TEST(test_random_damage),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
