/*
 * Calendar arithmetic on the proleptic Gregorian calendar, without libc's time zones or locale:
 * days are counted in eras of 400 years that begin on 1 March. Stateless.
 */
#include "base/time.h"

#include <stdbool.h>

static int64_t days_of(int64_t year, unsigned month, unsigned day) {
        int64_t y = year - (month <= 2);
        int64_t era = (y >= 0 ? y : y - 399) / 400;
        int64_t year_of_era = y - era * 400;
        int64_t day_of_year = (153 * (int64_t)(month + (month > 2 ? -3U : 9U)) + 2) / 5 + day - 1;
        int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

        return era * 146097 + day_of_era - 719468;
}

static void date_of(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day) {
        int64_t z = days + 719468;
        int64_t era = (z >= 0 ? z : z - 146096) / 146097;
        int64_t doe = z - era * 146097;
        int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
        int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        int64_t mp = (5 * doy + 2) / 153;

        *ret_day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
        *ret_month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
        *ret_year = yoe + era * 400 + (*ret_month <= 2);
}

static bool digits(const char *at, size_t n, unsigned *ret) {
        unsigned value = 0;

        for (size_t i = 0; i < n; i++) {
                if (at[i] < '0' || at[i] > '9')
                        return false;
                value = value * 10 + (unsigned)(at[i] - '0');
        }
        *ret = value;
        return true;
}

static bool parse_day(Slice text, int64_t *ret_days) {
        static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        unsigned year, month, day, length;

        if (text.size < 10 || text.data[4] != '-' || text.data[7] != '-' ||
                        !digits(text.data, 4, &year) || !digits(text.data + 5, 2, &month) ||
                        !digits(text.data + 8, 2, &day))
                return false;
        if (month < 1 || month > 12)
                return false;
        length = lengths[month - 1];
        if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
                length = 29;
        if (day < 1 || day > length)
                return false;
        *ret_days = days_of(year, month, day);
        return true;
}

static int combine(int64_t days, int64_t seconds, int64_t nanoseconds, int64_t *ret_time) {
        __extension__ typedef __int128 Wide; /* the first second of the range begins outside it */
        Wide time = (Wide)(days * 86400 + seconds) * TIME_SECOND + nanoseconds;

        if (time < INT64_MIN || time > INT64_MAX) {
                *ret_time = time < 0 ? INT64_MIN : INT64_MAX;
                return 2;
        }
        *ret_time = (int64_t)time;
        return 0;
}

/* "Z" or "+hh:mm": seconds east of UTC. */
static bool parse_offset(const char *at, const char *end, int64_t *ret_seconds) {
        unsigned hours, minutes;

        if (end - at == 1 && (*at == 'Z' || *at == 'z')) {
                *ret_seconds = 0;
                return true;
        }
        if (end - at != 6 || (*at != '+' && *at != '-') || at[3] != ':' ||
                        !digits(at + 1, 2, &hours) || !digits(at + 4, 2, &minutes) || hours > 23 ||
                        minutes > 59)
                return false;
        *ret_seconds = (int64_t)(hours * 3600 + minutes * 60) * (*at == '-' ? -1 : 1);
        return true;
}

int time_parse(Slice text, int64_t *ret_time) {
        const char *at = text.data, *end = text.data + text.size;
        int64_t days, offset, nanoseconds = 0, scale = TIME_SECOND / 10;
        unsigned hour, minute, second;

        if (text.size < 20 || !parse_day(text, &days) || (at[10] != 'T' && at[10] != 't') ||
                        at[13] != ':' || at[16] != ':' || !digits(at + 11, 2, &hour) ||
                        !digits(at + 14, 2, &minute) || !digits(at + 17, 2, &second) || hour > 23 ||
                        minute > 59 || second > 60)
                return 1;
        at += 19;
        if (*at == '.') {
                if (++at == end || *at < '0' || *at > '9')
                        return 1;
                for (; at < end && *at >= '0' && *at <= '9'; at++, scale /= 10)
                        nanoseconds += (*at - '0') * scale;
        }
        if (!parse_offset(at, end, &offset))
                return 1;
        return combine(days, (int64_t)(hour * 3600 + minute * 60 + second) - offset, nanoseconds,
                        ret_time);
}

int time_parse_date(Slice text, int64_t *ret_time) {
        int64_t days;

        if (text.size != 10)
                return time_parse(text, ret_time);
        return parse_day(text, &days) ? combine(days, 0, 0, ret_time) : 1;
}

int time_parse_span(Slice text, int64_t *ret_span) {
        static const struct {
                char letter;
                int64_t seconds;
        } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
        int64_t value = 0;

        if (text.size < 2)
                return 1;
        for (size_t i = 0; i + 1 < text.size; i++) {
                if (text.data[i] < '0' || text.data[i] > '9' ||
                                __builtin_mul_overflow(value, 10, &value) ||
                                __builtin_add_overflow(value, text.data[i] - '0', &value))
                        return 1;
        }
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                if (text.data[text.size - 1] != units[i].letter)
                        continue;
                return __builtin_mul_overflow(value, units[i].seconds * TIME_SECOND, &value)
                                       ? 1
                                       : (*ret_span = value, 0);
        }
        return 1;
}

static char *put(char *at, unsigned value, int n_digits) {
        for (int i = n_digits; i-- > 0; value /= 10)
                at[i] = (char)('0' + value % 10);
        return at + n_digits;
}

size_t time_format(int64_t time, char ret_text[static TIME_TEXT_SIZE]) {
        int64_t seconds = time / TIME_SECOND, nanoseconds = time % TIME_SECOND, days, year;
        unsigned month, day, of_day;
        char *at = ret_text;

        if (nanoseconds < 0) {
                nanoseconds += TIME_SECOND;
                seconds--;
        }
        days = seconds / 86400 - (seconds % 86400 < 0);
        of_day = (unsigned)(seconds - days * 86400);
        date_of(days, &year, &month, &day);
        at = put(at, (unsigned)year, 4);
        *at++ = '-';
        at = put(at, month, 2);
        *at++ = '-';
        at = put(at, day, 2);
        *at++ = 'T';
        at = put(at, of_day / 3600, 2);
        *at++ = ':';
        at = put(at, of_day / 60 % 60, 2);
        *at++ = ':';
        at = put(at, of_day % 60, 2);
        if (nanoseconds) {
                *at++ = '.';
                at = put(at, (unsigned)nanoseconds, 9);
                while (at[-1] == '0')
                        at--;
        }
        *at++ = 'Z';
        *at = 0;
        return (size_t)(at - ret_text);
}
