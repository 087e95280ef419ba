/* Wildcards against a recursive matcher, times against libc; addresses, rows of a CSV text. */
#include "base/test-help.h"

#include "base/address.h"
#include "base/csv.h"
#include "base/glob.h"
#include "base/time.h"

/* ---- glob ---- */

/* Bytes of the character at T: a lead byte and as many continuation bytes as it announces. */
static size_t step(const char *t, const char *end) {
        unsigned char lead = (unsigned char)*t;
        size_t n = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, k = 1;

        while (k < n && t + k < end && ((unsigned char)t[k] >> 6) == 2)
                k++;
        return k;
}

static bool naive_match(const char *p, const char *p_end, const char *t, const char *t_end) {
        if (p == p_end)
                return t == t_end;
        if (*p == '*')
                return naive_match(p + 1, p_end, t, t_end) ||
                       (t < t_end && naive_match(p, p_end, t + step(t, t_end), t_end));
        if (t == t_end)
                return false;
        if (*p == '?')
                return naive_match(p + 1, p_end, t + step(t, t_end), t_end);
        return *p == *t && naive_match(p + 1, p_end, t + 1, t_end);
}

static size_t random_text(
                Random *random, const char *const *pieces, size_t n_pieces, size_t max, char *to) {
        size_t n = random_below(random, max + 1), size = 0;

        for (size_t i = 0; i < n; i++) {
                const char *piece = pieces[random_below(random, n_pieces)];

                memcpy(to + size, piece, strlen(piece));
                size += strlen(piece);
        }
        return size;
}

static void test_glob_model(void **state) {
        static const char *const of_pattern[] = {
                        "a", "b", "*", "?", "*", "\xC3\xA9", "ab", "\xF0\x9F\x90\xBE"};
        static const char *const of_text[] = {"a", "b", "ab", "a", "\xC3\xA9", "\xF0\x9F\x90\xBE",
                        "\xC3", "\xA9", "?", "*", "\xE2\x82"};
        Random random = random_new(1);
        size_t n_matches = 0;

        (void)state;
        for (int round = 0; round < TEST_EFFORT(200000); round++) {
                char pattern[64], text[64];
                size_t n_p = random_text(&random, of_pattern, N_ELEMENTS(of_pattern), 7, pattern);
                size_t n_t = random_text(&random, of_text, N_ELEMENTS(of_text), 9, text);
                bool model = naive_match(pattern, pattern + n_p, text, text + n_t);

                n_matches += model;
                if (glob_match(slice(pattern, n_p), slice(text, n_t)) != model)
                        fail_msg("'%.*s' and '%.*s': should be %d", (int)n_p, pattern, (int)n_t,
                                        text, model);
        }
        assert_true(n_matches > 100);
}

static void test_glob_table(void **state) {
        static const struct {
                const char *pattern, *text;
                bool is_match;
        } cases[] = {
                        {"", "", true},
                        {"", "a", false},
                        {"*", "", true},
                        {"?", "", false},
                        {"?", "\xC3\xA9", true},
                        {"??", "\xC3\xA9", false},
                        {"Get*", "GetObject", true},
                        {"*Object", "GetObject", true},
                        {"*et*ject", "GetObject", true},
                        {"get*", "GetObject", false},
                        {"a**b", "ab", true},
                        {"a*b?c", "axbbbxc", true},
                        {"[a]", "a", false},
                        {"[a]", "[a]", true},
                        {"\\*", "\\x", true},
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++)
                assert_int_equal(
                                glob_match(slice_cstr(cases[i].pattern), slice_cstr(cases[i].text)),
                                cases[i].is_match);
        assert_false(glob_match(SLICE_LITERAL("a"), (Slice){NULL, 0}));
        assert_true(glob_match(SLICE_LITERAL("*"), (Slice){NULL, 0}));
        assert_true(glob_has_wildcard(SLICE_LITERAL("a*")));
        assert_true(glob_has_wildcard(SLICE_LITERAL("?")));
        assert_false(glob_has_wildcard(SLICE_LITERAL("a[b]")));
        assert_false(glob_has_wildcard((Slice){NULL, 0}));
}

/* A matcher that tries every split would not come back from this. */
static void test_glob_cost(void **state) {
        static char pattern[4001], text[20000];

        (void)state;
        for (size_t i = 0; i < 4000; i += 2)
                memcpy(pattern + i, "*a", 2);
        pattern[4000] = 'b';
        memset(text, 'a', sizeof(text));
        assert_false(glob_match(slice(pattern, sizeof(pattern)), slice(text, sizeof(text))));
        assert_true(glob_match(slice(pattern, 4000), slice(text, sizeof(text))));
}

/* ---- times ---- */

#define FIRST_SECOND (INT64_MIN / TIME_SECOND)
#define LAST_SECOND (INT64_MAX / TIME_SECOND)

static void check_second(int64_t second) {
        char text[TIME_TEXT_SIZE], model[TIME_TEXT_SIZE];
        time_t t = (time_t)second;
        int64_t back = 1;
        struct tm tm;
        size_t n;

        assert_non_null(gmtime_r(&t, &tm));
        assert_int_equal(timegm(&tm), t);
        n = strftime(model, sizeof(model), "%Y-%m-%dT%H:%M:%SZ", &tm);
        assert_int_equal(time_format(second * TIME_SECOND, text), n);
        assert_string_equal(text, model);
        assert_int_equal(time_parse(slice(text, n), &back), 0);
        assert_int_equal(back, second * TIME_SECOND);
        if (tm.tm_hour == 0 && tm.tm_min == 0 && tm.tm_sec == 0) {
                assert_int_equal(time_parse_date(slice(text, 10), &back), 0);
                assert_int_equal(back, second * TIME_SECOND);
        }
}

static void test_time_libc(void **state) {
        Random random = random_new(2);

        (void)state;
        for (int64_t day = FIRST_SECOND / 86400 + 1; day < LAST_SECOND / 86400; day++)
                check_second(day * 86400); /* every day there is */
        for (int i = 0; i < 200000; i++)
                check_second(FIRST_SECOND + 1 +
                                (int64_t)random_below(&random,
                                                (uint64_t)(LAST_SECOND - FIRST_SECOND - 1)));
        check_second(LAST_SECOND);
        check_second(FIRST_SECOND);
        check_second(0);
        check_second(-1);
}

static void test_time_round_trip(void **state) {
        static const int64_t edges[] = {
                        INT64_MIN, INT64_MIN + 1, -1, 0, 1, 999999999, INT64_MAX - 1, INT64_MAX};
        Random random = random_new(3);
        char text[TIME_TEXT_SIZE];
        int64_t back;

        (void)state;
        for (size_t i = 0; i < 200000 + N_ELEMENTS(edges); i++) {
                int64_t time = i < N_ELEMENTS(edges) ? edges[i] : (int64_t)random_next(&random);
                size_t n = time_format(time, text);

                assert_true(n < TIME_TEXT_SIZE && text[n] == 0);
                back = ~time;
                assert_int_equal(time_parse(slice(text, n), &back), 0);
                assert_int_equal(back, time);
        }
}

static void test_time_forms(void **state) {
        static const struct {
                const char *text;
                int64_t time;
        } cases[] = {
                        {"1970-01-01T00:00:00Z", 0},
                        {"1970-01-01t00:00:00z", 0},
                        {"1970-01-01T00:00:00.5Z", 500000000},
                        {"1970-01-01T00:00:00.123456789123Z", 123456789},
                        {"1970-01-01T00:00:00.0000000009Z", 0},
                        {"1970-01-01T02:00:00+02:00", 0},
                        {"1969-12-31T22:30:00-01:30", 0},
                        {"1970-01-01T00:00:00-00:00", 0},
                        {"1970-01-01T00:00:60Z", 60 * TIME_SECOND},
                        {"2016-12-31T23:59:60Z", INT64_C(1483228800) * TIME_SECOND},
                        {"2000-02-29T00:00:00Z", INT64_C(951782400) * TIME_SECOND},
                        {"2262-04-11T23:47:16.854775807Z", INT64_MAX},
                        {"1677-09-21T00:12:43.145224192Z", INT64_MIN},
        };
        char text[TIME_TEXT_SIZE];
        int64_t time;

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                time = -7;
                assert_int_equal(time_parse(slice_cstr(cases[i].text), &time), 0);
                assert_int_equal(time, cases[i].time);
                assert_int_equal(time_parse_date(slice_cstr(cases[i].text), &time), 0);
                assert_int_equal(time, cases[i].time);
        }
        time_format(1, text);
        assert_string_equal(text, "1970-01-01T00:00:00.000000001Z");
        time_format(-500000000, text);
        assert_string_equal(text, "1969-12-31T23:59:59.5Z");
}

static void test_time_malformed(void **state) {
        static const char *const texts[] = {"", "2026", "2026-01-08", "2026-01-08T14:49:17",
                        "2026-01-08 14:49:17Z", "2026-13-08T14:49:17Z", "2026-00-08T14:49:17Z",
                        "2026-01-32T14:49:17Z", "2026-01-00T14:49:17Z", "2025-02-29T00:00:00Z",
                        "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-08T24:00:00Z",
                        "2026-01-08T14:60:17Z", "2026-01-08T14:49:61Z", "2026-01-08T14:49:17.Z",
                        "2026-01-08T14:49:17.5", "2026-01-08T14:49:17ZZ", "2026-01-08T14:49:17Z ",
                        " 2026-01-08T14:49:17Z", "2026-01-08T14:49:17+0200",
                        "2026-01-08T14:49:17+24:00", "2026-01-08T14:49:17+02:60",
                        "2026-01-08T14:49:17+2:00", "2026-1-08T14:49:17.0Z", "+026-01-08T14:49:17Z",
                        "2026-01-08T-1:49:17Z", "1677-09-21T00:12:43.145224191Z",
                        "2262-04-11T23:47:16.854775808Z", "0001-01-01T00:00:00Z",
                        "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "20260108T144917Z...",
                        "2026-01-08T14:49:17.5.5Z", "2026-01-08T14:49:17,5Z",
                        "\xD9\xA2\xD9\xA0\xD9\xA2\xD9\xA6-01-08T14:49:17Z"};
        int64_t time;

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
                if (time_parse(slice_cstr(texts[i]), &time) == 0)
                        fail_msg("'%s' is a time", texts[i]);
        }
        assert_int_equal(time_parse((Slice){NULL, 0}, &time), 1);
        assert_int_equal(time_parse(SLICE_LITERAL("2026-01-08T14:49:17\0"), &time), 1);
        assert_int_equal(time_parse_date(SLICE_LITERAL("2026-02-30"), &time), 1);
        assert_int_equal(time_parse_date(SLICE_LITERAL("2026/01/08"), &time), 1);
        assert_int_equal(time_parse_date(SLICE_LITERAL("9999-12-31"), &time), 2);
        assert_true(time == INT64_MAX);
        assert_int_equal(time_parse_date((Slice){NULL, 0}, &time), 1);
}

/* Every prefix of a sound text and every single byte in it changed: no read behind it. */
static void test_time_mutants(void **state) {
        static const char sound[] = "2026-01-08T14:49:17.123456789+02:00";
        size_t size = sizeof(sound) - 1;
        int64_t time;

        (void)state;
        for (size_t n = 0; n <= size; n++) {
                char *copy = malloc(n ? n : 1); /* so that a read behind it is seen */

                assert_non_null(copy);
                memcpy(copy, sound, n);
                assert_int_equal(time_parse(slice(copy, n), &time), n < size);
                for (size_t i = 0; i < n; i++) {
                        for (int c = 0; c < 256; c++) {
                                copy[i] = (char)c;
                                time_parse(slice(copy, n), &time);
                                time_parse_date(slice(copy, n), &time);
                        }
                        copy[i] = sound[i];
                }
                free(copy);
        }
}

static void test_span(void **state) {
        static const char *const malformed[] = {"", "d", "5", "-5d", "+5d", "5 d", "5D", "5dd",
                        "5.5d", " 5d", "5d ", "99999999999999999999d", "15251w", "9223372037s",
                        "0x5d"};
        int64_t span;

        (void)state;
        assert_int_equal(time_parse_span(SLICE_LITERAL("90s"), &span), 0);
        assert_int_equal(span, 90 * TIME_SECOND);
        assert_int_equal(time_parse_span(SLICE_LITERAL("0m"), &span), 0);
        assert_int_equal(span, 0);
        assert_int_equal(time_parse_span(SLICE_LITERAL("5m"), &span), 0);
        assert_int_equal(span, 300 * TIME_SECOND);
        assert_int_equal(time_parse_span(SLICE_LITERAL("12h"), &span), 0);
        assert_int_equal(span, 43200 * TIME_SECOND);
        assert_int_equal(time_parse_span(SLICE_LITERAL("030d"), &span), 0);
        assert_int_equal(span, 30 * 86400 * TIME_SECOND);
        assert_int_equal(time_parse_span(SLICE_LITERAL("15250w"), &span), 0);
        assert_int_equal(time_parse_span(SLICE_LITERAL("9223372036s"), &span), 0);
        for (size_t i = 0; i < N_ELEMENTS(malformed); i++)
                assert_int_equal(time_parse_span(slice_cstr(malformed[i]), &span), 1);
        assert_int_equal(time_parse_span((Slice){NULL, 0}, &span), 1);
}

/* ---- addresses ---- */

static void test_addresses(void **state) {
        static const char *const none[] = {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1",
                        "1.2.3.4 ", " ::1", ":::", "1::2::3", "12345::", "cloudtrail.amazonaws.com",
                        "1:2:3:4:5:6:7:8:9", "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000"};
        static const char *const no_block[] = {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8",
                        "10.0.0.0/8 ", "10.0.0.0/-1", "::/129", "::/0008", "/8", "10.0.0.0/8/8"};
        AddressBlock block;
        Address address;

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(none); i++) {
                assert_int_equal(address_parse(slice_cstr(none[i]), &address), 1);
                assert_int_equal(address.family, 0);
        }
        assert_int_equal(address_parse(slice("1.2.3.4\0", 8), &address), 1);
        for (size_t i = 0; i < N_ELEMENTS(no_block); i++)
                assert_int_equal(address_parse_block(slice_cstr(no_block[i]), &block), 1);
        assert_int_equal(address_parse_block(SLICE_LITERAL("10.1.2.3/9"), &block), 0);
        assert_int_equal(address_n_bits(&block.address), 32);
        assert_int_equal(address_parse(SLICE_LITERAL("10.127.0.1"), &address), 0);
        assert_true(address_in_block(&block, &address));
        assert_int_equal(address_parse(SLICE_LITERAL("10.128.0.1"), &address), 0);
        assert_false(address_in_block(&block, &address));
        /* the same bytes in the other family */
        assert_int_equal(address_parse(SLICE_LITERAL("0a01:0203::"), &address), 0);
        assert_int_equal(address_n_bits(&address), 128);
        assert_false(address_in_block(&block, &address));
}

/* ---- rows of a CSV text ---- */

static void test_csv_row(void **state) {
        CsvReader csv = {0};
        const char *reason;
        size_t size;

        (void)state;
        assert_int_equal(csv_row(&csv, SLICE_LITERAL("a,\"b,\"\"c\"\"\"\r\nd"), &size, &reason), 0);
        assert_int_equal(size, 13);
        assert_int_equal(csv.cells.size, 2);
        assert_true(slice_equal(csv.cells.data[1], SLICE_LITERAL("b,\"c\"")));
        assert_int_equal(
                        csv_row(&csv, SLICE_LITERAL("a,"), &size, &reason), 0); /* no end of line */
        assert_int_equal(size, 2);
        assert_int_equal(csv.cells.size, 2);
        assert_int_equal(csv_row(&csv, SLICE_LITERAL("a\"b"), &size, &reason), 0);
        assert_int_equal(size, 0);
        assert_non_null(strstr(reason, "not quoted"));
        assert_int_equal(csv_row(&csv, SLICE_LITERAL("\"a\nb"), &size, &reason), 0);
        assert_int_equal(size, 0);
        assert_non_null(strstr(reason, "inside a quoted cell"));
        csv_deinit(&csv);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_glob_model),
                        cmocka_unit_test(test_glob_table),
                        cmocka_unit_test(test_glob_cost),
                        cmocka_unit_test(test_time_libc),
                        cmocka_unit_test(test_time_round_trip),
                        cmocka_unit_test(test_time_forms),
                        cmocka_unit_test(test_time_malformed),
                        cmocka_unit_test(test_time_mutants),
                        cmocka_unit_test(test_span),
                        cmocka_unit_test(test_addresses),
                        cmocka_unit_test(test_csv_row),
        };

        return cmocka_run_group_tests_name("base-text", tests, NULL, NULL);
}
