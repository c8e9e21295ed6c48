/* log - one event a line, logfmt, on stderr, each with one write(2).
 *
 * Repeats: events are told apart by their name.  Ten of a name pass in the second
 * that begins with the first of them; the others are counted.  The next line of any
 * event after that second is preceded by one that tells the count.  Names share a
 * table of 64 places; when it is full, the oldest second gives way.
 * SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/slice.h"

enum {
    LINE_MAX_BYTES = 1024, /* with the line feed; what is longer is cut */
    NAME_MAX_BYTES = 40,
    PLACES = 64,
    BURST = 10,
    WINDOW_NS = 1000000000,
};

struct repeats {
    char name[NAME_MAX_BYTES]; /* empty: the place is free */
    int64_t since_ns;
    enum rq_log_level level;
    unsigned seen, suppressed;
};

static atomic_int least_level = RQ_LOG_INFO;

/* Threads of librio's executor may log too. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct repeats table[PLACES];
static unsigned suppressed_total;

void rq_log_set_level(enum rq_log_level level)
{
    atomic_store(&least_level, (int)level);
}

/* Writes the time and the level.  Returns  the length */
static size_t write_head(enum rq_log_level level, char *out, size_t cap)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    int64_t now_ms = rq_clock_wall_ms();
    time_t now_s = (time_t)(now_ms / 1000);
    struct tm tm;

    if (gmtime_r(&now_s, &tm) == NULL)
        return 0;
    size_t len = strftime(out, cap, "%Y-%m-%dT%H:%M:%S", &tm);
    int n = snprintf(out + len, cap - len, ".%03dZ %s ", (int)(now_ms % 1000),
                     names[level]);
    return len + (size_t)n;
}

/* What a peer sent must not begin a line of its own, nor command a terminal. */
static void make_printable(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = '?';
}

static void RQ_PRINTF(2, 0)
    write_line(enum rq_log_level level, const char *fmt, va_list args)
{
    char line[LINE_MAX_BYTES];
    size_t len = write_head(level, line, sizeof line);
    int n = vsnprintf(line + len, sizeof line - len, fmt, args);

    if (n < 0)
        return;
    /* The NUL's place takes the line feed. */
    len = (size_t)n < sizeof line - len ? len + (size_t)n : sizeof line - 1;
    make_printable(line, len);
    line[len++] = '\n';
    /* A log that cannot be written cannot be complained about either. */
    while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
        ;
}

static void RQ_PRINTF(2, 3) write_summary(enum rq_log_level level, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    write_line(level, fmt, args);
    va_end(args);
}

/* Ends the second of `r` and tells what it swallowed. */
static void close_window(struct repeats *r)
{
    if (r->suppressed > 0) {
        suppressed_total -= r->suppressed;
        write_summary(r->level, "event=log_suppressed name=%s count=%u", r->name,
                      r->suppressed);
    }
    *r = (struct repeats){0};
}

static void close_ended_windows(int64_t now_ns)
{
    if (suppressed_total == 0)
        return;
    for (size_t i = 0; i < PLACES; i++)
        if (table[i].suppressed > 0 && now_ns - table[i].since_ns >= WINDOW_NS)
            close_window(&table[i]);
}

/* The place of `name`; a free or the oldest one, emptied, when it has none. */
static struct repeats *place_of(struct rq_slice name)
{
    struct repeats *best = &table[0];

    for (size_t i = 0; i < PLACES; i++) {
        struct repeats *r = &table[i];

        if (rq_slice_eq(name, rq_slice_str(r->name)))
            return r;
        if (best->name[0] != '\0' &&
            (r->name[0] == '\0' || r->since_ns < best->since_ns))
            best = r;
    }
    close_window(best);
    memcpy(best->name, name.ptr, name.len);
    return best;
}

/* The name in `event=name ...`, or the first word. */
static struct rq_slice name_in(const char *fmt)
{
    size_t skip = strncmp(fmt, "event=", 6) == 0 ? 6 : 0;
    size_t len = strcspn(fmt + skip, " ");

    return rq_slice(fmt + skip, len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES - 1);
}

/* Counts one event.  Returns  whether it may be written */
static bool admit(enum rq_log_level level, const char *fmt, int64_t now_ns)
{
    struct repeats *r = place_of(name_in(fmt));

    if (r->seen == 0 || now_ns - r->since_ns >= WINDOW_NS) {
        r->since_ns = now_ns;
        r->seen = 0;
    }
    r->level = level;
    if (r->seen < BURST) {
        r->seen++;
        return true;
    }
    r->suppressed++;
    suppressed_total++;
    return false;
}

void rq_log(enum rq_log_level level, const char *fmt, ...)
{
    int saved_errno = errno;
    va_list args;

    if ((int)level < atomic_load(&least_level))
        return;

    int64_t now_ns = rq_clock_boottime_ns();
    va_start(args, fmt);
    pthread_mutex_lock(&lock);
    close_ended_windows(now_ns);
    if (admit(level, fmt, now_ns))
        write_line(level, fmt, args);
    pthread_mutex_unlock(&lock);
    va_end(args);
    errno = saved_errno;
}
