/* IPv4 and IPv6 addresses and blocks of them, as texts have them. Families are kept apart: an IPv4
 * address that is written as an IPv6 one (::ffff:192.0.2.1) is an IPv6 address. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

typedef struct Address {
        int family; /* AF_INET, AF_INET6; 0: none */
        unsigned char bytes[16];
} Address;

/* The first n_bits of an address; those behind them do not matter. */
typedef struct AddressBlock {
        Address address;
        unsigned n_bits;
} AddressBlock;

/* 0, or 1 where TEXT is no address; the family is 0 then. */
int address_parse(Slice text, Address *ret);

/* "address/bits": 0, or 1 where TEXT is anything else. */
int address_parse_block(Slice text, AddressBlock *ret);

/* 32 or 128. */
unsigned address_n_bits(const Address *address);

bool address_in_block(const AddressBlock *block, const Address *address);

#endif
