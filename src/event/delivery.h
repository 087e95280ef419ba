/*
 * Names of delivered files: they say for which account and region CloudTrail delivered, and when;
 * never when the events happened.
 *
 *     ACCOUNT_STREAM_REGION_YYYYMMDDTHHMMZ_UNIQUE         STREAM: CloudTrail, CloudTrail-Insight...
 *     ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOMEREGION_YYYYMMDDTHHMMSSZ[_backfill]
 *
 * Whatever suffixes stand behind.
 */
#ifndef EVENT_DELIVERY_H
#define EVENT_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

typedef struct EventDelivery {
        Slice account, stream, region;
        Slice unique; /* 16 letters and digits; of a digest absent */
        int64_t time; /* ns */
} EventDelivery;

/* NAME as files are named: path, and "!member" behind archives. Slices point into it. */
bool event_delivery(Slice name, EventDelivery *ret);

/* The stream that holds the ordinary events. */
static inline bool event_delivery_is_log(const EventDelivery *delivery) {
        return slice_equal(delivery->stream, SLICE_LITERAL("CloudTrail"));
}

#endif
