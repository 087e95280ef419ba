/* The organisation that the evidence is about: accounts, roles, users and their names.
 *
 * Nothing is stored. A thing is a number, and its name, id and key are hashes of (seed, what,
 * account, number), so that millions of events agree about ten thousand things without a table.
 * How many things there are grows with the square root of the number of events; which one an event
 * touches is drawn by a power law. Immutable, shared by all threads. */
#include "world.h"

#include <string.h>

enum { TAG_ACCOUNT = 100, TAG_ORG, TAG_ROLE, TAG_ROLE_ID, TAG_USER, TAG_USER_ID, TAG_USER_KEY };

static const char *const words[] = {"payments", "orders", "ledger", "search", "catalog", "invoice",
                "billing", "auth", "gateway", "image", "resize", "report", "export", "ingest",
                "metrics", "events", "stream", "batch", "nightly", "archive", "frontend", "backend",
                "api", "worker", "queue", "cache", "session", "profile", "mailer", "notify",
                "webhook", "audit", "backup", "restore", "sync", "loader", "parser", "scraper",
                "router", "proxy", "shipping", "returns", "pricing", "basket", "checkout", "fraud",
                "risk", "kyc", "loyalty", "promo", "tracking", "fleet", "telemetry", "sensor",
                "video", "encoder", "thumbnail", "content", "editor", "review", "ranking",
                "feature", "training", "inference"};
static const char *const stages[] = {"prod", "prod", "prod", "staging", "dev", "preview", "shared"};
static const char *const people[] = {"alice", "bob", "carol", "dmitri", "erin", "farid", "grace",
                "hanna", "ivan", "jonas", "keiko", "lars", "maria", "nikhil", "olga", "pedro",
                "quentin", "rosa", "samir", "tove", "uma", "viktor", "wei", "ximena", "yusuf",
                "zo\xc3\xab", "j\xc3\xbcrgen", "bj\xc3\xb6rn"};
static const char *const surnames[] = {"meier", "rossi", "novak", "tanaka", "okafor", "silva",
                "lindqvist", "dubois", "kowalski", "patel", "schmidt", "garcia", "jensen", "murphy",
                "haddad", "popescu"};

#define PICK(array, h) ((array)[rng_scale((h), sizeof(array) / sizeof *(array))])

bool world_init(World *w, const Params *p) {
        *w = (World){.seed = p->seed};
        if (!plan_init(&w->plan, p))
                return false;
        w->pool_scale = rng_sqrt(p->n_events / (w->plan.n_accounts ? w->plan.n_accounts : 1));
        return true;
}

void world_deinit(World *w) {
        plan_deinit(&w->plan);
}

uint32_t world_pool(const World *w, uint32_t base, uint32_t per_scale) {
        return base + w->pool_scale / per_scale;
}

uint32_t world_n_users(const World *w) {
        return world_pool(w, 8, 12);
}

uint32_t world_n_roles(const World *w, Kind kind) {
        static const uint8_t base[N_KINDS] = {12, 4, 5, 8, 6, 5, 3, 8, 1, 1};

        return world_pool(w, base[kind], 8);
}

void world_account(const World *w, uint32_t account, Buf *b) {
        uint64_t h = rng_hash(w->seed, TAG_ACCOUNT, account, 0);

        if (w->plan.p.account_ids)
                buf_str(b, w->plan.p.account_ids[account]);
        else
                buf_dec(b, h % 899999999999u + 100000000000u, 12);
}

void world_org(const World *w, Buf *b) {
        buf_str(b, "o-");
        for (unsigned i = 0; i < 10; i++)
                buf_char(b, "abcdefghijklmnopqrstuvwxyz0123456789"[rng_hash(w->seed, TAG_ORG, i,
                                                                                   0) %
                                                                   36]);
}

void world_words(uint64_t h, unsigned n, char between, Buf *b) {
        for (unsigned i = 0; i < n; i++) {
                if (i)
                        buf_char(b, between);
                h = rng_mix(h);
                buf_str(b, PICK(words, h));
        }
}

void world_person(uint64_t h, Buf *b) {
        buf_str(b, PICK(people, h));
        buf_char(b, '.');
        buf_str(b, PICK(surnames, rng_mix(h)));
}

void world_role(const World *w, uint32_t account, Kind kind, uint32_t n, Buf *b) {
        uint64_t h = rng_hash(w->seed, TAG_ROLE + ((uint64_t)kind << 32), account, n);
        static const char *const sso[] = {"AdministratorAccess", "ReadOnlyAccess",
                        "PowerUserAccess", "DeveloperAccess", "BillingView", "SecurityAudit"};
        static const char *const audit[] = {
                        "OrganizationAccountAccessRole", "security-audit", "cost-reporting"};

        if (kind == KIND_HUMAN) {
                buf_fmt(b, "AWSReservedSSO_%s_", sso[n % 6]);
                buf_hex(b, h, 16);
                return;
        }
        if (kind == KIND_AUDIT && n < 3) {
                buf_str(b, audit[n]);
                return;
        }
        if (kind == KIND_ECS)
                buf_str(b, "ecsTaskRole-");
        else if (kind == KIND_CI)
                buf_str(b, "github-deploy-");
        else if (kind != KIND_LAMBDA)
                buf_fmt(b, "%s-", PICK(stages, h));
        world_words(h, 2, '-', b);
        if (n > 30)
                buf_fmt(b, "-%u", n);
        if (kind == KIND_LAMBDA)
                buf_str(b, "-lambda-role");
        else if (kind == KIND_EC2)
                buf_str(b, "-node-instance-role");
        else if (kind == KIND_IRSA)
                buf_str(b, "-irsa");
}

void world_role_path(Kind kind, Buf *b) {
        if (kind == KIND_HUMAN)
                buf_str(b, "aws-reserved/sso.amazonaws.com/eu-west-1/");
}

void world_role_id(const World *w, uint32_t account, Kind kind, uint32_t n, Buf *b) {
        id_base32(b, "AROA", rng_hash(w->seed, TAG_ROLE_ID + ((uint64_t)kind << 32), account, n),
                        17);
}

void world_user(const World *w, uint32_t account, uint32_t n, Buf *b) {
        uint64_t h = rng_hash(w->seed, TAG_USER, account, n);

        if (n % 3 == 0) {
                buf_str(b, "svc-");
                world_words(h, 2, '-', b);
        } else {
                buf_str(b, PICK(people, h));
        }
        if (n > 12)
                buf_fmt(b, "%u", n);
}

void world_user_id(const World *w, uint32_t account, uint32_t n, Buf *b) {
        id_base32(b, "AIDA", rng_hash(w->seed, TAG_USER_ID, account, n), 17);
}

void world_user_key(const World *w, uint32_t account, uint32_t n, Buf *b) {
        id_base32(b, "AKIA", rng_hash(w->seed, TAG_USER_KEY, account, n), 16);
}
