/*
 * The way back after a fault.
 *
 * The bytes behind the beginning of the unsound unit are searched for '{' and a key with which a
 * record begins. Each such place is tried by a fresh parser: an object that is sound as a whole and
 * plausible as a record ends the stretch, which is then reported, and reading goes on behind it;
 * otherwise the search goes on one byte behind the place. yajl no longer knows the brackets around
 * the records then, so each ',' between two of them is a fault too: a stretch of nothing but
 * brackets, commas and white space is not reported.
 *
 * Cost: linear for any damage met in practice; at worst every place is parsed as far as the limits
 * of depth and size allow.
 */
#include <stdio.h>

#include "json/reader.h"

#define LOOKAHEAD 128 /* bytes behind '{' that decide whether a record begins there */

int resync_report(JsonReader *r, uint64_t end) {
        JsonFault fault = {
                        .offset = r->fault_at,
                        .end = end,
                        .unit = r->fault_in_unit ? &r->fault_unit : NULL,
                        .reason = slice_cstr(r->fault_reason),
        };

        r->is_resynced = true;
        return r->sink->fault(r->sink->userdata, &fault);
}

/*
 * One line out of yajl's message, which ends in a newline. Where in the stretch it met the fault is
 * left out: that depends on the pieces in which the bytes came.
 */
static void describe(JsonReader *r, const char *what) {
        unsigned char *message = what ? NULL : yajl_get_error(r->parser, 0, NULL, 0);

        if (message)
                what = (char *)message;
        snprintf(r->fault_reason, sizeof(r->fault_reason), "%s", what ? what : "malformed JSON");
        r->fault_reason[strcspn(r->fault_reason, "\n")] = 0;
        if (message)
                yajl_free_error(r->parser, message);
}

/* What was known of the unit that broke off: types of its values, no texts. */
static void keep_unit(JsonReader *r) {
        memcpy(r->fault_values, r->values, r->paths->n_values * sizeof(*r->values));
        for (size_t i = 0; i < r->paths->n_values; i++)
                r->fault_values[i].text = (Slice){NULL, 0};
        r->fault_unit = r->unit;
        r->fault_unit.values = r->fault_values;
}

/* The parser met a fault in READ or TRIAL: remember it (the first of a stretch), and search. */
void resync_begin(JsonReader *r, const char *what) {
        r->is_parser_clean = false;
        if (r->mode == READER_TRIAL) {
                r->search_at++;
                r->is_gap_dirty = true;
        } else {
                describe(r, what);
                r->fault_in_unit = r->in_unit;
                r->fault_at = r->in_unit ? r->unit.offset : r->sound_end;
                r->is_gap_dirty = !r->is_resynced || r->in_unit;
                r->search_at = r->in_unit ? r->unit.offset + 1 : r->sound_end;
                if (r->in_unit)
                        keep_unit(r);
        }
        r->mode = READER_SEARCH;
}

/* Does a record begin with the '{' at AT? 1 yes, 0 no, -1 more bytes are needed to tell. */
static int begins_record(const JsonReader *r, const char *at, const char *end) {
        const char *key = at + 1;

        while (key < end && (*key == ' ' || *key == '\t' || *key == '\n' || *key == '\r'))
                key++;
        if (key < end && *key != '"')
                return 0;
        for (size_t i = 0; key < end && i < r->n_record_keys; i++) {
                size_t size = strlen(r->record_keys[i]);

                if ((size_t)(end - key) >= size + 2 && key[size + 1] == '"' &&
                                memcmp(key + 1, r->record_keys[i], size) == 0)
                        return 1;
        }
        return end - at < LOOKAHEAD && !r->is_final ? -1 : 0;
}

static void look_at_gap(JsonReader *r, const char *from, const char *to) {
        for (; !r->is_gap_dirty && from < to; from++)
                r->is_gap_dirty = !memchr(", \t\r\n]}", *from, 7);
}

/* 1: a place was found and the mode is TRIAL; 0: none in the bytes at hand; -ENOMEM. */
int resync_search(JsonReader *r) {
        const char *end = r->window + r->size;
        const char *at = r->window + (r->search_at - r->base);
        int result;

        while (at < end) {
                const char *brace = memchr(at, '{', (size_t)(end - at));
                int found = brace ? begins_record(r, brace, end) : 0;

                look_at_gap(r, at, brace ? brace : end);
                at = brace ? brace : end;
                if (found < 0)
                        break;
                if (found > 0) {
                        r->search_at = r->base + (uint64_t)(at - r->window);
                        r->fed = (size_t)(at - r->window);
                        reader_reset_state(r);
                        r->mode = READER_TRIAL;
                        result = reader_fresh_parser(r);
                        return result < 0 ? result : 1;
                }
                if (brace) {
                        r->is_gap_dirty = true;
                        at++;
                }
        }
        r->search_at = r->base + (uint64_t)(at - r->window);
        return 0;
}

/* The content ended while searching: what is left is the last stretch. */
int resync_finish(JsonReader *r) {
        look_at_gap(r, r->window + (r->search_at - r->base), r->window + r->size);
        return r->is_gap_dirty ? resync_report(r, r->base + r->size) : 0;
}
