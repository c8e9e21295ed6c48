/* overhead_test - what a waiting job costs beside its body: at most 96 bytes.
 *
 * Counted are the chunks that glibc makes of what is allocated, also where a sanitizer
 * does the allocating: 8 bytes in front, sizes in steps of 16, no less than 32.
 * SPDX-License-Identifier: MIT */
#include <malloc.h>
#include <stdlib.h>

#include "core/core.h"
#include "core/state.h"
#include "support/test.h"

enum { OVERHEAD_MAX = 96, BODY_MAX = 255 };

/* The names that the linker's --wrap gives. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__real_reallocarray(void *ptr, size_t count, size_t size);
void __real_free(void *ptr);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void *__wrap_reallocarray(void *ptr, size_t count, size_t size);
void __wrap_free(void *ptr);

static size_t used; /* bytes of all chunks */

static size_t chunk_of(void *ptr)
{
    size_t size;

    if (ptr == NULL)
        return 0;
    size = (malloc_usable_size(ptr) + 8 + 15) & ~(size_t)15;
    return size < 32 ? 32 : size;
}

void *__wrap_malloc(size_t size)
{
    void *ptr = __real_malloc(size);

    used += chunk_of(ptr);
    return ptr;
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *ptr = __real_calloc(count, size);

    used += chunk_of(ptr);
    return ptr;
}

void *__wrap_realloc(void *old, size_t size)
{
    used -= chunk_of(old);
    void *ptr = __real_realloc(old, size);

    used += chunk_of(ptr);
    return ptr;
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    used -= chunk_of(old);
    void *ptr = __real_reallocarray(old, count, size);

    used += chunk_of(ptr);
    return ptr;
}

void __wrap_free(void *ptr)
{
    used -= chunk_of(ptr);
    __real_free(ptr);
}

struct queue_of_jobs {
    struct core *core;
    struct effects fx;
    struct core_now now;
    size_t bodies; /* bytes of them */
};

static void put(struct queue_of_jobs *q, size_t size)
{
    static const uint8_t body[BODY_MAX];
    const struct core_put put = {.queue = RQ_LIT("q"),
                                 .body = rq_slice(body, size),
                                 .policy = {.ttr_ms = 60000, .tries = 25, .pri = 128}};
    struct job *job;

    assert_int_equal(core_put(q->core, &put, q->now, &q->fx, &job, &(struct job_id){0}),
                     0);
    core_set_home(q->core, &q->fx.items[0], 1);
    q->fx.count = 0;
    assert_int_equal(core_confirmed(q->core, job, q->now, &q->fx), 0);
    q->bodies += size;
}

/* Of what is allocated: the end of the index's table, which is twice as long whenever
 * it is full, nobody has touched, so it is no memory yet. */
static size_t touched(const struct queue_of_jobs *q)
{
    const struct job_index *x = &q->core->index;

    return used - (x->cap - x->used) * sizeof(*x->buckets);
}

/* Puts jobs whose bodies have `smallest` to `largest` bytes, and looks again and again
 * what they cost. */
static void expect_little(size_t smallest, size_t largest)
{
    enum { FIRST = 4096, LAST = 200000, STEP = 1021 };
    struct queue_of_jobs q = {.core = core_new(1),
                              .now = {.mono_ns = 1, .wall_ms = 1000}};
    size_t before, worst = 0;

    assert_non_null(q.core);
    core_set_epoch(q.core, 7);
    put(&q, smallest); /* the queue and what its jobs share */
    before = touched(&q);
    q.bodies = 0;
    for (size_t n = 1; n <= LAST; n++) {
        put(&q, smallest + n % (largest - smallest + 1));
        if (n < FIRST || n % STEP != 0)
            continue;
        size_t overhead = (touched(&q) - before - q.bodies + n - 1) / n;
        worst = overhead > worst ? overhead : worst;
    }
    print_message("bodies of %zu to %zu bytes: %zu bytes a job\n", smallest, largest,
                  worst);
    assert_true(worst > 68 && worst <= OVERHEAD_MAX);
    effects_fini(&q.fx);
    core_free(q.core);
}

static void of_100_bytes(void **state)
{
    (void)state;
    expect_little(100, 100);
}

static void of_every_size(void **state)
{
    (void)state;
    expect_little(0, BODY_MAX);
}

TEST_MAIN(cmocka_unit_test(of_100_bytes), cmocka_unit_test(of_every_size))
