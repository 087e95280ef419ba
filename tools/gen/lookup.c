/* lookup-events: an envelope of strings about each event, with the record itself as a JSON string
 * inside. */
#include "lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"
#include "sink.h"

enum { PAGE = 50 };

static int newest_first(const void *a, const void *b) {
        const LabRecord *x = a, *y = b;

        if (x->time != y->time)
                return x->time > y->time ? -1 : 1;
        if (x->h != y->h)
                return x->h < y->h ? -1 : 1;
        return x->again - y->again;
}

static void resources(yajl_val record, Buf *b) {
        yajl_val list = tree_find(record, "resources");
        bool first = true;

        buf_str(b, "\"Resources\":[");
        for (size_t i = 0; YAJL_IS_ARRAY(list) && i < list->u.array.len; i++) {
                yajl_val v = list->u.array.values[i];
                const char *type = tree_text(v, "type", NULL), *arn = tree_text(v, "ARN", NULL);

                if (!type || !arn)
                        continue;
                buf_str(b, first ? "{" : ",{");
                buf_member(b, "ResourceType", type);
                buf_char(b, ',');
                buf_member(b, "ResourceName", arn);
                buf_char(b, '}');
                first = false;
        }
        buf_char(b, ']');
}

static const char *user_name(yajl_val identity) {
        yajl_val context = tree_find(identity, "sessionContext");
        const char *name = tree_text(identity, "userName", NULL);

        return name ? name : tree_text(tree_find(context, "sessionIssuer"), "userName", NULL);
}

static bool entry(const char *text, size_t n, Buf *b) {
        char *copy = strndup(text, n);
        yajl_val v = copy ? yajl_tree_parse(copy, NULL, 0) : NULL,
                 who = tree_find(v, "userIdentity");
        const char *key = tree_text(who, "accessKeyId", NULL), *user = user_name(who);

        free(copy);
        if (!v)
                return false;
        buf_char(b, '{');
        buf_member(b, "EventId", tree_text(v, "eventID", ""));
        buf_char(b, ',');
        buf_member(b, "EventName", tree_text(v, "eventName", ""));
        buf_fmt(b, ",\"ReadOnly\":\"%s\",",
                        YAJL_IS_TRUE(tree_find(v, "readOnly")) ? "true" : "false");
        if (key) {
                buf_member(b, "AccessKeyId", key);
                buf_char(b, ',');
        }
        /* The tool prints local time with an offset; here the machine was on UTC. */
        buf_fmt(b, "\"EventTime\":\"%.19s+00:00\",", tree_text(v, "eventTime", ""));
        buf_member(b, "EventSource", tree_text(v, "eventSource", ""));
        buf_char(b, ',');
        if (user) {
                buf_member(b, "Username", user);
                buf_char(b, ',');
        }
        resources(v, b);
        buf_str(b, ",\"CloudTrailEvent\":\"");
        buf_escape(b, text, n);
        buf_str(b, "\"}");
        yajl_tree_free(v);
        return true;
}

static bool save(const char *dir, const char *name, const Buf *b) {
        Buf path = {0};
        bool ok;

        buf_fmt(&path, "%s/%s", dir, name);
        ok = !b->failed && file_write(buf_cstr(&path), b->data, b->n);
        buf_deinit(&path);
        return ok;
}

bool lookup_write(const char *dir, LabRecords *records) {
        Buf all = {0}, page = {0};
        size_t n = 0, done = 0;
        unsigned n_pages = 0;
        bool ok = true;
        char name[64];

        qsort(records->items, records->n, sizeof *records->items, newest_first);
        for (size_t i = 0; i < records->n; i++)
                n += !records->items[i].again;
        buf_str(&all, "{\n    \"Events\": [");
        for (size_t i = 0; ok && i < records->n; i++) {
                const LabRecord *r = &records->items[i];
                size_t at;

                if (r->again)
                        continue;
                buf_str(&page, done % PAGE ? "," : "{\"Events\":[");
                at = page.n;
                ok = entry(records->text.data + r->at, r->n, &page);
                buf_str(&all, done ? ",\n        " : "\n        ");
                buf_add(&all, page.data + at, page.n - at);
                if (++done % PAGE && done < n)
                        continue;
                buf_char(&page, ']');
                if (done < n) {
                        buf_str(&page, ",\"NextToken\":\"");
                        id_base64(&page, &(Rng){n_pages + 1}, 88);
                        buf_str(&page, "==\"");
                }
                buf_str(&page, "}\n");
                snprintf(name, sizeof name, "lookup-events-pages/page-%03u.json", ++n_pages);
                ok = ok && save(dir, name, &page);
                buf_clear(&page);
        }
        buf_str(&all, "\n    ]\n}\n");
        ok = ok && save(dir, "lookup-events/trail.json", &all);
        if (!ok)
                fprintf(stderr, "spoor-gen: cannot write the lookup-events files\n");
        buf_deinit(&all);
        buf_deinit(&page);
        return ok;
}
