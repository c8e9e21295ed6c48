/* rio.h - librio: an asyncio for C, on io_uring.  The whole public face.
 *
 *   asyncio                          here
 *   -------------------------------  -----------------------------------------
 *   async def f(x)                   long f(void *arg)
 *   await f(x)                       await(f(&x))
 *   asyncio.run(main())              rio_run(main_fn, arg)
 *   asyncio.create_task(f(x))        rio_create_task(f, &x)
 *   await task                       await(rio_join(task))
 *   await asyncio.gather(...)        await(RIO_GATHER_ARRAY(f, array))
 *   async with TaskGroup() as g      rio_group_enter ... await(rio_group_exit(...))
 *   async with timeout(s)            rio_timeout_enter ... rio_timeout_exit
 *   async with lock                  RIO_WITH_LOCK(&lock, &rc)
 *   raise CancelledError             the suspending call returns -ECANCELED
 *
 * Conventions
 *   Results   >= 0 is the result, < 0 is -errno, by value.  Constructors return NULL
 *             (rio_call_*: 0) and set errno; nothing else writes errno.
 *   Suspend   what may suspend is declared RIO_AWAITS and called as await(f()). Outside
 *             a task (no loop, or inside a callback) such a call returns -EPERM.
 *   Cancel    a request is delivered once, as -ECANCELED, at the next call that really
 *             suspends.  Every RIO_AWAITS function can return it; it is not repeated
 *             in the lists of errors below.
 *   Time      int64_t nanoseconds of CLOCK_MONOTONIC.
 *   Threads   a loop and all that belongs to it is used by one thread alone; only
 *             rio_call_soon_threadsafe and rio_run_coroutine_threadsafe may be called
 *             from others.
 *   State     errno, the floating-point environment and the signal mask belong to the
 *             thread: errno means nothing after a suspension, and a task that changes
 *             one of the others puts it back before it suspends.
 *   Memory    any call that allocates can return -ENOMEM; not repeated below either.
 *   Owns      borrows, keeps, consumes, gives, lends: a pointer is borrowed, valid
 *             until the call returns, unless the comment says otherwise.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_RIO_H
#define RIO_RIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
#define RIO_API __attribute__((visibility("default")))
#define RIO_US INT64_C(1000)
#define RIO_MS INT64_C(1000000)
#define RIO_SEC INT64_C(1000000000)
#define RIO_FOREVER INT64_MAX /* no limit */

/* May suspend the calling task: write await(f()). */
#define RIO_AWAITS __attribute__((warn_unused_result))
#define await(x) (x)
/* Drops a result, visibly. */
#define RIO_IGNORE(e) do { if (e) { } } while (0)
/* Passes an error on to the caller.  Never between an _enter and its _exit. */
#define RIO_TRY(e) \
    __extension__({ long _rio_r = (e); if (_rio_r < 0) return _rio_r; _rio_r; })
#define RIO_AUTO(fn) __attribute__((cleanup(fn), unused))
/* All-zero, for either language; a name of its own for each line. */
#ifdef __cplusplus
#define RIO_ZERO { }
#else
#define RIO_ZERO { 0 }
#endif
#define RIO_CAT_(a, b) a##b
#define RIO_NAME_(a, b) RIO_CAT_(a, b)
/* clang-format on */

/* The body of a task: >= 0 a result, < 0 a reason.  It reaches whoever joins it. */
typedef long rio_fn(void *arg);
/* A callback of the loop; it may not suspend.  < 0 goes to the exception handler. */
typedef long rio_cb(void *arg);

/* ---- program entry, runner, loop ---- */

typedef struct rio_loop rio_loop;
typedef struct rio_runner rio_runner;

/* Runs `main_fn` in a fresh loop until it has ended, then cancels what it left running,
 * and waits for that.
 *
 * Returns  main_fn's result
 * Errors   -EINVAL   main_fn is NULL
 *          -EBUSY    this thread already runs a loop
 *          -EDEADLK  main waits, and nothing is left that could wake it: no timer, no
 *                    operation, no thread, no signal handler (the waiting tasks are
 *                    listed on stderr).  Not detected once rio_get_running_loop() has
 *                    been called: another thread may hold the loop then.
 *          -EINTR    SIGINT arrived (main was cancelled by it), or rio_loop_stop()
 * Source   asyncio.run */
RIO_API long rio_run(rio_fn *main_fn, void *arg);

/* With none of the RIO_IO_*: io_uring, or epoll where the kernel has no io_uring or
 * forbids it; rio_stats.io says which, and io_reason why. */
#define RIO_IO_URING 1u /* io_uring or nothing */
#define RIO_IO_EPOLL 2u
#define RIO_DEBUG 4u  /* rio_set_debug from the first turn on */
#define RIO_IO_SIM 8u /* a simulated kernel and a virtual clock: <rio/sim.h> */

/* asyncio.Runner: several runs on one loop.  It belongs to the thread that made it.
 * Errors  EINVAL unknown flag, or two backends; ENOMEM, EMFILE, ENFILE; with
 *         RIO_IO_URING: ENOSYS, EPERM, EINVAL, EOPNOTSUPP it is refused */
RIO_API rio_runner *rio_runner_new(unsigned flags);
/* Runs fn until it has ended.  Other tasks stay for the next run.
 * Errors  as rio_run; -EBADF  the runner is closed; -EXDEV  another thread made it */
RIO_API long rio_runner_run(rio_runner *r, rio_fn *fn, void *arg);
/* Runs until rio_loop_stop().  Errors  -EBADF, -EBUSY, -EXDEV */
RIO_API int rio_runner_run_forever(rio_runner *r);
/* One turn, for embedding: waits at most `timeout` ns for something to do. */
RIO_API int rio_runner_run_once(rio_runner *r, int64_t timeout);
RIO_API rio_loop *rio_runner_get_loop(rio_runner *r); /* NULL, EBADF: closed */
/* Cancels all tasks, waits for them, closes the loop.  Idempotent; -EBUSY from inside.
 */
RIO_API int rio_runner_close(rio_runner *r);
/* Closes and frees; NULL is fine.  Handles of tasks stay readable until unreferenced.
 */
RIO_API void rio_runner_free(rio_runner *r);

RIO_API rio_loop *rio_get_running_loop(void); /* NULL outside a loop */
/* Ends run or run_forever after this turn. */
RIO_API void rio_loop_stop(rio_loop *l);
/* loop.time(): CLOCK_MONOTONIC, read now; in a simulation its virtual clock. */
RIO_API int64_t rio_now(void);
/* uv_now(): the time of this turn of the loop.  The clock is read when the turn begins
 * and at every 64th step, so a thousand calls cost one look.  Never ahead of rio_now(),
 * and behind it by no more than the steps since; timers that are due by it have rung or
 * ring in this turn.  Outside a loop: rio_now(). */
RIO_API int64_t rio_turn_time(void);
/* uv_update_time(): a step has taken long; who asks in this turn is told a new time. */
RIO_API void rio_turn_time_update(void);
/* Random bytes, from the kernel; in a simulation from its seed.  For jitter and the
 * like, not for keys. */
RIO_API void rio_random(void *out, size_t n);

/* Callbacks.  A handle is an index and a generation: a late cancel is harmless.
 * Returns  0 and errno when refused (EPERM: no running loop; EINVAL; ENOMEM)
 * Owns     keeps `arg` until the callback has run */
typedef uint64_t rio_handle;
RIO_API rio_handle rio_call_soon(rio_cb *cb, void *arg); /* FIFO, next turn */
RIO_API rio_handle rio_call_later(int64_t delay, rio_cb *cb, void *arg);
RIO_API rio_handle rio_call_at(int64_t when, rio_cb *cb, void *arg);
/* Once, after the tasks and callbacks of this turn.  What the callback writes to a
 * stream still leaves in this turn; what it wakes runs in the next. */
RIO_API rio_handle rio_call_turn_end(rio_cb *cb, void *arg);
RIO_API void rio_handle_cancel(rio_handle h);

/* From any thread, until the runner is freed.  Errors  -EBADF the loop is closed;
 * -EINVAL */
RIO_API int rio_call_soon_threadsafe(rio_loop *l, rio_cb *cb, void *arg);

/* Gets the errors that nobody else can get: of callbacks, of tasks and futures whose
 * last reference went before anyone asked, of clients of a server; and the findings of
 * debug mode, whose err is 0.  `what` is lent until it returns.
 * Returns  < 0: "report it as by default", on stderr */
typedef long rio_exception_handler(rio_loop *l, const char *what, long err, void *arg);
/* For the running loop; NULL restores the default. */
RIO_API void rio_set_exception_handler(rio_exception_handler *h, void *arg);

/* Debug mode, for the loop's own thread to switch.  It reports slow steps, from another
 * thread also while they last; while it is on, and the program does not handle SIGQUIT,
 * that signal lists the tasks.  docs/rio/debugging.md has the whole list. */
RIO_API void rio_set_debug(rio_loop *l, bool on);
RIO_API bool rio_get_debug(void);
/* loop.slow_callback_duration: how long a step of a task, or a callback, may take
 * before debug mode speaks of it; 50 ms unless set.  Errors  -EINVAL limit <= 0, or l
 * is NULL */
RIO_API int rio_set_slow_limit(rio_loop *l, int64_t limit);

typedef struct rio_stats {
    size_t tasks;      /* not ended */
    size_t timers;     /* armed */
    size_t ops;        /* operations in the kernel, or on their way to it */
    size_t waiters;    /* parked tasks */
    size_t stacks;     /* in use, ended tasks that are still referenced included */
    size_t handles;    /* futures and tasks that are still referenced */
    size_t threads;    /* functions queued or running in threads */
    uint64_t turns;    /* of the loop */
    uint64_t switches; /* into tasks */
    uint64_t enters;   /* calls of io_uring_enter, or of epoll_wait */
    const char *io;    /* the backend: "uring", "epoll", "sim"; "closed" */
    /* Why it is epoll: "io_uring_setup: EPERM; seccomp?", or "": it was asked for, or
     * it is io_uring.  Lent: by the loop. */
    const char *io_reason;
    const char *guard; /* how stacks are guarded: "madvise", "mprotect", "canary" */
    /* Bytes of stack of the deepest task that has ended; 0 without debug mode. */
    size_t stack_deepest;
} rio_stats;
RIO_API void rio_loop_stats(const rio_loop *l, rio_stats *out);

/* ---- futures and tasks: one handle type ---- */

typedef struct rio_future rio_future;
typedef struct rio_future rio_task; /* a task IS a future */

/* A future to be set by hand.  Owns  gives one reference.  Errors  EPERM, ENOMEM */
RIO_API rio_future *rio_future_new(void);
/* Errors  -EINVAL done already, or v < 0 (err >= 0); -ENOTSUP a task */
RIO_API int rio_future_set_result(rio_future *f, long v);
RIO_API int rio_future_set_error(rio_future *f, long err);
RIO_API bool rio_future_done(const rio_future *f);
RIO_API bool rio_future_cancelled(const rio_future *f);
/* The result or the error, which counts as seen from now on.
 * Errors  -EINPROGRESS not done; -ECANCELED cancelled; -EINVAL NULL */
RIO_API long rio_future_result(rio_future *f);
/* cb runs in the turn after f is done (or, if it is, in the next), in the order added.
 */
typedef void rio_done_cb(rio_future *f, void *arg);
RIO_API int rio_future_add_done_callback(rio_future *f, rio_done_cb *cb, void *arg);
/* Removes each cb with that arg that has not been scheduled yet.  Returns  how many */
RIO_API int rio_future_remove_done_callback(rio_future *f, rio_done_cb *cb, void *arg);
RIO_API rio_future *rio_ref(rio_future *f); /* returns f; NULL is fine */
/* Drops a reference; the last one reports an error that nobody has seen.  A running
 * task goes on without references.  NULL is fine. */
RIO_API void rio_unref(rio_future *f);

/* Starts a task: its first step runs in the next turn.
 *
 * Owns     gives one reference: rio_unref() or rio_join_unref() it.  `arg` must outlive
 *          the task.
 * Errors   EINVAL fn is NULL; EPERM no running loop; ENOMEM */
RIO_API rio_task *rio_create_task(rio_fn *fn, void *arg);
/* As rio_create_task; the `size` bytes (at most 16 KiB) at `arg` are copied to the new
 * stack, aligned as max_align_t. */
RIO_API rio_task *rio_create_task_copy(rio_fn *fn, const void *arg, size_t size);
/* clang-format off */
/* A struct made on the spot, and its size; in C++ its fields in order. */
#ifdef __cplusplus
extern "C++" {
template <class T> const T *rio_address_of(const T &temporary) { return &temporary; }
}
#define RIO_ARGS(T, ...) rio_address_of<T>({__VA_ARGS__}), sizeof(T)
#else
#define RIO_ARGS(T, ...) &(T){__VA_ARGS__}, sizeof(T)
#endif
/* clang-format on */
/* asyncio.eager_task_factory: the first step, up to a suspension, is taken inside the
 * call.  Nobody else runs meanwhile, and the call does not suspend: callbacks may make
 * such a task, too. */
#define RIO_EAGER 1u
typedef struct rio_task_opts {
    const char *name; /* copied, cut to 31 bytes; NULL: "task-N" */
    size_t stack;     /* bytes; 0: 64 KiB, the only size that is pooled */
    unsigned flags;   /* 0 or RIO_EAGER */
} rio_task_opts;
/* copy: how many bytes of arg to copy; 0: none, the task gets the pointer. */
RIO_API rio_task *rio_create_task_ex(rio_fn *fn, const void *arg, size_t copy,
                                     const rio_task_opts *o);

/* Waits for a future or task.  A cancel of the caller is forwarded to f, and f is still
 * waited for.
 *
 * Returns  f's result or error, again at each call
 * Errors   -EDEADLK f is the calling task; -EINVAL f is NULL or of another loop */
RIO_AWAITS RIO_API long rio_join(rio_future *f);
/* rio_join, then rio_unref: consumes f. */
RIO_AWAITS RIO_API long rio_join_unref(rio_future *f);
/* rio_join that does not forward a cancel: the caller gets -ECANCELED, f goes on. */
RIO_AWAITS RIO_API long rio_shield(rio_future *f);
/* asyncio.shield(): a future that follows f; cancelling it does not touch f.
 * Owns  gives one reference. */
RIO_API rio_future *rio_shield_future(rio_future *f);

/* Suspends for `d` ns; d <= 0: one turn, without a timer. */
RIO_AWAITS RIO_API int rio_sleep(int64_t d);
RIO_AWAITS RIO_API int rio_yield(void);
RIO_AWAITS RIO_API int rio_sleep_until(int64_t when);

/* Asks t (any future) to end.  Returns  false when it is done already (or NULL) */
RIO_API bool rio_task_cancel(rio_task *t);
RIO_API bool rio_task_cancel_msg(rio_task *t, const char *msg);
RIO_API unsigned rio_task_cancelling(const rio_task *t); /* unanswered requests */
/* Answers one request; the last one also withdraws a delivery that is still due.
 * Returns  how many are left */
RIO_API unsigned rio_task_uncancel(rio_task *t);
/* Whether the calling task's next suspension will return -ECANCELED. */
RIO_API bool rio_cancel_pending(void);
/* on != 0: holds requests back in the calling task.  A timeout scope entered under the
 * mask still fires.  Returns  the old value; -EPERM outside a task */
RIO_API int rio_cancel_mask(int on);
RIO_API rio_task *rio_current_task(void); /* borrowed; NULL in callbacks */
/* The tasks of the running loop that have not ended: fills out[0..max), borrowed.
 * Returns  how many there are */
RIO_API size_t rio_all_tasks(rio_task **out, size_t max);
RIO_API const char *rio_task_name(const rio_task *t); /* lent by t */
RIO_API int rio_task_set_name(rio_task *t, const char *name);
/* `raise`: keeps a message for the error that the calling task (or the function of
 * rio_to_thread) returns.  Returns  err */
RIO_API long rio_error(long err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The message of t's error, or NULL.  t NULL: of the calling task; outside a task, of
 * the last run on this thread.  Lent by t. */
RIO_API const char *rio_task_error(const rio_task *t);
/* The frames of one, innermost first, in whatever stack they lie; of the calling task,
 * too.  Functions that the program does not export are addresses, which addr2line
 * names. Allocates; not for signal handlers.  Source  Task.print_stack */
RIO_API void rio_task_print_stack(const rio_task *t, FILE *f);
/* The tree of groups and tasks: one line a task, with its name, what it waits for, its
 * time limit, its unanswered cancel requests; members of a group below the task that
 * opened it.  In debug mode also how deep each task has used its stack, and the deepest
 * of those that have ended, by name. */
RIO_API void rio_dump_tasks(FILE *f);
/* Suspends: cancels *t, waits for it, drops it.  For RIO_AUTO_TASK. */
RIO_API void rio_task_auto(rio_task **t);
/* A task that cannot outlive the block:  RIO_AUTO_TASK t = rio_create_task(...); */
#define RIO_AUTO_TASK RIO_AUTO(rio_task_auto) rio_task *

/* ---- many at once ---- */

#define RIO_RETURN_ERRORS 1u /* errors are results, too; gather itself succeeds */
#define RIO_DETACH 2u        /* asyncio's early return: the others go on */

/* Waits for n futures.
 *
 * Shape    fs: n handles, the same one may stand there twice; results: n, or NULL
 * Returns  0, with each result in its place
 * Errors   the first error of a member.  The others are then cancelled, and waited for:
 *          they may work on the caller's memory.  With RIO_DETACH they go on instead.
 *          -ECANCELED after all members were cancelled and have ended
 * Source   asyncio.gather */
RIO_AWAITS RIO_API long rio_gather(rio_future *const *fs, size_t n, long *results,
                                   unsigned flags);
/* One task per element: fn(base + i * size).  flags: 0 or RIO_RETURN_ERRORS. */
RIO_AWAITS RIO_API long rio_gather_map(rio_fn *fn, void *base, size_t n, size_t size,
                                       long *results, unsigned flags);
/* clang-format off */
#define RIO_GATHER_ARRAY(fn, a) \
    await(rio_gather_map((fn), (a), sizeof(a) / sizeof((a)[0]), sizeof((a)[0]), NULL, 0))
/* clang-format on */
/* asyncio.gather() as an object: a future that ends as rio_gather() would, for joins,
 * shields, callbacks and other gathers.  A cancel goes to all members, and it is done,
 * cancelled, when the last of them is; once all are done a cancel comes too late.
 *
 * Shape    as rio_gather; results are written in the moment it is done
 * Errors   EINVAL a handle is NULL or of another loop, unknown flag; EPERM no running
 *          loop; ENOMEM
 * Owns     gives one reference; references the members and keeps `results` (not `fs`)
 *          until it is done.  Whoever drops the last reference before lets the members
 *          go on, and nothing is written. */
RIO_API rio_future *rio_gather_future(rio_future *const *fs, size_t n, long *results,
                                      unsigned flags);

enum rio_when { RIO_ALL_COMPLETED, RIO_FIRST_COMPLETED, RIO_FIRST_EXCEPTION };
/* Waits for some or all of n futures, at most `timeout` ns.  Cancels none of them, not
 * even when it is cancelled itself.
 *
 * Shape    fs: n handles; afterwards the done ones come first, then the pending ones,
 *          either in their old order; one that stood there twice counts once, and its
 *          repetitions come last
 * Returns  how many are done: when the limit strikes it may be none
 * Errors   -EINVAL n is 0, no such mode, a handle is NULL or of another loop
 *          -EDEADLK the calling task is among them
 * Suspends until all are done; or any one is; or one failed (a cancelled one has not)
 * Source   asyncio.wait */
RIO_AWAITS RIO_API long rio_wait(rio_future **fs, size_t n, enum rio_when when,
                                 int64_t timeout);

/* rio_join under a limit; when it strikes f is cancelled, and waited for.
 * Errors  -ETIMEDOUT unless f answered the cancel with a result of its own */
RIO_AWAITS RIO_API long rio_wait_for(rio_future *f, int64_t timeout);
/* Calls fn in this task under a limit. */
RIO_AWAITS RIO_API long rio_wait_for_call(rio_fn *fn, void *arg, int64_t timeout);

/* ---- scopes: exit takes the body's rc and returns the rc to propagate ---- */

/* A time limit over a stretch of code; the caller's plain struct.  No return statement
 * may stand between enter and exit: a task that ends inside a scope aborts. */
typedef struct rio_timeout {
    int64_t when;        /* deadline, ns; RIO_FOREVER: none */
    int state;           /* private from here on */
    unsigned cancelling; /* requests that were unanswered on entry */
    rio_task *task;
    void *_priv[8];
} rio_timeout;
/* Errors  -EINVAL entered already, or outside a task; -ENOMEM */
RIO_API int rio_timeout_enter(rio_timeout *t, int64_t delay);
RIO_API int rio_timeout_enter_at(rio_timeout *t, int64_t when);
/* Returns  rc; but -ETIMEDOUT when rc is -ECANCELED because of this limit alone.  Its
 *          request, if not delivered yet, is withdrawn. */
RIO_API long rio_timeout_exit(rio_timeout *t, long rc);
/* Errors  -EINVAL not entered, or the limit has struck */
RIO_API int rio_timeout_reschedule(rio_timeout *t, int64_t when);
RIO_API bool rio_timeout_expired(const rio_timeout *t);

typedef struct rio_group_error {
    long err;
    rio_task *task; /* NULL: the body's own error */
    char msg[96];   /* "" when there is none */
} rio_group_error;

/* asyncio.TaskGroup: tasks that end together; the caller's plain struct. */
typedef struct rio_group {
    int state;               /* private */
    unsigned flags;          /* private */
    rio_task *parent;        /* private */
    size_t ntasks;           /* members that have not ended */
    size_t nerrors;          /* valid until rio_group_destroy */
    rio_group_error *errors; /* all of them, in the order they came */
    void *_priv[8];
} rio_group;
/* Errors  -EINVAL entered already, or outside a task */
RIO_API int rio_group_enter(rio_group *g);
/* Starts a member.  If it fails, the other members and the body are cancelled.
 *
 * Owns     lends the handle until the member has ended; rio_ref() it to keep it longer
 * Errors   ESHUTDOWN the group is ending; EINVAL not entered, fn NULL; ENOMEM */
RIO_API rio_task *rio_group_spawn(rio_group *g, rio_fn *fn, void *arg);
RIO_API rio_task *rio_group_spawn_copy(rio_group *g, rio_fn *fn, const void *arg,
                                       size_t size);
/* Cancels the members and takes no new ones.  The body goes on. */
RIO_API void rio_group_cancel(rio_group *g);
/* Ends the group.
 *
 * Returns  the first error of members and body (all are in errors[]), else rc
 * Suspends until the last member has ended.  With rc < 0, and when the caller is
 *          cancelled here, they are cancelled first. */
RIO_AWAITS RIO_API long rio_group_exit(rio_group *g, long rc);
/* Frees errors[]; after exit. */
RIO_API void rio_group_destroy(rio_group *g);
/* Suspends: cancels, waits, destroys; does nothing after exit and destroy. */
RIO_API void rio_group_auto(rio_group *g);
/* clang-format off */
#define RIO_AUTO_GROUP(g) \
    RIO_AUTO(rio_group_auto) rio_group g = RIO_ZERO; RIO_IGNORE(rio_group_enter(&g))
/* clang-format on */

/* contextlib.AsyncExitStack: what was acquired is released in reverse order; the
 * caller's plain struct.  No return statement may stand between enter and exit. */
typedef struct rio_exit_stack {
    void *_priv[3];
} rio_exit_stack;
RIO_API void rio_exit_stack_enter(rio_exit_stack *s);
/* Registers clean-up.  fn gets the rc so far and returns the one to propagate: rc
 * itself, its own error in place of it, or >= 0 to suppress an error.  It may suspend.
 *
 * Errors  -EINVAL fn is NULL; -ENOMEM: fn will not run
 * Owns    keeps arg until exit */
RIO_API int rio_defer(rio_exit_stack *s, long (*fn)(void *arg, long rc), void *arg);
/* Calls all that was registered, the last one first, also when some fail.
 * Returns  the last one's rc; the stack is empty and can be used again
 * Errors   -EPERM outside a task: nothing was called */
RIO_AWAITS RIO_API long rio_exit_stack_exit(rio_exit_stack *s, long rc);

/* ---- iterators ---- */

/* `async for`.  Whoever writes one: next returns 1 and a value in *out, 0 at the end
 * and ever after, < 0 an error; close ends it early, and does nothing when called
 * again.  Both may suspend. */
typedef struct rio_iter {
    int (*next)(struct rio_iter *it, void *out);
    int (*close)(struct rio_iter *it);
} rio_iter;
/* Returns  1 a value, 0 the end.  Errors  -EINVAL it or out is NULL; those of it */
RIO_AWAITS RIO_API int rio_next(rio_iter *it, void *out);
/* aclose().  NULL is fine. */
RIO_AWAITS RIO_API int rio_iter_close(rio_iter *it);
/* Suspends: closes *it.  For RIO_FOR_EACH.  An error goes to the exception handler; a
 * cancellation is due again at the next suspension. */
RIO_API void rio_iter_autoclose(rio_iter **it);
/* clang-format off */
/* Runs the block once for each value.  Afterwards rc (int or long) is 0 at the end, or
 * the error.  The iterator is closed in each case: break, return and goto, too. */
#define RIO_FOR_EACH(it, out, rc) \
    RIO_FOR_EACH_(RIO_NAME_(_rio_it_, __LINE__), it, out, rc)
#define RIO_FOR_EACH_(name, it, out, rc) \
    for (rio_iter *name __attribute__((cleanup(rio_iter_autoclose))) = (it); \
         ((rc) = await(rio_next(name, (out)))) > 0;)
/* clang-format on */

/* Gives n futures in the order they are done, each once.
 *
 * Shape    values: rio_future *, those of fs.  Several tasks may call rio_next at once:
 *          each gets another one, or the end when all are promised.
 * Errors   EINVAL a handle is NULL or of another loop; EPERM no running loop; ENOMEM
 *          next: -ETIMEDOUT `timeout` ns after the call; those done before come first
 *          close: -EBUSY another task is in next
 * Owns     references the futures, and lends them out, until it is closed; close frees
 *          it
 * Source   asyncio.as_completed */
RIO_API rio_iter *rio_as_completed(rio_future *const *fs, size_t n, int64_t timeout);

/* ---- generators ---- */

/* The body has a stack of its own, but runs as the task that calls next: the limits,
 * the cancellation and rio_current_task() of that task hold inside it.  Another task
 * may call the next time.  The body cannot yield inside a timeout scope or a group that
 * it has entered: that would stay open in the consumer. */
typedef struct rio_gen rio_gen;
/* Nothing runs before the first next.
 *
 * Shape   items: item_size bytes each, copied out
 * Errors  EINVAL body is NULL, item_size is 0; EPERM no running loop; ENOMEM
 * Owns    keeps arg.  One that is never freed is closed and freed with its runner. */
RIO_API rio_gen *rio_gen_new(rio_fn *body, void *arg, size_t item_size);
/* Its iterator, lent by g.  NULL for NULL.
 *
 * next   Returns  1 an item; 0 the body has ended; its error, once
 *        Errors   -EBUSY the body runs already: another task, or the body itself, asks
 * close  the yield returns -EPIPE; waits until the body has ended.  Before the first
 *        next the body does not run at all.
 *        Errors   -EBUSY running, or the body yields again; the body's own */
RIO_API rio_iter *rio_gen_iter(rio_gen *g);
/* In a body: gives *item to the consumer and stands still until it wants more.
 * Returns  0.  Errors  -EPIPE closed: clean up and return; what was thrown; -EINVAL not
 *          inside a body, or inside a scope that the body has entered: nothing was
 *          given.  A cancel is not delivered here. */
RIO_AWAITS RIO_API int rio_gen_yield(const void *item);
/* next with a value for the body, which it gets by rio_gen_received().  in NULL: next.
 * out NULL: the item is dropped.
 * Errors  as next; -EINVAL in is not NULL, and no yield has been reached yet */
RIO_AWAITS RIO_API int rio_gen_send(rio_gen *g, const void *in, void *out);
/* next whose yield returns err (< 0).  Returns  as next; err before the first next */
RIO_AWAITS RIO_API int rio_gen_throw(rio_gen *g, int err, void *out);
/* In a body, until its next yield: copies what was sent, of which `size` bytes are
 * there.  Returns  1, or 0 when nothing was sent.  Errors  -EINVAL not inside a body */
RIO_API int rio_gen_received(void *in, size_t size);
/* Closes and frees; NULL is fine; not while the body runs.
 * Errors  as close; -EPERM outside a task, and the body stands at a yield: not freed
 */
RIO_AWAITS RIO_API int rio_gen_free(rio_gen *g);

/* ---- locks: plain structs, FIFO; a cancelled waiter hands its wake-up on.  They
 * belong to no loop, but where a task of one loop waits, one of another cannot:
 * -EINVAL. ---- */

typedef struct rio_waitq {
    void *head, *tail;
} rio_waitq;

/* clang-format off */
typedef struct rio_lock { bool locked, offered; rio_waitq w; } rio_lock; /* all-zero is valid */
#define RIO_LOCK_INIT RIO_ZERO
/* clang-format on */
RIO_AWAITS RIO_API int rio_lock_acquire(rio_lock *l);
RIO_API int rio_lock_release(rio_lock *l); /* -EPERM when not locked */
RIO_API bool rio_lock_locked(const rio_lock *l);

/* clang-format off */
typedef struct rio_event { bool set; rio_waitq w; } rio_event; /* all-zero is valid */
/* clang-format on */
RIO_AWAITS RIO_API int rio_event_wait(rio_event *e);
RIO_API void
rio_event_set(rio_event *e); /* whoever waits now passes, even if cleared */
RIO_API void rio_event_clear(rio_event *e);
RIO_API bool rio_event_is_set(const rio_event *e);

/* clang-format off */
typedef struct rio_cond { rio_lock *lock; rio_lock own; rio_waitq w; } rio_cond;
/* clang-format on */
/* c->lock is the shared lock (kept), or c's own. */
RIO_API void rio_cond_init(rio_cond *c, rio_lock *shared_or_null);
/* Returns with the lock held, on -ECANCELED too.  Errors  -EPERM lock not held */
RIO_AWAITS RIO_API int rio_cond_wait(rio_cond *c);
RIO_AWAITS RIO_API int rio_cond_wait_for(rio_cond *c, bool (*pred)(void *), void *arg);
RIO_API int rio_cond_notify(rio_cond *c, size_t n); /* -EPERM lock not held */
RIO_API int rio_cond_notify_all(rio_cond *c);

typedef struct rio_sem {
    long value, bound; /* permits left; the most there may be */
    rio_waitq w;
    size_t granted; /* woken waiters that have not run yet */
} rio_sem;
RIO_API int rio_sem_init(rio_sem *s, long value); /* -EINVAL value < 0 */
RIO_API int rio_sem_init_bounded(rio_sem *s, long value);
RIO_AWAITS RIO_API int rio_sem_acquire(rio_sem *s);
RIO_API int rio_sem_release(rio_sem *s); /* -EOVERFLOW past the bound */
RIO_API bool rio_sem_locked(const rio_sem *s);

/* asyncio.Barrier: lets tasks pass when `parties` of them have come. */
typedef struct rio_barrier {
    size_t parties, count; /* private from count on: tasks inside */
    int state;
    rio_cond c;
} rio_barrier;
/* Errors  -EINVAL no parties, or more than INT_MAX */
RIO_API int rio_barrier_init(rio_barrier *b, size_t parties);
/* Returns  0 .. parties - 1, each once a round, in the order of arrival
 * Errors   -EPIPE broken: aborted, or reset while waiting inside
 * Suspends until the round is full; before that while the last round is leaving */
RIO_AWAITS RIO_API int rio_barrier_wait(rio_barrier *b);
/* Makes it usable and empty; those inside get -EPIPE. */
RIO_AWAITS RIO_API int rio_barrier_reset(rio_barrier *b);
/* Breaks it until the next reset. */
RIO_AWAITS RIO_API int rio_barrier_abort(rio_barrier *b);
RIO_API size_t rio_barrier_n_waiting(const rio_barrier *b); /* 0 while they leave */
RIO_API bool rio_barrier_broken(const rio_barrier *b);

/* `async with`: the body runs once with the lock (permit) held; break, return and goto
 * release it.  When acquiring fails there is no body, and *rc (a long) says why; else
 * *rc is 0 on entry. */
typedef struct rio_guard {
    rio_lock *l;
    rio_sem *s;
    int once;
} rio_guard;
RIO_API rio_guard rio_guard_lock(rio_lock *l, long *rc); /* suspends */
RIO_API rio_guard rio_guard_sem(rio_sem *s, long *rc);   /* suspends */
RIO_API void rio_guard_exit(rio_guard *g);
/* clang-format off */
#define RIO_WITH_(name, init) \
    for (rio_guard name __attribute__((cleanup(rio_guard_exit))) = (init); \
         name.once; name.once = 0)
#define RIO_WITH_LOCK(l, rc) \
    RIO_WITH_(RIO_NAME_(_rio_lock_, __LINE__), rio_guard_lock((l), (rc)))
#define RIO_WITH_SEM(s, rc) \
    RIO_WITH_(RIO_NAME_(_rio_sem_, __LINE__), rio_guard_sem((s), (rc)))
/* clang-format on */

/* ---- queues: items of item_size bytes, copied in and out ---- */

typedef struct rio_queue rio_queue;
/* First in, first out.  maxsize 0: unbounded.  Errors  EINVAL item_size 0; ENOMEM */
RIO_API rio_queue *rio_queue_new(size_t item_size, size_t maxsize);
/* Last in, first out.  Errors  as rio_queue_new */
RIO_API rio_queue *rio_lifo_queue_new(size_t item_size, size_t maxsize);
/* The smallest first, equal ones in the order they were put.
 *
 * Shape   cmp: < 0, 0, > 0 as for qsort(3); it gets items aligned for any type, and may
 *         not use the queue
 * Errors  as rio_queue_new; EINVAL cmp is NULL
 * Owns    keeps cmp
 * Source  asyncio.PriorityQueue, and stable */
RIO_API rio_queue *rio_priority_queue_new(size_t item_size, size_t maxsize,
                                          int (*cmp)(const void *, const void *));
/* NULL is fine; nobody may be waiting. */
RIO_API void rio_queue_free(rio_queue *q);
/* Errors   -ESHUTDOWN  put: shut down; get: and nothing left
 *          -EAGAIN     nowait: full, or empty
 * Suspends put: while the queue is full; get: while it is empty.  After -ECANCELED
 *          nothing was moved. */
RIO_AWAITS RIO_API int rio_queue_put(rio_queue *q, const void *item);
RIO_AWAITS RIO_API int rio_queue_get(rio_queue *q, void *item);
RIO_API int rio_queue_put_nowait(rio_queue *q, const void *item);
RIO_API int rio_queue_get_nowait(rio_queue *q, void *item);
/* Says that one item taken from the queue is dealt with.  Errors  -EINVAL too many */
RIO_API int rio_queue_task_done(rio_queue *q);
/* Suspends until every item ever put has been dealt with. */
RIO_AWAITS RIO_API int rio_queue_join(rio_queue *q);
/* No puts from now on; gets until it is empty.  immediate: drops what is inside. */
RIO_API void rio_queue_shutdown(rio_queue *q, bool immediate);
RIO_API size_t rio_queue_size(const rio_queue *q);
RIO_API bool rio_queue_empty(const rio_queue *q);
RIO_API bool rio_queue_full(const rio_queue *q);
/* clang-format off */
#define RIO_QUEUE_DEFINE(name, T) /* typed front: await(jobs_put(q, job)) */ \
    typedef struct { rio_queue *q; } name; \
    RIO_AWAITS __attribute__((unused)) static inline int name##_put(name q, T v) \
    { return await(rio_queue_put(q.q, &v)); } \
    RIO_AWAITS __attribute__((unused)) static inline int name##_get(name q, T *v) \
    { return await(rio_queue_get(q.q, v)); }
/* clang-format on */

/* ---- task-local variables ---- */

/* A variable that each task has a value of; the variable's address names it, so it is
 * usually static.  A task starts with the values that the task which makes it has then;
 * one made by a callback starts with the defaults, and the main of a runner's run with
 * what the one before has left.  An exception handler has those of the failed task. */
typedef struct rio_ctxvar {
    void *dflt;
} rio_ctxvar;
/* The calling task's value; dflt if it was never set, and outside a task. */
RIO_API void *rio_ctxvar_get(const rio_ctxvar *v);
/* For the calling task, and those it makes from now on.
 * Errors  -EPERM outside a task, and in an exception handler; -EINVAL v is NULL
 * Owns    keeps val, and v, as long as such a task lives */
RIO_API int rio_ctxvar_set(const rio_ctxvar *v, void *val);

/* ---- blocking code ---- */

/* A pool of threads; 0: the default number, 16; at most 1024.  They are made when work
 * comes and none of them is idle.
 *
 * Owns    the loop's: shut down and waited for at its end, or before by
 *         rio_executor_shutdown()
 * Errors  EPERM no running loop; EINVAL too many; ENOMEM */
typedef struct rio_executor rio_executor;
RIO_API rio_executor *rio_executor_new(unsigned threads);
/* For rio_to_thread and rio_run_in_executor of the running loop; NULL: one is made when
 * it is needed. */
RIO_API void rio_set_default_executor(rio_executor *e);
/* Takes no more work, and ends when the work it has is done.  NULL: the default one;
 * the next work makes a new one then.
 *
 * Errors   -ETIMEDOUT functions still run after `timeout` ns: they go on, their futures
 *          end when they do, and the end of the loop waits for them; the exception
 *          handler is told.  -EINVAL shut down already, or another loop's
 * Owns     consumes e, also when it fails (but not with -EINVAL) */
RIO_AWAITS RIO_API int rio_executor_shutdown(rio_executor *e, int64_t timeout);
/* fn(arg) in a thread of e (NULL: the default one), as a future: its result, or error
 * with the message of rio_error().  The future may be cancelled and forgotten: then fn
 * is withdrawn, or if it runs already, its result is dropped when it comes.
 *
 * Shape    arg: `copy` bytes, copied; 0: the pointer itself is passed
 * Owns     gives one reference; keeps `arg` if copy is 0, until fn has ended
 * Errors   ESHUTDOWN e is; EINVAL fn NULL, another loop's e; EAGAIN no thread; EPERM
 * Source   loop.run_in_executor */
RIO_API rio_future *rio_run_in_executor(rio_executor *e, rio_fn *fn, const void *arg,
                                        size_t copy);
/* Runs fn(arg) in a thread of the default executor.
 * Returns  fn's result, with its rio_error() message
 * Suspends until fn has ended, also when cancelled (its result then wins and the cancel
 *          stays pending); a function that no thread has started yet is withdrawn. */
RIO_AWAITS RIO_API long rio_to_thread(rio_fn *fn, void *arg);
/* For other threads: runs fn(arg) as a task of l and blocks the calling thread until it
 * has ended.  When `timeout` strikes the task is cancelled, and still waited for; one
 * that has not started yet never will.
 *
 * Returns  the task's result; its message is rio_task_error(NULL) in this thread
 * Errors   its error; -ECANCELED; -ETIMEDOUT, unless the task answered the cancel with
 *          a result; -EBADF l is closed, or closing; -EDEADLK called by l's own thread;
 *          -EINVAL
 * Source   asyncio.run_coroutine_threadsafe(...).result(timeout) */
RIO_API long rio_run_coroutine_threadsafe(rio_loop *l, rio_fn *fn, void *arg,
                                          int64_t timeout);

/* ---- descriptors.  Buffers are the kernel's until the call returns.  A result that
 * came first beats a cancel, which then stays pending. ---- */

/* accept4(2) with SOCK_CLOEXEC; sa and len may be NULL.  Returns  the descriptor */
RIO_AWAITS RIO_API int rio_accept(int fd, struct sockaddr *sa, socklen_t *len);
RIO_AWAITS RIO_API int rio_connect(int fd, const struct sockaddr *sa, socklen_t len);
RIO_AWAITS RIO_API ssize_t rio_recv(int fd, void *buf, size_t n, int flags);
/* Sends all n bytes.  Returns  n.  After an error some of them may have gone. */
RIO_AWAITS RIO_API ssize_t rio_sendall(int fd, const void *buf, size_t n);
/* One datagram, cut to n bytes if it is longer.
 * Shape    sa, len: of the sender, as for recvfrom(2); NULL: not asked for
 * Returns  its length, cut; it may be 0 */
RIO_AWAITS RIO_API ssize_t rio_recvfrom(int fd, void *buf, size_t n,
                                        struct sockaddr *sa, socklen_t *len);
/* One datagram, whole; sa NULL: to where the socket is connected. */
RIO_AWAITS RIO_API ssize_t rio_sendto(int fd, const void *buf, size_t n,
                                      const struct sockaddr *sa, socklen_t len);
/* poll(2) of one descriptor.  Returns  the events that hold */
RIO_AWAITS RIO_API int rio_poll_fd(int fd, short events);
/* close(2); not cancellable.  No operation may be in flight on fd. */
RIO_AWAITS RIO_API int rio_close(int fd);

/* ---- files: the calls of the same name, without blocking the loop.  The kernel cannot
 * call every one of them back: a cancelled call returns when the file is done with, and
 * what it has done by then is its result.  Paths are relative to `dirfd`, or AT_FDCWD.
 * ---- */

/* openat(2) with O_CLOEXEC.  Returns  the descriptor */
RIO_AWAITS RIO_API int rio_openat(int dirfd, const char *path, int flags, mode_t mode);
/* At most 1 GiB a call; `off` means nothing to what cannot seek.
 * Returns  how many bytes, perhaps fewer than n; pread: 0 at the end
 * Errors   -EINVAL off < 0 */
RIO_AWAITS RIO_API ssize_t rio_pread(int fd, void *buf, size_t n, off_t off);
RIO_AWAITS RIO_API ssize_t rio_pwrite(int fd, const void *buf, size_t n, off_t off);
RIO_AWAITS RIO_API int rio_fsync(int fd);
struct statx; /* <sys/stat.h> */
RIO_AWAITS RIO_API int rio_statx(int dirfd, const char *path, int flags, unsigned mask,
                                 struct statx *out);
/* flags: of renameat2(2); 0 or RENAME_NOREPLACE, RENAME_EXCHANGE */
RIO_AWAITS RIO_API int rio_renameat(int old_dirfd, const char *old_path, int new_dirfd,
                                    const char *new_path, unsigned flags);
RIO_AWAITS RIO_API int rio_unlinkat(int dirfd, const char *path, int flags);
RIO_AWAITS RIO_API int rio_mkdirat(int dirfd, const char *path, mode_t mode);
/* os.listdir(): the names in a directory in no order, without "." and "..".
 * Shape    *out_names: that many strings and a NULL
 * Returns  how many
 * Owns     gives *out_names with its strings, one block: free() */
RIO_AWAITS RIO_API ssize_t rio_listdir(int dirfd, const char *path, char ***out_names);

/* ---- streams: a connected socket with buffers on both sides ---- */

typedef struct rio_stream rio_stream;
typedef long rio_client_fn(rio_stream *s, void *arg);

/* Connects over TCP, or to "unix:/path" (port is ignored then).  Numeric addresses go
 * straight to the kernel, names through getaddrinfo in a thread, for which nobody waits
 * who is cancelled; each address is tried.  The port is a number.
 *
 * Owns     gives *out: close, wait_closed, then rio_stream_free()
 * Errors   -ENOENT  no such name; -ENAMETOOLONG; else the last address' of connect(2)
 */
RIO_AWAITS RIO_API int rio_open_connection(const char *host, const char *port,
                                           rio_stream **out);
/* How a connection is opened; all-zero: as rio_open_connection(). */
typedef struct rio_connect_opts {
    /* Happy eyeballs (RFC 8305), 250 ms there: ns after which the next address is tried
     * beside those before, of another family if there is one; the first that connects
     * wins.  0: one address after the other. */
    int64_t attempt_delay;
} rio_connect_opts;
/* rio_open_connection with options; NULL: none.  Errors  -EINVAL attempt_delay < 0
 * Source  loop.create_connection(happy_eyeballs_delay) */
RIO_AWAITS RIO_API int rio_open_connection_ex(const char *host, const char *port,
                                              const rio_connect_opts *o,
                                              rio_stream **out);
/* A stream on a connected socket.  Owns  consumes fd, gives *out */
RIO_API int rio_stream_from_fd(int fd, rio_stream **out);
RIO_API int
rio_stream_fd(const rio_stream *s); /* lent: for getsockopt(), getpeername() */

/* Reads at most n bytes.  Returns  how many; 0 at the end (or n == 0)
 * Errors  -EBUSY another task reads; -EBADF closed; what broke the connection, again at
 *         each call once the received bytes are used up */
RIO_AWAITS RIO_API ssize_t rio_stream_read(rio_stream *s, void *buf, size_t n);
/* Reads n bytes.  *got (may be NULL): how many were taken, in each case.
 * Errors  as read; -EINVAL n > SSIZE_MAX; -ENODATA the end came first, and the *got
 * bytes before it are in buf. After -ECANCELED nothing was taken unless n is over the
 * input limit. */
RIO_AWAITS RIO_API ssize_t rio_stream_readexactly(rio_stream *s, void *buf, size_t n,
                                                  size_t *got);
/* Reads a line with its '\n' (the last one may lack it) and adds a NUL: at most n - 1
 * bytes.  Returns  its length, 0 at the end
 * Errors  as read; -EMSGSIZE longer: discarded up to its end, or as far as received */
RIO_AWAITS RIO_API ssize_t rio_stream_readline(rio_stream *s, char *buf, size_t n);
/* Reads up to and with `sep`.  Returns  the length with sep
 * Errors  as read; -ENODATA, -EMSGSIZE: nothing was taken */
RIO_AWAITS RIO_API ssize_t rio_stream_readuntil(rio_stream *s, const void *sep,
                                                size_t seplen, void *buf, size_t n);
/* Reads to the end.
 * Shape   *out: that many bytes and a NUL
 * Returns  the length
 * Errors  as read; -EMSGSIZE more than max bytes.  After an error what came is lost.
 * Owns    gives *out: free()
 * Source  StreamReader.read(-1) */
RIO_AWAITS RIO_API ssize_t rio_stream_readall(rio_stream *s, size_t max, void **out);
RIO_API bool rio_stream_at_eof(const rio_stream *s); /* ended, and all was read */

/* Input without a copy: look, take, wait for more.
 * peek     Returns  the number of received, unconsumed bytes at *out
 *          Owns     lends until the next consume, fill, read or any suspension
 * consume  n <= what peek returned
 * fill     Returns  > 0 how many new bytes; 0 the end; < 0 as read
 *          Errors   -ENOBUFS the input limit is reached and nothing was consumed
 *          Suspends until more bytes are there than at the call */
RIO_API size_t rio_stream_peek(const rio_stream *s, const void **out);
RIO_API void rio_stream_consume(rio_stream *s, size_t n);
RIO_AWAITS RIO_API ssize_t rio_stream_fill(rio_stream *s);

/* Units   bytes.  Beyond in_max (default 64 KiB) unread bytes receiving pauses, which
 *         takes effect with what is under way, up to 4 MiB; drain waits above out_high
 *         (default 64 KiB) unsent ones. */
RIO_API void rio_stream_set_limits(rio_stream *s, size_t in_max, size_t out_high);
/* Buffers the bytes.  All that is written in one turn leaves in one send at its end;
 * one send is in flight at a time, later writes gather behind it. Errors  -EPIPE after
 * write_eof; -EBADF closed; what broke the connection; -ENOBUFS 1 GiB is unsent */
RIO_API int rio_stream_write(rio_stream *s, const void *buf, size_t n);
/* Bytes written that the kernel has not taken. */
RIO_API size_t rio_stream_unsent(const rio_stream *s);
/* Suspends while more than out_high bytes are unsent.  Errors  as write */
RIO_AWAITS RIO_API int rio_stream_drain(rio_stream *s);
/* Ends the output once all is sent: the peer reads the end.  Input goes on. */
RIO_API int rio_stream_write_eof(rio_stream *s);
/* Starts closing: no more input; what is unsent is still sent.  Idempotent. */
RIO_API int rio_stream_close(rio_stream *s);
/* Closes at once: drops unsent bytes and ends what is in flight. */
RIO_API void rio_stream_abort(rio_stream *s);
RIO_API bool rio_stream_is_closing(const rio_stream *s);
/* Suspends until the descriptor is closed; after close or abort.
 * Errors  what broke the connection before all was sent */
RIO_AWAITS RIO_API int rio_stream_wait_closed(rio_stream *s);
/* NULL is fine; only after wait_closed has returned, or after the run. */
RIO_API void rio_stream_free(rio_stream *s);

/* ---- servers ---- */

/* Each client runs as a task of its own: fn(stream, arg).  When it returns, the server
 * closes the stream, waits for it and frees it.  Its error goes to the exception
 * handler, never to the server.  The server itself is the loop's: valid until the run
 * ends. */
typedef struct rio_server rio_server;
/* host: an address, a name, NULL (all addresses) or "unix:/path", whose stale socket is
 * removed first and whose file is removed at the end.
 * Errors  -EADDRINUSE, -EACCES and others of bind(2); -ENOENT no such name */
RIO_AWAITS RIO_API int rio_start_server(rio_client_fn *fn, void *arg, const char *host,
                                        const char *port, rio_server **out);
/* How a server is made; all-zero: as rio_start_server(). */
typedef struct rio_server_opts {
    int backlog; /* of listen(2); 0: 1024 */
    unsigned flags;
} rio_server_opts;
/* start_serving=False: bound, but refuses clients until rio_server_start_serving(). */
#define RIO_SERVER_IDLE 1u
/* reuse_port: several servers, each with this flag, may have the port; the kernel
 * spreads the clients over them. */
#define RIO_SERVER_REUSE_PORT 2u
/* cleanup_socket=False: the file of a unix socket stays at the end. */
#define RIO_SERVER_KEEP_PATH 4u
/* rio_start_server with options; NULL: none.  Errors  -EINVAL backlog < 0, unknown flag
 */
RIO_AWAITS RIO_API int rio_start_server_ex(rio_client_fn *fn, void *arg,
                                           const char *host, const char *port,
                                           const rio_server_opts *o, rio_server **out);
/* On a socket that the caller has bound and made listen.  Owns  consumes listen_fd */
RIO_API int rio_start_server_fd(rio_client_fn *fn, void *arg, int listen_fd,
                                rio_server **out);
/* Starts an idle one; again is harmless.
 * Errors  -EBADF closed; -EADDRINUSE and others of listen(2): it is closed then */
RIO_API int rio_server_start_serving(rio_server *s);
/* For a server's client that may be idle for long: its function calls this, and returns
 * >= 0.  Then its task ends and gives its stack back (4 KiB and more), and the stream
 * stays open.  At the next byte, or at once if some are unread, at the end of the input
 * and when it is closed or broken, fn(s, arg) runs as a new task in its place, and may
 * park again.  What the function has returned is not used; an error still ends the
 * client.
 *
 * Owns     keeps arg
 * Errors   -EINVAL s is no client of a server, fn is NULL; -EBADF it is closing */
RIO_API int rio_stream_park(rio_stream *s, rio_client_fn *fn, void *arg);
/* The first listening socket, lent (for getsockname); -EBADF closed. */
RIO_API int rio_server_fd(const rio_server *s);
RIO_API bool rio_server_is_serving(const rio_server *s); /* neither idle nor closed */
/* Starts an idle one; suspends until cancelled, then closes the server and waits for
 * its clients.
 * Errors  -EBADF closed, before or meanwhile; -EBUSY another task is in it; as
 *         rio_server_start_serving; -ECANCELED */
RIO_AWAITS RIO_API int rio_server_serve_forever(rio_server *s);
RIO_API void rio_server_close(rio_server *s); /* no new clients */
RIO_API void rio_server_close_clients(rio_server *s);
RIO_API void rio_server_abort_clients(rio_server *s); /* drops unsent data */
/* Suspends until the server is closed and its last client has gone. */
RIO_AWAITS RIO_API int rio_server_wait_closed(rio_server *s);

/* ---- signals (signalfd: blocked in the loop's thread while waited for) ---- */

/* Suspends until signo arrives.  Returns  signo.  Errors  -EINVAL; -EBUSY has a handler
 */
RIO_AWAITS RIO_API int rio_signal_wait(int signo);
/* cb runs in the loop at each arrival; replaces an earlier one.
 * Errors  -EINVAL no such signal, SIGKILL, SIGSTOP; -EPERM no running loop */
RIO_API int rio_add_signal_handler(int signo, rio_cb *cb, void *arg);
/* Returns  1 removed, 0 there was none.  Errors  -EINVAL, -EPERM */
RIO_API int rio_remove_signal_handler(int signo);

/* ---- child processes ---- */

typedef struct rio_process rio_process;
enum {
    RIO_PIPE_IN = 1, /* a stream of rio_process_stream(p, 0) */
    RIO_PIPE_OUT = 2,
    RIO_PIPE_ERR = 4,
    RIO_ERR_TO_OUT = 8,
    RIO_NULL_IN = 16, /* /dev/null */
    RIO_NULL_OUT = 32,
    RIO_NULL_ERR = 64,
};
/* Runs the program argv[0], found along PATH, with our environment.  What `flags` do
 * not name is inherited; all other descriptors of ours are close-on-exec.  No signal is
 * blocked in the child.
 *
 * Shape    argv: ends with a NULL
 * Returns  0.  Cancelled, the child is killed and reaped.
 * Errors   -ENOENT, -EACCES and others of execve(2); -EINVAL argv or flags
 * Owns     gives *out: rio_process_close().  What is left is closed with the loop, and
 *          then the handle is gone.
 * Source   asyncio.create_subprocess_exec; its pipes are socket pairs here */
RIO_AWAITS RIO_API int rio_create_subprocess_exec(char *const argv[], unsigned flags,
                                                  rio_process **out);
/* The parent's end of 0, 1 or 2; NULL: not a pipe.  Lent by p. */
RIO_API rio_stream *rio_process_stream(rio_process *p, int fd);
/* Suspends until the process has ended; several tasks may.
 * Returns  its exit status (0 to 255), or -signo (-64 to -1) of the signal that ended
 *          it; 255 when somebody else has reaped it
 * Errors   -ECANCELED */
RIO_AWAITS RIO_API int rio_process_wait(rio_process *p);
/* Errors  -ESRCH it has ended; -EINVAL no such signal; -EPERM */
RIO_API int rio_process_send_signal(rio_process *p, int signo);
/* Sends `in` and the end of input, reads all of the output, and waits for the end of
 * the process.  A child that does not read its input is no error.  What it writes to
 * a RIO_PIPE_ERR can be read from that stream afterwards.
 *
 * Shape    out: *outlen bytes and a NUL; NULL if the output is no pipe
 * Returns  0; the status is rio_process_wait()'s
 * Errors   -EINVAL input, but no RIO_PIPE_IN
 * Owns     gives *out: free().  out and outlen may be NULL. */
RIO_AWAITS RIO_API int rio_process_communicate(rio_process *p, const void *in,
                                               size_t inlen, void **out,
                                               size_t *outlen);
/* Kills the process if it still runs, reaps it in the background, and drops its
 * streams, which no task may be using.  Tasks in rio_process_wait() still get the
 * status.  Consumes p; NULL is fine. */
RIO_API void rio_process_close(rio_process *p);

#ifdef __cplusplus
}
#endif
#endif
