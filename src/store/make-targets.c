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
 * there the distance of the first is 0.
 *
 * Sealing gathers them in memory while columns are written. A merge, whose memory does not grow
 * with events, lists them twice, to be measured and to be written. What is listed the second time
 * is what was measured, unless a case file changes while it is merged: then nothing is written
 * beyond its room.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "store/make.h"

/* Bytes of one: head, name and `of` of 5 at most, an effect, a hash, a count of 10. */
#define TARGET_MOST 34U

struct ImageTargets {
        Store *store;    /* NULL: gathered */
        bool is_written; /* else only measured */
        uint64_t n, at;
        uint32_t event;
        int error;
        VEC(unsigned char) bytes; /* gathered */
        VEC(ImageTargetBlock) blocks;
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
        ImageTargetBlock block = {to->at, event, 0};

        to->event = event;
        if (!to->store) {
                if (vec_reserve(&to->blocks, 1) < 0)
                        to->error = -ENOMEM;
                else
                        to->blocks.data[to->blocks.size++] = block;
        } else if (to->is_written) {
                ImageTargetBlock *blocks = image_writable(to->store, IMAGE_TARGET_BLOCKS);

                if (to->n >= to->store->meta.n_targets)
                        to->error = -EIO;
                else
                        blocks[to->n / IMAGE_TARGET_BLOCK] = block;
        }
}

/* Behind it. */
static unsigned char *put(unsigned char *at, uint64_t head, const StoreTarget *target) {
        at = put_leb(at, head);
        at = put_leb(at, target->name + 1U);
        if (head & IMAGE_TARGET_MORE) {
                at = put_leb(at, target->of + 1U);
                *at++ = (unsigned char)target->effect;
        }
        if (head & IMAGE_TARGET_OBJECT) {
                memcpy(at, &target->object, sizeof(target->object));
                at = put_leb(at + sizeof(target->object), target->n_bytes);
        }
        return at;
}

/* How many bytes it takes. */
static size_t gather(ImageTargets *to, uint64_t head, const StoreTarget *target) {
        unsigned char *at;

        if (vec_reserve(&to->bytes, TARGET_MOST) < 0) {
                to->error = -ENOMEM;
                return 0;
        }
        at = to->bytes.data + to->bytes.size;
        to->bytes.size = (size_t)(put(at, head, target) - to->bytes.data);
        return to->bytes.size - to->at;
}

/* Likewise; written, where they are not only measured. */
static size_t place(ImageTargets *to, uint64_t head, const StoreTarget *target) {
        size_t size = leb_size(head) + leb_size(target->name + 1U);

        if (head & IMAGE_TARGET_MORE)
                size += leb_size(target->of + 1U) + 1U;
        if (head & IMAGE_TARGET_OBJECT)
                size += sizeof(target->object) + leb_size(target->n_bytes);
        if (!to->is_written)
                return size;
        if (size > to->store->sections[IMAGE_TARGETS].size - to->at)
                to->error = -EIO;
        else
                put((unsigned char *)image_writable(to->store, IMAGE_TARGETS) + to->at, head,
                                target);
        return size;
}

void image_add_target(ImageTargets *to, const StoreTarget *target) {
        bool has_more = target->of != STORE_NONE || target->effect;
        bool has_object = target->object || target->n_bytes;
        uint64_t head;

        if (to->n % IMAGE_TARGET_BLOCK == 0 && !to->error)
                begin_block(to, target->event);
        if (to->error)
                return;
        head = (uint64_t)(target->event - to->event) << IMAGE_TARGET_SHIFT |
               (has_more ? IMAGE_TARGET_MORE : 0) | (has_object ? IMAGE_TARGET_OBJECT : 0);
        to->at += to->store ? place(to, head, target) : gather(to, head, target);
        to->event = target->event;
        to->n++;
}

/* Room for what was measured, or gathered. 0 or -errno. */
static int extend(Store *store, const ImageTargets *from) {
        uint64_t sizes[IMAGE_N_SECTIONS] = {0};

        store->meta.n_targets = from->n;
        sizes[IMAGE_TARGETS] = from->at;
        sizes[IMAGE_TARGET_BLOCKS] = (from->n + IMAGE_TARGET_BLOCK - 1) / IMAGE_TARGET_BLOCK *
                                     sizeof(ImageTargetBlock);
        return from->n ? image_extend(store, sizes) : 0;
}

int image_put_targets(Store *store, int (*list)(void *ctx, ImageTargets *to), void *ctx) {
        ImageTargets to = {.store = store};
        int r = list(ctx, &to);

        if (r == 0)
                r = extend(store, &to);
        if (r || !to.n)
                return r;
        to = (ImageTargets){.store = store, .is_written = true};
        r = list(ctx, &to);
        return r ? r : to.error;
}

ImageTargets *image_targets_new(void) {
        return vec_alloc_zero(1, sizeof(ImageTargets));
}

ImageTargets *image_targets_free(ImageTargets *targets) {
        if (targets) {
                vec_deinit(&targets->bytes);
                vec_deinit(&targets->blocks);
                free(targets);
        }
        return NULL;
}

int image_put_gathered(Store *store, const ImageTargets *targets) {
        int r = targets->error ? targets->error : extend(store, targets);

        if (r < 0 || !targets->n)
                return r;
        memcpy(image_writable(store, IMAGE_TARGETS), targets->bytes.data, targets->bytes.size);
        memcpy(image_writable(store, IMAGE_TARGET_BLOCKS), targets->blocks.data,
                        targets->blocks.size * sizeof(*targets->blocks.data));
        return 0;
}
