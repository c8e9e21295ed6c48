#!/bin/sh
# quickstart.sh - from a fresh clone to a running server and its first finished jobs.
#
#   sh deploy/quickstart.sh [--once] [--no-install] [--port N]
#
#   --once        stop the server at the end
#   --no-install  name missing Debian packages instead of installing them
#   --port N      where the server listens; 7766
#
# Run it again whenever you like: what is built stays built, and a server that runs is used.
# SPDX-License-Identifier: MIT
set -eu
cd "$(dirname "$0")/.."
. deploy/packages.sh

usage() {
    sed -n '4,9s/^#  *//p' deploy/quickstart.sh >&2
    exit 2
}

once='' port=7766
while [ $# -gt 0 ]; do
    case $1 in
    --once) once=yes ;;
    --no-install) RINGQ_NO_INSTALL=yes ;;
    --port) shift; port=${1:-} ;;
    *) usage ;;
    esac
    shift
done
case $port in '' | *[!0-9]*) usage ;; esac

bin=$PWD/build/bin
log=$PWD/build/quickstart.log
state=${XDG_STATE_HOME:-$HOME/.local/state}/ringqd/dev
export RINGQ_URL="ringq://127.0.0.1:$port"

now() { date +%s%3N; }
# since START: the seconds from then to now, with one decimal.
since() {
    ms=$(($(now) - $1))
    echo "$((ms / 1000)).$((ms % 1000 / 100)) s"
}
good() { printf ' \342\234\224 %-10s %s\n' "$1" "$2"; }
bad() {
    printf ' \342\234\230 %-10s %s\n' "$1" "$2" >&2
    exit 1
}

packages_need build || bad packages 'see above'
good packages 'all present'

# The tests need more packages, so they are left out unless somebody has asked for them.
start=$(now)
mkdir -p build
testing=OFF
! grep -qs '^BUILD_TESTING:BOOL=ON' build/CMakeCache.txt || testing=ON
if ! { cmake --preset release -DBUILD_TESTING=$testing &&
    cmake --build --preset release --target ringqd ringq; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    bad build "failed; all of its output: $log"
fi
good build "build/bin   $(since "$start")"

start=$(now)
pid='' how='ready in'
if "$bin/ringq" ping >/dev/null 2>&1; then
    how='already running'
    pid=$(cat "$state/lock" 2>/dev/null || :)
else
    nohup "$bin/ringqd" dev --port "$port" </dev/null >"$log" 2>&1 &
    pid=$!
    until "$bin/ringq" ping >/dev/null 2>&1; do
        if ! kill -0 "$pid" 2>/dev/null; then
            cat "$log" >&2
            bad ringqd 'did not start; it says why above'
        fi
        sleep 0.05
    done
    how="ready in $(since "$start")"
fi
good ringqd "$how, 127.0.0.1:$port"

if ! demo=$("$bin/ringq" demo 2>&1); then
    printf '%s\n' "$demo" >&2
    bad demo 'failed; see above'
fi
good demo "$(printf '%s\n' "$demo" | tail -n 1)"

"$bin/ringq" stats
if [ -n "$once" ]; then
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    good stopped 'the jobs stay on disk'
fi
