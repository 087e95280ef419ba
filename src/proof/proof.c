/* The order in which evidence is judged, and the life of what comes out. */
#include "proof/proof.h"

#include <errno.h>
#include <stdio.h>

#include "proof/private.h"

static int read_keys(Proof *proof, char reason[static 512]) {
        const ProofOptions *options = &proof->options;
        DigestParser *parser;
        int r;

        if (!options->keys_path)
                return 0;
        r = digest_parser_new(options->max_depth, options->max_digest_bytes, &parser);
        if (r)
                return r;
        r = keys_read(options->keys_path, parser, &proof->keys, reason);
        digest_parser_free(parser);
        proof->has_keys = true;
        return r;
}

static int judge(Proof *proof) {
        int r = 0;

        if (proof->results.size)
                r = gather_results(proof);
        if (r == 0)
                r = chains_judge(proof);
        if (r == 0)
                r = match_make_all(proof);
        if (r == 0)
                r = chains_find_missing(proof);
        if (r == 0)
                r = signs_judge(proof);
        if (r == 0)
                r = logs_find_sound(proof);
        index_deinit(&proof->all);
        if (r == 0)
                r = match_make_rest(proof, NULL);
        if (r)
                return r;
        results_judge(proof);
        r = logs_judge(proof);
        index_deinit(&proof->rest);
        if (r == 0)
                r = leftovers_judge(proof);
        return r ? r : rows_make(proof);
}

static int make(Proof *proof, const char *const *sources, size_t n_sources,
                char reason[static 512]) {
        int r;

        proof->findings = vec_alloc_zero(proof->n_workers, sizeof(*proof->findings));
        proof->arenas = vec_alloc_zero(proof->n_workers, sizeof(*proof->arenas));
        if (!proof->findings || !proof->arenas)
                return -ENOMEM;
        r = read_keys(proof, reason);
        if (r == 0)
                r = gather(proof, sources, n_sources, reason);
        if (r)
                return r;
        proof->counts.n_files = proof->files.size;
        proof->counts.n_damaged = proof->damages.size;
        proof->counts.n_digests = proof->digests.size + proof->signs.size;
        if (proof->counts.n_digests == 0) {
                snprintf(reason, 512, "no digest file and no sign file among %zu file%s",
                                proof->files.size, proof->files.size == 1 ? "" : "s");
                return PROOF_NO_DIGEST;
        }
        return judge(proof);
}

int proof_new(const ProofOptions *options, const char *const *sources, size_t n_sources,
                Proof **ret_proof, char reason[static 512]) {
        Proof *proof = vec_alloc_zero(1, sizeof(*proof));
        int r;

        reason[0] = 0;
        if (!proof)
                return -ENOMEM;
        proof->options = *options;
        proof->n_workers = options->n_threads;
        r = make(proof, sources, n_sources, reason);
        if (r) {
                proof_free(proof);
                return r;
        }
        *ret_proof = proof;
        return 0;
}

Proof *proof_free(Proof *proof) {
        if (!proof)
                return NULL;
        for (unsigned i = 0; i < proof->n_workers; i++) {
                if (proof->findings)
                        findings_deinit(&proof->findings[i]);
                if (proof->arenas)
                        arena_deinit(&proof->arenas[i]);
        }
        free(proof->findings);
        free(proof->arenas);
        arena_deinit(&proof->arena);
        keys_deinit(&proof->keys);
        io_file_list_free(proof->list);
        vec_deinit(&proof->files);
        vec_deinit(&proof->damages);
        vec_deinit(&proof->digests);
        vec_deinit(&proof->entries);
        vec_deinit(&proof->signs);
        vec_deinit(&proof->results);
        index_deinit(&proof->all);
        index_deinit(&proof->rest);
        vec_deinit(&proof->chains);
        free(proof->by_time);
        intern_deinit(&proof->chain_keys);
        vec_deinit(&proof->links);
        vec_deinit(&proof->losts);
        vec_deinit(&proof->gaps);
        vec_deinit(&proof->extras);
        vec_deinit(&proof->rows);
        free(proof);
        return NULL;
}

void proof_counts(const Proof *proof, ProofCounts *ret) {
        *ret = proof->counts;
}

ProofDamage proof_damage(const Proof *proof, uint64_t i) {
        const Damage *damage = &proof->damages.data[i];

        return (ProofDamage){damage->file, damage->offset, damage->reason};
}
