/*
 * Results of CloudTrail Lake against their sign files: the signature is one of all their SHA-256s.
 *
 * O(results log files), one thread.
 */
#include <errno.h>

#include "proof/private.h"

/* The SHA-256 of all results, as hex, with blanks between. */
static int judge_sign(Proof *proof, Sign *sign) {
        size_t size = sign->n_results * (SHA256_HEX_SIZE + 1);
        char *text = vec_alloc(size + 1, 1);
        int r;

        if (!text)
                return -ENOMEM;
        for (size_t i = 0; i < sign->n_results; i++) {
                char *at = text + i * (SHA256_HEX_SIZE + 1);

                sha256_format(proof->results.data[sign->first_result + i].hash, at);
                at[SHA256_HEX_SIZE] = ' ';
        }
        r = keys_check(&proof->keys, sign->fingerprint, slice(text, size ? size - 1 : 0),
                        sign->signature);
        free(text);
        if (r < 0)
                return r;
        sign->signature_state = (uint8_t)r;
        sign->verdict = r == SIGNATURE_SOUND   ? VERDICT_SOUND
                        : r == SIGNATURE_WRONG ? VERDICT_ALTERED
                                               : VERDICT_UNPROVEN;
        sign->reason = r == SIGNATURE_SOUND   ? WHY_SIGN_SOUND
                       : r == SIGNATURE_WRONG ? WHY_SIGN_WRONG
                                              : WHY_NO_KEY;
        return 0;
}

static void set_result(Proof *proof, Result *result, uint32_t file, bool is_home, bool is_equal) {
        File *found = &proof->files.data[file];
        bool is_packed = found->flags & FILE_PACKED;

        result->file = file;
        result->matched = is_home ? MATCHED_PATH : MATCHED_NAME;
        result->verdict = is_equal ? VERDICT_SOUND : is_packed ? VERDICT_ALTERED : VERDICT_UNPROVEN;
        result->reason = is_equal ? WHY_MATCHES : is_packed ? WHY_DIFFERS : WHY_RESULT_UNPACKED;
        if (found->flags & FILE_UNREAD) {
                result->verdict = VERDICT_MISSING;
                result->reason = WHY_UNREAD;
        }
        found->flags |= FILE_CLAIMED | (is_equal ? FILE_SOUND : 0U);
}

static Slice home_of(const Proof *proof, const Sign *sign) {
        return name_dir(file_name(&proof->files.data[sign->file]));
}

static bool is_at_home(const Proof *proof, const Sign *sign, uint32_t file) {
        return file != PROOF_NONE &&
               name_compare_dirs(name_dir(file_name(&proof->files.data[file])),
                               home_of(proof, sign)) == 0;
}

static void find_sound(Proof *proof, const Sign *sign, Result *result) {
        Matched matched;
        uint32_t file;

        result->verdict = VERDICT_MISSING;
        result->reason = WHY_ABSENT;
        if (!result->name.data)
                return;
        file = match_nearest(proof, &proof->all,
                        match_equal(proof, name_stem(result->name), result->hash),
                        home_of(proof, sign), &matched);
        if (file == PROOF_NONE)
                return;
        set_result(proof, result, file, is_at_home(proof, sign, file), true);
        if (sign->verdict != VERDICT_SOUND) {
                result->verdict = VERDICT_UNPROVEN;
                result->reason = sign->verdict == VERDICT_UNPROVEN ? WHY_DIGEST_UNPROVEN
                                                                   : WHY_DIGEST_UNSOUND;
        }
}

int signs_judge(Proof *proof) {
        int r = 0;

        for (size_t i = 0; i < proof->signs.size && r == 0; i++) {
                Sign *sign = &proof->signs.data[i];

                sign->signature_state = SIGNATURE_NOT_CHECKED;
                sign->verdict = VERDICT_UNPROVEN;
                sign->reason = WHY_SIGN_UNCHECKED;
                if (proof->has_keys && !sign->malformed.data)
                        r = judge_sign(proof, sign);
                if (sign->malformed.data && sign->verdict != VERDICT_ALTERED) {
                        sign->verdict = VERDICT_MALFORMED;
                        sign->reason = WHY_MALFORMED;
                }
                for (size_t k = 0; k < sign->n_results && r == 0; k++)
                        find_sound(proof, sign, &proof->results.data[sign->first_result + k]);
        }
        return r;
}

/* Every query has its result_1.csv.gz: one of another folder is its own only with its SHA-256. */
void results_judge(Proof *proof) {
        for (size_t i = 0; i < proof->results.size; i++) {
                Result *result = &proof->results.data[i];
                const Sign *sign = &proof->signs.data[result->sign];
                uint32_t file = PROOF_NONE;
                Matched matched;

                if (result->file != PROOF_NONE || !result->name.data)
                        continue;
                for (int is_unread = 0; is_unread < 2; is_unread++) {
                        if (is_at_home(proof, sign, file))
                                break;
                        file = match_nearest(proof, &proof->rest,
                                        match_rest(proof, name_stem(result->name), is_unread),
                                        home_of(proof, sign), &matched);
                }
                if (is_at_home(proof, sign, file))
                        set_result(proof, result, file, true, false);
        }
}
