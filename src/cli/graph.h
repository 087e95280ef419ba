/*
 * The rows of lateral as a forest, kept whole: what a tree, a Graphviz graph and a drawing are made
 * of. Texts are made fit to print when they are taken in.
 */
#ifndef CLI_GRAPH_H
#define CLI_GRAPH_H

#include "cli/buffer.h"
#include "cli/output.h"

#include <spoor/spoor.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLI_GRAPH_NONE SIZE_MAX

/* Texts are offsets into the graph's; see cli_graph_text(). 0 is the empty text. */
typedef struct CliHop {
        size_t time, edge, confidence, id, name;
        size_t source, source_key, ip, target, target_key;
        size_t first_use, last_use, outcome, pair_id, via, detail;
        size_t told;     /* of its address, key and principals, by the enrichment */
        size_t findings; /* lines of text, each ended by a newline */
        uint64_t uses, use_ips, keys;
        size_t parent, first_child, last_child, next; /* hops, or CLI_GRAPH_NONE */
        bool is_sleeper, is_marked; /* never used; has a finding that is an alarm */
} CliHop;

typedef struct CliGraph {
        CliBuffer texts;
        CliHop *hops;
        size_t n_hops, space;
        size_t first_root, last_root;
        size_t beginning; /* text: findings of what the chain begins at */
        bool is_backward; /* children led to their parent */
} CliGraph;

#define CLI_GRAPH_INIT ((CliGraph){.first_root = CLI_GRAPH_NONE, .last_root = CLI_GRAPH_NONE})

/*
 * Takes ROWS of spoor_lateral(), at most LIMIT (*ret_more: there were others), and FINDINGS of
 * spoor_lateral_findings(). 0, -errno, or an error of the rows.
 */
int cli_graph_read(CliGraph *graph, SpoorRows *rows, SpoorRows *findings, uint64_t limit,
                bool *ret_more, SpoorError *ret_error);
void cli_graph_deinit(CliGraph *graph);

const char *cli_graph_text(const CliGraph *graph, size_t text);
/* The last part of an ARN, "user/alice" or "assumed-role/ROLE/SESSION"; any other text whole. */
const char *cli_graph_short(const char *arn);
/* The next hop in the order of the tree, parents first; the first for CLI_GRAPH_NONE. */
size_t cli_graph_next(const CliGraph *graph, size_t hop);
/* Hops above it. */
size_t cli_graph_level(const CliGraph *graph, size_t hop);

/* What the row of spoor_lateral_findings() says, as half a sentence; is it more than a remark? */
void cli_graph_finding(CliBuffer *text, const SpoorRows *rows, const SpoorCell *cells);
bool cli_graph_is_alarm(const SpoorRows *rows, const SpoorCell *cells);

/* Each writes the whole graph; errors are kept by BUFFER and OUTPUT. */
void cli_render_tree(const CliGraph *graph, bool color, CliOutput *output, CliBuffer *line);
void cli_render_dot(const CliGraph *graph, CliOutput *output, CliBuffer *line);
/*
 * EMBEDDED: as part of a page that has the styles of svg.chain, under a number that no other has on
 * it; 0: a drawing that stands alone. -ENOMEM.
 */
int cli_render_svg(const CliGraph *graph, unsigned embedded, CliOutput *output, CliBuffer *line);

#endif
