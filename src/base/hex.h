/* Hex digits, in either case. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stdint.h>

#include "base/slice.h"

/* The digit's value, or -1. */
static inline int hex_digit(char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
}

/* Half as many bytes as TEXT has digits into BYTES; 1 where TEXT is anything else. */
static inline int hex_decode(Slice text, uint8_t *bytes) {
        if (text.size % 2)
                return 1;
        for (size_t i = 0; i < text.size; i += 2) {
                int high = hex_digit(text.data[i]), low = hex_digit(text.data[i + 1]);

                if (high < 0 || low < 0)
                        return 1;
                bytes[i / 2] = (uint8_t)(high << 4 | low);
        }
        return 0;
}

#endif
