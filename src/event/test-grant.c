/* What records hand out, read from records; and what a policy that is none does not do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "event/event.h"

#define MAX_GRANTS 16
#define MAX_TEXT 128

typedef struct Kept {
        unsigned n_events, n_grants;
        EventGrantKind kinds[MAX_GRANTS];
        char fields[MAX_GRANTS][EVENT_N_GRANT][MAX_TEXT]; /* "" where absent */
} Kept;

static int on_event(void *userdata, const Event *event) {
        Kept *kept = userdata;

        kept->n_events++;
        for (unsigned i = 0; i < event->n_grants && kept->n_grants < MAX_GRANTS; i++) {
                unsigned n = kept->n_grants++;

                kept->kinds[n] = event->grants[i].kind;
                for (unsigned f = 0; f < EVENT_N_GRANT; f++) {
                        Slice text = event->grants[i].fields[f];

                        snprintf(kept->fields[n][f], MAX_TEXT, "%.*s", (int)text.size,
                                        text.size ? text.data : "");
                }
        }
        return 0;
}

static int on_fault(void *userdata, uint64_t offset, unsigned n_rejected, Slice reason) {
        (void)userdata, (void)offset, (void)n_rejected, (void)reason;
        return 0;
}

static int on_ignored(void *userdata, uint64_t offset, Slice reason) {
        (void)userdata, (void)offset, (void)reason;
        return 0;
}

/* One record of NAME, with MORE members. */
static Kept *grants_of(const char *name, const char *more) {
        static Kept kept;
        static char text[65536];
        EventSink sink = {&kept, on_event, on_fault, on_ignored};
        EventReader *reader;
        size_t at = 0, size;

        kept = (Kept){0};
        size = (size_t)snprintf(text, sizeof(text),
                        "{\"eventTime\":\"2026-01-01T00:00:00Z\",\"eventName\":\"%s\","
                        "\"userIdentity\":{\"type\":\"IAMUser\",\"userName\":\"me\",\"arn\":\"arn:"
                        "me\"},%s}",
                        name, more);
        assert_true(size < sizeof(text));
        assert_int_equal(event_reader_new(64, 1 << 20, &reader), 0);
        assert_int_equal(event_reader_begin(reader, &sink), 0);
        while (at < size) {
                char *buffer;
                size_t space;

                assert_int_equal(event_reader_space(reader, &buffer, &space), 0);
                if (space > size - at)
                        space = size - at;
                memcpy(buffer, text + at, space);
                assert_int_equal(event_reader_feed(reader, space), 0);
                at += space;
        }
        assert_int_equal(event_reader_finish(reader, false), 0);
        event_reader_free(reader);
        assert_int_equal(kept.n_events, 1);
        return &kept;
}

static void has(const Kept *kept, unsigned i, EventGrantKind kind, EventGrantField field,
                const char *text) {
        assert_true(i < kept->n_grants);
        assert_int_equal(kept->kinds[i], kind);
        assert_string_equal(kept->fields[i][field], text);
}

static void test_credentials(void **state) {
        const Kept *k;

        (void)state;
        k = grants_of("AssumeRole",
                        "\"requestParameters\":{\"roleArn\":\"arn:aws:iam::1:role\\/path\\/R\"},"
                        "\"responseElements\":{\"credentials\":{\"accessKeyId\":\"ASIA1\"},"
                        "\"assumedRoleUser\":{\"arn\":\"arn:s\",\"assumedRoleId\":\"AROA:s\"}},"
                        "\"sharedEventID\":\"shared\"");
        has(k, 0, EVENT_GRANT_ASSUME_ROLE, EVENT_GRANT_KEY, "ASIA1");
        has(k, 0, EVENT_GRANT_ASSUME_ROLE, EVENT_GRANT_ROLE, "arn:aws:iam::1:role/path/R");
        has(k, 0, EVENT_GRANT_ASSUME_ROLE, EVENT_GRANT_ROLE_NAME, "R");
        has(k, 0, EVENT_GRANT_ASSUME_ROLE, EVENT_GRANT_PRINCIPAL_ID, "AROA:s");
        has(k, 0, EVENT_GRANT_ASSUME_ROLE, EVENT_GRANT_SHARED, "shared");
        k = grants_of("CreateAccessKey", "\"requestParameters\":null,\"responseElements\":"
                                         "{\"accessKey\":{\"accessKeyId\":\"AKIA1\"}}");
        has(k, 0, EVENT_GRANT_ACCESS_KEY, EVENT_GRANT_USER, "me"); /* for oneself */
        k = grants_of("NewThing",
                        "\"responseElements\":{\"credentials\":{\"accessKeyId\":\"ASIA2\"}}");
        has(k, 0, EVENT_GRANT_CREDENTIALS, EVENT_GRANT_KEY, "ASIA2");
        assert_int_equal(grants_of("ListBuckets", "\"responseElements\":{\"credentials\":null}")
                                         ->n_grants,
                        0);
        k = grants_of("AssumeRole", "\"errorCode\":\"AccessDenied\",\"responseElements\":null");
        has(k, 0, EVENT_GRANT_ASSUME_ROLE, EVENT_GRANT_KEY, ""); /* an attempt */
}

static void test_ends(void **state) {
        const Kept *k;

        (void)state;
        k = grants_of("UpdateAccessKey", "\"requestParameters\":{\"accessKeyId\":\"AKIA1\","
                                         "\"status\":\"Inactive\"}");
        has(k, 0, EVENT_GRANT_KEY_STOPPED, EVENT_GRANT_KEY, "AKIA1");
        k = grants_of("UpdateAccessKey",
                        "\"requestParameters\":{\"accessKeyId\":\"AKIA1\",\"status\":\"Active\"}");
        has(k, 0, EVENT_GRANT_KEY_STARTED, EVENT_GRANT_KEY, "AKIA1");
        k = grants_of("DeleteAccessKey", "\"requestParameters\":{\"accessKeyId\":\"AKIA1\"}");
        has(k, 0, EVENT_GRANT_KEY_STOPPED, EVENT_GRANT_KEY, "AKIA1");
        k = grants_of("PutRolePolicy",
                        "\"requestParameters\":{\"roleName\":\"R\",\"policyName\":\"mine\","
                        "\"policyDocument\":\"{\\\"Effect\\\":\\\"Deny\\\",\\\"aws:"
                        "TokenIssueTime\\\":1}\"}");
        has(k, 0, EVENT_GRANT_POLICY, EVENT_GRANT_DETAIL, "mine");
        has(k, 1, EVENT_GRANT_SESSIONS_REVOKED, EVENT_GRANT_SOURCE, "R");
}

static void test_lists(void **state) {
        const Kept *k;

        (void)state;
        k = grants_of("RunInstances", "\"requestParameters\":{\"iamInstanceProfile\":{\"name\":"
                                      "\"P\"}},\"responseElements\":"
                                      "{\"instancesSet\":{\"items\":[{\"instanceId\":\"i-1\"}, "
                                      "{\"instanceId\":\"i-2\"}]}}");
        assert_int_equal(k->n_grants, 2);
        has(k, 1, EVENT_GRANT_PASS_ROLE, EVENT_GRANT_INSTANCE, "i-2");
        has(k, 1, EVENT_GRANT_PASS_ROLE, EVENT_GRANT_ROLE_NAME, "P");
        assert_int_equal(grants_of("RunInstances", "\"requestParameters\":{}")->n_grants,
                        0); /* no role */
        k = grants_of("ReplaceIamInstanceProfileAssociation",
                        "\"requestParameters\":{\"ReplaceIamInstanceProfileAssociationRequest\":{"
                        "\"AssociationId\":\"a\",\"IamInstanceProfile\":{\"Name\":\"P\"}}},"
                        "\"responseElements\":{\"ReplaceIamInstanceProfileAssociationResponse\":{"
                        "\"iamInstanceProfileAssociation\":{\"instanceId\":\"i-7\"}}}");
        has(k, 0, EVENT_GRANT_PASS_ROLE, EVENT_GRANT_INSTANCE, "i-7");
        has(k, 0, EVENT_GRANT_PASS_ROLE, EVENT_GRANT_ROLE_NAME, "P");
        k = grants_of("SendCommand",
                        "\"requestParameters\":{\"instanceIds\":[\"i-1\",7,null,\"i-3\"]}");
        has(k, 0, EVENT_GRANT_HOST_HOP, EVENT_GRANT_INSTANCE, "i-1");
        has(k, k->n_grants - 1, EVENT_GRANT_HOST_HOP, EVENT_GRANT_INSTANCE, "i-3");
        k = grants_of("SendCommand", "\"requestParameters\":{\"targets\":[7,{\"key\":\"tag:x\","
                                     "\"values\":[\"v\"]},"
                                     "{\"key\":\"InstanceIds\",\"values\":[\"i-4\",\"i-5\"]}]}");
        assert_int_equal(k->n_grants, 2);
        has(k, 0, EVENT_GRANT_HOST_HOP, EVENT_GRANT_INSTANCE, "i-4");
        has(k, 1, EVENT_GRANT_HOST_HOP, EVENT_GRANT_INSTANCE, "i-5");
        k = grants_of("ModifyInstanceAttribute",
                        "\"requestParameters\":{\"instanceId\":\"i-9\",\"attribute\":\"userData\","
                        "\"value\":\"x\"}");
        has(k, 0, EVENT_GRANT_HOST_HOP, EVENT_GRANT_INSTANCE, "i-9");
        assert_int_equal(grants_of("ModifyInstanceAttribute",
                                         "\"requestParameters\":{\"instanceId\":\"i-1\"}")
                                         ->n_grants,
                        0);
        assert_int_equal(grants_of("ModifyInstanceAttribute",
                                         "\"requestParameters\":{\"instanceId\":\"i-1\","
                                         "\"userData\":\"x\"}")
                                         ->n_grants,
                        1);
}

static void test_policies(void **state) {
        const Kept *k;

        (void)state;
        k = grants_of("UpdateAssumeRolePolicy",
                        "\"requestParameters\":{\"roleName\":\"R\",\"policyDocument\":\"%7B%"
                        "22Statement%22%3A%5B%7B%22Effect"
                        "%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%5B%221%22%2C%222%22%"
                        "5D%7D%7D%5D%7D\"}");
        assert_int_equal(k->n_grants, 2);
        has(k, 1, EVENT_GRANT_TRUST_POLICY, EVENT_GRANT_PRINCIPAL, "2");
        has(k, 1, EVENT_GRANT_TRUST_POLICY, EVENT_GRANT_ROLE_NAME, "R");
        k = grants_of("UpdateAssumeRolePolicy",
                        "\"requestParameters\":{\"roleName\":\"R\",\"policyDocument\":\"{"
                        "\\\"Statement\\\":"
                        "{\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":\\\"*\\\"}}\"}");
        has(k, 0, EVENT_GRANT_TRUST_POLICY, EVENT_GRANT_PRINCIPAL, "*");
}

/* Space may stand before a policy, as it is or URL-encoded. */
static void test_policies_with_space(void **state) {
        static const char *const begins[] = {" ", "\\n\\t  ", "\\r\\n"};
        static const char *const encoded[] = {"%0A%20", "+", " ", "\\n"};
        char more[1024];

        (void)state;
        for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
                snprintf(more, sizeof(more),
                                "\"requestParameters\":{\"roleName\":\"R\","
                                "\"assumeRolePolicyDocument\":\"%s{\\\"Statement\\\":{"
                                "\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":"
                                "\\\"*\\\"}}\"}",
                                begins[i]);
                has(grants_of("CreateRole", more), 1, EVENT_GRANT_TRUST_POLICY,
                                EVENT_GRANT_PRINCIPAL, "*");
        }
        for (size_t i = 0; i < sizeof(encoded) / sizeof(encoded[0]); i++) {
                snprintf(more, sizeof(more),
                                "\"requestParameters\":{\"roleName\":\"R\",\"policyDocument\":"
                                "\"%s%%7B%%22Statement%%22:%%7B%%22Effect%%22:%%22Allow%%22,"
                                "%%22Principal%%22:%%22*%%22%%7D%%7D\"}",
                                encoded[i]);
                has(grants_of("UpdateAssumeRolePolicy", more), 0, EVENT_GRANT_TRUST_POLICY,
                                EVENT_GRANT_PRINCIPAL, "*");
        }
}

static void test_no_policies(void **state) {
        static const char *const documents[] = {"{", "{\\\"Statement\\\":", "{\\\"Statement\\\":[",
                        "{\\\"Statement\\\":[}", "{\\\"Statement\\\":[[]]}",
                        "{\\\"Statement\\\":[\\\"x", "%", "%7", "%7B%", "[]", "\\\"", "",
                        "{\\\"Statement\\\":[{\\\"Effect\\\":\\\"Deny\\\",\\\"Principal\\\":\\\"*"
                        "\\\"}]}",
                        "{\\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":{"
                        "\\\"AWS\\\":[1,null,{}"};
        char more[1024];

        (void)state;
        for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
                snprintf(more, sizeof(more),
                                "\"requestParameters\":{\"roleName\":\"R\",\"policyDocument\":\"%"
                                "s\"}",
                                documents[i]);
                assert_true(grants_of("UpdateAssumeRolePolicy", more)->n_grants <= 1);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_credentials),
                        cmocka_unit_test(test_ends),
                        cmocka_unit_test(test_lists),
                        cmocka_unit_test(test_policies),
                        cmocka_unit_test(test_policies_with_space),
                        cmocka_unit_test(test_no_policies),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
