/*
 * Indicators: a file of lines, each an address, a block of addresses, an access key, an ARN or a
 * user agent, with a label behind a comma if it has one. What it is, its form tells; "ip:", "key:"
 * or "ua:" before it leave no doubt. In keys, ARNs and user agents * and ? are wildcards. Cells
 * follow RFC 4180, so that what holds a comma or a quote stands in quotes. A first row that names a
 * column "indicator" is a header; "label" is then looked for too, and other columns are left alone.
 * Empty lines and lines that begin with # are skipped.
 *
 * A line that can be meant in two ways, or looks like an address or key and is none, or is one with
 * more behind it (cells between semicolons), is an error:
 * an indicator that never matches looks the same as one that is not there.
 *
 * Texts without wildcards are found by hash, the others are tried one after the other on each
 * distinct value; addresses and blocks stand in nets.c. Several may be of one text, and all are
 * told.
 */
#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "base/glob.h"
#include "enrich/private.h"

#define MAX_LINE 65536

typedef struct Reading {
        Enrich *enrich;
        const char *path;
        EnrichFault *fault;
        CsvReader csv;
        uint64_t line;
        size_t n_columns;          /* of the header; 0 without one */
        size_t value_at, label_at; /* SIZE_MAX: no such column */
        bool is_first, is_twice;   /* a column of the header */
} Reading;

static int refuse(Reading *reading, const char *reason) {
        return enrich_fail(reading->fault, ENRICH_MALFORMED, "%s: line %llu: %s", reading->path,
                        (unsigned long long)reading->line, reason);
}

static Slice trim(Slice s) {
        while (s.size && (s.data[0] == ' ' || s.data[0] == '\t'))
                s = slice(s.data + 1, s.size - 1);
        while (s.size && (s.data[s.size - 1] == ' ' || s.data[s.size - 1] == '\t'))
                s.size--;
        return s;
}

/* ---- what is it? ---- */

static bool is_of(Slice s, const char *set) {
        for (size_t i = 0; i < s.size; i++)
                if (!s.data[i] || !strchr(set, s.data[i]))
                        return false;
        return true;
}

/* Nothing but what addresses are written with, and enough of it to mean one. */
static bool looks_like_address(Slice s) {
        size_t n_dots = 0, n_colons = 0;

        for (size_t i = 0; i < s.size; i++) {
                n_dots += s.data[i] == '.';
                n_colons += s.data[i] == ':';
        }
        return (n_dots >= 2 && is_of(s, "0123456789./*?x-")) ||
               (n_colons >= 2 && is_of(s, "0123456789abcdefABCDEF:./*?")) ||
               (memchr(s.data, '/', s.size) && is_of(s, "0123456789./"));
}

/* The identifiers of long-term and temporary keys. */
static bool looks_like_key(Slice s) {
        if (!slice_starts_with(s, SLICE_LITERAL("AKIA")) &&
                        !slice_starts_with(s, SLICE_LITERAL("ASIA")))
                return false;
        return is_of(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789*?");
}

static bool is_arn(Slice s) {
        size_t n_colons = 0;

        for (size_t i = 0; i < s.size; i++)
                n_colons += s.data[i] == ':';
        return n_colons >= 5 || memchr(s.data, '*', s.size);
}

static bool take_prefix(Slice *s, Slice prefix) {
        if (!slice_starts_with(*s, prefix))
                return false;
        *s = trim(slice(s->data + prefix.size, s->size - prefix.size));
        return true;
}

/* What would be taken for a user agent, or an ARN, that never matches. NULL, or what is wrong. */
static const char *is_mistake(Slice s) {
        AddressBlock block;
        size_t n = 0;
        Slice word;

        if (memmem(s.data, s.size, "[.]", 3) || memmem(s.data, s.size, "[:]", 3))
                return "[.] instead of a dot: write the indicator as it stands in the evidence "
                       "(a user agent of this form has 'ua:' before it)";
        while (n < s.size && !memchr(";|\t ", s.data[n], 4))
                n++;
        word = slice(s.data, n);
        if (n < s.size && (address_parse_block(word, &block) == 0 ||
                                          address_parse(word, &block.address) == 0 ||
                                          looks_like_key(word) ||
                                          slice_starts_with(word, SLICE_LITERAL("arn:"))))
                return "an indicator with more behind it: cells stand between commas (a user agent "
                       "of this form has 'ua:' before it)";
        return NULL;
}

/* Takes a prefix off *s. NULL, or what is wrong. */
static const char *kind_of(Slice *s, EnrichKind *ret_kind, AddressBlock *ret_block) {
        bool is_address = take_prefix(s, SLICE_LITERAL("ip:"));
        const char *wrong;

        if (!is_address && take_prefix(s, SLICE_LITERAL("key:")))
                return *ret_kind = ENRICH_KEY, s->size ? NULL : "a key is missing behind 'key:'";
        if (!is_address && take_prefix(s, SLICE_LITERAL("ua:")))
                return *ret_kind = ENRICH_AGENT,
                       s->size ? NULL : "a user agent is missing behind 'ua:'";
        *ret_kind = ENRICH_ADDRESS;
        if (address_parse_block(*s, ret_block) == 0)
                return NULL;
        if (address_parse(*s, &ret_block->address) == 0) {
                ret_block->n_bits = address_n_bits(&ret_block->address);
                return NULL;
        }
        if (is_address || looks_like_address(*s))
                return "neither an address nor a block such as 10.0.0.0/8 or 2001:db8::/32 "
                       "(a user agent of this form has 'ua:' before it)";
        wrong = is_mistake(*s);
        if (wrong)
                return wrong;
        if (slice_starts_with(*s, SLICE_LITERAL("arn:")))
                return *ret_kind = ENRICH_ARN,
                       is_arn(*s) ? NULL : "no ARN: it has fewer than six parts";
        if (!looks_like_key(*s))
                return *ret_kind = ENRICH_AGENT, NULL;
        *ret_kind = ENRICH_KEY;
        return s->size >= 16 || glob_has_wildcard(*s)
                               ? NULL
                               : "no access key: it has fewer than 16 characters";
}

/* ---- keeping ---- */

/* The last of those of one text, from ITEM on. */
static void chain(Indicators *all, uint32_t item, uint32_t new) {
        while (all->items.data[item].next != ENRICH_NONE)
                item = all->items.data[item].next;
        all->items.data[item].next = new;
}

static int add_literal(Indicators *all, IndicatorTexts *texts, Slice text, uint32_t item) {
        uint32_t id;
        bool is_new;
        int r = vec_reserve(&texts->items, 1);

        if (r == 0)
                r = intern_add(&texts->literals, text, &id, &is_new);
        if (r)
                return r;
        if (is_new)
                texts->items.data[texts->items.size++] = item;
        else
                chain(all, texts->items.data[id], item);
        return 0;
}

static int add_glob(IndicatorTexts *texts, Slice pattern, uint32_t item) {
        if (vec_reserve(&texts->globs, 1) < 0)
                return -ENOMEM;
        texts->globs.data[texts->globs.size++] = (IndicatorGlob){pattern, item};
        return 0;
}

static int add(Reading *reading, Slice text, Slice label) {
        Indicators *all = &reading->enrich->indicators;
        Arena *arena = &reading->enrich->arena;
        uint32_t item = (uint32_t)all->items.size;
        AddressBlock block;
        EnrichKind kind;
        const char *wrong = kind_of(&text, &kind, &block);
        Slice copy;
        int r;

        if (wrong)
                return refuse(reading, wrong);
        if (all->items.size >= UINT32_MAX - 1)
                return -EOVERFLOW;
        r = vec_reserve(&all->items, 1);
        if (r == 0)
                r = arena_copy(arena, text, &copy);
        if (r == 0 && label.size)
                r = arena_copy(arena, label, &all->items.data[item].label);
        if (r)
                return r;
        if (!label.size)
                all->items.data[item].label = copy;
        all->items.data[item].next = ENRICH_NONE;
        all->items.size++;
        if (kind == ENRICH_ADDRESS)
                return nets_add(&all->blocks, &block, item);
        if (glob_has_wildcard(copy))
                return add_glob(&all->texts[kind], copy, item);
        return add_literal(all, &all->texts[kind], copy, item);
}

/* ---- lines ---- */

static bool is_name(Slice cell, const char *name) {
        cell = trim(cell);
        return cell.size == strlen(name) && strncasecmp(cell.data, name, cell.size) == 0;
}

/* Is the row at hand a header? */
static bool take_header(Reading *reading) {
        reading->value_at = reading->label_at = SIZE_MAX;
        for (size_t i = 0; i < reading->csv.cells.size; i++) {
                bool is_value = is_name(reading->csv.cells.data[i], "indicator");
                size_t *at = is_value ? &reading->value_at : &reading->label_at;

                if (!is_value && !is_name(reading->csv.cells.data[i], "label"))
                        continue;
                reading->is_twice |= *at != SIZE_MAX;
                *at = i;
        }
        if (reading->value_at == SIZE_MAX)
                return false;
        reading->n_columns = reading->csv.cells.size;
        return true;
}

/*
 * A row without a header of what may be a user agent and its label, and is something else: the rest
 * of the agent behind a comma, or the label first.
 */
static const char *is_misplaced(Slice row, Slice value, Slice label) {
        AddressBlock block;
        EnrichKind kind;

        if (kind_of(&value, &kind, &block) || kind != ENRICH_AGENT)
                return NULL;
        /* "Mozilla/5.0 (KHTML, like Gecko)" */
        if (row.data[0] != '"' && label.data[0] == ' ')
                return "a comma and a blank in a user agent: put it in quotes, or the label right "
                       "behind the comma";
        label = trim(label);
        if (!slice_starts_with(row, SLICE_LITERAL("ua:")) && label.size &&
                        !kind_of(&label, &kind, &block) &&
                        (kind == ENRICH_ADDRESS || kind == ENRICH_ARN || looks_like_key(label)))
                return "the label stands before the indicator (a user agent has 'ua:' before it, "
                       "if "
                       "that is meant)";
        return NULL;
}

static int take_row(Reading *reading, Slice row) {
        const Slice *cells = reading->csv.cells.data;
        size_t n = reading->csv.cells.size;
        Slice value, label = {NULL, 0};
        const char *wrong;

        if (reading->n_columns && n != reading->n_columns)
                return refuse(reading, "it has another number of cells than the header");
        if (!reading->n_columns && n > 2)
                return refuse(reading, "more than an indicator and a label: what holds a comma has "
                                       "to stand in quotes");
        value = trim(cells[reading->n_columns ? reading->value_at : 0]);
        if (!reading->n_columns && n == 2)
                label = cells[1];
        else if (reading->n_columns && reading->label_at != SIZE_MAX)
                label = cells[reading->label_at];
        if (!value.size)
                return refuse(reading, "the indicator is missing");
        wrong = !reading->n_columns && label.size ? is_misplaced(row, value, label) : NULL;
        if (wrong)
                return refuse(reading, wrong);
        return add(reading, value, trim(label));
}

/* The row at the beginning of REST, which is not empty; *ret_size is what it takes. */
static int take_line(Reading *reading, Slice rest, size_t *ret_size) {
        const char *reason = NULL, *end = memchr(rest.data, '\n', rest.size);
        Slice line = slice(rest.data, end ? (size_t)(end - rest.data) : rest.size);
        Slice trimmed;
        int r;

        if (line.size && line.data[line.size - 1] == '\r')
                line.size--;
        trimmed = trim(line);
        *ret_size = end ? (size_t)(end + 1 - rest.data) : rest.size;
        if (!trimmed.size || trimmed.data[0] == '#')
                return 0;
        if (line.size > MAX_LINE)
                return refuse(reading, "longer than 64 KB");
        for (size_t i = 0; i < line.size; i++)
                if (line.data[i] != '\t' && iscntrl((unsigned char)line.data[i]))
                        return refuse(reading, "a control character");
        r = csv_row(&reading->csv, trimmed, ret_size, &reason);
        if (r)
                return r;
        if (!*ret_size)
                return refuse(reading, reason);
        *ret_size = end ? (size_t)(end + 1 - rest.data) : rest.size;
        if (reading->is_first) {
                reading->is_first = false;
                if (take_header(reading))
                        return reading->is_twice ? refuse(reading, "a column stands twice") : 0;
        }
        return take_row(reading, trimmed);
}

static int take_lines(Reading *reading, Slice rest) {
        int r = 0;

        if (slice_starts_with(rest, SLICE_LITERAL("\xef\xbb\xbf")))
                rest = slice(rest.data + 3, rest.size - 3);
        while (rest.size && r == 0) {
                size_t n = 0;

                reading->line++;
                r = take_line(reading, rest, &n);
                rest = slice(rest.data + n, rest.size - n);
        }
        return r;
}

int enrich_add_indicators(Enrich *enrich, const char *path, EnrichFault *fault) {
        Reading reading = {.enrich = enrich, .path = path, .fault = fault, .is_first = true};
        EnrichText text = {0};
        int r = enrich_read(path, &text, fault);

        if (r == 0) {
                r = take_lines(&reading, slice(text.data, text.size));
                if (r == 0)
                        r = nets_seal(&enrich->indicators.blocks);
                if (r < 0)
                        enrich_fail(fault, r, "%s: %s", path, strerror(-r));
        }
        enrich->has_indicators = true;
        csv_deinit(&reading.csv);
        vec_deinit(&text);
        return r;
}

void indicators_deinit(Indicators *indicators) {
        for (int kind = 0; kind < ENRICH_N_KINDS; kind++) {
                intern_deinit(&indicators->texts[kind].literals);
                vec_deinit(&indicators->texts[kind].items);
                vec_deinit(&indicators->texts[kind].globs);
        }
        nets_deinit(&indicators->blocks);
        vec_deinit(&indicators->items);
}
