/*
 * Times of the evidence: int64_t nanoseconds since 1970-01-01T00:00:00Z (1677 to 2262).
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdint.h>

#include "base/slice.h"

#define TIME_SECOND INT64_C(1000000000)
#define TIME_TEXT_SIZE 40 /* room for any time as text, with the NUL */

/*
 * RFC 3339: "2026-01-08T14:49:17Z", also with a fraction (cut to nine digits) and with an offset
 * such as +02:00; the letters in either case. Returns 0; 1 where TEXT is anything else; 2 where it
 * lies outside the range, and *ret_time is the end of the range that is nearer. A second of 60 is
 * the first of the next minute.
 */
int time_parse(Slice text, int64_t *ret_time);

/* The same, or a date alone, which is its midnight in UTC. */
int time_parse_date(Slice text, int64_t *ret_time);

/* "30d", "12h", "5m", "90s", "2w": 0, or 1 where TEXT is anything else or overflows. */
int time_parse_span(Slice text, int64_t *ret_span);

/* UTC with Z; a fraction only where it is not zero, without zeros at its end. Returns the length.
 */
size_t time_format(int64_t time, char ret_text[static TIME_TEXT_SIZE]);

#endif
