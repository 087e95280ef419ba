/* Other writings of text: what is one, and what only looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "event/decode.h"

/* What TEXT says, or NULL where it says what it says. */
static const char *plain(const char *text) {
        static char to[512];
        size_t size;

        assert_true(strlen(text) < sizeof(to));
        if (!decode_text(slice_cstr(text), to, &size))
                return NULL;
        assert_true(size <= strlen(text));
        to[size] = 0;
        return to;
}

static void test_base64(void **state) {
        (void)state;
        assert_string_equal(plain("c3NoLXJzYSBBQUFBIG1l"), "ssh-rsa AAAA me");
        assert_string_equal(plain("IyEvYmluL3NoCmN1cmwgeAo="), "#!/bin/sh\ncurl x\n");
        assert_string_equal(plain("IyEvYmluL3No\nCmN1cmwgeA=="), "#!/bin/sh\ncurl x");
        assert_null(plain("c3NoLXJzYQ=="));         /* too short to be told from a word */
        assert_null(plain("c3NoLXJzYSBBQUFBIG1"));  /* no whole groups */
        assert_null(plain("c3NoLXJz=SBBQUFBIG1l")); /* goes on behind its end */
        assert_null(plain("AKIAIOSFODNN7EXAMPLE")); /* an access key id */
        assert_null(plain("0123456789abcdef0123456789abcdef")); /* a hash */
        assert_null(plain("AAECAwQFBgcICQoLDA0ODw=="));         /* bytes that are no text */
        assert_null(plain(""));
}

static void test_url(void **state) {
        (void)state;
        assert_string_equal(plain("%7B%22Version%22%3A+%222012%22%7d"), "{\"Version\": \"2012\"}");
        assert_string_equal(plain("%22%zz%2"), "\"%zz%2");
        assert_null(plain("100%25")); /* a per cent sign, but of nothing that is written so */
        assert_null(plain("50%2"));   /* cut short */
        assert_null(plain("a+b"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_base64),
                        cmocka_unit_test(test_url),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
