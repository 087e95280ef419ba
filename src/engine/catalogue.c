/* The catalogue as rows, for whoever reads or checks it: constant, so rows are made when read. */
#include "event/catalogue.h"
#include "engine/engine.h"

typedef struct CatalogueRows {
        SpoorRows rows;
        size_t at;
} CatalogueRows;

static const char *const columns[] = {
                "eventSource", "eventName", "category", "technique", "effect", "kind", "names"};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

const char *spoor_catalogue_column(size_t i) {
        return i < N_COLUMNS ? columns[i] : NULL;
}

static SpoorCell text_cell(const char *text, const char *absent) {
        return strcmp(text, absent) == 0 ? (SpoorCell){.type = SPOOR_CELL_NULL}
                                         : engine_text_cell(slice_cstr(text));
}

static int next_row(SpoorRows *rows, SpoorError *error) {
        CatalogueRows *c = (CatalogueRows *)rows;
        const CatalogueCall *call = catalogue_at(c->at++);
        SpoorCell *cell = rows->cells;

        (void)error;
        if (!call)
                return SPOOR_END;
        *cell++ = engine_text_cell(call->service);
        *cell++ = engine_text_cell(call->event);
        *cell++ = text_cell(catalogue_category_name(call->category), "none");
        *cell++ = text_cell(call->technique, "");
        *cell++ = text_cell(catalogue_effect_name(call->effect), "none");
        *cell++ = text_cell(call->kind, "");
        *cell++ = text_cell(call->names, "");
        return 0;
}

int spoor_catalogue(SpoorRows **ret_rows, SpoorError *error) {
        int r = engine_rows_new(NULL, sizeof(CatalogueRows), N_COLUMNS, ret_rows);

        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        for (size_t i = 0; i < N_COLUMNS; i++)
                (*ret_rows)->columns[i] = columns[i];
        (*ret_rows)->next = next_row;
        return 0;
}
