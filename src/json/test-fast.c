/*
 * The fast path against yajl alone, and against itself where the content comes in pieces: on
 * documents made at random, sound ones and ones in which some bytes were changed. Each reader reads
 * many of them, so that the objects that it remembers are met again.
 */
#include "base/test-help.h"
#include "json/test-collect.h"

#define PER_READER 50

typedef struct Maker {
        Random *random;
        Text *to;
        unsigned spaces; /* one in so many places has some; 0: none */
        unsigned budget; /* values that are left */
} Maker;

static uint64_t below(Maker *m, uint64_t n) {
        return random_below(m->random, n);
}

static void put(Maker *m, const char *text) {
        text_add(m->to, slice_cstr(text));
}

static void put_space(Maker *m) {
        static const char *const spaces[] = {" ", "\n", "\t", "\r\n", "    "};

        if (m->spaces && below(m, m->spaces) == 0)
                put(m, spaces[below(m, N_ELEMENTS(spaces))]);
}

static void put_mark(Maker *m, const char *mark) {
        put_space(m);
        put(m, mark);
        put_space(m);
}

static void put_string(Maker *m) {
        static const char *const parts[] = {"x", "arn:aws:iam::1:role/r", "\\n", "\\u00e9", "\\\\",
                        "\\\"", "{", "}", "[", ",", ":", "\\ud83d\\ude00", "\\ud83d", "\xC3\xA9",
                        "0123456789012345678901234567890123456789"};

        put(m, "\"");
        for (uint64_t n = below(m, 4); n > 0; n--)
                put(m, parts[below(m, below(m, 2) ? 2 : N_ELEMENTS(parts))]);
        put(m, "\"");
}

static void put_key(Maker *m) {
        static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "x", "y", "other",
                        "\\u0061", "Records", "items", "hits", "aVeryLongKeyThatNobodyWants", ""};

        put(m, "\"");
        put(m, keys[below(m, below(m, 4) ? 9 : N_ELEMENTS(keys))]);
        put(m, "\"");
}

static void put_value(Maker *m, unsigned depth);

static void put_members(Maker *m, unsigned depth, bool is_object) {
        uint64_t n = below(m, 5);

        put_mark(m, is_object ? "{" : "[");
        for (uint64_t i = 0; i < n; i++) {
                if (i > 0)
                        put_mark(m, ",");
                if (is_object) {
                        put_key(m);
                        put_mark(m, ":");
                }
                put_value(m, depth + 1);
        }
        put_mark(m, is_object ? "}" : "]");
}

static void put_value(Maker *m, unsigned depth) {
        static const char *const bare[] = {
                        "true", "false", "null", "0", "-1.5e+3", "12345678901234567890"};
        uint64_t kind = below(m, 8);

        if (m->budget > 0)
                m->budget--;
        if (kind < 3 && depth < 6 && m->budget > 0)
                put_members(m, depth, kind < 2);
        else if (kind < 6)
                put_string(m);
        else
                put(m, bare[below(m, N_ELEMENTS(bare))]);
}

/* What stands under "a" comes from few texts, and so again and again. */
static void put_record(Maker *m, const Text *identities, size_t n_identities) {
        put_mark(m, "{");
        put(m, "\"a\"");
        put_mark(m, ":");
        text_add(m->to, text_slice(&identities[below(m, n_identities)]));
        put(m, ",\"b\":");
        put_value(m, 3);
        for (uint64_t n = below(m, 4); n > 0; n--) {
                put_mark(m, ",");
                put_key(m);
                put_mark(m, ":");
                put_value(m, 3);
        }
        put_mark(m, "}");
}

static void put_document(Maker *m, const Text *identities, size_t n_identities) {
        static const char *const begins[] = {"{\"Records\":[", "[", "", "{\"other\":1,\"items\":[",
                        "{\"hits\":{\"hits\":["};
        static const char *const ends[] = {"]}", "]", "\n", "],\"b\":2}", "]}}"};
        static const char *const between[] = {",", ",", "\n", ",", ","};
        size_t kind = below(m, N_ELEMENTS(begins));

        put(m, begins[kind]);
        for (uint64_t i = 0, n = below(m, 6); i < n; i++) {
                if (i > 0)
                        put_mark(m, between[kind]);
                if (below(m, 10) == 0)
                        put_value(m, 1);
                else
                        put_record(m, identities, n_identities);
        }
        put(m, ends[kind]);
}

/* Some bytes otherwise, gone or new; below a text of which no byte is. */
static void damage(Maker *m) {
        static const char bytes[] = "\"\\{}[]:,\n \t1etx\x01";

        for (uint64_t n = below(m, 2) ? 0 : 1 + below(m, 3); n > 0 && m->to->bytes.size > 1; n--) {
                size_t at = below(m, m->to->bytes.size), kind = below(m, 4);
                char *data = m->to->bytes.data;

                if (kind == 0) {
                        memmove(data + at, data + at + 1, m->to->bytes.size - at - 1);
                        m->to->bytes.size--;
                } else if (kind == 1) {
                        m->to->bytes.size = at + 1; /* cut */
                } else {
                        data[at] = bytes[below(m, sizeof(bytes) - 1)];
                }
        }
}

static void compare_readings(Collect *fast, Collect *yajl, Slice document, size_t piece) {
        Text whole = {0};

        assert_int_equal(collect_read(fast, document, 0, false), 0);
        text_add(&whole, text_slice(&fast->transcript));
        assert_int_equal(collect_read(fast, document, piece, false), 0);
        if (!slice_equal(text_slice(&whole), text_slice(&fast->transcript)))
                fail_msg("in pieces of %zu:\n%.*s\nwhole:\n%s\npieces:\n%s", piece,
                                (int)document.size, document.data, whole.bytes.data,
                                fast->transcript.bytes.data);
        assert_int_equal(collect_read(yajl, document, 0, false), 0);
        if (!slice_equal(text_slice(&whole), text_slice(&yajl->transcript)))
                fail_msg("%.*s\nfast:\n%s\nyajl:\n%s", (int)document.size, document.data,
                                whole.bytes.data, yajl->transcript.bytes.data);
        text_deinit(&whole);
}

static void make_identities(Random *random, Text *identities, size_t n) {
        for (size_t i = 0; i < n; i++) {
                Maker m = {.random = random, .to = &identities[i], .budget = 20};

                put_members(&m, 2, true);
        }
}

static void test_against_yajl(void **state) {
        JsonLimits limits = {12, 1 << 20};
        Random random = random_new(7);
        size_t n_found = 0;

        (void)state;
        for (int round = 0; round < TEST_EFFORT(200); round++) {
                Collect fast, yajl;
                Text identities[8] = {0};

                collect_init(&fast, limits);
                collect_init(&yajl, limits);
                json_reader_use_yajl(yajl.reader);
                make_identities(&random, identities, N_ELEMENTS(identities));
                for (int i = 0; i < PER_READER; i++) {
                        Text text = {0};
                        Maker m = {.random = &random, .to = &text, .budget = 60};

                        m.spaces = random_below(&random, 2) ? 0 : 1 + random_below(&random, 6);
                        put_document(&m, identities, N_ELEMENTS(identities));
                        damage(&m);
                        compare_readings(&fast, &yajl, text_slice(&text),
                                        1 + random_below(&random, 80));
                        text_deinit(&text);
                }
                for (size_t i = 0; i < N_ELEMENTS(identities); i++)
                        text_deinit(&identities[i]);
                n_found += fast.n_found;
                assert_int_equal(yajl.n_found, 0); /* it has no marks */
                collect_deinit(&fast);
                collect_deinit(&yajl);
        }
        assert_true(n_found > 0); /* by marks, in some document at least */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_against_yajl),
        };

        return cmocka_run_group_tests_name("json-fast", tests, NULL, NULL);
}
