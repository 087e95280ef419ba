/* Units that are records, and what an event takes from them; private to the event floor. */
#ifndef EVENT_RECORD_H
#define EVENT_RECORD_H

#include "event/event.h"
#include "event/grant.h"
#include "event/target.h"
#include "json/json.h"

/* What is wanted of every unit: value i of a unit is path i's. */
typedef enum RecordPath {
        RECORD_TIME,
        RECORD_ID,
        RECORD_VERSION,
        RECORD_EVENT_TYPE,
        RECORD_IDENTITY,
        RECORD_IP,
        RECORD_UA,
        RECORD_RECIPIENT,
        RECORD_SERVICE,
        RECORD_NAME,
        RECORD_REGION,
        RECORD_READ_ONLY,
        RECORD_CODE,
        RECORD_MESSAGE,
        RECORD_CONSOLE,
        RECORD_ID_FIRST, /* userIdentity's, in the order of EventIdentity */
        RECORD_ID_LAST = RECORD_ID_FIRST + EVENT_N_IDENTITY - 1,
        RECORD_REQUEST, /* JSON as it stands, for grant.c and target.c */
        RECORD_RESPONSE,
        RECORD_ADDITIONAL,
        RECORD_CREDENTIALS,
        RECORD_ACCESS_KEY,
        RECORD_RESOURCES,
        RECORD_SHARED,
        RECORD_PROVIDER,
        RECORD_INSIGHT, /* records that are no calls: apart.c */
        RECORD_WINDOW,
        RECORD_SUMMARY,
        /* what containers have around records: envelope.c */
        RECORD_SHIPPER_TIME,
        RECORD_LOOKUP_EVENT,
        RECORD_BRIDGE,
        RECORD_BRIDGE_TYPE,
        RECORD_DIGEST,
        RECORD_DIGEST_FILES,
        RECORD_LOG_MESSAGE,
        RECORD_INSIGHTS,
        RECORD_FIELD,
        RECORD_FIELD_VALUE,
        RECORD_SHIPPER,
        RECORD_SHIPPER_ORIGINAL,
        RECORD_SOURCE,
        RECORD_N_PATHS,
} RecordPath;

/* Arrays of units: JsonUnit.list. */
typedef enum RecordList {
        RECORD_LIST_RECORDS,
        RECORD_LIST_LOOKUP,
        RECORD_LIST_CLOUDWATCH,
        RECORD_LIST_SUBSCRIPTION,
        RECORD_LIST_INSIGHTS,
        RECORD_LIST_HITS,
        RECORD_N_LISTS,
} RecordList;

int record_paths_new(JsonPaths **ret_paths);

/* A json reader that takes up behind a fault where a record or an envelope may begin. */
int record_reader_new(const JsonPaths *paths, const JsonLimits *limits, JsonReader **ret_reader);

/* Has the object what makes a record? By the types of its values alone. */
bool record_is_plausible(const JsonUnit *unit);

/* The text of a scalar, absent for anything else. */
Slice record_text(const JsonUnit *unit, RecordPath path);

/* Why a record is none: for record_read(). */
typedef struct RecordFault {
        char reason[160];
} RecordFault;

/*
 * Fills EVENT from UNIT, which is to be a record, but for where it stands and what it hands out.
 * OTHER_TIME is taken where it has no eventTime; absent for none. 0; 1 where it is none, and
 * *ret_fault says why.
 */
int record_read(const JsonUnit *unit, Slice other_time, Event *ret_event, RecordFault *ret_fault);

/* What the record of UNIT hands out and acts on, into EVENT. 0 or -ENOMEM. */
int record_more(GrantReader *grants, TargetReader *targets, const JsonUnit *unit, Event *event);

#endif
