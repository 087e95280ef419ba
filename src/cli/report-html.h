/* What the parts of a report as HTML share; private to them. */
#ifndef CLI_REPORT_HTML_H
#define CLI_REPORT_HTML_H

#include "cli/report.h"

typedef struct CliHtml {
        CliReportDoc *doc;
        CliBuffer line;          /* what is written next */
        CliBuffer cell, visible; /* of the text at hand */
        CliBuffer nothing;       /* sections without a row, as items of a list */
        bool is_held;            /* nothing is written before the section is known to have a row */
        unsigned n_drawings;     /* chains so far */
} CliHtml;

/* Moves the line to the output, unless it is held. 0, or the error of either. */
int cli_html_flush(CliHtml *html);

/* Markup of our own. */
void cli_html_raw(CliHtml *html, const char *markup);
/* Text of whatever origin, made visible and escaped: for elements and quoted attributes. */
void cli_html_text(CliHtml *html, SpoorSlice text);
/* The same for cells: a line may also break behind marks of a long word, and within a very long
 * one; short words stay whole. Only for elements. */
void cli_html_words(CliHtml *html, SpoorSlice text);
void cli_html_cstr(CliHtml *html, const char *text);
void cli_html_buffer(CliHtml *html, const CliBuffer *text);

/* The table of a section, with what is said of it. Reads ROWS whole. *ret_is_empty: there is no
 * row, and nothing was written. */
int cli_html_table(CliHtml *html, const CliReportSection *section, SpoorRows *rows,
                bool *ret_is_empty, SpoorError *ret_error);

/* What a reader may open, and paper shows: put between these two. */
void cli_html_fold(CliHtml *html, const char *name);
void cli_html_unfold(CliHtml *html);

/* Drawings of the section's rows; each opens them for itself. Nothing where there is none. */
int cli_html_activity(CliHtml *html, const CliReportSection *section, SpoorError *ret_error);
int cli_html_coverage(CliHtml *html, const CliReportSection *section, SpoorError *ret_error);
int cli_html_chain(CliHtml *html, const char *what, SpoorError *ret_error);

#endif
