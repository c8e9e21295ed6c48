/* config.c - one table (options.def) makes the parser, the environment, the file, the
 * help. SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/num.h"
#include "rio/rio.h"
#include "wire/resp.h"

enum kind { TEXT, LIST, SIZE, COUNT, DURATION, LEVEL, WORD };
enum rank { RANK_DEFAULT, RANK_OWN_DEFAULT, RANK_FILE, RANK_ENVIRONMENT, RANK_FLAG };

enum option_id {
#define OPTION(name, field, kind, argument, fallback, help) OPTION_##field,
#include "options.def"
#undef OPTION
    OPTION_COUNT
};
_Static_assert(OPTION_COUNT <= sizeof((struct config *)NULL)->rank,
               "a rank for each option");

static const struct option {
    const char *name;
    enum kind kind;
    const char *argument, *fallback, *help;
} options[OPTION_COUNT] = {
#define OPTION(name, field, kind, argument, fallback, help) \
    {name, kind, argument, fallback, help},
#include "options.def"
#undef OPTION
};

/* ---- values ---- */

static int set_text(char **field, const char *value)
{
    char *copy = strdup(value);

    if (copy == NULL)
        return -ENOMEM;
    free(*field);
    *field = copy;
    return 0;
}

static int add_listen(struct config *c, const char *value, bool is_first)
{
    if (is_first) {
        while (c->listen_count > 0)
            free(c->listen[--c->listen_count]);
    }
    if (c->listen_count == CONFIG_LISTEN_MAX)
        return -E2BIG;
    char *copy = strdup(value);
    if (copy == NULL)
        return -ENOMEM;
    c->listen[c->listen_count++] = copy;
    return 0;
}

static int parse_log_level(const char *value, enum rq_log_level *out)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};

    for (size_t i = 0; i < 4; i++)
        if (strcmp(value, names[i]) == 0) {
            *out = (enum rq_log_level)i;
            return 0;
        }
    return -EINVAL;
}

static int parse_io(const char *value, unsigned *out)
{
    static const struct {
        const char *name;
        unsigned flags;
    } known[] = {{"auto", 0}, {"uring", RIO_IO_URING}, {"epoll", RIO_IO_EPOLL}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(value, known[i].name) == 0) {
            *out = known[i].flags;
            return 0;
        }
    return -EINVAL;
}

/* One of two words. */
static int parse_choice(const char *value, const char *no, const char *yes, bool *out)
{
    *out = strcmp(value, yes) == 0;
    return *out || strcmp(value, no) == 0 ? 0 : -EINVAL;
}

static int set_value(struct config *c, enum option_id id, const char *value,
                     bool is_first)
{
    struct rq_slice s = rq_slice_str(value);

    switch (id) {
    case OPTION_listen:
        return add_listen(c, value, is_first);
    case OPTION_data_dir:
        return set_text(&c->data_dir, value);
    case OPTION_redis:
        return set_text(&c->redis, value);
    case OPTION_port_file:
        return set_text(&c->port_file, value);
    case OPTION_durability:
        return store_level_parse(s, &c->durability);
    case OPTION_log_level:
        return parse_log_level(value, &c->log_level);
    case OPTION_io:
        return parse_io(value, &c->io);
    case OPTION_holds_without_store:
        return parse_choice(value, "serve", "stop", &c->holds_without_store);
    case OPTION_sets_bad_aside:
        return parse_choice(value, "stop", "set-aside", &c->sets_bad_aside);
    case OPTION_http:
        return strcmp(value, "off") == 0 ? 0 : -EINVAL;
    case OPTION_max_body:
        return rq_num_size(s, 1, RQ_RESP_BODY_LIMIT, &c->max_body);
    case OPTION_log_spare:
        return rq_num_size(s, 64 << 10, UINT64_C(1) << 40, &c->log_spare);
    case OPTION_body_memory:
        return rq_num_size(s, 0, UINT64_C(1) << 40, &c->body_memory);
    case OPTION_max_connections:
        return rq_num_u64(s, 1, 1000000, &c->max_connections);
    case OPTION_redis_timeout_ms:
        return rq_num_duration(s, 100, 600000, &c->redis_timeout_ms);
    case OPTION_store_wait_ms:
        return rq_num_duration(s, 100, 600000, &c->store_wait_ms);
    case OPTION_replicas:
        return rq_num_u64(s, 0, STORE_COPIES_MAX, &c->replicas);
    case OPTION_replica_wait_ms:
        return rq_num_duration(s, 1, 60000, &c->replica_wait_ms);
    case OPTION_COUNT:
        break;
    }
    return -EINVAL;
}

/* ---- sources ---- */

/* Applies a value unless a better source has spoken.  A LIST of one source adds up; the
 * first word of a better source starts it anew. */
static int apply(struct config *c, enum option_id id, const char *value, enum rank rank,
                 const char *origin, char *why)
{
    const struct option *o = &options[id];

    if (rank < c->rank[id])
        return 0;
    bool is_first = rank > c->rank[id] || o->kind != LIST;
    int rc = set_value(c, id, value, is_first);
    if (rc < 0) {
        snprintf(why, CONFIG_WHY, "%s: %s: bad value '%.60s'; say %s (%s)", origin,
                 o->name, value, o->argument, o->help);
        return rc;
    }
    c->rank[id] = (unsigned char)rank;
    return 0;
}

/* How many single edits lie between two words, for "did you mean"; capped small. */
static size_t distance(const char *a, size_t a_len, const char *b)
{
    size_t row[33], b_len = strlen(b);

    if (a_len > 32 || b_len > 32)
        return 99;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t less = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

            diagonal = row[j];
            row[j] = change < less ? change : less;
        }
    }
    return row[b_len];
}

static int find_option(const char *name, size_t len, const char *origin,
                       enum option_id *out, char *why)
{
    size_t best = 0, best_distance = 99;

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strlen(options[i].name) == len && memcmp(options[i].name, name, len) == 0) {
            *out = (enum option_id)i;
            return 0;
        }
        size_t d = distance(name, len, options[i].name);
        if (d < best_distance) {
            best = i;
            best_distance = d;
        }
    }
    if (best_distance <= 3)
        snprintf(why, CONFIG_WHY, "%s: unknown option '%.*s'; did you mean '%s'?",
                 origin, (int)len, name, options[best].name);
    else
        snprintf(why, CONFIG_WHY, "%s: unknown option '%.*s'; ringqd --help lists them",
                 origin, (int)len, name);
    return -EINVAL;
}

int config_init(struct config *c, char why[CONFIG_WHY])
{
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        int rc = options[i].fallback == NULL
                     ? 0
                     : apply(c, (enum option_id)i, options[i].fallback, RANK_DEFAULT,
                             "default", why);
        if (rc < 0)
            return rc;
    }
    return 0;
}

void config_fini(struct config *c)
{
    while (c->listen_count > 0)
        free(c->listen[--c->listen_count]);
    free(c->data_dir);
    free(c->redis);
    free(c->port_file);
    memset(c, 0, sizeof *c);
}

int config_default(struct config *c, const char *name, const char *value,
                   char why[CONFIG_WHY])
{
    enum option_id id;
    int rc = find_option(name, strlen(name), "default", &id, why);

    return rc < 0 ? rc : apply(c, id, value, RANK_OWN_DEFAULT, "default", why);
}

/* Takes `--name value` or `--name=value` at argv[*at]. */
static int read_flag(int argc, char *const *argv, int *at, const char **out_name,
                     size_t *out_len, const char **out_value, char *why)
{
    const char *word = argv[*at];

    if (strncmp(word, "--", 2) != 0 || word[2] == '\0') {
        snprintf(why, CONFIG_WHY,
                 "unexpected '%.60s'; options start with --; see ringqd --help", word);
        return -EINVAL;
    }
    const char *equals = strchr(word, '=');
    *out_name = word + 2;
    *out_len = equals != NULL ? (size_t)(equals - word - 2) : strlen(word + 2);
    if (equals != NULL) {
        *out_value = equals + 1;
    } else if (*at + 1 < argc) {
        *out_value = argv[++*at];
    } else {
        snprintf(why, CONFIG_WHY, "%.60s wants a value; see ringqd --help", word);
        return -EINVAL;
    }
    return 0;
}

int config_flags(struct config *c, int argc, char *const *argv, char why[CONFIG_WHY])
{
    for (int i = 0; i < argc; i++) {
        const char *name, *value;
        enum option_id id;
        size_t len;

        int rc = read_flag(argc, argv, &i, &name, &len, &value, why);
        if (rc == 0 && len == 6 && memcmp(name, "config", 6) == 0)
            continue; /* read before, by config_file_of */
        if (rc == 0)
            rc = find_option(name, len, "command line", &id, why);
        if (rc == 0)
            rc = apply(c, id, value, RANK_FLAG, "command line", why);
        if (rc < 0)
            return rc;
    }
    return 0;
}

const char *config_file_of(int argc, char *const *argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            return argv[i + 1];
        if (strncmp(argv[i], "--config=", 9) == 0)
            return argv[i] + 9;
    }
    return NULL;
}

int config_environment(struct config *c, char why[CONFIG_WHY])
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        char name[64] = "RINGQD_";
        size_t len = strlen(name);

        for (const char *p = options[i].name; *p != '\0'; p++)
            name[len++] = *p == '-' ? '_' : (char)(*p & ~0x20);
        name[len] = '\0';
        const char *value = getenv(name);
        if (value == NULL)
            continue;
        int rc = apply(c, (enum option_id)i, value, RANK_ENVIRONMENT, name, why);
        if (rc < 0)
            return rc;
    }
    return 0;
}

struct file_source {
    struct config *config;
    const char *path;
    char *why;
    int rc;
};

/* Returns 0 to stop: inih then names the line. */
static int on_pair(void *arg, const char *section, const char *name, const char *value)
{
    struct file_source *source = arg;
    enum option_id id;

    if (source->rc < 0)
        return 0;
    if (section[0] != '\0') {
        snprintf(source->why, CONFIG_WHY,
                 "%s: section [%.40s] is not known; write name = value", source->path,
                 section);
        source->rc = -EINVAL;
        return 0;
    }
    source->rc = find_option(name, strlen(name), source->path, &id, source->why);
    if (source->rc == 0)
        source->rc =
            apply(source->config, id, value, RANK_FILE, source->path, source->why);
    return source->rc == 0;
}

int config_file(struct config *c, const char *path, char why[CONFIG_WHY])
{
    char reason[CONFIG_WHY] = "not understood; write name = value";
    struct file_source source = {.config = c, .path = path, .why = reason};

    int line = ini_parse(path, on_pair, &source);
    if (line == 0)
        return 0;
    if (line < 0) {
        snprintf(why, CONFIG_WHY, "cannot read %.200s: %s", path, strerror(errno));
        return -ENOENT;
    }
    snprintf(why, CONFIG_WHY, "line %d: %.300s", line, reason);
    return source.rc < 0 ? source.rc : -EINVAL;
}

void config_help(FILE *out)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &options[i];
        int width = 34 - (int)strlen(o->name) - 3;

        fprintf(out, "  --%s %-*s %s", o->name, width > 1 ? width : 1, o->argument,
                o->help);
        if (o->fallback != NULL && o->kind != WORD)
            fprintf(out, " [%s]", o->fallback);
        fputc('\n', out);
    }
}
