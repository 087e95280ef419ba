/* Blocks against trying them all, what files may hold and what not, and memory that ends. */
#include "base/test-help.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>

#include "base/test-oom.h"
#include "enrich/private.h"

/* ---- blocks ---- */

static AddressBlock random_block(Random *random, const Address *near) {
        AddressBlock block = {*near, 0};

        block.n_bits = (unsigned)random_below(random, address_n_bits(near) + 1);
        if (random_below(random, 4))
                block.n_bits = address_n_bits(near) - (unsigned)random_below(random, 12);
        return block;
}

/* Few bits differ, at both ends, so that blocks touch, hold each other and end at the last address.
 */
static Address random_address(Random *random) {
        Address address = {random_below(random, 2) ? AF_INET : AF_INET6, {0}};
        unsigned n = address.family == AF_INET ? 4 : 16;

        for (unsigned i = 0; i < n; i++)
                address.bytes[i] = random_below(random, 8) ? 0xff
                                                           : (unsigned char)random_below(random, 2);
        address.bytes[n - 1] = (unsigned char)random_next(random);
        return address;
}

/* The most specific of BLOCKS around ADDRESS, the first of those that are the same, or N. */
static size_t naive_find(const AddressBlock *blocks, size_t n, const Address *address) {
        size_t best = n;

        for (size_t i = 0; i < n; i++)
                if (address_in_block(&blocks[i], address) &&
                                (best == n || blocks[i].n_bits > blocks[best].n_bits))
                        best = i;
        return best;
}

static void test_nets(void **state) {
        enum { MAX = 60 };
        Random random = random_new(1);

        (void)state;
        for (int round = 0; round < TEST_EFFORT(400); round++) {
                size_t n = random_below(&random, MAX + 1);
                AddressBlock blocks[MAX];
                Nets nets = {0};

                for (size_t i = 0; i < n; i++) {
                        Address near = random_address(&random);

                        blocks[i] = random_block(&random, &near);
                        assert_int_equal(nets_add(&nets, &blocks[i], (uint32_t)i), 0);
                }
                assert_int_equal(nets_seal(&nets), 0);
                for (int k = 0; k < 200; k++) {
                        Address address = random_address(&random);
                        const NetFamily *f;
                        uint32_t group = nets_find(&nets, &address, &f);
                        size_t want = naive_find(blocks, n, &address), n_around = 0, n_naive = 0;

                        assert_int_equal(group == ENRICH_NONE, want == n);
                        if (want < n)
                                assert_int_equal(f->nets.data[f->groups.data[group].first].value,
                                                want);
                        for (; group != ENRICH_NONE; group = f->groups.data[group].parent)
                                n_around += f->groups.data[group].end - f->groups.data[group].first;
                        for (size_t i = 0; i < n; i++)
                                n_naive += address_in_block(&blocks[i], &address);
                        assert_int_equal(n_around, n_naive);
                }
                nets_deinit(&nets);
        }
}

/* ---- files ---- */

static char path[64];

static void write_file(const char *content) {
        FILE *file;

        snprintf(path, sizeof(path), "/tmp/spoor-enrich.%ld", (long)getpid());
        file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(content, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

typedef int (*Add)(Enrich *enrich, const char *path, EnrichFault *fault);

/* Reading CONTENT ends in an error that names the file and REASON. */
static void check_refused(Add add, const char *content, const char *reason) {
        EnrichFault fault = {""};
        Enrich *enrich;

        write_file(content);
        assert_int_equal(enrich_new(&enrich), 0);
        if (add(enrich, path, &fault) != ENRICH_MALFORMED || !strstr(fault.text, path) ||
                        !strstr(fault.text, reason))
                fail_msg("%s\n%s: %s", content, reason, fault.text);
        enrich_free(enrich);
        unlink(path);
}

static void test_indicator_errors(void **state) {
        static const char *const refused[][2] = {
                        {"203.0.113.999\n", "line 1: neither an address nor a block"},
                        {"# x\n\n10.0.0.0/33\n", "line 3: neither an address"},
                        {"203.0.113.*\n", "line 1: neither an address"},
                        {"203.0.113.1-203.0.113.9\n", "line 1: neither an address"},
                        {"2001:db8::/129\n", "line 1: neither an address"},
                        {"ip:example\n", "line 1: neither an address"},
                        {"10/8\n", "line 1: neither an address"},
                        {"AKIA1234\n", "line 1: no access key"},
                        {"arn:aws:iam\n", "line 1: no ARN"},
                        {"key:\n", "line 1: a key is missing"},
                        {"1.2.3.4,a,b\n", "line 1: more than an indicator and a label"},
                        {",label\n", "line 1: the indicator is missing"},
                        {"Mozilla/5.0 (KHTML, like Gecko)\n", "line 1: a comma and a blank"},
                        {"a \"b\"\n", "line 1: CSV: a quote inside"},
                        {"\"1.2.3.4\n5.6.7.8\n", "line 1: CSV: the end, inside a quoted"},
                        {"\"1.2.3.4\"x\n", "line 1: CSV: bytes behind a quoted cell"},
                        {"indicator,label\n1.2.3.4\n", "line 2: it has another number of cells"},
                        {"1.2.3.4\nx\x01y\n", "line 2: a control character"},
                        /* cells that are apart by something else */
                        {"indicator;label\n1.2.3.4;x\n",
                                        "line 2: an indicator with more behind it"},
                        {"1.2.3.4\tx\n", "line 1: an indicator with more behind it"},
                        {"10.0.0.0/8 x\n", "line 1: an indicator with more behind it"},
                        {"AKIAEXAMPLE000000001;x\n", "line 1: an indicator with more behind it"},
                        {"arn:aws:iam::1:user/x;y\n", "line 1: an indicator with more behind it"},
                        {"203[.]0[.]113[.]7\n", "line 1: [.] instead of a dot"},
                        {"mallory,203.0.113.7\n", "line 1: the label stands before"},
                        {"mallory,AKIAEXAMPLE000000001\n", "line 1: the label stands before"},
                        {"label,indicator,indicator\nx,1.2.3.4,y\n",
                                        "line 1: a column stands twice"},
        };

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(refused); i++)
                check_refused(enrich_add_indicators, refused[i][0], refused[i][1]);
}

/* An address of IPv4 is the same as IPv6 writes it. */
static void test_mapped(void **state) {
        static const char *const same[] = {"203.0.113.7", "::ffff:203.0.113.7", "::FFFF:CB00:7107"};
        EnrichFault fault = {""};
        Enrich *enrich;
        EnrichLookup *lookup;
        EnrichFacts facts;

        (void)state;
        assert_int_equal(enrich_new(&enrich), 0);
        write_file("ua:x,key: of whom\n203.0.113.0/24,net\n::ffff:0:0/96,mapped\n");
        assert_int_equal(enrich_add_indicators(enrich, path, &fault), 0);
        write_file("{\"prefixes\":[{\"ip_prefix\":\"203.0.113.0/24\",\"region\":\"r\","
                   "\"service\":\"S\"}]}");
        assert_int_equal(enrich_add_aws_ranges(enrich, path, &fault), 0);
        assert_int_equal(enrich_lookup_new(enrich, &lookup), 0);
        for (size_t i = 0; i < N_ELEMENTS(same); i++) {
                assert_int_equal(enrich_lookup(lookup, ENRICH_ADDRESS, slice_cstr(same[i]), &facts,
                                                 &fault),
                                0);
                assert_int_equal(facts.n_labels, i ? 2 : 1);
                assert_true(slice_equal(facts.labels[facts.n_labels - 1], SLICE_LITERAL("net")));
                assert_true(slice_equal(facts.texts[ENRICH_AWS], SLICE_LITERAL("S r")));
        }
        enrich_lookup_free(lookup);
        enrich_free(enrich);
        unlink(path);
}

static void test_range_errors(void **state) {
        (void)state;
        check_refused(enrich_add_aws_ranges, "", "no prefixes in it");
        check_refused(enrich_add_aws_ranges, "{\"Records\":[]}", "no prefixes in it");
        check_refused(enrich_add_aws_ranges, "{\"prefixes\":[{\"ip_prefix\":\"10.0.0.0/8\"",
                        "at byte");
        check_refused(enrich_add_aws_ranges, "{\"prefixes\":[{\"ip_prefix\":\"10.0.0.0/8\"}]}",
                        "at byte 13: a prefix without");
        check_refused(enrich_add_aws_ranges,
                        "{\"prefixes\":[{\"ip_prefix\":\"10/"
                        "8\",\"region\":\"x\",\"service\":\"y\"}]}",
                        "at byte 13: no block");
        check_refused(enrich_add_aws_ranges, "{\"prefixes\":[5]}", "at byte 13: a prefix without");
}

#define REPORT_HEADER                                                                              \
        "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"   \
        "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"    \
        "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,"        \
        "access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,"     \
        "access_key_2_last_used_service\n"
#define REPORT_USER                                                                                \
        "u,arn:aws:iam::123456789012:user/u,2021-05-18T09:00:00+00:00,true,no_information,"        \
        "2021-05-18T09:00:00+00:00,false,true,2021-05-18T09:00:00+00:00,"                          \
        "2026-01-09T09:12:00+00:00,us-east-1,s3,FALSE,N/A,N/A,N/A,N/A\n"

static void test_report_errors(void **state) {
        (void)state;
        check_refused(enrich_add_credential_report, "",
                        "line 1: not IAM's credential report: it is");
        check_refused(enrich_add_credential_report, "user,arn\n", "no column user_creation_time");
        check_refused(enrich_add_credential_report, REPORT_HEADER, "without a user");
        check_refused(enrich_add_credential_report, REPORT_HEADER "u,arn\n",
                        "line 2: it has another number");
        check_refused(enrich_add_credential_report,
                        REPORT_HEADER REPORT_USER "u,arn:x,yesterday,,,,,,,,,,,,,,\n",
                        "line 3: no time from 1970 to 2200 in user_creation_time");
        check_refused(enrich_add_credential_report, REPORT_HEADER "u,arn:x,,maybe,,,,,,,,,,,,,\n",
                        "line 2: neither true nor false in password_enabled");
}

static void test_report(void **state) {
        EnrichFault fault = {""};
        const EnrichUser *user;
        Enrich *enrich;

        (void)state;
        write_file("\xef\xbb\xbf" REPORT_HEADER "\n" REPORT_USER);
        assert_int_equal(enrich_new(&enrich), 0);
        assert_int_equal(enrich_add_credential_report(enrich, path, &fault), 0);
        assert_int_equal(enrich_n_users(enrich), 1);
        user = enrich_user(enrich, 0);
        assert_true(slice_equal(user->name, SLICE_LITERAL("u")));
        assert_false(user->has_mfa);
        assert_true(user->credentials[ENRICH_PASSWORD].is_active);
        assert_false(user->credentials[ENRICH_PASSWORD].has_last_used);
        assert_true(user->credentials[ENRICH_KEY_1].exists);
        assert_true(user->credentials[ENRICH_KEY_1].has_last_used);
        assert_true(slice_equal(user->credentials[ENRICH_KEY_1].service, SLICE_LITERAL("s3")));
        assert_false(user->credentials[ENRICH_KEY_2].exists);
        enrich_free(enrich);
        unlink(path);
}

static void test_missing(void **state) {
        static const Add adds[] = {enrich_add_geoip, enrich_add_indicators, enrich_add_aws_ranges,
                        enrich_add_credential_report};
        EnrichFault fault;
        Enrich *enrich;

        (void)state;
        assert_int_equal(enrich_new(&enrich), 0);
        for (size_t i = 0; i < N_ELEMENTS(adds); i++) {
                assert_int_equal(adds[i](enrich, "/nowhere/at/all", &fault), -ENOENT);
                assert_non_null(strstr(fault.text, "/nowhere/at/all: No such file"));
                assert_int_equal(adds[i](enrich, "/tmp", &fault), -EISDIR);
        }
        enrich_free(enrich);
}

/* ---- looking up ---- */

static void check_labels(
                EnrichLookup *lookup, EnrichKind kind, const char *text, const char *want) {
        char found[256] = "";
        EnrichFault fault;
        EnrichFacts facts;

        for (int again = 0; again < 2; again++) { /* the second time from what is kept */
                found[0] = 0;
                assert_int_equal(enrich_lookup(lookup, kind, slice_cstr(text), &facts, &fault), 0);
                for (size_t i = 0; i < facts.n_labels; i++)
                        snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%.*s",
                                        i ? "; " : "", (int)facts.labels[i].size,
                                        facts.labels[i].data);
                assert_string_equal(found, want);
        }
}

static void test_lookup(void **state) {
        EnrichLookup *lookup;
        EnrichFault fault;
        EnrichFacts facts;
        Enrich *enrich;

        (void)state;
        write_file("# label, behind a comma\r\n203.0.113.41,one\r\n203.0.113.0/24 , block\r\n"
                   "203.0.113.41,two\n203.0.113.77/24,same block\nAKIAIOSFODNN7EXAMPLE\n"
                   "AKIAIOSFODNN7EX*,any\n\"Mozilla/5.0 (KHTML, like Gecko)\",browser\n"
                   "ua:1.2.3.4,odd agent\narn:aws:iam::*:user/eve,eve\n*curl*\n  ::1 ,six");
        assert_int_equal(enrich_new(&enrich), 0);
        assert_int_equal(enrich_add_indicators(enrich, path, &fault), 0);
        assert_true(enrich_has(enrich, ENRICH_INDICATOR));
        assert_false(enrich_has(enrich, ENRICH_COUNTRY));
        assert_int_equal(enrich_lookup_new(enrich, &lookup), 0);
        check_labels(lookup, ENRICH_ADDRESS, "203.0.113.41", "one; two; block; same block");
        check_labels(lookup, ENRICH_ADDRESS, "203.0.113.42", "block; same block");
        check_labels(lookup, ENRICH_ADDRESS, "203.0.114.42", "");
        check_labels(lookup, ENRICH_ADDRESS, "::1", "six");
        check_labels(lookup, ENRICH_ADDRESS, "1.2.3.4", "");
        check_labels(lookup, ENRICH_ADDRESS, "cloudtrail.amazonaws.com", "");
        check_labels(lookup, ENRICH_KEY, "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE; any");
        check_labels(lookup, ENRICH_KEY, "AKIAIOSFODNN7EXAMPLF", "any");
        check_labels(lookup, ENRICH_AGENT, "Mozilla/5.0 (KHTML, like Gecko)", "browser");
        check_labels(lookup, ENRICH_AGENT, "libcurl/8", "*curl*");
        check_labels(lookup, ENRICH_AGENT, "1.2.3.4", "odd agent");
        check_labels(lookup, ENRICH_ARN, "arn:aws:iam::1:user/eve", "eve");
        check_labels(lookup, ENRICH_ARN, "arn:aws:iam::1:user/adam", "");
        assert_int_equal(enrich_lookup(lookup, ENRICH_KEY, (Slice){NULL, 0}, &facts, &fault), 0);
        assert_int_equal(facts.n_labels, 0);
        enrich_lookup_free(lookup);
        enrich_free(enrich);
        unlink(path);
}

/* ---- memory that ends ---- */

static char range_path[80], report_path[80];

static int run_all(void *ctx) {
        static const char *const addresses[] = {"10.1.2.3", "203.0.113.41", "2001:db8::1"};
        EnrichLookup *lookup = NULL;
        EnrichFault fault;
        EnrichFacts facts;
        Enrich *enrich;
        int r = enrich_new(&enrich);

        (void)ctx;
        if (r)
                return r;
        r = enrich_add_indicators(enrich, path, &fault);
        if (r == 0)
                r = enrich_add_aws_ranges(enrich, range_path, &fault);
        if (r == 0)
                r = enrich_add_credential_report(enrich, report_path, &fault);
        if (r == 0)
                r = enrich_lookup_new(enrich, &lookup);
        for (size_t i = 0; i < N_ELEMENTS(addresses) && r == 0; i++)
                r = enrich_lookup(lookup, ENRICH_ADDRESS, slice_cstr(addresses[i]), &facts, &fault);
        if (r == 0)
                r = enrich_lookup(lookup, ENRICH_KEY, SLICE_LITERAL("AKIAIOSFODNN7EXAMPLE"), &facts,
                                &fault);
        enrich_lookup_free(lookup);
        enrich_free(enrich);
        return r;
}

static void test_memory(void **state) {
        (void)state;
        /* One list, which the fast path reads: what yajl holds when memory ends is lost. */
        write_file("{\"prefixes\":[{\"ip_prefix\":\"10.0.0.0/8\",\"region\":\"r\",\"service\":"
                   "\"S3\"},{\"ip_prefix\":\"10.0.0.0/8\",\"region\":\"r\",\"service\":\"EC2\"}]}");
        snprintf(range_path, sizeof(range_path), "%s.json", path);
        assert_int_equal(rename(path, range_path), 0);
        write_file(REPORT_HEADER REPORT_USER);
        snprintf(report_path, sizeof(report_path), "%s.csv", path);
        assert_int_equal(rename(path, report_path), 0);
        write_file("203.0.113.41,one\n203.0.113.41,two\n10.0.0.0/"
                   "8\nAKIAIOSFODNN7EXAMPLE,\"k\"\"\"\n"
                   "AKIA*,any\n");
        oom_each(run_all, NULL, 1);
        unlink(path);
        unlink(range_path);
        unlink(report_path);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_nets),
                        cmocka_unit_test(test_indicator_errors),
                        cmocka_unit_test(test_mapped),
                        cmocka_unit_test(test_range_errors),
                        cmocka_unit_test(test_report_errors),
                        cmocka_unit_test(test_report),
                        cmocka_unit_test(test_missing),
                        cmocka_unit_test(test_lookup),
                        cmocka_unit_test(test_memory),
        };

        return cmocka_run_group_tests_name("enrich", tests, NULL, NULL);
}
