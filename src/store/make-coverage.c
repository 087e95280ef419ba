/*
 * What the evidence covers: for each account in each region (a series) and each day the events, by
 * eventTime, and the files, by the delivery that their names tell; and where there are gaps
 * (make-gaps.c).
 *
 * `pairs` numbers the series, of calls and of names alike, by their texts; sorted by those they get
 * their final numbers. Deliveries are sort keys: a is the series and the minute, b and the tie the
 * unique part of the name, so that a file that was copied counts once. Days are sort keys too: a is
 * series and day, b how many, source which of the two.
 *
 * Two passes over one column of the events, which stand in order of time, and sorts of the names.
 */
#include "store/make-coverage.h"

#include <errno.h>

#include "base/intern.h"
#include "event/delivery.h"
#include "store/make.h"

#define SECOND INT64_C(1000000000)
#define DAY_NS (86400 * SECOND)
#define BIAS UINT32_C(0x80000000) /* days and minutes before 1970 sort first */

enum { OF_EVENTS, OF_FILES };

typedef struct Coverage {
        Store *store;
        Space *space;
        unsigned n_threads;
        Intern pairs;         /* length of the account, account, region */
        uint32_t *numbers;    /* of the pairs: their series */
        uint32_t *call_pairs; /* of each call: its pair, then its series */
        SortKey *deliveries;
        uint64_t n_deliveries;
        SortKey *days;
        uint64_t n_days;
        ImageSeries *series; /* final */
        Gaps gaps;
} Coverage;

/* ---- series ---- */

static int add_pair(Coverage *c, Slice account, Slice region, uint32_t *ret) {
        char small[256], *key = small;
        uint32_t size = (uint32_t)account.size;
        size_t n = sizeof(size) + account.size + region.size;
        int r;

        if (n > sizeof(small))
                key = vec_alloc(n, 1);
        if (!key)
                return -ENOMEM;
        memcpy(key, &size, sizeof(size));
        if (account.size)
                memcpy(key + sizeof(size), account.data, account.size);
        if (region.size)
                memcpy(key + sizeof(size) + account.size, region.data, region.size);
        r = intern_add(&c->pairs, slice(key, n), ret, NULL);
        if (key != small)
                free(key);
        return r;
}

static void pair_texts(const Coverage *c, uint32_t pair, Slice *ret_account, Slice *ret_region) {
        Slice key = c->pairs.strings.data[pair];
        uint32_t size;

        memcpy(&size, key.data, sizeof(size));
        *ret_account = slice(key.data + sizeof(size), size);
        *ret_region = slice(ret_account->data + size, key.size - sizeof(size) - size);
}

static Slice call_text(const Store *store, uint32_t call, unsigned field) {
        uint32_t string = image_field(store, STORE_CALL, call, field);

        return string == STORE_NONE ? (Slice){NULL, 0} : image_string(store, string);
}

static Slice file_name(Store *store, uint32_t file) {
        return store_file(store, file).name;
}

/* Pairs of calls and of names of files; deliveries with their pairs in place of series. */
static int list_pairs(Coverage *c) {
        Store *store = c->store;
        int r = 0;

        c->call_pairs = space_alloc(c->space, store->meta.n_calls, sizeof(*c->call_pairs));
        c->deliveries = c->call_pairs ? space_alloc(c->space, store->meta.n_files,
                                                        sizeof(*c->deliveries))
                                      : NULL;
        if (!c->deliveries)
                return -errno;
        for (uint32_t i = 0; i < store->meta.n_calls && r == 0; i++)
                r = add_pair(c, call_text(store, i, EVENT_CALL_ACCOUNT),
                                call_text(store, i, EVENT_CALL_REGION), &c->call_pairs[i]);
        for (uint32_t i = 0; i < store->meta.n_files && r == 0; i++) {
                EventDelivery d;
                uint32_t pair, minute;

                if (!event_delivery(file_name(store, i), &d) || !event_delivery_is_log(&d))
                        continue;
                r = add_pair(c, d.account, d.region, &pair);
                minute = (uint32_t)(d.time / (60 * SECOND)) + BIAS;
                if (r == 0)
                        c->deliveries[c->n_deliveries++] = (SortKey){(uint64_t)pair << 32 | minute,
                                        sort_prefix(d.unique, 0), 0, i};
        }
        return r;
}

static int compare_pairs(const void *ctx, const SortKey *x, const SortKey *y) {
        Slice account_x, region_x, account_y, region_y;
        int r;

        pair_texts(ctx, x->index, &account_x, &region_x);
        pair_texts(ctx, y->index, &account_y, &region_y);
        r = slice_compare(account_x, account_y);
        return r ? r : slice_compare(region_x, region_y);
}

/* Pairs become series: in the image, in `numbers`, and wherever a pair stands. */
static int number_series(Coverage *c, SortKey *keys) {
        SortOrder order = {compare_pairs, c};
        uint32_t n = (uint32_t)intern_size(&c->pairs);
        uint64_t sizes[IMAGE_N_SECTIONS] = {[IMAGE_SERIES] = n * sizeof(ImageSeries)}, at = 0;
        Slice account, region;
        char *texts;
        int r;

        for (uint32_t i = 0; i < n; i++) {
                pair_texts(c, i, &account, &region);
                keys[i] = (SortKey){sort_prefix(account, 0), sort_prefix(account, 1), 0, i};
                sizes[IMAGE_SERIES_TEXT] += account.size + region.size;
        }
        r = sort_keys(keys, n, &order, 1);
        if (r == 0)
                r = image_extend(c->store, sizes);
        if (r < 0)
                return r;
        c->series = image_writable(c->store, IMAGE_SERIES);
        texts = image_writable(c->store, IMAGE_SERIES_TEXT);
        for (uint32_t i = 0; i < n; i++) {
                pair_texts(c, keys[i].index, &account, &region);
                c->numbers[keys[i].index] = i;
                c->series[i] = (ImageSeries){at, (uint32_t)account.size, (uint32_t)region.size};
                memcpy(texts + at, account.data, account.size + region.size);
                at += account.size + region.size;
        }
        for (uint64_t i = 0; i < c->store->meta.n_calls; i++)
                c->call_pairs[i] = c->numbers[c->call_pairs[i]];
        for (uint64_t i = 0; i < c->n_deliveries; i++) {
                SortKey *key = &c->deliveries[i];

                key->a = (uint64_t)c->numbers[key->a >> 32] << 32 | (uint32_t)key->a;
        }
        return 0;
}

static int make_series(Coverage *c) {
        SortKey *keys = NULL;
        int r = list_pairs(c);

        if (r < 0)
                return r;
        c->numbers = vec_alloc(intern_size(&c->pairs), sizeof(*c->numbers));
        keys = vec_alloc(intern_size(&c->pairs), sizeof(*keys));
        r = c->numbers && keys ? number_series(c, keys) : -ENOMEM;
        free(keys);
        return r;
}

/* ---- deliveries ---- */

static Slice unique_of(const Coverage *c, const SortKey *key) {
        EventDelivery d = {0};

        event_delivery(file_name(c->store, key->index), &d);
        return d.unique;
}

static int compare_deliveries(const void *ctx, const SortKey *x, const SortKey *y) {
        return slice_compare(unique_of(ctx, x), unique_of(ctx, y));
}

static int sort_deliveries(Coverage *c) {
        SortOrder order = {compare_deliveries, c};
        uint64_t n = 0;
        int r = sort_keys_in(c->space, c->deliveries, c->n_deliveries, &order, c->n_threads);

        for (uint64_t i = 0; i < c->n_deliveries && r == 0; i++) {
                if (n == 0 || sort_compare(&order, &c->deliveries[n - 1], &c->deliveries[i]) != 0)
                        c->deliveries[n++] = c->deliveries[i];
        }
        c->n_deliveries = n;
        return r;
}

/* Seconds since 1970. */
static int64_t delivery_time(const SortKey *key) {
        return ((int64_t)(uint32_t)key->a - BIAS) * 60;
}

/* ---- days ---- */

static int64_t day_of(int64_t time) {
        return time / DAY_NS - (time % DAY_NS < 0);
}

static uint64_t day_key(uint64_t series, int64_t day) {
        return series << 32 | ((uint32_t)day + BIAS);
}

/* Events that lie on one day with the first: the first behind them. */
static uint32_t end_of_day(Store *store, int64_t day) {
        int64_t next;

        return __builtin_mul_overflow(day + 1, DAY_NS, &next) ? store_n_events(store)
                                                              : store_lower_bound(store, next);
}

/* How many events each series has on each day: into KEYS where they are not NULL. */
static uint64_t count_events(
                const Coverage *c, uint32_t *counts, uint32_t *touched, SortKey *keys) {
        ImageColumn calls = image_column_of(c->store, IMAGE_EVENT_CALL);
        uint32_t n_events = store_n_events(c->store);
        uint64_t n = 0;

        for (uint32_t at = 0, end; at < n_events; at = end) {
                int64_t day = day_of(store_time(c->store, at));
                uint32_t n_touched = 0;

                end = end_of_day(c->store, day);
                for (uint32_t i = at; i < end; i++) {
                        uint32_t series = c->call_pairs[image_column_at(calls, i)];

                        if (!counts[series]++)
                                touched[n_touched++] = series;
                }
                for (uint32_t t = 0; t < n_touched; t++, n++) {
                        if (keys)
                                keys[n] = (SortKey){day_key(touched[t], day), counts[touched[t]],
                                                OF_EVENTS, 0};
                        counts[touched[t]] = 0;
                }
        }
        return n;
}

/* Deliveries of one series on one day stand together. */
static uint64_t count_files(const Coverage *c, SortKey *keys) {
        uint64_t n = 0, last = 0;

        for (uint64_t i = 0; i < c->n_deliveries; i++) {
                int64_t day = day_of(delivery_time(&c->deliveries[i]) * SECOND);
                uint64_t key = day_key(c->deliveries[i].a >> 32, day);

                if (n == 0 || key != last)
                        n++;
                last = key;
                if (!keys)
                        continue;
                if (keys[n - 1].a != key || keys[n - 1].source != OF_FILES)
                        keys[n - 1] = (SortKey){key, 0, OF_FILES, 0};
                keys[n - 1].b++;
        }
        return n;
}

static int list_days(Coverage *c) {
        size_t n_series = intern_size(&c->pairs);
        uint32_t *counts = vec_alloc_zero(n_series, sizeof(*counts));
        uint32_t *touched = vec_alloc(n_series, sizeof(*touched));
        SortOrder order = {NULL, NULL};
        uint64_t n;
        int r = counts && touched ? 0 : -ENOMEM;

        if (r == 0) {
                n = count_events(c, counts, touched, NULL);
                c->n_days = n + count_files(c, NULL);
                c->days = space_alloc_zero(c->space, c->n_days, sizeof(*c->days));
                r = c->days ? 0 : -errno;
        }
        if (r == 0) {
                count_events(c, counts, touched, c->days);
                count_files(c, c->days + n);
                r = sort_keys_in(c->space, c->days, c->n_days, &order, c->n_threads);
        }
        free(counts);
        free(touched);
        return r;
}

static int write_days(Coverage *c) {
        uint64_t sizes[IMAGE_N_SECTIONS] = {0}, n = 0;
        ImageDay *days;
        int r;

        for (uint64_t i = 0; i < c->n_days; i++)
                n += i == 0 || c->days[i].a != c->days[i - 1].a;
        sizes[IMAGE_DAYS] = n * sizeof(*days);
        r = image_extend(c->store, sizes);
        if (r < 0)
                return r;
        days = image_writable(c->store, IMAGE_DAYS);
        n = 0;
        for (uint64_t i = 0; i < c->n_days; i++) {
                const SortKey *key = &c->days[i];

                if (i == 0 || key->a != c->days[i - 1].a)
                        days[n++] = (ImageDay){.series = (uint32_t)(key->a >> 32),
                                        .day = (int32_t)((uint32_t)key->a - BIAS)};
                if (key->source == OF_EVENTS)
                        days[n - 1].n_events = (uint32_t)key->b;
                else
                        days[n - 1].n_files = (uint32_t)key->b;
        }
        return 0;
}

/* ---- gaps ---- */

/* When the series was delivered, from *AT on, each minute once; *AT moves behind it. */
static size_t take_times(const Coverage *c, uint32_t series, uint64_t *at, int64_t *times) {
        size_t n = 0;

        for (; *at < c->n_deliveries && c->deliveries[*at].a >> 32 == series; ++*at) {
                int64_t time = delivery_time(&c->deliveries[*at]);

                if (n == 0 || times[n - 1] != time)
                        times[n++] = time;
        }
        return n;
}

static int find_gaps(Coverage *c) {
        const ImageDay *days = image_writable(c->store, IMAGE_DAYS);
        uint64_t n_days = c->store->sections[IMAGE_DAYS].size / sizeof(*days), day = 0, at = 0;
        int64_t *times = space_alloc(c->space, c->n_deliveries, sizeof(*times));
        GapSeries s = {.deliveries = times, .last = INT64_MIN};
        int r = times ? 0 : -errno;

        for (uint64_t i = 0; i < c->n_deliveries; i++) {
                int64_t time = delivery_time(&c->deliveries[i]);

                s.last = time > s.last ? time : s.last;
        }
        for (; s.series < intern_size(&c->pairs) && r == 0; s.series++) {
                uint64_t first = day;

                while (day < n_days && days[day].series == s.series)
                        day++;
                s.days = days + first;
                s.n_days = day - first;
                s.n_deliveries = take_times(c, s.series, &at, times);
                r = gaps_find(&s, &c->gaps);
        }
        space_release(c->space, times);
        return r;
}

static int write_gaps(Coverage *c) {
        uint64_t sizes[IMAGE_N_SECTIONS] = {[IMAGE_GAPS] = c->gaps.size * sizeof(ImageGap)};
        int r = image_extend(c->store, sizes);

        gaps_sort(&c->gaps);
        if (r == 0 && c->gaps.size)
                memcpy(image_writable(c->store, IMAGE_GAPS), c->gaps.data, sizes[IMAGE_GAPS]);
        return r;
}

int image_index_coverage(Store *store, unsigned n_threads, Space *space) {
        Coverage c = {.store = store, .space = space, .n_threads = n_threads};
        int r = make_series(&c);

        if (r == 0)
                r = sort_deliveries(&c);
        if (r == 0)
                r = list_days(&c);
        if (r == 0)
                r = write_days(&c);
        if (r == 0)
                r = find_gaps(&c);
        if (r == 0)
                r = write_gaps(&c);
        intern_deinit(&c.pairs);
        free(c.numbers);
        space_release(space, c.call_pairs);
        space_release(space, c.deliveries);
        space_release(space, c.days);
        vec_deinit(&c.gaps);
        return r;
}
