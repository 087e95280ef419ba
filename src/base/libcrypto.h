/* What is used of libcrypto; private to the base floor. Loaded when first needed. */
#ifndef BASE_LIBCRYPTO_H
#define BASE_LIBCRYPTO_H

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/library.h"

#define LIBCRYPTO_NAME "libcrypto.so.3"

#define LIBCRYPTO_FUNCTIONS(F)                                                                     \
        F(ERR_peek_last_error)                                                                     \
        F(ERR_clear_error)                                                                         \
        F(EVP_MD_CTX_new)                                                                          \
        F(EVP_MD_CTX_free)                                                                         \
        F(EVP_MD_fetch)                                                                            \
        F(EVP_MD_free)                                                                             \
        F(EVP_DigestInit_ex2)                                                                      \
        F(EVP_DigestUpdate)                                                                        \
        F(EVP_DigestFinal_ex)                                                                      \
        F(EVP_DecodeBlock)                                                                         \
        F(d2i_PublicKey)                                                                           \
        F(EVP_PKEY_free)                                                                           \
        F(EVP_DigestVerifyInit_ex)                                                                 \
        F(EVP_DigestVerify)

typedef struct LibCrypto {
#define LIBCRYPTO_MEMBER(name) __typeof__(name) *name;
        LIBCRYPTO_FUNCTIONS(LIBCRYPTO_MEMBER)
} LibCrypto;

static inline int libcrypto_load(LibCrypto *ret) {
        static const char *const names[] = {
#define LIBCRYPTO_NAME_OF(name) #name,
                        LIBCRYPTO_FUNCTIONS(LIBCRYPTO_NAME_OF)};

        return library_load(LIBCRYPTO_NAME, names, sizeof(names) / sizeof(names[0]), ret);
}

#endif
