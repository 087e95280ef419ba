#ifndef GEN_RECORD_H
#define GEN_RECORD_H

#include "api.h"

typedef enum CallerType {
        CALLER_SESSION, /* AssumedRole, or a console user's temporary key */
        CALLER_USER,    /* IAMUser with a long-lived key */
        CALLER_LOGIN,   /* IAMUser at the sign-in page: no key */
        CALLER_SERVICE, /* AWSService */
        CALLER_ACCOUNT, /* AWSAccount */
        CALLER_WEB,     /* WebIdentityUser */
        CALLER_SAML,    /* SAMLUser */
        CALLER_ROOT,
        CALLER_CENTER, /* IdentityCenterUser */
        CALLER_NOBODY, /* AwsServiceEvent */
} CallerType;

/* Everything from which one record is written. */
typedef struct Call {
        const World *w;
        uint32_t account; /* recipientAccountId */
        uint32_t caller_account;
        const char *region;
        uint64_t h; /* hash of this event: its ids follow from it */
        Rng r;
        int64_t time; /* seconds since 1970 */
        CallerType type;
        Session session; /* CALLER_SESSION; for others only kind, role and id: where they call from
                          */
        uint32_t user;
        const char *service; /* a service's DNS name: invokedBy, and the address */
        const Api *api;
        const ApiError *error;
        const Session *issued; /* what the response hands out */
        uint64_t shared;       /* not 0: hash of sharedEventID and of the common requestID */
        uint32_t list;         /* items in a list of parameters */
        bool lean;
} Call;

void template_expand(Call *c, const char *text, Buf *b);
void caller_identity(Call *c, Buf *b);
void caller_arn(Call *c, Buf *b);
void caller_address(Call *c, Buf *b);
const char *caller_agent(const Call *c);
void record_write(Call *c, Buf *b);

/* One event of the corpus as compact JSON, without a line end. */
void event_write(const World *w, uint32_t stream, uint64_t number, Buf *b);
int64_t event_time(const World *w, uint32_t stream, uint64_t number);
/* Finds list_scale or lean_permille so that records average the size asked for. False when memory
 * runs out. */
bool event_calibrate(World *w, uint32_t bytes_per_event);

#endif
