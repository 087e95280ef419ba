/* What the parts of the enrich floor share. */
#ifndef ENRICH_PRIVATE_H
#define ENRICH_PRIVATE_H

#include <maxminddb.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/csv.h"
#include "base/intern.h"
#include "base/vec.h"
#include "enrich/enrich.h"

#define ENRICH_NONE UINT32_MAX

/* Fills FAULT and returns CODE. */
__attribute__((format(printf, 3, 4))) int enrich_fail(
                EnrichFault *fault, int code, const char *format, ...);

/* The whole of a file, which may be a pipe. */
typedef VEC(char) EnrichText;
int enrich_read(const char *path, EnrichText *ret_text, EnrichFault *fault);

/* ---- blocks of addresses ---- */

/* A block that was added, and its value. Sorted by first address, then by size, largest first. */
typedef struct Net {
        uint64_t high, low; /* its first address; that of IPv4 stands in the upper 32 bits */
        unsigned n_bits;
        uint32_t value;
} Net;

/* Blocks that are the same: nets from first to end - 1. */
typedef struct NetGroup {
        uint32_t first, end;
        uint32_t parent; /* the group of the smallest block around this one, or ENRICH_NONE */
} NetGroup;

/* From this address up to the next span's: the group of the smallest block there, or ENRICH_NONE.
 */
typedef struct NetSpan {
        uint64_t high, low;
        uint32_t group;
} NetSpan;

typedef struct NetFamily {
        VEC(Net) nets;
        VEC(NetGroup) groups;
        VEC(NetSpan) spans;
} NetFamily;

typedef struct Nets {
        NetFamily families[2]; /* IPv4, IPv6 */
} Nets;

int nets_add(Nets *nets, const AddressBlock *block, uint32_t value);
/* After the last one was added (again, if more were), before the first is looked for. */
int nets_seal(Nets *nets);
/* The group of the smallest block that ADDRESS is in, and the family it stands in; or ENRICH_NONE.
 */
uint32_t nets_find(const Nets *nets, const Address *address, const NetFamily **ret_family);
void nets_deinit(Nets *nets);

/* ---- databases ---- */

typedef struct GeoDb {
        char *path;
        MMDB_s mmdb;
        size_t n_data; /* bytes of the data section that values may stand in */
} GeoDb;

/* Would libmaxminddb read this file without leaving it? *ret_n_data as above. */
int geo_check_file(const char *path, size_t *ret_n_data, EnrichFault *fault);
/* The same of the value at OFFSET of a data section: NULL, or what is wrong. */
const char *geo_check_value(const uint8_t *data, size_t n_data, uint32_t offset);

int geo_open(const char *path, GeoDb *ret_db, EnrichFault *fault);
void geo_close(GeoDb *db);
/* Fills what FACTS do not have yet; texts are put into ARENA. */
int geo_lookup(const GeoDb *db, const Address *address, Arena *arena, EnrichFacts *facts,
                EnrichFault *fault);

/* ---- indicators ---- */

typedef struct Indicator {
        Slice label;
        uint32_t next; /* of the same text, or ENRICH_NONE */
} Indicator;

typedef struct IndicatorGlob {
        Slice pattern;
        uint32_t item;
} IndicatorGlob;

/* Those of one kind, but for addresses. */
typedef struct IndicatorTexts {
        Intern literals;
        VEC(uint32_t) items; /* of each literal, the first */
        VEC(IndicatorGlob) globs;
} IndicatorTexts;

typedef struct Indicators {
        VEC(Indicator) items;
        Nets blocks; /* an address is a block of one */
        IndicatorTexts texts[ENRICH_N_KINDS];
} Indicators;

void indicators_deinit(Indicators *indicators);

/* ---- address ranges of AWS ---- */

typedef struct AwsRange {
        Slice service, region;
} AwsRange;

typedef struct AwsRanges {
        Intern names;
        VEC(AwsRange) items;
        Nets blocks;
} AwsRanges;

void aws_ranges_deinit(AwsRanges *ranges);
/* Text for the group of blocks that ADDRESS is in, or nothing. */
int aws_ranges_find(const AwsRanges *ranges, const Address *address, Arena *arena, Slice *ret);

struct Enrich {
        Arena arena; /* texts of indicators and users */
        VEC(GeoDb) dbs;
        bool has_indicators, has_ranges;
        Indicators indicators;
        AwsRanges ranges;
        VEC(EnrichUser) users;
};

#endif
