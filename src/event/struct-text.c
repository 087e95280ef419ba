/*
 * "{type=AssumedRole, principalid=..., sessioncontext={attributes={...}, ...}}": what Athena and
 * CloudTrail Lake print of a struct. Nothing is escaped in it, so it can be read only where the
 * members are known: a value ends at '}', or at ", " and the name of a member and '='.
 *
 * When it is not taken: a value with ", word=" of a word that is no member, a member that stands
 * twice, brackets that do not fit. As every member of a struct is printed, if only as null, a value
 * that forges one makes it stand twice. Stateless.
 */
#include "event/struct-text.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

#define MAX_FIELDS 32 /* of one struct, for the set of those met */

static const StructField attributes[] = {
                {.name = "creationDate", .is_time = true}, {.name = "mfaAuthenticated"}, {0}};
static const StructField issuer[] = {{.name = "type"}, {.name = "principalId"}, {.name = "arn"},
                {.name = "accountId"}, {.name = "userName"}, {0}};
static const StructField federation[] = {
                {.name = "federatedProvider"}, {.name = "attributes", .is_opaque = true}, {0}};
static const StructField session[] = {{.name = "attributes", .fields = attributes},
                {.name = "sessionIssuer", .fields = issuer},
                {.name = "webIdFederationData", .fields = federation}, {.name = "ec2RoleDelivery"},
                {.name = "sourceIdentity"}, {.name = "assumedRoot"}, {0}};
static const StructField behalf[] = {{.name = "userId"}, {.name = "identityStoreArn"}, {0}};
static const StructField scope[] = {{.name = "sourceArn"}, {.name = "sourceAccount"},
                {.name = "issuerType"}, {.name = "credentialsIssuedTo"}, {0}};

const StructField struct_identity[] = {{.name = "type"}, {.name = "principalId"}, {.name = "arn"},
                {.name = "accountId"}, {.name = "accessKeyId"}, {.name = "userName"},
                {.name = "invokedBy"}, {.name = "identityProvider"}, {.name = "credentialId"},
                {.name = "sessionContext", .fields = session},
                {.name = "onBehalfOf", .fields = behalf}, {.name = "inScopeOf", .fields = scope},
                {.name = "webIdFederationData", .fields = federation}, {0}};
const StructField struct_resource[] = {{.name = "ARN"}, {.name = "ARNPrefix"},
                {.name = "accountId"}, {.name = "type"}, {0}};
const StructField struct_tls[] = {{.name = "tlsVersion"}, {.name = "cipherSuite"},
                {.name = "clientProvidedHostHeader"}, {0}};

/* ---- JSON ---- */

int json_text_add(JsonText *to, Slice raw) {
        if (vec_reserve(to, raw.size) < 0)
                return -ENOMEM;
        if (raw.size)
                memcpy(to->data + to->size, raw.data, raw.size);
        to->size += raw.size;
        return 0;
}

int json_text_string(JsonText *to, Slice text) {
        char *at;

        if (text.size > (SIZE_MAX - 2) / 6 || vec_reserve(to, 6 * text.size + 2) < 0)
                return -ENOMEM;
        at = to->data + to->size;
        *at++ = '"';
        for (size_t i = 0; i < text.size; i++) {
                unsigned char c = (unsigned char)text.data[i];

                if (c == '"' || c == '\\')
                        *at++ = '\\';
                if (c < 0x20) {
                        memcpy(at, "\\u00", 4);
                        at[4] = (char)('0' + (c >> 4));
                        at[5] = "0123456789abcdef"[c & 15];
                        at += 6;
                } else {
                        *at++ = (char)c;
                }
        }
        *at++ = '"';
        to->size = (size_t)(at - to->data);
        return 0;
}

static bool is_digits(const char *at, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (at[i] < '0' || at[i] > '9')
                        return false;
        }
        return true;
}

Slice struct_text_time(Slice text, char buffer[static STRUCT_TIME_BYTES]) {
        size_t size = text.size;

        if (slice_ends_with(text, SLICE_LITERAL(" UTC")))
                size -= 4;
        if (size < 19 || size >= STRUCT_TIME_BYTES || text.data[10] != ' ' ||
                        !is_digits(text.data, 4) || !is_digits(text.data + 17, 2) ||
                        (size > 19 && (text.data[19] != '.' || size == 20 ||
                                                      !is_digits(text.data + 20, size - 20))))
                return text;
        memcpy(buffer, text.data, size);
        buffer[10] = 'T';
        buffer[size] = 'Z';
        return slice(buffer, size + 1);
}

int json_text_time(JsonText *to, Slice text) {
        char buffer[STRUCT_TIME_BYTES];

        return json_text_string(to, struct_text_time(text, buffer));
}

/* ---- structs ---- */

typedef struct Parser {
        const char *at, *end;
        JsonText *to;
} Parser;

static bool is_word(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
}

/* The word at AT with '=' behind it; empty for none. */
static Slice word_at(const char *at, const char *end) {
        const char *from = at;

        while (at < end && is_word(*at))
                at++;
        return at < end && *at == '=' ? slice(from, (size_t)(at - from)) : (Slice){NULL, 0};
}

static const StructField *find_field(const StructField *fields, Slice name) {
        for (; fields->name; fields++) {
                if (strlen(fields->name) == name.size &&
                                strncasecmp(fields->name, name.data, name.size) == 0)
                        return fields;
        }
        return NULL;
}

/* Behind the scalar at the parser. */
static const char *end_of_scalar(const Parser *p) {
        const char *at = p->at;

        while (at < p->end && *at != '}' &&
                        !(p->end - at > 2 && at[0] == ',' && at[1] == ' ' &&
                                        word_at(at + 2, p->end).size))
                at++;
        return at;
}

/* Behind brackets that balance, for members whose keys nobody knows. */
static const char *end_of_opaque(const Parser *p) {
        size_t depth = 0;

        for (const char *at = p->at; at < p->end; at++) {
                if (*at == '{')
                        depth++;
                else if (*at == '}' && --depth == 0)
                        return at + 1;
        }
        return NULL;
}

static int take_struct(Parser *p, const StructField *fields);

static int take_value(Parser *p, const StructField *field, bool *is_first) {
        const char *end = end_of_scalar(p);
        Slice text = slice(p->at, (size_t)(end - p->at));
        int r;

        if (field->is_opaque && *p->at == '{') {
                p->at = end_of_opaque(p);
                return p->at ? 0 : 1;
        }
        if (slice_equal(text, SLICE_LITERAL("null"))) {
                p->at = end;
                return 0;
        }
        r = *is_first ? 0 : json_text_add(p->to, SLICE_LITERAL(","));
        *is_first = false;
        if (r == 0)
                r = json_text_string(p->to, slice_cstr(field->name));
        if (r == 0)
                r = json_text_add(p->to, SLICE_LITERAL(":"));
        if (r < 0)
                return r;
        if (field->fields)
                return take_struct(p, field->fields);
        if (memchr(text.data, '{', text.size))
                return 1;
        p->at = end;
        return field->is_time ? json_text_time(p->to, text) : json_text_string(p->to, text);
}

/* The struct at the parser; afterwards that is behind it. */
static int take_struct(Parser *p, const StructField *fields) {
        bool is_first = true, is_met[MAX_FIELDS] = {false};
        int r;

        if (p->at >= p->end || *p->at != '{')
                return 1;
        p->at++;
        r = json_text_add(p->to, SLICE_LITERAL("{"));
        while (r == 0) {
                Slice name = word_at(p->at, p->end);
                const StructField *field = name.size ? find_field(fields, name) : NULL;

                if (!field || is_met[field - fields])
                        return 1;
                is_met[field - fields] = true;
                p->at += name.size + 1;
                if (p->at >= p->end)
                        return 1;
                r = take_value(p, field, &is_first);
                if (r)
                        return r;
                if (p->at < p->end && *p->at == '}') {
                        p->at++;
                        return json_text_add(p->to, SLICE_LITERAL("}"));
                }
                if (p->end - p->at < 2 || p->at[0] != ',' || p->at[1] != ' ')
                        return 1;
                p->at += 2;
        }
        return r;
}

static int take_array(Parser *p, const StructField *fields) {
        int r = json_text_add(p->to, SLICE_LITERAL("["));

        p->at++;
        while (r == 0) {
                r = take_struct(p, fields);
                if (r)
                        return r;
                if (p->end - p->at == 1 && *p->at == ']') {
                        p->at++;
                        return json_text_add(p->to, SLICE_LITERAL("]"));
                }
                if (p->end - p->at < 2 || p->at[0] != ',' || p->at[1] != ' ')
                        return 1;
                p->at += 2;
                r = json_text_add(p->to, SLICE_LITERAL(","));
        }
        return r;
}

int struct_text_read(const StructField *fields, bool is_array, Slice text, JsonText *to) {
        Parser p = {text.data, text.data + text.size, to};
        size_t size = to->size;
        int r = 1;

        if (text.size >= 2 && *text.data == (is_array ? '[' : '{'))
                r = is_array ? take_array(&p, fields) : take_struct(&p, fields);
        if (r == 0 && p.at != p.end)
                r = 1;
        if (r)
                to->size = size;
        return r;
}
