/*
 * Expressions on a store: the events for which they are true.
 *
 * What drives. A comparison of a dimension that no empty text passes has its events in posting
 * lists: `and` takes the shortest of those of its operands, `or` all of them, `not` none. Texts
 * that are asked for as they stand are found by hash; other comparisons are tried on the values of
 * the dimension, where these are fewer than the events that would be walked without.
 *
 * What is checked. Each event that is walked is decided by its columns, and a comparison looks at a
 * text once: two bits for each string of the store say what came of it. Events that this leaves
 * open need their records: these are read in batches, which are large, as each opens a file again.
 *
 *     answer   few events are a list, more are bits over the window
 *
 * So the cost is that of the shortest lists, or of the window; and of the records that are read.
 * One thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "query/plan.h"
#include "json/json.h"

#define BATCH ((size_t)1 << 17) /* records read together */

_Static_assert((int)WHERE_IDENTITY == (int)STORE_IDENTITY && (int)WHERE_CALL == (int)STORE_CALL &&
                                (int)WHERE_RESULT == (int)STORE_RESULT,
                "places of tuples are the tuples");

typedef struct Decision {
        const Where *where;
        Plan *plan;
        Store *store;
        SelectionFailure *failure;
        unsigned char **memos; /* by test and input; two bits for each string, or file */
        StoreTelling telling;
        uint32_t event;                    /* at hand */
        unsigned loaded;                   /* which numbers of it are */
        uint32_t numbers[WHERE_N_STRINGS]; /* of its tuples, or strings */
        const bool *found;                 /* by path, of its record; NULL: that was not read */
        int error;

        VEC(uint32_t) waiting; /* for their records */
        bool *all_found;       /* of each of them */
        VEC(char) text;        /* decoded */

        VEC(uint32_t) events; /* the answer */
        uint64_t *bits;
        uint32_t first, end; /* the window */
} Decision;

/* ---- one comparison of one event ---- */

/* The values of an event of which files beside the evidence tell: see StoreToldOf. */
static const struct {
        WherePlace place;
        unsigned field;
        StoreDim dim;
} inputs[STORE_N_TOLD_OF] = {
                [STORE_TOLD_OF_ADDRESS] = {WHERE_IP, 0, STORE_DIM_IP},
                [STORE_TOLD_OF_KEY] = {WHERE_IDENTITY, EVENT_ID_KEY, STORE_DIM_KEY},
                [STORE_TOLD_OF_AGENT] = {WHERE_UA, 0, STORE_DIM_UA},
                [STORE_TOLD_OF_ARN] = {WHERE_IDENTITY, EVENT_ID_ARN, STORE_DIM_SESSION},
                [STORE_TOLD_OF_PRINCIPAL] = {WHERE_IDENTITY, STORE_ID_PRINCIPAL,
                                STORE_DIM_PRINCIPAL},
};

static unsigned n_inputs(const WhereTest *test) {
        return test->field.field == STORE_TOLD_INDICATOR ? STORE_N_TOLD_OF : 1;
}

/* What came of a text, in two bits. */
typedef enum Seen {
        UNSEEN,
        SEEN_ABSENT, /* nothing is told of it */
        SEEN_NO,
        SEEN_YES,
} Seen;

/* CODE and MESSAGE are of who was asked, or 0. */
static int give_up(Decision *d, SelectionFailureKind kind, int code, const char *message,
                const WhereTest *test) {
        Slice of = test ? test->field.path : SLICE_LITERAL("");

        d->failure->kind = kind;
        d->failure->code = code;
        snprintf(d->failure->message, sizeof(d->failure->message), "%s%s%.*s", message,
                        test ? " " : "", of.size > 200 ? 200 : (int)of.size, of.data);
        return d->error = -ECANCELED;
}

static WhereTruth truth_of(Decision *d, const WhereTest *test, int r) {
        if (r >= 0)
                return r ? WHERE_YES : WHERE_NO;
        if (r == -EOVERFLOW)
                give_up(d, SELECTION_FAILED_STEPS, 0,
                                "a regular expression takes more steps than are allowed on a text "
                                "of",
                                test);
        else
                d->error = r;
        return WHERE_NO;
}

static Seen look_at_text(Decision *d, uint32_t i, Slice text) {
        const WhereTest *test = &d->where->tests.data[i];

        if (!text.data)
                text = SLICE_LITERAL("");
        return truth_of(d, test, where_test_text(d->where, test, text)) == WHERE_YES ? SEEN_YES
                                                                                     : SEEN_NO;
}

static Seen look_at_string(Decision *d, uint32_t i, unsigned input, uint32_t string) {
        (void)input;
        return look_at_text(d, i, store_string(d->store, string));
}

static Seen look_at_file(Decision *d, uint32_t i, unsigned input, uint32_t file) {
        (void)input;
        return look_at_text(d, i, store_file(d->store, file).name);
}

/* What is told of the string. */
static Seen look_at_told(Decision *d, uint32_t i, unsigned input, uint32_t string) {
        const WhereTest *test = &d->where->tests.data[i];
        Slice text = store_string(d->store, string);
        StoreTelling *t = &d->telling;
        Seen seen = SEEN_ABSENT;
        int r;

        if (!text.size)
                return seen;
        r = store_tell(d->store, t, (StoreTold)test->field.field, (StoreToldOf)input, text);
        if (r < 0) {
                d->error = r;
                if (t->message[0])
                        give_up(d, SELECTION_FAILED_ASKED, t->code, t->message, NULL);
                return SEEN_NO;
        }
        for (size_t v = 0; v < t->n_values && seen != SEEN_YES && !d->error; v++)
                seen = look_at_text(d, i, t->values[v]);
        return seen;
}

/* What came of text NUMBER of N when LOOK was asked first. */
static Seen see(Decision *d, uint32_t i, unsigned input, uint32_t number, uint64_t n,
                Seen (*look)(Decision *d, uint32_t i, unsigned input, uint32_t number)) {
        unsigned char **memo = &d->memos[i * STORE_N_TOLD_OF + input];
        unsigned shift = number % 4 * 2;
        Seen seen;

        if (number >= n)
                return SEEN_NO; /* of a faulty store */
        if (!*memo) {
                /* not vec_alloc_zero(): of a large one most pages are never touched */
                *memo = calloc(n / 4 + 1, 1);
                if (!*memo) {
                        d->error = -ENOMEM;
                        return SEEN_NO;
                }
        }
        seen = (Seen)((*memo)[number / 4] >> shift & 3);
        if (seen == UNSEEN) {
                seen = look(d, i, input, number);
                (*memo)[number / 4] |= (unsigned char)(seen << shift);
        }
        return seen;
}

static Seen see_string(Decision *d, uint32_t i, unsigned input, uint32_t string) {
        bool is_told = d->where->tests.data[i].field.place == WHERE_TOLD;

        if (string == STORE_NONE)
                return SEEN_ABSENT;
        return see(d, i, input, string, store_n_strings(d->store),
                        is_told ? look_at_told : look_at_string);
}

/* The string of the event at hand. */
static uint32_t string_of(Decision *d, WherePlace place, unsigned field) {
        bool is_string = place == WHERE_IP || place == WHERE_UA;

        if (!(d->loaded >> place & 1)) {
                d->loaded |= 1U << place;
                d->numbers[place] = place == WHERE_IP   ? store_ip(d->store, d->event)
                                    : place == WHERE_UA ? store_ua(d->store, d->event)
                                                        : store_tuple(d->store, (StoreTuple)place,
                                                                          d->event);
        }
        return is_string ? d->numbers[place]
                         : store_field(d->store, (StoreTuple)place, d->numbers[place], field);
}

static WhereTruth ask_string(Decision *d, uint32_t i) {
        const WhereTest *test = &d->where->tests.data[i];
        Seen seen = see_string(d, i, 0, string_of(d, test->field.place, test->field.field));

        return seen == SEEN_YES || (seen == SEEN_ABSENT && test->takes_absent) ? WHERE_YES
                                                                               : WHERE_NO;
}

static WhereTruth ask_told(Decision *d, uint32_t i) {
        const WhereTest *test = &d->where->tests.data[i];
        bool is_there = false;

        for (unsigned k = 0; k < n_inputs(test); k++) {
                Seen seen = see_string(d, i, k, string_of(d, inputs[k].place, inputs[k].field));

                if (seen == SEEN_YES)
                        return WHERE_YES;
                is_there |= seen != SEEN_ABSENT;
        }
        return test->takes_absent && !is_there ? WHERE_YES : WHERE_NO;
}

/* What differs from event to event. */
static WhereTruth ask_source(Decision *d, uint32_t i) {
        const WhereTest *test = &d->where->tests.data[i];
        StoreSource source = store_source(d->store, d->event);
        char text[STORE_ID_SIZE];
        StoreCounts counts;

        switch (test->field.place) {
        case WHERE_ID:
                return truth_of(d, test,
                                where_test_text(d->where, test,
                                                store_id_text(d->store, &source, text)));
        case WHERE_RECORD:
                snprintf(text, sizeof(text), "%u", source.record);
                return truth_of(d, test, where_test_text(d->where, test, slice_cstr(text)));
        default:
                store_counts(d->store, &counts);
                return see(d, i, 0, source.file, counts.n_contents, look_at_file) == SEEN_YES
                                       ? WHERE_YES
                                       : WHERE_NO;
        }
}

static WhereTruth ask(void *userdata, uint32_t i) {
        Decision *d = userdata;
        const WhereTest *test = &d->where->tests.data[i];

        switch (test->field.place) {
        case WHERE_PATH:
                return !d->found                           ? WHERE_UNKNOWN
                       : d->found[test->field.path_number] ? WHERE_YES
                                                           : WHERE_NO;
        case WHERE_TIME:
                return truth_of(d, test,
                                where_test_time(d->where, test, store_time(d->store, d->event)));
        case WHERE_ID:
        case WHERE_FILE:
        case WHERE_RECORD:
                return ask_source(d, i);
        case WHERE_TOLD:
                return ask_told(d, i);
        default:
                return ask_string(d, i);
        }
}

static WhereTruth decide(Decision *d, uint32_t event, const bool *found) {
        d->event = event;
        d->loaded = 0;
        d->found = found;
        return where_decide(d->where, ask, d);
}

/* ---- indexes ---- */

static int add_list(PlanLists *lists, StoreDim dim, uint32_t value, uint64_t n_events) {
        if (vec_reserve(&lists->lists, 1) < 0)
                return -ENOMEM;
        lists->lists.data[lists->lists.size++] = (PlanList){dim, value};
        lists->n_events += n_events;
        return 0;
}

static int add_value(Decision *d, StoreDim dim, uint32_t value, PlanLists *lists) {
        return add_list(lists, dim, value, store_dim_stats(d->store, dim, value).n_events);
}

/* Texts as they stand, by hash. */
static int index_texts(Decision *d, const WhereTest *test, PlanLists *lists) {
        const WhereTerm *terms = d->where->terms.data + test->first_term;
        int r = 0;

        for (size_t i = 0; i < test->n_texts && r == 0; i++) {
                uint32_t found, value;

                if (i && slice_equal(terms[i].text, terms[i - 1].text))
                        continue;
                if (test->field.place == WHERE_ID) {
                        found = store_find_id(d->store, terms[i].text);
                        if (found != STORE_NONE)
                                r = add_list(lists, STORE_N_DIMS, found, 1);
                        continue;
                }
                found = store_find_string(d->store, terms[i].text);
                value = found == STORE_NONE ? STORE_NONE
                                            : store_dim_find(d->store, (StoreDim)test->field.dim,
                                                              found);
                if (value != STORE_NONE)
                        r = add_value(d, (StoreDim)test->field.dim, value, lists);
        }
        return r;
}

/*
 * Every function from here on: 1 where LISTS now have every event for which it is true, and they
 * are fewer than LIMIT; 0 where there are no such lists; -errno. IS_CHEAP: without trying any
 * values.
 */
static int index_values(Decision *d, uint32_t i, unsigned input, StoreDim dim, uint64_t limit,
                PlanLists *lists) {
        uint64_t n = lists->n_events;

        if (store_dim_size(d->store, dim) >= limit)
                return 0;
        for (uint32_t v = 0; v < store_dim_size(d->store, dim); v++) {
                Seen seen = see_string(d, i, input, store_dim_value(d->store, dim, v));
                int r = d->error;

                if (r == 0 && seen == SEEN_YES)
                        r = add_value(d, dim, v, lists);
                if (r < 0 || lists->n_events - n >= limit)
                        return r;
        }
        return 1;
}

static int index_test(Decision *d, uint32_t i, bool is_cheap, uint64_t limit, PlanLists *lists) {
        const WhereTest *test = &d->where->tests.data[i];
        uint64_t n = lists->n_events;
        int r;

        if (test->takes_absent)
                return 0;
        if (test->field.place == WHERE_TOLD) {
                r = is_cheap ? 0 : 1;
                for (unsigned k = 0; k < n_inputs(test) && r == 1; k++)
                        r = index_values(d, i, k, inputs[k].dim, limit - (lists->n_events - n),
                                        lists);
                return r;
        }
        if ((test->field.dim < 0 && test->field.place != WHERE_ID) ||
                        where_test_text(d->where, test, SLICE_LITERAL("")) != 0)
                return 0;
        if (test->n_texts == test->n_terms) {
                r = index_texts(d, test, lists);
                return r < 0 ? r : lists->n_events - n < limit;
        }
        if (is_cheap || test->field.place == WHERE_ID)
                return 0;
        return index_values(d, i, 0, (StoreDim)test->field.dim, limit, lists);
}

static int index_node(Decision *d, uint32_t node, bool is_cheap, uint64_t limit, PlanLists *lists);

/* The shortest of what the operands have, from CHILD on. */
static int index_and(Decision *d, uint32_t child, bool is_cheap, uint64_t limit, PlanLists *lists) {
        PlanLists best = {0};
        int found = 0, r = 0;

        for (; child != WHERE_NONE && r >= 0; child = d->where->nodes.data[child].next) {
                PlanLists other = {0};

                r = index_node(d, child, is_cheap, limit, &other);
                if (r == 1) {
                        PlanLists worse = best;

                        best = other;
                        other = worse;
                        limit = best.n_events;
                        found = 1;
                }
                vec_deinit(&other.lists);
        }
        for (size_t i = 0; i < best.lists.size && r >= 0 && found; i++)
                r = add_list(lists, best.lists.data[i].dim, best.lists.data[i].value, 0);
        lists->n_events += best.n_events;
        vec_deinit(&best.lists);
        return r < 0 ? r : found;
}

static int index_node(Decision *d, uint32_t node, bool is_cheap, uint64_t limit, PlanLists *lists) {
        const WhereNode *n = &d->where->nodes.data[node];
        uint64_t before = lists->n_events;
        int r = 1;

        switch (n->kind) {
        case WHERE_TEST:
                return index_test(d, n->child, is_cheap, limit, lists);
        case WHERE_AND:
                return index_and(d, n->child, is_cheap, limit, lists);
        case WHERE_OR:
                for (uint32_t child = n->child; child != WHERE_NONE && r == 1;
                                child = d->where->nodes.data[child].next) {
                        uint64_t n_taken = lists->n_events - before;

                        r = index_node(d, child, is_cheap, limit - n_taken, lists);
                }
                return r;
        default:
                return 0;
        }
}

/* Cheap ones first: where they are short, no values need to be tried. */
static int choose(Decision *d) {
        uint64_t limit = d->end - d->first;
        PlanLists best = {0};
        bool is_found = false;
        int r = 0;

        for (int pass = 0; pass < 2 && r >= 0; pass++) {
                for (size_t i = 0; i < d->where->roots.size && r >= 0; i++) {
                        PlanLists other = {0};

                        r = index_node(d, d->where->roots.data[i], pass == 0, limit, &other);
                        if (r == 1) {
                                PlanLists worse = best;

                                best = other;
                                other = worse;
                                limit = best.n_events;
                                is_found = true;
                        }
                        vec_deinit(&other.lists);
                }
        }
        if (r >= 0)
                r = plan_choose(d->plan, is_found ? &best : NULL);
        vec_deinit(&best.lists);
        return r;
}

/* ---- the answer ---- */

static void set_bit(Decision *d, uint32_t event) {
        d->bits[(event - d->first) / 64] |= UINT64_C(1) << (event - d->first) % 64;
}

static int add_event(Decision *d, uint32_t event) {
        if (!d->bits && d->events.size == PLAN_FEW) {
                d->bits = vec_alloc_zero(((size_t)(d->end - d->first) + 63) / 64, sizeof(*d->bits));
                if (!d->bits)
                        return -ENOMEM;
                for (size_t i = 0; i < d->events.size; i++)
                        set_bit(d, d->events.data[i]);
        }
        if (d->bits) {
                set_bit(d, event);
                return 0;
        }
        if (vec_reserve(&d->events, 1) < 0)
                return -ENOMEM;
        d->events.data[d->events.size++] = event;
        return 0;
}

static int compare_events(const void *a, const void *b) {
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return (x > y) - (x < y);
}

/* From now on the plan walks what was found. */
static void answer(Decision *d) {
        Plan *plan = d->plan;

        vec_deinit(&plan->events);
        free(plan->bits);
        plan->bits = d->bits;
        d->bits = NULL;
        plan->walk = plan->bits ? WALK_BITS : WALK_EVENTS;
        if (!plan->bits) {
                if (d->events.size)
                        qsort(d->events.data, d->events.size, sizeof(uint32_t), compare_events);
                plan->events.data = d->events.data;
                plan->events.size = d->events.size;
                plan->events.cap = d->events.cap;
                d->events.data = NULL;
        }
        plan->at = 0;
        plan->first = plan->next = d->first;
        plan->end = d->end;
        plan->driver = SIZE_MAX;
        plan->is_answer = true;
}

/* ---- records ---- */

typedef struct Look {
        Decision *d;
        const WhereTest *test;
        bool is_there, is_found;
} Look;

static int on_value(void *userdata, JsonValue value) {
        Look *look = userdata;
        Decision *d = look->d;
        Slice text = value.text;

        if (value.type == JSON_NULL)
                return 0;
        look->is_there = true;
        if (value.type == JSON_OBJECT || value.type == JSON_ARRAY)
                return 0;
        if (value.type == JSON_STRING) {
                d->text.size = 0;
                if (vec_reserve(&d->text, text.size) < 0)
                        return d->error = -ENOMEM;
                text = slice(d->text.data, json_decode(text, d->text.data));
        }
        look->is_found = truth_of(d, look->test, where_test_text(d->where, look->test, text)) ==
                         WHERE_YES;
        return d->error ? d->error : look->is_found;
}

static int on_record(void *userdata, size_t i, Slice record) {
        Decision *d = userdata;
        bool *found = d->all_found + i * d->where->n_paths;

        for (size_t k = 0; k < d->where->tests.size; k++) {
                const WhereTest *test = &d->where->tests.data[k];
                Look look = {d, test, false, false};

                if (test->field.place != WHERE_PATH)
                        continue;
                json_visit(record, test->field.path, on_value, &look);
                if (d->error)
                        return d->error;
                found[test->field.path_number] =
                                look.is_found || (test->takes_absent && !look.is_there);
        }
        return 0;
}

static int read_waiting(Decision *d) {
        StoreRecordSink sink = {.userdata = d, .record = on_record};
        int r;

        if (d->waiting.size == 0)
                return 0;
        free(d->all_found);
        d->all_found = vec_alloc_zero(d->waiting.size * d->where->n_paths, sizeof(bool));
        if (!d->all_found)
                return -ENOMEM;
        r = store_read_records(d->store, d->waiting.data, d->waiting.size, &sink);
        if (r < 0 && !d->error && sink.message[0])
                r = give_up(d, SELECTION_FAILED_ASKED, sink.code, sink.message, NULL);
        if (r < 0)
                return d->error ? d->error : r;
        for (size_t i = 0; i < d->waiting.size && r == 0; i++) {
                if (decide(d, d->waiting.data[i], d->all_found + i * d->where->n_paths) ==
                                WHERE_YES)
                        r = add_event(d, d->waiting.data[i]);
                r = r ? r : d->error;
        }
        d->waiting.size = 0;
        return r;
}

/* ---- all of it ---- */

static int check_told(Decision *d) {
        for (size_t i = 0; i < d->where->tests.size; i++) {
                const WhereTest *test = &d->where->tests.data[i];

                if (test->field.place == WHERE_TOLD &&
                                !store_tells(d->store, (StoreTold)test->field.field))
                        return give_up(d, SELECTION_FAILED_ASKED, -EINVAL,
                                        "no file was given that tells", test);
        }
        return 0;
}

static int decide_all(Decision *d) {
        uint32_t event;
        int r = 0;

        while (r == 0 && plan_next(d->plan, &event)) {
                switch (decide(d, event, NULL)) {
                case WHERE_YES:
                        r = add_event(d, event);
                        break;
                case WHERE_UNKNOWN:
                        r = vec_reserve(&d->waiting, 1);
                        if (r < 0)
                                break;
                        d->waiting.data[d->waiting.size++] = event;
                        if (d->waiting.size == BATCH)
                                r = read_waiting(d);
                        break;
                default:
                        break;
                }
                r = r ? r : d->error;
        }
        return r ? r : read_waiting(d);
}

int plan_decide(Plan *plan, const Selection *s, bool is_open) {
        Decision d = {.where = &s->where,
                        .plan = plan,
                        .store = plan->store,
                        .failure = s->failure,
                        .first = plan->next,
                        .end = plan->end};
        int r;

        d.memos = vec_alloc_zero(s->where.tests.size * STORE_N_TOLD_OF, sizeof(*d.memos));
        r = d.memos ? check_told(&d) : -ENOMEM;
        if (r == 0 && is_open)
                r = choose(&d);
        if (r == 0)
                r = decide_all(&d);
        if (r == 0)
                answer(&d);
        for (size_t i = 0; i < s->where.tests.size * STORE_N_TOLD_OF && d.memos; i++)
                free(d.memos[i]);
        store_tell_end(plan->store, &d.telling);
        free(d.memos);
        free(d.all_found);
        free(d.bits);
        vec_deinit(&d.waiting);
        vec_deinit(&d.text);
        vec_deinit(&d.events);
        return r;
}
