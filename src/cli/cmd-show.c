/*
 * show: the record as it stands in the evidence, and of one that was made from a row of a table
 * that row (--pretty, --format json: what was made of it). To a file or a pipe it goes byte for
 * byte, with nothing added; to a terminal with a newline, and with what could steer the terminal
 * escaped.
 */
#include "cli/commands.h"
#include "cli/query.h"
#include "cli/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void free_text(char **text) {
        free(*text);
}

static void compose_object(const char *event_id, const SpoorRecord *record, CliBuffer *buffer) {
        cli_buffer_text(buffer, "{\"eventID\":");
        cli_text_json(buffer, cli_slice(event_id));
        cli_buffer_text(buffer, ",\"source.file\":");
        cli_text_json(buffer, record->file);
        cli_buffer_format(buffer,
                        ",\"source.record\":%" PRIu32 ",\"source.offset\":%" PRIu64
                        ",\"source.length\":%zu,\"record\":",
                        record->record, record->offset, record->place.size);
        cli_text_json_compact(buffer, record->bytes);
        if (record->is_partial) {
                cli_buffer_text(buffer, ",\"partial\":true,\"row\":");
                cli_text_json(buffer, record->place);
        }
        cli_buffer_char(buffer, '}');
}

/* What goes to the output. 0; 1: the record is no JSON; negative -errno. */
static int compose(const CliQuery *query, const SpoorRecord *record, CliBuffer *buffer) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer object = CLI_BUFFER_INIT;
        CLI_CLEANUP(free_text) char *pretty = NULL;
        bool as_object = cli_args_has(query->args, CLI_FLAG_FORMAT);
        bool as_pretty = cli_args_has(query->args, CLI_FLAG_PRETTY);
        SpoorSlice bytes = record->is_partial && !as_pretty ? record->place : record->bytes;
        int r;

        if (as_object) {
                compose_object(query->args->operands[0], record, &object);
                if (object.error)
                        return object.error;
                bytes = (SpoorSlice){object.data, object.size};
        }
        if (as_pretty) {
                r = spoor_json_pretty(bytes, &pretty);
                if (r)
                        return r;
                bytes = cli_slice(pretty);
                while (bytes.size && bytes.data[bytes.size - 1] == '\n')
                        bytes.size--;
        }
        if (as_pretty)
                cli_text_json_lines(buffer, bytes);
        else if (query->output.terminal && !as_object)
                cli_text_visible(buffer, bytes, CLI_VISIBLE_LINES);
        else
                cli_buffer_append(buffer, bytes.data, bytes.size);
        if (as_object || as_pretty || query->output.terminal)
                cli_buffer_char(buffer, '\n');
        return buffer->error;
}

static int print(CliQuery *query, const SpoorRecord *record) {
        CLI_CLEANUP(cli_buffer_deinit) CliBuffer buffer = CLI_BUFFER_INIT;
        const CliArgs *args = query->args;
        int r = compose(query, record, &buffer);

        if (r)
                return cli_fail(r,
                                r > 0 ? "the record cannot be laid out: it is no valid JSON" : "");
        if (!cli_args_has(args, CLI_FLAG_FORMAT) && !cli_args_has(args, CLI_FLAG_QUIET))
                cli_message("%.*s: record %" PRIu32 ", at byte %" PRIu64 ", %zu bytes%s",
                                (int)record->file.size, record->file.data, record->record,
                                record->offset, record->place.size,
                                record->is_partial ? ": a row of a table, which may lack parts of "
                                                     "the record"
                                                   : "");
        cli_output_write(&query->output, buffer.data, buffer.size);
        return cli_query_finish(query);
}

int cli_cmd_show(const CliArgs *args) {
        CLI_CLEANUP(cli_query_deinit) CliQuery query = CLI_QUERY_INIT;
        SpoorRecord record = {0};
        SpoorError error = {""};
        int r, exit, damaged;

        if (args->n_operands == 0)
                return cli_usage_error(args->command->name, "needs an EVENTID and a SOURCE");
        exit = cli_query_init(&query, args, 1);
        if (exit == 0 && args->operands[0][0] &&
                        spoor_selection_add_id(query.selection, args->operands[0], &error) < 0)
                exit = cli_fail(-ENOMEM, NULL);
        query.is_only = true;
        if (exit == 0)
                exit = cli_query_open(&query);
        if (exit)
                return exit;
        r = spoor_show(query.scase, args->operands[0], &record, &error);
        if (r == SPOOR_E_UNKNOWN && !error.message[0])
                cli_message("no event has the eventID %s", args->operands[0]);
        else if (r)
                cli_fail(r, error.message);
        exit = r ? CLI_EXIT_FAILED : print(&query, &record);
        spoor_record_clear(&record);
        damaged = cli_report_damage(args, query.scase, cli_query_report(&query));
        return exit ? exit : damaged;
}
