/* Expressions: what is refused and where, what terms mean, and that indexes change no answer. */
#include "base/test-help.h"

#include "base/time.h"
#include "query/selection.h"
#include "store/test-model.h"
#include "json/json.h"

/* ---- refusals ---- */

static void test_refusals(void **state) {
        static const struct {
                const char *text;
                size_t at;
                const char *reason; /* its beginning */
        } refused[] = {
                        {"", 0,
                                        "expected the name of a field, not, or an opening "
                                        "parenthesis, found the end"},
                        {"   ", 3, "expected the name of a field"},
                        {"and", 0,
                                        "expected the name of a field, not, or an opening "
                                        "parenthesis, found and"},
                        {"key =", 5,
                                        "expected a value, such as \"text\", 10 or 2026-01-08, "
                                        "found the end"},
                        {"key = and x", 6, "expected a value"},
                        {"key = )", 6,
                                        "expected a value, such as \"text\", 10 or 2026-01-08, "
                                        "found )"},
                        {"key ~ ", 6, "expected a text with * and ?"},
                        {"key =~ ", 7, "expected a regular expression"},
                        {"key GetObject", 4, "expected an operator"},
                        {"key not like x", 8, "expected in or exists behind not, found like"},
                        {"(key = a", 8,
                                        "expected and, or, or a closing parenthesis, found the "
                                        "end"},
                        {"key = a)", 7, "expected and, or, or the end, found )"},
                        {"key = a b", 8, "expected and, or, or the end, found b"},
                        {"key = a or", 10, "expected the name of a field"},
                        {"key in (a, b", 12, "expected a comma or the closing parenthesis"},
                        {"key in ()", 8, "expected a value"},
                        {"key in (a,)", 10, "expected a value"},
                        {"key < (a, b)", 6, "expected one value behind <, not a list"},
                        {"key = \"abc", 6, "the text that begins here has no closing \""},
                        {"key = 'abc\\'", 12, ""}, /* whole: no escapes in single quotes */
                        {"a..b = 1", 0, "a path is names with a dot between each two"},
                        {".a = 1", 0, "a path is names"},
                        {"a. = 1", 0, "a path is names"},
                        {"a*b = 1", 1, "the name of a field has no wildcards"},
                        {"a[x] = 1", 1, "expected [0]"},
                        {"a[1 = 1", 1, "expected [0]"},
                        {"eventname = x", 0, "no such field; is eventName meant?"},
                        {"not (KEY = x)", 5, "no such field; is key meant?"},
                        {"requestparameters.a = x", 0,
                                        "no such field; is requestParameters meant?"},
                        {"eventTime > yesterday", 12, "expected a time such as"},
                        {"eventTime > \"2026-13-01\"", 12, "expected a time such as"},
                        {"eventTime", 9,
                                        "expected a comparison, such as eventTime >= 2026-01-08, "
                                        "found the end"},
                        {"ip = 10.0.0.0/8", 5, "a block of addresses stands behind in"},
                        {"ip ~ 10.0.0.0/8", 5, "a block of addresses stands behind in"},
                        {"ip =~ 10.0.0.0/8", 6, "a block of addresses stands behind in"},
                        {"ip in 10.0.0.0/33", 6, "expected a block of addresses"},
                        {"ip in (::1/x)", 7, "expected a block of addresses"},
                        {"ua =~ '(x'", 6,
                                        "missing closing parenthesis, at byte 2 of the regular "
                                        "expression"},
                        {"ua =~ (a, '[')", 10, "missing terminating ]"},
                        {"a \xc3\xa4 = 1", 2,
                                        "expected an operator (= != ~ !~ =~ < <= > >= in exists), "
                                        "and, or, or the end, found \xc3\xa4"},
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
                Where where = {0};
                SelectionWhereFault fault = {0};
                int r = where_parse(&where, slice_cstr(refused[i].text), &fault);

                if (!*refused[i].reason) {
                        assert_int_equal(r, 0);
                } else if (r != SELECTION_WHERE || fault.at != refused[i].at ||
                                strncmp(fault.reason, refused[i].reason,
                                                strlen(refused[i].reason)) != 0) {
                        fail_msg("'%s': %d at %zu: %s", refused[i].text, r, fault.at, fault.reason);
                } else {
                        assert_int_equal(where.nodes.size + where.tests.size + where.terms.size +
                                                         where.roots.size + where.n_paths,
                                        0);
                }
                where_deinit(&where);
        }
}

/* N times TEXT, between BEGIN and END. */
static char *repeat(const char *begin, const char *text, size_t n, const char *end) {
        size_t size = strlen(begin) + n * strlen(text) + strlen(end) + 1;
        char *all = malloc(size), *at = all;

        assert_non_null(all);
        at = stpcpy(at, begin);
        for (size_t i = 0; i < n; i++)
                at = stpcpy(at, text);
        strcpy(at, end);
        return all;
}

static int parse(char *text, SelectionWhereFault *fault) {
        Where where = {0};
        int r = where_parse(&where, slice_cstr(text), fault);

        where_deinit(&where);
        free(text);
        return r;
}

static void test_limits(void **state) {
        SelectionWhereFault fault;

        (void)state;
        assert_int_equal(parse(repeat("", "not ", 99, "a"), &fault), 0);
        assert_int_equal(parse(repeat("", "not ", 100, "a"), &fault), SELECTION_WHERE);
        assert_int_equal(fault.at, 400);
        assert_int_equal(parse(repeat("", "(", 20000, ""), &fault), SELECTION_WHERE);
        assert_int_equal(fault.at, 100);
        assert_int_equal(parse(repeat("a", " or a", 999, ""), &fault), 0);
        assert_int_equal(parse(repeat("a", " or a", 1000, ""), &fault), SELECTION_WHERE);
        assert_int_equal(fault.at, 5000);
        assert_int_equal(parse(repeat("a in (a", ",a", 30000, ")"), &fault), 0);
        assert_int_equal(parse(repeat("a", ".a", 63, " = 1"), &fault), 0);
        assert_int_equal(parse(repeat("a", ".a", 64, " = 1"), &fault), SELECTION_WHERE);
        assert_int_equal(parse(repeat("a = '", "a", WHERE_MAX_BYTES - 6, "'"), &fault), 0);
        assert_int_equal(
                        parse(repeat("a = '", "a", WHERE_MAX_BYTES, "'"), &fault), SELECTION_WHERE);
        assert_int_equal(parse(repeat("a =~ '", "(", 1000, "'"), &fault), SELECTION_WHERE);
        assert_int_equal(parse(repeat("a =~ '", "a", REGEX_MAX_BYTES + 1, "'"), &fault),
                        SELECTION_WHERE);
}

/* ---- values ---- */

static void test_numbers(void **state) {
        /* rising */
        static const char *const numbers[] = {"-1e300000000", "-1000", "-12.5", "-12.05", "-1e-5",
                        "0", "1e-999999999", "0.00001", "0.1", "0.10000000000000000000000001", "1",
                        "9007199254740992", "9007199254740993", "123456789012345678901234567890",
                        "1e30", "9e999999999"};
        static const char *const same[][2] = {{"0", "-0"}, {"0", "0e5"}, {"0.0", "-0.000"},
                        {"1", "1.0"}, {"10", "1e1"}, {"10", "0.1e2"}, {"100", "1E+2"},
                        {"0.01", "1e-2"}, {"12345", "1.2345e4"}};
        static const char *const not_numbers[] = {"", "-", "01", "1.", ".1", "1e", "1e+", "+1",
                        "1e1234567890", "0x10", " 1", "1 ", "--1", "1.5.5", "NaN"};
        WhereNumber a, b;

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
                assert_true(where_number_parse(slice_cstr(numbers[i]), &a));
                for (size_t k = 0; k < N_ELEMENTS(numbers); k++) {
                        assert_true(where_number_parse(slice_cstr(numbers[k]), &b));
                        assert_int_equal(where_number_compare(&a, &b), (i > k) - (i < k));
                }
        }
        for (size_t i = 0; i < N_ELEMENTS(same); i++) {
                assert_true(where_number_parse(slice_cstr(same[i][0]), &a));
                assert_true(where_number_parse(slice_cstr(same[i][1]), &b));
                assert_int_equal(where_number_compare(&a, &b), 0);
        }
        for (size_t i = 0; i < N_ELEMENTS(not_numbers); i++)
                assert_false(where_number_parse(slice_cstr(not_numbers[i]), &a));
}

/* Is TEXT (NULL: absent) what "a EXPRESSION" takes? */
static int takes(const char *expression, const char *text) {
        Where where = {0};
        SelectionWhereFault fault;
        char whole[200];
        int r;

        snprintf(whole, sizeof(whole), "a %s", expression);
        r = where_parse(&where, slice_cstr(whole), &fault);
        if (r)
                fail_msg("%s: at %zu: %s", whole, fault.at, fault.reason);
        r = where_test_text(&where, &where.tests.data[0], slice_cstr(text));
        where_deinit(&where);
        return r;
}

static void test_terms(void **state) {
        static const struct {
                const char *expression, *text;
                int taken;
        } terms[] = {
                        {"= x", "x", 1},
                        {"= x", "X", 0},
                        {"= x", NULL, 0},
                        {"= ''", "", 1},
                        {"= 10", "10.0", 1},
                        {"= 10", "1e1", 1},
                        {"= 10", "ten", 0},
                        {"= \"10\"", "10.0", 0},
                        {"= \"10\"", "10", 1},
                        {"= 010", "10", 0},
                        {"= 010", "010", 1},
                        {"= null", NULL, 1},
                        {"= null", "null", 0},
                        {"= 'null'", "null", 1},
                        {"in (x, null)", NULL, 1},
                        {"= true", "true", 1},
                        {"< 9", "10", 0},
                        {"< '9'", "10", 1},
                        {"< 9", "8.99", 1},
                        {"< 9", "x", 0},
                        {">= b", "b", 1},
                        {">= b", "a", 0},
                        {"> b", "ba", 1},
                        {"<= b", NULL, 0},
                        {"= 2026-01-08", "2026-01-08T00:00:00Z", 1},
                        {"= 2026-01-08", "2026-01-08T01:00:00+01:00", 1},
                        {"= '2026-01-08'", "2026-01-08T00:00:00Z", 0},
                        {"> 2026-01-08", "2026-01-08T00:00:00.000000001Z", 1},
                        {"> 2026-01-08", "tomorrow", 0},
                        {"in 10.0.0.0/8", "10.255.0.1", 1},
                        {"in 10.0.0.0/8", "11.0.0.1", 0},
                        {"in ('2001:db8::/32', y)", "2001:db8::1", 1},
                        {"in (z, a/b)", "a/b", 1},
                        {"in (c, b, a, 1.50)", "b", 1},
                        {"in (c, b, a, 1.50)", "1.5", 1},
                        {"in (c, b, a, 1.50)", "d", 0},
                        {"~ Get*", "GetObject", 1},
                        {"~ Get", "GetObject", 0},
                        {"~ (x, 'G?t*')", "GetObject", 1},
                        {"~ \"*\"", "", 1},
                        {"~ *", NULL, 0},
                        {"~ \"a\\\\b\\\"c\\d\"", "a\\b\"c\\d", 1},
                        {"=~ '^Get'", "GetObject", 1},
                        {"=~ obj", "GetObject", 0},
                        {"=~ '(?i)obj'", "GetObject", 1},
                        {"=~ '^.$'", "\xc3\xa4", 1},
                        {"=~ 'b'",
                                        "a\xff\xfe"
                                        "b",
                                        1},
                        {"=~ '.\\xff'", "a\xff", 0},
                        {"=~ \"\\d+\\.\\d+\"", "v1.2", 1},
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(terms); i++) {
                int r = takes(terms[i].expression, terms[i].text);

                if (r != terms[i].taken)
                        fail_msg("a %s of %s: %d", terms[i].expression,
                                        terms[i].text ? terms[i].text : "nothing", r);
        }
        /* no search hangs */
        assert_int_equal(takes("=~ '(a+)+$'", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
                        -EOVERFLOW);
}

/* ---- values of a path ---- */

static int put_value(void *userdata, JsonValue value) {
        char *to = userdata;

        snprintf(to + strlen(to), 200 - strlen(to), "%.*s ", (int)value.text.size, value.text.data);
        return 0;
}

static void test_paths(void **state) {
        static const char record[] = " {\"a\":[{\"b\":1},[{\"b\":[2,[3]]}],4,{\"b\":null},[]],"
                                     "\"c\":[],\"d\":[[]],"
                                     "\"e.f\":{\"g\":\"x\"},\"e\":{\"f\":{\"h\":[true , "
                                     "\"]\"]}},\"i\":{\"0\":7}}";
        static const struct {
                const char *path, *values;
        } paths[] = {{"a.b", "1 2 3 null "}, {"a.0.b", "1 "}, {"a.1.b", "2 3 "},
                        {"a.1.0.b.1", "3 "}, {"a.2", "4 "}, {"a.9", ""},
                        {"a", "{\"b\":1} {\"b\":[2,[3]]} 4 {\"b\":null} [] "}, {"c", "[] "},
                        {"d", "[] "}, {"e.f.g", "\"x\" "}, {"e.f.h", "true \"]\" "}, {"i.0", "7 "},
                        {"i", "{\"0\":7} "}, {"x", ""}, {"a.b.c", ""}};

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
                char found[200] = "";

                assert_int_equal(json_visit(SLICE_LITERAL(record), slice_cstr(paths[i].path),
                                                 put_value, found),
                                0);
                assert_string_equal(found, paths[i].values);
        }
}

/* ---- indexes ---- */

typedef struct Text {
        char bytes[4000];
        size_t size;
} Text;

__attribute__((format(printf, 2, 3))) static void put(Text *text, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        text->size += (size_t)vsnprintf(text->bytes + text->size, sizeof(text->bytes) - text->size,
                        format, arguments);
        va_end(arguments);
        assert_true(text->size < sizeof(text->bytes));
}

static void put_quoted(Text *text, Slice value) {
        put(text, "\"");
        for (size_t i = 0; i < value.size && i < 60; i++)
                put(text, "%s%c", strchr("\"\\", value.data[i]) ? "\\" : "", value.data[i]);
        put(text, "\"");
}

static void put_test(Text *text, Random *random, const Model *m) {
        static const char *const fields[STORE_N_DIMS] = {"key", "ip", "user", "event", "service",
                        "region", "account", "principal", "session", "role", "type", "ua", "error",
                        "outcome"};
        static const char *const operators[] = {"=", "!=", "<", ">=", "in (null, ", "not in ("};
        const Event *e = model_event(m, random_below(random, m->n_kept));
        StoreDim dim = (StoreDim)random_below(random, STORE_N_DIMS);
        Slice value = model_dim(e, dim);
        char time[TIME_TEXT_SIZE];

        if (value.data && memchr(value.data, 0, value.size))
                value = SLICE_LITERAL("x");
        switch (random_below(random, 10)) {
        case 0:
                time_format(e->time, time);
                put(text, "eventTime %s %s", operators[random_below(random, 4)], time);
                return;
        case 1:
                put(text, "eventID = ");
                put_quoted(text, e->id);
                return;
        case 2:
                put(text, "%s%s exists", fields[dim], random_below(random, 2) ? " not" : "");
                return;
        case 3:
                put(text, "readOnly");
                return;
        case 4:
                put(text, "%s =~ '%s'", fields[dim], random_below(random, 2) ? "[a-f]" : "^.?$");
                return;
        case 5:
                put(text, "%s ~ ('*1*', '?', s*)", fields[dim]);
                return;
        default: {
                size_t op = random_below(random, N_ELEMENTS(operators));

                put(text, "%s %s ", fields[dim], operators[op]);
                put_quoted(text, value);
                put(text, op > 3 ? ", other)" : "");
        }
        }
}

static void put_expression(Text *text, Random *random, const Model *m, int depth) {
        uint64_t n = depth ? random_below(random, 4) : 0;
        const char *word = random_below(random, 2) ? " and " : " or ";

        if (n == 0) {
                put_test(text, random, m);
                return;
        }
        if (random_below(random, 4) == 0)
                put(text, "not ");
        put(text, "(");
        for (uint64_t i = 0; i < n; i++) {
                put(text, "%s", i ? word : "");
                put_expression(text, random, m, depth - 1);
        }
        put(text, ")");
}

static Plan *plan_of(Store *store, const char *const *expressions, size_t n, Selection **ret) {
        SelectionWhereFault fault;
        Selection *s;
        Plan *plan;

        assert_int_equal(selection_new(&s), 0);
        for (size_t i = 0; i < n; i++) {
                if (selection_set_where(s, slice_cstr(expressions[i]), &fault) != 0)
                        fail_msg("%s: at %zu: %s", expressions[i], fault.at, fault.reason);
        }
        assert_int_equal(plan_new(store, s, &plan), 0);
        *ret = s;
        return plan;
}

/*
 * What an index finds is what a look at every event finds: a comparison that no index can answer,
 * behind `or`, turns indexes off. And a selected event may be selected when it is read.
 */
static size_t check_indexes(const Model *m, Store *store, Text *text) {
        char without[sizeof(text->bytes) + 40];
        const char *asked[] = {without, without};
        Selection *s, *other;
        Plan *plan, *has, *plain;
        uint32_t a, b;
        size_t n = 0;

        snprintf(without, sizeof(without), "(%s) or source.record < 0", text->bytes);
        plain = plan_of(store, asked, 2, &other);
        asked[0] = asked[1] = text->bytes;
        plan = plan_of(store, asked, 1, &s);
        selection_free(other);
        has = plan_of(store, asked, 2, &other);
        for (uint32_t i = 0; i < m->n_kept; i++) {
                bool is_selected = plan_has(has, i);

                if (is_selected && !selection_may_take(s, model_event(m, i)))
                        fail_msg("%s: event %u is refused", text->bytes, i);
                if (!is_selected)
                        continue;
                if (!plan_next(plan, &a) || !plan_next(plain, &b) || a != i || b != i)
                        fail_msg("%s: event %u", text->bytes, i);
                n++;
        }
        assert_false(plan_next(plan, &a));
        assert_false(plan_next(plain, &b));
        plan_free(plan);
        plan_free(has);
        plan_free(plain);
        selection_free(s);
        selection_free(other);
        return n;
}

static void test_indexes(void **state) {
        Random random = random_new(7);
        size_t n_answers = 0, n_empty = 0;

        (void)state;
        for (uint64_t round = 0; round < 10; round++) {
                Store *store;
                Model m;

                /* the last with so many that answers are bits */
                model_init(&m, 90 + round, round < 9 ? 1 + random_below(&random, 300) : 9000);
                store = model_seal(&m, 2, 1);
                for (int i = 0; i < TEST_EFFORT(round < 9 ? 300 : 40); i++) {
                        Text text = {.size = 0};

                        put_expression(&text, &random, &m, 3);
                        if (check_indexes(&m, store, &text))
                                n_answers++;
                        else
                                n_empty++;
                }
                store_free(store);
                model_deinit(&m);
        }
        assert_true(n_answers > 100 && n_empty > 100);
}

/* ---- what the columns do not tell ---- */

static int give_records(void *userdata, const uint32_t *events, size_t n, StoreRecordSink *sink) {
        size_t *n_read = userdata;
        char record[64];
        int r = 0;

        *n_read += n;
        for (size_t i = n; i-- > 0 && r == 0;) {
                int size = snprintf(record, sizeof(record), "{\"a\":{\"b\":[%u,\"%u\"]}}",
                                events[i] % 3, events[i]);

                r = sink->record(sink->userdata, i, slice(record, (size_t)size));
        }
        return r;
}

static int give_long(void *userdata, const uint32_t *events, size_t n, StoreRecordSink *sink) {
        (void)userdata, (void)events, (void)n;
        return sink->record(sink->userdata, 0,
                        SLICE_LITERAL("{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}"));
}

static int refuse_records(void *userdata, const uint32_t *events, size_t n, StoreRecordSink *sink) {
        (void)userdata, (void)events, (void)n;
        sink->code = 77;
        snprintf(sink->message, sizeof(sink->message), "gone");
        return -EIO;
}

static void test_records(void **state) {
        static const char *const asked[] = {"a.b = 1", "ip exists or a.b[1] >= '0'", "a.c = null"};
        SelectionWhereFault fault;
        size_t n_read = 0;
        Selection *s;
        Store *store;
        uint32_t event;
        Plan *plan;
        Model m;

        (void)state;
        model_init(&m, 120, 200);
        store = model_seal(&m, 1, 1);
        assert_int_equal(selection_new(&s), 0);
        assert_int_equal(selection_set_where(s, slice_cstr(asked[0]), &fault), 0);
        assert_int_equal(plan_new(store, s, &plan), -ENOTSUP);
        store_set_records(store, &(StoreRecords){NULL, refuse_records});
        assert_int_equal(plan_new(store, s, &plan), -ECANCELED);
        assert_int_equal(selection_failure(s)->code, 77);
        assert_string_equal(selection_failure(s)->message, "gone");
        store_set_records(store, &(StoreRecords){&n_read, give_records});
        assert_int_equal(selection_set_where(s, slice_cstr(asked[1]), &fault), 0);
        assert_int_equal(selection_set_where(s, slice_cstr(asked[2]), &fault), 0);
        assert_int_equal(plan_new(store, s, &plan), 0);
        for (uint32_t i = 0; i < m.n_kept; i++) {
                if (i % 3 != 1 && i != 1) /* the texts are numbers too */
                        continue;
                assert_true(plan_next(plan, &event));
                assert_int_equal(event, i);
        }
        assert_false(plan_next(plan, &event));
        plan_free(plan);
        assert_int_equal(n_read, m.n_kept);
        /* a comparison that the columns decide spares the reading */
        assert_int_equal(selection_set_where(s, SLICE_LITERAL("eventID = nothing"), &fault), 0);
        n_read = 0;
        assert_int_equal(plan_new(store, s, &plan), 0);
        assert_false(plan_next(plan, &event));
        assert_int_equal(n_read, 0);
        plan_free(plan);
        selection_free(s);
        /* a search that is given up is no answer */
        store_set_records(store, &(StoreRecords){NULL, give_long});
        assert_int_equal(selection_new(&s), 0);
        assert_int_equal(selection_set_where(s, SLICE_LITERAL("not a =~ '(a+)+$'"), &fault), 0);
        assert_int_equal(plan_new(store, s, &plan), -ECANCELED);
        assert_int_equal(selection_failure(s)->kind, SELECTION_FAILED_STEPS);
        assert_non_null(strstr(selection_failure(s)->message, "text of a"));
        selection_free(s);
        store_free(store);
        model_deinit(&m);
}

/* ---- what files beside the evidence tell ---- */

static bool tells(void *userdata, StoreTold field) {
        (void)userdata;
        return field == STORE_TOLD_COUNTRY || field == STORE_TOLD_INDICATOR;
}

/* The country is the first character; a text of even size is an indicator, of two labels. */
static int tell(void *userdata, StoreTelling *telling, StoreTold field, StoreToldOf of,
                Slice text) {
        static const Slice labels[] = {SLICE_INIT("known"), SLICE_INIT("even")};

        (void)userdata, (void)of;
        assert_true(text.size);
        telling->lookup = telling;
        if (field == STORE_TOLD_INDICATOR) {
                telling->values = labels;
                telling->n_values = text.size % 2 ? 0 : 2;
        } else {
                telling->value = slice(text.data, 1);
                telling->values = &telling->value;
                telling->n_values = 1;
        }
        return 0;
}

static void end_telling(StoreTelling *telling) {
        assert_ptr_equal(telling->lookup, telling);
}

static bool is_even(Slice text) {
        return text.size && text.size % 2 == 0;
}

static bool is_indicator(const Event *e) {
        return is_even(e->ip) || is_even(e->user_agent) || is_even(e->identity[EVENT_ID_KEY]) ||
               is_even(e->identity[EVENT_ID_ARN]) || is_even(event_principal(e->identity));
}

static void test_told(void **state) {
        static const char *const asked[] = {"indicator = even", "not indicator exists",
                        "indicator in (even, other) and geo.country ~ ?", "geo.country = null",
                        "indicator = odd"};
        Random random = random_new(8);

        (void)state;
        for (uint64_t round = 0; round < 6; round++) {
                Selection *s;
                Store *store;
                Model m;

                model_init(&m, 140 + round, 1 + random_below(&random, 200));
                store = model_seal(&m, 1, 1);
                store_set_teller(store, &(StoreTeller){NULL, tells, tell, end_telling});
                for (size_t k = 0; k < N_ELEMENTS(asked); k++) {
                        Plan *plan = plan_of(store, &asked[k], 1, &s);

                        for (uint32_t i = 0; i < m.n_kept; i++) {
                                const Event *e = model_event(&m, i);
                                bool is = is_indicator(e);
                                bool wanted[] = {is, !is, is && e->ip.size, !e->ip.size, false};

                                assert_int_equal(plan_has(plan, i), wanted[k]);
                        }
                        plan_free(plan);
                        selection_free(s);
                }
                store_free(store);
                model_deinit(&m);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_refusals),
                        cmocka_unit_test(test_limits),
                        cmocka_unit_test(test_numbers),
                        cmocka_unit_test(test_terms),
                        cmocka_unit_test(test_paths),
                        cmocka_unit_test(test_indexes),
                        cmocka_unit_test(test_records),
                        cmocka_unit_test(test_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
