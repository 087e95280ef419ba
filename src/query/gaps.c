/*
 * Gaps as they stand in the store, and events by the table below: what stops a trail or a data
 * store, takes an account out of an organisation (and so out of its trail), or changes what a trail
 * records. What happens to the bucket or the key of a trail is not among them: no record of such a
 * call says that it is a trail's.
 */
#include "query/gaps.h"

#include <errno.h>
#include <stdlib.h>

#include "base/time.h"
#include "base/vec.h"
#include "query/selection.h"

#define DAY (86400 * TIME_SECOND)

static const struct {
        const char *service, *name;
        GapKind kind;
} switches[] = {
                {"cloudtrail.amazonaws.com", "StopLogging", GAP_STOPPED},
                {"cloudtrail.amazonaws.com", "DeleteTrail", GAP_STOPPED},
                {"cloudtrail.amazonaws.com", "StopEventDataStoreIngestion", GAP_STOPPED},
                {"cloudtrail.amazonaws.com", "DeleteEventDataStore", GAP_STOPPED},
                {"organizations.amazonaws.com", "LeaveOrganization", GAP_STOPPED},
                {"organizations.amazonaws.com", "RemoveAccountFromOrganization", GAP_STOPPED},
                {"organizations.amazonaws.com", "DeleteOrganization", GAP_STOPPED},
                {"organizations.amazonaws.com", "DisableAWSServiceAccess", GAP_CHANGED},
                {"cloudtrail.amazonaws.com", "UpdateTrail", GAP_CHANGED},
                {"cloudtrail.amazonaws.com", "PutEventSelectors", GAP_CHANGED},
                {"cloudtrail.amazonaws.com", "UpdateEventDataStore", GAP_CHANGED},
                {"cloudtrail.amazonaws.com", "StartLogging", GAP_STARTED},
                {"cloudtrail.amazonaws.com", "StartEventDataStoreIngestion", GAP_STARTED},
                {"cloudtrail.amazonaws.com", "RestoreEventDataStore", GAP_STARTED},
};

typedef VEC(Gap) Gaps;

const char *gap_kind_name(GapKind kind) {
        static const char *const names[N_GAP_KINDS] = {"no-delivery", "delivery-ended", "no-events",
                        "logging-stopped", "logging-changed", "logging-started"};

        return names[kind];
}

static int add(Gaps *gaps, Gap gap) {
        if (vec_reserve(gaps, 1) < 0)
                return -ENOMEM;
        gaps->data[gaps->size++] = gap;
        return 0;
}

static int add_events(Store *store, size_t i, Gaps *gaps) {
        uint32_t name = store_find_string(store, slice_cstr(switches[i].name));
        uint32_t service = store_find_string(store, slice_cstr(switches[i].service));
        uint32_t value, event;
        StorePostings list;
        int r = 0;

        if (name == STORE_NONE || service == STORE_NONE)
                return 0;
        value = store_dim_find(store, STORE_DIM_EVENT, name);
        if (value == STORE_NONE)
                return 0;
        store_postings(store, STORE_DIM_EVENT, value, &list);
        while (r == 0 && store_postings_next(&list, &event)) {
                int64_t time = store_time(store, event);

                if (store_dim_of(store, STORE_DIM_SERVICE, event) == service)
                        r = add(gaps, (Gap){switches[i].kind, event, time, time});
        }
        return r;
}

static int compare_gaps(const void *a, const void *b) {
        const Gap *x = a, *y = b;

        if (x->from != y->from)
                return x->from < y->from ? -1 : 1;
        if (x->to != y->to)
                return x->to < y->to ? -1 : 1;
        if (gap_is_event(x) != gap_is_event(y))
                return gap_is_event(x) ? 1 : -1;
        return (x->number > y->number) - (x->number < y->number);
}

int gaps_list(Store *store, Gap **ret_gaps, size_t *ret_n) {
        uint64_t n = store_n_gaps(store);
        Gaps gaps = {0};
        int r = 0;

        for (uint64_t i = 0; i < n && r == 0; i++) {
                StoreGap gap = store_gap(store, i);

                r = add(&gaps, (Gap){(GapKind)gap.kind, i, gap.from, gap.to});
        }
        for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]) && r == 0; i++)
                r = add_events(store, i, &gaps);
        if (r < 0) {
                vec_deinit(&gaps);
                return r;
        }
        if (gaps.size)
                qsort(gaps.data, gaps.size, sizeof(*gaps.data), compare_gaps);
        *ret_gaps = gaps.data;
        *ret_n = gaps.size;
        return 0;
}

bool gap_is_loss(Store *store, const Gap *gap) {
        uint32_t result;

        if (!gap_is_event(gap))
                return true;
        if (gap->kind != GAP_STOPPED)
                return false;
        result = store_tuple(store, STORE_RESULT, (uint32_t)gap->number);
        return slice_equal(store_string(store, store_field(store, STORE_RESULT, result,
                                                               STORE_RESULT_OUTCOME)),
                        SLICE_LITERAL("success"));
}

static bool takes(const Selection *selection, StoreDim dim, Slice text) {
        return selection->dims[dim].size == 0 ||
               (text.size && patterns_match(&selection->dims[dim], text));
}

/* The first day of the store from (ACCOUNT, REGION, DAY) on. */
static uint64_t find_day(Store *store, Slice account, Slice region, int64_t day) {
        uint64_t low = 0, high = store_n_days(store);

        while (low < high) {
                uint64_t middle = low + (high - low) / 2;
                StoreDay at = store_day(store, middle);
                int r = slice_compare(at.account, account);

                r = r ? r : slice_compare(at.region, region);
                if (r < 0 || (r == 0 && at.day < day))
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/*
 * Until when logging that EVENT stopped may have stood still: until a later day on which its
 * account has events in its region again.
 */
static int64_t silent_until(Store *store, uint32_t event) {
        Slice account = store_string(store, store_dim_of(store, STORE_DIM_ACCOUNT, event));
        Slice region = store_string(store, store_dim_of(store, STORE_DIM_REGION, event));
        int64_t time = store_time(store, event), day = time / DAY - (time % DAY < 0);
        uint64_t n_days = store_n_days(store);

        for (uint64_t i = find_day(store, account, region, day + 1); i < n_days; i++) {
                StoreDay at = store_day(store, i);

                if (!slice_equal(at.account, account) || !slice_equal(at.region, region))
                        break;
                if (at.n_events)
                        return __builtin_mul_overflow(at.day, DAY, &time) ? INT64_MAX : time;
        }
        return INT64_MAX;
}

/* Is it over when FROM comes? */
static bool is_over(Store *store, const Gap *gap, int64_t from) {
        if (gap->from >= from)
                return false;
        if (gap->kind == GAP_STOPPED)
                return silent_until(store, (uint32_t)gap->number) <= from;
        return gap->to <= from;
}

bool gap_touches(Store *store, const Gap *gap, const Selection *s) {
        StoreGap of_store;
        WhereWindow window;

        if (!s)
                return true;
        window = selection_window(s, store);
        if ((window.has_to && gap->from >= window.to) ||
                        (window.has_from && is_over(store, gap, window.from)))
                return false;
        if (gap_is_event(gap))
                return true;
        of_store = store_gap(store, gap->number);
        return takes(s, STORE_DIM_ACCOUNT, of_store.account) &&
               takes(s, STORE_DIM_REGION, of_store.region);
}
