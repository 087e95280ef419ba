/*
 * Case files: opened, checked, asked everything. A sound case is made once; byte 0 says what the
 * rest of the input is:
 *
 *     0        the file itself
 *     odd      changes to the sound case: three bytes where, one byte what, and so on
 *     even     the same, and then every sum is made right again, as whoever forges a case would
 *
 * Nothing may be read outside the file, and every question must end.
 */
#include <spoor/spoor.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "fuzz.h"
#include "store/image.h"

#define MAX_ROWS 3000

static uint8_t *sound;
static size_t sound_size;

/* ---- the sound case ---- */

static void add_events(Builder *builder, uint32_t file) {
        char id[40], key[24], ip[24];

        for (uint32_t i = 0; i < 120; i++) {
                EventGrant grant = {.kind = (EventGrantKind)(i % EVENT_N_GRANT_KINDS)};
                Event event = {.time = (int64_t)i * 1000000000,
                                .record = i,
                                .offset = i * 100,
                                .size = 90,
                                .hash = i % 9,
                                .grants = &grant,
                                .n_grants = i % 3 == 0};

                snprintf(id, sizeof(id), i % 7 ? "%08x-0000-0000-0000-000000000000" : "odd-%u",
                                i / 2);
                snprintf(key, sizeof(key), "AKIA%u", i % 11);
                snprintf(ip, sizeof(ip), "10.0.0.%u", i % 13);
                event.id = slice_cstr(id);
                event.ip = slice_cstr(ip);
                event.user_agent = SLICE_LITERAL("cli");
                event.identity[EVENT_ID_TYPE] = SLICE_LITERAL("IAMUser");
                event.identity[EVENT_ID_KEY] = slice_cstr(key);
                event.identity[EVENT_ID_ARN] = slice_cstr(key);
                event.identity[EVENT_ID_PRINCIPAL_ID] = SLICE_LITERAL("AIDA:session");
                event.call[EVENT_CALL_NAME] =
                                i % 2 ? SLICE_LITERAL("GetObject") : SLICE_LITERAL("AssumeRole");
                event.call[EVENT_CALL_SERVICE] = SLICE_LITERAL("sts.amazonaws.com");
                grant.fields[EVENT_GRANT_KEY] = slice_cstr(key);
                grant.fields[EVENT_GRANT_PRINCIPAL] = slice_cstr(ip);
                FUZZ_CHECK(builder_add_event(builder, file, &event) == 0);
        }
}

static void make_sound(void) {
        char dir[] = "/tmp/spoor-fuzz.XXXXXX", path[64];
        uint32_t root, file;
        Builder *builder;
        struct stat st;
        Store *store;
        FILE *written;

        FUZZ_CHECK(builder_new(&builder) == 0 && mkdtemp(dir));
        FUZZ_CHECK(builder_add_root(builder, SLICE_LITERAL("r"), SLICE_LITERAL("/r"), &root) == 0);
        for (int i = 0; i < 2; i++) {
                FUZZ_CHECK(builder_add_file(builder,
                                           i ? SLICE_LITERAL("r/b") : SLICE_LITERAL("r/a"), root,
                                           &file) == 0);
                add_events(builder, file);
        }
        FUZZ_CHECK(builder_add_damage(builder, file, 7, 1, SLICE_LITERAL("cut")) == 0);
        FUZZ_CHECK(builder_add_ignored(builder, file, 0, SLICE_LITERAL("no log")) == 0);
        FUZZ_CHECK(store_seal(&builder, 1, (StoreRoom){NULL, 1}, NULL, &store) == 0);
        snprintf(path, sizeof(path), "%s/case", dir);
        FUZZ_CHECK(store_write(store, path) == 0 && stat(path, &st) == 0);
        sound_size = (size_t)st.st_size;
        sound = malloc(sound_size);
        written = fopen(path, "rb");
        FUZZ_CHECK(sound && written && fread(sound, 1, sound_size, written) == sound_size);
        fclose(written);
        FUZZ_CHECK(unlink(path) == 0 && rmdir(dir) == 0);
        store_free(store);
        builder_free(builder);
}

/* ---- forging ---- */

/* Makes every sum right again, of sections that lie in the file. */
static void sign(uint8_t *bytes, uint64_t size) {
        ImageHeader header;

        memcpy(&header, bytes, sizeof(header));
        for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
                ImageEntry *e = &header.sections[i];
                uint64_t n = e->size / IMAGE_BLOCK + (e->size % IMAGE_BLOCK != 0), sum;

                if (e->size > size || e->at > size - e->size || n * 8 > size ||
                                e->sums_at > size - n * 8)
                        continue;
                for (uint64_t b = 0; b < n; b++) {
                        uint64_t at = b * IMAGE_BLOCK;

                        sum = hash_bytes(bytes + e->at + at,
                                        e->size - at < IMAGE_BLOCK ? e->size - at : IMAGE_BLOCK);
                        memcpy(bytes + e->sums_at + b * 8, &sum, 8);
                }
                e->sum = hash_bytes(bytes + e->sums_at, n * 8);
        }
        header.sum = hash_bytes(&header, offsetof(ImageHeader, sum));
        memcpy(bytes, &header, sizeof(header));
}

static int make_file(FuzzInput input, char path[static 64]) {
        int fd = memfd_create("fuzz", MFD_CLOEXEC);
        uint8_t mode = fuzz_byte(&input), *bytes;

        FUZZ_CHECK(fd >= 0);
        snprintf(path, 64, "/proc/self/fd/%d", fd);
        if (mode == 0) {
                FUZZ_CHECK(write(fd, input.data, input.size) == (ssize_t)input.size);
                return fd;
        }
        bytes = malloc(sound_size);
        FUZZ_CHECK(bytes);
        memcpy(bytes, sound, sound_size);
        for (; input.size >= 4; input.data += 4, input.size -= 4) {
                size_t at = (size_t)input.data[0] | (size_t)input.data[1] << 8 |
                            (size_t)input.data[2] << 16;

                bytes[at % sound_size] = input.data[3];
        }
        if (mode % 2 == 0)
                sign(bytes, sound_size);
        FUZZ_CHECK(write(fd, bytes, sound_size) == (ssize_t)sound_size);
        free(bytes);
        return fd;
}

/* ---- asking ---- */

static void drain(SpoorRows *rows) {
        size_t n_columns = spoor_rows_n_columns(rows), n = 0;
        const SpoorCell *cells;
        uint64_t sum = 0;

        while (n++ < MAX_ROWS && spoor_rows_next(rows, &cells, NULL) == 0) {
                for (size_t i = 0; i < n_columns; i++) {
                        if (cells[i].type == SPOOR_CELL_TEXT)
                                sum += hash_bytes(cells[i].text.data, cells[i].text.size);
                }
        }
        spoor_rows_free(rows);
        FUZZ_CHECK(sum != 1); /* so that it is read */
}

static void ask_lists(SpoorCase *scase, const SpoorInfo *info) {
        SpoorDiagnosis diagnosis;
        SpoorConflict conflict;

        for (uint64_t i = 0; i < info->n_damaged && i < MAX_ROWS; i++) {
                if (spoor_case_damaged(scase, i, &diagnosis) != 0)
                        break;
        }
        for (uint64_t i = 0; i < info->n_ignored && i < MAX_ROWS; i++) {
                if (spoor_case_ignored(scase, i, &diagnosis) != 0)
                        break;
        }
        for (uint64_t i = 0; i < info->n_conflicts && i < MAX_ROWS; i++) {
                if (spoor_case_conflict(scase, i, &conflict) != 0)
                        break;
        }
}

static void ask(SpoorCase *scase) {
        const char *columns[32];
        SpoorLateral lateral = {.from = "key:AKIA3", .attempts = true};
        SpoorSelection *s;
        SpoorRecord record = {0};
        SpoorRows *rows;
        SpoorInfo info;
        size_t n = 0;

        spoor_case_counts(scase, &info);
        ask_lists(scase, &info);
        while (n < 32 && (columns[n] = spoor_timeline_column(n)))
                n++;
        if (spoor_timeline(scase, NULL, columns, n, &rows, NULL) == 0)
                drain(rows);
        FUZZ_CHECK(spoor_selection_new(&s) == 0);
        FUZZ_CHECK(spoor_selection_add(s, SPOOR_DIM_IP, "10.0.0.0/29", NULL) == 0);
        FUZZ_CHECK(spoor_selection_add(s, SPOOR_DIM_KEY, "AKIA*", NULL) == 0);
        FUZZ_CHECK(spoor_selection_set_last(s, "100s", NULL) == 0);
        if (spoor_timeline(scase, s, columns, 2, &rows, NULL) == 0)
                drain(rows);
        for (int dim = 0; dim < SPOOR_N_DIMS; dim++) {
                SpoorDim dims[] = {(SpoorDim)dim, SPOOR_DIM_EVENT};

                if (spoor_values(scase, dim % 2 ? s : NULL, dims, 1 + (size_t)dim % 2,
                                    SPOOR_ORDER_EVENTS, INT64_MIN, UINT64_MAX, &rows, NULL) == 0)
                        drain(rows);
        }
        if (spoor_lateral(scase, NULL, &lateral, &rows, NULL) == 0)
                drain(rows);
        if (spoor_lateral_findings(scase, NULL, &lateral, &rows, NULL) == 0)
                drain(rows);
        spoor_show(scase, "odd-0", &record, NULL);
        spoor_record_clear(&record);
        spoor_selection_free(s);
        spoor_case_info(scase, &info, NULL); /* checks everything that was not */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static char other[64];
        SpoorOptions options = {.n_threads = 1};
        const char *sources[2];
        SpoorCase *scase;
        char path[64];
        int fd;

        if (!sound) {
                static const uint8_t unchanged[] = {1};

                make_sound();
                make_file((FuzzInput){unchanged, 1}, other); /* stays open */
        }
        fd = make_file((FuzzInput){data, size}, path);
        sources[0] = path;
        sources[1] = other;
        for (size_t n = 1; n <= 2; n++) {
                if (spoor_case_open(&options, sources, n, &scase, NULL) != 0)
                        continue;
                ask(scase);
                spoor_case_free(scase);
        }
        close(fd);
        return 0;
}
