/*
 * The catalogue: catalogue.def as a table, sorted by service, then event, and searched by halves. A
 * line with '*' stands before all that it matches, and the longest of several stands last, so it is
 * met first on the way back from where the event would stand. Constant; some 11 comparisons.
 */
#include "event/catalogue.h"

static const CatalogueCall calls[CATALOGUE_N_CALLS] = {
#define CALL(service, event, category, technique, effect, kind, names)                             \
        {SLICE_INIT(service), SLICE_INIT(event), CATALOGUE_##category, CATALOGUE_EFFECT_##effect,  \
                        technique, kind, names},
#include "event/catalogue.def"
#undef CALL
};

Slice catalogue_service(Slice service) {
        static const Slice domain = SLICE_INIT(".amazonaws.com");

        if (service.size >= domain.size &&
                        slice_equal(domain, slice(service.data + service.size - domain.size,
                                                            domain.size)))
                service.size -= domain.size;
        return service;
}

static int compare(const CatalogueCall *call, Slice service, Slice event) {
        int r = slice_compare(call->service, service);

        return r ? r : slice_compare(call->event, event);
}

static bool is_match(const CatalogueCall *call, Slice event) {
        size_t size = call->event.size - 1;

        return call->event.data[size] == '*' && event.size > size &&
               memcmp(call->event.data, event.data, size) == 0;
}

const CatalogueCall *catalogue_find(Slice service, Slice event) {
        size_t from = 0, to = CATALOGUE_N_CALLS;

        if (!service.size || !event.size)
                return NULL;
        service = catalogue_service(service);
        while (from < to) {
                size_t middle = from + (to - from) / 2;
                int r = compare(&calls[middle], service, event);

                if (r == 0)
                        return &calls[middle];
                if (r < 0)
                        from = middle + 1;
                else
                        to = middle;
        }
        while (from-- && slice_equal(calls[from].service, service)) {
                if (is_match(&calls[from], event))
                        return &calls[from];
        }
        return NULL;
}

const CatalogueCall *catalogue_at(size_t i) {
        return i < CATALOGUE_N_CALLS ? &calls[i] : NULL;
}

const char *catalogue_category_name(CatalogueCategory category) {
        static const char *const names[CATALOGUE_N_CATEGORIES] = {"none", "reconnaissance",
                        "persistence", "privilege", "credential-access", "defence-evasion",
                        "lateral-movement", "execution", "exfiltration", "destruction", "impact"};

        return (unsigned)category < CATALOGUE_N_CATEGORIES ? names[category] : names[0];
}

const char *catalogue_effect_name(CatalogueEffect effect) {
        static const char *const names[CATALOGUE_N_EFFECTS] = {
                        "none", "create", "change", "delete", "read", "use", "stop", "start"};

        return (unsigned)effect < CATALOGUE_N_EFFECTS ? names[effect] : names[0];
}
