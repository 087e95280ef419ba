#ifndef GEN_WORLD_H
#define GEN_WORLD_H

#include "plan.h"
#include "rng.h"

/* What acts: it decides which calls are made, from where and with which agent. */
typedef enum Kind {
        KIND_LAMBDA,
        KIND_EC2,
        KIND_ECS,
        KIND_IRSA,
        KIND_HUMAN,
        KIND_CI,
        KIND_AUDIT, /* another account's role */
        KIND_CONSOLE,
        KIND_SERVICE, /* userIdentity.type AWSService */
        KIND_ACCOUNT, /* userIdentity.type AWSAccount */
        N_KINDS,
} Kind;

enum {
        K_LAMBDA = 1 << KIND_LAMBDA,
        K_EC2 = 1 << KIND_EC2,
        K_ECS = 1 << KIND_ECS,
        K_IRSA = 1 << KIND_IRSA,
        K_HUMAN = 1 << KIND_HUMAN,
        K_CI = 1 << KIND_CI,
        K_AUDIT = 1 << KIND_AUDIT,
        K_CONSOLE = 1 << KIND_CONSOLE,
        K_SERVICE = 1 << KIND_SERVICE,
        K_ACCOUNT = 1 << KIND_ACCOUNT
};

/* A set of temporary credentials. Made by the event (stream, number), or, where `issued` is not
 * set, before the evidence begins. */
typedef struct Session {
        Kind kind;
        uint32_t account;
        uint32_t role; /* index among the account's roles of this kind; user index for CONSOLE */
        uint64_t id;   /* everything else follows from it */
        int64_t created;
        bool issued;
        bool mfa;
        bool paired; /* issued across accounts, and both copies are in the evidence */
        uint32_t pair_account;
        uint64_t pair_id;
} Session;

typedef struct World {
        Plan plan;
        uint64_t seed;
        uint32_t pool_scale; /* grows with the square root of N */
        uint32_t list_scale; /* length of lists in parameters, found by calibration */
        uint32_t lean_permille;
} World;

bool world_init(World *w, const Params *p);
void world_deinit(World *w);

/* Identifiers of account's n-th thing; the same n is the same thing everywhere. */
void world_account(const World *w, uint32_t account, Buf *b);
void world_org(const World *w, Buf *b);
void world_role(const World *w, uint32_t account, Kind kind, uint32_t n, Buf *b);
void world_role_path(Kind kind, Buf *b);
void world_role_id(const World *w, uint32_t account, Kind kind, uint32_t n, Buf *b);
void world_user(const World *w, uint32_t account, uint32_t n, Buf *b);
void world_user_id(const World *w, uint32_t account, uint32_t n, Buf *b);
void world_user_key(const World *w, uint32_t account, uint32_t n, Buf *b);
void world_words(uint64_t h, unsigned n, char between, Buf *b);
void world_person(uint64_t h, Buf *b);

uint32_t world_n_users(const World *w);
uint32_t world_n_roles(const World *w, Kind kind);
uint32_t world_pool(const World *w, uint32_t base, uint32_t per_scale);

/* The session that event (stream, number) issues; number must be an issuing one. */
void session_issued_by(const World *w, uint32_t stream, uint64_t number, Session *ret_session);
/* A session alive at an even time for a caller in this stream. */
void session_pick(const World *w, uint32_t stream, int64_t even, Rng *r, Session *ret_session);
void session_key(const Session *s, Buf *b);
void session_name(const World *w, const Session *s, Buf *b);
/* The address it calls from; `n` is mostly 0, other values another network. */
void session_ip(const World *w, const Session *s, uint32_t n, Buf *b);
const char *session_agent(const Session *s);

/* The other half of a call across accounts: see session.c. */
bool pair_mate(const World *w, uint32_t stream, uint64_t number, uint32_t *ret_stream,
                uint64_t *ret_number);
bool pair_is_outgoing(const World *w, uint32_t stream, uint64_t number);
uint32_t pair_target(const World *w, uint64_t number);

#endif
