/*
 * From content to events: json units are told apart by the keys they have, records become events.
 *
 * What a unit is. An element of "Records" is a record whatever it holds. Anywhere else an object is
 * a record when it has at least two of the keys that every CloudTrail record has; otherwise it may
 * be one of the envelopes listed in kinds[], and if not even that, it is no CloudTrail at all.
 * Sound content in which nothing is a record is ignored. Until the first record one fault is held
 * back, because what is no JSON from its first byte on is ignored too, unless a record is found in
 * it.
 *
 * Nothing here is kept beyond a content, but for the buffers of the json reader.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/time.h"
#include "base/vec.h"
#include "event/event.h"
#include "event/grant.h"
#include "json/json.h"

#define CASE_MAGIC "\x89SPOOR\r\n" /* a case file begins so */
#define TWO_RECORDS 5              /* keys that stand twice in what must have been two records */
#define LOOK_BYTES 64              /* at the beginning, before the kind of content is known */
#define SEARCH_BYTES ((uint64_t)1 << 20) /* of content that does not begin as JSON */

enum {
        PATH_TIME,
        PATH_ID,
        PATH_VERSION,
        PATH_EVENT_TYPE,
        PATH_IDENTITY,
        PATH_IP,
        PATH_UA,
        PATH_RECIPIENT,
        PATH_SERVICE,
        PATH_NAME,
        PATH_REGION,
        PATH_READ_ONLY,
        PATH_CODE,
        PATH_MESSAGE,
        PATH_CONSOLE,
        PATH_ID_FIRST, /* userIdentity's, in the order of EventIdentity */
        PATH_ID_LAST = PATH_ID_FIRST + EVENT_N_IDENTITY - 1,
        PATH_REQUEST, /* JSON as it stands, for grant.c */
        PATH_RESPONSE,
        PATH_ADDITIONAL,
        PATH_CREDENTIALS,
        PATH_ACCESS_KEY,
        PATH_SHARED,
        PATH_PROVIDER,
        PATH_LOOKUP,
        PATH_LOOKUP_EVENT,
        PATH_BRIDGE,
        PATH_BRIDGE_TYPE,
        PATH_DIGEST,
        PATH_DIGEST_FILES,
        PATH_CWL,
        PATH_CWL_MESSAGE,
        PATH_INSIGHTS,
        PATH_SHIPPER,
        PATH_SHIPPER_TIME,
        N_PATHS,
};

static const char *const paths[N_PATHS] = {
                [PATH_TIME] = "eventTime",
                [PATH_ID] = "eventID",
                [PATH_VERSION] = "eventVersion",
                [PATH_EVENT_TYPE] = "eventType",
                [PATH_IDENTITY] = "userIdentity",
                [PATH_IP] = "sourceIPAddress",
                [PATH_UA] = "userAgent",
                [PATH_RECIPIENT] = "recipientAccountId",
                [PATH_SERVICE] = "eventSource",
                [PATH_NAME] = "eventName",
                [PATH_REGION] = "awsRegion",
                [PATH_READ_ONLY] = "readOnly",
                [PATH_CODE] = "errorCode",
                [PATH_MESSAGE] = "errorMessage",
                [PATH_CONSOLE] = "responseElements.ConsoleLogin",
                [PATH_ID_FIRST + EVENT_ID_TYPE] = "userIdentity.type",
                [PATH_ID_FIRST + EVENT_ID_USER_NAME] = "userIdentity.userName",
                [PATH_ID_FIRST + EVENT_ID_ARN] = "userIdentity.arn",
                [PATH_ID_FIRST + EVENT_ID_ACCOUNT] = "userIdentity.accountId",
                [PATH_ID_FIRST + EVENT_ID_KEY] = "userIdentity.accessKeyId",
                [PATH_ID_FIRST + EVENT_ID_PRINCIPAL_ID] = "userIdentity.principalId",
                [PATH_ID_FIRST + EVENT_ID_INVOKED_BY] = "userIdentity.invokedBy",
                [PATH_ID_FIRST + EVENT_ID_ISSUER_USER_NAME] =
                                "userIdentity.sessionContext.sessionIssuer.userName",
                [PATH_ID_FIRST + EVENT_ID_ISSUER_ARN] =
                                "userIdentity.sessionContext.sessionIssuer.arn",
                [PATH_ID_FIRST + EVENT_ID_CREATION_DATE] =
                                "userIdentity.sessionContext.attributes.creationDate",
                [PATH_REQUEST] = "requestParameters",
                [PATH_RESPONSE] = "responseElements",
                [PATH_ADDITIONAL] = "additionalEventData",
                [PATH_CREDENTIALS] = "responseElements.credentials",
                [PATH_ACCESS_KEY] = "responseElements.accessKey",
                [PATH_SHARED] = "sharedEventID",
                [PATH_PROVIDER] = "userIdentity.identityProvider",
                [PATH_LOOKUP] = "Events",
                [PATH_LOOKUP_EVENT] = "CloudTrailEvent",
                [PATH_BRIDGE] = "detail",
                [PATH_BRIDGE_TYPE] = "detail-type",
                [PATH_DIGEST] = "digestStartTime",
                [PATH_DIGEST_FILES] = "logFiles",
                [PATH_CWL] = "events",
                [PATH_CWL_MESSAGE] = "logEvents",
                [PATH_INSIGHTS] = "@message",
                [PATH_SHIPPER] = "aws.cloudtrail",
                [PATH_SHIPPER_TIME] = "@timestamp",
};

/* An object with two of them is taken for a record. */
static const int record_marks[] = {
                PATH_VERSION,
                PATH_IDENTITY,
                PATH_TIME,
                PATH_SERVICE,
                PATH_NAME,
                PATH_REGION,
                PATH_IP,
                PATH_ID,
                PATH_EVENT_TYPE,
                PATH_RECIPIENT,
};

/* Keys with which a record begins, whoever wrote it: after a fault reading goes on at one of them.
 */
static const char *const first_keys[] = {"eventVersion", "userIdentity", "eventTime", "eventSource",
                "eventName", "awsRegion", "sourceIPAddress", "userAgent", "eventID", "eventType",
                "additionalEventData", "apiVersion", "addendum", "errorCode", "errorMessage",
                "requestID", "requestParameters", "responseElements", "readOnly", "eventCategory",
                "managementEvent", "recipientAccountId", "sharedEventID", "tlsDetails", "resources",
                "vpcEndpointId", "serviceEventDetails", "sessionCredentialFromConsole",
                "insightDetails", "eventContext"};

/* Envelopes that are recognised by two keys (or one), and not read. */
typedef struct Kind {
        int key, other; /* other: -1 for none */
        JsonType type;  /* of key; JSON_ABSENT for any */
        const char *reason;
} Kind;

static const Kind kinds[] = {
                {PATH_LOOKUP, -1, JSON_ARRAY, "output of the API's lookup-events: not yet read"},
                {PATH_LOOKUP_EVENT, -1, JSON_ABSENT,
                                "events of the API's lookup-events: not yet read"},
                {PATH_BRIDGE, PATH_BRIDGE_TYPE, JSON_ABSENT, "EventBridge event: not yet read"},
                {PATH_DIGEST, -1, JSON_ABSENT, "CloudTrail digest: no log"},
                {PATH_DIGEST_FILES, -1, JSON_ARRAY, "CloudTrail digest: no log"},
                {PATH_CWL, -1, JSON_ARRAY, "CloudWatch Logs export: not yet read"},
                {PATH_CWL_MESSAGE, -1, JSON_ARRAY, "CloudWatch Logs export: not yet read"},
                {PATH_INSIGHTS, -1, JSON_ABSENT, "CloudWatch Logs Insights export: not yet read"},
                {PATH_SHIPPER, -1, JSON_ABSENT, "a log shipper's copy: not yet read"},
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct EventReader {
        JsonPaths *paths;
        JsonReader *json;
        JsonSink json_sink;
        const EventSink *sink;
        GrantReader grants;

        uint64_t n_bytes;
        uint32_t n_records;
        char head[LOOK_BYTES]; /* the first bytes, until it is known what they are */
        size_t n_head;
        bool is_begun;  /* the first bytes were looked at */
        bool is_blank;  /* no byte but white space so far */
        bool is_log;    /* "Records" was met, or a record */
        bool is_search; /* did not begin as JSON */
        bool is_done;   /* told as ignored or damaged: the rest does not matter */
        bool kinds_told[N_KINDS];
        bool is_hidden_told;
        int records_result; /* of a sink that was called where nothing can be returned */

        uint64_t n_others, other_at; /* units that are nothing known */
        bool is_fault_held;
        uint64_t held_at;
        unsigned held_rejected;
        char held_reason[320];
};

/* ---- units ---- */

static bool is_plausible(void *userdata, const JsonUnit *unit) {
        unsigned n = 0;

        (void)userdata;
        for (size_t i = 0; i < sizeof(record_marks) / sizeof(record_marks[0]); i++)
                n += unit->values[record_marks[i]].type != JSON_ABSENT;
        return n >= 2;
}

static const Kind *kind_of(const JsonUnit *unit) {
        for (size_t i = 0; i < N_KINDS; i++) {
                JsonType type = unit->values[kinds[i].key].type;

                if (type == JSON_ABSENT || (kinds[i].type != JSON_ABSENT && kinds[i].type != type))
                        continue;
                if (kinds[i].other < 0 || unit->values[kinds[i].other].type != JSON_ABSENT)
                        return &kinds[i];
        }
        return NULL;
}

static int tell_kind(EventReader *r, const Kind *kind, uint64_t offset) {
        if (r->kinds_told[kind - kinds])
                return 0;
        r->kinds_told[kind - kinds] = true;
        return r->sink->ignored(r->sink->userdata, offset, slice_cstr(kind->reason));
}

static int become_log(EventReader *r) {
        r->is_log = true;
        if (!r->is_fault_held)
                return 0;
        r->is_fault_held = false;
        r->n_records += r->held_rejected;
        return r->sink->fault(r->sink->userdata, r->held_at, r->held_rejected,
                        slice_cstr(r->held_reason));
}

/* The text of a scalar, absent for anything else. */
static Slice text_of(const JsonUnit *unit, int path) {
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
        Slice recipient = text_of(unit, PATH_RECIPIENT);

        for (int i = 0; i < EVENT_N_IDENTITY; i++)
                event->identity[i] = text_of(unit, PATH_ID_FIRST + i);
        event->id = text_of(unit, PATH_ID);
        event->ip = text_of(unit, PATH_IP);
        event->user_agent = text_of(unit, PATH_UA);
        event->call[EVENT_CALL_SERVICE] = text_of(unit, PATH_SERVICE);
        event->call[EVENT_CALL_NAME] = text_of(unit, PATH_NAME);
        event->call[EVENT_CALL_REGION] = text_of(unit, PATH_REGION);
        event->call[EVENT_CALL_ACCOUNT] =
                        recipient.size ? recipient : event->identity[EVENT_ID_ACCOUNT];
        event->call[EVENT_CALL_READ_ONLY] = read_only_of(text_of(unit, PATH_READ_ONLY));
        event->result[EVENT_RESULT_CODE] = text_of(unit, PATH_CODE);
        event->result[EVENT_RESULT_MESSAGE] = text_of(unit, PATH_MESSAGE);
        event->result[EVENT_RESULT_CONSOLE] =
                        slice_equal(event->call[EVENT_CALL_NAME], SLICE_LITERAL("ConsoleLogin"))
                                        ? text_of(unit, PATH_CONSOLE)
                                        : (Slice){NULL, 0};
        event->hash = unit->hash;
        event->offset = unit->offset;
        event->size = (uint32_t)unit->size;
        event->grants = NULL;
        event->n_grants = 0;
}

static void forget(Event *event) {
        *event = (Event){
                        .time = event->time,
                        .id = event->id,
                        .hash = event->hash,
                        .offset = event->offset,
                        .size = event->size,
                        .record = event->record,
        };
}

/* The JSON of an object, absent for anything else. */
static Slice object_of(const JsonUnit *unit, int path) {
        const JsonValue *value = &unit->values[path];

        return value->type == JSON_OBJECT ? value->text : (Slice){NULL, 0};
}

/* What the record hands out; for nearly every one, nothing. */
static int fill_grants(EventReader *r, const JsonUnit *unit, Event *event) {
        unsigned named = grant_find(&r->grants, event->call[EVENT_CALL_NAME]);
        GrantParts parts;

        if (!named && unit->values[PATH_CREDENTIALS].type != JSON_OBJECT &&
                        unit->values[PATH_ACCESS_KEY].type != JSON_OBJECT)
                return 0;
        parts = (GrantParts){
                        .request = object_of(unit, PATH_REQUEST),
                        .response = object_of(unit, PATH_RESPONSE),
                        .additional = object_of(unit, PATH_ADDITIONAL),
                        .credentials = object_of(unit, PATH_CREDENTIALS),
                        .access_key = object_of(unit, PATH_ACCESS_KEY),
                        .shared_id = text_of(unit, PATH_SHARED),
                        .provider = text_of(unit, PATH_PROVIDER),
        };
        return grant_read(&r->grants, named, &parts, event);
}

static int reject(EventReader *r, const JsonUnit *unit) {
        Slice time = text_of(unit, PATH_TIME);
        char reason[160];

        if (unit->type != JSON_OBJECT)
                snprintf(reason, sizeof(reason), "record that is no object");
        else if (!time.data && unit->values[PATH_SHIPPER_TIME].type != JSON_ABSENT)
                snprintf(reason, sizeof(reason),
                                "record without eventTime (a log shipper's copy: not yet read)");
        else if (!time.data)
                snprintf(reason, sizeof(reason), "record without eventTime");
        else
                snprintf(reason, sizeof(reason), "eventTime %s: '%.*s'",
                                time_parse(time, &(int64_t){0}) == 2 ? "lies outside 1677 to 2262"
                                                                     : "is not a time",
                                time.size > 60 ? 60 : (int)time.size, time.data);
        return r->sink->fault(r->sink->userdata, unit->offset, 1, slice_cstr(reason));
}

/*
 * Two records that lost what stood between them read as one, with its keys twice, of which the last
 * counts. What is left of the first is not taken, so it must be named.
 */
static int tell_repeated(EventReader *r, const JsonUnit *unit) {
        char reason[96];

        if (unit->n_repeated < TWO_RECORDS)
                return 0;
        snprintf(reason, sizeof(reason),
                        "%u keys stand twice: two records that run into each other",
                        unit->n_repeated);
        return r->sink->fault(r->sink->userdata, unit->offset, 0, slice_cstr(reason));
}

static int on_record(EventReader *r, const JsonUnit *unit) {
        Event event;
        int result = become_log(r);

        if (result)
                return result;
        event.record = r->n_records++;
        if (unit->type != JSON_OBJECT || unit->size > UINT32_MAX ||
                        !text_of(unit, PATH_TIME).data ||
                        time_parse(text_of(unit, PATH_TIME), &event.time) != 0)
                return reject(r, unit);
        result = tell_repeated(r, unit);
        if (result)
                return result;
        fill(unit, &event);
        if (r->sink->wants && !r->sink->wants(r->sink->userdata, &event))
                forget(&event);
        else
                result = fill_grants(r, unit, &event);
        return result ? result : r->sink->event(r->sink->userdata, &event);
}

/*
 * Text that is no record: does it hold records all the same, at a place where nobody looks? Told
 * once for each content.
 */
static int look_for_hidden(EventReader *r, uint64_t offset, Slice text) {
        if (r->is_hidden_told || !text.size || !memmem(text.data, text.size, "eventTime", 9) ||
                        !memmem(text.data, text.size, "eventSource", 11))
                return 0;
        r->is_hidden_told = true;
        return r->sink->fault(r->sink->userdata, offset, 0,
                        SLICE_LITERAL("CloudTrail records at a place that is not read"));
}

static int on_unit(void *userdata, const JsonUnit *unit) {
        EventReader *r = userdata;
        const Kind *kind;

        if (r->records_result)
                return r->records_result;
        if (unit->place == JSON_LISTED || (unit->type == JSON_OBJECT && is_plausible(r, unit)))
                return on_record(r, unit);
        kind = unit->type == JSON_OBJECT ? kind_of(unit) : NULL;
        if (kind)
                return tell_kind(r, kind, unit->offset);
        if (unit->place != JSON_BESIDE) {
                if (r->n_others++ == 0)
                        r->other_at = unit->offset;
                r->n_records++; /* it has its number, but is none */
        }
        return look_for_hidden(r, unit->offset, unit->text);
}

static void on_list(void *userdata, unsigned list, uint64_t offset, Slice before) {
        EventReader *r = userdata;

        (void)list;
        r->is_log = true;
        if (r->records_result == 0)
                r->records_result = look_for_hidden(r, offset, before);
}

static int on_fault(void *userdata, const JsonFault *fault) {
        EventReader *r = userdata;
        const Kind *kind = fault->unit ? kind_of(fault->unit) : NULL;
        bool is_record = fault->unit &&
                         (fault->unit->place == JSON_LISTED || is_plausible(r, fault->unit));
        unsigned n_rejected = fault->unit && (is_record || !kind);
        char reason[320];
        int n = snprintf(reason, sizeof(reason), "%.*s", (int)fault->reason.size,
                        fault->reason.data);

        if (fault->end > fault->offset && n > 0 && (size_t)n < sizeof(reason))
                snprintf(reason + n, sizeof(reason) - (size_t)n, "; %llu bytes skipped",
                                (unsigned long long)(fault->end - fault->offset));
        if (kind && !is_record)
                return tell_kind(r, kind, fault->offset);
        if (r->is_log || is_record) {
                r->is_log = true;
                r->n_records += n_rejected;
                return r->sink->fault(
                                r->sink->userdata, fault->offset, n_rejected, slice_cstr(reason));
        }
        r->is_fault_held = true;
        r->held_at = fault->offset;
        r->held_rejected = n_rejected;
        snprintf(r->held_reason, sizeof(r->held_reason), "%s", reason);
        return 0;
}

/* ---- content ---- */

int event_reader_begin(EventReader *r, const EventSink *sink) {
        r->sink = sink;
        r->n_bytes = r->n_others = 0;
        r->n_records = 0;
        r->is_begun = r->is_log = r->is_search = r->is_done = r->is_fault_held = false;
        r->is_blank = true;
        r->n_head = 0;
        r->is_hidden_told = false;
        r->records_result = 0;
        memset(r->kinds_told, 0, sizeof(r->kinds_told));
        return json_reader_begin(r->json, &r->json_sink, false, (Slice){0});
}

int event_reader_space(EventReader *r, char **ret_buffer, size_t *ret_size) {
        return json_reader_space(r->json, ret_buffer, ret_size);
}

/* Told instead of read: 1. Otherwise 0, and whether records are to be searched for. */
static int look(EventReader *r, const char *bytes, size_t n) {
        size_t at = 0;

        if (n >= sizeof(CASE_MAGIC) - 1 && memcmp(bytes, CASE_MAGIC, sizeof(CASE_MAGIC) - 1) == 0)
                return r->sink->ignored(r->sink->userdata, 0,
                                       SLICE_LITERAL("a case file: name it as a SOURCE of its own"))
                                       ?: EVENT_ENOUGH;
        if (n < 4 && (unsigned char)bytes[0] >= 0xEF)
                return 0; /* perhaps a byte order mark, and what follows it */
        if (n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
                at = 3;
        if (n >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0) &&
                        memchr(bytes, 0, n < 64 ? n : 64))
                return r->sink->fault(r->sink->userdata, 0, 0,
                                       SLICE_LITERAL("UTF-16 text: convert it to UTF-8"))
                                       ?: EVENT_ENOUGH;
        while (at < n && (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\n' ||
                                         bytes[at] == '\r'))
                at++;
        if (at < n && bytes[at] == 0) {
                int result = r->sink->fault(r->sink->userdata, at, 0,
                                SLICE_LITERAL("NUL bytes where a log should begin"));
                return result ? result : EVENT_ENOUGH;
        }
        if (at == n)
                return 0; /* the next piece is looked at instead */
        r->is_blank = false;
        r->is_search = bytes[at] != '{' && bytes[at] != '[';
        return 0;
}

/* The first bytes may come in several pieces; the json reader drops what it has done with. */
static int look_at_head(EventReader *r, const char *bytes, size_t n) {
        size_t n_more = sizeof(r->head) - r->n_head < n ? sizeof(r->head) - r->n_head : n;
        int result;

        memcpy(r->head + r->n_head, bytes, n_more);
        r->n_head += n_more;
        result = look(r, r->head, r->n_head);
        for (size_t i = n_more; i < n && result == 0 && r->is_blank; i++)
                r->is_blank = memchr(" \t\r\n", bytes[i], 4);
        return result;
}

int event_reader_feed(EventReader *r, size_t n) {
        int result;

        if (!r->is_begun && n) {
                char *bytes;
                size_t space;

                result = json_reader_space(r->json, &bytes, &space);
                if (result == 0)
                        result = look_at_head(r, bytes, n);
                r->is_done = result == EVENT_ENOUGH;
                if (result)
                        return result;
                if (r->is_search && r->n_bytes == 0) {
                        result = json_reader_begin(r->json, &r->json_sink, true,
                                        SLICE_LITERAL("text that is not JSON at byte 0"));
                        if (result < 0)
                                return result;
                }
                r->is_begun = !r->is_blank;
        }
        r->n_bytes += n;
        result = json_reader_feed(r->json, n);
        if (result == 0 && r->is_search && !r->is_log && r->n_bytes >= SEARCH_BYTES)
                return EVENT_ENOUGH;
        return result;
}

static int tell_others(EventReader *r) {
        char reason[128];

        snprintf(reason, sizeof(reason),
                        "%llu values between the records are no CloudTrail records",
                        (unsigned long long)r->n_others);
        return r->sink->ignored(r->sink->userdata, r->other_at, slice_cstr(reason));
}

int event_reader_finish(EventReader *r, bool is_cut) {
        bool is_kind = false;
        int result;

        if (r->is_done)
                return 0;
        if (r->is_blank && !is_cut)
                return r->sink->fault(r->sink->userdata, 0, 0,
                                r->n_bytes ? SLICE_LITERAL("nothing but white space")
                                           : SLICE_LITERAL("empty"));
        result = json_reader_finish(r->json);
        if (result)
                return result;
        if (r->records_result)
                return r->records_result;
        if (r->is_log)
                return r->n_others ? tell_others(r) : 0;
        if (r->is_hidden_told)
                return 0;
        for (size_t i = 0; i < N_KINDS; i++)
                is_kind |= r->kinds_told[i];
        if (is_kind || (is_cut && r->n_bytes == 0))
                return 0;
        if (r->is_search)
                return r->sink->ignored(r->sink->userdata, 0, SLICE_LITERAL("not JSON"));
        if (!r->is_fault_held)
                return r->sink->ignored(r->sink->userdata, 0,
                                SLICE_LITERAL("JSON, but no CloudTrail records"));
        /* it began as JSON and broke: it may have been a log */
        return r->sink->fault(r->sink->userdata, r->held_at, 0, slice_cstr(r->held_reason));
}

bool event_reader_is_log(const EventReader *r) {
        return r->is_log;
}

/* ---- life ---- */

int event_reader_new(uint32_t max_depth, uint64_t max_record_bytes, EventReader **ret_reader) {
        static const char *const records = "Records";
        JsonLimits limits = {max_depth, max_record_bytes};
        EventReader *r = vec_alloc_zero(1, sizeof(*r));
        int result;

        if (!r)
                return -ENOMEM;
        grant_reader_init(&r->grants);
        r->json_sink = (JsonSink){r, on_unit, on_fault, is_plausible, on_list};
        result = json_paths_new(paths, N_PATHS, &records, 1, &r->paths);
        if (result == 0)
                result = json_reader_new(r->paths, first_keys,
                                sizeof(first_keys) / sizeof(first_keys[0]), &limits, &r->json);
        if (result < 0) {
                event_reader_free(r);
                return result;
        }
        *ret_reader = r;
        return 0;
}

EventReader *event_reader_free(EventReader *r) {
        if (!r)
                return NULL;
        json_reader_free(r->json);
        json_paths_free(r->paths);
        grant_reader_deinit(&r->grants);
        free(r);
        return NULL;
}
