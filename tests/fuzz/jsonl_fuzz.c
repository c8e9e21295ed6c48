/* jsonl_fuzz - lines of a file of jobs come as they are, however long a line may be;
 * what the CLI writes as JSON, it takes for JSON.
 *
 * Input   byte 0: how long a line may be; the rest: the file
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "cli/input.h"
#include "cli/json.h"
#include "fuzz/fuzz.h"

/* ---- lines ---- */

static void check_line(const struct input *in, const struct input_line *line,
                       uint64_t *number)
{
    ASSERT(line->is_long || (line->is_first && line->is_last));
    ASSERT(line->is_long || line->len <= in->line_max);
    *number += line->is_first;
    ASSERT(line->number == *number);
    ASSERT(line->is_long || memchr(line->text, '\n', line->len) == NULL);
}

/* All pieces, one behind the other, are the file. */
static void try_lines(int fd, const char *file, size_t size, size_t line_max)
{
    struct input in;
    struct input_line line;
    char path[64];
    size_t at = 0;
    uint64_t number = 0;
    int rc;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ASSERT(input_open(&in, path, line_max) == 0 && in.size == (int64_t)size);
    while ((rc = input_line(&in, &line)) > 0) {
        check_line(&in, &line, &number);
        ASSERT(at + line.len <= size && memcmp(file + at, line.text, line.len) == 0);
        at += line.len;
        ASSERT(!line.is_last || at == size || file[at] == '\n');
        at += line.is_last && at < size;
        ASSERT(line.end == (int64_t)at);
    }
    ASSERT(rc == 0 && at == size);
    input_close(&in);
}

static void try_all(int fd, size_t size)
{
    struct input in;
    char path[64], *all;
    size_t len;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ASSERT(input_open(&in, path, 0) == 0);
    ASSERT(input_all(&in, size, &all, &len) == 0 && len == size);
    free(all);
    input_close(&in);
}

/* ---- JSON ---- */

static bool is_json(const char *text, size_t len)
{
    char *block = malloc(len > 0 ? len : 1); /* a byte too far is ASan's */
    size_t at = 0;

    ASSERT(block != NULL);
    if (len > 0)
        memcpy(block, text, len);
    const char *wrong = json_check(block, len, &at);
    ASSERT(at <= len && (wrong == NULL || wrong[0] != '\0'));
    free(block);
    return wrong == NULL;
}

static size_t surround(char *out, const char *before, const char *text, size_t len,
                       const char *behind)
{
    size_t at = strlen(before);

    memcpy(out, before, at);
    memcpy(out + at, text, len);
    memcpy(out + at + len, behind, strlen(behind));
    return at + len + strlen(behind);
}

/* A value is one alone, in an array and as a member; twice it is none. */
static void try_value(const char *text, size_t len)
{
    char *out = malloc(2 * len + 16);
    bool is_value = is_json(text, len);
    bool is_deep = len > JSON_DEPTH_MAX; /* or may be */

    ASSERT(out != NULL);
    if (!is_deep) {
        size_t n = surround(out, "[", text, len, "]");

        if (is_value)
            ASSERT(is_json(out, n));
        n = surround(out, "{\"\":", text, len, "}");
        ASSERT(is_json(out, n) == is_value || memchr(text, ',', len) != NULL);
    }
    if (is_value)
        ASSERT(!is_json(out, surround(out, "", text, len, " 0")));
    free(out);
}

static void try_writer(const char *text, size_t len)
{
    char *out = NULL;
    size_t out_len = 0;
    FILE *stream = open_memstream(&out, &out_len);
    struct json j = {.out = stream};

    ASSERT(stream != NULL);
    json_begin(&j, '{');
    json_body(&j, "body", text, len);
    json_key(&j, "text");
    json_text(&j, text, len);
    json_end(&j, '}');
    fclose(stream);
    ASSERT(is_json(out, out_len));
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *file = (const char *)data + 1;

    if (size == 0)
        return 0;
    size--;
    int fd = memfd_create("lines", MFD_CLOEXEC);
    ASSERT(fd >= 0 && write(fd, file, size) == (ssize_t)size);
    try_lines(fd, file, size, 1 + (size_t)data[0] * 8);
    try_all(fd, size);
    close(fd);
    try_value(file, size);
    try_writer(file, size);
    return 0;
}
