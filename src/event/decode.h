/* Texts that stand in records in another writing: URL-encoded, base64. Private to its users. */
#ifndef EVENT_DECODE_H
#define EVENT_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* %XX and + of URLs into TO (room for text.size bytes). Returns its size; never fails. */
size_t decode_url(Slice text, char *to);

/* base64 into TO (room for text.size bytes). False where TEXT is not wholly base64. */
bool decode_base64(Slice text, char *to, size_t *ret_size);

/*
 * The plain text that TEXT writes: base64 or URL-encoded, told by its form, into TO (room for
 * text.size bytes). False where it is neither, or is no text.
 */
bool decode_text(Slice text, char *to, size_t *ret_size);

#endif
