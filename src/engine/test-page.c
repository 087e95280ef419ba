/* Tables made in memory, and pages. */
#include "base/test-help.h"

#include <stdio.h>
#include <string.h>

#include "engine/page.h"

static const char *const columns[] = {"number", "text", "never"};

static SpoorRows *make_table(size_t n_rows) {
        SpoorRows *table;

        assert_int_equal(engine_table_new(NULL, columns, 3, &table), 0);
        for (size_t i = 0; i < n_rows; i++) {
                char text[32];
                SpoorCell *cells;

                snprintf(text, sizeof(text), "row %zu", i);
                assert_int_equal(engine_table_add(table, &cells), 0);
                cells[0] = engine_count_cell(i);
                assert_int_equal(engine_table_text(table, slice_cstr(text), &cells[1]), 0);
        }
        return table;
}

static void test_table(void **state) {
        (void)state;
        for (size_t n_rows = 0; n_rows < 300; n_rows += 37) {
                SpoorRows *table = make_table(n_rows);
                const SpoorCell *cells;
                char text[32];

                assert_int_equal(engine_table_n_rows(table), n_rows);
                assert_int_equal(spoor_rows_n_columns(table), 3);
                assert_string_equal(spoor_rows_column(table, 1), "text");
                for (size_t i = 0; i < n_rows; i++) {
                        assert_int_equal(spoor_rows_next(table, &cells, NULL), 0);
                        assert_int_equal(cells[0].type, SPOOR_CELL_COUNT);
                        assert_int_equal(cells[0].count, i);
                        snprintf(text, sizeof(text), "row %zu", i);
                        assert_int_equal(cells[1].text.size, strlen(text));
                        assert_memory_equal(cells[1].text.data, text, strlen(text));
                        assert_int_equal(cells[2].type, SPOOR_CELL_NULL);
                }
                assert_int_equal(spoor_rows_next(table, &cells, NULL), SPOOR_END);
                assert_int_equal(spoor_rows_next(table, &cells, NULL), SPOOR_END);
                spoor_rows_free(table);
        }
}

static void test_absent_text(void **state) {
        SpoorRows *table;
        SpoorCell *cells;

        (void)state;
        assert_int_equal(engine_table_new(NULL, columns, 3, &table), 0);
        assert_int_equal(engine_table_add(table, &cells), 0);
        assert_int_equal(engine_table_text(table, (Slice){NULL, 0}, &cells[0]), 0);
        assert_int_equal(engine_table_text(table, slice_cstr(""), &cells[1]), 0);
        assert_int_equal(cells[0].type, SPOOR_CELL_NULL);
        assert_int_equal(cells[1].type, SPOOR_CELL_TEXT);
        assert_int_equal(cells[1].text.size, 0);
        spoor_rows_free(table);
}

static void test_page(void **state) {
        SpoorPage *page;
        SpoorSection section;
        const SpoorCell *cells;

        (void)state;
        assert_int_equal(engine_page_new(&page), 0);
        assert_int_equal(spoor_page_section(page, 0, &section), 1);
        assert_int_equal(engine_page_add(page, "one", "One", true, make_table(1)), 0);
        assert_int_equal(engine_page_add(page, "many", "Many", false, make_table(5)), 0);
        assert_int_equal(spoor_page_section(page, 1, &section), 0);
        assert_string_equal(section.name, "many");
        assert_string_equal(section.title, "Many");
        assert_false(section.is_single);
        assert_int_equal(spoor_rows_next(section.rows, &cells, NULL), 0);
        assert_int_equal(spoor_page_section(page, 0, &section), 0);
        assert_true(section.is_single);
        assert_int_equal(spoor_page_section(page, 2, &section), 1);
        spoor_page_free(page);
        spoor_page_free(NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_table),
                        cmocka_unit_test(test_absent_text),
                        cmocka_unit_test(test_page),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
