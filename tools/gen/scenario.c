/* Scenario files: one JSON object a line; a head, actors, and events in any order. The format is
 * described in testdata/labs/README.md. An event line holds what an analyst would say of it, and is
 * completed here to a whole record: userIdentity from its actor, identifiers from its number, the
 * rest as AWS would fill it in. Complaints name the line. */
#include "scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "when.h"

typedef struct Reader {
        const char *path;
        unsigned line;
        Scenario *s;
        LabRecords *records;
} Reader;

static bool complain(const Reader *r, const char *what, const char *detail) {
        fprintf(stderr, "spoor-gen: %s:%u: %s%s%s\n", r->path, r->line, what, detail ? " " : "",
                        detail ? detail : "");
        return false;
}

void lab_records_add(LabRecords *r, int64_t time, uint32_t region, size_t at, uint64_t h) {
        if (r->n == r->cap) {
                size_t cap = r->cap ? r->cap * 2 : 1024;
                LabRecord *items = realloc(r->items, cap * sizeof *items);

                if (!items) {
                        r->failed = true;
                        return;
                }
                r->items = items;
                r->cap = cap;
        }
        r->items[r->n++] = (LabRecord){
                        .time = time, .region = region, .at = at, .n = r->text.n - at, .h = h};
}

void lab_records_deinit(LabRecords *r) {
        free(r->items);
        buf_deinit(&r->text);
        *r = (LabRecords){0};
}

static bool read_head(Reader *r, yajl_val v) {
        Scenario *s = r->s;
        yajl_val regions = tree_find(v, "regions");

        s->head = v;
        s->name = tree_text(v, "lab", "");
        s->tag = tree_text(v, "tag", "");
        s->account = tree_text(v, "account", "");
        s->org = tree_text(v, "org", "");
        if (strlen(s->tag) != 8 || strlen(s->account) != 12)
                return complain(r, "the head needs a tag of 8 digits and an account of 12", NULL);
        if (!when_parse(tree_text(v, "from", ""), &s->from) ||
                        !when_parse(tree_text(v, "to", ""), &s->to) || s->to <= s->from)
                return complain(r, "the head needs times: from, and a later to", NULL);
        if (!YAJL_IS_ARRAY(regions) || !regions->u.array.len ||
                        regions->u.array.len > SCENARIO_REGIONS)
                return complain(r, "the head needs regions, at least one", NULL);
        for (size_t i = 0; i < regions->u.array.len; i++, s->n_regions++) {
                s->regions[i] = YAJL_GET_STRING(regions->u.array.values[i]);
                if (!s->regions[i])
                        return complain(r, "a region is not a string", NULL);
        }
        return true;
}

static yajl_val find_actor(const Scenario *s, const char *name) {
        for (unsigned i = 0; i < s->n_actors; i++)
                if (!strcmp(tree_text(s->actors[i], "actor", ""), name))
                        return s->actors[i];
        return NULL;
}

static bool read_only(const char *event) {
        static const char *const prefixes[] = {"Get", "List", "Describe", "Head", "Lookup",
                        "AssumeRole", "Generate", "Simulate"};

        for (unsigned i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
                if (!strncmp(event, prefixes[i], strlen(prefixes[i])))
                        return true;
        return false;
}

/* One event of a line, as it is being completed. */
typedef struct Draft {
        yajl_val line, actor;
        const Fill *fills;
        const char *service, *event, *region;
        int64_t time;
        const char *id;
} Draft;

static void value_or_null(const Draft *d, const char *from, const char *key, bool always, Buf *b) {
        yajl_val v = tree_find(d->line, from);

        if (!v && !always)
                return;
        buf_fmt(b, ",\"%s\":", key);
        tree_write(v, d->fills, b);
}

static void text_member(const Draft *d, const char *from, const char *key, Buf *b) {
        value_or_null(d, from, key, false, b);
}

static void draft_tail(const Draft *d, const char *account, Buf *b) {
        const char *type = tree_text(d->line, "type", "AwsApiCall");
        bool data = !strcmp(tree_text(d->line, "category", "Management"), "Data");
        yajl_val read = tree_find(d->line, "read");
        bool is_read = read ? YAJL_IS_TRUE(read) : read_only(d->event);
        const char *agent = tree_text(d->line, "agent", tree_text(d->actor, "agent", ""));
        const char *host = strcmp(d->service, "ses") ? d->service : "email";

        buf_str(b, ",\"requestID\":\"");
        id_uuid(b, rng_text(d->id));
        buf_fmt(b, "\",\"eventID\":\"%s\",\"readOnly\":%s", d->id, is_read ? "true" : "false");
        value_or_null(d, "resources", "resources", false, b);
        buf_fmt(b, ",\"eventType\":\"%s\",\"managementEvent\":%s,\"recipientAccountId\":\"%s\"",
                        type, data ? "false" : "true", account);
        text_member(d, "shared", "sharedEventID", b);
        buf_fmt(b, ",\"eventCategory\":\"%s\"", data ? "Data" : "Management");
        /* A service that calls for somebody is its own agent, and has no TLS to report. */
        if (!strstr(agent, ".amazonaws.com"))
                buf_fmt(b,
                                ",\"tlsDetails\":{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":"
                                "\"TLS_AES_128_GCM_SHA256\",\"clientProvidedHostHeader\":"
                                "\"%s.%s.amazonaws.com\"}",
                                host, d->region);
        if (tree_find(d->actor, "console"))
                buf_str(b, ",\"sessionCredentialFromConsole\":\"true\"");
        buf_char(b, '}');
}

static void draft_write(const Draft *d, const char *account, Buf *b) {
        const char *none = "";

        buf_str(b, "{\"eventVersion\":\"1.11\",\"userIdentity\":");
        tree_write(tree_find(d->actor, "identity"), d->fills, b);
        buf_str(b, ",\"eventTime\":\"");
        when_iso(b, d->time);
        buf_fmt(b,
                        "\",\"eventSource\":\"%s.amazonaws.com\",\"eventName\":\"%s\","
                        "\"awsRegion\":\"%s\",",
                        d->service, d->event, d->region);
        buf_member(b, "sourceIPAddress", tree_text(d->line, "ip", tree_text(d->actor, "ip", none)));
        buf_char(b, ',');
        buf_member(b, "userAgent", tree_text(d->line, "agent", tree_text(d->actor, "agent", none)));
        text_member(d, "error", "errorCode", b);
        text_member(d, "message", "errorMessage", b);
        value_or_null(d, "request", "requestParameters", true, b);
        value_or_null(d, "response", "responseElements", true, b);
        value_or_null(d, "extra", "additionalEventData", false, b);
        draft_tail(d, account, b);
}

/* A line may stand for many events: `times` of them, evenly from `at` to `until`. */
static bool repeat_event(Reader *r, Draft *d, uint32_t region, int64_t from, int64_t to) {
        Scenario *s = r->s;
        long long times = tree_number(d->line, "times", 1), n = tree_number(d->line, "n", 0);
        char id[64], k_text[32], n_text[32], time_text[32];
        Fill fills[] = {{"{k}", k_text}, {"{n}", n_text}, {"{account}", s->account},
                        {"{region}", d->region}, {"{time}", time_text}, {NULL, NULL}};
        Buf iso = {0};

        if (times < 1 || times > 100000 || n < 1 || n > 9999)
                return complain(r, "n is 1 to 9999, and times 1 to 100000", NULL);
        snprintf(n_text, sizeof n_text, "%lld", n);
        d->fills = fills;
        d->id = id;
        for (long long k = 0; k < times; k++) {
                size_t at = r->records->text.n;

                d->time = times > 1 ? from + (to - from) * k / (times - 1) : from;
                snprintf(id, sizeof id, "%s-%04lld-4000-8000-%012lld", s->tag, n, k);
                snprintf(k_text, sizeof k_text, "%03lld", k);
                buf_clear(&iso);
                when_iso(&iso, d->time);
                snprintf(time_text, sizeof time_text, "%s", buf_cstr(&iso));
                draft_write(d, s->account, &r->records->text);
                lab_records_add(r->records, d->time, region, at, rng_text(id));
        }
        buf_deinit(&iso);
        return true;
}

static bool read_event(Reader *r, yajl_val v) {
        Scenario *s = r->s;
        const char *call = tree_text(v, "call", ""), *colon = strchr(call, ':');
        char service[64];
        Draft d = {.line = v, .actor = find_actor(s, tree_text(v, "who", "")), .service = service};
        uint32_t region = 0;
        int64_t from, to;

        if (!s->head || !d.actor)
                return complain(r, "no such actor yet:", tree_text(v, "who", "(who is missing)"));
        if (!colon || (size_t)(colon - call) >= sizeof service)
                return complain(r, "call is service:EventName, not", call);
        snprintf(service, sizeof service, "%.*s", (int)(colon - call), call);
        d.event = colon + 1;
        d.region = tree_text(v, "region", s->regions[0]);
        while (region < s->n_regions && strcmp(s->regions[region], d.region))
                region++;
        if (region == s->n_regions)
                return complain(r, "the head does not name the region", d.region);
        if (!when_parse(tree_text(v, "at", ""), &from) ||
                        !when_parse(tree_text(v, "until", tree_text(v, "at", "")), &to))
                return complain(r, "at and until are times like 2026-01-08T14:49:17Z", NULL);
        if (from < s->from || to > s->to || to < from)
                return complain(r, "outside the times of the head:", tree_text(v, "at", ""));
        return repeat_event(r, &d, region, from, to);
}

/* Takes the tree: the head and the actors are kept, events are done with. */
static bool read_line(Reader *r, const char *text) {
        char error[256] = "";
        yajl_val v = yajl_tree_parse(text, error, sizeof error);
        bool ok;

        if (!v) {
                error[strcspn(error, "\n")] = '\0';
                return complain(r, "not JSON:", error);
        }
        if (!r->s->head && tree_find(v, "lab"))
                return read_head(r, v);
        if (tree_find(v, "actor") && r->s->n_actors < SCENARIO_ACTORS) {
                r->s->actors[r->s->n_actors++] = v;
                return true;
        }
        ok = tree_find(v, "call") ? read_event(r, v)
                                  : complain(r, "neither a head, an actor nor an event", NULL);
        yajl_tree_free(v);
        return ok;
}

bool scenario_read(const char *path, Scenario *ret_scenario, LabRecords *records) {
        Reader r = {.path = path, .s = ret_scenario, .records = records};
        FILE *f = fopen(path, "re");
        char *line = NULL;
        size_t cap = 0;
        ssize_t n;
        bool ok = true;

        *ret_scenario = (Scenario){0};
        if (!f) {
                fprintf(stderr, "spoor-gen: cannot read %s: %s\n", path, strerror(errno));
                return false;
        }
        while (ok && (n = getline(&line, &cap, f)) >= 0) {
                r.line++;
                if (n && line[n - 1] == '\n')
                        line[--n] = '\0';
                if (n && line[0] != '#')
                        ok = read_line(&r, line);
        }
        if (ok && (ferror(f) || !ret_scenario->head))
                ok = complain(&r, "unreadable, or without a head", NULL);
        free(line);
        fclose(f);
        return ok;
}

void scenario_deinit(Scenario *s) {
        for (unsigned i = 0; i < s->n_actors; i++)
                yajl_tree_free(s->actors[i]);
        yajl_tree_free(s->head);
        *s = (Scenario){0};
}
