/* One record, as it stands in the evidence. */
#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "engine/engine.h"

static int on_record(void *userdata, size_t i, const EvidenceRecord *found) {
        SpoorRecord *record = userdata;
        char *copy = vec_alloc(found->text.size + found->place.size + 1, 1);

        (void)i;
        if (!copy)
                return -ENOMEM;
        memcpy(copy, found->text.data, found->text.size);
        memcpy(copy + found->text.size, found->place.data, found->place.size);
        record->owner = copy;
        record->bytes = engine_slice(slice(copy, found->text.size));
        record->place = engine_slice(slice(copy + found->text.size, found->place.size));
        record->is_partial = found->is_partial;
        return 0;
}

int spoor_show(SpoorCase *scase, const char *event_id, SpoorRecord *ret_record, SpoorError *error) {
        EvidenceSink sink = {ret_record, on_record, NULL};
        uint32_t event = store_find_id(scase->store, slice_cstr(event_id));
        StoreSource source;
        int r = engine_check_store(scase->store, SPOOR_E_CORRUPT, error);

        if (r)
                return r;
        if (event == STORE_NONE)
                return engine_fail(
                                error, SPOOR_E_UNKNOWN, "no event has the eventID '%s'", event_id);
        source = store_source(scase->store, event);
        *ret_record = (SpoorRecord){
                        .file = engine_slice(store_file(scase->store, source.file).name),
                        .record = source.record,
                        .offset = source.offset,
        };
        r = engine_check_store(scase->store, SPOOR_E_CORRUPT, error);
        return r ? r : engine_read_evidence(scase, &event, 1, &sink, error);
}

void spoor_record_clear(SpoorRecord *record) {
        free(record->owner);
        *record = (SpoorRecord){0};
}
