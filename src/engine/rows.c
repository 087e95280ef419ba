/* What all cursors share, and the cursor over values (first-use, top). */
#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "engine/engine.h"

int engine_rows_new(SpoorCase *scase, size_t size, size_t n_columns, SpoorRows **ret_rows) {
        SpoorRows *rows = vec_alloc_zero(1, size);

        if (!rows)
                return -ENOMEM;
        rows->scase = scase;
        rows->n_columns = n_columns;
        n_columns += ENRICH_N_FIELDS; /* behind them, where there is an enrichment */
        rows->columns = vec_alloc_zero(n_columns, sizeof(*rows->columns));
        rows->cells = vec_alloc_zero(n_columns, sizeof(*rows->cells));
        rows->is_unwanted = vec_alloc_zero(n_columns, sizeof(*rows->is_unwanted));
        if (!rows->columns || !rows->cells || !rows->is_unwanted) {
                spoor_rows_free(rows);
                return -ENOMEM;
        }
        *ret_rows = rows;
        return 0;
}

int engine_rows_open(SpoorCase *scase, size_t size, const char *const *columns, size_t n_columns,
                int (*next)(SpoorRows *rows, SpoorError *error), SpoorRows **ret_rows,
                SpoorError *error) {
        int r = engine_check_only(scase, NULL, error);

        if (r)
                return r;
        r = engine_rows_new(scase, size, n_columns, ret_rows);
        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        for (size_t i = 0; i < n_columns; i++)
                (*ret_rows)->columns[i] = columns[i];
        (*ret_rows)->next = next;
        return 0;
}

int engine_rows_finish(SpoorRows *rows, int r, SpoorRows **ret_rows, SpoorError *error) {
        if (r == 0)
                r = engine_check_store(rows->scase->store, SPOOR_E_CORRUPT, error);
        if (r) {
                spoor_rows_free(rows);
                return r;
        }
        *ret_rows = rows;
        return 0;
}

SpoorRows *spoor_rows_free(SpoorRows *rows) {
        if (!rows)
                return NULL;
        if (rows->deinit)
                rows->deinit(rows);
        engine_enriched_deinit(rows);
        free(rows->columns);
        free(rows->cells);
        free(rows->is_unwanted);
        free(rows);
        return NULL;
}

/* Columns of the enrichment follow from the cursor's own, which are known when it is first used. */
static SpoorRows *settle(const SpoorRows *given) {
        SpoorRows *rows = (SpoorRows *)given;

        if (!rows->enriched.is_ready)
                engine_enriched_init(rows);
        return rows;
}

void spoor_rows_want(SpoorRows *rows, const size_t *columns, size_t n) {
        EngineEnriched *e = &settle(rows)->enriched;
        bool is_any = false;

        memset(rows->is_unwanted, true, rows->n_columns + e->n_columns);
        for (size_t i = 0; i < n; i++)
                rows->is_unwanted[columns[i]] = false;
        for (size_t i = 0; i < e->n_fields; i++)
                is_any |= !rows->is_unwanted[e->cells[i]];
        for (size_t i = 0; i < e->n_inputs && is_any && !rows->input; i++)
                rows->is_unwanted[e->inputs[i]] = false;
        e->is_unwanted = !is_any;
}

size_t spoor_rows_n_columns(const SpoorRows *rows) {
        return rows->n_columns + settle(rows)->enriched.n_columns;
}

const char *spoor_rows_column(const SpoorRows *rows, size_t i) {
        return settle(rows)->columns[i];
}

int spoor_rows_next(SpoorRows *rows, const SpoorCell **ret_cells, SpoorError *error) {
        int r = settle(rows)->next(rows, error), fault;

        if (r == 0 && rows->enriched.n_fields && !rows->enriched.is_unwanted)
                r = engine_enriched_fill(rows, error);
        /* no row, and no end of rows, is given away that rests on a bad block */
        fault = rows->scase ? engine_check_store(rows->scase->store, SPOOR_E_ROWS_CORRUPT, error)
                            : 0;
        if (r >= 0 && fault)
                return fault;
        if (r == 0)
                *ret_cells = rows->cells;
        return r;
}

SpoorCell engine_text_cell(Slice text) {
        return text.data ? (SpoorCell){.type = SPOOR_CELL_TEXT, .text = engine_slice(text)}
                         : (SpoorCell){.type = SPOOR_CELL_NULL};
}

SpoorCell engine_string_cell(Store *store, uint32_t string) {
        return engine_text_cell(store_string(store, string));
}

/* ---- values ---- */

typedef struct ValueRows {
        SpoorRows rows;
        size_t n_dims;
        ValueRow *values;
        size_t n_values, at;
        char first_id[STORE_ID_SIZE], last_id[STORE_ID_SIZE];
} ValueRows;

static SpoorCell id_cell(Store *store, uint32_t event, char buffer[static STORE_ID_SIZE]) {
        StoreSource source = store_source(store, event);

        return engine_text_cell(store_id_text(store, &source, buffer));
}

/* The columns behind the dimensions. */
static const char *const value_columns[] = {"firstTime", "firstEventID", "firstEventName",
                "firstSourceIPAddress", "lastTime", "lastEventID", "events", "denied", "failed"};

static SpoorCell value_cell(ValueRows *v, Store *store, const StoreStats *stats, size_t column) {
        switch (column) {
        case 0:
                return engine_time_cell(store_time(store, stats->first));
        case 1:
                return id_cell(store, stats->first, v->first_id);
        case 2:
                return engine_string_cell(
                                store, store_field(store, STORE_CALL,
                                                       store_tuple(store, STORE_CALL, stats->first),
                                                       EVENT_CALL_NAME));
        case 3:
                return engine_string_cell(store, store_ip(store, stats->first));
        case 4:
                return engine_time_cell(store_time(store, stats->last));
        case 5:
                return id_cell(store, stats->last, v->last_id);
        case 6:
                return engine_count_cell(stats->n_events);
        case 7:
                return engine_count_cell(stats->n_denied);
        default:
                return engine_count_cell(stats->n_failed);
        }
}

static int next_value(SpoorRows *rows, SpoorError *error) {
        ValueRows *v = (ValueRows *)rows;
        Store *store = rows->scase->store;
        const ValueRow *row;

        (void)error;
        if (v->at >= v->n_values)
                return SPOOR_END;
        row = &v->values[v->at++];
        for (size_t i = 0; i < rows->n_columns; i++)
                rows->cells[i] = rows->is_unwanted[i] ? (SpoorCell){.type = SPOOR_CELL_NULL}
                                 : i < v->n_dims      ? engine_string_cell(store, row->strings[i])
                                                 : value_cell(v, store, &row->stats, i - v->n_dims);
        return 0;
}

static void deinit_values(SpoorRows *rows) {
        free(((ValueRows *)rows)->values);
}

int spoor_values(SpoorCase *scase, const SpoorSelection *selection, const SpoorDim *dims,
                size_t n_dims, SpoorOrder order, int64_t since, uint64_t limit,
                SpoorRows **ret_rows, SpoorError *error) {
        size_t n_columns = sizeof(value_columns) / sizeof(value_columns[0]);
        StoreDim store_dims[SPOOR_MAX_BY];
        SpoorRows *rows;
        ValueRows *v;
        int r;

        if (n_dims < 1 || n_dims > SPOOR_MAX_BY)
                return engine_fail(error, -EINVAL, "1 to %d dimensions", SPOOR_MAX_BY);
        r = engine_check_only(scase, selection, error);
        if (r)
                return r;
        r = engine_rows_new(scase, sizeof(ValueRows), n_dims + n_columns, &rows);
        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        for (size_t i = 0; i < n_dims; i++) {
                store_dims[i] = (StoreDim)dims[i];
                rows->columns[i] = spoor_dim_name(dims[i]);
        }
        for (size_t i = 0; i < n_columns; i++)
                rows->columns[n_dims + i] = value_columns[i];
        rows->next = next_value;
        rows->deinit = deinit_values;
        v = (ValueRows *)rows;
        v->n_dims = n_dims;
        r = values_collect(scase->store, selection ? selection->selection : NULL, store_dims,
                        n_dims, order == SPOOR_ORDER_EVENTS ? VALUES_BY_EVENTS : VALUES_BY_FIRST,
                        since, limit, &v->values, &v->n_values);
        if (r < 0)
                r = engine_fail_query(error, r, selection);
        return engine_rows_finish(rows, r, ret_rows, error);
}
