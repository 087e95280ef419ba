/* Case files: round trips, every kind of damage to one, and writing that fails. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "store/image.h"
#include "store/test-model.h"

typedef struct Case {
        char dir[TEST_DIR_SIZE], path[TEST_DIR_SIZE + 8];
        unsigned char *bytes;
        size_t size;
        uint64_t digest;
} Case;

static void read_bytes(Case *c) {
        FILE *file = fopen(c->path, "rb");
        struct stat st;

        assert_non_null(file);
        assert_int_equal(fstat(fileno(file), &st), 0);
        c->size = (size_t)st.st_size;
        c->bytes = malloc(c->size);
        assert_non_null(c->bytes);
        assert_int_equal(fread(c->bytes, 1, c->size, file), c->size);
        fclose(file);
}

static void write_bytes(const char *path, const void *bytes, size_t size) {
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
}

static void case_init(Case *c, uint64_t which, size_t n_events) {
        Store *store;
        Model m;

        test_dir_make(c->dir);
        snprintf(c->path, sizeof(c->path), "%s/x.case", c->dir);
        model_init(&m, which, n_events);
        store = model_seal(&m, 2, 2);
        c->digest = model_digest(store);
        assert_null(store_is_faulty(store));
        assert_int_equal(store_write(store, c->path), 0);
        store_free(store);
        model_deinit(&m);
        read_bytes(c);
}

static void case_deinit(Case *c) {
        assert_int_equal(unlink(c->path), 0);
        test_dir_remove(c->dir); /* so nothing was left beside it */
        free(c->bytes);
}

static void test_round_trip(void **state) {
        static const size_t sizes[] = {0, 1, 2, 50, 700};

        (void)state;
        for (uint64_t i = 0; i < N_ELEMENTS(sizes); i++) {
                Store *store, *mapped;
                Model m;
                Case c;

                case_init(&c, i, sizes[i]);
                assert_int_equal(store_is_case(c.path), 1);
                assert_int_equal(store_open(c.path, &mapped), 0);
                assert_true(model_digest(mapped) == c.digest);
                assert_null(store_check(mapped));
                model_init(&m, i, sizes[i]);
                model_check(&m, mapped);
                store = model_seal(&m, 4, 1);
                for (int s = 0; s < IMAGE_N_SECTIONS; s++) {
                        assert_int_equal(store->sections[s].size, mapped->sections[s].size);
                        if (store->sections[s].size)
                                assert_memory_equal(store->sections[s].data,
                                                mapped->sections[s].data, store->sections[s].size);
                }
                store_free(store);
                store_free(mapped);
                model_deinit(&m);
                case_deinit(&c);
        }
}

/* Another store goes over the first: its name never holds anything but one of the two. */
static void test_write_over(void **state) {
        Case c, other;
        Store *store;

        (void)state;
        case_init(&c, 10, 30);
        case_init(&other, 11, 40);
        assert_int_equal(store_open(other.path, &store), 0);
        assert_int_equal(unlink(other.path), 0); /* it stays mapped */
        assert_true(model_digest(store) == other.digest);
        store_free(store);
        write_bytes(other.path, c.bytes, c.size);
        assert_int_equal(store_open(other.path, &store), 0);
        assert_true(model_digest(store) == c.digest);
        store_free(store);
        case_deinit(&c);
        case_deinit(&other);
}

/* The case has the mode that the mask of the process leaves it. */
static void test_mode(void **state) {
        mode_t mask = umask(027);
        struct stat st;
        Case c;

        (void)state;
        case_init(&c, 13, 20);
        umask(mask);
        assert_int_equal(stat(c.path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0640);
        case_deinit(&c);
}

static void test_write_fails(void **state) {
        char dir[TEST_DIR_SIZE], path[TEST_DIR_SIZE + 16];
        Store *store;
        Model m;

        (void)state;
        test_dir_make(dir);
        model_init(&m, 12, 20);
        store = model_seal(&m, 1, 1);
        snprintf(path, sizeof(path), "%s/no/x.case", dir);
        assert_int_equal(store_write(store, path), -ENOENT);
        snprintf(path, sizeof(path), "%s/x", dir);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_true(store_write(store, path) < 0); /* a folder is no file */
        assert_int_equal(rmdir(path), 0);
        test_dir_remove(dir);
        store_free(store);
        model_deinit(&m);
}

/* ---- no case file ---- */

static int open_as(Case *c, const void *bytes, size_t size) {
        Store *store = NULL;
        int r;

        write_bytes(c->path, bytes, size);
        r = store_open(c->path, &store);
        if (r == 0)
                store_free(store);
        else
                assert_null(store);
        return r;
}

static void test_foreign(void **state) {
        static const char json[] = "{\"Records\":[]}";
        Case c;
        Store *store = NULL;

        (void)state;
        case_init(&c, 20, 10);
        assert_int_equal(open_as(&c, "", 0), STORE_FOREIGN);
        assert_int_equal(store_is_case(c.path), 0);
        assert_int_equal(open_as(&c, json, sizeof(json)), STORE_FOREIGN);
        assert_int_equal(store_is_case(c.path), 0);
        assert_int_equal(open_as(&c, IMAGE_MAGIC, 3), STORE_FOREIGN);
        assert_int_equal(open_as(&c, IMAGE_MAGIC, 7), STORE_TRUNCATED);
        assert_int_equal(open_as(&c, IMAGE_MAGIC, 8), STORE_TRUNCATED);
        assert_int_equal(store_is_case(c.path), 1);
        c.bytes[8] ^= 0x40;
        assert_int_equal(open_as(&c, c.bytes, c.size), STORE_VERSION);
        /* one byte of its first is another: refused, not taken for evidence that is no log */
        for (size_t at = 0; at < 8; at++) {
                c.bytes[at] ^= 0x20;
                assert_int_equal(open_as(&c, c.bytes, c.size), STORE_FOREIGN);
                assert_int_equal(store_is_case(c.path), 1);
                c.bytes[at] ^= 0x20;
        }
        assert_true(store_open("/nonexistent", &store) == -ENOENT);
        assert_true(store_is_case("/nonexistent") == -ENOENT);
        assert_true(store_open("/tmp", &store) < 0);
        assert_int_equal(store_is_case("/tmp"), 0);
        case_deinit(&c);
}

/* Shorter by anything, and longer: never taken for a case. */
static void test_truncated(void **state) {
        Case c;

        (void)state;
        case_init(&c, 21, 100);
        for (size_t size = 0; size < c.size; size += size < 128 || size + 64 > c.size ? 1 : 211) {
                int r = open_as(&c, c.bytes, size);

                assert_int_equal(r, size >= 4 ? STORE_TRUNCATED : STORE_FOREIGN);
        }
        c.bytes = realloc(c.bytes, c.size + 1);
        assert_non_null(c.bytes);
        c.bytes[c.size] = 0;
        assert_int_equal(open_as(&c, c.bytes, c.size + 1), STORE_TRUNCATED);
        case_deinit(&c);
}

/* ---- other bytes ---- */

/* Byte AT is another: the file is refused, or the store finds a fault; until then it answers right.
 */
static bool check_flip(const Case *c, int fd, size_t at, unsigned char mask) {
        unsigned char byte = c->bytes[at] ^ mask;
        Store *store = NULL;
        bool is_seen = true;
        int r;

        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
        r = store_open(c->path, &store);
        if (r == 0) {
                uint64_t digest = model_digest(store);

                is_seen = store_is_faulty(store);
                if (!is_seen && digest != c->digest)
                        fail_msg("byte %zu ^ %02x gives another answer", at, mask);
                if (!is_seen)
                        is_seen = store_check(store);
                store_free(store);
        }
        assert_true(r >= 0);
        assert_int_equal(pwrite(fd, &c->bytes[at], 1, (off_t)at), 1);
        return is_seen;
}

static void test_flips(void **state) {
        size_t n_header = sizeof(ImageHeader);
        Random random = random_new(22);
        Case c;
        int fd;

        (void)state;
        case_init(&c, 22, 60);
        fd = open(c.path, O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        for (size_t at = 0; at < n_header; at += TEST_EFFORT(100) < 100 ? 3 : 1)
                assert_true(check_flip(
                                &c, fd, at, (unsigned char)(1U << random_below(&random, 8))));
        /* between sections too */
        for (size_t at = n_header; at < c.size;
                        at += 1 + random_below(&random, c.size / TEST_EFFORT(3000)))
                assert_true(check_flip(
                                &c, fd, at, (unsigned char)(1 + random_below(&random, 255))));
        close(fd);
        case_deinit(&c);
}

/* In a large file every block is checked by itself: what lies elsewhere is answered still. */
static void test_flip_elsewhere(void **state) {
        uint64_t first_id;
        Store *store;
        Case c;

        (void)state;
        case_init(&c, 23, 600);
        assert_int_equal(store_open(c.path, &store), 0);
        first_id = (uint64_t)(store->sections[IMAGE_SOURCES].data - store->bytes);
        store_free(store);
        c.bytes[first_id + 40] ^= 1;
        write_bytes(c.path, c.bytes, c.size);
        assert_int_equal(store_open(c.path, &store), 0);
        assert_true(store_dim_size(store, STORE_DIM_IP) > 0);
        for (uint32_t i = 0; i < store_n_strings(store); i++)
                assert_int_equal(store_find_string(store, store_string(store, i)), i);
        assert_null(store_is_faulty(store));
        assert_int_equal(store_source(store, 0).size, 0); /* empty, and the store says why */
        assert_string_equal(store_is_faulty(store), "sources");
        store_free(store);
        assert_int_equal(store_open(c.path, &store), 0);
        assert_string_equal(store_check(store), "sources");
        store_free(store);
        case_deinit(&c);
}

/* Sums that are right over numbers that are wrong: nothing is read that is not there. */
static void sign(unsigned char *bytes) {
        ImageHeader header;

        memcpy(&header, bytes, sizeof(header));
        for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
                ImageEntry *entry = &header.sections[i];

                entry->sum = image_make_sums(bytes + entry->at, entry->size,
                                (uint64_t *)(void *)(bytes + entry->sums_at));
        }
        header.sum = hash_bytes(&header, offsetof(ImageHeader, sum));
        memcpy(bytes, &header, sizeof(header));
}

static void test_signed_nonsense(void **state) {
        Random random = random_new(24);
        ImageHeader header;
        size_t n_opened = 0;
        Case c;

        (void)state;
        case_init(&c, 24, 60);
        memcpy(&header, c.bytes, sizeof(header));
        for (int round = 0; round < TEST_EFFORT(4000); round++) {
                const ImageEntry *entry = &header.sections[random_below(&random, IMAGE_N_SECTIONS)];
                unsigned char *copy;
                Store *store;

                if (!entry->size)
                        continue;
                copy = malloc(c.size);
                assert_non_null(copy);
                memcpy(copy, c.bytes, c.size);
                for (uint64_t n = 1 + random_below(&random, 3); n > 0; n--)
                        copy[entry->at + random_below(&random, entry->size)] =
                                        (unsigned char)(random_below(&random, 3)
                                                                        ? random_next(&random)
                                                                        : 0xFF);
                sign(copy);
                write_bytes(c.path, copy, c.size);
                if (store_open(c.path, &store) == 0) {
                        model_digest(store);
                        store_check(store);
                        store_free(store);
                        n_opened++;
                }
                free(copy);
        }
        assert_true(n_opened > 100);
        case_deinit(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_round_trip),
                        cmocka_unit_test(test_write_over),
                        cmocka_unit_test(test_mode),
                        cmocka_unit_test(test_write_fails),
                        cmocka_unit_test(test_foreign),
                        cmocka_unit_test(test_truncated),
                        cmocka_unit_test(test_flips),
                        cmocka_unit_test(test_flip_elsewhere),
                        cmocka_unit_test(test_signed_nonsense),
        };

        return cmocka_run_group_tests_name("store-case", tests, NULL, NULL);
}
