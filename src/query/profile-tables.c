/*
 * From what was counted under tuples to the rows of each section: rows of the same strings become
 * one, and stand in order of their first event. An event has one value in each section, so no two
 * rows begin with the same one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/address.h"
#include "base/sort.h"
#include "base/time.h"
#include "query/profile-private.h"

#define DAY (86400 * TIME_SECOND)

static void add_stats(StoreStats *to, const StoreStats *from) {
        to->first = from->first < to->first ? from->first : to->first;
        to->last = from->last > to->last ? from->last : to->last;
        to->n_events += from->n_events;
        to->n_denied += from->n_denied;
        to->n_failed += from->n_failed;
}

/* Reorders ROWS as KEYS say. */
static int order_rows(ProfileRows *rows, SortKey *keys) {
        ProfileRow *ordered = vec_alloc(rows->size, sizeof(*ordered));
        int r = ordered ? sort_keys(keys, rows->size, &(SortOrder){0}, 1) : -ENOMEM;

        for (size_t i = 0; i < rows->size && r == 0; i++)
                ordered[i] = rows->data[keys[i].index];
        if (r == 0 && rows->size)
                memcpy(rows->data, ordered, rows->size * sizeof(*ordered));
        free(ordered);
        return r;
}

static int sort_by_first(ProfileRows *rows) {
        SortKey *keys = vec_alloc(rows->size, sizeof(*keys));
        int r = keys ? 0 : -ENOMEM;

        for (size_t i = 0; i < rows->size && r == 0; i++)
                keys[i] = (SortKey){rows->data[i].stats.first, i, 0, (uint32_t)i};
        if (r == 0)
                r = order_rows(rows, keys);
        free(keys);
        return r;
}

static bool is_same(const ProfileRow *a, const ProfileRow *b) {
        return memcmp(a->strings, b->strings, sizeof(a->strings)) == 0;
}

/* Rows of the same strings become one; then in order of first use. */
static int merge_rows(ProfileRows *rows) {
        SortKey *keys = vec_alloc(rows->size, sizeof(*keys));
        int r = keys ? 0 : -ENOMEM;
        size_t n = 0;

        for (size_t i = 0; i < rows->size && r == 0; i++) {
                const uint32_t *s = rows->data[i].strings;

                keys[i] = (SortKey){(uint64_t)s[0] << 32 | s[1], (uint64_t)s[2] << 32 | s[3], 0,
                                (uint32_t)i};
        }
        if (r == 0)
                r = order_rows(rows, keys);
        free(keys);
        for (size_t i = 0; i < rows->size && r == 0; i++) {
                if (n && is_same(&rows->data[n - 1], &rows->data[i])) {
                        add_stats(&rows->data[n - 1].stats, &rows->data[i].stats);
                        rows->data[n - 1].n_members += rows->data[i].n_members;
                } else {
                        rows->data[n++] = rows->data[i];
                }
        }
        if (r == 0)
                rows->size = n;
        return r < 0 ? r : sort_by_first(rows);
}

/* ---- by fields of tuples ---- */

#define NO_FIELD UINT32_MAX

/* Rows by up to four fields of the tuples; the first must be there. */
static int make_by_fields(ProfileWalk *w, const Counter *counter, StoreTuple tuple,
                const uint32_t fields[static PROFILE_N_STRINGS], ProfileRows *rows) {
        if (vec_reserve(rows, counter->rows.size) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < counter->rows.size; i++) {
                ProfileRow row = {.n_members = 1, .stats = counter->rows.data[i].stats};

                for (size_t f = 0; f < PROFILE_N_STRINGS; f++)
                        row.strings[f] = fields[f] == NO_FIELD
                                                         ? STORE_NONE
                                                         : profile_field(w->store, tuple,
                                                                           counter->rows.data[i]
                                                                                           .number,
                                                                           fields[f]);
                if (row.strings[0] != STORE_NONE)
                        rows->data[rows->size++] = row;
        }
        return merge_rows(rows);
}

/* Those of strings themselves. */
static int make_by_strings(ProfileWalk *w, const Counter *counter, ProfileRows *rows) {
        if (vec_reserve(rows, counter->rows.size) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < counter->rows.size; i++) {
                uint32_t string = counter->rows.data[i].number;

                if (store_string(w->store, string).size)
                        rows->data[rows->size++] =
                                        (ProfileRow){{string, STORE_NONE, STORE_NONE, STORE_NONE},
                                                        1, {NULL, 0}, counter->rows.data[i].stats};
        }
        return 0; /* counted in order of first use, and distinct */
}

/* One row for each name, whatever its records say of readOnly: "false" where any does. */
static int join_calls(ProfileWalk *w, ProfileRows *rows) {
        uint32_t is_write = store_find_string(w->store, SLICE_LITERAL("false"));
        Tally places = {.n_dims = 2};
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; i < rows->size && r == 0; i++) {
                ProfileRow *row = &rows->data[i], *before;
                uint32_t name[] = {row->strings[1], row->strings[0]};
                ValueRow *place;

                r = tally_row(&places, name, (uint32_t)n, &place);
                if (r < 0)
                        break;
                before = &rows->data[place->stats.first];
                if (place->stats.first == n) {
                        *before = *row;
                        memcpy(before->strings, name, sizeof(name)); /* service, name */
                        n++;
                        continue;
                }
                add_stats(&before->stats, &row->stats);
                if (before->strings[2] != row->strings[2])
                        before->strings[2] =
                                        before->strings[2] == is_write ||
                                                                        row->strings[2] == is_write
                                                        ? is_write
                                                        : STORE_NONE;
        }
        tally_deinit(&places);
        rows->size = n;
        return r;
}

/* ---- networks ---- */

/* /24 of an IPv4 address, /48 of an IPv6 address, as 16 bytes; false for what is no address. */
static bool network_of(Slice ip, unsigned char ret[static 16], bool *ret_is_v6) {
        Address address;

        memset(ret, 0, 16);
        if (address_parse(ip, &address))
                return false;
        *ret_is_v6 = address.family == AF_INET6;
        if (address.family == AF_INET) {
                ret[10] = ret[11] = 0xFF;
                memcpy(ret + 12, address.bytes, 3);
        } else {
                memcpy(ret, address.bytes, 6);
        }
        return true;
}

static int name_network(Profile *p, const unsigned char bytes[static 16], bool is_v6, Slice *ret) {
        char address[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 8];
        int n;

        if (!inet_ntop(is_v6 ? AF_INET6 : AF_INET, is_v6 ? bytes : bytes + 12, address,
                            sizeof(address)))
                return -errno;
        n = snprintf(text, sizeof(text), "%s/%s", address, is_v6 ? "48" : "24");
        return arena_copy(&p->arena, slice(text, (size_t)n), ret);
}

static int make_networks(ProfileWalk *w) {
        Profile *p = w->profile;
        const ProfileRows *addresses = &p->tables[PROFILE_ADDRESSES];
        ProfileRows *rows = &p->tables[PROFILE_NETWORKS];
        int r = vec_reserve(rows, addresses->size);

        for (size_t i = 0; i < addresses->size && r == 0; i++) {
                const ProfileRow *address = &addresses->data[i];
                ProfileRow row = {.n_members = 1, .stats = address->stats};
                unsigned char network[16];
                bool is_v6;

                if (!network_of(store_string(w->store, address->strings[0]), network, &is_v6))
                        continue;
                memcpy(row.strings, network, sizeof(network));
                rows->data[rows->size++] = row;
        }
        if (r == 0)
                r = merge_rows(rows);
        for (size_t i = 0; i < rows->size && r == 0; i++) {
                unsigned char network[16];
                static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};

                memcpy(network, rows->data[i].strings, sizeof(network));
                r = name_network(p, network, memcmp(network, mapped, sizeof(mapped)) != 0,
                                &rows->data[i].text);
                for (size_t s = 0; s < PROFILE_N_STRINGS; s++)
                        rows->data[i].strings[s] = STORE_NONE;
        }
        return r;
}

/* ---- all of them ---- */

static int count_sessions(ProfileWalk *w) {
        static const uint32_t arn[] = {EVENT_ID_ARN, NO_FIELD, NO_FIELD, NO_FIELD};
        ProfileRows sessions = {0};
        int r = make_by_fields(w, &w->identities, STORE_IDENTITY, arn, &sessions);

        w->profile->n_sessions = (uint32_t)sessions.size;
        vec_deinit(&sessions);
        return r;
}

int profile_make_tables(ProfileWalk *w) {
        static const struct {
                ProfileTable table;
                StoreTuple tuple;
                uint32_t fields[PROFILE_N_STRINGS];
        } by_fields[] = {
                        {PROFILE_REGIONS, STORE_CALL,
                                        {EVENT_CALL_REGION, NO_FIELD, NO_FIELD, NO_FIELD}},
                        {PROFILE_ACCOUNTS, STORE_CALL,
                                        {EVENT_CALL_ACCOUNT, NO_FIELD, NO_FIELD, NO_FIELD}},
                        {PROFILE_SERVICES, STORE_CALL,
                                        {EVENT_CALL_SERVICE, NO_FIELD, NO_FIELD, NO_FIELD}},
                        {PROFILE_CALLS, STORE_CALL,
                                        {EVENT_CALL_NAME, EVENT_CALL_SERVICE, EVENT_CALL_READ_ONLY,
                                                        NO_FIELD}},
                        {PROFILE_KEYS, STORE_IDENTITY,
                                        {EVENT_ID_KEY, NO_FIELD, NO_FIELD, NO_FIELD}},
                        {PROFILE_PRINCIPALS, STORE_IDENTITY,
                                        {STORE_ID_PRINCIPAL, EVENT_ID_TYPE, STORE_ID_USER,
                                                        EVENT_ID_ACCOUNT}},
        };
        Profile *p = w->profile;
        int r = make_by_strings(w, &w->ips, &p->tables[PROFILE_ADDRESSES]);

        if (r == 0)
                r = make_by_strings(w, &w->uas, &p->tables[PROFILE_USER_AGENTS]);
        for (size_t i = 0; i < sizeof(by_fields) / sizeof(by_fields[0]) && r == 0; i++)
                r = make_by_fields(w, by_fields[i].tuple == STORE_CALL ? &w->calls : &w->identities,
                                by_fields[i].tuple, by_fields[i].fields,
                                &p->tables[by_fields[i].table]);
        if (r == 0)
                r = join_calls(w, &p->tables[PROFILE_CALLS]);
        if (r == 0)
                r = make_networks(w);
        return r < 0 ? r : count_sessions(w);
}

/* ---- what was new on a day ---- */

/* Temporary keys are new all the time. */
static bool can_be_news(ProfileWalk *w, ProfileTable table, const ProfileRow *row) {
        if (table == PROFILE_PRINCIPALS)
                return false;
        return table != PROFILE_KEYS ||
               !slice_starts_with(store_string(w->store, row->strings[0]), SLICE_LITERAL("ASIA"));
}

static int64_t day_of(Store *store, uint32_t event) {
        int64_t time = store_time(store, event);

        return time / DAY - (time % DAY < 0);
}

int profile_make_news(ProfileWalk *w) {
        Profile *p = w->profile;
        VEC(SortKey) keys = {0};
        int r = 0;

        for (unsigned table = 0; table < PROFILE_N_TABLES && r == 0; table++) {
                const ProfileRows *rows = &p->tables[table];

                r = vec_reserve(&keys, rows->size);
                for (size_t i = 0; i < rows->size && r == 0; i++) {
                        const ProfileRow *row = &rows->data[i];

                        if (day_of(w->store, row->stats.first) > p->days.data[0].day &&
                                        can_be_news(w, table, row))
                                keys.data[keys.size++] = (SortKey){
                                                row->stats.first, table, table, (uint32_t)i};
                }
        }
        if (r == 0)
                r = sort_keys(keys.data, keys.size, &(SortOrder){0}, 1);
        if (r == 0)
                r = vec_reserve(&p->news, keys.size);
        for (size_t i = 0; i < keys.size && r == 0; i++)
                p->news.data[p->news.size++] =
                                (ProfileNews){keys.data[i].source, keys.data[i].index};
        vec_deinit(&keys);
        return r;
}
