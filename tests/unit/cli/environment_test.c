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

static void headers_are_told_under_harmless_names(void **state)
{
    static char queue[] = "mail", stale[] = "RINGQ_HEADER_OLD=x";
    static char *inherited[] = {stale, NULL};
    static const ringq_header headers[] = {
        {"Trace-Id", "4bf9", 4}, {"trace.id", "second", 6}, {"lang", "", 0},
        {"bad=name", "x", 1},    {"umlaut\xc3", "x", 1},    {"nul", "a\0b", 3}};
    struct environment e;
    char **saved = environ;
    int times;

    (void)state;
    job.queue = queue;
    job.headers = headers;
    job.header_count = sizeof headers / sizeof headers[0];
    environ = inherited;
    int rc = environment_init(&e, &job, NULL);
    environ = saved;
    job.header_count = 0;
    assert_int_equal(rc, 0);
    assert_value(&e, "RINGQ_HEADER_TRACE_ID", "4bf9");
    assert_value(&e, "RINGQ_HEADER_LANG", "");
    assert_null(value_of(&e, "RINGQ_HEADER_OLD", &times));
    assert_null(value_of(&e, "RINGQ_HEADER_NUL", &times));
    int count = 0;
    while (e.list[count] != NULL)
        count++;
    assert_int_equal(count, 4 + 2);
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
          cmocka_unit_test(headers_are_told_under_harmless_names),
          cmocka_unit_test(a_server_that_was_named_is_passed_on))
