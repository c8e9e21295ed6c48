#!/bin/sh
# job.sh FILE - the program of `ringq work` in client_cycles_test: notes which job it was given.
# SPDX-License-Identifier: MIT
read -r body
[ -n "$body" ] || exit 1 # the worker was killed before it could say
echo "${body%%:*} ${#body} $RINGQ_LEASE $RINGQ_ATTEMPT $RINGQ_JOB_ID" >>"$1"
