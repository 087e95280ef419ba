/*
 * What a JSON text means, as a hash: white space, the order of keys and the way characters are
 * escaped do not change it. Members of an object are summed, so their order does not matter;
 * elements of an array are chained. Of a sound text only; no recursion.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/vec.h"
#include "json/json.h"

typedef struct Level {
        uint64_t hash, key;
        bool is_array, has_key;
} Level;

typedef struct Meaning {
        VEC(Level) levels;
        VEC(char) decoded;
        uint64_t result;
} Meaning;

/* A value, or a key where one is due, with this hash has been read. */
static void take(Meaning *m, uint64_t hash, bool is_string) {
        Level *level = m->levels.size ? &m->levels.data[m->levels.size - 1] : NULL;

        if (!level) {
                m->result = hash;
        } else if (level->is_array) {
                level->hash = hash_mix(level->hash, hash);
        } else if (!level->has_key && is_string) {
                level->key = hash;
                level->has_key = true;
        } else {
                level->hash += hash_mix(level->key, hash);
                level->has_key = false;
        }
}

/* The string at AT, quotes included; *ret_end behind it. */
static int take_string(Meaning *m, const char *at, const char *end, const char **ret_end) {
        const char *close = at + 1;
        size_t size;

        while (close < end && *close != '"')
                close += *close == '\\' && close + 1 < end ? 2 : 1;
        if (close >= end)
                return -EINVAL;
        size = (size_t)(close + 1 - at);
        m->decoded.size = 0;
        if (vec_reserve(&m->decoded, size) < 0)
                return -ENOMEM;
        size = json_decode(slice(at, size), m->decoded.data);
        take(m, hash_bytes(m->decoded.data, size), true);
        *ret_end = close + 1;
        return 0;
}

static int take_bracket(Meaning *m, char bracket) {
        Level level;

        if (bracket == '{' || bracket == '[') {
                if (vec_reserve(&m->levels, 1) < 0)
                        return -ENOMEM;
                m->levels.data[m->levels.size++] =
                                (Level){bracket == '[' ? 11 : 7, 0, bracket == '[', false};
                return 0;
        }
        if (!m->levels.size)
                return -EINVAL;
        level = m->levels.data[--m->levels.size];
        take(m, hash_mix(level.hash, 3), false);
        return 0;
}

int json_meaning(Slice text, uint64_t *ret_hash) {
        const char *at = text.data, *end = text.data + text.size;
        Meaning m = {0};
        int r = 0;

        while (r == 0 && at < end) {
                if (*at == '"') {
                        r = take_string(&m, at, end, &at);
                } else if (memchr("{}[]", *at, 4)) {
                        r = take_bracket(&m, *at++);
                } else if (memchr(" \t\r\n,:", *at, 6)) {
                        at++;
                } else {
                        const char *from = at;

                        while (at < end && !memchr(" \t\r\n,:{}[]\"", *at, 11))
                                at++;
                        take(&m, hash_bytes(from, (size_t)(at - from)) + 1, false);
                }
        }
        if (r == 0 && m.levels.size)
                r = -EINVAL;
        *ret_hash = m.result;
        vec_deinit(&m.levels);
        vec_deinit(&m.decoded);
        return r;
}
