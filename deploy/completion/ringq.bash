# ringq.bash - completion of the ringq command for bash.
#
# Commands and options come from `ringq help --words`, so this file knows neither; queues and
# jobs come from the server, which has 200 ms to answer.
# SPDX-License-Identifier: MIT

# The command on this line: the first word that is neither an option nor the value of --server.
_ringq_command()
{
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -s | --server) ((i++)) ;;
        -*) ;;
        *)
            printf '%s\n' "${COMP_WORDS[i]}"
            return
            ;;
        esac
    done
}

# Asks the server named on this line, or else the usual one.
_ringq_ask()
{
    local i server=()
    for ((i = 1; i + 1 < ${#COMP_WORDS[@]}; i++)); do
        case ${COMP_WORDS[i]} in
        -s | --server) server=(--server "${COMP_WORDS[i + 1]}") ;;
        esac
    done
    timeout 0.2 "$1" "${server[@]}" "${@:2}" </dev/null 2>/dev/null
}

# Names of queues; behind a comma the next of a list.
_ringq_queues()
{
    local ringq=$1 word=$2 head=
    if [[ $word == *,* ]]; then
        head=${word%,*},
        word=${word##*,}
    fi
    mapfile -t COMPREPLY < <(compgen -P "$head" -W "$(_ringq_ask "$ringq" queues -q)" -- "$word")
}

# Those of the words $2 that begin with $1.
_ringq_words()
{
    mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
}

_ringq()
{
    local ringq=$1 word=$2 before=$3 command
    command=$(_ringq_command)
    COMPREPLY=()

    case $before in
    --file | -f | --lines | --jsonl | --rejects)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --backoff)
        _ringq_words "$word" 'exp linear fixed'
        return
        ;;
    --state)
        _ringq_words "$word" 'ready delayed leased dead'
        return
        ;;
    --sort)
        _ringq_words "$word" 'queue ready delayed leased dead put done waiting oldest'
        return
        ;;
    --order)
        _ringq_words "$word" 'fifo lifo'
        return
        ;;
    --server | -s | --delay | --at | --pri | --ttr | --tries | --jitter | --block | --count | -n | \
        --concurrency | -j | --max-jobs | --timeout | --grace | --reconnect | --wait | --ttl | --keep | --unique | --window | --header | \
        --wait-room | --after | --match | --maxsize | --rate | --deadmax | --interval | -i)
        return
        ;;
    esac

    if [[ $word == -* || -z $command ]]; then
        _ringq_words "$word" "$("$ringq" help --words ${command:+"$command"} 2>/dev/null)"
        return
    fi
    case $command in
    put | get | work | join | stats | queues | peek | kick | purge | pause | resume | shutdown)
        _ringq_queues "$ringq" "$word"
        ;;
    dead | queue)
        case $before in
        dead) _ringq_words "$word" 'list retry purge' ;;
        queue) _ringq_words "$word" 'set' ;;
        *) _ringq_queues "$ringq" "$word" ;;
        esac
        ;;
    help) _ringq_words "$word" "$("$ringq" help --words | grep -v '^-')" ;;
    errors) _ringq_words "$word" "$("$ringq" errors --json | sed 's/.*"code":"\([A-Z]*\)".*/\1/')" ;;
    esac
}

complete -F _ringq ringq
