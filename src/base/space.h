/*
 * Room for arrays that grow with the evidence: the heap, or, where memory is limited, unlinked
 * files in a directory, mapped. A space that has a directory watches what the process holds in
 * memory; where that nears the limit, pages of its mappings are given back, and come again from the
 * file when they are touched. So work in order stays fast, and the limit holds for any order.
 *
 * A NULL Space is the heap. Calls may come from several threads.
 */
#ifndef BASE_SPACE_H
#define BASE_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Space Space;

/* Files without a name in DIR; LIMIT bytes in memory, of the whole process. 0 or -errno. */
int space_new(const char *dir, uint64_t limit, Space **ret_space);
/* Whatever still stands in it must not be used again. NULL is fine. */
Space *space_free(Space *space);

/* COUNT elements; NULL, and errno (ENOMEM, ENOSPC), where there is no room. Not zeroed. */
void *space_alloc(Space *space, size_t count, size_t element_size);
void *space_alloc_zero(Space *space, size_t count, size_t element_size);
/* DATA of space_alloc(), or NULL. */
void space_release(Space *space, void *data);

/* A file without a name in the space's directory: a descriptor, or -errno. *ret_can_be_named (may
   be NULL): linkat() can give it one. */
int space_open(Space *space, bool *ret_can_be_named);

/* A mapping of a file, made elsewhere, whose pages may be given back. 0 or -ENOMEM. */
int space_watch(Space *space, void *data, size_t size);
void space_unwatch(Space *space, void *data);

/* Bytes of the process that are in memory now; 0 where that cannot be told. */
uint64_t space_resident(void);

#endif
