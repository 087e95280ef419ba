/*
 * Text from the evidence, made fit to print. What is in a log was written by whoever is being
 * investigated: a user agent may hold escape sequences, a name may be written right to left, a
 * file name need not be UTF-8. Everything printed goes through one of these.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "cli/buffer.h"

#include <spoor/spoor.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLI_TEXT_INVALID UINT32_MAX

static inline SpoorSlice cli_slice(const char *text) {
        size_t n = 0;

        while (text && text[n])
                n++;
        return (SpoorSlice){text, n};
}

/*
 * The character at DATA, of SIZE > 0 bytes: its bytes, and its code point. Where the bytes are no
 * UTF-8 (overlong forms and surrogates included) the code point is CLI_TEXT_INVALID and the bytes
 * are the maximal subpart, at least one, as Unicode recommends for replacement.
 */
size_t cli_text_decode(const char *data, size_t size, uint32_t *ret_code);

/* Cells that a terminal gives the character: 0, 1 or 2. */
unsigned cli_text_width(uint32_t code);

typedef enum CliVisible {
        CLI_VISIBLE_BACKSLASH =
                        1 << 0,      /* doubles backslashes, so that the escapes are unambiguous */
        CLI_VISIBLE_LINES = 1 << 1,  /* keeps newlines and tabs */
        CLI_VISIBLE_QUOTES = 1 << 2, /* doubles quotation marks */
} CliVisible;

/*
 * Appends TEXT with everything hidden (base/unicode.h) spelled out: \t \n \r, \x1b for controls and
 * for bytes that are no UTF-8, \u{202e} above. Returns the terminal cells it takes.
 */
size_t cli_text_visible(CliBuffer *buffer, SpoorSlice text, CliVisible how);

/* Appends a JSON string with its quotation marks; what is unsafe as \u00xx, no UTF-8 as \ufffd. */
void cli_text_json(CliBuffer *buffer, SpoorSlice text);

/*
 * Appends JSON without the blanks between its tokens, so on one line; strings keep their bytes but
 * for what is unsafe or no UTF-8. Valid JSON stays valid and means the same.
 */
void cli_text_json_compact(CliBuffer *buffer, SpoorSlice json);

/* The same escapes, blanks kept: JSON laid out for eyes. */
void cli_text_json_lines(CliBuffer *buffer, SpoorSlice json);

/* "1,234" and "12.3 MB". */
void cli_text_count(CliBuffer *buffer, uint64_t n);
void cli_text_bytes(CliBuffer *buffer, uint64_t n_bytes);

#endif
