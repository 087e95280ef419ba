/*
 * The man page, in roff, from the tables of commands and flags. Text is escaped on the way: roff
 * reads a backslash, and a dot or an apostrophe at the start of a line, as its own.
 */
#include "cli/flags.h"

#include <string.h>

typedef struct Entry {
        const char *term;
        const char *text;
} Entry;

static const Entry exits[] = {
                {"0", "Answered in full; an empty answer is an answer."},
                {"2", "Bad usage, or nothing could be answered."},
                {"3", "Answered, but part of the evidence was damaged and is named on standard "
                      "error; of verify also: something is not sound."},
};

static const Entry environment[] = {
                {"NO_COLOR", "When set and not empty, tables have no colour unless --color "
                             "always."},
                {"TERM", "When dumb, the same."},
};

static const Entry examples[] = {
                {"spoor index -o case.spoor logs/", "Read an archive once."},
                {"spoor info case.spoor", "What it holds, and what could not be read."},
                {"spoor first-use --by ip --key AKIAIOSFODNN7EXAMPLE case.spoor",
                                "Where a key was used from, and since when."},
                {"spoor timeline --key AKIAIOSFODNN7EXAMPLE --write --from 2023-07-10 case.spoor",
                                "What was changed with it."},
                {"spoor top --by event,error --outcome denied case.spoor",
                                "What was tried in vain."},
                {"spoor lateral --from AKIAIOSFODNN7EXAMPLE case.spoor",
                                "Where they went next, and with what."},
                {"spoor report --subject AKIAIOSFODNN7EXAMPLE -o report.html case.spoor",
                                "The case on one page, to be handed over."},
                {"spoor verify --public-keys keys.json logs/",
                                "Whether the logs are what CloudTrail delivered."},
                {"spoor show --pretty 4d596f0c-5ac5-4b3e-8f3b-6c3f1f6b7a11 case.spoor",
                                "One record as it stands in the evidence."},
};

static const Entry expressions[] = {
                {"eventName = GetObject",
                                "The value is that text; with a bare number it is that number, so "
                                "10 and 10.0 are the same, and \"10\" is a text. Also ==."},
                {"!=  !~  not in  not exists",
                                "The comparison without not is false: also where there is no "
                                "value."},
                {"eventName ~ \"Get*\"", "The whole text matches: * any run of characters, ? one."},
                {"userAgent =~ '(?i)boto'",
                                "A regular expression, as in Perl (PCRE2), is found in it; (?i) "
                                "ignores case."},
                {"eventTime >= 2026-01-08T14:00:00Z",
                                "< <= > >= of a time or a date, or of a number: of values that are "
                                "times, or numbers. Of any other text: byte by byte."},
                {"ip in (203.0.113.7, 10.0.0.0/8)",
                                "It equals one of them, or is an address in one of the blocks. "
                                "= != ~ !~ and =~ take lists too."},
                {"errorCode exists, errorCode = null",
                                "There is a value, if only an empty text; there is none."},
                {"readOnly", "A field alone: it is true."},
};

const char *cli_dim_help(SpoorDim dim) {
        static const char *const help[SPOOR_N_DIMS] = {
                        [SPOOR_DIM_KEY] = "userIdentity.accessKeyId",
                        [SPOOR_DIM_IP] = "sourceIPAddress",
                        [SPOOR_DIM_USER] = "userIdentity.userName, else the role of the session",
                        [SPOOR_DIM_EVENT] = "eventName",
                        [SPOOR_DIM_SERVICE] = "eventSource",
                        [SPOOR_DIM_REGION] = "awsRegion",
                        [SPOOR_DIM_ACCOUNT] = "recipientAccountId, else userIdentity.accountId",
                        [SPOOR_DIM_PRINCIPAL] = "who acts, stable across sessions",
                        [SPOOR_DIM_SESSION] = "userIdentity.arn",
                        [SPOOR_DIM_ROLE] = "the role of the session",
                        [SPOOR_DIM_TYPE] = "userIdentity.type",
                        [SPOOR_DIM_UA] = "userAgent",
                        [SPOOR_DIM_ERROR] = "errorCode",
                        [SPOOR_DIM_OUTCOME] = "success, denied or failure",
        };

        return dim < SPOOR_N_DIMS && help[dim] ? help[dim] : "";
}

static void put(CliBuffer *buffer, const char *text) {
        if (*text == '.' || *text == '\'')
                cli_buffer_text(buffer, "\\&");
        for (; *text; text++) {
                if (*text == '\\')
                        cli_buffer_text(buffer, "\\e");
                else if (*text == '-')
                        cli_buffer_text(buffer, "\\-");
                else if (*text == '\'')
                        cli_buffer_text(buffer, "\\(aq");
                else
                        cli_buffer_char(buffer, *text);
        }
}

static void put_line(CliBuffer *buffer, const char *text) {
        put(buffer, text);
        cli_buffer_char(buffer, '\n');
}

static void put_entry(CliBuffer *buffer, const char *term, const char *text) {
        cli_buffer_text(buffer, ".TP\n.B ");
        put_line(buffer, term);
        put_line(buffer, text);
}

static void put_entries(CliBuffer *buffer, const char *title, const Entry *entries, size_t n) {
        cli_buffer_format(buffer, ".SH %s\n", title);
        for (size_t i = 0; i < n; i++)
                put_entry(buffer, entries[i].term, entries[i].text);
}

static void put_commands(CliBuffer *buffer) {
        const CliCommand *command;

        cli_buffer_text(buffer, ".SH COMMANDS\n");
        for (size_t i = 0; (command = cli_command_at(i)); i++) {
                cli_buffer_text(buffer, ".TP\n");
                cli_buffer_format(buffer, "\\fBspoor ");
                put(buffer, command->name);
                cli_buffer_text(buffer, "\\fR ");
                put_line(buffer, command->operands);
                put_line(buffer, command->manual);
        }
}

/* "timeline, first-use and top", for a flag that not every command takes. */
static void put_on(CliBuffer *buffer, const CliFlag *flag) {
        const CliCommand *command, *pending = NULL;
        bool any = false;

        if ((flag->on & CLI_ON_COMMANDS) == CLI_ON_COMMANDS || flag->on == CLI_ON_MAIN)
                return;
        cli_buffer_text(buffer, "Of ");
        for (size_t i = 0; (command = cli_command_at(i)); i++) {
                if (!(command->on & flag->on))
                        continue;
                if (pending) {
                        cli_buffer_text(buffer, any ? ", " : "");
                        put(buffer, pending->name);
                        any = true;
                }
                pending = command;
        }
        cli_buffer_text(buffer, any ? " and " : "");
        put(buffer, pending->name);
        cli_buffer_text(buffer, ".\n");
}

static void put_flag(CliBuffer *buffer, const CliFlag *flag) {
        cli_buffer_text(buffer, ".TP\n\\fB");
        if (flag->letter)
                cli_buffer_format(buffer, "\\-%c\\fR, \\fB", flag->letter);
        cli_buffer_text(buffer, "\\-\\-");
        put(buffer, flag->name);
        cli_buffer_text(buffer, "\\fR");
        if (flag->argument) {
                cli_buffer_text(buffer, " \\fI");
                put(buffer, flag->argument);
                cli_buffer_text(buffer, "\\fR");
        }
        cli_buffer_char(buffer, '\n');
        put(buffer, flag->help);
        cli_buffer_text(buffer, ".\n");
        if (flag->manual[0])
                put_line(buffer, flag->manual);
        put_on(buffer, flag);
}

static void put_flags(CliBuffer *buffer) {
        const CliFlag *flag;

        cli_buffer_text(buffer, ".SH OPTIONS\n");
        put_line(buffer, "Options stand anywhere behind the command, as --option VALUE or "
                         "--option=VALUE; -- ends them. A malformed option is refused before any "
                         "evidence is opened.");
        for (CliFlagGroup group = 0; group < CLI_N_GROUPS; group++) {
                cli_buffer_format(buffer, ".SS %s\n", cli_group_title(group));
                if (group == CLI_GROUP_SELECTION)
                        put_line(buffer, "Different options narrow, a repeated option widens. * "
                                         "and ? "
                                         "are wildcards; matching is case-sensitive.");
                for (size_t i = 0; (flag = cli_flag_at(i)); i++)
                        if (flag->group == group)
                                put_flag(buffer, flag);
        }
}

static void put_expressions(CliBuffer *buffer) {
        put_entries(buffer, "EXPRESSIONS", expressions, sizeof(expressions) / sizeof(*expressions));
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer,
                        "and, or, not and parentheses join comparisons: not binds closer than "
                        "and, and closer than or. Fields are the columns of timeline, the "
                        "dimensions by their names, and paths into the record such as "
                        "requestParameters.bucketName. An array stands for its elements: a "
                        "comparison is true where it is of any of them; resources[0].ARN is of "
                        "the first. Parts of a path with other characters stand in quotes. "
                        "service = iam also says iam.amazonaws.com. geo.country, geo.as, aws.range "
                        "and indicator are fields where the file is given that tells them.");
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer,
                        "Values are words, or texts in quotes: what has a space, a quote, a "
                        "parenthesis, a comma or one of =!<>~ in it. In double quotes \\\" and "
                        "\\\\ are a quote and a backslash, in single quotes everything is itself.");
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer, "Paths are read from the evidence, for events that the rest leaves open. "
                         "Where that is missing, or a regular expression takes more steps than "
                         "are allowed, there is an error and no answer.");
}

static void put_columns(CliBuffer *buffer) {
        const char *name;

        cli_buffer_text(buffer, ".SH DIMENSIONS\n");
        for (SpoorDim dim = 0; dim < SPOOR_N_DIMS; dim++)
                put_entry(buffer, spoor_dim_name(dim), cli_dim_help(dim));
        cli_buffer_text(buffer, ".SH COLUMNS\n");
        put_line(buffer, "The rows of timeline have these; a table shows fewer unless --columns "
                         "says otherwise:");
        cli_buffer_text(buffer, ".PP\n");
        for (size_t i = 0; (name = spoor_timeline_column(i)); i++)
                put_line(buffer, name);
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer, "Where --columns names them, these too: what the catalogue says of the "
                         "call, and what the event acts on, with whose that is in parentheses:");
        cli_buffer_text(buffer, ".PP\n");
        for (size_t i = 0; (name = spoor_act_column(i)); i++)
                put_line(buffer, name);
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer, "The rows of first-use and top have the dimensions under their own names, "
                         "then firstTime firstEventID firstEventName firstSourceIPAddress lastTime "
                         "lastEventID events denied failed.");
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer, "The rows of timeline --chain have chain.depth, chain.edge and "
                         "chain.eventID "
                         "besides; those of timeline --around of an event have around. Collapsed "
                         "columns, of timeline --collapse:");
        cli_buffer_text(buffer, ".PP\n");
        for (size_t i = 0; (name = spoor_collapsed_column(i)); i++)
                put_line(buffer, name);
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer, "regions, addresses and agents count, the others of these names list; "
                         "summary is a line for eyes. The rows of lateral have these; the last six "
                         "only where "
                         "--columns "
                         "names them, and outcome with --attempts:");
        cli_buffer_text(buffer, ".PP\n");
        for (size_t i = 0; (name = spoor_lateral_column(i)); i++)
                put_line(buffer, name);
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer, "And those of lateral --findings:");
        cli_buffer_text(buffer, ".PP\n");
        for (size_t i = 0; (name = spoor_finding_column(i)); i++)
                put_line(buffer, name);
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer,
                        "With the options under Enrichment, rows with an address have geo.country, "
                        "geo.as and aws.range, and rows with an address, key, user agent or ARN "
                        "indicator. The rows of info --credential-report have these; a table "
                        "shows fewer:");
        cli_buffer_text(buffer, ".PP\n");
        for (size_t i = 0; (name = spoor_credential_column(i)); i++)
                put_line(buffer, name);
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer, "The rows of verify have these; a table shows kind, verdict, startTime, "
                         "name and reason, and the sums stand in the rows of chains:");
        cli_buffer_text(buffer, ".PP\n");
        for (size_t i = 0; (name = spoor_verify_column(i)); i++)
                put_line(buffer, name);
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer,
                        "Verdicts are sound, altered, missing, unlisted (no digest names it, "
                        "though "
                        "those of its time are here), unproven (the newest digest always, for its "
                        "signature is kept in S3 alone), notCovered (no digest of its time, region "
                        "or trail is here), malformed; of chains gap and restarted.");
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer, "Times are RFC 3339 in UTC. source.record counts the records of a file "
                         "from 0; source.file names members of archives as archive.tar!member.");
}

#define N(array) (sizeof(array) / sizeof(*(array)))

void cli_generate_man(CliBuffer *buffer) {
        cli_buffer_format(buffer, ".TH SPOOR 1 \"\" \"spoor %s\"\n.SH NAME\n", spoor_version());
        put_line(buffer, "spoor - answers from a copied CloudTrail archive, offline");
        cli_buffer_text(buffer, ".SH SYNOPSIS\n.B spoor\n\\fIcommand\\fR [\\fIoptions\\fR] "
                                "\\fISOURCE\\fR...\n.SH DESCRIPTION\n");
        put_line(buffer, "spoor reads the files of AWS CloudTrail and says who did what, when "
                         "first, "
                         "and how often. It opens no network connection and never writes to the "
                         "evidence.");
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer, "SOURCE is a case file made by spoor index, or raw evidence: a directory, "
                         "a "
                         "log file, an archive, or - for standard input. Every query takes either, "
                         "and any number of them, mixed. Results go to standard output; progress, "
                         "damage and complaints to standard error.");
        put_commands(buffer);
        put_flags(buffer);
        put_expressions(buffer);
        put_columns(buffer);
        put_entries(buffer, "EXIT STATUS", exits, N(exits));
        cli_buffer_text(buffer, ".PP\n");
        put_line(buffer, "A closed pipe is not an error.");
        put_entries(buffer, "ENVIRONMENT", environment, N(environment));
        put_entries(buffer, "EXAMPLES", examples, N(examples));
}
