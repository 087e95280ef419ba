/* --help, of spoor and of each command: printed from the tables. */
#include "cli/flags.h"

#include <string.h>

#define COLUMN 28

static void put_flag(const CliFlag *flag, CliBuffer *buffer) {
        size_t start = buffer->size, n;

        if (flag->letter)
                cli_buffer_format(buffer, "  -%c, --%s", flag->letter, flag->name);
        else
                cli_buffer_format(buffer, "      --%s", flag->name);
        if (flag->argument)
                cli_buffer_format(buffer, " %s", flag->argument);
        n = buffer->size - start;
        if (n + 2 > COLUMN) {
                cli_buffer_char(buffer, '\n');
                n = 0;
        }
        cli_buffer_fill(buffer, ' ', COLUMN - n);
        cli_buffer_format(buffer, "%s\n", flag->help);
}

static void put_flags(unsigned on, CliBuffer *buffer) {
        for (CliFlagGroup group = 0; group < CLI_N_GROUPS; group++) {
                const CliFlag *flag;
                bool titled = false;

                for (size_t i = 0; (flag = cli_flag_at(i)); i++) {
                        if (flag->group != group || !(flag->on & on))
                                continue;
                        if (!titled)
                                cli_buffer_format(buffer, "\n%s:\n", cli_group_title(group));
                        titled = true;
                        put_flag(flag, buffer);
                }
        }
}

static void put_dims(CliBuffer *buffer) {
        cli_buffer_text(buffer, "\nDimensions:\n");
        for (SpoorDim dim = 0; dim < SPOOR_N_DIMS; dim++)
                cli_buffer_format(buffer, "  %-*s%s\n", COLUMN - 2, spoor_dim_name(dim),
                                cli_dim_help(dim));
}

/* Words of TEXT in lines of at most 80. */
static void put_paragraph(const char *text, CliBuffer *buffer) {
        size_t column = 0;

        while (*text) {
                size_t n = strcspn(text, " ");

                if (column && column + 1 + n > 80) {
                        cli_buffer_char(buffer, '\n');
                        column = 0;
                }
                if (column) {
                        cli_buffer_char(buffer, ' ');
                        column++;
                }
                cli_buffer_append(buffer, text, n);
                column += n;
                text += n;
                text += strspn(text, " ");
        }
        cli_buffer_char(buffer, '\n');
}

void cli_help_main(CliBuffer *buffer) {
        const CliCommand *command;

        cli_buffer_text(buffer,
                        "spoor <command> [options] SOURCE...\n"
                        "Who did what, when first: answers from a copied CloudTrail archive, "
                        "offline.\n\nCommands:\n");
        for (size_t i = 0; (command = cli_command_at(i)); i++)
                cli_buffer_format(buffer, "  %-*s%s\n", COLUMN - 2, command->name, command->help);
        put_flags(CLI_ON_MAIN, buffer);
        cli_buffer_text(buffer,
                        "\nSOURCE is a case file made by 'spoor index', or raw evidence: a "
                        "directory, "
                        "a log\nfile, an archive, or - for standard input; any number of them, "
                        "mixed.\n'spoor help COMMAND' says what a command takes.\n");
}

void cli_help_command(const CliCommand *command, CliBuffer *buffer) {
        cli_buffer_format(buffer, "spoor %s [options] %s\n", command->name, command->operands);
        put_paragraph(command->manual, buffer);
        put_flags(command->on, buffer);
        if (command->on & CLI_ON_VALUES)
                put_dims(buffer);
        if (command->on & CLI_ON_ROWS)
                cli_buffer_text(buffer,
                                "\nDifferent selections narrow, a repeated one widens; * and ? are "
                                "wildcards. Case\nmatters.\n");
        cli_buffer_text(buffer,
                        "\nExit status: 0 answered in full; 2 bad usage, or nothing could be "
                        "answered; 3\nanswered, but part of the evidence was damaged and is "
                        "named on standard error.\n");
}
