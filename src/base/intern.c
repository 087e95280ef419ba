/*
 * Open addressing over a power of two, linear probing, at most half full; a slot holds the upper
 * half of the hash so that nearly every false candidate is dismissed without touching its bytes.
 * Not thread-safe but for intern_find() on one that does not change: each builder has its own.
 */
#include "base/intern.h"

#include "base/hash.h"

void intern_deinit(Intern *intern) {
        arena_deinit(&intern->arena);
        vec_deinit(&intern->strings);
        free(intern->slots);
        *intern = (Intern){0};
}

void intern_close(Intern *intern) {
        free(intern->slots);
        intern->slots = NULL;
        intern->n_slots = 0;
}

static int grow(Intern *intern) {
        size_t n_slots = intern->n_slots ? intern->n_slots * 2 : 256;
        InternSlot *slots = vec_alloc_zero(n_slots, sizeof(*slots));

        if (!slots)
                return -ENOMEM;
        for (size_t id = 0; id < intern->strings.size; id++) {
                uint64_t hash = hash_slice(intern->strings.data[id]);
                size_t at = hash & (n_slots - 1);

                while (slots[at].id_1)
                        at = (at + 1) & (n_slots - 1);
                slots[at] = (InternSlot){(uint32_t)(hash >> 32), (uint32_t)id + 1};
        }
        free(intern->slots);
        intern->slots = slots;
        intern->n_slots = n_slots;
        return 0;
}

/* The slot that S has, or the empty one that it would get; there is one. */
static inline size_t find_slot(const Intern *intern, uint64_t hash, Slice s) {
        uint32_t tag = (uint32_t)(hash >> 32);
        size_t at = hash & (intern->n_slots - 1);

        while (intern->slots[at].id_1 &&
                        (intern->slots[at].tag != tag ||
                                        !slice_equal(intern->strings.data[intern->slots[at].id_1 -
                                                                          1],
                                                        s)))
                at = (at + 1) & (intern->n_slots - 1);
        return at;
}

bool intern_find(const Intern *intern, Slice s, uint32_t *ret_id) {
        size_t at;

        if (!intern->n_slots)
                return false;
        at = find_slot(intern, hash_slice(s), s);
        if (!intern->slots[at].id_1)
                return false;
        *ret_id = intern->slots[at].id_1 - 1;
        return true;
}

int intern_add(Intern *intern, Slice s, uint32_t *ret_id, bool *ret_new) {
        uint64_t hash = hash_slice(s);
        size_t at;
        int r;

        if (intern->strings.size * 2 >= intern->n_slots) {
                r = grow(intern);
                if (r < 0)
                        return r;
        }
        at = find_slot(intern, hash, s);
        if (intern->slots[at].id_1) {
                *ret_id = intern->slots[at].id_1 - 1;
                if (ret_new)
                        *ret_new = false;
                return 0;
        }
        if (intern->strings.size >= UINT32_MAX - 1)
                return -EOVERFLOW;
        r = vec_reserve(&intern->strings, 1);
        if (r < 0)
                return r;
        r = arena_copy(&intern->arena, s, &intern->strings.data[intern->strings.size]);
        if (r < 0)
                return r;
        *ret_id = (uint32_t)intern->strings.size++;
        intern->slots[at] = (InternSlot){(uint32_t)(hash >> 32), *ret_id + 1};
        if (ret_new)
                *ret_new = true;
        return 0;
}
