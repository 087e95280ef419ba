/*
 * What MaxMind DBs say of addresses. The files of several makers are read: fields stand where
 * GeoLite2 and DB-IP have them, or at the top under other names. The country is where the address
 * is, never where its block is registered.
 *
 * The database is mapped; a look-up is a walk of at most 128 nodes and the reading of one value,
 * which is checked first (geo-check.c). Open databases are only read, by any number of threads.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "enrich/private.h"

#define MAX_PATH 3 /* keys, and the NULL behind them */

/* In the order in which they are tried. */
static const char *const countries[][MAX_PATH] = {
                {"country", "iso_code"}, {"country_code"}, {"country"}};
static const char *const numbers[][MAX_PATH] = {
                {"autonomous_system_number"}, {"traits", "autonomous_system_number"}, {"asn"}};
static const char *const organisations[][MAX_PATH] = {{"autonomous_system_organization"},
                {"traits", "autonomous_system_organization"}, {"as_name"}};

#define N_PATHS(paths) (sizeof(paths) / sizeof(*(paths)))

static int fail(const GeoDb *db, int status, EnrichFault *fault) {
        if (status == MMDB_OUT_OF_MEMORY_ERROR)
                return enrich_fail(fault, -ENOMEM, "%s: %s", db->path, strerror(ENOMEM));
        return enrich_fail(fault, ENRICH_MALFORMED, "%s: %s", db->path, MMDB_strerror(status));
}

int geo_open(const char *path, GeoDb *ret_db, EnrichFault *fault) {
        int r = geo_check_file(path, &ret_db->n_data, fault), status;

        if (r)
                return r;
        ret_db->path = strdup(path);
        if (!ret_db->path)
                return enrich_fail(fault, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
        status = MMDB_open(path, MMDB_MODE_MMAP, &ret_db->mmdb);
        if (status == MMDB_SUCCESS)
                return 0;
        r = fail(ret_db, status, fault);
        free(ret_db->path);
        return r;
}

void geo_close(GeoDb *db) {
        MMDB_close(&db->mmdb);
        free(db->path);
}

/* The first of PATHS that has a value; false without one. */
static bool find(MMDB_entry_s *entry, const char *const (*paths)[MAX_PATH], size_t n,
                MMDB_entry_data_s *ret) {
        for (size_t i = 0; i < n; i++)
                if (MMDB_aget_value(entry, ret, paths[i]) == MMDB_SUCCESS && ret->has_data)
                        return true;
        return false;
}

static Slice text_of(const MMDB_entry_data_s *data) {
        return data->type == MMDB_DATA_TYPE_UTF8_STRING && data->data_size
                               ? slice(data->utf8_string, data->data_size)
                               : (Slice){NULL, 0};
}

/* Two letters, as ISO 3166 has them: what else stands under such names is a name in a language. */
static int take_country(MMDB_entry_s *entry, Arena *arena, Slice *ret) {
        MMDB_entry_data_s data;

        for (size_t i = 0; i < N_PATHS(countries); i++) {
                Slice text = find(entry, &countries[i], 1, &data) ? text_of(&data)
                                                                  : (Slice){NULL, 0};

                if (text.size == 2 && isalpha((unsigned char)text.data[0]) &&
                                isalpha((unsigned char)text.data[1]))
                        return arena_copy(arena, text, ret);
        }
        return 0;
}

/* "AS64500 Example Networks", of whatever there is of both. */
static int take_as(MMDB_entry_s *entry, Arena *arena, Slice *ret) {
        Slice name = {NULL, 0}, number = {NULL, 0};
        MMDB_entry_data_s data;
        char digits[32], *text;
        size_t gap;

        if (find(entry, numbers, N_PATHS(numbers), &data)) {
                number = text_of(&data);
                if (data.type == MMDB_DATA_TYPE_UINT32 || data.type == MMDB_DATA_TYPE_UINT16) {
                        uint32_t n = data.type == MMDB_DATA_TYPE_UINT32 ? data.uint32 : data.uint16;

                        number = slice(digits,
                                        (size_t)snprintf(digits, sizeof(digits), "AS%" PRIu32, n));
                }
        }
        if (find(entry, organisations, N_PATHS(organisations), &data))
                name = text_of(&data);
        if (!name.data && !number.data)
                return 0;
        gap = name.data && number.data;
        text = arena_alloc(arena, number.size + gap + name.size, 1);
        if (!text)
                return -ENOMEM;
        if (number.size)
                memcpy(text, number.data, number.size);
        if (gap)
                text[number.size] = ' ';
        if (name.size)
                memcpy(text + number.size + gap, name.data, name.size);
        *ret = slice(text, number.size + gap + name.size);
        return 0;
}

static int take_fields(MMDB_entry_s *entry, Arena *arena, EnrichFacts *facts) {
        int r = 0;

        if (!facts->texts[ENRICH_COUNTRY].data)
                r = take_country(entry, arena, &facts->texts[ENRICH_COUNTRY]);
        if (r == 0 && !facts->texts[ENRICH_AS].data)
                r = take_as(entry, arena, &facts->texts[ENRICH_AS]);
        return r;
}

int geo_lookup(const GeoDb *db, const Address *address, Arena *arena, EnrichFacts *facts,
                EnrichFault *fault) {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        bool is_v4 = address->family == AF_INET;
        MMDB_lookup_result_s found;
        const char *wrong;
        int status = MMDB_SUCCESS, r;

        memcpy(&v4.sin_addr, address->bytes, sizeof(v4.sin_addr));
        memcpy(&v6.sin6_addr, address->bytes, sizeof(v6.sin6_addr));
        if (!is_v4 && db->mmdb.metadata.ip_version == 4)
                return 0;
        found = MMDB_lookup_sockaddr(&db->mmdb,
                        is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6,
                        &status);
        if (status != MMDB_SUCCESS)
                return fail(db, status, fault);
        if (!found.found_entry)
                return 0;
        wrong = geo_check_value(db->mmdb.data_section, db->n_data, found.entry.offset);
        if (wrong)
                return enrich_fail(fault, ENRICH_MALFORMED, "%s: at byte %zu: %s", db->path,
                                (size_t)(db->mmdb.data_section - db->mmdb.file_content) +
                                                found.entry.offset,
                                wrong);
        r = take_fields(&found.entry, arena, facts);
        return r ? enrich_fail(fault, r, "%s", strerror(-r)) : 0;
}
