/* store-query - a store that only knows how to block, called in a thread.
 *
 * asyncio: async with aiosqlite.connect(...), which does the same.  Each call blocks
 * until a ticker has ticked five times: which it can, since the loop goes on.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdatomic.h>
#include <time.h>

#include "rio/examples/demo.h"

enum { TICKS = 5 };

static atomic_int ticks;

/* ---- the blocking library ---- */

struct store {
    FILE *rows;
};

static void be_slow(void)
{
    int until = atomic_load(&ticks) + TICKS;

    while (atomic_load(&ticks) < until)
        (void)nanosleep(&(struct timespec){0, RIO_MS}, NULL);
}

static long store_open(void *arg)
{
    struct store *s = arg;

    be_slow();
    s->rows = tmpfile();
    return s->rows == NULL ? -errno : 0;
}

static long store_fill(void *arg)
{
    struct store *s = arg;

    be_slow();
    return fprintf(s->rows, "1 Alice\n2 Bob\n3 Carol\n");
}

static long store_print(void *arg)
{
    struct store *s = arg;
    char name[32];
    int id;

    be_slow();
    rewind(s->rows);
    while (fscanf(s->rows, "%d %31s", &id, name) == 2)
        say("%d %s", id, name);
    return 0;
}

static long store_close(void *arg)
{
    struct store *s = arg;

    return fclose(s->rows) == 0 ? 0 : -errno;
}

/* ---- the coroutines ---- */

static long ticker(void *arg)
{
    (void)arg;
    for (;;) {
        RIO_TRY(await(rio_sleep(seconds(0.01))));
        atomic_fetch_add(&ticks, 1);
    }
}

RIO_AWAITS static long use(struct store *s)
{
    RIO_TRY(await(rio_to_thread(store_fill, s)));
    return await(rio_to_thread(store_print, s));
}

static long body(void *arg)
{
    RIO_AUTO_TASK watch = rio_create_task(ticker, NULL);
    struct store store;
    long rc;

    (void)arg;
    RIO_TRY(await(rio_to_thread(store_open, &store)));
    rc = await(use(&store));
    RIO_IGNORE(await(rio_to_thread(store_close, &store)));
    say("ticker %s", atomic_load(&ticks) >= 3 * TICKS ? "undisturbed" : "disturbed");
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
