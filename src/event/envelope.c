/*
 * What stands around records, told by keys, never by names of files.
 *
 *     lookup-events    {"CloudTrailEvent":"{...}"}
 *     EventBridge      {"detail-type":"...","detail":{...}}
 *     CloudWatch Logs  {"message":"{...}"}
 *     Logs Insights    {"@message":"{...}"} or {"@message":{...}},
 *                      {"field":"@message","value":"{...}"}
 *     log shippers     {"aws":{"cloudtrail":{...}}}, {"aws.cloudtrail":{...}},
 *                      {"event":{"original":"{...}"}}, {"_source":{...}} around any of these
 *
 * What is inside may be an envelope again; inside.c opens them. Stateless.
 */
#include "event/envelope.h"

#define VIA_CLOUDTRAIL "via CloudTrail" /* how detail-type ends */

static bool has_string(const JsonUnit *unit, RecordPath path) {
        return unit->values[path].type == JSON_STRING;
}

static bool has_object(const JsonUnit *unit, RecordPath path) {
        return unit->values[path].type == JSON_OBJECT;
}

/* Does TEXT begin as an object, or an array? */
static bool is_json_text(Slice text) {
        size_t at = 0;

        while (at < text.size && memchr(" \t\r\n", text.data[at], 4))
                at++;
        return at < text.size && (text.data[at] == '{' || text.data[at] == '[');
}

static bool ends_with(Slice text, Slice end) {
        return text.size >= end.size &&
               memcmp(text.data + text.size - end.size, end.data, end.size) == 0;
}

static bool set(Envelope *envelope, const JsonUnit *unit, EventContainer container, RecordPath path,
                bool is_sure) {
        *envelope = (Envelope){
                        .container = container,
                        .inside = unit->values[path].text,
                        .is_string = unit->values[path].type == JSON_STRING,
                        .is_sure = is_sure,
        };
        return true;
}

/* "aws.cloudtrail" as one key. */
static Slice find_dotted(Slice object) {
        const char *at = NULL;
        Slice key, value;

        if (!memmem(object.data, object.size, "\"aws.cloudtrail\"", 16))
                return (Slice){NULL, 0};
        while (json_next(object, &at, &key, &value)) {
                if (slice_equal(key, SLICE_LITERAL("\"aws.cloudtrail\"")) && *value.data == '{')
                        return value;
        }
        return (Slice){NULL, 0};
}

static bool open_first(const JsonUnit *unit, Envelope *ret) {
        if (has_string(unit, RECORD_LOOKUP_EVENT))
                return set(ret, unit, EVENT_IN_LOOKUP, RECORD_LOOKUP_EVENT, true);
        if (has_object(unit, RECORD_INSIGHTS))
                return set(ret, unit, EVENT_IN_INSIGHTS, RECORD_INSIGHTS, false);
        if (has_string(unit, RECORD_INSIGHTS) && is_json_text(unit->values[RECORD_INSIGHTS].text))
                return set(ret, unit, EVENT_IN_INSIGHTS, RECORD_INSIGHTS, false);
        return false;
}

static bool open_second(const JsonUnit *unit, Envelope *ret) {
        if (has_object(unit, RECORD_BRIDGE) && has_string(unit, RECORD_BRIDGE_TYPE))
                return set(ret, unit, EVENT_IN_BRIDGE, RECORD_BRIDGE,
                                ends_with(unit->values[RECORD_BRIDGE_TYPE].text,
                                                SLICE_LITERAL(VIA_CLOUDTRAIL)));
        if (has_object(unit, RECORD_SOURCE))
                return set(ret, unit, EVENT_IN_SHIPPER, RECORD_SOURCE, false);
        if (has_string(unit, RECORD_SHIPPER_ORIGINAL) &&
                        is_json_text(unit->values[RECORD_SHIPPER_ORIGINAL].text))
                return set(ret, unit, EVENT_IN_SHIPPER, RECORD_SHIPPER_ORIGINAL, false);
        if (has_object(unit, RECORD_SHIPPER))
                return set(ret, unit, EVENT_IN_SHIPPER, RECORD_SHIPPER, true);
        if (has_string(unit, RECORD_FIELD_VALUE) && has_string(unit, RECORD_FIELD) &&
                        slice_equal(unit->values[RECORD_FIELD].text, SLICE_LITERAL("@message")) &&
                        is_json_text(unit->values[RECORD_FIELD_VALUE].text))
                return set(ret, unit, EVENT_IN_INSIGHTS, RECORD_FIELD_VALUE, false);
        if (has_string(unit, RECORD_LOG_MESSAGE) &&
                        is_json_text(unit->values[RECORD_LOG_MESSAGE].text))
                return set(ret, unit,
                                unit->values[RECORD_SHIPPER_TIME].type == JSON_ABSENT
                                                ? EVENT_IN_CLOUDWATCH
                                                : EVENT_IN_SHIPPER,
                                RECORD_LOG_MESSAGE, false);
        *ret = (Envelope){.container = EVENT_IN_SHIPPER,
                        .inside = find_dotted(unit->text),
                        .is_sure = true};
        return ret->inside.data;
}

bool envelope_open(const JsonUnit *unit, bool is_first, Envelope *ret_envelope) {
        return is_first ? open_first(unit, ret_envelope) : open_second(unit, ret_envelope);
}

bool envelope_may_hold(Slice text) {
        return text.data && memmem(text.data, text.size, "eventTime", 9) &&
               memmem(text.data, text.size, "eventSource", 11);
}

bool envelope_is_broken(const JsonUnit *unit) {
        return has_string(unit, RECORD_LOOKUP_EVENT) || has_string(unit, RECORD_INSIGHTS) ||
               has_object(unit, RECORD_INSIGHTS) ||
               (has_object(unit, RECORD_BRIDGE) && has_string(unit, RECORD_BRIDGE_TYPE)) ||
               has_object(unit, RECORD_SHIPPER);
}

const char *envelope_foreign(const JsonUnit *unit) {
        if (unit->values[RECORD_DIGEST].type != JSON_ABSENT ||
                        unit->values[RECORD_DIGEST_FILES].type == JSON_ARRAY)
                return "CloudTrail digest: no log";
        return NULL;
}

bool envelope_is_action(const JsonUnit *unit) {
        static const Slice actions[] = {SLICE_INIT("\"index\""), SLICE_INIT("\"create\""),
                        SLICE_INIT("\"update\""), SLICE_INIT("\"delete\"")};
        const char *at = NULL;
        Slice key, value, other;

        if (unit->type != JSON_OBJECT || !json_next(unit->text, &at, &key, &value) ||
                        *value.data != '{' || json_next(unit->text, &at, &other, &other))
                return false;
        for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
                if (slice_equal(key, actions[i]))
                        return true;
        }
        return false;
}

Slice envelope_message_field(Slice row) {
        const char *at = NULL;
        Slice key, element;

        while (json_next(row, &at, &key, &element)) {
                JsonValue field = json_find(element, SLICE_LITERAL("field"));

                if (slice_equal(field.text, SLICE_LITERAL("\"@message\"")))
                        return element;
        }
        return (Slice){NULL, 0};
}

const char *event_container_name(EventContainer container) {
        static const char *const names[EVENT_N_CONTAINERS] = {
                        [EVENT_IN_NONE] = "none",
                        [EVENT_IN_RECORDS] = "records",
                        [EVENT_IN_JSON] = "json",
                        [EVENT_IN_LOOKUP] = "lookup-events",
                        [EVENT_IN_BRIDGE] = "eventbridge",
                        [EVENT_IN_CLOUDWATCH] = "cloudwatch-logs",
                        [EVENT_IN_INSIGHTS] = "logs-insights",
                        [EVENT_IN_SHIPPER] = "log-shipper",
                        [EVENT_IN_HISTORY] = "event-history",
                        [EVENT_IN_ATHENA] = "athena",
                        [EVENT_IN_LAKE] = "lake",
        };

        return names[container];
}
