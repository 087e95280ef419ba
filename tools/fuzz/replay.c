/*
 * A harness without a fuzzer: every file named, or in a folder named, is given to it once, and each
 * of its prefixes too where it is short. In the manner of zstd's regression_driver.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

#define SHORT 512U /* of files up to this size every prefix is an input */

static unsigned n_inputs;

static void run(const uint8_t *bytes, size_t size) {
        uint8_t *copy = malloc(
                        size ? size : 1); /* of its very size, so that a read behind it is seen */

        FUZZ_CHECK(copy);
        if (size)
                memcpy(copy, bytes, size);
        LLVMFuzzerTestOneInput(copy, size);
        free(copy);
        n_inputs++;
}

static int replay_file(const char *path) {
        FILE *file = fopen(path, "rb");
        uint8_t *bytes;
        struct stat st;
        size_t size;

        if (!file || fstat(fileno(file), &st) < 0) {
                perror(path);
                return 1;
        }
        size = (size_t)st.st_size;
        bytes = malloc(size ? size : 1);
        FUZZ_CHECK(bytes && fread(bytes, 1, size, file) == size);
        fclose(file);
        run(bytes, size);
        for (size_t n = 0; n < size && size <= SHORT; n++)
                run(bytes, n);
        free(bytes);
        return 0;
}

static int replay(const char *path) {
        struct dirent *entry;
        struct stat st;
        int failed = 0;
        DIR *dir;

        if (stat(path, &st) < 0) {
                perror(path);
                return 1;
        }
        if (!S_ISDIR(st.st_mode))
                return replay_file(path);
        dir = opendir(path);
        FUZZ_CHECK(dir);
        while ((entry = readdir(dir))) {
                char below[4096];

                if (entry->d_name[0] == '.')
                        continue;
                FUZZ_CHECK(snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) <
                                (int)sizeof(below));
                failed |= replay(below);
        }
        closedir(dir);
        return failed;
}

int main(int argc, char **argv) {
        int failed = argc < 2;

        for (int i = 1; i < argc; i++)
                failed |= replay(argv[i]);
        printf("%u inputs\n", n_inputs);
        return failed || n_inputs == 0;
}
