/* What a reader of evidence must not be misled by, whoever prints it. */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Characters that act on a terminal or on the direction of writing, or that cannot be seen, so that
 * two texts that differ look alike: controls, separators of lines, marks and isolates of direction,
 * what has no width (joiners among them), tags, and the variation selectors beyond the first
 * sixteen, which can carry any bytes unseen. They are always written as escapes.
 */
static inline bool unicode_is_hidden(uint32_t code) {
        if (code < 0x20)
                return true;
        if (code < 0x7f)
                return false;
        return code <= 0x9f || code == 0xad || code == 0x34f || code == 0x61c || code == 0x115f ||
               code == 0x1160 || code == 0x17b4 || code == 0x17b5 ||
               (code >= 0x180b && code <= 0x180f) || (code >= 0x200b && code <= 0x200f) ||
               (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
               code == 0x3164 || code == 0xfeff || code == 0xffa0 ||
               (code >= 0xfff0 && code <= 0xfffb) || (code >= 0x1d173 && code <= 0x1d17a) ||
               (code >= 0xe0000 && code <= 0xe0fff);
}

#endif
