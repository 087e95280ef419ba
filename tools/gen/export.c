/* The names that CloudTrail gives to what it delivers. */
#include "export.h"

#include "rng.h"
#include "when.h"

void export_path(Buf *path, const char *dir, const char *org, const char *account,
                const char *region, int64_t delivered, uint64_t random, Packing packing) {
        static const char digit[] =
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        Civil c = when_civil(delivered);

        buf_clear(path);
        buf_fmt(path, "%s/AWSLogs/", dir);
        if (org && *org)
                buf_fmt(path, "%s/", org);
        buf_fmt(path, "%s/CloudTrail/%s/%04d/%02u/%02u/", account, region, c.year, c.month, c.day);
        buf_fmt(path, "%s_CloudTrail_%s_%04d%02u%02uT%02u%02uZ_", account, region, c.year, c.month,
                        c.day, c.hour, c.minute);
        for (unsigned i = 0; i < 16; i++) {
                random = rng_mix(random);
                buf_char(path, digit[rng_scale(random, sizeof digit - 1)]);
        }
        buf_str(path, packing == PACKING_PLAIN ? ".json" : ".json.gz");
}
