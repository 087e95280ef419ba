/*
 * The wanted paths as a trie. Children of a node are found by a bucket of (length, first, last
 * byte), which tells CloudTrail's keys apart nearly always, then by comparison: a key that is not
 * wanted usually costs one load. Immutable after json_paths_new(), so shared by threads.
 */
#include "json/paths.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"

static void free_children(PathNode *node) {
        PathNode *child = node->first_child;

        while (child) {
                PathNode *next = child->next_child;

                free_children(child);
                free((char *)child->key.data);
                free(child);
                child = next;
        }
        free(node->buckets);
}

static PathNode *add_child(PathNode *node, const char *key, size_t size) {
        PathNode *child = (PathNode *)paths_child(node, key, size);
        size_t bucket = paths_bucket(key, size);
        char *copy;

        if (child)
                return child;
        if (!node->buckets) {
                node->buckets = vec_alloc_zero(PATHS_N_BUCKETS, sizeof(*node->buckets));
                if (!node->buckets)
                        return NULL;
        }
        child = vec_alloc_zero(1, sizeof(*child));
        copy = malloc(size + 1);
        if (!child || !copy) {
                free(child);
                free(copy);
                return NULL;
        }
        memcpy(copy, key, size);
        copy[size] = 0;
        child->key = slice(copy, size);
        child->value = -1;
        child->sibling = node->buckets[bucket];
        node->buckets[bucket] = child;
        child->next_child = node->first_child;
        node->first_child = child;
        return child;
}

static PathNode *add_path(PathNode *node, const char *path) {
        while (node) {
                size_t size = strcspn(path, ".");

                node = add_child(node, path, size);
                if (!path[size])
                        break;
                path += size + 1;
        }
        return node;
}

static int add_list(JsonPaths *paths, const char *path) {
        PathNode *node = add_path(&paths->root, path);

        if (!node)
                return -ENOMEM;
        if (node->value >= 0 || node->list)
                return -EINVAL;
        node->list = ++paths->n_lists;
        return 0;
}

int json_paths_new(const char *const *paths, size_t n_paths, const char *const *lists,
                size_t n_lists, JsonPaths **ret_paths) {
        JsonPaths *made = vec_alloc_zero(1, sizeof(*made));
        PathNode *node;
        int result = 0;

        if (!made)
                return -ENOMEM;
        made->root.value = -1;
        made->n_values = n_paths;
        for (size_t i = 0; i < n_paths; i++) {
                node = add_path(&made->root, paths[i]);
                if (!node || node->value >= 0) {
                        json_paths_free(made);
                        return node ? -EINVAL : -ENOMEM;
                }
                node->value = (int32_t)i;
        }
        for (size_t i = 0; i < n_lists && result == 0; i++)
                result = add_list(made, lists[i]);
        if (result < 0) {
                json_paths_free(made);
                return result;
        }
        *ret_paths = made;
        return 0;
}

JsonPaths *json_paths_free(JsonPaths *paths) {
        if (paths) {
                free_children(&paths->root);
                free(paths);
        }
        return NULL;
}

void paths_forget(const PathNode *node, JsonValue *values) {
        if (node->value >= 0)
                values[node->value] = (JsonValue){JSON_ABSENT, {NULL, 0}};
        for (const PathNode *child = node->first_child; child; child = child->next_child)
                paths_forget(child, values);
}
