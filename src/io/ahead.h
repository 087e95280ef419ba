/*
 * Private to io: gzip members that stand in a file, unpacked by ISA-L ahead of what is handed out,
 * and refused unless they are sound. See inflate-isal.c, and inflate-none.c for builds without it.
 */
#ifndef IO_AHEAD_H
#define IO_AHEAD_H

#include "io/stream.h"

/* Members up to twice this are handed out only when they were found sound. */
#define AHEAD_LAG (4U << 20)
#define AHEAD_LAG_SMALL (64U << 10) /* of use where wrong bytes do no harm */

/* *ret_ahead is NULL where the build has no ISA-L. */
int ahead_new(size_t lag, Ahead **ret_ahead);
Ahead *ahead_free(Ahead *ahead);
/* A member begins where BELOW stands, which is the reader's file. */
void ahead_start(Ahead *ahead, const IoStream *below);
/*
 * The next bytes of the member, at least 1 of them, and 0; or
 * AHEAD_END      all of it was handed out and is sound; BELOW stands behind it
 * AHEAD_REFUSED  it is not sound; BELOW stands where it begins, and ahead_n_handed() bytes of it
 *                were handed out
 */
enum { AHEAD_END = 1, AHEAD_REFUSED };
int ahead_pull(Ahead *ahead, IoStream *below, uint8_t *buffer, size_t cap, size_t *ret_n);
uint64_t ahead_n_handed(const Ahead *ahead);

#endif
