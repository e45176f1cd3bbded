"""Nobody syncs with himself: no two sections may name the same mailbox (DESIGN.md, rule 13)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mailsync_tui.config.model import CONSOLIDATED, DEFAULT_PORTS, MailboxConfig
from mailsync_tui.errors import Problem

if TYPE_CHECKING:
    from mailsync_tui.config.schema import Side

_SEPARATORS = str.maketrans(".\\", "//")
_LOOK_UP_SECONDS = 2.0
"""How long host names may take to resolve, all together; one that takes longer is just a name."""


class Section(NamedTuple):
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
    yield from _shared_accounts([s for s in certain if s.mailbox.type != "maildir"])
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


def _shared_accounts(sections: Sequence[Section]) -> Iterator[Problem]:
    """Pairs with one user on one host; only their hosts are looked up."""
    by_user: dict[str, list[Section]] = {}
    for section in sections:
        by_user.setdefault(section.mailbox.user, []).append(section)
    pairs = [pair for same in by_user.values() for pair in combinations(same, 2)]
    pairs = [(one, other) for one, other in pairs if _same_door(one.mailbox, other.mailbox)]
    unlike = {_host(s.mailbox) for pair in pairs for s in pair if _differ(pair)}
    addresses = addresses_of(unlike) if unlike else {}
    for first, second in pairs:
        ours, theirs = _host(first.mailbox), _host(second.mailbox)
        if ours != theirs and not addresses.get(ours, frozenset()) & addresses.get(
            theirs, frozenset()
        ):
            continue
        if ours == theirs and first.mailbox.type == second.mailbox.type:
            if not _apart(first, second):
                yield _problem(first, second)
        elif not (first.mailbox.distinct or second.mailbox.distinct):
            yield _by_another_door(first, second)


def _host(mailbox: MailboxConfig) -> str:
    return mailbox.host.lower().rstrip(".")


def _differ(pair: tuple[Section, Section]) -> bool:
    return _host(pair[0].mailbox) != _host(pair[1].mailbox)


def _same_door(one: MailboxConfig, other: MailboxConfig) -> bool:
    """Whether protocol and port leave it open that the two are one mailbox.

    POP3 is another door to the INBOX that IMAP shows. Of one protocol, two servers on a host differ
    by their port; the two usual ports, with TLS from the first byte and without, are one server's.
    """
    if one.type != other.type:
        return True
    usual = DEFAULT_PORTS[one.type]
    return one.port == other.port or (one.port in usual and other.port in usual)


def addresses_of(hosts: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """The addresses of each host, of those that are found within two seconds.

    Args:
        hosts: Names or addresses; all are looked up at the same time.
    """
    import ipaddress  # only where two sections have one user
    import socket
    import threading
    import time

    found: dict[str, frozenset[str]] = {}

    def look_up(host: str) -> None:
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return  # it has no address now: whoever connects to it says so
        found[host] = frozenset(str(address[0]) for *_, address in answers)

    threads = []
    for host in hosts:
        try:
            found[host] = frozenset({str(ipaddress.ip_address(host))})
        except ValueError:
            # A resolver cannot be called off: what it still waits for must hold nobody up.
            threads.append(threading.Thread(target=look_up, args=(host,), daemon=True))
            threads[-1].start()
    end = time.monotonic() + _LOOK_UP_SECONDS
    for thread in threads:
        thread.join(max(end - time.monotonic(), 0))
    return dict(found)


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


def _by_another_door(first: Section, second: Section) -> Problem:
    one, other = first.mailbox, second.mailbox
    why = "the user is the same, and both hosts have one address"
    if _host(one) == _host(other):
        why = f"{one.type.upper()} and {other.type.upper()} of one user on one host reach one INBOX"
    return Problem(
        second.prefix,
        f"names the same mailbox as {first.prefix}: {why}; expected each mailbox once, or"
        " distinct = true beside it if they really are two",
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
        # It is not there, or not to be read: that is reported when it is opened.
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
