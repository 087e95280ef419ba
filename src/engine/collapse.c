/*
 * The timeline with runs as rows.
 *
 * A run is events of one credential with one eventSource, eventName, outcome and errorCode (and, of
 * chains, of one hop) without a pause between two of them that is longer than a given one. What
 * others did in between does not end it. So every event is in exactly one run, and runs follow from
 * the events alone. The credential is the access key, or without one the session, or the principal.
 *
 * Rows come in order of their first events. Runs stand in `queue` in that order, the oldest at
 * `head`; each is known by its number, which only rises. `slots` is a hash table from what makes a
 * run one to the newest run of it; a slot whose run has left the queue is dead, and goes when the
 * table is made anew. A run leaves when it is at the head and nothing can join it any more, so the
 * cursor keeps what began since the oldest run that still goes on, at some 300 bytes a run.
 *
 * One pass, O(1) for an event. Belongs to one thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/time.h"
#include "base/vec.h"
#include "engine/events.h"
#include "event/catalogue.h"

#define FEW 8 /* distinct values that are looked through */

typedef enum Column {
        COLUMN_FIRST_TIME,
        COLUMN_LAST_TIME,
        COLUMN_EVENTS,
        COLUMN_SUMMARY,
        COLUMN_SERVICE,
        COLUMN_NAME,
        COLUMN_OUTCOME,
        COLUMN_CODE,
        COLUMN_READ_ONLY,
        COLUMN_CATEGORY,
        COLUMN_TECHNIQUE,
        COLUMN_KEY,
        COLUMN_PRINCIPAL,
        COLUMN_ARN,
        COLUMN_N_REGIONS,
        COLUMN_REGIONS,
        COLUMN_N_ADDRESSES,
        COLUMN_ADDRESSES,
        COLUMN_N_AGENTS,
        COLUMN_AGENTS,
        COLUMN_ACCOUNTS,
        COLUMN_FIRST_ID,
        COLUMN_LAST_ID,
        COLUMN_WHAT,
        COLUMN_DEPTH,
        COLUMN_HOP_ID,
        N_COLUMNS,
} Column;

static const char *const names[N_COLUMNS] = {"firstTime", "lastTime", "events", "summary",
                "eventSource", "eventName", "outcome", "errorCode", "readOnly", "category",
                "technique", "userIdentity.accessKeyId", "principal", "userIdentity.arn", "regions",
                "awsRegions", "addresses", "sourceIPAddresses", "agents", "userAgents", "accounts",
                "firstEventID", "lastEventID", "chain.what", "chain.depth", "chain.eventID"};

typedef enum List {
        LIST_REGIONS,
        LIST_ADDRESSES,
        LIST_AGENTS,
        LIST_ACCOUNTS,
        N_LISTS,
} List;

/* Distinct strings, as they were met; beyond FEW with a hash table of places + 1. */
typedef struct Distinct {
        VEC(uint32_t) items;
        uint32_t *slots;
        size_t n_slots; /* a power of two */
} Distinct;

typedef struct Key {
        EngineRunKey run;
        uint32_t chain, row;
} Key;

typedef struct Run {
        Key key;
        EngineEvent first;
        uint32_t last, n_events;
        Distinct lists[N_LISTS];
} Run;

typedef struct Collapse {
        SpoorRows rows;
        EngineEvents source;
        char **whats;
        int64_t pause;
        VEC(Run) queue;
        size_t head;        /* place of the oldest run in the queue */
        uint64_t first_run; /* its number */
        uint64_t *slots;    /* number + 1 */
        size_t n_slots, n_used;
        bool is_ended;
        int64_t now; /* of the newest event */
        Run row;     /* the one at hand, out of the queue */
        char ids[3][STORE_ID_SIZE];
        VEC(char) texts[N_LISTS + 1]; /* of the row at hand */
} Collapse;

const char *spoor_collapsed_column(size_t i) {
        return i < N_COLUMNS ? names[i] : NULL;
}

/* ---- distinct values ---- */

static size_t slot_of(const Distinct *d, uint32_t string) {
        size_t at = (size_t)hash_mix(0, string) & (d->n_slots - 1);

        while (d->slots[at] && d->items.data[d->slots[at] - 1] != string)
                at = (at + 1) & (d->n_slots - 1);
        return at;
}

static int index_items(Distinct *d) {
        size_t n_slots = d->n_slots ? d->n_slots * 2 : 4 * FEW;
        uint32_t *slots = vec_alloc_zero(n_slots, sizeof(*slots));

        if (!slots)
                return -ENOMEM;
        free(d->slots);
        d->slots = slots;
        d->n_slots = n_slots;
        for (size_t i = 0; i < d->items.size; i++)
                d->slots[slot_of(d, d->items.data[i])] = (uint32_t)i + 1;
        return 0;
}

static int distinct_add(Distinct *d, uint32_t string) {
        size_t at = 0;

        if (string == STORE_NONE)
                return 0;
        if (d->slots) {
                at = slot_of(d, string);
                if (d->slots[at])
                        return 0;
        } else {
                for (size_t i = d->items.size; i-- > 0;) {
                        if (d->items.data[i] == string)
                                return 0;
                }
        }
        if (vec_reserve(&d->items, 1) < 0)
                return -ENOMEM;
        d->items.data[d->items.size++] = string;
        if (d->slots)
                d->slots[at] = (uint32_t)d->items.size;
        return d->items.size > FEW && d->items.size * 2 > d->n_slots ? index_items(d) : 0;
}

static void run_deinit(Run *run) {
        for (int i = 0; i < N_LISTS; i++) {
                vec_deinit(&run->lists[i].items);
                free(run->lists[i].slots);
        }
        *run = (Run){0};
}

/* ---- runs ---- */

EngineRunKey engine_run_key(Store *store, uint32_t event) {
        static const StoreDim dims[] = {STORE_DIM_KEY, STORE_DIM_SESSION, STORE_DIM_PRINCIPAL};
        uint32_t result = store_tuple(store, STORE_RESULT, event);
        EngineRunKey key = {
                        .who = STORE_NONE,
                        .service = store_dim_of(store, STORE_DIM_SERVICE, event),
                        .name = store_dim_of(store, STORE_DIM_EVENT, event),
                        .outcome = store_field(store, STORE_RESULT, result, STORE_RESULT_OUTCOME),
                        .code = store_field(store, STORE_RESULT, result, EVENT_RESULT_CODE),
        };

        for (size_t i = 0; i < sizeof(dims) / sizeof(dims[0]) && key.who == STORE_NONE; i++) {
                key.dim = dims[i];
                key.who = store_dim_of(store, dims[i], event);
        }
        return key;
}

bool engine_run_breaks(Store *store, uint32_t before, int64_t now, int64_t pause) {
        int64_t between;

        return __builtin_sub_overflow(now, store_time(store, before), &between) || between > pause;
}

static Run *run_of(const Collapse *c, uint64_t number) {
        return &c->queue.data[c->head + (size_t)(number - c->first_run)];
}

/* The place of KEY: that of its newest run, or an empty one. */
static size_t find(const Collapse *c, const Key *key) {
        size_t at = hash_bytes(key, sizeof(*key)) & (c->n_slots - 1);

        while (c->slots[at] && (c->slots[at] - 1 < c->first_run ||
                                               memcmp(&run_of(c, c->slots[at] - 1)->key, key,
                                                               sizeof(*key)) != 0))
                at = (at + 1) & (c->n_slots - 1);
        return at;
}

/* The table anew, without what is dead; in order of number, so that the newest run stays. */
static int grow(Collapse *c) {
        size_t n_live = c->queue.size - c->head, n_slots = 1024;
        uint64_t *slots;

        while (n_slots < n_live * 4)
                n_slots *= 2;
        slots = vec_alloc_zero(n_slots, sizeof(*slots));
        if (!slots)
                return -ENOMEM;
        free(c->slots);
        c->slots = slots;
        c->n_slots = n_slots;
        c->n_used = 0;
        for (size_t i = 0; i < n_live; i++) {
                size_t at = find(c, &c->queue.data[c->head + i].key);

                c->n_used += !c->slots[at];
                c->slots[at] = c->first_run + i + 1;
        }
        return 0;
}

static int run_add(Store *store, Run *run, uint32_t event) {
        static const StoreDim dims[N_LISTS] = {[LIST_REGIONS] = STORE_DIM_REGION,
                        [LIST_ADDRESSES] = STORE_DIM_IP,
                        [LIST_AGENTS] = STORE_DIM_UA,
                        [LIST_ACCOUNTS] = STORE_DIM_ACCOUNT};
        int r = 0;

        run->last = event;
        run->n_events++;
        for (int i = 0; i < N_LISTS && r == 0; i++)
                r = distinct_add(&run->lists[i], store_dim_of(store, dims[i], event));
        return r;
}

static int take(Collapse *c, Store *store, const EngineEvent *event) {
        Key key = {engine_run_key(store, event->event), event->chain, event->row};
        size_t at;

        c->now = store_time(store, event->event);
        if (c->n_used * 2 >= c->n_slots && grow(c) < 0)
                return -ENOMEM;
        at = find(c, &key);
        if (c->slots[at] && !engine_run_breaks(store, run_of(c, c->slots[at] - 1)->last, c->now,
                                            c->pause))
                return run_add(store, run_of(c, c->slots[at] - 1), event->event);
        if (c->head > c->queue.size / 2) {
                memmove(c->queue.data, c->queue.data + c->head,
                                (c->queue.size - c->head) * sizeof(*c->queue.data));
                c->queue.size -= c->head;
                c->head = 0;
        }
        if (vec_reserve(&c->queue, 1) < 0)
                return -ENOMEM;
        c->queue.data[c->queue.size++] = (Run){.key = key, .first = *event};
        c->n_used += !c->slots[at];
        c->slots[at] = c->first_run + (c->queue.size - c->head);
        return run_add(store, &c->queue.data[c->queue.size - 1], event->event);
}

/* May the oldest run be told? */
static bool is_ready(const Collapse *c, Store *store) {
        return c->head < c->queue.size &&
               (c->is_ended || engine_run_breaks(store, c->queue.data[c->head].last, c->now,
                                               c->pause));
}

/* ---- cells ---- */

static int put(Collapse *c, size_t text, const char *bytes, size_t size) {
        if (vec_reserve(&c->texts[text], size) < 0)
                return -ENOMEM;
        if (size)
                memcpy(c->texts[text].data + c->texts[text].size, bytes, size);
        c->texts[text].size += size;
        return 0;
}

static int put_json(Collapse *c, size_t text, Slice s) {
        int r = put(c, text, "\"", 1);

        for (size_t i = 0; i < s.size && r == 0; i++) {
                unsigned char byte = (unsigned char)s.data[i];
                char escape[8];

                if (byte >= 0x20 && byte != '"' && byte != '\\') {
                        r = put(c, text, s.data + i, 1);
                } else {
                        (void)snprintf(escape, sizeof(escape), "\\u%04x", byte);
                        r = put(c, text, escape, 6);
                }
        }
        return r == 0 ? put(c, text, "\"", 1) : r;
}

static int list_cell(Collapse *c, Store *store, List list, SpoorCell *ret) {
        const Distinct *d = &c->row.lists[list];
        int r;

        c->texts[list].size = 0;
        r = put(c, list, "[", 1);
        for (size_t i = 0; i < d->items.size && r == 0; i++) {
                if (i)
                        r = put(c, list, ",", 1);
                if (r == 0)
                        r = put_json(c, list, store_string(store, d->items.data[i]));
        }
        if (r == 0)
                r = put(c, list, "]", 1);
        *ret = (SpoorCell){.type = SPOOR_CELL_JSON,
                        .text = {c->texts[list].data, c->texts[list].size}};
        return r;
}

static int put_text(Collapse *c, const char *text) {
        return put(c, N_LISTS, text, strlen(text));
}

/* " x17", ", 9 regions" and so on. */
static int put_number(Collapse *c, const char *before, size_t n, const char *after) {
        char text[64];

        (void)snprintf(text, sizeof(text), "%s%zu%s", before, n, after);
        return put_text(c, text);
}

static int put_place(Collapse *c, Store *store, List list, const char *many) {
        const Distinct *d = &c->row.lists[list];
        Slice only;
        int r;

        if (d->items.size == 0)
                return 0;
        if (d->items.size > 1)
                return put_number(c, ", ", d->items.size, many);
        r = put_text(c, ", ");
        only = store_string(store, d->items.data[0]);
        return r == 0 ? put(c, N_LISTS, only.data, only.size) : r;
}

/* The time of day, and where it is another than that of BESIDE, before it the day. */
static int put_time(Collapse *c, int64_t time, const char *beside) {
        char text[TIME_TEXT_SIZE];
        size_t n = time_format(time, text);

        if (n < 20 || strncmp(text, beside, 10) != 0)
                return put(c, N_LISTS, text, n);
        return put(c, N_LISTS, text + 11, 8);
}

/* "ses:GetAccount x17, 9 regions, denied, 14:49:17 to 14:49:39" */
static int summary_cell(Collapse *c, Store *store, SpoorCell *ret) {
        static const Slice domain = SLICE_INIT(".amazonaws.com");
        Slice service = store_string(store, c->row.key.run.service);
        Slice name = store_string(store, c->row.key.run.name);
        Slice outcome = store_string(store, c->row.key.run.outcome);
        int64_t first = store_time(store, c->row.first.event);
        int64_t last = store_time(store, c->row.last);
        char day[TIME_TEXT_SIZE];
        int r;

        time_format(first, day);
        if (slice_ends_with(service, domain))
                service.size -= domain.size;
        c->texts[N_LISTS].size = 0;
        r = put(c, N_LISTS, service.data, service.size);
        if (r == 0 && service.size)
                r = put_text(c, ":");
        if (r == 0)
                r = put(c, N_LISTS, name.data, name.size);
        if (r == 0 && c->row.n_events > 1)
                r = put_number(c, " x", c->row.n_events, "");
        if (r == 0)
                r = put_place(c, store, LIST_REGIONS, " regions");
        if (r == 0 && c->row.lists[LIST_ADDRESSES].items.size > 1)
                r = put_place(c, store, LIST_ADDRESSES, " addresses");
        if (r == 0)
                r = put_text(c, ", ");
        if (r == 0)
                r = put(c, N_LISTS, outcome.data, outcome.size);
        if (r == 0)
                r = put_text(c, ", ");
        if (r == 0)
                r = put_time(c, first, day);
        if (r == 0 && last != first)
                r = put_text(c, " to ");
        if (r == 0 && last != first)
                r = put_time(c, last, day);
        *ret = engine_text_cell(slice(c->texts[N_LISTS].data, c->texts[N_LISTS].size));
        return r;
}

static SpoorCell id_cell(Store *store, uint32_t event, char buffer[static STORE_ID_SIZE]) {
        StoreSource source = store_source(store, event);

        return engine_text_cell(store_id_text(store, &source, buffer));
}

static void fill_numbers(Collapse *c, Store *store, SpoorCell *cells) {
        const Run *run = &c->row;

        cells[COLUMN_FIRST_TIME] = engine_time_cell(store_time(store, run->first.event));
        cells[COLUMN_LAST_TIME] = engine_time_cell(store_time(store, run->last));
        cells[COLUMN_EVENTS] = engine_count_cell(run->n_events);
        cells[COLUMN_N_REGIONS] = engine_count_cell(run->lists[LIST_REGIONS].items.size);
        cells[COLUMN_N_ADDRESSES] = engine_count_cell(run->lists[LIST_ADDRESSES].items.size);
        cells[COLUMN_N_AGENTS] = engine_count_cell(run->lists[LIST_AGENTS].items.size);
        cells[COLUMN_FIRST_ID] = id_cell(store, run->first.event, c->ids[0]);
        cells[COLUMN_LAST_ID] = id_cell(store, run->last, c->ids[1]);
}

static void fill_texts(const Run *run, Store *store, SpoorCell *cells) {
        static const struct {
                Column column;
                StoreDim dim;
        } dims[] = {{COLUMN_SERVICE, STORE_DIM_SERVICE}, {COLUMN_NAME, STORE_DIM_EVENT},
                        {COLUMN_KEY, STORE_DIM_KEY}, {COLUMN_PRINCIPAL, STORE_DIM_PRINCIPAL},
                        {COLUMN_ARN, STORE_DIM_SESSION}};
        uint32_t call = store_tuple(store, STORE_CALL, run->first.event);
        Slice read_only = store_string(
                        store, store_field(store, STORE_CALL, call, EVENT_CALL_READ_ONLY));
        const CatalogueCall *known;

        for (size_t i = 0; i < sizeof(dims) / sizeof(dims[0]); i++)
                cells[dims[i].column] = engine_string_cell(
                                store, store_dim_of(store, dims[i].dim, run->first.event));
        cells[COLUMN_OUTCOME] = engine_string_cell(store, run->key.run.outcome);
        cells[COLUMN_CODE] = engine_string_cell(store, run->key.run.code);
        known = catalogue_find(store_string(store, run->key.run.service),
                        store_string(store, run->key.run.name));
        if (known && known->category != CATALOGUE_NONE)
                cells[COLUMN_CATEGORY] = engine_text_cell(
                                slice_cstr(catalogue_category_name(known->category)));
        if (known && *known->technique)
                cells[COLUMN_TECHNIQUE] = engine_text_cell(slice_cstr(known->technique));
        if (read_only.data)
                cells[COLUMN_READ_ONLY] = (SpoorCell){
                                .type = SPOOR_CELL_BOOL, .boolean = read_only.size == 4};
}

static void fill_chain(Collapse *c, Store *store, SpoorCell *cells) {
        const LineageRow *hop = engine_events_hop(&c->source, &c->row.first);

        if (c->row.first.chain == STORE_NONE)
                return;
        cells[COLUMN_WHAT] = engine_text_cell(slice_cstr(c->whats[c->row.first.chain]));
        cells[COLUMN_DEPTH] = engine_count_cell(hop ? hop->depth : 0);
        if (hop)
                cells[COLUMN_HOP_ID] =
                                id_cell(store, store_grant(store, hop->grant).event, c->ids[2]);
}

static int fill_row(Collapse *c, Store *store) {
        static const Column columns[N_LISTS] = {[LIST_REGIONS] = COLUMN_REGIONS,
                        [LIST_ADDRESSES] = COLUMN_ADDRESSES,
                        [LIST_AGENTS] = COLUMN_AGENTS,
                        [LIST_ACCOUNTS] = COLUMN_ACCOUNTS};
        SpoorCell *cells = c->rows.cells;
        int r = 0;

        for (size_t i = 0; i < N_COLUMNS; i++)
                cells[i] = (SpoorCell){.type = SPOOR_CELL_NULL};
        fill_numbers(c, store, cells);
        fill_texts(&c->row, store, cells);
        fill_chain(c, store, cells);
        if (!c->rows.is_unwanted[COLUMN_SUMMARY])
                r = summary_cell(c, store, &cells[COLUMN_SUMMARY]);
        for (int i = 0; i < N_LISTS && r == 0; i++) {
                if (!c->rows.is_unwanted[columns[i]])
                        r = list_cell(c, store, (List)i, &cells[columns[i]]);
        }
        return r;
}

/* ---- the cursor ---- */

static int next_row(SpoorRows *rows, SpoorError *error) {
        Collapse *c = (Collapse *)rows;
        Store *store = rows->scase->store;
        EngineEvent event;
        int r = 0;

        run_deinit(&c->row);
        while (r == 0 && !c->is_ended && !is_ready(c, store)) {
                if (engine_events_next(&c->source, &event))
                        r = take(c, store, &event);
                else
                        c->is_ended = true;
        }
        if (r == 0 && !is_ready(c, store))
                return SPOOR_END;
        if (r == 0) {
                c->row = c->queue.data[c->head];
                c->queue.data[c->head++] = (Run){0};
                c->first_run++;
                r = fill_row(c, store);
        }
        return r < 0 ? engine_fail(error, r, "%s", strerror(-r)) : 0;
}

static void deinit(SpoorRows *rows) {
        Collapse *c = (Collapse *)rows;

        run_deinit(&c->row);
        for (size_t i = c->head; i < c->queue.size; i++)
                run_deinit(&c->queue.data[i]);
        vec_deinit(&c->queue);
        for (size_t i = 0; i < N_LISTS + 1; i++)
                vec_deinit(&c->texts[i]);
        for (size_t i = 0; c->whats && c->whats[i]; i++)
                free(c->whats[i]);
        free(c->whats);
        free(c->slots);
        engine_events_close(&c->source);
}

static int copy_whats(Collapse *c, const char *const *whats, size_t n) {
        c->whats = vec_alloc_zero(n + 1, sizeof(*c->whats));
        for (size_t i = 0; c->whats && i < n; i++) {
                c->whats[i] = strdup(whats[i]);
                if (!c->whats[i])
                        return -ENOMEM;
        }
        return c->whats ? 0 : -ENOMEM;
}

int spoor_collapsed(SpoorCase *scase, const SpoorSelection *selection, const char *const *whats,
                size_t n_whats, int64_t pause, SpoorRows **ret_rows, SpoorError *error) {
        SpoorRows *rows;
        Collapse *c;
        int r = engine_rows_new(scase, sizeof(Collapse), N_COLUMNS, &rows);

        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        for (size_t i = 0; i < N_COLUMNS; i++)
                rows->columns[i] = names[i];
        rows->next = next_row;
        rows->deinit = deinit;
        c = (Collapse *)rows;
        c->pause = pause < 0 ? ENGINE_RUN_PAUSE : pause;
        r = copy_whats(c, whats, n_whats);
        if (r < 0)
                engine_fail(error, r, "%s", strerror(-r));
        if (r == 0)
                r = engine_events_open(scase, selection, whats, n_whats, &c->source, error);
        return engine_rows_finish(rows, r, ret_rows, error);
}
