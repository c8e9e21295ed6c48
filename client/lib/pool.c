/* pool - the handler threads of a worker.
 *
 * One mutex, two lists.  Threads know nothing of the network; the worker's thread
 * sleeps in poll(2), so what it waits for is a descriptor: an eventfd, written when
 * `finished` stops being empty.
 * SPDX-License-Identifier: MIT */
#include "lib/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "wire/command.h"

int ringq_work_result(ringq_work *work, const void *result, size_t len)
{
    char *copy = malloc(len + 1);

    if (copy == NULL)
        return RINGQ_NOMEM;
    if (len > 0)
        memcpy(copy, result, len);
    free(work->result);
    work->result = copy;
    work->result_len = len;
    return 0;
}

void ringq_work_error(ringq_work *work, const char *text)
{
    free(work->error);
    /* Without memory the job fails without a text. */
    work->error = text == NULL ? NULL : strndup(text, RQ_ERROR_TEXT_MAX);
}

bool ringq_work_is_lost(const ringq_work *work)
{
    return atomic_load_explicit(&work->lost, memory_order_relaxed) ||
           ringq_work_cancelled(work);
}

bool ringq_work_cancelled(const ringq_work *work)
{
    return atomic_load_explicit(&work->cancelled, memory_order_relaxed);
}

void rq_work_clear(ringq_work *work)
{
    ringq_job_free(work->job);
    free(work->result);
    free(work->error);
    work->job = NULL;
    work->result = NULL;
    work->result_len = 0;
    work->error = NULL;
    work->outcome = RINGQ_WORK_DONE;
    work->touching = work->told_before = false;
    work->telling = (struct rq_retry){.failures = 0};
    work->tell_at_ns = 0;
    atomic_store_explicit(&work->lost, false, memory_order_relaxed);
    atomic_store_explicit(&work->cancelled, false, memory_order_relaxed);
}

static int checked(int outcome)
{
    return outcome >= RINGQ_WORK_DONE && outcome <= RINGQ_WORK_RELEASE
               ? outcome
               : RINGQ_WORK_RETRY;
}

static void finish(struct rq_pool *p, ringq_work *work)
{
    bool was_empty = rq_list_empty(&p->finished);
    uint64_t one = 1;

    rq_list_push_back(&p->finished, &work->link);
    /* An eventfd takes one more, always: the counter is read to zero. */
    if (was_empty)
        rq_ignore(write(p->wake_fd, &one, sizeof one) < 0);
}

static void *run_handlers(void *arg)
{
    struct rq_pool *p = arg;

    pthread_mutex_lock(&p->mutex);
    for (;;) {
        struct rq_list *link = rq_list_pop_front(&p->ready);
        ringq_work *work;

        if (link == NULL && p->ending)
            break;
        if (link == NULL) {
            pthread_cond_wait(&p->ready_grew, &p->mutex);
            continue;
        }
        pthread_mutex_unlock(&p->mutex);
        work = RQ_LIST_ENTRY(link, ringq_work, link);
        work->outcome = checked(p->handler(work, work->job, p->arg));
        pthread_mutex_lock(&p->mutex);
        finish(p, work);
    }
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

/* Signals belong to the program's own threads; but those of a crash come to the thread
 * that crashes, where a debugger or a sanitizer wants to see them. */
static int start_threads(struct rq_pool *p, unsigned count)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    sigset_t blocked, before;
    int rc = 0;

    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigdelset(&blocked, crashes[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    while (rc == 0 && p->thread_count < count) {
        rc = -pthread_create(&p->threads[p->thread_count], NULL, run_handlers, p);
        if (rc == 0)
            p->thread_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

int rq_pool_start(struct rq_pool *p, unsigned count, ringq_handler *handler, void *arg)
{
    int rc;

    *p = (struct rq_pool){.handler = handler, .arg = arg};
    p->threads = calloc(count, sizeof *p->threads);
    if (p->threads == NULL)
        return -ENOMEM;
    p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->wake_fd < 0) {
        rc = -errno;
        free(p->threads);
        return rc;
    }
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->ready_grew, NULL);
    rq_list_init(&p->ready);
    rq_list_init(&p->finished);
    rc = start_threads(p, count);
    if (rc < 0)
        rq_pool_end(p);
    return rc;
}

void rq_pool_end(struct rq_pool *p)
{
    pthread_mutex_lock(&p->mutex);
    p->ending = true;
    pthread_cond_broadcast(&p->ready_grew);
    pthread_mutex_unlock(&p->mutex);
    for (unsigned i = 0; i < p->thread_count; i++)
        pthread_join(p->threads[i], NULL);
    ASSERT(rq_list_empty(&p->ready) && rq_list_empty(&p->finished));
    pthread_cond_destroy(&p->ready_grew);
    pthread_mutex_destroy(&p->mutex);
    (void)close(p->wake_fd);
    free(p->threads);
}

void rq_pool_give(struct rq_pool *p, ringq_work *work)
{
    pthread_mutex_lock(&p->mutex);
    rq_list_push_back(&p->ready, &work->link);
    pthread_cond_signal(&p->ready_grew);
    pthread_mutex_unlock(&p->mutex);
}

ringq_work *rq_pool_take(struct rq_pool *p)
{
    struct rq_list *link;
    uint64_t count;

    pthread_mutex_lock(&p->mutex);
    link = rq_list_pop_front(&p->finished);
    if (link != NULL && rq_list_empty(&p->finished))
        rq_ignore(read(p->wake_fd, &count, sizeof count) < 0); /* under the mutex */
    pthread_mutex_unlock(&p->mutex);
    return link == NULL ? NULL : RQ_LIST_ENTRY(link, ringq_work, link);
}
