"""Nobody syncs with himself: no two sections may name the same mailbox (DESIGN.md, rule 13)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from mailsync_tui.config.model import CONSOLIDATED
from mailsync_tui.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailsync_tui.config.model import MailboxConfig
    from mailsync_tui.config.schema import Side

_SEPARATORS = str.maketrans(".\\", "//")


@dataclass(frozen=True, slots=True)
class Section:
    """A mailbox as it was read, wrong values left at their defaults."""

    prefix: str
    """Its dotted key."""
    mailbox: MailboxConfig
    certain: bool
    """Everything that says which mailbox it is was read; else it is compared with no other."""

    @property
    def side(self) -> Side:
        """On which side it stands: no account is called ``consolidated``."""
        return "consolidated" if self.mailbox.name == CONSOLIDATED else "external"


def canonical_folder(name: str) -> str:
    """A folder's name to compare with others before any server was asked for its delimiter.

    The ``/`` form and the server's own are both read, so every usual delimiter counts as one;
    INBOX is the same in any case (RFC 9051, 5.1).
    """
    levels = name.translate(_SEPARATORS).strip("/").split("/")
    if levels[0].upper() == "INBOX":
        levels[0] = "INBOX"
    return "/".join(levels)


def lies_in(folder: str, root: str) -> bool:
    """Whether a folder is the root or lies below it; everything lies in an empty root."""
    inner, outer = canonical_folder(folder), canonical_folder(root)
    return not outer or inner == outer or inner.startswith(f"{outer}/")


def overlaps(sections: Sequence[Section]) -> Iterator[Problem]:
    """Every pair of sections, of one person or of two, that share mail.

    Args:
        sections: All mailboxes of the file, in its order.

    Yields:
        One problem a pair, at the later of the two.
    """
    certain = [section for section in sections if section.certain]
    by_account: dict[tuple[str, str, int, str], list[Section]] = {}
    for section in certain:
        if section.mailbox.type != "maildir":
            by_account.setdefault(_account(section.mailbox), []).append(section)
    for same in by_account.values():
        for first, second in combinations(same, 2):
            if not _apart(first, second):
                yield _problem(first, second)
    maildirs = [
        (section, _directories(section.mailbox.path))
        for section in certain
        if section.mailbox.path is not None
    ]
    for (first, ours), (second, theirs) in combinations(maildirs, 2):
        if any(_nested(one, other) for one in ours for other in theirs):
            yield Problem(
                second.prefix,
                f"its path is that of {first.prefix}, or one lies within the other;"
                " expected a Maildir of its own",
            )


def _account(mailbox: MailboxConfig) -> tuple[str, str, int, str]:
    return mailbox.type, mailbox.host.lower().rstrip("."), mailbox.port, mailbox.user


def _apart(first: Section, second: Section) -> bool:
    """Whether two consolidated mailboxes in one store have roots that share nothing."""
    if first.side != "consolidated" or second.side != "consolidated":
        return False
    # Some servers tell folders apart by case and some do not: only what differs on both is apart.
    one, other = first.mailbox.root.casefold(), second.mailbox.root.casefold()
    return bool(one and other) and not lies_in(one, other) and not lies_in(other, one)


def _problem(first: Section, second: Section) -> Problem:
    if first.side == second.side == "consolidated":
        return Problem(
            second.prefix,
            f"names the same store as {first.prefix};"
            " expected a root in both, neither within the other",
        )
    return Problem(
        second.prefix,
        f"names the same mailbox as {first.prefix} (type, host, port and user);"
        " expected each mailbox once",
    )


def _directories(path: Path) -> tuple[str, ...]:
    """Where a Maildir's mail really lies: the directory, and those its entries link to."""
    real = os.path.realpath(path)
    found = [real]
    try:
        with os.scandir(real) as entries:
            found.extend(
                os.path.realpath(entry)
                for entry in entries
                if entry.is_symlink() and entry.is_dir()
            )
    except OSError:
        # It is not there, or not to be read: that is told when it is opened.
        return (real,)
    return tuple(found)


def _nested(one: str, other: str) -> bool:
    """Whether two real directories are one, or one lies within the other."""
    shorter, longer = sorted((one, other), key=len)
    if longer == shorter or longer.startswith(f"{shorter.rstrip('/')}/"):
        return True
    try:
        # The same directory by two names: a bind mount, or a file system that ignores case.
        return Path(one).samefile(other)
    except OSError:
        return False
