/*
 * Allocators that fail on demand; see test-oom.h. The linker sends malloc() here as
 * __wrap_malloc(), and what stands here reaches the real one as __real_malloc(). Counting is
 * atomic, so that workers may allocate at once; which allocation is the k-th is then open.
 */
#include "base/test-oom.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/test-help.h"

static atomic_uint_fast64_t n_asked, fail_at;
static atomic_bool is_lasting_failure, has_failed;

void oom_arm(uint64_t k, bool is_lasting) {
        atomic_store(&n_asked, 0);
        atomic_store(&is_lasting_failure, is_lasting);
        atomic_store(&has_failed, false);
        atomic_store(&fail_at, k);
}

uint64_t oom_count(void) {
        return atomic_load(&n_asked);
}

bool oom_has_failed(void) {
        return atomic_load(&has_failed);
}

static bool is_refused(void) {
        uint64_t n = atomic_fetch_add(&n_asked, 1) + 1, at = atomic_load(&fail_at);

        if (at == 0 || n < at || (n > at && !atomic_load(&is_lasting_failure)))
                return false;
        atomic_store(&has_failed, true);
        errno = ENOMEM;
        return true;
}

static void run_once(int (*run)(void *ctx), void *ctx, uint64_t k, bool is_lasting) {
        int r;

        oom_arm(k, is_lasting);
        r = run(ctx);
        atomic_store(&fail_at, 0);
        if (r != 0 && (r != -ENOMEM || !oom_has_failed()))
                fail_msg("allocation %llu refused: returned %d", (unsigned long long)k, r);
}

void oom_each(int (*run)(void *ctx), void *ctx, uint64_t step) {
        uint64_t k = 1;

        for (;; k += step) {
                run_once(run, ctx, k, false);
                if (!oom_has_failed())
                        break;
                run_once(run, ctx, k, true);
        }
        assert_true(k > step);
}

/* ---- what the linker puts in place ---- */

#define WRAP(type, name, parameters, arguments)                                                    \
        type __real_##name parameters;                                                             \
        type __wrap_##name parameters;                                                             \
        type __wrap_##name parameters {                                                            \
                return is_refused() ? NULL : __real_##name arguments;                              \
        }

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, (void *block, size_t size), (block, size))
WRAP(char *, strdup, (const char *text), (text))
WRAP(char *, strndup, (const char *text, size_t n), (text, n))
WRAP(char *, realpath, (const char *path, char *resolved), (path, resolved))

int __real_vasprintf(char **ret_text, const char *format, va_list args);
int __wrap_vasprintf(char **ret_text, const char *format, va_list args);
int __wrap_asprintf(char **ret_text, const char *format, ...);

int __wrap_vasprintf(char **ret_text, const char *format, va_list args) {
        return is_refused() ? -1 : __real_vasprintf(ret_text, format, args);
}

int __wrap_asprintf(char **ret_text, const char *format, ...) {
        va_list args;
        int n;

        va_start(args, format);
        n = __wrap_vasprintf(ret_text, format, args);
        va_end(args);
        return n;
}
