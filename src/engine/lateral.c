/*
 * The lineage as rows: edges, findings, and the events of a chain behind the timeline's columns.
 * The answer is made whole when it is asked for; the cursor only turns it into cells.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "engine/engine.h"

typedef enum Column {
        COLUMN_DEPTH,
        COLUMN_TIME,
        COLUMN_EDGE,
        COLUMN_CONFIDENCE,
        COLUMN_ID,
        COLUMN_NAME,
        COLUMN_SOURCE_PRINCIPAL,
        COLUMN_SOURCE_KEY,
        COLUMN_SOURCE_IP,
        COLUMN_TARGET_PRINCIPAL,
        COLUMN_TARGET_KEY,
        COLUMN_USES,
        COLUMN_FIRST_USE,
        COLUMN_LAST_USE,
        COLUMN_USE_IPS,
        COLUMN_OUTCOME,
        COLUMN_PAIR_ID,
        COLUMN_FINDINGS,
        COLUMN_VIA,
        COLUMN_DETAIL,
        COLUMN_KEYS,
        COLUMN_ROW,
        COLUMN_PARENT,
        N_COLUMNS,
} Column;

static const char *const names[N_COLUMNS] = {"depth", "eventTime", "edge", "confidence", "eventID",
                "eventName", "sourcePrincipal", "sourceKey", "sourceIPAddress", "targetPrincipal",
                "targetKey", "uses", "firstUse", "lastUse", "useIPs", "outcome", "pairEventID",
                "findings", "via", "detail", "keys", "row", "parent"};

typedef enum FindingColumn {
        FINDING_NAME,
        FINDING_ROW,
        FINDING_TIME,
        FINDING_ID,
        FINDING_KEY,
        FINDING_PRINCIPAL,
        FINDING_IP,
        FINDING_CALLS,
        FINDING_SUCCESSES,
        FINDING_LAST,
        FINDING_LAST_SUCCESS,
        FINDING_EVIDENCE,
        N_FINDING_COLUMNS,
} FindingColumn;

static const char *const finding_names[N_FINDING_COLUMNS] = {"finding", "row", "eventTime",
                "eventID", "key", "principal", "sourceIPAddress", "calls", "succeeded", "lastTime",
                "lastSuccessTime", "evidence"};

typedef struct LateralRows {
        SpoorRows rows;
        Lineage *lineage;
        size_t at;
        bool is_failed; /* no memory for a text */
        char ids[2][STORE_ID_SIZE];
        VEC(char) text; /* of the row at hand */
} LateralRows;

const char *spoor_lateral_column(size_t i) {
        return i < N_COLUMNS ? names[i] : NULL;
}

const char *spoor_finding_column(size_t i) {
        return i < N_FINDING_COLUMNS ? finding_names[i] : NULL;
}

/* ---- cells ---- */

static SpoorCell null_cell(void) {
        return (SpoorCell){.type = SPOOR_CELL_NULL};
}

static SpoorCell name_cell(const char *name) {
        return engine_text_cell(slice_cstr(name));
}

static SpoorCell time_cell(Store *store, uint32_t event) {
        if (event == STORE_NONE)
                return null_cell();
        return (SpoorCell){.type = SPOOR_CELL_TIME, .time = store_time(store, event)};
}

static SpoorCell id_cell(Store *store, uint32_t event, char buffer[static STORE_ID_SIZE]) {
        StoreSource source;

        if (event == STORE_NONE)
                return null_cell();
        source = store_source(store, event);
        return engine_text_cell(store_id_text(store, &source, buffer));
}

static SpoorCell dim_cell(Store *store, StoreDim dim, uint32_t event) {
        return engine_string_cell(store, store_dim_of(store, dim, event));
}

/* The first of the grant's fields that is there. */
static SpoorCell first_cell(
                Store *store, const StoreGrant *grant, const EventGrantField *fields, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (grant->fields[fields[i]] != STORE_NONE)
                        return engine_string_cell(store, grant->fields[fields[i]]);
        }
        return null_cell();
}

static SpoorCell target_cell(Store *store, const StoreGrant *grant) {
        static const EventGrantField fields[] = {EVENT_GRANT_PRINCIPAL, EVENT_GRANT_ROLE,
                        EVENT_GRANT_USER, EVENT_GRANT_ROLE_NAME, EVENT_GRANT_INSTANCE};
        static const EventGrantField of_host[] = {EVENT_GRANT_INSTANCE};

        if (grant->kind == EVENT_GRANT_HOST_HOP)
                return first_cell(store, grant, of_host, 1);
        return first_cell(store, grant, fields, sizeof(fields) / sizeof(fields[0]));
}

static int put(LateralRows *v, const char *text, size_t size) {
        if (vec_reserve(&v->text, size) < 0) {
                v->is_failed = true;
                return -ENOMEM;
        }
        memcpy(v->text.data + v->text.size, text, size);
        v->text.size += size;
        return 0;
}

/* Names of the row's findings, with a blank between them. */
static SpoorCell findings_cell(LateralRows *v, const LineageRow *row) {
        v->text.size = 0;
        for (uint32_t i = 0; i < row->n_findings; i++) {
                const char *name = lineage_finding_name(
                                lineage_finding(v->lineage, row->first_finding + i)->kind);

                if ((i && put(v, " ", 1) < 0) || put(v, name, strlen(name)) < 0)
                        return null_cell();
        }
        return v->text.size ? engine_text_cell(slice(v->text.data, v->text.size)) : null_cell();
}

static SpoorCell uses_cell(Store *store, const LineageRow *row, Column column) {
        switch (column) {
        case COLUMN_USES:
                return engine_count_cell(row->uses.n_events);
        case COLUMN_FIRST_USE:
                return time_cell(store, row->uses.first);
        case COLUMN_LAST_USE:
                return time_cell(store, row->uses.last);
        case COLUMN_USE_IPS:
                return engine_count_cell(row->uses.n_ips);
        default:
                return engine_count_cell(row->uses.n_keys);
        }
}

static SpoorCell grant_cell(
                Store *store, const LineageRow *row, const StoreGrant *grant, Column column) {
        switch (column) {
        case COLUMN_EDGE:
                return name_cell(lineage_edge_name(grant->kind));
        case COLUMN_CONFIDENCE:
                if (row->is_attempt)
                        return null_cell();
                return name_cell(lineage_confidence(grant));
        case COLUMN_SOURCE_PRINCIPAL:
                if (grant->fields[EVENT_GRANT_SOURCE] != STORE_NONE)
                        return engine_string_cell(store, grant->fields[EVENT_GRANT_SOURCE]);
                return dim_cell(store, STORE_DIM_PRINCIPAL, grant->event);
        case COLUMN_TARGET_PRINCIPAL:
                return target_cell(store, grant);
        case COLUMN_TARGET_KEY:
                if (grant->fields[EVENT_GRANT_KEY] != STORE_NONE)
                        return engine_string_cell(store, grant->fields[EVENT_GRANT_KEY]);
                return engine_string_cell(store, row->is_whole ? row->uses.key : STORE_NONE);
        case COLUMN_VIA:
                return engine_string_cell(store, grant->fields[EVENT_GRANT_INSTANCE]);
        default:
                return engine_string_cell(store, grant->fields[EVENT_GRANT_DETAIL]);
        }
}

static SpoorCell cell_of(
                LateralRows *v, const LineageRow *row, const StoreGrant *grant, Column column) {
        Store *store = v->rows.scase->store;

        switch (column) {
        case COLUMN_DEPTH:
                return engine_count_cell(row->depth);
        case COLUMN_TIME:
                return time_cell(store, grant->event);
        case COLUMN_ID:
                return id_cell(store, grant->event, v->ids[0]);
        case COLUMN_PAIR_ID:
                return row->pair == STORE_NONE ? null_cell()
                                               : id_cell(store, store_grant(store, row->pair).event,
                                                                 v->ids[1]);
        case COLUMN_NAME:
                return dim_cell(store, STORE_DIM_EVENT, grant->event);
        case COLUMN_SOURCE_KEY:
                return dim_cell(store, STORE_DIM_KEY, grant->event);
        case COLUMN_SOURCE_IP:
                return engine_string_cell(store, store_ip(store, grant->event));
        case COLUMN_OUTCOME:
                return dim_cell(store, STORE_DIM_OUTCOME, grant->event);
        case COLUMN_FINDINGS:
                return findings_cell(v, row);
        case COLUMN_USES:
        case COLUMN_FIRST_USE:
        case COLUMN_LAST_USE:
        case COLUMN_USE_IPS:
        case COLUMN_KEYS:
                return uses_cell(store, row, column);
        case COLUMN_ROW:
                return engine_count_cell(v->at);
        case COLUMN_PARENT:
                return row->parent == STORE_NONE ? null_cell() : engine_count_cell(row->parent);
        default:
                return grant_cell(store, row, grant, column);
        }
}

/* ---- cursors ---- */

static int next_edge(SpoorRows *rows, SpoorError *error) {
        LateralRows *v = (LateralRows *)rows;
        const LineageRow *row;
        StoreGrant grant;

        if (v->at >= lineage_n_rows(v->lineage))
                return SPOOR_END;
        row = lineage_row(v->lineage, v->at);
        grant = store_grant(rows->scase->store, row->grant);
        for (unsigned i = 0; i < N_COLUMNS; i++)
                rows->cells[i] = rows->is_unwanted[i] ? (SpoorCell){.type = SPOOR_CELL_NULL}
                                                      : cell_of(v, row, &grant, (Column)i);
        v->at++;
        return v->is_failed ? engine_fail(error, -ENOMEM, "%s", strerror(ENOMEM)) : 0;
}

/* eventIDs of the evidence, the deciding one first, with blanks between them. */
static SpoorCell evidence_cell(LateralRows *v, const LineageFinding *finding) {
        Store *store = v->rows.scase->store;

        v->text.size = 0;
        for (unsigned i = 0; i < LINEAGE_MAX_EVIDENCE && finding->evidence[i] != STORE_NONE; i++) {
                StoreSource source = store_source(store, finding->evidence[i]);
                Slice id = store_id_text(store, &source, v->ids[1]);

                if ((i && put(v, " ", 1) < 0) || (id.size && put(v, id.data, id.size) < 0))
                        return null_cell();
        }
        return engine_text_cell(slice(v->text.data, v->text.size));
}

static int next_finding(SpoorRows *rows, SpoorError *error) {
        LateralRows *v = (LateralRows *)rows;
        Store *store = rows->scase->store;
        SpoorCell *cells = rows->cells;
        const LineageFinding *f;
        bool is_after;
        uint32_t principal_of;

        if (v->at >= lineage_n_findings(v->lineage))
                return SPOOR_END;
        f = lineage_finding(v->lineage, v->at++);
        is_after = f->kind == LINEAGE_AFTER_STOP || f->kind == LINEAGE_AFTER_REVOCATION;
        principal_of = is_after ? f->evidence[1] : f->evidence[0];
        cells[FINDING_NAME] = name_cell(lineage_finding_name(f->kind));
        cells[FINDING_ROW] = f->row == STORE_NONE ? null_cell() : engine_count_cell(f->row);
        cells[FINDING_TIME] = time_cell(store, f->evidence[0]);
        cells[FINDING_ID] = id_cell(store, f->evidence[0], v->ids[0]);
        cells[FINDING_KEY] = engine_string_cell(store, f->key);
        cells[FINDING_PRINCIPAL] = dim_cell(store, STORE_DIM_PRINCIPAL, principal_of);
        cells[FINDING_IP] = engine_string_cell(
                        store, f->ip != STORE_NONE ? f->ip : store_ip(store, principal_of));
        cells[FINDING_CALLS] = is_after ? engine_count_cell(f->n_calls) : null_cell();
        cells[FINDING_SUCCESSES] = is_after ? engine_count_cell(f->n_successes) : null_cell();
        cells[FINDING_LAST] = time_cell(store, f->last);
        cells[FINDING_LAST_SUCCESS] = time_cell(store, f->last_success);
        cells[FINDING_EVIDENCE] = evidence_cell(v, f);
        return v->is_failed ? engine_fail(error, -ENOMEM, "%s", strerror(ENOMEM)) : 0;
}

static void deinit(SpoorRows *rows) {
        LateralRows *v = (LateralRows *)rows;

        lineage_free(v->lineage);
        vec_deinit(&v->text);
}

/* ---- asking ---- */

int engine_lineage(SpoorCase *scase, const SpoorSelection *selection, const SpoorLateral *question,
                bool is_chain, Lineage **ret_lineage, SpoorError *error) {
        LineageQuestion q = {
                        .from = slice_cstr(question->from),
                        .to = slice_cstr(question->to),
                        .max_depth = question->max_depth,
                        .has_attempts = question->attempts,
                        .keeps_rows = is_chain,
        };
        int r;

        if ((question->from && spoor_what_check(question->from, error)) ||
                        (question->to && spoor_what_check(question->to, error)))
                return SPOOR_E_WHAT;
        r = engine_check_only(scase, NULL, error);
        if (r)
                return r;
        r = lineage_new(scase->store, &q, selection ? selection->selection : NULL, ret_lineage);
        if (r < 0)
                return engine_fail_query(error, r, selection);
        r = engine_check_store(scase->store, SPOOR_E_CORRUPT, error);
        if (r)
                *ret_lineage = lineage_free(*ret_lineage);
        return r;
}

static int ask(SpoorCase *scase, const SpoorSelection *selection, const SpoorLateral *question,
                const char *const *columns, size_t n_columns,
                int (*next)(SpoorRows *rows, SpoorError *error), SpoorRows **ret_rows,
                SpoorError *error) {
        SpoorRows *rows;
        int r = engine_rows_new(scase, sizeof(LateralRows), n_columns, &rows);

        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        for (size_t i = 0; i < n_columns; i++)
                rows->columns[i] = columns[i];
        rows->next = next;
        rows->deinit = deinit;
        r = engine_lineage(
                        scase, selection, question, false, &((LateralRows *)rows)->lineage, error);
        if (r) {
                spoor_rows_free(rows);
                return r;
        }
        *ret_rows = rows;
        return 0;
}

int spoor_lateral(SpoorCase *scase, const SpoorSelection *selection, const SpoorLateral *question,
                SpoorRows **ret_rows, SpoorError *error) {
        return ask(scase, selection, question, names, N_COLUMNS, next_edge, ret_rows, error);
}

int spoor_lateral_findings(SpoorCase *scase, const SpoorSelection *selection,
                const SpoorLateral *question, SpoorRows **ret_rows, SpoorError *error) {
        return ask(scase, selection, question, finding_names, N_FINDING_COLUMNS, next_finding,
                        ret_rows, error);
}

int spoor_what_check(const char *what, SpoorError *error) {
        int r = lineage_check_what(slice_cstr(what));

        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        return r ? engine_fail(error, SPOOR_E_WHAT,
                                   "'%s' is no key, address or block, ARN, user name, nor key:, "
                                   "ip:, user:, role:, principal:, session: or instance: and what "
                                   "follows",
                                   what)
                 : 0;
}
