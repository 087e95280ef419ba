/*
 * Which block is an address in? Blocks are sorted by first address and size; as two blocks are
 * either apart or one inside the other, one pass over them with a stack (of at most 129 blocks
 * around each other) cuts the addresses into spans, each with the smallest block there. A look-up
 * is a binary search of the spans; larger blocks around are found by their parents.
 *
 * O(n log n) to seal, O(log n) to look up; 24 bytes for a block and up to 40 for its spans. Once
 * sealed it is only read.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>

#include "base/sort.h"
#include "enrich/private.h"

#define MAX_AROUND 129 /* prefixes of one address: 0 to 128 bits */

static uint64_t load(const unsigned char *bytes) {
        uint64_t value;

        memcpy(&value, bytes, sizeof(value));
        return be64toh(value);
}

static void numbers_of(const Address *address, uint64_t *ret_high, uint64_t *ret_low) {
        unsigned char bytes[16] = {0};

        memcpy(bytes, address->bytes, address->family == AF_INET ? 4 : 16);
        *ret_high = load(bytes);
        *ret_low = load(bytes + 8);
}

/* The bits behind the first N of 128. */
static void rest_of(unsigned n, uint64_t *ret_high, uint64_t *ret_low) {
        *ret_high = n >= 64 ? 0 : UINT64_MAX >> n;
        *ret_low = n >= 128 ? 0 : n <= 64 ? UINT64_MAX : UINT64_MAX >> (n - 64);
}

int nets_add(Nets *nets, const AddressBlock *block, uint32_t value) {
        NetFamily *f = &nets->families[block->address.family == AF_INET6];
        Net net = {.n_bits = block->n_bits, .value = value};
        uint64_t high, low;

        if (f->nets.size >= UINT32_MAX - 1)
                return -EOVERFLOW;
        if (vec_reserve(&f->nets, 1) < 0)
                return -ENOMEM;
        numbers_of(&block->address, &net.high, &net.low);
        rest_of(net.n_bits, &high, &low);
        net.high &= ~high;
        net.low &= ~low;
        f->nets.data[f->nets.size++] = net;
        return 0;
}

static int compare_bits(const void *ctx, const SortKey *x, const SortKey *y) {
        const Net *nets = ctx;
        unsigned a = nets[x->index].n_bits, b = nets[y->index].n_bits;

        return (a > b) - (a < b);
}

/* Stable, so that equal blocks stay in the order in which they were added. */
static int sort_nets(NetFamily *f) {
        SortOrder order = {compare_bits, f->nets.data};
        SortKey *keys = vec_alloc(f->nets.size, sizeof(*keys));
        Net *sorted = vec_alloc(f->nets.size, sizeof(*sorted));
        int r = keys && sorted ? 0 : -ENOMEM;

        for (size_t i = 0; i < f->nets.size && r == 0; i++)
                keys[i] = (SortKey){f->nets.data[i].high, f->nets.data[i].low, 0, (uint32_t)i};
        if (r == 0)
                r = sort_keys(keys, f->nets.size, &order, 1);
        for (size_t i = 0; i < f->nets.size && r == 0; i++)
                sorted[i] = f->nets.data[keys[i].index];
        if (r == 0 && f->nets.size)
                memcpy(f->nets.data, sorted, f->nets.size * sizeof(*sorted));
        free(keys);
        free(sorted);
        return r;
}

/* A span begins; one that would begin at the same address is of no length. There is room. */
static void begin_span(NetFamily *f, uint64_t high, uint64_t low, uint32_t group) {
        NetSpan *last = f->spans.size ? &f->spans.data[f->spans.size - 1] : NULL;

        if (!last || last->high != high || last->low != low)
                last = &f->spans.data[f->spans.size++];
        *last = (NetSpan){high, low, group};
}

/* The group at the top of the stack ends: what is around it goes on. */
static void end_group(NetFamily *f, uint32_t group) {
        const Net *net = &f->nets.data[f->groups.data[group].first];
        uint64_t high, low;

        rest_of(net->n_bits, &high, &low);
        high |= net->high;
        low |= net->low;
        if (++low == 0 && ++high == 0)
                return; /* it was the last address of all */
        begin_span(f, high, low, f->groups.data[group].parent);
}

static bool has_ended(const NetFamily *f, uint32_t group, const Net *before) {
        const Net *net = &f->nets.data[f->groups.data[group].first];
        uint64_t high, low;

        rest_of(net->n_bits, &high, &low);
        high |= net->high;
        low |= net->low;
        return high < before->high || (high == before->high && low < before->low);
}

static bool is_same(const Net *a, const Net *b) {
        return a->high == b->high && a->low == b->low && a->n_bits == b->n_bits;
}

static int seal_family(NetFamily *f) {
        uint32_t stack[MAX_AROUND];
        unsigned n_stack = 0;

        f->groups.size = f->spans.size = 0;
        if (f->nets.size == 0)
                return 0;
        if (sort_nets(f) < 0 || vec_reserve(&f->groups, f->nets.size) < 0 ||
                        vec_reserve(&f->spans, 2 * f->nets.size) < 0)
                return -ENOMEM;
        for (uint32_t i = 0; i < f->nets.size;) {
                const Net *net = &f->nets.data[i];
                NetGroup group = {.first = i, .end = i + 1, .parent = ENRICH_NONE};

                while (group.end < f->nets.size && is_same(net, &f->nets.data[group.end]))
                        group.end++;
                while (n_stack && has_ended(f, stack[n_stack - 1], net))
                        end_group(f, stack[--n_stack]);
                if (n_stack)
                        group.parent = stack[n_stack - 1];
                stack[n_stack++] = (uint32_t)f->groups.size;
                begin_span(f, net->high, net->low, (uint32_t)f->groups.size);
                f->groups.data[f->groups.size++] = group;
                i = group.end;
        }
        while (n_stack)
                end_group(f, stack[--n_stack]);
        return 0;
}

int nets_seal(Nets *nets) {
        int r = seal_family(&nets->families[0]);

        return r ? r : seal_family(&nets->families[1]);
}

uint32_t nets_find(const Nets *nets, const Address *address, const NetFamily **ret_family) {
        const NetFamily *f = &nets->families[address->family == AF_INET6];
        size_t from = 0, to = f->spans.size;
        uint64_t high, low;

        *ret_family = f;
        numbers_of(address, &high, &low);
        while (from < to) {
                size_t middle = from + (to - from) / 2;
                const NetSpan *span = &f->spans.data[middle];

                if (span->high < high || (span->high == high && span->low <= low))
                        from = middle + 1;
                else
                        to = middle;
        }
        return from ? f->spans.data[from - 1].group : ENRICH_NONE;
}

void nets_deinit(Nets *nets) {
        for (int i = 0; i < 2; i++) {
                vec_deinit(&nets->families[i].nets);
                vec_deinit(&nets->families[i].groups);
                vec_deinit(&nets->families[i].spans);
        }
}
