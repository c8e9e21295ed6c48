/* settings - what operators say about a queue.
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "core/counters.h"
#include "core/gate.h"
#include "core/group.h"
#include "core/journal.h"
#include "core/limits.h"
#include "core/queues.h"
#include "core/ready.h"
#include "core/state.h"
#include "core/timer.h"

enum { SETTINGS_EFFECTS = 2 };

static void apply(struct core *core, struct queue *q,
                  const struct record_settings *settings, struct effects *fx)
{
    struct gate *g = q->gate;

    if (g->settings.rate != settings->rate) {
        g->booked_ns = 0;
        timer_stop(&core->gate_timers, &g->timer);
    }
    g->settings = *settings;
    groups_limit_changed(q);
    counters_add(core, q, (struct record_totals){0}); /* TOTALS keep the queue alive */
    journal_settings(q, fx);
    gate_look(core, q);
}

int core_queue_set(struct core *core, struct rq_slice queue,
                   const struct record_settings *settings, struct effects *fx)
{
    struct queue *q;

    ASSERT(gate_settings_are_valid(settings) && !core->is_replaying);
    int rc = effects_reserve(fx, SETTINGS_EFFECTS);
    if (rc == 0)
        rc = queue_need(core, queue, LIMIT_QUEUES, &q);
    if (rc < 0)
        return rc;
    rc = gate_need(core, q);
    if (rc == 0)
        rc = ready_set_order(q, settings->order);
    if (rc < 0) {
        queue_release(core, q);
        return rc;
    }
    apply(core, q, settings, fx);
    return 0;
}
