/*
 * Work on several threads: tasks 0 to n - 1 are taken in order by as many threads as asked for (the
 * caller's is one of them). Which thread does which task is open; results must not depend on it.
 */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stddef.h>
#include <stdint.h>

/* 0, or what the failing task with the lowest number returned; later tasks may not have run then.
 */
int parallel_run(unsigned n_threads, size_t n_tasks, int (*task)(void *ctx, size_t i), void *ctx);

/* Processors this process may use, at least 1. */
unsigned parallel_n_cores(void);

/* Memory of this machine, or what the limits of this process leave of it; never 0. */
uint64_t parallel_n_memory_bytes(void);

#endif
