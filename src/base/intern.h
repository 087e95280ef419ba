/*
 * A set of byte strings, each under a number given in order of arrival from 0. The bytes are copied
 * once into the set's arena and keep their address. Looking up costs one hash and one comparison;
 * equality is always decided by the bytes, never by the hash.
 */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/vec.h"

typedef struct InternSlot {
        uint32_t tag;  /* upper half of the hash */
        uint32_t id_1; /* id + 1; 0 is empty */
} InternSlot;

typedef struct Intern {
        Arena arena;
        VEC(Slice) strings;
        InternSlot *slots;
        size_t n_slots; /* a power of two, or 0 */
} Intern;

void intern_deinit(Intern *intern);

/* The number of S; *ret_new tells whether it was unknown (may be NULL). 0, -ENOMEM, or -EOVERFLOW.
 */
int intern_add(Intern *intern, Slice s, uint32_t *ret_id, bool *ret_new);

/* Its number, if it has one. Changes nothing. */
bool intern_find(const Intern *intern, Slice s, uint32_t *ret_id);

/* Nothing is added any more: what stands in it stays, and how it was found goes. */
void intern_close(Intern *intern);

/* What it takes up. */
static inline size_t intern_n_bytes(const Intern *intern) {
        return intern->arena.n_bytes + intern->strings.cap * sizeof(Slice) +
               intern->n_slots * sizeof(InternSlot);
}

static inline size_t intern_size(const Intern *intern) {
        return intern->strings.size;
}

#endif
