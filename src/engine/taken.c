/* What was taken, as rows: the events of the question go through query/taken, a pass. */
#include "query/taken.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/events.h"
#include "engine/page.h"

typedef enum Column {
        COLUMN_KIND,
        COLUMN_NAME,
        COLUMN_ACCOUNT,
        COLUMN_READS,
        COLUMN_OBJECTS,
        COLUMN_BYTES,
        COLUMN_DENIED,
        COLUMN_FIRST_TIME,
        COLUMN_FIRST_ID,
        COLUMN_LAST_TIME,
        COLUMN_LAST_ID,
        COLUMN_PRINCIPAL,
        COLUMN_KEY,
        N_COLUMNS,
} Column;

static const char *const names[N_COLUMNS] = {"kind", "name", "account", "reads", "objects", "bytes",
                "denied", "firstTime", "firstEventID", "lastTime", "lastEventID", "principal",
                "userIdentity.accessKeyId"};

const char *spoor_taken_column(size_t i) {
        return i < N_COLUMNS ? names[i] : NULL;
}

static int fill(SpoorRows *table, const TakenRow *row) {
        Store *store = table->scase->store;
        const uint32_t ends[] = {row->first, row->last};
        SpoorCell *cells;
        int r = engine_table_add(table, &cells);

        for (unsigned i = 0; i < 2 && r == 0; i++) {
                StoreSource source = store_source(store, ends[i]);
                char id[STORE_ID_SIZE];

                cells[COLUMN_FIRST_TIME + 2 * i] = engine_time_cell(store_time(store, ends[i]));
                r = engine_table_text(table, store_id_text(store, &source, id),
                                &cells[COLUMN_FIRST_ID + 2 * i]);
        }
        if (r < 0)
                return r;
        cells[COLUMN_KIND] = engine_text_cell(slice_cstr(row->kind));
        cells[COLUMN_NAME] = engine_string_cell(store, row->name);
        cells[COLUMN_ACCOUNT] = engine_string_cell(store, row->account);
        cells[COLUMN_READS] = engine_count_cell(row->n_reads);
        cells[COLUMN_OBJECTS] = engine_count_cell(row->n_objects);
        cells[COLUMN_BYTES] = engine_count_cell(row->n_bytes);
        cells[COLUMN_DENIED] = engine_count_cell(row->n_denied);
        cells[COLUMN_PRINCIPAL] = engine_string_cell(store, row->principal);
        cells[COLUMN_KEY] = engine_string_cell(store, row->key);
        return 0;
}

static int compare_rows(const void *a, const void *b) {
        const TakenRow *x = a, *y = b;

        if (x->first != y->first)
                return x->first < y->first ? -1 : 1;
        if (x->name != y->name) /* several of one event */
                return x->name < y->name ? -1 : 1;
        return strcmp(x->kind, y->kind);
}

static int make_table(SpoorCase *scase, EngineEvents *events, SpoorRows **ret_table) {
        EngineEvent event;
        Taken taken;
        size_t n = 0;
        int r = taken_init(&taken, scase->store);

        while (r == 0 && engine_events_next(events, &event))
                r = taken_add(&taken, event.event);
        if (r == 0)
                r = taken_finish(&taken);
        for (size_t i = 0; i < taken.rows.size && r == 0; i++) {
                if (taken.rows.data[i].n_reads)
                        taken.rows.data[n++] = taken.rows.data[i];
        }
        if (n)
                qsort(taken.rows.data, n, sizeof(*taken.rows.data), compare_rows);
        if (r == 0)
                r = engine_table_new(scase, names, N_COLUMNS, ret_table);
        for (size_t i = 0; i < n && r == 0; i++)
                r = fill(*ret_table, &taken.rows.data[i]);
        taken_deinit(&taken);
        return r;
}

int spoor_taken(SpoorCase *scase, const SpoorSelection *selection, const char *const *whats,
                size_t n_whats, SpoorRows **ret_rows, SpoorError *error) {
        EngineEvents events = {0};
        SpoorRows *table = NULL;
        int r = engine_check_only(scase, NULL, error);

        if (r == 0)
                r = engine_events_open(scase, selection, whats, n_whats, &events, error);
        if (r)
                return r;
        r = make_table(scase, &events, &table);
        if (r < 0)
                engine_fail(error, r, "%s", strerror(-r));
        if (r == 0)
                r = engine_check_store(scase->store, SPOOR_E_CORRUPT, error);
        engine_events_close(&events);
        if (r) {
                spoor_rows_free(table);
                return r;
        }
        *ret_rows = table;
        return 0;
}
