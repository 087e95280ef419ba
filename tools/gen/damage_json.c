/* Cases of content: JSON that is wrong, records that are odd, containers and encodings. */
#include <stdio.h>
#include <string.h>

#include "damage.h"

enum { DEPTH = 100000 };

/* ---- faults within an array of records ---- */

static size_t third_record(Maker *m) {
        char id[64];
        const char *at;

        buf_clear(&m->out);
        damage_log(m, 0, 5, NULL);
        snprintf(id, sizeof id, "\"eventID\":\"dabadee0-%04u-4000-8000-000000000002", m->number);
        at = strstr(buf_cstr(&m->out), id);
        return at ? (size_t)(at - m->out.data) : 0;
}

static bool cut(Maker *m) {
        m->out.n = third_record(m);
        return m->out.n != 0;
}

static bool wrong_byte(Maker *m) {
        size_t at = third_record(m);

        if (at)
                m->out.data[at + strlen("\"eventID\"")] = '#';
        return at != 0;
}

static bool wrong_utf8(Maker *m) {
        size_t at = third_record(m);
        char *name = at ? strstr(buf_cstr(&m->out) + at - 300, "evidence") : NULL;

        if (name)
                name[2] = (char)0xff;
        return name != NULL;
}

static bool control_byte(Maker *m) {
        size_t at = third_record(m);
        char *name = at ? strstr(buf_cstr(&m->out) + at - 300, "evidence") : NULL;

        if (name)
                name[2] = '\t';
        return name != NULL;
}

static bool nested(Maker *m) {
        Buf deep = {0};

        for (unsigned i = 0; i < DEPTH; i++)
                buf_str(&deep, "{\"a\":[");
        for (unsigned i = 0; i < DEPTH; i++)
                buf_str(&deep, "]}");
        damage_log(m, 0, 5, &(Bits){.params = buf_cstr(&deep)});
        m->out.failed |= deep.failed;
        buf_deinit(&deep);
        return true;
}

static bool no_time(Maker *m) {
        damage_log(m, 0, 5, &(Bits){.time = ""});
        return true;
}

static bool null_time(Maker *m) {
        damage_log(m, 0, 5, &(Bits){.time = "null"});
        return true;
}

static bool nonsense_time(Maker *m) {
        damage_log(m, 0, 5, &(Bits){.time = "\"yesterday at noon\""});
        return true;
}

static bool number_time(Maker *m) {
        damage_log(m, 0, 5, &(Bits){.time = "1769904002"});
        return true;
}

static bool not_objects(Maker *m) {
        buf_str(&m->out, "{\"Records\":[");
        damage_record(m, 0, NULL, &m->out);
        buf_str(&m->out, ",7,\"text\",null,[],");
        damage_record(m, 1, NULL, &m->out);
        buf_str(&m->out, "]}");
        return true;
}

/* ---- odd records ---- */

static bool twice(Maker *m, const char *first_time, const char *second_time) {
        buf_str(&m->out, "{\"Records\":[");
        damage_record(m, 0, &(Bits){.time = first_time}, &m->out);
        buf_char(&m->out, ',');
        damage_record(m, 0, &(Bits){.time = second_time, .event = "DeleteBucket", .read = "false"},
                        &m->out);
        buf_str(&m->out, "]}");
        return true;
}

static bool conflict_same_time(Maker *m) {
        return twice(m, NULL, NULL);
}

static bool conflict_other_time(Maker *m) {
        return twice(m, NULL, "\"2026-02-02T11:12:13Z\"");
}

static bool duplicate_keys(Maker *m) {
        damage_log(m, 0, 5,
                        &(Bits){.extra = ",\"sourceIPAddress\":\"198.51.100.99\"",
                                        .params = "{\"a\":1,\"a\":2}"});
        return true;
}

static bool text_booleans(Maker *m) {
        damage_log(m, 0, 5, &(Bits){.read = "\"false\"", .event = "DeleteBucket"});
        return true;
}

static bool odd_times(Maker *m) {
        static const char *const times[] = {"\"2026-02-01T00:00:00.000Z\"",
                        "\"2026-02-01T00:00:01.25Z\"", "\"2026-02-01T02:00:02+02:00\"",
                        "\"2026-01-31T18:30:03.500-05:30\"", "\"2026-02-01T00:00:04.123456789Z\""};

        buf_str(&m->out, "{\"Records\":[");
        for (unsigned i = 0; i < 5; i++) {
                if (i)
                        buf_char(&m->out, ',');
                damage_record(m, i, &(Bits){.time = times[i]}, &m->out);
        }
        buf_str(&m->out, "]}");
        return true;
}

static bool escapes(Maker *m) {
        damage_log(m, 0, 5,
                        &(Bits){.params = "{\"a\":\"\\u00e9\\/\\\\\\\"\\n\\t\\u0000\",\"b\":"
                                          "\"\\ud83d\\ude00\",\"c\":\"=1+1\",\"d\":\"\\u001b[31m\","
                                          "\"e\":\"<script>\",\"\\u0065\":\"same key\"}"});
        return true;
}

static bool lone_surrogate(Maker *m) {
        damage_log(m, 0, 5, &(Bits){.params = "{\"a\":\"\\ud800\",\"b\":\"\\udc00\\ud800x\"}"});
        return true;
}

static bool huge_value(Maker *m) {
        Buf large = {0};

        buf_str(&large, "{\"policyDocument\":\"");
        buf_fill(&large, 'x', 4 << 20);
        buf_str(&large, "\"}");
        damage_log(m, 0, 5, &(Bits){.params = buf_cstr(&large)});
        m->out.failed |= large.failed;
        buf_deinit(&large);
        return true;
}

/* ---- containers and encodings ---- */

static bool byte_order_mark(Maker *m) {
        buf_str(&m->out, "\xef\xbb\xbf");
        damage_log(m, 0, 5, NULL);
        return true;
}

static bool lines(Maker *m, const char *end, bool broken) {
        for (unsigned i = 0; i < 5; i++) {
                if (broken && i == 2)
                        buf_str(&m->out, "{\"eventVersion\":\"1.09\",\"eventTime\":");
                else
                        damage_record(m, i, NULL, &m->out);
                buf_str(&m->out, end);
        }
        return true;
}

static bool crlf_lines(Maker *m) {
        return lines(m, "\r\n", false);
}

static bool broken_lines(Maker *m) {
        return lines(m, "\n", true);
}

static bool bare_array(Maker *m) {
        buf_str(&m->out, "[");
        for (unsigned i = 0; i < 5; i++) {
                if (i)
                        buf_str(&m->out, ", ");
                damage_record(m, i, NULL, &m->out);
        }
        buf_str(&m->out, "]\n");
        return true;
}

static bool bare_record(Maker *m) {
        damage_record(m, 0, NULL, &m->out);
        return true;
}

/* A line end and two blanks after each brace and comma that is not within a string. */
static bool pretty_record(Maker *m) {
        Buf plain = {0};
        bool quoted = false;

        damage_record(m, 0, NULL, &plain);
        for (size_t i = 0; i < plain.n; i++) {
                quoted ^= plain.data[i] == '"';
                buf_char(&m->out, plain.data[i]);
                if (!quoted && strchr("{,", plain.data[i]))
                        buf_str(&m->out, "\n  ");
                if (!quoted && plain.data[i] == ':')
                        buf_char(&m->out, ' ');
        }
        buf_char(&m->out, '\n');
        m->out.failed |= plain.failed;
        buf_deinit(&plain);
        return true;
}

static bool utf16(Maker *m) {
        Buf plain;

        damage_log(m, 0, 5, NULL);
        plain = m->out;
        m->out = (Buf){0};
        buf_str(&m->out, "\xff\xfe");
        for (size_t i = 0; i < plain.n; i++) {
                buf_char(&m->out, plain.data[i]);
                buf_char(&m->out, 0);
        }
        buf_deinit(&plain);
        return true;
}

static void quoted_record(Maker *m, unsigned i) {
        Buf plain = {0};

        damage_record(m, i, NULL, &plain);
        buf_char(&m->out, '"');
        buf_escape(&m->out, plain.data, plain.n);
        buf_char(&m->out, '"');
        m->out.failed |= plain.failed;
        buf_deinit(&plain);
}

static bool lookup_events(Maker *m) {
        buf_str(&m->out, "{\"Events\":[");
        for (unsigned i = 0; i < 3; i++) {
                buf_fmt(&m->out,
                                "%s{\"EventName\":\"GetBucketAcl\",\"Resources\":[],"
                                "\"CloudTrailEvent\":",
                                i ? "," : "");
                quoted_record(m, i);
                buf_char(&m->out, '}');
        }
        buf_str(&m->out, "],\"NextToken\":\"abc\"}\n");
        return true;
}

static bool event_bridge(Maker *m) {
        buf_str(&m->out, "{\"version\":\"0\",\"id\":\"1\",\"detail-type\":\"AWS API Call via "
                         "CloudTrail\","
                         "\"source\":\"aws.s3\",\"account\":\"123456789012\",\"time\":"
                         "\"2026-02-01T00:00:00Z\",\"region\":\"eu-west-1\",\"resources\":[],"
                         "\"detail\":");
        damage_record(m, 0, NULL, &m->out);
        buf_str(&m->out, "}\n");
        return true;
}

static bool cloudwatch_logs(Maker *m) {
        buf_str(&m->out, "{\"events\":[");
        for (unsigned i = 0; i < 3; i++) {
                buf_fmt(&m->out, "%s{\"logStreamName\":\"s\",\"timestamp\":%u000,\"message\":",
                                i ? "," : "", 1769904000 + i);
                quoted_record(m, i);
                buf_fmt(&m->out, ",\"ingestionTime\":1769904100000,\"eventId\":\"%u\"}", i);
        }
        buf_str(&m->out, "]}\n");
        return true;
}

static bool digest(Maker *m) {
        buf_str(&m->out, "{\"awsAccountId\":\"123456789012\",\"digestStartTime\":\"2026-02-01T00:"
                         "00:00Z\","
                         "\"digestEndTime\":\"2026-02-01T01:00:00Z\",\"digestS3Bucket\":\"b\","
                         "\"digestS3Object\":\"o\",\"digestPublicKeyFingerprint\":\"f\","
                         "\"digestSignatureAlgorithm\":\"SHA256withRSA\",\"newestEventTime\":null,"
                         "\"oldestEventTime\":null,\"previousDigestS3Bucket\":null,"
                         "\"previousDigestS3Object\":null,\"previousDigestHashValue\":null,"
                         "\"previousDigestHashAlgorithm\":null,\"previousDigestSignature\":null,"
                         "\"logFiles\":[]}");
        return true;
}

#define SOUND VERDICT_SOUND, "0-4", NULL

const Case damage_json_cases[] = {
                {"json-cut-in-record-3.json", VERDICT_DAMAGED, "0-1", NULL,
                                "five records, cut in the middle of the third", cut, false},
                {"json-wrong-byte-in-record-3.json", VERDICT_DAMAGED, "0-1", "3-4",
                                "a # for a colon in the third of five records", wrong_byte, false},
                {"json-wrong-utf8-in-record-3.json", VERDICT_DAMAGED, "0-1", "2-4",
                                "a byte 0xff in a string of the third of five records", wrong_utf8,
                                false},
                {"json-control-byte-in-record-3.json", VERDICT_DAMAGED, "0-1", "2-4",
                                "a raw tab in a string of the third of five records", control_byte,
                                false},
                {"json-nested-100000-deep.json", VERDICT_DAMAGED, "0-1", "2-4",
                                "requestParameters of the third record 200,000 levels deep", nested,
                                false},
                {"record-without-eventTime.json", VERDICT_REJECTED, "0-1,3-4", NULL,
                                "the third has no eventTime", no_time, false},
                {"record-with-null-eventTime.json", VERDICT_REJECTED, "0-1,3-4", NULL,
                                "the third has eventTime null", null_time, false},
                {"record-with-nonsense-eventTime.json", VERDICT_REJECTED, "0-1,3-4", NULL,
                                "the third happened 'yesterday at noon'", nonsense_time, false},
                {"record-with-number-eventTime.json", VERDICT_REJECTED, "0-1,3-4", "2",
                                "the third has seconds since 1970", number_time, false},
                {"records-that-are-not-objects.json", VERDICT_REJECTED, "0-1", NULL,
                                "between two records a number, a string, null and an array",
                                not_objects, false},
                {"conflict-same-time.json", VERDICT_CONFLICT, "0", NULL,
                                "two different records under one eventID, at the same time",
                                conflict_same_time, false},
                {"conflict-other-time.json", VERDICT_CONFLICT, "0", NULL,
                                "two different records under one eventID, at different times",
                                conflict_other_time, false},
                {"duplicate-keys.json", SOUND,
                                "the third has sourceIPAddress twice, and a key twice inside",
                                duplicate_keys, false},
                {"booleans-as-strings.json", SOUND, "readOnly is the string false in the third",
                                text_booleans, false},
                {"times-with-fraction-and-offset.json", SOUND,
                                "seconds 0 to 4 of 2026-02-01 UTC, with fractions and offsets",
                                odd_times, false},
                {"escapes.json", SOUND,
                                "all kinds of escapes, terminal and spreadsheet and markup text",
                                escapes, false},
                {"lone-surrogate.json", VERDICT_SOUND, "0-1,3-4", "2",
                                "half a surrogate pair in the third", lone_surrogate, false},
                {"huge-value.json", VERDICT_SOUND, "0-1,3-4", "2",
                                "a string of 4 MiB in the third: no record of AWS is so large",
                                huge_value, false},
                {"byte-order-mark.json", SOUND, "UTF-8 with a byte order mark", byte_order_mark,
                                false},
                {"lines-crlf.jsonl", SOUND, "a record a line, lines ended by CR LF", crlf_lines,
                                false},
                {"lines-broken.jsonl", VERDICT_DAMAGED, "0-1,3-4", NULL,
                                "a record a line, the third line cut short", broken_lines, false},
                {"bare-array.json", SOUND, "records in an array, nothing around", bare_array,
                                false},
                {"bare-record.json", VERDICT_SOUND, "0", NULL, "one record, nothing around",
                                bare_record, false},
                {"pretty-record.json", VERDICT_SOUND, "0", NULL, "one record over many lines",
                                pretty_record, false},
                {"utf-16.json", VERDICT_IGNORED, NULL, "0-4",
                                "UTF-16, little-endian, with its mark", utf16, false},
                {"lookup-events.json", VERDICT_SOUND, "0-2", NULL, "what lookup-events prints",
                                lookup_events, false},
                {"event-bridge.json", VERDICT_SOUND, "0", NULL, "an EventBridge envelope",
                                event_bridge, false},
                {"cloudwatch-logs.json", VERDICT_SOUND, "0-2", NULL,
                                "what filter-log-events prints", cloudwatch_logs, false},
                {"123456789012_CloudTrail-Digest_eu-west-1_t_eu-west-1_20260201T010000Z.json",
                                VERDICT_IGNORED, NULL, NULL, "a digest file: known, but not a log",
                                digest, false},
};

const size_t n_damage_json_cases = sizeof damage_json_cases / sizeof *damage_json_cases;
