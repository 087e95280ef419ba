/*
 * The image as memory: laid out, grown, checked.
 *
 * A new image is one anonymous mapping with room for the header in front, so that writing a case is
 * writing that mapping. It grows once, when the sizes of the indexes are known; mremap moves pages,
 * not bytes. Checking a block twice at the same time from two threads is harmless.
 */
#include "store/image.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/hash.h"
#include "base/vec.h"
#include "store/seal.h"

static uint64_t aligned(uint64_t at) {
        return (at + IMAGE_ALIGN - 1) / IMAGE_ALIGN * IMAGE_ALIGN;
}

int image_new(const uint64_t sizes[static IMAGE_N_SECTIONS], Store **ret_store) {
        Store *store = vec_alloc_zero(1, sizeof(*store));
        int r;

        if (!store)
                return -ENOMEM;
        store->size = IMAGE_HEADER_SIZE;
        r = image_extend(store, sizes);
        if (r < 0) {
                free(store);
                return r;
        }
        *ret_store = store;
        return 0;
}

int image_extend(Store *store, const uint64_t sizes[static IMAGE_N_SECTIONS]) {
        uint64_t places[IMAGE_N_SECTIONS], size = store->size;
        unsigned char *bytes;

        for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
                uint64_t at = aligned(size);

                places[i] = store->sections[i].size
                                            ? (uint64_t)(store->sections[i].data - store->bytes)
                                            : at;
                if (store->sections[i].size == 0 && sizes[i] > 0)
                        size = at + sizes[i];
        }
        bytes = store->bytes ? mremap(store->bytes, store->size, size, MREMAP_MAYMOVE)
                             : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                                               -1, 0);
        if (bytes == MAP_FAILED)
                return -ENOMEM;
        store->bytes = bytes;
        store->size = size;
        for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
                if (store->sections[i].size == 0)
                        store->sections[i].size = sizes[i];
                store->sections[i].data = bytes + (store->sections[i].size ? places[i] : 0);
        }
        return 0;
}

Store *store_free(Store *store) {
        if (!store)
                return NULL;
        if (store->bytes)
                munmap(store->bytes, store->size);
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
                                             : "lineage";
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
