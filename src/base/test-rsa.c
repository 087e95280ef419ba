/* RSA against an answer of the openssl command (the private key was thrown away). */
#include "base/test-help.h"

#include "base/hex.h"
#include "base/rsa.h"

static const char key_text[] = "MIIBCgKCAQEAlGt66kF43T1BCKYRej8bCGgZOJjmFlYYT8UOTYBwIKdDKldzvAG1KI3"
                               "UtepPKi0hOLMNVxZsoy"
                               "DEvgLhM9uphVLyc9IzzbsCsv/"
                               "OUbdMPPZVFYP8RKMnNsgVUutfMWH2l9in0w2dcMg1ERiP87L2ogCQvG8eCQwL"
                               "/n18KO7LIGJHwfka1cRPL9vXFp4FZXdOO7gam8s398rawfg7MFH0BolGzi5Nv54HgP3"
                               "56YrviDD6oQW7YNlIrq"
                               "jnGTHIJwE6R250aAmDEETDr+Yobkktl3/"
                               "ztupXU5LAoOgdkLVos2B3drfYkvQ0+iMvyKBG3lfg7n24BWCVm0dT"
                               "p9bUH8PXdQIDAQAB";
static const char signature_text[] = "8cf5b92fe7fca105098f4cc1cd6e1caf28b56852694bf6531ed183429f3bd"
                                     "8e4eea5476f7d6bce80c974da"
                                     "f87e0a5284809629f93697b290d6312fb8ed43ddb1051dd9005a11193ee2f"
                                     "a5e5fdb880745caf022787404"
                                     "978eccc9858b2add8f340817da767b9f1a9afdcade0c61dbcce7b0bb2fff2"
                                     "b9bd5dbec6071a7e2c00c54ac"
                                     "48a326e4def0315730cb5d6692fa7417c75d01f782b77576087f9d5925d6a"
                                     "656fbe7cef2f4c1987a40dc8a"
                                     "5a2841a339a08c7297a9912a26f0e3105f28866ea6b411ceb7e1aa698663d"
                                     "d83e0d60a6675cd89478fdb09"
                                     "0b51d9fea6bf5e16a8aadde0de3231724a266b03407f359c5146aadbd8ec0"
                                     "e108e47488e4fe5e26ca9";

static void test_check(void **state) {
        uint8_t signature[256];
        RsaKey *key;

        (void)state;
        assert_int_equal(rsa_key_parse(slice_cstr(key_text), &key), 0);
        assert_int_equal(hex_decode(slice_cstr(signature_text), signature), 0);
        assert_int_equal(rsa_check(key, SLICE_LITERAL("hello"), slice(signature, 256)), 0);
        assert_int_equal(rsa_check(key, SLICE_LITERAL("hallo"), slice(signature, 256)), 1);
        assert_int_equal(rsa_check(key, SLICE_LITERAL(""), slice(signature, 256)), 1);
        for (size_t n = 0; n < 256; n += 51)
                assert_int_equal(rsa_check(key, SLICE_LITERAL("hello"), slice(signature, n)), 1);
        for (size_t i = 0; i < 256; i += 17) {
                signature[i] ^= 0x10;
                assert_int_equal(rsa_check(key, SLICE_LITERAL("hello"), slice(signature, 256)), 1);
                signature[i] ^= 0x10;
        }
        memset(signature, 0xFF, sizeof(signature));
        assert_int_equal(rsa_check(key, SLICE_LITERAL("hello"), slice(signature, 256)), 1);
        rsa_key_free(key);
        assert_null(rsa_key_free(NULL));
}

/* Whatever is no key is refused, and nothing is read outside of it. */
static void test_no_key(void **state) {
        char text[sizeof(key_text)];
        RsaKey *key;

        (void)state;
        assert_int_equal(rsa_key_parse((Slice){NULL, 0}, &key), 1);
        assert_int_equal(rsa_key_parse(SLICE_LITERAL("AAAA"), &key), 1);
        assert_int_equal(rsa_key_parse(SLICE_LITERAL("not base64 !"), &key), 1);
        for (size_t n = 0; n + 1 < sizeof(key_text); n++)
                assert_int_equal(rsa_key_parse(slice(key_text, n), &key), 1);
        for (size_t i = 0; i < 8; i++) {
                memcpy(text, key_text, sizeof(text));
                text[i] = '/';
                assert_int_equal(rsa_key_parse(slice_cstr(text), &key), 1);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_check),
                        cmocka_unit_test(test_no_key),
        };

        return cmocka_run_group_tests_name("rsa", tests, NULL, NULL);
}
