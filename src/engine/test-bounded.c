/* The case that is made in little memory, of many parts, is the same as any other. */
#include "test-lab.h"

#include <sys/resource.h>
#include <sys/stat.h>

static Lab lab;

static void index_as(const char *folder, uint64_t memory_bytes, unsigned n_threads,
                const char *name, Text *ret) {
        const char *source = lab_path(&lab, folder), *path = lab_path(&lab, name);
        SpoorOptions options = {.n_threads = n_threads, .memory_bytes = memory_bytes};
        SpoorCase *scase = NULL;
        SpoorError error;
        FILE *file;
        int byte;

        assert_int_equal(spoor_case_index(&options, &source, 1, path, &scase, &error), 0);
        spoor_case_free(scase);
        file = fopen(path, "rb");
        assert_non_null(file);
        while ((byte = fgetc(file)) != EOF) {
                assert_int_equal(vec_reserve(&ret->bytes, 1), 0);
                ret->bytes.data[ret->bytes.size++] = (char)byte;
        }
        fclose(file);
}

static void index_with(uint64_t memory_bytes, unsigned n_threads, const char *name, Text *ret) {
        index_as("many", memory_bytes, n_threads, name, ret);
}

/* One file that is larger than a part, others that are smaller, repeated, in conflict, damaged. */
static void write_evidence(void) {
        static const int ranges[][3] = {
                        {0, 400, 0}, {100, 130, 0}, {350, 450, 0}, {90, 95, 1}, {91, 93, 2}};
        char name[32];

        assert_int_equal(mkdir(lab_path(&lab, "many"), 0700), 0);
        for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
                Text text = {0};

                lab_log(&text, ranges[i][0], ranges[i][1], ranges[i][2]);
                snprintf(name, sizeof(name), "many/%zu.json", i);
                lab_write(lab_path(&lab, name), text.bytes.data, text.bytes.size);
                snprintf(name, sizeof(name), "many/cut-%zu.json", i);
                lab_write(lab_path(&lab, name), text.bytes.data, text.bytes.size / 2);
                text_deinit(&text);
        }
}

static void test_parts(void **state) {
        Text whole = {0};

        (void)state;
        write_evidence();
        index_with(0, 2, "whole.case", &whole);
        for (unsigned n_threads = 1; n_threads < 4; n_threads++) {
                Text parts = {0};

                index_with(1, n_threads, "parts.case", &parts); /* a part every 64 events */
                assert_int_equal(parts.bytes.size, whole.bytes.size);
                assert_memory_equal(parts.bytes.data, whole.bytes.data, whole.bytes.size);
                text_deinit(&parts);
        }
        text_deinit(&whole);
}

/* A part costs no descriptor: there may be more of them than of those. */
static void test_few_descriptors(void **state) {
        struct rlimit old, few;
        Text whole = {0}, parts = {0};

        (void)state;
        index_with(0, 1, "whole.case", &whole);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
        few = old;
        few.rlim_cur = 14;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        index_with(1, 1, "parts.case", &parts);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
        assert_int_equal(parts.bytes.size, whole.bytes.size);
        assert_memory_equal(parts.bytes.data, whole.bytes.data, whole.bytes.size);
        text_deinit(&parts);
        text_deinit(&whole);
}

/* So many records to compare that what is needed for it stands in files. */
static void test_many_conflicts(void **state) {
        Text whole = {0}, parts = {0};

        (void)state;
        assert_int_equal(mkdir(lab_path(&lab, "differ"), 0700), 0);
        for (int i = 0; i < 3; i++) {
                Text text = {0};
                char name[32];

                lab_log(&text, 0, 12000, i);
                snprintf(name, sizeof(name), "differ/%d.json", i);
                lab_write(lab_path(&lab, name), text.bytes.data, text.bytes.size);
                text_deinit(&text);
        }
        index_as("differ", 0, 2, "whole.case", &whole);
        index_as("differ", 1, 2, "parts.case", &parts);
        assert_int_equal(parts.bytes.size, whole.bytes.size);
        assert_memory_equal(parts.bytes.data, whole.bytes.data, whole.bytes.size);
        text_deinit(&parts);
        text_deinit(&whole);
}

static int setup(void **state) {
        (void)state;
        lab_init(&lab);
        return 0;
}

static int teardown(void **state) {
        (void)state;
        lab_deinit(&lab);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts),
                        cmocka_unit_test(test_few_descriptors),
                        cmocka_unit_test(test_many_conflicts)};

        return cmocka_run_group_tests_name("engine-bounded", tests, setup, teardown);
}
