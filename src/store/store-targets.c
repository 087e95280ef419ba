/*
 * Targets as they are asked for: a block is checked as a whole when it is entered, and read target
 * by target (make-targets.c has the layout). Nothing is believed: a target that runs over the end
 * of its block, or names an event or a string that is not there, marks the store as faulty and ends
 * the walk. A step costs some bytes; a seek a binary search over blocks, where it leaves its own.
 */
#include "store/image.h"

uint64_t store_n_targets(Store *store) {
        return store->meta.n_targets;
}

static uint64_t n_blocks(const Store *store) {
        return store->sections[IMAGE_TARGET_BLOCKS].size / sizeof(ImageTargetBlock);
}

static ImageTargetBlock block_at(Store *store, uint64_t block) {
        const ImageTargetBlock *p = image_at(store, IMAGE_TARGET_BLOCKS,
                        block * sizeof(ImageTargetBlock), sizeof(ImageTargetBlock));

        return p ? *p : (ImageTargetBlock){0};
}

static bool fail(StoreTargets *t) {
        if (t->n < t->store->meta.n_targets)
                image_set_fault(t->store, IMAGE_TARGETS);
        t->n = t->store->meta.n_targets;
        return false;
}

/* At the beginning of BLOCK, which is there. */
static bool enter(StoreTargets *t, uint64_t block) {
        ImageTargetBlock entry = block_at(t->store, block);
        bool is_last = block + 1 >= n_blocks(t->store);
        uint64_t end = t->store->sections[IMAGE_TARGETS].size;

        t->until = STORE_NONE;
        if (!is_last) {
                ImageTargetBlock next = block_at(t->store, block + 1);

                end = next.at;
                t->until = next.event;
        }
        t->n = block * IMAGE_TARGET_BLOCK;
        if (end < entry.at)
                return fail(t);
        t->at = image_at(t->store, IMAGE_TARGETS, entry.at, end - entry.at);
        if (!t->at)
                return fail(t);
        t->end = t->at + (end - entry.at);
        t->event = entry.event;
        return true;
}

static bool take_leb(StoreTargets *t, uint64_t *ret) {
        unsigned shift = 0;

        for (*ret = 0; t->at < t->end && shift < 64; shift += 7) {
                unsigned char byte = *t->at++;

                *ret |= (uint64_t)(byte & 0x7F) << shift;
                if (byte < 0x80)
                        return true;
        }
        return false;
}

/* 1 + a string */
static bool take_string(StoreTargets *t, uint32_t *ret) {
        uint64_t value;

        if (!take_leb(t, &value) || value > t->store->meta.n_strings)
                return false;
        *ret = (uint32_t)(value - 1); /* STORE_NONE for 0 */
        return true;
}

static bool take_rest(StoreTargets *t, unsigned head, StoreTarget *ret) {
        if (head & IMAGE_TARGET_MORE) {
                if (!take_string(t, &ret->of) || t->at == t->end)
                        return false;
                ret->effect = (CatalogueEffect)*t->at++;
                if (ret->effect >= CATALOGUE_N_EFFECTS)
                        return false;
        }
        if (head & IMAGE_TARGET_OBJECT) {
                if (t->end - t->at < (ptrdiff_t)sizeof(ret->object))
                        return false;
                memcpy(&ret->object, t->at, sizeof(ret->object));
                t->at += sizeof(ret->object);
                return take_leb(t, &ret->n_bytes);
        }
        return true;
}

static bool step(StoreTargets *t, StoreTarget *ret) {
        uint64_t head, event;

        if (t->n >= t->store->meta.n_targets)
                return false;
        if (t->n % IMAGE_TARGET_BLOCK == 0 && !enter(t, t->n / IMAGE_TARGET_BLOCK))
                return false;
        *ret = (StoreTarget){.of = STORE_NONE};
        if (!take_leb(t, &head) || !take_string(t, &ret->name) ||
                        !take_rest(t, (unsigned)(head & 3), ret))
                return fail(t);
        event = t->event + (head >> IMAGE_TARGET_SHIFT);
        if (event >= t->store->meta.n_events)
                return fail(t);
        ret->event = t->event = (uint32_t)event;
        t->n++;
        return true;
}

void store_targets_init(StoreTargets *t, Store *store) {
        *t = (StoreTargets){.store = store};
}

/* The last block that begins before EVENT, or the first: there targets of EVENT begin. */
static uint64_t find_block(Store *store, uint32_t event) {
        uint64_t from = 0, to = n_blocks(store);

        while (from < to) {
                uint64_t middle = from + (to - from) / 2;

                if (block_at(store, middle).event < event)
                        from = middle + 1;
                else
                        to = middle;
        }
        return from ? from - 1 : 0;
}

void store_targets_seek(StoreTargets *t, uint32_t event) {
        bool is_before = t->has_next && t->next.event < event;

        /* beyond the block at hand, or before what is next */
        if (!is_before || event > t->until) {
                t->has_next = false;
                t->n = find_block(t->store, event) * IMAGE_TARGET_BLOCK;
        }
        do
                t->has_next = step(t, &t->next);
        while (t->has_next && t->next.event < event);
}

bool store_targets_next(StoreTargets *t, StoreTarget *ret_target) {
        if (!t->has_next)
                return step(t, ret_target);
        *ret_target = t->next;
        t->has_next = false;
        return true;
}

bool store_targets_of(StoreTargets *t, uint32_t event, StoreTarget *ret_target) {
        if (!t->has_next)
                t->has_next = step(t, &t->next);
        if (t->has_next && t->next.event < event)
                store_targets_seek(t, event);
        if (!t->has_next || t->next.event != event)
                return false;
        *ret_target = t->next;
        t->has_next = false;
        return true;
}
