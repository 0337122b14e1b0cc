#!/usr/bin/env python3
"""A bridge from Decile to one Slack channel: `react`, `unreact` and `reply`, with Python's own library.

    decile execute --channel slack.support \\
        --exec 'examples/executor/slack.py --channel C0123456789 --token-file /etc/decile/slack-token'

The action is JSON on standard input. Decile has verified it: its grant or ruling, the halt, its age. What is left is to
do it once, and to say how that went: exit code 0 (done), 1 (Slack refused: nothing was written), 64 (nothing for this
bridge). An answer that never came is neither: the bridge then ends by a signal, and the receipt says `unknown`.

An action names what it answers by its thread, which for Slack is a time stamp. A reaction to a message within a thread
goes to the message that began it.
"""

import argparse
import json
import os
import signal
import sys
import urllib.error
import urllib.request

UNSUITABLE = 64
TIMEOUT_S = 10


def request(action, channel):
    """The method of Slack's Web API and its arguments, or None for what this bridge does not do."""
    thread = action["target"].get("thread")
    if thread is None:
        return None
    methods = {"react": "reactions.add", "unreact": "reactions.remove"}
    if action["type"] in methods:
        return methods[action["type"]], {"channel": channel, "timestamp": thread, "name": action["arguments"]["emoji"]}
    if action["type"] == "reply":
        return "chat.postMessage", {"channel": channel, "thread_ts": thread, "text": action["text"]}
    return None


def call(api, token, method, arguments):
    """Slack's answer. Whatever goes wrong after the request has left leaves open whether it was carried out."""
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json; charset=utf-8"}
    body = json.dumps(arguments).encode()
    try:
        sent = urllib.request.Request(api + "/" + method, data=body, headers=headers)
        with urllib.request.urlopen(sent, timeout=TIMEOUT_S) as answer:
            return json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as error:
        print(f"{method}: {error}", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channel", required=True, help="Slack's id of the channel")
    parser.add_argument("--token-file", required=True, help="a file with a bot token that may write there")
    parser.add_argument("--api", default="https://slack.com/api", help=argparse.SUPPRESS)
    arguments = parser.parse_args()

    with open(arguments.token_file, encoding="utf-8") as file:
        token = file.read().strip()
    wanted = request(json.load(sys.stdin)["action"], arguments.channel)
    if wanted is None:
        print("nothing that this bridge can do", file=sys.stderr)
        return UNSUITABLE
    answer = call(arguments.api, token, *wanted)
    if not answer.get("ok"):
        print(f"{wanted[0]}: {answer.get('error')}", file=sys.stderr)
        return 1
    print(answer.get("ts", "ok"))
    return 0


sys.exit(main())
