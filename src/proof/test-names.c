/* Names of files against keys, and what names of CloudTrail's files say. */
#include "base/test-help.h"

#include "base/time.h"
#include "proof/private.h"

static void assert_slice(Slice slice, const char *text) {
        assert_int_equal(slice.size, strlen(text));
        assert_memory_equal(slice.data, text, slice.size);
}

static void test_base(void **state) {
        (void)state;
        assert_slice(name_base(slice_cstr("a/b/c.json.gz")), "c.json.gz");
        assert_slice(name_base(slice_cstr("x.tar!a/c.json")), "c.json");
        assert_slice(name_base(slice_cstr("x.tar!c.json#2")), "c.json");
        assert_slice(name_base(slice_cstr("c.json#x")), "c.json#x");
        assert_slice(name_base(slice_cstr("c.json#")), "c.json#");
        assert_slice(name_base(slice_cstr("#2")), "#2");
        assert_slice(name_base(slice_cstr("a/")), "");
        assert_slice(name_base(slice_cstr("")), "");
        assert_slice(name_stem(slice_cstr("c.json.gz")), "c.json");
        assert_slice(name_stem(slice_cstr("c.json.zst")), "c.json");
        assert_slice(name_stem(slice_cstr("c.json")), "c.json");
        assert_slice(name_stem(slice_cstr(".gz")), ".gz");
        assert_slice(name_stem(slice_cstr("")), "");
}

static Matched match(const char *name, const char *dir) {
        return name_match(slice_cstr(name), slice_cstr(dir));
}

static void test_match(void **state) {
        (void)state;
        assert_int_equal(match("copy/AWSLogs/1/x.gz", "AWSLogs/1/"), MATCHED_OBJECT);
        assert_int_equal(match("AWSLogs/1/x.gz", "AWSLogs/1/"), MATCHED_OBJECT);
        assert_int_equal(match("c.zip!AWSLogs/1/x.gz", "AWSLogs/1/"), MATCHED_OBJECT);
        assert_int_equal(match("x.gz", ""), MATCHED_OBJECT);
        assert_int_equal(match("copy/1/x.gz", "AWSLogs/1/"), MATCHED_PATH);
        assert_int_equal(match("notAWSLogs/1/x.gz", "AWSLogs/1/"), MATCHED_PATH);
        assert_int_equal(match("1/x.gz", "AWSLogs/1/"), MATCHED_PATH);
        assert_int_equal(match("flat/x.gz", "AWSLogs/1/"), MATCHED_NAME);
        assert_int_equal(match("x.gz", "AWSLogs/1/"), MATCHED_NAME);
        assert_int_equal(match("AWSLogs/11/x.gz", "AWSLogs/1/"), MATCHED_NAME);
}

static void test_trail_dir(void **state) {
        (void)state;
        assert_slice(name_trail_dir(slice_cstr("b/us-east-1/2026/01/08/x.gz")), "b/us-east-1");
        assert_slice(name_trail_dir(slice_cstr("b/us-east-1/x.gz")), "b/us-east-1");
        assert_slice(name_trail_dir(slice_cstr("b/01/08/x.gz")), "b");
        assert_slice(name_trail_dir(slice_cstr("x.gz")), "");
        assert_slice(name_trail_dir(slice_cstr("2026/01/08/x.gz")), "");
}

static void test_log(void **state) {
        static const char *const bad[] = {"", "x.json", "1_CloudTrail_us-east-1_x.json",
                        "1_CloudTrail-Digest_us-east-1_20260108T1455Z_A.json.gz",
                        "a_CloudTrail_us-east-1_20260108T1455Z_A.json",
                        "1_CloudTrail_us-east-1_20261308T1455Z_A.json",
                        "1_CloudTrail_us-east-1_20260108T1455_A.json",
                        "1_CloudTrail_us-east-1_20260108T1455Z.json",
                        "1_CloudTrail_us-east-1_20260108T1455Z_A.txt", "____.json", "_"};
        LogName name;
        int64_t time;

        (void)state;
        assert_true(name_parse_log(
                        slice_cstr("111122223333_CloudTrail_us-east-1_20260108T1455Z_Ab_c.json.gz"),
                        &name));
        assert_slice(name.account, "111122223333");
        assert_slice(name.type, "CloudTrail");
        assert_slice(name.region, "us-east-1");
        assert_int_equal(time_parse(SLICE_LITERAL("2026-01-08T14:55:00Z"), &time), 0);
        assert_int_equal(name.delivered, time);
        assert_true(name_parse_log(
                        slice_cstr("1_CloudTrail-Insight_us-east-1_20260108T1455Z_A.json"), &name));
        assert_slice(name.type, "CloudTrail-Insight");
        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                assert_false(name_parse_log(slice_cstr(bad[i]), &name));
}

static void test_digest(void **state) {
        static const char *const bad[] = {"", "x.json.gz", "1_CloudTrail-Digest_r_t_h.json.gz",
                        "1_CloudTrail_r_t_h_20260108T145501Z.json.gz",
                        "1_CloudTrail-Digest_r_h_20260108T145501Z.json.gz",
                        "1_CloudTrail-Digest_r_t_h_20260108T145501Z.csv"};
        DigestName name;

        (void)state;
        assert_true(name_parse_digest(
                        slice_cstr("p/AWSLogs/o-abc/1/CloudTrail-Digest/eu-west-1/2026/01/08/"
                                   "1_CloudTrail-Digest_eu-west-1_my_own_trail_us-east-1_"
                                   "20260108T145501Z.json.gz"),
                        &name));
        assert_slice(name.account, "1");
        assert_slice(name.region, "eu-west-1");
        assert_slice(name.trail, "my_own_trail");
        assert_slice(name.home, "us-east-1");
        assert_slice(name.organization, "o-abc");
        assert_false(name.is_backfill);
        assert_true(name_parse_digest(
                        slice_cstr("1_CloudTrail-Digest_r_t_h_20260108T145501Z_backfill.json.gz"),
                        &name));
        assert_true(name.is_backfill);
        assert_slice(name.trail, "t");
        for (size_t i = 0; i < N_ELEMENTS(bad); i++)
                assert_false(name_parse_digest(slice_cstr(bad[i]), &name));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_base),
                        cmocka_unit_test(test_match),
                        cmocka_unit_test(test_trail_dir),
                        cmocka_unit_test(test_log),
                        cmocka_unit_test(test_digest),
        };

        return cmocka_run_group_tests_name("proof-names", tests, NULL, NULL);
}
