/* config_fuzz - whatever ringqd is told is either refused with a reason or gives values
 * within their ranges; and in which order its sources are read makes no difference.
 *
 * Input   words, by their first byte: 'E' NAME=VALUE of the environment, 'F' a line of
 *         the file, 'U' a URL of Redis, 'D' an argument of `ringqd dev`, other words
 * are arguments SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "config.h"
#include "dev.h"
#include "fuzz/fuzz.h"
#include "fuzz/words.h"
#include "store/url.h"
#include "wire/resp.h"

/* The words, by where they are said. */
struct told {
    char *flags[FUZZ_WORDS_MAX], *dev[FUZZ_WORDS_MAX];
    int flag_count, dev_count;
    char file[64];
    int file_fd;
};

char *__wrap_getenv(const char *name);
char *__real_getenv(const char *name);

/* ---- telling ---- */

static const struct fuzz_words *environment; /* NULL: the real one */

char *__wrap_getenv(const char *name)
{
    static const char prefix[] = "RINGQD_";
    size_t len = strlen(prefix);

    if (environment == NULL || strncmp(name, prefix, len) != 0)
        return __real_getenv(name);
    name += len;
    len = strlen(name);
    for (size_t i = 0; i < environment->count; i++) {
        char *word = environment->list[i];

        if (word[0] == 'E' && strncmp(word + 1, name, len) == 0 && word[1 + len] == '=')
            return word + len + 2;
    }
    return NULL;
}

static void tell(struct told *t, char *word)
{
    switch (word[0]) {
    case 'F':
        ASSERT(dprintf(t->file_fd, "%s\n", word + 1) >= 0);
        break;
    case 'D':
        t->dev[t->dev_count++] = word + 1;
        break;
    case 'E':
    case 'U':
        break;
    default:
        t->flags[t->flag_count++] = word;
        break;
    }
}

/* ---- what comes of it ---- */

static void check_why(int rc, const char *why)
{
    size_t len = strnlen(why, CONFIG_WHY);

    ASSERT(len < CONFIG_WHY && (rc == 0 || len > 0));
}

static void check_config(const struct config *c)
{
    ASSERT(c->listen_count >= 1 && c->listen_count <= CONFIG_LISTEN_MAX);
    for (size_t i = 0; i < c->listen_count; i++)
        ASSERT(c->listen[i] != NULL);
    ASSERT(c->durability <= STORE_FSYNC && c->log_level <= RQ_LOG_ERROR);
    ASSERT(c->max_body >= 1 && c->max_body <= RQ_RESP_BODY_LIMIT);
    ASSERT(c->log_spare >= 64 << 10 && c->max_connections >= 1);
    ASSERT(c->redis_timeout_ms >= 100 && c->redis_timeout_ms <= 600000);
    ASSERT(c->store_wait_ms >= 100 && c->store_wait_ms <= 600000);
    ASSERT(c->replicas <= STORE_COPIES_MAX);
    ASSERT(c->replica_wait_ms >= 1 && c->replica_wait_ms <= 60000);
}

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_same(const struct config *a, const struct config *b)
{
    ASSERT(a->listen_count == b->listen_count);
    for (size_t i = 0; i < a->listen_count; i++)
        ASSERT(is_same(a->listen[i], b->listen[i]));
    ASSERT(is_same(a->data_dir, b->data_dir) && is_same(a->redis, b->redis) &&
           is_same(a->port_file, b->port_file));
    ASSERT(a->durability == b->durability && a->log_level == b->log_level &&
           a->io == b->io && a->max_body == b->max_body);
    ASSERT(a->log_spare == b->log_spare && a->max_connections == b->max_connections &&
           a->redis_timeout_ms == b->redis_timeout_ms &&
           a->store_wait_ms == b->store_wait_ms && a->replicas == b->replicas &&
           a->replica_wait_ms == b->replica_wait_ms);
}

/* Returns  0: all of them were taken */
static int read_sources(const struct told *t, struct config *c, bool backwards)
{
    char why[CONFIG_WHY] = "";
    int rc = config_init(c, why);

    for (int i = 0; rc == 0 && i < 3; i++) {
        int source = backwards ? 2 - i : i;

        rc = source == 0   ? config_file(c, t->file, why)
             : source == 1 ? config_environment(c, why)
                           : config_flags(c, t->flag_count, t->flags, why);
    }
    check_why(rc, why);
    if (rc == 0)
        check_config(c);
    return rc;
}

static void try_sources(const struct told *t)
{
    struct config forth, back;
    int rc = read_sources(t, &forth, false);

    /* A better source hides what a lower one has wrong, so it may fail one way only. */
    if (read_sources(t, &back, true) == 0 && rc == 0)
        check_same(&forth, &back);
    config_fini(&forth);
    config_fini(&back);
}

static void try_dev(struct told *t)
{
    struct dev_options options = {.stop = false};
    struct config c;
    char why[CONFIG_WHY] = "";
    int rc = config_init(&c, why);

    ASSERT(rc == 0);
    int left = dev_flags(&c, t->dev_count, t->dev, &options, why);
    ASSERT(left <= t->dev_count);
    check_why(left < 0 ? left : 0, why);
    if (left >= 0)
        check_why(config_flags(&c, left, t->dev, why), why);
    config_fini(&c);
}

static void try_url(const char *text)
{
    struct url url;
    char why[URL_WHY] = "";
    int rc = url_parse(text, &url, why);

    ASSERT(strnlen(why, sizeof why) < sizeof why && (rc == 0) == (why[0] == '\0'));
    if (rc == 0) {
        ASSERT(strnlen(url.host, sizeof url.host) < sizeof url.host);
        ASSERT(strnlen(url.user, sizeof url.user) < sizeof url.user);
        ASSERT(strnlen(url.pass, sizeof url.pass) < sizeof url.pass);
        ASSERT(url.host[0] != '\0' && strlen(url.port) <= 5 && url.db <= URL_DB_MAX);
    }
    url_fini(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct told t; /* too large for a stack */
    struct fuzz_words words;

    memset(&t, 0, sizeof t);
    t.file_fd = memfd_create("ringqd.conf", MFD_CLOEXEC);
    ASSERT(t.file_fd >= 0);
    snprintf(t.file, sizeof t.file, "/proc/self/fd/%d", t.file_fd);
    fuzz_words_split(data, size, &words);
    for (size_t i = 0; i < words.count; i++)
        tell(&t, words.list[i]);
    environment = &words;
    try_sources(&t);
    environment = NULL;
    try_dev(&t);
    for (size_t i = 0; i < words.count; i++)
        if (words.list[i][0] == 'U')
            try_url(words.list[i] + 1);
    fuzz_words_free(&words);
    close(t.file_fd);
    return 0;
}
