/*
 * What files beside the evidence tell of rows: a property of every cursor over a case, so that no
 * query has to know of it.
 *
 * Which of a row's values are told about, the names of its columns say (input_names), or the cursor
 * does, where its columns are the caller's choice. A cursor with an address has geo.country, geo.as
 * and aws.range; one with anything that can be an indicator has indicator; each only where there is
 * a file that tells it. They are settled when the cursor is first used and filled when a row is
 * read; the look-up is kept by the cursor, so that threads share nothing that changes.
 *
 * A row costs a hash for each of its values, a distinct value one look-up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/engine.h"

static const char *const field_names[ENRICH_N_FIELDS] = {
                [ENRICH_COUNTRY] = "geo.country",
                [ENRICH_AS] = "geo.as",
                [ENRICH_AWS] = "aws.range",
                [ENRICH_INDICATOR] = "indicator",
};

/* The first address is the one that is told about; indicators are looked for in all. */
static const struct {
        const char *name;
        EnrichKind kind;
} input_names[] = {
                {"sourceIPAddress", ENRICH_ADDRESS},
                {"sourceIPAddresses", ENRICH_ADDRESS},
                {"ip", ENRICH_ADDRESS},
                {"firstSourceIPAddress", ENRICH_ADDRESS},
                {"lastSourceIPAddress", ENRICH_ADDRESS},
                {"userIdentity.accessKeyId", ENRICH_KEY},
                {"accessKeyId", ENRICH_KEY},
                {"key", ENRICH_KEY},
                {"sourceKey", ENRICH_KEY},
                {"targetKey", ENRICH_KEY},
                {"userAgent", ENRICH_AGENT},
                {"userAgents", ENRICH_AGENT},
                {"ua", ENRICH_AGENT},
                {"userIdentity.arn", ENRICH_ARN},
                {"arn", ENRICH_ARN},
                {"session", ENRICH_ARN},
                {"principal", ENRICH_ARN},
                {"sourcePrincipal", ENRICH_ARN},
                {"targetPrincipal", ENRICH_ARN},
};

#define N_INPUT_NAMES (sizeof(input_names) / sizeof(input_names[0]))

/* What a column "value" holds in the sections of a page. */
static const struct {
        const char *section;
        EnrichKind kind;
} value_sections[] = {
                {"addresses", ENRICH_ADDRESS},
                {"keys", ENRICH_KEY},
                {"userAgents", ENRICH_AGENT},
                {"principals", ENRICH_ARN},
};

/* ---- the files ---- */

int spoor_enrichment_new(SpoorEnrichment **ret_enrichment) {
        SpoorEnrichment *enrichment = vec_alloc_zero(1, sizeof(*enrichment));
        int r = enrichment ? enrich_new(&enrichment->enrich) : -ENOMEM;

        if (r)
                free(enrichment);
        else
                *ret_enrichment = enrichment;
        return r;
}

SpoorEnrichment *spoor_enrichment_free(SpoorEnrichment *enrichment) {
        if (!enrichment)
                return NULL;
        enrich_free(enrichment->enrich);
        free(enrichment);
        return NULL;
}

static int add(SpoorEnrichment *enrichment, const char *path,
                int (*read)(Enrich *enrich, const char *path, EnrichFault *fault),
                SpoorError *error) {
        EnrichFault fault = {""};
        int r = read(enrichment->enrich, path, &fault);

        return r ? engine_fail(error, r < 0 ? r : SPOOR_E_ENRICHMENT, "%s", fault.text) : 0;
}

int spoor_enrichment_add_geoip(SpoorEnrichment *enrichment, const char *path, SpoorError *error) {
        return add(enrichment, path, enrich_add_geoip, error);
}

int spoor_enrichment_add_indicators(
                SpoorEnrichment *enrichment, const char *path, SpoorError *error) {
        return add(enrichment, path, enrich_add_indicators, error);
}

int spoor_enrichment_add_aws_ranges(
                SpoorEnrichment *enrichment, const char *path, SpoorError *error) {
        return add(enrichment, path, enrich_add_aws_ranges, error);
}

int spoor_enrichment_add_credential_report(
                SpoorEnrichment *enrichment, const char *path, SpoorError *error) {
        return add(enrichment, path, enrich_add_credential_report, error);
}

void spoor_case_set_enrichment(SpoorCase *scase, const SpoorEnrichment *enrichment) {
        scase->enrichment = enrichment;
}

const char *spoor_enrichment_column(size_t i) {
        return i < ENRICH_N_FIELDS ? field_names[i] : NULL;
}

/* ---- rows ---- */

bool engine_enriched_has(const SpoorCase *scase, const char *name, bool *ret_is_known) {
        *ret_is_known = false;
        for (int f = 0; f < ENRICH_N_FIELDS; f++) {
                if (strcmp(field_names[f], name) != 0)
                        continue;
                *ret_is_known = true;
                return scase->enrichment && enrich_has(scase->enrichment->enrich, (EnrichField)f);
        }
        return false;
}

static void add_input(EngineEnriched *e, EnrichKind kind, size_t input) {
        if (e->n_inputs == ENGINE_MAX_INPUTS)
                return;
        e->kinds[e->n_inputs] = kind;
        e->inputs[e->n_inputs++] = input;
}

void engine_enriched_section(SpoorRows *rows, const char *section) {
        rows->enriched.section = section;
}

static void find_values(SpoorRows *rows) {
        const char *section = rows->enriched.section ? rows->enriched.section : "";

        for (size_t s = 0; s < sizeof(value_sections) / sizeof(value_sections[0]); s++)
                for (size_t c = 0; c < rows->n_columns; c++)
                        if (strcmp(section, value_sections[s].section) == 0 &&
                                        strcmp(rows->columns[c], "value") == 0)
                                add_input(&rows->enriched, value_sections[s].kind, c);
}

static void find_inputs(SpoorRows *rows) {
        static const EnrichKind kinds[ENGINE_N_INPUTS] = {[ENGINE_INPUT_ADDRESS] = ENRICH_ADDRESS,
                        [ENGINE_INPUT_KEY] = ENRICH_KEY,
                        [ENGINE_INPUT_AGENT] = ENRICH_AGENT,
                        [ENGINE_INPUT_ARN] = ENRICH_ARN,
                        [ENGINE_INPUT_PRINCIPAL] = ENRICH_ARN};

        if (rows->input) {
                for (size_t i = 0; i < ENGINE_N_INPUTS; i++)
                        add_input(&rows->enriched, kinds[i], i);
                return;
        }
        find_values(rows);
        for (size_t i = 0; i < N_INPUT_NAMES; i++)
                for (size_t c = 0; c < rows->n_columns; c++)
                        if (strcmp(rows->columns[c], input_names[i].name) == 0)
                                add_input(&rows->enriched, input_names[i].kind, c);
}

static size_t own_cell(const SpoorRows *rows, const char *name) {
        size_t c = 0;

        while (c < rows->n_columns && strcmp(rows->columns[c], name) != 0)
                c++;
        return c;
}

void engine_enriched_init(SpoorRows *rows) {
        const SpoorEnrichment *enrichment = rows->scase ? rows->scase->enrichment : NULL;
        EngineEnriched *e = &rows->enriched;

        e->is_ready = true;
        if (!enrichment)
                return;
        find_inputs(rows);
        for (int f = 0; f < ENRICH_N_FIELDS; f++) {
                bool is_of_address = f != ENRICH_INDICATOR;
                size_t cell = own_cell(rows, field_names[f]);

                if (!enrich_has(enrichment->enrich, (EnrichField)f) || !e->n_inputs ||
                                (is_of_address && e->kinds[0] != ENRICH_ADDRESS))
                        continue;
                if (cell == rows->n_columns) {
                        cell += e->n_columns++;
                        rows->columns[cell] = field_names[f];
                }
                e->fields[e->n_fields] = (EnrichField)f;
                e->cells[e->n_fields++] = cell;
        }
}

void engine_enriched_deinit(SpoorRows *rows) {
        EngineEnriched *e = &rows->enriched;

        enrich_lookup_free(e->lookup);
        for (int f = 0; f < ENRICH_N_FIELDS; f++) {
                vec_deinit(&e->found[f]);
                vec_deinit(&e->texts[f]);
        }
        vec_deinit(&e->decoded);
}

static int put(EngineEnriched *e, EnrichField field, Slice s) {
        if (vec_reserve(&e->texts[field], s.size) < 0)
                return -ENOMEM;
        memcpy(e->texts[field].data + e->texts[field].size, s.data, s.size);
        e->texts[field].size += s.size;
        return 0;
}

/* What was found for FIELD, "; " between; one alone, which is nearly always, as it is. */
static int join(EngineEnriched *e, EnrichField field, Slice *ret) {
        const Slice *found = e->found[field].data;
        size_t n = e->found[field].size;

        *ret = n ? found[0] : (Slice){NULL, 0};
        if (n < 2)
                return 0;
        e->texts[field].size = 0;
        for (size_t i = 0; i < n; i++)
                if ((i && put(e, field, SLICE_LITERAL("; ")) < 0) || put(e, field, found[i]) < 0)
                        return -ENOMEM;
        *ret = slice(e->texts[field].data, e->texts[field].size);
        return 0;
}

/* Each text once. */
static int add_found(EngineEnriched *e, EnrichField field, Slice text) {
        for (size_t i = 0; i < e->found[field].size; i++)
                if (slice_equal(e->found[field].data[i], text))
                        return 0;
        if (vec_reserve(&e->found[field], 1) < 0)
                return -ENOMEM;
        e->found[field].data[e->found[field].size++] = text;
        return 0;
}

/* Of an address other than the first of the row, indicators alone are told. */
static int look_up(EngineEnriched *e, size_t input, Slice text, EnrichFault *fault) {
        EnrichFacts facts;
        int r = enrich_lookup(e->lookup, e->kinds[input], text, &facts, fault);

        for (int f = 0; f < ENRICH_N_TEXTS && r == 0 && input == 0; f++)
                if (facts.texts[f].data)
                        r = add_found(e, (EnrichField)f, facts.texts[f]);
        for (size_t i = 0; i < facts.n_labels && r == 0; i++)
                r = add_found(e, ENRICH_INDICATOR, facts.labels[i]);
        return r;
}

/* Values of a row that stands for several events: an array of strings. */
static int look_up_list(EngineEnriched *e, size_t input, Slice list, EnrichFault *fault) {
        const char *at = NULL;
        Slice key, value;
        int r = 0;

        while (r == 0 && json_next(list, &at, &key, &value)) {
                if (!value.size || value.data[0] != '"')
                        continue;
                e->decoded.size = 0;
                if (vec_reserve(&e->decoded, value.size) < 0)
                        return -ENOMEM;
                r = look_up(e, input, slice(e->decoded.data, json_decode(value, e->decoded.data)),
                                fault);
        }
        return r;
}

static int look_up_row(SpoorRows *rows, EnrichFault *fault) {
        EngineEnriched *e = &rows->enriched;
        int r = 0;

        for (int f = 0; f < ENRICH_N_FIELDS; f++)
                e->found[f].size = 0;
        for (size_t i = 0; i < e->n_inputs && r == 0; i++) {
                SpoorCell cell = rows->input ? rows->input(rows, (EngineInput)e->inputs[i])
                                             : rows->cells[e->inputs[i]];
                Slice text = slice(cell.text.data, cell.text.size);

                if (cell.type == SPOOR_CELL_TEXT)
                        r = look_up(e, i, text, fault);
                else if (cell.type == SPOOR_CELL_JSON)
                        r = look_up_list(e, i, text, fault);
        }
        return r;
}

int engine_enriched_fill(SpoorRows *rows, SpoorError *error) {
        EngineEnriched *e = &rows->enriched;
        EnrichFault fault = {""};
        int r = e->lookup ? 0 : enrich_lookup_new(rows->scase->enrichment->enrich, &e->lookup);

        if (r == 0)
                r = look_up_row(rows, &fault);
        for (size_t i = 0; i < e->n_fields && r == 0; i++) {
                Slice text;

                r = join(e, e->fields[i], &text);
                rows->cells[e->cells[i]] = engine_text_cell(text);
        }
        if (r)
                return engine_fail(error, r < 0 ? r : SPOOR_E_ROWS_ENRICHMENT, "%s",
                                fault.text[0] ? fault.text : strerror(-r));
        return 0;
}

/* ---- for expressions ---- */

_Static_assert((int)STORE_TOLD_COUNTRY == (int)ENRICH_COUNTRY &&
                                (int)STORE_TOLD_AS == (int)ENRICH_AS &&
                                (int)STORE_TOLD_AWS == (int)ENRICH_AWS &&
                                (int)STORE_TOLD_INDICATOR == (int)ENRICH_INDICATOR &&
                                (int)STORE_N_TOLD == (int)ENRICH_N_FIELDS,
                "what is told stands in one order");

static bool has_told(void *userdata, StoreTold field) {
        const SpoorCase *scase = userdata;

        return scase->enrichment && enrich_has(scase->enrichment->enrich, (EnrichField)field);
}

static int tell(void *userdata, StoreTelling *telling, StoreTold field, StoreToldOf of,
                Slice text) {
        static const EnrichKind kinds[STORE_N_TOLD_OF] = {[STORE_TOLD_OF_ADDRESS] = ENRICH_ADDRESS,
                        [STORE_TOLD_OF_KEY] = ENRICH_KEY,
                        [STORE_TOLD_OF_AGENT] = ENRICH_AGENT,
                        [STORE_TOLD_OF_ARN] = ENRICH_ARN,
                        [STORE_TOLD_OF_PRINCIPAL] = ENRICH_ARN};
        const SpoorCase *scase = userdata;
        EnrichLookup *lookup = telling->lookup;
        EnrichFault fault = {""};
        EnrichFacts facts;
        int r = lookup ? 0 : enrich_lookup_new(scase->enrichment->enrich, &lookup);

        telling->lookup = lookup;
        if (r == 0)
                r = enrich_lookup(lookup, kinds[of], text, &facts, &fault);
        if (r != 0) {
                telling->code = r < 0 ? r : SPOOR_E_ROWS_ENRICHMENT;
                snprintf(telling->message, sizeof(telling->message), "%.*s",
                                (int)sizeof(telling->message) - 1, fault.text);
                return r < 0 ? r : -ECANCELED;
        }
        if (field == STORE_TOLD_INDICATOR) {
                telling->values = facts.labels;
                telling->n_values = facts.n_labels;
                return 0;
        }
        telling->value = facts.texts[field];
        telling->values = &telling->value;
        telling->n_values = telling->value.data != NULL;
        return 0;
}

static void end_telling(StoreTelling *telling) {
        enrich_lookup_free(telling->lookup);
}

void engine_give_told(SpoorCase *scase) {
        store_set_teller(scase->store, &(StoreTeller){scase, has_told, tell, end_telling});
}
