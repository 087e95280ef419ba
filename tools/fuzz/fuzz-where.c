/*
 * Expressions of --where on a small store, whose records are made up: what is refused has a place
 * in the text, indexes change no answer, a plan asked for one event says what it says walked
 * through, and an event that was selected was not refused when it was read. What stands behind a
 * NUL is a text that events and records have.
 */
#include <errno.h>

#include "fuzz.h"
#include "query/query.h"

#define N_EVENTS 12U
#define MAX_SIZE 1024U

static Slice text_of_case; /* of the input at hand */

static Event event_of(uint32_t i, char ret_id[static 40]) {
        static const char *const names[] = {"GetObject", "ListBuckets", "AssumeRole", ""};
        Event event = {.time = INT64_C(1700000000000000000) + (int64_t)i * 1000000000,
                        .record = i,
                        .hash = i};

        snprintf(ret_id, 40, "%08x-0000-0000-0000-000000000000", i);
        event.id = slice_cstr(ret_id);
        event.ip = i % 3 ? SLICE_LITERAL("10.0.0.1") : SLICE_LITERAL("2001:db8::1");
        if (i % 4)
                event.user_agent = text_of_case;
        event.identity[EVENT_ID_TYPE] = SLICE_LITERAL("IAMUser");
        if (i % 5)
                event.identity[EVENT_ID_KEY] = SLICE_LITERAL("AKIA1");
        event.identity[EVENT_ID_USER_NAME] = text_of_case;
        event.call[EVENT_CALL_NAME] = slice_cstr(names[i % 4]);
        event.call[EVENT_CALL_SERVICE] = SLICE_LITERAL("s3.amazonaws.com");
        event.call[EVENT_CALL_READ_ONLY] = i % 2 ? SLICE_LITERAL("true") : SLICE_LITERAL("false");
        if (i % 6 == 0)
                event.result[EVENT_RESULT_CODE] = SLICE_LITERAL("AccessDenied");
        return event;
}

static int read_records(void *userdata, const uint32_t *events, size_t n, StoreRecordSink *sink) {
        static const char *const records[] = {
                        "{\"a\":{\"b\":[1,\"two\",null,{\"c\":[[],3.5e1]}]},\"requestParameters\":"
                        "{\"bucketName\":\"backup\"}}",
                        "{ \"a.b\" : {\"c\":true} , "
                        "\"resources\":[{\"ARN\":\"x\"},{\"ARN\":\"y\"}] }",
                        "{\"a\":\"2024-01-01T00:00:00Z\",\"requestParameters\":null}", "{}"};
        int r = 0;

        (void)userdata;
        for (size_t i = 0; i < n && r == 0; i++)
                r = sink->record(sink->userdata, i, slice_cstr(records[events[i] % 4]));
        return r;
}

static Store *make_store(void) {
        uint32_t root, file;
        Builder *builder;
        char id[40];
        Store *store;

        FUZZ_CHECK(builder_new(&builder) == 0);
        FUZZ_CHECK(builder_add_root(builder, SLICE_LITERAL("r"), SLICE_LITERAL("/r"), &root) == 0);
        FUZZ_CHECK(builder_add_file(builder, SLICE_LITERAL("r/a"), root, &file) == 0);
        for (uint32_t i = 0; i < N_EVENTS; i++) {
                Event event = event_of(i, id);

                FUZZ_CHECK(builder_add_event(builder, file, &event) == 0);
        }
        FUZZ_CHECK(store_seal(&builder, 1, (StoreRoom){NULL, 1}, NULL, &store) == 0);
        builder_free(builder);
        store_set_records(store, &(StoreRecords){NULL, read_records});
        return store;
}

static void check_refusal(Slice text, const SelectionWhereFault *fault) {
        FUZZ_CHECK(fault->at <= text.size);
        FUZZ_CHECK(memchr(fault->reason, 0, sizeof(fault->reason)) && *fault->reason);
}

/* A plan of TEXT, or of TEXT where no index can be used; NULL where there is none. */
static Plan *plan_of(Store *store, Slice text, bool is_plain, Selection **ret) {
        static const char prefix[] = "(", suffix[] = "\n) or source.record < 0";
        char wrapped[MAX_SIZE + 64];
        SelectionWhereFault fault = {0};
        Selection *s;
        Plan *plan;
        int r;

        *ret = NULL;
        FUZZ_CHECK(selection_new(&s) == 0);
        if (is_plain) {
                size_t n = sizeof(prefix) - 1;

                memcpy(wrapped, prefix, n);
                memcpy(wrapped + n, text.data, text.size);
                memcpy(wrapped + n + text.size, suffix, sizeof(suffix) - 1);
                text = slice(wrapped, n + text.size + sizeof(suffix) - 1);
        }
        r = selection_set_where(s, text, &fault);
        FUZZ_CHECK(r == 0 || r == SELECTION_WHERE);
        if (r != 0)
                check_refusal(text, &fault);
        if (r == 0) {
                r = plan_new(store, s, &plan);
                FUZZ_CHECK(r == 0 || r == -ECANCELED); /* a regular expression was given up */
        }
        if (r != 0) {
                selection_free(s);
                return NULL;
        }
        *ret = s;
        return plan;
}

static void compare(Slice text, Store *store) {
        Selection *s, *s_asked, *s_plain;
        Plan *plan = plan_of(store, text, false, &s);
        Plan *asked = plan_of(store, text, false, &s_asked);
        Plan *plain = plan_of(store, text, true, &s_plain);
        uint32_t a, b;
        char id[40];

        for (uint32_t i = 0; plan && asked && i < N_EVENTS; i++) {
                Event event = event_of(i, id);

                if (!plan_has(asked, i))
                        continue;
                FUZZ_CHECK(selection_may_take(s, &event));
                FUZZ_CHECK(plan_next(plan, &a) && a == i);
                if (plain) /* it is nested more deeply, and looks at more texts */
                        FUZZ_CHECK(plan_next(plain, &b) && b == i);
        }
        if (plan && asked) {
                FUZZ_CHECK(!plan_next(plan, &a));
                FUZZ_CHECK(!plain || !plan_next(plain, &b));
        }
        plan_free(plan);
        plan_free(asked);
        plan_free(plain);
        selection_free(s);
        selection_free(s_asked);
        selection_free(s_plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
        size_t n = nul ? (size_t)(nul - data) : size;
        Store *store;

        if (size > MAX_SIZE)
                return 0;
        text_of_case = nul ? slice(nul + 1, size - n - 1) : SLICE_LITERAL("text");
        store = make_store();
        compare(slice(data, n), store);
        FUZZ_CHECK(!store_is_faulty(store));
        store_free(store);
        return 0;
}
