/*
 * From the evidence to what is known of it: the name and SHA-256 of every content, the digests, the
 * sign files, and what is damaged.
 *
 *     io_walk    sources -> files, sorted by name
 *     worker     takes the next file; each content is hashed as it is unpacked, in pieces
 *     merge      what the workers found, in order of (file, content)
 *
 * Digests are told by their first bytes and only then kept whole, up to a limit; of any other
 * content nothing is kept but 56 bytes, and its name where that does not stand in the list of files
 * already. Workers share the number of the next file and two counters; nothing that is found
 * depends on how many there are.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/parallel.h"
#include "proof/private.h"

#define PIECE ((size_t)256 << 10)
#define HINT_AHEAD 8 /* files, for each worker, that a cold disk is told of */

typedef struct Worker Worker;

typedef struct Gather {
        Proof *proof;
        Worker *workers;
        const uint32_t *chosen; /* files of the list; NULL: all of them */
        size_t n_chosen;
        Index wanted; /* names of results, where those are what is read */
        Index places; /* and the files by place */
        atomic_size_t next;
        atomic_uint_fast64_t n_files, n_bytes;
} Gather;

struct Worker {
        Gather *gather;
        Findings *findings;
        Arena *arena;
        IoReader *io;
        DigestParser *parser;
        Sha256 sha;
        char *buffer;
        VEC(char) content; /* of what may be a digest */
        VEC(File) files;
        VEC(Damage) damages;
        const IoFile *file;
        uint32_t listed, n_leaves;
};

/* ---- one content ---- */

static int keep_name(Worker *w, Slice name, const char **ret_name) {
        Slice copy;
        int r;

        if (w->file && name.size == strlen(w->file->name)) {
                *ret_name = w->file->name;
                return 0;
        }
        r = arena_copy(w->arena, name, &copy);
        if (r == 0)
                *ret_name = copy.data;
        return r;
}

/* Bytes until there are WANT of them, or the end. */
static int fill(IoStream *stream, char *buffer, size_t want, size_t *ret_n) {
        size_t n = 1;
        int r = 0;

        *ret_n = 0;
        while (r == 0 && n > 0 && *ret_n < want) {
                r = io_stream_read(stream, buffer + *ret_n, PIECE - *ret_n, &n);
                if (r == 0)
                        *ret_n += n;
        }
        return r;
}

static int keep_content(Worker *w, size_t n) {
        uint64_t limit = w->gather->proof->options.max_digest_bytes;
        int r;

        if (w->content.size > limit)
                return 0; /* one byte beyond is enough to tell */
        if (n > limit + 1 - w->content.size)
                n = (size_t)(limit + 1 - w->content.size);
        r = vec_reserve(&w->content, n);
        if (r)
                return r;
        memcpy(w->content.data + w->content.size, w->buffer, n);
        w->content.size += n;
        return 0;
}

/* Hashes all of it, keeping it where it may be a digest. */
static int read_content(Worker *w, IoStream *stream, File *file, bool *ret_likely) {
        Slice head;
        size_t n;
        int r = sha256_begin(&w->sha);

        if (r == 0)
                r = fill(stream, w->buffer, DIGEST_HEAD, &n);
        if (r)
                return r;
        head = slice(w->buffer, n < DIGEST_HEAD ? n : DIGEST_HEAD);
        *ret_likely = digest_is_likely(head);
        file->flags |= digest_is_log(head) ? FILE_LOG : 0;
        w->content.size = 0;
        while (r == 0 && n > 0) {
                r = sha256_update(&w->sha, w->buffer, n);
                if (r == 0 && *ret_likely)
                        r = keep_content(w, n);
                atomic_fetch_add_explicit(&w->gather->n_bytes, n, memory_order_relaxed);
                if (r == 0)
                        r = io_stream_read(stream, w->buffer, PIECE, &n);
        }
        if (r == 0 && io_stream_is_cut(stream))
                file->flags |= FILE_DAMAGED;
        return r ? r : sha256_final(&w->sha, file->hash);
}

/* The file's number among this worker's goes into what was found. */
static int read_digest(Worker *w, File *file) {
        Findings *f = w->findings;
        size_t n_digests = f->digests.size;
        uint64_t limit = w->gather->proof->options.max_digest_bytes;
        int r = digest_parse(w->parser, slice(w->content.data, w->content.size), file->hash, f);
        char reason[120];

        if (r != DIGEST_FOUND)
                return r;
        file->flags = (file->flags & ~(uint32_t)FILE_LOG) | FILE_DIGEST;
        if (f->digests.size == n_digests) {
                f->signs.data[f->signs.size - 1].file = (uint32_t)w->files.size;
                return 0;
        }
        f->digests.data[n_digests].file = (uint32_t)w->files.size;
        if (w->content.size <= limit)
                return 0;
        snprintf(reason, sizeof(reason), "larger than %llu bytes (--max-record)",
                        (unsigned long long)limit);
        r = arena_copy(&f->arena, slice_cstr(reason), &f->digests.data[n_digests].malformed);
        return r;
}

static int on_leaf(void *userdata, Slice name, IoStream *stream) {
        Worker *w = userdata;
        File file = {.n_name = (uint32_t)name.size, .listed = w->listed, .leaf = w->n_leaves++};
        bool is_likely;
        int r = w->files.size < PROOF_NONE ? vec_reserve(&w->files, 1) : -EOVERFLOW;

        if (r == 0)
                r = keep_name(w, name, &file.name);
        if (r == 0)
                r = read_content(w, stream, &file, &is_likely);
        if (r == 0 && is_likely)
                r = read_digest(w, &file);
        if (r == 0)
                w->files.data[w->files.size++] = file;
        return r;
}

static int on_fault(void *userdata, Slice name, uint64_t offset, Slice reason) {
        Worker *w = userdata;
        Damage damage = {.offset = offset, .listed = w->listed};
        int r = vec_reserve(&w->damages, 1);

        if (r == 0)
                r = arena_copy(w->arena, name, &damage.file);
        if (r == 0)
                r = arena_copy(w->arena, reason, &damage.reason);
        if (r == 0)
                w->damages.data[w->damages.size++] = damage;
        return r;
}

/* ---- files by their place ---- */

static uint64_t hash_place(uint32_t listed, Slice name) {
        return hash_mix(listed, hash_slice(name));
}

static uint64_t hash_file(const void *ctx, size_t i) {
        const File *file = &((const Proof *)ctx)->files.data[i];

        return hash_place(file->listed, file_name(file));
}

/* NAME in or at file LISTED of the list; NULL where there is none. */
static File *find_file(const Proof *proof, const Index *places, uint32_t listed, Slice name) {
        size_t end, at = index_find(places, hash_place(listed, name), &end);

        for (; at < end; at++) {
                File *file = &proof->files.data[places->keys[at].index];

                if (file->listed == listed && slice_equal(file_name(file), name))
                        return file;
        }
        return NULL;
}

/* ---- results of Lake ---- */

static bool is_result(void *userdata, Slice name) {
        Worker *w = userdata;

        return index_has(&w->gather->wanted, hash_slice(name_base(name)));
}

/* Its SHA-256 as it stands takes the place of that of its content, which nothing is held against.
 */
static int on_result_leaf(void *userdata, Slice name, IoStream *stream) {
        Worker *w = userdata;
        File *file = find_file(w->gather->proof, &w->gather->places, w->listed, name);
        size_t n = 1;
        int r;

        if (!is_result(w, name) || !file)
                return 0;
        r = sha256_begin(&w->sha);
        while (r == 0 && n > 0) {
                r = io_stream_read(stream, w->buffer, PIECE, &n);
                if (r == 0)
                        r = sha256_update(&w->sha, w->buffer, n);
        }
        file->flags |= FILE_PACKED;
        return r ? r : sha256_final(&w->sha, file->hash);
}

/* What is damaged was told when all was read. */
static int pass_over(void *userdata, Slice name, uint64_t offset, Slice reason) {
        (void)userdata, (void)name, (void)offset, (void)reason;
        return 0;
}

/* ---- workers ---- */

static void tell(Gather *g) {
        const ProofOptions *options = &g->proof->options;
        ProofProgress progress = {atomic_load(&g->n_files), g->n_chosen, atomic_load(&g->n_bytes)};

        if (options->progress)
                options->progress(options->userdata, &progress);
}

static int read_files(Worker *w, const IoSink *sink) {
        Gather *g = w->gather;
        size_t ahead = HINT_AHEAD * (size_t)g->proof->n_workers;

        for (;;) {
                size_t i = atomic_fetch_add_explicit(&g->next, 1, memory_order_relaxed);
                int r;

                if (i >= g->n_chosen)
                        return 0;
                if (!g->chosen && g->n_chosen - i > ahead)
                        io_reader_hint(w->io, io_file_list_at(g->proof->list, i + ahead)->path);
                w->listed = g->chosen ? g->chosen[i] : (uint32_t)i;
                w->n_leaves = 0;
                w->file = io_file_list_at(g->proof->list, w->listed);
                r = io_reader_visit(w->io, w->file->path, slice_cstr(w->file->name), sink);
                if (r != 0)
                        return r;
                atomic_fetch_add_explicit(&g->n_files, 1, memory_order_relaxed);
                tell(g);
        }
}

static int work(void *ctx, size_t i) {
        Gather *g = ctx;
        const ProofOptions *options = &g->proof->options;
        IoLimits limits = {options->max_nesting};
        Worker *w = &g->workers[i];
        IoSink sink = {w, on_leaf, on_fault, NULL};
        int r;

        if (g->chosen)
                sink = (IoSink){w, on_result_leaf, pass_over, is_result};
        w->gather = g;
        w->findings = &g->proof->findings[i];
        w->arena = &g->proof->arenas[i];
        w->buffer = vec_alloc(PIECE, 1);
        r = w->buffer ? sha256_init(&w->sha) : -ENOMEM;
        if (r == 0)
                r = io_reader_new(&limits, &w->io);
        if (r == 0)
                r = digest_parser_new(options->max_depth, options->max_digest_bytes, &w->parser);
        if (r == 0)
                r = read_files(w, &sink);
        digest_parser_free(w->parser);
        io_reader_free(w->io);
        sha256_deinit(&w->sha);
        free(w->buffer);
        vec_deinit(&w->content);
        return r;
}

/* ---- merging ---- */

/* New numbers of the workers' files: NUMBERS[first of the worker + index]. */
static int merge_files(
                Proof *proof, Worker *workers, uint32_t *numbers, const size_t *firsts, size_t n) {
        SortKey *keys = vec_alloc(n, sizeof(*keys));
        size_t at = 0;
        int r = keys ? vec_reserve(&proof->files, n) : -ENOMEM;

        for (unsigned i = 0; i < proof->n_workers && r == 0; i++) {
                for (size_t k = 0; k < workers[i].files.size; k++) {
                        const File *file = &workers[i].files.data[k];

                        keys[at++] = (SortKey){file->listed, file->leaf, i, (uint32_t)k};
                }
        }
        if (r == 0)
                r = sort_keys(keys, n, &(SortOrder){0}, proof->n_workers);
        for (size_t i = 0; i < n && r == 0; i++) {
                numbers[firsts[keys[i].source] + keys[i].index] = (uint32_t)i;
                proof->files.data[proof->files.size++] =
                                workers[keys[i].source].files.data[keys[i].index];
        }
        free(keys);
        return r;
}

static int by_file(const void *a, const void *b) {
        const SortKey *x = a, *y = b;

        return x->a < y->a ? -1 : x->a > y->a;
}

/* Digests in order of their files, each with its entries behind those of the one before. */
static int merge_digests(Proof *proof, const uint32_t *numbers, const size_t *firsts) {
        size_t n = 0, n_entries = 0, at = 0;
        SortKey *keys;
        int r;

        for (unsigned i = 0; i < proof->n_workers; i++) {
                n += proof->findings[i].digests.size;
                n_entries += proof->findings[i].entries.size;
        }
        keys = vec_alloc(n, sizeof(*keys));
        r = keys ? vec_reserve(&proof->digests, n) : -ENOMEM;
        if (r == 0)
                r = n_entries < PROOF_NONE ? vec_reserve(&proof->entries, n_entries) : -EOVERFLOW;
        for (unsigned i = 0; i < proof->n_workers && r == 0; i++) {
                const Findings *f = &proof->findings[i];

                for (size_t k = 0; k < f->digests.size; k++)
                        keys[at++] = (SortKey){numbers[firsts[i] + f->digests.data[k].file], 0, i,
                                        (uint32_t)k};
        }
        if (r == 0)
                qsort(keys, n, sizeof(*keys), by_file);
        for (size_t i = 0; i < n && r == 0; i++) {
                const Findings *f = &proof->findings[keys[i].source];
                Digest d = f->digests.data[keys[i].index];
                size_t first = d.first_entry;

                d.file = (uint32_t)keys[i].a;
                d.first_entry = proof->entries.size;
                for (size_t k = 0; k < d.n_entries; k++) {
                        Entry entry = f->entries.data[first + k];

                        entry.digest = (uint32_t)proof->digests.size;
                        proof->entries.data[proof->entries.size++] = entry;
                }
                proof->digests.data[proof->digests.size++] = d;
        }
        free(keys);
        for (unsigned i = 0; i < proof->n_workers; i++) {
                vec_deinit(&proof->findings[i].digests);
                vec_deinit(&proof->findings[i].entries);
        }
        return r;
}

static int compare_signs(const void *a, const void *b) {
        const Sign *x = a, *y = b;

        return x->file < y->file ? -1 : x->file > y->file;
}

static int merge_signs(Proof *proof, const uint32_t *numbers, const size_t *firsts) {
        size_t n_results = 0, n = 0;
        int r;

        for (unsigned i = 0; i < proof->n_workers; i++) {
                Findings *f = &proof->findings[i];

                n += f->signs.size;
                n_results += f->results.size;
                for (size_t k = 0; k < f->signs.size; k++)
                        f->signs.data[k].file = numbers[firsts[i] + f->signs.data[k].file];
        }
        r = vec_reserve(&proof->signs, n);
        if (r == 0)
                r = vec_reserve(&proof->results, n_results);
        for (unsigned i = 0; i < proof->n_workers && r == 0; i++) {
                Findings *f = &proof->findings[i];

                for (size_t k = 0; k < f->signs.size; k++) {
                        Sign sign = f->signs.data[k];

                        memcpy(proof->results.data + proof->results.size,
                                        f->results.data + sign.first_result,
                                        sign.n_results * sizeof(Result));
                        sign.first_result = proof->results.size;
                        proof->results.size += sign.n_results;
                        proof->signs.data[proof->signs.size++] = sign;
                }
        }
        if (r == 0 && n)
                qsort(proof->signs.data, n, sizeof(Sign), compare_signs);
        for (size_t i = 0; i < n && r == 0; i++) {
                const Sign *sign = &proof->signs.data[i];

                for (size_t k = 0; k < sign->n_results; k++)
                        proof->results.data[sign->first_result + k].sign = (uint32_t)i;
        }
        return r;
}

static int compare_damages(const void *a, const void *b) {
        const Damage *x = a, *y = b;
        int r = slice_compare(x->file, y->file);

        if (r == 0)
                r = (x->offset > y->offset) - (x->offset < y->offset);
        return r ? r : slice_compare(x->reason, y->reason);
}

static int merge_damages(Proof *proof, Worker *workers) {
        size_t n = proof->damages.size;
        int r = 0;

        for (unsigned i = 0; i < proof->n_workers && r == 0; i++) {
                r = vec_reserve(&proof->damages, workers[i].damages.size);
                for (size_t k = 0; k < workers[i].damages.size && r == 0; k++)
                        proof->damages.data[proof->damages.size++] = workers[i].damages.data[k];
        }
        if (r == 0 && proof->damages.size > n)
                qsort(proof->damages.data, proof->damages.size, sizeof(Damage), compare_damages);
        return r;
}

/*
 * Damage is tied to the file that has it. One of which nothing could be read is known by its name
 * alone: there is a file, but no hash.
 */
static int mark_damaged(Proof *proof) {
        Index places = {0};
        int r = 0;

        if (proof->damages.size)
                r = index_new(&places, proof->files.size, hash_file, proof, proof->n_workers);

        for (size_t i = 0; i < proof->damages.size && r == 0; i++) {
                const Damage *damage = &proof->damages.data[i];
                File *file = find_file(proof, &places, damage->listed, damage->file);

                if (file) {
                        file->flags |= FILE_DAMAGED;
                        continue;
                }
                r = vec_reserve(&proof->files, 1);
                if (r == 0)
                        proof->files.data[proof->files.size++] = (File){
                                        .name = damage->file.data,
                                        .n_name = (uint32_t)damage->file.size,
                                        .flags = FILE_DAMAGED | FILE_UNREAD,
                                        .listed = PROOF_NONE,
                                        .leaf = (uint32_t)i,
                        };
        }
        index_deinit(&places);
        return r;
}

static int merge(Proof *proof, Worker *workers) {
        size_t *firsts = vec_alloc(proof->n_workers, sizeof(*firsts));
        uint32_t *numbers = NULL;
        size_t n = 0;
        int r = firsts ? 0 : -ENOMEM;

        for (unsigned i = 0; i < proof->n_workers && r == 0; i++) {
                firsts[i] = n;
                n += workers[i].files.size;
        }
        if (r == 0 && n >= PROOF_NONE)
                r = -EOVERFLOW;
        if (r == 0)
                numbers = vec_alloc(n, sizeof(*numbers));
        if (r == 0)
                r = numbers ? merge_files(proof, workers, numbers, firsts, n) : -ENOMEM;
        if (r == 0)
                r = merge_digests(proof, numbers, firsts);
        if (r == 0)
                r = merge_signs(proof, numbers, firsts);
        if (r == 0)
                r = merge_damages(proof, workers);
        if (r == 0)
                r = mark_damaged(proof);
        free(numbers);
        free(firsts);
        return r;
}

/* ---- the whole ---- */

static int run(Gather *g) {
        Proof *proof = g->proof;
        int r;

        g->workers = vec_alloc_zero(proof->n_workers, sizeof(*g->workers));
        if (!g->workers)
                return -ENOMEM;
        r = parallel_run(proof->n_workers, proof->n_workers, work, g);
        if (r == 0 && !g->chosen)
                r = merge(proof, g->workers);
        for (unsigned i = 0; i < proof->n_workers; i++) {
                vec_deinit(&g->workers[i].files);
                vec_deinit(&g->workers[i].damages);
        }
        free(g->workers);
        return r;
}

/* What the walk cannot reach is damage like any other. */
static int on_walk_fault(void *userdata, Slice name, uint64_t offset, Slice reason) {
        Proof *proof = userdata;
        Damage damage = {.offset = offset, .listed = PROOF_NONE};
        int r = vec_reserve(&proof->damages, 1);

        if (r == 0)
                r = arena_copy(&proof->arena, name, &damage.file);
        if (r == 0)
                r = arena_copy(&proof->arena, reason, &damage.reason);
        if (r == 0)
                proof->damages.data[proof->damages.size++] = damage;
        return r;
}

int gather(Proof *proof, const char *const *sources, size_t n_sources, char reason[static 512]) {
        IoSink sink = {proof, NULL, on_walk_fault, NULL};
        Gather g = {.proof = proof};
        size_t bad = n_sources;
        int r = io_walk(sources, n_sources, &sink, &proof->list, &bad);

        if (r < 0) {
                snprintf(reason, 512, "%s: %s", bad < n_sources ? sources[bad] : "the sources",
                                strerror(-r));
                return r;
        }
        if (io_file_list_size(proof->list) >= PROOF_NONE)
                return -EOVERFLOW;
        g.n_chosen = io_file_list_size(proof->list);
        r = run(&g);
        proof->counts.n_bytes = atomic_load(&g.n_bytes);
        return r;
}

static uint64_t hash_result(const void *ctx, size_t i) {
        const Proof *proof = ctx;

        return hash_slice(proof->results.data[i].name);
}

int gather_results(Proof *proof) {
        Gather g = {.proof = proof};
        uint32_t *chosen = NULL, last = PROOF_NONE;
        size_t n = 0;
        int r = index_new(&g.wanted, proof->results.size, hash_result, proof, 1);

        if (r == 0)
                r = index_new(&g.places, proof->files.size, hash_file, proof, proof->n_workers);
        if (r == 0)
                chosen = vec_alloc(proof->files.size, sizeof(*chosen));
        if (r == 0 && !chosen)
                r = -ENOMEM;
        for (size_t i = 0; i < proof->files.size && r == 0; i++) {
                const File *file = &proof->files.data[i];

                if (file->flags & FILE_UNREAD || file->listed == last ||
                                !index_has(&g.wanted, hash_slice(name_base(file_name(file)))))
                        continue;
                if (strcmp(io_file_list_at(proof->list, file->listed)->path, "-") == 0)
                        continue; /* cannot be read twice */
                chosen[n++] = last = file->listed;
        }
        g.chosen = chosen;
        g.n_chosen = n;
        if (r == 0 && n)
                r = run(&g);
        index_deinit(&g.wanted);
        index_deinit(&g.places);
        free(chosen);
        return r;
}
