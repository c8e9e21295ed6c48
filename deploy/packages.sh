# shellcheck shell=sh disable=SC2034
# packages.sh - the Debian packages that ringq needs, named in one place.
#
# Sourced by deploy/quickstart.sh and tests/run.sh, which then call
#
#     packages_need build        to build and run ringq
#     packages_need build test   to run its tests as well, and `nightly` for the campaigns
#
# What is missing is named first and then installed; sudo is used for apt-get alone.  With
# RINGQ_NO_INSTALL set, the one line that would install it is printed instead.
# SPDX-License-Identifier: MIT

PACKAGES_build='gcc libc6-dev cmake ninja-build pkg-config
  liburing-dev libhiredis-dev libsodium-dev libinih-dev redis-server'
PACKAGES_test='libcmocka-dev g++ make python3 redis-tools netcat-openbsd
  clang libclang-rt-dev clang-format
  libcurl4-openssl-dev libmicrohttpd-dev libsqlite3-dev curl
  gdb valgrind'
# What tests/bench/peers.sh compares ringq with, and plots.sh draws with.
PACKAGES_peers='beanstalkd nats-server gnuplot-nox linux-perf'
PACKAGES_nightly='gcovr'

# packages_missing KIND...: those of the kinds that are not installed, on one line.
packages_missing() {
    for kind; do
        eval "set -- \$PACKAGES_$kind"
        for package; do
            dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
                grep -q 'ok installed$' || printf '%s ' "$package"
        done
    done
}

# packages_install PACKAGE...: without questions.
packages_install() {
    sudo=
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    # A fresh machine or container has no lists of packages yet.
    $sudo apt-get update -qq || return 1
    # Debian starts a redis-server on port 6379 when the package arrives.  ringqd starts a
    # private one and never talks to that, so it is told not to start, now or at boot.
    policy=
    case " $* " in *' redis-server '*)
        if [ ! -e /usr/sbin/policy-rc.d ]; then
            policy=/usr/sbin/policy-rc.d
            printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
            $sudo chmod 755 $policy
        fi ;;
    esac
    $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    result=$?
    if [ -n "$policy" ]; then
        $sudo rm -f $policy
        [ ! -d /run/systemd/system ] || $sudo systemctl disable --quiet redis-server || :
    fi
    return $result
}

packages_need() {
    if ! command -v dpkg-query >/dev/null; then
        echo 'packages: not a Debian system; the needed packages are listed in deploy/packages.sh' >&2
        return 0
    fi
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    if [ -n "${RINGQ_NO_INSTALL:-}" ]; then
        echo "missing packages; install them with:" >&2
        echo "  sudo apt-get install --no-install-recommends $missing" >&2
        return 1
    fi
    echo "packages: installing $missing"
    # The list is words on purpose.
    # shellcheck disable=SC2086
    packages_install $missing
}
