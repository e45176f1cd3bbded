"""What ``check`` reports of an IMAP account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailsync_tui.mailboxes.base import Facts
from mailsync_tui.mailboxes.imap.listing import folders
from mailsync_tui.mailboxes.imap.syntax import Token, number, tokens

if TYPE_CHECKING:
    from mailsync_tui.config.model import MailboxConfig
    from mailsync_tui.mailboxes.imap.session import ImapSession
    from mailsync_tui.mailboxes.imap.wire import ImapCommand

_MATTER = (
    "UIDPLUS",
    "MOVE",
    "ESEARCH",
    "UNSELECT",
    "CONDSTORE",
    "QRESYNC",
    "MULTIAPPEND",
    "LITERAL+",
    "LITERAL-",
    "SPECIAL-USE",
    "NAMESPACE",
    "IDLE",
    "X-GM-EXT-1",
)


def facts(session: ImapSession, config: MailboxConfig) -> Facts:
    """Describe a server, and count what is in each folder; nothing is opened.

    Raises:
        MailboxError: its folders cannot be listed.
    """
    found = folders(session, config)
    commands = [
        (
            name,
            session.wire.send(
                b"STATUS " + session.names.argument(name) + b" (MESSAGES)",
                f"counting {name}",
            ),
        )
        for name in found
    ]
    notes: list[str] = []
    counts: list[tuple[str, int]] = []
    for name, command in commands:
        count = status(session.wire.finish(command)).get("MESSAGES")
        if count is None:
            notes.append(f"the folder {name} cannot be opened")
        else:
            counts.append((name, count))
    if not session.has("UIDPLUS"):
        notes.append(
            "no UIDPLUS: deleting lifts foreign deletion marks for a moment, and is skipped "
            "where it is not safe"
        )
    if gmail(session):
        notes.append("Gmail: deleting moves to the trash")
    return Facts(
        protocol="IMAP4rev2" if "IMAP4REV2" in session.capabilities else "IMAP4rev1",
        encryption=session.encryption,
        capabilities=tuple(name for name in _MATTER if session.has(name)),
        folders=tuple((name, found[name], count) for name, count in counts),
        notes=tuple(notes),
    )


def gmail(session: ImapSession) -> bool:
    """Whether folders are labels, so that deleting from one takes nothing away."""
    return session.has("X-GM-EXT-1")


def status(command: ImapCommand) -> dict[str, int]:
    """The numbers of a STATUS answer, by name; empty if it was refused."""
    numbers: dict[str, int] = {}
    for answer in command.untagged:
        if answer.kind != b"STATUS":
            continue
        listed = tokens(answer.parts, answer.start)[-1:]
        items: list[Token] = listed[0] if listed and isinstance(listed[0], list) else []
        for key, value in zip(items[::2], items[1::2], strict=False):
            count = number(value)
            if isinstance(key, bytes) and count is not None:
                numbers[key.decode("ascii", "replace").upper()] = count
    return numbers
