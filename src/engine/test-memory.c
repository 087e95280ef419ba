/* libspoor when memory ends: every allocation of our own on the way fails once, and for good. */
#include <errno.h>

#include "base/test-oom.h"
#include "engine/test-lab.h"

/* yajl that is left by a jump out of its allocator loses what it held; so it is with yajl. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
        return "leak:libyajl\nleak:yajl_\n";
}

static Lab lab;

/* Evidence that needs yajl as well: damage, and a record that is none. */
static void add_damage(void) {
        Text text = {0};

        lab_log(&text, 0, 3, 1);
        lab_write(lab_path(&lab, "evidence/cut.json"), text.bytes.data, text.bytes.size - 50);
        lab_write(lab_path(&lab, "evidence/odd.json"), "{\"Records\":[null,{\"eventTime\":1}]} x",
                        37);
        text_deinit(&text);
}

static int run_rows(SpoorRows *rows) {
        const SpoorCell *cells;
        int r;

        while ((r = spoor_rows_next(rows, &cells, NULL)) == 0)
                ;
        spoor_rows_free(rows);
        return r == SPOOR_END ? 0 : r;
}

static int run_queries(SpoorCase *scase) {
        static const char *const columns[] = {"eventID", "requestParameters.bucketName"};
        static const SpoorDim dims[] = {SPOOR_DIM_KEY, SPOOR_DIM_IP};
        SpoorSelection *s = NULL;
        SpoorRecord record = {0};
        SpoorRows *rows;
        int r = spoor_selection_new(&s);

        if (r == 0)
                r = spoor_selection_add(s, SPOOR_DIM_EVENT, "*Object", NULL);
        if (r == 0)
                r = spoor_timeline(scase, s, columns, 2, &rows, NULL);
        if (r == 0)
                r = run_rows(rows);
        if (r == 0)
                r = spoor_values(scase, s, dims, 2, SPOOR_ORDER_EVENTS, INT64_MIN, UINT64_MAX,
                                &rows, NULL);
        if (r == 0)
                r = run_rows(rows);
        if (r == 0)
                r = spoor_show(scase, "odd-event-9", &record, NULL);
        spoor_record_clear(&record);
        spoor_selection_free(s);
        return r;
}

/* All that info lists. */
static int run_lists(SpoorCase *scase) {
        static int (*const lists[])(SpoorCase * scase, SpoorRows * *ret_rows,
                        SpoorError * error) = {spoor_files, spoor_duplicate_files, spoor_damage,
                        spoor_conflicts, spoor_coverage, spoor_gaps};
        SpoorLedger ledger;
        SpoorGaps gaps;
        int r = spoor_case_ledger(scase, &ledger, NULL);

        if (r == 0)
                r = spoor_case_gaps(scase, NULL, &gaps, NULL);
        for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && r == 0; i++) {
                SpoorRows *rows;

                r = lists[i](scase, &rows, NULL);
                if (r == 0)
                        r = run_rows(rows);
        }
        return r;
}

static int run_index(void *ctx) {
        SpoorOptions options = {.n_threads = 1};
        const char *source = lab.evidence, *path = ctx;
        SpoorCase *scase = NULL;
        SpoorError error;
        int r = spoor_case_index(&options, &source, 1, path, &scase, &error);

        if (r == 0) {
                SpoorInfo info;

                assert_int_equal(spoor_case_info(scase, &info, NULL), 0);
                assert_int_equal(info.n_events, LAB_N_RECORDS);
                assert_int_equal(info.n_rejected, 3);
                r = run_lists(scase);
                if (r == 0)
                        r = run_queries(scase);
        } else if (r == -ENOMEM) {
                assert_true(error.message[0]);
        }
        spoor_case_free(scase);
        unlink(path);
        return r;
}

static int run_case(void *ctx) {
        const char *sources[] = {ctx, lab_path(&lab, "evidence/plain.json")};
        SpoorOptions options = {.n_threads = 1};
        SpoorCase *scase = NULL;
        int r = spoor_case_open(&options, sources, 2, &scase, NULL);

        if (r == 0)
                r = spoor_case_set_evidence(scase, lab.evidence);
        if (r == 0)
                r = run_queries(scase);
        spoor_case_free(scase);
        return r;
}

static void test_index(void **state) {
        char path[LAB_PATH_SIZE];

        (void)state;
        strcpy(path, lab_path(&lab, "x.case"));
        assert_int_equal(run_index(path), 0);
        oom_each(run_index, path, 1);
}

static void test_case(void **state) {
        const char *source = lab.evidence;
        char path[LAB_PATH_SIZE];
        SpoorCase *scase;

        (void)state;
        strcpy(path, lab_path(&lab, "y.case"));
        assert_int_equal(spoor_case_index(NULL, &source, 1, path, &scase, NULL), 0);
        spoor_case_free(scase);
        assert_int_equal(run_case(path), 0);
        oom_each(run_case, path, 1);
}

static int setup(void **state) {
        (void)state;
        lab_init(&lab);
        add_damage();
        return 0;
}

static int teardown(void **state) {
        (void)state;
        lab_deinit(&lab);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_index),
                        cmocka_unit_test(test_case),
        };

        return cmocka_run_group_tests_name("engine-memory", tests, setup, teardown);
}
