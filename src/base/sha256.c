/*
 * SHA-256 by libcrypto's EVP. The algorithm is fetched once for each Sha256: fetching takes a lock
 * and a look-up by name, which would be most of the cost of a small file. Some 2 GB/s with the
 * instructions for it, 0.5 GB/s without. Nothing is shared between two Sha256.
 */
#include "base/sha256.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/libcrypto.h"

/* What libcrypto did not do, it did not do for lack of memory or because it may not. */
static int fail(const LibCrypto *lib) {
        int r = ERR_GET_REASON(lib->ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE ? -ENOMEM
                                                                                   : -ENOTSUP;

        lib->ERR_clear_error();
        return r;
}

int sha256_init(Sha256 *sha) {
        LibCrypto *lib = malloc(sizeof(*lib));
        int r = lib ? libcrypto_load(lib) : -ENOMEM;

        *sha = (Sha256){0};
        if (r < 0) {
                free(lib);
                return r;
        }
        *sha = (Sha256){lib, lib->EVP_MD_CTX_new(), lib->EVP_MD_fetch(NULL, "SHA2-256", NULL)};
        if (sha->context && sha->algorithm)
                return 0;
        r = fail(lib);
        sha256_deinit(sha);
        return r;
}

void sha256_deinit(Sha256 *sha) {
        if (sha->lib) {
                sha->lib->EVP_MD_CTX_free(sha->context);
                sha->lib->EVP_MD_free(sha->algorithm);
        }
        free(sha->lib);
        *sha = (Sha256){0};
}

int sha256_begin(Sha256 *sha) {
        return sha->lib->EVP_DigestInit_ex2(sha->context, sha->algorithm, NULL) == 1
                               ? 0
                               : fail(sha->lib);
}

int sha256_update(Sha256 *sha, const void *data, size_t size) {
        return sha->lib->EVP_DigestUpdate(sha->context, data, size) == 1 ? 0 : fail(sha->lib);
}

int sha256_final(Sha256 *sha, uint8_t ret_hash[static SHA256_SIZE]) {
        return sha->lib->EVP_DigestFinal_ex(sha->context, ret_hash, NULL) == 1 ? 0 : fail(sha->lib);
}

void sha256_format(
                const uint8_t hash[static SHA256_SIZE], char ret_text[static SHA256_HEX_SIZE + 1]) {
        for (size_t i = 0; i < SHA256_SIZE; i++) {
                ret_text[2 * i] = "0123456789abcdef"[hash[i] >> 4];
                ret_text[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
        }
        ret_text[SHA256_HEX_SIZE] = 0;
}

int sha256_parse(Slice text, uint8_t ret_hash[static SHA256_SIZE]) {
        return text.size == SHA256_HEX_SIZE ? hex_decode(text, ret_hash) : 1;
}
