"""A process of its own that does one thing with a mailbox, and tells what memory that took.

``python -m tests.faults.greedy KIND PORT WHAT``, with ``list``, ``heads`` or ``fetch``; it prints
JSON: what came of it, and the peak of its memory in octets beyond what it began with.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mailsync_tui.config.model import MailboxConfig, Secret
from mailsync_tui.mailboxes.base import Location, MailboxError
from mailsync_tui.mailboxes.imap.mailbox import ImapMailbox
from mailsync_tui.mailboxes.pop3.mailbox import Pop3Mailbox

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "battery staple"
LIMIT = 2 << 30
"""Octets of address space: a test that fails is not to fill the machine's memory."""

SORTS = {"imap": ImapMailbox, "pop3": Pop3Mailbox}


def peak() -> int:
    """The most memory that this process ever held, in octets."""
    # Not ru_maxrss, which begins with that of the process that started this one.
    told = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert told
    return int(told[1]) * 1024


def main(kind: str, port: str, what: str) -> None:
    """Do it, and tell."""
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    config = MailboxConfig(
        "greedy",
        "imap" if kind == "imap" else "pop3",
        host="127.0.0.1",
        port=int(port),
        tls="none",
        user="ann",
        secret=Secret("password", "not looked at"),
    )
    mailbox = SORTS[kind](config, lambda: SECRET)
    uid = 1 if kind == "imap" else "u1"
    place = [Location("INBOX", 7 if kind == "imap" else 0, uid)]
    work: dict[str, Callable[[], int]] = {
        "list": lambda: sum(len(folder.uids) for folder in mailbox.list().folders),
        "heads": lambda: sum(len(head.header) for head in mailbox.heads(place)),
        "fetch": lambda: sum(len(raw.data) for raw in mailbox.fetch(place)),
    }
    before = peak()
    error, count = None, None
    try:
        count = work[what]()
    except MailboxError as caught:
        error = str(caught)
    print(json.dumps({"error": error, "count": count, "grown": peak() - before}))


if __name__ == "__main__":
    main(*sys.argv[1:])
