/*
 * The image as memory that is read: checked block by block, and given back. Checking a block twice
 * at the same time from two threads is harmless.
 */
#include "store/image.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/space.h"

Store *store_free(Store *store) {
        if (!store)
                return NULL;
        if (store->bytes && store->fd_1)
                space_unwatch(store->space, store->bytes);
        if (store->bytes)
                munmap(store->bytes, store->size + (store->is_mapped ? 0 : IMAGE_SLACK));
        if (store->fd_1)
                close(store->fd_1 - 1);
        free(store->checked);
        free(store);
        return NULL;
}

void image_set_fault(Store *store, unsigned section) {
        int none = 0;

        __atomic_compare_exchange_n(&store->fault, &none, (int)section + 1, false, __ATOMIC_RELAXED,
                        __ATOMIC_RELAXED);
}

bool image_check(Store *store, unsigned section, uint64_t at, uint64_t size) {
        Section *s = &store->sections[section];

        if (!s->is_checked || size == 0)
                return true;
        for (uint64_t block = at / IMAGE_BLOCK; block <= (at + size - 1) / IMAGE_BLOCK; block++) {
                uint64_t from = block * IMAGE_BLOCK;
                uint64_t n = s->size - from < IMAGE_BLOCK ? s->size - from : IMAGE_BLOCK;

                if (__atomic_load_n(&s->is_checked[block], __ATOMIC_RELAXED))
                        continue;
                if (hash_bytes(s->data + from, n) != s->sums[block]) {
                        image_set_fault(store, section);
                        return false;
                }
                __atomic_store_n(&s->is_checked[block], 1, __ATOMIC_RELAXED);
        }
        return true;
}

static const char *section_name(int section) {
        static const char *const names[] = {"meta", "string ends", "strings", "string buckets",
                        "string items", "files", "roots", "notes", "texts", "identities", "calls",
                        "results", "times", "event identities", "event calls", "event results",
                        "event addresses", "event user agents", "sources", "eventID buckets",
                        "eventID items", "conflicts"};

        _Static_assert(sizeof(names) / sizeof(names[0]) == IMAGE_DIMS, "a name for each section");
        return section < (int)IMAGE_DIMS     ? names[section]
               : section < (int)IMAGE_GRANTS ? "dimension index"
               : section < (int)IMAGE_SERIES ? "lineage"
                                             : "coverage";
}

const char *store_is_faulty(Store *store) {
        int fault = __atomic_load_n(&store->fault, __ATOMIC_RELAXED);

        return fault ? section_name(fault - 1) : NULL;
}

const char *store_check(Store *store) {
        for (unsigned i = 0; i < IMAGE_N_SECTIONS; i++) {
                if (!image_check(store, i, 0, store->sections[i].size))
                        break;
        }
        return store_is_faulty(store);
}
