#ifndef GEN_COMMANDS_H
#define GEN_COMMANDS_H

#include "plan.h"
#include "sink.h"

/* Exit statuses: 0 done, 1 failed (the reason is on standard error), 2 bad usage. */
typedef struct CorpusOptions {
        const char *out;
        Params params;
        Packing packing;
        int level;
        unsigned n_threads;
} CorpusOptions;

typedef struct LabOptions {
        const char *name;
        const char *out;
        const char *scenarios; /* folder of NAME.jsonl */
        uint64_t seed;
        Packing packing;
} LabOptions;

typedef struct DamageOptions {
        const char *out;
        uint64_t seed;
        bool bomb;
        uint64_t bomb_bytes;
} DamageOptions;

typedef struct TrailOptions {
        const char *out;
        uint64_t seed, n_hours, n_files; /* of logs in an hour; 0: 1 to 4 */
        int64_t start;
} TrailOptions;

int corpus_run(const CorpusOptions *o);
int lab_run(const LabOptions *o);
int damage_run(const DamageOptions *o);
int trail_run(const TrailOptions *o);

#endif
