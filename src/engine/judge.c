/*
 * Do two records of one eventID mean the same? Their texts are read back from the evidence, and a
 * hash of each one's meaning is taken. Cost: the reading, and a sort where tables are involved.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/time.h"
#include "base/vec.h"
#include "engine/engine.h"

/*
 * A record made from a table may lack parts of the one that it is a copy of. So it means the same
 * as a whole one of its eventID if nothing that it has, of what every table has, speaks against
 * that. Among themselves partial ones mean the same if they have the same of it: what is missing
 * would else make of three records whatever two of them are compared first, and parts of the
 * evidence would say other than all of it.
 */
static const char *const brief_paths[] = {"eventTime", "eventSource", "eventName", "awsRegion"};
#define N_BRIEF (sizeof(brief_paths) / sizeof(brief_paths[0]))

typedef struct Meaning {
        uint64_t id;             /* hash of the eventID */
        uint64_t brief[N_BRIEF]; /* of each path's value; 0 where there is none */
        uint32_t place;
        bool is_partial;
} Meaning;

typedef struct Meanings {
        uint64_t *hashes;
        bool *are_known;
        Meaning *all;
        size_t n_partial;
} Meanings;

/* Of the text of a value, quotes included; of a time, of when it is, however it is written. */
static uint64_t hash_of(size_t path, Slice text) {
        int64_t time;

        if (path == 0 && time_parse(slice(text.data + 1, text.size - 2), &time) == 0)
                return hash_bytes(&time, sizeof(time));
        return hash_slice(text);
}

static int on_judged(void *userdata, size_t i, const EvidenceRecord *record) {
        Meanings *m = userdata;
        Meaning *meaning = &m->all[i];
        int r = json_meaning(record->text, &m->hashes[i]);

        m->are_known[i] = r == 0;
        meaning->id = hash_slice(json_find(record->text, SLICE_LITERAL("eventID")).text);
        meaning->is_partial = record->is_partial;
        m->n_partial += record->is_partial;
        for (size_t k = 0; k < N_BRIEF; k++) {
                JsonValue value = json_find(record->text, slice_cstr(brief_paths[k]));

                if (value.type == JSON_STRING)
                        meaning->brief[k] = hash_of(k, value.text);
        }
        return r == -ENOMEM ? r : 0;
}

static void on_missing(void *userdata, size_t i) {
        Meanings *m = userdata;

        m->are_known[i] = false;
}

/* By eventID, then whole records before partial ones, then by place. */
static int compare_meanings(const void *x, const void *y) {
        const Meaning *a = x, *b = y;

        if (a->id != b->id)
                return a->id < b->id ? -1 : 1;
        if (a->is_partial != b->is_partial)
                return a->is_partial ? 1 : -1;
        return (a->place > b->place) - (a->place < b->place);
}

static bool agree(const Meaning *a, const Meaning *b) {
        for (size_t k = 0; k < N_BRIEF; k++) {
                if (a->brief[k] && b->brief[k] && a->brief[k] != b->brief[k])
                        return false;
        }
        return true;
}

/* Each partial record takes the meaning of the first whole one of its eventID that it agrees with.
 */
static void join_partial(Meanings *m, size_t n) {
        size_t first = 0;

        qsort(m->all, n, sizeof(*m->all), compare_meanings);
        for (size_t i = 0; i < n; i++) {
                const Meaning *at = &m->all[i];
                size_t k = first = m->all[first].id == at->id ? first : i;

                if (!at->is_partial)
                        continue;
                while (!m->all[k].is_partial && !agree(&m->all[k], at))
                        k++;
                m->hashes[at->place] = m->all[k].is_partial
                                                       ? hash_bytes(at->brief, sizeof(at->brief))
                                                       : m->hashes[m->all[k].place];
        }
}

int engine_judge(void *userdata, Space *space, const StorePlace *places, size_t n,
                uint64_t *ret_hashes, bool *ret_known) {
        Meanings m = {ret_hashes, ret_known, space_alloc_zero(space, n, sizeof(*m.all)), 0};
        EvidenceSink sink = {&m, on_judged, on_missing};
        int r = m.all ? 0 : -ENOMEM;

        for (size_t i = 0; i < n && r == 0; i++)
                m.all[i].place = (uint32_t)i;
        if (r == 0)
                r = engine_read_places(userdata, space, NULL, places, n, &sink, NULL);
        if (r == 0 && m.n_partial)
                join_partial(&m, n);
        space_release(space, m.all);
        return r;
}
