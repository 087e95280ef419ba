/*
 * What a run of bytes is, told by its first 512. Names and suffixes are never asked.
 *
 * A tar header has no signature of its own in the oldest format, so there its sum decides, together
 * with the shape of its numeric fields and the NULs that no text has. With the ustar signature a
 * wrong sum still is a tar, a damaged one.
 */
#include "io/stream.h"

#define TAR_MAGIC 257
#define TAR_SUM 148

static bool starts(const uint8_t *head, size_t n, const char *magic, size_t n_magic) {
        return n >= n_magic && memcmp(head, magic, n_magic) == 0;
}
#define STARTS(head, n, magic) starts((head), (n), (magic), sizeof(magic) - 1)

/* Digits between spaces and NULs, or GNU's base 256 where BINARY. Empty is 0. */
static bool is_number_field(const uint8_t *field, size_t size, bool binary) {
        size_t i = 0;

        if (binary && (field[0] & 0x80))
                return true;
        while (i < size && field[i] == ' ')
                i++;
        while (i < size && field[i] >= '0' && field[i] <= '7')
                i++;
        while (i < size && (field[i] == ' ' || field[i] == '\0'))
                i++;
        return i == size;
}

bool sniff_is_tar_sum(const uint8_t *block) {
        uint32_t sum = 0, want = 0;
        int32_t signed_sum = 0;
        size_t i;

        for (i = 0; i < 512; i++) {
                uint8_t c = i >= TAR_SUM && i < TAR_SUM + 8 ? ' ' : block[i];

                sum += c;
                signed_sum += (int8_t)c;
        }
        for (i = TAR_SUM; i < TAR_SUM + 8; i++)
                if (block[i] >= '0' && block[i] <= '7')
                        want = want * 8 + (uint32_t)(block[i] - '0');
        return want == sum || (int32_t)want == signed_sum;
}

bool sniff_is_tar_header(const uint8_t *block) {
        return block[0] != '\0' && is_number_field(block + TAR_SUM, 8, false) &&
               is_number_field(block + 100, 8, true) && is_number_field(block + 124, 12, true) &&
               is_number_field(block + 136, 12, true) && sniff_is_tar_sum(block);
}

static bool is_tar(const uint8_t *head, size_t n) {
        if (n < 512)
                return false;
        if (memchr(head, '\0', 512) == NULL)
                return false;
        if (memcmp(head + TAR_MAGIC, "ustar", 5) == 0 &&
                        (memcmp(head + TAR_MAGIC + 5, "\0", 1) == 0 ||
                                        memcmp(head + TAR_MAGIC + 5, "  ", 2) == 0))
                return true;
        return sniff_is_tar_header(head);
}

static bool is_bzip2(const uint8_t *head, size_t n) {
        return n >= 10 && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' && head[3] <= '9' &&
               (memcmp(head + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
                               memcmp(head + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

Kind sniff_kind(const uint8_t *head, size_t n) {
        if (n == 0)
                return KIND_LEAF;
        /* The common ones first: text has no other meaning. */
        if (head[0] == '{' || head[0] == '[')
                return is_tar(head, n) ? KIND_TAR : KIND_LEAF;
        if (STARTS(head, n, "\x1f\x8b"))
                return KIND_GZIP;
        if (STARTS(head, n, "\x28\xb5\x2f\xfd"))
                return KIND_ZSTD;
        if (n >= 4 && (head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0)
                return KIND_ZSTD; /* begins with a frame to skip, as pzstd writes it */
        if (STARTS(head, n,
                            "\xfd"
                            "7zXZ\0"))
                return KIND_XZ;
        if (is_bzip2(head, n))
                return KIND_BZIP2;
        if (STARTS(head, n, "\x04\x22\x4d\x18") || STARTS(head, n, "\x02\x21\x4c\x18"))
                return KIND_LZ4;
        if (STARTS(head, n, "LZIP\x01"))
                return KIND_LZIP;
        if (STARTS(head, n, "\x1f\x9d"))
                return KIND_COMPRESS;
        if (STARTS(head, n, "PK\x03\x04") || STARTS(head, n, "PK\x05\x06"))
                return KIND_ZIP;
        if (STARTS(head, n, "7z\xbc\xaf\x27\x1c"))
                return KIND_7Z;
        return is_tar(head, n) ? KIND_TAR : KIND_LEAF;
}

const char *sniff_kind_name(Kind kind) {
        static const char *const names[N_KINDS] = {
                        [KIND_LEAF] = "plain",
                        [KIND_GZIP] = "gzip",
                        [KIND_ZSTD] = "zstd",
                        [KIND_XZ] = "xz",
                        [KIND_BZIP2] = "bzip2",
                        [KIND_LZ4] = "lz4",
                        [KIND_LZIP] = "lzip",
                        [KIND_COMPRESS] = "compress",
                        [KIND_TAR] = "tar",
                        [KIND_ZIP] = "zip",
                        [KIND_7Z] = "7z",
        };

        return names[kind];
}
