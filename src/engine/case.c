/*
 * A case: opened from files, or read from evidence. One case file alone is mapped as it is;
 * anything else becomes one store in memory, so that every query sees a single store.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/beside.h"
#include "base/parallel.h"
#include "base/time.h"
#include "base/vec.h"
#include "engine/engine.h"

void engine_options_fill(SpoorOptions *options, const SpoorOptions *given) {
        *options = given ? *given : (SpoorOptions){0};
        if (!options->n_threads)
                options->n_threads = parallel_n_cores();
        if (options->n_threads > 256)
                options->n_threads = 256;
        if (!options->max_depth)
                options->max_depth = SPOOR_MAX_DEPTH;
        if (!options->max_record_bytes)
                options->max_record_bytes = SPOOR_MAX_RECORD_BYTES;
        if (!options->memory_bytes)
                options->memory_bytes = parallel_n_memory_bytes() / 4;
        if (!options->max_nesting)
                options->max_nesting = SPOOR_MAX_NESTING;
}

int engine_check_only(SpoorCase *scase, const SpoorSelection *selection, SpoorError *error) {
        return scase->options.only && scase->options.only != selection
                               ? engine_fail(error, -EINVAL,
                                                 "the case was opened for another selection alone")
                               : 0;
}

/* ---- opening ---- */

static int open_case_file(const char *path, Store **ret_store, SpoorError *error) {
        static const char *const defects[] = {
                        [STORE_FOREIGN] = "no case file",
                        [STORE_VERSION] =
                                        "a case file of another version; index the evidence again",
                        [STORE_TRUNCATED] = "a case file that was cut or grew",
                        [STORE_HEADER] = "a case file whose header is not what was written",
        };
        int r = store_open(path, ret_store);

        if (r < 0)
                return engine_fail(error, r, "%s: %s", path, strerror(-r));
        return r > 0 ? engine_fail(error, SPOOR_E_CORRUPT, "%s: %s", path, defects[r]) : 0;
}

void engine_sources_deinit(Sources *s) {
        for (size_t i = 0; i < s->n_cases; i++)
                store_free(s->cases[i]);
        free(s->raw);
        free(s->cases);
}

static int compare_sources(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int engine_sources_sort(const SpoorOptions *options, const char *const *sources, size_t n,
                Sources *ret, SpoorError *error) {
        const char **sorted = vec_alloc(n, sizeof(*sorted));
        int r = 0;

        ret->raw = vec_alloc(n, sizeof(*ret->raw));
        ret->cases = vec_alloc(n + 1, sizeof(*ret->cases)); /* one for the raw */
        if (!sorted || !ret->raw || !ret->cases) {
                free(sorted);
                return engine_fail(error, -ENOMEM, "%s", strerror(ENOMEM));
        }
        memcpy(sorted, sources, n * sizeof(*sorted));
        qsort(sorted, n, sizeof(*sorted), compare_sources);
        for (size_t i = 0; i < n && r == 0; i++) {
                if (i > 0 && strcmp(sorted[i], sorted[i - 1]) == 0)
                        continue;
                r = strcmp(sorted[i], "-") == 0 ? 0 : store_is_case(sorted[i]);
                if (r > 0 && !engine_is_in_shard(options, slice_cstr(sorted[i]))) {
                        r = 0;
                } else if (r > 0) {
                        r = open_case_file(sorted[i], &ret->cases[ret->n_cases], error);
                        ret->n_cases += r == 0;
                } else if (r == 0 || r == -EACCES) {
                        r = 0;
                        ret->raw[ret->n_raw++] = sorted[i];
                } else {
                        engine_fail(error, r, "%s: %s", sorted[i], strerror(-r));
                }
        }
        free(sorted);
        return r;
}

/* What becomes a case; taken apart by whoever fails. */
typedef struct Opening {
        SpoorOptions options;
        Sources sources;
        Space *space;
        Store *store;
} Opening;

static int wrap(Opening *o, SpoorCase **ret_case, SpoorError *error) {
        SpoorCase *scase = vec_alloc_zero(1, sizeof(*scase));

        if (!scase)
                return engine_fail(error, -ENOMEM, "%s", strerror(ENOMEM));
        scase->store = o->store;
        scase->space = o->space;
        scase->options = o->options;
        pthread_mutex_init(&scase->lock, NULL);
        engine_give_records(scase);
        engine_give_told(scase);
        o->store = NULL;
        o->space = NULL;
        *ret_case = scase;
        return 0;
}

static void opening_deinit(Opening *o) {
        store_free(o->store);
        engine_sources_deinit(&o->sources);
        space_free(o->space);
}

static int begin(Opening *o, const SpoorOptions *given, const char *const *sources,
                size_t n_sources, SpoorError *error) {
        if (error)
                error->message[0] = 0;
        engine_options_fill(&o->options, given);
        if (n_sources == 0)
                return engine_fail(error, -EINVAL, "no source given");
        if (o->options.n_shards && (o->options.shard < 1 || o->options.shard > o->options.n_shards))
                return engine_fail(error, -EINVAL, "no such shard");
        return engine_sources_sort(&o->options, sources, n_sources, &o->sources, error);
}

/* Case files and, of raw evidence, a store made for it, become one. */
static int merge(Opening *o, SpoorError *error) {
        StoreJudge judge = {&o->options, engine_judge};
        StoreRoom room = {o->space, o->options.n_threads};
        int r = 0;

        if (o->sources.n_raw) {
                /* there is room for it: it stands in place of a source */
                r = engine_ingest(&o->options, o->space, o->sources.raw, o->sources.n_raw, true,
                                &o->sources.cases[o->sources.n_cases], error);
                if (r)
                        return r;
                o->sources.n_cases++;
        }
        r = store_merge(o->sources.cases, o->sources.n_cases, false, room, &judge, &o->store);
        for (size_t i = 0; i < o->sources.n_cases && r == -EIO; i++) {
                int bad = engine_check_store(o->sources.cases[i], SPOOR_E_CORRUPT, error);

                if (bad)
                        return bad;
        }
        return r < 0 ? engine_fail(error, r, "merging: %s", strerror(-r)) : 0;
}

static int make_store(Opening *o, SpoorError *error) {
        if (o->sources.n_cases)
                return merge(o, error);
        return engine_ingest(&o->options, o->space, o->sources.raw, o->sources.n_raw, false,
                        &o->store, error);
}

int spoor_case_open(const SpoorOptions *given, const char *const *sources, size_t n_sources,
                SpoorCase **ret_case, SpoorError *error) {
        Opening o = {0};
        int r = begin(&o, given, sources, n_sources, error);

        if (r == 0 && o.sources.n_cases == 1 && o.sources.n_raw == 0) {
                o.store = o.sources.cases[0];
                o.sources.n_cases = 0;
        } else if (r == 0) {
                r = make_store(&o, error);
        }
        if (r == 0)
                r = wrap(&o, ret_case, error);
        opening_deinit(&o);
        return r;
}

/* Where parts of a case at PATH stand while it is made. */
static int open_space(Opening *o, const char *path, SpoorError *error) {
        char *dir = beside_directory(path);
        int r = dir ? space_new(dir, o->options.memory_bytes, &o->space) : -ENOMEM;

        free(dir);
        return r < 0 ? engine_fail(error, r, "%s", strerror(-r)) : 0;
}

static int write_store(Opening *o, const char *path, SpoorError *error) {
        int r;

        if (o->options.progress) {
                SpoorProgress progress = {.phase = "writing", .n_events = store_n_events(o->store)};

                o->options.progress(o->options.userdata, &progress);
        }
        r = store_write(o->store, path);
        return r < 0 ? engine_fail(error, r, "%s: %s", path, strerror(-r)) : 0;
}

int spoor_case_index(const SpoorOptions *given, const char *const *sources, size_t n_sources,
                const char *case_path, SpoorCase **ret_case, SpoorError *error) {
        Opening o = {0};
        int r = begin(&o, given, sources, n_sources, error);

        o.options.only = NULL;
        if (r == 0)
                r = open_space(&o, case_path, error);
        if (r == 0)
                r = make_store(&o, error);
        if (r == 0)
                r = write_store(&o, case_path, error);
        if (r == 0)
                r = wrap(&o, ret_case, error);
        opening_deinit(&o);
        return r;
}

int spoor_is_case(const char *path) {
        return store_is_case(path);
}

SpoorCase *spoor_case_free(SpoorCase *scase) {
        if (!scase)
                return NULL;
        store_free(scase->store);
        space_free(scase->space);
        pthread_mutex_destroy(&scase->lock);
        free(scase->evidence);
        free(scase->conflicts);
        free(scase);
        return NULL;
}

int spoor_case_set_evidence(SpoorCase *scase, const char *dir) {
        char *copy = strdup(dir);

        if (!copy)
                return -ENOMEM;
        free(scase->evidence);
        scase->evidence = copy;
        return 0;
}

/* ---- what it holds ---- */

int spoor_case_counts(SpoorCase *scase, SpoorInfo *ret) {
        StoreCounts counts;
        uint32_t n = store_n_events(scase->store);

        store_counts(scase->store, &counts);
        *ret = (SpoorInfo){
                        .n_events = counts.n_events,
                        .n_duplicates = counts.n_duplicates,
                        .n_conflicts = counts.n_conflicts,
                        .n_rejected = counts.n_rejected,
                        .n_files = counts.n_files,
                        .n_damaged = counts.n_damaged,
                        .n_ignored = counts.n_ignored,
                        .n_bytes = counts.n_bytes,
                        .n_recovered = counts.events.n_recovered,
                        .n_shipper_time = counts.events.n_shipper_time,
                        .n_partial = counts.events.n_partial,
                        .n_insights = counts.events.n_insights,
                        .n_aggregated = counts.events.n_aggregated,
                        .n_changed = counts.n_changed,
                        .n_case_bytes = counts.n_image_bytes,
                        .n_string_bytes = counts.n_string_bytes,
        };
        if (n) {
                ret->first_time = store_time(scase->store, 0);
                ret->last_time = store_time(scase->store, n - 1);
        }
        return 0;
}

int spoor_case_info(SpoorCase *scase, SpoorInfo *ret, SpoorError *error) {
        store_check(scase->store);
        spoor_case_counts(scase, ret);
        return engine_check_store(scase->store, SPOOR_E_CORRUPT, error);
}

static int note(SpoorCase *scase, uint64_t i, SpoorDiagnosis *ret) {
        StoreNote n = store_note(scase->store, i);

        *ret = (SpoorDiagnosis){engine_slice(n.name), n.offset, engine_slice(n.reason)};
        return engine_check_store(scase->store, SPOOR_E_CORRUPT, NULL);
}

int spoor_case_damaged(SpoorCase *scase, uint64_t i, SpoorDiagnosis *ret) {
        return note(scase, i, ret);
}

int spoor_case_ignored(SpoorCase *scase, uint64_t i, SpoorDiagnosis *ret) {
        StoreCounts counts;

        store_counts(scase->store, &counts);
        return note(scase, counts.n_damaged + i, ret);
}

/* Rows are sorted by event: the first of each event is listed once. */
static int list_conflicts(SpoorCase *scase) {
        uint64_t n_rows = store_n_conflict_rows(scase->store), n = 0;
        uint64_t *list = vec_alloc(n_rows, sizeof(*list));
        uint32_t last = STORE_NONE;

        if (!list)
                return -ENOMEM;
        for (uint64_t i = 0; i < n_rows; i++) {
                uint32_t event = store_conflict_row(scase->store, i).event;

                if (i == 0 || event != last)
                        list[n++] = i;
                last = event;
        }
        scase->conflicts = list;
        scase->n_conflicts = n;
        return 0;
}

int spoor_case_conflict(SpoorCase *scase, uint64_t i, SpoorConflict *ret) {
        char buffer[STORE_ID_SIZE];
        StoreConflict row;
        StoreSource kept;
        Slice id;
        int r = 0;

        pthread_mutex_lock(&scase->lock);
        if (!scase->conflicts)
                r = list_conflicts(scase);
        pthread_mutex_unlock(&scase->lock);
        if (r < 0)
                return r;
        if (i >= scase->n_conflicts)
                return -EINVAL;
        row = store_conflict_row(scase->store, scase->conflicts[i]);
        kept = store_source(scase->store, row.event);
        id = store_id_text(scase->store, &kept, buffer);
        snprintf(ret->event_id, sizeof(ret->event_id), "%.*s", (int)(id.size < 64 ? id.size : 63),
                        id.data);
        ret->kept_file = engine_slice(store_file(scase->store, kept.file).name);
        ret->kept_record = kept.record;
        ret->other_file = engine_slice(store_file(scase->store, row.file).name);
        ret->other_record = row.record;
        return engine_check_store(scase->store, SPOOR_E_CORRUPT, NULL);
}

/* ---- versions and times ---- */

const char *spoor_version(void) {
        return SPOOR_VERSION;
}

const char *spoor_version_libraries(void) {
        return SPOOR_LIBRARIES;
}

int spoor_time_parse(const char *text, int64_t *ret_time) {
        return time_parse_date(slice_cstr(text), ret_time) == 1 ? SPOOR_E_SYNTAX : 0;
}

void spoor_time_format(int64_t time, char ret_text[static 40]) {
        time_format(time, ret_text);
}

int spoor_json_pretty(SpoorSlice json, char **ret_text) {
        return json_pretty(slice(json.data, json.size), ret_text);
}
