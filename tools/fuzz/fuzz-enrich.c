/* Files that tell more about the evidence, each read and then asked. */
#include <sys/mman.h>
#include <unistd.h>

#include "enrich/enrich.h"
#include "fuzz.h"

typedef int (*Add)(Enrich *enrich, const char *path, EnrichFault *fault);

static void ask(EnrichLookup *lookup, EnrichKind kind, const char *text) {
        EnrichFault fault = {""};
        EnrichFacts facts;
        int r = enrich_lookup(lookup, kind, slice_cstr(text), &facts, &fault);

        FUZZ_CHECK(r == 0 || (r == ENRICH_MALFORMED && fault.text[0]));
        for (size_t i = 0; r == 0 && i < facts.n_labels; i++)
                FUZZ_CHECK(facts.labels[i].data && facts.labels[i].size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const Add adds[] = {enrich_add_geoip, enrich_add_indicators, enrich_add_aws_ranges,
                        enrich_add_credential_report};
        static const char *const addresses[] = {"203.0.113.41", "10.0.0.1", "0.0.0.0",
                        "255.255.255.255", "::", "2001:db8::1", "::ffff:10.0.0.1",
                        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
        FuzzInput input = {data, size};
        uint8_t which = fuzz_byte(&input);
        EnrichFault fault = {""};
        EnrichLookup *lookup;
        Enrich *enrich;
        char path[64];
        int r, fd = memfd_create("fuzz", 0);

        FUZZ_CHECK(fd >= 0);
        FUZZ_CHECK(write(fd, input.data, input.size) == (ssize_t)input.size);
        FUZZ_CHECK(lseek(fd, 0, SEEK_SET) == 0);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        FUZZ_CHECK(enrich_new(&enrich) == 0);
        r = adds[which % 4](enrich, path, &fault);
        FUZZ_CHECK(r == 0 || (r == ENRICH_MALFORMED && strstr(fault.text, path)));
        if (r == 0) {
                FUZZ_CHECK(enrich_lookup_new(enrich, &lookup) == 0);
                for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
                        ask(lookup, ENRICH_ADDRESS, addresses[i]);
                ask(lookup, ENRICH_KEY, "AKIAIOSFODNN7EXAMPLE");
                ask(lookup, ENRICH_AGENT, "aws-cli/2.15.0");
                ask(lookup, ENRICH_ARN, "arn:aws:iam::123456789012:user/eve");
                enrich_lookup_free(lookup);
        }
        enrich_free(enrich);
        close(fd);
        return 0;
}
