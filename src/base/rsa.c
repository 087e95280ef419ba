/*
 * RSA by libcrypto's EVP. A key is decoded once; a check costs some 20 microseconds for 2,048 bits.
 * What libcrypto cannot do with a signature (a wrong length, a number above the modulus) is told as
 * a wrong signature: only lack of memory and of the algorithm are errors.
 */
#include "base/rsa.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/libcrypto.h"
#include "base/vec.h"

struct RsaKey {
        LibCrypto lib;
        EVP_PKEY *key;
};

#define BASE64_MAX ((size_t)1 << 20)

/* The key in DER; 1 where BASE64 is none. */
static int parse(RsaKey *key, Slice base64) {
        unsigned char *der = vec_alloc(base64.size, 1); /* a quarter more than is needed */
        const unsigned char *at = der;
        int n;

        if (!der)
                return -ENOMEM;
        n = key->lib.EVP_DecodeBlock(der, (const unsigned char *)base64.data, (int)base64.size);
        if (n > 0) /* zeros stand in for the padding; DER says itself where it ends */
                key->key = key->lib.d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, n);
        n = (int)(der + n - at);
        free(der);
        key->lib.ERR_clear_error();
        return key->key && n <= 2 ? 0 : 1;
}

int rsa_key_parse(Slice base64, RsaKey **ret_key) {
        RsaKey *key;
        int r;

        if (base64.size == 0 || base64.size > BASE64_MAX)
                return 1;
        key = vec_alloc_zero(1, sizeof(*key));
        if (!key)
                return -ENOMEM;
        r = libcrypto_load(&key->lib);
        if (r == 0)
                r = parse(key, base64);
        if (r)
                rsa_key_free(key);
        else
                *ret_key = key;
        return r;
}

RsaKey *rsa_key_free(RsaKey *key) {
        if (key && key->key)
                key->lib.EVP_PKEY_free(key->key);
        free(key);
        return NULL;
}

int rsa_check(RsaKey *key, Slice text, Slice signature) {
        const LibCrypto *lib = &key->lib;
        EVP_MD_CTX *context = lib->EVP_MD_CTX_new();
        int r;

        if (!context)
                return -ENOMEM;
        /* PKCS#1 v1.5 is what an RSA key signs with unless told otherwise */
        r = lib->EVP_DigestVerifyInit_ex(context, NULL, "SHA2-256", NULL, NULL, key->key, NULL);
        if (r == 1)
                r = lib->EVP_DigestVerify(context, (const unsigned char *)signature.data,
                                    signature.size, (const unsigned char *)text.data,
                                    text.size) == 1
                                    ? 0
                                    : 1;
        else
                r = -ENOTSUP;
        lib->EVP_MD_CTX_free(context);
        lib->ERR_clear_error();
        return r;
}
