/*
 * Addresses by libc's inet_pton(), which takes the forms of RFC 4291 and dotted quads, and nothing
 * else (no octal, no short forms). No state.
 */
#include "base/address.h"

#include <arpa/inet.h>

int address_parse(Slice text, Address *ret) {
        char buffer[INET6_ADDRSTRLEN + 1];

        ret->family = 0;
        if (text.size == 0 || text.size >= sizeof(buffer) || memchr(text.data, 0, text.size))
                return 1;
        memcpy(buffer, text.data, text.size);
        buffer[text.size] = 0;
        if (inet_pton(AF_INET, buffer, ret->bytes) == 1)
                ret->family = AF_INET;
        else if (inet_pton(AF_INET6, buffer, ret->bytes) == 1)
                ret->family = AF_INET6;
        return ret->family ? 0 : 1;
}

unsigned address_n_bits(const Address *address) {
        return address->family == AF_INET ? 32 : 128;
}

int address_parse_block(Slice text, AddressBlock *ret) {
        const char *slash = text.size ? memchr(text.data, '/', text.size) : NULL;
        Slice bits;

        ret->address.family = 0;
        if (!slash)
                return 1;
        bits = slice(slash + 1, text.size - (size_t)(slash + 1 - text.data));
        if (bits.size < 1 || bits.size > 3 ||
                        address_parse(slice(text.data, (size_t)(slash - text.data)), &ret->address))
                return 1;
        ret->n_bits = 0;
        for (size_t i = 0; i < bits.size; i++) {
                if (bits.data[i] < '0' || bits.data[i] > '9')
                        return 1;
                ret->n_bits = ret->n_bits * 10 + (unsigned)(bits.data[i] - '0');
        }
        return ret->n_bits <= address_n_bits(&ret->address) ? 0 : 1;
}

bool address_in_block(const AddressBlock *block, const Address *address) {
        unsigned n = block->n_bits / 8, rest = block->n_bits % 8;
        const unsigned char *a = address->bytes, *b = block->address.bytes;

        if (!address->family || address->family != block->address.family || memcmp(a, b, n) != 0)
                return false;
        return rest == 0 || ((a[n] ^ b[n]) >> (8 - rest)) == 0;
}
