/*
 * gzip by ISA-L and by zlib alone: content, faults and cuts are the same, whatever the input. In a
 * build without ISA-L zlib is compared with itself.
 *
 * One difference is known: where damage hit only the length of a code that is not used, ISA-L gives
 * the content as it was, with the sum to prove it, and zlib refuses the block. It must be that and
 * nothing else.
 *
 * SPOOR_TEST_SEED chooses the content, the damage and the sizes of reads.
 */
#include "io/test-evidence.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "io/ahead.h"

#define SHORT_LAG 300
#define MAX_CONTENT (8U << 20)

/* What one reader makes of an input. */
typedef struct Result {
        int status;
        uint8_t *content;
        size_t n;
        bool is_cut;
        size_t n_leaves;
        size_t n_faults;
        uint64_t offset; /* of the last fault */
        char text[2000]; /* of all faults, without their offsets */
        char full[2000]; /* and with them */
} Result;

typedef struct Bench {
        Evidence *ev;
        IoReader *zlib, *isal, *streaming;
        Result by_zlib, by_isal, by_streaming;
        Result sound; /* of what is being damaged; content NULL: nothing is */
        size_t read_size;
        int fd;
        char path[64];
        size_t n_inputs, n_known;
} Bench;

static size_t read_size_now;

static int take_leaf(void *userdata, Slice name, IoStream *stream) {
        Result *result = userdata;

        (void)name;
        result->n_leaves++;
        for (;;) {
                size_t n;
                int r;

                assert_true(result->n + read_size_now <= MAX_CONTENT);
                r = io_stream_read(stream, result->content + result->n, read_size_now, &n);
                if (r)
                        return r;
                if (n == 0)
                        break;
                result->n += n;
        }
        result->is_cut = io_stream_is_cut(stream);
        return 0;
}

static int take_fault(void *userdata, Slice name, uint64_t offset, Slice reason) {
        Result *result = userdata;
        size_t n = strlen(result->text), n_full = strlen(result->full);

        (void)name;
        result->n_faults++;
        result->offset = offset;
        snprintf(result->text + n, sizeof(result->text) - n, "%.*s\n", (int)reason.size,
                        reason.data);
        snprintf(result->full + n_full, sizeof(result->full) - n_full, "%zu, %llu: %.*s\n",
                        result->n, (unsigned long long)offset, (int)reason.size, reason.data);
        return 0;
}

static void visit(Bench *bench, IoReader *reader, const char *path, Result *result) {
        IoSink sink = {.userdata = result, .leaf = take_leaf, .fault = take_fault};

        result->n = 0;
        result->is_cut = false;
        result->n_leaves = 0;
        result->n_faults = 0;
        result->text[0] = '\0';
        result->full[0] = '\0';
        read_size_now = bench->read_size;
        result->status = io_reader_visit(reader, path, SLICE_LITERAL("f"), &sink);
}

static void fill_file(Bench *bench, Bytes packed) {
        assert_int_equal(ftruncate(bench->fd, 0), 0);
        assert_int_equal(pwrite(bench->fd, packed.data, packed.n, 0), (ssize_t)packed.n);
}

/* ISA-L made the sound content of an input in which zlib found a code that is not complete. */
static bool is_known(Bench *bench, const Result *result) {
        const Result *sound = &bench->sound;
        bool known = sound->content && strstr(bench->by_zlib.text, "s set\n") &&
                     result->n == sound->n && strcmp(result->full, sound->full) == 0 &&
                     memcmp(result->content, sound->content, sound->n) == 0;

        bench->n_known += known;
        return known;
}

static void assert_same_result(Bench *bench, const char *what) {
        const Result *a = &bench->by_zlib, *b = &bench->by_isal;
        bool same = a->status == b->status && a->n == b->n && a->is_cut == b->is_cut &&
                    a->n_leaves == b->n_leaves && a->n_faults == b->n_faults &&
                    strcmp(a->full, b->full) == 0 && memcmp(a->content, b->content, a->n) == 0;

        if (same || is_known(bench, b))
                return;
        print_error("%s, reads of %zu:\nzlib %zu bytes, cut %d: %s\nISA-L %zu bytes, cut %d: %s\n",
                        what, bench->read_size, a->n, a->is_cut, a->full, b->n, b->is_cut, b->full);
        fail();
}

/*
 * A member of more than two lags is handed out before its end is known. In what was handed out too
 * early more may stand than zlib gives; what zlib gives stands before it, and zlib speaks.
 */
static void assert_same_streaming(Bench *bench, const char *what, bool is_exact) {
        const Result *a = &bench->by_zlib, *b = &bench->by_streaming;
        bool same = a->status == b->status && (a->n_leaves == 0 || a->is_cut == b->is_cut) &&
                    a->n_faults == b->n_faults && strcmp(a->text, b->text) == 0 && a->n <= b->n &&
                    memcmp(a->content, b->content, a->n) == 0;

        if (is_exact)
                same = same && a->n == b->n && strcmp(a->full, b->full) == 0;
        if (same || is_known(bench, b))
                return;
        print_error("streaming: %s, reads of %zu:\nzlib %zu bytes, cut %d: %s\n"
                    "ISA-L %zu bytes, cut %d: %s\n",
                        what, bench->read_size, a->n, a->is_cut, a->full, b->n, b->is_cut, b->full);
        fail();
}

static size_t any_read_size(Bench *bench) {
        static const size_t sizes[] = {1, 7, 1000, 16384, 70000, 1 << 20};

        return sizes[ev_random(bench->ev, N_ELEMENTS(sizes))];
}

/* IS_EXACT: no bits of deflate data are other than zlib wrote them. */
static void compare(Bench *bench, Bytes packed, bool is_exact, const char *what) {
        fill_file(bench, packed);
        visit(bench, bench->zlib, bench->path, &bench->by_zlib);
        visit(bench, bench->isal, bench->path, &bench->by_isal);
        assert_same_result(bench, what);
        assert_int_equal(io_reader_n_bytes(bench->zlib), io_reader_n_bytes(bench->isal));
        visit(bench, bench->streaming, bench->path, &bench->by_streaming);
        assert_same_streaming(bench, what, is_exact);
        bench->n_inputs++;
}

/* ---- setup ---- */

static void bench_init(Bench *bench, Evidence *ev) {
        const char *seed = getenv("SPOOR_TEST_SEED");

        *bench = (Bench){.ev = ev};
        ev->random = seed ? strtoull(seed, NULL, 0) : 20241121;
        print_message("seed %llu\n", (unsigned long long)ev->random);
        assert_int_equal(io_reader_new(NULL, &bench->zlib), 0);
        reader_set_inflate(bench->zlib, true, AHEAD_LAG);
        assert_int_equal(io_reader_new(NULL, &bench->isal), 0);
        assert_int_equal(io_reader_new(NULL, &bench->streaming), 0);
        reader_set_inflate(bench->streaming, false, SHORT_LAG);
        bench->by_zlib.content = ev_alloc(ev, MAX_CONTENT);
        bench->by_isal.content = ev_alloc(ev, MAX_CONTENT);
        bench->by_streaming.content = ev_alloc(ev, MAX_CONTENT);
        bench->read_size = 65536;
        bench->fd = memfd_create("evidence", MFD_CLOEXEC);
        assert_true(bench->fd >= 0);
        snprintf(bench->path, sizeof(bench->path), "/proc/self/fd/%d", bench->fd);
}

static void bench_deinit(Bench *bench) {
        print_message("%zu inputs, known differences: %zu\n", bench->n_inputs, bench->n_known);
        io_reader_free(bench->zlib);
        io_reader_free(bench->isal);
        io_reader_free(bench->streaming);
        close(bench->fd);
}

/* ---- inputs ---- */

typedef struct Way {
        int level;
        int strategy;
        int mem_level; /* 1: blocks of some hundred symbols */
        int flush;     /* every 200 bytes; Z_NO_FLUSH: never */
} Way;

static const Way ways[] = {
                {0, Z_DEFAULT_STRATEGY, 8, Z_NO_FLUSH},
                {1, Z_DEFAULT_STRATEGY, 8, Z_NO_FLUSH},
                {6, Z_DEFAULT_STRATEGY, 8, Z_NO_FLUSH},
                {9, Z_DEFAULT_STRATEGY, 1, Z_NO_FLUSH},
                {6, Z_DEFAULT_STRATEGY, 8, Z_SYNC_FLUSH},
                {6, Z_DEFAULT_STRATEGY, 8, Z_FULL_FLUSH},
                {6, Z_FIXED, 8, Z_NO_FLUSH},
                {6, Z_HUFFMAN_ONLY, 8, Z_NO_FLUSH},
                {6, Z_RLE, 1, Z_BLOCK},
};

static Bytes deflate_bytes(Evidence *ev, Bytes content, const Way *way) {
        size_t cap = content.n + content.n / 8 + content.n / 200 * 16 + 1024, at = 0;
        Bytes packed = {ev_alloc(ev, cap), 0};
        z_stream z = {0};

        assert_int_equal(
                        deflateInit2(&z, way->level, Z_DEFLATED, 31, way->mem_level, way->strategy),
                        Z_OK);
        z.next_out = packed.data;
        z.avail_out = (uInt)cap;
        while (way->flush != Z_NO_FLUSH && content.n - at > 200) {
                z.next_in = content.data + at;
                z.avail_in = 200;
                assert_int_equal(deflate(&z, way->flush), Z_OK);
                assert_int_equal(z.avail_in, 0);
                at += 200;
        }
        z.next_in = content.data + at;
        z.avail_in = (uInt)(content.n - at);
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        packed.n = z.total_out;
        deflateEnd(&z);
        return packed;
}

static Bytes any_bytes(Evidence *ev, size_t n) {
        Bytes bytes = {ev_alloc(ev, n), n};
        size_t i;

        for (i = 0; i < n; i++)
                bytes.data[i] = (uint8_t)ev_random(ev, 256);
        return bytes;
}

/* Of a small alphabet, so that it packs, with or without anything repeated. */
static Bytes any_small(Evidence *ev, size_t n) {
        Bytes bytes = any_bytes(ev, n);
        size_t i;

        switch (ev_random(ev, 4)) {
        case 0:
                return ev_head(ev, ev_text(ev, n), n);
        case 1:
                return ev_zeros(ev, n);
        case 2:
                for (i = 0; i < n; i++)
                        bytes.data[i] = "aeiou spoor"[bytes.data[i] % 11];
                return bytes;
        default:
                return bytes;
        }
}

/* Every cut, and every byte changed in some ways. */
static void damage_everywhere(Bench *bench, Bytes packed, const char *name) {
        Bytes damaged = ev_bytes(bench->ev, packed.data, packed.n);
        size_t at, i;

        for (at = 0; at <= packed.n; at++) {
                char what[100];

                snprintf(what, sizeof(what), "%s cut to %zu of %zu", name, at, packed.n);
                bench->read_size = any_read_size(bench);
                compare(bench, (Bytes){packed.data, at}, true, what);
        }
        bench->sound = bench->by_zlib;
        bench->sound.content = ev_bytes(bench->ev, bench->by_zlib.content, bench->by_zlib.n).data;
        for (at = 0; at < packed.n; at++) {
                for (i = 0; i < 3; i++) {
                        uint8_t mask = i == 0   ? 0xff
                                       : i == 1 ? (uint8_t)(1 + ev_random(bench->ev, 255))
                                                : (uint8_t)(1U << ev_random(bench->ev, 8));
                        char what[100];

                        snprintf(what, sizeof(what), "%s with byte %zu of %zu ^ %02x", name, at,
                                        packed.n, mask);
                        damaged.data[at] ^= mask;
                        bench->read_size = any_read_size(bench);
                        compare(bench, damaged, false, what);
                        damaged.data[at] = packed.data[at];
                }
        }
        bench->sound.content = NULL;
}

static void test_small(void **state) {
        static const size_t sizes[] = {0, 1, 700};
        Bench bench;
        size_t i, k;

        bench_init(&bench, *state);
        for (i = 0; i < N_ELEMENTS(ways); i++) {
                for (k = 0; k < N_ELEMENTS(sizes); k++) {
                        Bytes packed = deflate_bytes(
                                        bench.ev, any_small(bench.ev, sizes[k]), &ways[i]);
                        char name[60];

                        snprintf(name, sizeof(name), "way %zu, %zu bytes", i, sizes[k]);
                        damage_everywhere(&bench, packed, name);
                }
        }
        bench_deinit(&bench);
}

static void test_members(void **state) {
        Bench bench;
        size_t i;

        bench_init(&bench, *state);
        for (i = 0; i < 6; i++) {
                const Way *way = &ways[ev_random(bench.ev, N_ELEMENTS(ways))];
                Bytes a = deflate_bytes(
                                      bench.ev, any_small(bench.ev, ev_random(bench.ev, 200)), way),
                      b = ev_gzip(bench.ev, any_small(bench.ev, ev_random(bench.ev, 200))),
                      c = deflate_bytes(bench.ev, ev_literal(bench.ev, ""), way);

                damage_everywhere(&bench, ev_join(bench.ev, ev_join(bench.ev, a, c), b), "members");
                damage_everywhere(&bench, ev_join(bench.ev, b, ev_zeros(bench.ev, 20)), "zeros");
                damage_everywhere(&bench,
                                ev_join(bench.ev, a, ev_literal(bench.ev, "\x1f\x8b\x08 after")),
                                "nonsense after it");
        }
        bench_deinit(&bench);
}

/* ---- headers ---- */

static Bytes with_header(Evidence *ev, uint8_t flags, size_t n_extra, size_t n_name, bool good) {
        Bytes member = deflate_bytes(ev, ev_literal(ev, "content"), &ways[2]);
        Bytes header = {ev_alloc(ev, n_extra + 2 * n_name + 32), 10};

        memcpy(header.data, member.data, 10);
        header.data[3] = flags;
        if (flags & 4) {
                header.data[10] = (uint8_t)n_extra;
                header.data[11] = (uint8_t)(n_extra >> 8);
                header.n += 2 + n_extra;
        }
        if (flags & 8) {
                memset(header.data + header.n, 'n', n_name);
                header.n += n_name + 1;
        }
        if (flags & 16) {
                memset(header.data + header.n, 'c', n_name);
                header.n += n_name + 1;
        }
        if (flags & 2) {
                uLong crc = crc32(0, header.data, (uInt)header.n) ^ !good;

                header.data[header.n++] = (uint8_t)crc;
                header.data[header.n++] = (uint8_t)(crc >> 8);
        }
        return ev_join(ev, header, (Bytes){member.data + 10, member.n - 10});
}

static void test_headers(void **state) {
        static const size_t names[] = {0, 1, 5000, 300000};
        Bench bench;
        unsigned flags;
        size_t i, k;

        bench_init(&bench, *state);
        for (flags = 0; flags < 256; flags++) {
                Bytes a = with_header(bench.ev, (uint8_t)flags, 3, 4, true),
                      b = with_header(bench.ev, (uint8_t)flags, 3, 4, false);

                compare(&bench, a, true, "header");
                if (flags < 32) {
                        assert_int_equal(bench.by_isal.n_faults, 0);
                        assert_int_equal(bench.by_isal.n, 7);
                        if (flags == 0x1f || (flags & (flags - 1)) == 0)
                                damage_everywhere(&bench, a, "header");
                } else {
                        assert_int_equal(bench.by_isal.n_faults, 1);
                }
                compare(&bench, b, true, "header with a wrong sum");
                assert_int_equal(bench.by_isal.n_faults, flags >= 32 || flags & 2);
        }
        for (i = 0; i < N_ELEMENTS(names); i++) {
                for (k = 0; k < 2; k++) {
                        Bytes a = with_header(bench.ev, 0x1e, k ? 65535 : 0, names[i], true);

                        compare(&bench, a, true, "long header");
                        assert_int_equal(bench.by_isal.n, 7);
                        compare(&bench, ev_join(bench.ev, a, a), true, "long headers");
                        compare(&bench, ev_head(bench.ev, a, a.n / 2), true, "long header, cut");
                }
        }
        bench_deinit(&bench);
}

/* ---- larger than the window ---- */

static void test_large(void **state) {
        Bench bench;
        size_t i;

        bench_init(&bench, *state);
        for (i = 0; i < 36; i++) {
                size_t n = 300000 + ev_random(bench.ev, 900000);
                Bytes text = i % 2 ? any_bytes(bench.ev, n)
                                   : ev_head(bench.ev, ev_text(bench.ev, n), n);
                Bytes packed = deflate_bytes(bench.ev, text, &ways[i % N_ELEMENTS(ways)]);
                ptrdiff_t at = (ptrdiff_t)ev_random(bench.ev, packed.n);

                bench.read_size = i % 10 ? 70000 : 1000;
                compare(&bench, packed, true, "large");
                assert_int_equal(bench.by_isal.n, n);
                assert_int_equal(bench.by_isal.n_faults, 0);
                compare(&bench, ev_join(bench.ev, packed, packed), true, "two large");
                assert_int_equal(bench.by_isal.n, 2 * n);
                compare(&bench, ev_head(bench.ev, packed, (size_t)at), true, "large, cut");
                compare(&bench, ev_spoil(bench.ev, packed, at), false, "large, spoiled");
                compare(&bench, ev_spoil(bench.ev, packed, -3), true, "large, wrong length");
                compare(&bench, ev_join(bench.ev, packed, ev_spoil(bench.ev, packed, -6)), true,
                                "large, wrong sum");
        }
        bench_deinit(&bench);
}

/* The end of a member, and the next one's header, at every place around the end of a window. */
static void test_window_end(void **state) {
        static const size_t ends[] = {STREAM_FILE_WINDOW, 2 * STREAM_FILE_WINDOW - 16};
        Bench bench;
        size_t i, d, way;

        bench_init(&bench, *state);
        for (i = 0; i < N_ELEMENTS(ends); i++) {
                for (way = 0; way < 3; way += 2) {
                        size_t n = ends[i] - 200;
                        Bytes text = any_bytes(bench.ev, n), tail, packed;

                        /* A few bytes that pack, so that the last block is a coded one. */
                        tail = deflate_bytes(bench.ev, ev_zeros(bench.ev, 50), &ways[way]);
                        packed = deflate_bytes(bench.ev, text, &ways[way]);
                        for (d = 0; d < 260; d += 1 + (d < 60 || d > 140) * 7) {
                                Bytes gap = with_header(bench.ev, 0x08, 0, d, true);
                                Bytes all = ev_join(bench.ev, ev_join(bench.ev, gap, packed), tail);

                                compare(&bench, all, true, "end of a window");
                                assert_int_equal(bench.by_isal.n_faults, 0);
                                assert_int_equal(bench.by_isal.n, n + 57);
                                compare(&bench, ev_head(bench.ev, all, all.n - tail.n - d % 9),
                                                true, "cut at the end of a window");
                        }
                }
        }
        bench_deinit(&bench);
}

/* What cannot be sought in, and is larger than the window, is zlib's. */
static void test_pipe(void **state) {
        static const char *const names[] = {"sound", "cut"};
        Bench bench;
        size_t i;

        bench_init(&bench, *state);
        for (i = 0; i < N_ELEMENTS(names); i++) {
                Bytes text = any_bytes(bench.ev, 900000);
                Bytes packed = deflate_bytes(bench.ev, text, &ways[1]);
                char path[64];
                int ends[2], status;
                pid_t child;

                packed.n -= i * 1000;
                fill_file(&bench, packed);
                visit(&bench, bench.zlib, bench.path, &bench.by_zlib);
                assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
                child = fork();
                assert_true(child >= 0);
                if (child == 0) {
                        size_t at = 0;

                        while (at < packed.n) {
                                ssize_t n = write(ends[1], packed.data + at, packed.n - at);

                                if (n <= 0)
                                        _exit(1);
                                at += (size_t)n;
                        }
                        _exit(0);
                }
                close(ends[1]);
                snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
                visit(&bench, bench.isal, path, &bench.by_isal);
                close(ends[0]);
                assert_int_equal(waitpid(child, &status, 0), child);
                assert_same_result(&bench, names[i]);
        }
        bench_deinit(&bench);
}

#define TEST_WITH(f, setup) cmocka_unit_test_setup_teardown((f), (setup), evidence_teardown)
#define TEST(f) TEST_WITH(f, evidence_setup), TEST_WITH(f, evidence_setup_unhashed)

int main(void) {
        const struct CMUnitTest tests[] = {
                        TEST(test_small),
                        TEST(test_members),
                        TEST(test_headers),
                        TEST(test_large),
                        TEST(test_window_end),
                        TEST(test_pipe),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
