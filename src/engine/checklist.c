/*
 * The checklist as rows: events of the question go through query/checklist, a pass. Whether a login
 * was without MFA only its record tells: those few are read back from the evidence. Where that is
 * not to be had, the question stays open. Belongs to one thread.
 */
#include "query/checklist.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/events.h"
#include "engine/page.h"

/* Principals that are named. */
#define MAX_NAMES 20

typedef enum Column {
        COLUMN_NAME,
        COLUMN_QUESTION,
        COLUMN_ANSWER,
        COLUMN_EVENTS,
        COLUMN_SUCCEEDED,
        COLUMN_FIRST_TIME,
        COLUMN_FIRST_ID,
        COLUMN_LAST_TIME,
        COLUMN_LAST_ID,
        COLUMN_N_PRINCIPALS,
        COLUMN_PRINCIPALS,
        COLUMN_EVIDENCE,
        N_COLUMNS,
} Column;

static const char *const names[N_COLUMNS] = {"name", "question", "answer", "events", "succeeded",
                "firstTime", "firstEventID", "lastTime", "lastEventID", "principalCount",
                "principals", "evidence"};

const char *spoor_checklist_column(size_t i) {
        return i < N_COLUMNS ? names[i] : NULL;
}

/* ---- logins ---- */

typedef struct Logins {
        bool *are_without; /* MFA, of the list */
        bool is_missing;
} Logins;

static int on_login(void *userdata, size_t i, const EvidenceRecord *record) {
        JsonValue used = json_find(record->text, SLICE_LITERAL("additionalEventData.MFAUsed"));
        Logins *logins = userdata;

        logins->are_without[i] = slice_equal(used.text, SLICE_LITERAL("\"No\""));
        return 0;
}

static void on_missing(void *userdata, size_t i) {
        (void)i;
        ((Logins *)userdata)->is_missing = true;
}

/* The logins that were kept as evidence become those without MFA. */
static int ask_records(SpoorCase *scase, Checklist *list, ChecklistAnswer *answer,
                bool *ret_is_open, SpoorError *error) {
        Numbers logins = answer->evidence;
        Logins found = {vec_alloc_zero(logins.size + 1, sizeof(bool)), false};
        EvidenceSink sink = {&found, on_login, on_missing};
        int r = found.are_without ? 0 : -ENOMEM;

        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        answer->evidence = (Numbers){0};
        if (logins.size)
                r = engine_read_evidence(scase, logins.data, logins.size, &sink, error);
        for (size_t i = 0; i < logins.size && r == 0; i++) {
                if (found.are_without[i])
                        r = checklist_count(list, answer, logins.data[i]);
                if (r < 0)
                        engine_fail(error, r, "%s", strerror(-r));
        }
        *ret_is_open = found.is_missing && !answer->is_yes;
        vec_deinit(&logins);
        free(found.are_without);
        return r;
}

/* ---- rows ---- */

typedef VEC(char) Text;

static int put_word(Text *text, Slice word) {
        if (!word.size)
                return 0;
        if (vec_reserve(text, word.size + 1) < 0)
                return -ENOMEM;
        if (text->size)
                text->data[text->size++] = ' ';
        memcpy(text->data + text->size, word.data, word.size);
        text->size += word.size;
        return 0;
}

static Slice id_of(Store *store, uint32_t event, char buffer[static STORE_ID_SIZE]) {
        StoreSource source = store_source(store, event);

        return store_id_text(store, &source, buffer);
}

static int fill_words(SpoorRows *table, const ChecklistAnswer *answer, SpoorCell *cells) {
        Store *store = table->scase->store;
        char id[STORE_ID_SIZE];
        Text text = {0};
        int r = 0;

        for (size_t i = 0; i < answer->principals.size && i < MAX_NAMES && r == 0; i++)
                r = put_word(&text, store_string(store, answer->principals.data[i]));
        if (r == 0 && text.size)
                r = engine_table_text(
                                table, slice(text.data, text.size), &cells[COLUMN_PRINCIPALS]);
        text.size = 0;
        for (size_t i = 0; i < answer->evidence.size && r == 0; i++)
                r = put_word(&text, id_of(store, answer->evidence.data[i], id));
        if (r == 0 && text.size)
                r = engine_table_text(table, slice(text.data, text.size), &cells[COLUMN_EVIDENCE]);
        vec_deinit(&text);
        return r;
}

static int fill(SpoorRows *table, const ChecklistAnswer *answer, bool is_open) {
        Store *store = table->scase->store;
        const char *word = is_open ? "unknown" : answer->is_yes ? "yes" : "no";
        const uint32_t ends[] = {answer->first, answer->last};
        char id[STORE_ID_SIZE];
        SpoorCell *cells;
        int r = engine_table_add(table, &cells);

        if (r < 0)
                return r;
        cells[COLUMN_NAME] = engine_text_cell(slice_cstr(answer->name));
        cells[COLUMN_QUESTION] = engine_text_cell(slice_cstr(answer->question));
        cells[COLUMN_ANSWER] = engine_text_cell(slice_cstr(word));
        cells[COLUMN_EVENTS] = engine_count_cell(answer->n_events);
        cells[COLUMN_SUCCEEDED] = engine_count_cell(answer->n_succeeded);
        cells[COLUMN_N_PRINCIPALS] = engine_count_cell(answer->principals.size);
        for (unsigned i = 0; i < 2 && r == 0; i++) {
                if (ends[i] == STORE_NONE)
                        continue;
                cells[COLUMN_FIRST_TIME + 2 * i] = engine_time_cell(store_time(store, ends[i]));
                r = engine_table_text(
                                table, id_of(store, ends[i], id), &cells[COLUMN_FIRST_ID + 2 * i]);
        }
        return r < 0 ? r : fill_words(table, answer, cells);
}

static int fill_all(SpoorRows *table, Checklist *list, const bool *are_open) {
        int r = 0;

        for (size_t i = 0; i < checklist_size(list) && r == 0; i++)
                r = fill(table, checklist_answer(list, i), are_open[i]);
        return r;
}

/* ---- asking ---- */

static int collect(SpoorCase *scase, EngineEvents *events, Checklist *list, bool *are_open,
                SpoorError *error) {
        EngineEvent event;
        int r = 0;

        while (r == 0 && engine_events_next(events, &event))
                r = checklist_add(list, event.event);
        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        for (size_t i = 0; i < checklist_size(list) && r == 0; i++) {
                ChecklistAnswer *answer = checklist_answer(list, i);

                if (answer->flags & CHECKLIST_MFA)
                        r = ask_records(scase, list, answer, &are_open[i], error);
        }
        checklist_finish(list);
        return r;
}

int spoor_checklist(SpoorCase *scase, const SpoorSelection *selection, const char *const *whats,
                size_t n_whats, SpoorRows **ret_rows, SpoorError *error) {
        EngineEvents events = {0};
        Checklist *list = NULL;
        SpoorRows *table = NULL;
        bool *are_open = NULL;
        int r = engine_check_only(scase, NULL, error);

        if (r == 0)
                r = engine_events_open(scase, selection, whats, n_whats, &events, error);
        if (r)
                return r;
        r = checklist_new(scase->store, &list);
        if (r == 0)
                are_open = vec_alloc_zero(checklist_size(list), sizeof(*are_open));
        if (r < 0 || !are_open)
                r = engine_fail(error, -ENOMEM, "%s", strerror(ENOMEM));
        if (r == 0)
                r = collect(scase, &events, list, are_open, error);
        if (r == 0) {
                r = engine_table_new(scase, names, N_COLUMNS, &table);
                if (r == 0)
                        r = fill_all(table, list, are_open);
                if (r < 0)
                        engine_fail(error, r, "%s", strerror(-r));
        }
        if (r == 0)
                r = engine_check_store(scase->store, SPOOR_E_CORRUPT, error);
        free(are_open);
        checklist_free(list);
        engine_events_close(&events);
        if (r) {
                spoor_rows_free(table);
                return r;
        }
        *ret_rows = table;
        return 0;
}
