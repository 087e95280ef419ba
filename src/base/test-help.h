/*
 * What the unit tests share: a seeded generator of random numbers, whose seed is printed and taken
 * from SPOOR_TEST_SEED where that is set, and a folder that is gone after the test.
 */
#ifndef BASE_TEST_HELP_H
#define BASE_TEST_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/slice.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* SplitMix64. */
typedef struct Random {
        uint64_t state;
} Random;

static inline uint64_t random_next(Random *random) {
        uint64_t x = random->state += UINT64_C(0x9E3779B97F4A7C15);

        x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
        return x ^ (x >> 31);
}

/* 0 to BELOW - 1. */
static inline uint64_t random_below(Random *random, uint64_t below) {
        return random_next(random) % below;
}

/* Of one whole run; printed (once by each file), so that a failure can be had again. */
static inline uint64_t random_seed(void) {
        static uint64_t seed;
        const char *given = getenv("SPOOR_TEST_SEED");

        if (seed == 0) {
                seed = given ? strtoull(given, NULL, 0)
                             : ((uint64_t)time(NULL) * 1000003U + (uint64_t)getpid()) & 0xFFFFFFFFU;
                seed |= seed == 0;
                printf("SPOOR_TEST_SEED=%llu\n", (unsigned long long)seed);
                fflush(stdout);
        }
        return seed;
}

/* WHICH keeps the tests of one program apart, so that each is the same when it runs alone. */
static inline Random random_new(uint64_t which) {
        Random random = {random_seed() * UINT64_C(0x100000001B3) + which};

        random_next(&random);
        return random;
}

/* Sanitizers are slower by so much that random tests do less under them. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_EFFORT(n) ((n) / 4 ? (n) / 4 : 1)
#else
#define TEST_EFFORT(n) (n)
#endif

/* Tests of defects that are known and not yet mended run only where SPOOR_TEST_KNOWN is set. */
#define TEST_KNOWN_DEFECT(what)                                                                    \
        do {                                                                                       \
                if (!getenv("SPOOR_TEST_KNOWN")) {                                                 \
                        printf("known defect: %s\n", (what));                                      \
                        skip();                                                                    \
                }                                                                                  \
        } while (0)

#define TEST_DIR_SIZE 64

static inline void test_dir_make(char ret_path[static TEST_DIR_SIZE]) {
        snprintf(ret_path, TEST_DIR_SIZE, "/tmp/spoor-test.XXXXXX");
        assert_non_null(mkdtemp(ret_path));
}

/* Fails where anything was left in it. */
static inline void test_dir_remove(const char *path) {
        assert_int_equal(rmdir(path), 0);
}

#endif
