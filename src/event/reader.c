/*
 * Content, as it comes in pieces: what its first bytes say it is, who reads it, and what is told of
 * it at its end.
 *
 * JSON goes to the json reader, straight into its window. What begins otherwise is kept until its
 * first line is whole: that may be the header row of a table (table.c). If it is not, a record is
 * searched for in the beginning of the content.
 *
 * Nothing here is kept beyond a content, but for buffers.
 */
#include "event/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"

_Static_assert(EVENT_IDENTITY_SLOTS == JSON_REPEAT_SLOTS, "one table of slots");

#define CASE_MAGIC "\x89SPOOR\r\n"       /* a case file begins so */
#define SEARCH_BYTES ((uint64_t)1 << 20) /* of content that does not begin as JSON */

/* ---- content ---- */

int event_reader_begin(EventReader *r, const EventSink *sink) {
        r->sink = sink;
        r->n_bytes = r->n_others = 0;
        r->n_records = 0;
        r->is_begun = r->is_log = r->is_search = r->is_done = r->is_fault_held = false;
        r->is_blank = true;
        r->n_head = 0;
        r->is_hidden_told = false;
        r->list_result = 0;
        r->is_container = r->is_foreign_told = false;
        r->container = EVENT_IN_NONE;
        r->mode = MODE_JSON;
        return json_reader_begin(r->json, &r->json_sink, false, (Slice){0});
}

int event_reader_space(EventReader *r, char **ret_buffer, size_t *ret_size) {
        switch (r->mode) {
        case MODE_TABLE:
                return table_space(&r->table, ret_buffer, ret_size);
        case MODE_HEAD:
                if (vec_reserve(&r->first, EVENT_HEAD_BYTES) < 0)
                        return -ENOMEM;
                *ret_buffer = r->first.data + r->first.size;
                *ret_size = r->first.cap - r->first.size;
                return 0;
        default:
                return json_reader_space(r->json, ret_buffer, ret_size);
        }
}

/* Told instead of read: 1. Otherwise 0, and whether records are to be searched for. */
static int look(EventReader *r, const char *bytes, size_t n) {
        size_t at = 0;

        if (n >= sizeof(CASE_MAGIC) - 1 && memcmp(bytes, CASE_MAGIC, sizeof(CASE_MAGIC) - 1) == 0)
                return r->sink->ignored(r->sink->userdata, 0,
                                       SLICE_LITERAL("a case file: name it as a SOURCE of its own"))
                                       ?: EVENT_ENOUGH;
        if (n < 4 && (unsigned char)bytes[0] >= 0xEF)
                return 0; /* perhaps a byte order mark, and what follows it */
        if (n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
                at = 3;
        if (n >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0) &&
                        memchr(bytes, 0, n < 64 ? n : 64))
                return r->sink->fault(r->sink->userdata, 0, 0,
                                       SLICE_LITERAL("UTF-16 text: convert it to UTF-8"))
                                       ?: EVENT_ENOUGH;
        while (at < n && (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\n' ||
                                         bytes[at] == '\r'))
                at++;
        if (at < n && bytes[at] == 0) {
                int result = r->sink->fault(r->sink->userdata, at, 0,
                                SLICE_LITERAL("NUL bytes where a log should begin"));
                return result ? result : EVENT_ENOUGH;
        }
        if (at == n)
                return 0; /* the next piece is looked at instead */
        r->is_blank = false;
        r->is_search = bytes[at] != '{' && bytes[at] != '[';
        return 0;
}

/* The first bytes may come in several pieces; the json reader drops what it has done with. */
static int look_at_head(EventReader *r, const char *bytes, size_t n) {
        size_t n_more = sizeof(r->head) - r->n_head < n ? sizeof(r->head) - r->n_head : n;
        int result;

        memcpy(r->head + r->n_head, bytes, n_more);
        r->n_head += n_more;
        result = look(r, r->head, r->n_head);
        for (size_t i = n_more; i < n && result == 0 && r->is_blank; i++)
                r->is_blank = memchr(" \t\r\n", bytes[i], 4);
        return result;
}

static int feed_json(EventReader *r, size_t n) {
        int result;

        r->n_bytes += n;
        result = json_reader_feed(r->json, n);
        if (result == 0 && r->is_search && !r->is_log && r->n_bytes >= SEARCH_BYTES)
                return EVENT_ENOUGH;
        return result;
}

/* What was kept from byte AT on goes where the mode says. */
static int replay(EventReader *r, size_t at) {
        int result = 0;

        while (result == 0 && at < r->first.size) {
                size_t n = r->first.size - at, space;
                char *buffer;

                result = event_reader_space(r, &buffer, &space);
                if (result)
                        return result;
                n = n < space ? n : space;
                memcpy(buffer, r->first.data + at, n);
                at += n;
                result = event_reader_feed(r, n);
        }
        return result;
}

/* Is what was kept the header row of a table, or none, or not known yet? */
static int look_for_table(EventReader *r, bool is_final) {
        Slice head = slice(r->first.data, r->first.size);
        size_t size;
        EventContainer container;
        int result = table_recognise(&r->table, head, &size, &container);

        if (result < 0)
                return result;
        if (size == 0 && !is_final && head.size < EVENT_HEAD_BYTES)
                return 0;
        if (container != EVENT_IN_NONE) {
                r->mode = MODE_TABLE;
                r->is_log = true;
                r->is_search = false;
                return replay(r, table_begin(&r->table, head));
        }
        r->mode = MODE_JSON;
        if (r->n_bytes == 0)
                result = json_reader_begin(r->json, &r->json_sink, true,
                                SLICE_LITERAL("text that is not JSON at byte 0"));
        return result ? result : replay(r, (size_t)r->n_bytes);
}

/* The content does not begin as JSON: what there was of it is kept, the last N bytes among it. */
static int keep_head(EventReader *r, const char *bytes, size_t n) {
        size_t n_before = r->n_head < r->n_bytes ? r->n_head : (size_t)r->n_bytes;

        r->mode = MODE_HEAD;
        r->first.size = 0;
        if (vec_reserve(&r->first, n_before + n) < 0)
                return -ENOMEM;
        memcpy(r->first.data, r->head, n_before);
        memcpy(r->first.data + n_before, bytes, n);
        r->first.size = n_before + n;
        return look_for_table(r, false);
}

int event_reader_feed(EventReader *r, size_t n) {
        int result;

        if (r->mode == MODE_TABLE)
                return table_feed(&r->table, n);
        if (r->mode == MODE_HEAD) {
                r->first.size += n;
                return look_for_table(r, false);
        }
        if (!r->is_begun && n) {
                char *bytes;
                size_t space;

                result = json_reader_space(r->json, &bytes, &space);
                if (result == 0)
                        result = look_at_head(r, bytes, n);
                r->is_done = result == EVENT_ENOUGH;
                if (result)
                        return result;
                r->is_begun = !r->is_blank;
                if (r->is_search && r->n_bytes < READER_LOOK_BYTES)
                        return keep_head(r, bytes, n);
        }
        return feed_json(r, n);
}

/* Columns that were left out, once for each content. */
static int tell_unread(EventReader *r) {
        char reason[160];

        if (r->table.n_unread == 0)
                return 0;
        snprintf(reason, sizeof(reason),
                        "%s of %llu row%s cannot be read without guessing, and is left out",
                        r->table.unread, (unsigned long long)r->table.n_unread,
                        r->table.n_unread == 1 ? "" : "s");
        return r->sink->ignored(r->sink->userdata, r->table.unread_at, slice_cstr(reason));
}

static int tell_others(EventReader *r) {
        char reason[128];

        snprintf(reason, sizeof(reason),
                        r->n_others == 1 ? "%llu value between the records is no CloudTrail record"
                                         : "%llu values between the records are no CloudTrail "
                                           "records",
                        (unsigned long long)r->n_others);
        return r->sink->ignored(r->sink->userdata, r->other_at, slice_cstr(reason));
}

int event_reader_finish(EventReader *r, bool is_cut) {
        int result;

        if (r->is_done)
                return 0;
        if (r->is_blank && !is_cut)
                return r->sink->fault(r->sink->userdata, 0, 0,
                                r->n_bytes ? SLICE_LITERAL("nothing but white space")
                                           : SLICE_LITERAL("empty"));
        result = r->mode == MODE_HEAD ? look_for_table(r, true) : 0;
        if (result)
                return result == EVENT_ENOUGH ? 0 : result;
        if (r->mode == MODE_TABLE) {
                result = table_finish(&r->table, is_cut);
                if (result == 0)
                        result = tell_unread(r);
                return result == 0 && r->n_others ? tell_others(r) : result;
        }
        result = json_reader_finish(r->json);
        if (result)
                return result;
        if (r->list_result)
                return r->list_result;
        if (r->is_log)
                return r->n_others ? tell_others(r) : 0;
        if (r->is_hidden_told)
                return 0;
        if (r->is_container && !r->n_others && !r->is_fault_held) {
                r->is_log = true; /* a page without events */
                return 0;
        }
        if (r->is_foreign_told || (is_cut && r->n_bytes == 0))
                return 0;
        if (r->is_search)
                return r->sink->ignored(r->sink->userdata, 0, SLICE_LITERAL("not JSON"));
        if (!r->is_fault_held)
                return r->sink->ignored(r->sink->userdata, 0,
                                SLICE_LITERAL("JSON, but no CloudTrail records"));
        /* it began as JSON and broke: it may have been a log */
        return r->sink->fault(r->sink->userdata, r->held_at, 0, slice_cstr(r->held_reason));
}

int event_reader_head(Slice head, size_t *ret_size) {
        Table table = {0};
        EventContainer container;
        int result = 0;

        *ret_size = 0;
        if (head.size && !memchr("{[", *head.data, 2))
                result = table_recognise(&table, head, ret_size, &container);
        if (result == 0 && *ret_size && container == EVENT_IN_NONE)
                *ret_size = 0;
        table_deinit(&table);
        return result;
}

EventContainer event_reader_container(const EventReader *r) {
        return r->container;
}

bool event_reader_is_log(const EventReader *r) {
        return r->is_log;
}

/* ---- from one reader to another ---- */

bool event_reader_leave(const EventReader *r, EventState *ret_state, Slice *ret_rest) {
        JsonState json;

        if (r->mode != MODE_JSON || !r->is_begun || !r->is_log || r->is_search || r->is_done ||
                        r->is_fault_held || r->is_hidden_told || r->is_foreign_told ||
                        r->list_result || r->n_others)
                return false;
        if (!json_reader_leave(r->json, &json, ret_rest))
                return false;
        *ret_state = (EventState){json.offset, r->n_records, r->container, json.place, json.list,
                        json.has_element};
        return true;
}

int event_reader_resume(EventReader *r, const EventSink *sink, const EventState *state) {
        JsonState json = {state->offset, state->place, state->list, state->has_element};
        int result = event_reader_begin(r, sink);

        r->is_begun = r->is_log = true;
        r->is_blank = false;
        r->n_bytes = state->offset;
        r->n_records = state->n_records;
        r->container = state->container;
        return result ? result : json_reader_resume(r->json, &r->json_sink, &json);
}

/* ---- life ---- */

int event_reader_new(uint32_t max_depth, uint64_t max_record_bytes, EventReader **ret_reader) {
        JsonLimits limits = {max_depth, max_record_bytes};
        EventReader *r = vec_alloc_zero(1, sizeof(*r));
        int result;

        if (!r)
                return -ENOMEM;
        grant_reader_init(&r->grants);
        target_reader_init(&r->targets);
        result = record_paths_new(&r->paths);
        if (result == 0)
                result = record_reader_new(r->paths, &limits, &r->json);
        r->inside = (Inside){.paths = r->paths, .limits = limits};
        r->table = (Table){.inside = &r->inside, .max_row_bytes = max_record_bytes};
        units_init(r);
        if (result < 0) {
                event_reader_free(r);
                return result;
        }
        *ret_reader = r;
        return 0;
}

EventReader *event_reader_free(EventReader *r) {
        if (!r)
                return NULL;
        json_reader_free(r->json);
        inside_deinit(&r->inside);
        table_deinit(&r->table);
        vec_deinit(&r->first);
        vec_deinit(&r->says);
        vec_deinit(&r->decoded);
        json_paths_free(r->paths);
        grant_reader_deinit(&r->grants);
        target_reader_deinit(&r->targets);
        free(r);
        return NULL;
}
