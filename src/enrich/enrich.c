/*
 * The files together, and looking up. A value is looked up once by each EnrichLookup, however often
 * it is asked for: what was found is kept by its text, so a million rows cost as many look-ups as
 * they have distinct values, and a hash each.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "base/glob.h"
#include "enrich/private.h"

struct EnrichLookup {
        const Enrich *enrich;
        Intern texts[ENRICH_N_KINDS];
        VEC(EnrichFacts) facts[ENRICH_N_KINDS]; /* of each text */
        Arena arena;                            /* what they say */
        VEC(uint32_t) items;                    /* indicators of the value at hand */
};

int enrich_new(Enrich **ret_enrich) {
        *ret_enrich = vec_alloc_zero(1, sizeof(**ret_enrich));
        return *ret_enrich ? 0 : -ENOMEM;
}

Enrich *enrich_free(Enrich *enrich) {
        if (!enrich)
                return NULL;
        for (size_t i = 0; i < enrich->dbs.size; i++)
                geo_close(&enrich->dbs.data[i]);
        vec_deinit(&enrich->dbs);
        vec_deinit(&enrich->users);
        indicators_deinit(&enrich->indicators);
        aws_ranges_deinit(&enrich->ranges);
        arena_deinit(&enrich->arena);
        free(enrich);
        return NULL;
}

int enrich_add_geoip(Enrich *enrich, const char *path, EnrichFault *fault) {
        int r = vec_reserve(&enrich->dbs, 1);

        if (r)
                return enrich_fail(fault, r, "%s: %s", path, strerror(-r));
        r = geo_open(path, &enrich->dbs.data[enrich->dbs.size], fault);
        enrich->dbs.size += r == 0;
        return r;
}

bool enrich_has(const Enrich *enrich, EnrichField field) {
        switch (field) {
        case ENRICH_COUNTRY:
        case ENRICH_AS:
                return enrich->dbs.size;
        case ENRICH_AWS:
                return enrich->has_ranges;
        case ENRICH_INDICATOR:
                return enrich->has_indicators;
        default:
                return false;
        }
}

/* ---- looking up ---- */

int enrich_lookup_new(const Enrich *enrich, EnrichLookup **ret_lookup) {
        EnrichLookup *lookup = vec_alloc_zero(1, sizeof(*lookup));

        if (!lookup)
                return -ENOMEM;
        lookup->enrich = enrich;
        *ret_lookup = lookup;
        return 0;
}

EnrichLookup *enrich_lookup_free(EnrichLookup *lookup) {
        if (!lookup)
                return NULL;
        for (int kind = 0; kind < ENRICH_N_KINDS; kind++) {
                intern_deinit(&lookup->texts[kind]);
                vec_deinit(&lookup->facts[kind]);
        }
        vec_deinit(&lookup->items);
        arena_deinit(&lookup->arena);
        free(lookup);
        return NULL;
}

/* ITEM, and all that are of the same text. */
static int take_items(EnrichLookup *lookup, uint32_t item) {
        const Indicators *all = &lookup->enrich->indicators;

        for (; item != ENRICH_NONE; item = all->items.data[item].next) {
                if (vec_reserve(&lookup->items, 1) < 0)
                        return -ENOMEM;
                lookup->items.data[lookup->items.size++] = item;
        }
        return 0;
}

/* Of the smallest block first, then of those around it. */
static int match_address(EnrichLookup *lookup, const Address *address) {
        const NetFamily *f;
        uint32_t group = nets_find(&lookup->enrich->indicators.blocks, address, &f);
        int r = 0;

        for (; group != ENRICH_NONE && r == 0; group = f->groups.data[group].parent)
                for (uint32_t i = f->groups.data[group].first;
                                i < f->groups.data[group].end && r == 0; i++)
                        r = take_items(lookup, f->nets.data[i].value);
        return r;
}

/* The text itself first, then patterns, in the order of the file. */
static int match_text(EnrichLookup *lookup, EnrichKind kind, Slice text) {
        const IndicatorTexts *texts = &lookup->enrich->indicators.texts[kind];
        uint32_t id;
        int r = 0;

        if (intern_find(&texts->literals, text, &id))
                r = take_items(lookup, texts->items.data[id]);
        for (size_t i = 0; i < texts->globs.size && r == 0; i++)
                if (glob_match(texts->globs.data[i].pattern, text))
                        r = take_items(lookup, texts->globs.data[i].item);
        return r;
}

/* Labels of the items, each once. */
static int take_labels(EnrichLookup *lookup, EnrichFacts *facts) {
        const Indicator *all = lookup->enrich->indicators.items.data;
        Slice *labels;
        size_t n = 0;

        if (!lookup->items.size)
                return 0;
        labels = arena_alloc(&lookup->arena, lookup->items.size * sizeof(*labels), 8);
        if (!labels)
                return -ENOMEM;
        for (size_t i = 0; i < lookup->items.size; i++) {
                Slice label = all[lookup->items.data[i]].label;
                size_t k = 0;

                while (k < n && !slice_equal(labels[k], label))
                        k++;
                if (k == n)
                        labels[n++] = label;
        }
        facts->labels = labels;
        facts->n_labels = n;
        return 0;
}

/* Is it an address of IPv4 as IPv6 writes it (::ffff:203.0.113.7)? Then *address is that. */
static bool take_mapped(Address *address) {
        static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};

        if (address->family != AF_INET6 || memcmp(address->bytes, mapped, sizeof(mapped)) != 0)
                return false;
        memmove(address->bytes, address->bytes + sizeof(mapped), 4);
        address->family = AF_INET;
        return true;
}

static int find_address(EnrichLookup *lookup, Slice text, EnrichFacts *facts, EnrichFault *fault) {
        const Enrich *enrich = lookup->enrich;
        Address address, as_written;
        int r = 0;

        if (address_parse(text, &address))
                return 0; /* a service of AWS, by name */
        as_written = address;
        if (take_mapped(&address))
                r = match_address(lookup, &as_written);
        for (size_t i = 0; i < enrich->dbs.size && r == 0; i++)
                r = geo_lookup(&enrich->dbs.data[i], &address, &lookup->arena, facts, fault);
        if (r == 0 && enrich->has_ranges)
                r = aws_ranges_find(&enrich->ranges, &address, &lookup->arena,
                                &facts->texts[ENRICH_AWS]);
        return r ? r : match_address(lookup, &address);
}

static int find(EnrichLookup *lookup, EnrichKind kind, Slice text, EnrichFacts *facts,
                EnrichFault *fault) {
        int r;

        lookup->items.size = 0;
        r = kind == ENRICH_ADDRESS ? find_address(lookup, text, facts, fault)
                                   : match_text(lookup, kind, text);
        return r ? r : take_labels(lookup, facts);
}

int enrich_lookup(EnrichLookup *lookup, EnrichKind kind, Slice text, EnrichFacts *ret,
                EnrichFault *fault) {
        EnrichFacts facts = {0};
        bool is_new;
        uint32_t id;
        int r;

        *ret = facts;
        if (!text.data)
                return 0;
        if (intern_find(&lookup->texts[kind], text, &id)) {
                *ret = lookup->facts[kind].data[id];
                return 0;
        }
        r = find(lookup, kind, text, &facts, fault);
        if (r == 0)
                r = vec_reserve(&lookup->facts[kind], 1);
        if (r == 0)
                r = intern_add(&lookup->texts[kind], text, &id, &is_new);
        if (r < 0)
                return enrich_fail(fault, r, "%s", strerror(-r));
        if (r)
                return r;
        lookup->facts[kind].data[lookup->facts[kind].size++] = facts;
        *ret = facts;
        return 0;
}
