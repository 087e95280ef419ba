/* See test-lab.h. */
#include "engine/test-lab.h"

#include <archive.h>
#include <archive_entry.h>
#include <ftw.h>
#include <sys/stat.h>
#include <zlib.h>

void text_addf(Text *text, const char *format, ...) {
        va_list args;
        int n;

        va_start(args, format);
        n = vsnprintf(NULL, 0, format, args);
        va_end(args);
        assert_true(n >= 0);
        assert_int_equal(vec_reserve(&text->bytes, (size_t)n + 1), 0);
        va_start(args, format);
        vsnprintf(text->bytes.data + text->bytes.size, (size_t)n + 1, format, args);
        va_end(args);
        text->bytes.size += (size_t)n;
}

void text_deinit(Text *text) {
        vec_deinit(&text->bytes);
}

/* ---- records ---- */

void lab_id(int n, char ret_id[static LAB_ID_SIZE]) {
        if (n % 5 == 4)
                snprintf(ret_id, LAB_ID_SIZE, "odd-event-%d", n);
        else
                snprintf(ret_id, LAB_ID_SIZE, "%08x-1111-2222-3333-444455556666",
                                (unsigned)n * 0x10001U);
}

void lab_record(Text *text, int n, int variant) {
        char id[LAB_ID_SIZE];

        lab_id(n, id);
        text_addf(text,
                        "{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"IAMUser\","
                        "\"userName\":\"u%d\","
                        "\"arn\":\"arn:aws:iam::1:user/u%d\",\"accessKeyId\":\"AKIA%d\"}, "
                        "\"eventTime\":"
                        "\"2026-01-08T00:%02d:%02dZ\",\"eventSource\":\"s3.amazonaws.com\","
                        "\"eventName\":\"%s\","
                        "\"awsRegion\":\"us-east-1\",\"sourceIPAddress\":\"10.0.0.%d\","
                        "\"userAgent\":\"a%d\","
                        "%s\"requestParameters\":{\"bucketName\":\"b\\u002d%d\",\"n\":[1,{\"k\":%d}"
                        "],\"t\":true},"
                        "\"eventID\":\"%s\",\"readOnly\":%s}",
                        n % 3, n % 3, n % 4, n / 60, n % 60, n % 2 ? "GetObject" : "PutObject",
                        n % 5, variant, n % 6 == 5 ? "\"errorCode\":\"AccessDenied\"," : "", n, n,
                        id, n % 2 ? "true" : "false");
}

void lab_log(Text *text, int first, int end, int variant) {
        text_addf(text, "{\"Records\":[");
        for (int n = end - 1; n >= first; n--) { /* no order is promised */
                lab_record(text, n, variant);
                text_addf(text, "%s", n > first ? "," : "]}");
        }
}

/* ---- files ---- */

const char *lab_path(const Lab *lab, const char *name) {
        static char paths[8][LAB_PATH_SIZE];
        static unsigned next;
        char *path = paths[next++ % 8];

        snprintf(path, LAB_PATH_SIZE, "%s/%s", lab->dir, name);
        return path;
}

void lab_write(const char *path, const char *bytes, size_t size) {
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
}

void lab_gzip(const char *path, const Text *content) {
        gzFile file = gzopen(path, "wb");

        assert_non_null(file);
        assert_int_equal(gzwrite(file, content->bytes.data, (unsigned)content->bytes.size),
                        content->bytes.size);
        assert_int_equal(gzclose(file), Z_OK);
}

void lab_archive(const char *path, const char *format, const LabMember *members, size_t n) {
        struct archive *archive = archive_write_new();

        assert_non_null(archive);
        assert_int_equal(archive_write_set_format_by_name(archive, format), ARCHIVE_OK);
        assert_int_equal(archive_write_open_filename(archive, path), ARCHIVE_OK);
        for (size_t i = 0; i < n; i++) {
                struct archive_entry *entry = archive_entry_new();
                Text text = {0};

                lab_log(&text, members[i].first, members[i].end, 0);
                archive_entry_set_pathname(entry, members[i].name);
                archive_entry_set_filetype(entry, AE_IFREG);
                archive_entry_set_perm(entry, 0644);
                archive_entry_set_size(entry, (la_int64_t)text.bytes.size);
                assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
                assert_int_equal(archive_write_data(archive, text.bytes.data, text.bytes.size),
                                text.bytes.size);
                archive_entry_free(entry);
                text_deinit(&text);
        }
        assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
        archive_write_free(archive);
}

void lab_init(Lab *lab) {
        /* members in no order */
        static const LabMember tar[] = {{"z/1.json", 8, 9}, {"a.json", 9, 10}, {"m.json", 10, 12}};
        static const LabMember zip[] = {{"y.json", 12, 14}, {"b.json", 14, 16}};
        Text text = {0};

        test_dir_make(lab->dir);
        snprintf(lab->evidence, sizeof(lab->evidence), "%s/evidence", lab->dir);
        assert_int_equal(mkdir(lab->evidence, 0700), 0);
        lab_log(&text, 0, 4, 0);
        lab_write(lab_path(lab, "evidence/plain.json"), text.bytes.data, text.bytes.size);
        text.bytes.size = 0;
        lab_log(&text, 4, 8, 0);
        lab_gzip(lab_path(lab, "evidence/packed.json.gz"), &text);
        lab_archive(lab_path(lab, "evidence/some.tar"), "ustar", tar, N_ELEMENTS(tar));
        lab_archive(lab_path(lab, "evidence/some.zip"), "zip", zip, N_ELEMENTS(zip));
        text_deinit(&text);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
        (void)st, (void)flag, (void)ftw;
        return remove(path);
}

void lab_deinit(Lab *lab) {
        assert_int_equal(nftw(lab->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* ---- answers ---- */

static void tell_cell(Text *text, const SpoorCell *cell) {
        char time[40];

        switch (cell->type) {
        case SPOOR_CELL_NULL:
                text_addf(text, "null");
                break;
        case SPOOR_CELL_TEXT:
        case SPOOR_CELL_JSON:
                text_addf(text, "%s%.*s", cell->type == SPOOR_CELL_JSON ? "json " : "",
                                (int)cell->text.size, cell->text.data);
                break;
        case SPOOR_CELL_BOOL:
                text_addf(text, "%s", cell->boolean ? "yes" : "no");
                break;
        case SPOOR_CELL_COUNT:
                text_addf(text, "%llu", (unsigned long long)cell->count);
                break;
        case SPOOR_CELL_TIME:
                spoor_time_format(cell->time, time);
                text_addf(text, "%s", time);
                break;
        }
}

void lab_rows(Text *text, SpoorRows *rows) {
        const SpoorCell *cells;
        SpoorError error;
        int r;

        while ((r = spoor_rows_next(rows, &cells, &error)) == 0) {
                for (size_t i = 0; i < spoor_rows_n_columns(rows); i++) {
                        text_addf(text, "%s%s=", i ? " | " : "", spoor_rows_column(rows, i));
                        tell_cell(text, &cells[i]);
                }
                text_addf(text, "\n");
        }
        text_addf(text, "end %d\n", r);
}

void lab_tell(Text *text, SpoorCase *scase) {
        static const SpoorDim dims[] = {SPOOR_DIM_KEY, SPOOR_DIM_IP};
        const char *columns[64];
        SpoorInfo info;
        SpoorRows *rows;
        size_t n = 0;

        assert_int_equal(spoor_case_info(scase, &info, NULL), 0);
        text_addf(text,
                        "%llu events %llu duplicates %llu rejected %llu files %llu damaged %llu "
                        "bytes\n",
                        (unsigned long long)info.n_events, (unsigned long long)info.n_duplicates,
                        (unsigned long long)info.n_rejected, (unsigned long long)info.n_files,
                        (unsigned long long)info.n_damaged, (unsigned long long)info.n_bytes);
        for (const char *column; (column = spoor_timeline_column(n)); n++)
                columns[n] = column;
        columns[n++] = "requestParameters.bucketName";
        columns[n++] = "requestParameters.n.1";
        columns[n++] = "requestParameters.t";
        columns[n++] = "no.such";
        assert_int_equal(spoor_timeline(scase, NULL, columns, n, &rows, NULL), 0);
        lab_rows(text, rows);
        spoor_rows_free(rows);
        for (size_t k = 1; k <= 2; k++) {
                assert_int_equal(spoor_values(scase, NULL, dims, k, SPOOR_ORDER_EVENTS, INT64_MIN,
                                                 UINT64_MAX, &rows, NULL),
                                0);
                lab_rows(text, rows);
                spoor_rows_free(rows);
        }
}

SpoorCase *lab_open(const SpoorOptions *options, const char *const *sources, size_t n) {
        SpoorCase *scase = NULL;
        SpoorError error = {""};

        if (spoor_case_open(options, sources, n, &scase, &error) != 0)
                fail_msg("%s", error.message);
        return scase;
}
