/*
 * What is asked about. A prefix decides; then the form, where it can be nothing else ("arn:", a
 * block); then what the store holds under that text, in the order in which mistakes are least
 * likely: key, address, instance, name, session, principal; and the form again, where it holds
 * nothing. Every look-up is a search in an index. Threads: none of their own.
 */
#include "query/what.h"

#include <sys/socket.h>

#include "query/selection.h"

int what_parse(Slice text, What *ret) {
        static const struct {
                Slice prefix;
                WhatKind kind;
        } prefixes[] = {
                        {SLICE_INIT("key:"), WHAT_KEY},
                        {SLICE_INIT("ip:"), WHAT_IP},
                        {SLICE_INIT("user:"), WHAT_USER},
                        {SLICE_INIT("role:"), WHAT_ROLE},
                        {SLICE_INIT("principal:"), WHAT_PRINCIPAL},
                        {SLICE_INIT("session:"), WHAT_SESSION},
                        {SLICE_INIT("instance:"), WHAT_INSTANCE},
        };
        Selection *selection;
        int r = 0;

        *ret = (What){WHAT_ANY, text};
        for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
                if (slice_starts_with(text, prefixes[i].prefix))
                        *ret = (What){prefixes[i].kind,
                                        slice(text.data + prefixes[i].prefix.size,
                                                        text.size - prefixes[i].prefix.size)};
        }
        if (!ret->text.size)
                return WHAT_E_FORM;
        if (ret->kind == WHAT_ANY && slice_starts_with(ret->text, SLICE_LITERAL("arn:")))
                ret->kind = WHAT_ARN;
        if (ret->kind == WHAT_ANY && memchr(ret->text.data, '/', ret->text.size))
                ret->kind = WHAT_IP;
        if (ret->kind != WHAT_IP)
                return 0;
        r = selection_new(&selection);
        if (r < 0)
                return r;
        r = selection_add(selection, STORE_DIM_IP, ret->text);
        selection_free(selection);
        return r > 0 ? WHAT_E_FORM : r;
}

const char *what_kind_name(WhatKind kind) {
        static const char *const names[WHAT_N_KINDS] = {
                        [WHAT_ANY] = "",
                        [WHAT_KEY] = "key",
                        [WHAT_IP] = "ip",
                        [WHAT_NAME] = "name",
                        [WHAT_USER] = "user",
                        [WHAT_ROLE] = "role",
                        [WHAT_PRINCIPAL] = "principal",
                        [WHAT_SESSION] = "session",
                        [WHAT_INSTANCE] = "instance",
                        [WHAT_ARN] = "arn",
        };

        return names[kind];
}

/* ---- what is not said ---- */

static bool is_empty(StoreRange range) {
        return range.first >= range.end;
}

static bool is_one_of(Slice text, const char *characters) {
        for (size_t i = 0; i < text.size; i++) {
                if (!text.data[i] || !strchr(characters, text.data[i]))
                        return false;
        }
        return true;
}

/* What a text that the store does not know looks like. */
static WhatKind form_of(Slice text) {
        Address address;

        if (text.size >= 16 &&
                        (slice_starts_with(text, SLICE_LITERAL("AKIA")) ||
                                        slice_starts_with(text, SLICE_LITERAL("ASIA"))) &&
                        is_one_of(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
                return WHAT_KEY;
        if (address_parse(text, &address) == 0)
                return WHAT_IP;
        if (text.size >= 10 && slice_starts_with(text, SLICE_LITERAL("i-")) &&
                        is_one_of(slice(text.data + 2, text.size - 2), "0123456789abcdef"))
                return WHAT_INSTANCE;
        return WHAT_NAME;
}

void what_settle(Store *store, What *what) {
        uint32_t string = store_find_string(store, what->text);
        bool is_session = !is_empty(store_identities_by_session(store, what->text));

        if (what->kind != WHAT_ANY)
                return;
        if (!is_empty(store_identities_by(store, STORE_IDENTITIES_BY_KEY, string)) ||
                        !is_empty(store_grants_by(store, STORE_GRANTS_BY_KEY, string)))
                what->kind = WHAT_KEY;
        else if (!is_empty(store_uses_by_ip(store, string)))
                what->kind = WHAT_IP;
        else if (slice_starts_with(what->text, SLICE_LITERAL("i-")) &&
                        (is_session || !is_empty(store_grants_by(
                                                       store, STORE_GRANTS_BY_INSTANCE, string))))
                what->kind = WHAT_INSTANCE;
        else if (!is_empty(store_identities_by(store, STORE_IDENTITIES_BY_USER, string)) ||
                        !is_empty(store_identities_by(store, STORE_IDENTITIES_BY_ROLE, string)))
                what->kind = WHAT_NAME;
        else if (is_session)
                what->kind = WHAT_SESSION;
        else if (!is_empty(store_identities_by(store, STORE_IDENTITIES_BY_PRINCIPAL, string)) ||
                        !is_empty(store_identities_by(
                                        store, STORE_IDENTITIES_BY_PRINCIPAL_ID, string)))
                what->kind = WHAT_PRINCIPAL;
        else
                what->kind = form_of(what->text);
}

/* ---- what it names ---- */

int what_identities_by(
                Store *store, StoreIdentityIndex index, uint32_t string, Numbers *identities) {
        StoreRange range = store_identities_by(store, index, string);

        if (vec_reserve(identities, range.end - range.first) < 0)
                return -ENOMEM;
        for (uint32_t i = range.first; i < range.end; i++)
                identities->data[identities->size++] = store_identity_at(store, index, i);
        return 0;
}

static int by_session(Store *store, Slice name, Numbers *identities) {
        StoreRange range = store_identities_by_session(store, name);
        int r = 0;

        for (uint32_t i = range.first; i < range.end && r == 0; i++)
                r = numbers_push(identities,
                                store_identity_at(store, STORE_IDENTITIES_BY_SESSION, i));
        return r;
}

/*
 * Sessions whose issuer has that name. A federated user's issuer is a user, all others' a role:
 * KIND says whose are meant.
 */
static int by_issuer(Store *store, uint32_t string, WhatKind kind, Numbers *identities) {
        size_t n = identities->size;
        int r = what_identities_by(store, STORE_IDENTITIES_BY_ROLE, string, identities);

        for (size_t i = n; i < identities->size && r == 0; i++) {
                Slice type = store_string(
                                store, store_field(store, STORE_IDENTITY, identities->data[i],
                                                       EVENT_ID_TYPE));
                bool is_user = slice_equal(type, SLICE_LITERAL("FederatedUser"));

                if (kind == WHAT_NAME || is_user == (kind == WHAT_USER))
                        identities->data[n++] = identities->data[i];
        }
        if (r == 0)
                identities->size = n;
        return r;
}

static int collect(Store *store, const What *what, uint32_t string, Numbers *ret) {
        WhatKind kind = what->kind;
        int r = 0;

        if (kind == WHAT_KEY)
                return what_identities_by(store, STORE_IDENTITIES_BY_KEY, string, ret);
        if (kind == WHAT_INSTANCE || kind == WHAT_SESSION)
                r = by_session(store, what->text, ret);
        if (r == 0 && (kind == WHAT_NAME || kind == WHAT_USER))
                r = what_identities_by(store, STORE_IDENTITIES_BY_USER, string, ret);
        if (r == 0 && (kind == WHAT_NAME || kind == WHAT_USER || kind == WHAT_ROLE))
                r = by_issuer(store, string, kind, ret);
        if (r == 0 && (kind == WHAT_ROLE || kind == WHAT_USER || kind == WHAT_SESSION ||
                                      kind == WHAT_ARN))
                r = what_identities_by(store, STORE_IDENTITIES_BY_ARN, string, ret);
        if (r == 0 && (kind == WHAT_ROLE || kind == WHAT_PRINCIPAL || kind == WHAT_ARN))
                r = what_identities_by(store, STORE_IDENTITIES_BY_PRINCIPAL, string, ret);
        if (r == 0 && kind == WHAT_PRINCIPAL)
                r = what_identities_by(store, STORE_IDENTITIES_BY_PRINCIPAL_ID, string, ret);
        return r;
}

int what_identities(Store *store, const What *what, Numbers *ret) {
        int r = 0;

        ret->size = 0;
        if (what->kind != WHAT_IP)
                r = collect(store, what, store_find_string(store, what->text), ret);
        if (r == 0)
                numbers_sort(ret, true);
        return r;
}

int what_addresses(Store *store, const What *what, Numbers *ret) {
        uint32_t n = store_dim_size(store, STORE_DIM_IP);
        Selection *selection;
        int r = selection_new(&selection);

        ret->size = 0;
        if (r < 0)
                return r;
        r = selection_add(selection, STORE_DIM_IP, what->text);
        for (uint32_t v = 0; v < n && r == 0; v++) {
                uint32_t ip = store_dim_value(store, STORE_DIM_IP, v);

                if (pattern_match(&selection->dims[STORE_DIM_IP].data[0], store_string(store, ip)))
                        r = numbers_push(ret, ip);
        }
        selection_free(selection);
        return r > 0 ? -EINVAL : r; /* what_parse() has refused it */
}
