"""Pieces of configurations that are right, for tests to put one wrong thing into."""

from __future__ import annotations

STORE = """
[consolidated]
type = "imap"
host = "mail.example.org"
user = "ann"
password_env = "STORE"
"""

POP3 = """
[external.isp]
type = "pop3"
host = "pop.example.net"
user = "ann"
password_env = "ISP"
"""

IMAP = """
[external.work]
type = "imap"
host = "imap.example.com"
user = "ann"
password_env = "WORK"
"""

MAILDIR = """
[external.old]
type = "maildir"
path = "/srv/mail/old"
"""

MAILDIR_STORE = """
[consolidated]
type = "maildir"
path = "/srv/mail/all"
"""


def of(person: str, *sections: str) -> str:
    """The sections as those of one of several people."""
    return "".join(section.replace("\n[", f"\n[users.{person}.") for section in sections)
