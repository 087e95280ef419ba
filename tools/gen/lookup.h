#ifndef GEN_LOOKUP_H
#define GEN_LOOKUP_H

#include "scenario.h"

/* The records as the API's lookup-events returns them: DIR/lookup-events/trail.json, one file as
 * the command line tool joins it, and DIR/lookup-events-pages/page-NNN.json, fifty at a time with
 * NextToken. Newest first, each record once. Reorders the records. */
bool lookup_write(const char *dir, LabRecords *records);

#endif
