/*
 * Regular expressions that were asked for, on text of the evidence. The only user of PCRE2.
 *
 * Perl's syntax; found anywhere in a text unless it is anchored. Text need not be UTF-8: a byte
 * that belongs to no character is matched by nothing. Every search ends: one that takes more than
 * so many steps is an error, never a text without a match.
 */
#ifndef BASE_REGEX_H
#define BASE_REGEX_H

#include "base/slice.h"

typedef struct Regex Regex;

#define REGEX_MAX_BYTES ((size_t)16 << 10) /* of a pattern */

typedef struct RegexFault {
        size_t at; /* byte of the pattern */
        char reason[160];
} RegexFault;

/* 0, -ENOMEM, or 1 where PATTERN is malformed, and *ret_fault says how. */
int regex_new(Slice pattern, Regex **ret_regex, RegexFault *ret_fault);
Regex *regex_free(Regex *regex);

/*
 * 1 where it is found in TEXT, 0 where it is not; -ENOMEM; -EOVERFLOW where that takes more steps
 * than are allowed. Several threads may ask at once.
 */
int regex_match(const Regex *regex, Slice text);

#endif
