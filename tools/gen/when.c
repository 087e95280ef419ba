/* The calendar: seconds to date and back (proleptic Gregorian, no leap seconds), and the two ways
 * in which CloudTrail spells a time. */
#include "when.h"

#include <stdio.h>
#include <string.h>

Civil when_civil(int64_t time) {
        int64_t days = time >= 0 ? time / 86400 : -((86399 - time) / 86400);
        uint32_t rest = (uint32_t)(time - days * 86400);
        int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
        uint32_t doe = (uint32_t)(z - era * 146097);
        uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
        uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        uint32_t mp = (5 * doy + 2) / 153;
        Civil c = {
                        .month = mp < 10 ? mp + 3 : mp - 9,
                        .day = doy - (153 * mp + 2) / 5 + 1,
                        .hour = rest / 3600,
                        .minute = rest / 60 % 60,
                        .second = rest % 60,
        };

        c.year = (int)((int64_t)yoe + era * 400 + (c.month <= 2));
        return c;
}

int64_t when_seconds(const Civil *c) {
        int64_t y = c->year - (c->month <= 2), era = (y >= 0 ? y : y - 399) / 400;
        int64_t yoe = y - era * 400;
        int64_t mp = c->month > 2 ? (int64_t)c->month - 3 : (int64_t)c->month + 9;
        int64_t doy = (153 * mp + 2) / 5 + c->day - 1;
        int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        int64_t days = era * 146097 + doe - 719468;

        return days * 86400 + c->hour * 3600 + c->minute * 60 + c->second;
}

bool when_parse(const char *text, int64_t *ret_time) {
        Civil c = {0};
        int end = -1;

        if (strlen(text) == 10)
                (void)sscanf(text, "%4d-%2u-%2u%n", &c.year, &c.month, &c.day, &end);
        else
                (void)sscanf(text, "%4d-%2u-%2uT%2u:%2u:%2uZ%n", &c.year, &c.month, &c.day, &c.hour,
                                &c.minute, &c.second, &end);
        if (end < 0 || text[end] || c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31 ||
                        c.hour > 23 || c.minute > 59 || c.second > 59)
                return false;
        *ret_time = when_seconds(&c);
        return true;
}

void when_iso(Buf *b, int64_t time) {
        Civil c = when_civil(time);

        buf_dec(b, (uint64_t)c.year, 4);
        buf_char(b, '-');
        buf_dec(b, c.month, 2);
        buf_char(b, '-');
        buf_dec(b, c.day, 2);
        buf_char(b, 'T');
        buf_dec(b, c.hour, 2);
        buf_char(b, ':');
        buf_dec(b, c.minute, 2);
        buf_char(b, ':');
        buf_dec(b, c.second, 2);
        buf_char(b, 'Z');
}

void when_words(Buf *b, int64_t time, bool comma) {
        static const char month[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
                        "Sep", "Oct", "Nov", "Dec"};
        Civil c = when_civil(time);

        buf_fmt(b, "%s %u, %d%s %u:%02u:%02u %s", month[c.month - 1], c.day, c.year,
                        comma ? "," : "", (c.hour + 11) % 12 + 1, c.minute, c.second,
                        c.hour < 12 ? "AM" : "PM");
}
