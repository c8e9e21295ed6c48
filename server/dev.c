/* dev.c - see dev.h.
 * SPDX-License-Identifier: MIT */
#include "dev.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/num.h"

enum { STOP_TIMEOUT_MS = 30000 };

/* Removes `count` words at argv[at]. */
static void cut(int *argc, char **argv, int at, int count)
{
    memmove(&argv[at], &argv[at + count], (size_t)(*argc - at - count) * sizeof *argv);
    *argc -= count;
}

static int set_port(struct config *c, const char *value, char *why)
{
    char address[64];
    uint64_t port;

    if (rq_num_u64(rq_slice_str(value), 0, 65535, &port) < 0) {
        snprintf(why, CONFIG_WHY,
                 "--port: '%.40s' is no port; say 0 to 65535 (0: any free one)", value);
        return -EINVAL;
    }
    snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)port);
    return config_default(c, "listen", address, why);
}

int dev_flags(struct config *c, int argc, char **argv, struct dev_options *out,
              char why[CONFIG_WHY])
{
    *out = (struct dev_options){false, false};
    for (int i = 0; i < argc;) {
        int rc = 0;

        if (strcmp(argv[i], "--stop") == 0) {
            out->stop = true;
            cut(&argc, argv, i, 1);
        } else if (strcmp(argv[i], "--reset") == 0) {
            out->reset = true;
            cut(&argc, argv, i, 1);
        } else if (strcmp(argv[i], "--port") == 0 && i + 1 < argc) {
            rc = set_port(c, argv[i + 1], why);
            cut(&argc, argv, i, 2);
        } else {
            i++;
        }
        if (rc < 0)
            return rc;
    }
    return argc;
}

int dev_defaults(struct config *c, char why[CONFIG_WHY])
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char dir[512];
    int len;

    if (state != NULL && state[0] == '/')
        len = snprintf(dir, sizeof dir, "%s/ringqd/dev", state);
    else if (home != NULL && home[0] == '/')
        len = snprintf(dir, sizeof dir, "%s/.local/state/ringqd/dev", home);
    else
        len = -1;
    if (len < 0 || (size_t)len >= sizeof dir) {
        snprintf(why, CONFIG_WHY, "no place for data: set HOME, or say --data-dir DIR");
        return -ENOENT;
    }
    int rc = config_default(c, "data-dir", dir, why);
    if (rc == 0)
        rc = config_default(c, "durability", "everysec", why);
    if (rc == 0)
        rc = config_default(c, "log-level", "warn", why);
    return rc;
}

/* ---- the running server ---- */

/* Waits for the process by its pidfd: no polling, no chance to hit another one. */
static int end_process(int pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    if (fd < 0)
        return errno == ESRCH ? 0 : -errno;
    int rc = (int)syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) < 0 ? -errno : 0;
    if (rc == 0) {
        int ready = poll(&wait, 1, STOP_TIMEOUT_MS);
        rc = ready > 0 ? 0 : ready == 0 ? -ETIMEDOUT : -errno;
    }
    close(fd);
    return rc;
}

int dev_stop(const char *data_dir)
{
    int pid = 0;

    int lock = child_lock(data_dir, &pid);
    if (lock >= 0 || lock == -ENOENT) {
        printf("ringqd dev is not running\n");
        if (lock >= 0)
            close(lock);
        return 0;
    }
    if (lock != -EWOULDBLOCK || pid <= 0) {
        fprintf(stderr, "ringqd: cannot look at %s: %s\n", data_dir, rq_err_text(lock));
        return 70;
    }
    int rc = end_process(pid);
    if (rc < 0) {
        fprintf(stderr, "ringqd: process %d does not end: %s\n", pid, rq_err_text(rc));
        return 70;
    }
    printf("ringqd dev (process %d) is stopped; its jobs stay in %s\n", pid, data_dir);
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type,
                        struct FTW *ftw)
{
    (void)st;
    (void)type;
    return ftw->level == 0 ? 0 : remove(path);
}

int dev_reset(const char *data_dir, char why[CONFIG_WHY])
{
    int pid = 0;

    int lock = child_lock(data_dir, &pid);
    if (lock == -ENOENT)
        return 0;
    if (lock < 0) {
        snprintf(why, CONFIG_WHY,
                 "cannot reset: ringqd dev is running as pid %d; "
                 "first say ringqd dev --stop",
                 pid);
        return lock;
    }
    int rc = nftw(data_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : -errno;
    close(lock);
    if (rc < 0)
        snprintf(why, CONFIG_WHY, "cannot empty %.200s: %s", data_dir, rq_err_text(rc));
    return rc;
}

/* ---- the banner ---- */

static const char *promise_of(enum store_level level)
{
    switch (level) {
    case STORE_MEMORY:
        return "memory: jobs are lost with ringqd";
    case STORE_REDIS:
        return "redis: jobs are lost with Redis";
    case STORE_EVERYSEC:
        return "everysec: up to about 2 s can be lost with the machine";
    case STORE_FSYNC:
        break;
    }
    return "fsync: on disk before PUT is answered";
}

void dev_banner(struct service *s, const struct store_stats *stats)
{
    struct utsname kernel;
    rio_stats io;
    char server[64] = "";

    uname(&kernel);
    printf("ringqd %s  dev   data %s   (wipe: ringqd dev --reset)\n", s->version,
           s->config->data_dir);
    rio_loop_stats(rio_get_running_loop(), &io);
    if (io.io_reason[0] != '\0')
        printf(" !! io          %s (%s), kernel %.20s\n", io.io, io.io_reason,
               kernel.release);
    else
        printf(" ok io          %s, kernel %.20s\n",
               strcmp(io.io, "uring") == 0 ? "io_uring" : io.io, kernel.release);
    printf(" ok redis       %s%s, AOF %s\n", stats->redis_version,
           s->child != NULL ? " private, unix socket" : "",
           stats->level == STORE_FSYNC      ? "always"
           : stats->level == STORE_EVERYSEC ? "everysec"
                                            : "not synced");
    for (size_t i = 0; i < s->socket_count; i++) {
        if (s->sockets[i].port == 0) {
            printf(" ok listening   %s\n", s->sockets[i].address);
            continue;
        }
        printf(" ok listening   127.0.0.1:%u\n", s->sockets[i].port);
        if (s->sockets[i].port != 7766)
            snprintf(server, sizeof server, "export RINGQ_URL=ringq://127.0.0.1:%u\n",
                     s->sockets[i].port);
    }
    printf(" ok durability  %s\n", promise_of(stats->level));
    printf("try, in another terminal:\n");
    if (server[0] != '\0')
        printf("  %s", server);
    printf(
        "  ringq demo\n  ringq put sums hello      ringq work sums --drain -- wc -c\n"
        "  ringq stats --watch\n");
    printf("Ctrl-C stops ringqd and its redis; jobs stay on disk.\n");
    fflush(stdout);
}
