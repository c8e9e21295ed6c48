/* rio_put - puts jobs from many tasks of one thread at the same time.
 *
 *     rio_put QUEUE BODY...
 *
 * Each task has a connection of its own; a call of the library suspends its task while
 * the others go on.  All of it has two seconds. SPDX-License-Identifier: MIT */
#include <ringq/ringq_rio.h>
#include <rio/rio.h>

#include <stdio.h>
#include <string.h>

struct args {
    const char *queue;
    char **bodies;
    int count;
};

struct one {
    const char *queue, *body;
};

static long put_one(void *arg)
{
    const struct one *one = arg;
    ringq *q = ringq_rio_connect(NULL, NULL);
    ringq_receipt receipt;
    int rc = ringq_put(q, one->queue, one->body, strlen(one->body), NULL, &receipt);

    if (rc == 0)
        printf("%s %s\n", receipt.id, one->body);
    else
        fprintf(stderr, "%s: %s\n", one->body, ringq_error_text(q));
    ringq_close(q);
    return ringq_rio_result(rc);
}

static long put_all(void *arg)
{
    const struct args *args = arg;
    rio_timeout limit;
    rio_group group = {.state = 0};
    long rc = rio_timeout_enter(&limit, 2 * RIO_SEC);

    if (rc < 0)
        return rc;
    rc = rio_group_enter(&group);
    for (int i = 0; rc == 0 && i < args->count; i++)
        if (!rio_group_spawn_copy(&group, put_one,
                                  RIO_ARGS(struct one, args->queue, args->bodies[i])))
            rc = -1;
    rc = await(rio_group_exit(&group, rc));
    rio_group_destroy(&group);
    return rio_timeout_exit(&limit, rc);
}

int main(int argc, char **argv)
{
    struct args args = {argc > 1 ? argv[1] : "", argv + 2, argc - 2};

    if (argc < 3) {
        fprintf(stderr, "usage: rio_put QUEUE BODY...\n");
        return 2;
    }
    return rio_run(put_all, &args) < 0 ? 1 : 0;
}
