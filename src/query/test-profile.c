/* Profiles of random events against a count by hand, what WHAT is taken for; and when memory ends.
 */
#include "base/test-oom.h"
#include "query/profile.h"
#include "store/test-model.h"

enum {
        N_EVENTS = 400,
        N_KEYS = 6,
        N_IPS = 9,
        N_CALLS = 5,
};

#define DAY (INT64_C(86400) * 1000000000)

static const char *const keys[N_KEYS] = {"AKIA0", "AKIA1", "AKIA2", "ASIA3", "ASIA4", NULL};
static const char *const ips[N_IPS] = {"192.0.2.1", "192.0.2.2", "192.0.3.1", "2001:db8::1",
                "2001:db8:0:1::1", "2001:db8:1::1", "ec2.amazonaws.com", "192.0.2.300", NULL};
static const char *const calls[N_CALLS] = {
                "GetCallerIdentity", "ListFoos", "DescribeBars", "CreateBaz", "PutQux"};

typedef struct World {
        Random random;
        int key[N_EVENTS], ip[N_EVENTS], call[N_EVENTS];
        bool is_denied[N_EVENTS];
        int64_t time[N_EVENTS];
        Store *store;
} World;

static void world_init(World *w, uint64_t seed) {
        Builder *builder;
        uint32_t root, file;
        int64_t time = 5 * DAY;

        *w = (World){.random = {seed}};
        assert_int_equal(builder_new(&builder), 0);
        assert_int_equal(builder_add_root(builder, SLICE_LITERAL("r"), SLICE_LITERAL("/r"), &root),
                        0);
        assert_int_equal(builder_add_file(builder, SLICE_LITERAL("r/f"), root, &file), 0);
        for (int i = 0; i < N_EVENTS; i++) {
                Event event = {.record = (uint32_t)i, .size = 1, .offset = (uint64_t)i};

                time += (int64_t)random_below(&w->random, 40) * 60 * 1000000000;
                event.time = w->time[i] = time;
                w->key[i] = (int)random_below(&w->random, N_KEYS);
                w->ip[i] = (int)random_below(&w->random, N_IPS);
                w->call[i] = (int)random_below(&w->random, N_CALLS);
                w->is_denied[i] = random_below(&w->random, 3) == 0;
                event.ip = slice_cstr(ips[w->ip[i]]);
                event.identity[EVENT_ID_KEY] = slice_cstr(keys[w->key[i]]);
                event.identity[EVENT_ID_USER_NAME] = SLICE_LITERAL("ann");
                event.identity[EVENT_ID_TYPE] = SLICE_LITERAL("IAMUser");
                event.call[EVENT_CALL_SERVICE] = SLICE_LITERAL("foo.amazonaws.com");
                event.call[EVENT_CALL_NAME] = slice_cstr(calls[w->call[i]]);
                event.call[EVENT_CALL_READ_ONLY] =
                                w->call[i] < 3 ? SLICE_LITERAL("true") : SLICE_LITERAL("false");
                if (w->is_denied[i])
                        event.result[EVENT_RESULT_CODE] = SLICE_LITERAL("AccessDenied");
                assert_int_equal(builder_add_event(builder, file, &event), 0);
        }
        assert_int_equal(store_seal(&builder, 1, (StoreRoom){NULL, 1}, NULL, &w->store), 0);
        builder_free(builder);
}

static const ProfileRow *row_of(Store *store, const ProfileRows *rows, const char *text) {
        for (size_t i = 0; i < rows->size; i++) {
                Slice value = rows->data[i].text.data
                                              ? rows->data[i].text
                                              : store_string(store, rows->data[i].strings[0]);

                if (slice_equal(value, slice_cstr(text)))
                        return &rows->data[i];
        }
        return NULL;
}

/* The rows of one table against a count of the events of KEY (-1: all). */
static void check_values(const World *w, const ProfileRows *rows, int key, const int *values,
                const char *const *texts, int n_texts) {
        size_t n_rows = 0;

        for (int v = 0; v < n_texts; v++) {
                StoreStats expected = {0};
                const ProfileRow *row;

                for (int i = 0; i < N_EVENTS; i++) {
                        if (values[i] != v || (key >= 0 && w->key[i] != key))
                                continue;
                        if (!expected.n_events++)
                                expected.first = (uint32_t)i;
                        expected.last = (uint32_t)i;
                        expected.n_denied += w->is_denied[i];
                }
                if (!texts[v] || !expected.n_events)
                        continue;
                n_rows++;
                row = row_of(w->store, rows, texts[v]);
                assert_non_null(row);
                assert_memory_equal(&row->stats, &expected, sizeof(expected));
        }
        assert_int_equal(rows->size, n_rows);
        for (size_t i = 1; i < rows->size; i++)
                assert_true(rows->data[i - 1].stats.first < rows->data[i].stats.first);
}

static void test_values(void **state) {
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                World w;

                world_init(&w, seed);
                for (int key = -1; key < N_KEYS - 1; key++) {
                        Slice what = key < 0 ? SLICE_LITERAL("ann") : slice_cstr(keys[key]);
                        Profile *p;

                        assert_int_equal(profile_new(w.store, NULL, what, &p), 0);
                        assert_int_equal(p->what.kind, key < 0 ? WHAT_NAME : WHAT_KEY);
                        check_values(&w, &p->tables[PROFILE_ADDRESSES], key, w.ip, ips, N_IPS);
                        check_values(&w, &p->tables[PROFILE_KEYS], key, w.key, keys, N_KEYS);
                        assert_int_equal(p->tables[PROFILE_SERVICES].size, 1);
                        profile_free(p);
                }
                store_free(w.store);
        }
}

static void test_networks(void **state) {
        static const struct {
                const char *text;
                const char *members[3];
        } networks[] = {
                        {"192.0.2.0/24", {"192.0.2.1", "192.0.2.2"}},
                        {"192.0.3.0/24", {"192.0.3.1"}},
                        {"2001:db8::/48", {"2001:db8::1", "2001:db8:0:1::1"}},
                        {"2001:db8:1::/48", {"2001:db8:1::1"}},
        };
        Profile *p;
        World w;

        (void)state;
        world_init(&w, 1);
        assert_int_equal(profile_new(w.store, NULL, SLICE_LITERAL("user:ann"), &p), 0);
        assert_int_equal(p->tables[PROFILE_NETWORKS].size, N_ELEMENTS(networks));
        for (size_t i = 0; i < N_ELEMENTS(networks); i++) {
                const ProfileRow *row =
                                row_of(w.store, &p->tables[PROFILE_NETWORKS], networks[i].text);
                uint32_t n_events = 0, n = 0;

                assert_non_null(row);
                for (; n < 3 && networks[i].members[n]; n++)
                        n_events += row_of(w.store, &p->tables[PROFILE_ADDRESSES],
                                        networks[i].members[n])
                                                    ->stats.n_events;
                assert_int_equal(row->n_members, n);
                assert_int_equal(row->stats.n_events, n_events);
        }
        profile_free(p);
        store_free(w.store);
}

/* Days, writes and runs of one key, counted by hand. */
static void test_doings(void **state) {
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                uint32_t n_writes = 0, n_found = 0, n_runs = 0, n_days = 0;
                int64_t last = 0, day = -1;
                int n_looks = -1; /* of the open run, but for GetCallerIdentity */
                Profile *p;
                World w;

                world_init(&w, seed);
                for (int i = 0; i < N_EVENTS; i++) {
                        if (w.key[i] != 0)
                                continue;
                        n_days += w.time[i] / DAY != day;
                        day = w.time[i] / DAY;
                        n_writes += w.call[i] >= 3 && !w.is_denied[i];
                        if (w.call[i] >= 3)
                                continue;
                        if (n_looks >= 0 && w.time[i] - last > 15 * INT64_C(60000000000))
                                n_looks = -1;
                        if (w.call[i] == 0 && n_looks < 0)
                                n_looks = 0;
                        else if (w.call[i] != 0 && n_looks >= 0)
                                n_runs += n_looks++ == 0;
                        last = w.time[i];
                }
                assert_int_equal(profile_new(w.store, NULL, slice_cstr(keys[0]), &p), 0);
                assert_int_equal(p->days.size, n_days);
                assert_int_equal(p->runs.size, n_runs);
                for (size_t i = 0; i < p->writes.size; i++)
                        n_found += p->writes.data[i].stats.n_events;
                assert_int_equal(n_found, n_writes);
                profile_free(p);
                store_free(w.store);
        }
}

static void test_what(void **state) {
        static const struct {
                const char *text;
                WhatKind kind;
                int r;
                bool is_known;
        } cases[] = {
                        {"AKIA0", WHAT_KEY, 0, true},
                        {"user:AKIA0", WHAT_USER, 0, false},
                        {"ann", WHAT_NAME, 0, true},
                        {"role:ann", WHAT_ROLE, 0, false},
                        {"192.0.2.1", WHAT_IP, 0, true},
                        {"192.0.2.9", WHAT_IP, 0, false},
                        {"192.0.2.0/25", WHAT_IP, 0, true},
                        {"198.51.100.0/24", WHAT_IP, 0, false},
                        {"AKIAQQQQQQQQQQQQQQQQ", WHAT_KEY, 0, false},
                        {"i-0123456789abcdef0", WHAT_INSTANCE, 0, false},
                        {"principal:ann", WHAT_PRINCIPAL, 0, false},
                        {"arn:aws:iam::1:user/ann", WHAT_ARN, 0, false},
                        {"somebody", WHAT_NAME, 0, false},
                        {"192.0.2.0/33", WHAT_ANY, WHAT_E_FORM, false},
                        {"key:", WHAT_ANY, WHAT_E_FORM, false},
                        {"", WHAT_ANY, WHAT_E_FORM, false},
        };
        World w;

        (void)state;
        world_init(&w, 1);
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                Profile *p;

                assert_int_equal(profile_new(w.store, NULL, slice_cstr(cases[i].text), &p),
                                cases[i].r);
                if (cases[i].r)
                        continue;
                assert_int_equal(p->what.kind, cases[i].kind);
                assert_int_equal(p->is_known, cases[i].is_known);
                profile_free(p);
        }
        store_free(w.store);
}

static int run_profiles(void *ctx) {
        static const Slice whats[] = {SLICE_INIT("ann"), SLICE_INIT("AKIA0"),
                        SLICE_INIT("192.0.2.0/24"), SLICE_INIT("ip:2001:db8::1")};
        World *w = ctx;
        int r = 0;

        for (size_t i = 0; i < N_ELEMENTS(whats) && r == 0; i++) {
                Profile *p;

                r = profile_new(w->store, NULL, whats[i], &p);
                if (r == 0)
                        profile_free(p);
        }
        return r;
}

static void test_memory(void **state) {
        World w;

        (void)state;
        world_init(&w, 3);
        oom_each(run_profiles, &w, 1);
        store_free(w.store);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_values),
                        cmocka_unit_test(test_networks),
                        cmocka_unit_test(test_doings),
                        cmocka_unit_test(test_what),
                        cmocka_unit_test(test_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
