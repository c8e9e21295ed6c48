/* task - a stranger's program: one task puts a job and takes it, on one loop.
 * SPDX-License-Identifier: MIT */
#include <ringq/ringq_rio.h>
#include <rio/rio.h>

#include <stdio.h>

static long talk(ringq *q)
{
    ringq_receipt receipt;
    ringq_job *job = NULL;

    RIO_TRY(ringq_rio_result(ringq_put(q, "greetings", "hello", 5, NULL, &receipt)));
    RIO_TRY(ringq_rio_result(ringq_get(q, "greetings", 5000, 0, &job)));
    (void)puts(job->body);
    ringq_job_free(job);
    return 0;
}

static long body(void *arg)
{
    ringq *q = ringq_rio_connect(NULL, NULL);
    long rc = ringq_error(q);

    (void)arg;
    if (rc >= 0)
        rc = talk(q);
    if (rc < 0)
        (void)fprintf(stderr, "%s\n", ringq_error_text(q));
    ringq_close(q);
    return rc;
}

int main(void)
{
    return rio_run(body, NULL) < 0;
}
