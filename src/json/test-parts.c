/* Paths, finding, decoding and indenting by hand; the index of marks against a naive one. */
#include "base/test-help.h"
#include "base/vec.h"
#include "json/index.h"
#include "json/json.h"

static void test_paths(void **state) {
        static const char *const twice[] = {"a.b", "a.b"}, *const records[] = {"Records"},
                                 *const below[] = {"Records.x", "a", "a.b.c.d.e.f"};
        JsonPaths *paths = NULL;

        (void)state;
        assert_int_equal(json_paths_new(twice, 2, NULL, 0, &paths), -EINVAL);
        assert_int_equal(json_paths_new(records, 1, records, 1, &paths), -EINVAL);
        assert_int_equal(json_paths_new(below, 3, records, 1, &paths), 0);
        assert_null(json_paths_free(paths));
        assert_int_equal(json_paths_new(NULL, 0, NULL, 0, &paths), 0);
        assert_null(json_paths_free(paths));
        assert_null(json_paths_free(NULL));
        assert_null(json_reader_free(NULL));
}

/* ---- values in a record ---- */

static void test_find(void **state) {
        static const char record[] = " {\"a\":{\"b\":[10,{\"c\":\"x,}\"},[true]],\"\":{\"\":5}},"
                                     "\"d.e\":1,\"q\\\"\":2,"
                                     "\"n\":null,\"f\":false,\"num\":-1.5e3,\"last\" : \"v\" } ";
        static const struct {
                const char *path;
                JsonType type;
                const char *text;
        } cases[] = {
                        {"a", JSON_OBJECT, "{\"b\":[10,{\"c\":\"x,}\"},[true]],\"\":{\"\":5}}"},
                        {"a.b", JSON_ARRAY, "[10,{\"c\":\"x,}\"},[true]]"},
                        {"a.b.0", JSON_NUMBER, "10"},
                        {"a.b.1.c", JSON_STRING, "\"x,}\""},
                        {"a.b.2.0", JSON_BOOL, "true"},
                        {"a.b.3", JSON_ABSENT, ""},
                        {"a.b.-1", JSON_ABSENT, ""},
                        {"a.b.x", JSON_ABSENT, ""},
                        {"a.b.00000000000", JSON_ABSENT, ""},
                        {"a.b.0.x", JSON_ABSENT, ""},
                        {"a..", JSON_NUMBER, "5"},
                        {"", JSON_ABSENT, ""},
                        {"d.e", JSON_ABSENT, ""},
                        {"q\"", JSON_NUMBER, "2"},
                        {"n", JSON_NULL, "null"},
                        {"n.x", JSON_ABSENT, ""},
                        {"f", JSON_BOOL, "false"},
                        {"num", JSON_NUMBER, "-1.5e3"},
                        {"last", JSON_STRING, "\"v\""},
                        {"lastx", JSON_ABSENT, ""},
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                JsonValue value = json_find(SLICE_LITERAL(record), slice_cstr(cases[i].path));

                assert_int_equal(value.type, cases[i].type);
                if (value.type != JSON_ABSENT)
                        assert_true(slice_equal(value.text, slice_cstr(cases[i].text)));
        }
}

static void test_decode(void **state) {
        static const struct {
                const char *text, *decoded;
        } cases[] = {
                        {"\"\"", ""},
                        {"\"plain\"", "plain"},
                        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
                        {"\"\\u0041\\u00e9\\u20ac\"", "A\xC3\xA9\xE2\x82\xAC"},
                        {"\"\\uD83D\\uDC3E!\"", "\xF0\x9F\x90\xBE!"},
                        {"\"\\uD83D\"", "\xEF\xBF\xBD"},
                        {"\"\\uDC3E\"", "\xEF\xBF\xBD"},
                        {"\"\\uD83D\\uD83D\\uDC3E\"", "\xEF\xBF\xBD\xF0\x9F\x90\xBE"},
                        {"\"\\uD83Dx\"", "\xEF\xBF\xBDx"},
                        {"\"\\u12\"", "\xEF\xBF\xBD"
                                      "12"},
                        {"\"\\uzzzz\"", "\xEF\xBF\xBDzzzz"},
                        {"\"\xFF\"", "\xFF"},
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                Slice text = slice_cstr(cases[i].text);
                char *buffer = malloc(text.size), *copy = malloc(text.size);

                assert_true(buffer && copy);
                memcpy(copy, text.data, text.size);
                assert_true(slice_equal(slice(buffer, json_decode(slice(copy, text.size), buffer)),
                                slice_cstr(cases[i].decoded)));
                free(buffer);
                free(copy);
        }
        {
                char buffer[16];

                assert_int_equal(json_decode(SLICE_LITERAL("\"\\u0000\""), buffer), 1);
                assert_int_equal(buffer[0], 0);
        }
}

static void test_pretty(void **state) {
        static const struct {
                const char *text, *pretty;
        } cases[] = {
                        {"{}", "{}"},
                        {"[ \n]", "[]"},
                        {"7", "7"},
                        {"{\"a\":1,\"b\":[true,null,{}],\"c\":{\"d\":\"x\"}}",
                                        "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null,\n    "
                                        "{}\n  ],\n"
                                        "  \"c\": {\n    \"d\": \"x\"\n  }\n}"},
                        {" [ \"a , { : }\" ] ", "[\n  \"a , { : }\"\n]"},
                        {"\"\\u001b[31m\\\"\\\\\"", "\"\\u001b[31m\\\"\\\\\""},
                        {"\"\x7F\xC2\x9B\xE2\x80\xAE\xD8\x9C\"",
                                        "\"\\u007f\\u009b\\u202e\\u061c\""},
                        {"\"a\xE2\x80\x8B\xEF\xBB\xBF\xF3\xA0\x80\xA1\"",
                                        "\"a\\u200b\\ufeff\\udb40\\udc21\""},
                        {"\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\xBE\"",
                                        "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\xBE\""},
        };
        static const char *const malformed[] = {"{", "}", "[1", "\"a", "\"a\\\"", "{}}"};

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                char *text = NULL;

                assert_int_equal(json_pretty(slice_cstr(cases[i].text), &text), 0);
                assert_string_equal(text, cases[i].pretty);
                free(text);
        }
        for (size_t i = 0; i < N_ELEMENTS(malformed); i++) {
                char *text = NULL;

                assert_int_equal(json_pretty(slice_cstr(malformed[i]), &text), 1);
                assert_null(text);
        }
}

/* ---- the index ---- */

typedef struct Marks {
        uint32_t marks[512], escapes[512];
        unsigned char kinds[512 + 16];
        size_t n_marks, n_escapes, control_at;
} Marks;

/* Byte for byte. A byte behind a backslash is escaped, outside strings too: there all is unusual.
 */
static void index_naively(const unsigned char *text, size_t size, Marks *ret) {
        bool in_string = false, is_escaped = false, is_bare = false;

        *ret = (Marks){.control_at = SIZE_MAX};
        for (size_t i = 0; i < size; i++) {
                bool is_quote = text[i] == '"' && !is_escaped;

                bool is_mark;

                in_string ^= is_quote;
                is_mark = is_quote || (!in_string && memchr("{}[]:,", text[i], 6));
                if (is_mark) {
                        ret->kinds[ret->n_marks] =
                                        (unsigned char)(text[i] | (is_bare ? JSON_GAP : 0));
                        ret->marks[ret->n_marks++] = (uint32_t)i;
                }
                is_bare = !is_mark && !in_string;
                if (in_string && text[i] < 0x20 && ret->control_at == SIZE_MAX)
                        ret->control_at = i;
                is_escaped = text[i] == '\\' && !is_escaped;
                if (is_escaped)
                        ret->escapes[ret->n_escapes++] = (uint32_t)i;
        }
}

static void check_index(const JsonIndex *index, const Marks *model, const char *text, size_t size) {
        if (index->n_marks != model->n_marks ||
                        memcmp(index->marks, model->marks, model->n_marks * sizeof(uint32_t)) !=
                                        0 ||
                        memcmp(index->kinds, model->kinds, model->n_marks + 16) != 0 ||
                        index->n_escapes != model->n_escapes ||
                        index->escapes[index->n_escapes] != UINT32_MAX ||
                        memcmp(index->escapes, model->escapes,
                                        model->n_escapes * sizeof(uint32_t)) != 0 ||
                        index->control_at != model->control_at)
                fail_msg("%.*s", (int)size, text);
}

static void test_index(void **state) {
        static const char bytes[] = "\"\"\\\\{}[]:,, ax\n\x1F\x80\xFF";
        JsonIndex fast = {0}, portable = {0};
        Random random = random_new(1);

        (void)state;
        for (int round = 0; round < TEST_EFFORT(20000); round++) {
                size_t size = random_below(&random, 400), kind = random_below(&random, 4);
                char *text = malloc((size + 63) / 64 * 64 + 64); /* the room that it asks for */
                Marks model;

                assert_non_null(text);
                memset(text, '"', (size + 63) / 64 * 64 + 64);
                for (size_t i = 0; i < size; i++) {
                        size_t n = kind == 0 ? 4
                                             : sizeof(bytes) - 1; /* quotes and backslashes only */

                        text[i] = kind == 1 && random_below(&random, 8)
                                                  ? 'x'
                                                  : bytes[random_below(&random, n)];
                        if (kind == 2 && random_below(&random, 3))
                                text[i] = '\\';
                }
                index_naively((const unsigned char *)text, size, &model);
                assert_int_equal(json_index_make(&fast, text, size), 0);
                check_index(&fast, &model, text, size);
                assert_int_equal(json_index_make_portable(&portable, text, size), 0);
                check_index(&portable, &model, text, size);
                if (json_index_make_avx2(&portable, text, size) == 0)
                        check_index(&portable, &model, text, size);
                if (json_index_make_neon(&portable, text, size) == 0)
                        check_index(&portable, &model, text, size);
                free(text);
        }
        json_index_deinit(&fast);
        json_index_deinit(&portable);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_paths),
                        cmocka_unit_test(test_find),
                        cmocka_unit_test(test_decode),
                        cmocka_unit_test(test_pretty),
                        cmocka_unit_test(test_index),
        };

        return cmocka_run_group_tests_name("json-parts", tests, NULL, NULL);
}
