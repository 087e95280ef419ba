#ifndef GEN_EXPORT_H
#define GEN_EXPORT_H

#include "sink.h"

/* DIR/AWSLogs/[ORG/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_TIME_RANDOM.json
 * with .gz unless plain. `org` may be NULL or "". */
void export_path(Buf *path, const char *dir, const char *org, const char *account,
                const char *region, int64_t delivered, uint64_t random, Packing packing);

#endif
