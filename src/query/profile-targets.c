/*
 * What a profile's events acted on: what they read and used, what they wrote, and what they made,
 * changed and ended. The store has the targets of each event; what was done to them is the
 * catalogue's word, found once for each distinct call. Only what succeeded counts.
 *
 * Objects of a bucket are told apart by the hash of their keys, in a set of (row, hash) that is
 * hashed once more: two that fall together would be counted as one, which among a billion objects
 * is a chance of one in forty. It takes 8 to 16 bytes for each.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "query/profile-private.h"

uint16_t profile_kind(Profile *p, const char *kind, int *ret_error) {
        size_t i = 0;

        while (i < p->kinds.size && strcmp(p->kinds.data[i], kind) != 0)
                i++;
        if (i == p->kinds.size) {
                if (vec_reserve(&p->kinds, 1) < 0) {
                        *ret_error = -ENOMEM;
                        return 0;
                }
                p->kinds.data[p->kinds.size++] = kind;
        }
        return (uint16_t)i;
}

/* ---- distinct objects ---- */

static size_t slot_of(const ObjectSet *set, uint64_t hash) {
        size_t at = hash & (set->n_slots - 1);

        while (set->slots[at] && set->slots[at] != hash)
                at = (at + 1) & (set->n_slots - 1);
        return at;
}

static int grow(ObjectSet *set) {
        ObjectSet larger = {.n_slots = set->n_slots ? set->n_slots * 2 : 1024, .size = set->size};

        larger.slots = vec_alloc_zero(larger.n_slots, sizeof(*larger.slots));
        if (!larger.slots)
                return -ENOMEM;
        for (size_t i = 0; i < set->n_slots; i++) {
                if (set->slots[i])
                        larger.slots[slot_of(&larger, set->slots[i])] = set->slots[i];
        }
        free(set->slots);
        *set = larger;
        return 0;
}

/* Adds one; *RET_NEW: it was not there. */
static int add_object(ObjectSet *set, uint64_t row, uint64_t object, bool *ret_new) {
        uint64_t hash = hash_mix(hash_mix(0, object), row);
        size_t at;

        hash += hash == 0;
        if (set->size * 2 >= set->n_slots && grow(set) < 0)
                return -ENOMEM;
        at = slot_of(set, hash);
        *ret_new = !set->slots[at];
        set->slots[at] = hash;
        set->size += *ret_new;
        return 0;
}

/* ---- counting ---- */

static int count_read(
                ProfileWalk *w, const ProfileEvent *e, uint32_t effect, const StoreTarget *target) {
        uint32_t strings[] = {effect, w->call_infos[e->call].kind, target->name};
        bool is_new = false;
        ValueRow *row;
        size_t i;

        if (tally_row(&w->reads, strings, e->event, &row) < 0)
                return -ENOMEM;
        i = (size_t)(row - w->reads.rows.data);
        if (i == w->read_sums.size) {
                if (vec_reserve(&w->read_sums, 1) < 0)
                        return -ENOMEM;
                w->read_sums.data[w->read_sums.size++] = (ReadSum){0};
        }
        profile_count(&row->stats, e);
        if (target->object && add_object(&w->objects, i, target->object, &is_new) < 0)
                return -ENOMEM;
        w->read_sums.data[i].n_objects += is_new;
        w->read_sums.data[i].n_bytes += target->n_bytes;
        return 0;
}

static int count_target(ProfileWalk *w, const ProfileEvent *e, const StoreTarget *target) {
        const CallInfo *info = &w->call_infos[e->call];
        uint32_t effect = target->effect ? target->effect : info->effect;
        uint32_t thing[] = {effect, info->kind, target->name, target->of};
        uint32_t write[] = {profile_field(w->store, STORE_CALL, e->call, EVENT_CALL_SERVICE),
                        profile_field(w->store, STORE_CALL, e->call, EVENT_CALL_NAME), target->name,
                        target->of};
        int r = 0;

        if (effect == CATALOGUE_EFFECT_READ || effect == CATALOGUE_EFFECT_USE)
                r = count_read(w, e, effect, target);
        else if (effect != CATALOGUE_EFFECT_NONE)
                r = tally_count(&w->made, thing, e->event, false, false);
        if (r == 0 && info->mark & CALL_IS_WRITE)
                r = tally_count(&w->writes, write, e->event, false, false);
        return r;
}

int profile_count_targets(ProfileWalk *w, const ProfileEvent *e) {
        StoreTarget target = {.name = STORE_NONE, .of = STORE_NONE};
        bool has_target = w->call_infos[e->call].effect != CATALOGUE_EFFECT_NONE &&
                          store_targets_of(&w->targets, e->event, &target);
        int r = count_target(w, e, &target);

        while (r == 0 && has_target && store_targets_of(&w->targets, e->event, &target))
                r = count_target(w, e, &target);
        return r;
}

/* ---- rows ---- */

int profile_make_things(ProfileWalk *w) {
        Profile *p = w->profile;

        if (vec_reserve(&p->writes, w->writes.rows.size) < 0 ||
                        vec_reserve(&p->reads, w->reads.rows.size) < 0 ||
                        vec_reserve(&p->made, w->made.rows.size) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < w->writes.rows.size; i++) {
                const ValueRow *row = &w->writes.rows.data[i];
                ProfileRow *write = &p->writes.data[p->writes.size++];

                *write = (ProfileRow){.n_members = 1, .stats = row->stats};
                memcpy(write->strings, row->strings, sizeof(write->strings));
        }
        for (size_t i = 0; i < w->reads.rows.size; i++) {
                const ValueRow *row = &w->reads.rows.data[i];
                const ReadSum *sum = &w->read_sums.data[i];

                p->reads.data[p->reads.size++] = (ProfileThing){(CatalogueEffect)row->strings[0],
                                p->kinds.data[row->strings[1]], row->strings[2], STORE_NONE,
                                sum->n_objects, sum->n_bytes, row->stats};
        }
        for (size_t i = 0; i < w->made.rows.size; i++) {
                const ValueRow *row = &w->made.rows.data[i];

                p->made.data[p->made.size++] = (ProfileThing){(CatalogueEffect)row->strings[0],
                                p->kinds.data[row->strings[1]], row->strings[2], row->strings[3], 0,
                                0, row->stats};
        }
        return 0;
}
