/*
 * Wildcards of the command line: '*' any run of characters, '?' one character (a UTF-8 sequence, or
 * one byte where there is none); everything else is itself. The whole text must match.
 */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

bool glob_has_wildcard(Slice pattern);

/* At most O(pattern * text) steps, no recursion. */
bool glob_match(Slice pattern, Slice text);

#endif
