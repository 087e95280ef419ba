/*
 * IAM's credential report: a CSV with a row for each user of an account. Columns are found by their
 * names, so that AWS may add some; those that are used must be there. A value that is "N/A",
 * "not_supported" or "no_information" is absent.
 */
#include <errno.h>
#include <strings.h>

#include "base/time.h"
#include "enrich/private.h"

typedef enum Column {
        COLUMN_USER,
        COLUMN_ARN,
        COLUMN_CREATED,
        COLUMN_PASSWORD_ENABLED,
        COLUMN_PASSWORD_USED,
        COLUMN_PASSWORD_CHANGED,
        COLUMN_MFA,
        COLUMN_KEY_ACTIVE,
        COLUMN_KEY_ROTATED,
        COLUMN_KEY_USED,
        COLUMN_KEY_REGION,
        COLUMN_KEY_SERVICE,
        COLUMN_KEY_2,
        N_COLUMNS = COLUMN_KEY_2 + COLUMN_KEY_2 - COLUMN_KEY_ACTIVE,
} Column;

#define YEAR_2200 (INT64_C(7258118400) * TIME_SECOND)

static const char *const names[N_COLUMNS] = {"user", "arn", "user_creation_time",
                "password_enabled", "password_last_used", "password_last_changed", "mfa_active",
                "access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date",
                "access_key_1_last_used_region", "access_key_1_last_used_service",
                "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date",
                "access_key_2_last_used_region", "access_key_2_last_used_service"};

typedef struct Reading {
        Enrich *enrich;
        const char *path;
        EnrichFault *fault;
        CsvReader csv;
        uint64_t line;
        size_t n_columns, n_users;
        size_t places[N_COLUMNS];
} Reading;

static int refuse(Reading *reading, const char *reason, const char *column) {
        return enrich_fail(reading->fault, ENRICH_MALFORMED, "%s: line %llu: %s%s%s", reading->path,
                        (unsigned long long)reading->line, reason, *column ? " " : "", column);
}

static int take_header(Reading *reading) {
        const Slice *cells = reading->csv.cells.data;

        reading->n_columns = reading->csv.cells.size;
        for (int c = 0; c < N_COLUMNS; c++) {
                reading->places[c] = SIZE_MAX;
                for (size_t i = 0; i < reading->n_columns; i++)
                        if (slice_equal(cells[i], slice_cstr(names[c])))
                                reading->places[c] = i;
                if (reading->places[c] == SIZE_MAX)
                        return refuse(reading, "not IAM's credential report: no column", names[c]);
        }
        return 0;
}

static Slice cell_of(const Reading *reading, int column) {
        Slice s = reading->csv.cells.data[reading->places[column]];

        if (!s.size || slice_equal(s, SLICE_LITERAL("N/A")) ||
                        slice_equal(s, SLICE_LITERAL("not_supported")) ||
                        slice_equal(s, SLICE_LITERAL("no_information")))
                return (Slice){NULL, 0};
        return s;
}

static int text_of(Reading *reading, int column, Slice *ret) {
        Slice s = cell_of(reading, column);

        return s.data ? arena_copy(&reading->enrich->arena, s, ret) : 0;
}

static int time_of(Reading *reading, int column, bool *ret_has, int64_t *ret_time) {
        Slice s = cell_of(reading, column);

        *ret_has = s.data;
        if (!s.data || (time_parse(s, ret_time) == 0 && *ret_time >= 0 && *ret_time < YEAR_2200))
                return 0;
        return refuse(reading, "no time from 1970 to 2200 in", names[column]);
}

static int bool_of(Reading *reading, int column, bool *ret) {
        Slice s = cell_of(reading, column);

        *ret = s.size == 4 && strncasecmp(s.data, "true", 4) == 0;
        return *ret || !s.data || (s.size == 5 && strncasecmp(s.data, "false", 5) == 0)
                               ? 0
                               : refuse(reading, "neither true nor false in", names[column]);
}

static int take_key(Reading *reading, int first, EnrichCredential *key) {
        int r = bool_of(reading, first, &key->is_active);

        if (r == 0)
                r = time_of(reading, first + 1, &key->has_created, &key->created);
        if (r == 0)
                r = time_of(reading, first + 2, &key->has_last_used, &key->last_used);
        if (r == 0)
                r = text_of(reading, first + 3, &key->region);
        if (r == 0)
                r = text_of(reading, first + 4, &key->service);
        key->exists = key->is_active || key->has_created || key->has_last_used;
        return r;
}

static int take_password(Reading *reading, EnrichCredential *password) {
        int r = bool_of(reading, COLUMN_PASSWORD_ENABLED, &password->is_active);

        if (r == 0)
                r = time_of(reading, COLUMN_PASSWORD_USED, &password->has_last_used,
                                &password->last_used);
        if (r == 0)
                r = time_of(reading, COLUMN_PASSWORD_CHANGED, &password->has_created,
                                &password->created);
        password->exists = password->is_active || password->has_last_used;
        return r;
}

static int take_user(Reading *reading) {
        Enrich *enrich = reading->enrich;
        EnrichUser user = {0};
        int r;

        if (reading->csv.cells.size != reading->n_columns)
                return refuse(reading, "it has another number of cells than the header", "");
        if (!cell_of(reading, COLUMN_USER).data || !cell_of(reading, COLUMN_ARN).data)
                return refuse(reading, "no user, or no ARN", "");
        r = vec_reserve(&enrich->users, 1);
        if (r == 0)
                r = text_of(reading, COLUMN_USER, &user.name);
        if (r == 0)
                r = text_of(reading, COLUMN_ARN, &user.arn);
        if (r == 0)
                r = time_of(reading, COLUMN_CREATED, &user.has_created, &user.created);
        if (r == 0)
                r = bool_of(reading, COLUMN_MFA, &user.has_mfa);
        if (r == 0)
                r = take_password(reading, &user.credentials[ENRICH_PASSWORD]);
        if (r == 0)
                r = take_key(reading, COLUMN_KEY_ACTIVE, &user.credentials[ENRICH_KEY_1]);
        if (r == 0)
                r = take_key(reading, COLUMN_KEY_2, &user.credentials[ENRICH_KEY_2]);
        if (r)
                return r;
        enrich->users.data[enrich->users.size++] = user;
        reading->n_users++;
        return 0;
}

static int take_rows(Reading *reading, Slice rest) {
        const char *reason = NULL;
        size_t n;
        int r = 0;

        if (slice_starts_with(rest, SLICE_LITERAL("\xef\xbb\xbf")))
                rest = slice(rest.data + 3, rest.size - 3);
        for (reading->line = 1; rest.size && r == 0; rest = slice(rest.data + n, rest.size - n)) {
                r = csv_row(&reading->csv, rest, &n, &reason);
                if (r)
                        return r;
                if (!n)
                        return refuse(reading, reason, "");
                if (reading->csv.cells.size == 1 && !reading->csv.cells.data[0].size)
                        r = 0; /* a blank line */
                else if (reading->n_columns)
                        r = take_user(reading);
                else
                        r = take_header(reading);
                for (size_t i = 0; i < n && r == 0; i++)
                        reading->line += rest.data[i] == '\n';
        }
        if (r == 0 && !reading->n_columns)
                return refuse(reading, "not IAM's credential report: it is empty", "");
        if (r == 0 && !reading->n_users)
                return refuse(reading, "a credential report without a user (is it cut?)", "");
        return r;
}

int enrich_add_credential_report(Enrich *enrich, const char *path, EnrichFault *fault) {
        Reading reading = {.enrich = enrich, .path = path, .fault = fault};
        EnrichText text = {0};
        int r = enrich_read(path, &text, fault);

        if (r == 0) {
                r = take_rows(&reading, slice(text.data, text.size));
                if (r < 0)
                        enrich_fail(fault, r, "%s: %s", path, strerror(-r));
        }
        csv_deinit(&reading.csv);
        vec_deinit(&text);
        return r;
}

size_t enrich_n_users(const Enrich *enrich) {
        return enrich->users.size;
}

const EnrichUser *enrich_user(const Enrich *enrich, size_t i) {
        return &enrich->users.data[i];
}
