/*
 * Which files may be a copy of a key: those whose name ends as it does. Two indexes, one after the
 * other, so that a key finds its file by binary search however many files share a name:
 *
 *     all     by (name, SHA-256, folders from the last one on)    the right content, best folders
 *     rest    by (name, readable or not, folders)                 of what has no right content
 *
 * As folders are ordered from the last one on, the file whose folders fit best stands next to where
 * the key itself would stand. Digests that have their place stand in neither.
 */
#include <errno.h>

#include "base/hash.h"
#include "proof/private.h"

typedef struct Order {
        const Proof *proof;
        const Index *wanted; /* hashes of names; NULL: all */
        bool is_rest;
} Order;

/* What is looked for. */
typedef struct What {
        const Order *order;
        uint64_t hash_name, b;
        Slice stem;
        const uint8_t *hash; /* NULL: of the rest */
} What;

typedef struct Folder {
        const Proof *proof;
        Slice dir;
} Folder;

static const File *file_at(const Proof *proof, const SortKey *key) {
        return &proof->files.data[key->index];
}

static Slice stem_of(const File *file) {
        return name_stem(name_base(file_name(file)));
}

static uint64_t hash_prefix(const uint8_t *hash) {
        return sort_prefix(slice((const char *)hash, 8), 0);
}

static int key_of(const void *ctx, size_t i, SortKey *ret) {
        const Order *order = ctx;
        const File *file = &order->proof->files.data[i];
        bool is_unread = file->flags & FILE_UNREAD;

        if (file->flags & FILE_DIGEST || (order->is_rest ? file->flags & FILE_SOUND : is_unread))
                return 0;
        ret->a = hash_slice(stem_of(file));
        ret->b = order->is_rest ? is_unread : hash_prefix(file->hash);
        return !order->wanted || index_has(order->wanted, ret->a);
}

static int compare_files(const void *ctx, const SortKey *x, const SortKey *y) {
        const Order *order = ctx;
        const File *a = file_at(order->proof, x), *b = file_at(order->proof, y);
        int r = order->is_rest ? 0 : memcmp(a->hash, b->hash, SHA256_SIZE);

        if (r == 0)
                r = slice_compare(stem_of(a), stem_of(b));
        if (r == 0)
                r = name_compare_dirs(name_dir(file_name(a)), name_dir(file_name(b)));
        if (r == 0) /* the hash of a packed result is the one that is named */
                r = !(a->flags & FILE_PACKED) - !(b->flags & FILE_PACKED);
        return r ? r : (x->index > y->index) - (x->index < y->index);
}

static int compare_what(const void *ctx, const SortKey *key) {
        const What *what = ctx;
        const File *file = file_at(what->order->proof, key);
        int r = (key->a > what->hash_name) - (key->a < what->hash_name);

        if (r == 0)
                r = (key->b > what->b) - (key->b < what->b);
        if (r == 0 && what->hash)
                r = memcmp(file->hash, what->hash, SHA256_SIZE);
        return r ? r : slice_compare(stem_of(file), what->stem);
}

static int compare_folder(const void *ctx, const SortKey *key) {
        const Folder *folder = ctx;

        return name_compare_dirs(name_dir(file_name(file_at(folder->proof, key))), folder->dir);
}

static int make(Proof *proof, Index *index, const Index *wanted, bool is_rest) {
        Order order = {proof, wanted, is_rest};
        SortOrder by = {compare_files, &order};

        index_deinit(index);
        return index_new_ordered(index, proof->files.size, key_of, &by, proof->n_workers);
}

int match_make_all(Proof *proof) {
        return make(proof, &proof->all, NULL, false);
}

int match_make_rest(Proof *proof, const Index *wanted) {
        return make(proof, &proof->rest, wanted, true);
}

Range match_equal(const Proof *proof, Slice stem, const uint8_t *hash) {
        Order order = {proof, NULL, false};
        What what = {&order, hash_slice(stem), hash_prefix(hash), stem, hash};

        return index_range(&proof->all, (Range){0, proof->all.n}, compare_what, &what);
}

Range match_rest(const Proof *proof, Slice stem, bool is_unread) {
        Order order = {proof, NULL, true};
        What what = {&order, hash_slice(stem), is_unread, stem, NULL};

        return index_range(&proof->rest, (Range){0, proof->rest.n}, compare_what, &what);
}

uint32_t match_nearest(const Proof *proof, const Index *index, Range range, Slice dir,
                Matched *ret_matched) {
        Folder folder = {proof, dir};
        size_t at = index_range(index, range, compare_folder, &folder).at;
        uint32_t best = PROOF_NONE;

        *ret_matched = MATCHED_NONE;
        for (size_t i = at > range.at ? at - 1 : at; i <= at && i < range.end; i++) {
                Matched matched = name_match(file_name(file_at(proof, &index->keys[i])), dir);

                if (matched > *ret_matched) {
                        best = index->keys[i].index;
                        *ret_matched = matched;
                }
        }
        return best;
}

uint32_t match_best_rest(const Proof *proof, Slice dir, Slice stem, Matched *ret_matched) {
        Range range = match_rest(proof, stem, false);

        if (range.at == range.end)
                range = match_rest(proof, stem, true);
        return match_nearest(proof, &proof->rest, range, dir, ret_matched);
}
