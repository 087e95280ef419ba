/* What records act on: names, whose they are, and what this record did to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "event/event.h"

#define MAX_TARGETS 16
#define MAX_TEXT 128

typedef struct Kept {
        unsigned n_events, n_targets;
        char texts[MAX_TARGETS][MAX_TEXT]; /* "name", "name (of)", "(of)" */
        CatalogueEffect effects[MAX_TARGETS];
        uint64_t objects[MAX_TARGETS], n_bytes[MAX_TARGETS];
} Kept;

static int on_event(void *userdata, const Event *event) {
        Kept *kept = userdata;

        kept->n_events++;
        for (unsigned i = 0; i < event->n_targets && kept->n_targets < MAX_TARGETS; i++) {
                const EventTarget *target = &event->targets[i];
                unsigned n = kept->n_targets++;

                snprintf(kept->texts[n], MAX_TEXT, "%.*s%s%.*s%s", (int)target->name.size,
                                target->name.size ? target->name.data : "",
                                !target->of.size    ? ""
                                : target->name.size ? " ("
                                                    : "(",
                                (int)target->of.size, target->of.size ? target->of.data : "",
                                target->of.size ? ")" : "");
                kept->effects[n] = target->effect;
                kept->objects[n] = target->object;
                kept->n_bytes[n] = target->n_bytes;
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

static bool wants_nothing(void *userdata, const Event *event) {
        (void)userdata, (void)event;
        return false;
}

static bool is_wanted = true;

/* One record of SERVICE and NAME, with MORE members. */
static Kept *targets_of(const char *service, const char *name, const char *more) {
        static Kept kept;
        static char text[1 << 20];
        EventSink sink = {&kept, on_event, on_fault, on_ignored};
        EventReader *reader;
        size_t at = 0, size;

        kept = (Kept){0};
        if (!is_wanted)
                sink.wants = wants_nothing;
        size = (size_t)snprintf(text, sizeof(text),
                        "{\"eventTime\":\"2026-01-01T00:00:00Z\",\"eventSource\":\"%s\","
                        "\"eventName\":\"%s\",\"userIdentity\":{\"type\":\"IAMUser\","
                        "\"userName\":\"me\",\"arn\":\"arn:me\"},%s}",
                        service, name, more);
        assert_true(size < sizeof(text));
        assert_int_equal(event_reader_new(64, 1 << 21, &reader), 0);
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

/* Its targets are TEXTS, ended by NULL. */
static void has(const Kept *kept, const char *const *texts) {
        unsigned n = 0;

        for (; texts[n]; n++) {
                assert_true(n < kept->n_targets);
                assert_string_equal(kept->texts[n], texts[n]);
        }
        assert_int_equal(kept->n_targets, n);
}

#define HAS(kept, ...) has(kept, (const char *const[]){__VA_ARGS__, NULL})
#define IAM "iam.amazonaws.com"
#define EC2 "ec2.amazonaws.com"
#define S3 "s3.amazonaws.com"

static void test_names(void **state) {
        Kept *k;

        (void)state;
        k = targets_of(IAM, "CreateAccessKey",
                        "\"requestParameters\":{\"userName\":\"bob\"},\"responseElements\":"
                        "{\"accessKey\":{\"accessKeyId\":\"AKIA1\",\"userName\":\"bob\"}}");
        HAS(k, "AKIA1 (bob)");
        assert_int_equal(k->effects[0], CATALOGUE_EFFECT_NONE);
        HAS(targets_of(IAM, "CreateAccessKey",
                            "\"requestParameters\":{\"userName\":\"b\\u00f6b\"},"
                            "\"responseElements\":null"),
                        "(b\xC3\xB6\x62)");
        HAS(targets_of(IAM, "CreateAccessKey", "\"requestParameters\":null"), "(me)");
        HAS(targets_of(IAM, "AttachUserPolicy",
                            "\"requestParameters\":{\"policyArn\":\"arn:p\",\"userName\":\"bob\"}"),
                        "arn:p (bob)");
        assert_int_equal(targets_of(IAM, "CreateUser", "\"requestParameters\":null")->n_targets, 0);
        assert_int_equal(targets_of(IAM, "CreateUser", "\"requestParameters\":{\"userName\":\"\"}")
                                         ->n_targets,
                        0);
        assert_int_equal(targets_of(IAM, "CreateUser", "\"requestParameters\":{\"userName\":[1]}")
                                         ->n_targets,
                        0);
        assert_int_equal(targets_of("other.amazonaws.com", "CreateUser",
                                         "\"requestParameters\":{\"userName\":\"bob\"}")
                                         ->n_targets,
                        0);
        is_wanted = false;
        assert_int_equal(targets_of(IAM, "CreateUser",
                                         "\"requestParameters\":{\"userName\":\"bob\"}")
                                         ->n_targets,
                        0);
        is_wanted = true;
}

static void test_lists(void **state) {
        (void)state;
        HAS(targets_of(EC2, "RunInstances",
                            "\"responseElements\":{\"instancesSet\":{\"items\":[{\"instanceId\":"
                            "\"i-1\",\"x\":[\"]\"]}, {\"y\":0},{\"instanceId\":\"i-2\"}]}}"),
                        "i-1", "i-2");
        HAS(targets_of("ssm.amazonaws.com", "GetParameters",
                            "\"requestParameters\":{\"names\":[\"/a\", \"/b\"]}"),
                        "/a", "/b");
        /* two names of one owner, one name shared with two */
        HAS(targets_of("guardduty.amazonaws.com", "DeleteMembers",
                            "\"requestParameters\":{\"detectorId\":\"d\",\"accountIds\":[\"1\","
                            "\"2\"]}"),
                        "1 (d)", "2 (d)");
        HAS(targets_of(EC2, "ModifySnapshotAttribute",
                            "\"requestParameters\":{\"snapshotId\":\"snap-1\","
                            "\"createVolumePermission\":{\"add\":{\"items\":[{\"userId\":\"1\"},"
                            "{\"userId\":\"2\"}]}}}"),
                        "snap-1 (1)", "snap-1 (2)");
        HAS(targets_of(EC2, "DeleteFlowLogs",
                            "\"requestParameters\":{\"DeleteFlowLogsRequest\":{\"FlowLogId\":"
                            "{\"content\":\"fl-1\",\"tag\":1}}}"),
                        "fl-1");
        HAS(targets_of(EC2, "DeleteFlowLogs",
                            "\"requestParameters\":{\"DeleteFlowLogsRequest\":{\"FlowLogId\":"
                            "[{\"content\":\"fl-1\",\"tag\":1},{\"content\":\"fl-2\"}]}}"),
                        "fl-1", "fl-2");
}

static void test_effects(void **state) {
        Kept *k;

        (void)state;
        k = targets_of(IAM, "UpdateAccessKey",
                        "\"requestParameters\":{\"accessKeyId\":\"AKIA1\",\"status\":"
                        "\"Inactive\",\"userName\":\"bob\"}");
        HAS(k, "AKIA1 (bob)");
        assert_int_equal(k->effects[0], CATALOGUE_EFFECT_STOP);
        k = targets_of(IAM, "UpdateAccessKey",
                        "\"requestParameters\":{\"accessKeyId\":\"AKIA1\",\"status\":\"Active\"}");
        HAS(k, "AKIA1 (me)");
        assert_int_equal(k->effects[0], CATALOGUE_EFFECT_NONE);
        k = targets_of(EC2, "ModifyImageAttribute",
                        "\"requestParameters\":{\"imageId\":\"ami-1\",\"launchPermission\":"
                        "{\"remove\":{\"items\":[{\"group\":\"all\"}]}}}");
        HAS(k, "ami-1 (all)");
        assert_int_equal(k->effects[0], CATALOGUE_EFFECT_DELETE);
        k = targets_of("lambda.amazonaws.com", "DeleteFunction20150331",
                        "\"requestParameters\":{\"functionName\":\"f\",\"qualifier\":\"1\"}");
        HAS(k, "f"); /* one version of it */
        assert_int_equal(k->effects[0], CATALOGUE_EFFECT_CHANGE);
}

/* Who is let in and who no longer, in one call: it is told whom it let in. */
static void test_shares(void **state) {
        Kept *k;

        (void)state;
        k = targets_of(EC2, "ModifySnapshotAttribute",
                        "\"requestParameters\":{\"snapshotId\":\"snap-1\","
                        "\"createVolumePermission\":{\"remove\":{\"items\":[{\"userId\":\"1\"}]},"
                        "\"add\":{\"items\":[{\"userId\":\"2\"},{\"group\":\"all\"}]}}}");
        HAS(k, "snap-1 (2)", "snap-1 (all)");
        assert_int_equal(k->effects[0], CATALOGUE_EFFECT_CREATE);
        k = targets_of("rds.amazonaws.com", "ModifyDBSnapshotAttribute",
                        "\"requestParameters\":{\"dBSnapshotIdentifier\":\"s\",\"valuesToAdd\":"
                        "[\"all\"],\"valuesToRemove\":[\"1\"]}");
        HAS(k, "s (all)");
        assert_int_equal(k->effects[0], CATALOGUE_EFFECT_CREATE);
        k = targets_of("rds.amazonaws.com", "ModifyDBSnapshotAttribute",
                        "\"requestParameters\":{\"dBSnapshotIdentifier\":\"s\",\"valuesToAdd\":"
                        "[],\"valuesToRemove\":[\"1\"]}");
        HAS(k, "s (1)");
        assert_int_equal(k->effects[0], CATALOGUE_EFFECT_DELETE);
        HAS(targets_of(EC2, "ModifyImageAttribute",
                            "\"requestParameters\":{\"imageId\":\"ami-1\",\"launchPermission\":"
                            "{\"add\":{\"items\":[{\"organizationArn\":\"arn:o\"}]}}}"),
                        "ami-1 (arn:o)");
}

/* What is not the same thing has not the same name. */
static void test_parts_of_names(void **state) {
        (void)state;
        HAS(targets_of("sso.amazonaws.com", "DeleteAccountAssignment",
                            "\"requestParameters\":{\"permissionSetArn\":\"arn:p\",\"principalId\":"
                            "\"u\",\"targetId\":\"1\\u0031\"}"),
                        "arn:p 11 (u)");
        HAS(targets_of("sso.amazonaws.com", "DeleteAccountAssignment",
                            "\"requestParameters\":{\"permissionSetArn\":\"arn:p\",\"principalId\":"
                            "\"u\",\"targetId\":{}}"),
                        "arn:p (u)");
        HAS(targets_of("sso.amazonaws.com", "DeleteAccountAssignment",
                            "\"requestParameters\":{\"principalId\":\"u\",\"targetId\":\"1\"}"),
                        "(u)");
        HAS(targets_of(EC2, "DeleteNetworkAclEntry",
                            "\"requestParameters\":{\"networkAclId\":\"acl\",\"ruleNumber\":100,"
                            "\"egress\":true}"),
                        "100 true (acl)");
        HAS(targets_of("lambda.amazonaws.com", "PublishLayerVersion20181031",
                            "\"requestParameters\":{\"layerName\":\"l\"},\"responseElements\":"
                            "{\"version\":2}"),
                        "l 2");
}

static void test_objects(void **state) {
        Kept *k;
        uint64_t object;

        (void)state;
        k = targets_of(S3, "GetObject",
                        "\"requestParameters\":{\"bucketName\":\"b\",\"key\":\"a\\/b\"},"
                        "\"additionalEventData\":{\"bytesTransferredIn\":1,"
                        "\"bytesTransferredOut\":12345}");
        HAS(k, "b");
        object = k->objects[0];
        assert_true(object != 0);
        assert_int_equal(k->n_bytes[0], 12345);
        k = targets_of(S3, "PutObject",
                        "\"requestParameters\":{\"bucketName\":\"b\",\"key\":\"a/b\"},"
                        "\"additionalEventData\":{\"bytesTransferredIn\":\"7\","
                        "\"bytesTransferredOut\":12345}");
        assert_true(k->objects[0] == object);
        assert_int_equal(k->n_bytes[0], 7);
        k = targets_of(S3, "GetObject",
                        "\"requestParameters\":{\"bucketName\":\"b\",\"key\":\"c\"},"
                        "\"additionalEventData\":{\"bytesTransferredOut\":1.5e3}");
        assert_true(k->objects[0] != object);
        assert_int_equal(k->n_bytes[0], 0);
        k = targets_of(S3, "DeleteObjects", "\"requestParameters\":{\"bucketName\":\"b\"}");
        HAS(k, "b");
        assert_true(k->objects[0] == 0);
}

static void test_resources(void **state) {
        (void)state;
        HAS(targets_of("kms.amazonaws.com", "Decrypt",
                            "\"requestParameters\":{\"keyId\":\"k\"},\"resources\":[{\"ARN\":"
                            "\"arn:aws:kms:r:1:key/k\"},{\"ARN\":\"arn:2\"}]"),
                        "arn:aws:kms:r:1:key/k");
        HAS(targets_of("kms.amazonaws.com", "Decrypt",
                            "\"requestParameters\":{\"keyId\":\"k\"},\"resources\":[]"),
                        "k");
        HAS(targets_of("kms.amazonaws.com", "Decrypt",
                            "\"requestParameters\":{\"keyId\":\"k\"},\"resources\":\"x\""),
                        "k");
}

static void test_short(void **state) {
        static const struct {
                const char *text, *name;
        } cases[] = {{"trail", "trail"}, {"arn:aws:cloudtrail:r:1:trail/mine", "mine"},
                        {"arn:aws:lambda:r:1:function:f:3", "f"},
                        {"arn:aws:sns:r:1:topic", "topic"},
                        {"arn:aws:cloudformation:r:1:stack/s/uuid", "s"}, {"arn:", NULL},
                        {"arn:aws", NULL}, {"arn:aws:s:r:1:", NULL}, {"arn:aws:s:r:1:x/", NULL}};
        char more[256];

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Kept *k;

                snprintf(more, sizeof(more), "\"requestParameters\":{\"name\":\"%s\"}",
                                cases[i].text);
                k = targets_of("cloudtrail.amazonaws.com", "StopLogging", more);
                if (cases[i].name)
                        HAS(k, cases[i].name);
                else
                        assert_int_equal(k->n_targets, 0);
        }
}

static void test_rules(void **state) {
        (void)state;
        HAS(targets_of(EC2, "AuthorizeSecurityGroupIngress",
                            "\"requestParameters\":{\"cidrIp\":\"0.0.0.0/0\",\"fromPort\":22,"
                            "\"groupId\":\"sg-1\",\"ipPermissions\":{},\"ipProtocol\":\"tcp\","
                            "\"toPort\":22},\"responseElements\":{\"securityGroupRuleSet\":"
                            "{\"items\":[{\"cidrIpv4\":\"0.0.0.0/0\"}]}}"),
                        "tcp 22 0.0.0.0/0 (sg-1)");
        HAS(targets_of(EC2, "RevokeSecurityGroupIngress",
                            "\"requestParameters\":{\"groupId\":\"sg-1\",\"ipPermissions\":"
                            "{\"items\":[{\"ipProtocol\":\"tcp\",\"fromPort\":20,\"toPort\":21,"
                            "\"ipRanges\":{\"items\":[{\"cidrIp\":\"10.0.0.0/8\"},{\"cidrIp\":"
                            "\"1.2.3.4/32\"}]},\"ipv6Ranges\":{\"items\":[{\"cidrIpv6\":\"::/0\"}]}"
                            "},{\"ipProtocol\":\"-1\",\"groups\":{\"items\":[{\"groupId\":"
                            "\"sg-2\"}]}}]}}"),
                        "tcp 20-21 10.0.0.0/8 (sg-1)", "tcp 20-21 1.2.3.4/32 (sg-1)",
                        "tcp 20-21 ::/0 (sg-1)", "all sg-2 (sg-1)");
        HAS(targets_of(EC2, "RevokeSecurityGroupIngress",
                            "\"requestParameters\":{\"groupId\":\"sg-1\",\"securityGroupRuleIds\":"
                            "{\"items\":[{\"securityGroupRuleId\":\"sgr-1\"}]}}"),
                        "sgr-1 (sg-1)");
        HAS(targets_of(EC2, "AuthorizeSecurityGroupIngress",
                            "\"requestParameters\":{\"groupId\":\"sg-1\",\"ipPermissions\":7}"),
                        "(sg-1)");
        HAS(targets_of(EC2, "ModifySecurityGroupRules",
                            "\"requestParameters\":{\"ModifySecurityGroupRulesRequest\":{"
                            "\"GroupId\":"
                            "\"sg-1\",\"SecurityGroupRule\":{\"tag\":1,\"SecurityGroupRuleId\":"
                            "\"sgr-1\",\"SecurityGroupRule\":{\"IpProtocol\":\"tcp\",\"FromPort\":"
                            "22,"
                            "\"ToPort\":23,\"CidrIpv4\":\"0.0.0.0/0\"}}}}"),
                        "tcp 22-23 0.0.0.0/0 (sg-1)");
        HAS(targets_of(EC2, "ModifySecurityGroupRules",
                            "\"requestParameters\":{\"ModifySecurityGroupRulesRequest\":{"
                            "\"GroupId\":"
                            "\"sg-1\",\"SecurityGroupRule\":[7,{\"SecurityGroupRule\":"
                            "{\"CidrIpv6\":\"::/0\"}},{\"SecurityGroupRule\":[]}]}}"),
                        "all ::/0 (sg-1)");
}

/* Nothing is lost, or runs over, where there are many. */
static void test_many(void **state) {
        static char more[1 << 19];
        size_t n = 0;
        Kept *k;

        (void)state;
        n += (size_t)snprintf(more, sizeof(more),
                        "\"requestParameters\":{\"groupId\":\"sg-1\",\"ipPermissions\":{\"items\":["
                        "{\"ipProtocol\":\"t\\u0063p\",\"fromPort\":\"10000\",\"toPort\":"
                        "\"20000\",\"ipRanges\":{\"items\":[");
        for (unsigned i = 0; i < 10000; i++)
                n += (size_t)snprintf(more + n, sizeof(more) - n, "%s{\"cidrIp\":\"%u\\u002e\"}",
                                i ? "," : "", i % 10);
        snprintf(more + n, sizeof(more) - n, "]}}]}}");
        k = targets_of(EC2, "AuthorizeSecurityGroupEgress", more);
        assert_int_equal(k->n_targets, MAX_TARGETS);
        assert_string_equal(k->texts[15], "tcp 10000-20000 5. (sg-1)");
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
                        cmocka_unit_test(test_lists), cmocka_unit_test(test_effects),
                        cmocka_unit_test(test_shares), cmocka_unit_test(test_parts_of_names),
                        cmocka_unit_test(test_objects), cmocka_unit_test(test_resources),
                        cmocka_unit_test(test_short), cmocka_unit_test(test_rules),
                        cmocka_unit_test(test_many)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
