/*
 * The checklist: questions as bits. What a call may answer is found once for each distinct call (a
 * tuple of the store), so an event costs two loads and no comparison unless it is of some question.
 *
 * Of an answer the first CHECKLIST_MAX_EVIDENCE events are kept: those that succeeded, and where
 * none did, those that were tried; with ANY whatever there is. Principals are kept whole. Threads:
 * none of their own.
 */
#include "query/checklist.h"

#include <errno.h>
#include <stdlib.h>

#include "base/glob.h"
#include "base/time.h"

#define HOUR (3600 * TIME_SECOND)
#define N_BITS 64

enum {
        ANY = CHECKLIST_ANY,
        ROOT = CHECKLIST_ROOT,
        PERSON = CHECKLIST_PERSON,
        AFTER = CHECKLIST_AFTER,
        WORLD = CHECKLIST_WORLD,
        MFA = CHECKLIST_MFA,
        FAILED = CHECKLIST_FAILED,
};

static const struct {
        const char *name, *calls;
        unsigned flags;
        const char *question;
} table[] = {
#define ASK(name, calls, flags, question) {name, calls, flags, question},
#include "query/checklist.def"
#undef ASK
};

#define N_QUESTIONS (sizeof(table) / sizeof(table[0]))

_Static_assert(N_QUESTIONS <= N_BITS, "a question is a bit");

/* An event that would answer, had its key asked who it is; of one time no order is known. */
typedef struct Waiting {
        uint32_t event, question;
} Waiting;

struct Checklist {
        Store *store;
        uint64_t *masks; /* of each call: what it may answer */
        size_t n_masks;
        StoreTargets targets;
        int64_t *asked; /* of each key: its last GetCallerIdentity, or INT64_MIN */
        size_t n_keys;
        uint32_t success, caller, sts; /* strings */
        uint32_t root, user, service;
        VEC(Waiting) waiting; /* of one time */
        ChecklistAnswer answers[N_QUESTIONS];
};

/* ---- which calls ---- */

static bool is_one_of(const char *calls, Slice service, Slice name) {
        Slice domain = SLICE_LITERAL(".amazonaws.com");

        if (service.size > domain.size &&
                        slice_equal(slice(service.data + service.size - domain.size, domain.size),
                                        domain))
                service.size -= domain.size;
        while (*calls) {
                size_t size = strcspn(calls, " "), n_service = strcspn(calls, ":");

                if (glob_match(slice(calls, n_service), service) &&
                                glob_match(slice(calls + n_service + 1, size - n_service - 1),
                                                name))
                        return true;
                calls += size + (calls[size] == ' ');
        }
        return false;
}

static uint64_t mask_of(Store *store, uint32_t tuple) {
        Slice service = store_string(
                        store, store_field(store, STORE_CALL, tuple, EVENT_CALL_SERVICE));
        Slice name = store_string(store, store_field(store, STORE_CALL, tuple, EVENT_CALL_NAME));
        uint64_t mask = 0;

        for (size_t i = 0; i < N_QUESTIONS; i++) {
                if (is_one_of(table[i].calls, service, name))
                        mask |= UINT64_C(1) << i;
        }
        return mask;
}

int checklist_new(Store *store, Checklist **ret) {
        Checklist *c = vec_alloc_zero(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->store = store;
        c->n_masks = store_n_tuples(store, STORE_CALL);
        c->n_keys = store_dim_size(store, STORE_DIM_KEY);
        c->masks = vec_alloc(c->n_masks + 1, sizeof(*c->masks));
        c->asked = vec_alloc(c->n_keys + 1, sizeof(*c->asked));
        if (!c->masks || !c->asked) {
                checklist_free(c);
                return -ENOMEM;
        }
        for (size_t i = 0; i < c->n_masks; i++)
                c->masks[i] = mask_of(store, (uint32_t)i);
        for (size_t i = 0; i < c->n_keys; i++)
                c->asked[i] = INT64_MIN;
        store_targets_init(&c->targets, store);
        c->success = store_find_string(store, SLICE_LITERAL("success"));
        c->caller = store_find_string(store, SLICE_LITERAL("GetCallerIdentity"));
        c->root = store_find_string(store, SLICE_LITERAL("Root"));
        c->user = store_find_string(store, SLICE_LITERAL("IAMUser"));
        c->service = store_find_string(store, SLICE_LITERAL("AWSService"));
        for (size_t i = 0; i < N_QUESTIONS; i++)
                c->answers[i] = (ChecklistAnswer){
                                .name = table[i].name,
                                .question = table[i].question,
                                .flags = table[i].flags,
                                .first = STORE_NONE,
                                .last = STORE_NONE,
                };
        *ret = c;
        return 0;
}

Checklist *checklist_free(Checklist *c) {
        if (!c)
                return NULL;
        for (size_t i = 0; i < N_QUESTIONS; i++) {
                vec_deinit(&c->answers[i].evidence);
                vec_deinit(&c->answers[i].principals);
        }
        vec_deinit(&c->waiting);
        free(c->masks);
        free(c->asked);
        free(c);
        return NULL;
}

/* ---- who ---- */

static uint32_t identity_field(const Checklist *c, uint32_t event, unsigned field) {
        return store_field(c->store, STORE_IDENTITY, store_tuple(c->store, STORE_IDENTITY, event),
                        field);
}

static bool is_there(const Checklist *c, uint32_t string) {
        return string != STORE_NONE && store_string(c->store, string).size > 0;
}

/* Root itself, not a service that acts for it. */
static bool is_root(const Checklist *c, uint32_t event) {
        return c->root != STORE_NONE && identity_field(c, event, EVENT_ID_TYPE) == c->root &&
               !is_there(c, identity_field(c, event, EVENT_ID_INVOKED_BY));
}

/* Where the time of this key's last GetCallerIdentity stands; NULL without a key. */
static int64_t *asked_by(const Checklist *c, uint32_t event) {
        uint32_t key = identity_field(c, event, EVENT_ID_KEY), value;

        if (!is_there(c, key))
                return NULL;
        value = store_dim_find(c->store, STORE_DIM_KEY, key);
        return value < c->n_keys ? &c->asked[value] : NULL;
}

static bool is_after_caller(const Checklist *c, uint32_t event) {
        const int64_t *asked = asked_by(c, event);
        int64_t since;

        return asked && *asked != INT64_MIN &&
               !__builtin_sub_overflow(store_time(c->store, event), *asked, &since) &&
               since <= HOUR;
}

/* ---- answers ---- */

static bool has_succeeded(const Checklist *c, uint32_t event) {
        uint32_t result = store_tuple(c->store, STORE_RESULT, event);

        return store_field(c->store, STORE_RESULT, result, STORE_RESULT_OUTCOME) == c->success;
}

/* Mostly at the end; of one time an earlier one may come later. */
static int keep_evidence(ChecklistAnswer *answer, uint32_t event) {
        Numbers *evidence = &answer->evidence;
        int r = 0;

        if (answer->first == STORE_NONE || event < answer->first)
                answer->first = event;
        if (answer->last == STORE_NONE || event > answer->last)
                answer->last = event;
        if (evidence->size < CHECKLIST_MAX_EVIDENCE)
                r = numbers_push(evidence, event);
        else if (event < evidence->data[evidence->size - 1])
                evidence->data[evidence->size - 1] = event;
        else
                return 0;
        for (size_t i = r == 0 ? evidence->size - 1 : 0;
                        i && evidence->data[i - 1] > evidence->data[i]; i--) {
                uint32_t later = evidence->data[i - 1];

                evidence->data[i - 1] = evidence->data[i];
                evidence->data[i] = later;
        }
        return r;
}

int checklist_count(Checklist *c, ChecklistAnswer *answer, uint32_t event) {
        bool is_success = has_succeeded(c, event), is_any = answer->flags & (ANY | FAILED);
        uint32_t principal = store_dim_of(c->store, STORE_DIM_PRINCIPAL, event);
        Numbers *principals = &answer->principals;
        int r = 0;

        answer->n_events++;
        answer->n_succeeded += is_success;
        answer->is_yes |= is_success || is_any;
        /* what succeeded takes the place of what was only tried */
        if (is_success && !is_any && answer->n_succeeded == 1) {
                answer->evidence.size = 0;
                answer->first = answer->last = STORE_NONE;
        }
        if (is_success || is_any || answer->n_succeeded == 0)
                r = keep_evidence(answer, event);
        /* mostly the same as before: sorted away before they become many */
        if (principal != STORE_NONE && r == 0 &&
                        !(principals->size &&
                                        principals->data[principals->size - 1] == principal)) {
                if (principals->size == principals->cap) {
                        numbers_sort(principals, true);
                        r = vec_reserve(principals, principals->size + 1);
                }
                if (r == 0)
                        r = numbers_push(principals, principal);
        }
        return r;
}

/* Targets of an opening are its rules: "tcp 22 0.0.0.0/0". */
static bool opens_to_all(Checklist *c, uint32_t event) {
        StoreTarget target;

        while (store_targets_of(&c->targets, event, &target)) {
                Slice rule = store_string(c->store, target.name);

                if (rule.size > 2 && memcmp(rule.data + rule.size - 2, "/0", 2) == 0)
                        return true;
        }
        return false;
}

static bool is_asked_for(Checklist *c, unsigned flags, uint32_t event) {
        if ((flags & ROOT) && !is_root(c, event))
                return false;
        if ((flags & PERSON) && identity_field(c, event, EVENT_ID_TYPE) == c->service)
                return false;
        if ((flags & WORLD) && !opens_to_all(c, event))
                return false;
        if ((flags & FAILED) && has_succeeded(c, event))
                return false;
        return true;
}

/* Federated users show MFA to whom they come from: what is said of it here says nothing. */
static bool may_lack_mfa(const Checklist *c, uint32_t event) {
        uint32_t type = identity_field(c, event, EVENT_ID_TYPE);

        return has_succeeded(c, event) &&
               ((type == c->user && type != STORE_NONE) || is_root(c, event));
}

static int wait_for_caller(Checklist *c, uint32_t event, uint32_t question) {
        if (!asked_by(c, event))
                return 0;
        if (c->waiting.size && store_time(c->store, c->waiting.data[0].event) !=
                                               store_time(c->store, event))
                c->waiting.size = 0;
        if (vec_reserve(&c->waiting, 1) < 0)
                return -ENOMEM;
        c->waiting.data[c->waiting.size++] = (Waiting){event, question};
        return 0;
}

/* EVENT is a GetCallerIdentity. */
static int add_caller(Checklist *c, uint32_t event) {
        int64_t *asked = asked_by(c, event);
        size_t n = 0;
        int r = 0;

        if (!asked)
                return 0;
        *asked = store_time(c->store, event);
        for (size_t i = 0; i < c->waiting.size; i++) {
                Waiting waiting = c->waiting.data[i];

                if (store_time(c->store, waiting.event) != *asked ||
                                asked_by(c, waiting.event) != asked)
                        c->waiting.data[n++] = waiting;
                else if (r == 0)
                        r = checklist_count(c, &c->answers[waiting.question], waiting.event);
        }
        c->waiting.size = n;
        return r;
}

int checklist_add(Checklist *c, uint32_t event) {
        uint32_t tuple = store_tuple(c->store, STORE_CALL, event);
        uint64_t mask = tuple < c->n_masks ? c->masks[tuple] : 0;
        int r = 0;

        for (; mask && r == 0; mask &= mask - 1) {
                uint32_t question = (uint32_t)__builtin_ctzll(mask);
                ChecklistAnswer *answer = &c->answers[question];

                if (!is_asked_for(c, answer->flags, event))
                        continue;
                if ((answer->flags & AFTER) && !is_after_caller(c, event))
                        r = wait_for_caller(c, event, question);
                else if (answer->flags & MFA)
                        r = may_lack_mfa(c, event) ? numbers_push(&answer->evidence, event) : 0;
                else
                        r = checklist_count(c, answer, event);
        }
        if (c->caller != STORE_NONE && r == 0 &&
                        store_field(c->store, STORE_CALL, tuple, EVENT_CALL_NAME) == c->caller)
                r = add_caller(c, event);
        return r;
}

void checklist_finish(Checklist *c) {
        for (size_t i = 0; i < N_QUESTIONS; i++)
                numbers_sort(&c->answers[i].principals, true);
}

size_t checklist_size(const Checklist *c) {
        (void)c;
        return N_QUESTIONS;
}

ChecklistAnswer *checklist_answer(Checklist *c, size_t i) {
        return &c->answers[i];
}
