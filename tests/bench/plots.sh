#!/bin/sh
# plots.sh - the plots of docs/benchmarks.md: docs/plots/*.svg, drawn from docs/plots/*.dat.
#
#   sh tests/bench/plots.sh                                        draws them
#   sh tests/bench/plots.sh --measure [--rounds N] [--seconds S]   measures first
#
# SPDX-License-Identifier: MIT
set -eu
cd "$(dirname "$0")/../.."
. deploy/packages.sh
folder=${RINGQ_PLOTS:-docs/plots}

packages_need peers
if [ "${1-}" = --measure ]; then
    shift
    . tests/bench/release.sh
    PYTHONPATH=tests/support PYTHONDONTWRITEBYTECODE=1 python3 tests/bench/curves.py "$@"
elif [ $# -gt 0 ]; then
    echo "usage: sh tests/bench/plots.sh [--measure [--rounds N] [--seconds S]]" >&2
    exit 2
fi
gnuplot -e "folder = '$folder'" tests/bench/plots.gp
