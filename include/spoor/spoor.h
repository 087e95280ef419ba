/*
 * libspoor: answers from a copied CloudTrail archive, offline.
 *
 * A SpoorCase is evidence that has been read: opened from a case file, or built in memory from
 * logs and archives. Queries on it return a SpoorRows cursor; every query's rows have the same
 * shape, an array of cells under named columns, so one renderer serves all of them.
 *
 * Errors. Every function that can fail returns int: 0 is done; a negative number is -errno and
 * nothing was returned; a positive number is documented beside the function. Where a SpoorError
 * is taken it may be NULL; otherwise it is filled on every non-zero return that is not an end of
 * rows. The library never prints, never exits, never opens a socket, and never writes to a source.
 *
 * Ownership. What a ret_ parameter hands out belongs to the caller and is freed by the function
 * of the same noun ending in _free, which takes NULL and returns NULL. Slices point into the
 * object that they were read from and live as long as it does, unless a comment says shorter.
 *
 * Threads. A SpoorCase may be queried from several threads at once; a cursor, a selection and a
 * record belong to one thread at a time. There is no global state.
 *
 * Times are int64_t nanoseconds since 1970-01-01T00:00:00Z.
 */
#ifndef SPOOR_SPOOR_H
#define SPOOR_SPOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SPOOR_PUBLIC __attribute__((visibility("default")))
#else
#define SPOOR_PUBLIC
#endif

/* "0.1.0", and what the build was linked with, such as "zlib 1.2.13, yajl 2.1.0, ...". */
SPOOR_PUBLIC const char *spoor_version(void);
SPOOR_PUBLIC const char *spoor_version_libraries(void);

typedef struct SpoorSlice {
        const char *data; /* not NUL-ended; NULL for an absent value */
        size_t size;      /* bytes */
} SpoorSlice;

typedef struct SpoorError {
        char message[1024]; /* NUL-ended, one line, no newline; may hold text from the evidence */
        size_t at;          /* of spoor_selection_set_where() alone: the byte that it is about */
} SpoorError;

/* ---- reading evidence ------------------------------------------------------------------- */

typedef struct SpoorProgress {
        const char *phase;    /* "listing", "reading", "sealing", "writing", "hashing" */
        uint64_t n_files;     /* read so far */
        uint64_t n_files_all; /* to read; 0 while listing */
        uint64_t n_bytes;     /* of unpacked content read so far */
        uint64_t n_events;    /* records kept so far, before duplicates are removed */
        uint64_t elapsed_ns;
} SpoorProgress;

typedef struct SpoorSelection SpoorSelection;

typedef struct SpoorOptions {
        unsigned n_threads;        /* 0: one for each core */
        uint32_t max_depth;        /* of JSON nesting in a record; 0: SPOOR_MAX_DEPTH */
        uint64_t max_record_bytes; /* 0: SPOOR_MAX_RECORD_BYTES */
        uint32_t max_nesting;      /* of archives and compressions in each other; 0: the default */
        /*
         * The case will be asked for this selection alone, by spoor_timeline() and spoor_values()
         * (others are -EINVAL), and for records by spoor_show(). Of raw evidence less is made then.
         * Borrowed for as long as the case lives; NULL: anything may be asked.
         */
        const SpoorSelection *only;
        /* What spoor_case_index() may take up in memory, about; 0: a quarter of what the machine
           has. What is more stands in files without a name beside the case. */
        uint64_t memory_bytes;
        uint32_t shard;    /* 1 to n_shards: read this share of the sources only */
        uint32_t n_shards; /* 0: no shares, everything is read */
        /* Called from one thread at a time, at most about ten times a second; may be NULL. */
        void (*progress)(void *userdata, const SpoorProgress *progress);
        void *userdata;
} SpoorOptions;

/*
 * Shares. A file, or a source that is a case file, belongs to the share that XXH3 of its name says:
 * the source as given and the path below it. So it does not depend on what other files there are,
 * and all shares of one list of sources are together what is read without them.
 */

#define SPOOR_MAX_DEPTH 256
#define SPOOR_MAX_RECORD_BYTES (16U << 20)
#define SPOOR_MAX_NESTING 8
#define SPOOR_MIN_MEMORY_BYTES (UINT64_C(64) << 20) /* of use: the program itself takes some 20 */

typedef struct SpoorCase SpoorCase;

/*
 * Reads SOURCES (directories, log files, archives, case files, "-" for standard input) and writes
 * the case file at CASE_PATH: beside its name, synced, then renamed, so that there is a whole case
 * or none. Damage in the evidence is no error: see spoor_case_info().
 *
 *   -ENOENT and other -errno: a source or CASE_PATH cannot be opened or written; nothing remains.
 */
SPOOR_PUBLIC int spoor_case_index(const SpoorOptions *options, const char *const *sources,
                size_t n_sources, const char *case_path, SpoorCase **ret_case,
                SpoorError *ret_error);

/* Does the file begin as a case file does? 1 yes, 0 no, -errno. */
SPOOR_PUBLIC int spoor_is_case(const char *path);

/* The file is no case file, is of another version, or its bytes are not what was written. */
#define SPOOR_E_CORRUPT 1

/*
 * Opens SOURCES, case files and raw evidence mixed, as one case. One case file alone is mapped and
 * costs nothing to open; everything else is indexed in memory.
 *
 *   SPOOR_E_CORRUPT: one of the sources is a damaged case file.
 */
SPOOR_PUBLIC int spoor_case_open(const SpoorOptions *options, const char *const *sources,
                size_t n_sources, SpoorCase **ret_case, SpoorError *ret_error);

SPOOR_PUBLIC SpoorCase *spoor_case_free(SpoorCase *scase);

/*
 * Where evidence that has moved now stands: a directory searched before the recorded places.
 * DIR is copied.
 */
SPOOR_PUBLIC int spoor_case_set_evidence(SpoorCase *scase, const char *dir);

typedef struct SpoorInfo {
        uint64_t n_events;       /* kept: one for each eventID, and every record without one */
        uint64_t n_duplicates;   /* records dropped because their eventID was already there */
        uint64_t n_conflicts;    /* eventIDs under which different records were found */
        uint64_t n_rejected;     /* records that could not be taken; each is named in damaged */
        uint64_t n_files;        /* log files and archive members read whole or in part */
        uint64_t n_damaged;      /* diagnoses */
        uint64_t n_ignored;      /* files that are no logs, or not yet read */
        uint64_t n_bytes;        /* of unpacked log content */
        uint64_t n_case_bytes;   /* of the sealed store */
        uint64_t n_string_bytes; /* of those, texts: distinct strings, names of files, reasons */
        int64_t first_time;      /* of the events; both 0 when there are none */
        int64_t last_time;
        uint64_t n_recovered; /* records behind damage in their file, duplicates too; so the next */
        uint64_t n_shipper_time; /* without eventTime, whose time is a log shipper's @timestamp */
        uint64_t n_partial;      /* made of the columns of a table */
        uint64_t n_insights;     /* Insight and Aggregated records: no calls, so no events */
        uint64_t n_aggregated;
        uint64_t n_changed; /* files whose name stands for other bytes too, from another case */
} SpoorInfo;

/* Also checks every byte of a case file against its sums: SPOOR_E_CORRUPT. */
SPOOR_PUBLIC int spoor_case_info(SpoorCase *scase, SpoorInfo *ret_info, SpoorError *ret_error);

/*
 * The same numbers as they stand in the case, without that check and in O(1): what a query needs
 * to say whether it was answered in full.
 */
SPOOR_PUBLIC int spoor_case_counts(SpoorCase *scase, SpoorInfo *ret_info);

typedef struct SpoorDiagnosis {
        SpoorSlice file; /* "archive.tar!member" for a member */
        uint64_t offset; /* bytes into the unpacked content of that file */
        SpoorSlice reason;
} SpoorDiagnosis;

/* i below n_damaged, n_ignored, n_conflicts of SpoorInfo; ordered by file, then offset. */
SPOOR_PUBLIC int spoor_case_damaged(SpoorCase *scase, uint64_t i, SpoorDiagnosis *ret);
SPOOR_PUBLIC int spoor_case_ignored(SpoorCase *scase, uint64_t i, SpoorDiagnosis *ret);

typedef struct SpoorConflict {
        char event_id[64]; /* NUL-ended; cut to 63 bytes */
        SpoorSlice kept_file;
        uint32_t kept_record;
        SpoorSlice other_file; /* the first of those that differ */
        uint32_t other_record;
} SpoorConflict;

SPOOR_PUBLIC int spoor_case_conflict(SpoorCase *scase, uint64_t i, SpoorConflict *ret);

/* ---- selection -------------------------------------------------------------------------- */

/* What can be compared and counted. The names are those of the command line. */
typedef enum SpoorDim {
        SPOOR_DIM_KEY,
        SPOOR_DIM_IP,
        SPOOR_DIM_USER,
        SPOOR_DIM_EVENT,
        SPOOR_DIM_SERVICE,
        SPOOR_DIM_REGION,
        SPOOR_DIM_ACCOUNT,
        SPOOR_DIM_PRINCIPAL,
        SPOOR_DIM_SESSION,
        SPOOR_DIM_ROLE, /* selects and counts */
        SPOOR_DIM_TYPE,
        SPOOR_DIM_UA,
        SPOOR_DIM_ERROR,
        SPOOR_DIM_OUTCOME,
        SPOOR_N_DIMS,
} SpoorDim;

/* "key" and so on. */
SPOOR_PUBLIC const char *spoor_dim_name(SpoorDim dim);
/* 1 where NAME is no dimension. */
SPOOR_PUBLIC int spoor_dim_parse(const char *name, SpoorDim *ret_dim);

SPOOR_PUBLIC int spoor_selection_new(SpoorSelection **ret_selection);
SPOOR_PUBLIC SpoorSelection *spoor_selection_free(SpoorSelection *selection);

/* A pattern or time is malformed; ret_error says how. */
#define SPOOR_E_SYNTAX 1

/*
 * Different dimensions narrow, the same one again widens. PATTERN is text with the wildcards * and
 * ?, for SPOOR_DIM_IP also a CIDR block; it is copied. SPOOR_DIM_SERVICE matches with or without
 * ".amazonaws.com".
 *
 *   SPOOR_E_SYNTAX: empty pattern, malformed block, or an outcome that is none of the three.
 */
SPOOR_PUBLIC int spoor_selection_add(SpoorSelection *selection, SpoorDim dim, const char *pattern,
                SpoorError *ret_error);
/* eventID, with wildcards; repeated widens. SPOOR_E_SYNTAX when empty. */
SPOOR_PUBLIC int spoor_selection_add_id(
                SpoorSelection *selection, const char *pattern, SpoorError *ret_error);
/* readOnly is this. */
SPOOR_PUBLIC void spoor_selection_set_read_only(SpoorSelection *selection, bool read_only);
/* from <= eventTime < to; RFC 3339, or a date alone. NULL: no bound. SPOOR_E_SYNTAX. */
SPOOR_PUBLIC int spoor_selection_set_from(
                SpoorSelection *selection, const char *text, SpoorError *ret_error);
SPOOR_PUBLIC int spoor_selection_set_to(
                SpoorSelection *selection, const char *text, SpoorError *ret_error);
/* "30d", with s m h d w: back from the newest event of the case. SPOOR_E_SYNTAX. */
SPOOR_PUBLIC int spoor_selection_set_last(
                SpoorSelection *selection, const char *text, SpoorError *ret_error);

/*
 * An expression over fields of events and paths into their records, as the manual has it under
 * EXPRESSIONS; repeated narrows. TEXT is copied. Where it asks for what is in the records alone,
 * these are read from the evidence by whoever is given the selection, before anything is returned.
 * Every query that takes a selection then also fails with
 *
 *   SPOOR_E_EVIDENCE: a record that must be looked at is not where it was, or not what it was.
 *   SPOOR_E_STEPS: a regular expression takes more steps on some text than are allowed.
 *
 * SPOOR_E_SYNTAX: ret_error says what was expected, and at which byte.
 */
SPOOR_PUBLIC int spoor_selection_set_where(
                SpoorSelection *selection, const char *text, SpoorError *ret_error);
#define SPOOR_E_STEPS 5
/* Does an expression name COLUMN? To see what files it needs: spoor_enrichment_column(). */
SPOOR_PUBLIC bool spoor_selection_asks(const SpoorSelection *selection, const char *column);

/* RFC 3339 or a date to nanoseconds. SPOOR_E_SYNTAX. */
SPOOR_PUBLIC int spoor_time_parse(const char *text, int64_t *ret_time);
/* RFC 3339 in UTC with Z, a fraction only where it is not zero; at most 35 bytes with the NUL. */
SPOOR_PUBLIC void spoor_time_format(int64_t time, char ret_text[static 40]);

/* ---- rows ------------------------------------------------------------------------------- */

typedef enum SpoorCellType {
        SPOOR_CELL_NULL,
        SPOOR_CELL_TEXT,
        SPOOR_CELL_BOOL,
        SPOOR_CELL_COUNT,
        SPOOR_CELL_TIME,
        SPOOR_CELL_JSON, /* text holds JSON as it stands in the evidence: an object, array, number
                          */
} SpoorCellType;

typedef struct SpoorCell {
        SpoorCellType type;
        SpoorSlice text; /* TEXT, JSON; bytes of the evidence, not always valid UTF-8 */
        union {
                bool boolean;
                uint64_t count;
                int64_t time;
        };
} SpoorCell;

typedef struct SpoorRows SpoorRows;

SPOOR_PUBLIC size_t spoor_rows_n_columns(const SpoorRows *rows);
SPOOR_PUBLIC const char *spoor_rows_column(const SpoorRows *rows, size_t i);

/* Only these cells (of N columns) are wanted; others may be null. */
SPOOR_PUBLIC void spoor_rows_want(SpoorRows *rows, const size_t *columns, size_t n);

#define SPOOR_END 1 /* no more rows */
/* SPOOR_E_CORRUPT is also 1 in other functions; of a cursor it is this. */
#define SPOOR_E_ROWS_CORRUPT 2
/* A column needs the evidence, and that is not where it was, or is not what it was. */
#define SPOOR_E_EVIDENCE 3
/* A database of the enrichment is damaged in what it says of a value of the row. */
#define SPOOR_E_ROWS_ENRICHMENT 4

/*
 * The next row: spoor_rows_n_columns() cells, valid until the next call.
 *
 *   SPOOR_END, SPOOR_E_ROWS_CORRUPT, SPOOR_E_EVIDENCE, SPOOR_E_ROWS_ENRICHMENT
 */
SPOOR_PUBLIC int spoor_rows_next(
                SpoorRows *rows, const SpoorCell **ret_cells, SpoorError *ret_error);
SPOOR_PUBLIC SpoorRows *spoor_rows_free(SpoorRows *rows);

/* ---- pages ------------------------------------------------------------------------------ */

/* An answer of several tables. Its sections have names, in the order in which they are read. */
typedef struct SpoorPage SpoorPage;

typedef struct SpoorSection {
        const char *name;  /* "addresses": its key in JSON */
        const char *title; /* "Addresses": above it, for people */
        bool is_single;    /* at most one row: an object by itself, not one of many */
        SpoorRows *rows;   /* the page's; can be read once */
} SpoorSection;

/* 1: past the last. */
SPOOR_PUBLIC int spoor_page_section(SpoorPage *page, size_t i, SpoorSection *ret_section);
/* And the rows of its sections. */
SPOOR_PUBLIC SpoorPage *spoor_page_free(SpoorPage *page);

/*
 * Events in order of eventTime, then eventID. COLUMNS are names of the timeline's own columns
 * (spoor_timeline_column) or any path into the record, such as "requestParameters.bucketName",
 * which is read from the evidence, or spoor_act_column()s: what the catalogue says of the call
 * (category technique effect kind), and what the event acts on: target (names, whose they are
 * behind them in parentheses, blanks between) bytes (of an S3 object). SELECTION may be NULL.
 *
 *   SPOOR_E_CORRUPT
 */
SPOOR_PUBLIC int spoor_timeline(SpoorCase *scase, const SpoorSelection *selection,
                const char *const *columns, size_t n_columns, SpoorRows **ret_rows,
                SpoorError *ret_error);

/* The timeline's own columns in their order; NULL past the last. */
SPOOR_PUBLIC const char *spoor_timeline_column(size_t i);
/* Those beside them that need no evidence, likewise. */
SPOOR_PUBLIC const char *spoor_act_column(size_t i);

/*
 * The catalogue of API calls: eventSource (without ".amazonaws.com") eventName category technique
 * effect kind names (where a record names what is acted on). Absent where there is none.
 */
SPOOR_PUBLIC int spoor_catalogue(SpoorRows **ret_rows, SpoorError *ret_error);
SPOOR_PUBLIC const char *spoor_catalogue_column(size_t i);

/*
 * The timeline with runs as rows, in order of their first events. A run is events of one credential
 * (access key; without one the session, or the principal) with one eventSource, eventName, outcome
 * and errorCode, in which no two that follow each other are further apart than PAUSE (nanoseconds;
 * negative: five minutes), whatever others did in between. So every event is in exactly one row,
 * and events add up. With WHATS, of what was done with any credential of the chains from these (see
 * spoor_chain()), each under the first whose chain has it, and runs are those of one hop.
 *
 * spoor_collapsed_column()s: firstTime lastTime events summary (one line for eyes) eventSource
 * eventName outcome errorCode readOnly category technique (of the catalogue; null of calls that it
 * does not know) userIdentity.accessKeyId principal userIdentity.arn (of the first event) regions
 * addresses agents (how many) and awsRegions sourceIPAddresses userAgents accounts (JSON arrays, as
 * they were met) firstEventID lastEventID chain.what chain.depth chain.eventID (as in
 * spoor_chain_column(); null without WHATS).
 *
 *   SPOOR_E_CORRUPT, SPOOR_E_WHAT
 */
SPOOR_PUBLIC int spoor_collapsed(SpoorCase *scase, const SpoorSelection *selection,
                const char *const *whats, size_t n_whats, int64_t pause, SpoorRows **ret_rows,
                SpoorError *ret_error);
SPOOR_PUBLIC const char *spoor_collapsed_column(size_t i);

/* What stands around an event, or a time. Spans are nanoseconds; negative: five minutes. */
typedef struct SpoorAround {
        const char *event_id; /* NULL: around TIME */
        int64_t time;
        int64_t span;  /* before and after */
        int64_t pause; /* of the run that the event belongs to */
} SpoorAround;

/*
 * spoor_timeline() of the events no further than a span from an event or a time, and of an event
 * the whole run that it belongs to, wherever that reaches. The columns may also be "around": event
 * (the one asked for), run (of the same run), credential (done with the same one), else null.
 *
 *   SPOOR_E_CORRUPT; SPOOR_E_UNKNOWN: no event has this eventID
 */
SPOOR_PUBLIC int spoor_around(SpoorCase *scase, const SpoorSelection *selection,
                const SpoorAround *question, const char *const *columns, size_t n_columns,
                SpoorRows **ret_rows, SpoorError *ret_error);

/*
 * Events by outcome in at most N_STEPS (8 or more) steps of one length, such as hours or days: from
 * to seconds events success denied failure. Steps without events are left out. WHATS as in
 * spoor_collapsed().
 *
 *   SPOOR_E_CORRUPT, SPOOR_E_WHAT
 */
SPOOR_PUBLIC int spoor_activity(SpoorCase *scase, const SpoorSelection *selection,
                const char *const *whats, size_t n_whats, size_t n_steps, SpoorRows **ret_rows,
                SpoorError *ret_error);
SPOOR_PUBLIC const char *spoor_activity_column(size_t i);

typedef enum SpoorOrder {
        SPOOR_ORDER_FIRST_TIME, /* then the values */
        SPOOR_ORDER_EVENTS,     /* most first, then the values */
} SpoorOrder;

#define SPOOR_MAX_BY 8

/*
 * One row for each value, or combination of values, of DIMS (1 to SPOOR_MAX_BY): the values, then
 * firstTime firstEventID firstEventName firstSourceIPAddress lastTime lastEventID events denied
 * failed. Values first seen before SINCE in the selection are left out; INT64_MIN keeps all. Of the
 * rows the first LIMIT are given.
 *
 *   SPOOR_E_CORRUPT
 */
SPOOR_PUBLIC int spoor_values(SpoorCase *scase, const SpoorSelection *selection,
                const SpoorDim *dims, size_t n_dims, SpoorOrder order, int64_t since,
                uint64_t limit, SpoorRows **ret_rows, SpoorError *ret_error);

/* ---- enrichment ------------------------------------------------------------------------- */

/*
 * What files that the analyst brings say of the evidence: where an address is and whose, which
 * value is a known indicator, what IAM says of a user's credentials. Nothing is asked of a network.
 * Once its files are added, an enrichment does not change, and may serve several cases and threads.
 */
typedef struct SpoorEnrichment SpoorEnrichment;

SPOOR_PUBLIC int spoor_enrichment_new(SpoorEnrichment **ret_enrichment);
SPOOR_PUBLIC SpoorEnrichment *spoor_enrichment_free(SpoorEnrichment *enrichment);

/* The file is not what it should be; ret_error names it, the place in it and the reason. */
#define SPOOR_E_ENRICHMENT 1

/*
 * Read a file each; more than one of a kind may be. The functions return 0, -errno or
 * SPOOR_E_ENRICHMENT, and then the enrichment can only be freed.
 *
 *   geoip              a MaxMind DB with countries or autonomous systems; of several, the first
 *                      that knows a field of an address gives it. It is read while rows are.
 *   indicators         an address, block, access key, ARN or user agent a line; see README.md
 *   aws_ranges         ip-ranges.json, as AWS publishes it
 *   credential_report  IAM's credential report, for spoor_credentials()
 */
SPOOR_PUBLIC int spoor_enrichment_add_geoip(
                SpoorEnrichment *enrichment, const char *path, SpoorError *ret_error);
SPOOR_PUBLIC int spoor_enrichment_add_indicators(
                SpoorEnrichment *enrichment, const char *path, SpoorError *ret_error);
SPOOR_PUBLIC int spoor_enrichment_add_aws_ranges(
                SpoorEnrichment *enrichment, const char *path, SpoorError *ret_error);
SPOOR_PUBLIC int spoor_enrichment_add_credential_report(
                SpoorEnrichment *enrichment, const char *path, SpoorError *ret_error);

/*
 * Cursors over SCASE that are opened from now on have columns more, behind their own: those with an
 * address geo.country and geo.as (geoip) and aws.range (aws_ranges), those with an address, key,
 * user agent or ARN indicator (indicators). ENRICHMENT is borrowed for as long as they live; NULL:
 * none. spoor_timeline() also takes the names among its columns.
 */
SPOOR_PUBLIC void spoor_case_set_enrichment(SpoorCase *scase, const SpoorEnrichment *enrichment);
/* Their names; NULL past the last. */
SPOOR_PUBLIC const char *spoor_enrichment_column(size_t i);

/*
 * The credential report set against the evidence: a row for each credential of each user, in the
 * order of the report, then one for each user whom the evidence knows and the report does not.
 *
 * user arn credential (password, key 1, key 2; NULL: the user has none) active mfa created (key:
 * last rotated; password: last changed) ageDays (at the newest event) lastUsed lastUsedRegion
 * lastUsedService (all as the report says); then what the evidence shows: accessKeyId matchedBy
 * (created: CreateAccessKey made the key when the report says; only: one key of the user is left in
 * both; user: all keys of the user together, as a report has no key ids; console: ConsoleLogin)
 * firstUse lastUse lastUseEventID sourceIPAddress (of the last use) events; notes (with "; "
 * between them) says where the two disagree and what else is remarkable.
 *
 * Without a credential report there is no row.
 *
 *   SPOOR_E_CORRUPT
 */
SPOOR_PUBLIC int spoor_credentials(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *ret_error);
/* NULL past the last. */
SPOOR_PUBLIC const char *spoor_credential_column(size_t i);

/* ---- lateral movement ------------------------------------------------------------------- */

/*
 * Who obtained which credential from whom. WHAT is an access key id, an address or CIDR block, an
 * ARN or a user name; "key:", "ip:", "user:", "role:", "principal:", "session:" or "instance:"
 * before it leave no doubt. Strings are borrowed for the call.
 */
typedef struct SpoorLateral {
        const char *from;   /* forward from WHAT; NULL: every edge */
        const char *to;     /* how WHAT was obtained; with FROM the edges on the way between them */
        uint32_t max_depth; /* hops; 0: any number */
        bool attempts;      /* also those that were denied or failed, which lead nowhere */
} SpoorLateral;

#define SPOOR_E_WHAT 2 /* WHAT is malformed */

/* Is WHAT well formed? Needs no case. SPOOR_E_WHAT. */
SPOOR_PUBLIC int spoor_what_check(const char *what, SpoorError *ret_error);

/*
 * Edges in order of eventTime, then eventID: an edge is one event and one credential (or principal)
 * that it handed out. The columns are spoor_lateral_column()s: depth eventTime edge confidence
 * eventID eventName sourcePrincipal sourceKey sourceIPAddress targetPrincipal targetKey uses
 * firstUse lastUse useIPs; then outcome, pairEventID (the other account's record of the same call),
 * findings (names with blanks between), via (the instance or function), detail (policy, source
 * identity), keys (how many), row (this one's number), parent (the row whose credential it was done
 * with; of a question with TO alone, the row it led to). Uses count the records made with
 * targetKey; of a principal or a host, those made from then on. SELECTION (may be NULL) narrows the
 * rows, not the way they are followed.
 *
 *   SPOOR_E_CORRUPT, SPOOR_E_WHAT
 */
SPOOR_PUBLIC int spoor_lateral(SpoorCase *scase, const SpoorSelection *selection,
                const SpoorLateral *question, SpoorRows **ret_rows, SpoorError *ret_error);
/* NULL past the last. */
SPOOR_PUBLIC const char *spoor_lateral_column(size_t i);

/*
 * What is remarkable about that chain, in the order of its rows: finding (second-address,
 * second-network, used-after-stop, used-after-revocation, first-time-role, across-accounts) row
 * (NULL: what the chain begins at) eventTime eventID (of the event that decides) key principal
 * sourceIPAddress calls succeeded (made after it) lastTime lastSuccessTime evidence (eventIDs with
 * blanks between).
 *
 *   SPOOR_E_CORRUPT, SPOOR_E_WHAT
 */
SPOOR_PUBLIC int spoor_lateral_findings(SpoorCase *scase, const SpoorSelection *selection,
                const SpoorLateral *question, SpoorRows **ret_rows, SpoorError *ret_error);
SPOOR_PUBLIC const char *spoor_finding_column(size_t i);

/*
 * spoor_timeline() of every event done with any credential of the chain from WHAT. Its columns may
 * also be spoor_chain_column()s: chain.depth (0: WHAT itself), chain.edge and chain.eventID (of the
 * hop that handed the credential out).
 *
 *   SPOOR_E_CORRUPT, SPOOR_E_WHAT
 */
SPOOR_PUBLIC int spoor_chain(SpoorCase *scase, const SpoorSelection *selection, const char *what,
                const char *const *columns, size_t n_columns, SpoorRows **ret_rows,
                SpoorError *ret_error);
SPOOR_PUBLIC const char *spoor_chain_column(size_t i);

/* ---- what was done, and what to ask ------------------------------------------------------ */

/*
 * Calls that change something, done or only tried, in order of time, with what was asked for:
 * eventTime eventID eventSource eventName awsRegion account outcome errorCode errorMessage
 * principal userIdentity.accessKeyId sourceIPAddress userAgent requestParameters decoded (what
 * stands in those in base64 or URL-encoded, made plain: a line each, path, ": ", text). With
 * N_WHATS (strings are borrowed for the call) every write of the chains from WHATS, as of
 * spoor_chain(); else of what SELECTION (may be NULL) takes those that the catalogue gives a
 * category. The last two columns are read from the evidence, and NULL where that is not to be had.
 *
 *   SPOOR_E_CORRUPT, SPOOR_E_WHAT
 */
SPOOR_PUBLIC int spoor_writes(SpoorCase *scase, const SpoorSelection *selection,
                const char *const *whats, size_t n_whats, SpoorRows **ret_rows,
                SpoorError *ret_error);
/* NULL past the last; so below. */
SPOOR_PUBLIC const char *spoor_write_column(size_t i);

/*
 * Things that calls made, changed or ended, in the order in which they were first acted on: kind
 * ("user", "key", "role-policy", "opening", ...) name ofKind of (whose it is, and ends with; of
 * shares, with whom; of what was renamed, its new name) account region (NULL where the service has
 * none) state createdTime createdEventID createdEventName (NULL: before the evidence begins)
 * principal userIdentity.accessKeyId sourceIPAddress (who acted on it first, of those that were
 * asked about) changes changedTime changedEventID changedEventName (the last) endedTime
 * endedEventID endedEventName endedBy.
 *
 * state: standing; changed (it was there before, and was changed); inactive; deleted, also with
 * what it was of; expired; replaced (the same was made again, its end is not in the evidence). Only
 * calls that succeeded count. SELECTION and WHATS, as above, say which things are told: those that
 * a call acted on that they take (and without WHATS, that the catalogue gives a category), and of
 * WHATS also the keys, users and roles that the chains acted as; what became of them is told
 * whoever did it.
 *
 *   SPOOR_E_CORRUPT, SPOOR_E_WHAT
 */
SPOOR_PUBLIC int spoor_standing(SpoorCase *scase, const SpoorSelection *selection,
                const char *const *whats, size_t n_whats, SpoorRows **ret_rows,
                SpoorError *ret_error);
SPOOR_PUBLIC const char *spoor_standing_column(size_t i);

/*
 * What was read with success, a row for each thing, principal and key, by first read: kind
 * ("bucket", "secret", "parameter", ...) name account reads objects (distinct ones) bytes denied
 * (reads that did not succeed) firstTime firstEventID lastTime lastEventID principal
 * userIdentity.accessKeyId. SELECTION and WHATS as above.
 *
 *   SPOOR_E_CORRUPT, SPOOR_E_WHAT
 */
SPOOR_PUBLIC int spoor_taken(SpoorCase *scase, const SpoorSelection *selection,
                const char *const *whats, size_t n_whats, SpoorRows **ret_rows,
                SpoorError *ret_error);
SPOOR_PUBLIC const char *spoor_taken_column(size_t i);

/*
 * Questions that are asked of every case, in their order: name question answer (yes, no; unknown
 * where the records that tell cannot be read) events (that are of it, attempts too) succeeded
 * firstTime firstEventID lastTime lastEventID (of those that answer it: that succeeded; where none
 * did, that were tried) principalCount principals (the first 20) evidence (eventIDs of the first
 * 100). SELECTION and WHATS as above.
 *
 *   SPOOR_E_CORRUPT, SPOOR_E_WHAT
 */
SPOOR_PUBLIC int spoor_checklist(SpoorCase *scase, const SpoorSelection *selection,
                const char *const *whats, size_t n_whats, SpoorRows **ret_rows,
                SpoorError *ret_error);
SPOOR_PUBLIC const char *spoor_checklist_column(size_t i);
/* ---- profile ---------------------------------------------------------------------------- */

/*
 * One key, user, role, principal, session, address or block, or instance on one page; WHAT as in
 * SpoorLateral. SELECTION (may be NULL) narrows what is counted. Below, counts are events success
 * denied failure; a use is firstTime firstEventID lastTime lastEventID. Rows are in order of their
 * first event. The sections:
 *
 * - subject, one row: what form (how it was taken) note (what is to be known of that) type name
 *   principal account (where all agree) sessions keys addresses (how many), counts, then of first
 *   and last: Time EventID EventSource EventName SourceIPAddress
 *
 * - addresses networks (/24, /48) userAgents regions accounts services calls keys principals:
 * value, use, counts. Behind value, networks have addresses (how many); calls, whose value is
 *   "ses:GetAccount", eventSource eventName readOnly category technique (of the catalogue of
 * calls); principals type name account
 *
 * - days: date, counts
 *
 * - writes that succeeded: value eventSource eventName kind target of (what was written, and whose
 *   that is; a row for each) category technique, use, events
 *
 * - reconnaissance, runs of GetCallerIdentity and then calls that look around by the same
 *   credential, with no more than 15 minutes between two: use calls success denied failure
 *   eventNames regions addresses (how many) sourceIPAddress userIdentity.accessKeyId principal
 * names (with blanks between)
 *
 * - read, what was read or used with success: effect (read, use) kind ("bucket" for its objects,
 *   "secret", "parameter", "kms-key", ...) name reads objects (distinct ones) bytes, use
 *
 * - made, what was made, changed or ended with success: effect (create, change, delete, stop,
 * start) kind name (of objects their bucket) of (whose it is) events, use
 *
 * - issued issuedFrom, rows of spoor_lateral(): credentials that it handed out, and was handed
 *
 * - news, what a day has that no day before had: date of value firstTime firstEventID events
 *
 *   SPOOR_E_CORRUPT, SPOOR_E_WHAT
 */
SPOOR_PUBLIC int spoor_profile(SpoorCase *scase, const SpoorSelection *selection, const char *what,
                SpoorPage **ret_page, SpoorError *ret_error);

/* ---- the ledger ------------------------------------------------------------------------- */

/*
 * Every file and every member of an archive that was met, by name: file size sha256 (of its bytes
 * as it stands on disk, or as its archive gives it) kind (what records stand in; tar, zip, 7z;
 * other: no log; unread) deliveryTime deliveryAccount deliveryRegion (as its name tells) bytes (of
 * unpacked log content) records events (those that were kept) duplicates rejected damaged
 * (diagnoses) copyOf (the first file with these bytes) note (the first diagnosis, or why it is no
 * log).
 *
 *   SPOOR_E_CORRUPT
 */
SPOOR_PUBLIC int spoor_files(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *ret_error);
/* Those of them that have duplicates, or are copies. */
SPOOR_PUBLIC int spoor_duplicate_files(
                SpoorCase *scase, SpoorRows **ret_rows, SpoorError *ret_error);
/* Of both; NULL past the last. */
SPOOR_PUBLIC const char *spoor_file_column(size_t i);

/* Damage: file offset rejected (records lost by it) reason. SPOOR_E_CORRUPT. */
SPOOR_PUBLIC int spoor_damage(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *ret_error);
SPOOR_PUBLIC const char *spoor_damage_column(size_t i);

/*
 * Different records under one eventID, a row for each that was not kept: eventID keptFile
 * keptRecord otherFile otherRecord. SPOOR_E_CORRUPT.
 */
SPOOR_PUBLIC int spoor_conflicts(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *ret_error);
SPOOR_PUBLIC const char *spoor_conflict_column(size_t i);

/*
 * The evidence as a whole. A hash is that of the lines "SHA-256  size  name\n" (in hex, in digits,
 * the name's own bytes), sorted bytewise, of all that could be read whole: of files as they stand
 * on disk, and of members of archives.
 */
typedef struct SpoorLedger {
        uint64_t n_files, n_members;
        uint64_t n_bytes;  /* of the files, as they stand */
        uint64_t n_unread; /* files and members without a hash, as they could not be read whole */
        uint64_t n_copies; /* files and members that are the same as one before them */
        char files_hash[65], members_hash[65];
} SpoorLedger;

/* SPOOR_E_CORRUPT */
SPOOR_PUBLIC int spoor_case_ledger(SpoorCase *scase, SpoorLedger *ret, SpoorError *ret_error);

/* A source as it was given, and where it stood. 1: past the last. */
SPOOR_PUBLIC int spoor_case_source(
                SpoorCase *scase, size_t i, SpoorSlice *ret_name, SpoorSlice *ret_path);

/* ---- coverage --------------------------------------------------------------------------- */

/*
 * What the evidence covers: a row for each account, region and day (UTC) with events or files, in
 * that order: account region (NULL where events have none) date events files. events are those
 * that happened on that day; files those delivered on it, as their names tell.
 *
 *   SPOOR_E_CORRUPT
 */
SPOOR_PUBLIC int spoor_coverage(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *ret_error);
/* NULL past the last; so below. */
SPOOR_PUBLIC const char *spoor_coverage_column(size_t i);

/*
 * What the evidence may not show, by time: kind account region from to seconds usualSeconds
 * longestUsualSeconds eventName principal userIdentity.accessKeyId sourceIPAddress outcome eventID,
 * then the pauses as text: lasted usual longestUsual.
 *
 * kind: no-delivery (between two deliveries), delivery-ended (until the last of the evidence),
 * no-events (whole days): of an account in a region that is otherwise heard of regularly; and
 * beside it the median of its pauses and the longest that is usual. logging-stopped,
 * logging-changed, logging-started: an event, whose time is from, and who did it.
 *
 *   SPOOR_E_CORRUPT
 */
SPOOR_PUBLIC int spoor_gaps(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *ret_error);
SPOOR_PUBLIC const char *spoor_gap_column(size_t i);

typedef struct SpoorGaps {
        uint64_t n_gaps;    /* stretches without deliveries or events */
        uint64_t n_stopped; /* events that ended logging, with success */
        const char *kind;   /* of the first of them all; NULL: there is none */
        SpoorSlice account, region;
        int64_t from, to;
} SpoorGaps;

/* Those that touch what SELECTION (may be NULL) asks for: for whoever answers it. SPOOR_E_CORRUPT
 */
SPOOR_PUBLIC int spoor_case_gaps(SpoorCase *scase, const SpoorSelection *selection, SpoorGaps *ret,
                SpoorError *ret_error);
/* ---- integrity -------------------------------------------------------------------------- */

/*
 * Are the log files what CloudTrail delivered? Told offline, from the digest files in the evidence
 * and the sign files of CloudTrail Lake. Without public keys it is told whether digests and logs
 * are consistent; with them, whether AWS signed them. Strings are borrowed for the call.
 */
typedef struct SpoorVerify {
        const char *public_keys; /* file with the output of list-public-keys, or NULL */
        const char *evidence;    /* where the evidence of case files now stands, or NULL */
} SpoorVerify;

typedef struct SpoorProof SpoorProof;

#define SPOOR_E_NO_DIGEST 2   /* neither digest nor sign file: there is nothing to prove by */
#define SPOOR_E_PUBLIC_KEYS 4 /* public_keys is not what list-public-keys prints */

/*
 * Reads SOURCES (as spoor_case_open() takes them; of a case file, the evidence it was made from)
 * once, on all threads. max_record_bytes also bounds a digest, where it is above 64 MB.
 *
 *   SPOOR_E_CORRUPT, SPOOR_E_NO_DIGEST, SPOOR_E_PUBLIC_KEYS; SPOOR_E_EVIDENCE: the evidence of a
 *   case file is not where it was.
 */
SPOOR_PUBLIC int spoor_verify(const SpoorOptions *options, const SpoorVerify *question,
                const char *const *sources, size_t n_sources, SpoorProof **ret_proof,
                SpoorError *ret_error);
SPOOR_PUBLIC SpoorProof *spoor_proof_free(SpoorProof *proof);

typedef struct SpoorProofInfo {
        uint64_t n_files;       /* read; members of archives count each */
        uint64_t n_bytes;       /* of their unpacked content */
        uint64_t n_digests;     /* digest files and sign files among them */
        uint64_t n_damaged;     /* diagnoses */
        uint64_t n_sound;       /* digests, log files and results, by verdict */
        uint64_t n_unsound;     /* altered, missing, unlisted, malformed, or not to be proven */
        uint64_t n_unproven;    /* the newest digests, and what they name */
        uint64_t n_not_covered; /* log files for which no digest is here */
        uint64_t n_gaps;        /* in chains: deleted digests, chains that begin anew */
        uint64_t n_others;      /* files that are neither logs nor digests */
        bool are_signatures_checked;
} SpoorProofInfo;

SPOOR_PUBLIC void spoor_proof_info(const SpoorProof *proof, SpoorProofInfo *ret_info);
/* i below n_damaged; ordered by file, then offset. */
SPOOR_PUBLIC int spoor_proof_damaged(const SpoorProof *proof, uint64_t i, SpoorDiagnosis *ret);

/*
 * What was found: first a row for each chain (account, region, trail) with its sums, then chain by
 * chain in order of time. ALL: also what is sound or is told by the sums. The columns are
 * spoor_verify_column()s: kind (chain gap digest log sign result) verdict (sound altered missing
 * unlisted unproven notCovered malformed gap restarted; of a chain sound or unsound) reason name
 * file s3Bucket s3Object matched (how file was found for s3Object: by object, path or name) digest
 * (the object that names it) signature (sound wrong unproven notChecked) awsAccountId region trail
 * startTime endTime hashValue (as named) sha256 (as found); then sums of a chain: digests logFiles
 * sound altered missing unlisted unproven notCovered. ROWS borrows PROOF.
 */
SPOOR_PUBLIC int spoor_proof_rows(
                SpoorProof *proof, bool all, SpoorRows **ret_rows, SpoorError *ret_error);
/* NULL past the last. */
SPOOR_PUBLIC const char *spoor_verify_column(size_t i);

/* ---- the record itself ------------------------------------------------------------------ */

typedef struct SpoorRecord {
        SpoorSlice bytes; /* JSON: as it stands in the evidence, or as it was in a JSON string there
                           */
        SpoorSlice place; /* the bytes of the evidence that it was read from */
        SpoorSlice file;
        uint32_t record; /* in its file, from 0 */
        uint64_t offset; /* of the place, in the unpacked content of its file */
        int is_partial;  /* the place is a row of a table, and bytes were made from its columns */
        void *owner;     /* private */
} SpoorRecord;

#define SPOOR_E_UNKNOWN 2 /* no event has this eventID */

/*
 * Reads the record of EVENT_ID back from the evidence and checks that it is the one indexed.
 * The slices belong to the record, and are freed with it.
 *
 *   SPOOR_E_CORRUPT (1), SPOOR_E_UNKNOWN (2), SPOOR_E_EVIDENCE (3): moved, unreadable or changed;
 *   ret_error says where it was looked for and what was found.
 */
SPOOR_PUBLIC int spoor_show(SpoorCase *scase, const char *event_id, SpoorRecord *ret_record,
                SpoorError *ret_error);
SPOOR_PUBLIC void spoor_record_clear(SpoorRecord *record);

/* JSON indented by two spaces, for eyes; NUL-ended, freed with free(). 1: not JSON. */
SPOOR_PUBLIC int spoor_json_pretty(SpoorSlice json, char **ret_text);

#ifdef __cplusplus
}
#endif
#endif
