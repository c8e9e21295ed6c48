/* environment_test - the environment of a program that works on a job.
 * SPDX-License-Identifier: MIT */
#include "cli/environment.h"

#include <string.h>
#include <unistd.h>

#include "support/test.h"

static ringq_job job = {.id = "7-1", .lease = "7-1:3", .attempt = 2};

/* The value of a name, and how often the name occurs. */
static const char *value_of(const struct environment *e, const char *name,
                            int *out_times)
{
    size_t len = strlen(name);
    const char *value = NULL;

    *out_times = 0;
    for (size_t i = 0; e->list[i] != NULL; i++) {
        if (strncmp(e->list[i], name, len) == 0 && e->list[i][len] == '=') {
            value = e->list[i] + len + 1;
            (*out_times)++;
        }
    }
    return value;
}

static void assert_value(const struct environment *e, const char *name,
                         const char *want)
{
    int times;
    const char *value = value_of(e, name, &times);

    assert_int_equal(times, 1);
    assert_string_equal(value, want);
}

static void the_job_is_told_and_the_rest_inherited(void **state)
{
    static char queue[] = "mail";
    static char path[] = "PATH=/bin", stale[] = "RINGQ_JOB_ID=9-9",
                near[] = "RINGQ_JOB=x";
    static char *inherited[] = {path, stale, near, NULL};
    struct environment e;
    char **saved = environ;

    (void)state;
    job.queue = queue;
    environ = inherited;
    int rc = environment_init(&e, &job, NULL);
    environ = saved;
    assert_int_equal(rc, 0);
    assert_value(&e, "PATH", "/bin");
    assert_value(&e, "RINGQ_JOB", "x");
    assert_value(&e, "RINGQ_JOB_ID", "7-1");
    assert_value(&e, "RINGQ_LEASE", "7-1:3");
    assert_value(&e, "RINGQ_QUEUE", "mail");
    assert_value(&e, "RINGQ_ATTEMPT", "2");
    int times;
    assert_null(value_of(&e, "RINGQ_URL", &times));
    environment_fini(&e);
}

static void a_server_that_was_named_is_passed_on(void **state)
{
    static char queue[] = "mail", url[] = "RINGQ_URL=ringq://other";
    static char *inherited[] = {url, NULL};
    struct environment e;
    char **saved = environ;

    (void)state;
    job.queue = queue;
    environ = inherited;
    int rc = environment_init(&e, &job, "unix:/run/x");
    environ = saved;
    assert_int_equal(rc, 0);
    assert_value(&e, "RINGQ_URL", "unix:/run/x");
    environment_fini(&e);
}

TEST_MAIN(cmocka_unit_test(the_job_is_told_and_the_rest_inherited),
          cmocka_unit_test(a_server_that_was_named_is_passed_on))
