/* cron_spec.h - when a schedule comes: `30 2 * * mon-fri`, `@daily`, `@every 90s`.
 *
 * Five fields: minute 0-59, hour 0-23, day 1-31, month 1-12 or jan-dec, weekday 0-7 or
 * sun-sat (0 and 7 are Sunday); each a list of *, n, n-m, * /n, n-m/n.  When neither of
 * the two day fields begins with *, a day that fits one of them is enough.
 *
 * When clocks are changed: with * for the hour, every minute of the day that reads so
 * counts, twice if it comes twice.  Otherwise a time comes once a day: one that is left
 * out comes when the clocks jump, one that comes twice counts the first time.
 * SPDX-License-Identifier: MIT */
#ifndef CORE_CRON_SPEC_H
#define CORE_CRON_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct zone;

enum { CRON_SPEC_MAX = 256 }; /* bytes of text */
#define CRON_EVERY_MIN_MS UINT64_C(1000)
#define CRON_EVERY_MAX_MS UINT64_C(315360000000) /* ten years */
#define CRON_NEVER INT64_MAX

struct cron_spec {
    uint64_t every_ms; /* 0: the fields */
    uint64_t minutes;  /* sets of 1 << value */
    uint32_t hours, days;
    uint16_t months;
    uint8_t weekdays;
    bool any_hour, any_day, any_weekday; /* the field begins with * */
};

/* Errors  RQ_E_BADARG, and *out_why is what is wrong, in words */
RQ_MUST_CHECK int cron_spec_parse(struct rq_slice text, struct cron_spec *out,
                                  const char **out_why);
/* The first time behind `after_ms`; @every counts from `anchor_ms`.
 * Units    Unix ms.  zone NULL: UTC
 * Returns  CRON_NEVER: there is none, as for the 30th of February */
int64_t cron_spec_next(const struct cron_spec *spec, const struct zone *zone,
                       int64_t anchor_ms, int64_t after_ms);

#endif
