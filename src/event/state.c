/*
 * Guesses about content that nobody has read yet: where in it does one record end and the next
 * begin? They cost a look at a few bytes and need not be right: who goes on at such a place
 * compares it with the state in which the stretch before it ended. Stateless.
 */
#include "event/event.h"
#include "json/json.h"

/* Keys with which records begin, nearly always the first. */
static const char *const begin_keys[] = {"eventVersion", "userIdentity", "eventTime", "eventID",
                "eventSource", "eventName", "awsRegion", "additionalEventData", "apiVersion"};

static bool is_space(char c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Does a record begin with the '{' at AT? */
static bool begins_record(const char *at, const char *end) {
        const char *key = at + 1;

        while (key < end && is_space(*key))
                key++;
        for (size_t i = 0; i < sizeof(begin_keys) / sizeof(begin_keys[0]); i++) {
                size_t size = strlen(begin_keys[i]);

                if ((size_t)(end - key) >= size + 2 && *key == '"' && key[size + 1] == '"' &&
                                memcmp(key + 1, begin_keys[i], size) == 0)
                        return true;
        }
        return false;
}

bool event_state_guess(
                char first, Slice bytes, size_t from, uint64_t offset, EventState *ret_state) {
        const char *end = bytes.data + bytes.size, *brace = end;

        while ((brace = memrchr(bytes.data + from, '{', (size_t)(brace - bytes.data) - from))) {
                const char *at = brace;
                bool has_comma;

                if (!begins_record(brace, end))
                        continue;
                while (at > bytes.data && is_space(at[-1]))
                        at--;
                has_comma = at > bytes.data && at[-1] == ',';
                at -= has_comma;
                while (at > bytes.data && is_space(at[-1]))
                        at--;
                if (at > bytes.data && at[-1] == '}') {
                        JsonState json = json_state_guess(offset + (uint64_t)(at - bytes.data),
                                        !has_comma     ? JSON_TOP
                                        : first == '[' ? JSON_ELEMENT
                                                       : JSON_LISTED);

                        *ret_state = (EventState){.offset = json.offset,
                                        .place = json.place,
                                        .list = json.list,
                                        .has_element = json.has_element};
                        return true;
                }
        }
        return false;
}

char event_first_byte(Slice bytes) {
        size_t at = bytes.size >= 3 && memcmp(bytes.data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

        while (at < bytes.size && is_space(bytes.data[at]))
                at++;
        return at < bytes.size && (bytes.data[at] == '{' || bytes.data[at] == '[') ? bytes.data[at]
                                                                                   : 0;
}
