/*
 * Case files: an image written whole, or mapped.
 *
 * Writing goes to a file of another name in the same directory, which is synced and renamed: at
 * every moment the name holds the old case, the new one, or nothing. Reading maps the file; the
 * header is checked at once, blocks and their sums when they are touched (see image.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beside.h"
#include "base/hash.h"
#include "base/vec.h"
#include "store/image.h"

static uint64_t n_sums(uint64_t size) {
        return image_n_blocks(size) + image_n_groups(size);
}

/* ---- writing ---- */

#define PIECE (UINT64_C(8) << 20) /* written at a time */

/* The disk may begin with what was written, while we go on. Only a wish: fsync() asks what came of
 * it. */
static void begin_sync(int fd) {
        (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static int write_all(int fd, const void *data, uint64_t size) {
        const char *at = data;

        while (size > 0) {
                ssize_t n = write(fd, at, size > PIECE ? PIECE : size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                at += n;
                size -= (uint64_t)n;
                if (size > 0)
                        begin_sync(fd);
        }
        return 0;
}

/* Fills HEADER and all sums; the caller frees *ret_sums, *ret_n of them. */
static int make_header(Store *store, ImageHeader *header, uint64_t **ret_sums, uint64_t *ret_n) {
        uint64_t n = 0, at = (store->size + 7) / 8 * 8, *sums;

        for (int i = 0; i < IMAGE_N_SECTIONS; i++)
                n += n_sums(store->sections[i].size);
        sums = vec_alloc(n, sizeof(*sums));
        if (!sums)
                return -ENOMEM;
        *header = (ImageHeader){.version = IMAGE_VERSION,
                        .n_sections = IMAGE_N_SECTIONS,
                        .size = at + n * 8};
        memcpy(header->magic, IMAGE_MAGIC, sizeof(header->magic));
        n = 0;
        for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
                Section *s = &store->sections[i];
                ImageEntry *entry = &header->sections[i];

                *entry = (ImageEntry){(uint64_t)(s->data - store->bytes), s->size, at + n * 8, 0};
                entry->sum = image_make_sums(s->data, s->size, sums + n);
                n += n_sums(s->size);
        }
        header->sum = hash_bytes(header, offsetof(ImageHeader, sum));
        *ret_sums = sums;
        *ret_n = n;
        return 0;
}

/* To FD, the file that the image's bytes are where that can be named. */
static int write_image(Store *store, int fd) {
        static const char padding[8];
        ImageHeader header;
        uint64_t *sums = NULL, n = 0;
        int r = 0;

        if (!store->can_be_named)
                r = write_all(fd, store->bytes, store->size);
        else if (ftruncate(fd, (off_t)store->size) < 0 || lseek(fd, 0, SEEK_END) < 0)
                r = -errno;
        if (r == 0)
                r = write_all(fd, padding, (8 - store->size % 8) % 8);
        if (r == 0) {
                begin_sync(fd);
                r = make_header(store, &header, &sums, &n);
        }
        if (r == 0)
                r = write_all(fd, sums, n * 8);
        free(sums);
        if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        if (r == 0)
                r = write_all(fd, &header, sizeof(header)); /* its room in front of the image */
        if (r == 0 && fsync(fd) < 0)
                r = -errno;
        return r;
}

static int sync_directory(const char *path) {
        char *dir = beside_directory(path);
        int fd, r = 0;

        if (!dir)
                return -ENOMEM;
        fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        free(dir);
        if (fd < 0)
                return -errno;
        if (fsync(fd) < 0 && errno != EINVAL)
                r = -errno;
        close(fd);
        return r;
}

/*
 * Of a file by mkostemp(). The mask can only be read by setting it, for all threads; files without
 * a name are made with the right mode, and do without.
 */
static int set_mode(int fd) {
        mode_t mask = umask(0);

        umask(mask);
        return fchmod(fd, 0666 & ~mask) < 0 ? -errno : 0;
}

/*
 * The file beside: without a name until it is whole, where the file system can do that, so that a
 * process that is killed leaves nothing. Else under the name BESIDE; *ret_named tells.
 */
static int open_beside(const char *path, char *beside, bool *ret_named) {
        char *dir = beside_directory(path);
        int fd;

        if (!dir)
                return -ENOMEM;
        fd = beside_open(dir, O_WRONLY);
        free(dir);
        *ret_named = fd == -EOPNOTSUPP;
        if (!*ret_named)
                return fd;
        fd = mkostemp(beside, O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int give_name(int fd, char *beside) {
        char self[64];

        snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
        for (int i = 0; i < 100; i++) {
                if (linkat(AT_FDCWD, self, AT_FDCWD, beside, AT_SYMLINK_FOLLOW) == 0)
                        return 0;
                if (errno != EEXIST)
                        return -errno;
                beside[strlen(beside) - 1] = (char)('A' + i % 26); /* somebody's leftover */
        }
        return -EEXIST;
}

/* Writes to FD and gives it the name BESIDE, if it has none, and then PATH. */
static int write_and_name(Store *store, int fd, bool is_named, char *beside, const char *path) {
        int r = write_image(store, fd);

        if (r == 0 && is_named)
                r = set_mode(fd);
        if (r == 0 && !is_named) {
                r = give_name(fd, beside);
                is_named = r == 0;
        }
        if (r == 0 && rename(beside, path) < 0)
                r = -errno;
        if (r < 0 && is_named)
                unlink(beside);
        return r;
}

int store_write(Store *store, const char *path) {
        size_t size = strlen(path) + 32;
        char *beside = malloc(size);
        bool is_named = false;
        int fd, r;

        if (!beside)
                return -ENOMEM;
        snprintf(beside, size, "%s.%ld.XXXXXX", path, (long)getpid());
        fd = store->can_be_named ? dup(store->fd_1 - 1) : open_beside(path, beside, &is_named);
        if (fd < 0) {
                free(beside);
                return fd;
        }
        r = write_and_name(store, fd, is_named, beside, path);
        if (close(fd) < 0 && r == 0)
                r = -errno;
        if (r == 0)
                r = sync_directory(path);
        free(beside);
        return r;
}

/* ---- reading ---- */

static size_t n_different(const char *x, const char *y, size_t n) {
        size_t n_other = 0;

        for (size_t i = 0; i < n; i++)
                n_other += x[i] != y[i];
        return n_other;
}

int store_is_case(const char *path) {
        char magic[8];
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        ssize_t n;
        struct stat st;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
                close(fd);
                return 0;
        }
        n = pread(fd, magic, sizeof(magic), 0);
        close(fd);
        /* a case file that was cut to its first bytes is one too, and one with another byte there
         */
        return n >= 4 && n_different(magic, IMAGE_MAGIC, (size_t)n) <= (n == sizeof(magic));
}

static bool lies_within(uint64_t at, uint64_t size, uint64_t end) {
        return at <= end && size <= end - at;
}

/* Sections and sums as the header tells; every place is checked against the size of the file. */
static int place_sections(Store *store, const ImageHeader *header) {
        uint64_t n = 0;

        for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
                const ImageEntry *entry = &header->sections[i];

                if (!lies_within(entry->at, entry->size, store->size - IMAGE_SLACK) ||
                                entry->at % 8 || entry->sums_at % 8 ||
                                !lies_within(entry->sums_at, n_sums(entry->size) * 8, store->size))
                        return STORE_HEADER;
                store->sections[i].data = store->bytes + entry->at;
                store->sections[i].size = entry->size;
                store->sections[i].sums =
                                (const uint64_t *)(const void *)(store->bytes + entry->sums_at);
                store->sections[i].sum = entry->sum;
                n += n_sums(entry->size) + 1;
        }
        store->checked = vec_alloc_zero(n, 1);
        if (!store->checked)
                return -ENOMEM;
        n = 0;
        for (int i = 0; i < IMAGE_N_SECTIONS; i++) {
                store->sections[i].is_checked = store->checked + n;
                n += n_sums(store->sections[i].size) + 1;
        }
        return 0;
}

/* What the counts claim must fit what is there, so that numbers below them are never out of bounds.
 */
static int check_counts(Store *store) {
        const ImageMeta *m = image_at(store, IMAGE_META, 0, sizeof(ImageMeta));
        const Section *s = store->sections;

        if (!m || s[IMAGE_META].size != sizeof(ImageMeta))
                return STORE_HEADER;
        store->meta = *m;
        for (unsigned w = 0; w < IMAGE_N_WIDTHS; w++) {
                if (m->widths[w] > (w == IMAGE_W_TIME || w == IMAGE_W_OFFSET ? 8 : 4))
                        return STORE_HEADER;
        }
        for (unsigned w = 0; w < IMAGE_N_FILE_WIDTHS; w++) {
                if (m->file_widths[w] > (w == IMAGE_F_ROOT ? 4 : 8))
                        return STORE_HEADER;
        }
        for (unsigned c = IMAGE_TIMES; c < IMAGE_SOURCES; c++) {
                if (m->n_events >= STORE_NONE || s[c].size != m->n_events * image_width(store, c))
                        return STORE_HEADER;
        }
        if (m->time_unit == 0 || m->widths[IMAGE_W_ID_KIND] > 1 ||
                        s[IMAGE_SOURCES].size != m->n_events * image_source_size(m) ||
                        m->n_strings >= STORE_NONE ||
                        s[IMAGE_STRING_ENDS].size != m->n_strings * 8 ||
                        s[IMAGE_STRING_ITEMS].size != m->n_strings * 4 ||
                        m->n_identities >= STORE_NONE || m->n_calls >= STORE_NONE ||
                        m->n_results >= STORE_NONE || m->n_files >= STORE_NONE ||
                        s[IMAGE_IDENTITIES].size != m->n_identities * STORE_N_IDENTITY * 4 ||
                        s[IMAGE_CALLS].size != m->n_calls * STORE_N_CALL * 4 ||
                        s[IMAGE_RESULTS].size != m->n_results * STORE_N_RESULT * 4 ||
                        m->n_damaged > s[IMAGE_NOTES].size || m->n_ids > m->n_events ||
                        m->n_conflicts > s[IMAGE_CONFLICTS].size / sizeof(ImageConflict) ||
                        s[IMAGE_FILES].size != m->n_files * image_file_size(m) ||
                        m->n_logs > m->n_files || m->n_changed > m->n_files ||
                        s[IMAGE_NOTES].size != (m->n_damaged + m->n_ignored) * sizeof(ImageNote) ||
                        s[IMAGE_ID_ITEMS].size != m->n_ids * 4 ||
                        s[IMAGE_GRANTS].size % sizeof(StoreGrant) ||
                        s[IMAGE_GRANTS].size / sizeof(StoreGrant) >= STORE_NONE ||
                        s[IMAGE_USES].size % sizeof(StoreUse) ||
                        s[IMAGE_USES].size / sizeof(StoreUse) > m->n_events ||
                        s[IMAGE_USE_ENDS].size != m->n_identities * 4 ||
                        s[IMAGE_GRANT_ENDS].size != m->n_identities * 4 ||
                        s[IMAGE_SERIES].size % sizeof(ImageSeries) ||
                        s[IMAGE_DAYS].size % sizeof(ImageDay) ||
                        s[IMAGE_GAPS].size % sizeof(ImageGap) ||
                        m->n_targets > s[IMAGE_TARGETS].size ||
                        s[IMAGE_TARGET_BLOCKS].size != (m->n_targets + IMAGE_TARGET_BLOCK - 1) /
                                                                       IMAGE_TARGET_BLOCK *
                                                                       sizeof(ImageTargetBlock))
                return STORE_HEADER;
        return 0;
}

static int open_mapped(Store *store) {
        ImageHeader header;
        int r;

        if (store->size < IMAGE_HEADER_SIZE)
                return store->size >= 4 && memcmp(store->bytes, IMAGE_MAGIC,
                                                           store->size < 8 ? store->size : 8) == 0
                                       ? STORE_TRUNCATED
                                       : STORE_FOREIGN;
        memcpy(&header, store->bytes, sizeof(header));
        if (memcmp(header.magic, IMAGE_MAGIC, sizeof(header.magic)) != 0)
                return STORE_FOREIGN;
        if (header.version != IMAGE_VERSION)
                return STORE_VERSION;
        if (header.sum != hash_bytes(&header, offsetof(ImageHeader, sum)) ||
                        header.n_sections != IMAGE_N_SECTIONS)
                return STORE_HEADER;
        if (header.size != store->size)
                return STORE_TRUNCATED;
        r = place_sections(store, &header);
        return r == 0 ? check_counts(store) : r;
}

int store_open(const char *path, Store **ret_store) {
        Store *store = vec_alloc_zero(1, sizeof(*store));
        struct stat st;
        void *bytes;
        int fd, r = 0;

        if (!store)
                return -ENOMEM;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                r = -errno;
        if (r == 0 && st.st_size == 0)
                r = STORE_FOREIGN;
        if (r == 0) {
                bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
                if (bytes == MAP_FAILED) {
                        r = -errno;
                } else {
                        store->bytes = bytes;
                        store->size = (uint64_t)st.st_size;
                        store->is_mapped = true;
                        r = open_mapped(store);
                }
        }
        if (fd >= 0)
                close(fd);
        if (r != 0) {
                store_free(store);
                return r;
        }
        *ret_store = store;
        return 0;
}
