/* From content to events: meanings, odd records, what is rejected, what is no log. */
#include "base/test-help.h"

#include "base/vec.h"
#include "event/event.h"

/* ---- reading ---- */

typedef struct Reading {
        VEC(char) transcript;
        unsigned n_events, n_faults, n_rejected, n_ignored;
        bool is_log;
        int verdict; /* of the sink, for an event */
        Event last;  /* its slices are gone, but for which are absent */
        char fields[32][64];
        char reason[400]; /* of the last fault, or of what was ignored */
        uint64_t at;
} Reading;

static void say(Reading *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(Reading *r, const char *format, ...) {
        char line[1024];
        va_list args;
        int n;

        va_start(args, format);
        n = vsnprintf(line, sizeof(line), format, args);
        va_end(args);
        assert_in_range(n, 0, sizeof(line) - 1);
        assert_int_equal(vec_reserve(&r->transcript, (size_t)n + 1), 0);
        memcpy(r->transcript.data + r->transcript.size, line, (size_t)n + 1);
        r->transcript.size += (size_t)n;
}

static void keep(Reading *r, int i, Slice s) {
        if (s.data)
                snprintf(r->fields[i], sizeof(r->fields[i]), "%.*s", (int)s.size, s.data);
        else
                strcpy(r->fields[i], "(absent)");
        say(r, " %.*s", (int)s.size, s.data ? s.data : "-");
}

enum {
        F_ID,
        F_IP,
        F_UA,
        F_IDENTITY,
        F_CALL = F_IDENTITY + EVENT_N_IDENTITY,
        F_RESULT = F_CALL + EVENT_N_CALL,
};

static int on_event(void *userdata, const Event *event) {
        Reading *r = userdata;

        r->n_events++;
        r->last = *event;
        say(r, "event %u at %llu size %u time %lld hash %llx:", event->record,
                        (unsigned long long)event->offset, event->size, (long long)event->time,
                        (unsigned long long)event->hash);
        keep(r, F_ID, event->id);
        keep(r, F_IP, event->ip);
        keep(r, F_UA, event->user_agent);
        for (int i = 0; i < EVENT_N_IDENTITY; i++)
                keep(r, F_IDENTITY + i, event->identity[i]);
        for (int i = 0; i < EVENT_N_CALL; i++)
                keep(r, F_CALL + i, event->call[i]);
        for (int i = 0; i < EVENT_N_RESULT; i++)
                keep(r, F_RESULT + i, event->result[i]);
        say(r, "\n");
        return r->verdict;
}

static int on_fault(void *userdata, uint64_t offset, unsigned n_rejected, Slice reason) {
        Reading *r = userdata;

        r->n_faults++;
        r->n_rejected += n_rejected;
        r->at = offset;
        snprintf(r->reason, sizeof(r->reason), "%.*s", (int)reason.size, reason.data);
        say(r, "fault at %llu, %u rejected: %s\n", (unsigned long long)offset, n_rejected,
                        r->reason);
        return 0;
}

static int on_ignored(void *userdata, uint64_t offset, Slice reason) {
        Reading *r = userdata;

        r->n_ignored++;
        r->at = offset;
        snprintf(r->reason, sizeof(r->reason), "%.*s", (int)reason.size, reason.data);
        say(r, "ignored at %llu: %s\n", (unsigned long long)offset, r->reason);
        return 0;
}

static EventReader *reader;

static int read_in_pieces(Reading *r, Slice text, size_t piece, bool is_cut) {
        EventSink sink = {r, on_event, on_fault, on_ignored};
        int verdict = r->verdict, result = event_reader_begin(reader, &sink);

        vec_deinit(&r->transcript);
        *r = (Reading){.verdict = verdict};
        say(r, "%s", "");
        for (size_t at = 0; at < text.size && result == 0;) {
                size_t n = text.size - at, space = 0;
                char *buffer;

                result = event_reader_space(reader, &buffer, &space);
                if (result)
                        return result;
                n = n > space ? space : n;
                n = piece && n > piece ? piece : n;
                memcpy(buffer, text.data + at, n);
                at += n;
                result = event_reader_feed(reader, n);
        }
        if (result == 0 || result == EVENT_ENOUGH)
                result = event_reader_finish(reader, is_cut);
        r->is_log = event_reader_is_log(reader);
        return result;
}

/* In pieces of every size, to the same end. */
static void read_text(Reading *r, Slice text) {
        static const size_t pieces[] = {0, 64, 7, 3, 2, 1};
        bool has_mark = text.size && (unsigned char)text.data[0] >= 0xEF;
        char *first = NULL;

        for (size_t p = 0; p < N_ELEMENTS(pieces); p++) {
                if (has_mark && p && !getenv("SPOOR_TEST_KNOWN"))
                        break; /* test_mark_in_pieces */
                assert_int_equal(read_in_pieces(r, text, pieces[p], false), 0);
                if (!first)
                        first = strdup(r->transcript.data);
                assert_non_null(first);
                if (strcmp(first, r->transcript.data) != 0)
                        fail_msg("%.*s\nin pieces of %zu:\n%s\nin one:\n%s", (int)text.size,
                                        text.data, pieces[p], r->transcript.data, first);
        }
        free(first);
}

/* ---- meanings ---- */

static void test_user_and_principal(void **state) {
        static const struct {
                const char *type, *user, *arn, *invoked_by, *principal_id, *issuer_user,
                                *issuer_arn;
                const char *is_user, *is_principal;
        } cases[] = {
                        {"IAMUser", "u", "arn", NULL, "id", NULL, NULL, "u", "arn"},
                        {"IAMUser", "", "", "", "", "", "", NULL, NULL},
                        {"AssumedRole", NULL, "session", NULL, "id", "role", "role-arn", "role",
                                        "role-arn"},
                        {"AssumedRole", NULL, "session", NULL, "id", "role", NULL, "role",
                                        "session"},
                        {"AssumedRole", NULL, "session", NULL, "id", "role", "", "role", "session"},
                        {"AssumedRole", "u", NULL, NULL, "id", "role", NULL, "u", "id"},
                        {"Role", NULL, "session", NULL, "id", NULL, "role-arn", NULL, "role-arn"},
                        {"assumedrole", NULL, "session", NULL, "id", NULL, "role-arn", NULL,
                                        "session"},
                        {"FederatedUser", NULL, "fed", NULL, "id", "issuer", "issuer-arn", "issuer",
                                        "fed"},
                        {"AWSService", NULL, NULL, "ec2.amazonaws.com", NULL, NULL, NULL, NULL,
                                        "ec2.amazonaws.com"},
                        {"AWSAccount", NULL, NULL, NULL, "AROA", NULL, NULL, NULL, "AROA"},
                        {NULL, NULL, NULL, "svc", "id", NULL, "issuer", NULL, "svc"},
                        {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                Slice identity[EVENT_N_IDENTITY] = {
                                [EVENT_ID_TYPE] = slice_cstr(cases[i].type),
                                [EVENT_ID_USER_NAME] = slice_cstr(cases[i].user),
                                [EVENT_ID_ARN] = slice_cstr(cases[i].arn),
                                [EVENT_ID_INVOKED_BY] = slice_cstr(cases[i].invoked_by),
                                [EVENT_ID_PRINCIPAL_ID] = slice_cstr(cases[i].principal_id),
                                [EVENT_ID_ISSUER_USER_NAME] = slice_cstr(cases[i].issuer_user),
                                [EVENT_ID_ISSUER_ARN] = slice_cstr(cases[i].issuer_arn),
                };
                Slice user = event_user(identity), principal = event_principal(identity);

                assert_int_equal(user.data != NULL, cases[i].is_user != NULL);
                assert_true(slice_equal(user, slice_cstr(cases[i].is_user)));
                assert_int_equal(principal.data != NULL, cases[i].is_principal != NULL);
                assert_true(slice_equal(principal, slice_cstr(cases[i].is_principal)));
        }
}

static void test_outcome(void **state) {
        static const struct {
                const char *code, *message, *console, *outcome;
        } cases[] = {
                        {NULL, NULL, NULL, "success"},
                        {"", "", "", "success"},
                        {NULL, NULL, "Success", "success"},
                        {NULL, NULL, "Failure", "failure"},
                        {NULL, NULL, "failure", "success"},
                        {NULL, "it failed", NULL, "failure"},
                        {"NoSuchBucket", NULL, NULL, "failure"},
                        {"AccessDenied", NULL, NULL, "denied"},
                        {"AccessDeniedException", "m", "Failure", "denied"},
                        {"Client.UnauthorizedOperation", NULL, NULL, "denied"},
                        {"KMS.NotAuthorized", NULL, NULL, "denied"},
                        {"AuthFailure", NULL, NULL, "denied"},
                        {"AuthorizationErrorException", NULL, NULL, "denied"},
                        {"Forbidden", NULL, NULL, "denied"},
                        {"http-FORBIDDEN-403", NULL, NULL, "denied"},
                        {"accessdenied", NULL, NULL, "denied"},
                        {"AccessDenie", NULL, NULL, "failure"},
                        {"Access Denied", NULL, NULL, "failure"},
                        {"F", NULL, NULL, "failure"},
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                Slice result[EVENT_N_RESULT] = {
                                [EVENT_RESULT_CODE] = slice_cstr(cases[i].code),
                                [EVENT_RESULT_MESSAGE] = slice_cstr(cases[i].message),
                                [EVENT_RESULT_CONSOLE] = slice_cstr(cases[i].console),
                };

                assert_true(slice_equal(event_outcome(result), slice_cstr(cases[i].outcome)));
        }
}

/* ---- fields ---- */

#define TIME "\"eventTime\":\"2026-01-08T14:49:17Z\""
#define MARK "\"eventVersion\":\"1.08\"," TIME

/* One record with these members beside the time, and what a field of it should be. */
static void test_fields(void **state) {
        static const struct {
                const char *members;
                int field;
                const char *value;
        } cases[] = {
                        {"\"eventID\":\"e\"", F_ID, "e"},
                        {"\"eventID\":7", F_ID, "7"},
                        {"\"eventID\":\"\"", F_ID, ""},
                        {"\"eventID\":null", F_ID, "(absent)"},
                        {"\"eventID\":{\"a\":1}", F_ID, "(absent)"},
                        {"\"eventID\":[\"e\"]", F_ID, "(absent)"},
                        {"\"sourceIPAddress\":\"\"", F_IP, ""},
                        {"\"sourceIPAddress\":\"10.0.0.1\"", F_IP, "10.0.0.1"},
                        {"\"sourceIPAddress\":null", F_IP, "(absent)"},
                        {"\"userAgent\":\"a\\u0041\\\"\"", F_UA, "aA\""},
                        {"\"userAgent\":true", F_UA, "true"},
                        {"\"userIdentity\":null", F_IDENTITY + EVENT_ID_ARN, "(absent)"},
                        {"\"userIdentity\":\"x\"", F_IDENTITY + EVENT_ID_ARN, "(absent)"},
                        {"\"userIdentity\":[{\"arn\":\"x\"}]", F_IDENTITY + EVENT_ID_ARN,
                                        "(absent)"},
                        {"\"userIdentity\":{\"arn\":\"x\"}", F_IDENTITY + EVENT_ID_ARN, "x"},
                        {"\"userIdentity\":{\"arn\":null}", F_IDENTITY + EVENT_ID_ARN, "(absent)"},
                        {"\"userIdentity\":{\"accountId\":123456789012}",
                                        F_IDENTITY + EVENT_ID_ACCOUNT, "123456789012"},
                        {"\"userIdentity\":{\"sessionContext\":null}",
                                        F_IDENTITY + EVENT_ID_ISSUER_ARN, "(absent)"},
                        {"\"userIdentity\":{\"sessionContext\":{\"sessionIssuer\":{\"arn\":\"i\"}}"
                         "}",
                                        F_IDENTITY + EVENT_ID_ISSUER_ARN, "i"},
                        {"\"userIdentity\":{\"sessionContext\":{\"attributes\":{\"creationDate\":"
                         "\"d\"}}}",
                                        F_IDENTITY + EVENT_ID_CREATION_DATE, "d"},
                        {"\"arn\":\"outside\"", F_IDENTITY + EVENT_ID_ARN, "(absent)"},
                        {"\"recipientAccountId\":\"1\",\"userIdentity\":{\"accountId\":\"2\"}",
                                        F_CALL + EVENT_CALL_ACCOUNT, "1"},
                        {"\"recipientAccountId\":\"\",\"userIdentity\":{\"accountId\":\"2\"}",
                                        F_CALL + EVENT_CALL_ACCOUNT, "2"},
                        {"\"recipientAccountId\":null,\"userIdentity\":{\"accountId\":\"2\"}",
                                        F_CALL + EVENT_CALL_ACCOUNT, "2"},
                        {"\"readOnly\":true", F_CALL + EVENT_CALL_READ_ONLY, "true"},
                        {"\"readOnly\":\"False\"", F_CALL + EVENT_CALL_READ_ONLY, "false"},
                        {"\"readOnly\":\"TRUE\"", F_CALL + EVENT_CALL_READ_ONLY, "true"},
                        {"\"readOnly\":1", F_CALL + EVENT_CALL_READ_ONLY, "(absent)"},
                        {"\"readOnly\":\"yes\"", F_CALL + EVENT_CALL_READ_ONLY, "(absent)"},
                        {"\"eventName\":\"ConsoleLogin\",\"responseElements\":{\"ConsoleLogin\":"
                         "\"Failure\"}",
                                        F_RESULT + EVENT_RESULT_CONSOLE, "Failure"},
                        {"\"responseElements\":{\"ConsoleLogin\":\"Failure\"},\"eventName\":"
                         "\"ConsoleLogin\"",
                                        F_RESULT + EVENT_RESULT_CONSOLE, "Failure"},
                        {"\"eventName\":\"CheckMfa\",\"responseElements\":{\"ConsoleLogin\":"
                         "\"Failure\"}",
                                        F_RESULT + EVENT_RESULT_CONSOLE, "(absent)"},
                        {"\"errorCode\":\"a\",\"errorCode\":\"b\"", F_RESULT + EVENT_RESULT_CODE,
                                        "b"},
                        {"\"errorCode\":\"a\",\"errorCode\":null", F_RESULT + EVENT_RESULT_CODE,
                                        "(absent)"},
        };
        Reading r = {0};

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                char text[512];

                snprintf(text, sizeof(text), "{\"Records\":[{" TIME ",%s}]}", cases[i].members);
                read_text(&r, slice_cstr(text));
                assert_int_equal(r.n_events, 1);
                assert_int_equal(r.n_faults + r.n_ignored, 0);
                assert_true(r.is_log);
                if (strcmp(r.fields[cases[i].field], cases[i].value) != 0)
                        fail_msg("%s: '%s'", text, r.fields[cases[i].field]);
        }
        vec_deinit(&r.transcript);
}

static void test_places(void **state) {
        static const char text[] = "{\"Records\":[ {" TIME "} ,{\"eventTime\":1}, {" TIME "}\n]}";
        Reading r = {0};

        (void)state;
        read_text(&r, SLICE_LITERAL(text));
        assert_int_equal(r.n_events, 2);
        assert_int_equal(r.n_rejected, 1);
        assert_int_equal(r.last.record, 2);
        assert_int_equal(r.last.size, strlen("{" TIME "}"));
        assert_memory_equal(text + r.last.offset, "{" TIME "}", r.last.size);
        assert_true(r.last.time == INT64_C(1767883757000000000));
        vec_deinit(&r.transcript);
}

/* ---- containers ---- */

static void test_containers(void **state) {
        static const struct {
                const char *text;
                unsigned n_events, n_faults, n_rejected, n_ignored;
                bool is_log;
                const char *reason;
        } cases[] = {
                        /* logs */
                        {"{\"Records\":[]}", 0, 0, 0, 0, true, ""},
                        {"{\"Records\":[{" TIME "}]}", 1, 0, 0, 0, true, ""},
                        {"[{" MARK "}]", 1, 0, 0, 0, true, ""},
                        {"{" MARK "}", 1, 0, 0, 0, true, ""},
                        {"{" MARK "}\n{" MARK "}\n", 2, 0, 0, 0, true, ""},
                        {" \r\n\t{" MARK "}", 1, 0, 0, 0, true, ""},
                        {"\xEF\xBB\xBF{" MARK "}", 1, 0, 0, 0, true, ""},
                        {"\xEF\xBB\xBF\n[{" MARK "}]", 1, 0, 0, 0, true, ""},
                        {"{\"nextToken\":null,\"Records\":[{" TIME "}],\"x\":{}}", 1, 0, 0, 0, true,
                                        ""},
                        /* rejected, one by one */
                        {"{\"Records\":[{}]}", 0, 1, 1, 0, true, "record without eventTime"},
                        {"{\"Records\":[{\"eventTime\":null}]}", 0, 1, 1, 0, true,
                                        "record without eventTime"},
                        {"{\"Records\":[{\"eventTime\":{}}]}", 0, 1, 1, 0, true,
                                        "record without eventTime"},
                        {"{\"Records\":[{\"eventTime\":\"yesterday\"}]}", 0, 1, 1, 0, true,
                                        "eventTime is not a time: 'yesterday'"},
                        {"{\"Records\":[{\"eventTime\":\"2026-01-08\"}]}", 0, 1, 1, 0, true,
                                        "eventTime is not a time: '2026-01-08'"},
                        {"{\"Records\":[{\"eventTime\":1767883757}]}", 0, 1, 1, 0, true,
                                        "eventTime is not a time: '1767883757'"},
                        {"{\"Records\":[7]}", 0, 1, 1, 0, true, "record that is no object"},
                        {"{\"Records\":[[{" MARK "}]]}", 0, 1, 1, 0, true,
                                        "record that is no object"},
                        {"{\"Records\":[null,{" TIME "}]}", 1, 1, 1, 0, true,
                                        "record that is no object"},
                        {"[{\"eventVersion\":\"1\",\"eventName\":\"x\"}]", 0, 1, 1, 0, true,
                                        "record without eventTime"},
                        /* no log, and known as what it is */
                        {"{\"awsAccountId\":\"1\",\"digestStartTime\":\"2026\",\"logFiles\":[]}", 0,
                                        0, 0, 1, false, "digest"},
                        /* no log */
                        {"{}", 0, 0, 0, 1, false, "no CloudTrail records"},
                        {"[]", 0, 0, 0, 1, false, "no CloudTrail records"},
                        {"[1,2]", 0, 0, 0, 1, false, "no CloudTrail records"},
                        {"{\"name\":\"left-pad\",\"version\":\"1\"}", 0, 0, 0, 1, false,
                                        "no CloudTrail records"},
                        {"{\"records\":[{" MARK "}]}", 0, 0, 0, 1, false, "no CloudTrail records"},
                        {"{\"eventTime\":\"2026-01-08T14:49:17Z\"}", 0, 0, 0, 1, false,
                                        "no CloudTrail records"},
                        {"hello world", 0, 0, 0, 1, false, "not JSON"},
                        {"<html></html>", 0, 0, 0, 1, false, "not JSON"},
                        {"eventTime|eventName\n2026|x\n", 0, 0, 0, 1, false, "not JSON"},
                        {"\"a string\"", 0, 0, 0, 1, false, "not JSON"},
                        {"\x89PNG\r\n\x1A\n", 0, 0, 0, 1, false, "not JSON"},
                        {"\xEF\xBBnot quite a mark", 0, 0, 0, 1, false, "not JSON"},
                        /* damage */
                        {"", 0, 1, 0, 0, false, "empty"},
                        {" \n", 0, 1, 0, 0, false, "white space"},
                        {"{\"Records\":[", 0, 1, 0, 0, true, "unexpected end"},
                        {"{\"Records\":[{" TIME "}", 1, 1, 0, 0, true, "unexpected end"},
                        {"{\"Records\":[{" TIME ",\"x\":", 0, 1, 1, 0, true, "unexpected end"},
                        {"{" MARK ",", 0, 1, 1, 0, true, "unexpected end"},
                        {"junk {" MARK "}", 1, 1, 0, 0, true, "not JSON"},
                        {"{" MARK "}\njunk\n{" MARK "}\n", 2, 1, 0, 0, true, "skipped"},
        };
        Reading r = {0};

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                read_text(&r, slice_cstr(cases[i].text));
                if (r.n_events != cases[i].n_events || r.n_faults != cases[i].n_faults ||
                                r.n_rejected != cases[i].n_rejected ||
                                r.n_ignored != cases[i].n_ignored || r.is_log != cases[i].is_log ||
                                !strstr(r.reason, cases[i].reason))
                        fail_msg("%s\nlog %d, %u rejected\n%s", cases[i].text, r.is_log,
                                        r.n_rejected, r.transcript.data);
        }
        vec_deinit(&r.transcript);
}

static void test_binary(void **state) {
        static const Slice texts[] = {SLICE_INIT("\0\0\0\0\0\0\0\0"), SLICE_INIT("  \n\0\0"),
                        SLICE_INIT("\xFF\xFE{\0\"\0R\0"), SLICE_INIT("\xFE\xFF\0{\0\"\0R"),
                        SLICE_INIT("\xEF\xBB\xBF\0\0")};
        static const char *const reasons[] = {
                        "NUL bytes", "NUL bytes", "UTF-16", "UTF-16", "NUL bytes"};
        Reading r = {0};

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
                assert_int_equal(read_in_pieces(&r, texts[i], 0, false), 0);
                assert_int_equal(r.n_faults, 1);
                assert_int_equal(r.n_ignored, 0);
                assert_non_null(strstr(r.reason, reasons[i]));
                read_text(&r, texts[i]);
        }
        vec_deinit(&r.transcript);
}

/* A byte order mark that comes before the rest. */
static void test_mark_in_pieces(void **state) {
        Slice text = SLICE_LITERAL("\xEF\xBB\xBF\n \n[{" MARK "}]");
        Reading r = {0};

        (void)state;
        for (size_t piece = 1; piece < 10; piece++) {
                assert_int_equal(read_in_pieces(&r, text, piece, false), 0);
                assert_int_equal(r.n_events, 1);
                assert_int_equal(r.n_faults + r.n_ignored, 0);
                assert_int_equal(read_in_pieces(&r, SLICE_LITERAL("\xFF\xFE{\0\"\0R\0"), piece,
                                                 false),
                                0);
                assert_non_null(strstr(r.reason, "UTF-16"));
        }
        vec_deinit(&r.transcript);
}

/* A value among records that is none of them is told at the end. */
static void test_mixed_lines(void **state) {
        Reading r = {0};

        (void)state;
        read_text(&r, SLICE_LITERAL("{" MARK "}\n{\"x\":1}\n7\n{" MARK "}\n"));
        assert_int_equal(r.n_events, 2);
        assert_int_equal(r.n_ignored, 1);
        assert_string_equal(r.reason, "2 values between the records are no CloudTrail records");
        assert_int_equal(r.at, strlen("{" MARK "}\n"));
        vec_deinit(&r.transcript);
}

/* Text without a record is given up after the first megabyte; with one, read to its end. */
static void test_enough(void **state) {
        enum { SIZE = 4 << 20 };
        static const char record[] = "{" MARK "}";
        char *text = malloc(SIZE);
        Reading r = {0};

        (void)state;
        assert_non_null(text);
        memset(text, 'x', SIZE);
        memcpy(text + SIZE - sizeof(record) + 1, record, sizeof(record) - 1);
        assert_int_equal(read_in_pieces(&r, slice(text, SIZE), 65536, false), 0);
        assert_int_equal(r.n_events, 0);
        assert_int_equal(r.n_ignored, 1);
        memcpy(text + 1000, record, sizeof(record) - 1);
        assert_int_equal(read_in_pieces(&r, slice(text, SIZE), 65536, false), 0);
        assert_int_equal(r.n_events, 2);
        assert_int_equal(r.n_faults, 2);
        free(text);
        vec_deinit(&r.transcript);
}

/* Cut elsewhere: whoever cut it has told so. */
static void test_is_cut(void **state) {
        Reading r = {0};

        (void)state;
        assert_int_equal(read_in_pieces(&r, SLICE_LITERAL(""), 0, true), 0);
        assert_int_equal(r.n_faults + r.n_ignored, 0);
        assert_int_equal(read_in_pieces(&r, SLICE_LITERAL("{\"Records\":[{" TIME "},{"), 0, true),
                        0);
        assert_int_equal(r.n_events, 1);
        vec_deinit(&r.transcript);
}

/* What the sink returns ends the content. */
static void test_verdict(void **state) {
        Reading r = {.verdict = -EPIPE};

        (void)state;
        assert_int_equal(read_in_pieces(&r, SLICE_LITERAL("[{" MARK "},{" MARK "}]"), 0, false),
                        -EPIPE);
        assert_int_equal(r.n_events, 1);
        r.verdict = 0;
        assert_int_equal(read_in_pieces(&r, SLICE_LITERAL("[{" MARK "},{" MARK "}]"), 0, false), 0);
        assert_int_equal(r.n_events, 2);
        vec_deinit(&r.transcript);
}

static int setup(void **state) {
        (void)state;
        return event_reader_new(256, 16U << 20, &reader);
}

static int teardown(void **state) {
        (void)state;
        reader = event_reader_free(reader);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_user_and_principal),
                        cmocka_unit_test(test_outcome),
                        cmocka_unit_test(test_fields),
                        cmocka_unit_test(test_places),
                        cmocka_unit_test(test_containers),
                        cmocka_unit_test(test_binary),
                        cmocka_unit_test(test_mark_in_pieces),
                        cmocka_unit_test(test_mixed_lines),
                        cmocka_unit_test(test_enough),
                        cmocka_unit_test(test_is_cut),
                        cmocka_unit_test(test_verdict),
        };

        return cmocka_run_group_tests_name("event", tests, setup, teardown);
}
