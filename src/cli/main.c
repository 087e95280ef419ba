/* spoor <command> [options] SOURCE...: finds the command, parses its arguments, runs it. */
#include "cli/flags.h"
#include "cli/message.h"
#include "cli/output.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/*
 * Descriptors 0 to 2 are open from here on, or a file of evidence would become standard output.
 * What was closed reads as empty and cannot be written to.
 */
static void secure_descriptors(void) {
        int fd;

        do
                fd = open("/dev/null", O_RDONLY);
        while (fd >= 0 && fd <= STDERR_FILENO);
        if (fd >= 0)
                (void)close(fd);
}

static int print(const CliBuffer *text) {
        CLI_CLEANUP(cli_output_deinit) CliOutput output = CLI_OUTPUT_INIT;
        int r = text->error;

        if (r == 0)
                r = cli_output_open(NULL, &output);
        if (r == 0) {
                cli_output_write(&output, text->data, text->size);
                r = cli_output_finish(&output);
        }
        return r ? cli_fail(r, NULL) : CLI_EXIT_ANSWERED;
}

static int unknown_command(const char *name) {
        CliNearest nearest = {.name = name};
        const CliCommand *command;

        for (size_t i = 0; (command = cli_command_at(i)); i++)
                cli_nearest_try(&nearest, command->name);
        if (nearest.found)
                return cli_usage_error(
                                NULL, "no command '%s' (did you mean %s?)", name, nearest.found);
        return cli_usage_error(NULL, "no command '%s'", name);
}

static int print_help(const CliCommand *command) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer text = CLI_BUFFER_INIT;

        if (command->run)
                cli_help_command(command, &text);
        else
                cli_help_main(&text);
        return print(&text);
}

static int help(size_t n_argv, const char *const *argv) {
        const CliCommand *command = &cli_command_main;

        if (n_argv > 0 && argv[0][0] != '-') {
                command = cli_command_find(argv[0]);
                if (!command)
                        return unknown_command(argv[0]);
        }
        return print_help(command);
}

static int run_main(const CliArgs *args) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer text = CLI_BUFFER_INIT;
        const char *what = cli_args_text(args, CLI_FLAG_GENERATE, NULL);

        if (cli_args_has(args, CLI_FLAG_VERSION))
                cli_buffer_format(&text, "spoor %s\n%s\n", spoor_version(),
                                spoor_version_libraries());
        else if (what && strcmp(what, "man") == 0)
                cli_generate_man(&text);
        else if (what)
                cli_generate_bash(&text);
        else
                return cli_usage_error(NULL, "options stand behind the command");
        return print(&text);
}

static int run(const CliCommand *command, size_t n_argv, const char *const *argv) {
        CLI_CLEANUP(cli_args_deinit) CliArgs args = CLI_ARGS_INIT;
        SpoorError error;
        int r;

        r = cli_args_parse(command, n_argv, argv, &args, &error);
        if (r < 0)
                return cli_fail(r, NULL);
        if (r > 0)
                return cli_usage_error(command->run ? command->name : NULL, "%s", error.message);
        if (cli_args_has(&args, CLI_FLAG_HELP))
                return print_help(command);
        return command->run ? command->run(&args) : run_main(&args);
}

int main(int argc, char **argv) {
        const char *const *arguments = (const char *const *)argv + 1;
        size_t n_arguments = argc > 1 ? (size_t)argc - 1 : 0;
        const CliCommand *command;

        secure_descriptors();
        (void)signal(SIGPIPE, SIG_IGN);
        (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not become so large is an error */
        if (n_arguments == 0)
                return cli_usage_error(NULL, "needs a command");
        if (strcmp(arguments[0], "help") == 0)
                return help(n_arguments - 1, arguments + 1);
        if (arguments[0][0] == '-')
                return run(&cli_command_main, n_arguments, arguments);
        command = cli_command_find(arguments[0]);
        if (!command)
                return unknown_command(arguments[0]);
        return run(command, n_arguments - 1, arguments + 1);
}
