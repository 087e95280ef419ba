/* `spoor-gen lab`: an incident in an export, among ordinary traffic.
 *
 * The scenario's records and the noise (the corpus's own events, in a quiet mood: nothing that an
 * investigator would have to explain) lie in one array, are sorted by region, window of time and
 * chance, and are written a window a file. A few records are delivered again in the next window.
 * Everything is in memory: labs are a few megabytes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "export.h"
#include "lookup.h"
#include "record.h"

enum { TAG_LAB = 600 };

typedef struct Lab {
        const LabOptions *o;
        Scenario s;
        LabRecords records;
        int64_t window;
        uint64_t seed;
} Lab;

static bool add_noise(Lab *lab) {
        const Scenario *s = &lab->s;
        uint64_t n = (uint64_t)tree_number(s->head, "noise", 3000);
        Params p = {
                        .n_events = n,
                        .n_files = s->n_regions,
                        .seed = lab->seed,
                        .n_accounts = 1,
                        .n_regions = s->n_regions,
                        .start = s->from,
                        .span = (s->to - s->from) / 86400 * 86400,
                        .quiet = true,
                        .management_only = tree_find(s->head, "managementOnly") != NULL,
                        .account_ids = &s->account,
                        .region_names = s->regions,
        };
        World w = {0};

        if (!n)
                return true;
        if (!p.span)
                p.span = s->to - s->from;
        if (!world_init(&w, &p))
                return false;
        w.list_scale = 20;
        for (uint32_t stream = 0; stream < w.plan.n_streams; stream++)
                for (uint64_t i = 0; i < w.plan.streams[stream].n_events; i++) {
                        size_t at = lab->records.text.n;

                        event_write(&w, stream, i, &lab->records.text);
                        lab_records_add(&lab->records, event_time(&w, stream, i), stream, at,
                                        rng_hash(lab->seed, TAG_LAB, stream, i));
                }
        world_deinit(&w);
        return true;
}

static void add_duplicates(Lab *lab) {
        uint32_t permille = (uint32_t)tree_number(lab->s.head, "duplicates", 8);
        size_t n = lab->records.n;

        for (size_t i = 0; i < n; i++) {
                LabRecord r = lab->records.items[i];

                if (rng_scale(rng_hash(lab->seed, TAG_LAB + 1, r.h, 0), 1000) >= permille)
                        continue;
                lab_records_add(&lab->records, r.time, r.region, r.at, r.h);
                if (lab->records.failed)
                        return;
                lab->records.items[lab->records.n - 1].n = r.n;
                lab->records.items[lab->records.n - 1].again = true;
        }
}

static int64_t window_of(const Lab *lab, const LabRecord *r) {
        return (r->time - lab->s.from) / lab->window + r->again;
}

/* By region and window; within, by time, a little disturbed. */
static int compare(const void *a, const void *b, void *arg) {
        const LabRecord *x = a, *y = b;
        int64_t wx = window_of(arg, x), wy = window_of(arg, y);
        int64_t tx = x->time + (int64_t)(x->h & 63), ty = y->time + (int64_t)(y->h & 63);

        if (x->region != y->region)
                return x->region < y->region ? -1 : 1;
        if (wx != wy)
                return wx < wy ? -1 : 1;
        if (tx != ty)
                return tx < ty ? -1 : 1;
        return x->h < y->h ? -1 : x->h > y->h;
}

static bool write_file(Lab *lab, const LabRecord *r, size_t n, const char *dir, Sink *sink) {
        const Scenario *s = &lab->s;
        uint64_t h = rng_hash(lab->seed, TAG_LAB + 2, r->region, (uint64_t)window_of(lab, r));
        Buf path = {0}, json = {0};
        bool ok;

        export_path(&path, dir, s->org, s->account, s->regions[r->region],
                        s->from + (window_of(lab, r) + 1) * lab->window + 240, h, lab->o->packing);
        ok = sink_open(sink, buf_cstr(&path));
        buf_str(&json, "{\"Records\":[");
        for (size_t i = 0; ok && i < n; i++) {
                if (i)
                        buf_char(&json, ',');
                buf_add(&json, lab->records.text.data + r[i].at, r[i].n);
                sink_write(sink, &json);
                sink_cut(sink);
                buf_clear(&json);
        }
        buf_str(&json, "]}");
        if (ok) {
                sink_write(sink, &json);
                ok = sink_close(sink);
        }
        buf_deinit(&path);
        buf_deinit(&json);
        return ok;
}

static bool write_export(Lab *lab, const char *dir, size_t *ret_files) {
        const LabRecord *items = lab->records.items;
        size_t n = lab->records.n;
        Sink sink;
        bool ok = sink_init(&sink, lab->o->packing, 6);

        *ret_files = 0;
        for (size_t i = 0, end; ok && i < n; i = end, ++*ret_files) {
                for (end = i + 1; end < n && items[end].region == items[i].region &&
                                  window_of(lab, &items[end]) == window_of(lab, &items[i]);)
                        end++;
                ok = write_file(lab, items + i, end - i, dir, &sink);
        }
        sink_deinit(&sink);
        return ok;
}

/* Files that lie beside the logs: "copy":[{"from":"NAME.x.csv","to":"x.csv"}]. */
static bool copy_file(const Lab *lab, const char *from, const char *to) {
        Buf path = {0}, data = {0};
        char block[8192];
        size_t n;
        FILE *f;
        bool ok = false;

        buf_fmt(&path, "%s/%s", lab->o->scenarios, from);
        f = fopen(buf_cstr(&path), "re");
        if (f) {
                while ((n = fread(block, 1, sizeof block, f)))
                        buf_add(&data, block, n);
                ok = !ferror(f) && !data.failed;
                fclose(f);
        }
        if (!ok)
                fprintf(stderr, "spoor-gen: cannot read %s: %s\n", buf_cstr(&path),
                                strerror(errno));
        buf_clear(&path);
        buf_fmt(&path, "%s/%s", lab->o->out, to);
        ok = ok && file_write(buf_cstr(&path), data.data, data.n);
        buf_deinit(&path);
        buf_deinit(&data);
        return ok;
}

static bool copy_files(const Lab *lab) {
        yajl_val copies = tree_find(lab->s.head, "copy");

        for (size_t i = 0; YAJL_IS_ARRAY(copies) && i < copies->u.array.len; i++)
                if (!copy_file(lab, tree_text(copies->u.array.values[i], "from", ""),
                                    tree_text(copies->u.array.values[i], "to", "")))
                        return false;
        return true;
}

static bool build(Lab *lab) {
        const Scenario *s = &lab->s;
        bool lookup = tree_find(s->head, "lookupEvents") != NULL;
        long long n_files = tree_number(s->head, "files", 100);
        size_t n_scenario = lab->records.n, n_unique, n_written;
        Buf dir = {0};
        bool ok;

        lab->seed = rng_hash(lab->o->seed, TAG_LAB, rng_text(s->name), 0);
        lab->window = (s->to - s->from) * s->n_regions / (n_files > 0 ? n_files : 1) + 1;
        ok = add_noise(lab);
        n_unique = lab->records.n;
        add_duplicates(lab);
        if (!ok || lab->records.failed || lab->records.text.failed) {
                fprintf(stderr, "spoor-gen: out of memory\n");
                return false;
        }
        qsort_r(lab->records.items, lab->records.n, sizeof *lab->records.items, compare, lab);
        buf_fmt(&dir, "%s%s", lab->o->out, lookup ? "/export" : "");
        ok = write_export(lab, buf_cstr(&dir), &n_written) && copy_files(lab);
        buf_deinit(&dir);
        if (ok && lookup)
                ok = lookup_write(lab->o->out, &lab->records);
        if (ok)
                printf("{\"lab\":\"%s\",\"events\":%zu,\"scenario\":%zu,\"duplicates\":%zu,"
                       "\"files\":%zu}\n",
                                s->name, n_unique, n_scenario, lab->records.n - n_unique,
                                n_written);
        return ok;
}

int lab_run(const LabOptions *o) {
        Lab lab = {.o = o};
        Buf path = {0};
        bool ok;

        if (strspn(o->name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(o->name)) {
                fprintf(stderr, "spoor-gen: %s is not the name of a lab\n", o->name);
                return 2;
        }
        buf_fmt(&path, "%s/%s.jsonl", o->scenarios, o->name);
        ok = scenario_read(buf_cstr(&path), &lab.s, &lab.records) && build(&lab);
        scenario_deinit(&lab.s);
        lab_records_deinit(&lab.records);
        buf_deinit(&path);
        return ok ? 0 : 1;
}
