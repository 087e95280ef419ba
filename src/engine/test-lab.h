/*
 * A small lab for the tests of libspoor: a folder with records in plain, gzip, tar and zip, each
 * record known by a number. Everything in the folder is removed at the end.
 */
#ifndef ENGINE_TEST_LAB_H
#define ENGINE_TEST_LAB_H

#include "base/test-help.h"

#include <spoor/spoor.h>

#include "base/vec.h"

typedef struct Text {
        VEC(char) bytes; /* NUL-ended */
} Text;

__attribute__((format(printf, 2, 3))) void text_addf(Text *text, const char *format, ...);
void text_deinit(Text *text);

#define LAB_PATH_SIZE 160
#define LAB_ID_SIZE 40

typedef struct Lab {
        char dir[TEST_DIR_SIZE];
        char evidence[LAB_PATH_SIZE]; /* a folder in it, with N_RECORDS in files of all kinds */
} Lab;

enum {
        LAB_N_RECORDS = 16, /* numbers from 0: their order in time */
};

void lab_init(Lab *lab);
void lab_deinit(Lab *lab);

/* NAME in the lab's folder; valid until the 8th call behind it. */
const char *lab_path(const Lab *lab, const char *name);

/* The text of record N; VARIANT 0 as it stands in the lab, others differ. */
void lab_record(Text *text, int n, int variant);
void lab_id(int n, char ret_id[static LAB_ID_SIZE]);
/* A log with records FIRST to END - 1. */
void lab_log(Text *text, int first, int end, int variant);

void lab_write(const char *path, const char *bytes, size_t size);
void lab_gzip(const char *path, const Text *content);

typedef struct LabMember {
        const char *name;
        int first, end; /* records */
} LabMember;

/* FORMAT: "ustar" or "zip". */
void lab_archive(const char *path, const char *format, const LabMember *members, size_t n);

/* Everything that rows say, a line each; the last line is what ended them. */
void lab_rows(Text *text, SpoorRows *rows);
/* All of a timeline, values of some dimensions, and the counts of a case. */
void lab_tell(Text *text, SpoorCase *scase);

SpoorCase *lab_open(const SpoorOptions *options, const char *const *sources, size_t n);

#endif
