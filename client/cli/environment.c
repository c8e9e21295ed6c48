/* environment - the environment of a program that works on a job.
 * SPDX-License-Identifier: MIT */
#include "cli/environment.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "NAME=..." of the inherited ones gives way to ours. */
static bool is_replaced(const struct environment *e, const char *entry)
{
    for (size_t i = 0; i < ENVIRONMENT_OURS; i++) {
        const char *ours = e->ours[i];
        if (ours != NULL && strncmp(entry, ours, strcspn(ours, "=") + 1) == 0)
            return true;
    }
    return false;
}

__attribute__((format(printf, 2, 3))) static int set(char **entry, const char *format,
                                                     ...)
{
    va_list args;

    va_start(args, format);
    int rc = vasprintf(entry, format, args);
    va_end(args);
    if (rc >= 0)
        return 0;
    *entry = NULL;
    return -ENOMEM;
}

static int set_ours(struct environment *e, const ringq_job *job, const char *server)
{
    int rc = set(&e->ours[0], "RINGQ_JOB_ID=%s", job->id);

    if (rc == 0)
        rc = set(&e->ours[1], "RINGQ_LEASE=%s", job->lease);
    if (rc == 0)
        rc = set(&e->ours[2], "RINGQ_QUEUE=%s", job->queue);
    if (rc == 0)
        rc = set(&e->ours[3], "RINGQ_ATTEMPT=%u", job->attempt);
    if (rc == 0 && server != NULL)
        rc = set(&e->ours[4], "RINGQ_URL=%s", server);
    return rc;
}

int environment_init(struct environment *out, const ringq_job *job, const char *server)
{
    size_t inherited = 0, count = 0;

    *out = (struct environment){0};
    while (environ[inherited] != NULL)
        inherited++;
    out->list = calloc(inherited + ENVIRONMENT_OURS + 1, sizeof *out->list);
    if (out->list == NULL || set_ours(out, job, server) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < inherited; i++) {
        if (!is_replaced(out, environ[i]))
            out->list[count++] = environ[i];
    }
    for (size_t i = 0; i < ENVIRONMENT_OURS; i++) {
        if (out->ours[i] != NULL)
            out->list[count++] = out->ours[i];
    }
    return 0;
}

void environment_fini(struct environment *e)
{
    for (size_t i = 0; i < ENVIRONMENT_OURS; i++)
        free(e->ours[i]);
    free(e->list);
}
