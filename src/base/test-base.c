/* Structures of base against naive models. */
#include "base/test-help.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/intern.h"
#include "base/library.h"
#include "base/parallel.h"
#include "base/sort.h"
#include "base/vec.h"

/* An overflow in calloc() is to return, not to end the program. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void) {
        return "allocator_may_return_null=1";
}

/* ---- arena ---- */

typedef struct Block {
        unsigned char *at;
        size_t size;
        unsigned char fill;
} Block;

static size_t random_size(Random *random) {
        switch (random_below(random, 8)) {
        case 0:
                return random_below(random, 100000);
        case 1:
                return random_below(random, 5000);
        default:
                return random_below(random, 80);
        }
}

/* Every block is aligned and keeps its bytes, so none overlaps another. */
static void test_arena(void **state) {
        enum { N = 2000 };
        static Block blocks[N];
        Random random = random_new(1);
        Arena arena = {0};
        size_t sum = 0;

        (void)state;
        for (size_t i = 0; i < N; i++) {
                size_t align = (size_t)1 << random_below(&random, 5);
                Block *b = &blocks[i];

                *b = (Block){NULL, random_size(&random), (unsigned char)random_next(&random)};
                b->at = arena_alloc(&arena, b->size, align);
                assert_non_null(b->at);
                assert_int_equal((uintptr_t)b->at % align, 0);
                memset(b->at, b->fill, b->size);
                sum += b->size;
        }
        for (size_t i = 0; i < N; i++) {
                for (size_t k = 0; k < blocks[i].size; k++)
                        assert_int_equal(blocks[i].at[k], blocks[i].fill);
        }
        assert_true(arena.n_bytes >= sum);
        assert_true(arena.n_bytes < 2 * sum + (1U << 21));
        arena_deinit(&arena);
        assert_null(arena.chunks);
        arena_deinit(&arena);
}

static void test_arena_copies(void **state) {
        Arena arena = {0};
        Slice copy = {NULL, 7};
        char *text;

        (void)state;
        assert_int_equal(arena_copy(&arena, SLICE_LITERAL("a\0b"), &copy), 0);
        assert_true(slice_equal(copy, SLICE_LITERAL("a\0b")));
        assert_int_equal(arena_copy(&arena, (Slice){NULL, 0}, &copy), 0);
        assert_non_null(copy.data);
        assert_int_equal(copy.size, 0);
        text = arena_cstr(&arena, SLICE_LITERAL("text"));
        assert_string_equal(text, "text");
        assert_string_equal(arena_cstr(&arena, (Slice){NULL, 0}), "");
        assert_null(arena_alloc(&arena, SIZE_MAX, 1));
        assert_null(arena_alloc(&arena, SIZE_MAX - 8, 16));
        assert_null(arena_cstr(&arena, slice("", SIZE_MAX)));
        assert_string_equal(text, "text");
        arena_deinit(&arena);
}

/* ---- vec ---- */

static void test_vec(void **state) {
        enum { N = 100000 };
        VEC(uint32_t) vec = {0};
        size_t n_moves = 0, cap = 0;

        (void)state;
        for (uint32_t i = 0; i < N; i++) {
                assert_int_equal(vec_reserve(&vec, 1), 0);
                assert_true(vec.cap > vec.size);
                n_moves += vec.cap != cap;
                cap = vec.cap;
                vec.data[vec.size++] = i * 3;
        }
        for (uint32_t i = 0; i < N; i++)
                assert_int_equal(vec.data[i], i * 3);
        assert_true(n_moves < 40);
        n_moves = 0;
        assert_int_equal(vec_reserve(&vec, n_moves), 0);
        assert_int_equal(vec_reserve(&vec, SIZE_MAX), -ENOMEM);
        assert_int_equal(vec_reserve(&vec, SIZE_MAX / 2), -ENOMEM);
        assert_int_equal(vec.size, N);
        assert_int_equal(vec.data[N - 1], (N - 1) * 3);
        vec_deinit(&vec);
        assert_null(vec.data);
        assert_int_equal(vec.cap, 0);
}

static void test_vec_alloc(void **state) {
        unsigned char *p;

        (void)state;
        assert_null(vec_alloc(SIZE_MAX / 2, 3));
        assert_null(vec_alloc_zero(SIZE_MAX / 2, 3));
        p = vec_alloc(0, 8);
        assert_non_null(p);
        free(p);
        p = vec_alloc_zero(3, 5);
        for (int i = 0; i < 15; i++)
                assert_int_equal(p[i], 0);
        free(p);
}

/* ---- intern ---- */

static void test_intern(void **state) {
        enum { N = 3000 };
        static char texts[N][12];
        static size_t sizes[N];
        Random random = random_new(2);
        Intern intern = {0};
        size_t n = 0;

        (void)state;
        for (int round = 0; round < 4 * N; round++) {
                char text[12];
                size_t size = random_below(&random, sizeof(text)), known;
                uint32_t id = 77;
                bool is_new = false;

                for (size_t i = 0; i < size; i++)
                        text[i] = (char)random_below(&random, size > 5 ? 2 : 5); /* NUL too */
                for (known = 0; known < n; known++) {
                        if (sizes[known] == size && memcmp(texts[known], text, size) == 0)
                                break;
                }
                if (known == N)
                        continue;
                assert_int_equal(intern_add(&intern, slice(text, size), &id, &is_new), 0);
                assert_int_equal(id, known);
                assert_int_equal(is_new, known == n);
                if (known == n) {
                        memcpy(texts[n], text, size);
                        sizes[n++] = size;
                }
                memset(text, 'x', sizeof(text)); /* the set has a copy */
        }
        assert_int_equal(intern_size(&intern), n);
        for (size_t i = 0; i < n; i++)
                assert_true(slice_equal(intern.strings.data[i], slice(texts[i], sizes[i])));
        for (uint32_t i = 0, id = 0; i < n; i++) {
                assert_true(intern_find(&intern, slice(texts[i], sizes[i]), &id));
                assert_int_equal(id, i);
        }
        assert_false(intern_find(&intern, SLICE_LITERAL("not there at all"), &(uint32_t){0}));
        intern_deinit(&intern);
        assert_false(intern_find(&intern, SLICE_LITERAL(""), &(uint32_t){0}));
        assert_int_equal(intern_size(&intern), 0);
}

/* Many, and their addresses stay. */
static void test_intern_many(void **state) {
        enum { N = 300000 };
        Intern intern = {0};
        const char *first = NULL;
        char text[16];
        uint32_t id;

        (void)state;
        for (int round = 0; round < 2; round++) {
                for (uint32_t i = 0; i < N; i++) {
                        int size = snprintf(text, sizeof(text), "%x", i);

                        assert_int_equal(intern_add(&intern, slice(text, (size_t)size), &id, NULL),
                                        0);
                        assert_int_equal(id, i);
                        if (!first)
                                first = intern.strings.data[0].data;
                }
        }
        assert_int_equal(intern_size(&intern), N);
        assert_ptr_equal(first, intern.strings.data[0].data);
        intern_deinit(&intern);
}

/* ---- sort ---- */

static int compare_for_qsort(const void *a, const void *b) {
        const SortKey *x = a, *y = b;

        if (x->a != y->a)
                return x->a < y->a ? -1 : 1;
        if (x->b != y->b)
                return x->b < y->b ? -1 : 1;
        return (x->index > y->index) - (x->index < y->index); /* as they stood: stable */
}

/* Orders by what the keys do not hold: the lower bits of `source`, of which some are equal. */
static int tie(const void *ctx, const SortKey *x, const SortKey *y) {
        uint32_t mask = *(const uint32_t *)ctx, a = x->source & mask, b = y->source & mask;

        return (a > b) - (a < b);
}

static int compare_tied(const void *a, const void *b) {
        const SortKey *x = a, *y = b;
        uint32_t mask = 7;
        int r;

        if (x->a != y->a)
                return x->a < y->a ? -1 : 1;
        if (x->b != y->b)
                return x->b < y->b ? -1 : 1;
        r = tie(&mask, x, y);
        return r ? r : (x->index > y->index) - (x->index < y->index);
}

typedef enum Shape {
        SHAPE_RANDOM,
        SHAPE_FEW,
        SHAPE_EQUAL,
        SHAPE_RISING,
        SHAPE_FALLING,
        SHAPE_ORGAN_PIPE,
        N_SHAPES,
} Shape;

static uint64_t shaped(Shape shape, Random *random, size_t i, size_t n) {
        switch (shape) {
        case SHAPE_RANDOM:
                return random_next(random);
        case SHAPE_FEW:
                return random_below(random, 5) << 62;
        case SHAPE_RISING:
                return i;
        case SHAPE_FALLING:
                return UINT64_MAX - i;
        case SHAPE_ORGAN_PIPE:
                return i < n / 2 ? i : n - i;
        default:
                return 9;
        }
}

static void fill_keys(SortKey *keys, size_t n, Shape shape, Random *random) {
        for (size_t i = 0; i < n; i++) {
                keys[i] = (SortKey){
                                .a = shaped(shape, random, i, n),
                                .b = random_below(random, 3),
                                .source = (uint32_t)random_next(random),
                                .index = (uint32_t)i,
                };
        }
}

static void check_sort(size_t n, Shape shape, unsigned n_threads, Random *random) {
        static const uint32_t mask = 7;
        SortOrder plain = {NULL, NULL}, tied = {tie, &mask};
        SortKey *keys = vec_alloc(n, sizeof(*keys)), *same = vec_alloc(n, sizeof(*same));
        SortKey *model = vec_alloc(n, sizeof(*model));

        assert_true(keys && same && model);
        fill_keys(keys, n, shape, random);
        memcpy(same, keys, n * sizeof(*keys));
        memcpy(model, keys, n * sizeof(*keys));
        assert_int_equal(sort_keys(keys, n, &plain, n_threads), 0);
        qsort(model, n, sizeof(*model), compare_for_qsort);
        assert_memory_equal(keys, model, n * sizeof(*keys));

        assert_int_equal(sort_keys(same, n, &tied, n_threads), 0);
        qsort(model, n, sizeof(*model), compare_tied);
        assert_memory_equal(same, model, n * sizeof(*keys));
        for (size_t i = 1; i < n; i++)
                assert_true(sort_compare(&tied, &same[i - 1], &same[i]) <= 0);
        free(keys);
        free(same);
        free(model);
}

static void test_sort(void **state) {
        static const size_t sizes[] = {
                        0, 1, 2, 23, 24, 25, 47, 48, 49, 1000, 65535, 65536, 65537, 100003, 262144};
        static const unsigned threads[] = {0, 1, 2, 8};
        Random random = random_new(3);

        (void)state;
        for (size_t s = 0; s < N_ELEMENTS(sizes); s++) {
                for (size_t t = 0; t < N_ELEMENTS(threads); t++) {
                        Shape shape = (Shape)((s + t) % N_SHAPES);

                        check_sort(sizes[s], shape, threads[t], &random);
                        if (sizes[s] < 2000) {
                                for (shape = 0; shape < N_SHAPES; shape++)
                                        check_sort(sizes[s], shape, threads[t], &random);
                        }
                }
        }
        for (Shape shape = 0; shape < N_SHAPES; shape++)
                check_sort(70000 + random_below(&random, 70000), shape, 3, &random);
}

/* Two words of a text order as its first 16 bytes do. */
static void test_sort_prefix(void **state) {
        Random random = random_new(4);

        (void)state;
        for (int round = 0; round < 20000; round++) {
                char x[20], y[20];
                size_t n_x = random_below(&random, 17), n_y = random_below(&random, 17);
                uint64_t a, b, c, d;
                int model, r;

                for (size_t i = 0; i < 20; i++) {
                        x[i] = (char)(random_below(&random, 3) ? 0xFF
                                                               : 1 + random_below(&random, 2));
                        y[i] = random_below(&random, 4) ? x[i] : (char)0x80;
                }
                model = slice_compare(slice(x, n_x), slice(y, n_y));
                a = sort_prefix(slice(x, n_x), 0), b = sort_prefix(slice(y, n_y), 0);
                c = sort_prefix(slice(x, n_x), 1), d = sort_prefix(slice(y, n_y), 1);
                r = a != b ? (a < b ? -1 : 1) : c != d ? (c < d ? -1 : 1) : 0;
                assert_int_equal(r, (model > 0) - (model < 0)); /* no NUL in them, so exactly */
        }
        assert_int_equal(sort_prefix((Slice){NULL, 0}, 0), 0);
        assert_int_equal(sort_prefix(SLICE_LITERAL("12345678"), 1), 0);
}

/* ---- hash ---- */

static void test_hash_range(void **state) {
        Random random = random_new(5);

        (void)state;
        for (int round = 0; round < 100000; round++) {
                uint32_t n = (uint32_t)(random_next(&random) >> (32 + random_below(&random, 31)));
                uint64_t x = random_next(&random), y = random_next(&random);

                n += n == 0;
                assert_true(hash_range(x, n) < n);
                assert_true((x <= y) <= (hash_range(x, n) <= hash_range(y, n)));
                assert_true((x >= y) <= (hash_range(x, n) >= hash_range(y, n)));
                assert_int_equal(hash_range(0, n), 0);
                assert_int_equal(hash_range(UINT64_MAX, n), n - 1);
        }
}

/* Every part of the range is met alike. */
static void test_hash_spread(void **state) {
        uint32_t counts[64] = {0};

        (void)state;
        for (uint32_t i = 0; i < 64000; i++)
                counts[hash_range(hash_bytes(&i, sizeof(i)), 64)]++;
        for (int i = 0; i < 64; i++)
                assert_in_range(counts[i], 800, 1200);
        assert_int_not_equal(hash_mix(1, 2), hash_mix(2, 1));
        assert_int_equal(hash_slice(SLICE_LITERAL("abc")), hash_bytes("abc", 3));
}

/* ---- slices ---- */

static void test_slices(void **state) {
        (void)state;
        assert_true(slice_equal((Slice){NULL, 0}, SLICE_LITERAL("")));
        assert_false(slice_equal(SLICE_LITERAL("ab"), SLICE_LITERAL("a")));
        assert_true(slice_starts_with(SLICE_LITERAL("ab"), SLICE_LITERAL("a")));
        assert_true(slice_ends_with(SLICE_LITERAL("ab"), SLICE_LITERAL("b")));
        assert_false(slice_ends_with(SLICE_LITERAL("b"), SLICE_LITERAL("ab")));
        assert_true(slice_compare(SLICE_LITERAL("a"), SLICE_LITERAL("aa")) < 0);
        assert_true(slice_compare(SLICE_LITERAL("\xff"), SLICE_LITERAL("a")) > 0);
        assert_int_equal(slice_compare((Slice){NULL, 0}, SLICE_LITERAL("")), 0);
        assert_int_equal(slice_cstr(NULL).size, 0);
        assert_null(slice_cstr(NULL).data);
}

/* ---- parallel ---- */

typedef struct Tasks {
        unsigned char done[5000];
        size_t failing; /* these and more fail with -1000 - i */
} Tasks;

static int count_task(void *ctx, size_t i) {
        Tasks *tasks = ctx;

        __atomic_fetch_add(&tasks->done[i], 1, __ATOMIC_RELAXED);
        return i >= tasks->failing ? -1000 - (int)i : 0;
}

static void test_parallel(void **state) {
        static const unsigned threads[] = {0, 1, 2, 8, 1000};
        static Tasks tasks;

        (void)state;
        for (size_t t = 0; t < N_ELEMENTS(threads); t++) {
                tasks = (Tasks){.failing = SIZE_MAX};
                assert_int_equal(parallel_run(threads[t], 5000, count_task, &tasks), 0);
                for (size_t i = 0; i < 5000; i++)
                        assert_int_equal(tasks.done[i], 1);
                assert_int_equal(parallel_run(threads[t], 0, count_task, &tasks), 0);
                tasks = (Tasks){.failing = 3000};
                assert_int_equal(parallel_run(threads[t], 5000, count_task, &tasks), -4000);
                for (size_t i = 0; i < 3000; i++)
                        assert_int_equal(tasks.done[i], 1);
        }
        assert_true(parallel_n_cores() >= 1);
}

static void test_library(void **state) {
        static const char *const names[] = {"strlen", "no_such_function"};
        struct {
                size_t (*length)(const char *text);
                void (*none)(void);
        } table = {NULL, NULL};

        (void)state;
        assert_int_equal(library_load("libc.so.6", names, 1, &table), 0);
        assert_int_equal(table.length("four"), 4);
        assert_null(table.none);
        assert_int_equal(library_load("libc.so.6", names, 2, &table), -ELIBACC);
        assert_int_equal(library_load("libno-such-library.so.1", names, 1, &table), -ELIBACC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_arena),
                        cmocka_unit_test(test_arena_copies),
                        cmocka_unit_test(test_vec),
                        cmocka_unit_test(test_vec_alloc),
                        cmocka_unit_test(test_intern),
                        cmocka_unit_test(test_intern_many),
                        cmocka_unit_test(test_sort),
                        cmocka_unit_test(test_sort_prefix),
                        cmocka_unit_test(test_hash_range),
                        cmocka_unit_test(test_hash_spread),
                        cmocka_unit_test(test_slices),
                        cmocka_unit_test(test_parallel),
                        cmocka_unit_test(test_library),
        };

        return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
