/*
 * Names of layers: one growing text in the reader, of which each layer's name is a beginning, and
 * the set of names given out in this visit.
 *
 * Layout: the set keeps 64-bit hashes of whole names, each with the number to try next when it is
 * asked for again, so a million members of one name cost no more than a million of different names.
 * Two names of one hash would merely earn the second a needless "#2"; names stay unique and the
 * same in every run, as the hash has no seed. A file without archives never touches the set.
 *
 * Complexity: amortised constant for each member; 16 bytes a member at a load of at most 1/2.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/stream.h"

typedef struct NameSlot {
        uint64_t hash; /* 0: empty */
        uint64_t next; /* the number of the next member of this name */
} NameSlot;

static int reserve(IoReader *reader, size_t size) {
        size_t cap = reader->name_cap ? reader->name_cap : 512;
        char *name;

        if (size <= reader->name_cap)
                return 0;
        while (cap < size)
                if (__builtin_mul_overflow(cap, 2, &cap))
                        return -ENOMEM;
        name = realloc(reader->name, cap);
        if (!name)
                return -ENOMEM;
        reader->name = name;
        reader->name_cap = cap;
        return 0;
}

static uint64_t hash_name(const char *name, size_t size) {
        uint64_t h = UINT64_C(0xcbf29ce484222325);
        size_t i;

        for (i = 0; i < size; i++)
                h = (h ^ (uint8_t)name[i]) * UINT64_C(0x100000001b3);
        h ^= h >> 33;
        h *= UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 33;
        return h ? h : 1;
}

static NameSlot *find_slot(const NameSet *set, uint64_t hash) {
        size_t i = (size_t)hash & (set->n_slots - 1);

        while (set->slots[i].hash && set->slots[i].hash != hash)
                i = (i + 1) & (set->n_slots - 1);
        return &set->slots[i];
}

static int grow(NameSet *set) {
        NameSet larger = {.n_slots = set->n_slots ? set->n_slots * 2 : 64, .n_used = set->n_used};
        size_t i;

        if (set->n_used < set->n_slots / 2)
                return 0;
        larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
        if (!larger.slots)
                return -ENOMEM;
        for (i = 0; i < set->n_slots; i++)
                if (set->slots[i].hash)
                        *find_slot(&larger, set->slots[i].hash) = set->slots[i];
        free(set->slots);
        *set = larger;
        return 0;
}

/* The slot of HASH; *ret_new whether it was made just now. */
static int add(NameSet *set, uint64_t hash, NameSlot **ret_slot, bool *ret_new) {
        NameSlot *slot;
        int r;

        r = grow(set);
        if (r)
                return r;
        slot = find_slot(set, hash);
        *ret_new = slot->hash == 0;
        if (*ret_new) {
                *slot = (NameSlot){.hash = hash, .next = 2};
                set->n_used++;
        }
        *ret_slot = slot;
        return 0;
}

int name_push(IoReader *reader, size_t base_size, Slice member, size_t *ret_size) {
        size_t size = base_size + 1 + member.size, numbered = size;
        uint64_t first_hash, number;
        NameSlot *slot;
        bool is_new;
        int r;

        r = reserve(reader, size + 24); /* "#" and a number */
        if (r)
                return reader_fail(reader, r);
        reader->name[base_size] = '!';
        if (member.size)
                memcpy(reader->name + base_size + 1, member.data, member.size);
        first_hash = hash_name(reader->name, size);
        r = add(&reader->names, first_hash, &slot, &is_new);
        number = r ? 0 : slot->next;
        while (r == 0 && !is_new) {
                numbered = size + (size_t)snprintf(reader->name + size, 24, "#%llu",
                                                  (unsigned long long)number++);
                r = add(&reader->names, hash_name(reader->name, numbered), &slot, &is_new);
        }
        if (r)
                return reader_fail(reader, r);
        if (numbered != size)
                find_slot(&reader->names, first_hash)->next = number;
        *ret_size = numbered;
        return 0;
}

int name_reset(IoReader *reader, Slice name) {
        int r;

        r = reserve(reader, name.size + 1);
        if (r)
                return r;
        if (name.size)
                memcpy(reader->name, name.data, name.size);
        if (reader->names.n_used == 0)
                return 0;
        if (reader->names.n_slots > 4096) { /* of a large archive: not worth clearing */
                free(reader->names.slots);
                reader->names = (NameSet){0};
        } else {
                memset(reader->names.slots, 0, reader->names.n_slots * sizeof(NameSlot));
                reader->names.n_used = 0;
        }
        return 0;
}

void name_deinit(IoReader *reader) {
        free(reader->names.slots);
        free(reader->name);
}
