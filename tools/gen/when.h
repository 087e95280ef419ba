#ifndef GEN_WHEN_H
#define GEN_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

/* Times are seconds since 1970, UTC. */
typedef struct Civil {
        int year;
        unsigned month, day, hour, minute, second;
} Civil;

Civil when_civil(int64_t time);
int64_t when_seconds(const Civil *c);
/* YYYY-MM-DD, or YYYY-MM-DDTHH:MM:SSZ. */
bool when_parse(const char *text, int64_t *ret_time);
void when_iso(Buf *b, int64_t time);
/* Jan 8, 2026, 2:49:17 PM: as STS and IAM write it inside responseElements. */
void when_words(Buf *b, int64_t time, bool comma);

#endif
