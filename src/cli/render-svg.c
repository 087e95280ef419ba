/*
 * The forest of lateral as a drawing. Hops stand in columns by level, from left to right; who has
 * no children takes the next free line, who has stands in the middle of them. Who made the hops
 * that have no parent stands in the first column, once for each run of the same.
 *
 * Boxes are of one size, so nothing overlaps at any number of hops; texts are cut to what a box
 * holds and whole in its tooltip. All text is escaped. Linear in the number of hops.
 */
#include "cli/graph.h"

#include "cli/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOX_WIDTH 310
#define BOX_HEIGHT 58
#define COLUMN 460
#define LINE 74
#define MARGIN 20
#define FIT 38 /* characters in a box */

typedef struct Place {
        size_t level;
        double y;      /* in lines */
        size_t source; /* of a root: its place among the sources */
} Place;

typedef struct Source {
        size_t hop; /* one of its hops */
        double first, last;
} Source;

typedef struct Drawing {
        const CliGraph *graph;
        CliOutput *output;
        CliBuffer *line;
        Place *places;
        Source *sources;
        size_t n_sources, n_lines, n_levels;
        unsigned embedded;
} Drawing;

static const char *text(const Drawing *d, size_t i) {
        return cli_graph_text(d->graph, i);
}

static void put_xml(CliBuffer *line, const char *text, size_t fit) {
        size_t size = strlen(text), i = 0;

        for (size_t n = 0; i < size; n++) {
                uint32_t code;
                size_t bytes = cli_text_decode(text + i, size - i, &code);

                if (n + 1 == fit && i + bytes < size) {
                        cli_buffer_text(line, "…");
                        return;
                }
                if (*(text + i) == '<')
                        cli_buffer_text(line, "&lt;");
                else if (*(text + i) == '>')
                        cli_buffer_text(line, "&gt;");
                else if (*(text + i) == '&')
                        cli_buffer_text(line, "&amp;");
                else if (*(text + i) == '"')
                        cli_buffer_text(line, "&quot;");
                else
                        cli_buffer_append(line, text + i, bytes);
                i += bytes;
        }
}

static void flush(Drawing *d) {
        if (!d->line->error)
                cli_output_write(d->output, d->line->data, d->line->size);
        cli_buffer_clear(d->line);
}

/* ---- layout ---- */

static bool is_same_source(const Drawing *d, const CliHop *a, const CliHop *b) {
        return strcmp(text(d, a->source_key), text(d, b->source_key)) == 0 &&
               strcmp(text(d, a->source), text(d, b->source)) == 0;
}

/* Levels and sources, parents before children. */
static void place_levels(Drawing *d) {
        const CliGraph *graph = d->graph;

        for (size_t hop = cli_graph_next(graph, CLI_GRAPH_NONE); hop != CLI_GRAPH_NONE;
                        hop = cli_graph_next(graph, hop)) {
                const CliHop *h = &graph->hops[hop];
                Place *place = &d->places[hop];

                place->level = h->parent == CLI_GRAPH_NONE ? 1 : d->places[h->parent].level + 1;
                if (place->level > d->n_levels)
                        d->n_levels = place->level;
                if (h->first_child == CLI_GRAPH_NONE)
                        place->y = (double)d->n_lines++;
                if (h->parent != CLI_GRAPH_NONE)
                        continue;
                if (d->n_sources == 0 ||
                                !is_same_source(d, &graph->hops[d->sources[d->n_sources - 1].hop],
                                                h))
                        d->sources[d->n_sources++].hop = hop;
                place->source = d->n_sources - 1;
        }
}

/* Who has children stands between the first and the last of them: from the last hop up. */
static void place_parents(Drawing *d, size_t *order) {
        const CliGraph *graph = d->graph;
        size_t n = 0;

        for (size_t hop = cli_graph_next(graph, CLI_GRAPH_NONE); hop != CLI_GRAPH_NONE;
                        hop = cli_graph_next(graph, hop))
                order[n++] = hop;
        while (n-- > 0) {
                const CliHop *h = &graph->hops[order[n]];

                if (h->first_child != CLI_GRAPH_NONE)
                        d->places[order[n]].y =
                                        (d->places[h->first_child].y + d->places[h->last_child].y) /
                                        2;
        }
        for (size_t hop = graph->first_root; hop != CLI_GRAPH_NONE; hop = graph->hops[hop].next) {
                Source *source = &d->sources[d->places[hop].source];

                if (source->hop == hop)
                        source->first = d->places[hop].y;
                source->last = d->places[hop].y;
        }
}

static double x_of(size_t level) {
        return MARGIN + (double)level * COLUMN;
}

static double y_of(double line) {
        return MARGIN + line * LINE;
}

/* ---- drawing ---- */

static void put_line_of(Drawing *d, double x, double y, const char *class, const char *what) {
        cli_buffer_format(d->line, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
        put_xml(d->line, what, FIT);
        cli_buffer_text(d->line, "</text>");
}

static void put_box(Drawing *d, double x, double y, const char *class) {
        cli_buffer_format(d->line,
                        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" rx=\"5\" "
                        "class=\"%s\"/>",
                        x, y, BOX_WIDTH, BOX_HEIGHT, class);
}

static void put_hop(Drawing *d, size_t hop) {
        const CliHop *h = &d->graph->hops[hop];
        double x = x_of(d->places[hop].level), y = y_of(d->places[hop].y);
        bool is_done = strcmp(text(d, h->outcome), "success") == 0;
        char uses[96];

        if (!is_done)
                (void)snprintf(uses, sizeof(uses), "%s", text(d, h->outcome));
        else if (h->is_sleeper)
                (void)snprintf(uses, sizeof(uses), "never used");
        else if (!h->uses)
                (void)snprintf(uses, sizeof(uses), "no use known since");
        else
                (void)snprintf(uses, sizeof(uses), "%llu uses to %.20s",
                                (unsigned long long)h->uses, text(d, h->last_use));
        cli_buffer_text(d->line, "<g><title>");
        put_xml(d->line, text(d, h->target), 0);
        cli_buffer_char(d->line, '\n');
        put_xml(d->line, text(d, h->id), 0);
        cli_buffer_char(d->line, '\n');
        put_xml(d->line, text(d, h->findings), 0);
        cli_buffer_text(d->line, "</title>");
        put_box(d, x, y,
                        h->is_marked    ? "alarm"
                        : !is_done      ? "denied"
                        : h->is_sleeper ? "sleeper"
                                        : "hop");
        put_line_of(d, x + 8, y + 17, "who", cli_graph_short(text(d, h->target)));
        if (h->target_key || h->keys > 1) {
                char keys[48];

                (void)snprintf(keys, sizeof(keys), "%llu keys", (unsigned long long)h->keys);
                put_line_of(d, x + 8, y + 34, "key", h->target_key ? text(d, h->target_key) : keys);
        }
        put_line_of(d, x + 8, y + 50, "uses", uses);
        cli_buffer_text(d->line, "</g>\n");
}

static void put_edge(Drawing *d, size_t hop) {
        const CliHop *h = &d->graph->hops[hop];
        const Place *place = &d->places[hop];
        const Source *source = &d->sources[place->source];
        double from = h->parent == CLI_GRAPH_NONE ? (source->first + source->last) / 2
                                                  : d->places[h->parent].y;
        double x1 = x_of(place->level - 1) + BOX_WIDTH, y1 = y_of(from) + BOX_HEIGHT / 2.0;
        double x2 = x_of(place->level), y2 = y_of(place->y) + BOX_HEIGHT / 2.0;

        if (place->level == 1 && d->graph->is_backward)
                return;
        cli_buffer_format(d->line,
                        "<path d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\" class=\"%s\" "
                        "marker-%s=\"url(#tip%u)\"/>",
                        x1, y1, x1 + 50, y1, x1 + 20, y2, x2, y2,
                        strcmp(text(d, h->confidence), "probable") == 0 ? "edge probable" : "edge",
                        d->graph->is_backward ? "start" : "end", d->embedded);
        put_line_of(d, x2 - 128, y2 - 5, "label", text(d, h->edge));
        cli_buffer_format(
                        d->line, "<text x=\"%.1f\" y=\"%.1f\" class=\"label\">", x2 - 128, y2 + 13);
        put_xml(d->line, text(d, h->time), FIT);
        cli_buffer_text(d->line, "</text>\n");
}

static void put_source(Drawing *d, const Source *source) {
        const CliHop *h = &d->graph->hops[source->hop];
        double y = y_of((source->first + source->last) / 2);

        put_box(d, MARGIN, y, "source");
        put_line_of(d, MARGIN + 8, y + 17, "who", cli_graph_short(text(d, h->source)));
        put_line_of(d, MARGIN + 8, y + 34, "key", text(d, h->source_key));
        put_line_of(d, MARGIN + 8, y + 50, "uses", text(d, h->ip));
        cli_buffer_char(d->line, '\n');
}

static const char style[] =
                "<style>text{font-family:sans-serif;font-size:12px;fill:#222}"
                ".who{font-weight:bold;font-size:11px}.key{font-family:monospace}.uses{fill:#555}"
                ".label{font-size:10px;fill:#555}rect{fill:#fff;stroke:#447}"
                ".source{fill:#eef}.alarm{stroke:#c22;stroke-width:2.5;fill:#fee}"
                ".sleeper{stroke:#b80;stroke-dasharray:5 3;fill:#fff8e0}"
                ".denied{stroke:#999;stroke-dasharray:2 3;fill:#f4f4f4}"
                ".edge{fill:none;stroke:#667}.probable{stroke-dasharray:6 4}.tip{fill:#667}"
                "</style>\n";

static void put_head(Drawing *d) {
        double width = x_of(d->n_levels) + BOX_WIDTH + MARGIN,
               height = y_of((double)d->n_lines) + MARGIN;

        cli_buffer_format(d->line,
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                        "viewBox=\"0 0 %.0f %.0f\"%s>\n",
                        width, height, width, height,
                        d->embedded ? " class=\"chain\" role=\"img\" aria-label=\"Chain of "
                                      "credentials\""
                                    : "");
        if (!d->embedded)
                cli_buffer_text(d->line, style);
        cli_buffer_format(d->line,
                        "<defs><marker id=\"tip%u\" markerWidth=\"9\" markerHeight=\"8\" "
                        "refX=\"8\" refY=\"4\" orient=\"auto-start-reverse\"><path "
                        "d=\"M0 0L9 4L0 8z\" class=\"tip\"/></marker></defs>\n",
                        d->embedded);
        if (!d->embedded)
                cli_buffer_text(d->line, "<rect width=\"100%\" height=\"100%\" "
                                         "style=\"stroke:none\"/>\n");
}

int cli_render_svg(const CliGraph *graph, unsigned embedded, CliOutput *output, CliBuffer *line) {
        Drawing d = {.graph = graph, .output = output, .line = line, .embedded = embedded};
        size_t *order = calloc(graph->n_hops + 1, sizeof(*order));
        int r = -ENOMEM;

        d.places = calloc(graph->n_hops + 1, sizeof(*d.places));
        d.sources = calloc(graph->n_hops + 1, sizeof(*d.sources));
        if (order && d.places && d.sources) {
                place_levels(&d);
                place_parents(&d, order);
                put_head(&d);
                for (size_t i = 0; i < d.n_sources && !graph->is_backward; i++)
                        put_source(&d, &d.sources[i]);
                for (size_t hop = 0; hop < graph->n_hops && !cli_output_over(output); hop++) {
                        put_edge(&d, hop);
                        put_hop(&d, hop);
                        flush(&d);
                }
                cli_buffer_text(line, "</svg>\n");
                flush(&d);
                r = line->error;
        }
        free(order);
        free(d.places);
        free(d.sources);
        return r;
}
