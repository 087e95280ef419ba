/* The table of commands, in the order of the help. */
#include "cli/commands.h"

#include <string.h>

const CliCommand cli_command_main = {.on = CLI_ON_MAIN, .name = "", .operands = ""};

static const CliCommand commands[] = {
                {
                                .on = CLI_ON_INDEX,
                                .name = "index",
                                .operands = "-o CASE SOURCE...",
                                .help = "read evidence once and write a case file",
                                .manual = "Reads every SOURCE and writes an immutable case file, "
                                          "which every query "
                                          "takes in place of the evidence. Duplicate records are "
                                          "removed and "
                                          "counted; different records under one eventID are "
                                          "conflicts. What could "
                                          "not be read is named and kept in the case file.",
                                .run = cli_cmd_index,
                },
                {
                                .on = CLI_ON_MERGE,
                                .name = "merge",
                                .operands = "-o CASE CASE...",
                                .help = "make one case file of many",
                                .manual = "Writes the case file that index would have written from "
                                          "the evidence of all CASEs, byte for byte, whatever "
                                          "their "
                                          "order; cases that were merged can be merged again. The "
                                          "evidence itself is read only where different bytes "
                                          "stand "
                                          "under one eventID.",
                                .run = cli_cmd_merge,
                },
                {
                                .on = CLI_ON_INFO,
                                .name = "info",
                                .operands = "SOURCE...",
                                .help = "what the evidence holds and what could not be read",
                                .manual = "Prints how many records there are, from when to when, "
                                          "of which accounts "
                                          "and regions; and each file that is damaged or no log, "
                                          "with the reason. A "
                                          "case file is checked against its sums, every byte of "
                                          "it.",
                                .run = cli_cmd_info,
                },
                {
                                .on = CLI_ON_TIMELINE,
                                .name = "timeline",
                                .operands = "SOURCE...",
                                .help = "events in time order",
                                .manual = "Prints the selected events, one row each, ordered by "
                                          "eventTime, then "
                                          "eventID.",
                                .run = cli_cmd_timeline,
                },
                {
                                .on = CLI_ON_FIRST_USE,
                                .name = "first-use",
                                .operands = "--by DIM[,DIM...] SOURCE...",
                                .help = "when each value was first and last seen",
                                .manual = "Prints one row for each value, or combination of "
                                          "values, of the "
                                          "dimensions: its first and last event and how many there "
                                          "are, ordered by "
                                          "the first.",
                                .run = cli_cmd_first_use,
                },
                {
                                .on = CLI_ON_TOP,
                                .name = "top",
                                .operands = "--by DIM[,DIM...] SOURCE...",
                                .help = "the same rows, most frequent first",
                                .manual = "Prints the rows of first-use ordered by the number of "
                                          "events.",
                                .run = cli_cmd_top,
                },
                {
                                .on = CLI_ON_LATERAL,
                                .name = "lateral",
                                .operands = "SOURCE...",
                                .help = "who obtained which credential from whom",
                                .manual = "Prints one row for each credential, or principal, that "
                                          "an "
                                          "event handed out: who got it, when, from where, how "
                                          "often "
                                          "it was used, from when until when and from how many "
                                          "addresses. With --from and --to the hops of a chain, "
                                          "over "
                                          "any number of them. What was never used is a sleeper: "
                                          "uses is 0. The selection narrows the rows that are "
                                          "shown, "
                                          "not the way they are followed.",
                                .run = cli_cmd_lateral,
                },
                {
                                .on = CLI_ON_PROFILE,
                                .name = "profile",
                                .operands = "WHAT SOURCE...",
                                .help = "one key, user, role, session, address or instance on one "
                                        "page",
                                .manual = "Prints who WHAT is and what it did: first and last "
                                          "use, addresses, networks, user agents, regions, "
                                          "accounts, services and calls with theirs; the writes "
                                          "that succeeded; what it looked at after "
                                          "GetCallerIdentity; credentials it issued and was "
                                          "issued from; and what each day has that no day before "
                                          "had. WHAT is an access key id, an address or block, an "
                                          "ARN, a name of a user or role, or a session; key:, ip:, "
                                          "user:, role:, principal:, session: or instance: before "
                                          "it leaves no doubt. A selection narrows what is "
                                          "counted.",
                                .run = cli_cmd_profile,
                },
                {
                                .on = CLI_ON_STANDING,
                                .name = "standing",
                                .operands = "SOURCE...",
                                .help = "what was made, changed and ended, and what still stands",
                                .manual = "Users, keys, login profiles, roles, trust, policies and "
                                          "their attachments, instances, functions, spot requests, "
                                          "openings of security groups, shares of snapshots and "
                                          "so on, a row for each time that one was made, by the "
                                          "end of the evidence: standing, changed (it was there "
                                          "before), inactive, deleted, expired, or replaced. The "
                                          "selection and --subject say which are told: those that "
                                          "a selected call acted on; of subjects also what became "
                                          "of their own keys, users and roles. Who ended them is "
                                          "told whoever it was.",
                                .run = cli_cmd_standing,
                },
                {
                                .on = CLI_ON_TAKEN,
                                .name = "taken",
                                .operands = "SOURCE...",
                                .help = "what was read, by whom: objects, secrets, parameters",
                                .manual = "Buckets with how many reads succeeded, of how many "
                                          "distinct objects, and how many bytes; secrets, "
                                          "parameters, and whatever else the catalogue says is "
                                          "read. A row for each thing, principal and key. Reads "
                                          "of objects stand in the evidence only where data "
                                          "events are logged.",
                                .run = cli_cmd_taken,
                },
                {
                                .on = CLI_ON_CHECKLIST,
                                .name = "checklist",
                                .operands = "SOURCE...",
                                .help = "questions to ask of every case, with their answers",
                                .manual = "Was the root user used, are there new users, was "
                                          "logging stopped, and so on: a row for each question, "
                                          "answered yes or no, with how many events are of it, "
                                          "the first and the last, by whom, and the first hundred "
                                          "of the events that answer it. Where only the attempt "
                                          "was made the answer is no, unless to try is what was "
                                          "asked; events and succeeded tell. A no says what the "
                                          "evidence shows: see its gaps.",
                                .run = cli_cmd_checklist,
                },
                {
                                .on = CLI_ON_REPORT,
                                .name = "report",
                                .operands = "[--subject WHAT]... -o FILE SOURCE...",
                                .help = "the case on one page: HTML, Markdown or JSON",
                                .manual = "Writes what is handed over at the end: a summary, the "
                                          "subjects, the timeline with runs as lines, the chain of "
                                          "credentials, activity, coverage, addresses, gaps, and "
                                          "the ledger of the evidence with its hashes, the version "
                                          "of spoor and the command. The HTML is one file that "
                                          "needs no network and no script, and prints well. The "
                                          "same evidence and command give the same bytes.",
                                .run = cli_cmd_report,
                },
                {
                                .on = CLI_ON_VERIFY,
                                .name = "verify",
                                .operands = "SOURCE...",
                                .help = "are the log files what CloudTrail delivered?",
                                .manual = "Holds every log file against the digest file that "
                                          "names it, and the digests against each other: what is "
                                          "altered, missing, or listed by no digest, and where a "
                                          "chain of digests has gaps or begins anew. Prints the "
                                          "sums of each chain (account, region, trail), then what "
                                          "is not sound. Results of CloudTrail Lake are held "
                                          "against their sign file. Of a case file the evidence "
                                          "is read that it was made from. Exits 2 where there is "
                                          "no digest, 3 where anything is not sound.",
                                .run = cli_cmd_verify,
                },
                {
                                .on = CLI_ON_CATALOGUE,
                                .name = "catalogue",
                                .operands = "",
                                .help = "what spoor knows of API calls",
                                .manual = "Prints a row for each call of the catalogue: what it "
                                          "is for in the hands of an intruder (category), its "
                                          "technique in MITRE ATT&CK, what it does (effect) to "
                                          "what (kind), and where a record names that. The "
                                          "columns category, technique, effect, kind, target and "
                                          "bytes of timeline are made from it. A name that ends "
                                          "in * stands for all that go on behind it.",
                                .run = cli_cmd_catalogue,
                },
                {
                                .on = CLI_ON_SHOW,
                                .name = "show",
                                .operands = "EVENTID SOURCE...",
                                .help = "the original record, and where it stands in the evidence",
                                .manual = "Reads the record of EVENTID back from the evidence and "
                                          "prints it byte for "
                                          "byte; its file, number and offset go to standard error. "
                                          "On a terminal "
                                          "control characters are escaped and a newline is added. "
                                          "When the evidence "
                                          "has moved, --evidence says where to; when it has "
                                          "changed, spoor says so "
                                          "and exits 2.",
                                .run = cli_cmd_show,
                },
};

const CliCommand *cli_command_at(size_t i) {
        return i < sizeof(commands) / sizeof(*commands) ? &commands[i] : NULL;
}

const CliCommand *cli_command_find(const char *name) {
        for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
                if (strcmp(commands[i].name, name) == 0)
                        return &commands[i];
        return NULL;
}
