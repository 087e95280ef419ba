/* A trail with log file validation: logs, the digests that name them, chained and signed, and
 * results of CloudTrail Lake with their sign file. The key is made for the run and thrown away, so
 * digests differ each time; logs do not.
 *
 *   us-east-1       hour after hour, and two backfill digests in a chain of their own
 *   eu-west-1       the same, its third hour empty
 *   ap-southeast-2  stopped in the middle for two hours, then begun anew
 */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "rng.h"
#include "when.h"

#define ACCOUNT "111122223333"
#define TRAIL "audit_trail"
#define HOME "us-east-1"
#define BUCKET "trail-bucket"
#define PREFIX "logs/AWSLogs/" ACCOUNT "/"
#define FINGERPRINT "31e8b5433410dfb61a9dc45cc65b22ff"
#define OFFSET 91 /* seconds after the hour at which digests begin */

typedef struct Chain {
        const char *region;
        bool is_backfill;
        bool has_previous;
        Buf object, hash, signature; /* of the digest before */
} Chain;

typedef struct Trail {
        const TrailOptions *options;
        EVP_PKEY *key;
        Sink sink;
        Buf path, content, text;
        uint64_t n_logs, n_digests;
        bool failed;
} Trail;

static bool fail(Trail *t, const char *what) {
        if (!t->failed)
                fprintf(stderr, "spoor-gen: %s\n", what);
        t->failed = true;
        return false;
}

/* ---- hashes and signatures ---- */

static void put_hex(Buf *b, const unsigned char *bytes, size_t n) {
        for (size_t i = 0; i < n; i++)
                buf_hex(b, bytes[i], 2);
}

static bool hash(Trail *t, const void *data, size_t n, Buf *hex) {
        unsigned char digest[32];

        if (EVP_Digest(data, n, digest, NULL, EVP_sha256(), NULL) != 1)
                return fail(t, "libcrypto makes no SHA-256");
        put_hex(hex, digest, sizeof digest);
        return true;
}

static bool sign(Trail *t, const Buf *text, Buf *hex) {
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        unsigned char signature[512];
        size_t n = sizeof signature;
        bool ok = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, t->key) == 1 &&
                  EVP_DigestSign(context, signature, &n, (const unsigned char *)text->data,
                                  text->n) == 1;

        EVP_MD_CTX_free(context);
        if (!ok)
                return fail(t, "libcrypto makes no signature");
        put_hex(hex, signature, n);
        return true;
}

static bool write_keys(Trail *t) {
        unsigned char *der = NULL;
        int n = i2d_PublicKey(t->key, &der);
        Buf b = {0};
        bool ok;

        if (n <= 0)
                return fail(t, "libcrypto writes no public key");
        buf_str(&b, "{\n    \"PublicKeyList\": [\n        {\n            \"Value\": \"");
        for (int i = 0; i < n; i += 3) {
                unsigned char four[5];
                int n_part = n - i < 3 ? n - i : 3;

                buf_add(&b, four, (size_t)EVP_EncodeBlock(four, der + i, n_part));
        }
        buf_str(&b, "\",\n            \"ValidityStartTime\": \"2026-01-01T00:00:00+00:00\",\n"
                    "            \"ValidityEndTime\": \"2027-01-01T00:00:00+00:00\",\n"
                    "            \"Fingerprint\": \"" FINGERPRINT "\"\n        }\n    ]\n}\n");
        OPENSSL_free(der);
        buf_clear(&t->path);
        buf_fmt(&t->path, "%s/public-keys.json", t->options->out);
        ok = !b.failed && file_write(buf_cstr(&t->path), b.data, b.n);
        buf_deinit(&b);
        return ok || fail(t, "public-keys.json was not written");
}

/* ---- objects ---- */

/* The content under its key, below the bucket's name. */
static bool put_object(Trail *t, const char *object) {
        buf_clear(&t->path);
        buf_fmt(&t->path, "%s/" BUCKET "/%s", t->options->out, object);
        if (!sink_open(&t->sink, buf_cstr(&t->path)))
                return t->failed = true, false;
        sink_write(&t->sink, &t->content);
        return sink_close(&t->sink) || (t->failed = true, false);
}

static void put_day(Buf *b, int64_t time) {
        Civil c = when_civil(time);

        buf_fmt(b, "%04d/%02u/%02u/", c.year, c.month, c.day);
}

static void put_stamp(Buf *b, int64_t time, bool seconds) {
        Civil c = when_civil(time);

        buf_fmt(b, "%04d%02u%02uT%02u%02u", c.year, c.month, c.day, c.hour, c.minute);
        if (seconds)
                buf_fmt(b, "%02u", c.second);
        buf_char(b, 'Z');
}

static void put_record(Trail *t, const char *region, int64_t time, uint64_t h) {
        Buf *b = &t->content;

        buf_str(b, "{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"IAMUser\",\"arn\":"
                   "\"arn:aws:iam::" ACCOUNT ":user/alice\",\"accountId\":\"" ACCOUNT
                   "\",\"accessKeyId\":\"AKIAIOSFODNN7EXAMPLE\",\"userName\":\"alice\"},"
                   "\"eventTime\":\"");
        when_iso(b, time);
        buf_fmt(b,
                        "\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"ListBuckets\","
                        "\"awsRegion\":\"%s\",\"sourceIPAddress\":\"198.51.100.7\",\"userAgent\":"
                        "\"aws-cli/2.9\",\"requestParameters\":null,\"responseElements\":null,"
                        "\"eventID\":\"",
                        region);
        id_uuid(b, h);
        buf_str(b, "\",\"readOnly\":true,\"eventType\":\"AwsApiCall\",\"recipientAccountId\":"
                   "\"" ACCOUNT "\"}");
}

/* A log file; what the digest says of it goes behind TEXT. */
static bool put_log(Trail *t, const char *region, int64_t time, uint64_t h, Buf *digest) {
        Buf object = {0}, hex = {0};
        bool ok;

        buf_clear(&t->content);
        buf_str(&t->content, "{\"Records\":[");
        for (unsigned i = 0; i < 1 + h % 3; i++) {
                if (i)
                        buf_char(&t->content, ',');
                put_record(t, region, time - 120 + i, rng_hash(h, i, 1, 0));
        }
        buf_str(&t->content, "]}");
        buf_fmt(&object, PREFIX "CloudTrail/%s/", region);
        put_day(&object, time);
        buf_fmt(&object, ACCOUNT "_CloudTrail_%s_", region);
        put_stamp(&object, time, false);
        id_base32(&object, "_", rng_hash(h, 2, 2, 2), 16);
        buf_str(&object, ".json.gz");
        ok = hash(t, t->content.data, t->content.n, &hex) && put_object(t, buf_cstr(&object));
        buf_fmt(digest,
                        "%s{\"s3Bucket\":\"" BUCKET "\",\"s3Object\":\"%s\",\"hashValue\":\"%s\","
                        "\"hashAlgorithm\":\"SHA-256\",\"newestEventTime\":\"",
                        digest->data[digest->n - 1] == '[' ? "" : ",", buf_cstr(&object),
                        buf_cstr(&hex));
        when_iso(digest, time - 60);
        buf_str(digest, "\",\"oldestEventTime\":\"");
        when_iso(digest, time - 120);
        buf_str(digest, "\"}");
        t->n_logs++;
        buf_deinit(&object);
        buf_deinit(&hex);
        return ok;
}

static void put_previous(const Chain *chain, Buf *b) {
        if (!chain->has_previous) {
                buf_str(b, "\"previousDigestS3Bucket\":null,\"previousDigestS3Object\":null,"
                           "\"previousDigestHashValue\":null,\"previousDigestHashAlgorithm\":null,"
                           "\"previousDigestSignature\":null,");
                return;
        }
        buf_fmt(b,
                        "\"previousDigestS3Bucket\":\"" BUCKET
                        "\",\"previousDigestS3Object\":\"%.*s\","
                        "\"previousDigestHashValue\":\"%.*s\",\"previousDigestHashAlgorithm\":"
                        "\"SHA-256\",",
                        (int)chain->object.n, chain->object.data, (int)chain->hash.n,
                        chain->hash.data);
        buf_fmt(b, "\"previousDigestSignature\":\"%.*s\",", (int)chain->signature.n,
                        chain->signature.data);
}

/* LOGS is the array of the digest's log files, without its end. */
static bool put_digest(Trail *t, Chain *chain, int64_t start, int64_t end, Buf *logs) {
        Buf object = {0}, hex = {0}, signature = {0}, *b = &t->content;
        bool ok;

        buf_fmt(&object, PREFIX "CloudTrail-Digest/%s/", chain->region);
        put_day(&object, end);
        buf_fmt(&object, ACCOUNT "_CloudTrail-Digest_%s_" TRAIL "_" HOME "_", chain->region);
        put_stamp(&object, end, true);
        buf_str(&object, chain->is_backfill ? "_backfill.json.gz" : ".json.gz");
        buf_clear(b);
        buf_str(b, "{\"awsAccountId\":\"" ACCOUNT "\",\"digestStartTime\":\"");
        when_iso(b, start);
        buf_str(b, "\",\"digestEndTime\":\"");
        when_iso(b, end);
        buf_fmt(b,
                        "\",\"digestS3Bucket\":\"" BUCKET "\",\"digestS3Object\":\"%s\","
                        "\"digestPublicKeyFingerprint\":\"" FINGERPRINT "\","
                        "\"digestSignatureAlgorithm\":\"SHA256withRSA\",\"newestEventTime\":null,"
                        "\"oldestEventTime\":null,",
                        buf_cstr(&object));
        put_previous(chain, b);
        buf_add(b, logs->data, logs->n);
        buf_str(b, "]}");
        ok = hash(t, b->data, b->n, &hex) && put_object(t, buf_cstr(&object));
        buf_clear(&t->text);
        when_iso(&t->text, end);
        buf_fmt(&t->text, "\n" BUCKET "/%s\n%s\n", buf_cstr(&object), buf_cstr(&hex));
        if (chain->has_previous)
                buf_add(&t->text, chain->signature.data, chain->signature.n);
        else
                buf_str(&t->text, "null");
        ok = ok && sign(t, &t->text, &signature);
        buf_deinit(&chain->object);
        buf_deinit(&chain->hash);
        buf_deinit(&chain->signature);
        chain->object = object;
        chain->hash = hex;
        chain->signature = signature;
        chain->has_previous = true;
        t->n_digests++;
        return ok;
}

static bool put_hour(
                Trail *t, Chain *chain, int64_t start, int64_t end, uint64_t h, uint64_t n_logs) {
        Buf logs = {0};
        bool ok = true;

        buf_str(&logs, "\"logFiles\":[");
        for (uint64_t i = 0; i < n_logs && ok; i++) {
                /* delivered every few minutes, none in the last ones */
                int64_t time = start + 60 + (int64_t)(i * 2400 / n_logs);

                ok = put_log(t, chain->region, time, rng_hash(h, i, 7, 7), &logs);
        }
        ok = ok && !logs.failed && put_digest(t, chain, start, end, &logs);
        buf_deinit(&logs);
        return ok;
}

static void chain_deinit(Chain *chain) {
        buf_deinit(&chain->object);
        buf_deinit(&chain->hash);
        buf_deinit(&chain->signature);
}

static bool put_region(Trail *t, const char *region) {
        const TrailOptions *o = t->options;
        Chain chain = {.region = region}, backfill = {.region = region, .is_backfill = true};
        int64_t start = o->start + OFFSET;
        bool ok = true;

        for (uint64_t i = 0; i < o->n_hours && ok; i++, start += 3600) {
                uint64_t h = rng_hash(o->seed, rng_text(region), i, 0);
                uint64_t n_logs = o->n_files ? o->n_files : 1 + h % 4;

                if (i == 2 && !strcmp(region, "eu-west-1"))
                        n_logs = 0;
                if (i == o->n_hours / 2 && !strcmp(region, "ap-southeast-2")) {
                        chain_deinit(&chain);
                        chain = (Chain){.region = region};
                        start += 7200;
                }
                ok = put_hour(t, &chain, start, start + 3600, h, n_logs);
        }
        for (uint64_t i = 0; i < 2 && ok && !strcmp(region, "us-east-1"); i++)
                ok = put_hour(t, &backfill, o->start + OFFSET + (int64_t)i * 3600,
                                o->start + OFFSET + (int64_t)(i + 1) * 3600,
                                rng_hash(o->seed, 4711, i, 0), 1);
        chain_deinit(&chain);
        chain_deinit(&backfill);
        return ok;
}

/* ---- results of Lake ---- */

/* The SHA-256 of the file as it stands, packed. */
static bool hash_file(Trail *t, const char *path, Buf *hex) {
        char bytes[65536];
        FILE *file = fopen(path, "rb");
        size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0;

        if (file)
                fclose(file);
        return file ? hash(t, bytes, n, hex) : fail(t, "a result cannot be read back");
}

static bool put_query(Trail *t, unsigned number) {
        Buf dir = {0}, object = {0}, hashes = {0}, files = {0}, signature = {0};
        bool ok = true;

        buf_str(&dir, PREFIX "CloudTrail-Lake/Query/");
        put_day(&dir, t->options->start);
        id_uuid(&dir, rng_hash(t->options->seed, number, 3, 3));
        for (unsigned i = 1; i <= 2 && ok; i++) {
                Buf hex = {0};

                buf_clear(&object);
                buf_fmt(&object, "%.*s/result_%u.csv.gz", (int)dir.n, dir.data, i);
                buf_clear(&t->content);
                buf_fmt(&t->content, "eventName,count\nListBuckets,%u\n", number * 10 + i);
                ok = put_object(t, buf_cstr(&object)) && hash_file(t, buf_cstr(&t->path), &hex);
                buf_fmt(&hashes, "%s%s", i > 1 ? " " : "", buf_cstr(&hex));
                buf_fmt(&files, "%s{\"fileHashValue\":\"%s\",\"fileName\":\"result_%u.csv.gz\"}",
                                i > 1 ? "," : "", buf_cstr(&hex), i);
                buf_deinit(&hex);
        }
        ok = ok && sign(t, &hashes, &signature);
        buf_clear(&t->content);
        buf_fmt(&t->content,
                        "{\"version\":\"1.0\",\"region\":\"us-east-1\",\"files\":[%s],"
                        "\"hashAlgorithm\":\"SHA-256\",\"signatureAlgorithm\":"
                        "\"SHA256withRSA\",\"queryCompleteTime\":\"",
                        buf_cstr(&files));
        when_iso(&t->content, t->options->start + 7200);
        buf_fmt(&t->content,
                        "\",\"hashSignature\":\"%s\",\"publicKeyFingerprint\":\"" FINGERPRINT "\"}",
                        buf_cstr(&signature));
        buf_clear(&t->path);
        buf_fmt(&t->path, "%s/" BUCKET "/%.*s/result_sign.json", t->options->out, (int)dir.n,
                        dir.data);
        ok = ok && !t->content.failed &&
             file_write(buf_cstr(&t->path), t->content.data, t->content.n);
        buf_deinit(&dir);
        buf_deinit(&object);
        buf_deinit(&hashes);
        buf_deinit(&files);
        buf_deinit(&signature);
        return ok;
}

int trail_run(const TrailOptions *o) {
        Trail t = {.options = o, .key = EVP_RSA_gen(2048)};
        bool ok = t.key != NULL || fail(&t, "libcrypto makes no key");

        ok = ok && sink_init(&t.sink, PACKING_GZIP, 6);
        ok = ok && write_keys(&t) && put_region(&t, "us-east-1") && put_region(&t, "eu-west-1") &&
             put_region(&t, "ap-southeast-2") && put_query(&t, 1) && put_query(&t, 2);
        if (ok)
                printf("{\"logs\":%llu,\"digests\":%llu}\n", (unsigned long long)t.n_logs,
                                (unsigned long long)t.n_digests);
        sink_deinit(&t.sink);
        buf_deinit(&t.path);
        buf_deinit(&t.content);
        buf_deinit(&t.text);
        EVP_PKEY_free(t.key);
        return ok ? 0 : 1;
}
