/* Makes evidence for tests and keeps what a sink is given; see test-evidence.h. */
#include "io/test-evidence.h"

#include "base/sha256.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static size_t count_fds(void) {
        DIR *dir = opendir("/proc/self/fd");
        size_t n = 0;

        assert_non_null(dir);
        while (readdir(dir))
                n++;
        closedir(dir);
        return n;
}

static int keep_leaf(void *userdata, Slice name, IoStream *stream) {
        Evidence *ev = userdata;
        Leaf *leaf = &ev->leaves[ev->n_leaves++];
        size_t cap = 0;

        assert_true(ev->n_leaves <= MAX_KEPT);
        *leaf = (Leaf){.name = (char *)ev_bytes(ev, name.data, name.size).data};
        for (;;) {
                size_t n, size = ev->read_size;
                int r;

                if (ev->stop_after && leaf->content.n >= ev->stop_after)
                        break;
                if (cap - leaf->content.n < size) {
                        Bytes old = leaf->content;

                        cap = cap * 2 + size;
                        leaf->content.data = ev_alloc(ev, cap);
                        if (old.n)
                                memcpy(leaf->content.data, old.data, old.n);
                }
                r = io_stream_read(stream, leaf->content.data + leaf->content.n, size, &n);
                if (r)
                        return r;
                assert_true(n <= size);
                if (n == 0)
                        break;
                leaf->content.n += n;
        }
        leaf->is_cut = io_stream_is_cut(stream);
        return ev->verdict;
}

static int keep_fault(void *userdata, Slice name, uint64_t offset, Slice reason) {
        Evidence *ev = userdata;

        assert_true(ev->n_faults < MAX_KEPT);
        assert_null(memchr(reason.data, '\n', reason.size));
        ev->faults[ev->n_faults++] = (Fault){
                        .name = (char *)ev_bytes(ev, name.data, name.size).data,
                        .offset = offset,
                        .reason = (char *)ev_bytes(ev, reason.data, reason.size).data,
        };
        return 0;
}

static void hash(Bytes bytes, uint8_t ret[static SHA256_SIZE]) {
        Sha256 sha;

        assert_int_equal(sha256_init(&sha), 0);
        assert_int_equal(sha256_begin(&sha), 0);
        assert_int_equal(sha256_update(&sha, bytes.data, bytes.n), 0);
        assert_int_equal(sha256_final(&sha, ret), 0);
        sha256_deinit(&sha);
}

static int keep_done(void *userdata, const IoContent *content) {
        Evidence *ev = userdata;
        Done *done = &ev->dones[ev->n_dones++];

        assert_true(ev->n_dones <= MAX_KEPT);
        *done = (Done){
                        .name = (char *)ev_bytes(ev, content->name.data, content->name.size).data,
                        .archive = content->archive,
                        .size = content->size,
                        .has_hash = content->hash != NULL,
        };
        if (content->hash)
                memcpy(done->hash, content->hash, sizeof(done->hash));
        return 0;
}

static const Done *find_done(const Evidence *ev, const char *name) {
        const Done *found = NULL;

        for (size_t i = 0; i < ev->n_dones; i++) {
                if (strcmp(ev->dones[i].name, name) != 0)
                        continue;
                assert_null(found);
                found = &ev->dones[i];
        }
        if (!found)
                fail_msg("%s was not done with", name);
        return found;
}

void assert_done(const Evidence *ev, const char *name, Bytes content, const char *archive) {
        const Done *done = find_done(ev, name);
        uint8_t expected[SHA256_SIZE];

        hash(content, expected);
        assert_int_equal(done->size, content.n);
        assert_true(done->has_hash);
        assert_memory_equal(done->hash, expected, sizeof(expected));
        assert_int_equal(done->archive != NULL, archive != NULL);
        if (archive)
                assert_string_equal(done->archive, archive);
}

void assert_done_cut(const Evidence *ev, const char *name) {
        assert_false(find_done(ev, name)->has_hash);
}

int evidence_setup_unhashed(void **state) {
        int r = evidence_setup(state);

        ((Evidence *)*state)->sink.done = NULL;
        return r;
}

int evidence_setup(void **state) {
        Evidence *ev = calloc(1, sizeof(*ev));

        assert_non_null(ev);
        ev->n_fds = count_fds();
        strcpy(ev->dir, "/tmp/spoor-io-XXXXXX");
        assert_non_null(mkdtemp(ev->dir));
        ev->random = 88172645463325252ULL;
        ev->read_size = 64 << 10;
        ev->sink = (IoSink){
                        .userdata = ev, .leaf = keep_leaf, .fault = keep_fault, .done = keep_done};
        assert_int_equal(io_reader_new(NULL, &ev->reader), 0);
        *state = ev;
        return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        (void)st;
        (void)type;
        (void)ftw;
        return remove(path);
}

int evidence_teardown(void **state) {
        Evidence *ev = *state;
        size_t n_fds;

        io_reader_free(ev->reader);
        n_fds = count_fds();
        nftw(ev->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        while (ev->n_pool > 0)
                free(ev->pool[--ev->n_pool]);
        free(ev->pool);
        if (n_fds != ev->n_fds)
                print_error("%zu descriptors before, %zu after\n", ev->n_fds, n_fds);
        n_fds -= ev->n_fds;
        free(ev);
        return n_fds != 0;
}

void *ev_alloc(Evidence *ev, size_t size) {
        if (ev->n_pool == ev->cap_pool) {
                ev->cap_pool = ev->cap_pool * 2 + 64;
                ev->pool = reallocarray(ev->pool, ev->cap_pool, sizeof(*ev->pool));
                assert_non_null(ev->pool);
        }
        ev->pool[ev->n_pool] = calloc(1, size ? size : 1);
        assert_non_null(ev->pool[ev->n_pool]);
        return ev->pool[ev->n_pool++];
}

char *ev_format(Evidence *ev, const char *format, ...) {
        char *text = ev_alloc(ev, 8192);
        va_list args;

        va_start(args, format);
        vsnprintf(text, 8192, format, args);
        va_end(args);
        return text;
}

uint64_t ev_random(Evidence *ev, uint64_t below) {
        ev->random ^= ev->random << 13;
        ev->random ^= ev->random >> 7;
        ev->random ^= ev->random << 17;
        return ev->random % below;
}

Bytes ev_bytes(Evidence *ev, const void *data, size_t n) {
        Bytes bytes = {ev_alloc(ev, n + 1), n};

        if (n)
                memcpy(bytes.data, data, n);
        return bytes;
}

Bytes ev_literal(Evidence *ev, const char *text) {
        return ev_bytes(ev, text, strlen(text));
}

Bytes ev_text(Evidence *ev, size_t n) {
        Bytes bytes = {ev_alloc(ev, n + 256), 0};

        while (bytes.n < n)
                bytes.n += (size_t)sprintf((char *)bytes.data + bytes.n,
                                "{\"eventID\":\"%016llx%016llx\",\"n\":%zu}\n",
                                (unsigned long long)ev_random(ev, UINT64_MAX),
                                (unsigned long long)ev_random(ev, UINT64_MAX), bytes.n);
        return bytes;
}

Bytes ev_zeros(Evidence *ev, size_t n) {
        return (Bytes){ev_alloc(ev, n), n};
}

Bytes ev_join(Evidence *ev, Bytes a, Bytes b) {
        Bytes joined = {ev_alloc(ev, a.n + b.n + 1), a.n + b.n};

        memcpy(joined.data, a.data, a.n);
        memcpy(joined.data + a.n, b.data, b.n);
        return joined;
}

Bytes ev_head(Evidence *ev, Bytes a, size_t n) {
        return ev_bytes(ev, a.data, n);
}

Bytes ev_spoil(Evidence *ev, Bytes a, ptrdiff_t at) {
        Bytes spoiled = ev_bytes(ev, a.data, a.n);

        spoiled.data[at < 0 ? (size_t)((ptrdiff_t)a.n + at) : (size_t)at] ^= 0x41;
        return spoiled;
}

size_t ev_find(Bytes a, const void *pattern, size_t n) {
        const uint8_t *found = memmem(a.data, a.n, pattern, n);

        assert_non_null(found);
        return (size_t)(found - a.data);
}

/* With every part of a header that gzip knows. */
Bytes ev_gzip(Evidence *ev, Bytes content) {
        uLong cap = compressBound(content.n) + 256;
        Bytes packed = {ev_alloc(ev, cap), 0};
        gz_header header = {
                        .extra = (Bytef *)(uintptr_t) "extra",
                        .extra_len = 5,
                        .name = (Bytef *)(uintptr_t) "name.json",
                        .comment = (Bytef *)(uintptr_t) "comment",
                        .hcrc = 1,
        };
        z_stream z = {0};

        assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
        assert_int_equal(deflateSetHeader(&z, &header), Z_OK);
        z.next_in = content.data;
        z.avail_in = (uInt)content.n;
        z.next_out = packed.data;
        z.avail_out = (uInt)cap;
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        packed.n = z.total_out;
        deflateEnd(&z);
        return packed;
}

Bytes ev_filter(Evidence *ev, Bytes content, int code) {
        Bytes packed = {ev_alloc(ev, content.n * 2 + 4096), 0};
        struct archive_entry *entry = archive_entry_new();
        struct archive *a = archive_write_new();

        assert_true(archive_write_add_filter(a, code) >= ARCHIVE_WARN);
        assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
        /* Less memory to clear for each of many small files. */
        if (code == ARCHIVE_FILTER_XZ || code == ARCHIVE_FILTER_LZIP)
                assert_int_equal(archive_write_set_options(a, "compression-level=0"), ARCHIVE_OK);
        archive_write_set_bytes_in_last_block(a, 1);
        assert_int_equal(archive_write_open_memory(a, packed.data, content.n * 2 + 4096, &packed.n),
                        ARCHIVE_OK);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_pathname(entry, "data");
        assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
        assert_int_equal(archive_write_data(a, content.data, content.n), content.n);
        assert_int_equal(archive_write_close(a), ARCHIVE_OK);
        archive_write_free(a);
        archive_entry_free(entry);
        return packed;
}

static void write_member(struct archive *a, const Member *member) {
        struct archive_entry *entry = archive_entry_new();
        size_t n = strlen(member->name);

        archive_entry_set_pathname(entry, member->name);
        archive_entry_set_perm(entry, 0600);
        archive_entry_set_filetype(entry, member->name[n - 1] == '/' ? AE_IFDIR : AE_IFREG);
        archive_entry_set_size(entry, (la_int64_t)member->content.n);
        if (member->link)
                archive_entry_set_hardlink(entry, member->link);
        assert_true(archive_write_header(a, entry) >= ARCHIVE_WARN);
        if (member->content.n)
                assert_int_equal(archive_write_data(a, member->content.data, member->content.n),
                                member->content.n);
        archive_entry_free(entry);
}

Bytes ev_archive(Evidence *ev, const char *format, const char *options, const Member *members,
                size_t n) {
        locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        locale_t old = uselocale(locale);
        struct archive *a = archive_write_new();
        Bytes packed = {0};
        size_t i, cap = 1 << 20;

        for (i = 0; i < n; i++)
                cap += members[i].content.n * 2 + 4096;
        packed.data = ev_alloc(ev, cap);
        assert_int_equal(archive_write_set_format_by_name(a, format), ARCHIVE_OK);
        if (!options && strcmp(format, "7zip") == 0)
                options = "compression-level=1";
        if (options)
                assert_int_equal(archive_write_set_options(a, options), ARCHIVE_OK);
        if (options && strstr(options, "encryption"))
                assert_int_equal(archive_write_set_passphrase(a, "secret"), ARCHIVE_OK);
        assert_int_equal(archive_write_open_memory(a, packed.data, cap, &packed.n), ARCHIVE_OK);
        for (i = 0; i < n; i++)
                write_member(a, &members[i]);
        assert_int_equal(archive_write_close(a), ARCHIVE_OK);
        archive_write_free(a);
        uselocale(old);
        freelocale(locale);
        return packed;
}

const char *ev_write(Evidence *ev, const char *name, Bytes content) {
        char *path = ev_format(ev, "%s/%s", ev->dir, name), *slash = path + strlen(ev->dir) + 1;
        int fd;

        while ((slash = strchr(slash, '/'))) {
                *slash = '\0';
                mkdir(path, 0700);
                *slash++ = '/';
        }
        unlink(path); /* ext4 writes a truncated file out at once when it is closed */
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, content.data, content.n), content.n);
        close(fd);
        return path;
}

void ev_reset(Evidence *ev) {
        ev->n_leaves = 0;
        ev->n_faults = 0;
        ev->n_dones = 0;
}

int ev_visit(Evidence *ev, Bytes content) {
        const char *path = ev_write(ev, "f", content);

        int r;

        ev_reset(ev);
        r = io_reader_visit(ev->reader, path, SLICE_LITERAL("f"), &ev->sink);
        /* Whatever is wrong in it, and whatever of it was asked for: it is all the bytes. */
        if (r == 0 && ev->sink.done)
                assert_done(ev, "f", content, find_done(ev, "f")->archive);
        return r;
}

static void dump(const Evidence *ev) {
        size_t i;

        for (i = 0; i < ev->n_leaves; i++)
                print_error("leaf %s: %zu bytes%s\n", ev->leaves[i].name, ev->leaves[i].content.n,
                                ev->leaves[i].is_cut ? ", cut" : "");
        for (i = 0; i < ev->n_faults; i++)
                print_error("fault %s at %llu: %s\n", ev->faults[i].name,
                                (unsigned long long)ev->faults[i].offset, ev->faults[i].reason);
}

const Leaf *ev_leaf(const Evidence *ev, const char *name) {
        size_t i;

        for (i = 0; i < ev->n_leaves; i++)
                if (strcmp(ev->leaves[i].name, name) == 0)
                        return &ev->leaves[i];
        dump(ev);
        fail_msg("no leaf %s", name);
        return NULL;
}

void assert_leaf(const Evidence *ev, const char *name, Bytes content) {
        const Leaf *leaf = ev_leaf(ev, name);

        if (leaf->content.n != content.n)
                dump(ev);
        assert_int_equal(leaf->content.n, content.n);
        if (content.n)
                assert_memory_equal(leaf->content.data, content.data, content.n);
}

void assert_counts(const Evidence *ev, size_t n_leaves, size_t n_faults) {
        if (ev->n_leaves != n_leaves || ev->n_faults != n_faults)
                dump(ev);
        assert_int_equal(ev->n_leaves, n_leaves);
        assert_int_equal(ev->n_faults, n_faults);
}

void assert_fault(
                const Evidence *ev, size_t i, const char *name, uint64_t offset, const char *part) {
        if (i >= ev->n_faults || strcmp(ev->faults[i].name, name) != 0 ||
                        ev->faults[i].offset != offset || !strstr(ev->faults[i].reason, part))
                dump(ev);
        assert_true(i < ev->n_faults);
        assert_string_equal(ev->faults[i].name, name);
        assert_int_equal(ev->faults[i].offset, offset);
        assert_non_null(strstr(ev->faults[i].reason, part));
}
