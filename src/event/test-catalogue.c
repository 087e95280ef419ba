/* The catalogue: found by name, in order, of known words; what was made and what ends it agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "event/catalogue.h"

static const CatalogueCall *find(const char *service, const char *event) {
        return catalogue_find(slice_cstr(service), slice_cstr(event));
}

static void test_find(void **state) {
        const CatalogueCall *call = find("iam.amazonaws.com", "CreateAccessKey");

        (void)state;
        assert_non_null(call);
        assert_ptr_equal(call, find("iam", "CreateAccessKey"));
        assert_int_equal(call->category, CATALOGUE_PERSISTENCE);
        assert_int_equal(call->effect, CATALOGUE_EFFECT_CREATE);
        assert_string_equal(call->technique, "T1098.001");
        assert_string_equal(call->kind, "key");
        assert_null(find("iam.amazonaws.com", "CreateAccessKe"));
        assert_null(find("iam.amazonaws.com", "CreateAccessKeys"));
        assert_null(find("iam.example.com", "CreateAccessKey"));
        assert_null(find("", "CreateAccessKey"));
        assert_null(find("iam", ""));
        assert_null(find(".amazonaws.com", "CreateAccessKey"));
        assert_null(catalogue_find((Slice){NULL, 0}, (Slice){NULL, 0}));
}

/* A line of its own, then the longest with a star, of this service only. */
static void test_stars(void **state) {
        const CatalogueCall *call = find("ec2", "DescribeInstances");

        (void)state;
        assert_non_null(call);
        assert_true(slice_equal(call->event, SLICE_LITERAL("Describe*")));
        assert_null(find("ec2", "Describe"));
        assert_ptr_equal(find("ec2", "DescribeZzz"), call);
        assert_string_equal(find("ec2", "DescribeFlowLogs")->technique, "T1654");
        assert_int_equal(find("ec2", "GetPasswordData")->category, CATALOGUE_CREDENTIAL_ACCESS);
        assert_true(slice_equal(find("s3", "GetBucketAcl")->event, SLICE_LITERAL("GetBucket*")));
        assert_null(find("sts", "DescribeInstances"));
        assert_null(find("ec2", "Describ"));
        assert_null(find("zzz", "DescribeInstances"));
        assert_null(find("a", "DescribeInstances"));
}

static void test_lines(void **state) {
        const CatalogueCall *call, *before = NULL;
        size_t n = 0;

        (void)state;
        for (; (call = catalogue_at(n)); before = call, n++) {
                int order = before ? slice_compare(before->service, call->service) : -1;

                if (order == 0)
                        order = slice_compare(before->event, call->event);
                if (order >= 0)
                        fail_msg("%s %s is not in order", call->service.data, call->event.data);
                assert_ptr_equal(catalogue_find(call->service, call->event), call);
                assert_null(memchr(call->service.data, '.', call->service.size));
                if (call->technique[0])
                        assert_true(call->technique[0] == 'T' && strlen(call->technique) >= 5);
                if ((call->effect == CATALOGUE_EFFECT_NONE) != (call->kind[0] == '\0') ||
                                (call->names[0] && !call->kind[0]))
                        fail_msg("%s: effect, kind and names", call->event.data);
                if (call->names[0])
                        assert_null(memchr(call->event.data, '*', call->event.size));
        }
        assert_true(n > 300);
}

static bool comes_to_be(const char *kind) {
        const CatalogueCall *call;

        for (size_t i = 0; (call = catalogue_at(i)); i++) {
                if (strcmp(call->kind, kind) == 0 &&
                                (call->effect == CATALOGUE_EFFECT_CREATE ||
                                                call->effect == CATALOGUE_EFFECT_START))
                        return true;
        }
        return false;
}

/* What is deleted or stopped was made or started, but for what nobody makes. */
static void test_pairs(void **state) {
        static const char *const given[] = {"contact", "account", "shield", "managed-instance",
                        "log-stream", "graph-member", "password-policy", "database-backup",
                        "recovery-point", "organization-membership", "directory-mfa", "sso-mfa",
                        "session"};
        const CatalogueCall *call;

        (void)state;
        for (size_t i = 0; (call = catalogue_at(i)); i++) {
                bool is_known = false;

                if (call->effect != CATALOGUE_EFFECT_DELETE &&
                                call->effect != CATALOGUE_EFFECT_STOP)
                        continue;
                for (size_t k = 0; k < sizeof(given) / sizeof(given[0]) && !is_known; k++)
                        is_known = strcmp(given[k], call->kind) == 0;
                if (!is_known && !comes_to_be(call->kind))
                        fail_msg("%s: no call makes a '%s'", call->event.data, call->kind);
        }
}

static void test_names(void **state) {
        (void)state;
        assert_string_equal(catalogue_category_name(CATALOGUE_NONE), "none");
        assert_string_equal(catalogue_category_name(CATALOGUE_IMPACT), "impact");
        assert_string_equal(
                        catalogue_category_name(CATALOGUE_CREDENTIAL_ACCESS), "credential-access");
        assert_string_equal(catalogue_effect_name(CATALOGUE_EFFECT_START), "start");
        assert_string_equal(catalogue_effect_name(CATALOGUE_EFFECT_NONE), "none");
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_find),
                        cmocka_unit_test(test_stars), cmocka_unit_test(test_lines),
                        cmocka_unit_test(test_pairs), cmocka_unit_test(test_names)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
