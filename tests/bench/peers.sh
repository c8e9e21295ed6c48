#!/bin/sh
# peers.sh - ringq beside Redis, beanstalkd and NATS on this machine; see peers.py.
#
#   sh tests/bench/peers.sh [--rounds N] [--seconds S] [--only WORD] [--json FILE]
#
# Builds the release if it is not there, and installs the peers from Debian.
# SPDX-License-Identifier: MIT
set -eu
cd "$(dirname "$0")/../.."
. deploy/packages.sh

packages_need build test peers
[ -x build/bin/ringq-bench ] || {
    cmake --preset release -DBUILD_TESTING=ON >/dev/null
    cmake --build --preset release -- --quiet
}
PYTHONPATH=tests/support PYTHONDONTWRITEBYTECODE=1 exec python3 tests/bench/peers.py "$@"
