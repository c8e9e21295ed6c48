/* route.c - which handler a request goes to.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "rio-http/server.h"

static bool path_fits(const char *pattern, const char *path)
{
    size_t n = strlen(pattern);

    if (n > 0 && pattern[n - 1] == '*')
        return strncmp(pattern, path, n - 1) == 0;
    return strcmp(pattern, path) == 0;
}

static bool method_fits(const char *of_route, const char *method)
{
    return strcmp(of_route, method) == 0 ||
           (strcmp(of_route, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

const rio_http_route *rio__route_find(const rio_http_route *routes, size_t n,
                                      const char *method, const char *path,
                                      bool *out_known)
{
    *out_known = false;
    for (size_t i = 0; i < n; i++) {
        if (!path_fits(routes[i].path, path))
            continue;
        *out_known = true;
        if (method_fits(routes[i].method, method))
            return &routes[i];
    }
    return NULL;
}

/* Whether an earlier route of the path has the method, too. */
static bool is_repeated(const rio_http_route *routes, size_t i, const char *path)
{
    for (size_t k = 0; k < i; k++)
        if (path_fits(routes[k].path, path) &&
            strcmp(routes[k].method, routes[i].method) == 0)
            return true;
    return false;
}

int rio__route_methods(const rio_http_route *routes, size_t n, const char *path,
                       struct rq_buf *text)
{
    for (size_t i = 0; i < n; i++) {
        bool get = strcmp(routes[i].method, "GET") == 0;
        int rc;

        if (!path_fits(routes[i].path, path) || is_repeated(routes, i, path))
            continue;
        rc = rq_buf_printf(text, "%s%s%s", text->len > 0 ? ", " : "", routes[i].method,
                           get ? ", HEAD" : "");
        if (rc < 0)
            return rc;
    }
    return 0;
}
