/* Rows of lateral, read whole and linked: parents to children, in order of time. */
#include "cli/graph.h"

#include "cli/render.h"
#include "cli/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *cli_graph_text(const CliGraph *graph, size_t text) {
        return text && text < graph->texts.size ? graph->texts.data + text : "";
}

const char *cli_graph_short(const char *arn) {
        const char *at = arn;

        if (strncmp(arn, "arn:", 4) != 0)
                return arn;
        for (int colons = 0; *at; at++)
                if (*at == ':' && ++colons == 5)
                        return at[1] && strcmp(at + 1, "root") != 0 ? at + 1 : arn;
        return arn;
}

void cli_graph_deinit(CliGraph *graph) {
        cli_buffer_deinit(&graph->texts);
        free(graph->hops);
        *graph = CLI_GRAPH_INIT;
}

/* ---- reading ---- */

static size_t find_column(const SpoorRows *rows, const char *name) {
        size_t n = spoor_rows_n_columns(rows);

        for (size_t i = 0; i < n; i++)
                if (strcmp(spoor_rows_column(rows, i), name) == 0)
                        return i;
        return n;
}

static const SpoorCell *cell(const SpoorRows *rows, const SpoorCell *cells, const char *name) {
        static const SpoorCell null = {.type = SPOOR_CELL_NULL};
        size_t i = find_column(rows, name);

        return i < spoor_rows_n_columns(rows) ? &cells[i] : &null;
}

/* The cell's text, NUL-ended behind the others. */
static size_t take_text(
                CliGraph *graph, const SpoorRows *rows, const SpoorCell *cells, const char *name) {
        CliBuffer scratch = CLI_BUFFER_INIT;
        SpoorSlice text = cli_cell_text(cell(rows, cells, name), &scratch);
        size_t at = graph->texts.size;

        if (text.size) {
                (void)cli_text_visible(&graph->texts, text, 0);
                cli_buffer_char(&graph->texts, 0);
        }
        if (scratch.error)
                graph->texts.error = scratch.error;
        cli_buffer_deinit(&scratch);
        return text.size ? at : 0;
}

/* The columns of the enrichment, with commas between them. */
static size_t take_told(CliGraph *graph, const SpoorRows *rows, const SpoorCell *cells) {
        size_t at = graph->texts.size;
        const char *name;

        for (size_t i = 0; (name = spoor_enrichment_column(i)); i++) {
                const SpoorCell *c = cell(rows, cells, name);

                if (c->type != SPOOR_CELL_TEXT || !c->text.size)
                        continue;
                if (graph->texts.size > at)
                        cli_buffer_text(&graph->texts, ", ");
                (void)cli_text_visible(&graph->texts, c->text, 0);
        }
        if (graph->texts.size == at)
                return 0;
        cli_buffer_char(&graph->texts, 0);
        return at;
}

static uint64_t take_count(const SpoorRows *rows, const SpoorCell *cells, const char *name,
                uint64_t fallback) {
        const SpoorCell *count = cell(rows, cells, name);

        return count->type == SPOOR_CELL_COUNT ? count->count : fallback;
}

static int take_hop(CliGraph *graph, const SpoorRows *rows, const SpoorCell *cells) {
        CliHop *hop;

        if (graph->n_hops == graph->space) {
                size_t space = graph->space ? graph->space * 2 : 64;
                CliHop *hops = reallocarray(graph->hops, space, sizeof(*hops));

                if (!hops)
                        return -ENOMEM;
                graph->hops = hops;
                graph->space = space;
        }
        hop = &graph->hops[graph->n_hops++];
        *hop = (CliHop){
                        .time = take_text(graph, rows, cells, "eventTime"),
                        .edge = take_text(graph, rows, cells, "edge"),
                        .confidence = take_text(graph, rows, cells, "confidence"),
                        .id = take_text(graph, rows, cells, "eventID"),
                        .name = take_text(graph, rows, cells, "eventName"),
                        .source = take_text(graph, rows, cells, "sourcePrincipal"),
                        .source_key = take_text(graph, rows, cells, "sourceKey"),
                        .ip = take_text(graph, rows, cells, "sourceIPAddress"),
                        .target = take_text(graph, rows, cells, "targetPrincipal"),
                        .target_key = take_text(graph, rows, cells, "targetKey"),
                        .first_use = take_text(graph, rows, cells, "firstUse"),
                        .last_use = take_text(graph, rows, cells, "lastUse"),
                        .outcome = take_text(graph, rows, cells, "outcome"),
                        .pair_id = take_text(graph, rows, cells, "pairEventID"),
                        .via = take_text(graph, rows, cells, "via"),
                        .detail = take_text(graph, rows, cells, "detail"),
                        .told = take_told(graph, rows, cells),
                        .uses = take_count(rows, cells, "uses", 0),
                        .use_ips = take_count(rows, cells, "useIPs", 0),
                        .keys = take_count(rows, cells, "keys", 0),
                        .parent = (size_t)take_count(rows, cells, "parent", CLI_GRAPH_NONE),
                        .first_child = CLI_GRAPH_NONE,
                        .last_child = CLI_GRAPH_NONE,
                        .next = CLI_GRAPH_NONE,
        };
        hop->is_sleeper = hop->uses == 0 && hop->target_key &&
                          strcmp(cli_graph_text(graph, hop->outcome), "success") == 0;
        return 0;
}

static void link_hops(CliGraph *graph) {
        for (size_t i = 0; i < graph->n_hops; i++) {
                CliHop *hop = &graph->hops[i];
                CliHop *parent = hop->parent < graph->n_hops ? &graph->hops[hop->parent] : NULL;
                size_t *first = parent ? &parent->first_child : &graph->first_root;
                size_t *last = parent ? &parent->last_child : &graph->last_root;

                if (!parent)
                        hop->parent = CLI_GRAPH_NONE;
                if (*first == CLI_GRAPH_NONE)
                        *first = i;
                else
                        graph->hops[*last].next = i;
                *last = i;
        }
}

/* ---- findings ---- */

static void put_cell(
                CliBuffer *text, const SpoorRows *rows, const SpoorCell *cells, const char *name) {
        CliBuffer scratch = CLI_BUFFER_INIT;

        (void)cli_text_visible(text, cli_cell_text(cell(rows, cells, name), &scratch), 0);
        if (scratch.error)
                text->error = scratch.error;
        cli_buffer_deinit(&scratch);
}

static bool is_finding(const SpoorCell *name, const char *prefix) {
        size_t n = strlen(prefix);

        return name->text.size >= n && memcmp(name->text.data, prefix, n) == 0;
}

void cli_graph_finding(CliBuffer *text, const SpoorRows *rows, const SpoorCell *cells) {
        const SpoorCell *name = cell(rows, cells, "finding");

        if (is_finding(name, "second-")) {
                cli_buffer_text(text, is_finding(name, "second-network") ? "new network "
                                                                         : "new address ");
                put_cell(text, rows, cells, "sourceIPAddress");
                cli_buffer_text(text, " from ");
                put_cell(text, rows, cells, "eventTime");
                cli_buffer_text(text, ", while the first goes on");
        } else if (is_finding(name, "used-after-")) {
                cli_buffer_text(text, is_finding(name, "used-after-stop")
                                                      ? "used after the key it came from was "
                                                        "stopped at "
                                                      : "used after the role's sessions were "
                                                        "revoked at ");
                put_cell(text, rows, cells, "eventTime");
                cli_buffer_text(text, ": ");
                put_cell(text, rows, cells, "calls");
                cli_buffer_text(text, " calls until ");
                put_cell(text, rows, cells, "lastTime");
                cli_buffer_text(text, ", ");
                put_cell(text, rows, cells, "succeeded");
                cli_buffer_text(text, " succeeded");
                if (cell(rows, cells, "lastSuccessTime")->type == SPOOR_CELL_TIME) {
                        cli_buffer_text(text, ", the last at ");
                        put_cell(text, rows, cells, "lastSuccessTime");
                }
        } else {
                cli_buffer_text(text, is_finding(name, "first-time-role")
                                                      ? "this principal takes this role for the "
                                                        "first time"
                                                      : "into another account");
        }
}

bool cli_graph_is_alarm(const SpoorRows *rows, const SpoorCell *cells) {
        const SpoorCell *name = cell(rows, cells, "finding");

        return !is_finding(name, "first") && !is_finding(name, "across");
}

/* A line of it, with its evidence. */
static void put_finding(CliGraph *graph, const SpoorRows *rows, const SpoorCell *cells) {
        cli_graph_finding(&graph->texts, rows, cells);
        cli_buffer_text(&graph->texts, "  [");
        put_cell(&graph->texts, rows, cells, "evidence");
        cli_buffer_text(&graph->texts, "]\n");
}

/* Findings come in the order of their rows, the beginning's first: texts of one row are joined. */
static int take_findings(CliGraph *graph, SpoorRows *findings, SpoorError *error) {
        size_t row = CLI_GRAPH_NONE - 1, *text = NULL;
        const SpoorCell *cells;
        int r;

        while ((r = spoor_rows_next(findings, &cells, error)) == 0) {
                size_t of = (size_t)take_count(findings, cells, "row", CLI_GRAPH_NONE);

                if (of != CLI_GRAPH_NONE && of >= graph->n_hops)
                        continue;
                if (of != row) {
                        if (text)
                                cli_buffer_char(&graph->texts, 0);
                        text = of == CLI_GRAPH_NONE ? &graph->beginning : &graph->hops[of].findings;
                        *text = graph->texts.size;
                        row = of;
                }
                if (of != CLI_GRAPH_NONE && cli_graph_is_alarm(findings, cells))
                        graph->hops[of].is_marked = true;
                put_finding(graph, findings, cells);
        }
        if (text)
                cli_buffer_char(&graph->texts, 0);
        return r == SPOOR_END ? 0 : r;
}

int cli_graph_read(CliGraph *graph, SpoorRows *rows, SpoorRows *findings, uint64_t limit,
                bool *ret_more, SpoorError *error) {
        const SpoorCell *cells;
        int r;

        *ret_more = false;
        cli_buffer_char(&graph->texts, 0); /* text 0 */
        while ((r = spoor_rows_next(rows, &cells, error)) == 0) {
                if (graph->n_hops >= limit) {
                        *ret_more = true;
                        break;
                }
                r = take_hop(graph, rows, cells);
                if (r < 0)
                        return r;
        }
        if (r != SPOOR_END && r != 0)
                return r;
        link_hops(graph);
        r = take_findings(graph, findings, error);
        return r ? r : graph->texts.error;
}

/* ---- walking ---- */

size_t cli_graph_next(const CliGraph *graph, size_t hop) {
        if (hop == CLI_GRAPH_NONE)
                return graph->first_root;
        if (graph->hops[hop].first_child != CLI_GRAPH_NONE)
                return graph->hops[hop].first_child;
        while (hop != CLI_GRAPH_NONE && graph->hops[hop].next == CLI_GRAPH_NONE)
                hop = graph->hops[hop].parent;
        return hop == CLI_GRAPH_NONE ? hop : graph->hops[hop].next;
}

size_t cli_graph_level(const CliGraph *graph, size_t hop) {
        size_t n = 0;

        while ((hop = graph->hops[hop].parent) != CLI_GRAPH_NONE)
                n++;
        return n;
}
