/* cron_spec_fuzz - any text is refused with a reason or is a spec, whose times come one
 * after the other, in any zone that any bytes may be.
 *
 *     anchor u32 | the rest, up to the first NUL, is the spec | a TZif file
 *
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "base/err.h"
#include "core/cron_spec.h"
#include "core/zone.h"
#include "fuzz/fuzz.h"

enum { TIMES = 8 };

static void check_period(const struct zone *zone, int64_t at_ms)
{
    struct zone_period p;

    zone_at(zone, at_ms / 1000, &p);
    ASSERT(p.from_s <= at_ms / 1000 && p.until_s > at_ms / 1000);
}

static void check_times(const struct cron_spec *spec, const struct zone *zone,
                        int64_t from_ms)
{
    int64_t at = from_ms;

    for (int i = 0; i < TIMES && at != CRON_NEVER; i++) {
        int64_t next = cron_spec_next(spec, zone, from_ms, at);

        ASSERT(next > at);
        ASSERT(spec->every_ms > 0 || next == CRON_NEVER || next % 1000 == 0);
        if (next != CRON_NEVER)
            check_period(zone, next);
        at = next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rq_slice rest = rq_slice(data, size), text;
    struct zone *zone = NULL;
    struct cron_spec spec;
    const char *why = NULL;
    uint32_t from;

    if (size < sizeof from)
        return 0;
    memcpy(&from, data, sizeof from);
    rest = rq_slice(data + sizeof from, size - sizeof from);
    if (!rq_slice_split(&rest, '\0', &text))
        return 0;
    int rc = cron_spec_parse(text, &spec, &why);
    ASSERT(rc == 0 || (rc == RQ_E_BADARG && why != NULL));
    if (rest.ptr != NULL)
        rq_ignore(zone_parse(rest, &zone));
    if (rc == 0) {
        check_times(&spec, NULL, (int64_t)from * 1000);
        check_times(&spec, zone, (int64_t)from * 1000);
    }
    zone_free(zone);
    return 0;
}
