/*
 * The fast path of the json reader against yajl alone, and against itself with content that comes
 * in pieces. Byte 0 seeds the sizes of pieces, byte 1 chooses limits; the rest is content. All
 * three must say the same: units with every value, lists, faults with their reasons. Objects of one
 * serial number must be the same bytes.
 */
#include <errno.h>

#include "base/hash.h"
#include "base/vec.h"
#include "fuzz.h"
#include "json/json.h"

enum {
        PATH_A,
        PATH_B,
        PATH_A_X,
        PATH_A_X_Y,
        PATH_C_D_E,
        PATH_TIME,
        N_PATHS,
};

static const char *const paths[N_PATHS] = {
                [PATH_A] = "a",
                [PATH_B] = "b",
                [PATH_A_X] = "a.x",
                [PATH_A_X_Y] = "a.x.y",
                [PATH_C_D_E] = "c.d.e",
                [PATH_TIME] = "eventTime",
};

static const char *const lists[] = {"Records", "hits.hits"};
static const char *const record_keys[] = {"a", "b", "eventTime"};

typedef struct Known {
        uint64_t serial, hash;
} Known;

typedef struct Reading {
        Slice content;
        uint64_t digest; /* of all that was said */
        bool is_narrow;  /* which of two reasons comes first depends on the pieces */
        Known *known;    /* by slot, of the reader that is at work */
} Reading;

static void mix(Reading *r, uint64_t value) {
        r->digest = hash_mix(r->digest, value);
}

static void mix_slice(Reading *r, Slice s) {
        mix(r, hash_slice(s) + (s.data != NULL));
}

static int on_unit(void *userdata, const JsonUnit *unit) {
        Reading *r = userdata;

        FUZZ_CHECK(unit->offset + unit->size <= r->content.size);
        FUZZ_CHECK(slice_equal(unit->text, slice(r->content.data + unit->offset, unit->size)));
        FUZZ_CHECK(unit->hash == hash_slice(unit->text));
        mix(r, unit->offset);
        mix(r, unit->size);
        mix(r, (uint64_t)unit->place << 8 | unit->type);
        mix(r, (uint64_t)unit->list << 8 | unit->is_recovered);
        mix(r, unit->n_repeated);
        for (int i = 0; i < N_PATHS; i++) {
                mix(r, unit->values[i].type);
                if (unit->values[i].type != JSON_ABSENT)
                        mix_slice(r, unit->values[i].text);
        }
        if (unit->repeat.serial) {
                Known *known = &r->known[unit->repeat.slot];
                Known now = {unit->repeat.serial, hash_slice(unit->values[PATH_A].text)};

                FUZZ_CHECK(unit->repeat.slot < JSON_REPEAT_SLOTS);
                FUZZ_CHECK(unit->values[PATH_A].type == JSON_OBJECT);
                FUZZ_CHECK(known->serial != now.serial || known->hash == now.hash);
                *known = now;
        }
        return 0;
}

static int on_fault(void *userdata, const JsonFault *fault) {
        Reading *r = userdata;
        const char *byte = memmem(fault->reason.data, fault->reason.size, " at byte ", 9);

        FUZZ_CHECK(fault->offset <= r->content.size && fault->end <= r->content.size);
        mix(r, fault->offset);
        mix(r, fault->end);
        mix(r, fault->unit != NULL);
        if (!r->is_narrow) /* after how many bytes the parser saw it depends on the pieces */
                mix_slice(r, byte ? slice(fault->reason.data, (size_t)(byte - fault->reason.data))
                                  : fault->reason);
        return 0;
}

static bool is_plausible(void *userdata, const JsonUnit *unit) {
        (void)userdata;
        return unit->values[PATH_A].type != JSON_ABSENT && unit->values[PATH_B].type != JSON_ABSENT;
}

static void on_list(void *userdata, unsigned list, uint64_t offset, Slice before) {
        mix(userdata, list);
        mix(userdata, offset);
        mix_slice(userdata, before);
}

static uint64_t read_content(JsonReader *reader, Reading r, unsigned seed) {
        JsonSink sink = {&r, on_unit, on_fault, is_plausible, on_list};
        size_t at = 0;
        int result = json_reader_begin(reader, &sink, false, (Slice){NULL, 0});

        while (result == 0 && at < r.content.size) {
                size_t n = r.content.size - at, space;
                char *buffer;

                FUZZ_CHECK(json_reader_space(reader, &buffer, &space) == 0 && space > 0);
                n = n > space ? space : n;
                if (seed) {
                        size_t piece = 1 + seed % 97;

                        seed = seed * 1103515245U + 12345U;
                        n = n > piece ? piece : n;
                }
                memcpy(buffer, r.content.data + at, n);
                at += n;
                result = json_reader_feed(reader, n);
        }
        FUZZ_CHECK(result == 0);
        FUZZ_CHECK(json_reader_finish(reader) == 0);
        return r.digest;
}

/* Readers are kept, as a worker keeps its own: what one content leaves behind meets the next. */
typedef struct Kept {
        JsonReader *fast, *yajl;
        Known *known;
} Kept;

static void make_kept(Kept *kept, bool is_narrow) {
        JsonLimits limits = {is_narrow ? 5 : 64, is_narrow ? 300 : 1U << 20};
        JsonPaths *made;

        FUZZ_CHECK(json_paths_new(paths, N_PATHS, lists, 2, &made) == 0);
        FUZZ_CHECK(json_paths_set_repeats(made, PATH_A) == 0);
        FUZZ_CHECK(json_reader_new(made, record_keys, 3, &limits, &kept->fast) == 0);
        FUZZ_CHECK(json_reader_new(made, record_keys, 3, &limits, &kept->yajl) == 0);
        json_reader_use_yajl(kept->yajl);
        kept->known = vec_alloc_zero(JSON_REPEAT_SLOTS, sizeof(*kept->known));
        FUZZ_CHECK(kept->known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static Kept all[2];
        FuzzInput input = {data, size};
        unsigned seed = 1U + fuzz_byte(&input);
        bool is_narrow = fuzz_byte(&input) & 1;
        Kept *kept = &all[is_narrow];
        Reading r = {.content = slice(input.data, input.size), .is_narrow = is_narrow};
        uint64_t fast;

        if (!kept->fast)
                make_kept(kept, is_narrow);
        r.known = kept->known;
        fast = read_content(kept->fast, r, 0);
        FUZZ_CHECK(fast == read_content(kept->fast, r, seed)); /* and by the memo */
        FUZZ_CHECK(fast == read_content(kept->yajl, r, 0));
        return 0;
}
