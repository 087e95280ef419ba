/*
 * The list that a walk makes: an array of files and the texts of their names.
 *
 * Layout: names stand in chunks that never move; 24 bytes a file beside its name. The path to open
 * and the name shown are one text.
 *
 * list_seal() is where a file reached twice becomes one. Directories are walked once only, so a
 * file can be there twice only by being a source itself or by a link to it; these come as ListLinks
 * with their real directory, and each meets its equals there and the directory's own entry.
 *
 * Complexity: appending is amortised constant; sealing sorts only what is not in order.
 * Threading: read by many once sealed.
 */
#include "io/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE (256U << 10)

struct ListChunk {
        ListChunk *next;
        size_t size;
        size_t used;
        char data[];
};

int list_new(IoFileList **ret_list) {
        *ret_list = calloc(1, sizeof(**ret_list));
        return *ret_list ? 0 : -ENOMEM;
}

IoFileList *io_file_list_free(IoFileList *list) {
        if (!list)
                return NULL;
        while (list->chunks) {
                ListChunk *next = list->chunks->next;

                free(list->chunks);
                list->chunks = next;
        }
        free(list->files);
        free(list);
        return NULL;
}

size_t io_file_list_size(const IoFileList *list) {
        return list->n_files;
}

const IoFile *io_file_list_at(const IoFileList *list, size_t i) {
        return &list->files[i];
}

void io_file_list_filter(IoFileList *list, bool (*keep)(void *userdata, const IoFile *file),
                void *userdata) {
        size_t n = 0;

        for (size_t i = 0; i < list->n_files; i++) {
                if (keep(userdata, &list->files[i]))
                        list->files[n++] = list->files[i];
        }
        list->n_files = n;
}

static char *allocate(IoFileList *list, size_t size) {
        ListChunk *chunk = list->chunks;

        if (!chunk || chunk->size - chunk->used < size) {
                size_t chunk_size = size > CHUNK_SIZE ? size : CHUNK_SIZE;

                chunk = malloc(sizeof(*chunk) + chunk_size);
                if (!chunk)
                        return NULL;
                *chunk = (ListChunk){.next = list->chunks, .size = chunk_size};
                list->chunks = chunk;
        }
        chunk->used += size;
        return chunk->data + chunk->used - size;
}

int list_join(IoFileList *list, const char *dir, const char *base, const char **ret_text) {
        size_t n_dir = strlen(dir), n_base = strlen(base);
        bool slash = n_dir > 0 && dir[n_dir - 1] != '/';
        char *text;

        text = allocate(list, n_dir + slash + n_base + 1);
        if (!text)
                return -ENOMEM;
        *ret_text = text;
        text = mempcpy(text, dir, n_dir);
        if (slash)
                *text++ = '/';
        memcpy(text, base, n_base + 1);
        return 0;
}

int list_add(IoFileList *list, const IoFile *file) {
        if (list->n_files == list->cap_files) {
                size_t cap = list->cap_files ? list->cap_files * 2 : 256;
                IoFile *files = reallocarray(list->files, cap, sizeof(*files));

                if (!files)
                        return -ENOMEM;
                list->files = files;
                list->cap_files = cap;
        }
        list->files[list->n_files++] = *file;
        return 0;
}

static int compare_files(const void *a, const void *b) {
        const IoFile *x = a, *y = b;
        int r = strcmp(x->name, y->name);

        return r ? r : (x->source > y->source) - (x->source < y->source);
}

static void sort_files(IoFileList *list) {
        size_t i;

        for (i = 1; i < list->n_files; i++)
                if (compare_files(&list->files[i - 1], &list->files[i]) > 0)
                        break;
        if (i < list->n_files)
                qsort(list->files, list->n_files, sizeof(*list->files), compare_files);
}

/* The same file? */
static int compare_places(const ListLink *x, const ListLink *y) {
        if (x->dev != y->dev)
                return x->dev < y->dev ? -1 : 1;
        if (x->ino != y->ino)
                return x->ino < y->ino ? -1 : 1;
        return strcmp(x->base, y->base);
}

static int compare_links(const void *a, const void *b) {
        const ListLink *x = a, *y = b;
        int r = compare_places(x, y);

        return r ? r : compare_files(&x->file, &y->file);
}

/* The entry of this link's own directory, if there is one among the sorted N. */
static int find_entry(IoFileList *list, size_t n, const ListLink *link, IoFile **ret_file) {
        const char *name;
        size_t low = 0;
        int r;

        *ret_file = NULL;
        if (!link->dir_name)
                return 0;
        r = list_join(list, link->dir_name, link->base, &name);
        if (r)
                return r;
        while (low < n) {
                size_t middle = low + (n - low) / 2;
                int c = strcmp(list->files[middle].name, name);

                if (c == 0)
                        *ret_file = &list->files[middle];
                if (c < 0)
                        low = middle + 1;
                else
                        n = middle;
        }
        return 0;
}

int list_seal(IoFileList *list, ListLink *links, size_t n_links) {
        size_t i, n = list->n_files, n_kept = 0;
        int r;

        sort_files(list);
        if (n_links == 0)
                return 0;
        qsort(links, n_links, sizeof(*links), compare_links);
        for (i = 0; i < n_links; i++) {
                IoFile *entry;

                if (i > 0 && compare_places(&links[i - 1], &links[i]) == 0)
                        continue;
                r = find_entry(list, n, &links[i], &entry);
                if (r)
                        return r;
                if (entry && strcmp(entry->name, links[i].file.name) > 0)
                        *entry = links[i].file; /* out of order now: sorted below */
                else if (!entry)
                        n_kept++;
                if (!entry)
                        links[n_kept - 1] = links[i];
        }
        for (i = 0; i < n_kept; i++) {
                r = list_add(list, &links[i].file);
                if (r)
                        return r;
        }
        sort_files(list);
        return 0;
}
