/*
 * Evidence for the tests of io: a folder of its own for each test, packers, and a sink that keeps
 * what it is given. Everything handed out lives until the test ends; a descriptor left open fails
 * it.
 */
#ifndef IO_TEST_EVIDENCE_H
#define IO_TEST_EVIDENCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/io.h"

typedef struct Bytes {
        uint8_t *data;
        size_t n;
} Bytes;

typedef struct Leaf {
        const char *name;
        Bytes content;
        bool is_cut;
} Leaf;

typedef struct Fault {
        const char *name;
        uint64_t offset;
        const char *reason;
} Fault;

/* A file or member that was done with. */
typedef struct Done {
        const char *name, *archive;
        uint64_t size;
        bool has_hash;
        uint8_t hash[32];
} Done;

#define MAX_KEPT 4096

typedef struct Evidence {
        char dir[64];
        size_t n_fds;
        void **pool;
        size_t n_pool, cap_pool;
        uint64_t random;
        IoReader *reader;
        IoSink sink;
        /* how the sink reads */
        size_t read_size;
        size_t stop_after; /* bytes of a leaf; 0: none */
        int verdict;       /* returned by leaf */
        /* what it was given by the last visit or walk */
        Leaf leaves[MAX_KEPT];
        size_t n_leaves;
        Fault faults[MAX_KEPT];
        size_t n_faults;
        Done dones[MAX_KEPT];
        size_t n_dones;
        Bytes visited; /* by ev_visit() */
} Evidence;

/* With everything hashed, and the hash of what is visited checked; or with nothing. */
int evidence_setup(void **state);
int evidence_setup_unhashed(void **state);
int evidence_teardown(void **state);

void *ev_alloc(Evidence *ev, size_t size);
char *ev_format(Evidence *ev, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t ev_random(Evidence *ev, uint64_t below);

Bytes ev_bytes(Evidence *ev, const void *data, size_t n);
Bytes ev_literal(Evidence *ev, const char *text);
/* JSON of about N bytes that does not pack well. */
Bytes ev_text(Evidence *ev, size_t n);
Bytes ev_zeros(Evidence *ev, size_t n);
Bytes ev_join(Evidence *ev, Bytes a, Bytes b);
Bytes ev_head(Evidence *ev, Bytes a, size_t n);
/* The byte AT, from the end if negative, is changed. */
Bytes ev_spoil(Evidence *ev, Bytes a, ptrdiff_t at);
size_t ev_find(Bytes a, const void *pattern, size_t n);

Bytes ev_gzip(Evidence *ev, Bytes content);
/* ARCHIVE_FILTER_ */
Bytes ev_filter(Evidence *ev, Bytes content, int code);

typedef struct Member {
        const char *name;
        Bytes content;
        const char *link; /* a hard link to this name */
} Member;

/* FORMAT as archive_write_set_format_by_name() has it; OPTIONS may be NULL. */
Bytes ev_archive(Evidence *ev, const char *format, const char *options, const Member *members,
                size_t n);

/* Under the folder; returns the path. Folders on the way are made. */
const char *ev_write(Evidence *ev, const char *name, Bytes content);
/* Writes a file "f" and visits it under that name. */
int ev_visit(Evidence *ev, Bytes content);
void ev_reset(Evidence *ev);

/* The name was done with, and its bytes were those of CONTENT. */
void assert_done(const Evidence *ev, const char *name, Bytes content, const char *archive);
/* Likewise, but it could not be read whole. */
void assert_done_cut(const Evidence *ev, const char *name);

const Leaf *ev_leaf(const Evidence *ev, const char *name);
void assert_leaf(const Evidence *ev, const char *name, Bytes content);
void assert_counts(const Evidence *ev, size_t n_leaves, size_t n_faults);
/* The i-th fault has NAME and OFFSET and PART in its reason. */
void assert_fault(
                const Evidence *ev, size_t i, const char *name, uint64_t offset, const char *part);

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

#endif
