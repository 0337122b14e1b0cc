#!/bin/sh
# Tells a chat of an escalation, by an incoming webhook (Slack, Mattermost, Rocket.Chat take the same JSON):
#
#   decile execute --desk human --remind-after-s 900 --exec 'examples/notify/chat.sh /etc/decile/chat.curl'
#
# The file has one line for curl, so that no list of processes shows the address, which is a secret:
#
#   url = "https://hooks.slack.com/services/…"
#
# The message itself is not sent: who reads the chat is not always who may read the channel.
set -eu
config=${1:?name the file with the address of the webhook}

# What a chat, JSON or a terminal would take for more than text.
plain() {
    printf '%s' "$1" | LC_ALL=C tr -d '\000-\037\177' |
        sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/[\\"]/\\&/g'
}

again=
[ "${DECILE_REMINDER:-0}" = 0 ] || again="Still open: "
text="${again}a decision waits for $DECILE_DESK, $DECILE_REASON on $DECILE_CHANNEL: decile inbox show $DECILE_ID"
printf '{"text":"%s"}' "$(plain "$text")" |
    curl --silent --show-error --fail --max-time 10 --output /dev/null --config "$config" \
        --header 'Content-Type: application/json' --data-binary @-
