/*
 * Names of fields: columns, dimensions, parts of a record that stand in columns, and what files
 * beside the evidence tell. Anything else
 * is a path into the record. A name that differs from a known one by its case alone is refused:
 * such a path leads nowhere, and nobody would see it.
 */
#include "query/where-parse.h"

#include <strings.h>

static const struct {
        const char *name;
        WherePlace place;
        int dim;
        unsigned field;
} columns[] = {
                {"eventTime", WHERE_TIME, -1, 0},
                {"eventID", WHERE_ID, -1, 0},
                {"source.file", WHERE_FILE, -1, 0},
                {"source.record", WHERE_RECORD, -1, 0},
                {"eventSource", WHERE_CALL, STORE_DIM_SERVICE, EVENT_CALL_SERVICE},
                {"eventName", WHERE_CALL, STORE_DIM_EVENT, EVENT_CALL_NAME},
                {"awsRegion", WHERE_CALL, STORE_DIM_REGION, EVENT_CALL_REGION},
                {"account", WHERE_CALL, STORE_DIM_ACCOUNT, EVENT_CALL_ACCOUNT},
                {"readOnly", WHERE_CALL, -1, EVENT_CALL_READ_ONLY},
                {"sourceIPAddress", WHERE_IP, STORE_DIM_IP, 0},
                {"userAgent", WHERE_UA, STORE_DIM_UA, 0},
                {"outcome", WHERE_RESULT, STORE_DIM_OUTCOME, STORE_RESULT_OUTCOME},
                {"errorCode", WHERE_RESULT, STORE_DIM_ERROR, EVENT_RESULT_CODE},
                {"errorMessage", WHERE_RESULT, -1, EVENT_RESULT_MESSAGE},
                {"userIdentity.type", WHERE_IDENTITY, STORE_DIM_TYPE, EVENT_ID_TYPE},
                {"userIdentity.arn", WHERE_IDENTITY, STORE_DIM_SESSION, EVENT_ID_ARN},
                {"userIdentity.userName", WHERE_IDENTITY, -1, EVENT_ID_USER_NAME},
                {"userIdentity.accessKeyId", WHERE_IDENTITY, STORE_DIM_KEY, EVENT_ID_KEY},
                {"userIdentity.accountId", WHERE_IDENTITY, -1, EVENT_ID_ACCOUNT},
                {"userIdentity.principalId", WHERE_IDENTITY, -1, EVENT_ID_PRINCIPAL_ID},
                {"userIdentity.invokedBy", WHERE_IDENTITY, -1, EVENT_ID_INVOKED_BY},
                {"userIdentity.sessionContext.sessionIssuer.userName", WHERE_IDENTITY,
                                STORE_DIM_ROLE, EVENT_ID_ISSUER_USER_NAME},
                {"userIdentity.sessionContext.sessionIssuer.arn", WHERE_IDENTITY, -1,
                                EVENT_ID_ISSUER_ARN},
                {"userIdentity.sessionContext.attributes.creationDate", WHERE_IDENTITY, -1,
                                EVENT_ID_CREATION_DATE},
                {"principal", WHERE_IDENTITY, STORE_DIM_PRINCIPAL, STORE_ID_PRINCIPAL},
                {"user", WHERE_IDENTITY, STORE_DIM_USER, STORE_ID_USER},
                {"geo.country", WHERE_TOLD, -1, STORE_TOLD_COUNTRY},
                {"geo.as", WHERE_TOLD, -1, STORE_TOLD_AS},
                {"aws.range", WHERE_TOLD, -1, STORE_TOLD_AWS},
                {"indicator", WHERE_TOLD, -1, STORE_TOLD_INDICATOR},
                /* dimensions by their other names */
                {"key", WHERE_IDENTITY, STORE_DIM_KEY, EVENT_ID_KEY},
                {"ip", WHERE_IP, STORE_DIM_IP, 0},
                {"event", WHERE_CALL, STORE_DIM_EVENT, EVENT_CALL_NAME},
                {"service", WHERE_CALL, STORE_DIM_SERVICE, EVENT_CALL_SERVICE},
                {"region", WHERE_CALL, STORE_DIM_REGION, EVENT_CALL_REGION},
                {"session", WHERE_IDENTITY, STORE_DIM_SESSION, EVENT_ID_ARN},
                {"role", WHERE_IDENTITY, STORE_DIM_ROLE, EVENT_ID_ISSUER_USER_NAME},
                {"type", WHERE_IDENTITY, STORE_DIM_TYPE, EVENT_ID_TYPE},
                {"ua", WHERE_UA, STORE_DIM_UA, 0},
                {"error", WHERE_RESULT, STORE_DIM_ERROR, EVENT_RESULT_CODE},
};

/* What stands in a record beside those. */
static const char *const parts[] = {"additionalEventData", "addendum", "apiVersion",
                "edgeDeviceDetails", "eventCategory", "eventContext", "eventType", "eventVersion",
                "insightDetails", "managementEvent", "recipientAccountId", "requestID",
                "requestParameters", "resources", "responseElements", "serviceEventDetails",
                "sessionCredentialFromConsole", "sharedEventID", "tlsDetails", "userIdentity",
                "vpcEndpointAccountId", "vpcEndpointId"};

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static bool is_same(Slice a, const char *b) {
        return slice_equal(a, slice_cstr(b));
}

static bool is_misspelt(Slice a, const char *b) {
        return strlen(b) == a.size && strncasecmp(a.data, b, a.size) == 0;
}

const char *where_find_field(Slice name, WhereField *ret) {
        const char *dot = memchr(name.data, '.', name.size);
        Slice first = dot ? slice(name.data, (size_t)(dot - name.data)) : name;

        *ret = (WhereField){.place = WHERE_PATH, .dim = -1, .path = name};
        for (size_t i = 0; i < N_ELEMENTS(columns); i++) {
                if (!is_same(name, columns[i].name))
                        continue;
                ret->place = columns[i].place;
                ret->dim = columns[i].dim;
                ret->field = columns[i].field;
                ret->is_service = is_same(name, "service");
                return NULL;
        }
        for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
                if (is_same(first, parts[i]))
                        return NULL;
        }
        for (size_t i = 0; i < N_ELEMENTS(columns); i++) {
                if (is_misspelt(name, columns[i].name))
                        return columns[i].name;
        }
        for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
                if (is_misspelt(first, parts[i]))
                        return parts[i];
        }
        return NULL;
}
