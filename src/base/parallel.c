/*
 * A pool for the length of one call. Threads that cannot be started are done without: the caller's
 * thread alone finishes the work.
 */
#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#define MAX_THREADS 256

typedef struct Pool {
        int (*task)(void *ctx, size_t i);
        void *ctx;
        size_t n_tasks;
        atomic_size_t next;
        pthread_mutex_t lock;
        size_t failed; /* lowest number of a failed task */
        int result;    /* and what it returned */
} Pool;

static void *work(void *arg) {
        Pool *pool = arg;

        for (;;) {
                size_t i = atomic_fetch_add(&pool->next, 1);
                int r;

                if (i >= pool->n_tasks)
                        return NULL;
                r = pool->task(pool->ctx, i);
                if (r == 0)
                        continue;
                pthread_mutex_lock(&pool->lock);
                if (i < pool->failed) {
                        pool->failed = i;
                        pool->result = r;
                }
                pthread_mutex_unlock(&pool->lock);
                atomic_store(&pool->next, pool->n_tasks);
        }
}

int parallel_run(unsigned n_threads, size_t n_tasks, int (*task)(void *ctx, size_t i), void *ctx) {
        Pool pool = {task, ctx, n_tasks, 0, PTHREAD_MUTEX_INITIALIZER, SIZE_MAX, 0};
        pthread_t threads[MAX_THREADS];
        unsigned n_started = 0;

        if (n_threads > MAX_THREADS)
                n_threads = MAX_THREADS;
        while (n_started + 1 < n_threads && n_started + 1 < n_tasks) {
                if (pthread_create(&threads[n_started], NULL, work, &pool) != 0)
                        break;
                n_started++;
        }
        work(&pool);
        while (n_started > 0)
                pthread_join(threads[--n_started], NULL);
        pthread_mutex_destroy(&pool.lock);
        return pool.result;
}

unsigned parallel_n_cores(void) {
        cpu_set_t set;
        int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

        return n < 1 ? 1 : (unsigned)n;
}

uint64_t parallel_n_memory_bytes(void) {
        long n_pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
        uint64_t n = n_pages > 0 && page > 0 ? (uint64_t)n_pages * (uint64_t)page
                                             : UINT64_C(1) << 30;
        struct rlimit limit;

        if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur < n)
                n = limit.rlim_cur;
        return n;
}
