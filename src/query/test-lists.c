/*
 * What stands, what was taken, and the checklist, of events that are written here one by one; and
 * when memory ends.
 */
#include <stdio.h>

#include "base/test-help.h"
#include "base/test-oom.h"
#include "event/catalogue.h"
#include "query/checklist.h"
#include "query/standing.h"
#include "query/taken.h"

#define MINUTE INT64_C(60000000000)
#define ME "AKIAME"

typedef struct Call {
        int minute;
        const char *key, *service, *name;
        const char *target, *of; /* "" for none */
        const char *error;       /* "": it succeeded */
        const char *region;
        CatalogueEffect effect; /* where another than the catalogue's */
        uint64_t object, n_bytes;
        const char *account;
} Call;

#define IAM(minute, key, name, target, of)                                                         \
        { minute, key, "iam.amazonaws.com", name, target, of, "", "us-east-1", 0, 0, 0, "1" }
#define EC2(minute, key, name, target, of, region)                                                 \
        { minute, key, "ec2.amazonaws.com", name, target, of, "", region, 0, 0, 0, "1" }

static Slice text(const char *from) {
        return from && *from ? slice_cstr(from) : (Slice){NULL, 0};
}

/* Times must rise. */
static Store *make_store(const Call *calls, size_t n) {
        Builder *builder;
        Store *store;
        uint32_t root, file;

        assert_int_equal(builder_new(&builder), 0);
        assert_int_equal(builder_add_root(builder, SLICE_LITERAL("r"), SLICE_LITERAL("/r"), &root),
                        0);
        assert_int_equal(builder_add_file(builder, SLICE_LITERAL("r/f"), root, &file), 0);
        for (size_t i = 0; i < n; i++) {
                const Call *call = &calls[i];
                EventTarget target = {.name = text(call->target),
                                .of = text(call->of),
                                .effect = call->effect,
                                .object = call->object,
                                .n_bytes = call->n_bytes};
                Event event = {.time = call->minute * MINUTE,
                                .record = (uint32_t)i,
                                .size = 1,
                                .offset = i,
                                .targets = &target,
                                .n_targets = target.name.size > 0};
                char id[40];

                snprintf(id, sizeof(id), "%08x-0000-4000-8000-000000000000", (unsigned)i);
                event.id = slice_cstr(id);
                event.identity[EVENT_ID_TYPE] = SLICE_LITERAL("IAMUser");
                event.identity[EVENT_ID_KEY] = text(call->key);
                event.identity[EVENT_ID_ARN] = text(call->key);
                event.call[EVENT_CALL_SERVICE] = text(call->service);
                event.call[EVENT_CALL_NAME] = text(call->name);
                event.call[EVENT_CALL_REGION] = text(call->region);
                event.call[EVENT_CALL_ACCOUNT] = text(call->account);
                event.result[EVENT_RESULT_CODE] = text(call->error);
                assert_int_equal(builder_add_event(builder, file, &event), 0);
        }
        assert_int_equal(store_seal(&builder, 1, (StoreRoom){.n_threads = 1}, NULL, &store), 0);
        builder_free(builder);
        return store;
}

/* Done with the key ME. */
static bool is_mine(void *store, uint32_t event) {
        return slice_equal(store_string(store, store_dim_of(store, STORE_DIM_KEY, event)),
                        SLICE_LITERAL(ME));
}

/* Things that are told, a line each: "kind name of state made changed ended", by event or "-". */
static void check_standing(const Call *calls, size_t n, const char *expected) {
        Store *store = make_store(calls, n);
        StandingQuestion question = {true, store, is_mine};
        Standing standing = {0};
        char told[4096] = "";
        size_t size = 0;

        assert_int_equal(standing_collect(store, &question, &standing), 0);
        for (size_t i = 0; i < standing.things.size; i++) {
                const StandingThing *thing = &standing.things.data[i];
                const uint32_t events[] = {thing->made, thing->changed, thing->ended};
                Slice name = store_string(store, thing->name), of = store_string(store, thing->of);

                if (!thing->is_ours)
                        continue;
                size += (size_t)snprintf(told + size, sizeof(told) - size, "%s %.*s %.*s %s",
                                thing->kind, (int)name.size, name.data, of.size ? (int)of.size : 1,
                                of.size ? of.data : "-", standing_state_name(thing->state));
                for (int k = 0; k < 3; k++) {
                        char number[16];

                        snprintf(number, sizeof(number), "%u", (unsigned)events[k]);
                        size += (size_t)snprintf(told + size, sizeof(told) - size, " %s",
                                        events[k] == STORE_NONE ? "-" : number);
                }
                size += (size_t)snprintf(told + size, sizeof(told) - size, "\n");
        }
        assert_string_equal(told, expected);
        standing_deinit(&standing);
        store_free(store);
}

#define CHECK(calls, expected) check_standing(calls, sizeof(calls) / sizeof((calls)[0]), expected)

static void test_made_and_ended(void **state) {
        static const Call calls[] = {
                        IAM(0, ME, "CreateUser", "bob", ""),
                        IAM(1, ME, "CreateAccessKey", "AKIABOB", "bob"),
                        IAM(2, ME, "CreateLoginProfile", "bob", ""),
                        IAM(3, ME, "AttachUserPolicy", "arn:aws:iam::aws:policy/Admin", "bob"),
                        IAM(4, ME, "CreateAccessKey", "AKIAEVE", "eve"),
                        IAM(5, ME, "CreateRole", "bridge", ""),
                        /* what another does ends them all the same, and a user all that was his */
                        IAM(6, "AKIAYOU", "DetachUserPolicy", "arn:aws:iam::aws:policy/Admin",
                                        "bob"),
                        IAM(7, "AKIAYOU", "DeleteUser", "bob", ""),
                        {8, "AKIAYOU", "iam.amazonaws.com", "UpdateAccessKey", "AKIAEVE", "eve", "",
                                        "us-east-1", CATALOGUE_EFFECT_STOP, 0, 0, "1"},
                        /* another of the same name, and what others did alone, is not told */
                        IAM(9, "AKIAYOU", "CreateUser", "bob", ""),
        };

        (void)state;
        CHECK(calls, "user bob - deleted 0 - 7\n"
                     "key AKIABOB bob deleted 1 - 7\n"
                     "login-profile bob - deleted 2 - 7\n"
                     "user-policy arn:aws:iam::aws:policy/Admin bob deleted 3 - 6\n"
                     "key AKIAEVE eve inactive 4 8 -\n"
                     "role bridge - standing 5 - -\n");
}

static void test_before_the_evidence(void **state) {
        static const Call calls[] = {
                        IAM(0, ME, "UpdateLoginProfile", "bob", ""),
                        IAM(1, ME, "DeleteUser", "eve", ""),
                        IAM(2, ME, "UpdateAssumeRolePolicy", "admin", ""),
                        {3, ME, "iam.amazonaws.com", "UpdateAccessKey", "AKIAOLD", "bob", "",
                                        "us-east-1", CATALOGUE_EFFECT_STOP, 0, 0, "1"},
                        IAM(4, ME, "UpdateAccessKey", "AKIAOLD", "bob"), /* started again */
        };

        (void)state;
        CHECK(calls, "login-profile bob - changed - 0 -\n"
                     "user eve - deleted - - 1\n"
                     "trust admin - changed - 2 -\n"
                     "key AKIAOLD bob changed - 4 -\n");
}

static void test_attempts(void **state) {
        static const Call calls[] = {
                        {0, ME, "iam.amazonaws.com", "CreateUser", "bob", "", "AccessDenied",
                                        "us-east-1", 0, 0, 0, "1"},
                        IAM(1, ME, "CreateUser", "eve", ""),
                        {2, ME, "iam.amazonaws.com", "DeleteUser", "eve", "", "DeleteConflict",
                                        "us-east-1", 0, 0, 0, "1"},
        };

        (void)state;
        CHECK(calls, "user eve - standing 1 - -\n");
}

static void test_again(void **state) {
        static const Call calls[] = {
                        IAM(0, ME, "CreateUser", "bob", ""),
                        IAM(1, ME, "DeleteUser", "bob", ""),
                        IAM(2, ME, "CreateUser", "bob", ""),
                        IAM(3, ME, "CreateUser", "bob", ""), /* its end is not in the evidence */
                        IAM(4, ME, "PutUserPolicy", "all", "bob"),
                        IAM(5, ME, "PutUserPolicy", "all", "bob"), /* written over */
                        IAM(6, ME, "UpdateUser", "bob", "rob"),    /* a new name */
                        IAM(7, ME, "DeleteUser", "rob", ""),
        };

        (void)state;
        CHECK(calls, "user bob - deleted 0 - 1\n"
                     "user bob - replaced 2 - 3\n"
                     "user bob rob deleted 3 6 7\n"
                     "user-policy all bob deleted 4 5 7\n");
}

/* Of one time no order is known. */
static void test_at_once(void **state) {
        static const Call calls[] = {
                        IAM(0, ME, "PutUserPolicy", "old", "bob"),
                        IAM(1, ME, "AttachUserPolicy", "arn:aws:iam::aws:policy/Admin", "bob"),
                        IAM(1, ME, "UpdateLoginProfile", "bob", ""),
                        IAM(1, ME, "CreateLoginProfile", "bob", ""),
                        IAM(1, ME, "CreateUser", "bob", ""),
        };

        (void)state;
        CHECK(calls, "user-policy old bob replaced 0 - 4\n"
                     "user-policy arn:aws:iam::aws:policy/Admin bob standing 1 - -\n"
                     "login-profile bob - standing 3 2 -\n"
                     "user bob - standing 4 - -\n");
}

/* Names are one's own by account, and by region where the service has any. */
static void test_places(void **state) {
        static const Call calls[] = {
                        IAM(0, ME, "CreateUser", "bob", ""),
                        {1, ME, "iam.amazonaws.com", "CreateUser", "bob", "", "", "us-east-1", 0, 0,
                                        0, "2"},
                        {2, ME, "iam.amazonaws.com", "DeleteUser", "bob", "", "", "eu-west-1", 0, 0,
                                        0, "2"},
                        {3, ME, "lambda.amazonaws.com", "CreateFunction20150331", "f", "", "",
                                        "eu-west-1", 0, 0, 0, "1"},
                        {4, ME, "lambda.amazonaws.com", "CreateFunction20150331", "f", "", "",
                                        "us-west-2", 0, 0, 0, "1"},
                        {5, ME, "lambda.amazonaws.com", "DeleteFunction20150331", "f", "", "",
                                        "us-west-2", 0, 0, 0, "1"},
        };

        (void)state;
        CHECK(calls, "user bob - standing 0 - -\n"
                     "user bob - deleted 1 - 2\n"
                     "function f - standing 3 - -\n"
                     "function f - deleted 4 - 5\n");
}

static void test_openings_and_shares(void **state) {
        static const Call calls[] = {
                        EC2(0, ME, "AuthorizeSecurityGroupIngress", "tcp 22 0.0.0.0/0", "sg-1",
                                        "a"),
                        EC2(1, ME, "AuthorizeSecurityGroupIngress", "tcp 22 0.0.0.0/0", "sg-2",
                                        "a"),
                        EC2(2, ME, "AuthorizeSecurityGroupIngress", "tcp 80 0.0.0.0/0", "sg-2",
                                        "a"),
                        EC2(3, "X", "RevokeSecurityGroupIngress", "tcp 22 0.0.0.0/0", "sg-1", "a"),
                        EC2(4, "X", "DeleteSecurityGroup", "sg-2", "", "a"),
                        EC2(5, ME, "ModifySnapshotAttribute", "snap-1", "111", "a"),
                        EC2(6, ME, "ModifySnapshotAttribute", "snap-1", "222", "a"),
                        EC2(7, ME, "ModifySnapshotAttribute", "snap-2", "all", "a"),
                        /* taken back from all */
                        EC2(8, "X", "ResetSnapshotAttribute", "snap-1", "", "a"),
        };

        (void)state;
        CHECK(calls, "opening tcp 22 0.0.0.0/0 sg-1 deleted 0 - 3\n"
                     "opening tcp 22 0.0.0.0/0 sg-2 deleted 1 - 4\n"
                     "opening tcp 80 0.0.0.0/0 sg-2 deleted 2 - 4\n"
                     "snapshot-share snap-1 111 deleted 5 - 8\n"
                     "snapshot-share snap-1 222 deleted 6 - 8\n"
                     "snapshot-share snap-2 all standing 7 - -\n");
}

/* A user by another name has what he had; another who gets the old one has none of it. */
static void test_renamed(void **state) {
        static const Call calls[] = {
                        IAM(0, ME, "CreateUser", "bob", ""),
                        IAM(1, ME, "AttachUserPolicy", "arn:admin", "bob"),
                        IAM(2, ME, "AttachUserPolicy", "arn:read", "bob"),
                        IAM(3, ME, "CreateLoginProfile", "bob", ""),
                        IAM(4, ME, "UpdateUser", "bob", "eve"),
                        IAM(5, ME, "CreateUser", "bob", ""),
                        IAM(6, ME, "DeleteUser", "bob", ""),
                        IAM(7, ME, "UpdateUser", "eve", "kim"),
                        IAM(8, ME, "DetachUserPolicy", "arn:admin", "kim"),
                        IAM(9, ME, "UpdateLoginProfile", "kim", ""),
                        IAM(10, ME, "DeleteLoginProfile", "kim", ""),
        };

        (void)state;
        CHECK(calls, "user bob kim standing 0 7 -\n"
                     "user-policy arn:admin bob deleted 1 - 8\n"
                     "user-policy arn:read bob standing 2 - -\n"
                     "login-profile bob - deleted 3 9 10\n"
                     "user bob - deleted 5 - 6\n");
}

/* What ends with its owner ends once, whichever of the two calls of a moment stands first. */
static void test_ended_at_once(void **state) {
        static const Call calls[] = {
                        IAM(0, ME, "CreateUser", "bob", ""),
                        IAM(1, ME, "CreateAccessKey", "AKIABOB", "bob"),
                        IAM(2, ME, "DeleteUser", "bob", ""),
                        IAM(2, ME, "DeleteAccessKey", "AKIABOB", "bob"),
                        IAM(2, ME, "DeleteAccessKey", "AKIAOLD", "bob"),
        };

        (void)state;
        CHECK(calls, "user bob - deleted 0 - 2\n"
                     "key AKIABOB bob deleted 1 - 2\n"
                     "key AKIAOLD bob deleted - - 4\n");
}

#define CALL_OF(minute, service, name, target, of)                                                 \
        { minute, ME, service ".amazonaws.com", name, target, of, "", "a", 0, 0, 0, "1" }

/* Some calls that make things say that all is well where they are there, and leave them. */
static void test_made_twice(void **state) {
        static const Call calls[] = {
                        CALL_OF(0, "s3", "PutBucketPolicy", "b", ""),
                        CALL_OF(1, "s3", "CreateBucket", "b", ""),
                        CALL_OF(2, "s3", "CreateBucket", "b", ""),
                        CALL_OF(3, "sns", "Subscribe", "arn:s", "arn:t"),
                        CALL_OF(4, "sns", "CreateTopic", "arn:t", ""),
                        CALL_OF(5, "s3", "DeleteBucket", "b", ""),
        };

        (void)state;
        CHECK(calls, "bucket-policy b - deleted 0 - 5\n"
                     "bucket b - deleted 1 2 5\n"
                     "subscription arn:s arn:t standing 3 - -\n"
                     "topic arn:t - standing 4 - -\n");
}

static void test_instances(void **state) {
        static const Call calls[] = {
                        EC2(0, ME, "RunInstances", "i-1", "", "a"),
                        EC2(1, ME, "AttachVolume", "vol-1", "i-1", "a"),
                        EC2(2, ME, "TerminateInstances", "i-1", "", "a"),
                        EC2(3, ME, "CreateRoute", "0.0.0.0/0", "rtb-1", "a"),
                        EC2(4, ME, "DeleteRouteTable", "rtb-1", "", "a"),
        };

        (void)state;
        CHECK(calls, "instance i-1 - deleted 0 - 2\n"
                     "volume-attachment vol-1 i-1 deleted 1 - 2\n"
                     "route 0.0.0.0/0 rtb-1 deleted 3 - 4\n"
                     "route-table rtb-1 - deleted - - 4\n");
}

static const Call reads[] = {
                {0, ME, "s3.amazonaws.com", "GetObject", "b", "", "", "a", 0, 11, 100, "1"},
                {1, ME, "s3.amazonaws.com", "GetObject", "b", "", "", "a", 0, 12, 50, "1"},
                {2, ME, "s3.amazonaws.com", "GetObject", "b", "", "", "a", 0, 11, 100, "1"},
                {3, ME, "s3.amazonaws.com", "GetObject", "b", "", "AccessDenied", "a", 0, 13, 0,
                                "1"},
                {4, "X", "s3.amazonaws.com", "GetObject", "b", "", "", "a", 0, 11, 1, "1"},
                {5, ME, "s3.amazonaws.com", "PutObject", "b", "", "", "a", 0, 14, 9, "1"},
                {6, ME, "secretsmanager.amazonaws.com", "GetSecretValue", "s", "", "AccessDenied",
                                "a", 0, 0, 0, "1"},
};

#define N_READS (sizeof(reads) / sizeof(reads[0]))

static void test_taken(void **state) {
        Store *store = make_store(reads, N_READS);
        const TakenRow *mine = NULL;
        uint32_t n_reads = 0;
        Taken taken;

        (void)state;
        assert_int_equal(taken_init(&taken, store), 0);
        for (uint32_t i = 0; i < store_n_events(store); i++)
                assert_int_equal(taken_add(&taken, i), 0);
        assert_int_equal(taken_finish(&taken), 0);
        for (size_t i = 0; i < taken.rows.size; i++) {
                n_reads += taken.rows.data[i].n_reads;
                if (taken.rows.data[i].n_reads == 3)
                        mine = &taken.rows.data[i];
        }
        assert_int_equal(n_reads, 4);
        assert_non_null(mine);
        assert_string_equal(mine->kind, "bucket");
        assert_int_equal(mine->n_objects, 2);
        assert_int_equal(mine->n_bytes, 250);
        assert_int_equal(mine->n_denied, 1);
        assert_int_equal(mine->first, 0);
        assert_int_equal(mine->last, 2);
        taken_deinit(&taken);
        store_free(store);
}

static const Call asked[] = {
                IAM(0, ME, "ListUsers", "", ""), /* nobody had asked before */
                {10, ME, "sts.amazonaws.com", "GetCallerIdentity", "", "", "", "a", 0, 0, 0, "1"},
                IAM(20, "X", "ListUsers", "", ""), /* another key */
                IAM(70, ME, "ListUsers", "", ""),  /* an hour later */
                IAM(71, ME, "ListUsers", "", ""),
                {80, ME, "iam.amazonaws.com", "CreateUser", "bob", "", "AccessDenied", "a", 0, 0, 0,
                                "1"},
                {81, ME, "iam.amazonaws.com", "CreateRole", "r", "", "AccessDenied", "a", 0, 0, 0,
                                "1"},
                IAM(82, ME, "CreateRole", "r", ""),
                {83, ME, "kms.amazonaws.com", "Decrypt", "", "", "AccessDenied", "a", 0, 0, 0, "1"},
                EC2(84, ME, "AuthorizeSecurityGroupIngress", "tcp 22 10.0.0.0/8", "sg-1", "a"),
                EC2(85, ME, "AuthorizeSecurityGroupIngress", "tcp 22 ::/0", "sg-1", "a"),
                /* of one time no order is known, but of one key */
                IAM(90, "Y", "ListRoles", "", ""),
                IAM(90, "Z", "ListRoles", "", ""),
                IAM(90, "Y", "ListRoles", "", ""),
                {90, "Y", "sts.amazonaws.com", "GetCallerIdentity", "", "", "", "a", 0, 0, 0, "1"},
                IAM(90, "Y", "ListRoles", "", ""),
                {91, ME, "monitoring.amazonaws.com", "DeleteAlarms", "a", "", "", "a", 0, 0, 0,
                                "1"},
                {92, ME, "s3.amazonaws.com", "DeleteObjectTagging", "", "", "", "a", 0, 0, 0, "1"},
                {93, ME, "s3.amazonaws.com", "UploadPartCopy", "b", "", "", "a", 0, 1, 0, "1"},
                EC2(93, "Z", "ModifySecurityGroupRules", "tcp 22 0.0.0.0/0", "sg-9", "a"),
                {94, ME, "sso-directory.amazonaws.com", "CreateUser", "u", "", "", "a", 0, 0, 0,
                                "1"},
};

#define N_ASKED (sizeof(asked) / sizeof(asked[0]))

static const ChecklistAnswer *answer_of(Checklist *list, const char *name) {
        for (size_t i = 0; i < checklist_size(list); i++) {
                if (strcmp(checklist_answer(list, i)->name, name) == 0)
                        return checklist_answer(list, i);
        }
        fail_msg("no question %s", name);
        return NULL;
}

static void check_answer(Checklist *list, const char *name, bool is_yes, uint32_t n_events,
                uint32_t n_succeeded, uint32_t first) {
        const ChecklistAnswer *answer = answer_of(list, name);

        assert_int_equal(answer->is_yes, is_yes);
        assert_int_equal(answer->n_events, n_events);
        assert_int_equal(answer->n_succeeded, n_succeeded);
        assert_int_equal(answer->first, first);
        assert_int_equal(answer->evidence.size > 0, n_events > 0);
        if (n_events)
                assert_int_equal(answer->evidence.data[0], first);
}

static void test_checklist(void **state) {
        Store *store = make_store(asked, N_ASKED);
        Checklist *list;

        (void)state;
        assert_int_equal(checklist_new(store, &list), 0);
        for (uint32_t i = 0; i < store_n_events(store); i++)
                assert_int_equal(checklist_add(list, i), 0);
        checklist_finish(list);
        check_answer(list, "caller-identity-then-list-users", true, 1, 1, 3);
        check_answer(list, "caller-identity-then-list-roles", true, 3, 3, 11);
        check_answer(list, "keys-made", false, 0, 0, STORE_NONE);
        check_answer(list, "guards-stopped", true, 1, 1, 16);
        check_answer(list, "objects-deleted", false, 0, 0, STORE_NONE);
        check_answer(list, "objects-read", true, 1, 1, 18);
        check_answer(list, "users-made", true, 2, 1, 20); /* the first was only tried */
        check_answer(list, "temporary-credentials", false, 0, 0, STORE_NONE);
        check_answer(list, "roles-made", true, 2, 1, 7);  /* the one that succeeded is shown */
        check_answer(list, "kms-decrypt", true, 1, 0, 8); /* to try is what was asked */
        check_answer(list, "security-groups-opened", true, 2, 2, 10);
        check_answer(list, "security-groups-changed", true, 3, 3, 9);
        check_answer(list, "root-used", false, 0, 0, STORE_NONE);
        assert_int_equal(answer_of(list, "roles-made")->evidence.size, 1);
        assert_int_equal(answer_of(list, "roles-made")->principals.size, 1);
        checklist_free(list);
        store_free(store);
}

/* A question about a service that has another name in records is always answered no. */
static void test_services(void **state) {
        static const char *const calls[] = {
#define ASK(name, calls, flags, question) calls,
#include "query/checklist.def"
#undef ASK
        };

        (void)state;
        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
                for (const char *at = calls[i]; *at; at += strcspn(at, " "), at += *at == ' ') {
                        Slice service = slice(at, strcspn(at, ":"));
                        bool is_known = service.data[0] == '*';

                        for (size_t k = 0; catalogue_at(k) && !is_known; k++)
                                is_known = slice_equal(catalogue_at(k)->service, service);
                        if (!is_known)
                                fail_msg("%.*s", (int)service.size, service.data);
                }
        }
}

/* ---- no memory ---- */

static int ask_all(void *ctx) {
        Store *store = ctx;
        StandingQuestion question = {true, store, is_mine};
        Standing standing = {0};
        Checklist *list = NULL;
        Taken taken = {0};
        int r = standing_collect(store, &question, &standing);

        standing_deinit(&standing);
        if (r == 0)
                r = taken_init(&taken, store);
        for (uint32_t i = 0; r == 0 && i < store_n_events(store); i++)
                r = taken_add(&taken, i);
        if (r == 0)
                r = taken_finish(&taken);
        taken_deinit(&taken);
        if (r == 0)
                r = checklist_new(store, &list);
        for (uint32_t i = 0; r == 0 && i < store_n_events(store); i++)
                r = checklist_add(list, i);
        checklist_free(list);
        return r;
}

static void test_no_memory(void **state) {
        Call calls[N_READS + N_ASKED];
        Store *store;

        (void)state;
        memcpy(calls, reads, sizeof(reads));
        memcpy(calls + N_READS, asked, sizeof(asked));
        store = make_store(calls, N_READS + N_ASKED);
        oom_each(ask_all, store, 1);
        store_free(store);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_made_and_ended),
                        cmocka_unit_test(test_before_the_evidence),
                        cmocka_unit_test(test_attempts),
                        cmocka_unit_test(test_again),
                        cmocka_unit_test(test_at_once),
                        cmocka_unit_test(test_places),
                        cmocka_unit_test(test_openings_and_shares),
                        cmocka_unit_test(test_renamed),
                        cmocka_unit_test(test_ended_at_once),
                        cmocka_unit_test(test_made_twice),
                        cmocka_unit_test(test_instances),
                        cmocka_unit_test(test_taken),
                        cmocka_unit_test(test_checklist),
                        cmocka_unit_test(test_services),
                        cmocka_unit_test(test_no_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
