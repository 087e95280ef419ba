/* Reading the coverage of a sealed store: checked loads, as in store.c. */
#include "store/image.h"

#define SECOND INT64_C(1000000000)

/* Empty is absent. */
static Slice text_at(Store *store, uint64_t at, uint32_t size) {
        const void *p = size ? image_at(store, IMAGE_SERIES_TEXT, at, size) : NULL;

        return p ? slice(p, size) : (Slice){NULL, 0};
}

static void series_at(Store *store, uint32_t series, Slice *ret_account, Slice *ret_region) {
        const ImageSeries *p =
                        image_at(store, IMAGE_SERIES, (uint64_t)series * sizeof(*p), sizeof(*p));

        *ret_account = *ret_region = (Slice){NULL, 0};
        if (!p)
                return;
        *ret_account = text_at(store, p->account_at, p->account_size);
        *ret_region = text_at(store, p->account_at + p->account_size, p->region_size);
}

uint64_t store_n_days(Store *store) {
        return store->sections[IMAGE_DAYS].size / sizeof(ImageDay);
}

StoreDay store_day(Store *store, uint64_t i) {
        const ImageDay *p = image_at(store, IMAGE_DAYS, i * sizeof(*p), sizeof(*p));
        StoreDay day = {0};

        if (!p)
                return day;
        series_at(store, p->series, &day.account, &day.region);
        day.day = p->day;
        day.n_events = p->n_events;
        day.n_files = p->n_files;
        return day;
}

uint64_t store_n_gaps(Store *store) {
        return store->sections[IMAGE_GAPS].size / sizeof(ImageGap);
}

/* Seconds as nanoseconds; what a forged case file says may not fit. */
static int64_t nanoseconds(int64_t seconds) {
        int64_t r;

        return __builtin_mul_overflow(seconds, SECOND, &r) ? seconds < 0 ? INT64_MIN : INT64_MAX
                                                           : r;
}

StoreGap store_gap(Store *store, uint64_t i) {
        const ImageGap *p = image_at(store, IMAGE_GAPS, i * sizeof(*p), sizeof(*p));
        StoreGap gap = {0};

        if (!p)
                return gap;
        if (p->kind >= STORE_N_GAP_KINDS) {
                image_set_fault(store, IMAGE_GAPS);
                return gap;
        }
        gap.kind = (StoreGapKind)p->kind;
        series_at(store, p->series, &gap.account, &gap.region);
        gap.from = nanoseconds(p->from);
        gap.to = nanoseconds(p->to);
        gap.usual = nanoseconds(p->usual);
        gap.longest = nanoseconds(p->longest);
        return gap;
}
