/*
 * Bump allocation; see arena.h. A chunk is a header and its bytes; chunk sizes double from 4 KB to
 * 16 MB, so that a small arena stays small and a large one costs few calls. An allocation of more
 * than a chunk gets one of its own and leaves the current chunk in use.
 */
#include "base/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/vec.h"

#define CHUNK_MIN ((size_t)4096)
#define CHUNK_MAX ((size_t)16 << 20)

struct ArenaChunk {
        ArenaChunk *older;
        _Alignas(16) char bytes[];
};

void arena_deinit(Arena *arena) {
        while (arena->chunks) {
                ArenaChunk *older = arena->chunks->older;
                free(arena->chunks);
                arena->chunks = older;
        }
        *arena = (Arena){0};
}

static ArenaChunk *add_chunk(Arena *arena, size_t size) {
        ArenaChunk *chunk;

        if (size > SIZE_MAX - sizeof(*chunk))
                return NULL;
        chunk = malloc(sizeof(*chunk) + size);
        if (!chunk)
                return NULL;
        vec_use_large_pages(chunk, sizeof(*chunk) + size);
        chunk->older = arena->chunks;
        arena->chunks = chunk;
        arena->n_bytes += sizeof(*chunk) + size;
        return chunk;
}

void *arena_alloc(Arena *arena, size_t size, size_t align) {
        size_t pad = (size_t)(-(uintptr_t)arena->next) & (align - 1);
        ArenaChunk *chunk;
        size_t want;
        char *at;

        if (arena->next && arena->n_left >= pad && arena->n_left - pad >= size) {
                at = arena->next + pad;
                arena->next = at + size;
                arena->n_left -= pad + size;
                return at;
        }

        want = arena->n_bytes < CHUNK_MIN ? CHUNK_MIN : arena->n_bytes;
        if (want > CHUNK_MAX)
                want = CHUNK_MAX;
        if (size > want / 4) {
                chunk = add_chunk(arena, size ? size : 1);
                return chunk ? chunk->bytes : NULL;
        }
        chunk = add_chunk(arena, want);
        if (!chunk)
                return NULL;
        arena->next = chunk->bytes + size;
        arena->n_left = want - size;
        return chunk->bytes;
}

int arena_copy(Arena *arena, Slice s, Slice *ret) {
        char *copy = arena_alloc(arena, s.size, 1);

        if (!copy)
                return -ENOMEM;
        if (s.size)
                memcpy(copy, s.data, s.size);
        *ret = slice(copy, s.size);
        return 0;
}

char *arena_cstr(Arena *arena, Slice s) {
        char *copy = s.size < SIZE_MAX ? arena_alloc(arena, s.size + 1, 1) : NULL;

        if (!copy)
                return NULL;
        if (s.size)
                memcpy(copy, s.data, s.size);
        copy[s.size] = 0;
        return copy;
}
