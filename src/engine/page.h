/* Tables made in memory, and pages of several tables; private to the engine. */
#ifndef ENGINE_PAGE_H
#define ENGINE_PAGE_H

#include "engine/engine.h"

/*
 * A cursor over rows that are added first and then read, in that order. Texts of cells belong to
 * the store, or are copied by engine_table_text(). COLUMNS are borrowed for as long as it lives.
 * SCASE may be NULL: the rows rest on no store. 0 or -ENOMEM; so below.
 */
int engine_table_new(SpoorCase *scase, const char *const *columns, size_t n_columns,
                SpoorRows **ret_table);
/* A row more, of null cells, to be filled before the next is added. */
int engine_table_add(SpoorRows *table, SpoorCell **ret_cells);
/* A cell with a copy of TEXT; null where that is absent. */
int engine_table_text(SpoorRows *table, Slice text, SpoorCell *ret_cell);
size_t engine_table_n_rows(const SpoorRows *table);

int engine_page_new(SpoorPage **ret_page);
/* Takes ROWS over, also where it fails; NAME and TITLE are borrowed for as long as it lives. */
int engine_page_add(SpoorPage *page, const char *name, const char *title, bool is_single,
                SpoorRows *rows);

#endif
