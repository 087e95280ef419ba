/*
 * Names: the keys of S3 objects, and what is left of them in names of files. Copies stand below any
 * prefix, in archives, in one flat folder, packed or not: so a file is held against a key from its
 * end, part by part. Stateless.
 */
#include "base/time.h"
#include "proof/private.h"

static bool is_separator(char c) {
        return c == '/' || c == '!';
}

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool all_digits(Slice s) {
        for (size_t i = 0; i < s.size; i++) {
                if (!is_digit(s.data[i]))
                        return false;
        }
        return s.size > 0;
}

/* "a.json.gz#2", the second member of that name, is a.json.gz. */
static Slice without_number(Slice name) {
        const char *mark = memrchr(name.data, '#', name.size);
        size_t at = mark ? (size_t)(mark - name.data) : 0;

        return at > 0 && all_digits(slice(mark + 1, name.size - at - 1)) ? slice(name.data, at)
                                                                         : name;
}

/* Cuts the last part off NAME; *ret_rest is what stands before it, without the separator. */
static Slice last_part(Slice name, Slice *ret_rest) {
        size_t at = name.size;

        while (at > 0 && !is_separator(name.data[at - 1]))
                at--;
        *ret_rest = slice(name.data, at ? at - 1 : 0);
        return slice(name.data + at, name.size - at);
}

Slice name_base(Slice name) {
        Slice rest;

        return without_number(last_part(name, &rest));
}

Slice name_stem(Slice base) {
        static const char *const packed[] = {".gz", ".zst", ".xz", ".bz2", ".lz4", ".lz", ".Z"};

        for (size_t i = 0; i < sizeof(packed) / sizeof(*packed); i++) {
                Slice end = slice_cstr(packed[i]);

                if (base.size > end.size && slice_ends_with(base, end))
                        return slice(base.data, base.size - end.size);
        }
        return base;
}

Slice name_dir(Slice name) {
        Slice rest;

        last_part(name, &rest);
        return rest;
}

static Slice without_slash(Slice dir) {
        return dir.size && dir.data[dir.size - 1] == '/' ? slice(dir.data, dir.size - 1) : dir;
}

int name_compare_dirs(Slice a, Slice b) {
        a = without_slash(a);
        b = without_slash(b);
        while (a.size && b.size) {
                Slice a_before, b_before;
                int r = slice_compare(last_part(a, &a_before), last_part(b, &b_before));

                if (r)
                        return r;
                a = a_before;
                b = b_before;
        }
        return (a.size > 0) - (b.size > 0);
}

Matched name_match(Slice name, Slice dir) {
        unsigned n_equal = 0;
        Slice rest;

        last_part(name, &rest);
        dir = without_slash(dir);
        while (dir.size && rest.size) {
                Slice rest_before, dir_before;
                Slice part = last_part(rest, &rest_before), wanted = last_part(dir, &dir_before);

                if (!slice_equal(part, wanted))
                        break;
                n_equal++;
                rest = rest_before;
                dir = dir_before;
        }
        return dir.size == 0 ? MATCHED_OBJECT : n_equal ? MATCHED_PATH : MATCHED_NAME;
}

Slice name_trail_dir(Slice name) {
        Slice rest, before;

        last_part(name, &rest);
        for (int i = 0; i < 3; i++) {
                Slice part = last_part(rest, &before);

                if (!all_digits(part) || part.size != (i < 2 ? 2 : 4))
                        break;
                rest = before;
        }
        return rest;
}

/* Cuts S at the first C; false where there is none. */
static bool cut(Slice *s, char c, Slice *ret_part) {
        const char *at = memchr(s->data, c, s->size);

        if (!at)
                return false;
        *ret_part = slice(s->data, (size_t)(at - s->data));
        *s = slice(at + 1, s->size - ret_part->size - 1);
        return true;
}

/* The same at the last C; the part behind it. */
static bool cut_last(Slice *s, char c, Slice *ret_part) {
        const char *at = s->size ? memrchr(s->data, c, s->size) : NULL;

        if (!at)
                return false;
        *ret_part = slice(at + 1, s->size - (size_t)(at - s->data) - 1);
        s->size = (size_t)(at - s->data);
        return true;
}

/* 20260108T1455Z, or with seconds. */
static bool parse_stamp(Slice s, int64_t *ret_time) {
        char text[] = "0000-00-00T00:00:00Z";
        static const int places[] = {0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18};
        size_t n = 0;

        if ((s.size != 14 && s.size != 16) || s.data[8] != 'T' || s.data[s.size - 1] != 'Z')
                return false;
        for (size_t i = 0; i + 1 < s.size; i++) {
                if (i == 8)
                        continue;
                if (!is_digit(s.data[i]))
                        return false;
                text[places[n++]] = s.data[i];
        }
        return time_parse(slice_cstr(text), ret_time) == 0;
}

bool name_parse_log(Slice base, LogName *ret) {
        Slice rest = name_stem(base), stamp;

        if (!slice_ends_with(rest, SLICE_LITERAL(".json")))
                return false;
        rest.size -= 5;
        return cut(&rest, '_', &ret->account) && all_digits(ret->account) &&
               cut(&rest, '_', &ret->type) &&
               slice_starts_with(ret->type, SLICE_LITERAL("CloudTrail")) &&
               !slice_equal(ret->type, SLICE_LITERAL("CloudTrail-Digest")) &&
               cut(&rest, '_', &ret->region) && cut(&rest, '_', &stamp) &&
               parse_stamp(stamp, &ret->delivered);
}

/* AWSLogs/[o-ORG/]ACCOUNT/CloudTrail-Digest/REGION/...; names of trails may hold '_'. */
bool name_parse_digest(Slice object, DigestName *ret) {
        Slice rest = name_stem(name_base(object)), part, dir;
        int64_t time;

        *ret = (DigestName){0};
        if (!slice_ends_with(rest, SLICE_LITERAL(".json")))
                return false;
        rest.size -= 5;
        if (slice_ends_with(rest, SLICE_LITERAL("_backfill"))) {
                rest.size -= 9;
                ret->is_backfill = true;
        }
        if (!cut_last(&rest, '_', &part) || !parse_stamp(part, &time) ||
                        !cut_last(&rest, '_', &ret->home) || !cut(&rest, '_', &ret->account) ||
                        !cut(&rest, '_', &part) ||
                        !slice_equal(part, SLICE_LITERAL("CloudTrail-Digest")) ||
                        !cut(&rest, '_', &ret->region))
                return false;
        ret->trail = rest;
        dir = object;
        while (cut(&dir, '/', &part)) {
                if (slice_starts_with(part, SLICE_LITERAL("o-")))
                        ret->organization = part;
        }
        return rest.size > 0;
}
