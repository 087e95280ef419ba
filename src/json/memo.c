/*
 * A table of slots by hash, one object in each, the newest. It begins small and doubles up to
 * JSON_REPEAT_SLOTS; a slot that moves keeps its serial number. A slot holds the
 * bytes of the object, behind them the texts that were decoded, and where each value at and below
 * the node stands in these. Serial numbers are never given twice: not by one memo, because it
 * counts, and not by two, because they begin at random.
 *
 * So memory is bounded by the slots and by KEEP_MAX, whatever the evidence holds. Equality is
 * decided by the bytes. A memo belongs to one reader.
 */
#include "json/memo.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/vec.h"

#define KEEP_MAX 2048 /* bytes of an object and its texts */
#define N_VALUES 16
#define FIRST_SLOTS 64U

typedef struct MemoValue {
        uint16_t at, size;
        uint8_t type;
} MemoValue;

typedef struct Slot {
        uint64_t hash, serial; /* serial 0: empty */
        uint32_t size, cap;
        char *bytes;
        MemoValue values[N_VALUES];
} Slot;

struct JsonMemo {
        uint64_t serial; /* given last */
        unsigned n_values;
        int32_t values[N_VALUES]; /* at and below the node */
        Slot *slots;
        size_t n_slots, n_used; /* n_slots is a power of two */
};

static bool list_values(JsonMemo *memo, const PathNode *node) {
        if (node->value >= 0) {
                if (memo->n_values == N_VALUES)
                        return false;
                memo->values[memo->n_values++] = node->value;
        }
        for (const PathNode *child = node->first_child; child; child = child->next_child) {
                if (!list_values(memo, child))
                        return false;
        }
        return true;
}

int memo_new(const PathNode *node, JsonMemo **ret_memo) {
        JsonMemo *memo;

        *ret_memo = NULL;
        if (!node)
                return 0;
        memo = vec_alloc_zero(1, sizeof(*memo));
        if (!memo)
                return -ENOMEM;
        memo->n_slots = FIRST_SLOTS;
        memo->slots = vec_alloc_zero(memo->n_slots, sizeof(*memo->slots));
        if (!memo->slots) {
                free(memo);
                return -ENOMEM;
        }
        if (getrandom(&memo->serial, sizeof(memo->serial), 0) != sizeof(memo->serial) ||
                        !list_values(memo, node)) {
                memo_free(memo);
                return -EINVAL;
        }
        *ret_memo = memo;
        return 0;
}

JsonMemo *memo_free(JsonMemo *memo) {
        if (!memo)
                return NULL;
        for (size_t i = 0; i < memo->n_slots; i++)
                free(memo->slots[i].bytes);
        free(memo->slots);
        free(memo);
        return NULL;
}

static size_t slot_of(const JsonMemo *memo, uint64_t hash) {
        return hash & (memo->n_slots - 1);
}

/* Twice the slots: each object has one of its own there too. */
static int grow(JsonMemo *memo) {
        size_t n_before = memo->n_slots;
        Slot *slots = vec_alloc_zero(2 * n_before, sizeof(*slots));

        if (!slots)
                return -ENOMEM;
        memo->n_slots = 2 * n_before;
        for (size_t i = 0; i < n_before; i++) {
                if (memo->slots[i].serial)
                        slots[slot_of(memo, memo->slots[i].hash)] = memo->slots[i];
                else
                        free(memo->slots[i].bytes);
        }
        free(memo->slots);
        memo->slots = slots;
        return 0;
}

bool memo_find(const JsonMemo *memo, Slice text, uint64_t hash, JsonValue *values,
                JsonRepeat *ret_repeat) {
        const Slot *slot = &memo->slots[slot_of(memo, hash)];

        if (slot->hash != hash || slot->size != text.size || !slot->serial ||
                        memcmp(slot->bytes, text.data, text.size) != 0)
                return false;
        for (unsigned i = 0; i < memo->n_values; i++)
                values[memo->values[i]] = (JsonValue){(JsonType)slot->values[i].type,
                                {slot->bytes + slot->values[i].at, slot->values[i].size}};
        *ret_repeat = (JsonRepeat){slot->serial, (uint32_t)slot_of(memo, hash)};
        return true;
}

/* Bytes behind the object itself: texts that do not stand in it. */
static size_t extra_size(const JsonMemo *memo, Slice text, const JsonValue *values) {
        size_t size = 0;

        for (unsigned i = 0; i < memo->n_values; i++) {
                const JsonValue *value = &values[memo->values[i]];

                if (value->text.data < text.data || value->text.data > text.data + text.size)
                        size += value->text.size;
        }
        return size;
}

static void fill(const JsonMemo *memo, Slot *slot, Slice text, const JsonValue *values) {
        size_t at = text.size;

        memcpy(slot->bytes, text.data, text.size);
        for (unsigned i = 0; i < memo->n_values; i++) {
                const JsonValue *value = &values[memo->values[i]];
                MemoValue *kept = &slot->values[i];

                *kept = (MemoValue){0, (uint16_t)value->text.size, (uint8_t)value->type};
                if (value->type == JSON_ABSENT)
                        continue;
                if (value->text.data >= text.data && value->text.data <= text.data + text.size) {
                        kept->at = (uint16_t)(value->text.data - text.data);
                        continue;
                }
                kept->at = (uint16_t)at;
                if (value->text.size)
                        memcpy(slot->bytes + at, value->text.data, value->text.size);
                at += value->text.size;
        }
}

int memo_add(JsonMemo *memo, Slice text, uint64_t hash, const JsonValue *values,
                JsonRepeat *ret_repeat) {
        Slot *slot;
        size_t size;

        *ret_repeat = (JsonRepeat){0, 0};
        if (text.size > KEEP_MAX)
                return 0;
        size = text.size + extra_size(memo, text, values);
        if (size > KEEP_MAX)
                return 0;
        if (memo->n_used >= memo->n_slots / 2 && memo->n_slots < JSON_REPEAT_SLOTS &&
                        grow(memo) < 0)
                return -ENOMEM;
        slot = &memo->slots[slot_of(memo, hash)];
        memo->n_used += slot->serial == 0;
        slot->serial = 0;
        if (size > slot->cap) {
                char *bytes = malloc(size);

                if (!bytes)
                        return -ENOMEM;
                free(slot->bytes);
                slot->bytes = bytes;
                slot->cap = (uint32_t)size;
        }
        fill(memo, slot, text, values);
        slot->hash = hash;
        slot->size = (uint32_t)text.size;
        memo->serial += memo->serial == UINT64_MAX ? 2 : 1;
        slot->serial = memo->serial;
        *ret_repeat = (JsonRepeat){slot->serial, (uint32_t)slot_of(memo, hash)};
        return 0;
}
