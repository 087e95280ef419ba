/* Selections and dimensions as the public API names them. */
#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "engine/engine.h"

_Static_assert((int)SPOOR_DIM_KEY == (int)STORE_DIM_KEY &&
                                (int)SPOOR_DIM_PRINCIPAL == (int)STORE_DIM_PRINCIPAL &&
                                (int)SPOOR_DIM_OUTCOME == (int)STORE_DIM_OUTCOME &&
                                (int)SPOOR_N_DIMS == (int)STORE_N_DIMS,
                "dimensions stand in one order");

static const char *const names[SPOOR_N_DIMS] = {"key", "ip", "user", "event", "service", "region",
                "account", "principal", "session", "role", "type", "ua", "error", "outcome"};

const char *spoor_dim_name(SpoorDim dim) {
        return names[dim];
}

int spoor_dim_parse(const char *name, SpoorDim *ret_dim) {
        for (int i = 0; i < SPOOR_N_DIMS; i++) {
                if (strcmp(names[i], name) == 0)
                        return *ret_dim = (SpoorDim)i, 0;
        }
        return 1;
}

int spoor_selection_new(SpoorSelection **ret_selection) {
        SpoorSelection *s = vec_alloc_zero(1, sizeof(*s));
        int r = s ? selection_new(&s->selection) : -ENOMEM;

        if (r < 0)
                free(s);
        else
                *ret_selection = s;
        return r;
}

SpoorSelection *spoor_selection_free(SpoorSelection *s) {
        if (s) {
                selection_free(s->selection);
                free(s);
        }
        return NULL;
}

static int explain(int fault, const char *text, SpoorError *error) {
        static const char *const reasons[] = {
                        [SELECTION_EMPTY] = "is empty",
                        [SELECTION_BLOCK] =
                                        "is no address block such as 10.0.0.0/8 or 2001:db8::/32",
                        [SELECTION_OUTCOME] = "is none of success, denied and failure",
                        [SELECTION_TIME] = "is no time such as 2026-01-08T14:49:17Z or 2026-01-08",
                        [SELECTION_SPAN] = "is no span such as 90s, 5m, 12h, 30d or 2w",
        };

        if (fault < 0)
                return engine_fail(error, fault, "%s", strerror(-fault));
        return fault ? engine_fail(error, SPOOR_E_SYNTAX, "'%s' %s", text, reasons[fault]) : 0;
}

int spoor_selection_add(SpoorSelection *s, SpoorDim dim, const char *pattern, SpoorError *error) {
        return explain(selection_add(s->selection, (StoreDim)dim, slice_cstr(pattern)), pattern,
                        error);
}

int spoor_selection_add_id(SpoorSelection *s, const char *pattern, SpoorError *error) {
        return explain(selection_add_id(s->selection, slice_cstr(pattern)), pattern, error);
}

void spoor_selection_set_read_only(SpoorSelection *s, bool read_only) {
        selection_set_read_only(s->selection, read_only);
}

int spoor_selection_set_from(SpoorSelection *s, const char *text, SpoorError *error) {
        return text ? explain(selection_set_from(s->selection, slice_cstr(text)), text, error) : 0;
}

int spoor_selection_set_to(SpoorSelection *s, const char *text, SpoorError *error) {
        return text ? explain(selection_set_to(s->selection, slice_cstr(text)), text, error) : 0;
}

int spoor_selection_set_last(SpoorSelection *s, const char *text, SpoorError *error) {
        return text ? explain(selection_set_last(s->selection, slice_cstr(text)), text, error) : 0;
}

int spoor_selection_set_where(SpoorSelection *s, const char *text, SpoorError *error) {
        Slice expression = slice_cstr(text);
        SelectionWhereFault fault;
        size_t n = 1;
        int r = selection_set_where(s->selection, expression, &fault);

        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        if (r == 0)
                return 0;
        for (size_t i = 0; i < fault.at; i++)
                n += (text[i] & 0xC0) != 0x80;
        r = engine_fail(error, SPOOR_E_SYNTAX, "character %zu: %s", n, fault.reason);
        if (error)
                error->at = fault.at;
        return r;
}

int engine_fail_query(SpoorError *error, int code, const SpoorSelection *s) {
        const SelectionFailure *failure;

        if (code != -ECANCELED || !s)
                return engine_fail(error, code, "%s", strerror(-code));
        failure = selection_failure(s->selection);
        if (!failure)
                return engine_fail(error, code, "%s", strerror(-code));
        return engine_fail(error,
                        failure->kind == SELECTION_FAILED_STEPS ? SPOOR_E_STEPS : failure->code,
                        "%s", failure->message);
}

bool spoor_selection_asks(const SpoorSelection *s, const char *column) {
        return selection_asks(s->selection, slice_cstr(column));
}
