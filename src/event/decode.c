/*
 * Other writings of text. Nothing says in a record which one a value has, so it is told by its
 * form: base64 is long enough, has whole groups of four, and gives text; what is URL-encoded holds
 * %XX of a quote, a brace or a blank, as policies do. Cost: one pass. No state, any thread.
 */
#include "event/decode.h"

#include "base/hex.h"

#define MIN_BASE64 16 /* shorter texts are words by chance */

/* Does TEXT have %XX at I? */
static bool is_escape(Slice text, size_t i) {
        return text.data[i] == '%' && text.size - i > 2 && hex_digit(text.data[i + 1]) >= 0 &&
               hex_digit(text.data[i + 2]) >= 0;
}

size_t decode_url(Slice text, char *to) {
        size_t size = 0;

        for (size_t i = 0; i < text.size; i++) {
                if (is_escape(text, i)) {
                        to[size++] = (char)(hex_digit(text.data[i + 1]) << 4 |
                                            hex_digit(text.data[i + 2]));
                        i += 2;
                } else {
                        to[size++] = text.data[i];
                        if (text.data[i] == '+')
                                to[size - 1] = ' ';
                }
        }
        return size;
}

static int digit(char c) {
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool decode_base64(Slice text, char *to, size_t *ret_size) {
        size_t size = 0, n_digits = 0, n_pads = 0;
        unsigned bits = 0;

        for (size_t i = 0; i < text.size; i++) {
                char c = text.data[i];

                if (c == '\n' || c == '\r')
                        continue;
                if (c == '=') {
                        n_pads++;
                        continue;
                }
                if (n_pads || digit(c) < 0)
                        return false;
                bits = bits << 6 | (unsigned)digit(c);
                if (++n_digits % 4 == 0) {
                        to[size++] = (char)(bits >> 16);
                        to[size++] = (char)(bits >> 8);
                        to[size++] = (char)bits;
                        bits = 0;
                }
        }
        if (n_pads > 2 || (n_digits + n_pads) % 4)
                return false;
        if (n_digits % 4 >= 2)
                to[size++] = (char)(n_digits % 4 == 2 ? bits >> 4 : bits >> 10);
        if (n_digits % 4 == 3)
                to[size++] = (char)(bits >> 2);
        *ret_size = size;
        return true;
}

static bool is_text(const char *text, size_t size) {
        for (size_t i = 0; i < size; i++) {
                unsigned char c = (unsigned char)text[i];

                if ((c < ' ' && c != '\n' && c != '\t' && c != '\r') || c >= 127)
                        return false;
        }
        return size > 0;
}

/* Not every % is one: of those that policies need there must be one. */
static bool is_url(Slice text) {
        for (size_t i = 0; i < text.size; i++) {
                if (!is_escape(text, i))
                        continue;
                switch (hex_digit(text.data[i + 1]) << 4 | hex_digit(text.data[i + 2])) {
                case '"':
                case '{':
                case ' ':
                        return true;
                default:
                        break;
                }
        }
        return false;
}

bool decode_text(Slice text, char *to, size_t *ret_size) {
        if (text.size >= MIN_BASE64 && decode_base64(text, to, ret_size))
                return is_text(to, *ret_size);
        if (!is_url(text))
                return false;
        *ret_size = decode_url(text, to);
        return true;
}
