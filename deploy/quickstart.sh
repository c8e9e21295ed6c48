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
# since START: the seconds from then to now.
since() {
    ms=$(($(now) - $1))
    printf '%d.%02d s' $((ms / 1000)) $((ms % 1000 / 10))
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
    bad build "failed; all of its output is in $log"
fi
good build "build/bin   $(since "$start")"

start=$(now)
ours=''
if "$bin/ringq" ping >/dev/null 2>&1; then
    how='already running'
    pid=$(cat "$state/lock" 2>/dev/null) || pid=none
    case $(readlink "/proc/$pid/exe" || :) in
    *deleted*) how="$how, from an older build; renew it with: ringqd dev --stop" ;;
    esac
else
    nohup "$bin/ringqd" dev --port "$port" </dev/null >"$log" 2>&1 &
    ours=$!
    until "$bin/ringq" ping >/dev/null 2>&1; do
        if ! kill -0 "$ours" 2>/dev/null; then
            cat "$log" >&2
            bad ringqd 'did not start; it says why above'
        fi
        sleep 0.05
    done
    how="ready in $(since "$start")"
fi
good ringqd "127.0.0.1:$port, $how"

echo
"$bin/ringq" demo || bad demo 'failed; see above'
echo

# `name<TAB>value` lines when not on a terminal.
good stats "$("$bin/ringq" stats | awk -F '\t' '{ v[$1] = $2 } END {
    printf "%d put, %d delivered, %d done, %d retried, %d dead, %d unfinished; durability %s",
        v["total_put"], v["total_delivered"], v["total_done"], v["total_retried"],
        v["total_dead"], v["unfinished"], v["durability"] }')"

if [ -n "$once" ]; then
    if [ -n "$ours" ]; then
        "$bin/ringqd" dev --stop >/dev/null || bad ringqd 'did not stop'
        good stopped 'its jobs stay on disk'
    fi
    exit 0
fi
# shellcheck disable=SC2016
printf '\nfirst:      export PATH=%s:$PATH\n' "$bin"
[ "$port" = 7766 ] || printf '            export RINGQ_URL=%s\n' "$RINGQ_URL"
echo 'at the end: ringqd dev --stop        (the jobs stay on disk)'
