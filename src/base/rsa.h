/*
 * RSA signatures, PKCS#1 v1.5 over SHA-256, checked. Stateless: a key may be used by many threads.
 */
#ifndef BASE_RSA_H
#define BASE_RSA_H

#include "base/slice.h"

typedef struct RsaKey RsaKey;

/*
 * BASE64 of a public key in the DER of PKCS#1, as list-public-keys prints it. 0; 1 where it is no
 * such key; -ENOMEM; -ELIBACC where libcrypto is not there.
 */
int rsa_key_parse(Slice base64, RsaKey **ret_key);
RsaKey *rsa_key_free(RsaKey *key);

/* 0: SIGNATURE is this key's over TEXT; 1: it is not; -ENOMEM or -ENOTSUP. */
int rsa_check(RsaKey *key, Slice text, Slice signature);

#endif
