/* Small sound records and logs, for the cases to break. */
#include <zlib.h>

#include "damage.h"

void damage_record(Maker *m, unsigned i, const Bits *bits, Buf *b) {
        static const Bits ordinary;

        if (!bits)
                bits = &ordinary;
        buf_str(b, "{\"eventVersion\":\"1.09\",\"userIdentity\":{\"type\":\"IAMUser\","
                   "\"principalId\":"
                   "\"AIDAQDAMAGEDEVIDENCE1\",\"arn\":\"arn:aws:iam::123456789012:user/dora\","
                   "\"accountId\":\"123456789012\",\"accessKeyId\":\"AKIAQDAMAGEDEVIDENC1\","
                   "\"userName\":\"dora\"},");
        if (!bits->time)
                buf_fmt(b, "\"eventTime\":\"2026-02-01T%02u:%02u:%02uZ\",", i / 3600 % 24,
                                i / 60 % 60, i % 60);
        else if (*bits->time)
                buf_fmt(b, "\"eventTime\":%s,", bits->time);
        buf_fmt(b,
                        "\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"%s\",\"awsRegion\":"
                        "\"eu-west-1\",\"sourceIPAddress\":\"192.0.2.%u\",\"userAgent\":\"aws-cli/"
                        "2.15.30\","
                        "\"requestParameters\":%s,\"responseElements\":null,\"requestID\":\"",
                        bits->event ? bits->event : "GetBucketAcl", 1 + i % 250,
                        bits->params ? bits->params : "{\"bucketName\":\"evidence\"}");
        id_uuid(b, rng_hash(m->number, i, 3, 3));
        buf_fmt(b,
                        "\",\"eventID\":\"dabadee0-%04u-4000-8000-%012u\",\"readOnly\":%s,"
                        "\"eventType\":\"AwsApiCall\",\"managementEvent\":true,"
                        "\"recipientAccountId\":"
                        "\"123456789012\",\"eventCategory\":\"Management\"%s}",
                        m->number, i, bits->read ? bits->read : "true",
                        bits->extra ? bits->extra : "");
}

/* {"Records":[...]} of records from..to-1; `third`, if given, is the manner of record 2. */
void damage_log(Maker *m, unsigned from, unsigned to, const Bits *third) {
        buf_str(&m->out, "{\"Records\":[");
        for (unsigned i = from; i < to; i++) {
                if (i > from)
                        buf_char(&m->out, ',');
                damage_record(m, i, i == 2 ? third : NULL, &m->out);
        }
        buf_str(&m->out, "]}");
}

/* Replaces the bytes by one gzip member of them; failure shows in b->failed. */
void damage_gzip(Buf *b) {
        z_stream z = {0};
        Buf packed = {0};
        size_t bound;

        if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
                b->failed = true;
                return;
        }
        bound = deflateBound(&z, (uLong)b->n);
        buf_fill(&packed, 0, bound);
        z.next_in = (unsigned char *)b->data;
        z.avail_in = (uInt)b->n;
        z.next_out = (unsigned char *)packed.data;
        z.avail_out = (uInt)packed.n;
        if (packed.failed || b->failed || deflate(&z, Z_FINISH) != Z_STREAM_END)
                packed.failed = true;
        packed.n -= z.avail_out;
        deflateEnd(&z);
        buf_deinit(b);
        *b = packed;
}
