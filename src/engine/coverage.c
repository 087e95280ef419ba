/* Coverage and gaps as rows: what the store holds, a row made for each when it is asked for. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "engine/engine.h"
#include "query/gaps.h"

#define DAY (86400 * TIME_SECOND)

/* ---- days ---- */

static const char *const day_columns[] = {"account", "region", "date", "events", "files"};

typedef struct DayRows {
        SpoorRows rows;
        uint64_t at;
        char date[TIME_TEXT_SIZE];
} DayRows;

#define N_DAY_COLUMNS (sizeof(day_columns) / sizeof(day_columns[0]))

const char *spoor_coverage_column(size_t i) {
        return i < N_DAY_COLUMNS ? day_columns[i] : NULL;
}

static int next_day(SpoorRows *rows, SpoorError *error) {
        DayRows *d = (DayRows *)rows;
        SpoorCell *cell = rows->cells;
        StoreDay day;
        int64_t time;

        (void)error;
        if (d->at >= store_n_days(rows->scase->store))
                return SPOOR_END;
        day = store_day(rows->scase->store, d->at++);
        if (__builtin_mul_overflow(day.day, DAY, &time)) /* the first day begins before all times */
                time = day.day < 0 ? INT64_MIN : INT64_MAX;
        time_format(time, d->date);
        *cell++ = engine_text_cell(day.account);
        *cell++ = engine_text_cell(day.region);
        *cell++ = engine_text_cell(slice(d->date, 10));
        *cell++ = engine_count_cell(day.n_events);
        *cell++ = engine_count_cell(day.n_files);
        return 0;
}

int spoor_coverage(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *error) {
        return engine_rows_open(scase, sizeof(DayRows), day_columns, N_DAY_COLUMNS, next_day,
                        ret_rows, error);
}

/* ---- gaps ---- */

typedef enum Column {
        COLUMN_KIND,
        COLUMN_ACCOUNT,
        COLUMN_REGION,
        COLUMN_FROM,
        COLUMN_TO,
        COLUMN_SECONDS,
        COLUMN_USUAL,
        COLUMN_LONGEST,
        COLUMN_EVENT,
        COLUMN_PRINCIPAL,
        COLUMN_KEY,
        COLUMN_IP,
        COLUMN_OUTCOME,
        COLUMN_ID,
        COLUMN_SECONDS_TEXT,
        COLUMN_USUAL_TEXT,
        COLUMN_LONGEST_TEXT,
        N_COLUMNS,
} Column;

static const char *const gap_columns[N_COLUMNS] = {"kind", "account", "region", "from", "to",
                "seconds", "usualSeconds", "longestUsualSeconds", "eventName", "principal",
                "userIdentity.accessKeyId", "sourceIPAddress", "outcome", "eventID", "lasted",
                "usual", "longestUsual"};

#define SPAN_SIZE 32

typedef struct GapRows {
        SpoorRows rows;
        Gap *gaps;
        size_t n_gaps, at;
        char id[STORE_ID_SIZE];
        char spans[3][SPAN_SIZE];
} GapRows;

const char *spoor_gap_column(size_t i) {
        return i < N_COLUMNS ? gap_columns[i] : NULL;
}

/* The two largest units of "2d 3h 5m", rounded down. */
static SpoorCell span_cell(int64_t span, char buffer[static SPAN_SIZE]) {
        static const struct {
                int64_t seconds;
                char letter;
        } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
        int64_t seconds = span > 0 ? span / TIME_SECOND : 0;
        size_t u = 0;
        int n;

        while (u < 3 && seconds < units[u].seconds)
                u++;
        n = snprintf(buffer, SPAN_SIZE, "%" PRId64 "%c", seconds / units[u].seconds,
                        units[u].letter);
        seconds %= units[u].seconds;
        if (u < 3 && seconds / units[u + 1].seconds)
                n += snprintf(buffer + n, SPAN_SIZE - (size_t)n, " %" PRId64 "%c",
                                seconds / units[u + 1].seconds, units[u + 1].letter);
        return engine_text_cell(slice(buffer, (size_t)n));
}

static void fill_gap(GapRows *g, const Gap *gap, SpoorCell *cells) {
        StoreGap of = store_gap(g->rows.scase->store, gap->number);
        int64_t spans[] = {0, of.usual, of.longest};

        if (__builtin_sub_overflow(of.to, of.from, &spans[0]))
                spans[0] = INT64_MAX; /* of a case file that was forged */
        cells[COLUMN_ACCOUNT] = engine_text_cell(of.account);
        cells[COLUMN_REGION] = engine_text_cell(of.region);
        cells[COLUMN_TO] = engine_time_cell(of.to);
        for (int i = 0; i < 3; i++) {
                cells[COLUMN_SECONDS + i] = engine_count_cell(
                                spans[i] > 0 ? (uint64_t)(spans[i] / TIME_SECOND) : 0);
                cells[COLUMN_SECONDS_TEXT + i] = span_cell(spans[i], g->spans[i]);
        }
}

static void fill_event(GapRows *g, uint32_t event, SpoorCell *cells) {
        Store *store = g->rows.scase->store;
        StoreSource source = store_source(store, event);
        static const struct {
                Column column;
                StoreDim dim;
        } dims[] = {{COLUMN_ACCOUNT, STORE_DIM_ACCOUNT}, {COLUMN_REGION, STORE_DIM_REGION},
                        {COLUMN_EVENT, STORE_DIM_EVENT}, {COLUMN_PRINCIPAL, STORE_DIM_PRINCIPAL},
                        {COLUMN_KEY, STORE_DIM_KEY}, {COLUMN_IP, STORE_DIM_IP},
                        {COLUMN_OUTCOME, STORE_DIM_OUTCOME}};

        for (size_t i = 0; i < sizeof(dims) / sizeof(dims[0]); i++)
                cells[dims[i].column] =
                                engine_string_cell(store, store_dim_of(store, dims[i].dim, event));
        cells[COLUMN_ID] = engine_text_cell(store_id_text(store, &source, g->id));
}

static int next_gap(SpoorRows *rows, SpoorError *error) {
        GapRows *g = (GapRows *)rows;
        const Gap *gap;

        (void)error;
        if (g->at >= g->n_gaps)
                return SPOOR_END;
        gap = &g->gaps[g->at++];
        for (size_t i = 0; i < N_COLUMNS; i++)
                rows->cells[i] = (SpoorCell){.type = SPOOR_CELL_NULL};
        rows->cells[COLUMN_KIND] = engine_text_cell(slice_cstr(gap_kind_name(gap->kind)));
        rows->cells[COLUMN_FROM] = engine_time_cell(gap->from);
        if (gap_is_event(gap))
                fill_event(g, (uint32_t)gap->number, rows->cells);
        else
                fill_gap(g, gap, rows->cells);
        return 0;
}

static void deinit_gaps(SpoorRows *rows) {
        free(((GapRows *)rows)->gaps);
}

static int list_gaps(SpoorCase *scase, Gap **ret_gaps, size_t *ret_n, SpoorError *error) {
        int r = gaps_list(scase->store, ret_gaps, ret_n);

        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        return engine_check_store(scase->store, SPOOR_E_CORRUPT, error);
}

int spoor_gaps(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *error) {
        SpoorRows *rows;
        GapRows *g;
        int r = engine_rows_open(
                        scase, sizeof(GapRows), gap_columns, N_COLUMNS, next_gap, &rows, error);

        if (r)
                return r;
        rows->deinit = deinit_gaps;
        g = (GapRows *)rows;
        r = list_gaps(scase, &g->gaps, &g->n_gaps, error);
        if (r) {
                spoor_rows_free(rows);
                return r;
        }
        *ret_rows = rows;
        return 0;
}

/* The first that is told of. */
static void tell(Store *store, const Gap *gap, SpoorGaps *ret) {
        ret->kind = gap_kind_name(gap->kind);
        ret->from = gap->from;
        ret->to = gap->to;
        if (gap_is_event(gap)) {
                uint32_t event = (uint32_t)gap->number;

                ret->account = engine_slice(
                                store_string(store, store_dim_of(store, STORE_DIM_ACCOUNT, event)));
                ret->region = engine_slice(
                                store_string(store, store_dim_of(store, STORE_DIM_REGION, event)));
        } else {
                StoreGap of = store_gap(store, gap->number);

                ret->account = engine_slice(of.account);
                ret->region = engine_slice(of.region);
        }
}

int spoor_case_gaps(SpoorCase *scase, const SpoorSelection *selection, SpoorGaps *ret,
                SpoorError *error) {
        Store *store = scase->store;
        Gap *gaps = NULL;
        size_t n = 0;
        int r = list_gaps(scase, &gaps, &n, error);

        *ret = (SpoorGaps){0};
        for (size_t i = 0; i < n && r == 0; i++) {
                if (!gap_is_loss(store, &gaps[i]) ||
                                !gap_touches(store, &gaps[i],
                                                selection ? selection->selection : NULL))
                        continue;
                if (!ret->kind)
                        tell(store, &gaps[i], ret);
                ret->n_gaps += !gap_is_event(&gaps[i]);
                ret->n_stopped += gap_is_event(&gaps[i]);
        }
        if (r == 0)
                r = engine_check_store(store, SPOOR_E_CORRUPT, error);
        free(gaps);
        return r;
}
