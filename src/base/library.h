/*
 * Shared libraries that are loaded when they are first needed. Most questions need neither archives
 * nor hashes, and to load what reads archives, with all that it depends on, takes longer than to
 * answer them.
 *
 * Nothing is kept here: whoever loads a library keeps the table of its functions, and a library
 * stays loaded. Loading one again costs some microseconds. From any thread.
 */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include <stddef.h>

/*
 * The N functions NAMES of the library NAME into *ret_table, a struct of N pointers to functions in
 * the same order. 0, or -ELIBACC where the library, or one of them, is not there.
 */
int library_load(const char *name, const char *const *names, size_t n, void *ret_table);

#endif
