/*
 * The json and event readers on any bytes. Byte 0 seeds the sizes of pieces, byte 1 chooses limits;
 * the rest is content. It is read in pieces and at once: both must say the same. Every record
 * delivered is then looked into and indented.
 */
#include <errno.h>

#include "base/hash.h"
#include "base/vec.h"
#include "event/event.h"
#include "fuzz.h"
#include "json/json.h"

typedef struct Reading {
        const uint8_t *content;
        size_t size;
        uint64_t end;    /* of the last record */
        uint64_t digest; /* of all that was said */
        uint32_t n_said;
        bool is_narrow; /* which of two reasons comes first depends on the pieces, by a tight limit
                         */
} Reading;

static void mix(Reading *r, Slice s) {
        r->digest = hash_mix(r->digest, hash_slice(s) + (s.data != NULL));
}

static void look_into(Slice record) {
        static const char *const paths[] = {"eventTime",
                        "userIdentity.sessionContext.sessionIssuer.arn", "requestParameters.0.x",
                        "resources.1"};
        char *pretty;

        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
                JsonValue value = json_find(record, slice_cstr(paths[i]));

                if (value.type == JSON_STRING) {
                        char *decoded = malloc(value.text.size);

                        FUZZ_CHECK(decoded && json_decode(value.text, decoded) <= value.text.size);
                        free(decoded);
                }
        }
        FUZZ_CHECK(json_pretty(record, &pretty) == 0); /* it is sound */
        free(pretty);
}

static int on_event(void *userdata, const Event *event) {
        Reading *r = userdata;

        FUZZ_CHECK(event->size >= 2 && event->offset + event->size <= r->size);
        /* in order, and none within another, but that a string may hold several */
        FUZZ_CHECK(event->offset >= r->end || event->offset + event->size == r->end);
        r->end = event->offset + event->size;
        r->digest = hash_mix(hash_mix(r->digest, event->offset), (uint64_t)event->time);
        r->digest = hash_mix(hash_mix(r->digest, event->hash), event->record);
        mix(r, event->id);
        mix(r, event->ip);
        mix(r, event->user_agent);
        for (int i = 0; i < EVENT_N_IDENTITY; i++)
                mix(r, event->identity[i]);
        for (int i = 0; i < EVENT_N_CALL; i++)
                mix(r, event->call[i]);
        for (int i = 0; i < EVENT_N_RESULT; i++)
                mix(r, event->result[i]);
        for (unsigned g = 0; g < event->n_grants; g++) {
                for (int f = 0; f < EVENT_N_GRANT; f++)
                        mix(r, event->grants[g].fields[f]);
        }
        r->n_said++;
        look_into(event->text);
        return 0;
}

static int on_fault(void *userdata, uint64_t offset, unsigned n_rejected, Slice reason) {
        Reading *r = userdata;

        FUZZ_CHECK(offset <= r->size && n_rejected <= 1 && reason.size > 0);
        r->digest = hash_mix(hash_mix(r->digest, offset), n_rejected + 2);
        if (!r->is_narrow)
                mix(r, reason);
        r->n_said++;
        return 0;
}

static int on_ignored(void *userdata, uint64_t offset, Slice reason) {
        Reading *r = userdata;

        FUZZ_CHECK(offset <= r->size && reason.size > 0);
        mix(r, reason);
        r->n_said++;
        return 0;
}

static void read_content(EventReader *reader, Reading *r, unsigned seed) {
        EventSink sink = {r, on_event, on_fault, on_ignored};
        size_t at = 0;
        int result = event_reader_begin(reader, &sink);

        while (result == 0 && at < r->size) {
                size_t n = r->size - at, space;
                char *buffer;

                FUZZ_CHECK(event_reader_space(reader, &buffer, &space) == 0 && space > 0);
                n = n > space ? space : n;
                if (seed) {
                        size_t piece = 1 + seed % 97;

                        seed = seed * 1103515245U + 12345U;
                        n = n > piece ? piece : n;
                }
                memcpy(buffer, r->content + at, n);
                at += n;
                result = event_reader_feed(reader, n);
        }
        FUZZ_CHECK(result == 0 || result == EVENT_ENOUGH);
        FUZZ_CHECK(event_reader_finish(reader, false) == 0);
        FUZZ_CHECK(r->n_said > 0 ||
                        event_reader_is_log(reader)); /* nothing passes without a word */
}

/*
 * White space and then no JSON: where that comes in the first piece, it is told as such, else as
 * what the parser says of it.
 */
static bool is_told_otherwise(FuzzInput content) {
        size_t mark = content.size >= 3 && memcmp(content.data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0,
               at = mark;

        while (at < content.size && memchr(" \t\r\n", content.data[at], 4))
                at++;
        return at < content.size && content.data[at] != '{' && content.data[at] != '[';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static EventReader *wide, *narrow; /* kept, as a worker keeps its own */
        FuzzInput input = {data, size};
        unsigned seed = 1U + fuzz_byte(&input);
        bool is_narrow = fuzz_byte(&input) & 1;
        EventReader **reader = is_narrow ? &narrow : &wide;
        Reading whole = {.content = input.data, .size = input.size, .is_narrow = is_narrow};
        Reading pieces = whole;

        if (!*reader)
                FUZZ_CHECK(event_reader_new(is_narrow ? 6 : 64, is_narrow ? 400 : 1U << 20,
                                           reader) == 0);
        read_content(*reader, &whole, 0);
        read_content(*reader, &pieces, seed);
        FUZZ_CHECK(is_told_otherwise(input) || whole.digest == pieces.digest);
        return 0;
}
