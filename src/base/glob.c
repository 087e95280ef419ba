/* Matching by going back to the last '*' only, which suffices for these wildcards. Stateless. */
#include "base/glob.h"

bool glob_has_wildcard(Slice pattern) {
        return pattern.size &&
               (memchr(pattern.data, '*', pattern.size) || memchr(pattern.data, '?', pattern.size));
}

/* Bytes of the character at TEXT[at]: a lead byte and the continuation bytes that belong to it. */
static size_t character_size(Slice text, size_t at) {
        unsigned char lead = (unsigned char)text.data[at];
        size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1, n = 1;

        while (n < want && at + n < text.size && ((unsigned char)text.data[at + n] & 0xC0) == 0x80)
                n++;
        return n;
}

bool glob_match(Slice pattern, Slice text) {
        size_t p = 0, t = 0, star = SIZE_MAX, star_text = 0;

        while (t < text.size) {
                if (p < pattern.size && pattern.data[p] == '*') {
                        star = p++;
                        star_text = t;
                } else if (p < pattern.size && pattern.data[p] == '?') {
                        t += character_size(text, t);
                        p++;
                } else if (p < pattern.size && pattern.data[p] == text.data[t]) {
                        p++;
                        t++;
                } else if (star != SIZE_MAX) {
                        p = star + 1;
                        star_text += character_size(text, star_text);
                        t = star_text;
                } else {
                        return false;
                }
        }
        while (p < pattern.size && pattern.data[p] == '*')
                p++;
        return p == pattern.size;
}
