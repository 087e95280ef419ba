/*
 * checklist: questions that are asked of every case, and what answers them. The questions stand in
 * checklist.def. Events go in by time; an answer counts those that are of its question and keeps
 * some of them as evidence.
 */
#ifndef QUERY_CHECKLIST_H
#define QUERY_CHECKLIST_H

#include "query/numbers.h"
#include "query/query.h"

typedef enum ChecklistFlag {
        CHECKLIST_ANY = 1 << 0,    /* an attempt answers it too */
        CHECKLIST_ROOT = 1 << 1,   /* by the root user */
        CHECKLIST_PERSON = 1 << 2, /* not by a service of AWS */
        CHECKLIST_AFTER = 1 << 3,  /* within an hour of a GetCallerIdentity by the same key */
        CHECKLIST_WORLD = 1 << 4,  /* lets all addresses in */
        CHECKLIST_MFA = 1 << 5,    /* a user's or root's; whether without MFA the record tells */
        CHECKLIST_FAILED = 1 << 6, /* what did not succeed answers it */
} ChecklistFlag;

#define CHECKLIST_MAX_EVIDENCE 100

typedef struct ChecklistAnswer {
        const char *name, *question;
        unsigned flags;
        uint32_t n_events, n_succeeded;
        uint32_t first, last; /* events, or STORE_NONE */
        bool is_yes;
        Numbers evidence;   /* the first events that answer it; of a MFA question all */
        Numbers principals; /* strings, rising when it is finished */
} ChecklistAnswer;

typedef struct Checklist Checklist;

int checklist_new(Store *store, Checklist **ret_checklist);
Checklist *checklist_free(Checklist *checklist);
/* Events must rise. 0 or -ENOMEM. */
int checklist_add(Checklist *checklist, uint32_t event);
void checklist_finish(Checklist *checklist);

size_t checklist_size(const Checklist *checklist);
ChecklistAnswer *checklist_answer(Checklist *checklist, size_t i);

/* One event more that answers ANSWER, whatever its flags. 0 or -ENOMEM. */
int checklist_count(Checklist *checklist, ChecklistAnswer *answer, uint32_t event);

#endif
