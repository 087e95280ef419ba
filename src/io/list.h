/*
 * Private to io: the list that a walk makes. See list.c.
 */
#ifndef IO_LIST_H
#define IO_LIST_H

#include <sys/types.h>

#include "io/io.h"

typedef struct ListChunk ListChunk;

struct IoFileList {
        ListChunk *chunks; /* the texts */
        IoFile *files;
        size_t n_files;
        size_t cap_files;
};

/*
 * A file that was not met as an entry of its own directory: a source, or behind a link. Whether it
 * is in the list already is seen when all directories are known.
 */
typedef struct ListLink {
        IoFile file;
        dev_t dev; /* of the directory it really stands in */
        ino_t ino;
        const char *base;     /* its name there */
        const char *dir_name; /* that directory's name in this walk; NULL if it was not walked */
} ListLink;

int list_new(IoFileList **ret_list);
/* DIR + "/" + BASE, NUL-ended, living as long as the list. DIR may be empty, or end with a slash.
 */
int list_join(IoFileList *list, const char *dir, const char *base, const char **ret_text);
int list_add(IoFileList *list, const IoFile *file);
/* Sorts, and takes those of the links in that are not there under a name that sorts before. */
int list_seal(IoFileList *list, ListLink *links, size_t n_links);

#endif
