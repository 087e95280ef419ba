/* The reader: plain files, gzip, the other compressions, nests of them, and their damage. */
#include "io/test-evidence.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/ahead.h"

static const int codes[] = {ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_BZIP2,
                ARCHIVE_FILTER_LZ4, ARCHIVE_FILTER_LZIP, ARCHIVE_FILTER_COMPRESS};

static void test_plain(void **state) {
        static const size_t sizes[] = {
                        0, 1, 2, 511, 512, 513, 4096, 262143, 262144, 262145, 1000000};
        Evidence *ev = *state;
        size_t i;

        for (i = 0; i < N_ELEMENTS(sizes); i++) {
                Bytes text = ev_head(ev, ev_text(ev, sizes[i]), sizes[i]);

                assert_int_equal(ev_visit(ev, text), 0);
                assert_counts(ev, 1, 0);
                assert_leaf(ev, "f", text);
                assert_false(ev->leaves[0].is_cut);
        }
        assert_true(io_reader_n_bytes(ev->reader) > 1000000);
}

/* Whether it has to wait for a disk changes nothing, nor do hints, whatever they name. */
static void test_hints(void **state) {
        Evidence *ev = *state;
        Bytes text = ev_text(ev, 600000);
        const char *path = ev_write(ev, "cold", text);
        size_t i;

        for (i = 0; i < 3; i++) {
                int fd = open(path, O_RDONLY | O_CLOEXEC);

                assert_true(fd >= 0);
                fdatasync(fd);
                posix_fadvise(fd, 0, i * 300000, POSIX_FADV_DONTNEED); /* 0: all of it */
                close(fd);
                ev_reset(ev);
                assert_int_equal(io_reader_visit(ev->reader, path, SLICE_LITERAL("f"), &ev->sink),
                                0);
                assert_counts(ev, 1, 0);
                assert_leaf(ev, "f", text);
                io_reader_hint(ev->reader, path);
                io_reader_hint(ev->reader, "/nowhere");
                io_reader_hint(ev->reader, ev->dir);
                io_reader_hint(ev->reader, "-");
        }
}

static void test_not_a_layer(void **state) {
        static const char *const texts[] = {
                        "\x1f", "PK\x03", "BZh9 is no bzip2 file", "7z", "ustar"};
        Evidence *ev = *state;
        Bytes text;
        size_t i;

        for (i = 0; i < N_ELEMENTS(texts); i++) {
                text = ev_literal(ev, texts[i]);
                assert_int_equal(ev_visit(ev, text), 0);
                assert_counts(ev, 1, 0);
                assert_leaf(ev, "f", text);
        }
        /* JSON with the signature of a tar where a tar has it. */
        text = ev_text(ev, 2000);
        memcpy(text.data + 257, "ustar  ", 7);
        assert_int_equal(ev_visit(ev, text), 0);
        assert_leaf(ev, "f", text);
        assert_int_equal(ev_visit(ev, ev_zeros(ev, 10240)), 0);
        assert_counts(ev, 1, 0);
}

static bool is_result(void *userdata, Slice name) {
        (void)userdata;
        return slice_ends_with(name, SLICE_LITERAL(".csv.gz"));
}

/* What is wanted packed comes as it stands, in an archive too; the rest is unpacked as ever. */
static void test_packed(void **state) {
        Evidence *ev = *state;
        Bytes text = ev_text(ev, 5000), packed = ev_gzip(ev, text);
        Member members[] = {{"a/result_1.csv.gz", packed, NULL}, {"a/log.json.gz", packed, NULL}};
        Bytes tar = ev_gzip(ev, ev_archive(ev, "ustar", NULL, members, 2));
        const char *path = ev_write(ev, "f.csv.gz", packed);

        ev->sink.is_packed_wanted = is_result;
        assert_int_equal(ev_visit(ev, tar), 0);
        assert_counts(ev, 2, 0);
        assert_leaf(ev, "f!a/result_1.csv.gz", packed);
        assert_leaf(ev, "f!a/log.json.gz", text);
        ev_reset(ev);
        assert_int_equal(
                        io_reader_visit(ev->reader, path, SLICE_LITERAL("f.csv.gz"), &ev->sink), 0);
        assert_counts(ev, 1, 0);
        assert_leaf(ev, "f.csv.gz", packed);
        ev->sink.is_packed_wanted = NULL;
}

static void test_unreadable(void **state) {
        Evidence *ev = *state;

        assert_int_equal(io_reader_visit(ev->reader, "/nowhere", SLICE_LITERAL("n"), &ev->sink), 0);
        assert_counts(ev, 0, 1);
        assert_fault(ev, 0, "n", 0, "No such file");
        ev_reset(ev);
        assert_int_equal(io_reader_visit(ev->reader, ev->dir, SLICE_LITERAL("d"), &ev->sink), 0);
        assert_counts(ev, 0, 1);
        assert_fault(ev, 0, "d", 0, "Is a directory");
        ev_reset(ev);
        /* Reading below the first page of one's own memory fails once the file is open. */
        assert_int_equal(io_reader_visit(ev->reader, "/proc/self/mem", SLICE_LITERAL("m"),
                                         &ev->sink),
                        0);
        assert_counts(ev, 0, 1);
        assert_fault(ev, 0, "m", 0, "Input/output error");
        if (geteuid() != 0) {
                const char *path = ev_write(ev, "secret", ev_text(ev, 10));

                chmod(path, 0);
                ev_reset(ev);
                assert_int_equal(io_reader_visit(ev->reader, path, SLICE_LITERAL("s"), &ev->sink),
                                0);
                assert_fault(ev, 0, "s", 0, "Permission denied");
        }
}

static void test_gzip(void **state) {
        Evidence *ev = *state;
        Bytes a = ev_text(ev, 300000), b = ev_text(ev, 10), none = ev_literal(ev, "");

        assert_int_equal(ev_visit(ev, ev_gzip(ev, a)), 0);
        assert_counts(ev, 1, 0);
        assert_leaf(ev, "f", a);
        assert_int_equal(ev_visit(ev, ev_join(ev, ev_gzip(ev, b), ev_gzip(ev, a))), 0);
        assert_counts(ev, 1, 0);
        assert_leaf(ev, "f", ev_join(ev, b, a));
        /* An empty member, alone and between others. */
        assert_int_equal(ev_visit(ev, ev_gzip(ev, none)), 0);
        assert_counts(ev, 1, 0);
        assert_leaf(ev, "f", none);
        assert_int_equal(ev_visit(ev, ev_join(ev, ev_join(ev, ev_gzip(ev, b), ev_gzip(ev, none)),
                                                      ev_gzip(ev, a))),
                        0);
        assert_leaf(ev, "f", ev_join(ev, b, a));
}

/* Cut at every byte: what comes out is a beginning of the content, and the fault says where. */
static void test_gzip_cut(void **state) {
        Evidence *ev = *state;
        Bytes text = ev_text(ev, 1500), packed = ev_gzip(ev, text);
        size_t n, n_before = 0;

        for (n = 2; n < packed.n; n++) {
                size_t n_out;

                assert_int_equal(ev_visit(ev, ev_head(ev, packed, n)), 0);
                n_out = ev->n_leaves ? ev->leaves[0].content.n : 0;
                assert_counts(ev, n_out > 0, 1);
                assert_true(n_out >= n_before);
                n_before = n_out;
                if (n_out) {
                        assert_leaf(ev, "f", ev_head(ev, text, n_out));
                        assert_true(ev->leaves[0].is_cut);
                }
                assert_fault(ev, 0, "f", n_out,
                                ev_format(ev, "gzip: unexpected end of file at compressed byte %zu",
                                                n));
        }
        assert_int_equal(n_before, text.n);
}

static void test_gzip_sums(void **state) {
        Evidence *ev = *state;
        Bytes a = ev_text(ev, 100000), b = ev_text(ev, 100), pa = ev_gzip(ev, a),
              pb = ev_gzip(ev, b);

        assert_int_equal(ev_visit(ev, ev_spoil(ev, pa, -6)), 0);
        assert_counts(ev, 1, 1);
        assert_leaf(ev, "f", a);
        assert_false(ev->leaves[0].is_cut);
        assert_fault(ev, 0, "f", a.n,
                        ev_format(ev, "wrong CRC-32 at compressed byte %zu", pa.n - 8));
        assert_int_equal(ev_visit(ev, ev_join(ev, ev_spoil(ev, pa, -6), pb)), 0);
        assert_counts(ev, 1, 1);
        assert_leaf(ev, "f", ev_join(ev, a, b));
        assert_int_equal(ev_visit(ev, ev_join(ev, ev_spoil(ev, pa, -1), ev_spoil(ev, pb, -7))), 0);
        assert_counts(ev, 1, 2);
        assert_leaf(ev, "f", ev_join(ev, a, b));
        assert_fault(ev, 0, "f", a.n,
                        ev_format(ev, "wrong length at compressed byte %zu", pa.n - 4));
        assert_fault(ev, 1, "f", a.n + b.n, "wrong CRC-32");
}

static void test_gzip_trailing(void **state) {
        Evidence *ev = *state;
        Bytes a = ev_text(ev, 5000), pa = ev_gzip(ev, a);

        assert_int_equal(ev_visit(ev, ev_join(ev, pa, ev_literal(ev, "seventeen bytes !"))), 0);
        assert_counts(ev, 1, 1);
        assert_leaf(ev, "f", a);
        assert_fault(ev, 0, "f", a.n,
                        ev_format(ev, "gzip: 17 bytes after the last member at compressed byte %zu",
                                        pa.n));
        assert_int_equal(ev_visit(ev, ev_join(ev, pa, ev_zeros(ev, 600000))), 0);
        assert_fault(ev, 0, "f", a.n, "gzip: 600000 zero bytes after the last member");
        assert_int_equal(ev_visit(ev, ev_join(ev, pa, ev_literal(ev, "\x1f"))), 0);
        assert_fault(ev, 0, "f", a.n, "gzip: 1 byte after the last member");
        assert_int_equal(ev_visit(ev, ev_join(ev, pa, ev_literal(ev, "\x1f\x8b\x07 nonsense"))), 0);
        assert_fault(ev, 0, "f", a.n, "gzip: invalid header");
}

/* Stored blocks, so that the place of the damage is known: a block type that does not exist. */
static void test_gzip_invalid(void **state) {
        static const uint8_t bad[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0, 5, 0, 0xfa, 0xff, 'a',
                        'b', 'c', 'd', 'e', 0x06, 1, 2, 3};
        Evidence *ev = *state;

        assert_int_equal(ev_visit(ev, ev_bytes(ev, bad, sizeof(bad))), 0);
        assert_counts(ev, 1, 1);
        assert_leaf(ev, "f", ev_literal(ev, "abcde"));
        assert_true(ev->leaves[0].is_cut);
        assert_fault(ev, 0, "f", 5,
                        "gzip: invalid deflate data at compressed byte 21: invalid block type");
}

static void test_filters(void **state) {
        Evidence *ev = *state;
        Bytes text = ev_text(ev, 400000), none = ev_literal(ev, ""), packed;
        size_t i;

        for (i = 0; i < N_ELEMENTS(codes); i++) {
                packed = ev_filter(ev, text, codes[i]);
                assert_int_equal(ev_visit(ev, packed), 0);
                assert_counts(ev, 1, 0);
                assert_leaf(ev, "f", text);
                assert_int_equal(ev_visit(ev, ev_gzip(ev, packed)), 0);
                assert_counts(ev, 1, 0);
                assert_leaf(ev, "f", text);
                if (codes[i] == ARCHIVE_FILTER_COMPRESS)
                        continue;                     /* has neither length nor sum */
                if (codes[i] != ARCHIVE_FILTER_LZ4) { /* libarchive crashes on writing that */
                        assert_int_equal(ev_visit(ev, ev_filter(ev, none, codes[i])), 0);
                        assert_counts(ev, 1, 0);
                        assert_leaf(ev, "f", none);
                }
                /* Damage: what comes out is a beginning, and there is a fault. */
                assert_int_equal(ev_visit(ev, ev_head(ev, packed, packed.n - packed.n / 4)), 0);
                assert_int_equal(ev->n_faults, 1);
                assert_true(ev->n_leaves == 0 || ev->leaves[0].is_cut);
                if (ev->n_leaves)
                        assert_leaf(ev, "f", ev_head(ev, text, ev->leaves[0].content.n));
                assert_int_equal(ev_visit(ev, ev_head(ev, packed, 30)), 0);
                assert_int_equal(ev->n_faults, 1);
                assert_int_equal(ev_visit(ev, ev_spoil(ev, packed, (ptrdiff_t)packed.n / 2)), 0);
                if (codes[i] != ARCHIVE_FILTER_ZSTD) /* libarchive writes it without a sum */
                        assert_int_equal(ev->n_faults, 1);
                assert_int_equal(ev_visit(ev, ev_join(ev, packed, ev_literal(ev, "after"))), 0);
                assert_int_equal(ev->n_faults, 1);
        }
        assert_int_equal(ev_visit(ev, ev_literal(ev, "\x1f\x9d\xff no such header")), 0);
        assert_counts(ev, 0, 1);
}

static Bytes pack(Evidence *ev, Bytes content) {
        uint64_t choice = ev_random(ev, N_ELEMENTS(codes) + 3);

        return choice < N_ELEMENTS(codes) ? ev_filter(ev, content, codes[choice])
               : choice == N_ELEMENTS(codes)
                               ? ev_join(ev, ev_gzip(ev, ev_head(ev, content, content.n / 2)),
                                                 ev_gzip(ev, ev_bytes(ev, content.data + content.n / 2,
                                                                             content.n - content.n / 2)))
                               : ev_gzip(ev, content);
}

/* The size of reads changes nothing: any nest, any damage, any size. */
static void test_read_sizes(void **state) {
        static const size_t sizes[] = {1, 7, 1000, 16384, 1 << 20};
        Evidence *ev = *state;
        const char *seed = getenv("SPOOR_TEST_SEED");
        size_t round, i;

        ev->random = seed ? strtoull(seed, NULL, 0) : 20240229;
        print_message("seed %llu\n", (unsigned long long)ev->random);
        for (round = 0; round < 60; round++) {
                Bytes packed = ev_text(ev, ev_random(ev, round % 10 ? 30000 : 600000)), out = {0};
                size_t n_layers = ev_random(ev, 5), n_faults = 0;

                for (i = 0; i < n_layers; i++)
                        packed = pack(ev, packed);
                if (round % 3 == 1 && packed.n > 100)
                        packed = ev_head(ev, packed, 50 + ev_random(ev, packed.n - 50));
                if (round % 3 == 2 && packed.n > 100)
                        packed = ev_spoil(ev, packed, 50 + (ptrdiff_t)ev_random(ev, packed.n - 50));
                for (i = 0; i < N_ELEMENTS(sizes); i++) {
                        ev->read_size = sizes[i];
                        assert_int_equal(ev_visit(ev, packed), 0);
                        assert_true(ev->n_leaves <= 1);
                        if (i == 0) {
                                out = ev->n_leaves ? ev->leaves[0].content : (Bytes){0};
                                n_faults = ev->n_faults;
                                continue;
                        }
                        assert_int_equal(ev->n_leaves ? ev->leaves[0].content.n : 0, out.n);
                        if (out.n)
                                assert_leaf(ev, "f", out);
                        assert_int_equal(ev->n_faults, n_faults);
                }
        }
}

static void test_nesting(void **state) {
        Evidence *ev = *state;
        Bytes text = ev_text(ev, 1000), packed = text;
        IoLimits limits = {.max_nesting = 2};
        size_t i;

        for (i = 0; i < IO_MAX_NESTING; i++)
                packed = ev_gzip(ev, packed);
        assert_int_equal(ev_visit(ev, packed), 0);
        assert_counts(ev, 1, 0);
        assert_leaf(ev, "f", text);
        assert_int_equal(ev_visit(ev, ev_gzip(ev, packed)), 0);
        assert_counts(ev, 0, 1);
        assert_fault(ev, 0, "f", 0, "nested deeper than 8 layers");
        /* The cause of a cut far below is in the one fault that is given. */
        assert_int_equal(ev_visit(ev, ev_head(ev, packed, packed.n - 20)), 0);
        assert_int_equal(ev->n_faults, 1);
        io_reader_free(ev->reader);
        assert_int_equal(io_reader_new(&limits, &ev->reader), 0);
        assert_int_equal(ev_visit(ev, ev_gzip(ev, ev_gzip(ev, text))), 0);
        assert_counts(ev, 1, 0);
        assert_int_equal(ev_visit(ev, ev_gzip(ev, ev_gzip(ev, ev_gzip(ev, text)))), 0);
        assert_counts(ev, 0, 1);
}

/* 10 GB of zeros: a leaf that stops early costs what it has read. */
static void test_bomb(void **state) {
        Evidence *ev = *state;
        Bytes member = ev_gzip(ev, ev_zeros(ev, 16 << 20)), bomb = {0};
        uint64_t before;
        size_t i;

        bomb.data = ev_alloc(ev, member.n * 640);
        for (i = 0; i < 640; i++)
                memcpy(bomb.data + i * member.n, member.data, member.n);
        bomb.n = member.n * 640;
        ev->stop_after = 1 << 20;
        before = io_reader_n_bytes(ev->reader);
        assert_int_equal(ev_visit(ev, bomb), 0);
        assert_counts(ev, 1, 0);
        assert_true(ev->sink.done || io_reader_n_bytes(ev->reader) - before <= 256 << 10);
        /* Packed once more, it is as cheap. */
        before = io_reader_n_bytes(ev->reader);
        assert_int_equal(ev_visit(ev, ev_gzip(ev, bomb)), 0);
        assert_true(ev->sink.done || io_reader_n_bytes(ev->reader) - before <= 256 << 10);
}

static int refuse_fault(void *userdata, Slice name, uint64_t offset, Slice reason) {
        (void)userdata;
        (void)name;
        (void)offset;
        (void)reason;
        return -EDOM;
}

static void test_verdicts(void **state) {
        Evidence *ev = *state;
        Bytes packed = ev_gzip(ev, ev_text(ev, 5000));

        ev->verdict = 7;
        assert_int_equal(ev_visit(ev, packed), 7);
        ev->verdict = -EBADMSG;
        assert_int_equal(ev_visit(ev, packed), -EBADMSG);
        ev->verdict = 0;
        ev->sink.fault = refuse_fault;
        assert_int_equal(ev_visit(ev, ev_spoil(ev, packed, -6)), -EDOM);
        assert_int_equal(ev_visit(ev, ev_head(ev, packed, 100)), -EDOM);
        /* The reader is as good as new afterwards. */
        assert_int_equal(ev_visit(ev, packed), 0);
        assert_counts(ev, 1, 0);
}

static int setup_zlib(void **state) {
        int r = evidence_setup(state);

        if (r == 0) {
                Evidence *ev = *state;

                reader_set_inflate(ev->reader, true, AHEAD_LAG);
        }
        return r;
}

/* Members of no size are handed out before their end is known. */
static int setup_streaming(void **state) {
        int r = evidence_setup(state);

        if (r == 0) {
                Evidence *ev = *state;

                reader_set_inflate(ev->reader, false, 1);
        }
        return r;
}

#define TEST_WITH(f, setup) cmocka_unit_test_setup_teardown((f), (setup), evidence_teardown)
#define TEST(f) TEST_WITH(f, evidence_setup), TEST_WITH(f, evidence_setup_unhashed)
/* With ISA-L where the build has it, and with zlib alone. */
#define TEST_GZIP(f) TEST(f), TEST_WITH(f, setup_zlib), TEST_WITH(f, setup_streaming)

int main(void) {
        const struct CMUnitTest tests[] = {
                        TEST(test_plain),
                        TEST(test_hints),
                        TEST(test_not_a_layer),
                        TEST(test_packed),
                        TEST(test_unreadable),
                        TEST_GZIP(test_gzip),
                        TEST_GZIP(test_gzip_cut),
                        TEST_GZIP(test_gzip_sums),
                        TEST_GZIP(test_gzip_trailing),
                        TEST_GZIP(test_gzip_invalid),
                        TEST(test_filters),
                        TEST_GZIP(test_read_sizes),
                        TEST(test_nesting),
                        TEST_GZIP(test_bomb),
                        TEST_GZIP(test_verdicts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
