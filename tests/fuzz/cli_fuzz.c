/* cli_fuzz - any command line of ringq ends with one of its exit codes, and when that
 * is not 0, something was said on stderr that a terminal can show.
 *
 * No server is there: cli_connect() reads the address and then fails, as it would.
 * Files cannot be opened, apart from stdin.
 *
 * Input   words: the arguments; a first word that begins with '<' is what stands on
 * stdin SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "cli/command.h"
#include "fuzz/fuzz.h"
#include "fuzz/words.h"
#include "lib/address.h"

int __wrap_cli_connect(const struct cli *cli, const ringq_options *options,
                       ringq **out);
ringq *__wrap_ringq_connect(const char *url, const ringq_options *options);
int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);

static bool is_inside; /* the command line's calls, not the fuzzer's own */

/* ---- what it would reach ---- */

static void check_address(const char *url)
{
    struct rq_address a;
    char why[200] = "";
    int rc = url == NULL ? 0 : rq_address_parse(url, &a, why, sizeof why);

    ASSERT(rc == 0 || (why[0] != '\0' && strnlen(why, sizeof why) < sizeof why));
    if (rc != 0 || url == NULL)
        return;
    ASSERT(strnlen(a.place, sizeof a.place) < sizeof a.place && a.place[0] != '\0');
    ASSERT(strnlen(a.text, sizeof a.text) < sizeof a.text && strlen(a.port) <= 5);
}

int __wrap_cli_connect(const struct cli *cli, const ringq_options *options, ringq **out)
{
    (void)options;
    *out = NULL;
    check_address(cli->server);
    return cli_error(cli, RINGQ_DISCONNECTED, "no server");
}

ringq *__wrap_ringq_connect(const char *url, const ringq_options *options)
{
    (void)options;
    check_address(url);
    return NULL; /* no memory */
}

int __wrap_open(const char *path, int flags, ...)
{
    if (!is_inside)
        return __real_open(path, flags, 0600);
    errno = ENOENT;
    return -1;
}

/* ---- a run ---- */

static bool is_exit_code(int code)
{
    size_t count;
    const struct exits_code *codes = exits_codes(&count);

    for (size_t i = 0; i < count; i++)
        if (codes[i].exit == code)
            return true;
    return false;
}

/* No escape sequence of an argument reaches the terminal. */
static void check_said(const char *said, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ASSERT(said[i] == '\n' || said[i] == '\t' ||
               ((unsigned char)said[i] >= ' ' && said[i] != 0x7f));
}

/* As main() does it. */
static int run(int argc, char **argv)
{
    struct cli cli = {0};
    struct command_front front = {0};
    const struct options options = {command_front_rows, &front, cli_shared_rows, &cli};
    struct words words;

    options_clear(cli_shared_rows, &cli);
    if (options_parse(&options, "ringq", argc, argv, true, &words) < 0)
        return EXITS_USAGE;
    if (front.version || words.count == 0)
        return EXITS_OK;
    const struct command *command = command_find(words.list[0]);
    return command == NULL ? command_unknown(words.list[0])
                           : command->run(&cli, words.count - 1, words.list + 1);
}

static void give_stdin(const char *text)
{
    int fd = memfd_create("stdin", 0);

    ASSERT(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    ASSERT(lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *saved_out = stdout, *saved_err = stderr;
    char *argv[FUZZ_WORDS_MAX + 1] = {NULL}, *said = NULL, *printed = NULL;
    size_t said_len = 0, printed_len = 0, first = 0;
    struct fuzz_words words;

    fuzz_words_split(data, size, &words);
    first = words.count > 0 && words.list[0][0] == '<';
    give_stdin(first > 0 ? words.list[0] + 1 : "");
    for (size_t i = first; i < words.count; i++)
        argv[i - first] = words.list[i];
    stdout = open_memstream(&printed, &printed_len);
    stderr = open_memstream(&said, &said_len);
    ASSERT(stdout != NULL && stderr != NULL);
    is_inside = true;
    int exit = run((int)(words.count - first), argv);
    is_inside = false;
    fclose(stdout);
    fclose(stderr);
    stdout = saved_out;
    stderr = saved_err;
    ASSERT(is_exit_code(exit) && (exit == EXITS_OK || said_len > 0));
    check_said(said, said_len);
    free(said);
    free(printed);
    fuzz_words_free(&words);
    return 0;
}
