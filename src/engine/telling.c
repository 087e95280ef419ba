/*
 * Progress, told to the caller by whichever thread finds a tenth of a second gone by, and by one at
 * a time.
 */
#include <time.h>

#include "engine/engine.h"

#define PROGRESS_NS UINT64_C(100000000)

static uint64_t now(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

void engine_telling_init(Telling *telling, const SpoorOptions *options) {
        *telling = (Telling){.options = options, .started = now(), .is_telling = ATOMIC_FLAG_INIT};
}

void engine_tell(Telling *telling, SpoorProgress *progress, bool is_forced) {
        uint64_t at;

        if (!telling->options->progress || atomic_flag_test_and_set(&telling->is_telling))
                return;
        at = now();
        if (is_forced || at - telling->told >= PROGRESS_NS) {
                progress->elapsed_ns = at - telling->started;
                telling->told = at;
                telling->options->progress(telling->options->userdata, progress);
        }
        atomic_flag_clear(&telling->is_telling);
}
