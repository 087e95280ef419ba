/* An event of the corpus: from (stream, number) to a finished record.
 *
 * Every twentieth event issues credentials (session.c says to whom); the others are calls by a
 * session, a user, a service or another account, in the proportions of real archives. Everything
 * follows from the hash of (seed, stream, number); nothing is remembered from one to the next. */
#include "record.h"

#include <string.h>

enum { TAG_EVENT = 400, LATE_SECONDS = 7200, SAMPLE = 16384, MAX_LIST = 600, LIST_SCALE = 12 };

static const Api issue_service = {"sts", "AssumeRole", 0, 0, API_READ,
                "{\"roleArn\":\"%4\",\"roleSessionName\":\"%5\"}",
                "{\"credentials\":{\"accessKeyId\":\"%1\",\"sessionToken\":\"%2\",\"expiration\":"
                "\"%3\"}}",
                "[{\"accountId\":\"%a\",\"type\":\"AWS::IAM::Role\",\"ARN\":\"%4\"}]", NULL, NULL};
static const Api issue_role = {"sts", "AssumeRole", 0, 0, API_READ,
                "{\"roleArn\":\"%4\",\"roleSessionName\":\"%5\",\"durationSeconds\":3600}",
                "{\"credentials\":{\"accessKeyId\":\"%1\",\"sessionToken\":\"%2\",\"expiration\":"
                "\"%3\"},"
                "\"assumedRoleUser\":{\"assumedRoleId\":\"%6\",\"arn\":\"%7\"}}",
                "[{\"accountId\":\"%a\",\"type\":\"AWS::IAM::Role\",\"ARN\":\"%4\"}]", NULL, NULL};
static const Api issue_web = {"sts", "AssumeRoleWithWebIdentity", 0, 0, API_READ,
                "{\"durationSeconds\":3600,\"roleArn\":\"%4\",\"roleSessionName\":\"%5\"}",
                "{\"credentials\":{\"accessKeyId\":\"%1\",\"sessionToken\":\"%2\",\"expiration\":"
                "\"%3\"},"
                "\"subjectFromWebIdentityToken\":\"system:serviceaccount:kube-system:%w\","
                "\"assumedRoleUser\":{\"assumedRoleId\":\"%6\",\"arn\":\"%7\"},"
                "\"provider\":\"arn:aws:iam::%a:oidc-provider/oidc.eks.%r.amazonaws.com/id/"
                "EXAMPLED539D4633E53DE1B716D3041E\",\"audience\":\"sts.amazonaws.com\"}",
                "[{\"accountId\":\"%a\",\"type\":\"AWS::IAM::Role\",\"ARN\":\"%4\"}]", NULL, NULL};
static const Api issue_saml = {"sts", "AssumeRoleWithSAML", 0, 0, API_READ,
                "{\"sAMLAssertionID\":\"_%y\",\"roleSessionName\":\"%5\",\"durationSeconds\":28800,"
                "\"roleArn\":\"%4\",\"principalArn\":\"arn:aws:iam::%a:saml-provider/"
                "AWSSSO_EXAMPLE_DO_NOT_DELETE\"}",
                "{\"credentials\":{\"accessKeyId\":\"%1\",\"sessionToken\":\"%2\",\"expiration\":"
                "\"%3\"},"
                "\"assumedRoleUser\":{\"assumedRoleId\":\"%6\",\"arn\":\"%7\"},\"subject\":\"%5\","
                "\"subjectType\":\"persistent\",\"issuer\":\"https://portal.sso.%r.amazonaws.com/"
                "saml/"
                "assertion/EXAMPLE\",\"audience\":\"https://signin.aws.amazon.com/saml\"}",
                "[{\"accountId\":\"%a\",\"type\":\"AWS::IAM::Role\",\"ARN\":\"%4\"}]", NULL, NULL};
static const Api issue_login = {"signin", "ConsoleLogin", 0, 0, 0, NULL,
                "{\"ConsoleLogin\":\"Success\"}", NULL, NULL, NULL};
static const Api service_event = {"secretsmanager", "SecretVersionDeletion", 0, 0, 0, NULL, NULL,
                NULL,
                "{\"SecretId\":\"arn:aws:secretsmanager:%r:%a:secret:%S\",\"SecretVersionId\":\"%"
                "U\"}",
                NULL};

/* The principal that makes an issued session; `issued` lives in the caller's frame. */
static void issue(Call *c, uint32_t stream, uint64_t number, Session *issued) {
        static const char *const services[] = {
                        "lambda.amazonaws.com", "ec2.amazonaws.com", "ecs-tasks.amazonaws.com"};
        const World *w = c->w;

        session_issued_by(w, stream, number, issued);
        c->issued = issued;
        c->time = plan_clock(&w->plan, issued->created);
        c->session = (Session){.kind = issued->kind, .role = issued->role, .id = issued->id};
        c->session.account = c->account;
        c->user = rng_zipf(rng_mix(issued->id + 3), world_n_users(w));
        switch (issued->kind) {
        case KIND_LAMBDA:
        case KIND_EC2:
        case KIND_ECS:
                c->type = CALLER_SERVICE;
                c->service = services[issued->kind];
                c->api = &issue_service;
                c->shared = rng_mix(c->h + 3);
                break;
        case KIND_IRSA:
                c->type = CALLER_WEB;
                c->api = &issue_web;
                break;
        case KIND_HUMAN:
                c->type = CALLER_SAML;
                c->api = &issue_saml;
                break;
        case KIND_CONSOLE:
                c->type = CALLER_LOGIN;
                c->user = issued->role;
                c->api = &issue_login;
                break;
        case KIND_AUDIT:
                c->type = pair_is_outgoing(w, stream, number) ? CALLER_USER : CALLER_ACCOUNT;
                c->caller_account = 0;
                c->shared = rng_mix(issued->id + 4);
                c->api = &issue_role;
                break;
        default:
                c->type = CALLER_USER;
                c->api = &issue_role;
        }
}

static void by_session(Call *c, uint32_t stream, int64_t even) {
        static const char *const via[] = {"secretsmanager.amazonaws.com", "AWS Internal",
                        "autoscaling.amazonaws.com"};
        bool global = !strcmp(c->region, "us-east-1");

        c->type = CALLER_SESSION;
        session_pick(c->w, stream, even, &c->r, &c->session);
        if (c->session.kind == KIND_CONSOLE)
                c->user = c->session.role;
        c->api = api_pick(c->w, c->session.kind, global, &c->r);
        if (c->api->flags & API_VIA && rng_below(&c->r, 10) < 6)
                c->service = via[rng_below(&c->r, 8) ? 0 : rng_below(&c->r, 3)];
}

static void by_user(Call *c) {
        c->type = CALLER_USER;
        c->user = rng_zipf(rng_next(&c->r), world_n_users(c->w));
        c->session.kind = c->user % 3 == 0 ? KIND_CI : KIND_HUMAN;
        c->session.role = c->user;
        c->session.id = rng_hash(c->account, c->user, 8, 8);
        c->api = api_pick(c->w, c->session.kind, !strcmp(c->region, "us-east-1"), &c->r);
}

static void by_service(Call *c) {
        static const char *const services[] = {"autoscaling.amazonaws.com", "eks.amazonaws.com",
                        "delivery.logs.amazonaws.com", "cloudtrail.amazonaws.com",
                        "config.amazonaws.com", "elasticloadbalancing.amazonaws.com",
                        "dynamodb.application-autoscaling.amazonaws.com", "rds.amazonaws.com",
                        "s3.amazonaws.com", "access-analyzer.amazonaws.com"};

        c->type = CALLER_SERVICE;
        c->session.kind = KIND_SERVICE;
        c->service = services[rng_zipf(rng_next(&c->r), 10)];
        c->api = api_pick(c->w, KIND_SERVICE, false, &c->r);
        if (rng_below(&c->r, 2))
                c->shared = rng_mix(c->h + 3);
}

static void by_account(Call *c) {
        uint32_t n = c->w->plan.n_accounts;

        c->type = CALLER_ACCOUNT;
        c->caller_account = n > 1 ? (c->account + 1 + rng_below(&c->r, n - 1)) % n : c->account;
        c->user = rng_zipf(rng_next(&c->r), world_n_roles(c->w, KIND_LAMBDA));
        c->session.kind = KIND_ACCOUNT;
        c->session.id = rng_hash(c->caller_account, c->user, 9, 9);
        c->shared = rng_mix(c->h + 3);
        c->api = api_pick(c->w, KIND_ACCOUNT, false, &c->r);
}

static void rarely(Call *c, uint32_t which) {
        c->session.kind = KIND_CONSOLE;
        c->session.id = rng_hash(c->account, which, 10, 10);
        if (which == 0) {
                c->type = CALLER_ROOT;
        } else if (which < 6) {
                c->type = CALLER_CENTER;
                c->user = rng_below(&c->r, 40);
        } else {
                c->type = CALLER_NOBODY;
                c->service = "secretsmanager.amazonaws.com";
                c->api = &service_event;
                return;
        }
        c->api = api_pick(c->w, KIND_CONSOLE, !strcmp(c->region, "us-east-1"), &c->r);
}

/* Later within its file than its time says: one in 250 events is delivered late. */
static int64_t even_of(const World *w, uint32_t stream, uint64_t number, uint64_t h) {
        int64_t even = plan_even_time(&w->plan, stream, number);
        int64_t late = rng_scale(rng_mix(h + 5), LATE_SECONDS);

        if (h % 250 == 0 && !w->plan.p.quiet)
                even = even > late ? even - late : 0;
        return even;
}

int64_t event_time(const World *w, uint32_t stream, uint64_t number) {
        Session s;

        if (plan_is_issue(number)) {
                session_issued_by(w, stream, number, &s);
                return plan_clock(&w->plan, s.created);
        }
        return plan_clock(&w->plan,
                        even_of(w, stream, number, rng_hash(w->seed, TAG_EVENT, stream, number)));
}

void event_write(const World *w, uint32_t stream, uint64_t number, Buf *b) {
        const Stream *st = &w->plan.streams[stream];
        uint64_t h = rng_hash(w->seed, TAG_EVENT, stream, number);
        Call c = {.w = w, .account = st->account, .caller_account = st->account, .h = h, .r = {h}};
        Session issued;
        int64_t even;
        uint32_t x;

        c.region = plan_region(&w->plan, st->region);
        if (plan_is_issue(number)) {
                issue(&c, stream, number, &issued);
                record_write(&c, b);
                return;
        }
        even = even_of(w, stream, number, h);
        c.time = plan_clock(&w->plan, even);
        c.session.account = st->account;
        x = rng_below(&c.r, 1000);
        c.lean = rng_below(&c.r, 1000) < w->lean_permille;
        if (c.lean)
                by_service(&c);
        else if (x < 500)
                by_session(&c, stream, even);
        else if (x < 590)
                by_user(&c);
        else if (x < 900)
                by_service(&c);
        else if (x < 995 || w->plan.p.quiet)
                by_account(&c);
        else
                rarely(&c, rng_below(&c.r, 40));
        if (c.api->weight && rng_below(&c.r, 1000) < 30)
                c.error = api_pick_error(c.api, &c.r);
        /* Most lists are short, a few are long. */
        c.list = 1 + (uint32_t)((uint64_t)w->list_scale * rng_zipf(rng_next(&c.r), 16) / 100);
        if (c.list > MAX_LIST)
                c.list = MAX_LIST;
        record_write(&c, b);
}

/* Mean size over an even sample of the corpus, the comma included; 0 when memory runs out. */
static uint64_t mean_size(const World *w, Buf *b) {
        uint64_t n = 0, bytes = 0, step = w->plan.p.n_events / SAMPLE + 1, at = step / 2;

        for (uint32_t s = 0; s < w->plan.n_streams; s++) {
                for (; at < w->plan.streams[s].n_events; at += step, n++) {
                        buf_clear(b);
                        event_write(w, s, at, b);
                        bytes += b->n + 1;
                }
                at -= w->plan.streams[s].n_events;
        }
        return b->failed ? 0 : n ? bytes / n : 1;
}

bool event_calibrate(World *w, uint32_t bytes_per_event) {
        uint32_t *knob = &w->list_scale, low = LIST_SCALE, high = 20000;
        Buf b = {0};
        uint64_t size;
        bool leaner;

        w->list_scale = LIST_SCALE;
        size = mean_size(w, &b);
        leaner = size > bytes_per_event;
        if (leaner) {
                knob = &w->lean_permille;
                low = 0;
                high = 1000;
        }
        while (size && low + 1 < high) {
                *knob = low + (high - low) / 2;
                size = mean_size(w, &b);
                if ((size > bytes_per_event) == leaner)
                        low = *knob;
                else
                        high = *knob;
        }
        *knob = low;
        buf_deinit(&b);
        return size != 0;
}
