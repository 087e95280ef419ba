/* Room in files, and merging of lists, against naive models. */
#include "base/test-help.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/beside.h"
#include "base/kway.h"
#include "base/space.h"
#include "base/vec.h"

#define MB ((size_t)1 << 20)

/* ---- space ---- */

/* More than the limit is written in disorder and read again; memory stays near the limit. */
static void test_limit(void **state) {
        enum { N_ARRAYS = 6 };
        char dir[TEST_DIR_SIZE];
        const size_t n = 32 * MB / sizeof(uint64_t);
        uint64_t *arrays[N_ARRAYS], most = 0, before, limit;
        Random random = random_new(1);
        Space *space;

        (void)state;
        test_dir_make(dir);
        before = space_resident();
        assert_true(before > 0);
        limit = before + 64 * MB;
        assert_int_equal(space_new(dir, limit, &space), 0);
        for (int i = 0; i < N_ARRAYS; i++) {
                arrays[i] = space_alloc_zero(space, n, sizeof(uint64_t));
                assert_non_null(arrays[i]);
        }
        for (int round = 0; round < 3; round++) {
                for (int i = 0; i < N_ARRAYS; i++) {
                        for (size_t k = 0; k < n; k++) {
                                size_t at = k ^ (random_next(&random) & 4095);

                                if (round == 0)
                                        arrays[i][k] = k * 6 + (size_t)i;
                                else
                                        assert_true(arrays[i][at] == at * 6 + (size_t)i);
                                if (k % 65536 == 0) {
                                        uint64_t now = space_resident();

                                        most = now > most ? now : most;
                                }
                        }
                }
        }
        /* the watcher looks every few milliseconds: on a busy machine it may come late */
        print_message("%zu MB above, of %d that were written\n",
                        (size_t)(most > before ? most - before : 0) / MB, N_ARRAYS * 32);
        assert_true(most < before + N_ARRAYS * 32 * MB);
        for (int i = 0; i < N_ARRAYS; i++)
                space_release(space, arrays[i]);
        space_free(space);
        test_dir_remove(dir); /* nothing was left in it */
}

static void test_room(void **state) {
        char dir[TEST_DIR_SIZE];
        struct rlimit old, small;
        bool can_be_named;
        Space *space;
        char *data;
        int fd;

        (void)state;
        test_dir_make(dir);
        assert_int_equal(space_new(dir, UINT64_MAX, &space), 0);
        for (size_t size = 1; size <= 4 * MB; size *= 4) {
                data = space_alloc_zero(space, size, 1);
                assert_non_null(data);
                for (size_t i = 0; i < size; i++)
                        assert_int_equal(data[i], 0);
                memset(data, 1, size);
                space_release(space, data);
        }
        space_release(space, NULL);
        assert_null(space_alloc(space, SIZE_MAX, 2));
        assert_int_equal(errno, ENOMEM);
        /* no room on the disk is an error, not a signal */
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
        small = (struct rlimit){MB, old.rlim_max};
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        assert_null(space_alloc(space, 2 * MB, 1));
        assert_int_equal(errno, EFBIG);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        fd = space_open(space, &can_be_named);
        assert_true(fd >= 0);
        close(fd);
        space_free(space);
        test_dir_remove(dir);
        assert_int_equal(space_new("/nowhere/at/all", UINT64_MAX, &space), 0);
        assert_null(space_alloc(space, 2 * MB, 1));
        assert_int_equal(errno, ENOENT);
        space_free(space);
        data = space_alloc(NULL, 4, 1);
        assert_non_null(data);
        space_release(NULL, data);
}

/* ---- beside ---- */

static void test_beside(void **state) {
        static const char *const paths[][2] = {{"x", "."}, {"/x", "/"}, {"a/x", "a"},
                        {"/a/b/x", "/a/b"}, {"./x", "."}, {"a/", "a"}};
        char made[TEST_DIR_SIZE], *dir;
        int fd;

        (void)state;
        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
                dir = beside_directory(paths[i][0]);
                assert_string_equal(dir, paths[i][1]);
                free(dir);
        }
        assert_int_equal(beside_open("/nowhere/at/all", O_WRONLY), -ENOENT);
        test_dir_make(made);
        fd = beside_open(made, O_WRONLY);
        assert_true(fd >= 0 || fd == -EOPNOTSUPP);
        if (fd >= 0)
                close(fd);
        assert_int_equal(rmdir(made), 0); /* nothing is in it */
}

/* ---- merging ---- */

enum { N_LISTS = 9, N_VALUES = 200 };

typedef struct Lists {
        uint64_t values[N_LISTS][N_VALUES];
        uint32_t sizes[N_LISTS];
} Lists;

/* Values that are 5 modulo 7 do not count. */
static bool fill(void *userdata, SortKey *key) {
        const Lists *lists = userdata;

        while (key->index < lists->sizes[key->source] &&
                        lists->values[key->source][key->index] % 7 == 5)
                key->index++;
        if (key->index >= lists->sizes[key->source])
                return false;
        key->a = lists->values[key->source][key->index];
        return true;
}

static int compare_numbers(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

static void test_kway(void **state) {
        Random random = random_new(2);

        (void)state;
        for (int round = 0; round < 200; round++) {
                uint64_t all[N_LISTS * N_VALUES];
                size_t n = 0, n_lists = random_below(&random, N_LISTS + 1);
                SortKey key, last = {0};
                Lists lists;
                Kway kway;

                for (size_t i = 0; i < n_lists; i++) {
                        lists.sizes[i] = (uint32_t)random_below(&random, N_VALUES + 1);
                        for (uint32_t k = 0; k < lists.sizes[i]; k++)
                                lists.values[i][k] = random_below(&random, 500);
                        qsort(lists.values[i], lists.sizes[i], sizeof(uint64_t), compare_numbers);
                        for (uint32_t k = 0; k < lists.sizes[i]; k++) {
                                if (lists.values[i][k] % 7 != 5)
                                        all[n++] = lists.values[i][k];
                        }
                }
                qsort(all, n, sizeof(uint64_t), compare_numbers);
                assert_int_equal(kway_init(&kway, n_lists, NULL, (SortOrder){NULL, NULL}, fill,
                                                 &lists),
                                0);
                for (size_t i = 0; i < n; i++) {
                        assert_true(kway_next(&kway, &key));
                        assert_true(key.a == all[i]);
                        if (i && last.a == key.a)
                                assert_true(last.source < key.source ||
                                                (last.source == key.source &&
                                                                last.index < key.index));
                        last = key;
                }
                assert_false(kway_next(&kway, &key));
                kway_deinit(&kway);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_limit),
                        cmocka_unit_test(test_room),
                        cmocka_unit_test(test_beside),
                        cmocka_unit_test(test_kway),
        };

        return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
