/*
 * Request parameters in another writing, made plain: a public key in base64, a policy URL-encoded,
 * user data. Every string of requestParameters is tried (event/decode.h), however deep it stands,
 * down to MAX_DEPTH. The text grows in a buffer and is copied once. Any thread.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "engine/engine.h"
#include "event/decode.h"

#define MAX_DEPTH 32
#define MAX_PATH 256

typedef struct Decoded {
        VEC(char) text;
        VEC(char) plain, buffer; /* of the string at hand: unescaped, then decoded */
        char path[MAX_PATH];
} Decoded;

static int put(Decoded *d, const char *text, size_t size) {
        if (vec_reserve(&d->text, size) < 0)
                return -ENOMEM;
        if (size)
                memcpy(d->text.data + d->text.size, text, size);
        d->text.size += size;
        return 0;
}

static int add_string(Decoded *d, Slice value, size_t n_path) {
        size_t size, n_plain;
        int r = 0;

        if (vec_reserve(&d->plain, value.size) < 0 || vec_reserve(&d->buffer, value.size) < 0)
                return -ENOMEM;
        n_plain = json_decode(value, d->plain.data);
        if (!decode_text(slice(d->plain.data, n_plain), d->buffer.data, &size))
                return 0;
        if (d->text.size)
                r = put(d, "\n", 1);
        if (r == 0)
                r = put(d, d->path, n_path);
        if (r == 0)
                r = put(d, ": ", 2);
        return r == 0 ? put(d, d->buffer.data, size) : r;
}

/* VALUE, whose path has N_PATH bytes. */
static int add_value(Decoded *d, Slice value, size_t n_path, int depth) {
        const char *at = NULL;
        Slice key, member;
        int r = 0;

        if (!value.size || depth > MAX_DEPTH)
                return 0;
        if (*value.data == '"')
                return add_string(d, value, n_path);
        if (*value.data != '{' && *value.data != '[')
                return 0;
        while (r == 0 && json_next(value, &at, &key, &member)) {
                size_t n = n_path;

                /* what has no room for its name is told under the name of what it is in */
                if (key.size > 2 && n + key.size < MAX_PATH) {
                        if (n)
                                d->path[n++] = '.';
                        memcpy(d->path + n, key.data + 1, key.size - 2);
                        n += key.size - 2;
                }
                r = add_value(d, member, n, depth + 1);
        }
        return r;
}

int engine_decoded(Slice record, Arena *arena, Slice *ret) {
        JsonValue request = json_find(record, SLICE_LITERAL("requestParameters"));
        Decoded d = {0};
        int r = 0;

        *ret = (Slice){NULL, 0};
        if (request.type == JSON_OBJECT)
                r = add_value(&d, request.text, 0, 0);
        if (r == 0 && d.text.size)
                r = arena_copy(arena, slice(d.text.data, d.text.size), ret);
        vec_deinit(&d.text);
        vec_deinit(&d.plain);
        vec_deinit(&d.buffer);
        return r;
}
