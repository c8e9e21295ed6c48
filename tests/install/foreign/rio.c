/* rio - a stranger's program: two tasks that wait, in the order of their deadlines.
 * SPDX-License-Identifier: MIT */
#include <rio/rio.h>

#include <stdio.h>

struct line {
    const char *text;
    int64_t delay;
};

static long say(void *arg)
{
    const struct line *l = arg;

    RIO_TRY(await(rio_sleep(l->delay)));
    (void)puts(l->text);
    return 0;
}

static long body(void *arg)
{
    struct line lines[] = {{"world", 20 * RIO_MS}, {"hello", 5 * RIO_MS}};
    rio_group group = {0};
    long rc = rio_group_enter(&group);

    (void)arg;
    for (int i = 0; i < 2 && rc >= 0; i++)
        if (rio_group_spawn(&group, say, &lines[i]) == NULL)
            rc = -1;
    rc = await(rio_group_exit(&group, rc));
    rio_group_destroy(&group);
    return rc;
}

int main(void)
{
    return rio_run(body, NULL) < 0;
}
