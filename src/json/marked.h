/* What the fast path leaves of a unit for json_find_marked(); private to the json floor. */
#ifndef JSON_MARKED_H
#define JSON_MARKED_H

#include "json/index.h"
#include "json/json.h"

struct JsonMarks {
        const char *text; /* from which marks count */
        const uint32_t *marks;
        const unsigned char *kinds;
        size_t first, n; /* the unit's marks: from the one to before the other */
};

static inline JsonType json_type_of(char first) {
        switch (first) {
        case '{':
                return JSON_OBJECT;
        case '[':
                return JSON_ARRAY;
        case '"':
                return JSON_STRING;
        case 't':
        case 'f':
                return JSON_BOOL;
        case 'n':
                return JSON_NULL;
        default:
                return JSON_NUMBER;
        }
}

#endif
