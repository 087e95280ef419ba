/*
 * The timeline: events of a plan as rows.
 *
 * A column is one of the table below, or a path into the record. Where there are paths, rows are
 * made in batches: the records of a batch are read back from the evidence together, file by file,
 * so that a file is opened once for all its rows.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/vec.h"
#include "engine/acts.h"
#include "engine/events.h"

#define BATCH 4096U

typedef enum Column {
        COLUMN_TIME,
        COLUMN_ID,
        COLUMN_SERVICE,
        COLUMN_NAME,
        COLUMN_REGION,
        COLUMN_ACCOUNT,
        COLUMN_IP,
        COLUMN_UA,
        COLUMN_OUTCOME,
        COLUMN_CODE,
        COLUMN_MESSAGE,
        COLUMN_READ_ONLY,
        COLUMN_TYPE,
        COLUMN_ARN,
        COLUMN_USER_NAME,
        COLUMN_KEY,
        COLUMN_PRINCIPAL,
        COLUMN_FILE,
        COLUMN_RECORD,
        N_COLUMNS,
        COLUMN_CHAIN_DEPTH = N_COLUMNS, /* only of a chain */
        COLUMN_CHAIN_EDGE,
        COLUMN_CHAIN_ID,
        COLUMN_AROUND, /* only around an event or a time */
        N_ALL_COLUMNS,
        COLUMN_ACT = N_ALL_COLUMNS,                   /* and more, by EngineAct */
        COLUMN_ENRICHED = COLUMN_ACT + ENGINE_N_ACTS, /* filled behind the cursor's back */
        COLUMN_PATH,
        COLUMN_DECODED, /* read from the record, as a path is */
} Column;

static const char *const names[N_ALL_COLUMNS] = {"eventTime", "eventID", "eventSource", "eventName",
                "awsRegion", "account", "sourceIPAddress", "userAgent", "outcome", "errorCode",
                "errorMessage", "readOnly", "userIdentity.type", "userIdentity.arn",
                "userIdentity.userName", "userIdentity.accessKeyId", "principal", "source.file",
                "source.record", "chain.depth", "chain.edge", "chain.eventID", "around"};

typedef struct Timeline {
        SpoorRows rows;
        uint32_t event; /* at hand */
        EngineEvents source;
        EngineActs acts;
        EngineTimelineKind kind;
        Column *columns;
        char **paths; /* names of the columns, owned */
        size_t n_paths;
        char id[STORE_ID_SIZE], chain_id[STORE_ID_SIZE];

        EngineEvent batch[BATCH]; /* only with paths; so what follows */
        uint32_t events[BATCH];   /* their numbers */
        size_t n_events, at;
        SpoorCell *found; /* n_paths for each event of the batch */
        Arena texts;      /* of the batch */
} Timeline;

const char *spoor_timeline_column(size_t i) {
        return i < N_COLUMNS ? names[i] : NULL;
}

const char *spoor_chain_column(size_t i) {
        return i < COLUMN_AROUND - N_COLUMNS ? names[N_COLUMNS + i] : NULL;
}

/* ---- cells of the store ---- */

static SpoorCell read_only_cell(Store *store, uint32_t event) {
        Slice text = store_string(
                        store, store_field(store, STORE_CALL, store_tuple(store, STORE_CALL, event),
                                               EVENT_CALL_READ_ONLY));

        return text.data ? (SpoorCell){.type = SPOOR_CELL_BOOL, .boolean = text.size == 4}
                         : (SpoorCell){.type = SPOOR_CELL_NULL};
}

static SpoorCell field_cell(Store *store, StoreTuple tuple, uint32_t event, unsigned field) {
        return engine_string_cell(
                        store, store_field(store, tuple, store_tuple(store, tuple, event), field));
}

static SpoorCell source_cell(Timeline *t, Store *store, Column column, uint32_t event) {
        StoreSource source = store_source(store, event);

        if (column == COLUMN_ID)
                return engine_text_cell(store_id_text(store, &source, t->id));
        if (column == COLUMN_FILE)
                return engine_text_cell(store_file(store, source.file).name);
        return (SpoorCell){.type = SPOOR_CELL_COUNT, .count = source.record};
}

static SpoorCell store_cell(Timeline *t, Store *store, Column column, uint32_t event) {
        static const struct {
                StoreTuple tuple;
                unsigned field;
        } fields[N_COLUMNS] = {
                        [COLUMN_SERVICE] = {STORE_CALL, EVENT_CALL_SERVICE},
                        [COLUMN_NAME] = {STORE_CALL, EVENT_CALL_NAME},
                        [COLUMN_REGION] = {STORE_CALL, EVENT_CALL_REGION},
                        [COLUMN_ACCOUNT] = {STORE_CALL, EVENT_CALL_ACCOUNT},
                        [COLUMN_OUTCOME] = {STORE_RESULT, STORE_RESULT_OUTCOME},
                        [COLUMN_CODE] = {STORE_RESULT, EVENT_RESULT_CODE},
                        [COLUMN_MESSAGE] = {STORE_RESULT, EVENT_RESULT_MESSAGE},
                        [COLUMN_TYPE] = {STORE_IDENTITY, EVENT_ID_TYPE},
                        [COLUMN_ARN] = {STORE_IDENTITY, EVENT_ID_ARN},
                        [COLUMN_USER_NAME] = {STORE_IDENTITY, EVENT_ID_USER_NAME},
                        [COLUMN_KEY] = {STORE_IDENTITY, EVENT_ID_KEY},
                        [COLUMN_PRINCIPAL] = {STORE_IDENTITY, STORE_ID_PRINCIPAL},
        };

        switch (column) {
        case COLUMN_TIME:
                return (SpoorCell){.type = SPOOR_CELL_TIME, .time = store_time(store, event)};
        case COLUMN_IP:
                return engine_string_cell(store, store_ip(store, event));
        case COLUMN_UA:
                return engine_string_cell(store, store_ua(store, event));
        case COLUMN_READ_ONLY:
                return read_only_cell(store, event);
        case COLUMN_ID:
        case COLUMN_FILE:
        case COLUMN_RECORD:
                return source_cell(t, store, column, event);
        default:
                return field_cell(store, fields[column].tuple, event, fields[column].field);
        }
}

/* The hop by which the event at hand belongs to the chain. */
static SpoorCell chain_cell(Timeline *t, Store *store, Column column, const EngineEvent *event) {
        const LineageRow *row = engine_events_hop(&t->source, event);
        StoreGrant grant;
        StoreSource source;

        if (column == COLUMN_CHAIN_DEPTH)
                return (SpoorCell){.type = SPOOR_CELL_COUNT, .count = row ? row->depth : 0};
        if (!row)
                return (SpoorCell){.type = SPOOR_CELL_NULL};
        grant = store_grant(store, row->grant);
        if (column == COLUMN_CHAIN_EDGE)
                return engine_text_cell(slice_cstr(lineage_edge_name(grant.kind)));
        source = store_source(store, grant.event);
        return engine_text_cell(store_id_text(store, &source, t->chain_id));
}

static SpoorCell around_cell(const EngineEvent *event) {
        static const char *const marks[] = {[ENGINE_MARK_CREDENTIAL] = "credential",
                        [ENGINE_MARK_RUN] = "run",
                        [ENGINE_MARK_EVENT] = "event"};

        return engine_text_cell(slice_cstr(marks[event->row]));
}

static SpoorCell input_cell(SpoorRows *rows, EngineInput input) {
        static const Column columns[ENGINE_N_INPUTS] = {[ENGINE_INPUT_ADDRESS] = COLUMN_IP,
                        [ENGINE_INPUT_KEY] = COLUMN_KEY,
                        [ENGINE_INPUT_AGENT] = COLUMN_UA,
                        [ENGINE_INPUT_ARN] = COLUMN_ARN,
                        [ENGINE_INPUT_PRINCIPAL] = COLUMN_PRINCIPAL};
        Timeline *t = (Timeline *)rows;

        return store_cell(t, rows->scase->store, columns[input], t->event);
}

static int fill_row(
                Timeline *t, const EngineEvent *event, const SpoorCell *found, SpoorError *error) {
        int r = 0;

        t->event = event->event;
        for (size_t i = 0; i < t->rows.n_columns && r == 0; i++) {
                if (t->columns[i] == COLUMN_ENRICHED)
                        continue;
                if (t->columns[i] >= COLUMN_PATH)
                        t->rows.cells[i] = *found++;
                else if (t->columns[i] >= COLUMN_ACT)
                        r = engine_acts_cell(&t->acts, (EngineAct)(t->columns[i] - COLUMN_ACT),
                                        event->event, &t->rows.cells[i]);
                else if (t->columns[i] == COLUMN_AROUND)
                        t->rows.cells[i] = around_cell(event);
                else if (t->columns[i] >= N_COLUMNS)
                        t->rows.cells[i] =
                                        chain_cell(t, t->rows.scase->store, t->columns[i], event);
                else
                        t->rows.cells[i] = store_cell(
                                        t, t->rows.scase->store, t->columns[i], event->event);
        }
        return r < 0 ? engine_fail(error, r, "%s", strerror(-r)) : 0;
}

/* ---- cells of the evidence ---- */

static int cell_of(Timeline *t, JsonValue value, SpoorCell *ret) {
        Slice text = value.text, copy;
        char *decoded;

        *ret = (SpoorCell){.type = SPOOR_CELL_NULL};
        if (value.type == JSON_ABSENT || value.type == JSON_NULL)
                return 0;
        if (value.type == JSON_BOOL) {
                *ret = (SpoorCell){.type = SPOOR_CELL_BOOL, .boolean = text.size == 4};
                return 0;
        }
        if (value.type == JSON_STRING) {
                decoded = arena_alloc(&t->texts, text.size, 1);
                if (!decoded)
                        return -ENOMEM;
                *ret = engine_text_cell(slice(decoded, json_decode(text, decoded)));
                return 0;
        }
        if (arena_copy(&t->texts, text, &copy) < 0)
                return -ENOMEM;
        *ret = (SpoorCell){.type = SPOOR_CELL_JSON, .text = engine_slice(copy)};
        return 0;
}

static int decoded_cell(Timeline *t, Slice record, SpoorCell *ret) {
        Slice text;
        int r = engine_decoded(record, &t->texts, &text);

        *ret = r == 0 ? engine_text_cell(text) : (SpoorCell){.type = SPOOR_CELL_NULL};
        return r;
}

static int on_record(void *userdata, size_t i, const EvidenceRecord *record) {
        Timeline *t = userdata;
        SpoorCell *found = t->found + i * t->n_paths;
        int r = 0;

        for (size_t c = 0; c < t->rows.n_columns && r == 0; c++) {
                if (t->columns[c] == COLUMN_PATH)
                        r = cell_of(t,
                                        json_find_dotted(record->text,
                                                        slice_cstr(t->rows.columns[c])),
                                        found++);
                else if (t->columns[c] == COLUMN_DECODED)
                        r = decoded_cell(t, record->text, found++);
        }
        return r;
}

/* Of a question that has more to tell than its paths: these cells stay empty. */
static void on_missing(void *userdata, size_t i) {
        Timeline *t = userdata;

        for (size_t k = 0; k < t->n_paths; k++)
                t->found[i * t->n_paths + k] = (SpoorCell){.type = SPOOR_CELL_NULL};
}

static int next_batch(Timeline *t, SpoorError *error) {
        EvidenceSink sink = {t, on_record, t->kind == ENGINE_TIMELINE_LENIENT ? on_missing : NULL};

        arena_deinit(&t->texts);
        t->at = t->n_events = 0;
        while (t->n_events < BATCH && engine_events_next(&t->source, &t->batch[t->n_events])) {
                t->events[t->n_events] = t->batch[t->n_events].event;
                t->n_events++;
        }
        if (t->n_events == 0)
                return SPOOR_END;
        return engine_read_evidence(t->rows.scase, t->events, t->n_events, &sink, error);
}

/* ---- the cursor ---- */

static int next_row(SpoorRows *rows, SpoorError *error) {
        Timeline *t = (Timeline *)rows;
        EngineEvent event;

        if (t->n_paths == 0) {
                if (!engine_events_next(&t->source, &event))
                        return SPOOR_END;
                return fill_row(t, &event, NULL, error);
        }
        if (t->at == t->n_events) {
                int r = next_batch(t, error);

                if (r)
                        return r;
        }
        t->at++;
        return fill_row(t, &t->batch[t->at - 1], t->found + (t->at - 1) * t->n_paths, error);
}

static void deinit(SpoorRows *rows) {
        Timeline *t = (Timeline *)rows;

        for (size_t i = 0; t->paths && i < rows->n_columns; i++)
                free(t->paths[i]);
        free(t->paths);
        free(t->columns);
        free(t->found);
        arena_deinit(&t->texts);
        engine_acts_deinit(&t->acts);
        engine_events_close(&t->source);
}

static bool is_column(EngineTimelineKind kind, Column column) {
        if (column < N_COLUMNS)
                return true;
        return kind == (column == COLUMN_AROUND ? ENGINE_TIMELINE_AROUND : ENGINE_TIMELINE_CHAIN);
}

static int set_columns(Timeline *t, const char *const *columns) {
        bool is_enriched;

        t->columns = vec_alloc(t->rows.n_columns, sizeof(*t->columns));
        t->paths = vec_alloc_zero(t->rows.n_columns, sizeof(*t->paths));
        if (!t->columns || !t->paths)
                return -ENOMEM;
        for (size_t i = 0; i < t->rows.n_columns; i++) {
                t->paths[i] = strdup(columns[i]);
                if (!t->paths[i])
                        return -ENOMEM;
                t->rows.columns[i] = t->paths[i];
                t->columns[i] = engine_enriched_has(t->rows.scase, columns[i], &is_enriched)
                                                ? COLUMN_ENRICHED
                                                : COLUMN_PATH;
                if (is_enriched && t->columns[i] == COLUMN_PATH)
                        return -ENODATA;
                for (int c = 0; c < N_ALL_COLUMNS; c++) {
                        if (is_column(t->kind, (Column)c) && strcmp(names[c], columns[i]) == 0)
                                t->columns[i] = (Column)c;
                }
                for (int a = 0; a < ENGINE_N_ACTS; a++) {
                        if (strcmp(spoor_act_column((size_t)a), columns[i]) == 0)
                                t->columns[i] = (Column)(COLUMN_ACT + a);
                }
                if (strcmp(columns[i], "decoded") == 0)
                        t->columns[i] = COLUMN_DECODED;
                t->n_paths += t->columns[i] >= COLUMN_PATH;
        }
        if (t->n_paths)
                t->found = vec_alloc_zero(BATCH * t->n_paths, sizeof(*t->found));
        return t->n_paths && !t->found ? -ENOMEM : 0;
}

int engine_timeline_new(SpoorCase *scase, EngineEvents *source, EngineTimelineKind kind,
                const char *const *columns, size_t n_columns, SpoorRows **ret_rows,
                SpoorError *error) {
        SpoorRows *rows;
        Timeline *t;
        int r = engine_rows_new(scase, sizeof(Timeline), n_columns, &rows);

        if (r < 0) {
                engine_events_close(source);
                return engine_fail(error, r, "%s", strerror(-r));
        }
        rows->next = next_row;
        rows->deinit = deinit;
        rows->input = input_cell;
        t = (Timeline *)rows;
        t->source = *source;
        t->kind = kind;
        engine_acts_init(&t->acts, scase->store);
        r = set_columns(t, columns);
        if (r == -ENODATA)
                engine_fail(error, r, "a column is asked for that the case has no enrichment for");
        else if (r < 0)
                engine_fail(error, r, "%s", strerror(-r));
        return engine_rows_finish(rows, r, ret_rows, error);
}

int spoor_timeline(SpoorCase *scase, const SpoorSelection *selection, const char *const *columns,
                size_t n_columns, SpoorRows **ret_rows, SpoorError *error) {
        EngineEvents source;
        int r = engine_events_open(scase, selection, NULL, 0, &source, error);

        if (r)
                return r;
        return engine_timeline_new(
                        scase, &source, ENGINE_TIMELINE_PLAIN, columns, n_columns, ret_rows, error);
}

int spoor_chain(SpoorCase *scase, const SpoorSelection *selection, const char *what,
                const char *const *columns, size_t n_columns, SpoorRows **ret_rows,
                SpoorError *error) {
        EngineEvents source;
        int r = engine_events_open(scase, selection, &what, 1, &source, error);

        if (r)
                return r;
        return engine_timeline_new(
                        scase, &source, ENGINE_TIMELINE_CHAIN, columns, n_columns, ret_rows, error);
}
