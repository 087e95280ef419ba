/* How events are spread over accounts, regions, files and time.
 *
 * A stream is one account in one region; streams share events by a power law and share files
 * evenly, as CloudTrail delivers for each region at the same pace. Within a stream the files divide
 * the span into equal slices. The number of events before file r has a closed form (an even share
 * plus a hashed wobble), so file r can be written knowing nothing of the others, and from a time
 * one finds the event near it: both O(1). Memory is a few bytes a stream, whatever N and M.
 * Immutable after plan_init; shared by all threads. */
#include "plan.h"

#include <stdlib.h>

#include "rng.h"

enum { UNIT = 1000, WOBBLE = 600 };

static const char *const regions[] = {"us-east-1", "eu-west-1", "us-west-2", "eu-central-1",
                "ap-southeast-2", "us-east-2", "ap-south-1", "eu-north-1", "ap-northeast-1",
                "sa-east-1", "ca-central-1", "eu-west-3"};

enum { N_REGIONS = sizeof regions / sizeof *regions };

const char *plan_region(const Plan *plan, uint32_t region) {
        return plan->p.region_names ? plan->p.region_names[region] : regions[region];
}

static uint32_t regions_of(const Params *p, uint32_t account) {
        uint32_t n = account == 0 ? 6 : 1 + (uint32_t)(rng_hash(p->seed, 1, account, 0) % 4);

        if (p->region_names || (p->n_regions && p->n_regions < n))
                n = p->n_regions;
        return p->region_names || n < N_REGIONS ? n : N_REGIONS;
}

/* Weight of a stream: falls with the account's rank, and off its home region. */
static uint64_t weight_of(uint32_t account, uint32_t k) {
        return 1000000 / (account + 1) / (k ? (k + 1) * 3 : 1) + 1;
}

static void share_files(Plan *plan) {
        for (uint32_t s = 0; s < plan->n_streams; s++)
                plan->streams[s].n_files = plan->p.n_files / plan->n_streams +
                                           (s < plan->p.n_files % plan->n_streams);
}

static void share_events(Plan *plan) {
        uint64_t n = plan->p.n_events, done = 0, total = 0, before = 0;
        bool floor_one = n >= plan->p.n_files;
        uint64_t spare = floor_one ? n - plan->p.n_files : n;

        for (uint32_t s = 0; s < plan->n_streams; s++)
                total += plan->streams[s].n_events;
        for (uint32_t s = 0; s < plan->n_streams; s++) {
                Stream *st = &plan->streams[s];

                before += st->n_events;
                /* The running total is rounded, not the share, so that the sum is exact. */
                uint64_t upto = (uint64_t)((unsigned __int128)spare * before / total);
                st->n_events = upto - done + (floor_one ? st->n_files : 0);
                done = upto;
        }
}

bool plan_init(Plan *plan, const Params *p) {
        uint64_t n = 0, at = 0;

        *plan = (Plan){.p = *p};
        for (uint32_t a = 0; a < p->n_accounts; a++)
                n += regions_of(p, a);
        if (n > p->n_files)
                n = p->n_files;
        plan->streams = calloc(n, sizeof *plan->streams);
        plan->homes = calloc(p->n_accounts, sizeof *plan->homes);
        if (!plan->streams || !plan->homes) {
                plan_deinit(plan);
                return false;
        }
        for (uint32_t a = 0; a < p->n_accounts && at < n; a++) {
                plan->homes[a] = (uint32_t)at;
                plan->n_accounts++;
                for (uint32_t k = 0; k < regions_of(p, a) && at < n; k++, at++)
                        plan->streams[at] = (Stream){
                                        .account = a,
                                        .region = k,
                                        .home = plan->homes[a],
                                        .n_events = weight_of(a, k),
                        };
        }
        plan->n_streams = (uint32_t)at;
        share_files(plan);
        share_events(plan);
        return true;
}

void plan_deinit(Plan *plan) {
        free(plan->streams);
        free(plan->homes);
        *plan = (Plan){0};
}

uint64_t plan_first(const Plan *plan, uint32_t stream, uint64_t r) {
        const Stream *st = &plan->streams[stream];
        bool floor_one = plan->p.n_events >= plan->p.n_files;
        uint64_t spare = st->n_events - (floor_one ? st->n_files : 0);
        uint64_t w = r * UNIT;

        if (r >= st->n_files)
                return st->n_events;
        if (r)
                w += rng_scale(rng_hash(plan->p.seed, 2, stream, r), WOBBLE);
        return (floor_one ? r : 0) +
               (uint64_t)((unsigned __int128)spare * w / (st->n_files * UNIT));
}

uint64_t plan_file_of(const Plan *plan, uint32_t stream, uint64_t number) {
        const Stream *st = &plan->streams[stream];
        uint64_t r = (uint64_t)((unsigned __int128)number * st->n_files / st->n_events);

        if (r >= st->n_files)
                r = st->n_files - 1;
        while (r && plan_first(plan, stream, r) > number)
                r--;
        while (r + 1 < st->n_files && plan_first(plan, stream, r + 1) <= number)
                r++;
        return r;
}

int64_t plan_even_time(const Plan *plan, uint32_t stream, uint64_t number) {
        const Stream *st = &plan->streams[stream];
        uint64_t r = plan_file_of(plan, stream, number), first = plan_first(plan, stream, r);
        uint64_t n = plan_first(plan, stream, r + 1) - first;
        uint64_t jitter = rng_hash(plan->p.seed, 3, stream, number) >> 40;
        unsigned __int128 place = ((unsigned __int128)(number - first) << 24) + jitter;

        place = (((unsigned __int128)r * n) << 24) + place;
        return (int64_t)((unsigned __int128)plan->p.span * place / st->n_files / n >> 24);
}

bool plan_number_at(const Plan *plan, uint32_t stream, int64_t even, uint64_t *ret_number) {
        const Stream *st = &plan->streams[stream];
        unsigned __int128 place;
        uint64_t r, first, n;

        if (even < 0 || even >= plan->p.span || !st->n_events)
                return false;
        place = (unsigned __int128)even * st->n_files;
        r = (uint64_t)(place / (uint64_t)plan->p.span);
        first = plan_first(plan, stream, r);
        n = plan_first(plan, stream, r + 1) - first;
        if (!n)
                return false;
        *ret_number = first +
                      (uint64_t)((place % (uint64_t)plan->p.span) * n / (uint64_t)plan->p.span);
        return true;
}

int64_t plan_clock(const Plan *plan, int64_t even) {
        /* Share of a day's events in each hour, UTC; the sum is 2400. */
        static const uint8_t hour[24] = {60, 52, 48, 46, 48, 56, 72, 94, 122, 138, 142, 138, 130,
                        138, 144, 146, 140, 128, 112, 100, 92, 86, 94, 74};
        int64_t day = even / 86400, rest = even % 86400 * 2400 / 864, h = 0;

        /* rest runs over 0..240000: hundredths of the shares above. */
        while (h < 23 && rest >= hour[h] * 100)
                rest -= hour[h++] * 100;
        return plan->p.start + day * 86400 + h * 3600 + rest * 36 / hour[h];
}

int64_t plan_file_end(const Plan *plan, uint32_t stream, uint64_t r) {
        const Stream *st = &plan->streams[stream];
        int64_t even = (int64_t)((unsigned __int128)plan->p.span * (r + 1) / st->n_files);

        return plan_clock(plan, even ? even - 1 : 0);
}

bool plan_is_issue(uint64_t number) {
        return number % ISSUE_EVERY == ISSUE_AT;
}

bool plan_is_duplicated(const Plan *plan, uint32_t stream, uint64_t number) {
        return rng_scale(rng_hash(plan->p.seed, 4, stream, number), 1000) <
               plan->p.duplicates_permille;
}
