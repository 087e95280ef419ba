/*
 * The parser of digests, sign files and public keys on any bytes, and names on what it finds. Byte
 * 0 chooses limits; the rest is content. What is found must be whole: a digest that has its place
 * has all that places it, entries are its own, and text is text of the content or of the parser.
 */
#include "fuzz.h"
#include "proof/private.h"

static void check_text(Slice text, size_t size) {
        FUZZ_CHECK(!text.data || (text.size > 0 && text.size <= size + 256));
}

static void check_digest(const Findings *f, const Digest *d, size_t size) {
        DigestName name;

        FUZZ_CHECK(d->first_entry + d->n_entries <= f->entries.size);
        check_text(d->account, size);
        check_text(d->fingerprint, size);
        check_text(d->previous_signature, size);
        check_text(d->malformed, size);
        FUZZ_CHECK(d->malformed.data || (d->is_known && d->account.data && d->fingerprint.data));
        FUZZ_CHECK(d->malformed.data || !d->previous_object.data ||
                        (d->previous_bucket.data && d->has_previous_hash &&
                                        d->previous_signature.data));
        if (!d->is_known)
                return;
        FUZZ_CHECK(d->bucket.data && d->object.data && d->end_text.data && d->end >= d->start);
        if (name_parse_digest(d->object, &name))
                FUZZ_CHECK(name.trail.size && name.home.data && name.region.data);
}

static void check_entry(const Entry *entry, size_t size) {
        Slice dir = entry_dir(entry), base = entry_base(entry);
        LogName name;

        FUZZ_CHECK(entry->n_bucket > 0 && entry->n_bucket < entry->n_where);
        FUZZ_CHECK(dir.size + base.size > 0 && dir.size + base.size <= size);
        FUZZ_CHECK(dir.size == 0 || dir.data[dir.size - 1] == '/');
        FUZZ_CHECK(!memchr(base.data, '/', base.size));
        name_parse_log(base, &name);
        FUZZ_CHECK(name_match(dir, dir) != MATCHED_NONE);
        FUZZ_CHECK(name_stem(name_base(base)).size <= base.size);
        name_trail_dir(dir);
}

static int on_key(void *userdata, Slice value, Slice fingerprint, Slice from, Slice to) {
        RsaKey *key;

        (void)userdata, (void)from, (void)to;
        FUZZ_CHECK(value.size > 0 && fingerprint.size > 0);
        if (rsa_key_parse(value, &key) == 0) {
                rsa_check(key, value, fingerprint);
                rsa_key_free(key);
        }
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static DigestParser *wide, *narrow; /* kept, as a worker keeps its own */
        FuzzInput input = {data, size};
        bool is_narrow = fuzz_byte(&input) & 1;
        DigestParser **parser = is_narrow ? &narrow : &wide;
        Slice content = slice(input.data, input.size), reason;
        uint8_t hash[SHA256_SIZE] = {1};
        Findings f = {0};
        int r;

        if (!*parser)
                FUZZ_CHECK(digest_parser_new(is_narrow ? 4 : 64, is_narrow ? 600 : 1U << 20,
                                           parser) == 0);
        digest_is_log(content);
        r = digest_parse(*parser, content, hash, &f);
        FUZZ_CHECK(r == DIGEST_NONE || r == DIGEST_FOUND);
        FUZZ_CHECK(f.digests.size + f.signs.size == (r == DIGEST_FOUND));
        for (size_t i = 0; i < f.digests.size; i++)
                check_digest(&f, &f.digests.data[i], input.size);
        for (size_t i = 0; i < f.entries.size; i++)
                check_entry(&f.entries.data[i], input.size);
        for (size_t i = 0; i < f.signs.size; i++) {
                const Sign *sign = &f.signs.data[i];

                FUZZ_CHECK(sign->first_result + sign->n_results <= f.results.size);
                FUZZ_CHECK(sign->malformed.data || (sign->signature.data && sign->n_results));
        }
        findings_deinit(&f);
        r = digest_parse_keys(*parser, content, on_key, NULL, &reason);
        FUZZ_CHECK(r == 0 || (r == 1 && reason.size > 0));
        return 0;
}
