/*
 * Unpacking: any bytes as a file of evidence. What its layers are, the io floor finds out; each
 * leaf is read to its end, up to a bound, in pieces that byte 0 chooses.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "io/io.h"

#define BOUND ((uint64_t)8 << 20) /* of a leaf: a bomb need not go off */

typedef struct Visit {
        size_t piece;
        uint64_t n_bytes;
        unsigned n_leaves;
} Visit;

static int on_leaf(void *userdata, Slice name, IoStream *stream) {
        static char buffer[65536];
        Visit *v = userdata;
        uint64_t n_bytes = 0;
        size_t n;
        int r;

        FUZZ_CHECK(name.size > 0 && name.data[0] == 'f');
        do {
                r = io_stream_read(stream, buffer, v->piece, &n);
                if (r != 0)
                        return r;
                FUZZ_CHECK(n <= v->piece);
                n_bytes += n;
        } while (n > 0 && n_bytes < BOUND);
        v->n_bytes += n_bytes;
        /* enough of many small ones, too */
        return ++v->n_leaves > 1000 || v->n_bytes > 4 * BOUND ? 1 : 0;
}

static int on_fault(void *userdata, Slice name, uint64_t offset, Slice reason) {
        (void)userdata, (void)offset;
        FUZZ_CHECK(name.size > 0 && reason.size > 0 && !memchr(reason.data, '\n', reason.size));
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static IoReader *reader;
        FuzzInput input = {data, size};
        Visit visit = {.piece = 1 + (size_t)fuzz_byte(&input) * 255};
        IoSink sink = {&visit, on_leaf, on_fault, NULL};
        int fd = memfd_create("fuzz", MFD_CLOEXEC), r;
        char path[64];

        FUZZ_CHECK(fd >= 0 && write(fd, input.data, input.size) == (ssize_t)input.size);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (!reader)
                FUZZ_CHECK(io_reader_new(NULL, &reader) == 0);
        r = io_reader_visit(reader, path, SLICE_LITERAL("f"), &sink);
        FUZZ_CHECK(r == 0 || r == 1);
        close(fd);
        return 0;
}
