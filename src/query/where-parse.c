/*
 * Expressions from text, by recursive descent:
 *
 *     or     = and { "or" and }
 *     and    = unary { "and" unary }
 *     unary  = "not" unary | "(" or ")" | test
 *     test   = field [ operator values | ["not"] "in" values | ["not"] "exists" ]
 *     values = value | "(" value { "," value } ")"
 *
 * A word ends at a space, a quote, a parenthesis, a comma or an operator. Text is read once, from
 * left to right; nesting, tests and parts of a path are limited, so the stack and the time are too.
 * Every refusal says where it stands and what was expected there.
 */
#include "query/where-parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/time.h"

#define FOUND_BYTES 40U /* of what is quoted in a message */

typedef struct Parser {
        Where *where;
        Slice text;
        char *scratch; /* as many bytes: what is being read */
        size_t at;
        unsigned depth;
        SelectionWhereFault *fault;
} Parser;

/* What stands behind a field. */
typedef struct Operator {
        const char *text;
        WhereKind kind;
        WhereRelation relation;
        bool is_negated;
        bool is_order; /* of one value */
} Operator;

/* The longer before those that they begin with. */
static const Operator operators[] = {
                {"==", WHERE_TEXT, WHERE_EQUAL, false, false},
                {"=~", WHERE_REGEX, WHERE_EQUAL, false, false},
                {"=", WHERE_TEXT, WHERE_EQUAL, false, false},
                {"!=", WHERE_TEXT, WHERE_EQUAL, true, false},
                {"!~", WHERE_GLOB, WHERE_EQUAL, true, false},
                {"~", WHERE_GLOB, WHERE_EQUAL, false, false},
                {"<=", WHERE_TEXT, WHERE_LESS_EQUAL, false, true},
                {"<", WHERE_TEXT, WHERE_LESS, false, true},
                {">=", WHERE_TEXT, WHERE_GREATER_EQUAL, false, true},
                {">", WHERE_TEXT, WHERE_GREATER, false, true},
};
static const Operator in_operator = {"in", WHERE_TEXT, WHERE_EQUAL, false, false};

/* ---- refusals ---- */

__attribute__((format(printf, 3, 4))) static int refuse(
                Parser *p, size_t at, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(p->fault->reason, sizeof(p->fault->reason), format, arguments);
        va_end(arguments);
        p->fault->at = at;
        return SELECTION_WHERE;
}

static bool is_space(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(Parser *p) {
        while (p->at < p->text.size && is_space(p->text.data[p->at]))
                p->at++;
}

static bool is_word_char(char c) {
        return !is_space(c) && !memchr("\"'(),=!<>~", c, 10);
}

/* The word at the parser's place: to the end of its characters, but no character is cut. */
static Slice word_here(const Parser *p) {
        size_t end = p->at;

        while (end < p->text.size && is_word_char(p->text.data[end]))
                end++;
        return slice(p->text.data + p->at, end - p->at);
}

/* "expected WHAT, found ...". */
static int refuse_here(Parser *p, const char *what) {
        Slice word;
        size_t n;

        skip_space(p);
        word = word_here(p);
        if (p->at == p->text.size)
                return refuse(p, p->at, "expected %s, found the end", what);
        n = word.size ? word.size : 1;
        if (n > FOUND_BYTES) {
                for (n = FOUND_BYTES; n > 1 && (word.data[n] & 0xC0) == 0x80;)
                        n--;
        }
        return refuse(p, p->at, "expected %s, found %.*s%s", what, (int)n, word.data,
                        n < word.size ? "..." : "");
}

/* ---- words ---- */

static bool is_keyword(Slice word, const char *keyword) {
        return strlen(keyword) == word.size && strncasecmp(word.data, keyword, word.size) == 0;
}

static bool take_keyword(Parser *p, const char *keyword) {
        Slice word;

        skip_space(p);
        word = word_here(p);
        if (!is_keyword(word, keyword))
                return false;
        p->at += word.size;
        return true;
}

static bool take_char(Parser *p, char c) {
        skip_space(p);
        if (p->at == p->text.size || p->text.data[p->at] != c)
                return false;
        p->at++;
        return true;
}

static bool is_quote(const Parser *p) {
        return p->at < p->text.size && (p->text.data[p->at] == '"' || p->text.data[p->at] == '\'');
}

/*
 * A quoted text, appended at TO. In double quotes \" and \\ are a quote and a backslash, and any
 * other backslash is itself, as regular expressions want it; single quotes know no escapes.
 */
static int take_quoted(Parser *p, char *to, size_t *size) {
        size_t from = p->at;
        char quote = p->text.data[p->at++];

        for (; p->at < p->text.size; p->at++) {
                char c = p->text.data[p->at];

                if (c == quote) {
                        p->at++;
                        return 0;
                }
                if (c == '\\' && quote == '"' && p->at + 1 < p->text.size &&
                                (p->text.data[p->at + 1] == '"' || p->text.data[p->at + 1] == '\\'))
                        c = p->text.data[++p->at];
                to[(*size)++] = c;
        }
        return refuse(p, from, "the text that begins here has no closing %c", quote);
}

/* ---- fields ---- */

/* "[3]" as ".3"; "[]" and "[*]", any element, as nothing: so an array is taken anyway. */
static int take_index(Parser *p, char *to, size_t *size) {
        size_t from = p->at++, digits = p->at;

        while (p->at < p->text.size && p->text.data[p->at] >= '0' && p->text.data[p->at] <= '9')
                p->at++;
        if (p->at > digits) {
                to[(*size)++] = '.';
                memcpy(to + *size, p->text.data + digits, p->at - digits);
                *size += p->at - digits;
        } else if (p->at < p->text.size && p->text.data[p->at] == '*') {
                p->at++;
        }
        if (p->at == p->text.size || p->text.data[p->at] != ']')
                return refuse(p, from, "expected [0] or another number, or [] for any element");
        p->at++;
        return 0;
}

static int check_path(Parser *p, size_t from, Slice name) {
        size_t n_parts = 1, n = 0;

        for (size_t i = 0; i <= name.size; i++, n++) {
                if (i < name.size && name.data[i] != '.')
                        continue;
                if (n == 0)
                        return refuse(p, from,
                                        "a path is names with a dot between each two, such as "
                                        "requestParameters.bucketName");
                n_parts += i < name.size;
                n = (size_t)-1;
        }
        if (n_parts > WHERE_MAX_PARTS)
                return refuse(p, from, "a path has at most %u parts", WHERE_MAX_PARTS);
        return 0;
}

/* A name: bare or quoted pieces without a space between them. */
static int take_field(Parser *p, WhereField *ret) {
        char *to = p->scratch;
        size_t from, size = 0;
        const char *meant;
        Slice name;
        int r = 0;

        skip_space(p);
        from = p->at;
        while (r == 0 && p->at < p->text.size) {
                char c = p->text.data[p->at];

                if (is_quote(p)) {
                        r = take_quoted(p, to, &size);
                } else if (c == '[') {
                        r = take_index(p, to, &size);
                } else if (c == '*' || c == '?') {
                        r = refuse(p, p->at, "the name of a field has no wildcards");
                } else if (is_word_char(c)) {
                        to[size++] = c;
                        p->at++;
                } else {
                        break;
                }
        }
        if (r == 0)
                r = check_path(p, from, slice(to, size));
        if (r == 0)
                r = arena_copy(&p->where->arena, slice(to, size), &name);
        if (r != 0)
                return r;
        meant = where_find_field(name, ret);
        if (meant)
                return refuse(p, from, "no such field; is %s meant?", meant);
        if (ret->place == WHERE_PATH)
                ret->path_number = p->where->n_paths++;
        return 0;
}

/* ---- values ---- */

typedef struct Value {
        Slice text;
        size_t at;
        bool is_quoted;
} Value;

static int take_value(Parser *p, const char *expected, Value *ret) {
        size_t size = 0;
        Slice word;
        int r;

        skip_space(p);
        ret->at = p->at;
        ret->is_quoted = is_quote(p);
        if (!ret->is_quoted) {
                word = word_here(p);
                if (!word.size || is_keyword(word, "and") || is_keyword(word, "or") ||
                                is_keyword(word, "not"))
                        return refuse_here(p, expected);
                p->at += word.size;
                return arena_copy(&p->where->arena, word, &ret->text);
        }
        r = take_quoted(p, p->scratch, &size);
        return r ? r : arena_copy(&p->where->arena, slice(p->scratch, size), &ret->text);
}

static int add_term(Parser *p, WhereTest *test, const WhereTerm *term) {
        if (vec_reserve(&p->where->terms, 1) < 0)
                return -ENOMEM;
        p->where->terms.data[p->where->terms.size++] = *term;
        test->n_terms++;
        return 0;
}

static int compile_regex(Parser *p, const Value *value, WhereTerm *term) {
        RegexFault fault;
        int r = regex_new(value->text, &term->regex, &fault);

        return r > 0 ? refuse(p, value->at, "%s, at byte %zu of the regular expression",
                                       fault.reason, fault.at)
                     : r;
}

/* Behind `in` an address with bits is a block; elsewhere a bare one is a mistake, also as a
 * pattern.
 */
static int look_for_block(Parser *p, const Operator *op, const Value *value, WhereTerm *term) {
        Address address;
        const char *slash = memchr(value->text.data, '/', value->text.size);

        if (!slash || address_parse(slice(value->text.data, (size_t)(slash - value->text.data)),
                                      &address))
                return 0;
        if (op != &in_operator)
                return value->is_quoted ? 0
                                        : refuse(p, value->at,
                                                          "a block of addresses stands behind in: "
                                                          "ip in 10.0.0.0/8");
        if (address_parse_block(value->text, &term->block))
                return refuse(p, value->at,
                                "expected a block of addresses such as 10.0.0.0/8 or "
                                "2001:db8::/32");
        term->kind = WHERE_BLOCK;
        return 0;
}

static int classify(Parser *p, const WhereField *field, const Operator *op, const Value *value,
                WhereTerm *term) {
        bool is_time = time_parse_date(value->text, &term->time) != 1;
        int r;

        if (op->kind != WHERE_TEXT) {
                r = look_for_block(p, op, value, term);
                return r || op->kind == WHERE_GLOB ? r : compile_regex(p, value, term);
        }
        if (field->place == WHERE_TIME && !is_time)
                return refuse(p, value->at,
                                "expected a time such as 2026-01-08T14:00:00Z or 2026-01-08");
        if (field->place == WHERE_TIME || (is_time && !value->is_quoted)) {
                term->kind = WHERE_MOMENT;
                return 0;
        }
        r = look_for_block(p, op, value, term);
        if (r == 0 && !value->is_quoted && term->kind == WHERE_TEXT &&
                        where_number_parse(term->text, &term->number))
                term->kind = WHERE_NUMBER;
        return r;
}

/* "iam" also stands for "iam.amazonaws.com". */
static int add_service(Parser *p, WhereTest *test, const WhereTerm *term) {
        static const Slice suffix = SLICE_INIT(".amazonaws.com");
        WhereTerm longer = *term;
        char *to;

        if (!test->field.is_service || term->relation != WHERE_EQUAL ||
                        (term->kind != WHERE_TEXT && term->kind != WHERE_GLOB))
                return 0;
        to = arena_alloc(&p->where->arena, term->text.size + suffix.size, 1);
        if (!to)
                return -ENOMEM;
        memcpy(to, term->text.data, term->text.size);
        memcpy(to + term->text.size, suffix.data, suffix.size);
        longer.text = slice(to, term->text.size + suffix.size);
        return add_term(p, test, &longer);
}

static int take_term(Parser *p, WhereTest *test, const Operator *op) {
        WhereTerm term = {.kind = op->kind, .relation = op->relation};
        const char *expected = op->kind == WHERE_REGEX ? "a regular expression, best in 'quotes'"
                               : op->kind == WHERE_GLOB
                                               ? "a text with * and ?, such as \"backup*\""
                                               : "a value, such as \"text\", 10 or 2026-01-08";
        Value value;
        int r = take_value(p, expected, &value);

        if (r != 0)
                return r;
        if (op->kind == WHERE_TEXT && !op->is_order && !value.is_quoted &&
                        is_keyword(value.text, "null")) {
                test->takes_absent = true;
                return 0;
        }
        term.text = value.text;
        r = classify(p, &test->field, op, &value, &term);
        if (r == 0)
                r = add_term(p, test, &term);
        if (r < 0)
                regex_free(term.regex);
        return r ? r : add_service(p, test, &term);
}

static int take_values(Parser *p, WhereTest *test, const Operator *op) {
        size_t from;
        int r;

        skip_space(p);
        from = p->at;
        if (!take_char(p, '('))
                return take_term(p, test, op);
        if (op->is_order)
                return refuse(p, from, "expected one value behind %s, not a list", op->text);
        do {
                r = take_term(p, test, op);
        } while (r == 0 && take_char(p, ','));
        if (r == 0 && !take_char(p, ')'))
                r = refuse_here(p, "a comma or the closing parenthesis of the list");
        return r;
}

/* ---- the tree ---- */

static int add_node(Parser *p, WhereNodeKind kind, uint32_t child, uint32_t *ret) {
        if (p->where->nodes.size >= WHERE_NONE || vec_reserve(&p->where->nodes, 1) < 0)
                return -ENOMEM;
        *ret = (uint32_t)p->where->nodes.size;
        p->where->nodes.data[p->where->nodes.size++] = (WhereNode){kind, child, WHERE_NONE};
        return 0;
}

/* Two nots are none. */
static int negate(Parser *p, uint32_t *node) {
        const WhereNode *n = &p->where->nodes.data[*node];

        if (n->kind == WHERE_NOT) {
                *node = n->child;
                return 0;
        }
        return add_node(p, WHERE_NOT, *node, node);
}

/* Terms equal to a text come first, in order, so that long lists are searched. */
static int compare_terms(const void *a, const void *b) {
        const WhereTerm *x = a, *y = b;
        bool is_x = x->kind == WHERE_TEXT && x->relation == WHERE_EQUAL,
             is_y = y->kind == WHERE_TEXT && y->relation == WHERE_EQUAL;

        if (is_x != is_y)
                return is_x ? -1 : 1;
        if (x->kind != y->kind)
                return x->kind < y->kind ? -1 : 1;
        return slice_compare(x->text, y->text);
}

static int add_test(Parser *p, WhereTest *test, size_t at, uint32_t *ret) {
        WhereTerm *terms = p->where->terms.data + test->first_term;

        if (p->where->tests.size >= WHERE_MAX_TESTS)
                return refuse(p, at, "more than %u comparisons; in (...) takes a list of values",
                                WHERE_MAX_TESTS);
        if (test->n_terms)
                qsort(terms, test->n_terms, sizeof(*terms), compare_terms);
        while (test->n_texts < test->n_terms && terms[test->n_texts].kind == WHERE_TEXT &&
                        terms[test->n_texts].relation == WHERE_EQUAL)
                test->n_texts++;
        if (vec_reserve(&p->where->tests, 1) < 0)
                return -ENOMEM;
        p->where->tests.data[p->where->tests.size++] = *test;
        return add_node(p, WHERE_TEST, (uint32_t)p->where->tests.size - 1, ret);
}

static const Operator *take_operator(Parser *p) {
        skip_space(p);
        for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
                size_t n = strlen(operators[i].text);

                if (p->text.size - p->at >= n &&
                                memcmp(p->text.data + p->at, operators[i].text, n) == 0) {
                        p->at += n;
                        return &operators[i];
                }
        }
        return NULL;
}

/* A field alone is true where it is `true`. */
static int add_bare(Parser *p, WhereTest *test) {
        WhereTerm term = {.kind = WHERE_TEXT, .text = SLICE_LITERAL("true")};
        Slice word;

        skip_space(p);
        word = word_here(p);
        if (test->field.place == WHERE_TIME)
                return refuse_here(p, "a comparison, such as eventTime >= 2026-01-08");
        if (p->at < p->text.size && p->text.data[p->at] != ')' && !is_keyword(word, "and") &&
                        !is_keyword(word, "or"))
                return refuse_here(p, "an operator (= != ~ !~ =~ < <= > >= in exists), and, or, or "
                                      "the end");
        return add_term(p, test, &term);
}

static int parse_test(Parser *p, uint32_t *ret) {
        WhereTest test = {.first_term = (uint32_t)p->where->terms.size};
        const Operator *op = NULL;
        bool is_negated = false, has_not;
        size_t from;
        int r;

        skip_space(p);
        from = p->at;
        r = take_field(p, &test.field);
        if (r != 0)
                return r;
        op = take_operator(p);
        has_not = !op && take_keyword(p, "not");
        if (op) {
                is_negated = op->is_negated;
                r = take_values(p, &test, op);
        } else if (take_keyword(p, "in")) {
                is_negated = has_not;
                r = take_values(p, &test, &in_operator);
        } else if (take_keyword(p, "exists")) {
                is_negated = !has_not;
                test.takes_absent = true;
        } else if (has_not) {
                r = refuse_here(p, "in or exists behind not");
        } else {
                r = add_bare(p, &test);
        }
        if (r == 0)
                r = add_test(p, &test, from, ret);
        return r == 0 && is_negated ? negate(p, ret) : r;
}

static int parse_or(Parser *p, uint32_t *ret);

static int parse_unary(Parser *p, uint32_t *ret) {
        Slice word;
        int r;

        skip_space(p);
        if (p->depth >= WHERE_MAX_DEPTH)
                return refuse(p, p->at, "more than %u parentheses and nots in each other",
                                WHERE_MAX_DEPTH);
        p->depth++;
        word = word_here(p);
        if (take_keyword(p, "not")) {
                r = parse_unary(p, ret);
                if (r == 0)
                        r = negate(p, ret);
        } else if (take_char(p, '(')) {
                r = parse_or(p, ret);
                if (r == 0 && !take_char(p, ')'))
                        r = refuse_here(p, "and, or, or a closing parenthesis");
        } else if ((!word.size && !is_quote(p)) || is_keyword(word, "and") ||
                        is_keyword(word, "or") || is_keyword(word, "in") ||
                        is_keyword(word, "exists")) {
                r = refuse_here(p, "the name of a field, not, or an opening parenthesis");
        } else {
                r = parse_test(p, ret);
        }
        p->depth--;
        return r;
}

/* Operands with KEYWORD between them: one node over all of them. */
static int parse_chain(Parser *p, WhereNodeKind kind, const char *keyword,
                int (*operand)(Parser *p, uint32_t *ret), uint32_t *ret) {
        uint32_t last, next;
        int r = operand(p, ret);

        if (r != 0 || !take_keyword(p, keyword))
                return r;
        /* a node of its own, as an operand may be the same kind, with operands behind it */
        last = *ret;
        r = add_node(p, kind, last, ret);
        if (r != 0)
                return r;
        do {
                r = operand(p, &next);
                if (r == 0)
                        p->where->nodes.data[last].next = next;
                last = next;
        } while (r == 0 && take_keyword(p, keyword));
        return r;
}

static int parse_and(Parser *p, uint32_t *ret) {
        return parse_chain(p, WHERE_AND, "and", parse_unary, ret);
}

static int parse_or(Parser *p, uint32_t *ret) {
        return parse_chain(p, WHERE_OR, "or", parse_and, ret);
}

/* ---- a whole expression ---- */

static void forget_terms(Where *where, size_t n) {
        while (where->terms.size > n)
                regex_free(where->terms.data[--where->terms.size].regex);
}

int where_parse(Where *where, Slice text, SelectionWhereFault *ret_fault) {
        Parser p = {.where = where, .text = text, .fault = ret_fault};
        size_t n_nodes = where->nodes.size, n_tests = where->tests.size,
               n_terms = where->terms.size;
        unsigned n_paths = where->n_paths;
        uint32_t root = WHERE_NONE;
        int r = vec_reserve(&where->roots, 1);

        p.scratch = vec_alloc(text.size + 1, 1);
        if (!p.scratch)
                r = -ENOMEM;
        if (r == 0 && text.size > WHERE_MAX_BYTES)
                r = refuse(&p, WHERE_MAX_BYTES, "an expression has at most %zu bytes",
                                WHERE_MAX_BYTES);
        if (r == 0)
                r = parse_or(&p, &root);
        skip_space(&p);
        if (r == 0 && p.at < text.size)
                r = refuse_here(&p, "and, or, or the end");
        free(p.scratch);
        if (r == 0) {
                where->roots.data[where->roots.size++] = root;
                return 0;
        }
        where->nodes.size = n_nodes;
        where->tests.size = n_tests;
        where->n_paths = n_paths;
        forget_terms(where, n_terms);
        return r;
}

void where_deinit(Where *where) {
        forget_terms(where, 0);
        vec_deinit(&where->nodes);
        vec_deinit(&where->tests);
        vec_deinit(&where->terms);
        vec_deinit(&where->roots);
        arena_deinit(&where->arena);
}
