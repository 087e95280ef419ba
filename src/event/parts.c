/*
 * Values out of the parts of a record: JSON that a reader found sound is walked over again, where a
 * name asks for it. Stateless but for the caller's room for decoded text.
 */
#include "event/parts.h"

#define ABSENT ((Slice){NULL, 0})

JsonValue part_find(const EventParts *parts, Slice object, Slice path) {
        return object.size ? json_find_marked(parts->marks, object, path)
                           : (JsonValue){JSON_ABSENT, ABSENT};
}

Slice part_text(EventTexts *texts, JsonValue value) {
        Slice text = value.text;
        char *to = texts->data + texts->size;
        size_t size;

        if (value.type == JSON_NUMBER)
                return text;
        if (value.type != JSON_STRING || text.size <= 2)
                return ABSENT;
        if (!memchr(text.data, '\\', text.size))
                return slice(text.data + 1, text.size - 2);
        if (texts->cap - texts->size < text.size)
                return ABSENT;
        size = json_decode(text, to);
        texts->size += size;
        return slice(to, size);
}

static JsonType element_type(char first) {
        switch (first) {
        case '"':
                return JSON_STRING;
        case '{':
                return JSON_OBJECT;
        case '[':
                return JSON_ARRAY;
        case 'n':
                return JSON_NULL;
        case 't':
        case 'f':
                return JSON_BOOL;
        default:
                return JSON_NUMBER;
        }
}

bool part_next(JsonValue array, size_t *at, JsonValue *ret) {
        const char *text = array.text.data;
        size_t i = *at, size = array.text.size, start;

        if (array.type != JSON_ARRAY) {
                *ret = array;
                return array.type != JSON_ABSENT && (*at)++ == 0;
        }
        i += i == 0;
        while (i < size && (part_is_space(text[i]) || text[i] == ','))
                i++;
        if (i >= size || text[i] == ']')
                return false;
        for (start = i; i < size && text[i] != ',' && text[i] != ']';)
                i += text[i] == '"' || text[i] == '{' || text[i] == '['
                                     ? json_span(slice(text + i, size - i))
                                     : 1;
        *at = i;
        while (i > start && part_is_space(text[i - 1]))
                i--;
        *ret = (JsonValue){element_type(text[start]), slice(text + start, i - start)};
        return true;
}
