/* Sound documents: units and values against a generator that knows them, in pieces of every size.
 */
#include "base/test-help.h"
#include "json/test-collect.h"

static const JsonLimits wide = {64, 1U << 20};
static const size_t pieces[] = {1, 2, 7, 64, 0};

/* ---- a generator that knows what it wrote ---- */

typedef struct Expected {
        JsonPlace place;
        JsonType type;
        size_t offset, end;
        Value values[N_PATHS];
} Expected;

typedef struct Gen {
        Random random;
        Text text;
        Value values[N_PATHS]; /* of the unit being written */
        Expected units[64];
        size_t n_units;
} Gen;

static void put(Gen *g, const char *text) {
        text_add(&g->text, slice_cstr(text));
}

static void space(Gen *g) {
        static const char *const spaces[] = {"", "", "", " ", "\n", "\t \r\n"};

        put(g, spaces[random_below(&g->random, N_ELEMENTS(spaces))]);
}

static void set(Gen *g, const char *path, JsonType type, const char *text, size_t size) {
        for (int i = 0; i < N_PATHS; i++) {
                if (strcmp(collect_paths[i], path) != 0)
                        continue;
                g->values[i] = (Value){.type = type, .size = size};
                memcpy(g->values[i].text, text, size);
        }
}

/* A key comes (again): nothing under it counts any more. */
static void forget(Gen *g, const char *path) {
        size_t n = strlen(path);

        for (int i = 0; i < N_PATHS; i++) {
                const char *p = collect_paths[i];

                if (strncmp(p, path, n) == 0 && (p[n] == 0 || p[n] == '.'))
                        g->values[i] = (Value){0};
        }
}

static void gen_string(Gen *g, const char *path) {
        static const struct {
                const char *raw, *text;
                size_t size;
        } parts[] = {
                        {"a", "a", 1}, {"Hi ", "Hi ", 3}, {"\\n", "\n", 1}, {"\\\"", "\"", 1},
                        {"\\\\", "\\", 1}, {"\\/", "/", 1}, {"\\u0000", "\0", 1},
                        {"\\u0041", "A", 1}, {"\\u00e9", "\xC3\xA9", 2},
                        {"\xC3\xA9", "\xC3\xA9", 2}, {"\\u20AC", "\xE2\x82\xAC", 3},
                        {"\\ud83d\\udc3e", "\xF0\x9F\x90\xBE", 4}, {"{", "{", 1}, {"}]", "}]", 2},
                        {",:", ",:", 2}, {"{\\\"a\\\":1", "{\"a\":1", 6}, {"\x7F", "\x7F", 1},
                        {"\xFF\xC3", "\xFF\xC3", 2}, /* no UTF-8 */
        };
        size_t n = random_below(&g->random, 8), size = 0;
        char text[64];

        put(g, "\"");
        for (size_t i = 0; i < n; i++) {
                size_t k = random_below(&g->random, N_ELEMENTS(parts));

                put(g, parts[k].raw);
                memcpy(text + size, parts[k].text, parts[k].size);
                size += parts[k].size;
        }
        put(g, "\"");
        set(g, path, JSON_STRING, text, size);
}

static void gen_scalar(Gen *g, const char *path) {
        static const char *const numbers[] = {
                        "0", "-1", "1.5e3", "12345678901234567890", "1E-5", "-0.25"};
        const char *number = numbers[random_below(&g->random, N_ELEMENTS(numbers))];

        switch (random_below(&g->random, 6)) {
        case 0:
                put(g, "null");
                set(g, path, JSON_NULL, "", 0);
                break;
        case 1:
                put(g, "true");
                set(g, path, JSON_BOOL, "true", 4);
                break;
        case 2:
                put(g, "false");
                set(g, path, JSON_BOOL, "false", 5);
                break;
        case 3:
                put(g, number);
                set(g, path, JSON_NUMBER, number, strlen(number));
                break;
        default:
                gen_string(g, path);
        }
}

static void gen_value(Gen *g, const char *path, int depth);

/* Members from a few keys, so that wanted paths are met, and met twice. PATH is "" for a unit. */
static void gen_object(Gen *g, const char *path, int depth) {
        static const struct {
                const char *raw, *key;
        } keys[] = {{"a", "a"}, {"x", "x"}, {"y", "y"}, {"b", "b"}, {"c", "c"}, {"d", "d"},
                        {"e", "e"}, {"f", "f"}, {"\\u0061", "a"}, {"zz", "zz"}, {"", "!"},
                        {"a\\\"", "a\""}, {"a.x", "?"}, {"\xC3\xA9", "\xC3\xA9"}};
        size_t n = random_below(&g->random, 7);

        put(g, "{");
        for (size_t i = 0; i < n; i++) {
                size_t k = random_below(&g->random, N_ELEMENTS(keys));
                char below[128];

                snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", keys[k].key);
                space(g);
                text_addf(&g->text, "\"%s\"", keys[k].raw);
                space(g);
                put(g, ":");
                space(g);
                forget(g, below);
                gen_value(g, below, depth + 1);
                space(g);
                if (i + 1 < n)
                        put(g, ",");
        }
        if (n == 0)
                space(g);
        put(g, "}");
}

static void gen_value(Gen *g, const char *path, int depth) {
        uint64_t kind = random_below(&g->random, 10);

        if (depth < 5 && kind < 3) {
                set(g, path, JSON_OBJECT, "", 0);
                gen_object(g, path, depth);
        } else if (depth < 5 && kind == 3) {
                size_t n = random_below(&g->random, 4);

                set(g, path, JSON_ARRAY, "", 0);
                put(g, "[");
                for (size_t i = 0; i < n; i++) {
                        space(g);
                        gen_value(g, "[]", depth + 1); /* nothing in it is wanted */
                        space(g);
                        put(g, i + 1 < n ? "," : "");
                }
                put(g, "]");
        } else {
                gen_scalar(g, path);
        }
}

static void gen_unit(Gen *g, JsonPlace place) {
        Expected *unit = &g->units[g->n_units++];
        bool is_other = place != JSON_TOP && random_below(&g->random, 8) == 0;

        memset(g->values, 0, sizeof(g->values));
        *unit = (Expected){.place = place, .type = JSON_OBJECT, .offset = g->text.bytes.size};
        if (is_other && random_below(&g->random, 2)) {
                unit->type = JSON_ARRAY;
                put(g, "[1,{\"a\":2,\"b\":[]}]");
        } else if (is_other) {
                unit->type = JSON_NUMBER;
                put(g, "-12");
        } else {
                gen_object(g, "", 1);
        }
        unit->end = g->text.bytes.size;
        memcpy(unit->values, g->values, sizeof(g->values));
}

static void gen_array(Gen *g, JsonPlace place) {
        size_t n = random_below(&g->random, 6);

        put(g, "[");
        for (size_t i = 0; i < n; i++) {
                space(g);
                gen_unit(g, place);
                space(g);
                put(g, i + 1 < n ? "," : "");
        }
        put(g, "]");
}

static void gen_document(Gen *g) {
        static const char *const around[] = {"", "\"nextToken\":null,",
                        "\"x\":[{\"a\":1,\"b\":2}],", "\"a\":{\"Records\":[{}]},"};
        size_t n = random_below(&g->random, 6);

        g->text.bytes.size = g->n_units = 0;
        space(g);
        switch (random_below(&g->random, 3)) {
        case 0:
                for (size_t i = 0; i < n; i++) {
                        gen_unit(g, JSON_TOP);
                        put(g, random_below(&g->random, 2) ? "\n" : " \r\n");
                }
                break;
        case 1:
                gen_array(g, JSON_ELEMENT);
                break;
        default:
                text_addf(&g->text, "{%s\"Records\":", around[n % N_ELEMENTS(around)]);
                space(g);
                gen_array(g, JSON_LISTED);
                put(g, n & 1 ? ",\"b\":[1,2]}" : "}");
                if (n & 1)
                        g->units[g->n_units++] =
                                        (Expected){.place = JSON_BESIDE, .type = JSON_ARRAY};
        }
        space(g);
}

static void check_unit(const Item *item, const Expected *unit) {
        assert_false(item->is_fault);
        assert_int_equal(item->place, unit->place);
        assert_int_equal(item->type, unit->type);
        if (unit->type != JSON_OBJECT)
                return;
        assert_int_equal(item->offset, unit->offset);
        assert_int_equal(item->end, unit->end);
        for (int i = 0; i < N_PATHS; i++) {
                assert_int_equal(item->values[i].type, unit->values[i].type);
                assert_int_equal(item->values[i].size, unit->values[i].size);
                assert_memory_equal(
                                item->values[i].text, unit->values[i].text, unit->values[i].size);
        }
}

/* The value found in the record's text is the one that the reader gave. */
static void check_find(Slice record, const Item *item) {
        for (int i = 0; i < N_PATHS; i++) {
                JsonValue found = json_find(record, slice_cstr(collect_paths[i]));
                char decoded[256];
                Slice text = found.text;

                assert_int_equal(found.type, item->values[i].type);
                if (found.type == JSON_STRING)
                        text = slice(decoded, json_decode(text, decoded));
                if (found.type == JSON_STRING || found.type == JSON_NUMBER ||
                                found.type == JSON_BOOL)
                        assert_true(slice_equal(
                                        text, slice(item->values[i].text, item->values[i].size)));
        }
}

static void check_document(Gen *g, Collect *c, char **ret_first) {
        for (size_t p = 0; p < N_ELEMENTS(pieces); p++) {
                assert_int_equal(collect_read(c, text_slice(&g->text), pieces[p], false), 0);
                if (c->n_faults || c->n_units != g->n_units)
                        fail_msg("in pieces of %zu:\n%s\n%s", pieces[p], g->text.bytes.data,
                                        c->transcript.bytes.data);
                for (size_t i = 0; i < g->n_units; i++)
                        check_unit(&c->items.data[i], &g->units[i]);
                if (!*ret_first)
                        *ret_first = strndup(c->transcript.bytes.data, c->transcript.bytes.size);
                assert_string_equal(*ret_first, c->transcript.bytes.data);
        }
        for (size_t i = 0; i < g->n_units; i++) {
                if (g->units[i].type == JSON_OBJECT)
                        check_find(slice(g->text.bytes.data + g->units[i].offset,
                                                   g->units[i].end - g->units[i].offset),
                                        &c->items.data[i]);
        }
}

static void test_random_documents(void **state) {
        Gen *g = calloc(1, sizeof(*g));
        Collect c;

        (void)state;
        assert_non_null(g);
        g->random = random_new(1);
        collect_init(&c, wide);
        for (int round = 0; round < TEST_EFFORT(3000); round++) {
                char *first = NULL;

                gen_document(g);
                check_document(g, &c, &first);
                free(first);
        }
        collect_deinit(&c);
        text_deinit(&g->text);
        free(g);
}

/* ---- by hand ---- */

static void test_places(void **state) {
        static const struct {
                const char *text;
                size_t n_units;
                bool has_records;
                JsonPlace place;
                JsonType type;
        } cases[] = {
                        {"", 0, 0, 0, 0},
                        {" \n\t\r ", 0, 0, 0, 0},
                        {"{}", 1, 0, JSON_TOP, JSON_OBJECT},
                        {"[]", 0, 0, 0, 0},
                        {"[{}]", 1, 0, JSON_ELEMENT, JSON_OBJECT},
                        {"{\"Records\":[]}", 0, 1, 0, 0},
                        {"{\"Records\":[{}]}", 1, 1, JSON_LISTED, JSON_OBJECT},
                        {"{\"Records\":[null]}", 1, 1, JSON_LISTED, JSON_NULL},
                        {"{\"Records\":[\"x\"]}", 1, 1, JSON_LISTED, JSON_STRING},
                        {"{\"Records\":[true]}", 1, 1, JSON_LISTED, JSON_BOOL},
                        {"{\"Records\":{}}", 1, 0, JSON_TOP, JSON_OBJECT},
                        {"{\"Records\":7}", 1, 0, JSON_TOP, JSON_OBJECT},
                        {"{\"records\":[{}]}", 1, 0, JSON_TOP, JSON_OBJECT},
                        {"{\"x\":{\"Records\":[{}]}}", 1, 0, JSON_TOP, JSON_OBJECT},
                        {"[{\"Records\":[{}]}]", 1, 1, JSON_LISTED, JSON_OBJECT},
                        {"[{\"Records\":[]},{\"Records\":[{}]}]", 1, 1, JSON_LISTED, JSON_OBJECT},
                        {"{\"Records\":[],\"x\":{\"Records\":[{}]}}", 1, 1, JSON_BESIDE,
                                        JSON_OBJECT},
                        {"{\"Records\":[{\"Records\":[{}]}]}", 1, 1, JSON_LISTED, JSON_OBJECT},
                        {"{\"items\":[[1]]}", 1, 1, JSON_LISTED, JSON_ARRAY},
                        {"{\"items\":[{}],\"next\":\"x\"}", 1, 1, JSON_LISTED, JSON_OBJECT},
                        {"{\"items\":[],\"next\":1}{\"items\":[{}]}\n", 1, 1, JSON_LISTED,
                                        JSON_OBJECT},
                        {"{\"x\":1,\"hits\":{\"n\":{},\"hits\":[{}],\"n\":1},\"y\":1}", 1, 1,
                                        JSON_LISTED, JSON_OBJECT},
                        {"[{\"hits\":{\"hits\":[{}]}},{\"hits\":{\"hits\":[]}}]", 1, 1, JSON_LISTED,
                                        JSON_OBJECT},
                        {"{\"hits\":{\"hits\":[]},\"y\":{}}", 1, 1, JSON_BESIDE, JSON_OBJECT},
                        {"{\"hits\":{\"hits\":[]},\"items\":[{}]}", 1, 1, JSON_LISTED, JSON_OBJECT},
                        {"{\"hits\":{\"items\":[{}]}}", 1, 0, JSON_TOP, JSON_OBJECT},
                        {"7", 1, 0, JSON_TOP, JSON_NUMBER},
                        {"\"x\"", 1, 0, JSON_TOP, JSON_STRING},
                        {"[1]", 1, 0, JSON_ELEMENT, JSON_NUMBER},
                        {"[[{}]]", 1, 0, JSON_ELEMENT, JSON_ARRAY},
        };
        Collect c;

        (void)state;
        collect_init(&c, wide);
        for (size_t i = 0; i < N_ELEMENTS(cases) * N_ELEMENTS(pieces); i++) {
                size_t k = i / N_ELEMENTS(pieces), piece = pieces[i % N_ELEMENTS(pieces)];

                assert_int_equal(collect_read(&c, slice_cstr(cases[k].text), piece, false), 0);
                if (c.n_units != cases[k].n_units || (c.n_records > 0) != cases[k].has_records ||
                                c.n_faults)
                        fail_msg("%s in pieces of %zu:\n%s", cases[k].text, piece,
                                        c.transcript.bytes.data);
                if (!c.n_units)
                        continue;
                assert_int_equal(c.items.data[0].place, cases[k].place);
                assert_int_equal(c.items.data[0].type, cases[k].type);
        }
        collect_deinit(&c);
}

/* Of a key that stands twice the last counts, with everything below it. */
static void test_duplicate_keys(void **state) {
        static const struct {
                const char *text;
                int path;
                JsonType type;
                const char *value;
        } cases[] = {
                        {"{\"b\":1,\"b\":2}", PATH_B, JSON_NUMBER, "2"},
                        {"{\"b\":\"x\",\"b\":null}", PATH_B, JSON_NULL, ""},
                        {"{\"b\":\"x\",\"b\":{}}", PATH_B, JSON_OBJECT, ""},
                        {"{\"a\":{\"x\":1},\"a\":{}}", PATH_A_X, JSON_ABSENT, ""},
                        {"{\"a\":{\"x\":1},\"a\":{}}", PATH_A, JSON_OBJECT, ""},
                        {"{\"a\":{\"x\":1},\"a\":7}", PATH_A_X, JSON_ABSENT, ""},
                        {"{\"a\":{\"x\":1},\"a\":[{\"x\":2}]}", PATH_A_X, JSON_ABSENT, ""},
                        {"{\"a\":{\"x\":{\"y\":1},\"x\":{\"z\":2}}}", PATH_A_X_Y, JSON_ABSENT, ""},
                        {"{\"a\":{\"x\":{\"y\":1}},\"a\":{\"x\":{\"y\":2}}}", PATH_A_X_Y,
                                        JSON_NUMBER, "2"},
                        {"{\"b\":1,\"\\u0062\":2}", PATH_B, JSON_NUMBER, "2"},
                        {"{\"\\u0062\":1,\"b\":2}", PATH_B, JSON_NUMBER, "2"},
                        {"{\"f\":1,\"f\":2,\"f\":3}", PATH_F, JSON_NUMBER, "3"},
        };
        Collect c;

        (void)state;
        collect_init(&c, wide);
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                Slice text = slice_cstr(cases[i].text);
                const Value *value;

                assert_int_equal(collect_read(&c, text, i % 5, false), 0);
                assert_int_equal(c.n_units, 1);
                value = &c.items.data[0].values[cases[i].path];
                assert_int_equal(value->type, cases[i].type);
                assert_true(slice_equal(
                                slice(value->text, value->size), slice_cstr(cases[i].value)));
                check_find(text, &c.items.data[0]);
        }
        collect_deinit(&c);
}

static uint64_t hash_of(Collect *c, const char *text, size_t piece) {
        assert_int_equal(collect_read(c, slice_cstr(text), piece, false), 0);
        assert_int_equal(c->n_units, 1);
        return c->items.data[0].hash;
}

/* White space does not change it, nor what stands around; content does. */
static void test_hash(void **state) {
        static const char *const same[] = {"{\"a\":[1,{\"x\":\"y z\"}],\"b\":null}",
                        " {\"a\":[1,{\"x\":\"y z\"}],\"b\":null} ",
                        "[\n{\"a\":[1,{\"x\":\"y z\"}],\"b\":null}\r\n]",
                        "{\"Records\":[{\"a\":[1,{\"x\":\"y z\"}],\"b\":null}]}"};
        static const char *const others[] = {"{}", "{\"a\":[1,{\"x\":\"y z\"}],\"b\":false}",
                        "{\"a\" :[1,{\"x\":\"y z\"}],\"b\":null}",
                        "{\"a\":[1,{\"x\":\"yz\"}],\"b\":null}",
                        "{\"a\":[1,{\"x\":\"y  z\"}],\"b\":null}",
                        "{\"a\":[{\"x\":\"y z\"},1],\"b\":null}",
                        "{\"a\":[1,{\"x\":\"y z\"}],\"c\":null}",
                        "{\"a\":[1,{\"x\":\"y z\"}],\"b\":\"null\"}", "{\"a\":[1,{\"x\":\"y z\"}]}",
                        "{\"a\":[11,{\"x\":\"y z\"}],\"b\":null}",
                        "{\"a\":[1,{\"x\":\"y z\"},\"b\",null]}",
                        "{\"a\":[1,{\"x\":\"y z\",\"b\":null}]}"};
        uint64_t hash, hashes[N_ELEMENTS(others)];
        Collect c;

        (void)state;
        collect_init(&c, wide);
        hash = hash_of(&c, same[0], 0);
        for (size_t i = 0; i < N_ELEMENTS(same) * N_ELEMENTS(pieces); i++)
                assert_true(hash_of(&c, same[i / 5], pieces[i % 5]) == hash);
        for (size_t i = 0; i < N_ELEMENTS(others); i++) {
                hashes[i] = hash_of(&c, others[i], i % 5);
                assert_true(hashes[i] != hash);
                for (size_t k = 0; k < i; k++)
                        assert_true(hashes[k] != hashes[i]);
        }
        collect_deinit(&c);
}

/* A mark before the text is passed over, however the bytes come. */
static void test_byte_order_mark(void **state) {
        Slice text = SLICE_LITERAL("\xEF\xBB\xBF{\"a\":1,\"b\":2}");
        Collect c;

        (void)state;
        collect_init(&c, wide);
        for (size_t p = 0; p < N_ELEMENTS(pieces); p++) {
                if (pieces[p] && pieces[p] < 3)
                        continue; /* test_byte_order_mark_in_pieces */
                assert_int_equal(collect_read(&c, text, pieces[p], false), 0);
                assert_non_null(collect_unit(&c, 3, text.size));
                assert_int_equal(c.n_faults, 0);
        }
        collect_deinit(&c);
}

static void test_byte_order_mark_in_pieces(void **state) {
        Slice text = SLICE_LITERAL("\xEF\xBB\xBF{\"a\":1,\"b\":2}");
        Collect c;

        (void)state;
        collect_init(&c, wide);
        for (size_t piece = 1; piece < 3; piece++) {
                assert_int_equal(collect_read(&c, text, piece, false), 0);
                assert_non_null(collect_unit(&c, 3, text.size));
                assert_int_equal(c.n_faults, 0);
        }
        collect_deinit(&c);
}

/* What the sink returns ends the content, and the reader is good for the next. */
static void test_sink_stops(void **state) {
        Slice text = SLICE_LITERAL("[{\"a\":1},{\"a\":2},{\"a\":3}]");
        Collect c;

        (void)state;
        collect_init(&c, wide);
        for (size_t p = 0; p < N_ELEMENTS(pieces); p++) {
                c.verdict = 5;
                assert_int_equal(collect_read(&c, text, pieces[p], false), 5);
                assert_int_equal(c.n_units, 1);
                c.verdict = -EPIPE;
                assert_int_equal(collect_read(&c, text, pieces[p], false), -EPIPE);
                c.verdict = 0;
                assert_int_equal(collect_read(&c, text, pieces[p], false), 0);
                assert_int_equal(c.n_units, 3);
        }
        collect_deinit(&c);
}

/* ---- what works on the text of a record ---- */

/* json_find() is for sound records, but must not run off the end of any other. */
static void test_find_unsound(void **state) {
        static const char *const paths[] = {"a", "a.x.y", "c.d.e", "zz.0.1", "f.2"};
        Random random = random_new(2);
        Gen *g = calloc(1, sizeof(*g));

        (void)state;
        assert_non_null(g);
        g->random = random_new(3);
        for (int round = 0; round < TEST_EFFORT(20000); round++) {
                size_t size;
                char *copy, *pretty;

                g->text.bytes.size = 0;
                gen_object(g, "", 1);
                size = random_below(&random, g->text.bytes.size + 1);
                copy = malloc(size ? size : 1);
                assert_non_null(copy);
                memcpy(copy, g->text.bytes.data, size);
                for (size_t n = random_below(&random, 4); n > 0 && size; n--)
                        copy[random_below(&random, size)] =
                                        "\"\\{}[]:,ax"[random_below(&random, 10)];
                for (size_t p = 0; p < N_ELEMENTS(paths); p++)
                        json_find(slice(copy, size), slice_cstr(paths[p]));
                if (json_pretty(slice(copy, size), &pretty) == 0)
                        free(pretty);
                free(copy);
        }
        text_deinit(&g->text);
        free(g);
}

/* Indented text means the same, and is itself when indented again. */
static void test_pretty_means_the_same(void **state) {
        Gen *g = calloc(1, sizeof(*g));
        Collect c;

        (void)state;
        assert_non_null(g);
        g->random = random_new(4);
        collect_init(&c, wide);
        for (int round = 0; round < TEST_EFFORT(3000); round++) {
                Expected unit;
                char *once, *twice;

                g->text.bytes.size = g->n_units = 0;
                gen_unit(g, JSON_TOP);
                unit = g->units[0];
                assert_int_equal(json_pretty(text_slice(&g->text), &once), 0);
                assert_int_equal(json_pretty(slice_cstr(once), &twice), 0);
                assert_string_equal(once, twice);
                assert_null(strchr(once, 0x7F));
                unit.offset = 0;
                unit.end = strlen(once);
                assert_int_equal(collect_read(&c, slice_cstr(once), 0, false), 0);
                assert_int_equal(c.n_units, 1);
                check_unit(&c.items.data[0], &unit);
                free(once);
                free(twice);
        }
        collect_deinit(&c);
        text_deinit(&g->text);
        free(g);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_random_documents),
                        cmocka_unit_test(test_places),
                        cmocka_unit_test(test_duplicate_keys),
                        cmocka_unit_test(test_hash),
                        cmocka_unit_test(test_byte_order_mark),
                        cmocka_unit_test(test_byte_order_mark_in_pieces),
                        cmocka_unit_test(test_sink_stops),
                        cmocka_unit_test(test_find_unsound),
                        cmocka_unit_test(test_pretty_means_the_same),
        };

        return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
