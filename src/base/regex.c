/*
 * A compiled pattern is never changed, so threads share it; what a search needs besides is made for
 * each. Where the machine lets a program write code, PCRE2 compiles the pattern to it: that has a
 * small stack of its own, and a text on which it does not suffice is searched again without.
 *
 * Limits are PCRE2's: steps of one search, and memory for going back. The size of a compiled
 * pattern is limited by its format (64 KB of it).
 */
#include "base/regex.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/vec.h"

#define MAX_STEPS 1000000U
#define MAX_HEAP_KB (64U << 10)

struct Regex {
        pcre2_code *code;
        pcre2_match_context *limits;
};

static int fail(RegexFault *fault, int error, size_t at) {
        PCRE2_UCHAR text[sizeof(fault->reason)];

        if (error == PCRE2_ERROR_HEAP_FAILED || error == PCRE2_ERROR_NOMEMORY)
                return -ENOMEM;
        if (pcre2_get_error_message(error, text, sizeof(text)) < 0)
                snprintf((char *)text, sizeof(text), "error %d", error);
        snprintf(fault->reason, sizeof(fault->reason), "%s", (const char *)text);
        fault->at = at;
        return 1;
}

int regex_new(Slice pattern, Regex **ret_regex, RegexFault *ret_fault) {
        Regex *regex;
        PCRE2_SIZE at = 0;
        int error = 0, r;

        if (pattern.size > REGEX_MAX_BYTES) {
                *ret_fault = (RegexFault){.at = REGEX_MAX_BYTES};
                snprintf(ret_fault->reason, sizeof(ret_fault->reason), "more than %zu bytes",
                                REGEX_MAX_BYTES);
                return 1;
        }
        regex = vec_alloc_zero(1, sizeof(*regex));
        if (!regex)
                return -ENOMEM;
        regex->code = pcre2_compile((PCRE2_SPTR)(pattern.size ? pattern.data : ""), pattern.size,
                        PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &at,
                        NULL);
        r = regex->code ? 0 : fail(ret_fault, error, at < pattern.size ? at : pattern.size);
        if (r == 0) {
                regex->limits = pcre2_match_context_create(NULL);
                r = regex->limits ? 0 : -ENOMEM;
        }
        if (r != 0) {
                regex_free(regex);
                return r;
        }
        pcre2_set_match_limit(regex->limits, MAX_STEPS);
        pcre2_set_depth_limit(regex->limits, MAX_STEPS);
        pcre2_set_heap_limit(regex->limits, MAX_HEAP_KB);
        (void)pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE); /* slower without */
        *ret_regex = regex;
        return 0;
}

Regex *regex_free(Regex *regex) {
        if (regex) {
                pcre2_match_context_free(regex->limits);
                pcre2_code_free(regex->code);
                free(regex);
        }
        return NULL;
}

int regex_match(const Regex *regex, Slice text) {
        pcre2_match_data *data = pcre2_match_data_create(1, NULL);
        PCRE2_SPTR at = (PCRE2_SPTR)(text.size ? text.data : "");
        int r;

        if (!data)
                return -ENOMEM;
        r = pcre2_match(regex->code, at, text.size, 0, 0, data, regex->limits);
        if (r == PCRE2_ERROR_JIT_STACKLIMIT)
                r = pcre2_match(regex->code, at, text.size, 0, PCRE2_NO_JIT, data, regex->limits);
        pcre2_match_data_free(data);
        if (r >= 0)
                return 1;
        if (r == PCRE2_ERROR_NOMATCH)
                return 0;
        return r == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -EOVERFLOW;
}
