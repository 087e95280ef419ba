/* The small language in which api.c writes parameters: text with a percent sign and a letter where
 * something of the account stands. Within one event a letter always means the same thing, so that
 * a bucket in requestParameters is the bucket in resources; inside a list, %( item %), each item
 * has its own. Letters in small numbers (%n %m) are drawn afresh each time.
 *
 *   a account  r region  i instance  v vpc  s subnet  g security group  e interface  h image
 *   b bucket   o object key  k KMS key  f function  t table  c cluster  S secret  p parameter path
 *   w two words  R role  u user  P person  U uuid  x 17 hex  y 32 hex  q Q base32  B base64
 *   n 0..255  m two hex  N up to 2^31  d epoch ms  T D time  Y date with slashes
 *   W caller's ARN  X service:Action  Z service
 *   1 issued key  2 token  3 expiry  4 role ARN  5 session name  6 role id:session  7 session ARN
 */
#include "record.h"
#include "when.h"

#include <string.h>

enum { TAG_THING = 300, TAG_OBJECT };

static void arn_of_role(const World *w, const Session *s, Buf *b) {
        buf_str(b, "arn:aws:iam::");
        world_account(w, s->account, b);
        buf_str(b, ":role/");
        world_role_path(s->kind, b);
        world_role(w, s->account, s->kind, s->role, b);
}

static void expand_issued(Call *c, char letter, Buf *b) {
        const Session *s = c->issued;

        if (!s)
                return;
        switch (letter) {
        case '1':
                session_key(s, b);
                break;
        case '2':
                buf_str(b, "IQoJb3JpZ2luX2Vj");
                id_base64(b, &c->r, 300);
                buf_str(b, "==");
                break;
        case '3':
                when_words(b, c->time + 3600, true);
                break;
        case '4':
                arn_of_role(c->w, s, b);
                break;
        case '6':
                world_role_id(c->w, s->account, s->kind, s->role, b);
                buf_char(b, ':');
                session_name(c->w, s, b);
                break;
        case '7':
                buf_str(b, "arn:aws:sts::");
                world_account(c->w, s->account, b);
                buf_str(b, ":assumed-role/");
                world_role(c->w, s->account, s->kind, s->role, b);
                buf_char(b, '/');
                session_name(c->w, s, b);
                break;
        default:
                session_name(c->w, s, b);
        }
}

/* Things of the account, drawn from a pool by a power law. */
static void expand_thing(Call *c, char letter, uint32_t item, Buf *b) {
        uint64_t draw = rng_hash(c->h, TAG_THING, (uint64_t)letter, item);
        uint32_t n = rng_zipf(draw, world_pool(c->w, 12, letter == 'i' ? 1 : 6));
        uint64_t h = rng_hash(c->w->seed, TAG_THING + (uint64_t)letter, c->account, n);

        switch (letter) {
        case 'b':
                world_words(h, 2, '-', b);
                buf_char(b, '-');
                world_account(c->w, c->account, b);
                break;
        case 'k':
                id_uuid(b, h);
                break;
        case 'S':
                world_words(h, 2, '/', b);
                buf_char(b, '-');
                id_base32(b, "", h, 6);
                break;
        case 'p':
                buf_fmt(b, "/%s/", h & 1 ? "prod" : "staging");
                world_words(h, 2, '/', b);
                break;
        case 'f':
        case 'w':
        case 'c':
                world_words(h, letter == 'c' ? 1 : 2, '-', b);
                break;
        case 't':
                world_words(h, 2, '_', b);
                break;
        case 'R':
                world_role(c->w, c->account, KIND_LAMBDA, n, b);
                break;
        case 'u':
                world_user(c->w, c->account, n % world_n_users(c->w), b);
                break;
        default:
                buf_str(b, letter == 'i'        ? "i-0"
                                : letter == 'v' ? "vpc-0"
                                : letter == 's' ? "subnet-0"
                                : letter == 'g' ? "sg-0"
                                : letter == 'e' ? "eni-0"
                                                : "ami-0");
                buf_hex(b, h, 16);
        }
}

static void expand_object(Call *c, uint32_t item, Buf *b) {
        static const char *const endings[] = {"json.gz", "parquet", "csv", "log", "zip", "jpg"};
        uint64_t h = rng_hash(c->h, TAG_OBJECT, item, 0);

        if (h % 64 == 0) {
                buf_str(b, "berichte/\xc3\x9c"
                           "bersicht M\xc3\xa4rz/");
                world_words(h, 1, '-', b);
                buf_str(b, ".pdf");
                return;
        }
        world_words(h % 97, 2, '/', b);
        buf_str(b, "/dt=");
        Civil d = when_civil(c->time - (int64_t)(h % 40) * 86400);
        buf_fmt(b, "%04d-%02u-%02u/part-%05u-", d.year, d.month, d.day, (unsigned)(h >> 8) % 64);
        buf_hex(b, h, 12);
        buf_fmt(b, ".%s", endings[(h >> 20) % 6]);
}

static void expand_time(Call *c, char letter, Buf *b) {
        int64_t t = c->time - (int64_t)(c->h % 7200);
        Civil d;

        if (letter == 'd')
                buf_fmt(b, "%lld", (long long)t * 1000);
        else if (letter == 'T')
                when_iso(b, t);
        else if (letter == 'D')
                when_words(b, t, true);
        else {
                d = when_civil(c->time);
                buf_fmt(b, "%04d/%02u/%02u", d.year, d.month, d.day);
        }
}

static void expand_fresh(Call *c, char letter, uint32_t item, Buf *b) {
        uint64_t h = rng_hash(c->h, (uint64_t)letter, item, 1);

        switch (letter) {
        case 'U':
                id_uuid(b, rng_next(&c->r));
                break;
        case 'x':
                buf_char(b, '0');
                buf_hex(b, h, 16);
                break;
        case 'y':
                buf_hex(b, h, 16);
                buf_hex(b, rng_mix(h), 16);
                break;
        case 'q':
        case 'Q':
                id_base32(b, "", h, letter == 'q' ? 16 : 17);
                break;
        case 'B':
                id_base64(b, &c->r, 43);
                break;
        case 'P':
                world_person(h % 61, b);
                break;
        case 'n':
                buf_u64(b, rng_below(&c->r, 256));
                break;
        case 'm':
                buf_hex(b, rng_next(&c->r), 2);
                break;
        default:
                buf_u64(b, rng_next(&c->r) >> (33 + rng_below(&c->r, 20)));
        }
}

static void expand_letter(Call *c, char letter, uint32_t item, Buf *b) {
        if (letter >= '1' && letter <= '7')
                expand_issued(c, letter, b);
        else if (letter == 'a')
                world_account(c->w, c->account, b);
        else if (letter == 'r')
                buf_str(b, c->region);
        else if (letter == 'W')
                caller_arn(c, b);
        else if (letter == 'X')
                buf_fmt(b, "%s:%.*s", c->api->service, (int)strcspn(c->api->name, "0123456789"),
                                c->api->name);
        else if (letter == 'Z')
                buf_str(b, c->api->service);
        else if (letter == 'o')
                expand_object(c, item, b);
        else if (strchr("dTDY", letter))
                expand_time(c, letter, b);
        else if (letter == 'i' && c->session.kind == KIND_EC2 && !item)
                session_name(c->w, &c->session, b);
        else if (letter == 'f' && c->session.kind == KIND_LAMBDA && !item)
                session_name(c->w, &c->session, b);
        else if (strchr("ivsgehbkftcSpwRu", letter))
                expand_thing(c, letter, item, b);
        else
                expand_fresh(c, letter, item, b);
}

static void expand_run(Call *c, const char *from, const char *to, uint32_t item, Buf *b) {
        while (from < to) {
                const char *p = memchr(from, '%', (size_t)(to - from));

                if (!p || p + 1 >= to) {
                        buf_add(b, from, (size_t)(to - from));
                        return;
                }
                buf_add(b, from, (size_t)(p - from));
                if (p[1] == '%')
                        buf_char(b, '%');
                else
                        expand_letter(c, p[1], item, b);
                from = p + 2;
        }
}

void template_expand(Call *c, const char *text, Buf *b) {
        const char *open = strstr(text, "%("), *close = open ? strstr(open, "%)") : NULL;

        if (!close) {
                expand_run(c, text, text + strlen(text), 0, b);
                return;
        }
        expand_run(c, text, open, 0, b);
        for (uint32_t i = 0; i < c->list; i++) {
                if (i)
                        buf_char(b, ',');
                expand_run(c, open + 2, close, i, b);
        }
        expand_run(c, close + 2, close + 2 + strlen(close + 2), 0, b);
}
