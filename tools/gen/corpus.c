/* `spoor-gen corpus`: a whole export, file by file.
 *
 * A file is a pure function of its place, so threads take the next file number from a counter and
 * share nothing else; what is written does not depend on who writes it. A file is rendered into a
 * buffer that is handed to the compressor every megabyte: memory stays at a few megabytes a thread
 * whatever the size of the corpus. File k belongs to stream k % n_streams. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "export.h"
#include "record.h"

enum { TAG_FILE = 500, FLUSH_BYTES = 1 << 20, MAX_THREADS = 256 };

typedef struct Job {
        const CorpusOptions *options;
        const World *world;
        atomic_ullong *next;
        atomic_bool *stop;
        Sink sink;
        Buf path, json, account, org;
        uint64_t n_records, n_duplicates, n_json;
        bool failed;
} Job;

static void put_record(Job *job, uint32_t stream, uint64_t number, bool first) {
        if (!first)
                buf_char(&job->json, ',');
        event_write(job->world, stream, number, &job->json);
        job->n_records++;
        if (job->json.n >= FLUSH_BYTES || job->options->packing == PACKING_MULTI) {
                sink_write(&job->sink, &job->json);
                buf_clear(&job->json);
                sink_cut(&job->sink);
        }
}

/* A quarter of the files are out of order: within eights, turned by a pattern of the file. */
static uint64_t shuffled(uint64_t i, uint64_t n, uint64_t h) {
        if (h & 3 || (i | 7) >= n)
                return i;
        return (i & ~(uint64_t)7) | ((i & 7) ^ (h >> 8 & 7));
}

/* What was delivered already in the stream's file before this one (for the first: in its last). */
static void put_duplicates(Job *job, uint32_t stream, uint64_t r, bool *first) {
        const Plan *plan = &job->world->plan;
        uint64_t before = r ? r - 1 : plan->streams[stream].n_files - 1;
        uint64_t end = plan_first(plan, stream, before + 1);

        if (!plan->p.duplicates_permille)
                return;
        for (uint64_t i = plan_first(plan, stream, before); i < end; i++) {
                if (!plan_is_duplicated(plan, stream, i))
                        continue;
                put_record(job, stream, i, *first);
                *first = false;
                job->n_duplicates++;
        }
}

static bool put_file(Job *job, uint64_t k) {
        const Plan *plan = &job->world->plan;
        uint32_t stream = (uint32_t)(k % plan->n_streams);
        uint64_t r = k / plan->n_streams, h = rng_hash(plan->p.seed, TAG_FILE, stream, r);
        uint64_t from = plan_first(plan, stream, r), n = plan_first(plan, stream, r + 1) - from;
        bool first = true;

        buf_clear(&job->account);
        world_account(job->world, plan->streams[stream].account, &job->account);
        export_path(&job->path, job->options->out, buf_cstr(&job->org), buf_cstr(&job->account),
                        plan_region(plan, plan->streams[stream].region),
                        plan_file_end(plan, stream, r) + 120 + (int64_t)(h >> 32 & 511), h,
                        job->options->packing);
        if (!sink_open(&job->sink, buf_cstr(&job->path)))
                return false;
        buf_clear(&job->json);
        buf_str(&job->json, "{\"Records\":[");
        put_duplicates(job, stream, r, &first);
        for (uint64_t i = 0; i < n; i++) {
                put_record(job, stream, from + shuffled(i, n, h), first);
                first = false;
        }
        buf_str(&job->json, "]}");
        sink_write(&job->sink, &job->json);
        return sink_close(&job->sink);
}

static void *work(void *arg) {
        Job *job = arg;

        while (!atomic_load(job->stop)) {
                uint64_t k = atomic_fetch_add(job->next, 1);

                if (k >= job->options->params.n_files)
                        break;
                if (put_file(job, k))
                        continue;
                job->failed = true;
                atomic_store(job->stop, true);
        }
        return NULL;
}

static bool job_init(Job *job, const CorpusOptions *o, const World *w, atomic_ullong *next,
                atomic_bool *stop) {
        *job = (Job){.options = o, .world = w, .next = next, .stop = stop};
        world_org(w, &job->org);
        return sink_init(&job->sink, o->packing, o->level);
}

static void job_deinit(Job *job) {
        sink_deinit(&job->sink);
        buf_deinit(&job->path);
        buf_deinit(&job->json);
        buf_deinit(&job->account);
        buf_deinit(&job->org);
}

static void summary(const CorpusOptions *o, const Job *jobs, unsigned n_jobs) {
        unsigned long long records = 0, duplicates = 0, json = 0, disk = 0;

        for (unsigned i = 0; i < n_jobs; i++) {
                records += jobs[i].n_records;
                duplicates += jobs[i].n_duplicates;
                json += jobs[i].sink.n_plain;
                disk += jobs[i].sink.n_disk;
        }
        printf("{\"events\":%llu,\"duplicates\":%llu,\"records\":%llu,\"files\":%llu,"
               "\"jsonBytes\":%llu,\"diskBytes\":%llu,\"bytesPerRecord\":%llu}\n",
                        records - duplicates, duplicates, records,
                        (unsigned long long)o->params.n_files, json, disk,
                        records ? json / records : 0);
}

static bool run_threads(Job *jobs, unsigned n_jobs) {
        pthread_t threads[MAX_THREADS];
        unsigned n_started = 0;
        bool failed = false;

        for (unsigned i = 1; i < n_jobs; i++, n_started++)
                if (pthread_create(&threads[n_started], NULL, work, &jobs[i]))
                        break;
        /* Fewer threads than asked for do the same work. */
        work(&jobs[0]);
        for (unsigned i = 0; i < n_started; i++)
                pthread_join(threads[i], NULL);
        for (unsigned i = 0; i < n_jobs; i++)
                failed |= jobs[i].failed;
        return !failed;
}

int corpus_run(const CorpusOptions *o) {
        unsigned n_jobs = o->n_threads < MAX_THREADS ? o->n_threads : MAX_THREADS, n_ready = 0;
        Job *jobs = calloc(n_jobs, sizeof *jobs);
        World world = {0};
        atomic_ullong next = 0;
        atomic_bool stop = false;
        bool ok = jobs && world_init(&world, &o->params);

        ok = ok && event_calibrate(&world, o->params.bytes_per_event);
        if (!ok)
                fprintf(stderr, "spoor-gen: out of memory\n");
        while (ok && n_ready < n_jobs) {
                ok = job_init(&jobs[n_ready], o, &world, &next, &stop);
                n_ready++;
        }
        ok = ok && run_threads(jobs, n_jobs);
        if (ok)
                summary(o, jobs, n_jobs);
        for (unsigned i = 0; i < n_ready; i++)
                job_deinit(&jobs[i]);
        free(jobs);
        world_deinit(&world);
        return ok ? 0 : 1;
}
