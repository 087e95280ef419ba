/* Making random events, and settling them naively; see test-model.h. */
#include "store/test-model.h"

#include "base/hash.h"

#define ABSENT                                                                                     \
        { NULL, 0 }
#define EMPTY                                                                                      \
        { "", 0 }

static Slice any(Random *random, const Slice *values, size_t n) {
        return values[random_below(random, n)];
}
#define ANY(random, values) any((random), (values), N_ELEMENTS(values))

static const Slice types[] = {ABSENT, SLICE_INIT("IAMUser"), SLICE_INIT("AssumedRole"),
                SLICE_INIT("Role"), SLICE_INIT("Root"), SLICE_INIT("AWSService"), EMPTY};
static const Slice names[] = {ABSENT, SLICE_INIT("alice"), SLICE_INIT("bob"), SLICE_INIT("al"),
                EMPTY, SLICE_INIT("AccessDenied"), SLICE_INIT("\xFF\xFE"), SLICE_INIT("a\0b")};
static const Slice arns[] = {ABSENT, SLICE_INIT("arn:aws:iam::1:user/alice"), EMPTY,
                SLICE_INIT("arn:aws:sts::1:assumed-role/r/s"), SLICE_INIT("arn:aws:iam::1:role/r")};
static const Slice accounts[] = {
                ABSENT, SLICE_INIT("111111111111"), SLICE_INIT("222222222222"), EMPTY};
static const Slice keys[] = {ABSENT, SLICE_INIT("AKIAIOSFODNN7EXAMPLE"), SLICE_INIT("ASIAX"), EMPTY,
                SLICE_INIT("ASIAY"), SLICE_INIT("ASIAZ")};
static const Slice ips[] = {ABSENT, SLICE_INIT("10.0.0.1"), SLICE_INIT("10.0.0.2"),
                SLICE_INIT("192.168.1.255"), SLICE_INIT("2001:db8::1"), SLICE_INIT("2001:db8:0::2"),
                SLICE_INIT("AWS Internal"), SLICE_INIT("s3.amazonaws.com"), EMPTY,
                SLICE_INIT("::ffff:10.0.0.1"), SLICE_INIT("255.255.255.255"),
                SLICE_INIT("0.0.0.0")};
static const Slice services[] = {ABSENT, SLICE_INIT("s3.amazonaws.com"), SLICE_INIT("s3"),
                SLICE_INIT("iam.amazonaws.com"), SLICE_INIT("sts.amazonaws.com")};
static const Slice calls[] = {SLICE_INIT("GetObject"), SLICE_INIT("PutObject"),
                SLICE_INIT("ConsoleLogin"), SLICE_INIT("GetCallerIdentity"), ABSENT,
                SLICE_INIT("G\xC3\xA9t")};
static const Slice regions[] = {SLICE_INIT("us-east-1"), SLICE_INIT("eu-west-1"), ABSENT};
static const Slice booleans[] = {ABSENT, SLICE_INIT("true"), SLICE_INIT("false")};
static const Slice codes[] = {ABSENT, ABSENT, ABSENT, EMPTY, SLICE_INIT("AccessDenied"),
                SLICE_INIT("Client.UnauthorizedOperation"), SLICE_INIT("NoSuchBucket"),
                SLICE_INIT("denied")};
static const Slice messages[] = {ABSENT, ABSENT, EMPTY, SLICE_INIT("it failed")};
static const Slice consoles[] = {ABSENT, SLICE_INIT("Success"), SLICE_INIT("Failure")};
static const Slice odd_ids[] = {SLICE_INIT("x"), SLICE_INIT("Z"), SLICE_INIT("EVENT-0001"),
                SLICE_INIT("ABCDEF01-2345-6789-ABCD-EF0123456789"),
                SLICE_INIT("abcdef01-2345-6789-abcd-ef012345678"),
                SLICE_INIT("abcdef01-2345-6789-abcd-ef01234567890"),
                SLICE_INIT("abcdef0102345-6789-abcd-ef0123456789"),
                SLICE_INIT("abcdef01-2345-6789-abcd-ef012345678g"), SLICE_INIT("\xFF"),
                SLICE_INIT("alice") /* the text of a name as well */};

static const char *const file_names[MODEL_MAX_FILES] = {"r/b.json", "r/a.json.gz",
                "r/c.tar!x/1.json", "r/c.tar!x/0.json", "r", "q/0", "r/b", "r/\xFF"};
static const char *const root_names[] = {"r", "q"};

Slice model_file_name(int file) {
        return slice_cstr(file_names[file]);
}

static int root_of(int file) {
        return file_names[file][0] == 'q';
}

/* ---- random events ---- */

static void make_id(Random *random, ModelEvent *e) {
        uint64_t kind = random_below(random, 10);
        unsigned n = (unsigned)random_below(random, 40);

        if (kind == 0)
                return;
        if (kind < 3) {
                e->event.id = ANY(random, odd_ids);
                return;
        }
        snprintf(e->id, sizeof(e->id), "%08x-0%03x-4000-8000-0000000%05x", n * 0x1234567U, n, n);
        e->event.id = slice(e->id, 36);
}

static int64_t make_time(Random *random) {
        switch (random_below(random, 8)) {
        case 0:
                return (int64_t)random_next(random); /* any */
        case 1:
                return INT64_C(1767225600000000001) + (int64_t)random_below(random, 3);
        case 2:
                return -1 - (int64_t)random_below(random, 5);
        default:
                return INT64_C(1767225600000000000) +
                       (int64_t)random_below(random, 50) * 60000000000;
        }
}

static void make_grants(Random *random, ModelEvent *e) {
        e->event.n_grants = random_below(random, 8)
                                            ? 0
                                            : 1 + (unsigned)random_below(random, MODEL_MAX_GRANTS);
        for (unsigned i = 0; i < e->event.n_grants; i++) {
                e->grants[i].kind = (EventGrantKind)random_below(random, EVENT_N_GRANT_KINDS);
                for (int f = 0; f < EVENT_N_GRANT; f++)
                        e->grants[i].fields[f] = random_below(random, 2) ? ANY(random, keys)
                                                                         : ANY(random, names);
        }
}

static void make_targets(Random *random, ModelEvent *e) {
        e->event.n_targets = random_below(random, 3) ? 0
                                                     : 1 + (unsigned)random_below(random,
                                                                           MODEL_MAX_TARGETS);
        for (unsigned i = 0; i < e->event.n_targets; i++) {
                EventTarget *target = &e->targets[i];

                target->name = ANY(random, names);
                if (random_below(random, 3) == 0)
                        target->of = ANY(random, keys);
                if (random_below(random, 3) == 0)
                        target->effect = (CatalogueEffect)random_below(random, CATALOGUE_N_EFFECTS);
                if (random_below(random, 3) == 0)
                        target->object = random_next(random);
                if (random_below(random, 3) == 0)
                        target->n_bytes = random_next(random) >> random_below(random, 64);
        }
}

static void make_event(Random *random, ModelEvent *e) {
        Event *event = &e->event;

        event->time = make_time(random);
        make_id(random, e);
        event->ip = ANY(random, ips);
        event->user_agent =
                        random_below(random, 2) ? SLICE_LITERAL("aws-cli/2") : ANY(random, names);
        for (int i = 0; i < EVENT_N_IDENTITY; i++)
                event->identity[i] =
                                random_below(random, 3) ? ANY(random, names) : (Slice){NULL, 0};
        event->identity[EVENT_ID_TYPE] = ANY(random, types);
        event->identity[EVENT_ID_ARN] = ANY(random, arns);
        event->identity[EVENT_ID_ISSUER_ARN] = ANY(random, arns);
        event->identity[EVENT_ID_KEY] = ANY(random, keys);
        event->call[EVENT_CALL_SERVICE] = ANY(random, services);
        event->call[EVENT_CALL_NAME] = ANY(random, calls);
        event->call[EVENT_CALL_REGION] = ANY(random, regions);
        event->call[EVENT_CALL_ACCOUNT] = ANY(random, accounts);
        event->call[EVENT_CALL_READ_ONLY] = ANY(random, booleans);
        event->result[EVENT_RESULT_CODE] = ANY(random, codes);
        event->result[EVENT_RESULT_MESSAGE] = ANY(random, messages);
        event->result[EVENT_RESULT_CONSOLE] = ANY(random, consoles);
        event->hash = random_below(random, 2); /* two texts for each eventID */
        event->size = 300 + (uint32_t)random_below(random, 5);
        make_grants(random, e);
        make_targets(random, e);
}

static void make_notes(Model *m) {
        static const char *const reasons[] = {"cut", "empty", "no JSON"};

        m->n_notes = random_below(&m->random, N_ELEMENTS(m->notes));
        for (size_t i = 0; i < m->n_notes; i++) {
                m->notes[i] = (ModelNote){
                                .file = (int)random_below(&m->random, (uint64_t)m->n_files),
                                .offset = (random_below(&m->random, 3) << 40) +
                                          i, /* the same note would be one */
                                .is_ignored = random_below(&m->random, 2),
                                .reason = reasons[random_below(&m->random, 3)],
                };
                m->notes[i].n_rejected = !m->notes[i].is_ignored && random_below(&m->random, 2);
        }
}

void model_init(Model *m, uint64_t which, size_t n_events) {
        uint32_t n_records[MODEL_MAX_FILES] = {0};

        *m = (Model){.random = random_new(which), .n_events = n_events};
        m->n_files = 1 + (int)random_below(&m->random, MODEL_MAX_FILES);
        m->events = calloc(n_events + 1, sizeof(*m->events));
        m->kept = calloc(n_events + 1, sizeof(*m->kept));
        m->conflicts = calloc(n_events + 1, sizeof(*m->conflicts));
        assert_true(m->events && m->kept && m->conflicts);
        for (size_t i = 0; i < n_events; i++) {
                ModelEvent *e = &m->events[i];

                make_event(&m->random, e);
                e->file = (int)random_below(&m->random, (uint64_t)m->n_files);
                e->event.record = n_records[e->file]++;
                e->event.offset = 12 + (uint64_t)e->event.record * 1000;
        }
        for (size_t i = 0; i < n_events; i++) {
                m->events[i].event.grants = m->events[i].grants;
                m->events[i].event.targets = m->events[i].targets;
        }
        make_notes(m);
        model_settle(m);
}

void model_deinit(Model *m) {
        free(m->events);
        free(m->kept);
        free(m->conflicts);
}

/* ---- what is true ---- */

static int compare_places(const ModelEvent *x, const ModelEvent *y) {
        int r = slice_compare(model_file_name(x->file), model_file_name(y->file));

        return r ? r : (x->event.record > y->event.record) - (x->event.record < y->event.record);
}

static int compare_events(const void *a, const void *b, void *ctx) {
        const Model *m = ctx;
        const ModelEvent *x = &m->events[*(const size_t *)a], *y = &m->events[*(const size_t *)b];
        int r;

        if (x->event.time != y->event.time)
                return x->event.time < y->event.time ? -1 : 1;
        r = slice_compare(x->event.id, y->event.id);
        return r ? r : compare_places(x, y);
}

static int compare_conflicts(const void *a, const void *b, void *ctx) {
        const ModelConflict *x = a, *y = b;
        const Model *m = ctx;
        int r = compare_events(&x->kept, &y->kept, ctx);

        return r ? r : compare_places(&m->events[x->loser], &m->events[y->loser]);
}

/* The one that is kept of those with event I's eventID. */
static size_t winner_of(const Model *m, size_t i) {
        size_t best = i;

        for (size_t k = 0; m->events[i].event.id.data && k < m->n_events; k++) {
                if (m->events[k].event.id.data &&
                                slice_equal(m->events[k].event.id, m->events[i].event.id) &&
                                compare_places(&m->events[k], &m->events[best]) < 0)
                        best = k;
        }
        return best;
}

/* Of records that are alike the first is told. */
static bool is_first(const Model *m, size_t i) {
        for (size_t k = 0; k < m->n_events; k++) {
                if (m->events[k].event.id.data &&
                                slice_equal(m->events[k].event.id, m->events[i].event.id) &&
                                m->events[k].event.hash == m->events[i].event.hash &&
                                compare_places(&m->events[k], &m->events[i]) < 0)
                        return false;
        }
        return true;
}

static void add_loser(Model *m, size_t kept, size_t loser) {
        m->n_duplicates++;
        if (m->is_lenient || !is_first(m, loser))
                return;
        m->conflicts[m->n_conflict_rows++] = (ModelConflict){kept, loser};
}

void model_settle(Model *m) {
        m->n_kept = m->n_duplicates = m->n_conflicts = m->n_conflict_rows = 0;
        for (size_t i = 0; i < m->n_events; i++) {
                size_t best = winner_of(m, i);

                if (compare_places(&m->events[best], &m->events[i]) == 0)
                        m->kept[m->n_kept++] = i;
                else
                        add_loser(m, best, i);
        }
        qsort_r(m->kept, m->n_kept, sizeof(*m->kept), compare_events, m);
        qsort_r(m->conflicts, m->n_conflict_rows, sizeof(*m->conflicts), compare_conflicts, m);
        for (size_t i = 0; i < m->n_conflict_rows; i++)
                m->n_conflicts += i == 0 || compare_events(&m->conflicts[i - 1].kept,
                                                            &m->conflicts[i].kept, m) != 0;
}

const Event *model_event(const Model *m, size_t i) {
        return &m->events[m->kept[i]].event;
}

Slice model_dim(const Event *e, StoreDim dim) {
        const Slice values[STORE_N_DIMS] = {
                        [STORE_DIM_KEY] = e->identity[EVENT_ID_KEY],
                        [STORE_DIM_IP] = e->ip,
                        [STORE_DIM_USER] = event_user(e->identity),
                        [STORE_DIM_EVENT] = e->call[EVENT_CALL_NAME],
                        [STORE_DIM_SERVICE] = e->call[EVENT_CALL_SERVICE],
                        [STORE_DIM_REGION] = e->call[EVENT_CALL_REGION],
                        [STORE_DIM_ACCOUNT] = e->call[EVENT_CALL_ACCOUNT],
                        [STORE_DIM_PRINCIPAL] = event_principal(e->identity),
                        [STORE_DIM_SESSION] = e->identity[EVENT_ID_ARN],
                        [STORE_DIM_ROLE] = e->identity[EVENT_ID_ISSUER_USER_NAME],
                        [STORE_DIM_TYPE] = e->identity[EVENT_ID_TYPE],
                        [STORE_DIM_UA] = e->user_agent,
                        [STORE_DIM_ERROR] = e->result[EVENT_RESULT_CODE],
                        [STORE_DIM_OUTCOME] = event_outcome(e->result),
        };

        return values[dim].size ? values[dim] : (Slice){NULL, 0};
}

/* ---- into builders ---- */

const unsigned char *model_hash(int file, unsigned char buffer[static STORE_HASH_SIZE]) {
        if (file % 5 == 4)
                return NULL; /* it could not be read whole */
        memset(buffer, file % 3, STORE_HASH_SIZE);
        return buffer;
}

static uint32_t add_file(Builder *builder, int file, bool is_end, bool is_hash) {
        unsigned char hash[STORE_HASH_SIZE];

        const char *root = root_names[root_of(file)];
        uint32_t number;
        char path[16];

        snprintf(path, sizeof(path), "/x/%s", root);
        assert_int_equal(builder_add_root(builder, slice_cstr(root), slice_cstr(path), &number), 0);
        assert_int_equal((file % 2 ? builder_add_member : builder_add_file)(
                                         builder, model_file_name(file), number, &number),
                        0);
        /* what each of several builders knows of it */
        if (is_end)
                builder_end_file(builder, number, STORE_KIND_LOG + EVENT_IN_RECORDS,
                                1000 + (uint64_t)file);
        if (is_hash)
                builder_hash_file(builder, number,
                                &(StoreContent){500 + (uint64_t)file, model_hash(file, hash),
                                                STORE_KIND_UNREAD});
        return number;
}

/* The whole of FILE, its records in some order, each into any of N_BUILDERS. */
static void pour(Model *m, Builder **builders, size_t n_builders, int file) {
        size_t first = random_below(&m->random, m->n_events + 1);
        size_t ends = random_below(&m->random, n_builders);
        size_t hashes = random_below(&m->random, n_builders);
        uint32_t numbers[8];

        for (size_t b = 0; b < n_builders; b++)
                numbers[b] = add_file(builders[b], file, b == ends, b == hashes);
        for (size_t k = 0; k < m->n_events; k++) {
                ModelEvent *e = &m->events[(first + k) % m->n_events];
                size_t b = random_below(&m->random, n_builders);

                if (e->file == file)
                        assert_int_equal(builder_add_event(builders[b], numbers[b], &e->event), 0);
        }
        for (size_t i = 0; i < m->n_notes; i++) {
                size_t which = random_below(&m->random, n_builders);
                Slice reason = slice_cstr(m->notes[i].reason);
                Builder *b = builders[which];
                const ModelNote *note = &m->notes[i];

                if (note->file != file)
                        continue;
                assert_int_equal(note->is_ignored ? builder_add_ignored(b, numbers[which],
                                                                    note->offset, reason)
                                                  : builder_add_damage(b, numbers[which],
                                                                    note->offset, note->n_rejected,
                                                                    reason),
                                0);
        }
}

void model_fill(Model *m, Builder **builders, size_t n_builders, unsigned file_mask) {
        int first = (int)random_below(&m->random, (uint64_t)m->n_files);

        for (int k = 0; k < m->n_files; k++) {
                int file = (first + k) % m->n_files;

                if (!(file_mask & 1U << file))
                        continue;
                pour(m, builders, n_builders, file);
                if (random_below(&m->random, 4) == 0) /* met again by another way */
                        pour(m, builders + random_below(&m->random, n_builders), 1, file);
        }
}

Store *model_seal(Model *m, size_t n_builders, unsigned n_threads) {
        Builder *builders[8];
        Store *store = NULL;

        assert_in_range(n_builders, 1, 8);
        for (size_t i = 0; i < n_builders; i++)
                assert_int_equal(builder_new(&builders[i]), 0);
        model_fill(m, builders, n_builders, UINT32_MAX);
        assert_int_equal(store_seal(builders, n_builders, (StoreRoom){NULL, n_threads}, NULL,
                                         &store),
                        0);
        for (size_t i = 0; i < n_builders; i++)
                builder_free(builders[i]);
        return store;
}
