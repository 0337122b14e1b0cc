#!/bin/sh
# Tells somebody of an escalation by mail, through the sendmail of this host:
#
#   decile execute --desk human --remind-after-s 3600 --exec 'examples/notify/mail.sh triage@example.com'
#
# The message itself is not sent: `decile inbox show ID` shows it to who may read it.
set -eu
to=${1:?name the address to write to}
PATH=$PATH:/usr/sbin:/usr/lib

# One line of a header: printable ASCII and nothing else.
plain() {
    printf '%s' "$1" | LC_ALL=C tr -cd '\040-\176'
}

again=
[ "${DECILE_REMINDER:-0}" = 0 ] || again="Still open: "
{
    printf 'To: %s\n' "$(plain "$to")"
    printf 'Subject: %s\n' "$(plain "${again}a decision waits for $DECILE_DESK ($DECILE_CHANNEL)")"
    printf 'Auto-Submitted: auto-generated\n'
    printf 'Content-Type: text/plain; charset=us-ascii\n\n'
    printf 'Desk:    %s\n' "$(plain "$DECILE_DESK")"
    printf 'Channel: %s\n' "$(plain "$DECILE_CHANNEL")"
    printf 'Reason:  %s\n\n' "$(plain "$DECILE_REASON")"
    printf 'decile inbox show %s\n' "$(plain "$DECILE_ID")"
} | sendmail -oi -t
