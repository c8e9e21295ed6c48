// main - the same from C++.
// SPDX-License-Identifier: MIT
#include <ringq/ringq.h>
#include <ringq/transport.h>

#include <cstdio>
#include <string>

int main()
{
    ringq *q = ringq_connect("nonsense", nullptr);
    int rc = ringq_error(q);

    ringq_close(q);
    std::printf("%s %s\n", ringq_version(), ringq_error_name(rc));
    return std::string(ringq_version()) == RINGQ_VERSION && rc == RINGQ_USAGE ? 0 : 1;
}
