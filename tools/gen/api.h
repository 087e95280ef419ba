#ifndef GEN_API_H
#define GEN_API_H

#include <stddef.h>
#include <stdint.h>

#include "world.h"

enum {
        API_READ = 1,   /* readOnly */
        API_DATA = 2,   /* a data event: managementEvent false */
        API_LOUD = 4,   /* left out of a quiet corpus */
        API_GLOBAL = 8, /* recorded in us-east-1 only */
        API_VIA = 16,   /* mostly called through a service: invokedBy and its name as address */
};

/* One kind of call. The texts are JSON with the letters of template.c in them; NULL is null. */
typedef struct Api {
        const char *service;
        const char *name;
        uint32_t kinds; /* K_ bits: who calls it */
        uint16_t weight;
        uint8_t flags;
        const char *request;
        const char *response;
        const char *resources;
        const char *extra;       /* additionalEventData */
        const char *api_version; /* "apiVersion", or NULL */
} Api;

typedef struct ApiError {
        const char *service; /* NULL: any */
        const char *code;
        const char *message; /* template; NULL: none, the code stands alone */
        uint16_t weight;
} ApiError;

extern const Api api_table[];
extern const size_t n_api_table;
extern const ApiError api_errors[];
extern const size_t n_api_errors;

/* A call that this kind of caller makes; never NULL. */
const Api *api_pick(const World *w, Kind kind, bool global_region, Rng *r);
const ApiError *api_pick_error(const Api *api, Rng *r);

#endif
