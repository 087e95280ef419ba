/*
 * Walking sources: every file below them, in bytewise order of names, each once.
 *
 * Layout: a stack of frames, one for each open directory of the current path, each with the entries
 * it still has to give in order; a table of all directories met, by device and inode. Entries are
 * sorted as if the names of directories ended with a slash, and sources likewise, so files come out
 * in the order of their whole names and a directory reached twice is met first under the name that
 * sorts first: it is walked then and never again. That makes links that cross each other harmless
 * (what would be 2^n paths is n directories) and a loop is a directory met again while its frame is
 * open.
 *
 * Invariants: no descriptor is open between two directories; no path is held but names in the list.
 *
 * Complexity: a system call or two for each directory and none for its files where the file system
 * tells their types; n log n to sort. Memory: 24 bytes and the name for a file, 40 and the name for
 * a directory. Threading: none shared.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/list.h"
#include "io/stream.h"

typedef struct Entry {
        size_t name; /* into Frame.names */
        bool is_dir;
        bool is_link;
} Entry;

typedef struct Frame {
        size_t dir; /* into Walk.dirs */
        char *names;
        size_t n_names, cap_names;
        Entry *entries;
        size_t n_entries, cap_entries;
        size_t at;
} Frame;

typedef struct Dir {
        dev_t dev;
        ino_t ino;
        const char *name;
        bool is_open;
} Dir;

typedef struct Root {
        const char *name;
        uint32_t index;
        bool is_dir;
} Root;

typedef struct Walk {
        const IoSink *sink;
        IoFileList *list;
        uint32_t source;
        Frame *frames;
        size_t n_frames, cap_frames;
        Dir *dirs;
        size_t n_dirs, cap_dirs;
        size_t *table; /* index of a directory + 1, by hash; open addressing */
        size_t n_table;
        ListLink *links;
        size_t n_links, cap_links;
        bool one_file; /* there is nothing that it could be the same as */
} Walk;

/* ---- small parts ---- */

/* Room for one more than N. */
static int reserve(void *array_pointer, size_t n, size_t *cap, size_t size) {
        void **array = array_pointer, *larger;
        size_t new_cap = *cap ? *cap * 2 : 16;

        if (n < *cap)
                return 0;
        larger = reallocarray(*array, new_cap, size);
        if (!larger)
                return -ENOMEM;
        *array = larger;
        *cap = new_cap;
        return 0;
}

static void frame_deinit(Frame *frame) {
        free(frame->names);
        free(frame->entries);
        *frame = (Frame){0};
}

static void walk_deinit(Walk *walk) {
        while (walk->n_frames > 0)
                frame_deinit(&walk->frames[--walk->n_frames]);
        free(walk->frames);
        free(walk->dirs);
        free(walk->table);
        free(walk->links);
        io_file_list_free(walk->list);
}

static int fault(Walk *walk, const char *name, const char *what, int error) {
        char reason[256];

        snprintf(reason, sizeof(reason), "%s%s%s", what, error ? ": " : "",
                        error ? strerrordesc_np(error) : "");
        return walk->sink->fault(walk->sink->userdata, slice_cstr(name), 0, slice_cstr(reason));
}

static int fault_below(Walk *walk, const char *dir, const char *base, const char *what, int error) {
        const char *name;
        int r;

        r = list_join(walk->list, dir, base, &name);
        return r ? r : fault(walk, name, what, error);
}

static const char *type_name(mode_t mode) {
        return S_ISSOCK(mode)   ? "not a regular file: a socket"
               : S_ISFIFO(mode) ? "not a regular file: a pipe"
               : S_ISCHR(mode)  ? "not a regular file: a character device"
               : S_ISBLK(mode)  ? "not a regular file: a block device"
                                : "not a regular file";
}

/* ---- directories met ---- */

static size_t find_dir(const Walk *walk, dev_t dev, ino_t ino) {
        uint64_t h = ((uint64_t)ino ^ ((uint64_t)dev << 40)) * UINT64_C(0x9e3779b97f4a7c15);
        size_t i = (size_t)(h >> 20) & (walk->n_table - 1);

        while (walk->table[i]) {
                const Dir *dir = &walk->dirs[walk->table[i] - 1];

                if (dir->dev == dev && dir->ino == ino)
                        break;
                i = (i + 1) & (walk->n_table - 1);
        }
        return i;
}

static int grow_table(Walk *walk) {
        size_t i, n_table = walk->n_table ? walk->n_table * 2 : 256, *table;

        if (walk->n_dirs < walk->n_table / 2)
                return 0;
        table = calloc(n_table, sizeof(*table));
        if (!table)
                return -ENOMEM;
        free(walk->table);
        walk->table = table;
        walk->n_table = n_table;
        for (i = 0; i < walk->n_dirs; i++)
                walk->table[find_dir(walk, walk->dirs[i].dev, walk->dirs[i].ino)] = i + 1;
        return 0;
}

/* ---- one directory ---- */

static int frame_add(Frame *frame, const char *name, bool is_dir, bool is_link) {
        size_t n = strlen(name) + 1;
        int r;

        r = reserve(&frame->entries, frame->n_entries, &frame->cap_entries, sizeof(Entry));
        while (r == 0 && frame->cap_names - frame->n_names < n)
                r = reserve(&frame->names, frame->cap_names, &frame->cap_names, 1);
        if (r)
                return r;
        memcpy(frame->names + frame->n_names, name, n);
        frame->entries[frame->n_entries++] = (Entry){frame->n_names, is_dir, is_link};
        frame->n_names += n;
        return 0;
}

static int add_entry(
                Walk *walk, Frame *frame, int fd, const char *dir, const struct dirent *entry) {
        const char *name = entry->d_name;
        bool is_link = entry->d_type == DT_LNK;
        struct stat st;

        if (entry->d_type == DT_REG || entry->d_type == DT_DIR)
                return frame_add(frame, name, entry->d_type == DT_DIR, false);
        if (entry->d_type == DT_UNKNOWN) {
                if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        return fault_below(walk, dir, name, "cannot look up", errno);
                is_link = S_ISLNK(st.st_mode);
        }
        if (fstatat(fd, name, &st, 0) < 0) {
                if (errno == ENOENT && is_link)
                        return fault_below(walk, dir, name, "dangling symbolic link", 0);
                if (errno == ELOOP)
                        return fault_below(walk, dir, name, "symbolic link loop", 0);
                return fault_below(walk, dir, name, "cannot look up", errno);
        }
        if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
                return fault_below(walk, dir, name, type_name(st.st_mode), 0);
        return frame_add(frame, name, S_ISDIR(st.st_mode), is_link);
}

static int read_entries(Walk *walk, Frame *frame, DIR *stream, const char *name) {
        for (;;) {
                struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(stream);
                if (!entry)
                        return errno ? fault(walk, name, "cannot read directory", errno) : 0;
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                r = add_entry(walk, frame, dirfd(stream), name, entry);
                if (r)
                        return r;
        }
}

/* As if the name of a directory ended with a slash. */
static int compare_names(const char *a, bool a_is_dir, const char *b, bool b_is_dir) {
        unsigned char x, y;
        size_t i = 0;

        while (a[i] && a[i] == b[i])
                i++;
        x = (unsigned char)(a[i] ? a[i] : a_is_dir ? '/' : '\0');
        y = (unsigned char)(b[i] ? b[i] : b_is_dir ? '/' : '\0');
        if (x != y || !a[i] == !b[i])
                return (x > y) - (x < y);
        /* One ended in the slash that the other goes on behind. */
        return a[i] ? (a[i + 1] || a_is_dir) : -(b[i + 1] || b_is_dir);
}

static int compare_entries(const void *a, const void *b, void *names) {
        const Entry *x = a, *y = b;

        return compare_names(
                        (char *)names + x->name, x->is_dir, (char *)names + y->name, y->is_dir);
}

/* Puts the directory on the stack, unless it was met before. */
static int push_dir(Walk *walk, const char *name, DIR *stream) {
        struct stat st;
        Frame *frame;
        size_t slot;
        int r;

        if (fstat(dirfd(stream), &st) < 0)
                return fault(walk, name, "cannot look up", errno);
        r = grow_table(walk);
        if (r)
                return r;
        slot = find_dir(walk, st.st_dev, st.st_ino);
        if (walk->table[slot])
                return walk->dirs[walk->table[slot] - 1].is_open
                                       ? fault(walk, name, "directory loop", 0)
                                       : 0;
        r = reserve(&walk->dirs, walk->n_dirs, &walk->cap_dirs, sizeof(Dir));
        if (r == 0)
                r = reserve(&walk->frames, walk->n_frames, &walk->cap_frames, sizeof(Frame));
        if (r)
                return r;
        frame = &walk->frames[walk->n_frames++];
        *frame = (Frame){.dir = walk->n_dirs};
        walk->dirs[walk->n_dirs++] = (Dir){st.st_dev, st.st_ino, name, true};
        walk->table[slot] = walk->n_dirs;
        r = read_entries(walk, frame, stream, name);
        if (r == 0 && frame->n_entries > 1)
                qsort_r(frame->entries, frame->n_entries, sizeof(Entry), compare_entries,
                                frame->names);
        return r;
}

static int open_dir(Walk *walk, const char *name) {
        DIR *stream;
        int fd, r;

        fd = open_evidence(name, O_DIRECTORY);
        if (fd < 0) {
                if (errno == ENOMEM || errno == EMFILE || errno == ENFILE)
                        return -errno;
                return fault(walk, name, "cannot open directory", errno);
        }
        stream = fdopendir(fd);
        if (!stream) {
                r = -errno;
                close(fd);
                return r;
        }
        r = push_dir(walk, name, stream);
        closedir(stream);
        return r;
}

/* ---- files ---- */

/* Where the file really stands; 1 if that cannot be told. */
static int resolve(Walk *walk, ListLink *link) {
        char *path, *slash;
        struct stat st;
        int r = 1;

        path = realpath(link->file.path, NULL);
        if (!path)
                return errno == ENOMEM ? -ENOMEM : 1;
        slash = strrchr(path, '/');
        if (slash)
                r = list_join(walk->list, "", slash + 1, &link->base);
        if (r == 0) {
                slash[slash == path] = '\0';
                r = stat(path, &st) < 0;
        }
        free(path);
        if (r)
                return r;
        link->dev = st.st_dev;
        link->ino = st.st_ino;
        return 0;
}

static int add_file(Walk *walk, const char *name, bool is_link) {
        IoFile file = {.path = name, .name = name, .source = walk->source};
        ListLink link = {.file = file};
        int r;

        if (!is_link || walk->one_file || strcmp(name, "-") == 0)
                return list_add(walk->list, &file);
        r = resolve(walk, &link);
        if (r < 0)
                return r;
        if (r > 0)
                return list_add(walk->list, &file);
        r = reserve(&walk->links, walk->n_links, &walk->cap_links, sizeof(ListLink));
        if (r == 0)
                walk->links[walk->n_links++] = link;
        return r;
}

/* All below the directory NAME. */
static int walk_dir(Walk *walk, const char *name) {
        int r;

        r = open_dir(walk, name);
        while (r == 0 && walk->n_frames > 0) {
                Frame *frame = &walk->frames[walk->n_frames - 1];
                Dir *dir = &walk->dirs[frame->dir];
                const Entry *entry;
                const char *below;

                if (frame->at == frame->n_entries) {
                        dir->is_open = false;
                        frame_deinit(frame);
                        walk->n_frames--;
                        continue;
                }
                entry = &frame->entries[frame->at++];
                r = list_join(walk->list, dir->name, frame->names + entry->name, &below);
                if (r == 0)
                        r = entry->is_dir ? open_dir(walk, below)
                                          : add_file(walk, below, entry->is_link);
        }
        return r;
}

/* ---- sources ---- */

static int compare_sources(const void *a, const void *b) {
        const Root *x = a, *y = b;
        int r = compare_names(x->name, x->is_dir, y->name, y->is_dir);

        return r ? r : (x->index > y->index) - (x->index < y->index);
}

/* Looks a source up; its name loses the slashes at its end. */
static int look_up(Walk *walk, const char *path, uint32_t index, Root *ret_source) {
        struct stat st = {.st_mode = S_IFIFO};
        char *name;
        size_t n;
        int r;

        if (strcmp(path, "-") != 0 && stat(path, &st) < 0)
                return -errno;
        r = list_join(walk->list, "", path, (const char **)&name);
        if (r)
                return r;
        for (n = strlen(name); n > 1 && name[n - 1] == '/'; n--)
                name[n - 1] = '\0';
        *ret_source = (Root){.name = name, .index = index, .is_dir = S_ISDIR(st.st_mode)};
        return 0;
}

static int walk_sources(Walk *walk, const char *const *paths, size_t n, Root *sources,
                size_t *ret_bad_source) {
        size_t i;
        int r;

        for (i = 0; i < n; i++) {
                r = look_up(walk, paths[i], (uint32_t)i, &sources[i]);
                if (r) {
                        *ret_bad_source = i;
                        return r;
                }
        }
        qsort(sources, n, sizeof(*sources), compare_sources);
        walk->one_file = n == 1 && !sources[0].is_dir;
        for (i = 0; i < n; i++) {
                walk->source = sources[i].index;
                r = sources[i].is_dir ? walk_dir(walk, sources[i].name)
                                      : add_file(walk, sources[i].name, true);
                if (r)
                        return r;
        }
        for (i = 0; i < walk->n_links; i++) {
                ListLink *link = &walk->links[i];
                size_t slot = find_dir(walk, link->dev, link->ino);

                if (walk->table[slot])
                        link->dir_name = walk->dirs[walk->table[slot] - 1].name;
        }
        return list_seal(walk->list, walk->links, walk->n_links);
}

int io_walk(const char *const *paths, size_t n_sources, const IoSink *sink, IoFileList **ret_list,
                size_t *ret_bad_source) {
        Walk walk = {.sink = sink};
        Root *sources;
        int r;

        *ret_bad_source = n_sources;
        if (n_sources > UINT32_MAX)
                return -E2BIG;
        sources = calloc(n_sources ? n_sources : 1, sizeof(*sources));
        r = sources ? list_new(&walk.list) : -ENOMEM;
        if (r == 0)
                r = grow_table(&walk);
        if (r == 0)
                r = walk_sources(&walk, paths, n_sources, sources, ret_bad_source);
        if (r == 0) {
                *ret_list = walk.list;
                walk.list = NULL;
        }
        walk_deinit(&walk);
        free(sources);
        return r;
}
