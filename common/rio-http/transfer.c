/* transfer.c - one request as libcurl's easy handle, and its response.
 *
 * The response's header lines are libcurl's until they are copied, all into one block
 * behind the array that points to them.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rio-http/session.h"

/* clang-format off */
static const struct { CURLcode code; int err; } errors[] = {
    {CURLE_UNSUPPORTED_PROTOCOL,     EINVAL},
    {CURLE_URL_MALFORMAT,            EINVAL},
    {CURLE_COULDNT_RESOLVE_PROXY,    ENOENT},
    {CURLE_COULDNT_RESOLVE_HOST,     ENOENT},
    {CURLE_COULDNT_CONNECT,          ECONNREFUSED},
    {CURLE_OPERATION_TIMEDOUT,       ETIMEDOUT},
    {CURLE_OUT_OF_MEMORY,            ENOMEM},
    {CURLE_ABORTED_BY_CALLBACK,      ENOMEM}, /* on_socket: the kernel's */
    {CURLE_WRITE_ERROR,              EMSGSIZE}, /* on_body refused */
    {CURLE_FILESIZE_EXCEEDED,        EMSGSIZE},
    {CURLE_TOO_MANY_REDIRECTS,       ELOOP},
    {CURLE_SEND_ERROR,               ECONNRESET},
    {CURLE_RECV_ERROR,               ECONNRESET},
    {CURLE_GOT_NOTHING,              ECONNRESET},
    {CURLE_PARTIAL_FILE,             ECONNRESET},
    {CURLE_PEER_FAILED_VERIFICATION, EKEYREJECTED},
    {CURLE_SSL_CACERT_BADFILE,       EKEYREJECTED},
};
/* clang-format on */

static long number(CURL *easy, CURLINFO what)
{
    long n = 0;

    (void)curl_easy_getinfo(easy, what, &n);
    return n;
}

long rio__transfer_error(CURL *easy, CURLcode code)
{
    if (code == CURLE_OK)
        return 0;
    if (code == CURLE_COULDNT_CONNECT && number(easy, CURLINFO_OS_ERRNO) > 0)
        return -number(easy, CURLINFO_OS_ERRNO);
    /* The same word for our url and, once connected, for what the server says. */
    if (code == CURLE_UNSUPPORTED_PROTOCOL && number(easy, CURLINFO_LOCAL_PORT) > 0)
        return -EPROTO;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].code == code)
            return -errors[i].err;
    return -EPROTO;
}

void rio__transfer_end(struct rio__transfer *t, CURLcode code)
{
    if (t->rc == 0) /* else on_body knows better */
        t->rc = rio__transfer_error(t->easy, code);
    rio_event_set(&t->done);
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct rio__transfer *t = arg;
    int rc = rq_buf_append(&t->body, bytes, size * n);

    if (rc < 0) {
        t->rc = rc == -ENOBUFS ? -EMSGSIZE : rc;
        return 0;
    }
    return size * n;
}

/* ---- the request ---- */

static bool has_line_end(const char *text)
{
    return strpbrk(text, "\r\n") != NULL;
}

static int add_headers(struct rio__transfer *t, const char *const *headers)
{
    for (; headers != NULL && *headers != NULL; headers++) {
        struct curl_slist *longer;

        if (has_line_end(*headers))
            return -EINVAL;
        longer = curl_slist_append(t->headers, *headers);
        if (longer == NULL)
            return -ENOMEM;
        t->headers = longer;
    }
    (void)curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
    return 0;
}

/* Returns  whether curl takes the body and the method */
static bool set_method(CURL *easy, const rio_http_req *rq)
{
    const char *usual = "GET";

    if (rq->body != NULL) {
        curl_off_t size = (curl_off_t)rq->body_size;

        usual = "POST";
        if (curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, size) != CURLE_OK ||
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, rq->body) != CURLE_OK)
            return false;
    }
    if (rq->method == NULL || strcmp(rq->method, usual) == 0)
        return true;
    if (strcmp(rq->method, "HEAD") == 0)
        return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, rq->method) == CURLE_OK;
}

/* The options that hold for each request of the session. */
static bool set_common(CURL *easy, const rio_http_session *s, struct rio__transfer *t)
{
    /* SIGPIPE stays ignored while curl runs (TLS writes by write(2)); SIGALRM is for
     * builds that look up names without a thread. */
    return curl_easy_setopt(easy, CURLOPT_PRIVATE, t) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->message) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, t) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, s->user_agent) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, s->proxy) == CURLE_OK &&
           /* A cancelled request does not wait for its name's lookup in a thread. */
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
}

int rio__transfer_open(struct rio__transfer *t, const rio_http_session *s,
                       const rio_http_req *rq)
{
    size_t max_body = rq->max_body > 0 ? rq->max_body : s->max_body;
    int rc;

    *t = (struct rio__transfer){0};
    rq_list_init(&t->link);
    rq_buf_init(&t->body, max_body);
    if (rq->method != NULL && (rq->method[0] == '\0' || strpbrk(rq->method, " \r\n\t")))
        return -EINVAL;
    t->easy = curl_easy_init();
    if (t->easy == NULL || !set_common(t->easy, s, t) || !set_method(t->easy, rq))
        return -ENOMEM;
    rc = add_headers(t, rq->headers);
    if (rc < 0)
        return rc;
    if (max_body <= INT64_MAX) /* a length that is told is refused before its bytes */
        (void)curl_easy_setopt(t->easy, CURLOPT_MAXFILESIZE_LARGE,
                               (curl_off_t)max_body);
    if (rq->max_redirects > 0) {
        (void)curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 1L);
        (void)curl_easy_setopt(t->easy, CURLOPT_MAXREDIRS, (long)rq->max_redirects);
        (void)curl_easy_setopt(t->easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    }
    if (curl_easy_setopt(t->easy, CURLOPT_URL, rq->url) != CURLE_OK)
        return -ENOMEM;
    return 0;
}

void rio__transfer_close(struct rio__transfer *t)
{
    curl_easy_cleanup(t->easy); /* NULL is fine */
    curl_slist_free_all(t->headers);
    rq_buf_fini(&t->body);
}

/* ---- the response ---- */

static struct curl_header *next_header(CURL *easy, struct curl_header *before)
{
    return curl_easy_nextheader(easy, CURLH_HEADER, -1, before);
}

static char *copy_text(char **to, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = memcpy(*to, text, n);

    *to += n;
    return copy;
}

static int take_headers(CURL *easy, rio_http_resp *out)
{
    size_t count = 0, bytes = 0;
    rio_http_field *fields;
    char *texts;

    for (struct curl_header *h = NULL; (h = next_header(easy, h)) != NULL; count++)
        bytes += strlen(h->name) + strlen(h->value) + 2;
    fields = malloc(count * sizeof *fields + bytes + 1);
    if (fields == NULL)
        return -ENOMEM;
    texts = (char *)&fields[count];
    out->fields = out->_priv[0] = fields;
    for (struct curl_header *h = NULL; (h = next_header(easy, h)) != NULL; fields++)
        *fields =
            (rio_http_field){copy_text(&texts, h->name), copy_text(&texts, h->value)};
    out->field_count = count;
    return 0;
}

/* The buffer itself: nothing was consumed from it, and a spare byte lies behind. */
static void take_body(struct rq_buf *body, rio_http_resp *out)
{
    size_t max = body->max;

    out->body = "";
    if (body->ptr == NULL)
        return;
    *rq_buf_tail(body) = '\0';
    out->body = out->_priv[1] = body->ptr;
    out->body_size = body->len;
    rq_buf_init(body, max);
}

int rio__transfer_take(struct rio__transfer *t, rio_http_resp *out)
{
    int rc = take_headers(t->easy, out);

    if (rc < 0)
        return rc;
    take_body(&t->body, out);
    out->status = (int)number(t->easy, CURLINFO_RESPONSE_CODE);
    return 0;
}

void rio_http_resp_free(rio_http_resp *r)
{
    if (r == NULL)
        return;
    free(r->_priv[0]);
    free(r->_priv[1]);
    *r = (rio_http_resp){0};
}

const char *rio_http_resp_header(const rio_http_resp *r, const char *name)
{
    for (size_t i = 0; i < r->field_count; i++)
        if (strcasecmp(r->fields[i].name, name) == 0)
            return r->fields[i].value;
    return NULL;
}
