/* Names of delivered files, and names that only look like them. */
#include "base/test-help.h"

#include "base/time.h"
#include "event/delivery.h"

typedef struct Sample {
        const char *name, *account, *stream, *region, *time, *unique; /* account NULL: none */
} Sample;

#define ID "a1B2c3D4e5F6g7H8"

static const Sample samples[] = {
                {"123456789012_CloudTrail_us-east-1_20260108T1450Z_" ID ".json.gz", "123456789012",
                                "CloudTrail", "us-east-1", "2026-01-08T14:50:00Z", ID},
                {"t/AWSLogs/o-x/1/123456789012_CloudTrail_us-gov-west-1_20260108T1450Z_" ID,
                                "123456789012", "CloudTrail", "us-gov-west-1",
                                "2026-01-08T14:50:00Z", ID},
                {"a_b.tar!x/123456789012_CloudTrail_eu-south-2_20240229T0000Z_" ID ".json#2",
                                "123456789012", "CloudTrail", "eu-south-2", "2024-02-29T00:00:00Z",
                                ID},
                {"all.zip!123456789012_CloudTrail-Insight_eu-west-1_20260108T1450Z_" ID ".json.gz",
                                "123456789012", "CloudTrail-Insight", "eu-west-1",
                                "2026-01-08T14:50:00Z", ID},
                {"123456789012_CloudTrail-Digest_us-east-1_my_trail_us-east-1_20260108T145012Z."
                 "json.gz",
                                "123456789012", "CloudTrail-Digest", "us-east-1",
                                "2026-01-08T14:50:12Z", ""},
                {"123456789012_CloudTrail-Digest_us-east-1_t_us-east-1_20260108T145012Z_backfill."
                 "json.gz",
                                "123456789012", "CloudTrail-Digest", "us-east-1",
                                "2026-01-08T14:50:12Z", ""},
                {"", NULL, NULL, NULL, NULL, NULL},
                {"_", NULL, NULL, NULL, NULL, NULL},
                {"events.json", NULL, NULL, NULL, NULL, NULL},
                {"12345678901_CloudTrail_us-east-1_20260108T1450Z_" ID, NULL, NULL, NULL, NULL,
                                NULL},
                {"12345678901x_CloudTrail_us-east-1_20260108T1450Z_" ID, NULL, NULL, NULL, NULL,
                                NULL},
                {"123456789012_CloudFront_us-east-1_20260108T1450Z_" ID, NULL, NULL, NULL, NULL,
                                NULL},
                {"123456789012_CloudTrail_US-EAST-1_20260108T1450Z_" ID, NULL, NULL, NULL, NULL,
                                NULL},
                {"123456789012_CloudTrail__20260108T1450Z_" ID, NULL, NULL, NULL, NULL, NULL},
                {"123456789012_CloudTrail_us-east-1_20260132T1450Z_" ID, NULL, NULL, NULL, NULL,
                                NULL},
                {"123456789012_CloudTrail_us-east-1_20260108T2450Z_" ID, NULL, NULL, NULL, NULL,
                                NULL},
                {"123456789012_CloudTrail_us-east-1_20260108T145000Z_" ID, NULL, NULL, NULL, NULL,
                                NULL},
                {"123456789012_CloudTrail_us-east-1_2026-108T1450Z_" ID, NULL, NULL, NULL, NULL,
                                NULL},
                {"123456789012_CloudTrail_us-east-1_20260108T1450Z_short.json", NULL, NULL, NULL,
                                NULL, NULL},
                {"123456789012_CloudTrail_us-east-1_20260108T1450Z_" ID "9.json", NULL, NULL, NULL,
                                NULL, NULL},
                {"123456789012_CloudTrail_us-east-1_20260108T1450Z", NULL, NULL, NULL, NULL, NULL},
                {"123456789012_CloudTrail-Digest_us-east-1_20260108T145012Z.json", "123456789012",
                                "CloudTrail-Digest", "us-east-1", NULL, NULL},
                {"123456789012_CloudTrail_us-east-1_20260108T1450Z_" ID "/x.json", NULL, NULL, NULL,
                                NULL, NULL},
};

static void same(Slice found, const char *expected) {
        assert_true(slice_equal(found, slice_cstr(expected)));
}

static void test_names(void **state) {
        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(samples); i++) {
                const Sample *s = &samples[i];
                char time[TIME_TEXT_SIZE];
                EventDelivery d;

                if (!event_delivery(slice_cstr(s->name), &d)) {
                        assert_null(s->time);
                        continue;
                }
                if (!s->time)
                        fail_msg("%s is taken for a delivery", s->name);
                time_format(d.time, time);
                same(d.account, s->account);
                same(d.stream, s->stream);
                same(d.region, s->region);
                same(d.unique, s->unique);
                assert_string_equal(time, s->time);
                assert_int_equal(event_delivery_is_log(&d), strcmp(s->stream, "CloudTrail") == 0);
        }
}

/* Any beginning of a name, and any name with one byte changed: read without a fault. */
static void test_mutations(void **state) {
        Random random = random_new(1);

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(samples); i++) {
                size_t size = strlen(samples[i].name);

                for (size_t n = 0; n <= size; n++) {
                        char *copy = malloc(n ? n : 1); /* so that a sanitizer sees its end */
                        EventDelivery d;

                        assert_non_null(copy);
                        memcpy(copy, samples[i].name, n);
                        event_delivery(slice(copy, n), &d);
                        if (n) {
                                copy[random_below(&random, n)] = (char)random_next(&random);
                                event_delivery(slice(copy, n), &d);
                        }
                        free(copy);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_names),
                        cmocka_unit_test(test_mutations),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
