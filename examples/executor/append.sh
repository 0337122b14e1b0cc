#!/bin/sh
# The smallest executor: writes each action to the end of a file, a line of JSON each.
#
#   decile execute --channel slack.support --exec 'examples/executor/append.sh /var/lib/decile/actions.jsonl'
#
# What holds for every command: the action is on standard input, DECILE_ID, DECILE_TYPE and DECILE_CHANNEL are set. Exit
# code 0 says that it is done, any other that it failed and nothing was written. A command that does not know whether it
# wrote must not end by itself with either: it ends by a signal, and the receipt says `unknown`.
set -eu
file=${1:?name the file to append to}
action=$(cat)
printf '%s\n' "$action" >>"$file"
