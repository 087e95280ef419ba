/*
 * A selection: patterns by dimension, bounds of time. Everything is checked when it is added,
 * before any evidence is opened. Owned by one thread; may_take is asked by many.
 */
#include "query/selection.h"

#include <errno.h>
#include <stdlib.h>

#include "base/glob.h"
#include "base/time.h"

int selection_new(Selection **ret_selection) {
        Selection *s = vec_alloc_zero(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->read_only = -1;
        *ret_selection = s;
        return 0;
}

Selection *selection_free(Selection *s) {
        if (!s)
                return NULL;
        for (int dim = 0; dim < STORE_N_DIMS; dim++)
                vec_deinit(&s->dims[dim]);
        vec_deinit(&s->ids);
        where_deinit(&s->where);
        free(s->failure);
        arena_deinit(&s->arena);
        free(s);
        return NULL;
}

bool pattern_match(const Pattern *pattern, Slice text) {
        Address address;

        if (pattern->block.address.family)
                return address_parse(text, &address) == 0 &&
                       address_in_block(&pattern->block, &address);
        return pattern->is_literal ? slice_equal(pattern->text, text)
                                   : glob_match(pattern->text, text);
}

bool patterns_match(const Patterns *patterns, Slice text) {
        for (size_t i = 0; i < patterns->size; i++) {
                if (pattern_match(&patterns->data[i], text))
                        return true;
        }
        return false;
}

bool patterns_are_literal(const Patterns *patterns) {
        for (size_t i = 0; i < patterns->size; i++) {
                if (!patterns->data[i].is_literal || patterns->data[i].block.address.family)
                        return false;
        }
        return true;
}

static int add_pattern(Selection *s, Patterns *patterns, Slice text, Slice suffix,
                const AddressBlock *block) {
        Pattern pattern = {.is_literal = !glob_has_wildcard(text), .block = *block};
        char *copy;

        if (vec_reserve(patterns, 1) < 0)
                return -ENOMEM;
        copy = arena_alloc(&s->arena, text.size + suffix.size, 1);
        if (!copy)
                return -ENOMEM;
        memcpy(copy, text.data, text.size);
        if (suffix.size)
                memcpy(copy + text.size, suffix.data, suffix.size);
        pattern.text = slice(copy, text.size + suffix.size);
        patterns->data[patterns->size++] = pattern;
        return 0;
}

int selection_add(Selection *s, StoreDim dim, Slice text) {
        AddressBlock block = {0};
        int r = 0;

        if (!text.size)
                return SELECTION_EMPTY;
        if (dim == STORE_DIM_OUTCOME && !slice_equal(text, SLICE_LITERAL("success")) &&
                        !slice_equal(text, SLICE_LITERAL("denied")) &&
                        !slice_equal(text, SLICE_LITERAL("failure")))
                return SELECTION_OUTCOME;
        if (dim == STORE_DIM_IP && memchr(text.data, '/', text.size))
                r = address_parse_block(text, &block) ? SELECTION_BLOCK : 0;
        if (r == 0)
                r = add_pattern(s, &s->dims[dim], text, (Slice){NULL, 0}, &block);
        if (r == 0 && dim == STORE_DIM_SERVICE)
                r = add_pattern(s, &s->dims[dim], text, SLICE_LITERAL(".amazonaws.com"), &block);
        return r;
}

int selection_add_id(Selection *s, Slice text) {
        return text.size ? add_pattern(s, &s->ids, text, (Slice){NULL, 0}, &(AddressBlock){0})
                         : SELECTION_EMPTY;
}

void selection_set_read_only(Selection *s, bool read_only) {
        s->read_only = read_only;
}

int selection_set_from(Selection *s, Slice time) {
        s->has_from = true;
        return time_parse_date(time, &s->from) == 1 ? SELECTION_TIME : 0;
}

int selection_set_to(Selection *s, Slice time) {
        s->has_to = true;
        return time_parse_date(time, &s->to) == 1 ? SELECTION_TIME : 0;
}

int selection_set_last(Selection *s, Slice span) {
        s->has_last = true;
        return time_parse_span(span, &s->last) ? SELECTION_SPAN : 0;
}

int selection_set_where(Selection *s, Slice text, SelectionWhereFault *ret_fault) {
        if (!s->failure) {
                s->failure = vec_alloc_zero(1, sizeof(*s->failure));
                if (!s->failure)
                        return -ENOMEM;
        }
        return where_parse(&s->where, text, ret_fault);
}

bool selection_asks(const Selection *s, Slice field) {
        return where_asks(&s->where, field);
}

const SelectionFailure *selection_failure(const Selection *s) {
        return s->failure;
}

/*
 * An event that is refused here is stripped of some values, and must not be selected then: those
 * that are left still do not match, and an absent one is in no set. The span back from the newest
 * event refuses none, as that is not known yet.
 */
bool selection_may_take(const Selection *s, const Event *event) {
        Slice read_only = event->call[EVENT_CALL_READ_ONLY];

        if ((s->has_from && event->time < s->from) || (s->has_to && event->time >= s->to))
                return false;
        if (s->read_only >= 0 && !slice_equal(read_only, s->read_only ? SLICE_LITERAL("true")
                                                                      : SLICE_LITERAL("false")))
                return false;
        for (StoreDim dim = 0; dim < STORE_N_DIMS; dim++) {
                if (s->dims[dim].size &&
                                !patterns_match(&s->dims[dim], store_event_dim(event, dim)))
                        return false;
        }
        if (s->ids.size && !patterns_match(&s->ids, event->id))
                return false;
        return where_may_take(&s->where, event);
}

static int64_t saturating_sub(int64_t a, int64_t b) {
        int64_t r;

        return __builtin_sub_overflow(a, b, &r) ? INT64_MIN : r;
}

WhereWindow selection_window(const Selection *s, Store *store) {
        WhereWindow window = {s->has_from, s->has_to, s->from, s->to};
        uint32_t n = store_n_events(store);

        if (s->has_last && n) {
                int64_t since = saturating_sub(store_time(store, n - 1), s->last);

                if (!window.has_from || since > window.from)
                        window.from = since;
                window.has_from = true;
        }
        where_narrow(&s->where, &window);
        return window;
}
