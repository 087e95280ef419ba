/* What is typed on a command line: patterns, blocks, times, spans, paths, each as a text. */
#include <errno.h>

#include "base/glob.h"
#include "base/time.h"
#include "fuzz.h"
#include "query/query.h"
#include "json/json.h"

static void check_time(Slice text) {
        int64_t time, back, span;
        char formatted[TIME_TEXT_SIZE];

        if (time_parse(text, &time) == 0) {
                size_t n = time_format(time, formatted);

                FUZZ_CHECK(time_parse(slice(formatted, n), &back) == 0 && back == time);
                FUZZ_CHECK(time_parse_date(text, &back) == 0 && back == time);
        }
        if (time_parse_date(text, &time) == 0) {
                size_t n = time_format(time, formatted);

                FUZZ_CHECK(time_parse(slice(formatted, n), &back) == 0 && back == time);
        }
        if (time_parse_span(text, &span) == 0)
                FUZZ_CHECK(span >= 0 && span % TIME_SECOND == 0);
}

static void check_selection(Slice text) {
        static Store *empty;
        Selection *s;
        uint32_t event;
        Plan *plan;

        if (!empty)
                FUZZ_CHECK(store_seal(NULL, 0, (StoreRoom){NULL, 1}, NULL, &empty) == 0);
        FUZZ_CHECK(selection_new(&s) == 0);
        for (StoreDim dim = 0; dim < STORE_N_DIMS; dim++)
                FUZZ_CHECK(selection_add(s, dim, text) >= 0);
        FUZZ_CHECK(selection_add_id(s, text) >= 0);
        FUZZ_CHECK(selection_set_from(s, text) >= 0);
        FUZZ_CHECK(selection_set_to(s, text) >= 0);
        FUZZ_CHECK(selection_set_last(s, text) >= 0);
        FUZZ_CHECK(plan_new(empty, s, &plan) == 0);
        FUZZ_CHECK(!plan_next(plan, &event));
        plan_free(plan);
        selection_free(s);
}

static void check_glob(Slice pattern, Slice text) {
        if (!glob_has_wildcard(pattern))
                FUZZ_CHECK(glob_match(pattern, text) == slice_equal(pattern, text));
        glob_match(pattern, text);
        FUZZ_CHECK(glob_match(SLICE_LITERAL("*"), text));
}

/* PATH is a C string, as from a command line; OTHER any text. */
static void check_path(Slice path, Slice other) {
        static const char record[] =
                        "{\"a\":[1,{\"\":{\"b\\u002e\":null}}],\"userIdentity\":{\"arn\":"
                        "\"x\\\"\"},\"requestParameters\":{\"tags\":[[],\"t\",{}]}}";
        JsonValue value = json_find(SLICE_LITERAL(record), path);
        char *copy = malloc(path.size + 1), *pretty;
        const char *paths[1] = {copy};
        JsonPaths *made;
        int r;

        FUZZ_CHECK(copy);
        if (path.size)
                memcpy(copy, path.data, path.size);
        copy[path.size] = 0;
        r = json_paths_new(paths, 1, NULL, 0, &made);
        FUZZ_CHECK(r == 0 || r == -EINVAL);
        if (r == 0)
                json_paths_free(made);
        free(copy);
        if (value.type != JSON_ABSENT)
                FUZZ_CHECK(value.text.data >= record &&
                                value.text.data + value.text.size <= record + sizeof(record) - 1);
        if (json_pretty(other, &pretty) == 0)
                free(pretty);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
        size_t n = nul ? (size_t)(nul - data) : size;
        Slice first = slice(data, n), second = nul ? slice(nul + 1, size - n - 1) : slice("", 0);

        if (size > 4096)
                return 0;
        check_time(first);
        check_selection(first);
        check_glob(first, second);
        check_path(first, second);
        return 0;
}
