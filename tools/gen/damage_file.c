/* Cases of files: compression that is wrong, names, things that are no logs, and bombs. */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "damage.h"

enum { MANY = 400, BLOCK = 16 << 20 };

/* ---- gzip ---- */

/* How many records are whole in what a cut gzip file still gives. */
static unsigned whole_records(Maker *m, const Buf *packed) {
        z_stream z = {0};
        Buf plain = {0};
        char id[64];
        unsigned n = 0;

        if (inflateInit2(&z, 15 + 16) != Z_OK)
                return 0;
        buf_fill(&plain, 0, MANY * 1200);
        z.next_in = (unsigned char *)packed->data;
        z.avail_in = (uInt)packed->n;
        z.next_out = (unsigned char *)plain.data;
        z.avail_out = (uInt)plain.n;
        if (!plain.failed)
                inflate(&z, Z_SYNC_FLUSH);
        plain.n -= z.avail_out;
        inflateEnd(&z);
        /* Record n is whole when the one after it has begun. */
        for (; n + 1 < MANY; n++) {
                snprintf(id, sizeof id, "dabadee0-%04u-4000-8000-%012u", m->number, n + 1);
                if (!strstr(buf_cstr(&plain), id))
                        break;
        }
        m->out.failed |= plain.failed;
        buf_deinit(&plain);
        return n;
}

static bool truncated(Maker *m) {
        damage_log(m, 0, MANY, NULL);
        damage_gzip(&m->out);
        m->out.n = m->out.n * 6 / 10;
        m->n_sure = whole_records(m, &m->out);
        return m->n_sure > 10 && m->n_sure < MANY - 10;
}

static bool truncated_in_header(Maker *m) {
        damage_log(m, 0, 5, NULL);
        damage_gzip(&m->out);
        m->out.n = 7;
        return true;
}

static bool bad_crc(Maker *m) {
        damage_log(m, 0, 5, NULL);
        damage_gzip(&m->out);
        if (!m->out.failed)
                m->out.data[m->out.n - 8] ^= 0x55;
        return true;
}

static bool trailing_garbage(Maker *m) {
        damage_log(m, 0, 5, NULL);
        damage_gzip(&m->out);
        buf_str(&m->out, "these bytes are no gzip member");
        return true;
}

static bool trailing_zeros(Maker *m) {
        damage_log(m, 0, 5, NULL);
        damage_gzip(&m->out);
        buf_fill(&m->out, 0, 512);
        return true;
}

static bool multi_member(Maker *m) {
        Buf all = {0}, part = {0};

        damage_log(m, 0, 5, NULL);
        for (size_t at = 0, n; at < m->out.n; at += n) {
                n = m->out.n - at < 1000 ? m->out.n - at : 1000;
                buf_clear(&part);
                buf_add(&part, m->out.data + at, n);
                damage_gzip(&part);
                buf_add(&all, part.data, part.n);
        }
        all.failed |= m->out.failed || part.failed;
        buf_deinit(&part);
        buf_deinit(&m->out);
        m->out = all;
        return true;
}

static bool empty_gzip(Maker *m) {
        damage_gzip(&m->out);
        return true;
}

/* ---- names and things that are no logs ---- */

static bool sound(Maker *m) {
        damage_log(m, 0, 5, NULL);
        return true;
}

static bool empty(Maker *m) {
        buf_clear(&m->out);
        return true;
}

static bool text(Maker *m) {
        buf_str(&m->out, "Notes of the first night\n- key deactivated at 11:05\n- who is on "
                         "call?\n");
        return true;
}

static bool picture(Maker *m) {
        static const char head[] =
                        "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\b\2\0\0\0\x90wS\xde";

        buf_add(&m->out, head, sizeof head - 1);
        buf_str(&m->out, "IDAT");
        for (unsigned i = 0; i < 100; i++)
                buf_char(&m->out, (char)rng_below(&m->r, 256));
        return true;
}

static bool noise(Maker *m) {
        for (unsigned i = 0; i < 65536; i++)
                buf_char(&m->out, (char)rng_below(&m->r, 256));
        return true;
}

static bool package(Maker *m) {
        buf_str(&m->out, "{\n  \"name\": \"shop\",\n  \"version\": \"1.0.0\",\n  \"scripts\": "
                         "{\"test\": "
                         "\"true\"},\n  \"dependencies\": {}\n}\n");
        return true;
}

/* ---- bombs ---- */

/* A stored block of deflate: the text as it is. */
static void stored_block(Buf *b, bool last, const char *text_of_block) {
        size_t n = strlen(text_of_block);

        buf_char(b, last);
        buf_char(b, (char)n);
        buf_char(b, 0);
        buf_char(b, (char)~n);
        buf_char(b, (char)0xff);
        buf_str(b, text_of_block);
}

static void little_endian(Buf *b, uint64_t v) {
        for (unsigned i = 0; i < 4; i++)
                buf_char(b, (char)(v >> (8 * i) & 255));
}

/* One block of the filling, compressed and ended with a full flush so that it stands alone. */
static bool filling_block(char filling, Buf *ret_block, uLong *ret_crc) {
        Buf plain = {0};
        z_stream z = {0};
        bool ok = deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) == Z_OK;

        buf_fill(&plain, filling, BLOCK);
        buf_fill(ret_block, 0, BLOCK / 64);
        ok = ok && !plain.failed && !ret_block->failed;
        if (ok) {
                z.next_in = (unsigned char *)plain.data;
                z.avail_in = BLOCK;
                z.next_out = (unsigned char *)ret_block->data;
                z.avail_out = (uInt)ret_block->n;
                deflate(&z, Z_FULL_FLUSH);
                ret_block->n -= z.avail_out;
                *ret_crc = crc32(0, (const unsigned char *)plain.data, BLOCK);
        }
        deflateEnd(&z);
        buf_deinit(&plain);
        return ok;
}

/* A gzip file of `head`, then very many bytes of one kind, then `tail`, in the time of a copy: the
 * compressed block is repeated, and the CRCs of the parts are combined. */
static bool write_bomb(
                uint64_t bytes, Sink *sink, const char *head, char filling, const char *tail) {
        static const unsigned char start[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
        uint64_t n_blocks = bytes / BLOCK + 1;
        size_t n_head = strlen(head), n_tail = strlen(tail);
        uLong crc = crc32(0, (const unsigned char *)head, (uInt)n_head), block_crc = 0;
        Buf block = {0}, edge = {0};
        bool ok = filling_block(filling, &block, &block_crc);

        buf_add(&edge, start, sizeof start);
        stored_block(&edge, false, head);
        sink_write(sink, &edge);
        for (uint64_t i = 0; ok && i < n_blocks && !sink->failed; i++) {
                sink_write(sink, &block);
                crc = crc32_combine(crc, block_crc, BLOCK);
        }
        buf_clear(&edge);
        stored_block(&edge, true, tail);
        crc = crc32_combine(
                        crc, crc32(0, (const unsigned char *)tail, (uInt)n_tail), (z_off_t)n_tail);
        little_endian(&edge, crc);
        little_endian(&edge, n_head + n_blocks * BLOCK + n_tail);
        sink_write(sink, &edge);
        buf_deinit(&block);
        buf_deinit(&edge);
        return ok;
}

static bool bomb(Maker *m, const char *name, const char *head, char filling, const char *tail) {
        Sink sink = {.fd = -1, .packing = PACKING_PLAIN};
        Buf path = {0};
        bool ok;

        buf_fmt(&path, "%s/cases/%s", m->o->out, name);
        ok = sink_open(&sink, buf_cstr(&path));
        if (ok) {
                ok = write_bomb(m->o->bomb_bytes, &sink, head, filling, tail);
                ok = sink_close(&sink) && ok;
        }
        buf_deinit(&path);
        return ok;
}

static bool bomb_zeros(Maker *m) {
        return bomb(m, "bomb-zeros.json.gz", "", 0, "");
}

static bool bomb_blanks(Maker *m) {
        return bomb(m, "bomb-blanks-in-records.json.gz", "{\"Records\":[", ' ', "]}");
}

static bool bomb_string(Maker *m) {
        return bomb(m, "bomb-string-in-record.json.gz",
                        "{\"Records\":[{\"eventTime\":\"2026-02-01T00:00:00Z\",\"eventName\":\"",
                        'A', "\"}]}");
}

const Case damage_file_cases[] = {
                {"gzip-truncated.json.gz", VERDICT_DAMAGED, NULL, NULL,
                                "400 records, the last four tenths of the file missing", truncated,
                                false},
                {"gzip-truncated-in-header.json.gz", VERDICT_DAMAGED, NULL, NULL,
                                "the first seven bytes of a gzip file", truncated_in_header, false},
                {"gzip-bad-crc.json.gz", VERDICT_DAMAGED, "0-4", NULL,
                                "five records, the sum at the end wrong", bad_crc, false},
                {"gzip-trailing-garbage.json.gz", VERDICT_DAMAGED, "0-4", NULL,
                                "text after the gzip member", trailing_garbage, false},
                {"gzip-trailing-zeros.json.gz", VERDICT_DAMAGED, "0-4", NULL,
                                "a block of zeros after the gzip member", trailing_zeros, false},
                {"gzip-multi-member.json.gz", VERDICT_SOUND, "0-4", NULL,
                                "members of 1000 bytes, end to end: sound", multi_member, false},
                {"gzip-of-nothing.json.gz", VERDICT_IGNORED, NULL, NULL, "a member without content",
                                empty_gzip, false},
                {"empty.json", VERDICT_IGNORED, NULL, NULL, "no bytes", empty, false},
                {"name-\xff\xfe-not-utf-8.json", VERDICT_SOUND, "0-4", NULL,
                                "the file's name is not UTF-8", sound, false},
                {"unreadable.json", VERDICT_DAMAGED, NULL, "0-4",
                                "mode 000; root reads it all the same", sound, false},
                {"loop/sound.json", VERDICT_SOUND, "0-4", NULL,
                                "a sound file in a folder that loops", sound, false},
                {"sound-without-extension", VERDICT_SOUND, "0-4", NULL, "a log by its first bytes",
                                sound, false},
                {"sound-plain-named.json.gz", VERDICT_SOUND, "0-4", NULL,
                                "plain JSON under a gzip name", sound, false},
                {"notes.txt", VERDICT_IGNORED, NULL, NULL, "text", text, false},
                {"screenshot.png", VERDICT_IGNORED, NULL, NULL, "the start of a picture", picture,
                                false},
                {"random.bin", VERDICT_IGNORED, NULL, NULL, "64 KiB of chance", noise, false},
                {"package.json", VERDICT_IGNORED, NULL, NULL, "JSON, but of something else",
                                package, false},
                {"bomb-zeros.json.gz", VERDICT_DAMAGED, NULL, NULL, "very many zeros", bomb_zeros,
                                true},
                {"bomb-blanks-in-records.json.gz", VERDICT_DAMAGED, NULL, NULL,
                                "very many blanks within Records: JSON, and no record", bomb_blanks,
                                true},
                {"bomb-string-in-record.json.gz", VERDICT_DAMAGED, NULL, NULL,
                                "a record with a very long eventName", bomb_string, true},
};

const size_t n_damage_file_cases = sizeof damage_file_cases / sizeof *damage_file_cases;
