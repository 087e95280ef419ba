/* The wanted paths as a trie; private to the json floor. */
#ifndef JSON_PATHS_H
#define JSON_PATHS_H

#include "json/json.h"

typedef struct PathNode PathNode;

/* Where a child is found: all that there is to compare of a key of up to 16 bytes. */
typedef struct PathSlot {
        uint64_t first, last; /* eight bytes of the key, which overlap where it is short */
        const PathNode *node; /* NULL: empty */
        size_t size;
} PathSlot;

struct PathNode {
        Slice key;
        PathSlot *slots; /* of the children, open addressing; NULL for a leaf */
        unsigned shift;  /* 64 less the bits of a place among them */
        PathNode *first_child;
        PathNode *next_child; /* next under the same parent, for walking */
        int32_t value;        /* index of the path that ends here, or -1 */
        unsigned list;        /* 1 + which of the lists its array is; 0: none */
        bool is_repeats;      /* objects here are looked up in the reader's memo */
};

struct JsonPaths {
        PathNode root;
        const PathNode *repeats; /* or NULL */
        size_t n_values;
        unsigned n_lists;
};

/* Of a key of SIZE bytes, its first and last eight, zeros behind a shorter one. */
static inline PathSlot paths_slot(const char *key, size_t size) {
        PathSlot slot = {.size = size};
        uint32_t word[2];

        if (size >= 8) {
                memcpy(&slot.first, key, 8);
                memcpy(&slot.last, key + size - 8, 8);
        } else if (size >= 4) {
                memcpy(&word[0], key, 4);
                memcpy(&word[1], key + size - 4, 4);
                slot.first = word[0];
                slot.last = word[1];
        } else if (size > 0) {
                slot.first = (unsigned char)key[0] | (uint64_t)(unsigned char)key[size / 2] << 8;
                slot.last = (unsigned char)key[size - 1];
        }
        return slot;
}

static inline size_t paths_place(const PathSlot *slot, unsigned shift) {
        return ((slot->first ^ (slot->last << 7 | slot->last >> 57) ^ slot->size) *
                               UINT64_C(0x9E3779B97F4A7C15)) >>
               shift;
}

static inline const PathNode *paths_child(const PathNode *node, const char *key, size_t size) {
        PathSlot wanted;

        if (!node || !node->slots)
                return NULL;
        wanted = paths_slot(key, size);
        for (size_t at = paths_place(&wanted, node->shift);; at++) {
                const PathSlot *slot = &node->slots[at];

                if (!slot->node)
                        return NULL;
                if (slot->first == wanted.first && slot->last == wanted.last &&
                                slot->size == size &&
                                (size <= 16 || memcmp(slot->node->key.data, key, size) == 0))
                        return slot->node;
        }
}

/* Marks every value at and below NODE as absent. */
void paths_forget(const PathNode *node, JsonValue *values);

#endif
