/* Values derived from a record's fields. Pure functions of their arguments. */
#include <strings.h>

#include "event/event.h"

static Slice first_of(Slice a, Slice b) {
        return a.size ? a : b.size ? b : (Slice){NULL, 0};
}

Slice event_user(const Slice identity[static EVENT_N_IDENTITY]) {
        return first_of(identity[EVENT_ID_USER_NAME], identity[EVENT_ID_ISSUER_USER_NAME]);
}

Slice event_principal(const Slice identity[static EVENT_N_IDENTITY]) {
        Slice type = identity[EVENT_ID_TYPE];

        if ((slice_equal(type, SLICE_LITERAL("AssumedRole")) ||
                            slice_equal(type, SLICE_LITERAL("Role"))) &&
                        identity[EVENT_ID_ISSUER_ARN].size)
                return identity[EVENT_ID_ISSUER_ARN];
        return first_of(identity[EVENT_ID_ARN],
                        first_of(identity[EVENT_ID_INVOKED_BY], identity[EVENT_ID_PRINCIPAL_ID]));
}

/* Is WORD in TEXT, in any mixture of upper and lower case? */
static bool contains(Slice text, Slice word) {
        for (size_t i = 0; i + word.size <= text.size; i++) {
                if (strncasecmp(text.data + i, word.data, word.size) == 0)
                        return true;
        }
        return false;
}

Slice event_outcome(const Slice result[static EVENT_N_RESULT]) {
        static const Slice denials[] = {
                        SLICE_INIT("AccessDenied"),
                        SLICE_INIT("Unauthorized"),
                        SLICE_INIT("NotAuthorized"),
                        SLICE_INIT("AuthFailure"),
                        SLICE_INIT("AuthorizationError"),
                        SLICE_INIT("Forbidden"),
        };

        if (result[EVENT_RESULT_CODE].size) {
                for (size_t i = 0; i < sizeof(denials) / sizeof(denials[0]); i++) {
                        if (contains(result[EVENT_RESULT_CODE], denials[i]))
                                return SLICE_LITERAL("denied");
                }
                return SLICE_LITERAL("failure");
        }
        if (result[EVENT_RESULT_MESSAGE].size ||
                        slice_equal(result[EVENT_RESULT_CONSOLE], SLICE_LITERAL("Failure")))
                return SLICE_LITERAL("failure");
        return SLICE_LITERAL("success");
}
