/* main - a stranger's program: the headers and the library are of one version, and a
 * bad url is refused without a network. SPDX-License-Identifier: MIT */
#include <ringq/ringq.h>
#include <ringq/transport.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    ringq *q = ringq_connect("nonsense", NULL);
    int rc = ringq_error(q);

    ringq_close(q);
    printf("%s %s\n", ringq_version(), ringq_error_name(rc));
    return strcmp(ringq_version(), RINGQ_VERSION) == 0 && rc == RINGQ_USAGE ? 0 : 1;
}
