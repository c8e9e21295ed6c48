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

#define HEADER_PREFIX "RINGQ_HEADER_"

/* "NAME=..." of the inherited ones gives way to ours; and headers are of this job
 * only. */
static bool is_replaced(const struct environment *e, const char *entry)
{
    if (strncmp(entry, HEADER_PREFIX, strlen(HEADER_PREFIX)) == 0)
        return true;
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

/* The name of the variable for a header: letters in upper case, '-' and '.' become '_'.
 * Returns  false: with other characters it has none */
static bool name_header(const char *name, char *out, size_t size)
{
    size_t len = strlen(name);

    if (len == 0 || len >= size)
        return false;
    for (size_t i = 0; i <= len; i++) {
        char c = name[i];
        bool is_lower = c >= 'a' && c <= 'z';
        bool is_plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';

        if (!is_lower && !is_plain && c != '-' && c != '.' && c != '\0')
            return false;
        out[i] = is_lower ? (char)(c - 'a' + 'A') : c == '-' || c == '.' ? '_' : c;
    }
    return true;
}

/* Of two headers whose variables have the same name the first one counts. */
static bool is_named(const struct environment *e, size_t from, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = from; i < ENVIRONMENT_OURS && e->ours[i] != NULL; i++) {
        const char *ours = e->ours[i] + strlen(HEADER_PREFIX);
        if (strncmp(ours, name, len) == 0 && ours[len] == '=')
            return true;
    }
    return false;
}

static int set_headers(struct environment *e, const ringq_job *job)
{
    size_t at = ENVIRONMENT_FIXED;
    char name[128];
    int rc = 0;

    for (size_t i = 0; i < job->header_count && at < ENVIRONMENT_OURS && rc == 0; i++) {
        const ringq_header *h = &job->headers[i];

        if (memchr(h->value, '\0', h->value_len) == NULL &&
            name_header(h->name, name, sizeof name) &&
            !is_named(e, ENVIRONMENT_FIXED, name))
            rc = set(&e->ours[at++], HEADER_PREFIX "%s=%s", name, h->value);
    }
    return rc;
}

int environment_init(struct environment *out, const ringq_job *job, const char *server)
{
    size_t inherited = 0, count = 0;

    *out = (struct environment){0};
    while (environ[inherited] != NULL)
        inherited++;
    out->list = calloc(inherited + ENVIRONMENT_OURS + 1, sizeof *out->list);
    if (out->list == NULL || set_ours(out, job, server) < 0 ||
        set_headers(out, job) < 0)
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
