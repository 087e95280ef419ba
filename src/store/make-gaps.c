/*
 * Where the evidence has gaps: pauses that are long for the account and region that makes them.
 *
 * CloudTrail delivers where something happened, so a pause by itself says nothing: a quiet region
 * is silent for days, and an office every night. What is usual is learned from the series itself.
 * The time from its first to its last delivery is cut into periods (weeks, or days where it is less
 * than four weeks), and of each the longest pause that begins in it is taken. The longest that is
 * usual is what four of five of them do not exceed. A pause is a gap where it is an hour at least,
 * and at least three times as long as that (five times, of days, which know no weekend). A series
 * that has deliveries in less than half of its periods, or in less than three, is not judged.
 *
 * Days without events are told in the same way, of the days that have some: by weeks, and where an
 * interval between two of them is at least twice the longest that is usual. Of less than three
 * weeks they are told where more than six of seven of the other days have events. Where deliveries
 * are missing on one of those days, that is what is told.
 *
 * So each gap can be defended by the numbers beside it. It costs a pass over the deliveries and a
 * sort of the periods.
 */
#include "store/make-coverage.h"

#include <stdlib.h>

#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)
#define WEEK (7 * DAY)
#define LEAST_EVENTS 10 /* that missing days must be worth */

typedef struct Rhythm {
        int64_t usual, longest;
} Rhythm;

static int compare_i64(const void *a, const void *b) {
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x > y) - (x < y);
}

/*
 * The longest usual pause between TIMES, of which there are two at least; SCRATCH is as long as
 * they are. 0 where they are too few or too far between to tell.
 */
static int64_t longest_usual(const int64_t *times, size_t n, int64_t period, int64_t *scratch) {
        uint64_t n_periods = (uint64_t)((times[n - 1] - times[0]) / period) + 1;
        int64_t last = -1;
        size_t n_heard = 0;

        for (size_t i = 0; i + 1 < n; i++) {
                int64_t at = (times[i] - times[0]) / period, pause = times[i + 1] - times[i];

                if (at != last)
                        scratch[n_heard++] = 0;
                if (pause > scratch[n_heard - 1])
                        scratch[n_heard - 1] = pause;
                last = at;
        }
        if (n_heard < 3 || n_heard < n_periods - n_heard)
                return 0;
        qsort(scratch, n_heard, sizeof(*scratch), compare_i64);
        return scratch[4 * (n_heard - 1) / 5];
}

static int64_t median_pause(const int64_t *times, size_t n, int64_t *scratch) {
        for (size_t i = 0; i + 1 < n; i++)
                scratch[i] = times[i + 1] - times[i];
        qsort(scratch, n - 1, sizeof(*scratch), compare_i64);
        return scratch[(n - 1) / 2];
}

static int add(Gaps *gaps, const GapSeries *s, StoreGapKind kind, int64_t from, int64_t to,
                const Rhythm *rhythm) {
        if (vec_reserve(gaps, 1) < 0)
                return -ENOMEM;
        gaps->data[gaps->size++] =
                        (ImageGap){s->series, kind, from, to, rhythm->usual, rhythm->longest};
        return 0;
}

static int find_deliveries(const GapSeries *s, int64_t *scratch, Gaps *gaps) {
        const int64_t *times = s->deliveries;
        size_t n = s->n_deliveries;
        bool by_weeks = n >= 2 && times[n - 1] - times[0] >= 4 * WEEK;
        Rhythm rhythm = {0, n < 2 ? 0 : longest_usual(times, n, by_weeks ? WEEK : DAY, scratch)};
        int64_t least = rhythm.longest * (by_weeks ? 3 : 5);
        size_t first = gaps->size;
        int r = 0;

        if (!rhythm.longest)
                return 0;
        least = least < HOUR ? HOUR : least;
        for (size_t i = 0; i + 1 < n && r == 0; i++) {
                if (times[i + 1] - times[i] >= least)
                        r = add(gaps, s, STORE_GAP_DELIVERY, times[i], times[i + 1], &rhythm);
        }
        if (r == 0 && s->last - times[n - 1] >= least)
                r = add(gaps, s, STORE_GAP_ENDED, times[n - 1], s->last, &rhythm);
        if (r == 0 && gaps->size > first) {
                rhythm.usual = median_pause(times, n, scratch);
                for (size_t i = first; i < gaps->size; i++)
                        gaps->data[i].usual = rhythm.usual;
        }
        return r;
}

/* ---- days ---- */

static bool is_known(const Gaps *gaps, size_t first, int64_t from, int64_t to) {
        for (size_t i = first; i < gaps->size; i++) {
                if (gaps->data[i].from < to && gaps->data[i].to > from)
                        return true;
        }
        return false;
}

/* Has a day between FROM and TO events a week before or after? */
static bool had_in_other_week(const int64_t *days, size_t n, int64_t from, int64_t to) {
        for (int64_t day = from; day < to; day += DAY) {
                const int64_t before = day - WEEK, after = day + WEEK;

                if (bsearch(&before, days, n, sizeof(*days), compare_i64) ||
                                bsearch(&after, days, n, sizeof(*days), compare_i64))
                        return true;
        }
        return false;
}

/* Of evidence of less than three weeks; the pause lies between the days TIMES[i] and [i + 1]. */
static bool is_gap_of_days(const int64_t *times, size_t n, size_t i) {
        int64_t pause = times[i + 1] - times[i];
        int64_t n_others = (times[n - 1] - times[0] + DAY - pause) / DAY + 1;

        return pause > DAY && n >= 7 && (int64_t)n * 7 > n_others * 6 &&
               had_in_other_week(times, n, times[i] + DAY, times[i + 1]);
}

/* Days with events, and how many four of five of them have at least. */
typedef struct Active {
        int64_t *times;
        size_t n;
        int64_t n_events;
} Active;

static void list_active(const GapSeries *s, int64_t *scratch, Active *ret) {
        ret->n = 0;
        for (size_t i = 0; i < s->n_days; i++) {
                if (!s->days[i].n_events)
                        continue;
                scratch[ret->n] = s->days[i].n_events;
                ret->times[ret->n++] = s->days[i].day * DAY;
        }
        if (!ret->n)
                return;
        qsort(scratch, ret->n, sizeof(*scratch), compare_i64);
        ret->n_events = scratch[(ret->n - 1) / 5];
}

/* FIRST is the series' first gap. */
static int find_days(const GapSeries *s, const Active *active, int64_t *scratch, size_t first,
                Gaps *gaps) {
        const int64_t *times = active->times;
        size_t n = active->n, n_known = gaps->size;
        int64_t span = times[n - 1] - times[0] + DAY;
        Rhythm rhythm = {0, span < 3 * WEEK ? 0 : longest_usual(times, n, WEEK, scratch)};
        Rhythm told = {median_pause(times, n, scratch), rhythm.longest ? rhythm.longest : DAY};
        int r = 0;

        if (span >= 3 * WEEK && !rhythm.longest)
                return 0;
        for (size_t i = 0; i + 1 < n && r == 0; i++) {
                int64_t from = times[i] + DAY, to = times[i + 1];
                bool is_gap = rhythm.longest ? to - times[i] >= 2 * rhythm.longest
                                             : is_gap_of_days(times, n, i);

                if (is_gap && (to - from) / DAY * active->n_events >= LEAST_EVENTS &&
                                !is_known(&(Gaps){gaps->data, n_known, 0}, first, from, to))
                        r = add(gaps, s, STORE_GAP_EVENTS, from, to, &told);
        }
        return r;
}

int gaps_find(const GapSeries *s, Gaps *gaps) {
        size_t n_most = s->n_days > s->n_deliveries ? s->n_days : s->n_deliveries;
        int64_t *scratch = vec_alloc(n_most, sizeof(*scratch));
        Active active = {.times = vec_alloc(s->n_days, sizeof(*active.times))};
        size_t first = gaps->size;
        int r = scratch && active.times ? find_deliveries(s, scratch, gaps) : -ENOMEM;

        if (r == 0)
                list_active(s, scratch, &active);
        if (r == 0 && active.n >= 2)
                r = find_days(s, &active, scratch, first, gaps);
        free(scratch);
        free(active.times);
        return r;
}

static int compare_gaps(const void *a, const void *b) {
        const ImageGap *x = a, *y = b;
        int r = compare_i64(&x->from, &y->from);

        r = r ? r : compare_i64(&x->to, &y->to);
        if (r == 0 && x->series != y->series)
                r = x->series < y->series ? -1 : 1;
        return r ? r : (x->kind > y->kind) - (x->kind < y->kind);
}

void gaps_sort(Gaps *gaps) {
        if (gaps->size)
                qsort(gaps->data, gaps->size, sizeof(*gaps->data), compare_gaps);
}
