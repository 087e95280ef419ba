/*
 * From a unit to an event: which fields are wanted, what they mean, and what makes a record one.
 * Stateless but for the buffers of grant.c; texts of the event are the unit's.
 */
#include "event/record.h"

#include <stdio.h>
#include <strings.h>

#include "base/time.h"

static const char *const paths[RECORD_N_PATHS] = {
                [RECORD_TIME] = "eventTime",
                [RECORD_ID] = "eventID",
                [RECORD_VERSION] = "eventVersion",
                [RECORD_EVENT_TYPE] = "eventType",
                [RECORD_IDENTITY] = "userIdentity",
                [RECORD_IP] = "sourceIPAddress",
                [RECORD_UA] = "userAgent",
                [RECORD_RECIPIENT] = "recipientAccountId",
                [RECORD_SERVICE] = "eventSource",
                [RECORD_NAME] = "eventName",
                [RECORD_REGION] = "awsRegion",
                [RECORD_READ_ONLY] = "readOnly",
                [RECORD_CODE] = "errorCode",
                [RECORD_MESSAGE] = "errorMessage",
                [RECORD_CONSOLE] = "responseElements.ConsoleLogin",
                [RECORD_ID_FIRST + EVENT_ID_TYPE] = "userIdentity.type",
                [RECORD_ID_FIRST + EVENT_ID_USER_NAME] = "userIdentity.userName",
                [RECORD_ID_FIRST + EVENT_ID_ARN] = "userIdentity.arn",
                [RECORD_ID_FIRST + EVENT_ID_ACCOUNT] = "userIdentity.accountId",
                [RECORD_ID_FIRST + EVENT_ID_KEY] = "userIdentity.accessKeyId",
                [RECORD_ID_FIRST + EVENT_ID_PRINCIPAL_ID] = "userIdentity.principalId",
                [RECORD_ID_FIRST + EVENT_ID_INVOKED_BY] = "userIdentity.invokedBy",
                [RECORD_ID_FIRST + EVENT_ID_ISSUER_USER_NAME] =
                                "userIdentity.sessionContext.sessionIssuer.userName",
                [RECORD_ID_FIRST + EVENT_ID_ISSUER_ARN] =
                                "userIdentity.sessionContext.sessionIssuer.arn",
                [RECORD_ID_FIRST + EVENT_ID_CREATION_DATE] =
                                "userIdentity.sessionContext.attributes.creationDate",
                [RECORD_REQUEST] = "requestParameters",
                [RECORD_RESPONSE] = "responseElements",
                [RECORD_ADDITIONAL] = "additionalEventData",
                [RECORD_CREDENTIALS] = "responseElements.credentials",
                [RECORD_ACCESS_KEY] = "responseElements.accessKey",
                [RECORD_RESOURCES] = "resources",
                [RECORD_SHARED] = "sharedEventID",
                [RECORD_PROVIDER] = "userIdentity.identityProvider",
                [RECORD_INSIGHT] = "insightDetails",
                [RECORD_WINDOW] = "timeWindow",
                [RECORD_SUMMARY] = "summary",
                [RECORD_SHIPPER_TIME] = "@timestamp",
                [RECORD_LOOKUP_EVENT] = "CloudTrailEvent",
                [RECORD_BRIDGE] = "detail",
                [RECORD_BRIDGE_TYPE] = "detail-type",
                [RECORD_DIGEST] = "digestStartTime",
                [RECORD_DIGEST_FILES] = "logFiles",
                [RECORD_LOG_MESSAGE] = "message",
                [RECORD_INSIGHTS] = "@message",
                [RECORD_FIELD] = "field",
                [RECORD_FIELD_VALUE] = "value",
                [RECORD_SHIPPER] = "aws.cloudtrail",
                [RECORD_SHIPPER_ORIGINAL] = "event.original",
                [RECORD_SOURCE] = "_source",
};

/* An object with two of them is taken for a record. */
static const int record_marks[] = {
                RECORD_VERSION,
                RECORD_IDENTITY,
                RECORD_TIME,
                RECORD_SERVICE,
                RECORD_NAME,
                RECORD_REGION,
                RECORD_IP,
                RECORD_ID,
                RECORD_EVENT_TYPE,
                RECORD_RECIPIENT,
};

/*
 * Keys with which a record begins, or an envelope around one, whoever wrote it: after a fault
 * reading goes on at one of them.
 */
static const char *const first_keys[] = {"eventVersion", "userIdentity", "eventTime", "eventSource",
                "eventName", "awsRegion", "sourceIPAddress", "userAgent", "eventID", "eventType",
                "additionalEventData", "apiVersion", "addendum", "errorCode", "errorMessage",
                "requestID", "requestParameters", "responseElements", "readOnly", "eventCategory",
                "managementEvent", "recipientAccountId", "sharedEventID", "tlsDetails", "resources",
                "vpcEndpointId", "serviceEventDetails", "sessionCredentialFromConsole",
                "insightDetails", "eventContext", "EventId", "EventName", "ReadOnly", "AccessKeyId",
                "EventTime", "EventSource", "Username", "Resources", "CloudTrailEvent",
                "logStreamName", "timestamp", "message", "ingestionTime", "eventId", "id",
                "version", "account", "detail-type", "detail", "source", "region", "time", "field",
                "@timestamp", "@message", "@version", "@ptr", "@log", "@logStream", "_index", "_id",
                "_source", "aws", "event", "cloud"};

static const char *const lists[RECORD_N_LISTS] = {
                [RECORD_LIST_RECORDS] = "Records",
                [RECORD_LIST_LOOKUP] = "Events",
                [RECORD_LIST_CLOUDWATCH] = "events",
                [RECORD_LIST_SUBSCRIPTION] = "logEvents",
                [RECORD_LIST_INSIGHTS] = "results",
                [RECORD_LIST_HITS] = "hits.hits",
};

int record_paths_new(JsonPaths **ret_paths) {
        int r = json_paths_new(paths, RECORD_N_PATHS, lists, RECORD_N_LISTS, ret_paths);

        return r == 0 ? json_paths_set_repeats(*ret_paths, RECORD_IDENTITY) : r;
}

int record_reader_new(const JsonPaths *wanted, const JsonLimits *limits, JsonReader **ret_reader) {
        return json_reader_new(wanted, first_keys, sizeof(first_keys) / sizeof(first_keys[0]),
                        limits, ret_reader);
}

bool record_is_plausible(const JsonUnit *unit) {
        unsigned n = 0;

        for (size_t i = 0; i < sizeof(record_marks) / sizeof(record_marks[0]); i++)
                n += unit->values[record_marks[i]].type != JSON_ABSENT;
        return n >= 2;
}

/* The text of a scalar, absent for anything else. */
Slice record_text(const JsonUnit *unit, RecordPath path) {
        const JsonValue *value = &unit->values[path];

        if (value->type == JSON_STRING || value->type == JSON_NUMBER || value->type == JSON_BOOL)
                return value->text;
        return (Slice){NULL, 0};
}

static Slice read_only_of(Slice text) {
        if (text.size == 4 && strncasecmp(text.data, "true", 4) == 0)
                return SLICE_LITERAL("true");
        if (text.size == 5 && strncasecmp(text.data, "false", 5) == 0)
                return SLICE_LITERAL("false");
        return (Slice){NULL, 0};
}

static void fill(const JsonUnit *unit, Event *event) {
        Slice recipient = record_text(unit, RECORD_RECIPIENT);

        for (int i = 0; i < EVENT_N_IDENTITY; i++)
                event->identity[i] = record_text(unit, RECORD_ID_FIRST + i);
        event->id = record_text(unit, RECORD_ID);
        event->ip = record_text(unit, RECORD_IP);
        event->user_agent = record_text(unit, RECORD_UA);
        event->call[EVENT_CALL_SERVICE] = record_text(unit, RECORD_SERVICE);
        event->call[EVENT_CALL_NAME] = record_text(unit, RECORD_NAME);
        event->call[EVENT_CALL_REGION] = record_text(unit, RECORD_REGION);
        event->call[EVENT_CALL_ACCOUNT] = recipient.size ? recipient
                                          : event->identity[EVENT_ID_ACCOUNT].size
                                                          ? event->identity[EVENT_ID_ACCOUNT]
                                                          : (Slice){NULL, 0};
        event->call[EVENT_CALL_READ_ONLY] = read_only_of(record_text(unit, RECORD_READ_ONLY));
        event->result[EVENT_RESULT_CODE] = record_text(unit, RECORD_CODE);
        event->result[EVENT_RESULT_MESSAGE] = record_text(unit, RECORD_MESSAGE);
        event->result[EVENT_RESULT_CONSOLE] =
                        slice_equal(event->call[EVENT_CALL_NAME], SLICE_LITERAL("ConsoleLogin"))
                                        ? record_text(unit, RECORD_CONSOLE)
                                        : (Slice){NULL, 0};
        event->text = unit->text;
        event->grants = NULL;
        event->n_grants = 0;
        event->targets = NULL;
        event->n_targets = 0;
        event->hash = unit->hash;
        event->identity_serial = unit->repeat.serial;
        event->identity_slot = unit->repeat.slot;
}

/* The JSON of an object, absent for anything else. */
static Slice object_of(const JsonUnit *unit, RecordPath path) {
        const JsonValue *value = &unit->values[path];

        return value->type == JSON_OBJECT ? value->text : (Slice){NULL, 0};
}

static int reject(const JsonUnit *unit, Slice time, bool is_shipper_time, RecordFault *fault) {
        if (unit->type != JSON_OBJECT)
                snprintf(fault->reason, sizeof(fault->reason), "record that is no object");
        else if (!time.data)
                snprintf(fault->reason, sizeof(fault->reason), "record without eventTime");
        else
                snprintf(fault->reason, sizeof(fault->reason), "%s %s: '%.*s'",
                                is_shipper_time ? "@timestamp" : "eventTime",
                                time_parse(time, &(int64_t){0}) == 2 ? "lies outside 1677 to 2262"
                                                                     : "is not a time",
                                time.size > 60 ? 60 : (int)time.size, time.data);
        return 1;
}

int record_read(const JsonUnit *unit, Slice other_time, Event *event, RecordFault *fault) {
        Slice time = unit->type == JSON_OBJECT ? record_text(unit, RECORD_TIME) : (Slice){NULL, 0};

        event->is_shipper_time = !time.data && other_time.data;
        if (event->is_shipper_time)
                time = other_time;
        if (unit->type != JSON_OBJECT || unit->size > UINT32_MAX || !time.data ||
                        time_parse(time, &event->time) != 0)
                return reject(unit, time, event->is_shipper_time, fault);
        fill(unit, event);
        return 0;
}

int record_more(GrantReader *grants, TargetReader *targets, const JsonUnit *unit, Event *event) {
        unsigned granted = grant_find(grants, event->call[EVENT_CALL_NAME]);
        unsigned targeted = target_find(targets, event->call);
        bool is_grant = granted || unit->values[RECORD_CREDENTIALS].type == JSON_OBJECT ||
                        unit->values[RECORD_ACCESS_KEY].type == JSON_OBJECT;
        const JsonValue *resources = &unit->values[RECORD_RESOURCES];
        EventParts parts;
        int r = 0;

        if (!is_grant && !targeted)
                return 0;
        parts = (EventParts){
                        .marks = unit->marks,
                        .request = object_of(unit, RECORD_REQUEST),
                        .response = object_of(unit, RECORD_RESPONSE),
                        .additional = object_of(unit, RECORD_ADDITIONAL),
                        .credentials = object_of(unit, RECORD_CREDENTIALS),
                        .access_key = object_of(unit, RECORD_ACCESS_KEY),
                        .resources = resources->type == JSON_ARRAY ? resources->text
                                                                   : (Slice){NULL, 0},
                        .shared_id = record_text(unit, RECORD_SHARED),
                        .provider = record_text(unit, RECORD_PROVIDER),
        };
        if (is_grant)
                r = grant_read(grants, granted, &parts, event);
        return r == 0 && targeted ? target_read(targets, targeted, &parts, event) : r;
}
