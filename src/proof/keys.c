/*
 * Public keys, from what `aws cloudtrail list-public-keys` prints. A handful: looked up by going
 * through them. Immutable once read.
 */
#include "proof/private.h"

#include <errno.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/time.h"

#define KEYS_MAX_BYTES ((size_t)16 << 20)
#define SIGNATURE_MAX 2048 /* bytes; keys of 16,384 bits */

typedef struct Reading {
        VEC(char) content;
        Keys *keys;
        char *reason;
        size_t n_bad;
} Reading;

static int on_leaf(void *userdata, Slice name, IoStream *stream) {
        Reading *reading = userdata;
        size_t n = 1;
        int r = 0;

        (void)name;
        while (r == 0 && n > 0) {
                r = vec_reserve(&reading->content, 65536);
                if (r == 0)
                        r = io_stream_read(stream, reading->content.data + reading->content.size,
                                        65536, &n);
                if (r == 0)
                        reading->content.size += n;
                if (r == 0 && reading->content.size > KEYS_MAX_BYTES) {
                        snprintf(reading->reason, 512, "too large to be a list of public keys");
                        return PROOF_NO_KEYS;
                }
        }
        return r;
}

static int on_fault(void *userdata, Slice name, uint64_t offset, Slice reason) {
        Reading *reading = userdata;

        (void)name, (void)offset;
        snprintf(reading->reason, 512, "%.*s", (int)reason.size, reason.data);
        return PROOF_NO_KEYS;
}

static int64_t time_or(Slice text, int64_t other) {
        int64_t time;

        return text.data && time_parse(text, &time) == 0 ? time : other;
}

static int on_key(void *userdata, Slice value, Slice fingerprint, Slice from, Slice to) {
        Reading *reading = userdata;
        PublicKey key = {.from = time_or(from, INT64_MIN), .to = time_or(to, INT64_MAX)};
        int r = rsa_key_parse(value, &key.key);

        if (r == 1) {
                reading->n_bad++;
                return 0;
        }
        if (r == 0)
                r = vec_reserve(&reading->keys->list, 1);
        if (r == 0)
                r = arena_copy(&reading->keys->arena, fingerprint, &key.fingerprint);
        if (r)
                rsa_key_free(key.key);
        else
                reading->keys->list.data[reading->keys->list.size++] = key;
        return r;
}

static int parse(Reading *reading, DigestParser *parser) {
        Slice why;
        int r = digest_parse_keys(parser, slice(reading->content.data, reading->content.size),
                        on_key, reading, &why);

        if (r == 1) {
                snprintf(reading->reason, 512, "not what list-public-keys prints: %.*s",
                                (int)why.size, why.data);
                return PROOF_NO_KEYS;
        }
        if (r == 0 && reading->n_bad) {
                snprintf(reading->reason, 512,
                                "%zu of its keys cannot be read: not the base64 of "
                                "an RSA public key",
                                reading->n_bad);
                return PROOF_NO_KEYS;
        }
        return r;
}

int keys_read(const char *path, DigestParser *parser, Keys *keys, char reason[static 512]) {
        Reading reading = {.keys = keys, .reason = reason};
        IoSink sink = {&reading, on_leaf, on_fault, NULL};
        IoReader *reader = NULL;
        int r = io_reader_new(NULL, &reader);

        if (r == 0)
                r = io_reader_visit(reader, path, slice_cstr(path), &sink);
        if (r == 0)
                r = parse(&reading, parser);
        io_reader_free(reader);
        vec_deinit(&reading.content);
        return r;
}

void keys_deinit(Keys *keys) {
        for (size_t i = 0; i < keys->list.size; i++)
                rsa_key_free(keys->list.data[i].key);
        vec_deinit(&keys->list);
        arena_deinit(&keys->arena);
}

int keys_check(const Keys *keys, Slice fingerprint, Slice text, Slice signature) {
        uint8_t bytes[SIGNATURE_MAX];
        bool is_hex = signature.size <= 2 * sizeof(bytes) && hex_decode(signature, bytes) == 0;
        int result = SIGNATURE_UNPROVEN;

        for (size_t i = 0; i < keys->list.size; i++) {
                const PublicKey *key = &keys->list.data[i];
                int r;

                if (!slice_equal(key->fingerprint, fingerprint))
                        continue;
                r = is_hex ? rsa_check(key->key, text, slice(bytes, signature.size / 2)) : 1;
                if (r <= 0)
                        return r < 0 ? r : SIGNATURE_SOUND;
                result = SIGNATURE_WRONG;
        }
        return result;
}

bool keys_were_valid(const Keys *keys, Slice fingerprint, int64_t time) {
        for (size_t i = 0; i < keys->list.size; i++) {
                const PublicKey *key = &keys->list.data[i];

                if (slice_equal(key->fingerprint, fingerprint) && key->from <= time &&
                                time <= key->to)
                        return true;
        }
        return false;
}
