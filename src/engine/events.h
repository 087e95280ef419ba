/* Which events a question is about; private to the engine. */
#ifndef ENGINE_EVENTS_H
#define ENGINE_EVENTS_H

#include "base/time.h"
#include "engine/engine.h"

/* One of them, and to which hop of which chain it belongs. */
typedef struct EngineEvent {
        uint32_t event;
        uint32_t chain; /* number of the WHAT */
        uint32_t row;   /* of its lineage; STORE_NONE: the beginning */
} EngineEvent;

/* A cursor over events in order of time: those of a plan, or a list. All zero is empty. */
typedef struct EngineEvents {
        Plan *plan;         /* NULL: the list */
        Lineage **lineages; /* of chains, one for each WHAT */
        size_t n_lineages;
        EngineEvent *items;
        size_t n_items, at;
} EngineEvents;

/*
 * What SELECTION (may be NULL) takes, and with WHATS only what was done with any credential of the
 * chains from these; an event of several belongs to the first. Errors as spoor_chain() has them.
 */
int engine_events_open(SpoorCase *scase, const SpoorSelection *selection, const char *const *whats,
                size_t n_whats, EngineEvents *ret_events, SpoorError *error);
void engine_events_close(EngineEvents *events);
/* false at the end */
bool engine_events_next(EngineEvents *events, EngineEvent *ret_event);

/* The hop by which EVENT belongs to its chain; NULL: it is of the beginning, or of no chain. */
const LineageRow *engine_events_hop(const EngineEvents *events, const EngineEvent *event);

/* What events of one run have in common; the credential is the value WHO of DIM. */
typedef struct EngineRunKey {
        uint32_t dim, who, service, name, outcome, code;
} EngineRunKey;

EngineRunKey engine_run_key(Store *store, uint32_t event);
/* Is the pause between two events of a run, in order of time, longer than PAUSE? */
bool engine_run_breaks(Store *store, uint32_t before, int64_t now, int64_t pause);

#define ENGINE_RUN_PAUSE (300 * TIME_SECOND)

/* Which columns a timeline may have beside its own. */
typedef enum EngineTimelineKind {
        ENGINE_TIMELINE_PLAIN,
        ENGINE_TIMELINE_CHAIN,
        ENGINE_TIMELINE_AROUND,  /* row of each event is an EngineMark */
        ENGINE_TIMELINE_LENIENT, /* cells of records that cannot be read again are null */
} EngineTimelineKind;

typedef enum EngineMark {
        ENGINE_MARK_NONE,
        ENGINE_MARK_CREDENTIAL, /* done with the same credential */
        ENGINE_MARK_RUN,        /* of the same run */
        ENGINE_MARK_EVENT,      /* the event itself */
} EngineMark;

/* The cursor of spoor_timeline() over the events of SOURCE, which it takes. */
int engine_timeline_new(SpoorCase *scase, EngineEvents *source, EngineTimelineKind kind,
                const char *const *columns, size_t n_columns, SpoorRows **ret_rows,
                SpoorError *error);

#endif
