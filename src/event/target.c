/*
 * What a record acts on: the catalogue tells where its names stand (catalogue.def), and what is
 * found there becomes targets. The words of a line are read when a reader meets the first record of
 * its call, and kept.
 *
 * Names and owners are two lists. Target i has name i and owner i, or the last of the shorter list:
 * so one owner holds for all names, and one name is shared with all owners, and a record has no
 * more targets than it has texts for them.
 *
 * Texts stand in the record, or in `texts`, which has room for all of the record's from the
 * beginning, so that it never moves.
 */
#include "event/target.h"

#include <string.h>

#include "base/hash.h"

#define ABSENT ((Slice){NULL, 0})

typedef struct Targets {
        TargetReader *reader;
        const EventParts *parts;
        const Event *event;
        int error;
} Targets;

/* ---- texts ---- */

static void add(Targets *t, TargetTexts *to, Slice text) {
        if (!text.size)
                return;
        if (vec_reserve(to, 1) < 0)
                t->error = -ENOMEM;
        else
                to->data[to->size++] = text;
}

/* What stands behind the first ':' or '/' of an ARN's resource, up to the next; other texts whole.
 */
static Slice short_name(Slice text) {
        size_t at = 0, from, to;

        if (!slice_starts_with(text, SLICE_LITERAL("arn:")))
                return text;
        for (unsigned n = 0; at < text.size && n < 5; at++)
                n += text.data[at] == ':';
        for (from = at; from < text.size && text.data[from] != ':' && text.data[from] != '/';
                        from++)
                ;
        from = from < text.size ? from + 1 : at;
        for (to = from; to < text.size && text.data[to] != ':' && text.data[to] != '/'; to++)
                ;
        return slice(text.data + from, to - from);
}

/* ---- paths ---- */

/* Takes WORD off the beginning of *TEXT, if it is there. */
static bool take(Slice *text, const char *word) {
        Slice w = slice_cstr(word);

        if (!slice_starts_with(*text, w))
                return false;
        *text = slice(text->data + w.size, text->size - w.size);
        return true;
}

static void add_value(Targets *t, TargetTexts *to, JsonValue value, bool is_short) {
        Slice text = part_text(&t->reader->texts, value);

        add(t, to, is_short ? short_name(text) : text);
}

/* Values of OBJECT under each of NAMES, which have '|' between. */
static void add_each(Targets *t, TargetTexts *to, Slice object, Slice names, bool is_short) {
        while (names.size) {
                const char *bar = memchr(names.data, '|', names.size);
                size_t size = bar ? (size_t)(bar - names.data) : names.size;

                add_value(t, to, part_find(t->parts, object, slice(names.data, size)), is_short);
                size += bar != NULL;
                names = slice(names.data + size, names.size - size);
        }
}

/* Values at PATH, relative to VALUE; "[]" in it are elements. */
static void add_values(Targets *t, TargetTexts *to, JsonValue value, Slice path, bool is_short) {
        const char *list = path.size ? memchr(path.data, '[', path.size) : NULL;
        size_t size = list ? (size_t)(list - path.data) : path.size, at = 0;
        JsonValue element;
        Slice rest;

        if (size) {
                if (value.type != JSON_OBJECT)
                        return;
                if (!list) {
                        add_each(t, to, value.text, path, is_short);
                        return;
                }
                value = part_find(t->parts, value.text, slice(path.data, size));
        }
        if (!list) {
                add_value(t, to, value, is_short);
                return;
        }
        rest = slice(list + 2, path.size - size - 2);
        take(&rest, ".");
        while (part_next(value, &at, &element) && !t->error)
                add_values(t, to, element, rest, is_short);
}

static JsonValue object(Slice text) {
        return (JsonValue){text.size ? JSON_OBJECT : JSON_ABSENT, text};
}

/* From the first element of ARRAY on, for json_find(), which ends where that object does. */
static Slice first_of(Slice array) {
        size_t at = 1;

        while (at < array.size && part_is_space(array.data[at]))
                at++;
        return at < array.size && array.data[at] == '{' ? slice(array.data + at, array.size - at)
                                                        : ABSENT;
}

static void add_path(Targets *t, TargetTexts *to, const TargetPath *path) {
        const EventParts *parts = t->parts;

        switch (path->part) {
        case TARGET_REQUEST:
                add_values(t, to, object(parts->request), path->path, path->is_short);
                break;
        case TARGET_RESPONSE:
                add_values(t, to, object(parts->response), path->path, path->is_short);
                break;
        case TARGET_ADDITIONAL:
                add_values(t, to, object(parts->additional), path->path, path->is_short);
                break;
        case TARGET_RESOURCE:
                add_value(t, to, part_find(parts, first_of(parts->resources), SLICE_LITERAL("ARN")),
                                path->is_short);
                break;
        case TARGET_CALLER:
                add(t, to, t->event->identity[EVENT_ID_USER_NAME]);
        }
}

/* The first text at PATH. */
static Slice text_at(Targets *t, const TargetPath *path) {
        TargetTexts *found = &t->reader->found;

        found->size = 0;
        add_path(t, found, path);
        return found->size ? found->data[0] : ABSENT;
}

/* A count in digits in additionalEventData; 0 for anything else. */
static uint64_t count_at(Targets *t, Slice name) {
        TargetPath path = {TARGET_ADDITIONAL, false, name};
        Slice text = text_at(t, &path);
        uint64_t n = 0;

        for (size_t i = 0; i < text.size; i++) {
                if (text.data[i] < '0' || text.data[i] > '9' || __builtin_mul_overflow(n, 10, &n) ||
                                __builtin_add_overflow(n, (uint64_t)(text.data[i] - '0'), &n))
                        return 0;
        }
        return n;
}

/* ---- rules of security groups ---- */

#define RULE_WORD 16U  /* bytes of a protocol or a port, and more than either has */
#define RULE_PEER 256U /* of an address or the name of a group, likewise */

typedef struct Rule {
        JsonValue value;
        Slice protocol, from, to;
} Rule;

/* Under NAME, or ALIAS. */
static Slice rule_word(Targets *t, JsonValue rule, const char *name, const char *alias) {
        Slice text = ABSENT;

        if (rule.type == JSON_OBJECT)
                text = part_text(&t->reader->texts,
                                part_find(t->parts, rule.text, slice_cstr(name)));
        if (rule.type == JSON_OBJECT && !text.size)
                text = part_text(&t->reader->texts,
                                part_find(t->parts, rule.text, slice_cstr(alias)));

        return text.size > RULE_WORD || slice_equal(text, SLICE_LITERAL("-1")) ? ABSENT : text;
}

static void put(EventTexts *to, Slice text) {
        if (text.size)
                memcpy(to->data + to->size, text.data, text.size);
        to->size += text.size;
}

/* "tcp 22 0.0.0.0/0", "tcp 20-21 sg-1", "all ::/0". */
static void add_rule(Targets *t, TargetTexts *to, const Rule *rule, Slice peer) {
        EventTexts *texts = &t->reader->texts;
        size_t from = texts->size;

        if (peer.size > RULE_PEER || texts->cap - from < 3 * RULE_WORD + 3 + peer.size)
                return;
        put(texts, rule->protocol.size ? rule->protocol : SLICE_LITERAL("all"));
        put(texts, SLICE_LITERAL(" "));
        if (rule->from.size) {
                put(texts, rule->from);
                if (rule->to.size && !slice_equal(rule->from, rule->to)) {
                        put(texts, SLICE_LITERAL("-"));
                        put(texts, rule->to);
                }
                put(texts, SLICE_LITERAL(" "));
        }
        put(texts, peer);
        add(t, to, slice(texts->data + from, texts->size - from));
}

/* One of permissions, or what is told of it in the call itself. */
static void read_rule(Targets *t, TargetTexts *to, JsonValue value) {
        static const char *const peers[] = {"cidrIp", "cidrIpv4", "cidrIpv6", "referencedGroupId",
                        "prefixListId", "sourceSecurityGroupName", "ipRanges.items[].cidrIp",
                        "ipv6Ranges.items[].cidrIpv6", "groups.items[].groupId",
                        "prefixListIds.items[].prefixListId", "CidrIpv4", "CidrIpv6",
                        "ReferencedGroupId", "PrefixListId"};
        TargetTexts *found = &t->reader->found;
        Rule rule = {value, rule_word(t, value, "ipProtocol", "IpProtocol"),
                        rule_word(t, value, "fromPort", "FromPort"),
                        rule_word(t, value, "toPort", "ToPort")};

        for (size_t p = 0; p < sizeof(peers) / sizeof(peers[0]); p++) {
                found->size = 0;
                add_values(t, found, value, slice_cstr(peers[p]), false);
                for (size_t i = 0; i < found->size && !t->error; i++)
                        add_rule(t, to, &rule, found->data[i]);
        }
}

static void add_rules(Targets *t, TargetTexts *to, TargetPart part) {
        static const char *const lists[] = {"ipPermissions.items",
                        "revokedSecurityGroupRuleSet.items", "securityGroupRuleSet.items"};
        Slice whole = part == TARGET_REQUEST ? t->parts->request : t->parts->response;
        JsonValue modified, element;
        size_t modified_at = 0;

        read_rule(t, to, object(whole));
        for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++) {
                JsonValue list = part_find(t->parts, whole, slice_cstr(lists[l])), value;
                size_t at = 0;

                while (part_next(list, &at, &value) && !t->error)
                        read_rule(t, to, value);
        }
        modified = part_find(t->parts, whole,
                        SLICE_LITERAL("ModifySecurityGroupRulesRequest.SecurityGroupRule"));
        while (part_next(modified, &modified_at, &element) && !t->error) {
                if (element.type == JSON_OBJECT)
                        read_rule(t, to,
                                        part_find(t->parts, element.text,
                                                        SLICE_LITERAL("SecurityGroupRule")));
        }
}

/* ---- the words of a line ---- */

static TargetPath path_of(Slice text) {
        TargetPath path = {TARGET_CALLER, take(&text, "short "), {NULL, 0}};

        if (take(&text, "request"))
                path.part = TARGET_REQUEST;
        else if (take(&text, "response"))
                path.part = TARGET_RESPONSE;
        else if (take(&text, "additional"))
                path.part = TARGET_ADDITIONAL;
        else if (take(&text, "resource"))
                path.part = TARGET_RESOURCE;
        take(&text, ".");
        path.path = text;
        return path;
}

/* "stop if request.status=Inactive" */
static TargetWord condition_of(Slice text) {
        TargetWord word = {.kind = TARGET_CONDITION};
        int effect = CATALOGUE_N_EFFECTS - 1;
        const char *sign;

        while (effect && !take(&text, catalogue_effect_name((CatalogueEffect)effect)))
                effect--;
        word.effect = (CatalogueEffect)effect;
        take(&text, " if ");
        sign = memchr(text.data, '=', text.size);
        if (sign) {
                word.value = slice(sign + 1, text.size - (size_t)(sign + 1 - text.data));
                text.size = (size_t)(sign - text.data);
        }
        word.path = path_of(text);
        return word;
}

static bool is_condition(Slice text) {
        const char *space = memchr(text.data, ' ', text.size);

        return space && slice_starts_with(slice(space, text.size - (size_t)(space - text.data)),
                                        SLICE_LITERAL(" if "));
}

static TargetWord word_of(Slice text) {
        TargetWord word = {.kind = TARGET_NAME};

        if (is_condition(text))
                return condition_of(text);
        if (take(&text, "of "))
                word.kind = TARGET_OF;
        else if (take(&text, "object "))
                word.kind = TARGET_OBJECT;
        else if (take(&text, "with "))
                word.kind = TARGET_WITH;
        else if (take(&text, "rules "))
                word.kind = TARGET_RULES;
        word.path = path_of(text);
        return word;
}

/* The words of CALL, which was not met before, and one that ends them, into the reader's. */
static int keep_words(TargetReader *reader, size_t call) {
        const char *at = catalogue_at(call)->names, *end;
        size_t first = reader->words.size;

        for (; at; at = end ? end + 2 : NULL) {
                end = strchr(at, ';');
                if (vec_reserve(&reader->words, 2) < 0)
                        return -ENOMEM;
                reader->words.data[reader->words.size++] =
                                word_of(slice(at, end ? (size_t)(end - at) : strlen(at)));
        }
        reader->words.data[reader->words.size++] = (TargetWord){.kind = TARGET_END};
        reader->first_word[call] = (uint32_t)first + 1;
        return 0;
}

/* PATH is another part of the name, of which there is one: of flags too. */
static void add_to_name(Targets *t, const TargetPath *path) {
        TargetTexts *names = &t->reader->names;
        EventTexts *texts = &t->reader->texts;
        const EventParts *parts = t->parts;
        JsonValue value = part_find(parts,
                        path->part == TARGET_REQUEST ? parts->request : parts->response,
                        path->path);
        Slice text = value.type == JSON_BOOL ? value.text : part_text(texts, value);
        size_t from = texts->size;

        if (names->size != 1 || !text.size ||
                        texts->cap - from < names->data[0].size + 1 + text.size)
                return;
        put(texts, names->data[0]);
        put(texts, SLICE_LITERAL(" "));
        put(texts, text);
        names->data[0] = slice(texts->data + from, texts->size - from);
}

static CatalogueEffect effect_of(Targets *t, const TargetWord *word) {
        Slice text = text_at(t, &word->path);

        return (word->value.data ? slice_equal(text, word->value) : text.size > 0)
                               ? word->effect
                               : CATALOGUE_EFFECT_NONE;
}

static void read_object(Targets *t, const TargetWord *word, bool is_read, EventTarget *ret) {
        Slice key = text_at(t, &word->path);

        ret->object = key.size ? hash_slice(key) : 0;
        ret->object += key.size && ret->object == 0;
        ret->n_bytes = count_at(t, is_read ? SLICE_LITERAL("bytesTransferredOut")
                                           : SLICE_LITERAL("bytesTransferredIn"));
}

/* The words from WORD on into the lists, and into *RET what holds for all targets of the record. */
static void read_words(Targets *t, const TargetWord *word, bool is_read, EventTarget *ret) {
        TargetReader *reader = t->reader;

        for (; word->kind != TARGET_END; word++) {
                switch (word->kind) {
                case TARGET_OF:
                        if (!reader->owners.size)
                                add_path(t, &reader->owners, &word->path);
                        break;
                case TARGET_OBJECT:
                        read_object(t, word, is_read, ret);
                        break;
                case TARGET_WITH:
                        add_to_name(t, &word->path);
                        break;
                case TARGET_RULES:
                        if (!reader->names.size)
                                add_rules(t, &reader->names, word->path.part);
                        break;
                case TARGET_CONDITION:
                        if (!ret->effect)
                                ret->effect = effect_of(t, word);
                        break;
                default:
                        if (!reader->names.size)
                                add_path(t, &reader->names, &word->path);
                }
        }
}

static Slice text_of(const TargetTexts *texts, size_t i) {
        return texts->size == 0 ? ABSENT : texts->data[i < texts->size ? i : texts->size - 1];
}

int target_read(TargetReader *reader, unsigned found, const EventParts *parts, Event *event) {
        Targets t = {reader, parts, event, 0};
        EventTarget common = {0};
        size_t room = 8 * (parts->request.size + parts->response.size + parts->additional.size +
                                          parts->resources.size) +
                      64;
        size_t n;

        reader->names.size = reader->owners.size = reader->texts.size = 0;
        if (vec_reserve(&reader->texts, room) < 0)
                return -ENOMEM;
        if (!reader->first_word[found - 1] && keep_words(reader, found - 1) < 0)
                return -ENOMEM;
        read_words(&t, &reader->words.data[reader->first_word[found - 1] - 1],
                        catalogue_at(found - 1)->effect == CATALOGUE_EFFECT_READ, &common);
        n = reader->names.size > reader->owners.size ? reader->names.size : reader->owners.size;
        reader->targets.size = 0;
        if (t.error || vec_reserve(&reader->targets, n) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                EventTarget *target = &reader->targets.data[reader->targets.size++];

                *target = common;
                target->name = text_of(&reader->names, i);
                target->of = text_of(&reader->owners, i);
        }
        event->targets = reader->targets.data;
        event->n_targets = (unsigned)n;
        return 0;
}

/* ---- calls ---- */

static unsigned bucket_of(Slice name) {
        uint64_t first = 0, last = 0;

        if (name.size >= 8) {
                memcpy(&first, name.data, 8);
                memcpy(&last, name.data + name.size - 8, 8);
        } else {
                memcpy(&first, name.data, name.size);
        }
        return (unsigned)(((first * UINT64_C(0x9E3779B97F4A7C15) ^ last) *
                                          UINT64_C(0x9FB21C651E98DF25)) >>
                          53);
}

_Static_assert(TARGET_N_BUCKETS == 1U << (64 - 53), "as many as bucket_of() has");
_Static_assert(CATALOGUE_N_CALLS < UINT16_MAX, "a call has a number in a bucket");

void target_reader_init(TargetReader *reader) {
        *reader = (TargetReader){0};
        for (unsigned i = 0; i < CATALOGUE_N_CALLS; i++) {
                const CatalogueCall *call = catalogue_at(i);
                unsigned bucket;

                if (!call->names[0])
                        continue;
                bucket = bucket_of(call->event);
                reader->next[i] = reader->buckets[bucket];
                reader->buckets[bucket] = (uint16_t)(i + 1);
        }
}

void target_reader_deinit(TargetReader *reader) {
        vec_deinit(&reader->words);
        vec_deinit(&reader->texts);
        vec_deinit(&reader->names);
        vec_deinit(&reader->owners);
        vec_deinit(&reader->found);
        vec_deinit(&reader->targets);
}

unsigned target_find(const TargetReader *reader, const Slice event[static EVENT_N_CALL]) {
        Slice name = event[EVENT_CALL_NAME];
        unsigned at = name.size ? reader->buckets[bucket_of(name)] : 0;

        for (; at; at = reader->next[at - 1]) {
                const CatalogueCall *call = catalogue_at(at - 1);

                if (slice_equal(call->event, name) &&
                                slice_equal(call->service,
                                                catalogue_service(event[EVENT_CALL_SERVICE])))
                        return at;
        }
        return 0;
}
