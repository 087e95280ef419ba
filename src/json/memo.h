/*
 * Objects that repeat: what one held, by its bytes; private to the json floor.
 *
 * A sound object ends where its brackets close, so one that begins with the bytes of another is
 * that other, and holds what it held.
 */
#ifndef JSON_MEMO_H
#define JSON_MEMO_H

#include "json/json.h"
#include "json/paths.h"

typedef struct JsonMemo JsonMemo;

/* Of objects under NODE; ret_memo is NULL for a NODE that is NULL. 0 or -errno. */
int memo_new(const PathNode *node, JsonMemo **ret_memo);
JsonMemo *memo_free(JsonMemo *memo);

/* Is TEXT known? Then the values at and below the node are put into VALUES, valid until memo_add(),
 * and *ret_repeat tells which it is. */
bool memo_find(const JsonMemo *memo, Slice text, uint64_t hash, JsonValue *values,
                JsonRepeat *ret_repeat);

/* TEXT, which is sound and not known, held what VALUES say; some other is forgotten for it.
 * *ret_repeat is all zero where it is too large to be kept. 0 or -ENOMEM. */
int memo_add(JsonMemo *memo, Slice text, uint64_t hash, const JsonValue *values,
                JsonRepeat *ret_repeat);

#endif
