/*
 * SHA-256 of a stream. The only user of libcrypto is base: this and rsa.h.
 *
 * A Sha256 may be used for any number of streams, one after the other: init once, then begin,
 * update, final for each. It belongs to one thread at a time.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define SHA256_SIZE 32
#define SHA256_HEX_SIZE 64

typedef struct Sha256 {
        struct LibCrypto *lib;
        struct evp_md_ctx_st *context;
        struct evp_md_st *algorithm;
} Sha256;

/* All return 0, -ENOMEM, -ENOTSUP where libcrypto refuses SHA-256, -ELIBACC where it is not there.
 */
int sha256_init(Sha256 *sha);
/* Also of one that is all zero, or whose init failed. */
void sha256_deinit(Sha256 *sha);

int sha256_begin(Sha256 *sha);
int sha256_update(Sha256 *sha, const void *data, size_t size);
int sha256_final(Sha256 *sha, uint8_t ret_hash[static SHA256_SIZE]);

/* Lower-case hex, with a NUL behind it. */
void sha256_format(
                const uint8_t hash[static SHA256_SIZE], char ret_text[static SHA256_HEX_SIZE + 1]);
/* 64 hex digits in either case; 1 where TEXT is anything else. */
int sha256_parse(Slice text, uint8_t ret_hash[static SHA256_SIZE]);

#endif
