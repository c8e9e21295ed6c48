/* zoneinfo - all zones are read at the start: about 600 small files, 10 ms and 1 MB.
 * The loop then never waits for a file, and the server may give up its right to read
 * them.
 * SPDX-License-Identifier: MIT */
#include "zoneinfo.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/map.h"
#include "core/zone.h"

enum {
    PATH_BYTES = 512,
    FILE_BYTES_MAX = 64 << 10,
    DEPTH_MAX = 3, /* America/Argentina/Ushuaia */
    ZONES_MAX = 4096,
};

struct entry {
    struct zone *zone;
    size_t name_len;
    char name[];
};

struct zoneinfo {
    struct rq_map by_name;
    struct rq_buf file; /* the last one read */
    size_t root_len;    /* of the path; names begin behind it */
};

static struct rq_slice key_of(const void *value)
{
    const struct entry *e = value;

    return rq_slice(e->name, e->name_len);
}

/* Owns  consumes `zone` */
static int add(struct zoneinfo *info, struct rq_slice name, struct zone *zone)
{
    struct entry *e = malloc(sizeof *e + name.len);

    if (e == NULL) {
        zone_free(zone);
        return -ENOMEM;
    }
    e->zone = zone;
    e->name_len = name.len;
    memcpy(e->name, name.ptr, name.len);
    if (rq_map_put(&info->by_name, e) < 0) {
        zone_free(zone);
        free(e);
        return -ENOMEM;
    }
    return 0;
}

/* Returns  0, also for what is no zone.  Errors  -ENOMEM */
static int load_file(struct zoneinfo *info, const char *path)
{
    struct zone *zone;

    rq_buf_clear(&info->file);
    int rc = rq_file_read(path, &info->file);
    if (rc == 0)
        rc = zone_parse(rq_buf_slice(&info->file), &zone);
    if (rc < 0)
        return rc == -ENOMEM ? rc : 0;
    return add(info, rq_slice_str(path + info->root_len), zone);
}

/* `posix` is the same again, and `right` counts leap seconds. */
static bool is_passed_over(const char *name)
{
    return name[0] == '.' || strcmp(name, "posix") == 0 || strcmp(name, "right") == 0;
}

/* What is below the directory `path`, in which there is room for PATH_BYTES. */
static int load_below(struct zoneinfo *info, char *path, int depth)
{
    size_t len = strlen(path);
    const struct dirent *file;
    DIR *dir = opendir(path);
    int rc = 0;

    if (dir == NULL)
        return 0;
    while (rc == 0 && info->by_name.count < ZONES_MAX &&
           (file = readdir(dir)) != NULL) {
        struct stat st;

        if (is_passed_over(file->d_name) ||
            snprintf(path + len, PATH_BYTES - len, "/%s", file->d_name) >=
                (int)(PATH_BYTES - len) ||
            stat(path, &st) < 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
            rc = load_below(info, path, depth + 1);
        else if (S_ISREG(st.st_mode) && st.st_size <= FILE_BYTES_MAX)
            rc = load_file(info, path);
    }
    path[len] = '\0';
    closedir(dir);
    return rc;
}

struct zoneinfo *zoneinfo_load(const char *directory)
{
    struct zoneinfo *info = calloc(1, sizeof *info);
    char path[PATH_BYTES];

    if (info == NULL)
        return NULL;
    rq_map_init(&info->by_name, key_of);
    rq_buf_init(&info->file, FILE_BYTES_MAX);
    int len = snprintf(path, sizeof path, "%s", directory);
    info->root_len = (size_t)len + 1;
    int rc = len < PATH_BYTES / 2 ? load_below(info, path, 1) : 0;
    rq_buf_fini(&info->file);
    if (rc == 0)
        return info;
    zoneinfo_free(info);
    return NULL;
}

void zoneinfo_free(struct zoneinfo *info)
{
    struct entry *e;
    size_t cursor = 0;

    if (info == NULL)
        return;
    while ((e = rq_map_next(&info->by_name, &cursor)) != NULL) {
        zone_free(e->zone);
        free(e);
    }
    rq_map_fini(&info->by_name);
    free(info);
}

size_t zoneinfo_count(const struct zoneinfo *info)
{
    return info->by_name.count;
}

const struct zone *zoneinfo_find(void *info, struct rq_slice name)
{
    const struct zoneinfo *i = info;
    const struct entry *e = rq_map_get(&i->by_name, name);

    return e == NULL ? NULL : e->zone;
}
