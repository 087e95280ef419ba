/*
 * Text made fit to print: a UTF-8 decoder that never reads past its bytes, the characters that may
 * not reach a terminal as they are, widths, and the escapes of each output. All functions are pure
 * but for the buffer they append to; linear in the text. Runs of plain ASCII are copied at once.
 *
 * Widths come from tables of our own and not from the C library: the same evidence has to print
 * the same bytes on every machine.
 */
#include "cli/text.h"

#include "base/unicode.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct Range {
        uint32_t first;
        uint32_t last;
} Range;

/* Combining and zero-width characters. */
static const Range narrow[] = {
                {0x0300, 0x036f},
                {0x0483, 0x0489},
                {0x0591, 0x05bd},
                {0x05bf, 0x05bf},
                {0x05c1, 0x05c2},
                {0x05c4, 0x05c5},
                {0x05c7, 0x05c7},
                {0x0610, 0x061a},
                {0x064b, 0x065f},
                {0x0670, 0x0670},
                {0x06d6, 0x06dc},
                {0x06df, 0x06e4},
                {0x06e7, 0x06e8},
                {0x06ea, 0x06ed},
                {0x0711, 0x0711},
                {0x0730, 0x074a},
                {0x07a6, 0x07b0},
                {0x0816, 0x082d},
                {0x08d3, 0x0902},
                {0x093a, 0x093a},
                {0x093c, 0x093c},
                {0x0941, 0x0948},
                {0x094d, 0x094d},
                {0x0951, 0x0957},
                {0x0962, 0x0963},
                {0x0981, 0x0981},
                {0x09bc, 0x09bc},
                {0x09c1, 0x09c4},
                {0x09cd, 0x09cd},
                {0x0a3c, 0x0a51},
                {0x0abc, 0x0abc},
                {0x0b3c, 0x0b3c},
                {0x0bcd, 0x0bcd},
                {0x0c4d, 0x0c56},
                {0x0d4d, 0x0d4d},
                {0x0e31, 0x0e31},
                {0x0e34, 0x0e3a},
                {0x0e47, 0x0e4e},
                {0x0eb1, 0x0eb1},
                {0x0eb4, 0x0ebc},
                {0x0ec8, 0x0ecd},
                {0x0f18, 0x0f19},
                {0x0f71, 0x0f7e},
                {0x0f80, 0x0f84},
                {0x102d, 0x1030},
                {0x1032, 0x1037},
                {0x1039, 0x103a},
                {0x1160, 0x11ff},
                {0x135d, 0x135f},
                {0x17b4, 0x17b5},
                {0x17b7, 0x17bd},
                {0x17c9, 0x17d3},
                {0x180b, 0x180e},
                {0x1ab0, 0x1aff},
                {0x1b00, 0x1b03},
                {0x1dc0, 0x1dff},
                {0x200b, 0x200f},
                {0x202a, 0x202e},
                {0x2060, 0x206f},
                {0x20d0, 0x20f0},
                {0x302a, 0x302d},
                {0x3099, 0x309a},
                {0xa66f, 0xa672},
                {0xa674, 0xa67d},
                {0xa6f0, 0xa6f1},
                {0xa8e0, 0xa8f1},
                {0xfb1e, 0xfb1e},
                {0xfe00, 0xfe0f},
                {0xfe20, 0xfe2f},
                {0xfeff, 0xfeff},
                {0xfff9, 0xfffb},
                {0x1d165, 0x1d169},
                {0x1d173, 0x1d182},
                {0x1e8d0, 0x1e8d6},
                {0xe0001, 0xe007f},
                {0xe0100, 0xe01ef},
};

/* East Asian wide and full-width characters, and emoji. */
static const Range wide[] = {
                {0x1100, 0x115f},
                {0x231a, 0x231b},
                {0x2329, 0x232a},
                {0x23e9, 0x23ec},
                {0x23f0, 0x23f0},
                {0x23f3, 0x23f3},
                {0x25fd, 0x25fe},
                {0x2614, 0x2615},
                {0x2648, 0x2653},
                {0x267f, 0x267f},
                {0x2693, 0x2693},
                {0x26a1, 0x26a1},
                {0x26aa, 0x26ab},
                {0x26bd, 0x26be},
                {0x26c4, 0x26c5},
                {0x26ce, 0x26ce},
                {0x26d4, 0x26d4},
                {0x26ea, 0x26ea},
                {0x26f2, 0x26f3},
                {0x26f5, 0x26f5},
                {0x26fa, 0x26fa},
                {0x26fd, 0x26fd},
                {0x2705, 0x2705},
                {0x270a, 0x270b},
                {0x2728, 0x2728},
                {0x274c, 0x274c},
                {0x274e, 0x274e},
                {0x2753, 0x2755},
                {0x2757, 0x2757},
                {0x2795, 0x2797},
                {0x27b0, 0x27b0},
                {0x27bf, 0x27bf},
                {0x2b1b, 0x2b1c},
                {0x2b50, 0x2b50},
                {0x2b55, 0x2b55},
                {0x2e80, 0x3029},
                {0x302e, 0x303e},
                {0x3041, 0x3098},
                {0x309b, 0x33ff},
                {0x3400, 0x4dbf},
                {0x4e00, 0xa4cf},
                {0xa960, 0xa97c},
                {0xac00, 0xd7a3},
                {0xf900, 0xfaff},
                {0xfe10, 0xfe19},
                {0xfe30, 0xfe6b},
                {0xff01, 0xff60},
                {0xffe0, 0xffe6},
                {0x16fe0, 0x18cff},
                {0x1aff0, 0x1b2ff},
                {0x1f004, 0x1f004},
                {0x1f0cf, 0x1f0cf},
                {0x1f18e, 0x1f18e},
                {0x1f191, 0x1f19a},
                {0x1f200, 0x1f320},
                {0x1f32d, 0x1f335},
                {0x1f337, 0x1f37c},
                {0x1f37e, 0x1f393},
                {0x1f3a0, 0x1f3ca},
                {0x1f3cf, 0x1f3d3},
                {0x1f3e0, 0x1f3f0},
                {0x1f3f4, 0x1f3f4},
                {0x1f3f8, 0x1f43e},
                {0x1f440, 0x1f440},
                {0x1f442, 0x1f4fc},
                {0x1f4ff, 0x1f53d},
                {0x1f54b, 0x1f54e},
                {0x1f550, 0x1f567},
                {0x1f57a, 0x1f57a},
                {0x1f595, 0x1f596},
                {0x1f5a4, 0x1f5a4},
                {0x1f5fb, 0x1f64f},
                {0x1f680, 0x1f6c5},
                {0x1f6cc, 0x1f6cc},
                {0x1f6d0, 0x1f6d2},
                {0x1f6d5, 0x1f6d7},
                {0x1f6dd, 0x1f6df},
                {0x1f6eb, 0x1f6ec},
                {0x1f6f4, 0x1f6fc},
                {0x1f7e0, 0x1f7eb},
                {0x1f90c, 0x1f93a},
                {0x1f93c, 0x1f945},
                {0x1f947, 0x1f9ff},
                {0x1fa70, 0x1faf6},
                {0x20000, 0x2fffd},
                {0x30000, 0x3fffd},
};

static bool in_ranges(uint32_t code, const Range *ranges, size_t n_ranges) {
        size_t low = 0, high = n_ranges;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (code > ranges[middle].last)
                        low = middle + 1;
                else if (code < ranges[middle].first)
                        high = middle;
                else
                        return true;
        }
        return false;
}

unsigned cli_text_width(uint32_t code) {
        if (code < 0x300)
                return 1;
        if (in_ranges(code, narrow, sizeof(narrow) / sizeof(*narrow)))
                return 0;
        return in_ranges(code, wide, sizeof(wide) / sizeof(*wide)) ? 2 : 1;
}

size_t cli_text_decode(const char *data, size_t size, uint32_t *ret_code) {
        const unsigned char *p = (const unsigned char *)data;
        unsigned char low = 0x80, high = 0xbf;
        uint32_t code;
        size_t n, i;

        if (p[0] < 0x80) {
                *ret_code = p[0];
                return 1;
        }
        *ret_code = CLI_TEXT_INVALID;
        if (p[0] < 0xc2 || p[0] > 0xf4)
                return 1;
        n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
        code = p[0] & (0x7fU >> n);
        /* The second byte shuts out overlong forms, surrogates, and what is above U+10FFFF. */
        if (p[0] == 0xe0)
                low = 0xa0;
        else if (p[0] == 0xed)
                high = 0x9f;
        else if (p[0] == 0xf0)
                low = 0x90;
        else if (p[0] == 0xf4)
                high = 0x8f;
        for (i = 1; i < n; i++) {
                if (i == size || p[i] < low || p[i] > high)
                        return i;
                code = code << 6 | (p[i] & 0x3fU);
                low = 0x80;
                high = 0xbf;
        }
        *ret_code = code;
        return n;
}

#define EACH UINT64_C(0x0101010101010101) /* of eight bytes */

/* The top bit of bytes that are 0; others behind the first such may be set too. */
static uint64_t zeros(uint64_t bytes) {
        return (bytes - EACH) & ~bytes & EACH * 0x80;
}

/* Bytes from I that are plain ASCII and none of the STOP characters. */
static size_t plain_run(SpoorSlice text, size_t i, const char *stops) {
        size_t start = i;

        for (uint64_t bytes; i + sizeof(bytes) <= text.size; i += sizeof(bytes)) {
                memcpy(&bytes, text.data + i, sizeof(bytes));
                if ((bytes & EACH * 0x80) || ((bytes - EACH * 0x20) & ~bytes & EACH * 0x80) ||
                                zeros(bytes ^ EACH * 0x7f) ||
                                zeros(bytes ^ EACH * (unsigned char)stops[0]) ||
                                zeros(bytes ^ EACH * (unsigned char)stops[1]))
                        break;
        }
        for (; i < text.size; i++) {
                unsigned char c = (unsigned char)text.data[i];

                if (c < 0x20 || c >= 0x7f || c == (unsigned char)stops[0] ||
                                c == (unsigned char)stops[1])
                        break;
        }
        return i - start;
}

static size_t append_escape(CliBuffer *buffer, const char *prefix, int n_digits, uint32_t value) {
        size_t before = buffer->size;

        cli_buffer_format(buffer, "%s%0*x", prefix, n_digits, value);
        return buffer->size - before;
}

/* One character of a visible text that is not plain; returns its cells. */
static size_t append_visible(
                CliBuffer *buffer, const char *data, size_t n, uint32_t code, CliVisible how) {
        size_t width = 0;

        if (code == CLI_TEXT_INVALID) {
                for (size_t i = 0; i < n; i++)
                        width += append_escape(buffer, "\\x", 2, (unsigned char)data[i]);
                return width;
        }
        if ((code == '\n' || code == '\t') && how & CLI_VISIBLE_LINES) {
                cli_buffer_char(buffer, (char)code);
                return 1;
        }
        if (code == '\n' || code == '\t' || code == '\r') {
                cli_buffer_text(buffer, code == '\n' ? "\\n" : code == '\t' ? "\\t" : "\\r");
                return 2;
        }
        if (unicode_is_hidden(code) && code < 0x80)
                return append_escape(buffer, "\\x", 2, code);
        if (unicode_is_hidden(code)) {
                width = append_escape(buffer, "\\u{", 1, code);
                cli_buffer_char(buffer, '}');
                return width + 1;
        }
        if ((code == '\\' && how & CLI_VISIBLE_BACKSLASH) ||
                        (code == '"' && how & CLI_VISIBLE_QUOTES)) {
                cli_buffer_fill(buffer, (char)code, 2);
                return 2;
        }
        cli_buffer_append(buffer, data, n);
        return cli_text_width(code);
}

size_t cli_text_visible(CliBuffer *buffer, SpoorSlice text, CliVisible how) {
        size_t i = 0, width = 0;

        while (i < text.size) {
                size_t n = plain_run(text, i, "\\\"");
                uint32_t code;

                cli_buffer_append(buffer, text.data + i, n);
                width += n;
                i += n;
                if (i == text.size)
                        break;
                n = cli_text_decode(text.data + i, text.size - i, &code);
                width += append_visible(buffer, text.data + i, n, code, how);
                i += n;
        }
        return width;
}

/* One character inside a JSON string that is neither plain nor an escape already. */
static void append_json(CliBuffer *buffer, const char *data, size_t n, uint32_t code) {
        static const char names[] = "\b\t\n\f\r", letters[] = "btnfr";
        const char *name = code && code < 0x20 ? strchr(names, (int)code) : NULL;

        if (code == CLI_TEXT_INVALID) {
                cli_buffer_text(buffer, "\\ufffd");
        } else if (name) {
                cli_buffer_char(buffer, '\\');
                cli_buffer_char(buffer, letters[name - names]);
        } else if (unicode_is_hidden(code) && code > 0xffff) {
                append_escape(buffer, "\\u", 4, 0xd7c0 + (code >> 10));
                append_escape(buffer, "\\u", 4, 0xdc00 | (code & 0x3ff));
        } else if (unicode_is_hidden(code)) {
                append_escape(buffer, "\\u", 4, code);
        } else {
                cli_buffer_append(buffer, data, n);
        }
}

void cli_text_json(CliBuffer *buffer, SpoorSlice text) {
        size_t i = 0;

        cli_buffer_char(buffer, '"');
        while (i < text.size) {
                size_t n = plain_run(text, i, "\\\"");
                uint32_t code;

                cli_buffer_append(buffer, text.data + i, n);
                i += n;
                if (i == text.size)
                        break;
                n = cli_text_decode(text.data + i, text.size - i, &code);
                if (code == '\\' || code == '"')
                        cli_buffer_char(buffer, '\\');
                append_json(buffer, text.data + i, n, code);
                i += n;
        }
        cli_buffer_char(buffer, '"');
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void copy_json(CliBuffer *buffer, SpoorSlice json, bool keep_blanks) {
        bool in_string = false;
        size_t i = 0;

        while (i < json.size) {
                uint32_t code;
                size_t n;

                if (!in_string && is_blank(json.data[i])) {
                        if (keep_blanks)
                                cli_buffer_char(buffer, json.data[i]);
                        i++;
                        continue;
                }
                if (in_string) {
                        n = plain_run(json, i, "\\\"");
                        cli_buffer_append(buffer, json.data + i, n);
                        i += n;
                        if (i == json.size)
                                break;
                        if (json.data[i] == '\\' && json.size - i > 1) {
                                cli_buffer_char(buffer, json.data[i++]);
                                if (json.data[i] == '"' || json.data[i] == '\\') {
                                        cli_buffer_char(buffer, json.data[i++]);
                                        continue;
                                }
                        }
                }
                if (json.data[i] == '"')
                        in_string = !in_string;
                n = cli_text_decode(json.data + i, json.size - i, &code);
                append_json(buffer, json.data + i, n, code);
                i += n;
        }
}

void cli_text_json_compact(CliBuffer *buffer, SpoorSlice json) {
        copy_json(buffer, json, false);
}

void cli_text_json_lines(CliBuffer *buffer, SpoorSlice json) {
        copy_json(buffer, json, true);
}

void cli_text_count(CliBuffer *buffer, uint64_t n) {
        char digits[24];
        int n_digits = snprintf(digits, sizeof(digits), "%" PRIu64, n);

        for (int i = 0; i < n_digits; i++) {
                if (i && (n_digits - i) % 3 == 0)
                        cli_buffer_char(buffer, ',');
                cli_buffer_char(buffer, digits[i]);
        }
}

void cli_text_bytes(CliBuffer *buffer, uint64_t n_bytes) {
        static const char *const units[] = {"kB", "MB", "GB", "TB", "PB"};
        double value = (double)n_bytes / 1000;
        size_t i = 0;

        if (n_bytes < 1000) {
                cli_buffer_format(buffer, "%" PRIu64 " bytes", n_bytes);
                return;
        }
        for (; value >= 999.95 && i + 1 < sizeof(units) / sizeof(*units); i++)
                value /= 1000;
        cli_buffer_format(buffer, "%.1f %s", value, units[i]);
}
