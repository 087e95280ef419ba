/*
 * The tree decided: each test is yes, no or not known yet, and so is the whole. Also what can be
 * said of an expression without a store: the window of time that it allows, and whether an event
 * that was just read may be selected. Recursion goes as deep as an expression was nested, which is
 * limited where it is parsed. Nothing is kept, so threads may ask at once.
 */
#include "query/where.h"

static WhereTruth decide(const Where *where, uint32_t node, WhereAsk ask, void *userdata) {
        const WhereNode *n = &where->nodes.data[node];
        WhereTruth sum = n->kind == WHERE_OR ? WHERE_NO : WHERE_YES;
        /* one of these decides */
        WhereTruth end = n->kind == WHERE_OR ? WHERE_YES : WHERE_NO;

        if (n->kind == WHERE_TEST)
                return ask(userdata, n->child);
        if (n->kind == WHERE_NOT) {
                WhereTruth r = decide(where, n->child, ask, userdata);

                return r == WHERE_UNKNOWN ? r : r == WHERE_NO ? WHERE_YES : WHERE_NO;
        }
        for (uint32_t child = n->child; child != WHERE_NONE;
                        child = where->nodes.data[child].next) {
                WhereTruth r = decide(where, child, ask, userdata);

                if (r == end)
                        return r;
                if (r == WHERE_UNKNOWN)
                        sum = r;
        }
        return sum;
}

WhereTruth where_decide(const Where *where, WhereAsk ask, void *userdata) {
        WhereTruth sum = WHERE_YES;

        for (size_t i = 0; i < where->roots.size; i++) {
                WhereTruth r = decide(where, where->roots.data[i], ask, userdata);

                if (r == WHERE_NO)
                        return r;
                if (r == WHERE_UNKNOWN)
                        sum = r;
        }
        return sum;
}

bool where_asks(const Where *where, Slice field) {
        for (size_t i = 0; i < where->tests.size; i++) {
                if (slice_equal(where->tests.data[i].field.path, field))
                        return true;
        }
        return false;
}

/* ---- the window ---- */

static void narrow_from(WhereWindow *window, int64_t from) {
        if (!window->has_from || from > window->from)
                window->from = from;
        window->has_from = true;
}

static void narrow_to(WhereWindow *window, int64_t to) {
        if (!window->has_to || to < window->to)
                window->to = to;
        window->has_to = true;
}

/* At the end of all time there is no next moment: then the bound is left to the test itself. */
static void narrow_by(const WhereTerm *term, WhereWindow *window) {
        WhereRelation relation = term->relation;
        bool has_next = term->time < INT64_MAX;

        if (term->kind != WHERE_MOMENT)
                return;
        if (relation == WHERE_EQUAL || relation == WHERE_GREATER_EQUAL)
                narrow_from(window, term->time);
        else if (relation == WHERE_GREATER && has_next)
                narrow_from(window, term->time + 1);
        if (relation == WHERE_LESS)
                narrow_to(window, term->time);
        else if ((relation == WHERE_EQUAL || relation == WHERE_LESS_EQUAL) && has_next)
                narrow_to(window, term->time + 1);
}

static void narrow(const Where *where, uint32_t node, WhereWindow *window) {
        const WhereNode *n = &where->nodes.data[node];

        if (n->kind == WHERE_TEST) {
                const WhereTest *test = &where->tests.data[n->child];

                if (test->field.place == WHERE_TIME && test->n_terms == 1)
                        narrow_by(&where->terms.data[test->first_term], window);
        } else if (n->kind == WHERE_AND) {
                for (uint32_t child = n->child; child != WHERE_NONE;
                                child = where->nodes.data[child].next)
                        narrow(where, child, window);
        }
}

void where_narrow(const Where *where, WhereWindow *window) {
        for (size_t i = 0; i < where->roots.size; i++)
                narrow(where, where->roots.data[i], window);
}

/* ---- an event that was just read ---- */

typedef struct Reading {
        const Where *where;
        const Event *event;
        bool is_stripped; /* ask of what would be left of it */
} Reading;

static Slice text_of(const Reading *reading, const WhereField *field) {
        const Event *event = reading->event;

        if (reading->is_stripped && (field->place == WHERE_IDENTITY || field->place == WHERE_IP ||
                                                    field->place == WHERE_UA))
                return (Slice){NULL, 0};
        switch (field->place) {
        case WHERE_IDENTITY:
                return field->field == STORE_ID_USER        ? event_user(event->identity)
                       : field->field == STORE_ID_PRINCIPAL ? event_principal(event->identity)
                                                            : event->identity[field->field];
        case WHERE_CALL:
                return event->call[field->field];
        case WHERE_RESULT:
                return field->field == STORE_RESULT_OUTCOME ? event_outcome(event->result)
                                                            : event->result[field->field];
        case WHERE_IP:
                return event->ip;
        case WHERE_UA:
                return event->user_agent;
        default:
                return event->id;
        }
}

static WhereTruth ask_event(void *userdata, uint32_t i) {
        const Reading *reading = userdata;
        const WhereTest *test = &reading->where->tests.data[i];
        int r;

        if (test->field.place == WHERE_FILE || test->field.place == WHERE_RECORD ||
                        test->field.place == WHERE_TOLD || test->field.place == WHERE_PATH)
                return WHERE_UNKNOWN;
        if (test->field.place == WHERE_TIME)
                r = where_test_time(reading->where, test, reading->event->time);
        else
                r = where_test_text(reading->where, test, text_of(reading, &test->field));
        return r < 0 ? WHERE_UNKNOWN : r ? WHERE_YES : WHERE_NO;
}

bool where_may_take(const Where *where, const Event *event) {
        Reading reading = {where, event, false};

        if (where_decide(where, ask_event, &reading) != WHERE_NO)
                return true;
        /* what is absent then may be just what is asked for */
        reading.is_stripped = true;
        return where_decide(where, ask_event, &reading) != WHERE_NO;
}
