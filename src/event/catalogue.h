/*
 * The catalogue of API calls: what they are for, what they do, and to what. The table itself, with
 * what its words mean, is catalogue.def. Nothing here changes, so any thread may read it.
 */
#ifndef EVENT_CATALOGUE_H
#define EVENT_CATALOGUE_H

#include "base/slice.h"

typedef enum CatalogueCategory {
        CATALOGUE_NONE,
        CATALOGUE_RECONNAISSANCE,
        CATALOGUE_PERSISTENCE,
        CATALOGUE_PRIVILEGE,
        CATALOGUE_CREDENTIAL_ACCESS,
        CATALOGUE_DEFENCE_EVASION,
        CATALOGUE_LATERAL_MOVEMENT,
        CATALOGUE_EXECUTION,
        CATALOGUE_EXFILTRATION,
        CATALOGUE_DESTRUCTION,
        CATALOGUE_IMPACT,
        CATALOGUE_N_CATEGORIES,
} CatalogueCategory;

typedef enum CatalogueEffect {
        CATALOGUE_EFFECT_NONE,
        CATALOGUE_EFFECT_CREATE,
        CATALOGUE_EFFECT_CHANGE,
        CATALOGUE_EFFECT_DELETE,
        CATALOGUE_EFFECT_READ,
        CATALOGUE_EFFECT_USE,
        CATALOGUE_EFFECT_STOP,
        CATALOGUE_EFFECT_START,
        CATALOGUE_N_EFFECTS,
} CatalogueEffect;

typedef struct CatalogueCall {
        Slice service; /* without ".amazonaws.com" */
        Slice event;   /* may end in '*' */
        CatalogueCategory category;
        CatalogueEffect effect;
        const char *technique; /* of ATT&CK; "" for none */
        const char *kind;      /* of what it acts on; "" for none */
        const char *names;     /* where the record names that; "" for nowhere */
} CatalogueCall;

enum {
        CATALOGUE_N_CALLS = 0
#define CALL(service, event, category, technique, effect, kind, names) +1
#include "event/catalogue.def"
#undef CALL
};

/*
 * The line of EVENT of SERVICE, which may end in ".amazonaws.com"; NULL where there is none. A
 * line of its own comes before one with '*', and of those the longest. A binary search: whoever
 * asks for many events asks once for each distinct call.
 */
const CatalogueCall *catalogue_find(Slice service, Slice event);

/* Line I, in order of service, then event; NULL behind the last. */
const CatalogueCall *catalogue_at(size_t i);

/* An eventSource as it stands in a line: without ".amazonaws.com". */
Slice catalogue_service(Slice service);

/* "reconnaissance", "credential-access", "create", ...; "none". */
const char *catalogue_category_name(CatalogueCategory category);
const char *catalogue_effect_name(CatalogueEffect effect);

#endif
