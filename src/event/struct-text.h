/* Nested values as Presto prints them, into JSON; private to the event floor. */
#ifndef EVENT_STRUCT_TEXT_H
#define EVENT_STRUCT_TEXT_H

#include "base/slice.h"
#include "base/vec.h"

typedef VEC(char) JsonText;

/* Members of a struct, with CloudTrail's own names; ends with a NULL name. */
typedef struct StructField {
        const char *name;
        const struct StructField *fields; /* NULL for a scalar */
        bool is_time;
        bool is_opaque; /* keys that nobody knows: left out */
} StructField;

extern const StructField struct_identity[]; /* userIdentity */
extern const StructField struct_resource[]; /* an element of resources */
extern const StructField struct_tls[];      /* tlsDetails */

/*
 * TEXT, "{a=1, b={c=x, d=null}}", or with IS_ARRAY several of these in "[...]", as JSON behind TO.
 * 0; 1 where it cannot be read without guessing (TO is then as it was); -ENOMEM.
 */
int struct_text_read(const StructField *fields, bool is_array, Slice text, JsonText *to);

int json_text_add(JsonText *to, Slice raw);
/* As a JSON string. */
int json_text_string(JsonText *to, Slice text);

/* A time as Presto prints it ("2026-01-08 14:49:17.000", in UTC if it says so or not) as RFC 3339,
   in BUFFER; others as they are. */
#define STRUCT_TIME_BYTES 48
Slice struct_text_time(Slice text, char buffer[static STRUCT_TIME_BYTES]);
int json_text_time(JsonText *to, Slice text); /* as a JSON string */

#endif
