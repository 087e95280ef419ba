/* A store when memory ends: every allocation on the way from events to an open case file fails
 * once. */
#include "base/test-oom.h"
#include "store/test-model.h"

typedef struct Run {
        Model model;
        Store *part; /* merged on the way */
        char dir[TEST_DIR_SIZE], path[TEST_DIR_SIZE + 8];
        uint64_t digest; /* of what should come of it */
} Run;

static int add_all(const Model *m, Builder *builder) {
        uint32_t root, file;
        int r = builder_add_root(builder, SLICE_LITERAL("r"), SLICE_LITERAL("/x/r"), &root);

        for (int i = 0; i < m->n_files && r == 0; i++) {
                r = builder_add_file(builder, model_file_name(i), root, &file);
                if (r == 0)
                        builder_hash_file(builder, file, &(StoreContent){.size = 1});
                for (size_t k = 0; k < m->n_events && r == 0; k++) {
                        if (m->events[k].file == i)
                                r = builder_add_event(builder, file, &m->events[k].event);
                }
        }
        for (size_t i = 0; i < m->n_notes && r == 0; i++)
                r = builder_add_damage(
                                builder, (uint32_t)m->notes[i].file, 1, 1, SLICE_LITERAL("cut"));
        return r;
}

static int seal(Run *run, Store **ret_store) {
        Builder *builders[2] = {NULL, NULL};
        Store *store = NULL;
        int r = builder_new(&builders[0]);

        if (r == 0)
                r = builder_new(&builders[1]);
        if (r == 0)
                r = add_all(&run->model, builders[0]);
        if (r == 0)
                r = store_seal(builders, 2, (StoreRoom){NULL, 1}, NULL, &store);
        builder_free(builders[0]);
        builder_free(builders[1]);
        if (r == 0 && run->part) {
                Store *both[2] = {store, run->part};

                r = store_merge(both, 2, false, (StoreRoom){NULL, 1}, NULL, ret_store);
                store_free(store);
        } else if (r == 0) {
                *ret_store = store;
        }
        return r;
}

static int run_all(void *ctx) {
        Run *run = ctx;
        Store *store = NULL, *mapped = NULL;
        int r = seal(run, &store);

        if (r == 0)
                r = store_write(store, run->path);
        if (r == 0)
                r = store_open(run->path, &mapped);
        if (r == 0) {
                assert_true(model_digest(mapped) == run->digest);
                assert_null(store_is_faulty(mapped));
        }
        store_free(store);
        store_free(mapped);
        if (access(run->path, F_OK) == 0)
                assert_int_equal(unlink(run->path), 0);
        return r;
}

static void test_store(void **state) {
        Run *run = calloc(1, sizeof(*run));
        Store *store = NULL;

        (void)state;
        assert_non_null(run);
        test_dir_make(run->dir);
        snprintf(run->path, sizeof(run->path), "%s/x.case", run->dir);
        model_init(&run->model, 1, TEST_EFFORT(60));
        assert_int_equal(seal(run, &run->part), 0);
        assert_int_equal(seal(run, &store), 0);
        run->digest = model_digest(store);
        store_free(store);
        oom_each(run_all, run, 1);
        test_dir_remove(run->dir); /* nothing was left by writes that failed */
        store_free(run->part);
        model_deinit(&run->model);
        free(run);
}

static void test_reading_allocates_nothing(void **state) {
        Store *store;
        Model m;

        (void)state;
        model_init(&m, 2, 100);
        store = model_seal(&m, 1, 1);
        oom_arm(0, false);
        model_digest(store);
        assert_int_equal(oom_count(), 0);
        store_free(store);
        model_deinit(&m);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_store),
                        cmocka_unit_test(test_reading_allocates_nothing),
        };

        return cmocka_run_group_tests_name("store-memory", tests, NULL, NULL);
}
