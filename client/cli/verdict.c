/* verdict - what the end of a program means for its job.
 * SPDX-License-Identifier: MIT */
#include "cli/verdict.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <ringq/ringq.h>

#include "cli/units.h"

enum {
    STATUS_DATA = 65, /* EX_DATAERR */
    STATUS_POISON = 100,
    STATUS_NOT_NOW = 99,
};

static void name_signal(const struct child_end *end, struct verdict *v)
{
    int number = WTERMSIG(end->status);
    const char *name = sigabbrev_np(number);
    const char *hint = WCOREDUMP(end->status) ? " (core dumped)"
                       : number == SIGKILL    ? " (out of memory?)"
                                              : "";

    if (name != NULL)
        (void)snprintf(v->error, sizeof v->error, "killed by SIG%s%s", name, hint);
    else
        (void)snprintf(v->error, sizeof v->error, "killed by signal %d", number);
}

static int outcome_of(int status)
{
    switch (status) {
    case 0:
        return RINGQ_WORK_DONE;
    case STATUS_DATA:
    case STATUS_POISON:
        return RINGQ_WORK_DEAD;
    case STATUS_NOT_NOW:
        return RINGQ_WORK_RELEASE;
    default:
        return RINGQ_WORK_RETRY;
    }
}

void verdict_of(const struct child_end *end, int64_t timeout_ms, struct verdict *out)
{
    char limit[UNITS_TEXT_SIZE];

    *out = (struct verdict){.outcome = RINGQ_WORK_RETRY};
    if (end->left) {
        out->outcome = RINGQ_WORK_RELEASE;
    } else if (end->timed_out) {
        (void)snprintf(out->error, sizeof out->error, "ran longer than %s",
                       units_duration(limit, timeout_ms * 1000));
    } else if (WIFSIGNALED(end->status)) {
        name_signal(end, out);
    } else {
        int status = WEXITSTATUS(end->status);
        out->outcome = outcome_of(status);
        if (out->outcome == RINGQ_WORK_DONE)
            return;
        if (end->last_error[0] != '\0')
            (void)snprintf(out->error, sizeof out->error, "%s", end->last_error);
        else
            (void)snprintf(out->error, sizeof out->error, "exit status %d", status);
    }
}
