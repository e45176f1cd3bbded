"""Which keys there are, what each takes, and for which kinds of mailbox it has a meaning.

A new key is one line in a table here and, if the program uses its value, one field in the model.
"""

from __future__ import annotations

from enum import Flag, auto
from typing import Literal, NamedTuple, get_args

from mailsync_tui.config import checks
from mailsync_tui.config.model import MailboxType, Tls


class Kind(Flag):
    """A kind of mailbox: on which side it stands, and of which type it is."""

    EXTERNAL_POP3 = auto()
    EXTERNAL_IMAP = auto()
    EXTERNAL_MAILDIR = auto()
    CONSOLIDATED_IMAP = auto()
    CONSOLIDATED_MAILDIR = auto()

    EXTERNAL = EXTERNAL_POP3 | EXTERNAL_IMAP | EXTERNAL_MAILDIR
    CONSOLIDATED = CONSOLIDATED_IMAP | CONSOLIDATED_MAILDIR
    IMAP = EXTERNAL_IMAP | CONSOLIDATED_IMAP
    MAILDIR = EXTERNAL_MAILDIR | CONSOLIDATED_MAILDIR
    REMOTE = EXTERNAL_POP3 | IMAP
    FOLDERED = IMAP | MAILDIR
    ANY = REMOTE | MAILDIR


class KeySpec(NamedTuple):
    """One key of one table of the file."""

    key: str
    check: checks.Check
    kinds: Kind = Kind.ANY
    """For which kinds of mailbox it has a meaning."""
    required: bool = False
    name: str | None = None
    """The field of the model that takes the value, where it is called otherwise."""


Side = Literal["external", "consolidated"]

KINDS: dict[Side, dict[MailboxType, Kind]] = {
    "external": {
        "pop3": Kind.EXTERNAL_POP3,
        "imap": Kind.EXTERNAL_IMAP,
        "maildir": Kind.EXTERNAL_MAILDIR,
    },
    "consolidated": {"imap": Kind.CONSOLIDATED_IMAP, "maildir": Kind.CONSOLIDATED_MAILDIR},
}
SIDES: dict[Side, Kind] = {"external": Kind.EXTERNAL, "consolidated": Kind.CONSOLIDATED}

TYPES: dict[Side, checks.Check] = {side: checks.choice(*kinds) for side, kinds in KINDS.items()}
"""What ``type`` may be; it is read first, since it decides which other keys have a meaning."""

SECRETS = (
    KeySpec("password", checks.line("a password"), Kind.REMOTE),
    KeySpec("password_env", checks.variable, Kind.REMOTE),
    KeySpec("password_command", checks.command, Kind.REMOTE),
    KeySpec("keyring", checks.true, Kind.REMOTE),
    KeySpec("token_command", checks.command, Kind.REMOTE),
)

MAILBOX = (
    KeySpec("host", checks.host, Kind.REMOTE, required=True),
    KeySpec("port", checks.integer(1, 65535), Kind.REMOTE),
    KeySpec("tls", checks.choice(*get_args(Tls)), Kind.REMOTE),
    KeySpec("insecure", checks.flag, Kind.REMOTE),
    KeySpec("ca_file", checks.path, Kind.REMOTE),
    KeySpec("fingerprint", checks.sha256, Kind.REMOTE, name="certificate"),
    KeySpec("distinct", checks.flag),
    KeySpec("user", checks.line("the name to log in with"), Kind.REMOTE, required=True),
    *SECRETS,
    KeySpec("max_listing", checks.size, Kind.EXTERNAL_POP3),
    KeySpec("path", checks.path, Kind.MAILDIR, required=True),
    KeySpec("root", checks.root, Kind.CONSOLIDATED),
    KeySpec("folder", checks.folder, Kind.CONSOLIDATED),
    KeySpec("delete", checks.choice("expunge", "trash"), Kind.FOLDERED),
    KeySpec("trash", checks.folder, Kind.FOLDERED),
    KeySpec("junk", checks.folder, Kind.FOLDERED),
    KeySpec("junk_means", checks.choice("keep", "delete"), Kind.FOLDERED),
    KeySpec("allow", checks.directions, Kind.EXTERNAL),
    KeySpec("max_size", checks.size, Kind.EXTERNAL),
    KeySpec("every", checks.timeout, Kind.EXTERNAL),
    KeySpec("folders", checks.folders, Kind.EXTERNAL_IMAP | Kind.EXTERNAL_MAILDIR),
    KeySpec("into", checks.folder, Kind.EXTERNAL),
)

GUARDS = (
    KeySpec("max_delete_share", checks.share),
    KeySpec("max_delete_floor", checks.integer(0)),
    KeySpec("absent_scans", checks.integer(1)),
    KeySpec("copies", checks.choice("any", "all")),
    KeySpec("unreached_days", checks.integer(1)),
    KeySpec("adopted", checks.choice("delete", "hold")),
)
HOLD = (
    KeySpec("flagged", checks.flag),
    KeySpec("from", checks.senders, name="senders"),
    KeySpec("folders", checks.folders),
    KeySpec("younger_than", checks.duration),
)
QUARANTINE = (KeySpec("keep_days", checks.integer(1)),)
HOOKS = (KeySpec("after_collect", checks.command), KeySpec("on_attention", checks.command))
SCHEDULE = (KeySpec("apply", checks.directions, name="schedule_apply"),)
TIMEOUTS = (KeySpec("message", checks.timeout, name="message_timeout"),)

TABLES: dict[str, tuple[KeySpec, ...]] = {
    "guards": GUARDS,
    "hold": HOLD,
    "hooks": HOOKS,
    "quarantine": QUARANTINE,
    "schedule": SCHEDULE,
    "timeouts": TIMEOUTS,
}
"""A person's tables besides the mailboxes."""

FILE = (KeySpec("state_dir", checks.path),)
"""Top-level keys that are no tables."""

PERSON_KEYS = ("consolidated", "external", *TABLES)
"""The tables of one person: at the top of the file, or below ``users.NAME``."""


def keys_for(kinds: Kind) -> tuple[str, ...]:
    """The keys that have a meaning for at least one of these kinds, in the table's order."""
    return ("type", *(field.key for field in MAILBOX if field.kinds & kinds))
