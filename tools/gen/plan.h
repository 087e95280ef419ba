#ifndef GEN_PLAN_H
#define GEN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum { ISSUE_EVERY = 20, ISSUE_AT = 7, PAIR_EVERY = 10, PAIR_AT = 5 };

/* What is asked for. */
typedef struct Params {
        uint64_t n_events;
        uint64_t n_files;
        uint64_t seed;
        uint32_t n_accounts;
        uint32_t n_regions; /* at most, for an account; 0: by size of account */
        int64_t start;      /* seconds since 1970 */
        int64_t span;       /* seconds */
        uint32_t duplicates_permille;
        uint32_t bytes_per_event;
        bool quiet;           /* for labs: nothing an investigator would have to explain */
        bool management_only; /* no data events */
        const char *const *account_ids;  /* for labs: given instead of drawn; n_accounts of them */
        const char *const *region_names; /* for labs: n_regions of them */
} Params;

/* One account in one region: a series of files, one after the other in time. Its events are
 * numbered from 0, and everything about an event follows from (stream, number). */
typedef struct Stream {
        uint32_t account;
        uint32_t region; /* index into region_name() */
        uint32_t home;   /* the account's first stream */
        uint64_t n_events;
        uint64_t n_files;
} Stream;

typedef struct Plan {
        Params p;
        Stream *streams;
        uint32_t n_streams;
        uint32_t n_accounts; /* that have a stream */
        uint32_t *homes;     /* by account: its first stream */
} Plan;

bool plan_init(Plan *plan, const Params *p);
void plan_deinit(Plan *plan);
const char *plan_region(const Plan *plan, uint32_t region);

/* Number of the first event of file r of a stream; r = n_files gives n_events. */
uint64_t plan_first(const Plan *plan, uint32_t stream, uint64_t r);
uint64_t plan_file_of(const Plan *plan, uint32_t stream, uint64_t number);

/* An event's time on the even clock: seconds from start, before day and night are put in. */
int64_t plan_even_time(const Plan *plan, uint32_t stream, uint64_t number);
/* About the number of the event at that even time; false where the stream has none. */
bool plan_number_at(const Plan *plan, uint32_t stream, int64_t even, uint64_t *ret_number);
/* Real seconds since 1970 of an even time. Monotone. */
int64_t plan_clock(const Plan *plan, int64_t even);
int64_t plan_file_end(const Plan *plan, uint32_t stream, uint64_t r);

bool plan_is_issue(uint64_t number);
bool plan_is_duplicated(const Plan *plan, uint32_t stream, uint64_t number);

#endif
