/* Counting events under tuples of numbers: see tally.h. Open addressing, half full at most. */
#include "query/tally.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"

void tally_deinit(Tally *t) {
        vec_deinit(&t->rows);
        free(t->slots);
        t->slots = NULL;
        t->n_slots = 0;
}

static size_t slot_of(const Tally *t, const uint32_t *strings) {
        size_t at = hash_bytes(strings, t->n_dims * sizeof(*strings)) & (t->n_slots - 1);

        while (t->slots[at] && memcmp(t->rows.data[t->slots[at] - 1].strings, strings,
                                               t->n_dims * sizeof(*strings)) != 0)
                at = (at + 1) & (t->n_slots - 1);
        return at;
}

static int grow(Tally *t) {
        size_t n_slots = t->n_slots ? t->n_slots * 2 : 1024;
        uint32_t *slots = vec_alloc_zero(n_slots, sizeof(*slots));

        if (!slots)
                return -ENOMEM;
        free(t->slots);
        t->slots = slots;
        t->n_slots = n_slots;
        for (size_t i = 0; i < t->rows.size; i++)
                t->slots[slot_of(t, t->rows.data[i].strings)] = (uint32_t)i + 1;
        return 0;
}

int tally_row(Tally *t, const uint32_t *strings, uint32_t event, ValueRow **ret) {
        ValueRow *row;
        size_t at;

        if (t->rows.size * 2 >= t->n_slots && grow(t) < 0)
                return -ENOMEM;
        at = slot_of(t, strings);
        if (!t->slots[at]) {
                if (vec_reserve(&t->rows, 1) < 0)
                        return -ENOMEM;
                row = &t->rows.data[t->rows.size++];
                *row = (ValueRow){.stats = {.first = event, .last = event}};
                memcpy(row->strings, strings, t->n_dims * sizeof(*strings));
                t->slots[at] = (uint32_t)t->rows.size;
        }
        *ret = &t->rows.data[t->slots[at] - 1];
        return 0;
}

int tally_count(Tally *t, const uint32_t *strings, uint32_t event, bool is_denied, bool is_failed) {
        ValueRow *row;
        int r = tally_row(t, strings, event, &row);

        if (r < 0)
                return r;
        row->stats.last = event;
        row->stats.n_events++;
        row->stats.n_denied += is_denied;
        row->stats.n_failed += is_failed;
        return 0;
}
