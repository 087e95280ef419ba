/* SHA-256 against known answers, in pieces of any size. */
#include "base/test-help.h"

#include "base/sha256.h"

typedef struct Known {
        const char *text;
        size_t n_times;
        const char *hash;
} Known;

/* The examples of FIPS 180-4. */
static const Known known[] = {
                {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
                {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
                                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
                {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

static void test_known(void **state) {
        char text[SHA256_HEX_SIZE + 1];
        uint8_t hash[SHA256_SIZE], back[SHA256_SIZE];
        Sha256 sha;

        (void)state;
        assert_int_equal(sha256_init(&sha), 0);
        for (size_t i = 0; i < N_ELEMENTS(known); i++) {
                assert_int_equal(sha256_begin(&sha), 0);
                for (size_t n = 0; n < known[i].n_times; n++)
                        assert_int_equal(sha256_update(&sha, known[i].text, strlen(known[i].text)),
                                        0);
                assert_int_equal(sha256_final(&sha, hash), 0);
                sha256_format(hash, text);
                assert_string_equal(text, known[i].hash);
                assert_int_equal(sha256_parse(slice_cstr(text), back), 0);
                assert_memory_equal(back, hash, SHA256_SIZE);
        }
        /* one that was begun and given up leaves nothing behind */
        assert_int_equal(sha256_begin(&sha), 0);
        assert_int_equal(sha256_update(&sha, "xyz", 3), 0);
        assert_int_equal(sha256_begin(&sha), 0);
        assert_int_equal(sha256_final(&sha, hash), 0);
        sha256_format(hash, text);
        assert_string_equal(text, known[0].hash);
        sha256_deinit(&sha);
        sha256_deinit(&sha);
}

static void test_pieces(void **state) {
        static char bytes[200000];
        uint8_t whole[SHA256_SIZE], hash[SHA256_SIZE];
        Random random = random_new(2);
        Sha256 sha;

        (void)state;
        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (char)random_next(&random);
        assert_int_equal(sha256_init(&sha), 0);
        assert_int_equal(sha256_begin(&sha), 0);
        assert_int_equal(sha256_update(&sha, bytes, sizeof(bytes)), 0);
        assert_int_equal(sha256_final(&sha, whole), 0);
        for (int round = 0; round < 20; round++) {
                assert_int_equal(sha256_begin(&sha), 0);
                for (size_t at = 0, n; at < sizeof(bytes); at += n) {
                        n = random_below(&random, 5000);
                        n = n > sizeof(bytes) - at ? sizeof(bytes) - at : n;
                        assert_int_equal(sha256_update(&sha, bytes + at, n), 0);
                }
                assert_int_equal(sha256_final(&sha, hash), 0);
                assert_memory_equal(hash, whole, SHA256_SIZE);
        }
        sha256_deinit(&sha);
}

static void test_parse(void **state) {
        char text[] = "BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0";
        uint8_t hash[SHA256_SIZE];

        (void)state;
        assert_int_equal(sha256_parse(slice(text, 64), hash), 0);
        assert_int_equal(hash[0], 0xba);
        assert_int_equal(sha256_parse(slice(text, 65), hash), 1);
        assert_int_equal(sha256_parse(slice(text, 63), hash), 1);
        assert_int_equal(sha256_parse(slice(text, 0), hash), 1);
        assert_int_equal(sha256_parse((Slice){NULL, 0}, hash), 1);
        for (const char *bad = "gG/:@`{ "; *bad; bad++) {
                text[17] = *bad;
                assert_int_equal(sha256_parse(slice(text, 64), hash), 1);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_known),
                        cmocka_unit_test(test_pieces),
                        cmocka_unit_test(test_parse),
        };

        return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
