/*
 * The ledger of a case: its files and members as rows, and one hash over all of them.
 *
 * What the store does not keep for each entry is counted when it is asked for: events by a pass
 * over them, diagnoses by a pass over those, copies by sorting the entries by their hash. That
 * costs 20 bytes for each entry and, while they are sorted, 48 more.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sha256.h"
#include "base/sort.h"
#include "base/vec.h"
#include "engine/engine.h"
#include "event/delivery.h"

_Static_assert(STORE_HASH_SIZE == SHA256_SIZE, "hashes are SHA-256");

/* ---- order by hash ---- */

static uint64_t word_of(const unsigned char *hash) {
        uint64_t word;

        memcpy(&word, hash, sizeof(word));
        return __builtin_bswap64(word);
}

static int compare_hashes(const void *ctx, const SortKey *x, const SortKey *y) {
        Store *store = (Store *)ctx;

        return memcmp(store_file(store, x->index).hash, store_file(store, y->index).hash,
                        STORE_HASH_SIZE);
}

/* In the order of the lines that are hashed. */
static int compare_lines(const void *ctx, const SortKey *x, const SortKey *y) {
        Store *store = (Store *)ctx;
        StoreFile a = store_file(store, x->index), b = store_file(store, y->index);
        char size_a[24], size_b[24];
        int r = memcmp(a.hash, b.hash, STORE_HASH_SIZE);

        if (r == 0 && a.size != b.size) { /* as text */
                snprintf(size_a, sizeof(size_a), "%" PRIu64 " ", a.size);
                snprintf(size_b, sizeof(size_b), "%" PRIu64 " ", b.size);
                r = strcmp(size_a, size_b);
        }
        return r ? r : slice_compare(a.name, b.name);
}

/* Entries that have a hash, sorted; equal ones stay in the order of their numbers. */
static int sort_entries(SpoorCase *scase, uint32_t n_files,
                int (*tie)(const void *ctx, const SortKey *x, const SortKey *y), SortKey **ret_keys,
                size_t *ret_n) {
        SortOrder order = {tie, scase->store};
        SortKey *keys = vec_alloc(n_files, sizeof(*keys));
        size_t n = 0;
        int r;

        if (!keys)
                return -ENOMEM;
        for (uint32_t i = 0; i < n_files; i++) {
                StoreFile file = store_file(scase->store, i);

                if (file.has_hash)
                        keys[n++] = (SortKey){word_of(file.hash), word_of(file.hash + 8), 0, i};
        }
        r = sort_keys(keys, n, &order, scase->options.n_threads);
        if (r < 0) {
                free(keys);
                return r;
        }
        *ret_keys = keys;
        *ret_n = n;
        return 0;
}

static uint32_t n_contents(SpoorCase *scase) {
        StoreCounts counts;

        store_counts(scase->store, &counts);
        return (uint32_t)counts.n_contents;
}

/* ---- the whole ---- */

static int put_line(Sha256 *sha, const StoreFile *file) {
        char head[SHA256_HEX_SIZE + 32];
        size_t n = SHA256_HEX_SIZE;
        int r;

        sha256_format(file->hash, head);
        n += (size_t)snprintf(head + n, sizeof(head) - n, "  %" PRIu64 "  ", file->size);
        r = sha256_update(sha, head, n);
        if (r == 0)
                r = sha256_update(sha, file->name.data, file->name.size);
        return r == 0 ? sha256_update(sha, "\n", 1) : r;
}

/* One line for each of the sorted entries that are, or are not, members. */
static int hash_lines(SpoorCase *scase, const SortKey *keys, size_t n, bool are_members,
                char ret[static SHA256_HEX_SIZE + 1]) {
        uint8_t hash[SHA256_SIZE];
        Sha256 sha;
        int r = sha256_init(&sha);

        if (r < 0)
                return r;
        r = sha256_begin(&sha);
        for (size_t i = 0; i < n && r == 0; i++) {
                StoreFile file = store_file(scase->store, keys[i].index);

                if (file.is_member == are_members)
                        r = put_line(&sha, &file);
        }
        if (r == 0)
                r = sha256_final(&sha, hash);
        if (r == 0)
                sha256_format(hash, ret);
        sha256_deinit(&sha);
        return r;
}

static void count_entries(SpoorCase *scase, uint32_t n, SpoorLedger *ret) {
        for (uint32_t i = 0; i < n; i++) {
                StoreFile file = store_file(scase->store, i);

                ret->n_files += !file.is_member;
                ret->n_members += file.is_member;
                ret->n_bytes += file.is_member ? 0 : file.size;
                ret->n_unread += !file.has_hash;
        }
}

/* Is the second of two sorted entries the same content as the first? What is empty is no copy. */
static bool is_copy(Store *store, const SortKey *x, const SortKey *y) {
        return x->a == y->a && x->b == y->b && compare_hashes(store, x, y) == 0 &&
               store_file(store, y->index).size > 0;
}

int spoor_case_ledger(SpoorCase *scase, SpoorLedger *ret, SpoorError *error) {
        uint32_t n_files = n_contents(scase);
        SortKey *keys = NULL;
        size_t n = 0;
        int r = engine_check_only(scase, NULL, error);

        if (r)
                return r;
        *ret = (SpoorLedger){0};
        count_entries(scase, n_files, ret);
        r = sort_entries(scase, n_files, compare_lines, &keys, &n);
        for (size_t i = 1; i < n && r == 0; i++)
                ret->n_copies += is_copy(scase->store, &keys[i - 1], &keys[i]);
        if (r == 0)
                r = hash_lines(scase, keys, n, false, ret->files_hash);
        if (r == 0)
                r = hash_lines(scase, keys, n, true, ret->members_hash);
        free(keys);
        if (r < 0)
                return engine_fail(error, r, "%s", strerror(-r));
        return engine_check_store(scase->store, SPOOR_E_CORRUPT, error);
}

int spoor_case_source(SpoorCase *scase, size_t i, SpoorSlice *ret_name, SpoorSlice *ret_path) {
        Slice name, path;

        if (i >= store_n_roots(scase->store))
                return 1;
        store_root(scase->store, (uint32_t)i, &name, &path);
        *ret_name = engine_slice(name);
        *ret_path = engine_slice(path);
        return 0;
}

/* ---- rows of files ---- */

typedef enum Column {
        COLUMN_FILE,
        COLUMN_SIZE,
        COLUMN_HASH,
        COLUMN_KIND,
        COLUMN_TIME,
        COLUMN_ACCOUNT,
        COLUMN_REGION,
        COLUMN_BYTES,
        COLUMN_RECORDS,
        COLUMN_EVENTS,
        COLUMN_DUPLICATES,
        COLUMN_REJECTED,
        COLUMN_DAMAGED,
        COLUMN_COPY_OF,
        COLUMN_NOTE,
        N_COLUMNS,
} Column;

static const char *const file_columns[N_COLUMNS] = {"file", "size", "sha256", "kind",
                "deliveryTime", "deliveryAccount", "deliveryRegion", "bytes", "records", "events",
                "duplicates", "rejected", "damaged", "copyOf", "note"};

typedef struct Tally {
        uint32_t n_events, n_rejected, n_damaged;
        uint32_t note_1;    /* 1 + the first note; 0: none */
        uint32_t copy_of_1; /* likewise a file */
} Tally;

typedef struct FileRows {
        SpoorRows rows;
        Tally *tallies;
        uint32_t n_files, at;
        bool are_duplicates;
        char hash[SHA256_HEX_SIZE + 1];
} FileRows;

const char *spoor_file_column(size_t i) {
        return i < N_COLUMNS ? file_columns[i] : NULL;
}

static const char *kind_name(StoreKind kind) {
        static const char *const names[STORE_KIND_LOG] = {[STORE_KIND_UNREAD] = "unread",
                        [STORE_KIND_OTHER] = "other",
                        [STORE_KIND_TAR] = "tar",
                        [STORE_KIND_ZIP] = "zip",
                        [STORE_KIND_7Z] = "7z"};

        return store_kind_is_log(kind)
                               ? event_container_name((EventContainer)(kind - STORE_KIND_LOG))
                               : names[kind];
}

static int find_copies(SpoorCase *scase, Tally *tallies, uint32_t n_files) {
        SortKey *keys = NULL;
        size_t n = 0, first = 0;
        int r = sort_entries(scase, n_files, compare_hashes, &keys, &n);

        for (size_t i = 1; i < n && r == 0; i++) {
                if (is_copy(scase->store, &keys[first], &keys[i]))
                        tallies[keys[i].index].copy_of_1 = keys[first].index + 1;
                else
                        first = i;
        }
        free(keys);
        return r;
}

static int tally(SpoorCase *scase, Tally *tallies, uint32_t n_files) {
        Store *store = scase->store;
        StoreCounts counts;

        store_counts(store, &counts);
        for (uint32_t i = 0; i < store_n_events(store); i++) {
                uint32_t file = store_source(store, i).file;

                if (file < n_files)
                        tallies[file].n_events++;
        }
        for (uint64_t i = 0; i < counts.n_damaged + counts.n_ignored; i++) {
                StoreNote note = store_note(store, i);

                if (note.file >= n_files)
                        continue;
                tallies[note.file].n_rejected += note.n_rejected;
                tallies[note.file].n_damaged += i < counts.n_damaged;
                if (!tallies[note.file].note_1)
                        tallies[note.file].note_1 = (uint32_t)i + 1;
        }
        return find_copies(scase, tallies, n_files);
}

static void fill_delivery(Slice name, SpoorCell *cells) {
        EventDelivery delivery;

        for (int c = COLUMN_TIME; c <= COLUMN_REGION; c++)
                cells[c] = (SpoorCell){.type = SPOOR_CELL_NULL};
        if (!event_delivery(name, &delivery))
                return;
        cells[COLUMN_TIME] = (SpoorCell){.type = SPOOR_CELL_TIME, .time = delivery.time};
        cells[COLUMN_ACCOUNT] = engine_text_cell(delivery.account);
        cells[COLUMN_REGION] = engine_text_cell(delivery.region);
}

static void fill_file(FileRows *f, const StoreFile *file, const Tally *tally) {
        Store *store = f->rows.scase->store;
        SpoorCell *cells = f->rows.cells;
        uint64_t n_records = file->n_records;

        sha256_format(file->hash, f->hash);
        cells[COLUMN_FILE] = engine_text_cell(file->name);
        cells[COLUMN_SIZE] = engine_count_cell(file->size);
        cells[COLUMN_HASH] = engine_text_cell(
                        file->has_hash ? slice(f->hash, SHA256_HEX_SIZE) : (Slice){NULL, 0});
        cells[COLUMN_KIND] = engine_text_cell(slice_cstr(kind_name(file->kind)));
        fill_delivery(file->name, cells);
        cells[COLUMN_BYTES] = engine_count_cell(file->n_bytes);
        cells[COLUMN_RECORDS] = engine_count_cell(n_records + tally->n_rejected);
        cells[COLUMN_EVENTS] = engine_count_cell(tally->n_events);
        cells[COLUMN_DUPLICATES] = engine_count_cell(
                        n_records > tally->n_events ? n_records - tally->n_events : 0);
        cells[COLUMN_REJECTED] = engine_count_cell(tally->n_rejected);
        cells[COLUMN_DAMAGED] = engine_count_cell(tally->n_damaged);
        cells[COLUMN_COPY_OF] = engine_text_cell(
                        tally->copy_of_1 ? store_file(store, tally->copy_of_1 - 1).name
                                         : (Slice){NULL, 0});
        cells[COLUMN_NOTE] =
                        engine_text_cell(tally->note_1 ? store_note(store, tally->note_1 - 1).reason
                                                       : (Slice){NULL, 0});
}

static int next_file(SpoorRows *rows, SpoorError *error) {
        FileRows *f = (FileRows *)rows;

        (void)error;
        while (f->at < f->n_files) {
                StoreFile file = store_file(rows->scase->store, f->at);
                const Tally *tally = &f->tallies[f->at++];

                if (f->are_duplicates && !tally->copy_of_1 && file.n_records <= tally->n_events)
                        continue;
                fill_file(f, &file, tally);
                return 0;
        }
        return SPOOR_END;
}

static void deinit_files(SpoorRows *rows) {
        free(((FileRows *)rows)->tallies);
}

static int open_files(
                SpoorCase *scase, bool are_duplicates, SpoorRows **ret_rows, SpoorError *error) {
        SpoorRows *rows;
        FileRows *f;
        int r = engine_rows_open(
                        scase, sizeof(FileRows), file_columns, N_COLUMNS, next_file, &rows, error);

        if (r)
                return r;
        rows->deinit = deinit_files;
        f = (FileRows *)rows;
        f->are_duplicates = are_duplicates;
        f->n_files = n_contents(scase);
        f->tallies = vec_alloc_zero(f->n_files, sizeof(*f->tallies));
        r = f->tallies ? tally(scase, f->tallies, f->n_files) : -ENOMEM;
        if (r < 0)
                engine_fail(error, r, "%s", strerror(-r));
        return engine_rows_finish(rows, r, ret_rows, error);
}

int spoor_files(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *error) {
        return open_files(scase, false, ret_rows, error);
}

int spoor_duplicate_files(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *error) {
        return open_files(scase, true, ret_rows, error);
}

/* ---- damage, conflicts ---- */

static const char *const damage_columns[] = {"file", "offset", "rejected", "reason"};
static const char *const conflict_columns[] = {
                "eventID", "keptFile", "keptRecord", "otherFile", "otherRecord"};

#define N_DAMAGE_COLUMNS (sizeof(damage_columns) / sizeof(damage_columns[0]))
#define N_CONFLICT_COLUMNS (sizeof(conflict_columns) / sizeof(conflict_columns[0]))

typedef struct PlaceRows {
        SpoorRows rows;
        uint64_t at;
        char id[STORE_ID_SIZE];
} PlaceRows;

const char *spoor_damage_column(size_t i) {
        return i < N_DAMAGE_COLUMNS ? damage_columns[i] : NULL;
}

const char *spoor_conflict_column(size_t i) {
        return i < N_CONFLICT_COLUMNS ? conflict_columns[i] : NULL;
}

static int next_damage(SpoorRows *rows, SpoorError *error) {
        PlaceRows *p = (PlaceRows *)rows;
        SpoorCell *cell = rows->cells;
        StoreCounts counts;
        StoreNote note;

        (void)error;
        store_counts(rows->scase->store, &counts);
        if (p->at >= counts.n_damaged)
                return SPOOR_END;
        note = store_note(rows->scase->store, p->at++);
        *cell++ = engine_text_cell(note.name);
        *cell++ = engine_count_cell(note.offset);
        *cell++ = engine_count_cell(note.n_rejected);
        *cell++ = engine_text_cell(note.reason);
        return 0;
}

static int next_conflict(SpoorRows *rows, SpoorError *error) {
        PlaceRows *p = (PlaceRows *)rows;
        Store *store = rows->scase->store;
        SpoorCell *cell = rows->cells;
        StoreConflict row;
        StoreSource kept;

        (void)error;
        if (p->at >= store_n_conflict_rows(store))
                return SPOOR_END;
        row = store_conflict_row(store, p->at++);
        kept = store_source(store, row.event);
        *cell++ = engine_text_cell(store_id_text(store, &kept, p->id));
        *cell++ = engine_text_cell(store_file(store, kept.file).name);
        *cell++ = engine_count_cell(kept.record);
        *cell++ = engine_text_cell(store_file(store, row.file).name);
        *cell++ = engine_count_cell(row.record);
        return 0;
}

int spoor_damage(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *error) {
        return engine_rows_open(scase, sizeof(PlaceRows), damage_columns, N_DAMAGE_COLUMNS,
                        next_damage, ret_rows, error);
}

int spoor_conflicts(SpoorCase *scase, SpoorRows **ret_rows, SpoorError *error) {
        return engine_rows_open(scase, sizeof(PlaceRows), conflict_columns, N_CONFLICT_COLUMNS,
                        next_conflict, ret_rows, error);
}
