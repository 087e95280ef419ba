/*
 * Things by keys. A key is a few numbers under a number: (kind, account, region, name, whose it is)
 * finds the newest thing of just that; without the last, all of that name; and of an owner (its
 * kind, account, region, name) all that is of it. heads[] has the newest thing of a key, and each
 * thing the one before it. So an effect costs a look-up or three, and the end of an owner what was
 * of it. A thing that has ended keeps its place; the next of its name is another.
 *
 * Whether a call makes a thing or writes over what is there, its name says: Create and Run make but
 * for a few, Put, Attach, Authorize and the like may find it there. Threads: none of their own.
 */
#include "query/standing.h"

#include <errno.h>
#include <stdlib.h>

#include "base/time.h"
#include "event/catalogue.h"

/* Credentials of GetSessionToken and GetFederationToken last 36 hours at most. */
#define LONGEST_SESSION (36 * 3600 * TIME_SECOND)

/*
 * What ends with another thing, and is of it by its own name or by what it says it is of. The names
 * of some are theirs alone, whoever they are of.
 */
typedef struct Owned {
        const char *kind, *owner;
        bool by_name, is_unique;
} Owned;

static const Owned owned[] = {
                {"key", "user", false, true},
                {"temporary-credentials", "user", false, true},
                {"login-profile", "user", true, false},
                {"user-policy", "user", false, false},
                {"user-boundary", "user", true, false},
                {"user-mfa", "user", false, false},
                {"membership", "user", false, false},
                {"service-credential", "user", false, true},
                {"ssh-key", "user", false, true},
                {"signing-certificate", "user", false, true},
                {"group-policy", "group", false, false},
                {"role-policy", "role", false, false},
                {"role-boundary", "role", true, false},
                {"trust", "role", true, false},
                {"instance-profile-role", "instance-profile", false, false},
                {"function-permission", "function", false, false},
                {"function-url", "function", true, false},
                {"opening", "security-group", false, false},
                {"egress-opening", "security-group", false, false},
                {"network-acl-entry", "network-acl", false, false},
                {"route", "route-table", false, false},
                {"instance-role", "instance", false, false},
                {"volume-attachment", "instance", false, false},
                {"network-interface-attachment", "instance", false, false},
                {"snapshot-share", "snapshot", true, false},
                {"image-share", "image", true, false},
                {"database-snapshot-share", "database-snapshot", true, false},
                {"database-cluster-snapshot-share", "database-cluster-snapshot", true, false},
                {"bucket-policy", "bucket", true, false},
                {"bucket-acl", "bucket", true, false},
                {"bucket-public-block", "bucket", true, false},
                {"bucket-replication", "bucket", true, false},
                {"bucket-lifecycle", "bucket", true, false},
                {"bucket-website", "bucket", true, false},
                {"bucket-cors", "bucket", true, false},
                {"bucket-encryption", "bucket", true, false},
                {"bucket-versioning", "bucket", true, false},
                {"bucket-notification", "bucket", true, false},
                {"bucket-logging", "bucket", true, false},
                {"bucket-inventory", "bucket", true, false},
                {"bucket-lock", "bucket", true, false},
                {"bucket-ownership", "bucket", true, false},
                {"secret-policy", "secret", true, false},
                {"subscription", "topic", false, true},
                {"kms-grant", "kms-key", false, true},
};

/* An effect on a thing, and where. */
typedef struct Fact {
        CatalogueEffect effect;
        bool is_new; /* of CREATE: it was not there before */
        const char *kind;
        uint32_t name, of, account, region; /* strings; region: of the key, absent where global */
        uint32_t shown_region;
        uint32_t event;
        int64_t time; /* its */
        bool is_ours;
} Fact;

typedef enum KeyKind {
        KEY_THING,
        KEY_NAME,
        KEY_OWNER,
} KeyKind;

void standing_deinit(Standing *s) {
        intern_deinit(&s->keys);
        vec_deinit(&s->heads);
        vec_deinit(&s->things);
}

const char *standing_state_name(StandingState state) {
        static const char *const names[] = {
                        "standing", "changed", "inactive", "deleted", "expired", "replaced"};

        return names[state];
}

static const Owned *find_owned(const char *kind) {
        for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
                if (strcmp(owned[i].kind, kind) == 0)
                        return &owned[i];
        }
        return NULL;
}

const char *standing_owner_kind(const char *kind) {
        const Owned *of = find_owned(kind);

        return of ? of->owner : NULL;
}

/* ---- keys ---- */

static int number(Standing *s, Slice text, uint32_t *ret) {
        int r = intern_add(&s->keys, text, ret, NULL);

        while (r == 0 && s->heads.size < intern_size(&s->keys)) {
                r = vec_reserve(&s->heads, 1);
                if (r == 0)
                        s->heads.data[s->heads.size++] = 0;
        }
        return r;
}

/* The head under a key of FACT's place; it does not move before the next key is asked for. */
static int head_of(Standing *s, const Fact *fact, KeyKind key_kind, const char *kind, uint32_t name,
                uint32_t of, uint32_t **ret_head) {
        struct {
                uint32_t key, kind, account, region, name, of;
        } key = {(uint32_t)key_kind, 0, fact->account, fact->region, name, of};
        uint32_t i;
        int r = number(s, slice_cstr(kind), &key.kind);

        if (r == 0)
                r = number(s, slice(&key, sizeof(key)), &i);
        if (r == 0)
                *ret_head = &s->heads.data[i];
        return r;
}

/* Whose it is, where that is part of what it is. */
static uint32_t key_of(const Fact *fact) {
        const Owned *of = find_owned(fact->kind);

        return of && of->is_unique ? STORE_NONE : fact->of;
}

/* ---- things ---- */

static bool has_ended(const StandingThing *thing) {
        return thing->state == STANDING_DELETED || thing->state == STANDING_REPLACED;
}

/* Who is told of: the first of those that were asked about, else the first. */
static void note_actor(StandingThing *thing, const Fact *fact) {
        if (fact->is_ours && !thing->is_ours) {
                thing->is_ours = true;
                thing->actor = fact->event;
        }
}

/* A thing of which nothing is known but that FACT acted on it. */
static int add_thing(Standing *s, const Fact *fact, StandingThing **ret_thing) {
        StandingThing thing = {
                        .kind = fact->kind,
                        .name = fact->name,
                        .of = fact->of,
                        .account = fact->account,
                        .region = fact->shown_region,
                        .actor = fact->event,
                        .acted = fact->time,
                        .made = STORE_NONE,
                        .changed = STORE_NONE,
                        .ended = STORE_NONE,
        };
        const Owned *of = find_owned(fact->kind);
        uint32_t i = (uint32_t)s->things.size + 1, *head = NULL;
        int r = vec_reserve(&s->things, 1);

        if (s->things.size >= UINT32_MAX - 1)
                r = -EOVERFLOW;
        if (r == 0)
                r = head_of(s, fact, KEY_THING, fact->kind, fact->name, key_of(fact), &head);
        if (r == 0) {
                *head = i;
                r = head_of(s, fact, KEY_NAME, fact->kind, fact->name, STORE_NONE, &head);
        }
        if (r == 0) {
                thing.next = *head;
                *head = i;
                if (of)
                        r = head_of(s, fact, KEY_OWNER, of->owner,
                                        of->by_name ? thing.name : thing.of, STORE_NONE, &head);
        }
        if (r < 0)
                return r;
        if (of) {
                thing.next_of = *head;
                *head = i;
        }
        s->things.data[s->things.size++] = thing;
        *ret_thing = &s->things.data[i - 1];
        return 0;
}

/* The newest thing that FACT may act on, ended or not; NULL if there was none. */
static int find_newest(Standing *s, const Fact *fact, StandingThing **ret_thing) {
        uint32_t of = key_of(fact), *head;
        int r = head_of(s, fact, KEY_THING, fact->kind, fact->name, of, &head);

        *ret_thing = NULL;
        if (r == 0 && !*head && of != STORE_NONE) /* who made it did not say whose it is */
                r = head_of(s, fact, KEY_THING, fact->kind, fact->name, STORE_NONE, &head);
        if (r == 0 && *head)
                *ret_thing = &s->things.data[*head - 1];
        return r;
}

/* The thing that FACT acts on, if it stands; else NULL. */
static int find_thing(Standing *s, const Fact *fact, StandingThing **ret_thing) {
        int r = find_newest(s, fact, ret_thing);

        if (*ret_thing && has_ended(*ret_thing))
                *ret_thing = NULL;
        return r;
}

static void end_thing(StandingThing *thing, const Fact *fact, StandingState state) {
        if (has_ended(thing))
                return;
        thing->state = state;
        thing->ended = fact->event;
        thing->ended_at = fact->time;
}

/*
 * What is of the thing of KIND and NAME ends with it; and what is of that. Only what still stands
 * is left under its key, so names that are made and deleted again and again cost no more.
 */
static int end_things_of(Standing *s, const Fact *fact, StandingState state, const char *kind,
                uint32_t name) {
        uint32_t *head, kept = 0, next;
        int r = name == STORE_NONE ? 0 : head_of(s, fact, KEY_OWNER, kind, name, STORE_NONE, &head);

        if (r < 0 || name == STORE_NONE || !*head)
                return r;
        next = *head;
        *head = 0;
        for (uint32_t i = next; i && r == 0; i = next) {
                StandingThing *thing = &s->things.data[i - 1];

                next = thing->next_of;
                if (has_ended(thing))
                        continue;
                if (state == STANDING_REPLACED && thing->acted == fact->time) {
                        thing->next_of = kept;
                        kept = i;
                        continue;
                }
                end_thing(thing, fact, state);
                r = end_things_of(s, fact, state, thing->kind, thing->name);
        }
        if (kept && r == 0)
                r = head_of(s, fact, KEY_OWNER, kind, name, STORE_NONE, &head);
        if (kept && r == 0)
                *head = kept;
        return r;
}

/* ---- facts ---- */

/* Was THING acted on at the time at which FACT makes it? Of one time no order is known. */
static bool is_before(const StandingThing *thing, const Fact *fact) {
        return thing->made == STORE_NONE && thing->acted == fact->time;
}

/* NAME is given anew: what had it has ended, with what was of it, and nobody saw how. */
static int replace(Standing *s, const Fact *fact, StandingThing *thing, uint32_t name) {
        if (thing && !is_before(thing, fact))
                end_thing(thing, fact, STANDING_REPLACED);
        return end_things_of(s, fact, STANDING_REPLACED, fact->kind, name);
}

static int make(Standing *s, const Fact *fact, StandingThing *thing) {
        bool is_there = thing && is_before(thing, fact);
        int r = fact->is_new ? replace(s, fact, thing, fact->name) : 0;

        if (r == 0 && !is_there)
                r = add_thing(s, fact, &thing);
        if (r < 0)
                return r;
        thing->made = fact->event;
        if (is_there && thing->state == STANDING_CHANGED)
                thing->state = STANDING;
        note_actor(thing, fact);
        return 0;
}

static int change(Standing *s, const Fact *fact, StandingThing *thing) {
        int r = thing ? 0 : add_thing(s, fact, &thing);

        if (r < 0)
                return r;
        thing->changed = fact->event;
        thing->acted = fact->time;
        thing->n_changes++;
        note_actor(thing, fact);
        if (fact->effect == CATALOGUE_EFFECT_STOP)
                thing->state = STANDING_INACTIVE;
        else if (thing->state != STANDING_INACTIVE || fact->effect == CATALOGUE_EFFECT_START)
                thing->state = thing->made == STORE_NONE ? STANDING_CHANGED : STANDING;
        return 0;
}

/* Without whose it is, all of that name end: a share that is taken back from everyone. */
static int end(Standing *s, const Fact *fact, StandingThing *thing) {
        uint32_t *head, i;
        bool is_any = thing != NULL;
        int r = 0;

        if (thing) {
                end_thing(thing, fact, STANDING_DELETED);
                note_actor(thing, fact);
        } else if (fact->of == STORE_NONE) {
                r = head_of(s, fact, KEY_NAME, fact->kind, fact->name, STORE_NONE, &head);
                i = r == 0 ? *head : 0;
                if (i)
                        *head = 0;
                for (; i; i = s->things.data[i - 1].next) {
                        if (has_ended(&s->things.data[i - 1]))
                                continue;
                        is_any = true;
                        end_thing(&s->things.data[i - 1], fact, STANDING_DELETED);
                        note_actor(&s->things.data[i - 1], fact);
                }
        }
        if (r == 0 && !is_any) {
                r = find_newest(s, fact, &thing);
                /* with its owner, in the same moment; else it was there before the evidence */
                if (r == 0 && !(thing && thing->state == STANDING_DELETED &&
                                              thing->ended_at == fact->time))
                        r = add_thing(s, fact, &thing);
                if (r == 0) {
                        end_thing(thing, fact, STANDING_DELETED);
                        note_actor(thing, fact);
                }
        }
        return r < 0 ? r : end_things_of(s, fact, STANDING_DELETED, fact->kind, fact->name);
}

/* Of users and groups the catalogue has the new name where whose it is would stand. */
static bool is_renaming(const Fact *fact) {
        return fact->effect == CATALOGUE_EFFECT_CHANGE && fact->of != STORE_NONE &&
               (strcmp(fact->kind, "user") == 0 || strcmp(fact->kind, "group") == 0);
}

/* What was known under one key is known under another. */
static int move(Standing *s, const Fact *fact, KeyKind key_kind, uint32_t to) {
        uint32_t *head, value;
        int r = head_of(s, fact, key_kind, fact->kind, fact->name, STORE_NONE, &head);

        if (r < 0)
                return r;
        value = *head;
        *head = 0;
        r = head_of(s, fact, key_kind, fact->kind, to, STORE_NONE, &head);
        if (r == 0)
                *head = value;
        return r;
}

/* What is of a thing that was FROM and is TO is found under the new name. */
static int move_things_of(Standing *s, const Fact *fact, uint32_t from, uint32_t to) {
        uint32_t *head, i;
        int r = head_of(s, fact, KEY_OWNER, fact->kind, to, STORE_NONE, &head);

        for (i = r == 0 ? *head : 0; i && r == 0; i = s->things.data[i - 1].next_of) {
                const StandingThing *thing = &s->things.data[i - 1];
                const Owned *of = find_owned(thing->kind);
                Fact owned_fact = *fact;

                if (has_ended(thing) || of->is_unique)
                        continue;
                owned_fact.kind = thing->kind;
                owned_fact.name = from;
                if (of->by_name) {
                        r = move(s, &owned_fact, KEY_THING, to);
                        if (r == 0)
                                r = move(s, &owned_fact, KEY_NAME, to);
                        continue;
                }
                r = head_of(s, fact, KEY_THING, thing->kind, thing->name, from, &head);
                if (r == 0 && *head == i)
                        *head = 0;
                if (r == 0)
                        r = head_of(s, fact, KEY_THING, thing->kind, thing->name, to, &head);
                if (r == 0)
                        *head = i;
        }
        return r;
}

static int rename_thing(Standing *s, Fact *fact) {
        uint32_t from = fact->name, to = fact->of;
        StandingThing *thing;
        int r;

        fact->of = STORE_NONE;
        if (from == to)
                return 0;
        fact->name = to;
        r = find_thing(s, fact, &thing);
        if (r == 0)
                r = replace(s, fact, thing, to);
        fact->name = from;
        if (r == 0)
                r = find_thing(s, fact, &thing);
        if (r == 0)
                r = change(s, fact, thing);
        if (r == 0) {
                r = find_thing(s, fact, &thing);
                if (thing)
                        thing->of = to;
        }
        for (KeyKind kind = KEY_THING; kind <= KEY_OWNER && r == 0; kind++)
                r = move(s, fact, kind, to);
        return r == 0 ? move_things_of(s, fact, from, to) : r;
}

static int add(Standing *s, Fact *fact) {
        StandingThing *thing;
        int r = 0;

        if (is_renaming(fact))
                return rename_thing(s, fact);
        r = find_thing(s, fact, &thing);
        if (r < 0)
                return r;
        switch (fact->effect) {
        case CATALOGUE_EFFECT_CREATE:
                return thing && !fact->is_new ? change(s, fact, thing) : make(s, fact, thing);
        case CATALOGUE_EFFECT_CHANGE:
        case CATALOGUE_EFFECT_STOP:
        case CATALOGUE_EFFECT_START:
                return change(s, fact, thing);
        case CATALOGUE_EFFECT_DELETE:
                return end(s, fact, thing);
        default:
                return 0;
        }
}

/* ---- the store ---- */

/* What calls of a tuple do; CALL is NULL where that is nothing that stands. */
typedef struct Known {
        const CatalogueCall *call;
        bool is_new, is_global, has_region;
} Known;

typedef struct Collect {
        Store *store;
        Standing *standing;
        const StandingQuestion *question;
        Known *calls;
        size_t n_calls;
        uint32_t success; /* string */
        uint32_t grant;   /* the next that was not looked at */
        uint32_t n_grants;
} Collect;

static bool is_one_of(Slice text, const char *const *names, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (slice_equal(text, slice_cstr(names[i])))
                        return true;
        }
        return false;
}

/* Calls that make what they name, or find it there and say that all is well. */
static bool may_find(const CatalogueCall *call) {
        static const struct {
                Slice service, event;
        } calls[] = {
                        {SLICE_INIT("ecs"), SLICE_INIT("CreateCluster")},
                        {SLICE_INIT("s3"), SLICE_INIT("CreateBucket")}, /* in us-east-1 */
                        {SLICE_INIT("sns"), SLICE_INIT("CreateTopic")},
                        {SLICE_INIT("sqs"), SLICE_INIT("CreateQueue")},
        };

        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
                if (slice_equal(call->service, calls[i].service) &&
                                slice_equal(call->event, calls[i].event))
                        return true;
        }
        return false;
}

static Known know(Store *store, uint32_t tuple) {
        static const char *const global[] = {"iam", "sts", "s3", "account", "organizations",
                        "cloudfront", "route53", "signin"};
        Slice service = store_string(
                        store, store_field(store, STORE_CALL, tuple, EVENT_CALL_SERVICE));
        Slice name = store_string(store, store_field(store, STORE_CALL, tuple, EVENT_CALL_NAME));
        const CatalogueCall *call = catalogue_find(service, name);
        Known known = {NULL, false, false, false};

        if (!call || !*call->kind || strcmp(call->kind, "object") == 0)
                return known;
        known.call = call;
        known.is_new = (slice_starts_with(name, SLICE_LITERAL("Create")) ||
                                       slice_starts_with(name, SLICE_LITERAL("Run"))) &&
                       !may_find(call);
        known.is_global = is_one_of(call->service, global, sizeof(global) / sizeof(global[0]));
        /* a bucket has one, though its name is the only one of the world */
        known.has_region = !known.is_global || slice_equal(call->service, SLICE_LITERAL("s3"));
        return known;
}

static bool has_succeeded(const Collect *c, uint32_t event) {
        uint32_t result = store_tuple(c->store, STORE_RESULT, event);

        return store_field(c->store, STORE_RESULT, result, STORE_RESULT_OUTCOME) == c->success;
}

/* Where, and whether it was asked about. */
static int add_fact(Collect *c, Fact *fact, const Known *known) {
        uint32_t region = store_field(c->store, STORE_CALL,
                        store_tuple(c->store, STORE_CALL, fact->event), EVENT_CALL_REGION);

        fact->time = store_time(c->store, fact->event);
        fact->account = store_dim_of(c->store, STORE_DIM_ACCOUNT, fact->event);
        fact->region = known->is_global ? STORE_NONE : region;
        fact->shown_region = known->has_region ? region : STORE_NONE;
        fact->is_ours = (c->question->is_whole || !known->call ||
                                        known->call->category != CATALOGUE_NONE) &&
                        c->question->is_ours(c->question->userdata, fact->event);
        return add(c->standing, fact);
}

/* Credentials for a while that users took for themselves, of events before UNTIL. */
static int add_grants(Collect *c, uint32_t until) {
        static const Known sts = {NULL, true, true, false};
        int r = 0;

        for (; c->grant < c->n_grants && r == 0; c->grant++) {
                StoreGrant grant = store_grant(c->store, c->grant);
                Fact fact = {
                                .effect = CATALOGUE_EFFECT_CREATE,
                                .is_new = true,
                                .kind = "temporary-credentials",
                                .name = grant.fields[EVENT_GRANT_KEY],
                                .event = grant.event,
                };

                if (grant.event >= until)
                        break;
                if ((grant.kind != EVENT_GRANT_SESSION_TOKEN &&
                                    grant.kind != EVENT_GRANT_FEDERATION_TOKEN) ||
                                fact.name == STORE_NONE || !has_succeeded(c, grant.event))
                        continue;
                fact.of = store_field(c->store, STORE_IDENTITY,
                                store_tuple(c->store, STORE_IDENTITY, grant.event),
                                EVENT_ID_USER_NAME);
                r = add_fact(c, &fact, &sts);
        }
        return r;
}

static int add_target(Collect *c, const StoreTarget *target) {
        uint32_t tuple = store_tuple(c->store, STORE_CALL, target->event);
        const Known *known = tuple < c->n_calls ? &c->calls[tuple] : NULL;
        Fact fact;

        if (!known || !known->call || target->name == STORE_NONE)
                return 0;
        fact = (Fact){
                        .effect = target->effect ? target->effect : known->call->effect,
                        .is_new = known->is_new,
                        .kind = known->call->kind,
                        .name = target->name,
                        .of = target->of,
                        .event = target->event,
        };
        switch (fact.effect) {
        case CATALOGUE_EFFECT_CREATE:
        case CATALOGUE_EFFECT_CHANGE:
        case CATALOGUE_EFFECT_DELETE:
        case CATALOGUE_EFFECT_STOP:
        case CATALOGUE_EFFECT_START:
                return has_succeeded(c, target->event) ? add_fact(c, &fact, known) : 0;
        default:
                return 0;
        }
}

/* What has certainly ended by itself when the evidence ends. */
static void expire(Collect *c) {
        uint32_t n_events = store_n_events(c->store);
        int64_t last = n_events ? store_time(c->store, n_events - 1) : 0, age;

        for (size_t i = 0; i < c->standing->things.size; i++) {
                StandingThing *thing = &c->standing->things.data[i];

                if (thing->state == STANDING && strcmp(thing->kind, "temporary-credentials") == 0 &&
                                !__builtin_sub_overflow(
                                                last, store_time(c->store, thing->made), &age) &&
                                age >= LONGEST_SESSION)
                        thing->state = STANDING_EXPIRED;
        }
}

int standing_collect(Store *store, const StandingQuestion *question, Standing *standing) {
        Collect c = {
                        .store = store,
                        .standing = standing,
                        .question = question,
                        .n_calls = store_n_tuples(store, STORE_CALL),
                        .success = store_find_string(store, SLICE_LITERAL("success")),
                        .n_grants = store_n_grants(store),
        };
        StoreTargets targets;
        StoreTarget target;
        int r = 0;

        c.calls = vec_alloc_zero(c.n_calls + 1, sizeof(*c.calls));
        if (!c.calls)
                return -ENOMEM;
        for (size_t i = 0; i < c.n_calls; i++)
                c.calls[i] = know(store, (uint32_t)i);
        store_targets_init(&targets, store);
        while (r == 0 && store_targets_next(&targets, &target)) {
                r = add_grants(&c, target.event);
                if (r == 0)
                        r = add_target(&c, &target);
        }
        if (r == 0)
                r = add_grants(&c, UINT32_MAX);
        if (r == 0)
                expire(&c);
        free(c.calls);
        return r;
}
