/*
 * Completions for bash, from the tables: commands, then the flags of the command, then what a flag
 * takes. What has no fixed values completes to nothing, and everything else to file names.
 */
#include "cli/flags.h"

#include <string.h>

static void put_names(CliBuffer *buffer, unsigned on) {
        const CliFlag *flag;
        const char *separator = "";

        for (size_t i = 0; (flag = cli_flag_at(i)); i++) {
                if (!(flag->on & on))
                        continue;
                cli_buffer_format(buffer, "%s--%s", separator, flag->name);
                separator = " ";
                if (flag->letter)
                        cli_buffer_format(buffer, " -%c", flag->letter);
        }
}

/* The cases of "command:flag" for one flag of one command. */
static void put_pattern(CliBuffer *buffer, const char *command, const CliFlag *flag) {
        cli_buffer_format(buffer, "    %s:--%s", command, flag->name);
        if (flag->letter)
                cli_buffer_format(buffer, " | %s:-%c", command, flag->letter);
        cli_buffer_text(buffer, ") ");
}

static void put_words(CliBuffer *buffer, const char *words) {
        cli_buffer_text(buffer, "COMPREPLY=($(compgen -W '");
        for (; *words; words++)
                cli_buffer_char(buffer, *words == '|' ? ' ' : *words);
        cli_buffer_text(buffer, "' -- \"$cur\")); return ;;\n");
}

static void put_value(CliBuffer *buffer, const char *command, const CliFlag *flag) {
        if (!flag->argument)
                return;
        put_pattern(buffer, command, flag);
        if (flag->kind == CLI_VALUE_CHOICE) {
                put_words(buffer, flag->choices);
        } else if (flag->kind == CLI_VALUE_DIMS) {
                CLI_CLEANUP(cli_buffer_deinit) CliBuffer dims = CLI_BUFFER_INIT;

                for (SpoorDim dim = 0; dim < SPOOR_N_DIMS; dim++)
                        cli_buffer_format(&dims, "%s%s", dim ? " " : "", spoor_dim_name(dim));
                put_words(buffer, cli_buffer_cstr(&dims));
        } else if (flag->kind == CLI_VALUE_FILE) {
                cli_buffer_text(buffer,
                                "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\")); "
                                "return ;;\n");
        } else {
                cli_buffer_text(buffer, "return ;;\n");
        }
}

static void put_values(CliBuffer *buffer) {
        const CliCommand *command;
        const CliFlag *flag;

        cli_buffer_text(buffer, "    case \"$command:$prev\" in\n");
        for (size_t i = 0; (flag = cli_flag_at(i)); i++)
                if (flag->on & CLI_ON_MAIN)
                        put_value(buffer, "", flag);
        for (size_t c = 0; (command = cli_command_at(c)); c++)
                for (size_t i = 0; (flag = cli_flag_at(i)); i++)
                        if (flag->on & command->on)
                                put_value(buffer, command->name, flag);
        cli_buffer_text(buffer, "    esac\n");
}

void cli_generate_bash(CliBuffer *buffer) {
        const CliCommand *command;

        cli_buffer_text(buffer,
                        "# bash completion for spoor; made by spoor --generate complete-bash\n"
                        "_spoor() {\n"
                        "    local cur=${COMP_WORDS[COMP_CWORD]} prev= command= words=\n"
                        "    COMPREPLY=()\n"
                        "    ((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
                        "    ((COMP_CWORD > 1)) && command=${COMP_WORDS[1]}\n");
        put_values(buffer);
        cli_buffer_text(buffer, "    case \"$command\" in\n    '') words='");
        put_names(buffer, CLI_ON_MAIN);
        cli_buffer_text(buffer, " help");
        for (size_t i = 0; (command = cli_command_at(i)); i++)
                cli_buffer_format(buffer, " %s", command->name);
        cli_buffer_text(buffer,
                        "'\n        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")); return ;;\n"
                        "    help) words='");
        for (size_t i = 0; (command = cli_command_at(i)); i++)
                cli_buffer_format(buffer, "%s%s", i ? " " : "", command->name);
        cli_buffer_text(buffer, "'\n        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")); "
                                "return ;;\n");
        for (size_t i = 0; (command = cli_command_at(i)); i++) {
                cli_buffer_format(buffer, "    %s) words='", command->name);
                put_names(buffer, command->on);
                cli_buffer_text(buffer, "' ;;\n");
        }
        cli_buffer_text(buffer, "    esac\n"
                                "    if [[ $cur == -* ]]; then\n"
                                "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                                "    else\n"
                                "        compopt -o filenames\n"
                                "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
                                "    fi\n"
                                "}\n"
                                "complete -F _spoor spoor\n");
}
