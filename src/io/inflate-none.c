/* In the place of inflate-isal.c where the build has no ISA-L: there is no Ahead, zlib does all. */
#include <errno.h>

#include "io/ahead.h"

int ahead_new(size_t lag, Ahead **ret_ahead) {
        (void)lag;
        *ret_ahead = NULL;
        return 0;
}

Ahead *ahead_free(Ahead *ahead) {
        (void)ahead;
        return NULL;
}

void ahead_start(Ahead *ahead, const IoStream *below) {
        (void)ahead;
        (void)below;
}

int ahead_pull(Ahead *ahead, IoStream *below, uint8_t *buffer, size_t cap, size_t *ret_n) {
        (void)ahead;
        (void)below;
        (void)buffer;
        (void)cap;
        (void)ret_n;
        return -ENOSYS;
}

uint64_t ahead_n_handed(const Ahead *ahead) {
        (void)ahead;
        return 0;
}
