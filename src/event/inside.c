/*
 * Envelopes are opened level by level: what is inside is copied (the outer unit stays as it is),
 * read by a json reader of its own as content of its own, and either taken as records or opened
 * again, a few times at most. A text may hold many envelopes, such as a message that is a page of
 * events: all of them are the next level.
 *
 * Where it stands. As long as everything around a record is an object, the record's own bytes stand
 * in the content, and their place is exact. Once a string is opened, the place is that of the
 * outermost unit, from which reading finds the record again.
 *
 * A record must be sound as a whole here: nothing is taken up again behind a fault in a string, as
 * what follows would be a part of the record that broke.
 *
 * Cost: one copy and one parse for each level. Memory: twice the largest unit allowed, as the texts
 * of a level stand apart in those around them, and a few words for each of them.
 */
#include "event/inside.h"

#include <errno.h>
#include <stdio.h>

#define MAX_LEVELS                                                                                 \
        6           /* a hit of a search, a shipper, an event of a bus, a message, and some more   \
                     */
#define MAX_TIME 64 /* bytes of what may be a time */

static int add_text(InsideText *to, Slice text, size_t *ret_at) {
        *ret_at = to->size;
        if (vec_reserve(to, text.size + 1) < 0)
                return -ENOMEM;
        if (text.size)
                memcpy(to->data + to->size, text.data, text.size);
        to->size += text.size;
        return 0;
}

static int add_item(Inside *in, InsideItem item, Slice text, Slice time) {
        int r = add_text(&in->next, text, &item.at);

        if (r == 0)
                r = add_text(&in->next, time, &item.time_at);
        if (r == 0 && vec_reserve(&in->next_items, 1) < 0)
                r = -ENOMEM;
        if (r < 0)
                return r;
        item.size = text.size;
        item.time_size = time.size;
        in->next_items.data[in->next_items.size++] = item;
        return 0;
}

/* The time that a shipper put beside the record: the innermost counts. */
static Slice time_of(const Inside *in, const JsonUnit *unit, const Envelope *envelope) {
        Slice time = envelope->container == EVENT_IN_SHIPPER
                                     ? record_text(unit, RECORD_SHIPPER_TIME)
                                     : (Slice){NULL, 0};

        return time.size && time.size <= MAX_TIME ? time : in->origin.time;
}

static int take_next(Inside *in, const JsonUnit *unit, const Envelope *envelope) {
        InsideItem item = {
                        .offset = in->origin.outer_offset,
                        .n_bytes = in->origin.outer_size,
                        .container = in->origin.container == EVENT_IN_NONE ? envelope->container
                                                                           : in->origin.container,
                        .is_exact = in->is_exact && !envelope->is_string,
                        .is_sure = envelope->is_sure,
        };

        if (item.is_exact) {
                item.offset = in->origin.offset + unit->offset +
                              (size_t)(envelope->inside.data - unit->text.data);
                item.n_bytes = in->origin.size;
        }
        return add_item(in, item, envelope->inside, time_of(in, unit, envelope));
}

static int on_unit(void *userdata, const JsonUnit *unit) {
        Inside *in = userdata;
        RecordOrigin origin = in->origin;
        Envelope envelope;
        bool is_object = unit->type == JSON_OBJECT;

        if (unit->is_recovered || in->is_check)
                return 0;
        if (is_object && in->n_levels < MAX_LEVELS &&
                        (envelope_open(unit, true, &envelope) ||
                                        (!record_is_plausible(unit) &&
                                                        envelope_open(unit, false, &envelope))))
                return take_next(in, unit, &envelope);
        if (!(is_object && record_is_plausible(unit)) &&
                        !(unit->place == JSON_LISTED && unit->list == RECORD_LIST_RECORDS)) {
                in->n_others += unit->place != JSON_BESIDE;
                in->is_hidden |= envelope_may_hold(unit->text);
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

        in->is_faulted = true;
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

static int read_text(Inside *in, Slice text) {
        int r = json_reader_begin(in->json, &in->json_sink, false, (Slice){NULL, 0});

        in->is_faulted = false;
        for (size_t at = 0; r == 0 && at < text.size;) {
                size_t space, n = text.size - at;
                char *buffer;

                r = json_reader_space(in->json, &buffer, &space);
                if (r)
                        return r;
                n = n < space ? n : space;
                memcpy(buffer, text.data + at, n);
                at += n;
                r = json_reader_feed(in->json, n);
        }
        return r ? r : json_reader_finish(in->json);
}

static int begin(Inside *in, const RecordOrigin *origin, bool is_exact) {
        in->json_sink = (JsonSink){in, on_unit, on_fault, is_plausible, on_list};
        in->origin = *origin;
        in->is_exact = is_exact;
        in->is_check = in->is_hidden = false;
        in->next.size = in->next_items.size = 0;
        in->n_levels = in->n_records = in->n_others = in->n_lost = 0;
        in->fault[0] = 0;
        return in->json ? 0 : record_reader_new(in->paths, &in->limits, &in->json);
}

static int read_item(Inside *in, const InsideItem *item) {
        Slice text = slice(in->text.data + item->at, item->size);
        unsigned n_records = in->n_records;
        size_t n_next = in->next_items.size;
        int r;

        in->origin.offset = item->offset;
        in->origin.size = item->n_bytes;
        in->origin.container = item->container;
        in->origin.time = item->time_size ? slice(in->text.data + item->time_at, item->time_size)
                                          : (Slice){NULL, 0};
        in->is_exact = item->is_exact;
        r = read_text(in, text);
        if (n_records == in->n_records && n_next == in->next_items.size)
                in->n_lost += item->is_sure || (in->is_faulted && envelope_may_hold(text));
        return r;
}

static int read_levels(Inside *in) {
        int r = 0;

        while (r == 0 && in->next_items.size) {
                InsideText text = in->text;
                InsideItems items = in->items;

                in->text = in->next;
                in->items = in->next_items;
                in->next = text;
                in->next_items = items;
                in->next.size = in->next_items.size = 0;
                in->n_levels++;
                for (size_t i = 0; i < in->items.size && r == 0; i++)
                        r = read_item(in, &in->items.data[i]);
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
        InsideItem item = {.offset = origin->offset,
                        .n_bytes = origin->size,
                        .container = origin->container,
                        .is_sure = true};
        int r = begin(in, origin, false);

        if (r == 0)
                r = add_item(in, item, text, (Slice){NULL, 0});
        return r ? r : read_levels(in);
}

int inside_check(Inside *in, Slice text) {
        int r = begin(in, &(RecordOrigin){0}, false);

        in->is_check = true;
        if (r == 0)
                r = read_text(in, text);
        in->is_check = false;
        return r ? r : in->is_faulted;
}

void inside_deinit(Inside *in) {
        json_reader_free(in->json);
        vec_deinit(&in->text);
        vec_deinit(&in->next);
        vec_deinit(&in->items);
        vec_deinit(&in->next_items);
}
