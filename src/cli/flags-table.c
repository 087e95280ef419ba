/*
 * The table of flags. A row says everything about a flag: what the parser accepts, what the help,
 * the man page and the completions print. Rows are in the order in which they are documented.
 */
#include "cli/flags.h"

/* Selects by the dimension of its name. */
#define DIM(id_, name_, argument_, help_, manual_)                                                 \
        {                                                                                          \
                .id = (id_), .name = (name_), .argument = (argument_), .kind = CLI_VALUE_TEXT,     \
                .group = CLI_GROUP_SELECTION, .on = CLI_ON_SELECT, .repeats = true, .dim = true,   \
                .help = (help_), .manual = (manual_)                                               \
        }

static const CliFlag flags[] = {
                DIM(CLI_FLAG_KEY, "key", "KEY", "userIdentity.accessKeyId",
                                "The access key that signed the request."),
                DIM(CLI_FLAG_IP, "ip", "IP|CIDR", "sourceIPAddress: text, or a CIDR block",
                                "A block such as 203.0.113.0/24 or 2001:db8::/32 takes every "
                                "address in it. "
                                "The services of AWS stand here by name, such as "
                                "cloudformation.amazonaws.com."),
                DIM(CLI_FLAG_USER, "user", "NAME", "the user dimension",
                                "userIdentity.userName, or else the name of the role of the "
                                "session."),
                DIM(CLI_FLAG_ROLE, "role", "NAME",
                                "userIdentity.sessionContext.sessionIssuer.userName",
                                "The role whose session made the request."),
                DIM(CLI_FLAG_PRINCIPAL, "principal", "ARN", "the principal dimension",
                                "Who acts, stable across sessions: the role of an assumed role, "
                                "otherwise "
                                "the user, the service or the identifier."),
                DIM(CLI_FLAG_SESSION, "session", "ARN", "userIdentity.arn",
                                "One session of a role, by the ARN that ends with its name."),
                DIM(CLI_FLAG_EVENT, "event", "NAME", "eventName",
                                "Such as ConsoleLogin, or 'Get*'."),
                DIM(CLI_FLAG_SERVICE, "service", "NAME",
                                "eventSource, with or without .amazonaws.com",
                                "iam and iam.amazonaws.com mean the same."),
                DIM(CLI_FLAG_REGION, "region", "REGION", "awsRegion", ""),
                DIM(CLI_FLAG_ACCOUNT, "account", "ID", "the account dimension",
                                "recipientAccountId, or else userIdentity.accountId."),
                DIM(CLI_FLAG_TYPE, "type", "TYPE", "userIdentity.type",
                                "Such as IAMUser, AssumedRole, Root or AWSService."),
                DIM(CLI_FLAG_ERROR, "error", "CODE", "errorCode", ""),
                DIM(CLI_FLAG_UA, "ua", "TEXT", "userAgent", ""),
                {
                                .id = CLI_FLAG_OUTCOME,
                                .name = "outcome",
                                .argument = "OUTCOME",
                                .kind = CLI_VALUE_CHOICE,
                                .choices = "success|denied|failure",
                                .group = CLI_GROUP_SELECTION,
                                .on = CLI_ON_SELECT,
                                .repeats = true,
                                .dim = true,
                                .help = "success, denied or failure",
                                .manual = "Denied is what access control refused, by its "
                                          "errorCode; failure is "
                                          "every other error, and a failed ConsoleLogin.",
                },
                {
                                .id = CLI_FLAG_READ,
                                .name = "read",
                                .group = CLI_GROUP_SELECTION,
                                .on = CLI_ON_SELECT,
                                .help = "readOnly is true",
                                .manual = "Not together with --write.",
                },
                {
                                .id = CLI_FLAG_WRITE,
                                .name = "write",
                                .group = CLI_GROUP_SELECTION,
                                .on = CLI_ON_SELECT,
                                .help = "readOnly is false",
                                .manual = "Not together with --read.",
                },
                {
                                .id = CLI_FLAG_ID,
                                .name = "id",
                                .argument = "EVENTID",
                                .kind = CLI_VALUE_TEXT,
                                .group = CLI_GROUP_SELECTION,
                                .on = CLI_ON_SELECT,
                                .repeats = true,
                                .help = "eventID",
                                .manual = "",
                },
                {
                                .id = CLI_FLAG_FROM,
                                .name = "from",
                                .argument = "TIME",
                                .kind = CLI_VALUE_TEXT,
                                .group = CLI_GROUP_SELECTION,
                                .on = CLI_ON_ROWS | CLI_ON_LISTS | CLI_ON_PROFILE | CLI_ON_REPORT,
                                .help = "from this time on",
                                .manual = "RFC 3339 such as 2023-07-10T12:00:00Z, or a date alone, "
                                          "in UTC.",
                },
                {
                                .id = CLI_FLAG_TO,
                                .name = "to",
                                .argument = "TIME",
                                .kind = CLI_VALUE_TEXT,
                                .group = CLI_GROUP_SELECTION,
                                .on = CLI_ON_ROWS | CLI_ON_LISTS | CLI_ON_PROFILE | CLI_ON_REPORT,
                                .help = "before this time",
                                .manual = "The time itself is not taken: from <= eventTime < to.",
                },
                {
                                .id = CLI_FLAG_LAST,
                                .name = "last",
                                .argument = "SPAN",
                                .kind = CLI_VALUE_TEXT,
                                .group = CLI_GROUP_SELECTION,
                                .on = CLI_ON_SELECT,
                                .help = "back from the newest event: 90s, 15m, 12h, 30d, 2w",
                                .manual = "Counted from the newest event in the evidence, never "
                                          "from the clock on "
                                          "the wall.",
                },
                {
                                .id = CLI_FLAG_WHERE,
                                .name = "where",
                                .argument = "EXPR",
                                .kind = CLI_VALUE_TEXT,
                                .group = CLI_GROUP_SELECTION,
                                .on = CLI_ON_SELECT,
                                .repeats = true,
                                .help = "an expression over fields and paths; repeated, it narrows",
                                .manual = "Such as 'requestParameters.bucketName ~ \"backup*\" and "
                                          "not readOnly and ip in 10.0.0.0/8'. See EXPRESSIONS.",
                },
                {
                                .id = CLI_FLAG_BY,
                                .name = "by",
                                .argument = "DIM[,DIM...]",
                                .kind = CLI_VALUE_DIMS,
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_VALUES,
                                .help = "the dimensions to count by; required",
                                .manual = "One row for each value, or for each combination of "
                                          "values. An absent or "
                                          "empty value takes no part. See DIMENSIONS.",
                },
                {
                                .id = CLI_FLAG_SINCE,
                                .name = "since",
                                .argument = "TIME",
                                .kind = CLI_VALUE_TEXT,
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_FIRST_USE,
                                .help = "only what was never seen before TIME",
                                .manual = "What is new since the incident began: values whose "
                                          "first use in the "
                                          "selection is not before TIME.",
                },
                {
                                .id = CLI_FLAG_FROM_WHAT,
                                .name = "from",
                                .argument = "WHAT",
                                .kind = CLI_VALUE_TEXT,
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_LATERAL,
                                .help = "forward from a key, address, block, ARN or user",
                                .manual = "What was obtained with it, and with that, to any depth. "
                                          "An address or a user stands for every key it used. "
                                          "key:, "
                                          "ip:, user:, role:, principal:, session: or "
                                          "instance: before WHAT "
                                          "leave no doubt. Without it, every edge.",
                },
                {
                                .id = CLI_FLAG_TO_WHAT,
                                .name = "to",
                                .argument = "WHAT",
                                .kind = CLI_VALUE_TEXT,
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_LATERAL,
                                .help = "backward: how WHAT was obtained",
                                .manual = "With --from, the hops on the way between the two.",
                },
                {
                                .id = CLI_FLAG_DEPTH,
                                .name = "depth",
                                .argument = "N",
                                .kind = CLI_VALUE_COUNT,
                                .min = 1,
                                .max = UINT32_MAX,
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_LATERAL,
                                .help = "at most N hops; any number",
                                .manual = "",
                },
                {
                                .id = CLI_FLAG_ATTEMPTS,
                                .name = "attempts",
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_LATERAL,
                                .help = "also what was tried and denied or failed",
                                .manual = "The column outcome then tells them apart. Nothing is "
                                          "followed from an attempt.",
                },
                {
                                .id = CLI_FLAG_FINDINGS,
                                .name = "findings",
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_LATERAL,
                                .help = "what is remarkable about the chain, a row each",
                                .manual = "second-address and second-network: a credential used "
                                          "from another one while the first goes on. "
                                          "used-after-stop: after a key that it came from was "
                                          "deactivated or deleted. used-after-revocation: after "
                                          "its "
                                          "role's older sessions were revoked. first-time-role: "
                                          "the "
                                          "principal had never taken the role. across-accounts. "
                                          "evidence names the events that show it.",
                },
                {
                                .id = CLI_FLAG_CHAIN,
                                .name = "chain",
                                .argument = "WHAT",
                                .kind = CLI_VALUE_TEXT,
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_TIMELINE,
                                .help = "what was done with WHAT and all that came from it",
                                .manual = "Every event of the chain that lateral --from WHAT "
                                          "follows. chain.depth, chain.edge and chain.eventID say "
                                          "by "
                                          "which hop each belongs to it; of WHAT itself the depth "
                                          "is "
                                          "0.",
                },
                {
                                .id = CLI_FLAG_COLLAPSE,
                                .name = "collapse",
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_TIMELINE,
                                .help = "runs of the same call by the same credential as one row",
                                .manual = "A run is events of one credential with one "
                                          "eventSource, eventName, outcome and errorCode, in which "
                                          "no pause is longer than --pause, whatever others did in "
                                          "between. Every event is in one row, at the place of the "
                                          "run's first; --around firstEventID shows the run "
                                          "again.",
                },
                {
                                .id = CLI_FLAG_AROUND,
                                .name = "around",
                                .argument = "EVENTID|TIME[,SPAN]",
                                .kind = CLI_VALUE_TEXT,
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_TIMELINE,
                                .help = "what happened before and after; 5m",
                                .manual = "The selected events no further than SPAN from it, "
                                          "before and after. Of an event also the whole run that "
                                          "it belongs to, wherever that reaches; the column around "
                                          "then says event, run, or credential for what was done "
                                          "with the same one.",
                },
                {
                                .id = CLI_FLAG_PAUSE,
                                .name = "pause",
                                .argument = "SPAN",
                                .kind = CLI_VALUE_TEXT,
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_TIMELINE,
                                .help = "the longest pause in a run; 5m",
                                .manual = "With s, m, h, d or w. Of --collapse and --around.",
                },
                {
                                .id = CLI_FLAG_SUBJECT,
                                .name = "subject",
                                .argument = "WHAT",
                                .kind = CLI_VALUE_TEXT,
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_LISTS | CLI_ON_REPORT,
                                .repeats = true,
                                .help = "whom it is about; all of the selection",
                                .manual = "A key, address, block, ARN, user and so on, as lateral "
                                          "--from takes it. Only what was done by the chains from "
                                          "the subjects is told then; in a report, by the "
                                          "timeline, the activity and the lists of what was "
                                          "done.",
                },
                {
                                .id = CLI_FLAG_FILES,
                                .name = "files",
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_INFO,
                                .help = "every file and archive member, with size and SHA-256",
                                .manual = "What each is, what came of its records, and which are "
                                          "copies of another. The hash is of the bytes of the file "
                                          "as it stands, or of the member as its archive gives "
                                          "it, as sha256sum prints it.",
                },
                {
                                .id = CLI_FLAG_DUPLICATES,
                                .name = "duplicates",
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_INFO,
                                .help = "those of the files that have duplicates or are copies",
                                .manual = "The rows of --files.",
                },
                {
                                .id = CLI_FLAG_DAMAGED,
                                .name = "damaged",
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_INFO,
                                .help = "each damaged place: file, offset, reason",
                                .manual = "Offsets count bytes of the unpacked content.",
                },
                {
                                .id = CLI_FLAG_CONFLICTS,
                                .name = "conflicts",
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_INFO,
                                .help = "different records under one eventID, and where they stand",
                                .manual = "A row for each record that was not kept.",
                },
                {
                                .id = CLI_FLAG_COVERAGE,
                                .name = "coverage",
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_INFO,
                                .help = "events and delivered files by account, region and day",
                                .manual = "A table is a line for each account and region, with a "
                                          "mark for each day, and the gaps below it; every other "
                                          "format has a row for each account, region and day. "
                                          "Events count on the day that they happened, files on "
                                          "that of their delivery, which their names tell.",
                },
                {
                                .id = CLI_FLAG_GAPS,
                                .name = "gaps",
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_INFO,
                                .help = "what the evidence may not show: silences, logging "
                                        "switched off",
                                .manual = "no-delivery: no file was delivered for an account in a "
                                          "region for at least an hour, and at least three times "
                                          "its longest usual pause (that which four of five weeks "
                                          "do not exceed; five times and days, where it has "
                                          "deliveries of less than four weeks). delivery-ended: "
                                          "the same, until the last delivery of the evidence. "
                                          "no-events: whole days without events, where it has some "
                                          "on nearly every day. logging-stopped, logging-changed "
                                          "and logging-started: the events that do so, with their "
                                          "outcome. A query of a time that has a gap says so on "
                                          "standard error.",
                },
                {
                                .id = CLI_FLAG_PUBLIC_KEYS,
                                .name = "public-keys",
                                .argument = "FILE",
                                .kind = CLI_VALUE_FILE,
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_VERIFY,
                                .help = "check signatures by the keys in FILE",
                                .manual = "FILE holds what 'aws cloudtrail list-public-keys' "
                                          "prints, fetched for the time of the digests. The "
                                          "signature of each digest stands in the next one, so "
                                          "all but the newest of a chain can be checked. Without "
                                          "this option only hashes are: they show that digests "
                                          "and logs fit each other, not that AWS wrote them.",
                },
                {
                                .id = CLI_FLAG_ALL,
                                .name = "all",
                                .group = CLI_GROUP_QUESTION,
                                .on = CLI_ON_VERIFY,
                                .help = "also what is sound, a row each",
                                .manual = "And log files that no digest here could list, and log "
                                          "files named by a digest that nothing proves. Without "
                                          "it the sums of each chain tell of them.",
                },
                {
                                .id = CLI_FLAG_ALL,
                                .name = "all",
                                .group = CLI_GROUP_OUTPUT,
                                .on = CLI_ON_PROFILE,
                                .help = "every row of every section",
                                .manual = "Text shows the first ten of each, and how many more "
                                          "there are; json has them all.",
                },
                {
                                .id = CLI_FLAG_GEOIP,
                                .name = "geoip",
                                .argument = "FILE.mmdb",
                                .kind = CLI_VALUE_FILE,
                                .group = CLI_GROUP_ENRICHMENT,
                                .on = CLI_ON_ENRICH,
                                .repeats = true,
                                .help = "country and network of addresses, from a MaxMind DB",
                                .manual = "Rows with an address then have geo.country and "
                                          "geo.as. Countries and autonomous systems are often "
                                          "two files: give both. Of several, the first that "
                                          "knows a field of an address gives it.",
                },
                {
                                .id = CLI_FLAG_INDICATORS,
                                .name = "indicators",
                                .argument = "FILE",
                                .kind = CLI_VALUE_FILE,
                                .group = CLI_GROUP_ENRICHMENT,
                                .on = CLI_ON_ENRICH,
                                .repeats = true,
                                .help = "known addresses, blocks, keys, user agents, ARNs",
                                .manual = "One a line, with a label behind a comma if it has "
                                          "one; # begins a comment. Or a CSV whose header names "
                                          "a column indicator, and one named label. ip:, key: "
                                          "or ua: before an indicator says what it is, where "
                                          "its form does not. * and ? are wildcards in keys, "
                                          "user agents and ARNs. Rows then have indicator: the "
                                          "labels of all that they match.",
                },
                {
                                .id = CLI_FLAG_AWS_RANGES,
                                .name = "aws-ranges",
                                .argument = "FILE.json",
                                .kind = CLI_VALUE_FILE,
                                .group = CLI_GROUP_ENRICHMENT,
                                .on = CLI_ON_ENRICH,
                                .repeats = true,
                                .help = "which addresses are those of AWS: its ip-ranges.json",
                                .manual = "Rows with an address then have aws.range: services "
                                          "and region of the smallest block around it; AMAZON "
                                          "where AWS names no service.",
                },
                {
                                .id = CLI_FLAG_CREDENTIAL_REPORT,
                                .name = "credential-report",
                                .argument = "FILE.csv",
                                .kind = CLI_VALUE_FILE,
                                .group = CLI_GROUP_ENRICHMENT,
                                .on = CLI_ON_INFO | CLI_ON_REPORT,
                                .repeats = true,
                                .help = "IAM's credential report, set against the evidence",
                                .manual = "A row for each password and key of the report: what "
                                          "it says, what the evidence shows, and notes where "
                                          "the two disagree. A report has no key ids. matchedBy "
                                          "says why a key of the evidence is taken for one of "
                                          "the report: created, it was made at that second; "
                                          "only, the user has one key in both. Otherwise it is "
                                          "user, and what is shown was done with all keys of "
                                          "the user.",
                },
                {
                                .id = CLI_FLAG_OUTPUT,
                                .letter = 'o',
                                .name = "output",
                                .argument = "CASE",
                                .kind = CLI_VALUE_FILE,
                                .group = CLI_GROUP_OUTPUT,
                                .on = CLI_ON_WRITE,
                                .help = "the case file to write; required",
                                .manual = "Written beside its name, synced and renamed: there is a "
                                          "whole case file "
                                          "or none. It may not stand inside the evidence.",
                },
                {
                                .id = CLI_FLAG_OUTPUT,
                                .letter = 'o',
                                .name = "output",
                                .argument = "FILE",
                                .kind = CLI_VALUE_FILE,
                                .group = CLI_GROUP_OUTPUT,
                                .on = CLI_ON_QUERIES | CLI_ON_CATALOGUE,
                                .help = "write the answer to FILE, whole or not at all",
                                .manual = "Instead of standard output, which is also meant by -. "
                                          "FILE may not stand "
                                          "inside the evidence.",
                },
                {
                                .id = CLI_FLAG_FORMAT,
                                .name = "format",
                                .argument = "FORMAT",
                                .kind = CLI_VALUE_CHOICE,
                                .choices = "table|tsv|csv|json|jsonl",
                                .group = CLI_GROUP_OUTPUT,
                                .on = CLI_ON_ROWS | CLI_ON_LISTS | CLI_ON_VERIFY | CLI_ON_CATALOGUE,
                                .help = "table (the default), tsv, csv, json or jsonl",
                                .manual = "A value that is absent is null in JSON and an empty "
                                          "cell elsewhere. In "
                                          "CSV, cells that a spreadsheet would run as a formula "
                                          "begin with an "
                                          "apostrophe. Control characters and what turns the "
                                          "direction of writing "
                                          "are escaped in every format.",
                },
                {
                                .id = CLI_FLAG_FORMAT,
                                .name = "format",
                                .argument = "FORMAT",
                                .kind = CLI_VALUE_CHOICE,
                                .choices = "table|tsv|csv|json|jsonl|dot|svg",
                                .group = CLI_GROUP_OUTPUT,
                                .on = CLI_ON_LATERAL,
                                .help = "table (the default: a tree), tsv, csv, json, jsonl, dot, "
                                        "svg",
                                .manual = "A tree for eyes, or with --columns or --findings a "
                                          "plain "
                                          "table; dot for Graphviz; svg drawn by spoor itself.",
                },
                {
                                .id = CLI_FLAG_FORMAT,
                                .name = "format",
                                .argument = "FORMAT",
                                .kind = CLI_VALUE_CHOICE,
                                .choices = "table|tsv|csv|json|jsonl",
                                .group = CLI_GROUP_OUTPUT,
                                .on = CLI_ON_INFO,
                                .help = "table (the default), json (one object); tsv, csv, jsonl "
                                        "of rows",
                                .manual = "tsv, csv and jsonl print the rows of one of the options "
                                          "that ask for some, such as --coverage. json is always "
                                          "one object; the rows of each such option stand in it "
                                          "under rows and the option's name.",
                },
                {
                                .id = CLI_FLAG_FORMAT,
                                .name = "format",
                                .argument = "FORMAT",
                                .kind = CLI_VALUE_CHOICE,
                                .choices = "table|json",
                                .group = CLI_GROUP_OUTPUT,
                                .on = CLI_ON_PROFILE,
                                .help = "table (the default: text), or json (one object)",
                                .manual = "In json every section is a member: an array of rows, "
                                          "and subject an object.",
                },
                {
                                .id = CLI_FLAG_FORMAT,
                                .name = "format",
                                .argument = "FORMAT",
                                .kind = CLI_VALUE_CHOICE,
                                .choices = "json",
                                .group = CLI_GROUP_OUTPUT,
                                .on = CLI_ON_SHOW,
                                .help = "json: one object with the record and where it stands",
                                .manual = "Without it the record alone is printed, byte for byte, "
                                          "and where it "
                                          "stands goes to standard error.",
                },
                {
                                .id = CLI_FLAG_FORMAT,
                                .name = "format",
                                .argument = "FORMAT",
                                .kind = CLI_VALUE_CHOICE,
                                .choices = "html|markdown|json",
                                .group = CLI_GROUP_OUTPUT,
                                .on = CLI_ON_REPORT,
                                .help = "html, markdown or json; by the ending of --output",
                                .manual = "A FILE that ends in .html or .htm, .md or .markdown, or "
                                          ".json says which; else it is html. json has all "
                                          "columns and all rows.",
                },
                {
                                .id = CLI_FLAG_COLUMNS,
                                .name = "columns",
                                .argument = "A,B,C",
                                .kind = CLI_VALUE_TEXT,
                                .group = CLI_GROUP_OUTPUT,
                                .on = CLI_ON_TABLES,
                                .help = "which columns, in which order",
                                .manual = "See COLUMNS. timeline also takes any other path into "
                                          "the record, such as "
                                          "requestParameters.bucketName, which is read from the "
                                          "evidence.",
                },
                {
                                .id = CLI_FLAG_LIMIT,
                                .letter = 'n',
                                .name = "limit",
                                .argument = "N",
                                .kind = CLI_VALUE_COUNT,
                                .max = UINT64_MAX,
                                .group = CLI_GROUP_OUTPUT,
                                .on = CLI_ON_TABLES,
                                .help = "at most N rows",
                                .manual = "Where more exist, standard error says so.",
                },
                {
                                .id = CLI_FLAG_PRETTY,
                                .name = "pretty",
                                .group = CLI_GROUP_OUTPUT,
                                .on = CLI_ON_SHOW,
                                .help = "indent the record, for eyes",
                                .manual = "What is printed then is no longer the bytes of the "
                                          "evidence.",
                },
                {
                                .id = CLI_FLAG_COLOR,
                                .name = "color",
                                .argument = "WHEN",
                                .kind = CLI_VALUE_CHOICE,
                                .choices = "auto|always|never",
                                .group = CLI_GROUP_OUTPUT,
                                .on = CLI_ON_TABLES | CLI_ON_PROFILE,
                                .help = "auto (the default: on a terminal), always or never",
                                .manual = "With auto, NO_COLOR in the environment is obeyed. Only "
                                          "tables have "
                                          "colour.",
                },
                {
                                .id = CLI_FLAG_EVIDENCE,
                                .name = "evidence",
                                .argument = "DIR",
                                .kind = CLI_VALUE_FILE,
                                .group = CLI_GROUP_READING,
                                .on = CLI_ON_QUERIES,
                                .help = "where the evidence of a case file now stands",
                                .manual = "A case file remembers where its evidence stood; this "
                                          "directory is "
                                          "searched first. A record that is read back is checked "
                                          "to be the one "
                                          "that was indexed.",
                },
                {
                                .id = CLI_FLAG_MEMORY,
                                .name = "memory",
                                .argument = "SIZE",
                                .kind = CLI_VALUE_SIZE,
                                .min = SPOOR_MIN_MEMORY_BYTES,
                                .max = INT64_MAX,
                                .group = CLI_GROUP_READING,
                                .on = CLI_ON_WRITE,
                                .help = "bytes of memory to stay within, with K, M or G; a quarter",
                                .manual = "By default a quarter of what the machine has. What does "
                                          "not fit stands, while the case is made, in files "
                                          "without "
                                          "a name beside it, about as large as the case. Where it "
                                          "is little, fewer threads read. The case is the same.",
                },
                {
                                .id = CLI_FLAG_SHARD,
                                .name = "shard",
                                .argument = "K/N",
                                .kind = CLI_VALUE_SHARE,
                                .max = UINT32_MAX,
                                .group = CLI_GROUP_READING,
                                .on = CLI_ON_INDEX,
                                .help = "the K-th of N shares of the files, for jobs in parallel",
                                .manual = "K is from 1 to N. Each file belongs to one share, by a "
                                          "hash of its name: "
                                          "the source as given and the path below it. All N runs "
                                          "must name the same "
                                          "sources in the same way. A share without a file makes "
                                          "an empty case.",
                },
                {
                                .id = CLI_FLAG_THREADS,
                                .name = "threads",
                                .argument = "N",
                                .kind = CLI_VALUE_COUNT,
                                .min = 1,
                                .max = 1024,
                                .group = CLI_GROUP_READING,
                                .on = CLI_ON_COMMANDS,
                                .help = "threads to read with; one for each core",
                                .manual = "Changes nothing in any output.",
                },
                {
                                .id = CLI_FLAG_MAX_DEPTH,
                                .name = "max-depth",
                                .argument = "N",
                                .kind = CLI_VALUE_COUNT,
                                .min = 1,
                                .max = 65536,
                                .group = CLI_GROUP_READING,
                                .on = CLI_ON_COMMANDS,
                                .help = "nesting of JSON in a record; 256",
                                .manual = "A record that is deeper is damage, named as such.",
                },
                {
                                .id = CLI_FLAG_MAX_RECORD,
                                .name = "max-record",
                                .argument = "SIZE",
                                .kind = CLI_VALUE_SIZE,
                                .min = 1,
                                .max = UINT32_MAX,
                                .group = CLI_GROUP_READING,
                                .on = CLI_ON_COMMANDS,
                                .help = "bytes of one record, with K, M or G; 16M",
                                .manual = "A record that is larger is damage, named as such.",
                },
                {
                                .id = CLI_FLAG_MAX_NESTING,
                                .name = "max-nesting",
                                .argument = "N",
                                .kind = CLI_VALUE_COUNT,
                                .min = 1,
                                .max = 64,
                                .group = CLI_GROUP_READING,
                                .on = CLI_ON_COMMANDS,
                                .help = "archives and compressions inside each other; 8",
                                .manual = "",
                },
                {
                                .id = CLI_FLAG_NO_PROGRESS,
                                .name = "no-progress",
                                .group = CLI_GROUP_READING,
                                .on = CLI_ON_COMMANDS,
                                .help = "no progress line",
                                .manual = "There is one only when standard error is a terminal.",
                },
                {
                                .id = CLI_FLAG_QUIET,
                                .name = "quiet",
                                .group = CLI_GROUP_READING,
                                .on = CLI_ON_COMMANDS | CLI_ON_CATALOGUE,
                                .help = "nothing on standard error but errors",
                                .manual = "Damage still shows in the exit status, and in spoor "
                                          "info.",
                },
                {
                                .id = CLI_FLAG_HELP,
                                .letter = 'h',
                                .name = "help",
                                .group = CLI_GROUP_OTHER,
                                .on = CLI_ON_ALL,
                                .help = "this help",
                                .manual = "",
                },
                {
                                .id = CLI_FLAG_VERSION,
                                .letter = 'V',
                                .name = "version",
                                .group = CLI_GROUP_OTHER,
                                .on = CLI_ON_MAIN,
                                .help = "the version of spoor and of its libraries",
                                .manual = "",
                },
                {
                                .id = CLI_FLAG_GENERATE,
                                .name = "generate",
                                .argument = "WHAT",
                                .kind = CLI_VALUE_CHOICE,
                                .choices = "man|complete-bash",
                                .group = CLI_GROUP_OTHER,
                                .on = CLI_ON_MAIN,
                                .help = "print the man page, or completions for bash",
                                .manual = "",
                },
};

const CliFlag *cli_flag_at(size_t i) {
        return i < sizeof(flags) / sizeof(*flags) ? &flags[i] : NULL;
}

const char *cli_group_title(CliFlagGroup group) {
        static const char *const titles[CLI_N_GROUPS] = {
                        [CLI_GROUP_SELECTION] = "Selection",
                        [CLI_GROUP_QUESTION] = "Question",
                        [CLI_GROUP_ENRICHMENT] = "Enrichment",
                        [CLI_GROUP_OUTPUT] = "Output",
                        [CLI_GROUP_READING] = "Reading",
                        [CLI_GROUP_OTHER] = "Other",
        };

        return titles[group];
}
