/* Errors of the library: a code, and a sentence for whoever asked. Stateless. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "engine/engine.h"

int engine_fail(SpoorError *error, int code, const char *format, ...) {
        va_list args;

        if (error) {
                va_start(args, format);
                vsnprintf(error->message, sizeof(error->message), format, args);
                va_end(args);
                /* loaded when they are needed: base/library.h */
                if (code == -ELIBACC)
                        snprintf(error->message, sizeof(error->message),
                                        "cannot load libarchive.so.13 or libcrypto.so.3, which "
                                        "this needs");
        }
        return code;
}

int engine_check_store(Store *store, int code, SpoorError *error) {
        const char *section = store_is_faulty(store);

        return section ? engine_fail(error, code,
                                         "the case file is damaged: %s are not what was written",
                                         section)
                       : 0;
}
