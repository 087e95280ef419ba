/*
 * Reading the lineage of a sealed store: grants, identities and uses by binary search in their
 * indexes. An index holds numbers only; what it is ordered by stands under those numbers. Every
 * number is checked before it is given away, so that whoever asks may use it as an index.
 */
#include "store/image.h"

static uint32_t n_of(Store *store, unsigned section, size_t size) {
        return (uint32_t)(store->sections[section].size / size);
}

/* A number below N out of a section; 0 (and a fault) where it is none. */
static uint32_t number_at(Store *store, unsigned section, uint32_t place, uint32_t n) {
        uint32_t number = image_u32(store, section, place);

        if (number < n)
                return number;
        image_set_fault(store, section);
        return 0;
}

/*
 * The places of a section whose value, rising, is VALUE: two binary searches. Where nothing is
 * found, an empty range.
 */
typedef uint64_t (*ValueAt)(Store *store, unsigned index, uint32_t place);

static uint32_t lower_bound(Store *store, unsigned index, ValueAt value_at, uint32_t low,
                uint32_t high, uint64_t value) {
        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (value_at(store, index, middle) < value)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static StoreRange range_of(
                Store *store, unsigned index, ValueAt value_at, uint32_t n, uint64_t value) {
        StoreRange range = {0, 0};

        if (value == STORE_NONE)
                return range;
        range.first = lower_bound(store, index, value_at, 0, n, value);
        range.end = lower_bound(store, index, value_at, range.first, n, value + 1);
        return range;
}

/* ---- grants ---- */

uint32_t store_n_grants(Store *store) {
        return n_of(store, IMAGE_GRANTS, sizeof(StoreGrant));
}

StoreGrant store_grant(Store *store, uint32_t i) {
        const StoreGrant *p = image_at(store, IMAGE_GRANTS, (uint64_t)i * sizeof(*p), sizeof(*p));
        StoreGrant none = {.event = 0, .kind = EVENT_N_GRANT_KINDS};

        if (p && p->event < store_n_events(store) && p->kind < EVENT_N_GRANT_KINDS)
                return *p;
        image_set_fault(store, IMAGE_GRANTS);
        for (unsigned f = 0; f < EVENT_N_GRANT; f++)
                none.fields[f] = STORE_NONE;
        return none;
}

uint32_t store_grant_at(Store *store, StoreGrantIndex index, uint32_t place) {
        return number_at(store, IMAGE_GRANTS_BY + (unsigned)index, place, store_n_grants(store));
}

static uint64_t grant_value_at(Store *store, unsigned index, uint32_t place) {
        StoreGrant grant = store_grant(store, store_grant_at(store, (StoreGrantIndex)index, place));

        return grant.fields[image_grant_field((StoreGrantIndex)index)];
}

/* Of an identity: without a search. */
static StoreRange grants_of_identity(Store *store, uint32_t identity) {
        StoreRange range;

        if (identity >= store_n_identities(store))
                return (StoreRange){0, 0};
        range.first = identity ? image_u32(store, IMAGE_GRANT_ENDS, identity - 1) : 0;
        range.end = image_u32(store, IMAGE_GRANT_ENDS, identity);
        if (range.first <= range.end &&
                        range.end <= n_of(store, IMAGE_GRANTS_BY + STORE_GRANTS_BY_IDENTITY, 4))
                return range;
        image_set_fault(store, IMAGE_GRANT_ENDS);
        return (StoreRange){0, 0};
}

StoreRange store_grants_by(Store *store, StoreGrantIndex index, uint32_t value) {
        if (index == STORE_GRANTS_BY_IDENTITY)
                return grants_of_identity(store, value);
        return range_of(store, index, grant_value_at,
                        n_of(store, IMAGE_GRANTS_BY + (unsigned)index, 4), value);
}

static uint64_t grant_event_at(Store *store, unsigned index, uint32_t place) {
        return store_grant(store, store_grant_at(store, (StoreGrantIndex)index, place)).event;
}

StoreRange store_grants_since(
                Store *store, StoreGrantIndex index, StoreRange range, uint32_t event) {
        range.first = lower_bound(store, index, grant_event_at, range.first, range.end, event);
        return range;
}

static uint64_t taker_at(Store *store, unsigned index, uint32_t place) {
        StoreGrant grant = store_grant(store, store_grant_at(store, (StoreGrantIndex)index, place));
        uint32_t principal = store_dim_of(store, STORE_DIM_PRINCIPAL, grant.event);

        return image_taker(principal, grant.fields);
}

uint32_t store_first_taken(Store *store, uint32_t principal, uint32_t role) {
        uint32_t n = n_of(store, IMAGE_GRANTS_BY + STORE_GRANTS_BY_TAKER, 4);
        uint64_t value = (uint64_t)principal << 32 | role;
        uint32_t place = lower_bound(store, STORE_GRANTS_BY_TAKER, taker_at, 0, n, value);

        if (place >= n || taker_at(store, STORE_GRANTS_BY_TAKER, place) != value)
                return STORE_NONE;
        return store_grant_at(store, STORE_GRANTS_BY_TAKER, place);
}

/* ---- identities ---- */

uint32_t store_n_identities(Store *store) {
        return (uint32_t)store->meta.n_identities;
}

uint32_t store_identity_at(Store *store, StoreIdentityIndex index, uint32_t place) {
        return number_at(store, IMAGE_IDENTITIES_BY + (unsigned)index, place,
                        store_n_identities(store));
}

static uint64_t identity_value_at(Store *store, unsigned index, uint32_t place) {
        return store_field(store, STORE_IDENTITY,
                        store_identity_at(store, (StoreIdentityIndex)index, place),
                        image_identity_field((StoreIdentityIndex)index));
}

StoreRange store_identities_by(Store *store, StoreIdentityIndex index, uint32_t string) {
        return range_of(store, index, identity_value_at,
                        n_of(store, IMAGE_IDENTITIES_BY + (unsigned)index, 4), string);
}

static Slice session_at(Store *store, uint32_t place) {
        uint32_t identity = store_identity_at(store, STORE_IDENTITIES_BY_SESSION, place);

        return image_session_name(store_string(store,
                        store_field(store, STORE_IDENTITY, identity, EVENT_ID_PRINCIPAL_ID)));
}

StoreRange store_identities_by_session(Store *store, Slice name) {
        uint32_t n = n_of(store, IMAGE_IDENTITIES_BY + STORE_IDENTITIES_BY_SESSION, 4);
        StoreRange range = {0, 0};
        uint32_t bounds[2] = {0, 0};

        if (!name.size)
                return range;
        for (int upper = 0; upper < 2; upper++) {
                uint32_t low = bounds[0], high = n;

                while (low < high) {
                        uint32_t middle = low + (high - low) / 2;

                        if (slice_compare(session_at(store, middle), name) < upper)
                                low = middle + 1;
                        else
                                high = middle;
                }
                bounds[upper] = low;
        }
        return (StoreRange){bounds[0], bounds[1]};
}

/* ---- uses ---- */

static uint32_t n_uses(Store *store) {
        return n_of(store, IMAGE_USES, sizeof(StoreUse));
}

StoreRange store_uses(Store *store, uint32_t identity) {
        StoreRange range = {identity ? image_u32(store, IMAGE_USE_ENDS, identity - 1) : 0,
                        image_u32(store, IMAGE_USE_ENDS, identity)};

        if (range.first <= range.end && range.end <= n_uses(store))
                return range;
        image_set_fault(store, IMAGE_USE_ENDS);
        return (StoreRange){0, 0};
}

StoreUse store_use(Store *store, uint32_t i) {
        const StoreUse *p = image_at(store, IMAGE_USES, (uint64_t)i * sizeof(*p), sizeof(*p));

        if (p && p->identity < store_n_identities(store) && p->first <= p->last &&
                        p->last < store_n_events(store))
                return *p;
        image_set_fault(store, IMAGE_USES);
        return (StoreUse){.ip = STORE_NONE};
}

uint32_t store_use_at(Store *store, uint32_t place) {
        return number_at(store, IMAGE_USES_BY_IP, place, n_uses(store));
}

static uint64_t use_ip_at(Store *store, unsigned index, uint32_t place) {
        (void)index;
        return store_use(store, store_use_at(store, place)).ip;
}

StoreRange store_uses_by_ip(Store *store, uint32_t ip) {
        return range_of(store, 0, use_ip_at, n_of(store, IMAGE_USES_BY_IP, 4), ip);
}
