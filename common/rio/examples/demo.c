/* demo.c - see demo.h.  One process is one demo, so its options are globals.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

enum { MAX_ARGS = 16, MAX_SCALE = 1000 };

static struct {
    const char *name;
    int64_t scale;
    unsigned io;
    bool times;
    const char *args[MAX_ARGS], *options[MAX_ARGS];
    int nargs, noptions;
    int64_t began; /* 0: not yet */
    bool in_line;  /* after say_word() */
} demo = {.scale = 1};

static void usage(const char *what, const char *which)
{
    (void)fprintf(stderr,
                  "%s: %s: %s\nusage: %s [--times] [--scale N] [--sim|--epoll] ...\n",
                  demo.name, what, which, demo.name);
    exit(2);
}

static int64_t number(const char *text, int64_t min, int64_t max)
{
    int64_t v = 0;

    if (rq_num_i64(rq_slice_str(text), min, max, &v) < 0)
        usage("not such a number", text);
    return v;
}

/* Reads one option.  Returns  how many words of argv it takes */
static int option(char **argv)
{
    if (strcmp(argv[0], "--times") == 0) {
        demo.times = true;
        return 1;
    }
    if (strcmp(argv[0], "--sim") == 0 || strcmp(argv[0], "--epoll") == 0) {
        demo.io = argv[0][2] == 's' ? RIO_IO_SIM : RIO_IO_EPOLL;
        return 1;
    }
    if (strcmp(argv[0], "--scale") == 0) {
        demo.scale = number(argv[1] == NULL ? "" : argv[1], 1, MAX_SCALE);
        return 2;
    }
    if (demo.noptions == MAX_ARGS)
        usage("too many options", argv[0]);
    demo.options[demo.noptions++] = argv[0];
    return 1;
}

void demo_setup(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');

    demo.name = slash == NULL ? argv[0] : slash + 1;
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    for (int i = 1; i < argc;) {
        if (strncmp(argv[i], "--", 2) == 0) {
            i += option(argv + i);
            continue;
        }
        if (demo.nargs == MAX_ARGS)
            usage("too many arguments", argv[i]);
        demo.args[demo.nargs++] = argv[i++];
    }
}

unsigned demo_io(void)
{
    return demo.io;
}

struct run {
    rio_fn *body;
    void *arg;
};

static long timed(void *arg)
{
    struct run *run = arg;
    long rc;

    demo.began = rio_now();
    rc = await(run->body(run->arg));
    if (demo.in_line)
        (void)putchar('\n');
    demo.in_line = false;
    if (demo.times)
        say("end");
    return rc;
}

long demo_run(rio_fn *body, void *arg)
{
    rio_runner *r = rio_runner_new(demo.io);
    long rc;

    if (r == NULL)
        return -errno;
    rc = rio_runner_run(r, timed, &(struct run){body, arg});
    rio_runner_free(r);
    return rc;
}

int demo_main(int argc, char **argv, rio_fn *body)
{
    const char *why;
    long rc;

    demo_setup(argc, argv);
    rc = demo_run(body, NULL);
    if (rc >= 0)
        return 0;
    if (rc == -EINTR) /* Ctrl-C */
        return 130;
    why = rio_task_error(NULL);
    (void)fprintf(stderr, "%s: %s\n", demo.name,
                  why == NULL ? strerror((int)-rc) : why);
    return 1;
}

const char *demo_arg(int i, const char *otherwise)
{
    return i < demo.nargs ? demo.args[i] : otherwise;
}

long demo_number(int i, long otherwise)
{
    return i < demo.nargs ? (long)number(demo.args[i], 0, INT32_MAX) : otherwise;
}

bool demo_has(const char *option)
{
    for (int i = 0; i < demo.noptions; i++)
        if (strcmp(demo.options[i], option) == 0)
            return true;
    return false;
}

int64_t seconds(double s)
{
    return (int64_t)(s * (double)RIO_SEC + 0.5) / demo.scale;
}

double elapsed(void)
{
    if (demo.began == 0)
        return 0;
    return (double)((rio_now() - demo.began) * demo.scale) / (double)RIO_SEC;
}

/* With stdout locked. */
__attribute__((format(printf, 1, 0))) static void print_word(const char *fmt,
                                                             va_list args)
{
    if (demo.in_line)
        (void)putchar(' ');
    else if (demo.times)
        (void)printf("%.3f ", elapsed());
    (void)vprintf(fmt, args);
}

void say(const char *fmt, ...)
{
    va_list args;

    flockfile(stdout);
    va_start(args, fmt);
    print_word(fmt, args);
    va_end(args);
    (void)putchar('\n');
    demo.in_line = false;
    funlockfile(stdout);
}

void say_word(const char *fmt, ...)
{
    va_list args;

    flockfile(stdout);
    va_start(args, fmt);
    print_word(fmt, args);
    va_end(args);
    demo.in_line = true;
    funlockfile(stdout);
}
