/* libspoor by its public API alone, on a small lab of files. */
#include <errno.h>
#include <sys/stat.h>

#include "engine/test-lab.h"

static Lab lab;

static SpoorCase *open_one(const char *source) {
        return lab_open(NULL, &source, 1);
}

static SpoorCase *index_one(const char *source, const char *path) {
        SpoorCase *scase = NULL;
        SpoorError error = {""};

        if (spoor_case_index(NULL, &source, 1, path, &scase, &error) != 0)
                fail_msg("%s", error.message);
        return scase;
}

static SpoorInfo info_of(SpoorCase *scase) {
        SpoorInfo info, counts;

        assert_int_equal(spoor_case_info(scase, &info, NULL), 0);
        assert_int_equal(spoor_case_counts(scase, &counts), 0);
        assert_memory_equal(&info, &counts, sizeof(info));
        return info;
}

/* ---- one lab, many ways ---- */

/* Raw, indexed, opened again, with any number of threads: one answer. */
static void test_same_answer(void **state) {
        static const unsigned threads[] = {1, 2, 8};
        Text first = {0};

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(threads); i++) {
                SpoorOptions options = {.n_threads = threads[i]};
                const char *source = lab.evidence, *path = lab_path(&lab, "same.case");
                SpoorCase *scase;

                for (int way = 0; way < 3; way++) {
                        Text text = {0};

                        if (way == 1)
                                assert_int_equal(spoor_case_index(&options, &source, 1, path,
                                                                 &scase, NULL),
                                                0);
                        else
                                scase = lab_open(&options, way ? &path : &source, 1);
                        lab_tell(way + i ? &text : &first, scase);
                        if (way + i)
                                assert_string_equal(text.bytes.data, first.bytes.data);
                        text_deinit(&text);
                        spoor_case_free(scase);
                }
        }
        assert_non_null(strstr(
                        first.bytes.data, "16 events 0 duplicates 0 rejected 7 files 0 damaged"));
        assert_non_null(strstr(first.bytes.data, "requestParameters.bucketName=b-15 | "
                                                 "requestParameters.n.1=json {\"k\":15} | "
                                                 "requestParameters.t=yes | no.such=null"));
        text_deinit(&first);
}

/* Sources in any order, one by one, twice, and below each other. */
static void test_sources(void **state) {
        const char *parts[] = {lab_path(&lab, "evidence/some.zip"),
                        lab_path(&lab, "evidence/plain.json"), lab_path(&lab, "evidence/some.tar"),
                        lab_path(&lab, "evidence/packed.json.gz")};
        const char *both[] = {lab.evidence, lab.evidence, parts[1], parts[2]};
        SpoorCase *scase;

        (void)state;
        scase = lab_open(NULL, parts, 4);
        assert_int_equal(info_of(scase).n_events, LAB_N_RECORDS);
        assert_int_equal(info_of(scase).n_duplicates, 0);
        spoor_case_free(scase);
        scase = lab_open(NULL, both, 4);
        assert_int_equal(info_of(scase).n_events, LAB_N_RECORDS);
        assert_int_equal(info_of(scase).n_duplicates, 0);
        spoor_case_free(scase);
}

/* The order of rows is time's, whatever that of members and records. */
static void test_timeline(void **state) {
        static const char *const columns[] = {"eventID", "eventTime", "source.file",
                        "source.record", "requestParameters.n"};
        SpoorCase *scase = open_one(lab.evidence);
        const SpoorCell *cells;
        char id[LAB_ID_SIZE], n_text[32];
        SpoorRows *rows;

        (void)state;
        assert_int_equal(spoor_timeline(scase, NULL, columns, 5, &rows, NULL), 0);
        for (int n = 0; n < LAB_N_RECORDS; n++) {
                assert_int_equal(spoor_rows_next(rows, &cells, NULL), 0);
                lab_id(n, id);
                assert_int_equal(cells[0].type, SPOOR_CELL_TEXT);
                assert_int_equal(cells[0].text.size, strlen(id));
                assert_memory_equal(cells[0].text.data, id, strlen(id));
                assert_int_equal(cells[1].type, SPOOR_CELL_TIME);
                assert_int_equal(cells[3].type, SPOOR_CELL_COUNT);
                assert_int_equal(cells[4].type, SPOOR_CELL_JSON);
                snprintf(n_text, sizeof(n_text), "[1,{\"k\":%d}]", n);
                assert_memory_equal(cells[4].text.data, n_text, strlen(n_text));
        }
        assert_int_equal(spoor_rows_next(rows, &cells, NULL), SPOOR_END);
        assert_int_equal(spoor_rows_next(rows, &cells, NULL), SPOOR_END);
        spoor_rows_free(rows);
        assert_null(spoor_rows_free(NULL));
        spoor_case_free(scase);
}

static size_t count_rows(SpoorCase *scase, const SpoorSelection *selection) {
        static const char *const columns[] = {"eventID"};
        const SpoorCell *cells;
        SpoorRows *rows;
        size_t n = 0;

        assert_int_equal(spoor_timeline(scase, selection, columns, 1, &rows, NULL), 0);
        while (spoor_rows_next(rows, &cells, NULL) == 0)
                n++;
        spoor_rows_free(rows);
        return n;
}

static void test_selection(void **state) {
        SpoorCase *scase = open_one(lab.evidence);
        SpoorSelection *s;
        SpoorError error;

        (void)state;
        assert_int_equal(spoor_selection_new(&s), 0);
        assert_int_equal(count_rows(scase, s), LAB_N_RECORDS);
        assert_int_equal(spoor_selection_add(s, SPOOR_DIM_SERVICE, "s3", &error), 0);
        assert_int_equal(spoor_selection_add(s, SPOOR_DIM_IP, "10.0.0.0/31", &error), 0);
        assert_int_equal(count_rows(scase, s), 7);
        spoor_selection_set_read_only(s, true);
        assert_int_equal(count_rows(scase, s), 4);
        assert_int_equal(spoor_selection_set_from(s, "2026-01-08T00:00:05Z", &error), 0);
        assert_int_equal(spoor_selection_set_to(s, "2026-01-08T00:00:11Z", &error), 0);
        assert_int_equal(count_rows(scase, s), 1);
        assert_int_equal(spoor_selection_set_from(s, NULL, &error), 0);
        spoor_selection_free(s);

        assert_int_equal(spoor_selection_new(&s), 0);
        assert_int_equal(spoor_selection_set_last(s, "3s", &error), 0);
        assert_int_equal(count_rows(scase, s), 4);
        assert_int_equal(spoor_selection_add_id(s, "odd-*", &error), 0);
        assert_int_equal(count_rows(scase, s), 1);
        assert_int_equal(spoor_selection_add(s, SPOOR_DIM_KEY, "", &error), SPOOR_E_SYNTAX);
        assert_string_equal(error.message, "'' is empty");
        assert_int_equal(spoor_selection_add(s, SPOOR_DIM_IP, "10.0.0.0/99", NULL), SPOOR_E_SYNTAX);
        assert_int_equal(spoor_selection_add(s, SPOOR_DIM_OUTCOME, "bad", &error), SPOOR_E_SYNTAX);
        assert_int_equal(spoor_selection_set_last(s, "3", &error), SPOOR_E_SYNTAX);
        assert_int_equal(spoor_selection_set_from(s, "now", &error), SPOOR_E_SYNTAX);
        assert_int_equal(spoor_selection_add_id(s, "", &error), SPOOR_E_SYNTAX);
        spoor_selection_free(s);
        assert_null(spoor_selection_free(NULL));
        spoor_case_free(scase);
}

/* Expressions, by columns and by records, of a case that was opened for them alone too. */
static void test_where(void **state) {
        static const char *const columns[] = {"eventID"};
        static const struct {
                const char *text;
                size_t n;
        } asked[] = {{"event = GetObject and key != AKIA1", 4}, {"requestParameters.n.k > 13", 2},
                        {"requestParameters.bucketName ~ \"b-1?\" and not readOnly", 3},
                        {"requestParameters.n.k in (3, 4, 99)", 2}, {"key = null", 0},
                        {"not key exists or requestParameters.n[1].k = 7", 1},
                        {"not (requestParameters.t and user = u1)", LAB_N_RECORDS - 5}};
        const char *path = lab_path(&lab, "where.case"), *gone = lab_path(&lab, "where.gone");
        const char *file = lab_path(&lab, "where.json");
        const char *sources[] = {lab.evidence};
        SpoorError error = {""};
        SpoorSelection *s;
        SpoorCase *scase;
        SpoorRows *rows;
        Text text = {0};

        (void)state;
        for (size_t i = 0; i < N_ELEMENTS(asked); i++) {
                SpoorOptions options = {0};

                assert_int_equal(spoor_selection_new(&s), 0);
                assert_int_equal(spoor_selection_set_where(s, asked[i].text, &error), 0);
                scase = open_one(lab.evidence);
                assert_int_equal(count_rows(scase, s), asked[i].n);
                spoor_case_free(scase);
                options.only = s;
                scase = lab_open(&options, sources, 1);
                assert_int_equal(count_rows(scase, s), asked[i].n);
                spoor_case_free(scase);
                spoor_selection_free(s);
        }
        assert_int_equal(spoor_selection_new(&s), 0);
        assert_int_equal(spoor_selection_set_where(s, "user = \"\u00e4\" x", &error),
                        SPOOR_E_SYNTAX);
        assert_int_equal(error.at, 12); /* in bytes, and told in characters */
        assert_non_null(strstr(error.message, "character 12: "));
        assert_int_equal(spoor_selection_set_where(s, "requestParameters.n exists", &error), 0);
        lab_log(&text, 0, 3, 0);
        lab_write(file, text.bytes.data, text.bytes.size);
        spoor_case_free(index_one(file, path));
        assert_int_equal(rename(file, gone), 0);
        scase = open_one(path);
        assert_int_equal(spoor_timeline(scase, s, columns, 1, &rows, &error), SPOOR_E_EVIDENCE);
        assert_non_null(strstr(error.message, "where.json"));
        assert_int_equal(spoor_values(scase, s, &(SpoorDim){SPOOR_DIM_IP}, 1, SPOOR_ORDER_EVENTS,
                                         INT64_MIN, UINT64_MAX, &rows, &error),
                        SPOOR_E_EVIDENCE);
        assert_int_equal(spoor_lateral(scase, s, &(SpoorLateral){0}, &rows, &error),
                        SPOOR_E_EVIDENCE);
        assert_int_equal(rename(gone, file), 0);
        assert_int_equal(count_rows(scase, s), 3);
        spoor_case_free(scase);
        spoor_selection_free(s);
        text_deinit(&text);
}

/*
 * Opened for one selection, raw evidence has all that could change its answer: a record that is not
 * selected may still be the one that is kept of an eventID, or the newest.
 */
static void test_only(void **state) {
        static const char *const columns[] = {"eventID"};
        const char *sources[] = {lab_path(&lab, "only-a.json"), lab_path(&lab, "only-b.json")};
        SpoorOptions options = {0};
        Text first = {0}, second = {0};
        SpoorRecord record = {0};
        SpoorSelection *s, *other;
        char id[LAB_ID_SIZE];
        SpoorCase *scase;
        SpoorError error;
        SpoorRows *rows;
        SpoorLedger ledger;
        SpoorGaps gaps;
        SpoorInfo info;

        (void)state;
        lab_log(&first, 0, 3, 0);  /* userAgent a0 */
        lab_log(&second, 2, 5, 1); /* a1: another record 2 */
        lab_write(sources[0], first.bytes.data, first.bytes.size);
        lab_write(sources[1], second.bytes.data, second.bytes.size);
        assert_int_equal(spoor_selection_new(&s), 0);
        assert_int_equal(spoor_selection_new(&other), 0);
        assert_int_equal(spoor_selection_add(s, SPOOR_DIM_UA, "a1", &error), 0);
        options.only = s;
        scase = lab_open(&options, sources, 2);
        assert_int_equal(count_rows(scase, s), 2);
        assert_int_equal(spoor_case_counts(scase, &info), 0);
        assert_int_equal(info.n_events, 5);
        assert_int_equal(info.n_conflicts, 1);
        assert_int_equal(spoor_timeline(scase, other, columns, 1, &rows, &error), -EINVAL);
        assert_int_equal(spoor_timeline(scase, NULL, columns, 1, &rows, &error), -EINVAL);
        assert_int_equal(spoor_values(scase, other, &(SpoorDim){SPOOR_DIM_IP}, 1,
                                         SPOOR_ORDER_EVENTS, INT64_MIN, UINT64_MAX, &rows, &error),
                        -EINVAL);
        assert_int_equal(spoor_lateral(scase, s, &(SpoorLateral){0}, &rows, &error), -EINVAL);
        assert_int_equal(spoor_files(scase, &rows, &error), -EINVAL);
        assert_int_equal(spoor_gaps(scase, &rows, &error), -EINVAL);
        assert_int_equal(spoor_case_ledger(scase, &ledger, &error), -EINVAL);
        assert_int_equal(spoor_case_gaps(scase, s, &gaps, &error), 0);
        assert_null(gaps.kind);
        lab_id(0, id);
        assert_int_equal(spoor_show(scase, id, &record, &error), 0);
        spoor_record_clear(&record);
        spoor_case_free(scase);

        assert_int_equal(spoor_selection_set_last(s, "1s", &error), 0);
        scase = lab_open(&options, sources, 2);
        assert_int_equal(count_rows(scase, s), 2);
        spoor_case_free(scase);
        spoor_selection_free(s);

        assert_int_equal(spoor_selection_add(other, SPOOR_DIM_UA, "a0", &error), 0);
        assert_int_equal(spoor_selection_set_last(other, "2s", &error), 0);
        options.only = other;
        scase = lab_open(&options, sources, 2);
        assert_int_equal(count_rows(scase, other), 1);
        spoor_case_free(scase);
        spoor_selection_free(other);
        text_deinit(&first);
        text_deinit(&second);
}

static void test_values(void **state) {
        SpoorDim dims[SPOOR_MAX_BY + 1] = {SPOOR_DIM_USER};
        SpoorCase *scase = open_one(lab.evidence);
        const SpoorCell *cells;
        SpoorError error;
        SpoorRows *rows;

        (void)state;
        assert_int_equal(spoor_values(scase, NULL, dims, 1, SPOOR_ORDER_FIRST_TIME, INT64_MIN,
                                         UINT64_MAX, &rows, &error),
                        0);
        assert_int_equal(spoor_rows_n_columns(rows), 10);
        assert_string_equal(spoor_rows_column(rows, 0), "user");
        for (int n = 0; n < 3; n++) {
                assert_int_equal(spoor_rows_next(rows, &cells, &error), 0);
                assert_int_equal(cells[0].text.data[1], '0' + n);
                assert_int_equal(cells[7].count, n ? 5 : 6);
        }
        assert_int_equal(spoor_rows_next(rows, &cells, &error), SPOOR_END);
        spoor_rows_free(rows);
        assert_int_equal(spoor_values(scase, NULL, dims, 0, SPOOR_ORDER_EVENTS, 0, UINT64_MAX,
                                         &rows, &error),
                        -EINVAL);
        assert_int_equal(spoor_values(scase, NULL, dims, SPOOR_MAX_BY + 1, SPOOR_ORDER_EVENTS, 0,
                                         UINT64_MAX, &rows, NULL),
                        -EINVAL);
        spoor_case_free(scase);
}

/* ---- show ---- */

static int show(SpoorCase *scase, int n, SpoorRecord *record, SpoorError *error) {
        char id[LAB_ID_SIZE];

        lab_id(n, id);
        return spoor_show(scase, id, record, error);
}

static void test_show(void **state) {
        SpoorCase *scase = open_one(lab.evidence);
        SpoorRecord record;
        SpoorError error;
        char *pretty;

        (void)state;
        for (int n = 0; n < LAB_N_RECORDS; n++) {
                Text text = {0};

                lab_record(&text, n, 0);
                assert_int_equal(show(scase, n, &record, &error), 0);
                assert_int_equal(record.bytes.size, text.bytes.size);
                assert_memory_equal(record.bytes.data, text.bytes.data, text.bytes.size);
                assert_int_equal(spoor_json_pretty(record.bytes, &pretty), 0);
                assert_non_null(strstr(pretty, "\n  \"eventVersion\": \"1.08\",\n"));
                free(pretty);
                spoor_record_clear(&record);
                spoor_record_clear(&record);
                text_deinit(&text);
        }
        assert_int_equal(spoor_show(scase, "nothing", &record, &error), SPOOR_E_UNKNOWN);
        assert_int_equal(spoor_show(scase, "", &record, &error), SPOOR_E_UNKNOWN);
        spoor_case_free(scase);
}

/* Evidence that moved is found where it is said to be; none, or another, is told. */
static void test_moved(void **state) {
        const char *was = lab_path(&lab, "moving"), *is = lab_path(&lab, "moved"),
                   *path = lab_path(&lab, "m.case");
        SpoorCase *scase;
        SpoorRecord record;
        SpoorError error;

        (void)state;
        assert_int_equal(rename(lab.evidence, was), 0);
        spoor_case_free(index_one(was, path));
        assert_int_equal(rename(was, is), 0);
        scase = open_one(path);
        for (int n = 0; n < LAB_N_RECORDS; n += 5) {
                assert_int_equal(show(scase, n, &record, &error), SPOOR_E_EVIDENCE);
                assert_true(error.message[0]);
                spoor_record_clear(&record);
        }
        assert_int_equal(spoor_case_set_evidence(scase, lab_path(&lab, "nowhere")), 0);
        assert_int_equal(show(scase, 0, &record, NULL), SPOOR_E_EVIDENCE);
        assert_int_equal(spoor_case_set_evidence(scase, is), 0);
        for (int n = 0; n < LAB_N_RECORDS; n++) {
                assert_int_equal(show(scase, n, &record, &error), 0);
                spoor_record_clear(&record);
        }
        spoor_case_free(scase);
        assert_int_equal(rename(is, lab.evidence), 0);
}

/* A record that is another one now, of the same size: refused, with a path in a timeline too. */
static void test_changed(void **state) {
        static const char *const columns[] = {"requestParameters.t"};
        const char *file = lab_path(&lab, "changing.json"), *path = lab_path(&lab, "c.case");
        SpoorCase *scase;
        SpoorRecord record;
        const SpoorCell *cells;
        SpoorError error;
        SpoorRows *rows;
        Text text = {0};
        int r;

        (void)state;
        lab_log(&text, 0, 3, 0);
        lab_write(file, text.bytes.data, text.bytes.size);
        spoor_case_free(index_one(file, path));
        *strstr(text.bytes.data, "AKIA1") = 'B';
        lab_write(file, text.bytes.data, text.bytes.size);
        scase = open_one(path);
        assert_int_equal(show(scase, 0, &record, &error), 0); /* the others are what they were */
        spoor_record_clear(&record);
        assert_int_equal(show(scase, 1, &record, &error), SPOOR_E_EVIDENCE);
        assert_non_null(strstr(error.message, "changing.json"));
        assert_int_equal(spoor_timeline(scase, NULL, columns, 1, &rows, &error), 0);
        while ((r = spoor_rows_next(rows, &cells, &error)) == 0)
                ;
        assert_int_equal(r, SPOOR_E_EVIDENCE);
        spoor_rows_free(rows);
        lab_write(file, text.bytes.data, text.bytes.size / 2);
        assert_int_equal(show(scase, 0, &record, &error), SPOOR_E_EVIDENCE);
        lab_write(file, "", 0);
        assert_int_equal(show(scase, 2, &record, &error), SPOOR_E_EVIDENCE);
        assert_int_equal(unlink(file), 0);
        assert_int_equal(show(scase, 0, &record, &error), SPOOR_E_EVIDENCE);
        spoor_case_free(scase);
        text_deinit(&text);
}

/* ---- cases together ---- */

static void test_case_and_raw(void **state) {
        const char *plain = lab_path(&lab, "evidence/plain.json"),
                   *tar = lab_path(&lab, "evidence/some.tar");
        const char *a = lab_path(&lab, "a.case"), *b = lab_path(&lab, "b.case");
        const char *mixed[] = {a, lab_path(&lab, "evidence/packed.json.gz"),
                        lab_path(&lab, "evidence/some.zip"), b};
        const char *again[] = {a, lab.evidence};
        SpoorCase *scase;
        Text raw = {0}, text = {0};
        SpoorRecord record;

        (void)state;
        spoor_case_free(index_one(plain, a));
        spoor_case_free(index_one(tar, b));
        scase = open_one(lab.evidence);
        lab_tell(&raw, scase);
        spoor_case_free(scase);
        scase = lab_open(NULL, mixed, 4);
        lab_tell(&text, scase);
        assert_string_equal(raw.bytes.data, text.bytes.data);
        for (int n = 0; n < LAB_N_RECORDS; n++) {
                assert_int_equal(show(scase, n, &record, NULL), 0);
                spoor_record_clear(&record);
        }
        spoor_case_free(scase);
        /* evidence that stands in a case and is given again as it is */
        scase = lab_open(NULL, again, 2);
        assert_int_equal(info_of(scase).n_events, LAB_N_RECORDS);
        spoor_case_free(scase);
        text_deinit(&raw);
        text_deinit(&text);
}

/* Two cases that have files in common, and an event of one file in another. */
static void test_overlapping_cases(void **state) {
        const char *a = lab_path(&lab, "oa.case"), *b = lab_path(&lab, "ob.case"), *both[] = {a, b};
        const char *in_a[] = {lab_path(&lab, "evidence/plain.json"),
                        lab_path(&lab, "evidence/packed.json.gz")};
        const char *in_b[] = {in_a[1], lab_path(&lab, "copy.json")};
        SpoorCase *scase;
        SpoorInfo info;
        Text text = {0};

        (void)state;
        lab_log(&text, 2, 6, 0);
        lab_write(in_b[1], text.bytes.data, text.bytes.size);
        assert_int_equal(spoor_case_index(NULL, in_a, 2, a, &scase, NULL), 0);
        spoor_case_free(scase);
        assert_int_equal(spoor_case_index(NULL, in_b, 2, b, &scase, NULL), 0);
        assert_int_equal(info_of(scase).n_events, 6);
        spoor_case_free(scase);
        scase = lab_open(NULL, both, 2);
        info = info_of(scase);
        assert_int_equal(info.n_events, 8);
        assert_int_equal(info.n_conflicts, 0);
        assert_int_equal(info.n_files, 3);
        assert_int_equal(count_rows(scase, NULL), 8);
        spoor_case_free(scase);
        text_deinit(&text);
}

/* Records found are events, duplicates and rejected ones, of cases that overlap too. */
static void test_overlap_counts(void **state) {
        const char *a = lab_path(&lab, "ca.case"), *b = lab_path(&lab, "cb.case"), *both[] = {a, b};
        const char *files[] = {lab_path(&lab, "first.json"), lab_path(&lab, "second.json")};
        SpoorCase *scase;
        SpoorInfo info;
        Text text = {0};

        (void)state;
        lab_log(&text, 0, 4, 0);
        lab_write(files[0], text.bytes.data, text.bytes.size);
        lab_write(files[1], text.bytes.data, text.bytes.size);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(spoor_case_index(NULL, files, 2, both[i], &scase, NULL), 0);
                spoor_case_free(scase);
        }
        scase = lab_open(NULL, both, 2);
        info = info_of(scase);
        assert_int_equal(info.n_events, 4);
        assert_int_equal(info.n_duplicates, 4);
        spoor_case_free(scase);
        text_deinit(&text);
}

/* ---- damage, conflicts, refusals ---- */

static void test_damage_and_conflict(void **state) {
        const char *sources[] = {lab_path(&lab, "damaged")};
        SpoorConflict conflict;
        SpoorDiagnosis d;
        SpoorCase *scase;
        SpoorInfo info;
        Text text = {0};

        (void)state;
        assert_int_equal(mkdir(sources[0], 0700), 0);
        lab_log(&text, 0, 3, 0);
        lab_write(lab_path(&lab, "damaged/a.json"), text.bytes.data, text.bytes.size);
        lab_write(lab_path(&lab, "damaged/b.json"), text.bytes.data, text.bytes.size - 100);
        text.bytes.size = 0;
        lab_log(&text, 1, 2, 1); /* another text */
        lab_write(lab_path(&lab, "damaged/c.json"), text.bytes.data, text.bytes.size);
        lab_write(lab_path(&lab, "damaged/d.txt"), "notes", 5);
        lab_write(lab_path(&lab, "damaged/e.json"), "{\"Records\":[{}]}", 16);
        scase = lab_open(NULL, sources, 1);
        info = info_of(scase);
        assert_int_equal(info.n_events, 3);
        assert_int_equal(info.n_duplicates, 3);
        assert_int_equal(info.n_conflicts, 1);
        assert_int_equal(info.n_rejected, 2);
        assert_int_equal(info.n_damaged, 2);
        assert_int_equal(info.n_ignored, 1);
        assert_int_equal(spoor_case_damaged(scase, 0, &d), 0);
        assert_non_null(memmem(d.file.data, d.file.size, "b.json", 6));
        assert_int_equal(spoor_case_damaged(scase, 1, &d), 0);
        assert_non_null(memmem(d.file.data, d.file.size, "e.json", 6));
        assert_int_equal(spoor_case_ignored(scase, 0, &d), 0);
        assert_non_null(memmem(d.file.data, d.file.size, "d.txt", 5));
        assert_int_equal(spoor_case_conflict(scase, 0, &conflict), 0);
        assert_non_null(memmem(conflict.kept_file.data, conflict.kept_file.size, "a.json", 6));
        assert_non_null(memmem(conflict.other_file.data, conflict.other_file.size, "c.json", 6));
        assert_int_equal(conflict.kept_record, 1);
        assert_int_equal(conflict.other_record, 0);
        spoor_case_free(scase);
        text_deinit(&text);
}

static void test_refusals(void **state) {
        const char *missing = lab_path(&lab, "missing"), *bad = lab_path(&lab, "bad.case"),
                   *good = lab.evidence;
        SpoorCase *scase = NULL;
        SpoorError error = {""};
        char bytes[8192] = "\x89SPOOR\r\n";
        int64_t time;
        SpoorDim dim;

        (void)state;
        assert_int_equal(spoor_case_open(NULL, &missing, 1, &scase, &error), -ENOENT);
        assert_non_null(strstr(error.message, "missing"));
        assert_int_equal(spoor_case_open(NULL, NULL, 0, &scase, &error), -EINVAL);
        lab_write(bad, bytes, 12);
        assert_int_equal(spoor_case_open(NULL, &bad, 1, &scase, &error), SPOOR_E_CORRUPT);
        assert_non_null(strstr(error.message, "bad.case"));
        lab_write(bad, bytes, sizeof(bytes));
        assert_int_equal(spoor_case_open(NULL, &bad, 1, &scase, NULL), SPOOR_E_CORRUPT);
        assert_int_equal(spoor_case_index(NULL, &missing, 1, lab_path(&lab, "x.case"), &scase,
                                         &error),
                        -ENOENT);
        assert_int_equal(access(lab_path(&lab, "x.case"), F_OK), -1);
        assert_true(spoor_case_index(NULL, &good, 1, lab_path(&lab, "no/x.case"), &scase, &error) <
                        0);
        assert_null(scase);
        assert_null(spoor_case_free(NULL));
        assert_int_equal(spoor_time_parse("2026-01-08", &time), 0);
        assert_int_equal(spoor_time_parse("soon", &time), SPOOR_E_SYNTAX);
        for (int i = 0; i < SPOOR_N_DIMS; i++) {
                assert_int_equal(spoor_dim_parse(spoor_dim_name((SpoorDim)i), &dim), 0);
                assert_int_equal(dim, i);
        }
        assert_int_equal(spoor_dim_parse("colour", &dim), 1);
        assert_true(strlen(spoor_version()) > 0 && strstr(spoor_version_libraries(), "yajl"));
}

static void on_progress(void *userdata, const SpoorProgress *progress) {
        unsigned *n = userdata;

        assert_non_null(progress->phase);
        assert_true(progress->n_files <= progress->n_files_all || progress->n_files_all == 0);
        ++*n;
}

static void test_progress(void **state) {
        unsigned n = 0;
        SpoorOptions options = {.n_threads = 2, .progress = on_progress, .userdata = &n};
        const char *source = lab.evidence;
        SpoorCase *scase;

        (void)state;
        assert_int_equal(spoor_case_index(&options, &source, 1, lab_path(&lab, "p.case"), &scase,
                                         NULL),
                        0);
        assert_true(n >= 3);
        spoor_case_free(scase);
}

static int setup(void **state) {
        (void)state;
        lab_init(&lab);
        return 0;
}

static int teardown(void **state) {
        (void)state;
        lab_deinit(&lab);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_same_answer),
                        cmocka_unit_test(test_sources),
                        cmocka_unit_test(test_timeline),
                        cmocka_unit_test(test_selection),
                        cmocka_unit_test(test_where),
                        cmocka_unit_test(test_only),
                        cmocka_unit_test(test_values),
                        cmocka_unit_test(test_show),
                        cmocka_unit_test(test_moved),
                        cmocka_unit_test(test_changed),
                        cmocka_unit_test(test_case_and_raw),
                        cmocka_unit_test(test_overlapping_cases),
                        cmocka_unit_test(test_overlap_counts),
                        cmocka_unit_test(test_damage_and_conflict),
                        cmocka_unit_test(test_refusals),
                        cmocka_unit_test(test_progress),
        };

        return cmocka_run_group_tests_name("engine", tests, setup, teardown);
}
