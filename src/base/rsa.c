/*
 * RSA by libcrypto's EVP. A key is decoded once; a check costs some 20 microseconds for 2,048 bits.
 * What libcrypto cannot do with a signature (a wrong length, a number above the modulus) is told as
 * a wrong signature: only lack of memory and of the algorithm are errors.
 */
#include "base/rsa.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/vec.h"

#define BASE64_MAX ((size_t)1 << 20)

int rsa_key_parse(Slice base64, RsaKey **ret_key) {
        unsigned char *der;
        const unsigned char *at;
        RsaKey *key = NULL;
        int n;

        if (base64.size == 0 || base64.size > BASE64_MAX)
                return 1;
        der = vec_alloc(base64.size, 1); /* a quarter more than is needed */
        if (!der)
                return -ENOMEM;
        n = EVP_DecodeBlock(der, (const unsigned char *)base64.data, (int)base64.size);
        at = der;
        if (n > 0) /* zeros stand in for the padding; DER says itself where it ends */
                key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, n);
        if (key && der + n - at > 2) {
                EVP_PKEY_free(key);
                key = NULL;
        }
        free(der);
        ERR_clear_error();
        if (!key)
                return 1;
        *ret_key = key;
        return 0;
}

RsaKey *rsa_key_free(RsaKey *key) {
        EVP_PKEY_free(key);
        return NULL;
}

int rsa_check(RsaKey *key, Slice text, Slice signature) {
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        int r;

        if (!context)
                return -ENOMEM;
        /* PKCS#1 v1.5 is what an RSA key signs with unless told otherwise */
        r = EVP_DigestVerifyInit_ex(context, NULL, "SHA2-256", NULL, NULL, key, NULL);
        if (r == 1)
                r = EVP_DigestVerify(context, (const unsigned char *)signature.data, signature.size,
                                    (const unsigned char *)text.data, text.size) == 1
                                    ? 0
                                    : 1;
        else
                r = -ENOTSUP;
        EVP_MD_CTX_free(context);
        ERR_clear_error();
        return r;
}
