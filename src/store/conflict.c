/*
 * Conflicts; see conflict.h. Equal bytes (by hash) are one record. Where bytes differ, the judge
 * reads the first record of each kind of bytes again and tells its meaning; what it cannot read
 * differs from all others. Only groups with records of different sources are asked about. All is
 * done by sorting, so that any number of records under one eventID costs no more than as many under
 * different ones.
 */
#include "store/conflict.h"

#include <errno.h>

#include "store/make.h"

typedef struct Settle {
        Contenders *c;
        SortKey *keys;    /* a: number of the group; index: of the contender */
        uint64_t *values; /* of each contender: its meaning, or the hash of its bytes */
        bool *are_known;  /* the first */
} Settle;

int conflict_reserve(Contenders *c, size_t n) {
        size_t cap = c->cap * 2 > c->size + n ? c->cap * 2 : c->size + n + 16;
        Contender *data;

        if (c->cap - c->size >= n)
                return 0;
        data = space_alloc(c->space, cap, sizeof(*data));
        if (!data)
                return -errno;
        if (c->size)
                memcpy(data, c->data, c->size * sizeof(*data));
        space_release(c->space, c->data);
        c->data = data;
        c->cap = cap;
        return 0;
}

void conflict_deinit(Contenders *c) {
        space_release(c->space, c->data);
        *c = (Contenders){.space = c->space};
}

/* Numbers the groups in keys[].a; b is the value, or the hash of the bytes. */
static void number_groups(Settle *s, bool by_value) {
        uint64_t group = 0;

        for (uint32_t i = 0; i < s->c->size; i++) {
                group += i && s->c->data[i].group != s->c->data[i - 1].group;
                s->keys[i] = (SortKey){
                                group, by_value ? s->values[i] : s->c->data[i].place.hash, 0, i};
        }
}

/* Of those of a group that have the same bytes only the first stays. */
static int drop_same_bytes(Settle *s) {
        SortOrder order = {NULL, NULL};
        size_t n = s->c->size, n_kept = 0;
        bool *is_same = space_alloc_zero(s->c->space, n, sizeof(*is_same));
        int r = is_same ? 0 : -errno;

        if (r == 0) {
                number_groups(s, false);
                r = sort_keys_in(s->c->space, s->keys, n, &order, 1);
        }
        for (size_t i = 1; i < n && r == 0; i++)
                is_same[s->keys[i].index] = sort_compare(&order, &s->keys[i - 1], &s->keys[i]) == 0;
        for (size_t i = 0; i < n && r == 0; i++) {
                if (!is_same[i])
                        s->c->data[n_kept++] = s->c->data[i];
        }
        if (r == 0)
                s->c->size = n_kept;
        space_release(s->c->space, is_same);
        return r;
}

static size_t end_of_group(const Contenders *c, size_t first) {
        size_t end = first + 1;

        while (end < c->size && c->data[end].group == c->data[first].group)
                end++;
        return end;
}

/* Are there two of whom it is not known whether they differ? */
static bool is_open(const Contender *group, size_t n) {
        for (size_t i = 0; i < n && n > 1; i++) {
                if (group[i].source == STORE_NONE || group[i].source != group[0].source)
                        return true;
        }
        return false;
}

/* The meanings of all records of groups that are open. */
static int ask(Settle *s, const StoreJudge *judge) {
        Space *space = s->c->space;
        size_t n = 0, n_all = s->c->size, *whose = space_alloc(space, n_all, sizeof(*whose));
        StorePlace *places = space_alloc(space, n_all, sizeof(*places));
        uint64_t *meanings = space_alloc_zero(space, n_all, sizeof(*meanings));
        bool *are_known = space_alloc_zero(space, n_all, sizeof(*are_known));
        int r = places && whose && meanings && are_known ? 0 : -ENOMEM;

        for (size_t first = 0, end; first < n_all && r == 0; first = end) {
                end = end_of_group(s->c, first);
                if (!is_open(s->c->data + first, end - first))
                        continue;
                for (size_t i = first; i < end; i++) {
                        places[n] = s->c->data[i].place;
                        whose[n++] = i;
                }
        }
        if (r == 0 && n)
                r = judge->meanings(judge->userdata, space, places, n, meanings, are_known);
        for (size_t i = 0; i < n && r == 0; i++) {
                s->are_known[whose[i]] = are_known[i];
                if (are_known[i])
                        s->values[whose[i]] = meanings[i];
        }
        space_release(space, places);
        space_release(space, whose);
        space_release(space, meanings);
        space_release(space, are_known);
        return r;
}

static int compare_known(const void *ctx, const SortKey *x, const SortKey *y) {
        const Settle *s = ctx;

        return s->are_known[x->index] - s->are_known[y->index];
}

/* The first of each value but the kept one's. */
static int tell(Settle *s, uint64_t *ret_n_conflicts) {
        SortOrder order = {compare_known, s};
        size_t n = s->c->size;
        uint64_t told = UINT64_MAX;
        bool is_kept = false;
        int r;

        number_groups(s, true);
        r = sort_keys_in(s->c->space, s->keys, n, &order, 1);
        for (size_t i = 0; i < n && r == 0; i++) {
                SortKey key = s->keys[i];

                if (i && sort_compare(&order, &s->keys[i - 1], &key) == 0)
                        continue;
                is_kept = key.index == 0 ||
                          s->c->data[key.index].group != s->c->data[key.index - 1].group;
                s->c->data[key.index].is_different = !is_kept;
                *ret_n_conflicts += !is_kept && told != key.a;
                told = is_kept ? told : key.a;
        }
        return r;
}

int conflict_settle(Contenders *c, const StoreJudge *judge, uint64_t *ret_n_conflicts) {
        size_t n = c->size;
        Settle s = {c, space_alloc(c->space, n, sizeof(*s.keys)),
                        space_alloc(c->space, n, sizeof(*s.values)),
                        space_alloc_zero(c->space, n, sizeof(*s.are_known))};
        int r = s.keys && s.values && s.are_known ? drop_same_bytes(&s) : -ENOMEM;

        *ret_n_conflicts = 0;
        for (size_t i = 0; i < c->size && r == 0; i++)
                s.values[i] = c->data[i].place.hash;
        if (r == 0 && judge)
                r = ask(&s, judge);
        if (r == 0)
                r = tell(&s, ret_n_conflicts);
        space_release(c->space, s.keys);
        space_release(c->space, s.values);
        space_release(c->space, s.are_known);
        return r;
}

uint64_t conflict_n_rows(const Contenders *c) {
        uint64_t n = 0;

        for (size_t i = 0; i < c->size; i++)
                n += c->data[i].is_different;
        return n;
}

int conflict_put(const Contenders *c, uint32_t (*event_of)(void *ctx, uint64_t group), void *ctx,
                Store *store) {
        ImageConflict *rows = image_writable(store, IMAGE_CONFLICTS);
        SortKey *keys = space_alloc(c->space, c->size, sizeof(*keys));
        SortOrder order = {NULL, NULL};
        size_t n = 0;
        int r;

        if (!keys)
                return -ENOMEM;
        for (uint32_t i = 0; i < c->size; i++) {
                const Contender *from = &c->data[i];

                if (from->is_different)
                        keys[n++] = (SortKey){
                                        (uint64_t)event_of(ctx, from->group) << 32 | from->file,
                                        from->place.record, 0, i};
        }
        r = sort_keys_in(c->space, keys, n, &order, 1);
        for (size_t i = 0; i < n && r == 0; i++) {
                const StorePlace *place = &c->data[keys[i].index].place;

                rows[i] = (ImageConflict){
                                .event = (uint32_t)(keys[i].a >> 32),
                                .file = (uint32_t)keys[i].a,
                                .record = place->record,
                                .size = place->size,
                                .offset = place->offset,
                                .hash = place->hash,
                };
        }
        space_release(c->space, keys);
        return r;
}
