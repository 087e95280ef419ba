/*
 * Memory that ends: the programs that use this are linked with OOM_LINK_ARGS of
 * src/base/meson.build, which brings every allocation of our own code here. Libraries that are not
 * ours allocate as ever, but for yajl, which asks json for its memory.
 */
#ifndef BASE_TEST_OOM_H
#define BASE_TEST_OOM_H

#include <stdbool.h>
#include <stdint.h>

/* The K-th allocation from now fails, and with IS_LASTING all behind it; 0: none does. */
void oom_arm(uint64_t k, bool is_lasting);

/* How many were asked for since it was armed. */
uint64_t oom_count(void);

/* Did one fail since it was armed? */
bool oom_has_failed(void);

/*
 * Calls RUN with one more allocation granted each time until none fails, then once more from the
 * start with lasting failures. RUN returns what the code under test returned; that must be -ENOMEM
 * while allocations fail (or 0 where it can do without), and 0 in the end. STEP > 1 leaves some
 * out.
 */
void oom_each(int (*run)(void *ctx), void *ctx, uint64_t step);

#endif
