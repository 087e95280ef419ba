/* From days and deliveries to gaps; private to the store floor. See make-gaps.c. */
#ifndef STORE_MAKE_COVERAGE_H
#define STORE_MAKE_COVERAGE_H

#include "base/vec.h"
#include "store/image.h"

typedef VEC(ImageGap) Gaps;

/* One account in one region. Times rise, in seconds. */
typedef struct GapSeries {
        uint32_t series;
        const int64_t *deliveries;
        size_t n_deliveries;
        int64_t last; /* delivery of the whole evidence */
        const ImageDay *days;
        size_t n_days;
} GapSeries;

/* Appends its gaps. 0 or -ENOMEM. */
int gaps_find(const GapSeries *series, Gaps *gaps);
/* In their final order. */
void gaps_sort(Gaps *gaps);

#endif
