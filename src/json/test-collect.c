/* See test-collect.h. */
#include "json/test-collect.h"

#include "base/test-help.h"

const char *const collect_paths[N_PATHS] = {"a", "b", "a.x", "a.x.y", "c.d.e", "f"};

void text_add(Text *text, Slice s) {
        assert_int_equal(vec_reserve(&text->bytes, s.size + 1), 0);
        if (s.size)
                memcpy(text->bytes.data + text->bytes.size, s.data, s.size);
        text->bytes.size += s.size;
        text->bytes.data[text->bytes.size] = 0;
}

void text_addf(Text *text, const char *format, ...) {
        char line[2048];
        va_list args;
        int n;

        va_start(args, format);
        n = vsnprintf(line, sizeof(line), format, args);
        va_end(args);
        assert_in_range(n, 0, sizeof(line) - 1);
        text_add(text, slice(line, (size_t)n));
}

static void keep_values(Collect *c, Item *item, const JsonUnit *unit, bool has_texts) {
        for (int i = 0; i < N_PATHS; i++) {
                const JsonValue *from = &unit->values[i];
                Value *to = &item->values[i];
                bool is_text = has_texts && (from->type == JSON_BOOL || from->type == JSON_NUMBER ||
                                                            from->type == JSON_STRING);

                to->type = from->type;
                to->size = is_text ? from->text.size : 0;
                if (to->size)
                        memcpy(to->text, from->text.data, to->size < 63 ? to->size : 63);
                text_addf(&c->transcript, " %s=%d:", collect_paths[i], to->type);
                if (is_text)
                        text_add(&c->transcript, from->text);
        }
}

/* The marks say the same as a walk over the text: in OBJECT, and in what it holds. */
static void compare_finding(Collect *c, const JsonMarks *marks, Slice object, int depth) {
        static const char *const paths[] = {"a", "b", "x", "y", "other", "a.x", "b.y.c", "c.d.e",
                        "x.0", "b.1.x", "Records", "", "a.", "aVeryLongKeyThatNobodyWants"};

        for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
                JsonValue plain = json_find(object, slice_cstr(paths[i]));
                JsonValue marked = json_find_marked(marks, object, slice_cstr(paths[i]));

                assert_int_equal(plain.type, marked.type);
                assert_ptr_equal(plain.text.data, marked.text.data);
                assert_int_equal(plain.text.size, marked.text.size);
                c->n_found += plain.type != JSON_ABSENT;
                if (plain.type == JSON_OBJECT && depth < 3)
                        compare_finding(c, marks, plain.text, depth + 1);
                if (plain.type == JSON_ARRAY && plain.text.data[1] == '{' && depth < 3)
                        compare_finding(c, marks, slice(plain.text.data + 1, plain.text.size - 1),
                                        depth + 1);
        }
}

static int on_unit(void *userdata, const JsonUnit *unit) {
        Collect *c = userdata;
        Item item = {.place = unit->place,
                        .type = unit->type,
                        .offset = unit->offset,
                        .end = unit->offset + unit->size,
                        .hash = unit->hash};

        text_addf(&c->transcript, "unit place %d type %d", unit->place, unit->type);
        if (unit->type == JSON_OBJECT || unit->type == JSON_ARRAY)
                text_addf(&c->transcript, " at %llu to %llu hash %llx",
                                (unsigned long long)item.offset, (unsigned long long)item.end,
                                (unsigned long long)item.hash);
        if (unit->marks)
                compare_finding(c, unit->marks, unit->text, 0);
        keep_values(c, &item, unit, true);
        text_addf(&c->transcript, "\n");
        assert_int_equal(vec_reserve(&c->items, 1), 0);
        c->items.data[c->items.size++] = item;
        c->n_units++;
        return c->verdict;
}

static int on_fault(void *userdata, const JsonFault *fault) {
        Collect *c = userdata;
        Item item = {.is_fault = true,
                        .offset = fault->offset,
                        .end = fault->end,
                        .has_unit = fault->unit};
        const char *byte; /* after how many the parser saw it: depends on the pieces */

        assert_true(fault->end >= fault->offset);
        assert_true(fault->reason.size > 0 && fault->reason.size < sizeof(item.reason));
        assert_null(memchr(fault->reason.data, '\n', fault->reason.size));
        memcpy(item.reason, fault->reason.data, fault->reason.size);
        byte = strstr(item.reason, " at byte ");
        text_addf(&c->transcript, "fault at %llu to %llu%s: %.*s", (unsigned long long)item.offset,
                        (unsigned long long)item.end, fault->unit ? " in a unit" : "",
                        byte ? (int)(byte - item.reason) : 255, item.reason);
        if (fault->unit && !strstr(item.reason, "larger")) /* there, how much is known does too */
                keep_values(c, &item, fault->unit, false);
        text_addf(&c->transcript, "\n");
        assert_int_equal(vec_reserve(&c->items, 1), 0);
        c->items.data[c->items.size++] = item;
        c->n_faults++;
        return 0;
}

static bool is_plausible(void *userdata, const JsonUnit *unit) {
        (void)userdata;
        return unit->values[PATH_A].type != JSON_ABSENT && unit->values[PATH_B].type != JSON_ABSENT;
}

static void on_list(void *userdata, unsigned list, uint64_t offset, Slice before) {
        (void)list, (void)offset, (void)before;
        ((Collect *)userdata)->n_records++;
}

void collect_renew(Collect *c) {
        static const char *const record_keys[] = {"a", "b", "f"};

        json_reader_free(c->reader);
        assert_int_equal(json_reader_new(c->paths, record_keys, N_ELEMENTS(record_keys), &c->limits,
                                         &c->reader),
                        0);
}

void collect_init(Collect *c, JsonLimits limits) {
        static const char *const lists[] = {"Records", "items", "hits.hits"};

        *c = (Collect){.limits = limits};
        c->sink = (JsonSink){c, on_unit, on_fault, is_plausible, on_list};
        assert_int_equal(
                        json_paths_new(collect_paths, N_PATHS, lists, N_ELEMENTS(lists), &c->paths),
                        0);
        assert_int_equal(json_paths_set_repeats(c->paths, PATH_A), 0);
        collect_renew(c);
}

void collect_deinit(Collect *c) {
        json_reader_free(c->reader);
        json_paths_free(c->paths);
        vec_deinit(&c->items);
        text_deinit(&c->transcript);
}

int collect_read(Collect *c, Slice document, size_t piece, bool is_search) {
        int r = json_reader_begin(c->reader, &c->sink, is_search, SLICE_LITERAL("not JSON"));

        c->items.size = 0;
        c->n_units = c->n_faults = c->n_records = 0;
        c->transcript.bytes.size = 0;
        text_add(&c->transcript, SLICE_LITERAL(""));
        for (size_t at = 0; r == 0 && at < document.size;) {
                size_t n = document.size - at, space = 0;
                char *buffer = NULL;

                r = json_reader_space(c->reader, &buffer, &space);
                if (r)
                        return r;
                assert_true(buffer && space > 0);
                n = n > space ? space : n;
                n = piece && n > piece ? piece : n;
                memcpy(buffer, document.data + at, n);
                at += n;
                r = json_reader_feed(c->reader, n);
        }
        return r ? r : json_reader_finish(c->reader);
}

const Item *collect_unit(const Collect *c, uint64_t offset, uint64_t end) {
        for (size_t i = 0; i < c->items.size; i++) {
                const Item *item = &c->items.data[i];

                if (!item->is_fault && item->offset == offset && item->end == end)
                        return item;
        }
        return NULL;
}

const Item *collect_fault(const Collect *c, size_t i) {
        for (size_t k = 0; k < c->items.size; k++) {
                if (c->items.data[k].is_fault && i-- == 0)
                        return &c->items.data[k];
        }
        return NULL;
}
