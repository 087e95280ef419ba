/* A list written with commas, as --by and --columns take it. */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include <spoor/spoor.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct CliList {
        char *storage;
        const char **items;
        size_t n_items;
} CliList;

#define CLI_LIST_INIT ((CliList){0})

/*
 * Splits TEXT, a copy of it, at commas; blanks around names are dropped. OPTION names the option
 * for the error. CLI_E_USAGE: a name is empty or stands twice.
 */
int cli_list_split(const char *option, const char *text, CliList *ret_list, SpoorError *ret_error);
void cli_list_deinit(CliList *list);
bool cli_list_has(const CliList *list, const char *name);

#endif
