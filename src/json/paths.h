/* The wanted paths as a trie; private to the json floor. */
#ifndef JSON_PATHS_H
#define JSON_PATHS_H

#include "json/json.h"

#define PATHS_N_BUCKETS 64

typedef struct PathNode PathNode;

struct PathNode {
        Slice key;
        PathNode *sibling;  /* next in the same bucket of the parent */
        PathNode **buckets; /* of the children; NULL for a leaf */
        PathNode *first_child;
        PathNode *next_child; /* next under the same parent, for walking */
        int32_t value;        /* index of the path that ends here, or -1 */
        unsigned list;        /* 1 + which of the lists its array is; 0: none */
};

struct JsonPaths {
        PathNode root;
        size_t n_values;
        unsigned n_lists;
};

static inline size_t paths_bucket(const char *key, size_t size) {
        return (size * 7 + (size ? (unsigned char)key[0] * 3U + (unsigned char)key[size - 1] : 0)) &
               (PATHS_N_BUCKETS - 1);
}

static inline const PathNode *paths_child(const PathNode *node, const char *key, size_t size) {
        const PathNode *child;

        if (!node || !node->buckets)
                return NULL;
        for (child = node->buckets[paths_bucket(key, size)]; child; child = child->sibling) {
                if (child->key.size == size && bytes_equal(child->key.data, key, size))
                        return child;
        }
        return NULL;
}

/* Marks every value at and below NODE as absent. */
void paths_forget(const PathNode *node, JsonValue *values);

#endif
