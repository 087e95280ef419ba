/*
 * The columns of Athena, CloudTrail Lake, Logs Insights and the console's event history are told by
 * their names: case, spaces, dots and underscores make no difference ("Event ID", "eventId",
 * "eventid"; "userIdentity.arn", "useridentity_arn"). A row becomes the record that its columns
 * make; empty cells are left out.
 *
 * The table of known columns is in the order in which a record is written: what stands below one
 * object stands together. Stateless but for the header at hand.
 */
#include "event/columns.h"

#include <errno.h>
#include <stdio.h>

#include "json/json.h"

typedef enum ColumnType {
        COLUMN_TEXT,
        COLUMN_TIME,
        COLUMN_BOOL,
        COLUMN_JSON, /* or what Presto makes of it, where its members are known */
} ColumnType;

typedef struct Column {
        const char *path; /* in the record; its letters alone are the column's name */
        ColumnType type;
        const char *other; /* another name, such as that of the event history; letters alone */
        const StructField *fields;
        bool is_array;
} Column;

static const Column known[] = {
                {"eventVersion", COLUMN_TEXT, NULL, NULL, false},
                {"userIdentity", COLUMN_JSON, NULL, struct_identity, false},
                {"userIdentity.type", COLUMN_TEXT, NULL, NULL, false},
                {"userIdentity.principalId", COLUMN_TEXT, NULL, NULL, false},
                {"userIdentity.arn", COLUMN_TEXT, NULL, NULL, false},
                {"userIdentity.accountId", COLUMN_TEXT, NULL, NULL, false},
                {"userIdentity.accessKeyId", COLUMN_TEXT, "awsaccesskey", NULL, false},
                {"userIdentity.userName", COLUMN_TEXT, "username", NULL, false},
                {"userIdentity.invokedBy", COLUMN_TEXT, NULL, NULL, false},
                {"userIdentity.identityProvider", COLUMN_TEXT, NULL, NULL, false},
                {"userIdentity.credentialId", COLUMN_TEXT, NULL, NULL, false},
                {"userIdentity.sessionContext.sessionIssuer.type", COLUMN_TEXT, NULL, NULL, false},
                {"userIdentity.sessionContext.sessionIssuer.principalId", COLUMN_TEXT, NULL, NULL,
                                false},
                {"userIdentity.sessionContext.sessionIssuer.arn", COLUMN_TEXT, NULL, NULL, false},
                {"userIdentity.sessionContext.sessionIssuer.accountId", COLUMN_TEXT, NULL, NULL,
                                false},
                {"userIdentity.sessionContext.sessionIssuer.userName", COLUMN_TEXT, NULL, NULL,
                                false},
                {"userIdentity.sessionContext.attributes.creationDate", COLUMN_TIME, NULL, NULL,
                                false},
                {"userIdentity.sessionContext.attributes.mfaAuthenticated", COLUMN_TEXT, NULL, NULL,
                                false},
                {"userIdentity.sessionContext.sourceIdentity", COLUMN_TEXT, NULL, NULL, false},
                {"eventTime", COLUMN_TIME, NULL, NULL, false},
                {"eventSource", COLUMN_TEXT, NULL, NULL, false},
                {"eventName", COLUMN_TEXT, NULL, NULL, false},
                {"awsRegion", COLUMN_TEXT, "region", NULL, false},
                {"sourceIPAddress", COLUMN_TEXT, NULL, NULL, false},
                {"userAgent", COLUMN_TEXT, NULL, NULL, false},
                {"errorCode", COLUMN_TEXT, NULL, NULL, false},
                {"errorMessage", COLUMN_TEXT, NULL, NULL, false},
                {"requestParameters", COLUMN_JSON, NULL, NULL, false},
                {"responseElements", COLUMN_JSON, NULL, NULL, false},
                {"additionalEventData", COLUMN_JSON, NULL, NULL, false},
                {"requestID", COLUMN_TEXT, NULL, NULL, false},
                {"eventID", COLUMN_TEXT, NULL, NULL, false},
                {"readOnly", COLUMN_BOOL, NULL, NULL, false},
                {"resources", COLUMN_JSON, NULL, struct_resource, true},
                {"eventType", COLUMN_TEXT, NULL, NULL, false},
                {"apiVersion", COLUMN_TEXT, NULL, NULL, false},
                {"managementEvent", COLUMN_BOOL, NULL, NULL, false},
                {"recipientAccountId", COLUMN_TEXT, NULL, NULL, false},
                {"sharedEventID", COLUMN_TEXT, NULL, NULL, false},
                {"serviceEventDetails", COLUMN_JSON, NULL, NULL, false},
                {"vpcEndpointId", COLUMN_TEXT, NULL, NULL, false},
                {"vpcEndpointAccountId", COLUMN_TEXT, NULL, NULL, false},
                {"eventCategory", COLUMN_TEXT, NULL, NULL, false},
                {"addendum", COLUMN_JSON, NULL, NULL, false},
                {"sessionCredentialFromConsole", COLUMN_TEXT, NULL, NULL, false},
                {"edgeDeviceDetails", COLUMN_JSON, NULL, NULL, false},
                {"tlsDetails", COLUMN_JSON, NULL, struct_tls, false},
                {"insightDetails", COLUMN_JSON, NULL, NULL, false},
                {"eventContext", COLUMN_JSON, NULL, NULL, false},
};
#define N_KNOWN ((int)(sizeof(known) / sizeof(known[0])))

/* ---- the header ---- */

static char lower(char c) {
        return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_letter(char c) {
        return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

/* Are these the same name, but for case and what is neither letter nor digit? */
static bool is_name(Slice name, const char *other) {
        size_t i = 0;

        for (; *other; other++) {
                if (!is_letter(*other))
                        continue;
                while (i < name.size && !is_letter(name.data[i]))
                        i++;
                if (i == name.size || lower(name.data[i++]) != lower(*other))
                        return false;
        }
        while (i < name.size && !is_letter(name.data[i]))
                i++;
        return i == name.size;
}

static int find_known(Slice name) {
        for (int i = 0; i < N_KNOWN; i++) {
                if (is_name(name, known[i].path) ||
                                (known[i].other && is_name(name, known[i].other)))
                        return i;
        }
        return -1;
}

static bool is_whole(Slice name) {
        static const char *const names[] = {"@message", "eventJson", "CloudTrailEvent"};

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                if (slice_equal(name, slice_cstr(names[i])) ||
                                (*names[i] != '@' && is_name(name, names[i])))
                        return true;
        }
        return false;
}

static EventContainer container_of(const Columns *columns, const Slice *cells, size_t n) {
        static const char *const history[] = {
                        "username", "awsaccesskey", "resourcename", "resourcetype"};
        bool has_time = false, is_history = false, is_lower = true;
        unsigned n_known = 0;

        for (size_t i = 0; i < n; i++) {
                int kind = columns->kinds.data[i];

                for (size_t k = 0; k < sizeof(history) / sizeof(history[0]); k++)
                        is_history |= is_name(cells[i], history[k]);
                is_history |= kind >= 0 && memchr(cells[i].data, ' ', cells[i].size);
                for (size_t k = 0; kind >= 0 && k < cells[i].size; k++)
                        is_lower &= cells[i].data[k] == lower(cells[i].data[k]);
                n_known += kind >= 0;
                has_time |= kind >= 0 && strcmp(known[kind].path, "eventTime") == 0;
        }
        if (columns->whole != SIZE_MAX)
                return slice_starts_with(cells[columns->whole], SLICE_LITERAL("@"))
                                       ? EVENT_IN_INSIGHTS
                                       : EVENT_IN_LAKE;
        if (!has_time || n_known < 2)
                return EVENT_IN_NONE;
        return is_history ? EVENT_IN_HISTORY : is_lower ? EVENT_IN_ATHENA : EVENT_IN_LAKE;
}

int columns_read(Columns *columns, const Slice *cells, size_t n) {
        columns->kinds.size = columns->places.size = 0;
        columns->whole = SIZE_MAX;
        columns->container = EVENT_IN_NONE;
        if (vec_reserve(&columns->kinds, n) < 0 ||
                        vec_reserve(&columns->places, (size_t)N_KNOWN) < 0)
                return -ENOMEM;
        for (int i = 0; i < N_KNOWN; i++)
                columns->places.data[columns->places.size++] = -1;
        for (size_t i = 0; i < n; i++) {
                int kind = find_known(cells[i]);

                columns->kinds.data[columns->kinds.size++] = kind;
                if (kind >= 0 && columns->places.data[kind] < 0)
                        columns->places.data[kind] = (int)i;
                if (columns->whole == SIZE_MAX && is_whole(cells[i]))
                        columns->whole = i;
        }
        columns->container = container_of(columns, cells, n);
        return 0;
}

/* ---- a row ---- */

Slice columns_time(const Columns *columns, const Slice *cells) {
        for (int i = 0; i < N_KNOWN && columns->places.size; i++) {
                if (strcmp(known[i].path, "eventTime") == 0 && columns->places.data[i] >= 0)
                        return cells[columns->places.data[i]];
        }
        return (Slice){NULL, 0};
}

bool columns_is_name(Slice cell) {
        return cell.size && find_known(cell) >= 0;
}

/* The part of PATH from AT on to its next dot. */
static size_t part_size(const char *path, size_t at) {
        return strcspn(path + at, ".");
}

/* How many bytes of objects two paths share: "a.b." of "a.b.c" and "a.b.d". */
static size_t shared(const char *a, const char *b) {
        size_t n = 0;

        for (size_t i = 0; a[i] && a[i] == b[i]; i++) {
                if (a[i] == '.')
                        n = i + 1;
        }
        return n;
}

/* Closes and opens the objects between the member written last and the next, up to its colon. */
static int step(JsonText *to, const char *last, const char *next) {
        size_t at = shared(last, next);
        int r = 0;

        for (size_t i = at; last[i] && r == 0; i++) {
                if (last[i] == '.')
                        r = json_text_add(to, SLICE_LITERAL("}"));
        }
        if (r == 0 && *last)
                r = json_text_add(to, SLICE_LITERAL(","));
        while (r == 0) {
                size_t n = part_size(next, at);

                r = json_text_string(to, slice(next + at, n));
                if (r == 0)
                        r = json_text_add(to,
                                        next[at + n] ? SLICE_LITERAL(":{") : SLICE_LITERAL(":"));
                if (!next[at + n])
                        break;
                at += n + 1;
        }
        return r;
}

static int add_bool(JsonText *to, Slice text) {
        if (is_name(text, "true") && text.size == 4)
                return json_text_add(to, SLICE_LITERAL("true"));
        if (is_name(text, "false") && text.size == 5)
                return json_text_add(to, SLICE_LITERAL("false"));
        return json_text_string(to, text);
}

/* Does TEXT begin as JSON does, and end with the value? What is between, the parser sees. */
static bool is_json(Slice text) {
        size_t at = 0;

        while (at < text.size && memchr("[ \t\r\n", text.data[at], 5))
                at++;
        if (at < text.size && text.data[at] == '{')
                at++;
        while (at < text.size && memchr(" \t\r\n", text.data[at], 4))
                at++;
        return at > 0 && at < text.size && memchr("\"}]", text.data[at], 3) &&
               json_span(text) == text.size;
}

/* JSON as it stands, or a struct. 1 where it is neither. */
static int add_nested(const Column *column, JsonText *to, Slice text) {
        if (is_json(text))
                return json_text_add(to, text);
        return column->fields ? struct_text_read(column->fields, column->is_array, text, to) : 1;
}

static int add_value(const Columns *columns, const Column *column, JsonText *to, Slice text) {
        switch (column->type) {
        case COLUMN_TIME: /* the console prints local times, whose zone nobody knows */
                return columns->container == EVENT_IN_HISTORY ? json_text_string(to, text)
                                                              : json_text_time(to, text);
        case COLUMN_BOOL:
                return add_bool(to, text);
        case COLUMN_JSON:
                return add_nested(column, to, text);
        default:
                return json_text_string(to, text);
        }
}

/* Is there nothing in the cell? */
static bool is_absent(const Column *column, Slice text) {
        return text.size == 0 ||
               (column->type == COLUMN_JSON && slice_equal(text, SLICE_LITERAL("null")));
}

int columns_record(const Columns *columns, const Slice *cells, bool with_nested, JsonText *to,
                const char **ret_unread) {
        const char *last = "";
        bool has_identity = false; /* as a whole: its members are not written again */
        int r;

        *ret_unread = NULL;
        to->size = 0;
        r = json_text_add(to, SLICE_LITERAL("{"));
        for (int i = 0; i < N_KNOWN && r == 0; i++) {
                const Column *column = &known[i];
                size_t before = to->size;
                Slice cell;

                if (columns->places.data[i] < 0)
                        continue;
                cell = cells[columns->places.data[i]];
                if (is_absent(column, cell) || (has_identity && strchr(column->path, '.')))
                        continue;
                r = step(to, last, column->path);
                if (r == 0)
                        r = column->type == COLUMN_JSON && !with_nested
                                            ? 1
                                            : add_value(columns, column, to, cell);
                if (r == 1) {
                        *ret_unread = *ret_unread ? *ret_unread : column->path;
                        to->size = before;
                        r = 0;
                        continue;
                }
                has_identity |= column->fields == struct_identity;
                last = column->path;
        }
        for (const char *at = last; *at && r == 0; at++) {
                if (*at == '.')
                        r = json_text_add(to, SLICE_LITERAL("}"));
        }
        return r ? r : json_text_add(to, SLICE_LITERAL("}"));
}

void columns_deinit(Columns *columns) {
        vec_deinit(&columns->kinds);
        vec_deinit(&columns->places);
}
