/*
 * Activity: events by outcome in steps of time, so few that they can be drawn side by side.
 *
 * Steps are of one of the lengths below, each a multiple of the one before and counted from
 * 1970-01-01 on, so that they begin at full hours or days. One pass: it begins with the shortest,
 * and where the events reach beyond N steps, steps are added up to longer ones.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/time.h"
#include "base/vec.h"
#include "engine/events.h"

static const int64_t lengths[] = {1, 10, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400,
                7 * 86400, 28 * 86400, 28 * 4 * 86400, 28 * 16 * 86400, INT64_C(28) * 64 * 86400,
                INT64_C(28) * 256 * 86400, INT64_C(28) * 2048 * 86400};

enum { SUCCESS, DENIED, FAILURE, N_OUTCOMES };

typedef struct Step {
        uint64_t n[N_OUTCOMES];
} Step;

typedef struct ActivityRows {
        SpoorRows rows;
        Step *steps;
        size_t n_max, n_steps; /* room; used */
        int64_t first;         /* number of the first step */
        size_t length;
        size_t at;
} ActivityRows;

static const char *const columns[] = {
                "from", "to", "seconds", "events", "success", "denied", "failure"};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

const char *spoor_activity_column(size_t i) {
        return i < N_COLUMNS ? columns[i] : NULL;
}

static int64_t floor_div(int64_t a, int64_t b) {
        return a / b - (a % b < 0);
}

/* To the next longer steps. */
static void widen(ActivityRows *v) {
        int64_t ratio = lengths[v->length + 1] / lengths[v->length];
        int64_t first = floor_div(v->first, ratio);
        size_t n_steps = 0;

        for (size_t i = 0; i < v->n_steps; i++) {
                size_t to = (size_t)(floor_div(v->first + (int64_t)i, ratio) - first);
                Step step = v->steps[i];

                v->steps[i] = (Step){0};
                for (int k = 0; k < N_OUTCOMES; k++)
                        v->steps[to].n[k] += step.n[k];
                n_steps = to + 1;
        }
        v->first = first;
        v->n_steps = n_steps;
        v->length++;
}

static void count(ActivityRows *v, int64_t time, int outcome) {
        int64_t seconds = floor_div(time, TIME_SECOND), at;

        if (v->n_steps == 0)
                v->first = floor_div(seconds, lengths[v->length]);
        at = floor_div(seconds, lengths[v->length]) - v->first;
        while ((uint64_t)at >= v->n_max && v->length + 1 < sizeof(lengths) / sizeof(lengths[0])) {
                widen(v);
                at = floor_div(seconds, lengths[v->length]) - v->first;
        }
        if ((uint64_t)at >= v->n_max) /* of a store that is not in order */
                return;
        if ((size_t)at >= v->n_steps)
                v->n_steps = (size_t)at + 1;
        v->steps[at].n[outcome]++;
}

static int next_step(SpoorRows *rows, SpoorError *error) {
        ActivityRows *v = (ActivityRows *)rows;
        int64_t length = lengths[v->length] * TIME_SECOND, from, to;
        const Step *step;

        (void)error;
        while (v->at < v->n_steps && v->steps[v->at].n[SUCCESS] + v->steps[v->at].n[DENIED] +
                                                                     v->steps[v->at].n[FAILURE] ==
                                                     0)
                v->at++;
        if (v->at >= v->n_steps)
                return SPOOR_END;
        step = &v->steps[v->at];
        if (__builtin_mul_overflow(v->first + (int64_t)v->at, length, &from))
                from = v->first < 0 ? INT64_MIN : INT64_MAX;
        if (__builtin_add_overflow(from, length, &to))
                to = INT64_MAX;
        rows->cells[0] = engine_time_cell(from);
        rows->cells[1] = engine_time_cell(to);
        rows->cells[2] = engine_count_cell((uint64_t)lengths[v->length]);
        rows->cells[3] = engine_count_cell(step->n[SUCCESS] + step->n[DENIED] + step->n[FAILURE]);
        for (int k = 0; k < N_OUTCOMES; k++)
                rows->cells[4 + k] = engine_count_cell(step->n[k]);
        v->at++;
        return 0;
}

static void deinit(SpoorRows *rows) {
        free(((ActivityRows *)rows)->steps);
}

static void count_all(ActivityRows *v, Store *store, EngineEvents *events) {
        uint32_t denied = store_find_string(store, SLICE_LITERAL("denied"));
        uint32_t failure = store_find_string(store, SLICE_LITERAL("failure"));
        EngineEvent event;

        while (engine_events_next(events, &event)) {
                uint32_t outcome = store_dim_of(store, STORE_DIM_OUTCOME, event.event);

                count(v, store_time(store, event.event),
                                outcome == STORE_NONE ? SUCCESS
                                : outcome == denied   ? DENIED
                                : outcome == failure  ? FAILURE
                                                      : SUCCESS);
        }
}

int spoor_activity(SpoorCase *scase, const SpoorSelection *selection, const char *const *whats,
                size_t n_whats, size_t n_steps, SpoorRows **ret_rows, SpoorError *error) {
        EngineEvents events;
        SpoorRows *rows;
        ActivityRows *v;
        int r;

        if (n_steps < 8)
                return engine_fail(error, -EINVAL, "fewer than eight steps");
        r = engine_rows_new(scase, sizeof(ActivityRows), N_COLUMNS, &rows);
        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        for (size_t i = 0; i < N_COLUMNS; i++)
                rows->columns[i] = columns[i];
        rows->next = next_step;
        rows->deinit = deinit;
        v = (ActivityRows *)rows;
        v->n_max = n_steps;
        v->steps = vec_alloc_zero(n_steps, sizeof(*v->steps));
        r = v->steps ? engine_events_open(scase, selection, whats, n_whats, &events, error)
                     : engine_fail(error, -ENOMEM, "%s", strerror(ENOMEM));
        if (r == 0) {
                count_all(v, scase->store, &events);
                engine_events_close(&events);
                r = engine_check_store(scase->store, SPOOR_E_CORRUPT, error);
        }
        if (r) {
                spoor_rows_free(rows);
                return r;
        }
        *ret_rows = rows;
        return 0;
}
