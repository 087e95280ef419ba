/*
 * The forest of lateral for Graphviz. A node is a credential, or where there is none a hop's
 * target; the same credential reached by two ways is one node. Everything quoted is escaped.
 */
#include "cli/graph.h"

#include <string.h>

static void put_quoted(CliBuffer *line, const char *text) {
        for (; *text; text++) {
                if (*text == '"' || *text == '\\')
                        cli_buffer_char(line, '\\');
                cli_buffer_char(line, *text);
        }
}

static void put_name(const CliGraph *graph, CliBuffer *line, size_t hop) {
        const CliHop *h = &graph->hops[hop];

        cli_buffer_char(line, '"');
        if (h->target_key)
                put_quoted(line, cli_graph_text(graph, h->target_key));
        else
                cli_buffer_format(line, "#%zu", hop);
        cli_buffer_char(line, '"');
}

/* Who made a hop that has no parent. */
static void put_source(const CliGraph *graph, CliBuffer *line, const CliHop *hop) {
        cli_buffer_char(line, '"');
        put_quoted(line, cli_graph_text(graph, hop->source_key ? hop->source_key : hop->source));
        cli_buffer_char(line, '"');
}

static void put_node(const CliGraph *graph, CliBuffer *line, size_t hop) {
        const CliHop *h = &graph->hops[hop];

        cli_buffer_text(line, "  ");
        put_name(graph, line, hop);
        cli_buffer_text(line, " [label=\"");
        put_quoted(line, cli_graph_short(cli_graph_text(graph, h->target)));
        if (h->target_key) {
                cli_buffer_text(line, "\\n");
                put_quoted(line, cli_graph_text(graph, h->target_key));
        }
        cli_buffer_text(line, "\\n");
        if (h->is_sleeper)
                cli_buffer_text(line, "never used");
        else
                cli_buffer_format(line, "%llu uses, %llu addresses", (unsigned long long)h->uses,
                                (unsigned long long)h->use_ips);
        cli_buffer_text(line, "\"");
        if (h->is_marked)
                cli_buffer_text(line, ", color=red, penwidth=2");
        else if (h->is_sleeper)
                cli_buffer_text(line, ", style=dashed");
        cli_buffer_text(line, "];\n");
}

static void put_edge(const CliGraph *graph, CliBuffer *line, size_t hop) {
        const CliHop *h = &graph->hops[hop];
        bool is_done = strcmp(cli_graph_text(graph, h->outcome), "success") == 0;

        cli_buffer_text(line, "  ");
        if (h->parent != CLI_GRAPH_NONE && !graph->is_backward)
                put_name(graph, line, h->parent);
        else
                put_source(graph, line, h);
        cli_buffer_text(line, " -> ");
        put_name(graph, line, hop);
        cli_buffer_text(line, " [label=\"");
        put_quoted(line, cli_graph_text(graph, h->edge));
        cli_buffer_text(line, "\\n");
        put_quoted(line, cli_graph_text(graph, h->time));
        cli_buffer_text(line, "\", tooltip=\"");
        put_quoted(line, cli_graph_text(graph, h->id));
        cli_buffer_text(line, is_done ? "\"" : "\", style=dotted, color=gray");
        if (is_done && strcmp(cli_graph_text(graph, h->confidence), "probable") == 0)
                cli_buffer_text(line, ", style=dashed");
        cli_buffer_text(line, "];\n");
}

void cli_render_dot(const CliGraph *graph, CliOutput *output, CliBuffer *line) {
        cli_buffer_text(line, "digraph lateral {\n  rankdir=LR;\n  node [shape=box, "
                              "fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", "
                              "fontsize=10];\n");
        for (size_t hop = 0; hop < graph->n_hops && !cli_output_over(output); hop++) {
                put_node(graph, line, hop);
                put_edge(graph, line, hop);
                if (!line->error)
                        cli_output_write(output, line->data, line->size);
                cli_buffer_clear(line);
        }
        cli_buffer_text(line, "}\n");
        if (!line->error)
                cli_output_write(output, line->data, line->size);
        cli_buffer_clear(line);
}
