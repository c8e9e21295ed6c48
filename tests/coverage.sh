#!/bin/sh
# coverage.sh - what of the code the tests run: builds it with counters, runs the tests,
# prints the figures, and fails below the targets.
#
#   sh tests/coverage.sh [BUILD]          BUILD: a directory, build/coverage if not said
#
#   lines      of server/core: at least 95 %
#   branches   of the state machine (put, get, settle, hand, tick, manage of server/core) and
#              of the parsers (common/wire; of server/store encode, decode, kinds and strike): all
#
# Not counted are branches that no test can take:
#   - of an ASSERT: its other side ends the process;
#   - of a switch over an enum: there is no other value, so it has no default (a case that
#     nobody takes is lines that nobody runs, and those are counted);
#   - of -ENOMEM where no allocation of ours can fail alone (the two lines named below); all
#     other allocations are made to fail by the nomem tests.
# SPDX-License-Identifier: MIT
set -eu
cd "$(dirname "$0")/.."
build=${1:-build/coverage}

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=ON \
    -DCMAKE_C_FLAGS='--coverage -fprofile-update=atomic' \
    -DCMAKE_EXE_LINKER_FLAGS=--coverage >/dev/null
cmake --build "$build" -- --quiet
find "$build" -name '*.gcda' -delete
# Left out: what links programs without the counters, and what measures stacks.
ctest --test-dir "$build" -j 2 --no-tests=error -Q -L '^(unit|fuzz|integration|sim)$' \
    -E '^unit[.](headers|rio[.]stack)|^integration[.](client|files)$' ||
    echo 'coverage: some tests failed; the figures are of the others'

# The libraries' own counters; the simulator's copies with planted bugs are others.
no_test_takes='.*(\bASSERT\(|\bswitch \(|c_locale == \(locale_t\)0|rc == -ENOBUFS \? -EMSGSIZE : rc).*'
report() {
    gcovr -r . --object-directory "$build" --gcov-ignore-parse-errors \
        --exclude-branches-by-pattern "$no_test_takes" "$@" \
        "$build/server" "$build/common" 2>/dev/null
}

failed=0
printf '\nlines of server/core\n'
report -f 'server/core/' --fail-under-line 95 || failed=1
printf '\nbranches of the state machine and the parsers\n'
report -f 'server/core/(put|get|settle|hand|tick|manage)\.c' -f 'common/wire/' \
    -f 'server/store/(encode|decode|kinds|strike)\.c' --branches --fail-under-branch 100 \
    --fail-under-line 99 || failed=1
exit $failed
