/* Reading yajl's trees, and writing them back as compact JSON in the order they were written in,
 * numbers untouched. */
#include "tree.h"

#include <string.h>

yajl_val tree_find(yajl_val object, const char *key) {
        if (!YAJL_IS_OBJECT(object))
                return NULL;
        for (size_t i = 0; i < object->u.object.len; i++)
                if (!strcmp(object->u.object.keys[i], key))
                        return object->u.object.values[i];
        return NULL;
}

const char *tree_text(yajl_val object, const char *key, const char *fallback) {
        yajl_val v = tree_find(object, key);

        return YAJL_IS_STRING(v) ? YAJL_GET_STRING(v) : fallback;
}

long long tree_number(yajl_val object, const char *key, long long fallback) {
        yajl_val v = tree_find(object, key);

        return YAJL_IS_INTEGER(v) ? YAJL_GET_INTEGER(v) : fallback;
}

static void write_text(const char *s, const Fill *fills, Buf *b) {
        while (*s) {
                size_t n = strcspn(s, "{");
                const Fill *f = fills;

                buf_escape(b, s, n);
                s += n;
                if (!*s)
                        return;
                while (f && f->name && strncmp(s, f->name, strlen(f->name)))
                        f++;
                if (f && f->name) {
                        buf_escape(b, f->value, strlen(f->value));
                        s += strlen(f->name);
                } else {
                        buf_char(b, *s++);
                }
        }
}

static void write_quoted(const char *s, const Fill *fills, Buf *b) {
        buf_char(b, '"');
        write_text(s, fills, b);
        buf_char(b, '"');
}

/* As deep as the scenario file is nested, which people write by hand. */
void tree_write(yajl_val v, const Fill *fills, Buf *b) {
        if (YAJL_IS_OBJECT(v)) {
                buf_char(b, '{');
                for (size_t i = 0; i < v->u.object.len; i++) {
                        if (i)
                                buf_char(b, ',');
                        write_quoted(v->u.object.keys[i], NULL, b);
                        buf_char(b, ':');
                        tree_write(v->u.object.values[i], fills, b);
                }
                buf_char(b, '}');
        } else if (YAJL_IS_ARRAY(v)) {
                buf_char(b, '[');
                for (size_t i = 0; i < v->u.array.len; i++) {
                        if (i)
                                buf_char(b, ',');
                        tree_write(v->u.array.values[i], fills, b);
                }
                buf_char(b, ']');
        } else if (YAJL_IS_STRING(v)) {
                write_quoted(YAJL_GET_STRING(v), fills, b);
        } else if (YAJL_IS_NUMBER(v)) {
                buf_str(b, YAJL_GET_NUMBER(v));
        } else {
                buf_str(b, YAJL_IS_TRUE(v) ? "true" : YAJL_IS_FALSE(v) ? "false" : "null");
        }
}
