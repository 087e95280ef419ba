/* The grammar is small and fixed: one pass over the last part of the name. Stateless. */
#include "event/delivery.h"

#include "base/time.h"

#define UNIQUE_SIZE 16

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_alnum(char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What stands before the next '_' of REST, which is moved behind it; false where there is none. */
static bool next_part(Slice *rest, Slice *ret) {
        const char *end = rest->size ? memchr(rest->data, '_', rest->size) : NULL;

        if (!end)
                return false;
        *ret = slice(rest->data, (size_t)(end - rest->data));
        *rest = slice(end + 1, rest->size - ret->size - 1);
        return ret->size > 0;
}

static bool is_account(Slice text) {
        bool r = text.size == 12;

        for (size_t i = 0; i < text.size; i++)
                r &= is_digit(text.data[i]);
        return r;
}

static bool is_region(Slice text) {
        bool r = text.size > 0;

        for (size_t i = 0; i < text.size; i++)
                r &= text.data[i] == '-' ||
                     (is_alnum(text.data[i]) && (text.data[i] & 0x60) != 0x40);
        return r;
}

/* "20260108T1450Z", or with seconds. */
static bool parse_time(Slice text, int64_t *ret) {
        const char *t = text.data;
        char rfc[20] = "0000-00-00T00:00:00Z";

        if ((text.size != 14 && text.size != 16) || t[8] != 'T' || t[text.size - 1] != 'Z')
                return false;
        memcpy(rfc, t, 4);
        memcpy(rfc + 5, t + 4, 2);
        memcpy(rfc + 8, t + 6, 2);
        memcpy(rfc + 11, t + 9, 2);
        memcpy(rfc + 14, t + 11, 2);
        if (text.size == 16)
                memcpy(rfc + 17, t + 13, 2);
        return time_parse(slice(rfc, sizeof(rfc)), ret) == 0;
}

/* Behind the region: the trail may hold '_' itself, so the time is looked for from the end. */
static bool parse_digest(Slice rest, EventDelivery *ret) {
        const char *end = memchr(rest.data, '.', rest.size);

        if (end)
                rest.size = (size_t)(end - rest.data);
        if (slice_ends_with(rest, SLICE_LITERAL("_backfill")))
                rest.size -= sizeof("_backfill") - 1;
        if (rest.size < 17 || rest.data[rest.size - 17] != '_')
                return false;
        ret->unique = (Slice){NULL, 0};
        return parse_time(slice(rest.data + rest.size - 16, 16), &ret->time);
}

static bool parse_log(Slice rest, EventDelivery *ret) {
        Slice time;

        if (!next_part(&rest, &time) || time.size != 14 || !parse_time(time, &ret->time) ||
                        rest.size < UNIQUE_SIZE)
                return false;
        for (size_t i = 0; i < UNIQUE_SIZE; i++) {
                if (!is_alnum(rest.data[i]))
                        return false;
        }
        ret->unique = slice(rest.data, UNIQUE_SIZE);
        return rest.size == UNIQUE_SIZE || !is_alnum(rest.data[UNIQUE_SIZE]);
}

bool event_delivery(Slice name, EventDelivery *ret) {
        Slice rest = name;

        for (size_t i = name.size; i-- > 0;) {
                if (name.data[i] == '/' || name.data[i] == '!') {
                        rest = slice(name.data + i + 1, name.size - i - 1);
                        break;
                }
        }
        if (!next_part(&rest, &ret->account) || !is_account(ret->account) ||
                        !next_part(&rest, &ret->stream) ||
                        !slice_starts_with(ret->stream, SLICE_LITERAL("CloudTrail")) ||
                        !next_part(&rest, &ret->region) || !is_region(ret->region))
                return false;
        return slice_equal(ret->stream, SLICE_LITERAL("CloudTrail-Digest"))
                               ? parse_digest(rest, ret)
                               : parse_log(rest, ret);
}
