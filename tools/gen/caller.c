/* Who calls: the userIdentity object, the ARN that error messages name, address and agent. Fields
 * stand in the order in which AWS writes them. */
#include "record.h"
#include "when.h"

static void plain(Buf *b, const char *key) {
        buf_fmt(b, ",\"%s\":\"", key);
}

static void issuer(Call *c, Buf *b) {
        const Session *s = &c->session;

        buf_str(b, "\"sessionIssuer\":{\"type\":\"Role\",\"principalId\":\"");
        world_role_id(c->w, s->account, s->kind, s->role, b);
        buf_str(b, "\",\"arn\":\"arn:aws:iam::");
        world_account(c->w, s->account, b);
        buf_str(b, ":role/");
        world_role_path(s->kind, b);
        world_role(c->w, s->account, s->kind, s->role, b);
        buf_str(b, "\",\"accountId\":\"");
        world_account(c->w, s->account, b);
        buf_str(b, "\",\"userName\":\"");
        world_role(c->w, s->account, s->kind, s->role, b);
        buf_str(b, "\"},");
}

static void federation(Call *c, Buf *b) {
        if (c->session.kind == KIND_IRSA && c->session.id & 2) {
                buf_str(b, "\"webIdFederationData\":{\"federatedProvider\":\"arn:aws:iam::");
                world_account(c->w, c->session.account, b);
                buf_fmt(b,
                                ":oidc-provider/oidc.eks.%s.amazonaws.com/id/"
                                "EXAMPLED539D4633E53DE1B716"
                                "D3041E\",\"attributes\":{}},",
                                c->region);
        } else if (c->session.id & 1) {
                buf_str(b, "\"webIdFederationData\":{},");
        }
}

static void context(Call *c, Buf *b) {
        buf_str(b, ",\"sessionContext\":{");
        if (c->session.kind == KIND_CONSOLE) {
                buf_str(b, "\"sessionIssuer\":{},\"webIdFederationData\":{},");
        } else {
                issuer(c, b);
                federation(c, b);
        }
        buf_str(b, "\"attributes\":{\"creationDate\":\"");
        when_iso(b, plan_clock(&c->w->plan, c->session.created));
        buf_fmt(b, "\",\"mfaAuthenticated\":\"%s\"}", c->session.mfa ? "true" : "false");
        if (c->session.kind == KIND_EC2)
                buf_str(b, ",\"ec2RoleDelivery\":\"2.0\"");
        buf_char(b, '}');
}

void caller_arn(Call *c, Buf *b) {
        const Session *s = &c->session;
        bool role = c->type == CALLER_SESSION && s->kind != KIND_CONSOLE;

        buf_fmt(b, "arn:aws:%s::", role ? "sts" : "iam");
        world_account(c->w, c->caller_account, b);
        if (c->type == CALLER_ROOT) {
                buf_str(b, ":root");
        } else if (role) {
                buf_str(b, ":assumed-role/");
                world_role(c->w, s->account, s->kind, s->role, b);
                buf_char(b, '/');
                session_name(c->w, s, b);
        } else {
                buf_str(b, ":user/");
                world_user(c->w, c->caller_account, c->user, b);
        }
}

static void role_session(Call *c, Buf *b) {
        buf_str(b, "{\"type\":\"AssumedRole\",\"principalId\":\"");
        world_role_id(c->w, c->session.account, c->session.kind, c->session.role, b);
        buf_char(b, ':');
        session_name(c->w, &c->session, b);
        buf_str(b, "\",\"arn\":\"");
        caller_arn(c, b);
        buf_str(b, "\",\"accountId\":\"");
        world_account(c->w, c->session.account, b);
        buf_str(b, "\",\"accessKeyId\":\"");
        session_key(&c->session, b);
        buf_char(b, '"');
        context(c, b);
        if (c->service) {
                plain(b, "invokedBy");
                buf_fmt(b, "%s\"", c->service);
        }
        buf_char(b, '}');
}

static void user(Call *c, Buf *b) {
        buf_str(b, "{\"type\":\"IAMUser\",\"principalId\":\"");
        world_user_id(c->w, c->caller_account, c->user, b);
        buf_str(b, "\",\"arn\":\"");
        caller_arn(c, b);
        buf_str(b, "\",\"accountId\":\"");
        world_account(c->w, c->caller_account, b);
        buf_char(b, '"');
        if (c->type != CALLER_LOGIN) {
                plain(b, "accessKeyId");
                if (c->type == CALLER_SESSION)
                        session_key(&c->session, b);
                else
                        world_user_key(c->w, c->caller_account, c->user, b);
                buf_char(b, '"');
        }
        plain(b, "userName");
        world_user(c->w, c->caller_account, c->user, b);
        buf_char(b, '"');
        if (c->type == CALLER_SESSION)
                context(c, b);
        buf_char(b, '}');
}

/* WebIdentityUser and SAMLUser: what the identity provider said. */
static void federated(Call *c, Buf *b) {
        Session s = *c->issued;

        if (c->type == CALLER_WEB) {
                buf_fmt(b, "{\"type\":\"WebIdentityUser\",\"principalId\":\"arn:aws:iam::");
                world_account(c->w, s.account, b);
                buf_fmt(b,
                                ":oidc-provider/oidc.eks.%s.amazonaws.com/id/"
                                "EXAMPLED539D4633E53DE1B716D3"
                                "041E:sts.amazonaws.com:system:serviceaccount:kube-system:",
                                c->region);
                world_words(s.role, 2, '-', b);
                buf_str(b, "\",\"userName\":\"system:serviceaccount:kube-system:");
                world_words(s.role, 2, '-', b);
                buf_fmt(b, "\",\"identityProvider\":\"arn:aws:iam::");
                world_account(c->w, s.account, b);
                buf_fmt(b,
                                ":oidc-provider/oidc.eks.%s.amazonaws.com/id/"
                                "EXAMPLED539D4633E53DE1B716D3"
                                "041E\"}",
                                c->region);
                return;
        }
        buf_str(b, "{\"type\":\"SAMLUser\",\"principalId\":\"EXAMPLEyJb1XuZ=:");
        session_name(c->w, &s, b);
        buf_str(b, "\",\"userName\":\"");
        session_name(c->w, &s, b);
        buf_str(b, "\",\"identityProvider\":\"EXAMPLEyJb1XuZ=\"}");
}

static void rare(Call *c, Buf *b) {
        if (c->type == CALLER_ROOT) {
                buf_str(b, "{\"type\":\"Root\",\"principalId\":\"");
                world_account(c->w, c->account, b);
                buf_str(b, "\",\"arn\":\"");
                caller_arn(c, b);
                buf_str(b, "\",\"accountId\":\"");
                world_account(c->w, c->account, b);
                buf_str(b, "\",\"accessKeyId\":\"\"}");
        } else if (c->type == CALLER_CENTER) {
                buf_str(b, "{\"type\":\"IdentityCenterUser\",\"accountId\":\"");
                world_account(c->w, c->account, b);
                buf_str(b, "\",\"onBehalfOf\":{\"userId\":\"");
                id_uuid(b, c->user);
                buf_str(b, "\",\"identityStoreArn\":\"arn:aws:identitystore::");
                world_account(c->w, 0, b);
                buf_str(b, ":identitystore/d-9067642ac7\"},\"credentialId\":\"");
                id_base64(b, &c->r, 64);
                buf_str(b, "\"}");
        } else {
                buf_str(b, "{\"accountId\":\"");
                world_account(c->w, c->account, b);
                buf_fmt(b, "\",\"invokedBy\":\"%s\"}", c->service);
        }
}

void caller_identity(Call *c, Buf *b) {
        switch (c->type) {
        case CALLER_SESSION:
                if (c->session.kind == KIND_CONSOLE)
                        user(c, b);
                else
                        role_session(c, b);
                break;
        case CALLER_USER:
        case CALLER_LOGIN:
                user(c, b);
                break;
        case CALLER_SERVICE:
                buf_fmt(b, "{\"type\":\"AWSService\",\"invokedBy\":\"%s\"}", c->service);
                break;
        case CALLER_ACCOUNT:
                buf_str(b, "{\"type\":\"AWSAccount\",\"principalId\":\"");
                if (c->shared || c->issued)
                        world_user_id(c->w, c->caller_account, c->user, b);
                else
                        world_role_id(c->w, c->caller_account, KIND_LAMBDA, c->user, b);
                buf_str(b, "\",\"accountId\":\"");
                world_account(c->w, c->caller_account, b);
                buf_str(b, "\"}");
                break;
        case CALLER_WEB:
        case CALLER_SAML:
                federated(c, b);
                break;
        default:
                rare(c, b);
        }
}

void caller_address(Call *c, Buf *b) {
        if (c->service)
                buf_str(b, c->service);
        else
                session_ip(c->w, &c->session, rng_below(&c->r, 40) == 0, b);
}

const char *caller_agent(const Call *c) {
        return c->service ? c->service : session_agent(&c->session);
}
