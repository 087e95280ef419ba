/* spoor-gen: evidence for tests and measurements. This file reads the command line; each command
 * has a file of its own. It shares no code with spoor, so that what tests spoor does not repeat
 * spoor's mistakes. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "when.h"

static const char help[] =
                "spoor-gen: writes CloudTrail evidence, the same bytes for the same parameters\n"
                "\n"
                "  spoor-gen corpus --out DIR --events N --files M [options]\n"
                "  spoor-gen lab NAME --out DIR [--scenarios DIR] [--seed S] [--packing P]\n"
                "  spoor-gen damage --out DIR [--seed S] [--bomb] [--bomb-bytes N]\n"
                "  spoor-gen trail --out DIR [--seed S] [--hours N] [--files M] [--start DATE]\n"
                "\n"
                "corpus: an S3 export of an organisation's ordinary traffic\n"
                "  --events N            events with different eventIDs, exactly\n"
                "  --files M             files, exactly\n"
                "  --seed S              another seed, another organisation (1)\n"
                "  --accounts K          accounts, sharing events by a power law (8)\n"
                "  --days D              days covered (30)\n"
                "  --start DATE          first day, YYYY-MM-DD (2025-11-01)\n"
                "  --duplicates PERMILLE of events delivered again in the next file (5); these\n"
                "                        records come on top of N\n"
                "  --bytes-per-event B   average size of a record's JSON, 900 to 4000 (1250)\n"
                "  --level L             gzip level 1..9 (6)\n"
                "  --threads T           threads; they change nothing in the output (2)\n"
                "  --packing P           gzip: one member a file; plain: no compression; multi: a\n"
                "                        gzip member for each record (gzip)\n"
                "  A summary with exact counts is printed as one line of JSON.\n"
                "\n"
                "lab: one incident, told in an export and hidden in ordinary traffic\n"
                "  NAME                  leaked-preview-key, lookup-events-runbook,\n"
                "                        ci-to-node-role or workshop: NAME.jsonl is read from\n"
                "  --scenarios DIR       the folder of scenarios (the environment's\n"
                "                        SPOOR_SCENARIOS, else testdata/labs)\n"
                "\n"
                "damage: evidence that is broken, one file a case, in DIR/cases; and "
                "DIR/expected.tsv:\n"
                "                        file, case, verdict (sound, damaged, rejected, ignored,\n"
                "                        conflict), the numbers of records that must be found and\n"
                "                        that may be found, and what it is. Record R of case C "
                "has\n"
                "                        eventID dabadee0-CCCC-4000-8000-RRRRRRRRRRRR, in decimal\n"
                "  --bomb                add gzip files that unpack to very much\n"
                "  --bomb-bytes N        how much (10 GB)\n"
                "\n"
                "trail: logs with digest files, in DIR/trail-bucket, signed by a key made for the "
                "run:\n"
                "                        DIR/public-keys.json. Three regions; results of Lake too\n"
                "  --hours N             digests in each region (6)\n"
                "  --files M             log files in an hour (1 to 4)\n"
                "\n"
                "Exit status: 0 done, 1 failed, 2 bad usage.\n";

static int usage(const char *what, const char *value) {
        fprintf(stderr, "spoor-gen: %s%s%s\nTry spoor-gen --help.\n", what, value ? " " : "",
                        value ? value : "");
        return 2;
}

static bool number(const char *text, uint64_t least, uint64_t most, uint64_t *ret_number) {
        char *end;
        unsigned long long v;

        errno = 0;
        v = strtoull(text, &end, 10);
        if (errno || end == text || *end || *text == '-' || v < least || v > most) {
                fprintf(stderr, "spoor-gen: %s is not a number from %" PRIu64 " to %" PRIu64 "\n",
                                text, least, most);
                return false;
        }
        *ret_number = v;
        return true;
}

enum {
        O_OUT = 1,
        O_EVENTS,
        O_FILES,
        O_SEED,
        O_ACCOUNTS,
        O_DAYS,
        O_START,
        O_DUPLICATES,
        O_BYTES,
        O_LEVEL,
        O_THREADS,
        O_PACKING,
        O_SCENARIOS,
        O_BOMB,
        O_BOMB_BYTES,
        O_HOURS,
        O_HELP
};

static const struct option options[] = {
                {"out", required_argument, NULL, O_OUT},
                {"events", required_argument, NULL, O_EVENTS},
                {"files", required_argument, NULL, O_FILES},
                {"seed", required_argument, NULL, O_SEED},
                {"accounts", required_argument, NULL, O_ACCOUNTS},
                {"days", required_argument, NULL, O_DAYS},
                {"start", required_argument, NULL, O_START},
                {"duplicates", required_argument, NULL, O_DUPLICATES},
                {"bytes-per-event", required_argument, NULL, O_BYTES},
                {"level", required_argument, NULL, O_LEVEL},
                {"threads", required_argument, NULL, O_THREADS},
                {"packing", required_argument, NULL, O_PACKING},
                {"scenarios", required_argument, NULL, O_SCENARIOS},
                {"bomb", no_argument, NULL, O_BOMB},
                {"bomb-bytes", required_argument, NULL, O_BOMB_BYTES},
                {"hours", required_argument, NULL, O_HOURS},
                {"help", no_argument, NULL, O_HELP},
                {0},
};

/* What each command takes, besides --out and --seed. */
static bool applies(const char *command, int option) {
        if (option == O_OUT || option == O_SEED)
                return true;
        if (!strcmp(command, "corpus"))
                return option <= O_PACKING;
        if (!strcmp(command, "lab"))
                return option == O_PACKING || option == O_SCENARIOS;
        if (!strcmp(command, "trail"))
                return option == O_HOURS || option == O_FILES || option == O_START;
        return option == O_BOMB || option == O_BOMB_BYTES;
}

typedef struct Line {
        const char *out, *scenarios;
        uint64_t events, files, seed, accounts, days, duplicates, bytes, level, threads, bomb_bytes,
                        hours;
        int64_t start;
        Packing packing;
        bool bomb;
} Line;

static bool set_number(Line *l, int option, const char *text) {
        switch (option) {
        case O_EVENTS:
                return number(text, 1, (uint64_t)1 << 40, &l->events);
        case O_FILES:
                return number(text, 1, (uint64_t)1 << 32, &l->files);
        case O_SEED:
                return number(text, 0, UINT64_MAX, &l->seed);
        case O_ACCOUNTS:
                return number(text, 1, 100000, &l->accounts);
        case O_DAYS:
                return number(text, 1, 3660, &l->days);
        case O_DUPLICATES:
                return number(text, 0, 1000, &l->duplicates);
        case O_BYTES:
                return number(text, 900, 4000, &l->bytes);
        case O_LEVEL:
                return number(text, 1, 9, &l->level);
        case O_HOURS:
                return number(text, 1, 100000, &l->hours);
        case O_THREADS:
                return number(text, 1, 256, &l->threads);
        default:
                return number(text, 1 << 20, (uint64_t)1 << 50, &l->bomb_bytes);
        }
}

static bool set(Line *l, int option, const char *text) {
        switch (option) {
        case O_OUT:
                l->out = text;
                return true;
        case O_SCENARIOS:
                l->scenarios = text;
                return true;
        case O_BOMB:
                l->bomb = true;
                return true;
        case O_START:
                if (strlen(text) == 10 && when_parse(text, &l->start))
                        return true;
                fprintf(stderr, "spoor-gen: %s is not a date YYYY-MM-DD\n", text);
                return false;
        case O_PACKING:
                if (packing_parse(text, &l->packing))
                        return true;
                fprintf(stderr, "spoor-gen: %s is not a packing: gzip, plain or multi\n", text);
                return false;
        default:
                return set_number(l, option, text);
        }
}

static int run_corpus(const Line *l) {
        CorpusOptions o = {.out = l->out,
                        .packing = l->packing,
                        .level = (int)l->level,
                        .n_threads = (unsigned)l->threads};

        if (!l->events || !l->files)
                return usage("corpus needs --events and --files", NULL);
        o.params = (Params){.n_events = l->events,
                        .n_files = l->files,
                        .seed = l->seed,
                        .n_accounts = (uint32_t)l->accounts,
                        .start = l->start,
                        .span = (int64_t)l->days * 86400,
                        .duplicates_permille = (uint32_t)l->duplicates,
                        .bytes_per_event = (uint32_t)l->bytes};
        return corpus_run(&o);
}

static int dispatch(const char *command, const char *name, const Line *l) {
        if (!l->out)
                return usage("--out DIR is missing", NULL);
        if (!strcmp(command, "corpus"))
                return run_corpus(l);
        if (!strcmp(command, "lab"))
                return lab_run(&(LabOptions){.name = name,
                                .out = l->out,
                                .seed = l->seed,
                                .scenarios = l->scenarios,
                                .packing = l->packing});
        if (!strcmp(command, "trail"))
                return trail_run(&(TrailOptions){.out = l->out,
                                .seed = l->seed,
                                .n_hours = l->hours,
                                .n_files = l->files,
                                .start = l->start});
        return damage_run(&(DamageOptions){.out = l->out,
                        .seed = l->seed,
                        .bomb = l->bomb,
                        .bomb_bytes = l->bomb_bytes});
}

int main(int argc, char **argv) {
        Line l = {.seed = 1,
                        .accounts = 8,
                        .days = 30,
                        .duplicates = 5,
                        .bytes = 1250,
                        .level = 6,
                        .threads = 2,
                        .hours = 6,
                        .bomb_bytes = 10000000000u,
                        .start = 1761955200,
                        .scenarios = getenv("SPOOR_SCENARIOS")};
        const char *command = argc > 1 ? argv[1] : "", *name = NULL;
        int option;

        if (!strcmp(command, "--help") || !strcmp(command, "-h"))
                return fputs(help, stdout) < 0 || fflush(stdout) ? 1 : 0;
        if (strcmp(command, "corpus") && strcmp(command, "lab") && strcmp(command, "damage") &&
                        strcmp(command, "trail"))
                return usage(*command ? "no such command:" : "a command is missing",
                                *command ? command : NULL);
        while ((option = getopt_long(argc - 1, argv + 1, "h", options, NULL)) != -1) {
                if (option == 'h' || option == O_HELP)
                        return fputs(help, stdout) < 0 || fflush(stdout) ? 1 : 0;
                if (option == '?')
                        return usage("bad option", NULL);
                if (!applies(command, option))
                        return usage("an option does not apply to", command);
                if (!set(&l, option, optarg))
                        return 2;
        }
        if (!strcmp(command, "lab")) {
                if (optind >= argc - 1)
                        return usage("lab needs a NAME", NULL);
                name = argv[1 + optind++];
        }
        if (optind < argc - 1)
                return usage("too many arguments:", argv[1 + optind]);
        if (!l.scenarios)
                l.scenarios = "testdata/labs";
        return dispatch(command, name, &l);
}
