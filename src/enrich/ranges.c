/*
 * The address ranges of AWS, from ip-ranges.json as AWS publishes it. A block is listed once for
 * each service that uses it, and once more for "AMAZON", which is all of them; what is told is the
 * services of the smallest block around an address, and AMAZON where there is no other.
 *
 * Sound JSON is asked for: a file that is cut would tell of some addresses that they are not AWS's.
 */
#include <errno.h>
#include <stdlib.h>

#include "enrich/private.h"
#include "json/json.h"

enum {
        PATH_IPV4,
        PATH_IPV6,
        PATH_REGION,
        PATH_SERVICE,
        N_PATHS,
};

static const char *const paths[N_PATHS] = {"ip_prefix", "ipv6_prefix", "region", "service"};
static const char *const lists[] = {"prefixes", "ipv6_prefixes"};

typedef struct Reading {
        AwsRanges *ranges;
        const char *path;
        EnrichFault *fault;
        uint64_t n_taken;
} Reading;

static int refuse(Reading *reading, uint64_t offset, Slice reason) {
        return enrich_fail(reading->fault, ENRICH_MALFORMED, "%s: at byte %llu: %.*s",
                        reading->path, (unsigned long long)offset, (int)reason.size, reason.data);
}

/* A text that is kept once. */
static int keep(AwsRanges *ranges, Slice text, Slice *ret) {
        uint32_t id;
        int r = intern_add(&ranges->names, text, &id, NULL);

        if (r == 0)
                *ret = ranges->names.strings.data[id];
        return r;
}

static int on_unit(void *userdata, const JsonUnit *unit) {
        Reading *reading = userdata;
        AwsRanges *ranges = reading->ranges;
        const JsonValue *prefix = &unit->values[unit->list == 0 ? PATH_IPV4 : PATH_IPV6];
        const JsonValue *region = &unit->values[PATH_REGION];
        const JsonValue *service = &unit->values[PATH_SERVICE];
        AddressBlock block;
        AwsRange range;
        int r;

        if (unit->place != JSON_LISTED)
                return 0;
        if (unit->type != JSON_OBJECT || prefix->type != JSON_STRING ||
                        region->type != JSON_STRING || service->type != JSON_STRING)
                return refuse(reading, unit->offset,
                                SLICE_LITERAL("a prefix without address, region or service"));
        if (address_parse_block(prefix->text, &block))
                return refuse(reading, unit->offset, SLICE_LITERAL("no block of addresses"));
        r = vec_reserve(&ranges->items, 1);
        if (r == 0)
                r = keep(ranges, service->text, &range.service);
        if (r == 0)
                r = keep(ranges, region->text, &range.region);
        if (r == 0)
                r = nets_add(&ranges->blocks, &block, (uint32_t)ranges->items.size);
        if (r)
                return r;
        ranges->items.data[ranges->items.size++] = range;
        reading->n_taken++;
        return 0;
}

static int on_fault(void *userdata, const JsonFault *fault) {
        return refuse(userdata, fault->offset, fault->reason);
}

static void on_list(void *userdata, unsigned list, uint64_t offset, Slice before) {
        (void)userdata, (void)list, (void)offset, (void)before;
}

static bool is_plausible(void *userdata, const JsonUnit *unit) {
        (void)userdata, (void)unit;
        return false;
}

static int feed(JsonReader *reader, Slice text) {
        int r = 0;

        while (text.size && r == 0) {
                char *buffer;
                size_t n;

                r = json_reader_space(reader, &buffer, &n);
                if (r)
                        return r;
                n = n < text.size ? n : text.size;
                memcpy(buffer, text.data, n);
                text = slice(text.data + n, text.size - n);
                r = json_reader_feed(reader, n);
        }
        return r;
}

static int parse(Reading *reading, Slice text) {
        JsonLimits limits = {.max_depth = 64, .max_record_bytes = 1 << 20};
        JsonSink sink = {reading, on_unit, on_fault, is_plausible, on_list};
        JsonPaths *compiled = NULL;
        JsonReader *reader = NULL;
        int r = json_paths_new(paths, N_PATHS, lists, 2, &compiled);

        if (r == 0)
                r = json_reader_new(compiled, paths, N_PATHS, &limits, &reader);
        if (r == 0)
                r = json_reader_begin(reader, &sink, false, (Slice){NULL, 0});
        if (r == 0)
                r = feed(reader, text);
        if (r == 0)
                r = json_reader_finish(reader);
        json_reader_free(reader);
        json_paths_free(compiled);
        return r;
}

int enrich_add_aws_ranges(Enrich *enrich, const char *path, EnrichFault *fault) {
        Reading reading = {.ranges = &enrich->ranges, .path = path, .fault = fault};
        EnrichText text = {0};
        int r = enrich_read(path, &text, fault);

        if (r) {
                vec_deinit(&text);
                return r;
        }
        r = parse(&reading, slice(text.data, text.size));
        if (r == 0 && !reading.n_taken)
                r = enrich_fail(fault, ENRICH_MALFORMED,
                                "%s: not the ip-ranges.json of AWS: no prefixes in it", path);
        if (r == 0)
                r = nets_seal(&enrich->ranges.blocks);
        if (r < 0)
                enrich_fail(fault, r, "%s: %s", path, strerror(-r));
        enrich->has_ranges = true;
        vec_deinit(&text);
        return r;
}

void aws_ranges_deinit(AwsRanges *ranges) {
        intern_deinit(&ranges->names);
        vec_deinit(&ranges->items);
        nets_deinit(&ranges->blocks);
}

/* ---- looking up ---- */

static int compare_names(const void *a, const void *b) {
        return slice_compare(*(const Slice *)a, *(const Slice *)b);
}

/* Its services, sorted, each once, and without AMAZON where there is another. */
static size_t services_of(
                const AwsRanges *ranges, const NetFamily *f, const NetGroup *group, Slice *names) {
        size_t n = 0, n_kept = 0;

        for (uint32_t i = group->first; i < group->end; i++)
                names[n++] = ranges->items.data[f->nets.data[i].value].service;
        qsort(names, n, sizeof(*names), compare_names);
        for (size_t i = 0; i < n; i++)
                if ((i == 0 || !slice_equal(names[i], names[i - 1])) &&
                                (!slice_equal(names[i], SLICE_LITERAL("AMAZON")) ||
                                                slice_equal(names[0], names[n - 1])))
                        names[n_kept++] = names[i];
        return n_kept;
}

int aws_ranges_find(const AwsRanges *ranges, const Address *address, Arena *arena, Slice *ret) {
        const NetFamily *f;
        uint32_t found = nets_find(&ranges->blocks, address, &f);
        Slice *names, region;
        size_t n, size = 0;
        char *text;

        if (found == ENRICH_NONE)
                return 0;
        names = vec_alloc(f->groups.data[found].end - f->groups.data[found].first, sizeof(*names));
        if (!names)
                return -ENOMEM;
        n = services_of(ranges, f, &f->groups.data[found], names);
        region = ranges->items.data[f->nets.data[f->groups.data[found].first].value].region;
        for (size_t i = 0; i < n; i++)
                size += names[i].size + 1;
        text = arena_alloc(arena, size + region.size, 1);
        if (text)
                *ret = slice(text, size + region.size);
        for (size_t i = 0; i < n && text; i++) {
                if (names[i].size)
                        memcpy(text, names[i].data, names[i].size);
                text[names[i].size] = i + 1 < n ? '/' : ' ';
                text += names[i].size + 1;
        }
        if (text && region.size)
                memcpy(text, region.data, region.size);
        free(names);
        return text ? 0 : -ENOMEM;
}
