/*
 * What events act on, packed: half of all events may have a target, and most targets are a name
 * alone. One after the other, in order of events, LEB128 where nothing else is said:
 *
 *     head    (event - that of the target before) << 2 | IMAGE_TARGET_MORE | IMAGE_TARGET_OBJECT
 *     name    1 + its string; 0: none
 *     MORE    of: likewise; then the effect, a byte
 *     OBJECT  the hash of the key, 8 bytes; then the bytes that were transferred
 *
 * Every IMAGE_TARGET_BLOCK of them begin a block, whose place and first event stand in an index:
 * there the distance of the first is 0. What is listed the second time is what was measured, unless
 * a case file changes while it is merged: then nothing is written beyond its room.
 */
#include <errno.h>

#include "store/make.h"

struct ImageTargets {
        Store *store;
        bool is_written; /* else only measured */
        uint64_t n, at;
        uint32_t event;
        int error;
};

static unsigned char *put_leb(unsigned char *at, uint64_t value) {
        for (; value >= 0x80; value >>= 7)
                *at++ = (unsigned char)(value | 0x80);
        *at++ = (unsigned char)value;
        return at;
}

static unsigned leb_size(uint64_t value) {
        return value < 0x80 ? 1 : (unsigned)(63 - __builtin_clzll(value)) / 7 + 1;
}

static void begin_block(ImageTargets *to, uint32_t event) {
        ImageTargetBlock *blocks = image_writable(to->store, IMAGE_TARGET_BLOCKS);

        to->event = event;
        if (to->is_written && to->n >= to->store->meta.n_targets)
                to->error = -EIO;
        if (to->is_written && !to->error)
                blocks[to->n / IMAGE_TARGET_BLOCK] = (ImageTargetBlock){to->at, event, 0};
}

static void put(unsigned char *at, uint64_t head, const StoreTarget *target) {
        at = put_leb(at, head);
        at = put_leb(at, target->name + 1U);
        if (head & IMAGE_TARGET_MORE) {
                at = put_leb(at, target->of + 1U);
                *at++ = (unsigned char)target->effect;
        }
        if (head & IMAGE_TARGET_OBJECT) {
                memcpy(at, &target->object, sizeof(target->object));
                put_leb(at + sizeof(target->object), target->n_bytes);
        }
}

void image_add_target(ImageTargets *to, const StoreTarget *target) {
        bool has_more = target->of != STORE_NONE || target->effect;
        bool has_object = target->object || target->n_bytes;
        uint64_t head, size;

        if (to->n % IMAGE_TARGET_BLOCK == 0)
                begin_block(to, target->event);
        head = (uint64_t)(target->event - to->event) << IMAGE_TARGET_SHIFT |
               (has_more ? IMAGE_TARGET_MORE : 0) | (has_object ? IMAGE_TARGET_OBJECT : 0);
        size = leb_size(head) + leb_size(target->name + 1U) +
               (has_more ? leb_size(target->of + 1U) + 1U : 0) +
               (has_object ? sizeof(target->object) + leb_size(target->n_bytes) : 0);
        if (to->is_written && size > to->store->sections[IMAGE_TARGETS].size - to->at)
                to->error = -EIO;
        if (to->is_written && !to->error)
                put((unsigned char *)image_writable(to->store, IMAGE_TARGETS) + to->at, head,
                                target);
        to->event = target->event;
        to->at += size;
        to->n++;
}

int image_put_targets(Store *store, int (*list)(void *ctx, ImageTargets *to), void *ctx) {
        ImageTargets to = {.store = store};
        uint64_t sizes[IMAGE_N_SECTIONS] = {0};
        int r = list(ctx, &to);

        if (r)
                return r;
        store->meta.n_targets = to.n;
        sizes[IMAGE_TARGETS] = to.at;
        sizes[IMAGE_TARGET_BLOCKS] = (to.n + IMAGE_TARGET_BLOCK - 1) / IMAGE_TARGET_BLOCK *
                                     sizeof(ImageTargetBlock);
        r = to.n ? image_extend(store, sizes) : 0;
        if (r < 0 || !to.n)
                return r;
        to = (ImageTargets){.store = store, .is_written = true};
        r = list(ctx, &to);
        return r ? r : to.error;
}
