/*
 * A content is read as JSON twice: once for the object itself, whose arrays come as text, and once
 * that text, element by element. So nothing is searched for by number, and reading is linear.
 *
 * Nothing in a digest is believed before its type is checked: what is missing, of another type, or
 * stands twice makes it malformed, with the name of the key; what could be read is kept all the
 * same, because the digest may still have its place in a chain.
 *
 * A parser belongs to one thread and keeps only the buffers of its json readers.
 */
#include "proof/digest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/time.h"
#include "json/json.h"

enum {
        KEY_ACCOUNT,
        KEY_START,
        KEY_END,
        KEY_BUCKET,
        KEY_OBJECT,
        KEY_FINGERPRINT,
        KEY_ALGORITHM,
        KEY_PREVIOUS_BUCKET,
        KEY_PREVIOUS_OBJECT,
        KEY_PREVIOUS_HASH,
        KEY_PREVIOUS_HASH_ALGORITHM,
        KEY_PREVIOUS_SIGNATURE,
        KEY_LOGS,
        KEY_SIGN_REGION,
        KEY_SIGN_FILES,
        KEY_SIGN_HASH_ALGORITHM,
        KEY_SIGN_ALGORITHM,
        KEY_SIGN_TIME,
        KEY_SIGN_SIGNATURE,
        KEY_SIGN_FINGERPRINT,
        KEY_KEYS,
        N_KEYS,
};

static const char *const object_keys[N_KEYS] = {
                [KEY_ACCOUNT] = "awsAccountId",
                [KEY_START] = "digestStartTime",
                [KEY_END] = "digestEndTime",
                [KEY_BUCKET] = "digestS3Bucket",
                [KEY_OBJECT] = "digestS3Object",
                [KEY_FINGERPRINT] = "digestPublicKeyFingerprint",
                [KEY_ALGORITHM] = "digestSignatureAlgorithm",
                [KEY_PREVIOUS_BUCKET] = "previousDigestS3Bucket",
                [KEY_PREVIOUS_OBJECT] = "previousDigestS3Object",
                [KEY_PREVIOUS_HASH] = "previousDigestHashValue",
                [KEY_PREVIOUS_HASH_ALGORITHM] = "previousDigestHashAlgorithm",
                [KEY_PREVIOUS_SIGNATURE] = "previousDigestSignature",
                [KEY_LOGS] = "logFiles",
                [KEY_SIGN_REGION] = "region",
                [KEY_SIGN_FILES] = "files",
                [KEY_SIGN_HASH_ALGORITHM] = "hashAlgorithm",
                [KEY_SIGN_ALGORITHM] = "signatureAlgorithm",
                [KEY_SIGN_TIME] = "queryCompleteTime",
                [KEY_SIGN_SIGNATURE] = "hashSignature",
                [KEY_SIGN_FINGERPRINT] = "publicKeyFingerprint",
                [KEY_KEYS] = "PublicKeyList",
};

enum {
        ITEM_BUCKET,
        ITEM_OBJECT,
        ITEM_HASH,
        ITEM_HASH_ALGORITHM,
        ITEM_FILE_NAME,
        ITEM_FILE_HASH,
        ITEM_VALUE,
        ITEM_FINGERPRINT,
        ITEM_FROM,
        ITEM_TO,
        N_ITEMS,
};

static const char *const item_keys[N_ITEMS] = {
                [ITEM_BUCKET] = "s3Bucket",
                [ITEM_OBJECT] = "s3Object",
                [ITEM_HASH] = "hashValue",
                [ITEM_HASH_ALGORITHM] = "hashAlgorithm",
                [ITEM_FILE_NAME] = "fileName",
                [ITEM_FILE_HASH] = "fileHashValue",
                [ITEM_VALUE] = "Value",
                [ITEM_FINGERPRINT] = "Fingerprint",
                [ITEM_FROM] = "ValidityStartTime",
                [ITEM_TO] = "ValidityEndTime",
};

typedef struct Half {
        JsonPaths *paths;
        JsonReader *reader;
        int (*unit)(DigestParser *p, const JsonUnit *unit);
} Half;

struct DigestParser {
        Half object, item;
        Findings *findings;
        const uint8_t *hash;
        bool is_digest, is_sign;
        bool is_taken;    /* the object of this content */
        char defect[200]; /* the first; empty: none */
        uint64_t n_items; /* of the array at hand */
        DigestKey key;    /* of keys */
        void *userdata;
        bool has_keys;
};

void findings_deinit(Findings *f) {
        arena_deinit(&f->arena);
        intern_deinit(&f->texts);
        vec_deinit(&f->digests);
        vec_deinit(&f->entries);
        vec_deinit(&f->signs);
        vec_deinit(&f->results);
}

/* ---- small parts ---- */

__attribute__((format(printf, 2, 3))) static void defect(DigestParser *p, const char *format, ...) {
        va_list args;

        if (p->defect[0])
                return;
        va_start(args, format);
        vsnprintf(p->defect, sizeof(p->defect), format, args);
        va_end(args);
}

/* TEXT once, however often it comes. */
static int keep(Findings *f, Slice text, Slice *ret) {
        uint32_t id;
        int r;

        *ret = (Slice){NULL, 0};
        if (!text.data)
                return 0;
        r = intern_add(&f->texts, text, &id, NULL);
        if (r == 0)
                *ret = f->texts.strings.data[id];
        return r;
}

/* The string under KEY; what is anything else is a defect, but null where that may be. */
static Slice string_of(DigestParser *p, const JsonUnit *unit, int key, bool may_be_null) {
        const JsonValue *value = &unit->values[key];

        if (value->type == JSON_STRING && value->text.size)
                return value->text;
        if (value->type == JSON_ABSENT)
                defect(p, "%s is missing", object_keys[key]);
        else if (value->type == JSON_STRING)
                defect(p, "%s is empty", object_keys[key]);
        else if (value->type != JSON_NULL || !may_be_null)
                defect(p, "%s is no text", object_keys[key]);
        return (Slice){NULL, 0};
}

static bool time_of(DigestParser *p, Slice text, int key, int64_t *ret_time) {
        if (!text.data)
                return false;
        if (time_parse(text, ret_time) == 0)
                return true;
        defect(p, "%s is not a time", object_keys[key]);
        return false;
}

/* ---- reading JSON ---- */

static int on_object(void *userdata, const JsonUnit *unit) {
        DigestParser *p = userdata;

        return p->object.unit(p, unit);
}

static int on_item(void *userdata, const JsonUnit *unit) {
        DigestParser *p = userdata;

        return p->item.unit(p, unit);
}

/* What kind of thing the keys say it is; types are known even of what was cut. */
static void tell_kind(DigestParser *p, const JsonUnit *unit) {
        static const int digest_marks[] = {KEY_START, KEY_END, KEY_BUCKET, KEY_OBJECT, KEY_LOGS,
                        KEY_PREVIOUS_OBJECT, KEY_PREVIOUS_SIGNATURE};

        if (!unit || unit->type != JSON_OBJECT)
                return;
        for (size_t i = 0; i < sizeof(digest_marks) / sizeof(*digest_marks); i++)
                p->is_digest |= unit->values[digest_marks[i]].type != JSON_ABSENT;
        p->is_sign |= unit->values[KEY_SIGN_SIGNATURE].type != JSON_ABSENT;
        p->has_keys |= unit->values[KEY_KEYS].type == JSON_ARRAY;
}

static int on_object_fault(void *userdata, const JsonFault *fault) {
        DigestParser *p = userdata;

        tell_kind(p, fault->unit);
        defect(p, "at byte %llu: %.*s", (unsigned long long)fault->offset, (int)fault->reason.size,
                        fault->reason.data);
        return 0;
}

/* The text of an array that was found sound. */
static int on_item_fault(void *userdata, const JsonFault *fault) {
        DigestParser *p = userdata;

        defect(p, "%.*s", (int)fault->reason.size, fault->reason.data);
        return 0;
}

static bool never(void *userdata, const JsonUnit *unit) {
        (void)userdata, (void)unit;
        return false;
}

static int read_text(DigestParser *p, Half *half, Slice text) {
        bool is_object = half == &p->object;
        JsonSink sink = {p, is_object ? on_object : on_item,
                        is_object ? on_object_fault : on_item_fault, never, NULL};
        int r = json_reader_begin(half->reader, &sink, false, (Slice){NULL, 0});

        while (r == 0 && text.size) {
                char *buffer;
                size_t n;

                r = json_reader_space(half->reader, &buffer, &n);
                if (r)
                        break;
                n = n < text.size ? n : text.size;
                memcpy(buffer, text.data, n);
                text = slice(text.data + n, text.size - n);
                r = json_reader_feed(half->reader, n);
        }
        return r ? r : json_reader_finish(half->reader);
}

static int read_items(DigestParser *p, Slice array, int (*unit)(DigestParser *, const JsonUnit *)) {
        p->n_items = 0;
        p->item.unit = unit;
        return read_text(p, &p->item, array);
}

/* ---- digests ---- */

static Slice item_string(DigestParser *p, const char *array, const JsonUnit *unit, int key) {
        const JsonValue *value = &unit->values[key];

        if (unit->type != JSON_OBJECT) {
                defect(p, "%s[%llu] is no object", array, (unsigned long long)p->n_items);
                return (Slice){NULL, 0};
        }
        if (value->type == JSON_STRING && value->text.size)
                return value->text;
        defect(p, "%s[%llu].%s is %s", array, (unsigned long long)p->n_items, item_keys[key],
                        value->type == JSON_ABSENT ? "missing" : "no text");
        return (Slice){NULL, 0};
}

static bool is_sha256(Slice algorithm) {
        return slice_equal(algorithm, SLICE_LITERAL("SHA-256"));
}

/* The key of an object: its directory stands once, its name for itself. */
static int split_object(Findings *f, Slice bucket, Slice object, Entry *entry) {
        const char *slash = memrchr(object.data, '/', object.size);
        size_t n_dir = slash ? (size_t)(slash - object.data) + 1 : 0;
        size_t size = bucket.size + 1 + n_dir;
        char *text;
        Slice kept, base;
        int r;

        if (size > UINT32_MAX || object.size > UINT32_MAX)
                return -EOVERFLOW;
        text = vec_alloc(size, 1);
        if (!text)
                return -ENOMEM;
        memcpy(text, bucket.data, bucket.size);
        text[bucket.size] = '/';
        memcpy(text + bucket.size + 1, object.data, n_dir);
        r = keep(f, slice(text, size), &kept);
        free(text);
        if (r == 0)
                r = arena_copy(&f->arena, slice(object.data + n_dir, object.size - n_dir), &base);
        if (r)
                return r;
        entry->where = kept.data;
        entry->n_where = (uint32_t)kept.size;
        entry->n_bucket = (uint32_t)bucket.size;
        entry->base = base.data;
        entry->n_base = (uint32_t)base.size;
        return 0;
}

static int on_log(DigestParser *p, const JsonUnit *unit) {
        static const char array[] = "logFiles";
        Findings *f = p->findings;
        Slice bucket = item_string(p, array, unit, ITEM_BUCKET);
        Slice object = item_string(p, array, unit, ITEM_OBJECT);
        Slice hash = item_string(p, array, unit, ITEM_HASH);
        Slice algorithm = item_string(p, array, unit, ITEM_HASH_ALGORITHM);
        Entry entry = {.file = PROOF_NONE};
        int r;

        if (bucket.data && object.data) {
                entry.has_hash = hash.data && sha256_parse(hash, entry.hash) == 0;
                if (hash.data && !entry.has_hash)
                        defect(p, "%s[%llu].hashValue is no SHA-256 in hex", array,
                                        (unsigned long long)p->n_items);
                if (algorithm.data && !is_sha256(algorithm)) {
                        entry.has_hash = false;
                        defect(p, "%s[%llu].hashAlgorithm is not SHA-256", array,
                                        (unsigned long long)p->n_items);
                }
                r = vec_reserve(&f->entries, 1);
                if (r == 0)
                        r = split_object(f, bucket, object, &entry);
                if (r)
                        return r;
                f->entries.data[f->entries.size++] = entry;
        }
        p->n_items++;
        return 0;
}

/* previous*: all of them, or all null in a digest that begins a chain. */
static int take_previous(DigestParser *p, const JsonUnit *unit, Digest *d) {
        Findings *f = p->findings;
        Slice object = string_of(p, unit, KEY_PREVIOUS_OBJECT, true);
        bool is_first = unit->values[KEY_PREVIOUS_OBJECT].type == JSON_NULL;
        Slice bucket = string_of(p, unit, KEY_PREVIOUS_BUCKET, is_first);
        Slice hash = string_of(p, unit, KEY_PREVIOUS_HASH, is_first);
        Slice algorithm = string_of(p, unit, KEY_PREVIOUS_HASH_ALGORITHM, is_first);
        Slice signature = string_of(p, unit, KEY_PREVIOUS_SIGNATURE, is_first);
        int r;

        if (is_first && (bucket.data || hash.data || signature.data))
                defect(p, "previousDigestS3Object is null and the other previousDigest keys are "
                          "not");
        d->has_previous_hash = hash.data && sha256_parse(hash, d->previous_hash) == 0;
        if (hash.data && !d->has_previous_hash)
                defect(p, "previousDigestHashValue is no SHA-256 in hex");
        if (algorithm.data && !is_sha256(algorithm)) {
                defect(p, "previousDigestHashAlgorithm is not SHA-256");
                d->has_previous_hash = false;
        }
        r = keep(f, bucket, &d->previous_bucket);
        if (r == 0)
                r = keep(f, object, &d->previous_object);
        if (r == 0 && signature.data)
                r = arena_copy(&f->arena, signature, &d->previous_signature);
        return r;
}

static int take_own(DigestParser *p, const JsonUnit *unit, Digest *d) {
        Findings *f = p->findings;
        Slice end = string_of(p, unit, KEY_END, false);
        bool has_times = time_of(p, string_of(p, unit, KEY_START, false), KEY_START, &d->start);
        int r;

        has_times &= time_of(p, end, KEY_END, &d->end);
        if (has_times && d->end < d->start)
                defect(p, "digestEndTime is before digestStartTime");
        r = keep(f, string_of(p, unit, KEY_ACCOUNT, false), &d->account);
        if (r == 0)
                r = keep(f, string_of(p, unit, KEY_BUCKET, false), &d->bucket);
        if (r == 0)
                r = keep(f, string_of(p, unit, KEY_OBJECT, false), &d->object);
        if (r == 0)
                r = keep(f, string_of(p, unit, KEY_FINGERPRINT, false), &d->fingerprint);
        if (r == 0)
                r = keep(f, string_of(p, unit, KEY_ALGORITHM, false), &d->algorithm);
        if (r == 0)
                r = keep(f, end, &d->end_text);
        d->is_known = has_times && d->bucket.data && d->object.data && d->end >= d->start;
        return r;
}

static int take_digest(DigestParser *p, const JsonUnit *unit) {
        Findings *f = p->findings;
        Digest d = {.successor = PROOF_NONE, .chain = PROOF_NONE, .copy_of = PROOF_NONE};
        int r = vec_reserve(&f->digests, 1);

        if (unit->n_repeated)
                defect(p, "%u of its keys stand twice", unit->n_repeated);
        if (r == 0)
                r = take_own(p, unit, &d);
        if (r == 0)
                r = take_previous(p, unit, &d);
        d.first_entry = f->entries.size;
        if (unit->values[KEY_LOGS].type != JSON_ARRAY)
                defect(p, "logFiles is %s",
                                unit->values[KEY_LOGS].type == JSON_ABSENT ? "missing"
                                                                           : "no array");
        else if (r == 0)
                r = read_items(p, unit->values[KEY_LOGS].text, on_log);
        d.n_entries = f->entries.size - d.first_entry;
        if (r == 0)
                f->digests.data[f->digests.size++] = d;
        return r;
}

/* ---- sign files ---- */

static int on_result(DigestParser *p, const JsonUnit *unit) {
        Findings *f = p->findings;
        Slice name = item_string(p, "files", unit, ITEM_FILE_NAME);
        Slice hash = item_string(p, "files", unit, ITEM_FILE_HASH);
        Result result = {.file = PROOF_NONE};
        int r = vec_reserve(&f->results, 1);

        if (hash.data && sha256_parse(hash, result.hash) != 0)
                defect(p, "files[%llu].fileHashValue is no SHA-256 in hex",
                                (unsigned long long)p->n_items);
        if (r == 0)
                r = keep(f, name, &result.name);
        if (r == 0) /* one without a name is kept too: what is signed are all the hashes */
                f->results.data[f->results.size++] = result;
        p->n_items++;
        return r;
}

static int take_sign(DigestParser *p, const JsonUnit *unit) {
        Findings *f = p->findings;
        Slice time = string_of(p, unit, KEY_SIGN_TIME, false);
        Slice hashing = string_of(p, unit, KEY_SIGN_HASH_ALGORITHM, false);
        Slice signing = string_of(p, unit, KEY_SIGN_ALGORITHM, false);
        Sign sign = {.first_result = f->results.size};
        int r = vec_reserve(&f->signs, 1);

        if (hashing.data && !is_sha256(hashing))
                defect(p, "hashAlgorithm is not SHA-256");
        if (signing.data && !slice_equal(signing, SLICE_LITERAL("SHA256withRSA")))
                defect(p, "signatureAlgorithm is not SHA256withRSA");
        if (unit->n_repeated)
                defect(p, "%u of its keys stand twice", unit->n_repeated);
        sign.has_time = time_of(p, time, KEY_SIGN_TIME, &sign.time);
        if (r == 0)
                r = keep(f, time, &sign.time_text);
        if (r == 0)
                r = keep(f, string_of(p, unit, KEY_SIGN_REGION, false), &sign.region);
        if (r == 0)
                r = keep(f, string_of(p, unit, KEY_SIGN_FINGERPRINT, false), &sign.fingerprint);
        if (r == 0)
                r = keep(f, string_of(p, unit, KEY_SIGN_SIGNATURE, false), &sign.signature);
        if (unit->values[KEY_SIGN_FILES].type != JSON_ARRAY)
                defect(p, "files is %s",
                                unit->values[KEY_SIGN_FILES].type == JSON_ABSENT ? "missing"
                                                                                 : "no array");
        else if (r == 0)
                r = read_items(p, unit->values[KEY_SIGN_FILES].text, on_result);
        sign.n_results = f->results.size - sign.first_result;
        if (r == 0 && sign.n_results == 0)
                defect(p, "it names no file");
        if (r == 0)
                f->signs.data[f->signs.size++] = sign;
        return r;
}

/* ---- content ---- */

static int on_content(DigestParser *p, const JsonUnit *unit) {
        if (p->is_taken) {
                defect(p, "at byte %llu: more behind it", (unsigned long long)unit->offset);
                return 0;
        }
        tell_kind(p, unit);
        if (unit->place != JSON_TOP || (!p->is_digest && !p->is_sign))
                return DIGEST_FOUND; /* enough was seen: it is something else */
        p->is_taken = true;
        return p->is_digest ? take_digest(p, unit) : take_sign(p, unit);
}

/* Nothing of it could be read but what it is. */
static int take_unread(DigestParser *p) {
        Findings *f = p->findings;
        int r = p->is_digest ? vec_reserve(&f->digests, 1) : vec_reserve(&f->signs, 1);

        if (r == 0 && p->is_digest)
                f->digests.data[f->digests.size++] = (Digest){.successor = PROOF_NONE,
                                .chain = PROOF_NONE,
                                .copy_of = PROOF_NONE,
                                .first_entry = f->entries.size};
        else if (r == 0)
                f->signs.data[f->signs.size++] = (Sign){.first_result = f->results.size};
        return r;
}

int digest_parse(DigestParser *p, Slice content, const uint8_t hash[static SHA256_SIZE],
                Findings *f) {
        Slice *malformed;
        int r;

        p->findings = f;
        p->is_digest = p->is_sign = p->is_taken = false;
        p->defect[0] = 0;
        p->object.unit = on_content;
        r = read_text(p, &p->object, content);
        if (r < 0)
                return r;
        if (r == DIGEST_FOUND || (!p->is_digest && !p->is_sign))
                return DIGEST_NONE;
        r = p->is_taken ? 0 : take_unread(p);
        if (r)
                return r;
        if (p->is_digest) {
                Digest *d = &f->digests.data[f->digests.size - 1];

                memcpy(d->hash, hash, SHA256_SIZE);
                malformed = &d->malformed;
        } else {
                malformed = &f->signs.data[f->signs.size - 1].malformed;
        }
        if (p->defect[0])
                r = keep(f, slice_cstr(p->defect), malformed);
        return r ? r : DIGEST_FOUND;
}

/* ---- public keys ---- */

static int on_key(DigestParser *p, const JsonUnit *unit) {
        Slice value = item_string(p, "PublicKeyList", unit, ITEM_VALUE);
        Slice fingerprint = item_string(p, "PublicKeyList", unit, ITEM_FINGERPRINT);
        const JsonValue *from = &unit->values[ITEM_FROM], *to = &unit->values[ITEM_TO];
        Slice none = {NULL, 0};

        p->n_items++;
        if (!value.data || !fingerprint.data)
                return 0;
        return p->key(p->userdata, value, fingerprint,
                        from->type == JSON_STRING ? from->text : none,
                        to->type == JSON_STRING ? to->text : none);
}

static int on_keys(DigestParser *p, const JsonUnit *unit) {
        tell_kind(p, unit);
        if (unit->type != JSON_OBJECT || unit->values[KEY_KEYS].type != JSON_ARRAY) {
                defect(p, "no PublicKeyList in it");
                return 0;
        }
        return read_items(p, unit->values[KEY_KEYS].text, on_key);
}

int digest_parse_keys(
                DigestParser *p, Slice content, DigestKey key, void *userdata, Slice *ret_reason) {
        int r;

        p->key = key;
        p->userdata = userdata;
        p->has_keys = false;
        p->defect[0] = 0;
        p->object.unit = on_keys;
        r = read_text(p, &p->object, content);
        if (r == 0 && !p->has_keys)
                defect(p, "no PublicKeyList in it");
        *ret_reason = slice_cstr(p->defect);
        return r ? r : p->defect[0] != 0;
}

/* ---- first bytes ---- */

static bool holds(Slice head, const char *text) {
        return memmem(head.data, head.size, text, strlen(text)) != NULL;
}

static Slice without_space(Slice head) {
        if (head.size >= 3 && memcmp(head.data, "\xEF\xBB\xBF", 3) == 0)
                head = slice(head.data + 3, head.size - 3);
        while (head.size && memchr(" \t\r\n", head.data[0], 4))
                head = slice(head.data + 1, head.size - 1);
        return head;
}

bool digest_is_likely(Slice head) {
        head = without_space(head);
        return head.size && head.data[0] == '{' &&
               (holds(head, "\"digestS") || holds(head, "\"digestEndTime\"") ||
                               holds(head, "\"logFiles\"") || holds(head, "\"previousDigest") ||
                               holds(head, "\"hashSignature\"") ||
                               holds(head, "\"fileHashValue\""));
}

bool digest_is_log(Slice head) {
        head = without_space(head);
        return head.size && (head.data[0] == '{' || head.data[0] == '[') &&
               (holds(head, "\"Records\"") || holds(head, "\"eventVersion\""));
}

/* ---- life ---- */

static int half_init(Half *half, const char *const *keys, size_t n, const JsonLimits *limits) {
        int r = json_paths_new(keys, n, NULL, 0, &half->paths);

        return r ? r : json_reader_new(half->paths, NULL, 0, limits, &half->reader);
}

static void half_deinit(Half *half) {
        json_reader_free(half->reader);
        json_paths_free(half->paths);
}

int digest_parser_new(uint32_t max_depth, uint64_t max_bytes, DigestParser **ret_parser) {
        JsonLimits limits = {max_depth, max_bytes};
        DigestParser *p = vec_alloc_zero(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        r = half_init(&p->object, object_keys, N_KEYS, &limits);
        if (r == 0)
                r = half_init(&p->item, item_keys, N_ITEMS, &limits);
        if (r) {
                digest_parser_free(p);
                return r;
        }
        *ret_parser = p;
        return 0;
}

DigestParser *digest_parser_free(DigestParser *p) {
        if (p) {
                half_deinit(&p->object);
                half_deinit(&p->item);
                free(p);
        }
        return NULL;
}
