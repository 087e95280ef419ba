/*
 * Reconnaissance: who a credential is (GetCallerIdentity), and what it looks at next.
 *
 * A run begins with GetCallerIdentity and goes on with calls that look around (what the catalogue
 * calls reconnaissance, and List*, Get*, Describe* that it does not know) of the same credential
 * for as long as no more than PAUSE passes between two of them; other calls in between do not end
 * it. A credential is an access key, or where there is none an ARN, or a principal. Runs of nothing
 * but GetCallerIdentity are none. Only calls of runs are kept while walking: eight bytes each.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/sort.h"
#include "base/time.h"
#include "query/profile-private.h"

#define PAUSE (15 * 60 * TIME_SECOND)

static int credential_of(ProfileWalk *w, uint32_t identity, Credential **ret) {
        uint32_t *place = &w->credential_of[identity];

        if (!*place) {
                static const unsigned fields[] = {EVENT_ID_KEY, EVENT_ID_ARN, STORE_ID_PRINCIPAL};
                uint32_t name[2] = {identity, 3}, string;
                ValueRow *row;

                for (unsigned i = 0; i < 3 && name[1] == 3; i++) {
                        string = profile_field(w->store, STORE_IDENTITY, identity, fields[i]);
                        if (string != STORE_NONE) {
                                name[0] = string;
                                name[1] = i;
                        }
                }

                if (tally_row(&w->credential_names, name, 0, &row) < 0 ||
                                vec_reserve(&w->credentials, 1) < 0)
                        return -ENOMEM;
                *place = (uint32_t)(row - w->credential_names.rows.data) + 1;
                if (*place > w->credentials.size)
                        w->credentials.data[w->credentials.size++] = (Credential){STORE_NONE, 0};
        }
        *ret = &w->credentials.data[*place - 1];
        return 0;
}

int profile_count_run(ProfileWalk *w, const ProfileEvent *e) {
        Credential *credential;

        if (credential_of(w, e->identity, &credential) < 0)
                return -ENOMEM;
        if (credential->run != STORE_NONE && (uint64_t)e->time - (uint64_t)credential->last > PAUSE)
                credential->run = STORE_NONE;
        if (credential->run == STORE_NONE) {
                if (!(e->mark & CALL_IS_CALLER))
                        return 0;
                credential->run = w->n_runs++;
        }
        credential->last = e->time;
        if (vec_reserve(&w->run_calls, 1) < 0)
                return -ENOMEM;
        w->run_calls.data[w->run_calls.size++] = (RunCall){credential->run, e->event};
        return 0;
}

/* How many of the strings under DIM are distinct; NAMES, where not NULL, gets them. */
static int count_distinct(ProfileWalk *w, StoreDim dim, const SortKey *calls, size_t n,
                uint32_t *stamps, uint32_t stamp, Numbers *names, uint32_t *ret_n) {
        *ret_n = 0;
        for (size_t i = 0; i < n; i++) {
                uint32_t string = store_dim_of(w->store, dim, calls[i].index);

                if (string >= store_n_strings(w->store) || stamps[string] == stamp)
                        continue;
                stamps[string] = stamp;
                ++*ret_n;
                if (names && numbers_push(names, string) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static void count_outcomes(ProfileWalk *w, const SortKey *calls, size_t n, ProfileRun *run) {
        run->stats.first = calls[0].index;
        run->stats.last = calls[n - 1].index;
        run->stats.n_events = (uint32_t)n;
        for (size_t i = 0; i < n; i++) {
                uint32_t result = store_tuple(w->store, STORE_RESULT, calls[i].index);
                Outcome outcome = result < w->n_results ? w->outcomes[result] : OUTCOME_UNKNOWN;

                run->stats.n_denied += outcome == OUTCOME_DENIED;
                run->stats.n_failed += outcome == OUTCOME_FAILURE;
        }
}

/* The calls of one run, in order of time. */
static int make_run(ProfileWalk *w, const SortKey *calls, size_t n, uint32_t *stamps) {
        Profile *p = w->profile;
        uint32_t stamp = 3 * (uint32_t)p->runs.size + 1;
        ProfileRun run = {.first_name = (uint32_t)p->names.size};
        int r = count_distinct(
                        w, STORE_DIM_EVENT, calls, n, stamps, stamp, &p->names, &run.n_names);

        if (r == 0)
                r = count_distinct(w, STORE_DIM_REGION, calls, n, stamps, stamp + 1, NULL,
                                &run.n_regions);
        if (r == 0)
                r = count_distinct(w, STORE_DIM_IP, calls, n, stamps, stamp + 2, NULL,
                                &run.n_addresses);
        if (r < 0)
                return r;
        count_outcomes(w, calls, n, &run);
        run.key = store_dim_of(w->store, STORE_DIM_KEY, run.stats.first);
        run.principal = store_dim_of(w->store, STORE_DIM_PRINCIPAL, run.stats.first);
        run.ip = store_ip(w->store, run.stats.first);
        if (vec_reserve(&p->runs, 1) < 0)
                return -ENOMEM;
        p->runs.data[p->runs.size++] = run;
        return 0;
}

static bool is_more_than_caller(ProfileWalk *w, const SortKey *calls, size_t n) {
        for (size_t i = 0; i < n; i++) {
                uint32_t call = store_tuple(w->store, STORE_CALL, calls[i].index);

                if (call < w->n_calls && !(w->call_infos[call].mark & CALL_IS_CALLER))
                        return true;
        }
        return false;
}

int profile_make_runs(ProfileWalk *w) {
        size_t n = w->run_calls.size;
        SortKey *calls = vec_alloc(n, sizeof(*calls));
        uint32_t *stamps = vec_alloc_zero(store_n_strings(w->store), sizeof(*stamps));
        int r = calls && stamps ? 0 : -ENOMEM;

        for (size_t i = 0; i < n && r == 0; i++)
                calls[i] = (SortKey){w->run_calls.data[i].run, w->run_calls.data[i].event, 0,
                                w->run_calls.data[i].event};
        if (r == 0)
                r = sort_keys(calls, n, &(SortOrder){0}, 1);
        for (size_t first = 0, end; first < n && r == 0; first = end) {
                for (end = first + 1; end < n && calls[end].a == calls[first].a; end++)
                        ;
                if (is_more_than_caller(w, calls + first, end - first))
                        r = make_run(w, calls + first, end - first, stamps);
        }
        free(calls);
        free(stamps);
        return r;
}
