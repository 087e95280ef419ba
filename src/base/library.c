/* Loading of shared libraries; see library.h. Stateless but for what the loader keeps. */
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int library_load(const char *name, const char *const *names, size_t n, void *ret_table) {
        void *library = dlopen(name, RTLD_LAZY | RTLD_LOCAL), *function;

        if (!library)
                return -ELIBACC;
        for (size_t i = 0; i < n; i++) {
                function = dlsym(library, names[i]);
                if (!function)
                        return -ELIBACC;
                /* POSIX promises that a function's address is an object's */
                memcpy((char *)ret_table + i * sizeof(function), &function, sizeof(function));
        }
        return 0;
}
