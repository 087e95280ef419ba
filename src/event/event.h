/*
 * event: what a CloudTrail record means.
 *
 * An EventReader (one for each thread) takes the content of one file after another and delivers
 * what it holds: events, rejected records and other damage, and what is no log at all. Which
 * container the records stand in is told from the content, never from the name.
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "event/catalogue.h"

/* Parts of userIdentity. The whole repeats for as long as a session lives. */
typedef enum EventIdentity {
        EVENT_ID_TYPE,
        EVENT_ID_USER_NAME,
        EVENT_ID_ARN,
        EVENT_ID_ACCOUNT,
        EVENT_ID_KEY,
        EVENT_ID_PRINCIPAL_ID,
        EVENT_ID_INVOKED_BY,
        EVENT_ID_ISSUER_USER_NAME,
        EVENT_ID_ISSUER_ARN,
        EVENT_ID_CREATION_DATE,
        EVENT_N_IDENTITY,
} EventIdentity;

/* What was called, and where. */
typedef enum EventCall {
        EVENT_CALL_SERVICE,
        EVENT_CALL_NAME,
        EVENT_CALL_REGION,
        EVENT_CALL_ACCOUNT,   /* recipientAccountId, else userIdentity.accountId */
        EVENT_CALL_READ_ONLY, /* "true", "false" or absent */
        EVENT_N_CALL,
} EventCall;

/* How it ended. */
typedef enum EventResult {
        EVENT_RESULT_CODE,
        EVENT_RESULT_MESSAGE,
        EVENT_RESULT_CONSOLE, /* responseElements.ConsoleLogin, of a ConsoleLogin */
        EVENT_N_RESULT,
} EventResult;

/*
 * What an event hands out, or tries to: a credential, a principal, power over one or over a host.
 * Also what takes a credential back. In the order of these numbers nothing rests but the case
 * format.
 */
typedef enum EventGrantKind {
        EVENT_GRANT_ASSUME_ROLE,
        EVENT_GRANT_ASSUME_ROLE_SAML,
        EVENT_GRANT_ASSUME_ROLE_WEB,
        EVENT_GRANT_ASSUME_ROOT,
        EVENT_GRANT_SESSION_TOKEN,
        EVENT_GRANT_FEDERATION_TOKEN,
        EVENT_GRANT_SERVICE_ROLE,
        EVENT_GRANT_CREDENTIALS, /* by a call of another name */
        EVENT_GRANT_ACCESS_KEY,
        EVENT_GRANT_CONSOLE_LOGIN,
        EVENT_GRANT_LOGIN_PROFILE,
        EVENT_GRANT_CREATE_USER,
        EVENT_GRANT_CREATE_ROLE,
        EVENT_GRANT_SWITCH_ROLE,
        EVENT_GRANT_TRUST_POLICY, /* one for each principal named */
        EVENT_GRANT_PASS_ROLE,    /* one for each instance */
        EVENT_GRANT_HOST_HOP,     /* one for each instance */
        EVENT_GRANT_POLICY,
        EVENT_N_EDGES, /* what follows is no edge */
        EVENT_GRANT_KEY_STOPPED = EVENT_N_EDGES,
        EVENT_GRANT_KEY_STARTED,
        EVENT_GRANT_SESSIONS_REVOKED, /* those issued before some time are refused */
        EVENT_N_GRANT_KINDS,
} EventGrantKind;

typedef enum EventGrantField {
        EVENT_GRANT_KEY,          /* handed out, stopped or started */
        EVENT_GRANT_PRINCIPAL,    /* its ARN; of a group its name */
        EVENT_GRANT_PRINCIPAL_ID, /* "AROA...:session", "AIDA..." */
        EVENT_GRANT_ROLE,         /* ARN */
        EVENT_GRANT_ROLE_NAME,    /* also of an instance profile */
        EVENT_GRANT_USER,         /* name */
        EVENT_GRANT_INSTANCE,     /* or function: the name of its sessions */
        EVENT_GRANT_SHARED,       /* sharedEventID */
        EVENT_GRANT_SOURCE,       /* who got it, where userIdentity does not say it by itself;
                                     the role or user whose sessions are revoked */
        EVENT_GRANT_DETAIL,
        EVENT_N_GRANT,
} EventGrantField;

typedef struct EventGrant {
        EventGrantKind kind;
        Slice fields[EVENT_N_GRANT];
} EventGrant;

/*
 * A thing that the call acts on, as the catalogue tells where the record names it. Texts are absent
 * where the record does not; one of them is there.
 */
typedef struct EventTarget {
        Slice name;
        Slice of;               /* whose it is, or by whom it is held */
        uint64_t object;        /* a hash of the key of an S3 object, never 0; 0: none */
        uint64_t n_bytes;       /* of it that were transferred; 0: not known */
        CatalogueEffect effect; /* of this record, where it is another than the catalogue's */
} EventTarget;

/* What records stand in. */
typedef enum EventContainer {
        EVENT_IN_NONE,       /* no record was found */
        EVENT_IN_RECORDS,    /* {"Records":[...]}, as a trail writes it */
        EVENT_IN_JSON,       /* records alone, a line each, or in an array */
        EVENT_IN_LOOKUP,     /* what the API's lookup-events prints */
        EVENT_IN_BRIDGE,     /* EventBridge events */
        EVENT_IN_CLOUDWATCH, /* messages of CloudWatch Logs */
        EVENT_IN_INSIGHTS,   /* a result of CloudWatch Logs Insights, in JSON or CSV */
        EVENT_IN_SHIPPER,    /* a log shipper's copies */
        EVENT_IN_HISTORY,    /* CSV of the console's event history */
        EVENT_IN_ATHENA,     /* CSV of Athena */
        EVENT_IN_LAKE,       /* CSV of CloudTrail Lake */
        EVENT_N_CONTAINERS,
} EventContainer;

#define EVENT_HASH_PARTIAL (UINT64_C(1) << 63)

/* Was the record of that Event.hash made of the columns of a table? */
static inline bool event_hash_is_partial(uint64_t hash) {
        return hash & EVENT_HASH_PARTIAL;
}

/* Slices are valid until the sink returns; data is NULL for an absent value. */
typedef struct Event {
        int64_t time;
        Slice id; /* eventID */
        Slice ip;
        Slice user_agent;
        Slice identity[EVENT_N_IDENTITY];
        Slice call[EVENT_N_CALL];
        Slice result[EVENT_N_RESULT];
        Slice text;      /* the record: JSON as it stands, or as it was in a JSON string */
        uint64_t hash;   /* of these bytes; its highest bit tells a partial record */
        uint64_t offset; /* in the content: of the bytes from which it can be read again, which are
                          */
        uint32_t size;   /* the record itself, or the element in whose string it stands */
        uint32_t record; /* in its content, from 0, rejected ones counted */
        EventContainer container;
        bool is_partial;   /* made of the columns of a table, which may lack what the record had */
        bool is_recovered; /* it stands behind damage in its content */
        bool is_shipper_time; /* it has no eventTime; time is the @timestamp around it */
        const EventGrant *grants;
        unsigned n_grants;
        const EventTarget *targets;
        unsigned n_targets;
        uint64_t identity_serial; /* events of one serial have the same identity, whoever read
                                     them; 0: not known */
        uint32_t identity_slot;   /* below EVENT_IDENTITY_SLOTS, where it may be kept */
} Event;

#define EVENT_IDENTITY_SLOTS 16384U

/* Records that are no calls: found, counted and told, but never events. */
typedef enum EventApartKind {
        EVENT_CALLED, /* an ordinary record */
        EVENT_INSIGHT,
        EVENT_AGGREGATED,
} EventApartKind;

typedef struct EventApart {
        EventApartKind kind;
        uint64_t offset;
        uint32_t size, record; /* as an event's */
        Slice text;            /* JSON */
        Slice says;            /* in a line: when, and of what */
} EventApart;

/* How the records of a content came, duplicates too. A part of the case format. */
typedef struct EventCounts {
        uint64_t n_recovered;              /* events behind damage */
        uint64_t n_shipper_time;           /* events whose time is their shipper's */
        uint64_t n_partial;                /* events made of columns */
        uint64_t n_insights, n_aggregated; /* no events */
} EventCounts;

static inline void event_counts_add(EventCounts *to, const EventCounts *more) {
        to->n_recovered += more->n_recovered;
        to->n_shipper_time += more->n_shipper_time;
        to->n_partial += more->n_partial;
        to->n_insights += more->n_insights;
        to->n_aggregated += more->n_aggregated;
}

typedef struct EventSink {
        void *userdata;
        int (*event)(void *userdata, const Event *event);
        /* Damage; N_REJECTED records (0 or 1) are lost by it. */
        int (*fault)(void *userdata, uint64_t offset, unsigned n_rejected, Slice reason);
        /* No CloudTrail log, or one of a kind that is not read: at most once for each kind. */
        int (*ignored)(void *userdata, uint64_t offset, Slice reason);
        /*
         * Is what the event says of interest? May be NULL: always. It has all its fields but grants
         * and targets then. If not, it is delivered with its time, eventID, place, call and result
         * alone, all else absent: those tell what the evidence covers.
         */
        bool (*wants)(void *userdata, const Event *event);
        /* A record that is no call. May be NULL. */
        int (*apart)(void *userdata, const EventApart *apart);
} EventSink;

typedef struct EventReader EventReader;

int event_reader_new(uint32_t max_depth, uint64_t max_record_bytes, EventReader **ret_reader);
EventReader *event_reader_free(EventReader *reader);

/* Begins new content; SINK is borrowed until its end. */
int event_reader_begin(EventReader *reader, const EventSink *sink);

/* Where the next bytes go, and then how many were put there. */
int event_reader_space(EventReader *reader, char **ret_buffer, size_t *ret_size);

/* Nothing more in this content is worth reading; returned by feed, and finish is still to be
 * called. */
#define EVENT_ENOUGH 1
int event_reader_feed(EventReader *reader, size_t n);

/*
 * Where a reading stands between two records of sound content: another reader can go on there, and
 * delivers what this one would. A content may so be read by many readers, each a stretch of it.
 */
typedef struct EventState {
        uint64_t offset;
        uint32_t n_records;       /* before it */
        EventContainer container; /* of the first of them */
        unsigned place, list;     /* private */
        bool has_element;
} EventState;

/*
 * false where there is more to know than that: then this reader alone can go on. RET_REST are bytes
 * that were fed and not taken yet; they stand at the state's offset.
 */
bool event_reader_leave(const EventReader *reader, EventState *ret_state, Slice *ret_rest);
/* Begins with the byte at STATE's offset. */
int event_reader_resume(EventReader *reader, const EventSink *sink, const EventState *state);

/*
 * A guess: the last place from FROM on in BYTES, which stand at OFFSET, that looks like the end of
 * a record before another, in a content that begins with FIRST. false where there is none.
 * n_records is not known, and 0.
 */
bool event_state_guess(
                char first, Slice bytes, size_t from, uint64_t offset, EventState *ret_state);
/* May content that begins so stand in stretches? Its first byte that says something, or 0. */
char event_first_byte(Slice bytes);

/* The content has ended; IS_CUT by a fault that was told elsewhere. */
int event_reader_finish(EventReader *reader, bool is_cut);

/* Was it a log, if only an empty or broken one? Valid after finish. */
bool event_reader_is_log(const EventReader *reader);

/* In what its first record stood. Valid after finish. */
EventContainer event_reader_container(const EventReader *reader);

/*
 * How many bytes of content that begins with HEAD (EVENT_HEAD_BYTES of it, or what is there) must
 * be read before those of a record, for the record to be read again: a table's header row; 0 for
 * most.
 */
#define EVENT_HEAD_BYTES ((size_t)64 << 10)
int event_reader_head(Slice head, size_t *ret_size);

/* "records", "lookup-events", ...; never NULL. */
const char *event_container_name(EventContainer container);

/* ---- meanings ---- */

/* userName, else the session issuer's; absent where neither is. */
Slice event_user(const Slice identity[static EVENT_N_IDENTITY]);
/* Who acts, stable across sessions. */
Slice event_principal(const Slice identity[static EVENT_N_IDENTITY]);
/* "success", "denied" or "failure". */
Slice event_outcome(const Slice result[static EVENT_N_RESULT]);

#endif
