/* What the parts of a report as HTML share; private to them. */
#ifndef CLI_REPORT_HTML_H
#define CLI_REPORT_HTML_H

#include "cli/report.h"

typedef struct CliHtml {
        CliReportDoc *doc;
        CliBuffer line;          /* what is written next */
        CliBuffer cell, visible; /* of the text at hand */
        unsigned n_drawings;     /* chains so far */
} CliHtml;

/* Moves the line to the output. 0, or the error of either. */
int cli_html_flush(CliHtml *html);

/* Markup of our own. */
void cli_html_raw(CliHtml *html, const char *markup);
/* Text of whatever origin, made visible and escaped: for elements and quoted attributes. */
void cli_html_text(CliHtml *html, SpoorSlice text);
void cli_html_cstr(CliHtml *html, const char *text);
void cli_html_buffer(CliHtml *html, const CliBuffer *text);

/* The table of a section, with what is said of it. Reads ROWS whole. */
int cli_html_table(CliHtml *html, const CliReportSection *section, SpoorRows *rows,
                SpoorError *ret_error);

/* Drawings of the section's rows; each opens them for itself. Nothing where there is none. */
int cli_html_activity(CliHtml *html, const CliReportSection *section, SpoorError *ret_error);
int cli_html_coverage(CliHtml *html, const CliReportSection *section, SpoorError *ret_error);
int cli_html_chain(CliHtml *html, const char *what, SpoorError *ret_error);

#endif
