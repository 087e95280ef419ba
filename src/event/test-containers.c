/* Records in every container: found, placed where they can be read again, and the same in pieces.
 */
#include "base/test-help.h"

#include "base/vec.h"
#include "event/event.h"

#define REC(id, more)                                                                              \
        "{\"eventSource\":\"s\",\"eventTime\":\"2026-01-08T14:49:17Z\",\"eventID\":\"" id          \
        "\"" more "}"
/* the same in a JSON string */
#define STR(id)                                                                                    \
        "\"{\\\"eventSource\\\":\\\"s\\\",\\\"eventTime\\\":\\\"2026-01-08T14:49:17Z\\\","         \
        "\\\"eventID\\\":\\\"" id "\\\"}\""
#define FLAT(id)                                                                                   \
        "{\"@timestamp\":\"2026-01-08T14:49:17.5Z\",\"eventName\":\"x\",\"eventID\":\"" id "\"}"

typedef struct Seen {
        VEC(char) transcript, ids;
        unsigned n_rejected, n_faults, n_ignored, n_shipper_time, n_recovered, n_partial;
        char reason[400];
        /* of the event wanted, when it is read again */
        uint64_t hash;
        VEC(char) text;
        Slice content, head;
        bool is_again, is_found;
} Seen;

static EventReader *reader, *again;

static void append(Seen *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(Seen *s, const char *format, ...) {
        char line[600];
        va_list args;
        int n;

        va_start(args, format);
        n = vsnprintf(line, sizeof(line), format, args);
        va_end(args);
        assert_in_range(n, 0, sizeof(line) - 1);
        assert_int_equal(vec_reserve(&s->transcript, (size_t)n + 1), 0);
        memcpy(s->transcript.data + s->transcript.size, line, (size_t)n + 1);
        s->transcript.size += (size_t)n;
}

static void read_all(EventReader *with, Seen *s, const EventSink *sink, Slice text, size_t piece);

static int on_again(void *userdata, const Event *event) {
        Seen *s = userdata;

        s->is_found |= event->offset == s->head.size && event->hash == s->hash &&
                       event->text.size == s->text.size &&
                       memcmp(event->text.data, s->text.data, s->text.size) == 0;
        return 0;
}

static int no_fault(void *userdata, uint64_t offset, unsigned n_rejected, Slice reason) {
        (void)userdata, (void)offset, (void)n_rejected, (void)reason;
        return 0;
}

static int no_ignored(void *userdata, uint64_t offset, Slice reason) {
        (void)userdata, (void)offset, (void)reason;
        return 0;
}

/* From its place alone the same record comes back. */
static int on_event(void *userdata, const Event *event) {
        Seen *s = userdata;
        EventSink sink = {s, on_again, no_fault, no_ignored};
        size_t head;
        char *joined;
        Slice place;

        append(s, "%.*s#%u at %llu+%u %llx in %d\n", (int)event->id.size, event->id.data,
                        event->record, (unsigned long long)event->offset, event->size,
                        (unsigned long long)event->hash, event->container);
        assert_int_equal(vec_reserve(&s->ids, event->id.size + 1), 0);
        memcpy(s->ids.data + s->ids.size, event->id.data, event->id.size);
        s->ids.size += event->id.size;
        s->n_shipper_time += event->is_shipper_time;
        s->n_recovered += event->is_recovered;
        s->n_partial += event->is_partial;
        assert_true(event->offset + event->size <= s->content.size);
        place = slice(s->content.data + event->offset, event->size);
        s->text.size = 0;
        assert_int_equal(vec_reserve(&s->text, event->text.size), 0);
        memcpy(s->text.data, event->text.data, event->text.size);
        s->text.size = event->text.size;
        s->hash = event->hash;
        s->is_found = false;
        assert_int_equal(event_reader_head(s->content, &head), 0);
        s->head = slice(s->content.data, head);
        joined = malloc(head + place.size + 1);
        assert_non_null(joined);
        memcpy(joined, s->content.data, head);
        memcpy(joined + head, place.data, place.size);
        read_all(again, s, &sink, slice(joined, head + place.size), 0);
        free(joined);
        if (!s->is_found)
                fail_msg("not found again in %.*s", (int)place.size, place.data);
        return 0;
}

static int on_fault(void *userdata, uint64_t offset, unsigned n_rejected, Slice reason) {
        Seen *s = userdata;

        s->n_faults++;
        s->n_rejected += n_rejected;
        snprintf(s->reason, sizeof(s->reason), "%.*s", (int)reason.size, reason.data);
        append(s, "fault at %llu, %u: %s\n", (unsigned long long)offset, n_rejected, s->reason);
        return 0;
}

static int on_ignored(void *userdata, uint64_t offset, Slice reason) {
        Seen *s = userdata;

        s->n_ignored++;
        snprintf(s->reason, sizeof(s->reason), "%.*s", (int)reason.size, reason.data);
        append(s, "ignored at %llu: %s\n", (unsigned long long)offset, s->reason);
        return 0;
}

static int on_apart(void *userdata, const EventApart *apart) {
        Seen *s = userdata;

        append(s, "apart %d #%u at %llu+%u: %.*s\n", apart->kind, apart->record,
                        (unsigned long long)apart->offset, apart->size, (int)apart->says.size,
                        apart->says.data);
        snprintf(s->reason, sizeof(s->reason), "%.*s", (int)apart->says.size, apart->says.data);
        return 0;
}

static void read_all(EventReader *with, Seen *s, const EventSink *sink, Slice text, size_t piece) {
        int r = event_reader_begin(with, sink);

        (void)s;
        for (size_t at = 0; at < text.size && r == 0;) {
                size_t n = text.size - at, space;
                char *buffer;

                assert_int_equal(event_reader_space(with, &buffer, &space), 0);
                n = n > space ? space : n;
                n = piece && n > piece ? piece : n;
                memcpy(buffer, text.data + at, n);
                at += n;
                r = event_reader_feed(with, n);
        }
        assert_true(r == 0 || r == EVENT_ENOUGH);
        assert_int_equal(event_reader_finish(with, false), 0);
}

static void forget(Seen *s) {
        vec_deinit(&s->transcript);
        vec_deinit(&s->ids);
        vec_deinit(&s->text);
        *s = (Seen){0};
}

/* What is seen in TEXT, in pieces of every size the same. */
static void see(Seen *s, Slice text) {
        static const size_t pieces[] = {1, 2, 7, 64, 0};
        EventSink sink = {s, on_event, on_fault, on_ignored, NULL, on_apart};
        char *first = NULL;

        for (size_t i = 0; i < N_ELEMENTS(pieces); i++) {
                forget(s);
                s->content = text;
                append(s, "%s", "");
                read_all(reader, s, &sink, text, pieces[i]);
                if (!first)
                        first = strdup(s->transcript.data);
                if (strcmp(first, s->transcript.data) != 0)
                        fail_msg("%.*s\nby single bytes:\n%s\nin pieces of %zu:\n%s",
                                        (int)text.size, text.data, first, pieces[i],
                                        s->transcript.data);
        }
        assert_int_equal(vec_reserve(&s->ids, 1), 0);
        s->ids.data[s->ids.size] = 0;
        free(first);
}

typedef struct Sample {
        const char *text;
        const char *ids; /* one character each, in order */
        unsigned n_rejected, n_ignored;
        EventContainer container;
        const char *reason; /* of what was told last */
} Sample;

static void check_samples(const Sample *samples, size_t n) {
        Seen s = {0};

        for (size_t i = 0; i < n; i++) {
                see(&s, slice_cstr(samples[i].text));
                if (strcmp(s.ids.data, samples[i].ids) != 0 ||
                                s.n_rejected != samples[i].n_rejected ||
                                s.n_ignored != samples[i].n_ignored ||
                                event_reader_container(reader) != samples[i].container ||
                                !strstr(s.reason, samples[i].reason ? samples[i].reason : "") ||
                                (!samples[i].reason && s.n_faults + s.n_ignored))
                        fail_msg("%s\nin %s, %u rejected, %u ignored:\n%s", samples[i].text,
                                        event_container_name(event_reader_container(reader)),
                                        s.n_rejected, s.n_ignored, s.transcript.data);
        }
        forget(&s);
}

/* ---- the API, the bus ---- */

static void test_lookup(void **state) {
        static const Sample samples[] = {
                        {"{\"Events\":[{\"EventId\":\"a\",\"CloudTrailEvent\":" STR("a") "}]}", "a",
                                        0, 0, EVENT_IN_LOOKUP, NULL},
                        {"{\"$metadata\":{},\"Events\":[{\"CloudTrailEvent\":" STR(
                                         "a") "},\n{\"CloudTrailEvent\":" STR("b") "}],"
                                                                                   "\"NextToken\":"
                                                                                   "\"x\"}",
                                        "ab", 0, 0, EVENT_IN_LOOKUP, NULL},
                        /* many pages */
                        {"{\"Events\":[{\"CloudTrailEvent\":" STR(
                                         "a") "}],\"NextToken\":\"x\"}"
                                              "{\"Events\":[{\"CloudTrailEvent\":" STR(
                                                              "b") "}]}\n{\"Events\":[]}",
                                        "ab", 0, 0, EVENT_IN_LOOKUP, NULL},
                        {"[{\"Events\":[{\"CloudTrailEvent\":" STR(
                                         "a") "}],\"NextToken\":\"x\"},"
                                              "{\"Events\":[{\"CloudTrailEvent\":" STR("b") "}]}]",
                                        "ab", 0, 0, EVENT_IN_LOOKUP, NULL},
                        /* events alone */
                        {"[{\"CloudTrailEvent\":" STR("a") "},{\"CloudTrailEvent\":" STR("b") "}]",
                                        "ab", 0, 0, EVENT_IN_LOOKUP, NULL},
                        {"{\"CloudTrailEvent\":" STR("a") "}\n{\"CloudTrailEvent\":" STR("b") "}\n",
                                        "ab", 0, 0, EVENT_IN_LOOKUP, NULL},
                        {"{\"Events\":[]}", "", 0, 0, EVENT_IN_NONE, NULL},
                        /* lost, one by one */
                        {"{\"Events\":[{\"CloudTrailEvent\":\"{}\"},{\"CloudTrailEvent\":" STR(
                                         "a") "}]}",
                                        "a", 1, 0, EVENT_IN_LOOKUP,
                                        "no record in an element of lookup-events"},
                        {"{\"Events\":[{\"CloudTrailEvent\":\"{\\\"eventVersion\\\":\"},"
                         "{\"CloudTrailEvent\":" STR("a") "}]}",
                                        "a", 1, 0, EVENT_IN_LOOKUP, "unexpected end"},
                        {"{\"Events\":[{\"CloudTrailEvent\":\"\"}]}", "", 1, 0, EVENT_IN_NONE,
                                        "no record"},
                        {"{\"Events\":[{\"EventId\":\"x\"},{\"CloudTrailEvent\":" STR("a") "}]}",
                                        "a", 0, 1, EVENT_IN_LOOKUP, "no CloudTrail record"},
                        /* read on behind a fault */
                        {"{\"Events\":[{\"EventId\":\"x\",,\"CloudTrailEvent\":" STR(
                                         "x") "},{\"EventId\":\"a\","
                                              "\"CloudTrailEvent\":" STR("a") "}]}",
                                        "a", 1, 0, EVENT_IN_LOOKUP, "bytes skipped"},
        };

        (void)state;
        check_samples(samples, N_ELEMENTS(samples));
}

static void test_bridge(void **state) {
        static const Sample samples[] = {
                        {"{\"version\":\"0\",\"detail-type\":\"AWS API Call via CloudTrail\","
                         "\"detail\":" REC("a", "") ",\"debug\":1}",
                                        "a", 0, 0, EVENT_IN_BRIDGE, NULL},
                        {"[{\"detail\":" REC("a", "") ",\"detail-type\":\"AWS Console Sign In via "
                                                      "CloudTrail\"},"
                                                      "{\"detail-type\":\"x\",\"detail\":" REC(
                                                                      "b", "") "}]",
                                        "ab", 0, 0, EVENT_IN_BRIDGE, NULL},
                        {"{\"detail-type\":\"x\",\"detail\":" REC(
                                         "a", "") "}\n{\"detail-type\":\"x\",\"detail\":" REC("b",
                                         "") "}\n",
                                        "ab", 0, 0, EVENT_IN_BRIDGE, NULL},
                        {"{\"detail-type\":\"EC2 Instance State-change Notification\","
                         "\"detail\":{\"state\":\"running\"}}",
                                        "", 0, 1, EVENT_IN_NONE, "no CloudTrail records"},
                        {"{\"detail-type\":\"GuardDuty\",\"detail\":{}}\n{\"detail-type\":\"x\","
                         "\"detail\":" REC("a", "") "}",
                                        "a", 0, 1, EVENT_IN_BRIDGE, "1 value between the records"},
                        {"{\"detail-type\":\"AWS API Call via CloudTrail\",\"detail\":{}}", "", 1,
                                        0, EVENT_IN_NONE, "no record in an element of eventbridge"},
                        {"{\"detail-type\":\"x\",\"detail\":{\"eventVersion\":\"1\",\"eventName\":"
                         "\"y\"}}",
                                        "", 1, 0, EVENT_IN_BRIDGE, "record without eventTime"},
        };

        (void)state;
        check_samples(samples, N_ELEMENTS(samples));
}

/* ---- CloudWatch ---- */

static void test_cloudwatch(void **state) {
        static const Sample samples[] = {
                        {"{\"events\":[{\"logStreamName\":\"s\",\"message\":" STR(
                                         "a") ",\"eventId\":\"1\"},"
                                              "{\"message\":" STR(
                                                              "b") "}],\"searchedLogStreams\":[]}",
                                        "ab", 0, 0, EVENT_IN_CLOUDWATCH, NULL},
                        {"{\"messageType\":\"DATA_MESSAGE\",\"subscriptionFilters\":[\"f\"],"
                         "\"logEvents\":["
                         "{\"id\":\"1\",\"timestamp\":1,\"message\":" STR(
                                         "a") "}]}"
                                              "{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{"
                                              "\"message\":" STR("b") "}]}",
                                        "ab", 0, 0, EVENT_IN_CLOUDWATCH, NULL},
                        {"{\"events\":[{\"message\":\"START RequestId\"},{\"message\":" STR(
                                         "a") "}]}",
                                        "a", 0, 1, EVENT_IN_CLOUDWATCH,
                                        "1 value between the records"},
                        {"{\"events\":[{\"message\":\"START RequestId\"}]}", "", 0, 1,
                                        EVENT_IN_NONE, "no CloudTrail records"},
                        {"{\"events\":[]}", "", 0, 1, EVENT_IN_NONE, "no CloudTrail records"},
                        {"{\"logEvents\":[]}", "", 0, 0, EVENT_IN_NONE, NULL},
                        /* a message that CloudWatch cut at its limit */
                        {"{\"events\":[{\"message\":\"{\\\"eventTime\\\":\\\"2026\\\","
                         "\\\"eventSource\\\":\"},"
                         "{\"message\":" STR("a") "}]}",
                                        "a", 1, 0, EVENT_IN_CLOUDWATCH, "unexpected end"},
                        /* two records in one message, and a wrapper in one */
                        {"{\"events\":[{\"message\":\"{\\\"eventVersion\\\":\\\"1\\\","
                         "\\\"eventTime\\\":"
                         "\\\"2026-01-08T14:49:17Z\\\",\\\"eventID\\\":\\\"a\\\"}\\n{"
                         "\\\"eventVersion\\\":"
                         "\\\"1\\\",\\\"eventTime\\\":\\\"2026-01-08T14:49:17Z\\\",\\\"eventID\\\":"
                         "\\\"b\\\"}"
                         "\"}]}",
                                        "ab", 0, 0, EVENT_IN_CLOUDWATCH, NULL},
                        {"{\"message\":\"{\\\"Records\\\":[{\\\"eventTime\\\":\\\"2026-01-08T14:49:"
                         "17Z\\\","
                         "\\\"eventID\\\":\\\"a\\\"}]}\"}",
                                        "a", 0, 0, EVENT_IN_CLOUDWATCH, NULL},
        };

        (void)state;
        check_samples(samples, N_ELEMENTS(samples));
}

static void test_insights(void **state) {
        static const Sample samples[] = {
                        {"[{\"@timestamp\":\"2026-01-08 14:49:17.000\",\"@message\":" STR(
                                         "a") "},{\"@message\":" REC("b", "") "}]",
                                        "ab", 0, 0, EVENT_IN_INSIGHTS, NULL},
                        /* fields beside the message make no record of their own */
                        {"[{\"eventName\":\"x\",\"eventSource\":\"y\",\"@message\":" STR("a") "}]",
                                        "a", 0, 0, EVENT_IN_INSIGHTS, NULL},
                        {"{\"results\":[[{\"field\":\"@timestamp\",\"value\":\"2026\"},{\"field\":"
                         "\"@message\","
                         "\"value\":" STR(
                                         "a") "},{\"field\":\"@ptr\",\"value\":\"p\"}],[{\"field\":"
                                              "\"@message\",\"value\":" STR(
                                                              "b") "}]],\"statistics\":{},"
                                                                   "\"status\":\"Complete\"}",
                                        "ab", 0, 0, EVENT_IN_INSIGHTS, NULL},
                        {"{\"results\":[[{\"field\":\"x\",\"value\":\"y\"}],[],[7],[{\"field\":\"@"
                         "message\"}],"
                         "[{\"field\":\"@message\",\"value\":" STR("a") "}]]}",
                                        "a", 0, 1, EVENT_IN_INSIGHTS,
                                        "4 values between the records"},
                        {"{\"results\":[[{\"field\":\"x\",\"value\":}],[{\"field\":\"@message\","
                         "\"value\":" STR("a") "}]]}",
                                        "a", 1, 0, EVENT_IN_INSIGHTS, "skipped"},
        };

        (void)state;
        check_samples(samples, N_ELEMENTS(samples));
}

/* Many envelopes in one text. */
static void test_many(void **state) {
        static const Sample samples[] = {
                        /* a page of events in a message */
                        {"{\"events\":[{\"message\":\"{\\\"Events\\\":[{\\\"CloudTrailEvent\\\":"
                         "\\\"{"
                         "\\\\\\\"eventVersion\\\\\\\":\\\\\\\"1\\\\\\\",\\\\\\\"eventTime\\\\\\\":"
                         "\\\\\\\"2026-01"
                         "-08T14:49:17Z\\\\\\\",\\\\\\\"eventID\\\\\\\":\\\\\\\"a\\\\\\\"}\\\"},{"
                         "\\\"CloudTrai"
                         "lEvent\\\":\\\"{\\\\\\\"eventVersion\\\\\\\":\\\\\\\"1\\\\\\\","
                         "\\\\\\\"eventTime\\\\\\\""
                         ":\\\\\\\"2026-01-08T14:49:17Z\\\\\\\",\\\\\\\"eventID\\\\\\\":"
                         "\\\\\\\"b\\\\\\\"}\\\"},"
                         "{\\\"CloudTrailEvent\\\":\\\"{\\\\\\\"eventVersion\\\\\\\":"
                         "\\\\\\\"1\\\\\\\",\\\\\\\"e"
                         "ventTime\\\\\\\":\\\\\\\"2026-01-08T14:49:17Z\\\\\\\","
                         "\\\\\\\"eventID\\\\\\\":\\\\"
                         "\\\"c\\\\\\\"}\\\"}]}\"}]}",
                                        "abc", 0, 0, EVENT_IN_CLOUDWATCH, NULL},
                        /* lines, and an array */
                        {"{\"message\":\"{\\\"detail-type\\\":\\\"x via "
                         "CloudTrail\\\",\\\"detail\\\""
                         ":{\\\"eventVersion\\\":\\\"1\\\",\\\"eventTime\\\":\\\"2026-01-08T14:49:"
                         "17"
                         "Z\\\",\\\"eventID\\\":\\\"a\\\"}}\\n{\\\"detail-type\\\":\\\"x via "
                         "CloudTrail"
                         "\\\",\\\"detail\\\":{\\\"eventVersion\\\":\\\"1\\\",\\\"eventTime\\\":"
                         "\\\"2026-0"
                         "1-08T14:49:17Z\\\",\\\"eventID\\\":\\\"b\\\"}}\"}{\"message\":\"[{"
                         "\\\"detail"
                         "-type\\\":\\\"x via "
                         "CloudTrail\\\",\\\"detail\\\":{\\\"eventVersion\\\":\\\""
                         "1\\\",\\\"eventTime\\\":\\\"2026-01-08T14:49:17Z\\\",\\\"eventID\\\":"
                         "\\\"c\\\""
                         "}},{\\\"detail-type\\\":\\\"x via "
                         "CloudTrail\\\",\\\"detail\\\":{\\\"event"
                         "Version\\\":\\\"1\\\",\\\"eventTime\\\":\\\"2026-01-08T14:49:17Z\\\","
                         "\\\"eve"
                         "ntID\\\":\\\"d\\\"}}]\"}",
                                        "abcd", 0, 0, EVENT_IN_CLOUDWATCH, NULL},
                        /* a list in objects only */
                        {"{\"_source\":{\"events\":[{\"message\":\"{\\\"eventVersion\\\":\\\"1\\\","
                         "\\\""
                         "eventTime\\\":\\\"2026-01-08T14:49:17Z\\\",\\\"eventID\\\":\\\"a\\\"}\"},"
                         "{\""
                         "message\":\"{\\\"eventVersion\\\":\\\"1\\\",\\\"eventTime\\\":\\\"2026-"
                         "01-08"
                         "T14:49:17Z\\\",\\\"eventID\\\":\\\"b\\\"}\"}]}}",
                                        "ab", 0, 0, EVENT_IN_SHIPPER, NULL},
                        /* a record among them that is cut, one that is none */
                        {"{\"message\":\"{\\\"Events\\\":[{\\\"CloudTrailEvent\\\":\\\"{"
                         "\\\\\\\"eventVe"
                         "rsion\\\\\\\":\\\\\\\"1\\\\\\\",\\\\\\\"eventTime\\\\\\\":\\\\\\\"2026-"
                         "01-08T14:49:1"
                         "7Z\\\\\\\",\\\\\\\"eventID\\\\\\\":\\\\\\\"a\\\\\\\"}\\\"},{"
                         "\\\"CloudTrailEvent\\\":\\\""
                         "{\\\\\\\"eventVersion\\\\\\\":\\\\\\\"1\\\\\\\","
                         "\\\\\\\"eventTime\\\\\\\":\\\\\\\"2026-0"
                         "1-08T14:49:17Z\\\\\\\",\\\\\\\"eventID\\\\\\\":\\\\\\\"\\\"},{"
                         "\\\"CloudTrailEven"
                         "t\\\":\\\"{}\\\"},{\\\"CloudTrailEvent\\\":\\\"{"
                         "\\\\\\\"eventVersion\\\\\\\":\\\\\\"
                         "\"1\\\\\\\",\\\\\\\"eventTime\\\\\\\":\\\\\\\"2026-01-08T14:49:"
                         "17Z\\\\\\\",\\\\\\\"ev"
                         "entID\\\\\\\":\\\\\\\"c\\\\\\\"}\\\"}]}\"}",
                                        "ac", 2, 0, EVENT_IN_CLOUDWATCH,
                                        "no record in a part of an element of cloudwatch-logs: "
                                        "unexpected end"},
                        /* an array of pages */
                        {"{\"message\":\"[{\\\"Records\\\":[{\\\"eventTime\\\":\\\"2026-01-08"
                         "T14:49:17Z\\\",\\\"eventID\\\":\\\"a\\\"}]},{\\\"Records\\\":[{"
                         "\\\"eventTime\\\":\\\"2026-01-08T14:49:17Z\\\",\\\"eventID\\\":"
                         "\\\"b\\\"}]}]\"}",
                                        "ab", 0, 0, EVENT_IN_CLOUDWATCH, NULL},
                        /* two at one place that are alike: faults are told apart by what they say
                         */
                        {"{\"message\":\"[{\\\"eventName\\\":\\\"x\\\",\\\"eventSource\\\":"
                         "\\\"s\\\"},{\\\"eventName\\\":\\\"x\\\",\\\"eventSource\\\":"
                         "\\\"s\\\"}]\"}",
                                        "", 2, 0, EVENT_IN_CLOUDWATCH,
                                        "record without eventTime, record 2 of the element"},
                        /* what is no record */
                        {"{\"message\":\"{\\\"Records\\\":[{\\\"eventVersion\\\":\\\"1\\\","
                         "\\\"eventTim"
                         "e\\\":\\\"2026-01-08T14:49:17Z\\\",\\\"eventID\\\":\\\"a\\\"}]}{"
                         "\\\"x\\\":1}\"}",
                                        "a", 0, 1, EVENT_IN_CLOUDWATCH,
                                        "1 value between the records"},
                        /* text in brackets */
                        {"{\"events\":[{\"message\":\"[INFO] x\"},{\"message\":\"{\\\"eventVersio"
                         "n\\\":\\\"1\\\",\\\"eventTime\\\":\\\"2026-01-08T14:49:17Z\\\","
                         "\\\"eventID\\\""
                         ":\\\"a\\\"}\"}]}",
                                        "a", 0, 1, EVENT_IN_CLOUDWATCH,
                                        "1 value between the records"},
        };

        (void)state;
        check_samples(samples, N_ELEMENTS(samples));
}

/* ---- log shippers ---- */

static void test_shippers(void **state) {
        static const Sample samples[] = {
                        {"[{\"@timestamp\":\"2026-01-08T14:49:17Z\",\"aws\":{\"cloudtrail\":" REC(
                                         "a", "") "}},{\"aws.cloudtrail\":" REC("b", "") "}]",
                                        "ab", 0, 0, EVENT_IN_SHIPPER, NULL},
                        {"{\"_index\":\"i\",\"_source\":{\"aws\":{\"cloudtrail\":" REC(
                                         "a", "") "}}}\n{\"_source\":" REC("b",
                                         "") "}\n{\"_source\":" FLAT("c") "}",
                                        "abc", 0, 0, EVENT_IN_SHIPPER, NULL},
                        {"{\"took\":1,\"hits\":{\"total\":{\"value\":2},\"hits\":[{\"_id\":\"1\","
                         "\"_source\":{"
                         "\"event\":{\"original\":" STR("a") "}}},{\"_source\":{\"message\":" STR(
                                         "b") "}}]},\"x\":{}}",
                                        "ab", 0, 0, EVENT_IN_SHIPPER, NULL},
                        /* bulk: actions stand between */
                        {"{\"index\":{\"_index\":\"i\"}}\n" REC("a", "") "\n{\"index\":{}}\n" REC(
                                         "b", "") "\n",
                                        "ab", 0, 0, EVENT_IN_JSON, NULL},
                        {"{\"index\":{}}\n{\"x\":{}}", "", 0, 1, EVENT_IN_NONE,
                                        "no CloudTrail records"},
                        {"{\"index\":{}}", "", 0, 1, EVENT_IN_NONE, "no CloudTrail records"},
                        /* the original goes before what a shipper made of it */
                        {"{\"event\":{\"original\":" STR("a") "},\"aws\":{\"cloudtrail\":{\"event_"
                                                              "version\":\"1\"}}}",
                                        "a", 0, 0, EVENT_IN_SHIPPER, NULL},
                        {"{\"aws\":{\"cloudtrail\":{\"event_version\":\"1\"}}}", "", 1, 0,
                                        EVENT_IN_NONE, "no record in an element of log-shipper"},
                        {"{\"_source\":{\"_source\":{\"_source\":{\"_source\":{\"_source\":{\"_"
                         "source\":"
                         "{\"_source\":" REC("a", "") "}}}}}}}",
                                        "", 0, 0, EVENT_IN_NONE, "at a place that is not read"},
                        {"{\"_source\":{\"x\":1}}", "", 0, 1, EVENT_IN_NONE,
                                        "no CloudTrail records"},
        };

        (void)state;
        check_samples(samples, N_ELEMENTS(samples));
}

/* The time that a shipper put beside a record counts where the record has none. */
static void test_shipper_time(void **state) {
        static const char *const with[] = {FLAT("a"), "[" FLAT("a") "]",
                        "{\"Records\":[" FLAT("a") "]}", "{\"_source\":" FLAT("a") "}",
                        "{\"@timestamp\":\"2026-01-08T14:49:17.5Z\",\"aws\":{\"cloudtrail\":{"
                        "\"eventName\":\"x\",\"eventID\":\"a\"}}}"};
        static const char *const without[] = {
                        "{\"@timestamp\":\"2020-01-01T00:00:00Z\",\"aws\":{\"cloudtrail\":" REC(
                                        "a", "") "}}",
                        "{\"@timestamp\":\"2020-01-01T00:00:00Z\",\"eventID\":\"a\","
                        "\"eventTime\":\"2026-01-08T14:49:17Z\"}"};
        Seen s = {0};

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(with); i++) {
                see(&s, slice_cstr(with[i]));
                assert_string_equal(s.ids.data, "a");
                assert_int_equal(s.n_shipper_time, 1);
                assert_int_equal(s.n_faults + s.n_ignored, 0);
        }
        for (size_t i = 0; i < N_ELEMENTS(without); i++) {
                see(&s, slice_cstr(without[i]));
                assert_string_equal(s.ids.data, "a");
                assert_int_equal(s.n_shipper_time, 0);
        }
        see(&s, SLICE_LITERAL("{\"@timestamp\":\"yesterday\",\"eventName\":\"x\",\"eventID\":"
                              "\"a\"}"));
        assert_int_equal(s.n_rejected, 1);
        assert_string_equal(s.reason, "@timestamp is not a time: 'yesterday'");
        forget(&s);
}

/* ---- tables ---- */

#define T "2026-01-08T14:49:17Z"

static void test_tables(void **state) {
        static const Sample samples[] = {
                        {"\"eventtime\",\"eventid\",\"eventname\"\n\"" T "\",\"a\",\"x\"\n\"" T
                         "\",\"b\",\"y\"\n",
                                        "ab", 0, 0, EVENT_IN_ATHENA, NULL},
                        {"eventID,eventTime,userIdentity.arn\r\na,2026-01-08 "
                         "14:49:17.000,arn\r\n\r\nb,"
                         "2026-01-08 14:49:17.5 UTC,arn",
                                        "ab", 0, 0, EVENT_IN_LAKE, NULL},
                        {"\xEF\xBB\xBF\"Event ID\",Event time,User name,Event name,Resource "
                         "type\na," T ",u,\"x, \"\"y\"\"\nz\",r\n",
                                        "a", 0, 0, EVENT_IN_HISTORY, NULL},
                        {"eventId,eventTime,userName,eventName\na," T ",u,x\n", "a", 0, 0,
                                        EVENT_IN_HISTORY, NULL},
                        /* local times of the console are none */
                        {"Event ID,Event time,User name\na,2026-01-08 14:49:17,u\n", "", 1, 0,
                                        EVENT_IN_HISTORY, "eventTime is not a time"},
                        {"@timestamp,@message\n2026,\"{\"\"eventSource\"\":\"\"s\"\","
                         "\"\"eventTime\"\":\"\"" T
                         "\"\",\"\"eventID\"\":\"\"a\"\"}\"\n2026,START\n",
                                        "a", 0, 1, EVENT_IN_INSIGHTS,
                                        "1 value between the records"},
                        {"eventJson\n\"{\"\"eventSource\"\":\"\"s\"\",\"\"eventTime\"\":\"\"" T
                         "\"\",\"\"eventID\"\":\"\"a\"\"}\"\n\"{\"\"eventSource\"\":\"\n",
                                        "a", 1, 0, EVENT_IN_LAKE, "no sound record in a row"},
                        /* other separators */
                        {"eventtime\teventid\n" T "\ta,b\n", "a,b", 0, 0, EVENT_IN_ATHENA, NULL},
                        {"\"eventtime\";\"eventid\"\r\n\"" T "\";\"a;b\"\r\n" T ";c\n", "a;bc", 0,
                                        0, EVENT_IN_ATHENA, NULL},
                        {"eventtime;eventid\n" T ";a;b\n" T ";c\n", "c", 1, 0, EVENT_IN_ATHENA,
                                        "another number"},
                        /* no tables of records */
                        {"eventName,count\nx,1\n", "", 0, 1, EVENT_IN_NONE, "not JSON"},
                        {"eventTime\n" T "\n", "", 0, 1, EVENT_IN_NONE, "not JSON"},
                        {"eventTime,eventName\n", "", 0, 0, EVENT_IN_NONE, NULL},
                        {"eventTime,eventName", "", 0, 1, EVENT_IN_NONE, "not JSON"},
                        /* tables end to end */
                        {"eventtime,eventid\n" T ",a\neventtime,eventid\n" T ",b\n", "ab", 0, 0,
                                        EVENT_IN_ATHENA, NULL},
                        {"eventtime,eventid\n" T ",a\neventid,eventtime\nb," T "\n", "a", 0, 0,
                                        EVENT_IN_ATHENA, "another header row"},
                        {"eventtime,eventid\n" T ",a\neventTime,eventID\n" T ",b\n", "a", 0, 0,
                                        EVENT_IN_ATHENA, "another header row"},
        };

        (void)state;
        check_samples(samples, N_ELEMENTS(samples));
}

/* Behind an unsound row reading goes on at the next sound one. */
static void test_broken_tables(void **state) {
        static const Sample samples[] = {
                        {"eventtime,eventid\n" T ",a\n" T ",\"x\n" T ",b\n" T ",c\n", "abc", 1, 0,
                                        EVENT_IN_ATHENA, "24 bytes skipped"},
                        {"eventtime,eventid\n" T ",a\"b\n" T ",b\n", "b", 1, 0, EVENT_IN_ATHENA,
                                        "a quote inside"},
                        {"eventtime,eventid\n" T ",\"a\"b\n" T ",b\n", "b", 1, 0, EVENT_IN_ATHENA,
                                        "bytes behind"},
                        {"eventtime,eventid\n" T "\n" T ",b\n", "b", 1, 0, EVENT_IN_ATHENA,
                                        "another number"},
                        {"eventtime,eventid\n" T ",a,b,c\nx,y\n" T ",b\n", "b", 1, 0,
                                        EVENT_IN_ATHENA, "another number"},
                        {"eventtime,eventid,eventname\nyesterday,a,x\n" T ",b,x\n", "b", 1, 0,
                                        EVENT_IN_ATHENA, "is not a time: 'yesterday'"},
                        {"eventtime,eventid,eventname\n,,\n" T ",b,x\n", "b", 1, 0, EVENT_IN_ATHENA,
                                        "row without a record"},
        };
        EventSink sink;
        Seen s = {0};

        (void)state;
        check_samples(samples, N_ELEMENTS(samples));
        see(&s, slice_cstr(samples[0].text));
        assert_int_equal(s.n_recovered, 2);
        assert_int_equal(s.n_partial, 3);
        /* what a cut left of a row is none */
        sink = (EventSink){.userdata = &s,
                        .event = on_event,
                        .fault = on_fault,
                        .ignored = on_ignored};
        forget(&s);
        s.content = SLICE_LITERAL("eventtime,eventid\n" T ",a\n" T ",bcd");
        assert_int_equal(event_reader_begin(reader, &sink), 0);
        {
                char *buffer;
                size_t space;

                assert_int_equal(event_reader_space(reader, &buffer, &space), 0);
                memcpy(buffer, s.content.data, s.content.size);
                assert_int_equal(event_reader_feed(reader, s.content.size), 0);
                assert_int_equal(event_reader_finish(reader, true), 0);
        }
        assert_int_equal(s.n_rejected, 1);
        assert_non_null(strstr(s.reason, "a row that is cut"));
        forget(&s);
}

/* What a row is made into. */
static void test_columns(void **state) {
        static const struct {
                const char *header, *row, *record;
        } cases[] = {
                        {"eventid,eventtime,useridentity.type,userIdentity_sessionContext_"
                         "sessionIssuer_arn,readonly",
                                        "a," T ",t,arn,true",
                                        "{\"userIdentity\":{\"type\":\"t\",\"sessionContext\":{"
                                        "\"sessionIssuer\":{\"arn\":"
                                        "\"arn\"}}},\"eventTime\":\"" T
                                        "\",\"eventID\":\"a\",\"readOnly\":true}"},
                        {"eventid,eventtime,requestparameters,responseelements",
                                        "a," T ",\"{\"\"x\"\":[1,{}]}\",null",
                                        "{\"eventTime\":\"" T "\",\"requestParameters\":{\"x\":[1,{"
                                        "}]},\"eventID\":\"a\"}"},
                        /* no JSON, more than one value, unsound inside: left out */
                        {"eventid,eventtime,requestparameters", "a," T ",{x=1}",
                                        "{\"eventTime\":\"" T "\",\"eventID\":\"a\"}"},
                        {"eventid,eventtime,requestparameters",
                                        "a," T ",\"{\"\"a\"\":1},\"\"eventName\"\":{}\"",
                                        "{\"eventTime\":\"" T "\",\"eventID\":\"a\"}"},
                        {"eventid,eventtime,requestparameters", "a," T ",\"{\"\"a\"\":tru}\"",
                                        "{\"eventTime\":\"" T "\",\"eventID\":\"a\"}"},
                        {"eventid,eventtime,useridentity",
                                        "a," T
                                        ",\"{type=AssumedRole, arn=a b=c, x, invokedby=null, "
                                        "sessioncontext={attributes={creationdate=2026-01-08 "
                                        "14:49:17.000, "
                                        "mfaauthenticated=false}, sessionissuer=null}, "
                                        "username=}\"",
                                        "{\"userIdentity\":{\"type\":\"AssumedRole\",\"arn\":\"a "
                                        "b=c, "
                                        "x\",\"sessionContext\":{\"attributes\":{\"creationDate\":"
                                        "\"2026-01-08T14:49:17.000Z\","
                                        "\"mfaAuthenticated\":\"false\"}},\"userName\":\"\"},"
                                        "\"eventTime\":\"" T "\",\"eventID\":\"a\"}"},
                        /* ambiguous */
                        {"eventid,eventtime,useridentity", "a," T ",\"{arn=x, arn=y}\"",
                                        "{\"eventTime\":\"" T "\",\"eventID\":\"a\"}"},
                        {"eventid,eventtime,useridentity", "a," T ",\"{arn=x, other=y}\"",
                                        "{\"eventTime\":\"" T "\",\"eventID\":\"a\"}"},
                        {"eventid,eventtime,useridentity", "a," T ",\"{arn=x}, type=y}\"",
                                        "{\"eventTime\":\"" T "\",\"eventID\":\"a\"}"},
                        {"eventid,eventtime,useridentity", "a," T ",\"{arn={x}}\"",
                                        "{\"eventTime\":\"" T "\",\"eventID\":\"a\"}"},
                        {"eventid,eventtime,useridentity",
                                        "a," T ",\"{arn=x, sessioncontext={attributes={}\"",
                                        "{\"eventTime\":\"" T "\",\"eventID\":\"a\"}"},
                        {"eventid,eventtime,resources",
                                        "a," T ",\"[{arn=x, accountid=1}, {arn=y}]\"",
                                        "{\"eventTime\":\"" T
                                        "\",\"eventID\":\"a\",\"resources\":[{\"ARN\":\"x\","
                                        "\"accountId\":\"1\"},{\"ARN\":"
                                        "\"y\"}]}"},
                        {"Event ID,Event time,User name,AWS access key,AWS region,Source IP "
                         "address",
                                        "a," T ",u,AKIA,r,1.2.3.4",
                                        "{\"userIdentity\":{\"accessKeyId\":\"AKIA\",\"userName\":"
                                        "\"u\"},\"eventTime\":\"" T
                                        "\",\"awsRegion\":\"r\",\"sourceIPAddress\":\"1.2.3.4\","
                                        "\"eventID\":\"a\"}"},
                        {"eventid,eventtime,useragent", "a," T ",\"\"\"\\\x01\xFF\"",
                                        "{\"eventTime\":\"" T
                                        "\",\"userAgent\":\"\\\"\\\\\\u0001\xFF\",\"eventID\":"
                                        "\"a\"}"},
        };
        Seen s = {0};
        char text[1000];

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                snprintf(text, sizeof(text), "%s\n%s\n", cases[i].header, cases[i].row);
                see(&s, slice_cstr(text));
                if (!slice_equal(slice(s.text.data, s.text.size), slice_cstr(cases[i].record)))
                        fail_msg("%s\n%.*s\nexpected\n%s\n%s", text, (int)s.text.size, s.text.data,
                                        cases[i].record, s.transcript.data);
        }
        forget(&s);
}

/* What a cell holds is read like any content. */
static void test_cells(void **state) {
        static const Sample samples[] = {
                        {"@timestamp,@message\n2026,\"{\"\"eventVersion\"\":\"\"1\"\",\"\"eventTim"
                         "e\"\":\"\"2026-01-08T14:49:17Z\"\",\"\"eventID\"\":\"\"a\"\"}{"
                         "\"\"eventVersi"
                         "on\"\":\"\"1\"\",\"\"eventTime\"\":\"\"2026-01-08T14:49:17Z\"\","
                         "\"\"eventID\""
                         "\":\"\"b\"\"}\"\n2026,\" "
                         "{\"\"eventVersion\"\":\"\"1\"\",\"\"eventTime\"\":\"\"202"
                         "6-01-08T14:49:17Z\"\",\"\"eventID\"\":\"\"c\"\"}\"\n2026,\"{"
                         "\"\"Events\"\":[{"
                         "\"\"CloudTrailEvent\"\":\"\"{\\\"\"eventVersion\\\"\":\\\"\"1\\\"\","
                         "\\\"\"eventTi"
                         "me\\\"\":\\\"\"2026-01-08T14:49:17Z\\\"\",\\\"\"eventID\\\"\":"
                         "\\\"\"d\\\"\"}\"\"},{"
                         "\"\"CloudTrailEvent\"\":\"\"{\\\"\"eventVersion\\\"\":\\\"\"1\\\"\","
                         "\\\"\"eventTi"
                         "me\\\"\":\\\"\"2026-01-08T14:49:17Z\\\"\",\\\"\"eventID\\\"\":"
                         "\\\"\"e\\\"\"}\"\"}]}"
                         "\"\n2026,\"[{\"\"detail-type\"\":\"\"x via "
                         "CloudTrail\"\",\"\"detail\"\":{\""
                         "\"eventVersion\"\":\"\"1\"\",\"\"eventTime\"\":\"\"2026-01-08T14:49:"
                         "17Z\"\""
                         ",\"\"eventID\"\":\"\"f\"\"}}]\"\n2026,\"START\"\n",
                                        "abcdef", 0, 1, EVENT_IN_INSIGHTS,
                                        "1 value between the records"},
                        /* a record that is cut; text of a string in a string */
                        {"@message\n\"{\"\"Events\"\":[{\"\"CloudTrailEvent\"\":\"\"{"
                         "\\\"\"eventVersi"
                         "on\\\"\":\\\"\"1\\\"\",\\\"\"eventTime\\\"\":\\\"\"2026-01-08T14:49:"
                         "17Z\\\"\",\\\"\""
                         "eventID\\\"\":\\\"\"a\\\"\"}\"\"},{\"\"CloudTrailEvent\"\":\"\"{"
                         "\\\"\"eventVersi"
                         "on\\\"\":\\\"\"1\\\"\",\\\"\"eventTime\\\"\":\\\"\"2026-01-08T14:49:"
                         "17Z\\\"\",\\\"\""
                         "eventID\\\"\":\\\"\"\"\"}]}\"\n\"\"\"{\\\"\"eventVersion\\\"\":"
                         "\\\"\"1\\\"\",\\\"\"event"
                         "Time\\\"\":\\\"\"2026-01-08T14:49:17Z\\\"\",\\\"\"eventID\\\"\":"
                         "\\\"\"x\\\"\",\\\"\""
                         "eventSource\\\"\":\\\"\"s\\\"\"}\"\"\"\n\"{\"\"eventVersion\"\":"
                         "\"\"1\"\",\"\"eventT"
                         "ime\"\":\"\"2026-01-08T14:49:17Z\"\",\"\"eventID\"\":\"\"c\"\"}\"\n",
                                        "ac", 1, 0, EVENT_IN_INSIGHTS,
                                        "at a place that is not read"},
        };

        (void)state;
        check_samples(samples, N_ELEMENTS(samples));
}

/* ---- bytes ---- */

/* What is no UTF-8, and half of a pair, come out of a string as they went in. */
static void test_odd_bytes(void **state) {
        Slice text = SLICE_LITERAL(
                        "{\"Events\":[{\"CloudTrailEvent\":\"{\\\"eventTime\\\":"
                        "\\\"2026-01-08T14:49:17Z\\\",\\\"eventID\\\":\\\"a\\\",\\\"x\\\":"
                        "\\\"\xFF\xC3 \\\\ud800 \\\\u0000 \\u00e9\\\"}\"}]}");
        Seen s = {0};

        (void)state;
        see(&s, text);
        assert_string_equal(s.ids.data, "a");
        assert_non_null(memmem(s.text.data, s.text.size, "\xFF\xC3 \\ud800 \\u0000 \xC3\xA9", 19));
        forget(&s);
}

#define INSIGHT                                                                                    \
        "{\"eventVersion\":\"1.07\",\"eventTime\":\"2026-01-08T14:49:00Z\",\"awsRegion\":\"r\","   \
        "\"eventID\":\"i\",\"eventType\":\"AwsCloudTrailInsight\",\"insightDetails\":{\"state\":"  \
        "\"Start\",\"eventSource\":\"iam.amazonaws.com\",\"eventName\":\"ListUsers\","             \
        "\"insightType\":\"ApiCallRateInsight\"},\"eventCategory\":\"Insight\"}"
#define AGGREGATED                                                                                 \
        "{\"eventVersion\":\"1.0\",\"eventCategory\":\"Aggregated\",\"awsRegion\":\"r\","          \
        "\"timeWindow\":{\"start\":\"x\"},\"summary\":{\"n\":1}}"

/* Records that are no calls are told apart, in whatever they stand; others with such keys are
 * calls. */
static void test_apart(void **state) {
        static const Sample samples[] = {
                        {"{\"Records\":[" INSIGHT "," REC("a", "") "]}", "a", 0, 0,
                                        EVENT_IN_RECORDS, NULL},
                        {"{\"detail-type\":\"AWS Insight via CloudTrail\",\"detail\":" INSIGHT "}",
                                        "", 0, 0, EVENT_IN_BRIDGE, NULL},
                        {AGGREGATED "\n" INSIGHT "\n", "", 0, 0, EVENT_IN_JSON, NULL},
                        {"{\"Records\":[{\"eventTime\":\"2026-01-08T14:49:17Z\",\"eventCategory\":"
                         "\"Insight\"}]}",
                                        "", 0, 0, EVENT_IN_RECORDS, NULL},
                        {"{\"Records\":[" REC("a", ",\"eventName\":\"x\",\"insightDetails\":{},"
                                                   "\"timeWindow\":1,"
                                                   "\"summary\":1") "]}",
                                        "a", 0, 0, EVENT_IN_RECORDS, NULL},
                        {"{\"Records\":[{\"timeWindow\":{}}]}", "", 1, 0, EVENT_IN_RECORDS,
                                        "record without eventTime"},
        };
        Seen s = {0};

        (void)state;
        check_samples(samples, N_ELEMENTS(samples));
        see(&s, SLICE_LITERAL("{\"Records\":[" INSIGHT "," AGGREGATED "]}"));
        assert_non_null(strstr(s.transcript.data,
                        "Insight record: 2026-01-08T14:49:00Z ApiCallRateInsight Start of "
                        "iam.amazonaws.com ListUsers\n"));
        assert_string_equal(s.reason, "Aggregated record: of {\"start\":\"x\"} summary {\"n\":1}");
        forget(&s);
}

static void test_recovered(void **state) {
        Seen s = {0};

        (void)state;
        see(&s, SLICE_LITERAL("{\"Events\":[{\"CloudTrailEvent\":" STR(
                                "a") "},{\"EventId\":tru},"
                                     "{\"CloudTrailEvent\":" STR("b") "},{\"CloudTrailEvent\":" STR(
                                                     "c") "}]}"));
        assert_string_equal(s.ids.data, "abc");
        assert_int_equal(s.n_recovered, 2);
        see(&s, SLICE_LITERAL("{\"Records\":[" REC("a", "") ",{\"eventTime\":}," REC(
                                "b", "") "]}"));
        assert_string_equal(s.ids.data, "ab");
        assert_int_equal(s.n_recovered, 1);
        see(&s, SLICE_LITERAL("{\"Records\":[" REC("a", "") "," REC("b", "") "]}"));
        assert_int_equal(s.n_recovered, 0);
        forget(&s);
}

static int make_readers(void **state) {
        (void)state;
        return event_reader_new(64, 1U << 20, &reader) || event_reader_new(64, 1U << 20, &again);
}

static int free_readers(void **state) {
        (void)state;
        event_reader_free(reader);
        event_reader_free(again);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_lookup),
                        cmocka_unit_test(test_bridge),
                        cmocka_unit_test(test_cloudwatch),
                        cmocka_unit_test(test_insights),
                        cmocka_unit_test(test_many),
                        cmocka_unit_test(test_shippers),
                        cmocka_unit_test(test_shipper_time),
                        cmocka_unit_test(test_tables),
                        cmocka_unit_test(test_broken_tables),
                        cmocka_unit_test(test_columns),
                        cmocka_unit_test(test_cells),
                        cmocka_unit_test(test_odd_bytes),
                        cmocka_unit_test(test_apart),
                        cmocka_unit_test(test_recovered),
        };

        return cmocka_run_group_tests(tests, make_readers, free_readers);
}
