/* iter-struct - an iterator whose steps may wait, written by hand.
 *
 * asyncio: class with __aiter__ and __anext__.  The end is a result of its own, no
 * value: next gives 1 and a value, 0 at the end, < 0 an error.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

struct counter {
    rio_iter iter; /* first: a pointer to it is one to the counter */
    int at, last;
};

static int counter_next(rio_iter *it, void *out)
{
    struct counter *c = (struct counter *)it;
    int rc = await(rio_sleep(seconds(0.1)));

    if (rc < 0 || c->at == c->last)
        return rc;
    *(int *)out = ++c->at;
    return 1;
}

static int counter_close(rio_iter *it)
{
    struct counter *c = (struct counter *)it;

    c->at = c->last;
    return 0;
}

static long body(void *arg)
{
    struct counter counter = {{counter_next, counter_close}, 0, 3};
    int value;
    long rc;

    (void)arg;
    RIO_FOR_EACH(&counter.iter, &value, rc)
    {
        say_word("%d", value);
    }
    say("end");
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
