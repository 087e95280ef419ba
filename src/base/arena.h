/*
 * Memory of one lifetime: allocations are bumped off large chunks and freed together. An Arena that
 * is all zero is empty and usable. Not thread-safe; one owner at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/slice.h"

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {
        ArenaChunk *chunks; /* newest first */
        char *next;
        size_t n_left;
        size_t n_bytes; /* taken from the heap in all */
} Arena;

void arena_deinit(Arena *arena);

/* SIZE bytes aligned to ALIGN (a power of two up to 16), not cleared; NULL when there is no memory.
 */
void *arena_alloc(Arena *arena, size_t size, size_t align);

/* A copy of S that lives as long as the arena; *ret is untouched on -ENOMEM. */
int arena_copy(Arena *arena, Slice s, Slice *ret);

/* The same, with a NUL behind it; NULL when there is no memory. */
char *arena_cstr(Arena *arena, Slice s);

#endif
