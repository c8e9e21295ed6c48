/* main.c - ringqd: reads the configuration, opens what is needed before the loop, runs
 * the service, puts everything away.
 *
 * The order matters: lock, sockets, private Redis (which forks), and only then the
 * loop. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "config.h"
#include "dev.h"
#include "log_command.h"
#include "net/listener.h"
#include "service.h"

#define VERSION RINGQ_VERSION

enum {
    EXIT_USAGE = 2,
    EXIT_INTERNAL = 70,
    EXIT_REFUSED = 78,
    SPARE_DESCRIPTORS = 64, /* for what is not a client */
    ADDRESS_TRIES = 100,    /* to listen on an address that is in use */
    ADDRESS_PAUSE_MS = 20,
    HEAP_SPARE = 16 << 20, /* free memory that is not given back at once */
    HEAP_BLOCK = 8 << 20,  /* larger ones come from the kernel, and go back to it */
};

static void print_help(void)
{
    printf(
        "ringqd - the ringq job queue server\n\n"
        "examples:\n"
        "  ringqd dev                                   a server to try things on\n"
        "  ringqd --data-dir /var/lib/ringqd            durable, with its own Redis\n"
        "  ringqd --data-dir /var/lib/ringqd --redis redis://10.0.0.5:6379\n\n"
        "usage:\n"
        "  ringqd --data-dir DIR [options]\n"
        "  ringqd dev [--port N] [--reset] [--stop] [options]\n"
        "  ringqd log check|dump|stats --redis URL|--data-dir DIR\n"
        "                                               the log in Redis, read only\n\n"
        "options (also as RINGQD_NAME in the environment, or `name = value` in a "
        "file):\n"
        "  --config FILE                      a file of options\n");
    config_help(stdout);
    printf("\nexit: 0 stopped when asked; 2 usage; 69 Redis is gone; 70 internal; "
           "78 refused, with the remedy\n");
}

static int complain(const char *why, int status)
{
    fprintf(stderr, "ringqd: %s\n", why);
    return status;
}

/* ---- before the loop ---- */

/* As many descriptors as we may have; fewer clients than asked for if that is not
 * enough. */
static void raise_descriptors(struct config *c)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    uint64_t room =
        limit.rlim_cur > SPARE_DESCRIPTORS ? limit.rlim_cur - SPARE_DESCRIPTORS : 1;
    if (c->max_connections > room) {
        LOG_INFO(
            "event=fewer_connections max=%llu why=\"the limit of open files is %llu\"",
            (unsigned long long)room, (unsigned long long)limit.rlim_cur);
        c->max_connections = room;
    }
}

static int lock_data(const struct config *c, char *why)
{
    int pid = 0;

    int rc = rq_file_make_private_dir(c->data_dir);
    if (rc < 0) {
        snprintf(
            why, CONFIG_WHY, "cannot use %.200s: %s%s", c->data_dir, rq_err_text(rc),
            rc == -EPERM ? "; others can enter it: chmod 700, or choose another" : "");
        return rc;
    }
    rc = child_lock(c->data_dir, &pid);
    if (rc == -EWOULDBLOCK)
        snprintf(
            why, CONFIG_WHY,
            "already running as pid %d on %.200s; stop it, or say another --data-dir",
            pid, c->data_dir);
    else if (rc < 0)
        snprintf(why, CONFIG_WHY, "cannot lock %.200s: %s", c->data_dir,
                 rq_err_text(rc));
    return rc;
}

/* The kernel takes the ring of a killed process apart a little after its death, and the
 * ring holds the listening socket that long: a restart right after kill -9 waits for
 * it. */
static int open_socket(const char *address, char *why, uint16_t *out_port)
{
    int rc = listener_open(address, why, out_port);

    for (int tries = 0; rc == -EADDRINUSE && tries < ADDRESS_TRIES; tries++) {
        poll(NULL, 0, ADDRESS_PAUSE_MS); /* nothing tells when it is gone */
        rc = listener_open(address, why, out_port);
    }
    return rc;
}

static int open_sockets(struct service *s, char *why)
{
    const struct config *c = s->config;

    for (size_t i = 0; i < c->listen_count; i++) {
        struct service_socket *socket = &s->sockets[i];

        socket->address = c->listen[i];
        socket->fd = open_socket(c->listen[i], why, &socket->port);
        if (socket->fd < 0)
            return socket->fd;
        s->socket_count++;
        if (s->address[0] == '\0' && socket->port != 0)
            snprintf(s->address, sizeof s->address, "127.0.0.1:%u", socket->port);
    }
    if (s->address[0] == '\0')
        snprintf(s->address, sizeof s->address, "%s", c->listen[0]);
    return 0;
}

static void close_sockets(struct service *s)
{
    for (size_t i = 0; i < s->socket_count; i++) {
        if (s->sockets[i].fd >= 0)
            close(s->sockets[i].fd);
        if (strncmp(s->sockets[i].address, "unix:", 5) == 0)
            unlink(s->sockets[i].address + 5);
    }
}

static int start_redis(struct service *s, int lock, char *why)
{
    const struct child_config config = {.data_dir = s->config->data_dir,
                                        .lock_fd = lock,
                                        .level = s->config->durability};

    if (s->config->redis != NULL)
        return 0;
    return child_start(&config, why, &s->child);
}

/* ---- the whole ---- */

/* Only without a choice: left alone it takes epoll. */
static int complain_of_io(int err)
{
    if (err == ENOSYS || err == EPERM || err == EINVAL || err == EOPNOTSUPP)
        return complain("there is no io_uring here: it needs Linux 6.1, sysctl "
                        "kernel.io_uring_disabled = 0, and in a container a seccomp "
                        "profile that allows io_uring; or say --io auto",
                        EXIT_REFUSED);
    LOG_ERROR("event=failed error=\"%s\"", rq_err_text(-err));
    return EXIT_INTERNAL;
}

static int run(struct service *s)
{
    rio_runner *runner = rio_runner_new(s->config->io);

    if (runner == NULL)
        return complain_of_io(errno);
    long rc = rio_runner_run(runner, service_main, s);
    rio_runner_free(runner);
    if (rc < 0) {
        LOG_ERROR("event=failed error=\"%s\"", rq_err_text(rc));
        return EXIT_INTERNAL;
    }
    return s->why[0] != '\0' ? complain(s->why, (int)rc) : (int)rc;
}

/* Buffers come and go with every turn.  As malloc is, it gives a mebibyte that is free
 * back to the kernel and asks for it again in the next turn, page by page: a third of
 * our processor time with bodies of 16 KiB. */
static void keep_spare_memory(void)
{
#ifdef M_TRIM_THRESHOLD
    rq_ignore(mallopt(M_TRIM_THRESHOLD, HEAP_SPARE));
    rq_ignore(mallopt(M_MMAP_THRESHOLD, HEAP_BLOCK));
#endif
}

static int serve(struct config *c, bool is_dev)
{
    static char why[2048]; /* the end of Redis' log fits */
    struct service s = {
        .config = c, .version = VERSION, .ready = is_dev ? dev_banner : NULL};

    keep_spare_memory();
    rq_log_set_level(c->log_level);
    raise_descriptors(c);
    int lock = lock_data(c, why);
    if (lock < 0)
        return complain(why, EXIT_REFUSED);

    int status = EXIT_REFUSED;
    if (open_sockets(&s, why) < 0 || start_redis(&s, lock, why) < 0) {
        complain(why, status);
    } else if ((s.zones = zoneinfo_load("/usr/share/zoneinfo")) == NULL) {
        status = complain("no memory for the time zones", EXIT_INTERNAL);
    } else {
        status = run(&s);
    }
    zoneinfo_free(s.zones);
    close_sockets(&s);
    if (s.child != NULL)
        child_stop(s.child);
    close(lock);
    return status;
}

/* Either would have PUTs wait in vain. */
static int check_replicas(const struct config *c, char *why)
{
    if (c->replicas == 0)
        return 0;
    if (c->redis == NULL) {
        snprintf(why, CONFIG_WHY,
                 "--replicas wants --redis URL: the private Redis has no replicas");
        return -EINVAL;
    }
    if (c->replica_wait_ms > c->store_wait_ms / 4) { /* it may stand behind others */
        snprintf(why, CONFIG_WHY,
                 "--replica-wait may be a quarter of --store-wait at most");
        return -EINVAL;
    }
    return 0;
}

static int read_config(struct config *c, int argc, char **argv, bool is_dev,
                       bool is_log, struct dev_options *dev, char *why)
{
    const char *file;

    int rc = config_init(c, why);
    if (rc == 0 && is_dev)
        rc = dev_defaults(c, why);
    if (rc == 0 && is_dev)
        rc = argc = dev_flags(c, argc, argv, dev, why);
    if (rc >= 0 && (file = config_file_of(argc, argv)) != NULL)
        rc = config_file(c, file, why);
    if (rc >= 0)
        rc = config_environment(c, why);
    if (rc >= 0)
        rc = config_flags(c, argc, argv, why);
    if (rc >= 0 && c->data_dir == NULL && (!is_log || c->redis == NULL)) {
        snprintf(why, CONFIG_WHY, "%s",
                 is_log ? "say which log: --redis URL, or the --data-dir DIR of a "
                          "ringqd with its own Redis"
                        : "say where to keep the data: --data-dir DIR (or try: ringqd "
                          "dev)");
        rc = -EINVAL;
    }
    if (rc >= 0 && !is_log)
        rc = check_replicas(c, why);
    return rc;
}

static bool has_word(int argc, char **argv, const char *word, const char *letter)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], word) == 0 || strcmp(argv[i], letter) == 0)
            return true;
    return false;
}

#ifdef RINGQ_FAILPOINTS
/* Returns  true: they were asked for, and that is all there is to do */
static bool list_failpoints(int argc, char **argv)
{
    const struct rq_failpoint *point;

    if (argc != 2 || strcmp(argv[1], "--failpoints") != 0)
        return false;
    for (size_t i = 0; (point = rq_failpoint_at(i)) != NULL; i++)
        printf("%s%s\n", point->name, point->may_fail ? " error" : "");
    return true;
}
#endif

int main(int argc, char **argv)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    bool is_dev = argc > 1 && strcmp(argv[1], "dev") == 0;
    bool is_log = argc > 1 && strcmp(argv[1], "log") == 0;
    enum log_command log = LOG_COMMAND_NONE;
    struct dev_options dev = {false, false};
    char why[CONFIG_WHY] = "";
    struct config config;
    int status;

    if (has_word(argc, argv, "--help", "-h")) {
        print_help();
        return 0;
    }
    if (has_word(argc, argv, "--version", "-V")) {
        printf("ringqd %s\n", VERSION);
        return 0;
    }
#ifdef RINGQ_FAILPOINTS
    if (list_failpoints(argc, argv))
        return 0;
    if (rq_failpoint_plan(getenv("RINGQ_FAILPOINT")) < 0)
        return complain("RINGQ_FAILPOINT is no NAME:ACTION; see --failpoints",
                        EXIT_USAGE);
#endif
    sigaction(SIGPIPE, &ignore, NULL);
    if (is_log && (argc < 3 || log_command_parse(argv[2], &log) < 0))
        return complain("say what: ringqd log check, dump or stats", EXIT_USAGE);
    int words = 1 + is_dev + 2 * is_log;
    if (read_config(&config, argc - words, argv + words, is_dev, is_log, &dev, why) < 0)
        status = complain(why, EXIT_USAGE);
    else if (log != LOG_COMMAND_NONE)
        status = log_command_run(&config, log);
    else if (dev.stop)
        status = dev_stop(config.data_dir);
    else if (dev.reset && dev_reset(config.data_dir, why) < 0)
        status = complain(why, EXIT_REFUSED);
    else
        status = serve(&config, is_dev);
    config_fini(&config);
    return status;
}
