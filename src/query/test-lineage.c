/* The lineage of random keys that hand each other out, against a walk over all pairs; and when
 * memory ends. */
#include "base/test-oom.h"
#include "query/lineage.h"
#include "store/test-model.h"

enum {
        N_KEYS = 24,
        N_GRANTS = 60,
        N_USES = 200,
};

typedef struct World {
        Random random;
        char keys[N_KEYS][24];
        int source[N_GRANTS], target[N_GRANTS];
        bool is_success[N_GRANTS];
        unsigned n_events[N_KEYS]; /* made with each */
        Store *store;
} World;

static void add(World *w, Builder *builder, uint32_t file, uint32_t n, int source, int target,
                bool is_success) {
        EventGrant grant = {.kind = EVENT_GRANT_ASSUME_ROLE};
        Event event = {.time = (int64_t)n * 1000000000,
                        .ip = SLICE_LITERAL("192.0.2.1"),
                        .record = n,
                        .size = 1,
                        .offset = n};
        char id[40];

        snprintf(id, sizeof(id), "%08x-0000-4000-8000-000000000000", (unsigned)n);
        event.id = slice_cstr(id);
        event.identity[EVENT_ID_KEY] = slice_cstr(w->keys[source]);
        event.identity[EVENT_ID_ARN] = slice_cstr(w->keys[source]);
        event.call[EVENT_CALL_NAME] = SLICE_LITERAL("AssumeRole");
        if (!is_success)
                event.result[EVENT_RESULT_CODE] = SLICE_LITERAL("AccessDenied");
        if (target >= 0) {
                grant.fields[EVENT_GRANT_KEY] = slice_cstr(w->keys[target]);
                event.grants = &grant;
                event.n_grants = 1;
        }
        w->n_events[source]++;
        assert_int_equal(builder_add_event(builder, file, &event), 0);
}

static void world_init(World *w, uint64_t seed) {
        Builder *builder;
        uint32_t root, file, n = 0;

        *w = (World){.random = {seed}};
        assert_int_equal(builder_new(&builder), 0);
        assert_int_equal(builder_add_root(builder, SLICE_LITERAL("r"), SLICE_LITERAL("/r"), &root),
                        0);
        assert_int_equal(builder_add_file(builder, SLICE_LITERAL("r/f"), root, &file), 0);
        for (int i = 0; i < N_KEYS; i++)
                snprintf(w->keys[i], sizeof(w->keys[i]), "ASIA%05d", i);
        for (int i = 0; i < N_GRANTS; i++) {
                w->source[i] = (int)random_below(&w->random, N_KEYS);
                w->target[i] = (int)random_below(&w->random, N_KEYS);
                w->is_success[i] = random_below(&w->random, 4) != 0;
                add(w, builder, file, n++, w->source[i], w->target[i], w->is_success[i]);
        }
        for (int i = 0; i < N_USES; i++) /* half of the keys are not used */
                add(w, builder, file, n++, (int)random_below(&w->random, N_KEYS / 2), -1, true);
        assert_int_equal(store_seal(&builder, 1, (StoreRoom){NULL, 1}, NULL, &w->store), 0);
        builder_free(builder);
}

/* Which grants lead on from KEY, or (IS_BACK) to it; events have the grants' numbers. */
static void reach(const World *w, int key, bool is_back, bool *ret_grants) {
        bool keys[N_KEYS] = {false}, is_more = true;

        memset(ret_grants, 0, N_GRANTS * sizeof(*ret_grants));
        keys[key] = true;
        while (is_more) {
                is_more = false;
                for (int i = 0; i < N_GRANTS; i++) {
                        if (!w->is_success[i] || ret_grants[i] ||
                                        !keys[is_back ? w->target[i] : w->source[i]])
                                continue;
                        ret_grants[i] = is_more = true;
                        keys[is_back ? w->source[i] : w->target[i]] = true;
                }
        }
}

static void check(World *w, const LineageQuestion *question, const bool *expected) {
        Lineage *lineage;
        bool found[N_GRANTS] = {false};

        assert_int_equal(lineage_new(w->store, question, NULL, &lineage), 0);
        for (size_t i = 0; i < lineage_n_rows(lineage); i++) {
                const LineageRow *row = lineage_row(lineage, i);
                uint32_t n = store_grant(w->store, row->grant).event;

                assert_true(n < N_GRANTS && !found[n]);
                found[n] = true;
                assert_true(row->depth >= 1);
                assert_true(row->parent == STORE_NONE ||
                                lineage_row(lineage, row->parent)->depth == row->depth - 1);
                assert_int_equal(row->uses.n_events, w->n_events[w->target[n]]);
        }
        assert_memory_equal(found, expected, sizeof(found));
        lineage_free(lineage);
}

static void test_random(void **state) {
        bool expected[N_GRANTS];
        World w;

        (void)state;
        for (uint64_t seed = 1; seed <= 40; seed++) {
                world_init(&w, seed);
                check(&w, &(LineageQuestion){.from = {NULL, 0}}, w.is_success);
                for (int key = 0; key < N_KEYS; key++) {
                        reach(&w, key, false, expected);
                        check(&w, &(LineageQuestion){.from = slice_cstr(w.keys[key])}, expected);
                        reach(&w, key, true, expected);
                        check(&w, &(LineageQuestion){.to = slice_cstr(w.keys[key])}, expected);
                }
                store_free(w.store);
        }
}

static void test_events(void **state) {
        LineageEvent *events;
        Lineage *lineage;
        size_t n;
        World w;

        (void)state;
        world_init(&w, 7);
        for (int key = 0; key < N_KEYS; key++) {
                bool expected[N_GRANTS], has[N_KEYS] = {false};
                size_t n_expected = 0;

                reach(&w, key, false, expected);
                has[key] = true;
                for (int i = 0; i < N_GRANTS; i++)
                        has[w.target[i]] |= expected[i];
                for (int i = 0; i < N_KEYS; i++)
                        n_expected += has[i] ? w.n_events[i] : 0;
                assert_int_equal(
                                lineage_new(w.store,
                                                &(LineageQuestion){.from = slice_cstr(w.keys[key])},
                                                NULL, &lineage),
                                0);
                assert_int_equal(lineage_events(lineage, &events, &n), 0);
                assert_int_equal(n, n_expected);
                for (size_t i = 1; i < n; i++)
                        assert_true(events[i - 1].event < events[i].event);
                free(events);
                lineage_free(lineage);
        }
        store_free(w.store);
}

static int run_questions(void *ctx) {
        static const LineageQuestion questions[] = {
                        {.has_attempts = true},
                        {.from = SLICE_INIT("ASIA00001")},
                        {.to = SLICE_INIT("ASIA00002")},
                        {.from = SLICE_INIT("ip:192.0.2.0/24"), .to = SLICE_INIT("ASIA00003")},
        };
        World *w = ctx;
        int r = 0;

        for (size_t i = 0; i < N_ELEMENTS(questions) && r == 0; i++) {
                Lineage *lineage;
                LineageEvent *events;
                size_t n;

                r = lineage_new(w->store, &questions[i], NULL, &lineage);
                if (r < 0)
                        break;
                r = lineage_events(lineage, &events, &n);
                if (r == 0)
                        free(events);
                lineage_free(lineage);
        }
        return r;
}

static void test_memory(void **state) {
        World w;

        (void)state;
        world_init(&w, 3);
        oom_each(run_questions, &w, 1);
        store_free(w.store);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_random),
                        cmocka_unit_test(test_events),
                        cmocka_unit_test(test_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
