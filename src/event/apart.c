/*
 * Insight records tell of unusual numbers of calls, Aggregated records sum up data events. Both
 * stand in files of their own, or in exports beside ordinary records; neither is a call that
 * somebody made. Stateless.
 */
#include "event/apart.h"

#include <errno.h>

#define MAX_PART 160 /* bytes of a part that is quoted; the record has it whole */

static bool is_there(const JsonUnit *unit, RecordPath path) {
        return unit->values[path].type != JSON_ABSENT && unit->values[path].type != JSON_NULL;
}

/* The category of a record without a name: looked for only there. */
static bool has_category(const JsonUnit *unit, Slice quoted) {
        return !is_there(unit, RECORD_NAME) &&
               slice_equal(json_find(unit->text, SLICE_LITERAL("eventCategory")).text, quoted);
}

EventApartKind apart_kind(const JsonUnit *unit) {
        if (unit->type != JSON_OBJECT ||
                        (is_there(unit, RECORD_NAME) && is_there(unit, RECORD_SERVICE)))
                return EVENT_CALLED;
        if (unit->values[RECORD_INSIGHT].type == JSON_OBJECT ||
                        slice_equal(record_text(unit, RECORD_EVENT_TYPE),
                                        SLICE_LITERAL("AwsCloudTrailInsight")) ||
                        has_category(unit, SLICE_LITERAL("\"Insight\"")))
                return EVENT_INSIGHT;
        if (!is_there(unit, RECORD_TIME) && is_there(unit, RECORD_WINDOW) &&
                        is_there(unit, RECORD_SUMMARY))
                return EVENT_AGGREGATED;
        return EVENT_CALLED;
}

static int add(ApartText *text, Slice part) {
        Slice cut = slice(part.data, part.size > MAX_PART ? MAX_PART : part.size);

        if (vec_reserve(text, cut.size + 4) < 0)
                return -ENOMEM;
        if (cut.size)
                memcpy(text->data + text->size, cut.data, cut.size);
        text->size += cut.size;
        if (cut.size < part.size) {
                memcpy(text->data + text->size, "...", 3);
                text->size += 3;
        }
        return 0;
}

/* " NAME VALUE", or nothing where there is none. */
static int add_named(ApartText *text, const char *name, JsonValue value) {
        Slice part = value.text;
        int r;

        if (value.type == JSON_ABSENT || value.type == JSON_NULL)
                return 0;
        if (value.type == JSON_STRING)
                part = slice(part.data + 1, part.size - 2);
        r = add(text, SLICE_LITERAL(" "));
        if (r == 0)
                r = add(text, slice_cstr(name));
        return r ? r : add(text, part);
}

int apart_describe(const JsonUnit *unit, EventApartKind kind, ApartText *text) {
        static const struct {
                const char *name, *path;
        } insight[] = {{"", "eventTime"}, {"", "insightDetails.insightType"},
                        {"", "insightDetails.state"}, {"of ", "insightDetails.eventSource"},
                        {"", "insightDetails.eventName"}, {"error ", "insightDetails.errorCode"}},
          aggregated[] = {{"of ", "timeWindow"}, {"summary ", "summary"}};
        int r;

        text->size = 0;
        r = add(text, kind == EVENT_INSIGHT ? SLICE_LITERAL("Insight record:")
                                            : SLICE_LITERAL("Aggregated record:"));
        for (size_t i = 0; kind == EVENT_INSIGHT && i < 6 && r == 0; i++)
                r = add_named(text, insight[i].name,
                                json_find(unit->text, slice_cstr(insight[i].path)));
        for (size_t i = 0; kind == EVENT_AGGREGATED && i < 2 && r == 0; i++)
                r = add_named(text, aggregated[i].name,
                                json_find(unit->text, slice_cstr(aggregated[i].path)));
        return r;
}
