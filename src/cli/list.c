/* Lists with commas. The items point into one copy of the text; O(n^2) for a handful of names. */
#include "cli/list.h"

#include "cli/flags.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_list_deinit(CliList *list) {
        free(list->storage);
        free(list->items);
        *list = CLI_LIST_INIT;
}

bool cli_list_has(const CliList *list, const char *name) {
        for (size_t i = 0; i < list->n_items; i++)
                if (strcmp(list->items[i], name) == 0)
                        return true;
        return false;
}

/* NUL-ends the item at *cursor, without the blanks around it, and moves on; NULL behind the last.
 */
static const char *next_item(char **cursor) {
        char *item = *cursor, *comma, *end;

        if (!item)
                return NULL;
        comma = strchr(item, ',');
        *cursor = comma ? comma + 1 : NULL;
        end = comma ? comma : item + strlen(item);
        while (*item == ' ' && item < end)
                item++;
        while (end > item && end[-1] == ' ')
                end--;
        *end = '\0';
        return item;
}

int cli_list_split(const char *option, const char *text, CliList *ret_list, SpoorError *ret_error) {
        CLI_CLEANUP(cli_list_deinit) CliList list = CLI_LIST_INIT;
        const char *item;
        char *cursor;

        list.storage = strdup(text);
        list.items = calloc(strlen(text) + 1, sizeof(*list.items));
        if (!list.storage || !list.items)
                return -ENOMEM;
        cursor = list.storage;
        while ((item = next_item(&cursor))) {
                if (!*item) {
                        (void)snprintf(ret_error->message, sizeof(ret_error->message),
                                        "%s: an empty name in '%s'", option, text);
                        return CLI_E_USAGE;
                }
                if (cli_list_has(&list, item)) {
                        (void)snprintf(ret_error->message, sizeof(ret_error->message),
                                        "%s: '%s' stands twice", option, item);
                        return CLI_E_USAGE;
                }
                list.items[list.n_items++] = item;
        }
        *ret_list = list;
        list = CLI_LIST_INIT;
        return 0;
}
