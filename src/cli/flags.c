/*
 * The parser of the command line, in the manner of GNU: options anywhere, `--opt value` and
 * `--opt=value`, `-o value` and `-ovalue`, `--` ends options, `-` alone is an operand. Nothing is
 * guessed: names are given in full, and an option that takes one value is given once. A value that
 * begins with `--` has to be attached with `=`, since a forgotten value is likelier.
 *
 * The args point into argv and keep the order given. O(n) lookups: there are dozens of flags.
 */
#include "cli/flags.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 31 /* longer names are near to nothing */

static int usage(SpoorError *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int usage(SpoorError *error, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        (void)vsnprintf(error->message, sizeof(error->message), format, arguments);
        va_end(arguments);
        return CLI_E_USAGE;
}

/* Levenshtein's distance; both names at most NAME_MAX_BYTES. */
static unsigned distance(const char *a, const char *b) {
        unsigned row[NAME_MAX_BYTES + 1];
        size_t n_b = strlen(b);

        for (size_t j = 0; j <= n_b; j++)
                row[j] = (unsigned)j;
        for (size_t i = 0; a[i]; i++) {
                unsigned diagonal = row[0];

                row[0] = (unsigned)i + 1;
                for (size_t j = 0; j < n_b; j++) {
                        unsigned best = diagonal + (a[i] != b[j]);

                        diagonal = row[j + 1];
                        if (row[j] + 1 < best)
                                best = row[j] + 1;
                        if (diagonal + 1 < best)
                                best = diagonal + 1;
                        row[j + 1] = best;
                }
        }
        return row[n_b];
}

void cli_nearest_try(CliNearest *nearest, const char *candidate) {
        size_t n_name = strlen(nearest->name), n_candidate = strlen(candidate);
        unsigned d;

        if (n_name > NAME_MAX_BYTES || n_candidate > NAME_MAX_BYTES || n_name == 0)
                return;
        d = distance(nearest->name, candidate);
        /* Doubled, so that the same first letter decides between equals. */
        d = 2 * d + (nearest->name[0] != candidate[0]);
        /* --princ is far from --principal, but what is meant is plain. */
        if (n_name >= 3 && strncmp(nearest->name, candidate, n_name) == 0)
                d = 1;
        if (d > 5 || d / 2 >= n_candidate || (nearest->found && d >= nearest->distance))
                return;
        nearest->found = candidate;
        nearest->distance = d;
}

/* Where the flag of that name belongs, when not to the command at hand: "timeline, top". */
static void list_commands(unsigned on, CliBuffer *buffer) {
        const CliCommand *command;

        for (size_t i = 0; (command = cli_command_at(i)); i++)
                if (command->on & on)
                        cli_buffer_format(buffer, "%s%s", buffer->size ? ", " : "", command->name);
}

static int unknown_option(const CliCommand *command, const char *name, SpoorError *error) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer commands = CLI_BUFFER_INIT;
        CliNearest nearest = {.name = name};
        const CliFlag *flag;
        unsigned on = 0;

        for (size_t i = 0; (flag = cli_flag_at(i)); i++) {
                if (strcmp(flag->name, name) == 0)
                        on |= flag->on;
                if (flag->on & command->on)
                        cli_nearest_try(&nearest, flag->name);
        }
        list_commands(on, &commands);
        if (commands.size)
                return usage(error, "--%s is an option of %s", name, cli_buffer_cstr(&commands));
        if (nearest.found)
                return usage(error, "unknown option --%s (did you mean --%s?)", name,
                                nearest.found);
        return usage(error, "unknown option --%s", name);
}

/* Digits alone, from 0 to UINT64_MAX; *text moves behind them. */
static bool parse_digits(const char **text, uint64_t *ret_number) {
        const char *p = *text;
        uint64_t n = 0;

        if (*p < '0' || *p > '9')
                return false;
        for (; *p >= '0' && *p <= '9'; p++)
                if (__builtin_mul_overflow(n, (uint64_t)10, &n) ||
                                __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
                        return false;
        *text = p;
        *ret_number = n;
        return true;
}

static int parse_number(
                const CliFlag *flag, const char *text, uint64_t *ret_number, SpoorError *error) {
        static const char units[] = "KMG";
        bool is_size = flag->kind == CLI_VALUE_SIZE;
        const char *p = text;
        unsigned shift = 0;
        uint64_t n;

        if (!parse_digits(&p, &n))
                goto malformed;
        if (is_size && *p) {
                const char *unit = strchr(units, *p & ~0x20);

                if (!unit || !*unit || p[1])
                        goto malformed;
                shift = 10 * (unsigned)(unit - units + 1);
                p++;
        }
        if (*p || n > UINT64_MAX >> shift)
                goto malformed;
        n <<= shift;
        if (n < flag->min || n > flag->max)
                return usage(error, "--%s is from %" PRIu64 " to %" PRIu64 ", not %s", flag->name,
                                flag->min, flag->max, text);
        *ret_number = n;
        return 0;
malformed:
        return usage(error, "--%s takes a %s, not '%s'", flag->name,
                        is_size ? "size such as 16M" : "number", text);
}

static int parse_share(
                const CliFlag *flag, const char *text, CliSetting *setting, SpoorError *error) {
        const char *p = text;

        if (!parse_digits(&p, &setting->number) || *p++ != '/' || !parse_digits(&p, &setting->of) ||
                        *p)
                return usage(error, "--%s takes %s such as 2/8, not '%s'", flag->name,
                                flag->argument, text);
        if (setting->number < 1 || setting->number > setting->of || setting->of > flag->max)
                return usage(error,
                                "--%s: of K/N, K is from 1 to N and N at most %" PRIu64 ", not %s",
                                flag->name, flag->max, text);
        return 0;
}

static int check_choice(const CliFlag *flag, const char *text, SpoorError *error) {
        size_t n_text = strlen(text);

        for (const char *p = flag->choices; p;) {
                size_t n = strcspn(p, "|");

                if (n == n_text && memcmp(p, text, n) == 0)
                        return 0;
                p = p[n] ? p + n + 1 : NULL;
        }
        return usage(error, "--%s takes %s, not '%s'", flag->name, flag->choices, text);
}

static int add_setting(CliArgs *args, const CliFlag *flag, const char *text, SpoorError *error) {
        CliSetting *setting = &args->settings[args->n_settings];
        int r = 0;

        if (flag->argument && !flag->repeats && cli_args_has(args, flag->id))
                return usage(error, "--%s is given twice", flag->name);
        *setting = (CliSetting){.flag = flag, .text = text};
        if (flag->kind == CLI_VALUE_COUNT || flag->kind == CLI_VALUE_SIZE)
                r = parse_number(flag, text, &setting->number, error);
        else if (flag->kind == CLI_VALUE_SHARE)
                r = parse_share(flag, text, setting, error);
        else if (flag->kind == CLI_VALUE_CHOICE)
                r = check_choice(flag, text, error);
        else if (flag->argument && !text[0])
                r = usage(error, "--%s is empty", flag->name);
        if (r)
                return r;
        args->n_settings++;
        return 0;
}

/* The flag of NAME (of SIZE bytes), or of LETTER, that COMMAND takes; NULL without one. */
static const CliFlag *find_flag(
                const CliCommand *command, const char *name, size_t size, char letter) {
        const CliFlag *flag;

        for (size_t i = 0; (flag = cli_flag_at(i)); i++) {
                if (!(flag->on & command->on))
                        continue;
                if (name ? strlen(flag->name) == size && memcmp(flag->name, name, size) == 0
                         : flag->letter && flag->letter == letter)
                        return flag;
        }
        return NULL;
}

/* The option at argv[*i], and its value, which may be the argument behind it. */
static int parse_option(CliArgs *args, size_t n_argv, const char *const *argv, size_t *i,
                SpoorError *error) {
        const char *word = argv[*i], *value = NULL;
        const CliFlag *flag;

        if (word[1] == '-') {
                size_t n = strcspn(word + 2, "=");

                flag = find_flag(args->command, word + 2, n, 0);
                if (!flag) {
                        char name[64];

                        (void)snprintf(name, sizeof(name), "%.*s", (int)(n < 63 ? n : 63),
                                        word + 2);
                        return unknown_option(args->command, name, error);
                }
                if (word[2 + n])
                        value = word + 2 + n + 1;
        } else {
                flag = find_flag(args->command, NULL, 0, word[1]);
                if (!flag)
                        return usage(error, "unknown option %s", word);
                if (word[2])
                        value = word + 2;
        }
        if (!flag->argument)
                return value ? usage(error, "--%s takes no value", flag->name)
                             : add_setting(args, flag, NULL, error);
        if (!value) {
                if (*i + 1 == n_argv)
                        return usage(error, "--%s needs a value: %s", flag->name, flag->argument);
                value = argv[++*i];
                if (value[0] == '-' && value[1] == '-')
                        return usage(error, "--%s needs a value; '%s' would be given as --%s=%s",
                                        flag->name, value, flag->name, value);
        }
        return add_setting(args, flag, value, error);
}

int cli_args_parse(const CliCommand *command, size_t n_argv, const char *const *argv,
                CliArgs *ret_args, SpoorError *ret_error) {
        CliArgs args = {.command = command, .argv = argv, .n_argv = n_argv};
        bool options = true;
        int r = 0;

        ret_error->message[0] = '\0';
        args.settings = calloc(n_argv + 1, sizeof(*args.settings));
        args.operands = calloc(n_argv + 1, sizeof(*args.operands));
        if (!args.settings || !args.operands)
                r = -ENOMEM;
        for (size_t i = 0; r == 0 && i < n_argv; i++) {
                if (!options || argv[i][0] != '-' || !argv[i][1])
                        args.operands[args.n_operands++] = argv[i];
                else if (strcmp(argv[i], "--") == 0)
                        options = false;
                else
                        r = parse_option(&args, n_argv, argv, &i, ret_error);
                if (cli_args_has(&args, CLI_FLAG_HELP) || cli_args_has(&args, CLI_FLAG_VERSION))
                        break;
        }
        if (r) {
                cli_args_deinit(&args);
                return r;
        }
        *ret_args = args;
        return 0;
}

void cli_args_deinit(CliArgs *args) {
        free(args->settings);
        free(args->operands);
        *args = CLI_ARGS_INIT;
}

static const CliSetting *find_setting(const CliArgs *args, CliFlagId id) {
        for (size_t i = 0; i < args->n_settings; i++)
                if (args->settings[i].flag->id == id)
                        return &args->settings[i];
        return NULL;
}

bool cli_args_has(const CliArgs *args, CliFlagId id) {
        return find_setting(args, id) != NULL;
}

const char *cli_args_text(const CliArgs *args, CliFlagId id, const char *fallback) {
        const CliSetting *setting = find_setting(args, id);

        return setting ? setting->text : fallback;
}

uint64_t cli_args_number(const CliArgs *args, CliFlagId id, uint64_t fallback) {
        const CliSetting *setting = find_setting(args, id);

        return setting ? setting->number : fallback;
}

uint64_t cli_args_number_of(const CliArgs *args, CliFlagId id) {
        const CliSetting *setting = find_setting(args, id);

        return setting ? setting->of : 0;
}
