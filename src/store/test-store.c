/* Building and reading: against the model, in any distribution, at any size. */
#include "base/vec.h"
#include "store/image.h"
#include "store/test-model.h"

static void test_model(void **state) {
        (void)state;
        for (uint64_t round = 0; round < TEST_EFFORT(80); round++) {
                Random random = random_new(1000 + round);
                Store *store;
                Model m;

                model_init(&m, round, random_below(&random, round % 8 ? 120 : 600));
                store = model_seal(&m, 1 + round % 4, round % 3);
                model_check(&m, store);
                store_free(store);
                model_deinit(&m);
        }
}

static void same_image(Store *a, Store *b) {
        assert_int_equal(a->size, b->size);
        assert_memory_equal(a->bytes, b->bytes, a->size);
        for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
                assert_int_equal(a->sections[i].size, b->sections[i].size);
                assert_int_equal(a->sections[i].data - a->bytes, b->sections[i].data - b->bytes);
        }
}

/* The same events make the same bytes, whichever builder they go to, in whichever order, by
 * threads. */
static void test_distribution(void **state) {
        static const unsigned threads[] = {1, 2, 8};

        (void)state;
        for (uint64_t round = 0; round < TEST_EFFORT(40); round++) {
                Store *first;
                Model m;

                model_init(&m, 100 + round, 20 + 20 * (round % 20));
                first = model_seal(&m, 1, 1);
                for (size_t n_builders = 1; n_builders <= 4; n_builders++) {
                        Store *other = model_seal(
                                        &m, n_builders, threads[(round + n_builders) % 3]);

                        same_image(first, other);
                        store_free(other);
                }
                store_free(first);
                model_deinit(&m);
        }
}

/* ---- stores of stores ---- */

/* Seals the events of the files in FILE_MASK. */
static Store *seal_part(Model *m, unsigned file_mask) {
        Builder *builder;
        Store *store;

        assert_int_equal(builder_new(&builder), 0);
        model_fill(m, &builder, 1, file_mask);
        assert_int_equal(store_seal(&builder, 1, (StoreRoom){NULL, 1}, NULL, &store), 0);
        builder_free(builder);
        return store;
}

static Store *merge_parts(Store **parts, size_t n_parts, bool are_parts, unsigned n_threads) {
        Store *store;

        assert_int_equal(store_merge(parts, n_parts, are_parts, (StoreRoom){NULL, n_threads}, NULL,
                                         &store),
                        0);
        return store;
}

/* Parts that have no file in common add up to the whole, byte for byte, in any order. */
static void test_merge(void **state) {
        (void)state;
        for (uint64_t round = 0; round < TEST_EFFORT(60); round++) {
                Store *whole, *parts[4], *sum;
                unsigned masks[4] = {0};
                Model m;

                model_init(&m, 200 + round, 30 + 10 * (round % 20));
                for (int file = 0; file < MODEL_MAX_FILES; file++)
                        masks[random_below(&m.random, 4)] |= 1U << file;
                whole = model_seal(&m, 2, 1);
                for (int i = 0; i < 4; i++)
                        parts[i] = seal_part(&m, masks[i]);
                sum = merge_parts(parts, 4, round % 2, 1 + round % 4);
                model_check(&m, sum);
                same_image(whole, sum);
                store_free(sum);
                for (int i = 0; i < 4; i++)
                        store_free(parts[i]);
                store_free(whole);
                model_deinit(&m);
        }
}

/* What is known of each event in stores that overlap is what is known where they are one. */
static void check_overlap(Model *m, Store *sum) {
        assert_int_equal(store_n_events(sum), m->n_kept);
        for (uint32_t i = 0; i < m->n_kept; i++) {
                const ModelEvent *e = &m->events[m->kept[i]];
                StoreSource source = store_source(sum, i);

                assert_true(store_time(sum, i) == e->event.time);
                assert_int_equal(source.record, e->event.record);
                assert_true(slice_equal(
                                store_file(sum, source.file).name, model_file_name(e->file)));
        }
        assert_int_equal(store_n_conflict_rows(sum), m->n_conflict_rows);
        for (size_t i = 0; i < m->n_conflict_rows; i++)
                assert_int_equal(m->kept[store_conflict_row(sum, i).event], m->conflicts[i].kept);
}

static void test_merge_overlapping(void **state) {
        (void)state;
        for (uint64_t round = 0; round < TEST_EFFORT(60); round++) {
                Store *parts[3], *sum;
                unsigned masks[3];
                Model m;

                model_init(&m, 300 + round, 30 + 10 * (round % 20));
                masks[0] = (unsigned)random_next(&m.random);
                masks[1] = ~masks[0] | (unsigned)random_next(&m.random);
                masks[2] = (unsigned)random_next(&m.random);
                for (int i = 0; i < 3; i++)
                        parts[i] = seal_part(&m, masks[i]);
                sum = merge_parts(parts, 3, false, 1 + round % 3);
                check_overlap(&m, sum);
                store_free(sum);
                for (int i = 0; i < 3; i++)
                        store_free(parts[i]);
                model_deinit(&m);
        }
}

/* A file that stands in two stores was read once, for all that the counts say. */
static void test_merge_counts(void **state) {
        Store *parts[2], *sum;
        Model m;

        (void)state;
        model_init(&m, 400, 200);
        parts[0] = seal_part(&m, UINT32_MAX);
        parts[1] = seal_part(&m, UINT32_MAX);
        sum = merge_parts(parts, 2, false, 2);
        same_image(parts[0], sum);
        store_free(sum);
        store_free(parts[0]);
        store_free(parts[1]);
        model_deinit(&m);
}

/* ---- by hand ---- */

static void test_empty(void **state) {
        StorePostings postings;
        StoreCounts counts;
        uint32_t event;
        Store *store;

        (void)state;
        for (size_t n_builders = 0; n_builders < 3; n_builders++) {
                Builder *builders[2];

                for (size_t i = 0; i < n_builders; i++)
                        assert_int_equal(builder_new(&builders[i]), 0);
                assert_int_equal(store_seal(builders, n_builders, (StoreRoom){NULL, 2}, NULL,
                                                 &store),
                                0);
                store_counts(store, &counts);
                assert_int_equal(counts.n_events, 0);
                assert_int_equal(store_n_events(store), 0);
                assert_int_equal(store_lower_bound(store, 0), 0);
                assert_int_equal(store_find_string(store, SLICE_LITERAL("x")), STORE_NONE);
                assert_int_equal(store_find_id(store, SLICE_LITERAL("x")), STORE_NONE);
                assert_int_equal(store_dim_size(store, STORE_DIM_KEY), 0);
                assert_null(store_is_faulty(store));
                /* what is not there is a fault, not a crash */
                assert_int_equal(store_time(store, 0), 0);
                store_postings(store, STORE_DIM_KEY, 0, &postings);
                assert_false(store_postings_next(&postings, &event));
                assert_non_null(store_is_faulty(store));
                store_free(store);
                for (size_t i = 0; i < n_builders; i++)
                        builder_free(builders[i]);
        }
        assert_null(builder_free(NULL));
        assert_null(store_free(NULL));
}

/* One of two builders, or stores, that met r/a and r/none; what WHICH says of r/a. */
static Builder *fill_files(int which, const unsigned char *hash) {
        Builder *builder;
        uint32_t root, other, file, again;

        assert_int_equal(builder_new(&builder), 0);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(builder_add_root(builder, SLICE_LITERAL("r"), SLICE_LITERAL("/r"),
                                                 &other),
                                0);
                assert_true(i == 0 || root == other);
                root = other;
        }
        assert_int_equal(builder_add_file(builder, SLICE_LITERAL("r/a"), root, &file), 0);
        assert_int_equal(builder_add_file(builder, SLICE_LITERAL("r/a"), root, &again), 0);
        assert_int_equal(file, again);
        if (which == 0)
                builder_end_file(builder, file, STORE_KIND_LOG + EVENT_IN_JSON, 10);
        if (hash)
                builder_hash_file(builder, file, &(StoreContent){.size = 7, .hash = hash});
        assert_int_equal(builder_add_file(builder, SLICE_LITERAL("r/none"), root, &again), 0);
        assert_int_equal(builder_add_damage(builder, again, 0, 0, SLICE_LITERAL("gone")), 0);
        assert_int_equal(builder_add_file(builder, SLICE_LITERAL("r/a"), root, &again), 0);
        assert_int_equal(builder_add_ignored(builder, again, 1, SLICE_LITERAL("gone")), 0);
        assert_int_equal(builder_n_events(builder), 0);
        return builder;
}

static void check_file(Store *store, uint32_t i, StoreKind kind, uint64_t size, uint64_t n_bytes,
                const unsigned char *hash) {
        StoreFile file = store_file(store, i);

        assert_true(slice_equal(file.name, SLICE_LITERAL("r/a")));
        assert_int_equal(file.kind, kind);
        assert_int_equal(file.size, size);
        assert_int_equal(file.n_bytes, n_bytes);
        assert_int_equal(file.has_hash, hash != NULL);
        if (hash)
                assert_memory_equal(file.hash, hash, STORE_HASH_SIZE);
}

static const unsigned char hash_a[STORE_HASH_SIZE] = {1}, hash_b[STORE_HASH_SIZE] = {2};

/* Files of one name are one in a sealing, where two builders know different things of it. */
static void test_files(void **state) {
        Builder *builders[2] = {fill_files(0, NULL), fill_files(1, hash_a)};
        StoreCounts counts;
        Store *store;

        (void)state;
        assert_int_equal(store_seal(builders, 2, (StoreRoom){NULL, 1}, NULL, &store), 0);
        assert_int_equal(store_n_roots(store), 1);
        store_counts(store, &counts);
        assert_int_equal(counts.n_contents, 2);
        assert_int_equal(counts.n_changed, 0);
        assert_int_equal(counts.n_files, 1);
        assert_int_equal(counts.n_damaged, 1);
        assert_int_equal(counts.n_ignored, 1);
        check_file(store, 0, STORE_KIND_LOG + EVENT_IN_JSON, 7, 10, hash_a);
        assert_int_equal(store_file(store, 1).kind, STORE_KIND_UNREAD);
        assert_int_equal(store_note(store, 0).file, 1);
        assert_int_equal(store_note(store, 1).file, 0);
        assert_true(slice_equal(store_note(store, 1).reason, SLICE_LITERAL("gone")));
        assert_null(store_is_faulty(store));
        assert_null(store_file(store, 2).name.data);
        assert_non_null(store_is_faulty(store));
        store_free(store);
        builder_free(builders[0]);
        builder_free(builders[1]);
}

/* In the merging of stores, files of one name are one if their bytes are the same. */
static void test_versions(void **state) {
        const unsigned char *hashes[] = {hash_b, hash_a, hash_b, NULL};
        Store *stores[4], *both, *parts, *again;
        StoreCounts counts;

        (void)state;
        for (int i = 0; i < 4; i++) {
                Builder *builder = fill_files(i == 2 ? 0 : 1, hashes[i]);

                assert_int_equal(
                                store_seal(&builder, 1, (StoreRoom){NULL, 1}, NULL, &stores[i]), 0);
                builder_free(builder);
        }
        assert_int_equal(store_merge(stores, 4, false, (StoreRoom){NULL, 1}, NULL, &both), 0);
        store_counts(both, &counts);
        assert_int_equal(counts.n_contents, 4);
        assert_int_equal(counts.n_changed, 2);
        assert_int_equal(counts.n_files, 1);
        assert_int_equal(counts.n_ignored, 3);
        assert_int_equal(counts.n_damaged, 1);
        check_file(both, 0, STORE_KIND_UNREAD, 0, 0, NULL);
        check_file(both, 1, STORE_KIND_UNREAD, 7, 0, hash_a);
        check_file(both, 2, STORE_KIND_LOG + EVENT_IN_JSON, 7, 10, hash_b);
        assert_true(slice_equal(store_file(both, 3).name, SLICE_LITERAL("r/none")));
        assert_int_equal(store_note(both, 0).file, 3);

        /* whichever way they come together */
        assert_int_equal(store_merge((Store *[]){stores[3], stores[2], both, stores[1]}, 4, false,
                                         (StoreRoom){NULL, 1}, NULL, &again),
                        0);
        assert_true(model_digest(both) == model_digest(again));

        /* parts of one reading know of one content only, some of them not all */
        assert_int_equal(store_merge((Store *[]){stores[3], stores[2]}, 2, true,
                                         (StoreRoom){NULL, 1}, NULL, &parts),
                        0);
        store_counts(parts, &counts);
        assert_int_equal(counts.n_contents, 2);
        check_file(parts, 0, STORE_KIND_LOG + EVENT_IN_JSON, 7, 10, hash_b);
        for (int i = 0; i < 4; i++)
                store_free(stores[i]);
        store_free(both);
        store_free(parts);
        store_free(again);
}

/* ---- the judge of conflicts ---- */

typedef struct Judge {
        size_t n_asked;
        bool verdict;
        int result;
} Judge;

static int judge(void *userdata, Space *space, const StorePlace *places, size_t n,
                uint64_t *ret_hashes, bool *ret_known) {
        Judge *j = userdata;
        (void)space;

        for (size_t i = 0; i < n; i++) {
                assert_true(slice_starts_with(places[i].file, places[i].root_name));
                ret_hashes[i] = j->verdict ? 7 : i;
                ret_known[i] = true;
        }
        j->n_asked += n;
        return j->result;
}

static void check_judged(Model *m, Judge *j, int expected) {
        StoreJudge ask = {j, judge};
        Store *store = NULL;
        Builder *builder;

        assert_int_equal(builder_new(&builder), 0);
        model_fill(m, &builder, 1, UINT32_MAX);
        assert_int_equal(store_seal(&builder, 1, (StoreRoom){NULL, 1}, &ask, &store), expected);
        builder_free(builder);
        m->is_lenient = j->verdict;
        model_settle(m);
        if (store)
                model_check(m, store);
        store_free(store);
}

static void test_judge(void **state) {
        Judge strict = {0, false, 0}, lenient = {0, true, 0}, failing = {0, true, -EIO};
        Model m;

        (void)state;
        model_init(&m, 500, 300);
        assert_true(m.n_conflict_rows > 0);
        check_judged(&m, &strict, 0);
        assert_true(strict.n_asked >= m.n_conflict_rows);
        check_judged(&m, &lenient, 0);
        assert_int_equal(lenient.n_asked, strict.n_asked);
        check_judged(&m, &failing, -EIO);
        model_deinit(&m);
}

/* ---- cost ---- */

typedef enum Shape {
        SHAPE_ONE_ID,
        SHAPE_ONE_ID_CONFLICTING,
        SHAPE_NO_ID,
        SHAPE_EQUAL_TIMES,
        SHAPE_DISTINCT,
        SHAPE_ODD_IDS,
        SHAPE_FALLING_TIMES,
        N_SHAPES,
} Shape;

/* Every text differs, or none does. */
static void add_shaped(Builder *builder, uint32_t file, Shape shape, uint32_t i) {
        char texts[4][48];
        Event event = {.record = i, .offset = i, .size = 1, .hash = 7};

        for (int t = 0; t < 4; t++)
                snprintf(texts[t], sizeof(texts[t]), "%s%d-%u",
                                shape == SHAPE_ODD_IDS ? "same-long-prefix-" : "", t,
                                shape == SHAPE_DISTINCT || shape == SHAPE_ODD_IDS ? i : 0);
        snprintf(texts[0], sizeof(texts[0]),
                        shape == SHAPE_ODD_IDS ? "EVENT-%08x" : "%08x-0000-0000-0000-000000000000",
                        shape >= SHAPE_EQUAL_TIMES ? i : 0);
        event.id = shape == SHAPE_NO_ID ? (Slice){NULL, 0} : slice_cstr(texts[0]);
        event.hash += shape == SHAPE_ONE_ID_CONFLICTING ? i : 0;
        event.time = shape == SHAPE_EQUAL_TIMES || shape < SHAPE_NO_ID ? 5
                     : shape == SHAPE_FALLING_TIMES                    ? -(int64_t)i
                                                                       : (int64_t)i;
        event.ip = slice_cstr(texts[1]);
        event.identity[EVENT_ID_ARN] = slice_cstr(texts[2]);
        event.call[EVENT_CALL_NAME] = slice_cstr(texts[3]);
        assert_int_equal(builder_add_event(builder, file, &event), 0);
}

/* 200,000 records of the worst kinds: what is quadratic would not come back. */
static void test_cost(void **state) {
        enum { N = 200000 };

        (void)state;
        for (Shape shape = 0; shape < N_SHAPES; shape++) {
                bool is_one = shape <= SHAPE_ONE_ID_CONFLICTING;
                uint32_t root, file;
                StoreCounts counts;
                Builder *builder;
                Store *store;

                assert_int_equal(builder_new(&builder), 0);
                assert_int_equal(builder_add_root(builder, SLICE_LITERAL("r"), SLICE_LITERAL("/r"),
                                                 &root),
                                0);
                assert_int_equal(builder_add_file(builder, SLICE_LITERAL("r/a"), root, &file), 0);
                for (uint32_t i = 0; i < N; i++)
                        add_shaped(builder, file, shape, i);
                assert_int_equal(store_seal(&builder, 1, (StoreRoom){NULL, 2}, NULL, &store), 0);
                store_counts(store, &counts);
                assert_int_equal(counts.n_events, is_one ? 1 : N);
                assert_int_equal(counts.n_duplicates, is_one ? N - 1 : 0);
                assert_int_equal(counts.n_conflicts, shape == SHAPE_ONE_ID_CONFLICTING);
                assert_int_equal(store_n_conflict_rows(store),
                                shape == SHAPE_ONE_ID_CONFLICTING ? N - 1 : 0);
                for (uint32_t i = 0; i < counts.n_events; i += 97) {
                        StoreSource source = store_source(store, i);
                        char buffer[STORE_ID_SIZE];
                        Slice id = store_id_text(store, &source, buffer);

                        assert_int_equal(store_find_id(store, id), id.data ? i : STORE_NONE);
                }
                assert_null(store_check(store));
                store_free(store);
                builder_free(builder);
        }
}

/* As many files as events, and as many roots as a command line may name. */
static void test_cost_files(void **state) {
        enum { N_FILES = 100000, N_ROOTS = 500 };
        Builder *builder;
        char name[32];
        Store *store;

        (void)state;
        assert_int_equal(builder_new(&builder), 0);
        for (uint32_t i = 0; i < N_FILES; i++) {
                Event event = {.time = i % 7, .size = 1};
                uint32_t root, file;

                snprintf(name, sizeof(name), "r%u", i % N_ROOTS);
                assert_int_equal(builder_add_root(builder, slice_cstr(name), slice_cstr(name),
                                                 &root),
                                0);
                snprintf(name, sizeof(name), "r%u/%u", i % N_ROOTS, i);
                assert_int_equal(builder_add_file(builder, slice_cstr(name), root, &file), 0);
                assert_int_equal(builder_add_event(builder, file, &event), 0);
        }
        assert_int_equal(store_seal(&builder, 1, (StoreRoom){NULL, 2}, NULL, &store), 0);
        assert_int_equal(store_n_roots(store), N_ROOTS);
        assert_int_equal(store_n_events(store), N_FILES);
        store_free(store);
        builder_free(builder);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_model),
                        cmocka_unit_test(test_distribution),
                        cmocka_unit_test(test_merge),
                        cmocka_unit_test(test_merge_overlapping),
                        cmocka_unit_test(test_merge_counts),
                        cmocka_unit_test(test_empty),
                        cmocka_unit_test(test_files),
                        cmocka_unit_test(test_versions),
                        cmocka_unit_test(test_judge),
                        cmocka_unit_test(test_cost),
                        cmocka_unit_test(test_cost_files),
        };

        return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
