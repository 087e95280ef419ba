#ifndef GEN_TREE_H
#define GEN_TREE_H

#include <yajl/yajl_tree.h>

#include "buf.h"

/* Values put in for {name} inside strings. */
typedef struct Fill {
        const char *name; /* with its braces */
        const char *value;
} Fill;

yajl_val tree_find(yajl_val object, const char *key);
/* The text of a string member, or the fallback (which may be NULL). */
const char *tree_text(yajl_val object, const char *key, const char *fallback);
long long tree_number(yajl_val object, const char *key, long long fallback);
/* Compact JSON. fills may be NULL; else its last entry has a NULL name. */
void tree_write(yajl_val v, const Fill *fills, Buf *b);

#endif
