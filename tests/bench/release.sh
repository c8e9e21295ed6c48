# shellcheck shell=sh
# release.sh - sees to a release build with ringq-bench in it; sourced at the top of the tree.
# RINGQ_BUILD names one that is there.
# SPDX-License-Identifier: MIT
packages_need build test peers
[ -x "${RINGQ_BUILD:-build}/bin/ringq-bench" ] || {
    cmake --preset release -DBUILD_TESTING=ON >/dev/null
    cmake --build --preset release -- --quiet
}
