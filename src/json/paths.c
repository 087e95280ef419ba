/*
 * The wanted paths as a trie. The children of a node are found by a hash of their key's first and
 * last eight bytes and its size, and told apart by these: one load and no call for nearly every
 * key, wanted or not. Immutable once made, so shared by threads.
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
        free(node->slots);
}

static PathNode *add_child(PathNode *node, const char *key, size_t size) {
        PathNode *child;
        char *copy;

        for (child = node->first_child; child; child = child->next_child) {
                if (slice_equal(child->key, slice(key, size)))
                        return child;
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
        child->next_child = node->first_child;
        node->first_child = child;
        return child;
}

/* When all children are known: a quarter of the slots used, and some behind the last place. */
static int make_slots(PathNode *node) {
        size_t n = 0, n_places = 4;
        int r = 0;

        for (PathNode *child = node->first_child; child && r == 0; child = child->next_child, n++)
                r = make_slots(child);
        if (r < 0 || n == 0)
                return r;
        for (node->shift = 62; n_places < 4 * n; node->shift--)
                n_places *= 2;
        node->slots = vec_alloc_zero(n_places + n + 1, sizeof(*node->slots));
        if (!node->slots)
                return -ENOMEM;
        for (PathNode *child = node->first_child; child; child = child->next_child) {
                PathSlot slot = paths_slot(child->key.data, child->key.size);
                size_t at = paths_place(&slot, node->shift);

                while (node->slots[at].node)
                        at++;
                slot.node = child;
                node->slots[at] = slot;
        }
        return 0;
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
        if (result == 0)
                result = make_slots(&made->root);
        if (result < 0) {
                json_paths_free(made);
                return result;
        }
        *ret_paths = made;
        return 0;
}

int json_paths_set_repeats(JsonPaths *paths, size_t i) {
        for (PathNode *node = paths->root.first_child; node; node = node->next_child) {
                if (node->value != (int32_t)i || paths->repeats)
                        continue;
                node->is_repeats = true;
                paths->repeats = node;
                return 0;
        }
        return -EINVAL;
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
