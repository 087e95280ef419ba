/* Selections, plans and values against a filter that looks at every event. */
#include "base/test-help.h"

#include <arpa/inet.h>

#include "base/glob.h"
#include "base/time.h"
#include "query/query.h"
#include "store/test-model.h"

/* ---- what was asked, kept plainly ---- */

enum { MAX_PATTERNS = 4 };

typedef struct Query {
        char patterns[STORE_N_DIMS + 1][MAX_PATTERNS][80]; /* the last: eventIDs */
        size_t n_patterns[STORE_N_DIMS + 1];
        int read_only;
        bool has_from, has_to, has_last;
        int64_t from, to, last;
} Query;

#define IDS STORE_N_DIMS

static bool in_block(const char *block, const char *text) {
        unsigned char x[16], y[16];
        char address[80];
        unsigned n_bits;

        assert_int_equal(sscanf(block, "%79[^/]/%u", address, &n_bits), 2);
        for (int family = AF_INET;; family = AF_INET6) {
                if (inet_pton(family, address, x) == 1) {
                        if (inet_pton(family, text, y) != 1)
                                return false;
                        break;
                }
                assert_int_equal(family, AF_INET);
        }
        for (unsigned bit = 0; bit < n_bits; bit++) {
                if ((x[bit / 8] ^ y[bit / 8]) >> (7 - bit % 8) & 1)
                        return false;
        }
        return true;
}

static bool matches(const char *pattern, int dim, Slice text) {
        char copy[512], with_suffix[128];

        if (!text.size)
                return false;
        if (dim == STORE_DIM_IP && strchr(pattern, '/')) {
                assert_true(text.size < sizeof(copy));
                memcpy(copy, text.data, text.size);
                copy[text.size] = 0;
                return in_block(pattern, copy);
        }
        snprintf(with_suffix, sizeof(with_suffix), "%s.amazonaws.com", pattern);
        return glob_match(slice_cstr(pattern), text) ||
               (dim == STORE_DIM_SERVICE && glob_match(slice_cstr(with_suffix), text));
}

static bool any_matches(const Query *q, int dim, Slice text) {
        for (size_t i = 0; i < q->n_patterns[dim]; i++) {
                if (matches(q->patterns[dim][i], dim, text))
                        return true;
        }
        return q->n_patterns[dim] == 0;
}

static bool is_selected(const Query *q, const Model *m, size_t i) {
        const Event *e = model_event(m, i);
        int64_t newest = model_event(m, m->n_kept - 1)->time, since;

        for (StoreDim dim = 0; dim < STORE_N_DIMS; dim++) {
                if (!any_matches(q, (int)dim, model_dim(e, dim)))
                        return false;
        }
        if (!any_matches(q, IDS, e->id))
                return false;
        if (q->read_only >= 0 && !slice_equal(e->call[EVENT_CALL_READ_ONLY],
                                                 slice_cstr(q->read_only ? "true" : "false")))
                return false;
        since = __builtin_sub_overflow(newest, q->last, &since) ? INT64_MIN : since;
        return (!q->has_from || e->time >= q->from) && (!q->has_to || e->time < q->to) &&
               (!q->has_last || e->time >= since);
}

/* ---- random questions ---- */

static void add_pattern(Query *q, int dim, Slice text) {
        char *to;

        if (q->n_patterns[dim] == MAX_PATTERNS || !text.size || text.size > 70 ||
                        memchr(text.data, 0, text.size))
                return;
        to = q->patterns[dim][q->n_patterns[dim]++];
        memcpy(to, text.data, text.size);
        to[text.size] = 0;
}

/* A value as it is, or with wildcards in it. */
static void add_like(Query *q, Random *random, int dim, Slice value) {
        char text[80];

        if (!value.size || value.size > 70)
                return;
        memcpy(text, value.data, value.size);
        switch (random_below(random, 6)) {
        case 0:
                value.size = random_below(random, value.size + 1);
                text[value.size++] = '*';
                break;
        case 1:
                text[random_below(random, value.size)] = random_below(random, 2) ? '?' : '*';
                break;
        case 2:
                text[value.size - 1] ^= 1; /* perhaps nothing */
                break;
        default:
                break;
        }
        add_pattern(q, dim, slice(text, value.size));
}

static void add_random_pattern(Query *q, Random *random, const Model *m, int dim) {
        static const char *const blocks[] = {"10.0.0.0/8", "10.0.0.1/32", "10.0.0.3/31",
                        "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::1/128", "192.168.1.0/25",
                        "10.0.0.1/0", "::ffff:0:0/96", "255.255.255.255/32", "2001:db8::3/127"};
        const Event *e = model_event(m, random_below(random, m->n_kept));

        if (dim == STORE_DIM_OUTCOME)
                add_pattern(q, dim, event_outcome(e->result));
        else if (dim == STORE_DIM_IP && random_below(random, 3) == 0)
                add_pattern(q, dim, slice_cstr(blocks[random_below(random, N_ELEMENTS(blocks))]));
        else if (dim == IDS)
                add_like(q, random, dim, e->id);
        else
                add_like(q, random, dim, model_dim(e, (StoreDim)dim));
        if (dim == STORE_DIM_SERVICE && q->n_patterns[dim] && random_below(random, 2)) {
                char *suffix = strstr(q->patterns[dim][q->n_patterns[dim] - 1], ".amazonaws.com");

                if (suffix)
                        *suffix = 0;
        }
        if (dim == STORE_DIM_SERVICE && q->n_patterns[dim] &&
                        !*q->patterns[dim][q->n_patterns[dim] - 1])
                q->n_patterns[dim]--;
}

static void ask_random(Query *q, Random *random, const Model *m) {
        *q = (Query){.read_only = random_below(random, 6) ? -1 : (int)random_below(random, 2)};
        for (int dim = 0; dim <= IDS; dim++) {
                if (random_below(random, 8))
                        continue;
                for (uint64_t n = 1 + random_below(random, 3); n > 0; n--)
                        add_random_pattern(q, random, m, dim);
        }
        if (random_below(random, 4) == 0) {
                q->has_from = true;
                q->from = model_event(m, random_below(random, m->n_kept))->time;
        }
        if (random_below(random, 4) == 0) {
                q->has_to = true;
                q->to = model_event(m, random_below(random, m->n_kept))->time;
        }
        if (random_below(random, 6) == 0) {
                q->has_last = true;
                q->last = (int64_t)random_below(random, 3000) * TIME_SECOND;
        }
}

static Selection *select_as(const Query *q) {
        Selection *s = NULL;
        char text[TIME_TEXT_SIZE];

        assert_int_equal(selection_new(&s), 0);
        for (int dim = 0; dim <= IDS; dim++) {
                for (size_t i = 0; i < q->n_patterns[dim]; i++) {
                        Slice pattern = slice_cstr(q->patterns[dim][i]);
                        int r = dim == IDS ? selection_add_id(s, pattern)
                                           : selection_add(s, (StoreDim)dim, pattern);

                        if (r)
                                fail_msg("'%s' is refused with %d", q->patterns[dim][i], r);
                }
        }
        if (q->read_only >= 0)
                selection_set_read_only(s, q->read_only);
        if (q->has_from)
                assert_int_equal(selection_set_from(s, slice(text, time_format(q->from, text))), 0);
        if (q->has_to)
                assert_int_equal(selection_set_to(s, slice(text, time_format(q->to, text))), 0);
        if (q->has_last) {
                snprintf(text, sizeof(text), "%llds", (long long)(q->last / TIME_SECOND));
                assert_int_equal(selection_set_last(s, slice_cstr(text)), 0);
        }
        return s;
}

/* ---- plans ---- */

static size_t check_plan(const Query *q, const Model *m, Store *store) {
        Selection *selection = select_as(q);
        size_t n = 0;
        uint32_t event;
        Plan *plan, *asked;

        assert_int_equal(plan_new(store, selection, &plan), 0);
        assert_int_equal(plan_new(store, selection, &asked), 0);
        selection_free(selection); /* a plan does without */
        for (uint32_t i = 0; i < m->n_kept; i++) {
                bool is_wanted = is_selected(q, m, i);

                assert_int_equal(plan_has(asked, i), is_wanted);
                if (!is_wanted)
                        continue;
                assert_true(plan_next(plan, &event));
                assert_int_equal(event, i);
                n++;
        }
        assert_false(plan_next(plan, &event));
        assert_false(plan_next(plan, &event));
        assert_null(store_is_faulty(store));
        plan_free(plan);
        plan_free(asked);
        return n;
}

static void test_plans(void **state) {
        Random random = random_new(1);
        size_t n_answers = 0, n_empty = 0;
        Query q;

        (void)state;
        for (uint64_t round = 0; round < 12; round++) {
                Store *store;
                Model m;

                model_init(&m, 50 + round, 1 + random_below(&random, 300));
                store = model_seal(&m, 2, 1);
                for (int i = 0; i < TEST_EFFORT(400); i++) {
                        ask_random(&q, &random, &m);
                        if (check_plan(&q, &m, store))
                                n_answers++;
                        else
                                n_empty++;
                }
                store_free(store);
                model_deinit(&m);
        }
        assert_true(n_answers > 100 && n_empty > 100);
}

/* So many events that lists are gathered as bits, with windows that begin and end inside a word. */
static void test_plans_large(void **state) {
        Random random = random_new(2);
        Store *store;
        Query q;
        Model m;

        (void)state;
        model_init(&m, 70, 7000);
        store = model_seal(&m, 2, 2);
        for (int i = 0; i < TEST_EFFORT(60); i++) {
                ask_random(&q, &random, &m);
                memset(q.n_patterns, 0, sizeof(q.n_patterns));
                strcpy(q.patterns[STORE_DIM_OUTCOME][q.n_patterns[STORE_DIM_OUTCOME]++], "success");
                strcpy(q.patterns[STORE_DIM_OUTCOME][q.n_patterns[STORE_DIM_OUTCOME]++], "failure");
                if (i % 2)
                        add_random_pattern(&q, &random, &m, STORE_DIM_UA);
                if (i % 3 == 0)
                        strcpy(q.patterns[STORE_DIM_REGION][q.n_patterns[STORE_DIM_REGION]++], "*");
                check_plan(&q, &m, store);
        }
        store_free(store);
        model_deinit(&m);
}

static void test_plan_of_everything(void **state) {
        Store *store;
        uint32_t event;
        Plan *plan;
        Model m;

        (void)state;
        for (size_t n = 0; n < 3; n++) {
                Selection *s;

                model_init(&m, 80, n * 5);
                store = model_seal(&m, 1, 1);
                assert_int_equal(plan_new(store, NULL, &plan), 0);
                for (uint32_t i = 0; i < m.n_kept; i++) {
                        assert_true(plan_next(plan, &event));
                        assert_int_equal(event, i);
                }
                assert_false(plan_next(plan, &event));
                plan_free(plan);
                /* every option of which nothing comes, on an empty store too */
                assert_int_equal(selection_new(&s), 0);
                assert_int_equal(selection_add(s, STORE_DIM_KEY, SLICE_LITERAL("nobody")), 0);
                assert_int_equal(selection_add_id(s, SLICE_LITERAL("nothing")), 0);
                assert_int_equal(selection_set_last(s, SLICE_LITERAL("15000w")), 0);
                selection_set_read_only(s, true);
                assert_int_equal(plan_new(store, s, &plan), 0);
                assert_false(plan_next(plan, &event));
                plan_free(plan);
                selection_free(s);
                store_free(store);
                model_deinit(&m);
        }
        assert_null(plan_free(NULL));
        assert_null(selection_free(NULL));
}

/* ---- values ---- */

typedef struct Row {
        Slice values[3];
        uint32_t first, last, n_events, n_denied, n_failed;
} Row;

static bool same_values(const Row *row, const Slice *values, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (!slice_equal(row->values[i], values[i]))
                        return false;
        }
        return true;
}

static size_t count_naively(
                const Query *q, const Model *m, const StoreDim *dims, size_t n_dims, Row *rows) {
        size_t n = 0;

        for (uint32_t i = 0; i < m->n_kept; i++) {
                const Event *e = model_event(m, i);
                Slice outcome = event_outcome(e->result), values[3];
                bool is_absent = !is_selected(q, m, i);
                size_t at = 0;

                for (size_t d = 0; d < n_dims; d++) {
                        values[d] = model_dim(e, dims[d]);
                        is_absent |= !values[d].size;
                }
                if (is_absent)
                        continue;
                while (at < n && !same_values(&rows[at], values, n_dims))
                        at++;
                if (at == n) {
                        rows[n] = (Row){.first = i};
                        memcpy(rows[n++].values, values, sizeof(values));
                }
                rows[at].last = i;
                rows[at].n_events++;
                rows[at].n_denied += slice_equal(outcome, SLICE_LITERAL("denied"));
                rows[at].n_failed += slice_equal(outcome, SLICE_LITERAL("failure"));
        }
        return n;
}

typedef struct Sort {
        const Model *m;
        ValueOrder order;
        size_t n_dims;
} Sort;

static int compare_rows(const void *a, const void *b, void *ctx) {
        const Row *x = a, *y = b;
        const Sort *sort = ctx;
        int64_t t = model_event(sort->m, x->first)->time, u = model_event(sort->m, y->first)->time;

        if (sort->order == VALUES_BY_EVENTS && x->n_events != y->n_events)
                return x->n_events > y->n_events ? -1 : 1;
        if (sort->order == VALUES_BY_FIRST && t != u)
                return t < u ? -1 : 1;
        for (size_t i = 0; i < sort->n_dims; i++) {
                int r = slice_compare(x->values[i], y->values[i]);

                if (r)
                        return r;
        }
        return 0;
}

static void check_row(Store *store, const ValueRow *row, const Row *model, size_t n_dims) {
        for (size_t i = 0; i < n_dims; i++)
                assert_true(slice_equal(store_string(store, row->strings[i]), model->values[i]));
        assert_int_equal(row->stats.first, model->first);
        assert_int_equal(row->stats.last, model->last);
        assert_int_equal(row->stats.n_events, model->n_events);
        assert_int_equal(row->stats.n_denied, model->n_denied);
        assert_int_equal(row->stats.n_failed, model->n_failed);
}

static void check_values(const Query *q, const Model *m, Store *store, Random *random) {
        size_t n_dims = 1 + random_below(random, 3), n_rows = 0, n_model, at = 0;
        ValueOrder order = random_below(random, 2) ? VALUES_BY_FIRST : VALUES_BY_EVENTS;
        int64_t since = random_below(random, 3)
                                        ? INT64_MIN
                                        : model_event(m, random_below(random, m->n_kept))->time;
        Row *model = calloc(m->n_kept + 1, sizeof(*model));
        Sort sort = {m, order, n_dims};
        Selection *s = select_as(q);
        uint64_t limit = random_below(random, 3) ? UINT64_MAX : random_below(random, 20);
        ValueRow *rows = NULL;
        StoreDim dims[3];

        assert_non_null(model);
        for (size_t i = 0; i < n_dims; i++)
                dims[i] = (StoreDim)random_below(random, STORE_N_DIMS);
        n_model = count_naively(q, m, dims, n_dims, model);
        qsort_r(model, n_model, sizeof(*model), compare_rows, &sort);
        assert_int_equal(
                        values_collect(store, s, dims, n_dims, order, since, limit, &rows, &n_rows),
                        0);
        for (size_t i = 0; i < n_model; i++) {
                if (model_event(m, model[i].first)->time < since || at == limit)
                        continue;
                assert_true(at < n_rows);
                check_row(store, &rows[at++], &model[i], n_dims);
        }
        assert_int_equal(at, n_rows);
        free(rows);
        free(model);
        selection_free(s);
}

static void test_values(void **state) {
        Random random = random_new(3);
        Query q;

        (void)state;
        for (uint64_t round = 0; round < 12; round++) {
                Store *store;
                Model m;

                model_init(&m, 90 + round, 1 + random_below(&random, 300));
                store = model_seal(&m, 2, 1);
                for (int i = 0; i < TEST_EFFORT(300); i++) {
                        ask_random(&q, &random, &m);
                        if (i % 4 == 0)
                                q = (Query){.read_only = -1}; /* from the store's statistics */
                        if (i % 4 == 1) {
                                q = (Query){.read_only = -1};
                                add_random_pattern(&q, &random, &m,
                                                (int)random_below(&random, STORE_N_DIMS));
                        }
                        check_values(&q, &m, store, &random);
                }
                store_free(store);
                model_deinit(&m);
        }
}

/* ---- what is refused ---- */

static void test_malformed(void **state) {
        static const char *const blocks[] = {"/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                        "10.0.0.0/8x", "10.0.0.0/0008", "10.0.0/8", "10.0.0.0.0/8", "300.0.0.0/8",
                        "::/129", "::/", ":::/8", "2001:db8::/1000", "fe80::1%eth0/64", "a/b",
                        "10.0.0.*/8", " 10.0.0.0/8", "10.0.0.0/ 8", "10.0.0.0/8/8",
                        "1111:2222:3333:4444:5555:6666:7777:8888:9999/1",
                        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb/1"};
        Selection *s;

        (void)state;
        assert_int_equal(selection_new(&s), 0);
        for (size_t i = 0; i < N_ELEMENTS(blocks); i++)
                assert_int_equal(selection_add(s, STORE_DIM_IP, slice_cstr(blocks[i])),
                                SELECTION_BLOCK);
        assert_int_equal(selection_add(s, STORE_DIM_IP, SLICE_LITERAL("10.0.0.0\0/8")),
                        SELECTION_BLOCK);
        assert_int_equal(selection_add(s, STORE_DIM_UA, SLICE_LITERAL("a/b")),
                        0); /* no block elsewhere */
        for (StoreDim dim = 0; dim < STORE_N_DIMS; dim++) {
                assert_int_equal(selection_add(s, dim, SLICE_LITERAL("")), SELECTION_EMPTY);
                assert_int_equal(selection_add(s, dim, (Slice){NULL, 0}), SELECTION_EMPTY);
        }
        assert_int_equal(selection_add_id(s, SLICE_LITERAL("")), SELECTION_EMPTY);
        assert_int_equal(selection_add(s, STORE_DIM_OUTCOME, SLICE_LITERAL("fail*")),
                        SELECTION_OUTCOME);
        assert_int_equal(selection_add(s, STORE_DIM_OUTCOME, SLICE_LITERAL("Denied")),
                        SELECTION_OUTCOME);
        assert_int_equal(selection_set_from(s, SLICE_LITERAL("yesterday")), SELECTION_TIME);
        assert_int_equal(selection_set_to(s, SLICE_LITERAL("2026-02-30")), SELECTION_TIME);
        assert_int_equal(selection_set_last(s, SLICE_LITERAL("30")), SELECTION_SPAN);
        assert_int_equal(selection_set_last(s, SLICE_LITERAL("-1d")), SELECTION_SPAN);
        assert_int_equal(selection_set_from(s, SLICE_LITERAL("2026-01-08")), 0);
        assert_int_equal(selection_set_to(s, SLICE_LITERAL("2026-01-08T00:00:00.5+01:00")), 0);
        selection_free(s);
}

/* A store that is damaged under a plan or values: no crash, no end; who asks is told. */
static void test_faulty(void **state) {
        Random random = random_new(4);
        Query q;
        Model m;

        (void)state;
        model_init(&m, 99, 200);
        for (int round = 0; round < TEST_EFFORT(300); round++) {
                Store *store = model_seal(&m, 1, 1);
                StoreDim dim = STORE_DIM_KEY;
                Selection *s;
                ValueRow *rows;
                uint32_t event;
                size_t n = 0;
                Plan *plan;

                /* as if a block were not what was written: every section but the first may be hit
                 */
                for (int k = 0; k < 3; k++) {
                        StorePostings list;

                        store_postings(store, (StoreDim)random_below(&random, STORE_N_DIMS),
                                        (uint32_t)random_next(&random), &list);
                        store_string(store, (uint32_t)random_next(&random));
                }
                assert_non_null(store_is_faulty(store));
                ask_random(&q, &random, &m);
                s = select_as(&q);
                assert_int_equal(plan_new(store, s, &plan), 0);
                while (plan_next(plan, &event))
                        assert_true(++n <= m.n_kept);
                plan_free(plan);
                assert_int_equal(values_collect(store, s, &dim, 1, VALUES_BY_FIRST, INT64_MIN,
                                                 UINT64_MAX, &rows, &n),
                                0);
                free(rows);
                selection_free(s);
                store_free(store);
        }
        model_deinit(&m);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_plans),
                        cmocka_unit_test(test_plans_large),
                        cmocka_unit_test(test_plan_of_everything),
                        cmocka_unit_test(test_values),
                        cmocka_unit_test(test_malformed),
                        cmocka_unit_test(test_faulty),
        };

        return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
