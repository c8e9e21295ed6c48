/* wire_bench - what reading one PUT costs, printed in nanoseconds; asserts no time.
 *
 *     build/tests/wire_bench [rounds]
 *
 * A pipeline of equal commands stands in one block, as a receive leaves it.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/num.h"
#include "wire/command.h"

enum { COMMANDS = 1000 };

/* Reads `stream` once; with `parse` each command is looked up and parsed too. */
static void read_all(struct rq_resp_reader *r, struct rq_slice stream, bool parse)
{
    struct rq_complaint why;
    struct rq_put put;
    struct rq_cmd cmd;

    while (stream.len > 0) {
        long n = rq_resp_read(r, stream, &cmd);

        ASSERT(n > 0 && cmd.argc >= 3);
        if (parse) {
            const struct rq_command *c = rq_command_find(cmd.argv[0]);
            int rc = rq_put_parse(&cmd, &put, &why);
            ASSERT(rc == 0 && c->id == RQ_COMMAND_PUT);
        }
        stream = rq_slice(stream.ptr + n, stream.len - (size_t)n);
    }
}

static void measure(const char *name, const char *command, uint64_t rounds)
{
    struct rq_resp_reader reader;
    struct rq_buf stream;

    rq_buf_init(&stream, 1 << 20);
    for (int i = 0; i < COMMANDS; i++)
        ASSERT(rq_buf_append_slice(&stream, rq_slice_str(command)) == 0);
    rq_resp_reader_init(&reader, RQ_RESP_BODY_DEFAULT, 2 * RQ_RESP_BODY_DEFAULT);
    for (int parse = 0; parse <= 1; parse++) {
        int64_t begin_ns = rq_clock_boottime_ns();

        for (uint64_t i = 0; i < rounds; i++)
            read_all(&reader, rq_buf_slice(&stream), parse != 0);
        int64_t took_ns = rq_clock_boottime_ns() - begin_ns;
        printf("%-28s %-14s %6.1f ns\n", name, parse ? "read + parse" : "read",
               (double)took_ns / (double)(rounds * COMMANDS));
    }
    rq_resp_reader_fini(&reader);
    rq_buf_fini(&stream);
}

int main(int argc, char **argv)
{
    uint64_t rounds = 2000;

    if (argc > 1 && rq_num_u64(rq_slice_str(argv[1]), 1, 1000000, &rounds) < 0) {
        fprintf(stderr, "usage: wire_bench [rounds: 1 to 1000000]\n");
        return 2;
    }
    measure("PUT queue body",
            "*3\r\n$3\r\nPUT\r\n$6\r\nemails\r\n$11\r\nhello world\r\n", rounds);
    measure("PUT with four options",
            "*11\r\n$3\r\nPUT\r\n$6\r\nemails\r\n$11\r\nhello world\r\n"
            "$5\r\nDELAY\r\n$3\r\n500\r\n$3\r\nPRI\r\n$1\r\n3\r\n"
            "$3\r\nTTR\r\n$5\r\n30000\r\n$5\r\nTRIES\r\n$1\r\n5\r\n",
            rounds);
    measure("PUT as a line", "PUT emails hello\r\n", rounds);
    return 0;
}
