/*
 * What every harness is: the entry point of libFuzzer, which replay.c calls as well. INPUT is read
 * from its front: what decides how the rest is used comes first.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold, in release builds too. */
#define FUZZ_CHECK(condition)                                                                      \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

typedef struct FuzzInput {
        const uint8_t *data;
        size_t size;
} FuzzInput;

static inline uint8_t fuzz_byte(FuzzInput *input) {
        if (input->size == 0)
                return 0;
        input->size--;
        return *input->data++;
}

#endif
