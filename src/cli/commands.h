/* The commands, one file each. They return a CliExit and have said why when it is not 0. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/flags.h"

int cli_cmd_index(const CliArgs *args);
int cli_cmd_merge(const CliArgs *args);
int cli_cmd_info(const CliArgs *args);
int cli_cmd_timeline(const CliArgs *args);
int cli_cmd_first_use(const CliArgs *args);
int cli_cmd_top(const CliArgs *args);
int cli_cmd_lateral(const CliArgs *args);
int cli_cmd_profile(const CliArgs *args);
int cli_cmd_report(const CliArgs *args);
int cli_cmd_standing(const CliArgs *args);
int cli_cmd_taken(const CliArgs *args);
int cli_cmd_checklist(const CliArgs *args);
int cli_cmd_catalogue(const CliArgs *args);
int cli_cmd_verify(const CliArgs *args);
int cli_cmd_show(const CliArgs *args);

#endif
