#ifndef GEN_DAMAGE_H
#define GEN_DAMAGE_H

#include "commands.h"
#include "rng.h"

/* What the evidence in hand is made of. */
typedef struct Maker {
        const DamageOptions *o;
        unsigned number; /* of the case: second group of its eventIDs */
        Rng r;
        Buf out;         /* the bytes of the file */
        unsigned n_sure; /* where only making the file tells: records 0..n_sure-1 stand */
} Maker;

/* Parts of a record that a case wants otherwise; NULL or 0 is the ordinary. */
typedef struct Bits {
        const char *time;   /* JSON in place of the eventTime string; "" leaves the member out */
        const char *params; /* JSON of requestParameters */
        const char *extra;  /* members before the closing brace, with their comma */
        const char *read;   /* JSON of readOnly */
        const char *event;  /* eventName */
} Bits;

typedef enum Verdict {
        VERDICT_SOUND,
        VERDICT_DAMAGED,  /* must be named as damaged; what is sure is kept */
        VERDICT_REJECTED, /* the file is sound JSON, some of its records cannot be events */
        VERDICT_IGNORED,  /* not a log */
        VERDICT_CONFLICT, /* two records under one eventID */
} Verdict;

/* One file. `sure` and `maybe` are ranges of record numbers ("0-1,3-4"): kept whatever happens, and
 * kept by a reader that finds its way back. sure NULL: 0 to n_sure-1. */
typedef struct Case {
        const char *file;
        Verdict verdict;
        const char *sure, *maybe;
        const char *what;
        bool (*make)(Maker *m);
        bool bomb; /* writes its file itself, and only when asked */
} Case;

/* damage_record.c */
void damage_record(Maker *m, unsigned i, const Bits *bits, Buf *b);
void damage_log(Maker *m, unsigned from, unsigned to, const Bits *third);
void damage_gzip(Buf *b);

/* damage_json.c, damage_file.c */
extern const Case damage_json_cases[];
extern const size_t n_damage_json_cases;
extern const Case damage_file_cases[];
extern const size_t n_damage_file_cases;

#endif
