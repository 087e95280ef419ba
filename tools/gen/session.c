/* Temporary credentials, and who holds them.
 *
 * Every twentieth event of a stream issues a session: AssumeRole in one of its forms, or
 * ConsoleLogin. The session is named by that event, (stream, number), and nothing else is kept of
 * it. An event that needs a caller draws an age, finds the issuing event at about that time in its
 * account, and so uses a key that some earlier record really handed out, with that record's time as
 * creationDate. Popular sessions come from rounding the number of the issuing event down to a
 * multiple of a random power of two. Where no issuing event is near enough in time, the caller is
 * one of long-lived sessions that began unseen.
 *
 * Calls across accounts: in the home stream of account 0 each tenth issuing event goes out to
 * another account; in the home stream of each other account each tenth is the arrival of such a
 * call. The two positions that lie nearest each other in time, seen from both sides, are mates:
 * they share time, key and sharedEventID. All O(1), no state, any thread. */
#include "world.h"

enum { TAG_SESSION = 200, TAG_ROLE_PICK, TAG_IP, TAG_UNSEEN, TAG_NAME };
enum {
        HOUR = 3600,
        PAIR_STEP = ISSUE_EVERY * PAIR_EVERY,
        PAIR_OFFSET = PAIR_AT * ISSUE_EVERY + ISSUE_AT
};

static const int64_t life[N_KINDS] = {12 * HOUR, 6 * HOUR, 6 * HOUR, 12 * HOUR, 8 * HOUR, HOUR,
                HOUR, 12 * HOUR, HOUR, HOUR};

static bool is_pair_place(const World *w, uint32_t stream, uint64_t number) {
        const Stream *st = &w->plan.streams[stream];

        return w->plan.n_accounts > 1 && st->home == stream && number % PAIR_STEP == PAIR_OFFSET;
}

bool pair_is_outgoing(const World *w, uint32_t stream, uint64_t number) {
        return stream == 0 && is_pair_place(w, stream, number);
}

uint32_t pair_target(const World *w, uint64_t number) {
        return 1 + (uint32_t)(number / PAIR_STEP % (w->plan.n_accounts - 1));
}

/* The place of an outgoing event on its way to `account` nearest to an even time. */
static bool outgoing_at(const World *w, int64_t even, uint32_t account, uint64_t *ret_number) {
        uint64_t n_others = w->plan.n_accounts - 1, number, ordinal;

        if (!plan_number_at(&w->plan, 0, even, &number))
                return false;
        ordinal = number / PAIR_STEP / n_others * n_others + account - 1;
        *ret_number = ordinal * PAIR_STEP + PAIR_OFFSET;
        return *ret_number < w->plan.streams[0].n_events;
}

static bool incoming_at(const World *w, int64_t even, uint32_t stream, uint64_t *ret_number) {
        uint64_t number;

        if (!plan_number_at(&w->plan, stream, even, &number))
                return false;
        *ret_number = number / PAIR_STEP * PAIR_STEP + PAIR_OFFSET;
        return *ret_number < w->plan.streams[stream].n_events;
}

bool pair_mate(const World *w, uint32_t stream, uint64_t number, uint32_t *ret_stream,
                uint64_t *ret_number) {
        const Plan *plan = &w->plan;
        int64_t even = plan_even_time(plan, stream, number);
        uint64_t there, back;

        if (!is_pair_place(w, stream, number))
                return false;
        if (stream == 0) {
                *ret_stream = plan->homes[pair_target(w, number)];
                if (!incoming_at(w, even, *ret_stream, &there))
                        return false;
                if (!outgoing_at(w, plan_even_time(plan, *ret_stream, there),
                                    pair_target(w, number), &back))
                        return false;
        } else {
                *ret_stream = 0;
                if (!outgoing_at(w, even, plan->streams[stream].account, &there))
                        return false;
                if (!incoming_at(w, plan_even_time(plan, 0, there), stream, &back))
                        return false;
        }
        *ret_number = there;
        return back == number;
}

static Kind kind_of_issue(uint64_t h) {
        static const uint8_t share[] = {30, 48, 55, 73, 83, 95, 95, 100};
        uint32_t x = rng_scale(h, 100);

        for (Kind k = 0;; k++)
                if (x < share[k])
                        return k;
}

void session_issued_by(const World *w, uint32_t stream, uint64_t number, Session *ret_session) {
        const Stream *st = &w->plan.streams[stream];
        uint64_t h = rng_hash(w->seed, TAG_SESSION, stream, number);
        Session s = {.account = st->account, .id = h, .issued = true};
        uint32_t mate_stream;
        uint64_t mate;

        s.created = plan_even_time(&w->plan, stream, number);
        s.kind = kind_of_issue(h);
        if (s.kind == KIND_CONSOLE && w->plan.p.quiet)
                s.kind = KIND_HUMAN;
        s.mfa = (s.kind == KIND_HUMAN || s.kind == KIND_CONSOLE) && h % 8 != 0;
        if (is_pair_place(w, stream, number)) {
                s.kind = KIND_AUDIT;
                s.paired = pair_mate(w, stream, number, &mate_stream, &mate);
                if (stream == 0)
                        s.account = pair_target(w, number);
                else if (s.paired) {
                        s.id = rng_hash(w->seed, TAG_SESSION, 0, mate);
                        s.created = plan_even_time(&w->plan, 0, mate);
                        s.mfa = false;
                }
        }
        s.role = rng_zipf(rng_mix(s.id ^ TAG_ROLE_PICK),
                        s.kind == KIND_CONSOLE ? world_n_users(w) : world_n_roles(w, s.kind));
        *ret_session = s;
}

static void unseen(const World *w, uint32_t account, int64_t even, Rng *r, Session *ret_session) {
        static const Kind kinds[] = {
                        KIND_LAMBDA, KIND_EC2, KIND_EC2, KIND_ECS, KIND_IRSA, KIND_HUMAN};
        Session s = {.account = account, .kind = kinds[rng_below(r, 6)]};
        int64_t epoch, shift;

        s.role = rng_zipf(rng_next(r), world_n_roles(w, s.kind));
        shift = rng_scale(rng_hash(w->seed, TAG_UNSEEN, account, s.role), (uint32_t)life[s.kind]);
        epoch = (even + shift) / life[s.kind];
        s.created = epoch * life[s.kind] - shift;
        s.id = rng_hash(w->seed, TAG_UNSEEN + ((uint64_t)s.kind << 32),
                        ((uint64_t)account << 32) | s.role, (uint64_t)epoch);
        *ret_session = s;
}

void session_pick(const World *w, uint32_t stream, int64_t even, Rng *r, Session *ret_session) {
        const Plan *plan = &w->plan;
        uint32_t from = rng_below(r, 10) < 7 ? stream : plan->streams[stream].home;
        uint64_t account = plan->streams[stream].account, number, ordinal;
        uint64_t roundness = rng_next(r);
        Session s;

        for (unsigned i = 0; i < 4; i++) {
                int64_t age = rng_below(r, 8 * HOUR >> i);
                unsigned bits = (unsigned)__builtin_ctzll(roundness | 1 << 8) >> i;

                if (!plan_number_at(plan, from, even - age, &number) || number < ISSUE_AT)
                        continue;
                ordinal = ((number - ISSUE_AT) / ISSUE_EVERY) >> bits << bits;
                session_issued_by(w, from, ordinal * ISSUE_EVERY + ISSUE_AT, &s);
                if (s.account == account && s.created <= even && even - s.created < life[s.kind]) {
                        *ret_session = s;
                        return;
                }
        }
        unseen(w, (uint32_t)account, even, r, ret_session);
}

void session_key(const Session *s, Buf *b) {
        id_base32(b, "ASIA", rng_mix(s->id), 16);
}

void session_name(const World *w, const Session *s, Buf *b) {
        uint64_t h = rng_hash(w->seed, TAG_NAME + ((uint64_t)s->kind << 32), s->account, s->role);

        switch (s->kind) {
        case KIND_LAMBDA:
                world_words(h, 2, '-', b);
                break;
        case KIND_EC2:
                buf_str(b, "i-0");
                buf_hex(b, rng_mix(h + s->id % 24), 16);
                break;
        case KIND_ECS:
                buf_hex(b, s->id, 16);
                buf_hex(b, rng_mix(s->id), 16);
                break;
        case KIND_IRSA:
                buf_fmt(b, "botocore-session-%u", 1700000000 + (unsigned)(s->id % 90000000));
                break;
        case KIND_HUMAN:
        case KIND_CONSOLE:
                world_person(rng_hash(w->seed, TAG_NAME, s->role, s->id % 16), b);
                buf_str(b, "@example.com");
                break;
        case KIND_CI:
                buf_str(b, "GitHubActions");
                break;
        default:
                buf_fmt(b, "aws-go-sdk-%llu",
                                1700000000000000000u +
                                                (unsigned long long)(s->id % 90000000000000000u));
        }
}

void session_ip(const World *w, const Session *s, uint32_t n, Buf *b) {
        static const uint8_t cloud[] = {3, 13, 18, 34, 35, 44, 52, 54};
        uint32_t pool = world_pool(w, 24, 1) * 2;
        uint64_t h = rng_hash(w->seed, TAG_IP, s->kind == KIND_HUMAN || s->kind == KIND_CONSOLE,
                        rng_zipf(rng_mix(s->id + n), pool));

        if (s->kind == KIND_EC2 && s->role % 2 == 0)
                buf_fmt(b, "10.%u.%u.%u", (unsigned)(h >> 8 & 127), (unsigned)(h >> 16 & 255),
                                (unsigned)(h >> 24 & 255));
        else if ((s->kind == KIND_HUMAN || s->kind == KIND_CONSOLE) && h % 16 == 0)
                buf_fmt(b, "2a02:8071:%x:%x::%x", (unsigned)(h >> 8 & 0xffff),
                                (unsigned)(h >> 24 & 0xffff), (unsigned)(h >> 40 & 0xffff));
        else
                buf_fmt(b, "%u.%u.%u.%u",
                                s->kind == KIND_HUMAN || s->kind == KIND_CONSOLE
                                                ? 77 + (unsigned)(h & 15)
                                                : cloud[h & 7],
                                (unsigned)(h >> 8 & 255), (unsigned)(h >> 16 & 255),
                                1 + (unsigned)((h >> 24) % 254));
}

const char *session_agent(const Session *s) {
        static const char *const agents[N_KINDS][4] = {
                        {"Boto3/1.26.90 Python/3.9.16 Linux/5.10.228-219.884.amzn2.x86_64 "
                         "exec-env/AWS_Lambda_python3.9 Botocore/1.29.90",
                                        "aws-sdk-nodejs/2.1453.0 linux/v18.20.4 "
                                        "exec-env/AWS_Lambda_nodejs18.x promise",
                                        "aws-sdk-js/3.445.0 ua/2.0 os/linux#5.10.228-219.884.amzn2."
                                        "x86_64 lang/js md/nodejs#20.18.0 api/dynamodb#3.445.0 "
                                        "exec-env/AWS_Lambda_nodejs20.x",
                                        "aws-sdk-java/2.21.29 Linux/5.10.228-219.884.amzn2.x86_64 "
                                        "OpenJDK_64-Bit_Server_VM/17.0.12+7-LTS Java/17.0.12 "
                                        "vendor/Amazon.com_Inc. exec-env/AWS_Lambda_java17"},
                        {"aws-sdk-go/1.44.260 (go1.20.12; linux; amd64) amazon-ssm-agent/",
                                        "aws-sdk-go-v2/1.24.1 os/linux lang/go#1.21.9 "
                                        "md/GOOS#linux md/GOARCH#amd64 api/ec2#1.142.0",
                                        "kubelet/v1.29.8 (linux/amd64) kubernetes/d5e2e1f",
                                        "aws-cli/2.15.30 Python/3.11.8 "
                                        "Linux/6.1.94-99.176.amzn2023.x86_64 exe/x86_64.amzn.2023"},
                        {"aws-sdk-java/2.20.74 Linux/5.10.210-201.852.amzn2.x86_64 "
                         "OpenJDK_64-Bit_Server_VM/11.0.22+7 Java/11.0.22 vendor/Eclipse_Adoptium "
                         "io/sync http/Apache cfg/retry-mode/legacy",
                                        "Boto3/1.34.11 md/Botocore#1.34.11 ua/2.0 "
                                        "os/linux#5.10.205 "
                                        "md/arch#x86_64 lang/python#3.11.9 "
                                        "exec-env/AWS_ECS_FARGATE",
                                        "aws-sdk-nodejs/2.1518.0 linux/v20.11.0 promise",
                                        "amazon-ecs-agent/1.80.0 (linux) aws-sdk-go/1.47.9"},
                        {"aws-sdk-go/1.45.15 (go1.21.3; linux; amd64) karpenter.sh-v0.31.2",
                                        "aws-sdk-go/1.48.10 (go1.21.5; linux; amd64) "
                                        "elbv2.k8s.aws/v2.6.2",
                                        "Boto3/1.28.57 Python/3.10.13 Linux/5.10.198 "
                                        "Botocore/1.31.57",
                                        "external-secrets/v0.9.11 aws-sdk-go/1.49.13"},
                        {"AWS Internal",
                                        "aws-cli/2.17.40 md/awscrt#0.21.2 ua/2.0 os/macos#23.6.0 "
                                        "md/arch#arm64 lang/python#3.11.9 md/pyimpl#CPython "
                                        "exec-env/none cfg/retry-mode#standard md/prompt#off "
                                        "md/command#ec2.describe-instances",
                                        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
                                        "AppleWebKit/537.36 (KHTML, like Gecko) "
                                        "Chrome/127.0.0.0 Safari/537.36",
                                        "APN/1.0 HashiCorp/1.0 Terraform/1.8.5 "
                                        "(+https://www.terraform.io) "
                                        "terraform-provider-aws/5.60.0 aws-sdk-go-v2/1.30.3"},
                        {"APN/1.0 HashiCorp/1.0 Terraform/1.5.7 (+https://www.terraform.io) "
                         "terraform-provider-aws/5.31.0 aws-sdk-go/1.49.2",
                                        "aws-cli/2.15.0 Python/3.11.6 Linux/6.5.0-1016-azure "
                                        "exe/x86_64.ubuntu.22 prompt/off command/s3.sync",
                                        "aws-cdk/2.115.0 aws-sdk-nodejs/2.1500.0 linux/v20.10.0",
                                        "Boto3/1.33.9 md/Botocore#1.33.9 ua/2.0 os/linux#6.5.0 "
                                        "md/arch#x86_64 lang/python#3.12.1"},
                        {"aws-sdk-go/1.44.122 (go1.19.2; linux; amd64)",
                                        "Boto3/1.24.59 Python/3.8.18 Linux/5.10.209 "
                                        "Botocore/1.27.59",
                                        "steampipe/0.21.1 aws-sdk-go-v2/1.21.0", "prowler/3.11.3"},
                        {"AWS Internal", "signin.amazonaws.com", "S3Console/0.4",
                                        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
                                        "AppleWebKit/537.36 (KHTML, like Gecko) "
                                        "Chrome/128.0.0.0 Safari/537.36"},
                        {"AWS Internal", "AWS Internal", "AWS Internal", "AWS Internal"},
                        {"aws-sdk-js/3.360.0 ua/2.0 os/linux lang/js md/nodejs#14.21.3 "
                         "api/kms#3.360.0 exec-env/AWS_Lambda_nodejs14.x",
                                        "Boto3/1.26.0 Python/3.9.2 Botocore/1.29.0",
                                        "aws-sdk-go/1.44.100", "aws-sdk-java/1.12.500"},
        };

        return agents[s->kind][rng_scale(rng_mix(s->id + 7), 4)];
}
