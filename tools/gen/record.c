/* A CloudTrail record as text: compact JSON, the fields in the order in which AWS writes them. */
#include "record.h"
#include "when.h"

#include <string.h>

static void member_text(Buf *b, const char *key) {
        buf_fmt(b, ",\"%s\":", key);
}

static void expand_or_null(Call *c, const char *key, const char *text, Buf *b) {
        member_text(b, key);
        if (text)
                template_expand(c, text, b);
        else
                buf_str(b, "null");
}

static void head(Call *c, Buf *b) {
        buf_fmt(b, "{\"eventVersion\":\"%s\",\"userIdentity\":",
                        c->h % 8 < 3   ? "1.08"
                        : c->h % 8 < 6 ? "1.09"
                                       : "1.11");
        caller_identity(c, b);
        buf_str(b, ",\"eventTime\":\"");
        when_iso(b, c->time);
        buf_fmt(b,
                        "\",\"eventSource\":\"%s.amazonaws.com\",\"eventName\":\"%s\","
                        "\"awsRegion\":\"%s\"",
                        c->api->service, c->api->name, c->region);
        buf_str(b, ",\"sourceIPAddress\":\"");
        caller_address(c, b);
        buf_str(b, "\",");
        buf_member(b, "userAgent", caller_agent(c));
}

static void failure(Call *c, Buf *b) {
        if (!c->error)
                return;
        buf_fmt(b, ",\"errorCode\":\"%s\"", c->error->code);
        if (!c->error->message)
                return;
        buf_str(b, ",\"errorMessage\":\"");
        template_expand(c, c->error->message, b);
        buf_char(b, '"');
}

static void ids(Call *c, Buf *b) {
        uint64_t request = c->shared ? rng_mix(c->shared + 1) : rng_mix(c->h + 1);

        buf_str(b, ",\"requestID\":\"");
        id_uuid(b, request);
        buf_str(b, "\",\"eventID\":\"");
        id_uuid(b, rng_mix(c->h + 2));
        buf_fmt(b, "\",\"readOnly\":%s", c->api->flags & API_READ ? "true" : "false");
}

static const char *event_type(const Call *c) {
        if (c->type == CALLER_NOBODY)
                return "AwsServiceEvent";
        return strcmp(c->api->service, "signin") ? "AwsApiCall" : "AwsConsoleSignIn";
}

static void tail(Call *c, Buf *b) {
        bool data = c->api->flags & API_DATA;

        buf_fmt(b, ",\"eventType\":\"%s\"", event_type(c));
        if (c->api->api_version)
                buf_fmt(b, ",\"apiVersion\":\"%s\"", c->api->api_version);
        buf_fmt(b, ",\"managementEvent\":%s,\"recipientAccountId\":\"", data ? "false" : "true");
        world_account(c->w, c->account, b);
        buf_char(b, '"');
        if (c->shared) {
                member_text(b, "sharedEventID");
                buf_char(b, '"');
                id_uuid(b, c->shared);
                buf_char(b, '"');
        }
        if (!c->service && c->session.kind == KIND_EC2 && c->session.role % 2 == 0) {
                buf_str(b, ",\"vpcEndpointId\":\"vpce-0");
                buf_hex(b, rng_hash(c->account, c->session.role, 5, 5), 16);
                buf_char(b, '"');
        }
        buf_fmt(b, ",\"eventCategory\":\"%s\"", data ? "Data" : "Management");
        if (!c->service && !c->lean && c->session.id % 10 > 2) {
                buf_fmt(b,
                                ",\"tlsDetails\":{\"tlsVersion\":\"%s\",\"cipherSuite\":\"%s\","
                                "\"clientProvidedHostHeader\":\"%s.%s.amazonaws.com\"}",
                                c->session.id % 3 ? "TLSv1.3" : "TLSv1.2",
                                c->session.id % 3 ? "TLS_AES_128_GCM_SHA256"
                                                  : "ECDHE-RSA-AES128-GCM-SHA256",
                                c->api->service, c->region);
        }
        if (c->type == CALLER_SESSION && c->session.kind == KIND_CONSOLE)
                buf_str(b, ",\"sessionCredentialFromConsole\":\"true\"");
        buf_char(b, '}');
}

void record_write(Call *c, Buf *b) {
        const Api *api = c->api;
        const char *extra = api->extra;

        head(c, b);
        failure(c, b);
        expand_or_null(c, "requestParameters", c->lean ? NULL : api->request, b);
        expand_or_null(c, "responseElements", c->error ? NULL : api->response, b);
        if (c->type == CALLER_LOGIN)
                extra = c->h % 8 ? "{\"LoginTo\":\"https://console.aws.amazon.com/console/home\","
                                   "\"MobileVersion\":\"No\",\"MFAUsed\":\"Yes\"}"
                                 : "{\"LoginTo\":\"https://console.aws.amazon.com/console/home\","
                                   "\"MobileVersion\":\"No\",\"MFAUsed\":\"No\"}";
        if (extra && !c->lean)
                expand_or_null(c, "additionalEventData", extra, b);
        ids(c, b);
        if (api->resources && !c->lean)
                expand_or_null(c, "resources", api->resources, b);
        if (c->type == CALLER_NOBODY)
                buf_str(b, ",\"serviceEventDetails\":{\"keyId\":\"HIDDEN\"}");
        tail(c, b);
}
