#!/bin/sh
# Pages somebody for an escalation, by the Events API (version 2) of PagerDuty:
#
#   decile execute --desk oncall --remind-after-s 300 --exec 'examples/notify/pager.sh /etc/decile/routing-key'
#
# The file has the routing key on its first line. Reminders of one decision are one incident: its key is the decision's id.
set -eu
read -r key <"${1:?name the file with the routing key}"

# What JSON or a terminal would take for more than text.
plain() {
    printf '%s' "$1" | LC_ALL=C tr -d '\000-\037\177' | sed 's/[\\"]/\\&/g'
}

printf '{"routing_key":"%s","event_action":"trigger","dedup_key":"%s","payload":{"summary":"%s","source":"%s","severity":"%s"}}' \
    "$(plain "$key")" "$(plain "$DECILE_ID")" \
    "$(plain "a decision waits for $DECILE_DESK: $DECILE_REASON on $DECILE_CHANNEL; decile inbox show $DECILE_ID")" \
    decile warning |
    curl --silent --show-error --fail --max-time 10 --output /dev/null \
        --header 'Content-Type: application/json' --data-binary @- https://events.pagerduty.com/v2/enqueue
