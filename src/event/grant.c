/*
 * What a record hands out: credentials, principals, power over a host. The table below names the
 * events; each has a function that reads the few values it needs out of the JSON of
 * requestParameters and responseElements. Records of other names cost one load, unless they hand
 * out credentials all the same.
 *
 * Whether the call succeeded is not asked here: an attempt is a grant too, of an event whose
 * outcome says that it came to nothing.
 *
 * Texts stand in the record where they need no decoding, else in `texts`, which has room for all of
 * the record's from the beginning, so that it never moves.
 */
#include "event/grant.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "event/decode.h"

typedef struct Grants {
        GrantReader *reader;
        const EventParts *parts;
        const Event *event;
        int error;
} Grants;

typedef void (*Read)(Grants *g);

#define ABSENT ((Slice){NULL, 0})

/* ---- values ---- */

static Slice text_of(Grants *g, JsonValue value) {
        return part_text(&g->reader->texts, value);
}

static Slice in(Grants *g, Slice object, const char *path) {
        return text_of(g, part_find(g->parts, object, slice_cstr(path)));
}

/* The first of PATHS, ended by NULL, that is there. */
static Slice first_in(Grants *g, Slice object, const char *const *paths) {
        for (; *paths; paths++) {
                Slice text = in(g, object, *paths);

                if (text.size)
                        return text;
        }
        return ABSENT;
}

/* What stands behind the last C of TEXT; all of it where there is none. */
static Slice behind_last(Slice text, char c) {
        const char *found = text.size ? memrchr(text.data, c, text.size) : NULL;

        return found ? slice(found + 1, text.size - (size_t)(found + 1 - text.data)) : text;
}

static bool is_arn(Slice text) {
        return slice_starts_with(text, SLICE_LITERAL("arn:"));
}

/* ---- one grant ---- */

static EventGrant *add(Grants *g, EventGrantKind kind) {
        EventGrant *grant;

        if (vec_reserve(&g->reader->grants, 1) < 0) {
                g->error = -ENOMEM;
                return NULL;
        }
        grant = &g->reader->grants.data[g->reader->grants.size++];
        *grant = (EventGrant){.kind = kind};
        return grant;
}

/* ROLE by its ARN, or by its name alone. */
static void set_role(EventGrant *grant, Slice role) {
        if (is_arn(role))
                grant->fields[EVENT_GRANT_ROLE] = role;
        grant->fields[EVENT_GRANT_ROLE_NAME] = behind_last(role, '/');
}

static void set_credentials(Grants *g, EventGrant *grant) {
        grant->fields[EVENT_GRANT_KEY] = in(g, g->parts->credentials, "accessKeyId");
        grant->fields[EVENT_GRANT_SHARED] = g->parts->shared_id;
}

/* ---- sts and signin ---- */

static bool is_service(const Grants *g) {
        return slice_equal(g->event->identity[EVENT_ID_TYPE], SLICE_LITERAL("AWSService"));
}

static EventGrant *assume_role(Grants *g, EventGrantKind kind) {
        EventGrant *grant = add(g, kind);

        if (!grant)
                return NULL;
        set_credentials(g, grant);
        set_role(grant, in(g, g->parts->request, "roleArn"));
        grant->fields[EVENT_GRANT_PRINCIPAL] = in(g, g->parts->response, "assumedRoleUser.arn");
        grant->fields[EVENT_GRANT_PRINCIPAL_ID] =
                        in(g, g->parts->response, "assumedRoleUser.assumedRoleId");
        if (kind == EVENT_GRANT_SERVICE_ROLE)
                grant->fields[EVENT_GRANT_INSTANCE] = in(g, g->parts->request, "roleSessionName");
        grant->fields[EVENT_GRANT_DETAIL] = in(g, g->parts->request, "sourceIdentity");
        return grant;
}

static void read_assume_role(Grants *g) {
        assume_role(g, is_service(g) ? EVENT_GRANT_SERVICE_ROLE : EVENT_GRANT_ASSUME_ROLE);
}

/* "provider/name" of an identity that stands outside AWS. */
static Slice outsider(Grants *g) {
        Slice provider = g->parts->provider, name = g->event->identity[EVENT_ID_USER_NAME];
        char *to = g->reader->texts.data + g->reader->texts.size;
        size_t size = provider.size + 1 + name.size;

        if (!provider.size || !name.size)
                return name.size ? name : provider;
        if (g->reader->texts.cap - g->reader->texts.size < size)
                return name;
        memcpy(to, provider.data, provider.size);
        to[provider.size] = '/';
        memcpy(to + provider.size + 1, name.data, name.size);
        g->reader->texts.size += size;
        return slice(to, size);
}

static void read_assume_role_saml(Grants *g) {
        EventGrant *grant = assume_role(g, EVENT_GRANT_ASSUME_ROLE_SAML);

        if (grant)
                grant->fields[EVENT_GRANT_SOURCE] = outsider(g);
}

static void read_assume_role_web(Grants *g) {
        EventGrant *grant = assume_role(g, EVENT_GRANT_ASSUME_ROLE_WEB);

        if (grant)
                grant->fields[EVENT_GRANT_SOURCE] = outsider(g);
}

static void read_assume_root(Grants *g) {
        EventGrant *grant = add(g, EVENT_GRANT_ASSUME_ROOT);

        if (!grant)
                return;
        set_credentials(g, grant);
        grant->fields[EVENT_GRANT_PRINCIPAL] = in(g, g->parts->request, "targetPrincipal");
}

static void read_session_token(Grants *g) {
        EventGrant *grant = add(g, EVENT_GRANT_SESSION_TOKEN);

        if (!grant)
                return;
        set_credentials(g, grant);
        grant->fields[EVENT_GRANT_PRINCIPAL] = g->event->identity[EVENT_ID_ARN];
}

static void read_federation_token(Grants *g) {
        EventGrant *grant = add(g, EVENT_GRANT_FEDERATION_TOKEN);

        if (!grant)
                return;
        set_credentials(g, grant);
        grant->fields[EVENT_GRANT_PRINCIPAL] = in(g, g->parts->response, "federatedUser.arn");
        grant->fields[EVENT_GRANT_PRINCIPAL_ID] =
                        in(g, g->parts->response, "federatedUser.federatedUserId");
        grant->fields[EVENT_GRANT_DETAIL] = in(g, g->parts->request, "name");
}

static void read_console_login(Grants *g) {
        EventGrant *grant = add(g, EVENT_GRANT_CONSOLE_LOGIN);

        if (!grant)
                return;
        grant->fields[EVENT_GRANT_PRINCIPAL] = g->event->identity[EVENT_ID_ARN];
        grant->fields[EVENT_GRANT_PRINCIPAL_ID] = g->event->identity[EVENT_ID_PRINCIPAL_ID];
}

static void read_switch_role(Grants *g) {
        EventGrant *grant = add(g, EVENT_GRANT_SWITCH_ROLE);

        if (!grant)
                return;
        grant->fields[EVENT_GRANT_SOURCE] = in(g, g->parts->additional, "SwitchFrom");
        grant->fields[EVENT_GRANT_PRINCIPAL] = g->event->identity[EVENT_ID_ARN];
        grant->fields[EVENT_GRANT_PRINCIPAL_ID] = g->event->identity[EVENT_ID_PRINCIPAL_ID];
        grant->fields[EVENT_GRANT_ROLE] = g->event->identity[EVENT_ID_ISSUER_ARN];
        grant->fields[EVENT_GRANT_ROLE_NAME] = g->event->identity[EVENT_ID_ISSUER_USER_NAME];
        grant->fields[EVENT_GRANT_DETAIL] = in(g, g->parts->additional, "RedirectTo");
}

/* Credentials handed out by a call that the table does not know. */
static void read_credentials(Grants *g) {
        EventGrant *grant;

        if (part_find(g->parts, g->parts->credentials, SLICE_LITERAL("accessKeyId")).type ==
                        JSON_STRING) {
                grant = add(g, EVENT_GRANT_CREDENTIALS);
                if (grant)
                        set_credentials(g, grant);
        }
        if (part_find(g->parts, g->parts->access_key, SLICE_LITERAL("accessKeyId")).type ==
                        JSON_STRING) {
                grant = add(g, EVENT_GRANT_CREDENTIALS);
                if (grant)
                        grant->fields[EVENT_GRANT_KEY] = in(g, g->parts->access_key, "accessKeyId");
        }
}

/* Roles Anywhere hands out a set of credentials, others of this name one. */
static void read_create_session(Grants *g) {
        JsonValue set = part_find(g->parts, g->parts->response, SLICE_LITERAL("credentialSet")),
                  element;
        size_t at = 0;

        read_credentials(g);
        while (set.type != JSON_ABSENT && part_next(set, &at, &element)) {
                Slice key = in(g, element.text, "credentials.accessKeyId");
                EventGrant *grant = key.size ? add(g, EVENT_GRANT_CREDENTIALS) : NULL;

                if (grant)
                        grant->fields[EVENT_GRANT_KEY] = key;
        }
}

/* ---- iam ---- */

static Slice user_or_oneself(Grants *g, Slice user) {
        return user.size ? user : g->event->identity[EVENT_ID_USER_NAME];
}

static void read_access_key(Grants *g) {
        EventGrant *grant = add(g, EVENT_GRANT_ACCESS_KEY);
        Slice user = in(g, g->parts->access_key, "userName");

        if (!grant)
                return;
        grant->fields[EVENT_GRANT_KEY] = in(g, g->parts->access_key, "accessKeyId");
        if (!user.size)
                user = in(g, g->parts->request, "userName");
        grant->fields[EVENT_GRANT_USER] = user_or_oneself(g, user);
}

static void read_key_status(Grants *g) {
        Slice status = in(g, g->parts->request, "status");
        bool is_stop = slice_equal(g->event->call[EVENT_CALL_NAME],
                                       SLICE_LITERAL("DeleteAccessKey")) ||
                       slice_equal(status, SLICE_LITERAL("Inactive"));
        EventGrant *grant = add(g, is_stop ? EVENT_GRANT_KEY_STOPPED : EVENT_GRANT_KEY_STARTED);

        if (!grant)
                return;
        grant->fields[EVENT_GRANT_KEY] = in(g, g->parts->request, "accessKeyId");
        grant->fields[EVENT_GRANT_USER] = user_or_oneself(g, in(g, g->parts->request, "userName"));
}

static void read_login_profile(Grants *g) {
        EventGrant *grant = add(g, EVENT_GRANT_LOGIN_PROFILE);

        if (grant)
                grant->fields[EVENT_GRANT_USER] =
                                user_or_oneself(g, in(g, g->parts->request, "userName"));
}

static void read_create_user(Grants *g) {
        EventGrant *grant = add(g, EVENT_GRANT_CREATE_USER);

        if (!grant)
                return;
        grant->fields[EVENT_GRANT_PRINCIPAL] = in(g, g->parts->response, "user.arn");
        grant->fields[EVENT_GRANT_PRINCIPAL_ID] = in(g, g->parts->response, "user.userId");
        grant->fields[EVENT_GRANT_USER] = in(g, g->parts->request, "userName");
}

/* ---- policies ---- */

static Slice without_space(Slice text) {
        while (text.size && part_is_space(text.data[0]))
                text = slice(text.data + 1, text.size - 1);
        return text;
}

/* A policy is JSON in a string, which may be URL-encoded; space before it says nothing. */
static Slice policy_in(Grants *g, Slice object, const char *path) {
        Slice text = without_space(in(g, object, path));
        char *to = g->reader->texts.data + g->reader->texts.size;
        size_t size;

        if (!text.size || (text.data[0] != '%' && text.data[0] != '+'))
                return text;
        if (g->reader->texts.cap - g->reader->texts.size < text.size)
                return ABSENT;
        size = decode_url(text, to);
        g->reader->texts.size += size;
        return without_space(slice(to, size));
}

/* One grant for each principal of a statement. */
static void add_principals(Grants *g, JsonValue statement, Slice role) {
        static const char *const members[] = {"AWS", "Federated", "Service", "CanonicalUser"};
        JsonValue principal = part_find(g->parts, statement.text, SLICE_LITERAL("Principal")),
                  named;

        if (statement.type != JSON_OBJECT ||
                        !slice_equal(in(g, statement.text, "Effect"), SLICE_LITERAL("Allow")))
                return;
        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
                JsonValue list = principal.type == JSON_OBJECT
                                                 ? part_find(g->parts, principal.text,
                                                                   slice_cstr(members[i]))
                                 : i == 0 ? principal /* "*" */
                                          : (JsonValue){JSON_ABSENT, ABSENT};
                size_t at = 0;

                while (part_next(list, &at, &named)) {
                        Slice name = text_of(g, named);
                        EventGrant *grant = name.size ? add(g, EVENT_GRANT_TRUST_POLICY) : NULL;

                        if (!grant)
                                continue;
                        set_role(grant, role);
                        grant->fields[EVENT_GRANT_PRINCIPAL] = name;
                }
        }
}

static void add_trust(Grants *g, Slice policy, Slice role) {
        JsonValue statements, statement;
        size_t at = 0;

        /* json_find() and part_next() take text as it comes; what is no JSON has no members */
        if (!policy.size || policy.data[0] != '{')
                return;
        statements = part_find(g->parts, policy, SLICE_LITERAL("Statement"));
        while (part_next(statements, &at, &statement))
                add_principals(g, statement, role);
}

static void read_create_role(Grants *g) {
        EventGrant *grant = add(g, EVENT_GRANT_CREATE_ROLE);
        Slice role = in(g, g->parts->response, "role.arn");

        if (!role.size)
                role = in(g, g->parts->request, "roleName");
        if (!grant)
                return;
        set_role(grant, role);
        grant->fields[EVENT_GRANT_PRINCIPAL] = grant->fields[EVENT_GRANT_ROLE];
        grant->fields[EVENT_GRANT_PRINCIPAL_ID] = in(g, g->parts->response, "role.roleId");
        add_trust(g, policy_in(g, g->parts->request, "assumeRolePolicyDocument"), role);
}

static void read_trust_policy(Grants *g) {
        add_trust(g, policy_in(g, g->parts->request, "policyDocument"),
                        in(g, g->parts->request, "roleName"));
}

static bool contains(Slice text, const char *word) {
        return text.data && memmem(text.data, text.size, word, strlen(word));
}

/* Does it refuse whatever a session issued before some time asks for? */
static bool revokes_sessions(Grants *g, Slice name) {
        Slice policy = policy_in(g, g->parts->request, "policyDocument");

        return slice_equal(name, SLICE_LITERAL("AWSRevokeOlderSessions")) ||
               (contains(policy, "\"Deny\"") && contains(policy, "aws:TokenIssueTime"));
}

static void read_policy(Grants *g) {
        static const char *const names[] = {"policyArn", "policyName", NULL};
        Slice user = in(g, g->parts->request, "userName");
        Slice role = in(g, g->parts->request, "roleName");
        Slice group = in(g, g->parts->request, "groupName");
        Slice policy = first_in(g, g->parts->request, names);
        EventGrant *grant = add(g, EVENT_GRANT_POLICY);

        if (!grant)
                return;
        grant->fields[EVENT_GRANT_USER] = user;
        set_role(grant, role);
        if (!user.size && !role.size)
                grant->fields[EVENT_GRANT_PRINCIPAL] = group;
        grant->fields[EVENT_GRANT_DETAIL] = policy.size ? policy : group;
        if (!revokes_sessions(g, policy))
                return;
        grant = add(g, EVENT_GRANT_SESSIONS_REVOKED);
        if (!grant)
                return;
        grant->fields[EVENT_GRANT_SOURCE] = role.size ? role : user;
        grant->fields[EVENT_GRANT_DETAIL] = policy;
}

/* ---- hosts and services ---- */

static Slice role_in_request(Grants *g) {
        static const char *const names[] = {"roleArn", "role", "roleARN", "serviceRole",
                        "executionRoleArn", "taskRoleArn", "serviceRoleArn",
                        "iamInstanceProfile.arn", "iamInstanceProfile.name",
                        "IamInstanceProfile.Arn", "IamInstanceProfile.Name", "iamInstanceProfile",
                        "nodeRole", "jobRole", "overrides.taskRoleArn",
                        "AssociateIamInstanceProfileRequest.IamInstanceProfile.Arn",
                        "AssociateIamInstanceProfileRequest.IamInstanceProfile.Name",
                        "ReplaceIamInstanceProfileAssociationRequest.IamInstanceProfile.Arn",
                        "ReplaceIamInstanceProfileAssociationRequest.IamInstanceProfile.Name",
                        "launchSpecification.iamInstanceProfile.arn",
                        "launchSpecification.iamInstanceProfile.name", NULL};
        Slice role = first_in(g, g->parts->request, names);

        return role.size ? role : in(g, g->parts->response, "role");
}

/* For each element of LIST, or once without one, what was given ROLE. */
static void pass_role(Grants *g, Slice role, Slice instance) {
        EventGrant *grant = role.size ? add(g, EVENT_GRANT_PASS_ROLE) : NULL;

        if (!grant)
                return;
        set_role(grant, role);
        grant->fields[EVENT_GRANT_INSTANCE] = instance;
}

static void read_run_instances(Grants *g) {
        Slice role = role_in_request(g);
        JsonValue items = part_find(g->parts, g->parts->response,
                                  SLICE_LITERAL("instancesSet.items")),
                  item;
        size_t at = 0, before = g->reader->grants.size;

        while (part_next(items, &at, &item)) {
                if (item.type == JSON_OBJECT)
                        pass_role(g, role, in(g, item.text, "instanceId"));
        }
        if (g->reader->grants.size == before)
                pass_role(g, role, ABSENT);
}

static void read_pass_role(Grants *g) {
        static const char *const names[] = {"functionName", "instanceId", "InstanceId",
                        "AssociateIamInstanceProfileRequest.InstanceId", NULL};
        Slice instance = first_in(g, g->parts->request, names);

        if (!instance.size) /* the request names the association alone */
                instance = in(g, g->parts->response,
                                "ReplaceIamInstanceProfileAssociationResponse."
                                "iamInstanceProfileAssociation.instanceId");
        pass_role(g, role_in_request(g), is_arn(instance) ? behind_last(instance, ':') : instance);
}

static void host_hop(Grants *g, Slice instance) {
        EventGrant *grant = add(g, EVENT_GRANT_HOST_HOP);

        if (grant)
                grant->fields[EVENT_GRANT_INSTANCE] = instance;
}

static void host_hops(Grants *g, JsonValue list) {
        JsonValue item;
        size_t at = 0;

        while (part_next(list, &at, &item)) {
                Slice instance = text_of(g, item);

                if (instance.size)
                        host_hop(g, instance);
        }
}

/* Hosts among `targets`, which may name tags and groups too. */
static void targets(Grants *g, JsonValue list) {
        static const Slice ids = SLICE_INIT("InstanceIds");
        JsonValue item;
        size_t at = 0;

        while (part_next(list, &at, &item)) {
                Slice key = item.type == JSON_OBJECT ? in(g, item.text, "key") : ABSENT;

                if (key.size == ids.size && strncasecmp(key.data, ids.data, ids.size) == 0)
                        host_hops(g, part_find(g->parts, item.text, SLICE_LITERAL("values")));
        }
}

static void read_host_hop(Grants *g) {
        static const char *const names[] = {"target", "instanceId", "InstanceId", NULL};
        Slice instance = first_in(g, g->parts->request, names);

        if (slice_equal(g->event->call[EVENT_CALL_NAME],
                            SLICE_LITERAL("ModifyInstanceAttribute")) &&
                        part_find(g->parts, g->parts->request, SLICE_LITERAL("userData")).type ==
                                        JSON_ABSENT &&
                        !slice_equal(in(g, g->parts->request, "attribute"),
                                        SLICE_LITERAL("userData")))
                return;
        if (instance.size)
                host_hop(g, instance);
        host_hops(g, part_find(g->parts, g->parts->request, SLICE_LITERAL("instanceIds")));
        targets(g, part_find(g->parts, g->parts->request, SLICE_LITERAL("targets")));
}

/* ---- names ---- */

typedef struct Name {
        Slice name;
        Read read;
} Name;

#define NAME(text, read)                                                                           \
        { SLICE_INIT(text), read }

static const Name names[] = {
                NAME("AssumeRole", read_assume_role),
                NAME("AssumeRoleWithSAML", read_assume_role_saml),
                NAME("AssumeRoleWithWebIdentity", read_assume_role_web),
                NAME("AssumeRoot", read_assume_root),
                NAME("GetSessionToken", read_session_token),
                NAME("CreateSession", read_create_session),
                NAME("GetFederationToken", read_federation_token),
                NAME("ConsoleLogin", read_console_login),
                NAME("SwitchRole", read_switch_role),
                NAME("CreateAccessKey", read_access_key),
                NAME("UpdateAccessKey", read_key_status),
                NAME("DeleteAccessKey", read_key_status),
                NAME("CreateLoginProfile", read_login_profile),
                NAME("UpdateLoginProfile", read_login_profile),
                NAME("CreateUser", read_create_user),
                NAME("CreateRole", read_create_role),
                NAME("UpdateAssumeRolePolicy", read_trust_policy),
                NAME("AttachUserPolicy", read_policy),
                NAME("AttachRolePolicy", read_policy),
                NAME("AttachGroupPolicy", read_policy),
                NAME("PutUserPolicy", read_policy),
                NAME("PutRolePolicy", read_policy),
                NAME("PutGroupPolicy", read_policy),
                NAME("AddUserToGroup", read_policy),
                NAME("RunInstances", read_run_instances),
                NAME("RequestSpotInstances", read_pass_role),
                NAME("AssociateIamInstanceProfile", read_pass_role),
                NAME("ReplaceIamInstanceProfileAssociation", read_pass_role),
                NAME("CreateFunction20150331", read_pass_role),
                NAME("CreateFunction20150331v2", read_pass_role),
                NAME("UpdateFunctionConfiguration20150331", read_pass_role),
                NAME("UpdateFunctionConfiguration20150331v2", read_pass_role),
                NAME("UpdateFunctionCode20150331", read_pass_role),
                NAME("UpdateFunctionCode20150331v2", read_pass_role),
                NAME("RegisterTaskDefinition", read_pass_role),
                NAME("RunTask", read_pass_role),
                NAME("CreateStack", read_pass_role),
                NAME("UpdateStack", read_pass_role),
                NAME("CreateProject", read_pass_role),
                NAME("UpdateProject", read_pass_role),
                NAME("CreateJob", read_pass_role),
                NAME("CreateDevEndpoint", read_pass_role),
                NAME("CreateNotebookInstance", read_pass_role),
                NAME("CreateTrainingJob", read_pass_role),
                NAME("CreateProcessingJob", read_pass_role),
                NAME("CreateStateMachine", read_pass_role),
                NAME("CreateNodegroup", read_pass_role),
                NAME("CreateLaunchConfiguration", read_pass_role),
                NAME("StartSession", read_host_hop),
                NAME("SendCommand", read_host_hop),
                NAME("SendSSHPublicKey", read_host_hop),
                NAME("SendSerialConsoleSSHPublicKey", read_host_hop),
                NAME("GetPasswordData", read_host_hop),
                NAME("ModifyInstanceAttribute", read_host_hop),
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

_Static_assert(N_NAMES <= GRANT_N_BUCKETS, "a link for each name");

static unsigned bucket_of(Slice name) {
        return (unsigned)(name.size * 11 + (unsigned char)name.data[0] * 5U +
                               (unsigned char)name.data[name.size - 1]) %
               GRANT_N_BUCKETS;
}

void grant_reader_init(GrantReader *reader) {
        *reader = (GrantReader){0};
        for (unsigned i = 0; i < N_NAMES; i++) {
                unsigned bucket = bucket_of(names[i].name);

                reader->next[i] = reader->buckets[bucket];
                reader->buckets[bucket] = (unsigned char)(i + 1);
        }
}

void grant_reader_deinit(GrantReader *reader) {
        vec_deinit(&reader->texts);
        vec_deinit(&reader->grants);
}

unsigned grant_find(const GrantReader *reader, Slice name) {
        unsigned at;

        if (!name.size)
                return 0;
        for (at = reader->buckets[bucket_of(name)]; at; at = reader->next[at - 1]) {
                if (slice_equal(names[at - 1].name, name))
                        return at;
        }
        return 0;
}

int grant_read(GrantReader *reader, unsigned named, const EventParts *parts, Event *event) {
        Grants g = {.reader = reader, .parts = parts, .event = event};
        size_t room = 4 * (parts->request.size + parts->response.size + parts->additional.size) +
                      parts->provider.size + event->identity[EVENT_ID_USER_NAME].size + 16;

        reader->grants.size = 0;
        reader->texts.size = 0;
        if (vec_reserve(&reader->texts, room) < 0)
                return -ENOMEM;
        if (named)
                names[named - 1].read(&g);
        else
                read_credentials(&g);
        event->grants = reader->grants.data;
        event->n_grants = (unsigned)reader->grants.size;
        return g.error;
}
