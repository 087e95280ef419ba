/* Files that are made beside what they become. */
#ifndef BASE_BESIDE_H
#define BASE_BESIDE_H

#include <stddef.h>

/* The directory in which PATH stands, on the heap; NULL: no memory. */
char *beside_directory(const char *path);

/*
 * A new file in DIRECTORY that has no name, so that a process which is killed leaves nothing. FLAGS
 * are those of open(). Its descriptor, or -errno; -EOPNOTSUPP where the file system has no such
 * files.
 */
int beside_open(const char *directory, int flags);

#endif
