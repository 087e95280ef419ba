/*
 * Unsound documents: what stands before and behind the damage is delivered, and the damage is named
 * where it is; in pieces of every size alike.
 */
#include "base/test-help.h"
#include "json/test-collect.h"

static const JsonLimits wide = {64, 1U << 20};
static const size_t pieces[] = {1, 2, 7, 64, 0};

/* ---- five records ---- */

enum { N_RECORDS = 5 };

typedef struct Document {
        Text text;
        size_t records_at; /* first byte behind the array's bracket */
        size_t first[N_RECORDS], end[N_RECORDS];
} Document;

typedef enum Layout {
        LAYOUT_WRAPPER,
        LAYOUT_ARRAY,
        LAYOUT_LINES,
        N_LAYOUTS,
} Layout;

static void make_document(Document *d, Layout layout) {
        static const char *const heads[] = {"{\"Records\":[", " [", ""};
        static const char *const between[] = {",", " ,\n", "\n"};
        static const char *const tails[] = {"]}", "]\n", "\n"};

        *d = (Document){0};
        text_add(&d->text, slice_cstr(heads[layout]));
        d->records_at = d->text.bytes.size;
        for (int i = 0; i < N_RECORDS; i++) {
                d->first[i] = d->text.bytes.size;
                text_addf(&d->text,
                                "{\"a\":{\"x\":\"id%d\"},\"b\":[%d,-1.5,{\"k\":[]}],\"c\":{\"d\":{"
                                "\"e\":"
                                "\"q\\\"}\\u00e9\"}},\"f\":%s,\"z\": \"{\\\\\"}",
                                i, i, i % 2 ? "true" : "null");
                d->end[i] = d->text.bytes.size;
                text_add(&d->text, slice_cstr(i + 1 < N_RECORDS ? between[layout] : tails[layout]));
        }
}

/* The record in which byte AT stands, or -1 between records. */
static int record_at(const Document *d, size_t at) {
        for (int i = 0; i < N_RECORDS; i++) {
                if (at >= d->first[i] && at < d->end[i])
                        return i;
        }
        return -1;
}

static bool has_record(const Collect *c, const Document *d, int i) {
        const Item *item = collect_unit(c, d->first[i], d->end[i]);
        char id[8];
        int n;

        if (!item || item->type != JSON_OBJECT)
                return false;
        n = snprintf(id, sizeof(id), "id%d", i);
        assert_true(slice_equal(slice(item->values[PATH_A_X].text, item->values[PATH_A_X].size),
                        slice(id, (size_t)n)));
        return true;
}

/* Reads in pieces of every size, by one reader or a new one each; all say the same as the first. */
static void read_alike_by(Collect *c, Slice text, bool is_renewed) {
        char *first = NULL;

        for (size_t p = 0; p < N_ELEMENTS(pieces); p++) {
                if (is_renewed)
                        collect_renew(c);
                assert_int_equal(collect_read(c, text, pieces[p], false), 0);
                if (!first)
                        first = strdup(c->transcript.bytes.data);
                assert_non_null(first);
                if (strcmp(first, c->transcript.bytes.data) != 0)
                        fail_msg("%.*s\nin pieces of %zu:\n%s\nbyte for byte:\n%s", (int)text.size,
                                        text.data, pieces[p], c->transcript.bytes.data, first);
        }
        free(first);
}

static void read_alike(Collect *c, Slice text) {
        read_alike_by(c, text, true);
}

/*
 * Did the broken record (or, for -1, a value between records) take in what stands behind it? A
 * bracket too many may leave sound JSON up to the end, where a fault is told.
 */
static bool has_swallowed(const Collect *c, const Document *d, int broken) {
        for (size_t k = 0; k < c->items.size; k++) {
                const Item *item = &c->items.data[k];

                if (item->is_fault)
                        continue;
                if (broken >= 0 && item->offset == d->first[broken] && item->end > d->end[broken])
                        return c->n_faults > 0;
                for (int i = 0; i < N_RECORDS; i++) {
                        if (i != broken && item->offset < d->first[i] && item->end >= d->end[i])
                                return c->n_faults > 0;
                }
        }
        return false;
}

/* Was a string taken for a unit? */
static bool has_string(const Collect *c) {
        for (size_t i = 0; i < c->items.size; i++) {
                if (!c->items.data[i].is_fault && c->items.data[i].type == JSON_STRING)
                        return true;
        }
        return false;
}

static void complain(const Collect *c, Slice text, size_t at) {
        fail_msg("damage at byte %zu of\n%.*s\n%s", at, (int)text.size, text.data,
                        c->transcript.bytes.data);
}

/* Cut behind every byte. */
static void check_cut(Collect *c, const Document *d, Layout layout, size_t size) {
        Slice text = slice(d->text.bytes.data, size);
        int broken = size ? record_at(d, size - 1) : -1;
        bool is_whole = layout == LAYOUT_LINES ? broken < 0 || d->end[broken] == size
                                               : size + 1 >= d->text.bytes.size;
        const Item *fault;

        if (layout == LAYOUT_WRAPPER)
                is_whole = size == d->text.bytes.size;
        if (layout != LAYOUT_LINES)
                is_whole |= size <= strspn(text.data, " ");
        read_alike(c, text);
        for (int i = 0; i < N_RECORDS; i++) {
                if (has_record(c, d, i) != (d->end[i] <= size))
                        complain(c, text, size);
        }
        if (c->n_faults != !is_whole)
                complain(c, text, size);
        fault = collect_fault(c, 0);
        if (fault && broken >= 0 && d->end[broken] > size)
                assert_int_equal(fault->offset, d->first[broken]);
        if (fault && fault->end != size)
                complain(c, text, size);
}

static void test_cut(void **state) {
        Document d;
        Collect c;

        (void)state;
        collect_init(&c, wide);
        for (Layout layout = 0; layout < N_LAYOUTS; layout++) {
                make_document(&d, layout);
                for (size_t size = 0; size <= d.text.bytes.size; size++)
                        check_cut(&c, &d, layout, size);
                text_deinit(&d.text);
        }
        collect_deinit(&c);
}

/*
 * One byte is another. In the wrapper's head anything may
 * follow, as "Records" under another name is no longer "Records".
 */
static void check_flip(Collect *c, const Document *d, size_t at) {
        Slice text = text_slice(&d->text);
        int broken = record_at(d, at);
        const Item *fault;

        assert_int_equal(collect_read(c, text, pieces[at % N_ELEMENTS(pieces)], false), 0);
        if (at < d->records_at)
                return;
        if (has_swallowed(c, d, broken) || (broken < 0 && has_string(c))) /* test_stray_quote */
                return;
        for (int i = 0; i < N_RECORDS; i++) {
                if (i != broken && !has_record(c, d, i))
                        complain(c, text, at);
        }
        fault = collect_fault(c, 0);
        if (fault && broken >= 0 && fault->offset >= d->end[broken])
                complain(c, text, at);
        if (fault && broken >= 0 && fault->offset < d->first[broken] && at != d->first[broken])
                complain(c, text,
                                at); /* without its bracket it begins where the last thing ended */
        while (broken < 0 && at < text.size && record_at(d, at) < 0)
                at++;
        if (fault && broken < 0 && fault->offset > (at < text.size ? d->end[record_at(d, at)] : at))
                complain(c, text, at); /* between records, at the next one's end at the latest */
        if (broken >= 0 && !fault && !collect_unit(c, d->first[broken], d->end[broken]))
                complain(c, text, at); /* lost, and nobody said so */
}

static void test_flip(void **state) {
        static const char others[] = "\"\\{}[]:, \n\t0ax\x00\x1F\x7F\xC3\xFF";
        Document d;
        Collect c;

        (void)state;
        collect_init(&c, wide);
        for (Layout layout = 0; layout < N_LAYOUTS; layout++) {
                make_document(&d, layout);
                for (size_t at = 0; at < d.text.bytes.size; at++) {
                        char was = d.text.bytes.data[at];

                        for (int bit = 0; bit < 8; bit++) {
                                d.text.bytes.data[at] = (char)(was ^ (1 << bit));
                                check_flip(&c, &d, at);
                        }
                        for (size_t i = 0; i < sizeof(others) - 1; i++) {
                                d.text.bytes.data[at] = others[i];
                                check_flip(&c, &d, at);
                        }
                        d.text.bytes.data[at] = was;
                }
                text_deinit(&d.text);
        }
        collect_deinit(&c);
}

/* Bytes of a record gone, or others put in: the neighbours stay. */
static void test_splice(void **state) {
        static const char *const inserts[] = {"", "{", "}", "]", "[", "\"", "\\", ",", "garbage",
                        "{\"a\":", "{\"a\":1,\"b\":", "}}}}", "]]]]", "\0\0\0\0",
                        "{\"a\":1,\"b\":2}"};
        Random random = random_new(1);
        Collect c;

        (void)state;
        collect_init(&c, wide);
        for (int round = 0; round < TEST_EFFORT(6000); round++) {
                const char *insert = inserts[random_below(&random, N_ELEMENTS(inserts))];
                size_t n_insert = strlen(insert), at, n_gone, n_left;
                int broken = (int)random_below(&random, N_RECORDS);
                Text text = {0};
                Document d;

                make_document(&d, (Layout)random_below(&random, N_LAYOUTS));
                at = d.first[broken] + random_below(&random, d.end[broken] - d.first[broken]);
                n_gone = random_below(&random, d.end[broken] - at);
                n_left = d.text.bytes.size - at - n_gone;
                text_add(&text, slice(d.text.bytes.data, at));
                text_add(&text, slice(insert, n_insert));
                text_add(&text, slice(d.text.bytes.data + at + n_gone, n_left));
                read_alike(&c, text_slice(&text));
                for (int i = broken + 1; i < N_RECORDS; i++) {
                        d.first[i] += n_insert - n_gone;
                        d.end[i] += n_insert - n_gone;
                }
                d.end[broken] += n_insert - n_gone;
                for (int i = 0; i < N_RECORDS; i++) {
                        if (i != broken && !has_record(&c, &d, i) &&
                                        !has_swallowed(&c, &d, broken) &&
                                        !has_string(&c)) /* test_stray_quote */
                                complain(&c, text_slice(&text), at);
                }
                text_deinit(&text);
                text_deinit(&d.text);
        }
        collect_deinit(&c);
}

/* ---- kinds of damage ---- */

#define R0 "{\"a\":0,\"b\":0}"
#define R1 "{\"b\":1,\"a\":1}"
#define R2 "{ \"f\":2,\"a\":2,\"b\":2}"
#define DEEP "{\"a\":[[[[[[[[1]]]]]]]],\"b\":1}" /* deeper than 8 */
#define FITS "{\"a\":[[[[[[1]]]]]],\"b\":1}"     /* 7 deep, so that it fits in a wrapper */

static void test_kinds(void **state) {
        static const struct {
                const char *text;
                size_t n_units, n_faults;
                const char *reason; /* part of the first fault's */
        } cases[] = {
                        {"[" R0 "," R1 "," R2 "]", 3, 0, NULL},
                        {"[" R0 " garbage " R1 "," R2 "]", 3, 1, "error"},
                        {"{\"Records\":[" R0 ",garbage," R1 "]}", 2, 1, "error"},
                        {"{\"Records\":[" R0 "," R1 ",]}", 2, 1, "error"},
                        {"{\"Records\":[," R0 "," R1 "]}", 2, 1, "error"},
                        {"[" R0 ",," R1 "]", 2, 1, "error"},
                        {"[" R0 " " R1 "]", 2, 1, "error"},
                        {"[" R0 "}" R1 "]", 2, 1, "error"},
                        {"{\"Records\":[" R0 "," R1 "]]", 2, 1, "error"},
                        {"{\"Records\":[" R0 "," R1 "]}}", 2, 1, "error"},
                        {"{\"Records\":[" R0 "," R1 "]} trailing", 2, 1, "error"},
                        {"{\"Records\":[" R0 "," R1, 2, 1, "unexpected end of JSON"},
                        {R0 "\n{\"a\":1,\n" R2 "\n", 2, 1, "error"},
                        {R0 "\nnot a line\n" R2 "\n", 2, 1, "error"},
                        {R0 "\n{\"a\":1,\"b\":}\n" R2 "\n" R1, 3, 1, "error"},
                        {R0 "\n\0\0\0", 1, 0, NULL},
                        {"[" R0 "," DEEP "," R1 "]", 2, 1, "nested deeper than the limit"},
                        {R0 "\n" DEEP "\n" R1, 2, 1, "nested deeper than the limit"},
                        {"{\"Records\":[" R0 "," FITS "," R1 "]}", 3, 0, NULL},
                        {"[" R0 ",{\"a\":\"\t\",\"b\":1}," R1 "]", 2, 1, "error"}, /* a bare tab */
                        {"[" R0 ",{\"a\":\"\\x\",\"b\":1}," R1 "]", 2, 1, "error"},
                        {"[" R0 ",{\"a\":\"\\u12g4\",\"b\":1}," R1 "]", 2, 1, "error"},
                        {"[" R0 ",{\"a\":01,\"b\":1}," R1 "]", 2, 1, "error"},
                        {"[" R0 ",{\"a\":1.,\"b\":1}," R1 "]", 2, 1, "error"},
                        {"[" R0 ",{\"a\":nul,\"b\":1}," R1 "]", 2, 1, "error"},
                        {"[" R0 ",{\"a\":True,\"b\":1}," R1 "]", 2, 1, "error"},
                        {"[" R0 ",{\"a\":1,\"b\":1,}," R1 "]", 2, 1, "error"},
                        {"[" R0 ",{\"a\" 1,\"b\":1}," R1 "]", 2, 1, "error"},
                        {"[" R0 ",{a:1,\"b\":1}," R1 "]", 2, 1, "error"},
                        {"[" R0 ",{'a':1,'b':1}," R1 "]", 2, 1, "error"},
                        {"[" R0 ",{\"a\":1,\"b\":[1,2}," R1 "]", 2, 1, "error"},
                        {"[" R0 ",{\"a\":1]," R1 "]", 2, 1, "error"},
        };
        Collect c;

        (void)state;
        collect_init(&c, (JsonLimits){8, 1U << 20});
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                read_alike(&c, slice_cstr(cases[i].text));
                if (c.n_units != cases[i].n_units || c.n_faults != cases[i].n_faults)
                        fail_msg("%s\n%s", cases[i].text, c.transcript.bytes.data);
                if (c.n_faults)
                        assert_non_null(strstr(collect_fault(&c, 0)->reason, cases[i].reason));
        }
        collect_deinit(&c);
}

/* A record of exactly the limit is taken, one byte more is not, whatever the pieces. */
static void test_too_large(void **state) {
        enum { LIMIT = 200 };
        Collect c;

        (void)state;
        collect_init(&c, (JsonLimits){64, LIMIT});
        for (size_t size = LIMIT - 3; size < LIMIT + 300; size++) {
                char filler[2 * LIMIT + 200];
                size_t n = size - strlen("{\"a\":1,\"b\":\"\"}");
                Text text = {0};
                bool is_sound = size <= LIMIT;

                memset(filler, size & 1 ? '{' : 'x', n);
                filler[n] = 0;
                text_addf(&text, "{\"Records\":[" R0 ",{\"a\":1,\"b\":\"%s\"}," R1 "]}", filler);
                read_alike(&c, text_slice(&text));
                if (c.n_units != 2U + is_sound || c.n_faults != !is_sound)
                        fail_msg("%zu bytes:\n%s", size, c.transcript.bytes.data);
                if (!is_sound) {
                        assert_non_null(strstr(
                                        collect_fault(&c, 0)->reason, "larger than the limit"));
                        assert_int_equal(collect_fault(&c, 0)->offset,
                                        strlen("{\"Records\":[" R0 ","));
                }
                text_deinit(&text);
        }
        collect_deinit(&c);
}

/* An endless string, endless brackets: memory follows the limit, and what follows is read. */
static void test_endless(void **state) {
        static const char fillers[] = "x[{ ";
        enum { SIZE = 3 << 20 };
        char *text = malloc(SIZE + 1000);
        Collect c;

        (void)state;
        assert_non_null(text);
        collect_init(&c, (JsonLimits){16, 65536});
        for (size_t i = 0; i < sizeof(fillers) - 1; i++) {
                int n = sprintf(text, "{\"Records\":[" R0 ",{\"a\":1,\"b\":%s",
                                fillers[i] == 'x' ? "\"" : "");

                memset(text + n, fillers[i], SIZE);
                n += SIZE;
                n += sprintf(text + n, "\"," R1 "]}");
                assert_int_equal(collect_read(&c, slice(text, (size_t)n), 8192, false), 0);
                assert_non_null(collect_unit(&c, 12, 12 + strlen(R0)));
                assert_non_null(collect_unit(&c, (uint64_t)n - 2 - strlen(R1), (uint64_t)n - 2));
                assert_true(c.n_faults >= 1 && c.n_faults < 10);
        }
        collect_deinit(&c);
        free(text);
}

/* Begun as a search: text before the first record is one fault. */
static void test_search(void **state) {
        static const char *const before[] = {"", "<html> {x} ", "{\"q\":1} {\"a\":1} [[["};
        Collect c;

        (void)state;
        collect_init(&c, wide);
        for (size_t i = 0; i < N_ELEMENTS(before) * N_ELEMENTS(pieces); i++) {
                size_t k = i / N_ELEMENTS(pieces);
                Text text = {0};

                text_addf(&text, "%s" R0 "," R1, before[k]);
                assert_int_equal(collect_read(&c, text_slice(&text), pieces[i % 5], true), 0);
                assert_int_equal(c.n_units, 2);
                assert_int_equal(c.n_faults, 1);
                assert_string_equal(collect_fault(&c, 0)->reason, "not JSON");
                assert_int_equal(collect_fault(&c, 0)->end, strlen(before[k]));
                text_deinit(&text);
        }
        assert_int_equal(collect_read(&c, SLICE_LITERAL("nothing {\"a\":1}"), 3, true), 0);
        assert_int_equal(c.n_units, 0);
        assert_int_equal(c.n_faults, 1);
        collect_deinit(&c);
}

/* Noise: pieces of JSON in any order. Nothing is promised but that all piece sizes agree. */
static void add_noise(Text *text, Random *random) {
        static const char *const parts[] = {"{", "}", "[", "]", ",", ":", "\"", "\\", "\\u",
                        "\"a\"", "\"b\":1", "{\"a\":", "1", "-", "e5", "true", "nul", " ", "\n",
                        "\xEF\xBB\xBF", R0, R1, "{\"Records\":[", "\x01", "\xFF"};

        text->bytes.size = 0;
        text_add(text, SLICE_LITERAL(" ")); /* so that no byte order mark stands first */
        for (size_t n = random_below(random, 20); n > 0; n--)
                text_add(text, slice_cstr(parts[random_below(random, N_ELEMENTS(parts))]));
}

static void read_noise(uint64_t which, bool is_renewed) {
        Random random = random_new(which);
        Text text = {0};
        Collect c;

        collect_init(&c, (JsonLimits){6, 90});
        for (int round = 0; round < TEST_EFFORT(10000); round++) {
                add_noise(&text, &random);
                read_alike_by(&c, text_slice(&text), is_renewed);
        }
        collect_deinit(&c);
        text_deinit(&text);
}

static void test_noise(void **state) {
        (void)state;
        read_noise(2, true);
}

/* ---- known defects ---- */

/* What was read before does not matter. */
static void test_noise_in_one_reader(void **state) {
        (void)state;
        read_noise(3, false);
}

static void test_cut_scalar(void **state) {
        static const char *const texts[] = {
                        R0 "!" R1 "\n\"abc", R0 "!" R1 "\ntru", R0 "!" R1 "\n-", R0 "!" R1 "\n\""};
        Collect c;

        (void)state;
        collect_init(&c, wide);
        for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
                read_alike(&c, slice_cstr(texts[i]));
                assert_int_equal(c.n_units, 2);
                assert_int_equal(c.n_faults, 2);
        }
        collect_deinit(&c);
}

/* A quote between records must not take the next record's first byte into a string. */
static void test_stray_quote(void **state) {
        static const char *const texts[] = {"[" R0 " x\" , " R1 "," R2 "]", R0 "\n\"\n" R1 "\n" R2,
                        "{\"Records\":[" R0 ",{\"a\":!" R1 "\"," R1 "," R2 "]}"};
        Collect c;

        (void)state;
        collect_init(&c, wide);
        for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
                uint64_t end = (uint64_t)(strstr(texts[i], R2) - texts[i]) - 1;

                read_alike(&c, slice_cstr(texts[i]));
                if (!collect_unit(&c, end - strlen(R1), end))
                        fail_msg("%s\n%s", texts[i], c.transcript.bytes.data);
        }
        collect_deinit(&c);
}

/* The reason of a fault is the same however the bytes come. */
static void test_reason_alike(void **state) {
        static const char text[] =
                        "[" R0 ",{\"a\":1,\"c\":{\"d\":{\"e\":\"q\\\"}\\u00e9\"}} \"{\\\\\"}," R1
                        "]";
        char reason[256];
        Collect c;

        (void)state;
        collect_init(&c, wide);
        for (size_t piece = 0; piece < 16; piece++) {
                collect_renew(&c);
                assert_int_equal(collect_read(&c, SLICE_LITERAL(text), piece, false), 0);
                assert_int_equal(c.n_faults, 1);
                if (piece == 0)
                        strcpy(reason, collect_fault(&c, 0)->reason);
                assert_string_equal(reason, collect_fault(&c, 0)->reason);
        }
        collect_deinit(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_cut),
                        cmocka_unit_test(test_flip),
                        cmocka_unit_test(test_splice),
                        cmocka_unit_test(test_kinds),
                        cmocka_unit_test(test_too_large),
                        cmocka_unit_test(test_endless),
                        cmocka_unit_test(test_search),
                        cmocka_unit_test(test_noise),
                        cmocka_unit_test(test_noise_in_one_reader),
                        cmocka_unit_test(test_cut_scalar),
                        cmocka_unit_test(test_stray_quote),
                        cmocka_unit_test(test_reason_alike),
        };

        return cmocka_run_group_tests_name("json-damage", tests, NULL, NULL);
}
