/*
 * Is a MaxMind DB sound enough to be given to libmaxminddb? What that does not check in every
 * version (sizes that overflow, values nested without end, pointers that fan out) is checked here
 * first: of the file its metadata and the size of its tree, and of each value, before it is read,
 * that it stands inside the data section whole.
 *
 * The format is MaxMind's, "MaxMind DB File Format Specification" 2.0: search tree, 16 zero bytes,
 * data section, a marker, and the metadata, which is a value like those of the data section.
 *
 * O(file's last 128 KB) for a file, O(value) for a value; MAX_VALUES and MAX_DEPTH bound both.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enrich/private.h"

#define MARKER "\xab\xcd\xefMaxMind.com"
#define MARKER_SIZE (sizeof(MARKER) - 1)
#define MAX_METADATA 131072
#define SEPARATOR 16
#define MAX_DEPTH 32
#define MAX_VALUES 65536

typedef enum Type {
        TYPE_EXTENDED,
        TYPE_POINTER,
        TYPE_STRING,
        TYPE_DOUBLE,
        TYPE_BYTES,
        TYPE_UINT16,
        TYPE_UINT32,
        TYPE_MAP,
        TYPE_INT32,
        TYPE_UINT64,
        TYPE_UINT128,
        TYPE_ARRAY,
        TYPE_CONTAINER,
        TYPE_END,
        TYPE_BOOLEAN,
        TYPE_FLOAT,
        N_TYPES,
} Type;

/* The bytes a payload of each type has at most. */
static const uint32_t max_sizes[N_TYPES] = {[TYPE_STRING] = UINT32_MAX,
                [TYPE_DOUBLE] = 8,
                [TYPE_BYTES] = UINT32_MAX,
                [TYPE_UINT16] = 2,
                [TYPE_UINT32] = 4,
                [TYPE_INT32] = 4,
                [TYPE_UINT64] = 8,
                [TYPE_UINT128] = 16,
                [TYPE_BOOLEAN] = 1,
                [TYPE_FLOAT] = 4};

/* Values that point to each other are relative to the beginning of their section. */
typedef struct Section {
        const uint8_t *data;
        size_t size;
        uint32_t n_left; /* values that may still be met */
        const char *wrong;
} Section;

typedef struct Head {
        Type type;
        uint32_t size; /* bytes, members or elements; of a pointer, where it points to */
        size_t offset; /* behind it */
} Head;

static bool fail(Section *s, const char *wrong) {
        s->wrong = wrong;
        return false;
}

/* N bytes at AT as a number. */
static bool take(Section *s, size_t *at, unsigned n, uint32_t *ret) {
        if (*at > s->size || s->size - *at < n)
                return fail(s, "a value goes beyond its section");
        *ret = 0;
        while (n--)
                *ret = *ret << 8 | s->data[(*at)++];
        return true;
}

static bool take_pointer(Section *s, uint32_t control, Head *head) {
        static const uint32_t bases[4] = {0, 2048, 526336, 0};
        unsigned n = (control >> 3 & 3) + 1;
        uint32_t low;

        if (!take(s, &head->offset, n, &low))
                return false;
        head->size = n == 4 ? low : ((control & 7) << 8 * n | low) + bases[n - 1];
        return true;
}

static bool take_head(Section *s, size_t offset, Head *head) {
        static const uint32_t bases[4] = {0, 29, 285, 65821};
        uint32_t control, more = 0;

        head->offset = offset;
        if (!take(s, &head->offset, 1, &control))
                return false;
        head->type = (Type)(control >> 5);
        if (head->type == TYPE_POINTER)
                return take_pointer(s, control, head);
        if (head->type == TYPE_EXTENDED) {
                if (!take(s, &head->offset, 1, &more))
                        return false;
                if (more == 0 || more + 7 >= N_TYPES)
                        return fail(s, "a value is of an unknown type");
                head->type = (Type)(more + 7);
        }
        head->size = control & 31;
        if (head->size < 29)
                return true;
        if (!take(s, &head->offset, head->size - 28, &more))
                return false;
        head->size = bases[head->size - 28] + more;
        return true;
}

static bool check(Section *s, size_t offset, unsigned depth, size_t *ret_end);

/* What HEAD points to, which is no pointer. */
static bool check_target(Section *s, const Head *pointer, unsigned depth) {
        Head head;
        size_t end;

        if (!take_head(s, pointer->size, &head))
                return false;
        if (head.type == TYPE_POINTER)
                return fail(s, "a pointer points to a pointer");
        return check(s, pointer->size, depth + 1, &end);
}

static bool check_key(Section *s, size_t offset) {
        Head head, target;

        if (!take_head(s, offset, &head))
                return false;
        if (head.type == TYPE_POINTER) {
                if (!take_head(s, head.size, &target))
                        return false;
                head = target;
        }
        return head.type == TYPE_STRING || fail(s, "the key of a map is no string");
}

/* The value at OFFSET; *ret_end is behind it. */
static bool check(Section *s, size_t offset, unsigned depth, size_t *ret_end) {
        bool is_map;
        Head head;

        if (depth > MAX_DEPTH)
                return fail(s, "values are nested too deep");
        if (s->n_left-- == 0)
                return fail(s, "a value is made of too many");
        if (!take_head(s, offset, &head))
                return false;
        *ret_end = head.offset;
        is_map = head.type == TYPE_MAP;
        if (head.type == TYPE_POINTER)
                return check_target(s, &head, depth);
        if (is_map || head.type == TYPE_ARRAY) {
                for (uint64_t i = 0; i < (uint64_t)head.size << is_map; i++)
                        if ((is_map && i % 2 == 0 && !check_key(s, *ret_end)) ||
                                        !check(s, *ret_end, depth + 1, ret_end))
                                return false;
                return true;
        }
        if (head.size > max_sizes[head.type])
                return fail(s, "a value is larger than its type");
        if (head.type == TYPE_BOOLEAN)
                return true;
        if ((head.type == TYPE_DOUBLE || head.type == TYPE_FLOAT) &&
                        head.size != max_sizes[head.type])
                return fail(s, "a value is smaller than its type");
        if (s->size - *ret_end < head.size)
                return fail(s, "a value goes beyond its section");
        *ret_end += head.size;
        return true;
}

const char *geo_check_value(const uint8_t *data, size_t n_data, uint32_t offset) {
        Section s = {.data = data, .size = n_data, .n_left = MAX_VALUES};
        size_t end;

        return check(&s, offset, 0, &end) ? NULL : s.wrong;
}

/* ---- the file ---- */

/* The number under KEY of the metadata, a map that was found sound; 0 where there is none. */
static uint64_t metadata_number(Section *s, Slice key) {
        size_t at, end;
        Head map, name, value;

        if (!take_head(s, 0, &map) || map.type != TYPE_MAP)
                return 0;
        at = map.offset;
        for (uint32_t i = 0; i < map.size; i++) {
                uint64_t number = 0;

                s->n_left = MAX_VALUES;
                if (!take_head(s, at, &name) || !check(s, at, 0, &at))
                        return 0;
                if (!take_head(s, at, &value) || !check(s, at, 0, &end))
                        return 0;
                at = end;
                if (name.type != TYPE_STRING ||
                                !slice_equal(slice(s->data + name.offset, name.size), key))
                        continue;
                for (uint32_t b = 0; b < value.size && value.size <= 8; b++)
                        number = number << 8 | s->data[value.offset + b];
                return value.type == TYPE_UINT16 || value.type == TYPE_UINT32 ? number : 0;
        }
        return 0;
}

/* Behind the last marker among the last bytes; NULL without one. */
static const uint8_t *find_metadata(const uint8_t *data, size_t size) {
        size_t n = size < MAX_METADATA ? size : MAX_METADATA;

        for (size_t i = MARKER_SIZE; i <= n; i++)
                if (memcmp(data + size - i, MARKER, MARKER_SIZE) == 0)
                        return data + size - i + MARKER_SIZE;
        return NULL;
}

static const char *check_content(const uint8_t *data, size_t size, size_t *ret_n_data) {
        const uint8_t *metadata = find_metadata(data, size);
        Section s = {.data = metadata, .n_left = MAX_VALUES};
        uint64_t n_nodes, record_size, version, n_tree, end_data;
        size_t end;

        if (!metadata)
                return "no MaxMind DB (or the end of it is missing)";
        s.size = (size_t)(data + size - metadata);
        end_data = (uint64_t)(metadata - data) - MARKER_SIZE;
        if (!check(&s, 0, 0, &end))
                return s.wrong;
        n_nodes = metadata_number(&s, SLICE_LITERAL("node_count"));
        record_size = metadata_number(&s, SLICE_LITERAL("record_size"));
        version = metadata_number(&s, SLICE_LITERAL("ip_version"));
        if (!n_nodes || !record_size || (version != 4 && version != 6))
                return "its metadata lack node_count, record_size or ip_version";
        if (record_size != 24 && record_size != 28 && record_size != 32)
                return "its record_size is none of 24, 28 and 32";
        n_tree = n_nodes * (record_size / 4);
        if (n_tree + SEPARATOR + 3 > end_data)
                return "its search tree goes beyond its end (is it cut?)";
        if (n_tree > UINT32_MAX - SEPARATOR || end_data > UINT32_MAX || size > UINT32_MAX)
                return "it is larger than 4 GB";
        *ret_n_data = end_data - n_tree - SEPARATOR;
        return NULL;
}

int geo_check_file(const char *path, size_t *ret_n_data, EnrichFault *fault) {
        int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;
        const char *wrong = "no MaxMind DB: an empty file";
        struct stat st;
        void *data;

        if (fd < 0 || fstat(fd, &st) < 0)
                r = -errno;
        else if (!S_ISREG(st.st_mode))
                r = S_ISDIR(st.st_mode) ? -EISDIR : -ESPIPE;
        if (r == 0 && st.st_size > 0) {
                data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
                r = data == MAP_FAILED ? -errno : 0;
                if (r == 0) {
                        wrong = check_content(data, (size_t)st.st_size, ret_n_data);
                        munmap(data, (size_t)st.st_size);
                }
        }
        if (fd >= 0)
                close(fd);
        if (r < 0)
                return enrich_fail(fault, r, "%s: %s", path, strerror(-r));
        return wrong ? enrich_fail(fault, ENRICH_MALFORMED, "%s: %s", path, wrong) : 0;
}
