/* put - puts a job into a queue.
 *
 *     put QUEUE BODY
 *
 * SPDX-License-Identifier: MIT */
#include <ringq/ringq.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    ringq_put_options options = {.size = sizeof options};
    ringq_receipt receipt;
    ringq *q;
    int rc;

    if (argc != 3) {
        fprintf(stderr, "usage: put QUEUE BODY\n");
        return 2;
    }

    q = ringq_connect(NULL, NULL); /* $RINGQ_URL, or 127.0.0.1:7766 */
    rc = ringq_error(q);
    if (rc == 0) {
        options.tries = 5;
        rc = ringq_put(q, argv[1], argv[2], strlen(argv[2]), &options, &receipt);
    }

    if (rc == 0)
        printf("%s %s %s\n", receipt.id, receipt.state, receipt.durability);
    else if (rc == RINGQ_UNKNOWN)
        fprintf(stderr, "put: perhaps stored: %s\n", ringq_error_text(q));
    else
        fprintf(stderr, "put: %s: %s\n", ringq_error_name(rc), ringq_error_text(q));
    ringq_close(q);
    return rc == 0 ? 0 : 1;
}
