/* Selections, plans and values when memory ends. */
#include "base/test-oom.h"
#include "query/query.h"
#include "store/test-model.h"

typedef struct Run {
        Store *store;
        size_t n_events, n_rows; /* of the right answer; SIZE_MAX: to be found */
} Run;

static int make_selection(Selection **ret_selection, bool has_ids) {
        Selection *s = NULL;
        int r = selection_new(&s);

        if (r == 0)
                r = selection_add(s, STORE_DIM_SERVICE, SLICE_LITERAL("s*"));
        if (r == 0)
                r = selection_add(s, STORE_DIM_IP, SLICE_LITERAL("0.0.0.0/0"));
        if (r == 0)
                r = selection_add(s, STORE_DIM_OUTCOME, SLICE_LITERAL("success"));
        if (r == 0)
                r = selection_add(s, STORE_DIM_OUTCOME, SLICE_LITERAL("denied"));
        for (int i = 0; i < 40 && r == 0 && has_ids; i++)
                r = selection_add_id(s, i % 2 ? SLICE_LITERAL("x") : SLICE_LITERAL("*0*"));
        if (r < 0)
                selection_free(s);
        else
                *ret_selection = s;
        return r;
}

static int run_plan(Run *run, const Selection *s) {
        uint32_t event;
        size_t n = 0;
        Plan *plan;
        int r = plan_new(run->store, s, &plan);

        if (r < 0)
                return r;
        while (plan_next(plan, &event))
                n++;
        plan_free(plan);
        if (run->n_events == SIZE_MAX)
                run->n_events = n;
        assert_int_equal(n, run->n_events);
        return 0;
}

static int run_values(Run *run, const Selection *s) {
        static const StoreDim dims[] = {STORE_DIM_EVENT, STORE_DIM_USER};
        ValueRow *rows = NULL;
        size_t n = 0;
        int r = values_collect(
                        run->store, s, dims, 2, VALUES_BY_EVENTS, INT64_MIN, UINT64_MAX, &rows, &n);

        if (r < 0)
                return r;
        free(rows);
        if (run->n_rows == SIZE_MAX)
                run->n_rows = n;
        assert_int_equal(n, run->n_rows);
        rows = NULL;
        r = values_collect(run->store, NULL, dims, 1, VALUES_BY_FIRST, INT64_MIN, UINT64_MAX, &rows,
                        &n);
        free(rows);
        return r;
}

static int run_all(void *ctx) {
        Selection *s = NULL;
        int r = make_selection(&s, false);

        if (r == 0)
                r = run_plan(ctx, s);
        if (r == 0)
                r = run_values(ctx, s);
        selection_free(s);
        return r;
}

static int run_ids(void *ctx) {
        Selection *s = NULL;
        int r = make_selection(&s, true);

        if (r == 0)
                r = run_plan(ctx, s);
        selection_free(s);
        return r;
}

static int give_records(void *userdata, const uint32_t *events, size_t n, StoreRecordSink *sink) {
        int r = 0;

        (void)userdata, (void)events;
        for (size_t i = 0; i < n && r == 0; i++)
                r = sink->record(sink->userdata, i, SLICE_LITERAL("{\"a\":{\"b\":[1,\"x\"]}}"));
        return r;
}

static int run_where(void *ctx) {
        static const char *const asked[] = {
                        "service ~ \"s*\" and (outcome in (success, denied) or ip =~ '[0-9]+')",
                        "event = nothing or service = iam or not a.b = \"y\\\"\"",
                        "ua exists or ua not exists or source.file = x or eventID ~ ?",
        };
        SelectionWhereFault fault;
        Selection *s = NULL;
        Run *run = ctx;
        int r = selection_new(&s);

        store_set_records(run->store, &(StoreRecords){NULL, give_records});
        for (size_t i = 0; i < 3 && r == 0; i++)
                r = selection_set_where(s, slice_cstr(asked[i]), &fault);
        if (r == 0)
                r = run_plan(ctx, s);
        if (r == 0)
                r = run_values(ctx, s);
        selection_free(s);
        return r;
}

static void check(int (*run_it)(void *ctx), size_t n_events) {
        Run run = {.n_events = SIZE_MAX, .n_rows = SIZE_MAX};
        Model m;

        model_init(&m, 1, n_events);
        run.store = model_seal(&m, 1, 1);
        assert_int_equal(run_it(&run), 0);
        assert_true(run.n_events > 0);
        oom_each(run_it, &run, 1);
        store_free(run.store);
        model_deinit(&m);
}

static void test_query(void **state) {
        (void)state;
        check(run_all, 300);
}

static void test_query_large(void **state) {
        (void)state;
        check(run_all, 6500); /* lists gathered as bits */
}

static void test_where(void **state) {
        (void)state;
        check(run_where, 300);
        check(run_where, 6500);
}

static void test_ids(void **state) {
        (void)state;
        check(run_ids, 300);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_query),
                        cmocka_unit_test(test_query_large),
                        cmocka_unit_test(test_where),
                        cmocka_unit_test(test_ids),
        };

        return cmocka_run_group_tests_name("query-memory", tests, NULL, NULL);
}
