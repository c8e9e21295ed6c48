#!/bin/sh
# run.sh - sets up, builds and runs every test; ends with one verdict.
#
#   sh tests/run.sh [--nightly] [--no-install]
#
#   --nightly     the long campaigns as well: 1,000 kills of clients and 700 of servers and
#                 Redis, a million inputs or a quarter of an hour per fuzzer, a minute of
#                 cancel storm, 100,000 seeds of the simulator,
#                 and what of the code the tests run
#   --no-install  name missing Debian packages instead of installing them
#
# Four builds: `asan` (ASan and UBSan) runs everything that can fail; `release` is what gets
# installed, so it runs what is about installing, about the pages, and about numbers.  The
# third, by clang, holds the other compiler's warnings and the fuzzers; `tsan` is for what
# uses threads.
# SPDX-License-Identifier: MIT
set -eu
cd "$(dirname "$0")/.."
. deploy/packages.sh

nightly=''
for option; do
    case $option in
    --nightly) nightly=yes ;;
    --no-install) RINGQ_NO_INSTALL=yes ;;
    *)
        sed -n '4,9s/^#  *//p' tests/run.sh >&2
        exit 2
        ;;
    esac
done

start=$(date +%s)
failed=''

# step NAME COMMAND...: runs it, and remembers a failure.
step() {
    name=$1
    shift
    printf '\n== %s\n' "$name"
    "$@" </dev/null && return 0
    failed="$failed$name; "
    return 1
}

verdict() {
    seconds=$(($(date +%s) - start))
    if [ -n "$failed" ]; then
        printf '\nFAILED after %d s: %s\n' "$seconds" "${failed%; }"
        exit 1
    fi
    printf '\nPASSED: all tests, in %d s\n' "$seconds"
    exit 0
}

build() {
    cmake --preset "$1" -DBUILD_TESTING=ON >/dev/null && cmake --build --preset "$1" -- --quiet
}

# fuzz LIMIT...: each parser under libFuzzer, from the committed corpus; finds are thrown
# away, except for the one that fails.
fuzz() {
    found=$(mktemp -d)
    for harness in build/fuzz/tests/fuzz_*; do
        echo "${harness##*/}"
        "$harness" "$@" -verbosity=0 -artifact_prefix=build/fuzz/ \
            "$found" "tests/fuzz/corpus/${harness##*/fuzz_}" || return 1
        rm -f "$found"/*
    done
    rmdir "$found"
}

step packages packages_need build test ${nightly:+nightly} || verdict
step 'build asan' build asan || verdict
step 'build release' build release || verdict
step 'build fuzz (clang)' build fuzz || verdict
# The same inputs for the same code: what random ones find belongs to the campaign.
step fuzz fuzz -seed=1 -max_total_time=6 || :
if step 'build tsan' build tsan; then
    step 'tests tsan' ctest --preset tsan -j 2 --no-tests=error || :
fi
# Two at a time: most tests wait for processes rather than for the processor.
step 'tests release' ctest --preset release -j 2 --no-tests=error \
    -R '^(install|bench|docs|sim)[.]|^integration[.](files|foreign|gdb|idle|valgrind)$' || :
if [ -n "$nightly" ]; then
    step 'fuzz campaign' fuzz -runs=1000000 -max_total_time=900 || :
    for io in uring epoll; do
        step "cancel storm, $io" build/asan/tests/cancel_storm --seconds 60 --tasks 10000 \
            --io $io || :
    done
    step 'simulator' build/tests/ringq_sim --seeds 100000 || :
    step 'mutants' build/tests/ringq_sim_mutants --rates 1000 || :
    step coverage sh tests/coverage.sh || :
    step 'crash campaign' env RINGQ_NIGHTLY=1 ctest --preset release -L crash || :
    step 'faults' env RINGQ_NIGHTLY=1 ctest --preset release \
        -R '^integration[.](network|redis_faults|floods)$' || :
    step 'failpoints' env RINGQ_NIGHTLY=1 ctest --preset asan -R crash.failpoint || :
fi
step 'tests asan' ctest --preset asan -j 2 --no-tests=error || :
verdict
