/*
 * Commands and flags, and the arguments of one run. One table of flags (flags-table.c) feeds the
 * parser, --help, the man page and the completions, so that none of them can lag behind.
 */
#ifndef CLI_FLAGS_H
#define CLI_FLAGS_H

#include "cli/buffer.h"

#include <spoor/spoor.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CliArgs CliArgs;

/* Commands as a set, to say where a flag belongs. MAIN is `spoor` without a command. */
enum {
        CLI_ON_MAIN = 1 << 0,
        CLI_ON_INDEX = 1 << 1,
        CLI_ON_INFO = 1 << 2,
        CLI_ON_TIMELINE = 1 << 3,
        CLI_ON_FIRST_USE = 1 << 4,
        CLI_ON_TOP = 1 << 5,
        CLI_ON_SHOW = 1 << 6,
        CLI_ON_LATERAL = 1 << 7,
        CLI_ON_PROFILE = 1 << 8,
        CLI_ON_MERGE = 1 << 9,
        CLI_ON_VERIFY = 1 << 10,
        CLI_ON_REPORT = 1 << 11,
        CLI_ON_CHECKLIST = 1 << 13,
        CLI_ON_STANDING = 1 << 14,
        CLI_ON_TAKEN = 1 << 15,
        CLI_ON_CATALOGUE = 1 << 16,
        CLI_ON_LISTS = CLI_ON_CHECKLIST | CLI_ON_STANDING | CLI_ON_TAKEN,
        CLI_ON_VALUES = CLI_ON_FIRST_USE | CLI_ON_TOP,
        CLI_ON_ROWS = CLI_ON_TIMELINE | CLI_ON_VALUES,
        /* what takes a selection */
        CLI_ON_SELECT = CLI_ON_ROWS | CLI_ON_LATERAL | CLI_ON_LISTS | CLI_ON_PROFILE |
                        CLI_ON_REPORT,
        CLI_ON_ENRICH = CLI_ON_SELECT | CLI_ON_INFO, /* what tells of rows from other files */
        /* what prints rows */
        CLI_ON_TABLES = CLI_ON_ROWS | CLI_ON_LATERAL | CLI_ON_LISTS | CLI_ON_INFO | CLI_ON_VERIFY |
                        CLI_ON_CATALOGUE,
        CLI_ON_QUERIES = CLI_ON_SELECT | CLI_ON_INFO | CLI_ON_SHOW | CLI_ON_VERIFY,
        CLI_ON_WRITE = CLI_ON_INDEX | CLI_ON_MERGE, /* what makes a case file */
        CLI_ON_COMMANDS = CLI_ON_QUERIES | CLI_ON_WRITE,
        CLI_ON_ALL = CLI_ON_COMMANDS | CLI_ON_CATALOGUE | CLI_ON_MAIN,
};

typedef struct CliCommand {
        unsigned on; /* its bit */
        const char *name;
        const char *operands;
        const char *help;   /* one line */
        const char *manual; /* a paragraph */
        /* Returns a CliExit. NULL: MAIN. */
        int (*run)(const CliArgs *args);
} CliCommand;

/* In the order of the help; NULL past the last. MAIN is none of them. */
const CliCommand *cli_command_at(size_t i);
const CliCommand *cli_command_find(const char *name);
extern const CliCommand cli_command_main;

typedef enum CliFlagId {
        CLI_FLAG_KEY,
        CLI_FLAG_IP,
        CLI_FLAG_USER,
        CLI_FLAG_ROLE,
        CLI_FLAG_PRINCIPAL,
        CLI_FLAG_SESSION,
        CLI_FLAG_EVENT,
        CLI_FLAG_SERVICE,
        CLI_FLAG_REGION,
        CLI_FLAG_ACCOUNT,
        CLI_FLAG_TYPE,
        CLI_FLAG_ERROR,
        CLI_FLAG_UA,
        CLI_FLAG_OUTCOME,
        CLI_FLAG_READ,
        CLI_FLAG_WRITE,
        CLI_FLAG_ID,
        CLI_FLAG_FROM,
        CLI_FLAG_TO,
        CLI_FLAG_LAST,
        CLI_FLAG_WHERE,
        CLI_FLAG_BY,
        CLI_FLAG_SINCE,
        CLI_FLAG_FROM_WHAT,
        CLI_FLAG_TO_WHAT,
        CLI_FLAG_DEPTH,
        CLI_FLAG_ATTEMPTS,
        CLI_FLAG_FINDINGS,
        CLI_FLAG_CHAIN,
        CLI_FLAG_COLLAPSE,
        CLI_FLAG_AROUND,
        CLI_FLAG_PAUSE,
        CLI_FLAG_SUBJECT,
        CLI_FLAG_FILES,
        CLI_FLAG_DUPLICATES,
        CLI_FLAG_DAMAGED,
        CLI_FLAG_CONFLICTS,
        CLI_FLAG_COVERAGE,
        CLI_FLAG_GAPS,
        CLI_FLAG_PUBLIC_KEYS,
        CLI_FLAG_ALL,
        CLI_FLAG_GEOIP,
        CLI_FLAG_INDICATORS,
        CLI_FLAG_AWS_RANGES,
        CLI_FLAG_CREDENTIAL_REPORT,
        CLI_FLAG_OUTPUT,
        CLI_FLAG_FORMAT,
        CLI_FLAG_COLUMNS,
        CLI_FLAG_LIMIT,
        CLI_FLAG_PRETTY,
        CLI_FLAG_COLOR,
        CLI_FLAG_EVIDENCE,
        CLI_FLAG_MEMORY,
        CLI_FLAG_SHARD,
        CLI_FLAG_THREADS,
        CLI_FLAG_MAX_DEPTH,
        CLI_FLAG_MAX_RECORD,
        CLI_FLAG_MAX_NESTING,
        CLI_FLAG_NO_PROGRESS,
        CLI_FLAG_QUIET,
        CLI_FLAG_HELP,
        CLI_FLAG_VERSION,
        CLI_FLAG_GENERATE,
} CliFlagId;

typedef enum CliFlagGroup {
        CLI_GROUP_SELECTION,
        CLI_GROUP_QUESTION,
        CLI_GROUP_ENRICHMENT,
        CLI_GROUP_OUTPUT,
        CLI_GROUP_READING,
        CLI_GROUP_OTHER,
        CLI_N_GROUPS,
} CliFlagGroup;

typedef enum CliValueKind {
        CLI_VALUE_NONE,
        CLI_VALUE_TEXT,
        CLI_VALUE_FILE,   /* text; completes to file names */
        CLI_VALUE_COUNT,  /* digits, from min to max */
        CLI_VALUE_SIZE,   /* digits with K, M or G, powers of 1,024 */
        CLI_VALUE_SHARE,  /* K/N, 1 <= K <= N <= max */
        CLI_VALUE_CHOICE, /* one of choices */
        CLI_VALUE_DIMS,   /* dimensions with commas */
} CliValueKind;

/* A flag may stand in the table more than once, with another meaning for other commands. */
typedef struct CliFlag {
        CliFlagId id;
        char letter; /* the short form, or 0 */
        const char *name;
        const char *argument; /* what its value is called; NULL without one */
        CliValueKind kind;
        const char *choices; /* "a|b|c" */
        uint64_t min;
        uint64_t max;
        CliFlagGroup group;
        unsigned on;
        bool repeats;
        bool dim;           /* selects by the dimension of its name */
        const char *help;   /* one line, for --help */
        const char *manual; /* sentences, for the man page, after the line of help */
} CliFlag;

/* NULL past the last. */
const CliFlag *cli_flag_at(size_t i);
/* "Selection" and so on. */
const char *cli_group_title(CliFlagGroup group);

typedef struct CliSetting {
        const CliFlag *flag;
        const char *text; /* NULL without a value */
        uint64_t number;  /* of COUNT and SIZE; of SHARE the K */
        uint64_t of;      /* of SHARE the N */
} CliSetting;

struct CliArgs {
        const CliCommand *command;
        const char *const *argv; /* all of them, without the names of program and command */
        size_t n_argv;
        CliSetting *settings; /* as they were given */
        size_t n_settings;
        const char **operands;
        size_t n_operands;
};

#define CLI_ARGS_INIT ((CliArgs){0})

#define CLI_E_USAGE 1

/*
 * Takes ARGV (without the names of program and command) apart for COMMAND; the args point into it.
 * Ends at --help and at --version, whatever stands behind.
 *
 *   CLI_E_USAGE: ret_error says what is wrong.
 */
int cli_args_parse(const CliCommand *command, size_t n_argv, const char *const *argv,
                CliArgs *ret_args, SpoorError *ret_error);
void cli_args_deinit(CliArgs *args);

bool cli_args_has(const CliArgs *args, CliFlagId id);
/* The value, or FALLBACK. */
const char *cli_args_text(const CliArgs *args, CliFlagId id, const char *fallback);
uint64_t cli_args_number(const CliArgs *args, CliFlagId id, uint64_t fallback);
/* The N of a SHARE; 0 where it is not given. */
uint64_t cli_args_number_of(const CliArgs *args, CliFlagId id);

/* The nearest of what NEXT yields (NULL ends) to NAME, or NULL where none is near. */
typedef struct CliNearest {
        const char *name; /* looked for */
        const char *found;
        unsigned distance;
} CliNearest;

void cli_nearest_try(CliNearest *nearest, const char *candidate);

/* What the table is printed as. */
void cli_help_main(CliBuffer *buffer);
void cli_help_command(const CliCommand *command, CliBuffer *buffer);
void cli_generate_man(CliBuffer *buffer);
void cli_generate_bash(CliBuffer *buffer);

/* One line for the man page on what a dimension is. */
const char *cli_dim_help(SpoorDim dim);

#endif
