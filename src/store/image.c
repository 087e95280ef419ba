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

void image_close(Store *store) {
        if (store->fd_1)
                close(store->fd_1 - 1);
        store->fd_1 = 0;
        store->can_be_named = false;
}

Store *store_free(Store *store) {
        if (!store)
                return NULL;
        if (store->bytes)
                space_unwatch(store->space, store->bytes);
        if (store->bytes)
                munmap(store->bytes, store->size + (store->is_mapped ? 0 : IMAGE_SLACK));
        image_close(store);
        free(store->checked);
        free(store);
        return NULL;
}

void image_set_fault(Store *store, unsigned section) {
        int none = 0;

        __atomic_compare_exchange_n(&store->fault, &none, (int)section + 1, false, __ATOMIC_RELAXED,
                        __ATOMIC_RELAXED);
}

static uint64_t sum_of(const void *data, uint64_t size, uint64_t part, uint64_t i) {
        uint64_t from = i * part;

        return hash_bytes((const char *)data + from, size - from < part ? size - from : part);
}

uint64_t image_make_sums(const unsigned char *data, uint64_t size, uint64_t *sums) {
        uint64_t n_blocks = image_n_blocks(size), n_groups = image_n_groups(size);

        for (uint64_t i = 0; i < n_blocks; i++)
                sums[i] = sum_of(data, size, IMAGE_BLOCK, i);
        for (uint64_t i = 0; i < n_groups; i++)
                sums[n_blocks + i] = sum_of(sums, n_blocks * 8, IMAGE_GROUP * 8, i);
        return hash_bytes(sums + n_blocks, n_groups * 8);
}

/* One step of the check: is it known to be sound, or has it this sum? */
static bool check_sum(unsigned char *is_checked, const void *data, uint64_t size, uint64_t part,
                uint64_t i, uint64_t sum) {
        if (__atomic_load_n(is_checked, __ATOMIC_RELAXED))
                return true;
        if (sum_of(data, size, part, i) != sum)
                return false;
        __atomic_store_n(is_checked, 1, __ATOMIC_RELAXED);
        return true;
}

/* From the top: the groups' sums, the group's blocks' sums, the block. */
static bool check_block(const Section *s, uint64_t block) {
        uint64_t n_blocks = image_n_blocks(s->size), n_groups = image_n_groups(s->size);
        uint64_t group = block / IMAGE_GROUP;

        return check_sum(s->is_checked + n_blocks + n_groups, s->sums + n_blocks, n_groups * 8,
                               n_groups * 8, 0, s->sum) &&
               check_sum(s->is_checked + n_blocks + group, s->sums, n_blocks * 8, IMAGE_GROUP * 8,
                               group, s->sums[n_blocks + group]) &&
               check_sum(s->is_checked + block, s->data, s->size, IMAGE_BLOCK, block,
                               s->sums[block]);
}

bool image_check(Store *store, unsigned section, uint64_t at, uint64_t size) {
        Section *s = &store->sections[section];

        if (!s->is_checked || size == 0)
                return true;
        for (uint64_t block = at / IMAGE_BLOCK; block <= (at + size - 1) / IMAGE_BLOCK; block++) {
                if (!check_block(s, block)) {
                        image_set_fault(store, section);
                        return false;
                }
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
        return section < (int)IMAGE_DIMS         ? names[section]
               : section < (int)IMAGE_GRANTS     ? "dimension index"
               : section < (int)IMAGE_SERIES     ? "lineage"
               : section < (int)IMAGE_TARGETS    ? "coverage"
               : section < (int)IMAGE_N_SECTIONS ? "targets"
                                                 : "bytes between sections";
}

const char *store_is_faulty(Store *store) {
        int fault = __atomic_load_n(&store->fault, __ATOMIC_RELAXED);

        return fault ? section_name(fault - 1) : NULL;
}

/* Bytes [from, to) belong to nothing: are they zero, as they were written? */
static bool is_zero(const Store *store, uint64_t from, uint64_t to) {
        for (; from < to; from++) {
                if (store->bytes[from])
                        return false;
        }
        return true;
}

/* What stands between header, sections and sums of a case file, which begin at the last of all. */
static bool check_padding(const Store *store) {
        uint64_t at = sizeof(ImageHeader), sums = store->size;
        bool is_sound = true;

        for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
                uint64_t from = (uint64_t)((const unsigned char *)store->sections[i].sums -
                                           store->bytes);

                sums = from < sums ? from : sums;
        }
        while (at < sums && is_sound) {
                uint64_t next = sums, end = sums;

                /* the section that begins next; they do not stand in their order */
                for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
                        const Section *s = &store->sections[i];
                        uint64_t from = (uint64_t)(s->data - store->bytes);

                        if (s->size && from >= at && from < next) {
                                next = from;
                                end = from + s->size;
                        }
                }
                is_sound = is_zero(store, at, next);
                at = end;
        }
        return is_sound;
}

const char *store_check(Store *store) {
        if (store->is_mapped && !check_padding(store))
                image_set_fault(store, IMAGE_N_SECTIONS);
        for (unsigned i = 0; i < IMAGE_N_SECTIONS; i++) {
                if (!image_check(store, i, 0, store->sections[i].size))
                        break;
        }
        return store_is_faulty(store);
}

/* ---- what indexes are ordered by ---- */

uint64_t store_id_hash(const StoreSource *source, Slice text) {
        return source->id_kind == STORE_ID_UUID ? hash_bytes(source->id, sizeof(source->id))
                                                : hash_slice(text);
}

uint32_t image_grant_field(StoreGrantIndex index) {
        static const unsigned char fields[] = {
                        [STORE_GRANTS_BY_KEY] = EVENT_GRANT_KEY,
                        [STORE_GRANTS_BY_PRINCIPAL] = EVENT_GRANT_PRINCIPAL,
                        [STORE_GRANTS_BY_PRINCIPAL_ID] = EVENT_GRANT_PRINCIPAL_ID,
                        [STORE_GRANTS_BY_ROLE] = EVENT_GRANT_ROLE_NAME,
                        [STORE_GRANTS_BY_USER] = EVENT_GRANT_USER,
                        [STORE_GRANTS_BY_INSTANCE] = EVENT_GRANT_INSTANCE,
                        [STORE_GRANTS_BY_SHARED] = EVENT_GRANT_SHARED,
                        [STORE_GRANTS_BY_SOURCE] = EVENT_GRANT_SOURCE,
        };

        return fields[index];
}

unsigned image_identity_field(StoreIdentityIndex index) {
        static const unsigned char fields[] = {
                        [STORE_IDENTITIES_BY_KEY] = EVENT_ID_KEY,
                        [STORE_IDENTITIES_BY_USER] = EVENT_ID_USER_NAME,
                        [STORE_IDENTITIES_BY_PRINCIPAL] = STORE_ID_PRINCIPAL,
                        [STORE_IDENTITIES_BY_ARN] = EVENT_ID_ARN,
                        [STORE_IDENTITIES_BY_PRINCIPAL_ID] = EVENT_ID_PRINCIPAL_ID,
                        [STORE_IDENTITIES_BY_ROLE] = EVENT_ID_ISSUER_USER_NAME,
                        [STORE_IDENTITIES_BY_SESSION] = EVENT_ID_PRINCIPAL_ID,
        };

        return fields[index];
}
