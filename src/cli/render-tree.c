/*
 * The forest of lateral, drawn for eyes: under each credential what was obtained with it. A hop is
 * a few lines: what was got and how, by whom and from where, how often it was used and until when,
 * and what is remarkable. Marks: "*" a sleeper, "!" an alarm.
 *
 * The lines on the left are those of the first LEVELS levels; deeper hops name their depth, so that
 * a chain of a thousand hops is printed in lines, not in a diagonal.
 */
#include "cli/graph.h"

#include <string.h>

#define LEVELS 24

#define BOLD "\033[1m"
#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

typedef struct Tree {
        const CliGraph *graph;
        CliOutput *output;
        CliBuffer *line;
        CliBuffer margin;  /* of the hop at hand: "│  " or "   " for each level above */
        bool bars[LEVELS]; /* of the last hop at each level: others follow it there */
        bool color;
} Tree;

static const char *text(const Tree *tree, size_t i) {
        return cli_graph_text(tree->graph, i);
}

static void put_colored(Tree *tree, const char *color, const char *what) {
        if (tree->color)
                cli_buffer_text(tree->line, color);
        cli_buffer_text(tree->line, what);
        if (tree->color)
                cli_buffer_text(tree->line, PLAIN);
}

static void flush(Tree *tree) {
        if (!tree->line->error)
                cli_output_write(tree->output, tree->line->data, tree->line->size);
        cli_buffer_clear(tree->line);
}

/* For each level above a bar where more siblings of the hop there follow. */
static void make_margin(Tree *tree, const CliHop *hop, size_t level) {
        cli_buffer_clear(&tree->margin);
        for (size_t i = 0; i < level && i < LEVELS; i++)
                cli_buffer_text(&tree->margin, tree->bars[i] ? "│  " : "   ");
        if (level < LEVELS)
                tree->bars[level] = hop->next != CLI_GRAPH_NONE;
}

static void put_margin(Tree *tree, const CliHop *hop, bool is_first) {
        cli_buffer_append(tree->line, tree->margin.data, tree->margin.size);
        if (is_first)
                cli_buffer_text(tree->line, hop->next == CLI_GRAPH_NONE ? "└─ " : "├─ ");
        else
                cli_buffer_text(tree->line, hop->next == CLI_GRAPH_NONE ? "   " : "│  ");
        if (!is_first)
                cli_buffer_text(tree->line, hop->first_child == CLI_GRAPH_NONE ? "     " : "│    ");
}

static void put_target(Tree *tree, const CliHop *hop, size_t level) {
        put_margin(tree, hop, true);
        if (level >= LEVELS)
                cli_buffer_format(tree->line, "(hop %zu) ", level + 1);
        if (hop->is_marked || hop->is_sleeper)
                put_colored(tree, hop->is_marked ? RED : YELLOW, hop->is_marked ? "! " : "* ");
        put_colored(tree, BOLD, text(tree, hop->edge));
        cli_buffer_format(tree->line, "  %s", cli_graph_short(text(tree, hop->target)));
        if (hop->target_key)
                cli_buffer_format(tree->line, "  %s", text(tree, hop->target_key));
        else if (hop->keys > 1)
                cli_buffer_format(tree->line, "  %llu keys", (unsigned long long)hop->keys);
        if (hop->via && strcmp(text(tree, hop->via), text(tree, hop->target)) != 0)
                cli_buffer_format(tree->line, "  on %s", text(tree, hop->via));
        if (hop->detail)
                cli_buffer_format(tree->line, "  (%s)", cli_graph_short(text(tree, hop->detail)));
        cli_buffer_char(tree->line, '\n');
}

static void put_circumstances(Tree *tree, const CliHop *hop) {
        put_margin(tree, hop, false);
        cli_buffer_format(tree->line, "%s", text(tree, hop->time));
        if (hop->source)
                cli_buffer_format(tree->line, "  by %s", cli_graph_short(text(tree, hop->source)));
        if (hop->source_key)
                cli_buffer_format(tree->line, " %s", text(tree, hop->source_key));
        if (hop->ip)
                cli_buffer_format(tree->line, "  from %s", text(tree, hop->ip));
        if (hop->told)
                cli_buffer_format(tree->line, " (%s)", text(tree, hop->told));
        if (hop->confidence && strcmp(text(tree, hop->confidence), "exact") != 0)
                cli_buffer_format(tree->line, "  %s", text(tree, hop->confidence));
        cli_buffer_format(tree->line, "  [%s%s%s]\n", text(tree, hop->id), hop->pair_id ? " " : "",
                        text(tree, hop->pair_id));
}

static void put_uses(Tree *tree, const CliHop *hop) {
        put_margin(tree, hop, false);
        if (strcmp(text(tree, hop->outcome), "success") != 0) {
                put_colored(tree, RED, text(tree, hop->outcome));
        } else if (hop->is_sleeper) {
                put_colored(tree, YELLOW, "never used: a sleeper");
        } else if (hop->uses == 0) {
                cli_buffer_text(tree->line, "no use known since");
        } else {
                cli_buffer_text(tree->line, "used ");
                cli_buffer_number(tree->line, hop->uses);
                cli_buffer_text(tree->line, hop->uses == 1 ? " time" : " times");
                cli_buffer_format(tree->line, ", %s", text(tree, hop->first_use));
                if (hop->uses > 1)
                        cli_buffer_format(tree->line, " to %s", text(tree, hop->last_use));
                cli_buffer_text(tree->line, ", from ");
                cli_buffer_number(tree->line, hop->use_ips);
                cli_buffer_text(tree->line, hop->use_ips == 1 ? " address" : " addresses");
        }
        cli_buffer_char(tree->line, '\n');
}

static void put_findings(Tree *tree, const CliHop *hop, const char *findings) {
        while (*findings) {
                size_t n = strcspn(findings, "\n");

                if (hop)
                        put_margin(tree, hop, false);
                put_colored(tree, RED, "! ");
                cli_buffer_append(tree->line, findings, n);
                cli_buffer_char(tree->line, '\n');
                findings += n + (findings[n] != 0);
        }
}

/* Hops without a parent stand under who made them. */
static void put_root(Tree *tree, size_t hop, size_t before) {
        const CliHop *h = &tree->graph->hops[hop];
        const CliHop *b = before == CLI_GRAPH_NONE ? NULL : &tree->graph->hops[before];

        if (tree->graph->is_backward ||
                        (b && strcmp(text(tree, b->source_key), text(tree, h->source_key)) == 0 &&
                                        strcmp(text(tree, b->source), text(tree, h->source)) == 0))
                return;
        put_colored(tree, BOLD,
                        h->source_key ? text(tree, h->source_key)
                                      : cli_graph_short(text(tree, h->source)));
        if (h->source_key)
                cli_buffer_format(tree->line, "  %s", cli_graph_short(text(tree, h->source)));
        cli_buffer_char(tree->line, '\n');
}

void cli_render_tree(const CliGraph *graph, bool color, CliOutput *output, CliBuffer *line) {
        Tree tree = {.graph = graph,
                        .output = output,
                        .line = line,
                        .color = color,
                        .margin = CLI_BUFFER_INIT};
        size_t level = 0, root = CLI_GRAPH_NONE, before = CLI_GRAPH_NONE;

        put_findings(&tree, NULL, text(&tree, graph->beginning));
        for (size_t hop = cli_graph_next(graph, CLI_GRAPH_NONE); hop != CLI_GRAPH_NONE;
                        hop = cli_graph_next(graph, hop)) {
                const CliHop *h = &graph->hops[hop];

                /* down by one, or up to wherever the next one hangs */
                if (before != CLI_GRAPH_NONE && h->parent == before)
                        level++;
                else if (before != CLI_GRAPH_NONE)
                        for (size_t at = before; graph->hops[at].parent != h->parent;
                                        at = graph->hops[at].parent)
                                level--;
                before = hop;
                if (h->parent == CLI_GRAPH_NONE) {
                        put_root(&tree, hop, root);
                        root = hop;
                }
                make_margin(&tree, h, level);
                put_target(&tree, h, level);
                put_circumstances(&tree, h);
                put_uses(&tree, h);
                put_findings(&tree, h, text(&tree, h->findings));
                flush(&tree);
                if (cli_output_over(output))
                        break;
        }
        flush(&tree);
        if (tree.margin.error)
                line->error = tree.margin.error;
        cli_buffer_deinit(&tree.margin);
}
