#!/bin/sh
# peers.sh - ringq beside Redis, beanstalkd and NATS on this machine; see peers.py.
#
#   sh tests/bench/peers.sh [--only WORD] [--rounds N] [--seconds S] [--deep JOBS] [--page] ...
#
# Builds the release if it is not there, and installs the peers from Debian.
# SPDX-License-Identifier: MIT
set -eu
cd "$(dirname "$0")/../.."
. deploy/packages.sh
. tests/bench/release.sh
PYTHONPATH=tests/support PYTHONDONTWRITEBYTECODE=1 exec python3 tests/bench/peers.py "$@"
