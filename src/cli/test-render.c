/* Escapes, widths and formats: what may reach a terminal, a spreadsheet or a parser. */
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/text.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT(literal) ((SpoorSlice){(literal), sizeof(literal) - 1})
#define N(array) (sizeof(array) / sizeof(*(array)))

typedef struct Pair {
        SpoorSlice in;
        const char *out;
} Pair;

static void assert_buffer(CliBuffer *buffer, const char *expected) {
        assert_int_equal(buffer->error, 0);
        assert_string_equal(cli_buffer_cstr(buffer), expected);
        assert_int_equal(buffer->size, strlen(expected));
        cli_buffer_deinit(buffer);
}

static void test_decode_against_ranges(void **state) {
        (void)state;
        /* every code point, encoded by the book, is read back; surrogates are not */
        for (uint32_t code = 0; code <= 0x10ffff; code++) {
                char bytes[4];
                uint32_t got;
                size_t n;

                if (code < 0x80) {
                        bytes[0] = (char)code;
                        n = 1;
                } else if (code < 0x800) {
                        bytes[0] = (char)(0xc0 | code >> 6);
                        n = 2;
                } else if (code < 0x10000) {
                        bytes[0] = (char)(0xe0 | code >> 12);
                        n = 3;
                } else {
                        bytes[0] = (char)(0xf0 | code >> 18);
                        n = 4;
                }
                for (size_t i = 1; i < n; i++)
                        bytes[i] = (char)(0x80 | (code >> (6 * (n - 1 - i)) & 0x3f));
                if (code >= 0xd800 && code <= 0xdfff) {
                        assert_int_equal(cli_text_decode(bytes, n, &got), 1);
                        assert_int_equal(got, CLI_TEXT_INVALID);
                        continue;
                }
                assert_int_equal(cli_text_decode(bytes, n, &got), n);
                assert_int_equal(got, code);
                for (size_t cut = 1; cut < n; cut++) {
                        assert_int_equal(cli_text_decode(bytes, cut, &got), cut);
                        assert_int_equal(got, CLI_TEXT_INVALID);
                }
        }
}

static void test_json(void **state) {
        static const Pair pairs[] = {
                        {TEXT(""), "\"\""}, {TEXT("plain é 漢 🐾"), "\"plain é 漢 🐾\""},
                        {TEXT("\"\\/"), "\"\\\"\\\\/\""},
                        {TEXT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
                        {TEXT("\0\x01\x1b[31m\x1f\x7f"),
                                        "\"\\u0000\\u0001\\u001b[31m\\u001f\\u007f\""},
                        {TEXT("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0"),
                                        "\"\\u0080\\u009b\\u009f\xc2\xa0\""},
                        {TEXT("\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f"), "\"\\u061c\\u200e\\u200f\""},
                        {TEXT("\xe2\x80\xa8\xe2\x80\xa9"), "\"\\u2028\\u2029\""},
                        {TEXT("\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae"),
                                        "\"\\u202a\\u202b\\u202c\\u202d\\u202e\""},
                        {TEXT("\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9"),
                                        "\"\\u2066\\u2067\\u2068\\u2069\""},
                        {TEXT("\xc2\xad\xe2\x80\x8b\xe2\x80\x8d\xe2\x81\xa0\xef\xbb\xbf"),
                                        "\"\\u00ad\\u200b\\u200d\\u2060\\ufeff\""},
                        {TEXT("\xf3\xa0\x81\xa1"), "\"\\udb40\\udc61\""}, /* a tag */
                        {TEXT("a\xff z"), "\"a\\ufffd z\""},
                        {TEXT("\xc0\xaf"), "\"\\ufffd\\ufffd\""},            /* overlong */
                        {TEXT("\xe0\x80\xaf"), "\"\\ufffd\\ufffd\\ufffd\""}, /* overlong */
                        {TEXT("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\""}, /* surrogate */
                        {TEXT("\xf4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
                        {TEXT("\xe6\xbc"), "\"\\ufffd\""},             /* cut short */
                        {TEXT("\xf0\x9f\x90\"x"), "\"\\ufffd\\\"x\""}, /* cut short */
                        {TEXT("\xe2\x80!"), "\"\\ufffd!\""},
                        {TEXT("\x80\x80"), "\"\\ufffd\\ufffd\""},
                        {TEXT("\xef\xbf\xbd"), "\"\xef\xbf\xbd\""}, /* a real U+FFFD */
        };

        (void)state;
        for (size_t i = 0; i < N(pairs); i++) {
                CliBuffer buffer = CLI_BUFFER_INIT;

                cli_text_json(&buffer, pairs[i].in);
                assert_buffer(&buffer, pairs[i].out);
        }
}

static void test_json_compact(void **state) {
        static const Pair pairs[] = {
                        {TEXT(" { \"a b\" : [ 1 ,\n\t2.50e3 , true , null ] }\r\n"),
                                        "{\"a b\":[1,2.50e3,true,null]}"},
                        {TEXT("\" \\\" \\\\\" "), "\" \\\" \\\\\""},
                        {TEXT("\"\\u202e \xe2\x80\xae \xff\""), "\"\\u202e \\u202e \\ufffd\""},
                        {TEXT("[\"\\\\\", \"x\"]"), "[\"\\\\\",\"x\"]"},
                        {TEXT("\"cut"), "\"cut"},
        };

        (void)state;
        for (size_t i = 0; i < N(pairs); i++) {
                CliBuffer buffer = CLI_BUFFER_INIT;

                cli_text_json_compact(&buffer, pairs[i].in);
                assert_buffer(&buffer, pairs[i].out);
        }
}

static void test_visible(void **state) {
        static const Pair pairs[] = {
                        {TEXT("a\\b \"c\""), "a\\b \"c\""},
                        {TEXT("\t\n\r"), "\\t\\n\\r"},
                        {TEXT("\x1b[31m\0\x7f"), "\\x1b[31m\\x00\\x7f"},
                        {TEXT("\xc2\x9b\xe2\x80\xae"), "\\u{9b}\\u{202e}"},
                        {TEXT("a\xe2\x80\x8b\xe2\x80\x8c\xe2\x80\x8d\xe2\x81\xa0\xef\xbb\xbf"),
                                        "a\\u{200b}\\u{200c}\\u{200d}\\u{2060}\\u{feff}"},
                        {TEXT("\xf3\xa0\x81\xa1\xf3\xa0\x84\x80"), "\\u{e0061}\\u{e0100}"},
                        {TEXT("\xff\xed\xa0\x80"), "\\xff\\xed\\xa0\\x80"},
                        {TEXT("é漢"), "é漢"},
        };

        (void)state;
        for (size_t i = 0; i < N(pairs); i++) {
                CliBuffer buffer = CLI_BUFFER_INIT;

                cli_text_visible(&buffer, pairs[i].in, 0);
                assert_buffer(&buffer, pairs[i].out);
        }
        CliBuffer buffer = CLI_BUFFER_INIT;
        cli_text_visible(&buffer, TEXT("\\ \" \n\t\r"),
                        CLI_VISIBLE_BACKSLASH | CLI_VISIBLE_LINES | CLI_VISIBLE_QUOTES);
        assert_buffer(&buffer, "\\\\ \"\" \n\t\\r");
}

static void test_width(void **state) {
        static const struct {
                SpoorSlice text;
                size_t width;
        } cases[] = {
                        {TEXT(""), 0},
                        {TEXT("abc"), 3},
                        {TEXT("é"), 1},
                        {TEXT("e\xcc\x81"), 1}, /* combining */
                        {TEXT("漢字"), 4},
                        {TEXT("ｗ"), 2}, /* full width */
                        {TEXT("한글"), 4},
                        {TEXT("🐾"), 2},
                        {TEXT("a\xe2\x80\x8b"
                              "b"),
                                        10}, /* a zero-width space, as an escape */
                        {TEXT("\x1b"), 4},   /* \x1b */
                        {TEXT("\xff"), 4},
                        {TEXT("\xe2\x80\xae"), 8}, /* \u{202e} */
                        {TEXT("\n"), 2},
        };

        (void)state;
        for (size_t i = 0; i < N(cases); i++) {
                CliBuffer buffer = CLI_BUFFER_INIT;

                assert_int_equal(cli_text_visible(&buffer, cases[i].text, 0), cases[i].width);
                cli_buffer_deinit(&buffer);
        }
}

static void test_csv(void **state) {
        static const Pair pairs[] = {
                        {TEXT("plain"), "plain"},
                        {TEXT("a,b"), "\"a,b\""},
                        {TEXT("say \"x\""), "\"say \"\"x\"\"\""},
                        {TEXT("two\nlines"), "\"two\nlines\""},
                        {TEXT("=1+1"), "\"'=1+1\""},
                        {TEXT("+1"), "\"'+1\""},
                        {TEXT("-1"), "\"'-1\""},
                        {TEXT("@SUM(A1)"), "\"'@SUM(A1)\""},
                        {TEXT("  =1"), "\"'  =1\""},
                        {TEXT("\t=1"), "\"'\t=1\""},
                        {TEXT("\tx"), "\"'\tx\""},
                        {TEXT("\rx"), "\"'\\rx\""},
                        {TEXT("\nx"), "\"'\nx\""},
                        {TEXT("\xc2\xa0=1"), "\"'\xc2\xa0=1\""},
                        {TEXT("\xef\xbb\xbf=1"), "\"'\\u{feff}=1\""},
                        {TEXT("\xe3\x80\x80=1"), "\"'\xe3\x80\x80=1\""},
                        {TEXT("＝1"), "\"'＝1\""},
                        {TEXT("＋1"), "\"'＋1\""},
                        {TEXT("－1"), "\"'－1\""},
                        {TEXT("＠x"), "\"'＠x\""},
                        {TEXT("\"=1\""), "\"\"\"=1\"\"\""},
                        {TEXT("a=1"), "a=1"},
                        {TEXT("a;=1"), "\"a;=1\""},
                        {TEXT("\x1b[31m"), "\\x1b[31m"},
                        {TEXT(" x"), "\" x\""},
                        {TEXT(""), ""},
        };

        (void)state;
        for (size_t i = 0; i < N(pairs); i++) {
                SpoorCell cell = {.type = SPOOR_CELL_TEXT, .text = pairs[i].in};
                CliBuffer buffer = CLI_BUFFER_INIT, scratch = CLI_BUFFER_INIT;

                cli_cell_csv(&buffer, &cell, &scratch);
                assert_buffer(&buffer, pairs[i].out);
                cli_buffer_deinit(&scratch);
        }
}

static void test_csv_numbers(void **state) {
        const SpoorCell cells[] = {
                        {.type = SPOOR_CELL_JSON, .text = TEXT("-5")},
                        {.type = SPOOR_CELL_JSON, .text = TEXT("[ -5, \"=x\" ]")},
                        {.type = SPOOR_CELL_COUNT, .count = UINT64_MAX},
                        {.type = SPOOR_CELL_BOOL, .boolean = true},
                        {.type = SPOOR_CELL_NULL},
        };
        const char *const expected[] = {
                        "-5", "\"[-5,\"\"=x\"\"]\"", "18446744073709551615", "true", ""};
        CliBuffer scratch = CLI_BUFFER_INIT;

        (void)state;
        for (size_t i = 0; i < N(cells); i++) {
                CliBuffer buffer = CLI_BUFFER_INIT;

                cli_cell_csv(&buffer, &cells[i], &scratch);
                assert_buffer(&buffer, expected[i]);
        }
        cli_buffer_deinit(&scratch);
}

/* ---- whole answers ---------------------------------------------------------------------- */

static const CliColumn columns[] = {{"name", 1}, {"source.record", 0}, {"outcome", 2}};

static void render(CliFormat format, bool color, const SpoorCell (*rows)[3], size_t n_rows,
                const char *expected) {
        char path[] = "/tmp/spoor-test-render.XXXXXX";
        CliOutput output = CLI_OUTPUT_INIT;
        int fd = mkstemp(path);
        size_t size = strlen(expected);
        char *got = calloc(1, size + 4096);
        CliRender *r = NULL;

        assert_true(fd >= 0);
        assert_non_null(got);
        assert_int_equal(cli_output_open(path, &output), 0);
        assert_int_equal(cli_render_new(format, columns, N(columns), color, &output, &r), 0);
        assert_int_equal(cli_render_begin(r), 0);
        for (size_t i = 0; i < n_rows; i++)
                assert_int_equal(cli_render_row(r, rows[i]), 0);
        assert_int_equal(cli_render_end(r), 0);
        assert_null(cli_render_free(r));
        assert_int_equal(cli_output_finish(&output), 0);
        cli_output_deinit(&output);
        (void)close(fd); /* of the file that was replaced */
        fd = open(path, O_RDONLY);
        assert_true(read(fd, got, size + 4095) >= 0);
        (void)close(fd);
        (void)unlink(path);
        assert_string_equal(got, expected);
        free(got);
}

#define COUNT(n)                                                                                   \
        { .type = SPOOR_CELL_COUNT, .count = (n) }
#define CELL(literal)                                                                              \
        { .type = SPOOR_CELL_TEXT, .text = TEXT(literal) }
#define NONE                                                                                       \
        { .type = SPOOR_CELL_NULL }

static const SpoorCell some[][3] = {
                {COUNT(7), CELL("a\tb"), CELL("denied")},
                {COUNT(1234), CELL("漢字"), CELL("failure")},
                {NONE, CELL("longer name"), NONE},
};

static void test_table(void **state) {
        (void)state;
        render(CLI_FORMAT_TABLE, false, some, N(some),
                        "name         source.record  outcome\n"
                        "a\\tb                     7  denied\n"
                        "漢字                  1234  failure\n"
                        "longer name\n");
        render(CLI_FORMAT_TABLE, false, some, 0, "name  source.record  outcome\n");
        render(CLI_FORMAT_TABLE, true, some, 2,
                        "\033[1mname  source.record  outcome\033[0m\n"
                        "a\\tb              7  \033[31mdenied\033[0m\n"
                        "漢字           1234  \033[33mfailure\033[0m\n");
}

static void test_delimited(void **state) {
        (void)state;
        render(CLI_FORMAT_TSV, true, some, N(some),
                        "name\tsource.record\toutcome\na\\tb\t7\tdenied\n漢字\t1234\tfailure\n"
                        "longer name\t\t\n");
        render(CLI_FORMAT_CSV, true, some, N(some),
                        "name,source.record,outcome\n\"a\tb\",7,denied\n漢字,1234,failure\n"
                        "longer name,,\n");
}

static void test_objects(void **state) {
        (void)state;
        render(CLI_FORMAT_JSON, true, some, 2,
                        "[\n{\"name\":\"a\\tb\",\"source.record\":7,\"outcome\":\"denied\"},\n"
                        "{\"name\":\"漢字\",\"source.record\":1234,\"outcome\":\"failure\"}\n]\n");
        render(CLI_FORMAT_JSON, false, some, 0, "[]\n");
        render(CLI_FORMAT_JSONL, false, some + 2, 1,
                        "{\"name\":\"longer name\",\"source.record\":null,\"outcome\":null}\n");
        render(CLI_FORMAT_JSONL, false, some, 0, "");
}

/* Rows past those that set the widths are printed whole, however wide. */
static void test_table_overflow(void **state) {
        enum { N_ROWS = 1002 };
        SpoorCell(*rows)[3] = calloc(N_ROWS, sizeof(*rows));
        CliBuffer expected = CLI_BUFFER_INIT;

        (void)state;
        assert_non_null(rows);
        cli_buffer_text(&expected, "name  source.record  outcome\n");
        for (size_t i = 0; i < N_ROWS; i++) {
                rows[i][0] = (SpoorCell)COUNT(i % 10);
                rows[i][1] = (SpoorCell)CELL("x");
                rows[i][2] = (SpoorCell)CELL("ok");
                if (i == N_ROWS - 1)
                        rows[i][1] = (SpoorCell)CELL("much wider");
                cli_buffer_format(&expected, "%s%*zu  ok\n",
                                i == N_ROWS - 1 ? "much wider  " : "x     ", 13, i % 10);
        }
        render(CLI_FORMAT_TABLE, false, (const SpoorCell(*)[3])rows, N_ROWS,
                        cli_buffer_cstr(&expected));
        cli_buffer_deinit(&expected);
        free(rows);
}

static void test_numbers_for_people(void **state) {
        CliBuffer buffer = CLI_BUFFER_INIT;
        SpoorProgress progress = {"reading", 50, 200, 1500000, 3000, 2000000000};

        (void)state;
        cli_text_count(&buffer, 0);
        cli_buffer_char(&buffer, ' ');
        cli_text_count(&buffer, 999);
        cli_buffer_char(&buffer, ' ');
        cli_text_count(&buffer, 1234567);
        assert_buffer(&buffer, "0 999 1,234,567");
        cli_text_bytes(&buffer, 999);
        cli_buffer_char(&buffer, ' ');
        cli_text_bytes(&buffer, 999999);
        cli_buffer_char(&buffer, ' ');
        cli_text_bytes(&buffer, 12300000000);
        assert_buffer(&buffer, "999 bytes 1.0 MB 12.3 GB");
        cli_progress_format(&progress, &buffer);
        assert_buffer(&buffer, "reading 50/200 files, 1.5 MB, 1,500 events/s, 0:06 left");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_decode_against_ranges),
                        cmocka_unit_test(test_json),
                        cmocka_unit_test(test_json_compact),
                        cmocka_unit_test(test_visible),
                        cmocka_unit_test(test_width),
                        cmocka_unit_test(test_csv),
                        cmocka_unit_test(test_csv_numbers),
                        cmocka_unit_test(test_table),
                        cmocka_unit_test(test_delimited),
                        cmocka_unit_test(test_objects),
                        cmocka_unit_test(test_table_overflow),
                        cmocka_unit_test(test_numbers_for_people),
        };

        return cmocka_run_group_tests_name("cli-render", tests, NULL, NULL);
}
