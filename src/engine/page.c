/*
 * Tables in memory and pages of tables.
 *
 * Cells of a table stand in blocks of rows that never move, so that what was handed out stays
 * valid; texts that belong to no store stand in the table's arena. Adding and reading a row is
 * O(1).
 */
#include "engine/page.h"

#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/vec.h"

#define ROWS_A_BLOCK 64

typedef struct Table {
        SpoorRows rows;
        Arena arena;
        VEC(SpoorCell *) blocks; /* ROWS_A_BLOCK rows each */
        size_t n_rows, at;
} Table;

static SpoorCell *row_at(const Table *table, size_t i) {
        return table->blocks.data[i / ROWS_A_BLOCK] + i % ROWS_A_BLOCK * table->rows.n_columns;
}

static int next_row(SpoorRows *rows, SpoorError *error) {
        Table *table = (Table *)rows;

        (void)error;
        if (table->at >= table->n_rows)
                return SPOOR_END;
        memcpy(rows->cells, row_at(table, table->at++), rows->n_columns * sizeof(*rows->cells));
        return 0;
}

static void deinit_table(SpoorRows *rows) {
        Table *table = (Table *)rows;

        for (size_t i = 0; i < table->blocks.size; i++)
                free(table->blocks.data[i]);
        vec_deinit(&table->blocks);
        arena_deinit(&table->arena);
}

int engine_table_new(SpoorCase *scase, const char *const *columns, size_t n_columns,
                SpoorRows **ret_table) {
        int r = engine_rows_new(scase, sizeof(Table), n_columns, ret_table);

        if (r < 0)
                return r;
        for (size_t i = 0; i < n_columns; i++)
                (*ret_table)->columns[i] = columns[i];
        (*ret_table)->next = next_row;
        (*ret_table)->deinit = deinit_table;
        return 0;
}

int engine_table_add(SpoorRows *rows, SpoorCell **ret_cells) {
        Table *table = (Table *)rows;

        if (table->n_rows == table->blocks.size * ROWS_A_BLOCK) {
                SpoorCell *block = vec_alloc_zero(ROWS_A_BLOCK, rows->n_columns * sizeof(*block));

                if (!block || vec_reserve(&table->blocks, 1) < 0) {
                        free(block);
                        return -ENOMEM;
                }
                table->blocks.data[table->blocks.size++] = block;
        }
        *ret_cells = row_at(table, table->n_rows++);
        return 0;
}

int engine_table_text(SpoorRows *rows, Slice text, SpoorCell *ret_cell) {
        Slice copy = text;

        if (text.data && arena_copy(&((Table *)rows)->arena, text, &copy) < 0)
                return -ENOMEM;
        *ret_cell = engine_text_cell(copy);
        return 0;
}

size_t engine_table_n_rows(const SpoorRows *rows) {
        return ((const Table *)rows)->n_rows;
}

/* ---- pages ---- */

struct SpoorPage {
        VEC(SpoorSection) sections;
};

int engine_page_new(SpoorPage **ret_page) {
        *ret_page = vec_alloc_zero(1, sizeof(**ret_page));
        return *ret_page ? 0 : -ENOMEM;
}

int engine_page_add(SpoorPage *page, const char *name, const char *title, bool is_single,
                SpoorRows *rows) {
        SpoorSection section = {name, title, is_single, rows};

        if (vec_reserve(&page->sections, 1) < 0) {
                spoor_rows_free(rows);
                return -ENOMEM;
        }
        engine_enriched_section(rows, name);
        page->sections.data[page->sections.size++] = section;
        return 0;
}

int spoor_page_section(SpoorPage *page, size_t i, SpoorSection *ret_section) {
        if (i >= page->sections.size)
                return 1;
        *ret_section = page->sections.data[i];
        return 0;
}

SpoorPage *spoor_page_free(SpoorPage *page) {
        if (!page)
                return NULL;
        for (size_t i = 0; i < page->sections.size; i++)
                spoor_rows_free(page->sections.data[i].rows);
        vec_deinit(&page->sections);
        free(page);
        return NULL;
}
