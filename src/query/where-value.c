/*
 * A term against a value. Values are texts, as the evidence has them; a term that is a number or a
 * time takes those that read as one. Numbers are compared digit by digit, so that none is rounded:
 * an identifier of twenty digits equals itself alone. Stateless.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/glob.h"
#include "base/time.h"
#include "query/where.h"

#define MAX_EXPONENT_DIGITS 9U

/* ---- numbers ---- */

static size_t count_digits(Slice text, size_t from) {
        size_t at = from;

        while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9')
                at++;
        return at - from;
}

/* "e+12" from AT to the end of TEXT. */
static bool parse_exponent(Slice text, size_t at, int64_t *ret) {
        bool is_negative = false;
        size_t n;

        *ret = 0;
        if (at == text.size)
                return true;
        if (text.data[at] != 'e' && text.data[at] != 'E')
                return false;
        at++;
        if (at < text.size && (text.data[at] == '+' || text.data[at] == '-'))
                is_negative = text.data[at++] == '-';
        n = count_digits(text, at);
        if (n < 1 || n > MAX_EXPONENT_DIGITS || at + n != text.size)
                return false;
        for (; at < text.size; at++)
                *ret = *ret * 10 + (text.data[at] - '0');
        *ret = is_negative ? -*ret : *ret;
        return true;
}

static char digit_at(const WhereNumber *n, size_t i) {
        return i < n->whole.size                  ? n->whole.data[i]
               : i - n->whole.size < n->part.size ? n->part.data[i - n->whole.size]
                                                  : '0';
}

static size_t n_digits(const WhereNumber *n) {
        return n->whole.size + n->part.size;
}

bool where_number_parse(Slice text, WhereNumber *ret) {
        size_t at = text.size && *text.data == '-', n = count_digits(text, at);
        int64_t exponent;

        *ret = (WhereNumber){.sign = at ? -1 : 1, .whole = slice(text.data + at, n)};
        if (n == 0 || (n > 1 && text.data[at] == '0'))
                return false;
        at += n;
        if (at < text.size && text.data[at] == '.') {
                n = count_digits(text, at + 1);
                if (n == 0)
                        return false;
                ret->part = slice(text.data + at + 1, n);
                at += 1 + n;
        }
        if (!parse_exponent(text, at, &exponent))
                return false;
        while (ret->first < n_digits(ret) && digit_at(ret, ret->first) == '0')
                ret->first++;
        if (ret->first == n_digits(ret))
                ret->sign = 0;
        ret->magnitude = (int64_t)ret->whole.size - (int64_t)ret->first + exponent;
        return true;
}

int where_number_compare(const WhereNumber *a, const WhereNumber *b) {
        size_t n_a = n_digits(a) - a->first, n_b = n_digits(b) - b->first;

        if (a->sign != b->sign)
                return a->sign < b->sign ? -1 : 1;
        if (a->sign == 0)
                return 0;
        if (a->magnitude != b->magnitude)
                return (a->magnitude < b->magnitude) == (a->sign > 0) ? -1 : 1;
        for (size_t i = 0; i < n_a || i < n_b; i++) {
                char x = digit_at(a, a->first + i), y = digit_at(b, b->first + i);

                if (x != y)
                        return (x < y) == (a->sign > 0) ? -1 : 1;
        }
        return 0;
}

/* ---- terms ---- */

static bool holds(WhereRelation relation, int order) {
        switch (relation) {
        case WHERE_LESS:
                return order < 0;
        case WHERE_LESS_EQUAL:
                return order <= 0;
        case WHERE_GREATER:
                return order > 0;
        case WHERE_GREATER_EQUAL:
                return order >= 0;
        default:
                return order == 0;
        }
}

static bool holds_time(const WhereTerm *term, int64_t time) {
        return holds(term->relation, (time > term->time) - (time < term->time));
}

static int takes(const WhereTerm *term, Slice text) {
        WhereNumber number;
        Address address;
        int64_t time;

        switch (term->kind) {
        case WHERE_TEXT:
                return holds(term->relation, slice_compare(text, term->text));
        case WHERE_NUMBER:
                return where_number_parse(text, &number) &&
                       holds(term->relation, where_number_compare(&number, &term->number));
        case WHERE_MOMENT:
                return time_parse_date(text, &time) != 1 && holds_time(term, time);
        case WHERE_BLOCK:
                return address_parse(text, &address) == 0 &&
                       address_in_block(&term->block, &address);
        case WHERE_GLOB:
                return glob_match(term->text, text);
        default:
                return regex_match(term->regex, text);
        }
}

static int compare_text(const void *key, const void *term) {
        return slice_compare(*(const Slice *)key, ((const WhereTerm *)term)->text);
}

int where_test_text(const Where *where, const WhereTest *test, Slice text) {
        const WhereTerm *terms = where->terms.data + test->first_term;
        int r = 0;

        if (!text.data)
                return test->takes_absent;
        if (test->n_texts && bsearch(&text, terms, test->n_texts, sizeof(*terms), compare_text))
                return 1;
        for (size_t i = test->n_texts; i < test->n_terms && r == 0; i++)
                r = takes(&terms[i], text);
        return r;
}

int where_test_time(const Where *where, const WhereTest *test, int64_t time) {
        const WhereTerm *terms = where->terms.data + test->first_term;
        char text[TIME_TEXT_SIZE];
        int r = 0;

        for (size_t i = 0; i < test->n_terms && r == 0; i++) {
                if (terms[i].kind == WHERE_MOMENT)
                        r = holds_time(&terms[i], time);
                else
                        r = takes(&terms[i], slice(text, time_format(time, text)));
        }
        return r;
}
