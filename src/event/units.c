/*
 * From units to events: json units are told apart by the keys they have, records become events.
 *
 * What a unit is. An element of "Records" is a record whatever it holds. Anywhere else an object is
 * a record when it has at least two of the keys that every CloudTrail record has (record.c);
 * otherwise it may be an envelope around records (envelope.c), which is opened (inside.c), and if
 * not even that, it is no CloudTrail at all. Sound content in which nothing is a record is ignored.
 * Until the first record one fault is held back, because what is no JSON from its first byte on is
 * ignored too, unless a record is found in it.
 *
 * Nothing here is kept beyond a content, but for buffers.
 */
#include "event/reader.h"

#include <errno.h>
#include <stdio.h>

#include "base/hash.h"

#define TWO_RECORDS 5 /* keys that stand twice in what must have been two records */

/* ---- records ---- */

static int become_log(EventReader *r) {
        r->is_log = true;
        if (!r->is_fault_held)
                return 0;
        r->is_fault_held = false;
        r->n_records += r->held_rejected;
        return r->sink->fault(r->sink->userdata, r->held_at, r->held_rejected,
                        slice_cstr(r->held_reason));
}

static void forget(Event *event) {
        event->ip = event->user_agent = (Slice){NULL, 0};
        memset(event->identity, 0, sizeof(event->identity));
        event->identity_serial = 0; /* of the identity that it had */
}

/*
 * A fault of a record. Several records of one element stand at one place, and faults of one place
 * and one reason are one: so all but the first say which they are.
 */
static int tell_record(EventReader *r, uint64_t offset, unsigned n_rejected, const char *reason) {
        char which[224];

        if (r->n_inside < 2)
                return r->sink->fault(r->sink->userdata, offset, n_rejected, slice_cstr(reason));
        snprintf(which, sizeof(which), "%s, record %u of the element", reason, r->n_inside);
        return r->sink->fault(r->sink->userdata, offset, n_rejected, slice_cstr(which));
}

/*
 * Two records that lost what stood between them read as one, with its keys twice, of which the last
 * counts. What is left of the first is not taken, so it must be named.
 */
static int tell_repeated(EventReader *r, const JsonUnit *unit, uint64_t offset) {
        char reason[96];

        if (unit->n_repeated < TWO_RECORDS)
                return 0;
        snprintf(reason, sizeof(reason),
                        "%u keys stand twice: two records that run into each other",
                        unit->n_repeated);
        return tell_record(r, offset, 0, reason);
}

static int on_apart(EventReader *r, const JsonUnit *unit, const RecordOrigin *origin,
                EventApartKind kind) {
        int result = apart_describe(unit, kind, &r->says);
        EventApart apart = {
                        .kind = kind,
                        .offset = origin->offset,
                        .size = (uint32_t)origin->size,
                        .record = r->n_records++,
                        .text = unit->text,
                        .says = slice(r->says.data, r->says.size),
        };

        return result || !r->sink->apart ? result : r->sink->apart(r->sink->userdata, &apart);
}

static int on_record(EventReader *r, const JsonUnit *unit, const RecordOrigin *origin) {
        EventApartKind kind;
        RecordFault fault;
        Event event;
        int result = become_log(r);

        if (result)
                return result;
        if (r->container == EVENT_IN_NONE)
                r->container = origin->container;
        kind = apart_kind(unit);
        if (kind != EVENT_CALLED)
                return on_apart(r, unit, origin, kind);
        event.record = r->n_records++;
        result = record_read(unit, origin->time, &event, &fault);
        event.offset = event.is_shipper_time ? origin->outer_offset : origin->offset;
        if (result > 0)
                return tell_record(r, event.offset, 1, fault.reason);
        result = tell_repeated(r, unit, event.offset);
        if (result)
                return result;
        event.size = (uint32_t)(event.is_shipper_time ? origin->outer_size : origin->size);
        event.container = origin->container;
        event.is_recovered = origin->is_recovered;
        event.is_partial = origin->is_partial;
        if (origin->row_hash)
                event.hash = hash_mix(event.hash, origin->row_hash);
        event.hash = origin->is_partial ? event.hash | EVENT_HASH_PARTIAL
                                        : event.hash & ~EVENT_HASH_PARTIAL;
        if (r->sink->wants && !r->sink->wants(r->sink->userdata, &event))
                forget(&event);
        else
                result = record_more(&r->grants, &r->targets, unit, &event);
        return result ? result : r->sink->event(r->sink->userdata, &event);
}

/* A record that stands in the content by itself. */
static int on_plain_record(EventReader *r, const JsonUnit *unit) {
        bool is_listed = unit->place == JSON_LISTED && unit->list == RECORD_LIST_RECORDS;
        Slice time = record_text(unit, RECORD_SHIPPER_TIME);
        RecordOrigin origin = {
                        .offset = unit->offset,
                        .size = unit->size,
                        .outer_offset = unit->offset,
                        .outer_size = unit->size,
                        .container = is_listed   ? EVENT_IN_RECORDS
                                     : time.data ? EVENT_IN_SHIPPER
                                                 : EVENT_IN_JSON,
                        .time = time,
                        .is_recovered = unit->is_recovered,
        };

        r->n_inside = 0;
        return on_record(r, unit, &origin);
}

/* ---- what is no record ---- */

/* Once for each content. */
static int tell_hidden(EventReader *r, uint64_t offset) {
        if (r->is_hidden_told)
                return 0;
        r->is_hidden_told = true;
        return r->sink->fault(r->sink->userdata, offset, 0, SLICE_LITERAL(EVENT_HIDDEN));
}

/* Text that is no record: does it hold records all the same, at a place where nobody looks? */
static int look_for_hidden(EventReader *r, uint64_t offset, Slice text) {
        return envelope_may_hold(text) ? tell_hidden(r, offset) : 0;
}

static int on_other(EventReader *r, const JsonUnit *unit) {
        if (unit->place != JSON_BESIDE && !envelope_is_action(unit)) {
                if (r->n_others++ == 0)
                        r->other_at = unit->offset;
                r->n_records++; /* it has its number, but is none */
        }
        return look_for_hidden(r, unit->offset, unit->text);
}

static int tell_foreign(EventReader *r, uint64_t offset, const char *reason) {
        if (r->is_foreign_told)
                return 0;
        r->is_foreign_told = true;
        return r->sink->ignored(r->sink->userdata, offset, slice_cstr(reason));
}

/* ---- units ---- */

static int on_inside_record(void *userdata, const JsonUnit *unit, const RecordOrigin *origin) {
        EventReader *r = userdata;

        r->n_inside = r->inside.n_records;
        return on_record(r, unit, origin);
}

/* How many records that must have stood in ENVELOPE, which was read, are lost. */
static unsigned count_lost(const Inside *inside, const Envelope *envelope) {
        bool is_lost = inside->n_records == 0 &&
                       (envelope->is_sure ||
                                       (*inside->fault && envelope_may_hold(envelope->inside)));

        return inside->n_lost ? inside->n_lost : is_lost;
}

static int tell_lost(
                EventReader *r, const JsonUnit *unit, const Envelope *envelope, unsigned n_lost) {
        const Inside *inside = &r->inside;
        char reason[320];
        int result = become_log(r);

        if (result)
                return result;
        r->n_records += n_lost;
        snprintf(reason, sizeof(reason), "%s in %s element of %s%s%s",
                        n_lost ? "no record" : "more than records",
                        n_lost && inside->n_records ? "a part of an" : "an",
                        event_container_name(envelope->container), *inside->fault ? ": " : "",
                        inside->fault);
        return r->sink->fault(r->sink->userdata, unit->offset, n_lost, slice_cstr(reason));
}

static int on_envelope(EventReader *r, const JsonUnit *unit, const Envelope *envelope) {
        int result = inside_read(&r->inside, unit, envelope);
        unsigned n_lost = count_lost(&r->inside, envelope);

        if (result)
                return result;
        if (n_lost || (*r->inside.fault && r->inside.n_records))
                return tell_lost(r, unit, envelope, n_lost);
        if (!r->inside.n_records)
                return on_other(r, unit);
        if (r->inside.n_others && r->n_others == 0)
                r->other_at = unit->offset;
        r->n_others += r->inside.n_others;
        return r->inside.is_hidden ? tell_hidden(r, unit->offset) : 0;
}

/* The message of a row of [{"field":..,"value":..}], as a unit of its own. */
static int on_row(EventReader *r, const JsonUnit *unit) {
        Slice element = envelope_message_field(unit->text);
        JsonValue value;
        Envelope envelope = {.container = EVENT_IN_INSIGHTS, .is_string = true};
        JsonUnit part = *unit;

        if (!element.data)
                return on_other(r, unit);
        value = json_find(element, SLICE_LITERAL("value"));
        if (value.type != JSON_STRING)
                return on_other(r, unit);
        r->decoded.size = 0;
        if (vec_reserve(&r->decoded, value.text.size) < 0)
                return -ENOMEM;
        envelope.inside = slice(r->decoded.data, json_decode(value.text, r->decoded.data));
        part.offset += (size_t)(element.data - unit->text.data);
        part.size = element.size;
        part.text = element;
        return on_envelope(r, &part, &envelope);
}

static int on_unit(void *userdata, const JsonUnit *unit) {
        EventReader *r = userdata;
        const char *foreign;
        Envelope envelope;

        if (r->list_result)
                return r->list_result;
        if (unit->place == JSON_LISTED && unit->list == RECORD_LIST_RECORDS)
                return on_plain_record(r, unit);
        if (unit->place == JSON_LISTED && unit->type == JSON_ARRAY)
                return on_row(r, unit);
        if (unit->type != JSON_OBJECT)
                return on_other(r, unit);
        if (envelope_open(unit, true, &envelope))
                return on_envelope(r, unit, &envelope);
        if (record_is_plausible(unit))
                return on_plain_record(r, unit);
        if (envelope_open(unit, false, &envelope))
                return on_envelope(r, unit, &envelope);
        foreign = envelope_foreign(unit);
        return foreign ? tell_foreign(r, unit->offset, foreign) : on_other(r, unit);
}

static bool is_plausible(void *userdata, const JsonUnit *unit) {
        Envelope envelope;

        (void)userdata;
        return record_is_plausible(unit) ||
               ((envelope_open(unit, true, &envelope) || envelope_open(unit, false, &envelope)) &&
                               envelope_may_hold(envelope.inside));
}

static void on_list(void *userdata, unsigned list, uint64_t offset, Slice before) {
        EventReader *r = userdata;

        r->is_log |= list == RECORD_LIST_RECORDS;
        r->is_container |= list == RECORD_LIST_LOOKUP || list == RECORD_LIST_SUBSCRIPTION;
        if (r->list_result == 0)
                r->list_result = look_for_hidden(r, offset, before);
}

/* ---- faults ---- */

static bool is_broken_record(const JsonUnit *unit) {
        return (unit->place == JSON_LISTED && unit->list == RECORD_LIST_RECORDS) ||
               record_is_plausible(unit) || envelope_is_broken(unit);
}

static int on_fault(void *userdata, const JsonFault *fault) {
        EventReader *r = userdata;
        const char *foreign = fault->unit ? envelope_foreign(fault->unit) : NULL;
        bool is_record = fault->unit && is_broken_record(fault->unit);
        unsigned n_rejected = fault->unit && (is_record || !foreign);
        char reason[320];
        int n = snprintf(reason, sizeof(reason), "%.*s", (int)fault->reason.size,
                        fault->reason.data);

        if (fault->end > fault->offset && n > 0 && (size_t)n < sizeof(reason))
                snprintf(reason + n, sizeof(reason) - (size_t)n, "; %llu bytes skipped",
                                (unsigned long long)(fault->end - fault->offset));
        if (foreign && !is_record)
                return tell_foreign(r, fault->offset, foreign);
        if (r->is_log || is_record) {
                r->is_log = true;
                r->n_records += n_rejected;
                return r->sink->fault(
                                r->sink->userdata, fault->offset, n_rejected, slice_cstr(reason));
        }
        r->is_fault_held = true;
        r->held_at = fault->offset;
        r->held_rejected = n_rejected;
        snprintf(r->held_reason, sizeof(r->held_reason), "%s", reason);
        return 0;
}

/* ---- rows of tables ---- */

static int on_table_fault(void *userdata, uint64_t offset, unsigned n_rejected, Slice reason) {
        EventReader *r = userdata;

        r->n_records += n_rejected;
        return r->sink->fault(r->sink->userdata, offset, n_rejected, reason);
}

static int on_table_other(void *userdata, uint64_t offset) {
        EventReader *r = userdata;

        if (r->n_others++ == 0)
                r->other_at = offset;
        r->n_records++;
        return 0;
}

void units_init(EventReader *r) {
        r->json_sink = (JsonSink){r, on_unit, on_fault, is_plausible, on_list};
        r->inside.sink = (InsideSink){r, on_inside_record};
        r->table.sink = (TableSink){r, on_table_fault, on_table_other};
}
