/*
 * Envelopes are opened one after the other: what is inside is copied (the outer unit stays as it
 * is), read by a json reader of its own as content of its own, and either taken as records or
 * opened again, a few times at most.
 *
 * Where it stands. As long as everything around a record is an object, the record's own bytes stand
 * in the content, and their place is exact. Once a string is opened, the place is that of the
 * outermost unit, from which reading finds the record again.
 *
 * A record must be sound as a whole here: nothing is taken up again behind a fault in a string, as
 * what follows would be a part of the record that broke.
 *
 * Cost: one copy and one parse for each level. Memory: twice the largest unit allowed.
 */
#include "event/inside.h"

#include <errno.h>
#include <stdio.h>

#define MAX_LEVELS                                                                                 \
        6 /* a hit of a search, a shipper, an event of a bus, a message, and some more             \
           */

/* The time that a shipper put beside the record: the innermost counts. */
static void keep_time(Inside *in, const JsonUnit *unit) {
        Slice time = record_text(unit, RECORD_SHIPPER_TIME);

        if (!time.size || time.size > sizeof(in->time))
                return;
        memcpy(in->time, time.data, time.size);
        in->next_origin.time = slice(in->time, time.size);
}

static int copy_text(InsideText *to, Slice text) {
        to->size = 0;
        if (vec_reserve(to, text.size + 1) < 0)
                return -ENOMEM;
        if (text.size)
                memcpy(to->data, text.data, text.size);
        to->size = text.size;
        return 0;
}

static int take_next(Inside *in, const JsonUnit *unit, const Envelope *envelope) {
        if (copy_text(&in->next, envelope->inside) < 0)
                return -ENOMEM;
        in->has_next = true;
        in->is_next_exact = in->is_exact && !envelope->is_string;
        in->next_origin = in->origin;
        if (in->next_origin.container == EVENT_IN_NONE)
                in->next_origin.container = envelope->container;
        if (envelope->container == EVENT_IN_SHIPPER)
                keep_time(in, unit);
        if (in->is_next_exact) {
                in->next_origin.offset +=
                                unit->offset + (size_t)(envelope->inside.data - unit->text.data);
        } else {
                in->next_origin.offset = in->origin.outer_offset;
                in->next_origin.size = in->origin.outer_size;
        }
        return 0;
}

static int on_unit(void *userdata, const JsonUnit *unit) {
        Inside *in = userdata;
        RecordOrigin origin = in->origin;
        Envelope envelope;
        bool is_object = unit->type == JSON_OBJECT;

        if (unit->is_recovered || in->is_check)
                return 0;
        if (is_object && !in->has_next && in->n_levels < MAX_LEVELS &&
                        (envelope_open(unit, true, &envelope) ||
                                        (!record_is_plausible(unit) &&
                                                        envelope_open(unit, false, &envelope))))
                return take_next(in, unit, &envelope);
        if (!(is_object && record_is_plausible(unit)) &&
                        !(unit->place == JSON_LISTED && unit->list == RECORD_LIST_RECORDS)) {
                in->n_others += unit->place != JSON_BESIDE;
                return 0;
        }
        in->n_records++;
        if (in->is_exact) {
                origin.offset += unit->offset;
                origin.size = unit->size;
        }
        if (record_text(unit, RECORD_SHIPPER_TIME).size) {
                origin.time = record_text(unit, RECORD_SHIPPER_TIME);
                origin.outer_offset = origin.offset;
                origin.outer_size = origin.size;
        }
        return in->sink.record(in->sink.userdata, unit, &origin);
}

static int on_fault(void *userdata, const JsonFault *fault) {
        Inside *in = userdata;

        if (!*in->fault)
                snprintf(in->fault, sizeof(in->fault), "%.*s", (int)fault->reason.size,
                                fault->reason.data);
        return 0;
}

static bool is_plausible(void *userdata, const JsonUnit *unit) {
        (void)userdata;
        return record_is_plausible(unit);
}

static void on_list(void *userdata, unsigned list, uint64_t offset, Slice before) {
        (void)userdata, (void)list, (void)offset, (void)before;
}

static int read_text(Inside *in) {
        int r = json_reader_begin(in->json, &in->json_sink, false, (Slice){NULL, 0});

        for (size_t at = 0; r == 0 && at < in->text.size;) {
                size_t space, n = in->text.size - at;
                char *buffer;

                r = json_reader_space(in->json, &buffer, &space);
                if (r)
                        return r;
                n = n < space ? n : space;
                memcpy(buffer, in->text.data + at, n);
                at += n;
                r = json_reader_feed(in->json, n);
        }
        return r ? r : json_reader_finish(in->json);
}

static int begin(Inside *in, const RecordOrigin *origin, bool is_exact) {
        in->json_sink = (JsonSink){in, on_unit, on_fault, is_plausible, on_list};
        in->origin = *origin;
        in->is_exact = is_exact;
        in->has_next = in->is_check = false;
        in->n_levels = in->n_records = in->n_others = 0;
        in->fault[0] = 0;
        return in->json ? 0 : record_reader_new(in->paths, &in->limits, &in->json);
}

static int read_levels(Inside *in) {
        int r = 0;

        while (r == 0 && in->has_next) {
                InsideText text = in->text;

                in->text = in->next;
                in->next = text;
                in->origin = in->next_origin;
                in->is_exact = in->is_next_exact;
                in->has_next = false;
                in->n_levels++;
                r = read_text(in);
        }
        return r;
}

int inside_read(Inside *in, const JsonUnit *unit, const Envelope *envelope) {
        RecordOrigin origin = {
                        .offset = unit->offset,
                        .size = unit->size,
                        .outer_offset = unit->offset,
                        .outer_size = unit->size,
                        .is_recovered = unit->is_recovered,
        };
        JsonUnit at_start = *unit;
        int r = begin(in, &origin, true);

        at_start.offset = 0; /* the origin has it already */
        if (r == 0)
                r = take_next(in, &at_start, envelope);
        return r ? r : read_levels(in);
}

int inside_read_text(Inside *in, Slice text, const RecordOrigin *origin) {
        int r = begin(in, origin, false);

        if (r == 0)
                r = copy_text(&in->next, text);
        if (r)
                return r;
        in->next_origin = *origin;
        in->is_next_exact = false;
        in->has_next = true;
        return read_levels(in);
}

int inside_check(Inside *in, Slice text) {
        int r = begin(in, &(RecordOrigin){0}, false);

        in->is_check = true;
        if (r == 0)
                r = copy_text(&in->text, text);
        if (r == 0)
                r = read_text(in);
        in->is_check = false;
        return r ? r : *in->fault != 0;
}

void inside_deinit(Inside *in) {
        json_reader_free(in->json);
        vec_deinit(&in->text);
        vec_deinit(&in->next);
}
