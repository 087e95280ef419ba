/*
 * The sections of a report, and what its renderers share. A section is opened when it is shown and
 * closed behind it, so that a report holds no table in memory.
 */
#include "cli/report.h"

#include "cli/enrichment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N_STEPS 120 /* of activity */

/* ---- what the sections are ---- */

#define OPEN(name_, call_)                                                                         \
        static int open_##name_(const CliReportDoc *doc, const char *what, SpoorRows **ret_rows,   \
                        SpoorError *error) {                                                       \
                (void)what;                                                                        \
                return call_;                                                                      \
        }

OPEN(timeline, spoor_collapsed(doc->query->scase, doc->query->selection, doc->whats, doc->n_whats,
                               -1, ret_rows, error))
OPEN(activity, spoor_activity(doc->query->scase, doc->query->selection, doc->whats, doc->n_whats,
                               N_STEPS, ret_rows, error))
OPEN(coverage, spoor_coverage(doc->query->scase, ret_rows, error))
OPEN(writes, spoor_writes(doc->query->scase, doc->query->selection, doc->whats, doc->n_whats,
                             ret_rows, error))
OPEN(standing, spoor_standing(doc->query->scase, doc->query->selection, doc->whats, doc->n_whats,
                               ret_rows, error))
OPEN(taken, spoor_taken(doc->query->scase, doc->query->selection, doc->whats, doc->n_whats,
                            ret_rows, error))
OPEN(checklist, spoor_checklist(doc->query->scase, doc->query->selection, NULL, 0, ret_rows, error))
OPEN(gaps, spoor_gaps(doc->query->scase, ret_rows, error))
OPEN(credentials, spoor_credentials(doc->query->scase, ret_rows, error))
OPEN(files, spoor_files(doc->query->scase, ret_rows, error))
OPEN(damaged, spoor_damage(doc->query->scase, ret_rows, error))
OPEN(conflicts, spoor_conflicts(doc->query->scase, ret_rows, error))

static int open_chain(const CliReportDoc *doc, const char *what, SpoorRows **ret_rows,
                SpoorError *error) {
        SpoorLateral question = {.from = what};

        return spoor_lateral(doc->query->scase, doc->query->selection, &question, ret_rows, error);
}

static int open_findings(const CliReportDoc *doc, const char *what, SpoorRows **ret_rows,
                SpoorError *error) {
        SpoorLateral question = {.from = what};

        return spoor_lateral_findings(
                        doc->query->scase, doc->query->selection, &question, ret_rows, error);
}

static int open_subject_checklist(const CliReportDoc *doc, const char *what, SpoorRows **ret_rows,
                SpoorError *error) {
        return spoor_checklist(doc->query->scase, doc->query->selection, &what, 1, ret_rows, error);
}

static int open_values(
                const CliReportDoc *doc, SpoorDim dim, SpoorRows **ret_rows, SpoorError *error) {
        return spoor_values(doc->query->scase, doc->query->selection, &dim, 1,
                        SPOOR_ORDER_FIRST_TIME, INT64_MIN, UINT64_MAX, ret_rows, error);
}

OPEN(addresses, open_values(doc, SPOOR_DIM_IP, ret_rows, error))
OPEN(user_agents, open_values(doc, SPOOR_DIM_UA, ret_rows, error))
OPEN(keys, open_values(doc, SPOOR_DIM_KEY, ret_rows, error))
OPEN(users, open_values(doc, SPOOR_DIM_USER, ret_rows, error))
OPEN(principals, open_values(doc, SPOOR_DIM_PRINCIPAL, ret_rows, error))
OPEN(regions, open_values(doc, SPOOR_DIM_REGION, ret_rows, error))
OPEN(accounts, open_values(doc, SPOOR_DIM_ACCOUNT, ret_rows, error))
OPEN(services, open_values(doc, SPOOR_DIM_SERVICE, ret_rows, error))
OPEN(calls, open_values(doc, SPOOR_DIM_EVENT, ret_rows, error))
OPEN(errors, open_values(doc, SPOOR_DIM_ERROR, ret_rows, error))

#define VALUES(name_, title_, dim_, open_)                                                         \
        {                                                                                          \
                .name = (name_), .title = (title_),                                                \
                .about = "Of all that is selected, not of the subjects alone.", .none = "None.",   \
                .columns = dim_ " events denied failed firstTime firstEventID lastTime "           \
                                "lastEventID",                                                     \
                .more = "spoor first-use --by " dim_, .open = (open_)                              \
        }

/* In the order in which they are read. */
static const CliReportSection sections[] = {
                {
                                .name = "findings",
                                .title = "Findings",
                                .about = "What is remarkable about how the subjects' credentials "
                                         "were handed on and used.",
                                .none = "Nothing remarkable was found about the chain.",
                                .columns = "finding eventTime key principal sourceIPAddress calls "
                                           "succeeded lastTime lastSuccessTime evidence",
                                .is_by_subject = true,
                                .open = open_findings,
                },
                {
                                .name = "chain",
                                .title = "Chain of credentials",
                                .about = "Who obtained which credential from whom, beginning at "
                                         "the subject.",
                                .none = "The subject handed no credential on.",
                                .columns = "depth eventTime edge confidence sourcePrincipal "
                                           "sourceIPAddress targetPrincipal targetKey uses "
                                           "firstUse lastUse useIPs findings eventID",
                                .is_by_subject = true,
                                .drawing = CLI_REPORT_CHAIN,
                                .open = open_chain,
                },
                {
                                .name = "activity",
                                .title = "Activity over time",
                                .about = "Events by outcome in steps of one length, in UTC.",
                                .none = "No event.",
                                .columns = "from to events success denied failure",
                                .drawing = CLI_REPORT_ACTIVITY,
                                .open = open_activity,
                },
                {
                                .name = "timeline",
                                .title = "Timeline",
                                .about = "Runs of the same call by the same credential are one "
                                         "line, at the time of their first event.",
                                .none = "No event.",
                                .columns = "firstTime summary errorCode category principal "
                                           "userIdentity.accessKeyId sourceIPAddresses "
                                           "firstEventID lastEventID",
                                .more = "spoor timeline --collapse",
                                .open = open_timeline,
                },
                {
                                .name = "writes",
                                .title = "Calls that change",
                                .about = "Done or only tried, with what was asked for; what stood "
                                         "there in base64 or URL-encoded is made plain. Without "
                                         "subjects, those that the catalogue gives a category.",
                                .none = "Nothing was changed, and nobody tried.",
                                .columns = "eventTime eventSource eventName awsRegion outcome "
                                           "errorCode principal userIdentity.accessKeyId "
                                           "sourceIPAddress requestParameters decoded eventID",
                                .open = open_writes,
                },
                {
                                .name = "standing",
                                .title = "What was left behind",
                                .about = "What calls made, changed or ended, and whether it stands "
                                         "at the end of the evidence. With subjects, what their "
                                         "chains acted on, and what became of their own "
                                         "credentials, whoever did it: principal says who.",
                                .none = "Nothing was made, changed or ended.",
                                .columns = "kind name of state createdTime principal changedTime "
                                           "endedTime endedBy createdEventID changedEventID "
                                           "endedEventID",
                                .open = open_standing,
                },
                {
                                .name = "taken",
                                .title = "What was taken",
                                .about = "What was read with success. Reads of objects stand in "
                                         "the evidence only where data events are logged.",
                                .none = "No read of anything that is told of.",
                                .columns = "kind name reads objects bytes denied firstTime "
                                           "lastTime principal userIdentity.accessKeyId "
                                           "firstEventID",
                                .open = open_taken,
                },
                {
                                .name = "subjectChecklist",
                                .title = "Checklist of the subjects",
                                .about = "The same questions, of what was done with the "
                                         "credentials of their chains alone.",
                                .none = "No question.",
                                .columns = "question answer events succeeded firstTime lastTime "
                                           "principals evidence",
                                .is_by_subject = true,
                                .open = open_subject_checklist,
                },
                {
                                .name = "checklist",
                                .title = "Checklist",
                                .about = "What is asked of every case, of all that was selected. "
                                         "Events count attempts too.",
                                .none = "No question.",
                                .columns = "question answer events succeeded firstTime lastTime "
                                           "principals evidence",
                                .open = open_checklist,
                },
                VALUES("addresses", "Addresses", "ip", open_addresses),
                VALUES("userAgents", "User agents", "ua", open_user_agents),
                VALUES("keys", "Access keys", "key", open_keys),
                VALUES("users", "Users and roles", "user", open_users),
                VALUES("principals", "Principals", "principal", open_principals),
                VALUES("accounts", "Accounts", "account", open_accounts),
                VALUES("regions", "Regions", "region", open_regions),
                VALUES("services", "Services", "service", open_services),
                VALUES("calls", "Calls", "event", open_calls),
                VALUES("errors", "Errors", "error", open_errors),
                {
                                .name = "credentialReport",
                                .title = "Credential report",
                                .about = "What IAM says of the passwords and keys of its users, "
                                         "and "
                                         "what the evidence shows. The report has no key ids; how "
                                         "a key was found, matchedBy says.",
                                .none = "No credential report was given.",
                                .columns = "user credential active mfa created lastUsed "
                                           "lastUsedRegion lastUsedService accessKeyId matchedBy "
                                           "firstUse lastUse lastUseEventID sourceIPAddress events "
                                           "notes",
                                .open = open_credentials,
                },
                {
                                .name = "coverage",
                                .title = "Coverage",
                                .about = "Which accounts and days the evidence covers, by events "
                                         "that happened and files that were delivered. An empty "
                                         "day is a day of which the evidence says nothing.",
                                .none = "The evidence covers no day.",
                                .drawing = CLI_REPORT_COVERAGE,
                                .more = "spoor info --coverage",
                                .open = open_coverage,
                },
                {
                                .name = "gaps",
                                .title = "Gaps",
                                .about = "Silences of trails that otherwise deliver regularly, and "
                                         "calls that switched logging.",
                                .none = "No gap was found.",
                                .columns = "kind from to lasted usual account region eventName "
                                           "principal outcome eventID",
                                .more = "spoor info --gaps",
                                .open = open_gaps,
                },
                {
                                .name = "files",
                                .title = "Ledger of the evidence",
                                .about = "Every file and archive member that was met, with the "
                                         "SHA-256 of its bytes.",
                                .none = "No file.",
                                .columns = "file size sha256 kind records events duplicates "
                                           "rejected damaged copyOf note",
                                .more = "spoor info --files",
                                .open = open_files,
                },
                {
                                .name = "damaged",
                                .title = "Damaged evidence",
                                .about = "Places that could not be read; offsets count bytes of "
                                         "the unpacked content.",
                                .none = "Nothing is damaged.",
                                .more = "spoor info --damaged",
                                .open = open_damaged,
                },
                {
                                .name = "conflicts",
                                .title = "Conflicting records",
                                .about = "Different records under one eventID; the first by place "
                                         "was kept.",
                                .none = "No conflict.",
                                .more = "spoor info --conflicts",
                                .open = open_conflicts,
                },
};

const CliReportSection *cli_report_section(size_t i) {
        return i < sizeof(sections) / sizeof(*sections) ? &sections[i] : NULL;
}

CliReportSection cli_report_of_page(const SpoorSection *section) {
        static const struct {
                const char *name, *columns;
        } columns[] = {
                        {"calls", "value category technique events success denied failure "
                                  "firstTime firstEventID lastTime lastEventID"},
                        {"writes", "value events firstTime firstEventID lastTime lastEventID"},
                        {"reconnaissance", "firstTime lastTime calls success denied failure "
                                           "eventNames names regions sourceIPAddress "
                                           "userIdentity.accessKeyId firstEventID"},
                        {"issued", "eventTime edge confidence targetPrincipal targetKey uses "
                                   "firstUse lastUse outcome eventID"},
                        {"issuedFrom", "eventTime edge confidence sourcePrincipal sourceKey "
                                       "sourceIPAddress uses outcome eventID"},
        };
        CliReportSection of = {
                        .name = section->name,
                        .title = section->title,
                        .about = "",
                        .none = "None.",
                        .more = "spoor profile",
        };

        for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
                if (strcmp(columns[i].name, section->name) == 0)
                        of.columns = columns[i].columns;
        return of;
}

bool cli_report_has_column(const char *names, const char *name) {
        size_t n = strlen(name);

        if (!names || cli_enrichment_column(name))
                return true;
        for (const char *at = names; (at = strstr(at, name)); at += n)
                if ((at == names || at[-1] == ' ') && (at[n] == ' ' || at[n] == 0))
                        return true;
        return false;
}

/* ---- the command ---- */

static void put_word(CliBuffer *text, const char *word) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789_./:=,@%+-";

        if (*word && word[strspn(word, plain)] == 0) {
                cli_buffer_text(text, word);
                return;
        }
        cli_buffer_char(text, '\'');
        for (; *word; word++) {
                if (*word == '\'')
                        cli_buffer_text(text, "'\\''");
                else
                        cli_buffer_char(text, *word);
        }
        cli_buffer_char(text, '\'');
}

void cli_report_command(const CliReportDoc *doc, CliBuffer *text) {
        const CliArgs *args = doc->query->args;

        cli_buffer_text(text, "spoor ");
        put_word(text, args->command->name);
        for (size_t i = 0; i < args->n_argv; i++) {
                cli_buffer_char(text, ' ');
                put_word(text, args->argv[i]);
        }
}
