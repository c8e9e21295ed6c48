/* replay - runs a harness over the files named in argv, or all files of directories
 * named there.  The corpus thus becomes a test, with any compiler.
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

static void fail(const char *path)
{
    perror(path);
    exit(1);
}

/* The input sits in a block of exactly its size: a byte too far is ASan's. */
static void replay_file(const char *path)
{
    struct stat st;
    FILE *f = fopen(path, "rb");

    if (f == NULL || fstat(fileno(f), &st) < 0)
        fail(path);
    size_t size = (size_t)st.st_size;
    uint8_t *data = malloc(size > 0 ? size : 1);
    if (data == NULL || fread(data, 1, size, f) != size)
        fail(path);
    fclose(f);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

/* Returns  how many files were run */
static size_t replay(const char *path)
{
    size_t count = 0;
    struct dirent *entry;
    DIR *dir = opendir(path);

    if (dir == NULL) {
        replay_file(path);
        return 1;
    }
    while ((entry = readdir(dir)) != NULL) {
        char *file;

        if (entry->d_name[0] == '.')
            continue;
        if (asprintf(&file, "%s/%s", path, entry->d_name) < 0)
            fail(path);
        replay_file(file);
        free(file);
        count++;
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    size_t count = 0;

    for (int i = 1; i < argc; i++)
        count += replay(argv[i]);
    printf("%zu inputs\n", count);
    return count > 0 ? 0 : 1; /* an empty corpus tests nothing */
}
