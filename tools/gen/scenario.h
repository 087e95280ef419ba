#ifndef GEN_SCENARIO_H
#define GEN_SCENARIO_H

#include <stdint.h>

#include "tree.h"

enum { SCENARIO_ACTORS = 64, SCENARIO_REGIONS = 40, SCENARIO_COPIES = 8 };

/* A record of a lab: its text lies in LabText, and where and when it belongs. */
typedef struct LabRecord {
        int64_t time;
        uint32_t region;
        size_t at, n;
        uint64_t h; /* chance that belongs to this record */
        bool again; /* the second delivery of a record */
} LabRecord;

typedef struct LabRecords {
        LabRecord *items;
        size_t n, cap;
        Buf text;
        bool failed;
} LabRecords;

/* NAME.jsonl, read: its first line and its actors; events go straight to LabRecords. */
typedef struct Scenario {
        yajl_val head;
        yajl_val actors[SCENARIO_ACTORS];
        unsigned n_actors;
        const char *name, *tag, *account, *org;
        const char *regions[SCENARIO_REGIONS];
        uint32_t n_regions;
        int64_t from, to;
} Scenario;

bool scenario_read(const char *path, Scenario *ret_scenario, LabRecords *records);
void scenario_deinit(Scenario *s);

void lab_records_add(LabRecords *r, int64_t time, uint32_t region, size_t at, uint64_t h);
void lab_records_deinit(LabRecords *r);

#endif
